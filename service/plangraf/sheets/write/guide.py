"""Text of the first sheet, which explains the workbook in Bokmål and English."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from plangraf.sheets.write.tables import Table

_LINES = (
    ("LES MEG · READ ME", "", ""),
    (
        "Hva dette er · What this is",
        "Ett ark for hver klasse, én rad for hver ting, én kolonne for hver opplysning. `plangraf import-sheet` leser "
        "arkene, kontrollerer dem og skriver datafilene. Er noe galt, skrives ingenting, og hver feil nevnes med ark, "
        "rad og kolonne.",
        "One sheet for each class, one row for each thing, one column for each statement. `plangraf import-sheet` "
        "reads the sheets, checks them and writes the data files. If anything is wrong nothing is written, and each "
        "error is told with sheet, row and column.",
    ),
    (
        "De tre øverste radene · The three top rows",
        "Navn på bokmål, navn på engelsk, og det grå navnet som import leser: la det stå. Kolonner kan flyttes eller "
        "slettes, og ark kan slettes eller få nytt navn. Merknaden på en overskrift sier hva som skal stå i kolonnen.",
        "Names in Bokmål, names in English, and the grey name that import reads: leave it. Columns may be moved or "
        "deleted, sheets deleted or renamed. The note on a heading says what belongs into the column.",
    ),
    (
        "* og (*) · * and (*)",
        "Kolonner med * må fylles ut. Av kolonner med (*) og samme navn må én fylles ut (ett av språkene).",
        "Columns with * must be filled in. Of columns with (*) and the same name one must be (one of the languages).",
    ),
    (
        "Nøkkel · Key",
        "Tingens korte navn: klasse, skråstrek og kildens eget nummer, som plan/2020-2023-7, med små ASCII-bokstaver, "
        "sifre og bindestrek (æ → ae, ø → oe, å → aa). På tingens eget ark holder det med 2020-2023-7. Kommunenummeret "
        "kommer fra mappen som det importeres til.",
        "The thing's short name: class, slash and the source's own number, such as plan/2020-2023-7, in lower-case "
        "ASCII letters, digits and hyphens (æ → ae, ø → oe, å → aa). On the thing's own sheet 2020-2023-7 is enough. "
        "The municipality number comes from the folder that is imported to.",
    ),
    (
        "Lenker · Links",
        "Skriv nøkkelen til det du peker på, eller en hel adresse. Der det er en nedtrekksliste, kan navnet i listen "
        "brukes, for FN-delmål koden (11.6).",
        "Write the key of what you point to, or a whole address. Where there is a drop-down list its names can be "
        "used, for UN targets the code (11.6).",
    ),
    (
        "Flere verdier · Several values",
        "Én verdi på hver linje i cellen (Alt+Enter).",
        "One value a line in the cell (Alt+Enter).",
    ),
    (
        "Tall og datoer · Numbers and dates",
        "Vanlige tall og datoer i Excel. Som tekst leses også 1 234, 12,5, 2021-02-02 og 2.2.2021; 1.234 avvises fordi "
        "det kan være to tall. Blanke tegn foran og bak fjernes. 25 % leses "
        "som 25 når enheten er prosent. Det gjelder det som vises i cellen; vises noe annet enn det som er lagret, "
        "avvises den. Formler og sammenslåtte celler avvises.",
        "Ordinary numbers and dates of Excel. As text, 1 234, 12,5, 2021-02-02 and 2.2.2021 are read too; 1.234 is "
        "refused since it may be two numbers. White space before and after is removed. 25 % is read "
        "as 25 when the unit is per cent. What the cell shows counts; where it shows another value than it holds, it "
        "is refused. Formulas and merged cells are refused.",
    ),
    (
        "Egne kolonner · Columns of your own",
        "Egne kolonner og ark, og merknader på celler, tas vare på i filen notater.tsv ved siden av datafilene. De "
        "publiseres ikke, og kommer tilbake når du eksporterer.",
        "Columns and sheets of your own, and comments on cells, are kept in the file notater.tsv beside the data "
        "files. They are not published, and come back when you export.",
    ),
    (
        "Planer uten nummer, oppstart · Plans without a number, start",
        "Nummer kan være 7, 1.1 eller A2, eller mangle; nøkkelen lages da av tittelen. Oppstart og ferdigår kan "
        "skrives som 2025, 2024–2025 eller høst 2025: den trykte formen tas vare på, og årene leses.",
        "A number may be 7, 1.1 or A2, or be missing; the key is then made of the title. Start and completion may be "
        "written as 2025, 2024–2025 or høst 2025: the printed form is kept, and the years are read.",
    ),
    (
        "Belegg · Evidence",
        "De grønne kolonnene sier hvor opplysningene på raden står: kildedokument (kan utelates når det bare er ett), "
        "første og siste linje i rentekstuttrekket, gjerne avsnitt eller trykt element. Import lager belegg for alt på "
        "raden som ikke alt har belegg på arket for belegg: «trykt» (eller den typen du velger) for det som står i "
        "kilden, «sammenfattet» for egne ord som formål og engelske tekster, «strukturelt» for klasse, rekkefølge og "
        "plass i modellen.",
        "The green columns say where the row's statements stand: source document (may be left out when there is only "
        "one), first and last line of the plain-text extraction, and if you like section or printed item. Import "
        "makes evidence for whatever on the row has none on the sheet of evidence yet: “printed” (or the kind you "
        "choose) for what stands in the source, “summarised” for words of your own such as purpose and English texts, "
        "“structural” for class, order and place in the model.",
    ),
    (
        "Annet · Other",
        "Det siste arket holder opplysninger som ingen kolonne passer til, én på hver rad.",
        "The last sheet holds statements that no column fits, one a row.",
    ),
    ("ARKENE · THE SHEETS", "", ""),
)


def guide_rows(tables: Sequence[Table]) -> Iterator[tuple[str, str, str]]:
    """Rows of heading, Bokmål and English; the last rows explain each sheet."""
    yield from _LINES
    for table in tables:
        if table.sheet:
            yield f"{table.title} · {table.sheet.name_en}", table.sheet.help_nb, table.sheet.help_en
