"""Explains an empty answer: finds the first part of the query without a match, with a few ASK queries.

It asks about the first parts of the outermost WHERE group, with filters last. More parts never match more, so a binary
search finds the part, and `corrections` looks for its mistake. It skips a part whose question gets no answer because of
its time or size.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeVar
from urllib.parse import quote

from plangraf.errors import EngineError, Place, RequestError
from plangraf.errors.message import N_, Listed
from plangraf.sparql.explain.chosen_graphs import GraphChoice, Graphs, at_place, list_graphs
from plangraf.sparql.explain.corrections import correct
from plangraf.sparql.explain.outline import Outline, Part, outline
from plangraf.sparql.known_names import Names
from plangraf.sparql.nodes import Union
from plangraf.sparql.safety import read
from plangraf.sparql.scope import has_graph_clause

_MOST_ASKED = 12
# Few, because each ASK without an answer takes a whole deadline.
_MOST_UNANSWERED = 2
# Kinds of parts that keep every solution.
_NEVER_EMPTY = frozenset(("optional", "bind"))
# Kinds of parts that may have a match in other graphs than the selected ones.
_IN_A_GRAPH = frozenset(("triple", "union"))

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why an answer is empty, in one or two sentences. `place` is line and column of the cause."""

    message: str
    place: tuple[int, int] | None = None

    @property
    def header(self) -> str:
        """The message for a header: ASCII, with '%' and other characters percent-encoded as UTF-8."""
        return quote(self.message, safe=" !\"#$&'()*+,/:;<=>?@[\\]^`{|}~")


class Asker:
    """Asks a limited number of questions. An answer is None when the engine gives none."""

    def __init__(self, ask: Callable[[str], Awaitable[bool]], head: str, graphs: Graphs | None) -> None:
        self._ask = ask
        self._graphs = graphs
        self._head = head
        self._left = _MOST_ASKED
        self._unanswered = 0
        self._known: dict[str, bool | None] = {}

    async def __call__(self, body: str, after: str = "") -> bool | None:
        """Whether a group with this body has a solution."""
        query = f"{self._head} {{ {body} }} {after}"
        if query not in self._known:
            self._known[query] = await self._answer(self._ask, query)
        return self._known[query]

    async def graphs(self, search: str) -> list[str]:
        """The graphs in the result of a SELECT; empty without an answer."""
        return (await self._answer(self._graphs.find, search) or []) if self._graphs else []

    async def _answer(self, ask: Callable[[str], Awaitable[T]], query: str) -> T | None:
        if not self._left or self._unanswered >= _MOST_UNANSWERED:
            return None
        self._left -= 1
        try:
            return await ask(query)
        except RequestError:
            return None  # refused by the checks
        except (EngineError, TimeoutError):
            self._unanswered += 1
            return None


@dataclass(frozen=True, slots=True)
class Scope:
    """The groups and GRAPHs around parts, none for the outermost group.

    `where` names the graphs of the parts in a message. `graph` is the innermost GRAPH around them.
    """

    before: str = ""
    opened: str = ""
    closed: str = ""
    where: str = ""
    graph: Part | None = None

    def body(self, inner: str) -> str:
        return f"{self.before} {self.opened} {inner} {self.closed}"

    def alone(self, inner: str) -> str:
        """Like `body`, without the patterns before the groups."""
        return f"{self.opened} {inner} {self.closed}"

    def into(self, before: str, part: Part, choice: GraphChoice) -> Scope:
        opened = f"{self.before} {self.opened} {before}", f"{part.opening} {{", f"}} {self.closed}"
        graph = part if part.kind == "graph" else self.graph
        return Scope(*opened, choice.where(graph), graph)


async def why_empty(
    ask: Callable[[str], Awaitable[bool]], query: str, graphs: Graphs | None = None, base: str | None = None
) -> Explanation | None:
    """Why the answer of a query is empty; None when it is not empty or no reason is found.

    Args:
        ask: answers an ASK on the same data as the query; may raise TimeoutError and errors of this project.
        query: the text of a SELECT, ASK or CONSTRUCT that passed the checks.
        graphs: all graphs, and those that the request selects.
        base: the base IRI of a query that declares none, as for the checks and the engine.
    """
    try:
        parsed = outline(read(query, names=Names(base=base)))
    except RequestError:
        return None
    if parsed is None or (parsed.one_row and not (parsed.limit_zero or parsed.offset)):
        return None
    if parsed.limit_zero:
        return _at(parsed.limit_zero, N_("LIMIT 0 asks for no row."))
    asker = Asker(ask, parsed.head, graphs)
    choice = GraphChoice(parsed, graphs)
    if parsed.one_row:
        return await _explain_no_rows(asker, parsed)
    chain = _filters_last(parsed.parts)
    whole = _join(chain)
    values = parsed.values.text if parsed.values and not parsed.query.tree.grouping else ""
    matched = await asker(whole, values)
    if matched:
        return await (_explain_no_triples(asker, parsed, whole) if parsed.template else _explain_no_rows(asker, parsed))
    if matched is None and (parsed.having or parsed.offset):
        return None
    if values and parsed.values and (without := await asker(whole)) is not False:
        found = await correct(asker, Scope(where=choice.where()), parsed, parsed.values, chain) if without else None
        text = N_(
            "The WHERE part has matches, but none goes with a row of the VALUES behind it%(where)s.",
            where=at_place(parsed.values.place),
        )
        plain = _at(parsed.values.place, text) if without else None
        return _at(found.place or parsed.values.place, found.message) if found else plain
    return await _explain_no_match(asker, parsed, choice, sure=matched is False)


