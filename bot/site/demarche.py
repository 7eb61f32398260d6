"""The draft of a booking made by pages: an encrypted cookie, kept half an hour. Nothing typed is stored on our side before « Je confirme ».

What the summary shows is sealed into the page itself: a confirmation books what was read there, even when another tab has typed something else.
"""
import hashlib
import json
import secrets
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Mapping, Optional

from fastapi import Request
from fastapi.responses import Response

from bot.contacts.cle import CleAutre, chiffrer, cle_installation, dechiffrer
from bot.contacts.refus import Refus

COOKIE = "rdv"
DUREE = timedelta(minutes=30)
_USAGE, _USAGE_SCEAU = "site.demarche", "site.demarche.recapitulatif"


class DemarcheExpiree(Refus):
    code, statut = "DEMARCHE_EXPIREE", 410
    message = "Cette demande est restée ouverte trop longtemps : rien n'a été réservé. Choisissez de nouveau un créneau."


@dataclass(frozen=True)
class Invite:
    """The person a letter's code has opened, and the hash of that code."""

    assure_id: int
    empreinte: str


@dataclass(frozen=True)
class Demarche:
    """`visiteur`: secret that tells this browser from others; `tenu`: slot held, until `jusqu_a` (ISO), with `conseiller_id`; `personne`: what was
    typed, by field; `graine`: drawn with it, of which the operation ids are made; `acces`: secret of `identification`, once a code was given."""

    visiteur: str
    personne: Mapping[str, str] = field(default_factory=dict)
    graine: str = ""
    plus_tot: bool = False
    tenu: Optional[str] = None
    jusqu_a: Optional[str] = None
    conseiller_id: Optional[int] = None
    invite: Optional[Invite] = None
    acces: Optional[str] = None

    @property
    def porteur(self) -> str:
        """In whose name slots are held (`occupation.porteur_id`, 40 characters); the secret itself is not stored."""
        return "page-" + hashlib.sha256(self.visiteur.encode()).hexdigest()[:32]

    @property
    def connue(self) -> bool:
        """Whether the person has said who she is."""
        return bool(self.graine)

    def operation(self, creneau: str) -> str:
        """The operation id of booking a slot for the person typed: the same on a double click, a reload or a return, another for another slot."""
        return "page-" + hashlib.sha256(f"{self.visiteur}|{self.graine}|{creneau}".encode()).hexdigest()[:32]

    def nommer(self, personne: Mapping[str, str], plus_tot: bool) -> "Demarche":
        """With what was typed. The same again keeps its operation ids."""
        meme = self.connue and (dict(personne), plus_tot) == (dict(self.personne), self.plus_tot)
        return replace(self, personne=dict(personne), plus_tot=plus_tot, graine=self.graine if meme else secrets.token_hex(16))

    def finie(self, acces: str) -> "Demarche":
        """Booked: nothing remains of what was typed, only the access to the booking."""
        return Demarche(self.visiteur, acces=acces)


def nouvelle() -> Demarche:
    """An empty draft."""
    return Demarche(secrets.token_urlsafe(24))


def lire(request: Request) -> Demarche:
    """The draft of this browser, empty when there is none, when it is over, or when it was made with another key."""
    lu = _ouvrir(request, _USAGE, request.cookies.get(COOKIE, ""))
    return lu[0] if lu else nouvelle()


def poser(request: Request, reponse: Response, demarche: Demarche) -> Response:
    """Put the draft in the browser."""
    reglages = request.app.state.contexte.reglages
    reponse.set_cookie(COOKIE, _fermer(request, _USAGE, demarche), max_age=int(DUREE.total_seconds()), httponly=True, samesite="lax",
                       secure=reglages.cookies_surs, path="/")
    return reponse


def retirer(request: Request, reponse: Response) -> Response:
    """Forget the draft."""
    reponse.delete_cookie(COOKIE, path="/", httponly=True, samesite="lax", secure=request.app.state.contexte.reglages.cookies_surs)
    return reponse


def sceller(request: Request, demarche: Demarche, creneau: str) -> str:
    """What a summary shows, for its own form."""
    return _fermer(request, _USAGE_SCEAU, demarche, creneau)


def desceller(request: Request, sceau: str) -> tuple[Demarche, str]:
    """(draft, slot) of a summary. Raises DemarcheExpiree."""
    lu = _ouvrir(request, _USAGE_SCEAU, sceau)
    if lu is None or not lu[0].connue:
        raise DemarcheExpiree
    return lu


def cle(request: Request) -> bytes:
    """The installation's key, read once by application."""
    etat = request.app.state
    if not hasattr(etat, "cle"):
        etat.cle = cle_installation(etat.contexte.reglages)
    return etat.cle


def _fermer(request: Request, usage: str, demarche: Demarche, creneau: str = "") -> str:
    contenu = {"le": request.app.state.contexte.horloge.maintenant().isoformat(), "creneau": creneau, **asdict(demarche)}
    return chiffrer(cle(request), usage, json.dumps(contenu, ensure_ascii=False))


def _ouvrir(request: Request, usage: str, ferme: str) -> Optional[tuple[Demarche, str]]:
    if not ferme:
        return None
    try:
        lu: dict[str, Any] = json.loads(dechiffrer(cle(request), usage, ferme))
    except (CleAutre, UnicodeError):
        return None
    if request.app.state.contexte.horloge.maintenant() - datetime.fromisoformat(lu.pop("le")) > DUREE:
        return None
    creneau, invite = lu.pop("creneau"), lu.pop("invite")
    return Demarche(**lu, invite=Invite(**invite) if invite else None), creneau
