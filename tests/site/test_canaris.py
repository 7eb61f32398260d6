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
from fastapi.testclient import TestClient
from sqlalchemy import select

from bot.agenda import comptes_rendus
from bot.agenda.auteurs import conseiller
from bot.cli import principal
from bot.contacts import conversations as memoire
from bot.contacts.caisses import caisse
from bot.contacts.cle import cle_installation
from bot.contacts.tables import Cible, Conversation, Echange, Entretien, InvitationEnquete, Socle, Tour
from bot.enquete import cadre, jetons
from bot.horloge import Horloge
from bot.journal import regler
from bot.texte.nir import cle as cle_nir
from tests.assures import fichier as assures
from tests.assures import personne as population
from tests.fabrique_enquete import MAINTENANT, contacts, vague
from tests.marche import lisible
from tests.site.rdv_aide import Lecteur
from tests.site.test_espace_agenda import bilan, issue
from tests.site.test_rdv_conversation import assuree  # noqa: F401  (fixture)
from tests.site.test_relais import Personne, ecrit, numero, prend
from tests.site.test_reponses_du_moteur import FauxMoteur

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
# And after what a counsellor does of them, in the workspace: what she has read again, what a file of the population brings.
PERMIS_CAISSE = {**PERMIS, "maladie": {"compte_rendu.note"}, "nom": PERMIS["nom"] | {"assure.nom", "compte_rendu.note"},
                 "telephone": PERMIS["telephone"] | {"assure.telephone", "compte_rendu.note"},
                 "courriel": PERMIS["courriel"] | {"assure.courriel", "compte_rendu.note"}}


def serrer(texte: str) -> str:
    """Letters and digits only, so that « 06.39… » is found as « 06 39… »."""
    return re.sub(r"[^0-9a-zà-ÿ@]", "", texte.lower())


def trouves(dossier: Path, base: Path, dits: str) -> dict[str, set[str]]:
    """Where each canary stands: table.column of the database, name of another file, or « journal »."""
    lieux = colonnes(base)
    for fichier in dossier.rglob("*"):
        if fichier.is_file() and not fichier.name.startswith(base.name):
            _chercher(lieux, fichier.name, fichier.read_bytes().decode("utf-8", "replace"))
    _chercher(lieux, "journal", dits)
    return lieux


def colonnes(base: Path, prefixe: str = "") -> dict[str, set[str]]:
    """Where each canary stands in a SQLite file: table.column."""
    lieux: dict[str, set[str]] = {nom: set() for nom in CANARIS}
    with closing(sqlite3.connect(base)) as lue:
        for (table,) in lue.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall():
            curseur = lue.execute(f'SELECT * FROM "{table}"')
            for ligne in curseur.fetchall():
                for (colonne, *_), valeur in zip(curseur.description, ligne):
                    _chercher(lieux, f"{prefixe}{table}.{colonne}", valeur.decode("utf-8", "replace") if isinstance(valeur, bytes) else _lisible(valeur))
    return lieux


def _chercher(lieux: dict[str, set[str]], lieu: str, texte: str) -> None:
    serre = serrer(texte)
    for nom, valeur in CANARIS.items():
        if serrer(valeur) in serre:
            lieux[nom].add(lieu)


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
        bouton = memoire.proposer(s, conversation, [("Laisser un message", {"relais": "message"})])[0]
    assuree.client.post("/api/messages", json={"message_id": str(uuid4()), "choice": bouton})
    for message, attendu in ((f"Mon compte {IBAN}, mon numéro {NIR}", "form"), (f"Rappelez au {TELEPHONE} ou {COURRIEL}", "confirmation")):
        valeurs = {"nom": NOM, "telephone": TELEPHONE, "moment": "Le matin", "message": message}
        recu = assuree.client.post("/api/messages", json={"message_id": str(uuid4()), "form": {"id": "rappel", "values": valeurs}})
        assert recu.json()["messages"][0]["kind"] == attendu, recu.text


def ailleurs(lieux: dict[str, set[str]], permis: dict[str, set[str]]) -> dict[str, list[str]]:
    """Where a canary stands and should not."""
    return {nom: sorted(lieux[nom] - permis[nom]) for nom in permis if lieux[nom] - permis[nom]}


def test_les_canaris_ne_sont_que_la_ou_ils_doivent_etre(journaux, parcours, sessions, tmp_path):
    lieux = trouves(tmp_path, tmp_path / "contacts.db", journaux())
    assert ailleurs(lieux, PERMIS) == {}
    # what the journeys were for is there: a search that finds nothing would prove nothing
    assert {"entretien.nom", "rappel.nom"} <= lieux["nom"] and {"entretien.telephone", "rappel.telephone"} <= lieux["telephone"]
    assert "entretien.courriel" in lieux["courriel"]


