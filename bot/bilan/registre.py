"""The national register of an exercise: who is expected, socle, kit, questionnaire, equivalences, keys, deadline. What a file is checked against.

Opening and closing an exercise is here too; the rules themselves are `controles`.
"""
from base64 import b64decode, b64encode
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cached_property
from typing import Any, Mapping, Optional

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.bilan import saisie
from bot.bilan.echange import canonique, sha256
from bot.bilan.echeance import attendues, dernier_exercice, limite
from bot.bilan.voisins import questionnaire_lu
from bot.campagnes.kit import lire_kit
from bot.contacts.historique import noter
from bot.contacts.refus import Refus
from bot.contacts.tables import Caisse, CleBilan, EquivalenceQuestion, ExerciceBilan, ProfessionRisque
from bot.enquete.questionnaire import VERSION


class ExerciceFerme(Refus):
    code, statut = "EXERCICE_FERME", 409
    message = "L'exercice de ce bilan n'est pas ouvert. La caisse nationale l'ouvre, ou le rouvre pour un erratum."


class EchelleChangee(Refus):
    code, statut = "ECHELLE_CHANGEE", 422
    message = "Une question dont l'échelle ou les réponses ont changé n'est jamais équivalente : ses résultats ne s'additionnent pas."


@dataclass(frozen=True)
class CleConnue:
    caisse: Optional[str]
    publique: str
    role: str
    revoquee_le: Optional[datetime]


@dataclass(frozen=True)
class Registre:
    """One exercise as the national fund holds it. `equivalences`: (question, version) → hash accepted in that version."""

    annee: int
    etat: str
    limite: datetime
    caisses: Mapping[str, str]
    liberales: frozenset[str]
    socle: Mapping[str, Any]
    campagne: Mapping[str, Any]
    kit: str
    questionnaire: Optional[Mapping[str, Any]]
    multiples: frozenset[str] = frozenset()
    equivalences: Mapping[tuple[str, str], str] = field(default_factory=dict)
    cles: Mapping[str, CleConnue] = field(default_factory=dict)
    professions: Mapping[str, tuple[date, Optional[date]]] = field(default_factory=dict)

    @cached_property
    def cibles(self) -> Mapping[str, Mapping[str, Any]]:
        return {c["code"]: c for c in self.campagne.get("cibles", ())}

    @cached_property
    def sha256(self) -> str:
        """What two files must have been checked against to be added together. Keys and deadline do not count: they judge one file each."""
        return sha256({"annee": self.annee, "caisses": dict(self.caisses), "socle": dict(self.socle), "kit": self.kit,
                       "questionnaire": self.questionnaire, "equivalences": sorted([q, v, h] for (q, v), h in self.equivalences.items()),
                       "professions": sorted([c, str(du), str(au)] for c, (du, au) in self.professions.items())})


def exercice_ouvert(session: Session, maintenant: datetime) -> ExerciceBilan:
    """The exercise that files are expected for: the newest open one; when none was ever opened, this year's, opened now.
    Raises ExerciceFerme when every one is closed."""
    tous = session.scalars(select(ExerciceBilan).order_by(ExerciceBilan.annee.desc())).all()
    ouverts = [e for e in tous if e.etat != "clos"]
    if ouverts:
        return ouverts[0]
    if tous:
        raise ExerciceFerme
    return ouvrir(session, dernier_exercice(maintenant), maintenant)


def ouvrir(session: Session, annee: int, maintenant: datetime, *, strict: bool = False, limite_le: Optional[datetime] = None,
           acteur: str = "systeme", role: Optional[str] = None) -> ExerciceBilan:
    """Open the exercise of a year with the kit and the questionnaire in force; again, changes its deadline only; a closed one is reopened for an
    erratum. The socle must be installed. Raises SocleAbsent."""
    saisie.socle_de(session, annee)
    exercice = session.get(ExerciceBilan, annee)
    if exercice is None:
        lu = questionnaire_lu(VERSION)
        exercice = ExerciceBilan(annee=annee, etat="ouvert", kit=lire_kit().edition, questionnaire=lu.identite() if lu else None,
                                 ouvert_le=maintenant, strict=strict, limite=limite_le)
        session.add(exercice)
    elif exercice.etat == "clos":
        exercice.etat, exercice.clos_le = "erratum", None
    else:
        exercice.strict, exercice.limite = strict, limite_le
    session.flush()
    noter(session, le=maintenant, acteur=acteur, role=role, commande="bilan.exercice.ouvrir", objet="exercice_bilan", objet_id=annee,
          origine="systeme", apres={"etat": exercice.etat, "strict": exercice.strict, "kit": exercice.kit})
    return exercice


