"""The queries of queries/checks/, each of which must return no row.

A check is a SELECT whose first column is the focus node; its head says what a row means.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence
from pathlib import Path

import pyoxigraph

from plangraf.checks.data_graph import DataGraph
from plangraf.diagnostics.diagnostic import DataError, FileDiagnostic, in_file, in_order
from plangraf.rdf.namespaces import compact
from plangraf.sources.turtle import Locate
from plangraf.sparql.named.head import parse_head


def check_problems(
    data: DataGraph, files: Sequence[Path], locate: Locate, nodes: Collection[str] | None = None
) -> list[FileDiagnostic]:
    """One problem for each row of each check query.

    Args:
        data: what is checked; the default graph of a check is the union of all graphs, without duplicates.
        files: the check queries.
        locate: where a thing, by its IRI, stands in the source files.
        nodes: IRIs of the only things to tell about: a row names one of them in some column; None tells all.
    """
    found: list[FileDiagnostic] = []
    for file in files:
        found += _check(data.store, file, locate, nodes)
    return in_order(found)


def _check(
    store: pyoxigraph.Store, file: Path, locate: Locate, nodes: Collection[str] | None
) -> Iterable[FileDiagnostic]:
    name, query = f"queries/checks/{file.name}", file.read_text(encoding="utf-8")
    try:
        head = parse_head(query, name)
    except DataError as error:
        yield from error.problems
        return
    try:
        rows = store.query(query)
        if not isinstance(rows, pyoxigraph.QuerySolutions):
            raise RuntimeError("it is no SELECT query")
        columns = [variable.value for variable in rows.variables]
        solutions = [[solution[column] for column in columns] for solution in rows]
    except (SyntaxError, RuntimeError, ValueError, OSError) as error:
        line = re.search(r"error at (\d+):", str(error))
        yield in_file(
            name,
            int(line[1]) if line else None,
            f"Kontrollen kan ikke kjøres: {error}",
            f"The check cannot be run: {error}",
        )
        return
    for values in solutions:
        if nodes is not None and not any(getattr(value, "value", None) in nodes for value in values):
            continue
        focus = values[0].value if values and isinstance(values[0], pyoxigraph.NamedNode) else None
        place = locate(focus) if focus else None
        detail = ", ".join(
            f"{column} {compact(value.value) if isinstance(value, pyoxigraph.NamedNode) else value}"
            for column, value in zip(columns[1:], values[1:], strict=True)
            if value is not None
        )
        detail = f" [{detail}]" if detail else ""
        yield in_file(
            place.file if place else name,
            place.line if place else None,
            f"Kontrollen {file.stem}: {head.summary_nb or head.summary}{detail}",
            f"Check {file.stem}: {head.summary}{detail}",
            focus,
            name,
        )
