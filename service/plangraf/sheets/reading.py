"""Raw tables to triples, with every cell that cannot be read: first step of an import.

A column is known by its name for the machine, in whichever of the first rows that stands, so headings can be
changed, columns moved, and sheets renamed.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import ParamSpec, TypeVar

from pyoxigraph import NamedNode, Triple

from plangraf.sheets.cells import read
from plangraf.sheets.facts import TYPE, Term
from plangraf.sheets.keys import Keys
from plangraf.sheets.model import Column, Model, Sheet
from plangraf.sheets.problems import CellError, Place, SheetProblem, column_letter
from plangraf.sheets.raw import RawTable, Refused
from plangraf.sheets.tables import NOTHING_IMPLIED, OTHER_COLUMNS, OTHER_MACHINE, other_term
from plangraf.sheets.values import STRING, Cell, as_text, lexical_of

_TYPE = NamedNode(TYPE)
_Read = TypeVar("_Read")
_Given = ParamSpec("_Given")
# The names for the machine stand in the third row, unless somebody wrote above them.
_LAST_HEADING_ROW = 10


@dataclass(slots=True)
class Row:
    """One thing of one sheet: what its cells say, what the sheet says of it, and the cells of its evidence.

    A bare row only adds to a thing that another dataset describes: the sheet says nothing of it.
    """

    thing: NamedNode
    sheet: Sheet
    place: Place
    said: list[Triple] = field(default_factory=list)
    implied: list[Triple] = field(default_factory=list)
    bare: bool = False
    evidence: dict[str, tuple[list[Term], Place]] = field(default_factory=dict)


@dataclass(slots=True)
class Imported:
    """What the tables say; `cells` gives the cells of a thing's property, `bad` those that could not be read."""

    triples: set[Triple] = field(default_factory=set)
    rows: list[Row] = field(default_factory=list)
    places: dict[str, Place] = field(default_factory=dict)
    cells: dict[tuple[str, str], list[Place]] = field(default_factory=dict)
    bad: set[tuple[str, str]] = field(default_factory=set)
    problems: list[SheetProblem] = field(default_factory=list)

    def add(self, triple: Triple, place: Place) -> None:
        self.triples.add(triple)
        assert isinstance(triple.subject, NamedNode)
        self.places.setdefault(triple.subject.value, place)


def read_tables(found: Sequence[RawTable], model: Model, keys: Keys) -> Imported:
    """The triples of all tables, and everything that cannot be read."""
    imported = Imported()
    keyed: dict[NamedNode, Place] = {}
    for raw in found:
        imported.problems += raw.problems
        _TableReader(raw, model, keys, imported, keyed).read()
    return imported


