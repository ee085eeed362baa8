"""Reads the rows of a CSV or TSV table by the columns that a mapping names.

RFC 4180, with the delimiter of the mapping. Every cell is text, so that no code loses a zero.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from urllib.parse import quote

from pyoxigraph import Literal, NamedNode

from plangraf.errors import ListError
from plangraf.sources.lists.entries import Entry, Term, ascii_iri, collect
from plangraf.sources.lists.loading import Content
from plangraf.sources.lists.mapping import Mapping
from plangraf.sources.lists.repairs import Repairs

Row = dict[str, str]


def table_rows(content: Content, mapping: Mapping) -> Iterator[tuple[int, Row]]:
    """Each row with the number of its line, by field; empty cells are left out.

    Raises:
        ListError: the encoding differs, a column is missing or stands twice, or a row is longer than the head.
    """
    try:
        text = content.content.decode("utf-8-sig" if mapping.read.encoding == "utf-8" else mapping.read.encoding)
    except (UnicodeDecodeError, LookupError) as error:
        raise ListError(
            f"{content.name} is not {mapping.read.encoding} ({error}). Name its encoding, such as cp1252, as "
            "read.encoding of the mapping."
        ) from error
    if "\0" in text:
        raise ListError(f"{content.name} has the character NUL: it is damaged, or not {mapping.read.encoding}.")
    delimiter = mapping.read.delimiter or ("\t" if mapping.read.format == "tsv" else ",")
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    columns = mapping.read.columns or {}
    try:
        head = [cell.strip() for cell in next(reader, [])]
        missing = [name for name in columns.values() if name not in head]
        if missing:
            raise ListError(
                f"{content.name} has no column {', '.join(missing)}. Its head is: {', '.join(head)}. "
                "Correct the mapping, or its delimiter."
            )
        if twice := [name for name in columns.values() if head.count(name) > 1]:
            raise ListError(f"{content.name} has the column {twice[0]} twice. Rename one of them.")
        places = {name: head.index(column) for name, column in columns.items()}
        for cells in reader:
            if not any(cell.strip() for cell in cells):
                continue
            if len(cells) != len(head):
                raise ListError(
                    f"{content.name}: line {reader.line_num} has {len(cells)} cells, the head {len(head)}. The file "
                    "may be broken off; fetch it again, or quote the cells with a delimiter inside."
                )
            found = {name: cells[place].strip() for name, place in places.items()}
            yield reader.line_num, {name: cell for name, cell in found.items() if cell}
    except csv.Error as error:
        raise ListError(
            f"{content.name}: line {reader.line_num} is not CSV ({error}). Fetch the file again."
        ) from error


def table_entries(content: Content, mapping: Mapping, repairs: Repairs) -> list[Entry]:
    """The entries of a table.

    Raises:
        ListError: it cannot be read, has no row, or a row has no key.
    """
    rows: list[tuple[str, NamedNode, dict[str, Term]]] = []
    keys: dict[NamedNode, str] = {}
    seen: set[tuple[tuple[str, str], ...]] = set()
    for line, row in table_rows(content, mapping):
        if (whole := tuple(sorted(row.items()))) in seen:
            repairs.add("duplicate-row", row.get("thing", ""))
            continue
        seen.add(whole)
        key = row.pop("thing", None)
        if key is None:
            raise ListError(f"{content.name}: line {line} has no key. Fill in the column of `thing`.")
        iri = _iri_of(key, mapping, f"{content.name}: line {line}", repairs)
        if keys.setdefault(iri, key) != key:
            raise ListError(
                f"{content.name}: line {line}: the keys {keys[iri]} and {key} give one IRI, {iri.value}. Write both "
                "the same way."
            )
        rows.append((key, iri, {}))
        for name, cell in row.items():
            pieces = cell.split(mapping.read.separator) if mapping.read.separator else [cell]
            rows += [(key, iri, {name: Literal(piece.strip())}) for piece in pieces if piece.strip()]
    if not rows:
        raise ListError(f"{content.name} has a head and no row. Is it the whole file?")
    return collect(rows)


def _iri_of(key: str, mapping: Mapping, place: str, repairs: Repairs) -> NamedNode:
    """The IRI of an entry: its key when that is one, else by the rule of the mapping."""
    if key.startswith(("http://", "https://")):
        written = key
    elif mapping.iri is not None:
        written = mapping.iri.replace("{key}", quote(key, safe=""))
    else:
        raise ListError(
            f"{place}: the key {key} is not an IRI, and the mapping has no rule `iri`. Add one with {{key}}."
        )
    try:
        found = NamedNode(ascii_iri(written))
    except ValueError as error:
        raise ListError(f'{place}: "{written}" is not an IRI. Correct the key.') from error
    if not written.isascii() and written not in repairs.entries_of("non-ascii-iri"):
        repairs.add("non-ascii-iri", written)
    return found
