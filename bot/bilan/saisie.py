"""What people write for a bilan: means, difficulties, priorities, reasons, texts. Each save is a version; a save over someone else's is kept aside.

What the figures say is `assemblage`; who may write is `etats` and the workspace.
"""
import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Mapping, Optional

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from bot.bilan.codes import PRIORITES_MAX, TEXTE_MAX, TEXTES
from bot.contacts.campagne import SocleAbsent
from bot.contacts.refus import Refus
from bot.contacts.tables import SaisieBilan, Socle
from bot.texte.normalisation import nettoyer

_CHAMP = re.compile(r"moyens|difficultes|priorites|textes\.[a-z_]{1,30}|action\.[A-Z][A-Z0-9-]{0,19}\.(?:motif|enseignements|K14|K20)|socle_n1")


class ChampInconnu(Refus):
    code, statut = "CHAMP_INCONNU", 422
    message = "Cette partie n'est pas dans le bilan type. Rechargez la page."


class TexteTropLong(Refus):
    code, statut = "TEXTE_TROP_LONG", 422
    message = f"Ce texte dépasse {TEXTE_MAX} signes. Gardez l'essentiel ; les tableaux disent le reste."


class NombreIllisible(Refus):
    code, statut = "NOMBRE_ILLISIBLE", 422
    message = "Écrivez un nombre entier, sans signe ni unité, par exemple 910."


class HorsListe(Refus):
    code, statut = "VALEUR_HORS_LISTE", 422
    message = "Cette valeur n'est pas dans la liste de la campagne. Choisissez-en une qui s'y trouve."


class TropDePriorites(Refus):
    code, statut = "TROP_DE_PRIORITES", 422
    message = f"Proposez {PRIORITES_MAX} priorités au plus, chacune une fois, de la première à la dernière."


class SaisieDepassee(Refus):
    """Someone else saved this part meanwhile. What was typed is kept aside, and shown beside the other's."""

    code, statut = "SAISIE_DEPASSEE", 409
    message = "Quelqu'un d'autre vient d'écrire dans cette partie. Votre texte est gardé et affiché à côté : rapprochez-les, puis enregistrez."

    def __init__(self, version: int, valeur: Any):
        super().__init__()
        self.version, self.valeur = version, valeur


@dataclass(frozen=True)
class Champ:
    """The last kept version of a part, and what was set aside since."""

    valeur: Any
    version: int
    le: Optional[datetime]
    auteur: Optional[str]
    ecartees: tuple[Any, ...] = ()


VIDE = Champ(None, 0, None, None)


def dossier_regional(caisse_code: str, annee: int) -> str:
    return f"regional:{caisse_code}:{annee}"


def dossier_national(annee: int) -> str:
    return f"national:{annee}"


def lire(session: Session, dossier: str) -> dict[str, Champ]:
    """Every part of a file as it stands."""
    parts: dict[str, Champ] = {}
    lignes = session.scalars(select(SaisieBilan).where(SaisieBilan.dossier == dossier).order_by(SaisieBilan.champ, SaisieBilan.version))
    for ligne in lignes:
        avant = parts.get(ligne.champ, VIDE)
        if ligne.ecartee:
            parts[ligne.champ] = Champ(avant.valeur, ligne.version, avant.le, avant.auteur, (*avant.ecartees, ligne.valeur))
        else:
            parts[ligne.champ] = Champ(ligne.valeur, ligne.version, ligne.le, ligne.auteur)
    return parts


def ecrire(session: Session, dossier: str, champ: str, valeur: Any, *, base: Optional[int], auteur: str, maintenant: datetime) -> int:
    """Keep a new version and give its number; the same value again keeps nothing. `base`: the version the writer had before her, None to write
    over whatever is there. Raises ChampInconnu, SaisieDepassee (after keeping the text aside: the caller must commit), and what `propre` raises."""
    if not _CHAMP.fullmatch(champ):
        raise ChampInconnu
    actuel = lire_un(session, dossier, champ)
    if actuel.version and actuel.valeur == valeur and not actuel.ecartees:
        return actuel.version
    version = (session.scalar(select(func.max(SaisieBilan.version)).where(SaisieBilan.dossier == dossier, SaisieBilan.champ == champ)) or 0) + 1
    depassee = base is not None and base != actuel.version
    session.add(SaisieBilan(dossier=dossier, champ=champ, version=version, valeur=valeur, ecartee=depassee, auteur=auteur, le=maintenant))
    session.flush()
    if depassee:
        raise SaisieDepassee(version, actuel.valeur)
    return version


