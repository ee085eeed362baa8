"""Loads `queries/words.yaml`: the words of the named queries for people, in Bokmål and English.

A query needs no words there. Its page then has those of its head, which are in English.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, Field

from plangraf.diagnostics.diagnostic import DataError
from plangraf.sparql.named.binding import NamedQuery
from plangraf.sparql.named.head import Strict, Titled, Words, problem, read_tag, read_yaml

WORDS_FILE = "words.yaml"
_HINT = "hint-"
_BETWEEN = re.compile(r"[ ,]+")


def _read_name(text: str) -> str:
    """Reads the name of a text: a language tag, with `hint-` before it for what to write."""
    read_tag(text.removeprefix(_HINT))
    return text


class ParameterWords(Titled):
    """The name of a parameter, and what to write: `hint-nb`, `hint-en`, and `hint-nn` for a further language."""

    __pydantic_extra__: dict[Annotated[str, AfterValidator(_read_name)], Words] = Field(init=False)

    hint_nb: str = Field(default="", alias="hint-nb")
    hint_en: str = Field(default="", alias="hint-en")

    @property
    def further(self) -> dict[str, str]:
        return {tag: text for tag, text in super().further.items() if not tag.startswith(_HINT)}

    def hint(self, language: str) -> str:
        """What to write, in a language; in Bokmål where it has none in that language."""
        own = self.__pydantic_extra__.get(_HINT + language)
        return self.hint_en if language == "en" else own or self.hint_nb


class WordsOfQuery(Strict):
    """The words of one query; those of `parameters` and `columns` replace the common ones."""

    group: Words
    question: Titled
    rows: Titled
    parameters: Mapping[str, ParameterWords] = {}
    columns: Mapping[str, Titled] = {}


class FirstQuery(Strict):
    """A short query by which somebody learns SPARQL; the editor offers it before the named queries."""

    title: Titled
    query: str = Field(min_length=1)


class QueryWords(Strict):
    """All words; `groups` in the order of the page that lists the queries.

    `codes` are the words for codes in the cells of columns of the type `code`, and of those named in `coded`.
    """

    groups: Mapping[str, Titled] = {}
    queries: Mapping[str, WordsOfQuery] = {}
    parameters: Mapping[str, ParameterWords] = {}
    columns: Mapping[str, Titled] = {}
    coded: tuple[str, ...] = Field(default=(), strict=False)
    codes: Mapping[str, Titled] = {}
    first: tuple[FirstQuery, ...] = Field(default=(), strict=False)

    def parameter(self, query: str, name: str) -> ParameterWords | None:
        own = self.queries.get(query)
        return (own.parameters.get(name) if own else None) or self.parameters.get(name)

    def column(self, query: str, name: str) -> Titled | None:
        own = self.queries.get(query)
        return (own.columns.get(name) if own else None) or self.columns.get(name)

    def decode(self, text: str, language: str) -> str:
        """The words for the codes of a cell; the text itself when it holds another one."""
        found = [self.codes.get(code) for code in _BETWEEN.split(text)]
        known = [words.in_language(language) for words in found if words is not None]
        return ", ".join(known) if len(known) == len(found) else text


def load_query_words(folder: Path, queries: Mapping[str, NamedQuery]) -> QueryWords:
    """Reads the words of a folder of queries; there are none without the file.

    Raises:
        DataError: the file is malformed, or names a group or a query that does not exist; the message names the line.
    """
    path = folder / WORDS_FILE
    if not path.is_file():
        return QueryWords()
    file = f"{folder.name}/{path.name}"
    head = read_yaml(list(enumerate(path.read_text(encoding="utf-8").splitlines(), start=1)), file)
    found = head.as_model(QueryWords)
    for name, words in found.queries.items():
        if words.group not in found.groups:
            raise _unknown(file, f"queries.{name}.group", words.group)
        if name in queries:
            _check_names(file, name, words, queries[name])
    return found


def _check_names(file: str, name: str, words: WordsOfQuery, query: NamedQuery) -> None:
    for kind, named, known in (
        ("parameters", words.parameters, query.parameters),
        ("columns", words.columns, query.head.columns),
    ):
        for one in named:
            if one not in known:
                raise _unknown(file, f"queries.{name}.{kind}", one)


def _unknown(file: str, where: str, name: str) -> DataError:
    return problem(file, 1, f"{where}: {name} does not exist.", f"{where}: {name} finnes ikke.")
