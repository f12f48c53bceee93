// The place to cut a clause, taken from where the caret stands in its words.
"use strict";
document.querySelectorAll("[data-caret]").forEach((words) => {
  const field = document.getElementById(words.dataset.caret);
  words.closest("[hidden]").hidden = false;
  const take = () => {
    if (words.selectionStart > 0) field.value = words.selectionStart;
  };
  // A caret moves by keys only where one could write; writing it is not.
  words.readOnly = false;
  words.addEventListener("beforeinput", (event) => event.preventDefault());
  words.addEventListener("click", take);
  words.addEventListener("keyup", take);
});
