"""The downloads of a version have all statements in every format, and the same bytes each time."""

from __future__ import annotations

import csv
import gzip
import hashlib
import io
import json
import re
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow.parquet
import pytest
import yaml
import zstandard
from pyoxigraph import Literal, NamedNode, Quad, RdfFormat, Triple, parse

from plangraf.publish import class_tables
from plangraf.publish.class_tables import as_csv, as_parquet, sources
from plangraf.publish.dumps import citation, write_dumps
from plangraf.publish.pipeline import load_download_titles
from plangraf.rdf.graph import nquads_lines
from plangraf.rdf.namespaces import PREFIXES
from plangraf.store.versions import Version, VersionStore

RDF_TYPE = "http://www.w3.org/1999/02/22-rdf-syntax-ns#type"
ONTOLOGY = "https://w3id.org/plangraf/ontology#"
GRAPH = "https://w3id.org/plangraf/graph/"


@pytest.fixture(scope="module")
def version(built: Path) -> Version:
    return VersionStore(built).current()


@pytest.fixture(scope="module")
def dump(version: Version) -> Path:
    return version.path / "dump"


@pytest.fixture(scope="module")
def quads(version: Version) -> set[Quad]:
    whole = b"".join(line + b"\n" for line in version.lines())
    return set(parse(whole, RdfFormat.N_QUADS, rename_blank_nodes=False))


def files(dump: Path) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads((dump / "index.json").read_bytes())["files"]
    return found


def unpacked(path: Path) -> bytes:
    body = path.read_bytes()
    if path.suffix == ".gz":
        return gzip.decompress(body)
    return zstandard.ZstdDecompressor().decompress(body) if path.suffix == ".zst" else body


def test_the_id_is_the_hash_of_the_canonical_lines(version: Version, dump: Path) -> None:
    for ending in ("gz", "zst"):
        body = unpacked(dump / f"plangraf-{version.id}.nq.{ending}")
        assert hashlib.sha256(body).hexdigest()[:16] == version.id


@pytest.mark.sampled(6)
@pytest.mark.parametrize(
    ("name", "format_"),
    [("trig.gz", RdfFormat.TRIG), ("trig.zst", RdfFormat.TRIG), ("jsonld.gz", RdfFormat.JSON_LD)],
)
def test_every_format_holds_the_same_statements(
    version: Version, dump: Path, quads: set[Quad], name: str, format_: RdfFormat
) -> None:
    body = unpacked(dump / f"plangraf-{version.id}.{name}")
    found = set(parse(body, format_, rename_blank_nodes=False))
    assert found == quads


def test_json_ld_has_types_under_type_and_no_duplicates(version: Version, dump: Path) -> None:
    graph = (dump / "graph/5001/kommune.jsonld").read_bytes()
    for body in (unpacked(dump / f"plangraf-{version.id}.jsonld.gz"), graph):
        assert f'"{RDF_TYPE}":'.encode() not in body
        assert b'"@type":["https://w3id.org/plangraf/ontology#Municipality"]' in body
    nodes = [node["@id"] for node in json.loads(graph)]
    assert len(nodes) == len(set(nodes))


def test_each_graph_has_files_in_three_formats(dump: Path, quads: set[Quad]) -> None:
    graphs = {quad.graph_name.value for quad in quads if isinstance(quad.graph_name, NamedNode)}
    paths = {graph.removeprefix(GRAPH) for graph in graphs if graph.startswith(GRAPH)}
    assert len(paths) > 5
    formats = {"ttl": RdfFormat.TURTLE, "nt": RdfFormat.N_TRIPLES, "jsonld": RdfFormat.JSON_LD}
    for path in paths:
        wanted = {quad.triple for quad in quads if quad.graph_name == NamedNode(GRAPH + path)}
        for suffix, format_ in formats.items():
            body = (dump / "graph" / f"{path}.{suffix}").read_bytes()
            assert {quad.triple for quad in parse(body, format_, rename_blank_nodes=False)} == wanted, (path, suffix)
    there = {str(file.relative_to(dump / "graph")) for file in (dump / "graph").rglob("*.*")}
    assert there == {f"{path}.{suffix}" for path in paths for suffix in formats}


