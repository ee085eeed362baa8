"""Writes the observations of a table as N-Triples sorted by key, without holding them in memory.

One statement a line, no blank node, each line once, sorted by bytes, so that a build can trust the file by its
SHA-256 and merge it without parsing. https://www.w3.org/TR/n-triples/ https://www.w3.org/TR/vocab-data-cube/#dsd
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import BinaryIO

from pyoxigraph import Literal, NamedNode

from plangraf.rdf.namespaces import PLAN, PREFIXES, terms
from plangraf.sources.statistics.cube.dimension_terms import DimensionTerms
from plangraf.sources.statistics.cube.names import BETWEEN_CODES, TableNames, key
from plangraf.sources.statistics.cube.terms import NO_REASON, decimal_text, status_of, text
from plangraf.sources.statistics.statistical_table import Table

qb, sdmx_measure, sdmx_attribute = map(terms, ("qb", "sdmx-measure", "sdmx-attribute"))
_TYPE = NamedNode(PREFIXES["rdf"] + "type")
_DECIMAL = f"^^<{PREFIXES['xsd']}decimal>"
_SYMBOL = NamedNode(PLAN + "statusSymbol")
# Observations that are written at once.
_BATCH = 4096


@dataclass(frozen=True, slots=True)
class Written:
    """What an observation file holds: its SHA-256, observations, and statements (one a line)."""

    sha256: str
    observations: int
    statements: int


@dataclass(frozen=True, slots=True)
class _Fragments:
    """The rest of a line after the subject, for what does not depend on the value.

    Attributes:
        constant: predicate → line end, the same for all observations.
        of_codes: for each dimension the line end of each code.
        units: for each place of the contents dimension the line end with its unit, None without one.
        contents: the place of the contents dimension.
    """

    constant: Mapping[str, str]
    of_codes: Sequence[Sequence[str]]
    units: Sequence[str | None]
    contents: int | None


def write_observations(
    file: BinaryIO,
    table: Table,
    dimensions: Sequence[DimensionTerms],
    names: TableNames,
    units: Sequence[NamedNode | None],
) -> Written:
    """Writes one observation for each position of a table.

    Args:
        file: receives the lines.
        table: the table.
        dimensions: its dimensions in RDF.
        names: its IRIs.
        units: the unit of each contents code, or of the table as the only member.
    """
    digest, statements = hashlib.sha256(), 0
    batch: list[str] = []
    for lines in _observations(table, dimensions, names, units):
        batch.append(lines)
        if len(batch) == _BATCH:
            statements += _flush(file, digest, batch)
    statements += _flush(file, digest, batch)
    return Written(digest.hexdigest(), len(table.positions), statements)


def _flush(file: BinaryIO, digest: hashlib._Hash, batch: list[str]) -> int:
    content = "".join(batch).encode("ascii")
    batch.clear()
    digest.update(content)
    file.write(content)
    return content.count(b"\n")


def _observations(
    table: Table, dimensions: Sequence[DimensionTerms], names: TableNames, units: Sequence[NamedNode | None]
) -> Iterator[str]:
    """The lines of each observation, sorted by subject."""
    fragments = _fragments(dimensions, names, units)
    keys = [[key(code.code) for code in one.dimension.codes] for one in dimensions]
    start = f"<{names.observations}"
    strides = table.strides
    statuses, values = table.statuses, table.values
    positions = table.positions
    for number in _in_order(table, keys):
        position, rest, places = positions[number], positions[number], []
        for stride in strides:
            place, rest = divmod(rest, stride)
            places.append(place)
        subject = start + BETWEEN_CODES.join([keys[at][place] for at, place in enumerate(places)]) + ">"
        ends = _value_ends(values[number], statuses.get(position))
        unit = fragments.units[0 if fragments.contents is None else places[fragments.contents]]
        if unit is not None:
            ends.append(unit)
        ends += fragments.constant.values()
        ends += [fragments.of_codes[at][place] for at, place in enumerate(places)]
        ends.sort()
        yield subject + subject.join(ends)


def _in_order(table: Table, keys: Sequence[Sequence[str]]) -> Sequence[int]:
    """The numbers of the observations in the order of their subjects.

    No key holds the separator, so the order of whole subjects is that of the codes, dimension by dimension, each
    compared together with the sign that follows it.
    """
    last = len(keys) - 1
    ranks = []
    for at, of_dimension in enumerate(keys):
        end = ">" if at == last else BETWEEN_CODES
        order = sorted(range(len(of_dimension)), key=lambda place: of_dimension[place] + end)
        rank = [0] * len(order)
        for number, place in enumerate(order):
            rank[place] = number * table.strides[at]
        ranks.append(rank)
    by_rank = []
    strides = table.strides
    for position in table.positions:
        total, rest = 0, position
        for stride, rank in zip(strides, ranks, strict=True):
            place, rest = divmod(rest, stride)
            total += rank[place]
        by_rank.append(total)
    return sorted(range(len(by_rank)), key=by_rank.__getitem__)


def _value_ends(value: Decimal | None, status: str | None) -> list[str]:
    """Value, status and symbol; a missing value always has a status."""
    ends = []
    if value is not None:
        ends.append(f' {sdmx_measure("obsValue")} "{decimal_text(value)}"{_DECIMAL} .\n')
    if status is not None:
        ends.append(_end(_SYMBOL, text(status)))
        ends.append(_end(sdmx_attribute("obsStatus"), status_of(status)))
    elif value is None:
        ends.append(_end(sdmx_attribute("obsStatus"), NO_REASON))
    return ends


def _fragments(
    dimensions: Sequence[DimensionTerms], names: TableNames, units: Sequence[NamedNode | None]
) -> _Fragments:
    unit = sdmx_attribute("unitMeasure")
    return _Fragments(
        {"type": _end(_TYPE, qb("Observation")), "set": _end(qb("dataSet"), names.cube)},
        [[_end(one.predicate, value) for value in one.values] for one in dimensions],
        [None if value is None else _end(unit, value) for value in units],
        next((at for at, one in enumerate(dimensions) if one.dimension.role == "metric"), None),
    )


def _end(predicate: NamedNode, value: NamedNode | Literal) -> str:
    """A line after its subject; pyoxigraph's text of a term is that of N-Triples, here in ASCII."""
    written = str(value)
    if not written.isascii():
        written = "".join(
            sign if sign.isascii() else f"\\u{ord(sign):04X}" if ord(sign) < 0x10000 else f"\\U{ord(sign):08X}"
            for sign in written
        )
    return f" {predicate} {written} .\n"
