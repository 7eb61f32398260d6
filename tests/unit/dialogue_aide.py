"""Someone who talks to an act of the conversation without the engine: what she types comes with the label the engine would have given it."""
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Optional

from bot.agenda.dialogue import CONDUITES
from bot.agenda.dialogue import formulaires as recus
from bot.contacts import conversations, flux
from bot.contacts.base import Sessions
from bot.contacts.flux import Bouton, Dire, Tour
from bot.contacts.tables import Conversation
from bot.site import formulaires_rdv
from bot.site.garde import lire_texte
from tests.marche import lisible
from tests.unit.agenda_aide import AQUITAINE, MAINTENANT

RECEVOIR = {"rdv_identite": recus.identite, "rdv_code": recus.code, "guide_adresse": recus.adresse}
JEANNE = {"nom": "Martin", "prenom": "Jeanne", "telephone": "06 39 98 00 12"}


@dataclass
class Parleur:
    """One conversation. `dits`: the messages of the last turn; `pris`: whether the act took it."""

    sessions: Sessions
    caisse: str = AQUITAINE
    maintenant: datetime = MAINTENANT
    dernier_sujet: Optional[str] = None
    profil: dict[str, str] = field(default_factory=dict)
    dits: list[Dire] = field(default_factory=list)
    pris: bool = True

    def __post_init__(self) -> None:
        with self.sessions() as s:
            conversation, _ = conversations.ouvrir(s, self.caisse, self.maintenant)
            conversation.dernier_sujet = self.dernier_sujet
            self.id = conversation.id

    # -- what she does ------------------------------------------------------------------------------------------------

    def dit(self, texte: str, intention: Optional[str] = None, confiance: float = 0.9) -> "Parleur":
        """Type a message; masked as the site does, the private part put aside."""
        with self.sessions() as s:
            conversation = s.get_one(Conversation, self.id)
            lu, reste = formulaires_rdv.relever(s, conversation, flux.lire(s, self.id), texte, lire_texte(texte))
        self.envoye = lu.texte
        self._tour(texte=lu.texte, intention=intention, confiance=confiance)
        with self.sessions() as s:
            formulaires_rdv.deposer(flux.lire(s, self.id), reste)
        return self

    def appuie(self, debut: str) -> "Parleur":
        """Press the button whose label begins so."""
        return self.presse(next(b for b in self.boutons if lisible(b.libelle).startswith(debut)))

    def presse(self, bouton: Bouton) -> "Parleur":
        charge = dict(bouton.charge)
        return self._tour(intention=charge.get("intention"), charge=charge)

    def remplit(self, **valeurs: str) -> "Parleur":
        """Fill the form shown last."""
        formulaire = next(d.formulaire for d in reversed(self.dits) if d.formulaire)
        noms = {c["name"] for c in formulaire["fields"]}
        with self.sessions() as s:
            _, self.dits = RECEVOIR[formulaire["id"]](s, self._ce_tour(), {n: v for n, v in valeurs.items() if n in noms})
        self.pris = True
        return self

    def attend(self, **duree: int) -> "Parleur":
        self.maintenant += timedelta(**duree)
        return self

    def _ce_tour(self, **reste: Any) -> Tour:
        return Tour(self.id, self.caisse, self.maintenant, profil=self.profil, **reste)

    def _tour(self, **reste: Any) -> "Parleur":
        tour = self._ce_tour(**reste)
        with self.sessions() as s:
            brouillon = flux.lire(s, self.id)
            nom = brouillon.flux if brouillon else tour.intention if tour.intention in CONDUITES else str(tour.charge.get("flux"))
            suite = CONDUITES[nom](s, tour, brouillon)
        self.dits, self.pris = list(suite.dits), suite.pris
        return self

    # -- what she sees ------------------------------------------------------------------------------------------------

    @property
    def texte(self) -> str:
        return lisible("\n".join(d.texte for d in self.dits))

    @property
    def boutons(self) -> list[Bouton]:
        return [b for d in self.dits for b in d.boutons]

    @property
    def libelles(self) -> list[str]:
        return [lisible(b.libelle) for b in self.boutons]

    @property
    def creneaux(self) -> list[str]:
        return [lisible(b.libelle) for b in self.boutons if "creneau" in b.charge]

    @property
    def genre(self) -> str:
        return self.dits[-1].genre

    @property
    def formulaire(self) -> Optional[str]:
        return next((d.formulaire["id"] for d in reversed(self.dits) if d.formulaire), None)

    @property
    def champs(self) -> list[str]:
        return [c["name"] for c in next(d.formulaire for d in reversed(self.dits) if d.formulaire)["fields"]]

    @property
    def donnees(self) -> dict[str, Any]:
        return {c: v for d in self.dits for c, v in (d.donnees or {}).items()}

    @property
    def brouillon(self):
        with self.sessions.lecture() as s:
            return flux.lire(s, self.id)
