"""Reads spreadsheets to triples, and reports every cell that cannot be read."""
