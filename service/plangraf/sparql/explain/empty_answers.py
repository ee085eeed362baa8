"""Explains an empty answer: finds the first part of the query that nothing matches, with a few ASKs.

The parts of the outermost WHERE group are joined from the first one on, then its filters, until nothing is left:
more parts never match more, so halving finds the place. `corrections` looks for what is wrong there. A part that could
not be asked about, for its time or size, is passed over.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeVar
from urllib.parse import quote

from plangraf.errors import EngineError, Place, RequestError
from plangraf.sparql.explain.chosen_graphs import GraphChoice, Graphs, at_place, list_graphs
from plangraf.sparql.explain.corrections import correct
from plangraf.sparql.explain.outline import Outline, Part, outline
from plangraf.sparql.known_names import Names
from plangraf.sparql.nodes import Union
from plangraf.sparql.safety import read
from plangraf.sparql.scope import has_graph_clause

_MOST_ASKED = 12
# Each ASK without an answer has taken a whole deadline.
_MOST_UNANSWERED = 2
# These keep every solution.
_NEVER_EMPTY = frozenset(("optional", "bind"))
# Kinds of parts that may have a match in graphs that were not chosen.
_IN_A_GRAPH = frozenset(("triple", "union"))

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why an answer is empty, in one or two sentences; `place` is line and column of the culprit."""

    message: str
    place: tuple[int, int] | None = None

    @property
    def header(self) -> str:
        """The message for a header: ASCII, the rest and '%' percent-encoded as UTF-8."""
        return quote(self.message, safe=" !\"#$&'()*+,/:;<=>?@[\\]^`{|}~")


class Asker:
    """Asks a bounded number of questions; an answer is None when the engine gave none."""

    def __init__(self, ask: Callable[[str], Awaitable[bool]], head: str, graphs: Graphs | None) -> None:
        self._ask = ask
        self._graphs = graphs
        self._head = head
        self._left = _MOST_ASKED
        self._unanswered = 0
        self._known: dict[str, bool | None] = {}

    async def __call__(self, body: str, after: str = "") -> bool | None:
        """Whether a group's body has a solution."""
        query = f"{self._head} {{ {body} }} {after}"
        if query not in self._known:
            self._known[query] = await self._answer(self._ask, query)
        return self._known[query]

    async def graphs(self, search: str) -> list[str]:
        """The graphs that a SELECT finds; none without an answer."""
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
    """Where parts stand: in the outermost group, or inside groups and GRAPHs of it.

    `where` says in which graphs they are looked for, for a message; `graph` is the innermost GRAPH around them.
    """

    before: str = ""
    opened: str = ""
    closed: str = ""
    where: str = ""
    graph: Part | None = None

    def body(self, inner: str) -> str:
        return f"{self.before} {self.opened} {inner} {self.closed}"

    def alone(self, inner: str) -> str:
        """As `body`, without what stands before the groups."""
        return f"{self.opened} {inner} {self.closed}"

    def into(self, before: str, part: Part, choice: GraphChoice) -> Scope:
        opened = f"{self.before} {self.opened} {before}", f"{part.opening} {{", f"}} {self.closed}"
        graph = part if part.kind == "graph" else self.graph
        return Scope(*opened, choice.where(graph), graph)


async def why_empty(
    ask: Callable[[str], Awaitable[bool]], query: str, graphs: Graphs | None = None, base: str | None = None
) -> Explanation | None:
    """Why a query's answer is empty; None when it is not, or when there is nothing to say.

    Args:
        ask: answers an ASK on the data that the query was asked on; may raise TimeoutError and errors of ours.
        query: a SELECT, ASK or CONSTRUCT that passed the checks, as it was written.
        graphs: all graphs, and those that the request chose.
        base: of the IRIs of a query that declares none, as the checks and the engine have it.
    """
    try:
        parsed = outline(read(query, names=Names(base=base)))
    except RequestError:
        return None
    if parsed is None or (parsed.one_row and not (parsed.limit_zero or parsed.offset)):
        return None
    if parsed.limit_zero:
        return _at(parsed.limit_zero, "LIMIT 0 asks for no row.")
    asker = Asker(ask, parsed.head, graphs)
    choice = GraphChoice(parsed, graphs)
    if parsed.one_row:
        return await _why_no_rows(asker, parsed)
    chain = _chain(parsed.parts)
    whole = _joined(chain)
    values = parsed.values.text if parsed.values and not parsed.query.tree.grouping else ""
    matched = await asker(whole, values)
    if matched:
        return await (_why_no_triples(asker, parsed, whole) if parsed.template else _why_no_rows(asker, parsed))
    if matched is None and (parsed.having or parsed.offset):
        return None
    if values and parsed.values and (without := await asker(whole)) is not False:
        found = await correct(asker, Scope(where=choice.where()), parsed, parsed.values, chain) if without else None
        text = "The WHERE part has matches, but none goes with a row of the VALUES behind it"
        plain = _at(parsed.values.place, f"{text}{at_place(parsed.values.place)}.") if without else None
        return _at(found.place or parsed.values.place, found.message) if found else plain
    return await _why_no_match(asker, parsed, choice, sure=matched is False)


