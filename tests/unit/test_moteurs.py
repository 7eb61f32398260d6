"""Several engines: a conversation keeps its own, moves only while that one takes no connection, and nothing is ever played twice."""
import asyncio
import json
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

import pytest

from bot.reglages import Reglages
from bot.site.moteur import Moteur, MoteurIndisponible
from tests.marche import ports_libres

A, B, C = (f"http://127.0.0.1:{port}" for port in ports_libres(3))
DIT = {"messages": [{"text": "oui"}], "comprehension": {"intention": "x/y", "confiance": 0.9, "propositions": [], "classement": [], "entites": []}}
ABSENT, MUET, RACCROCHE = "n'écoute pas", "ne répond jamais", "raccroche"


class Machine:
    """Engines that really listen, by address: what each does of a request (a status, or a word above), and who was asked what."""

    def __init__(self):
        self.faire = {}
        self.tours, self.sondes = [], []

    @asynccontextmanager
    async def allumee(self, moteurs):
        serveurs = [await asyncio.start_server(lambda r, w, a=a: self._servir(a, r, w), "127.0.0.1", urlsplit(a).port)
                    for a in moteurs if self.faire.get(a) != ABSENT]
        try:
            yield
        finally:
            for serveur in serveurs:
                serveur.close()

    async def _servir(self, adresse, lecteur, ecrivain):
        try:
            while ligne := await lecteur.readline():
                longueur = 0
                while (entete := await lecteur.readline()).strip():
                    if entete.lower().startswith(b"content-length:"):
                        longueur = int(entete.split(b":")[1])
                await lecteur.readexactly(longueur)
                (self.sondes if ligne.startswith(b"GET") else self.tours).append(adresse)
                faire = self.faire.get(adresse, 200)
                if faire == MUET:
                    await asyncio.sleep(30)
                if not isinstance(faire, int):
                    break
                corps = json.dumps(DIT).encode()
                ecrivain.write(b"HTTP/1.1 %d x\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n" % (faire, len(corps)) + corps)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            ecrivain.close()


def jouer(machine, conversations, moteurs=(A, B, C), tours=1):
    """Each conversation says something; gives by conversation the engine that answered, or the failure."""
    async def tout():
        moteur = Moteur(Reglages(moteur=",".join(moteurs), delai_moteur=0.5))
        qui = {}
        async with machine.allumee(moteurs):
            try:
                for _ in range(tours):
                    for c in conversations:
                        try:
                            await moteur.dire(c, "bonjour", None, {})
                            qui.setdefault(c, []).append(machine.tours[-1])
                        except MoteurIndisponible as e:
                            qui.setdefault(c, []).append(str(e))
            finally:
                await moteur.fermer()
        return qui
    return asyncio.run(tout())


NOMS = [f"{n:032x}" for n in range(60)]


def test_une_conversation_garde_son_moteur_sur_tous_les_sites():
    premier, second = jouer(Machine(), NOMS, tours=3), jouer(Machine(), NOMS)
    assert all(len(set(suivis)) == 1 for suivis in premier.values())
    assert {c: s[0] for c, s in premier.items()} == {c: s[0] for c, s in second.items()}
    assert {s[0] for s in premier.values()} == {A, B, C}


def test_un_moteur_qui_part_ne_deplace_que_ses_conversations():
    avant, machine = jouer(Machine(), NOMS), Machine()
    machine.faire[B] = ABSENT
    apres = jouer(machine, NOMS)
    assert {c for c in NOMS if avant[c] != apres[c]} == {c for c in NOMS if avant[c] == [B]}
    assert B not in {s[0] for s in apres.values()}


@pytest.mark.parametrize("panne", [MUET, RACCROCHE, 302, 500, 503])
def test_un_tour_peut_etre_commence_nest_jamais_rejoue_ailleurs(panne):
    machine = Machine()
    machine.faire = dict.fromkeys((A, B, C), panne)
    qui = jouer(machine, NOMS[:1])
    assert len(machine.tours) == 1 and "http" not in qui[NOMS[0]][0]


def test_tous_partis_la_panne_est_dite():
    machine = Machine()
    machine.faire = dict.fromkeys((A, B), ABSENT)
    assert jouer(machine, NOMS[:1], (A, B)) == {NOMS[0]: ["ClientConnectorError"]}


def test_un_moteur_qui_ecoute_sans_comprendre_encore_est_evite():
    async def tout():
        machine = Machine()
        moteur = Moteur(Reglages(moteur=f"{A},{B}"))
        sonder = moteur._sonder

        async def sans_b(poste):
            return poste.adresse != B and await sonder(poste)
        moteur._sonder = sans_b
        async with machine.allumee((A, B)):
            try:
                await moteur.dire(NOMS[0], "bonjour", None, {})
                await asyncio.sleep(0)
                for c in NOMS:
                    await moteur.dire(c, "bonjour", None, {})
                assert set(machine.tours[-len(NOMS) // 2:]) == {A}
            finally:
                await moteur.fermer()
    asyncio.run(tout())


def test_un_seul_moteur_nest_pas_veille():
    machine = Machine()
    jouer(machine, NOMS[:3], (A,))
    assert machine.sondes == []
