"""Small lists of our own with the faults that published ones have, and the mappings that read them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from pathlib import Path

import pyoxigraph as ox
import yaml

from plangraf.settings import Settings, load_settings
from plangraf.sources.lists.linking import Outcome, link

ROOT = Path(__file__).resolve().parents[3]
DAY = date(2026, 11, 29)
LIST = "https://lists.example/måling"
ASCII = "https://lists.example/m%C3%A5ling"
SDG = "http://metadata.un.org/sdg/"
PREFIXES = """@prefix dct: <http://purl.org/dc/> .
@prefix dcterms: <http://purl.org/dc/terms/> .
@prefix owl: <http://www.w3.org/2002/07/owl#> .
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
@prefix sdg: <http://metadata.un.org/sdg/> .
@prefix sdgo: <http://metadata.un.org/sdg/ontology#> .
@prefix skos: <http://www.w3.org/2004/02/skos/core#> .
@prefix xsd: <http://www.w3.org/2001/XMLSchema#> .
"""
QUERY = """
PREFIX dcterms: <http://purl.org/dc/terms/>
PREFIX sdgo: <http://metadata.un.org/sdg/ontology#>
PREFIX skos: <http://www.w3.org/2004/02/skos/core#>
SELECT ?thing ?target ?goal ?indicator ?number ?code ?source WHERE {
  ?thing a sdgo:Indicator .
  OPTIONAL { ?thing sdgo:isIndicatorOf ?target }
  OPTIONAL { ?thing sdgo:hasGoal ?goal }
  OPTIONAL { ?thing skos:notation ?indicator FILTER (STRSTARTS(?indicator, "C")) }
  OPTIONAL { ?thing skos:notation ?code FILTER (!STRSTARTS(?code, "C")) }
  OPTIONAL { ?thing dcterms:title ?title BIND (STRBEFORE(STR(?title), " ") AS ?number) FILTER (?number != "") }
  OPTIONAL { ?thing dcterms:source ?source }
}
"""
MAPPING: dict[str, object] = {
    "slug": "maaling",
    "kind": "indicators",
    "list": LIST,
    "name": {"nb": "Målinger", "en": "Measurements"},
    "title": {"nb": "Målinger for bærekraft", "en": "Measurements of sustainability"},
    "description": {"nb": "En liste til tester.", "en": "A list for tests."},
    "publisher": {"iri": "https://w3id.org/plangraf/id/organization/lister", "nb": "Lister", "en": "Lists"},
    "address": "https://lists.example/maaling.ttl",
    "read": {"format": "turtle", "query": QUERY},
    "label": [
        {"nb": "Målepunkt {target}-{n} for delmål {target}", "en": "Measuring point {target}-{n} for target {target}"},
        {"nb": "Målepunkt {key}", "en": "Measuring point {key}"},
    ],
}
TABLE = {"format": "csv", "columns": {"thing": "Nr", "target": "Delmål", "code": "Kode", "indicator": "FN-kode"}}


def mapping_file(folder: Path, **changes: object) -> Path:
    """A mapping in the folder of its dataset, `folder`/link/<slug>/list.yaml."""
    content = {**MAPPING, **changes}
    path = folder / "link" / str(content["slug"]) / "list.yaml"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(yaml.safe_dump(content, allow_unicode=True, sort_keys=False), encoding="utf-8")
    return path


def link_text(folder: Path, text: str | bytes, *, name: str = "list.ttl", **changes: object) -> Outcome:
    """Links a list that is given as text, in Turtle with our prefixes unless the name says otherwise."""
    source = folder / name
    content = f"{PREFIXES}{text}" if isinstance(text, str) and name.endswith(".ttl") else text
    source.write_bytes(content.encode() if isinstance(content, str) else content)
    return link(settings(), mapping_file(folder, **changes), [str(source)], today=DAY)


def settings(home: Path = ROOT) -> Settings:
    return load_settings(home=home, data=())


def repairs(done: Outcome) -> dict[str, int]:
    return {repair.kind: repair.count for repair in done.repairs}


def entries(done: Outcome, kind: str) -> tuple[str, ...]:
    return next(repair.entries for repair in done.repairs if repair.kind == kind)


def values(folder: Path, subject: str, predicate: str) -> list[str]:
    """The values of a property in all files of a dataset, as N-Triples terms, sorted."""
    prefixes: Mapping[str, str] = {
        line.split()[1].rstrip(":"): line.split()[2].strip("<>") for line in PREFIXES.splitlines()
    } | {
        "plan": "https://w3id.org/plangraf/ontology#",
        "prov": "http://www.w3.org/ns/prov#",
        "rdf": "http://www.w3.org/1999/02/22-rdf-syntax-ns#",
    }
    prefix, _, local = predicate.partition(":")
    found = {
        str(quad.object)
        for path in folder.glob("*.ttl")
        for quad in ox.parse(path=str(path))
        if str(quad.subject) == f"<{subject}>" and quad.predicate.value == prefixes[prefix] + local
    }
    return sorted(found)
