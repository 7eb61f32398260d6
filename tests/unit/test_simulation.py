"""A year played on a small scale: what it leaves, that the same seed gives the same figures, that it keeps to bases without real people."""
import json

import pytest
from sqlalchemy import func, select, text, update

from bot.bilan import assemblage
from bot.campagnes.annee import tout_installer
from bot.campagnes.population import importer
from bot.cli import principal
from bot.contacts import audit
from bot.contacts.base import Sessions, ouvrir
from bot.contacts.schema import migrer
from bot.contacts.tables import (
    Assure,
    Caisse,
    Contact,
    Entretien,
    Historique,
    Inscription,
    InvitationEnquete,
    Occupation,
    Participation,
    Reponse,
    SaisieBilan,
    UniteSondage,
)
from bot.simulation.annee import jouer
from bot.simulation.plan import DejaPeuplee, PersonnesReelles, Plan
from tests.annee_bilan import FIN, utc
from tests.assures import MAINTENANT, fichier, personne

CLE = bytes(range(32))
PLAN = Plan(2011, 2, 150, "7")


def une_base(chemin) -> Sessions:
    engine = ouvrir(f"sqlite:///{chemin}")
    migrer(engine)
    return Sessions(engine)


@pytest.fixture(scope="module")
def annee(tmp_path_factory):
    """Two caisses of 200 people, played once for the module (nothing here writes in it)."""
    sessions = une_base(tmp_path_factory.mktemp("annee") / "contacts.db")
    fait = jouer(sessions, PLAN, CLE)
    yield sessions, fait
    sessions.engine.dispose()


def nombre(sessions, quoi, *conditions) -> int:
    with sessions.lecture() as s:
        return s.scalar(select(func.count()).select_from(quoi).where(*conditions)) or 0


def figures(chemin, graine: str, cle: bytes) -> str:
    """The bilan of a small caisse, as its figures are read from a base of its own."""
    sessions = une_base(chemin)
    jouer(sessions, Plan(2011, 1, 60, graine), cle)
    with sessions.lecture() as s:
        lues = json.dumps(assemblage.assembler(s, "C01", 2011, FIN.date()), sort_keys=True, default=str)
    sessions.engine.dispose()
    return lues


def test_lannee_laisse_de_tout_et_rien_a_moitie(annee):
    sessions, fait = annee
    assert fait.assures == 300 and fait.courriers > 20 and fait.reponses > 10 and fait.rencontres == 6
    assert {"honore", "absent"} <= set(fait.entretiens) and fait.entretiens["honore"] > 5 and not fait.entretiens.get("pose")
    assert nombre(sessions, Contact, Contact.resultat == "prevu") == 0
    assert nombre(sessions, Entretien, Entretien.statut == "honore", Entretien.contact_id.is_(None)) == 0


def test_tout_y_est_marque_fictif(annee):
    sessions, _ = annee
    with sessions.lecture() as s:
        assert set(s.scalars(select(Caisse.fictive).where(Caisse.code.in_(PLAN.codes())))) == {True}
        assert all(n.startswith("Fictif-") and i.startswith("FICTIF") for n, i in s.execute(select(Assure.nom, Assure.identifiant)))
        assert s.scalars(select(Historique.commande).where(Historique.commande == "simuler")).all() == ["simuler"] * 2
        assert not [t for t in s.scalars(select(Caisse.telephone).where(Caisse.code.in_(PLAN.codes()))) if not t.startswith("01 99 00")]


def test_le_temps_est_celui_de_lannee_jouee(annee):
    sessions, _ = annee
    with sessions.lecture() as s:
        premier, dernier = s.execute(select(func.min(Historique.le), func.max(Historique.le))).one()
        assert utc(PLAN.lundis()[0], 0).year == 2011 and premier.year == 2011 and dernier < FIN
        assert s.scalar(select(func.count()).where(Contact.enregistre_le < Contact.jour, Contact.resultat != "annule")) == 0
        assert s.scalar(select(func.count()).where(Entretien.pris_le >= Entretien.debut)) == 0


def test_personne_nest_a_deux_endroits_ni_lettre_deux_fois(annee):
    sessions, _ = annee
    with sessions.lecture() as s:
        # ends of entretiens kept: each holds its cells, the guard's own key forbids two
        assert s.scalar(select(func.count()).select_from(Occupation).where(Occupation.porteur == "conversation")) == 0
        doubles = s.execute(text("SELECT action_id, assure_id, relance FROM envoi GROUP BY 1, 2, 3 HAVING count(*) > 1")).all()
        assert doubles == []
        assert s.scalar(select(func.count()).select_from(Inscription).where(Inscription.statut == "inscrit")) == 0


