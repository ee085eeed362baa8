"""`vocabulary`: the terms of the data as short cards."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar

from pydantic import Field

from plangraf.errors import ResourceNotFoundError
from plangraf.http.assistants.rows import fit
from plangraf.http.assistants.toolbox import (
    MOST_BYTES,
    Arguments,
    AssistantTool,
    ToolAnswer,
    ToolRequest,
    output_schema,
)
from plangraf.http.assistants.vocabulary import Cards, TermCard, show_card, term_cards
from plangraf.rdf.namespaces import PREFIXES, local_name

_MOST_CARDS = 8
_LONGEST_LINE = 160


class VocabularyArguments(Arguments):
    tool: ClassVar[str] = "vocabulary"

    term: Annotated[str, Field(min_length=1, max_length=200)] | None = Field(
        default=None,
        description="A class or property: its IRI, its name such as plan:Perspective, or a word of its label in "
        "Bokmål or English. Without it the answer lists all classes.",
        examples=["plan:Perspective", "vedtak"],
    )
    language: Annotated[str, Field(pattern="^(nb|en)$")] = Field(
        default="en", description="Language of the cards, nb or en."
    )


def vocabulary_tool() -> AssistantTool:
    return AssistantTool(
        "vocabulary",
        "The terms of the data",
        "Explains classes and properties of the ontology: what they mean, how many things there are, which properties "
        "a class has, and a query to begin with. Ask it before you write SPARQL.",
        VocabularyArguments.schema_of(),
        _call,
        output_schema(
            classes={"type": "array", "items": {"type": "object"}},
            cards={"type": "array", "items": {"type": "object"}},
        )
        | {"required": ["version", "address", "cut"]},
    )


async def _call(asked: ToolRequest, given: Mapping[str, Any]) -> ToolAnswer:
    arguments = VocabularyArguments.read(given)
    service, language = asked.service, arguments.language
    cards = await service.snapshot.part(term_cards)
    members: dict[str, Any] = {
        "version": service.snapshot.id,
        "address": f"{asked.lasting}/ontology",
        "prefixes": {name: PREFIXES[name] for name in ("plan", "dcterms", "skos", "rdfs", "eli", "prov", "oa", "xsd")},
    }
    if arguments.term is None:
        classes = sorted((card for card in cards.values() if card.is_class), key=lambda card: card.name)
        listed = [_line(card, language) for card in classes]
        kept = fit(listed, MOST_BYTES * 3 // 4)
        rest = f"Ask for a term by name; all are at {members['address']}."
        cut = {"shown": kept, "of": len(listed), "rest": rest} if kept < len(listed) else None
        return ToolAnswer({**members, "classes": listed[:kept], "cut": cut})
    found = find_cards(cards, arguments.term)
    if not found:
        raise ResourceNotFoundError(
            f"{arguments.term!r} among the terms of the ontology",
            "Call vocabulary without a term for all classes, or with one word of a label.",
        )
    shown = [show_card(card, language, service.pages.labels, cards) for card in found[:_MOST_CARDS]]
    kept = min(len(shown), fit(shown, MOST_BYTES * 3 // 4))
    cut = None
    if kept < len(found):
        others = ", ".join(card.name for card in found[kept : kept + 40])
        cut = {"shown": kept, "of": len(found), "rest": f"Ask for one of the others by name: {others}."}
    return ToolAnswer({**members, "cards": shown[:kept], "cut": cut})


def _line(card: TermCard, language: str) -> dict[str, Any]:
    whole = show_card(card, language, {}, {})
    definition = whole.get("definition", "")
    if len(definition) > _LONGEST_LINE:
        definition = f"{definition[:_LONGEST_LINE].rstrip()}…"
    return {
        "iri": card.iri,
        "name": card.name,
        "label": whole["label"],
        "definition": definition,
        "things": whole["things"],
    }


def find_cards(cards: Cards, term: str) -> list[TermCard]:
    """The card of an IRI or a name; else the cards with the word in a name or label, the closest first."""
    wanted = term.strip().removeprefix("<").removesuffix(">")
    exact = [card for card in cards.values() if wanted in (card.iri, card.name)]
    if exact:
        return exact
    word = wanted.casefold().removeprefix("plan:")

    def rank(card: TermCard) -> tuple[int, int, str] | None:
        texts = [local_name(card.iri).casefold(), *(label.casefold() for label in card.labels.values())]
        if word in texts:
            return 0, not card.is_class, card.name
        if any(text.startswith(word) for text in texts):
            return 1, not card.is_class, card.name
        return (2, not card.is_class, card.name) if any(word in text for text in texts) else None

    ranked = [(place, card) for card in cards.values() if (place := rank(card)) is not None]
    return [card for _, card in sorted(ranked, key=lambda pair: pair[0])]
