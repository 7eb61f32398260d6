"""The interchange file as bytes (§4d): canonical JSON (RFC 8785), SHA-256, Ed25519 envelope; reading one without trusting anything in it.

Who holds which key is `cles`; what the content must respect is `controles`.
"""
import hashlib
import json
import unicodedata
from base64 import b64decode, b64encode
from dataclasses import dataclass, field
from datetime import datetime, timezone
from typing import Any, Mapping, Optional

import rfc8785
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from pydantic import ValidationError

from bot.bilan.schema import ENTIER_MAX, Enveloppe

# Thirty times the largest honest file; above, nothing is parsed.
TAILLE_MAX = 2_000_000


@dataclass(frozen=True)
class Faute:
    """Something wrong with the bytes of a file: rule, place in the file, sentence."""

    regle: str
    chemin: str
    message: str


@dataclass(frozen=True)
class Lecture:
    """A file as read: what it holds, when it can be read at all, and what is wrong with it."""

    octets: bytes
    enveloppe: Optional[dict[str, Any]]
    fautes: tuple[Faute, ...] = field(default=())

    @property
    def payload(self) -> Optional[dict[str, Any]]:
        return self.enveloppe["payload"] if self.enveloppe else None

    @property
    def empreinte(self) -> str:
        return hashlib.sha256(self.octets).hexdigest()


# -- writing -------------------------------------------------------------------------------------------------------------------------------


def nfc(valeur: Any) -> Any:
    """The same value with every string in Unicode form C: two spellings of « é » must not give two hashes."""
    if isinstance(valeur, str):
        return unicodedata.normalize("NFC", valeur)
    if isinstance(valeur, Mapping):
        return {nfc(cle): nfc(v) for cle, v in valeur.items()}
    if isinstance(valeur, (list, tuple)):
        return [nfc(v) for v in valeur]
    return valeur


def canonique(valeur: Any) -> bytes:
    """The canonical bytes of a value (RFC 8785), its strings in NFC. Raises rfc8785.CanonicalizationError (NaN, integer beyond 2^53 - 1)."""
    return rfc8785.dumps(nfc(valeur))


def sha256(valeur: Any) -> str:
    """SHA-256 of the canonical bytes, in 64 hexadecimal digits."""
    return hashlib.sha256(canonique(valeur)).hexdigest()


def a_signer(empreinte: str, kid: str, role: str, le: str) -> bytes:
    """What a signature covers: the hash of the content, and who signed, as what, when. Changing any of them breaks it."""
    return canonique({"format": "bilan-regional", "kid": kid, "le": le, "sha256": empreinte, "signataire_role": role})


def enveloppe(payload: Mapping[str, Any], cle: Optional[Ed25519PrivateKey] = None, kid: str = "", role: str = "directeur",
              le: Optional[datetime] = None) -> bytes:
    """The bytes of a file: signed by `cle`, or not yet (`signature` null)."""
    empreinte, signature = sha256(payload), None
    if cle is not None and le is not None:
        instant = f"{le.astimezone(timezone.utc):%Y-%m-%dT%H:%M:%SZ}"
        valeur = b64encode(cle.sign(a_signer(empreinte, kid, role, instant))).decode()
        signature = {"alg": "Ed25519", "kid": kid, "valeur": valeur, "signataire_role": role, "le": instant}
    return canonique({"payload": payload, "sha256": empreinte, "signature": signature})


def nom_fichier(payload: Mapping[str, Any]) -> str:
    return f"bilan-{payload['caisse']}-{payload['exercice']}-{payload['sequence']}.json"


# -- reading -------------------------------------------------------------------------------------------------------------------------------


class _Doublon(ValueError):
    def __init__(self, cle: str):
        super().__init__(cle)
        self.cle = cle


class _NombreInterdit(ValueError):
    pass


def _sans_doublon(paires: list[tuple[str, Any]]) -> dict[str, Any]:
    """Python keeps the last of two equal keys, other readers the first: a file with both would say two things (K02)."""
    vus: dict[str, Any] = {}
    for cle, valeur in paires:
        if cle in vus:
            raise _Doublon(cle)
        vus[cle] = valeur
    return vus


