"""Canaries: a NIR, an account number, a telephone, an address, a name and an illness are typed wherever the public can type, without the engine;
then every table, log and file is searched. They may stand only where the act they were given for needs them (security.md §3, P1)."""
import logging
import re
import sqlite3
from contextlib import closing
from datetime import date
from pathlib import Path
from uuid import uuid4

import pytest
import structlog
from sqlalchemy import select

from bot.agenda import comptes_rendus
from bot.agenda.auteurs import conseiller
from bot.contacts import conversations as memoire
from bot.contacts.caisses import caisse
from bot.contacts.cle import cle_installation
from bot.contacts.tables import Cible, Conversation, Entretien, InvitationEnquete, Socle
from bot.enquete import cadre, jetons
from bot.horloge import Horloge
from bot.journal import regler
from bot.texte.nir import cle as cle_nir
from tests.fabrique_enquete import MAINTENANT, contacts, vague
from tests.site.rdv_aide import Lecteur
from tests.site.test_rdv_conversation import assuree  # noqa: F401  (fixture)

# Made here, not written: no number of this shape stands in our files.
_CORPS = "2" + "60" + "04" + "33" + "063" + "142"
NIR = f"{_CORPS[0]} {_CORPS[1:3]} {_CORPS[3:5]} {_CORPS[5:7]} {_CORPS[7:10]} {_CORPS[10:]} {cle_nir(_CORPS):02d}"
_BBAN = "30006000011234567890189"
IBAN = f"FR{98 - int(''.join(str(int(c, 36)) for c in _BBAN + 'FR00')) % 97:02d}{_BBAN}"
TELEPHONE, COURRIEL, NOM, MALADIE = "06 39 98 47 53", "canari.mauve@exemple.example", "Zinzolin", "dépression"
CANARIS = {"nir": NIR, "iban": IBAN, "telephone": TELEPHONE, "courriel": COURRIEL, "nom": NOM, "maladie": MALADIE}
TOUT = f"Je m'appelle {NOM}, mon numéro {NIR}, mon compte {IBAN}, tél {TELEPHONE}, {COURRIEL}, et j'ai une {MALADIE}"

# Where each may stand after these journeys.
PERMIS = {
    "nir": set(), "iban": set(),
    "telephone": {"entretien.telephone", "rappel.telephone", "brouillon.prive"},
    "courriel": {"entretien.courriel", "brouillon.prive"},
    # a name written in a sentence is masked by no pattern (security.md §3.4): it lives with the conversation; a summary reads it back
    "nom": {"entretien.nom", "rappel.nom", "brouillon.prive", "echange.dit", "echange.enveloppe", "tour.texte_masque"},
    "maladie": set(),
}
# What the site does not hold yet: a health statement should leave its topic only (security.md §3.5 b).
ECARTS = {"maladie": {"echange.dit", "tour.texte_masque"}}


def serrer(texte: str) -> str:
    """Letters and digits only, so that « 06.39… » is found as « 06 39… »."""
    return re.sub(r"[^0-9a-zà-ÿ@]", "", texte.lower())


def trouves(dossier: Path, base: Path, dits: str) -> dict[str, set[str]]:
    """Where each canary stands: table.column of the database, name of another file, or « journal »."""
    lieux: dict[str, set[str]] = {nom: set() for nom in CANARIS}

    def noter(lieu: str, texte: str) -> None:
        serre = serrer(texte)
        for nom, valeur in CANARIS.items():
            if serrer(valeur) in serre:
                lieux[nom].add(lieu)
    with closing(sqlite3.connect(base)) as lue:
        for (table,) in lue.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall():
            curseur = lue.execute(f'SELECT * FROM "{table}"')
            for ligne in curseur.fetchall():
                for (colonne, *_), valeur in zip(curseur.description, ligne):
                    noter(f"{table}.{colonne}", valeur.decode("utf-8", "replace") if isinstance(valeur, bytes) else _lisible(valeur))
    for fichier in dossier.rglob("*"):
        if fichier.is_file() and not fichier.name.startswith(base.name):
            noter(fichier.name, fichier.read_bytes().decode("utf-8", "replace"))
    noter("journal", dits)
    return lieux


def _lisible(valeur) -> str:
    """A JSON column as people would read it: « \\u00e9 » is « é »."""
    texte = str(valeur)
    return texte.encode().decode("unicode_escape", "replace") if "\\u" in texte else texte


