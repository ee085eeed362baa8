// Places of new nodes: what links to the thing of the page stands at its left, what it links to at its right, and the
// neighbours of what is opened one step further out, in the free stretch that is nearest. Lengths are CSS pixels.

const [GAP, BETWEEN_GROUPS] = [8, 18];

/**
 * Places boxes in a column beside their owner.
 *
 * `boxes` are {id, group, width, height}, in order; `placed` has what stands, by id: {x, y, width, height}. Adds the boxes
 * to `placed`; `edge` is where the column begins, on its `side` (-1 left, 1 right), and `y` where its middle is wanted.
 */
export function placeColumn(boxes, edge, side, y, placed) {
  const tops = [];
  let height = 0;
  for (const [at, box] of boxes.entries()) {
    if (at) height += box.group === boxes[at - 1].group ? GAP : BETWEEN_GROUPS;
    tops.push(height);
    height += box.height;
  }
  const width = Math.max(...boxes.map((box) => box.width));
  const top = freeTop(placed, edge + (side * width) / 2, width, height, y - height / 2);
  for (const [at, { id, width: own, height: tall }] of boxes.entries())
    placed.set(id, { x: edge + (side * own) / 2, y: top + tops[at] + tall / 2, width: own, height: tall });
}

/** Whether a box would lie over nothing that stands. */
export function isFree(box, placed) {
  return [...placed.values()].every(
    (one) =>
      Math.abs(one.x - box.x) >= (one.width + box.width) / 2 || Math.abs(one.y - box.y) >= (one.height + box.height) / 2,
  );
}

/** Where the free stretch begins that is nearest to a wanted top. */
function freeTop(placed, x, width, height, wanted) {
  const taken = [...placed.values()]
    .filter((one) => Math.abs(one.x - x) < (one.width + width) / 2 + GAP)
    .map((one) => [one.y - one.height / 2 - BETWEEN_GROUPS, one.y + one.height / 2 + BETWEEN_GROUPS]);
  const fits = (top) => taken.every(([start, end]) => top >= end || top + height <= start);
  return [wanted, ...taken.flatMap(([start, end]) => [start - height, end])]
    .filter(fits)
    .reduce((best, one) => (Math.abs(one - wanted) < Math.abs(best - wanted) ? one : best));
}
