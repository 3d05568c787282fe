// What the page does where scripts run: charts that can be pointed at, days, clocks and units that can be picked, and
// downloads. Everything that is said without it stays; all texts from the data are set as text, never as HTML.
"use strict";
(() => {
const DATA = JSON.parse(document.getElementById("series-data").textContent);
const THIN = "\u202f", NOTHING = "\u2013", HOUR = 3600, DAY = 86400;
const one = (selector, inside = document) => inside.querySelector(selector);
const all = (selector, inside = document) => [...inside.querySelectorAll(selector)];

function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
    else if (value !== null && value !== false) made.setAttribute(name, value === true ? "" : value);
  }
  made.append(...children);
  return made;
}

// Numbers, as `packed.py` writes them.
const LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
const WORTH = new Map([...LETTERS].map((letter, at) => [letter, at]));

function unpacker(letters, places, n) {
  const scale = 10 ** places;
  let at = 0;
  const quantity = () => {
    let value = 0, weight = 1;
    for (;;) {
      const worth = WORTH.get(letters[at++]);
      value += (worth & 31) * weight;
      weight *= 32;
      if (!(worth & 32)) return value % 2 ? -(value - 1) / 2 : value / 2;
    }
  };
  return (beside = null) => {
    let before = 0;
    return Array.from({ length: n }, (_, index) => {
      if (letters[at] === "_") return at++, null;
      before += quantity();
      return (before + (beside ? Math.round((beside[index] ?? 0) * scale) : 0)) / scale;
    });
  };
}

function unpackDay(day) {
  if (day.values) return day;
  const next = unpacker(day.quantiles, day.places, day.n);
  day.values = [];
  for (const _ of day.levels) day.values.push(next(day.values.at(-1) ?? null));
  day.at = level => day.values[day.levels.indexOf(level)] ?? null;
  day.median = day.at(0.5);
  for (const name of ["official", "outturn", "before"]) {
    day[name] = day[name] === undefined ? null : unpacker(day[name], day.places, day.n)(day.median);
  }
  day.starts = Array.from({ length: day.n }, (_, index) => day.start + index * day.step);
  day.end = day.start + day.n * day.step;
  return day;
}

// Words, as `wording.py` has them.
function number(value, digits) {
  if (value === null || value === undefined || Number.isNaN(value)) return NOTHING;
  const text = Math.abs(value).toFixed(digits);
  const [whole, rest] = text.split(".");
  const grouped = whole.replace(/\B(?=(\d{3})+$)/g, THIN) + (rest ? `.${rest}` : "");
  return value < 0 && Number(text) !== 0 ? `\u2212${grouped}` : grouped;
}
const signed = (value, digits) => (value > 0 && Number(value.toFixed(digits)) ? "+" : "") + number(value, digits);
const decimals = value => (value ? Math.min(9, Math.max(0, 2 - Math.floor(Math.log10(Math.abs(value))))) : 0);

// Clocks: an instant in seconds to what stands on a wall clock of a zone.
const FORMATS = new Map();
function wall(zone, at) {
  if (!FORMATS.has(zone)) {
    FORMATS.set(zone, new Intl.DateTimeFormat("en-US", {
      timeZone: zone, hourCycle: "h23", weekday: "short", year: "numeric", month: "numeric", day: "numeric",
      hour: "2-digit", minute: "2-digit", second: "2-digit",
    }));
  }
  const parts = {};
  for (const part of FORMATS.get(zone).formatToParts(at * 1000)) parts[part.type] = part.value;
  return parts;
}
const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
const hourMinute = (zone, at) => { const w = wall(zone, at); return `${w.hour}:${w.minute}`; };
const unitWords = (zone, at, step) => `${hourMinute(zone, at)}\u2013${hourMinute(zone, at + step)}`;
const dayMonth = (zone, at) => { const w = wall(zone, at); return `${w.day} ${MONTHS[w.month - 1]}`; };
const moment = (zone, at) => `${dayMonth(zone, at)} ${wall(zone, at).year}, ${hourMinute(zone, at)}`;
function dayName(iso) {
  const at = Date.parse(`${iso}T12:00Z`) / 1000;
  return `${wall("UTC", at).weekday} ${dayMonth("UTC", at)} ${iso.slice(0, 4)}`;
}
function offset(zone, at) {
  const w = wall(zone, at);
  return Date.UTC(w.year, w.month - 1, w.day, w.hour, w.minute, w.second) / 1000 - Math.floor(at);
}
function iso(zone, at) {
  const shift = offset(zone, at), sign = shift < 0 ? "-" : "+", minutes = Math.abs(shift) / 60;
  const local = new Date((at + shift) * 1000).toISOString().slice(0, 19);
  if (zone === "UTC") return `${local}Z`;
  return `${local}${sign}${String(Math.floor(minutes / 60)).padStart(2, "0")}:${String(minutes % 60).padStart(2, "0")}`;
}

