"""Loads what a home declares about how its data are shown: the site, labels of foreign terms, frames of documents.

`queries/site.yaml` declares the site's texts, services and pages. Catalogue, VoID, home page and sitemap derive from
it, so a service added there appears in all of them.

`ontology/labels/*.ttl` has the labels of properties from other vocabularies, one line of Turtle per term. A version
makes no statements about terms of other vocabularies. The service therefore reads these labels when it starts, and
pages show them where the data have no label.

`ontology/frames.jsonld` declares one JSON-LD frame per class (https://www.w3.org/TR/json-ld11-framing/): the links that
a document nests and how deep, with the project's prefixes and `@reverse` for links that point to the thing. A frame
selects the triples beyond the neighbours of a thing, so all formats of a document hold the same triples. The summary
lists the properties that every nested thing carries.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, Self

import orjson
from pydantic import Field, StringConstraints, model_validator
from pyoxigraph import Literal, NamedNode, RdfFormat, parse

from plangraf.diagnostics.diagnostic import DataError, FileDiagnostic, in_file
from plangraf.rdf.graph import RDF_TYPE
from plangraf.rdf.jsonld_documents import NO_FRAME, Frame
from plangraf.rdf.namespaces import PREFIXES
from plangraf.sparql.named.binding import LANGUAGES
from plangraf.sparql.named.head import Strict, Titled, Words, problem, read_yaml

SITE_FILE = "site.yaml"

Address = Annotated[str, StringConstraints(pattern=r"^/[a-z0-9./-]*$")]
Iri = Annotated[str, StringConstraints(pattern=r"^https?://[^\s<>\"{}|\\^`]+$")]
NOTICES = (
    "foreseen",
    "status_then",
    "decision_hearing",
    "decision_start",
    "only_hearing",
    "only_start",
)
LABELS_FOLDER = "labels"
_LABEL = NamedNode(PREFIXES["rdfs"] + "label")
TermLabels = Mapping[str, Mapping[str, str]]
"""The label of each term, by its IRI and language."""
FRAMES_FILE = "frames.jsonld"
LABELS = (
    NamedNode(PREFIXES["skos"] + "prefLabel"),
    NamedNode(PREFIXES["dcterms"] + "title"),
    NamedNode(PREFIXES["rdfs"] + "label"),
)
# The kinds of download that need a title: see `publish.dumps`.
DOWNLOADS = ("nq", "trig", "jsonld", "graph", "csv", "parquet", "CITATION.cff", "SHA256SUMS")


class DataService(Strict):
    """One service of the catalogue. `formats` are names in the EU's table of file types."""

    title: Titled
    description: Titled
    endpoint: Address
    described_at: Address = Field(alias="described-at")
    standard: Iri
    formats: list[Annotated[str, StringConstraints(pattern=r"^[A-Z][A-Z0-9_]*$")]] = Field(min_length=1)


class TitleAndDescription(Strict):
    """Title and description of the whole graph, of the feed or of a dataset series."""

    title: Titled
    description: Titled


class DistributionTitles(Strict):
    """The titles of distributions, with the placeholders {format} and {class}."""

    whole: Titled
    table: Titled
    graph: Titled


class Question(Strict):
    """A question of the home page that one list answers, with the filters and the order in which it does."""

    text: Titled
    path: Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9-]*$")] = Field(alias="list")
    filters: dict[str, Words] = Field(default_factory=dict)
    sort: Words | None = None


class ListGroup(Strict):
    """The lists that answer one kind of question, by their addresses; a list stands in one group."""

    title: Titled
    lists: list[Words] = Field(min_length=1)


