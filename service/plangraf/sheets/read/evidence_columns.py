"""Evidence from the columns of a row: plan:Evidence and plan:Passage for the statements that have none yet.

What counts as covered is what queries/checks/every-statement-has-evidence.rq counts.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping

from pyoxigraph import Literal, NamedNode, Triple

from plangraf.diagnostics.diagnostic import Diagnostic
from plangraf.rdf.graph import RDF_TYPE, Graph, Node, Value, statements
from plangraf.rdf.names import local_name
from plangraf.rdf.namespaces import ID, PLAN, PREFIXES, SCHEME, slug
from plangraf.sheets.keys import Keys
from plangraf.sheets.model import EVIDENCE, EVIDENCE_KIND, HAS_SOURCE, PASSAGE, Model
from plangraf.sheets.read.rows import Imported, Row

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
    """Adds to `imported` what the rows' columns of evidence stand for.

    Args:
        imported: with the evidence that has rows of its own.
        model: says what else a passage and a piece of evidence are.
        keys: short names of the dataset's things.
        dataset: slug of the dataset, the first part of the names of its evidence.
    """
    writer = _Writer(imported, model, keys, dataset)
    for row in imported.rows:
        if any(values for values, _ in row.evidence.values()):
            writer.row(row)


class _Writer:
    def __init__(self, imported: Imported, model: Model, keys: Keys, dataset: str) -> None:
        self._imported, self._model, self._keys, self._dataset = imported, model, keys, dataset
        self._names = {triple.subject for triple in imported.triples}
        self._sources = sorted(
            {triple.subject for triple in imported.triples
             if triple.predicate == RDF_TYPE and triple.object == _SOURCE_DOCUMENT},
            key=str,
        )  # fmt: skip
        # What a passage says → the passages that say it.
        self._passages: dict[tuple[NamedNode, Value], set[NamedNode]] = defaultdict(set)
        self._covered: set[tuple[object, object, object]] = set()
        self._index()

    def row(self, row: Row) -> None:
        """Evidence for one row; none when one of its cells could not be read."""
        if (row.thing.value, "evidence") in self._imported.bad:
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
            self._imported.bad.add((row.thing.value, "evidence"))
            return
        if _FIRST_LINE in cells:
            cells.setdefault(_LAST_LINE, cells[_FIRST_LINE])
        said = {(NamedNode(path), value) for path, values in cells.items() for value in values}
        passage = self._passage(row, source, said | {(NamedNode(HAS_SOURCE), source)}, cells)
        for how, properties, values in self._by_kind(row, chosen):
            self._evidence(row, properties, values, how, passage)

    def _by_kind(self, row: Row, chosen: Value) -> Iterator[tuple[Value, list[NamedNode], list[Value]]]:
        """The row's statements without evidence, by how they follow from the passage.

        A kind comes with the properties of which all values are of that kind, and again with the values of others.
        """
        usual = {column.path: column.usual for column in row.sheet.columns if column.role == "property"}
        kinds: dict[NamedNode, dict[Value, list[Value]]] = defaultdict(lambda: defaultdict(list))
        for triple in dict.fromkeys((*row.implied, *row.said)):
            if self._is_covered(triple) or isinstance(triple.object, Triple):
                continue
            kind = _STRUCTURAL if triple in row.implied else _kind(triple, usual, chosen)
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

    def _passage(
        self, row: Row, source: NamedNode, said: set[tuple[NamedNode, Value]], cells: dict[str, list[Value]]
    ) -> NamedNode:
        """The passage that says all this, or a new one: `<source>-l161-176`, as the existing ones are called."""
        if found := set.intersection(*(self._passages.get(fact, set()) for fact in said)):
            return min(found, key=str)
        name = f"{self._base(source)}/passage/{local_name(source.value)}"
        lines = [str(value.value) for path in (_FIRST_LINE, _LAST_LINE) for value in cells.get(path, [])]
        if lines:
            name += f"-l{'-'.join(dict.fromkeys(lines))}"
        else:
            words = "-".join(slug(value.value) for values in cells.values() for value in values)
            name += f"-{words[:60].strip('-')}" if words else ""
        passage = self._new(name)
        sheet = self._model.sheet(PASSAGE)
        for path, value in sorted(said, key=str):
            self._add(row, passage, path, value)
        for iri in sheet.types if sheet else (PASSAGE,):
            self._add(row, passage, RDF_TYPE, NamedNode(iri))
        for asked, (_, place) in row.evidence.items():
            self._imported.cells[passage.value, asked] = [place]
        for fact in said:
            self._passages[fact].add(passage)
        return passage

    def _evidence(
        self, row: Row, properties: list[NamedNode], values: list[Value], how: Value, passage: NamedNode
    ) -> None:
        local = re.sub(r"^(?:[0-9]{4}/)?", "", row.thing.value.removeprefix(ID))
        about = re.sub(r"[^a-z0-9.]+", "-", re.sub(r"^https?://", "", local).lower()).strip("-.")
        kind = local_name(str(how.value))
        evidence = self._new(f"{self._base(row.thing)}/evidence/{self._dataset}-{about}-{kind}")
        sheet = self._model.sheet(EVIDENCE)
        for iri in sheet.types if sheet else (EVIDENCE,):
            self._add(row, evidence, RDF_TYPE, NamedNode(iri))
        for path, value in ((_ABOUT, row.thing), (_KIND, how), (_PASSAGE, passage), (_CHECKED, _FALSE)):
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

    def _new(self, name: str) -> NamedNode:
        candidate, number = NamedNode(name), 2
        while candidate in self._names:
            candidate, number = NamedNode(f"{name}-{number}"), number + 1
        self._names.add(candidate)
        return candidate

    def _base(self, thing: NamedNode) -> str:
        """Where names of evidence start: the thing's municipality, or the dataset's for a thing of others."""
        match = re.match(re.escape(ID) + r"[0-9]{4}(?=/)", thing.value)
        return match[0] if match else self._keys.base.rstrip("/")

    def _is_covered(self, triple: Triple) -> bool:
        about, path, value = triple.subject, triple.predicate, triple.object
        return not self._covered.isdisjoint({(about, path, None), (about, path, value)})

    def _index(self) -> None:
        graph = Graph(statements(self._imported.triples))
        for thing in graph.things:
            if isinstance(thing, NamedNode) and PASSAGE in graph.iris(thing, RDF_TYPE):
                for fact in graph.facts(thing):
                    self._passages[fact].add(thing)
            self._covered.update(_covers(graph, thing))


def _kind(triple: Triple, usual: Mapping[str, str | None], chosen: Value) -> Value:
    """How a statement of a row follows from the row's passage."""
    value = triple.object
    if triple.predicate == RDF_TYPE:
        return _STRUCTURAL
    if isinstance(value, Literal) and value.language == "en":
        return _SUMMARISED  # what a Norwegian source says, in other words
    found = usual.get(triple.predicate.value)
    kind = NamedNode(found) if found else _PRINTED
    return chosen if kind in (_PRINTED, _IDENTIFIED) and chosen != _PRINTED else kind


def _covers(graph: Graph, evidence: Node) -> Iterator[tuple[Value, Value, Value | None]]:
    for about in graph.values(evidence, _ABOUT):
        for path in graph.values(evidence, _PROPERTY):
            for value in graph.values(evidence, _VALUE) or (None,):
                yield about, path, value
