"""Caisses where everything has happened once, for what must be true of every page: axe, the audit walk, the headers.

`remplir` plays September 2011 (agenda, campaign, letters, survey, rencontre, live conversation, review), `remplir_bilan` the exercise until the national
edition; both through the workspace's own pages. `adresses` gives, for each GET route of the workspace, the addresses where there is something to see.
"""
import re
import shutil
from datetime import date, timedelta
from pathlib import Path
from uuid import uuid4

from fastapi.testclient import TestClient
from sqlalchemy import select

from bot.contacts import comptes
from bot.contacts.base import Sessions, ouvrir
from bot.contacts.cle import cle_installation
from bot.contacts.comptes_demo import PERSONNES_DEMO
from bot.contacts.tables import (
    Assure,
    Avis,
    BilanRecu,
    Fermeture,
    InvitationEnquete,
    Lot,
    OutilVersion,
    Relais,
    Rencontre,
    Tirage,
    Tour,
    Vague,
)
from bot.enquete import cadre, jetons, reponses
from bot.horloge import Horloge, lire_instant
from bot.site.espace.droits import DROITS, OUVERTE
from tests import fabrique_enquete
from tests.annee_bilan import Annee, nationale
from tests.campagne_essai import CAISSE
from tests.site.espace import Espace, Navigateur
from tests.site.espace_agenda import Bureau
from tests.site.test_reponses_du_moteur import FauxMoteur

EIG, BILAN = "/espace/campagne/2011/EIG", "/espace/bilan/2011"
QUI = {niveau: next(p.identifiant for p in PERSONNES_DEMO if niveau in p.niveaux and p.caisse_code != "demo-reunion")
       for p in PERSONNES_DEMO for niveau in p.niveaux}
VISAS = (("denis.ravin", "chiffres"), ("zoe.garrigue", "prevention"))


def qui_prend(route: str) -> str:
    """Someone of the demonstration who may take a route."""
    return QUI[next(n for n in ("responsable", "conseiller", "directeur", "national", *QUI) if n in DROITS[route].niveaux)]


def marcher(reponse, *statuts: int):
    """The scene is set only if every step is served."""
    assert reponse.status_code in (statuts or (200, 303)), (reponse.request.url, reponse.status_code, re.sub(r"<[^>]+>|\s+", " ", reponse.text)[-1500:])
    return reponse


# -- September 2011 -------------------------------------------------------------------------------------------------------------------------------


def remplir(bureau: Bureau) -> None:
    """Everything a caisse of the field may meet."""
    espace = bureau.espace
    claire, marc, lise = (espace.connecte(q) for q in ("claire.fontaine", "marc.colline", "lise.riviere"))
    _population(espace)
    marcher(marc.post(f"{EIG}/tirages", taille="10", apres="0"))
    marcher(lise.post(f"{EIG}/courriers"))
    with espace.sessions.lecture() as s:
        lot = s.scalar(select(Lot.id))
    marcher(lise.post(f"/espace/lots/{lot}/parti"))
    marcher(marc.post("/espace/agenda/fermeture", portee="caisse", jour="2011-12-26", raison="autre"))
    bureau.reserver(date(2011, 9, 15), "14:30", conseiller=bureau.claire)
    lieu = marcher(claire.post("/espace/rencontres", theme="auto_entrepreneur", titre="Bien démarrer", jour="2011-10-04", debut="17:00", fin="19:00",
                               lieu="Salle fictive", places="1", animateurs=[str(bureau.claire)])).headers["location"]
    for nom in ("Exemple Un", "Exemple Deux"):
        marcher(claire.post(f"{lieu.partition('?')[0]}/inscriptions", nom=nom, telephone=f"06399802{len(nom):02d}"))
    marcher(claire.post("/espace/agenda/calendrier"))
    _enquete(espace)
    _conversations(espace, claire)
    _relire(espace)


def _population(espace: Espace) -> None:
    with espace.sessions() as s:
        s.add_all([Assure(caisse_code=CAISSE, identifiant=f"P{n:05}", civilite="MME", nom=f"Fictif-{n}", prenom="Jeanne", sexe="F", groupe_pro="artisan",
                          date_naissance=date(1952 if n % 2 else 1957, 3, 1), statut="actif", auto_entrepreneur=False, carriere="incomplete",
                          date_affiliation=date(1990, 1, 1), adresse=f"{n} rue de l'Essai", code_postal="33000", ville="Bordeaux", canal="courrier",
                          telephone="01 99 00 00 01") for n in range(1, 19)])


