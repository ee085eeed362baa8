"""Reads the sheets and their columns from the shapes and the ontology, the first step of export and import.

A sheet also gets the columns of superclasses and of classes that a shape implies. A property gets no column when each
thing of the class has the same value (sh:hasValue).
SHACL: https://www.w3.org/TR/shacl/
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal as OneOf

from pyoxigraph import BlankNode, Literal, NamedNode, Quad, RdfFormat, parse

from plangraf.errors import SettingError
from plangraf.rdf.graph import RDF_TYPE, Graph, Value, statements
from plangraf.rdf.namespaces import PLAN, PREFIXES, compact, local_name, terms
from plangraf.sheets.model import (
    EVIDENCE,
    EVIDENCE_KIND,
    OTHER_FILE,
    PASSAGE,
    USUAL_KIND,
    Column,
    Kind,
    Model,
    Sheet,
    infer_kind,
)

sh, rdfs, skos, owl = map(terms, ("sh", "rdfs", "skos", "owl"))
_USUAL_KIND = NamedNode(USUAL_KIND)
# Shapes that target these namespaces check the ontology and the shapes, not the data.
_NOT_DATA = tuple(PREFIXES[name] for name in ("owl", "rdf", "rdfs", "sh"))
_SEGMENT = re.compile(r"\[0-9\]\{4\}\)?/(?:\)\?)?\(?([a-z-]+(?:\|[a-z-]+)*)\)?/")
# Classes that need no evidence, as in queries/checks/every-statement-has-evidence.rq.
_WITHOUT_EVIDENCE = (EVIDENCE, PASSAGE, PLAN + "SourceDocument", PREFIXES["dcat"] + "Dataset")

_CLASSES_COLUMN = Column(
    "classes",
    "",
    "flere klasser",
    "further classes",
    help_nb="Klasser i tillegg til arkets egen, én på hver linje; oftest tom. En bindestrek (-) betyr "
    "at tingen er beskrevet i et annet datasett, og at raden bare legger til noe.",
    help_en="Classes besides the sheet's own, one a line; mostly empty. A hyphen (-) means that the "
    "thing is described in another data set, and that the row only adds to it.",
)


def read_model(home: Path) -> Model:
    """Reads the sheets from the ontology and shapes of `home`; `data/sdg/` gives the names of the UN goals."""
    known = _read_graph([*sorted((home / "ontology").rglob("*.ttl")), *sorted((home / "data/sdg").glob("*.ttl"))])
    shapes = _read_graph(sorted((home / "shapes").rglob("*.ttl")))
    targets: dict[str, list[Value]] = {}
    for shape in shapes.with_property(sh("targetClass")):
        for target in shapes.iris(shape, sh("targetClass")):
            if not target.startswith(_NOT_DATA):
                targets.setdefault(target, []).append(shape)
    reader = _ModelReader(known, shapes, targets)
    sheets = sorted((reader.sheet(iri) for iri in targets), key=_sheet_order)
    return Model(tuple(_add_evidence_columns(_assign_files(sheets))), dict(_shape_paths(shapes)))


def _read_graph(paths: Iterable[Path]) -> Graph:
    """Reads Turtle files, and keeps their order, because the shapes list properties in the order of the columns.

    Raises:
        SettingError: a file does not parse; `plangraf build` names the place.
    """
    found: list[Quad] = []
    for path in paths:
        try:
            found += parse(path=path, format=RdfFormat.TURTLE, rename_blank_nodes=True)
        except SyntaxError as error:
            raise SettingError(f"{path} cannot be read ({error.msg}). `plangraf build` tells more.") from error
    return Graph(statements(found))


def _assign_files(sheets: list[Sheet]) -> list[Sheet]:
    """Gives each sheet a file name of its own: plan:Goal keeps `goal`, sdgo:Goal gets `sdgo-goal`."""
    taken = Counter([*(sheet.file for sheet in sheets), OTHER_FILE])
    return [
        replace(sheet, file=f"{compact(sheet.iri).partition(':')[0]}-{sheet.file}")
        if taken[sheet.file] > 1 and not sheet.iri.startswith(PLAN)
        else sheet
        for sheet in sheets
    ]


def _sheet_order(sheet: Sheet) -> tuple[bool, str, str]:
    return sheet.iri in (EVIDENCE, PASSAGE), sheet.title.lower(), sheet.iri


def _shape_paths(shapes: Graph) -> Iterator[tuple[str, tuple[str, ...]]]:
    for shape in shapes.with_property(sh("path")):
        if isinstance(shape, NamedNode):
            yield shape.value, tuple(_path_properties(shapes, shape))


def _path_properties(shapes: Graph, shape: Value) -> list[str]:
    """Properties of a shape's path: one, or each alternative; none for a path that a column cannot hold."""
    found: list[str] = []
    for path in shapes.values(shape, sh("path")):
        if isinstance(path, NamedNode):
            found.append(path.value)
        elif isinstance(path, BlankNode):
            members = shapes.items(path, sh("alternativePath"))
            found += [member.value for member in members if isinstance(member, NamedNode)]
    return found