async def _explain_no_triples(asker: Asker, parsed: Outline, whole: str) -> Explanation | None:
    """Why the template of a CONSTRUCT produces no triple although its WHERE part has matches."""
    if parsed.offset or parsed.having or parsed.values:
        return None
    made = []
    for part in parsed.template:
        if part.triple is None:
            return None
        terms = zip(("!ISLITERAL({})", "ISIRI({})", "BOUND({})"), part.triple, strict=True)
        variables = [(test, term) for test, term in terms if term.kind == "variable"]
        made.append(" && ".join(test.format(term.text) for test, term in variables if parsed.stem not in term.value))
    if not all(made) or await asker(f"{whole} FILTER({' || '.join(f'({tests})' for tests in made)})") is not False:
        return None
    place = parsed.template[0].place
    text = N_(
        "The WHERE part has matches, but the template makes no triple of them: a variable in it has no value, "
        "or one that cannot stand there, such as a text as a subject%(where)s.",
        where=at_place(place),
    )
    return _at(place, text)


async def _explain_no_rows(asker: Asker, parsed: Outline) -> Explanation | None:
    """Why a SELECT has no row although its WHERE part has matches."""
    if not (parsed.rows and (parsed.having or parsed.offset)):
        return None
    values = parsed.values.text if parsed.values else ""
    if await asker(f"{parsed.rows} {values}") is not False:
        return None
    if parsed.having and (not parsed.offset or await asker(f"{parsed.rows_without_offset} {values}") is False):
        text = N_(
            "The WHERE part has matches, but the condition of HAVING is true for none of the groups%(where)s.",
            where=at_place(parsed.having),
        )
        return _at(parsed.having, text)
    if parsed.offset:
        text = N_("There are rows, but OFFSET passes over all of them%(where)s.", where=at_place(parsed.offset))
        return _at(parsed.offset, text)
    return None


async def _explain_no_match(asker: Asker, parsed: Outline, choice: GraphChoice, *, sure: bool) -> Explanation | None:
    """Explains the first part without a match; None when neither `sure` nor a question shows that there is one."""
    scope, parts, stem = Scope(where=choice.where()), parsed.parts, parsed.stem
    while True:
        chain = _filters_last(parts)
        found = await _find_first_without_match(asker, scope, chain)
        if found is None:
            return None
        last_good, culprit = found
        if not sure and all(part.kind in _NEVER_EMPTY for part in chain[culprit + 1 :]):
            return None
        sure = True
        part = chain[culprit]
        before = _join(chain[:culprit])
        if culprit > last_good + 1 and any(p.kind not in _NEVER_EMPTY for p in chain[last_good + 1 : culprit]):
            begin = next(p for p in chain[last_good + 1 :] if p.kind not in _NEVER_EMPTY)
            text = N_(
                "From %(begin)s to %(part)s something has no match; which of them could not be found out in time.",
                begin=_shown(begin),
                part=_shown(part),
            )
            return _at(begin.place, text)
        if not part.inner:
            break
        if part.kind == "select" and (before.strip() or await asker(scope.body(_join(part.inner))) is not False):
            break
        if part.kind == "graph" and await asker(f"{part.opening} {{ ?{stem}s ?{stem}p ?{stem}o }}") is False:
            return _at(
                part.place,
                choice.explain_graph(part) or N_("There is no graph with triples for %(part)s.", part=_shown(part)),
            )
        scope, parts = scope.into(before, part, choice), part.inner
    if (
        choice.is_restricted
        and _uses_default_graph(scope, part)
        and await asker(f"?{stem}s ?{stem}p ?{stem}o") is False
    ):
        place, said = choice.explain_default()
        return _at(place, said)
    if part.kind in _IN_A_GRAPH and (elsewhere := await _explain_by_other_graphs(asker, choice, scope, chain, culprit)):
        return _at(part.place, Listed([elsewhere, choice.describe_missing()], ""))
    correction = await correct(asker, scope, parsed, part, chain[:culprit])
    if correction is not None:
        return _at(correction.place or part.place, correction.message)
    return _at(part.place, await _describe_failure(asker, scope, part, bool(before.strip() or scope.before.strip())))


