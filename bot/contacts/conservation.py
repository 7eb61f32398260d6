"""The end of data: applies knowledge/conservation.yml, counts what it destroys, says when it is late. Safe to run twice, or by two at once.

A rule that a room of its own already applies is `confie_a` it: the caller gives that function. Erasing one person is `effacement`.
"""
import re
import time
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any, Callable, Mapping, Optional, Sequence

import structlog
import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator
from sqlalchemy import ColumnElement, Date, String, Table, and_, cast, delete, func, or_, select, tuple_, update
from sqlalchemy.orm import Session

from bot.contacts import codes, comptes
from bot.contacts.base import Base, Sessions
from bot.contacts.refus import Refus
from bot.contacts.tables import Audit, Compte, Conseiller, Elimination, PassagePurge
from bot.reglages import RACINE

FICHIER = RACINE / "knowledge" / "conservation.yml"
ALARME = timedelta(hours=26)
PAQUET = 500
_DELAI = re.compile(r"(\d{1,4}) (minutes?|heures?|jours?|mois)")
journal = structlog.get_logger("conservation")
# A rule applied elsewhere: gives how many things it did, as a number or by kind.
Confie = Callable[[Session, datetime], "int | Mapping[str, int]"]


class ConservationIllisible(Refus):
    code, statut = "CONSERVATION_ILLISIBLE", 500

    def __init__(self, ou: str, quoi: str):
        super().__init__(f"conservation.yml, {ou} : {quoi}. Corrigez le fichier : rien n'est purgé tant qu'il ne se lit pas.")


class Regle(BaseModel):
    """One line of the file; see its head for the words."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    code: str = Field(max_length=40)
    donnees: str
    table: str
    colonnes: list[str] = Field(min_length=1)
    delai: str = Field(pattern=_DELAI.pattern)
    alors: str = Field(pattern="^(vider|supprimer|fermer)$")
    source: str = Field(min_length=5)
    depuis: Optional[str] = None
    dernier: Optional[str] = None
    precision: Optional[str] = None
    renouveler: list[str] = []
    si: dict[str, list[Any]] = {}
    confie_a: Optional[str] = None

    @model_validator(mode="after")
    def _tient(self) -> "Regle":
        table = Base.metadata.tables.get(self.table)
        if table is None:
            raise ValueError(f"la table « {self.table} » n'existe pas")
        propres = [*self.colonnes, *self.renouveler, *self.si, *([self.dernier] if self.dernier else [])]
        inconnues = [c for c in propres if c not in table.c]
        if inconnues:
            raise ValueError(f"{self.table} n'a pas de colonne « {inconnues[0]} »")
        if (self.depuis is None) == (self.confie_a is None):
            raise ValueError("il faut « depuis » ou « confie_a », l'un des deux")
        if self.depuis is not None:
            _origine(self)
        return self


class RegleFichier(BaseModel):
    """One kind of file of the data folder, by age; `garder`: how many of the newest always stay."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    code: str
    donnees: str
    motif: str = Field(pattern=r"^[\w-][\w/.*-]*$")
    delai: str = Field(pattern=_DELAI.pattern)
    source: str
    garder: int = 0


@dataclass(frozen=True)
class Conservation:
    """The whole file."""

    regles: Sequence[Regle]
    fichiers: Sequence[RegleFichier]


@dataclass(frozen=True)
class Etat:
    """Where a rule stands: last passage, rows more than ALARME over their date, and whether that is an alarm."""

    regle: str
    passe_le: Optional[datetime]
    depassees: int
    retard: bool


@dataclass(frozen=True)
class Passage:
    """What one run did: things ended by rule, files deleted by kind, rules that failed (their database was busy), rules that were late before it."""

    faits: Mapping[str, int]
    fichiers: Mapping[str, int]
    retards: Sequence[Etat]

    @property
    def nombre(self) -> int:
        return sum(self.faits.values()) + sum(self.fichiers.values())


def lire(chemin: Path = FICHIER) -> Conservation:
    """The rules. Raises ConservationIllisible, which names the rule."""
    try:
        brut = yaml.safe_load(chemin.read_text(encoding="utf-8")) or {}
    except (OSError, yaml.YAMLError) as e:
        raise ConservationIllisible("lecture", type(e).__name__) from e
    return Conservation([_valider(Regle, code, v) for code, v in brut.get("regles", {}).items()],
                        [_valider(RegleFichier, code, v) for code, v in brut.get("fichiers", {}).items()])


def _valider(modele: Any, code: str, valeurs: Mapping[str, Any]) -> Any:
    try:
        return modele(code=code, **valeurs)
    except ValidationError as e:
        faute = e.errors()[0]
        raise ConservationIllisible(f"règle « {code} », {'.'.join(map(str, faute['loc'])) or 'ensemble'}", faute["msg"]) from e


