"""Resolves a selection from a PxWebApi table to codes, and splits it into requests within the server's limit of cells.

A selection is checked against the table's metadata before any data are fetched. The expressions are those of PxWebApi
2: codes without regard to case, `*`, `*x`, `x*`, `*x*`, `?` for one character, `top(n[,offset])`, `bottom(n[,offset])`,
`from(code)`, `to(code)`, `range(code,code)`, and `[…]` around a code with a comma. `top` takes the newest periods of a
time dimension and the first values of another one. A dimension without a selection is eliminated (its total is given)
if its metadata allow that; any other dimension is mandatory.

Source: https://github.com/PxTools/PxApiSpecs (PxAPI-2.yml), https://www.pxtools.net/PxWebApi/documentation/user-guide
"""

from __future__ import annotations

import difflib
import math
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import takewhile
from typing import Any
from urllib.parse import quote, urlencode

from plangraf.errors import SourceRequestError
from plangraf.sources.statistics.pxweb_table import Dimension, Table, TableAddress

# A request is sent by POST when its address would be longer, because servers and proxies refuse long ones.
_LONGEST_ADDRESS = 2_000
_COUNTED = re.compile(r"(top|bottom)\(([1-9][0-9]{0,17})(?:,([0-9]{1,18}))?\)", re.IGNORECASE)
_BOUNDED = re.compile(r"(from|to|range)\((.*)\)", re.IGNORECASE)
_EXPRESSION = re.compile(r"(?:top|bottom|from|to|range)\(.*\)", re.IGNORECASE | re.DOTALL)
_SHOWN_NAMES = 5


@dataclass(frozen=True, slots=True)
class Choice:
    """The values of one dimension: `items` as they are sent, `codes` that the answer must have."""

    dimension: str
    items: tuple[str, ...]
    codes: tuple[str, ...]
    codelist: str | None = None


@dataclass(frozen=True, slots=True)
class DataRequest:
    """A request for one part of the data, exactly as it is sent."""

    method: str
    address: str
    body: Mapping[str, Any] | None
    choices: tuple[Choice, ...]

    @property
    def cells(self) -> int:
        return math.prod(len(choice.codes) for choice in self.choices)


def check_selection(
    table: Table, wanted: TableAddress, codelist: Callable[[str, Dimension], Dimension]
) -> tuple[Choice, ...]:
    """The values that a selection means, one choice for each selected dimension in the table's order.

    Args:
        table: what the table has.
        wanted: the selection, as written.
        codelist: gives a dimension with the values of a code list.
    Raises:
        SourceRequestError: an unknown dimension, code or code list, a mandatory dimension without a selection, an
            expression that is malformed or selects nothing.
    """
    values = _by_dimension(table, wanted.values)
    codelists = _by_dimension(table, wanted.codelists)
    missing = [one for one in table.dimensions.values() if not one.optional and one.code not in values]
    if missing or not values:
        named = ", ".join(f"{one.code} ({one.label})" for one in missing or table.dimensions.values())
        raise SourceRequestError(
            f"Select from {named}: {'each of them' if len(missing) > 1 else 'it'} needs a selection. "
            f"{(missing or list(table.dimensions.values()))[0].code}=* selects everything, top(3) the newest periods."
        )
    for name in codelists.keys() - values.keys():
        raise SourceRequestError(
            f"codelist[{name}] is given without values of {name}. Add {name}=* for all groups of the code list."
        )
    choices = []
    for dimension in table.dimensions.values():
        if dimension.code in values:
            list_id = codelists.get(dimension.code)
            known = dimension
            if list_id is not None:
                if list_id not in dimension.codelists:
                    raise SourceRequestError(
                        f"{dimension.code} has no code list {list_id!r}.{_nearest(list_id, dimension.codelists)}"
                    )
                known = codelist(list_id, dimension)
            choices.append(_choose(known, values[dimension.code], list_id))
    return tuple(choices)


