"""Openings, their preview and refusals, one occurrence changed alone; the table of states; closings; motifs as data."""
from datetime import date, time, timedelta
from itertools import product

import pytest

from bot.agenda import fermetures, motifs, ouvertures
from bot.agenda.auteurs import SYSTEME
from bot.agenda.etats import fenetre, transitions
from bot.agenda.instants import en_lettres
from bot.agenda.ouvertures import DemandeOuverture
from bot.agenda.refus import FermetureInvalide, Introuvable, OuvertureChevauche, OuvertureInvalide
from bot.contacts.tables import Motif
from bot.knowledge.lecture import ErreurConnaissance
from tests.unit.agenda_aide import LUNDI, MAINTENANT, a, base_agenda, installer, libres, moteur_agenda, ouvrir  # noqa: F401

NEUF, DIX, MIDI = time(9), time(10), time(12)


@pytest.fixture
def monde(base):
    return installer(base)


def demande(monde, **reste) -> DemandeOuverture:
    return DemandeOuverture(**{"conseiller_id": monde.conseillers[0], "du": LUNDI, "debut": NEUF, "fin": MIDI, "motifs": [monde.motifs["conseil_social"]],
                               "antenne_id": monde.antennes["Bordeaux"], **reste})


@pytest.mark.parametrize("change, mot", [
    ({"fin": NEUF}, "fin"), ({"debut": time(9, 10)}, "quart d'heure"), ({"debut": time(5, 45)}, "entre 6 h et 22 h"), ({"fin": time(22, 15)}, "entre 6 h"),
    ({"du": LUNDI - timedelta(7)}, "passé"), ({"jusqu_au": LUNDI - timedelta(1)}, "s'arrête"), ({"jusqu_au": LUNDI + timedelta(400)}, "un an"),
    ({"motifs": []}, "au moins un motif"), ({"fin": time(9, 45)}, "60 minutes"), ({"antenne_id": None}, "antenne"), ({"antenne_id": 999}, "antenne")])
def test_une_ouverture_impossible_est_refusee_en_disant_quoi_faire(base, monde, change, mot):
    with base() as s, pytest.raises(OuvertureInvalide) as refus:
        ouvertures.ouvrir(s, demande(monde, **change), SYSTEME, MAINTENANT)
    assert mot in refus.value.message


def test_le_motif_ou_l_antenne_d_une_autre_caisse_est_refuse(base, monde):
    ailleurs = installer(base, "demo-reunion")
    for change in ({"motifs": [ailleurs.motifs["retraite"]]}, {"antenne_id": ailleurs.antennes["Saint-Denis"]}):
        with base() as s, pytest.raises(OuvertureInvalide):
            ouvertures.ouvrir(s, demande(monde, **change), SYSTEME, MAINTENANT)


def test_deux_ouvertures_du_meme_conseiller_ne_se_chevauchent_pas_meme_hebdomadaires(base, monde):
    with base() as s:
        ouvrir(s, monde, jusqu_au=LUNDI + timedelta(60))
        with pytest.raises(OuvertureChevauche):
            ouvrir(s, monde, LUNDI + timedelta(14), "11:45", "14:00")
        ouvrir(s, monde, LUNDI + timedelta(14), "12:00", "14:00")
        ouvrir(s, monde, LUNDI + timedelta(15))
        ouvrir(s, monde, LUNDI + timedelta(14), qui=1)


def test_l_apercu_compte_les_creneaux_et_dit_les_jours_feries_sautes(base, monde):
    with base() as s:
        vendredi = date(2011, 10, 28)
        apercu = ouvertures.apercu(s, demande(monde, du=vendredi, jusqu_au=date(2011, 11, 18)), MAINTENANT)
        assert (apercu.jours, apercu.creneaux, list(apercu.feries.values())) == (3, {"conseil_social": 6}, ["Armistice"])
        ouvertures.ouvrir_ferie(s, monde.caisse_code, date(2011, 11, 11), SYSTEME, MAINTENANT)
        assert ouvertures.apercu(s, demande(monde, du=vendredi, jusqu_au=date(2011, 11, 18)), MAINTENANT).jours == 4


