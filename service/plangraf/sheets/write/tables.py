"""Triples to tables: one for each class, and one for what no class's table can hold without loss.

Nothing is lost by construction: a cell is kept only when reading it gives the same values back, and whatever is
left goes, triple by triple, to the table of others.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from pyoxigraph import Literal, NamedNode, Triple

from plangraf.rdf.graph import RDF_TYPE, Graph, Value, statements
from plangraf.sheets.cells import natural, written
from plangraf.sheets.keys import Keys
from plangraf.sheets.model import OTHER_FILE, OTHER_TITLE, Column, Model, Sheet
from plangraf.sheets.values import STRING, Cell

OTHER_COLUMNS = (
    Column("key", "", "ting", "thing", required="yes", help_nb="Nøkkel eller adresse.", help_en="Key or address."),
    Column("key", "", "egenskap", "property", required="yes", help_nb="Med prefiks, som foaf:name.",
           help_en="With its prefix, such as foaf:name."),
    Column("key", "", "verdi", "value", help_nb="Teksten, tallet eller tingen.",
           help_en="The text, number or thing."),
    Column("key", "", "datatype eller språk", "datatype or language",
           help_nb="iri for en ting, @nb for et språk, xsd:gYear for en datatype; tom for ren tekst.",
           help_en="iri for a thing, @nb for a language, xsd:gYear for a datatype; empty for plain text."),
)  # fmt: skip
_TYPE = RDF_TYPE.value
OTHER_MACHINE = ("@subject", "@property", "@value", "@type")
NOTHING_IMPLIED = "-"
"""In the column of classes: the thing is described in another dataset, and this row only adds to it."""
_ESCAPED = re.compile(r"\\|^\s+|\s+$|[\x00-\x1f\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]|_(?=x[0-9A-Fa-f]{4}_)")


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of one sheet, each with a cell for each column; `sheet` is None for the table of others.

    `extra` are headings of people's own columns, whose cells stand after the others in each row; `comments` are
    by row and column, counted from 0.
    """

    sheet: Sheet | None
    columns: tuple[Column, ...]
    rows: list[list[Cell]] = field(default_factory=list)
    extra: tuple[str, ...] = ()
    comments: dict[tuple[int, int], str] = field(default_factory=dict)

    @property
    def title(self) -> str:
        return self.sheet.title if self.sheet else OTHER_TITLE

    @property
    def file(self) -> str:
        return self.sheet.file if self.sheet else OTHER_FILE

    @property
    def machine(self) -> tuple[str, ...]:
        return tuple(column.machine for column in self.columns) if self.sheet else OTHER_MACHINE


def tables(triples: Iterable[Triple], model: Model, keys: Keys, *, native: bool) -> list[Table]:
    """The tables that hold all the triples.

    Args:
        triples: without blank nodes.
        model: the sheets.
        keys: short names of the dataset's things.
        native: whether cells can be numbers, dates and truth values, as in a workbook.
    """
    graph = Graph(statements(triples))
    things = [thing for thing in graph.things if isinstance(thing, NamedNode)]
    found = {sheet.iri: Table(sheet, sheet.columns) for sheet in model.sheets}
    other = Table(None, OTHER_COLUMNS)
    for thing in sorted(things, key=lambda node: natural(keys.short(node.value))):
        rest = {predicate.value: set(values) for predicate, values in graph.properties(thing).items()}
        if sheet := _sheet(model, thing, rest):
            found[sheet.iri].rows.append(_row(sheet, thing, rest, keys, native=native))
        for path in sorted(rest):
            other.rows.extend(_other(thing, path, value, keys) for value in sorted(rest[path], key=str))
    holding = [
        table for table in found.values()
        if table.rows or (table.sheet and keys.municipality and table.sheet.may_belong_to(keys.municipality))
    ]  # fmt: skip
    return [*holding, other]


def other_term(value: str, kind: str, keys: Keys) -> Value:
    """The term of a row of others.

    Raises:
        CellError: the type is not known, or the value is no name of a thing.
        ValueError: the value has a broken escape, or the language is none.
    """
    if kind == "iri":
        return keys.iri(value)
    text = _unescaped(value)
    if kind.startswith("@"):
        return Literal(text, language=kind[1:])
    return Literal(text, datatype=keys.iri(kind or "xsd:string"))


