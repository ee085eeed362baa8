"""A short `make soak`: all hostile clients beside a good one for a minute.

The machine that runs the tests is shared and slow, so no time is asserted here; `make soak` prints the ratios.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from benchmarks import soak


@pytest.mark.slow
@pytest.mark.timeout(1000)
def test_hostile_clients_neither_stop_the_service_nor_spoil_an_answer(built: Path, record_property: Any) -> None:
    findings = soak.soak(built, soak.Options(idle_s=8, attack_s=45, calm_s=7))
    text = soak.report(findings)
    record_property("report", text)
    # The good client: right answers always, and hardly ever put off.
    assert not [reason for reason in findings.failures if "wrong answer" in reason], text
    assert findings.phases["calm"].failed == 0, text
    assert findings.phases["attack"].right > 100, text
    assert findings.refused_share < 0.05, text
    # The service: documented errors, no outgoing call, no lost process, no leak, a clean log.
    assert sum(findings.answered.attacks.values()) > 100, text
    assert not findings.dishonest, text
    assert findings.canary_calls == [], text
    assert findings.alive, text
    assert findings.before is not None
    assert findings.after is not None
    assert findings.log is not None
    assert findings.after.workers == findings.before.workers, text
    assert set(findings.under_way.values()) == {0.0}, text
    assert findings.after.mib < 1.5 * findings.before.mib + 100, text
    for pid, descriptors in findings.before.descriptors.items():
        assert findings.after.descriptors[pid] <= descriptors + 10, text
    assert findings.log.unclean == [], text
    assert findings.log.bugs == [], text
