"""Spreadsheets for people who do not write Turtle: a dataset folder to tables, and tables to a dataset folder.

Beside `checks`, which judge what is imported; nothing that serves may import this package. `exchange`
is the way: `shapes` (to columns) → `write.tables` (triples to rows) → `write.xlsx` or `csv_files`, and back through
`read.rows` (rows to triples), `read.evidence_columns`, `read.checking` (the build's own checks) and `write.turtle`.
"""
