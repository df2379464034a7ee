"""Rosters of each platform are read in whatever encoding, and nobody gets another's name."""

from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grader.errors import UsageError
from grader.intake.matching import Person, match, squeezed
from grader.intake.roster import Student, read_roster, read_time

BERLIN = timezone(timedelta(hours=1))


@pytest.fixture
def read(tmp_path: Path):
    def run(text: str, encoding: str = "utf-8"):
        path = tmp_path / "roster.csv"
        path.write_bytes(text.encode(encoding))
        return read_roster(path, BERLIN)

    return run


def test_a_gradebook_of_canvas(read):
    students = read(
        "Student,ID,SIS User ID,SIS Login ID,Integration ID,Section,HW 1 (77),Final Score\r\n"
        ",,,,,,Manual Posting,\r\n"
        '    Points Possible,,,,,,10,(read only)\r\n"Doe, Jane",1001,S1,jdoe,,"A, B",3,\r\n'
        '"Student, Test",999,,t,,A,,\r\n'
    ).students
    assert [dict(each.identity) for each in students] == [
        {
            "name": "Jane Doe", "first_name": "Jane", "last_name": "Doe", "canvas_id": "1001",
            "sis_id": "S1", "login": "jdoe",
        }
    ]  # fmt: skip


def test_a_grading_worksheet_of_moodle(read):
    roster = read(
        "Identifier,Full name,ID number,Email address,Status,Grade,Maximum grade,"
        '"Last modified (submission)","Last modified (grade)","Feedback comments"\n'
        'Participant 31,Jane Doe,S1,jane@x,Submitted,,10,"Monday, 5 February 2024, 3:04 PM",-,\n'
        "Participant 32,Zoë Ray,,zoe@x,No submission,,10,-,-,\n"
        'Participant 33,Li Lei,,li@x,Submitted,,10,"lundi 5 février 2024",-,\n'
    )
    jane, zoe, li = roster.students
    assert jane.identity["moodle_participant"] == "31"
    assert jane.identity["student_id"] == "S1"
    assert jane.submitted == datetime(2024, 2, 5, 14, 4, tzinfo=UTC)
    assert (zoe.submitted, li.submitted) == (None, None)
    assert roster.receipts == ("roster.csv: the time of submission of 1 rows cannot be read.",)


def test_rosters_of_gradescope_nbgrader_and_plain_ones(read):
    (one,) = read(
        "First Name,Last Name,SID,Email,Role\nJane,Doe,7,j@x,Student\nA,B,8,a@x,TA"
    ).students
    assert dict(one.identity) == {
        "first_name": "Jane", "last_name": "Doe", "student_id": "7", "email": "j@x",
        "name": "Jane Doe",
    }  # fmt: skip
    (one,) = read("id,last_name,first_name,email,lms_user_id\njd,Doe,Jane,j@x,3").students
    assert (one.identity["student_id"], one.identity["name"], one.id) == ("jd", "Jane Doe", "jd")
    (one,) = read("id,name,email,submitted\n7,Jane Doe,j@x,2024-02-05T15:04:05Z").students
    assert one.submitted == datetime(2024, 2, 5, 15, 4, 5, tzinfo=UTC)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize("first", ["", "sep"])
def test_whatever_excel_writes_is_read(read, encoding, separator, first):
    line = f"sep={separator}\r\n" if first else ""
    rows = [["Name", "E-Mail", "Remark"], ["Zoë Müller", "zoe@x", "a,b;c"], ["", "", ""]]
    text = line + "\r\n".join(separator.join(f'"{cell}"' for cell in row) for row in rows)
    roster = read(text, encoding)
    assert [dict(each.identity) for each in roster.students] == [
        {"name": "Zoë Müller", "email": "zoe@x"}
    ]
    assert bool(roster.receipts) == (encoding == "cp1252")


@pytest.mark.parametrize("text", ["", "\n\n", "Grade,Comment\n1,2", "submitted\n2024-01-01", "\0"])
def test_a_roster_that_names_nobody_is_refused_with_what_is_known(read, text):
    with pytest.raises(UsageError, match="expected a roster whose first line names columns") as no:
        read(text)
    assert "full name" in str(no.value)
    assert "Grade, Comment" in str(no.value) or "Grade" not in text


def test_a_header_alone_and_no_file_at_all_are_refused(read, tmp_path):
    with pytest.raises(UsageError, match="found none below the header"):
        read("name,email\n")
    with pytest.raises(UsageError, match="cannot be read: No such file"):
        read_roster(tmp_path / "none.csv")


