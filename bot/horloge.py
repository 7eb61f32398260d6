"""The one clock. `CONSEIL_NOW=2011-09-14T10:00` starts it there (local time of Paris, or with an offset); it then runs on."""
import os
import time
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

PARIS = ZoneInfo("Europe/Paris")


class HeureIllisible(ValueError):
    """CONSEIL_NOW cannot be read as a date and time."""

    code = "HEURE_ILLISIBLE"


def lire_instant(texte: str) -> datetime:
    """An ISO 8601 date and time, taken in Paris when it has no offset. Returns an aware UTC instant."""
    try:
        instant = datetime.fromisoformat(texte)
    except ValueError as e:
        raise HeureIllisible(f"« {texte} » n'est pas une date et une heure : écrivez par exemple 2011-09-14T10:00.") from e
    return (instant if instant.tzinfo else instant.replace(tzinfo=PARIS)).astimezone(timezone.utc)


@dataclass(frozen=True)
class Horloge:
    """Gives the instant. `decalage` is how far it stands from the machine's clock."""

    decalage: timedelta = field(default=timedelta(0))

    @classmethod
    def depuis(cls, depart: "datetime | None") -> "Horloge":
        """A clock that shows `depart` now and runs on; None = the machine's own time."""
        return cls(depart - datetime.now(timezone.utc)) if depart else cls()

    @classmethod
    def reglee(cls) -> "Horloge":
        """The clock that CONSEIL_NOW asks for. Processes started together share CONSEIL_NOW_ORIGINE, the machine time at which it was read."""
        texte = os.environ.get("CONSEIL_NOW")
        if not texte:
            return cls()
        origine = float(os.environ.setdefault("CONSEIL_NOW_ORIGINE", repr(time.time())))
        return cls(lire_instant(texte) - datetime.fromtimestamp(origine, timezone.utc))

    def maintenant(self) -> datetime:
        """The current instant, aware, UTC."""
        return datetime.now(timezone.utc) + self.decalage

    def aujourdhui(self, zone: ZoneInfo = PARIS) -> date:
        """The calendar day at this instant in `zone`."""
        return self.maintenant().astimezone(zone).date()
