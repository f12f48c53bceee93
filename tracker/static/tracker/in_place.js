// What htmx sends and nobody answers would fail without a word: say it where messages stand.
document.addEventListener("htmx:sendError", () => {
  const said = document.getElementById("said");
  const unsent = document.getElementById("unsent");
  if (said && unsent) said.replaceChildren(unsent.content.cloneNode(true));
});
