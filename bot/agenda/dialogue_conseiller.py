"""The commands of counsellors in the conversation: open, close, look at the agenda, say what became of an entretien, the figures of a period.

Preview, confirm, result, undo: the same services as the workspace's pages, in sentences. Who speaks comes with the turn (`Tour.acteur`) and her
role is read again here; for anybody else the sentence RESERVE. Closing asks what becomes of each entretien hit, one by one.

    CONDUITES[label](session, tour, brouillon) -> Suite          for bot/actions/flux.py, beside the acts of insured people
"""
import re
from abc import ABC, abstractmethod
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from typing import Any, Callable, Mapping, Optional, Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.agenda import comptes_rendus, decisions, fermetures, journee, ouvertures, phrase_ouverture, reprises, statistiques
from bot.agenda.auteurs import Auteur
from bot.agenda.dialogue import lecture
from bot.agenda.etats import ROLES_CAISSE
from bot.agenda.fermetures import Portee
from bot.agenda.instants import en_lettres, heure_en_lettres, jour_local, local, vers_utc, zone
from bot.agenda.moment import Moment, comprendre
from bot.agenda.ouvertures import DemandeOuverture, lieu_et_heure
from bot.agenda.themes import ISSUES, THEMES
from bot.contacts import audit, flux
from bot.contacts.comptes import niveaux
from bot.contacts.flux import Bouton, Conduite, Dire, Suite, Tour
from bot.contacts.refus import Refus
from bot.contacts.tables import Antenne, Brouillon, Conseiller, Entretien
from bot.texte.normalisation import cle
from bot.texte.typographie import JOURS, date_longue, nombre, quantite

RESERVE = "Cette demande est réservée aux conseillers, depuis leur espace. Si vous êtes assuré, dites-moi ce que vous cherchez et je vous oriente."
CONFIRMER, FAIT, PRECISER, CHOISIR = "confirmer", "fait", "preciser", "choisir"
RIEN_FAIT = "Rien n'a été changé."
_DEFAIT = {"ouverture": "C'est défait : ces créneaux ne sont plus ouverts.",
           "fermeture": "C'est défait : la période est rouverte, et chaque rendez-vous touché est comme avant."}
ROLES = ("responsable", "secretariat", "conseiller")
_ANNULE_CA = re.compile(r"\b(annule|annuler|defai[st]|defaire|reviens|retire|oups)\b")
_ABSENT = re.compile(r"\b(pas venue?s?|absente?|absence|lapin|faux bond|personne au|pas presente?e?|ne s est pas|pas repondu|pas honore"
                     r"|non honore)\b")
_VENU = re.compile(r"\b(venue?|recue?|vue?|fait|faite|honoree?|termine|passee?)\b")
_HEURE_NUE = re.compile(r"\b([01]?\d|2[0-3])\s*h\s*([0-5]\d)?\b", re.I)
_SEMAINE = re.compile(r"\b(semaine|hebdo\w*)\b")
_MOTS_THEMES = {
    "carriere": "carriere|releve|ris|trimestres", "depart_retraite": "retraite|pension", "cotisations": "cotisations?|echeancier|paiement|dette",
    "auto_entrepreneur": "auto entrepreneur|ae", "creation": "creation|createur|creer", "statut": "statut|conjoint|eirl",
    "action_sociale": "action sociale|aide", "invalidite_deces": "invalidite|deces", "transmission": "transmission|cession|cessation"}


