"""JSON-LD 1.1, compacted with the project's context by a small compaction of our own.

The context is a plain dictionary of terms (IRI, type coercion, language maps); a term that uses anything else
of JSON-LD is left out here, never guessed at. Whatever no term fits is written in its expanded form under a
compact or full IRI, so the document means the same graph always. https://www.w3.org/TR/json-ld11/
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from operator import itemgetter
from typing import Any, TypeVar

import orjson
from pyoxigraph import BlankNode, Literal, NamedNode

from plangraf.views.frames import NO_FRAME, Frame
from plangraf.views.graphs import RDF_TYPE, Graph, Subject, Value

_XSD = "http://www.w3.org/2001/XMLSchema#"
_KNOWN_KEYS = {"@id", "@type", "@container", "@language", "@prefix", "@protected"}
# What RFC 3986 calls gen-delims: a simple term whose IRI ends in one may serve as a prefix.
_DELIMITERS = (":", "/", "?", "#", "[", "]", "@")
# Integers that every JSON reader keeps exactly.
_SAFE_INTEGER = 2**53

_MOST_REMEMBERED = 10_000
_LINE = itemgetter(0, 1, 2)

Properties = dict[NamedNode, list[Value]]


@dataclass(frozen=True, slots=True)
class Term:
    """One usable term. `kind` is @id, @vocab, @none, a datatype IRI, or @language for language maps.

    `language` is what an untyped string under the term would be given: None for no language.
    """

    name: str
    iri: str
    kind: str | None
    language: str | None
    in_array: bool


class Context:
    """A JSON-LD context, read once, and the address under which documents name it."""

    def __init__(self, document: Mapping[str, Any], address: str) -> None:
        """Reads the terms of a context document.

        Args:
            document: the parsed file, `{"@context": {...}}` with one dictionary of terms.
            address: absolute address that the context is served under.
        Raises:
            ValueError: the context is not one dictionary of short terms.
        """
        terms = document.get("@context")
        if not isinstance(terms, dict):
            raise ValueError("the context must be one dictionary of terms")
        if "@import" in terms or "@propagate" in terms or "@base" in terms:
            raise ValueError("the context must not use @import, @propagate or @base")
        if any(":" in name for name in terms):
            raise ValueError("the context must define short names only, no IRIs or compact IRIs")
        self.address = address
        self._raw: dict[str, Any] = terms
        self._vocab = terms.get("@vocab")
        self._language = _lower(terms.get("@language"))
        self.id = self._alias("@id")
        self.type = self._alias("@type")
        self.graph = self._alias("@graph")
        self.included = self._alias("@included")
        self.reverse = self._alias("@reverse")
        self._prefixes = {name: iri for name in terms if (iri := self._prefix(name)) is not None}
        self._terms: dict[str, list[Term]] = {}
        for name in terms:
            if (term := self._term(name)) is not None:
                self._terms.setdefault(term.iri, []).append(term)
        self.in_array = {term.name for terms in self._terms.values() for term in terms if term.in_array}
        self._choices: dict[tuple[str, str], tuple[str, Term | None]] = {}
        self._classes: dict[str, str] = {}
        self._compact: dict[str, str] = {}

    def _alias(self, keyword: str) -> str:
        for name, definition in self._raw.items():
            if definition == keyword or (isinstance(definition, dict) and definition.get("@id") == keyword):
                return name
        return keyword

    def _expand(self, value: str, seen: tuple[str, ...] = ()) -> str | None:
        """The IRI of a term, compact IRI or IRI in the context itself; None when it has none."""
        if value in seen:
            return None
        if value in self._raw and value not in seen:
            definition = self._raw[value]
            target = definition.get("@id", value) if isinstance(definition, dict) else definition
            if isinstance(target, str) and target != value:
                return target if target.startswith("@") else self._expand(target, (*seen, value))
            if not isinstance(definition, dict):
                return None
        prefix, colon, suffix = value.partition(":")
        if colon:
            base = None if suffix.startswith("//") else self._prefix(prefix, (*seen, value))
            return value if base is None else base + suffix
        return f"{self._vocab}{value}" if isinstance(self._vocab, str) else None

    def _prefix(self, name: str, seen: tuple[str, ...] = ()) -> str | None:
        """The IRI that `name` abbreviates when it may stand before a colon."""
        definition = self._raw.get(name)
        if name.startswith("@") or "/" in name:
            return None
        simple = isinstance(definition, str)
        if not simple and not (isinstance(definition, dict) and definition.get("@prefix") is True):
            return None
        iri = self._expand(name, seen)
        if iri is None or iri.startswith("@") or (simple and not iri.endswith(_DELIMITERS)):
            return None
        return iri

    def _term(self, name: str) -> Term | None:
        definition = self._raw[name]
        if name.startswith("@"):
            return None
        iri = self._expand(name)
        if iri is None or iri.startswith("@"):
            return None
        if isinstance(definition, str):
            return Term(name, iri, None, self._language, in_array=False)
        if not isinstance(definition, dict) or not set(definition) <= _KNOWN_KEYS:
            return None
        container = definition.get("@container", [])
        containers = {container} if isinstance(container, str) else set(container or ())
        language = _lower(definition["@language"]) if "@language" in definition else self._language
        kind = definition.get("@type")
        if "@language" in containers:
            if kind is not None:
                return None
            kind = "@language"
        elif isinstance(kind, str) and not kind.startswith("@"):
            kind = self._expand(kind)
        elif kind not in (None, "@id", "@vocab", "@none"):
            return None
        if not containers <= {"@language", "@set"}:
            return None
        return Term(name, iri, kind, language, in_array="@set" in containers)

    def terms(self, iri: str) -> list[Term]:
        return self._terms.get(iri, [])

    def compact_iri(self, iri: str) -> str:
        """`prefix:name` for a property or class without a term of its own, or the IRI in full."""
        best = self._compact.get(iri, iri)
        if best is not iri:
            return best
        for prefix, start in self._prefixes.items():
            candidate = f"{prefix}:{iri[len(start) :]}"
            usable = iri.startswith(start) and not iri[len(start) :].startswith("//")
            if usable and len(candidate) < len(best) and candidate not in self._raw:
                best = candidate
        _remember(self._compact, iri, best)
        return best

    def class_name(self, iri: str) -> str:
        """How `type` names a class."""
        found = self._classes.get(iri)
        if found is None:
            found = min((term.name for term in self.terms(iri)), default=None) or self.compact_iri(iri)
            _remember(self._classes, iri, found)
        return found

    def choice(self, iri: str, value: Value) -> tuple[str, Term | None]:
        """The name under which a property has a value, and its term; worked out once for each kind of value."""
        if isinstance(value, Literal):
            kind = "@language" if value.language is not None else value.datatype.value
        else:
            kind = "@id"
        found = self._choices.get((iri, kind))
        if found is None:
            term = _best_term(self.terms(iri), value)
            found = (term.name if term else self.compact_iri(iri)), term
            _remember(self._choices, (iri, kind), found)
        return found

    def value(self, value: Value, term: Term | None) -> Any:
        """One value under a term without a language map; in expanded form when the coercion does not fit."""
        kind = term.kind if term else None
        if isinstance(value, NamedNode | BlankNode):
            text = identifier(value)
            return text if kind == "@id" else {self.id: text}
        datatype = value.datatype.value
        if value.language is not None:
            if kind is None and term is not None and term.language == value.language:
                return value.value
            return {"@value": value.value, "@language": value.language}
        if datatype == _XSD + "string":
            default = term.language if term else self._language
            plain = kind == datatype or (kind in (None, "@none") and default is None)
            return value.value if plain else {"@value": value.value}
        if kind in (datatype, None) and (native := _native(value)) is not None:
            return native
        if kind == datatype:
            return value.value
        return {"@value": value.value, "@type": self.compact_iri(datatype)}


def identifier(node: Subject) -> str:
    return node.value if isinstance(node, NamedNode) else f"_:{node.value}"


def compact_document(context: Context, thing: NamedNode, graph: Graph, frame: Frame = NO_FRAME) -> dict[str, Any]:
    """A document whose top is one thing, with what it points to and what points to it, then the rest.

    What the frame names is nested wherever the frame says so, as deep as it says; everything else that the thing
    points to, or that points to it, is nested once. A node is always written with all its properties.
    """
    nodes = _nodes(graph, thing)
    own = nodes.pop(thing, {})
    incoming: dict[NamedNode, list[Subject]] = {}
    for subject, properties in nodes.items():
        for predicate in [p for p, values in properties.items() if thing in values and p != RDF_TYPE]:
            incoming.setdefault(predicate, []).append(subject)
            properties[predicate] = [value for value in properties[predicate] if value != thing]
            if not properties[predicate]:
                del properties[predicate]
    nesting = _Nesting(context, nodes)
    framed = {value for predicate in frame.forward for value in own.get(predicate, [])}
    framed |= {subject for predicate in frame.reverse for subject in incoming.get(predicate, [])}

    def nested(predicate: NamedNode, value: Value) -> dict[str, Any] | None:
        deeper = frame.forward.get(predicate)
        return nesting.node(value, deeper) if deeper is not None else nesting.once(value, framed)

    document = {"@context": context.address, **_node(context, thing, own, nested)}
    if incoming:
        document[context.reverse] = _reversed(
            context,
            {
                predicate: [
                    (
                        nesting.node(subject, frame.reverse[predicate])
                        if predicate in frame.reverse
                        else nesting.once(subject, framed)
                    )
                    or {context.id: identifier(subject)}
                    for subject in subjects
                ]
                for predicate, subjects in incoming.items()
            },
        )
    rest = [_node(context, subject, nodes[subject]) for subject in nodes if nodes[subject] and nesting.lacks(subject)]
    if rest:
        document[context.included] = rest
    return document


class _Nesting:
    """The nodes of one document, written once for each frame that they are nested under."""

    def __init__(self, context: Context, nodes: dict[Subject, Properties]) -> None:
        self._context = context
        self._nodes = nodes
        self._written: dict[tuple[Subject, Frame], dict[str, Any]] = {}
        self._nested: set[Subject] = set()
        self._pointing: dict[NamedNode, dict[Value, list[Subject]]] = {}

    def lacks(self, subject: Subject) -> bool:
        return subject not in self._nested

    def once(self, value: Value, framed: set[Value]) -> dict[str, Any] | None:
        """A node that nothing else nests; None for one that stands elsewhere or has no properties."""
        if isinstance(value, Literal) or value in self._nested or value in framed or not self._nodes.get(value):
            return None
        self._nested.add(value)
        return _node(self._context, value, self._nodes[value])

    def node(self, value: Value, frame: Frame) -> dict[str, Any] | None:
        """A node with what the frame nests under it; None for one without properties."""
        if isinstance(value, Literal) or not self._nodes.get(value):
            return None
        known = self._written.get((value, frame))
        if known is not None:
            return known
        self._nested.add(value)

        def nested(predicate: NamedNode, deeper: Value) -> dict[str, Any] | None:
            below = frame.forward.get(predicate)
            return None if below is None else self.node(deeper, below)

        node = _node(self._context, value, self._nodes[value], nested)
        pointing = {
            predicate: [
                self.node(subject, below) or {self._context.id: identifier(subject)}
                for subject in self._subjects(predicate).get(value, [])
            ]
            for predicate, below in frame.reverse.items()
        }
        if any(pointing.values()):
            node[self._context.reverse] = _reversed(self._context, pointing)
        self._written[value, frame] = node
        return node

    def _subjects(self, predicate: NamedNode) -> dict[Value, list[Subject]]:
        """Which nodes point where by a property."""
        found = self._pointing.get(predicate)
        if found is None:
            found = self._pointing[predicate] = {}
            for subject, properties in self._nodes.items():
                for value in properties.get(predicate, []):
                    found.setdefault(value, []).append(subject)
        return found


def _reversed(context: Context, pointing: Mapping[NamedNode, list[dict[str, Any]]]) -> dict[str, Any]:
    return {
        key: _one_or_all(found)
        for key, found in sorted(
            ((_reverse_name(context, predicate.value), found) for predicate, found in pointing.items() if found),
            key=lambda item: item[0],
        )
    }


def compact_graph(context: Context, graph: Graph) -> dict[str, Any]:
    """A document of many nodes side by side, in the order of their IRIs."""
    nodes = [_node(context, subject, properties) for subject, properties in _nodes(graph, None).items()]
    return {"@context": context.address, context.graph: nodes}


def expanded_document(thing: NamedNode, graph: Graph) -> list[dict[str, Any]]:
    """A document in expanded form: an array of nodes without any context, the thing's first."""
    return [
        {"@id": identifier(subject), **{
            "@type" if predicate == RDF_TYPE and all(isinstance(v, NamedNode) for v in values) else predicate.value: (
                [v.value for v in values]
                if predicate == RDF_TYPE and all(isinstance(v, NamedNode) for v in values)
                else [_expanded(v) for v in values]
            )
            for predicate, values in properties.items()
        }}
        for subject, properties in _nodes(graph, thing).items()
    ]  # fmt: skip


