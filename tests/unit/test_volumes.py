"""Volumes of each cible: who is asked for, who can be reached, who was contacted already; the same by SQL and by hand."""
import csv
import io
import json
import shutil
from datetime import date, timedelta

import pytest
from sqlalchemy import select, text, update

from bot.campagnes.annee import installer
from bot.campagnes.fictif import ORDRE, generer
from bot.campagnes.population import importer
from bot.campagnes.professions import installer_professions
from bot.campagnes.volumes import CaisseSansVolume, CampagneNonInstallee, critere, sql_volumes, volumes
from bot.cli import principal
from bot.contacts.base import Sessions, ouvrir
from bot.contacts.campagne import correspond, definition
from bot.contacts.tables import Action, Assure, Cible, Contact, Envoi, Lot, ProfessionRisque, Socle
from tests.assures import CAISSE, MAINTENANT, fichier, personne
from tests.marche import lisible

# The rule is the same on both engines; what the engines could disagree on runs on both.
SQLITE = pytest.mark.parametrize("moteur_base", ["sqlite"])


def installer_tout(sessions):
    with sessions() as s:
        installer_professions(s)
        installer(s, 2011, MAINTENANT)


@pytest.fixture(scope="session")
def modele_campagne(modele_sqlite, tmp_path_factory):
    """An SQLite file with the campaign of 2011, to copy: installing it for each test would take longer than the tests."""
    chemin = tmp_path_factory.mktemp("campagne") / "contacts.db"
    shutil.copy(modele_sqlite, chemin)
    sessions = Sessions(ouvrir(f"sqlite:///{chemin}"))
    installer_tout(sessions)
    sessions.engine.dispose()
    return chemin


@pytest.fixture
def campagne(base, modele_campagne):
    """The base with the campaign of 2011 in place."""
    if base.engine.dialect.name == "sqlite":
        shutil.copy(modele_campagne, base.engine.url.database)
    else:
        installer_tout(base)
    return base


@pytest.fixture
def peupler(campagne, tmp_path):
    def charger(*gens, colonnes=None):
        importer(campagne, fichier(tmp_path, gens, *([colonnes] if colonnes else [])), CAISSE, maintenant=MAINTENANT)
        return campagne
    return charger


def volume(sessions, cible, caisse=CAISSE):
    with sessions.lecture() as s:
        return next(v for v in volumes(s, 2011, caisse) if v.cible == cible)


def contacter(sessions, identifiant, action, resultat="realise", type_="entretien"):
    """A contact of the campaign with someone, as it would stand in the base."""
    with sessions() as s:
        assure = s.scalar(select(Assure).where(Assure.identifiant == identifiant))
        trouvee = s.scalar(select(Action).where(Action.caisse_code == CAISSE, Action.code == action))
        s.add(Contact(caisse_code=CAISSE, socle_id=trouvee.cible.socle_id, type=type_, collectif=False,
                      forme="courrier" if type_ == "courrier" else "telephone", origine="campagne", action_id=trouvee.id, assure_id=assure.id,
                      jour=date(2011, 9, 14), resultat=resultat, enregistre_le=MAINTENANT))


def ecrire(sessions, identifiant, action, etat="envoye", quand=MAINTENANT):
    """A letter of an action to someone."""
    with sessions() as s:
        assure = s.scalar(select(Assure).where(Assure.identifiant == identifiant))
        trouvee = s.scalar(select(Action).where(Action.caisse_code == CAISSE, Action.code == action))
        lot = Lot(action_id=trouvee.id, numero=1 + len(s.scalars(select(Lot)).all()), modele="invitation_eig", etat="parti", prepare_le=quand)
        s.add(lot)
        s.flush()
        s.add(Envoi(lot_id=lot.id, action_id=trouvee.id, assure_id=assure.id, canal="courrier", etat=etat))


# -- who is asked for -----------------------------------------------------------------------------------------------------------------------


