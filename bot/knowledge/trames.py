"""The « trame à tiroirs » as data: drawers of an entretien, by domain, opened by cible and profile (R24, R46, R52).

What was opened and for how long is a contact's business (`bot.contacts`); a caisse's own text, the kit's (`bot.campagnes.kit`).
"""
import re
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, Iterable, Iterator, Mapping, Optional, Sequence

from bot.knowledge.chemins import KNOWLEDGE
from bot.knowledge.lecture import ErreurConnaissance, lire_yaml
from bot.knowledge.verification import Defaut

DOMAINES = tuple(f"D{n}" for n in range(1, 10))
NIVEAUX = ("generique", "personnalise")
# What a drawer may ask of a person to be open; plural names hold a list, one of which is enough.
CONDITIONS = {"cibles": list, "statuts": list, "carrieres": list, "moments_vie": list, "auto_entrepreneur": bool, "profession_avec_risque": bool,
              "transfrontalier": bool, "age_min": int, "age_max": int}
_PROFIL = {"cibles": "cible", "statuts": "statut", "carrieres": "carriere", "moments_vie": "moment_vie"}
# R47: words a question of the trame never holds. « mal de dos ? » has no place in an entretien de conseil social.
_SANTE = re.compile(r"\b(votre (état de )?santé|maladies?|malades?|traitements?|médicaments?|symptômes?|douleurs?|handicap\w*|enceinte|opéré\w*|"
                    r"hospitalis\w+|tension|diabète|cancer)\b", re.I)


@dataclass(frozen=True)
class Tiroir:
    """One drawer. `ouvert_si`: alternatives, each a mapping of CONDITIONS that must all hold; `minutes`: advised length."""

    code: str
    domaine: str
    titre: str
    minutes: int
    points: Sequence[str]
    questions: Sequence[str]
    fiches: Sequence[str]
    toujours: bool = False
    niveau: str = "generique"
    ouvert_si: Sequence[Mapping[str, Any]] = ()
    sauf_si: Sequence[Mapping[str, Any]] = ()
    modules: Sequence[str] = ()
    apporter: Sequence[str] = ()
    remettre: Sequence[str] = ()
    effets: Sequence[str] = ()
    precaution: Optional[str] = None


@dataclass(frozen=True)
class Trame:
    annee: int
    version: str
    titre: str
    mention: str
    validation: Mapping[str, Any]
    ouverture: Sequence[str]
    cloture: Sequence[str]
    tiroirs: Sequence[Tiroir]


@dataclass(frozen=True)
class Profil:
    """What is known of the person when the trame is opened; all of it may be unknown. `age` in whole years."""

    cible: Optional[str] = None
    statut: Optional[str] = None
    carriere: Optional[str] = None
    auto_entrepreneur: bool = False
    profession_avec_risque: bool = False
    transfrontalier: bool = False
    moment_vie: Optional[str] = None
    age: Optional[int] = None


def trame_de(jour: date, dossier: Path = KNOWLEDGE) -> Trame:
    """The trame in force on a day: that of the year, else the last one before. Raises ErreurConnaissance when there is none."""
    annees = sorted(int(f.stem) for f in (dossier / "trames").glob("[0-9]*.yml") if int(f.stem) <= jour.year)
    if not annees:
        raise ErreurConnaissance(f"knowledge/trames n'a aucune trame pour {jour.year} : ajoutez {jour.year}.yml.")
    return lire_trame(dossier / "trames" / f"{annees[-1]}.yml")


def lire_trame(chemin: Path) -> Trame:
    """A trame file. Raises ErreurConnaissance, naming the drawer."""
    return trame_depuis(lire_yaml(chemin), chemin.name)


def trame_depuis(brut: Any, nom: str) -> Trame:
    """A trame from its mapping: a file, or the text of a caisse's adaptation. Raises ErreurConnaissance."""
    try:
        tiroirs = tuple(_tiroir(t, nom) for t in brut["tiroirs"])
        entete = {champ: brut[champ] for champ in Trame.__dataclass_fields__ if champ != "tiroirs"}
    except KeyError as e:
        raise ErreurConnaissance(f"{nom} : il manque « {e.args[0]} ».") from e
    except TypeError as e:
        raise ErreurConnaissance(f"{nom} : ce n'est pas une trame ; il y faut « tiroirs », une liste.") from e
    return Trame(tiroirs=tiroirs, **entete)


def _tiroir(brut: Any, nom: str) -> Tiroir:
    ou = f"{nom}, tiroir {brut.get('code', '?')}"
    if inconnus := sorted(set(brut) - set(Tiroir.__dataclass_fields__)):
        raise ErreurConnaissance(f"{ou} : « {inconnus[0]} » n'est pas prévu ; corrigez son nom ou retirez-le.")
    if manquants := sorted({"code", "domaine", "titre", "minutes", "points", "questions", "fiches"} - set(brut)):
        raise ErreurConnaissance(f"{ou} : il manque « {manquants[0]} ».")
    tiroir = Tiroir(**brut)
    if tiroir.domaine not in DOMAINES or tiroir.niveau not in NIVEAUX:
        raise ErreurConnaissance(f"{ou} : le domaine va de D1 à D9, et le niveau est generique ou personnalise.")
    for condition in (*tiroir.ouvert_si, *tiroir.sauf_si):
        for cle, valeur in condition.items():
            if not isinstance(valeur, CONDITIONS.get(cle, ())):
                raise ErreurConnaissance(f"{ou} : condition « {cle}: {valeur} » inconnue ; conditions possibles : {', '.join(CONDITIONS)}.")
    if sum((tiroir.toujours, bool(tiroir.ouvert_si), bool(tiroir.sauf_si))) != 1:
        raise ErreurConnaissance(f"{ou} : écrivez « toujours: true », « ouvert_si » ou « sauf_si », et un seul des trois.")
    return tiroir


