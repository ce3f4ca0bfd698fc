// The connection to the daemon, and what is shown of it.

const scalers = new Map();
/** The run: `time` of the daemon and when it was heard, in seconds of this page's own clock; `since` when it is not. */
const run = { time: null, heard: 0, refused: null, version: "", connected: false, since: null };
/** The view of one scaler: its name, and its records. */
const view = { name: null, records: [] };
let token = sessionStorage.getItem("token");

/** Without a word for so many seconds, the connection is lost: the daemon says something every 3 s. */
const SILENCE_MAX = 10;
const steady = () => performance.now() / 1000;
const now = () => (run.time === null ? 0 : run.time + steady() - run.heard);

async function get(path, signal) {
  const headers = token ? { Authorization: `Bearer ${token}` } : {};
  const answer = await fetch(path, { headers, signal, cache: "no-store" });
  if (answer.status === 401) throw new Unauthorized();
  if (!answer.ok) throw new Error(`${answer.status} ${await answer.text()}`);
  return answer;
}

class Unauthorized extends Error {}

/** Takes up how the run is doing, and with it all scalers there are. */
function take(status) {
  run.time = Date.parse(status.time) / 1000;
  run.heard = steady();
  Object.assign(run, { refused: status.refused, version: status.version, connected: true, since: null });
  const names = new Set(status.scalers.map((each) => each.name));
  for (const name of scalers.keys()) if (!names.has(name)) scalers.delete(name);
  for (const each of status.scalers) {
    const scaler = scalers.get(each.name) || { name: each.name, record: null, changed: null, trend: [], period: null };
    scaler.late = each.late;
    if (each.record) scaler.record = each.record;
    if (each.changed) scaler.changed = each.changed;
    if (each.trend) scaler.trend = each.trend;
    scalers.set(each.name, scaler);
  }
}

function takeRecord(record) {
  const scaler = scalers.get(record.scaler);
  if (!scaler) return;
  if (scaler.record) scaler.period = Math.max(1, secondsOf(record) - secondsOf(scaler.record));
  const at = secondsOf(record);
  if (run.time !== null && at > now()) Object.assign(run, { time: at, heard: steady() });
  scaler.record = record;
  if (record.decision.action !== "hold") scaler.changed = record;
  const counted = record.sample.missing.some((each) => each.what.startsWith("queue "))
    ? null : record.sample.queues.reduce((sum, queue) => sum + queue.counted, 0);
  scaler.trend = [...scaler.trend.filter(([then]) => at - then <= 3600), [at, counted]].slice(-400);
  if (view.name === record.scaler) view.records = [...view.records, record].slice(-3000);
}

/** Follows the daemon, for ever. */
async function follow() {
  for (let wait = 1; ; wait = Math.min(10, wait * 2)) {
    const over = new AbortController();
    try {
      take(await (await get("/status.json", over.signal)).json());
      if (view.name !== null) await fetchRecords();
      showToken(false);
      show(true);
      await listen(over);
      wait = 1;
    } catch (failure) {
      if (failure instanceof Unauthorized) await askToken();
    }
    over.abort();
    if (run.connected) Object.assign(run, { connected: false, since: now() });
    show(false);
    await new Promise((resume) => setTimeout(resume, wait * 1000));
  }
}

/** Reads events until the connection ends, or says nothing any more. */
async function listen(over) {
  const reader = (await get("/events", over.signal)).body.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  let timer = 0;
  const alarm = () => {
    clearTimeout(timer);
    timer = setTimeout(() => over.abort(), SILENCE_MAX * 1000);
  };
  try {
    for (alarm(); ; alarm()) {
      const { value, done } = await reader.read();
      if (done) return;
      const events = (text + value).split("\n\n");
      text = events.pop();
      if (events.some((event) => event.startsWith("event: lost"))) return;
      for (const event of events) {
        const [head, data] = event.split("\n");
        if (head === "event: record") takeRecord(JSON.parse(data.slice(6)));
        if (head === "event: status") take(JSON.parse(data.slice(6)));
      }
      due();
    }
  } finally {
    clearTimeout(timer);
  }
}

function showToken(shown) {
  byId("token").hidden = !shown;
  byId("views").hidden = shown;
}

/** Waits for somebody to give a token. */
function askToken() {
  byId("wrong").textContent = token ? "That is not the token." : "";
  sessionStorage.removeItem("token");
  showToken(true);
  byId("secret").focus();
  return new Promise((given) => {
    byId("token").addEventListener("submit", (event) => {
      event.preventDefault();
      token = byId("secret").value.trim();
      sessionStorage.setItem("token", token);
      byId("secret").value = "";
      given();
    }, { once: true });
  });
}

let waiting = false;
/** Shows what is new, at most a few times a second. */
function due() {
  if (waiting) return;
  waiting = true;
  setTimeout(() => {
    waiting = false;
    show(false);
  }, 250);
}

