"""The smallest parts of pages: values, their lists and notes, and the marks of evidence.

These are filters of templates. A page has hundreds of these parts, and a call of a macro takes ten times as long.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from typing import Protocol

from markupsafe import Markup, escape

from plangraf.pages.words import words
from plangraf.views.page_value import PageValue

_KEPT = 4096


class Noted(Protocol):
    """What stands after a value: an optional name, and values."""

    @property
    def name(self) -> str: ...

    @property
    def values(self) -> Iterable[PageValue]: ...


_LINK, _ABOUT, _LANG = Markup('<a href="{}"{}{}>{}</a>'), Markup(' title="{}"'), Markup(' lang="{}"')
_TEXT, _FOREIGN = Markup("<span{}>{}</span>"), Markup(' <abbr class="tag">{}</abbr>')
_NOTE, _MARK = (
    Markup(' <span class="note">{}{}</span>'),
    Markup('<a class="mark" href="#e{0}" aria-label="{1}">{0}</a>'),
)
_COMMA, _SPACE, _NOTHING = Markup(", "), Markup("{} "), Markup("")


@lru_cache(_KEPT)
def plain(value: PageValue, language: str) -> Markup:
    """A value in running text, on a page with data in `language`; text in another language says so."""
    lang = _LANG.format(value.lang) if value.lang and value.lang != language else _NOTHING
    if value.href:
        return _LINK.format(value.href, lang, _NOTHING, value.text)
    return _TEXT.format(lang, value.text) if lang else escape(value.text)


@lru_cache(_KEPT)
def shown(value: PageValue, language: str, *, tagged: bool = True) -> Markup:
    """A value in a table: a link tells what it leads to, and a text its other language when that is `tagged`."""
    lang = _LANG.format(value.lang) if value.lang else _NOTHING
    is_foreign = bool(lang) and value.lang != language
    if value.href:
        about = _ABOUT.format(value.about) if value.about else _NOTHING
        return _LINK.format(value.href, lang if is_foreign else _NOTHING, about, value.text)
    return _TEXT.format(lang, value.text) + (_FOREIGN.format(value.lang) if is_foreign and tagged else _NOTHING)


def listed(values: Iterable[PageValue], language: str) -> Markup:
    """Values in running text, separated by commas."""
    return _COMMA.join([plain(value, language) for value in values])


def notes(found: Iterable[Noted], language: str) -> Markup:
    """The notes that have values."""
    return _NOTHING.join(
        _NOTE.format(_SPACE.format(note.name) if note.name else _NOTHING, listed(note.values, language))
        for note in found
        if note.values
    )


def marks(numbers: Iterable[int], language: str) -> Markup:
    """The marks of evidence, which lead to its list; `language` is that of the interface."""
    return _NOTHING.join([_mark(number, language) for number in numbers])


@lru_cache(_KEPT)
def _mark(number: int, language: str) -> Markup:
    return _MARK.format(number, words(language).gettext("Evidence %(n)s", n=number))
