"""Written answers: like beside like in the sheet, and back again whatever a spreadsheet did."""

import csv
import io
import random
import subprocess
import sys

import pytest
from hypothesis import example, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from making import SETTINGS, facts, made, manual, report, settings

from grader.errors import UsageError
from grader.facts import answer_digest
from grader.gradebook import Marking, open_gradebook
from grader.manual import Answer, answers, code, news, read_sheet, sheet
from grader.similar import groups

SPOT = [
    "The first two channels are center-surround filters because they respond to a spot.",
    "the first two channels are center surround filters, because they respond to a spot",
    "The  first two channels are center-surround\nfilters because they respond to a spot.",
]
GABOR = ["They are Gabor filters as they prefer an orientation, like edges in an image."]
WORDS = st.lists(
    st.sampled_from(["the", "a", "filter", "spot", "edge", "gabor", "is", "not", "=", "é"]),
    max_size=12,
)
TEXTS = st.lists(st.one_of(WORDS.map(" ".join), st.text(max_size=8)), max_size=25)


def answer(submission: str, text: str, question: str = "q0", most: float = 2.0) -> Answer:
    return Answer(submission, f"Student {submission}", question, text, most)


def filled(data: bytes, points: dict[str, str], comment: str = "") -> list[list[str]]:
    """Return the sheet's rows with points filled in, by submission."""
    rows = list(csv.reader(io.StringIO(data.decode("utf-8-sig"), newline="")))
    header = rows[0]
    for row in rows[1:]:
        for submission, value in points.items():
            if row[header.index("submission")] == code(submission):
                row[header.index("points")] = value
                row[header.index("comment")] = comment
    return rows


def saved(
    rows: list[list[str]], separator: str = ",", encoding: str = "utf-8", end: str = "\r\n"
) -> bytes:
    out = io.StringIO()
    csv.writer(out, delimiter=separator, lineterminator=end).writerows(rows)
    return out.getvalue().encode(encoding, "replace")


def test_reworded_answers_are_together_and_others_are_not():
    texts = [*SPOT, *GABOR, "", " \n"]
    assert groups(texts) == ((0, 2, 1), (3,), (4, 5))


@hypothesis_settings(deadline=None)
@given(TEXTS, st.randoms())
def test_groups_hold_each_answer_once_in_the_same_order_however_they_came(texts, chance):
    found = groups(texts)
    assert sorted(place for group in found for place in group) == list(range(len(texts)))
    places = {place: number for number, group in enumerate(found) for place in group}
    norms = {}
    for place, text in enumerate(texts):
        assert norms.setdefault(" ".join(text.split()), places[place]) == places[place]
    order = list(range(len(texts)))
    chance.shuffle(order)
    again = groups([texts[place] for place in order])
    first = [[" ".join(texts[p].split()) for p in group] for group in found]
    assert first == [[" ".join(texts[order[p]].split()) for p in group] for group in again]


def test_two_thousand_answers_are_grouped():
    chance = random.Random(1)
    words = [
        f"{a}{b}"
        for a in ["filter", "spot", "edge", "gabor", "surround", "image"]
        for b in range(60)
    ]
    base = [" ".join(chance.choices(words, k=40)) for _ in range(20)]
    texts = [f"{base[n % 20]} {chance.choice(words)} {n}" for n in range(2000)]
    assert [{place % 20 for place in group} for group in groups(texts)] == [{n} for n in (
        group[0] % 20 for group in groups(texts))]  # fmt: skip
    assert [len(group) for group in groups(texts)] == [100] * 20


def test_the_sheet_is_blind_unless_names_are_asked_for():
    found = [answer("ann", "because"), answer("bob", "=1+1")]
    blind, open_ = sheet(found), sheet(found, names=True)
    assert b"ann" not in blind
    assert b"bob" not in blind
    assert b"Student ann" in open_
    rows = list(csv.DictReader(io.StringIO(blind.decode("utf-8-sig"))))
    assert {row["answer"] for row in rows} == {"because", "'=1+1"}
    assert {row["points"] for row in rows} == {""}


def test_no_cell_is_longer_than_a_spreadsheet_takes():
    data = sheet([answer("ann", "x" * 100_000)])
    [row] = csv.DictReader(io.StringIO(data.decode("utf-8-sig")))
    assert len(row["answer"]) < 32_767
    assert read_sheet(saved(filled(data, {"ann": "1"})), [answer("ann", "x" * 100_000)], "ta")