// What is shown is in the address, so that it can be sent to somebody.
const STATE = { series: "", day: "", clock: "", unit: "" };
function readHash() {
  const told = new URLSearchParams(location.hash.slice(1));
  for (const name of Object.keys(STATE)) STATE[name] = told.get(name) ?? "";
  if (!DATA.series.some(series => series.id === STATE.series)) STATE.series = "";
  if (!days().includes(STATE.day) || STATE.day === days()[0]) STATE.day = "";
  if (STATE.clock !== "utc") STATE.clock = "";
  if (!(STATE.unit in DATA.sizes)) STATE.unit = "";
}
function writeHash() {
  const told = new URLSearchParams(Object.entries(STATE).filter(([, value]) => value));
  history.replaceState(null, "", `#${told}`);
}
const shownSeries = () => DATA.series.filter(series => !STATE.series || series.id === STATE.series);
const days = () => [...new Set(shownSeries().flatMap(series => series.days.map(day => day.day)))].sort().reverse();
const zoneOf = series => (STATE.clock === "utc" ? "UTC" : series.timezone);
const unitOf = series => (series.unit in DATA.sizes && STATE.unit ? STATE.unit : series.unit);
const sizeOf = unit => DATA.sizes[unit] ?? 1;

// Charts.
const LOOK = {};
const SCHEME = matchMedia("(prefers-color-scheme: dark)");
function readLook() {
  const style = getComputedStyle(document.documentElement);
  for (const name of ["ink", "soft", "line", "model", "official", "naive"]) LOOK[name] = style.getPropertyValue(`--${name}`).trim();
}
const LINES = {
  official: { label: "Official", stroke: () => LOOK.official, width: 1.8, dash: [7, 4] },
  outturn: { label: "Outturn", stroke: () => LOOK.ink, width: 1.8 },
  eve: { label: "Forecast of the day before", stroke: () => LOOK.soft, width: 1 },
  before: { label: "Issue before", stroke: () => LOOK.naive, width: 1.3, dash: [2, 3] },
  median: { label: "Median", stroke: () => LOOK.model, width: 2.5 },
};
const FILLS = { band: () => `${LOOK.model}29`, wide: () => `${LOOK.model}47`, normal: () => `${LOOK.soft}2b` };
const MOST_BARS = 400;  // more are narrower than what can be seen, and an area is drawn faster
const LONG = 2 * DAY;  // of more, dates are told
const STEPS = [900, 1800, HOUR, 2 * HOUR, 3 * HOUR, 6 * HOUR, 12 * HOUR];

function ticks(zone, low, high, most) {
  const step = high - low <= LONG && STEPS.find(size => (high - low) / size <= most);
  const found = [];
  if (step) {
    // A wall-clock hour that comes twice is marked once.
    let last = null;
    for (let at = Math.ceil(low / 900) * 900; at <= high; at += 900) {
      const local = at + offset(zone, at);
      if (local % step === 0 && local !== last) found.push(at);
      if (local % step === 0) last = local;
    }
    return found;
  }
  const every = [1, 2, 7, 14, 31, 92].find(count => (high - low) / DAY / count <= most) ?? 366;
  for (let local = Math.ceil((low + offset(zone, low)) / DAY) * DAY; ; local += every * DAY) {
    const at = local - offset(zone, local - offset(zone, local));
    if (at >= high) return found;  // a name at the very end would be cut
    found.push(at);
  }
}
function tickWords(zone, ats, low, high) {
  const fine = ats.length > 1 && ats[1] - ats[0] < HOUR, long = high - low > LONG;
  return ats.map(at => {
    if (long) return dayMonth(zone, at);
    const words = hourMinute(zone, at);
    if (words === "00:00" && at === high && !fine) return "24";
    return fine ? words : words.slice(0, 2);
  });
}

