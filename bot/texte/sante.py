"""Words of health in what people write: hiding them in a free text, and telling a question about a right from someone's own condition.

Word lists (knowledge/sante.yml) and distances between words, no learning: under a millisecond. It misses what no list says; what happens to a
message that speaks of someone's health is the site's (reference/security.md §3.5).
"""
import re
from functools import lru_cache
from pathlib import Path
from typing import Dict, Iterable, List, Mapping, NamedTuple, Sequence, Tuple

import yaml

from bot.texte.normalisation import nettoyer, sans_accents

FICHIER = Path(__file__).resolve().parents[2] / "knowledge" / "sante.yml"
MASQUE = "[…]"
ECART_MAL, ECART_ETAT = 5, 3
_ACCENTS = {"a": "aàâä", "c": "cç", "e": "eéèêë", "i": "iîï", "o": "oôö", "u": "uùûü", "y": "yÿ", "n": "nñ"}
_SIGNE = re.compile(r"[a-z0-9]+|[.!?;:]+|,")
_MOI = frozenset(["je", "j", "mon", "ma", "mes", "moi", "me", "m", "nous", "notre", "nos"])
# What a person who says nothing but an illness is after, and so says it of herself: an appointment.
_DEMANDES = frozenset(["rdv", "rendez", "entretien", "rappel", "rappeler"])
_RELIE = frozenset(["a", "cause", "de", "d", "du", "des", "le", "la", "les", "l", "un", "une",
                    "pour", "motif", "raison", "suite", "c", "est", "car", "en", "depuis", "reconnu", "reconnue"])
Mots = Sequence[str]


class _Termes:
    """A list of words and phrases; « * » ends a word that may go on."""

    def __init__(self, termes: Iterable[str]):
        self._seuls: Dict[str, List[Tuple[str, ...]]] = {}
        self._debuts: Dict[str, List[Tuple[str, ...]]] = {}
        for terme in termes:
            mots = tuple(str(terme).split())
            # Words that begin alike share their first three letters: a look-up instead of a walk through the list.
            (self._debuts if mots[0].endswith("*") else self._seuls).setdefault(mots[0][:3] if mots[0].endswith("*") else mots[0], []).append(mots)

    def longueur(self, mots: Mots, i: int) -> int:
        """How many words from `i` a term covers; 0 for none."""
        longueur, reste = 0, len(mots) - i
        for termes in (self._seuls.get(mots[i]), self._debuts.get(mots[i][:3])):
            for terme in termes or ():
                if longueur < len(terme) <= reste and all(_vaut(t, mots[i + k]) for k, t in enumerate(terme)):
                    longueur = len(terme)
        return longueur

    def dans(self, mots: Mots) -> bool:
        return any(self.longueur(mots, i) for i in range(len(mots)))


def _vaut(terme: str, mot: str) -> bool:
    return mot.startswith(terme[:-1]) if terme.endswith("*") else mot == terme


class _Lexique(NamedTuple):
    maux: _Termes
    etats: _Termes
    a_soi: _Termes
    soi: _Termes
    circonstances: _Termes
    etre: _Termes
    phrases: _Termes
    autre_chose: _Termes
    suppose: _Termes
    colles: Mapping[str, str]
    sante: _Termes  # the longest word of each term: most messages hold none, and stop there
    masques: "re.Pattern[str]"


@lru_cache(maxsize=1)
def _lexique() -> _Lexique:
    brut = yaml.safe_load(FICHIER.read_text(encoding="utf-8"))
    masques = sorted({*brut["maux"], *brut["etats"], *brut["masquer_aussi"]}, key=len, reverse=True)
    return _Lexique(**{c: _Termes(brut[c]) for c in ("maux", "etats", "a_soi", "soi", "circonstances", "etre", "phrases", "autre_chose", "suppose")},
                    sante=_Termes({max(t.split(), key=len) for c in ("maux", "etats", "a_soi", "phrases") for t in brut[c]}),
                    colles={sans_accents(c).lower(): v for c, v in brut["colles"].items()},
                    masques=re.compile(rf"(?<!\w)(?:{'|'.join(map(_motif, masques))})(?!\w)", re.I))


def _motif(terme: str) -> str:
    lettres = "".join(f"[{_ACCENTS[c]}]" if c in _ACCENTS else r"[\s'’-]+" if c == " " else re.escape(c) for c in terme.rstrip("*"))
    return lettres + (r"\w*" if terme.endswith("*") else "")