@pytest.fixture
def journaux(capfd, caplog):
    """Everything any log of this process says, from DEBUG up."""
    caplog.set_level(logging.DEBUG)
    logging.getLogger("httpx").setLevel(logging.WARNING)  # the visitor's own browser, here
    structlog.reset_defaults()
    regler()
    yield lambda: "\n".join([*capfd.readouterr(), caplog.text])
    logging.getLogger("httpx").setLevel(logging.NOTSET)
    structlog.reset_defaults()


@pytest.fixture
def parcours(assuree, sessions, reglages):  # noqa: F811
    """Every journey of the public that needs no engine, canaries typed in all of them."""
    _conversation(assuree, sessions)
    _rendez_vous_en_conversation(assuree)
    _pages(assuree, sessions)
    _enquete(assuree, sessions, reglages)
    _boite_a_messages(assuree, sessions)
    return assuree


def _conversation(assuree, sessions) -> None:  # noqa: F811
    for texte in (TOUT, f"stop {TOUT}", f"combien de trimestres ? {TOUT}", f"NIR:{NIR.replace(' ', '')} IBAN:{IBAN} {COURRIEL.replace('@', ' (at) ')}",
                  f"/reserver {TOUT}", f"je suis malade, {MALADIE}, que prendre ? {NIR}"):
        assuree.dit(texte[:500])
    assuree.client.post("/api/messages", json={"message_id": "pas-un-uuid", "text": TOUT})  # refused, and its echo with it
    assuree.client.post("/api/messages", json={"message_id": str(uuid4()), "text": TOUT * 30})
    assuree.client.post("/api/messages", json={"message_id": str(uuid4()), "form": {"id": "inconnu", "values": {"nom": TOUT}}})
    assuree.client.get(f"/faq?q={TOUT}")
    assuree.client.get(f"/{NOM}/{NIR}")


def _rendez_vous_en_conversation(assuree) -> None:  # noqa: F811
    def appuie(reponse, debut):
        choix = next(c for m in reponse.json()["messages"] for c in m["choices"] if c["label"].replace("\u00a0", " ").replace("\u202f", " ").startswith(debut))
        return assuree.client.post("/api/messages", json={"message_id": str(uuid4()), "choice": choix["id"]})
    reponse = appuie(assuree.dit(f"rdv, pour un entretien, {MALADIE}, {NIR}"), "À l'antenne")
    reponse = appuie(appuie(reponse, "Bordeaux"), "Le plus tôt possible")
    appuie(reponse, "Lundi 19 septembre 2011 à 9 h 00")
    formulaire = {"nom": NOM, "prenom": "Camille", "telephone": TELEPHONE, "courriel": COURRIEL}
    for valeurs in ({**formulaire, "telephone": f"{TELEPHONE} ou {NIR}"}, formulaire):
        reponse = assuree.client.post("/api/messages", json={"message_id": str(uuid4()), "form": {"id": "rdv_identite", "values": valeurs}})
    assert appuie(reponse, "Oui, je confirme").json()["messages"][-1]["kind"] == "confirmation"


def _pages(assuree, sessions) -> None:  # noqa: F811
    """The booking pages, without JavaScript, and what is typed in the wrong field."""
    lecteur = Lecteur(assuree.client.app, assuree.client.portal)
    lecteur.va("/rendez-vous").suit("Faire le point").suit("Antenne de Bordeaux").presse("Lundi 19 septembre 2011 à 11 h 30")
    lecteur.presse("Continuer", nom=NOM, prenom=NIR, telephone=NIR, courriel=IBAN)
    lecteur.presse("Continuer", nom=NOM, prenom="Camille", telephone="06 39 98 00 54", courriel=COURRIEL).presse("Je confirme")
    assert "Votre code" in lecteur.texte, lecteur.texte
    for code, nom in ((NIR, NOM), (IBAN, TELEPHONE), (COURRIEL, MALADIE)):
        lecteur.client.post("/rendez-vous/code", data={"code": code, "nom": nom})
    f, _ = lecteur.va("/espace/connexion").formulaire("onnect")
    assert lecteur.envoie("post", f.action, {**f.champs, "identifiant": COURRIEL, "mot_de_passe": f"{NOM}{NIR}"}).statut in (401, 422), lecteur.texte
    with sessions() as s:  # the counsellor's note: free text, kept, and read by the person if she asks
        entretien = s.scalars(select(Entretien).order_by(Entretien.id)).first()
        comptes_rendus.rediger(s, entretien, issue="honore", auteur=conseiller(entretien.conseiller_id), maintenant=entretien.fin, note="Dossier à revoir.")


