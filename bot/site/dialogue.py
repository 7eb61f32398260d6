"""One turn of a conversation, from what was typed to the envelope. The only door between people and the engine.

Order: input contract, emergency words, engine, and when the engine fails the search in the sheets. The database is touched twice, before
and after, in short transactions; what a button means is read there, never taken from the page.
"""
import asyncio
import time
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any, Mapping, Optional, Sequence, cast
from uuid import UUID

import structlog
from anyio import to_thread
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from bot.agenda.dialogue import saisie
from bot.contacts import arrets as interrupteurs
from bot.contacts import conversations as memoire
from bot.contacts import flux
from bot.contacts.arrets import Arrets
from bot.contacts.base import Sessions
from bot.contacts.caisses import caisse_ouverte as lire_caisse
from bot.contacts.tables import Caisse, Conversation
from bot.enquete import jetons
from bot.enquete.dialogue import FLUX as FLUX_ENQUETE
from bot.horloge import Horloge
from bot.knowledge import incivilites, protections
from bot.knowledge import profil as profils
from bot.knowledge.catalogue import CONTINUER, HORS_SUJET, catalogue, intention
from bot.knowledge.fiches import Fiche
from bot.knowledge.recherche import rechercher
from bot.reglages import Reglages
from bot.site import actes, comprehension, formulaires, formulaires_rdv, garde, relais, reponses, suite
from bot.site import calcul as calculer
from bot.site.affluence import Guichet
from bot.site.comprehension import Comprise
from bot.site.enveloppe import ChoixPropose, Enveloppe, Etat, Message, Mode
from bot.site.garde import FormulaireEnvoye
from bot.site.mesures import Mesures
from bot.site.moteur import Moteur, MoteurIndisponible
from bot.site.reponses import Bouton, Replique
from bot.texte import langue, sante
from bot.texte.masquage import SENSIBLES, Masquage
from bot.texte.typographie import composer

journal = structlog.get_logger(__name__)
PART_ATTENTE = 0.6
CAISSE_GARDEE = 2.0  # seconds
# Acts that take a place in somebody's agenda.
RESERVENT = ("prendre_rdv", "deplacer_rdv", "inscrire_rencontre")
# Seconds between two tries to free a message whose turn failed while the database was away; it frees itself after TOUR_PERDU.
REESSAIS = (0.0, 1.0, 2.0, 4.0, 8.0, 16.0)
# What the conversation shows of a message that spoke of someone's health (reference/security.md §3.5 b).
NON_GARDE = composer("Message non gardé : il parlait de santé.")


@dataclass
class Bilan:
    """What a turn decided: the replies, how it ended, what the conversation remembers."""

    repliques: list[Replique]
    issue: str
    comprise: Optional[Comprise] = None
    texte: Optional[str] = None
    profil: Mapping[str, str] = field(default_factory=dict)  # the whole of it when the turn changed it, else empty
    acte: Optional[relais.Acte] = None  # what the turn does in the transaction that stores its answer; gives more replies


@dataclass(frozen=True)
class Demande:
    """What was sent: a text, the id of a button, or a filled form; one of them."""

    texte: Optional[str] = None
    choix: Optional[str] = None
    formulaire: Optional[FormulaireEnvoye] = None

    def contenu(self, secret: Optional[str]) -> str:
        """What the hash of a message is made of; with the cookie's secret, nobody who holds the hash can guess a telephone number from it."""
        return repr((secret, self.texte, self.choix, self.formulaire and (self.formulaire.id, sorted(self.formulaire.values.items()))))


@dataclass(frozen=True)
class Entree:
    """A message let in: its text (masked), what its button asks, or the form it fills with its values; and the conversation as it stood."""

    conversation: Conversation
    caisse: Caisse
    echange_id: int
    texte: Optional[str]
    charge: Optional[dict[str, Any]]
    masques: Sequence[str]
    formulaire: Optional[tuple[Message, Mapping[str, str]]] = None
    flux: Optional[str] = None  # the act under way
    coordonnees: Mapping[str, str] = field(default_factory=dict, repr=False)  # typed in a first message: for the draft that the turn opens
    prive: Mapping[str, str] = field(default_factory=dict, repr=False)  # what the act under way knows of the person
    acteur: Optional[int] = None  # the counsellor signed in
    protegee: Optional[Comprise] = None  # the protective sheet that its words alone point to
    sante: bool = False  # it speaks of someone's own health: of its words, nothing is stored


