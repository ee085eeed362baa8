"""The sheets that the shapes and the ontology give: first step of both ways. No class is known by name here.

Shapes of superclasses, and of the classes that a shape makes a thing have too, lend their columns. What is the
same for every thing of a class (sh:hasValue) needs no column.
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
from plangraf.rdf.names import compact, local_name, terms
from plangraf.rdf.namespaces import PLAN, PREFIXES
from plangraf.sheets.model import EVIDENCE, EVIDENCE_KIND, OTHER_FILE, PASSAGE, USUAL_KIND, Column, Model, Sheet
from plangraf.sheets.properties import Kind, kind_of

sh, rdfs, skos, owl = map(terms, ("sh", "rdfs", "skos", "owl"))
_USUAL_KIND = NamedNode(USUAL_KIND)
# Shapes of these are about ontology and shapes, not about data.
_NOT_DATA = tuple(PREFIXES[name] for name in ("owl", "rdf", "rdfs", "sh"))
_SEGMENT = re.compile(r"\[0-9\]\{4\}\)?/(?:\)\?)?\(?([a-z-]+(?:\|[a-z-]+)*)\)?/")
# Things that need no evidence themselves, as queries/checks/every-statement-has-evidence.rq says.
_WITHOUT_EVIDENCE = (EVIDENCE, PASSAGE, PLAN + "SourceDocument", PREFIXES["dcat"] + "Dataset")


def read_model(home: Path) -> Model:
    """The sheets that ontology and shapes of `home` give; `data/sdg/` lends the names of the UN's goals."""
    known = _read([*sorted((home / "ontology").rglob("*.ttl")), *sorted((home / "data/sdg").glob("*.ttl"))])
    shapes = _read(sorted((home / "shapes").rglob("*.ttl")))
    targets: dict[str, list[Value]] = {}
    for shape in shapes.with_property(sh("targetClass")):
        for target in shapes.iris(shape, sh("targetClass")):
            if not target.startswith(_NOT_DATA):
                targets.setdefault(target, []).append(shape)
    reader = _Reader(known, shapes, targets)
    sheets = sorted((reader.sheet(iri) for iri in targets), key=_order)
    return Model(tuple(_with_evidence(_own_files(sheets))), dict(_paths(shapes)))


def _read(paths: Iterable[Path]) -> Graph:
    """What files say, in their order: the shapes list their properties in the order that people should see.

    Raises:
        SettingError: a file is not Turtle; `plangraf build` tells where.
    """
    found: list[Quad] = []
    for path in paths:
        try:
            found += parse(path=path, format=RdfFormat.TURTLE, rename_blank_nodes=True)
        except SyntaxError as error:
            raise SettingError(f"{path} cannot be read ({error.msg}). `plangraf build` tells more.") from error
    return Graph(statements(found))


def _own_files(sheets: list[Sheet]) -> list[Sheet]:
    """The same sheets, each with a file of its own: plan:Goal keeps `goal`, sdgo:Goal gets `sdgo-goal`."""
    taken = Counter([*(sheet.file for sheet in sheets), OTHER_FILE])
    return [
        replace(sheet, file=f"{compact(sheet.iri).partition(':')[0]}-{sheet.file}")
        if taken[sheet.file] > 1 and not sheet.iri.startswith(PLAN)
        else sheet
        for sheet in sheets
    ]


def _order(sheet: Sheet) -> tuple[bool, str, str]:
    return sheet.iri in (EVIDENCE, PASSAGE), sheet.title.lower(), sheet.iri


def _paths(shapes: Graph) -> Iterator[tuple[str, tuple[str, ...]]]:
    for shape in shapes.with_property(sh("path")):
        if isinstance(shape, NamedNode):
            yield shape.value, tuple(_path(shapes, shape))


def _path(shapes: Graph, shape: Value) -> list[str]:
    """The properties of a shape's path: one, or each alternative; none for paths that no column can hold."""
    found: list[str] = []
    for path in shapes.values(shape, sh("path")):
        if isinstance(path, NamedNode):
            found.append(path.value)
        elif isinstance(path, BlankNode):
            members = shapes.items(path, sh("alternativePath"))
            found += [member.value for member in members if isinstance(member, NamedNode)]
    return found


