"""`/`, `/docs` and the files that pages load: everything comes from this service, none from other hosts."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import orjson
from fastapi import FastAPI
from fastapi.openapi.docs import get_swagger_ui_html
from starlette.requests import Request
from starlette.responses import Response

from plangraf.errors import ResourceNotFoundError
from plangraf.http.pipeline.browser_headers import CONTENT_SECURITY_POLICY, policy_for
from plangraf.http.pipeline.respond import made, vary, whole
from plangraf.http.resource.openapi import content, openapi_of_version
from plangraf.http.resource.parameters import format_of, language_of, parameters
from plangraf.http.routes.catalog import catalogue, dates_part
from plangraf.http.service import Pinned, Service, pinned
from plangraf.pages.html import script
from plangraf.rdf.formats import DOCUMENT_FORMATS, HTML, JSON_LD
from plangraf.sparql.named.binding import NamedQuery
from plangraf.views.addresses import document_path
from plangraf.views.catalog.schema_org import catalogue_json_ld
from plangraf.views.collections.table import COLLECTIONS
from plangraf.views.graphs import fetch, fetch_rows, write
from plangraf.views.jsonld import compact_graph, dump
from plangraf.views.wording import collection_name, collection_order

_DATASETS = """CONSTRUCT { ?dataset ?p ?o }
WHERE { ?dataset a <http://www.w3.org/ns/dcat#Dataset> ; ?p ?o }"""
# The home page shows the beginning of a collection, its query the whole.
_SHOWN = 40
_AN_HOUR_S = 3_600


def add_routes(app: FastAPI, service: Service) -> None:
    async def home(request: Request) -> Response:
        here = pinned(request)
        given = parameters(request.scope["query_string"])
        # HTML last: a client without a wish gets data.
        format_, by_accept = format_of(request, given, DOCUMENT_FORMATS)
        language, by_language = language_of(request, given)
        page = format_ == HTML
        parts = ("home", format_.name, language if page else "", dates_part(here) if page else "")
        varied = by_language and (page or by_accept)
        headers = {
            **vary("Accept" if by_accept else None, "Accept-Language" if varied else None),
            "Cache-Control": "no-cache",
        }

        async def make() -> tuple[bytes, str]:
            if page:
                body = here.pages.render(
                    "home.html", language, collections=await _collections(here, language),
                    lists=list(COLLECTIONS.values()),
                    downloads=bool(here.snapshot.contents.downloads()),
                    # There is one catalogue, that of the current version, and kept versions lead to it too.
                    catalog=f"{here.base_prefix}/catalog",
                    schema_org=script(catalogue_json_ld(await catalogue(here), language)),
                )  # fmt: skip
            else:
                graph = await fetch(here.snapshot.engine, _DATASETS)
                body = dump(compact_graph(service.context, graph)) if format_ == JSON_LD else write(graph, format_)
            return body, format_.content_type

        return await made(here, request, parts, headers, make)

    app.add_api_route(
        "/", home, methods=["GET"], operation_id="home", tags=["Documents"],
        summary="The home page; for RDF clients the description of the datasets", response_class=Response,
        responses={200: {"description": "The page or graph", "content": content(DOCUMENT_FORMATS)}},
    )  # fmt: skip

    async def docs(request: Request) -> Response:
        here = pinned(request)
        page = get_swagger_ui_html(
            openapi_url=f"{here.prefix}/openapi.json",
            title="plangraf API",
            swagger_js_url=f"{here.prefix}/static/swagger-ui-bundle.js",
            swagger_css_url=f"{here.prefix}/static/swagger-ui.css",
            swagger_favicon_url=f"{here.prefix}/static/icon.svg",
            # Otherwise Swagger UI asks a validator on another host about public services.
            swagger_ui_parameters={
                "validatorUrl": None,
                "docExpansion": "list",
                "defaultModelsExpandDepth": -1,
            },
        )
        body = bytes(page.body).replace(b"<html>", b'<html lang="en">', 1)
        headers = {**vary(), "Cache-Control": "no-cache", CONTENT_SECURITY_POLICY: policy_for(body, scripts=True)}
        return whole(request, body, HTML.content_type, here.own_tag("docs"), headers)

    app.add_api_route("/docs", docs, methods=["GET"], include_in_schema=False)

    async def description(request: Request) -> Response:
        here = pinned(request)
        body = orjson.dumps(openapi_of_version(app, here.snapshot.id, here.prefix) if here.kept else app.openapi())
        headers = {**vary(), "Cache-Control": "no-cache"}
        return whole(request, body, "application/json", here.own_tag("openapi"), headers)

    # Not the framework's own, which has no ETag.
    app.add_api_route("/openapi.json", description, methods=["GET"], include_in_schema=False)
    _add_static(app)


@dataclass(frozen=True, slots=True)
class _Item:
    href: str
    text: str
    lang: str | None
    number: str


@dataclass(frozen=True, slots=True)
class _Collection:
    """The things of one named query; `lang` is the language of `title`."""

    name: str
    title: str
    lang: str
    things: list[_Item]


async def _collections(service: Pinned, language: str) -> list[_Collection]:
    """The named queries whose rows are things with a name: what there is, one list each."""
    found = []
    for query in sorted(service.queries.values(), key=lambda query: collection_order(query.name)):
        columns = list(query.head.columns)
        name = next((column for column in ("title", "label") if column in columns), None)
        needed = any(not parameter.optional for parameter in query.head.parameters.values())
        if needed or name is None or query.head.columns[columns[0]] != "iri":
            continue
        title, lang = collection_name(query.name, language) or (query.head.summary, "en")
        found.append(_Collection(query.name, title, lang, await _items(service, query, columns[0], name, language)))
    return found


async def _items(service: Pinned, query: NamedQuery, thing: str, name: str, language: str) -> list[_Item]:
    items: dict[str, _Item] = {}
    for row in await fetch_rows(service.snapshot.engine, query.bind({"lang": [language]})):
        iri = row[thing]["value"]
        number = row.get("number", {}).get("value", "")
        named = row.get(name, {})
        text, lang = named.get("value") or iri, named.get("xml:lang")
        items.setdefault(iri, _Item(service.prefix + document_path(iri), text, lang, number))
    return list(items.values())[:_SHOWN]


def _add_static(app: FastAPI) -> None:
    """A fixed table of files: ours, and Swagger UI's as the package fastapi-offline carries them."""
    ours = Path(__file__).resolve().parents[2] / "pages" / "static"
    spec = find_spec("fastapi_offline")
    assert spec is not None  # a declared dependency
    assert spec.origin is not None
    swagger = Path(spec.origin).resolve().parent / "static"
    files = {
        "style.css": (ours, "text/css; charset=utf-8"),
        "icon.svg": (ours, "image/svg+xml"),
        "swagger-ui.css": (swagger, "text/css; charset=utf-8"),
        "swagger-ui-bundle.js": (swagger, "text/javascript; charset=utf-8"),
    }
    loaded = {name: ((folder / name).read_bytes(), media_type) for name, (folder, media_type) in files.items()}

    async def static(request: Request, name: str) -> Response:
        if name not in loaded:
            raise ResourceNotFoundError(f"/static/{name}", "See / for what is served.")
        body, media_type = loaded[name]
        tag = f'"{hashlib.sha256(body).hexdigest()[:32]}"'
        headers = {**vary(), "Cache-Control": f"public, max-age={_AN_HOUR_S}"}
        return whole(request, body, media_type, tag, headers)

    app.add_api_route("/static/{name}", static, methods=["GET"], include_in_schema=False)
