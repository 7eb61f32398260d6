"""What a proposal of the review would change: its patch to the files of the project, its measured effect, and whether a person kept it.
Writing a proposal is bot.knowledge.relecture; measuring one is `conseil relecture`; nothing here changes a sheet or teaches anything."""
import difflib
import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Mapping, Optional, Sequence

import yaml

from bot.contacts.refus import Refus
from bot.knowledge import relecture
from bot.knowledge.chemins import RACINE
from bot.texte.normalisation import cle, sans_accents

HORS_SUJET = Path("bot/data/nlu/hors_sujet.yml")
FAQ = Path("knowledge/faq")
# What the page shows of a report of `conseil evaluate`, before and after.
TAUX = (("right_first", "Juste du premier coup"), ("right_offered", "Juste parmi les choix offerts"), ("wrong", "Réponse fausse donnée"),
        ("out_of_scope_refused", "Hors sujet refusé"))


class MesureManquante(Refus):
    code, statut = "MESURE_MANQUANTE", 409
    message = "L'effet de cette proposition n'est pas encore mesuré : demandez la mesure, lisez-la, puis décidez."


class SansCorrectif(Refus):
    code, statut = "CORRECTIF_IMPOSSIBLE", 409
    message = "Ces formulations sont déjà dans les connaissances, ou la fiche a changé de nom : il n'y a rien à corriger. Abandonnez la proposition."


@dataclass(frozen=True)
class Effet:
    """What a proposal does to the frozen sets. `taux`: (name, before, after), from 0 to 1; `perdues` and `gagnees`: lines (text, label) that
    were right and are no longer, and the reverse."""

    n: int
    taux: Sequence[tuple[str, float, float]]
    gagnees: Sequence[tuple[str, str]]
    perdues: Sequence[tuple[str, str]]

    @property
    def nuit(self) -> bool:
        """Whether more is lost than won."""
        return len(self.perdues) > len(self.gagnees)


@dataclass(frozen=True)
class Fiche:
    """A proposal as the page shows it. `etat`: ecrite, demandee, mesuree, gardee."""

    chemin: Path
    contenu: Mapping[str, Any]
    effet: Optional[Effet]
    etat: str

    @property
    def nom(self) -> str:
        return self.chemin.name


# -- reading --------------------------------------------------------------------------------------------------------------------------------


def lister(dossier: Path, caisse: str) -> list[Fiche]:
    """The proposals of a caisse that are still there, newest first."""
    lues = ((dossier / nom, contenu, lire_effet(dossier / nom)) for nom, contenu in relecture.propositions(caisse, dossier))
    return [Fiche(chemin, contenu, effet, _etat(chemin, contenu, effet)) for chemin, contenu, effet in lues]


def _etat(chemin: Path, contenu: Mapping[str, Any], effet: Optional[Effet]) -> str:
    if contenu.get("gardee_le"):
        return "gardee"
    return "mesuree" if effet is not None else "demandee" if demande_de(chemin).exists() else "ecrite"


def mesure_de(chemin: Path) -> Path:
    return chemin.with_suffix(".mesure.json")


def demande_de(chemin: Path) -> Path:
    return chemin.with_suffix(".a_mesurer")


def lire_effet(chemin: Path) -> Optional[Effet]:
    """The measure beside a proposal, None when there is none that can be read."""
    try:
        brut = json.loads(mesure_de(chemin).read_text(encoding="utf-8"))
        return Effet(brut["n"], [(n, float(a), float(b)) for n, a, b in brut["taux"]], [(t, e) for t, e in brut["gagnees"]],
                     [(t, e) for t, e in brut["perdues"]])
    except (OSError, ValueError, KeyError, TypeError):
        return None