def _expanded(value: Value) -> dict[str, Any]:
    if not isinstance(value, Literal):
        return {"@id": identifier(value)}
    if value.language is not None:
        return {"@value": value.value, "@language": value.language}
    datatype = value.datatype.value
    return {"@value": value.value} if datatype == _XSD + "string" else {"@value": value.value, "@type": datatype}


def types_first(context: Context, document: Any) -> Any:
    """The same document with the keys in the order of the streaming form: context, types, then the rest.

    https://www.w3.org/TR/json-ld11-streaming/
    """
    if isinstance(document, list):
        return [types_first(context, item) for item in document]
    if not isinstance(document, dict):
        return document
    first = [key for key in ("@context", context.type, "@type", context.id) if key in document]
    keys = dict.fromkeys([*first, *document])
    return {key: types_first(context, document[key]) for key in keys}


def _nodes(graph: Graph, first: NamedNode | None) -> dict[Subject, Properties]:
    """The nodes of a graph in the order of graphs.ordered, which this is a quicker way to."""
    told: dict[Subject, list[tuple[bool, str, str, NamedNode, Value]]] = {}
    for subject, predicate, value in graph:
        iri = predicate.value
        line = iri != RDF_TYPE.value, iri, str(value), predicate, value
        known = told.get(subject)
        if known is None:
            told[subject] = [line]
        else:
            known.append(line)
    nodes: dict[Subject, Properties] = {}
    for subject in sorted(told, key=lambda s: (s != first, isinstance(s, BlankNode), str(s))):
        properties: Properties = {}
        for _, _, _, predicate, value in sorted(told[subject], key=_LINE):
            listed = properties.get(predicate)
            if listed is None:
                properties[predicate] = [value]
            else:
                listed.append(value)
        nodes[subject] = properties
    return nodes


