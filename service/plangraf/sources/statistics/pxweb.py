"""Fetches a table of a PxWebApi 2 server as JSON-stat 2.0, in as many parts as the server's limits require.

The order of requests: `/config` for the limits, `/tables/{id}/metadata` for the dimensions, `/codelists/{id}` for each
code list of the selection, then `/tables/{id}/data`. A selection that does not fit is refused before any data are
fetched. All parts are of one publication of the table: when `updated` of a part differs, everything starts again.

Source: https://github.com/PxTools/PxApiSpecs (PxAPI-2.yml)
"""

from __future__ import annotations

import hashlib
import json
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

import httpx
import orjson

import plangraf
from plangraf.diagnostics.progress import Progress, counted
from plangraf.errors import SourceAnswerError, SourceChangedError, SourceGoneError, SourceRequestError
from plangraf.sources.statistics.kept_parts import PartsFolder
from plangraf.sources.statistics.polite_requests import Answer, Clock, Limits, PoliteClient
from plangraf.sources.statistics.pxweb_selection import (
    Choice,
    DataRequest,
    check_selection,
    data_request,
    split_choices,
)
from plangraf.sources.statistics.pxweb_table import (
    Dimension,
    Table,
    TableAddress,
    add_selection,
    category_labels,
    parse_address,
    read_codelist,
    read_table,
)

_MOST_PARTS = 1_000
_MOST_STARTS = 3
# A server that opens its window less than once a day gives no table.
_WINDOWS_S = range(86_401)


@dataclass(frozen=True, slots=True)
class Configuration:
    """What `/config` says; `window_s` is in seconds."""

    language: str
    languages: tuple[str, ...]
    most_cells: int
    most_calls: int
    window_s: int
    licence: str | None


class _ChangedError(Exception):
    """The table was published anew after its metadata were read."""


def fetch(
    address: str,
    selection: Mapping[str, str],
    *,
    cache: Path,
    progress: Progress,
    limits: Limits | None = None,
    clock: Clock | None = None,
) -> list[Path]:
    """Fetches the selected part of a table. Unchanged parts of an earlier run are not fetched again.

    Args:
        address: address of a table, or of its data with a selection (`…/tables/07459/data?valuecodes[Tid]=top(3)`).
        selection: what is selected in addition: expressions by dimension (`{"Region": "5001,5031"}`), and code lists
            (`{"codelist[Region]": "agg_KommGjeldende"}`).
        cache: folder under which each table and selection has a folder of its own.
        progress: receives a line about each step and each wait.
        limits: attempts, waits and sizes.
        clock: time, for tests.
    Returns:
        The files of the parts, each a JSON-stat 2.0 dataset as the server sent it. Together they have each selected
        cell once. `parts.json` beside them has address, query, time, SHA-256 and ETag of each (`kept_parts`).
    Raises:
        SourceRequestError: address or selection do not fit the table; no data were fetched.
        SourceGoneError: the server does not have the table, or not any more.
        SourceRefusedError: the server refused a request.
        SourceAnswerError: an answer is not what it should be.
        SourceChangedError: the table was published anew during each of three attempts.
        SourceUnreachableError: no usable answer. What was fetched is kept, and the next run continues from there.
        OSError: the cache cannot be written.
    """
    wanted = add_selection(parse_address(address), selection)
    headers = {"User-Agent": f"plangraf/{plangraf.__version__}", "Accept": "application/json"}
    limits = limits or Limits()
    clock = clock or Clock()
    with httpx.Client(headers=headers, timeout=limits.timeout_s, follow_redirects=False) as client:
        source = _Source(PoliteClient(client, clock, limits, progress), wanted, clock, progress)
        return source.fetch_all(cache)


