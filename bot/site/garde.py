"""The input contract of a message, in one screen: what may come in, in what shape, and what is done to it before anyone reads it."""
import re
from typing import Annotated, Any, Optional
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, model_validator

from bot.contacts.refus import Refus
from bot.texte.masquage import Masquage, masquer
from bot.texte.normalisation import nettoyer

LONGUEUR_MAX = 500
CHAMPS_MAX = 30
# Generous for the longest honest message in JSON escapes; anything above is refused unread.
CORPS_MAX = 8_192
# A whole trame filled in, percent-encoded (bot/site/espace/trame.py).
CORPS_MAX_ESPACE = 131_072
# At least one sign that is seen, and is no slash: what `lire_texte` keeps of a message, as a JSON schema says it.
VISIBLE = r"[\p{L}\p{N}\p{S}\p{M}]|(?!/)\p{P}"
_COMMANDE = re.compile(r"^(?:\s*(?:/|external\s*:))+", re.I)


class MessageVide(Refus):
    code, statut = "MESSAGE_VIDE", 422
    message = "Votre message est vide : écrivez votre question avec vos mots, puis envoyez."


class MessageTropLong(Refus):
    code, statut = "MESSAGE_TROP_LONG", 422
    message = f"Votre message dépasse {LONGUEUR_MAX} caractères : gardez l'essentiel, vous pourrez préciser ensuite."


class CorpsTropGrand(Refus):
    code, statut = "CORPS_TROP_GRAND", 413
    message = "Ce message est trop volumineux. Écrivez une question courte, sans pièce jointe."


class RequeteIllisible(Refus):
    code, statut = "REQUETE_ILLISIBLE", 422
    message = "Cette demande n'a pas la forme attendue. Rechargez la page et recommencez."


class AutreSite(Refus):
    code, statut = "AUTRE_SITE", 403
    message = "Cette action doit être faite depuis le site de l'assistant. Rechargez la page."


class ConversationClose(Refus):
    code, statut = "CONVERSATION_CLOSE", 410
    message = "Cette conversation est terminée. Vous pouvez en commencer une autre."


class FormulaireEnvoye(BaseModel):
    """A filled form: the id of one that the conversation showed, and its values by field, as typed."""

    model_config = ConfigDict(extra="forbid")
    id: str = Field(min_length=1, max_length=64)
    values: dict[str, Annotated[str, Field(max_length=LONGUEUR_MAX)]] = Field(max_length=CHAMPS_MAX)


def _exactement_un(schema: dict[str, Any]) -> None:
    """What the model's own check refuses, as the OpenAPI document can say it."""
    for nom in ("text", "choice", "form"):
        propriete = schema["properties"][nom]
        propriete.update(next(s for s in propriete.pop("anyOf") if s != {"type": "null"}))
        propriete.pop("default", None)
    schema["properties"]["text"] |= {"minLength": 1, "pattern": VISIBLE}
    schema["oneOf"] = [{"required": [nom]} for nom in ("text", "choice", "form")]


class MessageEnvoye(BaseModel):
    """Body of `POST /api/messages`: a text, or the id of a button, or a form; exactly one of them."""

    model_config = ConfigDict(extra="forbid", strict=True, json_schema_extra=_exactement_un)
    message_id: UUID = Field(description="fait par la page ; le même numéro renvoie la même réponse et ne fait rien deux fois", strict=False)
    text: Optional[str] = Field(None, max_length=LONGUEUR_MAX)
    choice: Optional[str] = Field(None, min_length=1, max_length=64)
    form: Optional[FormulaireEnvoye] = None

    @model_validator(mode="after")
    def _un_seul(self) -> "MessageEnvoye":
        if len(self.model_fields_set - {"message_id"}) != 1 or self.text is self.choice is self.form is None:
            raise ValueError("il faut text, choice ou form, et un seul")
        return self


def sans_commande(brut: str) -> str:
    """A typed text, cleaned, without what would command the engine: a leading « / » or « EXTERNAL: ». A person who types one means nothing by it,
    so it is dropped, not punished."""
    return _COMMANDE.sub("", nettoyer(brut)).strip()


def lire_texte(brut: str) -> Masquage:
    """A typed text made fit: cleaned, without commands of the engine, masked. Raises MessageVide or MessageTropLong."""
    texte = sans_commande(brut)
    if len(texte) > LONGUEUR_MAX:
        raise MessageTropLong
    if not texte:
        raise MessageVide
    return masquer(texte)
