"""A page that the product writes, read back: its tags, what it loads, its text and its tables."""

from html.parser import HTMLParser


class Tags(HTMLParser):
    """Every tag, what is loaded, the text, and the cells of each table row."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.opened: list[str] = []
        self.loads: list[str] = []
        self.rows: list[list[str]] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.loads += [name for name, _ in attrs if name in {"src", "href", "xlink:href"} or name.startswith("on")]
        if tag == "tr":
            self.rows.append([])
        if tag in {"td", "th"}:
            self.rows[-1].append("")
        if tag != "meta":
            self.opened.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.opened.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data
        if self.opened and self.opened[-1] in {"td", "th"}:
            self.rows[-1][-1] += data


def parsed(text: str) -> Tags:
    """Read a page; fails where a tag is not closed."""
    found = Tags()
    found.feed(text)
    found.close()
    assert found.opened == []
    return found