def _sheet(model: Model, thing: NamedNode, known: dict[str, set[Value]]) -> Sheet | None:
    """The sheet of the narrowest class that a thing has or, when another dataset types it, that its IRI is of."""
    types = {value.value for value in known.get(_TYPE, ()) if isinstance(value, NamedNode)}
    return model.narrowest(types) if types else model.fitting(thing.value)


def _row(sheet: Sheet, thing: NamedNode, known: dict[str, set[Value]], keys: Keys, *, native: bool) -> list[Cell]:
    """The thing's row; what the row says is taken out of `known`.

    A row that would say more than is known becomes a bare one, which says nothing but what its cells hold.
    """
    row, held = _filled(sheet, thing, known, keys, native=native, bare=False)
    if any(not values <= known.get(path, set()) for path, values in held.items()):
        row, held = _filled(sheet, thing, known, keys, native=native, bare=True)
    for path, values in held.items():
        known[path] = known.get(path, set()) - values
        if not known[path]:
            del known[path]
    return row


def _filled(
    sheet: Sheet, thing: NamedNode, known: dict[str, set[Value]], keys: Keys, *, native: bool, bare: bool
) -> tuple[list[Cell], dict[str, set[Value]]]:
    """The cells of a row, and all that an import would read from it."""
    held: dict[str, set[Value]] = {_TYPE: set()}
    if not bare:
        held[_TYPE] |= {NamedNode(iri) for iri in sheet.types}
        for path, value in sheet.implied:
            held.setdefault(path, set()).add(value)
    said: dict[str, set[Value]] = {}
    cells: dict[int, Cell] = {}
    # Cells that may stand for those of another property come after these.
    for number, column in sorted(enumerate(sheet.columns), key=lambda item: item[1].kind.equals is not None):
        if column.role == "key":
            cells[number] = keys.short(thing.value)
        elif column.role == "classes":
            further = {value for value in known.get(_TYPE, set()) - held[_TYPE] if isinstance(value, NamedNode)}
            held[_TYPE] |= further
            shown = sorted(keys.short(value.value) for value in further)
            cells[number] = "\n".join([NOTHING_IMPLIED] * bare + shown) or None
        elif column.role == "property":
            values = known.get(column.path, set())
            same = said.get(column.kind.equals or "", set()) if not bare else set()
            if not same or values != same:
                cells[number], values = written(column, values - held.get(column.path, set()), keys, native=native)
            # An empty cell says what the other property's cell says, meant or not.
            said.setdefault(column.path, set()).update(values or same)
    for path, values in said.items():
        held.setdefault(path, set()).update(values)
    return [cells.get(number) for number in range(len(sheet.columns))], held


def _other(thing: NamedNode, path: str, value: Value, keys: Keys) -> list[Cell]:
    subject, name = keys.short(thing.value), keys.short(path)
    if isinstance(value, Literal):
        kind = f"@{value.language}" if value.language else keys.short(value.datatype.value)
        text = _ESCAPED.sub(lambda match: "".join(f"\\u{ord(sign):04X}" for sign in match[0]), value.value)
        return [subject, name, text or None, None if value.datatype.value == STRING else kind]
    assert isinstance(value, NamedNode)
    return [subject, name, keys.short(value.value), "iri"]


def _unescaped(text: str) -> str:
    broken = re.search(r"\\(?!u[0-9A-Fa-f]{4})", text)
    if broken:
        raise ValueError(r"write \u005C for a backslash")
    return re.sub(r"\\u([0-9A-Fa-f]{4})", lambda match: chr(int(match[1], 16)), text)


def too_long(found: Sequence[Table], longest: int) -> str | None:
    """The thing of the first cell that is longer than a workbook can hold."""
    for table in found:
        for row in table.rows:
            if any(isinstance(cell, str) and len(cell) > longest for cell in row):
                return str(row[0])
    return None
