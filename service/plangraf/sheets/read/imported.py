"""The result of reading tables: rows, triples, and the cells that each of them comes from."""

from __future__ import annotations

from dataclasses import dataclass, field

from pyoxigraph import NamedNode, Triple

from plangraf.rdf.graph import Value
from plangraf.sheets.cell_place import CellPlace, SheetDiagnostic
from plangraf.sheets.model import Column, Sheet
from plangraf.sheets.notes import Note


@dataclass(slots=True)
class Row:
    """One row of a sheet, which describes one thing.

    Attributes:
        thing: IRI of the thing.
        sheet: the sheet of its class.
        place: the cell of its key.
        stated: triples that its cells state.
        implied: triples that hold for each thing of the sheet.
        bare: whether the row only adds to a thing of another dataset; then nothing is implied.
        evidence: values and place of each evidence column, by the IRI of its property.
    """

    thing: NamedNode
    sheet: Sheet
    place: CellPlace
    stated: list[Triple] = field(default_factory=list)
    implied: list[Triple] = field(default_factory=list)
    bare: bool = False
    evidence: dict[str, tuple[list[Value], CellPlace]] = field(default_factory=dict)


@dataclass(slots=True)
class Imported:
    """All that was read from the tables.

    Attributes:
        triples: the statements of all rows.
        rows: the rows that have a key.
        places: the cell of each thing's key, by IRI.
        cells: the cells of each property of a thing, by the IRIs of thing and property.
        unreadable: the keys of `cells` of which a cell could not be read.
        problems: findings about cells, rows and tables.
        notes: what people keep beside the data.
        unnamed: cells of link columns that hold no key, with their text.
    """

    triples: set[Triple] = field(default_factory=set)
    rows: list[Row] = field(default_factory=list)
    places: dict[str, CellPlace] = field(default_factory=dict)
    cells: dict[tuple[str, str], list[CellPlace]] = field(default_factory=dict)
    unreadable: set[tuple[str, str]] = field(default_factory=set)
    problems: list[SheetDiagnostic] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)
    unnamed: list[tuple[CellPlace, Column, str]] = field(default_factory=list)

    def add(self, triple: Triple, place: CellPlace) -> None:
        self.triples.add(triple)
        assert isinstance(triple.subject, NamedNode)
        self.places.setdefault(triple.subject.value, place)
