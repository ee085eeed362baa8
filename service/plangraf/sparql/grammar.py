"""The grammar of SPARQL 1.1 queries, to find the first token that cannot stand where it stands.

The engine reports the furthest position that some alternative reached, which is seldom the culprit's; the
grammar is LL(1), so one predictive pass over the tokens finds it, and knows what was expected instead. Follows
https://www.w3.org/TR/sparql11-query/#sparqlGrammar with `(` `)` and `[` `]` in place of NIL and ANON, signs
apart from their numbers, and LATERAL, which the engine has too.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from plangraf.sparql.lexer import Token

END = "end of the query"

# Capitals without a rule are keywords; IRI, PNAME, PNAME_NS, VAR, BNODE, STRING, LANGTAG, INTEGER, NUMBER,
# BOOLEAN are kinds of token.
_GRAMMAR = r"""
Query = Prologue ( SelectQuery | ConstructQuery | DescribeQuery | AskQuery ) ValuesClause
Prologue = ( BASE IRI | PREFIX PNAME_NS IRI | VERSION STRING )*
SelectQuery = SelectClause DatasetClause* WhereClause SolutionModifier
SubSelect = SelectClause WhereClause SolutionModifier ValuesClause
SelectClause = SELECT ( DISTINCT | REDUCED )? ( SelectItem SelectItem* | '*' )
SelectItem = VAR | '(' Expression AS VAR ')'
ConstructQuery = CONSTRUCT ( '{' TriplesTemplate? '}' DatasetClause* WhereClause SolutionModifier
    | DatasetClause* WHERE '{' TriplesTemplate? '}' SolutionModifier )
DescribeQuery = DESCRIBE ( VarOrIri VarOrIri* | '*' ) DatasetClause* WhereClause? SolutionModifier
AskQuery = ASK DatasetClause* WhereClause SolutionModifier
DatasetClause = FROM NAMED? Iri
WhereClause = WHERE? GroupGraphPattern
SolutionModifier = GroupClause? HavingClause? OrderClause? LimitOffset?
GroupClause = GROUP BY GroupCondition GroupCondition*
GroupCondition = BuiltInCall | FunctionCall | '(' Expression ( AS VAR )? ')' | VAR
HavingClause = HAVING Constraint Constraint*
OrderClause = ORDER BY OrderCondition OrderCondition*
OrderCondition = ( ASC | DESC ) BrackettedExpression | Constraint | VAR
LimitOffset = LIMIT INTEGER ( OFFSET INTEGER )? | OFFSET INTEGER ( LIMIT INTEGER )?
ValuesClause = ( VALUES DataBlock )?
DataBlock = VAR '{' DataBlockValue* '}' | '(' VAR* ')' '{' ( '(' DataBlockValue* ')' )* '}'
DataBlockValue = Iri | RdfLiteral | NumericLiteral | BOOLEAN | UNDEF
GroupGraphPattern = '{' ( SubSelect | GroupContent ) '}'
GroupContent = TriplesBlock? ( PatternNotTriples '.'? TriplesBlock? )*
TriplesBlock = TriplesSameSubjectPath ( '.' TriplesBlock? )?
PatternNotTriples = GroupOrUnion | OPTIONAL GroupGraphPattern | MINUS GroupGraphPattern
    | LATERAL GroupGraphPattern | GRAPH VarOrIri GroupGraphPattern
    | SERVICE SILENT? VarOrIri GroupGraphPattern | FILTER Constraint
    | BIND '(' Expression AS VAR ')' | VALUES DataBlock
