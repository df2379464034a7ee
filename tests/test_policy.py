"""What counts: lateness, cap, rounding and minimum, exactly; manual points; extensions."""

from datetime import UTC, datetime, timedelta, timezone
from fractions import Fraction
from math import ceil, floor
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from making import facts, manual, report, settings
from pydantic import ValidationError

from grader.assignment import AssignmentFile, read_settings
from grader.errors import AssignmentError, UsageError
from grader.extensions import read_extensions
from grader.facts import Extension
from grader.policy import apply, settle

DUE = datetime(2026, 3, 1, 23, 59, tzinfo=timezone(timedelta(hours=1)))
PER_DAY = {"policy": "per_day", "due": DUE}
POINTS = st.integers(0, 30_000_000).map(lambda n: n / 1_000_000)
PERCENTS = st.integers(0, 10_000).map(lambda n: n / 100)
LATE = st.fixed_dictionaries(
    {"policy": st.sampled_from(["none", "per_day", "cut_off"]), "due": st.just(DUE)},
    optional={
        "grace_minutes": st.integers(0, 3000),
        "percent_per_day": PERCENTS,
        "at_most_percent": PERCENTS,
        "cut_off": st.one_of(st.floats(0, 9), st.just(DUE + timedelta(days=2))),
    },
)
SCORE = st.fixed_dictionaries(
    {},
    optional={
        "rounding": st.sampled_from(["none", "half", "integer", "decimals"]),
        "direction": st.sampled_from(["nearest", "up", "down"]),
        "decimals": st.integers(0, 6),
        "cap": st.one_of(st.just("max_score"), st.integers(5, 30)),
        "minimum": st.integers(0, 5),
    },
)
SECONDS = st.integers(-100_000, 1_500_000)


def score(raw: float, behind: timedelta | None, rules: AssignmentFile, **more) -> float:
    submitted = None if behind is None else DUE + behind
    return apply(raw, 18, submitted, more.get("flag"), rules, more.get("extension"))[0]


@given(POINTS, SECONDS, SECONDS, LATE, SCORE)
def test_later_never_scores_more_and_nothing_is_negative(raw, one, other, late, scoring):
    rules = settings(late=late, score=scoring)
    early, later = (score(raw, timedelta(seconds=s), rules) for s in sorted((one, other)))
    assert 0 <= later <= early <= score(raw, timedelta(0), rules)


@given(POINTS, SECONDS, LATE)
def test_lateness_alone_takes_and_never_gives(raw, seconds, late):
    assert 0 <= score(raw, timedelta(seconds=seconds), settings(late=late)) <= raw


@given(POINTS, POINTS, SECONDS, LATE, SCORE)
def test_more_points_never_score_less(one, other, seconds, late, scoring):
    rules, behind = settings(late=late, score=scoring), timedelta(seconds=seconds)
    less, more = sorted((one, other))
    assert score(less, behind, rules) <= score(more, behind, rules)


@given(POINTS, SECONDS, LATE, SCORE)
def test_the_adjustments_add_up_to_what_counts(raw, seconds, late, scoring):
    rules = settings(late=late, score=scoring)
    counts, adjustments = apply(raw, 18, DUE + timedelta(seconds=seconds), None, rules)
    assert raw + sum(each.points for each in adjustments) == pytest.approx(counts, abs=5e-6)
    assert all(each.message for each in adjustments)


