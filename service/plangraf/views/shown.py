"""One value as people read it: its text, where it leads, and its language."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Shown:
    """One value on a page: `href` is None for what leads nowhere, `lang` the language of `text`."""

    text: str
    href: str | None = None
    lang: str | None = None
    about: str | None = None
