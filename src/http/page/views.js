// The two views: all scalers, and one of them.

const byId = (id) => document.getElementById(id);
const collator = new Intl.Collator("en", { numeric: true });

/** Each is worse the higher it is; names decide between equals. */
const ORDERS = {
  trouble: (scaler, now) => (troubles(scaler, now)[0] || { weight: 0 }).weight * 1000 + (scaler.record ? Math.min(999, pressure(scaler.record)) : 0),
  name: () => 0,
  backlog: (scaler) => (scaler.record ? (summed(scaler.record, "visible") ?? Infinity) : -1),
  pressure: (scaler) => (scaler.record ? pressure(scaler.record) : -1),
  age: (scaler, now) => age(scaler, now) ?? Infinity,
};

function badges(found) {
  return found.map(({ kind, text }) => el("span", { class: `badge ${kind}` }, text));
}

function cell(label, content, more) {
  return el("td", { role: "cell", "data-label": label, class: [content === UNKNOWN && "unknown", more].filter(Boolean).join(" ") || null }, content);
}

/** The scaler's row, anew. */
function row(scaler, now) {
  const found = troubles(scaler, now);
  const old = stale(scaler, now) || scaler.late;
  const link = el("a", { href: `#/scaler/${encodeURIComponent(scaler.name)}` }, scaler.name);
  const name = el("th", { role: "rowheader", scope: "row" }, link, " ", ...badges(found));
  const made = el("tr", { role: "row", class: [(found[0] || {}).kind, old && "stale"].filter(Boolean).join(" ") || null }, name);
  const { record } = scaler;
  const fleet = record && record.sample.fleet;
  const of = (key) => (fleet ? figure(fleet[key]) : record ? UNKNOWN : "–");
  const backlog = record ? figure(summed(record, "visible")) : "–";
  made.append(
    cell("Backlog", backlog),
    cell("Last hour", spark(scaler.trend), "trend"),
    perInstance(record),
    cell("In service", of("in_service")),
    cell("Pending", of("pending")),
    cell("Desired", of("desired")),
    cell("Min–max", fleet ? `${figure(fleet.min)}–${figure(fleet.max)}` : of("min")),
    el("td", { role: "cell", "data-label": "Last decision", class: "words" }, el("div", { class: "clamp" }, ...(record ? told(record) : ["–"])), lastChange(scaler, now)),
    cell("Sample", record ? `${span(age(scaler, now))} ago` : "–", "age"),
  );
  if (record && record.mode !== "drive") {
    name.append(el("span", { class: "badge" }, record.mode === "dry_run" ? "dry run" : "publishes only"));
  }
  return made;
}

/** When a scaler that holds was last changed; nothing where its last decision says so, or none is known of. */
function lastChange({ record, changed }, now) {
  if (!changed || (record && record.time === changed.time)) return null;
  return el("div", { class: "faint" }, `last change: ${decided(changed)}, ${span(now - secondsOf(changed))} ago`);
}

function perInstance(record) {
  const { backlog_per_instance: has, acceptable_backlog: accepted } = record ? record.metrics : {};
  if (!record) return cell("Per instance", "–");
  const made = cell("Per instance", has === null ? UNKNOWN : figure(has));
  if (accepted !== null) {
    made.append(el("span", { class: "faint" }, ` of ${figure(accepted)}`));
    const part = pressure(record);
    const bar = el("i", {});
    bar.style.width = `${Math.min(100, part * 100).toFixed(0)}%`;
    made.append(el("span", { class: part > 1 ? "meter over" : "meter", "aria-hidden": "true" }, bar));
  }
  return made;
}

/** Whether a scaler is searched for, by its name or by what is amiss. */
function wanted(scaler, words, now) {
  const { record } = scaler;
  const text = [scaler.name, ...troubles(scaler, now).map((each) => each.text), record ? `${decided(record)} ${record.mode.replace("_", " ")}` : ""];
  return words.every((word) => text.join(" ").toLowerCase().includes(word));
}