def read_by_metadata(folder: Path, metadata: Path) -> Iterator[Triple]:
    """The triples of a table, converted by its CSVW metadata as a standard reader does."""
    told = json.loads(metadata.read_text())
    assert told["@context"] == "http://www.w3.org/ns/csvw"
    columns = told["tableSchema"]["columns"]
    with (folder / told["url"]).open(newline="", encoding="utf-8") as file:
        rows = csv.reader(file)
        assert next(rows) == [column["titles"] for column in columns]
        for row in rows:
            subject = NamedNode(row[0])
            for column, cell in list(zip(columns, row, strict=True))[1:]:
                values = cell.split(column["separator"]) if "separator" in column else [cell]
                for value in values if cell else []:
                    yield Triple(subject, NamedNode(column["propertyUrl"]), _term(column, value))


def _term(column: dict[str, Any], value: str) -> NamedNode | Literal:
    if "valueUrl" in column:
        assert column["valueUrl"] == f"{{+{column['name']}}}"
        return NamedNode(value)
    if "lang" in column:
        return Literal(value, language=column["lang"])
    datatype = column["datatype"]
    iri = datatype["@id"] if isinstance(datatype, dict) else f"http://www.w3.org/2001/XMLSchema#{datatype}"
    return Literal(value, datatype=NamedNode(iri))


def name_of(class_: str) -> str:
    """`Plan` for a class of ours, `skos-Concept` for a class of another vocabulary."""
    start, _, local = class_.replace("#", "/").rpartition("/")
    if class_.startswith(ONTOLOGY):
        return local
    (prefix,) = {name for name, iri in PREFIXES.items() if iri.rstrip("#/").replace("#", "/") == start}
    return f"{prefix}-{local}"


def test_a_table_with_its_metadata_converts_back_to_all_triples_of_the_class(dump: Path, quads: set[Quad]) -> None:
    triples = {quad.triple for quad in quads}
    members: dict[str, set[str]] = {}
    for triple in triples:
        if triple.predicate.value != RDF_TYPE or not isinstance(triple.subject, NamedNode):
            continue
        if triple.subject.value.startswith(("https://w3id.org/plangraf/id/", "http://metadata.un.org/sdg/")):
            assert isinstance(triple.object, NamedNode)
            members.setdefault(name_of(triple.object.value), set()).add(triple.subject.value)
    tables = sorted(path.stem for path in (dump / "csv").glob("*.csv"))
    assert tables == sorted(members)
    assert {"Plan", "Perspective", "Case", "Goal", "sdgo-Goal", "sdgo-Target", "skos-Concept"} <= set(tables)
    by_subject: dict[str, set[Triple]] = {}
    for triple in triples:
        if isinstance(triple.subject, NamedNode):
            by_subject.setdefault(triple.subject.value, set()).add(triple)
    for name in tables:
        found = set(read_by_metadata(dump / "csv", dump / "csv" / f"{name}.csv-metadata.json"))
        assert found == {triple for thing in members[name] for triple in by_subject[thing]}, name


def test_a_parquet_table_has_the_cells_of_its_csv_with_types(dump: Path) -> None:
    for path in sorted((dump / "csv").glob("*.csv")):
        table = pyarrow.parquet.read_table(dump / "parquet" / f"{path.stem}.parquet")
        told = json.loads((dump / "csv" / f"{path.stem}.csv-metadata.json").read_text())
        separators = {column["name"]: column.get("separator") for column in told["tableSchema"]["columns"]}
        with path.open(newline="", encoding="utf-8") as file:
            rows = list(csv.DictReader(file))
        assert table.column_names == list(separators)
        assert table.num_rows == len(rows)
        for typed, text in zip(table.to_pylist(), rows, strict=True):
            for name, value in typed.items():
                values = value if isinstance(value, list) else [] if value is None else [value]
                cells = text[name].split(separators[name]) if separators[name] else [text[name]]
                assert [_written(item) for item in values] == [_written(cell) for cell in cells if cell], (name, text)


