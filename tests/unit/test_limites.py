"""Rate limits: two fronts that share Redis count together, and go on counting, each alone, when Redis is gone."""
import asyncio
import socket

import pytest

from bot.contacts.conversations import TropDeMessages
from bot.site import limites as module
from bot.site.limites import Limites
from tests.carnet import Carnet
from tests.redis import serveur_redis  # noqa: F401  (fixture)


def acceptes(essais, *fronts):
    """How many of `essais` tries a minute, shared out between fronts, get through a limit of 10."""
    async def compter():
        passes = 0
        for i in range(essais):
            try:
                await fronts[i % len(fronts)].compter("essai", "192.0.2.1", 10)
                passes += 1
            except TropDeMessages:
                pass
        return passes
    return asyncio.run(compter())


def test_deux_sites_comptent_ensemble_dans_redis(serveur_redis):  # noqa: F811
    assert acceptes(30, Limites(serveur_redis), Limites(serveur_redis)) == 10


def test_temoin_sans_redis_chacun_compte_pour_soi():
    assert acceptes(30, Limites(), Limites()) == 20


def test_une_autre_adresse_nest_pas_touchee(serveur_redis):  # noqa: F811
    async def tour():
        limites = Limites(serveur_redis)
        await limites.compter("autre", "192.0.2.2", 1)
        await limites.compter("autre", "192.0.2.3", 1)
        with pytest.raises(TropDeMessages):
            await limites.compter("autre", "192.0.2.2", 1)
    asyncio.run(tour())


def test_redis_parti_la_limite_tient_encore_et_le_journal_le_dit(monkeypatch):
    carnet = Carnet()
    monkeypatch.setattr(module, "journal", carnet)
    with socket.socket() as prise:
        prise.bind(("127.0.0.1", 0))
        assert acceptes(15, Limites(f"redis://127.0.0.1:{prise.getsockname()[1]}/0")) == 10
    assert {ligne["evenement"] for ligne in carnet.lignes} == {"limites_sans_redis"}
