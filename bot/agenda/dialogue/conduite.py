"""What every act of the conversation does alike: stop, changing act, answering a question and coming back, misunderstandings, refusals, undoing.

An act is a module with NOM, RAPPEL (how one comes back to it), `noter(fil, lu)` and `appuyer(fil, charge)` (what a message or a button brings to
the draft: True when something) and `suivre(fil)` (the next question, or the deed); `encore(lu)`, where there is one, tells a message that wants
the same once more, just after the deed, and `redire(fil)` says again what was done. Nothing is asked here.
"""
import re
from datetime import datetime
from types import ModuleType
from typing import Any, Mapping, Optional, Sequence

from bot.agenda.dialogue import defaire, lecture
from bot.agenda.dialogue.fil import FAIT, Fil
from bot.agenda.dialogue.lecture import Lu
from bot.agenda.dialogue.lexique import lexique
from bot.agenda.etats import REPRISE
from bot.contacts.flux import Bouton, Conduite, Dire, Suite, Tour
from bot.contacts.refus import Refus
from bot.contacts.tables import Brouillon
from bot.knowledge.catalogue import HORS_SUJET, catalogue

GESTION = frozenset({"consulter_rdv", "deplacer_rdv", "annuler_rdv"})
# From here the engine's label may take a person from one act to another.
SUR = 0.5
PERSONNE = "parler_conseiller"
_DEJA = re.compile(r"\b(?:(?:quand|ou|quel jour|quelle heure) (?:deja|c est)|c est (?:quand|ou|a quelle heure|quel jour)|recapitul\w*"
                   r"|recap|redites?|repete[rz]?)\b")
_POLI = re.compile(r"\b(?:merci|au revoir|a bientot|bonne journee|bye|ciao)\b")
ETAPES_CODE = ("code", "courrier")


def conduire(nom: str, actes: Mapping[str, Any]) -> Conduite:
    """The conduite of an act, as `bot.contacts.flux` wants it."""
    def conduite(session: Any, tour: Tour, brouillon: Optional[Brouillon]) -> Suite:
        meneur = _Meneur(actes, Fil.ouvrir(session, tour, brouillon, nom), neuf=brouillon is None)
        suite = meneur.mener()
        suite.flux = meneur.fil.nom
        return suite
    return conduite