class _Mene(ABC):
    """One turn of a counsellor's command: `commencer` reads the sentence, `executer` does what was confirmed."""

    def __init__(self, session: Session, tour: Tour, brouillon: Optional[Brouillon], nom: str, qui: Conseiller, role: str):
        self.s, self.tour, self.nom, self.qui = session, tour, nom, qui
        self.auteur = Auteur(f"conseiller:{qui.id}", role, "chat")
        self.maintenant = tour.maintenant
        self.fuseau = lieu_et_heure(session, qui, None)[0]
        self.etape, self.donnees = (brouillon.etape, dict(brouillon.donnees)) if brouillon is not None else ("", {})
        self.relances = brouillon.relances if brouillon is not None else 0

    # -- what every command does alike --------------------------------------------------------------------------------

    def mener(self) -> Suite:
        charge, texte = self.tour.charge, self.tour.texte or ""
        lu = lecture.lire(texte, self.maintenant, self.fuseau, self.tour.intention)
        if charge.get("geste") == "defaire" or (self.etape == FAIT and (lu.stop or _ANNULE_CA.search(lu.mots))):
            return self._defaire()
        if not self.tour.vu and lu.oui:  # to a preview, or a result, that was never shown
            return self._remontrer()
        if not self.etape or self.etape == FAIT:
            self.donnees = {}
            return self._garder(self.commencer(texte))
        if charge.get("geste") == "stop" or lu.stop or (lu.non and self.etape == CONFIRMER and lu.court):
            return self._finir(RIEN_FAIT)
        if self.etape == CONFIRMER and (charge.get("geste") == "confirmer" or lu.oui):
            return self._executer()
        if "/" in (self.tour.intention or "") and lu.question:
            return Suite([self.rappel()], pris=False)
        avant = dict(self.donnees)
        dits = self.preciser(texte, charge)
        self.relances = self.relances + 1 if self.donnees == avant and not charge else 0
        if self.relances > 1:
            return self._finir("Je n'ai pas compris, et rien n'a été changé. La page « Agenda » de l'espace permet de le faire pas à pas.")
        return self._garder(dits)

    def _remontrer(self) -> Suite:
        if self.etape == FAIT:
            return self._garder([Dire("C'était fait. Vous pouvez dire « annule ça » pendant deux minutes.", "confirmation", [self._annuler_ca()])])
        return self._garder(self.preciser("", {}))

    def _annuler_ca(self) -> Bouton:
        return self.bouton("Annuler ça", geste="defaire")

    def _garder(self, dits: Sequence[Dire]) -> Suite:
        if self.etape:
            flux.ecrire(self.s, self.tour, self.nom, self.etape, self.donnees, relances=self.relances)
        else:
            flux.effacer(self.s, self.tour.conversation_id)
        return Suite(dits)

    def _finir(self, phrase: str, genre: str = "answer") -> Suite:
        flux.effacer(self.s, self.tour.conversation_id)
        return Suite([Dire(phrase, genre)])

    def _executer(self) -> Suite:
        try:
            with self.s.begin_nested():
                phrase, defaisable = self.executer()
        except Refus as refus:
            return self._finir(f"{refus.message} {RIEN_FAIT}", "refusal")
        self.etape, self.donnees = (FAIT, {}) if defaisable else ("", {})
        boutons = [self._annuler_ca()] if defaisable else []
        suite = " Vous pouvez dire « annule ça » pendant deux minutes." if defaisable else ""
        return self._garder([Dire(phrase + suite, "confirmation", boutons)])

    def _defaire(self) -> Suite:
        reprise = reprises.derniere(self.s, self.auteur, self.maintenant)
        if reprise is None:
            return self._finir("Il n'y a plus rien à défaire : une commande se reprend pendant deux minutes.", "refusal")
        try:
            with self.s.begin_nested():
                reprises.defaire(self.s, self.qui.caisse_code, reprise.objet, reprise.objet_id, self.auteur, self.maintenant)
                if reprise.objet == "ouverture":  # « mardi et jeudi » opened two: they go together
                    for autre in reprises.a_defaire(self.s, self.auteur, self.maintenant):
                        if autre.commande == reprise.commande and autre.jusqu_a == reprise.jusqu_a:
                            reprises.defaire(self.s, self.qui.caisse_code, autre.objet, autre.objet_id, self.auteur, self.maintenant)
        except Refus as refus:
            return self._finir(refus.message, "refusal")
        return self._finir(_DEFAIT.get(reprise.objet, f"C'est défait ({reprise.phrase.lower()})."), "confirmation")

    def demander(self, phrase: str, boutons: Sequence[Bouton] = (), etape: str = PRECISER) -> list[Dire]:
        self.etape = etape
        return [Dire(phrase, "question", [*boutons, Bouton("Laisser tomber", {"flux": self.nom, "geste": "stop"})])]

    def relire(self, phrase: str) -> list[Dire]:
        """The preview: only « oui » to this very sentence does anything."""
        self.etape = CONFIRMER
        return [Dire(phrase, "recap", [Bouton("Oui", {"flux": self.nom, "geste": "confirmer"}), Bouton("Non", {"flux": self.nom, "geste": "stop"})])]

    def rappel(self) -> Dire:
        return Dire("Votre commande attend toujours : répondez, ou dites « stop ».", "question")

    def moment(self, texte: str) -> Moment:
        return comprendre(texte, self.maintenant, zone(self.fuseau))

    def bouton(self, libelle: str, **charge: Any) -> Bouton:
        return Bouton(libelle, {"flux": self.nom, **charge})

    @property
    def aujourdhui(self) -> date:
        return jour_local(self.maintenant, self.fuseau)

    @abstractmethod
    def commencer(self, texte: str) -> Sequence[Dire]:
        """What the sentence that opens the command gives: the preview, or what it still lacks."""

    def preciser(self, texte: str, charge: Mapping[str, Any]) -> Sequence[Dire]:
        return self.commencer(texte)

    def executer(self) -> tuple[str, bool]:
        """Does what was confirmed: (what to say, whether it can be undone). A command that only looks is never confirmed: nothing is done."""
        return RIEN_FAIT, False


