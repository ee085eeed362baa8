"""Slips that make a pattern or a filter match nothing, each confirmed by asking what would have matched instead.

A literal with another language tag or datatype, a text where the data have an IRI and the reverse, a term of a
neighbouring vocabulary, the other direction, a class without instances, a filter that no value can fulfil.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Sequence

from plangraf.rdf.namespaces import PREFIXES
from plangraf.sparql.explain.chosen_graphs import at_place
from plangraf.sparql.explain.near_terms import DATATYPES, Asks, NearTerms, Scope, Slip, in_words, place_of
from plangraf.sparql.lexer import Token
from plangraf.sparql.outline import Outline, Part, Term, read_term

_COMPARED = frozenset(("=", "!=", "<", ">", "<=", ">="))
_TEXT_TESTS = frozenset(("CONTAINS", "STRSTARTS", "STRENDS", "REGEX"))
_NEEDS_NO_VALUE = frozenset(("BOUND", "COALESCE", "EXISTS", "IF"))
_MOST_PATH_STEPS = 3


async def slip(asks: Asks, scope: Scope, outline: Outline, part: Part, before: Sequence[Part]) -> Slip | None:
    """The slip in a part that has no match together with the parts before it, which have.

    Args:
        asks: answers whether a group's body has a solution, None when it cannot.
        scope: where the part and those before it stand.
        outline: the query that they are of.
        part: the first part without a match.
        before: the parts of its group that come before it.
    """
    look = _Look(asks, scope, outline, before)
    named = f"`{part.shown}`{at_place(part.place)}"
    found: Slip | None = None
    if part.triple is not None:
        found = await look.triple(*part.triple)
        head = f"Nothing matches {named}" + (" together with what stands before it" if before else "")
    elif part.kind == "filter":
        found = await look.filter(part.tokens)
        head = f"{named} is never true"
    elif part.kind == "values":
        found = await look.values(part.tokens)
        head = f"No row of {named} goes with the patterns before it"
    return Slip(f"{head}: {found.message}", found.place) if found else None


class _Look(NearTerms):
    # Triples

    async def triple(self, subject: Term, predicate: Term, object_: Term) -> Slip | None:
        is_type = predicate.kind == "iri" and predicate.value == f"{PREFIXES['rdf']}type"
        if is_type and object_.kind == "iri":
            return await self._class(subject, object_)
        if predicate.kind == "path" and (found := await self._path(predicate)):
            return found
        other = self.other
        to_other = f"{subject.text} {predicate.text} {other} ."
        if object_.kind in ("literal", "iri") and await self.holds(to_other):
            if object_.kind == "literal":
                return await self.literal(to_other, other, object_)
            return await self.iri(to_other, other, object_) or await self._inverse(subject, predicate, object_)
        if predicate.kind == "iri":
            if found := await self._inverse(subject, predicate, object_):
                return found
            unused = await self.never(f"{other} {predicate.text} {other}o .")
            if found := await self._predicate(subject, predicate, object_, unused=unused):
                return found
        if subject.kind == "iri" and await self.never(f"{subject.text} {other} {other}o ."):
            return await self.iri(f"{other} {predicate.text} {object_.text} .", other, subject)
        if object_.kind == "variable" and self._is_bound(object_):
            return await self._bound(to_other, other, object_)
        return None

    async def _class(self, subject: Term, class_: Term) -> Slip | None:
        other = self.other
        if not await self.never(f"{other} a {class_.text} ."):
            return None
        text = f"nothing has the class {class_.text}{self.where}"
        found = await self.neighbour(class_.value, f"{subject.text} a {other} .")
        return Slip(f"{text}." if found is None else f"{text}, here the data use {found}.", place_of(class_))

    async def _predicate(self, subject: Term, predicate: Term, object_: Term, *, unused: bool) -> Slip | None:
        other, text = self.other, f"no triple has the predicate {predicate.text}{self.where}"
        if not unused:
            text = f"{subject.text} has no {predicate.text}{self.where}"
            if not self._is_bound(subject) or (object_.kind == "variable" and self._is_bound(object_)):
                return None
        ends = [object_.text] if object_.kind in ("variable", "other") else [object_.text, f"{other}o"]
        for end in ends:
            if found := await self.neighbour(predicate.value, f"{subject.text} {other} {end} ."):
                return Slip(f"{text}, here the data use {found}.", place_of(predicate))
        return Slip(f"{text}.", place_of(predicate)) if unused else None

    async def _path(self, path: Term) -> Slip | None:
        iris = [token for token in path.tokens if token.kind in ("iri", "prefixed_name")]
        if any(token.text in ("?", "*", "|", "!") for token in path.tokens):
            return None  # a step may be left out
        for token in iris[:_MOST_PATH_STEPS]:
            if await self.never(f"{self.other} {token.text} {self.other}o ."):
                return Slip(f"no triple has the predicate {token.text}{self.where}.", token.place)
        return None

    async def _inverse(self, subject: Term, predicate: Term, object_: Term) -> Slip | None:
        turned = f"{object_.text} {predicate.text} {subject.text}"
        if predicate.kind != "iri" or object_.kind == "literal" or subject.text == object_.text:
            return None
        if object_.kind == subject.kind == "variable" and not (self._is_bound(subject) or self._is_bound(object_)):
            return None
        if not await self.holds(f"{turned} ."):
            return None
        return Slip(f"the data have it the other way round, write `{turned}`.")

    async def _bound(self, binder: str, other: str, variable: Term) -> Slip | None:
        """A variable that has values from before, which are no values here."""
        written = f"`{binder.replace(other, '?other')} FILTER(STR(?other) = STR({variable.text}))`"
        if await self.holds(f"{binder} FILTER(ISLITERAL({other}) && STR({other}) = STR({variable.text}))"):
            text = f"the values of {variable.text} differ from the data only in language tag or datatype"
            return Slip(f"{text}, write {written}.", place_of(variable))
        if await self.holds(f"{binder} FILTER(ISIRI({other}) && ISLITERAL({variable.text}))"):
            return Slip(f"{variable.text} is a text, the data have IRIs here.", place_of(variable))
        if await self.holds(f"{binder} FILTER(ISLITERAL({other}) && ISIRI({variable.text}))"):
            return Slip(f"{variable.text} is an IRI, the data have texts or numbers here.", place_of(variable))
        return None

    # Filters and VALUES

    async def filter(self, tokens: list[Token]) -> Slip | None:
        words = {token.upper for token in tokens}
        if not words & _NEEDS_NO_VALUE and (found := self._unbound(tokens)):
            return found
        if "LANG" in words and (found := await self._language(tokens)):
            return found
        if tokens[0].upper in _TEXT_TESTS and (found := await self._text_test(tokens)):
            return found
        return await self._comparison(tokens)

    def _unbound(self, tokens: list[Token]) -> Slip | None:
        bound = set().union(*(_variables(part) for part in self._parts if part.kind != "filter"))
        for token in tokens:
            if token.kind == "variable" and token.text[1:] not in bound:
                near = difflib.get_close_matches(token.text[1:], sorted(bound), n=1)
                meant = f"; did you mean ?{near[0]}?" if near else "."
                return Slip(f"nothing in this group gives {token.text} a value{meant}", token.place)
        return None

    async def _language(self, tokens: list[Token]) -> Slip | None:
        at = next(index for index, token in enumerate(tokens) if token.upper == "LANG")
        variable = tokens[at + 2] if at + 2 < len(tokens) else None
        wrong = next((token for token in tokens if token.kind == "string"), None)
        if variable is None or variable.kind != "variable" or wrong is None:
            return None
        tags = await self.tags(lambda test: f"FILTER({test})", variable.text, wrong.text.strip("\"'"))
        if tags:
            return Slip(f"{variable.text} has {in_words(tags)} here.", wrong.place)
        if await self.holds(f'FILTER(LANG({variable.text}) = "")'):
            return Slip(f"{variable.text} has no language tag here.", variable.place)
        return None

    async def _text_test(self, tokens: list[Token]) -> Slip | None:
        """CONTAINS and its like: a value that is no text, or is one in other letters."""
        commas = [index for index, token in enumerate(tokens) if token.text == ","]
        if not commas:
            return None
        query = tokens[0].source.original
        value = query[tokens[2].start : tokens[commas[0] - 1].end]
        sought = tokens[commas[0] + 1]
        if sought.kind != "string":
            return None
        word = tokens[0].upper
        if word == "REGEX":
            better = f'REGEX(STR({value}), {sought.text}, "i")'
        else:
            better = f"{word}(LCASE(STR({value})), LCASE({sought.text}))"
        if not await self.holds(f"FILTER({better})"):
            return None
        return Slip(f"letters or kind of the value differ, write `{better}`.")

    async def _comparison(self, tokens: list[Token]) -> Slip | None:
        sides = _sides(tokens, self._outline)
        if sides is None:
            return None
        variable, sign, constant = sides
        if sign == "=":
            find = self.literal if constant.kind == "literal" else self.iri
            return await find("", variable.text, constant)
        if sign == "!=" or constant.kind != "literal":
            return None
        place, text = place_of(constant), constant.string
        if not constant.datatype and not constant.tag and re.fullmatch(r'"-?[0-9]+(\.[0-9]+)?"', text):
            if await self.holds(f"FILTER(ISNUMERIC({variable.text}))"):
                return Slip(f"{variable.text} is a number, write {text[1:-1]} without quotation marks.", place)
            return None
        if await self.holds(f"FILTER(ISNUMERIC({variable.text}))"):
            return None
        found = await self.pick(
            [f"<{datatype}>" for datatype in DATATYPES if datatype != constant.datatype],
            lambda iris: f"FILTER(DATATYPE({variable.text}) IN ({iris.replace(' ', ', ')}))",
        )
        if found is None:
            return None
        advice = f"compare with a value such as {self.typed(_example(found, text), found[1:-1])}"
        return Slip(f"{variable.text} has the datatype {self.short(found[1:-1])}, {advice}.", place)

    async def values(self, tokens: list[Token]) -> Slip | None:
        """VALUES of one variable that has values already: its first one is looked at."""
        if len(tokens) < 4 or tokens[1].kind != "variable" or tokens[3].text in ("}", "UNDEF"):
            return None
        first = read_term(tokens, 3, self._outline.names)
        if first.kind == "literal":
            return await self.literal("", tokens[1].text, first)
        return await self.iri("", tokens[1].text, first) if first.kind == "iri" else None

    def _is_bound(self, term: Term) -> bool:
        return term.kind != "variable" or any(term.value in _variables(part) for part in self._parts)


def _variables(part: Part) -> set[str]:
    inside = {token.text[1:] for token in part.tokens if token.kind == "variable"}
    return inside | {term.value for term in part.triple or () if term.kind == "variable"}


def _sides(tokens: list[Token], outline: Outline) -> tuple[Term, str, Term] | None:
    """A condition that compares one variable with one constant, the variable first."""
    if len(tokens) < 3:
        return None
    left = read_term(tokens, 0, outline.names)
    at = max(1, len(left.tokens))
    if at + 1 >= len(tokens) or tokens[at].text not in _COMPARED:
        return None
    right = read_term(tokens, at + 1, outline.names)
    if at + 1 + max(1, len(right.tokens)) != len(tokens):
        return None
    sign = tokens[at].text
    if left.kind == "variable" and right.kind in ("literal", "iri"):
        return left, sign, right
    if right.kind == "variable" and left.kind in ("literal", "iri"):
        return right, sign, left
    return None


def _example(datatype: str, text: str) -> str:
    """A literal's text as a datatype writes it, for a year that was compared as a number."""
    year = re.fullmatch(r'"([0-9]{4})"', text)
    if year and datatype.endswith(("#date>", "#dateTime>", "#gYearMonth>")):
        ending = {"date": "-01-01", "dateTime": "-01-01T00:00:00Z", "gYearMonth": "-01"}
        return f'"{year[1]}{ending[datatype[:-1].rpartition("#")[2]]}"'
    return text
