"""Reads the page of a list as its markup says it: the table, the filters, the chosen ones and the links."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser

_VOID = {"meta", "link", "input", "br", "col", "img", "hr", "source"}


@dataclass
class Node:
    """One element; `children` are elements and texts in order."""

    tag: str
    attributes: dict[str, str]
    children: list[Node | str] = field(default_factory=list)

    @property
    def text(self) -> str:
        return " ".join("".join(self._texts()).split())

    @property
    def shown(self) -> str:
        """The text that is shown on a wide screen."""
        return " ".join("".join(self._texts({"of", "visually-hidden"})).split())

    def _texts(self, hidden: frozenset[str] | set[str] = frozenset()) -> list[str]:
        found = []
        for child in self.children:
            if isinstance(child, str):
                found.append(child)
            elif not hidden & set(child.attributes.get("class", "").split()):
                inner = child._texts(hidden)
                found += ["\n", *inner, "\n"] if child.tag in ("li", "p", "td", "th") else inner
        return found

    def all(self, tag: str, class_: str = "") -> list[Node]:
        found = []
        for child in self.children:
            if isinstance(child, Node):
                if child.tag == tag and (not class_ or class_ in child.attributes.get("class", "").split()):
                    found.append(child)
                found += child.all(tag, class_)
        return found

    def one(self, tag: str, class_: str = "") -> Node:
        found = self.all(tag, class_)
        assert len(found) == 1, (tag, class_, len(found))
        return found[0]


class _Reader(HTMLParser):
    """Refuses an element that is not closed in its turn."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.root = Node("", {})
        self._open = [self.root]
        self.feed(text)
        self.close()
        assert len(self._open) == 1, [node.tag for node in self._open]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert len(attrs) == len(dict(attrs)), (tag, attrs)
        node = Node(tag, {name: value or "" for name, value in attrs})
        self._open[-1].children.append(node)
        if tag not in _VOID:
            self._open.append(node)

    def handle_endtag(self, tag: str) -> None:
        assert self._open[-1].tag == tag, (self._open[-1].tag, tag, self.getpos())
        self._open.pop()

    def handle_data(self, data: str) -> None:
        self._open[-1].children.append(data)


def read_page(text: str) -> Node:
    """The tree of a page, whose markup is checked to be well-formed, with unique ids and no inline style."""
    page = _Reader(text).root
    every = _every(page)
    ids = [node.attributes["id"] for node in every if "id" in node.attributes]
    assert len(ids) == len(set(ids)), sorted(name for name in ids if ids.count(name) > 1)
    assert not [node.tag for node in every if "style" in node.attributes or node.tag == "style"]
    assert all("src" in node.attributes or "json" in node.attributes.get("type", "") for node in page.all("script"))
    for node in every:
        for name in ("for", "aria-labelledby"):
            assert set(node.attributes.get(name, "").split()) <= set(ids), node
    return page


def _every(node: Node) -> list[Node]:
    found = []
    for child in node.children:
        if isinstance(child, Node):
            found += [child, *_every(child)]
    return found


@dataclass
class Filter:
    """One filter: its title, and the values with names and numbers."""

    title: str
    choices: dict[str, tuple[str, int]]
    chosen: str | None


@dataclass
class ListPage:
    """What a person sees of a list. Cells by the title of their column; empty ones are left out."""

    columns: list[str]
    rows: list[dict[str, Node]]
    links: list[list[str]]
    filters: dict[str, Filter]
    orders: list[str]
    chips: list[Node]
    page: Node


def read_list(text: str) -> ListPage:
    page = read_page(text)
    tables = page.all("table", "list")
    columns = [cell.text for cell in tables[0].all("thead")[0].all("th")] if tables else []
    rows, links = [], []
    for row in tables[0].all("tbody")[0].all("tr") if tables else []:
        cells = [child for child in row.children if isinstance(child, Node)]
        assert len(cells) == len(columns)
        assert [cell.tag for cell in cells].count("th") == 1
        for column, cell in zip(columns, cells, strict=True):
            names = cell.all("span", "of")
            assert [name.text for name in names] == ([column] if cell.tag == "td" and cell.shown and names else [])
        rows.append({column: cell for column, cell in zip(columns, cells, strict=True) if cell.shown})
        links.append([link.attributes["href"] for cell in cells for link in cell.all("a")])
    filters = {}
    labels = {label.attributes["for"]: label.text for label in page.all("label")}
    orders: list[str] = []
    for select in page.all("select"):
        title, choices, chosen = labels[select.attributes["id"]], {}, None
        for option in select.all("option"):
            value = option.attributes["value"]
            chosen = value if "selected" in option.attributes else chosen
            if select.attributes["name"] == "sort":
                orders.append(value)
            elif value != "*":
                name, _, number = option.text.rpartition(" (")
                choices[value] = name, int("".join(sign for sign in number if sign.isdigit()))
        if select.attributes["name"] != "sort":
            filters[select.attributes["name"]] = Filter(title, choices, chosen)
    return ListPage(columns, rows, links, filters, orders, page.all("a", "chip"), page)