@dataclass(frozen=True, slots=True)
class _ModelReader:
    known: Graph
    shapes: Graph
    targets: Mapping[str, list[Value]]

    def sheet(self, iri: str) -> Sheet:
        own = sorted(self.targets[iri], key=lambda shape: len(self.shapes.values(shape, sh("targetClass"))))
        first = own[0]
        pattern = self.shapes.text(first, sh("pattern"))
        types = [iri, *self._implied_types(own)]
        above = self._superclasses(types) - {iri}
        lent = [shape for other in sorted(above) for shape in self.targets.get(other, []) if shape not in own]
        by_path: dict[str, list[Value]] = {}
        for shape in (*own, *lent):
            for named in self.shapes.values(shape, sh("property")):
                for path in _path_properties(self.shapes, named):
                    by_path.setdefault(path, []).append(named)
        by_path.pop(RDF_TYPE.value, None)
        kebab = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "-", local_name(iri)).lower()
        key = Column(
            "key",
            iri,
            "nøkkel",
            "key",
            required="yes",
            help_nb=_text_of(self.shapes, first, "message", "nb"),
            help_en=_text_of(self.shapes, first, "message", "en"),
        )
        columns, implied = [key], []
        for path, constraints in by_path.items():
            columns += self._columns(path, constraints)
            implied += [(path, value) for shape in constraints for value in self.shapes.values(shape, sh("hasValue"))]
        columns += self._ontology_columns(iri, by_path)
        columns.append(replace(_CLASSES_COLUMN, path=iri))
        node = NamedNode(iri)
        return Sheet(
            iri,
            _text_of(self.shapes, first, "name", "nb") or kebab,
            _text_of(self.shapes, first, "name", "en") or kebab,
            kebab,
            _parse_segment(pattern, kebab),
            tuple(_disambiguate(columns)),
            pattern,
            tuple(types),
            tuple(implied),
            frozenset(above),
            self.known.text(node, skos("definition"), "nb") or "",
            self.known.text(node, skos("definition"), "en") or "",
        )

    def _implied_types(self, shapes: Iterable[Value]) -> Iterator[str]:
        for shape in shapes:
            for named in self.shapes.values(shape, sh("property")):
                if _path_properties(self.shapes, named) == [RDF_TYPE.value]:
                    yield from self.shapes.iris(named, sh("hasValue"))

    def _superclasses(self, types: Iterable[str]) -> set[str]:
        found, waiting = set(types), list(types)
        while waiting:
            for above in self.known.iris(NamedNode(waiting.pop()), rdfs("subClassOf")):
                if above not in found:
                    found.add(above)
                    waiting.append(above)
        return found

    def _columns(self, path: str, named: list[Value]) -> Iterator[Column]:
        """Columns of one property: one, or one for each language; none when all things have the same value."""
        kind, languages = infer_kind(self.known, self.shapes, path, named, self._segment_of, self._is_municipal)
        if kind is None:
            return
        merged = _MergedShapes(self.known, self.shapes, path, named)
        column = Column(
            "property",
            path,
            merged.text("name", "nb") or self._label_of(path, "nb"),
            merged.text("name", "en") or self._label_of(path, "en"),
            kind,
            usual=merged.usual,
            help_nb=merged.text("message", "nb"),
            help_en=merged.text("message", "en"),
        )
        for language in languages or (None,):
            yield replace(column, language=language, required=merged.required(language, languages))

    def _ontology_columns(self, iri: str, shaped: Mapping[str, object]) -> Iterator[Column]:
        """Columns of properties that have this class as domain in the ontology, and no shape."""
        for subject in self.known.pointing(rdfs("domain"), NamedNode(iri)):
            if not isinstance(subject, NamedNode) or subject.value in shaped:
                continue
            if self.known.text(subject, owl("deprecated")) == "true":
                continue
            kind, languages = infer_kind(
                self.known, self.shapes, subject.value, [], self._segment_of, self._is_municipal
            )
            for language in languages or (None,):
                yield Column(
                    "property",
                    subject.value,
                    self._label_of(subject.value, "nb"),
                    self._label_of(subject.value, "en"),
                    kind or Kind(turtle=True),
                    language,
                    help_nb=self.known.text(subject, skos("definition"), "nb") or "",
                    help_en=self.known.text(subject, skos("definition"), "en") or "",
                )

    def _segment_of(self, iri: str) -> str | None:
        """The part of an IRI before the keys of a class; None when the class has no shape."""
        shapes = sorted(self.targets.get(iri, []), key=lambda shape: len(self.shapes.values(shape, sh("targetClass"))))
        kebab = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "-", local_name(iri)).lower()
        return _parse_segment(self.shapes.text(shapes[0], sh("pattern")), kebab) if shapes else None

    def _is_municipal(self, iri: str) -> bool:
        """Whether a municipality can have things of a class; True for a class without a pattern."""
        patterns = [self.shapes.text(shape, sh("pattern")) for shape in self.targets.get(iri, [])]
        return not patterns or any(pattern is None or "[0-9]{4}" in pattern for pattern in patterns)

    def _label_of(self, path: str, language: str) -> str:
        return self.known.text(NamedNode(path), rdfs("label"), language) or compact(path)


