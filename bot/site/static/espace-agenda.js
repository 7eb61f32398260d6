/* The agenda as a calendar (EventCalendar, static/tiers), beside the table that the server wrote and that stays without this script.
   The page's own links change the day or the week: both views always show the same one. Everything shown is set as text, never as HTML. */
(() => {
  "use strict";
  const bascule = document.getElementById("bascule"), tableau = document.getElementById("tableau");
  const section = document.getElementById("calendrier");
  if (!bascule || !section || !window.EventCalendar) return;

  const CHOIX = "espace.agenda.vue", ETROIT = 640;
  const faute = section.querySelector("[role=alert]");
  let dessine = false;

  const noeud = (nom, classe, texte) => Object.assign(document.createElement(nom), { className: classe, textContent: texte });
  const heure = (date) => (date.getMinutes() ? `${date.getHours()} h ${String(date.getMinutes()).padStart(2, "0")}` : `${date.getHours()} h`);

  /* An entretien is a link to its page; an opening or a holiday is only said. */
  function contenu({ event }) {
    const { genre, detail, lien } = event.extendedProps;
    const boite = lien ? Object.assign(noeud("a", "cal-boite", ""), { href: lien }) : noeud("span", "cal-boite", "");
    if (genre !== "ouverture") boite.append(noeud("span", "cal-heure", `${heure(event.start)} – ${heure(event.end)}`), " ");
    boite.append(noeud("strong", "cal-titre", event.title));
    if (detail) boite.append(" ", noeud("span", "cal-detail", detail));
    return { domNodes: [boite] };
  }

  const evenement = (e) => ({ id: e.id, start: e.de, end: e.a, title: e.titre, extendedProps: { genre: e.genre, detail: e.detail, lien: e.lien },
    display: e.genre === "ouverture" ? "background" : "auto", classNames: [`cal-${e.genre}`], editable: false });

  const jourEtHeure = (date) => [date.getFullYear(), date.getMonth() + 1, date.getDate()].map((n) => String(n).padStart(2, "0")).join("-")
    + "T" + [date.getHours(), date.getMinutes()].map((n) => String(n).padStart(2, "0")).join(":");

  /* Hours drawn: the same page as the sentence's shows what they give; it saves nothing by itself. */
  function ouvrir({ start, end }) {
    const [jour, debut] = jourEtHeure(start).split("T"), [autre, fin] = jourEtHeure(end).split("T");
    if (jour !== autre) return;
    location.assign(`${section.dataset.ouvrir}&${new URLSearchParams({ jour, debut, fin })}`);
  }

  async function dessiner() {
    dessine = true;
    try {
      const reponse = await fetch(section.dataset.evenements, { headers: { Accept: "application/json" }, credentials: "same-origin" });
      if (!reponse.ok) throw new Error(String(reponse.status));
      const { jour, vue, des, jusque, evenements } = await reponse.json();
      const semaine = vue === "semaine" && section.clientWidth >= ETROIT;
      EventCalendar.create(section.querySelector(".calendrier-corps"), {
        view: semaine ? "timeGridWeek" : "timeGridDay", date: jour, firstDay: 1, locale: "fr-FR", headerToolbar: { start: "", center: "", end: "" },
        allDaySlot: false, nowIndicator: false, slotMinTime: des, slotMaxTime: jusque, slotDuration: "00:30", snapDuration: "00:15", slotHeight: 28,
        height: "auto", slotLabelFormat: (d) => `${d.getHours()} h`, slotLabelInterval: "01:00", hiddenDays: section.dataset.ouvrir ? [] : [0],
        dayHeaderFormat: { weekday: semaine ? "short" : "long", day: "numeric", month: semaine ? "numeric" : "long" },
        events: evenements.map(evenement), eventContent: contenu, editable: false, pointer: false,
        selectable: Boolean(section.dataset.ouvrir), selectBackgroundColor: "var(--profond)", select: ouvrir,
      });
    } catch {
      dessine = false;
      faute.textContent = "Le calendrier n'a pas pu être chargé. La vue tableau, elle, est à jour.";
      faute.hidden = false;
    }
  }

  function montrer(vue) {
    for (const bouton of bascule.querySelectorAll("button")) bouton.setAttribute("aria-pressed", String(bouton.dataset.vue === vue));
    section.hidden = vue !== "calendrier";
    tableau.hidden = vue === "calendrier";
    if (vue === "calendrier" && !dessine) dessiner();
  }

  /* Which view one prefers is kept on this device: it says nothing of anybody. */
  bascule.addEventListener("click", (e) => {
    const vue = e.target.closest("button")?.dataset.vue;
    if (!vue) return;
    try { localStorage.setItem(CHOIX, vue); } catch { /* a private window: this page only */ }
    montrer(vue);
  });
  bascule.hidden = false;
  let garde = null;
  try { garde = localStorage.getItem(CHOIX); } catch { /* same */ }
  montrer(garde === "calendrier" ? "calendrier" : "tableau");
})();
