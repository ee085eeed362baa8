"""From triples to spreadsheets."""
