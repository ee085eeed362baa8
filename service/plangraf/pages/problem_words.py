"""What a page says about a failed request: a heading, and what happened in words that need no manual."""

from __future__ import annotations

from dataclasses import dataclass

from plangraf.pages.words import Words


@dataclass(frozen=True, slots=True)
class ProblemWords:
    """`title` is the heading, `happened` one or two sentences under it."""

    title: str
    happened: str


def problem_words(words: Words, status: int, code: str) -> ProblemWords:
    """The words for an error: those of its code, otherwise those of its HTTP status.

    Args:
        words: of the language of the page.
        status: 400 to 599.
        code: the `code` of the error's class.
    """
    of_codes = _words_of_codes(words)
    if code in of_codes:
        return of_codes[code]
    of_statuses = _words_of_requests(words) if status < 500 else _words_of_service(words)
    return of_statuses.get(status) or of_statuses[400 if status < 500 else 500]


def _words_of_codes(words: Words) -> dict[str, ProblemWords]:
    return {
        "bad-parameter": ProblemWords(
            words.gettext("The address has a value that does not fit"),
            words.gettext("The page does not know the value, or needs another one."),
        ),
        "version-gone": ProblemWords(
            words.gettext("This version is no longer kept"),
            words.gettext("Versions of the data are kept for a time and then removed. The data themselves are here."),
        ),
        "not-ready": ProblemWords(
            words.gettext("The data are being opened"),
            words.gettext("The service has just started. Try again in a few seconds."),
        ),
        "query-memory": ProblemWords(
            words.gettext("The question is too large"),
            words.gettext("The answer needs more memory than one question gets. Narrow it, or download all data."),
        ),
        "service-forbidden": ProblemWords(
            words.gettext("The query may not ask there"),
            words.gettext("It asks a service that this one does not pass questions on to."),
        ),
    }


def _words_of_requests(words: Words) -> dict[int, ProblemWords]:
    too_long = ProblemWords(
        words.gettext("The address is too long"), words.gettext("Send a long query from the page for SPARQL.")
    )
    unread = ProblemWords(
        words.gettext("What was sent cannot be read"), words.gettext("It has a form that this address does not take.")
    )
    return {
        400: ProblemWords(
            words.gettext("The request cannot be answered as it stands"),
            words.gettext("Something in the address or in what was sent does not fit."),
        ),
        404: ProblemWords(
            words.gettext("There is no such page"),
            words.gettext(
                "Nothing in the data has this address. Perhaps it is misspelt, or the link that led here is old."
            ),
        ),
        405: _only_read(words),
        406: ProblemWords(
            words.gettext("This is not offered as a page"),
            words.gettext("It is made for programs, which can fetch it in other forms."),
        ),
        408: ProblemWords(words.gettext("The request took too long to arrive"), words.gettext("Try again.")),
        410: ProblemWords(
            words.gettext("This was removed from the data"),
            words.gettext("An earlier version of the data had it, the current one does not."),
        ),
        412: ProblemWords(
            words.gettext("The page has changed"),
            words.gettext("The request was meant for an earlier state of it. Fetch it again."),
        ),
        413: ProblemWords(words.gettext("What was sent is too large"), words.gettext("Send a shorter query.")),
        414: too_long,
        415: unread,
        416: ProblemWords(
            words.gettext("The file has no such part"),
            words.gettext("It may have changed since the download began. Start again."),
        ),
        429: ProblemWords(
            words.gettext("Many ask at once"),
            words.gettext("All places for questions are taken. Try again in a few seconds."),
        ),
        431: too_long,
    }


def _words_of_service(words: Words) -> dict[int, ProblemWords]:
    return {
        500: ProblemWords(
            words.gettext("Something went wrong here"),
            words.gettext(
                "The fault is ours. It is in the log under the number below, which you can name when you report it."
            ),
        ),
        501: _only_read(words),
        502: ProblemWords(
            words.gettext("Another service did not answer"),
            words.gettext("The query asks a second service, and that one gave no usable answer. Try again later."),
        ),
        503: ProblemWords(
            words.gettext("The answer took too long"),
            words.gettext("Narrow the question, or try again when fewer people ask."),
        ),
    }


def _only_read(words: Words) -> ProblemWords:
    return ProblemWords(
        words.gettext("The address does not take such requests"),
        words.gettext("The data can be read here, and nothing can be changed."),
    )
