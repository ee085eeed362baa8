"""The workload: the query templates of `queries/`, and instances with constants from the data.

A template is a valid SPARQL query whose parameters start with `$`; its head names the pool of their values. Constants
replace them as terms in SPARQL's notation. All draws depend on a seed, so that each peer gets the same questions in the
same order.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path
from random import Random

import yaml

from benchmarks.generate import Pools
from benchmarks.municipality import PLAN_KINDS, UNITS, iri, literal

FOLDER = Path(__file__).resolve().parent / "queries"
JSON = "application/sparql-results+json"
CSV = "text/csv"
TURTLE = "text/turtle"

_PARAMETER = re.compile(r"\$([a-z]+)\b")
# A placeholder in the text of a query. A different value per request prevents cache hits. It is a declaration, because
# a peer may normalise spaces and comments away.
SLOT = "u000000000000000"
_UNSEEN = f"PREFIX {SLOT}: <urn:{SLOT}>\n"


@dataclass(frozen=True, slots=True)
class Question:
    """One query text and the requested format.

    `any_rows` marks a LIMIT without an order, where the engine chooses the rows.
    """

    name: str
    text: str
    accept: str
    any_rows: bool = False

    @property
    def unseen(self) -> str:
        """The text with the placeholder, which each request replaces."""
        return _UNSEEN + self.text


@dataclass(frozen=True, slots=True)
class Template:
    """One file of `queries/`. `weight` is its share of the mix."""

    name: str
    summary: str
    text: str
    draws: tuple[str, ...]
    weight: int
    any_rows: bool

    @property
    def accept(self) -> str:
        return TURTLE if "CONSTRUCT" in self.text else JSON

    def instances(self, pools: Pools, most: int, seed: int) -> list[Question]:
        """At most `most` different questions, fewer when the data have fewer constants."""
        chance = Random(f"{seed} {self.name}")
        texts: dict[str, None] = {}
        for _ in range(4 * most):
            constants: dict[str, str] = {}
            for kind in self.draws:
                constants |= _DRAWS[kind](chance, pools)
            texts.setdefault(_filled(self.text, constants))
            if len(texts) == most or not self.draws:
                break
        return [Question(self.name, text, self.accept, self.any_rows) for text in texts]


def templates(folder: Path = FOLDER) -> list[Template]:
    """Reads all templates, the most frequent in the mix first.

    Raises:
        KeyError: a head lacks an entry, or names an unknown pool.
    """
    found = []
    for path in sorted(folder.glob("*.rq")):
        text = path.read_text(encoding="utf-8")
        head = yaml.safe_load("\n".join(re.findall(r"^#\+ (.*)$", text, re.MULTILINE)))
        body = re.sub(r"^#\+.*\n", "", text, flags=re.MULTILINE)
        for kind in head["draws"]:
            _DRAWS[kind]
        found.append(
            Template(
                path.stem, head["summary"], body, tuple(head["draws"]), head["weight"], head.get("any_rows", False)
            )
        )
    return sorted(found, key=lambda template: (-template.weight, template.name))


def mix(
    known: Sequence[Template], pools: Pools, seed: int, *, instances: int = 1000, length: int = 20_000
) -> tuple[list[Question], list[int]]:
    """A realistic load: templates by their weight, the instances of each by Zipf's law.

    Returns:
        About `instances` questions, and their order as `length` indexes.
    """
    chance = Random(seed)
    whole = sum(template.weight for template in known)
    questions: list[Question] = []
    places: list[list[int]] = []
    for template in known:
        own = template.instances(pools, -(-instances * template.weight // whole), seed) if template.weight else []
        places.append(list(range(len(questions), len(questions) + len(own))))
        questions += own
    zipf = [list(accumulate(1 / rank for rank in range(1, len(own) + 1))) for own in places]
    order = []
    for chosen in chance.choices(range(len(known)), [template.weight for template in known], k=length):
        order += chance.choices(places[chosen], cum_weights=zipf[chosen])
    return questions, order


def _filled(text: str, constants: Mapping[str, str]) -> str:
    return _PARAMETER.sub(lambda found: constants[found[1]], text)


def _from_pool(kind: str, pool: str | None = None) -> Callable[[Random, Pools], dict[str, str]]:
    return lambda chance, pools: {kind: chance.choice(pools[pool or kind])}


def _period(chance: Random, _: Pools) -> dict[str, str]:
    # Data of any size have decisions of 2020 to 2023; larger data also have older ones.
    year, month = chance.randint(2016, 2020), chance.randint(1, 12)
    return {
        "from": literal(f"{year}-{month:02d}-01", "date"),
        "until": literal(f"{year + 5}-{month:02d}-01", "date"),
    }


_DRAWS: dict[str, Callable[[Random, Pools], dict[str, str]]] = {
    "plan": _from_pool("plan"),
    "municipality": _from_pool("municipality"),
    "citing-municipality": _from_pool("municipality", "citing"),
    "period": _period,
    "kind": lambda chance, _: {"kind": iri(f"scheme:document-kind/{chance.choice(PLAN_KINDS[:3])}")},
    "unit": lambda chance, _: {"unit": iri(f"unit:{chance.choice(UNITS[:3])}")},
    "goal": lambda chance, _: {"goal": iri(f"sdg:{chance.randint(1, 17)}")},
    "word": _from_pool("word"),
    "least": lambda chance, _: {"least": str(chance.randint(2, 8))},
}
