// What a graph shows: the thing of the page, what was opened, and the first neighbours of each.

/**
 * The things and links to draw.
 *
 * `known` gives the neighbourhood of a thing. Returns `items`, in the order of their places: {id, label, owner, direction,
 * group}, with `iri`, or with `num` and `first`, how many of a group are left out and the IRI of the first of them; the
 * owner is the thing beside which an item stands. And `edges`, by id: {source, target, label, interpreted}.
 */
export function contentOf(root, open, known) {
  const owners = [root, ...open];
  const shown = new Map([[root, {}]]); // IRI → the owner of its node
  for (const owner of owners) {
    if (!shown.has(owner)) shown.set(owner, { owner: ownerOf(owner, owners, known) });
    for (const { neighbours, drawn } of known(owner).groups)
      for (const { iri } of neighbours.slice(0, drawn)) if (!shown.has(iri)) shown.set(iri, { owner });
  }
  const items = new Map([[root, { id: root, iri: root, label: known(root).label }]]);
  const edges = new Map();
  for (const owner of owners) {
    if (shown.get(owner).owner === null) items.set(owner, { id: owner, iri: owner, label: known(owner).label });
    for (const { direction, link, label, interpreted, neighbours } of known(owner).groups) {
      const group = `${owner} ${direction} ${link} ${interpreted}`;
      const rest = [];
      for (const { iri, label: name } of neighbours) {
        if (!shown.has(iri)) rest.push(iri);
        else addEdge(edges, owner, iri, { direction, label, interpreted });
        if (shown.get(iri)?.owner === owner && !items.has(iri))
          items.set(iri, { id: iri, iri, label: name, owner, direction, group });
      }
      if (!rest.length) continue;
      items.set(group, { id: group, owner, direction, group, num: rest.length, first: rest[0] });
      addEdge(edges, owner, group, { direction, label, interpreted });
    }
  }
  return { items: [...items.values()], edges };
}

/** Several links from one thing to another are one edge with the words of all. */
function addEdge(edges, owner, other, { direction, label, interpreted }) {
  const [source, target] = direction === "in" ? [other, owner] : [owner, other];
  const id = `edge ${source} ${target}`;
  const edge = edges.get(id) ?? { id, source, target, labels: [], interpreted: true };
  if (!edge.labels.includes(label)) edge.labels.push(label);
  edge.interpreted &&= interpreted;
  edges.set(id, edge);
}

/** The first thing that has another as neighbour, because nothing draws what was opened in the table; null without any. */
function ownerOf(iri, owners, known) {
  const has = (group) => group.neighbours.some((one) => one.iri === iri);
  return owners.find((owner) => owner !== iri && known(owner).groups.some(has)) ?? null;
}