def _enquete(assuree, sessions, reglages) -> None:  # noqa: F811
    cle = cle_installation(reglages)
    with sessions() as s:
        s.add(Cible(socle_id=s.scalars(select(Socle.id)).first(), code="EIG", perimetre="socle", genre="entretien", titre="EIG", du=date(2011, 1, 1),
                    au=date(2012, 3, 31)))
        s.flush()
        contacts(s, 1, "EIG")
        v = vague(s, "EIG")
        cadre.tirer(s, v, MAINTENANT, cle)
        code = jetons.presenter(jetons.code(cle, s.scalars(select(InvitationEnquete)).one().pseudonyme))
    for item, champs in (("Q1", {"reponse": "tres"}), ("Q2", {"reponse": TOUT[:80]}), ("Q12", {"texte": TOUT, "commentaire": TOUT, "reponse": TOUT})):
        assuree.client.post(f"/enquete/{code}/{item}", data={**champs, "acte": "continuer"}, headers={"accept": "text/html"})
    assuree.client.post("/enquete", data={"code": NIR}, headers={"accept": "text/html"})


def _boite_a_messages(assuree, sessions) -> None:  # noqa: F811
    """A message left for a counsellor: name and number are for the call-back, its words are masked."""
    with sessions() as s:
        conversation = s.scalars(select(Conversation)).one()
        bouton = memoire.proposer(s, conversation, "Laisser un message", {"relais": "message"}).id
    assuree.client.post("/api/messages", json={"message_id": str(uuid4()), "choice": bouton})
    for message, attendu in ((f"Mon compte {IBAN}, mon numéro {NIR}", "form"), (f"Rappelez au {TELEPHONE} ou {COURRIEL}", "confirmation")):
        valeurs = {"nom": NOM, "telephone": TELEPHONE, "moment": "Le matin", "message": message}
        recu = assuree.client.post("/api/messages", json={"message_id": str(uuid4()), "form": {"id": "rappel", "values": valeurs}})
        assert recu.json()["messages"][0]["kind"] == attendu, recu.text


def test_les_canaris_ne_sont_que_la_ou_ils_doivent_etre(journaux, parcours, sessions, tmp_path):
    lieux = trouves(tmp_path, tmp_path / "contacts.db", journaux())
    ailleurs = {nom: sorted(reste) for nom in CANARIS if (reste := lieux[nom] - PERMIS[nom] - ECARTS.get(nom, set()))}
    assert ailleurs == {}
    # what the journeys were for is there: a search that finds nothing would prove nothing
    assert {"entretien.nom", "rappel.nom"} <= lieux["nom"] and {"entretien.telephone", "rappel.telephone"} <= lieux["telephone"]
    assert "entretien.courriel" in lieux["courriel"]


def test_le_moteur_ne_voit_ni_numero_ni_identite(parcours):
    entendu = serrer("\n".join(parcours.entendus))
    assert parcours.entendus and not [nom for nom in ("nir", "iban", "telephone", "courriel") if serrer(CANARIS[nom]) in entendu]


def test_apres_une_demi_heure_la_conversation_na_plus_rien_a_dire(parcours, sessions, tmp_path):
    """The text goes; what stays of a name or an illness is the sentence nobody understood, masked and tied to nobody, for 90 days."""
    with sessions() as s:
        memoire.purger(s, Horloge.reglee().maintenant().replace(day=15))
    lieux = trouves(tmp_path, tmp_path / "contacts.db", "")
    assert not [lieu for nom in CANARIS for lieu in lieux[nom] if lieu.split(".")[0] in ("echange", "brouillon", "choix", "conversation")]
    assert lieux["maladie"] <= {"tour.texte_masque"}


@pytest.mark.xfail(strict=True, reason="security.md §3.5 b : les mots d'une maladie restent 24 h dans la conversation, 90 jours s'ils ne sont pas compris")
def test_une_maladie_ne_laisse_que_son_sujet(parcours, sessions, tmp_path):
    assert trouves(tmp_path, tmp_path / "contacts.db", "")["maladie"] == set()


@pytest.mark.parametrize("nom", CANARIS)
def test_temoin_un_canari_mal_place_se_voit(sessions, tmp_path, nom):
    with sessions() as s:
        caisse(s, "demo-aquitaine").site = f"https://exemple.example/{CANARIS[nom].replace(' ', '.')}"
    (tmp_path / "journal.log").write_text(f"erreur : {CANARIS[nom]}")
    assert trouves(tmp_path, tmp_path / "contacts.db", CANARIS[nom])[nom] >= {"caisse.site", "journal.log", "journal"}
