// Sorts tables and shows raw numbers. Without it the page has everything but the sorting.
"use strict";
for (const table of document.querySelectorAll("table.sortable")) {
  const heads = [...table.tHead.rows[0].cells];
  const body = table.tBodies[0];
  const original = [...body.rows];
  const key = (row, column) => {
    const cell = row.cells[column];
    const text = cell.dataset.sort || cell.textContent.trim();
    const number = parseFloat(text);
    return { text, number };
  };
  const compare = (column, sign) => (a, b) => {
    const [x, y] = [key(a, column), key(b, column)];
    // What has no number comes last, either way.
    if (isNaN(x.number) !== isNaN(y.number)) return isNaN(x.number) ? 1 : -1;
    return sign * (isNaN(x.number) ? x.text.localeCompare(y.text) : x.number - y.number);
  };
  heads.forEach((head, column) => {
    const button = document.createElement("button");
    button.type = "button";
    button.append(...head.childNodes);
    head.append(button);
    button.addEventListener("click", () => {
      // Up, down, and as it was.
      const next = { ascending: "descending", descending: "" }[head.getAttribute("aria-sort")] ?? "ascending";
      heads.forEach((other) => other.removeAttribute("aria-sort"));
      let rows = original;
      if (next) {
        head.setAttribute("aria-sort", next);
        rows = [...original].sort(compare(column, next === "ascending" ? 1 : -1));
      }
      body.append(...rows);
    });
  });
}
const tip = document.createElement("div");
tip.id = "tip";
tip.setAttribute("role", "tooltip");
tip.hidden = true;
document.body.append(tip);
const show = (element, x, y) => {
  tip.textContent = element.dataset.tip;
  tip.hidden = false;
  const { width, height } = tip.getBoundingClientRect();
  tip.style.left = Math.max(4, Math.min(x + 12, innerWidth - width - 4)) + "px";
  tip.style.top = (y + 16 + height < innerHeight ? y + 16 : y - height - 8) + "px";
};
for (const element of document.querySelectorAll("td[title], rect.hint")) {
  // The browser's own tip is slow, and shows up beside this one.
  const title = element.querySelector("title");
  element.dataset.tip = title ? title.textContent : element.title;
  if (title) title.remove();
  else {
    element.removeAttribute("title");
    element.setAttribute("aria-description", element.dataset.tip);
  }
  element.addEventListener("pointermove", (event) => show(element, event.clientX, event.clientY));
  element.addEventListener("pointerleave", () => (tip.hidden = true));
}
