"""Renders HTML pages: documents as tables of labelled facts, in Bokmål or English.

The templates are in `templates/`. A page loads nothing from other hosts.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any
from urllib.parse import quote

import orjson
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup
from pyoxigraph import BlankNode, Literal, NamedNode

from plangraf.numbers_in_text import NaturalKey, natural_key
from plangraf.pages.nested_tables import (
    AreaChange,
    PrintedFigure,
    area_changes,
    observation_title,
    period_text,
    printed_figures,
)
from plangraf.pages.series_table import SeriesRow, series_rows
from plangraf.pages.words import LANGUAGE_NAMES, Words, words
from plangraf.rdf.formats import Format
from plangraf.rdf.graph import RDF_TYPE, Graph, Statement, Value, in_order
from plangraf.rdf.namespaces import OBSERVATION, PREFIXES, local_name, short_name, terms
from plangraf.views.declarations import LABELS, TermLabels
from plangraf.views.describe import ABOUT, MOST_INCOMING, Description, Labels, Passage, read_passages
from plangraf.views.document_parts import CLASS, METRIC, VALUE, document_path, sdg_code, select_notice
from plangraf.views.page_value import PageValue
from plangraf.views.series import Shown

# The page folds longer lists, because the evidence of a municipality would fill many screens.
_OPEN_VALUES = 12


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a table: a property and its values, of which a page shows `open` and folds `folded`."""

    name: PageValue
    values: list[PageValue]

    @property
    def open(self) -> list[PageValue]:
        return self.values[:_OPEN_VALUES] if len(self.values) > _OPEN_VALUES + 3 else self.values

    @property
    def folded(self) -> list[PageValue]:
        return self.values[len(self.open) :]


@dataclass(frozen=True, slots=True)
class Evidence:
    """One line of the evidence: the supported facts, kind, source document and passage."""

    facts: list[PageValue]
    kind: PageValue
    source: PageValue
    place: PageValue


@dataclass(frozen=True, slots=True)
class Measurement:
    """One line of a dataset's quality: metric, measured class if any, and value."""

    metric: PageValue
    about: PageValue | None
    value: str


@dataclass(frozen=True, slots=True)
class Alternate:
    """The same document in another format."""

    format: Format
    href: str


