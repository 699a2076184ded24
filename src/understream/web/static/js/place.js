// The phone: one thing a screen. What is typed stays in the page, and on this device until it is
// stored, but for confidential steps, of which nothing is ever kept here.
(() => {
  "use strict";

  const root = document.querySelector("[data-workshop]");
  const workshop = root.dataset.workshop;
  const language = root.dataset.language;
  const base = `/live/${workshop}`;
  const PREFIX = `understream.place.${workshop}.`;
  const find = (name, from = document) => from.querySelector(`[data-${name}]`);

  let room = null;
  let me = null;
  let shown = ""; // which screen is drawn, so that news of the same one never redraws it
  let at = 0; // of a workshop over days: the step this phone looks at
  let spoken = 0;
  const mine = new Map(); // step -> Map(slot -> answer)
  const done = new Set();
  const sending = new Map(); // "step.slot" -> whether what is on its way is confidential
  let lost = false; // whether the stream is gone
  let stored = false; // whether what was sent last has been stored

  const sentence = (name, values = {}) => {
    const text = find(`sentence="${name}"`)?.textContent ?? "";
    return text.replace(/\{(\w+)\}/g, (_, word) => values[word] ?? "");
  };
  const told = (text) => text?.[language] || text?.en || text?.nl || "";
  const copy = (name) => find(`template="${name}"`).content.firstElementChild.cloneNode(true);
  const make = (tag, text = "") => {
    const one = document.createElement(tag);
    one.textContent = text;
    return one;
  };
  const key = () => {
    const bytes = crypto.getRandomValues(new Uint8Array(16));
    return [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  };
  const secret = (step) => step.identity === "confidential";
  const answersTo = (step) => mine.get(step.key) ?? new Map();

  // --------------------------------------------------------------- what stays on the device

  const keep = (name, value) => {
    try {
      if (value === null) {
        localStorage.removeItem(PREFIX + name);
      } else {
        localStorage.setItem(PREFIX + name, JSON.stringify(value));
      }
    } catch {
      // this browser keeps nothing; the page does
    }
  };
  const kept = (name) => {
    try {
      return JSON.parse(localStorage.getItem(PREFIX + name));
    } catch {
      return null;
    }
  };

  // What waits to be sent comes before news of the network: it says where the words are.
  const say = () => {
    let name = lost ? "lost" : stored ? "saved" : "";
    if (sending.size) {
      name = [...sending.values()].includes(true) ? "page" : "device";
    }
    const place = find("saved");
    place.hidden = !name;
    place.lastElementChild.textContent = name ? sentence(name) : "";
    const glyph = name === "saved" ? "saved" : name === "lost" ? "wait" : "device";
    place.querySelector("use").setAttribute("href", `#glyph-${glyph}`);
  };

  const speak = (text) => {
    if (Date.now() - spoken > 8000) {
      spoken = Date.now();
      find("spoken").textContent = text;
    }
  };

  // ------------------------------------------------------------------------------- sending

  const post = (path, body) =>
    fetch(base + path, {
      method: "POST",
      headers: { "content-type": "application/json", "accept-language": language },
      body: JSON.stringify(body),
      signal: AbortSignal.timeout?.(15_000),
    });

  // Sends until there is an answer; the same body and key each time, so that it counts once.
  const deliver = async (body, step) => {
    const name = `${body.step}.${body.slot}`;
    sending.set(name, secret(step));
    if (!secret(step)) {
      keep(`send.${name}`, body);
    }
    say();
    for (let tries = 0; ; tries += 1) {
      let response = null;
      try {
        response = await post("/answers", body);
      } catch {
        response = null;
      }
      if (response && response.status < 500 && response.status !== 429) {
        sending.delete(name);
        keep(`send.${name}`, null);
        const reply = await response.json().catch(() => ({}));
        stored = response.ok;
        say();
        return { ok: response.ok, status: response.status, reply };
      }
      await new Promise((go) => {
        const wait = Math.min(8000, 400 * 2 ** tries) * (0.5 + Math.random() / 2);
        const timer = setTimeout(go, wait);
        window.addEventListener("online", () => (clearTimeout(timer), go()), { once: true });
      });
    }
  };

  const record = (step, slot, answer) => {
    if (!mine.has(step.key)) {
      mine.set(step.key, new Map());
    }
    mine.get(step.key).set(slot, answer);
  };

  const contribute = async (step, slot, said, fault) => {
    const stands = answersTo(step).get(slot);
    const body = { step: step.key, slot, key: key(), after: stands?.key ?? "", ...said };
    const { ok, status, reply } = await deliver(body, step);
    if (ok) {
      record(step, slot, { text: "", context: "", value: null, ...said, slot, key: body.key, state: reply.state });
      if (said.value && (step.kind === "vote" || step.kind === "scale")) {
        done.add(step.key);
      }
    } else if (reply.standing) {
      record(step, slot, reply.standing);
    }
    if (fault) {
      tell(fault, ok ? "" : reply.faults ? Object.values(reply.faults)[0] : reply.reason ?? "");
    }
    freshen();
    return { ok, status };
  };

  const tell = (place, text) => {
    place.hidden = !text;
    place.querySelector("span").textContent = text;
  };

  // ------------------------------------------------------------------------------- screens

  const sees = (step) => {
    let name = step.identity;
    if (step.kind === "scale" && secret(step)) {
      name = "scale";
    } else if (step.kind === "pairs") {
      name = step.identity === "named" ? "pair-named" : "pair";
    } else if (name === "party-labelled" && !me?.party) {
      name = "nobody";
    }
    return sentence(name) + (step.moderated ? ` ${sentence("moderated")}` : "");
  };

  const stateOf = (step, answer) => {
    if (secret(step)) {
      return sentence("kept");
    }
    if (answer.state === "shown" && !step.revealed) {
      return sentence("private");
    }
    return sentence(answer.state) || "";
  };

  const screens = {
    prompt(step) {
      const screen = copy("prompt");
      find("hint", screen).textContent = told(step.hint);
      find("sees", screen).textContent = sees(step);
      const columns = step.columns.length ? step.columns : [null];
      columns.forEach((column, number) => find("columns", screen).append(column_(step, column, number)));
      return screen;
    },
    takeouts(step) {
      return screens.prompt(step);
    },
    vote(step) {
      return step.ranking ? ranking(step) : dots(step);
    },
    scale(step) {
      const screen = copy("scale");
      find("sees", screen).textContent = sees(step);
      const stands = answersTo(step).get(0)?.value?.point;
      const points = find("points", screen);
      for (let point = 1; point <= step.points; point += 1) {
        const label = document.createElement("label");
        const input = document.createElement("input");
        Object.assign(input, { type: "radio", name: "point", value: String(point) });
        label.append(input, make("span", String(point)));
        points.append(label);
      }
      const chosen = screen.querySelector(`input[value="${stands}"]`);
      if (chosen) {
        chosen.checked = true;
      }
      screen.addEventListener("submit", (event) => {
        event.preventDefault();
        const point = screen.querySelector("input:checked");
        if (point) {
          contribute(step, 0, { value: { point: Number(point.value) } }, find("fault", screen));
        }
      });
      return screen;
    },
    pairs(step) {
      return me?.group?.step === step.key ? together(step) : alone(step);
    },
    rehearsal(step) {
      const group = me?.group;
      if (group?.step !== step.key) {
        return waiting(sentence("look"));
      }
      const screen = copy("rehearsal");
      const role = group.role;
      find("role", screen).textContent = sentence(`role${role}`);
      find("brings", screen).textContent = sentence(`brings${role}`);
      for (const starter of sentence(`starters${role}`).split("|")) {
        find("starters", screen).append(make("li", starter.trim()));
      }
      find("announce", screen).hidden = role !== 2;
      for (const mate of group.mates) {
        find("mates", screen).append(make("li", `${mate.name || "–"} · ${sentence(`role${mate.role}`)}`));
      }
      return screen;
    },
    spotlight(step) {
      const invited = me?.invited;
      if (invited?.step !== step.key) {
        return waiting(sentence("listen"));
      }
      if (invited.speaking) {
        const screen = waiting(sentence("spoken"));
        screen.append(make("blockquote", invited.text));
        return screen;
      }
      const screen = copy("invited");
      find("words", screen).textContent = invited.text;
      const reply = (accepts) => () => post("/turn", { step: step.key, accepts }).then(refresh, refresh);
      find("accept", screen).addEventListener("click", reply(true));
      find("pass", screen).addEventListener("click", reply(false));
      return screen;
    },
    themes() {
      return waiting(sentence("look"));
    },
  };

  const waiting = (text) => {
    const screen = copy("wait");
    find("words", screen).textContent = text;
    return screen;
  };

  // One field of a prompt: what was put in, and a form for the next, or for one that is changed.
  const column_ = (step, column, number) => {
    const part = copy("column");
    const draft = `draft.${step.key}.${number}`;
    const text = find("text", part);
    const context = find("context", part);
    const first = number * step.most;
    const title = find("title", part);
    title.textContent = column ? told(column) : "";
    title.hidden = !column;
    for (const field of part.querySelectorAll(".input")) {
      field.id = `${Object.keys(field.dataset)[0]}-${step.key}-${number}`;
      field.previousElementSibling.htmlFor = field.id;
    }
    find("context-field", part).hidden = !step.asks_context;
    const promises = step.kind === "takeouts" && number === 1;
    find("promise-field", part).hidden = !promises;
    let changing = null; // the slot that is being changed

    const free = () => {
      for (let slot = first; slot < first + step.most; slot += 1) {
        const answer = answersTo(step).get(slot);
        if ((!answer || answer.state === "withdrawn") && !sending.has(`${step.key}.${slot}`)) {
          return slot;
        }
      }
      return null;
    };

    const list = () => {
      const own = find("own", part);
      own.replaceChildren();
      for (let slot = first; slot < first + step.most; slot += 1) {
        const answer = answersTo(step).get(slot);
        if (!answer || answer.state === "withdrawn" || slot === changing) {
          continue;
        }
        const item = copy("own");
        item.querySelector("p").textContent = answer.text;
        item.querySelector("small").textContent = [answer.context, stateOf(step, answer)].filter(Boolean).join(" · ");
        find("edit", item).addEventListener("click", () => {
          changing = slot;
          text.value = answer.text;
          context.value = answer.context ?? "";
          list();
          text.focus();
        });
        find("withdraw", item).addEventListener("click", () => {
          contribute(step, slot, { withdraw: true }, find("fault", part)).then(() => list());
        });
        own.append(item);
      }
      find("form", part).hidden = changing === null && free() === null;
    };

    const before = secret(step) ? null : kept(draft);
    if (before) {
      text.value = before.text ?? "";
      context.value = before.context ?? "";
    }
    part.addEventListener("input", () => {
      if (!secret(step)) {
        keep(draft, { text: text.value, context: context.value });
      }
    });
    find("form", part).addEventListener("submit", async (event) => {
      event.preventDefault();
      const slot = changing ?? free();
      if (slot === null || !text.value.trim()) {
        text.focus();
        return;
      }
      const said = { text: text.value, context: context.value };
      if (promises) {
        const receiver = Number(find("for", part).value);
        const day = find("before", part).value;
        said.value = { ...(receiver ? { for: receiver } : {}), ...(day ? { before: day } : {}) };
      }
      const button = find("send", part);
      button.disabled = true;
      const { ok, status } = await contribute(step, slot, said, find("fault", part));
      button.disabled = false;
      if (ok) {
        changing = null;
        if (text.value === said.text) {
          text.value = "";
          context.value = "";
          keep(draft, null);
        }
      } else if (status === 409) {
        list();
      }
      list();
    });
    part.refresh = list;
    list();
    return part;
  };

  const dots = (step) => {
    const screen = copy("vote");
    const given = new Map(Object.entries(answersTo(step).get(0)?.value?.dots ?? {}).map(([a, b]) => [Number(a), b]));
    const total = () => [...given.values()].reduce((sum, one) => sum + one, 0);
    const draw = () => {
      find("left", screen).textContent = sentence("dots", { n: step.most - total() });
      for (const item of screen.querySelectorAll("[data-choices] > li")) {
        const number = given.get(Number(item.dataset.at)) ?? 0;
        find("number", item).textContent = "●".repeat(number) || "0";
        find("less", item).disabled = !number;
        find("more", item).disabled = total() >= step.most;
      }
    };
    step.choices.forEach((choice, number) => {
      const item = copy("dots");
      item.dataset.at = number;
      item.querySelector("span").textContent = told(choice);
      find("less", item).setAttribute("aria-label", `− ${told(choice)}`);
      find("more", item).setAttribute("aria-label", `+ ${told(choice)}`);
      find("less", item).addEventListener("click", () => (given.set(number, (given.get(number) ?? 1) - 1), draw()));
      find("more", item).addEventListener("click", () => (given.set(number, (given.get(number) ?? 0) + 1), draw()));
      find("choices", screen).append(item);
    });
    screen.addEventListener("submit", (event) => {
      event.preventDefault();
      const value = { dots: Object.fromEntries([...given].filter(([, number]) => number > 0)) };
      contribute(step, 0, { value }, find("fault", screen));
    });
    draw();
    return screen;
  };

  const ranking = (step) => {
    const screen = copy("vote");
    find("left", screen).hidden = true;
    const stands = answersTo(step).get(0)?.value?.order ?? [];
    const order = [...stands, ...step.choices.map((_, number) => number).filter((one) => !stands.includes(one))];
    const list = find("choices", screen);
    const draw = (focus, way) => {
      list.replaceChildren();
      order.forEach((choice, place) => {
        const item = copy("rank");
        item.querySelector("span").textContent = `${place + 1}. ${told(step.choices[choice])}`;
        for (const [name, by] of [["up", -1], ["down", 1]]) {
          const button = find(name, item);
          button.setAttribute("aria-label", `${button.textContent} ${told(step.choices[choice])}`);
          button.disabled = place + by < 0 || place + by >= order.length;
          button.addEventListener("click", () => {
            order.splice(place, 1);
            order.splice(place + by, 0, choice);
            draw(choice, name);
          });
          if (choice === focus && name === way) {
            queueMicrotask(() => button.focus());
          }
        }
        list.append(item);
      });
    };
    screen.addEventListener("submit", (event) => {
      event.preventDefault();
      contribute(step, 0, { value: { order } }, find("fault", screen));
    });
    draw();
    return screen;
  };

  const alone = (step) => {
    const screen = copy("alone");
    find("find", screen).addEventListener("click", () => post("/pair/find", { step: step.key }).then(refresh, refresh));
    return screen;
  };

  const together = (step) => {
    const screen = copy("pairs");
    const text = find("text", screen);
    const fault = find("fault", screen);
    const name = `pair.${step.key}`;
    let revision = me.group.revision;
    let sent = me.group.draft;
    let timer = 0;
    let busy = false;
    text.value = kept(name) ?? sent;

    const theirs = (standing) => {
      revision = standing.revision;
      sent = standing.text;
      const place = find("theirs", screen);
      place.hidden = standing.text === text.value;
      place.querySelector("blockquote").textContent = standing.text;
    };

    const push = async () => {
      clearTimeout(timer);
      if (busy || text.value === sent) {
        return true;
      }
      busy = true;
      const writing = text.value;
      sending.set(name, false);
      say();
      try {
        const response = await post("/pair", { step: step.key, text: writing, revision });
        const reply = await response.json();
        sending.delete(name);
        stored = response.ok;
        say();
        if (response.ok) {
          revision = reply.revision;
          sent = writing;
          keep(name, null);
          tell(fault, "");
        } else if (reply.standing) {
          theirs(reply.standing);
        } else {
          tell(fault, reply.reason ?? "");
        }
        return response.ok;
      } catch {
        timer = setTimeout(push, 1500);
        return false;
      } finally {
        busy = false;
        if (text.value !== writing) {
          timer = setTimeout(push, 600);
        }
      }
    };

    text.addEventListener("input", () => {
      keep(name, text.value);
      clearTimeout(timer);
      timer = setTimeout(push, 800);
    });
    find("take", screen).addEventListener("click", () => {
      text.value = sent;
      keep(name, null);
      find("theirs", screen).hidden = true;
    });
    find("mine", screen).addEventListener("click", () => {
      find("theirs", screen).hidden = true;
      push();
    });
    const agree = (agrees) => async () => {
      if (agrees && !(await push())) {
        return;
      }
      const response = await post("/pair/yes", { step: step.key, revision, agrees }).catch(() => null);
      const reply = await response?.json().catch(() => ({}));
      if (reply?.standing) {
        theirs(reply.standing);
      } else {
        tell(fault, response?.ok ? "" : reply?.reason ?? sentence("try"));
      }
      refresh();
    };
    find("yes", screen).addEventListener("click", agree(true));
    find("no", screen).addEventListener("click", agree(false));

    screen.refresh = () => {
      const group = me.group;
      if (!group) {
        return;
      }
      const names = group.mates.map((mate) => {
        const name = mate.name || sentence("partner");
        const party = mate.party ? `, ${mate.party.name}` : "";
        return `${name}${party}${mate.here ? "" : ` (${sentence("away")})`}`;
      });
      find("mates", screen).textContent = sentence("with", { names: names.join(" · ") });
      find("sees", screen).textContent = sees(step);
      find("hint", screen).textContent = told(step.hint);
      const call = find("call", screen);
      call.hidden = !URL.canParse?.(group.call_link) || new URL(group.call_link).protocol !== "https:";
      call.firstElementChild.href = call.hidden ? "" : group.call_link;
      if (group.revision > revision) {
        if (text.value === sent) {
          revision = group.revision;
          sent = group.draft;
          text.value = group.draft;
        } else {
          theirs({ text: group.draft, revision: group.revision });
        }
      }
      const yes = group.mates.filter((mate) => mate.agrees).map((mate) => sentence("agrees", { name: mate.name || sentence("partner") }));
      const state = group.confirmed ? sentence("in") : group.agrees ? sentence("you-agree") : yes.join(" · ");
      find("agreed", screen).textContent = state;
      find("yes", screen).hidden = group.agrees;
      find("no", screen).hidden = !group.agrees;
    };
    screen.refresh();
    return screen;
  };

  // ------------------------------------------------------------------------------- drawing

  const step_ = () => {
    if (!room?.asynchronous) {
      return room?.step ?? null;
    }
    return room.open.find((one) => one.key === at) ?? room.open[0] ?? room.step;
  };

  // Words somebody was writing when their step went on. They stay through later steps, as a phone
  // may have slept through some, until their writer puts them away.
  const unsent = [];
  const leave = () => {
    for (const one of root.querySelectorAll("textarea")) {
      const text = one.value.trim();
      if (text && !unsent.includes(text)) {
        unsent.push(text);
      }
    }
  };
  const left = () => {
    const place = document.createElement("details");
    place.open = true;
    place.append(make("summary", sentence("unsent")));
    for (const text of unsent) {
      place.append(make("blockquote", text));
    }
    const away = make("button", sentence("away-with-it"));
    away.type = "button";
    away.className = "button plain compact";
    away.addEventListener("click", () => {
      unsent.length = 0;
      place.remove();
    });
    place.append(away);
    return place;
  };

  const draw = () => {
    const step = step_();
    const open = step?.state === "open";
    let screen;
    let id;
    if (me?.left) {
      [id, screen] = ["left", () => waiting(sentence("left"))];
    } else if (room.state === "ended") {
      [id, screen] = ["ended", () => waiting(sentence("ended"))];
    } else if (!step) {
      [id, screen] = ["welcome", () => waiting(sentence("welcome"))];
    } else if (!open) {
      [id, screen] = [`closed ${step.key}`, () => waiting(sentence("closed"))];
    } else if (me && !me.counted) {
      [id, screen] = [`out ${step.key}`, () => waiting(sentence("not-counted"))];
    } else {
      const turn = step.kind === "rehearsal" ? `${me?.group?.role} ${me?.group?.number}` : "";
      const asked = step.kind === "spotlight" ? `${me?.invited?.step} ${me?.invited?.speaking}` : "";
      const grouped = step.kind === "pairs" ? `${me?.group?.step} ${me?.group?.number}` : "";
      id = `${step.kind} ${step.key} ${turn}${asked}${grouped}`;
      screen = () => (screens[step.kind] ?? (() => waiting(sentence("look"))))(step);
    }
    if (id !== shown) {
      if (shown && (!open || !shown.includes(` ${step.key}`))) {
        leave();
      }
      shown = id;
      const heading = make("h1", step && open ? told(step.prompt) : room.title);
      root.replaceChildren(heading, screen(), ...(unsent.length ? [left()] : []));
      if (step && open) {
        speak(sentence("new", { prompt: told(step.prompt) }));
      }
    } else {
      freshen();
    }
    frame(step, open);
  };

  const freshen = () => {
    for (const part of root.querySelectorAll("*")) {
      part.refresh?.();
    }
    const step = step_();
    frame(step, step?.state === "open");
  };

  const frame = (step, open) => {
    if (!room) {
      return;
    }
    find("where").textContent = step
      ? sentence("step", { title: room.title, number: step.number, steps: room.steps })
      : room.title;
    const button = find("done");
    button.hidden = !open || !["prompt", "takeouts"].includes(step.kind) || !(me?.counted ?? true);
    button.textContent = sentence(done.has(step?.key) ? "busy" : "done");
    button.setAttribute("aria-pressed", String(done.has(step?.key)));
    const several = room.asynchronous && room.open.length > 1;
    find("turning").hidden = !several;
    find("back").textContent = sentence("back");
    find("next").textContent = sentence("next");
    tick();
  };

  const tick = () => {
    const step = step_();
    const clock = find("clock");
    const left = step?.clock_until ? window.clock.left(step.clock_until) : step?.clock;
    clock.hidden = step?.state !== "open" || left === null || left === undefined;
    if (!clock.hidden) {
      clock.textContent = window.clock.face(left);
    }
  };

  // ------------------------------------------------------------------------------- hearing

  async function refresh() {
    try {
      const response = await fetch(`${base}/own`, { headers: { "accept-language": language } });
      if (!response.ok) {
        return;
      }
      const own = await response.json();
      me = own.personal;
      for (const [number, answers] of Object.entries(own.answers)) {
        mine.set(Number(number), new Map(answers.map((one) => [one.slot, one])));
      }
      done.clear();
      own.done.forEach((one) => done.add(one));
      if (room) {
        draw();
      }
    } catch {
      // the stream tells when the network is back
    }
  }

  let known = "";
  const hear = {
    room(news) {
      window.clock.hear(news.now);
      room = news;
      const now = `${news.step?.key} ${news.step?.state}`;
      if (now !== known) {
        known = now;
        refresh();
      }
      draw();
    },
    you(news) {
      me = news;
      if (room) {
        draw();
      }
    },
  };

  find("done").addEventListener("click", async () => {
    const step = step_();
    const yes = !done.has(step.key);
    const response = await post("/done", { step: step.key, done: yes }).catch(() => null);
    if (response?.ok) {
      (yes ? done.add(step.key) : done.delete(step.key));
    }
    freshen();
  });
  for (const [name, by] of [["back", -1], ["next", 1]]) {
    find(name).addEventListener("click", () => {
      const place = room.open.findIndex((one) => one.key === step_().key);
      at = room.open[(place + by + room.open.length) % room.open.length].key;
      shown = "";
      refresh().then(draw);
    });
  }

  // What was on its way when the page was closed goes on its way again.
  const resume = () => {
    try {
      for (const name of Object.keys(localStorage)) {
        if (name.startsWith(`${PREFIX}send.`)) {
          const body = JSON.parse(localStorage.getItem(name));
          deliver(body, { identity: "" }).then(refresh);
        }
      }
    } catch {
      // this browser keeps nothing
    }
  };

  root.replaceChildren();
  refresh().then(resume);
  window.follow(`${base}/events`, hear, (state) => {
    lost = state === "lost";
    say();
  });
  setInterval(tick, 250);
})();
