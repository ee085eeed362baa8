"""The form of a file `queries/pages/<kind>.yaml`, which declares the page of one kind of thing.

Paths have one to four steps; a step is a property, with `^` before it when it points to the thing before. Whatever a
file does not declare stands in the technical view of the page.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from pydantic import Field, StringConstraints, field_validator, model_validator

from plangraf.pages.sentences.template import Template, TemplateError, parse, slots
from plangraf.sparql.named.head import LAST, Strict, Titled

Curie = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9-]*:[A-Za-z][A-Za-z0-9_-]*$")]
Step = Annotated[str, StringConstraints(pattern=r"^\^?[a-z][a-z0-9-]*:[A-Za-z][A-Za-z0-9_-]*$")]
Path = Annotated[list[Step], Field(min_length=1, max_length=4)]
Key = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9-]*$")]
Layout = Literal["list", "tags", "table", "timeline", "tree"]


def _listed(value: Any) -> Any:
    return [value] if isinstance(value, str) else value


class Followed(Strict):
    """A path from the thing to values.

    Attributes:
        path: the properties.
        otherwise: a path for when the first has no value; `else` in a file.
        is_: the classes of which a value must have one.
        value: the only literal that counts.
        named: only things that the data name.
        order: properties of the values, or of the link before them; with `-` the last comes first.
    """

    path: Path
    otherwise: Path | None = Field(default=None, alias="else")
    is_: list[Curie] = Field(default=[], alias="is")
    value: str | None = None
    named: bool = False
    order: list[Annotated[str, StringConstraints(pattern=r"^-?[a-z][a-z0-9-]*:[A-Za-z][A-Za-z0-9_-]*$")]] = Field(
        default=[]
    )

    @field_validator("path", "otherwise", "is_", "order", mode="before")
    @classmethod
    def _one_or_more(cls, value: Any) -> Any:
        return _listed(value)

    @model_validator(mode="before")
    @classmethod
    def _short(cls, value: Any) -> Any:
        return {"path": value} if isinstance(value, str | list) else value

    @property
    def paths(self) -> list[list[str]]:
        return [self.path, self.otherwise] if self.otherwise else [self.path]


class Slot(Followed):
    """What a template may say; `unlike` leaves out the values that another slot has."""

    unlike: str | None = None


class Fact(Followed):
    """One line of short facts: a name, by default the label of the first property, and the values."""

    title: Titled | None = None


class Note(Followed):
    """What stands after a value in a list, or in a column of a table.

    `link` follows the path from the link before the value, `short` shows things by their numbers.
    """

    title: Titled | None = None
    link: bool = False
    short: bool = False


class Mark(Strict):
    """What marks the values that the thing also has by another path."""

    path: Path
    text: Titled

    @field_validator("path", mode="before")
    @classmethod
    def _one_or_more(cls, value: Any) -> Any:
        return _listed(value)


class More(Strict):
    """The list that holds all values: `/<list>?<filter>=<the thing>`; `key` is how the filter names the thing."""

    list_: Key = Field(alias="list")
    filter_: Annotated[str, StringConstraints(pattern=r"^[a-z][A-Za-z]*$")] = Field(alias="filter")
    key: Literal["path", "code", "number", "last"] = "path"


class Part(Followed):
    """Values of a section in one layout.

    Attributes:
        title, lead: a heading of its own, and a line of words below.
        layout: list, short numbered tags, table, timeline or tree.
        notes: what stands after each value; the columns of a table. A timeline takes its date from the first note.
        number: the property with the number before each value.
        mark: marks some of the values.
        group: the path from a value to the thing that it stands under.
        via: tell from which things the values were reached.
        through: the name of a link to the thing before each value, such as the link with our reason.
        evidence: the property of the thing whose evidence supports the values, when it is not that of the last step.
        children: in a tree, what stands under each value.
        more: the list that has all of them.
        most: values that are shown at once; the others are folded, and more than a hundred are left to the list.
    """

    title: Titled | None = None
    lead: Titled | None = None
    layout: Layout = "list"
    notes: list[Note] = Field(default=[])
    number: Curie | None = None
    mark: Mark | None = None
    group: Path | None = None
    via: Titled | None = None
    through: Titled | None = None
    evidence: Curie | None = None
    children: list[Part] = Field(default=[])
    more: More | None = None
    most: int = Field(default=12, ge=1, le=100)

    @field_validator("group", mode="before")
    @classmethod
    def _group_of_one(cls, value: Any) -> Any:
        return _listed(value)

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if self.children and self.layout != "tree":
            raise ValueError("only a tree has children")
        if self.layout in ("table", "timeline") and not self.notes:
            raise ValueError(f"a {self.layout} needs notes")
        if (self.via or self.through) and len(self.path) < 2:
            raise ValueError("`via` and `through` need a path of two steps or more")
        return self


class Table(Strict):
    """The rows of a SPARQL query in which `$this` stands for the thing and `$lang` for the language of the page.

    Attributes:
        query: a SELECT with an order and a limit.
        columns: the names of its columns that the page shows; a column of IRIs shows names with links.
        anchors: that the first column has the section of a document, to whose row `views.document_parts.section_anchor`
            leads.
    """

    query: str = Field(min_length=1)
    columns: dict[Annotated[str, StringConstraints(pattern=r"^[a-z][A-Za-z0-9]*$")], Titled] = Field(min_length=1)
    anchors: bool = False


class Way(Strict):
    """A way into the things of an area: a question, and the list that answers it, with the number of its things."""

    question: Titled
    list_: Key = Field(alias="list")


class Ways(Strict):
    """Ways in, as `/<list>?<filter>=<the number of the area>`."""

    filter_: Annotated[str, StringConstraints(pattern=r"^[a-z][A-Za-z]*$")] = Field(alias="filter")
    to: list[Way] = Field(min_length=1)


class Section(Strict):
    """A section of the page: parts, a table of a query, or ways in. `reading` marks it as our interpretation.

    `none` is what a section without a value says; without it the page has no such section.
    """

    name: Key
    title: Titled
    lead: Titled | None = None
    reading: bool = False
    parts: list[Part] = Field(default=[])
    table: Table | None = None
    ways: Ways | None = None
    none: Titled | None = None

    @model_validator(mode="after")
    def _has_content(self) -> Self:
        if sum(map(bool, (self.parts, self.table, self.ways))) != 1:
            raise ValueError(f"the section {self.name} needs either parts, a table or ways")
        return self

    @property
    def query(self) -> str | None:
        return self.table.query if self.table else None


class KindForm(Strict):
    """The page of one kind of thing.

    Attributes:
        class_: the classes of the kind.
        position: decides between two kinds of one thing; the lower one wins.
        name: the kind, as a noun without article.
        list_: the list of all things of the kind.
        names, lists: the same for some of the classes.
        title: a template for things without a name in the data.
        slots: what the templates may say.
        sentence: the one sentence, a template in each language.
        text: properties whose texts stand below the sentence.
        facts: the short facts.
        sections: in the order in which a reader wants them.
    """

    class_: list[Curie] = Field(alias="class", min_length=1)
    position: int = LAST
    name: Titled
    list_: Key | None = Field(default=None, alias="list")
    names: dict[Curie, Titled] = Field(default={})
    lists: dict[Curie, Key] = Field(default={})
    title: Titled | None = None
    slots: dict[Annotated[str, StringConstraints(pattern=r"^[a-z][A-Za-z0-9]*$")], Slot] = Field(default={})
    sentence: Titled
    text: list[Fact] = Field(default=[])
    facts: list[Fact] = Field(default=[])
    sections: list[Section] = Field(default=[])

    @field_validator("class_", mode="before")
    @classmethod
    def _one_or_more(cls, value: Any) -> Any:
        return _listed(value)

    @model_validator(mode="after")
    def _says_what_it_has(self) -> Self:
        used: set[str] = set()
        for text in (self.title, self.sentence):
            for words in text.texts.values() if text else ():
                try:
                    named = {name for name, _ in slots(parse(words))}
                except TemplateError as error:
                    raise ValueError(f"{words!r}: {error}") from error
                if unknown := sorted(named - set(self.slots)):
                    raise ValueError(f"{words!r} names the slot {unknown[0]}, which is not among the slots")
                used |= named
        for name, slot in self.slots.items():
            if slot.unlike is not None and slot.unlike not in self.slots:
                raise ValueError(f"the slot {name} is to be unlike {slot.unlike}, which is not among the slots")
        if unused := sorted(set(self.slots) - used):
            raise ValueError(f"no sentence uses the slot {unused[0]}")
        if unknown := sorted({*self.names, *self.lists} - set(self.class_)):
            raise ValueError(f"{unknown[0]} is not among the classes")
        names = [section.name for section in self.sections]
        if twice := sorted({name for name in names if names.count(name) > 1}):
            raise ValueError(f"two sections have the name {twice[0]}")
        return self

    def templates(self, which: Literal["title", "sentence"]) -> dict[str, Template]:
        """The template in each language; empty without one."""
        text = self.title if which == "title" else self.sentence
        return {language: parse(words) for language, words in text.texts.items()} if text else {}


class SharedForm(Strict):
    """What the files share: nouns with their article, by the path of a concept below /id/."""

    nouns: dict[str, Titled] = Field(default={})
