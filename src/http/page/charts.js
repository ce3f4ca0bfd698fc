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

/** What lies between an outline, each unbroken part of it, and the ground. */
function areas(path, ground) {
  return path.split(/(?=M)/).map((part) => `${part}V${ground}H${part.slice(1).split(" ")[0]}Z`).join("");
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
  drawing.append(svg("path", { class: "area", d: areas(path, 24) }), svg("path", { class: "line", d: path }));
  return drawing;
}

/** A round number not below `value`, and so is half of it; of seconds, round in their own way. */
function rounded(value, show) {
  if (!(value > 0)) return show === span ? 60 : 1;
  const power = 10 ** Math.floor(Math.log10(value));
  const decimal = [1, 2, 3, 4, 6, 8, 10].map((each) => each * power);
  const sexagesimal = [60, 120, 240, 480, 720, 1200, 2400, 3600, 7200, 14400, 28800, 43200, 86400];
  return (show === span && value > 30 ? sexagesimal : decimal).find((each) => each >= value * 0.999) || 10 * power;
}

const [HEIGHT, LEFT, RIGHT, TOP, BOTTOM] = [190, 46, 8, 12, 22];

/**
 * A chart of series { name, kind, steps, filled, points: [[secs, value or null], …] } over the same times, with marks
 * { at, kind: "out" or "in", text } where it was scaled; so wide, in the pixels that its letters are sized in.
 */
function chart({ title, show, series, marks, width }) {
  const shown = series.filter(({ points }) => points.some(([, value]) => value !== null));
  const caption = el("figcaption", {}, title);
  if (!shown.length) return el("figure", {}, caption, el("p", { class: "faint" }, "nothing known yet"));
  const times = shown.flatMap(({ points }) => [points[0][0], points[points.length - 1][0]]);
  const [from, to] = [Math.min(...times), Math.max(...times)];
  const top = rounded(Math.max(...shown.flatMap(({ points }) => points.map(([, value]) => value || 0))), show);
  const x = (at) => LEFT + ((width - LEFT - RIGHT) * (at - from)) / Math.max(1, to - from);
  const y = (value) => TOP + (HEIGHT - TOP - BOTTOM) * (1 - value / top);
  const drawing = svg("svg", { viewBox: `0 0 ${width} ${HEIGHT}`, role: "img" });
  for (const part of [0, 0.5, 1]) {
    drawing.append(svg("line", { class: "grid", x1: LEFT, x2: width - RIGHT, y1: y(part * top), y2: y(part * top) }));
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
  for (const { kind, steps, filled, points } of shown) {
    const path = outline(points, x, y, steps);
    if (filled) drawing.append(svg("path", { class: "area", d: areas(path, y(0)) }));
    drawing.append(svg("path", { class: `line ${kind}`, d: path }));
  }
  for (const { name, kind } of shown) caption.append(el("span", { class: `k ${kind}` }, name));
  drawing.setAttribute("aria-label", `${title}, ${clock(from)} to ${clock(to)} UTC: ${shown.map((each) => summary(each, show)).join("; ")}`);
  return el("figure", {}, caption, drawing, readout(drawing, shown, { from, to, x, show, width }));
}

function summary({ name, points }, show) {
  const known = points.map(([, value]) => value).filter((value) => value !== null);
  return `${name} last ${show(known[known.length - 1])}, between ${show(Math.min(...known))} and ${show(Math.max(...known))}`;
}

/** A line of text below a chart: its figures where the pointer is. */
function readout(drawing, shown, { from, to, x, show, width }) {
  const text = el("p", { class: "readout", "aria-hidden": "true" });
  const cross = svg("line", { class: "cross", y1: TOP, y2: HEIGHT - BOTTOM, visibility: "hidden" });
  drawing.append(cross);
  drawing.addEventListener("pointermove", (event) => {
    const box = drawing.getBoundingClientRect();
    const part = (((event.clientX - box.left) / box.width) * width - LEFT) / (width - LEFT - RIGHT);
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
