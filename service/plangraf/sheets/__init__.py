"""Converts a dataset folder to spreadsheets and back, for people who do not write Turtle.

`exchange` runs the steps. Export: `model_reader` (shapes to columns) → `write.tables` (triples to rows) →
`write.xlsx_writer` or `csv_files`. Import: `read.xlsx_reader` or `csv_files` → `read.table_reader` (rows to triples) →
`read.evidence_columns` → `read.build_checks` → `write.turtle_files`. The service never imports this package.
"""
