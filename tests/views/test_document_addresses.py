"""The IRI behind the address of a document."""

from __future__ import annotations

import pytest

from plangraf.views.document_parts import document_path, iri_of_address

BASE = "https://data.example.no/plans"
ID = "https://w3id.org/plangraf/id/"
SDG = "http://metadata.un.org/sdg/"


@pytest.mark.parametrize(
    ("path", "iri"),
    [
        ("/doc/5001/plan/one", f"{ID}5001/plan/one"),
        ("/doc/5001/plan/one.html?lang=nb", f"{ID}5001/plan/one"),
        ("/id/5001/plan/%C3%A6", f"{ID}5001/plan/æ"),
        ("/version/0123456789abcdef/doc/5001/plan/one", f"{ID}5001/plan/one"),
        ("/targets/11.a", f"{SDG}11.a"),
        ("/goals/11", f"{SDG}11"),
        ("/targets/x", None),
        ("/plans", None),
        ("", None),
    ],
)
def test_an_address_of_the_service_has_the_iri_of_its_document(path: str, iri: str | None) -> None:
    assert iri_of_address(BASE + path, BASE) == iri


@pytest.mark.parametrize("address", ["https://data.example.no/plansx/doc/a/b/c", "https://other.example/doc/a/b", "x"])
def test_another_address_has_none(address: str) -> None:
    assert iri_of_address(address, BASE) is None


@pytest.mark.parametrize("iri", [f"{ID}5001/plan/one", f"{ID}5001/plan/æ ø", f"{SDG}11.6", f"{SDG}1"])
def test_it_reverses_the_path_of_a_document(iri: str) -> None:
    assert iri_of_address(BASE + document_path(iri), BASE) == iri
