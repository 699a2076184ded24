// What htmx may do here: swap parts of our own pages, and nothing that runs.
// It gets the page's one Trusted Types policy, and no way to turn text into code.
(() => {
  "use strict";

  const RUNS = /<(script|iframe|object|embed|base|meta|link)\b/i;

  const html = (text) => {
    if (RUNS.test(text)) {
      throw new TypeError("A part brought something that runs; it was not shown.");
    }
    return text;
  };

  const policy = window.trustedTypes
    ? window.trustedTypes.createPolicy("understream", { createHTML: html })
    : { createHTML: html };

  // For our own scripts: the parts of a page of ours, with nothing in them that runs.
  window.understream = {
    parts: (text) =>
      [...new DOMParser().parseFromString(policy.createHTML(text), "text/html").body.childNodes],
  };

  function refuse() {
    throw new TypeError("Text is not code here.");
  }

  htmx.registerExtension("understream", {
    init: (api) => {
      api.initSecurity(
        { createHTML: (text) => policy.createHTML(text), createScript: refuse },
        refuse,
        refuse,
      );
    },
  });

  // A whole page where a part was expected (signed out, not there): go and see that page.
  document.addEventListener("htmx:after:request", (event) => {
    const { response, text } = event.detail.ctx;
    if (/^\s*<!doctype/i.test(text ?? "")) {
      event.preventDefault();
      window.location.assign(response.raw.redirected ? response.raw.url : window.location.href);
    }
  });
})();
