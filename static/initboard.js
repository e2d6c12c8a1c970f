// What the pages do beyond htmx: `/` goes to the search field, Escape leaves it,
// the arrow keys walk through what was found, and a
// report is asked for anew when there is news.
"use strict";
(() => {
  const field = () => document.querySelector(".search input");
  const found = () => [...document.querySelectorAll(".found a")];
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const typing = event.target.closest("input, textarea, select");
    if (event.key === "/" && !typing && field()) {
      event.preventDefault();
      field().focus();
      field().select();
    } else if (event.key === "Escape" && event.target.closest(".search")) {
      event.target.blur();
    } else if ((event.key === "ArrowDown" || event.key === "ArrowUp") && event.target.closest(".search")) {
      const links = found();
      const step = event.key === "ArrowDown" ? 1 : -1;
      const at = links.indexOf(event.target) + step;
      event.preventDefault();
      (at < 0 ? field() : links[Math.min(at, links.length - 1)])?.focus();
    }
  });
  // What changes while one looks at it says so, and is asked for anew.
  for (const { id, dataset } of document.querySelectorAll("[data-live]")) {
    new EventSource(dataset.live).addEventListener("change", () => {
      document.getElementById(id)?.dispatchEvent(new Event("news"));
    });
  }
})();
