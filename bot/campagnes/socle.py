"""The socle of a year: its file read and checked as a whole, its canonical form, its rows in the database.

The shape of the file is `schema`; what a caisse adds, `complement`; the year put together, `annee`; next year's draft, `nouvelle`.
"""
import hashlib
from datetime import datetime
from pathlib import Path
from typing import Any, Iterable, Iterator, Mapping, Optional

import rfc8785
from pydantic import BaseModel
from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.campagnes.schema import Bloc, Campagne, CampagneInvalide, charger
from bot.contacts.historique import noter
from bot.contacts.refus import Refus
from bot.contacts.tables import Action, Caisse, Cible, Socle
from bot.contacts.tables.contact import EFFETS
from bot.knowledge.chemins import KNOWLEDGE

# R29: exactly these four in 2011. A later circular may name others; the file of its year then says so.
CIBLES_2011 = ("EIG", "CREATEUR", "AE", "RCS")


class CampagneAbsente(Refus):
    code, statut = "CAMPAGNE_ABSENTE", 404
    message = "Il n'y a pas de fichier de campagne pour cette année. Préparez-le avec « conseil campagne nouvelle »."

    def __init__(self, annee: int):
        super().__init__(f"knowledge/campagnes/{annee}.yml n'existe pas : préparez-le avec "
                         f"« conseil campagne nouvelle {annee} --depuis {annee - 1} ».")


class CampagneARelire(Refus):
    code, statut = "CAMPAGNE_A_RELIRE", 409
    message = "Des lignes de ce fichier sont encore à relire."

    def __init__(self, lieux: Iterable[str]):
        super().__init__(f"encore à relire : {' ; '.join(lieux)}. Vérifiez chaque ligne, puis retirez son « a_relire: true ».")


class SocleChange(Refus):
    code, statut = "SOCLE_CHANGE", 409
    message = "Cette version du socle est déjà installée avec un autre contenu : augmentez « version » dans le fichier."


def chemin(annee: int, dossier: Path = KNOWLEDGE) -> Path:
    return dossier / "campagnes" / f"{annee}.yml"


def lire(annee: int, dossier: Path = KNOWLEDGE) -> Campagne:
    """The campaign file of a year, checked. Raises CampagneAbsente, ErreurConnaissance, CampagneInvalide."""
    fichier = chemin(annee, dossier)
    if not fichier.exists():
        raise CampagneAbsente(annee)
    campagne = charger(fichier, Campagne)
    defauts = [f"{fichier.name}, {ou} : {quoi}" for ou, quoi in _incoherences(campagne, annee)]
    if defauts:
        raise CampagneInvalide("\n".join(defauts))
    return campagne


def _doublons(codes: Iterable[str]) -> list[str]:
    liste = list(codes)
    return sorted({c for c in liste if liste.count(c) > 1})


def _incoherences(c: Campagne, annee: int) -> Iterator[tuple[str, str]]:
    """What the shape alone cannot see: codes that answer each other, the year, the closed lists."""
    if c.annee != annee or not c.version.startswith(f"{annee}."):
        yield "annee", f"le fichier {annee}.yml doit porter l'année {annee} et une version {annee}.n."
    for liste, codes in (("cibles", [x.code for x in c.cibles]), ("contenu", [m.code for x in c.cibles for m in x.contenu]),
                         ("objectifs", [o.code for o in c.objectifs])):
        for code in _doublons(codes):
            yield liste, f"« {code} » est écrit deux fois ; gardez-en un."
    if annee == 2011 and tuple(x.code for x in c.cibles) != CIBLES_2011:
        yield "cibles", f"la circulaire de 2011 en nomme quatre, dans cet ordre : {', '.join(CIBLES_2011)} (R29)."
    if set(c.effets) != set(EFFETS):
        yield "effets", f"la base connaît exactement : {', '.join(EFFETS)} (R26)."
    if "autre" not in c.difficultes:
        yield "difficultes", "il manque « autre », pour ce qui n'est dans aucun autre code (R15)."
    for cible in c.cibles:
        for nom, cites, connus in (("effets", cible.effets, c.effets), ("programmes", cible.programmes, c.programmes)):
            for code in sorted(set(cites) - set(connus)):
                yield f"cibles › {cible.code} › {nom}", f"« {code} » n'est pas dans la liste « {nom} » du fichier ; corrigez-le ou ajoutez-le."
        naissances = set(cible.criteres.annees_naissance or ())
        for sous in cible.sous_cibles:
            if sous.si.annee_naissance and sous.si.annee_naissance not in naissances:
                yield f"cibles › {cible.code} › {sous.code}", "cette année de naissance n'est pas dans les critères de la cible."


