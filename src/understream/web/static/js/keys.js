// The keyboard: "?" shows the keys, "T" turns the picture in view into its table and back.
(() => {
  "use strict";

  const WRITES = "input, textarea, select, [contenteditable]";

  const dialog = document.getElementById("keys");
  const button = document.querySelector("button.keys");

  const show = () => {
    if (dialog && !dialog.open) {
      dialog.showModal();
    }
  };

  // The picture that holds the focus, else the first that can be seen, else the first.
  const picture = () => {
    const held = document.activeElement?.closest("[data-picture]");
    const all = [...document.querySelectorAll("[data-picture]:has(.as-table)")];
    const seen = all.find((one) => one.getBoundingClientRect().bottom > 0);
    return held?.querySelector(".as-table") ? held : (seen ?? all[0]);
  };

  const turn = () => {
    const table = picture()?.querySelector(".as-table");
    if (table) {
      table.open = !table.open;
      table.querySelector("summary").focus();
    }
  };

  if (button && dialog) {
    button.hidden = false;
    button.addEventListener("click", show);
  }

  document.addEventListener("keydown", (event) => {
    const busy = event.target.closest?.(WRITES) || document.querySelector("dialog[open]");
    if (busy || event.ctrlKey || event.metaKey || event.altKey || event.isComposing) {
      return;
    }
    if (event.key === "?") {
      event.preventDefault();
      show();
    } else if (event.key === "t" || event.key === "T") {
      turn();
    }
  });
})();