async def _find_first_without_match(asker: Asker, scope: Scope, chain: list[Part]) -> tuple[int, int] | None:
    """The index of the last part up to which there is a match, and of the first part up to which there is none.

    Questions about parts between these two got no answer. Returns None when no part can be the reason.
    """
    places = [index for index, part in enumerate(chain) if part.kind not in _NEVER_EMPTY]
    if not places:
        return None
    good, bad = -1, places[-1]
    while between := [place for place in places if good < place < bad]:
        answers: bool | None = None
        # Ask about the middle part, and without an answer about the next ones.
        for place in between[len(between) // 2 :]:
            answers = await asker(scope.body(_join(chain[: place + 1])))
            if answers is not None:
                break
        if answers is None:
            break
        if answers:
            good = place
        else:
            bad = place
    return good, bad


def _uses_default_graph(scope: Scope, part: Part) -> bool:
    in_graph = scope.graph is not None or (isinstance(part.node, Union) and has_graph_clause(part.node))
    return part.kind in _IN_A_GRAPH and not in_graph


async def _explain_by_other_graphs(
    asker: Asker, choice: GraphChoice, scope: Scope, chain: list[Part], culprit: int
) -> str | None:
    """Names other graphs with a match for the whole group, for the part, or for it together with the parts before."""
    part, before = chain[culprit], _join(chain[:culprit])
    together = bool(before.strip() or scope.before.strip())
    if scope.where and (not together or await asker(scope.alone(part.text)) is False):
        whole = len(chain) > 1 and not scope.before.strip()
        found = await asker.graphs(choice.search_query(choice.inside(_join(chain)))) if whole else []
        match = N_("all of the patterns match in") if found else N_("there are matches in")
        if not (found := found or await asker.graphs(choice.search_query(choice.inside(part.text)))):
            return None
        advice = N_("choose that graph, or none") if len(found) == 1 else N_("choose one of these, or no graph")
        named = _shown(part)
        nothing = (
            N_("No branch of %(part)s has a match", part=named)
            if part.kind == "union"
            else N_("Nothing matches %(part)s", part=named)
        )
        return N_(
            "%(nothing)s%(where)s; %(match)s %(graphs)s: %(advice)s.",
            nothing=nothing,
            where=scope.where,
            match=match,
            graphs=list_graphs(found),
            advice=advice,
        )
    if (
        not before.strip()
        or not (scope.graph or choice.is_restricted)
        or await asker(scope.alone(part.text)) is not True
    ):
        return None
    found = await asker.graphs(choice.search_query(f"{scope.body(before)} {choice.inside(part.text)}"))
    if not found:
        return None
    where = scope.where or N_(" in one graph")
    advice = (
        N_("write it outside of GRAPH, or into one of its own") if scope.graph else N_("choose that graph too, or none")
    )
    nothing = N_("Nothing matches %(part)s together with what stands before it", part=_shown(part))
    return N_(
        "%(nothing)s%(where)s; there are matches in %(graphs)s: %(advice)s.",
        nothing=nothing,
        where=where,
        graphs=list_graphs(found),
        advice=advice,
    )


async def _describe_failure(asker: Asker, scope: Scope, part: Part, has_before: bool) -> str:
    """The message about a part whose mistake is unknown."""
    named = _shown(part)
    if part.kind == "filter":
        return N_("The patterns have matches, but %(part)s is true for none of them.", part=named)
    if part.kind == "minus":
        return N_("%(part)s takes away everything that the patterns before it match.", part=named)
    if part.kind == "select" and not has_before:
        return N_("%(part)s gives no row.", part=named)
    if not has_before or await asker(scope.alone(part.text)) is False:
        if part.kind == "values":
            return N_("No row of %(part)s has a value.", part=named)
        nothing = (
            N_("No branch of %(part)s has a match", part=named)
            if part.kind == "union"
            else N_("Nothing matches %(part)s", part=named)
        )
        return Listed([nothing, scope.where, "."], "")
    if part.kind == "values":
        return N_("No row of %(part)s goes with what the patterns before it match.", part=named)
    if part.kind == "union":
        return N_("No branch of %(part)s goes with what the patterns before it match.", part=named)
    return N_("%(part)s has matches, but none that go with what the patterns before it match.", part=named)


def _filters_last(parts: list[Part]) -> list[Part]:
    """The parts with filters last, because a filter applies to its whole group."""
    return [part for part in parts if part.kind != "filter"] + [part for part in parts if part.kind == "filter"]


def _join(parts: list[Part]) -> str:
    return " ".join(part.text for part in parts)


def _shown(part: Part) -> str:
    return Listed([f"`{part.shown}`", at_place(part.place)], "")


def _at(place: Place | None, message: str) -> Explanation:
    return Explanation(message, (place.line, place.column) if place else None)
