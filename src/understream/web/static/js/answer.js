// Answering, one question at a time. Without this script the page is one long form that works.
// The page holds every question from its first load, so the network is needed only for sending.
// Answers stay in the page; on the person's own device also in this browser, until they are sent.

const PREFIX = "understream.draft.";
const LASTS = 24 * 60 * 60 * 1000; // milliseconds a draft may stay on a device
const SENT = "sent";
const PATIENCE = 20_000; // milliseconds before an attempt to send counts as failed
const PAD = 4096; // sizes of what is sent are rounded up to this, so that they tell nothing

const RUNS = /<\s*(script|iframe|object|embed|base|meta|link)\b|\son\w+\s*=|javascript:/i;
const policy = window.trustedTypes?.createPolicy("understream", {
  createHTML: (text) => {
    if (RUNS.test(text.slice(text.search(/<body\b/i)))) {
      throw new TypeError("The page brought something that runs; it was not shown.");
    }
    return text;
  },
});

const fresh = () => ({
  device: "",
  answers: {},
  words: {}, // what stands in each field for words
  wish: "",
  at: "device",
  submission: "",
  change: false,
  sending: false,
  packed: [],
  until: 0,
});

let state = fresh();
let over = false; // sent, or refused for good
let form = null;
let ids = []; // the screens in order: device, questions, remark, review
let asked = []; // the fields of the questions; a screen may hold two
let topics = []; // the screens of the questions
let minded = {}; // by field, the words whose warnings have been seen

const key = () => PREFIX + form.dataset.draft;
const find = (selector) => document.querySelector(selector);
const screen = (id) => form.querySelector(`[data-screen="${id}"]`);
const question = (name) => form.querySelector(`[data-question="${name}"]`);
const radios = (name) => [...question(name).querySelectorAll('input[type="radio"]')];
const screenOf = (name) => question(name).closest("[data-screen]").dataset.screen;
const wordsOf = (id) => screen(id)?.querySelector("[data-words]");
const within = (id) => asked.filter((name) => screenOf(name) === id);

function sentence(name, values = {}) {
  const text = find(`[data-sentence="${name}"]`)?.textContent ?? "";
  return text.replace(/\{(\w+)\}/g, (_, word) => values[word]);
}

// ---------------------------------------------------------------- what stays on the device

function stored(at) {
  try {
    const draft = JSON.parse(localStorage.getItem(at));
    return draft?.words && draft.until > Date.now() ? draft : null;
  } catch {
    return null;
  }
}

function sweep() {
  try {
    for (const at of Object.keys(localStorage)) {
      if (at.startsWith(PREFIX) && !stored(at)) {
        localStorage.removeItem(at);
      }
    }
  } catch {
    // this browser keeps nothing, so there is nothing to sweep
  }
}

function forget({ sent = false } = {}) {
  try {
    if (sent && localStorage.getItem(key())) {
      localStorage.setItem(key(), SENT); // other tabs hear of it before it is gone
    }
    localStorage.removeItem(key());
  } catch {
    // this browser keeps nothing
  }
}

function keep() {
  if (state.device === "own") {
    state.until ||= Date.now() + LASTS;
    try {
      if (state.until <= Date.now()) {
        throw new RangeError("kept long enough");
      }
      localStorage.setItem(key(), JSON.stringify(state));
    } catch {
      forget();
      state.device = "shared";
    }
  }
  if (state.device === "shared") {
    forget();
  }
  tell();
}

function tell(text) {
  const place = find("[data-state]");
  const kind = state.sending ? "sending" : state.device;
  const words = text ?? (over ? "" : sentence(kind || "none-yet"));
  place.hidden = !words;
  if (place.lastElementChild.textContent !== words) {
    place.lastElementChild.textContent = words;
  }
  const glyph = over || kind === "own" ? "saved" : kind === "sending" ? "wait" : "device";
  place.querySelector("use").setAttribute("href", `#glyph-${glyph}`);
}

// ------------------------------------------------------------------------------- screens

function show(id, { focus = true } = {}) {
  state.at = id;
  for (const one of form.querySelectorAll("[data-screen]")) {
    one.hidden = one.dataset.screen !== id;
  }
  if (id === "review") {
    review();
  }
  const number = topics.indexOf(id) + 1;
  const place = ids.indexOf(id);
  const total = topics.length;
  const done = number || (place > total ? total : 0);
  find(".progress progress").value = over || state.sending ? total : done;
  find("[data-count]").textContent = number ? sentence("count", { number, total }) : "";
  find("[data-spoken]").textContent = "";
  const actions = find("footer [data-scripted]");
  actions.hidden = place < 0;
  actions.querySelector("[data-back]").hidden = place <= 0;
  actions.querySelector("[data-next]").textContent = sentence(
    { device: "begin", review: "send" }[id] ?? (ids[place + 1] === "review" ? "look" : "next"),
  );
  window.scrollTo(0, 0);
  if (focus) {
    screen(id).querySelector("h1").focus({ preventScroll: true });
  }
}

