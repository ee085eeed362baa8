"""Explains why a query was refused or has no results, and suggests a query that works."""
