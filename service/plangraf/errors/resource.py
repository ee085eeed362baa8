"""Errors about things and versions that the data lack or no longer have."""

from __future__ import annotations

from typing import Any

from plangraf.errors.base import RequestError


class ResourceNotFoundError(RequestError):
    code = "not-found"
    title = "Nothing has this name"

    def __init__(self, name: str, hint: str = "Check the spelling, or search with /sparql.") -> None:
        super().__init__(f"There is nothing called {name} in this version of the data. {hint}")


class ResourceGoneError(ResourceNotFoundError):
    code = "gone"
    title = "Removed from the data"

    def __init__(self, name: str, last: str | None, address: str | None) -> None:
        """`last` is the last version that had it, `address` its document in that version if that is still kept.

        `last` is None for an IRI that the data call deprecated without a replacement.
        """
        there = f"It is still at {address}." if address else "That version is no longer kept."
        removed = f"was removed; version {last} of the data had it last. {there}"
        given_up = "was given up: the data call it deprecated and name nothing that replaces it."
        RequestError.__init__(self, f"{name} {removed if last else given_up}")
        self.last, self.address = last, address

    def extra(self) -> dict[str, Any]:
        last = {"lastVersion": self.last} if self.last else {}
        return {**last, **({"lastAddress": self.address} if self.address else {})}


class VersionGoneError(ResourceNotFoundError):
    code = "version-gone"
    title = "This version is no longer kept"

    def __init__(self, version: str, start_again: str | None = None) -> None:
        """`start_again` is the first page of a new walk, when the request was a page of a walk."""
        next_ = (
            f"The rest of this walk is not available; start again at {start_again}."
            if start_again
            else "/version/ lists those that are kept."
        )
        RequestError.__init__(self, f"Version {version} was removed from here. {next_}")
        self.start_again = start_again

    def extra(self) -> dict[str, Any]:
        return {"startAgain": self.start_again} if self.start_again else {}
