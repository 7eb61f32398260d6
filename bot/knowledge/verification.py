"""`conseil check`, the part on knowledge: refuses what would make an answer wrong, unsourced, or the assistant confused.

Each fault has a stable code, a place and a sentence that says what to do.
"""
import re
import sys
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Dict, Iterable, List, Optional, Sequence

from bot.knowledge.baremes import Bareme, lire_baremes
from bot.knowledge.catalogue import Catalogue
from bot.knowledge.chemins import KNOWLEDGE
from bot.knowledge.fiches import REGISTRES, Fiche, lire_fiche
from bot.knowledge.lecture import ErreurConnaissance, lire_yaml
from bot.knowledge.rendu import PLACE, remplir
from bot.texte.normalisation import cle

MOTS_MIN, MOTS_MAX, MOTS_MIN_VARIANTE = 40, 120, 20
# An amount or a rate typed by hand; a barème would have been cited between braces instead.
_CHIFFRE_TAPE = re.compile(r"\d[\d\s.,]*\s?(?:€|euros?\b|%|pour cent\b)")


@dataclass(frozen=True)
class Defaut:
    """One thing to put right: stable code, where, what to do."""

    code: str
    ou: str
    message: str

    def __str__(self) -> str:
        return f"[{self.code}] {self.ou} : {self.message}"


def _mots(texte: str) -> int:
    return len(re.findall(r"[\w’'-]*\w", re.sub(r"(?<=\d)[\s\u202f](?=\d)", "", texte)))


def verifier_textes(fiche: Fiche, valeurs: Dict[str, Bareme]) -> Iterable[Defaut]:
    """Length, hand-typed figures and unknown barèmes in the answers of a sheet."""
    for rang, texte in enumerate(fiche.textes()):
        ou = fiche.sujet if rang == 0 else f"{fiche.sujet}, variante {rang}"
        inconnus = [nom for nom in PLACE.findall(texte) if nom not in valeurs]
        for nom in inconnus:
            yield Defaut("BAREME_INCONNU", ou, f"le barème « {nom} » n'existe pas dans knowledge/baremes/.")
        for tape in _CHIFFRE_TAPE.findall(texte):
            yield Defaut("CHIFFRE_TAPE", ou, f"« {tape.strip()} » est tapé à la main ; citez un barème entre accolades.")
        if inconnus:
            continue
        for jour in fiche.validite:
            try:
                rendu = remplir(texte, jour, valeurs)
            except ErreurConnaissance as e:
                yield Defaut("BAREME_NON_VALABLE", ou, str(e))
                break
        else:
            minimum = MOTS_MIN if rang == 0 else MOTS_MIN_VARIANTE
            if not minimum <= _mots(rendu) <= MOTS_MAX:
                yield Defaut("LONGUEUR", ou, f"{_mots(rendu)} mots ; il en faut de {minimum} à {MOTS_MAX}.")


def _compact(montant: str) -> str:
    """« 81 500 euros » and « 81 500 € » alike."""
    return re.sub(r"euros?", "€", re.sub(r"\s", "", montant)).replace("pourcent", "%")


def verifier_depuis(fiche: Fiche, valeurs: Dict[str, Bareme]) -> Iterable[Defaut]:
    """The closing line may speak of later years, but not repeat by hand a figure that a barème holds for the sheet's own period."""
    if not fiche.depuis:
        return
    tapes = {_compact(t) for t in _CHIFFRE_TAPE.findall(fiche.depuis)}
    for nom, bareme in valeurs.items():
        try:
            ecrit = bareme.ecrire(fiche.validite[0])
        except ErreurConnaissance:
            continue
        if _compact(ecrit) in tapes:
            yield Defaut("CHIFFRE_TAPE", f"{fiche.sujet}, depuis", f"« {ecrit} » est le barème « {nom} ».")


def verifier_formulations(fiche: Fiche) -> Iterable[Defaut]:
    """Enough real formulations in each register, none twice within the sheet."""
    for registre, minimum in REGISTRES.items():
        nombre = len(fiche.formulations[registre])
        if nombre < minimum:
            yield Defaut("REGISTRE_PAUVRE", fiche.sujet, f"{nombre} formulation(s) « {registre} » ; il en faut au moins {minimum}.")
    vues: Dict[str, str] = {}
    for formulation in fiche.toutes_formulations:
        if vues.setdefault(cle(formulation), formulation) is not formulation:
            yield Defaut("FORMULATION_REPETEE", fiche.sujet, f"« {formulation} » est écrite deux fois.")


