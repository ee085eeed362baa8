"""The words of the interface: every message has its words in each language, with the same places for values."""

from __future__ import annotations

import ast
import re
import tomllib
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po

from plangraf.pages.words import LANGUAGE_NAMES, words
from small_home import ROOT

SERVICE = ROOT / "service"
CATALOGUES = sorted((SERVICE / "plangraf" / "pages" / "translations").glob("*.po"))
PLACE = re.compile(r"%\(\w+\)s")
HOW_TO = "run `make words` and fill the empty msgstr"


def used() -> set[str]:
    mappings = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["babel"]["mappings"]
    methods = [(one["pattern"], one["method"]) for one in mappings]
    found: set[str] = set()
    for _, _, message, _, _ in extract_from_dir(SERVICE, methods, {}):
        found.add(message if isinstance(message, str) else message[0])
    return found


def forms(text: str | tuple[str, ...] | list[str]) -> list[str]:
    return [text] if isinstance(text, str) else list(text)


@pytest.mark.parametrize("path", CATALOGUES, ids=lambda path: path.name)
def test_a_catalogue_has_all_words_and_no_others(path: Path) -> None:
    with path.open("rb") as file:
        catalogue = {forms(one.id)[0]: one for one in read_po(file, locale=path.stem) if one.id}
    assert set(catalogue) == used(), HOW_TO
    for message in catalogue.values():
        texts = forms(message.string)
        assert all(texts), (message.id, HOW_TO)
        assert not message.fuzzy, (message.id, HOW_TO)
        for text in texts:
            assert set(PLACE.findall(text)) <= {place for form in forms(message.id) for place in PLACE.findall(form)}
        assert set(PLACE.findall(texts[-1])) == set(PLACE.findall(forms(message.id)[-1])), message.id


def test_each_call_of_gettext_in_python_has_its_message_in_the_call() -> None:
    """A message from a variable would never be extracted, and stay English on each page."""
    calls = [
        (path.name, node.lineno, node.args[: 2 if node.func.attr == "ngettext" else 1])
        for path in (SERVICE / "plangraf").rglob("*.py")
        if path.name not in ("words.py", "message.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)
        if node.func.attr in ("gettext", "ngettext")
    ]
    assert len(calls) > 100
    assert [call for call in calls if not all(isinstance(one, ast.Constant) for one in call[2])] == []


def test_each_message_of_an_error_stands_in_its_call_and_gets_the_values_of_its_places() -> None:
    """A place without its value would end the request that fails, and with it the answer that explains why."""
    calls = [
        (f"{path.name}:{node.lineno}", node)
        for path in (SERVICE / "plangraf").rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "N_"
    ]
    assert len(calls) > 400
    for place, call in calls:
        assert [type(one) for one in call.args] == [ast.Constant], place
        (message,) = (one.value for one in call.args if isinstance(one, ast.Constant))
        assert isinstance(message, str)
        assert {f"%({one.arg})s" for one in call.keywords} == set(PLACE.findall(message)), place


@pytest.mark.parametrize("path", CATALOGUES, ids=lambda path: path.name)
def test_a_translation_keeps_the_spaces_at_both_ends(path: Path) -> None:
    """Messages are joined to sentences by the spaces that they begin or end with."""
    with path.open("rb") as file:
        for message in read_po(file, locale=path.stem):
            for text in forms(message.string) if message.id else ():
                first = forms(message.id)[0]
                assert (text[:1] == " ", text[-1:] == " ") == (first[:1] == " ", first[-1:] == " "), first


@pytest.mark.parametrize("path", CATALOGUES, ids=lambda path: path.name)
def test_each_message_takes_its_values(path: Path) -> None:
    """A stray '%' in a translation would end the request."""
    with path.open("rb") as file:
        for message in read_po(file, locale=path.stem):
            for text in forms(message.string) if "python-format" in message.flags else ():
                assert text % {name[2:-2]: "x" for name in PLACE.findall(text)}


def test_the_interface_is_offered_in_bokmal_first_and_in_english() -> None:
    assert list(LANGUAGE_NAMES) == ["nb", "en"]
    assert LANGUAGE_NAMES["nb"] == "Norsk bokmål"


def test_numbers_and_days_are_written_as_the_language_writes_them() -> None:
    assert words("nb").number(Decimal("1234567.50")) == "1\N{NO-BREAK SPACE}234\N{NO-BREAK SPACE}567,5"
    assert words("en").number(Decimal("1234567.50")) == "1,234,567.5"
    assert words("nb").date(date(2024, 3, 9)) == "9. mars 2024"
    assert words("en").date(date(2024, 3, 9)) == "9 March 2024"


def test_an_english_message_is_its_own_text() -> None:
    assert words("en").gettext("Skip to the content") == "Skip to the content"
    assert words("nb").gettext("Skip to the content") == "Hopp til innholdet"