@given(st.integers(0, 400), st.sampled_from(["half", "integer", "decimals"]))
def test_rounding_is_exact_and_ties_go_up(hundredths, rounding):
    """Against rounding by integers: 0.05 steps hold every tie of each grid."""
    twentieths = hundredths
    steps = {"half": 2, "integer": 1, "decimals": 10}[rounding]
    exact = Fraction(twentieths, 20)
    for direction, whole in (
        ("nearest", (2 * twentieths * steps + 20) // 40),
        ("up", ceil(exact * steps)),
        ("down", floor(exact * steps)),
    ):
        rules = settings(score={"rounding": rounding, "direction": direction, "decimals": 1})
        assert score(twentieths / 20, None, rules) == pytest.approx(whole / steps, abs=1e-9)


@pytest.mark.parametrize(
    ("raw", "rounding", "expected"),
    [(2.5, "integer", 3), (1.15, "decimals", 1.2), (0.25, "half", 0.5), (2.675, "two", 2.68)],
)
def test_ties_that_binary_fractions_get_wrong(raw, rounding, expected):
    decimals = 2 if rounding == "two" else 1
    name = "decimals" if rounding == "two" else rounding
    assert score(raw, None, settings(score={"rounding": name, "decimals": decimals})) == expected


@pytest.mark.parametrize(
    ("minutes", "expected"),
    [(-1, 10), (0, 10), (15, 10), (16, 9), (24 * 60, 9), (24 * 60 + 1, 8), (30 * 24 * 60, 5)],
)
def test_grace_and_days(minutes, expected):
    """The grace ends with its last minute; after it, days count from the due date."""
    rules = settings(late={**PER_DAY, "grace_minutes": 15, "at_most_percent": 50})
    assert score(10, timedelta(minutes=minutes), rules) == expected


def test_one_microsecond_after_the_grace_is_late():
    rules = settings(late={**PER_DAY, "grace_minutes": 15})
    assert score(10, timedelta(minutes=15), rules) == 10
    assert score(10, timedelta(minutes=15, microseconds=1), rules) == 9


def test_a_day_has_24_hours_whatever_the_clocks_do():
    """Berlin, 29 March 2026: the clock skips an hour, so noon comes 23 hours after noon."""
    berlin = ZoneInfo("Europe/Berlin")
    due = datetime(2026, 3, 28, 12, tzinfo=berlin)
    rules = settings(late={"policy": "per_day", "due": due})
    wall = datetime(2026, 3, 29, 13, tzinfo=berlin)  # 24 hours later, though 25 on the clock
    assert apply(10, 10, wall, None, rules)[0] == 9
    assert apply(10, 10, wall + timedelta(minutes=1), None, rules)[0] == 8
    assert apply(10, 10, wall.astimezone(UTC), None, rules)[0] == 9


def test_an_extension_in_days_is_counted_like_lateness_over_a_change_of_the_clocks():
    due = datetime(2026, 3, 28, 12, tzinfo=ZoneInfo("Europe/Berlin"))
    rules = settings(late={"policy": "cut_off", "due": due})
    longer = Extension("ann", seconds=86_400)
    end = datetime(2026, 3, 29, 11, tzinfo=UTC)  # 13:00 by the clock
    assert apply(10, 10, end, None, rules, longer)[0] == 10
    assert apply(10, 10, end + timedelta(seconds=1), None, rules, longer)[0] == 0


@given(SECONDS, st.integers(-14, 14))
def test_the_zone_in_which_a_time_is_written_changes_nothing(seconds, hours):
    rules = settings(late=PER_DAY)
    moment = DUE + timedelta(seconds=seconds)
    elsewhere = moment.astimezone(timezone(timedelta(hours=hours)))
    assert apply(10, 10, elsewhere, None, rules) == apply(10, 10, moment, None, rules)


@pytest.mark.parametrize(
    ("cut_off", "hours", "expected"),
    [(None, 0, 10), (None, 1, 0), (1, 24, 10), (1, 25, 0), (DUE + timedelta(days=2), 49, 0)],
)
def test_after_the_cut_off_nothing_counts_not_even_the_minimum(cut_off, hours, expected):
    rules = settings(
        late={"policy": "cut_off", "due": DUE, "cut_off": cut_off}, score={"minimum": 1}
    )
    assert score(10, timedelta(hours=hours), rules) == expected


def test_per_day_ends_at_its_cut_off():
    rules = settings(late={**PER_DAY, "cut_off": 3})
    assert [score(10, timedelta(days=d), rules) for d in (1, 3, 4)] == [9, 7, 0]


@pytest.mark.parametrize(
    ("late", "extension", "expected", "sentence"),
    [
        (PER_DAY, None, 9, "does not say by how much. The least that this can be is charged."),
        ({**PER_DAY, "grace_minutes": 60}, None, 9, "The least that this can be is charged."),
        ({"policy": "cut_off", "due": DUE}, None, 0, "What is late does not count."),
        ({"policy": "cut_off", "due": DUE, "cut_off": 2}, None, 10, "unless staff find"),
        (PER_DAY, Extension("ann", seconds=60), 10, "taken to be within the extension"),
    ],
)
def test_late_without_a_time_is_never_silently_on_time(late, extension, expected, sentence):
    counts, [only] = apply(10, 10, None, True, settings(late=late), extension)
    assert (counts, only.kind) == (expected, "late")
    assert sentence in only.message


def test_a_time_decides_over_the_platforms_word():
    rules = settings(late=PER_DAY)
    assert apply(10, 10, DUE, True, rules) == (10, ())
    assert apply(10, 10, DUE + timedelta(hours=1), False, rules)[0] == 9
    assert apply(10, 10, None, None, rules) == (10, ())


def test_an_extension_moves_the_due_date_and_never_shortens():
    rules = settings(late={"policy": "cut_off", "due": DUE, "cut_off": 1})
    two_days = timedelta(days=2)
    assert score(10, two_days, rules) == 0
    assert score(10, two_days, rules, extension=Extension("ann", seconds=90_000)) == 10
    assert score(10, two_days, rules, extension=Extension("ann", due=DUE + two_days)) == 10
    earlier = Extension("ann", due=DUE - two_days)
    assert score(10, timedelta(0), rules, extension=earlier) == 10


def test_cap_rounding_and_minimum_in_order():
    rules = settings(score={"cap": "max_score", "rounding": "integer", "minimum": 2})
    assert apply(20.2, 18, None, None, rules)[0] == 18
    assert [a.kind for a in apply(20.2, 18, None, None, rules)[1]] == ["cap"]
    assert [a.kind for a in apply(17.4, 18, None, None, rules)[1]] == ["rounding"]
    assert apply(0.4, 18, None, None, rules)[0] == 2
    up = settings(score={"cap": 17.8, "rounding": "integer", "direction": "up"})
    assert apply(17.5, 18, None, None, up)[0] == 17.8


def test_manual_points_and_what_they_change():
    settled = settle(report(), [manual(1.5, comment="Good.")], facts(), settings())
    assert (settled.score, settled.max_score, settled.manual_points_pending) == (5.5, 6, 0)
    [only] = settled.adjustments
    assert (only.kind, only.question, only.points, only.max_points) == ("manual", "q0", 1.5, 2)
    assert only.message == "A person read your answer and gave 1.5 of 2. Good."
    # A bonus question's written answer adds nothing to the maximum.
    known = facts(answers={"q0": "because", "q1": "so"})
    both = [manual(2), manual(1, "q1", "so")]
    more = settle(report(pending=3.0), both, known, settings())
    assert (more.score, more.max_score, more.manual_points_pending) == (7, 6, 0)
    assert more.questions == report().questions


def test_a_blank_answer_is_one_without_points_once_a_person_has_begun_to_mark():
    blank, waiting = facts(answers={}), facts(answers={"q0": "because"})
    given = settle(report(), [manual(0)], facts(), settings(), marking=True)
    none = settle(report(pending=0.0), [], blank, settings(), marking=True)
    assert (none.score, none.max_score) == (given.score, given.max_score) == (4, 6)
    assert settle(report(pending=0.0), [], blank, settings()).max_score == 4
    # What is there and not yet marked is pending, and not part of the maximum yet.
    open_ = settle(report(), [], waiting, settings(), marking=True)
    assert (open_.max_score, open_.manual_points_pending) == (4, 2)


def test_the_last_mark_counts_and_one_for_another_text_does_not():
    settled = settle(report(), [manual(2), manual(0.5)], facts(), settings())
    assert settled.score == 4.5
    assert settle(report(), [manual(2, text="older")], facts(), settings()) == report()


@given(
    st.lists(st.builds(manual, st.integers(0, 4).map(lambda n: n / 2), st.sampled_from(["q0", "q1"])), max_size=4),
    SECONDS, LATE, SCORE,
)  # fmt: skip
def test_what_is_settled_stays_settled(marks, seconds, late, scoring):
    rules = settings(late=late, score=scoring)
    known = facts(
        submitted=DUE + timedelta(seconds=seconds), answers={"q0": "because", "q1": "because"}
    )
    once = settle(report(pending=3.0), marks, known, rules)
    assert settle(once, marks, known, rules) == once


def test_what_was_not_graded_is_left_as_it_is():
    for status in ("ungradable", "error"):
        known = facts(submitted=DUE + timedelta(days=9))
        refused = report(status=status)
        assert (
            settle(refused, [manual(1)], known, settings(late=PER_DAY, score={"minimum": 2}))
            == refused
        )


@given(LATE, SCORE)
def test_settings_survive_json(late, scoring):
    rules = settings(late=late, score=scoring)
    assert AssignmentFile.model_validate_json(rules.model_dump_json()) == rules


FILE = """title = "T"
version = "1"
{}
[[questions]]
name = "q1"
title = "Q"
points = 1
captures = ["x"]
"""


@pytest.mark.parametrize(
    ("table", "sentence"),
    [
        ('[late]\npolicy = "per_day"\ndue = 2026-03-01T23:59:00', "found 2026-03-01 23:59:00, without a zone"),
        ('[late]\ndue = 2026-03-01', "expected a date and time with its zone"),
        ('[late]\ndue = "tomorrow"', "expected a date and time with its zone"),
        ('[late]\npolicy = "per_day"', 'policy = "per_day" needs `due`'),
        ('[late]\npercent_per_day = 120', "less than or equal to 100"),
        ('[late]\ndue = 2026-03-01T23:59:00Z\ncut_off = 2026-02-01T00:00:00Z', "earlier than `due`"),
        ('[late]\ngrace_minute = 3', "unknown key `late.grace_minute`; did you mean `grace_minutes`?"),
        ('[score]\nround = "half"', "did you mean `rounding`?"),
        ('[score]\ncap = 3\nminimum = 4', "`minimum` is above `cap`"),
    ],
)  # fmt: skip
def test_faults_in_the_settings_are_named(tmp_path, table, sentence):
    path = tmp_path / "assignment.toml"
    path.write_text(FILE.format(table))
    with pytest.raises(AssignmentError) as caught:
        read_settings(path)
    assert sentence in str(caught.value)


def test_settings_are_read_from_toml(tmp_path):
    path = tmp_path / "assignment.toml"
    table = '[late]\npolicy = "per_day"\ndue = 2026-03-01T23:59:00+01:00\ncut_off = 7'
    path.write_text(FILE.format(table))
    late = read_settings(path).late
    assert (late.due, late.cut_off) == (DUE, 7.0)


def test_settings_that_are_no_settings_are_no_settings():
    with pytest.raises(ValidationError):
        settings(late={"cut_off": True})


PEOPLE = [
    facts("7", student="Ann Lee", identity={"name": "Ann Lee", "email": "ann@x.org"}),
    facts("8", student="Bo Ek", identity={"name": "Bo Ek", "login": "boek"}),
    facts("9", student="Bo Ek", identity={"name": "Bo Ek", "login": "bo2"}),
]


def test_extensions_are_matched_by_whatever_names_a_student():
    table = (
        "Student;Days;due;hours\r\nann LEE;1,5;;\r\nboek;;2026-03-05T12:00:00+01:00;\r\n9;;;3\r\n"
    )
    assert read_extensions(table.encode("utf-8-sig"), PEOPLE) == (
        Extension("7", seconds=129_600),
        Extension("8", due=datetime(2026, 3, 5, 11, tzinfo=UTC)),
        Extension("9", seconds=10_800),
    )


def test_all_faults_of_a_table_of_extensions_are_listed():
    rows = [
        "zoe,1,",
        "Bo Ek,1,",
        "7,,2026-03-05T12:00",
        "7,1,2026-03-05T12:00Z",
        "8,soon,",
        "9,,",
        "7,1,",
        "7,2,",
    ]
    with pytest.raises(UsageError) as caught:
        read_extensions("\n".join(["student,days,due", *rows]).encode(), PEOPLE)
    found = str(caught.value).splitlines()[1:]
    expected = ["row 2: no submission is `zoe`'s", "row 3: `Bo Ek` may be 8, 9", "row 4: `2026-03-05T12:00` is without a zone", "row 5: expected one of", "row 6: `soon` is no number", "row 7: expected one of", "row 9: `7` is there twice"]  # fmt: skip
    assert len(found) == len(expected)
    for line, start in zip(found, expected, strict=True):
        assert line.strip().startswith(start)