def limite(delai: str, maintenant: datetime) -> datetime:
    """The instant before which data of this delay are over. A month is a calendar month.

    >>> from datetime import timezone
    >>> limite("13 mois", datetime(2012, 3, 31, tzinfo=timezone.utc)).date().isoformat()
    '2011-02-28'
    """
    lu = _DELAI.fullmatch(delai)
    assert lu is not None
    combien, unite = int(lu[1]), lu[2].rstrip("s")
    if unite != "moi":
        return maintenant - {"minute": timedelta(minutes=combien), "heure": timedelta(hours=combien), "jour": timedelta(days=combien)}[unite]
    annee, mois = divmod(maintenant.year * 12 + maintenant.month - 1 - combien, 12)
    fin = (date(annee + (mois == 11), (mois + 1) % 12 + 1, 1) - timedelta(days=1)).day
    return maintenant.replace(year=annee, month=mois + 1, day=min(maintenant.day, fin))


# -- one rule ---------------------------------------------------------------------------------------------------------------------------------


def _origine(regle: Regle) -> tuple[Table, Any, Any]:
    """The table, the date column, and its condition of junction (None when it is the table's own)."""
    table = Base.metadata.tables[regle.table]
    autre, _, colonne = (regle.depuis or "").rpartition(".")
    if not autre:
        if colonne not in table.c:
            raise ValueError(f"{regle.table} n'a pas de colonne « {colonne} »")
        return table, table.c[colonne], None
    for cle in table.foreign_keys:
        if cle.column.table.name == autre and colonne in cle.column.table.c:
            return table, cle.column.table.c[colonne], cle.parent == cle.column
    raise ValueError(f"{regle.table} ne mène pas à « {regle.depuis} »")


def _echues(regle: Regle, avant: datetime) -> tuple[Table, ColumnElement[bool]]:
    """The rows that are over, and still hold something."""
    table, quand, jonction = _origine(regle)
    borne: Any = avant.date() if isinstance(quand.type, Date) else avant
    passee: ColumnElement[bool] = quand < borne
    if jonction is not None:
        passee = select(1).where(jonction, passee).correlate(table).exists()
    conditions = [passee, *(table.c[c].in_(valeurs) for c, valeurs in regle.si.items())]
    if regle.dernier is not None:
        autre = table.alias("plus_recente")
        conditions.append(~select(1).where(autre.c[regle.dernier] == table.c[regle.dernier], autre.c[quand.name] >= borne).correlate(table).exists())
    if regle.alors == "vider":
        conditions.append(or_(*(table.c[c].is_not(None) for c in regle.colonnes)))
    return table, and_(*conditions)


def _code_inconnu() -> str:
    return codes.tirer()


def _appliquer(session: Session, regle: Regle, avant: datetime) -> int:
    """One slice of a rule; how many rows."""
    table, echues = _echues(regle, avant)
    cle = [c for c in table.primary_key.columns]
    lignes = session.execute(select(*cle).where(echues).order_by(*cle).limit(PAQUET)).all()
    if not lignes:
        return 0
    siennes = cle[0].in_([ligne[0] for ligne in lignes]) if len(cle) == 1 else tuple_(*cle).in_([tuple(ligne) for ligne in lignes])
    if regle.alors == "supprimer":
        session.execute(delete(table).where(siennes))
    else:
        session.execute(update(table).where(siennes).values({c: None for c in regle.colonnes}))
        for ligne in lignes if regle.renouveler else ():
            session.execute(update(table).where(cle[0] == ligne[0]).values({c: _code_inconnu() for c in regle.renouveler}))
    return len(lignes)


def appliquer(sessions: Sessions, regle: Regle, confies: Mapping[str, Confie], maintenant: datetime) -> int:
    """Apply one rule to the end, slice by slice (the site writes in between), and note the passage. Raises KeyError for a `confie_a` unknown."""
    total = 0
    while True:
        with sessions() as s:
            if regle.confie_a is not None:
                rendu = confies[regle.confie_a](s, maintenant)
                fait = rendu if isinstance(rendu, int) else sum(rendu.values())
            else:
                fait = _appliquer(s, regle, limite(regle.delai, maintenant))
            if fait:
                s.add(Elimination(regle=regle.code, le=maintenant, nombre=fait))
            total += fait
            if regle.confie_a is not None or fait < PAQUET:
                s.merge(PassagePurge(regle=regle.code, passe_le=maintenant))
                return total


# -- all of them ------------------------------------------------------------------------------------------------------------------------------