class Dialogue:
    """Opens, answers, reads again and forgets conversations."""

    def __init__(self, reglages: Reglages, sessions: Sessions, horloge: Horloge, moteur: Moteur, fiches: Mapping[str, Fiche],
                 mesures: Optional[Mesures] = None, arrets: Optional[Arrets] = None):
        self.reglages, self.sessions, self.horloge, self.moteur, self.fiches = reglages, sessions, horloge, moteur, fiches
        self.mesures, self.arrets = mesures or Mesures(), arrets or Arrets(reglages.donnees)
        # What waits longer than this would come too late for the engine to answer in its own time.
        self.guichet = Guichet(attente_max=PART_ATTENTE * reglages.delai_moteur)
        self._caisses: dict[str, tuple[float, Caisse]] = {}
        self._abandons: "set[asyncio.Task[None]]" = set()

    # -- opening, reading again, forgetting -------------------------------------------------------------------------------------------

    async def ouvrir(self, caisse_code: Optional[str] = None) -> tuple[Enveloppe, str]:
        """A new conversation: its first envelope (notice, greeting) and the secret for the cookie."""
        def _ouvrir() -> tuple[Enveloppe, str]:
            self._exiger_ecritures()
            with self.sessions() as s:
                caisse = lire_caisse(s, caisse_code or self.reglages.caisse)
                _, secret = memoire.ouvrir(s, caisse.code, self.horloge.maintenant())
                messages = accueil(caisse)
                arretee = self.arrets.etat().phrase(interrupteurs.CONVERSATION)
                if arretee:
                    messages[-1] = reponses.arretee(arretee, caisse).message
                return Enveloppe(messages=messages), secret
        return await to_thread.run_sync(_ouvrir)

    def relire(self, secret: Optional[str]) -> Enveloppe:
        """The conversation so far, notice first."""
        self._veiller(secret)
        with self.sessions.lecture() as s:
            conversation = memoire.retrouver(s, secret, self.horloge.maintenant())
            messages = accueil(lire_caisse(s, conversation.caisse_code))
            return Enveloppe(messages=messages + _messages(s, conversation), state=Etat(mode=cast(Mode, conversation.mode)))

    def _veiller(self, secret: Optional[str]) -> None:
        """News of the queue for someone who waits for a counsellor; writes only when there is some."""
        maintenant = self.horloge.maintenant()
        with self.sessions.lecture() as s:
            conversation = memoire.retrouver(s, secret, maintenant)
            if conversation.mode not in ("waiting", "counsellor") or not relais.a_veiller(s, conversation, maintenant):
                return
        with self.sessions() as s:
            relais.veiller(s, memoire.retrouver(s, secret, maintenant), maintenant)

    def oublier(self, secret: Optional[str]) -> None:
        """Forget the conversation now."""
        with self.sessions() as s:
            memoire.oublier(s, memoire.retrouver(s, secret, self.horloge.maintenant()))

    # -- one turn ---------------------------------------------------------------------------------------------------------------------

    async def traiter(self, secret: Optional[str], message_id: "UUID | str", texte: Optional[str] = None, choix: Optional[str] = None,
                      formulaire: Optional[FormulaireEnvoye] = None, acteur: Optional[int] = None) -> Enveloppe:
        """Answer one message. The same `message_id` again returns the same envelope and does nothing twice. Raises `Refus`.

        `acteur`: the counsellor who is signed in, from the workspace's cookie; never from the page.
        """
        debut = time.monotonic()
        lu = garde.lire_texte(texte) if texte is not None else None
        # A typed message needs the engine; what does not, and a message of someone in danger, goes in whatever the crowd.
        protegee = comprehension.par_les_mots(lu.texte) if lu is not None else None
        danger = comprehension.danger(protegee)
        with self.guichet.place(due=lu is None or danger is not None):
            if danger is not None and self.arrets.etat().phrase(interrupteurs.ECRITURES):
                return self._secourir()
            self._exiger_ecritures()
            try:
                entree = await to_thread.run_sync(lambda: self._entrer(secret, str(message_id), Demande(texte, choix, formulaire), lu))
            except SQLAlchemyError:
                if danger is None:
                    raise
                return self._secourir()
            if isinstance(entree, Enveloppe):
                self.mesures.renvois.inc()
                return entree
            return await self._mener(replace(entree, acteur=acteur, protegee=protegee), debut)

    def _exiger_ecritures(self) -> None:
        """Raises Arrete while every write is stopped."""
        phrase = self.arrets.etat().phrase(interrupteurs.ECRITURES)
        if phrase:
            raise interrupteurs.Arrete(composer(phrase + " Votre caisse reste joignable par téléphone."))

    def _secourir(self) -> Enveloppe:
        """The emergency numbers, when not even the database answers: they wait for nothing. Nothing is kept of that turn."""
        sans_caisse = cast(Caisse, None)  # the sheet of an emergency names none
        fiche = self.fiches[protections.URGENCE]
        return Enveloppe(messages=[reponses.repondre_sujet(fiche, self.horloge.aujourdhui(), {}, self.fiches, sans_caisse).message])

    async def _mener(self, entree: Entree, debut: float) -> Enveloppe:
        """A message let in, to its answer."""
        try:
            if entree.formulaire is not None:
                return await to_thread.run_sync(lambda: self._recevoir_formulaire(entree, debut))
            bilan = await self._repondre(entree)
            if entree.masques:
                bilan.repliques.append(_dire_masquage(entree.masques))
            if entree.sante and bilan.issue != "urgence":
                bilan.repliques.append(_dire_sante(entree))
            if bilan.issue == "degrade":
                self.mesures.degrades.inc()
            return await to_thread.run_sync(lambda: self._sortir(entree, bilan, debut))
        except BaseException:
            # The message may be sent again at once: nothing was answered, so nothing must look as if it were under way. Whoever waits is told
            # first: the database may be what failed.
            abandon = asyncio.create_task(self._abandonner(entree))
            self._abandons.add(abandon)
            abandon.add_done_callback(self._abandons.discard)
            await asyncio.wait([abandon], timeout=0.1)
            raise

    def _entrer(self, secret: Optional[str], message_id: str, demande: Demande, lu: Optional[Masquage]) -> "Entree | Enveloppe":
        maintenant = self.horloge.maintenant()
        with self.sessions.legere() as s:
            conversation = memoire.retrouver(s, secret, maintenant)
            bouton = memoire.choisir(s, conversation, demande.choix) if demande.choix is not None else None
            rempli, attendu = formulaires.montre(_messages(s, conversation), demande.formulaire.id) if demande.formulaire else (None, True)
            brouillon = flux.lire(s, conversation.id)
            lu, coordonnees = formulaires_rdv.relever(s, conversation, brouillon, garde.sans_commande(demande.texte or ""), lu) if lu else (lu, {})
            intime = lu is not None and sante.personnelle(lu.texte)
            montrable = saisie.montrable(lu.texte) if lu else None
            conserve = _sans_sante(lu.texte, brouillon is not None, conversation.mode) if lu and intime else montrable
            envoye = rempli.form.sent if rempli and rempli.form else ""
            dit = bouton.libelle if bouton else conserve if conserve is not None else envoye
            echange_id, repondue = memoire.commencer(s, conversation, message_id, demande.contenu(secret), dit, maintenant)
            if repondue is not None:
                return Enveloppe.model_validate(repondue)
            if not attendu:
                raise formulaires.FormulaireInconnu
            if conversation.mode == "closed":
                raise garde.ConversationClose
            if conversation.pause_jusqua and conversation.pause_jusqua > maintenant and comprehension.danger(comprehension.par_les_mots(dit)) is None:
                raise memoire.EnPause
            if memoire.messages_recents(s, conversation, maintenant, timedelta(minutes=1)) > self.reglages.messages_par_minute:
                raise memoire.TropDeMessages
            caisse = self._caisse(s, conversation.caisse_code)
            return Entree(conversation, caisse, echange_id, lu.texte if lu else None, bouton.charge if bouton else None,
                          [g for g in lu.genres if g in SENSIBLES] if lu else [],
                          (rempli, demande.formulaire.values) if rempli and demande.formulaire else None,
                          brouillon.flux if brouillon else None, coordonnees, sante=intime, prive=dict(formulaires_rdv.prive(brouillon)))

    def _caisse(self, s: Session, code: str) -> Caisse:
        """A caisse, read again every few seconds: each message names it, and it changes once a year."""
        lue_a, connue = self._caisses.get(code, (0.0, None))
        if connue is None or time.monotonic() - lue_a > CAISSE_GARDEE:
            connue = lire_caisse(s, code)
            self._caisses[code] = (time.monotonic(), connue)
        return connue

    async def _repondre(self, entree: Entree) -> Bilan:
        texte = entree.texte or ""
        danger = comprehension.danger(entree.protegee)
        if danger is not None:
            return self._sujet(entree, danger)
        if entree.conversation.mode == "counsellor" and not {"relais", "avis"} & (entree.charge or {}).keys():
            return _relais(relais.reprendre if relais.revient(texte) else relais.ecouter)
        arretee = self.arrets.etat().phrase(interrupteurs.CONVERSATION)
        if arretee and not {"relais", "avis"} & (entree.charge or {}).keys():
            return Bilan([reponses.arretee(arretee, entree.caisse)], "degrade")
        if entree.charge is not None:
            return await self._repondre_bouton(entree, entree.charge)
        code = jetons.seul(texte) if not entree.flux else None
        if code is not None:  # an invitation's code alone says what is wanted
            charge = {"flux": FLUX_ENQUETE, "jeton": code}
            return await self._repondre_bouton(replace(entree, charge=charge), charge)
        bilan = await self._repondre_texte(entree, texte)
        if entree.conversation.mode == "waiting" and bilan.issue in ("incompris", "propose", "hors_sujet", "degrade"):
            bilan.repliques = [Replique(Message(text=composer("Je garde ceci pour le conseiller, qui le lira en arrivant."), flow=relais.PARLER))]
        return bilan

    async def _repondre_texte(self, entree: Entree, texte: str) -> Bilan:
        if incivilites.reconnaitre(texte):
            return Bilan([reponses.incivilite(entree.caisse)], "incivil")
        try:
            return await self._deux_questions(entree, texte) or await self._par_le_moteur(entree, texte, None)
        except MoteurIndisponible as e:
            journal.warning("moteur_indisponible", raison=str(e))
            return self._sans_moteur(entree, texte)

    async def _deux_questions(self, entree: Entree, texte: str) -> Optional[Bilan]:
        """Both answers when a message plainly asks two things, each understood without doubt; None otherwise."""
        parts = suite.questions(texte)
        if len(parts) < 2 or entree.flux or langue.reconnaitre(texte):  # while an act is under way, it reads the message first
            return None
        comprises = [comprehension.lire(c) for c in await self.moteur.comprendre(parts)]
        sujets = {c.etiquette for c in comprises if c.etiquette in self.fiches}
        if len(sujets) < 2:
            return None
        bilans = [self._sujet(entree, c, texte=part) for c, part in zip(comprises, parts, strict=True)]
        repliques = [r for b in bilans for r in b.repliques]
        for replique in repliques[:-1]:
            # Buttons, and the question they answer, stand under the last reply only; so does the opinion, which is one a turn.
            replique.boutons, replique.avis = [], False
            (replique.message.data or {}).pop("question", None)
        return Bilan(repliques, "repondu", comprises[-1], profil={t: v for b in bilans for t, v in b.profil.items()})

    async def _repondre_bouton(self, entree: Entree, charge: dict[str, Any]) -> Bilan:
        if "avis" in charge:
            return await to_thread.run_sync(lambda: self._noter_avis(entree, charge))
        if charge.get("relais") in relais.ACTES or charge.get("intention") == relais.PARLER:
            return _relais(relais.ACTES[charge.get("relais", "demander")])
        if charge.get("aucune"):
            return Bilan([reponses.rien_trouve(entree.caisse, entree.conversation.incompris)], "incompris")
        if charge.get("lien"):
            return Bilan([Replique(Message(text=composer("Toutes les questions sont sur la page FAQ."), data={"faq": charge["lien"]}))], "repondu")
        if "flux" not in charge and "sujet" in charge:  # an act has subjects of its own
            # The sheet is served as it is; the engine only needs to know of it, and may be away.
            if charge["sujet"] not in self.fiches:  # withdrawn since it was offered
                return Bilan([reponses.rien_trouve(entree.caisse, entree.conversation.incompris)], "incompris")
            return self._sujet(entree, Comprise(charge["sujet"], 1.0), profil=charge.get("profil", {}), calcul=charge.get("calcul"))
        try:
            return await self._par_le_moteur(entree, None, CONTINUER if "flux" in charge else intention(charge["intention"]))
        except MoteurIndisponible as e:
            journal.warning("moteur_indisponible", raison=str(e))
            return Bilan([reponses.acte_en_panne(entree.flux or str(charge.get("flux") or charge.get("intention") or ""), entree.caisse)], "degrade")

    async def _par_le_moteur(self, entree: Entree, texte: Optional[str], demande: Optional[str]) -> Bilan:
        conversation = entree.conversation
        reponse = await self.moteur.dire(conversation.moteur_id, texte, demande, {
            "caisse": conversation.caisse_code, "dernier_sujet": conversation.dernier_sujet, "profil": conversation.profil,
            "conversation": conversation.id, "flux": entree.flux, "charge": entree.charge, "acteur": entree.acteur})
        brute = reponse["comprehension"]
        comprise = comprehension.interpreter(texte, brute, entree.protegee) if texte else comprehension.lire(brute)
        acte = next((m["custom"] for m in reponse["messages"] if "dits" in (m.get("custom") or {})), None)
        if acte and acte["pris"]:  # « finalement par téléphone », in the middle of a booking, asks for nobody
            return Bilan(actes.lire(acte, entree.caisse), "flux", Comprise(acte["flux"], comprise.confiance))
        if comprise.etiquette == relais.PARLER:
            return _relais(relais.demander, comprise)
        bilan = self._en_une_langue(entree, texte, reponse, comprise) if texte and langue.reconnaitre(texte) else self._lire_reponse(
            entree, texte, reponse, comprise)
        if acte:
            bilan.repliques += actes.lire(acte, entree.caisse)
        return bilan

    def _lire_reponse(self, entree: Entree, texte: Optional[str], reponse: Mapping[str, Any], comprise: Comprise) -> Bilan:
        """What the engine understood, turned into the sheet's answer, choices, or its own words."""
        conversation = entree.conversation
        if texte and not langue.reconnaitre(texte):
            comprise = suite.rattacher(texte, comprise, conversation.dernier_sujet, self.fiches)
        if comprise.etiquette in self.fiches:
            return self._sujet(entree, comprise, texte=texte or "")
        if comprise.etiquette is None:
            chiffree = self._calcul_possible(entree, comprise, texte or "")
            if chiffree is not None:
                return chiffree
            replique = (reponses.proposer(comprise.offertes, self.fiches, entree.caisse, conversation.incompris) if comprise.offertes
                        else reponses.rien_trouve(entree.caisse, conversation.incompris))
            return Bilan([replique], "propose" if comprise.offertes else "incompris", comprise, texte=texte)
        repliques = [self._message_du_moteur(m, comprise.etiquette, entree.caisse, conversation.incompris) for m in _assembler(reponse["messages"])
                     if "dits" not in (m.get("custom") or {})]
        issue = "hors_sujet" if comprise.refusee else "flux" if comprise.etiquette in catalogue().flux else "repondu"
        return Bilan(repliques, issue, comprise, texte=texte if comprise.refusee else None)

    def _en_une_langue(self, entree: Entree, texte: str, reponse: Mapping[str, Any], comprise: Comprise) -> Bilan:
        """The answer to a message in another language: in French, after simple words; a person when it was not surely understood."""
        if comprise.refusee:
            issue = "hors_sujet" if comprise.etiquette == HORS_SUJET else "incompris"
            return Bilan([reponses.autre_langue(entree.caisse)], issue, comprise, texte=texte)
        bilan = self._lire_reponse(entree, texte, reponse, comprise)
        reponses.prevenir_langue(bilan.repliques[0], entree.caisse)
        return bilan

    def _message_du_moteur(self, message: Mapping[str, Any], trouvee: str, caisse: Caisse, deja_incompris: int) -> Replique:
        texte, ajout = composer(message.get("text") or ""), message.get("custom") or {}
        if trouvee == HORS_SUJET:
            return reponses.hors_sujet(texte, caisse, deja_incompris)
        flux = trouvee if trouvee in catalogue().flux else None
        donnees = {"contact": ajout.get("contact") or reponses.contact(caisse)} if flux or trouvee == "mecontent" else None
        return Replique(Message(text=texte, flow=flux, data=donnees))

    def _sujet(self, entree: Entree, comprise: Comprise, texte: str = "", profil: Optional[Mapping[str, str]] = None,
               calcul: Optional[Mapping[str, str]] = None) -> Bilan:
        """The sheet's answer, fitted to what the person said of herself, now or before, in this conversation only."""
        retiree = self.arrets.etat().phrase(comprise.etiquette or "")
        if retiree:
            return Bilan([reponses.arretee(retiree, entree.caisse)], "degrade", comprise)
        fiche, jour = self.fiches[comprise.etiquette or ""], self.horloge.aujourdhui()
        dit = {**profils.reconnaitre(texte), **(profil or {})}
        connu = profils.reunir(entree.conversation.profil, dit)
        essai = calculer.reprendre(fiche, calcul, jour) if calcul else calculer.essayer(fiche, texte, connu, jour)
        replique = reponses.repondre_sujet(fiche, jour, connu, self.fiches, entree.caisse, essai, comprise.offertes)
        issue = {"emergency": "urgence", "refusal": "refus"}.get(replique.message.kind, "repondu")
        return Bilan([replique], issue, comprise, profil=connu if dit else {})

    def _calcul_possible(self, entree: Entree, comprise: Comprise, texte: str) -> Optional[Bilan]:
        """The figure, when the engine hesitates but the sentence gives an offered sheet's calculator all it asks."""
        for sujet in (e for e in comprise.offertes if e in self.fiches):
            bilan = self._sujet(entree, Comprise(sujet, comprise.confiance, premiers=comprise.premiers), texte=texte)
            if "calcul" in (bilan.repliques[0].message.data or {}):
                return bilan
        return None

    def _sans_moteur(self, entree: Entree, texte: str) -> Bilan:
        if entree.protegee is not None:
            return self._sujet(entree, entree.protegee)
        if entree.flux:
            return Bilan([reponses.acte_en_panne(entree.flux, entree.caisse)], "degrade", Comprise(None, 0.0))
        if langue.reconnaitre(texte):
            return Bilan([reponses.autre_langue(entree.caisse)], "degrade", Comprise(None, 0.0), texte=texte)
        sujets = [s for s, _ in rechercher(texte, 3)]
        return Bilan([reponses.mode_reduit(sujets, self.fiches, entree.caisse)], "degrade", Comprise(None, 0.0, tuple(sujets)), texte=texte)

    def _noter_avis(self, entree: Entree, charge: dict[str, Any]) -> Bilan:
        with self.sessions() as s:
            memoire.donner_avis(s, charge["avis"], charge["utile"], charge.get("raison"), self.horloge.maintenant())
        if charge["utile"]:
            return Bilan([Replique(Message(text=composer("Merci, c'est noté.")))], "repondu")
        if charge.get("raison"):
            texte = "Merci, c'est noté et ce sera relu. Pour une réponse tout de suite : " + reponses.phrase_contact(entree.caisse)
            return Bilan([Replique(Message(text=composer(texte), data={"contact": reponses.contact(entree.caisse)}))], "repondu")
        raisons = {"sans_rapport": "Ce n'était pas ma question", "pas_clair": "Je n'ai pas compris", "incomplet": "Il manque quelque chose",
                   "perime": "Ce n'est plus à jour"}
        return Bilan([Replique(Message(text=composer("Merci de le dire. Qu'est-ce qui n'allait pas ?"), kind="question"),
                               [Bouton(nom, {"avis": charge["avis"], "utile": False, "raison": code}, "avis_raison")
                                for code, nom in raisons.items()])], "repondu")

    def _recevoir_formulaire(self, entree: Entree, debut: float) -> Enveloppe:
        """What a form does and what is answered are written together or not at all: sent again, it is done once."""
        assert entree.formulaire is not None
        message, valeurs = entree.formulaire
        arrete = self.arrets.etat().phrase(interrupteurs.RENDEZ_VOUS) if message.flow in RESERVENT else None
        with self.sessions() as s:
            conversation = memoire.tenir(s, entree.conversation.id)
            if arrete:
                return self._conclure(s, conversation, entree, Bilan([reponses.arretee(arrete, entree.caisse)], "degrade"), debut)
            repliques = formulaires.traiter(s, conversation, message, valeurs, self.horloge.maintenant())
            return self._conclure(s, conversation, entree, Bilan(repliques, "flux", Comprise(message.flow, 1.0)), debut)

    def _sortir(self, entree: Entree, bilan: Bilan, debut: float) -> Enveloppe:
        with self.sessions() as s:
            # A counsellor may have come in while the turn was answered, or the visitor have had it all forgotten.
            return self._conclure(s, memoire.tenir(s, entree.conversation.id), entree, bilan, debut)

    def _conclure(self, s: Session, conversation: Conversation, entree: Entree, bilan: Bilan, debut: float) -> Enveloppe:
        """Journal, buttons, memory, and the envelope kept for a resend."""
        maintenant = self.horloge.maintenant()
        if bilan.acte is not None:
            bilan.repliques = [*bilan.acte(s, conversation, maintenant), *bilan.repliques]
        brouillon = flux.lire(s, conversation.id)
        formulaires_rdv.deposer(brouillon, entree.coordonnees)
        formulaires_rdv.oublier(s, conversation, brouillon, entree.prive)
        if bilan.issue != "degrade":
            flux.montrer(brouillon)
        comprise = bilan.comprise or Comprise(None, 0.0)
        sujet = comprise.etiquette or next(iter(comprise.offertes), None)
        texte = None if entree.sante or not bilan.texte else saisie.montrable(bilan.texte)
        trace = memoire.Trace(bilan.issue, sujet, comprise.confiance, comprise.premiers, texte, round(1000 * (time.monotonic() - debut)))
        tour_id = memoire.journaliser(s, conversation, trace, maintenant)
        boutons = [(r.message, b) for r in bilan.repliques for b in (*r.boutons, *(_boutons_avis(tour_id) if r.avis else ()))]
        ids = memoire.proposer(s, conversation, [(b.libelle, b.charge) for _, b in boutons])
        for cle, (message, bouton) in zip(ids, boutons, strict=True):
            message.choices.append(ChoixPropose(id=cle, label=bouton.libelle, role=bouton.role))
        messages = [r.message for r in bilan.repliques]
        for message in messages:
            message.id = tour_id
        memoire.retenir(conversation, bilan.issue, comprise.etiquette if comprise.etiquette in self.fiches else None, bilan.profil)
        if bilan.issue == "incivil":
            memoire.noter_incivilite(conversation, maintenant)
        enveloppe = Enveloppe(messages=messages, state=Etat(mode=cast(Mode, conversation.mode)))
        memoire.repondre(s, entree.echange_id, enveloppe.model_dump(mode="json"))
        return enveloppe

    async def _abandonner(self, entree: Entree) -> None:
        def oter() -> None:
            with self.sessions() as s:
                memoire.abandonner(s, entree.echange_id)
        for pause in REESSAIS:
            await asyncio.sleep(pause)
            try:
                return await to_thread.run_sync(oter)
            except SQLAlchemyError as e:
                journal.warning("message_non_libere", genre=type(e).__name__)