def verifier_liens(fiche: Fiche, sujets: Iterable[str]) -> Iterable[Defaut]:
    """Two to four topics to see also, all of them alive."""
    if not 2 <= len(set(fiche.voir_aussi)) <= 4 or fiche.sujet in fiche.voir_aussi:
        yield Defaut("VOIR_AUSSI", fiche.sujet, "il faut de deux à quatre autres sujets dans « voir_aussi ».")
    for lien in fiche.voir_aussi:
        if lien not in sujets:
            yield Defaut("LIEN_MORT", fiche.sujet, f"« voir_aussi » cite « {lien} », qui n'a pas de fiche.")


def verifier_ensemble(fiches: Dict[str, Fiche], catalogue: Catalogue) -> Iterable[Defaut]:
    """What no sheet can see alone: the same formulation in two sheets, a topic of the catalogue without a sheet, a sheet without a topic."""
    chez: Dict[str, str] = {}
    for fiche in fiches.values():
        for formulation in {cle(f): f for f in [*fiche.toutes_formulations, fiche.question]}.values():
            autre = chez.setdefault(cle(formulation), fiche.sujet)
            if autre != fiche.sujet:
                yield Defaut("FORMULATION_PARTAGEE", fiche.sujet, f"« {formulation} » est aussi dans {autre}.")
    for sujet in catalogue.sujets:
        if sujet not in fiches:
            yield Defaut("SUJET_SANS_FICHE", sujet, f"écrivez knowledge/faq/{sujet}.yml (modèle : knowledge/LISEZMOI.md).")
    for sujet in fiches:
        if sujet not in catalogue.sujets:
            yield Defaut("FICHE_HORS_CATALOGUE", sujet, "ajoutez le sujet à knowledge/catalogue.yml.")


def verifier(dossier: Path = KNOWLEDGE, seulement: Optional[Sequence[str]] = None) -> List[Defaut]:
    """All faults of a knowledge base; `seulement` keeps to some topics (and skips the checks on the whole)."""
    defauts: List[Defaut] = []
    try:
        valeurs = lire_baremes(dossier / "baremes")
        textes = lire_yaml(dossier / "textes.yml")
        catalogue = Catalogue(dossier / "catalogue.yml")
    except ErreurConnaissance as e:
        return [Defaut(e.code, str(dossier.name), str(e))]
    for bareme in valeurs.values():
        for valeur in bareme.valeurs:
            code = valeur.source.split(" ", 1)[0]
            if code.islower() and code not in textes:
                defauts.append(Defaut("SOURCE_INCONNUE", f"barème {bareme.nom}", f"« {valeur.source} » : clé absente de textes.yml."))
    fiches: Dict[str, Fiche] = {}
    for chemin in sorted((dossier / "faq").glob("*/*.yml")):
        sujet = f"{chemin.parent.name}/{chemin.stem}"
        if seulement is not None and sujet not in seulement:
            continue
        try:
            fiches[sujet] = lire_fiche(chemin, sujet, textes)
        except ErreurConnaissance as e:
            defauts.append(Defaut(e.code, sujet, str(e)))
    connus = catalogue.sujets if seulement is not None else fiches
    for fiche in fiches.values():
        defauts += [*verifier_textes(fiche, valeurs), *verifier_depuis(fiche, valeurs), *verifier_formulations(fiche),
                    *verifier_liens(fiche, connus)]
        if fiche.verifie_le < fiche.validite[0] - timedelta(days=366):
            defauts.append(Defaut("VERIFICATION_ANCIENNE", fiche.sujet, "vérifiée bien avant sa période de validité ; relisez-la."))
    if seulement is None:
        defauts += verifier_ensemble(fiches, catalogue)
    return defauts


if __name__ == "__main__":
    chemins = [Path(a) for a in sys.argv[1:]]
    trouves = verifier(seulement=[f"{c.parent.name}/{c.stem}" for c in chemins] or None)
    print("\n".join(map(str, trouves)) or "Aucun défaut.")
    sys.exit(1 if trouves else 0)
