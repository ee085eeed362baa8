"""Errors that stop a build or the start of the service: folder of versions, log of changes, backups, settings."""

from __future__ import annotations

from plangraf.errors.message import N_
from plangraf.errors.root import PlangrafError


class FeedDamagedError(PlangrafError):
    """The error for clients. The VersionsError in the log of the service has the advice for the operator."""

    code = "feed-damaged"
    title = N_("The log of changes cannot be read")


class VersionsError(PlangrafError):
    code = "bad-versions-folder"
    title = "The folder of versions cannot be used"


class BackupError(PlangrafError):
    code = "bad-backup"
    title = "A backup cannot be made or restored"


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
