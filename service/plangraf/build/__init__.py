"""From source files to one version: parse → closed-vocabulary check → SHACL → checks → write.

`pipeline` is the way; pySHACL and pyLODE are used here only, never in the serving process.
"""
