"""Readers: from the bytes of a saved file to a table, or to all of its defects."""