@given(st.binary(max_size=200))
@settings(max_examples=200, deadline=None)
def test_any_bytes_are_a_roster_or_a_sentence(tmp_path_factory, content):
    path = tmp_path_factory.mktemp("roster") / "roster.csv"
    path.write_bytes(b"name,id\n" + content)
    try:
        assert read_roster(path).students
    except UsageError:
        pass


@given(st.datetimes(datetime(1990, 1, 1), datetime(2100, 1, 1)))
def test_moodles_english_time_is_read_back(time):
    minute = time.replace(second=0, microsecond=0)
    expected = minute.replace(tzinfo=BERLIN)
    twelve = f"{time:%A}, {time.day} {time:%B %Y}, {time.hour % 12 or 12}:{time:%M %p}"
    assert read_time(twelve, BERLIN) == expected
    assert read_time(f"{time:%A}, {time.day} {time:%B %Y, %H:%M}", BERLIN) == expected


def people(*identities: dict[str, str]) -> list[Person]:
    return [Person(f"p{number}", identity) for number, identity in enumerate(identities)]


def students(*identities: dict[str, str]) -> list[Student]:
    return [Student(identity) for identity in identities]


def test_ids_count_before_logins_and_logins_before_names():
    roster = students(
        {"name": "Jane Doe", "canvas_id": "1", "email": "jane@x"},
        {"name": "Ann Lee", "canvas_id": "2", "email": "ann@x"},
        {"name": "Bob Ray", "canvas_id": "3", "sis_id": "S3"},
    )
    assert match(people({"canvas_id": "2", "name": "janedoe", "email": "jane@x"}), roster) == {0: 1}
    assert match(people({"email": "ANN@X", "name": "Jane Doe"}), roster) == {0: 1}
    assert match(people({"student_id": "s3", "name": "Jane Doe"}), roster) == {0: 2}
    assert match(people({"name": "rayBob"}), roster) == {0: 2}


def test_a_name_that_two_bear_names_nobody():
    two = students({"name": "Jane Doe", "email": "a"}, {"name": "jane  doe", "email": "b"})
    assert match(people({"name": "Jane Doe"}), two) == {}
    one = students({"name": "Jane Doe", "email": "a"})
    same = ({"name": "Jane Doe", "moodle_participant": "1"}, {"name": "Jane Doe"})
    assert match(people(*same), one) == {}
    assert match(people({"name": "Jane Doe", "email": "a"}, {"name": "Jane Doe"}), one) == {0: 0}


def test_an_id_that_speaks_against_a_name_wins():
    roster = students({"name": "Jane Doe", "canvas_id": "1"})
    assert match(people({"name": "doejane", "canvas_id": "2"}), roster) == {}


def test_ids_of_other_kinds_that_happen_to_be_equal_are_not_the_same():
    roster = students({"name": "Jane Doe", "student_id": "7"})
    assert match([Person("7", {"canvas_id": "7", "name": "leeann"})], roster) == {}
    counted = [Student({"name": "Jane Doe", "student_id": "7"}, id="7")]
    assert match([Person("7", {"canvas_id": "7", "name": "leeann"})], counted) == {}
    assert match([Person("7", {"canvas_id": "7", "name": "doejane"})], counted) == {0: 0}
    assert match([Person("7", {"canvas_id": "7"})], counted) == {0: 0}


@pytest.mark.parametrize(
    "path", ["jdoe", "S1", "section 2/jdoe", "jane_doe", "Doe, Jane", "j@x.org"]
)
def test_a_folder_named_after_its_student_is_theirs(path):
    roster = students(
        {"name": "Jane Doe", "login": "jdoe", "sis_id": "S1", "email": "j@x.org"},
        {"name": "Ann Lee", "login": "alee"},
    )
    assert match([Person(path, {})], roster) == {0: 0}


@given(
    st.lists(
        st.text(st.characters(categories=["Lu", "Ll", "Lo", "Mn"]), min_size=1),
        min_size=2,
        max_size=4,
    )
)
def test_canvas_squeezes_a_sortable_name_as_we_do(words):
    *first, last = words
    assert squeezed(f"{last}, {' '.join(first)}") & squeezed(" ".join(words))
    canvas = "".join(words[-1:] + words[:-1]).lower()
    assert squeezed(canvas) <= squeezed(" ".join(words)) | squeezed(canvas.casefold())


@given(
    st.lists(st.sampled_from(["1", "2", "3", "4"]), max_size=4),
    st.lists(st.sampled_from(["1", "2", "3", "4"]), max_size=4),
)
def test_a_match_is_never_between_different_ids(ids, known):
    handed_in = people(*({"canvas_id": each, "name": "Same Name"} for each in ids))
    roster = students(*({"canvas_id": each, "name": "Same Name"} for each in known))
    for place, student in match(handed_in, roster).items():
        assert ids[place] == known[student]
