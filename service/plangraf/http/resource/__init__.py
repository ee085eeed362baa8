"""Resources: what the service serves at its addresses, each declared once.

A resource (`base.Resource`) declares its path, its formats, what its answers vary by, and how to read one of them:
`read(asked, snapshot)` returns a `View`. Everything else follows from that, in one place and one order:

1. `table.Table` looks up the resource of a path in a dictionary; `/plans.csv` is the resource of `/plans` in CSV. The
   table is one route of the application, and the source of `Allow` and of /openapi.json.
2. The resource's model reads the parameters (`parameters`): each field declares one, from which its refusals and its
   documentation follow.
3. `Resource.find` identifies the thing when the path alone does not; it may redirect instead.
4. Negotiation chooses the format and the language (`negotiation`). An ending overrides `format=`, which overrides
   Accept. `Asked` holds the result.
5. `Resource.read` returns the `View`: the key of the answer, its links, and a function that writes it later.
6. Vary, Cache-Control, Link and ETag follow from `Asked` and `View`. The client or the cache may have the answer.
7. If neither has it, the view writes the body: a graph in any graph format, a page, a table, the result of a query.

A route module declares resources and registers them. A new format is an entry in `rdf.formats`: each resource that
offers its kind then has it, with its ending, its link and its documentation.
"""
