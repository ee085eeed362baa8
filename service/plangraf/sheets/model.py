"""Sheets and columns, which export and import share; `model_reader` reads them from the shapes.

Each class with a node shape becomes a sheet. Each property shape becomes a column, or one column for each language.

The kind of a column's cells (text in a language, typed literals, links, or any term in Turtle) follows from all
property shapes of the property together; where they are silent, the range in the ontology decides.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal as OneOf

from pyoxigraph import Literal, NamedNode

from plangraf.rdf.graph import RDF_TYPE, Graph, Value
from plangraf.rdf.namespaces import PLAN, PREFIXES, compact, terms

LICENCE = PREFIXES["dcterms"] + "license"
_CC = "https://creativecommons.org/"
LICENCES: Mapping[str, str] = {
    "CC BY 4.0": f"{_CC}licenses/by/4.0/",
    "CC BY-SA 4.0": f"{_CC}licenses/by-sa/4.0/",
    "CC0 1.0": f"{_CC}publicdomain/zero/1.0/",
    "NLOD 1.0": "https://data.norge.no/nlod/no/1.0",
    "NLOD 2.0": "https://data.norge.no/nlod/no/2.0",
}
OTHER_LICENCES: Mapping[str, str] = {
    **{name.replace(" ", "-"): iri for name, iri in LICENCES.items()},
    **{f"Creative Commons {name.removeprefix('CC ')}": iri for name, iri in LICENCES.items() if name.startswith("CC ")},
    "CC-BY 4.0": LICENCES["CC BY 4.0"],
    "CC BY SA 4.0": LICENCES["CC BY-SA 4.0"],
    "CC0": LICENCES["CC0 1.0"],
    "https://creativecommons.org/licenses/by/4.0/deed.no": LICENCES["CC BY 4.0"],
    "https://creativecommons.org/licenses/by/4.0/deed.en": LICENCES["CC BY 4.0"],
    "https://creativecommons.org/licenses/by/4.0": LICENCES["CC BY 4.0"],
    "http://creativecommons.org/licenses/by/4.0/": LICENCES["CC BY 4.0"],
}


RDFS, XSD = PREFIXES["rdfs"], PREFIXES["xsd"]
sh, rdfs, skos, owl = map(terms, ("sh", "rdfs", "skos", "owl"))
_LANG_STRING = PREFIXES["rdf"] + "langString"
EVIDENCE, PASSAGE = PLAN + "Evidence", PLAN + "Passage"
USUAL_KIND = PLAN + "usualEvidenceKind"
EVIDENCE_KIND, HAS_SOURCE = PLAN + "evidenceKind", PREFIXES["oa"] + "hasSource"
# The table of statements that fit no other sheet.
OTHER_TITLE, OTHER_FILE = "Annet · Other", "other"
Role = OneOf["key", "classes", "property", "evidence"]
_STARS = {"no": "", "one-of": " (*)", "yes": " *"}


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
    found = _ShapeFacts.of(shapes, named)
    if found.is_forbidden:
        return None, ()
    if found.languages or found.unique or _LANG_STRING in found.datatypes:
        return Kind(datatypes=(_LANG_STRING,), several=found.several), tuple(found.languages or ["nb", "en"])
    if found.says_nothing:
        if found.has_fixed_value:
            return None, ()
        found.add_range(known, path)
    if found.classes or found.iris or any(isinstance(value, NamedNode) for value in found.chosen):
        return _kind_of_links(known, path, found, segments, local), ()
    values = [value for value in found.chosen if isinstance(value, Literal)]
    datatypes = tuple(dict.fromkeys([*found.datatypes, *(value.datatype.value for value in values)]))
    several, equals = found.several, found.equals
    if found.chosen:
        names = {value.value: value.value for value in values}
        return Kind(datatypes, names=names, closed=True, several=several, equals=equals), ()
    if datatypes:
        return Kind(datatypes, several=several, equals=equals), ()
    if equals:
        pointing = shapes.pointing(sh("path"), NamedNode(equals))
        other = [shape for shape in pointing if _share_owner(shapes, shape, named)]
        like, _ = infer_kind(known, shapes, equals, other, segments, local)
        if like is not None and like.equals is None:
            return replace(like, several=several, equals=equals), ()
    return Kind(turtle=True, equals=equals), ()


@dataclass(slots=True)
class _ShapeFacts:
    """What all property shapes of one property say together; their alternatives (sh:or) count as shapes too."""

    languages: list[str]
    datatypes: list[str]
    classes: list[str]
    chosen: list[Value]
    patterns: list[str]
    iris: bool
    unique: bool
    several: bool
    is_forbidden: bool
    has_fixed_value: bool
    equals: str | None

    @classmethod
    def of(cls, shapes: Graph, named: Iterable[Value]) -> _ShapeFacts:
        listed = [*named, *(other for shape in named for other in shapes.items(shape, sh("or")))]
        most = [shapes.text(shape, sh("maxCount")) for shape in listed if len(shapes.values(shape, sh("path"))) == 1]
        unique = any(shapes.text(shape, sh("uniqueLang")) == "true" for shape in listed)
        return cls(
            languages=_collect_texts(shapes, listed, "languageIn"),
            datatypes=[iri for shape in listed for iri in shapes.iris(shape, sh("datatype"))],
            classes=[iri for shape in listed for iri in shapes.iris(shape, sh("class"))],
            chosen=[value for shape in listed for value in shapes.items(shape, sh("in"))],
            patterns=[text for shape in listed if (text := shapes.text(shape, sh("pattern")))],
            iris=any(sh("IRI") in shapes.values(shape, sh("nodeKind")) for shape in listed),
            unique=unique,
            several="1" not in most and not unique,
            is_forbidden="0" in most,
            has_fixed_value=any(shapes.values(shape, sh("hasValue")) for shape in listed),
            equals=next((iri for shape in listed for iri in shapes.iris(shape, sh("equals"))), None),
        )

    @property
    def says_nothing(self) -> bool:
        """Whether the shapes leave open which values the property has."""
        return not (self.chosen or self.classes or self.datatypes or self.iris or self.equals)

    def add_range(self, known: Graph, path: str) -> None:
        """Adds what the ontology says of the property."""
        for value in known.iris(NamedNode(path), rdfs("range")):
            (self.datatypes if value.startswith(XSD) else self.classes).append(value)
        self.iris = owl("ObjectProperty") in known.values(NamedNode(path), RDF_TYPE)
        if _LANG_STRING in self.classes or RDFS + "Literal" in self.classes:
            self.classes.clear()


def _kind_of_links(
    known: Graph, path: str, found: _ShapeFacts, segments: Callable[[str], str | None], local: Callable[[str], bool]
) -> Kind:
    classes, patterns = found.classes, found.patterns
    names, also = _collect_names(known, classes, found.chosen, patterns)
    fixed = all("[0-9]{4}" not in pattern for pattern in patterns) if patterns else not any(map(local, classes))
    closed = bool(found.chosen) or (bool(names) and fixed)
    if path == LICENCE:
        names, also = dict(LICENCES), dict(OTHER_LICENCES)
    return Kind(
        link=True,
        classes=tuple(classes),
        segment=segments(classes[0]) if len(classes) == 1 else None,
        names=names,
        also=also,
        closed=closed,
        several=found.several,
        equals=found.equals,
    )


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


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a sheet.

    Attributes:
        path: IRI of the property; IRI of the class for the key column.
        kind: the values that its cells hold.
        language: the language of its texts, None for other values.
        usual: IRI of the usual evidence kind of its values, None for "printed".
    """

    role: Role
    path: str
    name_nb: str
    name_en: str
    kind: Kind = field(default_factory=Kind)
    language: str | None = None
    required: OneOf["no", "one-of", "yes"] = "no"
    usual: str | None = None
    help_nb: str = ""
    help_en: str = ""

    @property
    def machine(self) -> str:
        """The name by which an import recognises the column, because people may change the headings."""
        name = compact(self.path)
        if self.role == "key":
            return f"@id {name}"
        if self.role == "classes":
            return "@class"
        if self.role == "evidence":
            return f"@evidence {name}"
        return f"@turtle {name}" if self.kind.turtle else name + (f"@{self.language}" if self.language else "")

    @property
    def heading_nb(self) -> str:
        return self.name_nb + (f" ({self.language})" if self.language else "") + _STARS[self.required]

    @property
    def heading_en(self) -> str:
        return self.name_en + (f" ({self.language})" if self.language else "") + _STARS[self.required]


