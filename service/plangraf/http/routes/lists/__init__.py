"""The lists of things of one kind: what a request asks, the pages and rows, and the list of all lists."""
