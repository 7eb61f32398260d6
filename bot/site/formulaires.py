"""Forms of the conversation: which function takes which form, whether a form still waits, and whether what was typed fits its fields.
What a form is for belongs to the flow that shows it. Values go to that function only: never to the engine, the journal or a log."""
import re
from datetime import datetime
from typing import Callable, Mapping, Optional, Sequence

from sqlalchemy.orm import Session

from bot.contacts.refus import Refus
from bot.contacts.tables import Conversation
from bot.knowledge.calculs import ErreurCalcul
from bot.knowledge.calculs.dates import lire_date
from bot.site.enveloppe import Champ, Message
from bot.site.reponses import Replique
from bot.texte.masquage import SENSIBLES, masquer
from bot.texte.normalisation import nettoyer
from bot.texte.typographie import composer, quantite

# Takes the session of the turn, the conversation, the values that fit the fields (a date in ISO form, an empty optional field left out)
# and the instant; gives what the conversation then says, or raises ErreursDeSaisie or a Refus, and nothing it wrote is kept.
Traitement = Callable[[Session, Conversation, Mapping[str, str], datetime], "Sequence[Message | Replique]"]
# By form id. The module of a flow adds its own: TRAITEMENTS["rdv_coordonnees"] = prendre_coordonnees
TRAITEMENTS: dict[str, Traitement] = {}
RECU = "formulaire_recu"
_TELEPHONE = re.compile(r"\+?[\d .()/\u202f\u00a0-]+")
_COURRIEL = re.compile(r"[^@\s,;]+@[^@\s,;.]+(\.[^@\s,;.]+)+")


class FormulaireInconnu(Refus):
    code, statut = "FORMULAIRE_INCONNU", 404
    message = "Ce formulaire n'attend pas, ou plus, de réponse. Reprenez votre demande depuis la conversation."


class ErreursDeSaisie(Exception):
    """What is wrong in a form, by field: French sentences that say what to write. The form is shown again with them."""

    def __init__(self, erreurs: Mapping[str, str]):
        super().__init__("formulaire à corriger")
        self.erreurs = {nom: composer(phrase) for nom, phrase in erreurs.items()}


def montre(messages: Sequence[Message], formulaire_id: str) -> tuple[Message, bool]:
    """The last message that showed a form, and whether that form still waits. Raises FormulaireInconnu when none did."""
    trouve, attend = None, False
    for m in messages:
        if (m.data or {}).get(RECU) == formulaire_id:
            attend = False
        if m.form is not None and m.form.id == formulaire_id:
            trouve, attend = m, True
    if trouve is None or formulaire_id not in TRAITEMENTS:
        raise FormulaireInconnu
    return trouve, attend


def en_attente(messages: Sequence[Message]) -> dict[str, Message]:
    """The forms that wait to be filled, by id: each shown last, and not sent since."""
    attendent: dict[str, Message] = {}
    for m in messages:
        attendent.pop((m.data or {}).get(RECU, ""), None)
        if m.form is not None:
            attendent[m.form.id] = m
    return attendent


def lire(champs: Sequence[Champ], valeurs: Mapping[str, str]) -> dict[str, str]:
    """The values that fit the fields. Raises ErreursDeSaisie, which names every field at fault; names that are no field are dropped.

    >>> lire([Champ(name="le", label="Date", type="date")], {"le": "14/09/2011", "autre": "x"})
    {'le': '2011-09-14'}
    """
    lues: dict[str, str] = {}
    erreurs: dict[str, str] = {}
    for champ in champs:
        valeur = nettoyer(valeurs.get(champ.name, ""))
        erreur = _erreur(champ, valeur)
        if erreur:
            erreurs[champ.name] = erreur
        elif valeur:
            lues[champ.name] = _ranger(champ, valeur)
    if erreurs:
        raise ErreursDeSaisie(erreurs)
    return lues


def _ranger(champ: Champ, valeur: str) -> str:
    """A value that fits, as its function takes it: a date in ISO form, a choice exactly as it was offered."""
    if champ.type == "date":
        return lire_date(valeur).isoformat()
    return _offerts(champ)[valeur] if champ.type == "select" else valeur


def _offerts(champ: Champ) -> dict[str, str]:
    return {nettoyer(c): c for c in champ.choices}


def _erreur(champ: Champ, valeur: str) -> Optional[str]:
    """What is wrong with a value, or None."""
    if not valeur:
        return ("Choisissez une réponse." if champ.type == "select" else "Remplissez ce champ.") if champ.required else None
    if len(valeur) > champ.max_length:
        return f"Écrivez {quantite(champ.max_length, 'caractère')} au plus."
    return {"tel": _erreur_tel, "email": _erreur_courriel, "date": _erreur_date, "text": _erreur_texte,
            "select": lambda v: None if v in _offerts(champ) else "Choisissez une réponse de la liste."}[champ.type](valeur)


def _erreur_tel(valeur: str) -> Optional[str]:
    chiffres = len(re.sub(r"\D", "", valeur))
    juste = _TELEPHONE.fullmatch(valeur) and (chiffres == 10 if valeur.startswith("0") and not valeur.startswith("00") else 8 <= chiffres <= 15)
    return None if juste else "Écrivez un numéro de téléphone complet, par exemple 06 39 98 12 34."


def _erreur_courriel(valeur: str) -> Optional[str]:
    return None if _COURRIEL.fullmatch(valeur) else "Écrivez une adresse de courriel complète, par exemple nom@exemple.fr."


def _erreur_date(valeur: str) -> Optional[str]:
    try:
        lire_date(valeur)
    except ErreurCalcul as e:
        return e.message
    return None


def _erreur_texte(valeur: str) -> Optional[str]:
    """No social security number, bank account or card is kept, wherever it is typed (reference/security.md §3.1)."""
    if SENSIBLES.isdisjoint(masquer(valeur).genres):
        return None
    return "Retirez ce numéro personnel : nous n'en avons pas besoin ici."


def reprendre(message: Message, erreurs: Mapping[str, str]) -> Replique:
    """The form again, each fault beside its field."""
    assert message.form is not None
    champs = [c.model_copy(update={"error": erreurs.get(c.name)}) for c in message.form.fields]
    nombre = sum(c.error is not None for c in champs)
    texte = f"Il reste {quantite(nombre, 'point')} à corriger avant d'envoyer."
    return Replique(Message(text=composer(texte), kind="form", flow=message.flow, form=message.form.model_copy(update={"fields": champs})))


def traiter(session: Session, conversation: Conversation, message: Message, valeurs: Mapping[str, str], maintenant: datetime) -> list[Replique]:
    """What a filled form leads to: the replies of its function, or the form again with its faults, and then nothing written."""
    assert message.form is not None
    try:
        lues = lire(message.form.fields, valeurs)
        with session.begin_nested():
            repliques = [r if isinstance(r, Replique) else Replique(r)
                         for r in TRAITEMENTS[message.form.id](session, conversation, lues, maintenant)]
    except ErreursDeSaisie as e:
        return [reprendre(message, e.erreurs)]
    premier = repliques[0].message
    premier.data = {**(premier.data or {}), RECU: message.form.id}
    return repliques
