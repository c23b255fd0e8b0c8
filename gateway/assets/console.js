// What pages gain from a script. Everything works without it.
(() => {
  "use strict";
  document.documentElement.classList.add("scripted");

  // <button data-copy="id of the element"> copies its text; shown only when this runs.
  document.addEventListener("click", async (event) => {
    const button = event.target.closest("button[data-copy]");
    if (!button) return;
    const source = document.getElementById(button.dataset.copy);
    const text = "value" in source ? source.value : source.textContent;
    const label = button.dataset.label || (button.dataset.label = button.textContent);
    try {
      await navigator.clipboard.writeText(text.trim());
      button.textContent = "Copied";
    } catch {
      // Not allowed to: select it, so that one key press copies it.
      getSelection().selectAllChildren(source);
      button.textContent = "Press Ctrl+C";
    }
    setTimeout(() => { button.textContent = label; }, 2000);
  });

  // The navigation is open on wide screens and folded on narrow ones.
  const nav = document.querySelector("details.nav");
  const narrow = matchMedia("(max-width: 50rem)");
  const fold = () => { nav.open = !narrow.matches; };
  if (nav) {
    fold();
    narrow.addEventListener("change", fold);
  }

  // Keys: those of the dialog #keys, which is not there when they are turned off (WCAG 2.1.4), and never while somebody is typing.
  const help = document.getElementById("keys");
  const places = { h: "/", u: "/users", f: "/provisioning/failures", q: "/system/queue", o: "/provisioning/operations" };
  let going = -Infinity;
  const typing = (at) => at.isContentEditable || at.matches("textarea, select, input:not([type=checkbox], [type=radio], [type=submit])");
  // j and k move the focus from row to row; Enter then opens what is focused, as always.
  const step = (by) => {
    const rows = [...document.querySelectorAll("main table.list tbody tr")].map((row) => row.querySelector("a[href]")).filter(Boolean);
    const here = rows.findIndex((link) => link.closest("tr").contains(document.activeElement));
    const next = here < 0 ? (by > 0 ? 0 : rows.length - 1) : here + by;
    rows[next]?.focus();
  };
  const keys = {
    "/": () => document.querySelector("main [role=search] :is(input:not([type=hidden]), select)")?.focus(),
    j: () => step(1),
    k: () => step(-1),
    "?": () => help.showModal(),
  };
  if (help) {
    document.addEventListener("keydown", (event) => {
      if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || typing(event.target) || document.querySelector("dialog[open]")) return;
      // g, and within a moment where to.
      const went = event.timeStamp - going < 1500;
      going = event.key === "g" ? event.timeStamp : -Infinity;
      const act = went ? () => document.querySelector(`.nav a[href="${places[event.key]}"]`)?.click() : keys[event.key];
      if (!act || (went && !places[event.key])) return;
      event.preventDefault();
      act();
    });
    document.querySelector("[data-keys]")?.addEventListener("click", keys["?"]);
  }
  // The stream says that the session is over: what is on the page is not for whoever sits here any more.
  document.addEventListener("over", () => location.reload());
  const refused = (event) => {
    if ((event.detail.status ?? event.detail.ctx?.response?.status) === 401) location.reload();
  };
  document.addEventListener("htmx:sse:error", refused);
  document.addEventListener("htmx:response:error", refused);

  // A form that was sent is not sent again while its answer is on the way.
  document.addEventListener("submit", (event) => {
    if (event.target.method !== "post") return;
    if (event.target.dataset.sent) event.preventDefault();
    event.target.dataset.sent = "yes";
  });
  addEventListener("pageshow", () => document.querySelectorAll("form[data-sent]").forEach((form) => delete form.dataset.sent));
})();
