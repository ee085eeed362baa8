"""The hostile queries of the soak: endless, huge, deeply nested, with calls to other hosts, and fuzzed from a seed.

The same random generator gives the same texts. The service may answer or refuse each of them, but with a documented
status and without an effect on other clients.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable

PLAN = "https://w3id.org/plangraf/ontology#"
# The spellings of the loopback address that a resolver or URL parser may accept.
LOOPBACKS = (
    "127.0.0.1",
    "127.1",
    "127.0.1",
    "2130706433",
    "0x7f000001",
    "0x7f.1",
    "0177.0.0.1",
    "017700000001",
    "0",
    "0.0.0.0",
    "[::1]",
    "[::ffff:127.0.0.1]",
    "[0:0:0:0:0:0:0:1]",
    "[::]",
    "localhost",
    "LOCALHOST",
    "localhost.",
    "127.0.0.1.",
    "127.0.0.18",
    "user@127.0.0.1",
    "user:password@localhost",
    "%31%32%37.0.0.1",
    "１２７.0.0.1",
)
_CALLS = (
    "SELECT * {{ SERVICE <{to}> {{ ?s ?p ?o }} }}",
    "SELECT * {{ SERVICE SILENT <{to}> {{ ?s ?p ?o }} }}",
    "SELECT * {{ \\u0053ERVICE <{to}> {{ ?s ?p ?o }} }}",
    "SELECT * {{ sErViCe#comment\n<{to}> {{ ?s ?p ?o }} }}",
    "PREFIX c: <{to}> SELECT * {{ SERVICE c: {{ ?s ?p ?o }} }}",
    "BASE <{to}> SELECT * {{ SERVICE <> {{ ?s ?p ?o }} }}",
    "SELECT * {{ VALUES ?e {{ <{to}> }} SERVICE ?e {{ ?s ?p ?o }} }}",
    "SELECT * {{ FILTER EXISTS {{ SERVICE <{to}> {{ ?s ?p ?o }} }} }}",
    "ASK FROM <{to}> FROM NAMED <{to}> {{ GRAPH <{to}> {{ ?s ?p ?o }} }}",
    "DESCRIBE <{to}>",
    "LOAD <{to}>",
    "INSERT DATA {{ <{to}> <{to}> <{to}> }}",
)
_TRIPLES = (
    ("?a", "?b", "?c"),
    ("?c", "?b", "?d"),
    ("?d", "a", "?e"),
    ("?s", f"<{PLAN}about>", "?c"),
    ("?a", "?p", "?c"),
)
_TOKENS = re.compile(r"<[^<>\s]*>|\?\w+|\w+|\s+|.", re.DOTALL)
_MARKS = "{ } ( ) [ ] << >> . ; , * + / | ^ ! ?x ' \" ''' \\ # 1e999 -9223372036854775809 'x'@nb 'x'^^<x:y> _:b a"
_WORDS = "SELECT WHERE FILTER OPTIONAL UNION MINUS GRAPH SERVICE VALUES BIND AS HAVING EXISTS NOT IN LATERAL"
_STRAY = (
    *_MARKS.split(),
    *_WORDS.split(),
    *("LIMIT 0", "GROUP BY ?a", "ORDER BY"),
    *("\x00", "\ufeff", "\u2028", "æøå", "\U0001f4a3", "\\uD800", "\\U0010FFFF", "\x7f"),
)


def hostile(rng: random.Random, canary: int) -> str:
    """One hostile query with a unique text, so that no cached answer matches."""
    text = rng.choice(_KINDS)(rng) if rng.random() < 0.75 else calling(rng, canary)
    return f"{text} # {rng.getrandbits(40):x}"


def runaway(rng: random.Random) -> str:
    """A join that passes every deadline."""
    patterns = [f"?a{number} ?b{number} ?c{number} ." for number in range(rng.randrange(3, 6))]
    return f"SELECT (COUNT(*) AS ?n) WHERE {{ {' '.join(patterns)} }}"


def endless(rng: random.Random) -> str:
    """A result that no client reads to its end."""
    if rng.random() < 0.3:
        return "CONSTRUCT { ?a ?b ?f } WHERE { ?a ?b ?c . ?d ?e ?f }"
    return "SELECT * WHERE { ?a ?b ?c . ?d ?e ?f }"


def shared(number: int) -> str:
    """A query of almost 1 MB that the good client and its neighbours send at the same time."""
    return f"SELECT ?s ?o WHERE {{ ?s <{PLAN}about> ?o }} # {number}"


def calling(rng: random.Random, canary: int) -> str:
    """A query that tries to make the service call a listener on this machine."""
    address = f"http://{rng.choice(LOOPBACKS)}:{canary}/sparql"
    return rng.choice(_CALLS).format(to=address)


def fuzzed(rng: random.Random) -> str:
    """A query with some tokens removed, doubled, moved or replaced by wrong ones."""
    tokens: list[str] = _TOKENS.findall(rng.choice(_KINDS)(rng)[:2000])
    for _ in range(rng.randrange(1, 8)):
        at = rng.randrange(len(tokens))
        act = rng.randrange(4)
        if act == 0 and len(tokens) > 1:
            del tokens[at]
        elif act == 1:
            tokens.insert(at, tokens[rng.randrange(len(tokens))])
        elif act == 2:
            tokens[at] = rng.choice(_STRAY)
        else:
            tokens.insert(at, f" {rng.choice(_STRAY)} ")
    return "".join(tokens) + f" # {rng.getrandbits(40):x}"


def _path(rng: random.Random) -> str:
    steps = ("(!<x:y>)*", "(<x:y>|!<x:y>)+", "((!<x:y>)*)*", "(!a|!^a)*", "(^!a/!a)*")
    return f"SELECT (COUNT(*) AS ?n) {{ ?a {'/'.join(rng.choice(steps) for _ in range(rng.randrange(1, 12)))} ?b }}"


def _long_path(rng: random.Random) -> str:
    return f"SELECT * {{ ?a {'/'.join(['!a'] * rng.choice((20, 60, 70, 5000)))} ?b }}"


def _nested(rng: random.Random) -> str:
    depth = rng.choice((20, 60, 100, 3000, 60_000))
    opener, closer = rng.choice((("{", "}"), ("{ SELECT * ", "}"), ("FILTER(!(", "))"), ("[ a ", "] ."), ("(", ")")))
    return f"SELECT * {{ {opener * depth} {closer * depth} }}"[:250_000]


def _values(rng: random.Random) -> str:
    rows = rng.choice((500, 5000, 9000, 40_000))
    return f"SELECT (COUNT(*) AS ?n) {{ VALUES ?x {{ {'1 ' * rows}}} VALUES ?y {{ {'2 ' * rows}}} }}"[:300_000]


def _concatenated(rng: random.Random) -> str:
    return "SELECT (GROUP_CONCAT(CONCAT(STR(?a), STR(?c), STR(?d), STR(?f))) AS ?x) { ?a ?b ?c . ?d ?e ?f }"


def _replaced(rng: random.Random) -> str:
    text = '"' + "a" * rng.choice((50, 1000)) + '"'
    for _ in range(rng.randrange(3, 7)):
        text = f'REPLACE({text}, "a", "{"a" * 50}")'
    return f"SELECT (STRLEN({text}) AS ?n) {{}}"


def _doubled(rng: random.Random) -> str:
    levels = rng.randrange(14, 30)
    binds = " ".join(f"BIND (CONCAT(?v{i}, ?v{i}) AS ?v{i + 1})" for i in range(levels))
    shown = rng.choice((f"?v{levels}", f"(STRLEN(?v{levels}) AS ?n)"))
    return f"SELECT {shown} WHERE {{ BIND ('{'x' * 100}' AS ?v0) {binds} }}"


def _sorted(rng: random.Random) -> str:
    what = rng.choice(("SELECT *", "SELECT DISTINCT *", "SELECT ?a (COUNT(DISTINCT ?f) AS ?n)"))
    end = "GROUP BY ?a" if "COUNT" in what else f"ORDER BY {rng.choice(('?f', 'DESC(STR(?c))', 'RAND()'))} LIMIT 10"
    return f"{what} WHERE {{ ?a ?b ?c . ?d ?e ?f }} {end}"


def _searched(rng: random.Random) -> str:
    pattern = rng.choice(("(a*)*b", "(.*)*$", "((a|aa)+)+$", ".{1,1000}.{1,1000}x", "[", "(?i)" + "æ?" * 100))
    return f"SELECT (COUNT(*) AS ?n) {{ ?s ?p ?o . ?t ?q ?u FILTER(REGEX(STR(?o), '{pattern}') && STR(?u) > STR(?o)) }}"


def _unions(rng: random.Random) -> str:
    parts = " UNION ".join(["{ ?a ?b ?c . ?d ?e ?f }"] * rng.choice((5, 100, 1500)))
    return f"SELECT (COUNT(*) AS ?n) {{ {parts} }}"


def _joined(rng: random.Random) -> str:
    patterns = " . ".join(" ".join(rng.choice(_TRIPLES)) for _ in range(rng.choice((5, 40, 100, 300))))
    return f"SELECT * {{ {patterns} OPTIONAL {{ ?x ?y ?z }} MINUS {{ ?a ?q ?r }} }} LIMIT 5"


def _relative(rng: random.Random) -> str:
    names = "<../a> " * rng.choice((100, 9000))
    return f"BASE <http://e/{'a/' * 1000}> SELECT * {{ VALUES ?x {{ {names}}} }}"


def _prefixed(rng: random.Random) -> str:
    declared = "".join(f"PREFIX p{number}: <http://e/{number}/> " for number in range(rng.choice((100, 6000))))
    return f"{declared} SELECT * {{ q1:a ?p ?o }}"


def _unknown(rng: random.Random) -> str:
    name = "Perspektiv" * rng.choice((1, 20, 20_000))
    return f"SELECT * {{ ?s a <{PLAN}{name}> }}"


def _graphs(rng: random.Random) -> str:
    clauses = " ".join(f"FROM <http://e/{number}>" for number in range(rng.choice((10, 3000))))
    return f"SELECT * {clauses} {{ GRAPH ?g {{ ?a ?b ?c }} ?d ?e ?f }}"


_KINDS: tuple[Callable[[random.Random], str], ...] = (
    runaway,
    runaway,
    runaway,
    endless,
    _path,
    _path,
    _long_path,
    _nested,
    _values,
    _concatenated,
    _replaced,
    _doubled,
    _sorted,
    _sorted,
    _searched,
    _unions,
    _joined,
    _relative,
    _prefixed,
    _unknown,
    _graphs,
)
