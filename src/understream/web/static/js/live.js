// A stream of events that finds its way back by itself: after a tunnel, a sleep, a new network.
// follow("/live/12/events", { room: (data) => …, you: (data) => … }, (state) => …)
// state is "open" or "lost"; the returned function ends it. Events come with their data parsed.
(() => {
  "use strict";

  const SILENT = 40_000; // milliseconds without a beat after which a stream counts as dead
  const LONGEST_WAIT = 8_000;

  window.follow = (address, hear, tell = () => {}) => {
    let source = null;
    let seen = ""; // the last id, so that what was missed comes first
    let tries = 0;
    let timer = 0;
    let last = Date.now();
    let over = false;

    const close = () => {
      source?.close();
      source = null;
      clearTimeout(timer);
    };

    const later = (wait) => {
      close();
      if (!over) {
        tell("lost");
        timer = setTimeout(open, wait);
      }
    };

    const alive = () => {
      last = Date.now();
      tries = 0;
      tell("open");
    };

    function open() {
      close();
      last = Date.now();
      // An EventSource of its own makes no promise to come back after an error page; we do.
      source = new EventSource(seen ? `${address}?after=${encodeURIComponent(seen)}` : address);
      source.addEventListener("open", alive);
      source.addEventListener("beat", alive);
      source.addEventListener("bye", () => later(200 + Math.random() * 1300));
      source.addEventListener("error", () => {
        tries += 1;
        later(Math.min(LONGEST_WAIT, 250 * 2 ** tries) * (0.5 + Math.random() / 2));
      });
      for (const [name, heard] of Object.entries(hear)) {
        source.addEventListener(name, (event) => {
          alive();
          seen = event.lastEventId || seen;
          heard(JSON.parse(event.data));
        });
      }
    }

    const wake = () => {
      if (!over && document.visibilityState === "visible") {
        const silent = Date.now() - last > SILENT;
        if (!source || source.readyState === EventSource.CLOSED || silent) {
          tries = 0;
          open();
        }
      }
    };

    document.addEventListener("visibilitychange", wake);
    window.addEventListener("online", wake);
    window.addEventListener("pageshow", wake);
    setInterval(wake, 5_000);
    open();

    return () => {
      over = true;
      close();
    };
  };

  // The server's clock as far as this device can know it. News is late by its journey and never
  // early, so of all estimates the one furthest ahead is the best. One that lies far behind the
  // best means that the clock of this device was set anew.
  const SET = 30_000; // milliseconds
  let ahead = null;

  window.clock = {
    hear(moment) {
      const found = Date.parse(moment) - Date.now();
      if (ahead === null || found > ahead || ahead - found > SET) {
        ahead = found;
      }
    },
    // Whole seconds until a moment; less than none when it is over.
    left: (until) => Math.round((Date.parse(until) - Date.now() - (ahead ?? 0)) / 1000),
    face(left) {
      const seconds = Math.abs(left);
      const minutes = Math.floor(seconds / 60);
      return `${left < 0 ? "−" : ""}${minutes}:${String(seconds % 60).padStart(2, "0")}`;
    },
  };
})();