def lire_un(session: Session, dossier: str, champ: str) -> Champ:
    """One part as it stands; empty when nobody wrote it."""
    lignes = session.scalars(select(SaisieBilan).where(SaisieBilan.dossier == dossier, SaisieBilan.champ == champ)
                             .order_by(SaisieBilan.version)).all()
    retenue = next((ligne for ligne in reversed(lignes) if not ligne.ecartee), None)
    if not lignes:
        return VIDE
    depuis = retenue.version if retenue else 0
    return Champ(retenue.valeur if retenue else None, lignes[-1].version, retenue.le if retenue else None, retenue.auteur if retenue else None,
                 tuple(ligne.valeur for ligne in lignes if ligne.ecartee and ligne.version > depuis))


# -- what a part may hold ----------------------------------------------------------------------------------------------------------------------


def propre(champ: str, valeur: Any, socle: Mapping[str, Any]) -> Any:
    """A value as it may be kept. Raises ChampInconnu, TexteTropLong, NombreIllisible, HorsListe, TropDePriorites."""
    if not _CHAMP.fullmatch(champ) or (champ.startswith("textes.") and champ.partition(".")[2] not in TEXTES):
        raise ChampInconnu
    if champ == "moyens":
        return _moyens(valeur)
    if champ == "difficultes":
        return [_difficulte(d, socle) for d in valeur]
    if champ == "priorites":
        return _priorites(valeur, socle)
    if champ.endswith(".motif"):
        if valeur and valeur not in socle.get("difficultes", {}):
            raise HorsListe
        return valeur or None
    return texte(valeur)


def texte(valeur: Any) -> str:
    """A narrative part, cleaned, its lines kept. Raises TexteTropLong."""
    lignes = [nettoyer(ligne) for ligne in str(valeur or "").replace("\r\n", "\n").replace("\r", "\n").split("\n")]
    net = "\n".join(lignes).strip()
    if len(net) > TEXTE_MAX:
        raise TexteTropLong
    return net


def entier(valeur: Any) -> Optional[int]:
    """A whole number as typed (« 1 200 »); None when empty. Raises NombreIllisible."""
    net = re.sub(r"[\s\u00a0\u202f]", "", str(valeur if valeur is not None else ""))
    if not net:
        return None
    if not re.fullmatch(r"\d{1,9}", net):
        raise NombreIllisible
    return int(net)


def _moyens(valeur: Mapping[str, Any]) -> dict[str, Any]:
    nombres = {nom: entier(valeur.get(nom)) for nom in ("agents", "heures", "cout_euros")}
    partenaires = [nettoyer(str(p))[:120] for p in valeur.get("partenaires", ())]
    par_action = {code: entier(h) for code, h in (valeur.get("heures_par_action") or {}).items()}
    return {**{n: v for n, v in nombres.items() if v is not None}, "partenaires": [p for p in partenaires if p][:40],
            "heures_par_action": {c: h for c, h in sorted(par_action.items()) if h is not None}}


def _difficulte(ligne: Mapping[str, Any], socle: Mapping[str, Any]) -> dict[str, Any]:
    code, part = ligne.get("code"), entier(ligne.get("part"))
    if code not in socle.get("difficultes", {}) or (part is not None and part > 100):
        raise HorsListe
    precision = texte(ligne.get("precision"))[:300]
    return {"code": code, "actions": sorted({str(a) for a in ligne.get("actions", ())}), **({"part": part} if part is not None else {}),
            **({"precision": precision} if precision else {})}


def _priorites(lignes: Any, socle: Mapping[str, Any]) -> list[dict[str, Any]]:
    codes = [ligne["code"] for ligne in lignes if ligne.get("code")]
    if len(codes) > PRIORITES_MAX or len(set(codes)) != len(codes):
        raise TropDePriorites
    if not set(codes) <= set(socle.get("priorites_n1", {})):
        raise HorsListe
    precisions = {ligne["code"]: texte(ligne.get("precision"))[:300] for ligne in lignes if ligne.get("code")}
    return [{"rang": rang, "code": code, **({"precision": precisions[code]} if precisions[code] else {})} for rang, code in enumerate(codes, 1)]


def socle_de(session: Session, annee: int) -> Socle:
    """The newest socle of a year. Raises SocleAbsent."""
    socle = session.scalar(select(Socle).where(Socle.annee == annee).order_by(Socle.id.desc()).limit(1))
    if socle is None:
        raise SocleAbsent
    return socle
