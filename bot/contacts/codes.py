"""Codes that people copy by hand or say over the telephone: drawn for a booking, derived from the installation's key for a letter or an invitation.

A derived code can be printed again and need not be stored: its hash is enough to know it when it comes back. What a code opens is its room's matter.
"""
import re
import secrets

from bot.contacts.cle import hmac_hex
from bot.texte.normalisation import nettoyer, sans_accents

# Neither 0 and O, nor 1, I and L, which are taken for one another (booking.md §5.7): 31 signs, 8 of them make 40 bits.
# The order counts: codes already printed were derived with it.
ALPHABET = "ABCDEFGHJKMNPQRSTUVWXYZ23456789"
LONGUEUR = 8
USAGE_OUVERTURE = "code_ouverture"


def tirer(longueur: int = LONGUEUR) -> str:
    """A code drawn by a cryptographic generator."""
    return "".join(secrets.choice(ALPHABET) for _ in range(longueur))


def deriver(cle: bytes, usage: str, sujet: str, longueur: int = LONGUEUR) -> str:
    """The code of a subject: always the same under the same key."""
    tirage, signes = int(hmac_hex(cle, usage, sujet), 16), ""
    for _ in range(longueur):
        tirage, rang = divmod(tirage, len(ALPHABET))
        signes += ALPHABET[rang]
    return signes


def lire(saisi: str) -> str:
    """A code as it was typed, brought back to its form: no space, no hyphen, capitals; what looks alike is not guessed.

    >>> lire("ab-cd éf")
    'ABCDEF'
    """
    return re.sub(r"[^A-Z0-9]", "", sans_accents(nettoyer(saisi)).upper())


def empreinte(cle: bytes, usage: str, saisi: str) -> str:
    """The hash under which a code is kept, as typed: case, spaces and hyphens do not count."""
    return hmac_hex(cle, usage, lire(saisi))


def empreinte_ouverture(cle: bytes, saisi: str) -> str:
    """What `CodeOuverture.empreinte` holds for the code printed in a letter."""
    return empreinte(cle, USAGE_OUVERTURE, saisi)
