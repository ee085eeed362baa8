"""`plangraf link`: from a mapping and a list to a dataset of links and facts."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from pyoxigraph import NamedNode, RdfFormat, parse

from plangraf.errors import ListError
from plangraf.rdf.graph import RDF_TYPE
from plangraf.settings import Settings
from plangraf.sources.lists.areas import areas, read_areas, read_matches
from plangraf.sources.lists.dataset_turtle import DATASET_FILE, GENERATED, list_iri, turtle_files
from plangraf.sources.lists.entries import ascii_iri
from plangraf.sources.lists.facts import Facts
from plangraf.sources.lists.folder_swap import replace_folder
from plangraf.sources.lists.indicators import national_indicators
from plangraf.sources.lists.loading import LIMIT_MIB, Content, load
from plangraf.sources.lists.mapping import FILE, Mapping, read_mapping
from plangraf.sources.lists.own_labels import read_labels
from plangraf.sources.lists.rdf_entries import described_things, rdf_entries, read_store
from plangraf.sources.lists.repairs import Repair, Repairs
from plangraf.sources.lists.table_entries import table_entries
from plangraf.sources.lists.un_codes import known_codes
from plangraf.sources.lists.un_indicators import check_described, un_indicators

_DIGEST, _RETRIEVED = "contentDigest", "retrievedOn"


@dataclass(frozen=True, slots=True)
class Outcome:
    """The result of a link.

    Attributes:
        folder: the dataset.
        triples: statements written.
        things: how many things and links of each kind.
        repairs: what was wrong in the list.
        unchanged: whether the folder had these files already.
        earlier: the day on which another content of the list was read into the folder, when there was one.
        added: things that the folder did not have.
        removed: things that only the folder had.
    """

    folder: Path
    triples: int
    things: dict[str, int]
    repairs: tuple[Repair, ...]
    unchanged: bool
    earlier: date | None
    added: int
    removed: int


def link(
    settings: Settings,
    mapping_path: Path,
    sources: Sequence[str],
    folder: Path | None = None,
    *,
    retrieved: date | None = None,
    today: date,
    limit: int = LIMIT_MIB << 20,
) -> Outcome:
    """Reads a list and writes its dataset, all of it or nothing.

    Args:
        settings: `home` and `data` name the data that links are checked against.
        mapping_path: the mapping; its folder is the dataset unless `folder` is given.
        sources: files or addresses. Only areas may be read from several.
        folder: the dataset's folder.
        retrieved: the day on which the sources were fetched. When None, the mapping's; else the day that the folder
            names for the same content; else `today`.
        today: the day.
        limit: most bytes of one source.
    Raises:
        ListError: the mapping or a source cannot be used; the folder is as it was.
    """
    mapping = read_mapping(mapping_path)
    folder = mapping_path.absolute().parent if folder is None else folder.absolute()
    if folder.name != mapping.slug:
        raise ListError(
            f"The folder {folder} is not named as the mapping's slug, {mapping.slug}. Name one of them otherwise: the "
            "folder's name becomes that of the graph."
        )
    _require_same_list(folder, mapping)
    contents = [load(source, mapping.read.format, limit=limit) for source in sources]
    if len(contents) != 1 and mapping.kind != "areas":
        raise ListError(f"{mapping.slug} is read from one file or address; {len(contents)} are given.")
    digest = _digest(contents)
    if mapping.sha256 not in (None, digest):
        raise ListError(
            f"The content has the SHA-256 {digest}, and the mapping accepts only {mapping.sha256}. The list "
            "has changed: look at it, and write the new digest into the mapping."
        )
    before_digest, before_day = _before(folder)
    day = retrieved or mapping.retrieved or (before_day if before_digest == digest and before_day else today)
    repairs = Repairs()
    facts = _facts(settings, mapping, mapping_path, folder, contents, repairs)
    addresses = [content.address for content in contents if content.address] or [mapping.address]
    files = turtle_files(
        mapping, facts, repairs, addresses=[ascii_iri(one) for one in addresses], digest=digest, retrieved=day
    )
    old, new = _things(folder), {triple.subject for triples in facts.files.values() for triple in triples}
    changed = replace_folder(folder, files | _beside(mapping, mapping_path), GENERATED)
    return Outcome(
        folder,
        sum(len(set(triples)) for triples in facts.files.values()),
        dict(facts.things),
        tuple(repairs),
        unchanged=not changed,
        earlier=before_day if before_digest not in (None, digest) else None,
        added=len(new - old),
        removed=len(old - new),
    )


def _require_same_list(folder: Path, mapping: Mapping) -> None:
    """Refuses a folder whose mapping is one of another list, because it would be lost.

    Raises:
        ListError: it is.
    """
    try:
        before = read_mapping(folder / FILE)
    except ListError:
        return  # none, or the mapping that is being written
    if before.list != mapping.list:
        raise ListError(
            f"{folder} holds another list, {before.list}. Give the mapping of {mapping.list} another slug, or remove "
            "the folder."
        )


def _facts(
    settings: Settings, mapping: Mapping, path: Path, folder: Path, contents: Sequence[Content], repairs: Repairs
) -> Facts:
    source = list_iri(mapping)
    if mapping.kind == "areas":
        matches = read_matches(path.parent / mapping.matches) if mapping.matches else {}
        return areas(*read_areas(contents, mapping), source, repairs, matches)
    codes = known_codes(settings, folder)
    content = contents[0]
    if mapping.read.format == "turtle":
        store = read_store(content, repairs, mapping.address)
        if mapping.described is not None:
            check_described(described_things(store, mapping.described), codes)
        entries = rdf_entries(store, mapping, repairs)
    else:
        entries = table_entries(content, mapping, repairs)
    if mapping.kind == "un-indicators":
        labels = read_labels(path.parent / mapping.labels) if mapping.labels else {}
        return un_indicators(entries, source, labels, codes, repairs)
    return national_indicators(entries, mapping, source, codes, repairs)


def _digest(contents: Sequence[Content]) -> str:
    """SHA-256 of the content, or of the sorted digests of several."""
    if len(contents) == 1:
        return contents[0].digest
    return hashlib.sha256("\n".join(sorted(content.digest for content in contents)).encode()).hexdigest()


def _beside(mapping: Mapping, path: Path) -> dict[str, bytes]:
    """The mapping and the files that it names, which lie in the dataset's folder."""
    named = [name for name in (mapping.labels, mapping.matches) if name]
    return {FILE: path.read_bytes()} | {name: (path.parent / name).read_bytes() for name in named}


def _before(folder: Path) -> tuple[str | None, date | None]:
    """The digest and the day of the content that the folder was read from."""
    try:
        quads = list(parse((folder / DATASET_FILE).read_bytes(), format=RdfFormat.TURTLE))
    except (OSError, SyntaxError):
        return None, None
    values = {quad.predicate.value.rpartition("#")[2]: str(getattr(quad.object, "value", "")) for quad in quads}
    day = values.get(_RETRIEVED)
    return values.get(_DIGEST), date.fromisoformat(day) if day else None


def _things(folder: Path) -> set[NamedNode]:
    """What the folder describes, apart from the dataset itself."""
    found: set[NamedNode] = set()
    for name in GENERATED - {DATASET_FILE}:
        try:
            quads = parse((folder / name).read_bytes(), format=RdfFormat.TURTLE)
            found |= {q.subject for q in quads if q.predicate == RDF_TYPE and isinstance(q.subject, NamedNode)}
        except (OSError, SyntaxError):
            continue
    return found