@dataclass(frozen=True, slots=True)
class _Reader:
    known: Graph
    shapes: Graph
    targets: Mapping[str, list[Value]]

    def sheet(self, iri: str) -> Sheet:
        own = sorted(self.targets[iri], key=lambda shape: len(self.shapes.values(shape, sh("targetClass"))))
        first = own[0]
        pattern = self.shapes.text(first, sh("pattern"))
        types = [iri, *self._implied_types(own)]
        above = self._above(types) - {iri}
        lent = [shape for other in sorted(above) for shape in self.targets.get(other, []) if shape not in own]
        by_path: dict[str, list[Value]] = {}
        for shape in (*own, *lent):
            for named in self.shapes.values(shape, sh("property")):
                for path in _path(self.shapes, named):
                    by_path.setdefault(path, []).append(named)
        by_path.pop(RDF_TYPE.value, None)
        kebab = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "-", local_name(iri)).lower()
        key = Column("key", iri, "nøkkel", "key", required="yes",
                     help_nb=_text(self.shapes, first, "message", "nb"),
                     help_en=_text(self.shapes, first, "message", "en"))  # fmt: skip
        columns, implied = [key], []
        for path, constraints in by_path.items():
            columns += self._columns(path, constraints)
            implied += [(path, value) for shape in constraints for value in self.shapes.values(shape, sh("hasValue"))]
        columns += self._of_the_ontology(iri, by_path)
        columns.append(
            Column("classes", iri, "flere klasser", "further classes",
                   help_nb="Klasser i tillegg til arkets egen, én på hver linje; oftest tom. En bindestrek (-) betyr "
                   "at tingen er beskrevet i et annet datasett, og at raden bare legger til noe.",
                   help_en="Classes besides the sheet's own, one a line; mostly empty. A hyphen (-) means that the "
                   "thing is described in another data set, and that the row only adds to it.")
        )  # fmt: skip
        node = NamedNode(iri)
        return Sheet(
            iri, _text(self.shapes, first, "name", "nb") or kebab, _text(self.shapes, first, "name", "en") or kebab,
            kebab, _segment(pattern, kebab), tuple(_distinct(columns)), pattern, tuple(types), tuple(implied),
            frozenset(above), self.known.text(node, skos("definition"), "nb") or "",
            self.known.text(node, skos("definition"), "en") or "",
        )  # fmt: skip

    def _implied_types(self, shapes: Iterable[Value]) -> Iterator[str]:
        for shape in shapes:
            for named in self.shapes.values(shape, sh("property")):
                if _path(self.shapes, named) == [RDF_TYPE.value]:
                    yield from self.shapes.iris(named, sh("hasValue"))

    def _above(self, types: Iterable[str]) -> set[str]:
        found, waiting = set(types), list(types)
        while waiting:
            for above in self.known.iris(NamedNode(waiting.pop()), rdfs("subClassOf")):
                if above not in found:
                    found.add(above)
                    waiting.append(above)
        return found

    def _columns(self, path: str, named: list[Value]) -> Iterator[Column]:
        """The columns of one property: one for each language, or one; none when all things have the same value."""
        kind, languages = kind_of(self.known, self.shapes, path, named, self._segments, self._local)
        if kind is None:
            return
        merged = _Merged(self.known, self.shapes, path, named)
        column = Column("property", path, merged.name_nb or self._label(path, "nb"),
                        merged.name_en or self._label(path, "en"), kind, usual=merged.usual,
                        help_nb=merged.message_nb, help_en=merged.message_en)  # fmt: skip
        for language in languages or (None,):
            yield replace(column, language=language, required=merged.required(language, languages))

    def _of_the_ontology(self, iri: str, shaped: Mapping[str, object]) -> Iterator[Column]:
        """Columns of properties that are for this class, says the ontology, and that no shape knows."""
        for subject in self.known.pointing(rdfs("domain"), NamedNode(iri)):
            if not isinstance(subject, NamedNode) or subject.value in shaped:
                continue
            if self.known.text(subject, owl("deprecated")) == "true":
                continue
            kind, languages = kind_of(self.known, self.shapes, subject.value, [], self._segments, self._local)
            for language in languages or (None,):
                yield Column("property", subject.value, self._label(subject.value, "nb"),
                             self._label(subject.value, "en"), kind or Kind(turtle=True), language,
                             help_nb=self.known.text(subject, skos("definition"), "nb") or "",
                             help_en=self.known.text(subject, skos("definition"), "en") or "")  # fmt: skip

    def _segments(self, iri: str) -> str | None:
        """What stands before the keys of a class's things, None when it has no shape."""
        shapes = sorted(self.targets.get(iri, []), key=lambda shape: len(self.shapes.values(shape, sh("targetClass"))))
        kebab = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "-", local_name(iri)).lower()
        return _segment(self.shapes.text(shapes[0], sh("pattern")), kebab) if shapes else None

    def _local(self, iri: str) -> bool:
        """Whether a municipality can have things of a class; a class without a pattern says nothing against it."""
        patterns = [self.shapes.text(shape, sh("pattern")) for shape in self.targets.get(iri, [])]
        return not patterns or any(pattern is None or "[0-9]{4}" in pattern for pattern in patterns)

    def _label(self, path: str, language: str) -> str:
        return self.known.text(NamedNode(path), rdfs("label"), language) or compact(path)


