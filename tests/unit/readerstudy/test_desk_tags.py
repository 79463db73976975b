import pytest
from django.template import Context, Template, TemplateSyntaxError
from django.template.loader import get_template


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
