"use strict";
(() => {
  const find = document.getElementById("find");
  if (!find) return;
  const shown = document.getElementById("shown");
  const items = [...document.querySelectorAll(".item")].map((item) => [item, item.textContent.toLowerCase()]);
  const count = () => {
    const seen = items.filter(([item]) => item.checkVisibility()).length;
    shown.textContent = `${seen} of ${items.length} shown`;
  };
  const sieve = () => {
    const words = find.value.toLowerCase().split(/\s+/).filter(Boolean);
    for (const [item, text] of items) item.hidden = !words.every((word) => text.includes(word));
    count();
  };
  find.addEventListener("input", sieve);
  for (const box of document.querySelectorAll(".filter input[type=checkbox]")) box.addEventListener("change", count);
  document.getElementById("search").hidden = false;
  sieve();
})();
