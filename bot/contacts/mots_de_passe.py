"""Passwords: what is asked of them, how they are kept and checked, how one is drawn. Whose they are belongs to `comptes`."""
import re
import secrets
import threading
import unicodedata
from functools import lru_cache
from typing import Iterable, Optional

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from bot.contacts.refus import Refus

LONGUEUR_MIN, LONGUEUR_MAX = 15, 128
# What a guesser tries first, here: no word of this list counts in the length of a password (ASVS 6.2.4, 6.2.11).
MOTS_DEVINABLES = ("motdepasse", "password", "azertyuiop", "qwertyuiop", "azerty", "qwerty", "qsdfghjklm", "wxcvbn", "bonjour", "soleil", "bienvenue",
                   "conseiller", "conseil", "independants", "independant", "assistant", "caisse", "securite", "sociale", "administrateur", "admin",
                   "responsable", "secret", "france", "jetaime", "doudou", "chouchou", "loulou", "marseille", "bordeaux", "aquitaine", "reunion",
                   "rsi")
# No look-alike (l, 1, o, 0) and no vowel but « e » and « u »: what is drawn can be read over the telephone, and spells nothing.
ALPHABET = "23456789bcdfghjkmnpqrstvwxzeu"
# OWASP's second choice (19 MiB, two passes): 30 to 80 ms here. A front may check four at once, not forty: 80 MiB, not 800.
_HACHEUR = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)
_A_LA_FOIS = threading.BoundedSemaphore(4)


class MotDePasseFaible(Refus):
    code, statut = "MOT_DE_PASSE_FAIBLE", 422


def _forme(mot_de_passe: str) -> str:
    """One spelling of each character, so that « é » typed on another keyboard is the same (NIST SP 800-63B)."""
    return unicodedata.normalize("NFKC", mot_de_passe)


def controler(mot_de_passe: str, interdits: Iterable[str] = ()) -> None:
    """Refuse what is too short or too easily guessed; no rule of composition. `interdits`: the person's own names and identifier.

    Raises MotDePasseFaible, whose sentence says what to do (CNIL 2022-100: 50 bits with throttling; ASVS 6.2.1).
    """
    forme = _forme(mot_de_passe)
    if len(forme) < LONGUEUR_MIN:
        raise MotDePasseFaible(f"Choisissez un mot de passe d'au moins {LONGUEUR_MIN} caractères : quatre mots sans rapport entre eux "
                               "conviennent bien.")
    if len(forme) > LONGUEUR_MAX:
        raise MotDePasseFaible(f"Choisissez un mot de passe d'au plus {LONGUEUR_MAX} caractères.")
    if _reste(forme, interdits) < LONGUEUR_MIN // 2:
        raise MotDePasseFaible("Ce mot de passe se devine trop vite (mots courants, suites, ou votre nom). Choisissez par exemple quatre mots "
                               "sans rapport entre eux.")


def _reste(forme: str, interdits: Iterable[str]) -> int:
    """How many different characters are left once guessable words, years and runs (« aaaa », « 1234 ») are taken away."""
    nu = "".join(c for c in unicodedata.normalize("NFKD", forme.casefold()) if not unicodedata.combining(c))
    nu = re.sub(r"[\s_.,;:'’/-]", "", nu)
    for mot in sorted({*MOTS_DEVINABLES, *(m for i in interdits for m in re.split(r"\W+", i.casefold()) if len(m) > 2)}, key=len, reverse=True):
        nu = nu.replace(mot, "")
    nu = re.sub(r"(19|20)\d\d", "", nu)
    gardes = [c for i, c in enumerate(nu) if not i or abs(ord(c) - ord(nu[i - 1])) > 1]
    return len(set(gardes))


def hacher(mot_de_passe: str) -> str:
    """The argon2id hash, with its salt and its parameters."""
    with _A_LA_FOIS:
        return _HACHEUR.hash(_forme(mot_de_passe))


@lru_cache(maxsize=1)
def _leurre() -> str:
    return hacher(secrets.token_urlsafe(24))


def verifier(hache: Optional[str], mot_de_passe: str) -> bool:
    """Whether a password is the one that was hashed. Without any hash (unknown identifier) the same work is done, for nothing."""
    attendu = hache or _leurre()
    with _A_LA_FOIS:
        try:
            return _HACHEUR.verify(attendu, _forme(mot_de_passe)) and hache is not None
        except (VerificationError, InvalidHashError):
            return False


def a_rehacher(hache: str) -> bool:
    """Whether the hash was made with parameters that we no longer use."""
    return _HACHEUR.check_needs_rehash(hache)


def tirer(groupes: int = 4, longueur: int = 5) -> str:
    """A password at random, easy to copy: « k7mwp-3hvqt-… » (97 bits for 4 groups of 5)."""
    return "-".join("".join(secrets.choice(ALPHABET) for _ in range(longueur)) for _ in range(groupes))
