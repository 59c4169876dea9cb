// The keyboard: j and k move, Enter opens, 1 to 4 judge, / searches, u goes back, ? tells. Nothing here writes by itself.
"use strict";
(() => {
  const help = () => document.getElementById("help");
  const rows = () => Array.from(document.querySelectorAll("[data-row]"));
  const isTyping = (element) => element.closest("input, select, textarea, [contenteditable]") !== null;
  const current = () => rows().findIndex((row) => row.getAttribute("aria-current") === "true");

  const select = (index) => {
    const all = rows();
    if (!all.length) return;
    const to = Math.max(0, Math.min(all.length - 1, index));
    all.forEach((row, place) => (place === to ? row.setAttribute("aria-current", "true") : row.removeAttribute("aria-current")));
    all[to].querySelector("a").focus({ preventScroll: true });
    all[to].scrollIntoView({ block: "nearest" });
  };

  const link = () => {
    const row = rows()[current()];
    return row ? row.querySelector("a[href]").getAttribute("href") : null;
  };

  // On the queue a verdict opens the case with it chosen; on the case it is chosen. A person still gives the reason and sends it.
  const judge = (number) => {
    const choice = document.querySelector(`[data-verdict="${number}"]`);
    if (choice) {
      choice.click();
      const reason = document.getElementById("reason");
      if (reason) reason.focus();
    } else if (link()) {
      window.location.assign(`${link()}?verdict=${number}`);
    }
  };

  const go = (selector) => {
    const target = document.querySelector(selector);
    if (target) target.click();
  };

  const keys = {
    j: () => select(current() + 1),
    k: () => select(current() < 0 ? 0 : current() - 1),
    Enter: () => link() && window.location.assign(link()),
    u: () => go("[data-key=back]"),
    n: () => go("[data-key=next]"),
    "?": () => help() && (help().open ? help().close() : help().showModal()),
    "/": () => document.querySelector("[data-key=search]") && document.querySelector("[data-key=search]").focus(),
    1: () => judge(1), 2: () => judge(2), 3: () => judge(3), 4: () => judge(4),
  };

  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && isTyping(event.target)) return event.target.blur();
    if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return;
    if (event.key === "Enter" && event.target.closest("a, button, summary")) return;
    if (help() && help().open && event.key !== "?") return;
    const act = keys[event.key];
    if (!act) return;
    event.preventDefault();
    act();
  });

  document.addEventListener("click", (event) => {
    const opener = event.target.closest("[data-help]");
    if (opener && help()) help().showModal();
    const printer = event.target.closest("[data-print]");
    if (printer) window.print();
  });

  // a stale verdict (409) and a refused draft (422) are answered with a page that says so: htmx must show it
  document.addEventListener("htmx:beforeSwap", (event) => {
    if (event.detail.xhr.status === 422) event.detail.shouldSwap = true;
  });
})();
