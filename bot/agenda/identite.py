"""Who an entretien or an inscription is for: name, number, address, the key that tells people apart. No table here."""
import hashlib
import re
from dataclasses import dataclass
from typing import Optional

from bot.agenda.refus import CourrielInvalide, NomManquant, TelephoneManquant
from bot.texte.normalisation import cle as cle_de_texte
from bot.texte.normalisation import nettoyer, sans_accents

LETTRES_NOM = 3
_INDICATIFS = re.compile(r"^(?:\+|00)(?:33|262|590|594|596|269)0?")
_COURRIEL = re.compile(r"[^@\s<>,;]{1,64}@[^@\s<>,;]+\.[^@\s<>,;.]{2,}")


@dataclass(frozen=True)
class Personne:
    """What a person gives for a booking. `assure_id` when she is known in the population; the rest is what she typed, kept with the booking only."""

    nom: Optional[str] = None
    prenom: Optional[str] = None
    telephone: Optional[str] = None
    courriel: Optional[str] = None
    assure_id: Optional[int] = None


def lettres(nom: str) -> str:
    """The first three letters of a name, without accents, spaces or hyphens.

    >>> lettres("d’Été-Martin"), lettres("Le Goff")
    ('det', 'leg')
    """
    return re.sub(r"[^a-z]", "", sans_accents(nettoyer(nom)).lower())[:LETTRES_NOM]


def telephone(saisi: Optional[str]) -> Optional[str]:
    """A French number in ten digits; None when there is none or when it is not one.

    >>> telephone("+33 (0)6 39.98.00.00"), telephone("0262 01 02 03"), telephone("36 48")
    ('0639980000', '0262010203', None)
    """
    chiffres = re.sub(r"[^\d+]", "", saisi or "")
    if _INDICATIFS.match(chiffres):
        chiffres = "0" + _INDICATIFS.sub("", chiffres)
    return chiffres if re.fullmatch(r"0[1-9]\d{8}", chiffres) else None


def verifier(personne: Personne, *, telephone_exige: bool) -> Personne:
    """The person with clean values. Raises NomManquant (nobody known and no letter), TelephoneManquant, CourrielInvalide."""
    nom, prenom = (nettoyer(v or "")[:80] or None for v in (personne.nom, personne.prenom))
    if personne.assure_id is None and not lettres(nom or ""):
        raise NomManquant
    numero = telephone(personne.telephone)
    if ((personne.telephone or "").strip() and numero is None) or (telephone_exige and numero is None):
        raise TelephoneManquant
    courriel = (personne.courriel or "").strip() or None
    if courriel is not None and (len(courriel) > 120 or not _COURRIEL.fullmatch(courriel)):
        raise CourrielInvalide
    return Personne(nom, prenom, numero, courriel, personne.assure_id)


def cle(caisse_code: str, personne: Personne) -> Optional[str]:
    """What says that two bookings are one person's: the known assuré, else name with number, else name with address. None: cannot be told."""
    if personne.assure_id is not None:
        return f"assure:{personne.assure_id}"
    moyen = personne.telephone or (personne.courriel or "").lower()
    if not moyen or not personne.nom:
        return None
    return hashlib.sha256("|".join((caisse_code, cle_de_texte(personne.nom), moyen)).encode()).hexdigest()
