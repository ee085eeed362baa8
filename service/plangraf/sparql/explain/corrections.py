"""Finds the mistake that leaves a pattern or a filter without a match, and confirms the correction by an ASK query.

Examples are a wrong language tag or datatype, a text in place of an IRI or the reverse, a term of another vocabulary,
the inverse direction, a class without instances, and a filter that no value passes.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Sequence

from plangraf.errors.message import N_, Listed
from plangraf.rdf.namespaces import PREFIXES
from plangraf.sparql.explain.alternatives import DATATYPES, Alternatives, Asks, Correction, Scope, list_tags
from plangraf.sparql.explain.chosen_graphs import at_place
from plangraf.sparql.explain.outline import Outline, Part, Term, read_term
from plangraf.sparql.nodes import (
    Alternative,
    Call,
    Constant,
    Exists,
    Expression,
    Inverse,
    Link,
    NegatedSet,
    Operation,
    Path,
    Repeat,
    Triple,
    Values,
    Variable,
    walk,
)
from plangraf.sparql.nodes import Sequence as PathSequence

_COMPARED = frozenset(("=", "!=", "<", ">", "<=", ">="))
_TEXT_TESTS = frozenset(("CONTAINS", "STRSTARTS", "STRENDS", "REGEX"))
_NEEDS_NO_VALUE = frozenset(("BOUND", "COALESCE", "EXISTS", "IF"))
_MOST_PATH_STEPS = 3


async def correct(asks: Asks, scope: Scope, outline: Outline, part: Part, before: Sequence[Part]) -> Correction | None:
    """The correction of the first part without a match; None when none is found.

    Args:
        asks: whether a group with this body has a solution; None without an answer.
        scope: the groups and GRAPHs around the part.
        outline: the query.
        part: the part.
        before: the earlier parts of its group, which have a match together.
    """
    search = _Search(asks, scope, outline, before)
    named = Listed([f"`{part.shown}`", at_place(part.place)], "")
    found: Correction | None = None
    if isinstance(part.node, Triple) and part.triple is not None:
        found = await search.triple(part.node, *part.triple)
        head = (
            N_("Nothing matches %(part)s together with what stands before it", part=named)
            if before
            else N_("Nothing matches %(part)s", part=named)
        )
    elif part.kind == "filter":
        found = await search.filter(part.node)  # type: ignore[arg-type]  # the node of a filter is an expression
        head = N_("%(part)s is never true", part=named)
    elif isinstance(part.node, Values):
        found = await search.values(part.node)
        head = N_("No row of %(part)s goes with the patterns before it", part=named)
    return Correction(Listed([head, found.message], ": "), found.place) if found else None


class _Search(Alternatives):
    # Triples

    async def triple(self, node: Triple, subject: Term, predicate: Term, object_: Term) -> Correction | None:
        is_type = predicate.kind == "iri" and predicate.value == f"{PREFIXES['rdf']}type"
        if is_type and object_.kind == "iri":
            return await self._class(subject, object_)
        if not isinstance(node.verb, Variable | Link) and (found := await self._path(node.verb)):
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
            unused = await self.is_absent(f"{other} {predicate.text} {other}o .")
            if found := await self._predicate(subject, predicate, object_, unused=unused):
                return found
        if subject.kind == "iri" and await self.is_absent(f"{subject.text} {other} {other}o ."):
            return await self.iri(f"{other} {predicate.text} {object_.text} .", other, subject)
        if object_.kind == "variable" and self._is_bound(object_):
            return await self._bound(to_other, other, object_)
        return None

    async def _class(self, subject: Term, class_: Term) -> Correction | None:
        other = self.other
        if not await self.is_absent(f"{other} a {class_.text} ."):
            return None
        text = N_("nothing has the class %(name)s%(where)s", name=class_.text, where=self.where)
        found = await self.neighbour(class_.value, f"{subject.text} a {other} .")
        return Correction(
            Listed([text, "."], "")
            if found is None
            else N_("%(what)s, here the data use %(found)s.", what=text, found=found),
            class_.place,
        )

    async def _predicate(self, subject: Term, predicate: Term, object_: Term, *, unused: bool) -> Correction | None:
        other, text = (
            self.other,
            N_("no triple has the predicate %(name)s%(where)s", name=predicate.text, where=self.where),
        )
        if not unused:
            text = N_(
                "%(subject)s has no %(name)s%(where)s", subject=subject.text, name=predicate.text, where=self.where
            )
            if not self._is_bound(subject) or (object_.kind == "variable" and self._is_bound(object_)):
                return None
        ends = [object_.text] if object_.kind in ("variable", "other") else [object_.text, f"{other}o"]
        for end in ends:
            if found := await self.neighbour(predicate.value, f"{subject.text} {other} {end} ."):
                return Correction(N_("%(what)s, here the data use %(found)s.", what=text, found=found), predicate.place)
        return Correction(Listed([text, "."], ""), predicate.place) if unused else None

    async def _path(self, path: Path) -> Correction | None:
        if _may_be_skipped(path):
            return None
        iris = [iri for iri in self._query.iris if path.start <= iri.start < path.end]
        for iri in iris[:_MOST_PATH_STEPS]:
            if await self.is_absent(f"{self.other} {iri.text} {self.other}o ."):
                place = self._query.place(iri)
                return Correction(
                    Listed(
                        [N_("no triple has the predicate %(name)s%(where)s", name=iri.text, where=self.where), "."], ""
                    ),
                    place,
                )
        return None

    async def _inverse(self, subject: Term, predicate: Term, object_: Term) -> Correction | None:
        turned = f"{object_.text} {predicate.text} {subject.text}"
        if predicate.kind != "iri" or object_.kind == "literal" or subject.text == object_.text:
            return None
        if object_.kind == subject.kind == "variable" and not (self._is_bound(subject) or self._is_bound(object_)):
            return None
        if not await self.holds(f"{turned} ."):
            return None
        return Correction(N_("the data have it the other way round, write `%(turned)s`.", turned=turned))

    async def _bound(self, binder: str, other: str, variable: Term) -> Correction | None:
        """Why values that earlier parts give a variable do not occur here."""
        written = f"`{binder.replace(other, '?other')} FILTER(STR(?other) = STR({variable.text}))`"
        if await self.holds(f"{binder} FILTER(ISLITERAL({other}) && STR({other}) = STR({variable.text}))"):
            text = N_(
                "the values of %(variable)s differ from the data only in language tag or datatype, write %(written)s.",
                variable=variable.text,
                written=written,
            )
            return Correction(text, variable.place)
        if await self.holds(f"{binder} FILTER(ISIRI({other}) && ISLITERAL({variable.text}))"):
            return Correction(
                N_("%(variable)s is a text, the data have IRIs here.", variable=variable.text), variable.place
            )
        if await self.holds(f"{binder} FILTER(ISLITERAL({other}) && ISIRI({variable.text}))"):
            return Correction(
                N_("%(variable)s is an IRI, the data have texts or numbers here.", variable=variable.text),
                variable.place,
            )
        return None

    # Filters and VALUES

    async def filter(self, condition: Expression) -> Correction | None:
        inside = list(walk(condition))
        called = {part.name for part in inside if isinstance(part, Call)}
        may_be_unbound = called & _NEEDS_NO_VALUE or any(isinstance(part, Exists) for part in inside)
        if not may_be_unbound and (found := self._unbound(inside)):
            return found
        if "LANG" in called and (found := await self._language(inside)):
            return found
        is_text_test = isinstance(condition, Call) and condition.name in _TEXT_TESTS
        if is_text_test and (found := await self._text_test(condition)):
            return found
        return await self._comparison(condition)

    def _unbound(self, inside: list[Expression]) -> Correction | None:
        bound = set().union(*(part.variables for part in self._parts if part.kind != "filter"))
        for variable in inside:
            if isinstance(variable, Variable) and variable.name not in bound:
                near = difflib.get_close_matches(variable.name, sorted(bound), n=1)
                name = self._query.written(variable)
                text = (
                    N_(
                        "nothing in this group gives %(variable)s a value; did you mean ?%(meant)s?",
                        variable=name,
                        meant=near[0],
                    )
                    if near
                    else N_("nothing in this group gives %(variable)s a value.", variable=name)
                )
                return Correction(text, self._query.place(variable))
        return None

    async def _language(self, inside: list[Expression]) -> Correction | None:
        variable = next(part for part in inside if isinstance(part, Call) and part.name == "LANG").arguments[0]
        wrong = next((part for part in inside if isinstance(part, Constant) and part.kind == "string"), None)
        if not isinstance(variable, Variable) or wrong is None:
            return None
        name = self._query.written(variable)
        tags = await self.tags(lambda test: f"FILTER({test})", name, wrong.string.strip("\"'"))
        if tags:
            return Correction(
                N_("%(variable)s has %(tags)s here.", variable=name, tags=list_tags(tags)), self._query.place(wrong)
            )
        if await self.holds(f'FILTER(LANG({name}) = "")'):
            return Correction(N_("%(variable)s has no language tag here.", variable=name), self._query.place(variable))
        return None

    async def _text_test(self, test: Expression) -> Correction | None:
        """Corrects CONTAINS and similar tests of a value that is not a text, or differs in case."""
        assert isinstance(test, Call)
        value, sought = self._query.written(test.arguments[0]), test.arguments[1]
        if not isinstance(sought, Constant) or sought.kind != "string":
            return None
        if test.name == "REGEX":
            better = f'REGEX(STR({value}), {sought.string}, "i")'
        else:
            better = f"{test.name}(LCASE(STR({value})), LCASE({sought.string}))"
        if not await self.holds(f"FILTER({better})"):
            return None
        return Correction(N_("letters or kind of the value differ, write `%(better)s`.", better=better))

    async def _comparison(self, condition: Expression) -> Correction | None:
        sides = self._sides(condition)
        if sides is None:
            return None
        variable, sign, constant = sides
        if sign == "=":
            find = self.literal if constant.kind == "literal" else self.iri
            return await find("", variable.text, constant)
        if sign == "!=" or constant.kind != "literal":
            return None
        place, text = constant.place, constant.string
        if not constant.datatype and not constant.tag and re.fullmatch(r'"-?[0-9]+(\.[0-9]+)?"', text):
            if await self.holds(f"FILTER(ISNUMERIC({variable.text}))"):
                return Correction(
                    N_(
                        "%(variable)s is a number, write %(number)s without quotation marks.",
                        variable=variable.text,
                        number=text[1:-1],
                    ),
                    place,
                )
            return None
        if await self.holds(f"FILTER(ISNUMERIC({variable.text}))"):
            return None
        found = await self.pick(
            [f"<{datatype}>" for datatype in DATATYPES if datatype != constant.datatype],
            lambda iris: f"FILTER(DATATYPE({variable.text}) IN ({iris.replace(' ', ', ')}))",
        )
        if found is None:
            return None
        return Correction(
            N_(
                "%(variable)s has the datatype %(datatype)s, compare with a value such as %(example)s.",
                variable=variable.text,
                datatype=self.short(found[1:-1]),
                example=self.typed(_example(found, text), found[1:-1]),
            ),
            place,
        )

    def _sides(self, condition: Expression) -> tuple[Term, str, Term] | None:
        """Variable, sign and constant of a comparison; None for any other condition."""
        match condition:
            case Operation(sign=sign, operands=[one, other]) if sign in _COMPARED:
                left, right = read_term(self._query, one), read_term(self._query, other)
                if left.kind == "variable" and right.kind in ("literal", "iri"):
                    return left, sign, right
                if right.kind == "variable" and left.kind in ("literal", "iri"):
                    return right, sign, left
        return None

    async def values(self, values: Values) -> Correction | None:
        """Corrects the first value of a VALUES with one variable that earlier parts bind."""
        first = values.rows[0][0] if len(values.variables) == 1 and values.rows and values.rows[0] else None
        if first is None:
            return None
        variable, term = self._query.written(values.variables[0]), read_term(self._query, first)
        if term.kind == "literal":
            return await self.literal("", variable, term)
        return await self.iri("", variable, term) if term.kind == "iri" else None

    def _is_bound(self, term: Term) -> bool:
        return term.kind != "variable" or any(term.value in part.variables for part in self._parts)


def _may_be_skipped(path: Path) -> bool:
    """Whether a path may have solutions without some of its steps."""
    match path:
        case Repeat(sign=sign, path=inner):
            return sign != "+" or _may_be_skipped(inner)
        case Alternative() | NegatedSet():
            return True
        case Inverse(path=inner):
            return _may_be_skipped(inner)
        case PathSequence(steps=steps):
            return any(map(_may_be_skipped, steps))
        case _:
            return False


def _example(datatype: str, text: str) -> str:
    """The text of a literal in the form of a datatype, for a year that is compared as a number."""
    year = re.fullmatch(r'"([0-9]{4})"', text)
    if year and datatype.endswith(("#date>", "#dateTime>", "#gYearMonth>")):
        ending = {"date": "-01-01", "dateTime": "-01-01T00:00:00Z", "gYearMonth": "-01"}
        return f'"{year[1]}{ending[datatype[:-1].rpartition("#")[2]]}"'
    return text
