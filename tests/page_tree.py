"""Reads an HTML page into a tree, and refuses what a browser would have to repair."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser

import httpx

_VOID = frozenset(("br", "col", "hr", "img", "input", "link", "meta", "source"))
_APART = frozenset(("li", "p", "td", "th"))
_NARROW = frozenset(("of", "visually-hidden"))


@dataclass
class Element:
    """One element; `children` are elements and texts in order."""

    tag: str
    attributes: dict[str, str]
    children: list[Element | str] = field(default_factory=list)

    @property
    def text(self) -> str:
        """The text inside, with single blanks; a no-break space stays, because it stands inside a number."""
        return _single("".join(self._texts(frozenset())))

    @property
    def shown(self) -> str:
        """The text that is shown on a wide screen."""
        return _single("".join(self._texts(_NARROW)))

    def _texts(self, hidden: frozenset[str]) -> Iterator[str]:
        for child in self.children:
            if isinstance(child, str):
                yield child
            elif not hidden & child.classes:
                apart = "\n" if child.tag in _APART else ""
                yield apart
                yield from child._texts(hidden)
                yield apart

    @property
    def classes(self) -> set[str]:
        return set(self.attributes.get("class", "").split())

    def walk(self) -> Iterator[Element]:
        for child in self.children:
            if isinstance(child, Element):
                yield child
                yield from child.walk()

    def all(self, tag: str, class_: str = "", **attributes: str) -> list[Element]:
        """The elements inside with this tag, this class among others, and these attributes (`for_` is `for`)."""
        return [
            one
            for one in self.walk()
            if one.tag == tag
            and (not class_ or class_ in one.classes)
            and all(one.attributes.get(key.rstrip("_")) == value for key, value in attributes.items())
        ]

    def one(self, tag: str, class_: str = "", **attributes: str) -> Element:
        found = self.all(tag, class_, **attributes)
        assert len(found) == 1, (tag, class_, attributes, len(found))
        return found[0]


def _single(text: str) -> str:
    return re.sub("[ \t\n]+", " ", text).strip(" ")


class _Reader(HTMLParser):
    """Refuses an element that is not closed in its turn, and an attribute that stands twice."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.root = Element("", {})
        self._open = [self.root]
        self.feed(text)
        self.close()
        assert len(self._open) == 1, [element.tag for element in self._open]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert len(attrs) == len(dict(attrs)), (tag, attrs)
        element = Element(tag, {name: value or "" for name, value in attrs})
        self._open[-1].children.append(element)
        if tag not in _VOID:
            self._open.append(element)

    def handle_endtag(self, tag: str) -> None:
        assert self._open[-1].tag == tag, (self._open[-1].tag, tag, self.getpos())
        self._open.pop()

    def handle_data(self, data: str) -> None:
        self._open[-1].children.append(data)


def read_page(text: str) -> Element:
    """The tree of a page.

    It has one heading of the first level and unique ids; every reference to an id leads to one; nothing stands inline.
    """
    page = _Reader(text).root
    every = list(page.walk())
    ids = [one.attributes["id"] for one in every if "id" in one.attributes]
    assert len(ids) == len(set(ids)), sorted(name for name in ids if ids.count(name) > 1)
    for one in every:
        referred = one.attributes.get("for", "").split()
        for name in ("aria-describedby", "aria-labelledby"):
            referred += one.attributes.get(name, "").split()
        assert set(referred) <= set(ids), (one.tag, referred)
        href = one.attributes.get("href", "")
        # `#-` closes what is open.
        assert not href.startswith("#") or href == "#-" or href[1:] in ids, href
        assert one.tag != "style"
        assert not {"style", "onclick", "onsubmit"} & set(one.attributes), one
    assert all("src" in one.attributes or "json" in one.attributes.get("type", "") for one in page.all("script"))
    assert len(page.all("h1")) == 1
    return page


def read_tree(response: httpx.Response) -> Element:
    """The tree of a page that a response holds."""
    assert response.headers["content-type"] == "text/html; charset=utf-8"
    return read_page(response.text)
