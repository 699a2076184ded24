// A small piece of work for a network from which many wrong codes came: find a text so that
// SHA-256 of "challenge.text" begins with enough zero bits. Own code, as browsers offer SHA-256
// only over HTTPS. FIPS 180-4, section 6.2.
(() => {
  "use strict";

  const primes = [];
  for (let n = 2; primes.length < 64; n += 1) {
    if (primes.every((prime) => n % prime)) {
      primes.push(n);
    }
  }
  const bits = (root) => ((root - Math.floor(root)) * 2 ** 32) >>> 0;
  const K = primes.map((prime) => bits(Math.cbrt(prime)));
  const START = primes.slice(0, 8).map((prime) => bits(Math.sqrt(prime)));
  const turn = (x, n) => (x >>> n) | (x << (32 - n));
  const w = new Uint32Array(64);

  // The first 32 bits of the hash of a short text, at most 55 signs of ASCII.
  const first = (text) => {
    w.fill(0, 0, 16);
    for (let i = 0; i < text.length; i += 1) {
      w[i >> 2] |= text.charCodeAt(i) << (24 - 8 * (i % 4));
    }
    w[text.length >> 2] |= 0x80 << (24 - 8 * (text.length % 4));
    w[15] = 8 * text.length;
    for (let i = 16; i < 64; i += 1) {
      const a = w[i - 15];
      const b = w[i - 2];
      w[i] = w[i - 16] + (turn(a, 7) ^ turn(a, 18) ^ (a >>> 3))
        + w[i - 7] + (turn(b, 17) ^ turn(b, 19) ^ (b >>> 10));
    }
    let [a, b, c, d, e, f, g, h] = START;
    for (let i = 0; i < 64; i += 1) {
      const t = (h + (turn(e, 6) ^ turn(e, 11) ^ turn(e, 25)) + ((e & f) ^ (~e & g)) + K[i] + w[i]) | 0;
      const u = ((turn(a, 2) ^ turn(a, 13) ^ turn(a, 22)) + ((a & b) ^ (a & c) ^ (b & c))) | 0;
      [h, g, f, e, d, c, b, a] = [g, f, e, (d + t) | 0, c, b, a, (t + u) | 0];
    }
    return (START[0] + a) >>> 0;
  };

  const form = document.querySelector("[data-challenge]");
  if (!form) {
    return;
  }
  const zeros = 32 - Number(form.dataset.bits);
  let tried = 0;
  const work = () => {
    for (let i = 0; i < 4000; i += 1) {
      tried += 1;
      if (first(`${form.dataset.challenge}.${tried}`) >>> zeros === 0) {
        form.elements.solution.value = String(tried);
        const told = form.querySelector("[data-solving]");
        told.textContent = told.dataset.solved;
        return;
      }
    }
    setTimeout(work);
  };
  work();
})();