# -- opening ---------------------------------------------------------------------------------------------------------------------------------


class _Ouvrir(_Mene):
    """« ouvre mardi et jeudi 14 h-17 h au téléphone jusqu'à fin octobre ». `donnees`: jours, jusqu_au, debut, fin, lieu (« tel » or an antenne)."""

    def commencer(self, texte: str) -> Sequence[Dire]:
        self._lire(texte)
        return self._suite()

    def preciser(self, texte: str, charge: Mapping[str, Any]) -> Sequence[Dire]:
        if "lieu" in charge:
            self.donnees["lieu"] = str(charge["lieu"])
        self._lire(texte)
        return self._suite()

    def _lire(self, texte: str) -> None:
        """What the sentence says replaces what was known."""
        lu = phrase_ouverture.lire(texte, self.maintenant, self.fuseau, self._antennes())
        dit: dict[str, Any] = {
            "jusqu_au": lu.jusqu_au.isoformat() if lu.jusqu_au else None, "jours": [j.isoformat() for j in lu.jours],
            "debut": lu.debut.isoformat("minutes") if lu.debut else None, "fin": lu.fin.isoformat("minutes") if lu.fin else None,
            "chaque": lu.chaque, "lieu": lu.lieu}
        self.donnees.update({nom: valeur for nom, valeur in dit.items() if valeur})

    def _antennes(self) -> Sequence[Antenne]:
        return self.s.scalars(select(Antenne).where(Antenne.caisse_code == self.qui.caisse_code).order_by(Antenne.nom)).all()

    def _suite(self) -> Sequence[Dire]:
        d = self.donnees
        if "jours" not in d:
            return self.demander("Quel jour, ou quels jours de la semaine ?")
        if "debut" not in d:
            return self.demander("De quelle heure à quelle heure ? Par exemple : de 14 h à 17 h.")
        if d.get("chaque") and "jusqu_au" not in d:
            return self.demander("Chaque semaine, jusqu'à quelle date ? Par exemple : jusqu'à fin octobre.")
        if "lieu" not in d:
            choix = [self.bouton("Au téléphone", lieu="tel"), *(self.bouton(a.nom, lieu=str(a.id)) for a in self._antennes())]
            return self.demander("Au téléphone, ou dans quelle antenne ?", choix)
        return self._apercevoir()

    def _demandes(self) -> list[DemandeOuverture]:
        d = self.donnees
        antenne_id = None if d["lieu"] == "tel" else int(d["lieu"])
        debut, fin = time.fromisoformat(d["debut"]), time.fromisoformat(d["fin"])
        offerts = phrase_ouverture.motifs_qui_tiennent(self.s, self.qui.caisse_code, antenne_id, debut, fin)
        au = date.fromisoformat(d["jusqu_au"]) if d.get("jusqu_au") else None
        return [DemandeOuverture(self.qui.id, date.fromisoformat(j), debut, fin, offerts, antenne_id, au) for j in d["jours"]]

    def _apercevoir(self) -> Sequence[Dire]:
        demandes = self._demandes()
        try:
            apercus = [ouvertures.apercu(self.s, x, self.maintenant) for x in demandes]
        except Refus as refus:
            for nom in ("debut", "fin"):
                self.donnees.pop(nom, None)
            return [Dire(refus.message, "refusal"), *self.demander("De quelle heure à quelle heure ?")]
        if any(a.chevauchements for a in apercus):
            self.etape = ""
            return [Dire(f"Une autre de vos ouvertures couvre déjà ces heures. {RIEN_FAIT}", "refusal")]
        un = demandes[0]
        quand = " et ".join(date_longue(x.du, jour_semaine=True) for x in demandes)
        repete = f", puis chaque semaine jusqu'au {date_longue(un.jusqu_au)}" if un.jusqu_au else ""
        ou = "au téléphone" if un.antenne_id is None else f"à {self.s.get_one(Antenne, un.antenne_id).nom}"
        plus = max((sum(a.creneaux.get(m.code, 0) for a in apercus) for m in un.motifs), default=0)
        feries = sorted({f"{date_longue(j)} ({nom})" for a in apercus for j, nom in a.feries.items()})
        sans = f" Jours fériés laissés fermés : {', '.join(feries)}." if feries else ""
        return self.relire(f"J'ouvre {quand}{repete}, de {heure_en_lettres(un.debut)} à {heure_en_lettres(un.fin)}, {ou}. Cela donne jusqu'à "
                           f"{quantite(plus, 'créneau', 'créneaux')} sur {quantite(sum(a.jours for a in apercus), 'journée')}.{sans} Je les ouvre ?")

    def executer(self) -> tuple[str, bool]:
        for demande in self._demandes():
            ouvertures.ouvrir(self.s, demande, self.auteur, self.maintenant)
        return "C'est ouvert.", True


