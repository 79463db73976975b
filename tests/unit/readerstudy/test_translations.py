"""Every text of the reading room is marked, and translated with its places and its markup."""

import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from babel.messages.catalog import Message
from babel.messages.pofile import read_po

from tests.conftest import PROJECT

TEMPLATES = sorted((PROJECT / "templates" / "reading").glob("*.html"))
PO = Path("readerstudy/locale/de/LC_MESSAGES/django.po")
# Names of sequences and words that German shares; everything else differs between the languages.
ALIKE = {
    "T1", "T2", "Test", "Signal", "Cine", "Pause",
    "T1 post 1", "T1 post 2", "T1 post 3", "T1 post 4",
}  # fmt: skip
KEYS = {"Enter", "Shift", "Esc"}  # as they are engraved, and so in German
SIGNS = {"px"}


def run(folder: Path, *argv: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, str(folder / ".ci" / "messages"), *argv],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def messages() -> list[tuple[str, str]]:
    """Each text and its translation; of a plural, both forms."""
    with (PROJECT / PO).open("rb") as file:
        catalogue = read_po(file, locale="de", charset="utf-8")
    return [pair for message in catalogue if message.id for pair in forms(message)]


def forms(message: Message) -> Iterator[tuple[str, str]]:
    if isinstance(message.id, str):
        yield message.id, str(message.string)
    else:
        yield from zip(message.id, message.string, strict=True)


def name(path: Path) -> str:
    return path.name


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """What the program reads, to be changed."""
    shutil.copytree(PROJECT / "templates" / "reading", tmp_path / "templates" / "reading")
    shutil.copytree(
        PROJECT / "readerstudy", tmp_path / "readerstudy", ignore=shutil.ignore_patterns("__pycache__")
    )
    (tmp_path / ".ci").mkdir()
    shutil.copy(PROJECT / ".ci" / "messages", tmp_path / ".ci" / "messages")
    return tmp_path


class TestCatalogue:
    def test_is_complete_and_up_to_date(self) -> None:
        done = run(PROJECT, "--check")
        assert (done.returncode, done.stdout) == (0, "Every text of the reading room is there in de.\n")

    def test_of_a_new_text_is_not_complete(self, copy: Path) -> None:
        page = copy / "templates" / "reading" / "pause.html"
        page.write_text(page.read_text() + '{% translate "Nobody translated this." %}')
        done = run(copy, "--check")
        assert done.returncode == 1
        assert (
            'de: "Nobody translated this." is not translated (templates/reading/pause.html).' in done.stdout
        )

    def test_of_a_new_refusal_is_not_complete(self, copy: Path) -> None:
        module = copy / "readerstudy" / "core" / "judgement.py"
        module.write_text(module.read_text() + '\nraise Refused("Nobody, {n} times.", n=2)\n')
        done = run(copy, "--check")
        assert done.returncode == 1
        assert 'de: "Nobody, {n} times." is not translated (readerstudy/core/judgement.py).' in done.stdout

    def test_that_was_edited_without_the_program_is_not_up_to_date(self, copy: Path) -> None:
        po = copy / PO
        po.write_text(po.read_text().replace("Alle Bedienelemente", "Alles"))
        done = run(copy, "--check")
        assert done.returncode == 1
        assert "django.mo is not up to date; run `make messages`." in done.stdout
        assert run(copy).returncode == 0
        assert run(copy, "--check").returncode == 0


class TestGerman:
    def test_differs_from_the_english(self) -> None:
        assert {text for text, translation in messages() if text == translation} == ALIKE

    @pytest.mark.parametrize("place", [r"%\(\w+\)s", r"\{\w+\}", r"</?\w+>"])
    def test_keeps_every_place_and_its_markup(self, place: str) -> None:
        found = {
            text: translation
            for text, translation in messages()
            if sorted(re.findall(place, text)) != sorted(re.findall(place, translation))
        }
        assert found == {}

    def test_fits_into_an_attribute_in_quotes(self) -> None:
        """A literal text of a template is not escaped, and many stand in attributes."""
        assert [translation for text, translation in messages() if '"' in translation] == []
        assert [text for text, translation in messages() if set("<>&") & set(translation) - set(text)] == []

    def test_addresses_readers_formally_and_has_no_doubled_spaces(self) -> None:
        informal = re.compile(r"\b(du|dich|dir|dein\w*|euch|euer\w*)\b", re.IGNORECASE)
        assert [translation for _, translation in messages() if informal.search(translation)] == []
        assert [
            translation
            for _, translation in messages()
            if "  " in translation or translation.strip() != translation
        ] == []

    def test_ends_as_the_english_does(self) -> None:
        found = [
            text
            for text, translation in messages()
            if (text[-1] in ".:;?" or translation[-1] in ".:;?") and text[-1] != translation[-1]
        ]
        assert found == []

    def test_has_nothing_fuzzy(self) -> None:
        assert "fuzzy" not in (PROJECT / PO).read_text()


def bare_words(template: str) -> list[str]:
    """Words that a page shows or says and no translation replaces."""
    text = re.sub(r"{%\s*comment.*?endcomment\s*%}|{#.*?#}", "", template, flags=re.DOTALL)
    text = re.sub(r"{%\s*blocktranslate.*?endblocktranslate\s*%}", "", text, flags=re.DOTALL)
    text = re.sub(r"{% block (?:body_class|width) %}.*?{% endblock %}", "", text)
    text = re.sub(r"{%.*?%}|{{.*?}}", "", text, flags=re.DOTALL)
    said = re.findall(r'\s(?:aria-label|alt|title|placeholder|data-[\w-]+(?=="[^"]* ))="([^"]*)"', text)
    shown = re.sub(r"<[^>]*>", " ", text)
    words = re.findall(r"[^\W\d_]{2,}", " ".join([shown, *said]))
    return [word for word in words if word not in KEYS | SIGNS]


class TestTemplates:
    @pytest.mark.parametrize("path", TEMPLATES, ids=name)
    def test_every_word_is_marked(self, path: Path) -> None:
        assert bare_words(path.read_text()) == []

    def test_a_word_that_is_not_marked_is_found(self) -> None:
        template = """<p title="one" data-no="no" data-three="three {n}">{% translate "no" %} two <b>{{ no }}</b></p>
            <img alt="{% translate 'no' %}">"""
        assert bare_words(template) == ["two", "one", "three"]
