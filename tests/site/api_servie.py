"""The front on a caisse at work, really served, for who explores its API: `python -m tests.site.api_servie` prints its address and waits."""
import sys
import tempfile
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Iterator

import httpx
from fastapi.testclient import TestClient

from bot.agenda import rencontres
from bot.agenda.auteurs import SYSTEME
from bot.agenda.rencontres import DemandeRencontre
from bot.contacts.base import Sessions, ouvrir
from bot.contacts.caisses import installer_demo
from bot.contacts.schema import migrer
from bot.horloge import Horloge
from bot.reglages import Reglages
from bot.site.app import creer_app
from tests.marche import servie
from tests.site.test_reponses_du_moteur import FauxMoteur
from tests.unit import agenda_aide

SANS_FIN = 10_000_000


class MoteurAssis(FauxMoteur):
    """Understands one question, and is ready."""

    async def pret(self) -> bool:
        return True

    async def actions_pretes(self, port: int) -> bool:
        return True


@contextmanager
def api_servie(dossier: Path) -> Iterator[str]:
    """Its address. Limits are out of the way (tests/site/test_abus.py has them) and the engine is a stand-in:
    what is explored here is the API, not the understanding."""
    adresse = f"sqlite:///{dossier / 'contacts.db'}"
    sessions = Sessions(ouvrir(adresse))
    migrer(sessions.engine)
    with sessions() as s:
        installer_demo(s)
    monde = agenda_aide.installer(sessions)
    with sessions() as s:
        for jour in range(5):
            agenda_aide.ouvrir(s, monde, agenda_aide.LUNDI + timedelta(jour), jusqu_au=agenda_aide.LUNDI + timedelta(60 + jour))
        rencontres.creer(s, DemandeRencontre(monde.caisse_code, "auto_entrepreneur", "Rencontre fictive", "Bordeaux", agenda_aide.a(agenda_aide.LUNDI, "17:30"),
                                             agenda_aide.a(agenda_aide.LUNDI, "19:00"), monde.fuseau, [monde.conseillers[0]], 12), SYSTEME,
                         agenda_aide.MAINTENANT)
    app = creer_app(Reglages(donnees=dossier, base=adresse, port_moteur=1, port_actions=1, demo=True, conversations_par_minute=SANS_FIN,
                             messages_par_minute=SANS_FIN))
    moteur = MoteurAssis(app).comprend("auto_entrepreneur.seuils_ca")
    app.state.contexte.moteur = app.state.contexte.dialogue.moteur = moteur
    app.state.contexte.horloge = Horloge.depuis(agenda_aide.MAINTENANT)
    with TestClient(app), servie(app) as ou:
        yield ou
    sessions.engine.dispose()


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as dossier, api_servie(Path(dossier)) as ou:
        assert httpx.get(f"{ou}/healthz").status_code == 200
        print(ou, flush=True)
        sys.stdin.read()