def _by_dimension(table: Table, written: Mapping[str, str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for name, text in written.items():
        code = _dimension(table, name).code
        if found.setdefault(code, text) != text:
            raise SourceRequestError(
                f"{code} is given twice, as {found[code]!r} and as {text!r}. Give it once, with commas between values."
            )
    return found


def _dimension(table: Table, name: str) -> Dimension:
    for code, dimension in table.dimensions.items():
        if code.lower() == name.lower():
            return dimension
    by_label = {one.label.lower(): f"{code} ({one.label})" for code, one in table.dimensions.items()}
    near = by_label.get(name.lower())
    known = ", ".join(f"{code} ({one.label})" for code, one in table.dimensions.items())
    raise SourceRequestError(f"The table has no dimension {name!r}. {f'Write {near}. ' if near else ''}It has {known}.")


def _choose(dimension: Dimension, text: str, codelist: str | None) -> Choice:
    items, codes = [], dict[str, None]()
    for written in split_items(text):
        item, found = _expand(dimension, written)
        items.append(item)
        codes.update(dict.fromkeys(found))
    if not codes:
        raise SourceRequestError(
            f"{dimension.code} is selected without a value. {dimension.code}=* selects everything."
        )
    return Choice(dimension.code, tuple(dict.fromkeys(items)), tuple(codes), codelist)


def split_items(text: str) -> Iterator[str]:
    """Splits at commas, except in `range(a,b)` and in `[a,b]`, whose brackets it removes."""
    for item in re.findall(r"(?:[A-Za-z]+\([^()]*\)|\[[^\]]*\]|[^,])+", text):
        plain = item.strip()
        bracketed = plain.startswith("[") and plain.endswith("]")
        if inner := plain[1:-1] if bracketed else plain:
            yield inner


def _expand(dimension: Dimension, item: str) -> tuple[str, Sequence[str]]:
    """An item as it is sent, and the codes that it means."""
    codes = list(dimension.labels)
    if (code := _find(codes, item)) is not None:
        return code, [code]
    if _EXPRESSION.fullmatch(item):
        item = re.sub(r"\s*([(,)])\s*", r"\1", item)  # a server takes a blank as part of a code
    if match := _COUNTED.fullmatch(item):
        newest = (match[1].lower() == "top") is dimension.time  # the end of a list of periods, or `bottom` of others
        ordered = codes[::-1] if newest else codes
        start = int(match[3] or 0)
        found = ordered[start : start + int(match[2])]
        return _some(dimension, item, found[::-1] if newest else found)
    if match := _BOUNDED.fullmatch(item):
        return _some(dimension, item, _between(dimension, codes, match[1].lower(), match[2], item))
    if "*" in item and not re.fullmatch(r"\*?[^*]*\*?", item):
        raise SourceRequestError(f"{dimension.code}={item}: the * stands at the start, at the end, or at both.")
    if "*" in item or "?" in item:
        pattern = re.escape(item).replace(r"\*", ".*").replace(r"\?", ".")
        mask = re.compile(pattern, re.IGNORECASE | re.DOTALL)
        return _some(dimension, item, [code for code in codes if mask.fullmatch(code)])
    if _EXPRESSION.fullmatch(item):
        raise SourceRequestError(
            f"{dimension.code}={item}: this expression cannot be read. Write top(n), bottom(n), from(code), to(code) "
            "or range(code,code)."
        )
    raise _unknown_code(dimension, item)


def _between(dimension: Dimension, codes: list[str], word: str, inner: str, item: str) -> list[str]:
    bounds = inner.split(",") if word == "range" else [inner]
    if len(bounds) != (2 if word == "range" else 1) or not all(bounds):
        raise SourceRequestError(
            f"{dimension.code}={item}: {word} takes {'two codes' if word == 'range' else 'a code'}."
        )
    places = []
    for bound in bounds:
        code = _find(codes, bound)
        if code is None:
            raise _unknown_code(dimension, bound)
        places.append(codes.index(code))
    if word == "from":
        return codes[places[0] :]
    return codes[min(places) if word == "range" else 0 : max(places) + 1]


def _some(dimension: Dimension, item: str, found: Sequence[str]) -> tuple[str, Sequence[str]]:
    if not found:
        codes = list(dimension.labels)
        raise SourceRequestError(
            f"{dimension.code}={item} selects nothing: {dimension.code} has {len(codes)} codes, "
            f"{codes[0]} to {codes[-1]}."
            if codes
            else f"{dimension.code}={item} selects nothing: {dimension.code} has no codes."
        )
    return item, found


def _find(codes: Sequence[str], item: str) -> str | None:
    """The code that an item is, without regard to case when no code is spelt like it."""
    if item in codes:
        return item
    return next((code for code in codes if code.lower() == item.lower()), None)


def _unknown_code(dimension: Dimension, item: str) -> SourceRequestError:
    labels = dimension.labels
    near = _near_codes(labels, item)
    shown = ", ".join(f"{code} ({labels[code]})" for code in (near or list(labels))[:_SHOWN_NAMES])
    beginning = "The nearest" if near else f"It has {len(labels)} codes, the first"
    return SourceRequestError(f"{dimension.code} ({dimension.label}) has no code {item!r}. {beginning}: {shown}.")


def _near_codes(labels: Mapping[str, str], item: str) -> list[str]:
    """Codes that were probably meant: by their label, by a similar spelling, by a similar label."""
    named = [code for code, label in labels.items() if label.lower() == item.lower()]
    alike = difflib.get_close_matches(item, list(labels), n=_SHOWN_NAMES, cutoff=0.6)
    if named or alike:
        # Codes are numbers with a place: the first digits say where, the last ones which.
        return named or sorted(alike, key=lambda code: -_same_start(item, code))
    within = [code for code, label in labels.items() if item.lower() in label.lower()]
    words = {label.lower(): code for code, label in labels.items()}
    return within or [words[one] for one in difflib.get_close_matches(item.lower(), words, n=_SHOWN_NAMES, cutoff=0.7)]


def _same_start(one: str, other: str) -> int:
    """Number of equal characters at the start of two texts."""
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(one, other, strict=False)))