// A chart of times: `lines` by look, `bands` as pairs of values; tells what it points at.
function timeChart(host, about) {
  const { zone, starts, step, start, end, lines, bands, height, floor, key } = about;
  const tip = element("div", { class: "tip", hidden: true, "aria-hidden": "true" });
  const x = starts.map(at => at + step / 2);
  const columns = [x], series = [{}], fills = [];
  for (const band of bands) {
    fills.push({ series: [columns.length + 1, columns.length], fill: FILLS[band.look] });
    for (const values of [band.low, band.high]) {
      columns.push(values);
      series.push({ stroke: null, width: 0, points: { show: false } });
    }
  }
  for (const line of lines) {
    columns.push(line.values);
    series.push(line.bars
      ? { fill: () => `${LOOK.model}bf`, fillTo: () => 0, width: 0, points: { show: false }, paths: x.length < MOST_BARS ? uPlot.paths.bars({ size: [0.8, 60] }) : undefined }
      : { ...LINES[line.look], points: { show: false }, look: line.look });
  }
  const axis = { stroke: () => LOOK.soft, font: "12px system-ui, sans-serif", ticks: { show: false } };
  const whole = (low, high) => low <= x[0] && high >= x.at(-1);
  const narrow = host.clientWidth < 560;
  const plot = new uPlot({
    width: host.clientWidth, height, series, bands: fills, legend: { show: false },
    padding: [about.flat ? 6 : 12, 14, about.flat ? 6 : 0, 0],
    scales: {
      x: { time: false, range: (_, low, high) => (whole(low, high) ? [start, end] : [low, high]) },
      y: { range: (_, low, high) => spread(low, high, floor, about.flat) },
    },
    axes: [
      { ...axis, show: !about.flat, grid: { show: false }, size: 28, gap: 6,
        splits: (u, _, low, high) => ticks(zone, low, high, u.width / (narrow ? 50 : 75)),
        values: (u, ats) => tickWords(zone, ats, u.scales.x.min, u.scales.x.max) },
      { ...axis, size: narrow ? 42 : 50, gap: 8, space: about.flat ? 22 : 45, grid: { stroke: () => LOOK.line, width: 1 },
        values: (_, ats) => { const digits = ats.length > 1 ? Math.max(0, -Math.floor(Math.log10(ats[1] - ats[0]) + 1e-9)) : 0; return ats.map(at => number(at, digits)); } },
    ],
    cursor: {
      y: false, drag: { x: true, y: false, dist: 6 }, focus: { prox: -1 },
      points: { size: (u, index) => (u.series[index].look ? 7 : 0), width: 0, fill: (u, index) => (u.series[index].look ? LINES[u.series[index].look].stroke() : "transparent") },
      sync: key ? { key, setSeries: false, scales: ["x", null] } : undefined,
    },
    hooks: {
      setCursor: [u => about.tell && pointAt(u, tip, u.cursor.left < 0 ? null : u.cursor.idx)],
      setScale: [(u, name) => { if (name === "x" && about.onZoom) about.onZoom(!whole(u.scales.x.min, u.scales.x.max)); }],
    },
  }, columns, host);
  plot.about = about;
  host.append(tip);
  plot.reset = () => plot.setScale("x", { min: x[0], max: x.at(-1) });
  return plot;
}
// The values where the chart is pointed at, beside the pointer.
function pointAt(plot, tip, at) {
  tip.hidden = at === null || at === undefined;
  if (tip.hidden) return;
  const { title, rows } = plot.about.tell(at);
  const cells = rows.flatMap(([look, name, value]) => [element("i", { class: `key-${look}` }), element("dt", {}, name), element("dd", {}, value)]);
  tip.replaceChildren(element("b", {}, title), element("dl", {}, ...cells));
  const x = plot.over.offsetLeft + plot.valToPos(plot.data[0][at], "x"), right = x + 16 + tip.offsetWidth > plot.width;
  tip.style.transform = `translate(${Math.max(0, right ? x - 16 - tip.offsetWidth : x + 16)}px, 18px)`;
}
function spread(low, high, floor, flat) {
  if (low === null || high === null) return [0, 1];
  if (flat) { const most = Math.max(Math.abs(low), Math.abs(high)) * 1.15 || 1; return [-most, most]; }
  const room = 0.06 * (high - low) || 0.05 * Math.abs(high) || 1;
  return [floor ? Math.max(0, low - room) : low - room, high + room];
}
const divided = (values, size) => (size === 1 ? values : values.map(value => (value === null ? null : value / size)));
const pairsOf = levels => levels.filter(level => level < 0.5).flatMap(low => levels.filter(high => Math.abs(low + high - 1) < 1e-9).map(high => [low, high]));

