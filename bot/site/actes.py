"""Messages of an act (booking, survey…) as the envelope shows them, whether they come by the engine or from a form."""
from typing import Any, Mapping, Sequence

from bot.contacts.caisses import contact
from bot.contacts.flux import Dire
from bot.contacts.tables import Caisse
from bot.site.enveloppe import Formulaire, Message
from bot.site.reponses import Bouton, Replique
from bot.texte.typographie import composer


def lire(acte: Mapping[str, Any], caisse: Caisse) -> list[Replique]:
    """From what `action_flux` uttered: {"flux", "dits": [{texte, genre, boutons, formulaire, donnees}]}."""
    return [_replique(acte["flux"], d, [Bouton(b["libelle"], b["charge"]) for b in d["boutons"]], caisse) for d in acte["dits"]]


def ecrire(flux: str, dits: Sequence[Dire], caisse: Caisse) -> list[Replique]:
    """The same, from the messages themselves (what a form's own function gives)."""
    return [_replique(flux, vars(d), [Bouton(b.libelle, b.charge) for b in d.boutons], caisse) for d in dits]


def _replique(flux: str, dit: Mapping[str, Any], boutons: list[Bouton], caisse: Caisse) -> Replique:
    donnees = dict(dit["donnees"] or {})
    if donnees.get("contact") is True:
        donnees["contact"] = contact(caisse)
    formulaire = Formulaire.model_validate(dit["formulaire"]) if dit["formulaire"] else None
    return Replique(Message(text=composer(dit["texte"]), flow=flux, kind=dit["genre"], form=formulaire, data=donnees or None), boutons)
