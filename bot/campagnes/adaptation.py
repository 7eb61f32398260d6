"""A caisse's own words in the three adaptable tools of the kit, part by part, with the reason when one is refused (R24, R47, R54).
Keeping and numbering an adaptation is `kit`; merging a letter, `modeles`."""
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Callable, Mapping, Optional, Sequence

import yaml

from bot.campagnes import modeles
from bot.campagnes.kit import AdaptationVide, OutilInconnu, OutilNonAdaptable, fichiers_de, lire_kit
from bot.campagnes.modeles import Lettre, Modele, ModeleInvalide
from bot.contacts.isolement import Introuvable
from bot.contacts.refus import Refus
from bot.knowledge.chemins import KNOWLEDGE
from bot.knowledge.fiches import fiches
from bot.knowledge.lecture import ErreurConnaissance, lire_yaml
from bot.knowledge.trames import defauts_de, trame_depuis

MINUTES_MAX = 60
_CHIFFRE = re.compile(r"\d")


class AdaptationRefusee(Refus):
    """A text that cannot be kept. `champ`: the field at fault; the message says why and what to write."""

    code, statut = "ADAPTATION_REFUSEE", 422

    def __init__(self, champ: str, message: str):
        super().__init__(message)
        self.champ = champ


@dataclass(frozen=True)
class ChampAdapte:
    """One thing a caisse may write. `forme`: ligne, nombre, liste (one a line) or paragraphes (a blank line between two). `valeur`: as typed."""

    nom: str
    libelle: str
    forme: str
    valeur: str
    aide: Optional[str] = None


@dataclass(frozen=True)
class Partie:
    """What is adapted at once: a drawer of the trame, a page of the presentation, the letter."""

    code: str
    titre: str
    champs: Sequence[ChampAdapte]


@dataclass(frozen=True)
class Apercu:
    """How a part would read: a whole `lettre`, else `titre` and its lists, each under its name."""

    titre: str
    listes: Sequence[tuple[str, Sequence[str]]] = ()
    lettre: Optional[Lettre] = None


# -- what people type, and what files hold -----------------------------------------------------------------------------------------------------


def _typer(forme: str, valeur: Any) -> str:
    return {"liste": "\n", "paragraphes": "\n\n"}[forme].join(valeur or ()) if forme in ("liste", "paragraphes") else str(valeur or "")


def _lire(champ: str, forme: str, typee: str) -> Any:
    if forme == "nombre":
        if not typee.strip().isdecimal() or not 1 <= int(typee) <= MINUTES_MAX:
            raise AdaptationRefusee(champ, f"Écrivez une durée de 1 à {MINUTES_MAX} minutes, en chiffres.")
        return int(typee)
    if forme == "ligne":
        return " ".join(typee.split())
    separes = re.split(r"\n\s*\n" if forme == "paragraphes" else r"\n", typee.replace("\r", ""))
    return [" ".join(s.split()) for s in separes if s.strip()]


# field → (label, form, help, whether it may be left empty)
Modeles = Mapping[str, tuple[str, str, Optional[str], bool]]
_LETTRE: Modeles = {
    "objet": ("Objet", "ligne", None, False),
    "paragraphes": ("Texte de la lettre", "paragraphes",
                    "Une ligne vide entre deux paragraphes. {appel} et {carriere} sont remplis pour chaque personne.", False),
    "apres_code": ("Après le code personnel", "paragraphes", "{telephone}, {horaires} et {expire} sont remplis.", False),
    "a_apporter": ("À apporter", "liste", "Une pièce par ligne.", True),
    "formule": ("Formule de politesse", "ligne", None, False), "signature": ("Signature", "ligne", None, False)}
_TIROIR: Modeles = {
    "minutes": ("Durée conseillée, en minutes", "nombre", None, False), "points": ("Ce qu'il faut dire", "liste", "Une idée par ligne.", False),
    "questions": ("Questions à poser", "liste",
                  "Une question par ligne. Jamais sur la santé de la personne : ce n'est pas un entretien médical.", True),
    "apporter": ("Documents à apporter", "liste", "Un document par ligne.", True),
    "remettre": ("Documents à remettre", "liste", "Un document par ligne.", True)}
