"""Rewrites expressions that the engine evaluates differently from SPARQL 1.1 §17.

`e IN ()` and `e NOT IN ()`. The engine returns the boolean value of `e`. They are false and true (§17.4.1.9: a
disjunction or conjunction of no comparisons).

Division of zero. The engine makes `0 / 3.5` an error. The quotient of zero and any other number is a decimal zero (F&O
4.2.4). If a product or quotient is an error, the rewrite gives 0.0 if a factor is zero and no divisor is, else the
error. Doubles divide correctly, so they never reach this case.

Sums of dates and durations. The engine may swap the operands of a sum, and cannot add a date to a duration, so whether
`date + duration` is an error is arbitrary. `a - (-b)` is the same sum (F&O 9.7, 9.8), and the engine does not swap its
operands. The rewrite uses it if the sum is an error. For numbers both are errors then, because both overflow.

A text with a language as condition. Its boolean value is whether it is non-empty (§17.2.2, plain literals); the engine
makes it an error. `IF(LANG(e) != "", STR(e) != "", e)` has that value for texts with a language, and the value of `e`
for all other terms. LANG is an error for a term that is not a literal, and so is the condition, as for an IRI.

The order of booleans. False is less than true (§17.3, op:boolean-less-than); the engine makes the comparison an error.
If the comparison of two variables is an error, the rewrite compares 0 and 1 if both are booleans, else it keeps the
error.

Casts of doubles. The engine multiplies a double by 10^18 and loses its last digits. Its string form has all digits, so
the rewrite casts that: `xsd:decimal(STR(e))`, and for integers the string form of the integer part. Casts of other
values stay.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from plangraf.errors.message import N_
from plangraf.sparql.nodes import Aggregate, Call, Constant, Expression, Filter, Operation, Variable, parts, walk
from plangraf.sparql.rewrite.rewriting import Part, Rewriting, Span, UnsupportedError
from plangraf.sparql.scope import expressions_in, expressions_of

_MOST_GROUPS = 9
_BACKSLASH, _DOLLAR = "\ufdd0", "\ufdd1"
# The calls of REPLACE that respell a computed replacement: patterns and replacements in the engine's form.
_SPELLINGS = (
    (r"\\\\", _BACKSLASH),
    (r"\\\$", _DOLLAR),
    (r"\$([0-9])", "$${${1}}"),
    (_DOLLAR, "$$$$"),
    (_BACKSLASH, "\\"),
)
_ESCAPES = {"t": "\t", "b": "\b", "n": "\n", "r": "\r", "f": "\f"}
_XSD = "http://www.w3.org/2001/XMLSchema#"
# Functions whose value may be a text with a language.
_TEXTS = frozenset(
    ("COALESCE", "IF", "SUBSTR", "UCASE", "LCASE", "STRBEFORE", "STRAFTER", "REPLACE", "CONCAT", "STRLANG")
)
# Functions whose value may be a date or a duration; the empty name stands for a cast.
_DATES = frozenset(("", "NOW", "COALESCE", "IF", "STRDT", "TIMEZONE", "ADJUST"))
_MAY_BE_TEXT = frozenset(("MIN", "MAX", "SAMPLE"))


def check_pattern(pattern: Expression, flags: list[Expression]) -> None:
    """Refuses patterns that the engine does not support.

    The engine's regex lacks look-ahead, look-behind and back references. Each is an error, which a filter would hide,
    so the rewrite refuses a constant pattern with one of them. It refuses an unknown constant flag too.
    """
    if isinstance(pattern, Constant) and pattern.kind == "string":
        # Drop classes, and escapes other than back references, because none of them contains these constructs.
        text = re.sub(r"\\[^1-9icIC]|\[(?:\\.|[^\]\\])*\]", "", unescaped(pattern.string))
        if found := re.search(r"\\[1-9icIC]|\(\?(?:[=!>]|<[=!])", text):
            what = (
                N_("look-around")
                if found[0][0] == "("
                else N_("a back reference")
                if found[0][1].isdigit()
                else N_("an escape")
            )
            raise UnsupportedError(
                pattern,
                N_(
                    "the pattern has %(what)s, '%(found)s', which the engine's regular expressions have not.",
                    what=what,
                    found=found[0],
                ),
                N_("Write several conditions, such as REGEX(…) && !REGEX(…), or use CONTAINS, STRBEFORE and STRAFTER."),
            )
    for flag in flags:
        if isinstance(flag, Constant) and flag.kind == "string" and set(unescaped(flag.string)) - set("smixq"):
            raise UnsupportedError(flag, N_("there is no such flag."), N_("The flags are i, m, q, s and x."))


def spell_replacement(rewriting: Rewriting, arguments: list[Expression]) -> None:
    """Respells the replacement of REPLACE.

    The engine reads the replacement as Rust's regex does: `$1a` is a group named "1a", and a backslash is a backslash.
    In XPath `$1` has as many digits as there are groups, and `\\$` and `\\\\` are escapes (F&O 7.6.3, §17.4.3.15). The
    rewrite respells a constant in the engine's form. It wraps a computed one into calls of REPLACE that respell it if
    it is well-formed; else it is an error, as in F&O. Two characters that no text contains (U+FDD0 and U+FDD1, Unicode
    §23.7) stand for the escapes meanwhile.
    """
    replacement = arguments[2]
    if not isinstance(replacement, Constant):
        _spell_computed(rewriting, arguments[1], replacement)
        return
    if replacement.kind != "string":
        return
    text = unescaped(replacement.string)
    if "$" not in text and "\\" not in text:
        return
    pattern = arguments[1]
    groups = None
    if isinstance(pattern, Constant) and pattern.kind == "string":
        groups = _groups(unescaped(pattern.string))
    written = _as_rust(text, groups)
    if written is None:
        raise UnsupportedError(
            replacement,
            N_("in the third argument of REPLACE a '$' needs a digit behind it and a backslash '$' or a backslash."),
            N_(
                "Write %(dollar)s for a dollar sign and %(backslash)s for a backslash.",
                dollar=r"\\$",
                backslash=r"\\\\",
            ),
        )
    rewriting.edits.replace(replacement.start, replacement.start + len(replacement.string), (_quoted(written),))


def _spell_computed(rewriting: Rewriting, pattern: Expression, replacement: Expression) -> None:
    if isinstance(pattern, Constant) and _groups(unescaped(pattern.string)) > _MOST_GROUPS:
        raise UnsupportedError(
            pattern,
            N_("the pattern has ten groups or more, and the third argument is computed, so '$10' has two meanings."),
            N_("Make fewer groups, (?:…) is none, or write the third argument as a text."),
        )
    span = (replacement.start, replacement.end)
    steps: list[Part] = [span]
    for sought, written in _SPELLINGS:
        steps = ["REPLACE(", *steps, f", {_quoted(sought)}, {_quoted(written)})"]
    well_formed = _quoted(r"^(?:[^\\$]|\\[\\$]|\$[0-9])*$")
    rewriting.edits.replace(*span, ("IF(REGEX(", span, f", {well_formed}), ", *steps, ", 1/0)"))


def _as_rust(text: str, groups: int | None) -> str | None:
    """Respells a replacement from XPath to Rust's regex; None when it is malformed."""
    written, at = "", 0
    while at < len(text):
        character = text[at]
        following = text[at + 1 : at + 2]
        if character == "\\":
            if following not in ("\\", "$") or not following:
                return None
            written += "$$" if following == "$" else "\\"
            at += 2
        elif character == "$":
            digits = re.match(r"[0-9]+", text[at + 1 :])
            if digits is None:
                return None
            number = digits[0][:1] if groups is None else _group_number(digits[0], groups)
            written += f"${{{number}}}"
            at += 1 + len(number)
        else:
            written += character
            at += 1
    return written


