"""The first page of the workspace: the day in cards. Each subject gives its own card; this page only lays them out."""
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Callable, Mapping, Optional

from fastapi import Depends, Request
from fastapi.responses import Response
from sqlalchemy.orm import Session

from bot.site.espace.acces import Acteur, exiger, routeur_espace
from bot.site.espace.agenda_commun import aujourdhui, jour_en_lettres
from bot.site.espace.gabarits import adresse, rendre

routeur = routeur_espace()


@dataclass(frozen=True)
class Carte:
    """A card: its title, the template that draws its inside (which reads `valeurs.…`), its rank (small first), a link."""

    titre: str
    gabarit: str
    valeurs: Mapping[str, Any] = field(default_factory=dict)
    rang: int = 50
    lien: Optional[tuple[str, str]] = None


# Session (reading), who looks, the instant. None: nothing for this person today. A module adds its own: CARTES.append(prochain_entretien)
CARTES: list[Callable[[Session, Acteur, datetime], Optional[Carte]]] = []
# What one comes here to do, as (route, name): those that one's rights open, in this order.
GESTES = (("rendez_vous", "Prendre un rendez-vous pour quelqu'un"), ("spontane", "Noter un entretien spontané"),
          ("agenda.ouverture", "Ouvrir des créneaux"), ("assures", "Trouver un assuré"))


@routeur.get("/espace", name="accueil")
def accueil(request: Request, acteur: Acteur = Depends(exiger())) -> Response:
    """Today, for the person who looks."""
    contexte = request.app.state.contexte
    maintenant = contexte.horloge.maintenant()
    with contexte.sessions.lecture() as s:
        cartes = [c for c in (carte(s, acteur, maintenant) for carte in CARTES) if c is not None]
    return rendre(request, "espace/accueil.html", cartes=sorted(cartes, key=lambda c: c.rang), jour=jour_en_lettres(aujourdhui(request, acteur)),
                  gestes=[(nom, adresse(route)) for route, nom in GESTES if acteur.peut(route)])
