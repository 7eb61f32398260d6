"""The envelope: the one shape in which the assistant answers, over the API and in the pages (contract: docs/api, `/openapi.json`)."""
from typing import Any, Literal, Optional

from pydantic import BaseModel, Field

Auteur = Literal["assistant", "assure", "conseiller"]
Genre = Literal["answer", "question", "choices", "form", "recap", "confirmation", "refusal", "fallback", "emergency", "error"]
Role = Literal["reponse", "proposition", "autre", "aucune", "avis_oui", "avis_non", "avis_raison", "contact"]
TypeChamp = Literal["text", "tel", "email", "date", "select"]
Mode = Literal["assistant", "waiting", "counsellor", "closed"]


class ChoixPropose(BaseModel):
    """A button. `id` is opaque and only good in this conversation."""

    id: str
    label: str
    role: Role = "reponse"


class SourceCitee(BaseModel):
    title: str
    url: Optional[str] = None


class Champ(BaseModel):
    """A native field. `help` says what to write, `error` what is wrong with what was written. What was written is never sent back."""

    name: str
    label: str
    type: TypeChamp = "text"
    required: bool = True
    autocomplete: Optional[str] = None
    choices: list[str] = Field(default_factory=list)
    max_length: int = 120
    help: Optional[str] = None
    error: Optional[str] = None


class Formulaire(BaseModel):
    """A form to fill in the page. `submit`: its button; `sent`: what the conversation shows in place of what was typed."""

    id: str
    fields: list[Champ]
    submit: str = "Envoyer"
    sent: str = "Formulaire envoyé"


class Message(BaseModel):
    """One message. `topic` is the sheet that answered, `flow` the act under way, `data` what a program may want of it."""

    id: Optional[int] = None
    author: Auteur = "assistant"
    text: str
    topic: Optional[str] = None
    flow: Optional[str] = None
    kind: Genre = "answer"
    choices: list[ChoixPropose] = Field(default_factory=list)
    sources: list[SourceCitee] = Field(default_factory=list)
    form: Optional[Formulaire] = None
    data: Optional[dict[str, Any]] = None


class Etat(BaseModel):
    mode: Mode = "assistant"


class Enveloppe(BaseModel):
    """What every chat route answers."""

    messages: list[Message]
    state: Etat = Field(default_factory=Etat)


class Erreur(BaseModel):
    code: str
    message: str
    incident: str


class EnveloppeErreur(BaseModel):
    """Every refusal and failure: a stable code, a French sentence, and a number to quote to the caisse."""

    error: Erreur


# What any route of the API may refuse, in the words of the document.
_ERREURS = {
    400: "corps illisible", 401: "pas ou plus de conversation", 403: "écriture venue d'un autre site", 404: "ce que la demande nomme est introuvable",
    409: "la demande ne va pas avec l'état des choses : voir error.code", 410: "terminé", 413: "corps trop grand", 422: "saisie à corriger",
    429: "trop de demandes ; voir Retry-After", 500: "panne ; citer le numéro d'incident",
    503: "une partie du service ne répond pas ; voir Retry-After"}


def erreurs(*codes: int, modele: type[BaseModel] = EnveloppeErreur, **precises: str) -> dict[int | str, dict[str, Any]]:
    """The refusals of a route for the OpenAPI document. `precises`: « e404="caisse inconnue" » says more than the common words."""
    return {code: {"model": modele, "description": precises.get(f"e{code}", _ERREURS[code])} for code in codes}
