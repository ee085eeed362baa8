"""Writes one table for each class of the data: CSV, its CSVW metadata, and Parquet.

The name of a table is that of its class, with a prefix for classes of other vocabularies: `Plan`, `skos-Concept`.

A table has one row per thing, sorted by IRI, and one column per property and kind of value: `title_nb`, `title_en`,
`number`. A separator that no value contains divides several values in one cell.
https://www.w3.org/TR/tabular-metadata/, RFC 4180
"""

from __future__ import annotations

import csv
import io
import json
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

import pyarrow as pa
import pyarrow.parquet as pq
from pyoxigraph import Literal, NamedNode, Triple

from plangraf.rdf.graph import RDF_TYPE, Graph, Node, Value, statements
from plangraf.rdf.namespaces import ID, PREFIXES, SDG, curie, local_name

_RDFS_LABEL = NamedNode(PREFIXES["rdfs"] + "label")
_XSD = PREFIXES["xsd"]
_SEPARATORS = ("|", "¦", "‖", "␞")
_KEY = "id"
# The Parquet type of each datatype. Values of other datatypes become strings.
_ARROW: Mapping[str, pa.DataType] = {
    _XSD + "integer": pa.int64(),
    _XSD + "gYear": pa.int32(),
    _XSD + "boolean": pa.bool_(),
    _XSD + "date": pa.date32(),
    _XSD + "decimal": pa.decimal128(38, 12),
}


@dataclass(frozen=True, slots=True)
class Column:
    """One property with one kind of value: `@id`, a language as `@nb`, or the IRI of a datatype."""

    name: str
    iri: str
    kind: str
    titles: Mapping[str, str]
    separator: str | None

    def cell(self, values: list[str]) -> str:
        return (self.separator or "").join(values)


@dataclass(frozen=True, slots=True)
class Table:
    """The table of one class. A row is the IRI of a thing and the sorted values of each column."""

    name: str
    iri: str
    titles: Mapping[str, str]
    columns: tuple[Column, ...]
    rows: tuple[tuple[str, tuple[list[str], ...]], ...]


def tables(triples: Collection[Triple]) -> Iterator[Table]:
    """The tables of a version, sorted by the IRI of the class.

    Args:
        triples: the union of all graphs.
    """
    graph = Graph(statements(triples))
    for iri in sorted({iri for thing in _things(graph) for iri in graph.iris(thing, RDF_TYPE)}):
        members = [thing for thing in graph.pointing(RDF_TYPE, NamedNode(iri)) if _has_row(thing)]
        yield _table(iri, sorted(thing.value for thing in members), graph)


def _has_row(thing: Node) -> bool:
    return isinstance(thing, NamedNode) and thing.value.startswith((ID, SDG))


def _things(graph: Graph) -> Iterator[Node]:
    return (thing for thing in graph.things if _has_row(thing))


def _labels(graph: Graph, iri: str) -> dict[str, str]:
    labels = graph.literals(NamedNode(iri), _RDFS_LABEL)
    return {label.language: label.value for label in labels if label.language}