function banners() {
  const list = [];
  const note = (text, bad) => list.push(el("p", { class: bad ? "banner bad" : "banner" }, text));
  if (run.since) note(`Connection to the daemon lost at ${clock(run.since)} UTC: what is shown is from then. Trying again.`, true);
  const all = [...scalers.values()];
  const named = (found) => `${found.slice(0, 5).map((each) => each.name).join(", ")}${found.length > 5 ? ` and ${found.length - 5} more` : ""}`;
  const late = all.filter((each) => each.late);
  if (late.length) note(`No tick in time: ${named(late)}`, true);
  const missing = all.filter((each) => each.record && each.record.sample.missing.length);
  if (missing.length) note(`Readings are missing, and nothing is scaled in on a guess: ${named(missing)}`, true);
  const paused = all.filter((each) => each.record && each.record.paused);
  if (paused.length === 1) note(`Paused: ${paused[0].name} (${pausedWords(paused[0].record)})`, false);
  else if (paused.length) note(`Paused: ${named(paused)}`, false);
  if (run.refused) note(`The settings on disk are refused, the old ones are in force: ${run.refused}`, true);
  if (all.some((each) => each.record && each.record.dry_run)) note("Dry run: decisions are shown and not carried out.", false);
  patchChildren(byId("banners"), list);
}

function show(anew) {
  document.body.classList.toggle("lost", run.since !== null);
  const [kind, text] = run.since ? ["bad", "connection lost"] : run.connected ? ["good", "live"] : ["wait", "connecting"];
  const link = byId("link");
  if (link.textContent !== text) Object.assign(link, { className: `badge ${kind}`, textContent: text });
  byId("clock").textContent = run.time === null ? "" : `${clock(now())} UTC`;
  byId("version").textContent = run.version ? `backlogd ${run.version} · all times are UTC · “backlogd status” shows the same in a terminal` : "";
  banners();
  const one = view.name !== null;
  byId("overview").hidden = one;
  byId("scaler").hidden = !one;
  if (!one) {
    showAll(scalers, now(), anew);
    return;
  }
  const scaler = scalers.get(view.name);
  if (scaler) {
    showOne(scaler, view.records, now());
    showDecisions(view.records);
  } else if (run.time !== null) {
    byId("title").textContent = `There is no scaler ${view.name}`;
  }
}

async function fetchRecords() {
  const name = view.name;
  const lines = await (await get(`/records.jsonl?scaler=${encodeURIComponent(name)}`)).text();
  if (view.name === name) view.records = lines.split("\n").filter(Boolean).map((line) => JSON.parse(line));
}

/** Saves the records as the daemon gives them. */
async function download() {
  const lines = await (await get(`/records.jsonl?scaler=${encodeURIComponent(view.name)}`)).blob();
  const link = el("a", { href: URL.createObjectURL(lines), download: `${view.name}.jsonl` });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10000);
}

/** Shows what the address asks for. */
async function route(focus) {
  if (location.hash === "#main") return;
  const found = /^#\/scaler\/(.+)$/.exec(location.hash);
  let name = null;
  try {
    name = found ? decodeURIComponent(found[1]) : null;
  } catch {
    // What cannot be decoded is nobody's name.
  }
  Object.assign(view, { name, records: [] });
  document.title = name === null ? "backlogd" : `${name} · backlogd`;
  if (name !== null) frame();
  show(true);
  if (focus) byId("main").focus();
  if (name !== null && run.connected) {
    await fetchRecords().catch(() => null);
    show(true);
  }
}

/** What stands round a scaler's figures. */
function frame() {
  const save = el("button", { type: "button" }, "Download as JSON lines");
  save.addEventListener("click", () => download().catch(() => null));
  const filter = el("input", { id: "filter", type: "search", placeholder: "words or reason codes", autocomplete: "off" });
  const changes = el("input", { id: "changes", type: "checkbox" });
  for (const each of [filter, changes]) each.addEventListener("input", () => showDecisions(view.records));
  byId("scaler").replaceChildren(
    el("p", {}, el("a", { href: "#/" }, "← all scalers")),
    el("h2", { id: "title" }, view.name), el("p", { id: "state" }), el("div", { id: "said" }), el("div", { id: "figures" }), el("div", { id: "charts", class: "charts" }),
    el("h3", {}, "Decisions"),
    el("div", { class: "tools" }, el("label", {}, "Filter ", filter), el("label", {}, changes, " only changes"), save, el("p", { id: "listed", class: "faint", role: "status" })),
    el("ol", { id: "decisions", class: "plain" }),
  );
}

byId("search").addEventListener("input", () => show(true));
byId("sort").addEventListener("change", () => show(true));
addEventListener("hashchange", () => route(true));
addEventListener("resize", () => {
  if (byId("charts")) byId("charts").records = null;
  due();
});
setInterval(() => show(false), 1000);
route(false);
follow();
