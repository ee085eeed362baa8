"""Evaluation of queries: `base` is the interface, `guard` what runs before, the rest the embedded engine."""