async def _why_no_triples(asker: Asker, parsed: Outline, whole: str) -> Explanation | None:
    """Why the template of a CONSTRUCT makes no triple of the matches that its WHERE part has."""
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
    text = "The WHERE part has matches, but the template makes no triple of them: a variable in it has no value"
    return _at(place, f"{text}, or one that cannot stand there, such as a text as a subject{at_place(place)}.")


async def _why_no_rows(asker: Asker, parsed: Outline) -> Explanation | None:
    """What removes all rows of a SELECT whose WHERE part has matches."""
    if not (parsed.rows and (parsed.having or parsed.offset)):
        return None
    values = parsed.values.text if parsed.values else ""
    if await asker(f"{parsed.rows} {values}") is not False:
        return None
    if parsed.having and (not parsed.offset or await asker(f"{parsed.rows_without_offset} {values}") is False):
        text = "The WHERE part has matches, but the condition of HAVING is true for none of the groups"
        return _at(parsed.having, f"{text}{at_place(parsed.having)}.")
    if parsed.offset:
        text = "There are rows, but OFFSET passes over all of them"
        return _at(parsed.offset, f"{text}{at_place(parsed.offset)}.")
    return None


async def _why_no_match(asker: Asker, parsed: Outline, choice: GraphChoice, *, sure: bool) -> Explanation | None:
    """The first part without a match; None when it is not `sure` that there is one and no question showed it."""
    scope, parts, stem = Scope(where=choice.where()), parsed.parts, parsed.stem
    while True:
        chain = _chain(parts)
        found = await _first_without_match(asker, scope, chain)
        if found is None:
            return None
        last_good, culprit = found
        if not sure and all(part.kind in _NEVER_EMPTY for part in chain[culprit + 1 :]):
            return None
        sure = True
        part = chain[culprit]
        before = _joined(chain[:culprit])
        if culprit > last_good + 1 and any(p.kind not in _NEVER_EMPTY for p in chain[last_good + 1 : culprit]):
            begin = next(p for p in chain[last_good + 1 :] if p.kind not in _NEVER_EMPTY)
            text = f"From {_named(begin)} to {_named(part)} something has no match"
            return _at(begin.place, f"{text}; which of them could not be found out in time.")
        if not part.inner:
            break
        if part.kind == "select" and (before.strip() or await asker(scope.body(_joined(part.inner))) is not False):
            break
        if part.kind == "graph" and await asker(f"{part.opening} {{ ?{stem}s ?{stem}p ?{stem}o }}") is False:
            return _at(part.place, choice.no_graph(part) or f"There is no graph with triples for {_named(part)}.")
        scope, parts = scope.into(before, part, choice), part.inner
    if choice.made and _is_of_the_default_graph(scope, part) and await asker(f"?{stem}s ?{stem}p ?{stem}o") is False:
        place, text = choice.no_default()
        return _at(place, text)
    if part.kind in _IN_A_GRAPH and (elsewhere := await _elsewhere(asker, choice, scope, chain, culprit)):
        return _at(part.place, elsewhere + choice.unknown())
    correction = await correct(asker, scope, parsed, part, chain[:culprit])
    if correction is not None:
        return _at(correction.place or part.place, correction.message)
    return _at(part.place, await _plainly(asker, scope, part, bool(before.strip() or scope.before.strip())))


