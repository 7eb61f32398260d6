"""Rencontres: seats, waiting list in order, offers of 48 hours, closing of inscriptions, attendance, cancelling."""
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from bot.agenda import rencontres
from bot.agenda.auteurs import ASSURE_CHAT, SYSTEME, conseiller
from bot.agenda.identite import Personne
from bot.agenda.refus import (
    ConseillerOccupe,
    DroitRefuse,
    InscriptionsCloses,
    Introuvable,
    OffrePassee,
    OuvertureInvalide,
    RencontreFigee,
    RencontrePasFinie,
)
from bot.agenda.rencontres import DemandeRencontre
from bot.contacts.refus import Refus
from bot.contacts.tables import Inscription, Notification, Occupation, Rencontre
from tests.unit.agenda_aide import LUNDI, MAINTENANT, a, assure, base_agenda, installer, libres, moteur_agenda, ouvrir, plus, quelqu_un  # noqa: F401

DEBUT, FIN = a(LUNDI, "17:30"), a(LUNDI, "19:00")
AGENT = conseiller(1)


@pytest.fixture
def monde(base):
    return installer(base)


def creer(s, monde, **reste) -> Rencontre:
    return rencontres.creer(s, DemandeRencontre(**{"caisse_code": monde.caisse_code, "theme": "auto_entrepreneur", "titre": "Rencontre fictive",
                            "lieu": "12 rue des Exemples, Bordeaux", "debut": DEBUT, "fin": FIN, "fuseau": monde.fuseau,
                            "animateurs": [monde.conseillers[0]], "places": 2, **reste}), SYSTEME, MAINTENANT)


def inscrire(s, r, *numeros, maintenant=MAINTENANT) -> list[Inscription]:
    return [rencontres.inscrire(s, r, quelqu_un(n), ASSURE_CHAT, maintenant) for n in numeros]


def statuts(*inscriptions) -> list[str]:
    return [i.statut for i in inscriptions]


def test_une_rencontre_prend_le_temps_de_ses_animateurs(base, monde):
    with base() as s:
        ouvrir(s, monde, LUNDI, "16:00", "19:00")
        r = creer(s, monde)
        assert libres(s, monde) == ["19/09 16:00"]
        with pytest.raises(ConseillerOccupe):
            creer(s, monde, debut=DEBUT + timedelta(minutes=30), fin=FIN)
        assert s.scalar(select(func.count()).select_from(Rencontre)) == 1
        rencontres.annuler(s, r, SYSTEME, MAINTENANT)
        assert not s.scalars(select(Occupation)).all()


@pytest.mark.parametrize("change", [{"fin": DEBUT}, {"debut": MAINTENANT}, {"places": 0}])
def test_une_rencontre_impossible_est_refusee(base, monde, change):
    with base() as s, pytest.raises(OuvertureInvalide):
        creer(s, monde, **change)


def test_une_rencontre_par_profession_sans_information_sur_ses_risques_est_refusee(base, monde):
    with base() as s, pytest.raises(Refus) as refus:
        creer(s, monde, theme="profession", profession_code="inconnue")
    assert refus.value.code == "PROFESSION_SANS_RISQUE"


def test_il_reste_une_place_puis_complet_puis_la_liste_et_son_rang(base, monde):
    with base() as s:
        r = creer(s, monde)
        inscrire(s, r, 1)
        assert (rencontres.etat(s, r, MAINTENANT).etat, rencontres.etat(s, r, MAINTENANT).restantes) == ("ouverte", 1)
        _, trois, quatre = inscrire(s, r, 2, 3, 4)
        etat = rencontres.etat(s, r, MAINTENANT)
        assert (etat.etat, etat.restantes, etat.en_attente) == ("complete", 0, 2)
        assert (rencontres.rang_de(s, trois), rencontres.rang_de(s, quatre)) == (1, 2)


