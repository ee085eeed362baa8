"""The view of one thing's page, from its description: what the template `document.html` shows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final
from urllib.parse import urlencode

from pyoxigraph import BlankNode, Literal, NamedNode

from plangraf.pages.sentences.grammar import capitalised, lowered
from plangraf.pages.sentences.template import Said
from plangraf.pages.things.evidence import Entry, Evidence
from plangraf.pages.things.following import Reached
from plangraf.pages.things.kind_files import MOST_SHOWN, Kind, Kinds
from plangraf.pages.things.kind_form import Fact
from plangraf.pages.things.names import Names
from plangraf.pages.things.rows import Rows
from plangraf.pages.things.sections import Builder, FactRow, Group, Item, Marked, PartView, SectionView
from plangraf.pages.things.speaking import Speaker
from plangraf.pages.things.technical import GraphRow, Row, graph_rows, incoming_rows, own_rows
from plangraf.rdf.graph import RDF_TYPE, Value
from plangraf.rdf.namespaces import PLAN, PREFIXES
from plangraf.views.collections.collation import collation_key
from plangraf.views.declarations import LABELS
from plangraf.views.describe import ABOUT, MOST_INCOMING, Description
from plangraf.views.page_value import PageValue

_MUNICIPALITY: Final = NamedNode(PLAN + "municipality")
_NUMBERS: Final = (NamedNode(PLAN + "number"), NamedNode(PLAN + "goalNumber"))
_TEXT_PROPERTIES: Final = tuple(map(NamedNode, (PREFIXES["dcterms"] + "description", PREFIXES["skos"] + "definition")))
_TEXTS: Final = [Fact(path=["dcterms:description"]), Fact(path=["skos:definition"])]
# A longer text, such as a query, is not a short fact; the technical view has it.
_LONG: Final = 300
# A page of a kind without a declaration shows so many things that point to its thing at once.
_MOST_OPEN: Final = 12
_SENTENCE_MARKS: Final = 3


@dataclass(frozen=True, slots=True)
class ThingPage:
    """The page of one thing.

    Attributes:
        title: its name.
        kind: what it is, with the list of its kind.
        classes: its classes, which the technical view names.
        sentence: the one sentence about it, with the evidence of what it says.
        text: paragraphs below the sentence.
        facts: short facts.
        sections: what the kind declares.
        evidence: the numbered list.
        own, incoming, graphs: the technical view.
        incoming_cut: the most links that a document has, when this one has so many.
        municipality: whose thing it is.
        query: the address of the query that gives its statements.
    """

    title: PageValue
    kind: PageValue
    classes: Sequence[PageValue]
    sentence: Sequence[Said]
    sentence_marks: Sequence[int]
    text: Sequence[Marked]
    facts: Sequence[FactRow]
    sections: Sequence[SectionView]
    evidence: Sequence[Entry]
    own: Sequence[Row]
    incoming: Sequence[Row]
    graphs: Sequence[GraphRow]
    incoming_cut: int | None
    municipality: PageValue | None
    query: str


def thing_page(description: Description, names: Names, kinds: Kinds, rows: Mapping[str, Rows]) -> ThingPage:
    """The view of a thing's page.

    Args:
        description: the document with what only pages show.
        names: the names of its things, in the language of the page.
        kinds: the declared kinds; a thing of another kind gets a page of all its properties.
        rows: the answers of the queries of its kind, by the name of a section.
    """
    thing = description.thing
    kind = kinds.of(description.types)
    evidence = Evidence.of(description.evidence)
    cut = len(description.incoming) >= MOST_INCOMING
    builder = Builder(thing, names, evidence, cut=cut)
    speaker = Speaker(kind, kinds, builder) if kind else None
    marks = evidence.marks(speaker.statements())[:_SENTENCE_MARKS] if speaker else []
    municipality = names.known.value(thing, _MUNICIPALITY)
    form = kind.form if kind else None
    # In the order of the page, because evidence is numbered as it is asked for.
    text = [value for row in builder.facts(form.text if form else _TEXTS) for value in row.values]
    facts = builder.facts(form.facts) if form else _all_facts(builder, description)
    sections = builder.sections(form.sections, rows) if form else _all_incoming(builder, description)
    return ThingPage(
        title=_title(description, names, speaker, kind),
        kind=_kind_name(description, names, kind),
        classes=[names.value(type_) for type_ in sorted(description.types, key=str)],
        sentence=speaker.sentence() if speaker else _definition(description, names),
        sentence_marks=marks,
        text=text,
        facts=facts,
        sections=sections,
        evidence=evidence.entries(names, thing),
        own=own_rows(description, names),
        incoming=incoming_rows(description, names),
        graphs=graph_rows(description, names),
        incoming_cut=MOST_INCOMING if cut else None,
        municipality=names.value(municipality) if isinstance(municipality, NamedNode) else None,
        query=query_address(names.prefix, thing),
    )


def query_address(prefix: str, thing: NamedNode) -> str:
    """The address of the SPARQL query for the statements of a thing and those that point to it."""
    query = (
        f"CONSTRUCT {{ {thing} ?p ?o . ?s ?q {thing} }}\nWHERE {{\n  {{ {thing} ?p ?o }}\n"
        f"  UNION\n  {{ SELECT ?s ?q WHERE {{ ?s ?q {thing} }} ORDER BY ?q ?s LIMIT {MOST_INCOMING} }}\n}}"
    )
    return f"{prefix}/sparql?{urlencode({'query': query})}"


def _title(description: Description, names: Names, speaker: Speaker | None, kind: Kind | None) -> PageValue:
    thing = description.thing
    if not names.is_named(thing):
        if speaker and (made := speaker.title()):
            return PageValue(made)
        if kind:
            return PageValue(kind.name_of(description.types)[0].in_language(names.spoken))
    return names.title(thing)


def _definition(description: Description, names: Names) -> list[Said]:
    """What a thing of an undeclared kind is, in the words of the ontology; empty when its classes have none."""
    found = (names.definition(type_) for type_ in sorted(description.types, key=str))
    return next(([Said(text.value)] for text in found if text), [])


def _kind_name(description: Description, names: Names, kind: Kind | None) -> PageValue:
    """What the thing is: `Plan 7`, with the list of all plans; else the name of its class."""
    if kind:
        titled, list_ = kind.name_of(description.types)
        name = titled.in_language(names.spoken)
        found = (names.known.text(description.thing, property_) for property_ in _NUMBERS)
        number = next(filter(None, found), None)
        return PageValue(f"{name} {number}" if number else name, f"{names.prefix}/{list_}" if list_ else None)
    ours = [type_ for type_ in sorted(description.types, key=str) if type_.value.startswith(PLAN)]
    types = ours or sorted(description.types, key=str)
    return replace(names.title(types[0]), href=None) if types else PageValue("")


def _all_facts(builder: Builder, description: Description) -> list[FactRow]:
    """All statements of a thing of an undeclared kind, but those that its head shows."""
    names = builder.names
    values: dict[NamedNode, list[Value]] = {}
    for _, predicate, value in description.own:
        long = isinstance(value, Literal) and len(value.value) > _LONG
        if predicate not in (RDF_TYPE, _MUNICIPALITY, *_TEXT_PROPERTIES, *LABELS) and not long:
            values.setdefault(predicate, []).append(value)
    rows = []
    for predicate, found in values.items():
        languages = {one.language for one in found if isinstance(one, Literal) and one.language}
        if names.language in languages:
            found = [one for one in found if not isinstance(one, Literal) or one.language in (None, names.language)]
        shown = [
            Marked(
                names.plain(one) if isinstance(one, NamedNode) else names.value_of(description.thing, predicate, one),
                builder.evidence.marks([(description.thing, predicate, one)]),
            )
            for one in sorted(found, key=lambda one: collation_key(names.value(one).text))[:MOST_SHOWN]
        ]
        text = names.property(predicate).text
        rows.append(FactRow(capitalised(text), shown))
    return sorted(rows, key=lambda row: collation_key(row.name))


def _all_incoming(builder: Builder, description: Description) -> list[SectionView]:
    """The things that point to a thing of an undeclared kind, by property; those without a name only in the technical
    view."""
    names = builder.names
    found: dict[NamedNode, list[Reached]] = {}
    for subject, predicate, value in description.incoming:
        if predicate != ABOUT and not isinstance(subject, BlankNode) and names.is_named(subject):
            found.setdefault(predicate, []).append(Reached(subject, [(subject, predicate, value)]))
    parts = []
    for predicate, subjects in found.items():
        items = sorted(
            (Item(names.value(one.value), marks=builder.evidence.marks(one.statements)) for one in subjects),
            key=lambda item: collation_key(item.value.text),
        )[:MOST_SHOWN]
        name = names.words.gettext("as %(property)s", property=lowered(names.property(predicate).text))
        left = None if builder.cut else max(len(subjects) - MOST_SHOWN, 0)
        group = Group(None, items[:_MOST_OPEN], items[_MOST_OPEN:])
        parts.append(PartView("list", capitalised(name), "", "", [], [group], left))
    parts.sort(key=lambda part: collation_key(part.title))
    return [SectionView("links", "", "", False, parts)] if parts else []