# -- closing ---------------------------------------------------------------------------------------------------------------------------------


class _Fermer(_Mene):
    """« ferme demain après-midi ». `donnees`: du, au (instants), choix (by entretien)."""

    def commencer(self, texte: str) -> Sequence[Dire]:
        portee = self._lire(texte)
        if portee is not None:
            self.donnees = {"du": portee.du.isoformat(), "au": portee.au.isoformat(), "choix": {}}
        if "du" not in self.donnees:
            return self.demander("Quand ? Par exemple : demain après-midi, ou du 3 au 7 octobre.")
        return self._suite()

    def preciser(self, texte: str, charge: Mapping[str, Any]) -> Sequence[Dire]:
        if "choix" in charge and self.etape == CHOISIR:
            self.donnees = {**self.donnees, "choix": {**self.donnees["choix"], str(charge["entretien"]): charge["choix"]}}
            return self._suite()
        mots = cle(texte)
        dit = next((v for v, motif in ((decisions.GARDER, "gard"), (decisions.ANNULER, "annul")) if motif in mots), None)
        if self.etape == CHOISIR and dit is not None and "encours" in self.donnees:
            self.donnees = {**self.donnees, "choix": {**self.donnees["choix"], self.donnees["encours"]: dit}}
            return self._suite()
        return self.commencer(texte)

    def _lire(self, texte: str) -> Optional[Portee]:
        m = self.moment(texte)
        if m.sans_dates and not m.du:  # « je suis en congé du 3 au 7 »
            m = replace(m, du=min(m.sans_dates), au=max(m.sans_dates))
        if m.sans_jours and not m.du:  # « je suis absente vendredi »
            jour = self.aujourdhui + timedelta(days=(JOURS.index(m.sans_jours[0]) - self.aujourdhui.weekday()) % 7)
            m = replace(m, du=jour, au=jour)
        if m.du is None:
            return None
        heures = phrase_ouverture.heures_de(m)
        if heures is not None and m.partie:
            heures = (time(6), time(12)) if m.partie == "matin" else (time(12), time(22))
        de = vers_utc(m.du, heures[0] if heures else time(0), self.fuseau)
        a = vers_utc(m.au or m.du, heures[1], self.fuseau) if heures else vers_utc((m.au or m.du) + timedelta(days=1), time(0), self.fuseau)
        return Portee(self.qui.caisse_code, de, a, self.qui.id)

    @property
    def portee(self) -> Portee:
        return Portee(self.qui.caisse_code, datetime.fromisoformat(self.donnees["du"]), datetime.fromisoformat(self.donnees["au"]), self.qui.id)

    def _suite(self) -> Sequence[Dire]:
        try:
            touches = fermetures.touches(self.s, self.portee, self.maintenant)
        except Refus as refus:
            self.etape = ""
            return [Dire(refus.message, "refusal")]
        reste = [t for t in touches if str(t.entretien.id) not in self.donnees["choix"]]
        if reste:
            return self._demander_choix(reste[0], len(touches), len(touches) - len(reste))
        rencontres = fermetures.rencontres_touchees(self.s, self.portee, self.maintenant)
        aussi = f" À voir aussi, car cela reste prévu : {', '.join(r.titre for r in rencontres)}." if rencontres else ""
        faits = " Chaque rendez-vous touché devient ce que vous avez choisi." if touches else " Aucun rendez-vous n'est touché."
        return self.relire(f"Je ferme du {en_lettres(self.portee.du, self.fuseau)} au {en_lettres(self.portee.au, self.fuseau)}.{faits}{aussi} "
                           "Je ferme ?")

    def _demander_choix(self, touche: fermetures.Touche, total: int, deja: int) -> Sequence[Dire]:
        e = touche.entretien
        self.donnees = {**self.donnees, "encours": str(e.id)}
        _lire_entretien(self, e)
        choix = decisions.choix_possibles(self.s, touche, self.portee, self.maintenant)
        return self.demander(f"Rendez-vous touché ({deja + 1} sur {total}) : {en_lettres(e.debut, e.fuseau)}, {journee.nom_de(self.s, e)}, "
                             f"{e.motif.libelle}. Qu'en fait-on ?",
                             [self.bouton(phrase, entretien=e.id, choix=valeur) for valeur, phrase in choix], CHOISIR)

    def executer(self) -> tuple[str, bool]:
        choix = {int(n): str(v) for n, v in self.donnees["choix"].items()}
        decisions.fermer_avec(self.s, self.portee, "autre", choix, self.auteur, self.maintenant)
        return "C'est fermé : aucun créneau n'y est plus offert.", True


