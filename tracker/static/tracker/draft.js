// Keys of the draft. Every one of them only goes where a link or button of the page already is.
"use strict";
(() => {
  const line = document.querySelector(".keys");
  const box = document.getElementById("keys");
  const help = document.getElementById("keys-help");
  const measures = [...document.querySelectorAll(".measure")];
  line.hidden = false;
  box.checked = localStorage.getItem("draft-keys") !== "off";
  box.addEventListener("change", () => localStorage.setItem("draft-keys", box.checked ? "on" : "off"));

  // Where the last form came back to; else the first measure that can be seen.
  const target = () => document.getElementById(location.hash.slice(1));
  const current = () =>
    document.activeElement.closest(".measure") ||
    target()?.closest(".measure") ||
    measures.find((measure) => measure.getBoundingClientRect().bottom > 0);
  const step = (by) => {
    const here = document.activeElement.closest(".measure") || target()?.closest(".measure");
    const next = here ? measures[measures.indexOf(here) + by] : measures[0];
    next?.focus();
    next?.scrollIntoView({ block: "start" });
  };
  const skip = (measure) => {
    const own = document.activeElement.closest(".clauses > li")?.querySelector("[data-key=x]");
    const all = measure.querySelectorAll("[data-key=x]");
    if (own || all.length === 1) (own || all[0]).click();
    else all[0]?.focus();
  };

  document.addEventListener("keydown", (event) => {
    if (event.isComposing || event.repeat || event.altKey || event.metaKey || event.ctrlKey) return;
    if (event.target.closest("textarea, select, input:not([type=checkbox])") || !box.checked) return;
    const measure = current();
    const doing = {
      j: () => step(1),
      k: () => step(-1),
      e: () => measure?.querySelector("[data-key=e]").click(),
      x: () => measure && skip(measure),
      c: () => measure?.querySelector("[data-key=c]").click(),
      "?": () => {
        help.hidden = !help.hidden;
        if (!help.hidden) line.scrollIntoView({ block: "nearest" });
      },
    }[event.key];
    if (!doing) return;
    event.preventDefault();
    doing();
  });
})();
