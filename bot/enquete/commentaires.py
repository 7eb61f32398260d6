"""Free comments: masked as they come in, read by a person before anything leaves the caisse. Saving one with its answers is `reponses`.

Masking is a net, not a proof: that is why a person reads, and why only themes and approved extracts ever leave (reference §3d).
"""
import re
from datetime import datetime
from functools import cache
from typing import Collection, Optional, Sequence

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from bot.contacts.historique import noter
from bot.contacts.isolement import Introuvable
from bot.contacts.tables import Commentaire, Vague
from bot.contacts.tables.enquete import THEMES_COMMENTAIRE
from bot.enquete.questionnaire import DOSSIER
from bot.enquete.refus import RelectureInvalide
from bot.knowledge.lecture import lire_yaml
from bot.texte import sante
from bot.texte.masquage import masquer
from bot.texte.normalisation import nettoyer, sans_accents

MASQUE = sante.MASQUE
EXTRAIT_MAX = 300
THEMES = {"clarte": "Clarté des informations", "accueil": "Accueil et écoute", "delai": "Délais", "lieu": "Lieu et horaires",
          "telephone": "Téléphone", "documents": "Documents", "site": "Site et services en ligne", "cotisations": "Cotisations",
          "retraite": "Retraite", "autre": "Autre"}
assert tuple(THEMES) == THEMES_COMMENTAIRE
_NOM = r"[A-ZÀ-ÖØ-Ý][\w'’-]*"
_CIVILITE = re.compile(r"(?i:\b(m\.|mr\.?|mme\.?|mlle\.?|monsieur|madame|mademoiselle|dr\.?|docteur|maître)\s+)"
                       rf"(?:de\s+(?:la\s+)?)?{_NOM}(?:\s+{_NOM})?"
                       r"|\b(?i:(mr|mme|mlle|monsieur|madame|mademoiselle))\s+"
                       r"(?!(?i:le|la|les|de|du|des|qui|que|et|vous|est|a|au|en|pour|très|sur|était|m'a|ma)\b)[a-zà-ÿ]{3,}\b")
_APPEL = re.compile(rf"(?i:\b(je m['’]appelle|mon nom est|signé|nommée?|appelée?)\s*:?\s+){_NOM}(?:\s+{_NOM})?")
_DATE = re.compile(r"\b\d{1,2}\s?[/.-]\s?\d{1,2}\s?[/.-]\s?\d{2,4}\b")
_RUE = re.compile(r"\b\d{1,4}\s?(?:bis|ter)?,?\s+(?:rue|avenue|av|boulevard|bd|place|chemin|impasse|allée|route|cours|quai|square)\b"
                  r"[^.,;!?\n]{0,60}", re.I)
_CHIFFRES = re.compile(r"\d(?:[\s.\u00a0\u202f-]?\d){4,}")
_MOTS_MASQUES = re.compile(r"\[(?:adresse masquée|compte masqué|numéro masqué|téléphone masqué|carte masquée|SIREN masqué)\]")
_SUITE = re.compile(rf"(?:{_NOM})(?:\s+{_NOM})+")


@cache
def _noms_communs() -> frozenset[str]:
    return frozenset(sans_accents(n).lower() for n in lire_yaml(DOSSIER / "masquage.yml")["noms_communs"])


