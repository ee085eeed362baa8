"""Renders HTML pages in the languages of the interface.

The templates are in `templates/`. A page loads nothing from other hosts.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any
from urllib.parse import quote

import orjson
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from plangraf.pages.column_widths import ColumnWidths, column_widths, extent
from plangraf.pages.inline import listed, marks, notes, plain, shown
from plangraf.pages.nested_tables import area_changes, printed_figures
from plangraf.pages.series_table import series_rows
from plangraf.pages.things.history import HistoryWords, history_words
from plangraf.pages.things.kind_files import Kinds
from plangraf.pages.things.names import Names
from plangraf.pages.things.page import thing_page
from plangraf.pages.things.rows import Rows
from plangraf.pages.words import LANGUAGE_NAMES, Words, words
from plangraf.rdf.formats import Format
from plangraf.rdf.graph import Graph
from plangraf.sparql.named.binding import LANGUAGES
from plangraf.views.changes.history import ThingHistory
from plangraf.views.declarations import TermLabels
from plangraf.views.describe import Description
from plangraf.views.document_parts import CLASS, METRIC, VALUE, document_path, select_notice
from plangraf.views.page_value import PageValue
from plangraf.views.pictures.shown import ShownPicture
from plangraf.views.series import Shown

# The page folds longer tables.
_MOST_OPEN = 12


@dataclass(frozen=True, slots=True)
class QualityTable:
    """A dataset's quality: a column for each metric, a row for each measured class, None for the whole dataset."""

    metrics: Sequence[PageValue]
    rows: Sequence[tuple[PageValue | None, Sequence[PageValue | None]]]
    widths: ColumnWidths


@dataclass(frozen=True, slots=True)
class Alternate:
    """The same document in another format."""

    format: Format
    href: str