def test_a_parquet_table_has_types(dump: Path) -> None:
    found = {
        (path.stem, field.name): str(field.type)
        for path in (dump / "parquet").glob("*.parquet")
        for field in pyarrow.parquet.read_schema(path)
    }
    assert {"int64", "date32[day]", "decimal128(38, 12)", "string"} <= set(found.values())
    assert found["Perspective", "number"] == "int64"
    assert found["Plan", "startYear"] == found["Figure", "refPeriod_gYear"] == "int32"
    assert found["Decision", "activity_date"] == "date32[day]"


@pytest.mark.parametrize(
    ("datatype", "written", "type_"),
    [
        ("integer", "7", "int64"),
        ("integer", "9" * 30, "string"),
        ("gYear", "2020", "int32"),
        ("gYear", "0999", "string"),
        ("gYear", "2020Z", "string"),
        ("date", "2020-01-02", "date32[day]"),
        ("date", "2020-01-02Z", "string"),
        ("decimal", "1.5", "decimal128(38, 12)"),
        ("decimal", "1" * 30, "string"),
        ("decimal", "0.1234567890123", "string"),
        ("boolean", "true", "bool"),
    ],
)
def test_values_that_a_type_cannot_hold_stay_strings(datatype: str, written: str, type_: str) -> None:
    thing = NamedNode("https://w3id.org/plangraf/id/9999/plan/1")
    value = Literal(written, datatype=NamedNode(f"http://www.w3.org/2001/XMLSchema#{datatype}"))
    statement = Triple(thing, NamedNode("urn:p:x"), value)
    said = [Triple(thing, NamedNode(RDF_TYPE), NamedNode(ONTOLOGY + "Plan")), statement]
    graph = NamedNode(GRAPH + "9999/x")
    (source,) = sources(nquads_lines([Quad(*triple, graph) for triple in said]))
    table = source.table()
    read = pyarrow.parquet.read_table(io.BytesIO(as_parquet(table)))
    assert str(read.schema.field("urn:p:x").type) == type_
    assert _written(read.column("urn:p:x").to_pylist()[0]) == _written(written)
    assert f"\r\n{thing.value},{ONTOLOGY}Plan,{written}\r\n" in b"".join(as_csv(table)).decode()


def test_a_table_that_is_read_in_blocks_is_that_of_one_block(monkeypatch: pytest.MonkeyPatch) -> None:
    graph, kind = NamedNode(GRAPH + "9999/x"), NamedNode(ONTOLOGY + "Plan")
    things = [NamedNode(f"https://w3id.org/plangraf/id/9999/plan/{name}") for name in ("1", "1-a", "1b", "2", "10")]
    said = [Triple(thing, NamedNode(RDF_TYPE), kind) for thing in things]
    # Only the last block shows that the first property has several values, and that the second is not always a date.
    said += [Triple(thing, NamedNode("urn:p:x"), Literal(f"a|{number}")) for number, thing in enumerate(things)]
    said += [Triple(things[3], NamedNode("urn:p:x"), Literal("b"))]
    day = NamedNode("http://www.w3.org/2001/XMLSchema#date")
    written = ("2024-01-31", "2024-02-29", "2024-01-01", "2024-01-31Z")
    said += [
        Triple(thing, NamedNode("urn:p:y"), Literal(text, datatype=day))
        for thing, text in zip(things, written, strict=False)
    ]
    lines = sorted(nquads_lines([Quad(*triple, graph) for triple in said]))

    def tables() -> tuple[bytes, object, str]:
        (source,) = sources(lines)
        table = source.table()
        read = pyarrow.parquet.read_table(io.BytesIO(as_parquet(table)))
        return b"".join(as_csv(table)), read.to_pydict(), source.digest()

    whole = tables()
    monkeypatch.setattr(class_tables, "_BLOCK", 2)
    assert tables() == whole
    ids = [row.partition(b",")[0].decode() for row in whole[0].split(b"\r\n")[1:-1]]
    assert ids == sorted(thing.value for thing in things)


def _written(value: object) -> object:
    """A cell in a form that is equal in both kinds of table; a decimal in Parquet has a fixed number of digits."""
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, bool):
        return str(value).lower()
    text = str(value)
    return Decimal(text) if re.fullmatch("-?[0-9]+([.][0-9]+)?(E-[0-9]+)?", text) else text


