"""Prints the datasets that ckanext-dcat reads from a Turtle file, as JSON. Runs in the environment of `make portals`.

.portals/ckan/bin/python tests/service/ckan_reads.py catalog.ttl
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from ckanext.dcat.processors import RDFParser


def main(file: str) -> None:
    parser = RDFParser(profiles=["euro_dcat_ap_3"])
    parser.parse(Path(file).read_text(encoding="utf-8"), _format="text/turtle")
    json.dump({"datasets": list(parser.datasets()), "next": parser.next_page()}, sys.stdout)


if __name__ == "__main__":
    main(sys.argv[1])
