"""Sheets: one topic, one file. Reads them into plain objects; `verification` says whether they are good, `rendu` writes their answer."""
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from pathlib import Path
from typing import Dict, List, Mapping, Optional, Tuple

from bot.knowledge.chemins import KNOWLEDGE
from bot.knowledge.lecture import ErreurConnaissance, lire_yaml

# What a person may say of herself that changes an answer. Closed lists: a sheet cannot invent a profile.
PROFIL: Dict[str, Tuple[str, ...]] = {
    "activite": ("vente", "prestation", "liberal"),
    "situation": ("salarie", "demandeur_emploi", "retraite", "etudiant", "fonctionnaire"),
    "groupe": ("artisan", "commercant"),
    "statut": ("auto_entrepreneur", "classique", "eirl", "conjoint"),
}
CIBLES_ENTRETIEN = ("eig", "createur", "auto_entrepreneur", "profession", "spontane")
# Registers of real writing, with the fewest formulations a sheet needs in each (see knowledge/LISEZMOI.md).
REGISTRES: Dict[str, int] = {"correct": 8, "soutenu": 3, "sans_accents": 5, "sms": 5, "fautes": 5, "court": 5,
                             "long": 5, "approximatif": 4, "implicite": 5}
_CLES = {"question", "reponse", "variantes", "demander", "calcul", "entretien", "refus", "depuis", "validite", "confiance",
         "verifie", "sources", "voir_aussi", "formulations"}
_OBLIGATOIRES = ("question", "reponse", "validite", "confiance", "verifie", "sources", "voir_aussi", "formulations")


@dataclass(frozen=True)
class Source:
    """A legal text an answer rests on: title, and address where it can be read."""

    titre: str
    url: Optional[str] = None


@dataclass(frozen=True)
class Variante:
    """The answer for people of whom every condition `si` is known to be true."""

    si: Mapping[str, str]
    reponse: str


@dataclass(frozen=True)
class Fiche:
    """One topic of the knowledge base, as its file says it. Texts still hold their `{bareme}` placeholders."""

    sujet: str
    question: str
    reponse: str
    validite: Tuple[date, date]
    confiance: str
    verifie_le: date
    verifie_par: str
    sources: Tuple[Source, ...]
    voir_aussi: Tuple[str, ...]
    formulations: Mapping[str, Tuple[str, ...]]
    variantes: Tuple[Variante, ...] = ()
    demander: Optional[str] = None
    calcul: Optional[str] = None
    entretien: Optional[str] = None
    refus: bool = False
    depuis: Optional[str] = None
    fichier: Optional[Path] = field(default=None, compare=False)

    @property
    def domaine(self) -> str:
        return self.sujet.split("/", 1)[0]

    @property
    def toutes_formulations(self) -> List[str]:
        return [f for lignes in self.formulations.values() for f in lignes]

    def textes(self) -> List[str]:
        """The general answer, then each variant's."""
        return [self.reponse, *(v.reponse for v in self.variantes)]


def lire_sources(brutes: list, textes: Mapping[str, Mapping[str, str]], jour: date, ou: str) -> Tuple[Source, ...]:
    """Sources written short (« cgi 50-0 ») or whole ({titre, url}). `jour` chooses the version of the code that is linked."""
    sources = []
    for brute in brutes:
        if isinstance(brute, dict) and brute.get("titre") and set(brute) <= {"titre", "url"}:
            sources.append(Source(str(brute["titre"]), brute.get("url")))
            continue
        code, _, article = str(brute).partition(" ")
        if code not in textes:
            raise ErreurConnaissance(f"{ou} : source « {brute} » inconnue ; écrivez « clé article » avec une clé de textes.yml, ou titre: …")
        titre = textes[code]["titre"] + (f", article {article}" if article else "")
        url = textes[code].get("url")
        sources.append(Source(titre, url.replace("{date}", jour.isoformat()) if url else None))
    return tuple(sources)


