// What a record says, in figures and words. All text from outside becomes text nodes, never markup.

/** An element; strings among its children become text. */
function el(tag, attributes, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes || {})) {
    if (value !== null && value !== undefined && value !== false) made.setAttribute(name, value === true ? "" : value);
  }
  made.append(...children.filter((child) => child !== null && child !== undefined));
  return made;
}

/** Makes `there` look like `made`, and leaves alone what is the same, so that it keeps its focus. */
function patch(there, made) {
  if (there.isEqualNode(made)) return;
  if (there.nodeName !== made.nodeName || there.nodeType !== Node.ELEMENT_NODE) {
    there.replaceWith(made);
    return;
  }
  for (const { name } of [...there.attributes]) if (!made.hasAttribute(name)) there.removeAttribute(name);
  for (const { name, value } of made.attributes) {
    // The page's security policy lets a script set a style, but not write it as markup.
    if (name === "style") there.style.cssText = value;
    else if (there.getAttribute(name) !== value) there.setAttribute(name, value);
  }
  patchChildren(there, [...made.childNodes]);
}

function patchChildren(there, wanted) {
  const standing = [...there.childNodes];
  wanted.forEach((child, index) => (index < standing.length ? patch(standing[index], child) : there.append(child)));
  standing.slice(wanted.length).forEach((child) => child.remove());
}

const UNKNOWN = "?";

function figure(value) {
  if (typeof value !== "number" || !Number.isFinite(value)) return UNKNOWN;
  const digits = Math.abs(value) >= 100 || Number.isInteger(value) ? 0 : Math.abs(value) >= 10 ? 1 : 2;
  return value.toLocaleString("en", { maximumFractionDigits: digits });
}

/** Seconds in words. */
function span(secs) {
  if (typeof secs !== "number" || !Number.isFinite(secs)) return UNKNOWN;
  if (secs < 120) return `${figure(Math.round(secs))} s`;
  if (secs < 7200) return `${figure(Math.round(secs / 60))} min`;
  return `${figure(Math.round(secs / 360) / 10)} h`;
}

function secondsOf(record) {
  return Date.parse(record.time) / 1000;
}

/** A time of day in UTC, such as 10:00:10. */
function clock(secs) {
  const at = new Date(secs * 1000);
  return Number.isNaN(at.getTime()) ? UNKNOWN : at.toISOString().slice(11, 19);
}

/** One counter over all queues; null when any queue could not be read: never a zero. */
function summed(record, counter) {
  if (record.sample.missing.some((each) => each.what.startsWith("queue "))) return null;
  return record.sample.queues.reduce((sum, queue) => sum + queue[counter], 0);
}

/** Messages in dead-letter queues, each queue once: undefined where there is none, null where one could not be counted. */
function deadLetters(record) {
  const dead = record.sample.queues.map((queue) => queue.dead_letters).filter(Boolean);
  const counts = [...new Map(dead.map((each) => [each.queue, each.count])).values()];
  if (counts.length === 0) return undefined;
  return counts.includes(null) ? null : counts.reduce((sum, count) => sum + count, 0);
}

/** The wait that is acceptable, in seconds, where the policy has one: what it accepts per instance, worked off. */
function objective(record) {
  const { estimate, metrics } = record;
  if (!estimate || metrics.acceptable_backlog === null) return null;
  return (metrics.acceptable_backlog * estimate.processing_secs) / estimate.slots;
}

function decided({ decision, outcome, mode }) {
  const words = { scale_out: "scale out", scale_in: "scale in", hold: "hold" };
  const change = decision.action === "hold" ? "" : ` from ${figure(decision.from)} to ${figure(decision.to)}`;
  const why = { publish_only: "drive = false", dry_run: "dry run" };
  const came =
    outcome.kind === "failed" ? `, failed: ${outcome.why}` : outcome.kind === "withheld" ? `, withheld (${why[mode] || mode})` : "";
  return (words[decision.action] || decision.action) + change + came;
}

