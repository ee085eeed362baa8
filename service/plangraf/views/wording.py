"""The interface texts of the pages in both languages, and the form of one value on a page. Texts of the domain are in
files.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from plangraf.sparql.named.binding import LANGUAGES

LANGUAGE_NAMES: Final = {"nb": "Norsk bokmål", "en": "English"}

# key: (nb, en)
_TEXTS: Final[dict[str, tuple[str, str]]] = {
    "skip": ("Hopp til innholdet", "Skip to the content"),
    "home": ("Forsiden", "Home"),
    "queries": ("Spørringer", "Queries"),
    "ontology": ("Ontologi", "Ontology"),
    "shapes": ("Dataregler (SHACL)", "Shapes (SHACL)"),
    "api": ("API", "API"),
    "iri": ("IRI", "IRI"),
    "facts": ("Opplysninger", "Facts"),
    "property": ("Egenskap", "Property"),
    "value": ("Verdi", "Value"),
    "evidence": ("Belegg", "Evidence"),
    "evidence_about": ("Opplysning", "Statement"),
    "evidence_kind": ("Hvordan", "How"),
    "evidence_place": ("Sted i kilden", "Passage in the source"),
    "lines": ("linje {first}–{last} i uttrekket", "lines {first}–{last} of the extraction"),
    "incoming": ("Hit peker", "What points here"),
    "incoming_property": ("Som", "As"),
    "incoming_thing": ("Fra", "From"),
    "incoming_limit": (
        "Bare de første {n} vises; spør /sparql om resten.",
        "Only the first {n} are shown; ask /sparql for the rest.",
    ),
    "show_all": ("Vis alle {n}", "Show all {n}"),
    "series": ("Tallserier i statistikken", "Series of the statistics"),
    "series_lead": (
        "Tabeller fra statistikkontor som er lest inn. Siste verdi er den nyeste som er oppgitt; lenkene gir alle.",
        "Tables of statistical offices that are loaded. The last value is the newest one given; the links give all.",
    ),
    "series_more": ("Flere områder eller tabeller finnes.", "There are more areas or tables."),
    "series_more_link": ("Alle statistikktabeller", "All statistics tables"),
    "series_table": ("Tabell", "Table"),
    "series_source": ("kilde", "source"),
    "series_indicator": ("Indikator", "Indicator"),
    "series_said_by": ("Sagt av", "Said by"),
    "series_our_reading": ("Vår lesning:", "Our reading:"),
    "series_area": ("Område", "Area"),
    "series_periods": ("Perioder", "Periods"),
    "series_value": ("Siste verdi", "Last value"),
    "series_values": ("Alle verdier", "All values"),
    "series_lines": ("tall i {period}: {n}", "figures in {period}: {n}"),
    "series_none": ("ingen verdi", "no value"),
    "series_everywhere": ("Alle områder", "All areas"),
    "printed": ("Tall som plandokumentene oppgir", "Figures that the plan documents print"),
    "printed_lead": (
        "Tallene belegger perspektiver som er knyttet til delmålet. Et tall måler en indikator bare der siden om det "
        "sier det.",
        "The figures document perspectives that relate to the target. A figure measures an indicator only where its "
        "page says so.",
    ),
    "printed_period": ("Periode", "Period"),
    "printed_figure": ("Tall", "Figure"),
    "numbers": ("Nummer over tid", "Numbers over time"),
    "numbers_change": ("Endring", "Change"),
    "numbers_date": ("Fra dato", "From date"),
    "quality": ("Datakvalitet", "Data quality"),
    "quality_metric": ("Mål", "Metric"),
    "quality_class": ("Klasse", "Class"),
    "formats": ("Samme dokument i andre formater", "The same document in other formats"),
    "language": ("Språk", "Language"),
    "version": ("Dataversjon", "Version of the data"),
    "versions": ("Versjoner av dataene", "Versions of the data"),
    "versions_lead": (
        "Versjonene som er tatt vare på, den nyeste først. Hver av dem svarer på de samme adressene.",
        "The versions that are kept, the newest first. Each of them answers at the same addresses.",
    ),
    "versions_written": ("Laget", "Written"),
    "versions_triples": ("Tripler", "Triples"),
    "downloads": ("Nedlastinger", "Downloads"),
    "downloads_lead": (
        "Filer av dataversjon {version}. De endres aldri, og SHA256SUMS forteller om de kom helt frem.",
        "Files of version {version} of the data. They never change, and SHA256SUMS tells whether they arrived whole.",
    ),
    "downloads_file": ("Fil", "File"),
    "downloads_bytes": ("Byte", "Bytes"),
    "versions_current": ("gjeldende", "current"),
    "changes": ("Endringer", "Changes"),
    "changes_before": ("siden forrige versjon", "since the version before"),
    "changes_lead": (
        "{added} opplysninger er kommet til og {removed} er borte fra versjon {before} til {after}.",
        "{added} statements were added and {removed} removed from version {before} to {after}.",
    ),
    "changes_none": ("Ingenting er endret.", "Nothing has changed."),
    "changes_added": ("lagt til", "added"),
    "changes_removed": ("fjernet", "removed"),
    "changes_change": ("Endring", "Change"),
    "changes_limit": (
        "Bare de første {n} tingene vises; de andre formatene har alt.",
        "Only the first {n} things are shown; the other formats have all.",
    ),
    "graph": ("Graf", "Graph"),
    "license": ("Data: CC BY 4.0", "Data: CC BY 4.0"),
    "no_label": ("Uten navn", "Without a name"),
    "home_ways": ("Veier inn", "Ways in"),
    "home_sparql": (
        "still spørsmål i SPARQL, i nettleseren eller fra et program",
        "ask in SPARQL, from the browser or a program",
    ),
    "home_dump": ("alt som filer å laste ned", "everything as files to download"),
    "home_queries": ("ferdige spørringer som JSON og CSV", "ready-made queries as JSON and CSV"),
    "home_docs": ("prøv spørringene, se alle parametre", "try the queries, see all parameters"),
    "home_ontology": ("hva ordene i dataene betyr", "what the words of the data mean"),
    "home_shapes": ("hvordan dataene skal se ut", "what the data must look like"),
    "home_catalog": ("datasettene, filene og tjenestene", "the datasets, files and services"),
    "catalog": ("Katalog", "Catalogue"),
    "catalog_lead": (
        "Alle datasettene med filer til nedlasting, og tjenestene som svarer på spørsmål om dem. Portaler høster "
        "katalogen som DCAT-AP-NO fra samme adresse.",
        "All datasets with files to download, and the services that answer questions about them. Portals harvest "
        "the catalogue as DCAT-AP-NO from the same address.",
    ),
    "catalog_datasets": ("Datasett", "Datasets"),
    "catalog_series": ("Planperioder", "Plan periods"),
    "catalog_services": ("Tjenester", "Services"),
    "catalog_period": ("Periode", "Period"),
    "catalog_tables": ("Tabeller, én for hver klasse", "Tables, one for each class"),
    "queries_lead": (
        "Hver spørring er en nettadresse som svarer med JSON, CSV, TSV eller XML. Alle tar i tillegg "
        "<code>municipality</code> og <code>lang</code>.",
        "Each query is an address that answers in JSON, CSV, TSV or XML. All take <code>municipality</code> "
        "and <code>lang</code> too.",
    ),
    "parameters": ("Parametre", "Parameters"),
    "columns": ("Kolonner", "Columns"),
    "optional": ("valgfri", "optional"),
    "try": ("Prøv", "Try"),
    "sparql_lead": (
        "Skriv en SPARQL-spørring. Adressen til endepunktet er",
        "Write a SPARQL query. The address of the endpoint is",
    ),
    "sparql_query": ("Spørring", "Query"),
    "sparql_format": ("Svar som", "Answer as"),
    "sparql_send": ("Spør", "Ask"),
    "automatic": ("det vanlige", "the usual"),
    "not_found": ("Finnes ikke", "Not found"),
    "not_found_lead": (
        "Det finnes ingenting på denne adressen i dataene.",
        "There is nothing at this address in the data.",
    ),
    "collections": ("Lister", "Lists"),
    "collections_lead": (
        "Alt i dataene, ordnet etter hva det er. Hver liste kan avgrenses og lastes ned.",
        "Everything in the data by what it is. Each list can be narrowed and downloaded.",
    ),
    "collection": ("Liste", "List"),
    "collection_number": ("Antall", "Number"),
    "collection_filters_of": ("Kan avgrenses etter", "Can be narrowed by"),
    "collection_total": ("{total} i alt, {first}–{last} vises.", "{total} in all, {first}–{last} shown."),
    "collection_empty": ("Ingen passer.", "None fits."),
    "collection_filters": ("Avgrens", "Narrow"),
    "collection_chosen": ("Valgt", "Chosen"),
    "collection_remove": ("Fjern", "Remove"),
    "collection_more": ("… og {n} til.", "… and {n} more."),
    "collection_pages": ("Sider", "Pages"),
    "page_first": ("Første", "First"),
    "page_previous": ("Forrige", "Previous"),
    "page_next": ("Neste", "Next"),
    "page_last": ("Siste", "Last"),
    "page_of": ("Side {n} av {last}", "Page {n} of {last}"),
    "shapes_lead": (
        "Hver regel har et fast navn; en valideringsrapport viser til det.",
        "Each rule has a stable name that validation reports point to.",
    ),
    "shape_rule": ("Regel", "Rule"),
    "shape_path": ("Egenskap", "Property"),
    "shape_severity": ("Alvor", "Severity"),
    "shape_message": ("Melding", "Message"),
}


def texts(language: str) -> dict[str, str]:
    """All interface texts in one language."""
    number = LANGUAGES.index(language)
    return {key: words[number] for key, words in _TEXTS.items()}


@dataclass(frozen=True, slots=True)
class PageValue:
    """One value on a page. `href` is None for a value without a link, `lang` is the language of `text`."""

    text: str
    href: str | None = None
    lang: str | None = None
    about: str | None = None
