// The control room in place of itself: every few seconds the page is fetched again, and what is in
// #live takes the place of what was. Without this script the page reloads as a whole.
"use strict";
(() => {
  const live = document.getElementById("live");
  const said = document.getElementById("said");
  const seconds = Number(live ? live.dataset.seconds : 0);
  if (!live || !said || !seconds) {
    return;
  }
  const OFTEN = 30000; // milliseconds between two announcements, at the least
  let spoken = Date.now();
  let sentence = live.dataset.said;

  const stop = text => {
    said.textContent = text;
    said.classList.remove("hidden");
  };

  const replace = fresh => {
    const open = [...live.querySelectorAll("details[open]")].map(one => one.id);
    const scrolled = [...live.querySelectorAll(".scroll[id]")].map(one => [one.id, one.scrollLeft]);
    const focused = live.contains(document.activeElement) ? document.activeElement.id : "";
    live.replaceChildren(...[...fresh.childNodes].map(one => document.importNode(one, true)));
    live.dataset.said = fresh.dataset.said;
    live.dataset.seconds = fresh.dataset.seconds;
    for (const id of open) {
      const one = document.getElementById(id);
      if (one) {
        one.open = true;
      }
    }
    for (const [id, left] of scrolled) {
      const one = document.getElementById(id);
      if (one) {
        one.scrollLeft = left;
      }
    }
    const again = focused && document.getElementById(focused);
    if (again) {
      again.focus({preventScroll: true});
    }
  };

  const announce = urgent => {
    const now = live.dataset.said;
    if (now !== sentence && (urgent || Date.now() - spoken >= OFTEN)) {
      sentence = now;
      spoken = Date.now();
      said.textContent = now;
    }
  };

  const look = async () => {
    const address = new URL(window.location.href);
    address.searchParams.set("refresh", "itself");
    let answer;
    try {
      answer = await fetch(address, {credentials: "same-origin", redirect: "manual"});
    } catch {
      return true; // away for a moment: the next time
    }
    if (answer.type === "opaqueredirect" || answer.status === 401 || answer.status === 403) {
      stop("These figures are not kept up any more: your session is over. Load the page again to log in.");
      return false;
    }
    if (!answer.ok) {
      return true;
    }
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
    const found = fresh.getElementById("live");
    if (!found) {
      stop("These figures are not kept up any more. Load the page again.");
      return false;
    }
    const needed = live.dataset.needed !== found.dataset.needed;
    replace(found);
    live.dataset.needed = found.dataset.needed;
    const over = Number(live.dataset.seconds) === 0;
    announce(needed || over);
    return !over;
  };

  const again = () => window.setTimeout(async () => {
    if (document.hidden || await look()) {
      again();
    }
  }, seconds * 1000);
  again();
})();
