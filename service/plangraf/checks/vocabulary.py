"""The closed-vocabulary check: each term in a namespace whose vocabulary we hold must be defined there.

Step of a build between parsing and SHACL, because RDF accepts a misspelt term silently and a shape with one passes
everything. `ontology/vocabularies/*.tsv` pins the terms of other vocabularies; ours are read from the ontology, the
concept schemes and the shapes.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Literal as OneOf
from typing import TypeVar, get_args

from pyoxigraph import Literal, NamedNode, Quad, Triple

from plangraf.diagnostics.diagnostic import DataError, Diagnostic, FileDiagnostic, FilePlace, in_file
from plangraf.rdf.graph import RDF_TYPE, Graph, statements
from plangraf.rdf.namespaces import ONTOLOGY, ONTOLOGY_GRAPH, PLAN, PLANSHAPE, PREFIXES, SCHEME, SHAPES_GRAPH, terms

Kind = OneOf["class", "property", "datatype", "individual"]
Position = OneOf["predicate", "class", "datatype", "individual-of-namespace"]
Statement = TypeVar("Statement", bound=Quad | Triple)

_RDF, _RDFS, _OWL, _DCTERMS = PREFIXES["rdf"], PREFIXES["rdfs"], PREFIXES["owl"], PREFIXES["dcterms"]
_TYPE = RDF_TYPE.value
_rdfs, _owl, _dcterms = map(terms, ("rdfs", "owl", "dcterms"))
_REPLACES = _DCTERMS + "replaces"
_PROPERTY_TYPES = {_RDF + "Property"} | {
    _OWL + name for name in ("ObjectProperty", "DatatypeProperty", "AnnotationProperty", "OntologyProperty")
}
_CLASS_TYPES = {_RDFS + "Class", _OWL + "Class"}
# RDF 1.1 defines infinitely many of these.
_MEMBERSHIP = re.compile(re.escape(_RDF) + "_[1-9][0-9]*")
# Any other position accepts a term of any kind.
_WANTED: Mapping[Position, Kind] = {"predicate": "property", "class": "class", "datatype": "datatype"}
_COLUMNS = ["iri", "kind", "domain", "deprecated"]
# Terms and things that are remembered at once. Things are asked about in their order, so that older ones may go.
_MOST_REMEMBERED = 100_000
_OWN = (PLAN, PLANSHAPE, SCHEME)
_ONTOLOGY, _SHAPES = NamedNode(ONTOLOGY_GRAPH), NamedNode(SHAPES_GRAPH)
# The least similarity of two names, 0 to 1, at which one is suggested for the other.
_LIKE, _VERY_LIKE = 0.6, 0.8
# Also searched for a term without a similar one in its own vocabulary: `plan:titel` means dcterms:title.
_NEXT = tuple(PREFIXES[name] for name in ("dcterms", "rdfs", "skos", "dcat", "org", "prov", "foaf", "eli", "eli-dl"))

_KIND_NB = {"class": "klasse", "property": "egenskap", "datatype": "datatype", "individual": "enkeltting"}


@dataclass(frozen=True, slots=True)
class Term:
    """One defined term. `domain` lists its classes, any of which fits; `replaced_by` is an IRI."""

    iri: str
    kind: Kind
    deprecated: bool = False
    domain: tuple[str, ...] = ()
    replaced_by: str | None = None


@dataclass(frozen=True, slots=True)
class Misuse:
    """A use of a term that its vocabulary does not allow.

    `found` is the kind that the term is defined as, None when it is undefined. `subject` is the IRI of the thing
    described, None in a query or for a blank node; `nearest` the suggested IRI.
    """

    iri: str
    position: Position
    nearest: str | None
    deprecated: bool
    found: Kind | None = None
    subject: str | None = None

    def at(self, place: FilePlace) -> FileDiagnostic:
        """The diagnostic; a warning for a deprecated term of ours, because data that use it stay valid."""
        ours = self.deprecated and self.iri.startswith(_OWN)
        return Diagnostic(place, self._nb(), self._en(), "Warning" if ours else "Violation")

    def _en(self) -> str:
        hint = f" Did you mean <{self.nearest}>?" if self.nearest else ""
        if self.deprecated:
            return f"<{self.iri}> is deprecated." + (f" Write <{self.nearest}>." if self.nearest else "")
        if self.found:
            wanted = _WANTED[self.position]
            return f"<{self.iri}> is used as a {wanted}, but is defined as {self.found}.{hint}"
        return f"<{self.iri}> is not defined in its vocabulary.{hint}"

    def _nb(self) -> str:
        hint = f" Mente du <{self.nearest}>?" if self.nearest else ""
        if self.deprecated:
            return f"<{self.iri}> er utgått." + (f" Skriv <{self.nearest}>." if self.nearest else "")
        if self.found:
            wanted, found = _KIND_NB[_WANTED[self.position]], _KIND_NB[self.found]
            return f"<{self.iri}> er brukt som {wanted}, men definert som {found}.{hint}"
        return f"<{self.iri}> er ikke definert i vokabularet sitt.{hint}"


class Vocabularies:
    """The known terms, by closed namespace: one whose whole vocabulary we hold."""

    def __init__(self, namespaces: Mapping[str, Mapping[str, Term]]) -> None:
        self._terms = {namespace: dict(terms) for namespace, terms in namespaces.items()}
        # The longest namespace first, because one may begin with another.
        self._order = sorted(self._terms, key=len, reverse=True)

    @property
    def namespaces(self) -> tuple[str, ...]:
        return tuple(sorted(self._terms))

    def namespace(self, iri: str) -> str | None:
        """The closed namespace that an IRI belongs to; None for the namespace itself."""
        if iri.endswith(("#", "/")):
            return None
        return next((namespace for namespace in self._order if iri.startswith(namespace)), None)

    def term(self, iri: str) -> Term | None:
        if _MEMBERSHIP.fullmatch(iri):
            return Term(iri, "property")
        namespace = self.namespace(iri)
        return self._terms[namespace].get(iri) if namespace else None

    def terms(self, namespace: str) -> Collection[Term]:
        return self._terms[namespace].values()

    def including(self, quads: Iterable[Quad]) -> Vocabularies:
        """These vocabularies, with our own terms from the ontology graph and the shapes graph."""
        quads = list(quads)
        ontology = [quad for quad in quads if quad.graph_name == _ONTOLOGY]
        shapes = [quad for quad in quads if quad.graph_name == _SHAPES]
        namespaces = {namespace: dict(self._terms.get(namespace, {})) for namespace in {*self._terms, *_OWN}}
        for term in (*_own_terms(ontology), *_own_shapes(shapes)):
            namespaces[next(own for own in _OWN if term.iri.startswith(own))][term.iri] = term
        return Vocabularies(namespaces)

    def nearest(self, iri: str, kind: Kind | None, *, likeness: float = _LIKE) -> str | None:
        """The term with the most similar name: of the same namespace and the wanted kind where there is one."""
        namespace = self.namespace(iri)
        if namespace is None:
            return None
        local = iri[len(namespace) :]
        places = [(namespace, max(likeness, _VERY_LIKE)), *((other, _VERY_LIKE) for other in _NEXT)]
        for place, least in (*places, (namespace, likeness)):
            if place not in self._terms:
                continue
            usable = [term for term in self.terms(place) if not term.deprecated and term.iri != iri]
            wanted = [term for term in usable if kind in (None, term.kind)]
            for choice in (wanted, usable) if place == namespace else (wanted,):
                names = {term.iri[len(place) :].lower(): term.iri for term in choice}
                close = difflib.get_close_matches(local.lower(), names, n=1, cutoff=least)
                if close:
                    return names[close[0]]
        return None


def load_pinned(folder: Path) -> Vocabularies:
    """Reads the pinned vocabularies of others, one `<prefix>.tsv` for each.

    Raises:
        DataError: a list has no namespace, or a line that does not describe a term.
    """
    namespaces: dict[str, dict[str, Term]] = {}
    for path in sorted(folder.glob("*.tsv")):
        namespace, terms = _read_list(path)
        namespaces.setdefault(namespace, {}).update(terms)
    return Vocabularies(namespaces)


def check_graph(triples: Iterable[Quad | Triple], vocabularies: Vocabularies) -> list[Misuse]:
    """Finds the terms that are undefined, deprecated, or of another kind than their position takes.

    Returns:
        One problem for each term, position and subject, sorted by these.
    """
    problems = lru_cache(_MOST_REMEMBERED)(lambda iri, position: _problem(iri, position, vocabularies))
    found: set[Misuse] = set()
    for triple, iri, position, use in uses_but(triples, lambda iri, position: problems(iri, position) is None):
        problem = problems(iri, position)
        if problem is not None and (use or not problem.deprecated):
            subject = triple.subject.value if isinstance(triple.subject, NamedNode) else None
            found.add(replace(problem, subject=subject))
    return sorted(found, key=lambda problem: (problem.iri, problem.position, problem.subject or ""))


def check_query(
    iris: Iterable[str], vocabularies: Vocabularies, namespaces: Collection[str] | None = None
) -> list[Misuse]:
    """Finds the undefined and deprecated IRIs of a query.

    Args:
        iris: every IRI that the query names, prefixed names expanded.
        vocabularies: the known terms.
        namespaces: the closed namespaces to check; None checks all.
    """
    chosen = {iri for iri in iris if namespaces is None or vocabularies.namespace(iri) in namespaces}
    problems = (_problem(iri, "individual-of-namespace", vocabularies) for iri in sorted(chosen))
    return [problem for problem in problems if problem]


def _problem(iri: str, position: Position, vocabularies: Vocabularies) -> Misuse | None:
    if vocabularies.namespace(iri) is None:
        return None
    term, wanted = vocabularies.term(iri), _WANTED.get(position)
    if term is None:
        return Misuse(iri, position, vocabularies.nearest(iri, wanted), deprecated=False)
    if wanted is not None and term.kind != wanted:
        # Suggest only a term of the right kind.
        near = vocabularies.nearest(iri, wanted, likeness=_VERY_LIKE)
        right = near if near and (other := vocabularies.term(near)) and other.kind == wanted else None
        return Misuse(iri, position, right, deprecated=False, found=term.kind)
    if term.deprecated:
        near = term.replaced_by or vocabularies.nearest(iri, term.kind, likeness=_VERY_LIKE)
        return Misuse(iri, position, near, deprecated=True, found=term.kind)
    return None


def uses_but(
    triples: Iterable[Statement], is_good: Callable[[str, Position], bool]
) -> Iterator[tuple[Statement, str, Position, bool]]:
    """The uses of IRIs that are not good, with their statements.

    Terms found good are kept in sets, because to hash a term is much quicker than to read its text.
    """
    subjects, predicates = set[object](), set[object]()
    classes, datatypes, objects = set[object](), set[object](), set[object]()
    for triple in triples:
        subject, predicate, value = triple.subject, triple.predicate, triple.object
        if isinstance(value, Literal):
            value, good = value.datatype, datatypes
        else:
            good = classes if predicate == RDF_TYPE else objects
        if subject in subjects and predicate in predicates and value in good:
            continue
        bad = [(triple, *use) for use in uses(triple) if not is_good(use[0], use[1])]
        yield from bad
        if not bad:
            for kept, term in ((subjects, subject), (predicates, predicate), (good, value)):
                if len(kept) >= _MOST_REMEMBERED:
                    kept.clear()
                kept.add(term)


def uses(triple: Quad | Triple) -> Iterator[tuple[str, Position, bool]]:
    """The IRIs of a triple, their positions, and whether each is a use of the term.

    To describe a term is not a use of it, and neither is a shape or an axiom about it.
    """
    describing = isinstance(triple, Quad) and triple.graph_name in (_ONTOLOGY, _SHAPES)
    predicate = triple.predicate.value
    yield predicate, "predicate", True
    if isinstance(triple.subject, NamedNode):
        yield triple.subject.value, "individual-of-namespace", False
    value = triple.object
    if isinstance(value, Literal):
        yield value.datatype.value, "datatype", True
    elif isinstance(value, NamedNode):
        if predicate == _TYPE:
            yield value.value, "class", True
        else:
            own = value.value.startswith(_OWN)
            yield value.value, "individual-of-namespace", predicate != _REPLACES and not (own and describing)


def _own_terms(triples: Iterable[Quad | Triple]) -> Iterator[Term]:
    """Our terms: those of plan: with a type and our ontology in rdfs:isDefinedBy, and the shared schemes."""
    graph = Graph(statements(triples))
    for thing in graph.with_property(RDF_TYPE):
        if not isinstance(thing, NamedNode) or not thing.value.startswith((PLAN, SCHEME)):
            continue
        if thing.value.startswith(SCHEME) or ONTOLOGY in graph.iris(thing, _rdfs("isDefinedBy")):
            yield Term(
                thing.value,
                _kind(set(graph.iris(thing, RDF_TYPE))),
                graph.text(thing, _owl("deprecated")) == "true",
                tuple(sorted(graph.iris(thing, _rdfs("domain")))),
                min(graph.iris(thing, _dcterms("isReplacedBy")), default=None),
            )


def _own_shapes(triples: Iterable[Quad | Triple]) -> Iterator[Term]:
    for triple in triples:
        if isinstance(triple.subject, NamedNode) and triple.subject.value.startswith(PLANSHAPE):
            yield Term(triple.subject.value, "individual")


def _kind(types: set[str]) -> Kind:
    if types & _PROPERTY_TYPES:
        return "property"
    if types & _CLASS_TYPES:
        return "class"
    return "datatype" if _RDFS + "Datatype" in types else "individual"


def _read_list(path: Path) -> tuple[str, dict[str, Term]]:
    """Reads one pinned list: `# name: value` lines, the column names, one term a line."""
    lines = path.read_text(encoding="utf-8").splitlines()
    head = {
        name.strip(): value.strip()
        for line in lines
        if line.startswith("#")
        for name, colon, value in [line[1:].partition(":")]
        if colon
    }
    namespace = head.get("namespace", "")
    body = [(number, line) for number, line in enumerate(lines, 1) if line and not line.startswith("#")]
    if not namespace or not body or body[0][1].split("\t") != _COLUMNS:
        raise _unreadable(path, 1, f"«# namespace: …», «{'<tab>'.join(_COLUMNS)}»")
    terms: dict[str, Term] = {}
    for number, line in body[1:]:
        row = line.split("\t")
        kind = next((kind for kind in get_args(Kind) if len(row) == len(_COLUMNS) and kind == row[1]), None)
        if kind is None or not row[0].startswith(namespace) or row[3] not in ("true", "false"):
            raise _unreadable(path, number, f"<{namespace}…> {'|'.join(get_args(Kind))}, …, true|false")
        terms[row[0]] = Term(row[0], kind, row[3] == "true", tuple(row[2].split()))
    return namespace, terms


def _unreadable(path: Path, line: int, expected: str) -> DataError:
    name = f"ontology/vocabularies/{path.name}"
    return DataError(
        [
            in_file(
                name,
                line,
                f"Ordlisten kan ikke leses. Linjen skal ha: {expected}",
                f"The list of terms cannot be read. The line should hold: {expected}",
            )
        ]
    )
