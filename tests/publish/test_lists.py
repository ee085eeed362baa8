"""A build arranges long lists as a service does, and takes from the version before what no change concerns."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyoxigraph import Literal, NamedNode, Quad, QuerySolutions, Store

from plangraf.publish.lists import writing
from plangraf.publish.lists.writing import Before, write_lists
from plangraf.rdf.bulk_terms import BulkTerms
from plangraf.rdf.namespaces import PREFIXES
from plangraf.rdf.quad_lines import load_store
from plangraf.sparql.named.collection_files import load_collections
from plangraf.store.versions import VersionStore
from plangraf.views.collections.collation import collation_key
from plangraf.views.collections.facet_values import MOST_FREQUENT, FacetValues
from plangraf.views.collections.list_files import damaged_files, read_index, read_order, read_values
from plangraf.views.collections.members import facet_queries, order_query
from small_home import ROOT

COLLECTIONS = load_collections(ROOT / "queries")
NONE = BulkTerms.joined([])
TITLE, NUMBER = PREFIXES["dcterms"] + "title", PREFIXES["plan"] + "number"


def rows(store: Store, query: str) -> QuerySolutions:
    found = store.query(query)
    assert isinstance(found, QuerySolutions)
    return found


@pytest.fixture(scope="module")
def store(built: Path) -> Store:
    return load_store(list(VersionStore(built).current().lines()))


@pytest.fixture
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    """Lists of any length are written."""
    monkeypatch.setattr(writing, "LONG", 1)


@pytest.mark.slow
def test_every_list_has_its_things_in_order_and_the_things_of_each_value(
    store: Store, tmp_path: Path, short: None
) -> None:
    folder = tmp_path / "lists"
    files, _ = write_lists(folder, COLLECTIONS.values(), store, NONE)
    assert (files, list(damaged_files(folder))) == (len(read_index(folder)), [])
    tried = 0
    for collection in COLLECTIONS.values():
        query = order_query(collection)
        expected = {row["thing"].value for row in rows(store, query)}
        things = read_order(folder, collection.path, query)
        assert (things is None) == (not expected), collection.path
        if things is None:
            continue
        assert len(things) == len(set(things)) == len(expected)
        assert set(things) == expected
        for facet in collection.facets:
            queries = facet_queries(collection, facet)
            values = read_values(folder, collection.path, facet.name, [query, *queries])
            assert values is not None
            assert len(values) == len(things)
            joined = " ".join([collection.members, facet.through or "", facet.pattern])
            pairs = {
                (row["value"].value, row["thing"].value)
                for row in rows(store, f"SELECT DISTINCT ?thing ?value WHERE {{ {joined} }}")
            }
            found = {(value, things[place]) for value in values.values for place in values.places_of(value)}
            assert found == pairs, (collection.path, facet.name)
            tried += bool(pairs)
    assert tried > 50


def test_short_lists_are_left_to_the_service(store: Store, tmp_path: Path) -> None:
    write_lists(tmp_path / "lists", COLLECTIONS.values(), store, NONE)
    lists = {name.partition("/")[0] for name in read_index(tmp_path / "lists")}
    assert "evidence" in lists
    assert not {"plans", "targets"} & lists


def test_a_list_that_bulk_triples_may_reach_is_left_to_the_service(store: Store, tmp_path: Path, short: None) -> None:
    plans = COLLECTIONS["plans"]
    terms = BulkTerms(("urn:x:",), {PREFIXES["rdf"] + "type": 1}, {plans.classes[0]: 1}, frozenset(plans.classes), 1)
    write_lists(tmp_path / "lists", [plans], store, terms)
    assert not read_index(tmp_path / "lists")


def test_what_no_changed_statement_concerns_is_taken_from_the_version_before(
    store: Store, tmp_path: Path, short: None
) -> None:
    plans = COLLECTIONS["plans"]
    first, second, third = tmp_path / "1", tmp_path / "2", tmp_path / "3"
    files, _ = write_lists(first, [plans], store, NONE)
    assert write_lists(second, [plans], store, NONE, Before(first, frozenset({"urn:x:none"}))) == (files, files)
    assert all((first / name).samefile(second / name) for name in read_index(first))
    # The order has the title in it; it moves nothing here, so that the filters stay.
    assert write_lists(third, [plans], store, NONE, Before(first, frozenset({TITLE}))) == (files, files - 1)
    assert not (third / "plans" / "order").samefile(first / "plans" / "order")
    assert read_index(third) == read_index(first)


def test_a_title_that_moves_a_plan_moves_its_place_in_each_filter(store: Store, tmp_path: Path, short: None) -> None:
    plans = COLLECTIONS["plans"]
    changed = Store()
    changed.bulk_extend(store)
    query = order_query(plans)
    write_lists(tmp_path / "1", [plans], store, NONE)
    before = read_order(tmp_path / "1", "plans", query)
    assert before is not None
    for old in list(changed.quads_for_pattern(None, NamedNode(NUMBER), None, None)):
        changed.remove(old)
        changed.add(Quad(old.subject, old.predicate, Literal(str(1000 - len(str(old.object)))), old.graph_name))
    write_lists(tmp_path / "2", [plans], changed, NONE, Before(tmp_path / "1", frozenset({NUMBER})))
    after = read_order(tmp_path / "2", "plans", query)
    assert after is not None
    assert list(after) != list(before)
    facet = next(facet for facet in plans.facets if facet.name == "kind")
    queries = [query, *facet_queries(plans, facet)]
    kinds = [read_values(tmp_path / name, "plans", "kind", queries) for name in "12"]
    assert kinds[0] is not None
    assert kinds[1] is not None
    for kind in kinds[0].values:
        assert {before[at] for at in kinds[0].places_of(kind)} == {after[at] for at in kinds[1].places_of(kind)}


def test_a_damaged_file_of_the_version_before_is_written_anew(store: Store, tmp_path: Path, short: None) -> None:
    plans = COLLECTIONS["plans"]
    files, _ = write_lists(tmp_path / "1", [plans], store, NONE)
    for name in ("order", "kind"):
        path = tmp_path / "1" / "plans" / name
        path.write_bytes(path.read_bytes() + b" ")
    assert sorted(damaged_files(tmp_path / "1")) == ["plans/kind", "plans/order"]
    before = Before(tmp_path / "1", frozenset())
    assert write_lists(tmp_path / "2", [plans], store, NONE, before)[0] == files
    assert not list(damaged_files(tmp_path / "2"))
    (tmp_path / "2" / "index.json").write_text("[]")
    assert list(damaged_files(tmp_path / "2")) == ["index.json"]
    assert not read_index(tmp_path / "2")


found_values = st.dictionaries(st.text(max_size=4), st.sets(st.integers(0, 30), min_size=1), max_size=200)


@given(found_values, st.sets(st.integers(0, 30)))
def test_the_most_frequent_values_and_their_numbers_are_those_of_a_count(
    found: dict[str, set[int]], chosen: set[int]
) -> None:
    values = FacetValues.of(found, 31)
    assert values.values == sorted(found, key=lambda value: (collation_key(value), value))
    assert dict(values.sizes()) == {value: len(places) for value, places in found.items()}
    for value in (*found, "neither"):
        assert list(values.places_of(value)) == sorted(found.get(value, ()))
        assert (value in values) == (value in found)
        assert values.number_of(value, sorted(chosen)) == len(found.get(value, set()) & chosen)
    for places in (sorted(chosen), range(31)):
        counted = {value: number for value, had in found.items() if (number := len(had.intersection(places)))}
        ranked = sorted(counted.items(), key=lambda pair: (-pair[1], collation_key(pair[0]), pair[0]))
        assert values.most_frequent(places) == (ranked[:MOST_FREQUENT], len(counted))
