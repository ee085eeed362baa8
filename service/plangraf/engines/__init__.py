"""Evaluation of queries: `base` is the interface, `embedded` the engine that comes with the service."""
