"""The booking rush (issue 5, « Done when »): people who all want the same slots, through the services and through HTTP, on SQLite and on PostgreSQL;
and what a search and a confirmation cost, beside a plain SQL lookup of the same run.

Called by `make bench`; alone: `python -m tests.load.agenda`. `ruee` and `assaut` also serve tests/unit/test_agenda_affluence.py, where
RUEE=20x50x5 makes 5,000 attempts an engine and a way in (`make faults`).
"""
import itertools
import logging
import os
import random
import sys
import tempfile
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta, timezone
from datetime import time as heure
from pathlib import Path
from typing import Any, Callable, Iterator, Optional, Sequence
from uuid import uuid4

import httpx
import structlog
from sqlalchemy import func, select, text

from bot.agenda import motifs, ouvertures, recherche, reservation
from bot.agenda.auteurs import ASSURE_PAGE, SYSTEME, Auteur
from bot.agenda.creneaux import Creneau, lire_id
from bot.agenda.identite import Personne
from bot.agenda.instants import vers_utc
from bot.agenda.ouvertures import DemandeOuverture
from bot.agenda.refus import CreneauPris
from bot.agenda.transactions import en_transaction
from bot.cli.commun import dire, refuser
from bot.contacts.base import Sessions, ouvrir
from bot.contacts.caisses import caisse, installer_demo
from bot.contacts.refus import Refus
from bot.contacts.schema import migrer
from bot.contacts.tables import Conseiller, Entretien, Motif, Occupation
from bot.horloge import Horloge
from bot.reglages import Reglages
from bot.site.app import creer_app
from bot.texte.typographie import nombre
from tests import postgres
from tests.marche import servie

CAISSE, MAINTENANT, LUNDI = "demo-aquitaine", datetime(2011, 9, 14, 8, tzinfo=timezone.utc), date(2011, 9, 19)
CRENEAUX, CONCURRENTS, GRAINES = 20, 50, (1, 2, 3, 4, 5)
# Seconds that a race may wait for a lock or a connection: on a busy machine, the site's own five would end in honest 503, and tell nothing.
PATIENCE = 300.0
# What the issue asks: slots of 40 counsellors over 90 days in less than this.
RECHERCHE_MAX_MS = 50.0


@dataclass
class Issue:
    """How a rush ended. `codes`: what each contender got in the end (« pris », or a refusal's code, or an HTTP status of failure); `durees`: seconds
    of each attempt to confirm."""

    codes: Counter = field(default_factory=Counter)
    durees: list[float] = field(default_factory=list)
    reserves: int = 0
    libres: int = 0
    chevauchements: int = 0
    vendus: list[int] = field(default_factory=list)  # in an assault: how many times each slot was sold

    @property
    def juste(self) -> bool:
        """Every slot sold once, none left, nobody met a failure."""
        return (self.libres == 0 and self.chevauchements == 0 and set(self.vendus) <= {1} and self.codes["pris"] == self.reserves
                and set(self.codes) <= {"pris", CreneauPris.code})


# ---- the scene --------------------------------------------------------------------------------------------------------


