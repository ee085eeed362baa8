"""The words of the interface in one language, and numbers and dates as that language writes them.

The words are gettext messages: English in templates and modules, other languages in `translations/<language>.po`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from decimal import Decimal
from functools import cache
from io import BytesIO
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

from babel import Locale
from babel.dates import format_date
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.numbers import format_decimal
from babel.support import NullTranslations, Translations
from markupsafe import Markup, escape

from plangraf.errors.message import known, say
from plangraf.sparql.named.binding import LANGUAGES

_FOLDER = Path(__file__).resolve().parent / "translations"
_SOURCE = "en"


class Words:
    """The words of one language; `translations` is what Jinja's extension for gettext takes.

    `code` is the language. `language` is that of the data beside them: Bokmål for each language that only the interface
    has.
    """

    def __init__(self, language: str) -> None:
        self.code = language
        self.language = data_language(language)
        self.translations = _translations(language)
        self._locale = Locale.parse(language)
        self._is_source = language == _SOURCE

    def gettext(self, message: str, /, **values: object) -> str:
        """The message in this language, with `%(name)s` replaced by the value of that name."""
        text = self.translations.gettext(message)
        return text % values if values else text

    def ngettext(self, singular: str, plural: str, number: int, /, **values: object) -> str:
        """The message for a number of things. `%(num)s` is the number as the language writes it."""
        text = self.translations.ngettext(singular, plural, number)
        return text % {"num": self.number(number), **values}

    def message(self, text: str) -> str:
        """A message (`errors.message`) in this language, in which the texts of others stay English."""
        return str(text if self._is_source else say(known(text), _Plain(self)))

    def message_html(self, text: str) -> Markup:
        """A message in this language; texts of others are marked as English."""
        return escape(text) if self._is_source else Markup(say(known(text), _Html(self)))  # noqa: S704

    def number(self, value: float | Decimal) -> str:
        """A number with the decimal sign and the grouping of the language, and all its decimals."""
        if isinstance(value, int) and 0 <= value < 1_000:
            return str(value)  # the same in each language; Babel takes 60 µs, and a list has hundreds of these
        return format_decimal(value, locale=self._locale, decimal_quantization=False)

    def size(self, value: int) -> str:
        """The size of a file in the largest unit of which it has one: 812 byte, 56 kB, 1,2 MB."""
        if value < 1_000:
            return self.ngettext("%(num)s byte", "%(num)s bytes", value)
        unit, divisor = next(pair for pair in (("GB", 10**9), ("MB", 10**6), ("kB", 10**3)) if value >= pair[1])
        shown = Decimal(value) / divisor
        return f"{self.number(round(shown, 1) if shown < 10 else round(shown))}\u00a0{unit}"

    def date(self, value: date | datetime) -> str:
        """A day in words: 19. mars 2024, 19 March 2024."""
        return format_date(value, "d. MMMM y" if self.language != _SOURCE else "d MMMM y", locale=self._locale)


class _Plain:
    """Speaks messages in the words of one language, see `errors.message.Speaker`."""

    def __init__(self, words: Words) -> None:
        self._words = words

    def gettext(self, message: str, /, **values: Any) -> str:
        return self._words.gettext(message, **values)

    def number(self, value: float) -> str:
        return self._words.number(value)

    def quoted(self, text: str) -> str:
        return self._words.gettext("“%(name)s”", name=text)

    def english(self, text: str) -> str:
        return text

    def join(self, between: str, parts: Iterable[Any]) -> str:
        return between.join(parts)


class _Html(_Plain):
    """Speaks messages as HTML; all values are escaped."""

    def gettext(self, message: str, /, **values: Any) -> Markup:
        text = escape(self._words.gettext(message))
        return text % values if values else text

    def quoted(self, text: str) -> Markup:
        return self.gettext("“%(name)s”", name=text)

    def english(self, text: str) -> Markup:
        return Markup('<span lang="en">{}</span>').format(text)

    def join(self, between: str, parts: Iterable[Any]) -> Markup:
        return Markup(escape(between)).join(parts)  # noqa: S704


def data_language(language: str) -> str:
    """The language of texts of the data on a page in this language, because those have fewer languages."""
    return language if language in LANGUAGES else LANGUAGES[0]


@cache
def words(language: str) -> Words:
    """The words of a language, read once."""
    return Words(language)


def _names() -> Mapping[str, str]:
    codes = [*sorted((path.stem for path in _FOLDER.glob("*.po")), key=lambda code: (code != "nb", code)), _SOURCE]
    names = {code: Locale.parse(code).get_display_name(code) or code for code in codes}
    return MappingProxyType({code: name[:1].upper() + name[1:] for code, name in names.items()})


def _translations(language: str) -> NullTranslations:
    if language == _SOURCE:
        return NullTranslations()
    with (_FOLDER / f"{language}.po").open("rb") as file:
        catalogue = read_po(file, locale=language)
    compiled = BytesIO()
    write_mo(compiled, catalogue)
    compiled.seek(0)
    translations = Translations(compiled)
    if language not in LANGUAGES:
        translations.add_fallback(_translations(LANGUAGES[0]))
    return translations


LANGUAGE_NAMES: Final = _names()
"""The languages that the interface is written in, with their own names: one for each catalogue, and English."""