function reasons(record) {
  return record.decision.reasons.map((reason) => reason.text).join("; ");
}

/** What somebody paused, in words; null where nothing is. */
function pausedWords(record) {
  const pause = record && record.paused;
  if (!pause) return null;
  const what = pause.out === pause.in ? "scale-out and scale-in" : pause.out ? "scale-out" : "scale-in";
  const minute = (time) => String(time).slice(0, 16).replace("T", " ");
  if (pause.why) return `${what}: ${pause.why}`;
  return `${what}, since ${minute(pause.since)} UTC, until ${pause.until ? `${minute(pause.until)} UTC` : "it is resumed"}`;
}

/** A record's decision, with its reasons. */
function told(record) {
  return [el("strong", {}, decided(record)), `: ${bound(reasons(record))}`];
}

/** The same words with figures and their units on one line. */
function bound(words) {
  return words.replace(/(\d) (?=s\b|min\b|h\b|%)/g, "$1\u00a0");
}

/** Reasons that somebody should look at. */
const TROUBLES = {
  capacity_stalled: "capacity stalled",
  out_of_reach: "objective out of reach",
  launch_suspended: "launching suspended",
  operator_managed: "operator's group",
};

/** Troubles in a few words, and those that show in the figures themselves. */
const TITLES = {
  dead_letters: "dead letters",
  capacity_stalled: "capacity stalled",
  at_max: "at max, objective missed",
  none_taken: "no message taken",
  visibility_timeout: "visibility timeout too short",
  near_retention: "near retention",
};
const TOLD = new Set(["capacity_stalled", "readings_missing", "dead_letters"]);

/** The troubles of a record that are not over. */
function standing(record) {
  return (record.troubles || []).filter((each) => each.state !== "recovered");
}

/** What is amiss with a scaler: the worst first, and how bad that is, from 0 on. */
function troubles(scaler, now) {
  const found = [];
  const note = (weight, kind, text) => found.push({ weight, kind, text });
  if (scaler.late) note(6, "bad", "no tick in time");
  const { record } = scaler;
  if (!record) {
    note(1, "wait", "waiting for the first tick");
  } else {
    if (record.outcome.kind === "failed") note(5, "bad", "write failed");
    const lacking = record.sample.missing.length;
    if (lacking) note(4, "bad", lacking === 1 ? `missing: ${record.sample.missing[0].what}` : `${lacking} readings missing`);
    if (stale(scaler, now) && !scaler.late) note(3, "warn", "stale");
    if (record.paused) note(3, "warn", "paused");
    for (const each of standing(record)) if (!TOLD.has(each.kind)) note(3, "warn", TITLES[each.kind] || each.kind);
    const codes = record.decision.reasons.map((reason) => reason.code);
    for (const code of Object.keys(TROUBLES)) if (codes.includes(code)) note(3, "warn", TROUBLES[code]);
    const dead = deadLetters(record);
    if (dead > 0) note(2, "warn", dead === 1 ? "1 dead letter" : `${figure(dead)} dead letters`);
    // Nobody can count them now, and the last that was heard of them stands.
    else if (dead == null && standing(record).some(({ kind }) => kind === "dead_letters")) note(2, "warn", TITLES.dead_letters);
    if (pressure(record) > 1) note(2, "warn", "above accepted");
  }
  found.sort((a, b) => b.weight - a.weight);
  return found;
}

/** The backlog per instance in times what is accepted. */
function pressure(record) {
  const { backlog_per_instance: has, acceptable_backlog: accepted } = record.metrics;
  return has === null || !accepted ? 0 : has / accepted;
}

function age(scaler, now) {
  return scaler.record ? Math.max(0, now - secondsOf(scaler.record)) : null;
}

/** Older than samples of this scaler become. */
function stale(scaler, now) {
  return scaler.record !== null && age(scaler, now) > Math.max(30, 3.5 * (scaler.period || 10));
}
