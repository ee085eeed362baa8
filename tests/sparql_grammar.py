"""The grammar of SPARQL 1.1 queries as a table, to compare the parser with.

The grammar is LL(1), so one predictive pass over the tokens finds the first token that is not allowed, and the expected
ones. Follows https://www.w3.org/TR/sparql11-query/#sparqlGrammar with `(` `)` and `[`
`]` in place of NIL and ANON, signs apart from their numbers, and LATERAL.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from plangraf.sparql.lexer import END

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
# Triple terms, reifiers and annotations of SPARQL 1.2.
NEWER = frozenset(("'<<'", "'>>'", "'{|'", "'|}'", "'~'"))
Production = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Table:
    """The production of a rule for each first terminal, with its symbols reversed."""

    choices: dict[str, dict[str, Production]]
    terminals: frozenset[str]
    conflicts: frozenset[tuple[str, str]]


def first_mistake(terminals: list[str]) -> tuple[int, frozenset[str]] | None:
    """The index of the first terminal that cannot stand where it stands and those that could; None without one.

    `terminals` are those of a whole query, with END; it has none of NEWER.
    """
    table = grammar()
    stack = [END, "Query"]
    for index, terminal in enumerate(terminals):
        if not _consume(table, stack, terminal):
            stack = [END, "Query"]
            for before in terminals[:index]:
                _consume(table, stack, before)
            return index, frozenset(name for name in (*table.terminals, END) if _consume(table, list(stack), name))
    return None


def _consume(table: Table, stack: list[str], terminal: str) -> bool:
    """Moves the parser over one terminal; False if it is not allowed here. The top of `stack` is at its end."""
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


@lru_cache(maxsize=1)
def grammar() -> Table:
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
    return Table(choices, terminals, frozenset(conflicts))


def _alternatives(
    symbols: list[str], at: int, name: str, rules: dict[str, list[Production]]
) -> tuple[list[Production], int]:
    """Reads alternatives up to a closing bracket; repeated and optional parts become rules of their own."""
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
    """The possible first terminals of a sequence of symbols, with the empty one if all may be absent."""
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
