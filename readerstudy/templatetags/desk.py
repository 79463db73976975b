"""Template tags of the desk."""

from django import template
from django.template.base import Node, NodeList, Parser, Token
from django.template.context import Context

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
