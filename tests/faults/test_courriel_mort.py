"""The mail server dies, hangs, comes back: bookings go on, every message leaves once it can, and the other jobs of the worker never wait."""
import os
import shutil
import socket
import threading
import time
from contextlib import closing
from datetime import timedelta

import pytest
from aiosmtpd.controller import Controller
from sqlalchemy import func, select

from bot.agenda import tournee
from bot.agenda.notifications import ExpediteurCourriel
from bot.contacts import courriel
from bot.contacts.tables import Notification
from bot.reglages import Reglages
from tests.faults.test_quatre_tues import Boite
from tests.marche import ports_libres
from tests.unit.agenda_aide import LUNDI, MAINTENANT, a, installer, ouvrir, quelqu_un, reserver

SITE = "http://conseil.example"


class Monde:
    """Bookings with an e-mail address, and the worker's rounds on a clock that the test moves."""

    def __init__(self, sessions, port):
        self.sessions, self.port, self.maintenant = sessions, port, MAINTENANT
        self.monde = installer(sessions)
        with sessions() as s:
            ouvrir(s, self.monde, LUNDI, "9:00", "17:00", jusqu_au=LUNDI + timedelta(30))

    def reserver(self, n, heure):
        with self.sessions() as s:
            reserver(s, self.monde, a(LUNDI, heure), personne=quelqu_un(n))

    def tour(self, plus_tard=timedelta()):
        self.maintenant += plus_tard
        reglages = Reglages(smtp_hote="127.0.0.1", smtp_port=self.port, smtp_tls=False, smtp_expediteur="conseil@caisse.example")
        travaux = tournee.travaux(self.sessions, lambda: self.maintenant, {"courriel": ExpediteurCourriel(reglages, self.maintenant)}, SITE)
        return {nom: travail() for nom, travail in travaux.items()}

    def confirmations(self):
        with self.sessions.lecture() as s:
            return dict(s.execute(select(Notification.resultat, func.count()).where(
                Notification.type == "confirmation", Notification.canal == "courriel").group_by(Notification.resultat)).all())


@pytest.fixture
def monde(sessions):
    return Monde(sessions, ports_libres(2)[0])


def test_le_serveur_de_courriel_mort_deux_jours_tout_part_a_son_retour(monde):
    monde.reserver(1, "9:00")
    monde.reserver(2, "14:00")
    for _ in range(47):  # until the morning: nothing leaves at night
        monde.tour(timedelta(hours=1))
    assert monde.confirmations() == {None: 2}, "rien n'est abandonné parce que le serveur est mort"
    boite = Boite()
    serveur = Controller(boite, hostname="127.0.0.1", port=monde.port)
    serveur.start()
    try:
        monde.tour(timedelta(minutes=6))
        monde.tour(timedelta(minutes=6))
    finally:
        serveur.stop()
    assert monde.confirmations() == {"envoyee": 2}
    assert len(boite.recus) >= 2 and set(boite.recus.values()) == {1}


def test_un_serveur_qui_ne_dit_rien_ne_retient_qu_un_message_par_tour(monde, monkeypatch):
    monkeypatch.setattr(courriel, "DELAI", 0.3)
    for n, heure in enumerate(("9:00", "10:15", "11:30", "14:00"), 1):
        monde.reserver(n, heure)
    with closing(socket.create_server(("127.0.0.1", monde.port))) as muet:
        gardes = []
        threading.Thread(target=lambda: [gardes.append(muet.accept()) for _ in range(4)], daemon=True).start()
        debut = time.monotonic()
        monde.tour(timedelta(minutes=1))
        assert len(gardes) == 1 and time.monotonic() - debut < 5, "un seul message a attendu le serveur pour tous"
    assert monde.confirmations() == {None: 4}


def test_temoin_un_message_que_le_serveur_refuse_finit_par_etre_abandonne(monde):
    class Refuse(Boite):
        async def handle_RCPT(self, *_):
            return "550 boite inconnue"
    monde.reserver(1, "9:00")
    serveur = Controller(Refuse(), hostname="127.0.0.1", port=monde.port)
    serveur.start()
    try:
        for _ in range(5):
            monde.tour(timedelta(hours=2))
    finally:
        serveur.stop()
    assert monde.confirmations() == {"abandonnee": 1}


def test_le_dossier_des_messages_plein_est_pour_le_tour_suivant(monde, tmp_path, monkeypatch):
    from bot.agenda.notifications import ExpediteurFichier

    monde.reserver(1, "9:00")
    (tmp_path / "messages").write_text("un fichier à la place du dossier")
    travaux = tournee.travaux(monde.sessions, lambda: monde.maintenant, {"courriel": ExpediteurFichier(tmp_path / "messages")}, SITE)
    travaux["messages"]()
    assert monde.confirmations() == {None: 1}
    os.unlink(tmp_path / "messages")
    monde.maintenant += timedelta(minutes=10)
    travaux["messages"]()
    assert monde.confirmations() == {"envoyee": 1}
    shutil.rmtree(tmp_path / "messages")
