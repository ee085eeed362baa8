"""The words of the first sheet: what the workbook is and how to fill it in, in Bokmål and English."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from plangraf.sheets.tables import Table

_LINES = (
    ("LES MEG · READ ME", "", ""),
    ("Hva dette er · What this is",
     "Ett ark for hver klasse, én rad for hver ting, én kolonne for hver opplysning. `plangraf import-sheet` leser "
     "arkene, kontrollerer dem og skriver datafilene. Er noe galt, skrives ingenting, og hver feil nevnes med ark, "
     "rad og kolonne.",
     "One sheet for each class, one row for each thing, one column for each statement. `plangraf import-sheet` "
     "reads the sheets, checks them and writes the data files. If anything is wrong nothing is written, and each "
     "error is told with sheet, row and column."),
    ("De tre øverste radene · The three top rows",
     "Navn på bokmål, navn på engelsk, og det grå navnet som import leser: la det stå. Kolonner kan flyttes eller "
     "slettes, og ark kan slettes eller få nytt navn. Merknaden på en overskrift sier hva som skal stå i kolonnen.",
     "Names in Bokmål, names in English, and the grey name that import reads: leave it. Columns may be moved or "
     "deleted, sheets deleted or renamed. The note on a heading says what belongs into the column."),
    ("* og (*) · * and (*)",
     "Kolonner med * må fylles ut. Av kolonner med (*) og samme navn må én fylles ut (ett av språkene).",
     "Columns with * must be filled in. Of columns with (*) and the same name one must be (one of the languages)."),
    ("Nøkkel · Key",
     "Tingens korte navn: klasse, skråstrek og kildens eget nummer, som plan/2020-2023-7, med små ASCII-bokstaver, "
     "sifre og bindestrek (æ → ae, ø → oe, å → aa). På tingens eget ark holder det med 2020-2023-7. Kommunenummeret "
     "kommer fra mappen som det importeres til.",
     "The thing's short name: class, slash and the source's own number, such as plan/2020-2023-7, in lower-case "
     "ASCII letters, digits and hyphens (æ → ae, ø → oe, å → aa). On the thing's own sheet 2020-2023-7 is enough. "
     "The municipality number comes from the folder that is imported to."),
    ("Lenker · Links",
     "Skriv nøkkelen til det du peker på, eller en hel adresse. Der det er en nedtrekksliste, kan navnet i listen "
     "brukes, for FN-delmål koden (11.6).",
     "Write the key of what you point to, or a whole address. Where there is a drop-down list its names can be "
     "used, for UN targets the code (11.6)."),
    ("Flere verdier · Several values",
     "Én verdi på hver linje i cellen (Alt+Enter).",
     "One value a line in the cell (Alt+Enter)."),
    ("Tall og datoer · Numbers and dates",
     "Vanlige tall og datoer i Excel. Som tekst leses også 1 234, 12,5, 2021-02-02 og 2.2.2021; 1.234 avvises fordi "
     "det kan være to tall. Blanke tegn foran og bak fjernes. Formler og sammenslåtte celler avvises.",
     "Ordinary numbers and dates of Excel. As text, 1 234, 12,5, 2021-02-02 and 2.2.2021 are read too; 1.234 is "
     "refused since it may be two numbers. White space before and after is removed. Formulas and merged cells are "
     "refused."),
    ("Belegg · Evidence",
     "De grønne kolonnene sier hvor opplysningene på raden står: kildedokument (kan utelates når det bare er ett), "
     "første og siste linje i rentekstuttrekket, gjerne avsnitt eller trykt element. Import lager belegg av type "
     "«trykt», eller den typen du velger, for alt på raden som ikke alt har belegg på arket for belegg; det som "
     "arket selv sier (klassen), får typen «strukturelt».",
     "The green columns say where the row's statements stand: source document (may be left out when there is only "
     "one), first and last line of the plain-text extraction, and if you like section or printed item. Import "
     "makes evidence of the kind “printed”, or the one you choose, for whatever on the row has none on the sheet of "
     "evidence yet; what the sheet itself says (the class) gets the kind “structural”."),
    ("Annet · Other",
     "Det siste arket holder opplysninger som ingen kolonne passer til, én på hver rad.",
     "The last sheet holds statements that no column fits, one a row."),
    ("ARKENE · THE SHEETS", "", ""),
)  # fmt: skip


def guide(found: Sequence[Table]) -> Iterator[tuple[str, str, str]]:
    """Rows of heading, Bokmål and English; the last ones tell what each sheet is for."""
    yield from _LINES
    for table in found:
        if table.sheet:
            yield f"{table.title} · {table.sheet.name_en}", table.sheet.help_nb, table.sheet.help_en