def _table(iri: str, things: list[str], graph: Graph) -> Table:
    values: dict[tuple[str, str], dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    for thing in things:
        for path, value in graph.facts(NamedNode(thing)):
            kind, text = _kind(value)
            values[path.value, kind][thing].append(text)
    for cells in values.values():
        for found in cells.values():
            found.sort()
    kinds = defaultdict(list)
    for predicate, kind in sorted(values):
        kinds[predicate].append(kind)
    names = _names(kinds)
    columns = tuple(
        sorted(
            (
                Column(
                    names[predicate, kind],
                    predicate,
                    kind,
                    _labels(graph, predicate) or {"en": names[predicate, kind]},
                    _separator(cells.values()),
                )
                for (predicate, kind), cells in values.items()
            ),
            key=lambda column: column.name,
        )
    )
    rows = tuple(
        (thing, tuple(values[column.iri, column.kind].get(thing, []) for column in columns)) for thing in things
    )
    prefix, local = _prefix(iri), local_name(iri)
    name = local if prefix == "plan" else f"{prefix}-{local}"
    return Table(name, iri, _labels(graph, iri) or {"en": name}, columns, rows)


def _kind(value: Value) -> tuple[str, str]:
    if isinstance(value, Literal):
        return (f"@{value.language}" if value.language else value.datatype.value), value.value
    assert isinstance(value, NamedNode)  # data hold no blank nodes
    return "@id", value.value


def _names(kinds: Mapping[str, list[str]]) -> dict[tuple[str, str], str]:
    """The column name of each property and kind: the local name, with a prefix if two properties share it."""
    locals_ = defaultdict(list)
    for predicate in kinds:
        locals_[local_name(predicate)].append(predicate)
    names = {}
    for local, predicates in locals_.items():
        for predicate in predicates:
            base = (
                local if len(predicates) == 1 and local != _KEY else f"{_prefix(predicate).replace('-', '_')}_{local}"
            )
            for kind in kinds[predicate]:
                tagged = kind.startswith("@") and kind != "@id"
                suffix = kind[1:] if tagged else local_name(kind.removeprefix("@"))
                names[predicate, kind] = f"{base}_{suffix}" if tagged or len(kinds[predicate]) > 1 else base
    return names


def _prefix(iri: str) -> str:
    return (curie(iri) or "other:").partition(":")[0]


def _separator(cells: Collection[list[str]]) -> str | None:
    """The first separator that no value contains; None when every cell has one value at most."""
    if all(len(cell) < 2 for cell in cells):
        return None
    return next(mark for mark in _SEPARATORS if not any(mark in value for cell in cells for value in cell))


def as_csv(table: Table) -> bytes:
    """Writes CSV by RFC 4180: CRLF, UTF-8, quotes where needed."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow([_KEY, *(column.name for column in table.columns)])
    for thing, cells in table.rows:
        writer.writerow([thing, *(column.cell(cell) for column, cell in zip(table.columns, cells, strict=True))])
    return text.getvalue().encode()


def as_metadata(table: Table) -> bytes:
    """Writes the CSVW metadata, from which a program converts the table back to triples."""
    columns: list[dict[str, object]] = [{"name": _KEY, "titles": _KEY, "datatype": "anyURI", "suppressOutput": True}]
    for column in table.columns:
        described: dict[str, object] = {
            "name": column.name,
            "titles": column.name,
            "dc:title": [{"@value": text, "@language": tag} for tag, text in sorted(column.titles.items())],
            "propertyUrl": column.iri,
        }
        if column.separator:
            described["separator"] = column.separator
        if column.kind == "@id":
            described |= {"datatype": "anyURI", "valueUrl": f"{{+{column.name}}}"}
        elif column.kind.startswith("@"):
            described["lang"] = column.kind[1:]
        elif column.kind.startswith(_XSD):
            described["datatype"] = column.kind.removeprefix(_XSD)
        else:
            described["datatype"] = {"base": "string", "@id": column.kind}
        columns.append(described)
    document = {
        "@context": "http://www.w3.org/ns/csvw",
        "url": f"{table.name}.csv",
        "dc:title": [{"@value": text, "@language": tag} for tag, text in sorted(table.titles.items())],
        "dc:license": {"@id": "https://creativecommons.org/licenses/by/4.0/"},
        "dialect": {"header": True, "encoding": "utf-8", "lineTerminators": ["\r\n"]},
        "tableSchema": {"aboutUrl": f"{{+{_KEY}}}", "primaryKey": _KEY, "columns": columns},
    }
    return (json.dumps(document, ensure_ascii=False, indent=1) + "\n").encode()


def as_parquet(table: Table) -> bytes:
    """Writes Parquet with typed columns; a column with several values for any thing is a list.

    A column becomes strings when its type cannot hold one of its values, such as a date with a time zone.
    """
    arrays = [pa.array([thing for thing, _ in table.rows], pa.string())]
    for number, column in enumerate(table.columns):
        cells = [cells[number] for _, cells in table.rows]
        try:
            arrays.append(_array(cells, _ARROW.get(column.kind, pa.string()), listed=column.separator is not None))
        except (pa.ArrowException, ArithmeticError, ValueError):
            arrays.append(_array(cells, pa.string(), listed=column.separator is not None))
    names = [_KEY, *(column.name for column in table.columns)]
    out = io.BytesIO()
    pq.write_table(pa.table(arrays, names=names), out, compression="zstd")
    return out.getvalue()


def _array(cells: list[list[str]], type_: pa.DataType, *, listed: bool) -> pa.Array:
    typed = [[_typed(value, type_) for value in cell] for cell in cells]
    if listed:
        return pa.array([cell or None for cell in typed], pa.list_(type_))
    return pa.array([cell[0] if cell else None for cell in typed], type_)


def _typed(value: str, type_: pa.DataType) -> object:
    if pa.types.is_integer(type_):
        number = int(value)
        if str(number) != value:  # the year 0999
            raise ValueError(value)
        return number
    if type_ == pa.bool_():
        return value in ("true", "1")
    if type_ == pa.date32():
        return date.fromisoformat(value)
    if pa.types.is_decimal(type_):
        return Decimal(value)
    return value
