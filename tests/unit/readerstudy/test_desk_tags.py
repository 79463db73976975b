from datetime import timedelta

import pytest
from django.template import Context, Template, TemplateSyntaxError
from django.template.loader import get_template

from readerstudy.templatetags.desk import ago, lasting


class TestCapture:
    def test_keeps_rendered_content_without_margins(self) -> None:
        template = Template(
            "{% load desk %}{% capture word %} {{ name }} {% endcapture %}[{{ word }}][{{ word }}]"
        )
        assert template.render(Context({"name": "studies"})) == "[studies][studies]"

    def test_block_inside_can_be_overridden(self) -> None:
        get_template("desk/base.html")
        child = '{% extends "desk/base.html" %}{% block section %}pools{% endblock %}'
        names = {node.name for node in Template(child).nodelist[0].blocks.values()}  # type: ignore[attr-defined]
        assert "section" in names

    def test_needs_a_name(self) -> None:
        with pytest.raises(TemplateSyntaxError, match="capture takes one name"):
            Template("{% load desk %}{% capture %}{% endcapture %}")


@pytest.mark.parametrize(
    ("length", "words"),
    [
        (None, "–"),
        (timedelta(seconds=59), "0 min"),
        (timedelta(minutes=119), "119 min"),
        (timedelta(minutes=120), "2 h"),
        (timedelta(hours=47, minutes=59), "47 h"),
        (timedelta(hours=48), "2 d"),
        (timedelta(days=265, hours=23), "265 d"),
    ],
)
def test_a_length_of_time_is_written_by_its_largest_unit(length: timedelta | None, words: str) -> None:
    assert lasting(length).replace("\N{NO-BREAK SPACE}", " ") == words


def test_how_long_ago() -> None:
    assert [ago(length) for length in (None, timedelta(seconds=59))] == ["–", "just now"]
    assert ago(timedelta(minutes=3)) == "3\N{NO-BREAK SPACE}min ago"