def lire(session: Session, annee: int) -> Registre:
    """The register of an exercise; one that was never opened is read as closed. Raises SocleAbsent."""
    socle = saisie.socle_de(session, annee)
    exercice = session.get(ExerciceBilan, annee)
    attendus = attendues(session, annee)
    noms = {c.code: c.nom for c in session.scalars(select(Caisse).where(Caisse.code.in_(attendus)))}
    questionnaire = exercice.questionnaire if exercice else None
    modele = questionnaire_lu(questionnaire["version"]) if questionnaire else None
    return Registre(
        annee=annee, etat=exercice.etat if exercice else "clos", limite=limite(annee, exercice), caisses=dict(sorted(noms.items())),
        liberales=frozenset(session.scalars(select(Caisse.code).where(Caisse.genre == "professions_liberales"))),
        socle={"id": f"socle-{socle.annee}", "version": socle.version, "sha256": socle.sha256}, campagne=socle.contenu,
        kit=exercice.kit if exercice else lire_kit().edition, questionnaire=questionnaire,
        multiples=modele.multiples if modele else frozenset({"Q5", "Q6", "Q11"}),
        equivalences={(e.question, e.version): e.sha256
                      for e in session.scalars(select(EquivalenceQuestion).where(EquivalenceQuestion.annee == annee)) if _signee(session, e)},
        cles={c.kid: CleConnue(c.caisse_code, c.publique, c.role, c.revoquee_le) for c in session.scalars(select(CleBilan))},
        professions={p.code: (p.du, p.au) for p in session.scalars(select(ProfessionRisque))})


# -- equivalences: the national fund alone, item by item, signed ---------------------------------------------------------------------------------


def _texte_equivalence(annee: int, question: str, version: str, empreinte: str, nationale: str, raison: str) -> bytes:
    return canonique({"annee": annee, "question": question, "version": version, "sha256": empreinte, "nationale": nationale, "raison": raison})


def declarer_equivalence(session: Session, annee: int, question: str, version: str, empreinte: str, raison: str, *, cle: Ed25519PrivateKey, kid: str,
                         maintenant: datetime, memes_reponses: bool, acteur: str = "systeme") -> EquivalenceQuestion:
    """« Q3 of 2011.2 = Q3 of 2011.1: coquille », signed by the national key. `memes_reponses`: who declares it has compared the scales.
    Raises EchelleChangee, ExerciceFerme (no national questionnaire, or not this question)."""
    if not memes_reponses:
        raise EchelleChangee
    registre = lire(session, annee)
    nationale = (registre.questionnaire or {}).get("items", {}).get(question)
    if nationale is None:
        raise ExerciceFerme
    signature = b64encode(cle.sign(_texte_equivalence(annee, question, version, empreinte, nationale, raison))).decode()
    declaree = session.merge(EquivalenceQuestion(annee=annee, question=question, version=version, sha256=empreinte, nationale=nationale,
                                                 raison=raison[:200], signature=signature, kid=kid, le=maintenant))
    session.flush()
    noter(session, le=maintenant, acteur=acteur, role="national", commande="bilan.equivalence", objet="equivalence_question",
          objet_id=f"{annee}:{question}:{version}"[:40], origine="systeme", apres={"sha256": empreinte})
    return declaree


def _signee(session: Session, e: EquivalenceQuestion) -> bool:
    """An equivalence whose signature does not hold, or by a key that is not the national fund's, is as if it were not there."""
    cle = session.get(CleBilan, e.kid)
    if cle is None or cle.role != "national":
        return False
    try:
        Ed25519PublicKey.from_public_bytes(b64decode(cle.publique)).verify(
            b64decode(e.signature), _texte_equivalence(e.annee, e.question, e.version, e.sha256, e.nationale, e.raison))
    except (InvalidSignature, ValueError):
        return False
    return True
