"""`Plangraf`: one service, current or pinned to a version, as a Python object."""

from __future__ import annotations

import re
import urllib.request
from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from typing import TypeAlias
from urllib.parse import quote, urlencode, urlsplit

from plangraf.client.answers import JSON_LD, RESULTS, CollectionPage, Types, read_json, read_page, read_rows
from plangraf.client.citing import Citation, read_citation
from plangraf.client.failures import AnswerError, IncompleteError, LibraryMissingError, UsageError
from plangraf.client.rows import Rows
from plangraf.client.transport import Received, Transport

Parameter: TypeAlias = "str | int | Decimal | bool | date | Iterable[str | int] | None"
"""The value of a parameter. Several are sent with commas between them; None leaves the parameter out."""

_NAME = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_VERSION = re.compile(r"[0-9a-f]{16}")
_MOST_A_PAGE = 1000
_USER_AGENT = "plangraf-client"


class Plangraf:
    """A plangraf service.

    Without a version, each request is answered from the version that is then current. `pin()` gives an object whose
    answers are all of one version.

    Args:
        url: its address, such as http://127.0.0.1:8000.
        version: the id of a kept version, 16 characters of 0-9 and a-f.
        transport: time limits and retries.
    Raises:
        UsageError: the address or the id cannot be used.
    """

    def __init__(self, url: str, version: str | None = None, *, transport: Transport | None = None) -> None:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment:
            raise UsageError(f"{url!r} is not the address of a service. It looks like http://127.0.0.1:8000.")
        if version is not None and not _VERSION.fullmatch(version):
            raise UsageError(
                f"{version!r} is not the id of a version, 16 characters of 0-9 and a-f. /version/ has all."
            )
        self.url, self.version = url.rstrip("/"), version
        self._transport = transport or Transport()
        self._types: Types | None = None

    def __repr__(self) -> str:
        return f"Plangraf({self.url!r}, version={self.version!r})"

    def pin(self) -> Plangraf:
        """The same service, pinned to the version that is current now; itself when it is pinned already.

        Raises:
            ClientError: the service does not say its version.
        """
        if self.version is not None:
            return self
        received = self._get("/health/ready", {}, "application/json")
        if not _VERSION.fullmatch(received.version):
            raise AnswerError(f"{received.address} names no version. Look whether the address is that of the service.")
        return Plangraf(self.url, received.version, transport=self._transport)

    def query(self, name: str, **parameters: Parameter) -> Rows:
        """The rows of a named query; /queries lists all, with their parameters and columns.

        Args:
            name: such as plans-by-target.
            parameters: as the query declares them. A name that is a keyword of Python takes a `_` at its end (`from_`).
        Raises:
            ProblemError: an unknown query or parameter, or a value that cannot be used.
            ClientError: the service cannot be reached, or the answer is incomplete.
        """
        given = {_undo_keyword(key): value for key, value in parameters.items()}
        return read_rows(self._get(f"/queries/{_checked(name)}", given, RESULTS))

    def sparql(self, text: str) -> Rows:
        """The rows of a SELECT; of an ASK, one row with the column `answer`.

        Raises:
            ProblemError: an error in the query, with its place and a hint, or a limit of the service.
            UsageError: the query asks for a graph, or is an update.
            LibraryMissingError: SPARQLWrapper is not installed.
            ClientError: the service cannot be reached, or the answer is incomplete.
        """
        try:
            from plangraf.client.sparql_requests import ask
        except ModuleNotFoundError as error:
            if error.name != "SPARQLWrapper":
                raise
            raise LibraryMissingError("SPARQLWrapper", "A SPARQL query") from error
        return read_rows(ask(f"{self._base}/sparql", text, self._transport, _USER_AGENT))

    def collection(self, name: str, *, lang: str = "nb", page_size: int = _MOST_A_PAGE, **filters: Parameter) -> Rows:
        """All things of a collection that have the values of the filters, from all its pages; /collections lists all.

        Args:
            name: such as plans.
            lang: the language of texts that have several, nb or en.
            page_size: things a request, 1 to 1 000.
            **filters: as the collection declares them, such as target="11.6".
        Returns:
            One row for each thing: `thing`, its IRI, then its properties by the names of the JSON-LD context. A tuple
            where a thing has several values.
        Raises:
            ProblemError: an unknown collection, filter or value; a version that was removed on the way.
            IncompleteError: more or fewer things came than the collection's total.
            ClientError: the service cannot be reached.
        """
        given = {_undo_keyword(key): value for key, value in filters.items()}
        path, query = f"/{_checked(name)}.jsonld", urlencode(_texts({"limit": page_size, **given}))
        pages: list[CollectionPage] = []
        address = f"{self._base}{path}"
        following: str | None = query
        while following is not None:
            pages.append(read_page(self._get(f"{path}?{following}", {}, JSON_LD)))
            following = pages[-1].next
            _check_walk(pages, address, ended=following is None)
        types = self._context()
        rows = [types.row(member, lang) for page in pages for member in page.members]
        columns = tuple(dict.fromkeys(["thing", *(column for row in rows for column in row)]))
        complete = tuple({column: row.get(column) for column in columns} for row in rows)
        return Rows(columns, complete, pages[0].version, f"{address}?{query}")

    def cite(self) -> Citation:
        """How to cite the version; without a pin, the current one.

        Raises:
            ProblemError: the version is not kept, or was written without downloads.
            ClientError: the service cannot be reached, or the file is not a citation.
        """
        version = self.version or self.pin().version
        received = self._send(f"{self.url}/dump/{version}/CITATION.cff", "*/*")
        return read_citation(received.body.decode("utf-8", "replace"), received.address)

    @property
    def _base(self) -> str:
        return self.url if self.version is None else f"{self.url}/version/{self.version}"

    def _context(self) -> Types:
        if self._types is None:
            received = self._send(f"{self.url}/context/v1.jsonld", JSON_LD)
            self._types = Types(read_json(received, JSON_LD).get("@context", {}))
        return self._types

    def _get(self, path: str, parameters: dict[str, Parameter], accept: str) -> Received:
        query = urlencode(_texts(parameters))
        return self._send(f"{self._base}{quote(path, safe='/?&=%+.-_~:,')}{'?' if query else ''}{query}", accept)

    def _send(self, address: str, accept: str) -> Received:
        headers = {"Accept": accept, "User-Agent": _USER_AGENT}
        # The scheme was checked to be http or https.
        return self._transport.send(urllib.request.Request(address, headers=headers))  # noqa: S310