def test_les_volumes_sont_ceux_quon_compte_a_la_main(peupler):
    """A fictitious population, counted by the rule that attaches an entretien to its action."""
    sessions = peupler(*generer(700, "11", annee=2011, villes=[("33000", "Bordeaux")]), colonnes=ORDRE)
    with sessions.lecture() as s:
        gens = s.scalars(select(Assure)).all()
        trouves = {v.cible: v for v in volumes(s, 2011, CAISSE)}
        for cible in s.scalars(select(Cible).where(Cible.code.in_(["EIG", "CREATEUR", "AE"]))):
            criteres = definition(s, cible)["criteres"]
            les_siens = [a for a in gens if correspond(a, criteres)]
            compte = trouves[cible.code]
            assert compte.demande == len(les_siens) > 20
            assert compte.avec_telephone == sum(a.telephone is not None for a in les_siens)
            assert compte.avec_courriel == sum(a.courriel is not None for a in les_siens)
            assert compte.avec_adresse == sum(None not in (a.adresse, a.code_postal, a.ville) for a in les_siens)
            assert compte.carriere_incomplete == sum(a.carriere == "incomplete" for a in les_siens)
    assert [v for v in trouves] == ["EIG", "CREATEUR", "AE", "RCS", "L-CONJOINTS", "L-TRANSMISSION"]


@SQLITE
def test_eig_actifs_nes_en_1952_et_1957_avec_leurs_deux_lignes_dage_r30(peupler):
    sessions = peupler(personne(1), personne(2, date_naissance="1957-12-31", carriere="complete"), personne(3, date_naissance="1952-01-01"),
                       personne(4, date_naissance="1953-01-01"), personne(5, statut="retraite"), personne(6, date_naissance=""))
    eig = volume(sessions, "EIG")
    assert (eig.demande, eig.carriere_incomplete, eig.objectif, eig.requete) == (3, 2, 400, "selection-EIG-2011.1")
    assert [(c.annee, c.demande, c.carriere_incomplete, c.restants) for c in eig.cohortes] == [(1952, 2, 2, 2), (1957, 1, 0, 1)]


@SQLITE
def test_createurs_affilies_dans_lannee_r36(peupler):
    sessions = peupler(personne(1, date_affiliation="2011-01-01", statut="createur"), personne(2, date_affiliation="2011-12-31"),
                       personne(3, date_affiliation="2010-12-31"), personne(4, date_affiliation=""))
    assert volume(sessions, "CREATEUR").demande == 2


def test_rencontre_par_profession_seulement_la_ou_il_y_a_une_information_sur_les_risques_r40(peupler):
    sessions = peupler(personne(1, profession="COIFFEUSE"), personne(2, profession="Coiffeur à domicile"), personne(3, profession="taxi"),
                       personne(4, profession=""))
    assert volume(sessions, "RCS").demande == 2  # taxis: from 2012 only
    with sessions() as s:
        s.execute(ProfessionRisque.__table__.delete())
    assert volume(sessions, "RCS").demande == 0


@SQLITE
def test_une_rencontre_ne_dit_pas_qui_fut_contacte_r44(peupler):
    sessions = peupler(personne(1, auto_entrepreneur="oui"))
    assert volume(sessions, "AE").contactes is None and volume(sessions, "EIG").contactes == 0


@SQLITE
def test_la_cible_locale_dune_caisse_est_comptee_chez_elle_seulement_r19(peupler):
    sessions = peupler(personne(1, statut="conjoint"), personne(2, statut="conjoint", groupe_pro="commercant"))
    assert volume(sessions, "L-CONJOINTS").demande == 1 and volume(sessions, "L-CONJOINTS").perimetre == "local"
    with sessions.lecture() as s:
        assert "L-CONJOINTS" not in {v.cible for v in volumes(s, 2011, "demo-reunion")}


# -- who remains ----------------------------------------------------------------------------------------------------------------------------


def test_restent_ceux_que_lon_peut_joindre_et_qui_ne_sont_ni_contactes_ni_invites_ni_opposes(peupler):
    sessions = peupler(*(personne(n) for n in range(1, 8)), personne(8, adresse="", telephone="", courriel=""))
    contacter(sessions, "FICTIF00001", "EIG")
    contacter(sessions, "FICTIF00002", "EIG", "prevu")
    contacter(sessions, "FICTIF00003", "EIG", "annule")
    ecrire(sessions, "FICTIF00004", "EIG")
    ecrire(sessions, "FICTIF00005", "EIG", "echec")
    contacter(sessions, "FICTIF00006", "CREATEUR", "realise", "courrier")  # another action: still to be invited to this one
    with sessions() as s:
        s.execute(update(Assure).where(Assure.identifiant == "FICTIF00007").values(refus_contact=True))
    eig = volume(sessions, "EIG")
    assert (eig.demande, eig.joignables, eig.contactes, eig.invites, eig.refus, eig.restants) == (8, 7, 2, 1, 1, 3)