@dataclass(frozen=True, slots=True)
class _MergedShapes:
    """All property shapes of one path, merged."""

    known: Graph
    shapes: Graph
    path: str
    named: list[Value]

    def text(self, name: str, language: str) -> str:
        """The first name or message among the shapes, the most specific shape first."""
        found = (_text_of(self.shapes, shape, name, language) for shape in self._most_specific())
        return next(filter(None, found), "")

    @property
    def usual(self) -> str | None:
        """The evidence kind in the shape of the class, else in a shape of a superclass."""
        return next((kind for shape in self.named for kind in self.known.iris(shape, _USUAL_KIND)), None)

    def required(self, language: str | None, languages: tuple[str, ...]) -> OneOf["no", "one-of", "yes"]:
        for shape in self._most_specific():
            if sh("Warning") in self.shapes.values(shape, sh("severity")):
                continue
            if len(_path_properties(self.shapes, shape)) > 1:
                continue
            least = int(self.shapes.text(shape, sh("minCount")) or 0)
            if least and (language is None or least >= len(languages)):
                return "yes"
            if least:
                return "one-of"
            asked = [
                member.value
                for qualified in self.shapes.values(shape, sh("qualifiedValueShape"))
                for member in self.shapes.items(qualified, sh("languageIn"))
                if isinstance(member, Literal)
            ]
            if language in asked and int(self.shapes.text(shape, sh("qualifiedMinCount")) or 0) >= len(asked):
                return "yes"
        return "no"

    def _most_specific(self) -> list[Value]:
        return sorted(self.named, key=lambda shape: len(_path_properties(self.shapes, shape)))


def _add_evidence_columns(sheets: list[Sheet]) -> Iterator[Sheet]:
    """Adds the columns that give the evidence of each row."""
    passage = next((sheet for sheet in sheets if sheet.iri == PASSAGE), None)
    evidence = next((sheet for sheet in sheets if sheet.iri == EVIDENCE), None)
    if passage is None or evidence is None:
        yield from sheets
        return
    asked = [column for column in passage.columns if column.role == "property"]
    asked += [column for column in evidence.columns if column.path == EVIDENCE_KIND]
    columns = tuple(
        replace(
            column,
            role="evidence",
            name_nb=f"belegg: {column.name_nb}",
            name_en=f"evidence: {column.name_en}",
            required="no",
        )
        for column in asked
    )
    for sheet in sheets:
        yield sheet if sheet.iri in _WITHOUT_EVIDENCE else replace(sheet, columns=sheet.columns + columns)


def _disambiguate(columns: Iterable[Column]) -> Iterator[Column]:
    """Adds the name of the property to headings that occur twice."""
    listed = list(columns)
    for column in listed:
        alike = [other for other in listed if other.heading_nb == column.heading_nb and other.path != column.path]
        if alike and column.role == "property":
            name = compact(column.path)
            yield replace(column, name_nb=f"{column.name_nb} – {name}", name_en=f"{column.name_en} – {name}")
        else:
            yield column


def _parse_segment(pattern: str | None, kebab: str) -> str:
    """The part of an IRI before the key, read from the pattern of the IRIs."""
    match = _SEGMENT.search(pattern or "")
    choices = match[1].split("|") if match else [kebab]
    return kebab if kebab in choices else choices[0]


def _text_of(shapes: Graph, shape: Value, name: str, language: str) -> str:
    return shapes.text(shape, sh(name), language) or shapes.text(shape, sh(name)) or ""
