"""Suggests a correction for an unknown name; suggests nothing when unsure.

Only a refused query needs it. A suggestion has the kind of the name, a property for a property, a class for a class,
because the first letter of a term tells its kind (`test_ontology` checks this for ours).
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Collection, Iterable
from typing import Literal

from plangraf.errors.message import N_, one_of
from plangraf.rdf.namespaces import CLOSED_NAMESPACES, PREFIXES
from plangraf.sparql.lexer import FUNCTIONS, Token

_SDMX = "http://purl.org/linked-data/sdmx/2009/"

WELL_KNOWN: dict[str, str] = {
    **PREFIXES,
    # Short or other forms of prefixes of the project.
    "dct": PREFIXES["dcterms"],
    "sdo": "https://schema.org/",
    # General vocabularies.
    "cc": "http://creativecommons.org/ns#",
    "dc": "http://purl.org/dc/elements/1.1/",
    "dcmitype": "http://purl.org/dc/dcmitype/",
    "dqv": "http://www.w3.org/ns/dqv#",
    "earl": "http://www.w3.org/ns/earl#",
    "fn": "http://www.w3.org/2005/xpath-functions#",
    "locn": "http://www.w3.org/ns/locn#",
    "m8g": "http://data.europa.eu/m8g/",
    "odrl": "http://www.w3.org/ns/odrl/2/",
    "pav": "http://purl.org/pav/",
    "person": "http://www.w3.org/ns/person#",
    "qudt": "http://qudt.org/schema/qudt/",
    "quantitykind": "http://qudt.org/vocab/quantitykind/",
    "regorg": "http://www.w3.org/ns/regorg#",
    "rov": "http://www.w3.org/ns/regorg#",
    "sd": "http://www.w3.org/ns/sparql-service-description#",
    "sdmx-attribute": f"{_SDMX}attribute#",
    "sdmx-code": f"{_SDMX}code#",
    "sdmx-concept": f"{_SDMX}concept#",
    "sdmx-dimension": f"{_SDMX}dimension#",
    "sdmx-measure": f"{_SDMX}measure#",
    "skosxl": "http://www.w3.org/2008/05/skos-xl#",
    "sosa": "http://www.w3.org/ns/sosa/",
    "spdx": "http://spdx.org/rdf/terms#",
    "ssn": "http://www.w3.org/ns/ssn/",
    "time": "http://www.w3.org/2006/time#",
    "unit": "http://qudt.org/vocab/unit/",
    "vcard": "http://www.w3.org/2006/vcard/ns#",
    "xhv": "http://www.w3.org/1999/xhtml/vocab#",
    "xkos": "http://rdf-vocabulary.ddialliance.org/xkos#",
    # Places.
    "geo": "http://www.opengis.net/ont/geosparql#",
    "geof": "http://www.opengis.net/def/function/geosparql/",
    "gn": "http://www.geonames.org/ontology#",
    "pos": "http://www.w3.org/2003/01/geo/wgs84_pos#",
    "sf": "http://www.opengis.net/ont/sf#",
    "wgs": "http://www.w3.org/2003/01/geo/wgs84_pos#",
    "wgs84": "http://www.w3.org/2003/01/geo/wgs84_pos#",
    "wgs84_pos": "http://www.w3.org/2003/01/geo/wgs84_pos#",
    # Europe and Norway.
    "at": "http://publications.europa.eu/resource/authority/",
    "cpsv": "http://purl.org/vocab/cpsv#",
    "cpsvno": "https://data.norge.no/vocabulary/cpsvno#",
    "cv": "http://data.europa.eu/m8g/",
    "dcatap": "http://data.europa.eu/r5r/",
    "dcatno": "https://data.norge.no/vocabulary/dcatno#",
    "epvoc": "https://data.europarl.europa.eu/def/epvoc#",
    "euvoc": "http://publications.europa.eu/ontology/euvoc#",
    "lexvo": "http://lexvo.org/ontology#",
    "modelldcatno": "https://data.norge.no/vocabulary/modelldcatno#",
    "skosno": "https://data.norge.no/vocabulary/skosno#",
    # The UN's goals, and large graphs.
    "dbo": "http://dbpedia.org/ontology/",
    "dbp": "http://dbpedia.org/property/",
    "dbr": "http://dbpedia.org/resource/",
    "p": "http://www.wikidata.org/prop/",
    "pq": "http://www.wikidata.org/prop/qualifier/",
    "ps": "http://www.wikidata.org/prop/statement/",
    "sdg": "http://metadata.un.org/sdg/",
    "wd": "http://www.wikidata.org/entity/",
    "wdt": "http://www.wikidata.org/prop/direct/",
    "wikibase": "http://wikiba.se/ontology#",
}

# Vocabularies with a term of the same name for many terms of others.
_VOCABULARIES = tuple(
    dict.fromkeys(
        [
            *(PREFIXES[name] for name in PREFIXES if name not in ("planshape", "xsd")),
            *(WELL_KNOWN[name] for name in ("dc", "sdo", "geo", "locn", "pos", "qudt", "sosa", "time", "vcard")),
        ]
    )
)
Role = Literal["property", "class", "any"]
"""What can stand in a name's place."""
# The least likeness, 0 to 1, of a name and what is suggested for it; one letter of four is 0.75.
_LIKE, _LIKE_IN_SHORT, _SHORT = 0.8, 0.75, 4
# The same for a name of another vocabulary, and for a prefix: many are near each other.
_VERY_LIKE, _LIKE_A_PREFIX = 0.85, 0.6
# The bonus of a prefix of the query or of the project.
_OWN_AHEAD = 0.1
_MOST_BY_WORD = 4
_RDFS, _DCTERMS, _XSD = PREFIXES["rdfs"], PREFIXES["dcterms"], PREFIXES["xsd"]
_XPATH = WELL_KNOWN["fn"]
# Words for the name of a thing, in both languages.
_NAMING = {
    **dict.fromkeys(("title", "titel", "tittel"), f"{_DCTERMS}title"),
    **dict.fromkeys(("label", "name", "navn", "namn"), f"{_RDFS}label"),
    **dict.fromkeys(("description", "beskrivelse"), f"{_DCTERMS}description"),
}
_FINDS = one_of(("CONTAINS", "STRBEFORE"))
# Functions of other query languages; the nearest spelling would mislead.
_FUNCTIONS_ELSEWHERE = {
    "LENGTH": "STRLEN",
    "LEN": "STRLEN",
    "UPPER": "UCASE",
    "LOWER": "LCASE",
    "TOUPPER": "UCASE",
    "TOLOWER": "LCASE",
    "UPPERCASE": "UCASE",
    "LOWERCASE": "LCASE",
    "SUBSTRING": "SUBSTR",
    "LEFT": "SUBSTR",
    "STARTSWITH": "STRSTARTS",
    "STARTS_WITH": "STRSTARTS",
    "ENDSWITH": "STRENDS",
    "ENDS_WITH": "STRENDS",
    "LIKE": "REGEX",
    "MATCH": "REGEX",
    "MATCHES": "REGEX",
    "CONCATENATE": "CONCAT",
    "EXIST": "EXISTS { … }",
    **dict.fromkeys(("INSTR", "INDEXOF", "LOCATE", "POSITION", "STRPOS", "CHARINDEX"), _FINDS),
    **dict.fromkeys(("TODAY", "GETDATE", "SYSDATE", "CURRENT_DATE", "CURRENT_TIMESTAMP"), "NOW"),
    "IFNULL": "COALESCE",
    "NVL": "COALESCE",
    "ISNULL": "BOUND",
    "AVERAGE": "AVG",
    "LISTAGG": "GROUP_CONCAT",
    "STRING_AGG": "GROUP_CONCAT",
    "CEILING": "CEIL",
}
# Functions that SPARQL lacks; each is a REPLACE that removes blanks.
_TRIMS = {"TRIM": r"^\\s+|\\s+$", "LTRIM": r"^\\s+", "RTRIM": r"\\s+$"}
_CASTS_ELSEWHERE = {
    **dict.fromkeys(("int", "long", "short", "byte", "nonnegativeinteger", "positiveinteger"), "integer"),
    "bool": "boolean",
    "number": "decimal",
    "numeric": "decimal",
    "str": "string",
}
_ONLY_FUNCTIONS = N_("SPARQL's own functions and xsd: casts are there.")


