"""What a person sees of a page: its text without what is marked as hidden."""

from html.parser import HTMLParser

_VOID = {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}
_NEVER_SEEN = {"head", "script", "style", "template", "dialog"}


class _Seen(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.words: list[str] = []
        self.open: list[tuple[str, bool]] = []  # elements, and whether what is inside is seen

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _VOID:
            return
        is_seen = tag not in _NEVER_SEEN and "hidden" not in dict(attrs)
        self.open.append((tag, is_seen and self.is_seen))

    def handle_endtag(self, tag: str) -> None:
        if tag in {name for name, _ in self.open}:
            while self.open.pop()[0] != tag:
                pass

    def handle_data(self, data: str) -> None:
        if self.is_seen:
            self.words += data.split()

    @property
    def is_seen(self) -> bool:
        return not self.open or self.open[-1][1]


def visible_text(page: str) -> str:
    """The words of a page that are not hidden, one space between them."""
    parser = _Seen()
    parser.feed(page)
    return " ".join(parser.words)
