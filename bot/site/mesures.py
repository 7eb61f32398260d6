"""What the front counts of itself, in Prometheus's format. Nothing that a person wrote, nothing that tells one person from another."""
import hmac
import ipaddress
import time
from contextlib import contextmanager
from datetime import datetime
from typing import Iterator, Optional

from anyio import to_thread
from fastapi import APIRouter, Request, Response
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4
from sqlalchemy import func, select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from bot.contacts.conservation import lire as lire_conservation
from bot.contacts.conservation import retards
from bot.contacts.tables import Notification, PassagePurge
from bot.reglages import Reglages

SEUILS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.2, 0.4, 0.8, 1.2, 2, 5)
routeur = APIRouter(include_in_schema=False)


class Mesures:
    """The counters of one front. Names are those of docs/exploitation.md."""

    def __init__(self) -> None:
        self.registre = r = CollectorRegistry()
        self.requetes = Histogram("conseil_requete_secondes", "Durée des réponses du site.", ("route", "methode", "statut"), buckets=SEUILS,
                                  registry=r)
        self.moteurs = Histogram("conseil_moteur_secondes", "Durée des réponses du moteur.", ("fin",), buckets=SEUILS, registry=r)
        self.vides = Counter("conseil_moteur_vides", "Tours où le moteur n'a rien dit.", registry=r)
        self.degrades = Counter("conseil_degrades", "Messages répondus sans le moteur.", registry=r)
        self.refus = Counter("conseil_refus", "Demandes refusées, par motif.", ("code",), registry=r)
        self.renvois = Counter("conseil_renvois", "Messages reçus une seconde fois, répondus de mémoire.", registry=r)
        self.coupures = Counter("conseil_fusible_coupures", "Fois où le site a cessé d'attendre un moteur trop lent.", registry=r)
        self.file = Gauge("conseil_file", "Messages en train d'être répondus.", registry=r)
        self.attente = Gauge("conseil_attente_secondes", "Attente estimée du prochain message.", registry=r)
        self.base = Gauge("conseil_base_repond", "1 quand la base de contacts répond.", registry=r)
        self.dus = Gauge("conseil_messages_dus", "Courriels et SMS dus et non partis.", ("canal",), registry=r)
        self.age_dus = Gauge("conseil_messages_dus_age_secondes", "Âge du plus ancien courriel ou SMS dû.", registry=r)
        self.age_purge = Gauge("conseil_purge_age_secondes", "Temps depuis la dernière purge, la plus ancienne de toutes.", registry=r)
        self.retards = Gauge("conseil_purge_retards", "Règles de conservation en retard.", registry=r)

    @contextmanager
    def moteur(self) -> Iterator[list[str]]:
        """Around one question to an engine; the caller writes how it ended into the list."""
        debut, fin = time.perf_counter(), ["panne"]
        try:
            yield fin
        finally:
            self.moteurs.labels(fin[0]).observe(time.perf_counter() - debut)

    def relever(self, session: Session, maintenant: datetime) -> None:
        """What only the database knows: the outbox, the purge."""
        self.dus.clear()
        plus_vieux: Optional[datetime] = None
        for canal, nombre, premier in session.execute(select(Notification.canal, func.count(), func.min(Notification.du_le)).where(
                Notification.resultat.is_(None), Notification.du_le <= maintenant).group_by(Notification.canal)):
            self.dus.labels(canal).set(nombre)
            plus_vieux = min(premier, plus_vieux or premier)
        self.age_dus.set((maintenant - plus_vieux).total_seconds() if plus_vieux else 0)
        passee = session.scalar(select(func.min(PassagePurge.passe_le)))
        self.age_purge.set((maintenant - passee).total_seconds() if passee else 0)
        self.retards.set(len(retards(session, lire_conservation(), maintenant)))


def admis(request: Request, reglages: Reglages) -> bool:
    """Whoever asks from this very machine, not through a proxy; from elsewhere, with the token of CONSEIL_JETON_METRIQUES."""
    jeton = reglages.jeton_metriques.get_secret_value() if reglages.jeton_metriques else ""
    donne = request.headers.get("authorization", "").removeprefix("Bearer ")
    if jeton and hmac.compare_digest(donne.encode(), jeton.encode()):
        return True
    try:
        local = ipaddress.ip_address(request.client.host if request.client else "").is_loopback
    except ValueError:
        return False
    return local and not {"x-forwarded-for", "forwarded", "x-real-ip"} & set(request.headers.keys())


@routeur.get("/metrics")
async def metriques(request: Request) -> Response:
    """The figures, or 404 for whoever may not see them: nothing says that they are there."""
    contexte = request.app.state.contexte
    if not admis(request, contexte.reglages):
        return Response(status_code=404)
    mesures: Mesures = contexte.mesures
    mesures.file.set(contexte.dialogue.guichet.dedans)
    mesures.attente.set(contexte.dialogue.guichet.attente)

    def relever() -> None:
        try:
            with contexte.sessions.lecture() as s:
                mesures.relever(s, contexte.horloge.maintenant())
            mesures.base.set(1)
        except SQLAlchemyError:
            mesures.base.set(0)

    await to_thread.run_sync(relever)
    return Response(generate_latest(mesures.registre), media_type=CONTENT_TYPE_PLAIN_0_0_4)
