"""The three requests answered before the engine is asked, or when it is down: danger, medical advice, a personal pension.

Words alone (knowledge/protections.yml), no database, about a millisecond. What words cannot say is left to the engine.
"""
from dataclasses import dataclass
from functools import lru_cache
from typing import List, NamedTuple, Optional, Tuple

from bot.knowledge.chemins import KNOWLEDGE
from bot.knowledge.lecture import ErreurConnaissance, lire_yaml
from bot.texte.motifs import Grammaire, Motif, MotifInvalide, lire_suite
from bot.texte.normalisation import cle

URGENCE = "sante/urgence"
SUJETS = (URGENCE, "sante/conseil_medical", "retraite/estimation_personnalisee")   # the order in which they are tried


class Protection(NamedTuple):
    """The protecting sheet to serve, and the kind of request (« suicide » or « vital » for danger)."""

    sujet: str
    genre: str


@dataclass(frozen=True)
class _Section:
    sujet: str
    innocents: Tuple[Motif, ...]
    ailleurs: Tuple[Motif, ...]
    genres: Tuple[Tuple[str, Tuple[Motif, ...]], ...]


def _motifs(texte: str) -> Tuple[Motif, ...]:
    lignes = (ligne.split("#")[0].strip() for ligne in texte.splitlines())
    return tuple(Motif(ligne) for ligne in lignes if ligne)


def _section(sujet: str, brut: dict) -> _Section:
    genres = tuple((nom, _motifs(texte)) for nom, texte in brut.items() if nom not in ("innocent", "ailleurs"))
    return _Section(sujet, _motifs(brut.get("innocent", "")), _motifs(brut.get("ailleurs", "")), genres)


@lru_cache(maxsize=1)
def _protections() -> Tuple[Grammaire, List[_Section]]:
    chemin = KNOWLEDGE / "protections.yml"
    brut = lire_yaml(chemin)
    try:
        listes = {nom: tuple(lire_suite(s) for s in texte.split(",")) for nom, texte in brut["listes"].items()}
        sections = [_section(sujet, brut[sujet]) for sujet in SUJETS]
        motifs = [m for s in sections for ms in (s.innocents, s.ailleurs, *(ms for _, ms in s.genres)) for m in ms]
        ecritures = {mot: str(autres).split() for mot, autres in brut["ecritures"].items()}
        return Grammaire(listes, motifs, brut["petits_mots"].split(), ecritures, brut["colles"], brut["justes"].split()), sections
    except (MotifInvalide, KeyError, AttributeError) as e:
        raise ErreurConnaissance(f"{chemin} : {e}") from e


def expliquer(texte: str) -> Optional[Tuple[Protection, str]]:
    """What is recognised, and the line of protections.yml that says so: for tests and for the review of messages."""
    grammaire, sections = _protections()
    message = grammaire.lire(cle(texte))
    for section in sections:
        reste = message.sans([s for m in section.innocents if grammaire.reconnait(m, message) for s in m.suites])
        if any(grammaire.reconnait(m, reste) for m in section.ailleurs):
            continue
        for genre, motifs in section.genres:
            for motif in motifs:
                if grammaire.reconnait(motif, reste):
                    return Protection(section.sujet, genre), motif.texte
    return None


def reconnaitre(texte: str) -> Optional[Protection]:
    """The protecting sheet a message calls for, danger first, or None.

    >>> reconnaitre("J'ai envie de mourir")
    Protection(sujet='sante/urgence', genre='suicide')
    >>> reconnaitre("Combien de cotisations ?") is None
    True
    """
    trouve = expliquer(texte)
    return trouve[0] if trouve else None