def _enquete(espace: Espace) -> None:
    """A wave of 40 with 20 answers and two comments."""
    cle = cle_installation(espace.reglages)
    with espace.sessions() as s:
        fabrique_enquete.contacts(s, 40)
        cadre.tirer(s, fabrique_enquete.vague(s, maintenant=espace.maintenant), espace.maintenant, cle)
        codes = [jetons.code(cle, i.pseudonyme) for i in s.scalars(select(InvitationEnquete).order_by(InvitationEnquete.id))]
    with espace.sessions() as s:
        for rang, code in enumerate(codes[:20]):
            mots = {"commentaire": "Accueil parfait, merci à M. Durand"} if rang < 2 else {}
            reponses.repondre(s, reponses.ouvrir(s, code, cle, espace.maintenant), {"Q1": "tres" if rang % 4 else "pas", "Q5": ["D3"]}, "web", **mots)


def codes_enquete(espace: Espace) -> list[str]:
    """Codes of invitations not answered yet, written as on a letter."""
    cle = cle_installation(espace.reglages)
    with espace.sessions.lecture() as s:
        return [jetons.presenter(jetons.code(cle, i.pseudonyme)) for i in s.scalars(select(InvitationEnquete).order_by(InvitationEnquete.id))][20:]


class Assis:
    """Someone who chats on this site."""

    def __init__(self, espace: Espace):
        self.client = TestClient(espace.app, base_url="http://127.0.0.1", raise_server_exceptions=False)
        self.client.post("/api/conversations").raise_for_status()

    def dit(self, texte: str) -> dict:
        return self.client.post("/api/messages", json={"message_id": str(uuid4()), "text": texte}).json()


def demander_quelquun(espace: Espace) -> Assis:
    """Someone in the queue, with a question."""
    dialogue = espace.app.state.contexte.dialogue
    vrai, avant = dialogue.moteur, dialogue.horloge
    dialogue.moteur, dialogue.horloge = FauxMoteur(espace.app).comprend("parler_conseiller"), espace.app.state.contexte.horloge
    try:
        assis = Assis(espace)
        recu = assis.dit("je veux parler à quelqu'un")
        assert recu.get("state") == {"mode": "waiting"}, recu
        assis.dit("quel est le plafond de chiffre d'affaires d'un auto-entrepreneur")
        return assis
    finally:
        dialogue.moteur, dialogue.horloge = vrai, avant


def _conversations(espace: Espace, claire: Navigateur) -> None:
    """One in Claire's hands, one waiting, one call-back asked for."""
    marcher(claire.post("/espace/conversations/presence", acte="present"))
    tenu = demander_quelquun(espace)
    with espace.sessions.lecture() as s:
        numero = s.scalar(select(Relais.id))
    marcher(claire.post(f"/espace/conversations/{numero}/prise"))
    marcher(claire.post(f"/espace/conversations/{numero}/message", texte="Bonjour, je vous écoute.", jeton=str(uuid4())))
    demander_quelquun(espace)
    tenu.client.close()
    from bot.contacts import relais
    with espace.sessions() as s:
        relais.laisser_message(s, CAISSE, nom="Camille Fictif", telephone="01 99 00 00 07", moment="Le matin", message="Mon échéancier",
                               maintenant=espace.maintenant)


def _relire(espace: Espace) -> None:
    with espace.sessions() as s:
        for rang, (issue, texte) in enumerate((("incompris", "mon dossier de prêt"), ("incompris", "comment protéger ma maison avec l'eirl"),
                                               ("hors_sujet", "la météo"), ("repondu", None), ("refus", None))):
            ligne = Tour(caisse_code=CAISSE, le=espace.maintenant - timedelta(days=rang), issue=issue, premiers=[], texte_masque=texte, duree_ms=12,
                         sujet=None if texte else "eirl.definition")
            s.add(ligne)
            s.flush()
            if not texte:
                s.add(Avis(tour_id=ligne.id, utile=rang == 3, raison=None if rang == 3 else "pas_clair", le=ligne.le))


# -- the exercise ---------------------------------------------------------------------------------------------------------------------------------