@dataclass(frozen=True, slots=True)
class Sheet:
    """One class and its columns.

    Attributes:
        file: name of its file in a folder of CSV or Turtle files, without the ending.
        segment: the part of an IRI before the key, such as `plan`.
        pattern: the regular expression that IRIs of the class match.
        types: classes that each thing of the sheet has.
        implied: properties and values that each thing of the sheet has.
        superclasses: IRIs of the classes above.
    """

    iri: str
    name_nb: str
    name_en: str
    file: str
    segment: str
    columns: tuple[Column, ...]
    pattern: str | None = None
    types: tuple[str, ...] = ()
    implied: tuple[tuple[str, Value], ...] = ()
    superclasses: frozenset[str] = frozenset()
    help_nb: str = ""
    help_en: str = ""

    @property
    def title(self) -> str:
        """At most 31 characters, without []:*?/\\, because Excel refuses other titles."""
        text = re.sub(r"[\[\]:*?/\\]", " ", self.name_nb[:1].upper() + self.name_nb[1:])
        return text if len(text) <= 31 else f"{text[:30]}…"

    def may_belong_to(self, municipality: str | None) -> bool:
        """Whether an IRI of this class can belong to the municipality."""
        if municipality is None or self.pattern is None:
            return True
        keys = ("a1", municipality)
        tried = [f"https://w3id.org/plangraf/id/{municipality}/{self.segment}/{key}" for key in keys]
        return any(re.search(self.pattern, iri) for iri in tried)


@dataclass(frozen=True, slots=True)
class Model:
    """All sheets in the order of their titles; `paths` maps the IRI of a shape to the properties of its path."""

    sheets: tuple[Sheet, ...]
    paths: Mapping[str, tuple[str, ...]]

    def sheet(self, iri: str) -> Sheet | None:
        return next((sheet for sheet in self.sheets if sheet.iri == iri), None)

    def narrowest(self, types: Collection[str]) -> Sheet | None:
        """The sheet of the narrowest class among the types."""
        return _choose_narrowest([sheet for sheet in self.sheets if sheet.iri in types])

    def fitting(self, iri: str) -> Sheet | None:
        """The sheet of the narrowest class whose pattern matches the IRI."""
        return _choose_narrowest([sheet for sheet in self.sheets if sheet.pattern and re.search(sheet.pattern, iri)])


def _choose_narrowest(fitting: Sequence[Sheet]) -> Sheet | None:
    lowest = [sheet for sheet in fitting if not any(sheet.iri in other.superclasses for other in fitting)]
    return max(lowest, key=lambda sheet: (len(sheet.types), sheet.iri), default=None)
