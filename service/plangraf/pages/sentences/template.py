"""The language of sentence templates, and what a template says with the values of one thing.

- `{slot}` stands for the values of a slot, joined by commas and `og`; `{slot:form}` for another form of them:
  `plain` (without links), `genitive`, `noun` (with its article), `definite` (`the City Council`, `bystyret`), `lower`,
  `count`, `one/many` with the number (`ett delmål/delmål`), `one~many` without it (`perspektivet~perspektivene`).
- `[one|other]` says the first alternative whose slots all have values, else nothing. Alternatives nest.
- `{>slot}words{/}` links the words to the thing of the slot.

A slot or a link without a value outside of brackets leaves no sentence at all. So a template says nothing that the
data do not have, and a missing part takes its words with it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from plangraf.pages.sentences.grammar import (
    capitalised,
    definite,
    genitive,
    lowered,
    others,
    plural,
    separators,
    split_list,
)
from plangraf.pages.words import Words

FORMS = ("", "plain", "genitive", "noun", "definite", "lower", "count")
_TOKEN = re.compile(r"\{/\}|\{>([a-z][A-Za-z0-9]*)\}|\{([a-z][A-Za-z0-9]*)(?::([^{}]*))?\}|[\[\]|]|[^\[\]|{}]+|[{}]")


class TemplateError(ValueError):
    """A template that cannot be read; the message says where."""


@dataclass(frozen=True, slots=True)
class Said:
    """Words of a sentence: text, link, and the language when it may differ from the page's."""

    text: str
    href: str | None = None
    lang: str | None = None


@dataclass(frozen=True, slots=True)
class SlotValue:
    """The values of a slot in one language.

    `nouns` are the same values as nouns with their article, empty when one of them has none. `total` is the number of
    values, as a number and as the language writes it.
    """

    said: Sequence[Said]
    nouns: Sequence[Said] = ()
    shown: str = ""


@dataclass(frozen=True, slots=True)
class _Slot:
    name: str
    form: str


@dataclass(frozen=True, slots=True)
class _Choice:
    ways: tuple[tuple[_Node, ...], ...]


@dataclass(frozen=True, slots=True)
class _Link:
    slot: str
    content: tuple[_Node, ...]


_Node = str | _Slot | _Choice | _Link
Template = tuple[_Node, ...]


def parse(text: str) -> Template:
    """Reads a template.

    Raises:
        TemplateError: a bracket or link is not closed, or a form is unknown.
    """
    tokens = list(_TOKEN.finditer(text))
    nodes, at = _sequence(text, tokens, 0, depth=0, linked=False)
    if at != len(tokens):
        raise TemplateError(f"`{tokens[at][0]}` at character {tokens[at].start() + 1} closes nothing")
    return nodes


def _sequence(text: str, tokens: Sequence[re.Match[str]], at: int, *, depth: int, linked: bool) -> tuple[Template, int]:
    """The nodes up to the end of the bracket or link that surrounds them, and the place of the token that ends them."""
    nodes: list[_Node] = []
    while at < len(tokens):
        token = tokens[at]
        words = token[0]
        if words == "{/}" or words == "]" or (words == "|" and depth):
            break
        if words == "[":
            choice, at = _choice(text, tokens, at + 1, depth=depth, linked=linked)
            nodes.append(choice)
        elif token[1]:
            if linked:
                raise TemplateError(f"a link stands inside a link at character {token.start() + 1}")
            content, at = _sequence(text, tokens, at + 1, depth=0, linked=True)
            if at == len(tokens) or tokens[at][0] != "{/}":
                raise TemplateError(f"`{words}` lacks its `{{/}}`")
            nodes.append(_Link(token[1], content))
        elif token[2]:
            nodes.append(_Slot(token[2], _form(token)))
        elif words in ("{", "}"):
            raise TemplateError(f"`{words}` at character {token.start() + 1} is not part of a slot")
        else:
            nodes.append(words)
        at += 1
    return tuple(nodes), at


