"""Several engines: a conversation keeps its own, moves only while that one takes no connection, and nothing is ever played twice."""
import asyncio
from contextlib import ExitStack, contextmanager

import pytest

from bot.reglages import Reglages
from bot.site.moteur import Moteur, MoteurIndisponible
from tests.faults.mauvais_moteur import MauvaisMoteur
from tests.marche import attendre, ports_libres

PORTS = ports_libres(3)
A, B, C = (f"http://127.0.0.1:{port}" for port in PORTS)
ABSENT = "n'écoute pas"


class Machine:
    """Engines that really listen, by address: the mood of each (none: a sane one), and who was asked what."""

    def __init__(self):
        self.faire, self.tours, self.sondes = {}, [], 0

    @contextmanager
    def allumee(self, moteurs):
        with ExitStack() as allumes:
            self.par_adresse = {a: allumes.enter_context(MauvaisMoteur(port)) for a, port in zip((A, B, C), PORTS, strict=True)
                                if a in moteurs and self.faire.get(a) != ABSENT}
            for adresse, moteur in self.par_adresse.items():
                moteur.humeur = self.faire.get(adresse, "sain")
            yield
            self.sondes += sum(m.sondes for m in self.par_adresse.values())

    async def dire(self, moteur, conversation):
        """A turn; notes the engines that received it."""
        avant = {a: m.recus for a, m in self.par_adresse.items()}
        try:
            return await moteur.dire(conversation, "bonjour", None, {})
        finally:
            self.tours += [a for a, m in self.par_adresse.items() for _ in range(m.recus - avant[a])]


def jouer(machine, conversations, moteurs=(A, B, C), tours=1):
    """Each conversation says something; gives by conversation the engine that answered, or the failure."""
    async def tout():
        moteur = Moteur(Reglages(moteur=",".join(moteurs), delai_moteur=0.5))
        qui = {}
        with machine.allumee(moteurs):
            try:
                for _ in range(tours):
                    for c in conversations:
                        try:
                            await machine.dire(moteur, c)
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


@pytest.mark.parametrize("panne", ["lent", "coupe", "http302", "http500", "http503"])
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
        with machine.allumee((A, B)):
            try:
                await machine.dire(moteur, NOMS[0])
                await asyncio.sleep(0)
                for c in NOMS:
                    await machine.dire(moteur, c)
                assert set(machine.tours[-len(NOMS) // 2:]) == {A}
            finally:
                await moteur.fermer()
    asyncio.run(tout())


def test_un_seul_moteur_nest_pas_veille():
    machine = Machine()
    jouer(machine, NOMS[:3], (A,))
    assert machine.sondes == 0


def test_un_moteur_qui_se_tait_ne_prend_pas_les_connexions_d_un_autre():
    siennes = {a: [c for c, suivis in jouer(Machine(), NOMS, (A, B)).items() if suivis == [a]] for a in (A, B)}

    async def tout():
        machine = Machine()
        machine.faire[A] = "lent"
        moteur = Moteur(Reglages(moteur=f"{A},{B}", delai_moteur=5))
        with machine.allumee((A, B)):
            muets = [asyncio.create_task(moteur.dire(siennes[A][0], "bonjour", None, {})) for _ in range(60)]
            try:
                await asyncio.to_thread(attendre, lambda: machine.par_adresse[A].recus == 40, 5, "le moteur muet tient tout ce qu'il peut tenir")
                await asyncio.wait_for(moteur.dire(siennes[B][0], "bonjour", None, {}), 2)
            finally:
                for muet in muets:
                    muet.cancel()
                await asyncio.gather(*muets, return_exceptions=True)
                await moteur.fermer()
    asyncio.run(tout())
