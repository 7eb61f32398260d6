// Puts the assistant into a caisse's own site, with one line:
//   <script src="https://ASSISTANT/static/conseil.js" data-caisse="CODE" defer></script>
// A button and a panel in a shadow root; the conversation itself in a frame, made at the first opening. The site's style stays out, ours stays in.
// The site must be among the `origines` of the caisse. Its own CSP, if any, allows ASSISTANT in script-src and frame-src.
(() => {
  const TEXTES = {
    ouvrir: "Poser une question",
    titre: "Assistant de votre caisse",
    cadre: "Conversation avec l'assistant",
    fermer: "Fermer",
  };
  const STYLE = `
    :host { all: initial !important; position: fixed !important; inset: auto 1em 1em auto !important; z-index: 2147483000 !important;
      display: block !important; font: 16px/1.4 -apple-system, "Segoe UI", Roboto, "Noto Sans", "Liberation Sans", Arial, system-ui, sans-serif !important; }
    * { box-sizing: border-box; }
    [hidden] { display: none !important; }
    button { font: inherit; cursor: pointer; color: #fff; background: #14504a; border: 2px solid #14504a; }
    button:hover { background: #0d3935; }
    button:focus-visible { outline: 3px solid #fff; outline-offset: -5px; box-shadow: 0 0 0 3px #14504a; }
    .lanceur { display: flex; align-items: center; gap: .6em; font-weight: 600; padding: .75em 1.25em; border-radius: 2em;
      box-shadow: 0 2px 4px rgb(0 0 0 / .12), 0 8px 24px rgb(0 0 0 / .18); }
    .lanceur svg { width: 1.3em; height: 1.3em; flex: none; }
    .panneau { position: absolute; right: 0; bottom: 4em; display: flex; flex-direction: column; overflow: hidden;
      width: 26em; max-width: calc(100vw - 2em); height: 42em; max-height: calc(100vh - 6.5em); background: #fbfaf7; color: #1c2b2a;
      border: 1px solid #b9c4c2; border-radius: 14px; box-shadow: 0 18px 50px rgb(0 0 0 / .28); }
    .tete { display: flex; justify-content: space-between; align-items: center; background: #0d3935; color: #fff; padding: .3em .4em .3em 1.1em; }
    .tete h2 { margin: 0; font-size: .95em; font-weight: 600; }
    .fermer { background: none; border-color: transparent; border-radius: 8px; padding: .4em .9em; font-size: .95em; }
    iframe { flex: 1; width: 100%; min-height: 0; border: 0; background: #fbfaf7; }
    @media (max-width: 40em), (max-height: 30em) {
      .panneau { position: fixed; inset: 0; width: 100%; max-width: none; height: 100%; height: 100dvh; max-height: none; border: 0; border-radius: 0; }
    }
    @media (forced-colors: active) { .lanceur, .panneau, .fermer { border: 1px solid; } }
    @media print { :host { display: none !important; } }
  `;

  const script = document.currentScript;
  const ASSISTANT = new URL(script.src).origin;

  const creer = (nom, attributs, ...enfants) => {
    const element = document.createElement(nom);
    for (const [cle, valeur] of Object.entries(attributs)) element.setAttribute(cle, valeur);
    element.append(...enfants);
    return element;
  };

  function dessinBulle() {
    const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
    const trait = document.createElementNS("http://www.w3.org/2000/svg", "path");
    for (const [cle, valeur] of Object.entries({ viewBox: "0 0 24 24", "aria-hidden": "true", fill: "none", stroke: "currentColor", "stroke-width": "2" }))
      svg.setAttribute(cle, valeur);
    trait.setAttribute("d", "M5 4h14a2 2 0 0 1 2 2v9a2 2 0 0 1-2 2h-7l-5 4v-4H5a2 2 0 0 1-2-2V6a2 2 0 0 1 2-2z");
    trait.setAttribute("stroke-linejoin", "round");
    svg.append(trait);
    return svg;
  }

  function installer() {
    const hote = creer("conseil-assistant", {});
    const racine = hote.attachShadow({ mode: "open" });
    const feuille = new CSSStyleSheet(); // unlike a <style>, allowed whatever the site's CSP says
    feuille.replaceSync(STYLE);
    racine.adoptedStyleSheets = [feuille];

    const lanceur = creer("button", { type: "button", class: "lanceur", "aria-expanded": "false", "aria-controls": "panneau" }, dessinBulle(), TEXTES.ouvrir);
    const fermeur = creer("button", { type: "button", class: "fermer" }, TEXTES.fermer);
    const panneau = creer("div", { id: "panneau", class: "panneau", role: "dialog", "aria-labelledby": "titre", hidden: "" },
      creer("div", { class: "tete" }, creer("h2", { id: "titre" }, TEXTES.titre), fermeur));
    let cadre = null;
    let pret = false;

    function donnerLaMain() {
      cadre.focus();
      cadre.contentWindow.postMessage({ conseil: "ouvert" }, ASSISTANT);
    }

    function ouvrir() {
      panneau.hidden = false;
      lanceur.setAttribute("aria-expanded", "true");
      if (!cadre) {
        const adresse = new URL("/cadre", ASSISTANT);
        adresse.search = new URLSearchParams({ caisse: script.dataset.caisse ?? "", hote: location.origin });
        cadre = creer("iframe", { src: adresse.href, title: TEXTES.cadre });
        panneau.append(cadre);
      }
      if (pret) donnerLaMain();
      else fermeur.focus();
    }

    function fermer() {
      panneau.hidden = true;
      lanceur.setAttribute("aria-expanded", "false");
      lanceur.focus();
    }

    lanceur.addEventListener("click", () => (panneau.hidden ? ouvrir() : fermer()));
    fermeur.addEventListener("click", fermer);
    racine.addEventListener("keydown", (e) => { if (e.key === "Escape" && !panneau.hidden) fermer(); });
    addEventListener("message", (e) => {
      if (e.origin !== ASSISTANT || e.source !== cadre?.contentWindow || panneau.hidden) return;
      if (e.data?.conseil === "fermer") fermer();
      if (e.data?.conseil === "pret" && !pret) { pret = true; if (racine.activeElement === fermeur) donnerLaMain(); }
    });

    racine.append(lanceur, panneau);
    document.body.append(hote);
  }

  installer();
})();
