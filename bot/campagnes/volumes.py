"""Volumes of each cible, and the selection of its people as SQL (kit: « requêtage et volumétrie », R23, R30, R36, R53).

A selection is named after its cible and the socle's version, which keeps its criteria: same name, same people. Drawing among them is `tirage`.
"""
from dataclasses import asdict, dataclass, field
from datetime import date, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any, Mapping, Optional, Sequence, Unpack

from sqlalchemy import ColumnElement, CompoundSelect, Executable, Select, and_, case, func, literal, or_, select, true, union_all
from sqlalchemy.orm import Session

from bot.campagnes.complement import fichiers, lire_complement
from bot.contacts.campagne import definition
from bot.contacts.refus import Refus
from bot.contacts.tables import Action, Assure, Caisse, Cible, Contact, Envoi, Invite, Lot, ProfessionRisque, Socle, Tirage
from bot.knowledge.chemins import KNOWLEDGE
from bot.knowledge.lecture import lire_yaml
from bot.texte.normalisation import cle

Requete = CompoundSelect[Unpack[tuple[Any, ...]]] | Select[Unpack[tuple[Any, ...]]]
# A contact that was cancelled or missed may be proposed again; these may not.
RESULTATS_CONTACTES = ("prevu", "realise", "refus")


class CampagneNonInstallee(Refus):
    code, statut = "SOCLE_ABSENT", 409
    message = "La campagne n'est pas installée. Lancez « conseil campagne installer »."

    def __init__(self, annee: int):
        super().__init__(f"La campagne {annee} n'est pas installée sur cette base : lancez « conseil campagne installer --annee {annee} ».")


class CaisseSansVolume(Refus):
    code, statut = "CAISSE_INCONNUE", 404

    def __init__(self, caisse: str):
        super().__init__(f"« {caisse} » n'est pas une caisse régionale de cette base.")


# -- what is asked for ------------------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Critere:
    """Who a cible, or an action under it, is for. An empty list or None lets everybody in; `professions` empty but not None lets nobody in.

    `priorites`: (conditions, sentence) pairs, first first; the caisse's own come after the socle's.
    """

    code: str
    titre: str
    genre: str
    perimetre: str
    version: str
    statuts: tuple[str, ...] = ()
    groupes_pro: tuple[str, ...] = ()
    auto_entrepreneur: Optional[bool] = None
    annees_naissance: tuple[int, ...] = ()
    affiliation: Optional[tuple[date, date]] = None
    professions: Optional[tuple[str, ...]] = None
    priorites: tuple[tuple[Mapping[str, Any], str], ...] = ()

    @property
    def requete(self) -> str:
        """The name of the saved selection."""
        return f"selection-{self.code}-{self.version}"


def socle_de(session: Session, annee: int) -> Socle:
    """The newest socle of a year. Raises CampagneNonInstallee."""
    socle = session.scalar(select(Socle).where(Socle.annee == annee).order_by(Socle.id.desc()).limit(1))
    if socle is None:
        raise CampagneNonInstallee(annee)
    return socle


def critere(session: Session, cible: Cible, caisse: str, code: Optional[str] = None, dossier: Path = KNOWLEDGE) -> Critere:
    """What a cible asks for in a caisse; `code` names a sub-action under it (same people, its own kind of contact, R38)."""
    socle = session.get_one(Socle, cible.socle_id)
    contenu, ajoutees = _definition(session, cible, caisse, socle.annee, dossier)
    criteres: Mapping[str, Any] = contenu.get("criteres") or {}
    sous = next((s for s in contenu.get("sous_actions", ()) if s["code"] == code), None)
    affiliation = criteres.get("affiliation")
    return Critere(
        code=code or cible.code, titre=sous["titre"] if sous else cible.titre, genre=sous["genre"] if sous else cible.genre,
        perimetre=cible.perimetre, version=socle.version, statuts=tuple(criteres.get("statuts") or ()),
        groupes_pro=tuple(criteres.get("groupes_pro") or ()), auto_entrepreneur=criteres.get("auto_entrepreneur"),
        annees_naissance=tuple(sorted(criteres.get("annees_naissance") or ())),
        affiliation=(_jour(affiliation["du"]), _jour(affiliation["au"])) if affiliation else None,
        professions=noms_de_professions(session, cible.du, cible.au) if criteres.get("profession_avec_risque") else None,
        priorites=tuple((p["si"], p["phrase"]) for p in (*contenu.get("priorites", ()), *ajoutees)))


