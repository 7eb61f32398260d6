// Keeps each part of the bilan while one writes. Without this script the « Garder » buttons do the same.
"use strict";
for (const formulaire of document.querySelectorAll("form[data-partie]")) {
  const etat = formulaire.querySelector("[data-etat]");
  if (!etat) continue;
  let attente = null, envoi = Promise.resolve(), change = false;
  const dire = (texte) => { etat.textContent = texte; };
  const garder = async () => {
    change = false;
    dire("Enregistrement…");
    try {
      const reponse = await fetch(formulaire.action, {
        method: "POST", body: new FormData(formulaire), headers: { accept: "application/json", "x-csrf": formulaire.dataset.jeton }, credentials: "same-origin",
      });
      const corps = await reponse.json();
      if (reponse.ok) {
        formulaire.elements.version.value = corps.version;
        dire("Gardé.");
      } else {
        change = true;
        dire(corps.error.message);
      }
    } catch {
      change = true;
      dire("Pas de réseau : votre texte reste sur cette page, il sera gardé dès que possible.");
      attente = setTimeout(lancer, 5000);
    }
  };
  const lancer = () => { envoi = envoi.then(garder); };
  formulaire.addEventListener("input", () => { change = true; dire(""); clearTimeout(attente); attente = setTimeout(lancer, 1200); });
  formulaire.addEventListener("submit", () => { change = false; clearTimeout(attente); });
  addEventListener("beforeunload", (e) => { if (change) e.preventDefault(); });
}
