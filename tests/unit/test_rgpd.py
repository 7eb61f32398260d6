"""The rights of people and the end of data: what she may read, what goes with her, what stays counted, that she stays gone; each delay of the file."""
import json
import os
import shutil
import sqlite3
import stat
import threading
from contextlib import closing
from datetime import date, datetime, timedelta, timezone
from email import message_from_string, policy
from pathlib import Path

import pytest
import yaml
from sqlalchemy import Date, func, inspect, select, text, update

from bot.agenda import identite, rencontres, reservation, tournee
from bot.agenda.auteurs import ASSURE_PAGE
from bot.agenda.demo import installer_demo_agenda
from bot.agenda.identite import Personne
from bot.agenda.notifications import ExpediteurFichier
from bot.agenda.recherche import chercher
from bot.campagnes.annee import tout_installer
from bot.campagnes.population import importer
from bot.cli import conservation as pieces
from bot.cli import principal
from bot.contacts import audit, comptes, conservation, contacts, conversations, effacement, export_personne, historique, sauvegarde
from bot.contacts.base import Base, Instant, Sessions, ouvrir
from bot.contacts.cle import cle_installation
from bot.contacts.tables import (
    Assure,
    Brouillon,
    CompteRendu,
    Contact,
    Conversation,
    DemandeGuide,
    Effacement,
    Elimination,
    Entretien,
    Envoi,
    Inscription,
    Lot,
    Motif,
    Occupation,
    PassagePurge,
    Rappel,
    Rencontre,
)
from bot.horloge import Horloge
from bot.reglages import Reglages
from tests.annee_bilan import Annee, compte_rendu, utc
from tests.assures import fichier, personne
from tests.carnet import Carnet
from tests.marche import attendre
from tests.postgres import preparer
from tests.unit.test_enquete_vagues import boite  # noqa: F401  (fixture)

CAISSE = "demo-aquitaine"
LE = datetime(2011, 9, 14, 8, tzinfo=timezone.utc)
NUMERO = "FICTIF00001"


@pytest.fixture(scope="module")
def monde(tmp_path_factory):
    """A caisse with its campaign and agenda, and two people of its file. Copied for each test."""
    dossier = tmp_path_factory.mktemp("rgpd")
    engine = ouvrir(f"sqlite:///{dossier / 'contacts.db'}")
    preparer(engine)
    base = Sessions(engine)
    with base() as s:
        tout_installer(s, 2011, LE, souple=True)
        installer_demo_agenda(s, CAISSE, LE)
    importer(base, fichier(dossier, [personne(1, nom="Canari-Tilleul"), personne(2)]), CAISSE, maintenant=LE)
    with base() as s:
        _vie(s)
    engine.dispose()
    return dossier / "contacts.db"


def _vie(s) -> None:
    """What happened with the first person: a letter, an entretien held with its note, one to come, a place at a rencontre, a call-back, a guide."""
    assure = s.scalar(select(Assure).where(Assure.identifiant == NUMERO))
    action = Annee(s, CAISSE).action("EIG")
    lot = Lot(action_id=action.id, numero=1, modele="invitation_eig", etat="parti", prepare_le=LE)
    s.add(lot)
    s.flush()
    s.add(Envoi(lot_id=lot.id, action_id=action.id, assure_id=assure.id, canal="courrier", etat="envoye", parti_le=LE))
    tenu = contacts.prevoir_entretien(s, caisse_code=CAISSE, assure_id=assure.id, forme="physique", jour=date(2011, 9, 1), maintenant=LE,
                                      origine="campagne", action_id=action.id)
    contacts.enregistrer_entretien(s, tenu, compte_rendu(1), LE)
    motif = s.scalar(select(Motif).where(Motif.caisse_code == CAISSE, Motif.modalite == "presentiel", Motif.libre_service))
    libre = chercher(s, motif, LE).creneaux[0]
    pris = reservation.confirmer(s, operation_id="op-1", motif=motif, debut=libre.debut, antenne_id=libre.antenne_id,
                                 personne=Personne(assure_id=assure.id, telephone="06 39 98 11 11"), auteur=ASSURE_PAGE, maintenant=LE).entretien
    s.add(CompteRendu(entretien_id=pris.id, version=1, auteur_id=pris.conseiller_id, le=LE, issue="honore", note="Note-canari pour elle"))
    rencontre = Rencontre(caisse_code=CAISSE, theme="autre", titre="Rencontre", lieu="Salle des Exemples", debut=utc(date(2011, 10, 3), 14),
                          fin=utc(date(2011, 10, 3), 16), fuseau="Europe/Paris", places=10, cloture_inscriptions=utc(date(2011, 10, 3), 12))
    s.add(rencontre)
    s.flush()
    rencontres.inscrire(s, rencontre, Personne(assure_id=assure.id), ASSURE_PAGE, LE)
    s.add(Rappel(caisse_code=CAISSE, nom="Canari-Tilleul", telephone="+33 1 99 00 12 34", moment="Le matin", etat="a_faire", demande_le=LE))
    s.add(DemandeGuide(caisse_code=CAISSE, guide="auto_entrepreneur", operation_id="g-1", nom="CANARI-TILLEUL", prenom="Claire", code_postal="33000",
                       adresse="12 rue des Exemples", ville="Bordeaux", demandee_le=LE))


