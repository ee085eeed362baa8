"""Notes of JSON-stat 2.0: on the table, a dimension or a code, in the two forms that offices use."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from plangraf.sources.statistics.read.json_document import as_object
from plangraf.sources.statistics.statistical_table import Note


def notes_of(document: Mapping[str, Any]) -> tuple[Note, ...]:
    """All notes of a dataset, each once."""
    found = list(_notes(document, None))
    dimensions = document.get("dimension")
    for name, body in dimensions.items() if isinstance(dimensions, dict) else ():
        found += _notes(body, name)
        found += _category_notes(body, name)
    return tuple(dict.fromkeys(found))


def _notes(body: object, dimension: str | None) -> Iterator[Note]:
    """`note` with `extension.noteMandatory`, and `extension.note` whose members say it themselves."""
    here, extension = as_object(body), as_object(as_object(body).get("extension"))
    yield from _marked(here.get("note"), extension.get("noteMandatory"), dimension, None)
    yield from _described(extension.get("note"), dimension, None)


def _category_notes(body: object, dimension: str) -> Iterator[Note]:
    category, extension = (as_object(as_object(body).get(name)) for name in ("category", "extension"))
    mandatory = as_object(extension.get("categoryNoteMandatory"))
    for code, texts in as_object(category.get("note")).items():
        yield from _marked(texts, mandatory.get(code), dimension, code)
    for code, texts in as_object(extension.get("valueNote")).items():
        yield from _described(texts, dimension, code)


def _marked(texts: object, mandatory: object, dimension: str | None, code: str | None) -> Iterator[Note]:
    must = as_object(mandatory)
    for number, text in enumerate([texts] if isinstance(texts, str) else texts if isinstance(texts, list) else []):
        if isinstance(text, str) and text.strip():
            yield Note(text.strip(), must.get(str(number)) is True, dimension, code)


def _described(texts: object, dimension: str | None, code: str | None) -> Iterator[Note]:
    for one in texts if isinstance(texts, list) else []:
        text = as_object(one).get("text")
        if isinstance(text, str) and text.strip():
            yield Note(text.strip(), as_object(one).get("mandatory") is True, dimension, code)
