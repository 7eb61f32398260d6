"""Draws the people to invite for an action: priorities first, then the oldest cohort, then by lot; and draws again to prove it (R23, R30, R57).

Who may be drawn is `volumes`; writing to them is `courriers`.
"""
import hashlib
import hmac
import secrets
from collections import Counter
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Iterator, Mapping, Optional

from sqlalchemy import Row, select
from sqlalchemy.orm import Session

from bot.campagnes.volumes import Critere, Requete, critere, drapeaux, membres, sql_de
from bot.contacts.campagne import action_de
from bot.contacts.historique import noter
from bot.contacts.refus import Refus
from bot.contacts.tables import Action, Assure, Invite, Tirage
from bot.knowledge.chemins import KNOWLEDGE

ECARTS = ("refus", "contactes", "invites", "injoignables")
PAQUET = 1_000


class TirageInconnu(Refus):
    code, statut = "TIRAGE_INCONNU", 404

    def __init__(self, numero: int):
        super().__init__(f"Le tirage n° {numero} n'existe pas.")


class TailleInvalide(Refus):
    code, statut = "TAILLE_INVALIDE", 422
    message = "Le nombre de personnes à inviter est d'au moins une."


class PersonneATirer(Refus):
    code, statut = "PERSONNE_A_TIRER", 409

    def __init__(self, demande: int, ecarts: Mapping[str, int]):
        detail = ", ".join(f"{n} {nom}" for nom, n in ecarts.items() if n)
        super().__init__(f"Il ne reste personne à inviter : {demande} dans la cible" + (f" ({detail})." if detail else "."))


@dataclass(frozen=True)
class Candidat:
    """Someone of the frame: `cle` sorts the draw, `raison` says why she stands there."""

    assure_id: int
    identifiant: str
    cle: tuple[Any, ...]
    raison: str


@dataclass
class Cadre:
    """Who may be drawn, and how many of the cible are not, by reason (each person once, in the order of ECARTS)."""

    candidats: list[Candidat] = field(default_factory=list)
    ecarts: Counter[str] = field(default_factory=Counter)

    @property
    def sha256(self) -> str:
        """Of the identifiers, sorted, one a line: the same frame has the same hash on every machine and database."""
        empreinte = hashlib.sha256()
        for identifiant in sorted(c.identifiant for c in self.candidats):
            empreinte.update(identifiant.encode() + b"\n")
        return empreinte.hexdigest()


@dataclass(frozen=True)
class ResultatTirage:
    """A draw as it is told. `voulue`: the capacity asked for, `taille`: people drawn, `population`: the frame, `demande`: the whole cible."""

    tirage_id: int
    action: str
    caisse: str
    annee: int
    requete: str
    graine: str
    cadre_sha256: str
    demande: int
    population: int
    voulue: int
    taille: int
    ecarts: Mapping[str, int]
    raisons: Mapping[str, int]

    def en_dict(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True)
class Rejeu:
    """A draw made again from its seed: `identique` when frame, people, ranks and reasons are those recorded."""

    tirage_id: int
    cadre_identique: bool
    identique: bool
    en_plus: int
    en_moins: int


# -- the frame ------------------------------------------------------------------------------------------------------------------------------


def _selection(voulu: Critere, action: Action, au: datetime, avant_tirage: Optional[int] = None) -> Requete:
    d = drapeaux(voulu, action.id, au, avant_tirage)
    return select(Assure.id, Assure.identifiant, Assure.date_naissance, Assure.sexe, Assure.carriere, Assure.groupe_pro, Assure.auto_entrepreneur,
                  Assure.referent_id, d.refus.label("refus"), d.contacte.label("contactes"), d.invite.label("invites"),
                  (~d.joignable).label("injoignables"), d.reste.label("reste")).where(membres(action.caisse_code, voulu))


def _cadre(session: Session, voulu: Critere, requete: Requete, graine: str) -> Cadre:
    cadre = Cadre()
    for ligne in session.execute(requete.execution_options(yield_per=PAQUET)):
        if ligne.reste:
            cadre.candidats.append(_candidat(voulu, ligne, graine))
        else:
            cadre.ecarts[next(nom for nom in ECARTS if getattr(ligne, nom) and not (nom == "refus" and voulu.genre == "courrier"))] += 1
    return cadre


def _candidat(voulu: Critere, ligne: "Row[Any]", graine: str) -> Candidat:
    """Priorities of the campaign in their order, then the oldest cohort when the cible goes by cohorts, then the lot, the same for the same seed."""
    remplies = [_remplit(si, ligne) for si, _ in voulu.priorites]
    phrases = [phrase for (_, phrase), oui in zip(voulu.priorites, remplies) if oui]
    annee = ligne.date_naissance.year if ligne.date_naissance and voulu.annees_naissance else 0
    if annee:
        phrases.append(f"{ {'F': 'née', 'M': 'né'}.get(ligne.sexe, 'naissance') } en {annee}")
    sort = hmac.new(graine.encode(), ligne.identifiant.encode(), hashlib.sha256).digest()
    raison = ", ".join(phrases) or "par tirage au sort dans toute la cible"
    return Candidat(ligne.id, ligne.identifiant, (*(not oui for oui in remplies), annee, sort, ligne.identifiant), raison[:120])


