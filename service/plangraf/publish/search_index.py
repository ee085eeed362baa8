"""Gathers what a search finds in a version, and writes the index beside the checks of a build.

Found are the things of the collections that have a rank for it, the terms of the ontology, the named queries, the
collections themselves, and the sections of the source documents.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from collections.abc import Collection as Sized
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Final
from urllib.parse import quote

from pyoxigraph import Literal, NamedNode, Quad, QuerySolutions, Store

from plangraf.rdf.graph import RDF_TYPE
from plangraf.rdf.namespaces import PLAN, PREFIXES, SCHEME, local_name
from plangraf.rdf.quad_lines import Queried
from plangraf.search.entries import SECTIONS, Entry, Labels, Text
from plangraf.search.index_files import write_index
from plangraf.sparql.named.binding import LANGUAGES, NamedQuery, load_queries
from plangraf.sparql.named.collection import Collection, Facet
from plangraf.sparql.named.collection_files import collection_files, load_collections
from plangraf.views.collections.members import facet_queries
from plangraf.views.declarations import LABELS, TermLabels, load_labels
from plangraf.views.document_parts import document_path, sdg_code, section_anchor

_NAMES: Final = tuple(label.value for label in LABELS)
_OTHER_NAMES: Final = (
    PREFIXES["dcterms"] + "alternative",
    PREFIXES["skos"] + "altLabel",
    PREFIXES["skos"] + "hiddenLabel",
    PLAN + "titleAsPrinted",
)
_TEXTS: Final = (
    PREFIXES["dcterms"] + "description",
    PLAN + "purpose",
    PREFIXES["skos"] + "definition",
    PREFIXES["rdfs"] + "comment",
    PREFIXES["skos"] + "scopeNote",
    PLAN + "responsibleAsPrinted",
)
_CODES: Final = (
    PLAN + "number",
    PLAN + "goalNumber",
    PLAN + "caseNumber",
    PREFIXES["eli-dl"] + "process_number",
    PREFIXES["skos"] + "notation",
    PLAN + "municipalityNumber",
    PREFIXES["dcterms"] + "identifier",
    PLAN + "paragraph",
)
# A decision is found by the number of its case.
_IN_CASE: Final = PLAN + "inCase"
_SECTION, _SOURCE = PLAN + "section", PREFIXES["oa"] + "hasSource"
_DEPRECATED: Final = PREFIXES["owl"] + "deprecated"
_TERMS: Final = frozenset(
    PREFIXES["owl"] + name for name in ("Class", "ObjectProperty", "DatatypeProperty", "AnnotationProperty")
)
# Other kinds than collections: the title of all, the name of one, and the rank.
_KINDS: Final[Mapping[str, tuple[tuple[str, str], tuple[str, str], float]]] = {
    "terms": (("Ord i ontologien", "Terms of the ontology"), ("Ord i ontologien", "Term of the ontology"), 0.25),
    "queries": (("Spørringer", "Queries"), ("Spørring", "Query"), 0.5),
    "lists": (("Lister", "Lists"), ("Liste", "List"), 0.8),
    SECTIONS: (("Avsnitt i kildene", "Sections of the sources"), ("Avsnitt i kilde", "Section of a source"), 0.35),
}
# What the parts of these facets' values are called among the facets of a search.
_FACETS: Final = {"municipality": "municipality", "period": "period", "status": "status", "target": "goal"}
_SDG_WORDS: Final = ("SDG", "FN", "UN", "bærekraftsmål")


@dataclass(slots=True)
class _Data:
    """The statements that matter here: by subject and property the texts, and the things; and subjects by class."""

    texts: dict[str, dict[str, list[Text]]] = field(default_factory=lambda: defaultdict(lambda: defaultdict(list)))
    links: dict[str, dict[str, list[str]]] = field(default_factory=lambda: defaultdict(lambda: defaultdict(list)))
    members: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))

    @classmethod
    def read(cls, quads: Iterable[Quad]) -> _Data:
        data = cls()
        literal = {*_NAMES, *_OTHER_NAMES, *_TEXTS, *_CODES, _SECTION, _DEPRECATED}
        for quad in quads:
            if not isinstance(quad.subject, NamedNode):
                continue
            subject, predicate, value = quad.subject.value, quad.predicate.value, quad.object
            if isinstance(value, Literal):
                if predicate in literal:
                    text = Text(value.value, value.language)
                    if text not in (known := data.texts[subject][predicate]):
                        known.append(text)
            elif isinstance(value, NamedNode):
                if quad.predicate == RDF_TYPE:
                    data.members[value.value].add(subject)
                elif predicate in (_IN_CASE, _SOURCE):
                    data.links[subject][predicate].append(value.value)
        return data

    def of(self, thing: str, properties: Iterable[str]) -> list[Text]:
        """The texts of some properties in their order, each once, sorted by language."""
        known = self.texts.get(thing, {})
        found = [text for name in properties for text in sorted(known.get(name, ()), key=_by_language)]
        return list(dict.fromkeys(found))

    def label(self, thing: str) -> dict[str, str]:
        """The name of a thing in each language; what it lacks in one is taken from another."""
        names = self.of(thing, _NAMES) or [Text(local_name(thing))]
        found = {}
        for language in LANGUAGES:
            best = next((text for text in names if text.lang == language), names[0])
            found[language] = best.text
        return found


def _by_language(text: Text) -> tuple[str, str]:
    return text.lang or "", text.text


def gather(quads: Sized[Quad], home: Path, store: Queried | None = None) -> tuple[list[Entry], Labels]:
    """The entries of a version in a fixed order, and the titles of their kinds and facet values.

    Args:
        quads: all quads of the version but bulk triples.
        home: the folder with the named queries and the collections.
        store: the quads, with their union as the default graph; else they are loaded.
    Raises:
        DataError: a query or a collection cannot be used.
    """
    data = _Data.read(quads)
    collections = list(load_collections(home / "queries").values()) if collection_files(home / "queries") else []
    values = _facet_values(_union(quads) if store is None else store, collections)
    entries: list[Entry] = []
    seen: set[str] = set()
    for collection in collections:
        things = {thing for class_ in collection.classes for thing in data.members.get(class_, ())}
        if collection.search and not collection.narrowed:
            entries += [
                _entry(data, collection, thing, values) for thing in sorted(things - seen) if _shown(data, thing)
            ]
        seen |= things
    terms = sorted({thing for class_ in _TERMS for thing in data.members.get(class_, ()) if thing.startswith(PLAN)})
    entries += [_term(data, term) for term in terms if _shown(data, term)]
    entries += [_query(query) for query in load_queries(home / "queries").values()]
    entries += [_list(data, collection) for collection in collections]
    entries += _sections(data)
    return entries, _labels(data, load_labels(home), collections, entries)


def _shown(data: _Data, thing: str) -> bool:
    return bool(data.of(thing, _NAMES)) and not data.of(thing, [_DEPRECATED])


def _entry(data: _Data, collection: Collection, thing: str, values: Mapping[str, Mapping[str, set[str]]]) -> Entry:
    own = {name: sorted(found) for name, found in values.get(thing, {}).items()}
    number = sdg_code(thing)
    if number is not None:
        own["goal"] = [number.partition(".")[0]]
    codes = [text.text for text in data.of(thing, _CODES) if _has_digit(text.text)]
    cases = data.links.get(thing, {}).get(_IN_CASE, ())
    codes += [text.text for case in cases for text in data.of(case, _CODES) if _has_digit(text.text)]
    singular = [
        text for class_ in collection.classes for text in data.label(class_).values() if data.of(class_, _NAMES)
    ]
    named_cases = [text for case in cases for text in data.label(case).values()]
    places = [text for number in own.get("municipality", ()) for text in _municipality(data, number).values()]
    return Entry(
        thing,
        document_path(thing),
        collection.path,
        data.of(thing, _NAMES),
        data.of(thing, _OTHER_NAMES),
        data.of(thing, _TEXTS),
        list(dict.fromkeys([*codes, *_key(thing)])),
        own,
        [collection.nb, collection.en, *singular, *places, *named_cases, *(_SDG_WORDS if number is not None else ())],
        collection.search,
        next(_one(collection, class_) for class_ in collection.classes if thing in data.members[class_]),
        singular,
    )


def _key(thing: str) -> list[str]:
    """The last part of an IRI where it is a number or code; else it repeats the name."""
    key = thing.rpartition("/")[2]
    return [key] if key[:1].isdigit() and not key.isdecimal() else []


def _has_digit(code: str) -> bool:
    """Whether a code is more than a name in other letters, as the notation of a concept often is."""
    return any(letter.isdigit() for letter in code)


def _one(collection: Collection, class_: str) -> str:
    """The key for the name of one thing of a class: that of the collection, unless it has several classes."""
    return f"{collection.path} {local_name(class_)}" if len(collection.classes) > 1 else collection.path


def _municipality(data: _Data, number: str) -> dict[str, str]:
    return data.label(f"{PREFIXES['plan'].partition('ontology')[0]}id/{number}/municipality/{number}")


def _term(data: _Data, term: str) -> Entry:
    titles, singular, rank = _KINDS["terms"]
    others = [Text(local_name(term)), *data.of(term, _OTHER_NAMES)]
    return Entry(
        term, document_path(term), "terms", data.of(term, _NAMES), others, data.of(term, _TEXTS),
        about=[*titles, *singular], rank=rank,
    )  # fmt: skip


def _query(query: NamedQuery) -> Entry:
    titles, singular, rank = _KINDS["queries"]
    head, path = query.head, f"/queries/{query.name}"
    names = [Text(head.title.nb, "nb"), Text(head.title.en, "en")] if head.title else [Text(head.summary, "en")]
    others = [Text(query.name.replace("-", " "), "en"), *([Text(head.summary, "en")] if head.title else [])]
    texts = [Text(head.description, "en")] if head.description else []
    return Entry(path, path, "queries", names, others, texts, about=[*titles, *singular], rank=rank)


def _list(data: _Data, collection: Collection) -> Entry:
    titles, singular, rank = _KINDS["lists"]
    called = [text for class_ in collection.classes for text in data.label(class_).values()]
    names = [Text(collection.nb, "nb"), Text(collection.en, "en")]
    texts = [Text(collection.summary, "en")] if collection.summary else []
    path = f"/{collection.path}"
    minor = collection.minor or not collection.search
    return Entry(
        path, path, "lists", names, (), texts, about=[*titles, *singular, *called],
        rank=rank / 2 if minor else rank, called=called,
    )  # fmt: skip


def _sections(data: _Data) -> Iterator[Entry]:
    """One entry for each section of each source document from which something was read."""
    titles, singular, rank = _KINDS[SECTIONS]
    found = {
        (source, section.text)
        for passage in data.members.get(PLAN + "Passage", ())
        for source in data.links.get(passage, {}).get(_SOURCE, ())
        for section in data.of(passage, [_SECTION])
    }
    for source, name in sorted(found):
        texts = [Text(data.label(source)["nb"], "nb")]
        about = [*titles, *singular]
        path = f"{document_path(source)}#{quote(section_anchor(name))}"
        yield Entry(source, path, SECTIONS, [Text(name, "nb")], (), texts, about=about, rank=rank)


def _union(quads: Iterable[Quad]) -> Store:
    store = Store()
    for quad in quads:
        store.add(quad)
        store.add(Quad(quad.subject, quad.predicate, quad.object))
    return store


def _facet_values(store: Queried, collections: Iterable[Collection]) -> dict[str, dict[str, set[str]]]:
    """The values of the facets of each thing, by the queries that the lists use, too."""
    found: dict[str, dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
    for collection in collections:
        for facet in collection.facets:
            if collection.search and (name := _FACETS.get(facet.name)):
                for thing, value in _rows(store, facet_queries(collection, facet)):
                    if (short := _short(name, facet, value)) is not None:
                        found[thing][name].add(short)
    return found


def _rows(store: Queried, queries: Sequence[str]) -> set[tuple[str, str]]:
    """Thing and value of each row; with two queries the values of the first are the things of the second."""
    steps = []
    for query in queries:
        solutions = store.query(query)
        assert isinstance(solutions, QuerySolutions)
        steps.append({(row["thing"].value, row["value"].value) for row in solutions if row["value"] is not None})
    if len(steps) == 1:
        return steps[0]
    after = defaultdict(set)
    for step, value in steps[1]:
        after[step].add(value)
    return {(thing, value) for thing, step in steps[0] for value in after[step]}


def _short(name: str, facet: Facet, value: str) -> str | None:
    if name == "goal":
        number = sdg_code(value)
        return number.partition(".")[0] if number else None
    if name == "status":
        return value.removeprefix(SCHEME)
    return facet.short(value)


def _labels(data: _Data, reused: TermLabels, collections: Iterable[Collection], entries: Iterable[Entry]) -> Labels:
    used: dict[str, set[str]] = defaultdict(set)
    for entry in entries:
        used["kind"].add(entry.kind)
        for name, values in entry.values.items():
            used[name] |= set(values)
    kinds, singular = {}, {}
    for collection in collections:
        kinds[collection.path] = {"nb": collection.nb, "en": collection.en}
        for class_ in collection.classes:
            own = data.label(class_) if data.of(class_, _NAMES) else reused.get(class_)
            singular[_one(collection, class_)] = {**kinds[collection.path], **(own or {})}
    for name, (titles, one, _) in _KINDS.items():
        kinds[name], singular[name] = (dict(zip(LANGUAGES, texts, strict=True)) for texts in (titles, one))
    named: dict[str, Callable[[str], dict[str, str]]] = {
        "municipality": partial(_municipality, data),
        "goal": lambda value: data.label(f"http://metadata.un.org/sdg/{value}"),
        "period": lambda value: data.label(SCHEME.removesuffix("scheme/") + value),
        "status": lambda value: data.label(SCHEME + value),
    }
    return Labels(
        {name: titles for name, titles in kinds.items() if name in used["kind"]},
        {name: one for name, one in singular.items() if name.partition(" ")[0] in used["kind"]},
        {name: {value: label(value) for value in sorted(used[name])} for name, label in named.items()},
    )


def build_index(quads: Sized[Quad], home: Path, folder: Path, store: Queried | None = None) -> int:
    """Gathers the entries and writes their index; returns their number.

    Raises:
        DataError: a query or a collection cannot be used; the build reports it, too.
        OSError: the folder cannot be written.
    """
    entries, labels = gather(quads, home, store)
    return write_index(folder, entries, labels)
