import pytest

from generation.core.errors import InputError
from readerstudy.core import names


class TestParseGroup:
    def test_small_letters_and_single_spaces(self):
        assert names.parse_group("  Senior   Resident-2 ") == "senior resident-2"

    @pytest.mark.parametrize("text", ["", "=1", "-a", "a" * 41, "a\tb\x00"])
    def test_refuses(self, text):
        with pytest.raises(InputError, match="cannot be used; write at most 40 letters"):
            names.parse_group(text)


class TestParseReaderName:
    def test_keeps_names_of_all_languages(self):
        assert names.parse_reader_name(" Åsa Ünal-Özil ") == "Åsa Ünal-Özil"

    @pytest.mark.parametrize("text", ["=1+1", "+49 241", "-Rosa", "@rosa", "Rosa\nLeo"])
    def test_refuses_formulas_and_lines(self, text):
        with pytest.raises(InputError, match="begin with a letter or a digit and stay on one line"):
            names.parse_reader_name(text)

    def test_refuses_nothing_and_too_much(self):
        for text in (" ", "a" * 101):
            with pytest.raises(InputError, match="write 1 to 100"):
                names.parse_reader_name(text)


def test_pseudonyms_sort_as_they_were_given():
    assert [names.pseudonym(n) for n in (1, 12, 99)] == ["R01", "R12", "R99"]


def test_titles_of_sources():
    assert [names.source_title(source) for source in ("real", "dcgan", "stylegan-2")] == [
        "Real",
        "DCGAN",
        "stylegan-2",
    ]
