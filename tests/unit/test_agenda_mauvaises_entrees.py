"""What cannot be booked, whoever asks and however: each is refused by its stable code and a sentence that says what to do, and leaves nothing behind.

The same as people type it: tests/unit/test_moment.py (31 février, le 36 octobre), tests/site/test_rendez_vous*.py, tests/dialogues.
"""
from datetime import date, timedelta

import pytest
from sqlalchemy import func, select

from bot.agenda import fermetures, identification, motifs, ouvertures, reservation
from bot.agenda.auteurs import ASSURE_PAGE, SYSTEME
from bot.agenda.creneaux import lire_id
from bot.agenda.identite import Personne
from bot.agenda.moment import comprendre
from bot.agenda.recherche import chercher
from bot.contacts.refus import Refus
from bot.contacts.tables import Entretien, Notification, Occupation
from tests.unit.agenda_aide import AQUITAINE, LUNDI, MAINTENANT, a, base_agenda, installer, moteur_agenda, ouvrir, quelqu_un, reserver  # noqa: F401

ARMISTICE = date(2011, 11, 11)


@pytest.fixture
def monde(base):
    m = installer(base)
    with base() as s:
        ouvrir(s, m, jusqu_au=LUNDI + timedelta(28))
        ouvrir(s, m, ARMISTICE)
        ouvrir(s, m, LUNDI + timedelta(2), antenne=None, codes=("conseil_social_telephone",))
        fermetures.fermer(s, fermetures.Portee(m.caisse_code, a(LUNDI + timedelta(7), "8:00"), a(LUNDI + timedelta(7), "18:00")), "travaux", SYSTEME,
                          MAINTENANT)
    return m


def refuse(base, travail):
    """The refusal met, once the transaction is over; nothing of it is stored."""
    with pytest.raises(Refus) as refus, base() as s:
        travail(s)
    return refus.value


def rien(base, entretiens=0):
    with base.lecture() as s:
        assert s.scalar(select(func.count()).select_from(Entretien)) == entretiens
        assert s.scalar(select(func.count()).select_from(Occupation)) == 5 * entretiens
        assert s.scalar(select(func.count()).select_from(Notification).where(Notification.sujet_id > entretiens)) == 0


@pytest.mark.parametrize("quand, code, mot", [
    (a(LUNDI - timedelta(7), "9:00"), "DATE_PASSEE", "déjà passé"), (MAINTENANT - timedelta(minutes=1), "DATE_PASSEE", "déjà passé"),
    (MAINTENANT, "DATE_PASSEE", "Choisissez-en un autre"), (a(ARMISTICE, "9:00"), "JOUR_FERME", "Personne ne reçoit"),
    (a(LUNDI + timedelta(7), "9:00"), "JOUR_FERME", "Choisissez-en un autre"), (a(LUNDI, "3:00"), "CRENEAU_PRIS", "les plus proches"),
    (a(LUNDI, "9:10"), "CRENEAU_PRIS", "les plus proches"), (a(LUNDI + timedelta(365), "9:00"), "CRENEAU_PRIS", "Choisissez-en un autre")])
@pytest.mark.parametrize("voie", ["confirmer", "retenir", "deplacer"])
def test_un_instant_ou_personne_ne_recoit_est_refuse_avec_ce_qui_est_libre(base, monde, quand, code, mot, voie):
    def travail(s):
        if voie == "confirmer":
            reserver(s, monde, quand)
        elif voie == "retenir":
            reservation.retenir(s, conversation_id="c", motif=s.merge(monde.motifs["conseil_social"], load=False), debut=quand,
                                antenne_id=monde.antennes["Bordeaux"], maintenant=MAINTENANT)
        else:
            e = reserver(s, monde, a(LUNDI, "9:00"))
            reservation.deplacer(s, e, debut=quand, antenne_id=e.antenne_id, auteur=ASSURE_PAGE, maintenant=MAINTENANT)
    refus = refuse(base, travail)
    assert refus.code == code and mot in refus.message
    if quand < a(LUNDI + timedelta(50), "0:00"):
        assert len(refus.proches) == 3 and all(c.debut > MAINTENANT for c in refus.proches)
    rien(base)


def test_un_creneau_a_moins_de_24_heures_ou_au_dela_de_l_horizon_a_son_code(base, monde):
    with base() as s:
        ouvrir(s, monde, LUNDI + timedelta(98), "9:00", "12:00")
        demain = MAINTENANT.date() + timedelta(1)
        ouvrir(s, monde, demain, "8:00", "11:00", qui=1)
    for quand in (a(demain, "8:00"), a(LUNDI + timedelta(98), "9:00")):
        refus = refuse(base, lambda s, quand=quand: reserver(s, monde, quand))
        assert refus.code == "HORS_DELAI" and "Appelez votre caisse" in refus.message
    rien(base)