_PAGE: Modeles = {
    "titre": ("Titre de la page", "ligne", None, False),
    "points": ("Ce que dit la page", "liste", "Une idée par ligne, sans chiffre : la fiche citée tient le chiffre du jour.", False)}


def _champs(modele: Modeles, valeurs: Mapping[str, Any]) -> list[ChampAdapte]:
    return [ChampAdapte(nom, libelle, forme, _typer(forme, [valeurs[nom]] if forme == "paragraphes" and isinstance(valeurs.get(nom), str)
                                                    else valeurs.get(nom)), aide) for nom, (libelle, forme, aide, _) in modele.items()]


def _lire_champs(modele: Modeles, typees: Mapping[str, str]) -> dict[str, Any]:
    lues = {nom: _lire(nom, forme, typees.get(nom, "")) for nom, (_, forme, _, _) in modele.items()}
    for nom, (libelle, _, _, vide) in modele.items():
        if not vide and not lues[nom]:
            raise AdaptationRefusee(nom, f"« {libelle} » est vide : écrivez-le, ou gardez le texte national.")
    return lues


# -- the three tools ---------------------------------------------------------------------------------------------------------------------------


def _source(outil: str, dossier: Path) -> Path:
    """The national file of an adaptable tool. Raises OutilInconnu, OutilNonAdaptable."""
    du_kit = next((o for o in lire_kit(dossier).outils if o.code == outil), None)
    if du_kit is None:
        raise OutilInconnu
    if not du_kit.adaptable:
        raise OutilNonAdaptable
    return fichiers_de(du_kit, dossier)[0]


def _texte(outil: str, contenu: Optional[str], dossier: Path) -> dict[str, Any]:
    """The whole tool as the caisse has it: its adaptation, else the national file."""
    return yaml.safe_load(contenu) if contenu else lire_yaml(_source(outil, dossier))


def _modele(contenu: Optional[str], dossier: Path) -> tuple[str, Modele, Modele]:
    """(name, national letter, the caisse's)."""
    fichier = _source("courrier_invitation", dossier)
    nationale = modeles.valider(lire_yaml(fichier), fichier.stem)
    return fichier.stem, nationale, modeles.adapter(nationale, contenu, fichier.stem) if contenu else nationale


def parties(outil: str, contenu: Optional[str] = None, dossier: Path = KNOWLEDGE) -> list[Partie]:
    """What a caisse may adapt in a tool, as it now reads. `contenu`: its adaptation. Raises OutilInconnu, OutilNonAdaptable."""
    if outil == "courrier_invitation":
        _, _, sienne = _modele(contenu, dossier)
        return [Partie("lettre", sienne.titre, _champs(_LETTRE, sienne.model_dump()))]
    texte = _texte(outil, contenu, dossier) if _source(outil, dossier) else {}
    if outil == "trame":
        return [Partie(t["code"], t["titre"], _champs(_TIROIR, t)) for t in texte["tiroirs"]]
    return [Partie(f"page-{n}", p["titre"], _champs(_PAGE, p)) for n, p in enumerate(texte["pages"], 1)]


def partie(outil: str, code: str, contenu: Optional[str] = None, dossier: Path = KNOWLEDGE) -> Partie:
    """One part. Raises Introuvable, and as `parties`."""
    trouvee = next((p for p in parties(outil, contenu, dossier) if p.code == code), None)
    if trouvee is None:
        raise Introuvable
    return trouvee


def appliquer(outil: str, code: str, typees: Mapping[str, str], contenu: Optional[str] = None, dossier: Path = KNOWLEDGE) -> str:
    """The adaptation with one part written anew, as `kit.adapter` keeps it. Raises AdaptationRefusee with the reason, Introuvable."""
    partie(outil, code, contenu, dossier)
    return _APPLIQUER[outil](code, typees, contenu, dossier)


