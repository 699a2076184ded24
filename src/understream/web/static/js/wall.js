// The wall: draws what the stream brings, and nothing that is not in it.
(() => {
  "use strict";

  const LONG = 110; // signs from which a prompt is set smaller, so that what it asks for fits
  const body = document.body;
  const language = body.dataset.language;
  const find = (name) => document.querySelector(`[data-${name}]`);
  const place = find("body");
  const answers = new Map();
  let themes = [];
  let state = null;

  const sentence = (name, values = {}) => {
    const text = document.querySelector(`[data-sentence="${name}"]`)?.textContent ?? "";
    return text.replace(/\{(\w+)\}/g, (_, word) => values[word]);
  };
  const told = (text) => text?.[language] || text?.en || text?.nl || "";
  const copy = (name) =>
    document.querySelector(`[data-template="${name}"]`).content.firstElementChild.cloneNode(true);
  const make = (tag, text = "", name = "") => {
    const one = document.createElement(tag);
    one.textContent = text;
    if (name) {
      one.className = name;
    }
    return one;
  };
  const letter = (position) => "abcdef"[position % 6];

  const by = (one) => [
    one.parties.map((party) => party.name).filter(Boolean).join(", "), one.name, one.context,
  ].filter(Boolean).join(" · "); // prettier-ignore

  const drawAnswer = (one) => {
    const item = copy("answer");
    item.dataset.key = one.key;
    item.querySelector("p").textContent = one.text;
    for (const party of one.parties) {
      item.querySelector(".marks").append(copy(`mark-${letter(party.position)}`));
    }
    item.querySelector("[data-by]").textContent = by(one);
    return item;
  };

  const inOrder = () =>
    [...answers.values()].sort((a, b) => a.number - b.number || a.key - b.key);

  // What fits: the newest stay, the number of the others stands below.
  const fit = (list, total) => {
    let hidden = 0;
    const over = () => place.scrollHeight > place.clientHeight + 2
      || place.scrollWidth > place.clientWidth + 2;
    while (list.children.length > 1 && over()) {
      list.firstElementChild.remove();
      hidden += 1;
    }
    if (hidden) {
      foot(sentence("more", { n: hidden + (total - hidden - list.children.length) }));
    }
  };

  const foot = (text) => {
    const one = find("foot");
    one.hidden = !text;
    one.textContent = text;
  };

  const drawAnswers = (step) => {
    const all = inOrder();
    const columns = step.columns.length ? step.columns : [null];
    const grid = make("div", "", columns.length > 1 ? "said-columns" : "");
    columns.forEach((column, at) => {
      const part = make("section");
      if (column) {
        part.append(make("h2", told(column)));
      }
      const list = make("ul", "", "said");
      for (const one of all.filter((each) => !column || each.column === at)) {
        list.append(drawAnswer(one));
      }
      part.append(list);
      grid.append(part);
    });
    place.replaceChildren(grid);
    for (const list of grid.querySelectorAll(".said")) {
      fit(list, list.children.length);
    }
  };

  const drawThemes = () => {
    const list = make("ol", "", "themes");
    for (const theme of themes) {
      const item = copy("theme");
      item.querySelector("h2").textContent = theme.name;
      const size = item.querySelector(".size");
      if (theme.shows) {
        size.querySelector("b").textContent = theme.answers.length;
        size.querySelector("span").textContent = sentence(theme.answers.length === 1 ? "answer" : "answers");
      } else {
        size.remove();
      }
      const inner = item.querySelector("ul");
      if (theme.paraphrase) {
        inner.append(make("li", theme.paraphrase));
      }
      for (const key of theme.answers.slice(0, 3)) {
        const one = answers.get(key);
        if (one) {
          inner.append(make("li", one.text));
        }
      }
      list.append(item);
    }
    if (themes.length) {
      place.replaceChildren(list);
      // Whole answers only; the number above them says how many there are.
      const shown = [...list.querySelectorAll("ul")];
      while (place.scrollHeight > place.clientHeight + 2 && shown.some((one) => one.children.length)) {
        shown.reduce((most, one) => (one.offsetHeight > most.offsetHeight ? one : most)).lastElementChild.remove();
      }
    } else {
      drawAnswers({ columns: [] });
    }
  };

  const drawVote = () => {
    if (!state.counts.length) {
      const list = make("ol", "", "choices");
      for (const choice of state.room.step.choices) {
        list.append(make("li", told(choice)));
      }
      place.replaceChildren(list, make("p", sentence("later"), "quiet"));
      return;
    }
    const most = Math.max(1, ...state.counts.map((one) => one.points));
    const list = make("ol", "", "bars");
    for (const one of state.counts) {
      const item = make("li");
      item.append(make("span", `${one.rank}. ${told(one.name)}`));
      const meter = make("progress");
      meter.max = most;
      meter.value = one.points;
      item.append(meter);
      const tie = one.tied ? ` (${sentence("tied")})` : "";
      item.append(make("b", sentence(one.points === 1 ? "point" : "points", { n: one.points }) + tie));
      list.append(item);
    }
    place.replaceChildren(list);
  };

  const drawScale = () => {
    const list = make("ul", "", "figures");
    for (const one of state.lines) {
      const item = make("li");
      item.append(make("span", one.position < 0 ? sentence("together") : one.name));
      const figure = one.figure;
      const end = figure?.end ? ` ${sentence(figure.end)}` : "";
      item.append(make("b", figure ? `${figure.mean}${end}` : sentence("withheld")));
      if (figure) {
        item.append(make("small", `n ${one.n}`));
      }
      list.append(item);
    }
    for (const one of state.marks) {
      const item = make("li");
      item.append(make("span", one.name || "–"), make("b", one.point || sentence("cannot")));
      list.append(item);
    }
    const none = make("p", sentence("scale-later"), "quiet");
    place.replaceChildren(...(list.children.length ? [list] : [none]));
  };

  const drawSpotlight = () => {
    const speaking = state.speakers.filter((one) => !one.heard);
    const one = speaking[speaking.length - 1];
    if (!one) {
      place.replaceChildren(make("p", sentence("nobody"), "quiet"));
      return;
    }
    const words = make("blockquote", one.text);
    place.replaceChildren(make("h2", sentence("speaks", { name: one.name || "–" })), words);
  };

  const drawRehearsal = () => {
    const list = make("ul", "", "roles");
    for (let role = 0; role < 4; role += 1) {
      list.append(make("li", sentence(`role${role}`)));
    }
    place.replaceChildren(list);
  };

  const drawPromises = () => {
    const list = make("ul", "", "said promised");
    for (const [giver, receiver, action, outcome] of state.promises) {
      const item = make("li");
      item.append(make("p", action), make("small", `${giver} → ${receiver} · ${sentence(outcome)}`));
      list.append(item);
    }
    if (state.promises.length) {
      place.prepend(list);
      for (const answers of place.querySelectorAll(".said:not(.promised)")) {
        fit(answers, answers.children.length);
      }
      fit(list, list.children.length);
    }
  };

  const draw = () => {
    const { room } = state;
    const step = room.step;
    const show = room.state === "running";
    find("join").hidden = !show;
    find("code").textContent = state.code ? `${state.code.slice(0, 4)} ${state.code.slice(4)}` : "";
    body.classList.toggle("of-themes", step?.kind === "themes" && themes.length > 0);
    body.classList.toggle("of-welcome", show && !step);
    foot("");
    if (room.state === "ended") {
      find("prompt").textContent = sentence("ended");
      place.replaceChildren();
      return;
    }
    find("prompt").textContent = step ? told(step.prompt) : room.title;
    body.classList.toggle("of-long", find("prompt").textContent.length > LONG);
    const done = room.ready >= 0 && step?.state === "open";
    const some = step?.identity === "confidential" && !step.revealed;
    find("count").textContent = !done ? ""
      : some ? sentence(room.answers > 0 ? "five" : "few")
        : sentence("done", { n: room.ready, people: room.people });
    if (!step) {
      place.replaceChildren();
      return;
    }
    const card = told(step.card);
    if (card) {
      place.replaceChildren(make("blockquote", card, "evidence"));
    } else if (step.kind === "themes") {
      drawThemes();
    } else if (step.kind === "vote") {
      drawVote();
    } else if (step.kind === "scale") {
      drawScale();
    } else if (step.kind === "spotlight") {
      drawSpotlight();
    } else if (step.kind === "rehearsal") {
      drawRehearsal();
    } else if (!step.revealed) {
      place.replaceChildren(make("p", sentence(some ? "sealed" : "writing"), "quiet"));
    } else {
      drawAnswers(step);
    }
    if (step.promises && !card) {
      drawPromises();
    }
    if (step.hint && !answers.size && step.kind !== "vote") {
      place.append(make("p", told(step.hint), "quiet"));
    }
  };

  const tick = () => {
    const clock = find("clock");
    const step = state?.room.step;
    const left = step?.clock_until ? window.clock.left(step.clock_until) : step?.clock;
    clock.hidden = step?.state !== "open" || left === null || left === undefined;
    if (!clock.hidden) {
      clock.textContent = window.clock.face(left);
    }
  };

  const hear = (news) => {
    window.clock.hear(news.room.now);
    if (news.whole) {
      answers.clear();
    }
    for (const one of news.answers) {
      if (one.state === "gone") {
        answers.delete(one.key);
      } else {
        answers.set(one.key, one);
      }
    }
    themes = news.themes ?? themes;
    state = news;
    draw();
    tick();
  };

  window.follow(body.dataset.stream, { wall: hear }, (now) => {
    if (now === "lost") {
      foot(sentence("lost"));
    }
  });
  setInterval(tick, 250);
  window.addEventListener("resize", () => state && draw());
  document.addEventListener("keydown", (event) => {
    if (event.key === "f" || event.key === "F") {
      document.documentElement.requestFullscreen?.();
    }
  });
})();
