"""Validates the data by the SHACL shapes (https://www.w3.org/TR/shacl/).

Compiled tests prove most nodes conformant in milliseconds. pySHACL validates the other nodes and writes all results, so
the report is the same as from pySHACL alone. `validation` is the entry point.
"""
