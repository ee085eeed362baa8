"""Statistics of others: saved tables in JSON-stat, SDMX-CSV or CSV become datasets of the RDF Data Cube.

A reader makes a `statistical_table.Table`; `importing` writes the folder of a dataset from it.
"""