class _Source:
    """One table and the server that has it."""

    def __init__(self, client: PoliteClient, wanted: TableAddress, clock: Clock, progress: Progress) -> None:
        self._client = client
        self._wanted = wanted
        self._clock = clock
        self._progress = progress

    def fetch_all(self, cache: Path) -> list[Path]:
        configuration = self._read_configuration()
        self._client.respect_window(configuration.most_calls, configuration.window_s)
        language = self._choose_language(configuration)
        folder = None
        for _ in range(_MOST_STARTS):
            table = self._read_metadata(language)
            requests = self._plan(table, language, configuration)
            folder = folder or PartsFolder(cache / _folder_name(self._wanted, language), self._about(language))
            folder.start_again()
            folder.about.update(table=table.label, updated=table.updated, license=configuration.licence)
            try:
                for number, request in enumerate(requests, 1):
                    cells = counted(request.cells, "cell")
                    self._progress.line(f"{'data':<10}  part {number} of {len(requests)}, {cells}")
                    self._fetch_part(folder, table, request)
            except _ChangedError as changed:
                self._progress.line(f"{'again':<10}  {changed}")
            else:
                return folder.finish()
        raise SourceChangedError(
            f"{self._wanted.url} was published anew each of the {_MOST_STARTS} times that it was read. Start the same "
            "command again when the publication is over."
        )

    def _read_configuration(self) -> Configuration:
        where = f"{self._wanted.base}/config"
        try:
            found = self._client.send("GET", where).document
        except SourceGoneError as error:
            raise SourceGoneError(
                f"{error} Every PxWebApi 2 server has this address, so {self._wanted.base} is not one; the address of "
                "Statistics Norway's begins with https://data.ssb.no/api/pxwebapi/v2/tables/."
            ) from error
        try:
            configuration = Configuration(
                str(found["defaultLanguage"]),
                tuple(str(one["id"]) for one in found["languages"]),
                _whole(found["maxDataCells"]),
                _whole(found["maxCallsPerTimeWindow"]),
                _whole(found["timeWindow"]),
                found.get("license"),
            )
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise SourceAnswerError(f"{where} is not the configuration of a PxWebApi 2 server: {error!r}.") from error
        if min(configuration.most_cells, configuration.most_calls) < 1 or configuration.window_s not in _WINDOWS_S:
            raise SourceAnswerError(
                f"{where} allows no data: maxDataCells is {configuration.most_cells}, maxCallsPerTimeWindow "
                f"{configuration.most_calls}, timeWindow {configuration.window_s}."
            )
        return configuration

    def _choose_language(self, configuration: Configuration) -> str:
        language = self._wanted.language or configuration.language
        if configuration.languages and language not in configuration.languages:
            raise SourceRequestError(
                f"{self._wanted.base} has no language {language!r}, only {', '.join(configuration.languages)}."
            )
        return language

    def _read_metadata(self, language: str) -> Table:
        where = f"{self._wanted.url}/metadata?lang={quote(language)}"
        try:
            document = self._client.send("GET", where).document
        except SourceGoneError as error:
            raise SourceGoneError(
                f"{error} Check the table's number {self._wanted.table!r}; {self._wanted.base}/tables?query=… searches."
            ) from error
        table = read_table(document, where)
        published = f"updated {table.updated}" if table.updated else "without a time of publication"
        self._progress.line(f"{'metadata':<10}  {table.label or self._wanted.table}, {published}")
        return table

    def _plan(self, table: Table, language: str, configuration: Configuration) -> list[DataRequest]:
        def codelist(list_id: str, dimension: Dimension) -> Dimension:
            where = f"{self._wanted.base}/codelists/{quote(list_id, safe='')}?lang={quote(language)}"
            return read_codelist(self._client.send("GET", where).document, dimension, where)

        choices = check_selection(table, self._wanted, codelist)
        cells = math.prod(len(choice.codes) for choice in choices)
        most = configuration.most_cells
        parts = split_choices(choices, most) if cells <= most * _MOST_PARTS else []
        if not 0 < len(parts) <= _MOST_PARTS:
            raise SourceRequestError(
                f"The selection has {counted(cells, 'cell')}; the server gives {counted(most, 'cell')} at once, and "
                f"more than {counted(_MOST_PARTS, 'request')} are too many for one command. Select less."
            )
        size = " × ".join(f"{len(choice.codes)} {choice.dimension}" for choice in choices)
        self._progress.line(f"{'selection':<10}  {counted(cells, 'cell')} ({size}) in {counted(len(parts), 'part')}")
        return [data_request(self._wanted, language, part) for part in parts]

    def _fetch_part(self, folder: PartsFolder, table: Table, request: DataRequest) -> None:
        kept = folder.find(request)
        if kept is not None and kept.updated != table.updated:
            kept = None
        time = self._clock.now().isoformat(timespec="seconds").replace("+00:00", "Z")
        if kept is not None and table.updated is not None and not (kept.etag or kept.lastModified):
            # No condition can be sent without a tag or a date, but the metadata say that the table is unchanged.
            folder.keep(kept)
            return
        answer = self._send(request, kept.etag if kept else None, kept.lastModified if kept else None)
        if answer.status == 304:
            if kept is None:
                raise SourceAnswerError(f"{request.address} answers 304 to a request without a condition.")
            folder.keep(replace(kept, time=time))
            return
        updated = _check_part(answer.document, table, request)
        folder.save(
            request, answer.body, time=time, etag=answer.etag, lastModified=answer.last_modified, updated=updated
        )

    def _send(self, request: DataRequest, etag: str | None, last_modified: str | None) -> Answer:
        headers = {}
        if etag:
            headers["If-None-Match"] = etag
        elif last_modified:
            headers["If-Modified-Since"] = last_modified
        content = None
        if request.body is not None:
            content = orjson.dumps(request.body)
            headers = {"Content-Type": "application/json"}
        try:
            return self._client.send(request.method, request.address, content=content, headers=headers)
        except SourceGoneError as error:
            raise SourceGoneError(
                f"{error} Its metadata were there a moment ago, so the table vanished while it was read. What was "
                "fetched before is incomplete and is not used."
            ) from error

    def _about(self, language: str) -> dict[str, Any]:
        return {
            "address": self._wanted.url,
            "selection": dict(self._wanted.values),
            "codelists": dict(self._wanted.codelists),
            "language": language,
        }


