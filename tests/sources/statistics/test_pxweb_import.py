"""From a table's address to a dataset that a build accepts: fetched in parts, joined, with its provenance."""

from __future__ import annotations

import json
import os
from pathlib import Path

from forked_python import run_command
from pxweb_server import Fault, PxServer
from pxweb_tables import cell

ROOT = Path(__file__).resolve().parents[3]
SELECTION = (
    "--select",
    "Region=0301,5001",
    "--select",
    "Kjonn=*",
    "--select",
    "ContentsCode=Personer1",
    "--select",
    "Tid=from(2023)",
)


def imported(server: PxServer, folder: Path, *more: str) -> tuple[int, str, Path]:
    target = folder / "my" / "no" / "folketall"
    environment = {**os.environ, "PLANGRAF_HOME": str(ROOT), "PLANGRAF_VERSIONS": str(folder / "versions")}
    done = run_command(
        "import-statistics", server.table_url, *SELECTION, "--areas", "norway", "--to", target, *more,
        env=environment, cwd=folder,
    )  # fmt: skip
    return done.returncode, done.stdout + done.stderr, target


def test_a_table_at_an_address_is_fetched_in_parts_and_becomes_one_cube(server: PxServer, tmp_path: Path) -> None:
    server.most_cells = 4
    status, told, folder = imported(server, tmp_path)
    assert status == 0, told
    assert "12 observations" in told
    assert len(server.data_requests()) > 1
    found = (folder / "observations.nt").read_text(encoding="utf-8")
    values = {line.split('"')[1] for line in found.splitlines() if "measure#obsValue" in line}
    assert values == {
        str(cell({"Region": region, "Kjonn": sex, "ContentsCode": "Personer1", "Tid": str(year)}))
        for region in ("0301", "5001") for sex in "12" for year in (2023, 2024, 2025)
    }  # fmt: skip
    described = (folder / "dataset.ttl").read_text(encoding="utf-8")
    for part in json.loads(next((tmp_path / "statistics-cache").rglob("parts.json")).read_text())["parts"]:
        assert part["sha256"] in described
    assert server.table_url in described
    # The same again asks with the tags of the parts, and changes nothing.
    before = len(server.requests)
    status, told, _ = imported(server, tmp_path)
    assert (status, "unchanged" in told) == (0, True), told
    assert {one.status for one in server.requests[before:] if one.path.endswith("/data")} == {304}


def test_a_build_accepts_a_fetched_table(server: PxServer, light_home: Path, tmp_path: Path) -> None:
    assert imported(server, tmp_path)[0] == 0
    environment = {**os.environ, "PLANGRAF_HOME": str(light_home), "PLANGRAF_VERSIONS": str(tmp_path / "versions")}
    described = tmp_path / "my" / "no" / "folketall" / "dataset.ttl"
    # An office has a name; the data must name no machine.
    text = described.read_text(encoding="utf-8").replace(server.url, "https://office.example/api")
    described.write_text(text, encoding="utf-8")
    done = run_command("validate", tmp_path / "my", env=environment, cwd=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr


def test_an_error_page_with_status_200_leaves_no_folder(server: PxServer, tmp_path: Path) -> None:
    page = {"Content-Type": "text/html"}
    server.faults.append(Fault("/data", "answer", times=99, headers=page, body=b"<html>Maintenance</html>"))
    status, told, folder = imported(server, tmp_path)
    assert status != 0
    assert "a page instead of JSON: Maintenance" in told
    assert not folder.exists()


def test_a_selection_that_the_table_does_not_have_is_named_before_any_data(server: PxServer, tmp_path: Path) -> None:
    status, told, folder = imported(server, tmp_path, "--select", "Region=5999")
    assert status != 0
    assert "5999" in told
    assert not server.data_requests()
    assert not folder.exists()


def test_a_dimension_that_is_selected_twice_is_told_before_any_request(server: PxServer, tmp_path: Path) -> None:
    status, told, folder = imported(server, tmp_path, "--select", "Region=1103")
    assert (status, "--select Region is given twice, with 0301,5001 and 1103" in told) == (2, True), told
    assert not server.requests
    assert not folder.exists()


def test_a_folder_that_cannot_be_used_is_told_before_any_request(server: PxServer, tmp_path: Path) -> None:
    status, told, _ = imported(server, tmp_path, "--to", str(tmp_path / "Tabell"))
    assert (status, "cannot be the folder of a national table" in told) == (2, True), told
    assert not server.requests
