"""How far the shapes look from a focus node, and which focus nodes a change of the data can concern.

A node is concerned when a statement that decides whether it conforms has changed: one of its own, or one of a thing
that so many links lead to as the shapes follow. The shapes say how many: a value node of sh:path is one link away, and
sh:class reads its types there; sh:node and its like begin again at the value; the query of a sh:sparql constraint
follows its own patterns. https://www.w3.org/TR/shacl/#constraints
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

from pyoxigraph import Literal, NamedNode, QuerySolutions

from plangraf.checks.data_graph import DataGraph, Term
from plangraf.checks.shacl.constraints import BUILDERS, Context, NotCompiledError, sh
from plangraf.checks.shacl.validation import KNOWN, constraint_query, read_path, shacl_problems, shapes_of, suspects
from plangraf.diagnostics.diagnostic import FileDiagnostic
from plangraf.errors import RequestError
from plangraf.rdf.namespaces import ONTOLOGY_GRAPH, PREFIXES, SHAPES_GRAPH
from plangraf.rdf.quad_lines import QuadLines, starting
from plangraf.sources.turtle import Locate
from plangraf.sparql.matched_terms import Links, links_from

_PATH, _SPARQL, _CLASS = sh("path"), sh("sparql"), sh("class")
_NESTED = tuple(map(sh, ("node", "property", "not", "qualifiedValueShape")))
_LISTS = tuple(map(sh, ("and", "or", "xone")))
_SUBCLASS = PREFIXES["rdfs"] + "subClassOf"
_ALWAYS = tuple(f" <{graph}> .".encode() for graph in (ONTOLOGY_GRAPH, SHAPES_GRAPH))
_DEEPEST = 10
# The things of one query.
_BATCH = 1_000


class UnboundedError(Exception):
    """A shape may look at any statement; the message names it."""


def reach(shapes: DataGraph) -> Links:
    """How far from a focus node the statements lie that decide whether it conforms.

    Raises:
        UnboundedError: a shape follows links without a bound, or has a form that only pySHACL reads.
    """
    depths = _Depths(shapes)
    for quad in shapes.quads:
        for term in (quad.predicate, quad.object):
            if isinstance(term, NamedNode) and term.value.startswith(PREFIXES["sh"]) and term not in KNOWN:
                raise UnboundedError(f"{term.value} is not compiled")
    shaped = [*BUILDERS, _SPARQL, _PATH]
    found = Links()
    for shape, said in shapes.by_subject.items():
        if any(one in said for one in shaped):
            found |= depths.of(shape)
    return found


class _Depths:
    def __init__(self, shapes: DataGraph) -> None:
        self._shapes, self._known = shapes, dict[Term, Links]()
        self._open: list[Term] = []

    def of(self, shape: Term) -> Links:
        """How far a shape looks from the node that it is applied to."""
        if shape not in self._known:
            if shape in self._open or len(self._open) > _DEEPEST:
                raise UnboundedError(f"{shape} contains itself")
            self._open.append(shape)
            try:
                self._known[shape] = self._compute(shape)
            except (NotCompiledError, RequestError) as error:
                raise UnboundedError(f"{shape} is not compiled") from error
            self._open.pop()
        return self._known[shape]

    def _compute(self, shape: Term) -> Links:
        said = self._shapes.by_subject.get(shape, {})
        paths = said.get(_PATH, set())
        path = read_path(self._shapes, next(iter(paths)), self._shapes) if paths else None
        values = 1 if path else 0
        context = Context(shape, bool(path), self._shapes, self._shapes, lambda _: lambda _: True)
        found = Links(values if _CLASS in said else 0)
        nested = [other for name in _NESTED for other in said.get(name, ())]
        nested += [other for name in _LISTS for head in said.get(name, ()) for other in context.items(head)]
        for other in nested:
            found |= self.of(other).after(values)
        for constraint in said.get(_SPARQL, ()):
            query = constraint_query(context, constraint, path.sparql if path else None)
            links = links_from(query, "this")
            if links is None:
                raise UnboundedError(f"the query of {constraint} has no bound")
            found |= links
        return found


def concerned(data: DataGraph, changed: Iterable[bytes], links: Links) -> set[bytes]:
    """The things, as terms of lines, whose conformance the changed lines can concern.

    Args:
        data: the data now, whose quads are lines.
        changed: the lines that were added and removed.
        links: what `reach` returned.
    Raises:
        UnboundedError: they can concern any thing.
    """
    terms = [line.split(b" ", 3) for line in changed]
    for name, other in links.everywhere:
        if any(_is(term, name, other) for term in terms):
            raise UnboundedError(f"a statement with {name} changed")
    # sh:targetObjectsOf makes objects focus nodes. The start of a literal is no thing.
    objects = {value for _, _, value, _ in terms if value.startswith(b"<")}
    found = {subject for subject, _, _, _ in terms}
    if links.inverse:
        found |= objects
    wanted = frozenset(found)
    for _ in range(links.count):
        near = _naming(data, wanted)
        for name in sorted(links.inverse):
            near |= _linked(data, f"?known <{name}> ?found", wanted)
        wanted = frozenset(near - found)
        found |= near
    return found | objects


def around(data: DataGraph, things: Iterable[bytes], links: Links) -> list[bytes]:
    """The lines that decide whether things conform, and all about subclasses; sorted."""
    lines = _lines(data)
    found: list[bytes] = []
    for name, other in sorted({*links.everywhere, (_SUBCLASS, None)}, key=str):
        subjects = _linked(data, f"?found <{name}> {'?known' if other is None else f'<{other}>'}", None)
        own = [line for subject in subjects for line in lines_of(lines, subject)]
        found += [line for line in own if _is(line.split(b" ", 3), name, other)]
    seen: set[bytes] = set()
    level = set(things)
    for _ in range(links.count + 1):
        seen |= level
        own = [line for thing in level for line in lines_of(lines, thing)]
        found += own
        before: set[bytes] = set()
        for name in sorted(links.inverse):
            before |= _linked(data, f"?found <{name}> ?known", level)
        level = ({value for line in own if (value := line.split(b" ", 3)[2])[:1] != b'"'} | before) - seen
    return sorted(set(found))


def always_needed(data: DataGraph) -> list[bytes]:
    """The lines of the ontology and the shapes."""
    return [line for line in _lines(data) if line.endswith(_ALWAYS)]


def problems_of_many(data: DataGraph, locate: Locate) -> list[FileDiagnostic]:
    """What `shacl_problems` returns; pySHACL holds only what decides whether the suspects conform.

    Args:
        data: whose quads are lines.
        locate: gives the place of a thing in the source files, by its IRI.
    """
    assert isinstance(data.quads, QuadLines)
    shapes = shapes_of(data)
    try:
        found = {node for nodes in suspects(shapes, data).values() for node in nodes}
        links = reach(shapes)
    except (NotCompiledError, UnboundedError):
        return shacl_problems(data, locate)
    if not found:
        return []
    names = {node.value for node in found if isinstance(node, NamedNode)}
    if len(names) < len(found):
        return shacl_problems(data, locate)
    near = around(data, [f"<{name}>".encode() for name in names], links)
    part = DataGraph(QuadLines(sorted({*near, *always_needed(data)})))
    return shacl_problems(part, locate, names)


def _is(term: Sequence[bytes], name: str, value: str | None) -> bool:
    """Whether the parts of a line have a property, and an object unless that is None."""
    return term[1] == f"<{name}>".encode() and (value is None or term[2] == f"<{value}>".encode())


def _linked(data: DataGraph, pattern: str, known: Collection[bytes] | None) -> set[bytes]:
    """What `?found` is in a pattern for each of the known things that have an IRI, or for anything; no literals."""
    found: set[bytes] = set()
    named = sorted(thing.decode() for thing in known or () if thing.startswith(b"<"))
    batches = [" ".join(named[start : start + _BATCH]) for start in range(0, len(named), _BATCH)]
    for values in [""] if known is None else [f"VALUES ?known {{ {batch} }} " for batch in batches]:
        answer = data.store.query(f"SELECT DISTINCT ?found {{ {values}{pattern} }}")
        assert isinstance(answer, QuerySolutions)
        found |= {str(row["found"]).encode() for row in answer if not isinstance(row["found"], Literal)}
    return found


def _naming(data: DataGraph, things: Collection[bytes]) -> set[bytes]:
    """The subjects of statements whose object is one of the things."""
    found = _linked(data, "?found ?any ?known", things)
    blank = {thing for thing in things if thing.startswith(b"_:")}  # those of the shapes
    if blank:
        found |= {line[: line.index(b" ")] for line in _lines(data) if line.split(b" ", 3)[2] in blank}
    return found


def _lines(data: DataGraph) -> Sequence[bytes]:
    assert isinstance(data.quads, QuadLines)
    return data.quads.lines


def lines_of(lines: Sequence[bytes], thing: bytes) -> list[bytes]:
    """The lines about a thing, of sorted lines."""
    return starting(lines, thing + b" ")
