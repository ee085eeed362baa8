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
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cache, cached_property, partial

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
# Things that are read at once.
_BLOCK = 10_000
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
    """One property with one kind of value: `@id`, a language as `@nb`, or the IRI of a datatype.

    `is_typed` is False when the type of its kind cannot hold one of its values, such as a date with a time zone.
    """

    name: str
    iri: str
    kind: str
    titles: Mapping[str, str]
    separator: str | None
    is_typed: bool = True

    def cell(self, values: list[str]) -> str:
        return (self.separator or "").join(values)


Values = dict[tuple[str, str], dict[str, list[str]]]
"""Property and kind → thing → sorted values."""
Row = tuple[str, tuple[list[str], ...]]
"""The IRI of a thing, and the values of each column."""


@dataclass(frozen=True, slots=True)
class Table:
    """The table of one class. Its rows are read in blocks, because all of a large class would take gigabytes."""

    source: Source
    titles: Mapping[str, str]
    columns: tuple[Column, ...]

    @property
    def name(self) -> str:
        return self.source.name

    def blocks(self) -> Iterator[list[Row]]:
        """The rows, sorted by the IRI of their thing, some thousands at once."""
        for things, values in self.source.blocks():
            found = [values.get((column.iri, column.kind), {}) for column in self.columns]
            yield [(thing, tuple(cells.get(thing, []) for cells in found)) for thing in things]


@dataclass(frozen=True)
class Source:
    """What the table of one class is made from.

    Attributes:
        iri: the class.
        lines: N-Quads lines, sorted.
        ranges: where the lines of each of its things begin and end.
        labels: gives the labels of a class or property in each language.
    """

    iri: str
    lines: Sequence[bytes]
    ranges: Sequence[tuple[int, int]]
    labels: Labels

    @property
    def name(self) -> str:
        prefix, local = _prefix(self.iri), local_name(self.iri)
        return local if prefix == "plan" else f"{prefix}-{local}"

    def digest(self) -> str:
        """Equal digests give equal tables by the same code."""
        digest, properties = hashlib.sha256(), set[bytes]()
        for line in self._own(self.ranges):
            digest.update(line + b"\n")
            properties.add(line.split(b" ", 2)[1])
        for iri in (self.iri, *sorted(name[1:-1].decode() for name in properties)):
            digest.update(json.dumps([iri, sorted(self.labels(iri).items())]).encode())
        return digest.hexdigest()

    def blocks(self) -> Iterator[tuple[list[str], Values]]:
        """Some thousands of the things at once, sorted by IRI, with their values."""
        if len(self.ranges) <= _BLOCK:
            yield self._only_block
            return
        for first in range(0, len(self.ranges), _BLOCK):
            yield self._read(self.ranges[first : first + _BLOCK])

    def table(self) -> Table:
        seen: dict[tuple[str, str], _Seen] = defaultdict(_Seen)
        for _, values in self.blocks():
            for key, cells in values.items():
                seen[key].add(key[1], cells.values())
        kinds = defaultdict(list)
        for predicate, kind in sorted(seen):
            kinds[predicate].append(kind)
        names = _names(kinds)
        columns = (
            Column(name, key[0], key[1], self.labels(key[0]) or {"en": name}, seen[key].separator, seen[key].fits)
            for key, name in names.items()
        )
        in_order = tuple(sorted(columns, key=lambda column: column.name))
        return Table(self, self.labels(self.iri) or {"en": self.name}, in_order)

    @cached_property
    def _only_block(self) -> tuple[list[str], Values]:
        return self._read(self.ranges)

    def _read(self, ranges: Sequence[tuple[int, int]]) -> tuple[list[str], Values]:
        own = b"\n".join(self._own(ranges))
        graph = Graph(statements(parse(own, RdfFormat.N_QUADS, rename_blank_nodes=False)))
        things = sorted(thing.value for thing in graph.things if isinstance(thing, NamedNode))
        values: Values = defaultdict(lambda: defaultdict(list))
        for thing in things:
            for path, value in graph.facts(NamedNode(thing)):
                kind, text = _kind(value)
                values[path.value, kind][thing].append(text)
        for cells in values.values():
            for found in cells.values():
                found.sort()
        return things, values

    def _own(self, ranges: Iterable[tuple[int, int]]) -> Iterator[bytes]:
        return (self.lines[number] for first, end in ranges for number in range(first, end))


class _Seen:
    """What the values of a column so far leave open: its separators, and whether its type fits."""

    def __init__(self) -> None:
        self.fits = True
        self._several = False
        self._marks = list(_SEPARATORS)

    @property
    def separator(self) -> str | None:
        """The first separator that no value contains; None when every cell has one value at most."""
        return self._marks[0] if self._several else None

    def add(self, kind: str, cells: Collection[list[str]]) -> None:
        self._several = self._several or any(len(cell) > 1 for cell in cells)
        self._marks = [mark for mark in self._marks if not any(mark in value for cell in cells for value in cell)]
        self.fits = self.fits and _fits(cells, _ARROW.get(kind, pa.string()))


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
        # Not the order of lines, in which `-` stands before the end of an IRI.
        ranges.sort(key=lambda own: lines[own[0]].partition(b">")[0])
        yield Source(class_[1:-1].decode(), lines, ranges, labels)


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


def as_csv(table: Table) -> Iterator[bytes]:
    """CSV by RFC 4180, in pieces: CRLF, UTF-8, quotes where needed."""
    yield _csv([[_KEY, *(column.name for column in table.columns)]])
    for block in table.blocks():
        yield _csv(
            [thing, *(column.cell(cell) for column, cell in zip(table.columns, cells, strict=True))]
            for thing, cells in block
        )


def _csv(rows: Iterable[Sequence[str]]) -> bytes:
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator="\r\n").writerows(rows)
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

    A column is of strings when its type cannot hold one of its values. Each block of rows is a row group.
    """
    types = [_ARROW.get(column.kind, pa.string()) if column.is_typed else pa.string() for column in table.columns]
    listed = [column.separator is not None for column in table.columns]
    fields = zip(table.columns, types, listed, strict=True)
    schema = pa.schema(
        [
            pa.field(_KEY, pa.string()),
            *(pa.field(column.name, pa.list_(type_) if several else type_) for column, type_, several in fields),
        ]
    )
    out = io.BytesIO()
    with pq.ParquetWriter(out, schema, compression="zstd") as writer:
        for block in table.blocks():
            arrays = [pa.array([thing for thing, _ in block], pa.string())]
            for number, (type_, several) in enumerate(zip(types, listed, strict=True)):
                arrays.append(_array([cells[number] for _, cells in block], type_, listed=several))
            writer.write_table(pa.table(arrays, schema=schema))
    return out.getvalue()


def _fits(cells: Iterable[list[str]], type_: pa.DataType) -> bool:
    """Whether a column can be of a type."""
    if pa.types.is_string(type_):
        return True
    try:
        pa.array([_typed(value, type_) for cell in cells for value in cell], type_)
    except (pa.ArrowException, ArithmeticError, ValueError):
        return False
    return True


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
