// Makes the conversation page livelier: sends and shows messages without reloading it. The page works without this file.
// Everything shown is set as text, never as HTML; the French sentences are in templates/textes.json, shared with the server.

const section = document.getElementById("conversation");
const un = (id) => document.getElementById(id);
const T = JSON.parse(section.dataset.textes);
const CADRE = section.dataset.cadre === "oui";
const MAXIMUM = Number(section.dataset.maximum);
const DELAI_MS = 25_000;
const ATTENTE_COURTE_S = 5;

const attendre = (ms) => new Promise((fini) => setTimeout(fini, ms));
const phrase = (cle, n) => T[cle].replace("{n}", n);

/** An element, its attributes, its children; texts stay texts. */
function creer(nom, attributs = {}, ...enfants) {
  const element = document.createElement(nom);
  for (const [cle, valeur] of Object.entries(attributs)) element.setAttribute(cle, valeur);
  element.append(...enfants.filter((e) => e !== null));
  return element;
}

const lienNouvelOnglet = (texte, url) =>
  creer("a", { href: url, target: "_blank", rel: "external noopener" }, texte + " ", creer("span", { class: "annonce-lien" }, T.nouvel_onglet));

/** Only what a link of ours may point to: a web address, or a page of this site. */
const lienSur = (url) => typeof url === "string" && (/^https?:\/\//.test(url) || /^\/(?!\/)/.test(url));

function jour(iso) {
  const date = new Intl.DateTimeFormat("fr-FR", { dateStyle: "long", timeZone: "UTC" }).format(new Date(iso + "T00:00Z"));
  return insecable(date.replace(/^1 /, "1er "));
}

// --- drawing a message: the same as the macro `message` of templates/_morceaux.html -------------------------------------------------

const paragraphes = (texte) => texte.split("\n").filter((p) => p.trim()).map((p) => creer("p", {}, p));

const insecable = (mots) => mots.replaceAll(" ", "\u00a0");
const lienTel = (numero, mots, classe) => creer("a", { class: classe, href: "tel:" + numero.replace(/[^\d+]/g, "") }, mots);
const appel = (numero) => lienTel(numero, `${T.appeler} ${insecable(numero)}`, "appel");

/** The paragraphs; in an emergency the numbers to call come before any word. */
function corps(message) {
  if (message.kind !== "emergency") return paragraphes(message.text);
  const numeros = new Set(message.text.match(/\b(?:15|112|3114)\b/g));
  return [creer("p", { class: "urgences" }, ...[...numeros].map(appel)), ...paragraphes(message.text)];
}

function calcul({ calcul: c }) {
  if (!c) return [];
  const lignes = c.lignes.map((l) => creer("div", {}, creer("dt", {}, l.libelle), creer("dd", {}, l.valeur)));
  return [creer("dl", { class: "calcul" }, ...lignes), c.regle ? creer("p", { class: "date-regle" }, c.regle) : null];
}

function joindre({ kind }, { contact: c }) {
  if (!c) return null;
  if (kind !== "answer") return creer("p", { class: "joindre" }, appel(c.telephone));
  return creer("p", { class: "joindre" }, T.caisse + " ", lienTel(c.telephone, insecable(c.telephone), "tel"), `, ${c.horaires}.`);
}

function dateRegle({ kind }, { valable_le: le, confiance }) {
  if (!le || kind === "emergency") return null;
  return creer("p", { class: "date-regle" }, `${T.valable} ${jour(le)}.` + (confiance === "moyenne" ? ` ${T.moyenne}` : ""));
}

function sources(message, { verifie_le: le }) {
  if (!message.sources.length) return null;
  const lignes = message.sources.map((s) => creer("li", {}, lienSur(s.url) ? lienNouvelOnglet(s.title, s.url) : s.title));
  return creer("details", { class: "sources" }, creer("summary", {}, T.sources), creer("ul", { class: "sources-liste" }, ...lignes),
    le ? creer("p", {}, `${T.verifie} ${jour(le)}.`) : null);
}

function lienFiche({ faq }) {
  return lienSur(faq) ? creer("p", { class: "lien-fiche" }, lienNouvelOnglet(faq === "/faq" ? T.toutes : T.fiche, faq)) : null;
}

function groupe(choix, classe, titre) {
  if (!choix.length) return null;
  const boutons = choix.map((c) => creer("button", { type: "button", name: "choix", value: c.id, "data-role": c.role }, c.label));
  return creer("div", { class: `choix ${classe}`, role: "group", ...(titre && { "aria-label": titre }) },
    titre ? creer("p", { class: "choix-titre" }, titre) : null, ...boutons);
}

// --- a form of the conversation: native fields, the same as the macros `formulaire` and `champ` of templates/_morceaux.html ----------

function champ(c, id, valeur) {
  const decrit = [c.help && `${id}-aide`, c.error && `${id}-erreur`].filter(Boolean).join(" ");
  const attributs = {
    id, name: `champ.${c.name}`, ...(c.required && { required: "" }), ...(c.autocomplete && { autocomplete: c.autocomplete }),
    ...(c.error && { "aria-invalid": "true" }), ...(decrit && { "aria-describedby": decrit }),
  };
  const saisi = c.type === "select"
    ? creer("select", attributs, creer("option", { value: "" }, T.choisissez), ...c.choices.map((o) => creer("option", { value: o }, o)))
    : creer("input", { ...attributs, type: c.type, ...(c.type !== "date" && { maxlength: c.max_length }) });
  saisi.value = valeur ?? "";
  return creer("div", { class: c.error ? "champ champ-faux" : "champ" },
    creer("label", { for: id }, c.label, c.required ? null : " ", c.required ? null : creer("span", { class: "facultatif" }, T.facultatif)),
    c.help ? creer("p", { class: "aide", id: `${id}-aide` }, c.help) : null,
    c.error ? creer("p", { class: "erreur", id: `${id}-erreur` }, c.error) : null, saisi);
}

/** What was last typed, kept in this page only, to fill a form that comes back with its faults. */
let saisieEnvoyee = { id: null, values: {} };

function formulaire({ form: f }) {
  if (!f) return null;
  const id = (c) => `f-${f.id}-${c.name}`;
  const faux = f.fields.filter((c) => c.error);
  const valeurs = faux.length && saisieEnvoyee.id === f.id ? saisieEnvoyee.values : {};
  const resume = faux.map((c) => creer("li", {}, creer("a", { href: `#${id(c)}` }, `${c.label} : ${c.error}`)));
  const element = creer("form", { class: "formulaire", "data-formulaire": f.id, "data-envoye": f.sent },
    creer("fieldset", {}, creer("legend", { class: "hors-ecran" }, f.submit), resume.length ? creer("ul", { class: "erreurs" }, ...resume) : null,
      ...f.fields.map((c) => champ(c, id(c), valeurs[c.name])), creer("button", { class: "principal", type: "submit" }, f.submit)));
  element.noValidate = true; // the server says what is wrong, in French, beside each field
  return element;
}

const formulaireOuvert = (id) => [...liste.querySelectorAll(".formulaire")].find((f) => f.dataset.formulaire === id);

const estAutre = (c) => c.role === "autre";
const estAvis = (c) => c.role === "avis_oui" || c.role === "avis_non";

function dessiner(message) {
  const data = message.data ?? {};
  const bulle = creer("div", { class: "bulle" }, ...corps(message), ...calcul(data), dateRegle(message, data),
    sources(message, data), lienFiche(data), joindre(message, data));
  return creer("li", { class: `message message-${message.author} genre-${message.kind} nouveau` },
    creer("p", { class: "auteur" }, message.author === "assure" ? T.vous : T[message.author]), bulle, formulaire(message),
    groupe(message.choices.filter((c) => !estAvis(c) && !estAutre(c)), "choix-reponse", data.question),
    groupe(message.choices.filter(estAutre), "choix-autre", T.autre),
    groupe(message.choices.filter(estAvis), "choix-avis", T.avis));
}

const messageAssure = (texte) => dessiner({ author: "assure", kind: "question", text: texte, choices: [], sources: [], data: null });

// --- what a screen reader hears: the new answer, once, whole, as plain text ---------------------------------------------------------

const annonce = un("annonce");

function annoncer(messages) {
  if (!messages.length) return;
  const dire = messages.flatMap((m) => {
    const choix = m.choices.filter((c) => !estAvis(c) && !estAutre(c)).map((c) => c.label);
    const autres = m.choices.filter(estAutre).map((c) => c.label);
    const faux = (m.form?.fields ?? []).filter((c) => c.error).map((c) => `${c.label} : ${c.error}`);
    return [m.text, ...faux, ...(choix.length ? [m.data?.question ?? T.choix, choix.join(", ") + "."] : []),
      ...(autres.length ? [T.autre, autres.join(", ") + "."] : [])];
  });
  annonce.replaceChildren(creer("p", {}, `${T[messages[0].author]} : ${dire.join(" ")}`));
}

const etat = un("etat");
let minuterieEtat = 0;

/** Says that an answer is coming, but not for the instant that a quick one takes. */
function occuper(oui) {
  clearTimeout(minuterieEtat);
  if (oui) minuterieEtat = setTimeout(() => { etat.textContent = T.en_cours; }, 500);
  else etat.textContent = "";
  envoi.setAttribute("aria-disabled", String(oui));
}

const erreurs = un("erreurs");
const texte = un("texte");

/** Says what went wrong; the field is marked only when the fault is in what it holds. */
function dire(erreur, dansLeChamp = false) {
  erreurs.replaceChildren(...(erreur ? [creer("p", {}, erreur)] : []));
  if (dansLeChamp) texte.setAttribute("aria-invalid", "true");
  else texte.removeAttribute("aria-invalid");
}

// --- talking to the API --------------------------------------------------------------------------------------------------------------

class Echec extends Error {
  constructor(message, { statut = 0, attente = 0 } = {}) {
    super(message);
    Object.assign(this, { statut, attente });
  }
}

async function appeler(methode, chemin, corps) {
  let reponse, contenu;
  try {
    reponse = await fetch(chemin, {
      method: methode, body: JSON.stringify(corps), headers: { "Content-Type": "application/json" }, signal: AbortSignal.timeout(DELAI_MS),
    });
    contenu = await reponse.json();
  } catch {
    throw new Echec(reponse ? T.panne : T.reseau, { statut: reponse?.status ?? 0 });
  }
  if (!reponse.ok) {
    throw new Echec(contenu.error?.message ?? T.panne, { statut: reponse.status, attente: Number(reponse.headers.get("Retry-After")) || 0 });
  }
  return contenu;
}

let ouverte = section.dataset.ouverte === "oui";
/** How many messages of the conversation, notice included, this page has shown. */
let vus = Number(section.dataset.vus);

/** The conversation, and its cookie, exist from the first message on: not for a visitor who only looks. */
async function ouvrir() {
  vus = (await appeler("POST", "/api/conversations", { caisse: section.dataset.caisse, cadre: CADRE })).messages.length;
  ouverte = true;
}

/** The envelope that answers. The same `message_id` goes again after a cut or a short wait: nothing is done twice. */
async function transmettre(corps) {
  for (let essai = 1, perdue = false; ; essai += 1) {
    try {
      if (!ouverte) await ouvrir();
      return await appeler("POST", "/api/messages", corps);
    } catch (echec) {
      if (echec.statut === 401 && perdue) throw new Echec(T.cookie);
      if (echec.statut === 401 && corps.text !== undefined) {
        perdue = true;
        ouverte = false;
        continue;
      }
      const coupure = echec.statut === 0;
      const pause = coupure ? 1 : echec.attente;
      if (!pause || pause > ATTENTE_COURTE_S || essai > (coupure ? 1 : 4)) throw echec;
      await attendre(pause * 1000);
    }
  }
}

// --- one message at a time -----------------------------------------------------------------------------------------------------------

const liste = un("messages");
const saisie = un("saisie");
const envoi = saisie.querySelector("button");
let enCours = false;

function montrer(enveloppe, ligne) {
  const [moi, ...suite] = enveloppe.messages[0]?.author === "assure" ? enveloppe.messages : [null, ...enveloppe.messages];
  if (moi) ligne.querySelector(".bulle").replaceChildren(...paragraphes(moi.text));
  const faux = ajouter(suite);
  if (humain) {
    // A counsellor may have written meanwhile: these lines keep their place only until the conversation is read again, whole.
    provisoires.push(ligne, ...[...liste.children].slice(-suite.length || liste.children.length));
    regler(enveloppe.state.mode);
    relever();
  } else {
    vus += 1 + suite.length;
    regler(enveloppe.state.mode);
  }
  if (faux) faux.focus();
  else ligne.scrollIntoView({ block: "start" });
}

/** New messages at the end. A form shown again takes the place of the one before. Gives the first field at fault, for the focus. */
function ajouter(messages, dejaLues = new Set()) {
  for (const m of messages) if (m.form) formulaireOuvert(m.form.id)?.remove();
  const lignes = messages.map(dessiner);
  liste.append(...lignes);
  annoncer(messages.filter((m, i) => m.author !== "assure" && !dejaLues.has(lignes[i].textContent)));
  return messages.some((m) => m.form) ? liste.lastElementChild.querySelector("[aria-invalid]") : null;
}

// --- who answers: the assistant, soon a counsellor, a counsellor, nobody any more ---------------------------------------------------

const PERIODE_MS = 5_000;
let minuterieMode = 0;
let humain = false;
/** Lines this page drew by itself while a person answers; the server's order replaces them. */
let provisoires = [];

/** Says who answers; while a counsellor does, or will, looks for what he wrote; once it is over, offers to begin again. */
function regler(mode) {
  if (un("mode").textContent !== T[`mode_${mode}`]) un("mode").textContent = T[`mode_${mode}`];
  un("rafraichir")?.remove(); // for pages without this script
  saisie.hidden = mode === "closed";
  un("recommencer").hidden = mode !== "closed";
  humain = mode === "waiting" || mode === "counsellor";
  section.dataset.mode = mode;
  saisie.querySelector("label").textContent = humain ? T.champ_message : T.champ_question;
  clearTimeout(minuterieMode);
  if (humain) minuterieMode = setTimeout(relever, PERIODE_MS);
}

async function relever() {
  const avant = vus;
  try {
    const enveloppe = await appeler("GET", "/api/messages");
    if (enCours || vus !== avant) return regler(enveloppe.state.mode); // a message is on its way: next time
    if (enveloppe.messages.length < vus) return regler(section.dataset.mode); // an answer older than what is shown
    const dejaLues = new Set(provisoires.map((li) => li.textContent));
    const suite = enveloppe.messages.slice(vus);
    for (const li of provisoires) li.remove();
    provisoires = [];
    ajouter(suite, dejaLues);
    vus = Math.max(vus, enveloppe.messages.length);
    regler(enveloppe.state.mode);
  } catch {
    minuterieMode = setTimeout(relever, 4 * PERIODE_MS);
  }
}

/** Leaves the message in place; where trying again may help, with a way to send it under the same number once waiting is over. */
function marquerEchec(ligne, corps, { statut, attente }) {
  const avis = creer("p", { class: "echec" }, T.non_envoye + " ");
  ligne.append(avis);
  if (statut && statut < 500 && statut !== 409 && statut !== 429) return;
  const bouton = creer("button", { type: "button" }, T.renvoyer);
  bouton.disabled = attente > 0;
  setTimeout(() => { bouton.disabled = false; }, attente * 1000);
  bouton.addEventListener("click", () => { avis.remove(); envoyer(corps, ligne); texte.focus(); });
  avis.append(bouton);
}

async function envoyer(corps, ligne) {
  if (enCours) return;
  enCours = true;
  dire("");
  annonce.replaceChildren();
  occuper(true);
  try {
    const ancien = corps.form && formulaireOuvert(corps.form.id);
    const enveloppe = await transmettre(corps);
    ancien?.remove();
    montrer(enveloppe, ligne);
  } catch (echec) {
    dire(echec.message + (echec.attente ? " " + phrase("attente", echec.attente) : ""), echec.statut === 422 && corps.text !== undefined);
    marquerEchec(ligne, corps, echec);
    ligne.scrollIntoView({ block: "nearest" });
  } finally {
    enCours = false;
    occuper(false);
  }
}

/** The visitor's words, shown at once, then sent. */
function parler(libelle, demande) {
  un("exemples")?.remove();
  const ligne = messageAssure(libelle);
  liste.append(ligne);
  ligne.scrollIntoView({ block: "nearest" });
  envoyer({ message_id: crypto.randomUUID(), ...demande }, ligne);
}

function soumettre() {
  if (enCours) return;
  const dit = texte.value.trim();
  if (!dit) return dire(T.vide, true);
  texte.value = "";
  compter();
  parler(dit, { text: dit });
}

function remplir(evenement) {
  const element = evenement.target.closest(".formulaire");
  if (!element) return;
  evenement.preventDefault();
  if (enCours) return;
  const values = Object.fromEntries([...new FormData(element)].filter(([nom]) => nom.startsWith("champ.")).map(([nom, v]) => [nom.slice(6), v]));
  saisieEnvoyee = { id: element.dataset.formulaire, values };
  parler(element.dataset.envoye, { form: saisieEnvoyee });
}

/** A finger on a phone keeps its screen: the keyboard does not come up for a button. */
const clavier = (evenement) => evenement.detail === 0 || !matchMedia("(pointer: coarse)").matches;

function choisir(evenement) {
  const bouton = evenement.target.closest("button[name]");
  if (!bouton) return;
  evenement.preventDefault();
  if (enCours) return;
  if (clavier(evenement)) texte.focus();
  const libelle = bouton.textContent;
  if (bouton.name === "texte") return parler(libelle, { text: bouton.value });
  const avis = bouton.closest(".choix-avis");
  for (const b of avis ? avis.querySelectorAll("button") : [bouton]) b.disabled = true;
  parler(libelle, { choice: bouton.value });
}

// --- the field -----------------------------------------------------------------------------------------------------------------------

function compter() {
  const reste = MAXIMUM - texte.value.length;
  const dit = reste > MAXIMUM * 0.2 ? "" : reste ? phrase("reste", reste) : phrase("complet", MAXIMUM);
  un("compteur").textContent = dit;
  if (reste === 0) etat.textContent = dit;
}

saisie.noValidate = true;
saisie.addEventListener("submit", (e) => { e.preventDefault(); soumettre(); texte.focus(); });
texte.addEventListener("input", () => { dire(""); compter(); });
texte.addEventListener("keydown", (e) => {
  if (e.key !== "Enter" || e.shiftKey || e.isComposing) return;
  e.preventDefault();
  soumettre();
});
section.querySelector(".fil").addEventListener("click", choisir);
section.querySelector(".fil").addEventListener("submit", remplir);
for (const f of liste.querySelectorAll(".formulaire")) f.noValidate = true;
regler(section.dataset.mode);
addEventListener("pageshow", (e) => { if (e.persisted) location.reload(); });
un("dernier")?.scrollIntoView({ block: "start" });

// --- in the frame of a caisse's site: Escape closes, opening puts the cursor in the field -------------------------------------------

const hote = section.dataset.hote;
if (CADRE && hote) {
  const publier = (action) => parent.postMessage({ conseil: action }, hote);
  addEventListener("keydown", (e) => { if (e.key === "Escape") publier("fermer"); });
  addEventListener("message", (e) => {
    if (e.origin !== hote || e.source !== parent || e.data?.conseil !== "ouvert") return;
    if (matchMedia("(pointer: coarse)").matches) un("titre").focus();
    else texte.focus();
  });
  publier("pret");
}
