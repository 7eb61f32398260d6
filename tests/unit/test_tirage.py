"""Draws: who comes first and why, who is left out, and the proof that the same seed gives the same list."""
import json
from collections import Counter
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, select, text, update

from bot.campagnes.population import importer
from bot.campagnes.tirage import PersonneATirer, TailleInvalide, TirageInconnu, rejouer, tirer
from bot.campagnes.volumes import volumes
from bot.cli import principal
from bot.contacts.campagne import ActionInconnue
from bot.contacts.tables import Action, Assure, Historique, Invite, Tirage
from tests.assures import CAISSE, MAINTENANT, fichier, personne
from tests.marche import lisible
from tests.unit.test_volumes import campagne, contacter, ecrire, modele_campagne  # noqa: F401  (two fixtures)

# The rule is the same on both engines; what the engines could disagree on runs on both.
SQLITE = pytest.mark.parametrize("moteur_base", ["sqlite"])


@pytest.fixture
def eig(campagne, tmp_path):  # noqa: F811
    """Sixty people of the EIG: a third incomplete, half born in 1952, drawn by name."""
    gens = [personne(n, carriere="incomplete" if n % 3 == 0 else "complete", date_naissance=f"{1952 if n % 2 else 1957}-05-0{1 + n % 9}",
                     sexe="F" if n % 4 else "M") for n in range(60)]
    importer(campagne, fichier(tmp_path, gens), CAISSE, maintenant=MAINTENANT)
    return campagne


def tirage(sessions, taille=10, graine="août", action="EIG", minutes=0, caisse=CAISSE):
    with sessions() as s:
        return tirer(s, action=action, caisse=caisse, annee=2011, taille=taille, graine=graine, maintenant=MAINTENANT + timedelta(minutes=minutes))


def liste(sessions, resultat):
    """Rank, identifier and reason of the people drawn."""
    with sessions.lecture() as s:
        return [tuple(i) for i in s.execute(select(Invite.rang, Assure.identifiant, Invite.raison).join(Assure, Assure.id == Invite.assure_id)
                                            .where(Invite.tirage_id == resultat.tirage_id).order_by(Invite.rang))]


def refaire(sessions, resultat):
    with sessions.lecture() as s:
        return rejouer(s, resultat.tirage_id)


# -- order ----------------------------------------------------------------------------------------------------------------------------------


def test_les_carrieres_incompletes_dabord_puis_la_generation_la_plus_agee_r30(eig):
    gens = liste(eig, tirage(eig, taille=45))
    rangs = [(("carrière incomplète" not in raison), "1957" in raison) for _, _, raison in gens]
    assert rangs == sorted(rangs) and Counter(rangs) == {(False, False): 10, (False, True): 10, (True, False): 20, (True, True): 5}


@SQLITE
def test_chacun_a_la_phrase_qui_explique_sa_place(eig):
    gens = {identifiant: raison for _, identifiant, raison in liste(eig, tirage(eig, taille=60))}
    assert gens["FICTIF00003"] == "carrière incomplète, pas encore de conseiller référent, née en 1952"
    assert gens["FICTIF00004"] == "pas encore de conseiller référent, né en 1957"


@SQLITE
def test_la_priorite_de_la_caisse_vient_apres_celle_du_socle(eig):
    with eig() as s:
        from bot.contacts.tables import Conseiller
        s.add(Conseiller(id=3, caisse_code=CAISSE, nom="Fictif", prenom="Jean"))
        s.flush()
        s.execute(update(Assure).where(Assure.identifiant.in_(["FICTIF00003", "FICTIF00001"])).values(referent_id=3))
    rangs = {identifiant: rang for rang, identifiant, _ in liste(eig, tirage(eig, taille=60))}
    assert rangs["FICTIF00003"] == 20 and rangs["FICTIF00001"] == 60  # last of the incomplete careers, last of all


@SQLITE
def test_la_meme_graine_donne_la_meme_liste_et_une_autre_non(eig):
    premiers = []
    for graine in ("a", "a", "b"):
        resultat = tirage(eig, graine=graine)
        premiers.append(liste(eig, resultat))
        with eig() as s:
            s.execute(delete(Tirage))
    assert premiers[0] == premiers[1] != premiers[2]


@SQLITE
def test_sans_graine_une_graine_est_tiree_et_gardee(eig):
    resultat = tirage(eig, graine=None)
    assert len(resultat.graine) == 16 and refaire(eig, resultat).identique


# -- who is left out ------------------------------------------------------------------------------------------------------------------------


def test_contactes_invites_opposes_et_injoignables_sont_ecartes_et_comptes(eig):
    contacter(eig, "FICTIF00000", "EIG")
    ecrire(eig, "FICTIF00003", "EIG")
    with eig() as s:
        s.execute(update(Assure).where(Assure.identifiant == "FICTIF00006").values(refus_contact=True))
        s.execute(update(Assure).where(Assure.identifiant == "FICTIF00009").values(adresse=None, telephone=None, courriel=None))
    resultat = tirage(eig, taille=100, minutes=1)
    assert resultat.ecarts == {"refus": 1, "contactes": 1, "invites": 1, "injoignables": 1}
    assert (resultat.demande, resultat.population, resultat.taille) == (60, 56, 56)
    assert not {"FICTIF00000", "FICTIF00003", "FICTIF00006", "FICTIF00009"} & {i for _, i, _ in liste(eig, resultat)}


