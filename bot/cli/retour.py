"""The return of a backup with what it does not know: the erasures made since, read from the base it replaces and from the register beside it."""
import sqlite3
from contextlib import suppress
from datetime import datetime
from pathlib import Path

from sqlalchemy.exc import SQLAlchemyError

from bot.cli.conservation import registre, rejouer
from bot.contacts import effacement
from bot.contacts.base import Sessions, ouvrir
from bot.contacts.sauvegarde import Restauration
from bot.contacts.sauvegarde import restaurer as remettre
from bot.reglages import Reglages


def restaurer(reglages: Reglages, fichier: Path, maintenant: datetime) -> tuple[Restauration, int]:
    """Put a backup in the place of the base; how many people were erased again. Raises the refusals of `bot.contacts.sauvegarde`."""
    _retenir(reglages)
    revenus: list[int] = []
    fait = remettre(reglages.adresse_base, fichier, maintenant, lambda sessions: revenus.append(rejouer(sessions, reglages, maintenant)))
    return fait, sum(revenus)


def _retenir(reglages: Reglages) -> None:
    """Write the erasures of the base that leaves into the register; a base that is gone, old or ruined has none to give."""
    chemin = reglages.adresse_base.removeprefix("sqlite:///")
    if chemin != reglages.adresse_base and not Path(chemin).exists():
        return
    engine = ouvrir(reglages.adresse_base)
    try:
        with suppress(SQLAlchemyError, sqlite3.Error), Sessions(engine).lecture() as s:
            effacement.tenir_registre(s, registre(reglages))
    finally:
        engine.dispose()
