"""Settings accept addresses that are valid in RDF, and keep them as written."""

from __future__ import annotations

import pytest

from plangraf.errors import SettingError
from plangraf.settings import load_settings


@pytest.mark.parametrize(
    "address",
    [
        "https://plan.example.no/graph",
        "http://127.0.0.1:8123",
        "http://[::1]:8000/x",
        "https://æøå.no/planer",
        "http://host",
    ],
)
def test_an_address_is_kept_as_it_was_written(address: str) -> None:
    settings = load_settings(public_url=address, contact_url=address, publisher_name="x", publisher=address)
    assert (settings.public_url, settings.contact_url, settings.publisher) == (address,) * 3


@pytest.mark.parametrize(
    "address",
    [
        "plan.example.no",
        "ftp://plan.example.no",
        "http:plan.example.no",
        "https:///plan",
        "https://",
        "HTTPS://host",
        "https://plan.example.no:99999",
        "https://plan example.no",
        "https://plan.example.no/<x>",
        "https://a..b:x/",
    ],
)
def test_an_invalid_address_is_refused_with_the_name_of_the_setting(address: str) -> None:
    for setting in ("public_url", "contact_url", "catalog"):
        with pytest.raises(SettingError, match=f"PLANGRAF_{setting.upper()}: "):
            load_settings(**{setting: address})
