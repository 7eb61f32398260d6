"""Figures with their definitions; the demonstration's agenda; a counsellor's day."""
from datetime import datetime, timedelta, timezone

import pytest
from sqlalchemy import func, select

from bot.agenda import comptes_rendus, demo, journee, motifs, rencontres, reservation, statistiques
from bot.agenda.auteurs import ASSURE_CHAT, SYSTEME, conseiller
from bot.agenda.recherche import chercher, noter_recherche
from bot.contacts.tables import Conseiller, Inscription, Motif, Ouverture, ProfessionRisque, Rencontre
from tests.unit.agenda_aide import LUNDI, MAINTENANT, a, base_agenda, installer, moteur_agenda, ouvrir, quelqu_un, reserver  # noqa: F401

FIN = LUNDI + timedelta(6)


@pytest.fixture
def monde(base):
    m = installer(base)
    with base() as s:
        for j in range(5):
            ouvrir(s, m, LUNDI + timedelta(j))
    return m


def chiffres(base, monde, maintenant):
    with base.lecture() as s:
        return {(c.code, c.detail): c for c in statistiques.calculer(s, monde.caisse_code, LUNDI, FIN, maintenant)}


def test_taux_d_absence_de_renseignement_d_occupation_et_delai(base, monde):
    tous = [(LUNDI + timedelta(j), h) for j in range(5) for h in ("9:00", "10:15")]
    with base() as s:
        poses = [reserver(s, monde, a(*quand), personne=quelqu_un(n)) for n, quand in enumerate(tous)]
        agent, apres = conseiller(monde.conseillers[0]), a(FIN, "12:00")
        for n, e in enumerate(poses[:8]):
            comptes_rendus.constater(s, e, "absent" if n < 2 else "honore", auteur=agent, maintenant=apres)
    c = chiffres(base, monde, apres)
    assert (c["taux_renseignement", ""].valeur, c["taux_absence", ""].valeur) == (0.8, 0.25)
    assert c["taux_occupation", ""].valeur == 50 / 60  # five mornings of twelve quarters, two entretiens of five each
    assert c["origine", "chat"].valeur == 10 and c["semaine", "2011-S38"].valeur == 10
    assert all(x.definition for x in c.values())


def test_l_absence_est_cachee_sous_80_pour_cent_de_renseignement(base, monde):
    with base() as s:
        e, _ = (reserver(s, monde, a(LUNDI, h), personne=quelqu_un(n)) for n, h in enumerate(("9:00", "10:15")))
        comptes_rendus.constater(s, e, "absent", auteur=conseiller(monde.conseillers[0]), maintenant=a(FIN, "9:00"))
    c = chiffres(base, monde, a(FIN, "9:00"))
    assert (c["taux_renseignement", ""].valeur, c["taux_absence", ""].valeur) == (0.5, None)


def test_les_cases_de_moins_de_cinq_sont_masquees(base, monde):
    with base() as s:
        for n, h in enumerate(("9:00", "10:15")):
            reserver(s, monde, a(LUNDI, h), personne=quelqu_un(n))
    c = chiffres(base, monde, MAINTENANT)
    assert (c["origine", "chat"].valeur, c["origine", "chat"].sur) == (None, 0)


def test_annulations_tardives_parmi_celles_des_assures(base, monde):
    with base() as s:
        e, f, g = (reserver(s, monde, a(LUNDI + timedelta(n), "9:00"), personne=quelqu_un(n)) for n in range(3))
        reservation.annuler(s, e, auteur=ASSURE_CHAT, maintenant=e.debut - timedelta(hours=1))
        reservation.annuler(s, f, auteur=ASSURE_CHAT, maintenant=MAINTENANT)
        reservation.annuler(s, g, auteur=conseiller(monde.conseillers[0]), maintenant=MAINTENANT)
    c = chiffres(base, monde, MAINTENANT)
    assert (c["taux_tardives", ""].valeur, c["taux_annulation", ""].valeur, c["taux_annulation_caisse", ""].valeur) == (0.5, 2 / 3, 1 / 3)


