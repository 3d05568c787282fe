// The slider of a series: shows the forecast of another delivery day in place, as the server writes it.
// Without this script the same form asks for a page.
"use strict";
(() => {
  const form = document.getElementById("pick");
  if (!form) return;
  const slider = form.elements.at;
  const place = document.getElementById("issue");
  const said = document.getElementById("said");
  const days = JSON.parse(form.dataset.days);
  const kept = new Map([[slider.valueAsNumber, Promise.resolve(place.innerHTML)]]);
  let wanted = slider.valueAsNumber;
  form.querySelector("button").hidden = true;

  const fetched = (at) => {
    if (!kept.has(at)) {
      const asked = fetch(`?day=${days[at].day}&part=issue`).then((answer) => {
        if (!answer.ok) throw new Error(`${answer.status}`);
        return answer.text();
      });
      asked.catch(() => kept.delete(at));
      kept.set(at, asked);
    }
    return kept.get(at);
  };

  const mark = () => {
    for (const field of document.querySelectorAll(".pick")) {
      field.classList.toggle("chosen", field.classList.contains(`d${days[wanted].day}`));
    }
    said.textContent = days[wanted].name;
    slider.setAttribute("aria-valuetext", days[wanted].name);
  };

  const show = async (at) => {
    wanted = Math.min(Math.max(at, 0), days.length - 1);
    slider.value = wanted;
    mark();
    try {
      const text = await fetched(wanted);
      if (at !== wanted) return; // the slider has moved on
      place.innerHTML = text;
      history.replaceState(null, "", `?day=${days[at].day}`);
      for (const next of [at - 1, at + 1]) if (days[next]) fetched(next).catch(() => {});
    } catch {
      said.textContent = `${days[at].name}: the server does not answer`;
    }
  };

  slider.addEventListener("input", () => show(slider.valueAsNumber));
  form.addEventListener("submit", (event) => { event.preventDefault(); show(slider.valueAsNumber); });
  place.addEventListener("click", (event) => {
    const link = event.target.closest("a[data-at]");
    if (!link) return;
    event.preventDefault();
    show(Number(link.dataset.at));
  });
  for (const field of document.querySelectorAll(".pick")) {
    const at = days.findIndex((one) => field.classList.contains(`d${one.day}`));
    field.addEventListener("click", () => show(at));
  }
  mark();
})();
