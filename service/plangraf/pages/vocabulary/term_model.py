"""The ontology as values: themes with their terms, the domain and range of each, and the shapes that constrain it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from pyoxigraph import NamedNode

from plangraf.pages.vocabulary.shape_model import Rule, Shape, read_shapes, value_classes
from plangraf.rdf.graph import RDF_TYPE, Graph, Statement, in_order
from plangraf.rdf.namespaces import ONTOLOGY, PLAN, local_name, terms

_RDFS, _OWL, _SKOS, _DCTERMS, _SCHEMA = terms("rdfs"), terms("owl"), terms("skos"), terms("dcterms"), terms("schema")
_THEME = f"{ONTOLOGY}/theme/"
_DOMAINS = (_RDFS("domain"), _SCHEMA("domainIncludes"))
_RANGES = (_RDFS("range"), _SCHEMA("rangeIncludes"))
_PARENTS = (_RDFS("subClassOf"), _RDFS("subPropertyOf"))
_SAME = (_OWL("equivalentClass"), _OWL("equivalentProperty"), _SKOS("exactMatch"), _OWL("sameAs"))
_CLOSE = (_SKOS("closeMatch"), _SKOS("relatedMatch"), _SKOS("broadMatch"), _SKOS("narrowMatch"))


@dataclass(frozen=True, slots=True)
class Term:
    """One term. `domains` and `ranges` are empty where the ontology leaves them open; `children` are terms of ours."""

    node: NamedNode
    is_class: bool
    is_link: bool
    domains: tuple[NamedNode, ...]
    ranges: tuple[NamedNode, ...]
    parents: tuple[NamedNode, ...]
    children: tuple[NamedNode, ...]
    inverses: tuple[NamedNode, ...]
    same: tuple[NamedNode, ...]
    close: tuple[NamedNode, ...]
    replaced_by: tuple[NamedNode, ...]
    deprecated: bool
    symmetric: bool

    @property
    def anchor(self) -> str:
        return local_name(self.node.value)


@dataclass(frozen=True, slots=True)
class Theme:
    """One theme: the classes with most properties first; `node` is None for the terms that no theme has."""

    key: str
    node: NamedNode | None
    classes: tuple[Term, ...]
    properties: tuple[Term, ...]

    @property
    def path(self) -> str:
        """The path of the theme's page, which is that of its IRI."""
        return f"/ontology/theme/{self.key}"

    def groups(self) -> list[tuple[Term | None, list[Term]]]:
        """Each class with its properties; at the end the properties of classes elsewhere, under None."""
        own = {term.node for term in self.classes}
        found: list[tuple[Term | None, list[Term]]] = [(term, []) for term in self.classes]
        rest: list[Term] = []
        for term in self.properties:
            homes = [group for class_, group in found if class_ is not None and class_.node in term.domains]
            (homes[0] if own & set(term.domains) else rest).append(term)
        return [*found, *([(None, rest)] if rest else [])]


@dataclass(frozen=True, slots=True)
class ShapeGroup:
    """The shapes of the classes of a theme; without a theme those of classes of other vocabularies."""

    key: str
    theme: Theme | None
    shapes: tuple[Shape, ...]

    @property
    def path(self) -> str:
        return f"/shapes/theme/{self.key}"


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """The ontology and the shapes of one version; `rules` are the constraints of a property, `shapes_of` of a class."""

    graph: Graph
    terms: Mapping[NamedNode, Term]
    themes: Sequence[Theme]
    shapes: Sequence[Shape]
    rules: Mapping[NamedNode, Sequence[tuple[Shape, Rule]]] = field(default_factory=dict)
    shapes_of: Mapping[NamedNode, Sequence[Shape]] = field(default_factory=dict)

    def homes(self) -> dict[NamedNode, str]:
        """The path at which the page of its theme explains each term, shape and rule."""
        found = {
            term.node: f"{theme.path}#{term.anchor}"
            for theme in self.themes
            for term in (*theme.classes, *theme.properties)
        }
        for group in self.shape_groups():
            for shape in group.shapes:
                found[shape.node] = f"{group.path}#{shape.anchor}"
                found |= {rule.node: f"{group.path}#{rule.anchor}" for rule in shape.rules}
        return found

    def shape_groups(self) -> list[ShapeGroup]:
        """The shapes by the theme of their class; those of other vocabularies' classes stand in a last group."""
        rest = [shape for shape in self.shapes if shape.is_target]
        found: list[ShapeGroup] = []
        for theme in self.themes:
            place = {term.node: n for n, term in enumerate(theme.classes)}
            own = [shape for shape in rest if any(class_ in place for class_ in shape.classes)]
            own.sort(key=lambda shape: min(place[c] for c in shape.classes if c in place))
            rest = [shape for shape in rest if shape not in own]
            if own:
                found.append(ShapeGroup(theme.key, theme, tuple(own)))
        return [*found, ShapeGroup("shared", None, tuple(rest))] if rest else found

    def asked_classes(self, node: NamedNode) -> tuple[NamedNode, ...]:
        """The classes that shapes ask of the values of a property, for a property whose range is open."""
        found = {class_ for _, rule in self.rules.get(node, ()) for class_ in value_classes(self.graph, rule.node)}
        return tuple(sorted(found, key=lambda class_: class_.value))


