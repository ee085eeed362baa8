"""Writes the SPARQL query whose rows are the things of a list with its filters, one column for each of the list's.

A reader can run it, change it and learn from it, so it uses prefixes and the names of the columns. Where the CSV of a
list has several values in a cell, so has a row of the query. A thing stands for itself as an IRI, and a text is the
one in Bokmål, if there is one. The order is that of the engine, because SPARQL has no Norwegian order.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from plangraf.rdf.namespaces import CLOSED_NAMESPACES, PREFIXES
from plangraf.sparql.named.collection import Collection, Column, Facet, Sort
from plangraf.views.collections.listing import BETWEEN

_IRI = re.compile(r"<([^<>\s]+)>")
_A = re.compile(r"(\?\w+) rdf:type ")
_LOCAL = re.compile(r"[A-Za-z][A-Za-z0-9_-]*")
_VALUE = re.compile(r"\?(value|step|date|graph)\b")


def list_query(collection: Collection, filters: Mapping[Facet, str], sort: Sort | None, terms: frozenset[str]) -> str:
    """The query of a list.

    Args:
        collection: the list.
        filters: the chosen value of each facet that narrows it.
        sort: the column that orders the rows.
        terms: the terms of our ontology that the version defines, because the engine refuses others.
    """
    usable = collection.usable(terms)
    lines = [_members(usable)]
    for number, (facet, value) in enumerate(filters.items(), 1):
        if facet in usable.facets:
            lines.append(_filter(facet, value, number))
    columns = [column for column in collection.columns if _is_usable(column, terms)]
    lines += [_column(column) for column in columns]
    names = " ".join(f"?{column.name}" for column in columns)
    body = "\n".join("  " + line for line in lines)
    ordered = f"{'DESC' if sort.descending else 'ASC'}(?{sort.column.name}) ?thing" if sort else "?thing"
    # A thing matches once per class, and once per way to a value of a filter.
    distinct = "" if len(usable.classes) == 1 and not filters else "DISTINCT "
    text = f"SELECT {distinct}?thing {names}\nWHERE {{\n{body}\n}}\nORDER BY {ordered}\n"
    return _with_prefixes(text)


def _members(usable: Collection) -> str:
    if usable.narrowed:
        return f"{{ {usable.narrowed} }}"
    if len(usable.classes) == 1:
        return f"?thing a <{usable.classes[0]}> ."
    return f"VALUES ?class {{ {' '.join(f'<{iri}>' for iri in usable.classes)} }} ?thing a ?class ."


def _filter(facet: Facet, value: str, number: int) -> str:
    """The pattern of one filter; its own variables get the number, so that filters do not share them."""
    pattern = facet.pattern if facet.through is None else f"{facet.through} {facet.pattern}"
    if facet.is_text:
        pattern = f'{pattern} FILTER (STR(?value) = "{value}")'
    else:
        pattern = pattern.replace("?value", f"<{value}>")
    return _VALUE.sub(lambda match: f"?{match[1]}{number}", pattern)


def _is_usable(column: Column, terms: frozenset[str]) -> bool:
    return all(property_ in terms or not property_.startswith(CLOSED_NAMESPACES) for property_ in column.path)


def _column(column: Column) -> str:
    if not column.path:
        return f'BIND (REPLACE(STR(?thing), "^.*[/#]", "") AS ?{column.name})'
    pattern = _values("/".join(f"<{property_}>" for property_ in column.path), column)
    if column.other:
        absent = f"FILTER NOT EXISTS {{ ?thing <{column.path[0]}> ?other }}"
        pattern = f"{{ {pattern} }} UNION {{ {_values(f'<{column.other}>', column)} {absent} }}"
    each = f'GROUP_CONCAT(DISTINCT STR(?each); SEPARATOR="{BETWEEN}") AS ?{column.name}'
    return f"OPTIONAL {{\n    SELECT ?thing ({each})\n    WHERE {{ {pattern} }} GROUP BY ?thing\n  }}"


def _values(path: str, column: Column) -> str:
    """The values at the end of a path: all things, or the texts in Bokmål, or those in all languages without it."""
    if column.links:
        return f"?thing {path} ?each"
    # Not with NOT EXISTS, which engines evaluate for each text.
    bokmal = f'OPTIONAL {{ ?thing {path} ?own FILTER (LANG(?own) = "nb") }}'
    return f'?thing {path} ?each {bokmal} FILTER (!BOUND(?own) || LANG(?each) IN ("", "nb"))'


def _with_prefixes(text: str) -> str:
    """Replaces IRIs by prefixed names where a prefix of the project fits, and declares these prefixes."""
    used: dict[str, str] = {}

    def shorten(match: re.Match[str]) -> str:
        for prefix, namespace in PREFIXES.items():
            local = match[1].removeprefix(namespace)
            if local != match[1] and _LOCAL.fullmatch(local):
                used[prefix] = namespace
                return f"{prefix}:{local}"
        return match[0]

    body = _A.sub(r"\1 a ", _IRI.sub(shorten, text))
    if "rdf:" not in body:
        used.pop("rdf", None)
    return "".join(f"PREFIX {prefix}: <{used[prefix]}>\n" for prefix in sorted(used)) + "\n" + body
