"""Evaluation of queries: `interface` says what an engine is, `embedded` is one, `snapshots` leases open versions."""