def _interdit(texte: str) -> Any:
    raise _NombreInterdit(texte)


def _entier(texte: str) -> int:
    if len(texte) > 17 or abs(valeur := int(texte)) > ENTIER_MAX:
        raise _NombreInterdit(texte[:24])
    return valeur


def lire(octets: bytes) -> Lecture:
    """Read the bytes of a file: everything that is wrong with its form (K01, K02, K03), and its content when there is one.

    Nothing is trusted: size is bounded before parsing, numbers are integers within 2^53, no key stands twice.
    """
    faute = _illisible(octets)
    if faute is not None:
        return Lecture(octets, None, (faute,))
    try:
        brut = json.loads(octets.decode("utf-8"), object_pairs_hook=_sans_doublon, parse_float=_interdit, parse_constant=_interdit, parse_int=_entier)
    except UnicodeDecodeError:
        return Lecture(octets, None, (Faute("K01", "", "Le fichier n'est pas du texte UTF-8."),))
    except _Doublon as e:
        return Lecture(octets, None, (Faute("K02", e.cle[:80], f"La clé « {e.cle[:80]} » est écrite deux fois : on ne sait laquelle croire."),))
    except _NombreInterdit as e:
        return Lecture(octets, None, (Faute("K01", "", f"« {e} » n'est pas permis : un bilan ne porte que des entiers, jusqu'à 2^53 - 1."),))
    except (ValueError, RecursionError):
        return Lecture(octets, None, (Faute("K01", "", "Le fichier n'est pas du JSON complet : il est tronqué, compressé ou d'un autre format."),))
    return _verifier_forme(octets, brut)


def _illisible(octets: bytes) -> Optional[Faute]:
    if len(octets) > TAILLE_MAX:
        return Faute("K01", "", f"Le fichier pèse plus de {TAILLE_MAX // 1_000_000} Mo : ce n'est pas un bilan. Rien n'en a été lu.")
    return None


def _verifier_forme(octets: bytes, brut: Any) -> Lecture:
    try:
        Enveloppe.model_validate(brut)
    except ValidationError as e:
        return Lecture(octets, None, tuple(_faute_schema(f) for f in e.errors()[:20]))
    if canonique(brut) != octets:
        return Lecture(octets, brut, (Faute("K03", "", "Les octets ne sont pas la forme canonique (RFC 8785, chaînes en NFC) de ce qu'ils disent."),))
    return Lecture(octets, brut)


_PHRASES = {"missing": "manque", "extra_forbidden": "n'existe pas dans ce format", "int_type": "n'est pas un entier",
            "greater_than_equal": "est trop petit", "less_than_equal": "est trop grand", "greater_than": "est trop petit",
            "string_pattern_mismatch": "n'a pas la forme attendue", "literal_error": "n'est pas une valeur permise",
            "string_too_long": "est trop long",
            "too_long": "en compte trop", "string_type": "n'est pas un texte", "dict_type": "n'est pas un bloc", "list_type": "n'est pas une liste",
            "model_type": "n'est pas un bloc", "bool_type": "ne vaut ni vrai ni faux"}


def _faute_schema(erreur: Mapping[str, Any]) -> Faute:
    chemin = ".".join(str(p)[:60] for p in erreur["loc"]) or "(racine)"
    return Faute("K01", chemin, f"« {chemin} » {_PHRASES.get(erreur['type'], 'ne suit pas le format publié')}.")


def signature_valable(lue: Mapping[str, Any], publique: str) -> bool:
    """Whether the signature of an envelope is by this public key (base64), over the hash the envelope carries."""
    signature = lue["signature"]
    if signature is None:
        return False
    message = a_signer(lue["sha256"], signature["kid"], signature["signataire_role"], signature["le"])
    try:
        valeur = b64decode(signature["valeur"], validate=True)
        if b64encode(valeur).decode() != signature["valeur"]:
            return False  # the same bytes written otherwise: one signature has one spelling
        Ed25519PublicKey.from_public_bytes(b64decode(publique)).verify(valeur, message)
    except (InvalidSignature, ValueError):
        return False
    return True
