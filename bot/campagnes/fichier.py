"""The population file (shared/contract.md): header, lines, values, refusals and rejects. One line at a time, whatever the size of the file.

What becomes of the lines, in the database, is `population`.
"""
import csv
import hashlib
import re
import unicodedata
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache
from operator import itemgetter
from pathlib import Path
from typing import IO, Any, Callable, Iterator, Optional, Sequence, Union

from bot.contacts.refus import Refus
from bot.contacts.tables.assure import CANAUX, CARRIERES, GROUPES_PRO, STATUTS, Assure
from bot.texte.nir import contient_nir

OBLIGATOIRES = ("identifiant", "civilite", "nom", "prenom", "date_naissance", "sexe", "groupe_pro", "statut", "date_affiliation", "code_ape",
                "profession", "carriere", "code_postal", "telephone", "courriel", "langue")
# Taken wherever they stand; when a file lacks one, what the database knows of it stays.
FACULTATIVES = ("auto_entrepreneur", "adresse", "complement", "ville", "canal")
COLONNES = OBLIGATOIRES + FACULTATIVES
LIGNE_MAX = 8192  # bytes; a longer line is not a line of this file


# -- refusals of a whole file ---------------------------------------------------------------------------------------------------------------


class FichierRefuse(Refus):
    """A file that is not imported at all. The message never shows a value of the file."""

    code, statut = "FICHIER_REFUSE", 422

    def __init__(self, **details: Any):
        super().__init__(self.message.format(**details))


class FichierIllisible(FichierRefuse):
    code = "FICHIER_ILLISIBLE"
    message = "« {nom} » ne peut pas être lu ({cause}). Vérifiez le chemin et les droits."


class FichierVide(FichierRefuse):
    code = "FICHIER_VIDE"
    message = "Le fichier ne contient aucun assuré. Refaites l'extraction, puis relancez l'import."


class Encodage(FichierRefuse):
    code = "ENCODAGE"
    message = "Le fichier n'est pas en UTF-8 (ligne {ligne}). Enregistrez-le en « CSV UTF-8 », séparateur point-virgule, puis relancez l'import."


class Separateur(FichierRefuse):
    code = "SEPARATEUR"
    message = "Le séparateur du fichier n'est pas le point-virgule. Réexportez-le en CSV avec « ; » entre les colonnes."


class EnTete(FichierRefuse):
    code = "EN_TETE"
    message = "L'en-tête du fichier n'est pas celui attendu : {detail}. L'en-tête attendu : {attendu}."


class LigneTropLongue(FichierRefuse):
    code = "LIGNE_TROP_LONGUE"
    message = "La ligne {ligne} est trop longue pour être celle d'un assuré : ce n'est pas une population, ou ses fins de ligne sont perdues."


class NirPresent(FichierRefuse):
    code = "NIR_PRESENT"
    message = ("Le fichier semble contenir des numéros de sécurité sociale (première fois ligne {ligne}). Il est refusé en entier et rien n'en est "
               "gardé : remplacez-les par le numéro interne de la caisse, ou retirez la colonne.")


# -- rejects of a line ------------------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Rejet:
    """Why a line is not imported: its number in the file, stable code, column, sentence. Never a value of the person."""

    ligne: int
    code: str
    colonne: str
    raison: str


@dataclass(frozen=True)
class LigneLue:
    """A good line: its number and its values in the order of COLONNES, dates as ISO text (they go straight into the database)."""

    ligne: int
    valeurs: tuple[Any, ...]


class ValeurRefusee(ValueError):
    """A value that cannot be taken."""

    def __init__(self, code: str, raison: str):
        super().__init__(raison)
        self.code, self.raison = code, raison


# -- values -----------------------------------------------------------------------------------------------------------------------------------

