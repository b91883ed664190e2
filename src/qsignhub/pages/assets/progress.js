// Asks the server how far the signature is, shows it, and loads the page anew when its state is another.
"use strict";
(() => {
  const root = document.querySelector("[data-progress]");
  if (!root) return;
  const { page, progress, state, awaited, completed, signedCount } = root.dataset;
  const interval = Number(root.dataset.interval);
  const longest = Math.max(interval, 10000);
  const list = document.getElementById("signing-steps");
  const now = document.getElementById("signing-now");
  let wait = interval;
  let shown = -1;

  const show = (done) => {
    if (!list || done === shown) return;
    shown = done;
    [...list.children].forEach((item, index) => {
      const stage = index < done ? "done" : index === done ? "now" : "later";
      item.className = stage;
      item.querySelector(".word").textContent = list.dataset[stage];
      if (stage === "now") {
        item.setAttribute("aria-current", "step");
        now.textContent = now.dataset.template.replace("{step}", item.querySelector(".step").textContent);
      } else {
        item.removeAttribute("aria-current");
      }
    });
  };

  const isAnother = (found) =>
    found.state !== state ||
    String(found.awaited) !== awaited ||
    String(found.completed) !== completed ||
    (state !== "waiting" && String(found.signed_count) !== signedCount && state !== "signing");

  const ask = async () => {
    try {
      const answer = await fetch(progress, { cache: "no-store", credentials: "omit" });
      if (answer.ok) {
        const found = await answer.json();
        if (isAnother(found)) {
          location.replace(page);
          return;
        }
        show(found.steps_done);
        wait = interval;
      } else if (answer.status === 404) {
        location.replace(page);
        return;
      } else {
        wait = Math.min(wait * 2, longest);
      }
    } catch {
      wait = Math.min(wait * 2, longest); // out of reach for now
    }
    setTimeout(ask, wait);
  };
  setTimeout(ask, Math.min(wait, 300));
})();