# -- looking ---------------------------------------------------------------------------------------------------------------------------------


class _Voir(_Mene):
    """« mon agenda de demain », « résume ma semaine »; without a word of time, today. Leaves an audit line: names are read."""

    def commencer(self, texte: str) -> Sequence[Dire]:
        m, mots = self.moment(texte), cle(texte)
        du = m.du or self.aujourdhui
        au = m.au or m.du or self.aujourdhui
        if _SEMAINE.search(mots):
            du, au = journee.semaine(du)
        au = min(au, du + timedelta(days=13))
        lignes = journee.agenda(self.s, self.qui, du, au, self.maintenant)
        a_dire = journee.a_renseigner(self.s, self.qui.id, self.maintenant)
        audit.noter(self.s, le=self.maintenant, acteur=self.auteur.acteur, role=self.auteur.role, caisse_code=self.qui.caisse_code, acte="agenda.lu",
                    objet="conseiller", objet_id=self.qui.id)
        periode = date_longue(du, jour_semaine=True) + (f" au {date_longue(au, jour_semaine=True)}" if au > du else "")
        corps = "\n".join(self._ligne(x, du < au) for x in lignes) or "Rien de prévu."
        fin = f"\n{quantite(len(a_dire), 'entretien')} à renseigner." if a_dire else ""
        boutons = [Bouton("Dire ce qu'il en fut", {"flux": "saisir_compte_rendu"})] if a_dire else []
        return [Dire(f"Du {periode} :\n{corps}{fin}" if du < au else f"{periode[:1].upper()}{periode[1:]} :\n{corps}{fin}", "answer", boutons)]

    def _ligne(self, x: journee.Ligne, avec_jour: bool) -> str:
        jour = f"{JOURS[local(x.debut, x.fuseau).weekday()]} {local(x.debut, x.fuseau).day}, " if avec_jour else ""
        antenne = self.s.get(Antenne, x.antenne_id) if x.antenne_id is not None else None
        ou = antenne.nom if antenne is not None else "téléphone" if x.modalite == "telephone" else ""
        quoi = {"entretien": f"{x.nom}, {x.libelle}", "rencontre": f"rencontre « {x.libelle} »", "fermeture": f"fermé ({x.libelle})"}[x.genre]
        etat = {"a_renseigner": " – à renseigner", "honore": " – venu", "absent": " – absent"}.get(x.etat, "")
        heures = f"{heure_en_lettres(local(x.debut, x.fuseau))} – {heure_en_lettres(local(x.fin, x.fuseau))}"
        return f"{jour}{heures} : {quoi}{f', {ou}' if ou else ''}{etat}"