def read_vocabulary(statements: Iterable[Statement]) -> Vocabulary:
    """Reads the statements of the graphs of ontology and shapes."""
    graph = Graph(in_order(statements))
    terms_ = {node: _term(graph, node) for node in _defined(graph)}
    shapes = read_shapes(graph)
    rules: dict[NamedNode, list[tuple[Shape, Rule]]] = {}
    shapes_of: dict[NamedNode, list[Shape]] = {}
    for shape in shapes:
        for class_ in shape.classes:
            shapes_of.setdefault(class_, []).append(shape)
        for rule in shape.rules:
            for path in rule.paths:
                rules.setdefault(path, []).append((shape, rule))
    return Vocabulary(graph, terms_, _themes(graph, terms_), shapes, rules, shapes_of)


def _defined(graph: Graph) -> list[NamedNode]:
    """Our terms: what has a type or the mark of the ontology, in its namespace."""
    return list(_of_ours({*graph.with_property(RDF_TYPE), *graph.with_property(_RDFS("isDefinedBy"))}))


def _is_ours(node: object) -> bool:
    return isinstance(node, NamedNode) and node.value.startswith(PLAN)


def _term(graph: Graph, node: NamedNode) -> Term:
    def named(*predicates: NamedNode) -> tuple[NamedNode, ...]:
        found = [value for predicate in predicates for value in graph.named(node, predicate)]
        return tuple(sorted(set(found), key=lambda value: value.value))

    types = named(RDF_TYPE)
    parents = named(*_PARENTS)
    children = {child for predicate in _PARENTS for child in graph.pointing(predicate, node)}
    inverses = {*named(_OWL("inverseOf")), *graph.pointing(_OWL("inverseOf"), node)}
    return Term(
        node=node,
        is_class=_OWL("Class") in types,
        is_link=_OWL("ObjectProperty") in types,
        domains=named(*_DOMAINS),
        ranges=named(*_RANGES),
        parents=parents,
        children=_of_ours(children),
        inverses=_of_ours(inverses),
        same=named(*_SAME),
        close=named(*_CLOSE),
        replaced_by=named(_DCTERMS("isReplacedBy")),
        deprecated=graph.text(node, _OWL("deprecated")) == "true",
        symmetric=_OWL("SymmetricProperty") in types,
    )


def _of_ours(nodes: Iterable[object]) -> tuple[NamedNode, ...]:
    return tuple(sorted((n for n in nodes if isinstance(n, NamedNode) and _is_ours(n)), key=lambda n: n.value))


def _themes(graph: Graph, terms_: Mapping[NamedNode, Term]) -> list[Theme]:
    """The themes in their order, and a last one with the terms of none, which a version without themes has alone."""
    declared = [
        node
        for node in graph.pointing(RDF_TYPE, _SKOS("Collection"))
        if isinstance(node, NamedNode) and node.value.startswith(_THEME)
    ]
    declared.sort(key=lambda node: (graph.text(node, _SKOS("notation")) or "", node.value))
    themes: list[Theme] = []
    placed: set[NamedNode] = set()
    for node in declared:
        members = [terms_[m] for m in graph.named(node, _SKOS("member")) if m in terms_ and m not in placed]
        placed.update(term.node for term in members)
        themes.append(_theme(local_name(node.value), node, members, terms_))
    if rest := [term for node, term in terms_.items() if node not in placed]:
        themes.append(_theme("other", None, rest, terms_))
    return themes


def _theme(key: str, node: NamedNode | None, members: list[Term], terms_: Mapping[NamedNode, Term]) -> Theme:
    classes = [term for term in members if term.is_class]
    used = {term.node: sum(term.node in other.domains for other in terms_.values()) for term in classes}
    classes.sort(key=lambda term: (-used[term.node], term.anchor))
    properties = sorted((term for term in members if not term.is_class), key=lambda term: term.anchor)
    return Theme(key, node, tuple(classes), tuple(properties))
