"""Reads raw tables to triples, and reports every cell that cannot be read.

A column is recognised by its machine name in one of the first rows. So people may change headings, move columns and
rename sheets.
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
from plangraf.sheets.cell_values import STRING, Cell, CellError, CellPlace, as_text, spoiling_error, to_lexical
from plangraf.sheets.cells import derive_values, read_cell
from plangraf.sheets.keys import Keys, ThingNames, report_dangling_key
from plangraf.sheets.model import Column, Model, Sheet
from plangraf.sheets.read.number_formats import strip_mark
from plangraf.sheets.read.raw import (
    Imported,
    RawTable,
    Refused,
    Row,
    choose_own_heading,
    find_similar_sheets,
    own_sheet_notes,
    report_hidden,
    report_merged_cells,
    report_own_column,
    report_own_sheet,
    text_of,
)
from plangraf.sheets.write.tables import NOTHING_IMPLIED, OTHER_COLUMNS, OTHER_MACHINE, Note, read_other_term

_PLAN_NUMBER = PLAN + "number"
_DECIMAL = PREFIXES["xsd"] + "decimal"
_UNIT = PREFIXES["qudt"] + "Unit"
_Read = TypeVar("_Read")
_Arguments = ParamSpec("_Arguments")
# Machine names are in the third row, unless somebody inserted rows above.
_LAST_HEADING_ROW = 10


def read_tables(found: Sequence[RawTable], model: Model, keys: Keys) -> Imported:
    """Reads the triples, notes and problems of all tables."""
    imported = Imported()
    keyed: dict[NamedNode, CellPlace] = {}
    for raw in found:
        imported.problems += raw.problems
        _TableReader(raw, model, keys, imported, keyed).read()
    names = ThingNames(imported.triples, keys)
    imported.problems += [report_dangling_key(place, column, text, names) for place, column, text in imported.unnamed]
    return imported


@dataclass(slots=True)
class _TableReader:
    raw: RawTable
    model: Model
    keys: Keys
    imported: Imported
    _key_places: dict[NamedNode, CellPlace]
    _own_columns: dict[int, str] = field(default_factory=dict)

    def read(self) -> None:
        number = self._find_heading_row()
        if number is None:
            if any(cell is not None for row in self.raw.rows for cell in row) and not self.raw.problems:
                self._read_unnamed_table()
            return
        names = [as_text(cell).strip() if not isinstance(cell, Refused) else "" for cell in self.raw.rows[number]]
        # In CSV files an apostrophe guards texts that look like formulas, also machine names.
        names = [name.removeprefix("'") if name.startswith("'@") else name for name in names]
        if set(OTHER_MACHINE) <= set(names):
            self._read_others(number + 1, [names.index(name) for name in OTHER_MACHINE])
            return
        key = next((name for name in names if name.startswith("@id ")), "")
        wanted = [sheet for sheet in self.model.sheets if sheet.columns[0].machine == key]
        if not wanted:
            self._report_unknown_table(key, number)
            return
        columns = self._match_columns(wanted[0], names, number)
        self.imported.problems += report_merged_cells(self.raw, number + 1, columns)
        rows = [p for p in range(number + 1, len(self.raw.rows)) if self._read_row(wanted[0], columns, p)]
        self.imported.problems += report_hidden(self.raw, rows, list(columns))

    def _read_unnamed_table(self) -> None:
        """Reports a table that has lost its machine names; keeps an own sheet as notes."""
        if near := find_similar_sheets(self.raw, self.model):
            self._report_unknown_table(near=near)
            return
        self.imported.notes += own_sheet_notes(self.raw)
        self.imported.problems.append(report_own_sheet(self.raw))

    def _find_heading_row(self) -> int | None:
        for number, row in enumerate(self.raw.rows[:_LAST_HEADING_ROW]):
            if any(isinstance(cell, str) and cell.strip().startswith(("@id ", "@subject")) for cell in row):
                return number
        return None

    def _report_unknown_table(self, key: str = "", number: int | None = None, near: Sequence[str] = ()) -> None:
        alike = difflib.get_close_matches(key, [sheet.columns[0].machine for sheet in self.model.sheets], n=1)
        meant = [f"«{name}»" for name in (*near, *alike)]
        titles = ", ".join(meant or (f"«{sheet.title}»" for sheet in self.model.sheets))
        hint_nb = f"Mente du {titles}?" if meant else f"Ark som finnes: {titles}."
        hint_en = f"Did you mean {titles}?" if meant else f"Known sheets: {titles}."
        found = f" «{key}»" if key else ""
        self._report(
            CellPlace(self.raw.name, None if number is None else number + 1),
            f"Arket er ukjent: raden med de grå navnene mangler eller er ukjent{found}. Slett arket, eller ta det fra "
            f"en mal (`plangraf export-sheet --template`). {hint_nb}",
            f"The sheet is unknown: the row of grey names is missing or unknown{found}. Delete the sheet, or take it "
            f"from a template (`plangraf export-sheet --template`). {hint_en}",
        )

    def _match_columns(self, sheet: Sheet, names: Sequence[str], number: int) -> dict[int, Column]:
        known = {column.machine: column for column in sheet.columns}
        columns: dict[int, Column] = {}
        width = max(len(row) for row in self.raw.rows)
        for position, name in enumerate([*names, *[""] * (width - len(names))]):
            place = CellPlace(self.raw.name, number + 1, get_column_letter(position + 1), content=name or None)
            if name in known:
                if known[name] in columns.values():
                    self._report(
                        place, "Kolonnen finnes to ganger. Slett den ene.", "The column is there twice. Delete one."
                    )
                columns[position] = known[name]
            elif name and (near := self._suggest_name(name, known)):
                if self._holds_something(position, number + 1):
                    self._report(
                        place,
                        f"Kolonnen er ukjent på dette arket. {near[0]}",
                        f"The column is unknown on this sheet. {near[1]}",
                    )
            elif self._holds_something(position, 0):
                heading = choose_own_heading(self.raw, number, position, self._own_columns.values())
                self._own_columns[position] = heading
                self.imported.notes.append(Note("column", sheet.columns[0].machine, "", heading, ""))
                self.imported.problems.append(report_own_column(self.raw, number, position, heading))
        return columns

    def _suggest_name(self, name: str, known: Collection[str]) -> tuple[str, str] | None:
        """A hint about an unknown machine name; None for the heading of an own column."""
        near = difflib.get_close_matches(name, known, n=1, cutoff=0.75)
        if near:
            return f"Mente du «{near[0]}»?", f"Did you mean «{near[0]}»?"
        if re.fullmatch(r"@.*|[a-z][a-z-]*:[A-Za-z]\S*", name):
            return "Slett kolonnen, eller bruk arket for annet.", "Delete the column, or use the sheet of others."
        return None

    def _holds_something(self, position: int, first: int) -> bool:
        return any(position < len(row) and row[position] is not None for row in self.raw.rows[first:])

    def _read_row(self, sheet: Sheet, columns: dict[int, Column], position: int) -> bool:
        """Reads one row; returns whether it holds data."""
        cells = [(number, column, self._cell_at(position, number)) for number, column in columns.items()]
        if all(_is_empty(cell) for _, _, cell in cells):
            self._keep_notes(sheet, position, "", {})
            return False
        at, key_column, key = next(found for found in cells if found[1].role == "key")
        place = self._place_of(position, at, key_column, key)
        try:
            thing = self._read_key(key, sheet, cells)
        except CellError as error:
            self._report(place, error.nb, error.en)
            return True
        if earlier := self._key_places.get(thing):
            self._report(
                place,
                f"Nøkkelen står også i {earlier.table}, rad {earlier.row}. Gi hver ting sin egen nøkkel, på én rad.",
                f"The key stands in {earlier.table}, row {earlier.row}, too. Give each thing a key of its own, on one "
                "row.",
            )
            return True
        row = Row(thing, sheet, place)
        self.imported.rows.append(row)
        self._key_places[thing] = place
        self.imported.places[thing.value] = place
        self._keep_notes(sheet, position, self.keys.short(thing.value), columns)
        self._add_statements(row, self._read_cells(row, position, cells))
        return True

    def _read_cells(
        self, row: Row, position: int, cells: Sequence[tuple[int, Column, Cell | Refused]]
    ) -> dict[str, set[Value]]:
        """Reads the values of a row by property; sets its evidence and whether it is bare."""
        found: dict[str, set[Value]] = {}
        unit = next((iri for _, column, cell in cells if (iri := _read_unit(column, cell, self.keys))), None)
        for number, column, cell in cells:
            if column.role == "key":
                continue
            place = self._place_of(position, number, column, cell)
            if derived := self._derive_values(row.sheet, column, cell):
                for path, terms in derived.items():
                    found.setdefault(path, set()).update(terms)
                    self.imported.cells.setdefault((row.thing.value, path), []).append(place)
                continue
            if _DECIMAL in column.kind.datatypes and (number_alone := strip_mark(cell, unit)) is not None:
                cell = number_alone
            values = self._read_values(column, cell, place, row.thing)
            if column.role == "classes":
                found.setdefault(RDF_TYPE.value, set()).update(values)
                row.bare = NOTHING_IMPLIED in _split_lines(cell)
            elif column.role == "evidence":
                row.evidence[column.path] = (values, place)
            else:
                found.setdefault(column.path, set()).update(values)
                self.imported.cells.setdefault((row.thing.value, column.path), []).append(place)
        return found

    def _derive_values(self, sheet: Sheet, column: Column, cell: Cell | Refused) -> dict[str, list[Value]] | None:
        """Values that a cell gives to several properties, when the sheet has a column for each."""
        if column.role != "property" or isinstance(cell, Refused):
            return None
        found = derive_values(column.path, cell)
        return found if found and found.keys() <= {other.path for other in sheet.columns} else None

    def _keep_notes(self, sheet: Sheet, position: int, key: str, columns: Mapping[int, Column]) -> None:
        """Keeps the cells of own columns, and the comments of the row, as notes."""
        machine = sheet.columns[0].machine
        for number, heading in self._own_columns.items():
            text = text_of(self._cell_at(position, number))
            if text and key:
                self.imported.notes.append(Note("column", machine, key, heading, text))
            elif text:
                # A row without a key, such as a sum, cannot be restored beside a thing.
                title = f"{sheet.title} (notater)"
                self.imported.notes.append(Note("sheet", title, str(position + 1), str(number + 1), text))
        for (row, number), text in self.raw.comments.items():
            if row == position and number in columns and key:
                self.imported.notes.append(Note("comment", machine, key, columns[number].machine, text))

    def _add_statements(self, row: Row, found: dict[str, set[Value]]) -> None:
        row.stated = [Triple(row.thing, NamedNode(path), value) for path, values in found.items() for value in values]
        if row.bare:
            for triple in row.stated:
                self.imported.add(triple, row.place)
            return
        implied = [Triple(row.thing, RDF_TYPE, NamedNode(iri)) for iri in row.sheet.types]
        implied += [Triple(row.thing, NamedNode(path), value) for path, value in row.sheet.implied]
        row.implied = [triple for triple in implied if triple not in row.stated]
        for column in row.sheet.columns:
            same = column.kind.equals
            if same and column.role == "property" and not found.get(column.path):
                row.stated += [Triple(row.thing, NamedNode(column.path), value) for value in found.get(same, ())]
        for triple in (*row.stated, *row.implied):
            self.imported.add(triple, row.place)

    def _read_values(self, column: Column, cell: Cell | Refused, where: CellPlace, thing: NamedNode) -> list[Value]:
        try:
            if isinstance(cell, Refused):
                raise cell.error
            if column.role == "classes":
                return [self.keys.iri(line) for line in _split_lines(cell) if line != NOTHING_IMPLIED]
            if isinstance(cell, float) and column.path == _PLAN_NUMBER:
                to_lexical(cell, STRING)  # refused, because plan numbers 1.1 and 1.10 are the same number in Excel
            return read_cell(column, cell, self.keys)
        except CellError as error:
            advice_nb, advice_en = (
                (f" {column.help_nb}", f" {column.help_en}") if column.role == "property" else ("", "")
            )
            if column.kind.link and column.kind.classes and not column.kind.names and isinstance(cell, str):
                self.imported.unnamed.append((where, column, cell.strip()))
            else:
                self._report(where, error.nb + advice_nb, error.en + advice_en)
            self.imported.unreadable.add((thing.value, "evidence" if column.role == "evidence" else column.path))
            return []

    def _read_key(
        self, cell: Cell | Refused, sheet: Sheet, cells: Sequence[tuple[int, Column, Cell | Refused]]
    ) -> NamedNode:
        if isinstance(cell, Refused):
            raise cell.error
        if _is_empty(cell):
            named = (text_of(other) for _, column, other in cells if column.language and not _is_empty(other))
            example = f"{sheet.segment}/{slug(next(named, ''))[:60].strip('-') or 1}"
            raise CellError(
                f"Raden har ingen nøkkel. Skriv en, som «{example}», eller tøm raden.",
                f"The row has no key. Write one, such as «{example}», or empty the row.",
            )
        heading = sheet.columns[0]
        if isinstance(cell, str) and cell.strip().strip("'") in (
            heading.heading_nb,
            heading.heading_en,
            heading.name_nb,
            heading.machine,
        ):
            raise CellError(
                "Overskriftene står her én gang til. Slett raden.", "The headings stand here again. Delete the row."
            )
        text = to_lexical(_strip(cell), STRING)
        if wrong := spoiling_error(text):
            raise wrong
        return self.keys.iri(text, sheet.segment)

    def _read_others(self, first: int, columns: Sequence[int]) -> None:
        for position in range(first, len(self.raw.rows)):
            cells = [self._cell_at(position, column) for column in columns]
            places = [
                self._place_of(position, column, known, cell)
                for column, known, cell in zip(columns, OTHER_COLUMNS, cells, strict=True)
            ]
            if all(_is_empty(cell) for cell in cells):
                continue
            texts = [self._try_read(place, _read_text, cell) for cell, place in zip(cells, places, strict=True)]
            if None in texts:
                continue
            subject, name, value, kind = (text or "" for text in texts)
            thing = self._try_read(places[0], self.keys.iri, subject)
            path = self._try_read(places[1], self.keys.iri, name)
            term = self._try_read(places[2 if kind == "iri" else 3], read_other_term, value, kind, self.keys)
            if thing and path and term:
                self.imported.add(Triple(thing, path, term), places[2])
                self.imported.cells.setdefault((thing.value, path.value), []).append(places[2])

    def _try_read(
        self,
        place: CellPlace,
        read: Callable[_Arguments, _Read],
        *arguments: _Arguments.args,
        **options: _Arguments.kwargs,
    ) -> _Read | None:
        """The value that was read; None after reporting why it cannot be read."""
        try:
            return read(*arguments, **options)
        except CellError as error:
            self._report(place, error.nb, error.en)
        except ValueError as error:
            self._report(
                place,
                f"Cellen kan ikke leses ({error}). Skriv språket som @nb, datatypen som xsd:gYear.",
                f"The cell cannot be read ({error}). Write the language as @nb, the datatype as xsd:gYear.",
            )
        return None

    def _cell_at(self, position: int, number: int) -> Cell | Refused:
        row = self.raw.rows[position]
        return row[number] if number < len(row) else None

    def _place_of(self, position: int, number: int, column: Column, cell: Cell | Refused) -> CellPlace:
        content = text_of(cell) or None
        return CellPlace(self.raw.name, position + 1, get_column_letter(number + 1), column.heading_nb, content)

    def _report(self, place: CellPlace, nb: str, en: str) -> None:
        self.imported.problems.append(Diagnostic(place, nb.strip(), en.strip()))


def _read_unit(column: Column, cell: Cell | Refused, keys: Keys) -> str | None:
    """The unit that the cell states for its row."""
    if column.role != "property" or _UNIT not in column.kind.classes or isinstance(cell, Refused) or _is_empty(cell):
        return None
    try:
        return next((term.value for term in read_cell(column, cell, keys) if isinstance(term, NamedNode)), None)
    except CellError:
        return None


def _read_text(cell: Cell | Refused) -> str:
    if isinstance(cell, Refused):
        raise cell.error
    return "" if _is_empty(cell) else to_lexical(_strip(cell), STRING)


def _strip(cell: Cell) -> Cell:
    return cell.strip() if isinstance(cell, str) else cell


def _split_lines(cell: Cell | Refused) -> list[str]:
    text = "" if isinstance(cell, Refused) else as_text(cell)
    return [line.strip() for line in text.split("\n") if line.strip()]


def _is_empty(cell: Cell | Refused) -> bool:
    return cell is None or (isinstance(cell, str) and not cell.strip())
