"""`plangraf link`: from a mapping and a list to a dataset of links and facts."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from pyoxigraph import NamedNode

from plangraf.errors import ListError
from plangraf.settings import Settings
from plangraf.sources.lists.areas import areas, read_areas, read_matches
from plangraf.sources.lists.dataset_folder import read_earlier, restore, write_dataset
from plangraf.sources.lists.dataset_turtle import list_iri, turtle_files
from plangraf.sources.lists.entries import ascii_iri
from plangraf.sources.lists.facts import Facts
from plangraf.sources.lists.indicators import national_indicators
from plangraf.sources.lists.loading import LIMIT_MIB, Content, load
from plangraf.sources.lists.mapping import FILE, Mapping, Text, read_mapping
from plangraf.sources.lists.own_labels import read_labels
from plangraf.sources.lists.rdf_entries import described_things, rdf_entries, read_store
from plangraf.sources.lists.repairs import Repair, Repairs
from plangraf.sources.lists.table_entries import table_entries
from plangraf.sources.lists.un_codes import known_codes
from plangraf.sources.lists.un_indicators import check_described, un_indicators
from plangraf.store.atomic import exclusive


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
    folder = mapping_path.absolute().parent if folder is None else folder.absolute()
    # Before the mapping is read, because it usually lies in the folder.
    restore(folder)
    given = _read_given(mapping_path)
    mapping = given.mapping
    _require_slug(folder, mapping.slug)
    contents = _load(mapping, sources, limit)
    digest = _accepted_digest(mapping, contents)
    repairs = Repairs()
    with exclusive(folder.resolve().parent):  # else another process could replace a folder while it is read
        _require_same_list(folder, mapping)
        earlier = read_earlier(folder)
        facts = _facts(settings, given, folder, contents, repairs)
    changed_since = earlier.digest not in (None, digest)
    day = retrieved or mapping.retrieved or (earlier.day if earlier.digest == digest and earlier.day else today)
    addresses = [content.address for content in contents if content.address] or [mapping.address]
    files = turtle_files(
        mapping, facts, repairs, addresses=[ascii_iri(one) for one in addresses], digest=digest, retrieved=day
    )
    written = write_dataset(folder, files | given.files)
    things = {triple.subject for triples in facts.files.values() for triple in triples}
    return Outcome(
        folder,
        sum(len(set(triples)) for triples in facts.files.values()),
        dict(facts.things),
        tuple(repairs),
        unchanged=not written,
        earlier=earlier.day if changed_since else None,
        added=len(things - earlier.things),
        removed=len(earlier.things - things),
    )


@dataclass(frozen=True, slots=True)
class _Given:
    """A mapping with the files that it names; `files` holds all of them, which lie in the dataset's folder."""

    mapping: Mapping
    labels: dict[str, Text]
    matches: dict[str, list[NamedNode]]
    files: dict[str, bytes]


def _read_given(path: Path) -> _Given:
    """Reads the mapping once, while no other process replaces its folder.

    Raises:
        ListError: the mapping, or a file that it names, cannot be used.
    """
    with exclusive(path.resolve().parent.parent):
        mapping = read_mapping(path)
        labels = read_labels(path.parent / mapping.labels) if mapping.labels else {}
        matches = read_matches(path.parent / mapping.matches) if mapping.matches else {}
        named = [name for name in (mapping.labels, mapping.matches) if name]
        files = {FILE: path.read_bytes()} | {name: (path.parent / name).read_bytes() for name in named}
    return _Given(mapping, labels, matches, files)


def _require_slug(folder: Path, slug: str) -> None:
    if folder.name != slug:
        raise ListError(
            f"The folder {folder} is not named as the mapping's slug, {slug}. Name one of them otherwise: the folder's "
            "name becomes that of the graph."
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


def _load(mapping: Mapping, sources: Sequence[str], limit: int) -> list[Content]:
    contents = [load(source, mapping.read.format, limit=limit) for source in sources]
    if len(contents) != 1 and mapping.kind != "areas":
        raise ListError(f"{mapping.slug} is read from one file or address; {len(contents)} are given.")
    return contents


def _accepted_digest(mapping: Mapping, contents: Sequence[Content]) -> str:
    """SHA-256 of the content, or of the sorted digests of several, which the mapping must accept."""
    digests = sorted(content.digest for content in contents)
    digest = digests[0] if len(digests) == 1 else hashlib.sha256("\n".join(digests).encode()).hexdigest()
    if mapping.sha256 not in (None, digest):
        raise ListError(
            f"The content has the SHA-256 {digest}, and the mapping accepts only {mapping.sha256}. The list "
            "has changed: look at it, and write the new digest into the mapping."
        )
    return digest


def _facts(settings: Settings, given: _Given, folder: Path, contents: Sequence[Content], repairs: Repairs) -> Facts:
    mapping = given.mapping
    source = list_iri(mapping)
    if mapping.kind == "areas":
        return areas(*read_areas(contents, mapping), source, repairs, given.matches)
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
        return un_indicators(entries, source, given.labels, codes, repairs)
    return national_indicators(entries, mapping, source, codes, repairs)