def test_le_11_novembre_est_ferme_et_une_caisse_peut_le_rouvrir(base, monde):
    armistice = date(2011, 11, 11)
    with base() as s:
        ouvrir(s, monde, armistice)
        assert libres(s, monde) == []
        ouvertures.ouvrir_ferie(s, monde.caisse_code, armistice, SYSTEME, MAINTENANT)
        assert libres(s, monde) == ["11/11 09:00", "11/11 10:15"]


def test_une_occurrence_se_retire_ou_se_change_seule(base, monde):
    with base() as s:
        o = ouvrir(s, monde, fin="10:00", jusqu_au=LUNDI + timedelta(14))
        ouvertures.modifier_occurrence(s, o, LUNDI + timedelta(7), None, SYSTEME, MAINTENANT)
        ouvertures.modifier_occurrence(s, o, LUNDI + timedelta(14), (time(14), time(15)), SYSTEME, MAINTENANT)
        assert libres(s, monde) == ["19/09 09:00", "03/10 14:00"]
        with pytest.raises(Introuvable):
            ouvertures.modifier_occurrence(s, o, LUNDI + timedelta(8), None, SYSTEME, MAINTENANT)


def test_une_ouverture_supprimee_se_retablit_si_ses_heures_sont_libres(base, monde):
    with base() as s:
        o = ouvrir(s, monde)
        ouvertures.supprimer(s, o, SYSTEME, MAINTENANT)
        assert libres(s, monde) == []
        ouvertures.retablir(s, o, SYSTEME, MAINTENANT)
        assert len(libres(s, monde)) == 2
        ouvertures.supprimer(s, o, SYSTEME, MAINTENANT)
        ouvrir(s, monde, LUNDI, "9:00", "10:00")
        with pytest.raises(OuvertureChevauche):
            ouvertures.retablir(s, o, SYSTEME, MAINTENANT)


def test_a_la_reunion_neuf_heures_sont_celles_de_la_reunion(base):
    monde = installer(base, "demo-reunion")
    with base() as s:
        ouvrir(s, monde, antenne="Saint-Denis")
        assert libres(s, monde) == ["19/09 09:00", "19/09 10:15"]
        quand = a(LUNDI, "9:00", "Indian/Reunion")
    assert en_lettres(quand, "Indian/Reunion", "Europe/Paris").replace("\u00a0", " ") == "lundi 19 septembre 2011 à 9 h 00 (heure de La Réunion)"
    assert en_lettres(quand, "Indian/Reunion", "Indian/Reunion").replace("\u00a0", " ") == "lundi 19 septembre 2011 à 9 h 00"


def test_une_fermeture_a_l_envers_ou_d_une_autre_caisse_est_refusee(base, monde):
    ailleurs = installer(base, "demo-reunion")
    with base() as s:
        with pytest.raises(FermetureInvalide):
            fermetures.touches(s, fermetures.Portee(monde.caisse_code, a(LUNDI, "12:00"), a(LUNDI, "9:00")), MAINTENANT)
        with pytest.raises(Introuvable):
            fermetures.fermer(s, fermetures.Portee(monde.caisse_code, a(LUNDI, "9:00"), a(LUNDI, "12:00"), conseiller_id=ailleurs.conseillers[0]),
                              "conge", SYSTEME, MAINTENANT)


def test_une_fermeture_levee_rend_ses_creneaux(base, monde):
    with base() as s:
        ouvrir(s, monde)
        f = fermetures.fermer(s, fermetures.Portee(monde.caisse_code, a(LUNDI, "0:00"), a(LUNDI, "23:00")), "reunion", SYSTEME, MAINTENANT)
        assert libres(s, monde) == []
        fermetures.lever(s, f, SYSTEME, MAINTENANT)
        assert len(libres(s, monde)) == 2


# ---- states × time × role -----------------------------------------------------------------------------------------

