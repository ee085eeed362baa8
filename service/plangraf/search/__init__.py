"""Full-text search over one version: analysis of Norwegian and English words, the index, questions and hits.

A build writes the index of a version from entries, a service opens and asks it. The index is tantivy's, mapped into
memory, so that all HTTP processes share one copy. https://docs.rs/tantivy
"""
