"""The closed-vocabulary check: whoever uses a term of a vocabulary that we hold must use one that it has.

Step of a build between parsing and SHACL: in RDF a misspelt term is silent, and a shape with one passes
everything. What other vocabularies define stands pinned in `ontology/vocabularies/*.tsv`; what ours defines
is read from the ontology, the concept schemes and the shapes themselves.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal as OneOf
from typing import get_args

from pyoxigraph import Literal, NamedNode, Quad, Triple

from plangraf.diagnostics.diagnostic import DataError, Diagnostic, FileDiagnostic, FilePlace, in_file
from plangraf.rdf.graph import RDF_TYPE, Graph, statements
from plangraf.rdf.names import terms
from plangraf.rdf.namespaces import ONTOLOGY, ONTOLOGY_GRAPH, PLAN, PLANSHAPE, PREFIXES, SCHEME, SHAPES_GRAPH

Kind = OneOf["class", "property", "datatype", "individual"]
Position = OneOf["predicate", "class", "datatype", "individual-of-namespace"]

_RDF, _RDFS, _OWL, _DCTERMS = PREFIXES["rdf"], PREFIXES["rdfs"], PREFIXES["owl"], PREFIXES["dcterms"]
_TYPE = RDF_TYPE.value
_rdfs, _owl, _dcterms = map(terms, ("rdfs", "owl", "dcterms"))
_REPLACES = _DCTERMS + "replaces"
_PROPERTY_TYPES = {_RDF + "Property"} | {
    _OWL + name for name in ("ObjectProperty", "DatatypeProperty", "AnnotationProperty", "OntologyProperty")
}
_CLASS_TYPES = {_RDFS + "Class", _OWL + "Class"}
# RDF 1.1 has endlessly many of these; no list can hold them.
_MEMBERSHIP = re.compile(re.escape(_RDF) + "_[1-9][0-9]*")
# Any other position takes a term of whatever kind.
_WANTED: Mapping[Position, Kind] = {"predicate": "property", "class": "class", "datatype": "datatype"}
_COLUMNS = ["iri", "kind", "domain", "deprecated"]
_OWN = (PLAN, PLANSHAPE, SCHEME)
_ONTOLOGY, _SHAPES = NamedNode(ONTOLOGY_GRAPH), NamedNode(SHAPES_GRAPH)
# How like each other two names are before one is proposed for the other, 0 to 1.
_LIKE, _VERY_LIKE = 0.6, 0.8
# Where a term is looked for that its own vocabulary has nothing like: `plan:titel` is dcterms:title.
_NEXT = tuple(PREFIXES[name] for name in ("dcterms", "rdfs", "skos", "dcat", "org", "prov", "foaf", "eli", "eli-dl"))

_KIND_NB = {"class": "klasse", "property": "egenskap", "datatype": "datatype", "individual": "enkeltting"}


@dataclass(frozen=True, slots=True)
class Term:
    """One defined term. `domain` holds the classes it is for, any of them; `replaced_by` an IRI."""

    iri: str
    kind: Kind
    deprecated: bool = False
    domain: tuple[str, ...] = ()
    replaced_by: str | None = None


@dataclass(frozen=True, slots=True)
class Misuse:
    """A use of a term that its vocabulary does not allow.

    `found` is the kind that the term is defined as, None when it is undefined.
    `subject` is the IRI of the thing in whose description it stands, None in a query or under a blank node;
    `nearest` the IRI that was probably meant.
    """

    iri: str
    position: Position
    nearest: str | None
    deprecated: bool
    found: Kind | None = None
    subject: str | None = None

    def at(self, place: FilePlace) -> FileDiagnostic:
        """The misuse as it is told. A deprecated term of ours is a warning: data that used it stay valid."""
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
    """All terms that are known, by the namespace that is closed because we hold its vocabulary."""

    def __init__(self, namespaces: Mapping[str, Mapping[str, Term]]) -> None:
        self._terms = {namespace: dict(terms) for namespace, terms in namespaces.items()}
        # The longest namespace first: one may begin with another.
        self._order = sorted(self._terms, key=len, reverse=True)

    @property
    def namespaces(self) -> tuple[str, ...]:
        return tuple(sorted(self._terms))

    def namespace(self, iri: str) -> str | None:
        """The closed namespace that an IRI is a name in; None for the namespace itself, or below it."""
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
        """These vocabularies, with the terms of ours that the ontology graph and the shapes graph define."""
        quads = list(quads)
        ontology = [quad for quad in quads if quad.graph_name == _ONTOLOGY]
        shapes = [quad for quad in quads if quad.graph_name == _SHAPES]
        namespaces = {namespace: dict(self._terms.get(namespace, {})) for namespace in {*self._terms, *_OWN}}
        for term in (*_own_terms(ontology), *_own_shapes(shapes)):
            namespaces[next(own for own in _OWN if term.iri.startswith(own))][term.iri] = term
        return Vocabularies(namespaces)

    def nearest(self, iri: str, kind: Kind | None, *, likeness: float = _LIKE) -> str | None:
        """The term whose name is most like this one's: of the same namespace and the wanted kind if any is."""
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
    """The vocabularies of others, from the lists in `folder`, one `<prefix>.tsv` for each.

    Raises:
        DataError: a list has no namespace, or a line that is no term.
    """
    namespaces: dict[str, dict[str, Term]] = {}
    for path in sorted(folder.glob("*.tsv")):
        namespace, terms = _read_list(path)
        namespaces.setdefault(namespace, {}).update(terms)
    return Vocabularies(namespaces)


