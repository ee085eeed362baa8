"""Sends requests to another organisation's server within that server's own limits.

It counts its calls in the server's time window, waits as long as `Retry-After` says, and tries again only what can
succeed at another time: 429, 502, 503, 504, a lost connection, a body that ends early. It never repeats a request that
the server called wrong. Redirects lead to the same host or are an error, because the address is the provenance.

Retry-After: https://www.rfc-editor.org/rfc/rfc9110#section-10.2.3
"""

from __future__ import annotations

import re
import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from html import unescape
from typing import Any

import httpx
import orjson

from plangraf.diagnostics.progress import Progress, counted
from plangraf.errors import (
    SourceAnswerError,
    SourceGoneError,
    SourceRefusedError,
    SourceRequestError,
    SourceUnreachableError,
)
from plangraf.numbers_in_text import whole_number

_AGAIN_LATER = frozenset({429, 502, 503, 504})
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_KEEP_METHOD = frozenset({307, 308})
_FIRST_BACKOFF_S = 1.0
_SHOWN_CHARACTERS = 300
# Shorter waits for the server's window are not reported, because there may be one before each request.
_SHOWN_WAIT_S = 5.0


def _utc_now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Clock:
    """The clock that the client reads; tests give their own.

    Attributes:
        monotonic: seconds that never go back.
        sleep: waits for a number of seconds.
        now: the time of day in UTC.
    """

    monotonic: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep
    now: Callable[[], datetime] = _utc_now


@dataclass(frozen=True, slots=True)
class Limits:
    """How often and how long the client waits for a server, and how much it reads.

    Attributes:
        attempts: how often one request is sent at most.
        longest_wait_s: the longest wait that a server may ask for, in seconds.
        most_bytes: bytes of one decoded body.
        redirects: redirects that one request follows at most.
        timeout_s: longest silence of the server, in seconds.
    """

    attempts: int = 5
    longest_wait_s: float = 300.0
    most_bytes: int = 64 * 1024 * 1024
    redirects: int = 5
    timeout_s: float = 60.0


@dataclass(frozen=True, slots=True)
class Answer:
    """A usable answer: 200 with its body and the JSON in it, or 304 without either.

    Attributes:
        body: bytes as decoded from the content coding.
        document: what `body` holds; None for 304.
        etag: the entity tag, weak or strong, or None.
        last_modified: the header as sent, or None.
    """

    status: int
    body: bytes
    document: Any
    etag: str | None
    last_modified: str | None


class _BrokenAnswerError(Exception):
    """The answer cannot be used, but another attempt may succeed."""


