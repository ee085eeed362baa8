"""The regular expressions of the shapes in words. A shape with another one shows the expression itself."""

from __future__ import annotations

from plangraf.pages.words import Words


def describe_pattern(pattern: str, words: Words) -> str | None:
    """What a text must look like to match; None for an expression that has no words here."""
    said = _wording(words).get(pattern)
    return said or None


def _wording(words: Words) -> dict[str, str]:
    one_line = words.gettext("on one line, without spaces at the ends")
    no_stop = words.gettext("on one line, without a final full stop")
    year = words.gettext("from 1900 to 2099")
    key = words.gettext("in lower-case letters a–z, digits and hyphens")
    dotted = words.gettext("in lower-case letters a–z, digits, hyphens and full stops")
    web = words.gettext("beginning with http:// or https://")
    return {
        r"^\S(.*\S)?$": one_line,
        r"^\S(.*[^.\s])?$": no_stop,
        r"^\S+$": words.gettext("without spaces"),
        r"^(19|20)[0-9]{2}$": year,
        r"^(19|20)[0-9]{2}-": year,
        r"^(19|20)[0-9]{2}(-|$)": year,
        r"^((19|20)[0-9]{2}|(1[6-9]|20|21)[0-9]{2}-[0-9]{2}-[0-9]{2})$": words.gettext(
            "years from 1900 to 2099, days from 1600 to 2199"
        ),
        r"^((19|20)[0-9]{2}(-|$)|https://)": words.gettext("from 1900 to 2099, or a period with an address of its own"),
        r"^P([1-9][0-9]*[YMD])+$": words.gettext("in whole years, months or days"),
        r"^P[0-9]+[YM]$": words.gettext("in whole years or months"),
        r"^--(0[1-9]|1[0-2])(-(0[1-9]|[12][0-9]|3[01]))?$": words.gettext("in months 1 to 12"),
        r"^[0-9a-f]{64}$": words.gettext("64 hexadecimal digits"),
        r"^[a-z0-9]+(-[a-z0-9]+)*$": key,
        r"^[a-z0-9]+([.-][a-z0-9]+)*$": dotted,
        r"^[^/]+$": words.gettext("without a slash"),
        r"^https?://": web,
        r"^([A-ZÆØÅ]{1,5} )?[0-9]{1,4}/[0-9]{2,6}$": words.gettext("two numbers with a slash between them"),
        r"^[0-9]{2}$": words.gettext("two digits"),
        r"^[0-9]{4}$": words.gettext("four digits"),
        r"^[1-9]$": words.gettext("from 1 to 9"),
        r"^([1-9]|1[0-7])$": words.gettext("from 1 to 17"),
        r"^([1-9]|1[0-7])\.([1-9]|1[0-9]|[a-z])$": words.gettext(
            "the number of a UN goal, a full stop, and a number or a letter"
        ),
        r"^[1-9]\.[1-9][0-9]?$": words.gettext("two numbers with a full stop between them"),
        r"^[0-9]+([.-][0-9]+)?( ?[a-z])?$": words.gettext("a number, where needed with a further number or a letter"),
        r"^[0-9A-Za-z]+([.-][0-9A-Za-z]+)*[.]?$": words.gettext(
            "letters and digits with full stops or hyphens between"
        ),
        r"^[0-9]{4}_[0-9A-Za-zÆØÅæøå][0-9A-Za-zÆØÅæøå._/ -]*$": words.gettext(
            "four digits, an underscore and the municipality's own ID"
        ),
    }
