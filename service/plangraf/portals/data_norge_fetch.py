"""Rules of data.norge.no for fetching a catalogue.

The harvester sends one unconditional GET with the Accept that is registered for the source. It parses the answer by
that Accept and ignores the Content-Type.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import pyoxigraph

from plangraf.errors import SettingError
from plangraf.portals.catalogue_document import Answer
from plangraf.portals.findings import DATA_NORGE, Finding, portal_finding

_finding = partial(portal_finding, DATA_NORGE)

LIMIT = 75 * 1024 * 1024
"""Largest document that the harvester accepts, in bytes."""

# The first entry that the registered Accept contains decides; None where no parser is available here.
_ACCEPTS = (
    (("text/turtle", "application/turtle"), pyoxigraph.RdfFormat.TURTLE),
    (("text/n3",), pyoxigraph.RdfFormat.N3),
    (("application/trig",), pyoxigraph.RdfFormat.TRIG),
    (("application/rdf+xml",), pyoxigraph.RdfFormat.RDF_XML),
    (("application/rdf+json",), None),
    (("application/ld+json",), pyoxigraph.RdfFormat.JSON_LD),
    (("application/n-triples", "application/ntriples"), pyoxigraph.RdfFormat.N_TRIPLES),
    (("application/n-quads", "application/nquads"), pyoxigraph.RdfFormat.N_QUADS),
    (("application/trix",), None),
)


def format_of(accept: str) -> pyoxigraph.RdfFormat | None:
    """The format for a registered Accept; None when the harvester refuses it.

    Raises:
        SettingError: the harvester accepts the format, but it cannot be read here.
    """
    for types, form in _ACCEPTS:
        if any(type_ in accept.lower() for type_ in types):
            if form is None:
                raise SettingError(
                    f"data.norge.no reads --accept {accept} as {types[0]}, which cannot be read here. Register "
                    "text/turtle, and check that."
                )
            return form
    return None


def check_fetch(answer: Answer, document: str, limit: int = LIMIT) -> Iterator[Finding]:
    """Reports findings about an answer before it is parsed."""
    if answer.status != 200:
        yield _status_finding(answer, document)
        return
    if answer.redirects:
        yield _finding(
            "redirect",
            "Warning",
            document,
            f"Adressen omdirigerer til {answer.url}. Registrer den: en omdirigering mellom http og https følges ikke.",
            f"The address redirects to {answer.url}. Register that one: from http to https no redirect is followed.",
        )
    if (coding := answer.headers.get("content-encoding")) is not None:
        yield _finding(
            "content-encoding",
            "Violation",
            document,
            f"Svaret har Content-Encoding: {coding} uten at det er bedt om. Høsteren leser feltet som et tegnsett og "
            "stopper: send det bare når Accept-Encoding ber om det.",
            f"The answer has Content-Encoding: {coding} although none was asked for. The harvester takes the field for "
            "a character set and stops: send it only when Accept-Encoding asks for it.",
        )
    yield from _check_bytes(answer, document, limit)


def _status_finding(answer: Answer, document: str) -> Finding:
    where = f" → {answer.headers['location']}" if "location" in answer.headers else ""
    return _finding(
        "status-200",
        "Violation",
        document,
        f"Svaret har status {answer.status}{where}. Høsteren krever 200 og følger bare omdirigeringer 301, 302, "
        "303 og 307 fra http til http eller https til https: registrer adressen som selv svarer 200.",
        f"The answer has status {answer.status}{where}. The harvester demands 200 and follows only the redirects "
        "301, 302, 303 and 307 from http to http or https to https: register the address that answers 200 itself.",
    )


def _check_bytes(answer: Answer, document: str, limit: int) -> Iterator[Finding]:
    """Reports a body that is too long, broken off, or not UTF-8."""
    if len(answer.body) > limit:
        yield _finding(
            "size",
            "Violation",
            document,
            f"Dokumentet er større enn {limit} byte. Del katalogen, eller ta ut det som ikke beskriver datasett.",
            f"The document is larger than {limit} bytes. Split the catalogue, or take out what describes no dataset.",
        )
    elif not answer.complete:
        yield _finding(
            "complete",
            "Violation",
            document,
            "Svaret brøt av før slutten. Se i tjenestens logg, og prøv igjen.",
            "The answer broke off before its end. Look into the service's log, and try again.",
        )
    try:
        answer.body.decode("utf-8")
    except UnicodeDecodeError as error:
        if len(answer.body) <= limit and "content-encoding" not in answer.headers:
            yield _finding(
                "utf-8",
                "Warning",
                document,
                f"Svaret er ikke UTF-8 (byte {error.start}), og bokstaver blir til �. Skriv dokumentet i UTF-8.",
                f"The answer is not UTF-8 (byte {error.start}), and letters become �. Write the document in UTF-8.",
            )


def decode_leniently(body: bytes) -> bytes:
    """Replaces bytes that are not UTF-8 by U+FFFD, as the harvester does."""
    return body.decode("utf-8", "replace").encode()


def accept_finding(accept: str, document: str) -> Finding:
    return _finding(
        "accept",
        "Violation",
        document,
        f"En kilde med Accept: {accept} blir avvist, for den sier ikke hvilket format svaret har. Registrer "
        "text/turtle.",
        f"A source with Accept: {accept} is refused, as it does not say in which format the answer is. Register "
        "text/turtle.",
    )


def parse_finding(answer: Answer, accept: str, reason: str, document: str) -> Finding:
    named = answer.headers.get("content-type", "–")
    return _finding(
        "parse",
        "Violation",
        document,
        f"Svaret leses som {accept} uansett Content-Type ({named}), og det går ikke: {reason}. Rett feilen, eller "
        "registrer det formatet som tjenesten svarer med.",
        f"The answer is read as {accept} whatever its Content-Type ({named}), and that fails: {reason}. Correct it, or "
        "register the format in which the service answers.",
    )