def remplit(condition: Mapping[str, Any], profil: Profil) -> bool:
    """Whether a person meets one condition of a drawer; what is unknown of her opens nothing."""
    for cle, valeur in condition.items():
        if cle in _PROFIL:
            vrai = getattr(profil, _PROFIL[cle]) in valeur
        elif cle in ("age_min", "age_max"):
            vrai = profil.age is not None and (profil.age >= valeur if cle == "age_min" else profil.age <= valeur)
        else:
            vrai = getattr(profil, cle) is valeur
        if not vrai:
            return False
    return True


def tiroirs_ouverts(trame: Trame, profil: Profil) -> list[Tiroir]:
    """The drawers to open with this person, in the order of the trame; the others stay at hand (R24)."""
    return [t for t in trame.tiroirs if t.toujours or any(remplit(c, profil) for c in t.ouvert_si)
            or (t.sauf_si and not any(remplit(c, profil) for c in t.sauf_si))]


def verifier_trames(sujets: Iterable[str], modules: Mapping[int, Mapping[str, str]], dossier: Path = KNOWLEDGE) -> list[Defaut]:
    """Faults of the trames, for `conseil check`. `sujets`: the sheets there are; `modules`: by year, the content due (code → domain)."""
    defauts: list[Defaut] = []
    connus = set(sujets)
    for chemin in sorted((dossier / "trames").glob("[0-9]*.yml")):
        try:
            trame = lire_trame(chemin)
        except ErreurConnaissance as e:
            defauts.append(Defaut("TRAME_INVALIDE", f"trames/{chemin.name}", str(e)))
            continue
        defauts += [Defaut(code, f"trames/{chemin.name}", quoi) for code, quoi in _fautes(trame, connus, modules.get(trame.annee, {}))]
    return defauts


def defauts_de(trame: Trame, sujets: Iterable[str], modules: Mapping[str, str]) -> list[tuple[str, str]]:
    """(code, sentence) of each fault of one trame: a caisse's adaptation before it is kept."""
    return list(_fautes(trame, set(sujets), modules))


def _fautes(trame: Trame, sujets: set[str], modules: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    codes = [t.code for t in trame.tiroirs]
    for code in sorted({c for c in codes if codes.count(c) > 1}):
        yield "TRAME_TIROIR_DOUBLE", f"le tiroir « {code} » est écrit deux fois."
    for domaine in sorted(set(DOMAINES) - {t.domaine for t in trame.tiroirs}):
        yield "TRAME_DOMAINE_ABSENT", f"aucun tiroir pour {domaine} : tout le champ se parcourt à chaque contact (R46)."
    ranges = {m: t.domaine for t in trame.tiroirs for m in t.modules}
    for module, domaine in modules.items():
        if module not in ranges:
            yield "TRAME_MODULE_ABSENT", f"le contenu « {module} » du socle n'est dans aucun tiroir."
        elif ranges[module] != domaine:
            yield "TRAME_MODULE_DEPLACE", f"le contenu « {module} » est du domaine {domaine}, pas {ranges[module]}."
    for tiroir in trame.tiroirs:
        for sujet in sorted(set(tiroir.fiches) - sujets):
            yield "TRAME_FICHE_INCONNUE", f"tiroir {tiroir.code} : la fiche « {sujet} » n'existe pas."
        for question in tiroir.questions:
            if _SANTE.search(question):
                yield "TRAME_SANTE", f"tiroir {tiroir.code} : « {question} » demande une information de santé (R47) ; retirez-la."


def verifier_support(sujets: Iterable[str], dossier: Path = KNOWLEDGE) -> list[Defaut]:
    """Faults of the presentation to auto-entrepreneurs (knowledge/supports): sheets that exist, no figure typed by hand."""
    lieu, connus = "supports/auto_entrepreneur.yml", set(sujets)
    if not (dossier / lieu).exists():
        return []
    defauts: list[Defaut] = []
    try:
        pages = [(p["titre"], p["points"], p["fiches"]) for p in lire_yaml(dossier / lieu)["pages"]]
    except (ErreurConnaissance, KeyError, TypeError) as e:
        return [Defaut("SUPPORT_INVALIDE", lieu, f"chaque page a un titre, des points et des fiches ({e}).")]
    for titre, points, fiches in pages:
        defauts += [Defaut("SUPPORT_FICHE_INCONNUE", lieu, f"« {titre} » : la fiche « {f} » n'existe pas.") for f in fiches if f not in connus]
        defauts += [Defaut("SUPPORT_CHIFFRE", lieu, f"« {titre} » : « {p} » tape un chiffre ; citez la fiche qui le tient.")
                    for p in points if re.search(r"\d", p)]
    return defauts