class _Meneur:
    """One turn of one thread."""

    def __init__(self, actes: Mapping[str, Any], fil: Fil, *, neuf: bool):
        self.actes, self.fil, self.neuf = actes, fil, neuf

    @property
    def acte(self) -> ModuleType:
        return self.actes[self.fil.nom]

    def mener(self) -> Suite:
        """The turn, whatever brought it; the draft is written back in any case."""
        tour = self.fil.tour
        suite = self._bouton(tour.charge) if tour.charge else self._message()
        self.fil.ranger()
        return suite

    # -- a button -----------------------------------------------------------------------------------------------------

    def _bouton(self, charge: Mapping[str, Any]) -> Suite:
        fil = self.fil
        if charge.get("geste") == "defaire":
            return Suite(defaire.defaire(fil, charge))
        if charge.get("stop"):
            return self._arreter()
        vers = charge.get("flux") or charge.get("intention")
        if vers in self.actes and (vers != fil.nom or fil.etape == FAIT or charge.get("intention")):
            self._passer_a(str(vers))
        fil = self.fil
        if charge.get("texte"):
            lu = self._lire(str(charge["texte"]))
            self.acte.noter(fil, lu)
        else:
            self.acte.appuyer(fil, charge)
        return self._suivre()

    # -- a message ----------------------------------------------------------------------------------------------------

    def _message(self) -> Suite:
        fil, tour = self.fil, self.fil.tour
        lu = self._lire(tour.texte)
        if fil.etape == FAIT:
            return self._redire() or self._apres(lu)
        if self.neuf:
            vers = self._acte_du_code(lu)
            if vers is not None:
                self._passer_a(vers)
            self.acte.noter(self.fil, lu)
            return self._suivre()
        if not tour.vu and (lu.oui or lu.non):  # to a question that was never shown
            return self._revenir([])
        essai = fil.essai()
        avant = (fil.etape, fil.donnees.get("moment"))
        compris = bool(self.acte.noter(essai, lu))
        if fil.nom in ("consulter_rdv", "deplacer_rdv") and fil.prive.get("jeton") and lu.mots.startswith("annul"):
            self._passer_a("annuler_rdv")
            return self._suivre()
        if self._est_stop(lu, compris):
            return self._arreter()
        if self._relit(lu, compris):
            return self._rappeler()
        vers = self._autre_acte(lu, compris)
        if vers == "stop":
            return self._arreter([Bouton("Annuler un rendez-vous déjà pris", {"flux": "annuler_rdv"})])
        if vers is not None:
            self._passer_a(vers)
            self.acte.noter(self.fil, lu)
            return self._suivre()
        if self._est_question(lu, compris):
            return self._revenir([], pris=False)
        if compris:
            essai.relances = 0
            self.fil = essai
            return self._prendre_note(self._suivre(), *avant, masque=lu.masque)
        return self._a_cote(lu)

    def _lire(self, texte: Optional[str]) -> Lu:
        fil = self.fil
        return lecture.lire(texte, fil.tour.maintenant, fil.caisse.fuseau, fil.tour.intention, code_attendu=fil.etape in ETAPES_CODE)

    def _est_stop(self, lu: Lu, compris: bool) -> bool:
        if self.fil.nom == "annuler_rdv" and compris:
            return False                  # « annule » there is a yes
        return lu.stop or (self.fil.tour.intention == "stop" and not compris and not lu.question)

    def _est_question(self, lu: Lu, compris: bool) -> bool:
        """A question about something else: the assistant answers it. A message that fits the question asked is for the act, whatever its words
        remind of (« pour ma retraite »)."""
        intention, confiance = self.fil.tour.intention, self.fil.tour.confiance
        if "/" in (intention or ""):
            return lu.question or not compris or (not lu.court and confiance >= SUR)
        return intention is None and lu.question and not compris

    def _relit(self, lu: Lu, compris: bool) -> bool:
        """« C'est quand déjà ? », while a slot is held but not booked yet: the booking under way is meant."""
        fil = self.fil
        demande = fil.tour.intention == "consulter_rdv" or bool(_DEJA.search(lu.mots))
        return fil.nom == "prendre_rdv" and demande and bool(fil.donnees.get("creneau")) and not compris and not lu.code

    def _acte_du_code(self, lu: Lu) -> Optional[str]:
        """« Changer mon rdv ABCD2345 Martin » taken for a new booking: a code with a name is an existing one's."""
        if self.fil.nom != "prendre_rdv" or not (lu.code and lu.nom):
            return None
        return "annuler_rdv" if "annul" in lu.mots else "deplacer_rdv" if lu.moment else "consulter_rdv"

    def _autre_acte(self, lu: Lu, compris: bool) -> Optional[str]:
        """The act a message asks for in place of this one; « stop » for « annuler » while nothing is booked yet."""
        fil, intention = self.fil, self.fil.tour.intention
        if intention not in self.actes or intention == fil.nom or fil.tour.confiance < SUR:
            return None
        if fil.nom in GESTION and intention in GESTION:
            return intention if not (fil.etape == "creneau" and compris) else None
        if fil.nom == "prendre_rdv" and intention in GESTION and not lu.code:
            if intention == "annuler_rdv":
                return None if compris else "stop"
            en_cours = intention == "deplacer_rdv" and fil.etape in ("creneau", "recap", "identite")
            return None if compris or en_cours else intention
        return None if compris else intention

    def _passer_a(self, nom: str) -> None:
        """Another act; those on bookings that exist share the access that was opened."""
        garder = {"jeton": self.fil.prive["jeton"]} if nom in GESTION and self.fil.prive.get("jeton") else {}
        self.fil = self.fil.passer_a(nom, garder=garder)

    # -- what comes out -----------------------------------------------------------------------------------------------

    def _suivre(self) -> Suite:
        """The next question or the deed; a refusal that no act foresaw is said, with the way to a person."""
        fil = self.fil
        try:
            dits = self.acte.suivre(fil)
        except Refus as e:
            fil.finir()
            dits = [Dire(f"{e.message}\n{fil.joindre()}", "refusal", donnees={"refus": e.code, "contact": True})]
        return Suite([*fil.avant, *dits])

    def _revenir(self, avant: Sequence[Dire], *, pris: bool = True) -> Suite:
        """The question again, after something else was said."""
        self.fil.reprise = True
        suite = self._suivre()
        premier = suite.dits[0]
        premier.texte = f"{self.acte.RAPPEL} {premier.texte}"
        return Suite([*avant, *suite.dits], pris=pris)

    def _prendre_note(self, suite: Suite, etape: str, moment: Any, *, masque: bool) -> Suite:
        """The same question comes again after something else was said (the day before the place, a name before the hour): say that it was heard."""
        dit, fil = suite.dits[-1], self.fil
        demande = dit.genre in ("question", "form", "choices" if masque else "")
        if fil.etape != etape or fil.etape in ETAPES_CODE or len(suite.dits) > 1 or not demande:
            return suite
        souhait = lecture.de_donnees(fil.donnees.get("moment")).en_francais() if fil.donnees.get("moment") != moment else ""
        dit.texte = f"C'est noté{f' : {souhait}' if souhait else ''}. {dit.texte}"
        return suite

    def _rappeler(self) -> Suite:
        """Where the booking stands, which is nowhere yet; and the way to one that exists."""
        self.fil.reprise = True
        suite = self._suivre()
        premier = suite.dits[0]
        premier.texte = f"Rien n'est encore réservé. {premier.texte}"
        premier.boutons = [*premier.boutons, Bouton("Voir un rendez-vous déjà pris", {"flux": "consulter_rdv"})]
        return suite

    def _arreter(self, boutons: Sequence[Bouton] = ()) -> Suite:
        """« Stop »: nothing is left behind, and it is said."""
        fil = self.fil
        dit = self.acte.ARRET if fil.etape != FAIT else "C'est noté."
        fil.finir()
        return Suite([Dire(dit, "answer", boutons)])

    def _a_cote(self, lu: Lu) -> Suite:
        """A word of conversation, another room's act, or a message that nothing was understood of."""
        intention = self.fil.tour.intention or ""
        if intention == HORS_SUJET and not lu.question:  # a name, a slip of the keyboard: it was meant as an answer
            return self._incompris()
        if intention == PERSONNE:
            return Suite([], pris=False)      # the site hands over; the draft waits
        if intention in lexique()["paroles"]:
            return self._revenir([_parole(intention)])
        if intention in catalogue().flux - set(self.actes):
            return self._revenir([Dire("Finissons d'abord ceci, ou dites « stop » pour passer à autre chose.", "answer")])
        return self._incompris()

    def _incompris(self) -> Suite:
        """First the question again, then its buttons, then a person."""
        fil = self.fil
        fil.relances += 1
        fil.reprise = True
        relances = fil.relances
        suite = self._suivre()
        fil.relances = relances
        premier = suite.dits[0]
        if relances == 1:
            premier.texte = f"Je n'ai pas bien compris. {premier.texte}"
        elif relances == 2:
            par = "Remplissez plutôt le formulaire." if premier.formulaire else "Servez-vous plutôt des boutons."
            premier.texte = f"Je n'ai toujours pas compris. {par} {premier.texte}"
        else:
            aide = f"Le plus simple est d'appeler votre caisse, qui le fera avec vous. {fil.joindre()} Ce que vous avez choisi ici est gardé."
            suite = Suite([Dire(aide, "answer", donnees={"contact": True}), *suite.dits])
        return suite

    # -- after the deed -----------------------------------------------------------------------------------------------

    def _redire(self) -> Optional[Suite]:
        """What was done, again, when its answer was lost on the way."""
        if self.fil.tour.vu or not hasattr(self.acte, "redire"):
            return None
        return Suite(self.acte.redire(self.fil))

    def _apres(self, lu: Lu) -> Suite:
        """The first message after a deed: taking it back in words, another act, or something else altogether."""
        fil, intention = self.fil, self.fil.tour.intention
        recent = fil.tour.maintenant - datetime.fromisoformat(fil.donnees["le"]) <= REPRISE
        if not recent and "annul" in lu.mots and fil.prive.get("jeton"):
            intention = "annuler_rdv"
        regrette = lu.stop or lu.non or intention in ("stop", "nier") or any(m in lu.mots for m in ("annul", "trompe", "erreur", "defaire"))
        if regrette and recent and not lu.code and not lu.moment and intention not in ("deplacer_rdv", "prendre_rdv"):
            return Suite(defaire.defaire(fil, fil.donnees))
        if lu.oui and recent and not lu.moment and "merci" not in lu.mots and hasattr(self.acte, "redire"):
            return Suite(self.acte.redire(fil))  # « oui » once more: its answer may have been lost on the way
        if recent and fil.donnees["objet"] == "entretien" and lu.modalite and lu.court and not lu.question:
            self._passer_a("deplacer_rdv")  # « finalement je préfère par téléphone »
            self.fil.donnees["modalite_voulue"] = lu.modalite
            self.acte.noter(self.fil, lu)
            return self._suivre()
        encore = self.acte.encore(lu) if hasattr(self.acte, "encore") else False
        if encore or intention in self.actes:
            self._passer_a(fil.nom if encore else str(intention))
            self.acte.noter(self.fil, lu)
            return self._suivre()
        fil.fini = True
        if intention in lexique()["paroles"]:
            return Suite([_parole(str(intention))])
        if _POLI.search(lu.mots) and lu.court and not lu.question:
            return Suite([Dire("Je vous en prie. À bientôt !", "answer")])
        if intention == "repondre_enquete":
            return Suite([Dire("Volontiers.", "answer", [Bouton("Répondre à l'enquête", {"intention": intention})])])
        return Suite([], pris=False)


def _parole(intention: str) -> Dire:
    personne = intention in ("mecontent", "hors_sujet")
    return Dire(lexique()["paroles"][intention], "answer", donnees={"contact": True} if personne else None)