def _remplit(si: Mapping[str, Any], ligne: "Row[Any]") -> bool:
    """Whether a person meets the conditions of a priority (Condition, bot.campagnes.schema)."""
    naissance = ligne.date_naissance.year if ligne.date_naissance else None
    siennes = {"carriere": ligne.carriere, "annee_naissance": naissance, "groupe_pro": ligne.groupe_pro,
               "auto_entrepreneur": ligne.auto_entrepreneur, "referent": "aucun" if ligne.referent_id is None else None}
    return all(siennes[nom] == valeur for nom, valeur in si.items() if nom != "a_relire")


# -- drawing --------------------------------------------------------------------------------------------------------------------------------


def tirer(session: Session, *, action: str, caisse: str, annee: int, taille: int, maintenant: datetime, graine: Optional[str] = None,
          acteur: str = "systeme", dossier: Path = KNOWLEDGE) -> ResultatTirage:
    """Draw at most `taille` people to invite, and record them with the seed, the hash of the frame and the SQL. Those who refuse to be invited,
    were contacted or invited already in this action, or cannot be reached, are left out and counted.

    Raises TailleInvalide, ActionInconnue, PersonneATirer.
    """
    if taille < 1:
        raise TailleInvalide
    trouvee = action_de(session, caisse, annee, action, tenir=True)
    voulu = critere(session, trouvee.cible, caisse, action, dossier)
    graine = graine or secrets.token_hex(8)
    requete = _selection(voulu, trouvee, maintenant)
    cadre = _cadre(session, voulu, requete, graine)
    demande = len(cadre.candidats) + cadre.ecarts.total()
    if not cadre.candidats:
        raise PersonneATirer(demande, cadre.ecarts)
    tires = sorted(cadre.candidats, key=lambda c: c.cle)[:taille]
    tirage = Tirage(action_id=trouvee.id, requete=voulu.requete, requete_sql=sql_de(session, requete), graine=graine, cadre_sha256=cadre.sha256,
                    population=len(cadre.candidats), taille=len(tires), le=maintenant)
    session.add(tirage)
    session.flush()
    session.execute(Invite.__table__.insert(), list(_invites(tirage.id, tires)))  # type: ignore[attr-defined]
    noter(session, le=maintenant, acteur=acteur, commande="campagne.tirer", objet="tirage", objet_id=tirage.id, origine="commande",
          apres={"action_id": trouvee.id, "taille": tirage.taille, "population": tirage.population, "cadre_sha256": tirage.cadre_sha256})
    return ResultatTirage(tirage.id, action, caisse, annee, voulu.requete, graine, tirage.cadre_sha256, demande, tirage.population, taille,
                          tirage.taille, {nom: cadre.ecarts[nom] for nom in ECARTS}, dict(Counter(c.raison for c in tires)))


def _invites(tirage_id: int, tires: list[Candidat]) -> Iterator[dict[str, Any]]:
    for rang, candidat in enumerate(tires, 1):
        yield {"tirage_id": tirage_id, "assure_id": candidat.assure_id, "rang": rang, "raison": candidat.raison}


def rejouer(session: Session, tirage: "Tirage | int", dossier: Path = KNOWLEDGE) -> Rejeu:
    """Draw again from the recorded seed, as things were at that instant, and compare. Writes nothing. A population or opt-outs changed since
    show as another frame: the list then cannot be proved any more. Raises TirageInconnu."""
    trouve = session.get(Tirage, tirage) if isinstance(tirage, int) else tirage
    if trouve is None:
        raise TirageInconnu(int(tirage))  # type: ignore[arg-type]
    action = session.get_one(Action, trouve.action_id)
    voulu = critere(session, action.cible, action.caisse_code, action.code, dossier)
    cadre = _cadre(session, voulu, _selection(voulu, action, trouve.le, trouve.id), trouve.graine)
    refait = {(i["assure_id"], i["rang"], i["raison"]) for i in _invites(trouve.id, sorted(cadre.candidats, key=lambda c: c.cle)[:trouve.taille])}
    garde = {tuple(i) for i in session.execute(select(Invite.assure_id, Invite.rang, Invite.raison).where(Invite.tirage_id == trouve.id))}
    cadre_identique = cadre.sha256 == trouve.cadre_sha256
    return Rejeu(trouve.id, cadre_identique, cadre_identique and refait == garde, len({r[0] for r in refait} - {g[0] for g in garde}),
                 len({g[0] for g in garde} - {r[0] for r in refait}))