@dataclass(frozen=True, slots=True)
class _Merged:
    """What all property shapes of one path say together."""

    known: Graph
    shapes: Graph
    path: str
    named: list[Value]

    @property
    def name_nb(self) -> str:
        return _first(_text(self.shapes, shape, "name", "nb") for shape in self._most_own())

    @property
    def name_en(self) -> str:
        return _first(_text(self.shapes, shape, "name", "en") for shape in self._most_own())

    @property
    def message_nb(self) -> str:
        return _first(_text(self.shapes, shape, "message", "nb") for shape in self._most_own())

    @property
    def message_en(self) -> str:
        return _first(_text(self.shapes, shape, "message", "en") for shape in self._most_own())

    @property
    def usual(self) -> str | None:
        """The kind of evidence that the class's own shape names, else one of those that lend their columns."""
        return next((kind for shape in self.named for kind in self.known.iris(shape, _USUAL_KIND)), None)

    def required(self, language: str | None, languages: tuple[str, ...]) -> OneOf["no", "one-of", "yes"]:
        for shape in self._most_own():
            if sh("Warning") in self.shapes.values(shape, sh("severity")):
                continue
            if len(_path(self.shapes, shape)) > 1:
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

    def _most_own(self) -> list[Value]:
        return sorted(self.named, key=lambda shape: len(_path(self.shapes, shape)))


def _with_evidence(sheets: list[Sheet]) -> Iterator[Sheet]:
    """The same sheets with the columns that say, row by row, where the statements stand."""
    passage = next((sheet for sheet in sheets if sheet.iri == PASSAGE), None)
    evidence = next((sheet for sheet in sheets if sheet.iri == EVIDENCE), None)
    if passage is None or evidence is None:
        yield from sheets
        return
    asked = [column for column in passage.columns if column.role == "property"]
    asked += [column for column in evidence.columns if column.path == EVIDENCE_KIND]
    columns = tuple(
        replace(column, role="evidence", name_nb=f"belegg: {column.name_nb}", name_en=f"evidence: {column.name_en}",
                required="no")
        for column in asked
    )  # fmt: skip
    for sheet in sheets:
        yield sheet if sheet.iri in _WITHOUT_EVIDENCE else replace(sheet, columns=sheet.columns + columns)


def _distinct(columns: Iterable[Column]) -> Iterator[Column]:
    """Columns of the same heading get the property's name too."""
    listed = list(columns)
    for column in listed:
        alike = [other for other in listed if other.heading_nb == column.heading_nb and other.path != column.path]
        if alike and column.role == "property":
            name = compact(column.path)
            yield replace(column, name_nb=f"{column.name_nb} – {name}", name_en=f"{column.name_en} – {name}")
        else:
            yield column


def _segment(pattern: str | None, kebab: str) -> str:
    """The class's part of an IRI, read from the pattern that its IRIs must have."""
    match = _SEGMENT.search(pattern or "")
    choices = match[1].split("|") if match else [kebab]
    return kebab if kebab in choices else choices[0]


def _text(shapes: Graph, shape: Value, name: str, language: str) -> str:
    return shapes.text(shape, sh(name), language) or shapes.text(shape, sh(name)) or ""


def _first(texts: Iterable[str]) -> str:
    return next((text for text in texts if text), "")