def masquer_commentaire(texte: str, noms: Collection[str] = ()) -> tuple[str, bool]:
    """A comment without numbers, telephones, addresses, dates, names and words of health, each become « […] »; and whether anything was.

    `noms`: names known to be about (the person's, the counsellors'), hidden wherever they stand with a capital.

    >>> masquer_commentaire("Mme Durand m'a bien aidé pendant mon cancer, rappelez-moi au 06 39 98 12 34")
    ("Mme […] m'a bien aidé pendant mon […], rappelez-moi au […]", True)
    """
    propre = nettoyer(texte)
    communs = _noms_communs()
    masque = _MOTS_MASQUES.sub(MASQUE, masquer(propre).texte)
    for motif in (_RUE, _DATE, _CHIFFRES):
        masque = motif.sub(MASQUE, masque)
    masque = _CIVILITE.sub(lambda m: f"{m[1] or m[2]} {MASQUE}", masque)
    masque = _APPEL.sub(lambda m: m[1] + " " + MASQUE, masque)
    masque = _SUITE.sub(lambda m: m[0] if all(sans_accents(p).lower() in communs for p in m[0].split()) else _garder_debut(m[0], communs), masque)
    for nom in sorted({n.strip() for n in noms if len(n.strip()) >= 2}, key=len, reverse=True):
        masque = re.sub(rf"(?<!\w)(?:{re.escape(nom)}|{re.escape(nom.upper())}|{re.escape(nom.title())})(?!\w)", MASQUE, masque)
    masque = sante.masquer(masque)
    return masque, masque != propre


def _garder_debut(suite: str, communs: frozenset[str]) -> str:
    """« Merci Jean Dupont » → « Merci […] »: the ordinary words that open a run of capitals stay."""
    mots = suite.split()
    gardes = next((i for i, m in enumerate(mots) if sans_accents(m).lower() not in communs), len(mots))
    fin = next((i for i in range(len(mots), gardes, -1) if sans_accents(mots[i - 1]).lower() not in communs), gardes)
    # A single capital left over opens a sentence more often than it names someone.
    return suite if fin - gardes < 2 and gardes == 0 else " ".join([*mots[:gardes], MASQUE, *mots[fin:]])


# -- reading by a person ---------------------------------------------------------------------------------------------------------------------


def commentaires(session: Session, caisse_code: str, etat: str = "a_relire", limite: int = 50) -> Sequence[Commentaire]:
    """The comments of a caisse in a state, oldest first."""
    return session.scalars(select(Commentaire).join(Vague, Vague.id == Commentaire.vague_id).where(
        Vague.caisse_code == caisse_code, Commentaire.etat == etat).order_by(Commentaire.id).limit(limite)).all()


def a_relire(session: Session, caisse_code: str) -> int:
    """How many comments wait to be read."""
    return session.scalar(select(func.count()).select_from(Commentaire).join(Vague, Vague.id == Commentaire.vague_id).where(
        Vague.caisse_code == caisse_code, Commentaire.etat == "a_relire")) or 0


def relire(session: Session, caisse_code: str, commentaire_id: int, *, retenu: bool, conseiller_id: int, maintenant: datetime,
           theme: Optional[str] = None, extrait: str = "", acteur: str = "systeme") -> Commentaire:
    """What a person decided of a comment: kept under a theme, with the extract that may leave the caisse if there is one, or set aside.

    The extract is masked again. Raises Introuvable, RelectureInvalide.
    """
    commentaire = session.get(Commentaire, commentaire_id)
    if commentaire is None or session.get_one(Vague, commentaire.vague_id).caisse_code != caisse_code:
        raise Introuvable
    if retenu != (theme in THEMES) or len(extrait) > EXTRAIT_MAX:
        raise RelectureInvalide
    commentaire.etat, commentaire.theme = ("retenu" if retenu else "ecarte"), (theme if retenu else None)
    commentaire.extrait = masquer_commentaire(extrait)[0][:EXTRAIT_MAX] or None if retenu else None
    commentaire.relu_par, commentaire.relu_le = conseiller_id, maintenant
    session.flush()
    noter(session, le=maintenant, acteur=acteur, commande="enquete.relire", objet="commentaire", objet_id=commentaire.id, origine="espace",
          apres={"etat": commentaire.etat, "theme": commentaire.theme})
    return commentaire


def themes(session: Session, vague_ids: Sequence[int]) -> dict[str, int]:
    """How many kept comments by theme: what may leave the caisse, with the approved extracts."""
    return {t: n for t, n in session.execute(select(Commentaire.theme, func.count()).where(
        Commentaire.vague_id.in_(vague_ids), Commentaire.etat == "retenu").group_by(Commentaire.theme)) if t}