def _group_number(digits: str, groups: int) -> str:
    """The longest beginning of the digits that is the number of a group, else the first digit."""
    zeros = len(digits) - len(digits.lstrip("0"))
    number = digits[: zeros + len(str(groups))]
    while len(number) > 1 and int(number[zeros:] or "0") > groups:
        number = number[:-1]
    return number


def _groups(pattern: str) -> int:
    """The number of capturing groups of a pattern."""
    without = re.sub(r"\\.|\[(?:\\.|[^\]\\])*\]", "", pattern)
    return len(re.findall(r"\((?!\?)", without))


def unescaped(string: str) -> str:
    """The text of a quoted string."""
    quote = 3 if string[:3] in ('"""', "'''") else 1
    return re.sub(r"\\(u[0-9A-Fa-f]{4}|U[0-9A-Fa-f]{8}|.)", _character, string[quote:-quote])


def _character(escape: re.Match[str]) -> str:
    code = escape[1]
    return chr(int(code[1:], 16)) if len(code) > 1 else _ESCAPES.get(code, code)


def _quoted(text: str) -> str:
    escapes = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r", "\t": "\\t"}
    return '"' + "".join(escapes.get(character, character) for character in text) + '"'


def correct_expressions(rewriting: Rewriting) -> None:
    loose = _loose_sums(rewriting)
    for expression, is_condition in _expressions(rewriting):
        if is_condition:
            _condition(rewriting, expression)
        rows = set(loose.get(id(expression), ()))
        for inner in walk(expression):
            _one(rewriting, inner, rows)