def _choice(text: str, tokens: Sequence[re.Match[str]], at: int, *, depth: int, linked: bool) -> tuple[_Choice, int]:
    ways: list[Template] = []
    while True:
        way, at = _sequence(text, tokens, at, depth=depth + 1, linked=linked)
        ways.append(way)
        if at == len(tokens) or tokens[at][0] == "{/}":
            raise TemplateError("a `[` lacks its `]`")
        if tokens[at][0] == "]":
            return _Choice(tuple(ways)), at
        at += 1


def _form(token: re.Match[str]) -> str:
    form = token[3] or ""
    if form not in FORMS and form.count("/") + form.count("~") != 1:
        raise TemplateError(f"the form of `{token[0]}` is none of {', '.join(FORMS[1:])}, `one/many` or `one~many`")
    return form


def slots(template: Template) -> Iterator[tuple[str, str]]:
    """The slots that a template names, each with its form."""
    for node in template:
        if isinstance(node, _Slot):
            yield node.name, node.form
        elif isinstance(node, _Link):
            yield node.slot, ""
            yield from slots(node.content)
        elif isinstance(node, _Choice):
            for way in node.ways:
                yield from slots(way)


def say(template: Template, values: Mapping[str, SlotValue], words: Words) -> list[Said]:
    """The words of a sentence, the first with a capital; empty when a slot outside of brackets has no value.

    Args:
        template: what `parse` returned.
        values: the slots that have values, each with at least one.
        words: the language of the page.
    """
    said = _say(template, values, words)
    if not said:
        return []
    joined = _joined(said)
    return [replace(joined[0], text=capitalised(joined[0].text)), *joined[1:]] if joined else []


def in_words(said: Sequence[Said]) -> str:
    """The plain text of a sentence."""
    return "".join(one.text for one in said)


def _say(template: Template, values: Mapping[str, SlotValue], words: Words) -> list[Said] | None:
    found: list[Said] = []
    for node in template:
        part = _say_node(node, values, words)
        if part is None:
            return None
        found += part
    return found


def _say_node(node: _Node, values: Mapping[str, SlotValue], words: Words) -> list[Said] | None:
    if isinstance(node, str):
        return [Said(node)]
    if isinstance(node, _Slot):
        value = values.get(node.name)
        return None if value is None else _say_slot(value, node.form, words)
    if isinstance(node, _Link):
        content = _say(node.content, values, words)
        value = values.get(node.slot)
        if content is None or value is None:
            return None
        return [Said(in_words(content), value.said[0].href, next((one.lang for one in content if one.lang), None))]
    for way in node.ways:
        if (said := _say(way, values, words)) is not None:
            return said
    return []


def _say_slot(value: SlotValue, form: str, words: Words) -> list[Said] | None:
    if form == "noun":
        return _listed(value.nouns, words) if value.nouns else None
    if form == "count":
        return [Said(value.shown)]
    if form == "plain":
        return _listed([replace(one, href=None) for one in value.said], words)
    if form == "genitive":
        listed = _listed(value.said, words)
        return [*listed[:-1], replace(listed[-1], text=genitive(listed[-1].text, words.language))]
    if form == "lower":
        return _listed([replace(one, text=lowered(one.text)) for one in value.said], words)
    if form == "definite":
        return _listed([replace(one, text=definite(one.text, words.language)) for one in value.said], words)
    if "~" in form:
        return [Said(form.split("~")[len(value.said) > 1])]
    if "/" in form:
        return [Said(plural(len(value.said), form.split("/"), value.shown))]
    return _listed(value.said, words)


def _listed(said: Sequence[Said], words: Words) -> list[Said]:
    named, left = split_list(len(said))
    between = [", "] * (named - 1) if left else separators(named, words)
    found = [said[0]]
    for separator, one in zip(between, said[1:named], strict=True):
        found += [Said(separator), one]
    return [*found, Said(others(left, words))] if left else found


def _joined(said: Sequence[Said]) -> list[Said]:
    """Joins neighbours that are plain words."""
    found: list[Said] = []
    for one in said:
        if not one.text:
            continue
        if found and one.href is None and one.lang is None and found[-1].href is None and found[-1].lang is None:
            found[-1] = Said(found[-1].text + one.text)
        else:
            found.append(one)
    return found
