"""What stops the reading of a list that others publish."""

from __future__ import annotations

from plangraf.errors.root import PlangrafError


class ListError(PlangrafError):
    code = "bad-list"
    title = "A published list cannot be read"


class ListUnreachableError(ListError):
    code = "list-unreachable"
    title = "The address of a list does not give its file"
