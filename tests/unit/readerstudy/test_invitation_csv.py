"""Lists of readers as spreadsheets write them."""

import pytest

from generation.core.errors import InputError
from readerstudy.core.invitation_csv import MAX_BYTES, MAX_LINES, decode, read
from readerstudy.core.names import next_pseudonym, pseudonym_order

GOOD = "name,email,group,language\nDr. Ada,ada@x.example,Radiologist,de\nBo,,layperson,\n"


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_delimiters_and_marks(delimiter: str, encoding: str) -> None:
    first, second = read(decode(GOOD.replace(",", delimiter).encode(encoding)))
    assert (first.name, first.email, first.group, first.language) == (
        "Dr. Ada",
        "ada@x.example",
        "radiologist",
        "de",
    )
    assert (second.number, second.name, second.email, second.faults) == (3, "Bo", "", ())


def test_older_spreadsheets_write_windows_1252() -> None:
    (line,) = read(decode("name;group\r\nJürgen;layperson".encode("cp1252")))
    assert line.name == "Jürgen"


def test_each_line_says_what_is_wrong() -> None:
    formula, group, language, cells = read(
        "name,group,language\n=1+1,layperson,\nBo,*,\nCy,layperson,fr\nRoe, Jane,layperson,en\n"
    )
    assert "begin with a letter or a digit" in formula.faults[0]
    assert 'The group "*" cannot be used' in group.faults[0]
    assert language.faults == ('The language "fr" is unknown; write en or de, or leave it empty.',)
    assert cells.faults[0] == "It has 4 cells and the heading 3; put a cell with a comma in quotes."


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "The list is empty"),
        ("name,group\n", "a heading and no reader"),
        ("Ada,ada@x.example\n", "it has to name the columns"),
        ("name,group,salary\nAda,layperson,1", "it has to name the columns"),
        ("name,group\n" + "A,layperson\n" * (MAX_LINES + 1), "invite at most 500 at once"),
    ],
)
def test_a_list_that_cannot_be_read(text: str, words: str) -> None:
    with pytest.raises(InputError, match=words):
        read(text)


@pytest.mark.parametrize("content", [b"\x89PNG\x00\x01", b"a" * (MAX_BYTES + 1)])
def test_files_that_are_no_list(content: bytes) -> None:
    with pytest.raises(InputError):
        decode(content)


def test_a_pseudonym_is_never_given_twice() -> None:
    assert next_pseudonym([]) == "R01"
    assert next_pseudonym(["R01", "R07", "R100", "somebody"]) == "R101"


def test_pseudonyms_are_sorted_by_their_number() -> None:
    assert sorted(["R100", "R11", "R99", "R02", "R1000"], key=pseudonym_order) == [
        "R02", "R11", "R99", "R100", "R1000"
    ]  # fmt: skip
