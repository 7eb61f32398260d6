"""What a typed answer means, by closed lists: a code of the item's scale, several where several may be chosen, or an order (« retour », « stop »).

Words are in knowledge/questionnaires/synonymes.yml. Nothing is guessed: what is not listed is not understood (R56, pitfall 17).
"""
import re
from dataclasses import dataclass
from functools import cache
from itertools import product
from pathlib import Path
from typing import Any, Iterable, Mapping, Optional, Sequence

from bot.enquete.questionnaire import DOSSIER, Echelle, Questionnaire
from bot.knowledge.lecture import ErreurConnaissance, lire_yaml
from bot.knowledge.verification import Defaut
from bot.texte.normalisation import cle

COMMANDES = ("retour", "pause", "stop", "passer", "ignore", "sans_objet", "fini", "rien")
# Words that may stand between two choices of a list, and mean nothing by themselves.
LIAISONS = frozenset(("et", "puis", "aussi", "ainsi", "que", "la", "le", "les", "l", "un", "peu", "de", "des", "du", "d", "sur", "surtout", "plus",
                      "en", "pour", "y", "compris", "ou", "on", "a", "parle"))
_REPETEES = re.compile(r"([a-z])\1{2,}")


@dataclass(frozen=True)
class Synonymes:
    """The lists, ready to look up: `commandes` and each scale by phrase."""

    autour: tuple[tuple[str, ...], ...]
    commandes: Mapping[str, frozenset[str]]
    echelles: Mapping[str, Mapping[str, str]]


def _cle(texte: str) -> str:
    return _REPETEES.sub(r"\1", cle(texte))


@cache
def synonymes(dossier: Path = DOSSIER) -> Synonymes:
    """The lists of the file, read once."""
    brut = lire_yaml(dossier / "synonymes.yml")
    autour = sorted({tuple(_cle(m).split()) for m in brut["autour"]}, key=len, reverse=True)
    commandes: dict[str, frozenset[str]] = {}
    for nom, phrases in brut["commandes"].items():
        for phrase in phrases:  # « c'est tout » ends a list, and answers « rien » to the last question
            commandes[_cle(phrase)] = commandes.get(_cle(phrase), frozenset()) | {nom}
    return Synonymes(tuple(autour), commandes, {nom: {_cle(str(p)): c for c, phrases in codes.items() for p in phrases}
                                                for nom, codes in _heriter(brut["echelles"]).items()})


def _heriter(echelles: Mapping[str, Any]) -> dict[str, dict[str, list[Any]]]:
    """Each scale's lists, with those of the scale it takes after (`comme`)."""
    entieres: dict[str, dict[str, list[Any]]] = {}
    for nom, codes in echelles.items():
        siens = {c: v for c, v in codes.items() if c != "comme"}
        source = entieres[codes["comme"]] if "comme" in codes else {}
        entieres[nom] = {c: [*source.get(c, []), *siens.get(c, [])] for c in {**source, **siens}}
    return entieres


def libelles(echelle: Echelle) -> Mapping[str, str]:
    """The labels of a scale as someone would type them: « Très satisfait(e) » → « tres satisfait », « tres satisfaite »."""
    return {_cle(forme): code for code, libelle in echelle.codes.items()
            for forme in (libelle, libelle.replace("(e)", ""), libelle.replace("(e)", "e"))}


def _formes(texte: str, autour: Sequence[tuple[str, ...]]) -> Iterable[str]:
    """The phrase as typed, then without the words around it, longest first."""
    mots = _cle(texte).split()
    debuts, fins = [0], [len(mots)]
    while (n := next((len(a) for a in autour if tuple(mots[debuts[-1]:debuts[-1] + len(a)]) == a), 0)):
        debuts.append(debuts[-1] + n)
    while (n := next((len(a) for a in autour if fins[-1] - len(a) >= 0 and tuple(mots[fins[-1] - len(a):fins[-1]]) == a), 0)):
        fins.append(fins[-1] - n)
    coupes = sorted({(d, f) for d, f in product(debuts, fins) if d < f}, key=lambda c: c[0] - c[1])
    return (" ".join(mots[d:f]) for d, f in coupes)