/** Shows all scalers; their order changes only when nobody has a finger on them, or `anew`. */
function showAll(scalers, now, anew) {
  const body = byId("rows");
  const order = ORDERS[byId("sort").value];
  const words = byId("search").value.toLowerCase().split(/\s+/).filter(Boolean);
  const list = [...scalers.values()].filter((scaler) => wanted(scaler, words, now));
  const weighed = list.map((scaler) => [order(scaler, now), scaler]);
  weighed.sort(([a, one], [b, other]) => (a === b ? 0 : b - a) || collator.compare(one.name, other.name));
  const sorted = weighed.map(([, scaler]) => scaler);
  const standing = [...body.children].map((each) => each.dataset.name);
  const touched = !anew && (body.contains(document.activeElement) || body.matches(":hover"));
  const names = new Set(sorted.map((scaler) => scaler.name));
  const same = standing.length === names.size && standing.every((name) => names.has(name));
  const place = touched && same ? standing.map((name) => scalers.get(name)) : sorted;
  place.forEach((scaler, index) => showRow(body, scaler, now, index));
  while (body.children.length > place.length) body.lastElementChild.remove();
  const all = scalers.size === 1 ? "1 scaler" : `${scalers.size} scalers`;
  byId("count").textContent = place.length === scalers.size ? all : `${place.length} of ${all}`;
}

/** Puts a scaler's row in its place; what shows the same stays as it is, and so does the focus. */
function showRow(body, scaler, now, index) {
  const there = body.children[index];
  const made = row(scaler, now);
  made.dataset.name = scaler.name;
  if (there && there.dataset.name === scaler.name) patch(there, made);
  else if (there) there.replaceWith(made);
  else body.append(made);
}

/** Shows one scaler: figures, charts, and its decisions. */
function showOne(scaler, records, now) {
  const { record } = scaler;
  byId("title").textContent = scaler.name;
  patchChildren(byId("state"), badges(troubles(scaler, now)));
  patchChildren(byId("said"), record ? decisionOf(record, scaler, now) : []);
  patchChildren(byId("figures"), record ? figuresOf(record, scaler, now) : []);
  byId("scaler").classList.toggle("stale", stale(scaler, now) || scaler.late);
  if (byId("charts").records === records) return;
  byId("charts").records = records;
  const points = (read) => records.map((each) => [secondsOf(each), read(each)]);
  const fleet = (key) => points((each) => (each.sample.fleet ? each.sample.fleet[key] : null));
  const marks = records
    .filter((each) => each.decision.action !== "hold" && each.outcome.kind === "done")
    .map((each) => ({ at: secondsOf(each), kind: each.decision.action === "scale_out" ? "out" : "in", text: `${clock(secondsOf(each))}: ${decided(each)}` }));
  const width = Math.min(640, byId("charts").clientWidth);
  const wait = points((each) => (each.estimate ? each.estimate.drain_secs : null));
  byId("charts").replaceChildren(
    chart({ title: "Backlog", show: figure, marks, width, series: [
      { name: "visible", kind: "first", points: points((each) => summed(each, "visible")) },
      { name: "in flight", kind: "second", points: points((each) => summed(each, "in_flight")) }] }),
    chart({ title: "Fleet", show: figure, marks, width, series: [
      { name: "in service", kind: "first", steps: true, filled: true, points: fleet("in_service") },
      { name: "desired", kind: "second", steps: true, points: fleet("desired") }] }),
    chart({ title: "Estimated wait", show: span, marks, width, series: [
      { name: "until drained", kind: "first", points: wait },
      { name: "objective", kind: "limit", points: points(objective) }] }),
    chart({ title: "Backlog per instance", show: figure, marks, width, series: [
      { name: "per instance", kind: "first", points: points((each) => each.metrics.backlog_per_instance) },
      { name: "accepted", kind: "limit", points: points((each) => each.metrics.acceptable_backlog) }] }),
  );
}

/** What was decided last, why, and what it would take to do otherwise; and when it was last changed. */
function decisionOf(record, scaler, now) {
  const missing = record.sample.missing.map((each) => el("p", { class: "banner bad" }, `Missing: ${each.what}: ${each.why}`));
  const paused = record.paused ? [el("p", { class: "banner" }, `Paused: ${pausedWords(record)}. “sudo backlogd resume ${scaler.name}” ends it.`)] : [];
  const why = record.decision.reasons.map(({ text, otherwise }) => el("li", {}, bound(text), ...(otherwise ? [el("span", { class: "faint" }, bound(`otherwise: ${otherwise}`))] : [])));
  const { changed } = scaler;
  const before = lastChange(scaler, now) && el("p", {}, `Last change ${span(now - secondsOf(changed))} ago, at ${clock(secondsOf(changed))}: `, ...told(changed));
  const words = (each) => `${TITLES[each.kind] || each.kind}, since ${each.since.slice(0, 19).replace("T", " ")}: ${each.text}`;
  const known = standing(record).filter((each) => each.kind !== "readings_missing").map((each) => el("p", { class: "banner bad" }, words(each)));
  return [...missing, ...known, ...paused, el("div", { class: "decision" }, el("p", {}, el("strong", {}, decided(record))), el("ul", {}, ...why), ...(before ? [before] : []))];
}