GroupOrUnion = GroupGraphPattern ( UNION GroupGraphPattern )*
Constraint = BrackettedExpression | BuiltInCall | FunctionCall
FunctionCall = Iri ArgList
ArgList = '(' ( DISTINCT? Expression ( ',' Expression )* )? ')'
ExpressionList = '(' ( Expression ( ',' Expression )* )? ')'
TriplesTemplate = TriplesSameSubject ( '.' TriplesTemplate? )?
TriplesSameSubject = VarOrTerm PropertyList | TriplesNode PropertyList?
PropertyList = Verb ObjectList ( ';' ( Verb ObjectList )? )*
ObjectList = GraphNode ( ',' GraphNode )*
Verb = VarOrIri | 'a'
TriplesNode = '(' GraphNode* ')' | '[' PropertyList? ']'
GraphNode = VarOrTerm | TriplesNode
TriplesSameSubjectPath = VarOrTerm PropertyListPath | TriplesNodePath PropertyListPath?
PropertyListPath = VerbPath ObjectListPath ( ';' ( VerbPath ObjectListPath )? )*
ObjectListPath = GraphNodePath ( ',' GraphNodePath )*
VerbPath = VAR | Path
TriplesNodePath = '(' GraphNodePath* ')' | '[' PropertyListPath? ']'
GraphNodePath = VarOrTerm | TriplesNodePath
Path = PathSequence ( '|' PathSequence )*
PathSequence = PathStep ( '/' PathStep )*
PathStep = '^'? PathPrimary PathMod?
PathMod = '?' | '*' | '+'
PathPrimary = Iri | 'a' | '!' PathNegatedSet | '(' Path ')'
PathNegatedSet = PathOneInSet | '(' ( PathOneInSet ( '|' PathOneInSet )* )? ')'
PathOneInSet = '^'? ( Iri | 'a' )
VarOrTerm = VAR | Iri | RdfLiteral | NumericLiteral | BOOLEAN | BNODE
VarOrIri = VAR | Iri
Iri = IRI | PNAME | PNAME_NS
RdfLiteral = STRING ( LANGTAG | '^^' Iri )?
NumericLiteral = ( '+' | '-' )? Number
Number = INTEGER | NUMBER
BrackettedExpression = '(' Expression ')'
Expression = And ( '||' And )*
And = Relation ( '&&' Relation )*
Relation = Sum ( ( '=' | '!=' | '<' | '>' | '<=' | '>=' ) Sum | IN ExpressionList | NOT IN ExpressionList )?
Sum = Product ( ( '+' | '-' ) Product )*
Product = Unary ( ( '*' | '/' ) Unary )*
Unary = '!' Unary | ( '+' | '-' ) ( ( '+' | '-' ) Number | Primary ) | Primary
Primary = BrackettedExpression | BuiltInCall | Iri ArgList? | RdfLiteral | Number | BOOLEAN | VAR
BuiltInCall = F0 '(' ')' | F1 '(' Expression ')' | F2 '(' Expression ',' Expression ')'
    | F3 '(' Expression ',' Expression ',' Expression ')'
    | F23 '(' Expression ',' Expression ( ',' Expression )? ')'
    | REPLACE '(' Expression ',' Expression ',' Expression ( ',' Expression )? ')'
    | BNODE_CALL '(' Expression? ')' | FN ExpressionList | BOUND '(' VAR ')'
    | EXISTS GroupGraphPattern | NOT EXISTS GroupGraphPattern
    | COUNT '(' DISTINCT? ( '*' | Expression ) ')' | AGGREGATE '(' DISTINCT? Expression ')'
    | GROUP_CONCAT '(' DISTINCT? Expression ( ';' SEPARATOR '=' STRING )? ')'
