"""Template tags of the desk."""

from datetime import timedelta

from django import template
from django.template.base import Node, NodeList, Parser, Token
from django.template.context import Context

from readerstudy import access_table

register = template.Library()


class CaptureNode(Node):
    """Renders its content into a variable, so that one block can be read in several places."""

    def __init__(self, nodelist: NodeList, name: str) -> None:
        self.nodelist = nodelist
        self.name = name

    def render(self, context: Context) -> str:
        context[self.name] = self.nodelist.render(context).strip()
        return ""


@register.tag
def capture(parser: Parser, token: Token) -> CaptureNode:
    """Keep the rendered content under a name: {% capture section %}...{% endcapture %}."""
    words = token.split_contents()
    if len(words) != 2:
        raise template.TemplateSyntaxError("capture takes one name, as in {% capture section %}.")
    nodelist = parser.parse(("endcapture",))
    parser.delete_first_token()
    return CaptureNode(nodelist, words[1])


@register.filter
def lasting(length: timedelta | None) -> str:
    """Write a length of time by its largest unit: 12 min, 3 h, 4 d."""
    if length is None:
        return "–"
    minutes = int(length.total_seconds() // 60)
    if minutes < 120:
        return f"{minutes}\N{NO-BREAK SPACE}min"
    return (
        f"{minutes // 60}\N{NO-BREAK SPACE}h"
        if minutes < 48 * 60
        else f"{minutes // (24 * 60)}\N{NO-BREAK SPACE}d"
    )


@register.filter
def ago(length: timedelta | None) -> str:
    """Write how long ago something was."""
    if length is None:
        return "–"
    return "just now" if length < timedelta(minutes=1) else f"{lasting(length)} ago"


@register.simple_tag(takes_context=True)
def may(context: Context, view_name: str, slug: str = "") -> bool:
    """Whether the account may open a route: {% may "evaluation:results" study.slug as may_see_results %}."""
    request = context.get("request")
    return request is not None and access_table.can_open(request, view_name, slug)
