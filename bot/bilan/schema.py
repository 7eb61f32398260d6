"""The interchange file as types (§4d): what each key may hold. The published JSON schema (docs/schemas) is made from here, and only from here.

Whether figures agree with one another is `controles`. Integers only, never a rate; an unknown key is refused (K01).
"""
import json
from typing import Annotated, Any, Literal, Optional

from pydantic import BaseModel, ConfigDict, Field

from bot.bilan.codes import FORMAT, FORMAT_VERSION, PRIORITES_MAX, TEXTE_MAX

# I-JSON (RFC 7493): beyond 2^53 - 1 two programs no longer read the same integer.
ENTIER_MAX = 2**53 - 1
Compte = Annotated[int, Field(ge=0, le=ENTIER_MAX, strict=True)]
Sha = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
Jour = Annotated[str, Field(pattern=r"^\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])$")]
Mois = Annotated[str, Field(pattern=r"^\d{4}-(0[1-9]|1[0-2])$")]
CodeCaisse = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9-]{0,39}$")]
CodeAction = Annotated[str, Field(pattern=r"^[A-Z][A-Z0-9-]{0,19}$")]
Code = Annotated[str, Field(pattern=r"^[A-Za-z0-9_]{1,40}$")]
Item = Annotated[str, Field(pattern=r"^[A-Z]\d{1,2}$")]
Domaine = Annotated[str, Field(pattern=r"^D[1-9]$")]
Court = Annotated[str, Field(max_length=300)]
Long = Annotated[str, Field(max_length=TEXTE_MAX)]
Forme = Literal["physique", "telephone", "courrier", "courriel", "collective"]


