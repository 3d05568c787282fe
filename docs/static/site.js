// What the theme leaves to be said for those who read with a keyboard or a screen reader.
document.addEventListener("DOMContentLoaded", () => {
  for (const caption of document.querySelectorAll(".caption[role=heading]")) caption.setAttribute("aria-level", "2");
  for (const scrolled of document.querySelectorAll("pre, .table-wrapper")) scrolled.tabIndex = 0;
});