def _definition(session: Session, cible: Cible, caisse: str, annee: int, dossier: Path) -> tuple[Mapping[str, Any], Sequence[Mapping[str, Any]]]:
    """What the socle says of a cible, or the caisse's complement of a local one; and the priorities the caisse adds."""
    fichier = next((f for f in fichiers(annee, dossier) if f.stem == caisse), None)
    complement = _complement(fichier, fichier.stat().st_mtime_ns) if fichier else {}
    if cible.caisse_code is not None:
        return next((a for a in complement.get("actions", ()) if a["code"] == cible.code), {}), ()
    return definition(session, cible), complement.get("cibles", {}).get(cible.code, {}).get("priorites", ())


@lru_cache(maxsize=64)
def _complement(fichier: Path, _modifie: int) -> Mapping[str, Any]:
    """A caisse's complement, read once until the file changes."""
    return lire_complement(fichier).model_dump(mode="json", exclude_none=True)


def _jour(valeur: "str | date") -> date:
    return valeur if isinstance(valeur, date) else date.fromisoformat(valeur)


def noms_de_professions(session: Session, du: date, au: date) -> tuple[str, ...]:
    """How the professions with risk information between two dates may be written in a file: label, code, and the forms of
    knowledge/professions.yml, with and without accents (R40). Imports keep professions in lower case."""
    noms: set[str] = set()
    for profession in session.scalars(select(ProfessionRisque).where(
            ProfessionRisque.du <= au, or_(ProfessionRisque.au.is_(None), ProfessionRisque.au >= du))):
        metiers = (profession.code, *profession.code.split("_"))  # « boulanger_patissier » is two trades
        noms |= {profession.libelle, profession.code, *(forme for metier in metiers for forme in _formes().get(metier, ()))}
    return tuple(sorted({ecrit for nom in noms for ecrit in (nom.lower(), cle(nom))}))


@lru_cache(maxsize=1)
def _formes() -> dict[str, list[str]]:
    return {nom: entree["formes"] for nom, entree in lire_yaml(KNOWLEDGE / "professions.yml").get("metiers", {}).items()}


# -- as SQL -----------------------------------------------------------------------------------------------------------------------------------


def membres(caisse: str, voulu: Critere, cohorte: Optional[int] = None) -> ColumnElement[bool]:
    """The condition that says who is in a cible; `cohorte` keeps one year of birth. Says the same as `contacts.campagne.correspond`."""
    conditions: list[ColumnElement[bool]] = [Assure.caisse_code == caisse]
    if voulu.statuts:
        conditions.append(Assure.statut.in_(voulu.statuts))
    if voulu.groupes_pro:
        conditions.append(Assure.groupe_pro.in_(voulu.groupes_pro))
    if voulu.auto_entrepreneur is not None:
        conditions.append(Assure.auto_entrepreneur.is_(voulu.auto_entrepreneur))
    annees = (cohorte,) if cohorte else voulu.annees_naissance
    if annees:  # dates between two bounds, so that the index serves
        conditions.append(or_(*(Assure.date_naissance.between(date(a, 1, 1), date(a, 12, 31)) for a in annees)))
    if voulu.affiliation:
        conditions.append(Assure.date_affiliation.between(*voulu.affiliation))
    if voulu.professions is not None:
        conditions.append(Assure.profession.in_(voulu.professions))
    return and_(*conditions)


@dataclass(frozen=True)
class Drapeaux:
    """What is known of one person for one action, as SQL conditions."""

    adresse: ColumnElement[bool]
    telephone: ColumnElement[bool]
    courriel: ColumnElement[bool]
    joignable: ColumnElement[bool]
    incomplete: ColumnElement[bool]
    contacte: ColumnElement[bool]
    invite: ColumnElement[bool]
    refus: ColumnElement[bool]
    reste: ColumnElement[bool]


