"""Names of terms in the language of a page: labels of our terms from the data, of others' from `ontology/labels/`.

Definitions and messages name terms as CURIEs, because they are written beside Turtle. On a page each such CURIE is a
link with the term's label, and each IRI is set as code.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from types import MappingProxyType

from markupsafe import Markup
from pyoxigraph import NamedNode

from plangraf.pages.vocabulary.grammar import GRAMMARS, Noun, lower_first
from plangraf.pages.words import Words
from plangraf.rdf.graph import Graph, Value
from plangraf.rdf.namespaces import PLAN, PLANSHAPE, PREFIXES, SCHEME, local_name, namespace
from plangraf.views.declarations import LABELS, TermLabels
from plangraf.views.document_parts import document_path

# A CURIE, an IRI or a pattern of IRIs with places in angle brackets, and a name between backticks.
_NAMED = re.compile(
    r"(?P<iri>https?://(?:<[^<>]*>|[^\s<>\"»”])*(?:<[^<>]*>|[^\s<>\"»”.,;:]))"
    r"|(?P<typed>\"[^\"]*\"\^\^xsd:\w+)"
    r"|(?P<list>the scheme |begrepslisten )(?P<scheme>[a-z][a-z-]*[a-z])"
    r"|(?<![\w/])(?P<curie>(?P<prefix>[a-z][a-z-]*):(?P<local>[A-Za-z][\w-]*))"
)
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])|[-_]")
_LITERAL = re.compile(r"\"([^\"]*)\"\^\^xsd:(\w+)")


class Names:
    """Labels in one language; `graph` has the ontology, `labels` the terms of other vocabularies.

    Links begin with the path `prefix`. Those to a place on the page at the path `here` are fragments. `homes` are the
    paths of terms that are explained elsewhere than their IRI says.
    """

    def __init__(
        self,
        graph: Graph,
        labels: TermLabels,
        words: Words,
        prefix: str,
        here: str = "",
        homes: Mapping[NamedNode, str] = MappingProxyType({}),
    ) -> None:
        self.words = words
        self.language = words.language
        self._data_language = words.language if words.language in GRAMMARS else "nb"
        self._grammar = GRAMMARS[self._data_language]
        self._graph = graph
        self._labels = labels
        self._prefix = prefix
        self._here = f"{here}#"
        self._homes = homes

    def label(self, term: NamedNode, language: str | None = None) -> str:
        """The label of a term: of ours, else of its label file, else its local name in words."""
        wanted = language or self._data_language
        for predicate in LABELS:
            if text := self._graph.text(term, predicate, wanted):
                return text
        known = self._labels.get(term.value, {})
        return known.get(wanted) or known.get("nb") or _CAMEL.sub(" ", local_name(term.value)).lower()

    def source(self, term: NamedNode) -> str:
        """The name of the vocabulary that a term of others belongs to, empty when it has no name or is ours."""
        start = namespace(term.value)
        return self._labels.get(start, {}).get(self._data_language, "") if start != PLAN else ""

    def described(self, term: NamedNode) -> str:
        """The label of a term, with its vocabulary when that is not ours: `Verk (ELI)`."""
        source = self.source(term)
        return f"{self.label(term)} ({source})" if source else self.label(term)

    def address(self, term: NamedNode) -> str:
        """The address of what explains a term: an anchor of our pages, a document of ours, or its own IRI."""
        ours = term.value.startswith((PLAN, PLANSHAPE, SCHEME))
        path = self._homes.get(term) or document_path(term.value)
        if path.startswith(self._here):
            return path[len(self._here) - 1 :]
        return self._prefix + path if ours else term.value

    def link(self, term: NamedNode) -> Markup:
        """A link to a term with its label; a datatype is text, because nobody reads its definition."""
        if term.value.startswith(PREFIXES["xsd"]):
            return Markup.escape(self.label(term))
        return Markup('<a href="{}">{}</a>').format(self.address(term), self.described(term))

    def noun(self, name: str) -> Noun:
        """The forms of a name inside a sentence; a name that is not a noun is quoted as the name of a field."""
        return self._grammar.noun(name) or self._grammar.field(name)

    def class_noun(self, term: NamedNode) -> str:
        """A class with its article, such as `et perspektiv`."""
        label = lower_first(self.label(term))
        noun = self._grammar.noun(label)
        return noun.with_article if noun else label

    def field(self, name: str) -> Noun:
        """A name quoted as the name of a field."""
        return self._grammar.field(name)

    def quote(self, name: str) -> str:
        return self.words.gettext("“%(name)s”", name=name)

    def language_name(self, code: str) -> str:
        """The name of a language inside a sentence: Bokmål, bokmål."""
        words = self.words
        known = {
            "nb": words.gettext("Bokmål"),
            "nn": words.gettext("Nynorsk"),
            "en": words.gettext("English"),
            "se": words.gettext("Northern Sámi"),
        }
        return known.get(code, code)

    def text_of(self, graph: Graph, node: Value, predicate: NamedNode) -> str | None:
        """A text in the language of the page; without one in Bokmål, because every text of ours has that."""
        return graph.text(node, predicate, self.language) or graph.text(node, predicate, "nb")

    def subject(self, name: str) -> str:
        """The things of a shape as the subject of a sentence: `en plan`."""
        noun = self._grammar.noun(name)
        return noun.with_article if noun else self._grammar.kind(name)

    def text(self, text: str) -> Markup:
        """A text of the data with links for CURIEs and code for IRIs and typed values."""
        parts: list[Markup] = []
        at = 0
        for match in _NAMED.finditer(text):
            parts += [Markup.escape(text[at : match.start()]), self._named(match)]
            at = match.end()
        return Markup("").join([*parts, Markup.escape(text[at:])])

    def _named(self, match: re.Match[str]) -> Markup:
        if match["iri"]:
            return Markup("<code>{}</code>").format(match[0])
        if match["scheme"]:
            return self._scheme(match["list"], match["scheme"])
        if match["typed"]:
            return Markup("<code>{}</code>").format(_LITERAL.sub(r"\1", match[0]))
        if match["prefix"] not in PREFIXES:
            return Markup.escape(match[0])
        term = NamedNode(PREFIXES[match["prefix"]] + match["local"])
        label = self.label(term)
        inside = match.start() > 0 and not match.string[: match.start()].rstrip().endswith((".", ":"))
        shown = lower_first(label) if inside else label
        if namespace(term.value) not in (PLAN, PLANSHAPE):
            return Markup.escape(shown)
        return Markup('<a href="{}">{}</a>').format(self.address(term), shown)

    def _scheme(self, before: str, key: str) -> Markup:
        """A scheme that a text names by its key: the scheme “part of the year”, with a link to it."""
        scheme = NamedNode(SCHEME + key)
        if scheme not in self._graph:
            return Markup.escape(before + key)
        link = Markup('<a href="{}">{}</a>').format(self.address(scheme), lower_first(self.label(scheme)))
        return Markup.escape(before) + Markup.escape(self.quote("%s")) % link

    def any_of(self, names: Iterable[str]) -> str:
        """`A, B or C`."""
        *first, last = list(names)
        return self.words.gettext("%(first)s or %(last)s", first=", ".join(first), last=last) if first else last

    def all_of(self, names: Iterable[str]) -> str:
        """`A, B and C`."""
        *first, last = list(names)
        return self.words.gettext("%(first)s and %(last)s", first=", ".join(first), last=last) if first else last