def _loose_sums(rewriting: Rewriting) -> dict[int, set[int]]:
    """Sums in a grouped SELECT with a variable that is not grouped, by expression, because the engine refuses these."""
    found: dict[int, set[int]] = {}
    for select in rewriting.selects:
        keys = {item.name for item in select.grouping}
        for expression in expressions_of(select) if select.grouped else []:
            sums = [part for part in walk(expression) if isinstance(part, Operation) and _may_be_sum_of_dates(part)]
            found[id(expression)] = {id(one) for one in sums if _variables_outside_aggregates(one) - keys}
    return found


def _variables_outside_aggregates(expression: Expression) -> set[str]:
    if isinstance(expression, Aggregate):
        return set()
    if isinstance(expression, Variable):
        return {expression.name}
    return {name for part in parts(expression) for name in _variables_outside_aggregates(part)}


def _expressions(rewriting: Rewriting) -> Iterator[tuple[Expression, bool]]:
    query = rewriting.tree
    for expression in expressions_of(query):
        yield expression, any(expression is condition for condition in query.having)
    for group in rewriting.groups:
        conditions = [element.condition for element in group.elements if isinstance(element, Filter)]
        conditions += group.select.having if group.select else []
        for expression in expressions_in(group):
            yield expression, any(expression is condition for condition in conditions)


def _one(rewriting: Rewriting, expression: Expression, inner: set[int]) -> None:
    match expression:
        case Operation(sign="IN" | "NOT IN" as sign, operands=[_]):
            rewriting.edits.replace(expression.start, expression.end, ("true" if sign == "NOT IN" else "false",))
        case Operation(sign="*" | "/"):
            if id(expression) not in inner:
                _quotient(rewriting, expression, inner)
        case Operation(sign="+", operands=operands) if _may_be_sum_of_dates(expression):
            if id(expression) not in inner:
                _sum_of_dates(rewriting, expression, *operands)
        case Operation(sign="&&" | "||" | "!", operands=operands):
            for operand in operands:
                _condition(rewriting, operand)
        case Operation(sign="<" | ">" | "<=" | ">=" as sign, operands=[Variable() | Constant() as one, other]):
            _order_of_booleans(rewriting, expression, sign, one, other)
        case Call(name="IF", arguments=[condition, _, _]):
            _condition(rewriting, condition)
        case Call(name="REGEX" | "REPLACE" as name, arguments=arguments):
            check_pattern(arguments[1], arguments[(2 if name == "REGEX" else 3) :])
            if name == "REPLACE":
                spell_replacement(rewriting, arguments)
        case Call(name="", arguments=[argument]):
            _cast(rewriting, expression, argument)
        case Aggregate(argument=argument) if argument and any(isinstance(p, Aggregate) for p in walk(argument)):
            raise UnsupportedError(
                expression,
                N_("an aggregate cannot stand inside an aggregate."),
                N_("Compute the inner one in a sub-SELECT, { SELECT … }."),
            )


def _condition(rewriting: Rewriting, expression: Expression) -> None:
    if not _may_be_tagged(expression):
        return
    span = (expression.start, expression.end)
    rewriting.edits.replace(*span, ("IF(LANG(", span, ') != "", STR(', span, ') != "", ', span, ")"))


