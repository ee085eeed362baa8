"""Judges one's own files of every kind as a build or an import would, for `plangraf validate`.

Turtle files and folders go through the checks of a build; workbooks and folders of CSV files through an import into
a temporary folder.
"""

from __future__ import annotations

import re
import tempfile
import zipfile
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from plangraf.checks.own_files import validate
from plangraf.diagnostics.diagnostic import FileDiagnostic, stops
from plangraf.diagnostics.progress import Progress
from plangraf.errors import SettingError
from plangraf.rdf.namespaces import slug
from plangraf.settings import Settings
from plangraf.sheets.cell_place import SheetDiagnostic
from plangraf.sources.files import READ, data_root

_WORKBOOKS = frozenset({".xlsx", ".xlsm", ".xls", ".ods"})
_NUMBER = re.compile(r"[0-9]{4}")
# The municipality's own key in a cell; after a slash it is that of another one.
_NAMED = re.compile(rb"(?<![/\w])municipality/([0-9]{4})\b")
_MOST_BYTES = 20 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is wrong with the Turtle files, and with each workbook or folder of CSV files."""

    problems: tuple[FileDiagnostic, ...]
    sheets: tuple[tuple[Path, tuple[SheetDiagnostic, ...]], ...]

    @property
    def good(self) -> bool:
        """Whether a build or an import would take all of it."""
        return not any(problem.severity == "Violation" for problem in self.problems) and not any(
            stops(problems) for _, problems in self.sheets
        )


def judge(
    settings: Settings, paths: Sequence[Path], *, municipality: str | None = None, progress: Progress | None = None
) -> Verdict:
    """Returns what a build or an import would say about files and folders.

    Args:
        settings: `home` and `data` say what is read beside.
        paths: Turtle files, workbooks, folders of either or of CSV files.
        municipality: the number that completes the keys of spreadsheets, where neither folders nor cells give it.
        progress: where the lines about each step go.
    Raises:
        SettingError: a path does not exist, a folder holds nothing to look at, or a number is missing.
    """
    if municipality is not None and not _NUMBER.fullmatch(municipality):
        raise SettingError(f"{municipality!r} is not a municipality number. It has four digits, such as 5001.")
    sheets = [path for path in paths if is_sheet(path)]
    turtle = [path for path in paths if path not in sheets]
    problems = validate(settings, turtle, progress=progress) if turtle or not sheets else []
    return Verdict(tuple(problems), tuple(_imported(settings, sheets, municipality)) if sheets else ())


def is_sheet(path: Path) -> bool:
    """Whether a path goes through an import: a workbook, or a folder of CSV files."""
    if not path.is_dir():
        return path.exists() and path.suffix.lower() in _WORKBOOKS | {".csv"}
    endings = {one.suffix.lower() for one in path.iterdir() if one.is_file()}
    return ".csv" in endings and not endings & READ


def _imported(
    settings: Settings, sheets: Sequence[Path], municipality: str | None
) -> list[tuple[Path, tuple[SheetDiagnostic, ...]]]:
    """The problems of each; one may need what another describes, so what fails is tried again after the others."""
    # Only here, because Turtle files need no reader of workbooks.
    from plangraf.sheets.exchange import import_sheet

    number = municipality or _only_number(sheets)
    data = {folder.resolve(): folder for folder in settings.data}
    for path in sheets:
        if (root := data_root(path)) is not None and any(root.glob("*/*/*.ttl")):
            data.setdefault(root.resolve(), root)
    settings = settings.model_copy(update={"data": tuple(data.values())})
    found: dict[Path, tuple[SheetDiagnostic, ...]] = {}
    with tempfile.TemporaryDirectory(prefix="plangraf-validate-") as temporary:
        waiting = list(sheets)
        while waiting:
            failed = []
            for path in waiting:
                folder = Path(temporary, _folder_number(path) or number or "", _slug(path))
                outcome = import_sheet(settings, path, folder, replace=True)
                found[path] = outcome.problems
                if not outcome.problems and not outcome.triples:
                    raise SettingError(f"{path} holds no rows.")
                if stops(outcome.problems):
                    failed.append(path)
            waiting = failed if 0 < len(failed) < len(waiting) else []
    return [(path, found[path]) for path in sheets]


def _slug(path: Path) -> str:
    """The dataset that a workbook would become: the folder that it lies in, when that is a dataset's, or its name."""
    if path.is_dir() or data_root(path) is None:
        return slug(path.absolute().stem) or "ark"
    return path.absolute().parent.name


def _folder_number(path: Path) -> str | None:
    """The number of the municipality whose folder a path lies in."""
    above = (folder.name for folder in path.absolute().parents)
    return next((name for name in above if _NUMBER.fullmatch(name)), None)


def _only_number(sheets: Iterable[Path]) -> str:
    """The municipality that the folders say, or that the cells name most often: a plan may be of several.

    Raises:
        SettingError: they name none, or two equally often.
    """
    if numbers := {found for path in sheets if (found := _folder_number(path))}:
        return min(numbers)
    named = Counter(number for path in sheets for number in _numbers(path)).most_common(2)
    if not named or (len(named) == 2 and named[0][1] == named[1][1]):
        raise SettingError(
            "The sheets do not say which municipality they are of. Give the number that completes the keys: "
            "--municipality 9999."
        )
    return named[0][0]


def _numbers(path: Path) -> Iterator[str]:
    """The numbers of municipalities in the texts of a workbook, or of the CSV files of a folder."""
    texts: list[bytes] = []
    with suppress(OSError, zipfile.BadZipFile, RuntimeError, NotImplementedError):
        if path.is_dir():
            texts = [one.read_bytes()[:_MOST_BYTES] for one in path.iterdir() if one.suffix.lower() == ".csv"]
        else:
            with zipfile.ZipFile(path) as archive:
                for name in archive.namelist():
                    if name.startswith("xl/") and name.endswith(".xml"):
                        with archive.open(name) as file:
                            texts.append(file.read(_MOST_BYTES))
    return (match.decode() for text in texts for match in _NAMED.findall(text))