class Site(Strict):
    """The texts of the site. `notices` are the sentences about adoption, by the keys of `document_parts.select_notice`.

    `llms` is the text of /llms.txt with the placeholders {base} and {queries}. `downloads` are the titles of the files
    to download, by the keys in DOWNLOADS. `series` has the placeholders {place} and {years}. The home page
    has the `questions` and the sizes of the `counted` lists, and the page of all lists their `groups`.
    """

    title: Titled
    description: Titled
    heading: Titled | None = None
    lead: Titled
    keywords: list[Titled]
    license: Iri
    whole: TitleAndDescription
    feed: TitleAndDescription
    made: Titled
    gathered: Titled
    services: dict[Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9-]*$")], DataService]
    standards: dict[Iri, Titled]
    downloads: dict[str, Titled]
    distributions: DistributionTitles
    series: TitleAndDescription
    pages: list[Address]
    questions: list[Question] = Field(default_factory=list)
    counted: list[Words] = Field(default_factory=list)
    groups: list[ListGroup] = Field(default_factory=list)
    notices: dict[str, Titled]
    llms: Words

    @model_validator(mode="after")
    def _complete(self) -> Self:
        for key, service in self.services.items():
            if service.standard not in self.standards:
                raise ValueError(f"the standard of {key}, {service.standard}, is not among the standards")
        if missing := [name for name in NOTICES if name not in self.notices]:
            raise ValueError(f"the notice {missing[0]} is missing")
        if missing := [name for name in DOWNLOADS if name not in self.downloads]:
            raise ValueError(f"the title of the download {missing[0]} is missing")
        for titles in (self.series.title, self.series.description):
            _check_placeholders(titles, place="", years="")
        _check_placeholders(self.distributions.whole, format="")
        _check_placeholders(self.distributions.table, **{"class": "", "format": ""})
        _check_placeholders(self.distributions.graph, format="")
        return self

    def words(self, language: str) -> dict[str, str]:
        """The texts that pages show, by their names in the templates."""
        own = {"tagline": self.title, "heading": self.heading or self.title, "home_lead": self.lead, **self.notices}
        return {name: text.in_language(language) for name, text in own.items()}


def fill(titles: Titled, **values: str) -> tuple[str, str]:
    """The text in Bokmål and English with its placeholders filled in."""
    return titles.nb.format_map(values), titles.en.format_map(values)


def _check_placeholders(titles: Titled, **values: str) -> None:
    try:
        fill(titles, **values)
    except (LookupError, ValueError, AttributeError) as error:
        known = " and ".join(f"{{{name}}}" for name in values)
        raise ValueError(f"{titles.nb!r} and {titles.en!r} may have the placeholders {known} only") from error


def load_site(home: Path) -> Site:
    """Reads `queries/site.yaml`.

    Raises:
        DataError: the file is missing or invalid; the message names file and line.
    """
    path, name = home / "queries" / SITE_FILE, f"queries/{SITE_FILE}"
    if not path.is_file():
        raise problem(
            name,
            1,
            "The file is missing. It declares the site's own words, services and pages.",
            "Filen mangler. Den har nettstedets egne ord, tjenester og sider.",
        )
    lines = path.read_text(encoding="utf-8").splitlines()
    return read_yaml(list(enumerate(lines, 1)), name).as_model(Site)


def label_files(home: Path) -> list[Path]:
    return sorted((home / "ontology" / LABELS_FOLDER).glob("*.ttl"))