function go(id, { replace = false } = {}) {
  const depth = (history.state?.depth ?? 0) + (replace ? 0 : 1);
  history[replace ? "replaceState" : "pushState"]({ at: id, depth }, "");
  show(id);
  keep();
}

function next() {
  const at = state.at;
  if (at === "device") {
    if (!state.device) {
      screen(at).querySelector("[data-choose]").hidden = false;
      return;
    }
    state.submission ||= random();
  }
  if (wordsOf(at) && warned(at)) {
    return;
  }
  if (at === "review") {
    prepare();
    return;
  }
  const place = ids.indexOf(at);
  if (place >= 0) {
    go(ids[place + 1]);
  }
}

function back() {
  const place = ids.indexOf(state.at);
  if (place <= 0) {
    return;
  }
  if (history.state?.depth > 0) {
    history.back();
  } else {
    go(ids[place - 1], { replace: true });
  }
}

// A second question that is open counts as such only where the first has an answer.
function review() {
  const open = (name) => !state.answers[name];
  const missing = topics.flatMap((id) => (open(id) ? [id] : within(id).filter(open)));
  const total = topics.length;
  const number = total - topics.filter(open).length;
  screen("review").querySelector("[data-summary]").textContent = sentence("summary", {
    number,
    total,
  });
  const box = screen("review").querySelector("[data-missing]");
  box.hidden = missing.length === 0;
  box.querySelector("ul").replaceChildren(
    ...missing.map((name) => {
      const line = document.createElement("li");
      const button = document.createElement("button");
      button.type = "button";
      button.className = "button plain";
      button.dataset.goto = name;
      button.textContent = find(`#${name}-text`).textContent;
      line.append(button);
      return line;
    }),
  );
}

function refuse(words) {
  const place = screen("review").querySelector("[data-refused]");
  place.textContent = words;
  place.hidden = !words;
}

// -------------------------------------------------------------- what a remark might give away

const PARTICLES = new Set(["van", "der", "den", "het", "ter", "ten", "von", "the", "and", "for"]);
const ONLY = /\b(as the only|i am the only|i'm the only|als (de )?enige|ben de enige)\b/iu;
const REACH = /[^\s@]+@[^\s@]+\.[^\s@]+|(?:\+?\d[\s\-().]*){8,}/u;
const COMMON = {
  en: new Set("the and of to is that it we they are not with for this have our their be".split(" ")),
  nl: new Set("de het een en van dat wij we zij ze niet met voor deze hebben ons hun zijn is".split(" ")),
};

function warningsOf(text, names, language) {
  const words = text.toLowerCase().split(/[^\p{L}]+/u).filter(Boolean);
  const known = new Set(
    names
      .toLowerCase()
      .split(/[^\p{L}]+/u)
      .filter((word) => word.length > 2 && !PARTICLES.has(word)),
  );
  const count = (which) => words.filter((word) => COMMON[which].has(word)).length;
  const other = language === "nl" ? "en" : "nl";
  return {
    names: words.some((word) => known.has(word)),
    reach: REACH.test(text),
    only: ONLY.test(text),
    language: count(other) >= 3 && count(other) > 2 * count(language),
  };
}

// Show what to think of; tell whether something new has just come to light.
function warned(at) {
  const field = wordsOf(at);
  const found = warningsOf(field.value, field.dataset.names, document.documentElement.lang);
  const box = screen(at).querySelector("[data-warnings] > .notice");
  for (const line of box.querySelectorAll("[data-warning]")) {
    line.hidden = !found[line.dataset.warning];
  }
  const any = Object.values(found).some(Boolean);
  box.hidden = !any;
  const news = any && minded[at] !== field.value;
  minded[at] = field.value;
  return news;
}

// ------------------------------------------------------------------------------- sending

function random() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

function prepare() {
  if (state.sending) {
    return;
  }
  if (!asked.some((name) => state.answers[name])) {
    refuse(sentence("none"));
    return;
  }
  state.packed = Array(Number(form.dataset.places)).fill(0);
  for (const name of asked) {
    state.packed[Number(name.slice(1))] = state.answers[name] ?? 0;
  }
  state.sending = true;
  keep();
  send();
}

async function send() {
  refuse("");
  show("sending");
  tell();
  for (let wait = 1000; ; wait = Math.min(wait * 2, 30_000)) {
    const reply = await attempt(state);
    if (reply?.heard) {
      finish("done");
      tell(sentence("sent"));
      return;
    }
    if (reply?.final) {
      screen("refused").querySelector("[data-refused]").textContent = reply.refused;
      finish("refused");
      return;
    }
    if (reply?.refused) {
      state.sending = false;
      keep();
      go("review", { replace: true });
      refuse(reply.refused);
      return;
    }
    await pause(wait * (0.75 + Math.random() / 2));
  }
}

function finish(id) {
  forget({ sent: true });
  state = fresh();
  over = true;
  for (const one of ids) {
    screen(one)?.remove();
  }
  ids = [];
  show(id);
  tell();
}

// One attempt: what the server said, or nothing if it could not be asked or could not answer.
async function attempt(draft) {
  const { submission, change, packed, wish } = draft;
  const { comment, ...words } = draft.words;
  const text = JSON.stringify({ submission, change, answers: packed, comment, words, wish });
  try {
    const reply = await fetch(form.action, {
      method: "POST",
      headers: {
        "Content-Type": "application/json",
        "X-CSRFToken": form.elements.csrfmiddlewaretoken.value,
      },
      body: text.padEnd(Math.ceil(text.length / PAD) * PAD),
      cache: "no-store",
      redirect: "error",
      signal: AbortSignal.timeout(PATIENCE),
    });
    if (reply.headers.get("Content-Type")?.startsWith("application/json")) {
      return await reply.json();
    }
    if (reply.status === 403) {
      await renew();
      return null;
    }
    if (reply.status === 404) {
      return { refused: sentence("gone") };
    }
    return reply.status < 500 && reply.status !== 429 ? { refused: sentence("stale") } : null;
  } catch {
    return null;
  }
}

// The page's own mark can age (somebody signed in in another tab); a new one is on a new page.
async function renew() {
  const page = await (await fetch(location.href, { cache: "no-store" })).text();
  const mark = /name="csrfmiddlewaretoken" value="(\w+)"/.exec(page);
  if (mark) {
    form.elements.csrfmiddlewaretoken.value = mark[1];
  }
}

function pause(time) {
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      window.removeEventListener("online", done);
      document.removeEventListener("visibilitychange", seen);
      resolve();
    };
    const seen = () => document.visibilityState === "visible" && done();
    const timer = setTimeout(done, time);
    window.addEventListener("online", done);
    document.addEventListener("visibilitychange", seen);
  });
}

