"""Texts for people that are English by themselves, and that a page can give in another language.

A message is a `str`: its English text, for programs, logs and `str(error)`. It keeps the gettext message and the values
that it was made of, so `plangraf.pages.said` can give it in the words of a catalogue. Messages stand in the call of
`N_`, because they are extracted from there, as `xgettext` knows them.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Protocol


class Speaker(Protocol):
    """One language: translates messages, and writes values in its way."""

    def gettext(self, message: str, /, **values: Any) -> Any: ...

    def number(self, value: float) -> Any: ...

    def quoted(self, text: str) -> Any: ...

    def english(self, text: str) -> Any: ...

    def join(self, between: str, parts: Iterable[Any]) -> Any: ...


class Message(str):
    """An English text that knows its gettext message; `N_` makes one."""

    template: str
    values: dict[str, object]

    def say(self, speaker: Speaker) -> Any:
        """The message in the language of `speaker`."""
        return speaker.gettext(self.template, **{name: say(value, speaker) for name, value in self.values.items()})


def N_(template: str, /, **values: object) -> Message:  # noqa: N802 - the name that gettext's tools know
    """Makes a message. `%(name)s` in it is replaced by the value of that name.

    A value is a number, a message, or a text that is the same in each language, such as a name, an IRI or code.
    """
    shown = {name: f"{value:g}" if isinstance(value, float) else value for name, value in values.items()}
    made = Message(template % shown if values else template)
    made.template, made.values = template, values
    return made


class Quoted(Message):
    """A value from a client between the quotation marks of the language; in English as Python writes it."""

    def __new__(cls, value: object) -> Quoted:
        return super().__new__(cls, repr(value))

    def say(self, speaker: Speaker) -> Any:
        return speaker.quoted(self[1:-1] if self[:1] in ("'", '"') else str(self))


class Listed(Message):
    """Several texts with the same sign between them."""

    parts: tuple[object, ...]
    between: str

    def __new__(cls, parts: Iterable[object], between: str = ", ") -> Listed:
        kept = tuple(parts)
        made = super().__new__(cls, between.join(map(str, kept)))
        made.parts, made.between = kept, between
        return made

    def say(self, speaker: Speaker) -> Any:
        return speaker.join(self.between, [say(part, speaker) for part in self.parts])


class Sentence(Listed):
    """Several texts as one sentence, which begins with a capital letter."""

    def __new__(cls, parts: Iterable[object], between: str = "") -> Sentence:
        kept = tuple(parts)
        text = between.join(map(str, kept))
        made = Message.__new__(cls, text[:1].upper() + text[1:])
        made.parts, made.between = kept, between
        return made

    def say(self, speaker: Speaker) -> Any:
        said = super().say(speaker)
        return said[:1].upper() + said[1:]


class English(Message):
    """A text of others, such as a library or a server, that stays English on each page."""

    def say(self, speaker: Speaker) -> Any:
        return speaker.english(str(self))


def say(value: object, speaker: Speaker) -> Any:
    """A value of a message in the language of `speaker`."""
    if isinstance(value, Message):
        return value.say(speaker)
    if isinstance(value, int | float) and not isinstance(value, bool):
        return speaker.number(value)
    return str(value)


def known(text: str) -> Message:
    """A text as a message; one that is not a message stays English."""
    return text if isinstance(text, Message) else English(text)


def sentences(*texts: str | None) -> Message:
    """Texts one after the other, without those that are absent."""
    return Listed([known(text) for text in texts if text], " ")


def one_of(items: Iterable[object]) -> Message:
    """`a`, `a or b`, `a, b or c`."""
    *first, last = items
    return N_("%(first)s or %(last)s", first=Listed(first), last=last) if first else Listed([last])


def all_of(items: Iterable[object]) -> Message:
    """`a`, `a and b`, `a, b and c`."""
    *first, last = items
    return N_("%(first)s and %(last)s", first=Listed(first), last=last) if first else Listed([last])