def _node(
    context: Context,
    subject: Subject,
    properties: Properties,
    nested: Callable[[NamedNode, Value], dict[str, Any] | None] | None = None,
) -> dict[str, Any]:
    node: dict[str, Any] = {context.id: identifier(subject)}
    members: dict[str, list[Any] | dict[str, list[str]]] = {}
    for predicate, values in properties.items():
        if predicate == RDF_TYPE:
            types = [v for v in values if isinstance(v, NamedNode)]
            if types:
                node[context.type] = _one_or_all([context.class_name(t.value) for t in types])
            values = [v for v in values if not isinstance(v, NamedNode)]
        iri = predicate.value
        for value in values:
            name, term = context.choice(iri, value)
            if term and term.kind == "@language" and isinstance(value, Literal) and value.language:
                by_language = members.setdefault(name, {})
                assert isinstance(by_language, dict)  # a term is a language map for all its values
                by_language.setdefault(value.language, []).append(value.value)
            else:
                listed = members.setdefault(name, [])
                assert isinstance(listed, list)
                listed.append((nested and nested(predicate, value)) or context.value(value, term))
    for name in sorted(members):
        found = members[name]
        if isinstance(found, dict):
            node[name] = {language: _one_or_all(texts) for language, texts in sorted(found.items())}
        else:
            node[name] = found if name in context.in_array else _one_or_all(found)
    return node


