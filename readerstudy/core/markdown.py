"""Markdown of a study admin as HTML that can do no harm in a reader's browser."""

from collections.abc import Sequence
from typing import Final

import nh3
from markdown_it import MarkdownIt
from markdown_it.token import Token

LINK_SCHEMES: Final = frozenset({"http", "https", "mailto"})
TAGS: Final = frozenset(
    {"p", "br", "hr", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "li", "strong", "em", "s", "code", "pre"}
    | {"blockquote", "a", "table", "thead", "tbody", "tr", "th", "td"}
)
_LOWEST_HEADING: Final = 6
_ATTRIBUTES: Final[dict[str, set[str]]] = {"*": set(), "a": {"href"}, "ol": {"start"}}  # not even a title


class _Parser(MarkdownIt):
    """Takes a link for one only if its address has one of the schemes; otherwise it stays text."""

    def validateLink(self, url: str) -> bool:  # noqa: N802
        scheme, separator, rest = url.partition(":")
        return bool(separator and rest) and scheme.lower() in LINK_SCHEMES


def to_html(text: str) -> str:
    """Turn Markdown into HTML, safe to be put into a page as it is.

    Two independent guards: the parser takes tags for text and knows no images, and a sanitiser lets through only what
    is named here. Links lead to http, https and mailto, in a window of their own. The page keeps its only first
    heading: headings of the text begin one below it, and none is left out on the way down.

    Parameters
    ----------
    text : CommonMark with tables and ~~strikethrough~~

    Returns
    -------
    str
        HTML; "" for an empty text.
    """
    parser = _Parser("commonmark", {"html": False}).enable(["table", "strikethrough"]).disable("image")
    tokens = parser.parse(text)
    _lower_headings(tokens)
    return sanitised(parser.renderer.render(tokens, parser.options, {}))


def sanitised(html: str) -> str:
    """Leave of HTML only the tags, attributes and links named here; it does not rely on where the HTML comes from.

    Parameters
    ----------
    html : any text
    """
    return nh3.clean(
        html,
        tags=set(TAGS),
        clean_content_tags={"script", "style"},
        attributes=_ATTRIBUTES,
        url_schemes=set(LINK_SCHEMES),
        url_relative="deny",
        link_rel="noopener",
        set_tag_attribute_values={"a": {"target": "_blank"}},
    ).strip()


def _lower_headings(tokens: Sequence[Token]) -> None:
    """Number the headings from h2 down without a gap."""
    level = 1
    for token in tokens:
        if token.type == "heading_open":
            level = min(int(token.tag[1]) + 1, level + 1, _LOWEST_HEADING)
        if token.type in {"heading_open", "heading_close"}:
            token.tag = f"h{level}"
