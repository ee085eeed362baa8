"""Reads JSON-stat 2.0, as PxWebApi 2 and other interfaces of statistical offices write it.

https://json-stat.org/full/ https://github.com/PxTools/PxApiSpecs
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from plangraf.rdf.literals import XSD, canonical
from plangraf.sources.statistics.findings import Described, Findings
from plangraf.sources.statistics.read.downloads import CONTROL
from plangraf.sources.statistics.read.json_document import as_object, parse
from plangraf.sources.statistics.read.json_stat_notes import notes_of
from plangraf.sources.statistics.read.json_stat_values import read_values
from plangraf.sources.statistics.read.roles import with_roles
from plangraf.sources.statistics.statistical_table import ROLES, Code, Dimension, Role, Table, Unit

_LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]+)*")
# PxWeb writes Norwegian without saying which of the two written forms; Statistics Norway writes Bokmål.
_NORWEGIAN = {"no": "nb"}
_COUNT = ("et helt tall, 0 eller mer", "a whole number, 0 or more")


def read_json_stat(
    content: bytes, file: str, *, name: str | None = None, language: str | None = None
) -> tuple[Table, Findings]:
    """Reads one dataset.

    Args:
        content: the bytes of the file.
        file: its name in messages.
        name: identifier of the table, when the document has none or another one is wanted.
        language: language of the labels, when the document does not say it.
    Raises:
        TableError: with every defect that was found.
    """
    findings = Findings(file)
    document = parse(content, findings)
    _require_dataset(document, findings)
    described = _dimensions(document, findings)
    findings.stop()
    dimensions = with_roles(described, findings)
    sizes = [len(dimension.codes) for dimension in dimensions]
    read = read_values(document, sizes, findings)
    px = as_object(as_object(document.get("extension")).get("px"))
    table = Table(
        name=name or _text(px, "tableid") or _text(px, "matrix") or "",
        label=_text(document, "label") or "",
        language=_language(document, px, language, findings),
        dimensions=dimensions,
        positions=read.positions,
        values=read.values,
        statuses=read.statuses,
        notes=notes_of(document),
        source=_text(document, "source"),
        updated=_updated(document, findings),
        licence=_text(as_object(document.get("extension")), "license"),
    )
    if not table.name:
        findings.wrong(
            "extension.px.tableid", None, "tabellens nummer; oppgi det med --table", "its number; give it with --table"
        )
    if not table.label:
        findings.wrong("label", document.get("label"), "tabellens navn", "the title of the table")
    findings.stop()
    return table, findings


def _require_dataset(document: Mapping[str, Any], findings: Findings) -> None:
    if "dataset" in document and "class" not in document:
        findings.wrong(
            "file",
            Described("JSON-stat 1"),
            "JSON-stat 2.0 (outputFormat=json-stat2)",
            "JSON-stat 2.0 (outputFormat=json-stat2)",
        )
        findings.stop()
    if {"type", "title"} <= set(document) and "id" not in document:
        findings.wrong(
            "file",
            Described(f"an error of the service: {document.get('status', '')} {document['title']}"),
            "en tabell; hent den på nytt",
            "a table; fetch it again",
        )
        findings.stop()
    if document.get("version") != "2.0":
        findings.wrong("version", document.get("version"), "«2.0»", '"2.0"')
    if document.get("class") != "dataset":
        findings.wrong("class", document.get("class"), "«dataset»", '"dataset"')


def _dimensions(document: Mapping[str, Any], findings: Findings) -> list[Dimension]:
    ids, sizes = document.get("id"), document.get("size")
    if not isinstance(ids, list) or not ids or not all(isinstance(one, str) and one for one in ids):
        findings.wrong("id", ids, "en liste med dimensjonenes navn", "a list of the dimensions' names")
        findings.stop()
    assert isinstance(ids, list)
    for twice in sorted({one for one in ids if ids.count(one) > 1}):
        findings.wrong("id", twice, "hver dimensjon én gang", "each dimension once")
    if not isinstance(sizes, list) or len(sizes) != len(ids) or not all(_is_count(size) for size in sizes):
        findings.wrong(
            "size", sizes, f"{len(ids)} hele tall, ett for hver dimensjon", f"{len(ids)} whole numbers, one a dimension"
        )
        findings.stop()
    assert isinstance(sizes, list)
    described = document.get("dimension")
    if not isinstance(described, dict):
        findings.wrong("dimension", described, "et objekt", "an object")
        findings.stop()
    assert isinstance(described, dict)
    for unknown in sorted(set(described) - set(ids)):
        findings.wrong(
            f"dimension.{unknown}", Described("a dimension"), "bare dimensjoner fra «id»", "only dimensions of `id`"
        )
    roles = _roles(document, ids, findings)
    default = as_object(as_object(document.get("extension")).get("px")).get("decimals")
    found = [_dimension(described, one, size, default, findings) for one, size in zip(ids, sizes, strict=True)]
    return [replace(dimension, role=roles.get(dimension.code)) for dimension in found]


def _roles(document: Mapping[str, Any], ids: Sequence[str], findings: Findings) -> dict[str, Role]:
    found: dict[str, Role] = {}
    stated = as_object(document.get("role"))
    for role in ROLES:
        named = stated.get(role, [])
        if not isinstance(named, list):
            findings.wrong(f"role.{role}", named, "en liste", "a list")
            continue
        for one in named:
            if one not in ids:
                findings.wrong(f"role.{role}", one, "en dimensjon fra «id»", "a dimension of `id`")
            elif one in found:
                findings.wrong(f"role.{role}", one, "én rolle for hver dimensjon", "one role for each dimension")
            elif role == "geo" and role in found.values():
                findings.repaired(
                    f"dimensjonen {one} er lest som koder, for tabellen har to dimensjoner med områder",
                    f"dimension {one} is read as codes, because the table has two dimensions of areas",
                )
            else:
                found[one] = role
        if len(named) > 1 and role == "time":
            findings.wrong(f"role.{role}", named, "høyst én dimensjon", "at most one dimension")
    return found


def _dimension(described: Mapping[str, Any], one: str, size: int, default: object, findings: Findings) -> Dimension:
    place = f"dimension.{one}"
    body = described.get(one)
    category = body.get("category") if isinstance(body, dict) else None
    if not isinstance(body, dict) or not isinstance(category, dict):
        findings.wrong(
            place if body is None else f"{place}.category",
            body if not isinstance(body, dict) else category,
            "en beskrivelse med «category»",
            "a description with `category`",
        )
        return Dimension(one, one, ())
    codes = _codes(category, f"{place}.category", findings)
    for code in codes:
        if CONTROL.search(code):
            findings.wrong(
                f"{place}.category.index", code, "en kode uten styretegn", "a code without control characters"
            )
    if len(codes) != size:
        findings.wrong(
            f"{place}.category.index",
            Described(f"{len(codes)} codes"),
            f"{size}, som «size» sier",
            f"{size}, as `size` says",
        )
    if size == 0:
        findings.wrong(
            f"size ({one})", 0, "minst én kode: utvalget har ingen rader", "at least one code: the selection has no row"
        )
    labels = as_object(category.get("label"))
    for unknown in [code for code in labels if code not in set(codes)][:5]:
        findings.wrong(f"{place}.category.label", unknown, "bare koder fra «index»", "only codes of `index`")
    extension = as_object(body.get("extension"))
    units = {**as_object(extension.get("unit")), **as_object(category.get("unit"))}
    made = tuple(
        Code(
            code,
            _text(labels, code),
            _unit(units.get(code), default, f"{place}.category.unit.{code}", findings),
            _text(as_object(extension.get("refperiod")), code),
            _text(as_object(extension.get("measuringType")), code),
            _text(as_object(extension.get("priceType")), code),
        )
        for code in codes
    )
    return Dimension(one, _text(body, "label") or one, made)


def _codes(category: Mapping[str, Any], place: str, findings: Findings) -> list[str]:
    """The codes in order: `index` is an array, an object with places, or absent when there is one code."""
    index = category.get("index")
    if index is None:
        labels = list(as_object(category.get("label")))
        if len(labels) != 1:
            findings.wrong(
                f"{place}.index",
                None,
                "«index»; den kan bare mangle når det er én kode",
                "`index`; only one code may lack it",
            )
        return labels[:1]
    if isinstance(index, list):
        codes = [code if isinstance(code, str) else "" for code in index]
        for number, code in enumerate(index):
            if not isinstance(code, str) or not code:
                findings.wrong(f"{place}.index[{number}]", code, "en kode som tekst", "a code as text")
        for twice in sorted(
            {code for code in codes if code and codes.count(code) > 1} if len(set(codes)) < len(codes) else ()
        ):
            findings.wrong(f"{place}.index", twice, "hver kode én gang", "each code once")
        return codes
    if not isinstance(index, dict):
        findings.wrong(f"{place}.index", index, "en liste eller et objekt", "a list or an object")
        return []
    places: dict[int, str] = {}
    for code, number in index.items():
        if not _is_count(number) or number >= len(index):
            findings.wrong(
                f"{place}.index.{code}",
                number,
                f"en plass fra 0 til {len(index) - 1}",
                f"a place from 0 to {len(index) - 1}",
            )
        elif number in places:
            findings.wrong(
                f"{place}.index.{code}",
                number,
                f"en egen plass: «{places[number]}» har den",
                f'a place of its own: "{places[number]}" has it',
            )
        else:
            places[number] = code
    if any(not code for code in index):
        findings.wrong(f"{place}.index", "", "en kode med minst ett tegn", "a code of at least one character")
    return [code for _, code in sorted(places.items())]


def _unit(stated: object, default: object, place: str, findings: Findings) -> Unit | None:
    if stated is None:
        return None
    if not isinstance(stated, dict):
        findings.wrong(place, stated, "et objekt", "an object")
        return None
    decimals = stated.get("decimals", default)
    if decimals is not None and not _is_count(decimals):
        findings.wrong(f"{place}.decimals", decimals, *_COUNT)
        decimals = None
    return Unit(_text(stated, "label") or _text(stated, "base") or _text(stated, "symbol"), decimals)


def _language(document: Mapping[str, Any], px: Mapping[str, Any], given: str | None, findings: Findings) -> str:
    found = _text(px, "language") or _text(document, "lang") or given or ""
    if not _LANGUAGE.fullmatch(found):
        findings.wrong(
            "extension.px.language",
            found or None,
            "språket på navnene; oppgi det med --language, for eksempel nb",
            "the language of the labels; give it with --language, such as nb",
        )
    return _NORWEGIAN.get(found, found)


def _updated(document: Mapping[str, Any], findings: Findings) -> str | None:
    stated = document.get("updated")
    if stated is None:
        return None
    for kind in ("dateTime", "date"):
        if isinstance(stated, str) and (right := canonical(stated, XSD + kind)) is not None:
            return right
    findings.wrong("updated", stated, "et tidspunkt som 2026-01-31T07:00:00Z", "a time such as 2026-01-31T07:00:00Z")
    return None


def _is_count(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _text(found: Mapping[str, Any], name: str) -> str | None:
    """The text of a member, its white space made single; None when it is absent or empty."""
    value = found.get(name)
    return " ".join(value.split()) or None if isinstance(value, str) else None
