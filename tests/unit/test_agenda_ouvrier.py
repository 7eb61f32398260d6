"""What the worker does for the agenda at each round, twice as well as once."""
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from bot.agenda import reservation
from bot.cli import ouvrier
from bot.contacts.tables import Notification, Occupation
from bot.horloge import Horloge
from bot.reglages import Reglages
from tests.unit.agenda_aide import LUNDI, MAINTENANT, a, installer, ouvrir, quelqu_un, reserver


@pytest.fixture
def monde(sessions):
    m = installer(sessions)
    with sessions() as s:
        ouvrir(s, m)
    return m


def tour(sessions, dossier, apres=timedelta(0), **reglages):
    horloge = Horloge.depuis(MAINTENANT + apres)
    travaux = ouvrier.travaux_agenda(sessions, horloge, Reglages(donnees=dossier, **reglages))
    ouvrier.passer(travaux)
    return travaux


def resultats(sessions):
    with sessions.lecture() as s:
        return dict(s.execute(select(Notification.resultat, func.count()).group_by(Notification.resultat)).all())


def test_en_demonstration_chaque_message_devient_un_fichier_une_seule_fois(sessions, monde, tmp_path):
    with sessions() as s:
        e = reserver(s, monde, a(LUNDI, "9:00"))
    for _ in range(2):
        tour(sessions, tmp_path, timedelta(minutes=1), demo=True)
    (fichier,) = (tmp_path / "messages").iterdir()
    texte = fichier.read_text(encoding="utf-8")
    assert e.code in texte and f"http://127.0.0.1:8000/rendez-vous?code={e.code}" in texte and "conseil social" not in texte
    assert resultats(sessions) == {"envoyee": 1, None: 1}


def test_sans_serveur_de_courriel_hors_demonstration_les_messages_attendent(sessions, monde, tmp_path):
    with sessions() as s:
        reserver(s, monde, a(LUNDI, "9:00"))
    assert "messages" not in tour(sessions, tmp_path, timedelta(minutes=1))
    assert resultats(sessions) == {None: 2} and not (tmp_path / "messages").exists()


def test_une_retenue_passee_est_rendue(sessions, monde, tmp_path):
    with sessions() as s:
        reservation.retenir(s, conversation_id="c", motif=s.merge(monde.motifs["conseil_social"], load=False), debut=a(LUNDI, "9:00"),
                            antenne_id=monde.antennes["Bordeaux"], maintenant=MAINTENANT)
    for apres, reste in ((4, 5), (6, 0)):
        tour(sessions, tmp_path, timedelta(minutes=apres), demo=True)
        with sessions.lecture() as s:
            assert s.scalar(select(func.count()).select_from(Occupation)) == reste


def test_un_serveur_de_courriel_absent_n_arrete_pas_les_autres_travaux_et_le_message_repart_plus_tard(sessions, monde, tmp_path):
    with sessions() as s:
        reserver(s, monde, a(LUNDI, "9:00"), personne=quelqu_un(2))
    tour(sessions, tmp_path, timedelta(minutes=1), smtp_hote="127.0.0.1", smtp_port=1, smtp_expediteur="conseil@caisse.example", smtp_tls=False)
    with sessions.lecture() as s:
        (repoussee,) = s.scalars(select(Notification).where(Notification.canal == "courriel", Notification.type == "confirmation"))
        # A server that is down says nothing against the message: this is not one of its four tries.
        assert repoussee.resultat is None and repoussee.essais == 0 and repoussee.du_le > MAINTENANT + timedelta(minutes=1)