@pytest.fixture
def base(monde, tmp_path, monkeypatch):
    monkeypatch.setenv("CONSEIL_DONNEES", str(tmp_path))
    monkeypatch.setenv("CONSEIL_NOW", "2011-09-14T10:00")
    shutil.copy(monde, tmp_path / "contacts.db")
    engine = ouvrir(f"sqlite:///{tmp_path / 'contacts.db'}")
    yield Sessions(engine)
    engine.dispose()


def effacer(*qui) -> int:
    return principal(["rgpd", "effacer", "--caisse", CAISSE, *(qui or ("--identifiant", NUMERO))])


def tout(chemin: Path) -> str:
    """Every value of every table, as text."""
    with closing(sqlite3.connect(chemin)) as lue:
        noms = [n for (n,) in lue.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()]
        return "\n".join(str(ligne) for nom in noms for ligne in lue.execute(f'SELECT * FROM "{nom}"'))


# -- seeing -----------------------------------------------------------------------------------------------------------------------------------


def test_la_personne_lit_tout_ce_que_la_base_sait_delle(base, tmp_path, capsys):
    sortie = tmp_path / "elle.json"
    assert principal(["rgpd", "exporter", "--caisse", CAISSE, "--identifiant", NUMERO, "--vers", str(sortie)]) == 0
    document = json.loads(sortie.read_text())
    titres = {p["titre"] for p in document["parties"]}
    assert {"Votre dossier", "Vos rendez-vous", "Vos inscriptions", "Vos contacts avec la caisse", "Courriers envoyés", "Comptes rendus",
            "Demandes de rappel", "Commandes de guides", "Sujets abordés"} <= titres
    texte = sortie.read_text()
    assert all(mot in texte for mot in ("Canari-Tilleul", "Note-canari", "1952-03-09", "0639981111", "12 rue des Exemples"))
    assert stat.S_IMODE(sortie.stat().st_mode) == 0o600


def test_chaque_colonne_personnelle_de_ses_lignes_est_dans_le_document(base):
    with base() as s:
        sujet = effacement.trouver(s, CAISSE, NUMERO, pieces.AGENDA)
        lignes = export_personne._suivre(s, sujet)
        document = {p["titre"]: p for p in export_personne.exporter(s, sujet, LE)["parties"]}
        for nom, rangees in lignes.items():
            ecrites = document[export_personne.TITRES[nom]]["lignes"]
            assert len(ecrites) == len(rangees)
            for colonne in Base.metadata.tables[nom].columns:
                remplie = any(r._mapping[colonne] not in (None, "") for r in rangees.values())
                if colonne.info.get("personnel") and remplie and colonne.name != "pseudonyme":
                    assert any(colonne.name.replace("_", " ") in ligne for ligne in ecrites), f"{nom}.{colonne.name}"