// Cards.
const CARDS = all("article[data-series]").map(article => ({
  article, series: DATA.series.find(series => series.id === article.dataset.series), plots: [], seen: false,
})).filter(card => card.series && card.series.days.length);

function prepare(card) {
  const { article, series } = card;
  for (const figure of all("figure.fan, figure.weeks", article)) {
    const live = element("div", { class: "live" });
    one(".still", figure).before(live);
    for (const item of all(".legend li[data-line]", figure)) {
      const button = element("button", { type: "button", "aria-pressed": "true", title: "Show or hide", onclick: () => toggle(card, figure, item.dataset.line, button) });
      button.append(...all("i, span", item));
      item.prepend(button);
    }
  }
  const menu = one(".download .files", article);
  if (menu) {
    menu.before(
      element("button", { type: "button", onclick: () => download(card, "csv") }, "CSV"), " ",
      element("button", { type: "button", onclick: () => download(card, "excel") }, "CSV for Excel"), " ",
      element("button", { type: "button", onclick: () => download(card, "json") }, "JSON"),
      element("span", { class: "soft" }, " The day, clock and unit that are shown."),
    );
  }
  for (const cell of all("[data-pick]", article)) {
    if (!series.days.some(day => day.day === cell.dataset.pick)) continue;
    const button = element("button", { type: "button", onclick: () => { pick({ day: cell.dataset.pick }); article.scrollIntoView(); } }, cell.textContent);
    cell.replaceChildren(button);
  }
  one(".head", article).after(element("p", { class: "older soft", "data-older": true, hidden: true }));
}
function toggle(card, figure, look, button) {
  const shown = button.getAttribute("aria-pressed") === "false";
  button.setAttribute("aria-pressed", String(shown));
  card.hidden = { ...card.hidden, [`${figure.className} ${look}`]: !shown };
  draw(card);
}
const dayOf = series => series.days.find(day => day.day === STATE.day) ?? (STATE.day ? null : series.days[0]);

