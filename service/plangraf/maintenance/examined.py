"""The examination of an installation: what is wrong, and what to do. Nothing is written.

Each check gives findings, one line each. A check that fails in a way of its own is a finding too, so that one damage
never hides another.
"""

from __future__ import annotations

import difflib
import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from plangraf.errors import PlangrafError, SettingError
from plangraf.settings import Settings, load_settings

State = Literal["ok", "note", "broken"]
_PREFIX = "PLANGRAF_"
# Set by the service for its own processes.
_INTERNAL = frozenset({"PLANGRAF_LOADERS", "PLANGRAF_HANDOVER"})
BUILD_AGAIN = "Write it again with `plangraf build --force`, or restore it from a backup."


@dataclass(frozen=True, slots=True)
class Finding:
    """What a check found; `advice` is empty when there is nothing to do.

    `note` is what works and is not as it could be, `broken` what stops the service, a build, or an answer.
    """

    check: str
    state: State
    found: str
    advice: str = ""


Check = Callable[[Settings], Iterator[Finding]]


def examine(overrides: Mapping[str, object], checks: Mapping[str, Check]) -> Iterator[Finding]:
    """The findings of the settings, then of each check by its name.

    Args:
        overrides: settings of the command line.
        checks: by name, in their order. With settings that cannot be used only those of the settings are reported.
    """
    try:
        settings = load_settings(**overrides)
    except SettingError as error:
        for one in str(error).split("; PLANGRAF_"):
            text = one if one.startswith(_PREFIX) else f"{_PREFIX}{one}"
            yield Finding("settings", "broken", text, "Correct the variable; docs/operators.md lists all of them.")
        yield Finding("settings", "note", "nothing else was examined", "Correct the settings, then examine again.")
        return
    yield from _unknown_variables()
    yield Finding("settings", "ok", f"all can be used; data and queries of {settings.home}")
    for name, check in checks.items():
        try:
            yield from check(settings)
        except (PlangrafError, OSError, ValueError, KeyError, TypeError) as error:
            said = " ".join(str(error).split()) or type(error).__name__
            yield Finding(
                name, "broken", said, "" if isinstance(error, PlangrafError) else "Look at the file it names."
            )


def _unknown_variables() -> Iterator[Finding]:
    known = {f"{_PREFIX}{name.upper()}" for name in Settings.model_fields}
    for name in sorted(set(os.environ) - known - _INTERNAL):
        if name.startswith(_PREFIX):
            near = difflib.get_close_matches(name, known, 1, 0.8)
            advice = f"Write {near[0]}." if near else "Remove it, or look it up in docs/operators.md."
            yield Finding("settings", "note", f"{name} is not a setting, so it has no effect", advice)
