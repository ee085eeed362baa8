"""How to cite a version: the service's own CITATION.cff, as text and as BibTeX (https://citation-file-format.github.io)."""

from __future__ import annotations

import re
from dataclasses import dataclass

from plangraf.client.failures import AnswerError

_FIELD = re.compile(r"^(?P<name>[a-z][a-z-]*): (?P<value>.+)$", re.MULTILINE)
_AUTHOR = re.compile(r"^ *- name: (?P<value>.+)$", re.MULTILINE)
_NEEDED = ("title", "version", "license", "url")


@dataclass(frozen=True, slots=True)
class Citation:
    """One version of the data, as a reference."""

    authors: tuple[str, ...]
    title: str
    version: str
    license: str
    url: str
    cff: str
    """The CITATION.cff as the service has it."""

    @property
    def text(self) -> str:
        """One line for a list of references."""
        return f"{', '.join(self.authors)}. {self.title}. {self.license}. {self.url}"

    @property
    def bibtex(self) -> str:
        """An entry for BibTeX, whose key is `plangraf-` and the version's id."""
        fields = {
            "author": " and ".join(f"{{{author}}}" for author in self.authors),
            "title": f"{{{self.title}}}",
            "version": self.version,
            "note": self.license,
            "howpublished": rf"\url{{{self.url}}}",
        }
        lines = "".join(f"  {name} = {{{value}}},\n" for name, value in fields.items())
        return f"@misc{{plangraf-{self.version},\n{lines}}}\n"


def read_citation(cff: str, address: str) -> Citation:
    """Reads the fields of a CITATION.cff that the service wrote: one scalar to a line, and authors by name.

    Raises:
        AnswerError: a field is missing.
    """
    fields = {match["name"]: _unquoted(match["value"]) for match in _FIELD.finditer(cff)}
    authors = tuple(_unquoted(match["value"]) for match in _AUTHOR.finditer(cff))
    if missing := [name for name in _NEEDED if name not in fields] or ([] if authors else ["authors"]):
        raise AnswerError(f"{address} is not a citation of a version: it has no {', '.join(missing)}.")
    return Citation(authors, fields["title"], fields["version"], fields["license"], fields["url"], cff)


def _unquoted(text: str) -> str:
    """A YAML scalar on one line, plain or in quotation marks."""
    text = text.strip()
    if len(text) > 1 and text[0] == text[-1] == "'":
        return text[1:-1].replace("''", "'")
    return text[1:-1] if len(text) > 1 and text[0] == text[-1] == '"' else text
