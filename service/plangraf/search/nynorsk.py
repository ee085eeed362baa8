"""Nynorsk and Bokmål forms of the words of plans, because people write the first and most documents the second.

Both sides of a search pass `to_bokmaal`, so that a Nynorsk text is found by Bokmål words too. The table holds
beginnings of words, the longest first: it also serves compounds, whose parts are analysed alone.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from functools import lru_cache
from typing import Final

# Beginnings in Nynorsk and the same in Bokmål.
_PAIRS: Final = """
    aldersheim=aldershjem arbeidsløyse=arbeidsledighet auk=øk bakar=baker berekraft=bærekraft
    berekraftig=bærekraftig born=barn bustad=bolig bustader=boliger dagleg=daglig djup=dyp einskap=enhet
    einskild=enkelt eigar=eier eigedom=eiendom eigen=egen einig=enig fleire=flere framand=fremmed frå=fra
    fyrst=først gjer=gjør gjere=gjøre gong=gang grøn=grønn heil=hel heilskap=helhet heilskapleg=helhetlig heim=hjem
    heime=hjemme høg=høy høgare=høyere høgskule=høyskole høyring=høring ikkje=ikke jamstelling=likestilling
    jamn=jevn kjelde=kilde korleis=hvordan kva=hva kvardag=hverdag kyrkje=kirke leiar=leder leiing=ledelse
    likskap=likhet lågutslepp=lavutslipp låg=lav løysing=løsning løyse=løse løyve=tillatelse mangfald=mangfold
    medverknad=medvirkning medverk=medvirk meir=mer mellombels=midlertidig miljøvenleg=miljøvennlig mjuk=myk
    mogleg=mulig moglegheit=mulighet motverk=motvirk naturmangfald=naturmangfold noko=noe nokre=noen
    næringsverksemd=næringsvirksomhet omsyn=hensyn offentleg=offentlig openheit=åpenhet open=åpen opne=åpne
    påverknad=påvirkning påverk=påvirk rein=ren reint=rent rettleiing=veiledning rettleiar=veileder rørsle=bevegelse
    saman=sammen samanheng=sammenheng samanslåing=sammenslåing sjuk=syk sjukdom=sykdom sjukeheim=sykehjem sjølv=selv
    skilnad=forskjell skule=skole skular=skoler stad=sted stader=steder straum=strøm svolt=sult sykkelveg=sykkelvei
    syrgje=sørge teneste=tjeneste tenester=tjenester tettstad=tettsted tilhøve=forhold tryggleik=trygghet
    ulikskap=ulikhet ungdommar=ungdommer utgreiing=utredning utgreie=utrede utslepp=utslipp vatn=vann vass=vann
    veg=vei vegar=veier hovudveg=hovedvei hovud=hoved veke=uke veker=uker verkemiddel=virkemiddel
    verksemd=virksomhet verdsarv=verdensarv vidare=videre årleg=årlig trong=trang trøng=trenger ynskje=ønske
    ynske=ønske òg=og dei=de eit=et ein=en ho=hun
"""
_BEGINNINGS: Final = tuple(pair.split("=") for pair in _PAIRS.split())
# Endings in Nynorsk and the same in Bokmål; a word has at least four letters before one.
_ENDINGS: Final = (("heita", "heten"), ("heit", "het"), ("leg", "lig"), ("lege", "lige"), ("skapen", "skapet"))
_BEFORE_ENDING: Final = 3
# The fewest letters of the parts of a compound.
_SHORTEST_START: Final = 3
_SHORTEST_END: Final = 3
# Whole words only, because many other words begin with them.
_WHOLE: Final = {"ein", "eit", "ho", "dei", "frå", "òg", "open", "verd", "auk", "stad", "låg", "høg", "gjer", "heim"}
# These words and compounds of Bokmål begin like a word of Nynorsk.
_OTHERS: Final = ("vegg", "veget", "reins", "heimdal", "heilo", "bornholm", "opens", "gongong", "jamnt")


def _by_first_letters() -> dict[str, list[tuple[str, str]]]:
    found: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for nynorsk, bokmaal in sorted(_BEGINNINGS, key=lambda pair: -len(pair[0])):
        found[nynorsk[:2]].append((nynorsk, bokmaal))
    return found


_TABLE: Final = _by_first_letters()


def compounds_in_bokmaal(word: str) -> Iterator[str]:
    """A Nynorsk compound in lower case with its last part in Bokmål: klimagassutslepp, klimagassutslipp."""
    for at in range(_SHORTEST_START, len(word) - _SHORTEST_END + 1):
        last = word[at:]
        if (other := to_bokmaal(last)) != last:
            yield word[:at] + other


@lru_cache(100_000)
def to_bokmaal(word: str) -> str:
    """The Bokmål form of a Nynorsk word in lower case; any other word as it is."""
    if not word.startswith(_OTHERS):
        for nynorsk, bokmaal in _TABLE.get(word[:2], ()):
            if word == nynorsk or (word.startswith(nynorsk) and nynorsk not in _WHOLE):
                word = bokmaal + word[len(nynorsk) :]
                break
    for nynorsk, bokmaal in _ENDINGS:
        if word.endswith(nynorsk) and len(word) - len(nynorsk) >= _BEFORE_ENDING:
            return word[: -len(nynorsk)] + bokmaal
    return word
