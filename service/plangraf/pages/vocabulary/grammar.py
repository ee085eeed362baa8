"""Articles, numerals and plurals for sentences whose nouns come from the data, in English and Bokmål.

A name that a module does not know as a noun ("replaces", "part of") stands in quotation marks: "one value for
“replaces”". So a new name in the data never makes a wrong sentence, only a less natural one.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Protocol


def _set(words: str) -> frozenset[str]:
    return frozenset(words.split())


_ENGLISH_ENDS = _set("about as at by for from in of on to under until with")
_ENGLISH_STOPS = _ENGLISH_ENDS | {"that", "without"}
_ENGLISH_STARTS = _set("becomes documents files follows names possibly replaces responds revises the what")
# Participles and verbs that are no noun by themselves: "printed as a revision", but "printed item".
_ENGLISH_NOT_HEADS = _set(
    "attributed based changed checked cited defined discontinued given issued printed realises "
    "replaced replaces retrieved revises said signed treated valid"
)
_IRREGULAR = {"basis": "bases", "status": "statuses"}
_UNCOUNTABLE = {"evidence": "piece of evidence"}
_AS_CONSONANT = re.compile(r"(un[ij]|us|eu|one\b|UN\b|U[A-Z])")

_BOKMAL_ENDS = _set("av etter for fra i med mellom om på som til under ved")
_BOKMAL_STOPS = _BOKMAL_ENDS | {"slik", "uten"}
_BOKMAL_STARTS = _set("bygger dokumenterer følger gjelder har hviler muligens måler nevner svarer viser")
# Noun, gender and plural. A compound has those of its last part.
_BOKMAL_NOUNS = """
adresse c adresser|aktivitet c aktiviteter|avsnitt n avsnitt|begrep n begreper|begrunnelse c begrunnelser
belegg n belegg|beskrivelse c beskrivelser|beslutning c beslutninger|bestemmelse c bestemmelser|dag c dager
datakube c datakuber|dato c datoer|definisjon c definisjoner|del c deler|delmål n delmål|dimensjon c dimensjoner
dokument n dokumenter|egenskap c egenskaper|eksempel n eksempler|element n elementer|emne n emner
endring c endringer|enhet c enheter|fase c faser|ferdigstilling c ferdigstillinger|fil c filer|forbehold n forbehold
frist c frister|fylke n fylker|grad c grader|grep n grep|gruppe c grupper|gyldighet c gyldigheter
henvisning c henvisninger|hjemmel c hjemler|horisont c horisonter|id c ID-er|identifikator c identifikatorer
import c importer|indikator c indikatorer|intervall n intervaller|kilde c kilder|klasse c klasser
kobling c koblinger|kode c koder|kommune c kommuner|kontakt c kontakter|land n land|ledd n ledd|leser c lesere
lesning c lesninger|linje c linjer|lisens c lisenser|liste c lister|løfte n løfter|medvirkning c medvirkninger
metode c metoder|mål n mål|måling c målinger|måned c måneder|navn n navn|nivå n nivåer|nummer n numre
nøkkel c nøkler|observasjon c observasjoner|område n områder|oppstart c oppstarter|ord n ord|organ n organer
organisasjon c organisasjoner|paragraf c paragrafer|part c parter|partner c partnere|periode c perioder
perspektiv n perspektiver|plan c planer|plass c plasser|plassering c plasseringer|plattform c plattformer
prosess c prosesser|prosjekt n prosjekter|regel c regler|rekkefølge c rekkefølger|ressurs c ressurser
rettelse c rettelser|sak c saker|samling c samlinger|sammendrag n sammendrag|satsing c satsinger|sesong c sesonger
sett n sett|side c sider|sikkerhet c sikkerheter|slutt c slutter|start c starter|status c statuser|sted n steder
strategi c strategier|struktur c strukturer|sum c summer|tabell c tabeller|tall n tall|tekst c tekster|tema n temaer
tid c tider|tidspunkt n tidspunkter|tidsrom n tidsrom|tiltak n tiltak|tittel c titler|trend c trender|type c typer
undersøkelse c undersøkelser|utfall n utfall|utgiver c utgivere|varighet c varigheter|vedlegg n vedlegg
vedtak n vedtak|verdi c verdier|verk n verk|verktøy n verktøy|verv n verv|visjon c visjoner|år n år
""".replace("\n", "|")
_NOUNS = {
    noun: (gender, plural) for noun, gender, plural in (entry.split(" ") for entry in _BOKMAL_NOUNS.split("|") if entry)
}


@dataclass(frozen=True, slots=True)
class Noun:
    """A noun with its forms: "en plan", "one plan", "plans"; the plural is None where the name has adjectives."""

    text: str
    with_article: str
    one: str
    plural: str | None


class Grammar(Protocol):
    """The nouns of one language."""

    def noun(self, name: str) -> Noun | None:
        """The forms of a name that is a noun, None for any other name."""

    def field(self, name: str) -> Noun:
        """The forms of a value of the field with this name."""

    def kind(self, name: str) -> str:
        """A thing of the kind with this name, as a subject."""


class English:
    """Nouns in English."""

    def noun(self, name: str) -> Noun | None:
        words = name.split()
        if not words or words[-1] in _ENGLISH_ENDS or words[0] in _ENGLISH_STARTS or " or " in name:
            return None
        at = next((n for n, word in enumerate(words) if word.strip(",") in _ENGLISH_STOPS), len(words))
        if at == 0 or "," in name or words[at - 1] in _ENGLISH_NOT_HEADS:
            return None
        head = words[at - 1]
        if at == 1 and head in _UNCOUNTABLE:
            return self.noun(" ".join([_UNCOUNTABLE[head], *words[1:]]))
        plural = " ".join([*words[: at - 1], _english_plural(head), *words[at:]])
        consonant = name[0].lower() not in "aeiou" or _AS_CONSONANT.match(name)
        return Noun(name, f"{'a' if consonant else 'an'} {name}", "one", plural)

    def field(self, name: str) -> Noun:
        return Noun(f"value for “{name}”", f"a value for “{name}”", "one", f"values for “{name}”")

    def kind(self, name: str) -> str:
        return f"a thing of the kind “{name}”"


def _english_plural(noun: str) -> str:
    if noun in _IRREGULAR:
        return _IRREGULAR[noun]
    if noun.endswith("y") and noun[-2:-1] not in "aeiou":
        return noun[:-1] + "ies"
    return noun + ("es" if noun.endswith(("s", "x", "ch", "sh")) else "s")


class Bokmal:
    """Nouns in Bokmål, with the gender of the last part of a compound."""

    def noun(self, name: str) -> Noun | None:
        words = name.split()
        if not words or words[-1] in _BOKMAL_ENDS or words[0] in _BOKMAL_STARTS or " eller " in name or "," in name:
            return None
        at = next((n for n, word in enumerate(words) if word in _BOKMAL_STOPS), len(words))
        # A genitive before the noun ("måltallets enhet") takes no article.
        if at == 0 or any(word.endswith("s") for word in words[: at - 1]):
            return None
        known = _bokmal_head(words[at - 1])
        if known is None:
            return None
        noun, gender, plural = known
        article, one = ("et", "ett") if gender == "n" else ("en", "én")
        head = words[at - 1][: len(words[at - 1]) - len(noun)] + plural
        return Noun(name, f"{article} {name}", one, " ".join([head, *words[at:]]) if at == 1 else None)

    def field(self, name: str) -> Noun:
        return Noun(f"verdi for «{name}»", f"en verdi for «{name}»", "én", f"verdier for «{name}»")

    def kind(self, name: str) -> str:
        return f"en ting av typen «{name}»"


def _bokmal_head(word: str) -> tuple[str, str, str] | None:
    """The longest known noun that ends the word, with its gender and plural."""
    lower = word.lower()
    for start in range(len(lower)):
        if known := _NOUNS.get(lower[start:]):
            return lower[start:], *known
    return None


GRAMMARS: dict[str, Grammar] = {"en": English(), "nb": Bokmal()}


def lower_first(name: str) -> str:
    """A label inside a sentence: `plan` for `Plan`, `FN-mål` and `eInnsyn` as they are."""
    return name[:1].lower() + name[1:] if name[1:2].islower() or name[1:2] in ("", " ") else name


def upper_first(text: str) -> str:
    return text[:1].upper() + text[1:]
