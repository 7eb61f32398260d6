"""The outbox: what is due and when, what leaves, what falls silent; a real mail server; nothing of the motif in any message."""
import email
import email.policy
from datetime import date, datetime, timedelta, timezone

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.handlers import Message as Recu
from sqlalchemy import select

from bot.agenda import notifications, plus_tot, rencontres, reservation, tournee
from bot.agenda.auteurs import ASSURE_CHAT, SYSTEME, conseiller
from bot.agenda.identite import Personne
from bot.agenda.notifications import ExpediteurCourriel, ExpediteurFichier, envoyer_dues, hors_nuit, rappel_le
from bot.agenda.refus import OffrePassee
from bot.agenda.rencontres import DemandeRencontre
from bot.contacts.tables import Entretien, Inscription, Notification
from bot.reglages import Reglages
from tests.marche import ports_libres
from tests.unit.agenda_aide import (  # noqa: F401
    DEUX_MOTEURS,
    LUNDI,
    MAINTENANT,
    PARIS,
    a,
    assure,
    base_agenda,
    installer,
    moteur_agenda,
    ouvrir,
    plus,
    quelqu_un,
    reserver,
)

SITE = "https://assistant.caisse.example"
MARDI = LUNDI + timedelta(1)
OCTOBRE = date(2011, 10, 17)


class Boite:
    """An adapter that keeps what it is given, and fails for whom it is told to."""

    def __init__(self, *en_panne: str):
        self.recus, self.en_panne = [], set(en_panne)

    def envoyer(self, message):
        if message.destinataire in self.en_panne:
            raise OSError("boîte pleine")
        self.recus.append(message)


@pytest.fixture
def monde(base):
    m = installer(base)
    with base() as s:
        ouvrir(s, m)
        ouvrir(s, m, MARDI)
        ouvrir(s, m, OCTOBRE, jusqu_au=OCTOBRE + timedelta(28))
    return m


def poser(base, monde, debut=None, **reste) -> int:
    with base() as s:
        return reserver(s, monde, debut or a(OCTOBRE, "9:00"), **reste).id


def envoyer(base, quand=MAINTENANT, boite=None):
    boite = boite or Boite()
    comptes = envoyer_dues(base, {"courriel": boite, "sms": boite}, quand, SITE)
    return boite, comptes


# ---- when ---------------------------------------------------------------------------------------------------------


def test_le_rappel_du_lundi_28_mars_2011_part_le_samedi_a_dix_heures_locales_malgre_le_changement_d_heure():
    lundi = date(2011, 3, 28)
    longtemps_avant = datetime(2011, 3, 1, tzinfo=timezone.utc)
    assert rappel_le(a(lundi, "9:00"), PARIS, longtemps_avant) == a(date(2011, 3, 26), "10:00")
    assert rappel_le(a(lundi, "9:00", "Indian/Reunion"), "Indian/Reunion", longtemps_avant) == a(date(2011, 3, 26), "10:00", "Indian/Reunion")


@pytest.mark.parametrize("pris, attendu", [("15/09 10:00", "17/09 10:00"), ("17/09 09:59", "17/09 10:00"), ("17/09 10:00", "18/09 17:00"),
                                           ("18/09 16:59", "18/09 17:00"), ("18/09 17:00", None)])
def test_le_rappel_j_moins_2_sinon_la_veille_sinon_jamais(pris, attendu):
    def lire(texte):
        return a(date(2011, 9, int(texte[:2])), texte[6:]) if texte else None

    assert rappel_le(a(LUNDI, "9:00"), PARIS, lire(pris)) == lire(attendu)


@pytest.mark.parametrize("jour", [date(2011, 3, 26), date(2011, 3, 27), date(2011, 10, 30), date(2011, 9, 14)])
def test_rien_n_est_du_entre_deux_et_trois_heures(jour):
    minuit = a(jour, "0:00")
    for minutes in range(0, 360, 7):
        assert hors_nuit(minuit + timedelta(minutes=minutes), PARIS).astimezone(a_zone()).hour != 2


def a_zone():
    from bot.agenda.instants import zone

    return zone(PARIS)