def lire_fiche(chemin: Path, sujet: str, textes: Mapping[str, Mapping[str, str]]) -> Fiche:
    """One sheet. Raises ErreurConnaissance, in a sentence that says what to write, when its structure is wrong."""
    brut = lire_yaml(chemin)
    ou = f"{sujet}"

    def refuser(quoi: str) -> ErreurConnaissance:
        return ErreurConnaissance(f"{ou} : {quoi}.")

    if not isinstance(brut, dict):
        raise refuser("le fichier n'est pas une fiche (clés « question », « reponse »…)")
    for cle in sorted(set(brut) - _CLES, key=str):
        raise refuser(f"clé inconnue « {cle} »")
    for cle in _OBLIGATOIRES:
        if not brut.get(cle):
            raise refuser(f"« {cle} » manque")
    validite = brut["validite"]
    if not (isinstance(validite, dict) and isinstance(validite.get("du"), date) and isinstance(validite.get("au"), date)
            and validite["du"] <= validite["au"]):
        raise refuser("« validite » s'écrit {du: AAAA-MM-JJ, au: AAAA-MM-JJ}")
    if brut["confiance"] not in ("elevee", "moyenne"):
        raise refuser("« confiance » vaut elevee ou moyenne")
    verifie = brut["verifie"]
    if not (isinstance(verifie, dict) and isinstance(verifie.get("le"), date) and verifie.get("par")):
        raise refuser("« verifie » s'écrit {le: AAAA-MM-JJ, par: …}")
    variantes = []
    for variante in brut.get("variantes") or []:
        if set(variante) != {"si", "reponse"} or not variante["si"]:
            raise refuser("une variante a exactement « si » et « reponse »")
        for trait, valeur in variante["si"].items():
            if valeur not in PROFIL.get(trait, ()):
                raise refuser(f"variante : « {trait}: {valeur} » n'est pas un profil connu")
        variantes.append(Variante(dict(variante["si"]), str(variante["reponse"]).strip()))
    if brut.get("demander") and brut["demander"] not in PROFIL:
        raise refuser(f"« demander: {brut['demander']} » n'est pas un trait de profil ({', '.join(PROFIL)})")
    if brut.get("entretien") and brut["entretien"] not in CIBLES_ENTRETIEN:
        raise refuser(f"« entretien: {brut['entretien']} » : choisissez parmi {', '.join(CIBLES_ENTRETIEN)}")
    formulations = brut["formulations"]
    if not isinstance(formulations, dict) or set(formulations) - set(REGISTRES):
        raise refuser(f"« formulations » se range par registre : {', '.join(REGISTRES)}")
    for registre, lignes in formulations.items():
        for ligne in lignes or []:
            if not isinstance(ligne, str) or not ligne.strip():
                raise refuser(f"formulation « {ligne} » ({registre}) : ce n'est pas un texte ; mettez-la entre guillemets")
    return Fiche(
        sujet=sujet, question=str(brut["question"]).strip(), reponse=str(brut["reponse"]).strip(),
        validite=(validite["du"], validite["au"]), confiance=brut["confiance"],
        verifie_le=verifie["le"], verifie_par=str(verifie["par"]),
        sources=lire_sources(brut["sources"], textes, validite["du"], ou), voir_aussi=tuple(brut["voir_aussi"]),
        formulations={r: tuple(f.strip() for f in formulations.get(r) or ()) for r in REGISTRES},
        variantes=tuple(variantes), demander=brut.get("demander"), calcul=brut.get("calcul"),
        entretien=brut.get("entretien"), refus=bool(brut.get("refus")), depuis=brut.get("depuis"), fichier=chemin)


def lire_fiches(dossier: Path = KNOWLEDGE) -> Dict[str, Fiche]:
    """All sheets below `dossier/faq`, by topic id « domaine/sujet », in alphabetical order."""
    textes = lire_yaml(dossier / "textes.yml")
    return {f"{chemin.parent.name}/{chemin.stem}": lire_fiche(chemin, f"{chemin.parent.name}/{chemin.stem}", textes)
            for chemin in sorted((dossier / "faq").glob("*/*.yml"))}


@cache
def fiches() -> Dict[str, Fiche]:
    """The project's own sheets, read once."""
    return lire_fiches()
