"""Runs the checks of a build on the files that an import would write, and reports each result at its cell.

The steps are those of `plangraf build`: parsing, closed vocabularies, SHACL, check queries. Other datasets of the
project and the municipality are read too, because the files may link to them; old files of the folder are not.
"""

from __future__ import annotations

import re
import tempfile
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path

from pyoxigraph import NamedNode, Quad

from plangraf.checks.data_graph import DataGraph, check_problems
from plangraf.checks.shacl.validation import shacl_problems
from plangraf.checks.terms_used import undefined_terms
from plangraf.diagnostics.diagnostic import Diagnostic, FileDiagnostic, FilePlace
from plangraf.rdf.graph import relabelled
from plangraf.rdf.namespaces import GRAPH, ID, PLAN, compact, local_name
from plangraf.settings import Settings
from plangraf.sheets.cell_values import CellPlace, SheetDiagnostic
from plangraf.sheets.keys import Keys, ThingNames, report_dangling_key
from plangraf.sheets.model import Model
from plangraf.sheets.read.raw import Imported
from plangraf.sources.files import SourceFile, data_around, read_files, source_files
from plangraf.sources.turtle import read

_EVIDENCE_CHECK = "queries/checks/every-statement-has-evidence.rq"
_LINK_CHECK = "queries/checks/link-to-nothing.rq"
_FIRST_LINE = PLAN + "firstLine"
# Appended to results, because a missing value may be in an unreadable cell.
_CONSEQUENCE_NB = " (Kan komme av cellene som ikke kunne leses.)"
_CONSEQUENCE_EN = " (May come from the cells that could not be read.)"
_HINT_NB = " Fyll ut de grønne kolonnene på raden (belegg: første linje), eller skriv belegg på arket for belegg."
_HINT_EN = " Fill in the green columns of the row (evidence: first line), or write evidence on the sheet of evidence."


def check(
    settings: Settings, files: Mapping[str, str], folder: Path, graph: str, imported: Imported, model: Model, keys: Keys
) -> list[SheetDiagnostic]:
    """Returns the findings that a build would give about the things in the files.

    Args:
        settings: `home` and `data` name the other datasets.
        files: names and texts of the Turtle files.
        folder: target folder; its present files are ignored.
        graph: IRI of the named graph of the dataset.
        imported: gives the cells of things and properties.
        model: gives the properties of a shape.
        keys: gives short names of the dataset.
    """
    with tempfile.TemporaryDirectory(prefix="plangraf-") as temporary:
        for name, text in files.items():
            (Path(temporary) / name).write_text(text, encoding="utf-8")
        own = [SourceFile(Path(temporary) / name, name, graph) for name in files]
        parsed = read(own)
        beside = read([file for file in _list_other_files(settings, folder) if file.graph != graph])
        everything = relabelled(parsed.quads | beside.quads)
        nodes = {quad.subject.value for quad in parsed.quads if hasattr(quad.subject, "value")}
        # Linked things count too, because a new statement may make them invalid.
        reached = nodes | {
            quad.object.value
            for quad in parsed.quads
            if isinstance(quad.object, NamedNode) and quad.object.value.startswith(ID)
        }
        dangling, is_reported = _find_dangling_links(imported, everything, model, keys)
        dangling += _find_orphaned_links(folder, everything, beside.quads, beside.place, keys)
        found = list(parsed.problems)
        found += undefined_terms(settings.home, parsed.quads, everything, own, parsed.place)
        data = DataGraph(everything)
        found += shacl_problems(data, parsed.place, reached)
        found += check_problems(data, sorted((settings.home / "queries" / "checks").glob("*.rq")), parsed.place, nodes)
    ours = [
        problem
        for problem in found
        if problem.place.thing in nodes
        or problem.place.file in files
        or (problem.rule or "").startswith("queries/")
        or (problem.place.thing in reached and problem.severity == "Violation")
    ]
    return [*dangling, *_place_problems([problem for problem in ours if not is_reported(problem)], imported, model)]


def _find_dangling_links(
    imported: Imported, everything: Iterable[Quad], model: Model, keys: Keys
) -> tuple[list[SheetDiagnostic], Callable[[FileDiagnostic], bool]]:
    """Reports dangling links by cell; also returns a test whether a finding of the build repeats one of them."""
    known = {quad.subject for quad in everything}
    columns = {(sheet.iri, column.path): column for sheet in model.sheets for column in sheet.columns}
    sheets = {row.thing.value: row.sheet.iri for row in imported.rows}
    dangling: dict[tuple[str, str], list[NamedNode]] = defaultdict(list)
    for triple in imported.triples:
        value = triple.object
        if isinstance(value, NamedNode) and value.value.startswith(ID) and value not in known:
            subject, path = str(getattr(triple.subject, "value", "")), triple.predicate.value
            if (subject, path) in imported.cells and columns.get((sheets.get(subject, ""), path)):
                dangling[subject, path].append(value)
    if not dangling:
        return [], lambda _: False
    names = ThingNames((quad.triple for quad in everything), keys)
    found = [
        report_dangling_key(
            imported.cells[focus, path][0],
            columns[sheets[focus], path],
            "\n".join(sorted(keys.short(value.value) for value in values)),
            names,
        )
        for (focus, path), values in dangling.items()
    ]

    def is_reported(problem: FileDiagnostic) -> bool:
        focus = problem.place.thing or ""
        if problem.rule == _LINK_CHECK:
            return any(focus == subject and compact(path) in problem.en for subject, path in dangling)
        paths = model.paths.get(problem.rule or "", ())
        values = [value for path in paths for value in dangling.get((focus, path), [])]
        return any(compact(value.value) in problem.en for value in values)

    return found, is_reported


