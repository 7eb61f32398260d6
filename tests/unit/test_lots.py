"""Texts read together: none lost, none mixed up, nobody held by another's failure."""
import asyncio
import threading

import pytest

from bot.engine import lots
from bot.engine.lots import Lots


class Lecteur:
    """Reads by turning texts over; keeps what it was given, and waits before its first lot for `ouvrir`."""

    def __init__(self):
        self.lus, self.porte = [], threading.Event()

    def ensemble(self, textes):
        assert self.porte.wait(10)
        self.lus.append(list(textes))
        if "casse" in textes:
            raise ValueError("casse")
        return [t[::-1] for t in textes]


async def demander(lecteur, *textes):
    """All of them at once; the door is opened when they wait."""
    a_lire = Lots(lecteur.ensemble)
    demandes = [asyncio.ensure_future(a_lire.lire(t)) for t in textes]
    await asyncio.sleep(0.05)
    lecteur.porte.set()
    return await asyncio.gather(*demandes)


def test_chacun_recoit_le_sien_et_les_lots_se_suivent():
    lecteur, textes = Lecteur(), [f"texte {i}" for i in range(2 * lots.TAILLE + 3)]
    assert asyncio.run(demander(lecteur, *textes)) == [t[::-1] for t in textes]
    assert [t for lot in lecteur.lus for t in lot] == textes, "dans l'ordre d'arrivée, chacun une fois"
    assert max(map(len, lecteur.lus)) == lots.TAILLE


def test_le_meme_texte_demande_deux_fois_ensemble_est_lu_une_fois():
    lecteur = Lecteur()
    assert asyncio.run(demander(lecteur, "bonjour", "oui", "bonjour")) == ["ruojnob", "iuo", "ruojnob"]
    assert sorted(t for lot in lecteur.lus for t in lot) == ["bonjour", "oui"]


def test_un_lot_rate_rend_la_main_et_le_suivant_est_lu():
    async def tout():
        lecteur = Lecteur()
        a_lire = Lots(lecteur.ensemble)
        lecteur.porte.set()
        assert await asyncio.gather(a_lire.lire("casse"), a_lire.lire("voisin")) == [None, None]
        assert await a_lire.lire("après") == "sèrpa"
    asyncio.run(tout())


def test_qui_raccroche_n_emporte_pas_la_reponse_d_un_autre():
    async def tout():
        lecteur = Lecteur()
        a_lire = Lots(lecteur.ensemble)
        parti, reste = asyncio.ensure_future(a_lire.lire("question")), asyncio.ensure_future(a_lire.lire("question"))
        await asyncio.sleep(0.05)
        parti.cancel()
        lecteur.porte.set()
        assert await reste == "noitseuq"
        with pytest.raises(asyncio.CancelledError):
            await parti
    asyncio.run(tout())
