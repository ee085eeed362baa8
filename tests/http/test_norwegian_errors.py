"""What goes wrong is told in the reader's language: no English sentence of ours stands on a Norwegian page."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from urllib.parse import quote, unquote

import httpx
import pytest
from babel.messages.pofile import read_po
from small_server import Script
from test_problem_pages import FAILURES

from page_tree import Element, read_tree
from plangraf import errors
from plangraf.errors.message import N_, English, Listed, Message, Quoted, known, sentences
from plangraf.pages.words import words
from small_home import ROOT

BOKMAL = {"Accept": "text/html", "Accept-Language": "nb"}
CATALOGUE = ROOT / "service" / "plangraf" / "pages" / "translations" / "nb.po"
PREFIXES = "PREFIX plan: <https://w3id.org/plangraf/ontology#> "
LISTS = {
    "/plans?page=x": "er ikke et helt tall fra 1 og oppover",
    "/plans?limit=0": "er ikke et helt tall fra 1 til",
    "/plans?limit=1&limit=2": "Den er oppgitt 2 ganger. Oppgi den bare én gang.",
    "/plans?nothing=1": "/plans kjenner den ikke. Disse kan brukes:",
    "/plans?page=99999": "Vi finner ikke side 99 999 av /plans",
    "/plans?sort=nothing": "Listen kan ikke sorteres etter «nothing»",
    "/plans?kind=nothing": "Denne versjonen av dataene kjenner ikke «nothing».",
    "/plans?version=x": "er ikke en versjons-ID",
    "/plans?lang=sv": "finnes ikke. Velg en av disse: nb, en.",
    "/plans?format=doc": "finnes ikke her. Velg en av disse:",
    "/plans?" + "&".join(["a=1"] * 201): "Forespørselen har mer enn 200 parametre.",
    "/plans?kind=%ff": "Parametrene er ikke UTF-8",
}
SEARCHES = {
    "/search?q=plan&page=0": "er ikke et helt tall fra 1 og oppover",
    "/search?q=plan": "av dataene: den er publisert uten søkeindeks. Søk i versjonen som gjelder nå",
    f"/search?q={'x' * 1001}": "Teksten har 1 001 tegn, og grensen er 1 000. Søk etter noen få ord.",
}
OTHERS = {
    "/doc": "Den mangler. Eksempel: /doc?iri=",
    "/doc?iri=x": "Vi finner ikke x i denne versjonen av dataene. Se etter skrivefeil, eller søk i dataene.",
    "/doc/5001/plan/none": "Vi finner ikke https://w3id.org/plangraf/id/5001/plan/none",
    "/targets/99": "Delmål skrives som 11.6 eller 11.a, og mål som 11.",
    "/ontology/nothing": "Forsiden (/) viser hva som finnes.",
    "/queries/nothing": "Alle spørringene står på /queries.",
    "/queries/plnas": "Mente du plans?",
    "/queries/plans?numbr=1": "plans kjenner den ikke. Disse kan brukes:",
    "/queries/plans?page=0": "er ikke et helt tall fra 1 og oppover",
    "/queries/plans?page=9999": "Vi finner ikke side 9 999 av /queries/plans",
    "/queries/plans?lang=sv": "finnes ikke. Velg en av disse: nb, en.",
    "/pictures/nothing": "Alle figurene står på /pictures.",
    "/pictures/nothing?theme=pink": "finnes ikke. Velg en av disse: light, dark.",
    "/pictures/neighbourhood?iri=https://example.org/x": "Oppgi IRI-en til noe som står i dataene.",
    "/compare/x": "Oppgi to versjoner, slik: /compare/<id>..<id>.",
    "/compare/00000000000000aa..00000000000000bb": "Vi finner ikke versjon 00000000000000aa",
    "/version/00000000000000aa/plans": "Du finner versjonene som er tatt vare på, på /version/.",
    "/dump/nothing": "Vi finner ikke versjon nothing",
    "/feed/99": "Endringsloggen har sidene 1 til",
    "/sitemap-99.xml": "Alle delene står i /sitemap.xml.",
    "/language?to=sv&back=/": "finnes ikke. Velg en av disse: nb, en.",
    "/language?to=nb&back=x": "er ikke en sti i denne tjenesten",
}
REFUSED = {
    "": "Spørringen er tom. Send for eksempel en SELECT.",
    "SELECT": "Her ventet vi",
    "SELECT * WHERE { ?s ?p ?o": "blir aldri avsluttet. Det mangler «}» før slutten.",
    "SELECT * WHERE { ?s ?p ?o } }": "Dette tegnet «}» avslutter ingenting.",
    "SELECT * WHERE { ?s ?p <http://x y> }": "kan ikke ha et mellomrom i seg. Skriv tegnet prosentkodet, som %20.",
    'SELECT * WHERE { ?s ?p "x }': "Denne teksten er ikke avsluttet.",
    "SELECT * WHERE { ?s foo:bar ?o }": "Prefikset foo: er ikke deklarert.",
    "SELECT * WHERE { ?s plan:respondsTo ?o }": "Legg til denne linjen øverst: PREFIX plan:",
    PREFIXES + "SELECT * WHERE { ?s plan:respondsTow ?o }": "er ikke et begrep i ontologien",
    PREFIXES + "SELECT * WHERE { ?s a plan:Pln }": "er ikke et begrep i ontologien",
    "SELECT ?s WHERE { ?s ?p ?o } GROUP BY ?o": "står verken i GROUP BY eller inne i en aggregatfunksjon",
    "SELECT * WHERE { ?s ?p ?o FILTER(LENGTH(?o) > 1) }": "ingen funksjon som heter LENGTH. Mente du STRLEN?",
    "SELECT * WHERE { ?s ?p ?o AND ?o ?q ?r }": "Knytt vilkår sammen med «&&».",
    "INSERT DATA { <x:y> <x:z> 1 }": "INSERT er en oppdatering (SPARQL Update), og ingenting ble endret",
    "SELECT * WHERE { SERVICE <https://example.org/> { ?s ?p ?o } }": "tjenesten ikke sender spørringer til andre",
    "SELECT * WHERE { " + "{ " * 70 + "} " * 70 + "}": "for stor: dybden av parenteser er 65, og grensen er 64.",
    'SELECT * WHERE { ?s ?p ?o FILTER(REGEX(?o, "a(?=b)")) }': "Mønsteret har et blikk fram eller tilbake",
    "SELECT (1 AS ?a) (2 AS ?a) WHERE {}": "SELECT gir ?a to ganger. Velg et annet navn.",
    "SELECT * WHERE { ?s ?p ?o } LIMIT x": "Her ventet vi et helt tall.",
}
EMPTY = {
    "SELECT * WHERE { ?s ?p ?o } LIMIT 0": "LIMIT 0 ber om ingen rader.",
    "SELECT * WHERE { ?s a <http://example.org/Nothing> }": "Ingenting har klassen <http://example.org/Nothing>.",
    "SELECT * WHERE { ?s <http://example.org/none> ?o }": "Ingen trippel har predikatet <http://example.org/none>",
    PREFIXES + 'SELECT * WHERE { ?s a plan:Plan ; plan:number "1" }': "(linje 1, tegn",
    PREFIXES + "SELECT * WHERE { ?s a plan:Plan FILTER(?x = 1) }": "Ingenting i denne gruppen gir ?x en verdi.",
    PREFIXES + "SELECT * FROM <http://example.org/g> WHERE { ?s a plan:Plan }": "<http://example.org/g> finnes ikke",
    PREFIXES
    + "SELECT * WHERE { GRAPH <http://example.org/g> { ?s a plan:Plan } }": "<http://example.org/g> finnes ikke",
    PREFIXES + "SELECT * WHERE { ?s a plan:Plan } OFFSET 1000": "Det finnes rader, men OFFSET hopper over alle",
    PREFIXES + "SELECT * WHERE { ?s a plan:Plan FILTER(1 = 2) }": "er ikke sann for noen av dem",
    PREFIXES + "SELECT * WHERE { ?s a plan:Plan MINUS { ?s a plan:Plan } }": "tar bort alt som mønstrene foran finner",
}


@cache
def english() -> list[str]:
    """The parts of three words and more between the values of each English message that has other words in Bokmål."""
    with CATALOGUE.open("rb") as file:
        messages = [one for one in read_po(file, locale="nb") if one.id and one.id != one.string]
    texts = [one.id if isinstance(one.id, str) else one.id[1] for one in messages]
    parts = (part.strip(" .,:;") for text in texts for part in re.split(r"%\(\w+\)s", text))
    return sorted({part for part in parts if len(re.findall(r"[A-Za-z]{2,}", part)) >= 3})


def norwegian(element: Element) -> Iterator[str]:
    """The texts of a page without scripts, code, fields and what is marked as English."""
    for part in element.children:
        if isinstance(part, str):
            yield part
        elif part.tag not in ("script", "code", "textarea", "style") and part.attributes.get("lang") != "en":
            yield from norwegian(part)


def assert_norwegian(response: httpx.Response, told: str = "") -> None:
    tree = read_tree(response)
    (page,) = tree.all("html", lang="nb")
    text = re.sub(r"\s+", " ", "".join(norwegian(page)))
    assert [part for part in english() if part in text] == []
    assert told in re.sub(r"\s+", " ", page.text.replace(" .", ".")), page.text


def test_the_english_that_is_looked_for_is_found_on_an_english_page(direct: httpx.Client) -> None:
    page = direct.get("/plans?page=x", headers={**BOKMAL, "Accept-Language": "en"}).text
    assert [part for part in english() if part in page]
    assert len(english()) > 300


@pytest.mark.parametrize("name", FAILURES)
def test_a_failed_request_is_told_in_norwegian(direct: httpx.Client, name: str) -> None:
    method, path, headers, body, _ = FAILURES[name]
    assert_norwegian(direct.request(method, path, headers={**BOKMAL, **headers}, content=body))


@pytest.mark.parametrize(("path", "told"), [*LISTS.items(), *SEARCHES.items(), *OTHERS.items()])
def test_a_bad_address_is_told_in_norwegian(direct: httpx.Client, path: str, told: str) -> None:
    response = direct.get(path, headers=BOKMAL)
    assert 400 <= response.status_code < 500
    assert_norwegian(response, told)


@pytest.mark.parametrize(("query", "told"), REFUSED.items())
def test_a_refused_query_is_told_in_norwegian(direct: httpx.Client, query: str, told: str) -> None:
    response = direct.get(f"/sparql?query={quote(query)}", headers=BOKMAL)
    assert 400 <= response.status_code < 500
    assert_norwegian(response, told)


@pytest.mark.parametrize(("query", "told"), EMPTY.items())
def test_an_empty_answer_is_explained_in_norwegian(direct: httpx.Client, query: str, told: str) -> None:
    response = direct.get(f"/sparql?query={quote(query)}", headers=BOKMAL)
    assert response.status_code == 200
    assert "Ingen rader. Ingenting i dataene passer til spørringen." in response.text
    assert_norwegian(response, told)


@pytest.mark.sampled(3)
@pytest.mark.parametrize(
    ("failure", "told"),
    [
        (errors.OverloadedError(64), "64 spørringer er allerede i gang eller venter."),
        (errors.DisplacedError(2), "Over 2 lange spørringer gikk samtidig"),
        (errors.NotReadyError(), "versjonen blir åpnet nå. Prøv igjen om et øyeblikk."),
        (errors.QueryTimeoutError(2.5), "Spørringen brukte mer enn 2,5 sekunder, som er grensen."),
        (errors.QueryMemoryError(1024), "Spørringen krevde mer enn 1 024 MiB minne"),
        (errors.WorkerCrashedError(), "Prosessen som beregnet svaret, stoppet (for dyp, eller stoppet)."),
        (errors.VersionGoneError("aa"), "Versjon aa er slettet herfra. /version/ viser versjonene"),
        (errors.ResourceGoneError("x", "aa", "/b"), "x er fjernet. Versjon aa av dataene var den siste som hadde det."),
        (
            errors.SearchUnavailableError("aa", N_("the file %(name)s is damaged", name="x")),
            "filen x er skadet.",
        ),
        (errors.AnswerBrokenError(English("disk full")), "Svaret ble avbrutt før det var ferdig: disk full."),
        (RuntimeError("the secret inside"), "Feilen er loggført under referansenummeret"),
    ],
)
def test_a_failure_of_the_service_is_told_in_norwegian(
    script: Script, scripted: str, failure: Exception, told: str
) -> None:
    script.failure = failure
    assert_norwegian(httpx.get(f"{scripted}/doc/5001/plan/one", headers=BOKMAL), told)


@pytest.mark.parametrize("query", ["SELECT", PREFIXES + "SELECT * WHERE { ?s plan:respondsTow ?o }"])
def test_a_program_gets_english_and_other_words_only_beside_it(direct: httpx.Client, query: str) -> None:
    path, headers = f"/sparql?query={quote(query)}", {"Accept": "application/sparql-results+json"}
    plain = direct.get(path, headers={**headers, "Accept-Language": "nb"}).json()
    spoken = direct.get(path, headers={**headers, "Plangraf-Language": "nb"}).json()
    localized = spoken.pop("localized")
    assert {**plain, "instance": ""} == {**spoken, "instance": ""}
    assert localized["language"] == "nb"
    assert localized["title"] == "Det er en feil i SPARQL-spørringen"
    assert localized["detail"].startswith("Linje 1, tegn ")
    assert "localized" not in direct.get(path, headers={**headers, "Plangraf-Language": "sv"}).json()


def test_an_explanation_is_in_the_language_that_a_script_names(direct: httpx.Client) -> None:
    path = f"/sparql?explain=true&query={quote('SELECT * WHERE { ?s a <http://example.org/Nothing> }')}"
    told = direct.get(path, headers={"Plangraf-Language": "nb"}).headers["Plangraf-Explain"]
    assert unquote(told).endswith("Ingenting har klassen <http://example.org/Nothing>.")
    assert "nothing has the class" in direct.get(path).headers["Plangraf-Explain"]


def test_a_message_is_english_text_and_escaped_in_pages() -> None:
    message = N_("%(value)s is not a whole number such as 7.", value=Quoted("<b>'7'</b>"))
    assert message == "\"<b>'7'</b>\" is not a whole number such as 7."
    assert type(str(message)) is str
    assert words("nb").message(message) == "«<b>'7'</b>» er ikke et helt tall, som 7."
    assert words("nb").message_html(message) == "«&lt;b&gt;&#39;7&#39;&lt;/b&gt;» er ikke et helt tall, som 7."
    assert (
        words("en").message_html(message) == "&#34;&lt;b&gt;&#39;7&#39;&lt;/b&gt;&#34; is not a whole number such as 7."
    )


def test_a_text_of_others_stays_english_and_is_marked() -> None:
    said = sentences(N_("Remove it."), "at <end>")
    assert words("nb").message_html(said) == 'Fjern det. <span lang="en">at &lt;end&gt;</span>'
    assert words("nb").message(Listed([known("a"), 2.5])) == "a, 2,5"
    assert (Listed([N_("Remove it.")]) + "x") == "Remove it.x"


def test_titles_of_errors_that_readers_meet_are_messages() -> None:
    kinds = [errors.RequestError, errors.EngineError, errors.FeedDamagedError, errors.PlangrafError]
    for kind in [*kinds, *errors.RequestError.__subclasses__(), *errors.EngineError.__subclasses__()]:
        assert isinstance(kind.title, Message), kind
        assert words("nb").message(kind.title) != kind.title
