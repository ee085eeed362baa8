"""Lists, pages and documents of a version with statistics and areas over time; without them the lists say why."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Callable, Iterator
from functools import partial
from html import unescape
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml
from pyoxigraph import NamedNode, Quad, parse

from plangraf.rdf.graph import nquads_lines
from plangraf.sources.files import source_files
from plangraf.store.versions import VersionStore
from running_server import running_server
from small_home import ROOT, plangraf
from written_version import write_version

ID = "https://w3id.org/plangraf/id/"
LICENCE = ("--licence", "https://creativecommons.org/licenses/by/4.0/")
WASTE = "http://metadata.un.org/sdg/C110603"
U4SSC = "https://data.norge.no/vocabulary/indicator/U4SSC"
EMPTY = ("statistics-tables", "indicator-links", "statistics-imports", "statistics-files", "counties", "area-changes")
COUNTS = {
    "statistics-tables": 2,
    "indicator-links": 2,
    "statistics-imports": 2,
    "statistics-files": 4,
    "counties": 2,
    "area-changes": 4,
}
AREAS = {
    "slug": "areas",
    "kind": "areas",
    "list": "https://lists.example/areas",
    "name": {"nb": "Områder", "en": "Areas"},
    "title": {"nb": "Kommuner og fylker", "en": "Municipalities and counties"},
    "description": {"nb": "En liste til tester.", "en": "A list for tests."},
    "publisher": {"iri": f"{ID}organization/lister", "nb": "Lister", "en": "Lists"},
    "address": "https://lists.example/areas.csv",
    "label": [],
    "read": {"format": "klass"},
}
# As Klass answers: a number that holds is clipped by the last day that was asked for.
CODES = [
    ("1601", "Trondheim", "2012-01-01", "2018-01-01"),
    ("5001", "Trondheim", "2018-01-01", "2026-01-01"),
    ("1662", "Klæbu", "2012-01-01", "2018-01-01"),
    ("5030", "Klæbu", "2018-01-01", "2020-01-01"),
    ("16", "Sør-Trøndelag", "2012-01-01", "2018-01-01"),
    ("50", "Trøndelag", "2018-01-01", "2026-01-01"),
]
CHANGES = [
    ("1601", "5001", "2018-01-01"),
    ("1662", "5030", "2018-01-01"),
    ("5030", "5001", "2020-01-01"),
    ("16", "50", "2018-01-01"),
]


def json_stat(number: str, label: str, dimensions: dict[str, dict[str, str]], values: list[Any]) -> dict[str, Any]:
    return {
        "version": "2.0",
        "class": "dataset",
        "label": label,
        "source": "Statistisk sentralbyrå",
        "id": list(dimensions),
        "size": [len(codes) for codes in dimensions.values()],
        "role": {"geo": ["Region"], "time": ["Tid"]},
        "dimension": {
            name: {"label": name.lower(), "category": {"index": list(codes), "label": codes}}
            for name, codes in dimensions.items()
        },
        "extension": {"px": {"tableid": number, "language": "no"}},
        "value": values,
        "status": {str(place): ".." for place, value in enumerate(values) if value is None},
    }


TABLES = (
    # Two observations a period.
    json_stat(
        "99459",
        "Befolkning, etter region, kjønn og år",
        {
            "Region": {"5001": "Trondheim", "5030": "Klæbu", "0": "Hele landet"},
            "Kjonn": {"1": "Menn", "2": "Kvinner"},
            "Tid": {"2018": "2018", "2019": "2019"},
        },
        [96, 97, 95, 96, 3, 3.5, 2, None, 2660, 2680, 2630, 2640],
    ),
    # One a quarter, the last without a value.
    json_stat(
        "99460",
        "Svevestøv, etter region og kvartal",
        {
            "Region": {"5001": "Trondheim"},
            "Tid": {"2019K3": "2019K3", "2019K4": "2019K4", "2020K1": "2020K1"},
        },
        [12.5, 13.1, None],
    ),
)
SAID = {
    "99459": ("--reason-nb", "Folketallet er nevneren.", "--reason-en", "The population is the denominator."),
    "99460": ("--says", U4SSC),
}


@pytest.fixture(scope="module")
def filled(built: Path, once: Callable[[str, Callable[[Path], None]], Path]) -> Iterator[str]:
    """Address of a server over the data of this checkout with two tables and a list of areas."""
    with running_server(once("filled", partial(write_filled, built)) / "versions") as running:
        yield running.url


def write_filled(built: Path, folder: Path) -> None:
    data = folder / "data"
    mapping = data / "link" / "areas" / "list.yaml"
    mapping.parent.mkdir(parents=True)
    mapping.write_text(yaml.safe_dump(AREAS, allow_unicode=True), encoding="utf-8")
    names = ("code", "name", "validFromInRequestedRange", "validToInRequestedRange")
    codes = [dict(zip(names, row, strict=True)) for row in CODES]
    changes = [dict(zip(("oldCode", "newCode", "changeOccurred"), row, strict=True)) for row in CHANGES]
    for name, content in (("codes", {"codes": codes}), ("changes", {"codeChanges": changes})):
        (folder / f"{name}.json").write_text(json.dumps(content), encoding="utf-8")
    done = plangraf("link", mapping, folder / "codes.json", folder / "changes.json", home=ROOT)
    assert done.returncode == 0, done.stderr
    for table in TABLES:
        number = table["extension"]["px"]["tableid"]
        source = folder / f"{number}.json"
        source.write_text(json.dumps(table), encoding="utf-8")
        options = ("--to", data / "no" / number, "--data", data, "--indicator", WASTE, *SAID[number])
        done = plangraf("import-statistics", source, *LICENCE, *options, home=ROOT)
        assert done.returncode == 0, done.stderr
    added = [
        Quad(triple.subject, triple.predicate, triple.object, NamedNode(file.graph))
        for file in source_files(ROOT, (data,))
        if file.path.is_relative_to(data)
        for triple in parse(path=str(file.path))
    ]
    known = (line for line in VersionStore(built).current().lines() if line)
    write_version(folder, [*known, *nquads_lines(added)])


def table_rows(page: str, heading: str) -> list[list[str]]:
    """The texts of the cells of the table below a heading; a cell over several lines stands in the first one."""
    block = page[page.index(f'id="{heading}"') :]
    block = block[: block.index("</table>")]
    rows = re.findall(r"<tr>(.*?)</tr>", block, re.DOTALL)
    return [
        [
            " ".join(unescape(re.sub("<[^>]*>", " ", cell)).split())
            for cell in re.findall(r"<td[^>]*>(.*?)</td>", row, re.DOTALL)
        ]
        for row in rows[1:]
    ]


def page(url: str, path: str, language: str) -> str:
    response = httpx.get(url + path, headers={"Accept": "text/html", "Accept-Language": language})
    assert response.status_code == 200, response.text
    return response.text


def links(page: str, heading: str) -> list[str]:
    block = page[page.index(f'id="{heading}"') :]
    return [unescape(href) for href in re.findall(r'href="([^"]*)"', block[: block.index("</table>")])]


def table(url: str, address: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(httpx.get(url + address).text, newline="")))


@pytest.mark.parametrize("path", EMPTY)
def test_an_empty_list_answers_and_says_in_both_languages_how_to_fill_it(url: str, path: str) -> None:
    document = httpx.get(f"{url}/{path}.jsonld").json()
    assert document["totalItems"] == 0
    command = "plangraf link" if path in ("counties", "area-changes") else "plangraf import-statistics"
    assert sorted(document["description"]) == ["en", "nb"]
    assert all(command in text for text in document["description"].values())
    for language, begins in (("nb", "Denne versjonen har ingen"), ("en", "This version has no")):
        text = page(url, f"/{path}", language)
        assert f"<code>{command}</code>" in text
        assert f'<p class="lead">{begins}' in text
    assert len(httpx.get(f"{url}/{path}.csv").text.splitlines()) == 1
    assert f"<loc>{url}/{path}</loc>" in httpx.get(f"{url}/sitemap-0.xml").text


@pytest.mark.slow
@pytest.mark.parametrize(("path", "number"), COUNTS.items())
def test_a_filled_list_has_its_things_and_no_explanation(filled: str, path: str, number: int) -> None:
    document = httpx.get(f"{filled}/{path}.jsonld").json()
    assert document["totalItems"] == len(table(filled, f"/{path}.csv")) == number
    assert "description" not in document
    assert "Denne versjonen har ingen" not in page(filled, f"/{path}", "nb")


def test_filters_of_statistics_follow_indicator_and_target(filled: str) -> None:
    by_indicator = table(filled, f"/statistics-tables.csv?indicator={WASTE}")
    assert [row["number"] for row in by_indicator] == ["99459", "99460"]
    assert [row["number"] for row in table(filled, "/statistics-tables.csv?target=11.6")] == ["99459", "99460"]
    assert table(filled, "/statistics-tables.csv?target=2.4") == []
    said = {row["table"]: (row["saidByLabel"], row["reason"]) for row in table(filled, "/indicator-links.csv")}
    assert said == {
        f"{ID}no/cube/99459": ("", "Folketallet er nevneren."),
        f"{ID}no/cube/99460": ("U4SSC-indikatorene", ""),
    }


def test_lists_of_areas_have_numbers_over_time(filled: str) -> None:
    changes = table(filled, "/area-changes.csv?area=5001/municipality/5001&lang=en")
    assert [row["label"] for row in changes] == [
        "Trondheim (1601) became Trondheim (5001) on 2018-01-01",
        "Klæbu (5030) became Trondheim (5001) on 2020-01-01",
    ]
    assert [row["label"] for row in table(filled, "/area-changes.csv?year=2020&lang=en")] == [changes[1]["label"]]
    assert [row["number"] for row in table(filled, "/municipalities.csv?county=50")] == ["5030", "5001"]
    (klaebu,) = [row for row in table(filled, "/municipalities.csv") if row["number"] == "5030"]
    assert (klaebu["validUntil"], klaebu["replacedByLabel"]) == ("2020-01-01", "Trondheim")
    assert {row["number"]: row["replacedByLabel"] for row in table(filled, "/counties.csv")} == {
        "16": "Trøndelag",
        "50": "",
    }


def test_the_page_of_a_target_has_its_series_and_who_says_so(filled: str) -> None:
    text = page(filled, "/targets/11.6", "nb")
    rows = table_rows(text, "series")
    indicator = "Andel kommunalt avfall som samles inn og håndteres forsvarlig"
    values = "JSON · CSV · JSON-stat"
    population = "99459: Befolkning, etter region, kjønn og år kilde: Statistisk sentralbyrå"
    assert rows == [
        [
            population,
            indicator,
            "Vår tolkning: Folketallet er nevneren.",
            "Norge",
            "2018 – 2019",
            "tall i 2019: 2",
            values,
        ],
        ["Trondheim", "2018 – 2019", "tall i 2019: 2", values],
        ["Klæbu", "2018 – 2019", "tall i 2019: 1", values],
        [
            "99460: Svevestøv, etter region og kvartal kilde: Statistisk sentralbyrå",
            indicator,
            "U4SSC-indikatorene",
            "Trondheim",
            "2019-07-01 – 2020-03-31",
            "13.1 (2019-10-01–2019-12-31)",
            values,
        ],
    ]
    assert "Our reading: The population is the denominator." in page(filled, "/targets/11.6", "en")
    printed = table_rows(text, "printed")
    lonely = "Andel som er litt, ganske mye eller mye plaget av ensomhet, av befolkningen i Norge"
    assert printed[0] == [lonely, "16 prosent", "Norge", "2015"]
    # A mere count has no unit that is worth a word.
    assert ["Eneboliger i Trondheim", "24858", "Trondheim", ""] in printed


def test_the_links_of_a_series_lead_to_its_observations(filled: str) -> None:
    found = [link for link in links(page(filled, "/targets/11.6", "nb"), "series") if "/queries/" in link]
    assert [link for link in found if "99460" in link] == [
        "/queries/observations?table=99460&area=5001",
        "/queries/observations.csv?table=99460&area=5001",
        "/queries/observations.json-stat?table=99460&area=5001",
    ]
    assert [row["value"] for row in table(filled, "/queries/observations.csv?table=99460&area=5001")] == [
        "12.5",
        "13.1",
        "",
    ]
    for link in found:
        assert httpx.get(filled + link).status_code == 200


def test_the_document_of_a_target_has_tables_claims_and_last_observations(filled: str) -> None:
    document = httpx.get(f"{filled}/targets/11.6.jsonld").json()
    (waste,) = [one for one in document["@reverse"]["isIndicatorOf"] if one["id"] == WASTE]
    measured = {one["tableNumber"] for one in waste["@reverse"]["measuresIndicator"]}
    assert measured == {"99459", "99460"}
    reasons = [one.get("reason", {}).get("en") for one in waste["@reverse"]["linkedIndicator"]]
    assert sorted(filter(None, reasons)) == ["The population is the denominator."]
    graph = httpx.get(f"{filled}/targets/11.6.nt").text
    observation = f"<{ID}no/observation/99460-5001.2019K4>"
    value = f'{observation} <http://purl.org/linked-data/sdmx/2009/measure#obsValue> "13.1"'
    assert value in graph
    assert {line.split()[0] for line in graph.splitlines() if "/no/observation/" in line.split()[0]} == {observation}


def test_the_page_of_a_municipality_has_its_tables_and_former_numbers(filled: str) -> None:
    text = page(filled, "/doc/5001/municipality/5001", "en")
    assert table_rows(text, "numbers") == [
        ["1 January 2018", "Trondheim (1601) became Trondheim (5001) on 2018-01-01"],
        ["1 January 2018", "Klæbu (1662) became Klæbu (5030) on 2018-01-01"],
        ["1 January 2020", "Klæbu (5030) became Trondheim (5001) on 2020-01-01"],
    ]
    assert [(row[0][:5], row[-2]) for row in table_rows(text, "series")] == [
        ("99459", "figures in 2019: 2"),
        ("99460", "13.1 (2019-10-01–2019-12-31)"),
    ]
    assert "/no/observation/" not in text[text.index('id="incoming"') :]
    assert "more</span>" in text[text.index('id="incoming"') :]


def test_the_page_of_a_table_leads_to_the_values_of_all_areas(filled: str) -> None:
    text = page(filled, "/doc/no/cube/99459", "en")
    assert [row[-4:-1] for row in table_rows(text, "series")] == [
        ["Norway", "2018 – 2019", "figures in 2019: 2"],
        ["Trondheim", "2018 – 2019", "figures in 2019: 2"],
        ["Klæbu", "2018 – 2019", "figures in 2019: 1"],
        ["All areas", "", ""],
    ]
    assert links(text, "series")[-3] == "/queries/observations?table=99459"
    assert "Data set of a data cube" in text
    assert "qb:" not in re.sub('<script.*?</script>|title="[^"]*"', "", text, flags=re.DOTALL)


@pytest.mark.parametrize(
    ("path", "title"),
    [
        ("no/observation/99460-5001.2019K4", "Trondheim, 2019-10-01–2019-12-31: 13.1"),
        ("no/observation/99459-5030.2.2019", "Klæbu, 2019, Kvinner: .."),
        ("no/period/2019-q4", "2019-10-01–2019-12-31"),
        ("no/statistics-import/99459", "Import av tabell 99459"),
        ("no/retrieved-file/99459-1", "99459.json, lest for tabell 99459"),
        ("no/observation-file/99459", "Observasjonene i tabell 99459"),
        ("no/indicator-link/99459-1-interpreted", "Vår lesning 1 av tabell 99459"),
        ("no/component/99459-Kjonn", "Dimensjonen «kjonn»"),
        ("no/area-change/2020-01-01-5030-5001", "Klæbu (5030) ble Trondheim (5001) 1.1.2020"),
    ],
)
def test_what_statistics_are_made_of_has_a_name(filled: str, path: str, title: str) -> None:
    text = page(filled, f"/doc/{path}", "nb")
    (found,) = re.findall(r"<h1[^>]*>(.*?)</h1>", text)
    assert unescape(found) == title


def test_a_version_without_statistics_has_no_section_of_them(url: str) -> None:
    for path in (
        "/targets/11.6",
        "/doc/5001/municipality/5001",
        "/doc?iri=http%3A%2F%2Fmetadata.un.org%2Fsdg%2FC110603",
    ):
        text = page(url, path, "nb")
        assert 'id="series"' not in text
        assert 'id="numbers"' not in text
    assert 'id="printed"' in page(url, "/targets/11.6", "nb")


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("no/area/norge", "no/country/NO"),
        ("5001/area/norge", "no/country/NO"),
        ("5001/area/klaebu", "5030/municipality/5030"),
    ],
)
def test_the_iris_of_areas_that_moved_lead_to_those_of_statistics(url: str, old: str, new: str) -> None:
    response = httpx.get(f"{url}/id/{old}")
    assert (response.status_code, response.headers["location"]) == (301, f"/id/{new}")
    assert httpx.get(f"{url}/doc/{new}.ttl").status_code == 200