def test_s_inscrire_deux_fois_garde_la_meme_place_et_revenir_reveille_la_meme_ligne(base, monde):
    with base() as s:
        r = creer(s, monde)
        une, encore = inscrire(s, r, 1, 1)
        assert une is encore and r.inscrits == 1
        rencontres.desister(s, une, ASSURE_CHAT, MAINTENANT)
        (revenue,) = inscrire(s, r, 1)
        assert (revenue.id, revenue.statut, r.inscrits) == (une.id, "inscrit", 1)


def test_une_place_liberee_est_gardee_48_heures_au_premier_et_personne_ne_double(base, monde):
    with base() as s:
        r = creer(s, monde)
        une, _, trois, quatre = inscrire(s, r, 1, 2, 3, 4)
        rencontres.desister(s, une, ASSURE_CHAT, MAINTENANT)
        assert (statuts(trois, quatre), trois.offre_expire_le, r.inscrits) == (["offre", "attente"], plus(hours=48), 2)
        (cinq,) = inscrire(s, r, 5)
        assert (cinq.statut, rencontres.rang_de(s, cinq)) == ("attente", 2)
        rencontres.repondre_offre(s, trois, True, ASSURE_CHAT, plus(hours=47))
        assert (trois.statut, trois.servie, r.inscrits) == ("inscrit", True, 2)


def test_un_non_passe_la_place_au_suivant(base, monde):
    with base() as s:
        r = creer(s, monde)
        une, _, trois, quatre = inscrire(s, r, 1, 2, 3, 4)
        rencontres.desister(s, une, ASSURE_CHAT, MAINTENANT)
        rencontres.repondre_offre(s, trois, False, ASSURE_CHAT, MAINTENANT)
        assert (statuts(trois, quatre), r.inscrits) == (["desiste", "offre"], 2)


@pytest.mark.parametrize("secondes, valable", [(-1, True), (0, False)])
def test_l_offre_expire_a_la_seconde_et_le_dit_avec_le_rang(base, monde, secondes, valable):
    with base() as s:
        r = creer(s, monde)
        une, _, trois, _ = inscrire(s, r, 1, 2, 3, 4)
        rencontres.desister(s, une, ASSURE_CHAT, MAINTENANT)
        quand = plus(hours=48, seconds=secondes)
        if valable:
            assert rencontres.repondre_offre(s, trois, True, ASSURE_CHAT, quand).statut == "inscrit"
        else:
            with pytest.raises(OffrePassee) as refus:
                rencontres.repondre_offre(s, trois, True, ASSURE_CHAT, quand)
            assert refus.value.rang == 2


def test_la_tournee_fait_passer_les_offres_expirees_et_rejouee_ne_fait_rien(base, monde):
    with base() as s:
        r = creer(s, monde)
        une, _, trois, quatre = inscrire(s, r, 1, 2, 3, 4)
        rencontres.desister(s, une, ASSURE_CHAT, MAINTENANT)
        assert [rencontres.expirer_offres(s, plus(hours=48)) for _ in range(2)] == [1, 0]
        assert (statuts(trois, quatre), r.inscrits) == (["desiste", "offre"], 2)
        assert rencontres.expirer_offres(s, plus(hours=96)) == 1
        assert (quatre.statut, r.inscrits) == ("desiste", 1)


def test_l_offre_ne_depasse_pas_la_cloture_et_rien_n_est_propose_apres(base, monde):
    cloture = plus(hours=10)
    with base() as s:
        r = creer(s, monde, cloture_inscriptions=cloture)
        une, deux, trois, quatre = inscrire(s, r, 1, 2, 3, 4)
        rencontres.desister(s, une, ASSURE_CHAT, MAINTENANT)
        assert trois.offre_expire_le == cloture
        rencontres.desister(s, deux, ASSURE_CHAT, cloture)
        assert (statuts(trois, quatre), r.inscrits) == (["desiste", "attente"], 0)