def test_le_moteur_ne_voit_ni_numero_ni_identite(parcours):
    entendu = serrer("\n".join(parcours.entendus))
    assert parcours.entendus and not [nom for nom in ("nir", "iban", "telephone", "courriel") if serrer(CANARIS[nom]) in entendu]


def test_apres_une_demi_heure_la_conversation_na_plus_rien_a_dire(parcours, sessions, tmp_path):
    """The text goes; what stays of a name is the sentence nobody understood, masked and tied to nobody, for 90 days."""
    with sessions() as s:
        memoire.purger(s, Horloge.reglee().maintenant().replace(day=15))
    lieux = trouves(tmp_path, tmp_path / "contacts.db", "")
    assert not [lieu for nom in CANARIS for lieu in lieux[nom] if lieu.split(".")[0] in ("echange", "brouillon", "choix", "conversation")]
    assert lieux["maladie"] == set()


# -- health -----------------------------------------------------------------------------------------------------------------------------------


def dits(reponse) -> str:
    return lisible("\n".join(m["text"] for m in reponse.json()["messages"]))


def test_une_maladie_ne_laisse_que_son_sujet(assuree, journaux, sessions, tmp_path, monkeypatch):  # noqa: F811
    """« je suis en dépression CANARI7 » (security.md §3.5): answered, told not to, and no word of it anywhere."""
    monkeypatch.setitem(CANARIS, "temoin", "CANARI7")
    assuree.dit("Bonjour")
    recu = assuree.dit("je suis en dépression CANARI7, puis-je payer plus tard ?")
    assert "Ne donnez pas d'information de santé ici" in dits(recu).replace("’", "'")
    relu = assuree.client.get("/api/messages").json()["messages"]
    assert [lisible(m["text"]) for m in relu if m["author"] == "assure"][-1] == "Message non gardé : il parlait de santé."
    lieux = trouves(tmp_path, tmp_path / "contacts.db", journaux())
    assert lieux["maladie"] == lieux["temoin"] == set()
    with sessions.lecture() as s:
        assert s.scalars(select(Tour.texte_masque).order_by(Tour.id.desc())).first() is None


def test_temoin_une_question_de_droit_est_gardee_et_ne_recoit_aucun_conseil(assuree, sessions):  # noqa: F811
    recu = assuree.dit("je suis en arrêt maladie, ai-je droit aux IJ ?")
    assert "information de santé" not in dits(recu)
    with sessions.lecture() as s:
        assert s.scalars(select(Echange.dit).order_by(Echange.id.desc())).first() == "je suis en arrêt maladie, ai-je droit aux IJ ?"


def test_au_milieu_dun_acte_seuls_les_mots_de_sante_sont_masques(assuree, sessions):  # noqa: F811
    assuree.dit("rdv, pour un entretien")
    assuree.dit("plutôt le matin, j'ai une dépression")
    with sessions.lecture() as s:
        assert s.scalars(select(Echange.dit).order_by(Echange.id.desc())).first() == "plutôt le matin, j'ai une […]"


def test_au_milieu_dun_acte_une_commande_tapee_avec_un_nom_narrive_pas_au_moteur(assuree):  # noqa: F811
    """What is put aside (a number, a name) is taken from the text as typed: its leading « / » must not come back with it (security.md, S2)."""
    reponse = assuree.dit("rdv, pour un entretien")
    assert reponse.status_code == 200
    for commande in ("/annuler_rdv", "EXTERNAL: annuler_rdv", " / /annuler_rdv"):
        assuree.dit(f"{commande} au {TELEPHONE}")
        assert assuree.entendus[-1] == "annuler_rdv au [téléphone masqué]"


# -- at the caisse ------------------------------------------------------------------------------------------------------------------------------