def load_labels(home: Path) -> TermLabels:
    """Reads the label files of a home; returns nothing when it has none.

    Raises:
        DataError: a file is invalid; each problem names file and line.
    """
    found: dict[str, dict[str, str]] = {}
    problems: list[FileDiagnostic] = []
    for path in label_files(home):
        text, file = path.read_text(encoding="utf-8"), str(path.relative_to(home))
        own: dict[str, dict[str, str]] = {}
        try:
            for quad in parse(text.encode(), RdfFormat.TURTLE):
                term, label = quad.subject, quad.object
                if quad.predicate != _LABEL or not isinstance(label, Literal) or not isinstance(term, NamedNode):
                    en = "a line gives a term its rdfs:label, and nothing else."
                    nb = "en linje gir et ord dets rdfs:label, og ikke noe annet."
                    iri = term.value if isinstance(term, NamedNode) else ""
                    problems.append(_label_problem(file, text, iri, en, nb))
                elif label.language in own.setdefault(term.value, {}) or term.value in found:
                    en, nb = "the term has two labels in one language.", "ordet har to navn på ett språk."
                    problems.append(_label_problem(file, text, term.value, en, nb))
                else:
                    own[term.value][label.language or ""] = label.value
        except SyntaxError as error:
            line = error.lineno or 1
            problems.append(in_file(file, line, f"Dette er ikke Turtle: {error.msg}", f"Not Turtle: {error.msg}"))
            continue
        for iri, labels in own.items():
            if missing := [language for language in LANGUAGES if language not in labels]:
                en, nb = f"the label in {', '.join(missing)} is missing.", f"navnet på {', '.join(missing)} mangler."
                problems.append(_label_problem(file, text, iri, en, nb))
        found |= own
    if problems:
        raise DataError(problems)
    return found


def _label_problem(file: str, text: str, iri: str, en: str, nb: str) -> FileDiagnostic:
    """A problem at the first line that contains the term."""
    lines = text.splitlines()
    line = next((number for number, line in enumerate(lines, 1) if any(name in line for name in _spellings(iri))), 1)
    return in_file(file, line, f"{iri}: {nb}", f"{iri}: {en}")


def _spellings(iri: str) -> Iterable[str]:
    """The spellings of an IRI at the start of a line of Turtle."""
    yield f"<{iri}>"
    for prefix, namespace in PREFIXES.items():
        if iri.startswith(namespace):
            yield f"{prefix}:{iri.removeprefix(namespace)} "


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
    path = home / "ontology" / FRAMES_FILE
    if not path.is_file():
        raise _frames_problem(
            1,
            "The file is missing. It declares what the document of each class nests.",
            "Filen mangler. Den sier hva dokumentet til hver klasse har med.",
        )
    text = path.read_text(encoding="utf-8")
    try:
        content = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise _frames_problem(
            error.lineno, f"This is not JSON: {error.msg}.", f"Dette er ikke JSON: {error.msg}."
        ) from error
    reader = _FrameReader(text)
    if not isinstance(content, dict) or set(content) != {"summary", "frames"}:
        raise _frames_problem(1, "The file has `summary` and `frames`.", "Filen har «summary» og «frames».")
    summary = tuple(reader.iri(name) for name in reader.check_list(content["summary"], str))
    by_class: dict[NamedNode, Frame] = {}
    for frame in reader.check_list(content["frames"], dict):
        name = frame.pop("@type", None)
        class_ = reader.iri(name)
        if class_ in by_class:
            raise reader.problem(name, f"{name} has a frame already.", f"{name} har alt en ramme.")
        by_class[class_] = reader.frame(frame, name)
    return Frames(by_class, (RDF_TYPE, *LABELS, *summary))


class _FrameReader:
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
            raise _frames_problem(
                1, "`summary` lists terms, `frames` objects.", "«summary» har ord, «frames» objekter."
            )
        return content

    def problem(self, name: object, en: str, nb: str) -> DataError:
        """An error at the first line that contains `name` as a JSON string."""
        found = (number for number, line in enumerate(self._lines, 1) if f'"{name}"' in line)
        return _frames_problem(next(found, 1), en, nb)


def _join(frames: list[Frame]) -> Frame:
    if not frames:
        return NO_FRAME
    return Frame(
        {name: deeper for frame in frames for name, deeper in frame.forward.items()},
        {name: deeper for frame in frames for name, deeper in frame.reverse.items()},
    )


def _frames_problem(line: int, en: str, nb: str) -> DataError:
    return DataError([in_file(f"ontology/{FRAMES_FILE}", line, nb, en)])
