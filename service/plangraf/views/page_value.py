"""The form of one value on a page."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class PageValue:
    """One value on a page. `href` is None for a value without a link, `lang` is the language of `text`."""

    text: str
    href: str | None = None
    lang: str | None = None
    about: str | None = None
