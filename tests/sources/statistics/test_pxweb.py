"""A table fetched from a server that plays PxWebApi 2: limits, parts, resuming, provenance."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest

import pxweb_tables
from plangraf.errors import SourceGoneError, SourceRequestError, SourceUnreachableError
from pxweb_reader import ALL, Reader, cells, listed
from pxweb_server import Fault, PxServer

POPULATION = pxweb_tables.population()


def expected(**codes: list[str]) -> dict[frozenset[tuple[str, str]], float]:
    """Each cell of the table, or of some codes of its dimensions."""
    chosen = {axis.code: codes.get(axis.code, list(axis.labels)) for axis in POPULATION.axes}
    found: list[dict[str, str]] = [{}]
    for name, values in chosen.items():
        found = [one | {name: value} for one in found for value in values]
    return {frozenset(one.items()): pxweb_tables.cell(one) for one in found}


def test_a_table_arrives_whole_after_configuration_and_metadata(reader: Reader, server: PxServer) -> None:
    paths = reader.fetch()
    assert cells(paths) == expected()
    assert server.paths() == ["GET /config", "GET /tables/07459/metadata", "GET /tables/07459/data"]
    assert server.data_requests()[0].query == {
        "lang": "no",
        "outputFormat": "json-stat2",
        **{f"valuecodes[{name}]": "*" for name in ALL},
    }
    assert reader.waits == []
    assert reader.lines("metadata") == [
        "metadata    Population, by region, sex, contents and year, updated 2026-02-19T07:00:00Z"
    ]
    assert reader.lines("selection") == [
        "selection   192 cells (8 Region × 2 Kjonn × 2 ContentsCode × 6 Tid) in 1 part"
    ]
    assert reader.lines("data") == ["data        part 1 of 1, 192 cells"]


def test_an_address_with_a_selection_and_a_language_is_honoured(reader: Reader, server: PxServer) -> None:
    address = f"{server.table_url}/data?lang=en&valueCodes[Tid]=top(2)&valuecodes[ContentsCode]=Personer1"
    paths = reader.fetch({"Region": "5001", "Kjonn": "?"}, address)
    assert cells(paths) == expected(Region=["5001"], ContentsCode=["Personer1"], Tid=["2024", "2025"])
    assert {one.query.get("lang") for one in server.requests} == {None, "en"}


def test_a_dimension_that_is_not_selected_is_eliminated_and_a_code_list_gives_groups(
    reader: Reader, server: PxServer
) -> None:
    selection = {"Region": "50", "codelist[Region]": "agg_Counties", "ContentsCode": "Personer1", "Tid": "2025"}
    total = sum(
        value
        for key, value in expected(ContentsCode=["Personer1"], Tid=["2025"]).items()
        if dict(key)["Region"] in {"1601", "5001", "5030", "5031"}
    )
    paths = reader.fetch(selection)
    assert list(cells(paths).values()) == [total]
    assert "GET /codelists/agg_Counties" in server.paths()


def test_a_selection_over_the_limit_of_cells_is_fetched_in_parts(reader: Reader, server: PxServer) -> None:
    server.most_cells = 50
    paths = reader.fetch()
    assert len(paths) == 4
    assert cells(paths) == expected()
    assert [one.query["valuecodes[Region]"] for one in server.data_requests()] == [
        "1601,5001",
        "5030,5031",
        "0301,1103",
        "4601,4204",
    ]
    assert all(one.query["valuecodes[Tid]"] == "*" for one in server.data_requests())


def test_a_long_selection_is_posted(reader: Reader, server: PxServer) -> None:
    regions = {f"{number:05}": f"Region {number}" for number in range(900)}
    server.tables["07459"].axes[0].labels = regions
    chosen = list(regions)[::2]
    paths = reader.fetch({"Region": ",".join(chosen), "Kjonn": "1", "ContentsCode": "Personer1", "Tid": "2025"})
    assert [one.method for one in server.data_requests()] == ["POST"]
    names = {"Kjonn": "1", "ContentsCode": "Personer1", "Tid": "2025"}
    assert cells(paths) == {
        frozenset((names | {"Region": code}).items()): pxweb_tables.cell(names | {"Region": code}) for code in chosen
    }
    assert listed(paths)["parts"][0]["body"]["selection"][0]["valueCodes"] == chosen
    reader.fetch({"Region": ",".join(chosen), "Kjonn": "1", "ContentsCode": "Personer1", "Tid": "2025"})
    assert len(server.data_requests()) == 1, "the same publication is not posted for again"


def test_calls_keep_within_the_servers_window(reader: Reader, server: PxServer) -> None:
    server.most_cells, server.most_calls, server.window_s = 24, 3, 10
    paths = reader.fetch()
    assert cells(paths) == expected()
    assert len(server.requests) == 10
    assert {one.status for one in server.requests} == {200}
    assert reader.waits == [10.0, 10.0, 10.0]
    assert reader.lines("wait") == ["wait        10.0 s: the server allows 3 calls in 10 s"] * 3


def test_a_wrong_selection_costs_no_data_call(reader: Reader, server: PxServer) -> None:
    with pytest.raises(SourceRequestError, match="no code '5002'"):
        reader.fetch({**ALL, "Region": "5002"})
    assert server.data_requests() == []
    assert not reader.cache.exists()


def test_a_selection_that_needs_too_many_calls_is_refused(reader: Reader, server: PxServer) -> None:
    server.tables["07459"].axes[0].labels = {str(number): str(number) for number in range(1_001)}
    server.most_cells = 24
    with pytest.raises(SourceRequestError, match=r"24 024 cells; the server gives 24 cells at once"):
        reader.fetch()
    assert server.data_requests() == []


def test_an_unknown_language_names_those_of_the_server(reader: Reader, server: PxServer) -> None:
    with pytest.raises(SourceRequestError, match="no language 'sv', only no, en"):
        reader.fetch(address=f"{server.table_url}?lang=sv")


def test_an_unknown_table_and_an_address_of_another_server_say_what_to_check(reader: Reader, server: PxServer) -> None:
    with pytest.raises(SourceGoneError, match=r"Node with id.*Check the table's number '0745'") as gone:
        reader.fetch(address=f"{server.url}/tables/0745")
    assert f"{server.url}/tables?query=" in str(gone.value)
    with pytest.raises(SourceGoneError, match="Every PxWebApi 2 server has this address"):
        reader.fetch(address=f"{server.url}/elsewhere/tables/07459")


def test_the_list_of_parts_proves_where_each_comes_from(reader: Reader, server: PxServer) -> None:
    server.most_cells = 100
    paths = reader.fetch()
    found = listed(paths)
    parts = found.pop("parts")
    assert found == {
        "address": server.table_url,
        "selection": dict(ALL),
        "codelists": {},
        "language": "no",
        "table": "Population, by region, sex, contents and year",
        "updated": "2026-02-19T07:00:00Z",
        "license": "https://creativecommons.org/licenses/by/4.0/",
        "complete": True,
    }
    assert [part["file"] for part in parts] == [path.name for path in paths]
    for part, path, sent in zip(parts, paths, server.data_requests(), strict=True):
        assert part["sha256"] == hashlib.sha256(path.read_bytes()).hexdigest()
        assert part["time"] == "2026-11-29T12:00:00Z"
        assert (part["method"], part["body"], part["cells"]) == ("GET", None, 96)
        assert part["address"].startswith(f"{server.table_url}/data?lang=no&outputFormat=json-stat2&valuecodes")
        assert part["etag"].startswith('"')
        assert part["updated"] == "2026-02-19T07:00:00Z"
        assert sent.status == 200
    assert sorted(path.name for path in paths[0].parent.iterdir()) == sorted(
        ["parts.json", *(path.name for path in paths)]
    )


@pytest.mark.parametrize(("validators", "header"), [("etag", "If-None-Match"), ("last-modified", "If-Modified-Since")])
def test_a_second_run_asks_whether_parts_changed_and_takes_304(
    reader: Reader, server: PxServer, validators: str, header: str
) -> None:
    server.validators = validators  # type: ignore[assignment]
    server.most_cells = 100
    first = reader.fetch()
    before = [path.read_bytes() for path in first]
    reader.seconds = 3_600
    again = reader.fetch()
    assert again == first
    assert [path.read_bytes() for path in again] == before
    assert [one.status for one in server.data_requests()] == [200, 200, 304, 304]
    assert all(one.headers[header] for one in server.data_requests()[2:])
    assert {part["time"] for part in listed(again)["parts"]} == {"2026-11-29T13:00:00Z"}


def test_without_a_tag_parts_are_reused_while_the_publication_is_the_same(reader: Reader, server: PxServer) -> None:
    server.validators = "none"
    first = reader.fetch()
    assert reader.fetch() == first
    assert len(server.data_requests()) == 1
    server.tables["07459"].updated = "2026-03-01T07:00:00Z"
    assert listed(reader.fetch())["updated"] == "2026-03-01T07:00:00Z"
    assert len(server.data_requests()) == 2


def test_without_a_tag_and_a_time_of_publication_parts_are_fetched_again(reader: Reader, server: PxServer) -> None:
    server.validators = "none"
    server.tables["07459"].updated = None
    reader.fetch()
    assert cells(reader.fetch()) == expected()
    assert [one.status for one in server.data_requests()] == [200, 200]


def test_a_run_that_broke_off_goes_on_with_the_parts_that_it_lacks(reader: Reader, server: PxServer) -> None:
    server.most_cells = 24
    server.faults = [Fault("/data", "reset", times=99, after=5)]
    with pytest.raises(SourceUnreachableError, match=r"in 5 attempts.*the same command goes on from there"):
        reader.fetch()
    folder = next(reader.cache.iterdir())
    unfinished = json.loads((folder / "parts.json").read_text(encoding="utf-8"))
    assert unfinished["complete"] is False
    assert len(unfinished["parts"]) == 5
    assert not list(folder.glob(".unfinished-*"))
    server.faults.clear()
    server.requests.clear()
    paths = reader.fetch()
    assert cells(paths) == expected()
    assert [one.status for one in server.data_requests()] == [304] * 5 + [200] * 3
    assert listed(paths)["complete"] is True


def test_a_second_run_that_breaks_off_loses_no_part_of_the_first(reader: Reader, server: PxServer) -> None:
    server.most_cells = 24
    reader.fetch()
    server.faults = [Fault("/data", "reset", times=99, after=1)]
    with pytest.raises(SourceUnreachableError):
        reader.fetch()
    server.faults.clear()
    server.requests.clear()
    assert cells(reader.fetch()) == expected()
    assert {one.status for one in server.data_requests()} == {304}


@pytest.mark.parametrize("damage", ["changed", "removed", "list"])
def test_a_kept_part_that_was_changed_on_disk_is_fetched_again(reader: Reader, server: PxServer, damage: str) -> None:
    path = reader.fetch()[0]
    if damage == "changed":
        path.write_bytes(path.read_bytes().replace(b"Oslo", b"0slo"))
    elif damage == "removed":
        path.unlink()
    else:
        (path.parent / "parts.json").write_text("{", encoding="utf-8")
    assert cells(reader.fetch()) == expected()
    assert [one.status for one in server.data_requests()] == [200, 200]


def test_parts_of_another_division_are_removed_once_the_new_ones_are_complete(reader: Reader, server: PxServer) -> None:
    server.most_cells = 24
    reader.fetch()
    server.most_cells = 1_000
    paths = reader.fetch()
    assert sorted(path.name for path in paths[0].parent.iterdir()) == sorted([paths[0].name, "parts.json"])


def test_two_selections_of_one_table_have_folders_of_their_own(reader: Reader) -> None:
    one: Path = reader.fetch({**ALL, "Region": "5001"})[0]
    other: Path = reader.fetch({**ALL, "Region": "5031"})[0]
    assert one.parent != other.parent
    assert one.exists()
    assert one.parent.name.startswith("127-0-0-1-07459-")


def test_a_cache_that_cannot_be_written_is_an_error_with_its_path(reader: Reader) -> None:
    reader.cache.write_text("a file", encoding="utf-8")
    with pytest.raises(OSError, match="cache"):
        reader.fetch()
