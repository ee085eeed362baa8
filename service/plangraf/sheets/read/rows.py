"""Raw tables to triples, with every cell that cannot be read: first step of an import.

A column is known by its name for the machine, in whichever of the first rows that stands, so headings can be
changed, columns moved, and sheets renamed.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import ParamSpec, TypeVar

from openpyxl.utils import get_column_letter
from pyoxigraph import NamedNode, Triple

from plangraf.diagnostics.diagnostic import Diagnostic
from plangraf.rdf.graph import RDF_TYPE, Value
from plangraf.rdf.namespaces import PLAN, PREFIXES, slug
from plangraf.sheets.cell_place import CellError, CellPlace, SheetDiagnostic
from plangraf.sheets.cells import read
from plangraf.sheets.derived import derived
from plangraf.sheets.keys import Keys
from plangraf.sheets.model import Column, Model, Sheet
from plangraf.sheets.notes import Note
from plangraf.sheets.read.asides import (
    merged_cells,
    own_heading,
    own_sheet,
    resembles,
    text_of,
    told_of_hidden,
    told_of_own_column,
    told_of_own_sheet,
)
from plangraf.sheets.read.links import Names, no_key
from plangraf.sheets.read.raw import RawTable, Refused
from plangraf.sheets.unit_marks import without_mark
from plangraf.sheets.values import STRING, Cell, as_text, lexical_of, spoiled
from plangraf.sheets.write.tables import NOTHING_IMPLIED, OTHER_COLUMNS, OTHER_MACHINE, other_term

_PLAN_NUMBER = PLAN + "number"
_DECIMAL = PREFIXES["xsd"] + "decimal"
_UNIT = PREFIXES["qudt"] + "Unit"
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
    place: CellPlace
    said: list[Triple] = field(default_factory=list)
    implied: list[Triple] = field(default_factory=list)
    bare: bool = False
    evidence: dict[str, tuple[list[Value], CellPlace]] = field(default_factory=dict)


@dataclass(slots=True)
class Imported:
    """What the tables say.

    `cells` gives the cells of a thing's property, `bad` those that could not be read; `unnamed` are cells of links
    that hold no key.
    """

    triples: set[Triple] = field(default_factory=set)
    rows: list[Row] = field(default_factory=list)
    places: dict[str, CellPlace] = field(default_factory=dict)
    cells: dict[tuple[str, str], list[CellPlace]] = field(default_factory=dict)
    bad: set[tuple[str, str]] = field(default_factory=set)
    problems: list[SheetDiagnostic] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)
    unnamed: list[tuple[CellPlace, Column, str]] = field(default_factory=list)

    def add(self, triple: Triple, place: CellPlace) -> None:
        self.triples.add(triple)
        assert isinstance(triple.subject, NamedNode)
        self.places.setdefault(triple.subject.value, place)


def read_tables(found: Sequence[RawTable], model: Model, keys: Keys) -> Imported:
    """The triples of all tables, what is kept aside, and everything that cannot be read."""
    imported = Imported()
    keyed: dict[NamedNode, CellPlace] = {}
    for raw in found:
        imported.problems += raw.problems
        _TableReader(raw, model, keys, imported, keyed).read()
    names = Names(imported.triples, keys)
    imported.problems += [no_key(place, column, text, names) for place, column, text in imported.unnamed]
    return imported


@dataclass(slots=True)
class _TableReader:
    raw: RawTable
    model: Model
    keys: Keys
    imported: Imported
    _keyed: dict[NamedNode, CellPlace]
    _own: dict[int, str] = field(default_factory=dict)

    def read(self) -> None:
        number = self._heading_row()
        if number is None:
            if any(cell is not None for row in self.raw.rows for cell in row) and not self.raw.problems:
                self._without_names()
            return
        names = [as_text(cell).strip() if not isinstance(cell, Refused) else "" for cell in self.raw.rows[number]]
        # In CSV a text that begins with a sign of formulas has an apostrophe before it, the machine's names too.
        names = [name.removeprefix("'") if name.startswith("'@") else name for name in names]
        if set(OTHER_MACHINE) <= set(names):
            self._others(number + 1, [names.index(name) for name in OTHER_MACHINE])
            return
        key = next((name for name in names if name.startswith("@id ")), "")
        wanted = [sheet for sheet in self.model.sheets if sheet.columns[0].machine == key]
        if not wanted:
            self._unknown_table(key, number)
            return
        columns = self._columns(wanted[0], names, number)
        self.imported.problems += merged_cells(self.raw, number + 1, columns)
        rows = [p for p in range(number + 1, len(self.raw.rows)) if self._row(wanted[0], columns, p)]
        self.imported.problems += told_of_hidden(self.raw, rows, list(columns))

    def _without_names(self) -> None:
        """A table whose row of grey names is gone is told; a sheet of people's own is kept as notes."""
        if near := resembles(self.raw, self.model):
            self._unknown_table(near=near)
            return
        self.imported.notes += own_sheet(self.raw)
        self.imported.problems.append(told_of_own_sheet(self.raw))

    def _heading_row(self) -> int | None:
        for number, row in enumerate(self.raw.rows[:_LAST_HEADING_ROW]):
            if any(isinstance(cell, str) and cell.strip().startswith(("@id ", "@subject")) for cell in row):
                return number
        return None

    def _unknown_table(self, key: str = "", number: int | None = None, near: Sequence[str] = ()) -> None:
        alike = difflib.get_close_matches(key, [sheet.columns[0].machine for sheet in self.model.sheets], n=1)
        meant = [f"«{name}»" for name in (*near, *alike)]
        titles = ", ".join(meant or (f"«{sheet.title}»" for sheet in self.model.sheets))
        hint_nb = f"Mente du {titles}?" if meant else f"Ark som finnes: {titles}."
        hint_en = f"Did you mean {titles}?" if meant else f"Sheets that there are: {titles}."
        found = f" «{key}»" if key else ""
        self._problem(
            CellPlace(self.raw.name, None if number is None else number + 1),
            f"Arket er ukjent: raden med de grå navnene mangler eller er ukjent{found}. Slett arket, eller ta det fra "
            f"en mal (`plangraf export-sheet --template`). {hint_nb}",
            f"The sheet is unknown: the row of grey names is missing or unknown{found}. Delete the sheet, or take it "
            f"from a template (`plangraf export-sheet --template`). {hint_en}",
        )

    def _columns(self, sheet: Sheet, names: Sequence[str], number: int) -> dict[int, Column]:
        known = {column.machine: column for column in sheet.columns}
        columns: dict[int, Column] = {}
        width = max(len(row) for row in self.raw.rows)
        for position, name in enumerate([*names, *[""] * (width - len(names))]):
            place = CellPlace(self.raw.name, number + 1, get_column_letter(position + 1), content=name or None)
            if name in known:
                if known[name] in columns.values():
                    self._problem(
                        place, "Kolonnen finnes to ganger. Slett den ene.", "The column is there twice. Delete one."
                    )
                columns[position] = known[name]
            elif name and (near := self._near(name, known)):
                if self._holds_something(position, number + 1):
                    self._problem(
                        place, f"Kolonnen er ukjent på dette arket. {near[0]}",
                        f"The column is unknown on this sheet. {near[1]}",
                    )  # fmt: skip
            elif self._holds_something(position, 0):
                heading = own_heading(self.raw, number, position, self._own.values())
                self._own[position] = heading
                self.imported.notes.append(Note("column", sheet.columns[0].machine, "", heading, ""))
                self.imported.problems.append(told_of_own_column(self.raw, number, position, heading))
        return columns

    def _near(self, name: str, known: Collection[str]) -> tuple[str, str] | None:
        """What an unknown name for the machine was meant to be; None for a heading of people's own."""
        near = difflib.get_close_matches(name, known, n=1, cutoff=0.75)
        if near:
            return f"Mente du «{near[0]}»?", f"Did you mean «{near[0]}»?"
        if re.fullmatch(r"@.*|[a-z][a-z-]*:[A-Za-z]\S*", name):
            return "Slett kolonnen, eller bruk arket for annet.", "Delete the column, or use the sheet of others."
        return None

    def _holds_something(self, position: int, first: int) -> bool:
        return any(position < len(row) and row[position] is not None for row in self.raw.rows[first:])

    def _row(self, sheet: Sheet, columns: dict[int, Column], position: int) -> bool:
        """Whether the row holds data."""
        cells = [(number, column, self._cell(position, number)) for number, column in columns.items()]
        if all(_empty(cell) for _, _, cell in cells):
            self._keep_notes(sheet, position, "", {})
            return False
        at, key_column, key = next(found for found in cells if found[1].role == "key")
        place = self._place(position, at, key_column, key)
        try:
            thing = self._key(key, sheet, cells)
        except CellError as error:
            self._problem(place, error.nb, error.en)
            return True
        if earlier := self._keyed.get(thing):
            self._problem(
                place,
                f"Nøkkelen står også i {earlier.table}, rad {earlier.row}. Gi hver ting sin egen nøkkel, på én rad.",
                f"The key stands in {earlier.table}, row {earlier.row}, too. Give each thing a key of its own, on one "
                "row.",
            )
            return True
        row = Row(thing, sheet, place)
        self.imported.rows.append(row)
        self._keyed[thing] = place
        self.imported.places[thing.value] = place
        self._keep_notes(sheet, position, self.keys.short(thing.value), columns)
        said: dict[str, set[Value]] = {}
        unit = next((iri for _, column, cell in cells if (iri := _unit(column, cell, self.keys))), None)
        for number, column, cell in cells:
            if column.role == "key":
                continue
            where = self._place(position, number, column, cell)
            if more := self._derived(sheet, column, cell):
                for path, terms in more.items():
                    said.setdefault(path, set()).update(terms)
                    self.imported.cells.setdefault((thing.value, path), []).append(where)
                continue
            if _DECIMAL in column.kind.datatypes and (number_alone := without_mark(cell, unit)) is not None:
                cell = number_alone
            values = self._values(column, cell, where, thing)
            if column.role == "classes":
                said.setdefault(RDF_TYPE.value, set()).update(values)
                row.bare = NOTHING_IMPLIED in _lines(cell)
            elif column.role == "evidence":
                row.evidence[column.path] = (values, where)
            else:
                said.setdefault(column.path, set()).update(values)
                self.imported.cells.setdefault((thing.value, column.path), []).append(where)
        self._fill(row, said)
        return True

    def _derived(self, sheet: Sheet, column: Column, cell: Cell | Refused) -> dict[str, list[Value]] | None:
        """What a cell says of several properties, when the sheet has a column for each."""
        if column.role != "property" or isinstance(cell, Refused):
            return None
        found = derived(column.path, cell)
        return found if found and found.keys() <= {other.path for other in sheet.columns} else None

    def _keep_notes(self, sheet: Sheet, position: int, key: str, columns: Mapping[int, Column]) -> None:
        """The row's cells in columns of people's own, and comments on any of its cells."""
        machine = sheet.columns[0].machine
        for number, heading in self._own.items():
            text = text_of(self._cell(position, number))
            if text and key:
                self.imported.notes.append(Note("column", machine, key, heading, text))
            elif text:
                # A row without a key, such as a sum or a heading between the rows, has no thing to stand by.
                title = f"{sheet.title} (notater)"
                self.imported.notes.append(Note("sheet", title, str(position + 1), str(number + 1), text))
        for (row, number), text in self.raw.comments.items():
            if row == position and number in columns and key:
                self.imported.notes.append(Note("comment", machine, key, columns[number].machine, text))

    def _fill(self, row: Row, said: dict[str, set[Value]]) -> None:
        row.said = [
            Triple(row.thing, NamedNode(path), value) for path, values in said.items() for value in values
        ]  # fmt: skip
        if row.bare:
            for triple in row.said:
                self.imported.add(triple, row.place)
            return
        implied = [Triple(row.thing, RDF_TYPE, NamedNode(iri)) for iri in row.sheet.types]
        implied += [Triple(row.thing, NamedNode(path), value) for path, value in row.sheet.implied]
        row.implied = [triple for triple in implied if triple not in row.said]
        for column in row.sheet.columns:
            same = column.kind.equals
            if same and column.role == "property" and not said.get(column.path):
                row.said += [Triple(row.thing, NamedNode(column.path), value) for value in said.get(same, ())]
        for triple in (*row.said, *row.implied):
            self.imported.add(triple, row.place)

    def _values(self, column: Column, cell: Cell | Refused, where: CellPlace, thing: NamedNode) -> list[Value]:
        try:
            if isinstance(cell, Refused):
                raise cell.error
            if column.role == "classes":
                return [self.keys.iri(line) for line in _lines(cell) if line != NOTHING_IMPLIED]
            if isinstance(cell, float) and column.path == _PLAN_NUMBER:
                lexical_of(cell, STRING)  # 1.1 and 1.10 are two numbers of plans, and one of Excel
            return read(column, cell, self.keys)
        except CellError as error:
            advice_nb, advice_en = (
                (f" {column.help_nb}", f" {column.help_en}") if column.role == "property" else ("", "")
            )
            if column.kind.link and column.kind.classes and not column.kind.names and isinstance(cell, str):
                self.imported.unnamed.append((where, column, cell.strip()))
            else:
                self._problem(where, error.nb + advice_nb, error.en + advice_en)
            self.imported.bad.add((thing.value, "evidence" if column.role == "evidence" else column.path))
            return []

    def _key(
        self, cell: Cell | Refused, sheet: Sheet, cells: Sequence[tuple[int, Column, Cell | Refused]]
    ) -> NamedNode:
        if isinstance(cell, Refused):
            raise cell.error
        if _empty(cell):
            named = (text_of(other) for _, column, other in cells if column.language and not _empty(other))
            example = f"{sheet.segment}/{slug(next(named, ''))[:60].strip('-') or 1}"
            raise CellError(
                f"Raden har ingen nøkkel. Skriv en, som «{example}», eller tøm raden.",
                f"The row has no key. Write one, such as «{example}», or empty the row.",
            )
        heading = sheet.columns[0]
        if isinstance(cell, str) and cell.strip().strip("'") in (
            heading.heading_nb, heading.heading_en, heading.name_nb, heading.machine,
        ):  # fmt: skip
            raise CellError(
                "Overskriftene står her én gang til. Slett raden.", "The headings stand here again. Delete the row."
            )
        text = lexical_of(_stripped(cell), STRING)
        if wrong := spoiled(text):
            raise wrong
        return self.keys.iri(text, sheet.segment)

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
        self, place: CellPlace, reading: Callable[_Given, _Read], *given: _Given.args, **more: _Given.kwargs
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

    def _place(self, position: int, number: int, column: Column, cell: Cell | Refused) -> CellPlace:
        content = text_of(cell) or None
        return CellPlace(self.raw.name, position + 1, get_column_letter(number + 1), column.heading_nb, content)

    def _problem(self, place: CellPlace, nb: str, en: str) -> None:
        self.imported.problems.append(Diagnostic(place, nb.strip(), en.strip()))


def _unit(column: Column, cell: Cell | Refused, keys: Keys) -> str | None:
    """The unit that a cell gives its row."""
    if column.role != "property" or _UNIT not in column.kind.classes or isinstance(cell, Refused) or _empty(cell):
        return None
    try:
        return next((term.value for term in read(column, cell, keys) if isinstance(term, NamedNode)), None)
    except CellError:
        return None


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
