"""Reads what a request searches for, checks each parameter, and links to other selections."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Final, Literal
from urllib.parse import urlencode

from pydantic import AfterValidator, BeforeValidator, ConfigDict, Field

from plangraf.errors import ParameterError
from plangraf.errors.message import N_, Listed, Quoted, sentences
from plangraf.http.resource.parameters import Negotiated
from plangraf.http.resource.resource import Place
from plangraf.search.entries import FACETS, Labels
from plangraf.sparql.named.binding import LANGUAGES
from plangraf.sparql.named.parameter_model import ParameterModel, Refusal

MOST_CHARACTERS: Final = 1_000
USUAL_LIMIT: Final = 20
MOST: Final = 100
MOST_PAGES: Final = 100
"""A search shows no more pages, because nobody reads them and each further one costs more."""
_NAMED: Final = 10
_WHOLE: Final = re.compile(r"[1-9][0-9]{0,5}")


def _read_whole(text: object) -> int:
    if isinstance(text, str) and _WHOLE.fullmatch(text):
        return int(text)
    raise ValueError


def _read_text(text: str) -> str:
    if len(text) > MOST_CHARACTERS:
        raise ValueError(
            N_(
                "has %(count)s characters, the limit is %(limit)s. Search for a few words.",
                count=len(text),
                limit=MOST_CHARACTERS,
            )
        )
    return text


_Whole = Annotated[int, BeforeValidator(_read_whole)]
Typed = Annotated[str, AfterValidator(_read_text)]
_TEXT: Final = "What to search for: words, parts of words, numbers such as 11.6 or 8/21. No sign is an operator."


class SearchParameters(Negotiated):
    """The parameters of /search."""

    model_config = ConfigDict(extra="forbid", title="/search")

    q: Typed = Field(default="", description=_TEXT, examples=["grønn mobilitet"])
    kind: str | None = Field(default=None, description="Kind of thing, such as plans.", examples=["plans"])
    municipality: str | None = Field(default=None, description="Number of a municipality.", examples=["5001"])
    goal: str | None = Field(default=None, description="Number of a UN goal, 1 to 17.", examples=["11"])
    period: str | None = Field(default=None, description="Planning period.", examples=["5001/period/2020-2023"])
    status: str | None = Field(default=None, description="Status.", examples=["document-status/adopted"])
    page: Annotated[_Whole, Refusal(N_("is not a whole number from 1."))] = Field(
        default=1, ge=1, description="Number of the page."
    )
    limit: Annotated[_Whole, Refusal(N_("is not a whole number from 1 to %(limit)s.", limit=MOST))] = Field(
        default=USUAL_LIMIT, ge=1, le=MOST, description="Hits a page."
    )


class SuggestionParameters(ParameterModel):
    """The parameters of /search/suggestions."""

    model_config = ConfigDict(extra="forbid", title="/search/suggestions")

    q: Typed = Field(default="", description="What was typed so far.", examples=["grønn mob"])
    lang: Annotated[
        Literal["nb", "en"], Refusal(N_("is not offered; use one of: %(choices)s.", choices=Listed(LANGUAGES)))
    ] = Field(default="nb", description="Language of the titles.")


@dataclass(frozen=True, slots=True)
class Selection:
    """One page of the hits for a text that have all values of `chosen`.

    Links in the same form repeat the parameters `kept` and the address's `ending`.
    """

    text: str
    chosen: Mapping[str, str]
    page: int
    limit: int
    kept: Mapping[str, str]
    ending: str

    def link(self, chosen: Mapping[str, str] | None = None, *, page: int = 1, but: str = "", ending: str = "") -> str:
        """The path and query of another selection, from `/search` on, without the parameter `but`."""
        values = self.chosen if chosen is None else chosen
        asked = {"q": self.text, **{name: values[name] for name in FACETS if name in values}}
        if self.limit != USUAL_LIMIT:
            asked["limit"] = str(self.limit)
        if page > 1:
            asked["page"] = str(page)
        asked |= {name: value for name, value in self.kept.items() if name != but}
        return f"/search{ending or self.ending}?{urlencode(asked, safe='/')}"

    @property
    def plain(self) -> Selection:
        """The same page in any form and language."""
        return Selection(self.text, self.chosen, self.page, self.limit, {}, "")

    @property
    def lasting(self) -> str:
        """The path and query that name this page in any form and language."""
        return self.plain.link(page=self.page)


def read_selection(place: Place) -> Selection:
    given: SearchParameters = place.parameters
    chosen = {name: value for name in FACETS if (value := getattr(given, name)) is not None}
    kept = ({"format": given.format[-1]} if given.format else {}) | ({"lang": given.lang} if given.lang else {})
    ending = f".{place.fixed.suffix}" if place.fixed else ""
    return Selection(given.q, chosen, given.page, given.limit, kept, ending)


def check_values(chosen: Mapping[str, str], labels: Labels) -> None:
    """Refuses a facet value that no entry of the index has.

    Raises:
        ParameterError: the value is unknown; the message names some that are known.
    """
    for name, value in chosen.items():
        known = labels.kinds if name == "kind" else labels.values.get(name, {})
        if value not in known:
            some = ", ".join(list(known)[:_NAMED])
            more = (
                N_("There are %(count)s, such as %(examples)s.", count=len(known), examples=some)
                if known
                else N_("No value occurs here yet.")
            )
            refused = N_("%(value)s is nothing that a search in this version finds.", value=Quoted(value[:80]))
            raise ParameterError(name, sentences(refused, more))