def same_name(iri: str) -> list[str]:
    """The IRIs with the same local name in other vocabularies: foaf's name for `http://schema.org/name`."""
    cut = max(iri.rfind("#"), iri.rfind("/")) + 1
    return [name + iri[cut:] for name in _VOCABULARIES if name != iri[:cut]] if iri[cut:] else []


def terms(local: str, namespace: str, known: Collection[str], role: Role) -> list[str]:
    """Suggests terms for an unknown name in one of our namespaces; empty when none is similar.

    Args:
        local: the name without its namespace.
        namespace: the closed namespace that it was written in.
        known: all terms of our namespaces, and those of other vocabularies that our data use.
        role: the role of the name.
    """
    fitting = sorted(iri for iri in known if role == "any" or _is_property(iri) == (role == "property"))
    own = {_local(iri).lower(): iri for iri in fitting if iri.startswith(namespace)}
    others = {_local(iri).lower(): iri for iri in fitting if not iri.startswith(CLOSED_NAMESPACES)}
    if role != "class":
        others |= _NAMING
    name = local.lower()
    for vocabulary in (own, others):
        if name in vocabulary:
            return [vocabulary[name]]
    word = re.sub(r"^has(?=[A-Z])", "", local).lower()
    by_word = [iri for iri in fitting if iri.startswith(namespace) and _ends_in(_local(iri), word)]
    if by_word:
        return by_word if len(by_word) <= _MOST_BY_WORD else []
    for vocabulary, likeness in ((own, _LIKE_IN_SHORT if len(name) <= _SHORT else _LIKE), (others, _VERY_LIKE)):
        if found := _nearest(name, vocabulary, likeness):
            return [vocabulary[found]]
    return []


