"""Reads an HTML page into a tree, and refuses what a browser would have to repair."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser

import httpx

_VOID = frozenset(("br", "col", "hr", "img", "input", "link", "meta", "source"))


@dataclass
class Element:
    name: str
    attributes: dict[str, str]
    parts: list[Element | str] = field(default_factory=list)

    @property
    def text(self) -> str:
        """The text inside, with single blanks."""
        whole = "".join(part if isinstance(part, str) else f" {part.text} " for part in self.parts)
        return re.sub("[ \t\n]+", " ", whole).strip(" ")

    def walk(self) -> Iterator[Element]:
        for part in self.parts:
            if isinstance(part, Element):
                yield part
                yield from part.walk()

    def all(self, name: str, **attributes: str) -> list[Element]:
        """The elements inside with this name and these attributes; `class_` matches one class."""
        class_ = attributes.pop("class_", None)
        return [
            one
            for one in self.walk()
            if one.name == name
            and all(one.attributes.get(key.rstrip("_")) == value for key, value in attributes.items())
            and (class_ is None or class_ in one.attributes.get("class", "").split())
        ]

    def one(self, name: str, **attributes: str) -> Element:
        (found,) = self.all(name, **attributes)
        return found


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.root = Element("", {})
        self._open = [self.root]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert len({name for name, _ in attrs}) == len(attrs), f"<{tag}> has an attribute twice"
        element = Element(tag, {name: value or "" for name, value in attrs})
        self._open[-1].parts.append(element)
        if tag not in _VOID:
            self._open.append(element)

    def handle_endtag(self, tag: str) -> None:
        assert self._open[-1].name == tag, f"</{tag}> ends <{self._open[-1].name}>"
        self._open.pop()

    def handle_data(self, data: str) -> None:
        self._open[-1].parts.append(data)

    def end(self) -> Element:
        self.close()
        assert len(self._open) == 1, f"<{self._open[-1].name}> has no end"
        return self.root


def read_tree(response: httpx.Response) -> Element:
    """The tree of a page. Its ids are unique, its labels and descriptions lead to elements, it has no inline style."""
    assert response.headers["content-type"] == "text/html; charset=utf-8"
    reader = _Reader()
    reader.feed(response.text)
    tree = reader.end()
    ids = [one.attributes["id"] for one in tree.walk() if "id" in one.attributes]
    assert len(ids) == len(set(ids))
    for one in tree.walk():
        referred = [one.attributes.get("for", "")] if one.name == "label" else []
        for name in ("aria-describedby", "aria-labelledby"):
            referred += one.attributes.get(name, "").split()
        assert set(filter(None, referred)) <= set(ids), (one.name, referred)
        assert not {"style", "onclick", "onsubmit"} & set(one.attributes)
        assert one.name != "style"
        href = one.attributes.get("href", "")
        assert not href.startswith("#") or href[1:] in ids, href
    assert len(tree.all("h1")) == 1
    return tree
