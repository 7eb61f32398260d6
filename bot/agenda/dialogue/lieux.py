"""Where people want to come: a town, a postcode, « pas à Bayonne ». Finds antennes of a caisse in a message; decides nothing."""
import re
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Optional, Sequence

from bot.agenda.dialogue.lexique import dit, lexique
from bot.contacts.tables import Antenne
from bot.texte.normalisation import cle
from bot.texte.typographie import JOURS, MOIS

_CODE_POSTAL = re.compile(r"(?<![\d/.-])(\d{5}|2[ABab]\d{3})(?![\d/.-])")
_SEUL = re.compile(r"(?:le |dans le |departement )?(\d{2,3}|2[ab])")
_VILLE = re.compile(r"(?<!\w)(?:[àÀ]|près de|vers|sur)\s+([A-ZÉÈÎÂ][\w'’-]{2,}(?:[ -](?:en|de|sur|les|la|le|[A-ZÉÈ])[\w'’-]*)*)")
_REFUSE = r"\b(?:pas|sauf|hors|ni|sans)(?: (?:a|de|sur|pour|l|celle|au|la|antenne)){0,4} "
# « Bordo », « Bayone »: as much alike as a slip of the keyboard makes them.
RESSEMBLANCE = 0.8
# What sounds alike, in the order it is replaced: « Bordo » is Bordeaux, « Bayone » is Bayonne.
_SONS = (("eaux", "o"), ("eau", "o"), ("aux", "o"), ("au", "o"), ("ph", "f"), ("qu", "k"), ("gu", "g"),
         ("ai", "e"), ("ei", "e"), ("y", "i"), ("c", "k"), ("h", ""))


@dataclass(frozen=True)
class Lieu:
    """`antennes`: those meant (several: they must choose); `exclues`: those refused; `ailleurs`: a place that has no antenne, as it was written;
    `partout`: any will do."""

    antennes: tuple[int, ...] = ()
    exclues: tuple[int, ...] = ()
    code_postal: Optional[str] = None
    ailleurs: Optional[str] = None
    partout: bool = False

    def __bool__(self) -> bool:
        return bool(self.antennes or self.exclues or self.code_postal or self.ailleurs or self.partout)


def lire(texte: str, antennes: Sequence[Antenne], *, attendu: bool = False) -> Lieu:
    """What a message says of places. `attendu`: the place was just asked, so that a bare « 33 » or « n'importe » speaks of it."""
    mots = cle(texte)
    nommees = [a for a in antennes if _nomme(a, mots)]
    exclues = tuple(a.id for a in nommees if re.search(_REFUSE + _motif(a), mots))
    voulues = tuple(a.id for a in nommees if a.id not in exclues)
    code = _code_postal(texte, mots, attendu)
    if not voulues and code:
        voulues = proches(code, antennes)
    partout = attendu and not voulues and not exclues and dit(mots, lexique()["ou_libre"])
    ailleurs = None if voulues or exclues else (code or _autre_ville(texte))
    return Lieu(voulues, exclues, code, ailleurs, partout)


def proches(code_postal: str, antennes: Sequence[Antenne]) -> tuple[int, ...]:
    """The antennes of a postcode: the same one, else those of the same département. Nearness beyond that is not guessed."""
    memes = tuple(a.id for a in antennes if a.code_postal == code_postal)
    return memes or tuple(a.id for a in antennes if a.code_postal and departement(a.code_postal) == departement(code_postal))


def departement(code_postal: str) -> str:
    """« 33000 » → « 33 », « 97410 » → « 974 »."""
    return code_postal[:3] if code_postal[:2] in ("97", "98") else code_postal[:2].upper()


def _code_postal(texte: str, mots: str, attendu: bool) -> Optional[str]:
    trouve = _CODE_POSTAL.search(texte)
    if trouve:
        return trouve[1].upper()
    seul = _SEUL.fullmatch(mots) if attendu else None
    return (seul[1].upper() + "000")[:5] if seul else None


def _motif(antenne: Antenne) -> str:
    return "(?:" + "|".join(re.escape(n) for n in {cle(antenne.nom), cle(antenne.ville)}) + ")"


def _nomme(antenne: Antenne, mots: str) -> bool:
    if re.search(rf"\b{_motif(antenne)}\b", mots):
        return True
    noms = {n for n in (cle(antenne.nom), cle(antenne.ville)) if " " not in n and len(n) > 4}
    return any(len(m) > 4 and m[0] == n[0] and (_son(m) == _son(n) or SequenceMatcher(None, m, n).ratio() >= RESSEMBLANCE)
               for n in noms for m in mots.split())


def _son(mot: str) -> str:
    """A town as it sounds: double letters once, silent ends dropped.

    >>> _son("bordo") == _son("bordeaux"), _son("perigeu") == _son("perigueux")
    (True, True)
    """
    for ecrit, dit_ in _SONS:
        mot = mot.replace(ecrit, dit_)
    return re.sub(r"[estxdz]+$", "", re.sub(r"(.)\1", r"\1", mot))


def _autre_ville(texte: str) -> Optional[str]:
    trouve = _VILLE.search(texte)
    if trouve is None or cle(trouve[1]).split()[0] in {cle(m) for m in (*JOURS, *MOIS)}:
        return None
    return trouve[1].strip()