class _Bilan(_Mene):
    """« le bilan de septembre »: the figures of the caisse with how each is counted; without a word of time, the month."""

    def commencer(self, texte: str) -> Sequence[Dire]:
        m = self.moment(texte)
        du, au = m.du or self.aujourdhui.replace(day=1), m.au or self.aujourdhui
        if _SEMAINE.search(cle(texte)):
            du, au = journee.semaine(m.du or self.aujourdhui)
        retenus = ("entretiens", "taux_renseignement", "taux_absence", "delai_median", "taux_tardives", "taux_occupation", "rencontres")
        chiffres = {c.code: c for c in statistiques.calculer(self.s, self.qui.caisse_code, du, au, self.maintenant)}
        lignes = [f"{c.libelle} : {_dire(c)} ({c.definition})" for c in map(chiffres.get, retenus) if c is not None]
        return [Dire(f"Du {date_longue(du)} au {date_longue(au)}, pour la caisse :\n" + "\n".join(lignes), "answer")]


def _dire(c: statistiques.Chiffre) -> str:
    if c.valeur is None:
        return "non disponible"
    return f"{nombre(round(100 * c.valeur))} %" if c.code.startswith("taux_") else nombre(c.valeur, 0 if c.valeur == int(c.valeur) else 1)


# -- the outcome -----------------------------------------------------------------------------------------------------------------------------


class _Rendre(_Mene):
    """« Mme D., venue, dossier retraite »: which entretien, what became of it, the subject; domains and tools are for the page.
    `donnees`: entretien, issue, theme."""

    defaut_issue: Optional[str] = None

    def commencer(self, texte: str) -> Sequence[Dire]:
        self._lire(texte)
        return self._suite()

    def preciser(self, texte: str, charge: Mapping[str, Any]) -> Sequence[Dire]:
        self.donnees |= {n: charge[n] for n in ("entretien", "issue", "theme") if n in charge}
        if texte:
            self._lire(texte)
        return self._suite()

    def _lire(self, texte: str) -> None:
        mots = cle(texte)
        issue = "absent" if _ABSENT.search(mots) else "honore" if _VENU.search(mots) else self.defaut_issue
        if issue is not None and ("issue" not in self.donnees or _ABSENT.search(mots) or _VENU.search(mots)):
            self.donnees["issue"] = issue
        theme = next((t for t, motif in _MOTS_THEMES.items() if re.search(rf"\b({motif})\b", mots)), None)
        if theme is not None:
            self.donnees["theme"] = theme
        vises = self._vises(texte, mots)
        if len(vises) == 1:
            self.donnees["entretien"] = vises[0].id

    def _candidats(self) -> list[Entretien]:
        """Those to tell, latest first; then the one under way."""
        en_cours = self.s.scalars(select(Entretien).where(Entretien.conseiller_id == self.qui.id, Entretien.statut == "pose",
                                                          Entretien.debut <= self.maintenant, Entretien.fin > self.maintenant)).all()
        return [*en_cours, *journee.a_renseigner(self.s, self.qui.id, self.maintenant)]

    def _vises(self, texte: str, mots: str) -> list[Entretien]:
        """Whom the sentence names, by name or by hour; the only one there is, when it names nobody."""
        candidats, m = self._candidats(), self.moment(texte)
        par_nom = [e for e in candidats if any(len(p) > 2 and p in mots.split() for p in cle(journee.nom_de(self.s, e)).split())]
        nu = _HEURE_NUE.search(texte)  # « celui de 9 h : venue », where the rest of the sentence hides the hour
        heure = m.heure or m.heure_de or (time(int(nu[1]), int(nu[2] or 0)) if nu else None)
        par_heure = [e for e in candidats if heure is not None and local(e.debut, e.fuseau).time() == heure
                     and (m.du is None or jour_local(e.debut, e.fuseau) == m.du or m.du >= self.aujourdhui)]
        return par_nom or par_heure or (candidats if len(candidats) == 1 and heure is None else [])

    def _suite(self) -> Sequence[Dire]:
        d, candidats = self.donnees, self._candidats()
        if not candidats:
            self.etape = ""
            return [Dire("Aucun de vos entretiens n'attend son issue.", "answer")]
        if d.get("entretien") not in {e.id for e in candidats}:
            boutons = []
            for e in candidats[:5]:
                _lire_entretien(self, e)
                boutons.append(self.bouton(f"{en_lettres(e.debut, e.fuseau)}, {journee.nom_de(self.s, e)}", entretien=e.id))
            return self.demander("De quel entretien s'agit-il ?", boutons)
        if d.get("issue") not in ISSUES:
            return self.demander("La personne est-elle venue ?", [self.bouton("Venue", issue="honore"), self.bouton("Pas venue", issue="absent")])
        if d["issue"] == "honore" and d.get("theme") not in THEMES:
            return self.demander("De quoi avez-vous parlé surtout ?", [self.bouton(nom, theme=t) for t, nom in THEMES.items()])
        e = self.s.get_one(Entretien, d["entretien"])
        _lire_entretien(self, e)
        sujet = f", sujet : {THEMES[d['theme']].lower()}" if d["issue"] == "honore" else ""
        return self.relire(f"{journee.nom_de(self.s, e)}, {en_lettres(e.debut, e.fuseau)} : "
                           f"{'venue' if d['issue'] == 'honore' else 'absente'}{sujet}. J'enregistre ?")

    def executer(self) -> tuple[str, bool]:
        d = self.donnees
        e = next((x for x in self._candidats() if x.id == d["entretien"]), None)
        if e is None:
            return "Cet entretien a déjà son issue.", False
        comptes_rendus.rediger(self.s, e, issue=d["issue"], auteur=self.auteur, maintenant=self.maintenant,
                               theme=d.get("theme") if d["issue"] == "honore" else None)
        audit.noter(self.s, le=self.maintenant, acteur=self.auteur.acteur, role=self.auteur.role, caisse_code=self.qui.caisse_code,
                    acte="compte_rendu.ecrit", objet="entretien", objet_id=e.id)
        reste = " Il reste à dire ce qui a été abordé, pour le bilan : c'est sur votre page d'accueil." if d["issue"] == "honore" else ""
        return f"C'est noté. Une erreur se corrige pendant sept jours, depuis l'entretien.{reste}", False