def test_deux_tirages_nont_personne_en_commun_et_le_reste_est_celui_des_volumes(eig):
    premier, second = tirage(eig, taille=25), tirage(eig, taille=25, minutes=1)
    assert not {i for _, i, _ in liste(eig, premier)} & {i for _, i, _ in liste(eig, second)}
    with eig.lecture() as s:
        assert volumes(s, 2011, CAISSE)[0].restants == 10 and second.population == 35
    assert tirage(eig, taille=25, minutes=2).taille == 10  # more capacity than people
    with pytest.raises(PersonneATirer, match="60 dans la cible \\(60 invites\\)"):
        tirage(eig, minutes=3)


@SQLITE
def test_une_sous_action_et_une_action_locale_se_tirent_pour_elles_memes_r38(eig, tmp_path):
    gens = [personne(f"N{n}", date_affiliation="2011-03-01", date_naissance="1980-01-01") for n in range(4)] + [personne("C1", statut="conjoint")]
    importer(eig, fichier(tmp_path, gens), CAISSE, maintenant=MAINTENANT)
    ecrire(eig, "N0", "CREATEUR")  # the letter of affiliation is not the invitation
    assert tirage(eig, action="CREATEUR-ENTRETIEN", minutes=1).taille == 4
    assert [i for _, i, _ in liste(eig, tirage(eig, action="L-CONJOINTS"))] == ["C1"]


@SQLITE
@pytest.mark.parametrize("action, caisse", [("EGI", CAISSE), ("L-CONJOINTS", "demo-reunion"), ("EIG", "ailleurs")])
def test_une_action_qui_nest_pas_dans_la_campagne_est_refusee(eig, action, caisse):
    with pytest.raises(ActionInconnue, match="conseil campagne volumes"):
        tirage(eig, action=action, caisse=caisse)


@SQLITE
def test_on_tire_au_moins_une_personne(eig):
    with pytest.raises(TailleInvalide):
        tirage(eig, taille=0)


# -- proof ----------------------------------------------------------------------------------------------------------------------------------


def test_un_tirage_se_rejoue_a_lidentique_meme_apres_dautres_tirages_et_contacts(eig):
    resultat = tirage(eig)
    tirage(eig, minutes=1)
    ecrire(eig, "FICTIF00001", "EIG", quand=MAINTENANT + timedelta(minutes=2))
    rejeu = refaire(eig, resultat)
    assert rejeu.cadre_identique and rejeu.identique


@SQLITE
def test_une_liste_retouchee_se_voit(eig):
    resultat = tirage(eig)
    with eig() as s:
        autre = s.scalar(select(Assure.id).where(Assure.id.not_in(select(Invite.assure_id))).limit(1))
        s.execute(update(Invite).where(Invite.rang == 1).values(assure_id=autre))
    rejeu = refaire(eig, resultat)
    assert rejeu.cadre_identique and not rejeu.identique and (rejeu.en_plus, rejeu.en_moins) == (1, 1)


@SQLITE
def test_une_population_changee_depuis_est_dite(eig):
    resultat = tirage(eig)
    with eig() as s:
        s.execute(update(Assure).where(Assure.identifiant == "FICTIF00020").values(refus_contact=True))
    assert not refaire(eig, resultat).cadre_identique


def test_le_tirage_garde_sa_requete_et_son_histoire(eig):
    resultat = tirage(eig)
    with eig.lecture() as s:
        garde = s.get(Tirage, resultat.tirage_id)
        assert garde.requete == "selection-EIG-2011.1" and "1952-01-01" in garde.requete_sql and garde.cadre_sha256 == resultat.cadre_sha256
        assert len(s.execute(text(garde.requete_sql.replace(":", "\\:"))).all()) == 60  # kept as it can be run
        note = s.scalars(select(Historique).where(Historique.objet == "tirage")).one()
        assert note.apres["taille"] == 10 and "FICTIF" not in str(note.apres)
    with eig.lecture() as s, pytest.raises(TirageInconnu):
        rejouer(s, 999)


@SQLITE
@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(graine=st.text(min_size=1, max_size=30).filter(lambda t: "\x00" not in t and t.isprintable()), taille=st.integers(1, 80))
def test_quelle_que_soit_la_graine_un_tirage_se_rejoue(eig, graine, taille):
    resultat = tirage(eig, graine=graine, taille=taille)
    assert refaire(eig, resultat).identique
    with eig() as s:
        s.execute(delete(Tirage))


# -- the command ----------------------------------------------------------------------------------------------------------------------------


@SQLITE
def test_la_commande_tire_raconte_et_rejoue(eig, monkeypatch, capsys, tmp_path):
    monkeypatch.setenv("CONSEIL_BASE", str(eig.engine.url))
    monkeypatch.setenv("CONSEIL_DONNEES", str(tmp_path))
    monkeypatch.setenv("CONSEIL_NOW", "2011-09-14T10:00")
    eig_ = ["--action", "EIG", "--caisse", CAISSE, "--annee", "2011"]
    assert principal(["campagne", "tirer", *eig_, "--taille", "20", "--graine", "g"]) == 0
    dit = lisible(capsys.readouterr().out)
    assert "Tirage n° 1 : 20 personnes à inviter parmi 60 possibles (60 dans la cible)." in dit and "graine « g »" in dit
    assert principal(["campagne", "rejouer", "1"]) == 0
    assert "redonne exactement la même liste" in lisible(capsys.readouterr().out)
    assert principal(["campagne", "tirer", *eig_, "--taille", "100", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["taille"] == 40
    assert principal(["campagne", "tirer", "--action", "EIG"]) == 2
    with eig() as s:
        s.execute(update(Assure).values(refus_contact=True))
    assert principal(["campagne", "rejouer", "1"]) == 1
    assert "La population a changé" in lisible(capsys.readouterr().out)
    with eig.lecture() as s:
        assert s.scalar(select(Action.code).where(Action.id == s.get(Tirage, 1).action_id)) == "EIG"