@pytest.mark.parametrize("secondes, ouverte", [(-1, True), (0, False)])
def test_les_inscriptions_ferment_a_la_seconde(base, monde, secondes, ouverte):
    cloture = plus(hours=10)
    with base() as s:
        r = creer(s, monde, cloture_inscriptions=cloture)
        if ouverte:
            assert statuts(*inscrire(s, r, 1, maintenant=cloture + timedelta(seconds=secondes))) == ["inscrit"]
        else:
            with pytest.raises(InscriptionsCloses):
                inscrire(s, r, 1, maintenant=cloture + timedelta(seconds=secondes))


def test_le_conseiller_peut_depasser_en_le_disant_et_l_assure_non(base, monde):
    with base() as s:
        r = creer(s, monde)
        une, _, _ = inscrire(s, r, 1, 2, 3)
        with pytest.raises(DroitRefuse):
            rencontres.inscrire(s, r, quelqu_un(9), ASSURE_CHAT, MAINTENANT, hors_quota=True)
        assert rencontres.inscrire(s, r, quelqu_un(9), AGENT, MAINTENANT, hors_quota=True).statut == "inscrit"
        assert (r.inscrits, r.hors_quota) == (3, 1)
        rencontres.desister(s, une, ASSURE_CHAT, MAINTENANT)
        assert (r.inscrits, r.hors_quota) == (2, 0)  # the added seat goes first: nobody is served before the meeting is back to its size


def test_une_rencontre_sans_limite_prend_tout_le_monde(base, monde):
    with base() as s:
        r = creer(s, monde, places=None)
        assert statuts(*inscrire(s, r, *range(1, 15))) == ["inscrit"] * 14
        assert rencontres.etat(s, r, MAINTENANT).restantes is None


def test_les_presences_se_relevent_apres_la_fin_puis_plus_rien_ne_change(base, monde):
    with base() as s:
        r = creer(s, monde)
        une, deux, trois = inscrire(s, r, 1, 2, 3)
        with pytest.raises(RencontrePasFinie):
            rencontres.cloturer(s, r, [une.id], AGENT, FIN - timedelta(seconds=1))
        assert rencontres.etat(s, r, FIN).etat == "a_cloturer"
        rencontres.cloturer(s, r, [une.id], AGENT, FIN, participants=4)
        assert (statuts(une, deux, trois), r.participants, rencontres.etat(s, r, FIN).etat) == (["present", "absent", "desiste"], 4, "cloturee")
        for refuse in (lambda: rencontres.cloturer(s, r, [], AGENT, FIN), lambda: rencontres.desister(s, une, ASSURE_CHAT, FIN),
                       lambda: rencontres.annuler(s, r, AGENT, FIN)):
            with pytest.raises(RencontreFigee):
                refuse()


def test_une_rencontre_annulee_previent_chacun_une_fois(base, monde):
    with base() as s:
        r = creer(s, monde)
        inscrire(s, r, 1, 2, 3)
        assert [rencontres.annuler(s, r, AGENT, MAINTENANT) for _ in range(2)] == [3, 0]
        assert s.scalar(select(func.count()).where(Notification.type == "annulation_rencontre")) == 3
        with pytest.raises(RencontreFigee):
            inscrire(s, r, 4)


def test_une_personne_connue_n_a_qu_une_inscription_et_la_rencontre_d_ailleurs_est_introuvable(base, monde):
    with base() as s:
        r = creer(s, monde)
        qui = assure(s)
        lignes = [rencontres.inscrire(s, r, Personne(assure_id=qui.id), ASSURE_CHAT, MAINTENANT) for _ in range(2)]
        assert lignes[0] is lignes[1]
        with pytest.raises(Introuvable):
            rencontres.rencontre(s, "demo-reunion", r.id)
        assert [e.rencontre.id for e in rencontres.a_venir(s, monde.caisse_code, MAINTENANT)] == [r.id]
        assert rencontres.a_venir(s, monde.caisse_code, DEBUT) == []