# Tables that hold something of a person and that no key ties to an insured one: why the document does not look there.
AILLEURS = {
    "compte": "des comptes de l'espace", "code_secours": "idem", "essai_connexion": "idem", "conseiller": "les gens de la caisse",
    "conversation": "rattachée à personne, 24 heures au plus", "echange": "idem", "tour": "idem", "brouillon": "idem",
    "rappel": "retrouvé par le numéro", "demande_guide": "retrouvée par le nom", "assure_lu": "retrouvée par le numéro",
    "audit": "retrouvé par l'objet", "historique": "retrouvé par l'objet", "saisie_bilan": "l'auteur, de la caisse",
    "commentaire": "sous pseudonyme : dit dans la note du document"}


def test_une_table_personnelle_nouvelle_est_atteinte_ou_expliquee():
    personnelles = {t.name for t in Base.metadata.tables.values() if any(c.info.get("personnel") for c in t.columns)}
    assert personnelles - export_personne.tables_atteintes() == set(AILLEURS)


def test_le_pseudonyme_de_lenquete_ne_sort_pas_avec_le_nom():
    pseudo = Base.metadata.tables["invitation_enquete"].c.pseudonyme
    assert not export_personne._montrable(pseudo)


def test_un_fichier_deja_la_nest_ni_remplace_ni_efface(base, tmp_path, capsys):
    sortie = tmp_path / "elle.json"
    sortie.write_text("autre personne")
    assert principal(["rgpd", "exporter", "--caisse", CAISSE, "--identifiant", NUMERO, "--vers", str(sortie)]) == 1
    assert sortie.read_text() == "autre personne"


def test_une_personne_inconnue_se_dit(base, capsys):
    assert effacer("--identifiant", "PERSONNE") == 1
    assert "n'est pas dans le fichier" in capsys.readouterr().err.replace("’", "'")
    assert effacer("--rendez-vous", "ABCDEFGH") == 1


# -- erasing ----------------------------------------------------------------------------------------------------------------------------------


def test_effacer_annule_dabord_et_le_dit(base, capsys):
    assert effacer() == 0
    dit = capsys.readouterr().out.replace("\u00a0", " ")
    assert "Annulé d'abord : 1 rendez-vous à venir, 1 place rendue" in dit and "restent comptés" in dit
    with base.lecture() as s:
        assert s.scalar(select(Entretien.statut)) == "annule_caisse" and s.scalar(select(func.count()).select_from(Occupation).where(
            Occupation.porteur == "entretien")) == 0
        assert s.scalar(select(Inscription.statut)) == "desiste"


def test_une_personne_effacee_nest_plus_nulle_part(base, tmp_path, capsys):
    base.engine.dispose()
    avant = tout(tmp_path / "contacts.db")
    siens = ("Canari-Tilleul", "CANARI-TILLEUL", "Note-canari", "0639981111", "+33 1 99 00 12 34")
    assert all(mot in avant for mot in siens)  # the control: the search does find
    assert effacer() == 0
    apres = tout(tmp_path / "contacts.db")
    assert not [mot for mot in (*siens, NUMERO) if mot in apres]
    octets = b"".join(f.read_bytes() for f in tmp_path.glob("contacts.db*"))
    assert b"Canari-Tilleul" not in octets and b"Note-canari" not in octets


def test_ses_contacts_restent_comptes_sans_elle(base, capsys):
    def comptes_():
        with base.lecture() as s:
            return s.execute(select(Contact.type, Contact.resultat, Contact.naissance_annee, func.count()).where(Contact.resultat == "realise")
                             .group_by(Contact.type, Contact.resultat, Contact.naissance_annee)).all()
    avant = comptes_()
    effacer()
    assert comptes_() == avant and avant
    with base.lecture() as s:
        assert s.scalar(select(func.count()).where(Contact.assure_id.is_not(None))) == 0
        assert s.scalar(select(func.count()).select_from(Assure)) == 1


def test_lautre_personne_ne_perd_rien(base, capsys):
    effacer()
    with base.lecture() as s:
        assert s.scalar(select(Assure.nom).where(Assure.identifiant == "FICTIF00002")) == "Fictif-Tilleul"


def test_chaque_acte_laisse_sa_ligne_daudit_et_la_piste_tient(base, tmp_path, capsys):
    principal(["rgpd", "exporter", "--caisse", CAISSE, "--identifiant", NUMERO, "--vers", str(tmp_path / "e.json")])
    effacer()
    principal(["rgpd", "purger"])
    with base.lecture() as s:
        assert s.scalars(text("SELECT acte FROM audit ORDER BY id")).all()[-3:] == ["rgpd.exporte", "rgpd.efface", "rgpd.purge"]
        assert audit.verifier(s).premiere_rupture is None


