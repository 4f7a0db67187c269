// Sorting, filtering, searching and comparing. The pages can be read without this file.
(function () {
  "use strict";
  const root = document.documentElement;
  root.classList.add("has-js");

  // ---- theme: before the first paint; a browser may refuse storage for files ----
  const themes = ["system", "light", "dark"];
  function stored() {
    try { return localStorage.getItem("fer_bench_theme"); } catch (error) { return null; }
  }
  function setTheme(name) {
    if (name === "light" || name === "dark") root.dataset.theme = name;
    else delete root.dataset.theme;
    try { localStorage.setItem("fer_bench_theme", name); } catch (error) { /* stays for this page */ }
  }
  let theme = themes.includes(stored()) ? stored() : "system";
  setTheme(theme);

  const all = (selector, from) => Array.from((from || document).querySelectorAll(selector));
  const one = (selector, from) => (from || document).querySelector(selector);

  function element(tag, attributes, ...children) {
    const made = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes || {})) made.setAttribute(name, value);
    made.append(...children);
    return made;
  }
  function readHash() { return new URLSearchParams(location.hash.slice(1)); }
  function writeHash(values) {
    const parameters = new URLSearchParams();
    for (const [name, value] of Object.entries(values)) if (value) parameters.set(name, value);
    const text = parameters.toString().replace(/%3A/g, ":");
    history.replaceState(null, "", text ? "#" + text : location.pathname + location.search);
  }

  document.addEventListener("DOMContentLoaded", function () {
    themeButton();
    all("table.board-table, table.sortable").forEach(sortable);
    if (one("section.board")) leaderboard();
    if (one("#data")) comparing();
    scrollHints();
    window.addEventListener("resize", scrollHints);
    openForPrint();
  });

  function themeButton() {
    const button = one("button.theme");
    const show = () => { button.textContent = "Theme: " + theme; };
    show();
    button.addEventListener("click", function () {
      theme = themes[(themes.indexOf(theme) + 1) % themes.length];
      setTheme(theme);
      show();
    });
  }

  // ---- sorting ----
  function sortable(table) {
    const heads = all("thead th", table);
    heads.forEach(function (head, column) {
      if (!head.dataset.sort) return;
      const button = element("button", { type: "button" }, ...head.childNodes);
      head.append(button);
      button.addEventListener("click", function () {
        const now = head.getAttribute("aria-sort");
        const up = now ? now === "descending" : head.dataset.sort !== "num" || /^Rank/.test(head.textContent);
        sortBy(table, column, up);
      });
    });
    const first = heads[0];
    if (/^Rank/.test(first.textContent)) first.setAttribute("aria-sort", "ascending");
  }
  function sortBy(table, column, up) {
    const heads = all("thead th", table);
    const kind = heads[column].dataset.sort;
    heads.forEach(function (head, i) {
      if (i === column) head.setAttribute("aria-sort", up ? "ascending" : "descending");
      else head.removeAttribute("aria-sort");
    });
    const body = one("tbody", table);
    const key = function (row) {
      const cell = row.children[column];
      if (kind === "text") return cell.textContent.trim().toLowerCase();
      return cell.dataset.v === undefined || cell.dataset.v === "" ? null : Number(cell.dataset.v);
    };
    const rows = all("tr", body).map((row, place) => ({ row, place, key: key(row) }));
    rows.sort(function (x, y) {
      if (x.key === null || y.key === null) return (x.key === null) - (y.key === null) || x.place - y.place;
      const order = kind === "text" ? x.key.localeCompare(y.key, "en", { numeric: true }) : x.key - y.key;
      return (up ? order : -order) || x.place - y.place;
    });
    body.append(...rows.map((item) => item.row));
  }

  // ---- the leaderboard ----
  function leaderboard() {
    const form = one("form.controls");
    const boards = all("section.board");
    const fields = ["track", "selection", "q", "backbone", "pretraining", "extra", "year", "evidence", "kind"];
    const plain = ["backbone", "pretraining", "extra", "year"];
    if (window.matchMedia("(min-width: 761px)").matches) one(".filters", form).open = true;

    function fromHash() {
      const hash = readHash();
      form.reset();
      for (const name of fields) {
        const value = hash.get(name);
        if (value === null) continue;
        const field = form.elements[name];
        if (field.options && !Array.from(field.options).some((o) => o.value === value)) continue;
        field.value = value;
      }
    }
    const value = (name) => form.elements[name].value;
    const current = () => boards.find((board) => board.dataset.track === value("track")) || boards[0];

    function fits(row) {
      const words = value("q").toLowerCase().split(/\s+/).filter(Boolean);
      const text = row.textContent.toLowerCase();
      return words.every((word) => text.includes(word)) &&
        plain.every((name) => !value(name) || row.dataset[name] === value(name)) &&
        // What was measured here has no such word: the filter is about what others report.
        (!value("evidence") || (row.dataset.evidence || value("evidence")) === value("evidence")) &&
        (!value("kind") || row.dataset.kind === value("kind"));
    }
    function show() {
      const board = current();
      boards.forEach((other) => { other.hidden = other !== board; });
      const tracks = all("section.track", board);
      const there = tracks.map((track) => track.dataset.selection);
      one(".tabs", form).hidden = there.length === 0;
      all("input[name=selection]", form).forEach(function (radio) {
        radio.disabled = !there.includes(radio.value);
      });
      if (there.length && !there.includes(value("selection"))) form.elements.selection.value = there[0];
      const counts = [];
      let shown = 0;
      for (const section of all("section.track, section.reported", board)) {
        const reported = section.classList.contains("reported");
        const rows = all("tbody tr", section);
        if (!reported && section.dataset.selection !== value("selection")) { section.hidden = true; continue; }
        let kept = 0;
        for (const row of rows) { row.hidden = !fits(row); kept += !row.hidden; }
        section.hidden = kept === 0;
        shown += kept;
        counts.push(kept + " of " + rows.length + (section.dataset.counted ? " " + section.dataset.counted : reported ? " reported numbers" : " measured models"));
      }
      one(".nothing", board).hidden = shown > 0;
      one(".count", form).textContent = "Showing " + counts.join(" and ") + ".";
      phoneSort(board);
      scrollHints();
    }
    function phoneSort(board) {
      const select = form.elements.sort;
      const table = one("section:not([hidden]) table", board);
      const chosen = select.value;
      select.replaceChildren();
      if (!table) return;
      all("thead th[data-sort]", table).forEach(function (head, i) {
        const name = one("button", head).textContent;
        select.append(element("option", { value: String(i) }, name));
        if (head.hasAttribute("aria-sort")) select.value = String(i);
      });
      if (!table.querySelector("[aria-sort]") && chosen) select.value = chosen;
    }
    form.elements.sort.addEventListener("change", function () {
      const table = one("section:not([hidden]) table", current());
      if (table) one("button", all("thead th[data-sort]", table)[Number(form.elements.sort.value)]).click();
    });
    function save() {
      const values = Object.fromEntries(fields.map((name) => [name, value(name)]));
      if (values.selection === "last") values.selection = "";
      if (boards[0] && values.track === boards[0].dataset.track) values.track = "";
      writeHash(values);
    }
    form.addEventListener("input", function (event) {
      if (event.target.name === "sort") return;
      show();
      save();
    });
    form.addEventListener("reset", function (event) {
      event.preventDefault();
      for (const name of [...plain, "evidence", "kind", "q"]) form.elements[name].value = "";
      show();
      save();
    });
    window.addEventListener("hashchange", function () { fromHash(); show(); });
    fromHash();
    show();
  }

  // ---- comparing two models ----
  function comparing() {
    const data = JSON.parse(one("#data").textContent);
    const form = one("form.controls");
    const out = one(".pairs");
    const index = new Map(data.models.map((model, i) => [model[0], i]));
    for (const name of ["a", "b"]) {
      for (const model of data.models) form.elements[name].append(element("option", { value: model[0] }, model[0]));
    }
    for (const track of data.tracks) form.elements.track.append(element("option", { value: track.key }, track.title));

    function fromHash() {
      const hash = readHash();
      const first = data.tracks[0] ? Object.keys(data.tracks[0].entries).map((i) => data.models[i][0]) : [];
      const names = [hash.get("a"), hash.get("b")].map((name) => (index.has(name) ? name : null));
      const spare = (taken) => first.find((name) => name !== taken) || data.models[0][0];
      form.elements.a.value = names[0] || spare(names[1]);
      form.elements.b.value = names[1] || spare(form.elements.a.value);
      const track = hash.get("track");
      form.elements.track.value = data.tracks.some((t) => t.key === track) ? track : "";
    }
    function show() {
      const a = form.elements.a.value, b = form.elements.b.value, only = form.elements.track.value;
      const i = index.get(a), j = index.get(b);
      const common = data.tracks.filter((t) => i in t.entries && j in t.entries);
      const chosen = common.filter((t) => !only || t.key === only);
      out.replaceChildren();
      let text = chosen.length === 1 ? "One common track." : chosen.length + " common tracks.";
      if (a === b) text = "Choose two different models.";
      else if (!common.length) text = "No track has both models.";
      else if (!chosen.length) text = "This track does not have both models; " + common.length + " other tracks have.";
      one(".count", form).textContent = text;
      document.title = a + " and " + b + " · fer_bench";
      if (a !== b) for (const track of chosen) out.append(pair(track, i, j, data));
    }
    function changed() {
      writeHash({ a: form.elements.a.value, b: form.elements.b.value, track: form.elements.track.value });
      show();
    }
    form.addEventListener("input", changed);
    one("button.swap", form).addEventListener("click", function () {
      const a = form.elements.a.value;
      form.elements.a.value = form.elements.b.value;
      form.elements.b.value = a;
      changed();
    });
    window.addEventListener("hashchange", function () { fromHash(); show(); });
    if (data.models.length) { fromHash(); show(); }
    else one(".count", form).textContent = "Nothing has been measured yet: run fer-bench sweep.";
  }
  const verdicts = ["is better", "is worse", "Equivalent", "Undecided", "Too few faces or people to say", "Too few seeds for a verdict on the models", "No verdict on the models"];

  function pair(track, i, j, data) {
    const names = [data.models[i][0], data.models[j][0]];
    const section = element("section", { class: "pair" });
    const link = element("a", { href: "index.html#track=" + encodeURIComponent(track.key) }, track.title);
    section.append(element("h2", {}, link));
    const straight = track.pairs[i + "," + j];
    const found = straight || track.pairs[j + "," + i];
    const sign = straight ? 1 : -1;
    const said = element("p", { class: "said" });
    const entries = [track.entries[i], track.entries[j]];
    let difference = { mean: entries[0][0] - entries[1][0], low: null, high: null };
    if (found) {
      const ends = [found[1], found[2]].map((v) => (v === null ? null : sign * v));
      if (sign < 0) ends.reverse();
      difference = { mean: sign * found[0], low: ends[0], high: ends[1] };
      const verdict = sign < 0 && found[6] < 2 ? 1 - found[6] : found[6];
      const subject = verdict < 2 ? names[0] + " " + verdicts[verdict] : verdicts[verdict];
      said.append(element("span", { class: "verdict" }, subject + ". "), found[9]);
    } else {
      said.append(untested(track, names));
    }
    section.append(said, sides(names, entries, data, i, j), gap(difference));
    if (found) section.append(facts(found));
    return section;
  }
  function untested(track, names) {
    if (!track.tested) return "Not tested: tests are made on the test faces of the dataset that the models were trained on.";
    const about = track.left_out.filter((text) => names.some((name) => text.includes(name)));
    return ["Not tested.", ...(about.length ? about : track.left_out)].join(" ");
  }
  const two = (v) => (v === null || v === undefined ? "–" : v.toFixed(2).replace("-", "−"));
  const signed = (v) => (v > 0 ? "+" : "") + two(v);
  const pText = (v) => (v === null ? "–" : v < 0.001 ? "< 0.001" : v.toFixed(3));

  function sides(names, entries, data, i, j) {
    const box = element("div", { class: "sides" });
    const axis = scale(entries.flatMap((e) => [e[1], e[2]]), 0, 100);
    names.forEach(function (name, k) {
      const e = entries[k];
      const link = element("a", { href: "models/" + encodeURIComponent(data.models[k ? j : i][1]) }, name);
      box.append(
        element("span", { class: "label" }, (k ? "B: " : "A: "), link),
        element("span", { class: "num" }, element("b", {}, two(e[0])), " ", element("span", { class: "sd" }, e[1].toFixed(1) + " to " + e[2].toFixed(1))),
        bar(axis, e[1], e[2], e[0]));
    });
    box.append(axisLabels(axis));
    return box;
  }
  function gap(d) {
    const box = element("div", { class: "sides" });
    const known = d.low !== null;
    const axis = scale([0, d.mean, ...(known ? [d.low, d.high] : [])], -100, 100);
    box.append(
      element("span", { class: "label" }, "A − B, points"),
      element("span", { class: "num" }, element("b", {}, signed(d.mean)), " ", element("span", { class: "sd" }, known ? signed(d.low) + " to " + signed(d.high) : "no interval")),
      bar(axis, known ? d.low : d.mean, known ? d.high : d.mean, d.mean),
      axisLabels(axis));
    return box;
  }
  function facts(found) {
    const list = element("dl", { class: "facts" });
    const add = (name, value) => list.append(element("div", {}, element("dt", {}, name), element("dd", {}, value)));
    add("p, not corrected: this one pair", pText(found[3]));
    if (found[5].length) add("McNemar, exact", found[5].map((m) => "seed " + m[0] + ": " + pText(m[1])).join("; "));
    add("test faces", String(found[7]));
    add("people", found[4] === null ? "not known" : String(found[4]));
    add("interval over", found[8]);
    return list;
  }
  // The same rule as charts.axis: the smallest step that needs at most six.
  function scale(values, floor, ceiling) {
    for (const step of [1, 2, 5, 10, 20, 50]) {
      const low = Math.max(floor, Math.floor(Math.min(...values) / step) * step);
      let high = Math.min(ceiling, Math.ceil(Math.max(...values) / step) * step);
      if (high === low) high = low + step;
      if ((high - low) / step <= 6) return { low, high, step };
    }
    return { low: floor, high: ceiling, step: 50 };
  }
  const share = (axis, v) => (100 * Math.min(1, Math.max(0, (v - axis.low) / (axis.high - axis.low)))).toFixed(1) + "%";
  function ticks(axis) {
    const n = Math.round((axis.high - axis.low) / axis.step);
    return Array.from({ length: n + 1 }, (_, i) => axis.low + i * axis.step);
  }
  function axisLabels(axis) {
    const box = element("div", { class: "scale", "aria-hidden": "true" });
    for (const t of ticks(axis)) {
      box.append(element("span", { style: "left:" + share(axis, t) }, String(t).replace("-", "−")));
    }
    return box;
  }
  function bar(axis, low, high, centre) {
    const space = "http://www.w3.org/2000/svg";
    const svg = document.createElementNS(space, "svg");
    svg.setAttribute("class", "bar");
    svg.setAttribute("aria-hidden", "true");
    const add = function (tag, attributes) {
      const mark = document.createElementNS(space, tag);
      for (const [name, value] of Object.entries(attributes)) mark.setAttribute(name, value);
      svg.append(mark);
    };
    for (const t of ticks(axis)) add("line", { class: t === 0 ? "grid zero" : "grid", x1: share(axis, t), x2: share(axis, t), y1: "0", y2: "100%" });
    for (const v of low === high ? [] : [low, high]) add("line", { class: "cap", x1: share(axis, v), x2: share(axis, v), y1: "30%", y2: "70%" });
    add("line", { class: "range", x1: share(axis, low), x2: share(axis, high), y1: "50%", y2: "50%" });
    add("circle", { class: "dot", cx: share(axis, centre), cy: "50%", r: "3.5" });
    return svg;
  }

  // ---- what scrolls says so; what is printed is open ----
  function scrollHints() {
    for (const box of all(".box")) {
      const more = box.scrollWidth > box.clientWidth + 1;
      box.classList.toggle("wide-content", more);
      if (more) box.tabIndex = 0; else box.removeAttribute("tabindex");
    }
  }
  function openForPrint() {
    let opened = [];
    window.addEventListener("beforeprint", function () {
      opened = all("details:not([open]):not(.filters)");
      opened.forEach((details) => { details.open = true; });
    });
    window.addEventListener("afterprint", function () {
      opened.forEach((details) => { details.open = false; });
    });
  }
})();