def test_la_lettre_daffiliation_reste_due_a_qui_ne_veut_plus_etre_invite(peupler):
    sessions = peupler(*(personne(n, date_affiliation="2011-02-01") for n in (1, 2)))
    with sessions() as s:
        s.execute(update(Assure).where(Assure.identifiant == "FICTIF00001").values(refus_contact=True))
    createurs = volume(sessions, "CREATEUR")
    assert (createurs.refus, createurs.restants) == (1, 2)


@SQLITE
def test_un_contact_dont_la_personne_est_effacee_ne_fausse_rien(peupler):
    sessions = peupler(personne(1), personne(2))
    contacter(sessions, "FICTIF00001", "EIG")
    with sessions() as s:
        s.execute(update(Contact).values(assure_id=None))
    assert volume(sessions, "EIG").restants == 2


# -- the query -------------------------------------------------------------------------------------------------------------------------------


def test_le_sql_montre_est_celui_qui_compte(peupler):
    sessions = peupler(*(personne(n) for n in range(3)))
    with sessions.lecture() as s:
        sql = sql_volumes(s, 2011, CAISSE)[CAISSE]
        lignes = s.execute(text(sql.replace(":", "\\:"))).mappings().all()
    assert sum(li["demande"] for li in lignes if li["rang"] == 0) == 3 and "1952-01-01" in sql and "demo-aquitaine" in sql


@SQLITE
def test_la_selection_eig_passe_par_lindex(campagne):
    with campagne.lecture() as s:
        plan = str(s.execute(text("EXPLAIN QUERY PLAN " + sql_volumes(s, 2011, CAISSE)[CAISSE])).all())
    assert "ix_assure_cible (caisse_code=? AND statut=? AND date_naissance>? AND date_naissance<?)" in plan


@SQLITE
def test_les_criteres_restent_ceux_du_socle_installe(campagne):
    """The name of a selection holds the version of the socle: a newer one is another selection."""
    with campagne() as s:
        ancien = s.scalars(select(Socle)).one()
        neuf = Socle(annee=2011, version="2011.2", sha256="0" * 64, contenu=ancien.contenu, installe_le=MAINTENANT + timedelta(days=1))
        s.add(neuf)
        s.flush()
        s.add(Cible(socle_id=neuf.id, code="EIG", perimetre="socle", genre="entretien", titre="EIG", du=date(2011, 7, 1), au=date(2012, 3, 31)))
        s.flush()
        eig = [critere(s, c, CAISSE).requete for c in s.scalars(select(Cible).where(Cible.code == "EIG").order_by(Cible.id))]
    assert eig == ["selection-EIG-2011.1", "selection-EIG-2011.2"]


@SQLITE
def test_sans_campagne_ou_sans_caisse_on_dit_quoi_faire(campagne):
    with campagne.lecture() as s:
        with pytest.raises(CampagneNonInstallee, match="installer --annee 2012"):
            volumes(s, 2012)
        with pytest.raises(CaisseSansVolume, match="ailleurs"):
            volumes(s, 2011, "ailleurs")


# -- the command ----------------------------------------------------------------------------------------------------------------------------


@pytest.fixture
def commande(peupler, monkeypatch, tmp_path):
    sessions = peupler(*(personne(n) for n in range(1200)))
    monkeypatch.setenv("CONSEIL_BASE", sessions.engine.url.render_as_string(hide_password=False))
    monkeypatch.setenv("CONSEIL_DONNEES", str(tmp_path))
    return lambda *arguments: principal(["campagne", "volumes", *arguments])


@SQLITE
def test_la_commande_montre_une_table_du_json_du_csv_et_le_sql(commande, capsys):
    assert commande("--annee", "2011", "--caisse", CAISSE) == 0
    dit = lisible(capsys.readouterr().out)
    assert "demo-aquitaine" in dit and "nés en 1952" in dit and "1 200" in dit and "—" in dit
    assert commande("--annee", "2011", "--json") == 0
    rendu = json.loads(capsys.readouterr().out)
    assert {v["caisse"] for v in rendu} == {"demo-aquitaine", "demo-reunion"} and rendu[0]["demande"] == 1200
    assert commande("--annee", "2011", "--csv", "--caisse", CAISSE) == 0
    lignes = list(csv.DictReader(io.StringIO(capsys.readouterr().out), delimiter=";"))
    assert lignes[0]["restants"] == "1200" and lignes[2]["contactes"] == ""
    assert commande("--annee", "2011", "--sql", "--caisse", CAISSE) == 0
    assert "BETWEEN '1952-01-01' AND '1952-12-31'" in capsys.readouterr().out
    assert commande("--annee", "2012") == 1
