"""Writes the pictures of a version: for each picture, municipality and language the drawing in two themes, and rows.

They derive from the version's lines and from `queries/pictures/` alone and hold no time, host or random name. The same
version gives the same bytes on every machine with the same release of vl-convert. A drawing that the present version
has already, by a digest of its rows and of what draws them, is taken from there.

    pictures/index.json                              titles, sentences, files with sums
    pictures/<name>/<municipality or all>-<language>.svg|.png|-dark.svg|-dark.png
    pictures/<name>/….fragment                       the drawing for the inside of a page
    pictures/<name>/….csv|.json                      its rows
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, field
from functools import cached_property
from importlib.metadata import version as installed_version
from itertools import islice
from pathlib import Path
from typing import Any

from pyoxigraph import Literal, NamedNode, Quad, QuerySolutions, RdfFormat, Store, parse

from plangraf.publish.pictures import drawing, rows, svg
from plangraf.publish.pictures.bulk_lines import lines_about
from plangraf.rdf.bulk_terms import BulkTerms
from plangraf.rdf.namespaces import GRAPH, PREFIXES
from plangraf.rdf.quad_lines import load_store
from plangraf.sparql.matched_terms import matched_predicates
from plangraf.sparql.named.binding import LANGUAGES
from plangraf.sparql.named.picture_files import Picture
from plangraf.store.atomic import write_file
from plangraf.store.pictures import MEDIA_TYPES, PICTURES_INDEX, read_identities
from plangraf.store.versions.bulk import BulkGraph
from plangraf.views.pictures.palette import THEMES

MOST_MUNICIPALITIES = 8
"""Those with the most statements are drawn."""
MOST_STATEMENTS = 2_000_000
"""A version with more is not drawn, because its copy in the drawing process would take gigabytes. Of the triples in
bulk files only those about the municipalities that are drawn count, and only the pictures that need them are left out.
"""
_TOO_MANY = {
    "nb": "Det er flere opplysninger enn en figur kan vise. Still heller spørringen bak figuren.",
    "en": "There are more statements than a picture can show. Ask the query behind it instead.",
}
# A language without drawings of its own is shown these.
_ELSE = "nb"
_FOOT = "plangraf · CC BY 4.0"
_LIBRARIES = ("pyoxigraph", "vl-convert-python")
_CODE = (*sorted(Path(__file__).parent.glob("*.*")), Path(svg.__file__).parents[2] / "views/pictures/palette.py")
_AREA = re.compile(re.escape(f"<{GRAPH}".encode()) + rb"([0-9]{4})/[^>]*> \.$")
_MUNICIPALITIES = f"""SELECT ?number ?label WHERE {{
  ?municipality <{PREFIXES["plan"]}municipalityNumber> ?number ; <{PREFIXES["rdfs"]}label> ?label
}} ORDER BY ?number ?label"""
_AREAS = f"SELECT ?area ?number WHERE {{ ?area <{PREFIXES['plan']}municipalityNumber> ?number }}"


@dataclass(frozen=True, slots=True)
class Written:
    """How many drawings a folder of pictures has, and how many of them another version had."""

    drawn: int
    taken: int


def write_pictures(
    lines: Sequence[bytes],
    folder: Path,
    pictures: Sequence[Picture],
    known: Path | None = None,
    bulk: Mapping[Path, BulkGraph] | None = None,
    loaded: Store | None = None,
    changed: Set[str] | None = None,
) -> Written:
    """Creates a folder and writes all pictures of a version into it.

    Args:
        lines: N-Quads lines of the dump without newline, sorted and unique.
        folder: the target; it must not exist.
        pictures: what to draw.
        known: the pictures of another version, whose equal drawings are taken.
        bulk: the bulk graphs of the version, by their compressed files.
        loaded: a store of the lines, which this process may change; else one is loaded, see `load_store`.
        changed: the properties of all statements that differ from the other version, drawn by the same code from the
            same declarations; None when that is not so.
    Raises:
        DataError: a query cannot be evaluated, or a drawing cannot be used.
        OSError: a file cannot be written.
    """
    folder.mkdir(parents=True)
    writer = _Writer(_Data(lines, bulk or {}, loaded), folder, known, changed)
    described = [writer.write(picture) for picture in pictures]
    content = {"municipalities": writer.data.names, "pictures": described}
    write_file(folder / PICTURES_INDEX, (json.dumps(content, ensure_ascii=False, indent=1) + "\n").encode())
    return Written(writer.drawn, writer.taken)


@dataclass(frozen=True)
class _Data:
    """The statements of a version; they are loaded at the first query.

    Of the bulk triples it has those of subjects that link to a municipality that is drawn, such as the observations of
    a statistical table about it.
    """

    lines: Sequence[bytes]
    bulk: Mapping[Path, BulkGraph] = field(default_factory=dict)
    loaded: Store | None = None

    @property
    def too_many(self) -> bool:
        return len(self.lines) > MOST_STATEMENTS

    def lacks(self, picture: Picture) -> bool:
        """Whether a picture needs statements that are too many to load."""
        if self.too_many or not self._bulk_lines[1]:
            return self.too_many
        return self.may_reach_bulk(picture)

    def may_reach_bulk(self, picture: Picture) -> bool:
        """Whether the query of a picture can match a triple of a bulk file."""
        if not self.bulk:
            return False
        return rows.reaches_bulk(picture, BulkTerms.joined(graph.terms for graph in self.bulk.values()))

    @cached_property
    def store(self) -> Store:
        """Named graphs, and their union as the default graph, as the service has them."""
        store = self._own
        for graph, lines in self._bulk_lines[0].items():
            triples = list(parse(b"\n".join(lines), RdfFormat.N_TRIPLES))
            store.bulk_extend(Quad(one.subject, one.predicate, one.object, NamedNode(graph)) for one in triples)
            store.bulk_extend(triples)
        return store

    @cached_property
    def _own(self) -> Store:
        return load_store(self.lines) if self.loaded is None else self.loaded

    @cached_property
    def _bulk_lines(self) -> tuple[Mapping[str, Sequence[bytes]], bool]:
        """The lines of bulk triples by graph, and whether they are too many; there are none then."""
        if not self.bulk:
            return {}, False
        drawn = set(self.municipalities[:MOST_MUNICIPALITIES])
        answer = self._own.query(_AREAS)
        assert isinstance(answer, QuerySolutions)
        areas = {
            area.value
            for area, number in answer
            if isinstance(area, NamedNode) and isinstance(number, Literal) and number.value in drawn
        }
        found: dict[str, list[bytes]] = {}
        left = MOST_STATEMENTS - len(self.lines)
        for file, graph in self.bulk.items():
            found[graph.graph] = list(islice(lines_about(file, areas), left + 1))
            left -= len(found[graph.graph])
            if left < 0:
                return {}, True
        return found, False

    @cached_property
    def names(self) -> dict[str, dict[str, str]]:
        """The names of the municipalities by number and language."""
        found: dict[str, dict[str, str]] = {}
        if self.too_many:
            return found
        answer = self._own.query(_MUNICIPALITIES)
        assert isinstance(answer, QuerySolutions)
        for number, label in answer:
            assert isinstance(number, Literal)
            assert isinstance(label, Literal)
            found.setdefault(number.value, {})[label.language or "nb"] = label.value
        return {number: {lang: names.get(lang, next(iter(names.values()))) for lang in LANGUAGES}
                for number, names in found.items()}  # fmt: skip

    @cached_property
    def municipalities(self) -> list[str]:
        """The numbers of the municipalities that graphs are about, those with the most statements first."""
        counts: dict[str, int] = {}
        for line in self.lines:
            if match := _AREA.search(line):
                number = match[1].decode()
                counts[number] = counts.get(number, 0) + 1
        return sorted(counts, key=lambda number: (-counts[number], number))


@dataclass
class _Writer:
    data: _Data
    folder: Path
    known: Path | None
    changed: Set[str] | None = None
    drawn: int = 0
    taken: int = 0
    _code: str = field(default_factory=lambda: _code_digest())

    @cached_property
    def _identities(self) -> Mapping[str, Mapping[str, str]]:
        return read_identities(self.known) if self.known is not None else {}

    def write(self, picture: Picture) -> dict[str, object]:
        """Writes the files of one picture; returns its entry in the index."""
        (self.folder / picture.name).mkdir()
        each = picture.head.each_municipality and not self.data.lacks(picture)
        found = self.data.municipalities if each else []
        chosen: list[str | None] = [*found[:MOST_MUNICIPALITIES]] or [None]
        drawings = [one for number in chosen for one in self._in_each_language(picture, number, len(chosen) > 1)]
        if not drawings:
            drawings = self._in_each_language(picture, None, False)
        head = picture.head
        return {
            "name": picture.name,
            "title": head.title.texts,
            "kinds": [_expanded(kind) for kind in head.kinds],
            "namedQuery": head.query,
            "notDrawn": max(0, len(found) - MOST_MUNICIPALITIES),
            "drawings": drawings,
        }  # fmt: skip

    def _in_each_language(self, picture: Picture, number: str | None, skip_empty: bool) -> list[dict[str, object]]:
        before = [one for language in LANGUAGES if (one := self._as_before(picture, number, language))]
        if len(before) == len(LANGUAGES):
            drawn = sum(one["state"] == "drawn" for one in before)
            self.drawn += drawn
            self.taken += drawn
            return before
        found = []
        for language in LANGUAGES:
            answer = (
                rows.Answer("", tuple(picture.query.head.columns), [])
                if self.data.lacks(picture)
                else rows.ask(self.data.store, picture, language, number)
            )
            if skip_empty and not answer.cells:
                return []
            found.append(self._one(picture, number, language, answer))
        return found

    def _one(self, picture: Picture, number: str | None, language: str, answer: rows.Answer) -> dict[str, object]:
        """Writes one drawing with its rows; returns its entry."""
        typed, lacking = rows.typed(answer, picture), self.data.lacks(picture)
        sentence = _TOO_MANY[language] if lacking else rows.reading(typed, picture, language)
        further = {} if lacking or language != _ELSE else rows.further_readings(typed, picture)
        stem = f"{picture.name}/{number or 'all'}-{language}"
        too_large = lacking or len(typed) > picture.head.most
        state = "too-large" if too_large else "drawn" if typed else "empty"
        content = {
            "name": picture.name,
            "title": picture.head.title.in_language(language),
            "reading": sentence,
            "municipality": number,
            "language": language,
            "query": answer.query,
            "columns": [
                {"name": name, "title": column.title.in_language(language)}
                for name, column in picture.head.columns.items()
            ],
            "rows": typed,
            "table": rows.table(typed, picture, language),
        }
        files = {
            "csv": rows.as_csv(answer),
            "json": json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode() + b"\n",
        }
        identity = hashlib.sha256((self._code + drawing.identity(picture, typed, language)).encode()).hexdigest()
        if state == "drawn":
            self.drawn += 1
            same = self._taken(identity)
            self.taken += same is not None
            files |= self._draw(picture, typed, sentence, language) if same is None else same
        return {
            "municipality": number,
            "language": language,
            "state": state,
            "reading": sentence,
            **({"readings": further} if further else {}),
            "rows": len(typed),
            "query": answer.query,
            "identity": identity,
            **svg.size_of(files.get("svg", b"")),
            "files": {kind: self._file(stem, kind, body) for kind, body in files.items()},
        }

    def _draw(self, picture: Picture, typed: Sequence[rows.Row], sentence: str, language: str) -> dict[str, bytes]:
        found = drawing.draw(picture, typed, language)
        title = picture.head.title.in_language(language)
        files = {"fragment": svg.fragment(found)}
        for theme in THEMES:
            ending = "" if theme == "light" else f"-{theme}"
            files[f"svg{ending}"] = svg.whole_file(found, title, sentence, _FOOT, theme)
            files[f"png{ending}"] = drawing.png(files[f"svg{ending}"])
        return files

    def _as_before(self, picture: Picture, number: str | None, language: str) -> dict[str, object] | None:
        """The entry of a drawing in the other version, whose files are taken; None when its rows may differ now."""
        entry = self._entries.get((picture.name, number, language))
        if self.changed is None or self.known is None or entry is None or self.data.may_reach_bulk(picture):
            return None
        predicates = matched_predicates(str(entry["query"])) if entry["query"] else None
        if predicates is None or not predicates.isdisjoint(self.changed):
            return None
        bodies = self._whole({kind: one["name"] for kind, one in entry["files"].items()})
        if bodies is None:
            return None
        for kind, body in bodies.items():
            write_file(self.folder / entry["files"][kind]["name"], body)
        return dict(entry)

    def _whole(self, names: Mapping[str, str]) -> dict[str, bytes] | None:
        """Files of the other version by kind; None when one is missing or damaged."""
        if self.known is None:
            return None
        try:
            found = {kind: (self.known / name).read_bytes() for kind, name in names.items()}
        except OSError:
            return None
        if any(hashlib.sha256(body).hexdigest() != self._sums.get(names[kind]) for kind, body in found.items()):
            return None
        return found

    @cached_property
    def _sums(self) -> Mapping[str, str]:
        """The digests of the files of the other version, by their names."""
        return {one["name"]: one["sha256"] for entry in self._entries.values() for one in entry["files"].values()}

    @cached_property
    def _entries(self) -> Mapping[tuple[str, str | None, str], Mapping[str, Any]]:
        """The entries of the other version by picture, municipality and language."""
        if self.known is None:
            return {}
        try:
            pictures = json.loads((self.known / PICTURES_INDEX).read_bytes())["pictures"]
            return {(one["name"], each["municipality"], each["language"]): each
                    for one in pictures for each in one["drawings"]}  # fmt: skip
        except (OSError, ValueError, KeyError, TypeError):
            return {}

    def _taken(self, identity: str) -> dict[str, bytes] | None:
        """The files of an equal drawing of the other version; None when it has none or one is missing."""
        names = self._identities.get(identity)
        if names is None:
            return None
        return self._whole({kind: name for kind, name in names.items() if kind not in ("csv", "json")})

    def _file(self, stem: str, kind: str, body: bytes) -> dict[str, object]:
        ending, _, theme = kind.partition("-")
        name = f"{stem}{'-' + theme if theme else ''}.{ending}"
        write_file(self.folder / name, body)
        return {
            "name": name,
            "bytes": len(body),
            "sha256": hashlib.sha256(body).hexdigest(),
            "mediaType": MEDIA_TYPES[ending],
        }


def _expanded(curie: str) -> str:
    prefix, _, name = curie.partition(":")
    return PREFIXES[prefix] + name


def _code_digest() -> str:
    """Of all that decides a drawing beside its rows and its declaration."""
    digest = hashlib.sha256("\n".join(map(installed_version, _LIBRARIES)).encode())
    for path in _CODE:
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()
