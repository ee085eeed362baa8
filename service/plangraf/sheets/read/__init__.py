"""From spreadsheets to triples, with every cell that cannot be read."""