def test_rien_ne_part_entre_deux_et_trois_heures_meme_ce_qui_etait_du_avant(base, monde):
    poser(base, monde)
    assert envoyer(base, a(date(2011, 9, 16), "2:30"))[1] == {}
    assert envoyer(base, a(date(2011, 9, 16), "3:00"))[1] == {"envoyee": 1}


# ---- what leaves --------------------------------------------------------------------------------------------------


@DEUX_MOTEURS
def test_la_confirmation_part_tout_de_suite_une_fois_et_ne_dit_pas_le_motif(base, monde):
    poser(base, monde, code="conseil_social")
    boite, _ = envoyer(base)
    assert envoyer(base)[1] == {}
    (m,) = boite.recus
    texte = (m.objet + m.texte).lower().replace("\u00a0", " ").replace("\u202f", " ")
    assert "lundi 17 octobre 2011 à 9 h 00" in texte and "bordeaux" in texte and "code :" in texte
    assert not [mot for mot in ("conseil social", "cotisation", "retraite", "santé", "exemple1") if mot in texte]
    assert b"BEGIN:VCALENDAR" in m.agenda


def test_un_rendez_vous_deplace_ne_donne_qu_un_rappel_a_sa_nouvelle_date(base, monde):
    id = poser(base, monde)
    with base() as s:
        reservation.deplacer(s, s.get_one(Entretien, id), debut=a(OCTOBRE + timedelta(7), "9:00"), antenne_id=monde.antennes["Bordeaux"],
                             auteur=ASSURE_CHAT, maintenant=MAINTENANT)
    boite = Boite()
    for jour in range(45):
        envoyer(base, MAINTENANT + timedelta(days=jour, hours=3), boite)
    assert [m.objet.replace("\u00a0", " ") for m in boite.recus if m.objet.startswith("Rappel")] == ["Rappel : rendez-vous du lundi 24 octobre 2011 à 9 h 00"]


def test_un_rendez_vous_annule_ne_donne_pas_de_rappel(base, monde):
    id = poser(base, monde)
    with base() as s:
        reservation.annuler(s, s.get_one(Entretien, id), auteur=ASSURE_CHAT, maintenant=MAINTENANT)
    boite = Boite()
    for jour in range(40):
        envoyer(base, MAINTENANT + timedelta(days=jour, hours=3), boite)
    assert [m.objet.split(" ")[0] for m in boite.recus] == ["Rendez-vous"]


def test_une_annulation_reprise_dans_les_deux_minutes_ne_part_pas(base, monde):
    id = poser(base, monde)
    agent = conseiller(monde.conseillers[0])
    with base() as s:
        reservation.annuler(s, s.get_one(Entretien, id), auteur=agent, maintenant=MAINTENANT)
    assert envoyer(base, plus(minutes=1, seconds=59))[1] == {"perimee": 1}
    with base() as s:
        reservation.defaire(s, s.get_one(Entretien, id), auteur=agent, maintenant=plus(minutes=2))
    boite, _ = envoyer(base, plus(minutes=5))
    assert not [m for m in boite.recus if "annulé" in m.objet]


def test_un_rappel_a_moins_d_une_heure_ne_part_plus(base, monde):
    poser(base, monde)
    envoyer(base)
    assert envoyer(base, a(OCTOBRE, "8:00"))[1] == {"perimee": 1}


@DEUX_MOTEURS
def test_un_envoi_qui_echoue_n_arrete_pas_les_autres_et_se_reprend_trois_fois(base, monde):
    poser(base, monde, personne=quelqu_un(1))
    poser(base, monde, a(OCTOBRE, "10:15"), personne=quelqu_un(2))
    boite = Boite("exemple1@exemple.example")
    assert envoyer(base, MAINTENANT, boite)[1] == {"a_reprendre": 1, "envoyee": 1}
    suites = [envoyer(base, plus(minutes=m), boite)[1] for m in (4, 5, 19, 20, 79, 80, 2000)]
    assert suites == [{}, {"a_reprendre": 1}, {}, {"a_reprendre": 1}, {}, {"abandonnee": 1}, {}]


