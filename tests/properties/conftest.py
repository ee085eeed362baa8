"""Sets the number of examples; with `CI` set, they are the same in each run."""

from __future__ import annotations

import os

from hypothesis import HealthCheck, settings

# Each test limits its own time, because a slow machine is not an error of the code.
settings.register_profile(
    "local", deadline=None, print_blob=True, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)
settings.register_profile("ci", settings.get_profile("local"), derandomize=True, database=None)
settings.load_profile("ci" if os.environ.get("CI") else "local")