def class_named(local: str, namespace: str, known: Collection[str]) -> str | None:
    """The local name of our class with this name, ignoring case."""
    names = (_local(iri) for iri in known if iri.startswith(namespace) and not _is_property(iri))
    return next((name for name in names if name.lower() == local.lower()), None)


def prefix(written: str, declared: Collection[str]) -> str | None:
    """Suggests a prefix for an unknown one, preferably one of the query or the project."""
    if len(written) < 2:
        return None

    def likeness(name: str) -> float:
        return difflib.SequenceMatcher(None, name.lower(), written.lower()).ratio()

    near = [name for name in sorted({*WELL_KNOWN, *declared}) if likeness(name) >= _LIKE_A_PREFIX]

    def rank(name: str) -> tuple[float, bool]:
        return likeness(name) + _OWN_AHEAD * (name in declared or name in PREFIXES), name in declared

    return max(near, key=rank, default=None)


def function(token: Token, casts: Collection[str], known: Iterable[str]) -> str | None:
    """Advice for an unknown function name."""
    word = token.upper
    if word in _TRIMS:
        argument = re.match(r"\s*\(\s*([?$]\w+)", token.source.original[token.end :])
        call = f'REPLACE({argument[1] if argument else "?text"}, "{_TRIMS[word]}", "")'
        return N_("SPARQL has no %(word)s: write %(call)s.", word=word, call=call)
    meant = _FUNCTIONS_ELSEWHERE.get(word) or _cast(word.lower(), casts) or _nearest(word, known, _LIKE)
    return N_("Did you mean %(meant)s?", meant=meant) if meant else None


def function_iri(iri: str, casts: Collection[str]) -> str:
    """Advice for an unknown IRI as function."""
    meant = None
    if iri.startswith(_XSD):
        names = {name.removeprefix(_XSD).lower(): name for name in casts}
        name = iri.removeprefix(_XSD).lower()
        near = _nearest(name, names, _LIKE)
        meant = _cast(name, casts) or (f"xsd:{_local(names[near])}" if near else None)
    elif iri.startswith(_XPATH):
        word = iri.removeprefix(_XPATH).replace("-", "").upper()
        meant = _FUNCTIONS_ELSEWHERE.get(word) or (word if word in FUNCTIONS else None)
    return N_("Did you mean %(meant)s?", meant=meant) if meant else _ONLY_FUNCTIONS


def variable(word: str, tokens: Iterable[Token]) -> str | None:
    """The variable of the query with this name, for a word without its question mark."""
    written = {token.text[1:]: token.text for token in tokens if token.kind == "variable"}
    by_letters = {name.lower(): text for name, text in written.items()}
    return written.get(word) or by_letters.get(word.lower())


def _cast(name: str, casts: Collection[str]) -> str | None:
    name = _CASTS_ELSEWHERE.get(name, name)
    return next((f"xsd:{_local(cast)}" for cast in casts if _local(cast).lower() == name), None)


def _is_property(iri: str) -> bool:
    return _local(iri)[:1].islower()


def _local(iri: str) -> str:
    return iri[max(iri.rfind("#"), iri.rfind("/")) + 1 :]


def _ends_in(name: str, word: str) -> bool:
    """Whether a name ends in this word: `linkedPlan` ends in `plan`."""
    rest = len(name) - len(word)
    return rest > 0 and name[rest].isupper() and name[rest:].lower() == word


def _nearest(name: str, known: Iterable[str], likeness: float) -> str | None:
    found = difflib.get_close_matches(name, sorted(known), n=1, cutoff=likeness)
    return found[0] if found else None