async def _first_without_match(asker: Asker, scope: Scope, chain: list[Part]) -> tuple[int, int] | None:
    """Indexes of the last part up to which there is a match, and of the first up to which there is none.

    None when no part can be the reason. Parts between the two could not be asked about.
    """
    places = [index for index, part in enumerate(chain) if part.kind not in _NEVER_EMPTY]
    if not places:
        return None
    good, bad = -1, places[-1]
    while between := [place for place in places if good < place < bad]:
        answers: bool | None = None
        # The middle one first; a longer row of parts when that gives no answer.
        for place in between[len(between) // 2 :]:
            answers = await asker(scope.body(_joined(chain[: place + 1])))
            if answers is not None:
                break
        if answers is None:
            break
        if answers:
            good = place
        else:
            bad = place
    return good, bad


def _is_of_the_default_graph(scope: Scope, part: Part) -> bool:
    in_graph = scope.graph is not None or (isinstance(part.node, Union) and has_graph_clause(part.node))
    return part.kind in _IN_A_GRAPH and not in_graph


async def _elsewhere(asker: Asker, choice: GraphChoice, scope: Scope, chain: list[Part], culprit: int) -> str | None:
    """Which other graphs have a match for a part, best for its whole group, or together with what stands before it."""
    part, before = chain[culprit], _joined(chain[:culprit])
    together = bool(before.strip() or scope.before.strip())
    if scope.where and (not together or await asker(scope.alone(part.text)) is False):
        whole = len(chain) > 1 and not scope.before.strip()
        found = await asker.graphs(choice.search(choice.inside(_joined(chain)))) if whole else []
        match = "all of the patterns match in" if found else "there are matches in"
        if not (found := found or await asker.graphs(choice.search(choice.inside(part.text)))):
            return None
        advice = "choose that graph, or none" if len(found) == 1 else "choose one of these, or no graph"
        named = _named(part)
        nothing = f"No branch of {named} has a match" if part.kind == "union" else f"Nothing matches {named}"
        return f"{nothing}{scope.where}; {match} {list_graphs(found)}: {advice}."
    if not before.strip() or not (scope.graph or choice.made) or await asker(scope.alone(part.text)) is not True:
        return None
    found = await asker.graphs(choice.search(f"{scope.body(before)} {choice.inside(part.text)}"))
    if not found:
        return None
    where = scope.where or " in one graph"
    advice = "write it outside of GRAPH, or into one of its own" if scope.graph else "choose that graph too, or none"
    nothing = f"Nothing matches {_named(part)} together with what stands before it"
    return f"{nothing}{where}; there are matches in {list_graphs(found)}: {advice}."


async def _plainly(asker: Asker, scope: Scope, part: Part, has_before: bool) -> str:
    """What is known of a part whose mistake is not recognised."""
    named = _named(part)
    if part.kind == "filter":
        return f"The patterns have matches, but {named} is true for none of them."
    if part.kind == "minus":
        return f"{named} takes away everything that the patterns before it match."
    if part.kind == "select" and not has_before:
        return f"{named} gives no row."
    nothing = "No row of" if part.kind == "values" else "No branch of" if part.kind == "union" else "Nothing matches"
    if not has_before or await asker(scope.alone(part.text)) is False:
        again = " has a match" if part.kind == "union" else " has a value" if part.kind == "values" else ""
        return f"{nothing} {named}{again}{'' if part.kind == 'values' else scope.where}."
    if part.kind in ("values", "union"):
        return f"{nothing} {named} goes with what the patterns before it match."
    return f"{named} has matches, but none that go with what the patterns before it match."


def _chain(parts: list[Part]) -> list[Part]:
    """Parts in the order in which they are tried: a filter holds for its whole group, so filters come last."""
    return [part for part in parts if part.kind != "filter"] + [part for part in parts if part.kind == "filter"]


def _joined(parts: list[Part]) -> str:
    return " ".join(part.text for part in parts)


def _named(part: Part) -> str:
    return f"`{part.shown}`{at_place(part.place)}"


def _at(place: Place | None, message: str) -> Explanation:
    return Explanation(message, (place.line, place.column) if place else None)
