"""Infers the kind of a property's cells: text in a language, typed literals, links, or any term in Turtle.

All property shapes of the property count together; where they are silent, the range in the ontology decides.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from pyoxigraph import Literal, NamedNode

from plangraf.rdf.graph import RDF_TYPE, Graph, Value
from plangraf.rdf.namespaces import PREFIXES, compact, terms
from plangraf.sheets.licences import ALSO as OTHER_LICENCES
from plangraf.sheets.licences import LICENCE
from plangraf.sheets.licences import NAMES as LICENCES

RDFS, XSD = PREFIXES["rdfs"], PREFIXES["xsd"]
sh, rdfs, skos, owl = map(terms, ("sh", "rdfs", "skos", "owl"))
_LANG_STRING = PREFIXES["rdf"] + "langString"


@dataclass(frozen=True, slots=True)
class Kind:
    """The kind of values that the cells of a column hold.

    Attributes:
        datatypes: datatypes of the literals; the first one that accepts the text is taken.
        link: whether the cells name things.
        classes: classes of the things.
        segment: the part of an IRI before the key, when there is only one class.
        names: label or code → IRI, as the cells show them.
        also: further names that an import accepts.
        closed: whether only `names` are accepted.
        several: whether each line is a value; else the whole cell is one.
        equals: IRI of the property whose values an empty cell takes.
        turtle: whether each line is a term in Turtle.
    """

    datatypes: tuple[str, ...] = ()
    link: bool = False
    classes: tuple[str, ...] = ()
    segment: str | None = None
    names: Mapping[str, str] = field(default_factory=dict)
    also: Mapping[str, str] = field(default_factory=dict)
    closed: bool = False
    several: bool = True
    equals: str | None = None
    turtle: bool = False


def infer_kind(
    known: Graph,
    shapes: Graph,
    path: str,
    named: Iterable[Value],
    segments: Callable[[str], str | None],
    local: Callable[[str], bool],
) -> tuple[Kind | None, tuple[str, ...]]:
    """Infers the kind of a property's cells, and the languages when it has a column for each.

    Args:
        known: the ontology, its schemes, and other named things.
        shapes: all shapes.
        path: IRI of the property.
        named: its property shapes.
        segments: returns the part of an IRI before the keys of a class.
        local: returns whether a municipality can have things of a class.
    Returns:
        None as kind when the property needs no column: each thing has the same value, or a value is forbidden.
    """
    shape_list = [*named, *(other for shape in named for other in shapes.items(shape, sh("or")))]
    languages = _collect_texts(shapes, shape_list, "languageIn")
    datatypes = [iri for shape in shape_list for iri in shapes.iris(shape, sh("datatype"))]
    classes = [iri for shape in shape_list for iri in shapes.iris(shape, sh("class"))]
    chosen = [value for shape in shape_list for value in shapes.items(shape, sh("in"))]
    unique = any(shapes.text(shape, sh("uniqueLang")) == "true" for shape in shape_list)
    most = [shapes.text(shape, sh("maxCount")) for shape in shape_list if len(shapes.values(shape, sh("path"))) == 1]
    several = "1" not in most and not unique
    if "0" in most:
        return None, ()
    equals = next((iri for shape in shape_list for iri in shapes.iris(shape, sh("equals"))), None)
    if languages or unique or _LANG_STRING in datatypes:
        return Kind(datatypes=(_LANG_STRING,), several=several), tuple(languages or ["nb", "en"])
    iris = sh("IRI") in [value for shape in shape_list for value in shapes.values(shape, sh("nodeKind"))]
    if not (chosen or classes or datatypes or iris or equals):
        if any(shapes.values(shape, sh("hasValue")) for shape in shape_list):
            return None, ()
        for value in known.iris(NamedNode(path), rdfs("range")):
            (datatypes if value.startswith(XSD) else classes).append(value)
        iris = owl("ObjectProperty") in known.values(NamedNode(path), RDF_TYPE)
        if _LANG_STRING in classes or RDFS + "Literal" in classes:
            classes.clear()
    if classes or iris or any(isinstance(value, NamedNode) for value in chosen):
        patterns = [text for shape in shape_list if (text := shapes.text(shape, sh("pattern")))]
        names, also = _collect_names(known, classes, chosen, patterns)
        fixed = all("[0-9]{4}" not in pattern for pattern in patterns) if patterns else not any(map(local, classes))
        closed = bool(chosen) or (bool(names) and fixed)
        one = segments(classes[0]) if len(classes) == 1 else None
        if path == LICENCE:
            names, also = dict(LICENCES), dict(OTHER_LICENCES)
        return Kind(
            link=True,
            classes=tuple(classes),
            segment=one,
            names=names,
            also=also,
            closed=closed,
            several=several,
            equals=equals,
        ), ()
    if chosen:
        values = [value for value in chosen if isinstance(value, Literal)]
        names = {value.value: value.value for value in values}
        datatypes = list(dict.fromkeys([*datatypes, *(value.datatype.value for value in values)]))
        return Kind(tuple(datatypes), names=names, closed=True, several=several, equals=equals), ()
    if datatypes:
        return Kind(tuple(dict.fromkeys(datatypes)), several=several, equals=equals), ()
    if equals:
        other = [
            shape for shape in shapes.pointing(sh("path"), NamedNode(equals)) if _share_owner(shapes, shape, named)
        ]
        like, _ = infer_kind(known, shapes, equals, other, segments, local)
        if like is not None and like.equals is None:
            return Kind(
                like.datatypes,
                like.link,
                like.classes,
                like.segment,
                like.names,
                like.also,
                like.closed,
                several,
                equals,
                like.turtle,
            ), ()
    return Kind(turtle=True, equals=equals), ()


def _share_owner(shapes: Graph, shape: Value, named: Iterable[Value]) -> bool:
    """Whether a node shape has this property shape and one of `named`."""
    return any(
        shape in shapes.values(owner, sh("property"))
        and any(other in shapes.values(owner, sh("property")) for other in named)
        for owner in shapes.with_property(sh("property"))
    )


def _collect_texts(shapes: Graph, shape_list: Iterable[Value], name: str) -> list[str]:
    found = [
        value.value for shape in shape_list for value in shapes.items(shape, sh(name)) if isinstance(value, Literal)
    ]
    return list(dict.fromkeys(found))


def _collect_names(
    known: Graph, classes: list[str], chosen: list[Value], patterns: list[str]
) -> tuple[dict[str, str], dict[str, str]]:
    """Maps the name that a cell shows to its IRI, and further accepted names to theirs."""
    listed = [value.value for value in chosen if isinstance(value, NamedNode)]
    if not listed and not classes:
        return {}, {}
    if not listed:
        listed = [
            subject.value
            for name in classes
            for subject in known.pointing(RDF_TYPE, NamedNode(name))
            if isinstance(subject, NamedNode)
            and all(re.search(pattern, subject.value) for pattern in patterns)
            and known.text(subject, owl("deprecated")) != "true"
        ]
    first: dict[str, list[str]] = {}
    also: dict[str, list[str]] = {}
    for iri in dict.fromkeys(listed):
        for number, name in enumerate(_list_names(known, iri)):
            (also if number else first).setdefault(iri, []).append(name)
    names = _drop_ambiguous((name, iri) for iri, found in first.items() for name in found)
    further = _drop_ambiguous((name, iri) for iri, found in also.items() for name in found)
    return names, {name: iri for name, iri in further.items() if name not in names}


def _list_names(known: Graph, iri: str) -> list[str]:
    """Names of a thing, the one to show first: a published code such as 11.6, else the label in Bokmål."""
    node = NamedNode(iri)
    notations = [value for value in known.values(node, skos("notation")) if isinstance(value, Literal)]
    codes = [value.value for value in notations if not value.datatype.value.startswith(XSD)]
    labels = [
        text
        for name in (skos("prefLabel"), rdfs("label"))
        for language in ("nb", "en")
        if (text := known.text(node, name, language))
    ]
    names = [*codes, *labels, *(value.value for value in notations), compact(iri)]
    return [name for name in dict.fromkeys(names) if name == name.strip() and "\n" not in name]


def _drop_ambiguous(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    found: dict[str, str | None] = {}
    for name, iri in pairs:
        found[name] = iri if found.get(name, iri) == iri else None
    return {name: iri for name, iri in found.items() if iri is not None}
