"""What a search finds: one entry for each thing, term, named query, list of the site, and section of a source."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import orjson

FACETS: Final = ("kind", "municipality", "goal", "period", "status")
"""The facets of a search, in the order in which a page shows them."""
SECTIONS: Final = "sections"
"""The kind of the sections of source documents; such an entry has the IRI of its document."""


@dataclass(frozen=True, slots=True)
class Text:
    """A text of the data and its language, None when it has none."""

    text: str
    lang: str | None = None


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing that a search finds.

    Attributes:
        id: its IRI, or that of the thing whose page shows it.
        path: the path of its page, without host and prefix.
        kind: the kind of thing, a key of Labels.kinds.
        names: titles in each language, the chosen ones first.
        others: further names: alternative and printed titles, names of terms.
        texts: summaries, definitions and the like.
        codes: its numbers and codes as they are written.
        values: the values of the other facets.
        about: words of what it belongs to, by which it is found but never first: its kind, its municipality.
        rank: from 0 to 1, how much the kind matters among equal hits.
        one: what one such thing is called, a key of Labels.singular; by default the kind.
        called: the same in words of all languages; a search for them finds the thing.
    """

    id: str
    path: str
    kind: str
    names: Sequence[Text]
    others: Sequence[Text] = ()
    texts: Sequence[Text] = ()
    codes: Sequence[str] = ()
    values: Mapping[str, Sequence[str]] = field(default_factory=dict)
    about: Sequence[str] = ()
    rank: float = 0.5
    one: str = ""
    called: Sequence[str] = ()

    def shown(self) -> bytes:
        """What a hit shows, as the index keeps it; `read_shown` reads it."""
        return orjson.dumps(
            {
                "id": self.id,
                "path": self.path,
                "kind": self.kind,
                "one": self.one or self.kind,
                "names": [[text.text, text.lang] for text in self.names],
                "others": [[text.text, text.lang] for text in self.others],
                "texts": [[text.text, text.lang] for text in self.texts],
                "codes": list(self.codes),
                "values": {name: list(values) for name, values in self.values.items()},
            }
        )


def read_shown(body: bytes) -> Entry:
    """Reads what `Entry.shown` wrote, which has neither `about` nor `rank` nor `called`."""
    known: dict[str, Any] = orjson.loads(body)
    names, others, texts = ([Text(*pair) for pair in known[key]] for key in ("names", "others", "texts"))
    codes, values = known["codes"], known["values"]
    return Entry(known["id"], known["path"], known["kind"], names, others, texts, codes, values, one=known["one"])


@dataclass(frozen=True, slots=True)
class Labels:
    """The titles of kinds and facet values in both languages, `nb` and `en`, kept beside the index.

    Attributes:
        kinds: by kind, the title of all things of it.
        singular: by `Entry.one`, the name of one of them.
        values: by facet and value, the name of the value.
    """

    kinds: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    singular: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    values: Mapping[str, Mapping[str, Mapping[str, str]]] = field(default_factory=dict)
