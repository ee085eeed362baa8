"""The vocabulary of the generated plan data, in Bokmål and English.

Only the number of municipalities per county is real (357 in all, as of 2024); all names are invented.
"""

from __future__ import annotations

# County number and how many municipalities it has.
COUNTIES: tuple[tuple[str, int], ...] = (
    ("03", 1),
    ("11", 23),
    ("15", 27),
    ("18", 41),
    ("31", 12),
    ("32", 21),
    ("33", 18),
    ("34", 46),
    ("39", 6),
    ("40", 17),
    ("42", 25),
    ("46", 43),
    ("50", 38),
    ("55", 21),
    ("56", 18),
)

MUNICIPALITIES: tuple[str, ...] = tuple(f"{county}{n:02d}" for county, count in COUNTIES for n in range(1, count + 1))

_FRONT = ("Øvre", "Nedre", "Søndre", "Nordre", "Indre", "Ytre", "Vestre", "Østre")
_STEM = ("Bjørke", "Fjæra", "Gråholm", "Hø", "Kvål", "Lauv", "Mæl", "Rød", "Skår", "Ås", "Tær", "Elve", "Sjø")
_END = ("dal", "fjord", "nes", "vik", "øy", "sund", "vær", "bygd", "ås")

# The themes of plans, perspectives, documents and commitments.
THEMES: tuple[tuple[str, str], ...] = (
    ("barnehager", "kindergartens"),
    ("skolebygg", "school buildings"),
    ("folkehelse", "public health"),
    ("grønn mobilitet", "green mobility"),
    ("sykkelveier", "cycle paths"),
    ("vannforsyning", "water supply"),
    ("klimatilpasning", "climate adaptation"),
    ("næringsutvikling", "business development"),
    ("boligbygging", "housing"),
    ("kulturminner", "cultural heritage"),
    ("øvingslokaler", "rehearsal rooms"),
    ("omsorgsboliger", "care homes"),
    ("matjord", "arable land"),
    ("støy og luftkvalitet", "noise and air quality"),
    ("havneområdet", "the harbour area"),
    ("frivillighet", "voluntary work"),
    ("bibliotek", "libraries"),
    ("ungdomsmedvirkning", "young people's participation"),
    ("naturmangfold", "biodiversity"),
    ("energibruk", "energy use"),
    ("overvannshåndtering", "storm water"),
    ("universell utforming", "universal design"),
    ("psykisk helse", "mental health"),
    ("sjøfront", "the seafront"),
    ("beredskap", "emergency planning"),
    ("digitalisering", "digital services"),
    ("kollektivtrafikk", "public transport"),
    ("innkjøp", "procurement"),
    ("arbeidsplasser", "jobs"),
    ("fattigdom i barnefamilier", "poverty among families with children"),
)

# The promises of commitments about their themes.
PROMISES: tuple[tuple[str, str], ...] = (
    ("Styrke arbeidet med", "Strengthen the work on"),
    ("Bygge ut", "Expand"),
    ("Halvere ventetiden for", "Halve the wait for"),
    ("Lage en plan for", "Make a plan for"),
    ("Øke støtten til", "Increase the support for"),
    ("Gjennomgå kostnadene ved", "Review the costs of"),
    ("Åpne for forsøk med", "Allow trials with"),
)


def place(index: int) -> str:
    """The invented, unique name of the municipality with this index, from 0 to 356."""
    front, rest = divmod(index, len(_STEM) * len(_END))
    stem, end = divmod(rest, len(_END))
    name = _STEM[stem] + _END[end]
    return f"{_FRONT[front]} {name}" if front else name