"""
# Functions by the number of their arguments; those of the second lines are SPARQL 1.2 and the engine's own.
_FUNCTIONS = {
    "F0": "RAND NOW UUID STRUUID",
    "F1": "STR LANG DATATYPE IRI URI ABS CEIL FLOOR ROUND STRLEN UCASE LCASE ENCODE_FOR_URI YEAR MONTH DAY "
    "HOURS MINUTES SECONDS TIMEZONE TZ MD5 SHA1 SHA256 SHA384 SHA512 ISIRI ISURI ISBLANK ISLITERAL ISNUMERIC "
    "SUBJECT PREDICATE OBJECT ISTRIPLE LANGDIR HASLANG HASLANGDIR",
    "F2": "LANGMATCHES CONTAINS STRSTARTS STRENDS STRBEFORE STRAFTER STRLANG STRDT SAMETERM ADJUST",
    "F3": "IF TRIPLE STRLANGDIR",
    "F23": "SUBSTR REGEX",
    "REPLACE": "REPLACE",
    "BNODE_CALL": "BNODE",
    "FN": "CONCAT COALESCE",
    "BOUND": "BOUND",
    "COUNT": "COUNT",
    "AGGREGATE": "SUM MIN MAX AVG SAMPLE",
    "GROUP_CONCAT": "GROUP_CONCAT",
}
_TERMINAL_OF_FUNCTION = {name: terminal for terminal, names in _FUNCTIONS.items() for name in names.split()}
CALLS = frozenset(_FUNCTIONS)
FUNCTIONS = frozenset(_TERMINAL_OF_FUNCTION)
_KINDS = {
    "iri": "IRI", "variable": "VAR", "bnode": "BNODE", "string": "STRING", "langtag": "LANGTAG",
}  # fmt: skip
_NAMED_KINDS = frozenset(
    ("IRI", "PNAME", "PNAME_NS", "VAR", "BNODE", "STRING", "LANGTAG", "INTEGER", "NUMBER", "BOOLEAN")
)
# Triple terms, reifiers and annotations of SPARQL 1.2.
_NEWER = frozenset(("<<", ">>", "{|", "|}", "~"))
Production = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Mistake:
    """The first token that cannot stand where it stands (None: the query ends too early), and what could."""

    index: int | None
    expected: frozenset[str]


@dataclass(frozen=True, slots=True)
class _Table:
    """Which production of a rule, written backwards, starts with which terminal; `conflicts` is for the tests."""

    choices: dict[str, dict[str, Production]]
    terminals: frozenset[str]
    keywords: frozenset[str]
    conflicts: frozenset[tuple[str, str]]


def first_mistake(tokens: list[Token]) -> Mistake | None:
    """The first mistake of a query; None when it keeps the grammar or uses what this grammar does not have.

    Triple terms and annotations of SPARQL 1.2 are such: of them the engine knows more.
    """
    table = grammar()
    terminals = []
    for token in tokens:
        if token.text in _NEWER:
            return None
        terminals.append(_terminal(token, table))
    terminals.append(END)
    stack = [END, "Query"]
    for index, terminal in enumerate(terminals):
        if not _consume(table, stack, terminal):
            stack = [END, "Query"]
            for before in terminals[:index]:
                _consume(table, stack, before)
            return Mistake(index if index < len(tokens) else None, _expected(table, stack))
    return None


def rules_at(tokens: Sequence[Token], index: int) -> frozenset[str]:
    """The rules that begin at a token, outermost to innermost; none when a mistake stands before it."""
    table = grammar()
    stack = [END, "Query"]
    for token in tokens[:index]:
        if not _consume(table, stack, _terminal(token, table)):
            return frozenset()
    terminal, rules = _terminal(tokens[index], table), set()
    while stack and (production := table.choices.get(stack[-1], {}).get(terminal)) is not None:
        rules.add(stack.pop())
        stack += production
    return frozenset(rules)


def keywords() -> frozenset[str]:
    """Every word that SPARQL knows, functions included, in capitals."""
    return grammar().keywords | FUNCTIONS | {"TRUE", "FALSE", "A"}


def _consume(table: _Table, stack: list[str], terminal: str) -> bool:
    """Moves the parser over one terminal; False when it cannot stand here. `stack` has its top at the end."""
    choices = table.choices
    while stack:
        top = stack.pop()
        row = choices.get(top)
        if row is None:
            return top == terminal
        production = row.get(terminal)
        if production is None:
            return False
        stack += production
    return False


def _expected(table: _Table, stack: list[str]) -> frozenset[str]:
    return frozenset(name for name in (*table.terminals, END) if _consume(table, list(stack), name))


def _terminal(token: Token, table: _Table) -> str:
    kind, text = token.kind, token.text
    if kind == "punctuation":
        return f"'{text}'"
    if kind == "prefixed_name":
        return "PNAME_NS" if text.endswith(":") and text.count(":") == 1 else "PNAME"
    if kind == "number":
        return "INTEGER" if text.isdigit() else "NUMBER"
    if kind != "word":
        return _KINDS[kind]
    if text == "a":
        return "'a'"
    word = text.upper()
    if word in ("TRUE", "FALSE"):
        return "BOOLEAN"
    return _TERMINAL_OF_FUNCTION.get(word, word if word in table.keywords else "an unknown word")


@lru_cache(maxsize=1)
def grammar() -> _Table:
    rules: dict[str, list[Production]] = {}
    for rule in re.split(r"\n(?=\S)", _GRAMMAR.strip()):
        name, _, body = rule.partition(" = ")
        symbols = re.findall(r"'[^']+'|\w+|[()|*+?]", body)
        rules[name] = _alternatives(symbols, 0, name, rules)[0]
    starts = _starts(rules)
    follows = _follows(rules, starts)
    choices: dict[str, dict[str, Production]] = {}
    conflicts: set[tuple[str, str]] = set()
    for name, productions in rules.items():
        row = choices.setdefault(name, {})
        for production in productions:
            first = _first_of(production, starts)
            for terminal in (first - {""}) | (follows[name] if "" in first else set()):
                if terminal in row:
                    conflicts.add((name, terminal))
                row.setdefault(terminal, production[::-1])
    terminals = frozenset(
        symbol for productions in rules.values() for p in productions for symbol in p if symbol not in rules
    )
    words = frozenset(t for t in terminals if t[0] != "'") - _NAMED_KINDS - set(_FUNCTIONS)
    return _Table(choices, terminals, words, frozenset(conflicts))


def _alternatives(
    symbols: list[str], at: int, name: str, rules: dict[str, list[Production]]
) -> tuple[list[Production], int]:
    """Reads alternatives up to a closing bracket; what repeats or may be absent becomes a rule of its own."""
    alternatives: list[Production] = []
    current: list[str] = []
    while at < len(symbols) and symbols[at] != ")":
        symbol = symbols[at]
        at += 1
        if symbol == "|":
            alternatives.append(tuple(current))
            current = []
            continue
        if symbol == "(":
            inner, at = _alternatives(symbols, at, name, rules)
            at += 1
            symbol = f"{name}.{len(rules)}"
            rules[symbol] = inner
        if at < len(symbols) and symbols[at] in "*?":
            # What may be there comes before what may be absent: the first production wins.
            wrapped = f"{name}.{len(rules)}"
            rules[wrapped] = [(symbol, wrapped) if symbols[at] == "*" else (symbol,), ()]
            symbol = wrapped
            at += 1
        current.append(symbol)
    return [*alternatives, tuple(current)], at


def _first_of(symbols: Iterable[str], starts: dict[str, set[str]]) -> set[str]:
    """Terminals that a row of symbols can start with; the empty one when all of them may be absent."""
    found: set[str] = set()
    for symbol in symbols:
        own = starts.get(symbol, {symbol})
        found |= own - {""}
        if "" not in own:
            return found
    return found | {""}


def _starts(rules: dict[str, list[Production]]) -> dict[str, set[str]]:
    starts: dict[str, set[str]] = {name: set() for name in rules}
    changed = True
    while changed:
        changed = False
        for name, productions in rules.items():
            found = set().union(*(_first_of(production, starts) for production in productions))
            if not found <= starts[name]:
                starts[name] |= found
                changed = True
    return starts


def _follows(rules: dict[str, list[Production]], starts: dict[str, set[str]]) -> dict[str, set[str]]:
    follows: dict[str, set[str]] = {name: set() for name in rules}
    follows["Query"].add(END)
    changed = True
    while changed:
        changed = False
        for name, productions in rules.items():
            for production in productions:
                for index, symbol in enumerate(production):
                    if symbol not in rules:
                        continue
                    after = _first_of(production[index + 1 :], starts)
                    found = (after - {""}) | (follows[name] if "" in after else set())
                    if not found <= follows[symbol]:
                        follows[symbol] |= found
                        changed = True
    return follows
