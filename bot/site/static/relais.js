// Keeps a counsellor's pages alive: gives the sign that she is there, adds what the visitor wrote. The pages work without this file.
// Everything shown is set as text, never as HTML.

const SIGNE_MS = 10_000;
const PRESENCE_MS = 60_000;

async function poster(adresse, csrf) {
  const reponse = await fetch(adresse, { method: "POST", headers: { "X-CSRF": csrf, Accept: "application/json" }, signal: AbortSignal.timeout(8_000) });
  if (!reponse.ok) throw Object.assign(new Error("refus"), { dit: (await reponse.json().catch(() => null))?.error?.message, statut: reponse.status });
  return reponse.json();
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

async function signer() {
  try {
    const { messages } = await poster(fil.dataset.signe, fil.dataset.csrf);
    liaison.textContent = "";
    const nouveaux = messages.slice(Number(fil.dataset.vus));
    for (const m of nouveaux) {
      const li = document.createElement("li");
      li.className = `de-${m.auteur}`;
      li.append(paragraphe("qui", `${m.nom}, ${m.heure}`), paragraphe("dit", m.texte));
      fil.append(li);
    }
    fil.dataset.vus = String(messages.length);
    if (nouveaux.length) descendre();
    setTimeout(signer, SIGNE_MS);
  } catch (echec) {
    liaison.textContent = echec.dit ?? "La liaison est coupée. Ce que vous écrivez reste ici ; la page réessaie.";
    if (!echec.statut || echec.statut >= 500) setTimeout(signer, SIGNE_MS);
  }
}

function descendre() {
  fil.parentElement.scrollTop = fil.parentElement.scrollHeight;
}

if (fil) {
  descendre();
  setTimeout(signer, SIGNE_MS);
}

// --- the queue -----------------------------------------------------------------------------------------------------------------------

const presence = document.getElementById("presence");
const nouvelles = document.getElementById("nouvelles");

async function annoncer(vues) {
  try {
    const { attendent } = await poster(presence.action, presence.dataset.csrf);
    nouvelles.textContent = attendent > vues ? "Une nouvelle personne attend : actualisez la file." : "";
  } catch { /* the next sign will tell */ }
  setTimeout(annoncer, PRESENCE_MS, vues);
}

if (presence) setTimeout(annoncer, PRESENCE_MS / 4, document.querySelectorAll('[data-attente="attente"]').length);
