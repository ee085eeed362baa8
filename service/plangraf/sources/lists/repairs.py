"""What was wrong in a list and what was done with it: each kind of repair, its count, and what it changed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from plangraf.sources.lists.mapping import Text

KINDS: dict[str, Text] = {
    "namespace": Text(
        nb="Egenskaper i http://purl.org/dc/, som ikke finnes, lest som http://purl.org/dc/terms/",
        en="Properties in http://purl.org/dc/, which does not exist, read as http://purl.org/dc/terms/",
    ),
    "known-namespace": Text(
        nb="Egenskaper og klasser i et navnerom som nesten er et kjent, slik som https for http, lest i det kjente",
        en="Properties and classes in a namespace that is nearly a known one, such as https for http, read in that one",
    ),
    "written-list": Text(
        nb="Verdier skrevet som en liste i et programmeringsspråk, ['…'], pakket ut",
        en="Values written as a list of a programming language, ['…'], unwrapped",
    ),
    "language-tag": Text(
        nb="Norske tekster merket som engelske (@en), lest som bokmål (@nb)",
        en="Norwegian texts tagged as English (@en), read as Bokmål (@nb)",
    ),
    "language-tag-en": Text(
        nb="Engelske tekster merket som norske, lest som engelske (@en)",
        en="English texts tagged as Norwegian, read as English (@en)",
    ),
    "non-ascii-iri": Text(
        nb="IRI-er med tegn utenfor ASCII, skrevet med prosentkoder",
        en="IRIs with characters beyond ASCII, percent-encoded",
    ),
    "malformed-iri": Text(
        nb="IRI-er med mellomrom eller andre tegn som en IRI ikke kan ha, rettet",
        en="IRIs with blanks or other characters that an IRI may not have, corrected",
    ),
    "number-as-code": Text(
        nb="Koder skrevet som tall, lest som tekst slik de står, for 8.10 er ikke 8.1",
        en="Codes written as numbers, read as text as they stand, because 8.10 is not 8.1",
    ),
    "not-a-number": Text(
        nb="Verdien NaN der en tekst skulle stått, utelatt", en="The value NaN where a text belongs, left out"
    ),
    "duplicate-row": Text(
        nb="Rader som sier det samme som en tidligere rad, utelatt",
        en="Rows that say the same as an earlier row, left out",
    ),
    "spelling": Text(
        nb="Koder med mellomrom, komma, bindestrek, stor bokstav, et ord foran eller https, skrevet som hos FN",
        en="Codes with spaces, a comma, a hyphen, a capital letter, a word or https, written as the UN writes them",
    ),
    "unknown-target": Text(nb="Delmål som FN ikke har, utelatt", en="Targets that the UN does not have, left out"),
    "unknown-goal": Text(nb="Mål som FN ikke har, utelatt", en="Goals that the UN does not have, left out"),
    "unknown-indicator": Text(
        nb="Indikatorkoder som FN ikke har, utelatt", en="Indicator codes that the UN does not have, left out"
    ),
    "discontinued": Text(
        nb="Koblinger til indikatorer som FN har gitt opp, ført til etterfølgeren",
        en="Links to indicators that the UN discontinued, led to their successors",
    ),
    "discontinued-without-successor": Text(
        nb="Koblinger til indikatorer som FN har gitt opp uten etterfølger, beholdt",
        en="Links to indicators that the UN discontinued without a successor, kept",
    ),
    "code-against-number": Text(
        nb="Kode for en annen indikator enn den nummeret og delmålet sier, byttet ut med indikatoren som har nummeret",
        en="Code of another indicator than number and target say, replaced by the indicator with that number",
    ),
    "target-against-code": Text(
        nb="Et annet delmål enn det koden og nummeret sier, byttet ut med indikatorens delmål",
        en="Another target than code and number say, replaced by the target of the indicator",
    ),
    "target-from-code": Text(
        nb="Delmål mangler, tatt fra indikatoren som koden og nummeret sier",
        en="Target missing, taken from the indicator that code and number say",
    ),
    "contradiction": Text(
        nb="Kode, nummer og delmål som sier hver sitt, der koblingen til FNs indikator er utelatt",
        en="Code, number and target that disagree, the link to the UN's indicator left out",
    ),
    "without-target": Text(
        nb="Oppføringer uten delmål og uten FN-indikator, beholdt uten slik kobling",
        en="Entries with neither a target nor a UN indicator, kept without such a link",
    ),
    "address-in-text": Text(
        nb="Kildeadresser med andre ord eller flere i samme felt, tatt ut hver for seg",
        en="Addresses of sources with other words or several in one field, taken out one by one",
    ),
    "bad-address": Text(
        nb="Kilder oppgitt uten en gyldig adresse, utelatt", en="Sources given without a valid address, left out"
    ),
    "unknown-replacement": Text(
        nb="Etterfølgere som listen oppgir, men ikke har, utelatt",
        en="Successors that the list names but does not have, left out",
    ),
    "no-successor": Text(
        nb="Utgåtte indikatorer der ingen annen har nummeret, uten etterfølger",
        en="Discontinued indicators whose number no other has, without a successor",
    ),
    "successor-by-number": Text(
        nb="Utgåtte indikatorer ført til den gjeldende med samme nummer, for listen oppgir ingen etterfølger",
        en="Discontinued indicators led to the current one with their number, because the list names no successor",
    ),
    "unlabelled": Text(
        nb="Indikatorer uten et navn fra oss, gitt nummeret som navn",
        en="Indicators without a label of ours, labelled by their number",
    ),
    "unknown-area": Text(
        nb="Endringer til eller fra et nummer som listen ikke har, utelatt",
        en="Changes to or from a number that the list does not have, left out",
    ),
    "impossible-change": Text(
        nb="Endringer på en dag da et av numrene ikke gjaldt, utelatt",
        en="Changes on a day on which one of the numbers was not valid, left out",
    ),
    "same-number": Text(
        nb="Endringer der nummeret er det samme, som nytt navn, utelatt",
        en="Changes that keep the number, such as a new name, left out",
    ),
    "broken-validity": Text(
        nb="Numre som var ute av bruk en tid, med første og siste dag",
        en="Numbers out of use for a while, given first to last day",
    ),
}
# These keep the original text of each entry, because its link differs from the list's or is missing.
_OF_LINKS = frozenset(KINDS) - {
    "namespace", "known-namespace", "written-list", "language-tag", "language-tag-en", "non-ascii-iri",
    "malformed-iri", "number-as-code", "not-a-number", "duplicate-row", "without-target", "address-in-text",
    "successor-by-number", "no-successor", "unlabelled", "same-number",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Repair:
    """One kind: how many places had the fault; `entries` name those whose links changed, with what stood there."""

    kind: str
    count: int
    entries: tuple[str, ...]

    @property
    def text(self) -> Text:
        return KINDS[self.kind]


@dataclass(slots=True)
class Repairs:
    """Collects repairs while a list is read."""

    _found: dict[str, list[str]] = field(default_factory=dict)

    def add(self, kind: str, entry: str, stood: str = "") -> None:
        """Counts one place: `entry` is the key of the entry, `stood` what stood there."""
        if kind not in KINDS:
            raise KeyError(kind)
        self._found.setdefault(kind, []).append(f"{entry}: {stood}" if stood else entry)

    def entries_of(self, kind: str) -> list[str]:
        """The entries of one kind as they were added."""
        return list(self._found.get(kind, ()))

    def __iter__(self) -> Iterator[Repair]:
        for kind in KINDS:
            if entries := self._found.get(kind):
                yield Repair(kind, len(entries), tuple(sorted(set(entries))) if kind in _OF_LINKS else ())
