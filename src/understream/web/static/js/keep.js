// Typed text is not lost without a word: leaving a page with unsaved text asks first.
// Nothing is stored, on this device or elsewhere. Without this script the pages work as well.

const forms = [...document.querySelectorAll("form[data-keep]")];
const changed = new Set();
let sending = null;

const said = (form) =>
  [...new FormData(form)]
    .filter(([name]) => name !== "csrfmiddlewaretoken")
    .map((pair) => pair.join("="))
    .join("\n");

for (const form of forms) {
  const before = said(form);
  form.addEventListener("input", () => {
    if (said(form) === before) {
      changed.delete(form);
    } else {
      changed.add(form);
    }
  });
}

document.addEventListener("submit", (event) => {
  sending = event.target;
});

window.addEventListener("beforeunload", (event) => {
  const left = [...changed].filter((form) => form !== sending);
  sending = null;
  if (left.length) {
    event.preventDefault();
  }
});

window.addEventListener("pageshow", () => {
  sending = null;
});

// How much of the sentence is used.
for (const count of document.querySelectorAll("[data-count]")) {
  const field = document.getElementById(count.htmlFor.value);
  const most = field.dataset.most;
  const words = count.textContent;
  const tell = () => {
    const number = [...field.value].length;
    count.textContent = words.replace("{number}", number).replace("{most}", most);
    count.hidden = number < most / 2;
  };
  field.addEventListener("input", tell);
  tell();
}