_DEBUT, _FIN = a(LUNDI, "9:00"), a(LUNDI, "10:00")
_MOMENTS = {"avant": _DEBUT - timedelta(seconds=1), "depuis": _DEBUT, "apres_7_jours": _FIN + timedelta(days=7)}
_CONSTATS = {"honore", "absent", "annule_caisse"}
_ATTENDU = {("pose", "avant", "assure"): {"annule_assure"}}
for _role in ("conseiller", "secretariat", "responsable"):
    _ATTENDU["pose", "avant", _role] = {"annule_assure", "annule_caisse"}
    for _moment in ("depuis", "apres_7_jours"):
        _ATTENDU["pose", _moment, _role] = _CONSTATS
    for _statut in ("honore", "absent"):
        _ATTENDU[_statut, "depuis", _role] = {"honore", "absent"} - {_statut}
for _statut in ("honore", "absent"):
    _ATTENDU[_statut, "apres_7_jours", "responsable"] = {"honore", "absent"} - {_statut}


@pytest.mark.parametrize("statut, moment, role", list(product(("pose", "honore", "absent", "annule_assure", "annule_caisse"), _MOMENTS,
                                                         ("assure", "conseiller", "secretariat", "responsable", "national"))))
def test_table_des_transitions(statut, moment, role):
    permises = transitions(statut, _DEBUT, _MOMENTS[moment], None if role == "assure" else role, fin=_FIN)
    assert permises == _ATTENDU.get((statut, moment, role), set())


@pytest.mark.parametrize("avant, attendue", [(timedelta(hours=24), "libre"), (timedelta(hours=24, seconds=-1), "annuler"), (timedelta(seconds=1), "annuler"),
                                             (timedelta(0), "rien")])
def test_la_fenetre_de_l_assure_a_la_seconde(avant, attendue):
    assert fenetre(_DEBUT, 24, _DEBUT - avant) == attendue


# ---- motifs -------------------------------------------------------------------------------------------------------


def test_les_motifs_du_fichier_s_installent_deux_fois_sans_doubler(base, monde):
    with base() as s:
        motifs.installer(s, monde.caisse_code)
        offerts = motifs.motifs(s, monde.caisse_code)
        assert {m.code: m.duree for m in offerts} == {"conseil_social": 60, "conseil_social_telephone": 45, "retraite": 60, "retraite_telephone": 60,
                                                      "createur": 45, "auto_entrepreneur": 30}
        assert {m.modalite for m in motifs.motifs(s, monde.caisse_code, modalite="telephone")} == {"telephone"}
        assert all(motifs.documents(m) for m in offerts)


def test_un_motif_retire_du_fichier_est_cache_jamais_efface(base, monde, tmp_path):
    court = tmp_path / "motifs.yml"
    court.write_text("motifs:\n  retraite: {libelle: Retraite, libelle_court: Rendez-vous, modalite: presentiel, duree: 60}\n", encoding="utf-8")
    with base() as s:
        motifs.installer(s, monde.caisse_code, court)
        assert [m.code for m in motifs.motifs(s, monde.caisse_code)] == ["retraite"]
        assert s.query(Motif).count() == 6


@pytest.mark.parametrize("ligne, mot", [("duree: 50", "duree"), ("duree: 60, battement: 5", "battement"), ("duree: 60, couleur: rouge", "couleur"),
                                        ("duree: 60, delai_max_j: 1, delai_min_h: 48", "delai_max_j")])
def test_un_motif_mal_ecrit_est_refuse_en_le_nommant(tmp_path, ligne, mot):
    fichier = tmp_path / "motifs.yml"
    fichier.write_text("motifs:\n  essai: {libelle: Essai, libelle_court: Rendez-vous, modalite: presentiel, " + ligne + "}\n", encoding="utf-8")
    with pytest.raises(ErreurConnaissance, match=mot):
        motifs.lire(fichier)


def test_aucun_libelle_court_ne_dit_le_sujet():
    interdits = ("retraite", "santé", "invalid", "maladie", "auto", "créa", "conseil")
    assert not [f.libelle_court for f in motifs.lire().values() if any(mot in f.libelle_court.lower() for mot in interdits)]





def test_un_creneau_du_jour_meme_de_l_ouverture_reste_pour_la_caisse(base, monde):
    with base() as s:
        ouvrir(s, monde)
        assert libres(s, monde, maintenant=a(LUNDI, "9:30")) == []
        assert libres(s, monde, maintenant=a(LUNDI, "9:30"), delais=False) == ["19/09 10:15"]