// Answers that were on their way when the page closed are sent once more; the rest is forgotten.
async function leftover() {
  const draft = stored(key());
  if (draft?.sending) {
    const reply = await attempt(draft);
    if (reply?.heard || reply?.final) {
      forget({ sent: true });
    }
    if (reply?.heard) {
      location.reload();
    }
  } else if (!draft?.change) {
    forget();
  }
}

// ------------------------------------------------------------------------------ language

// The page is fetched in the other language and put in the place of this one; answers stay.
async function speak(chooser, button) {
  const chosen = new FormData(chooser);
  chosen.set(button.name, button.value);
  try {
    const reply = await fetch(chooser.action, {
      method: "POST",
      body: new URLSearchParams(chosen),
      cache: "no-store",
    });
    if (!reply.ok) {
      throw new TypeError("no page came back");
    }
    const text = await reply.text();
    const page = new DOMParser().parseFromString(policy?.createHTML(text) ?? text, "text/html");
    const keys = find("#keys");
    document.documentElement.lang = page.documentElement.lang;
    document.title = page.title;
    document.body.replaceWith(document.adoptNode(page.body));
    const translated = find("#keys");
    if (keys && translated) {
      keys.replaceChildren(...translated.childNodes);
      translated.replaceWith(keys);
    }
    mount({ anew: false });
  } catch {
    tell(sentence("offline"));
  }
}

// ------------------------------------------------------------------------------- the page

function collect() {
  for (const name of asked) {
    const chosen = radios(name).find((one) => one.checked);
    if (chosen) {
      state.answers[name] = Number(chosen.value);
    }
  }
  for (const one of form.querySelectorAll("[data-words]")) {
    state.words[one.name] = one.value;
  }
  state.wish = form.querySelector('[name="wish"]:checked')?.value ?? "";
}

function fill() {
  for (const name of asked) {
    for (const one of radios(name)) {
      one.checked = Number(one.value) === state.answers[name];
    }
  }
  for (const one of form.querySelectorAll('[name="wish"], [name="device"]')) {
    one.disabled = false;
    one.checked = one.value === state[one.name];
  }
  for (const one of form.querySelectorAll("[data-words]")) {
    one.value = state.words[one.name] ?? "";
  }
}

