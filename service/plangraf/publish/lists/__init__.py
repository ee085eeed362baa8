"""Arranges the long lists of a version: the order of their things, and the values of their filters."""