def check_graph(triples: Iterable[Quad | Triple], vocabularies: Vocabularies) -> list[Misuse]:
    """Every use of a term that is not defined, of another kind than its place asks for, or deprecated.

    Returns:
        One problem for each term, position and subject, sorted by these.
    """
    found: set[Misuse] = set()
    good: set[tuple[str, Position]] = set()
    for triple in triples:
        for iri, position, use in uses(triple):
            if (iri, position) in good:
                continue
            problem = _problem(iri, position, vocabularies)
            if problem is None:
                good.add((iri, position))
            elif not problem.deprecated or use:
                subject = triple.subject.value if isinstance(triple.subject, NamedNode) else None
                found.add(replace(problem, subject=subject))
    return sorted(found, key=lambda problem: (problem.iri, problem.position, problem.subject or ""))


def check_query(
    iris: Iterable[str], vocabularies: Vocabularies, namespaces: Collection[str] | None = None
) -> list[Misuse]:
    """The IRIs of a query that are not defined, or deprecated.

    Args:
        iris: every IRI that the query names, prefixed names written out, the prefixes' own among them or not.
        vocabularies: what is known.
        namespaces: only look at these closed namespaces; None looks at all.
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
        # Only a term of the right kind helps here.
        near = vocabularies.nearest(iri, wanted, likeness=_VERY_LIKE)
        right = near if near and (other := vocabularies.term(near)) and other.kind == wanted else None
        return Misuse(iri, position, right, deprecated=False, found=term.kind)
    if term.deprecated:
        near = term.replaced_by or vocabularies.nearest(iri, term.kind, likeness=_VERY_LIKE)
        return Misuse(iri, position, near, deprecated=True, found=term.kind)
    return None


def uses(triple: Quad | Triple) -> Iterator[tuple[str, Position, bool]]:
    """The IRIs of a triple, their positions, and whether each is a use: describing a term is none.

    A shape or an axiom about a deprecated term is no use of it either.
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
    """Terms of plan: that have a type and name our ontology, and the shared schemes with their concepts."""
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
    """One pinned list: `# name: value` lines, the names of the columns, one term a line."""
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
                name, line,
                f"Ordlisten kan ikke leses. Linjen skal ha: {expected}",
                f"The list of terms cannot be read. The line should hold: {expected}",
            )
        ]
    )  # fmt: skip
