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
