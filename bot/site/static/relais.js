// Keeps a counsellor's pages alive: follows the queue and the conversation (server-sent events), gives the sign that she is there, sends what
// she writes without leaving the page. The pages work without this file. Everything shown is set as text, never as HTML.

const SIGNE_MS = 10_000;
const PRESENCE_MS = 60_000;
const REPRISE_MS = 3_000;

async function poster(adresse, csrf, corps) {
  const reponse = await fetch(adresse, {
    method: "POST", body: corps, headers: { "X-CSRF": csrf, Accept: "application/json" }, signal: AbortSignal.timeout(8_000) });
  if (!reponse.ok) throw Object.assign(new Error("refus"), { dit: (await reponse.json().catch(() => null))?.error?.message, statut: reponse.status });
  return reponse.json();
}

/** Follows a stream for as long as the page lives. `adresse()` is asked again at each new connection: it says what the page already shows. */
function suivre(adresse, { recu, fini, coupe = () => {}, repris = () => {} }) {
  const source = new EventSource(adresse());
  source.addEventListener("open", repris);
  source.addEventListener("message", (e) => recu(JSON.parse(e.data), e.lastEventId));
  source.addEventListener("fin", (e) => { source.close(); fini(JSON.parse(e.data).message); });
  source.addEventListener("error", () => {
    if (source.readyState !== EventSource.CLOSED) return; // the end of one connection: the browser opens the next
    coupe();
    setTimeout(suivre, REPRISE_MS, adresse, { recu, fini, coupe, repris });
  });
}

function paragraphe(classe, texte) {
  const p = document.createElement("p");
  p.className = classe;
  p.textContent = texte;
  return p;
}

// --- a conversation in one's hands -----------------------------------------------------------------------------------------------------

const fil = document.getElementById("fil-relais");
const liaison = document.getElementById("liaison");
const COUPEE = "La liaison est coupée. Ce que vous écrivez reste ici ; la page réessaie.";

/** What was said from `debut` on; what is already shown is never shown twice. */
function ajouter(messages, debut) {
  const nouveaux = messages.slice(Math.max(0, Number(fil.dataset.vus) - debut));
  for (const m of nouveaux) {
    const li = document.createElement("li");
    li.className = `de-${m.auteur}`;
    li.append(paragraphe("qui", `${m.nom}, ${m.heure}`), paragraphe("dit", m.texte));
    fil.append(li);
  }
  fil.dataset.vus = String(Math.max(Number(fil.dataset.vus), debut + messages.length));
  if (nouveaux.length) descendre();
}

/** The sign that this page is open; its answer holds the whole conversation, for browsers whose stream is held back on the way. */
async function signer() {
  try {
    ajouter((await poster(fil.dataset.signe, fil.dataset.csrf)).messages, 0);
    dire("");
    setTimeout(signer, SIGNE_MS);
  } catch (echec) {
    dire(echec.dit ?? COUPEE);
    if (!echec.statut || echec.statut >= 500) setTimeout(signer, REPRISE_MS);
  }
}

function dire(phrase) {
  if (liaison.textContent !== phrase) liaison.textContent = phrase;
}

function descendre() {
  fil.parentElement.scrollTop = fil.parentElement.scrollHeight;
}

const ecrire = document.getElementById("ecrire");
const envoi = document.getElementById("envoi");

/** Sends the message in place. Cut on the way, it goes again under the same number: it is said once. Refused, it stays in the field. */
async function envoyer(evenement) {
  evenement.preventDefault();
  const bouton = ecrire.querySelector("button"), texte = ecrire.elements.texte;
  if (bouton.getAttribute("aria-disabled") === "true") return;
  bouton.setAttribute("aria-disabled", "true");
  texte.readOnly = true;
  for (let essai = 1; ; essai += 1) {
    try {
      await poster(ecrire.action, fil.dataset.csrf, new URLSearchParams(new FormData(ecrire)));
      texte.value = "";
      ecrire.elements.jeton.value = crypto.randomUUID();
      envoi.textContent = "Message envoyé.";
      break;
    } catch (echec) {
      envoi.textContent = echec.dit ?? "Connexion coupée : le message n'est pas encore parti, la page réessaie.";
      if (echec.statut && echec.statut < 500) break;
      await new Promise((suite) => setTimeout(suite, Math.min(essai * 1_000, 10_000)));
    }
  }
  texte.readOnly = false;
  bouton.removeAttribute("aria-disabled");
  texte.focus();
}

if (fil) {
  descendre();
  signer();
  suivre(() => `${fil.dataset.flux}?vu=${fil.dataset.vus}`, {
    recu: ({ messages, debut }) => ajouter(messages, debut), fini: dire, coupe: () => dire(COUPEE), repris: () => dire("") });
  ecrire.addEventListener("submit", envoyer);
}

// --- the queue -----------------------------------------------------------------------------------------------------------------------

const presence = document.getElementById("presence");
const nouvelles = document.getElementById("nouvelles");

async function annoncer() {
  try { await poster(presence.action, presence.dataset.csrf); } catch { /* the next sign will tell */ }
  setTimeout(annoncer, PRESENCE_MS);
}

/** The table of the queue, read again from this very page; not under the hand of who is using it. */
async function relireFile({ attendent }, vu) {
  nouvelles.dataset.vu = vu;
  const file = document.getElementById("file");
  const dit = attendent ? `${attendent === 1 ? "1 personne attend" : `${attendent} personnes attendent`} un conseiller.` : "Personne n'attend.";
  if (file.contains(document.activeElement)) {
    nouvelles.textContent = `La file a changé : ${dit} Actualisez-la.`;
    return;
  }
  const page = await fetch(location.pathname, { credentials: "same-origin", headers: { Accept: "text/html" } });
  const neuve = new DOMParser().parseFromString(await page.text(), "text/html").getElementById("file");
  if (neuve) file.replaceWith(document.adoptNode(neuve));
  nouvelles.textContent = dit;
}

if (presence) annoncer();
if (nouvelles) suivre(() => `${nouvelles.dataset.flux}?vu=${nouvelles.dataset.vu}`, { recu: relireFile, fini: (phrase) => { nouvelles.textContent = phrase; } });