def test_sans_fichier_une_personne_sefface_par_le_code_de_son_rendez_vous(base, tmp_path, capsys):
    with base() as s:
        entretien = s.scalar(select(Entretien))
        entretien.assure_id, entretien.nom, entretien.telephone = None, "Inconnue-Canari", "0639982222"
        entretien.personne = identite.cle(CAISSE, Personne("Inconnue-Canari", telephone="0639982222"))
        code = entretien.code
    assert effacer("--rendez-vous", f"{code[:4].lower()} {code[4:]}") == 0
    base.engine.dispose()
    apres = tout(tmp_path / "contacts.db")
    assert "Inconnue-Canari" not in apres and code not in apres and "Canari-Tilleul" in apres


# -- staying gone -----------------------------------------------------------------------------------------------------------------------------


def test_un_nouveau_fichier_qui_la_ramene_lefface_a_nouveau(base, tmp_path, capsys):
    effacer()
    chemin = fichier(tmp_path, [personne(1), personne(2), personne(3)], nom="suite.csv")
    assert principal(["population", "importer", str(chemin), "--caisse", CAISSE]) == 0
    assert "effacée à sa demande" in capsys.readouterr().err.replace("\u00a0", " ")
    with base.lecture() as s:
        assert set(s.scalars(select(Assure.identifiant))) == {"FICTIF00002", "FICTIF00003"}
        assert s.scalar(select(Effacement.rejoue_le).where(Effacement.rejoue_le.is_not(None))) is not None