Lecteur = Callable[[str], Any]
_LONGUEURS = {c.name: c.type.length for c in Assure.__table__.columns if getattr(c.type, "length", None)}  # type: ignore[attr-defined]
_JOUR_FR = re.compile(r"(\d{2})/(\d{2})/(\d{4})")
_JOUR_ISO = re.compile(r"\d{4}-\d{2}-\d{2}")
_TELEPHONE = re.compile(r"0\d{9}|(?:\+|00)\d{8,14}")
_COURRIEL = re.compile(r"[^@\s,]+@[^@\s,]+\.[^@\s,.]+")
_LANGUE = re.compile(r"[a-z]{2,3}(?:-[A-Za-z]{2,4})?")


@lru_cache(maxsize=4096)
def _cle(texte: str) -> str:
    """Lower case without accents: « Commerçant » is commercant, « Radié » radie."""
    return "".join(c for c in unicodedata.normalize("NFD", texte.casefold()) if not unicodedata.combining(c))


def _texte(colonne: str, obligatoire: bool = False) -> Lecteur:
    longueur = _LONGUEURS[colonne]

    def lire(brut: str) -> Optional[str]:
        if len(brut) > longueur:
            raise ValeurRefusee("TROP_LONG", f"{longueur} caractères au plus")
        if obligatoire and not brut:
            raise ValeurRefusee("VALEUR_MANQUANTE", "une valeur est nécessaire")
        return brut or None
    return lire


def _parmi(valeurs: Sequence[str], vide: Optional[str] = None, synonymes: Optional[dict[str, str]] = None) -> Lecteur:
    connues = {v: v for v in valeurs} | (synonymes or {}) | ({"": vide} if vide else {})

    def lire(brut: str) -> str:
        trouve = connues.get(brut) or connues.get(_cle(brut))
        if trouve is None:
            raise ValeurRefusee("VALEUR_INCONNUE", "valeurs permises : " + ", ".join(valeurs))
        return trouve
    return lire


def _motif(motif: "re.Pattern[str]", code: str, raison: str, vide: Optional[str] = None, longueur: int = 1000, retirer: str = "") -> Lecteur:
    sans = str.maketrans("", "", retirer)

    def lire(brut: str) -> Optional[str]:
        if brut and (len(brut) > longueur or not motif.fullmatch(brut.translate(sans))):
            raise ValeurRefusee(code, raison)
        return brut or vide
    return lire


def _identifiant(brut: str) -> str:
    if not brut:
        raise ValeurRefusee("IDENTIFIANT_VIDE", "le numéro interne de la caisse est nécessaire")
    if len(brut) > _LONGUEURS["identifiant"]:
        raise ValeurRefusee("TROP_LONG", f"{_LONGUEURS['identifiant']} caractères au plus")
    return brut


@lru_cache(maxsize=65536)
def _jour(brut: str, dernier: str) -> Optional[str]:
    """« 1952-03-09 » or « 09/03/1952 » as ISO text; None when empty. `dernier`: last day possible, ISO."""
    if not brut:
        return None
    francais = _JOUR_FR.fullmatch(brut)
    iso = f"{francais[3]}-{francais[2]}-{francais[1]}" if francais else brut
    try:
        if not _JOUR_ISO.fullmatch(iso):
            raise ValueError
        date.fromisoformat(iso)
    except ValueError:
        raise ValeurRefusee("DATE_ILLISIBLE", "écrivez 1952-03-09 ou 09/03/1952") from None
    if not "1900-01-01" <= iso <= dernier:
        raise ValeurRefusee("DATE_INVRAISEMBLABLE", "avant 1900 ou dans le futur")
    return iso


