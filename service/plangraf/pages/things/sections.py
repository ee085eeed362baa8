"""The sections of a page: what a kind declares, filled with the names, notes and evidence of one thing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from urllib.parse import urlencode

from pyoxigraph import Literal, NamedNode

from plangraf.pages.column_widths import ColumnWidths, Extent, column_widths, extent
from plangraf.pages.things.evidence import Evidence
from plangraf.pages.things.following import Reached, along, follow, step
from plangraf.pages.things.kind_files import MOST_SHOWN
from plangraf.pages.things.kind_form import Fact, Followed, More, Note, Part, Section, Table, Ways
from plangraf.pages.things.names import Names
from plangraf.pages.things.rows import Rows, area_number
from plangraf.rdf.graph import Statement, Value
from plangraf.rdf.namespaces import ID, PREFIXES, SCHEME, local_name
from plangraf.views.collections.collation import collation_key
from plangraf.views.describe import Labels
from plangraf.views.document_parts import sdg_code, section_anchor
from plangraf.views.page_value import PageValue

_NUMBERS = frozenset(PREFIXES["xsd"] + name for name in ("integer", "decimal", "double"))
# A list that is only a little longer than what is open at once is shown whole.
_SLACK = 3


@dataclass(frozen=True, slots=True)
class Marked:
    """A value with the numbers of its evidence."""

    value: PageValue
    marks: Sequence[int] = ()


@dataclass(frozen=True, slots=True)
class FactRow:
    """A line of short facts."""

    name: str
    values: Sequence[Marked]


@dataclass(frozen=True, slots=True)
class NoteView:
    """What stands after a value: an optional name, and values."""

    name: str
    values: Sequence[PageValue]


@dataclass(frozen=True, slots=True)
class Item:
    """One value of a part: number before it, badge after it, notes, the things it was reached by, and its children."""

    value: PageValue
    number: str = ""
    badge: str = ""
    notes: Sequence[NoteView] = ()
    via: Sequence[PageValue] = ()
    marks: Sequence[int] = ()
    through: Sequence[PageValue] = ()
    children: Sequence[PartView] = ()


@dataclass(frozen=True, slots=True)
class Group:
    """Values under one heading, of which `open` are shown at once. Only the first group may have no heading."""

    title: PageValue | None
    open: Sequence[Item]
    folded: Sequence[Item]

    @property
    def number(self) -> int:
        return len(self.open) + len(self.folded)


@dataclass(frozen=True, slots=True)
class PartView:
    """A part of a section. `left` is the number of values that only the list has, None when it is unknown.

    `widths` are those of its columns when its layout is a table, the first with the values themselves.
    """

    layout: str
    title: str
    lead: str
    via: str
    columns: Sequence[str]
    groups: Sequence[Group]
    left: int | None = 0
    more: str | None = None
    widths: ColumnWidths | None = None

    @property
    def number(self) -> int:
        return sum(group.number for group in self.groups)


@dataclass(frozen=True, slots=True)
class TableView:
    """The rows of a query: names of the columns, which of them hold numbers, and the values of each row.

    `anchors` has the id of each row, and is empty when no link leads to one.
    """

    columns: Sequence[str]
    numeric: Sequence[bool]
    rows: Sequence[Sequence[PageValue]]
    widths: ColumnWidths
    anchors: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class WayView:
    """A way in: the question, the list that answers it, and the number of its things."""

    question: str
    href: str
    number: str


@dataclass(frozen=True, slots=True)
class SectionView:
    """A section with content, or with the words `none`; `reading` tells that it is our interpretation."""

    name: str
    title: str
    lead: str
    reading: bool
    parts: Sequence[PartView] = ()
    table: TableView | None = None
    ways: Sequence[WayView] = ()
    none: str = ""


@dataclass(frozen=True, slots=True)
class Builder:
    """Fills the declarations of a page for one thing.

    `cut` tells that the document itself leaves out links, so that no number of values is sure.
    """

    thing: NamedNode
    names: Names
    evidence: Evidence
    cut: bool = False

    @property
    def _language(self) -> str:
        return self.names.language

    def facts(self, declared: Sequence[Fact]) -> list[FactRow]:
        """The short facts that the thing has."""
        rows = []
        for fact in declared:
            found = self.values(self.thing, fact)
            if found:
                values = [Marked(self.value(one), self.evidence.marks(one.statements)) for one in found]
                rows.append(FactRow(self._name(fact), values))
        return rows

    def sections(self, declared: Sequence[Section], rows: Mapping[str, Rows]) -> list[SectionView]:
        """The sections that have a value or say why not; `rows` are the answers of their queries, by their names."""
        views = []
        for section in declared:
            parts = [view for part in section.parts if (view := self.part(self.thing, part))]
            found = rows.get(section.name)
            table = self._table(section.table, found) if section.table and found and found.rows else None
            ways = self._ways(section.ways, found) if section.ways and found else []
            title = section.title.in_language(self.names.spoken)
            if parts or table or ways:
                lead = section.lead.in_language(self.names.spoken) if section.lead else ""
                views.append(SectionView(section.name, title, lead, section.reading, parts, table, ways))
            elif section.none:
                none = section.none.in_language(self.names.spoken)
                views.append(SectionView(section.name, title, "", section.reading, none=none))
        return views

    def _table(self, table: Table, found: Rows) -> TableView:
        columns = [title.in_language(self.names.spoken) for title in table.columns.values()]
        numeric = [all(_is_number(row.get(name)) for row in found.rows) for name in table.columns]
        rows = [[self._cell(row.get(name), found) for name in table.columns] for row in found.rows]
        widths = column_widths(columns, ([extent([cell.text]) for cell in row] for row in rows))
        first = next(iter(table.columns))
        named = [str(value.value) if (value := row.get(first)) else "" for row in found.rows]
        anchors = [section_anchor(name) for name in named] if table.anchors else []
        return TableView(columns, numeric, rows, widths, anchors)

    def _cell(self, value: Value | None, found: Rows) -> PageValue:
        if value is None:
            return PageValue("")
        if isinstance(value, NamedNode) and (label := Labels(found.named).best(value, self._language)):
            return PageValue(label.value, self.names.page_of(value), label.language, value.value)
        return self.names.value(value)

    def _ways(self, ways: Ways, found: Rows) -> list[WayView]:
        asked = urlencode({ways.filter_: area_number(self.thing)})
        views = []
        for way in ways.to:
            if number := found.numbers.get(way.list_):
                href = f"{self.names.prefix}/{way.list_}?{asked}"
                views.append(
                    WayView(way.question.in_language(self.names.spoken), href, self.names.words.number(number))
                )
        return views

    def part(self, start: NamedNode, part: Part) -> PartView | None:
        """The values of a part from a thing; None without any."""
        found = self.values(start, part)
        if not found:
            return None
        known = self.names.known
        marked = {one.value for one in along(known, self.thing, part.mark.path)} if part.mark else set()
        left: int | None = max(len(found) - MOST_SHOWN, 0)
        pairs = [(one, self._item(start, part, one, one.value in marked)) for one in found[:MOST_SHOWN]]
        columns: list[str] = []
        widths = None
        if part.layout == "table":
            filled = [n for n in range(len(part.notes)) if any(item.notes[n].values for _, item in pairs)]
            columns = [self._name(part.notes[n]) for n in filled]
            pairs = [(one, replace(item, notes=[item.notes[n] for n in filled])) for one, item in pairs]
            widths = column_widths(["", *columns], (_extents(item) for _, item in pairs))
        return PartView(
            part.layout,
            part.title.in_language(self.names.spoken) if part.title else "",
            part.lead.in_language(self.names.spoken) if part.lead else "",
            part.via.in_language(self.names.spoken) if part.via else "",
            columns,
            list(self._groups(part, pairs)),
            None if self.cut else left,
            self._more(part.more) if part.more and (left or self.cut) else None,
            widths,
        )

    def values(self, start: Value, followed: Followed) -> list[Reached]:
        """The values of a path in order: texts in the language of the page, else in the first one there is."""
        found = follow(self.names.known, start, followed)
        if followed.named:
            found = [one for one in found if self.names.is_named(one.value)]
        if not found:
            return found
        texts = [one.value for one in found if isinstance(one.value, Literal) and one.value.language]
        if texts:
            languages = [text.language for text in texts if isinstance(text, Literal)]
            wanted = next((one for one in (self._language, "nb", "en") if one in languages), languages[0])
            found = [one for one in found if not isinstance(one.value, Literal) or one.value.language == wanted]
        if len(found) > 1 and not followed.order:
            number = followed.number if isinstance(followed, Part) else None
            found.sort(key=lambda one: collation_key(f"{self._number(number, one.value)} {self.value(one).text}"))
        return found

    def _item(self, start: NamedNode, part: Part, one: Reached, marked: bool) -> Item:
        statements = one.statements
        if part.evidence:
            statements = [(start, step(part.evidence)[0], one.value)]
        number = self._number(part.number, one.value)
        value = self.value(one)
        if number and isinstance(one.value, NamedNode) and (label := self.names.label(one.value)):
            value = replace(value, text=label.text, lang=label.lang)
        # Before those of the children, because evidence is numbered as it is asked for.
        marks = self.evidence.marks(statements)
        children = []
        if isinstance(one.value, NamedNode):
            children = [view for child in part.children if (view := self.part(one.value, child))]
        return Item(
            value,
            number,
            part.mark.text.in_language(self.names.spoken) if part.mark and marked else "",
            self._notes(part, one, value),
            self._ways_here(one) if part.via else [],
            marks,
            self._through(part.through.in_language(self.names.spoken), one) if part.through else [],
            children,
        )

    def _through(self, name: str, one: Reached) -> list[PageValue]:
        return [PageValue(name, self.names.page_of(link)) for link in one.links if isinstance(link, NamedNode)]

    def _notes(self, part: Part, one: Reached, value: PageValue) -> list[NoteView]:
        """The notes of a value; beside the name of an event, only what the name does not say itself."""
        found = [self._note(note, one) for note in part.notes]
        if part.layout != "timeline":
            return found
        said = value.text.casefold()
        own = [[shown for shown in note.values if shown.text.casefold() not in said] for note in found[1:]]
        return [found[0], *(replace(note, values=values) for note, values in zip(found[1:], own, strict=True))]

    def _note(self, note: Note, one: Reached) -> NoteView:
        found = [
            self._short(value.value) if note.short else self.value(value)
            for start in (one.links if note.link else [one.value])
            if not isinstance(start, Literal)
            for value in self.values(start, note)
        ]
        name = note.title.in_language(self.names.spoken) if note.title else ""
        # The concept that a word of ours stands for is one click further, on the page of the thing.
        plain = [replace(one, href=None) if one.about and one.about.startswith(SCHEME) else one for one in found]
        return NoteView(name, list(dict.fromkeys(plain)))

    def _groups(self, part: Part, pairs: Sequence[tuple[Reached, Item]]) -> Iterator[Group]:
        by_group: dict[Value | None, list[Item]] = {}
        for one, item in pairs:
            above = along(self.names.known, one.value, part.group) if part.group else []
            by_group.setdefault(above[0].value if above else None, []).append(item)
        titled = [(self.names.value(value) if value else None, items) for value, items in by_group.items()]
        if part.group:
            titled.sort(key=lambda pair: collation_key(pair[0].text) if pair[0] else "")
        for title, items in titled:
            most = part.most if len(items) > part.most + _SLACK else len(items)
            yield Group(title, items[:most], items[most:])

    def value(self, one: Reached) -> PageValue:
        statement: Statement | None = one.statements[0] if one.statements else None
        if statement is None or not isinstance(one.value, Literal):
            return self.names.plain(one.value)
        return self.names.value_of(statement[0], statement[1], one.value)

    def _number(self, declared: str | None, value: Value) -> str:
        if not isinstance(value, NamedNode):
            return ""
        if code := sdg_code(value.value):
            return code
        return self.names.known.text(value, step(declared)[0]) or "" if declared else ""

    def _ways_here(self, one: Reached) -> list[PageValue]:
        return sorted((self._short(link) for link in one.links), key=lambda shown: collation_key(shown.text))

    def _short(self, link: Value) -> PageValue:
        """A thing by its number, or by its name when it has none."""
        shown = self.names.plain(link)
        number = self._number("plan:number", link)
        return replace(shown, text=number) if number else shown

    def _name(self, followed: Fact | Note) -> str:
        if followed.title:
            return followed.title.in_language(self.names.spoken)
        text = self.names.property(step(followed.path[-1])[0]).text
        return text[:1].upper() + text[1:]

    def _more(self, more: More) -> str:
        iri = self.thing.value
        path = iri.removeprefix(ID)
        keys = {
            "path": path,
            "code": sdg_code(iri) or iri,
            "number": path.partition("/")[0],
            "last": local_name(iri),
        }
        return f"{self.names.prefix}/{more.list_}?{urlencode({more.filter_: keys[more.key]})}"


def _extents(item: Item) -> list[Extent]:
    """The extents of the cells of a row: the value with its number, badge and marks, and each note."""
    value = " ".join(filter(None, (item.number, item.value.text, item.badge, *("[0]" for _ in item.marks))))
    return [extent([value]), *(extent([", ".join(one.text for one in note.values)]) for note in item.notes)]


def _is_number(value: Value | None) -> bool:
    return isinstance(value, Literal) and value.datatype.value in _NUMBERS
