"""Survey results at the size of the country: 28 caisses × 5 strata × 13 items on 500,000 answers, against the raw GROUP BY of the same run.

Called by `make bench`; alone: `python -m tests.load.enquete`. The counts of both are compared too: being quick on other numbers would be nothing.
"""
import json
import random
import sys
import tempfile
import time
from datetime import date, datetime, timezone
from pathlib import Path
from typing import Any

from sqlalchemy import text

from bot.cli.commun import dire
from bot.contacts.base import Sessions, ouvrir
from bot.contacts.schema import migrer
from bot.contacts.tables import Caisse, Participation, Reponse, Vague
from bot.enquete.questionnaire import PASSE, VERSION, questionnaire
from bot.enquete.resultats import compter, resultat_item
from bot.texte.typographie import nombre

CAISSES, STRATES, REPONSES, BASE = 28, 5, 500_000, 800
LIMITE = 2.0  # seconds, for the whole country
MAINTENANT = datetime(2011, 9, 14, 8, tzinfo=timezone.utc)
BRUT = """SELECT p.vague_id, r.item, r.code, count(*) FROM reponse r JOIN participation p ON p.pseudonyme = r.pseudonyme
 WHERE p.exprimee GROUP BY p.vague_id, r.item, r.code"""


def peupler(sessions: Sessions, reponses: int = REPONSES) -> list[int]:
    """So many answers, spread over a wave a caisse and a stratum; the waves."""
    q, hasard = questionnaire(VERSION), random.Random(2011)
    items = [i for i in q.items if q.echelle(i).codes][:13]
    with sessions() as s:
        for c in range(CAISSES):
            s.add(Caisse(code=f"c{c:02d}", nom=f"Caisse fictive {c}", telephone="01 99 00 00 00", horaires="du lundi au vendredi, de 9 h à 12 h",
                         courriel=None, site=None, origines=[], fuseau="Europe/Paris", fictive=True))
        s.flush()
        vagues = [Vague(caisse_code=f"c{c:02d}", action_id=None, cible="SPONT", genre="entretien", exercice=2011 + n, du=date(2011 + n, 1, 1),
                        au=date(2011 + n, 12, 31), version=VERSION, sha256=q.sha256, graine="0" * 64, taille_prevue=BASE, base_prevue=BASE, etat="ouverte",
                        ouverte_le=MAINTENANT) for c in range(CAISSES) for n in range(STRATES)]
        s.add_all(vagues)
        s.flush()
        numeros = [v.id for v in vagues]
    personnes = max(1, reponses // len(items))
    with sessions() as s:
        connexion = s.connection()
        connexion.execute(Participation.__table__.insert(), [
            {"pseudonyme": p, "vague_id": numeros[p % len(numeros)], "forme": "physique", "mois": "2011-09", "mode": "web", "etat": "complete", "exprimee": True}
            for p in range(1, personnes + 1)])
        for debut in range(1, personnes + 1, 5_000):
            connexion.execute(Reponse.__table__.insert(), [
                {"pseudonyme": p, "item": i.id, "code": hasard.choice((*q.echelle(i).codes, PASSE))}
                for p in range(debut, min(debut + 5_000, personnes + 1)) for i in items])
    return numeros


def pays(sessions: Sessions, vagues: list[int]) -> tuple[dict[tuple[int, str, str], int], int]:
    """All counts of all waves, and the rates with their intervals; how many rates."""
    q, taux = questionnaire(VERSION), 0
    with sessions.lecture() as s:
        tous = compter(s, vagues)
    for comptes in tous.values():
        for item in q.items:
            if item.id in comptes:
                taux += resultat_item(item, q, comptes[item.id], sum(comptes[item.id].values()), BASE).taux is not None
    return {(v, i, c): n for (v, _), items in tous.items() for i, codes in items.items() for c, n in codes.items()}, taux


def mesurer(reponses: int = REPONSES, tours: int = 5) -> dict[str, Any]:
    """Seconds of both ways, the best of `tours` each, taken in turn; whether their counts agree."""
    with tempfile.TemporaryDirectory(prefix="conseil-enquete-") as dossier:
        engine = ouvrir(f"sqlite:///{Path(dossier) / 'contacts.db'}")
        migrer(engine)
        sessions = Sessions(engine)
        vagues = peupler(sessions, reponses)
        notre, brut = [], []
        for _ in range(tours):
            debut = time.perf_counter()
            with sessions.lecture() as s:
                lignes = s.execute(text(BRUT)).all()
            brut.append(time.perf_counter() - debut)
            debut = time.perf_counter()
            comptes, taux = pays(sessions, vagues)
            notre.append(time.perf_counter() - debut)
        engine.dispose()
    return {"vagues": len(vagues), "reponses": sum(n for *_, n in lignes), "taux": taux, "identiques": {tuple(cle): n for *cle, n in lignes} == comptes,
            "notre_s": min(notre), "brut_s": min(brut), "rapport": min(notre) / min(brut)}


def montrer() -> dict[str, Any]:
    """Measure, and say it in one line."""
    m = mesurer()
    dire(f"Enquête : {nombre(m['taux'])} taux de {m['vagues']} vagues sur {nombre(m['reponses'])} réponses en {nombre(m['notre_s'], 2)} s, "
         f"{nombre(m['rapport'], 2)} fois le GROUP BY brut ({nombre(m['brut_s'], 2)} s) ; comptes {'identiques' if m['identiques'] else 'DIFFÉRENTS'}.")
    return m


def principal() -> int:
    m = montrer()
    if "--json" in sys.argv:
        print(json.dumps(m))
    return 0 if m["identiques"] and m["notre_s"] < LIMITE else 1


if __name__ == "__main__":
    sys.exit(principal())