class PoliteClient:
    """Requests to one server, one at a time."""

    def __init__(self, client: httpx.Client, clock: Clock, limits: Limits, progress: Progress) -> None:
        self._client = client
        self._clock = clock
        self._limits = limits
        self._progress = progress
        self._sent: deque[float] = deque()
        self._most_calls: int | None = None
        self._window_s = 0.0

    def respect_window(self, most_calls: int, window_s: float) -> None:
        """From now on sends at most `most_calls` requests in any `window_s` seconds; earlier ones count."""
        self._most_calls, self._window_s = most_calls, window_s

    def send(
        self, method: str, address: str, *, content: bytes | None = None, headers: Mapping[str, str] | None = None
    ) -> Answer:
        """Sends a request until it is answered or another attempt would be useless.

        Raises:
            SourceRequestError: the address cannot be requested.
            SourceGoneError: 404 or 410.
            SourceRefusedError: another status of refusal.
            SourceAnswerError: HTML, no JSON, too many bytes, a redirect to another host.
            SourceUnreachableError: all attempts failed, or the server asks for a wait that is too long.
        """
        why = ""
        for attempt in range(1, self._limits.attempts + 1):
            wait_s = _FIRST_BACKOFF_S * 2.0 ** (attempt - 1)
            try:
                response, body = self._follow(method, address, content, headers or {})
                if response.status_code in (200, 304):
                    return _answer(response, body)
            except (httpx.TransportError, httpx.DecodingError, _BrokenAnswerError) as error:
                why = " ".join(str(error).split()) or type(error).__name__
            except httpx.InvalidURL as error:
                raise SourceRequestError(f"{address} is not an address that can be requested: {error}.") from error
            else:
                if response.status_code not in _AGAIN_LATER:
                    raise _refusal(response, body)
                why = f"status {response.status_code}{_said(response, body)}"
                wait_s = self._asked_wait(response, wait_s)
            if attempt < self._limits.attempts:
                self._wait(wait_s, why)
        raise SourceUnreachableError(
            f"{address} gave no usable answer in {counted(self._limits.attempts, 'attempt')}; the last: {why}. "
            "Try again later: what was fetched is kept, and the same command goes on from there."
        )

    def _asked_wait(self, response: httpx.Response, otherwise_s: float) -> float:
        """Seconds to wait before the next attempt, as the server asks."""
        asked_s = _retry_after(response.headers.get("retry-after"), self._clock.now())
        if asked_s is None:
            return max(otherwise_s, self._window_s) if response.status_code == 429 else otherwise_s
        if asked_s > self._limits.longest_wait_s:
            raise SourceUnreachableError(
                f"{response.request.url.host} answers {response.status_code} and asks to wait for {asked_s:.0f} s, "
                f"longer than {self._limits.longest_wait_s:.0f} s. Start the same command again after that time: what "
                "was fetched is kept."
            )
        return asked_s

    def _wait(self, seconds: float, why: str, *, shown_from_s: float = 0.0) -> None:
        if seconds >= shown_from_s:
            self._progress.line(f"{'wait':<10}  {seconds:.1f} s: {why}")
        self._clock.sleep(seconds)

    def _await_turn(self) -> None:
        """Waits until one more call fits into the server's window."""
        if self._most_calls is not None:
            while len(self._sent) > self._most_calls:
                self._sent.popleft()
            if len(self._sent) == self._most_calls:
                early_s = self._sent.popleft() + self._window_s - self._clock.monotonic()
                if early_s > 0:
                    limit = f"{counted(self._most_calls, 'call')} in {self._window_s:g} s"
                    self._wait(early_s, f"the server allows {limit}", shown_from_s=_SHOWN_WAIT_S)
        self._sent.append(self._clock.monotonic())

    def _follow(
        self, method: str, address: str, content: bytes | None, headers: Mapping[str, str]
    ) -> tuple[httpx.Response, bytes]:
        """Sends a request and follows redirects to the same host."""
        url = httpx.URL(address)
        for _ in range(self._limits.redirects + 1):
            response, body = self._send_once(method, url, content, headers)
            if response.status_code not in _REDIRECTS:
                return response, body
            if method != "GET" and response.status_code not in _KEEP_METHOD:
                raise SourceAnswerError(f"{url} redirects a {method} request with {response.status_code}.")
            target = url.join(response.headers.get("location", ""))
            upgraded = (url.scheme, target.scheme) == ("http", "https") and target.host == url.host
            if target.netloc + target.scheme.encode() != url.netloc + url.scheme.encode() and not upgraded:
                raise SourceAnswerError(
                    f"{url} redirects to another server, {target}. Nothing was fetched from there. Give that address "
                    "yourself if it is the one you want."
                )
            url = target
        raise SourceAnswerError(f"{address} redirects more than {counted(self._limits.redirects, 'time')}.")

    def _send_once(
        self, method: str, url: httpx.URL, content: bytes | None, headers: Mapping[str, str]
    ) -> tuple[httpx.Response, bytes]:
        self._await_turn()
        most = self._limits.most_bytes
        with self._client.stream(method, url, content=content, headers=dict(headers)) as response:
            pieces, size = [], 0
            for piece in response.iter_bytes():
                pieces.append(piece)
                size += len(piece)
                if size > most:
                    raise SourceAnswerError(
                        f"{url} answers with more than {counted(most, 'byte')}, which is the limit. Select fewer "
                        "values, in several commands."
                    )
            return response, b"".join(pieces)


def _answer(response: httpx.Response, body: bytes) -> Answer:
    document = None
    if response.status_code == 200:
        html = body.lstrip()[:1] == b"<" or "html" in response.headers.get("content-type", "")
        if html:
            raise SourceAnswerError(
                f"{response.request.url} answers 200 with a page instead of JSON{_said(response, body)}. Open it in a "
                "browser: it may announce maintenance, or ask for consent or login."
            )
        try:
            document = orjson.loads(body)
        except ValueError as error:
            raise _BrokenAnswerError(f"its {counted(len(body), 'byte')} are not complete JSON ({error})") from error
    return Answer(
        response.status_code, body, document, response.headers.get("etag"), response.headers.get("last-modified")
    )


def _refusal(response: httpx.Response, body: bytes) -> SourceGoneError | SourceRefusedError:
    status, url = response.status_code, response.request.url
    if status in (404, 410):
        return SourceGoneError(f"{url} is not there ({status}{_said(response, body)}).")
    return SourceRefusedError(f"{url} was refused with status {status}{_said(response, body)}.")


def _said(response: httpx.Response, body: bytes) -> str:
    """The server's own words, as `: …`: detail and title of problem details, else the title or start of the text."""
    text = body.decode("utf-8", "replace")
    try:
        problem = orjson.loads(body)
        words = [str(problem[name]) for name in ("title", "detail") if problem.get(name)]
        text = ". ".join(word.strip().rstrip(".") for word in words) or text
    except (ValueError, AttributeError):
        title = re.search(r"<(title|h1)\b[^>]*>(.*?)</\1>", text, re.DOTALL | re.IGNORECASE)
        text = unescape(title[2] if title else re.sub(r"<[^>]*>", " ", text))
    shown = " ".join(text.split())[:_SHOWN_CHARACTERS] or response.reason_phrase
    return f": {shown}" if shown else ""


def _retry_after(header: str | None, now: datetime) -> float | None:
    """Seconds to wait, from a number of seconds or an HTTP date; None when there is neither."""
    if not header:
        return None
    if (seconds := whole_number(header)) is not None:
        return float(seconds)
    try:
        moment = parsedate_to_datetime(header)
    except (ValueError, OverflowError):
        return None
    aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return max(0.0, (aware - now).total_seconds())