def _may_be_tagged(expression: Expression) -> bool:
    match expression:
        case Variable():
            return True
        case Constant(tag=tag):
            return bool(tag)
        case Call(name=name):
            return name in _TEXTS
        case Aggregate(name=name):
            return name in _MAY_BE_TEXT
        case _:
            return False


def _quotient(rewriting: Rewriting, expression: Operation, inner: set[int]) -> None:
    """A product or quotient. Adds the shorter products at its start to `inner`."""
    factors: list[Span] = []
    divisors: list[Expression] = []
    current: Expression = expression
    while isinstance(current, Operation) and current.sign in ("*", "/") and len(current.operands) == 2:
        inner.add(id(current))
        operand = current.operands[1]
        if current.sign == "/":
            divisors.append(operand)
        elif not _is_other_than_zero(operand):
            factors.append((operand.start, operand.end))
        current = current.operands[0]
    if not _is_other_than_zero(current):
        factors.append((current.start, current.end))
    if not factors or all(isinstance(divisor, Constant) and divisor.text.isdigit() for divisor in divisors):
        return
    some = [part for factor in factors for part in (" || (", factor, ") = 0")][1:]
    others = [part for divisor in divisors for part in (" && (", (divisor.start, divisor.end), ") != 0")]
    span = (expression.start, expression.end)
    parts: list[Part] = ["COALESCE(", span, ", IF(((", *some, ")", *others, ", 0.0, 1/0))"]
    rewriting.edits.replace(*span, parts)


def _may_be_sum_of_dates(operation: Operation) -> bool:
    return operation.sign == "+" and len(operation.operands) == 2 and all(map(_may_be_date, operation.operands))


def _may_be_date(expression: Expression) -> bool:
    match expression:
        case Variable():
            return True
        case Constant(datatype=datatype):
            return datatype is not None
        case Call(name=name, arguments=arguments):
            return name in _DATES and not any(isinstance(part, Operation) for one in arguments for part in walk(one))
        case Aggregate(name=name, argument=argument):
            return name in _MAY_BE_TEXT and isinstance(argument, Variable)
        case _:
            return False


def _sum_of_dates(rewriting: Rewriting, expression: Expression, left: Expression, right: Expression) -> None:
    one, other = (left.start, left.end), (right.start, right.end)
    span = (expression.start, expression.end)
    negated = (", ", one, " - (-", other, "), ", other, " - (-", one, "))")
    rewriting.edits.replace(*span, ("COALESCE(", span, *negated))


def _is_other_than_zero(expression: Expression) -> bool:
    return isinstance(expression, Constant) and any(digit in expression.text for digit in "123456789")


def _order_of_booleans(
    rewriting: Rewriting, expression: Expression, sign: str, left: Expression, right: Expression
) -> None:
    if not all(isinstance(side, Variable) or _is_boolean(side) for side in (left, right)):
        return
    one, other = (left.start, left.end), (right.start, right.end)
    boolean = f"<{_XSD}boolean>"
    both = ("DATATYPE(", one, f") = {boolean} && DATATYPE(", other, f") = {boolean}")
    as_numbers = (f"<{_XSD}integer>(", one, f") {sign} <{_XSD}integer>(", other, ")")
    parts = ("COALESCE(", one, f" {sign} ", other, ", IF(", *both, ", ", *as_numbers, ", 1/0))")
    rewriting.edits.replace(expression.start, expression.end, parts)


def _is_boolean(expression: Expression) -> bool:
    return isinstance(expression, Constant) and expression.kind == "boolean"


def _cast(rewriting: Rewriting, call: Expression, argument: Expression) -> None:
    assert isinstance(call, Call)
    assert call.iri is not None
    iri = call.iri.value
    if iri not in (f"{_XSD}integer", f"{_XSD}decimal"):
        return
    if isinstance(argument, Constant) and "e" not in argument.text.lower():
        return
    span, name = (argument.start, argument.end), (call.iri.start, call.iri.end)
    value = ("IF(", span, " < 0, CEIL(", span, "), FLOOR(", span, "))") if iri.endswith("integer") else (span,)
    is_double = ("DATATYPE(", span, f") IN (<{_XSD}double>, <{_XSD}float>)")
    parts = ("IF(COALESCE(", *is_double, ", false), ", name, "(STR(", *value, ")), ", name, "(", span, "))")
    rewriting.edits.replace(call.start, call.end, parts)