SAVED = st.tuples(
    st.sampled_from([",", ";", "\t"]),
    st.sampled_from(["utf-8", "utf-8-sig", "cp1252", "utf-16"]),
    st.sampled_from(["\n", "\r\n"]),
)
LATIN = st.text(st.characters(codec="cp1252", exclude_categories=["Cc"]), max_size=20)


@hypothesis_settings(deadline=None)
@given(
    st.dictionaries(st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=8),
                    st.tuples(st.text(max_size=30), st.integers(0, 200)), min_size=1, max_size=6),
    LATIN, SAVED, st.booleans(),
)  # fmt: skip
@example({"=1": ('=a;b\n"c",\rd', 150)}, "'=x", (";", "cp1252", "\r\n"), True)
def test_a_sheet_comes_back_however_a_spreadsheet_saves_it(handed_in, comment, how, decimal_comma):
    found = [answer(name, text) for name, (text, _) in handed_in.items()]
    points = {name: f"{n / 100:.2f}" for name, (_, n) in handed_in.items()}
    written = {n: p.replace(".", ",") if decimal_comma else p for n, p in points.items()}
    guarded = f"'{comment}" if comment.startswith(("=", "+", "-", "@")) else comment
    marks = read_sheet(saved(filled(sheet(found), written, guarded), *how), found, "ta")
    assert {m.submission: m.points for m in marks} == {n: float(p) for n, p in points.items()}
    assert {m.answer for m in marks} == {answer_digest(text) for text, _ in handed_in.values()}
    unguarded = comment[1:] if comment.startswith(("'=", "'+", "'-", "'@")) else comment
    assert {m.comment for m in marks} == {unguarded.strip()}


def test_rows_without_points_are_skipped_and_groups_are_only_marked_when_asked():
    found = [answer(str(n), text) for n, text in enumerate([*SPOT, *GABOR])]
    data = saved(filled(sheet(found), {"1": "1,5"}, "Good."))
    assert [(m.submission, m.points) for m in read_sheet(data, found, "ta")] == [("1", 1.5)]
    whole = read_sheet(data, found, "ta", whole_groups=True)
    assert {(m.submission, m.points, m.comment, m.marker) for m in whole} == {
        (name, 1.5, "Good.", "ta") for name in "012"
    }
    own = saved(filled(sheet(found), {"0": "2", "1": "1"}))
    found_points = {m.submission: m.points for m in read_sheet(own, found, "ta", whole_groups=True)}
    assert found_points == {"0": 2, "1": 1, "2": 2}


def test_all_faults_are_listed_by_row_and_nothing_is_read():
    found = [answer(name, f"answer of {name} {name * 40}") for name in "abcdef"]
    rows = filled(
        sheet(found), {"a": "2.1", "b": "-1", "c": "good", "d": "1", "e": "nan", "f": "2"}
    )
    header = rows[0]
    by = {row[0]: row for row in rows[1:]}
    order = [rows[0], *(by[code(name)] for name in "abcdef")]
    order[4] = [*order[4]]
    order[4][header.index("read")] = "#0000000000000000"
    order.append([*by[code("f")]])
    stranger = [*by[code("f")]]
    stranger[0] = "nobody"
    other = [*by[code("f")]]
    other[header.index("question")] = "q9"
    with pytest.raises(UsageError) as caught:
        read_sheet(saved([*order, stranger, other]), found, "ta")
    lines = [line.strip() for line in str(caught.value).splitlines()]
    expected = [
        "nothing was written", "row 2: 2.1 points are more than the 2", "row 3: `-1` is no number",
        "row 4: `good` is no number", f"row 5: `{code('d')}` has handed in another answer to q0",
        "row 6: `nan` is no number", f"row 8: {code('f')} has points for q0 above",
        "row 9: no submission `nobody`", f"row 10: `{code('f')}` has no written answer to `q9`",
    ]  # fmt: skip
    assert len(lines) == len(expected)
    for line, start in zip(lines, expected, strict=True):
        assert line.startswith(start)


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b"", "found: nothing"),
        (b"a,b\n1,2\n", "expected the columns submission, question"),
        (b"PK\x03\x04...", "save it as CSV"),
        (b"\x89PNG\x1b[2J\x00\xff", "this is not a sheet"),
        (b'submission,question,group,read,points,comment\n"' + b"x" * 200_000, "no CSV"),
    ],
)
def test_what_is_no_sheet_is_refused_in_a_sentence(data, sentence):
    with pytest.raises(UsageError, match=sentence) as caught:
        read_sheet(data, [], "ta")
    assert "\x1b" not in str(caught.value)


