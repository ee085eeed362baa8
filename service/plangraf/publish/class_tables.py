"""Writes one table for each class of the data: CSV, its CSVW metadata, and Parquet.

The name of a table is that of its class, with a prefix for classes of other vocabularies: `Plan`, `skos-Concept`.

A table has one row per thing, sorted by IRI, and one column per property and kind of value: `title_nb`, `title_en`,
`number`. A separator that no value contains divides several values in one cell.
https://www.w3.org/TR/tabular-metadata/, RFC 4180
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cache, partial

import pyarrow as pa
import pyarrow.parquet as pq
from pyoxigraph import Literal, NamedNode, RdfFormat, parse

from plangraf.rdf.graph import RDF_TYPE, Graph, Value, statements
from plangraf.rdf.namespaces import ID, PREFIXES, SDG, curie, local_name
from plangraf.rdf.quad_lines import parsed, starting

_RDFS_LABEL = NamedNode(PREFIXES["rdfs"] + "label")
_XSD = PREFIXES["xsd"]
_SEPARATORS = ("|", "¦", "‖", "␞")
_KEY = "id"
_TYPE_MARK = f" {RDF_TYPE} <".encode()
# The things that have a row.
_OF_A_ROW = (f"<{ID}".encode(), f"<{SDG}".encode())
Labels = Callable[[str], Mapping[str, str]]
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


@dataclass(frozen=True, slots=True)
class Source:
    """What the table of one class is made from.

    Attributes:
        iri: the class.
        lines: N-Quads lines of its things, sorted.
        labels: gives the labels of a class or property in each language.
    """

    iri: str
    lines: Sequence[bytes]
    labels: Labels

    @property
    def name(self) -> str:
        prefix, local = _prefix(self.iri), local_name(self.iri)
        return local if prefix == "plan" else f"{prefix}-{local}"

    def digest(self) -> str:
        """Equal digests give equal tables by the same code."""
        digest = hashlib.sha256(b"\n".join(self.lines))
        properties = sorted({line.split(b" ", 2)[1][1:-1].decode() for line in self.lines})
        for iri in (self.iri, *properties):
            digest.update(json.dumps([iri, sorted(self.labels(iri).items())]).encode())
        return digest.hexdigest()

    def table(self) -> Table:
        graph = Graph(statements(parse(b"\n".join(self.lines), RdfFormat.N_QUADS, rename_blank_nodes=False)))
        things = sorted(thing.value for thing in graph.things if isinstance(thing, NamedNode))
        return _table(self.iri, self.name, things, graph, self.labels)


def sources(lines: Sequence[bytes]) -> Iterator[Source]:
    """The sources of the tables of a version, sorted by the IRI of the class.

    Args:
        lines: its N-Quads lines, sorted: those of a thing are neighbours.
    """
    members: dict[bytes, list[tuple[int, int]]] = defaultdict(list)
    for first, end in _things(lines):
        start = lines[first].index(b" ")
        for class_ in {line.split(b" ", 3)[2] for line in lines[first:end] if line.startswith(_TYPE_MARK, start)}:
            members[class_].append((first, end))
    labels = cache(partial(_labels, lines))
    for class_, ranges in sorted(members.items(), key=lambda member: member[0][1:-1]):
        own = [line for first, end in ranges for line in lines[first:end]]
        yield Source(class_[1:-1].decode(), own, labels)


def _things(lines: Sequence[bytes]) -> Iterator[tuple[int, int]]:
    """Where the lines of each thing with a row begin and end."""
    first, subject = 0, b""
    for number, line in enumerate(lines):
        if not line.startswith(subject) or not subject:
            if subject.startswith(_OF_A_ROW):
                yield first, number
            first, subject = number, line[: line.index(b" ") + 1]
    if subject.startswith(_OF_A_ROW):
        yield first, len(lines)


def _labels(lines: Sequence[bytes], iri: str) -> Mapping[str, str]:
    quads = parsed(starting(lines, f"<{iri}> ".encode()))
    found = (quad.object for quad in quads if quad.predicate == _RDFS_LABEL)
    return {label.language: label.value for label in found if isinstance(label, Literal) and label.language}


def _table(iri: str, name: str, things: list[str], graph: Graph, labels: Labels) -> Table:
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
                    labels(predicate) or {"en": names[predicate, kind]},
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
    return Table(name, iri, labels(iri) or {"en": name}, columns, rows)


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
