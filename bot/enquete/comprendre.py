"""What a typed answer means, by closed lists: a code of the item's scale, several where several may be chosen, or an order (« retour », « stop »).

Words are in knowledge/questionnaires/synonymes.yml, short spellings (« bcp », « tt ») in knowledge/lexique.yml. Nothing is guessed: what is not
listed, but for one slip of the keyboard in a long word, is not understood (R56, pitfall 17).
"""
import re
from dataclasses import dataclass
from functools import cache
from itertools import product
from pathlib import Path
from typing import Any, Iterable, Iterator, Mapping, Optional, Sequence

from bot.enquete.questionnaire import DOSSIER, Echelle, Questionnaire
from bot.knowledge.chemins import KNOWLEDGE
from bot.knowledge.lecture import ErreurConnaissance, lire_yaml
from bot.knowledge.verification import Defaut
from bot.texte.normalisation import cle

COMMANDES = ("retour", "pause", "stop", "passer", "ignore", "sans_objet", "fini", "rien")
# Words that may stand between two choices of a list, and mean nothing by themselves.
LIAISONS = frozenset(("et", "puis", "aussi", "ainsi", "que", "la", "le", "les", "l", "un", "peu", "de", "des", "du", "d", "sur", "surtout", "plus",
                      "en", "pour", "y", "compris", "ou", "on", "a", "parle", "je", "vais", "j", "ai", "compte", "aller", "faire", "mon", "ma",
                      "mes"))
_REPETEES = re.compile(r"([a-z])\1{2,}")
_REDITES = re.compile(r"\b(.+?)(?: \1)+\b")
_QUESTION = re.compile(r"(?:et |mais |euh |heu |au fait |dites |pardon )*"
                       r"(?:combien|comment|quel(?:le)?s?|pourquoi|pk|pkoi|c est quoi|c quoi|est ce (?:que|qu)"
                       r"|qui (?:va|est|lit|voit)|a quoi|ca sert|dois je|suis je|faut il|vous allez)\b")
# A question about the survey is short; a longer one is a comment, or about something else.
APROPOS_MAX = 8
# A word this long with one letter wrong is still that word; shorter ones (« pas », « peu ») are too near to each other.
FAUTE_MIN = 5


@dataclass(frozen=True)
class Synonymes:
    """The lists, ready to look up: `commandes` and each scale by phrase."""

    autour: tuple[tuple[str, ...], ...]
    commandes: Mapping[str, frozenset[str]]
    echelles: Mapping[str, Mapping[str, str]]
    apropos: Mapping[str, tuple[tuple[str, ...], str]]  # questions about the survey itself: (words, what is answered)
    abreges: Mapping[str, str]


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
    abreges = {**(lire_yaml(KNOWLEDGE / "lexique.yml") or {}), **brut.get("ecritures", {})}
    return Synonymes(tuple(autour), commandes, {nom: {_cle(str(p)): c for c, phrases in codes.items() for p in phrases}
                                                for nom, codes in _heriter(brut["echelles"]).items()},
                     {nom: (tuple(map(_cle, e["mots"])), e["reponse"]) for nom, e in brut.get("apropos", {}).items()},
                     {cle(str(court)): _cle(str(long)) for court, long in abreges.items()})


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


def _ecritures(texte: str, connus: frozenset[str]) -> Iterator[str]:
    """A message as typed, then with what is said twice said once, then with short spellings in full, then with its slips mended; each once."""
    tape = _cle(texte)
    abreges = synonymes().abreges
    entier = " ".join(abreges.get(m, m) for m in tape.split())
    lues = [tape, _REDITES.sub(r"\1", tape), entier, _REDITES.sub(r"\1", entier)]
    lues.append(" ".join(_sans_faute(m, connus) for m in lues[-1].split()))
    yield from dict.fromkeys(lue for lue in lues if lue)


def _sans_faute(mot: str, connus: frozenset[str]) -> str:
    """The one known word that differs by one letter (wrong, missing, too many, or swapped with the next), else the word itself."""
    if len(mot) < FAUTE_MIN or mot in connus:
        return mot
    voisins = [c for c in connus if len(c) >= FAUTE_MIN and c[0] == mot[0] and _une_faute(mot, c)]
    return voisins[0] if len(voisins) == 1 else mot


def _une_faute(a: str, b: str) -> bool:
    """Whether two words are one slip apart.

    >>> _une_faute("satifait", "satisfait"), _une_faute("satsifait", "satisfait"), _une_faute("utiles", "inutiles")
    (True, True, False)
    """
    if abs(len(a) - len(b)) > 1:
        return False
    debut = next((i for i, (x, y) in enumerate(zip(a, b, strict=False)) if x != y), min(len(a), len(b)))
    ra, rb = a[debut:], b[debut:]
    return ra[1:] == rb[1:] or ra[1:] == rb or ra == rb[1:] or (ra[:2] == rb[1::-1] and ra[2:] == rb[2:])


def _formes(lu: str, autour: Sequence[tuple[str, ...]]) -> Iterable[str]:
    """The phrase, then without the words around it, longest first."""
    mots = lu.split()
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
    formes = (f for lu in _ecritures(texte, frozenset()) for f in _formes(lu, s.autour))
    dites: frozenset[str] = next((s.commandes[f] for f in formes if f in s.commandes), frozenset())
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
    connus = _vocabulaire(nom, echelle)
    if not echelle.multiple:
        trouve = next((phrases[f] for lu in _ecritures(texte, connus) for f in _formes(lu, s.autour) if f in phrases), None)
        return (trouve,) if trouve else ()
    choisis = next(filter(None, (_plusieurs(lu.split(), phrases) for lu in _ecritures(texte, connus))), frozenset())
    if echelle.exclusif in choisis and len(choisis) > 1:
        return ()
    return tuple(c for c in echelle.codes if c in choisis)


def _vocabulaire(nom: str, echelle: Echelle) -> frozenset[str]:
    """Every word of a scale's lists: what a slip of the keyboard can be a slip of."""
    s = synonymes()
    phrases = {**s.echelles.get(nom, {}), **libelles(echelle)}
    return frozenset(m for phrase in (*phrases, *map(" ".join, s.autour)) for m in phrase.split())


def question(texte: str) -> bool:
    """Whether a message asks something."""
    return texte.rstrip(" !.").endswith("?") or bool(_QUESTION.match(_cle(texte)))


def apropos(texte: str) -> Optional[tuple[str, str]]:
    """(which, what is answered) for a question about the survey itself (« c'est anonyme ? »); None for any other message."""
    lu = f" {_cle(texte)} "
    if not question(texte) or len(lu.split()) > APROPOS_MAX:
        return None
    return next(((nom, reponse) for nom, (mots, reponse) in synonymes().apropos.items() if any(f" {m} " in lu for m in mots)), None)


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
