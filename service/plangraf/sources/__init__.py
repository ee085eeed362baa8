"""Finds the source files and the named graph of each, and parses them to quads."""
