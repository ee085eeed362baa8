// The style of the graph: the colours of the page as they are now, light or dark.

/** Of `canvas`, with text of `size` px; `room` is the length of an edge from node to node. */
export function styleOf(canvas, size, room) {
  const page = getComputedStyle(canvas);
  const colour = (name) => page.getPropertyValue(name).trim();
  const paper = colour("--picture-paper"), ink = colour("--ds-color-neutral-text-default");
  const soft = colour("--ds-color-neutral-text-subtle"), line = colour("--ds-color-neutral-border-default");
  const accent = colour("--ds-color-accent-base-default");
  const font = { "font-family": page.fontFamily, "font-size": size };
  const bend = 16, words = (room - bend) / 2 + 2;
  const label = { "text-wrap": "wrap", "text-max-width": room - bend - 12 };
  return [
    { selector: "core", style: { "active-bg-opacity": 0 } },
    {
      selector: "node",
      style: {
        ...font, shape: "round-rectangle", width: "data(width)", height: "data(height)", "corner-radius": 6,
        label: "data(text)", "text-wrap": "wrap", "text-max-width": 2000, "line-height": 1.25,
        "text-valign": "center", "text-halign": "center", color: ink,
        "background-color": colour("--ds-color-neutral-surface-default"), "border-width": 1, "border-color": line,
        "overlay-opacity": 0,
      },
    },
    { selector: "node.rest", style: { color: soft, "border-style": "dotted", "background-opacity": 0 } },
    {
      selector: "node.open, node.root",
      style: { "background-color": colour("--picture-tint"), "border-color": accent, "border-width": 1.5 },
    },
    { selector: "node.root", style: { "font-weight": "bold", "border-width": 2.5 } },
    { selector: "node.chosen", style: { "outline-width": 2, "outline-offset": 2, "outline-color": accent } },
    {
      selector: "edge",
      style: {
        ...font, "font-size": size * 0.95, color: soft, width: 1.2, "line-color": line, "arrow-scale": 0.8,
        "target-arrow-shape": "triangle", "target-arrow-color": line, "overlay-opacity": 0, ...label,
        "text-background-color": paper, "text-background-opacity": 0.9, "text-background-padding": 2,
      },
    },
    {
      selector: "edge.outward, edge.inward",
      style: { "curve-style": "round-taxi", "taxi-direction": "horizontal", "taxi-radius": 8, "taxi-turn-min-distance": 4 },
    },
    {
      selector: "edge.outward",
      style: {
        "taxi-turn": bend, "target-label": "data(label)", "target-text-offset": words,
        "target-arrow-color": colour("--picture-blue"),
      },
    },
    {
      selector: "edge.inward",
      style: {
        "taxi-turn": -bend, "source-label": "data(label)", "source-text-offset": words,
        "target-arrow-color": colour("--picture-orange"),
      },
    },
    {
      selector: "edge.across",
      style: { "curve-style": "unbundled-bezier", "control-point-distances": 46, "control-point-weights": 0.5, opacity: 0.5 },
    },
    { selector: "edge.interpreted", style: { "line-style": "dashed", "line-dash-pattern": [4, 3], "line-color": colour("--interpreted") } },
    { selector: "edge.near", style: { width: 2, "line-color": ink, color: ink, "z-index": 9 } },
    // Their words would lie over each other: those that the reader points at are shown.
    { selector: "edge.across.near", style: { label: "data(label)", opacity: 1 } },
  ];
}