def masquer(texte: str) -> str:
    """A text already cleaned (`nettoyer`), with each word of health become « […] ».

    >>> masquer("Merci de votre aide pendant mon cancer")
    'Merci de votre aide pendant mon […]'
    """
    masque = _lexique().masques.sub(MASQUE, texte)
    return re.sub(r"\[…\](?:[\s,]*\[…\])+", MASQUE, masque)


def mots(texte: str) -> List[str]:
    """The words of health of a text, as written, once each: to show them to whoever wrote it."""
    return list(dict.fromkeys(m[0] for m in _lexique().masques.finditer(nettoyer(texte))))


def personnelle(texte: str) -> bool:
    """Whether someone speaks of her own health, or of a relative's; a question about a right, a supposition or a trade is not.

    >>> personnelle("je suis en arrêt maladie, ai-je droit aux indemnités ?"), personnelle("j'ai un cancer, ai-je droit aux indemnités ?")
    (False, True)
    """
    lexique = _lexique()
    phrases = _decouper(sans_accents(nettoyer(texte)).lower(), lexique.colles)
    if not any(lexique.sante.dans(m) for morceaux in phrases for m in morceaux):
        return False
    tous = {mot for morceaux in phrases for m in morceaux for mot in m}
    moi, demande = not _MOI.isdisjoint(tous), not _DEMANDES.isdisjoint(tous)
    return any(_phrase([mot for m in morceaux for mot in m], lexique, moi) or any(_tout_court(m, lexique, moi, demande) for m in morceaux)
               for morceaux in phrases)


def _decouper(texte: str, colles: Mapping[str, str]) -> List[List[List[str]]]:
    """Sentences, cut at commas, as words."""
    phrases: List[List[List[str]]] = [[[]]]
    for signe in _SIGNE.findall(texte):
        if signe == ",":
            phrases[-1].append([])
        elif signe[0] in ".!?;:":
            phrases.append([[]])
        else:
            phrases[-1][-1] += colles[signe].split() if signe in colles else (signe,)
    return phrases


def _phrase(mots: Mots, lexique: _Lexique, moi: bool) -> bool:
    for i in range(len(mots)):
        if lexique.phrases.longueur(mots, i) and not _suppose(mots, i, lexique):
            return True
        if lexique.maux.longueur(mots, i) and (_a_quelquun(mots, i, lexique.soi, ECART_MAL, lexique)
                                               or (moi and _a_quelquun(mots, i, lexique.circonstances, ECART_MAL, lexique))):
            return True
        if lexique.etats.longueur(mots, i) and _a_quelquun(mots, i, lexique.etre, ECART_ETAT, lexique):
            return True
        if i and mots[i - 1] in ("mon", "ma", "mes") and lexique.a_soi.longueur(mots, i):
            return True
    return False


def _a_quelquun(mots: Mots, i: int, qui: _Termes, ecart: int, lexique: _Lexique) -> bool:
    """Whether one of `qui` stands at most `ecart` words before `i`, nothing between saying that it is about something else."""
    for debut in range(i - 1, max(-1, i - ecart - 5), -1):
        longueur = qui.longueur(mots, debut)
        fin = debut + longueur
        if longueur and fin <= i <= fin + ecart and not lexique.autre_chose.dans(mots[fin:i]) and not _suppose(mots, debut, lexique):
            return True
    return False


def _suppose(mots: Mots, i: int, lexique: _Lexique) -> bool:
    return lexique.suppose.dans(mots[max(0, i - 3):i])


def _tout_court(morceau: Mots, lexique: _Lexique, moi: bool, demande: bool) -> bool:
    """« rendez-vous mardi, dépression », « enceinte de trois mois, j'ai droit à quoi »: an illness alone between commas, from someone who speaks
    of herself or asks for an appointment."""
    reste = [i for i, m in enumerate(morceau) if m not in _RELIE]
    if not reste or not (moi or demande):
        return False
    longueur = lexique.maux.longueur(morceau, reste[0])
    seul = bool(longueur) and reste[-1] < reste[0] + longueur
    return (seul and (demande or "je" in morceau)) or bool(moi and lexique.etats.longueur(morceau, reste[0]))