def test_un_envoi_interrompu_se_reprend_apres_cinq_minutes_sous_le_meme_identifiant(base, monde):
    poser(base, monde)

    class Coupure(Boite):
        def envoyer(self, message):
            super().envoyer(message)
            raise KeyboardInterrupt

    coupee = Coupure()
    with pytest.raises(KeyboardInterrupt):
        envoyer(base, MAINTENANT, coupee)
    assert envoyer(base, plus(minutes=4, seconds=59))[1] == {}
    boite, comptes = envoyer(base, plus(minutes=5))
    assert comptes == {"envoyee": 1} and boite.recus[0].message_id == coupee.recus[0].message_id


def test_sans_courriel_un_mobile_recoit_un_sms_court_et_un_fixe_rien(base, monde):
    poser(base, monde, personne=Personne(nom="Exemple", telephone="0639980003"))
    poser(base, monde, a(OCTOBRE, "10:15"), personne=Personne(nom="Modele", telephone="0199001200"))
    boite, _ = envoyer(base)
    assert [m.destinataire for m in boite.recus] == ["0639980003"]
    assert len(boite.recus[0].texte) < 320 and "conseil social" not in boite.recus[0].texte.lower()


def test_sans_expediteur_pour_un_canal_le_message_est_abandonne(base, monde):
    poser(base, monde, personne=Personne(nom="Exemple", telephone="0639980003"))
    assert envoyer_dues(base, {"courriel": Boite()}, MAINTENANT, SITE) == {"abandonnee": 1}


def test_l_adresse_connue_de_l_assure_sert_quand_il_n_en_donne_pas(base, monde):
    with base() as s:
        qui = assure(s, courriel="connue@exemple.example")
    poser(base, monde, personne=Personne(assure_id=qui.id))
    assert [m.destinataire for m in envoyer(base)[0].recus] == ["connue@exemple.example"]


def test_a_un_vrai_serveur_de_courriel_le_message_arrive_avec_son_fichier_de_calendrier(base, monde):
    recus = []

    class Garder(Recu):
        def handle_message(self, message):
            recus.append(email.message_from_bytes(message.as_bytes(), policy=email.policy.default))

    poser(base, monde)
    serveur = Controller(Garder(), hostname="127.0.0.1", port=ports_libres(2)[0])
    serveur.start()
    try:
        reglages = Reglages(smtp_hote="127.0.0.1", smtp_port=serveur.port, smtp_tls=False, smtp_expediteur="conseil@caisse.example")
        assert envoyer_dues(base, {"courriel": ExpediteurCourriel(reglages, MAINTENANT)}, MAINTENANT, SITE) == {"envoyee": 1}
    finally:
        serveur.stop()
    (m,) = recus
    assert m["To"] == "exemple1@exemple.example" and "rendez-vous" in m["Subject"]
    assert [p.get_content_type() for p in m.iter_attachments()] == ["text/calendar"]


def test_un_serveur_de_courriel_absent_ne_perd_rien(base, monde):
    poser(base, monde)
    assert envoyer_dues(base, {"courriel": ExpediteurCourriel(Reglages(), MAINTENANT)}, MAINTENANT, SITE) == {"a_reprendre": 1}


def test_dans_un_dossier_un_fichier_par_message(base, monde, tmp_path):
    poser(base, monde)
    envoyer_dues(base, {"courriel": ExpediteurFichier(tmp_path / "sortie")}, MAINTENANT, SITE)
    (fichier,) = (tmp_path / "sortie").iterdir()
    assert "Votre rendez-vous est confirmé" in fichier.read_text(encoding="utf-8")


# ---- rencontres, earlier slots, rounds ----------------------------------------------------------------------------


def test_chaque_etape_d_une_inscription_a_son_message(base, monde):
    boite = Boite()
    with base() as s:
        r = rencontres.creer(s, DemandeRencontre(monde.caisse_code, "auto_entrepreneur", "Rencontre fictive", "Bordeaux", a(OCTOBRE, "17:30"),
                                                 a(OCTOBRE, "19:00"), PARIS, [monde.conseillers[1]], 1), SYSTEME, MAINTENANT)
        une, _ = (rencontres.inscrire(s, r, quelqu_un(n), ASSURE_CHAT, MAINTENANT) for n in (1, 2))
    envoyer(base, MAINTENANT, boite)
    with base() as s:
        rencontres.desister(s, s.get_one(Inscription, une.id), ASSURE_CHAT, plus(hours=1))
    envoyer(base, plus(hours=1), boite)
    with base() as s:
        rencontres.repondre_offre(s, s.scalar(select(Inscription).where(Inscription.statut == "offre")), True, ASSURE_CHAT, plus(hours=2))
    envoyer(base, plus(hours=2), boite)
    envoyer(base, a(OCTOBRE - timedelta(2), "10:00"), boite)
    assert [(m.destinataire[:8], m.objet.split()[0]) for m in boite.recus] == [
        ("exemple1", "Votre"), ("exemple2", "Rencontre"), ("exemple2", "Une"), ("exemple2", "Votre"), ("exemple2", "Rappel")]