def _check_part(document: Any, table: Table, request: DataRequest) -> str | None:
    """Checks that a part has the cells that were asked for; returns its `updated`.

    Raises:
        SourceAnswerError: it has others.
        _ChangedError: the table was published anew.
    """
    where = request.address.partition("?")[0]
    try:
        updated, ids, size = document.get("updated"), list(document["id"]), list(document["size"])
        codes = {one: list(category_labels(document["dimension"][one]["category"])) for one in ids}
        values = document["value"]
    except (KeyError, TypeError, AttributeError) as error:
        raise SourceAnswerError(f"{where} does not answer with a JSON-stat 2.0 dataset: {error!r}.") from error
    if updated != table.updated:
        raise _ChangedError(f"the table was published anew: updated {table.updated} became {updated}")
    for choice in request.choices:
        _check_dimension(where, choice, codes.pop(choice.dimension, None))
    for dimension, left in codes.items():
        if len(left) != 1:
            raise SourceAnswerError(f"{where} answers with {len(left)} values of {dimension}, which was not selected.")
    if not isinstance(values, list | dict):
        raise SourceAnswerError(f"{where} answers without values.")
    if isinstance(values, list) and len(values) != math.prod(size):
        raise SourceAnswerError(
            f"{where} answers with {counted(len(values), 'value')} for {counted(math.prod(size), 'cell')}."
        )
    return updated if updated is None else str(updated)


def _check_dimension(where: str, choice: Choice, found: list[str] | None) -> None:
    if found is None:
        raise SourceAnswerError(f"{where} answers without the dimension {choice.dimension}, which was selected.")
    wanted = set(choice.codes)
    if wanted != set(found) or len(found) != len(wanted):
        lacking = [code for code in choice.codes if code not in set(found)]
        surplus = [code for code in found if code not in wanted]
        differs = ", ".join(
            f"{word} {', '.join(codes[:5])}" for word, codes in (("lacks", lacking), ("adds", surplus)) if codes
        )
        raise SourceAnswerError(
            f"{where} answers with {len(found)} values of {choice.dimension}, asked for were {len(wanted)}: it "
            f"{differs or 'repeats values'}."
        )


def _whole(value: object) -> int:
    if type(value) is not int:
        raise ValueError(f"{value!r} is not a whole number")
    return value


def _folder_name(wanted: TableAddress, language: str) -> str:
    key = json.dumps([wanted.url, language, sorted(wanted.values.items()), sorted(wanted.codelists.items())])
    readable = re.sub(r"[^A-Za-z0-9]+", "-", f"{urlsplit(wanted.base).hostname}-{wanted.table}").strip("-")
    return f"{readable[:60]}-{hashlib.sha256(key.encode()).hexdigest()[:16]}"
