"""What the home page shows of the data: questions with the number of answers, sizes of lists, municipalities.

`queries/site.yaml` declares questions, counted lists and the groups of the page of all lists.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from urllib.parse import urlencode

from pyoxigraph import NamedNode

from plangraf.diagnostics.diagnostic import DataError
from plangraf.engines.snapshots import Snapshot
from plangraf.rdf.namespaces import ID
from plangraf.sparql.named.collection import Collection
from plangraf.sparql.named.head import problem
from plangraf.views.collections.collation import collation_key
from plangraf.views.collections.listing import page_value
from plangraf.views.collections.members import facet_values, order, select
from plangraf.views.declarations import SITE_FILE, Question, Site
from plangraf.views.describe import Labels, fetch_labels
from plangraf.views.page_value import PageValue

# The list and the facet whose values are the municipalities that have data.
_LIST, _FACET = "plans", "municipality"


@dataclass(frozen=True, slots=True)
class Answered:
    """A question with the path of its list, and the number of things there."""

    text: str
    path: str
    number: int
    collection: Collection


@dataclass(frozen=True, slots=True)
class Counted:
    """A list and the number of its things."""

    collection: Collection
    number: int


def check_lists(site: Site, collections: Mapping[str, Collection]) -> None:
    """Checks that the site names only lists, facets and columns that exist, and no list in two groups.

    Raises:
        DataError: it names another one.
    """
    named = [path for group in site.groups for path in group.lists]
    for path in (*site.counted, *named, *(question.path for question in site.questions)):
        if path not in collections:
            raise _unusable(f"/{path} is not a list", f"/{path} er ingen liste", collections)
        if named.count(path) > 1:
            raise _unusable(f"/{path} stands in two groups", f"/{path} står i to grupper", ())
    for question in site.questions:
        collection = collections[question.path]
        facets = [facet.name for facet in collection.facets]
        columns = [column.name for column in collection.columns]
        for name in question.filters:
            if name not in facets:
                raise _unusable(
                    f"/{question.path} has no filter {name!r}", f"/{question.path} har ikke {name!r}", facets
                )
        if question.sort and question.sort.removeprefix("-") not in columns:
            sort = question.sort
            raise _unusable(
                f"/{question.path} has no column {sort!r}", f"/{question.path} har ikke kolonnen {sort!r}", columns
            )


def _unusable(en: str, nb: str, known: Iterable[str]) -> DataError:
    names = ", ".join(known)
    return problem(
        f"queries/{SITE_FILE}",
        1,
        f"{en}." + (f" Use one of: {names}." if names else ""),
        f"{nb}." + (f" Bruk en av: {names}." if names else ""),
    )


async def answered_questions(
    snapshot: Snapshot, site: Site, collections: Mapping[str, Collection], language: str
) -> list[Answered]:
    """The questions that the version answers, in their order.

    Raises:
        PlangrafError: the engine cannot answer the query.
    """
    found = []
    for question in site.questions:
        collection = collections[question.path]
        filters = {
            facet: facet.full(question.filters[facet.name])
            for facet in collection.facets
            if facet.name in question.filters
        }
        number = len(await select(snapshot, collection, filters))
        if number:
            found.append(Answered(question.text.in_language(language), _path(question), number, collection))
    return found


def _path(question: Question) -> str:
    parameters = question.filters | ({"sort": question.sort} if question.sort else {})
    return f"/{question.path}" + (f"?{urlencode(parameters, safe='/')}" if parameters else "")


async def counted_lists(snapshot: Snapshot, site: Site, collections: Mapping[str, Collection]) -> list[Counted]:
    """The lists that the home page counts, without empty ones.

    Raises:
        PlangrafError: the engine cannot answer the query.
    """
    counted = [Counted(collections[path], len(await snapshot.part(order, collections[path]))) for path in site.counted]
    return [one for one in counted if one.number]


async def municipalities(
    snapshot: Snapshot, collections: Mapping[str, Collection], language: str, prefix: str
) -> list[tuple[PageValue, int]]:
    """The municipalities that have plans, in Norwegian order, each with its page and the number of its plans.

    Raises:
        PlangrafError: the engine cannot answer the query.
    """
    collection = collections.get(_LIST)
    facet = next((facet for facet in collection.facets if facet.name == _FACET), None) if collection else None
    if collection is None or facet is None:
        return []
    sizes = dict((await snapshot.part(facet_values, collection, facet)).sizes())
    things = {value: NamedNode(facet.thing(value) or ID + value) for value in sizes}
    labels = Labels(await fetch_labels(snapshot.engine, things.values()))
    named = [(page_value(labels, thing, language, prefix), sizes[value]) for value, thing in things.items()]
    return sorted(named, key=lambda one: collation_key(one[0].text))


def grouped_lists(
    site: Site, collections: Mapping[str, Collection], counted: Mapping[str, int], language: str
) -> Iterator[tuple[str | None, list[Counted]]]:
    """The groups of all lists with their sizes; the last one, without a title, has the lists that no group names."""
    left = dict(collections)
    for group in site.groups:
        members = [Counted(left.pop(path), counted[path]) for path in group.lists if path in left]
        yield group.title.in_language(language), members
    if left:
        yield None, [Counted(collection, counted[path]) for path, collection in left.items()]
