"""Names of licences that people write, and the IRIs that a dataset uses for them.

The IRIs are those in the examples of DCAT-AP-NO.
"""

from __future__ import annotations

from collections.abc import Mapping

from plangraf.rdf.namespaces import PREFIXES

LICENCE = PREFIXES["dcterms"] + "license"
_CC = "https://creativecommons.org/"
NAMES: Mapping[str, str] = {
    "CC BY 4.0": f"{_CC}licenses/by/4.0/",
    "CC BY-SA 4.0": f"{_CC}licenses/by-sa/4.0/",
    "CC0 1.0": f"{_CC}publicdomain/zero/1.0/",
    "NLOD 1.0": "https://data.norge.no/nlod/no/1.0",
    "NLOD 2.0": "https://data.norge.no/nlod/no/2.0",
}
ALSO: Mapping[str, str] = {
    **{name.replace(" ", "-"): iri for name, iri in NAMES.items()},
    **{f"Creative Commons {name.removeprefix('CC ')}": iri for name, iri in NAMES.items() if name.startswith("CC ")},
    "CC-BY 4.0": NAMES["CC BY 4.0"],
    "CC BY SA 4.0": NAMES["CC BY-SA 4.0"],
    "CC0": NAMES["CC0 1.0"],
    "https://creativecommons.org/licenses/by/4.0/deed.no": NAMES["CC BY 4.0"],
    "https://creativecommons.org/licenses/by/4.0/deed.en": NAMES["CC BY 4.0"],
    "https://creativecommons.org/licenses/by/4.0": NAMES["CC BY 4.0"],
    "http://creativecommons.org/licenses/by/4.0/": NAMES["CC BY 4.0"],
}
