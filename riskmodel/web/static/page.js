"use strict";
// What the pages do beyond plain forms; each of them works without it.
(function () {
  const byId = (id) => document.getElementById(id);

  // The plausible range in the chosen unit.
  function hints(root) {
    root.querySelectorAll("select[data-hint]").forEach((select) => {
      const show = () => {
        const hint = byId(select.dataset.hint);
        if (hint) hint.textContent = "plausible " + select.selectedOptions[0].dataset.plausible;
      };
      select.addEventListener("change", show);
      show();
    });
  }

  // A product fills the target and the domain where they are empty; the server does the same.
  function product() {
    const chosen = byId("product");
    if (!chosen) return;
    const fill = () => {
      const option = chosen.selectedOptions[0];
      for (const [name, told] of [["target_antigen", option.dataset.target], ["costimulatory_domain", option.dataset.domain]]) {
        const first = byId(name) && byId(name).options[0];
        if (first) first.textContent = told ? told + " (by product)" : "by product, or unknown";
      }
    };
    chosen.addEventListener("change", fill);
    fill();
  }

  // What if: a changed input recalculates, and the place in the form is kept.
  function live(form) {
    let asked = 0;
    form.addEventListener("change", (event) => {
      if (event.target.type === "file") return;
      const mine = ++asked;
      const result = byId("result");
      result.classList.add("waiting");
      fetch(form.getAttribute("action").split("#")[0], { method: "POST", body: new FormData(form) })
        .then((answer) => answer.text().then((text) => ({ ok: answer.ok, text })))
        .then(({ ok, text }) => {
          if (mine !== asked) return;
          if (!ok) { form.submit(); return; }
          const fresh = new DOMParser().parseFromString(text, "text/html");
          result.replaceWith(document.adoptNode(fresh.getElementById("result")));
          marks(form, fresh);
        })
        .catch(() => form.submit());
    });
  }

  function marks(form, fresh) {
    form.querySelectorAll(".field > label, .field > legend").forEach((label) => {
      const old = label.querySelector(".changed");
      if (old) old.remove();
    });
    fresh.querySelectorAll(".changed").forEach((mark) => {
      const label = mark.parentElement;
      const here = label.htmlFor ? form.querySelector('label[for="' + label.htmlFor + '"]')
        : Array.from(form.querySelectorAll("legend")).find((l) => l.nextElementSibling && mark.parentElement.nextElementSibling &&
            l.parentElement.querySelector("input")?.name === mark.parentElement.parentElement.querySelector("input")?.name);
      if (here) here.append(document.adoptNode(mark));
    });
  }

  // Rows of the patients table that hold what is typed.
  function find() {
    const field = byId("find");
    if (!field) return;
    const rows = Array.from(document.querySelectorAll("table.patients tbody tr"));
    // Enter would send the form and lose what is typed here.
    field.addEventListener("keydown", (event) => { if (event.key === "Enter") event.preventDefault(); });
    field.addEventListener("input", () => {
      const wanted = field.value.trim().toLowerCase();
      let shown = 0;
      rows.forEach((row) => {
        row.hidden = wanted !== "" && !row.textContent.toLowerCase().includes(wanted);
        if (!row.hidden) shown += 1;
      });
      byId("found").textContent = shown + " of " + rows.length + " rows shown";
    });
  }

  hints(document);
  product();
  document.querySelectorAll('form[data-live="true"]').forEach(live);
  find();
  // After the browser has gone to the fragment of the address, which takes the focus away.
  window.addEventListener("load", () => {
    const faults = byId("faults");
    if (faults) faults.focus();
  });
})();