function tell(card) {
  const { article, series } = card, day = dayOf(series), newest = day === series.days[0], older = one("[data-older]", article);
  article.classList.toggle("earlier", !newest);
  for (const part of all("figure.fan, .tiles, .download, .values-of, [data-issued]", article)) part.hidden = !day;
  older.hidden = newest;
  const back = element("button", { type: "button", onclick: () => pick({ day: "" }) }, "Back to the newest");
  older.replaceChildren(day ? "An earlier day; what speaks for and against the newest forecast is left out. " : `There is no forecast of ${dayName(STATE.day || series.days[0].day)}. `, back);
  if (!day) { one("[data-day]", article).textContent = dayName(STATE.day); return; }
  unpackDay(day);
  const zone = zoneOf(series), unit = unitOf(series), size = sizeOf(unit);
  card.digits = decimals(day.values.flat().reduce((most, value) => Math.max(most, Math.abs(value)), 0) / size);
  one("[data-day]", article).textContent = dayName(day.day);
  const issued = one("[data-issued]", article), extra = one(".newest", issued);
  issued.replaceChildren(`Issued ${moment(zone, day.issued)}${zone === "UTC" ? " UTC" : ""} by ${day.by}, ${day.inputs}. `, ...(extra ? [extra] : []));
  for (const [name, own, at, low, high, official, officialAt] of day.figures) {
    const tile = one(`[data-figure="${name}"]`, article);
    if (!tile) continue;
    const digits = name === "energy" ? decimals(own / size) : card.digits;
    const shown = value => number(value / size, digits);
    const told = {
      value: `${shown(own)}${THIN}${unit}${name === "energy" && unit in DATA.sizes ? "h" : ""}`,
      when: at === null ? "" : unitWords(zone, at, day.step),
      range: low === null || high === null ? "" : `80${THIN}% between ${shown(low)} and ${shown(high)}`,
      beside: official === null ? "no official forecast" : `official ${shown(official)}${officialAt === null ? "" : ` at ${unitWords(zone, officialAt, day.step)}`}`,
      apart: official === null ? "" : `difference ${signed((own - official) / size, digits)}`,
    };
    for (const [part, text] of Object.entries(told)) one(`.${part}`, tile).textContent = text;
  }
  const hours = (day.end - day.start) / HOUR;
  one("[data-clock]", article).textContent = (zone === "UTC" ? `UTC; sentences are in local time, ${series.timezone}` : `Local time, ${zone}`) + (hours === 24 ? "" : `; the clocks change, so this day has ${hours} hours`);
  fillTable(card, day, zone, unit);
}
function fillTable(card, day, zone, unit) {
  let details = one(".values-of", card.article);
  if (!details) {
    const heads = [element("th", { class: "text", scope: "col", "data-clock-name": true }), element("th", { scope: "col" }, "10 %"),
      element("th", { scope: "col" }, "Median, ", element("span", { "data-unit": true })), ...["90 %", "Official", "Outturn"].map(text => element("th", { scope: "col" }, text))];
    details = element("details", { class: "values-of" }, element("summary", {}, "Values of the day"),
      element("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": `Values of ${card.series.title}` },
        element("table", { class: "values" }, element("thead", {}, element("tr", {}, ...heads)), element("tbody"))));
    one(".download", card.article).after(details);
  }
  one("[data-clock-name]", details).textContent = zone === "UTC" ? "UTC" : "Local time";
  one("[data-unit]", details).textContent = unit;
  const fill = () => {
    const columns = [day.at(0.1), day.median, day.at(0.9), day.official, day.outturn], size = sizeOf(unit);
    one("tbody", details).replaceChildren(...day.starts.map((at, row) => element("tr", {},
      element("th", { class: "text", scope: "row" }, unitWords(zone, at, day.step)),
      ...columns.map(values => element("td", {}, number(values && values[row] !== null ? values[row] / size : null, card.digits))))));
  };
  details.ontoggle = () => { if (details.open) fill(); };
  if (details.open) fill();
}

