"""Questions that people ask a search, and what must stand among its first three hits over the data of Trondheim.

They were chosen before the ranking was tuned. Each has the text, and the things of which one must be found; a thing is
named by the end of its IRI, a list or a named query by its path.
"""

from __future__ import annotations

from typing import Final

WANTED: Final[dict[str, dict[str, tuple[str, ...]]]] = {
    "numbers": {
        "11.6": ("sdg/11.6",),
        "11,6": ("sdg/11.6",),
        "delmål 11.6": ("sdg/11.6",),
        "target 13.2": ("sdg/13.2",),
        "mål 11": ("sdg/11",),
        "bærekraftsmål 13": ("sdg/13",),
        "SDG 4": ("sdg/4",),
        "8/21": ("case/8-21",),
        "sak 8/21": ("case/8-21",),
        "case 68/19": ("case/bystyret-68-19",),
        "19/18054": ("case/bystyret-46-19",),
        "plan 7": ("plan/2020-2023-7",),
        "perspektiv 7": ("perspective/2020-7",),
        "5001": ("municipality/5001",),
    },
    "words as printed": {
        "grønn mobilitet": ("perspective/2020-7",),
        "parkeringspolitikk": ("plan/2020-2023-8",),
        "trondheimsløftet": ("plan/2022-samfunnsplan",),
        "eiendomsstrategi": ("plan/2020-2023-13",),
        "naturmangfold": ("plan/2020-2023-9",),
        "KPA": ("governing-document/kommuneplanens-arealdel-kpa",),
        "fritidskort": ("commitment/2023-5-13",),
        "ski-VM": ("commitment/2023-5-21",),
        "nyhavna": ("place/nyhavna", "governing-document/kommunedelplan-for-nyhavna"),
        "bystyret": ("political-body/bystyret",),
        "vedtak": ("/decisions",),
    },
    "inflections": {
        "samfunnsplan": ("plan/2022-samfunnsplan",),
        "planstrategiene": ("planning-strategy/2020-2023",),
        "hovedveien": ("plan/2020-2023-16",),
        "kulturnæring": ("plan/2020-2023-20",),
        "byrådsplattformen": ("political-platform/2023",),
        "perspektivene": ("/perspectives",),
        "inkluderende samfunnet": ("perspective/2020-5",),
        "kvalitetsarbeid i barnehagene": ("commitment/2023-4-8",),
    },
    "compounds": {
        "parkering": ("plan/2020-2023-8",),
        "klimaplan": (
            "plan/2020-2023-12",
            "governing-document/energi-og-klimaplanen",
            "governing-document/kommunedelplan-energi-og-klima",
        ),
        "plan for klima": (
            "plan/2020-2023-12",
            "governing-document/energi-og-klimaplanen",
            "governing-document/kommunedelplan-energi-og-klima",
        ),
        "idrettsplan": ("plan/2020-2023-19",),
        "plan for eldre": ("governing-document/temaplan-eldreplan-2016-2026",),
        "plan for næring": ("plan/2020-2023-18", "governing-document/strategisk-naeringsplan-2019"),
        "sykkelplan": ("governing-document/plan-for-sykkeltiltak-paa-kommunal-vei",),
        "fattigdomsplan": ("governing-document/handlingsplan-mot-fattigdom",),
        "strategi for mobilitet": ("plan/2020-2023-15",),
        "risikoanalyse": ("plan/2020-2023-3",),
        "forbruk og produksjon, bærekraft": ("perspective/2020-9", "sdg/12"),
    },
    "letters": {
        "groenn mobilitet": ("perspective/2020-7",),
        "gronn mobilitet": ("perspective/2020-7",),
        "trondheimsloftet": ("plan/2022-samfunnsplan",),
        "saerlig boligomraader": ("commitment/2023-7-23",),
        "naeringsplan": ("plan/2020-2023-18", "governing-document/strategisk-naeringsplan-2019"),
        "klaebu kommune": ("organization/klaebu-kommune",),
        "Byaasen": ("place/byaasen",),
        "SLUPPEN": ("plan/2020-2023-7", "governing-document/kommunedelplan-for-sluppen", "place/sluppen"),
    },
    "typos": {
        "parkerinspolitikk": ("plan/2020-2023-8",),
        "mobilitetstrategi": ("plan/2020-2023-15",),
        "fatigdom": ("sdg/1", "governing-document/handlingsplan-mot-fattigdom"),
        "trondhiem planstrategi": ("planning-strategy/2020-2023",),
        "bystyrett": ("political-body/bystyret",),
        "frivilighet": ("plan/2020-2023-22", "governing-document/temaplan-for-frivillighet"),
        "folkehelsemeldinga": ("governing-document/folkehelsemeldingen",),
    },
    "English": {
        "green mobility": ("perspective/2020-7",),
        "clean water": ("sdg/6",),
        "climate action": ("sdg/13",),
        "city council": ("political-body/bystyret",),
        "local democracy": ("perspective/2020-12",),
        "leisure card": ("commitment/2023-5-13",),
        "plans by target": ("/queries/plans-by-target",),
        "children's lives and learning": ("perspective/2020-2",),
    },
    "Nynorsk": {
        "berekraftig forbruk": ("perspective/2020-9",),
        "naturmangfald": ("plan/2020-2023-9",),
        "reint vatn": ("sdg/6",),
        "hovudvegar": ("plan/2020-2023-16",),
        "inkluderande samfunn": ("perspective/2020-5",),
        "stopp klimaendringane": ("sdg/13",),
        "kommunesamanslåing": (
            "governing-document/kommunesammenslaaing-klaebu-og-trondheim-gjennomgang-og-vurdering-av-interkommunale-"
            "samarbeid-og-selskaper-og-retningslinjer-for-trondheim-kommunes-deltakelse-i-interkommunalt-samarbeid",
            "decision/bystyret-202-18",
        ),
        "frivilligheit": ("plan/2020-2023-22", "governing-document/temaplan-for-frivillighet"),
        "sosiale tenester": ("policy-area/2023-3",),
    },
    "terms of the ontology": {
        "respondsTo": ("ontology#respondsTo",),
        "saksnummer": ("ontology#caseNumber",),
        "PerspectiveTargetLink": ("ontology#PerspectiveTargetLink",),
    },
}