def _find_orphaned_links(
    folder: Path,
    everything: Iterable[Quad],
    beside: Iterable[Quad],
    locate: Callable[[str], FilePlace | None],
    keys: Keys,
) -> list[SheetDiagnostic]:
    """Reports links of other datasets that a replacement would leave dangling."""
    before = read([SourceFile(path, path.name, GRAPH) for path in read_files(folder)]).quads
    gone = {quad.subject for quad in before} - {quad.subject for quad in everything}
    links: dict[str, set[str]] = defaultdict(set)
    for quad in beside if gone else ():
        if quad.object in gone and isinstance(quad.object, NamedNode) and isinstance(quad.subject, NamedNode):
            links[quad.object.value].add(quad.subject.value)
    found = []
    for thing, others in sorted(links.items()):
        first = min(others)
        place = locate(first)
        where = f"{keys.short(first)}" + (f" ({place.file}:{place.line})" if place else "")
        more = f" + {len(others) - 1}" if len(others) > 1 else ""
        found.append(
            Diagnostic(
                CellPlace(keys.short(thing)),
                f"Raden mangler nå, og et annet datasett viser til den: {where}{more}. Ta raden med, eller fjern "
                "lenken der først.",
                f"The row is missing now, and another dataset links to it: {where}{more}. Keep the row, or remove the "
                "link there first.",
            )
        )
    return found


def _list_other_files(settings: Settings, folder: Path) -> Iterable[SourceFile]:
    """Files of other datasets, also in the data folder that holds the target: `my-data` of `my-data/9999/<slug>`."""
    seen: set[Path] = set()
    for file in source_files(settings.home, data_around(settings.home, settings.data, folder)):
        path = file.path.resolve()
        if path.parent != folder.resolve() and path not in seen:
            seen.add(path)
            yield file


def _place_problems(found: Iterable[FileDiagnostic], imported: Imported, model: Model) -> Iterator[SheetDiagnostic]:
    # Results of one check about one thing are merged, because a check gives a row for each statement.
    together: dict[tuple[str, str], list[FileDiagnostic]] = defaultdict(list)
    for problem in found:
        if problem.rule and problem.rule.startswith("queries/") and problem.place.thing:
            together[problem.rule, problem.place.thing].append(problem)
            continue
        yield from _place_in_cell(problem, imported, model)
    rows = {row.thing.value: row for row in imported.rows}
    for (shape, focus), problems in together.items():
        of_evidence = shape == _EVIDENCE_CHECK
        if of_evidence and (focus, "evidence") in imported.unreadable:
            continue
        first = problems[0]
        place = imported.places.get(focus) or _find_named_row(first, imported) or CellPlace(first.place.file)
        hint_nb, hint_en = (_CONSEQUENCE_NB, _CONSEQUENCE_EN) if imported.unreadable else ("", "")
        if of_evidence:
            hint_nb, hint_en = _HINT_NB, _HINT_EN
            place = rows[focus].evidence.get(_FIRST_LINE, ([], place))[1] if focus in rows else place
        details = [_extract_detail(problem, properties_only=of_evidence) for problem in problems]
        shown = f" [{'; '.join(dict.fromkeys(filter(None, details)))}]" if any(details) else ""
        yield Diagnostic(
            place,
            first.nb.partition(" [")[0] + shown + hint_nb,
            first.en.partition(" [")[0] + shown + hint_en,
            first.severity,
            shape,
        )


def _find_named_row(problem: FileDiagnostic, imported: Imported) -> CellPlace | None:
    """The place of an imported thing that the message names beside a thing of another dataset."""
    named = re.findall(r"<([^<>]+)>", problem.en)
    return next((imported.places[iri] for iri in named if iri in imported.places), None)


def _extract_detail(problem: FileDiagnostic, *, properties_only: bool) -> str:
    """The values of a check's row, numbers without datatype; for a statement without evidence only its property."""
    detail = re.sub(r'"([^"]*)"\^\^<[^>]*>', r"\1", problem.en.partition(" [")[2].removesuffix("]"))
    match = re.match(r"property ([^,]+)", detail) if properties_only else None
    return match[1] if match else detail


def _place_in_cell(problem: FileDiagnostic, imported: Imported, model: Model) -> Iterator[SheetDiagnostic]:
    focus = problem.place.thing or ""
    paths = model.paths.get(problem.rule or "", ())
    if any((focus, path) in imported.unreadable for path in paths):
        return  # the unreadable cell is reported already
    value = _offending_value(problem, paths)
    cells = [place for path in paths for place in imported.cells.get((focus, path), [])]
    cells = [place for place in cells if value and value in (place.content or "")] or cells
    filled = [place for place in cells if place.content] if value else []
    place = next(iter(filled or cells), None) or imported.places.get(focus) or CellPlace(problem.place.file)
    nb, en = problem.nb, problem.en
    if paths and cells:
        nb, en = nb.rpartition(" [")[0] or nb, en.rpartition(" [")[0] or en
    yield Diagnostic(place, nb, en, problem.severity, problem.rule)


def _offending_value(problem: FileDiagnostic, paths: Iterable[str]) -> str:
    """The value in the brackets of the message; empty when the finding is about a missing value."""
    detail = problem.en.rpartition(" [")[2].removesuffix("]")
    for path in paths:
        detail = detail.removeprefix(compact(path)).strip()
    if detail.startswith('"'):
        return detail[1 : detail.rfind('"')]
    return local_name(detail.strip("<>"))
