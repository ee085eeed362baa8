"""Evaluation of queries: `interface` is the interface, `embedded` implements it, `snapshots` leases open versions."""