def test_les_rencontres_comptent_inscrits_presents_et_attente_servie(base, monde):
    with base() as s:
        r = rencontres.creer(s, rencontres.DemandeRencontre(monde.caisse_code, "autre", "Rencontre fictive", "Bordeaux", a(LUNDI, "17:30"),
                                                            a(LUNDI, "19:00"), monde.fuseau, [], 6), SYSTEME, MAINTENANT)
        venus = [rencontres.inscrire(s, r, quelqu_un(n), ASSURE_CHAT, MAINTENANT) for n in range(7)]
        rencontres.cloturer(s, r, [i.id for i in venus[:5]], SYSTEME, a(LUNDI, "19:00"))
        assert s.scalar(select(func.count()).where(Inscription.statut == "present")) == 5
    c = chiffres(base, monde, a(FIN, "9:00"))
    assert [c[k, ""].valeur for k in ("rencontres", "rencontre_inscrits", "rencontre_presents", "rencontre_attente_servie")] == [1, 6, 5, None]


def test_le_csv_est_francais_et_sans_nom(base, monde):
    with base() as s:
        reserver(s, monde, a(LUNDI, "9:00"), personne=quelqu_un(7))
        texte = statistiques.en_csv(statistiques.calculer(s, monde.caisse_code, LUNDI, FIN, MAINTENANT))
    assert texte.startswith("code;libellé;") and "Exemple7" not in texte and "4,958" in texte


def test_une_recherche_vide_se_compte_et_fait_une_alerte(base, monde):
    with base() as s:
        motif = motifs.motif(s, monde.caisse_code, "retraite")
        for _ in range(3):
            noter_recherche(s, motif, MAINTENANT, not chercher(s, motif, MAINTENANT).creneaux)
    with base() as s:
        alerte = next(c for c in statistiques.alertes(s, monde.caisse_code, MAINTENANT) if c.libelle == motif.libelle)
        assert (alerte.valeur, alerte.sur, alerte.detail) == (3, 3, "0 libres")


# ---- demonstration ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("maintenant", [MAINTENANT, datetime(2026, 11, 22, 12, tzinfo=timezone.utc)])
@pytest.mark.parametrize("caisse_code", ["demo-aquitaine", "demo-reunion"])
def test_la_demonstration_a_toujours_des_creneaux_dans_les_semaines_qui_viennent(base, caisse_code, maintenant):
    for quand in (maintenant, maintenant, maintenant + timedelta(days=300)):
        with base() as s:
            demo.installer_demo_agenda(s, caisse_code, quand)
            assert s.scalar(select(func.count()).select_from(Conseiller)) == 4
            for motif in motifs.motifs(s, caisse_code):
                assert len(chercher(s, motif, quand, au=(quand + timedelta(days=21)).date()).creneaux) >= 3, motif.code


def test_la_demonstration_installee_deux_fois_ne_double_rien(base):
    def comptes():
        with base() as s:
            demo.installer_demo_agenda(s, "demo-aquitaine", MAINTENANT)
            return [s.scalar(select(func.count()).select_from(t)) for t in (Conseiller, Motif, Ouverture, Rencontre)]

    assert comptes() == comptes() == [4, 6, 12, 3]


def test_la_rencontre_par_profession_n_existe_que_si_l_on_connait_ses_risques(base):
    with base() as s:
        demo.installer_demo_agenda(s, "demo-aquitaine", MAINTENANT)
        assert set(s.scalars(select(Rencontre.theme))) == {"auto_entrepreneur"}
        s.add(ProfessionRisque(code="coiffeur", libelle="Coiffeurs", du=LUNDI, source="essai"))
        s.flush()
        demo.installer_demo_agenda(s, "demo-aquitaine", MAINTENANT)
        assert set(s.scalars(select(Rencontre.theme))) == {"auto_entrepreneur", "profession"}


# ---- a counsellor's day -------------------------------------------------------------------------------------------


def test_la_journee_le_prochain_et_ce_qui_reste_a_renseigner(base, monde):
    with base() as s:
        un, deux = (reserver(s, monde, a(LUNDI, h), personne=quelqu_un(n)) for n, h in enumerate(("9:00", "10:15")))
        moi = s.get_one(Conseiller, monde.conseillers[0])
        pendant = a(LUNDI, "10:05")
        lignes = journee.agenda(s, moi, LUNDI, LUNDI, pendant)
        assert [(li.id, li.etat, li.nom) for li in lignes] == [(un.id, "a_renseigner", "Dominique Exemple0"), (deux.id, "a_venir", "Dominique Exemple1")]
        assert journee.prochain(s, moi.id, pendant).id == deux.id
        assert [e.id for e in journee.a_renseigner(s, moi.id, pendant)] == [un.id]
        assert journee.semaine(LUNDI + timedelta(2)) == (LUNDI, FIN)
        assert len(journee.ouvertures_de(s, moi.id, LUNDI)) == 5