def _relais(acte: relais.Acte, comprise: Optional[Comprise] = None) -> Bilan:
    return Bilan([], "flux", comprise or Comprise(relais.PARLER, 1.0), acte=acte)


def _messages(session: Session, conversation: Conversation) -> list[Message]:
    """What was said in a conversation, oldest first, without its greeting."""
    dits: list[Message] = []
    for echange in memoire.echanges(session, conversation):
        if echange.dit:  # a counsellor's message answers none of the visitor's
            dits.append(Message(author="assure", text=echange.dit))
        if echange.enveloppe:
            dits += Enveloppe.model_validate(echange.enveloppe).messages
    return dits


def _assembler(messages: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Rasa sends the text and the custom part of one response as two messages; put them together again."""
    assembles: list[dict[str, Any]] = []
    for message in messages:
        if "text" in message or not assembles or "custom" in assembles[-1]:
            assembles.append(dict(message))
        else:
            assembles[-1]["custom"] = message.get("custom")
    return assembles


def _boutons_avis(tour_id: int) -> list[Bouton]:
    return [Bouton("Oui, merci", {"avis": tour_id, "utile": True}, "avis_oui"),
            Bouton("Non", {"avis": tour_id, "utile": False}, "avis_non"),
            Bouton("Ma question n'a pas trouvé réponse", {"avis": tour_id, "utile": False, "raison": "sans_reponse"}, "avis_non")]


def _dire_masquage(genres: Sequence[str]) -> Replique:
    quoi = {"nir": "un numéro de sécurité sociale", "iban": "des coordonnées bancaires", "carte": "un numéro de carte"}
    cite = " et ".join(quoi[g] for g in genres)
    return Replique(Message(text=composer(f"J'ai masqué {cite} dans votre message : je n'en ai pas besoin ici, et ce n'est pas conservé."),
                            data={"masque": list(genres)}))


def _sans_sante(texte: str, en_acte: bool, mode: str) -> str:
    """What is kept of a message that speaks of someone's health: nothing; in the middle of an act, or with a counsellor, all but its words of
    health: the rest is an answer that somebody waits for."""
    return sante.masquer(texte) if en_acte or mode in ("waiting", "counsellor") else NON_GARDE


def _dire_sante(entree: Entree) -> Replique:
    if entree.conversation.mode == "counsellor":
        texte = "Je remplace les mots de santé par « […] » : ils ne sont pas gardés ici. Parlez-en plutôt de vive voix avec le conseiller."
    else:
        texte = "Ne donnez pas d'information de santé ici : je n'en ai pas besoin pour vous répondre, et je ne garde pas ce que vous venez d'en dire."
    return Replique(Message(text=composer(texte), data={"sante": True}))


def accueil(caisse: Caisse) -> list[Message]:
    """What comes before the first message: who speaks, what is kept, what not to write (reference/security.md §3.1)."""
    notice = ("Vous parlez à un robot, pas à un conseiller. "
              "Il donne des informations générales, ne consulte pas votre dossier et ne décide de rien.\n"
              "N'écrivez ni numéro de sécurité sociale, ni coordonnées bancaires, ni information de santé : je n'en ai pas besoin ici.\n"
              "Vos messages sont effacés après la conversation, au plus tard 24 heures après. "
              f"Pour parler à une personne : {caisse.telephone}, {caisse.horaires}.")
    bonjour = "Bonjour ! Quelle est votre question ? Écrivez-la comme vous la diriez à quelqu'un."
    return [Message(text=composer(notice), data={"notice": True, "droits": "/donnees-personnelles", "contact": reponses.contact(caisse)}),
            Message(text=composer(bonjour), kind="question")]