def test_une_sauvegarde_restauree_ne_la_ramene_pas(base, tmp_path, capsys):
    copie = sauvegarde.sauvegarder(f"sqlite:///{tmp_path / 'contacts.db'}", tmp_path / "sauvegardes", LE).chemin
    effacer()
    base.engine.dispose()
    capsys.readouterr()
    assert principal(["base", "restaurer", str(copie), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["effacements_rejoues"] == 1
    assert "Canari-Tilleul" not in tout(tmp_path / "contacts.db")


def test_la_base_perdue_le_registre_suffit_a_sen_souvenir(base, tmp_path, capsys):
    copie = sauvegarde.sauvegarder(f"sqlite:///{tmp_path / 'contacts.db'}", tmp_path / "sauvegardes", LE).chemin
    effacer()
    base.engine.dispose()
    (tmp_path / "contacts.db").unlink()
    assert NUMERO not in (tmp_path / "effacements.csv").read_text()
    assert principal(["base", "restaurer", str(copie)]) == 0
    assert "Canari-Tilleul" not in tout(tmp_path / "contacts.db")


def test_temoin_sans_souvenir_la_sauvegarde_la_ramenerait(base, tmp_path, capsys):
    copie = sauvegarde.sauvegarder(f"sqlite:///{tmp_path / 'contacts.db'}", tmp_path / "sauvegardes", LE).chemin
    effacer()
    base.engine.dispose()
    (tmp_path / "contacts.db").unlink()
    (tmp_path / "effacements.csv").unlink()
    assert principal(["base", "restaurer", str(copie)]) == 0
    assert "Canari-Tilleul" in tout(tmp_path / "contacts.db")


def test_ce_quelle_reprend_elle_meme_apres_son_effacement_reste(base, tmp_path):
    cle_personne = identite.cle(CAISSE, Personne("Revenue", telephone="0639983333"))
    cle = cle_installation(Reglages())
    with base() as s:
        entretien = s.scalar(select(Entretien))
        entretien.assure_id, entretien.nom, entretien.personne, entretien.pris_le = None, "Revenue", cle_personne, LE
        s.add(Effacement(empreinte=effacement.empreinte(cle, CAISSE, f"personne:{cle_personne}"), caisse_code=CAISSE, le=LE - timedelta(days=1)))
    with base() as s:
        assert effacement.rejouer(s, cle=cle, maintenant=LE, agenda=pieces.AGENDA) == 0
        s.execute(update(Entretien).values(pris_le=LE - timedelta(days=2)))
        assert effacement.rejouer(s, cle=cle, maintenant=LE, agenda=pieces.AGENDA) == 1


def test_ses_messages_prets_a_partir_ne_partent_plus_et_ceux_ecrits_en_fichiers_sen_vont(base, tmp_path, capsys):
    """The outbox of the agenda: a confirmation already written, a reminder that is due after the erasure."""
    messages, apres = tmp_path / "messages", LE + timedelta(days=60)

    def ecrire(quand):
        for travail in tournee.travaux(base, lambda: quand, dict.fromkeys(("courriel", "sms"), ExpediteurFichier(messages)), "http://exemple.example").values():
            travail()
        return [f for f in messages.iterdir()] if messages.is_dir() else []
    ecrits = ecrire(LE + timedelta(minutes=10))
    assert ecrits, "sans message, l'épreuve ne prouverait rien"
    assert effacer() == 0
    siens = [f for f in messages.iterdir() if "Canari" in f.read_text() or "claire@exemple" in f.read_text() or "11 11" in f.read_text()]
    assert siens == []
    reste = set(messages.iterdir())
    assert set(ecrire(apres)) - reste == set(), "rien de plus ne part vers elle"


def test_une_conversation_du_jour_ou_elle_a_donne_son_numero_soublie_et_pas_celle_dun_autre(base, tmp_path, capsys):
    with base() as s:
        for numero in ("+33639981111", "0639985555"):
            conversation, _ = conversations.ouvrir(s, CAISSE, LE)
            s.add(Brouillon(conversation_id=conversation.id, flux="prendre_rdv", etape="identite", donnees={}, prive={"telephone": numero}, relances=0,
                            change_le=LE))
    assert effacer() == 0
    with base.lecture() as s:
        assert [b.prive["telephone"] for b in s.scalars(select(Brouillon))] == ["0639985555"] and s.scalar(select(func.count()).select_from(Conversation)) == 1


def test_exercice_de_restauration_pendant_que_le_site_ecrit(base, tmp_path, capsys):
    """Backup while bookings' history is written, erasure, the base lost, restoration: whole, the counts of the snapshot, the erased stay erased, and the
    site can book again."""
    fini, lignes = threading.Event(), []

    def site():
        autre = Sessions(ouvrir(f"sqlite:///{tmp_path / 'contacts.db'}"))
        while not fini.is_set():
            with autre() as s:
                for _ in range(2):  # two a transaction: a copy taken within one would hold an odd number
                    historique.noter(s, le=LE, acteur="systeme", commande="paire", objet="caisse", objet_id=CAISSE, origine="systeme")
            lignes.append(2)
        autre.engine.dispose()
    fil = threading.Thread(target=site)
    fil.start()
    try:
        attendre(lambda: len(lignes) >= 3, 60, "que le site écrive")
        assert principal(["base", "sauvegarder", "--json"]) == 0
    finally:
        fini.set()
        fil.join()
    copie = json.loads(capsys.readouterr().out)["fichier"]
    assert effacer() == 0
    base.engine.dispose()
    for reste in tmp_path.glob("contacts.db*"):
        reste.unlink()
    assert principal(["base", "restaurer", copie]) == 0
    with closing(sqlite3.connect(tmp_path / "contacts.db")) as lue:
        assert lue.execute("PRAGMA integrity_check").fetchone() == ("ok",) and lue.execute("PRAGMA foreign_key_check").fetchall() == []
        paires = lue.execute("SELECT count(*) FROM historique WHERE commande = 'paire'").fetchone()[0]
        assert paires >= 6 and paires % 2 == 0 and paires <= sum(lignes)
    assert "Canari-Tilleul" not in tout(tmp_path / "contacts.db")
    with base() as s:
        assert audit.verifier(s).premiere_rupture is None
        motif = s.scalar(select(Motif).where(Motif.caisse_code == CAISSE, Motif.modalite == "presentiel", Motif.libre_service))
        libre = chercher(s, motif, LE).creneaux[0]
        assert reservation.confirmer(s, operation_id="apres", motif=motif, debut=libre.debut, antenne_id=libre.antenne_id, auteur=ASSURE_PAGE, maintenant=LE,
                                     personne=Personne("Exemple", "Dominique", telephone="0639980044")).entretien.code


# -- delays -----------------------------------------------------------------------------------------------------------------------------------

CONSERVATION = conservation.lire()
ICI = [r for r in CONSERVATION.regles if r.confie_a is None]


def _brute(base, table: str, valeurs: dict) -> dict:
    """A row with what its table asks for; foreign keys are not held, so that a rule is tried alone."""
    t = Base.metadata.tables[table]
    ligne = {}
    for c in t.columns:
        if c.name in valeurs:
            ligne[c.name] = valeurs[c.name]
        elif c.primary_key or not (c.nullable or c.server_default is not None):
            genre = datetime if isinstance(c.type, Instant) else c.type.python_type
            ligne[c.name] = {str: "x" * min(4, getattr(c.type, "length", 4) or 4), int: 1, bool: False, datetime: LE, date: LE.date(), dict: {}, list: []}.get(genre, "x")
    return ligne


def _poser(base, regle, quand: datetime) -> None:
    table, origine, jonction = conservation._origine(regle)
    date_ = quand.date() if isinstance(origine.type, Date) else quand
    valeurs = {"contact": {"naissance_annee": 1952, "resultat": "absent", "type": "entretien", "forme": "physique", "origine": "spontane"},
               "entretien": {"assure_id": 1, "code": "CODEAVAN", "statut": "pose", "fin": quand + timedelta(hours=1)},
               "inscription": {"assure_id": 1, "code": "CODEAVAN", "statut": "present"}, "compte_rendu": {"note": "une note", "issue": "honore"}}.get(regle.table, {})
    valeurs = {**valeurs, **{c: v[0] for c, v in regle.si.items()}}
    with base.engine.connect() as c:
        pilote = c.connection.driver_connection  # pragmas do nothing once a transaction is open
        pilote.execute("PRAGMA foreign_keys=OFF")
        pilote.execute("PRAGMA ignore_check_constraints=ON")
        c.execute(table.delete())
        if jonction is None:
            c.execute(table.insert().values(_brute(base, regle.table, {**valeurs, origine.name: date_})))
        else:
            parent = origine.table
            c.execute(parent.delete())
            c.execute(parent.insert().values(_brute(base, parent.name, {"id": 1, origine.name: date_, "fin": quand + timedelta(hours=1)})))
            c.execute(table.insert().values(_brute(base, regle.table, {**valeurs, jonction.left.name: 1})))
        c.commit()
        pilote.execute("PRAGMA foreign_keys=ON")
        pilote.execute("PRAGMA ignore_check_constraints=OFF")


def _tient(base, regle) -> bool:
    t = Base.metadata.tables[regle.table]
    with base.lecture() as s:
        ligne = s.execute(select(t)).first()
        return ligne is not None and (regle.alors == "supprimer" or any(ligne._mapping[t.c[c]] is not None for c in regle.colonnes))


@pytest.mark.parametrize("regle", ICI, ids=lambda r: r.code)
def test_la_veille_du_terme_reste_le_lendemain_part(sessions, regle):
    terme = conservation.limite(regle.delai, LE)
    for quand, attendu in ((terme + timedelta(days=1, hours=1), True), (terme - timedelta(days=1, hours=1), False)):
        _poser(sessions, regle, quand)
        assert _tient(sessions, regle)
        nombre = conservation.appliquer(sessions, regle, {}, LE)
        assert (_tient(sessions, regle), nombre) == (attendu, 0 if attendu else 1)
        assert conservation.appliquer(sessions, regle, {}, LE) == 0  # twice is once


def test_un_code_vide_est_remplace_par_un_autre_que_personne_ne_connait(sessions):
    regle = next(r for r in ICI if r.code == "rendez_vous")
    _poser(sessions, regle, LE - timedelta(days=500))
    conservation.appliquer(sessions, regle, {}, LE)
    with sessions.lecture() as s:
        assert s.scalar(select(Entretien.code)) != "CODEAVAN"


def test_un_contact_ancien_reste_tant_que_la_personne_en_a_un_plus_recent(base):
    regle = next(r for r in ICI if r.code == "contacts")
    with base() as s:
        recent = s.scalar(select(Contact).where(Contact.resultat == "realise"))
        recent.jour = LE.date()
        s.execute(update(Contact).where(Contact.id != recent.id).values(jour=date(2005, 1, 1), assure_id=recent.assure_id))
    assert conservation.appliquer(base, regle, {}, LE) == 0
    with base() as s:
        s.execute(update(Contact).values(jour=date(2005, 1, 1)))
    assert conservation.appliquer(base, regle, {}, LE) == 2


def test_chaque_regle_confiee_a_sa_fonction_et_rien_nest_confie_pour_rien():
    assert {r.confie_a for r in CONSERVATION.regles if r.confie_a} == set(pieces.confies(Reglages()))


def test_chaque_colonne_personnelle_qui_vieillit_a_sa_regle_ou_sa_raison():
    couvertes = {r.table for r in CONSERVATION.regles}
    personnelles = {t.name for t in Base.metadata.tables.values() if any(c.info.get("personnel") for c in t.columns)}
    gardees = {"assure": "tant qu'elle est dans le fichier de la caisse", "assure_lu": "vidée par l'import", "audit": "ajout seul", "historique": "ajout seul",
               "conseiller": "tant que ses objets comptent", "code_secours": "avec le compte", "brouillon": "avec la conversation",
               "conversation": "règle « conversations »", "saisie_bilan": "auteur d'un bilan", "inscription": ""}
    assert personnelles - couvertes <= set(gardees)


def test_la_purge_par_la_commande_compte_et_se_rejoue(base, capsys):
    with base() as s:
        s.execute(update(DemandeGuide).values(envoyee_le=LE - timedelta(days=31)))
    assert principal(["rgpd", "purger", "--json"]) == 0
    premier = json.loads(capsys.readouterr().out)
    assert premier["regles"]["guides"] == 1 and [r["regle"] for r in premier["retards"]] == []
    assert principal(["rgpd", "purger", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["total"] == 0
    with base.lecture() as s:
        assert s.execute(select(Elimination.regle, Elimination.nombre)).all() == [("guides", 1)]
        assert s.scalar(select(func.count()).select_from(PassagePurge)) == len(CONSERVATION.regles)


def test_une_purge_en_retard_donne_lalarme(base, monkeypatch, capsys):
    monkeypatch.setattr(conservation, "journal", carnet := Carnet())
    with base() as s:
        s.execute(update(DemandeGuide).values(envoyee_le=LE - timedelta(days=32)))  # nobody purged yesterday
    assert principal(["rgpd", "purger", "--json"]) == 0
    assert [r["regle"] for r in json.loads(capsys.readouterr().out)["retards"]] == ["guides"]
    assert carnet.lignes[0]["evenement"] == "purge_en_retard"
    monkeypatch.setenv("CONSEIL_NOW", "2011-09-15T13:00")
    assert principal(["rgpd", "purger", "--json"]) == 0
    assert len(json.loads(capsys.readouterr().out)["retards"]) == len(CONSERVATION.regles)  # 27 hours without a passage
    assert principal(["rgpd", "purger", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["retards"] == []


def test_les_fichiers_trop_vieux_partent_et_la_derniere_sauvegarde_reste(tmp_path):
    (tmp_path / "sauvegardes").mkdir()
    for rang, age in enumerate((31, 40, 50)):
        f = tmp_path / "sauvegardes" / f"contacts-2011-{rang}.db"
        f.write_text("x")
        os.utime(f, (1_000_000_000 - age * 86_400,) * 2)
    assert conservation.purger_fichiers(tmp_path, CONSERVATION, 1_000_000_000)["sauvegardes"] == 2
    assert [f.name for f in (tmp_path / "sauvegardes").iterdir()] == ["contacts-2011-0.db"]


@pytest.mark.parametrize("faute, dit", [
    ({"table": "nulle_part"}, "n'existe pas"), ({"colonnes": ["couleur"]}, "couleur"), ({"delai": "longtemps"}, "delai"),
    ({"depuis": "vague.close_le"}, "ne mène pas"), ({"depuis": None}, "depuis")])
def test_un_fichier_faux_nomme_la_regle_et_ne_purge_rien(tmp_path, faute, dit):
    bonne = {"donnees": "x", "table": "acces_rdv", "colonnes": ["empreinte"], "depuis": "expire_le", "delai": "24 heures", "alors": "supprimer", "source": "choix"}
    chemin = tmp_path / "c.yml"
    chemin.write_text(yaml.safe_dump({"regles": {"essai": {**bonne, **faute}}}), encoding="utf-8")
    with pytest.raises(conservation.ConservationIllisible) as e:
        conservation.lire(chemin)
    assert "essai" in e.value.message and dit in e.value.message


def test_un_compte_que_personne_nouvre_se_ferme_et_le_dernier_responsable_garde_le_sien(sessions):
    with sessions() as s:
        for nom, roles in (("une.conseillere", ["conseiller"]), ("le.responsable", ["responsable"])):
            comptes.creer(s, caisse_code=CAISSE, prenom="Fictif", nom="Essai", identifiant=nom, roles=roles, mot_de_passe="petit-lapin-blanc-9-essais",
                          auteur=comptes.COMMANDE, maintenant=LE - timedelta(days=91))
    with sessions() as s:
        assert conservation.fermer_comptes_inutilises(s, LE) == 0, "personne ne perd son compte sans avoir été prévenu"
    avertis = LE - timedelta(days=15)
    assert (pieces.prevenir_comptes(sessions, Reglages(), avertis), pieces.prevenir_comptes(sessions, Reglages(), LE)) == (2, 0)
    with sessions() as s:
        assert conservation.fermer_comptes_inutilises(s, avertis + timedelta(days=13)) == 0
        assert len(conservation.endormis(s, CAISSE, LE)) == 2
        assert conservation.fermer_comptes_inutilises(s, LE) == 1
        assert conservation.fermer_comptes_inutilises(s, LE) == 0
        assert comptes.par_identifiant(s, "une.conseillere").desactive_le == LE


def test_qui_nouvre_plus_son_compte_recoit_un_courriel_un_mois_avant_et_un_seul(sessions, boite, tmp_path):  # noqa: F811
    with sessions() as s:
        comptes.creer(s, caisse_code=CAISSE, prenom="Odile", nom="Essai", identifiant="odile.essai", roles=["conseiller"], courriel="odile@caisse.example",
                      mot_de_passe="petit-lapin-blanc-9-essais", auteur=comptes.COMMANDE, maintenant=LE - timedelta(days=61))
    reglages = Reglages(donnees=tmp_path, smtp_hote="127.0.0.1", smtp_port=boite.port, smtp_tls=False, smtp_expediteur="conseil@caisse.example")
    assert [pieces.prevenir_comptes(sessions, reglages, LE + timedelta(hours=n)) for n in range(3)] == [1, 0, 0]
    [(a_qui, recu)] = boite.recus
    dit = message_from_string(recu, policy=policy.default).get_content()
    assert a_qui == "odile@caisse.example" and "votre compte sera fermé un mois après" in " ".join(dit.split())


def test_louvrier_purge_une_fois_par_heure_et_une_panne_ne_larrete_pas(base, tmp_path, monkeypatch):
    class Heure(Horloge):
        quand = LE

        def maintenant(self):
            return self.quand
    horloge = Heure()
    appels = []
    monkeypatch.setattr(pieces, "purger", lambda *a: appels.append(1) or conservation.Passage({"x": 2}, {}, []))
    travail = pieces.travail(base, Reglages(), horloge)
    assert [travail(), travail()] == [2, 0] and len(appels) == 1
    object.__setattr__(horloge, "quand", LE + timedelta(minutes=61))
    assert travail() == 2
    monkeypatch.setattr(pieces, "purger", lambda *a: (_ for _ in ()).throw(PermissionError()))
    monkeypatch.setattr(pieces, "journal", carnet := Carnet())
    object.__setattr__(horloge, "quand", LE + timedelta(minutes=200))
    assert travail() == 0 and carnet.lignes[0]["evenement"] == "purge_empechee"


def test_les_colonnes_des_tables_de_droits_ne_disent_rien_de_personne(sessions):
    colonnes = {t: [c["name"] for c in inspect(sessions.engine).get_columns(t)] for t in ("effacement", "elimination")}
    assert colonnes == {"effacement": ["empreinte", "caisse_code", "le", "rejoue_le"], "elimination": ["id", "regle", "le", "nombre"]}