def test_lenquete_a_ses_deux_temps_et_ses_liens_sont_detruits(annee):
    sessions, fait = annee
    assert nombre(sessions, UniteSondage, UniteSondage.tire) > nombre(sessions, Participation) > 0
    assert nombre(sessions, Reponse) > fait.reponses
    with sessions.lecture() as s:
        anciens = s.scalar(select(func.count()).select_from(InvitationEnquete).join(InvitationEnquete.releve).where(
            InvitationEnquete.releve.property.mapper.class_.gele_le < utc(PLAN.lundis()[40], 0)))
    assert anciens == 0


def test_les_faits_plantes_sont_la(annee):
    sessions, fait = annee
    assert fait.plantes == {"sans_rencontres": "C02"}
    assert nombre(sessions, Contact, Contact.caisse_code == "C02", Contact.type == "rencontre") == 0
    assert nombre(sessions, Contact, Contact.caisse_code == "C01", Contact.type == "rencontre") == 6
    assert nombre(sessions, SaisieBilan, SaisieBilan.champ == "action.RCS.motif") == 1


def test_les_assures_se_repartissent_et_les_faits_plantes_sont_chacun_chez_soi():
    plan = Plan.reparti(2011, 28, 20_000, "7")
    effectifs = [plan.effectif(c) for c in plan.codes()]
    assert sum(effectifs) == 20_000 and set(effectifs) == {714, 715}
    assert plan.plantes() == {"sans_rencontres": "C28", "petit_effectif": "C02", "questionnaire_change": "C03", "hors_delai": "C04", "somme_fausse": "C05"}


def test_la_meme_graine_donne_les_memes_chiffres_et_une_autre_dautres(tmp_path):
    """Another installation's key changes codes, and nothing that is counted."""
    une, encore, autre = figures(tmp_path / "1.db", "7", CLE), figures(tmp_path / "2.db", "7", bytes(32)), figures(tmp_path / "3.db", "8", CLE)
    assert une == encore != autre


def test_la_piste_daudit_tient(annee):
    with annee[0].lecture() as s:
        assert audit.verifier(s).premiere_rupture is None


def test_une_base_qui_porte_de_vraies_personnes_est_refusee_sans_rien_ecrire(tmp_path):
    sessions = une_base(tmp_path / "contacts.db")
    with sessions() as s:
        tout_installer(s, 2011, MAINTENANT, souple=True)
    importer(sessions, fichier(tmp_path, [personne(1, nom="Vraie")]), "C28", maintenant=MAINTENANT)
    avant = nombre(sessions, Historique)
    with pytest.raises(PersonnesReelles):
        jouer(sessions, PLAN, CLE)
    assert nombre(sessions, Historique) == avant and nombre(sessions, Caisse, Caisse.fictive) == 0
    with sessions() as s:
        s.execute(update(Caisse).where(Caisse.code == "C28").values(fictive=True))
    jouer(sessions, Plan(2011, 1, 60, "1"), CLE)  # the control: nobody real, and it plays
    sessions.engine.dispose()


def test_une_annee_deja_jouee_ne_se_rejoue_pas_par_dessus(annee):
    with pytest.raises(DejaPeuplee):
        jouer(annee[0], PLAN, CLE)


def test_la_commande_dit_ce_quelle_a_joue_et_refuse_une_annee_sans_campagne(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("CONSEIL_DONNEES", str(tmp_path))
    assert principal(["simuler", "--annee", "2011", "--caisses", "1", "--assures", "60", "--json"]) == 0
    rendu = json.loads(capsys.readouterr().out)
    assert rendu["fictif"] is True and rendu["assures"] == 60 and rendu["plantes"] == {}
    assert principal(["simuler", "--annee", "2011", "--caisses", "3", "--assures", "149", "--json"]) == 1  # at least 50 each
    assert "--assures 150" in capsys.readouterr().err.replace("\u00a0", " ")
    assert principal(["simuler", "--annee", "2031", "--caisses", "1", "--assures", "60"]) == 1
    assert principal(["simuler", "--annee", "2011", "--caisses", "29", "--assures", "60"]) == 2
