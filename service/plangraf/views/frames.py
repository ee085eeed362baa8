"""What a document nests: for each class the links that a reader follows from a thing, and how far.

`ontology/frames.jsonld` declares it once for each class, in the form that the standard has for it: JSON-LD frames
(https://www.w3.org/TR/json-ld11-framing/) with the project's prefixes, `@reverse` for what points to the thing. A frame
says which triples beyond a thing's neighbours belong into its document, and so is the same for every format. Beside
them stands the summary: the short facts that every nested thing carries.
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
from plangraf.rdf.jsonld.frame import NO_FRAME, Frame
from plangraf.rdf.namespaces import PREFIXES

FILE = "frames.jsonld"
LABELS = (
    NamedNode(PREFIXES["skos"] + "prefLabel"),
    NamedNode(PREFIXES["dcterms"] + "title"),
    NamedNode(PREFIXES["rdfs"] + "label"),
)


@dataclass(frozen=True, slots=True, eq=False)
class Frames:
    """The frames by class; `summary` is what every nested thing carries: type, labels, short facts."""

    by_class: Mapping[NamedNode, Frame] = field(default_factory=dict)
    summary: tuple[NamedNode, ...] = (RDF_TYPE, *LABELS)
    _joined: dict[frozenset[NamedNode], Frame] = field(default_factory=dict)

    def of(self, types: Iterable[NamedNode]) -> Frame:
        """The frame of a thing with these types; those of several types stand together.

        The same types give the same frame, which documents are compared by.
        """
        known = frozenset(type_ for type_ in types if type_ in self.by_class)
        if known not in self._joined:
            frames = [self.by_class[type_] for type_ in sorted(known, key=str)]
            self._joined[known] = frames[0] if len(frames) == 1 else _join(frames)
        return self._joined[known]


def load_frames(home: Path) -> Frames:
    """The frames that `ontology/frames.jsonld` declares.

    Raises:
        DataError: the file is missing or cannot be used; the message names file and line.
    """
    path = home / "ontology" / FILE
    if not path.is_file():
        raise _problem(
            1, "The file is missing. It declares what the document of each class nests.",
            "Filen mangler. Den sier hva dokumentet til hver klasse har med.",
        )  # fmt: skip
    text = path.read_text(encoding="utf-8")
    try:
        said = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise _problem(error.lineno, f"This is not JSON: {error.msg}.", f"Dette er ikke JSON: {error.msg}.") from error
    reader = _Reader(text)
    if not isinstance(said, dict) or set(said) != {"summary", "frames"}:
        raise _problem(1, "The file has `summary` and `frames`.", "Filen har «summary» og «frames».")
    summary = tuple(reader.iri(name) for name in reader.listed(said["summary"], str))
    by_class: dict[NamedNode, Frame] = {}
    for frame in reader.listed(said["frames"], dict):
        name = frame.pop("@type", None)
        class_ = reader.iri(name)
        if class_ in by_class:
            raise reader.wrong(name, f"{name} has a frame already.", f"{name} har alt en ramme.")
        by_class[class_] = reader.frame(frame, name)
    return Frames(by_class, (RDF_TYPE, *LABELS, *summary))


class _Reader:
    """Reads CURIEs and frames, and finds the line of what cannot be used."""

    def __init__(self, text: str) -> None:
        self._lines = text.splitlines()

    def iri(self, name: object) -> NamedNode:
        prefix, colon, local = name.partition(":") if isinstance(name, str) else ("", "", "")
        if not colon or prefix not in PREFIXES or not re.fullmatch(r"[A-Za-z][\w-]*", local):
            raise self.wrong(
                name, f"{name!r} is not a term with one of the project's prefixes, such as plan:Plan.",
                f"{name!r} er ikke et ord med et av prosjektets prefikser, som plan:Plan.",
            )  # fmt: skip
        return NamedNode(PREFIXES[prefix] + local)

    def frame(self, said: object, name: object) -> Frame:
        if not isinstance(said, dict) or not isinstance(pointing := said.get("@reverse", {}), dict):
            raise self.wrong(
                name, f"{name} nests an object: {{}} or properties with what they nest.",
                f"{name} har et objekt: {{}} eller egenskaper med det de har med.",
            )  # fmt: skip
        return Frame(
            {self.iri(key): self.frame(deeper, key) for key, deeper in said.items() if key != "@reverse"},
            {self.iri(key): self.frame(deeper, key) for key, deeper in pointing.items()},
        )

    def listed(self, said: object, kind: type) -> list[Any]:
        if not isinstance(said, list) or not all(isinstance(one, kind) for one in said):
            raise _problem(1, "`summary` lists terms, `frames` objects.", "«summary» har ord, «frames» objekter.")
        return said

    def wrong(self, name: object, en: str, nb: str) -> DataError:
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
