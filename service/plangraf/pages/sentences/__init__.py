"""Sentences that a person would say about a thing, made from templates and from the values that the data have."""
