"""Spreadsheets for people who do not write Turtle: a dataset folder to tables, and tables to a dataset folder.

Beside `build`, whose steps check what is imported; nothing that serves may import this package. `exchange`
is the way: `shapes` (to columns) → `tables` (triples to rows) → `xlsx` or `csv_files`, and back through
`reading` (rows to triples), `evidence`, `checking` (the build's own checks) and `turtle`.
"""