def commande(texte: str, parmi: Sequence[str] = COMMANDES) -> Optional[str]:
    """The order that a message is, among those that have a meaning where it is typed; None when it is none."""
    s = synonymes()
    dites: frozenset[str] = next((s.commandes[f] for f in _formes(texte, s.autour) if f in s.commandes), frozenset())
    return next((c for c in parmi if c in dites), None)


def lire(texte: str, nom: str, echelle: Echelle) -> tuple[str, ...]:
    """The codes that a message gives on a scale; empty when it gives none for sure.

    >>> from bot.enquete.questionnaire import questionnaire
    >>> s4 = questionnaire().echelles["satisfaction"]
    >>> lire("oui carrément !!", "satisfaction", s4), lire("bof", "satisfaction", s4), lire("oui", "satisfaction", s4)
    (('tres',), ('plutot_pas',), ())
    """
    s = synonymes()
    phrases = {**s.echelles.get(nom, {}), **libelles(echelle)}
    if not echelle.multiple:
        trouve = next((phrases[f] for f in _formes(texte, s.autour) if f in phrases), None)
        return (trouve,) if trouve else ()
    choisis = _plusieurs(_cle(texte).split(), phrases)
    if echelle.exclusif in choisis and len(choisis) > 1:
        return ()
    return tuple(c for c in echelle.codes if c in choisis)


def _plusieurs(mots: Sequence[str], phrases: Mapping[str, str]) -> frozenset[str]:
    """The codes of a list such as « la retraite et un peu les cotisations »; every word must be accounted for, or none counts."""
    if " ".join(mots) in phrases:
        return frozenset([phrases[" ".join(mots)]])
    choisis, i = set(), 0
    while i < len(mots):
        fin = next((j for j in range(min(len(mots), i + 6), i, -1) if " ".join(mots[i:j]) in phrases), None)
        if fin is not None:
            choisis.add(phrases[" ".join(mots[i:fin])])
        elif mots[i] not in LIAISONS:
            return frozenset()
        i = fin or i + 1
    return frozenset(choisis)


# -- what `conseil check` asks -----------------------------------------------------------------------------------------------------------------


def verifier_synonymes(lus: Sequence[Questionnaire], dossier: Path = DOSSIER) -> Iterable[Defaut]:
    """Faults of the lists: a scale or a code that does not exist, a phrase for two codes of a scale, an unknown order."""
    ou = "questionnaires/synonymes.yml"
    try:
        brut = lire_yaml(dossier / "synonymes.yml")
        echelles, commandes, _ = _heriter(brut["echelles"]), brut["commandes"], brut["autour"]
    except (ErreurConnaissance, KeyError, TypeError, AttributeError) as e:
        yield Defaut("SYNONYMES_ILLISIBLES", ou, f"{e} : il faut autour, commandes et echelles.")
        return
    connues = {nom: e for q in lus for nom, e in q.echelles.items()}
    for nom, codes in echelles.items():
        inconnus = set(codes) - set(connues[nom].codes if nom in connues else ())
        if inconnus:
            yield Defaut("SYNONYME_PERDU", ou, f"échelle « {nom} » : {', '.join(sorted(inconnus))} n'existe pas dans le questionnaire.")
    for nom in sorted(n for n, e in connues.items() if e.codes and n not in echelles):
        yield Defaut("ECHELLE_SANS_SYNONYMES", ou, f"l'échelle « {nom} » n'a pas de liste : ses réponses tapées ne seraient jamais comprises.")
    if set(commandes) != set(COMMANDES):
        yield Defaut("COMMANDE_INCONNUE", ou, f"les commandes sont {', '.join(COMMANDES)}.")
    for nom, codes in echelles.items():
        vues: dict[str, str] = {}
        for code, phrases in codes.items():
            for phrase in phrases:
                autre = vues.setdefault(_cle(str(phrase)), code)
                if autre != code:
                    yield Defaut("SYNONYME_PARTAGE", ou, f"échelle « {nom} » : « {phrase} » est sous {autre} et sous {code}. Gardez-en un, ou aucun.")
