/* The trame saves itself as one writes. Without this script, its button does. Nothing is kept in the browser: these are notes about a person. */
(() => {
  "use strict";
  const formulaire = document.getElementById("trame");
  const etat = document.getElementById("etat");
  if (!formulaire || !etat || !window.fetch) return;

  const PAUSE = 1500, RELANCES = [2000, 5000, 15000, 30000];
  let attente = null, enCours = false, sale = false, refusee = false, echecs = 0, arrete = formulaire.dataset.conflit === "oui";

  const dire = (phrase, faute) => { etat.textContent = phrase; etat.classList.toggle("echec", Boolean(faute)); };
  const dans = (delai) => { clearTimeout(attente); attente = setTimeout(enregistrer, delai); };

  function change() {
    sale = true;
    refusee = false;
    if (!arrete && !enCours) dans(PAUSE);
  }

  async function enregistrer() {
    if (enCours || arrete || !sale) return;
    enCours = true;
    sale = false;
    try {
      const reponse = await fetch(formulaire.action, {
        method: "POST", credentials: "same-origin", body: new URLSearchParams(new FormData(formulaire)),
        headers: { "Accept": "application/json", "X-CSRF": formulaire.dataset.csrf },
      });
      await lire(reponse);
    } catch {
      sale = true;
      dire("Connexion coupée : ce que vous écrivez est encore ici, nous réessayons. Ne fermez pas cette page.", true);
      dans(RELANCES[Math.min(echecs++, RELANCES.length - 1)]);
    } finally {
      enCours = false;
    }
    if (sale && !arrete && !refusee && echecs === 0) dans(PAUSE);
  }

  async function lire(reponse) {
    if (reponse.ok) {
      const corps = await reponse.json();
      formulaire.elements.version.value = corps.version;
      echecs = 0;
      dire(`Enregistré à ${corps.heure}.`);
      return;
    }
    sale = true;
    if (reponse.status === 409) {
      arrete = true;
      dire("Cette trame a été enregistrée depuis une autre page. Rien n'est écrasé : appuyez sur « Enregistrer la trame » pour comparer.", true);
    } else if (reponse.status === 401 || reponse.status === 403) {
      dire("Votre session est terminée. Reconnectez-vous dans un autre onglet ; cette page reprendra d'elle-même.", true);
      await reprendreJeton();
      dans(RELANCES[Math.min(echecs++, RELANCES.length - 1)]);
    } else if (reponse.status >= 500) {
      throw new Error("panne");
    } else {
      refusee = true;
      const corps = await reponse.json().catch(() => null);
      dire(corps?.error?.message ?? "Cette saisie n'est pas acceptée : corrigez-la.", true);
    }
  }

  /* Once logged in again, the tokens of the forms are new. */
  async function reprendreJeton() {
    const page = await fetch(location.pathname, { credentials: "same-origin", headers: { "Accept": "text/html" } });
    const neuf = new DOMParser().parseFromString(await page.text(), "text/html").getElementById("trame");
    if (!neuf) return;
    formulaire.dataset.csrf = neuf.dataset.csrf;
    formulaire.elements.csrf.value = neuf.dataset.csrf;
  }

  formulaire.addEventListener("input", change);
  formulaire.addEventListener("change", change);
  formulaire.addEventListener("submit", () => { sale = false; arrete = true; clearTimeout(attente); });
  window.addEventListener("online", () => { if (sale && !arrete) dans(0); });
  window.addEventListener("pagehide", () => { if (sale && !arrete) enregistrer(); });
  window.addEventListener("beforeunload", (e) => { if (sale || enCours) e.preventDefault(); });
})();
