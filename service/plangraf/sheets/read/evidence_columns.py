"""Creates plan:Evidence and plan:Passage from the evidence columns, for statements without evidence.

A statement is covered as in queries/checks/every-statement-has-evidence.rq.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping

from pyoxigraph import Literal, NamedNode, Triple

from plangraf.diagnostics.diagnostic import Diagnostic
from plangraf.rdf.graph import RDF_TYPE, Graph, Node, Value, statements
from plangraf.rdf.namespaces import ID, PLAN, PREFIXES, SCHEME, local_name, slug
from plangraf.sheets.keys import Keys
from plangraf.sheets.model import EVIDENCE, EVIDENCE_KIND, HAS_SOURCE, PASSAGE, Model
from plangraf.sheets.read.raw import Imported, Row

_XSD = PREFIXES["xsd"]
_ABOUT, _PROPERTY, _VALUE, _PASSAGE, _CHECKED = (
    NamedNode(PLAN + name) for name in ("about", "aboutProperty", "aboutValue", "passage", "checked")
)
_KIND = NamedNode(EVIDENCE_KIND)
_FIRST_LINE, _LAST_LINE = PLAN + "firstLine", PLAN + "lastLine"
_SOURCE_DOCUMENT = NamedNode(PLAN + "SourceDocument")
_PRINTED, _STRUCTURAL, _SUMMARISED, _IDENTIFIED = (
    NamedNode(f"{SCHEME}evidence-kind/{name}") for name in ("printed", "structural", "summarised", "identified")
)
_FALSE = Literal("false", datatype=NamedNode(_XSD + "boolean"))


def add_evidence(imported: Imported, model: Model, keys: Keys, dataset: str) -> None:
    """Adds the evidence of the evidence columns to `imported`.

    Args:
        imported: holds the evidence that has rows of its own.
        model: gives the classes of passages and evidence.
        keys: gives short names of the dataset.
        dataset: slug of the dataset, the first part of the keys of its evidence.
    """
    writer = _EvidenceWriter(imported, model, keys, dataset)
    for row in imported.rows:
        if any(values for values, _ in row.evidence.values()):
            writer.add_row(row)


class _EvidenceWriter:
    def __init__(self, imported: Imported, model: Model, keys: Keys, dataset: str) -> None:
        self._imported, self._model, self._keys, self._dataset = imported, model, keys, dataset
        self._names = {triple.subject for triple in imported.triples}
        self._sources = sorted(
            {
                triple.subject
                for triple in imported.triples
                if triple.predicate == RDF_TYPE and triple.object == _SOURCE_DOCUMENT
            },
            key=str,
        )
        # Property and value → passages that have it.
        self._passages: dict[tuple[NamedNode, Value], set[NamedNode]] = defaultdict(set)
        self._covered: set[tuple[object, object, object]] = set()
        self._index_existing()

    def add_row(self, row: Row) -> None:
        """Adds the evidence of one row, unless an evidence cell is unreadable."""
        if (row.thing.value, "evidence") in self._imported.unreadable:
            return
        cells = {path: values for path, (values, _) in row.evidence.items() if values}
        chosen = cells.pop(EVIDENCE_KIND, [_PRINTED])[0]
        sources = cells.pop(HAS_SOURCE, [])
        source = next((value for value in (*sources, *self._sources) if isinstance(value, NamedNode)), None)
        if source is None or (not sources and len(self._sources) > 1):
            _, place = row.evidence.get(HAS_SOURCE, ([], row.place))
            self._imported.problems.append(
                Diagnostic(
                    place,
                    "Skriv hvilket kildedokument belegget står i: arket for kildedokumenter har ikke nøyaktig ett.",
                    "Write the source document of the evidence: the sheet of source documents has not exactly one.",
                )
            )
            self._imported.unreadable.add((row.thing.value, "evidence"))
            return
        if _FIRST_LINE in cells:
            cells.setdefault(_LAST_LINE, cells[_FIRST_LINE])
        facts = {(NamedNode(path), value) for path, values in cells.items() for value in values}
        passage = self._find_or_add_passage(row, source, facts | {(NamedNode(HAS_SOURCE), source)}, cells)
        for kind, properties, values in self._group_by_kind(row, chosen):
            self._add_evidence(row, properties, values, kind, passage)

    def _group_by_kind(self, row: Row, chosen: Value) -> Iterator[tuple[Value, list[NamedNode], list[Value]]]:
        """Groups the uncovered statements of a row by evidence kind.

        Yields kind, properties and values. The values are empty when all values of each property have that kind.
        """
        usual = {column.path: column.usual for column in row.sheet.columns if column.role == "property"}
        kinds: dict[NamedNode, dict[Value, list[Value]]] = defaultdict(lambda: defaultdict(list))
        for triple in dict.fromkeys((*row.implied, *row.stated)):
            if self._is_covered(triple) or isinstance(triple.object, Triple):
                continue
            kind = _STRUCTURAL if triple in row.implied else _choose_kind(triple, usual, chosen)
            kinds[triple.predicate][kind].append(triple.object)
        whole: dict[Value, list[NamedNode]] = defaultdict(list)
        parts: dict[Value, list[tuple[NamedNode, list[Value]]]] = defaultdict(list)
        for path, found in kinds.items():
            for kind, values in found.items():
                if len(found) == 1:
                    whole[kind].append(path)
                else:
                    parts[kind].append((path, values))
        for kind in sorted(whole, key=str):
            yield kind, sorted(whole[kind], key=str), []
        for kind in sorted(parts, key=str):
            paths = sorted({path for path, _ in parts[kind]}, key=str)
            yield kind, paths, sorted((value for _, values in parts[kind] for value in values), key=str)

    def _find_or_add_passage(
        self, row: Row, source: NamedNode, facts: set[tuple[NamedNode, Value]], cells: dict[str, list[Value]]
    ) -> NamedNode:
        """The passage that has all facts, or a new one, named like the existing ones: `<source>-l161-176`."""
        if found := set.intersection(*(self._passages.get(fact, set()) for fact in facts)):
            return min(found, key=str)
        name = f"{self._name_base(source)}/passage/{local_name(source.value)}"
        lines = [str(value.value) for path in (_FIRST_LINE, _LAST_LINE) for value in cells.get(path, [])]
        if lines:
            name += f"-l{'-'.join(dict.fromkeys(lines))}"
        else:
            words = "-".join(slug(value.value) for values in cells.values() for value in values)
            name += f"-{words[:60].strip('-')}" if words else ""
        passage = self._new_name(name)
        sheet = self._model.sheet(PASSAGE)
        for path, value in sorted(facts, key=str):
            self._add(row, passage, path, value)
        for iri in sheet.types if sheet else (PASSAGE,):
            self._add(row, passage, RDF_TYPE, NamedNode(iri))
        for asked, (_, place) in row.evidence.items():
            self._imported.cells[passage.value, asked] = [place]
        for fact in facts:
            self._passages[fact].add(passage)
        return passage

    def _add_evidence(
        self, row: Row, properties: list[NamedNode], values: list[Value], kind: Value, passage: NamedNode
    ) -> None:
        local = re.sub(r"^(?:[0-9]{4}/)?", "", row.thing.value.removeprefix(ID))
        about = re.sub(r"[^a-z0-9.]+", "-", re.sub(r"^https?://", "", local).lower()).strip("-.")
        suffix = local_name(str(kind.value))
        evidence = self._new_name(f"{self._name_base(row.thing)}/evidence/{self._dataset}-{about}-{suffix}")
        sheet = self._model.sheet(EVIDENCE)
        for iri in sheet.types if sheet else (EVIDENCE,):
            self._add(row, evidence, RDF_TYPE, NamedNode(iri))
        for path, value in ((_ABOUT, row.thing), (_KIND, kind), (_PASSAGE, passage), (_CHECKED, _FALSE)):
            self._add(row, evidence, path, value)
        for value in values:
            self._add(row, evidence, _VALUE, value)
        for path in properties:
            self._add(row, evidence, _PROPERTY, path)
            self._covered.update((row.thing, path, value) for value in values or (None,))
        if EVIDENCE_KIND in row.evidence:
            self._imported.cells[evidence.value, EVIDENCE_KIND] = [row.evidence[EVIDENCE_KIND][1]]

    def _add(self, row: Row, subject: NamedNode, path: NamedNode, value: Value) -> None:
        self._imported.add(Triple(subject, path, value), row.place)

    def _new_name(self, name: str) -> NamedNode:
        candidate, number = NamedNode(name), 2
        while candidate in self._names:
            candidate, number = NamedNode(f"{name}-{number}"), number + 1
        self._names.add(candidate)
        return candidate

    def _name_base(self, thing: NamedNode) -> str:
        """First part of evidence IRIs: the municipality of the thing, else that of the dataset."""
        match = re.match(re.escape(ID) + r"[0-9]{4}(?=/)", thing.value)
        return match[0] if match else self._keys.base.rstrip("/")

    def _is_covered(self, triple: Triple) -> bool:
        about, path, value = triple.subject, triple.predicate, triple.object
        return not self._covered.isdisjoint({(about, path, None), (about, path, value)})

    def _index_existing(self) -> None:
        graph = Graph(statements(self._imported.triples))
        for thing in graph.things:
            if isinstance(thing, NamedNode) and PASSAGE in graph.iris(thing, RDF_TYPE):
                for fact in graph.facts(thing):
                    self._passages[fact].add(thing)
            self._covered.update(_covered_by(graph, thing))


def _choose_kind(triple: Triple, usual: Mapping[str, str | None], chosen: Value) -> Value:
    """The evidence kind of one statement."""
    value = triple.object
    if triple.predicate == RDF_TYPE:
        return _STRUCTURAL
    if isinstance(value, Literal) and value.language == "en":
        return _SUMMARISED  # the sources are Norwegian
    found = usual.get(triple.predicate.value)
    kind = NamedNode(found) if found else _PRINTED
    return chosen if kind in (_PRINTED, _IDENTIFIED) and chosen != _PRINTED else kind


def _covered_by(graph: Graph, evidence: Node) -> Iterator[tuple[Value, Value, Value | None]]:
    for about in graph.values(evidence, _ABOUT):
        for path in graph.values(evidence, _PROPERTY):
            for value in graph.values(evidence, _VALUE) or (None,):
                yield about, path, value
