"""Views of the data: documents, evidence, quality, collections, the catalogue and the event stream."""