class _Absence(_Rendre):
    """« Mme Durand n'est pas venue »."""

    defaut_issue = "absent"


def _lire_entretien(mene: _Mene, e: Entretien) -> None:
    """A name is about to be said: its audit line."""
    audit.noter(mene.s, le=mene.maintenant, acteur=mene.auteur.acteur, role=mene.auteur.role, caisse_code=mene.qui.caisse_code, acte="entretien.lu",
                objet="entretien", objet_id=e.id)


# -- registration ----------------------------------------------------------------------------------------------------------------------------

_COMMANDES: dict[str, Callable[..., _Mene]] = {
    "ouvrir_creneaux": _Ouvrir, "fermer_creneaux": _Fermer, "voir_agenda": _Voir, "saisir_compte_rendu": _Rendre, "signaler_absence": _Absence,
    "voir_bilan": _Bilan}
# Who may give each; the secretariat says no outcome (booking.md §5.11).
_ISSUE = ("saisir_compte_rendu", "signaler_absence")
_PERMIS = {nom: frozenset({"conseiller", "responsable"}) if nom in _ISSUE else ROLES_CAISSE for nom in _COMMANDES}


def conseiller_de(session: Session, tour: Tour, nom: str) -> Optional[tuple[Conseiller, str]]:
    """The counsellor behind a turn and the role she acts under, read again from the database; None for anybody else."""
    qui = session.get(Conseiller, tour.acteur) if tour.acteur is not None else None
    if qui is None or qui.caisse_code != tour.caisse_code or qui.parti_le is not None:
        return None
    role = next((r for r in ROLES if r in niveaux(session, qui) and r in _PERMIS[nom]), None)
    return (qui, role) if role is not None else None


def conduire(nom: str) -> Conduite:
    """The conduite of a command. Another command said meanwhile takes over: what was not confirmed was never done."""
    def conduite(session: Session, tour: Tour, brouillon: Optional[Brouillon]) -> Suite:
        voulu = str(tour.charge.get("flux") or tour.intention or nom)
        vise = voulu if voulu in _COMMANDES else brouillon.flux if brouillon is not None and brouillon.flux in _COMMANDES else nom
        connu = conseiller_de(session, tour, vise)
        if connu is None:
            if brouillon is not None and brouillon.flux in _COMMANDES:
                flux.effacer(session, tour.conversation_id)
            return Suite([Dire(RESERVE, "answer", donnees={"contact": True})])
        sien = brouillon if brouillon is not None and brouillon.flux == vise else None
        suite = _COMMANDES[vise](session, tour, sien, vise, *connu).mener()
        suite.flux = vise
        return suite
    return conduite


CONDUITES: dict[str, Conduite] = {nom: conduire(nom) for nom in _COMMANDES}
