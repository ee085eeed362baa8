"""SHACL (https://www.w3.org/TR/shacl/): what the shapes say of the data, and what is wrong.

The shapes are compiled to tests that prove most nodes conformant in milliseconds. pySHACL judges the rest and writes
every result, so that a report is pySHACL's own whichever way a node went. `validation` is the way in.
"""