function mount({ anew }) {
  form = find("form[data-draft]");
  sweep();
  if (!form || "faults" in form.dataset) {
    return;
  }
  if ("leftover" in form.dataset) {
    leftover();
    return;
  }
  const screens = [...form.querySelectorAll("[data-screen]")].map((one) => one.dataset.screen);
  ids = screens.slice(0, screens.indexOf("review") + 1);
  topics = ids.filter((id) => /^q\d+$/.test(id));
  asked = [...form.querySelectorAll("[data-question]")].map((one) => one.dataset.question);
  document.body.classList.add("one-at-a-time");
  for (const one of document.querySelectorAll("[data-scripted]")) {
    one.hidden = false;
  }
  find("[data-plain]").hidden = true;
  if (anew) {
    state.change = Boolean(form.elements.change);
    const draft = stored(key());
    if (draft?.change === state.change) {
      state = draft;
    } else {
      forget();
      collect();
    }
  }
  fill();
  if (state.sending) {
    if (anew) {
      send();
    } else {
      show("sending");
    }
  } else {
    const at = ids.includes(state.at) ? state.at : "device";
    history.replaceState({ at, depth: history.state?.depth ?? 0 }, "");
    show(at, { focus: !anew || at !== "device" });
  }
  tell();
}

function changed(event) {
  const { name, value } = event.target;
  if (asked.includes(name)) {
    state.answers[name] = Number(value);
  } else if ("words" in event.target.dataset) {
    state.words[name] = value;
  } else if (name in { device: 0, wish: 0 }) {
    state[name] = value;
  }
  keep();
}

function pressed(event) {
  const busy = document.querySelector("dialog[open]") || !form || over || state.sending;
  if (busy || event.ctrlKey || event.metaKey || event.altKey || event.isComposing) {
    return;
  }
  const target = event.target;
  if (target.closest?.("textarea, select, a, button, summary")) {
    return;
  }
  const radio = target.matches?.('input[type="radio"]');
  if (/^\d$/.test(event.key) && ids.includes(state.at)) {
    choose(Number(event.key), target.closest?.("[data-question]")?.dataset.question);
  } else if (event.key === "Enter" || (event.key === "ArrowRight" && !radio)) {
    event.preventDefault();
    if (!event.repeat && state.at !== "review") {
      next();
    }
  } else if (event.key === "ArrowLeft" && !radio) {
    event.preventDefault();
    back();
  }
}

// Of two questions on a screen the one in which the reader stands is meant, or the next open one.
function choose(number, name) {
  const here = within(state.at);
  const meant = name ?? here.find((one) => !state.answers[one]) ?? here[0];
  const all = meant ? radios(meant) : [...screen(state.at).querySelectorAll('input[type="radio"]')];
  const points = all.filter((one) => !one.closest(".cannot"));
  const one = number ? points[number - 1] : all.find((each) => each.closest(".cannot"));
  if (one) {
    one.checked = true;
    one.dispatchEvent(new Event("input", { bubbles: true }));
    find("[data-spoken]").textContent = one.closest("label").textContent.trim();
  }
}

document.addEventListener("input", (event) => {
  if (form?.contains(event.target) && ids.length) {
    changed(event);
  }
});

document.addEventListener("click", (event) => {
  // The second of two quick taps was meant for the screen before: it skips nothing, sends nothing.
  if (event.detail > 1 && event.target.closest("[data-back], [data-next]")) {
    event.preventDefault();
    return;
  }
  if (event.target.closest("[data-back]")) {
    back();
  }
  const jump = event.target.closest("[data-goto]");
  if (jump) {
    go(screenOf(jump.dataset.goto));
    find(`#${jump.dataset.goto}-text`).focus();
  }
});

document.addEventListener("submit", (event) => {
  if (event.target === form && document.body.classList.contains("one-at-a-time")) {
    event.preventDefault();
    next();
  } else if (event.target.matches(".languages") && ids.length) {
    event.preventDefault();
    speak(event.target, event.submitter);
  }
});

document.addEventListener("keydown", pressed);

window.addEventListener("popstate", (event) => {
  const at = event.state?.at;
  if (ids.includes(at) && !over && !state.sending) {
    show(at);
    keep();
  }
});

// Another tab with the same link: what it keeps is taken over, and what it sent is sent.
window.addEventListener("storage", (event) => {
  if (!form || event.key !== key() || over) {
    return;
  }
  if (event.newValue === SENT) {
    if (!state.sending) {
      location.reload(); // a tab that is sending the same hears that itself
    }
  } else if (event.newValue && state.device === "own" && !state.sending && ids.length) {
    const draft = stored(key());
    if (!draft) {
      return;
    }
    state = { ...draft, at: state.at };
    if (state.sending) {
      send();
    } else {
      fill();
      tell();
    }
  }
});

mount({ anew: true });