def _lecteurs(aujourdhui: date) -> dict[str, Lecteur]:
    """How each column is read. An affiliation may be announced for the coming months, a birth may not."""
    aujourdhui_iso, an_prochain = aujourdhui.isoformat(), (aujourdhui + timedelta(days=366)).isoformat()
    ouinon = _parmi(("oui", "non"), vide="non")
    return {
        **{nom: _texte(nom) for nom in ("civilite", "code_ape", "adresse", "complement", "ville")},
        "profession": lambda brut: _profession(brut.lower()), "identifiant": _identifiant,
        "nom": _texte("nom", obligatoire=True), "prenom": _texte("prenom", obligatoire=True),
        "date_naissance": lambda brut: _jour(brut, aujourdhui_iso), "date_affiliation": lambda brut: _jour(brut, an_prochain),
        "groupe_pro": _parmi(GROUPES_PRO), "statut": _parmi(STATUTS),
        "carriere": _parmi(CARRIERES, vide="inconnue"), "canal": _parmi(CANAUX, vide="courrier"),
        "sexe": lambda brut: _sexe(brut) if brut else None, "auto_entrepreneur": lambda brut: ouinon(brut) == "oui",
        "code_postal": _motif(re.compile(r"\d{5}", re.A), "CODE_POSTAL", "cinq chiffres, zéro du début compris, ou rien"),
        "telephone": _motif(_TELEPHONE, "TELEPHONE_ILLISIBLE", "dix chiffres, zéro du début compris, ou +33…", longueur=_LONGUEURS["telephone"],
                            retirer=" .-()/\u00a0\u202f"),
        "courriel": _motif(_COURRIEL, "COURRIEL_ILLISIBLE", "une adresse et une seule, comme nom@exemple.example", longueur=_LONGUEURS["courriel"]),
        "langue": _motif(_LANGUE, "VALEUR_INCONNUE", "code de langue : fr, pt, tr…", vide="fr", longueur=_LONGUEURS["langue"])}


# In lower case, as selections by profession look for it; SQLite does not know that « É » is « é ».
_profession = _texte("profession")
_sexe = _parmi(("F", "M"), synonymes={"f": "F", "m": "M", "h": "M", "H": "M"})
# What stands for a column that the file does not have, when the person is new.
ABSENTE: dict[str, Any] = {"auto_entrepreneur": False, "canal": "courrier"}
_INTERDITS = re.compile("[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ufeff]")


# -- the file ---------------------------------------------------------------------------------------------------------------------------------


