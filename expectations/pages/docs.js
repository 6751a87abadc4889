// Stands in for what the pages of Great Expectations need of jQuery and Bootstrap.
document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-show]");
  if (button) show(button.dataset.show === "all");
  const link = event.target.closest('[data-toggle="collapse"]');
  if (!link) return;
  event.preventDefault();
  const target = document.getElementById((link.getAttribute("href") || link.dataset.target || "").slice(1));
  if (target) target.classList.toggle("show");
});
function show(succeeded) {
  document.querySelectorAll(".hide-succeeded-validation-target-child").forEach((mark) => {
    mark.parentElement.style.display = succeeded ? "" : "none";
  });
  document.querySelectorAll(".hide-succeeded-validation-target").forEach((element) => {
    element.style.display = succeeded ? "" : "none";
  });
}
