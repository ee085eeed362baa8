"""The kinds of pages: one address of each, found from the data of a running service.

An address of one thing is the first member of the list of its kind, so that the table needs no change when the data
grow. `{current}` and `{earlier}` are ids of versions.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import quote

import httpx

KB = 1000
PAGE_BYTES = 60 * KB
TERMS_BYTES = 150 * KB


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of page.

    Attributes:
        name: what a report calls it.
        path: address, with placeholders; for a page of one thing, the list whose first member it shows.
        of: "list" when `path` names the list of a kind of things, otherwise "page".
        status: HTTP status of the answer.
        most_bytes: budget of the page with all that it loads, compressed; None for a page with an editor.
        short: whether the short form visits it.
    """

    name: str
    path: str
    of: str = "page"
    status: int = 200
    most_bytes: int | None = PAGE_BYTES
    short: bool = False


@dataclass(frozen=True, slots=True)
class Shown:
    """One page of a running service; `path` begins with a slash."""

    kind: Kind
    path: str

    def in_language(self, language: str) -> str:
        """The address of this page in nb or en."""
        path, fragment, anchor = self.path.partition("#")
        return f"{path}{'&' if '?' in path else '?'}lang={language}{fragment}{anchor}"


PAGES: tuple[Kind, ...] = (
    Kind("home", "/", short=True),
    Kind("lists", "/collections", short=True),
    Kind("list", "/plans", short=True),
    Kind("filtered list", "/plans?target=11.6"),
    Kind("empty list", "/plans?target=14.1"),
    Kind("long list", "/evidence"),
    Kind("search", "/search?q=klimaplan", short=True),
    Kind("search without a hit", "/search?q=qqqqqqqq"),
    Kind("empty search", "/search"),
    Kind("pictures", "/pictures"),
    Kind("picture", "/pictures/matrix", short=True),
    Kind(
        "neighbours", "/pictures/neighbourhood?iri=https%3A%2F%2Fw3id.org%2Fplangraf%2Fid%2F5001%2Fplan%2F2020-2023-7"
    ),
    Kind("queries", "/queries"),
    Kind("query", "/queries/plans", short=True),
    Kind("query that needs a value", "/queries/evidence"),
    Kind("result of a query", "/sparql?query=SELECT%20*%20%7B%20%3Fs%20%3Fp%20%3Fo%20%7D%20LIMIT%205", most_bytes=None),
    Kind("query with a mistake", "/sparql?query=SELECT%20*%20%7B%20%3Fs%20%3Fp%20%7D", status=400, most_bytes=None),
    Kind("sparql", "/sparql", most_bytes=None, short=True),
    Kind("ontology", "/ontology", most_bytes=TERMS_BYTES),
    Kind("shapes", "/shapes", most_bytes=TERMS_BYTES),
    Kind("catalogue", "/catalog", short=True),
    Kind("versions", "/version/"),
    Kind("comparisons", "/compare"),
    Kind("compare", "/compare/{earlier}..{current}"),
    Kind("downloads", "/dump/{current}/"),
    Kind("description of the API", "/docs"),
    Kind("home of a kept version", "/version/{earlier}/"),
    Kind("list of a kept version", "/version/{earlier}/plans"),
    Kind("unknown address", "/nothing-here", status=404, short=True),
    Kind("unknown thing", "/doc/5001/plan/2020-2023-99", status=404),
    Kind("bad value", "/plans?page=0", status=400),
    Kind("removed thing", "/doc/5001/plan/2020-2023-removed", status=410),
)
"""Pages that have one address."""

THINGS: tuple[Kind, ...] = (
    Kind("plan", "/plans", "list", short=True),
    Kind("planning strategy", "/planning-strategies", "list"),
    Kind("perspective", "/perspectives", "list", short=True),
    Kind("UN goal", "/goals", "list"),
    Kind("UN target", "/targets", "list", short=True),
    Kind("municipal goal", "/municipal-goals", "list"),
    Kind("measure", "/measures", "list"),
    Kind("platform", "/platforms", "list"),
    Kind("platform area", "/policy-areas", "list"),
    Kind("commitment", "/commitments", "list"),
    Kind("governing document", "/documents", "list"),
    Kind("case", "/cases", "list", short=True),
    Kind("decision", "/decisions", "list"),
    Kind("body", "/bodies", "list"),
    Kind("figure", "/figures", "list"),
    Kind("source document", "/source-documents", "list"),
    Kind("dataset", "/datasets", "list"),
    Kind("municipality", "/municipalities", "list"),
    Kind("interpreted link", "/interpreted-links", "list"),
    Kind("evidence", "/evidence", "list"),
    Kind("concept", "/concepts", "list"),
    Kind("period", "/periods", "list"),
)
"""Kinds of things; the page of one is its document."""


def find_pages(url: str, versions: Mapping[str, str]) -> list[Shown]:
    """Finds one page of each kind.

    Args:
        url: address of the service.
        versions: ids by placeholder, `current` and perhaps `earlier`; kinds that need another id are left out.
    """
    found = [
        Shown(kind, kind.path.format(**versions))
        for kind in PAGES
        if "{earlier}" not in kind.path or "earlier" in versions
    ]
    with httpx.Client(base_url=url, timeout=60) as client:
        found += [Shown(kind, first_document(client, kind.path)) for kind in THINGS]
    return found


def first_document(client: httpx.Client, collection: str) -> str:
    """The address of the document of a list's first member."""
    answer = client.get(f"{collection}.csv", params={"limit": 1})
    answer.raise_for_status()
    first = next(iter(csv.DictReader(io.StringIO(answer.text, newline=""))))["thing"]
    path = f"/doc?iri={quote(first, safe='')}"
    answer = client.get(path, headers={"Accept": "text/html"})
    return answer.headers["location"].removeprefix(str(client.base_url).rstrip("/")) if answer.is_redirect else path