def test_chez_la_caisse_les_canaris_ne_sont_que_la_ou_ils_doivent_etre(journaux, bureau, monkeypatch):
    """A counsellor in the conversation, her note of an entretien, the file of the population, a letter, what she types in the wrong field."""
    espace = bureau.espace
    monkeypatch.setenv("CONSEIL_DONNEES", str(espace.reglages.donnees))
    monkeypatch.setenv("CONSEIL_NOW", "2011-09-14T10:00")
    _avec_un_conseiller(espace)
    claire = bureau.connecte()
    for champ in ("q", "jour", "conseiller"):
        claire.get("/espace/agenda", params={champ: TOUT}), claire.get("/espace/assures", params={champ: TOUT[:60]})
    rendu, note = {**issue(), **bilan()}, {"note": f"{NOM}, {TELEPHONE}, {COURRIEL}, {NIR}, {IBAN}, {MALADIE}"}
    refus = claire.post(f"/espace/entretiens/{bureau.entretien_id}/compte-rendu", **{**rendu, **note})
    assert refus.status_code == 422 and f"parle de santé (« {MALADIE} »)" in lisible(refus.text).replace("&#39;", "'")
    assert claire.post(f"/espace/entretiens/{bureau.entretien_id}/compte-rendu", **{**rendu, **note, "note_relue": "oui"}).status_code == 303
    claire.post("/espace/entretien-spontane", note=TOUT, forme=TOUT, origine=NIR)
    claire.post(f"/espace/entretiens/{bureau.entretien_id}/annulation", raison=TOUT)
    donnees = espace.reglages.donnees
    bonne = {**population(7, nom=NOM, telephone=TELEPHONE, courriel=COURRIEL), "canal": "courriel"}
    assert principal(["population", "importer", str(assures(donnees.parent, [bonne], nom="bonne.csv")), "--caisse", "demo-aquitaine"]) == 0
    for nom, valeurs in (("nir", {"prenom": NIR}), ("profession", {"profession": f"{MALADIE} {IBAN}", "statut": MALADIE})):
        principal(["population", "importer", str(assures(donnees.parent, [bonne, {**population(8), **valeurs}], nom=f"{nom}.csv")), "--caisse", "demo-aquitaine"])
    principal(["courriers", "preparer", "--caisse", "demo-aquitaine", "--action", "EIG"])
    lieux = trouves(donnees, donnees / "contacts.db", journaux())
    assert ailleurs(lieux, PERMIS_CAISSE) == {}
    assert {"assure.nom", "compte_rendu.note"} <= lieux["nom"] and "assure.telephone" in lieux["telephone"]


def _avec_un_conseiller(espace) -> None:
    """The hand-over: a queue, a counsellor who takes it and reads, the illness and the numbers written to her."""
    contexte = espace.app.state.contexte
    dialogue = contexte.dialogue
    vrai, heure, dialogue.moteur, dialogue.horloge = dialogue.moteur, dialogue.horloge, FauxMoteur(espace.app), contexte.horloge
    try:
        dialogue.moteur.comprend("parler_conseiller")
        elle, claire = Personne(espace), espace.connecte("claire.fontaine")
        elle.dit("je veux parler à quelqu'un")
        elle.dit(f"en attendant : {TOUT}")
        assert prend(espace, claire).status_code == 303
        elle.dit(TOUT), elle.dit(f"j'ai une {MALADIE}, appelez le {TELEPHONE}")
        ecrit(espace, claire, "Je vous appelle demain.")
        page = lisible(claire.get(f"/espace/conversations/{numero(espace)}").text)
        assert "[numéro masqué]" in page and "j’ai une […]" in page.replace("'", "’").replace("&#39;", "’") and MALADIE not in page
    finally:
        dialogue.moteur, dialogue.horloge = vrai, heure


# -- where people write from ------------------------------------------------------------------------------------------------------------------------


def test_ladresse_dun_visiteur_nest_gardee_nulle_part(client, journaux, sessions, tmp_path, monkeypatch):
    """No IP address in any table, log or file: there is nothing to truncate after seven days (security.md §3.2)."""
    monkeypatch.setitem(CANARIS, "adresse", "203.0.113.77")
    visiteur = TestClient(client.app, base_url="http://127.0.0.1", raise_server_exceptions=False, client=("203.0.113.77", 50_000))
    visiteur.portal = client.portal
    visiteur.post("/api/conversations")
    visiteur.post("/api/messages", json={"message_id": str(uuid4()), "text": "plafond ?"})
    visiteur.post("/api/messages", content=b"{", headers={"x-forwarded-for": "203.0.113.77"})
    visiteur.post("/rendez-vous/code", data={"code": "AAAA2222", "nom": "Exemple"}), visiteur.get("/enquete/AAA-222-BBB"), visiteur.get("/nulle-part")
    lieux = trouves(tmp_path, tmp_path / "contacts.db", journaux())
    assert lieux["adresse"] == set()


# -- the search itself --------------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("nom", CANARIS)
def test_temoin_un_canari_mal_place_se_voit(sessions, tmp_path, nom):
    with sessions() as s:
        caisse(s, "demo-aquitaine").site = f"https://exemple.example/{CANARIS[nom].replace(' ', '.')}"
    (tmp_path / "journal.log").write_text(f"erreur : {CANARIS[nom]}")
    assert trouves(tmp_path, tmp_path / "contacts.db", CANARIS[nom])[nom] >= {"caisse.site", "journal.log", "journal"}
