// Small charts, drawn by hand.

const SVG = "http://www.w3.org/2000/svg";

function svg(tag, attributes, ...children) {
  const made = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...children);
  return made;
}

/** The outline of points [x, y], broken where y is null; in steps where it holds from one point to the next. */
function outline(points, x, y, steps) {
  let path = "";
  let before = null;
  for (const [at, value] of points) {
    if (value === null || value === undefined) {
      before = null;
      continue;
    }
    const [px, py] = [x(at).toFixed(1), y(value).toFixed(1)];
    path += before === null ? `M${px} ${py}` : steps ? `H${px}V${py}` : `L${px} ${py}`;
    before = py;
  }
  return path;
}

/** The trend of a backlog, without axes: the table's own figure is its scale. */
function spark(points) {
  const known = points.map(([, value]) => value).filter((value) => value !== null);
  const drawing = svg("svg", { class: "spark", viewBox: "0 0 100 24", preserveAspectRatio: "none", role: "img" });
  if (known.length < 2) {
    drawing.setAttribute("aria-label", "no trend yet");
    return drawing;
  }
  const [from, to] = [points[0][0], points[points.length - 1][0]];
  const top = Math.max(1, ...known);
  const x = (at) => (100 * (at - from)) / Math.max(1, to - from);
  const y = (value) => 22 - (20 * value) / top;
  drawing.setAttribute("aria-label", `between ${figure(Math.min(...known))} and ${figure(Math.max(...known))} within the last hour`);
  const path = outline(points, x, y, false);
  if (!path.slice(1).includes("M")) drawing.append(svg("path", { class: "area", d: `${path}V24H${x(points.find(([, v]) => v !== null)[0]).toFixed(1)}Z` }));
  drawing.append(svg("path", { class: "line", d: path }));
  return drawing;
}

/** A round number not below `value`. */
function rounded(value) {
  if (!(value > 0)) return 1;
  const power = 10 ** Math.floor(Math.log10(value));
  return [1, 2, 2.5, 5, 10].map((each) => each * power).find((each) => each >= value * 0.999) || 10 * power;
}

const [WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM] = [640, 190, 46, 8, 12, 22];

/**
 * A chart of series { name, kind, steps, points: [[secs, value or null], …] } over the same times, with marks
 * { at, kind: "out" or "in", text } where it was scaled.
 */
function chart({ title, show, series, marks }) {
  const shown = series.filter(({ points }) => points.some(([, value]) => value !== null));
  const caption = el("figcaption", {}, title);
  if (!shown.length) return el("figure", {}, caption, el("p", { class: "faint" }, "nothing known yet"));
  const times = shown.flatMap(({ points }) => [points[0][0], points[points.length - 1][0]]);
  const [from, to] = [Math.min(...times), Math.max(...times)];
  const top = rounded(Math.max(...shown.flatMap(({ points }) => points.map(([, value]) => value || 0))));
  const x = (at) => LEFT + ((WIDTH - LEFT - RIGHT) * (at - from)) / Math.max(1, to - from);
  const y = (value) => TOP + (HEIGHT - TOP - BOTTOM) * (1 - value / top);
  const drawing = svg("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "img" });
  for (const part of [0, 0.5, 1]) {
    drawing.append(svg("line", { class: "grid", x1: LEFT, x2: WIDTH - RIGHT, y1: y(part * top), y2: y(part * top) }));
    drawing.append(svg("text", { x: LEFT - 6, y: y(part * top) + 4, "text-anchor": "end" }, show(part * top)));
  }
  const anchors = ["start", "middle", "end"];
  anchors.forEach((anchor, index) => {
    const at = from + ((to - from) * index) / 2;
    drawing.append(svg("text", { x: x(at), y: HEIGHT - 6, "text-anchor": anchor }, clock(at).slice(0, to - from > 600 ? 5 : 8)));
  });
  for (const mark of marks) {
    const at = x(mark.at);
    const tip = mark.kind === "out" ? `M${at} ${TOP - 8}l5 8h-10z` : `M${at} ${TOP}l5 -8h-10z`;
    drawing.append(svg("line", { class: "mark", x1: at, x2: at, y1: TOP, y2: HEIGHT - BOTTOM }));
    drawing.append(svg("path", { class: mark.kind, d: tip }, svg("title", {}, mark.text)));
  }
  for (const { kind, steps, points } of shown) drawing.append(svg("path", { class: `line ${kind}`, d: outline(points, x, y, steps) }));
  for (const { name, kind } of shown) caption.append(el("span", { class: `k ${kind}` }, name));
  drawing.setAttribute("aria-label", `${title}, ${clock(from)} to ${clock(to)} UTC: ${shown.map((each) => summary(each, show)).join("; ")}`);
  return el("figure", {}, caption, drawing, readout(drawing, shown, { from, to, x, show }));
}

function summary({ name, points }, show) {
  const known = points.map(([, value]) => value).filter((value) => value !== null);
  return `${name} last ${show(known[known.length - 1])}, between ${show(Math.min(...known))} and ${show(Math.max(...known))}`;
}

/** A line of text below a chart: its figures where the pointer is. */
function readout(drawing, shown, { from, to, x, show }) {
  const text = el("p", { class: "readout", "aria-hidden": "true" });
  const cross = svg("line", { class: "cross", y1: TOP, y2: HEIGHT - BOTTOM, visibility: "hidden" });
  drawing.append(cross);
  drawing.addEventListener("pointermove", (event) => {
    const box = drawing.getBoundingClientRect();
    const part = (((event.clientX - box.left) / box.width) * WIDTH - LEFT) / (WIDTH - LEFT - RIGHT);
    const wanted = from + Math.min(1, Math.max(0, part)) * (to - from);
    const nearest = (points) => points.reduce((best, each) => (Math.abs(each[0] - wanted) < Math.abs(best[0] - wanted) ? each : best));
    const at = nearest(shown[0].points)[0];
    cross.setAttribute("x1", x(at));
    cross.setAttribute("x2", x(at));
    cross.setAttribute("visibility", "visible");
    const told = shown.map(({ name, points }) => `${name} ${nearest(points)[1] === null ? UNKNOWN : show(nearest(points)[1])}`);
    text.textContent = `${clock(at)} UTC · ${told.join(" · ")}`;
  });
  drawing.addEventListener("pointerleave", () => {
    cross.setAttribute("visibility", "hidden");
    text.textContent = "";
  });
  return text;
}
