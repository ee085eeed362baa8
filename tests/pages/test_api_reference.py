"""The page of the API tells once what most addresses share, and makes a request from examples only."""

from __future__ import annotations

from typing import Any

from plangraf.pages.api_reference import read_reference

PROBLEM = {"description": "Malformed.", "content": {"application/problem+json": {}}}


def parameter(name: str, place: str = "query", **more: Any) -> dict[str, Any]:
    return {"name": name, "in": place, "schema": {"type": "string"}, **more}


def operation(name: str, *parameters: dict[str, Any], tag: str = "Collections", **more: Any) -> dict[str, Any]:
    answers = {"200": {"description": "One page", "content": {"text/csv": {}}}, "400": PROBLEM}
    own = {"operationId": name, "tags": [tag], "summary": name.title(), "parameters": list(parameters)}
    return {"get": {**own, "responses": answers, **more}}


def test_what_most_addresses_of_a_group_take_is_told_once() -> None:
    paths = {
        f"/{name}": operation(name, parameter("page"), parameter("sort", description=f"By {name}."))
        for name in ("plans", "goals", "cases")
    }
    (group,) = read_reference({"paths": paths}, {}, {}).groups
    assert [one.name for one in group.shared] == ["page"]
    assert [[taken.name for taken in one.takes] for one in group.addresses] == [["sort"]] * 3
    assert [one.also for one in group.addresses] == [["page"]] * 3


def test_a_group_of_two_tells_each_what_it_takes() -> None:
    paths = {f"/{name}": operation(name, parameter("page")) for name in ("plans", "goals")}
    (group,) = read_reference({"paths": paths}, {}, {}).groups
    assert not group.shared
    assert [[taken.name for taken in one.takes] for one in group.addresses] == [["page"]] * 2


def test_an_answer_that_differs_from_the_usual_one_stands_at_its_address() -> None:
    paths = {f"/{name}": operation(name) for name in ("plans", "goals", "cases")}
    paths["/cases"]["get"]["responses"] = {
        "200": {"description": "A page"},
        "400": {**PROBLEM, "description": "Another."},
    }
    reference = read_reference({"paths": paths}, {}, {})
    assert [(one.status, str(one.text)) for one in reference.usual] == [("400", "Malformed.")]
    plans, _, cases = reference.groups[0].addresses
    assert ([one.status for one in plans.answers], plans.usually) == (["200"], ["400"])
    assert ([str(one.text) for one in cases.answers], cases.usually) == (["A page", "Another."], [])


def test_a_request_has_all_that_an_address_needs_or_is_left_out() -> None:
    paths = {
        "/doc/{path}": operation("document", parameter("path", "path", required=True, example="5001/plan/one")),
        "/doc": operation("byIri", parameter("iri", required=True, example="urn:a b"), parameter("lang", example="en")),
        "/compare/{pair}": operation("compare", parameter("pair", "path", required=True)),
        "/need": operation("need", parameter("what", required=True)),
        "/queries/trace": operation("trace", parameter("from", example="plan")),
    }
    (group,) = read_reference({"paths": paths}, {}, {"/queries/trace": "from=goal"}).groups
    requests = [one.request for one in group.addresses]
    assert requests == ["/doc/5001/plan/one", "/doc?iri=urn%3Aa+b", None, None, "/queries/trace?from=goal"]


def test_a_description_is_read_as_paragraphs_code_and_columns() -> None:
    text = "One row per `plan` & place.\n\n| column | type |\n|---|---|\n| `plan` | iri |\n| `title` | string |\n"
    paths = {"/plans": operation("plans", description=text)}
    (address,) = read_reference({"paths": paths}, {"/plans": "Planer"}, {}).groups[0].addresses
    assert list(address.paragraphs) == ["One row per <code>plan</code> &amp; place."]
    assert address.columns == [("plan", "iri"), ("title", "string")]
    assert (address.title, address.translated) == ("Planer", True)


def test_groups_stand_in_the_order_of_a_developer_and_an_unknown_one_last() -> None:
    paths = {f"/{tag}": operation(tag, tag=tag) for tag in ("New", "Operations", "Named queries")}
    assert [group.tag for group in read_reference({"paths": paths}, {}, {}).groups] == [
        "Named queries",
        "Operations",
        "New",
    ]