@cache
def _environment(language: str) -> Environment:
    environment = Environment(
        loader=PackageLoader("plangraf.pages"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.i18n"],
    )
    known = words(language)
    environment.install_gettext_translations(known.translations, newstyle=True)  # type: ignore[attr-defined]
    environment.filters |= {"number": known.number, "date": known.date}
    return environment


def _no_words(_language: str) -> Mapping[str, str]:
    return {}


@dataclass(frozen=True, slots=True)
class Pages:
    """Renders pages. Links begin with the path `prefix`; `version` is the id of the version that they show.

    `base` is the path that links to what stands beside the versions begin with; None: `prefix`. `path` is that of the
    page under `prefix`, without an ending; a page without one links to its other languages only by `lang`.
    `labels` name the properties without a label in the data. `own_words` returns the site's texts in one language.
    """

    prefix: str
    version: str = ""
    base: str | None = None
    path: str | None = None
    labels: TermLabels = field(default_factory=dict)
    own_words: Callable[[str], Mapping[str, str]] = _no_words

    def under(self, prefix: str, version: str) -> Pages:
        """The same renderer for another prefix and version."""
        return replace(self, prefix=prefix, version=version, base=self.prefix if self.base is None else self.base)

    def at(self, path: str) -> Pages:
        """The same renderer for the page at a path under `prefix`."""
        return replace(self, path=path)

    def render(self, template: str, language: str, **values: Any) -> bytes:
        """Renders one page.

        Args:
            template: file in `templates/`.
            language: nb or en.
            values: variables of the template, in addition to the site's texts, prefix and version.
        """
        page = (
            _environment(language)
            .get_template(template)
            .render(
                t=self.own_words(language),
                lang=language,
                languages=LANGUAGE_NAMES,
                prefix=self.prefix,
                base=self.prefix if self.base is None else self.base,
                version=self.version,
                page_address=self._address(str(values.get("here", ""))),
                **{"here": "", **values},
            )
        )
        return page.encode()

    def _address(self, here: str) -> str | None:
        """The address of the page without its language: `here` when it is a path, otherwise `here` behind `path`."""
        if here.startswith("/"):
            return here
        return None if self.path is None else quote(f"{self.prefix}{self.path}", safe="/:@!$&'()*+,;=") + here

    def document(
        self,
        description: Description,
        language: str,
        *,
        canonical: str,
        alternates: Sequence[Alternate],
        json_ld: dict[str, Any],
        schema_org: dict[str, Any] | None = None,
        series: Shown | None = None,
        here: str = "",
    ) -> bytes:
        """Renders the page of one thing: facts, incoming links, other formats, and the JSON-LD in a script.

        `canonical` is the public address of the page, `schema_org` the description of a dataset for search engines,
        `series` the series of statistics about the thing.
        `here` is the query string that the links to other languages keep.
        """
        names = _Names(description, words(language), self.prefix, self.labels)
        types = [o for _, p, o in description.own if p == RDF_TYPE and isinstance(o, NamedNode)]
        return self.render(
            "document.html",
            language,
            title=names.title(description.thing),
            types=[names.page_value(t) for t in sorted(types, key=_natural)],
            iri=description.thing.value,
            notice=self.own_words(language)[notice] if (notice := select_notice(description)) else None,
            facts=names.facts(),
            incoming=names.incoming(),
            changes=names.changes(),
            printed=names.printed(),
            quality=names.quality(),
            series=list(names.series(series)) if series else [],
            series_cut=series is not None and series.more,
            evidence=names.evidence(),
            evidence_open=_OPEN_VALUES,
            incoming_cut=MOST_INCOMING if len(description.incoming) >= MOST_INCOMING else None,
            canonical=canonical,
            alternates=alternates,
            json_ld=script(json_ld),
            schema_org=script(schema_org) if schema_org else None,
            here=here,
        )


def script(json_ld: dict[str, Any]) -> Markup:
    """JSON-LD for a script element. It escapes `<`, so that no text of the data can end the element."""
    return Markup(orjson.dumps(json_ld).decode().replace("<", "\\u003c"))  # noqa: S704


def words_with_code(text: str) -> Markup:
    """A text whose parts between backticks are code."""
    parts = text.split("`")
    return Markup("").join(Markup("<code>{}</code>").format(part) if n % 2 else part for n, part in enumerate(parts))


class _Names:
    """The names and values of one document in one language."""

    def __init__(self, description: Description, words: Words, prefix: str, terms: TermLabels) -> None:
        self._description = description
        self._words = words
        self._language = words.language
        self._prefix = prefix
        self._terms = terms
        self._labels = Labels([*description.graph, *description.predicates])
        self._known = Graph(description.graph)
        self._defined = Graph(description.predicates)

    def title(self, thing: NamedNode) -> PageValue:
        found = self._labels.best(thing, self._language)
        code = sdg_code(thing.value)
        if found:
            return PageValue(f"{code} {found.value}" if code else found.value, lang=found.language)
        named = self._terms.get(thing.value, {}).get(self._language)
        return PageValue(named or self._composed(thing) or short_name(thing.value))

    def _composed(self, thing: NamedNode) -> str:
        """A name for an observation or a period, which have no label; empty for any other thing."""
        if thing.value.startswith(OBSERVATION):
            return observation_title(self._known, thing, self.page_value)
        return period_text(self._known, thing)

    def page_value(self, value: Value) -> PageValue:
        if isinstance(value, Literal):
            return PageValue(value.value, lang=value.language)
        if isinstance(value, BlankNode):
            return PageValue("…")
        return replace(self.title(value), href=self._href(value, self._known), about=value.value)

    def facts(self) -> list[Row]:
        return self._rows((p, o) for _, p, o in self._description.own)

    def incoming(self) -> list[Row]:
        """The incoming links, except evidence, which has its own table."""
        return self._rows((p, s) for s, p, _ in self._description.incoming if p != ABOUT)

    def evidence(self) -> list[Evidence]:
        def fact(name: NamedNode, value: Value | None) -> PageValue:
            text = self._property(name).text
            return PageValue(f"{text}: {self.page_value(value).text}" if value is not None else text)

        def row(passage: Passage) -> Evidence:
            place = self._words.gettext(
                "lines %(first)s–%(last)s of the extraction", first=passage.first, last=passage.last
            )
            where = ", ".join(part for part in (passage.section, passage.item, place) if part)
            return Evidence(
                [fact(name, value) for name, value in sorted(passage.statements, key=str)],
                self.page_value(passage.kind),
                self.page_value(passage.source),
                PageValue(where, self._prefix + document_path(passage.iri.value), about=passage.iri.value),
            )

        return [row(passage) for passage in read_passages(self._description.evidence)]

    def series(self, shown: Shown) -> Iterator[SeriesRow]:
        return series_rows(shown, self.page_value, self._words, self._prefix)

    def changes(self) -> list[AreaChange]:
        return area_changes(self._description, self._known, self.page_value)

    def printed(self) -> list[PrintedFigure]:
        return printed_figures(self._description, self._known, self.page_value)

    def quality(self) -> list[Measurement]:
        graph = Graph(self._description.quality)
        return [
            Measurement(
                self.page_value(metric), self.page_value(about) if about else None, graph.text(measurement, VALUE) or ""
            )
            for measurement in graph.things
            for metric, about in [(graph.value(measurement, METRIC), graph.value(measurement, CLASS))]
            if metric is not None
        ]

    def _rows(self, pairs: Iterable[tuple[NamedNode, Value]]) -> list[Row]:
        values: dict[NamedNode, list[Value]] = {}
        for predicate, value in pairs:
            values.setdefault(predicate, []).append(value)
        named = {predicate: self._property(predicate) for predicate in values}

        def key(predicate: NamedNode) -> tuple[bool, bool, bool, str, str]:
            unnamed = all(self._is_unnamed(value) for value in values[predicate])
            name = named[predicate].text.casefold()
            return predicate not in LABELS, predicate != RDF_TYPE, unnamed, name, predicate.value

        return [
            Row(named[predicate], [self.page_value(value) for value in self._sort(values[predicate])])
            for predicate in sorted(values, key=key)
        ]

    def _sort(self, values: list[Value]) -> list[Value]:
        """Puts texts in the language of the page and named things first."""

        def is_last(value: Value) -> bool:
            if isinstance(value, Literal):
                return value.language not in (None, self._language)
            return self._is_unnamed(value)

        return sorted(sorted(values, key=_natural), key=is_last)

    def _is_unnamed(self, value: Value) -> bool:
        if isinstance(value, Literal):
            return False
        return isinstance(value, BlankNode) or self._labels.best(value, self._language) is None

    def _property(self, predicate: NamedNode) -> PageValue:
        found = self._labels.best(predicate, self._language)
        text = found.value if found else self._terms.get(predicate.value, {}).get(self._language)
        lang = found.language if found else None
        return PageValue(
            text or short_name(predicate.value), self._href(predicate, self._defined), lang, predicate.value
        )

    def _href(self, thing: NamedNode, known: Graph) -> str | None:
        if thing in known:
            return self._prefix + document_path(thing.value)
        return thing.value if thing.value.startswith(("http://", "https://")) else None


def _natural(value: Value) -> NaturalKey:
    return natural_key(str(value))


@dataclass(frozen=True, slots=True)
class ShapeRow:
    """One property shape."""

    name: str
    path: PageValue
    severity: str
    message: PageValue


@dataclass(frozen=True, slots=True)
class ShapeTable:
    """One node shape: local name, target class, property shapes."""

    name: str
    target: PageValue | None
    rows: list[ShapeRow]


_SH = terms("sh")


def shape_tables(shapes: Iterable[Statement], language: str, prefix: str) -> list[ShapeTable]:
    """The node shapes of a shapes graph by name, each with its property shapes."""
    # Sorted, because the page shows the first of several classes or paths and the engine returns them in any order.
    graph = Graph(in_order(shapes))

    def link(term: Value | None) -> PageValue:
        if not isinstance(term, NamedNode):
            return PageValue("…")
        ours = term.value.startswith(PREFIXES["plan"])
        href = prefix + document_path(term.value) if ours else term.value
        return PageValue(short_name(term.value), href, about=term.value)

    def message(rule: Value) -> PageValue:
        literals = graph.literals(rule, _SH("message"))
        best = min(literals, key=lambda m: (m.language != language, m.language or "", m.value), default=None)
        return PageValue(best.value, lang=best.language) if best else PageValue("")

    def row(rule: Value) -> ShapeRow:
        severity = graph.value(rule, _SH("severity")) or _SH("Violation")
        return ShapeRow(
            local_name(str(rule.value)),
            link(graph.value(rule, _SH("path"))),
            local_name(str(severity.value)),
            message(rule),
        )

    tables = []
    for shape in graph.pointing(RDF_TYPE, _SH("NodeShape")):
        if isinstance(shape, NamedNode):
            target = graph.value(shape, _SH("targetClass"))
            rows = [row(rule) for rule in sorted(graph.values(shape, _SH("property")), key=_natural)]
            tables.append(ShapeTable(local_name(shape.value), link(target) if target else None, rows))
    return sorted(tables, key=lambda table: table.name)
