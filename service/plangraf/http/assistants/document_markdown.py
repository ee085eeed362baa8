"""Writes the document of a thing as Markdown: statements with numbers of passages, the passages, what links here."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from pyoxigraph import BlankNode, Literal, NamedNode

from plangraf.http.assistants.rows import LONGEST_CELL
from plangraf.rdf.graph import Value
from plangraf.rdf.namespaces import compact, local_name, short_name
from plangraf.views.declarations import TermLabels
from plangraf.views.describe import ABOUT, MOST_INCOMING, Description, Labels, Passage, read_passages

_References = Mapping[tuple[NamedNode, Value | None], list[int]]


def write_markdown(described: Description, language: str, terms: TermLabels) -> list[str]:
    """The lines of a document; the passages come before what links to the thing, because that can be long.

    Args:
        described: the document with its evidence, as for a page.
        language: of the labels.
        terms: labels of properties of other vocabularies.
    """
    words = _Words(Labels([*described.graph, *described.predicates]), language, terms)
    passages = read_passages(described.evidence)
    references: dict[tuple[NamedNode, Value | None], list[int]] = {}
    for number, passage in enumerate(passages, start=1):
        for _, name, value in passage.statements:
            references.setdefault((name, value), []).append(number)
    lines = [f"# {words.name(described.thing)}", "", f"IRI: <{described.thing.value}>", "", "## Statements", ""]
    lines += words.statements(((p, o) for _, p, o in described.own), references)
    lines += ["", "## Passages that support them", ""]
    lines += [words.passage(number, passage) for number, passage in enumerate(passages, start=1)] or ["None is known."]
    incoming = [(p, s) for s, p, _ in described.incoming if p != ABOUT]
    lines += ["", "## What links to it", ""]
    lines += words.statements(incoming, {}) or ["Nothing."]
    if len(described.incoming) >= MOST_INCOMING:
        lines.append(f"Only {MOST_INCOMING} links are read; ask sparql for all of them.")
    return lines


def passage_members(passage: Passage) -> dict[str, Any]:
    """One passage as JSON."""
    properties = dict.fromkeys(compact(name.value) for _, name, _ in passage.statements)
    members: dict[str, Any] = {
        "properties": list(properties),
        "kind": local_name(passage.kind.value),
        "passage": passage.iri.value,
        "source": passage.source.value,
        "lines": f"{passage.first}-{passage.last}",
    }
    given = {"section": passage.section, "item": passage.item}
    return members | {name: text for name, text in given.items() if text}


class _Words:
    def __init__(self, labels: Labels, language: str, terms: TermLabels) -> None:
        self._labels = labels
        self._language = language
        self._terms = terms

    def name(self, thing: NamedNode) -> str:
        label = self._labels.best(thing, self._language)
        if label is not None:
            return _on_one_line(label.value)
        return self._terms.get(thing.value, {}).get(self._language) or short_name(thing.value)

    def statements(self, facts: Iterable[tuple[NamedNode, Value]], references: _References) -> list[str]:
        by_property: dict[NamedNode, list[Value]] = {}
        for predicate, value in facts:
            by_property.setdefault(predicate, []).append(value)
        lines = []
        for predicate, values in sorted(by_property.items(), key=lambda pair: pair[0].value):
            begin = f"- {self.name(predicate)} (`{compact(predicate.value)}`):"
            shown = [self._value(value) + _numbers(predicate, value, references) for value in sorted(values, key=str)]
            lines += [f"{begin} {shown[0]}"] if len(shown) == 1 else [begin, *(f"  - {each}" for each in shown)]
        return lines

    def passage(self, number: int, passage: Passage) -> str:
        where = ", ".join(part for part in (passage.section, passage.item) if part)
        place = f"{where}, " if where else ""
        return (
            f"[{number}] {local_name(passage.kind.value)}: {self.name(passage.source)} <{passage.source.value}>, "
            f"{_on_one_line(place)}lines {passage.first}-{passage.last}, <{passage.iri.value}>"
        )

    def _value(self, value: Value) -> str:
        if isinstance(value, Literal):
            text = _on_one_line(value.value)
            if len(text) > LONGEST_CELL:
                text = f"{text[:LONGEST_CELL]}… ({len(text)} characters)"
            return f"{text} ({value.language})" if value.language not in (None, self._language) else text
        if isinstance(value, BlankNode):
            return "a node without an IRI"
        return f"{self.name(value)} <{value.value}>"


def _numbers(predicate: NamedNode, value: Value, references: _References) -> str:
    numbers = [*references.get((predicate, value), ()), *references.get((predicate, None), ())]
    return "".join(f" [{number}]" for number in sorted(set(numbers)))


def _on_one_line(text: str) -> str:
    return " ".join(text.split())
