"""What keeps caisses apart: an object of another caisse looks exactly like one that does not exist (ASVS 8.2.2).
Who may do what belongs to the workspace (bot/site/espace/droits.py)."""
from typing import Any, TypeVar, cast

from sqlalchemy import inspect, select
from sqlalchemy.orm import Session
from sqlalchemy.sql import ColumnElement

from bot.contacts.base import Base
from bot.contacts.refus import Refus

T = TypeVar("T", bound=Base)


class Introuvable(Refus):
    code, statut = "INTROUVABLE", 404
    message = "Cette page n'existe pas, ou ne vous est pas ouverte. Revenez à l'accueil de l'espace, ou demandez à votre responsable."


def dans_la_caisse(table: "type[T]", caisse_code: str) -> ColumnElement[bool]:
    """The condition that every query of the workspace carries: `select(Assure).where(dans_la_caisse(Assure, acteur.caisse_code))`."""
    return cast("ColumnElement[bool]", cast(Any, table).caisse_code == caisse_code)


def de_la_caisse(session: Session, table: "type[T]", cle: Any, caisse_code: str) -> T:
    """The object of a caisse by its primary key. Raises Introuvable when there is none, and when it is another caisse's, alike."""
    (colonne,) = inspect(table).primary_key
    trouve = session.scalar(select(table).where(colonne == cle, dans_la_caisse(table, caisse_code)))
    if trouve is None:
        raise Introuvable
    return trouve
