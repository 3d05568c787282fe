// The page of operation follows what happens: its content is asked for again every minute while somebody can see it.
"use strict";
(() => {
  const seconds = Number(document.currentScript.dataset.seconds);
  setInterval(async () => {
    if (document.hidden || document.activeElement !== document.body) return; // nobody is moved while they read on
    try {
      const answer = await fetch(location.href);
      if (!answer.ok) return;
      const renewed = new DOMParser().parseFromString(await answer.text(), "text/html");
      document.querySelector("main").replaceWith(renewed.querySelector("main"));
      document.title = renewed.title;
    } catch {
      document.title = `? ${document.title.replace(/^[!?] /, "")}`; // the server does not answer
    }
  }, 1000 * seconds);
})();
