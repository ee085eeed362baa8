"""HTTP for the client: polite retries, whole bodies, and problem documents as errors.

A request is sent again after 429, and after 503 with Retry-After, within the limits. It is never sent again after
another status, because it would be refused again. Retry-After: RFC 9110 §10.2.3.
"""

from __future__ import annotations

import http.client
import re
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from email.message import Message
from email.utils import parsedate_to_datetime

from plangraf.client.failures import ConnectionFailedError, IncompleteError, UsageError, problem_of

_TOO_MANY, _UNAVAILABLE = 429, 503


@dataclass(frozen=True, slots=True)
class Received:
    """One complete answer of status 200."""

    address: str
    headers: Message
    body: bytes

    @property
    def media_type(self) -> str:
        return self.headers.get_content_type()

    @property
    def version(self) -> str:
        """The version of the data that answered; empty when the service names none."""
        return self.headers.get("Plangraf-Version", "")


@dataclass(frozen=True, slots=True)
class Transport:
    """Sends requests, one at a time.

    Attributes:
        timeout: seconds without a byte after which a connection counts as broken.
        attempts: most requests for one answer, at least 1.
        longest_wait: seconds; a service that asks for a longer wait gets no further request.
        wait: sleeps for so many seconds.
    """

    timeout: float = 60.0
    attempts: int = 4
    longest_wait: float = 30.0
    wait: Callable[[float], None] = time.sleep

    def __post_init__(self) -> None:
        if self.attempts < 1 or self.timeout <= 0 or self.longest_wait < 0:
            raise UsageError(
                f"timeout={self.timeout}, attempts={self.attempts}, longest_wait={self.longest_wait}: attempts is at "
                "least 1, timeout more than 0 seconds, longest_wait not negative."
            )

    def send(self, request: urllib.request.Request) -> Received:
        """Sends a request until it is answered or refused.

        Raises:
            ProblemError: the service refused, failed, or stayed busy.
            ConnectionFailedError: it cannot be reached.
            IncompleteError: the body broke off.
        """
        for attempt in range(1, self.attempts + 1):
            try:
                return self._send_once(request)
            except urllib.error.HTTPError as error:
                with error:
                    seconds = _seconds_to_wait(error.code, error.headers, attempt)
                    problem = problem_of(error.code, _read_error(error), request.full_url)
                if seconds is None or seconds > self.longest_wait or attempt == self.attempts:
                    raise problem from None
                self.wait(seconds)
        raise AssertionError("attempts is at least 1")

    def _send_once(self, request: urllib.request.Request) -> Received:
        try:
            # The scheme was checked to be http or https where the address was given.
            with urllib.request.urlopen(request, timeout=self.timeout) as response:  # noqa: S310
                return Received(response.geturl(), response.headers, _read(response, request.full_url))
        except urllib.error.HTTPError:
            raise
        except urllib.error.URLError as error:
            raise ConnectionFailedError(
                f"{request.full_url} cannot be reached: {error.reason}. Look whether the service runs there."
            ) from error
        except (OSError, http.client.HTTPException) as error:
            raise ConnectionFailedError(
                f"The connection to {request.full_url} broke before the answer began "
                f"({str(error) or type(error).__name__}). Ask again."
            ) from error


def _read(response: http.client.HTTPResponse, address: str) -> bytes:
    try:
        return response.read()
    except http.client.IncompleteRead as error:
        raise IncompleteError(
            f"The answer of {address} broke off after {len(error.partial)} bytes, and nothing of it is used. Ask again."
        ) from error
    except (OSError, http.client.HTTPException) as error:
        raise IncompleteError(
            f"The answer of {address} broke off ({str(error) or type(error).__name__}), and nothing of it is used. "
            "Ask again."
        ) from error


def _read_error(error: urllib.error.HTTPError) -> bytes:
    """The body of a refusal; empty when it breaks off, because the status alone says enough."""
    try:
        return error.read()
    except (OSError, http.client.HTTPException):
        return b""


def _seconds_to_wait(status: int, headers: Message, attempt: int) -> float | None:
    """Seconds before the next attempt; None when another attempt makes no sense."""
    asked = _retry_after(headers.get("Retry-After", ""))
    if status == _TOO_MANY:
        return asked if asked is not None else float(2 ** (attempt - 1))
    return asked if status == _UNAVAILABLE else None


def _retry_after(text: str) -> float | None:
    """The seconds of a Retry-After header, which has seconds or a date; None when it has neither."""
    if re.fullmatch("[0-9]+", digits := text.strip(" \t")):
        return float(digits)
    try:
        return max(0.0, (parsedate_to_datetime(text) - datetime.now(UTC)).total_seconds())
    except (ValueError, TypeError, OverflowError):  # no date, or one without a time zone
        return None