def _appliquer_lettre(code: str, typees: Mapping[str, str], contenu: Optional[str], dossier: Path) -> str:
    nom, nationale, _ = _modele(contenu, dossier)
    lues = _lire_champs(_LETTRE, typees)
    lues["apres_code"] = " ".join(lues["apres_code"])
    d_origine = nationale.model_dump()
    garde = yaml.safe_load(contenu) if contenu else {}
    change = {**{c: v for c, v in garde.items() if c not in lues}, **{c: v for c, v in lues.items() if v != _plat(d_origine[c])}}
    for champ in lues:
        try:
            modeles.adapter(nationale, yaml.safe_dump({champ: lues[champ]}, allow_unicode=True), nom)
        except ModeleInvalide as e:
            raise AdaptationRefusee(champ, e.message) from e
    if not change:
        raise AdaptationVide
    return yaml.safe_dump(change, allow_unicode=True, sort_keys=False, width=150)


def _plat(valeur: Any) -> Any:
    """A text as it comes back from a form: spaces and line ends folded."""
    if isinstance(valeur, list):
        return [" ".join(v.split()) for v in valeur]
    return " ".join(valeur.split()) if isinstance(valeur, str) else valeur


def _appliquer_trame(code: str, typees: Mapping[str, str], contenu: Optional[str], dossier: Path) -> str:
    texte, lues = _texte("trame", contenu, dossier), _lire_champs(_TIROIR, typees)
    tiroir = next(t for t in texte["tiroirs"] if t["code"] == code)
    tiroir.update(lues)
    for nom in ("apporter", "remettre"):
        if not tiroir[nom]:
            del tiroir[nom]
    try:
        fautes = defauts_de(trame_depuis(texte, "trame"), fiches(), {})
    except ErreurConnaissance as e:
        raise AdaptationRefusee("points", str(e)) from e
    for nature, phrase in fautes:
        raise AdaptationRefusee("questions" if nature == "TRAME_SANTE" else "points", phrase[:1].upper() + phrase[1:])
    return yaml.safe_dump(texte, allow_unicode=True, sort_keys=False, width=150)


def _appliquer_support(code: str, typees: Mapping[str, str], contenu: Optional[str], dossier: Path) -> str:
    texte, lues = _texte("support_ae", contenu, dossier), _lire_champs(_PAGE, typees)
    for nom, valeurs in (("titre", [lues["titre"]]), ("points", lues["points"])):
        fautif = next((v for v in valeurs if _CHIFFRE.search(v)), None)
        if fautif:
            raise AdaptationRefusee(nom, f"« {fautif} » tape un chiffre : citez plutôt la fiche, qui donne la valeur du jour.")
    texte["pages"][int(code.removeprefix("page-")) - 1].update(lues)
    return yaml.safe_dump(texte, allow_unicode=True, sort_keys=False, width=150)


_APPLIQUER: Mapping[str, Callable[[str, Mapping[str, str], Optional[str], Path], str]] = {
    "courrier_invitation": _appliquer_lettre, "trame": _appliquer_trame, "support_ae": _appliquer_support}


# -- how it would read -------------------------------------------------------------------------------------------------------------------------

EXEMPLE = {"appel": "Madame", "nom_complet": "Dominique Fictif", "carriere": "incomplete", "expire": "12 mars 2012", "annee": "2011"}


def apercu(outil: str, code: str, contenu: Optional[str], caisse: Mapping[str, str], dossier: Path = KNOWLEDGE) -> Apercu:
    """How a part reads. `caisse`: its nom, telephone, horaires, for the letter of a fictitious person."""
    if outil == "courrier_invitation":
        _, _, sienne = _modele(contenu, dossier)
        valeurs = {**EXEMPLE, "caisse": caisse["nom"], "telephone": caisse["telephone"], "horaires": caisse["horaires"]}
        destinataire = ["Madame Dominique Fictif", "1 rue de l'Exemple", "33000 BORDEAUX"]
        return Apercu(sienne.titre, lettre=modeles.fusionner(sienne, valeurs, destinataire, "EXEMPLE", "ABCD-2345"))
    lue = partie(outil, code, contenu, dossier)
    listes = [(c.libelle, [ligne for ligne in c.valeur.split("\n") if ligne]) for c in lue.champs if c.nom != "titre" and c.valeur]
    return Apercu(lue.titre, listes)