def a_relire(valeur: Any, lieu: str = "") -> Iterator[str]:
    """Where a draft is still marked « a_relire: true »."""
    if isinstance(valeur, Bloc):
        if valeur.a_relire:
            yield lieu or "le haut du fichier"
        for nom in type(valeur).model_fields:
            yield from a_relire(getattr(valeur, nom), f"{lieu} › {nom}" if lieu else nom)
    elif isinstance(valeur, list):
        for element in valeur:
            code = getattr(element, "code", None)
            yield from a_relire(element, f"{lieu} › {code}" if code else lieu)


def canonique(modele: BaseModel) -> tuple[dict[str, Any], str]:
    """The content as the database keeps it, and the SHA-256 of its canonical JSON (RFC 8785): comments and order of keys do not count."""
    contenu = _sans_marques(modele.model_dump(mode="json", exclude_none=True))
    return contenu, hashlib.sha256(rfc8785.dumps(contenu)).hexdigest()


def _sans_marques(valeur: Any) -> Any:
    if isinstance(valeur, dict):
        return {nom: _sans_marques(v) for nom, v in valeur.items() if nom != "a_relire"}
    return [_sans_marques(v) for v in valeur] if isinstance(valeur, list) else valeur


# -- installation ------------------------------------------------------------------------------------------------------------------------------


def installer_socle(session: Session, campagne: Campagne, maintenant: datetime) -> Socle:
    """The socle and its cibles, with one action per regional caisse and cible (R06, R18, R29). Run again, adds what is missing.
    Raises CampagneARelire, SocleChange."""
    if lieux := list(a_relire(campagne)):
        raise CampagneARelire(lieux)
    contenu, sha256 = canonique(campagne)
    socle = session.scalar(select(Socle).where(Socle.annee == campagne.annee, Socle.version == campagne.version))
    if socle is None:
        socle = Socle(annee=campagne.annee, version=campagne.version, sha256=sha256, contenu=contenu, installe_le=maintenant)
        session.add(socle)
        session.flush()
        _noter(session, maintenant, "installer", "socle", socle.id, {"annee": campagne.annee, "version": socle.version, "sha256": sha256})
    elif socle.sha256 != sha256:
        raise SocleChange
    _installer_cibles(session, socle, campagne, maintenant)
    return socle


def _installer_cibles(session: Session, socle: Socle, campagne: Campagne, maintenant: datetime) -> None:
    caisses = session.scalars(select(Caisse.code).where(Caisse.genre == "regionale").order_by(Caisse.code)).all()
    for modele in campagne.cibles:
        cible = session.scalar(select(Cible).where(Cible.socle_id == socle.id, Cible.code == modele.code, Cible.caisse_code.is_(None)))
        if cible is None:
            cible = Cible(socle_id=socle.id, code=modele.code, perimetre="socle", genre=modele.genre, titre=modele.titre,
                          du=modele.calendrier.du, au=modele.calendrier.au)
            session.add(cible)
            session.flush()
        for code in caisses:
            poser_action(session, cible, caisse_code=code, code=cible.code, titre=cible.titre, annee=campagne.annee, maintenant=maintenant)


def poser_action(session: Session, cible: Cible, *, caisse_code: str, code: str, titre: str, annee: int, maintenant: datetime,
                 objectif: Optional[int] = None) -> Action:
    """The action of a caisse under a cible, made or found; under a newer version of the socle, it follows the new cible (its contacts keep the
    socle they were made under). An objective once given is kept unless another is (A4: none is « sans objectif chiffré »)."""
    action = session.scalar(select(Action).where(Action.caisse_code == caisse_code, Action.annee == annee, Action.code == code))
    if action is None:
        action = Action(caisse_code=caisse_code, cible_id=cible.id, perimetre=cible.perimetre, annee=annee, code=code, titre=titre, objectif=objectif)
        session.add(action)
        session.flush()
        _noter(session, maintenant, "poser", "action", action.id, {"caisse_code": caisse_code, "code": code, "objectif": objectif})
        return action
    avant = {"cible_id": action.cible_id, "titre": action.titre, "objectif": action.objectif}
    action.cible_id, action.titre = cible.id, titre
    action.objectif = objectif if objectif is not None else action.objectif
    apres = {"cible_id": action.cible_id, "titre": action.titre, "objectif": action.objectif}
    if apres != avant:
        _noter(session, maintenant, "modifier", "action", action.id, apres, avant)
    return action


def _noter(session: Session, maintenant: datetime, commande: str, objet: str, objet_id: int, apres: Mapping[str, Any],
           avant: Optional[Mapping[str, Any]] = None) -> None:
    noter(session, le=maintenant, acteur="systeme", commande=f"campagne.{commande}", objet=objet, objet_id=objet_id, origine="commande", avant=avant,
          apres=apres)
