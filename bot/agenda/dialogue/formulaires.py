"""What the native forms of the acts bring: checked, put into the draft, and the act goes on. The site calls these; the engine is not there."""
from typing import Mapping

from sqlalchemy.orm import Session

from bot.agenda.dialogue import ACTES, acces, commander, coordonnees, paroles
from bot.agenda.dialogue.fil import Fil
from bot.contacts import flux
from bot.contacts.flux import Dire, Tour


class ChampsFaux(Exception):
    """Fields to correct, by name, with French sentences: the form is shown again."""

    def __init__(self, erreurs: Mapping[str, str]):
        super().__init__("champs à corriger")
        self.erreurs = dict(erreurs)


def identite(session: Session, tour: Tour, valeurs: Mapping[str, str]) -> "tuple[str, list[Dire]]":
    """Name, number, address: (act, what is said next). Raises ChampsFaux."""
    fil = _fil(session, tour)
    if fil is None or fil.nom not in ("prendre_rdv", "inscrire_rencontre") or fil.etape != coordonnees.ETAPE:
        return "prendre_rdv", _perime()
    faux = coordonnees.erreurs(coordonnees.reunir(fil, valeurs), bool(fil.donnees.get("telephone_exige")))
    if faux:
        raise ChampsFaux(faux)
    coordonnees.recevoir(fil, valeurs)
    fil.donnees["par_formulaire"] = True
    return _suivre(fil)


def code(session: Session, tour: Tour, valeurs: Mapping[str, str]) -> "tuple[str, list[Dire]]":
    """A booking's code and the name: (act, what is said next)."""
    fil = _fil(session, tour)
    if fil is None or fil.etape != acces.ETAPE:
        return "consulter_rdv", [Dire("Cette demande n'est plus en cours.", "answer", [paroles.vers("consulter_rdv", "Retrouver mon rendez-vous")])]
    acces.recevoir(fil, valeurs)
    return _suivre(fil)


def adresse(session: Session, tour: Tour, valeurs: Mapping[str, str]) -> "tuple[str, list[Dire]]":
    """Where a guide goes: (act, what is said next). Raises ChampsFaux."""
    fil = _fil(session, tour)
    if fil is None or fil.nom != commander.NOM or fil.etape != commander.ADRESSE:
        return commander.NOM, [Dire("Cette commande n'est plus en cours : rien n'est envoyé.", "answer",
                                    [paroles.vers(commander.NOM, "Commander un guide")])]
    faux = coordonnees.erreurs_adresse(valeurs)
    if faux:
        raise ChampsFaux(faux)
    dits = commander.commander(fil, valeurs)
    fil.ranger()
    return fil.nom, dits


def _fil(session: Session, tour: Tour) -> "Fil | None":
    brouillon = flux.lire(session, tour.conversation_id)
    return Fil.ouvrir(session, tour, brouillon, brouillon.flux) if brouillon is not None and brouillon.flux in ACTES else None


def _suivre(fil: Fil) -> "tuple[str, list[Dire]]":
    fil.relances = 0
    dits = ACTES[fil.nom].suivre(fil)
    fil.donnees.pop("par_formulaire", None)
    fil.ranger()
    return fil.nom, [*fil.avant, *dits]


def _perime() -> list[Dire]:
    return [Dire("Cette demande n'est plus en cours : rien n'est réservé, et vos coordonnées ne sont pas gardées.", "answer",
                 [paroles.vers("prendre_rdv", "Prendre un rendez-vous")])]
