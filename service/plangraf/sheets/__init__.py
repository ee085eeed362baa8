"""Converts a dataset folder to spreadsheets and back, for people who do not write Turtle.

Export, by `exporting`: `model_reader` (shapes to columns) → `write.tables` (triples to rows) → `write.xlsx_writer` or
`csv_files`. Import, by `importing`: `read.xlsx_reader` or `csv_files` → `read.table_reader` (rows to triples) →
`read.evidence_columns` → `read.build_checks` → Turtle files. The service never imports this package.
"""
