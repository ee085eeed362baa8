"""The page of a thing's neighbours, where the graph was built and where it was not."""

from __future__ import annotations

import json
import re
from html import unescape
from pathlib import Path

import httpx
import pytest
from small_server import serving, small_settings

from plangraf.http.app import create_app
from plangraf.http.routes.pictures import neighbourhood

PLAN = "https://w3id.org/plangraf/id/5001/plan/one"


def page(versions: Path) -> str:
    with serving(lambda port: create_app(small_settings(versions, port))) as address:
        asked = {"iri": PLAN, "lang": "en"}
        answer = httpx.get(f"{address}/pictures/neighbourhood", params=asked, headers={"Accept": "text/html"})
    assert answer.status_code == 200, answer.text
    return answer.text


def test_a_page_offers_the_graph_by_the_address_of_its_script(
    small_versions: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(neighbourhood, "walk_script", lambda: "walk-X.js")
    text = page(small_versions)
    told = json.loads(unescape(re.findall(r'data-walk="([^"]*)"', text)[0]))
    assert told["script"] == "/static/walk-X.js"
    assert 'src="/static/walk.js"' in text
    assert ">Walk in the picture</button>" in text


def test_where_the_graph_was_not_built_the_page_has_its_picture_and_no_button(
    small_versions: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(neighbourhood, "walk_script", lambda: None)
    text = page(small_versions)
    assert "<svg" in text
    assert re.search(r'<svg.*?<a [^>]*href="/pictures/neighbourhood\?iri=', text, re.DOTALL)
    assert "walk" not in text