def test_a_lost_answer_is_in_the_sheet_and_an_untouched_one_is_not():
    listed = [
        facts("a", answers={"q0": ""}),
        facts("b", answers={}),
        facts("c", answers={"q1": "x"}),
    ]
    given_ = [manual(0.5, "q1", "x")]
    found = answers(listed, settings(), [*given_])
    assert [(a.submission, a.question, a.max_points, a.given) for a in found] == [
        ("a", "q0", 2, None),
        ("c", "q1", 1, None),
    ]
    assert answers([facts("ann", answers={"q1": "x"})], settings(), given_)[0].given == 0.5


def test_only_news_is_added_again():
    before = [manual(1, comment="ok", marker="ann"), manual(2, comment="ok", marker="ann")]
    assert news([manual(2, comment="ok", marker="bob")], before) == ()
    assert len(news([manual(1, comment="ok")], before)) == 1


def grader(*arguments: object) -> subprocess.CompletedProcess[str]:
    line = [sys.executable, "-m", "grader", *map(str, arguments)]
    return subprocess.run(line, capture_output=True, text=True, check=False)


@pytest.fixture
def graded(tmp_path):
    """Return a folder with a gradebook of three submissions, two of them with the same answer."""
    folder = tmp_path / "graded"
    folder.mkdir()
    book = open_gradebook(folder / "gradebook.sqlite")
    command = book.begin("grader grade hw -o graded")
    version = book.version(command, made(tmp_path))
    for name, text in (("ann", "because"), ("bob", "because "), ("cy", "no idea")):
        known = facts(name, student=f"{name.title()} Lee", answers={"q0": text})
        book.record(command, version, SETTINGS, Marking(known, report(name)))
    book.close()
    return folder


def test_a_sheet_goes_out_and_its_marks_come_back(graded):
    done = grader("manual", "export", graded)
    assert done.returncode == 0, done.stderr
    path = graded / "manual.csv"
    assert "3 written answers of a, 0 marked before" in done.stdout
    path.write_bytes(
        saved(filled(path.read_bytes(), {"ann": "1,5", "cy": "0"}, "See 2.1."), ";", "cp1252")
    )
    again = grader("manual", "export", graded)
    assert (again.returncode, "is there already" in again.stderr) == (2, True)
    done = grader("manual", "import", graded, path, "--whole-groups")
    assert (done.returncode, done.stdout) == (
        0,
        "3 answers with points, 3 of them new or changed.\n",
    )
    done = grader("manual", "import", graded, path)
    assert done.stdout == "2 answers with points, 0 of them new or changed.\n"
    book = open_gradebook(graded / "gradebook.sqlite")
    assert {s.submission: (s.score, s.max_score, s.pending) for s in book.standings("a")} == {
        "ann": (5.5, 6, 0), "bob": (5.5, 6, 0), "cy": (4, 6, 0),
    }  # fmt: skip
    assert all(mark.marker for mark in book.given("a"))
    book.close()


def test_a_faulty_sheet_adds_nothing(graded):
    grader("manual", "export", graded, "-o", graded / "m.csv", "--names")
    path = graded / "m.csv"
    path.write_bytes(saved(filled(path.read_bytes(), {"ann": "1", "cy": "3"})))
    done = grader("manual", "import", graded, path)
    assert done.returncode == 2
    assert "3 points are more than the 2 possible" in done.stderr
    book = open_gradebook(graded / "gradebook.sqlite")
    assert list(book.given("a")) == []
    book.close()


def test_a_folder_without_a_gradebook_is_said(tmp_path):
    done = grader("manual", "export", tmp_path)
    assert (done.returncode, "grader grade -o DIR" in done.stderr) == (2, True)
    assert not (tmp_path / "gradebook.sqlite").exists()
