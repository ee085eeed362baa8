"""What stops a build or the start of the service: source files, versions folder, settings."""

from __future__ import annotations

from dataclasses import dataclass

from plangraf.errors.base import PlangrafError


@dataclass(frozen=True, slots=True)
class DataProblem:
    """One problem of the source files, in both languages.

    `file` is relative to the project, `line` counts from 1 or is None when it is not known,
    `focus_node` and `shape` are IRIs when the problem has them; `severity` is Violation, Warning or Info.
    """

    file: str
    line: int | None
    message_nb: str
    message_en: str
    focus_node: str | None = None
    shape: str | None = None
    severity: str = "Violation"


class DataError(PlangrafError):
    code = "bad-data"
    title = "The source files cannot become a version"

    def __init__(self, problems: list[DataProblem]) -> None:
        first = problems[0]
        place = first.file if first.line is None else f"{first.file}:{first.line}"
        super().__init__(
            f"{len(problems)} problem(s) in the source files; the current version is unchanged. "
            f"The first is at {place}: {first.message_en}"
        )
        self.problems = problems


class FeedDamagedError(PlangrafError):
    """Tells clients, who cannot repair it; the VersionsError in the service's log says what to do."""

    code = "feed-damaged"
    title = "The log of changes cannot be read"


class VersionsError(PlangrafError):
    code = "bad-versions-folder"
    title = "The folder of versions cannot be used"


class SettingError(PlangrafError):
    code = "bad-setting"
    title = "A setting cannot be used"


class ExtraMissingError(SettingError):
    code = "extra-missing"
    title = "A command needs packages that are not installed"

    def __init__(self, extra: str, package: str) -> None:
        super().__init__(
            f"This command needs the extra `{extra}` ({package} is not installed). "
            f"Install it: python -m pip install 'plangraf[{extra}]'."
        )
        self.extra_name = extra