/** How long instances boot, and by how much less or more; records of older versions do not say that. */
function boots({ boot_secs, boot_spread }) {
  return span(boot_secs) + (typeof boot_spread === "number" ? ` ± ${figure(Math.round(100 * boot_spread))} %` : "");
}

function figuresOf(record, scaler, now) {
  const { sample, estimate, metrics } = record;
  const fleet = sample.fleet || {};
  const pairs = [
    ["Backlog", figure(summed(record, "visible"))],
    ["In flight", figure(summed(record, "in_flight"))],
    ["Per instance", figure(metrics.backlog_per_instance) + (metrics.acceptable_backlog === null ? "" : ` of ${figure(metrics.acceptable_backlog)}`)],
    ["In service", figure(fleet.in_service)],
    ["Pending", figure(fleet.pending)],
    ["Desired", figure(fleet.desired)],
    ["Min–max", `${figure(fleet.min)}–${figure(fleet.max)}`],
    ["Sample", `${span(age(scaler, now))} ago`, "age"],
  ];
  if (estimate) {
    pairs.push(["Objective", span(objective(record))], ["Drained in", estimate.drain_secs === null ? "never, with none in service" : span(estimate.drain_secs)], ["Arriving", `${figure(estimate.arrivals_per_sec)}/s`],
      ["Per message", span(estimate.processing_secs)], ["Boot", boots(estimate)], ["Late", `${figure(estimate.late_percent)} %`]);
  }
  const dead = deadLetters(record);
  if (dead !== undefined) pairs.push(["Dead letters", figure(dead)]);
  const ages = sample.queues.map((queue) => queue.oldest_secs).filter((secs) => typeof secs === "number");
  if (ages.length) pairs.push(["Oldest message", span(Math.max(...ages))]);
  const classOf = (value, more) => [value === UNKNOWN && "unknown", more].filter(Boolean).join(" ") || null;
  return [el("dl", {}, ...pairs.map(([name, value, more]) => el("div", {}, el("dt", {}, name), el("dd", { class: classOf(value, more) }, value))))];
}

/** So many decisions are listed at once. */
const LISTED_MAX = 200;

/** Lists the decisions of `records`, the newest first, as the filter says. */
function showDecisions(records) {
  const words = byId("filter").value.toLowerCase().split(/\s+/).filter(Boolean);
  const changes = byId("changes").checked;
  const matches = (record) => {
    const text = `${clock(secondsOf(record))} ${decided(record)} ${reasons(record)} ${record.decision.reasons.map((each) => each.code).join(" ")}`.toLowerCase();
    return (!changes || record.decision.action !== "hold") && words.every((word) => text.includes(word));
  };
  const found = records.filter(matches).reverse();
  const [list, items] = [byId("decisions"), found.slice(0, LISTED_MAX).map(item)];
  // What stands in its place stays there, opened as it is.
  items.forEach((each, index) => list.children[index] === each || list.insertBefore(each, list.children[index] || null));
  while (list.children.length > items.length) list.lastElementChild.remove();
  byId("listed").textContent = found.length > LISTED_MAX ? `the latest ${LISTED_MAX} of ${found.length}` : `${found.length} of ${records.length} records in memory`;
}

const items = new WeakMap();

/** A record in the list: always the same one. */
function item(record) {
  if (!items.has(record)) {
    const raw = el("details", {}, el("summary", {}, "record"));
    raw.addEventListener("toggle", () => raw.append(el("pre", { tabindex: "0" }, JSON.stringify(record, null, 1))), { once: true });
    items.set(record, el("li", {}, el("time", { datetime: record.time }, clock(secondsOf(record))), ...told(record), " ", raw));
  }
  return items.get(record);
}
