"""Checks a user's own files as a build or an import would, for `plangraf validate`.

Turtle files get the checks of a build. Workbooks and folders of CSV files are imported into a temporary folder.
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
from plangraf.sheets.cell_values import SheetDiagnostic
from plangraf.sources.files import READ, data_root

_WORKBOOKS = frozenset({".xlsx", ".xlsm", ".xls", ".ods"})
_NUMBER = re.compile(r"[0-9]{4}")
# The key of the municipality itself; after a slash it belongs to another one.
_MUNICIPALITY_KEY = re.compile(rb"(?<![/\w])municipality/([0-9]{4})\b")
_MAX_BYTES = 20 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Judgement:
    """Findings about the Turtle files, and about each workbook or folder of CSV files."""

    problems: tuple[FileDiagnostic, ...]
    sheets: tuple[tuple[Path, tuple[SheetDiagnostic, ...]], ...]

    @property
    def good(self) -> bool:
        """Whether a build and an import would accept all files."""
        return not any(problem.severity == "Violation" for problem in self.problems) and not any(
            stops(problems) for _, problems in self.sheets
        )


def judge(
    settings: Settings, paths: Sequence[Path], *, municipality: str | None = None, progress: Progress | None = None
) -> Judgement:
    """Returns the findings that a build or an import would give for files and folders.

    Args:
        settings: `home` and `data` name the data that the files may link to.
        paths: Turtle files, workbooks, and folders of Turtle or CSV files.
        municipality: the number that completes the keys of spreadsheets, where neither folders nor cells give it.
        progress: receives a line about each step.
    Raises:
        SettingError: a path does not exist, a folder holds nothing to look at, or a number is missing.
    """
    if municipality is not None and not _NUMBER.fullmatch(municipality):
        raise SettingError(f"{municipality!r} is not a municipality number. It has four digits, such as 5001.")
    sheets = [path for path in paths if is_sheet(path)]
    turtle = [path for path in paths if path not in sheets]
    problems = validate(settings, turtle, progress=progress) if turtle or not sheets else []
    return Judgement(tuple(problems), tuple(_try_imports(settings, sheets, municipality)) if sheets else ())


def is_sheet(path: Path) -> bool:
    """Whether a path is for an import: a workbook, or a folder of CSV files."""
    if not path.is_dir():
        return path.exists() and path.suffix.lower() in _WORKBOOKS | {".csv"}
    endings = {one.suffix.lower() for one in path.iterdir() if one.is_file()}
    return ".csv" in endings and not endings & READ


def _try_imports(
    settings: Settings, sheets: Sequence[Path], municipality: str | None
) -> list[tuple[Path, tuple[SheetDiagnostic, ...]]]:
    """Imports each sheet; a failed one is tried again after the others, because it may link to their things."""
    # Imported late, because Turtle files do not need openpyxl.
    from plangraf.sheets.importing import import_sheet

    number = municipality or _choose_number(sheets)
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
                folder = Path(temporary, _folder_number(path) or number or "", _choose_slug(path))
                outcome = import_sheet(settings, path, folder, replace=True)
                found[path] = outcome.problems
                if not outcome.problems and not outcome.triples:
                    raise SettingError(f"{path} holds no rows.")
                if stops(outcome.problems):
                    failed.append(path)
            waiting = failed if 0 < len(failed) < len(waiting) else []
    return [(path, found[path]) for path in sheets]


def _choose_slug(path: Path) -> str:
    """Slug of the dataset that an import would write: the name of its dataset folder, else the name of the file."""
    if path.is_dir() or data_root(path) is None:
        return slug(path.absolute().stem) or "ark"
    return path.absolute().parent.name


def _folder_number(path: Path) -> str | None:
    """The municipality number of the folder that holds the path."""
    above = (folder.name for folder in path.absolute().parents)
    return next((name for name in above if _NUMBER.fullmatch(name)), None)


def _choose_number(sheets: Iterable[Path]) -> str:
    """The municipality number of the folders, else the one that the cells name most often.

    Raises:
        SettingError: the cells name no municipality, or two equally often.
    """
    if numbers := {found for path in sheets if (found := _folder_number(path))}:
        return min(numbers)
    named = Counter(number for path in sheets for number in _find_numbers(path)).most_common(2)
    if not named or (len(named) == 2 and named[0][1] == named[1][1]):
        raise SettingError(
            "The sheets do not say which municipality they are of. Give the number that completes the keys: "
            "--municipality 9999."
        )
    return named[0][0]


def _find_numbers(path: Path) -> Iterator[str]:
    """Finds municipality numbers in the texts of a workbook or of a folder's CSV files."""
    texts: list[bytes] = []
    with suppress(OSError, zipfile.BadZipFile, RuntimeError, NotImplementedError):
        if path.is_dir():
            texts = [one.read_bytes()[:_MAX_BYTES] for one in path.iterdir() if one.suffix.lower() == ".csv"]
        else:
            with zipfile.ZipFile(path) as archive:
                for name in archive.namelist():
                    if name.startswith("xl/") and name.endswith(".xml"):
                        with archive.open(name) as file:
                            texts.append(file.read(_MAX_BYTES))
    return (match.decode() for text in texts for match in _MUNICIPALITY_KEY.findall(text))
