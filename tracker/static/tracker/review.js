// Keys of the review inbox. Every one of them only goes where a link, button or field of the page already is.
"use strict";
(() => {
  const line = document.querySelector(".keys");
  const box = document.getElementById("keys");
  line.hidden = false;
  box.checked = localStorage.getItem("review-keys") !== "off";
  box.addEventListener("change", () => localStorage.setItem("review-keys", box.checked ? "on" : "off"));

  document.addEventListener("keydown", (event) => {
    if (event.isComposing || event.repeat || event.altKey || event.metaKey) return;
    const field = event.target.closest("textarea, select, input:not([type=checkbox])");
    if (field && event.key === "Escape") field.blur();
    if (field && event.ctrlKey && event.key === "Enter") field.form.requestSubmit();
    if (field || event.ctrlKey || !box.checked) return;
    const goal = document.querySelector(`[aria-keyshortcuts="${CSS.escape(event.key.toLowerCase())}"]`);
    if (!goal) return;
    event.preventDefault();
    if (goal.matches("a")) goal.click();
    else goal.focus();
  });
})();
