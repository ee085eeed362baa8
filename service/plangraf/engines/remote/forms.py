"""Literals in the forms of the embedded engine, so that an answer is the same behind every engine.

An endpoint may write `1.0` for a decimal, `1.0E3` for a double and `1` for a boolean. The value is the embedded
engine's, and so becomes the form: https://www.w3.org/TR/rdf11-concepts/#section-Graph-Literal
"""

from __future__ import annotations

import threading
from functools import lru_cache

from pyoxigraph import BlankNode, Literal, NamedNode, Quad, Store

from plangraf.rdf.literals import WIDER, XSD, canonical
from plangraf.rdf.namespaces import BASE

Term = NamedNode | BlankNode | Literal
STORED_DATATYPES = f"{BASE}stored-datatype/"
"""The beginning of the names of datatypes under which a store keeps values that it would change."""
_DECIMAL, _DOUBLE, _BOOLEAN = XSD + "decimal", XSD + "double", XSD + "boolean"
# Their canonical forms of XML Schema are the engine's, and many values are answered once only.
_CALCULATED = frozenset({XSD + "integer", _DECIMAL, _BOOLEAN})
_SAME = frozenset({XSD + "string", XSD + "anyURI"})
_STORE, _LOCK = Store(), threading.Lock()
_SUBJECT, _PREDICATE = NamedNode("urn:s"), NamedNode("urn:p")


def embedded_form(term: Term) -> Term:
    """The term as the embedded engine gives it: another form of the same value, or the term itself."""
    if isinstance(term, NamedNode) and term.value.startswith(STORED_DATATYPES):
        return NamedNode(XSD + term.value.removeprefix(STORED_DATATYPES))
    if not isinstance(term, Literal):
        return term
    if term.language is not None:
        tag = term.language.lower()
        return term if tag == term.language else Literal(term.value, language=tag)
    datatype = term.datatype.value
    if datatype.startswith(STORED_DATATYPES):
        datatype = XSD + datatype.removeprefix(STORED_DATATYPES)
    if not datatype.startswith(XSD) or datatype in _SAME:
        return term
    lexical = term.value
    if datatype in _CALCULATED:
        form = canonical(lexical, datatype)
        return term if form is None or form == lexical else Literal(form, datatype=term.datatype)
    if datatype == _DOUBLE:
        # XML Schema has fewer forms than Python: no blanks, no underscores, no words but INF and NaN.
        known = canonical(lexical, datatype)
        return term if known is None else Literal(float(known))
    return _kept(lexical, datatype)


@lru_cache(4096)
def _kept(lexical: str, datatype: str) -> Literal:
    """The literal after the engine has kept it, which is the definition of its form."""
    literal = Literal(lexical, datatype=NamedNode(WIDER.get(datatype, datatype)))
    quad = Quad(_SUBJECT, _PREDICATE, literal)
    with _LOCK:
        _STORE.add(quad)
        (found,) = _STORE.quads_for_pattern(None, None, None)
        _STORE.remove(found)
    assert isinstance(found.object, Literal)
    return found.object
