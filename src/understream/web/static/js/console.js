// The console: asks its part anew when the room has changed, and listens to keys.
(() => {
  "use strict";

  const room = document.getElementById("room");
  const WRITES = "input:not([type=checkbox]):not([type=radio]), textarea, select, [contenteditable]";
  let stale = false;
  let asking = false;
  let last = 0;
  let walking = -1;
  let begun = 0; // acts so far
  let answered = 0; // the last act whose answer stands here
  let under_way = 0;

  const sentence = (name, values = {}) =>
    (document.querySelector(`[data-sentence="${name}"]`)?.textContent ?? "")
      .replace(/\{(\w+)\}/g, (_, word) => values[word] ?? "");
  const say = (text) => {
    document.querySelector("[data-spoken]").textContent = text;
  };

  // Somebody who writes, or has words unsaved, is never interrupted.
  const writes = () => {
    const held = document.activeElement;
    const busy = room.contains(held) && held.matches(WRITES);
    const typed = [...room.querySelectorAll("input.input, textarea.input")]
      .some((one) => one.value !== one.defaultValue);
    return busy || typed;
  };

  // What was open or selected stays so when the part comes anew.
  const remember = (sent = null) => ({
    typed: [...room.querySelectorAll("input.input[id], textarea.input[id]")]
      .filter((one) => one.value !== one.defaultValue && one.form !== sent)
      .map((one) => [one.id, one.value]),
    open: [...room.querySelectorAll("details[open][id]")].map((one) => one.id),
    chosen: [...room.querySelectorAll("#gather input:checked")]
      .filter((one) => one.form !== sent)
      .map((one) => one.value),
    held: document.activeElement?.closest?.("[data-answer]")?.dataset.answer,
    key: document.activeElement?.dataset?.key,
  });

  const restore = (before) => {
    for (const id of before.open) {
      document.getElementById(id)?.setAttribute("open", "");
    }
    for (const [id, value] of before.typed) {
      const one = document.getElementById(id);
      if (one) {
        one.value = value;
      }
    }
    for (const value of before.chosen) {
      const one = room.querySelector(`#gather input[value="${value}"]`);
      if (one) {
        one.checked = true;
      }
    }
    const held = before.held && room.querySelector(`[data-answer="${before.held}"]`);
    const key = before.key && room.querySelector(`[data-key="${before.key}"]`);
    (held || key || null)?.focus();
    sortable();
  };

  // A whole page where a part was expected (signed out, ended): go and see that page.
  const put = async (response, number, sent = null) => {
    const text = await response.text();
    if (sent ? number < answered : number !== begun || writes()) {
      stale = true; // an act, or somebody who began to write, came before it
      return;
    }
    answered = number;
    const before = remember(sent);
    if (!response.ok || /^\s*<!doctype/i.test(text)) {
      window.location.assign(response.redirected ? response.url : window.location.href);
      return;
    }
    room.replaceChildren(...window.understream.parts(text));
    restore(before);
  };

  // An act goes without a new page, so that the keyboard goes on at once.
  room.addEventListener("submit", async (event) => {
    event.preventDefault();
    const form = event.target;
    const body = new FormData(form, event.submitter);
    const number = (begun += 1);
    under_way += 1;
    try {
      const headers = { "HX-Request": "true" };
      await put(await fetch(form.action, { method: "POST", body, headers }), number, form);
    } catch {
      say(sentence("lost"));
    } finally {
      under_way -= 1;
      if (stale) {
        later();
      }
    }
  });

  const ask = async () => {
    if (asking || under_way || writes()) {
      stale = true;
      return;
    }
    asking = true;
    stale = false;
    try {
      await put(await fetch(room.dataset.part), begun);
    } finally {
      last = Date.now();
      asking = false;
      if (stale) {
        later();
      }
    }
  };

  let timer = 0;
  const later = () => {
    clearTimeout(timer);
    timer = setTimeout(ask, Math.max(0, 1000 - (Date.now() - last)));
  };

  room.addEventListener("focusout", () => stale && setTimeout(later, 200));
  window.follow(room.dataset.stream, { version: later }, (state) => {
    if (state === "lost") {
      say(sentence("lost"));
    }
  });
  setInterval(() => stale && later(), 3000);

  // ------------------------------------------------------------------------------ the clock

  let seen = null;
  setInterval(() => {
    const clock = room.querySelector(".timer[data-until]");
    if (clock) {
      if (clock !== seen) {
        seen = clock;
        window.clock.hear(clock.dataset.now);
      }
      clock.textContent = window.clock.face(window.clock.left(clock.dataset.until));
    }
  }, 250);

  // --------------------------------------------------------------------- drag, as an extra

  const send = (answer, to, leave) => {
    const form = room.querySelector("#gather");
    for (const one of form.querySelectorAll("input:checked")) {
      one.checked = false;
    }
    const box = form.querySelector(`input[value="${answer}"]`);
    box.checked = true;
    form.elements.to.value = to;
    if (leave !== "0") {
      const more = document.createElement("input");
      Object.assign(more, { type: "hidden", name: "leave", value: leave });
      form.append(more);
    }
    say(sentence("moved", { theme: form.elements.to.selectedOptions[0]?.textContent ?? "" }));
    form.querySelector('button[value="gather"]').click();
  };

  function sortable() {
    if (!window.Sortable) {
      return;
    }
    for (const list of room.querySelectorAll(".gathering")) {
      window.Sortable.create(list, {
        group: "answers",
        draggable: "li",
        delay: 120,
        delayOnTouchOnly: true,
        onEnd: (event) => {
          const [from, to] = [event.from.dataset.theme, event.to.dataset.theme];
          if (from !== to && to !== "0") {
            send(event.item.dataset.answer, to, from);
          }
        },
      });
    }
  }
  sortable();

  // ------------------------------------------------------------------------------- keys

  const walk = (by) => {
    const all = [...room.querySelectorAll("[data-answer]")];
    if (all.length) {
      walking = Math.min(Math.max(walking + by, 0), all.length - 1);
      all[walking].focus();
    }
  };
  const press = (key) => {
    const button = room.querySelector(`[data-key="${CSS.escape(key)}"]`);
    button?.click();
    return Boolean(button);
  };
  const ofAnswer = (act) => {
    const one = document.activeElement?.closest?.("[data-answer]");
    one?.querySelector(`button[value="${act}"]`)?.click();
  };
  const acts = {
    j: () => walk(1),
    k: () => walk(-1),
    w: () => ofAnswer("wall"),
    h: () => ofAnswer("hold"),
    x: () => document.activeElement?.closest?.("[data-answer]")?.querySelector("input")?.click(),
    p: () => {
      press("p");
      document.getElementById("proxy-name")?.focus();
    },
    t: () => document.getElementById("to")?.focus(),
  };

  document.addEventListener("keydown", (event) => {
    const busy = event.target.closest?.(`${WRITES}, button, summary, a`);
    const typing = event.target.closest?.(WRITES) || document.querySelector("dialog[open]");
    if (typing || event.ctrlKey || event.metaKey || event.altKey || event.isComposing) {
      return;
    }
    if (busy && (event.key === " " || event.key === "Enter")) {
      return;
    }
    const act = acts[event.key];
    if (act) {
      event.preventDefault();
      act();
    } else if (["ArrowRight", " ", "+", "r", "c", "d", "u", "U"].includes(event.key) && press(event.key)) {
      event.preventDefault();
    }
  });
})();