def _nearest(item: str, known: Sequence[str]) -> str:
    near = difflib.get_close_matches(item, known, n=_SHOWN_NAMES) or known[:_SHOWN_NAMES]
    return f" It has {', '.join(near)}." if near else " It has none."


def split_choices(choices: tuple[Choice, ...], most_cells: int) -> list[tuple[Choice, ...]]:
    """Splits a selection into parts of at most `most_cells` cells, along as few dimensions as possible.

    The dimension that gives the fewest parts is split into runs of equal length; when none suffices, the longest is
    split into single values and the next one with it. `most_cells` is 1 or more.
    """
    cells = math.prod(len(choice.codes) for choice in choices)
    if cells <= most_cells:
        return [choices]

    def parts_along(choice: Choice) -> float:
        run = most_cells // (cells // len(choice.codes))
        return math.ceil(len(choice.codes) / run) if run else math.inf

    along = min(choices, key=parts_along)
    parts = parts_along(along)
    if parts == math.inf:
        along = max(choices, key=lambda choice: len(choice.codes))
        parts = len(along.codes)
    size, more = divmod(len(along.codes), int(parts))
    found, start = [], 0
    for number in range(int(parts)):
        run = along.codes[start : start + size + (number < more)]
        start += len(run)
        part = tuple(replace(choice, items=run, codes=run) if choice is along else choice for choice in choices)
        found += split_choices(part, most_cells)
    return found


def data_request(address: TableAddress, language: str, choices: tuple[Choice, ...]) -> DataRequest:
    """The request for one part: GET, or POST when the address would be too long."""
    fixed = [("lang", language), ("outputFormat", "json-stat2")]
    chosen = [(f"valuecodes[{one.dimension}]", ",".join(_quoted(item) for item in one.items)) for one in choices]
    lists = [(f"codelist[{one.dimension}]", one.codelist) for one in choices if one.codelist is not None]
    url = f"{address.url}/data?"
    if len(full := url + urlencode([*fixed, *chosen, *lists], quote_via=quote, safe="*(),?")) <= _LONGEST_ADDRESS:
        return DataRequest("GET", full, None, choices)
    selection = [
        {
            "variableCode": one.dimension,
            **({"codelist": one.codelist} if one.codelist is not None else {}),
            "valueCodes": list(one.items),
        }
        for one in choices
    ]
    return DataRequest("POST", url + urlencode(fixed), {"selection": selection}, choices)


def _quoted(item: str) -> str:
    return f"[{item}]" if "," in item and not _EXPRESSION.fullmatch(item) else item
