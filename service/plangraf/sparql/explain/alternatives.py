"""Finds the term that the data have in place of one without a match, by ASK queries.

Every method takes a `binder`: a pattern with a variable in place of the term, empty if earlier patterns bind the
variable. The methods try frequent confusions: language tags, datatypes, kinds of term, letter case, http and https.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from plangraf.errors import Place
from plangraf.errors.message import N_, all_of
from plangraf.rdf.namespaces import CLOSED_NAMESPACES, PREFIXES, SDG, SDGO
from plangraf.sparql.explain.outline import Outline, Part, Term
from plangraf.sparql.lexer import shown
from plangraf.sparql.suggest import same_name

# The languages of our texts, then further languages to try.
_TAGS = ("nb", "en", "nn", "no")
_OTHER_TAGS = ("da", "sv", "de", "fr")
_XSD, _SKOS, _RDFS, _DCT = (PREFIXES[name] for name in ("xsd", "skos", "rdfs", "dcterms"))
# Datatypes of our data and other common ones, each with the form of its values.
DATATYPES = {
    f"{_XSD}string": ".*",
    f"{_XSD}integer": r"[+-]?\d+",
    f"{_XSD}gYear": r"\d{4}",
    f"{_XSD}date": r"\d{4}-\d\d-\d\d",
    f"{_XSD}decimal": r"[+-]?\d*\.?\d+",
    f"{_XSD}dateTime": r"\d{4}-\d\d-\d\dT.*",
    f"{SDGO}SDGCodeCompact": r"\d{1,2}(\.\w+)*",
    f"{SDGO}SDGCode": r"\d\d(\.\w+)*",
    f"{_XSD}anyURI": r"\w+:.*",
    f"{_XSD}boolean": "true|false|0|1",
    f"{_XSD}double": r"[+-]?[\d.]+([eE][+-]?\d+)?",
    f"{_XSD}gYearMonth": r"\d{4}-\d\d",
}
_BARE = frozenset((f"{_XSD}integer", f"{_XSD}decimal", f"{_XSD}boolean", f"{_XSD}string"))
# Properties by which a text may name the intended IRI.
_NAMING = (
    f"{_RDFS}label",
    f"{_SKOS}prefLabel",
    f"{_SKOS}notation",
    f"{_DCT}title",
    f"{_DCT}identifier",
    "http://xmlns.com/foaf/0.1/name",
    "http://schema.org/name",
    f"{_SKOS}altLabel",
)
_NAMING_WORDS = frozenset(("label", "name", "title", "preflabel"))
_SDG_CODE = re.compile(r'"([0-9]{1,2}(\.[0-9a-z]{1,2})?)"')


@dataclass(frozen=True, slots=True)
class Correction:
    """The mistake and the advice. `place` is None unless it is more exact than the place of the part."""

    message: str
    place: Place | None = None


class Asks(Protocol):
    async def __call__(self, body: str) -> bool | None: ...


class Scope(Protocol):
    @property
    def where(self) -> str: ...

    def body(self, inner: str) -> str: ...

    def alone(self, inner: str) -> str: ...


class Alternatives:
    """Looks for alternatives to the terms of one part.

    Args:
        asks: whether a group with this body has a solution; None without an answer.
        scope: the groups and GRAPHs around the part.
        outline: the query.
        before: the parts before it, which have a match together.
    """

    def __init__(self, asks: Asks, scope: Scope, outline: Outline, before: Sequence[Part]) -> None:
        self._asks = asks
        self._scope = scope
        self._query = outline.query
        self._parts = before
        self._before = " ".join(part.text for part in before)
        self.other = f"?{outline.stem}"
        self.where = scope.where

    async def holds(self, body: str) -> bool:
        """Whether a body has a match together with the parts before it; False without an answer."""
        return await self._asks(self._scope.body(f"{self._before} {body}")) is True

    async def is_absent(self, body: str) -> bool:
        """Whether a body alone has no match in the graphs that `where` names."""
        return await self._asks(self._scope.alone(body)) is False

    async def pick(self, choices: Sequence[str], body: Callable[[str], str]) -> str | None:
        """The first choice with which a body has a match, by binary search."""
        if not choices or not await self.holds(body(" ".join(choices))):
            return None
        left = list(choices)
        while len(left) > 1:
            half = left[: (len(left) + 1) // 2]
            left = half if await self.holds(body(" ".join(half))) else left[len(half) :]
        # Ask again, because the search takes the second half also when the first one got no answer.
        return left[0] if await self.holds(body(left[0])) else None

    async def literal(self, binder: str, variable: str, literal: Term) -> Correction | None:
        place, text = literal.place, literal.string
        same = f"{binder} FILTER(STR({variable}) = {text}"
        if await self.holds(f"{same})"):
            if found := await self._kind_of(same, variable, literal):
                return Correction(found, place)
            return Correction(N_("the data have this text otherwise, compare `STR(?x) = %(text)s`.", text=text), place)
        if literal.datatype == "number":
            if await self.holds(f"{binder} FILTER({variable} = {literal.text})"):
                return Correction(
                    N_("the data write this number otherwise, compare `FILTER(?x = %(text)s)`.", text=literal.text),
                    place,
                )
        elif not literal.datatype and await self.holds(f"{binder} FILTER(LCASE(STR({variable})) = LCASE({text}))"):
            said = N_(
                "the data have this text with other capital letters, compare `LCASE(STR(?x)) = LCASE(%(text)s)`.",
                text=shown(text),
            )
            return Correction(said, place)
        if not await self.holds(f"{binder} FILTER(ISLITERAL({variable}))"):
            iris = await self.holds(f"{binder} FILTER(ISIRI({variable}))")
            return Correction(await self._named_by(binder, variable, literal), place) if iris else None
        if literal.datatype == "number" and not await self.holds(f"{binder} FILTER(ISNUMERIC({variable}))"):
            return Correction(N_("the data have other values than numbers there."), place)
        return None

    async def _kind_of(self, same: str, variable: str, literal: Term) -> str | None:
        """How the data have a literal's text: other tag, other datatype or IRI. `same` starts a FILTER."""
        text = literal.string
        if text[1:-1].find(":") > 0 and await self.holds(f"{same} && ISIRI({variable}))"):
            return N_("the data have an IRI there, write <%(iri)s>.", iri=shown(text.strip(chr(34) + chr(39))))
        if await self.holds(f'{same} && LANG({variable}) != "")'):
            tags = await self.tags(lambda test: f"{same} && {test})", variable, literal.tag)
            if not tags:
                return N_(
                    "the data have this text with another language tag, compare `STR(?x) = %(text)s`.", text=shown(text)
                )
            return N_(
                "the data have this text with %(tags)s, write %(text)s@%(tag)s.",
                tags=list_tags(tags),
                text=shown(text),
                tag=tags[0],
            )
        if literal.tag and await self.holds(f'{same} && LANG({variable}) = "" && ISLITERAL({variable}))'):
            if await self.holds(f"{same} && DATATYPE({variable}) = <{_XSD}string>)"):
                return N_("the data have this text without a language tag, write %(text)s.", text=shown(text))
            return N_("the data have this text with a datatype, compare `STR(?x) = %(text)s`.", text=shown(text))
        fitting = (datatype for datatype, form in DATATYPES.items() if re.fullmatch(form, text[1:-1]))
        choices = [f"<{datatype}>" for datatype in fitting if datatype != literal.datatype]
        found = await self.pick(choices, lambda iris: f"{same} && DATATYPE({variable}) IN ({iris.replace(' ', ', ')}))")
        return N_("the data have it as %(text)s, write that.", text=self.typed(text, found[1:-1])) if found else None

    async def tags(self, body: Callable[[str], str], variable: str, wrong: str) -> list[str]:
        """The language tags of the values, among the common ones and those related to the wrong one."""
        relatives = [wrong.partition("-")[0]] if "-" in wrong else []
        tags: list[str] = []
        for tag in dict.fromkeys([*relatives, *_TAGS, *_OTHER_TAGS]):
            if tags and tag in _OTHER_TAGS:
                break
            if tag.lower() != wrong.lower() and await self.holds(body(f'LCASE(LANG({variable})) = "{tag.lower()}"')):
                tags.append(tag)
        return tags

    async def _named_by(self, binder: str, variable: str, literal: Term) -> str:
        text = literal.string
        if (code := _SDG_CODE.fullmatch(text)) and await self.holds(f"{binder} FILTER({variable} = <{SDG}{code[1]}>)"):
            return N_("the data have IRIs there, not texts; write <%(iri)s>.", iri=SDG + code[1])
        found = await self.pick(
            [f"<{iri}>" for iri in _NAMING],
            lambda iris: (
                f"{binder} VALUES {variable}p {{ {iris} }} {variable} {variable}p {variable}t . "
                f"FILTER(ISIRI({variable}) && STR({variable}t) = {text})"
            ),
        )
        if found is None:
            return N_("the data have IRIs there, not texts.")
        way = f"?x {self.short(found[1:-1])} ?text FILTER(STR(?text) = {shown(text)})"
        return N_(
            "the data have IRIs there, one of them with this text as its name; put ?x there and add `%(way)s`.", way=way
        )

    async def iri(self, binder: str, variable: str, iri: Term) -> Correction | None:
        place, value = iri.place, iri.value
        alike = [f"<{other}>" for other in _alike(value)]
        if found := await self.pick(alike, lambda iris: f"VALUES {variable} {{ {iris} }} {binder}"):
            return Correction(N_("the data have %(found)s, write that.", found=found), place)
        if await self.holds(f'{binder} FILTER(LCASE(STR({variable})) = LCASE("{value}"))'):
            if await self.holds(f'{binder} FILTER(ISLITERAL({variable}) && STR({variable}) = "{value}")'):
                return Correction(
                    N_('the data have it as a text, compare `STR(?x) = "%(value)s"`.', value=shown(value)), place
                )
            return Correction(N_("the data have this IRI with other capital letters."), place)
        if not await self.holds(f"{binder} FILTER(ISIRI({variable}))"):
            local = re.split(r"[/#]", value.rstrip("/#"))[-1]
            if await self.holds(f'{binder} FILTER(STR({variable}) = "{local}")'):
                return Correction(
                    N_('the data have texts or numbers there, such as `FILTER(STR(?x) = "%(local)s")`.', local=local),
                    place,
                )
            if await self.holds(f"{binder} FILTER(ISLITERAL({variable}))"):
                return Correction(N_("the data have texts or numbers there, not IRIs."), place)
        o = f"{self.other}s {self.other}p {iri.text} ."
        s = f"{iri.text} {self.other}p {self.other}o ."
        if await self.is_absent(f"{{ {o} }} UNION {{ {s} }}"):
            return Correction(
                N_("the data%(where)s do not know %(text)s.", where=self.where, text=shown(iri.text)), place
            )
        if binder and await self.is_absent(binder.replace(variable, iri.text)):
            return Correction(
                N_(
                    "the data%(where)s have %(text)s elsewhere, and never in this place.",
                    where=self.where,
                    text=shown(iri.text),
                ),
                place,
            )
        return None

    async def neighbour(self, iri: str, pattern: str) -> str | None:
        """The term that the data use in place of a vocabulary's term: one of the same name, or another naming property.

        Args:
            iri: the term without a match.
            pattern: the pattern of the term, with the variable `other` in its place.
        """
        cut = max(iri.rfind("#"), iri.rfind("/")) + 1
        names = [*_alike(iri[:cut], iri[cut:]), *same_name(iri)]
        if iri[cut:].lower() in _NAMING_WORDS:
            names = [*(name for name in _NAMING if name != iri), *names]
        names = list(dict.fromkeys(names))
        # One question for each, because the checks refuse a query with an unknown term of ours.
        others = [f"<{name}>" for name in names if not name.startswith(CLOSED_NAMESPACES)]
        for choices in (others, *([f"<{name}>"] for name in names if name.startswith(CLOSED_NAMESPACES))):
            if found := await self.pick(choices, lambda iris: f"VALUES {self.other} {{ {iris} }} {pattern}"):
                return self.short(found[1:-1])
        return None

    def typed(self, text: str, datatype: str) -> str:
        if datatype in _BARE:
            return text if datatype == f"{_XSD}string" else text.strip("\"'")
        return f"{text}^^{self.short(datatype)}"

    def short(self, iri: str) -> str:
        """An IRI with a prefix of the query, or in full."""
        return self._query.names.short(iri) or f"<{iri}>"


def _alike(namespace: str, local: str = "") -> list[str]:
    """IRIs that people confuse with this one: http for https, a final slash, another case of the local name."""
    iri = namespace + local
    scheme, colon, rest = iri.partition(":")
    turned = {"http": "https", "https": "http"}.get(scheme, scheme) + colon + rest
    if local:
        found = [turned, namespace + local[0].swapcase() + local[1:]]
    else:
        bare = [text.rstrip("/#") for text in (iri, turned)]
        found = [turned, *bare, *(f"{text}/" for text in bare)]
    return [other for other in dict.fromkeys(found) if other != iri]


def list_tags(tags: Sequence[str]) -> str:
    named = [f"@{tag}" for tag in tags]
    if len(named) == 1:
        return N_("the language tag %(tag)s", tag=named[0])
    return N_("the language tags %(tags)s", tags=all_of(named))
