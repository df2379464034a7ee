"""Each platform's names are read back as they were made, and other names are left alone."""

import re
from datetime import UTC, datetime

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from grader.intake.layouts import LAYOUTS, canvas, gradescope, moodle, nbgrader

words = st.text(st.characters(categories=["Ll", "Lo", "Nd", "Pc"]), min_size=1, max_size=12)
file_names = st.text(
    st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="/\\"),
    min_size=1,
    max_size=20,
).filter(lambda name: name not in (".", ".."))
numbers = st.integers(1, 10**9)


@given(words, st.booleans(), numbers, numbers, file_names)
def test_a_name_of_canvas_is_read_back(name, late, user, attachment, file):
    # Canvas takes numbers between underscores out of names; LATE in capitals cannot be in one.
    assume(not re.search(r"_\d+_|_\d+$", f"{name}_") and not name.endswith("_LATE"))
    path = f"{name}_{'LATE_' if late else ''}{user}_{attachment}_{file}"
    found = canvas.parse(path)
    assert found is not None
    assert (found.name, found.late, found.student) == (name, late, str(user))
    assert (found.attachment, found.file) == (attachment, file)


@given(
    st.from_regex(r"[1-9A-HJ-NP-Za-km-z]{5}", fullmatch=True), st.booleans(), numbers, file_names
)
def test_an_anonymous_name_of_canvas_is_read_back(anon, late, attachment, file):
    found = canvas.parse(
        f"{'LATE_' if late else ''}anon_{anon}_{attachment}_{file}", anonymous=True
    )
    assert found is not None
    assert (found.student, found.late, found.name) == (f"anon_{anon}", late, "")
    assert (found.attachment, found.file) == (attachment, file)


@given(
    st.text(
        st.characters(exclude_categories=["Cs"], exclude_characters="/_"), min_size=1, max_size=20
    ),
    numbers,
    st.sampled_from(["file", "onlinetext"]),
    st.booleans(),
    st.lists(file_names, min_size=1, max_size=3),
)
def test_a_path_of_moodle_is_read_back(name, participant, plugin, old, parts):
    path = f"{name}_{participant}_assignsubmission_{plugin}{'_' if old else ''}/{'/'.join(parts)}"
    found = moodle.parse(path)
    assert found is not None
    assert (found.name, found.participant, found.plugin) == (name, str(participant), plugin)
    assert found.file == "/".join(parts)
    flat = moodle.parse(f"{name}_{participant}_assignsubmission_{plugin}_{parts[0]}")
    assert flat is not None
    assert (flat.name, flat.participant, flat.file) == (name, str(participant), parts[0])


def test_a_students_own_names_cannot_make_them_somebody_else():
    flat = "Eve_2_assignsubmission_file_Ann_1_assignsubmission_file_hw.ipynb"
    assert moodle.parse(flat).participant == "2"
    nested = "Eve_2_assignsubmission_file/Ann_1_assignsubmission_file/hw.ipynb"
    assert moodle.parse(nested).participant == "2"
    assert canvas.parse("eve_2_20_ann_1_10_hw.ipynb").student == "2"


@given(st.lists(file_names, min_size=1, max_size=8, unique=True))
def test_plain_names_are_no_platforms(names):
    assume(not any("_assignsubmission_" in name or re.search(r"_\w+_", name) for name in names))
    assert all(layout.arrange(names, {}) is None for layout in LAYOUTS)


@pytest.mark.parametrize(
    "names",
    [
        ["lab_2_10_final.ipynb", "lab_2_11_final.ipynb"],
        ["ann_2024_1_hw.ipynb", "bob_2024_2_hw.ipynb"],
        ["ann_1_7_hw.ipynb", "bob_2_7_hw.ipynb"],
        ["a_1_2_x.ipynb", "b_3_4_x.ipynb", "c.ipynb", "d.ipynb", "e.ipynb"],
    ],
)
def test_names_that_only_look_like_canvas_are_left_alone(names):
    assert canvas.arrange(names, {}) is None


def handins(arrangement):
    assert arrangement is not None
    return {(each.id, each.attempt): each for each in arrangement.handins}


def test_canvas_counts_a_name_used_again_as_a_new_attempt():
    found = handins(
        canvas.arrange(
            [
                "doejane_7_100_hw.ipynb", "doejane_7_101_data.csv",
                "doejane_LATE_7_200_hw-1.ipynb", "doejane_LATE_7_201_data-1.csv",
                "roerick_8_150_hw-1.ipynb", "roerick_8_151_points-1.csv",
                "poepat_9_160_hw.ipynb", "poepat_9_161_img-1.png", "poepat_9_162_img-2.png",
            ],
            {},
        )
    )  # fmt: skip
    assert set(found) == {("7", 1), ("7", 2), ("8", 1), ("9", 1)}
    assert found["7", 1].files == {
        "hw.ipynb": "doejane_7_100_hw.ipynb",
        "data.csv": "doejane_7_101_data.csv",
    }
    assert found["7", 2].files == {
        "hw-1.ipynb": "doejane_LATE_7_200_hw-1.ipynb",
        "data-1.csv": "doejane_LATE_7_201_data-1.csv",
        "data.csv": "doejane_LATE_7_201_data-1.csv",
    }
    assert (found["7", 1].late, found["7", 2].late) == (False, True)
    assert found["8", 1].files["points.csv"] == "roerick_8_151_points-1.csv"
    assert set(found["9", 1].files) == {"hw.ipynb", "img-1.png", "img-2.png"}


