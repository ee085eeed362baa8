"""Writes the index of a version into a folder, and opens it there.

versions/<id>/search/things/      tantivy's index of the entries
versions/<id>/search/words/       tantivy's index of their words, which mends spelling and finds words by their middle
versions/<id>/search/index.json   format, titles of kinds and facet values, and the digest of each file

A service opens copies of the directory entries, not of the files: tantivy takes locks in the folder of an index, and
the folder of a version may be read-only and never changes. The files are mapped into memory, so that all HTTP processes
share their pages, and stay readable after the version is pruned.
"""

from __future__ import annotations

import hashlib
import shutil
import tempfile
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any, Final

import orjson
import tantivy

from plangraf.errors import SearchUnavailableError
from plangraf.errors.message import N_, English
from plangraf.search.analysis import code, codes_of, fold, of_kind, stem_en, stem_nb, whole, whole_stems, word_texts
from plangraf.search.compounds import Splitter, vocabulary
from plangraf.search.entries import FACETS, Entry, Labels, Text
from plangraf.store.atomic import sync_folder, write_file

FOLDER: Final = "search"
CONTENTS: Final = "index.json"
_THINGS, _WORDS = "things", "words"
# Raised when fields or analysis change, because both sides of a search must analyse alike.
_FORMAT: Final = 2
# Bytes of memory of a writer; tantivy writes a segment when it is full.
_HEAP: Final = 64_000_000
_WORDS_HEAP: Final = 16_000_000
_READABLE: Final = 0o644
_TRIES: Final = 100
_WAIT_S: Final = 0.01
_ENGLISH: Final = "en"
# A score is multiplied with log2(2 + weight): by 1 for rank 0, by 2.6 for rank 1.
_RANKED: Final = 1.6
_TOKENS: Final = ("word", "fold", "nb", "en", "part", "text_nb", "text_en", "text_part", "about", "code")


def _schema() -> tantivy.Schema:
    builder = tantivy.SchemaBuilder()
    builder.add_bytes_field("shown", stored=True)
    builder.add_text_field("whole", tokenizer_name="raw", index_option="basic")
    for name in _TOKENS:
        builder.add_text_field(name, tokenizer_name="whitespace", index_option="position" if name == "fold" else "freq")
    for name in FACETS:
        builder.add_text_field(name, tokenizer_name="raw", index_option="basic", fast=True)
    builder.add_float_field("weight", fast=True)
    return builder.build()


def _words_schema() -> tantivy.Schema:
    builder = tantivy.SchemaBuilder()
    for name in ("fold", "stem"):
        builder.add_text_field(name, stored=True, tokenizer_name="raw", index_option="basic")
    builder.add_text_field("word", stored=True, tokenizer_name="raw", index_option="basic")
    builder.add_text_field("part", tokenizer_name="raw", index_option="basic")
    builder.add_unsigned_field("entries", stored=True, fast=True)
    return builder.build()


@dataclass(frozen=True, slots=True)
class SearchIndex:
    """An open index: searchers over the entries and over their words, and the titles of what they hold."""

    things: tantivy.Searcher
    words: tantivy.Searcher
    schema: tantivy.Schema
    words_schema: tantivy.Schema
    labels: Labels
    entries: int


def write_index(folder: Path, entries: Iterable[Entry], labels: Labels) -> int:
    """Creates a folder and writes the index into it; returns the number of entries.

    Args:
        folder: the target; it must not exist.
        entries: what is found.
        labels: the titles of their kinds and facet values.
    Raises:
        OSError: a file cannot be written.
    """
    listed = list(entries)
    counted = _count_words(listed)
    known = set(vocabulary(_count_words(listed, norwegian=True)))
    splitter = Splitter(known.__contains__, lenient=True)
    folder.mkdir(parents=True)
    _write(folder / _THINGS, _schema(), _HEAP, (_document(entry, splitter) for entry in listed))
    words = chain(map(_word_document, counted.items()), map(_part_document, sorted(known)))
    _write(folder / _WORDS, _words_schema(), _WORDS_HEAP, words)
    contents = {
        "format": _FORMAT,
        "entries": len(listed),
        "kinds": labels.kinds,
        "singular": labels.singular,
        "values": labels.values,
        "files": {name: _digest(folder / name) for name in _names(folder)},
    }
    write_file(folder / CONTENTS, orjson.dumps(contents, option=orjson.OPT_INDENT_2))
    sync_folder(folder)
    return len(listed)


def _write(folder: Path, schema: tantivy.Schema, heap: int, documents: Iterable[tantivy.Document]) -> None:
    folder.mkdir()
    writer = tantivy.Index(schema, path=str(folder)).writer(heap_size=heap, num_threads=1)
    for document in documents:
        writer.add_document(document)
    writer.commit()
    writer.wait_merging_threads()
    for file in folder.iterdir():
        if file.suffix == ".lock":
            file.unlink()
        else:
            file.chmod(_READABLE)  # tantivy lets only its user read some, and another may serve the version