class Population:
    """An open population file. `lignes()` gives each line once, good or rejected, as it is read; then `sha256` is that of the whole file.

    `colonnes`: those of the file, in its order; `taille`: bytes, 0 when not known; `octets`: read so far. Raises a FichierRefuse.
    """

    def __init__(self, flux: IO[bytes], taille: int, maintenant: datetime):
        self._flux, self.taille, self.octets, self._numero = flux, taille, 0, 0
        self._empreinte = hashlib.sha256()
        self.colonnes = self._lire_en_tete()
        lecteurs = _lecteurs(maintenant.date())
        self._lecteurs = [(nom, lecteurs[nom]) for nom in self.colonnes]
        absentes = [nom for nom in COLONNES if nom not in self.colonnes]
        self._complement = tuple(ABSENTE.get(nom) for nom in absentes)
        rangs = {nom: i for i, nom in enumerate((*self.colonnes, *absentes))}
        self._ranger: Callable[[Sequence[Any]], tuple[Any, ...]] = itemgetter(*(rangs[nom] for nom in COLONNES))

    @property
    def sha256(self) -> str:
        return self._empreinte.hexdigest()

    def lignes(self) -> Iterator[Union[LigneLue, list[Rejet]]]:
        """Each line in turn: its values, or everything that is wrong in it. Lines without a sign are passed over."""
        while (texte := self._suivante()) is not None:
            if texte:
                yield self._lire(texte)

    def _suivante(self) -> Optional[str]:
        """The next line without its end, None at the end of the file. A NIR anywhere refuses the file (no NIR ever enters the base)."""
        brut = self._flux.readline(LIGNE_MAX)
        if not brut:
            return None
        self._numero += 1
        self.octets += len(brut)
        self._empreinte.update(brut)
        if len(brut) == LIGNE_MAX and not brut.endswith(b"\n"):
            raise LigneTropLongue(ligne=self._numero)
        try:
            texte = brut.decode("utf-8-sig" if self._numero == 1 else "utf-8").rstrip("\r\n")
        except UnicodeDecodeError:
            raise Encodage(ligne=self._numero) from None
        if contient_nir(texte):
            raise NirPresent(ligne=self._numero)
        return texte if texte.isascii() else unicodedata.normalize("NFC", texte)

    def _lire_en_tete(self) -> tuple[str, ...]:
        texte = self._suivante()
        if texte is None or (not texte and self.octets == self.taille):
            raise FichierVide
        if "\x00" in texte:
            raise Encodage(ligne=1)
        noms = tuple(nom.strip().strip('"').strip().lower() for nom in texte.split(";"))
        if len(noms) == 1:
            raise Separateur
        if faute := _faute_en_tete(noms):
            raise EnTete(detail=faute, attendu=";".join(OBLIGATOIRES))
        return noms

    def _lire(self, texte: str) -> Union[LigneLue, list[Rejet]]:
        numero = self._numero
        if _INTERDITS.search(texte):
            return [Rejet(numero, "CARACTERE_INTERDIT", "", "caractère de contrôle invisible dans la ligne")]
        try:
            champs = next(csv.reader([texte], delimiter=";", strict=True)) if '"' in texte else texte.split(";")
        except csv.Error:
            return [Rejet(numero, "GUILLEMETS", "", "un guillemet n'est pas refermé, ou il y a une fin de ligne dans une valeur")]
        if len(champs) != len(self.colonnes):
            return [Rejet(numero, "COLONNES", "", f"{len(champs)} colonnes au lieu de {len(self.colonnes)}")]
        try:
            valeurs = [lire(champ.strip()) for (_, lire), champ in zip(self._lecteurs, champs)]
        except ValeurRefusee:
            return self._fautes(champs)
        rangees = self._ranger((*valeurs, *self._complement))
        return self._incoherences(rangees) or LigneLue(numero, rangees)

    def _fautes(self, champs: Sequence[str]) -> list[Rejet]:
        """Every value that cannot be taken, so that a line is put right in one go."""
        fautes = []
        for (nom, lire), champ in zip(self._lecteurs, champs):
            try:
                lire(champ.strip())
            except ValeurRefusee as e:
                fautes.append(Rejet(self._numero, e.code, nom, e.raison))
        return fautes

    def _incoherences(self, valeurs: tuple[Any, ...]) -> list[Rejet]:
        naissance, affiliation = valeurs[_NAISSANCE], valeurs[_AFFILIATION]
        if naissance and affiliation and affiliation < naissance:
            return [Rejet(self._numero, "DATE_INVRAISEMBLABLE", "date_affiliation", "affiliation avant la naissance")]
        if valeurs[_CANAL] == "courriel" and not valeurs[_ADRESSE_COURRIEL]:
            return [Rejet(self._numero, "CANAL_SANS_COURRIEL", "canal", "le canal « courriel » demande une adresse électronique")]
        return []


_NAISSANCE, _AFFILIATION, _CANAL, _ADRESSE_COURRIEL = (COLONNES.index(nom) for nom in ("date_naissance", "date_affiliation", "canal", "courriel"))


def _faute_en_tete(noms: Sequence[str]) -> Optional[str]:
    """What is wrong in a header. Names are shown only once it is clear that they are names: a file may have no header, and begin with a person."""
    manquent = [nom for nom in OBLIGATOIRES if nom not in noms]
    if len(manquent) > len(OBLIGATOIRES) // 2:
        return "la première ligne ne porte pas les noms des colonnes"
    if manquent:
        return "il manque " + ", ".join(manquent)
    if inconnues := [nom for nom in noms if nom not in COLONNES]:
        return "colonne inconnue, à retirer : " + ", ".join(nom[:40] or "(sans nom)" for nom in inconnues)
    if doubles := sorted({nom for nom in noms if noms.count(nom) > 1}):
        return "colonne en double : " + ", ".join(doubles)
    return None


def ouvrir_fichier(chemin: Path) -> IO[bytes]:
    """The file, ready to read. Raises FichierIllisible (absent, folder, forbidden)."""
    try:
        if chemin.is_dir():
            raise FichierIllisible(nom=chemin.name or str(chemin), cause="c'est un dossier")
        return chemin.open("rb", buffering=1 << 20)
    except OSError as e:
        causes = {FileNotFoundError: "il n'existe pas", PermissionError: "lecture interdite"}
        raise FichierIllisible(nom=chemin.name, cause=causes.get(type(e), type(e).__name__)) from None