def installer(sessions: Sessions, creneaux: int = CRENEAUX) -> str:
    """Motifs, and as many counsellors as give `creneaux` slots of the telephone motif « auto_entrepreneur » (30 minutes), four each. Its code."""
    with sessions() as s:
        offerts = {m.code: m for m in motifs.installer(s, CAISSE)}
        for n in range(-(-creneaux // 4)):
            qui = Conseiller(caisse_code=CAISSE, nom=f"Ruee{n}", prenom="Camille")
            s.add(qui)
            s.flush()
            # one after the other, so that every slot is an instant of its own
            ouvertures.ouvrir(s, DemandeOuverture(qui.id, LUNDI + timedelta(n), heure(9), heure(11), [offerts["auto_entrepreneur"]]), SYSTEME, MAINTENANT)
    return "auto_entrepreneur"


def _constater(sessions: Sessions, code: str, issue: Issue) -> Issue:
    """What the database says once everybody is gone."""
    with sessions.lecture() as s:
        motif = motifs.motif(s, CAISSE, code)
        issue.libres = len(recherche.chercher(s, motif, MAINTENANT).creneaux)
        issue.reserves = s.scalar(select(func.count()).select_from(Entretien).where(Entretien.statut == "pose")) or 0
        un, autre = Entretien.__table__.alias(), Entretien.__table__.alias()
        issue.chevauchements = s.scalar(select(func.count()).select_from(un.join(autre, (
            (un.c.conseiller_id == autre.c.conseiller_id) & (un.c.id < autre.c.id) & (un.c.debut < autre.c.fin) & (autre.c.debut < un.c.fin)))).where(
            un.c.statut == "pose", autre.c.statut == "pose")) or 0
        assert (s.scalar(select(func.count()).select_from(Occupation)) or 0) == 2 * issue.reserves or issue.chevauchements
    return issue


def _ensemble(n: int, travail: Callable[[int], Any]) -> list[Any]:
    """`travail(0…n-1)` in threads that start together."""
    depart = threading.Barrier(n, timeout=60)

    def un(i: int) -> Any:
        depart.wait()
        return travail(i)
    with ThreadPoolExecutor(n) as fils:
        return list(fils.map(un, range(n)))


# ---- by the services, by HTTP -----------------------------------------------------------------------------------------
# One attempt to book: (slot, name, telephone) -> (« pris » or the code of a refusal, the nearest slots offered instead).
Essayer = Callable[[str, str, str], "tuple[str, list[str]]"]


def par_services(sessions: Sessions, auteur: Auteur = ASSURE_PAGE) -> Essayer:
    """Through `reservation.confirmer`, for a person or for a counsellor."""
    def essayer(creneau: str, nom: str, telephone: str) -> tuple[str, list[str]]:
        motif_id, debut, antenne_id = lire_id(creneau)
        try:
            en_transaction(sessions, lambda s: reservation.confirmer(
                s, operation_id=uuid4().hex, motif=motifs.motif(s, CAISSE, motif_id), debut=debut, antenne_id=antenne_id,
                personne=Personne(nom, "Camille", telephone), auteur=auteur, maintenant=MAINTENANT))
        except CreneauPris as e:
            return e.code, [c.id for c in e.proches]
        except Refus as e:
            return e.code, []
        return "pris", []
    return essayer


def par_http(*adresses: str) -> Essayer:
    """Through `POST /api/entretiens` of one of the fronts, each thread on a connection of her own."""
    ici, suivante = threading.local(), itertools.cycle(adresses)

    def essayer(creneau: str, nom: str, telephone: str) -> tuple[str, list[str]]:
        if not hasattr(ici, "client"):
            ici.client = httpx.Client(base_url=next(suivante), timeout=300)
        reponse = ici.client.post("/api/entretiens", json={"operation_id": str(uuid4()), "creneau": creneau, "nom": nom, "prenom": "Camille",
                                                           "telephone": telephone})
        if reponse.status_code < 300:
            return "pris", []
        if reponse.status_code >= 500:
            return str(reponse.status_code), []
        erreur = reponse.json()["error"]
        return erreur["code"], [c["id"] for c in erreur.get("proches") or ()]
    return essayer


def nommer(prefixe: str, numero: int) -> str:
    """A name of letters only: « Assautbd » for 13."""
    return prefixe + "".join(chr(ord("a") + int(c)) for c in str(numero))


def vus_libres(sessions: Sessions, code: str) -> list[str]:
    """The slots everybody sees before the rush."""
    with sessions.lecture() as s:
        return [c.id for c in recherche.chercher(s, motifs.motif(s, CAISSE, code), MAINTENANT).creneaux]


def ruee(sessions: Sessions, code: str, essayer: Essayer, concurrents: int = CONCURRENTS, graine: int = 1) -> Issue:
    """Everybody at once, each for a slot at random; taken, one of the nearest that are offered; until a booking or nothing left."""
    issue, vus = Issue(), vus_libres(sessions, code)

    def contender(i: int) -> str:
        hasard, voulus = random.Random(graine * 1000 + i), vus
        while voulus:
            debut = time.perf_counter()
            dit, voulus = essayer(hasard.choice(voulus), nommer("Ruee", i), f"06399{graine:02d}{i:03d}")
            issue.durees.append(time.perf_counter() - debut)
            if dit != CreneauPris.code:
                return dit
        return CreneauPris.code
    issue.codes = Counter(_ensemble(concurrents, contender))
    return _constater(sessions, code, issue)


def assaut(sessions: Sessions, code: str, voies: Sequence[Essayer], concurrents: int = CONCURRENTS, graine: int = 1) -> Issue:
    """Slot after slot, in an order that the seed draws: all the contenders at the same instant for the same one, spread over the ways in. Another
    person each time, so that nobody is refused for another reason. 20 slots and 50 contenders are 1,000 attempts."""
    issue, vus = Issue(), vus_libres(sessions, code)
    random.Random(graine).shuffle(vus)
    porte = threading.Barrier(concurrents, timeout=600)

    def contender(i: int) -> list[str]:
        dits = []
        for rang, creneau in enumerate(vus):
            porte.wait()
            debut = time.perf_counter()
            try:
                dits.append(voies[i % len(voies)](creneau, nommer("Assaut", i), f"0639{rang:02d}{i:03d}{graine}")[0])
            except Exception as e:  # whatever it is, it is a failure that a person met
                dits.append(f"500 {type(e).__name__}")
            issue.durees.append(time.perf_counter() - debut)
        return dits
    tous = _ensemble(concurrents, contender)
    issue.codes = Counter(dit for dits in tous for dit in dits)
    issue.vendus = [sum(dits[rang] == "pris" for dits in tous) for rang in range(len(vus))]
    return _constater(sessions, code, issue)


@contextmanager
def site(sessions: Sessions, dossier: Path) -> Iterator[str]:
    """The real front on this database, served by uvicorn on a free port; its address."""
    adresse = sessions.engine.url.render_as_string(hide_password=False)
    app = creer_app(Reglages(donnees=dossier, base=adresse, port_moteur=1, port_actions=1, demo=True, conversations_par_minute=100_000))
    app.state.contexte.horloge = Horloge.depuis(MAINTENANT)
    app.state.contexte.sessions = Sessions(ouvrir(adresse, PATIENCE))
    try:
        with servie(app, lifespan="on") as adresse_site:
            yield adresse_site
    finally:
        app.state.contexte.sessions.engine.dispose()


# ---- measures ---------------------------------------------------------------------------------------------------------


def p95(valeurs: list[float]) -> float:
    """The 95th percentile, in milliseconds."""
    return 1000 * sorted(valeurs)[max(0, -(-len(valeurs) * 95 // 100) - 1)]


def _mieux(travail: Callable[[], Any], fois: int = 5) -> float:
    """Milliseconds of the best of some runs."""
    durees = []
    for _ in range(fois):
        debut = time.perf_counter()
        travail()
        durees.append(time.perf_counter() - debut)
    return 1000 * min(durees)


def mesurer_recherche(sessions: Sessions, conseillers: int = 40) -> dict[str, float]:
    """Slots of 40 counsellors over 90 days, half of them booked, against reading the taken cells by plain SQL."""
    with sessions() as s:
        offerts = {m.code: m for m in motifs.installer(s, CAISSE)}
        antenne = caisse(s, CAISSE).antennes[0]
        for n in range(conseillers):
            qui = Conseiller(caisse_code=CAISSE, nom=f"Foule{n}", prenom="Camille")
            s.add(qui)
            s.flush()
            quart = 15 * (n % 4)  # not everybody receives at the same hours
            for jour in range(5):
                for de, a in ((heure(8, quart), heure(11, quart)), (heure(13, quart), heure(16, quart))):
                    ouvertures.ouvrir(s, DemandeOuverture(qui.id, LUNDI + timedelta(jour), de, a, [offerts["conseil_social"]], antenne.id,
                                                          LUNDI + timedelta(100)), SYSTEME, MAINTENANT)
            s.execute(text("INSERT INTO occupation (conseiller_id, cellule, porteur, porteur_id) VALUES (:c, :k, 'entretien', :p)"),
                      [{"c": qui.id, "k": int(vers_utc(LUNDI + timedelta(j), heure(9), "Europe/Paris").timestamp()) // 900 + q, "p": str(j)}
                       for j in range(90) for q in range(5)])
    with sessions.lecture() as s:
        motif = s.scalar(select(Motif).where(Motif.code == "conseil_social"))
        assert motif is not None
        combien: list[Creneau] = list(recherche.chercher(s, motif, MAINTENANT).creneaux)
        calcul = _mieux(lambda: recherche.chercher(s, motif, MAINTENANT))
        lecture = _mieux(lambda: s.execute(text("SELECT conseiller_id, cellule FROM occupation WHERE cellule BETWEEN 0 AND 9999999")).all())
    return {"creneaux": len(combien), "recherche_ms": calcul, "lecture_ms": lecture, "rapport": calcul / lecture}


def mesurer_confirmation(sessions: Sessions, concurrents: int = CONCURRENTS) -> dict[str, float]:
    """p95 of a confirmation with 50 contenders on one slot, against as many plain lookups of a row at once."""
    code = installer(sessions, 4)
    with sessions.lecture() as s:
        motif = motifs.motif(s, CAISSE, code)
        premier = recherche.chercher(s, motif, MAINTENANT).creneaux[0]
    confirmations: list[float] = []
    lectures: list[float] = []

    def confirmer(i: int) -> str:
        debut = time.perf_counter()
        try:
            en_transaction(sessions, lambda s: reservation.confirmer(
                s, operation_id=f"un-{i}", motif=motifs.motif(s, CAISSE, code), debut=premier.debut, antenne_id=None,
                personne=Personne(f"Seul{i}", "Camille", f"06398000{i:02d}"), auteur=ASSURE_PAGE, maintenant=MAINTENANT))
            return "pris"
        except CreneauPris as e:
            return e.code
        finally:
            confirmations.append(time.perf_counter() - debut)

    def lire(_: int) -> None:
        debut = time.perf_counter()
        with sessions.lecture() as s:
            s.execute(text("SELECT id FROM entretien WHERE operation_id = 'un-1'")).all()
        lectures.append(time.perf_counter() - debut)
    issues = Counter(_ensemble(concurrents, confirmer))
    _ensemble(concurrents, lire)
    if issues["pris"] != 1:
        refuser("CRENEAU_VENDU_DEUX_FOIS", f"un créneau, {issues['pris']} rendez-vous.")
    return {"confirmation_p95_ms": p95(confirmations), "lecture_p95_ms": p95(lectures), "rapport": p95(confirmations) / p95(lectures)}


# ---- the run ----------------------------------------------------------------------------------------------------------


@contextmanager
def bases(dossier: Path) -> Iterator[dict[str, Callable[[], Sessions]]]:
    """Makers of fresh migrated databases, by engine; PostgreSQL only where its server is installed."""
    with ExitStack() as pile:
        numeros = iter(range(1_000))

        def prete(adresse: str) -> Sessions:
            sessions = Sessions(ouvrir(adresse, PATIENCE))
            pile.callback(sessions.engine.dispose)
            migrer(sessions.engine)
            with sessions() as s:
                installer_demo(s)
            return sessions
        faire: dict[str, Callable[[], Sessions]] = {"sqlite": lambda: prete(f"sqlite:///{dossier / f'base-{next(numeros)}.db'}")}
        serveur = pile.enter_context(_postgresql())
        if serveur is not None:
            faire["postgresql"] = lambda: prete(serveur.vierge().render_as_string(hide_password=False))
        yield faire


@contextmanager
def _postgresql() -> Iterator[Optional[postgres.Serveur]]:
    binaires = postgres._executables()
    if binaires is None:
        dire("  PostgreSQL est absent : la ruée se mesure sur SQLite seulement.", erreur=True)
        yield None
        return
    with tempfile.TemporaryDirectory(prefix="pg-", dir="/tmp") as brut:
        processus = postgres._demarrer(binaires, Path(brut))
        try:
            yield postgres.Serveur(Path(brut))
        finally:
            processus.terminate()
            processus.wait(20)


def mesurer(dossier: Path) -> dict[str, Any]:
    """Search, confirmation, then the rush: every engine, both ways in, every seed. Refuses when one slot is sold twice, left, or met by a failure, or
    when the search is too slow."""
    tout: dict[str, Any] = {}
    with tempfile.TemporaryDirectory(prefix="agenda-", dir=dossier) as brut, bases(Path(brut)) as faire:
        for moteur, base in faire.items():
            dire(f"  {moteur} : recherche, confirmation…", erreur=True)
            tout[moteur] = {"recherche": mesurer_recherche(base()), "confirmation": mesurer_confirmation(base())}
            for voie in ("services", "http"):
                dire(f"  {moteur} : {CONCURRENTS} personnes pour {CRENEAUX} créneaux, par {voie}, {len(GRAINES)} fois…", erreur=True)
                tout[moteur][voie] = [_une_ruee(base(), voie, graine, Path(brut)) for graine in GRAINES]
    montrer(tout)
    lente = max(m["recherche"]["recherche_ms"] for m in tout.values())
    if lente > RECHERCHE_MAX_MS and os.getloadavg()[0] < 1.5:
        refuser("RECHERCHE_LENTE", f"les créneaux de 40 conseillers sur 90 jours prennent {nombre(lente, 0)} ms, plus que {RECHERCHE_MAX_MS:.0f}.")
    return tout


def _une_ruee(sessions: Sessions, voie: str, graine: int, dossier: Path) -> dict[str, Any]:
    code = installer(sessions)
    debut = time.perf_counter()
    if voie == "services":
        issue = ruee(sessions, code, par_services(sessions), graine=graine)
    else:
        with site(sessions, dossier) as adresse:
            structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))  # not a line for each of the requests
            issue = ruee(sessions, code, par_http(adresse), graine=graine)
    if not issue.juste or issue.reserves != CRENEAUX:
        refuser("RUEE_RATEE", f"graine {graine}, {voie} : {issue.reserves} rendez-vous pour {CRENEAUX} créneaux, {issue.libres} libres, {dict(issue.codes)}.")
    return {"graine": graine, "duree_s": time.perf_counter() - debut, "p95_ms": p95(issue.durees), "essais": len(issue.durees), "issues": dict(issue.codes)}


def montrer(tout: dict[str, Any]) -> None:
    """What was measured, as ratios."""
    for moteur, m in tout.items():
        r, c = m["recherche"], m["confirmation"]
        dire(f"{moteur:<11} {nombre(r['creneaux'])} créneaux de 40 conseillers sur 90 jours : {nombre(r['recherche_ms'], 1)} ms, "
             f"× {nombre(r['rapport'], 1)} la lecture des quarts d'heure en SQL", brut=True)
        dire(f"{'':<11} confirmer, {CONCURRENTS} personnes pour un créneau, 95 % : {nombre(c['confirmation_p95_ms'], 0)} ms, "
             f"× {nombre(c['rapport'], 1)} une lecture en SQL", brut=True)
        for voie in ("services", "http"):
            pires = max(x["p95_ms"] for x in m[voie])
            dire(f"{'':<11} ruée par {voie:<9}: {len(m[voie])} fois {CRENEAUX} créneaux vendus une fois, aucun resté, aucune panne ; "
                 f"95 % d'un essai : {nombre(pires, 0)} ms", brut=True)


if __name__ == "__main__":
    with tempfile.TemporaryDirectory(prefix="bench-agenda-") as temporaire:
        resultat = mesurer(Path(temporaire))
    if "--json" in sys.argv:
        import json

        print(json.dumps(resultat, ensure_ascii=False, indent=1))
