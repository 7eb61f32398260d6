"""Codes of invitations: nine signs that open one questionnaire. Made from the pseudonym and the installation's key, so that a list can be printed
again; only their hash is stored. Whose they are is `invitations`."""
import re
import secrets
from typing import Optional

from bot.contacts import codes
from bot.contacts.cle import cle_installation
from bot.contacts.codes import ALPHABET
from bot.reglages import Reglages

LONGUEUR = 9
USAGE_CODE, USAGE_EMPREINTE = "enquete.code", "enquete.empreinte"
_SIGNE = f"[{ALPHABET}{ALPHABET.lower()}]"
# Looked for at every place, even inside another: in « mon code est KT7-M4Q-RX2 » the word « est » could begin one too.
_CODE = re.compile(rf"(?<![A-Za-z0-9])(?=({_SIGNE}{{3}})[\s.\-–]{{0,3}}({_SIGNE}{{3}})[\s.\-–]{{0,3}}({_SIGNE}{{3}})(?![A-Za-z0-9]))")


def cle_courante() -> bytes:
    """The key of this installation, for the rooms that are given no settings (a conversation)."""
    return cle_installation(Reglages())


def pseudonyme() -> int:
    """A pseudonym: 63 random bits. Nothing of the person, of the order or of the hour is in it."""
    return secrets.randbits(63)


def code(cle: bytes, pseudo: int) -> str:
    """The code of a pseudonym. At least one sign is a digit, so that no French word is ever a code."""
    for essai in range(100):
        signes = codes.deriver(cle, USAGE_CODE, f"{pseudo}:{essai}", LONGUEUR)
        if any(s.isdigit() for s in signes):
            return signes
    raise AssertionError("cent tirages sans un chiffre")


def empreinte(cle: bytes, tape: str) -> str:
    """The hash of a code as typed: case, spaces and hyphens do not count."""
    return codes.empreinte(cle, USAGE_EMPREINTE, tape)


def presenter(signes: str) -> str:
    """« KT7-M4Q-RX2 »."""
    return "-".join(signes[i:i + 3] for i in range(0, LONGUEUR, 3))


def seul(texte: str) -> Optional[str]:
    """The code that a message is, when it is nothing else.

    >>> seul("KT7-M4Q-RX2"), seul("rdv lun 12h")
    ('KT7M4QRX2', None)
    """
    tape = texte.strip(" .!«»\"'")
    return trouver(tape) if re.fullmatch(rf"{_SIGNE}{{3}}-?{_SIGNE}{{3}}-?{_SIGNE}{{3}}", tape) else None


def trouver(texte: str) -> Optional[str]:
    """The code written in a message, or None.

    >>> trouver("j'ai reçu le code kt7 m4q rx2, je fais quoi"), trouver("mon code est KT7-M4Q-RX2"), trouver("je demandent mon avis")
    ('KT7M4QRX2', 'KT7M4QRX2', None)
    """
    trouves = [t for t in map("".join, _CODE.findall(texte)) if any(s.isdigit() for s in t)]
    # Of two that overlap, the one with the most digits and capitals is the code, the other begins with a word.
    return max(trouves, key=lambda t: sum(not s.islower() for s in t)).upper() if trouves else None