def test_a_number_that_falls_while_attachments_grow_is_the_students_own():
    found = handins(
        canvas.arrange(["a_7_200_part-1.ipynb", "a_7_100_part-2.ipynb", "b_8_300_hw.ipynb"], {})
    )
    assert len(found["7", 1].files) == 2


METADATA = b"""---
submission_11:
  :submitters:
  - :name: Jane Doe
    :sid: '00123'
    :email: jane@uni.example
  :created_at: 2024-02-05 15:04:05.123456000 Z
  :score: 0.0
  :history:
  - :id: 9
    :created_at: !ruby/object:ActiveSupport::TimeWithZone
      utc: &1 2024-02-04 10:00:00.000000000 Z
      zone: !ruby/object:ActiveSupport::TimeZone
        name: Etc/UTC
      time: *1
submission_12:
  :submitters:
  - :name: Ann Lee
    :email: ann@uni.example
  - :name: Bob Ray
    :email: bob@uni.example
  :created_at: !ruby/object:ActiveSupport::TimeWithZone
    utc: 2024-02-05 16:00:00.000000000 Z
submission_13:
  :submitters:
  - :name: !ruby/symbol weird
  :created_at: '2024-02-05T10:00:00-07:00'
"""


def test_gradescope_says_who_and_when():
    files = ["submission_11/hw.ipynb", "submission_12/src/hw.ipynb", "submission_metadata.yml"]
    found = handins(gradescope.arrange(files, {"submission_metadata.yml": METADATA}))
    jane, group, nothing = found["11", 2], found["12", 1], found["13", 1]
    assert jane.identity["name"] == "Jane Doe"
    assert jane.identity["student_id"] == "00123"
    assert jane.identity["email"] == "jane@uni.example"
    assert jane.submitted == datetime(2024, 2, 5, 15, 4, 5, 123456, UTC)
    assert [person["name"] for person in group.group] == ["Ann Lee", "Bob Ray"]
    assert "email" not in group.identity
    assert group.submitted == datetime(2024, 2, 5, 16, tzinfo=UTC)
    assert nothing.files == {}
    assert nothing.submitted == datetime(2024, 2, 5, 17, tzinfo=UTC)


@pytest.mark.parametrize(
    "content", [b"[1, 2", b"- a", b"", b"submission_11: !!python/object/apply:os.abort []",
                b"submission_11:\n  :created_at: 2024-99-99 10:00:00\n", b"\x00\xff", b"a: " + b"[" * 5000]
)  # fmt: skip
def test_metadata_that_cannot_be_read_costs_the_names_only(content):
    files = ["submission_11/hw.ipynb", "submission_metadata.yml"]
    arrangement = gradescope.arrange(files, {"submission_metadata.yml": content})
    assert [each.id for each in arrangement.handins] == ["11"]
    assert len(arrangement.receipts) <= 1


times = st.datetimes(min_value=datetime(1990, 1, 1), max_value=datetime(2100, 1, 1))


@given(times)
def test_a_timestamp_of_nbgrader_is_read_back(time):
    text = time.isoformat(sep=" ")
    assert nbgrader.read_time(f"{text} UTC\n") == time.replace(tzinfo=UTC)
    assert nbgrader.read_time(text) == time.replace(tzinfo=UTC)
    assert nbgrader.read_time(f"{text} +0000") == time.replace(tzinfo=UTC)


def test_a_timestamp_has_its_zone():
    expected = datetime(2015, 2, 2, 23, 58, 23, 948203, UTC)
    assert nbgrader.read_time("2015-02-02 15:58:23.948203 America/Los_Angeles") == expected
    assert nbgrader.read_time("2015-02-02 15:58:23.948203 -0800") == expected
    for text in ("", "soon", "2015-02-02 15:58:23 Nowhere/Land", "2015-02-02 15:58:23 America",
                 "2015-02-02 15:58:23 ../../etc/passwd", "9999-99-99 00:00:00"):  # fmt: skip
        assert nbgrader.read_time(text) is None


@given(st.text(max_size=60))
def test_any_timestamp_is_a_time_or_none(text):
    time = nbgrader.read_time(text)
    assert time is None or time.tzinfo is UTC


@given(
    st.lists(st.lists(file_names, min_size=1, max_size=4).map("/".join), max_size=12, unique=True)
)
def test_no_tree_of_names_breaks_a_layout_or_is_taken_twice(names):
    for layout in LAYOUTS:
        arrangement = layout.arrange(names, {})
        if arrangement is not None:
            taken = [path for each in arrangement.handins for path in set(each.files.values())]
            assert len(taken) == len(set(taken))
            assert set(taken) | set(arrangement.odd) <= set(names)
            assert not set(taken) & set(arrangement.odd)