def _names(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _count_words(entries: Iterable[Entry], *, norwegian: bool = False) -> Counter[str]:
    """How many entries have each word, in lower case; `norwegian` leaves texts in English out."""
    counted: Counter[str] = Counter()
    for entry in entries:
        texts = [
            text for text in (*entry.names, *entry.others, *entry.texts) if not (norwegian and text.lang == _ENGLISH)
        ]
        counted.update({word for text in texts for word in word_texts(text.text) if not word.isdecimal()})
    return counted


def _document(entry: Entry, splitter: Splitter) -> tantivy.Document:
    document = tantivy.Document()
    document.add_bytes("shown", entry.shown())
    names = [*entry.names, *entry.others]
    for name in dict.fromkeys(form(text.text) for text in names for form in (whole, whole_stems)):
        document.add_text("whole", name)
    for kind in dict.fromkeys(of_kind(whole_stems(text)) for text in entry.called):
        document.add_text("whole", kind)
    for field, tokens in _tokens(entry, names, splitter).items():
        document.add_text(field, " ".join(tokens))
    for facet in FACETS:
        for value in (entry.kind,) if facet == "kind" else entry.values.get(facet, ()):
            document.add_text(facet, value)
    document.add_float("weight", 2 ** (1 + _RANKED * entry.rank) - 2)
    return document


def _tokens(entry: Entry, names: list[Text], splitter: Splitter) -> dict[str, list[str]]:
    """The tokens of each field. A part of a compound counts once for each compound that has it."""
    named = list(dict.fromkeys((word, text.lang == _ENGLISH) for text in names for word in word_texts(text.text)))
    told = list(dict.fromkeys((word, text.lang == _ENGLISH) for text in entry.texts for word in word_texts(text.text)))
    about = [word for text in entry.about for word in word_texts(text)]
    return {
        "word": [word for word, _ in named],
        "fold": [fold(word) for text in names for word in word_texts(text.text)],
        "nb": [stem_nb(word) for word, english in named if not english],
        "en": [stem_en(word) for word, english in named if english],
        "part": [part for word, english in named if not english for part in splitter.parts(word)],
        "text_nb": [stem_nb(word) for word, english in told if not english],
        "text_en": [stem_en(word) for word, english in told if english],
        "text_part": [part for word, english in told if not english for part in splitter.parts(word)],
        "about": [
            *(stem(word) for word in about for stem in (stem_nb, stem_en)),
            *(part for word in about for part in splitter.parts(word)),
        ],
        "code": list(dict.fromkeys(_codes(entry))),
    }


def _words(texts: Iterable[Text]) -> list[tuple[str, bool]]:
    """Each word once, and whether it is English."""
    return list(dict.fromkeys((word, text.lang == _ENGLISH) for text in texts for word in word_texts(text.text)))


def _codes(entry: Entry) -> Iterator[str]:
    for text in entry.codes:
        yield code(text)
        yield from codes_of(text) if len(text.split()) == 2 else ()  # Sak 8/21


def _word_document(counted: tuple[str, int]) -> tantivy.Document:
    word, number = counted
    document = tantivy.Document()
    document.add_text("fold", fold(word))
    document.add_text("stem", stem_nb(word))
    document.add_text("word", word)
    document.add_unsigned("entries", number)
    return document


def _part_document(part: str) -> tantivy.Document:
    document = tantivy.Document()
    document.add_text("part", part)
    return document


def open_index(folder: Path, version: str) -> SearchIndex:
    """Opens the index of a version.

    Args:
        folder: the folder of the version.
        version: its id, for messages.
    Raises:
        SearchUnavailableError: the version has no index, one of another release, or a damaged one.
    """
    contents = check_index(folder, version)
    try:
        things, words = (_open(folder / FOLDER / name) for name in (_THINGS, _WORDS))
        labels = Labels(contents["kinds"], contents["singular"], contents["values"])
        return SearchIndex(things, words, _schema(), _words_schema(), labels, int(contents["entries"]))
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise SearchUnavailableError(
            version, N_("its index cannot be opened (%(reason)s)", reason=English(error))
        ) from error


def check_index(folder: Path, version: str) -> dict[str, Any]:
    """Compares the files of a version's index with their digests; returns its contents.

    Raises:
        SearchUnavailableError: the version has no index, one of another release, or a damaged one.
    """
    contents = _read_contents(folder / FOLDER, version)
    try:
        for name, digest in contents["files"].items():
            if _digest(folder / FOLDER / name) != digest:
                raise SearchUnavailableError(version, N_("the file %(name)s is damaged", name=name))
    except (OSError, KeyError, TypeError, AttributeError) as error:
        raise SearchUnavailableError(
            version, N_("its index cannot be opened (%(reason)s)", reason=English(error))
        ) from error
    return contents


def _read_contents(folder: Path, version: str) -> dict[str, Any]:
    try:
        contents: dict[str, Any] = orjson.loads((folder / CONTENTS).read_bytes())
    except FileNotFoundError as error:
        raise SearchUnavailableError(version, N_("it was published without one")) from error
    except (OSError, ValueError) as error:
        raise SearchUnavailableError(
            version, N_("its index cannot be read (%(reason)s)", reason=English(error))
        ) from error
    if not isinstance(contents, dict) or contents.get("format") != _FORMAT:
        raise SearchUnavailableError(version, N_("its index was written by another release"))
    return contents


def _open(folder: Path) -> tantivy.Searcher:
    """Maps an index; the temporary folder of links goes as soon as the files are open."""
    links = Path(tempfile.mkdtemp(prefix="plangraf-search-"))
    try:
        for file in folder.iterdir():
            if file.suffix == ".json" or file.name.startswith("."):
                shutil.copyfile(file, links / file.name)
            else:
                (links / file.name).symlink_to(file.absolute())
        index = tantivy.Index.open(str(links))
        index.config_reader("manual")
        return index.searcher()
    finally:
        _remove(links)


def _remove(folder: Path) -> None:
    """Removes a temporary folder; tries for a second, because a thread of tantivy may still take its lock there."""
    for _ in range(_TRIES):
        shutil.rmtree(folder, ignore_errors=True)
        if not folder.exists():
            return
        time.sleep(_WAIT_S)
