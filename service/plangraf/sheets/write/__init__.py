"""Writes triples to tables and workbooks."""
