"""The life of an entretien: which state may follow which, at which moment, for whom (booking.md §5.5). States are read here, written elsewhere.

Before the start one can only cancel; from the start on, only say what happened. Corrections: seven days for the counsellor, then the responsable.
"""
from datetime import datetime, timedelta
from typing import Optional

ANNULES = frozenset({"annule_assure", "annule_caisse"})
CONSTATS = frozenset({"honore", "absent", "annule_caisse"})
CORRECTION = timedelta(days=7)
REPRISE = timedelta(minutes=2)
ROLES_CAISSE = frozenset({"conseiller", "secretariat", "responsable"})


def transitions(statut: str, debut: datetime, maintenant: datetime, role: Optional[str] = None, *, fin: Optional[datetime] = None) -> frozenset[str]:
    """The states that may follow now. `role` None is the assuré herself; a cancelled entretien is only taken back by `reservation.defaire`.

    >>> from datetime import timezone
    >>> h = datetime(2011, 9, 14, 9, tzinfo=timezone.utc)
    >>> sorted(transitions("pose", h, h - timedelta(hours=1))), sorted(transitions("pose", h, h, "conseiller"))
    (['annule_assure'], ['absent', 'annule_caisse', 'honore'])
    """
    commence = maintenant >= debut
    if role is None:
        return frozenset({"annule_assure"}) if statut == "pose" and not commence else frozenset()
    if role not in ROLES_CAISSE:
        return frozenset()
    if not commence:
        return ANNULES if statut == "pose" else frozenset()
    if statut == "pose":
        return CONSTATS
    if statut not in ("honore", "absent"):
        return frozenset()
    corrige = role == "responsable" or maintenant < (fin or debut) + CORRECTION
    # said to have taken place or not, it is no longer cancelled: the contact of the bilan (R45) cannot be either
    return frozenset({"honore", "absent"}) - {statut} if corrige else frozenset()


def etat(statut: str, debut: datetime, fin: datetime, maintenant: datetime) -> str:
    """The state people see: « a_venir », « en_cours », « a_renseigner » are derived from « pose », never stored."""
    if statut != "pose":
        return statut
    return "a_venir" if maintenant < debut else "en_cours" if maintenant < fin else "a_renseigner"


def fenetre(debut: datetime, limite_h: int, maintenant: datetime) -> str:
    """What the assuré may still do: « libre » (move or cancel) until `limite_h` hours before, then « annuler » (late), then « rien »."""
    if maintenant >= debut:
        return "rien"
    return "libre" if maintenant <= debut - timedelta(hours=limite_h) else "annuler"
