"""Loads the frames: for each class, the links that a document nests and how deep.

`ontology/frames.jsonld` declares one JSON-LD frame per class (https://www.w3.org/TR/json-ld11-framing/), with the
project's prefixes and `@reverse` for links that point to the thing. A frame selects the triples beyond the neighbours
of a thing, so all formats of a document hold the same triples. The summary lists the properties that every nested
thing carries.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson
from pyoxigraph import NamedNode

from plangraf.diagnostics.diagnostic import DataError, in_file
from plangraf.rdf.graph import RDF_TYPE
from plangraf.rdf.jsonld_documents import NO_FRAME, Frame
from plangraf.rdf.namespaces import PREFIXES

FILE = "frames.jsonld"
LABELS = (
    NamedNode(PREFIXES["skos"] + "prefLabel"),
    NamedNode(PREFIXES["dcterms"] + "title"),
    NamedNode(PREFIXES["rdfs"] + "label"),
)


@dataclass(frozen=True, slots=True, eq=False)
class Frames:
    """The frames by class. `summary` lists the properties of every nested thing: type, labels, short facts."""

    by_class: Mapping[NamedNode, Frame] = field(default_factory=dict)
    summary: tuple[NamedNode, ...] = (RDF_TYPE, *LABELS)
    _joined: dict[frozenset[NamedNode], Frame] = field(default_factory=dict)

    def of(self, types: Iterable[NamedNode]) -> Frame:
        """The frame of a thing with these types; several types share one joined frame.

        Equal types return the identical object, because callers compare frames by identity.
        """
        known = frozenset(type_ for type_ in types if type_ in self.by_class)
        if known not in self._joined:
            frames = [self.by_class[type_] for type_ in sorted(known, key=str)]
            self._joined[known] = frames[0] if len(frames) == 1 else _join(frames)
        return self._joined[known]


def load_frames(home: Path) -> Frames:
    """Reads `ontology/frames.jsonld`.

    Raises:
        DataError: the file is missing or invalid; the message names file and line.
    """
    path = home / "ontology" / FILE
    if not path.is_file():
        raise _problem(
            1,
            "The file is missing. It declares what the document of each class nests.",
            "Filen mangler. Den sier hva dokumentet til hver klasse har med.",
        )
    text = path.read_text(encoding="utf-8")
    try:
        content = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise _problem(error.lineno, f"This is not JSON: {error.msg}.", f"Dette er ikke JSON: {error.msg}.") from error
    reader = _Reader(text)
    if not isinstance(content, dict) or set(content) != {"summary", "frames"}:
        raise _problem(1, "The file has `summary` and `frames`.", "Filen har «summary» og «frames».")
    summary = tuple(reader.iri(name) for name in reader.check_list(content["summary"], str))
    by_class: dict[NamedNode, Frame] = {}
    for frame in reader.check_list(content["frames"], dict):
        name = frame.pop("@type", None)
        class_ = reader.iri(name)
        if class_ in by_class:
            raise reader.problem(name, f"{name} has a frame already.", f"{name} har alt en ramme.")
        by_class[class_] = reader.frame(frame, name)
    return Frames(by_class, (RDF_TYPE, *LABELS, *summary))


class _Reader:
    """Reads CURIEs and frames, and locates errors by line."""

    def __init__(self, text: str) -> None:
        self._lines = text.splitlines()

    def iri(self, name: object) -> NamedNode:
        prefix, colon, local = name.partition(":") if isinstance(name, str) else ("", "", "")
        if not colon or prefix not in PREFIXES or not re.fullmatch(r"[A-Za-z][\w-]*", local):
            raise self.problem(
                name,
                f"{name!r} is not a term with one of the project's prefixes, such as plan:Plan.",
                f"{name!r} er ikke et ord med et av prosjektets prefikser, som plan:Plan.",
            )
        return NamedNode(PREFIXES[prefix] + local)

    def frame(self, content: object, name: object) -> Frame:
        if not isinstance(content, dict) or not isinstance(reverse := content.get("@reverse", {}), dict):
            raise self.problem(
                name,
                f"{name} nests an object: {{}} or properties with what they nest.",
                f"{name} har et objekt: {{}} eller egenskaper med det de har med.",
            )
        return Frame(
            {self.iri(key): self.frame(deeper, key) for key, deeper in content.items() if key != "@reverse"},
            {self.iri(key): self.frame(deeper, key) for key, deeper in reverse.items()},
        )

    def check_list(self, content: object, kind: type) -> list[Any]:
        if not isinstance(content, list) or not all(isinstance(one, kind) for one in content):
            raise _problem(1, "`summary` lists terms, `frames` objects.", "«summary» har ord, «frames» objekter.")
        return content

    def problem(self, name: object, en: str, nb: str) -> DataError:
        """An error at the first line that contains `name` as a JSON string."""
        found = (number for number, line in enumerate(self._lines, 1) if f'"{name}"' in line)
        return _problem(next(found, 1), en, nb)


def _join(frames: list[Frame]) -> Frame:
    if not frames:
        return NO_FRAME
    return Frame(
        {name: deeper for frame in frames for name, deeper in frame.forward.items()},
        {name: deeper for frame in frames for name, deeper in frame.reverse.items()},
    )


def _problem(line: int, en: str, nb: str) -> DataError:
    return DataError([in_file(f"ontology/{FILE}", line, nb, en)])