def ecrire_effet(chemin: Path, effet: Effet) -> None:
    """Keep a measure beside its proposal."""
    mesure_de(chemin).write_text(json.dumps({"n": effet.n, "taux": list(effet.taux), "gagnees": list(effet.gagnees), "perdues": list(effet.perdues)},
                                         ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


def comparer(avant: Mapping[str, Any], apres: Mapping[str, Any]) -> Effet:
    """The effect, from two reports of `conseil evaluate` on the same lines."""
    fautes = [{(e["text"], e["label"]) for e in rapport["errors"]} for rapport in (avant, apres)]
    return Effet(avant["n"], [(nom, avant[code], apres[code]) for code, nom in TAUX], sorted(fautes[0] - fautes[1]), sorted(fautes[1] - fautes[0]))


# -- what a person decides --------------------------------------------------------------------------------------------------------------------


def garder(chemin: Path, le: Any, par: str) -> None:
    """Write into the proposal that a person kept it, having seen its effect. Raises MesureManquante, OSError."""
    if lire_effet(chemin) is None:
        raise MesureManquante
    texte = chemin.read_text(encoding="utf-8")
    if not yaml.safe_load(texte).get("gardee_le"):
        chemin.write_text(f"{texte}gardee_le: {le.isoformat()}\ngardee_par: {par}\n", encoding="utf-8")


def abandonner(chemin: Path) -> None:
    """Take a proposal away, with its measure. Raises OSError."""
    for fichier in (chemin, mesure_de(chemin), demande_de(chemin)):
        fichier.unlink(missing_ok=True)


# -- the patch --------------------------------------------------------------------------------------------------------------------------------


def changements(contenu: Mapping[str, Any], racine: Path = RACINE) -> dict[Path, tuple[str, str]]:
    """The files that a proposal changes, by their path in the project: (before, after); before is empty for a new file. Raises SansCorrectif."""
    nature, sujet, dits = contenu["nature"], contenu.get("sujet") or "", [str(f) for f in contenu["formulations"]]
    if nature == "nouvelle_fiche":
        return {FAQ / "a_ranger" / f"{cle(sujet).replace(' ', '_')[:40]}.yml": ("", _ebauche(sujet, dits))}
    chemin = HORS_SUJET if nature == "hors_sujet" else FAQ / f"{sujet}.yml"
    if not (racine / chemin).is_file() or (FAQ not in chemin.parents and chemin != HORS_SUJET):
        raise SansCorrectif
    avant = (racine / chemin).read_text(encoding="utf-8")
    connues = {cle(ligne.lstrip(" -")) for ligne in avant.splitlines()}
    neuves = [d for d in dict.fromkeys(dits) if cle(d) and cle(d) not in connues]
    if not neuves:
        raise SansCorrectif
    return {chemin: (avant, _ajouter_hors_sujet(avant, neuves) if nature == "hors_sujet" else _ajouter(avant, neuves))}


def correctif(contenu: Mapping[str, Any], racine: Path = RACINE) -> str:
    """The same as a patch that `git apply` takes. Raises SansCorrectif."""
    lignes: list[str] = []
    for chemin, (avant, apres) in changements(contenu, racine).items():
        de = f"a/{chemin}" if avant else "/dev/null"
        lignes += difflib.unified_diff(avant.splitlines(keepends=True), apres.splitlines(keepends=True), de, f"b/{chemin}")
    return "".join(lignes)


def _en_yaml(texte: str) -> str:
    """One line of a list, quoted only where YAML needs it."""
    return str(yaml.safe_dump(texte, allow_unicode=True, width=10_000)).removesuffix("\n").removesuffix("...").strip()


def _registre(texte: str) -> str:
    """Where people who write like this are listed; the reviewer moves it when it is not."""
    return "correct" if sans_accents(texte) != texte or texte[:1].isupper() else "sans_accents"


def _ajouter(fiche: str, dits: Sequence[str]) -> str:
    """A sheet with formulations at the end of the list of their register; its layout is left alone."""
    lignes = fiche.splitlines()
    for dit in dits:
        titre = f"  {_registre(dit)}:"
        if titre not in lignes:
            titre = next((x for x in lignes[lignes.index("formulations:"):] if re.fullmatch(r"  \w+:", x)), "") if "formulations:" in lignes else ""
        if not titre:
            raise SansCorrectif
        rang = lignes.index(titre) + 1
        while rang < len(lignes) and re.match(r"\s+- ", lignes[rang]):
            rang += 1
        retrait = lignes[rang - 1][:len(lignes[rang - 1]) - len(lignes[rang - 1].lstrip())] if lignes[rang - 1] != titre else "  "
        lignes.insert(rang, f"{retrait}- {_en_yaml(dit)}")
    return "\n".join(lignes) + "\n"


def _ajouter_hors_sujet(fichier: str, dits: Sequence[str]) -> str:
    """Rasa's own list of examples: one block of text, a line each."""
    dernier = next(x for x in reversed(fichier.splitlines()) if x.lstrip().startswith("- "))
    retrait = dernier[:len(dernier) - len(dernier.lstrip())]
    return fichier.rstrip("\n") + "\n" + "".join(f"{retrait}- {d}\n" for d in dits)


def _ebauche(titre: str, dits: Sequence[str]) -> str:
    """A sheet to be written: what is asked is known, the answer is a person's to write, and the check refuses it until then."""
    return ("# Ébauche : à déplacer dans le dossier de son domaine, à écrire et à sourcer ; voir knowledge/LISEZMOI.md.\n"
            f"question: {_en_yaml(titre)}\nreponse: À écrire.\nsources: []\nformulations:\n  correct:\n"
            + "".join(f"  - {_en_yaml(d)}\n" for d in dits))
