"""Resources: what the service has at its addresses, each declared once.

A resource (`base.Resource`) says its path, its formats, what its answers vary by, and how to read one of them:
`read(asked, snapshot)` gives a `View`. All else follows from that in one place and one order:

1. `table.Table` finds the resource of a path by dictionary, `/plans.csv` as the resource of `/plans` in CSV. It is one
   route of the application, and the source of `Allow` and of what /openapi.json says.
2. `Resource.find` settles which thing is meant, where the path alone does not; it may redirect instead.
3. Negotiation gives the format and the language (`negotiation`, `parameters`): an ending comes before `format=`, that
   before Accept. `Asked` holds what came out.
4. `Resource.read` gives the `View`: what names the answer, its links, and how to write it, which has not happened yet.
5. Vary, Cache-Control, Link and ETag follow from `Asked` and `View`. A client or the cache may have the answer.
6. If neither has it, the view's writer for the kind of the format gives the body: a graph in any graph format, a page,
   a table, the result of a query.

A route module declares resources and registers them. A new format is an entry in `rdf.formats`: each resource that
offers its kind has it then, with its ending, its link and its documentation.
"""