def _checked(name: str) -> str:
    if not _NAME.fullmatch(name):
        raise UsageError(f"{name!r} is not a name. Names have lower-case letters, digits and hyphens: plans-by-target.")
    return name


def _undo_keyword(name: str) -> str:
    return name.removesuffix("_")


def _texts(parameters: dict[str, Parameter]) -> dict[str, str]:
    return {name: _text(value) for name, value in parameters.items() if value is not None}


def _text(value: Parameter) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, date):
        return value.isoformat()
    return ",".join(map(str, value)) if isinstance(value, Iterable) and not isinstance(value, str) else str(value)


def _check_walk(pages: list[CollectionPage], address: str, *, ended: bool) -> None:
    """Checks that the pages of a walk belong together, and at its end that they are complete.

    Raises:
        IncompleteError: they are of several versions or totals, or things are missing or came twice.
    """
    first, last = pages[0], pages[-1]
    if (last.version, last.total) != (first.version, first.total):
        raise IncompleteError(
            f"The pages of {address} are of versions {first.version} ({first.total} things) and {last.version} "
            f"({last.total} things), and nothing of them is used. Ask again, or pin the version."
        )
    things = [member["id"] for page in pages for member in page.members]
    if len(set(things)) != len(things) or len(things) > first.total or (ended and len(things) != first.total):
        raise IncompleteError(
            f"{address} has {first.total} things by its total, and {len(things)} came, {len(set(things))} of them "
            "different; nothing of them is used. Ask again."
        )
    if not last.members and not ended:
        raise IncompleteError(f"A page of {address} is empty and not the last, and nothing of it is used. Ask again.")