@cache
def _environment(language: str) -> Environment:
    environment = Environment(
        loader=PackageLoader("plangraf.pages"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.i18n"],
    )
    known = words(language)
    environment.install_gettext_translations(known.translations, newstyle=True)  # type: ignore[attr-defined]
    environment.filters |= {"plain": plain, "shown": shown, "listed": listed, "notes": notes, "marks": marks}
    environment.filters |= {
        "number": known.number,
        "date": known.date,
        "size": known.size,
        "message": lambda text: words_with_code(known.message_html(text)),
    }
    return environment


def _no_words(_language: str) -> Mapping[str, str]:
    return {}


@dataclass(frozen=True, slots=True)
class Pages:
    """Renders pages. Links begin with the path `prefix`; `version` is the id of the version that they show.

    `base` is the path that links to what stands beside the versions begin with; None: `prefix`. `path` is that of the
    page under `prefix`, without an ending; a page without one links to its other languages only by `lang`.
    `labels` name the properties without a label in the data. `own_words` returns the site's texts in one language.
    `kinds` declares the pages of kinds of things. `interface` is the language of the interface where the data have not
    that language; texts of the data are then in Bokmål.
    """

    prefix: str
    version: str = ""
    base: str | None = None
    path: str | None = None
    labels: TermLabels = field(default_factory=dict)
    own_words: Callable[[str], Mapping[str, str]] = _no_words
    kinds: Kinds = field(default_factory=Kinds)
    interface: str | None = None

    def under(self, prefix: str, version: str) -> Pages:
        """The same renderer for another prefix and version."""
        return replace(self, prefix=prefix, version=version, base=self.prefix if self.base is None else self.base)

    def at(self, path: str) -> Pages:
        """The same renderer for the page at a path under `prefix`."""
        return replace(self, path=path)

    def speaking(self, language: str) -> Pages:
        """The same renderer with the interface in a language that the data may lack."""
        return self if language in LANGUAGES else replace(self, interface=language)

    def spoken(self, language: str) -> str:
        """The language of the interface on a page with data in `language`."""
        return self.interface or language

    def words(self, language: str) -> Words:
        """The words of the interface on a page with data in `language`."""
        return words(self.spoken(language))

    def render(self, template: str, language: str, **values: Any) -> bytes:
        """Renders one page.

        Args:
            template: file in `templates/`.
            language: nb or en, the language of the data.
            values: variables of the template, in addition to the site's texts, prefix and version.
        """
        page = (
            _environment(self.spoken(language))
            .get_template(template)
            .render(
                t=self.own_words(self.spoken(language)),
                lang=language,
                page_language=self.spoken(language),
                languages=LANGUAGE_NAMES,
                prefix=self.prefix,
                base=self.prefix if self.base is None else self.base,
                version=self.version,
                page_address=self._address(str(values.get("here", ""))),
                **{"here": "", **values},
            )
        )
        return page.encode()

    def _address(self, here: str) -> str | None:
        """The address of the page without its language: `here` when it is a path, otherwise `here` behind `path`."""
        if here.startswith("/"):
            return here
        return None if self.path is None else quote(f"{self.prefix}{self.path}", safe="/:@!$&'()*+,;=") + here

    def document(
        self,
        description: Description,
        language: str,
        *,
        canonical: str,
        alternates: Sequence[Alternate],
        json_ld: dict[str, Any],
        schema_org: dict[str, Any] | None = None,
        series: Shown | None = None,
        rows: Mapping[str, Rows] | None = None,
        compared: str | None = None,
        history: ThingHistory | None = None,
        pictures: Sequence[ShownPicture] = (),
        here: str = "",
    ) -> bytes:
        """Renders the page of one thing: its sentence, sections, evidence, technical view and other formats.

        `canonical` is the public address of the page, `schema_org` the description of a dataset for search engines,
        `series` the series of statistics about the thing, `rows` what the queries of its kind answer, by section,
        `compared` the address of what changed since the version before, `history` the thing's own history, `pictures`
        those that belong to its kind. `here` is the query string that the links to other languages keep.
        """
        names = Names(
            description, self.words(language), self.prefix, self.labels, self.kinds.namer(self.spoken(language))
        )
        notice = select_notice(description)
        return self.render(
            "document.html",
            language,
            page=thing_page(description, names, self.kinds, rows or {}),
            iri=description.thing.value,
            notice=self.own_words(self.spoken(language))[notice] if notice else None,
            changes=area_changes(description, names.known, names.value),
            printed=printed_figures(description, names.known, names.value),
            quality=_quality(description, names),
            series=list(series_rows(series, names.value, self.words(language), self.prefix)) if series else [],
            series_cut=series is not None and series.more,
            open=_MOST_OPEN,
            compared=compared,
            history=self._history(history, description.thing.value, language),
            pictures=pictures,
            canonical=canonical,
            alternates=alternates,
            json_ld=script(json_ld),
            schema_org=script(schema_org) if schema_org else None,
            here=here,
        )

    def _history(self, history: ThingHistory | None, iri: str, language: str) -> HistoryWords | None:
        if history is None:
            return None
        base = self.prefix if self.base is None else self.base
        return history_words(history, self.words(language), base, document_path(iri))


def script(json_ld: dict[str, Any]) -> Markup:
    """JSON-LD for a script element. It escapes `<`, so that no text of the data can end the element."""
    return Markup(orjson.dumps(json_ld).decode().replace("<", "\\u003c"))  # noqa: S704


def words_with_code(text: str) -> Markup:
    """A text whose parts between backticks are code."""
    parts = text.split("`")
    return Markup("").join(Markup("<code>{}</code>").format(part) if n % 2 else part for n, part in enumerate(parts))


def _quality(description: Description, names: Names) -> QualityTable | None:
    """The measurements of a dataset, the whole of it first; None without any."""
    graph = Graph(description.quality)
    values = {
        (graph.value(measurement, CLASS), metric): value
        for measurement in graph.things
        if (metric := graph.value(measurement, METRIC)) and (value := graph.value(measurement, VALUE))
    }
    if not values:
        return None
    metrics = list(dict.fromkeys(metric for _, metric in values))
    classes = sorted(dict.fromkeys(about for about, _ in values), key=lambda about: about is not None)
    rows = [
        (
            names.value(about) if about else None,
            [names.value(values[about, one]) if (about, one) in values else None for one in metrics],
        )
        for about in classes
    ]
    titles = [names.value(metric) for metric in metrics]
    extents = ([extent([one.text] if one else []) for one in (about, *cells)] for about, cells in rows)
    return QualityTable(titles, rows, column_widths(["", *(title.text for title in titles)], extents))
