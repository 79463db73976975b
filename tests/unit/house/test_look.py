"""Rules that every page keeps: contrast, no inline script or style, nothing from other hosts."""

import re
from pathlib import Path

import pytest

from tests.conftest import PROJECT

TEXT_ON_GROUND = 4.5  # WCAG 2.2, 1.4.3, level AA
CONTROL_ON_GROUND = 3.0  # WCAG 2.2, 1.4.11

TEMPLATES = sorted((PROJECT / "templates").rglob("*.html"))
STYLES = sorted((PROJECT / "static").rglob("*.css"))
SCRIPTS = sorted((PROJECT / "static").rglob("*.js"))


def name(path: Path) -> str:
    return str(path.relative_to(PROJECT))


def colours(scheme: str) -> dict[str, str]:
    light, _, dark = (
        (PROJECT / "static/css/tokens.css").read_text().partition("@media (prefers-color-scheme: dark)")
    )
    read = {
        part: dict(re.findall(r"--([a-z0-9-]+): (#[0-9a-f]{6});", text))
        for part, text in (("light", light), ("dark", dark))
    }
    return read["light"] | (read["dark"] if scheme == "dark" else {})


def luminance(colour: str) -> float:
    """Relative luminance; WCAG 2.2, definition in section 7."""
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    lighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def test_black_on_white_is_21() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)  # WCAG 2.2: contrasts range from 1 to 21


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(
    ("text", "ground"),
    [
        *(
            (text, ground)
            for text in ("ink", "ink-2", "accent", "good", "bad")
            for ground in ("paper", "paper-2")
        ),
        ("ink", "bad-paper"),
        ("accent-ink", "accent"),
    ],
)
def test_text_can_be_read(scheme: str, text: str, ground: str) -> None:
    assert contrast(colours(scheme)[text], colours(scheme)[ground]) >= TEXT_ON_GROUND


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("line", ["line-2", "focus", "accent"])
def test_control_can_be_seen(scheme: str, line: str) -> None:
    assert contrast(colours(scheme)[line], colours(scheme)["paper"]) >= CONTROL_ON_GROUND


@pytest.mark.parametrize("path", TEMPLATES, ids=name)
def test_template_has_no_inline_script_style_or_handler(path: Path) -> None:
    text = path.read_text()
    if (
        path.name == "report.html"
    ):  # a document to save: it carries its style, and is sent with a policy of its own
        text = text.replace("<style>\n{{ style|safe }}\n</style>", "")
    if path.parent.name == "mail":  # mail programs fetch no style: an e-mail carries its own
        text = re.sub(r"<style>[^<]*</style>", "", text)
    assert not re.search(r"<style\b|\sstyle=|\son[a-z]+=\"|javascript:", text)
    assert not re.search(r"<script(?![^>]*\bsrc=)(?![^>]*application/json)", text)


@pytest.mark.parametrize("path", [*TEMPLATES, *STYLES, *SCRIPTS], ids=name)
def test_file_asks_no_other_host(path: Path) -> None:
    hosts = set(re.findall(r"https?://([\w.-]+)", path.read_text())) - {"www.w3.org"}
    assert not hosts