def drapeaux(voulu: Critere, action_id: int, au: Optional[datetime] = None, avant_tirage: Optional[int] = None) -> Drapeaux:
    """The conditions for one action. `au` and `avant_tirage` put them back as they were at an earlier instant, before a draw.

    A letter needs an address, or an e-mail when it was chosen; the letter of affiliation is owed to those who refuse invitations too (R36).
    """
    adresse = and_(Assure.adresse.is_not(None), Assure.code_postal.is_not(None), Assure.ville.is_not(None))
    telephone, courriel = Assure.telephone.is_not(None), Assure.courriel.is_not(None)
    lettre = voulu.genre == "courrier"
    joignable = or_(adresse, Assure.canal == "courriel") if lettre else or_(adresse, telephone, courriel)
    contacte, invite = _contactes(action_id, au), _invites(action_id, au, avant_tirage)
    libre = true() if lettre else ~Assure.refus_contact
    return Drapeaux(adresse, telephone, courriel, joignable, Assure.carriere == "incomplete", contacte, invite, Assure.refus_contact.is_(True),
                    and_(joignable, libre, ~contacte, ~invite))


def _contactes(action_id: int, au: Optional[datetime]) -> ColumnElement[bool]:
    qui = select(Contact.assure_id).where(Contact.action_id == action_id, Contact.resultat.in_(RESULTATS_CONTACTES), Contact.assure_id.is_not(None))
    return Assure.id.in_(qui.where(Contact.enregistre_le <= au) if au else qui)


def _invites(action_id: int, au: Optional[datetime], avant_tirage: Optional[int]) -> ColumnElement[bool]:
    tires = select(Invite.assure_id).join(Tirage, Invite.tirage_id == Tirage.id).where(Tirage.action_id == action_id)
    ecrits = select(Envoi.assure_id).where(Envoi.action_id == action_id, Envoi.etat != "echec")
    if au:
        ecrits = ecrits.join(Lot, Envoi.lot_id == Lot.id).where(Lot.prepare_le <= au)
        tires = tires.where(Tirage.le <= au)
    if avant_tirage:
        tires = tires.where(Tirage.id < avant_tirage)
        ecrits = ecrits.where(or_(Lot.tirage_id.is_(None), Lot.tirage_id < avant_tirage))
    return Assure.id.in_(tires.union_all(ecrits))


# -- counting ---------------------------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Cohorte:
    """One year of birth within a cible: the two age rows of the EIG (R30)."""

    annee: int
    demande: int
    carriere_incomplete: int
    restants: int


@dataclass(frozen=True)
class Volume:
    """One cible in one caisse, in people. `contactes` is None for a rencontre, which keeps nobody's name (R44); `restants`: those a draw may take."""

    caisse: str
    annee: int
    cible: str
    titre: str
    genre: str
    perimetre: str
    requete: str
    objectif: Optional[int]
    demande: int
    avec_adresse: int
    avec_telephone: int
    avec_courriel: int
    joignables: int
    carriere_incomplete: int
    contactes: Optional[int]
    invites: int
    refus: int
    restants: int
    cohortes: tuple[Cohorte, ...] = ()

    def en_dict(self) -> dict[str, Any]:
        return asdict(self)


MESURES = ("demande", "avec_adresse", "avec_telephone", "avec_courriel", "joignables", "carriere_incomplete", "contactes", "invites", "refus",
           "restants")


@dataclass(frozen=True)
class Decompte:
    """The one statement that counts every cible of a caisse, a row for each cible and cohort; what is needed to read its rows."""

    caisse: str
    criteres: tuple[Critere, ...]
    objectifs: Mapping[str, Optional[int]] = field(hash=False)
    requete: Requete = field(hash=False)


