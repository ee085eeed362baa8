"""Evaluation of queries: `base` is the interface, `embedded` implements it, `snapshots` leases open versions."""