def test_csv_conforms_to_rfc_4180(dump: Path) -> None:
    for path in (dump / "csv").glob("*.csv"):
        body = path.read_bytes()
        assert body.endswith(b"\r\n")
        assert body.decode("utf-8").startswith("id,")
        widths = {len(row) for row in csv.reader(io.StringIO(body.decode(), newline=""), strict=True)}
        assert len(widths) == 1, path


def test_sums_and_sizes_are_those_of_the_files(dump: Path) -> None:
    listed = {file["name"]: file for file in files(dump)}
    there = {str(path.relative_to(dump)) for path in dump.rglob("*") if path.is_file()}
    assert there == set(listed) | {"index.json"}
    for name, file in listed.items():
        body = (dump / name).read_bytes()
        assert (file["bytes"], file["sha256"]) == (len(body), hashlib.sha256(body).hexdigest()), name
        assert set(file["title"]) == {"nb", "en"}
    sums = dict(reversed(line.split("  ")) for line in (dump / "SHA256SUMS").read_text().splitlines())
    assert sums == {name: file["sha256"] for name, file in listed.items() if name != "SHA256SUMS"}


@pytest.mark.slow
def test_the_same_version_gives_the_same_bytes(root: Path, version: Version, dump: Path, tmp_path: Path) -> None:
    """The short form is the version of a small home in test_pipeline.py, built under two seeds of the hash."""
    write_dumps(list(version.lines()), tmp_path / "again", load_download_titles(root))
    assert (tmp_path / "again" / "index.json").read_bytes() == (dump / "index.json").read_bytes()


def test_version_and_project_have_a_citation_file(root: Path, version: Version, dump: Path) -> None:
    assert (root / "CITATION.cff").read_text() == citation()
    for path, kind in ((root / "CITATION.cff", "software"), (dump / "CITATION.cff", "dataset")):
        told = yaml.safe_load(path.read_text())
        assert {"cff-version", "message", "title", "authors", "type", "version"} <= set(told)
        assert told["type"] == kind
    told = yaml.safe_load((dump / "CITATION.cff").read_text())
    assert (told["version"], told["url"]) == (version.id, f"https://w3id.org/plangraf/version/{version.id}/")


def case_line(area: str, name: str, value: str) -> list[bytes]:
    thing, graph = f"<https://w3id.org/plangraf/id/{area}/{name.lower()}/1>", f"<{GRAPH}{area}/kommune>"
    said = (f"<{RDF_TYPE}> <{ONTOLOGY}{name}>", f'<{ONTOLOGY}caseNumber> "{value}"')
    return [f"{thing} {one} {graph} .".encode() for one in said]


def content(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize("damaged", [None, "graph/0301/kommune.ttl", "csv/Case.csv", "index.json"])
def test_files_with_the_same_source_are_taken_from_the_version_before(tmp_path: Path, damaged: str | None) -> None:
    before = sorted(case_line("0301", "Case", "1/20") + case_line("5001", "Plan", "2/20"))
    after = sorted(case_line("0301", "Case", "1/20") + case_line("5001", "Plan", "3/20"))
    tables = write_dumps(before, tmp_path / "before", {})
    if damaged is not None:
        (tmp_path / "before" / damaged).write_bytes(b"[]")
    assert write_dumps(after, tmp_path / "after", {}, tmp_path / "before", tables) != tables
    write_dumps(after, tmp_path / "anew", {})
    assert content(tmp_path / "after") == content(tmp_path / "anew")
    taken = {name for name in content(tmp_path / "after") if (tmp_path / "after" / name).stat().st_nlink > 1}
    graph = {f"graph/0301/kommune.{ending}" for ending in ("ttl", "nt", "jsonld")}
    table = {"csv/Case.csv", "csv/Case.csv-metadata.json", "parquet/Case.parquet"}
    assert taken == {
        None: graph | table, "graph/0301/kommune.ttl": table, "csv/Case.csv": graph, "index.json": set()
    }[damaged]  # fmt: skip