@dataclass(slots=True)
class _TableReader:
    raw: RawTable
    model: Model
    keys: Keys
    imported: Imported
    _keyed: dict[NamedNode, Place]

    def read(self) -> None:
        number = self._heading_row()
        if number is None:
            if any(cell is not None for row in self.raw.rows for cell in row) and not self.raw.problems:
                self._unknown_table()
            return
        names = [as_text(cell).strip() if not isinstance(cell, Refused) else "" for cell in self.raw.rows[number]]
        if set(OTHER_MACHINE) <= set(names):
            self._others(number + 1, [names.index(name) for name in OTHER_MACHINE])
            return
        key = next((name for name in names if name.startswith("@id ")), "")
        wanted = [sheet for sheet in self.model.sheets if sheet.columns[0].machine == key]
        if not wanted:
            self._unknown_table(key, number)
            return
        columns = self._columns(wanted[0], names, number)
        for position in range(number + 1, len(self.raw.rows)):
            self._row(wanted[0], columns, position)

    def _heading_row(self) -> int | None:
        for number, row in enumerate(self.raw.rows[:_LAST_HEADING_ROW]):
            if any(isinstance(cell, str) and cell.strip().startswith(("@id ", "@subject")) for cell in row):
                return number
        return None

    def _unknown_table(self, key: str = "", number: int | None = None) -> None:
        titles = ", ".join(f"«{sheet.title}»" for sheet in self.model.sheets)
        found = f" «{key}»" if key else ""
        self._problem(
            Place(self.raw.name, None if number is None else number + 1),
            f"Arket er ukjent: raden med de grå navnene mangler eller er ukjent{found}. Slett arket, eller ta det fra "
            f"en mal (`plangraf export-sheet --template`). Ark som finnes: {titles}.",
            f"The sheet is unknown: the row of grey names is missing or unknown{found}. Delete the sheet, or take it "
            f"from a template (`plangraf export-sheet --template`). Sheets that there are: {titles}.",
        )

    def _columns(self, sheet: Sheet, names: Sequence[str], number: int) -> dict[int, Column]:
        known = {column.machine: column for column in sheet.columns}
        columns: dict[int, Column] = {}
        for position, name in enumerate(names):
            place = Place(self.raw.name, number + 1, column_letter(position + 1), content=name or None)
            if name in known:
                if known[name] in columns.values():
                    self._problem(
                        place, "Kolonnen finnes to ganger. Slett den ene.", "The column is there twice. Delete one."
                    )
                columns[position] = known[name]
            elif name or self._holds_something(position, number + 1):
                near = difflib.get_close_matches(name, known, n=1, cutoff=0.6)
                hint_nb = f" Mente du «{near[0]}»?" if near else " Slett kolonnen, eller bruk arket for annet."
                hint_en = f" Did you mean «{near[0]}»?" if near else " Delete the column, or use the sheet of others."
                self._problem(
                    place, f"Kolonnen er ukjent på dette arket.{hint_nb}",
                    f"The column is unknown on this sheet.{hint_en}",
                )  # fmt: skip
        return columns

    def _holds_something(self, position: int, first: int) -> bool:
        return any(position < len(row) and row[position] is not None for row in self.raw.rows[first:])

    def _row(self, sheet: Sheet, columns: dict[int, Column], position: int) -> None:
        cells = [(number, column, self._cell(position, number)) for number, column in columns.items()]
        if all(_empty(cell) for _, _, cell in cells):
            return
        at, key_column, key = next(found for found in cells if found[1].role == "key")
        place = self._place(position, at, key_column, key)
        try:
            thing = self._key(key, sheet)
        except CellError as error:
            self._problem(place, error.nb, error.en)
            return
        if earlier := self._keyed.get(thing):
            self._problem(
                place,
                f"Nøkkelen står også i {earlier.table}, rad {earlier.row}. Gi hver ting sin egen nøkkel, på én rad.",
                f"The key stands in {earlier.table}, row {earlier.row}, too. Give each thing a key of its own, on one "
                "row.",
            )
            return
        row = Row(thing, sheet, place)
        self.imported.rows.append(row)
        self._keyed[thing] = place
        self.imported.places[thing.value] = place
        said: dict[str, set[Term]] = {}
        for number, column, cell in cells:
            if column.role == "key":
                continue
            where = self._place(position, number, column, cell)
            values = self._values(column, cell, where, thing)
            if column.role == "classes":
                said.setdefault(TYPE, set()).update(values)
                row.bare = NOTHING_IMPLIED in _lines(cell)
            elif column.role == "evidence":
                row.evidence[column.path] = (values, where)
            else:
                said.setdefault(column.path, set()).update(values)
                self.imported.cells.setdefault((thing.value, column.path), []).append(where)
        self._fill(row, said)

    def _fill(self, row: Row, said: dict[str, set[Term]]) -> None:
        row.said = [
            Triple(row.thing, NamedNode(path), value) for path, values in said.items() for value in values
        ]  # fmt: skip
        if row.bare:
            for triple in row.said:
                self.imported.add(triple, row.place)
            return
        implied = [Triple(row.thing, _TYPE, NamedNode(iri)) for iri in row.sheet.types]
        implied += [Triple(row.thing, NamedNode(path), value) for path, value in row.sheet.implied]
        row.implied = [triple for triple in implied if triple not in row.said]
        for column in row.sheet.columns:
            same = column.kind.equals
            if same and column.role == "property" and not said.get(column.path):
                row.said += [Triple(row.thing, NamedNode(column.path), value) for value in said.get(same, ())]
        for triple in (*row.said, *row.implied):
            self.imported.add(triple, row.place)

    def _values(self, column: Column, cell: Cell | Refused, where: Place, thing: NamedNode) -> list[Term]:
        try:
            if isinstance(cell, Refused):
                raise cell.error
            if column.role == "classes":
                return [self.keys.iri(line) for line in _lines(cell) if line != NOTHING_IMPLIED]
            return read(column, cell, self.keys)
        except CellError as error:
            advice_nb, advice_en = (
                (f" {column.help_nb}", f" {column.help_en}") if column.role == "property" else ("", "")
            )
            self._problem(where, error.nb + advice_nb, error.en + advice_en)
            self.imported.bad.add((thing.value, "evidence" if column.role == "evidence" else column.path))
            return []

    def _key(self, cell: Cell | Refused, sheet: Sheet) -> NamedNode:
        if isinstance(cell, Refused):
            raise cell.error
        if _empty(cell):
            raise CellError(
                f"Raden har ingen nøkkel. Skriv en, som {sheet.segment}/1, eller tøm raden.",
                f"The row has no key. Write one, such as {sheet.segment}/1, or empty the row.",
            )
        return self.keys.iri(lexical_of(_stripped(cell), STRING), sheet.segment)

    def _others(self, first: int, columns: Sequence[int]) -> None:
        for position in range(first, len(self.raw.rows)):
            cells = [self._cell(position, column) for column in columns]
            places = [
                self._place(position, column, known, cell)
                for column, known, cell in zip(columns, OTHER_COLUMNS, cells, strict=True)
            ]
            if all(_empty(cell) for cell in cells):
                continue
            texts = [self._told(place, _plain, cell) for cell, place in zip(cells, places, strict=True)]
            if None in texts:
                continue
            subject, name, value, kind = (text or "" for text in texts)
            thing = self._told(places[0], self.keys.iri, subject)
            path = self._told(places[1], self.keys.iri, name)
            term = self._told(places[2 if kind == "iri" else 3], other_term, value, kind, self.keys)
            if thing and path and term:
                self.imported.add(Triple(thing, path, term), places[2])
                self.imported.cells.setdefault((thing.value, path.value), []).append(places[2])

    def _told(
        self, place: Place, reading: Callable[_Given, _Read], *given: _Given.args, **more: _Given.kwargs
    ) -> _Read | None:
        """What is read, or None and a problem at its place."""
        try:
            return reading(*given, **more)
        except CellError as error:
            self._problem(place, error.nb, error.en)
        except ValueError as error:
            self._problem(
                place,
                f"Cellen kan ikke leses ({error}). Skriv språket som @nb, datatypen som xsd:gYear.",
                f"The cell cannot be read ({error}). Write the language as @nb, the datatype as xsd:gYear.",
            )
        return None

    def _cell(self, position: int, number: int) -> Cell | Refused:
        row = self.raw.rows[position]
        return row[number] if number < len(row) else None

    def _place(self, position: int, number: int, column: Column, cell: Cell | Refused) -> Place:
        content = cell.text if isinstance(cell, Refused) else as_text(cell)
        return Place(self.raw.name, position + 1, column_letter(number + 1), column.heading_nb, content or None)

    def _problem(self, place: Place, nb: str, en: str) -> None:
        self.imported.problems.append(SheetProblem(place, nb.strip(), en.strip()))


def _plain(cell: Cell | Refused) -> str:
    if isinstance(cell, Refused):
        raise cell.error
    return "" if _empty(cell) else lexical_of(_stripped(cell), STRING)


def _stripped(cell: Cell) -> Cell:
    return cell.strip() if isinstance(cell, str) else cell


def _lines(cell: Cell | Refused) -> list[str]:
    text = "" if isinstance(cell, Refused) else as_text(cell)
    return [line.strip() for line in text.split("\n") if line.strip()]


def _empty(cell: Cell | Refused) -> bool:
    return cell is None or (isinstance(cell, str) and not cell.strip())
