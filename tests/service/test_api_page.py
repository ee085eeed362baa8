"""Each example of /docs is answered by a service over the shipped data."""

from __future__ import annotations

import html
import re

import httpx
import pytest


@pytest.mark.slow
def test_every_example_of_the_description_is_answered(url: str) -> None:
    page = httpx.get(f"{url}/docs", params={"lang": "nb"}).text
    examples = [html.unescape(link) for link in re.findall('<a href="([^"]+)" rel="nofollow">', page)]
    examples = [link for link in examples if not link.startswith("/language")]
    assert len(examples) > 100
    with httpx.Client(base_url=url, timeout=120, headers={"Accept": "text/html,*/*;q=0.8"}) as client:
        wrong = {link: status for link in examples if (status := client.head(link).status_code) >= 400}
    assert wrong == {}