def _best_term(terms: Iterable[Term], value: Value) -> Term | None:
    """The term under which a value is shortest; None when only a full or compact IRI is right for it."""

    def rank(term: Term) -> tuple[int, str]:
        if isinstance(value, Literal) and value.language is not None:
            order = {"@language": 0, None: 1}.get(term.kind, 2)
        elif isinstance(value, Literal):
            order = 0 if term.kind == value.datatype.value else 1 if term.kind is None else 2
        else:
            order = {"@id": 0, None: 1}.get(term.kind, 2)
        return order, term.name

    tagged = isinstance(value, Literal) and value.language is not None
    usable = [term for term in terms if tagged or term.kind != "@language"]
    return min(usable, key=rank, default=None)


def _reverse_name(context: Context, iri: str) -> str:
    usable = [term.name for term in context.terms(iri) if term.kind != "@language"]
    return min(usable, default=None) or context.compact_iri(iri)


def _native(value: Literal) -> bool | int | None:
    """The JSON number or boolean that JSON-LD turns back into exactly this literal."""
    text, datatype = value.value, value.datatype.value
    if datatype == _XSD + "boolean" and text in ("true", "false"):
        return text == "true"
    if datatype == _XSD + "integer" and text.removeprefix("-").isascii() and text.removeprefix("-").isdigit():
        number = int(text)
        return number if str(number) == text and abs(number) < _SAFE_INTEGER else None
    return None


def _one_or_all(values: list[Any]) -> Any:
    return values[0] if len(values) == 1 else values


K = TypeVar("K")
V = TypeVar("V")


def _remember(known: dict[K, V], key: K, value: V) -> None:
    """Keeps what was worked out, within bounds: SPARQL answers may have any number of properties."""
    if len(known) < _MOST_REMEMBERED:
        known[key] = value


def _lower(language: object) -> str | None:
    return language.lower() if isinstance(language, str) else None


def dump(document: object) -> bytes:
    """The bytes of a document, indented for readers."""
    return orjson.dumps(document, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)