def etats(session: Session, conservation: Conservation, maintenant: datetime) -> list[Etat]:
    """Where every rule stands. Late: no passage for ALARME, or rows that far over their date (a purge that never ran has no passage to show)."""
    passages = {p.regle: p.passe_le for p in session.scalars(select(PassagePurge))}
    lignes = []
    for regle in conservation.regles:
        passe_le, depassees = passages.get(regle.code), 0
        if regle.confie_a is None:
            table, echues = _echues(regle, limite(regle.delai, maintenant - ALARME))
            depassees = session.scalar(select(func.count()).select_from(table).where(echues)) or 0
        lignes.append(Etat(regle.code, passe_le, depassees, bool(depassees) or (passe_le is not None and maintenant - passe_le > ALARME)))
    return lignes


def retards(session: Session, conservation: Conservation, maintenant: datetime) -> list[Etat]:
    """The rules that are late."""
    return [e for e in etats(session, conservation, maintenant) if e.retard]


def passer(sessions: Sessions, conservation: Conservation, confies: Mapping[str, Confie], maintenant: datetime,
           dossier: Optional[Path] = None) -> Passage:
    """Every rule once, then the files of `dossier`. What was late before is told, and written in the journal as a warning."""
    with sessions.lecture() as s:
        en_retard = retards(s, conservation, maintenant)
    if en_retard:
        journal.warning("purge_en_retard", regles=[e.regle for e in en_retard], lignes=sum(e.depassees for e in en_retard))
    faits: dict[str, int] = {}
    appelees: dict[str, int] = {}
    for regle in conservation.regles:
        if regle.confie_a in appelees:  # one function may hold two rules: it has done both
            with sessions() as s:
                s.merge(PassagePurge(regle=regle.code, passe_le=maintenant))
            faits[regle.code] = 0
            continue
        faits[regle.code] = appliquer(sessions, regle, confies, maintenant)
        if regle.confie_a is not None:
            appelees[regle.confie_a] = faits[regle.code]
    return Passage(faits, purger_fichiers(dossier, conservation, time.time()) if dossier else {}, en_retard)


def purger_fichiers(dossier: Path, conservation: Conservation, machine: float) -> dict[str, int]:
    """Delete the files that are over; how many by kind. `machine`: seconds of the machine's clock, which dates files."""
    faits: dict[str, int] = {}
    for regle in conservation.fichiers:
        avant = limite(regle.delai, datetime.fromtimestamp(machine).astimezone()).timestamp()
        siens = sorted((f for f in dossier.glob(regle.motif) if f.is_file() and not f.is_symlink()), key=lambda f: f.stat().st_mtime, reverse=True)
        vieux = [f for f in siens[regle.garder:] if f.stat().st_mtime < avant]
        for fichier in vieux:
            fichier.unlink(missing_ok=True)
        faits[regle.code] = len(vieux)
    return faits


PREVENIR, PREAVIS = "60 jours", "14 jours"
PREVENU = "compte.prevenu"


def _vu_le() -> Any:
    return func.coalesce(Compte.derniere_connexion_le, Compte.cree_le)


def _prevenu(avant: Optional[datetime] = None) -> Any:
    """Whether an account was told that it sleeps, since it was last opened (and before an instant)."""
    conditions = [Audit.acte == PREVENU, Audit.objet == "compte", Audit.objet_id == cast(Compte.id, String), Audit.le > _vu_le()]
    return select(1).where(*conditions, *([Audit.le <= avant] if avant is not None else [])).correlate(Compte).exists()


def comptes_a_prevenir(session: Session, maintenant: datetime) -> Sequence[Compte]:
    """Open accounts that nobody has opened for PREVENIR and whose owners were not told yet."""
    return session.scalars(select(Compte).where(Compte.desactive_le.is_(None), Compte.demo.is_(False), _vu_le() < limite(PREVENIR, maintenant),
                                                ~_prevenu()).order_by(Compte.id)).all()


def endormis(session: Session, caisse_code: str, maintenant: datetime) -> frozenset[int]:
    """The open accounts of a caisse that nobody has opened for PREVENIR, by number."""
    return frozenset(session.scalars(select(Compte.id).join(Conseiller, Conseiller.id == Compte.conseiller_id).where(
        Conseiller.caisse_code == caisse_code, Compte.desactive_le.is_(None), Compte.demo.is_(False),
        _vu_le() < limite(PREVENIR, maintenant))))


def fermer_comptes_inutilises(session: Session, maintenant: datetime, delai: str = "90 jours") -> int:
    """Close the accounts nobody has opened for `delai`, once their owners were told for PREAVIS at least; how many. Whoever must stay (last
    responsable, booked entretiens) stays; demo accounts too."""
    fermes = 0
    dormants = select(Compte).where(Compte.desactive_le.is_(None), Compte.demo.is_(False), _vu_le() < limite(delai, maintenant),
                                    _prevenu(limite(PREAVIS, maintenant))).order_by(Compte.id)
    for compte in session.scalars(dormants).all():
        try:
            comptes.desactiver(session, compte, comptes.SYSTEME, maintenant)
        except Refus:
            continue
        fermes += 1
    return fermes