@pytest.mark.parametrize("nom", ["1-20110231T0900Z-1", "1-20111036T0900Z-1", "1-20110919T2500Z-1", "1-20110919T0900Z", "'; DROP TABLE entretien; --", ""])
def test_le_31_fevrier_et_le_36_octobre_ne_sont_le_nom_d_aucun_creneau(nom):
    with pytest.raises(Refus) as refus:
        lire_id(nom)
    assert refus.value.code == "CRENEAU_ILLISIBLE" and "choisissez" in refus.value.message


@pytest.mark.parametrize("dit", ["le 31 février", "le 36 octobre", "le 30 février à 9 h"])
def test_une_date_qui_n_existe_pas_est_reconnue_et_ne_borne_rien(dit):
    lu = comprendre(dit, MAINTENANT)
    assert lu.impossible and lu.du is None


def test_le_creneau_d_une_autre_caisse_n_existe_pas_ici(base, monde):
    ailleurs = installer(base, "demo-reunion")
    with base() as s:
        ouvrir(s, ailleurs, antenne="Saint-Denis")
        la_bas = chercher(s, ailleurs.motifs["conseil_social"], MAINTENANT).creneaux[0]
    motif_id, debut, antenne_id = lire_id(la_bas.id)
    refus = refuse(base, lambda s: motifs.motif(s, AQUITAINE, motif_id))
    assert refus.code == "MOTIF_INCONNU" and "votre caisse" in refus.message

    def melange(s):  # our motif, their antenne
        reservation.confirmer(s, operation_id="x", motif=s.merge(monde.motifs["conseil_social"], load=False), debut=debut, antenne_id=antenne_id,
                              personne=quelqu_un(), auteur=ASSURE_PAGE, maintenant=MAINTENANT)
    assert refuse(base, melange).code == "CRENEAU_PRIS"
    rien(base)


def test_un_entretien_par_telephone_sans_numero(base, monde):
    quand = a(LUNDI + timedelta(2), "9:00")
    for numero in (None, "", "12", "06 39 98 00", "0800 00"):
        refus = refuse(base, lambda s, numero=numero: reserver(s, monde, quand, code="conseil_social_telephone", personne=Personne("Exemple", None, numero)))
        assert refus.code == "TELEPHONE_MANQUANT" and "06 39 98 00 00" in refus.message
    rien(base)


def test_quarante_retenues_par_un_visiteur_n_en_laissent_qu_une(base, monde):
    with base() as s:
        motif = s.merge(monde.motifs["conseil_social"], load=False)
        for n in range(40):
            c = chercher(s, motif, MAINTENANT, conversation_id="lui").creneaux
            reservation.retenir(s, conversation_id="lui", motif=motif, debut=c[n % len(c)].debut, antenne_id=c[n % len(c)].antenne_id, maintenant=MAINTENANT)
        assert s.scalar(select(func.count()).select_from(Occupation)) == 5
        autres = len(chercher(s, motif, MAINTENANT).creneaux)
    with base() as s:
        assert autres == len(chercher(s, s.merge(motif, load=False), MAINTENANT + timedelta(minutes=5)).creneaux) - 1


def test_deux_onglets_l_un_apres_l_autre(base, monde):
    with base() as s:
        reserver(s, monde, a(LUNDI, "9:00"), operation="onglet 1")
    refus = refuse(base, lambda s: reserver(s, monde, a(LUNDI, "10:15"), operation="onglet 2"))
    assert refus.code == "DEJA_UN_RDV" and "le déplacer ou l'annuler" in refus.message and refus.entretien is not None
    rien(base, 1)


def test_deviner_un_code_cinq_essais_puis_une_pause_et_la_meme_reponse(base, monde):
    with base() as s:
        code = reserver(s, monde, a(LUNDI, "9:00")).code

    def essayer(code, nom):
        with base() as s:
            refus = identification.identifier(s, code=code, nom=nom, visiteurs=["v"], maintenant=MAINTENANT).refus
            return refus.code, refus.message
    dits = [essayer(*essai) for essai in (("AAAABBBB", "Exemple"), (code, "Durand"), ("", ""), (code, ""))]
    assert set(dits) == {dits[0]} and dits[0][0] == "INTROUVABLE"
    assert essayer("22222222", "Exemple")[0] == "EN_PAUSE_CODE" == essayer(code, "Exemple")[0], "même le bon code attend"


def test_une_ouverture_passee_ou_a_l_envers(base, monde):
    for jour, debut, fin, mot in ((LUNDI - timedelta(14), "9:00", "12:00", "passé"), (LUNDI, "12:00", "9:00", "après l'heure de début")):
        refus = refuse(base, lambda s, d=(jour, debut, fin): ouvrir(s, monde, *d, qui=1))
        assert isinstance(refus, ouvertures.OuvertureInvalide) and refus.code == "OUVERTURE_INVALIDE" and mot in refus.message
