"""What `queries/site.yaml` says of lists must fit them: no service starts, and no build passes, with another name."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from plangraf.diagnostics.diagnostic import DataError
from plangraf.publish.pipeline import check_site_files
from plangraf.settings import default_home
from plangraf.sparql.named.collection_files import load_collections
from plangraf.views.declarations import load_site
from plangraf.views.front_page import check_lists, grouped_lists

HOME = default_home()
COLLECTIONS = load_collections(HOME / "queries")
WRONG = [
    ("counted: [plans,", "counted: [plams,", "/plams is not a list. Use one of: plans,"),
    ("    list: plans\n", "    list: plams\n", "/plams is not a list"),
    ("lists: [plans, ", "lists: [plams, ", "/plams is not a list"),
    ("lists: [visions,", "lists: [plans, visions,", "/plans stands in two groups"),
    ('filters: {goal: "11"}', 'filters: {gaol: "11"}', "/plans has no filter 'gaol'. Use one of: municipality,"),
    ("sort: -date", "sort: -dato", "/decisions has no column '-dato'. Use one of: date,"),
]


def home_with(folder: Path, old: str, new: str) -> Path:
    shutil.copytree(HOME / "queries", folder / "queries")
    (folder / "ontology").symlink_to(HOME / "ontology")
    path = folder / "queries" / "site.yaml"
    text = path.read_text(encoding="utf-8")
    assert text.count(old) == 1, old
    path.write_text(text.replace(old, new), encoding="utf-8")
    return folder


@pytest.mark.parametrize(("old", "new", "said"), WRONG)
def test_a_name_that_no_list_has_is_told_with_those_that_exist(tmp_path: Path, old: str, new: str, said: str) -> None:
    home = home_with(tmp_path, old, new)
    with pytest.raises(DataError) as refused:
        check_lists(load_site(home), COLLECTIONS)
    assert said in str(refused.value)
    (problem,) = check_site_files(home)
    assert "queries/site.yaml" in str(problem)


def test_the_shipped_file_names_every_list_in_one_group() -> None:
    site = load_site(HOME)
    check_lists(site, COLLECTIONS)
    groups = list(grouped_lists(site, COLLECTIONS, dict.fromkeys(COLLECTIONS, 1), "nb"))
    assert all(title for title, _ in groups)
    assert sorted(one.collection.path for _, members in groups for one in members) == sorted(COLLECTIONS)


def test_a_list_that_no_group_names_stands_in_the_last_one() -> None:
    site = load_site(HOME)
    fewer = site.model_copy(update={"groups": site.groups[1:]})
    *_, (title, members) = grouped_lists(fewer, COLLECTIONS, dict.fromkeys(COLLECTIONS, 1), "en")
    assert title is None
    assert "plans" in [one.collection.path for one in members]