function draw(card) {
  for (const plot of card.plots) plot.destroy();
  card.plots = [];
  const { article, series } = card, day = dayOf(series);
  if (!card.seen || !day || article.hidden) return;
  drawDay(card, day);
  drawWeeks(card);
}
// What was forecast of the day before, at the same hours of the local clock.
function eveOf(series, day) {
  const date = new Date(Date.parse(day.day) - DAY * 1000).toISOString().slice(0, 10);
  const earlier = series.days.find(other => other.day === date && other.step === day.step);
  if (!earlier) return null;
  unpackDay(earlier);
  const clock = at => at + offset(series.timezone, at), values = new Map();
  earlier.starts.forEach((at, index) => { if (!values.has(clock(at))) values.set(clock(at), earlier.median[index]); });
  return day.starts.map(at => values.get(clock(at) - DAY) ?? null);
}
function drawDay(card, day) {
  const { article, series } = card, figure = one("figure.fan", article), live = one(".live", figure);
  const zone = zoneOf(series), unit = unitOf(series), size = sizeOf(unit), newest = day === series.days[0];
  const off = look => Boolean(card.hidden?.[`${figure.className} ${look}`]);
  const usual = newest && series.normal ? { look: "normal", low: unpacker(series.normal.low, day.places, day.n)(day.median), high: unpacker(series.normal.high, day.places, day.n)(day.median) } : null;
  day.eve = eveOf(series, day);
  for (const item of all(".legend li[data-line]", figure)) {
    const look = item.dataset.line;
    item.hidden = look === "normal" ? !usual : look in LINES && !day[look];
  }
  const bands = [
    ...(usual && !off("normal") ? [usual] : []),
    ...(off("band") ? [] : pairsOf(day.levels).map(([low, high]) => ({ look: "band", low: day.at(low), high: day.at(high) }))),
  ].map(band => ({ look: band.look, low: divided(band.low, size), high: divided(band.high, size) }));
  const lines = ["eve", "before", "official", "outturn", "median"].filter(look => day[look] && !off(look)).map(look => ({ look, values: divided(day[look], size) }));
  const zoomed = element("button", { type: "button", class: "zoomed", hidden: true, onclick: () => card.plots.forEach(plot => plot.reset()) }, "Reset zoom");
  const host = element("div", { class: "chart", tabindex: "0", role: "application", "aria-roledescription": "chart",
    "aria-label": `Chart of ${series.title}, ${dayName(day.day)}: left and right arrow keys read values, plus and minus zoom, Escape resets` });
  live.replaceChildren(zoomed, host, element("p", { class: "hint" }, "Point at it, or use the arrow keys, to read values; drag to zoom."));
  const difference = day.official && day.median.map((value, at) => (value === null || day.official[at] === null ? null : (value - day.official[at]) / size));
  const tell = at => {
    const shown = value => number(value === null || value === undefined ? null : value / size, card.digits);
    const range = (low, high) => `${shown(low[at])}\u2013${shown(high[at])}`;
    const rows = [["median", "Median", shown(day.median[at])]];
    if (day.at(0.1) && day.at(0.9)) rows.push(["band", `80${THIN}%`, range(day.at(0.1), day.at(0.9))]);
    for (const look of ["official", "outturn", "before", "eve"]) if (day[look] && day[look][at] !== null) rows.push([look, LINES[look].label, shown(day[look][at])]);
    if (usual) rows.push(["normal", "Usual", range(usual.low, usual.high)]);
    if (difference && difference[at] !== null) rows.push(["none", "Median less official", signed(difference[at], card.digits)]);
    return { title: `${unitWords(zone, day.starts[at], day.step)}${zone === "UTC" ? " UTC" : ""}, ${unit}`, rows };
  };
  const key = `day ${series.id}`;
  const about = { zone, starts: day.starts, step: day.step, start: day.start, end: day.end, key };
  const fan = timeChart(host, { ...about, tell, lines, bands, height: innerWidth < 760 ? 270 : 340, onZoom: on => { zoomed.hidden = !on; },
    floor: day.values.flat().every(value => value === null || value >= 0) });
  card.plots.push(fan);
  if (difference) {
    const strip = element("div", { class: "strip-live" });
    live.append(element("h3", { class: "strip-title" }, `Median less official forecast, ${unit}`), strip);
    card.plots.push(timeChart(strip, { ...about, lines: [{ bars: true, values: difference }], bands: [], height: 80, flat: true }));
  }
  keys(host, fan, card, at => {
    const { title, rows } = tell(at);
    return `${title}: ${rows.map(([, name, value]) => `${name} ${value}`).join("; ")}`;
  });
}
function keys(host, plot, card, words) {
  let at = null;
  const x = plot.data[0];
  const go = to => {
    at = Math.min(x.length - 1, Math.max(0, to));
    const { min, max } = plot.scales.x;
    if (x[at] < min || x[at] > max) { const half = (max - min) / 2; zoom(x[at] - half, x[at] + half); }
    requestAnimationFrame(() => plot.setCursor({ left: plot.valToPos(x[at], "x"), top: plot.over.clientHeight / 2 }));
    one("[data-said]").textContent = words(at);
  };
  const zoom = (low, high) => card.plots.filter(other => other.about.key === plot.about.key).forEach(other => other.setScale("x", { min: Math.max(low, x[0]), max: Math.min(high, x.at(-1)) }));
  const scaled = factor => {
    const { min, max } = plot.scales.x, middle = at === null ? (min + max) / 2 : x[at], half = (max - min) * factor / 2;
    if (2 * half >= 2 * (x[1] - x[0])) zoom(middle - half, middle + half);
  };
  host.addEventListener("keydown", event => {
    const first = at === null;
    const act = {
      ArrowRight: () => go(first ? 0 : at + 1), ArrowLeft: () => go(first ? x.length - 1 : at - 1), Home: () => go(0), End: () => go(x.length - 1),
      "+": () => scaled(0.5), "-": () => scaled(2), Escape: () => { card.plots.forEach(other => other.reset()); },
    }[event.key];
    if (!act || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    act();
  });
  host.addEventListener("blur", () => { at = null; plot.setCursor({ left: -10, top: -10 }); });
}
function drawWeeks(card) {
  const { article, series } = card, figure = one("figure.weeks", article);
  if (!figure || article.classList.contains("earlier")) return;
  const step = series.days[0].step, earlier = series.days.slice(1).filter(day => day.step === step).reverse().map(unpackDay);
  if (!earlier.length) return;
  const zone = zoneOf(series), unit = unitOf(series), size = sizeOf(unit), start = earlier[0].start, end = earlier.at(-1).end;
  const n = Math.round((end - start) / step), starts = Array.from({ length: n }, (_, at) => start + at * step);
  // A day that was not published is a gap.
  const joined = of => {
    const values = Array(n).fill(null);
    for (const day of earlier) (of(day) ?? []).forEach((value, at) => { values[Math.round((day.start - start) / step) + at] = value === null ? null : value / size; });
    return values;
  };
  const off = look => Boolean(card.hidden?.[`${figure.className} ${look}`]);
  const columns = { low: joined(day => day.at(0.1)), high: joined(day => day.at(0.9)), median: joined(day => day.median), outturn: joined(day => day.outturn) };
  const host = element("div", { class: "chart" });
  const tell = at => {
    const shown = values => number(values[at], card.digits);
    const rows = [["median", "Median", shown(columns.median)], ["wide", `80${THIN}%`, `${shown(columns.low)}\u2013${shown(columns.high)}`], ["outturn", "Outturn", shown(columns.outturn)]];
    return { title: `${dayMonth(zone, starts[at])}, ${unitWords(zone, starts[at], step)}, ${unit}`, rows };
  };
  one(".live", figure).replaceChildren(host);
  card.plots.push(timeChart(host, {
    zone, starts, step, start, end, tell, height: 236, floor: columns.low.every(value => value === null || value >= 0),
    lines: ["outturn", "median"].filter(look => !off(look)).map(look => ({ look, values: columns[look] })),
    bands: off("band") ? [] : [{ look: "wide", low: columns.low, high: columns.high }],
  }));
}

// Downloads, of what is shown.
function rowsOf(card) {
  const { series } = card, day = unpackDay(dayOf(series)), zone = zoneOf(series), unit = unitOf(series), size = sizeOf(unit);
  const digits = Math.max(0, day.places + Math.round(Math.log10(size)));
  const shown = value => (value === null ? null : Number((value / size).toFixed(digits)));
  const columns = [
    ...day.levels.map((level, at) => [`P${String(Number((100 * level).toFixed(4))).padStart(2, "0")}`, day.values[at]]),
    ...["official", "outturn"].filter(name => day[name]).map(name => [name, day[name]]),
  ].map(([name, values]) => [name, values.map(shown)]);
  return { series, day, zone, unit, columns };
}
function download(card, kind) {
  const { series, day, zone, unit, columns } = rowsOf(card);
  const name = `${series.id.replace("/", ".")}-${day.day}`;
  if (kind === "json") {
    const told = { series: series.id, delivery_day: day.day, issue_time: iso("UTC", day.issued), forecast_id: day.forecast_id, model: day.by.replace("\u00a0", " "), unit, timezone: zone,
      start: day.starts.map(at => iso(zone, at)), end: day.starts.map(at => iso(zone, at + day.step)), ...Object.fromEntries(columns) };
    return save(`${name}.json`, "application/json", JSON.stringify(told, null, 1));
  }
  // A spreadsheet reads numbers and times as its locale writes them.
  const excel = kind === "excel", point = excel ? new Intl.NumberFormat().formatToParts(1.5).find(part => part.type === "decimal").value : ".";
  const time = at => (excel ? iso(zone, at).slice(0, 16).replace("T", " ") : iso(zone, at));
  const heads = [`start (${zone})`, `end (${zone})`, ...columns.map(([column]) => `${column} [${unit}]`)];
  const lines = day.starts.map((at, row) => [time(at), time(at + day.step), ...columns.map(([, values]) => (values[row] === null ? "" : String(values[row]).replace(".", point)))]);
  const text = [heads, ...lines].map(cells => cells.join(point === "," ? ";" : ",")).join("\r\n");
  save(`${name}.csv`, "text/csv", `${excel ? "\ufeff" : ""}${text}\r\n`);
}
function save(name, type, text) {
  const address = URL.createObjectURL(new Blob([text], { type }));
  element("a", { href: address, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(address), 10000);
}

// Controls.
function pick(change) {
  Object.assign(STATE, change);
  if (STATE.day === days()[0] || !days().includes(STATE.day)) STATE.day = "";
  writeHash();
  show();
}
function labelled(text, control) { return element("label", {}, element("span", {}, text), element("br"), control); }
function choice(title, options, now, name) {
  const buttons = options.map(([value, text]) => element("button", { type: "button", "aria-pressed": String(value === now), onclick: () => { pick({ [name]: value }); one(`[data-choice="${name}"] [aria-pressed="true"]`)?.focus(); } }, text));
  return element("div", { class: "group", role: "group", "aria-label": title, "data-choice": name }, element("span", {}, title), element("div", { class: "row" }, ...buttons));
}
function showControls() {
  const held = document.activeElement?.id, known = days(), at = Math.max(0, known.indexOf(STATE.day)), controls = one("[data-controls]");
  const step = (id, text, label, to) => element("button", { id, type: "button", "aria-label": label, disabled: to < 0 || to >= known.length, onclick: () => pick({ day: known[to] }) }, text);
  const select = (id, options, now, act) => {
    const made = element("select", { id, onchange: event => act(event.target.value) }, ...options.map(([value, text]) => element("option", { value, selected: value === now }, text)));
    return made;
  };
  const parts = [];
  if (DATA.series.length > 1) parts.push(labelled("Series", select("pick-series", [["", "All series"], ...DATA.series.map(series => [series.id, series.title])], STATE.series, value => pick({ series: value }))));
  if (known.length) {
    parts.push(element("div", { class: "group", role: "group", "aria-label": "Delivery day" }, element("label", { for: "pick-day" }, "Delivery day"), element("div", { class: "row" },
      step("pick-earlier", "\u2039", "Day before", at + 1),
      select("pick-day", known.map((day, index) => [day, dayName(day) + (index ? "" : " (newest)")]), known[at], value => pick({ day: value })),
      step("pick-later", "\u203a", "Day after", at - 1))));
  }
  parts.push(choice("Clock", [["", "Local"], ["utc", "UTC"]], STATE.clock, "clock"));
  const power = DATA.series.filter(series => series.unit in DATA.sizes);
  if (power.length) {
    const own = new Set(power.map(series => series.unit)), units = Object.keys(DATA.sizes).filter(unit => DATA.sizes[unit] >= 1 || own.has(unit));
    const now = STATE.unit || (own.size === 1 ? power[0].unit : "");
    parts.push(choice("Unit", [...(own.size > 1 ? [["", "As set"]] : []), ...units.map(unit => [unit, unit])], now, "unit"));
  }
  controls.replaceChildren(...parts);
  controls.hidden = false;
  if (held) document.getElementById(held)?.focus();
}
function show() {
  showControls();
  document.body.classList.toggle("picked", Boolean(STATE.day || STATE.clock || STATE.unit));
  for (const article of all("article[data-series]")) article.hidden = Boolean(STATE.series) && article.dataset.series !== STATE.series;
  for (const card of CARDS) if (card.seen) refresh(card);
}
function see(card) {
  if (card.seen) return;
  card.seen = true;
  prepare(card);
  refresh(card);
}
function refresh(card) {
  tell(card);
  draw(card);
}

readLook();
readHash();
document.body.classList.add("scripted");
show();
// What is not seen yet is done when it is about to be: until then it says what it says without script.
const watch = new IntersectionObserver(entries => {
  for (const entry of entries) {
    const card = CARDS.find(other => other.article === entry.target);
    if (entry.isIntersecting) see(card);
  }
}, { rootMargin: "300px" });
for (const card of CARDS) watch.observe(card.article);
addEventListener("beforeprint", () => { if (document.body.classList.contains("picked")) CARDS.forEach(see); });
let width = innerWidth;
addEventListener("resize", () => { if (innerWidth !== width) { width = innerWidth; CARDS.forEach(draw); } });
addEventListener("hashchange", () => { if (location.hash.includes("=") || !location.hash) { readHash(); show(); } });
for (const link of all(".verdicts a")) {
  link.addEventListener("click", () => { const article = one(link.getAttribute("href")); if (article.hidden) pick({ series: "" }); });
}
SCHEME.addEventListener("change", () => { readLook(); CARDS.forEach(draw); });
document.documentElement.dataset.ready = String(Math.round(performance.now()));
})();