def ecrire_annee(modele_espace: Path, dossier: Path) -> Path:
    """A database with a whole year of demo-aquitaine, to copy."""
    chemin = Path(shutil.copy(modele_espace, dossier / "contacts.db"))
    engine = ouvrir(f"sqlite:///{chemin}")
    with Sessions(engine)() as s:
        nationale(s)
        Annee(s, CAISSE).tout()
    engine.dispose()
    return chemin


def remplir_bilan(espace: Espace) -> None:
    """On 20 January 2012: checked, visa'd, signed, sent, received, consolidated, published."""
    espace.app.state.contexte.horloge = Horloge.depuis(lire_instant("2012-01-20T10:00"))
    marcher(espace.connecte("marc.colline").post(f"{BILAN}/controle"))
    for qui, genre in VISAS:
        viser(espace, qui, f"visa/{genre}")
    marcher(espace.connecte("anne.sommet").post(f"{BILAN}/cle"))
    viser(espace, "anne.sommet", "signature")
    marcher(espace.connecte("anne.sommet").post(f"{BILAN}/transmission"))
    jean = espace.connecte("jean.plateau")
    marcher(jean.post("/espace/bilans/2011/consolidation"))
    marcher(jean.post("/espace/bilans/2011/editions/1/publication"))


def viser(espace: Espace, qui: str, chemin: str) -> None:
    """Sign or visa what is on the screen of this person."""
    navigateur = espace.connecte(qui)
    lu = re.search(r'name="sha256" value="(\w{64})"', navigateur.get("/espace/bilan").text)[1]
    marcher(navigateur.post(f"{BILAN}/{chemin}", sha256=lu))


# -- where there is something to see --------------------------------------------------------------------------------------------------------------


def parametres(espace: Espace) -> dict[str, str]:
    """What stands in the addresses of the workspace: parameter → a value that exists there (absent when nothing does)."""
    with espace.sessions.lecture() as s:
        def premier(colonne, *conditions):
            return s.scalar(select(colonne).where(*conditions).order_by(colonne).limit(1))
        from bot.contacts.tables import Commentaire, Entretien, Inscription, Ouverture, Rappel
        rencontre = premier(Inscription.rencontre_id) or premier(Rencontre.id, Rencontre.caisse_code == CAISSE)
        trouves = {
            "vague_id": premier(Vague.id), "tirage_id": premier(Tirage.id), "lot_id": premier(Lot.id), "fermeture_id": premier(Fermeture.id),
            "entretien_id": premier(Entretien.id, Entretien.operation_id == "ce-matin"), "assure_id": premier(Assure.id, Assure.caisse_code == CAISSE),
            "rencontre_id": rencontre, "relais_id": premier(Relais.id), "recu_id": premier(BilanRecu.id), "annee": 2011, "code": "EIG", "forme": "pdf",
            "outil": "trame", "partie": "CARRIERE", "format": "html", "numero": 1, "genre": "publique", "champ": "textes.synthese",
            "conseiller_id": comptes.par_identifiant(s, "paul.vallon").conseiller_id, "version_id": premier(OutilVersion.id),
            "commentaire_id": premier(Commentaire.id), "inscription_id": premier(Inscription.id, Inscription.rencontre_id == rencontre),
            "ouverture_id": premier(Ouverture.id), "rappel_id": premier(Rappel.id)}
        fichiers = sorted(p.stem for p in (espace.reglages.donnees / "propositions").glob("*.yml"))
    trouves["nom"] = fichiers[0] if fichiers else None
    return {nom: str(valeur) for nom, valeur in trouves.items() if valeur is not None}


def adresse(chemin: str, valeurs: dict[str, str]) -> "str | None":
    """A path with its parameters filled; None when one has no value here."""
    manque = [n for n in re.findall(r"{(\w+)}", chemin) if n not in valeurs]
    return None if manque else re.sub(r"{(\w+)}", lambda m: valeurs[m[1]], chemin)


def lectures(espace: Espace) -> dict[str, str]:
    """{name: path} of the GET routes of the workspace that someone logged in takes."""
    from tests.site.test_espace_droits import de_lespace
    return {r.name: r.path for r in de_lespace(espace.app) if "GET" in r.methods and OUVERTE in DROITS[r.name].etapes}