def decompte(session: Session, annee: int, caisse: str, dossier: Path = KNOWLEDGE) -> Decompte:
    """The statement of a caisse: one pass by cible, each through its own index, all in one round. Raises CampagneNonInstallee."""
    socle = socle_de(session, annee)
    cibles = session.scalars(select(Cible).where(Cible.socle_id == socle.id, or_(Cible.caisse_code.is_(None), Cible.caisse_code == caisse))
                             .order_by(Cible.perimetre.desc(), Cible.id)).all()
    actions = {a.code: a for a in session.scalars(select(Action).where(Action.caisse_code == caisse, Action.annee == annee))}
    criteres = tuple(critere(session, cible, caisse, dossier=dossier) for cible in cibles)
    parties = [_compter(caisse, rang, voulu, actions[voulu.code].id if voulu.code in actions else 0, cohorte)
               for rang, voulu in enumerate(criteres) for cohorte in voulu.annees_naissance or (None,)]
    objectifs = {code: action.objectif for code, action in actions.items()}
    return Decompte(caisse, criteres, objectifs, union_all(*parties) if len(parties) > 1 else parties[0])


def _compter(caisse: str, rang: int, voulu: Critere, action_id: int, cohorte: Optional[int]) -> Requete:
    d = drapeaux(voulu, action_id)
    comptes = {"avec_adresse": d.adresse, "avec_telephone": d.telephone, "avec_courriel": d.courriel, "joignables": d.joignable,
               "carriere_incomplete": d.incomplete, "contactes": d.contacte, "invites": d.invite, "refus": d.refus, "restants": d.reste}
    return select(literal(rang).label("rang"), literal(cohorte or 0).label("cohorte"), func.count().label("demande"),
                  *(func.count(case((condition, 1))).label(nom) for nom, condition in comptes.items())
                  ).select_from(Assure).where(membres(caisse, voulu, cohorte))


def volumes(session: Session, annee: int, caisse: Optional[str] = None, dossier: Path = KNOWLEDGE) -> list[Volume]:
    """Volumes of a year's campaign, by caisse then in the order of the socle, local actions last. Raises CampagneNonInstallee, CaisseSansVolume."""
    socle_de(session, annee)
    trouves: list[Volume] = []
    for code in _caisses(session, caisse):
        compte = decompte(session, annee, code, dossier)
        lignes = session.execute(compte.requete).mappings().all()
        trouves += [_volume(annee, compte, voulu, [dict(li) for li in lignes if li["rang"] == rang]) for rang, voulu in enumerate(compte.criteres)]
    return trouves


def _caisses(session: Session, caisse: Optional[str]) -> list[str]:
    codes = list(session.scalars(select(Caisse.code).where(Caisse.genre == "regionale").order_by(Caisse.code)))
    if caisse is not None and caisse not in codes:
        raise CaisseSansVolume(caisse)
    return [caisse] if caisse is not None else codes


def _volume(annee: int, compte: Decompte, voulu: Critere, lignes: Sequence[Mapping[str, Any]]) -> Volume:
    mesures: dict[str, Any] = {m: sum(ligne[m] for ligne in lignes) for m in MESURES}
    if voulu.genre == "rencontre":
        mesures["contactes"] = None
    cohortes = tuple(Cohorte(li["cohorte"], li["demande"], li["carriere_incomplete"], li["restants"]) for li in lignes if li["cohorte"])
    return Volume(compte.caisse, annee, voulu.code, voulu.titre, voulu.genre, voulu.perimetre, voulu.requete, compte.objectifs.get(voulu.code),
                  **mesures, cohortes=cohortes)


def sql_de(session: Session, requete: Executable) -> str:
    """A statement with its parameters in place, as this database would run it."""
    return str(requete.compile(session.get_bind(), compile_kwargs={"literal_binds": True}))  # type: ignore[attr-defined]


def sql_volumes(session: Session, annee: int, caisse: Optional[str] = None, dossier: Path = KNOWLEDGE) -> dict[str, str]:
    """The statement of each caisse, parameters in place. Raises as `volumes`."""
    return {code: sql_de(session, decompte(session, annee, code, dossier).requete) for code in _caisses(session, caisse)}