def plus_tot_pose(base, monde, **reste):
    """Someone far ahead who wants to hear of earlier slots; the two Mondays and Tuesdays of September are taken."""
    for n, (jour, heure) in enumerate(((LUNDI, "9:00"), (LUNDI, "10:15"), (MARDI, "9:00"), (MARDI, "10:15"))):
        poser(base, monde, a(jour, heure), personne=quelqu_un(20 + n))
    return poser(base, monde, personne=quelqu_un(1), plus_tot=True, **reste)


def test_une_place_plus_tot_est_proposee_une_fois_et_oui_deplace(base, monde):
    id = plus_tot_pose(base, monde)
    with base() as s:
        assert plus_tot.proposer(s, MAINTENANT) == 0
        liberee = s.scalar(select(Entretien).where(Entretien.nom == "Exemple21"))
        reservation.annuler(s, liberee, auteur=ASSURE_CHAT, maintenant=MAINTENANT)
        assert [plus_tot.proposer(s, MAINTENANT) for _ in range(2)] == [1, 0]
    boite, _ = envoyer(base, plus(minutes=1))
    assert "19 septembre 2011" in next(m.texte for m in boite.recus if "plus tôt" in m.objet).replace("\u00a0", " ")
    with base() as s:
        e = plus_tot.accepter(s, s.get_one(Entretien, id), ASSURE_CHAT, plus(minutes=2))
        assert e.debut == a(LUNDI, "10:15")


def test_une_place_plus_tot_partie_entre_temps_garde_l_ancien_rendez_vous(base, monde):
    id = plus_tot_pose(base, monde)
    with base() as s:
        reservation.annuler(s, s.scalar(select(Entretien).where(Entretien.nom == "Exemple21")), auteur=ASSURE_CHAT, maintenant=MAINTENANT)
        plus_tot.proposer(s, MAINTENANT)
        reserver(s, monde, a(LUNDI, "10:15"), personne=quelqu_un(30))
        with pytest.raises(OffrePassee):
            plus_tot.accepter(s, s.get_one(Entretien, id), ASSURE_CHAT, plus(minutes=2))
        assert s.get_one(Entretien, id).debut == a(OCTOBRE, "9:00")


@pytest.mark.parametrize("quand", ["15/09 08:59", "15/09 18:00", "11/10 10:00"])
def test_pas_de_proposition_la_nuit_ni_a_moins_de_sept_jours(base, monde, quand):
    plus_tot_pose(base, monde)
    with base() as s:
        ouvrir(s, monde, date(2011, 10, 12), maintenant=MAINTENANT)
        assert plus_tot.proposer(s, a(date(2011, int(quand[3:5]), int(quand[:2])), quand[6:])) == 0


def test_la_tournee_rejouee_ne_refait_rien_et_oublie_les_identites_apres_trois_mois(base, monde):
    poser(base, monde)
    horloge = [MAINTENANT]
    travaux = tournee.travaux(base, lambda: horloge[0], {"courriel": Boite()}, SITE)
    assert [sum(t() for t in travaux.values()) for _ in range(2)] == [1, 0]
    horloge[0] = a(OCTOBRE, "10:00") + timedelta(days=93)
    assert [travaux["identités passées"]() for _ in range(2)] == [1, 0]
    with base.lecture() as s:
        e = s.scalar(select(Entretien))
        assert (e.nom, e.telephone, e.courriel, e.personne, e.statut) == (None, None, None, None, "pose")


def test_la_file_ne_garde_aucun_texte(base, monde):
    poser(base, monde)
    with base.lecture() as s:
        assert {n.charge for n in s.scalars(select(Notification))} == {None}
    assert notifications.PAR_TOURNEE