class Bloc(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class SocleRef(Bloc):
    id: Annotated[str, Field(pattern=r"^socle-\d{4}$")]
    version: Annotated[str, Field(max_length=20)]
    sha256: Sha


class Questionnaire(Bloc):
    id: Annotated[str, Field(max_length=20)]
    version: Annotated[str, Field(max_length=20)]
    sha256: Sha
    items: dict[Item, Sha]


class Volumes(Bloc):
    requete: Compte
    invites: Compte
    hors_invitation: Compte = Field(0, description="personnes jointes sans courrier d'invitation")
    joints: Compte
    realises: Compte
    refus: Compte
    absents: Compte


class Cumul(Bloc):
    realises: Compte
    refus: Compte
    absents: Compte


class Evenement(Bloc):
    date: Jour
    lieu: Court
    theme: Literal["auto_entrepreneur", "profession", "autre"]
    participants: Compte
    inscrits: Compte
    evenement: Optional[Court] = None
    partenaire: Optional[Court] = None
    profession: Optional[Code] = None


class Enquete(Bloc):
    """A survey block: analysed, with its frame and its counts by code, or not, with a reason."""

    statut: Literal["analysee", "non_analysee"]
    motif: Optional[Court] = None
    N: Optional[Compte] = Field(None, description="effectif de la base de sondage, pas des invités")
    methode: Optional[Literal["SAS", "recensement"]] = None
    graine_sha256: Optional[Sha] = None
    tires: Optional[Compte] = None
    delivres: Optional[Compte] = None
    repondants: Optional[Compte] = None
    modes: Optional[dict[Literal["chatbot", "web", "telephone", "papier"], Compte]] = None
    formes: Optional[dict[Forme, Compte]] = None
    exclusions: Optional[dict[Code, Compte]] = None
    montres: Optional[dict[Item, Compte]] = Field(None, description="répondants à qui la question a été posée, quand ce n'est pas tous")
    items: Optional[dict[Item, dict[Code, Compte]]] = None
    themes: Optional[dict[Code, Compte]] = Field(None, description="thèmes des commentaires relus ; jamais un verbatim")


class Action(Bloc):
    code: CodeAction
    perimetre: Literal["socle", "local"]
    genre: Literal["entretien", "courrier", "rencontre"]
    titre: Annotated[str, Field(max_length=160)]
    sous_action_de: Optional[CodeAction] = None
    statut: Literal["realisee", "partielle", "non_realisee"]
    motif: Optional[Code] = None
    campagne: Optional[Annotated[list[Jour], Field(min_length=2, max_length=2)]] = None
    objectif: Optional[Annotated[int, Field(gt=0, le=ENTIER_MAX, strict=True)]] = Field(description="null = sans objectif chiffré, jamais zéro (A4)")
    volumes: Optional[Volumes] = None
    personnes: Optional[Compte] = Field(None, description="personnes distinctes ; ne s'additionne pas d'une cible à l'autre")
    participants: Optional[Compte] = None
    inscrits: Optional[Compte] = None
    formes: Optional[dict[Forme, Compte]] = None
    sous_cibles: Optional[dict[Code, Compte]] = None
    domaines: Optional[dict[Domaine, Compte]] = None
    domaines_personnalises: Optional[dict[Domaine, Compte]] = None
    offre_globale: Optional[Compte] = Field(None, description="contacts où tout ce qui était dû a été abordé (R25)")
    minutes_total: Optional[Compte] = None
    minutes_contacts: Optional[Compte] = Field(None, description="contacts dont la durée est connue")
    effets: Optional[dict[Code, Compte]] = None
    estimations_54_plus: Optional[Compte] = None
    ris_utilises: Optional[Compte] = None
    outils: Optional[list[Annotated[str, Field(pattern=r"^[a-z0-9_]{1,24}:.{1,20}$")]]] = None
    supports: Optional[dict[str, Compte]] = None
    mois: Optional[dict[Mois, Compte]] = None
    cumul: Optional[Cumul] = Field(None, description="depuis le début de la campagne, quel que soit l'exercice (A1)")
    evenements: Optional[list[Evenement]] = None
    hors_fenetre: Optional[Compte] = Field(None, description="contacts datés hors de la campagne, vérifiés à la caisse (K13)")
    hors_cible: Optional[Compte] = None
    enquete: Optional[Enquete] = None
    textes: Optional[dict[Literal["enseignements", "K14", "K20"], Long]] = None


class Anterieure(Bloc):
    code: CodeAction
    campagne: Annotated[list[Jour], Field(min_length=2, max_length=2)]
    realises: Compte
    refus: Compte
    absents: Compte
    formes: dict[Forme, Compte]
    cumul: Compte


class Spontanes(Bloc):
    entretiens: Compte
    rencontres: Compte
    participants: Compte
    formes: dict[Forme, Compte]
    domaines: dict[Domaine, Compte]
    minutes_total: Compte
    effets: dict[Code, Compte]
    estimations_54_plus: Compte
    ris_utilises: Compte
    offre_globale: Compte
    mois: dict[Mois, Compte]
    evenements: list[Evenement]
    enquete: Enquete


class Eir(Bloc):
    realises: Compte
    formes: dict[Forme, Compte]
    minutes_total: Compte


class Difficulte(Bloc):
    code: Code
    actions: list[CodeAction]
    part: Optional[Annotated[int, Field(ge=0, le=100, strict=True)]] = Field(None, description="part de l'effet en pour cent, selon la caisse (R15)")
    precision: Optional[Court] = None


class Priorite(Bloc):
    rang: Annotated[int, Field(ge=1, le=PRIORITES_MAX, strict=True)]
    code: Code
    precision: Optional[Court] = None


class Moyens(Bloc):
    agents: Optional[Compte] = None
    heures: Optional[Compte] = None
    cout_euros: Optional[Compte] = None
    heures_par_action: Optional[dict[CodeAction, Compte]] = None
    partenaires: Optional[list[Annotated[str, Field(max_length=120)]]] = None


class Controles(Bloc):
    registre: Annotated[str, Field(max_length=20)]
    bloquants: Compte
    alertes: list[Annotated[str, Field(pattern=r"^K\d{2}$")]]


class Contenu(Bloc):
    """The payload: what is hashed and signed."""

    format: Literal["bilan-regional"]
    format_version: Literal["1.0"]
    caisse: CodeCaisse
    exercice: Annotated[int, Field(ge=2009, le=2100, strict=True)]
    sequence: Annotated[int, Field(ge=1, le=99, strict=True)]
    remplace: Optional[Sha] = Field(description="empreinte du bilan remplacé ; null pour le premier")
    socle: SocleRef
    kit: Annotated[str, Field(max_length=20)]
    donnees_arretees_au: Jour
    questionnaire: Optional[Questionnaire]
    actions: Annotated[list[Action], Field(max_length=100)]
    campagnes_anterieures: list[Anterieure] = Field(default_factory=list)
    spontanes: Optional[Spontanes] = None
    eir: Optional[Eir] = None
    difficultes: Annotated[list[Difficulte], Field(max_length=50)]
    priorites_n1: Annotated[list[Priorite], Field(max_length=PRIORITES_MAX)]
    moyens: Moyens
    textes: dict[Code, Long]
    fictif: bool = Field(False, description="données de démonstration")
    controles: Controles


class Signature(Bloc):
    alg: Literal["Ed25519"]
    kid: Annotated[str, Field(max_length=60)]
    valeur: Annotated[str, Field(pattern=r"^[A-Za-z0-9+/]{86}==$")]
    signataire_role: Literal["directeur", "national"]
    le: Annotated[str, Field(pattern=r"^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z$")]


class Enveloppe(Bloc):
    """The file: payload, its SHA-256, and the signature over what `echange.a_signer` says (null before signing)."""

    payload: Contenu
    sha256: Sha
    signature: Optional[Signature]


def schema_json() -> dict[str, Any]:
    """The published JSON schema (draft 2020-12)."""
    schema = Enveloppe.model_json_schema()
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "$id": f"urn:conseil:{FORMAT}:{FORMAT_VERSION}",
            **schema, "title": "Bilan régional de la politique de contact, version 1.0",
            "description": "Modèle reconstitué. Fichier d'échange : JSON canonique (RFC 8785), empreinte SHA-256, signature Ed25519. "
                           "Des entiers, jamais un taux ; chaînes en NFC ; aucune clé en double ni inconnue ; ni personne ni verbatim."}


if __name__ == "__main__":
    print(json.dumps(schema_json(), ensure_ascii=False, indent=1, sort_keys=True))
