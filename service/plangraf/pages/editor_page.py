"""What the page of `/sparql` gives to the script of its editor: addresses, formats, words.

The script is one of `built_scripts.py`; without it the page is a plain form.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from plangraf.pages.words import words as words_in
from plangraf.rdf.formats import Format


def editor_settings(
    language: str, prefix: str, endpoint: str, limit_s: float, formats: Mapping[str, Iterable[Format]]
) -> dict[str, Any]:
    """The settings of the editor.

    Args:
        language: nb or en.
        prefix: the path that links begin with.
        endpoint: the public address of the endpoint, for programs.
        limit_s: the longest evaluation of a query.
        formats: the formats to download, of the answers with rows, with a boolean and with triples.
    """
    return {
        "language": language,
        "prefix": prefix,
        "endpoint": f"{prefix}/sparql",
        "publicEndpoint": endpoint,
        "vocabulary": f"{prefix}/sparql/vocabulary",
        "suggestions": f"{prefix}/search/suggestions",
        "limitSeconds": limit_s,
        "formats": {
            kind: [{"name": one.name, "label": one.label, "suffix": one.suffix} for one in choices]
            for kind, choices in formats.items()
        },
        "words": _script_words(language),
    }


def _script_words(language: str) -> dict[str, str]:
    """The words of the script, which replaces their placeholders itself."""
    words = words_in(language)
    return {
        "along": words.gettext("Along"),
        "chart": words.gettext("Chart"),
        "chartTitle": words.gettext("%(value)s by %(name)s"),
        "copied": words.gettext("Copied."),
        "copy": words.gettext("Copy"),
        "done": words.gettext("Answered after %(time)s."),
        "download": words.gettext("Download"),
        "empty": words.gettext("No row: nothing in the data matches the query."),
        "examples": words.gettext("Examples"),
        "failed": words.gettext("No answer"),
        "findExample": words.gettext("Search the examples"),
        "firstOnly": words.gettext("The first %(num)s of %(total)s values."),
        "firstThings": words.gettext("The first %(num)s of %(total)s things."),
        "forget": words.gettext("Clear the history"),
        "from": words.gettext("From"),
        "goToLine": words.gettext("Go to line %(line)s, column %(column)s"),
        "history": words.gettext("History"),
        "historyEmpty": words.gettext("No query has been run in this browser."),
        "historyHere": words.gettext("The history is stored in this browser only."),
        "language": words.gettext("Programming language"),
        "limit": words.gettext("A query may take %(seconds)s s."),
        "network": words.gettext("Network"),
        "networkTitle": words.gettext("%(nodes)s things and %(edges)s links"),
        "next": words.gettext("Next"),
        "noChart": words.gettext("A chart needs a column of numbers and another column."),
        "noExample": words.gettext("No example has these words."),
        "noNetwork": words.gettext("A network needs two columns of things, or a CONSTRUCT query."),
        "pages": words.gettext("Pages"),
        "previous": words.gettext("Previous"),
        "programs": words.gettext("In a program"),
        "queryLabel": words.gettext("SPARQL query. Ctrl+Enter runs it, Ctrl+Space completes, Tab leaves the editor."),
        "raw": words.gettext("Raw"),
        "results": words.gettext("Answer"),
        "rowsShown": words.gettext("Rows %(first)s–%(last)s of %(total)s"),
        "run": words.gettext("Run"),
        "running": words.gettext("%(seconds)s s of at most %(limit)s s"),
        "sameInTable": words.gettext("The table shows the same."),
        "share": words.gettext("Copy the link"),
        "stop": words.gettext("Stop"),
        "stopped": words.gettext("Stopped after %(time)s, on the server too."),
        "table": words.gettext("Table"),
        "to": words.gettext("To"),
        "tooLong": words.gettext("The answer is too long for this page. Add LIMIT, or download it."),
        "unreachable": words.gettext("The service did not answer. Check the connection, and run the query again."),
        "value": words.gettext("Value"),
        "views": words.gettext("Views of the answer"),
    }
