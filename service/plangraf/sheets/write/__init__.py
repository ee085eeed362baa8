"""Writes triples to spreadsheets and Turtle files."""
