"""`conseil check`: the knowledge base (bot.knowledge.verification), then what holds it together with the engine: domain, rules, examples, config.

What Rasa would only warn of, or say after a minute of training, is refused here in a second, with the file and what to do.
"""
import argparse
import ast
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Iterable, Iterator, Mapping, Optional
from urllib.parse import urlsplit

from bot.campagnes.annee import verifier as verifier_campagnes
from bot.cli.commun import afficher_json, dire, refuser
from bot.enquete.questionnaire import verifier as verifier_questionnaires
from bot.knowledge.baremes import lire_baremes
from bot.knowledge.catalogue import CONTINUER, Catalogue
from bot.knowledge.fiches import lire_fiches
from bot.knowledge.lecture import ErreurConnaissance, lire_yaml
from bot.knowledge.verification import Defaut, verifier
from bot.knowledge.voisinage import Formulation, identiques, proches
from bot.reglages import RACINE
from bot.texte.normalisation import cle
from bot.texte.typographie import nombre as ecrire_nombre
from bot.texte.typographie import quantite

AIDE = "vérifie les fiches, les barèmes, les règles de dialogue et la configuration du moteur"
EXEMPLES_MIN = 10
# Understood by Rasa itself or by our decision component; no example, one rule.
INTENTIONS_INTERNES = ("nlu_fallback",)
_VARIABLE_CITEE = re.compile(r"""["'][^"'\n]*\$\{\w+\}[^"'\n]*["']""")


def declarer(analyseur: argparse.ArgumentParser) -> None:
    analyseur.add_argument("fiches", nargs="*", type=Path, metavar="FICHE", help="seulement ces fiches (knowledge/faq/…/….yml)")
    analyseur.add_argument("--formulations", action="store_true", help="montre les formulations de sujets différents qui se ressemblent le plus")
    analyseur.add_argument("--nombre", type=int, default=40, metavar="N", help="combien de paires montrer avec --formulations (40 par défaut)")
    analyseur.add_argument("--json", action="store_true", help="écrit les défauts, ou les paires, en JSON")


def executer(options: argparse.Namespace) -> int:
    if options.formulations:
        return comparer_formulations(options.nombre, options.json)
    if options.fiches:
        defauts, resume = verifier(seulement=[f"{c.parent.name}/{c.stem}" for c in options.fiches]), f"{len(options.fiches)} fiche(s) relue(s)."
    else:
        defauts, resume = tout_verifier()
    if options.json:
        afficher_json([{"code": d.code, "ou": d.ou, "message": d.message} for d in defauts])
    else:
        montrer(defauts, resume)
    return 1 if defauts else 0


def comparer_formulations(nombre: int, en_json: bool, racine: Path = RACINE) -> int:
    """The pairs to settle: sentences that stand under two labels first, which is an error, then the closest."""
    if nombre < 0:
        refuser("NOMBRE_IMPOSSIBLE", "le nombre de paires à montrer est un nombre positif.")
    formulations = [Formulation(fiche.sujet, f) for fiche in lire_fiches(racine / "knowledge").values()
                    for f in [*fiche.toutes_formulations, fiche.question]]
    formulations += [Formulation(i, e) for i, exemples in Dialogue.lire(racine).exemples.items() for e in exemples]
    memes, voisines = identiques(formulations), proches(formulations, nombre)
    if en_json:
        afficher_json([{"similarite": p.similarite, "identiques": p in memes,
                        "formulations": [{"etiquette": f.etiquette, "texte": f.texte} for f in (p.une, p.autre)]} for p in [*memes, *voisines]])
        return 1 if memes else 0
    for titre, paires in (("Les mêmes mots sous deux étiquettes, à corriger :", memes), ("Les plus proches, à relire :", voisines)):
        if paires:
            dire(titre)
        for p in paires:
            dire(f"  {ecrire_nombre(p.similarite, 2)}  {p.une.texte}   [{p.une.etiquette}]\n        {p.autre.texte}   [{p.autre.etiquette}]")
    fin = f"{quantite(len(memes), 'doublon')} à corriger." if memes else "aucun doublon."
    dire(f"{ecrire_nombre(len(formulations))} formulations comparées ; {fin}")
    return 1 if memes else 0


def montrer(defauts: list[Defaut], resume: str) -> None:
    """Faults by place, then what was read and how it stands."""
    par_lieu: dict[str, list[Defaut]] = {}
    for defaut in defauts:
        par_lieu.setdefault(defaut.ou, []).append(defaut)
    for lieu, siens in par_lieu.items():
        dire(lieu)
        for defaut in siens:
            dire(f"  [{defaut.code}] {defaut.message}")
    if resume:
        dire(resume)
    dire("Aucun défaut." if not defauts else f"{len(defauts)} défaut{'s' if len(defauts) > 1 else ''} à corriger.")


def tout_verifier(racine: Path = RACINE) -> tuple[list[Defaut], str]:
    """All faults of a tree, and a sentence on what was read. Files that cannot be read are faults too."""
    connaissances = racine / "knowledge"
    defauts = verifier(connaissances)
    try:
        dialogue, catalogue = Dialogue.lire(racine), Catalogue(connaissances / "catalogue.yml")
        # Sheets that cannot be read have been reported above, one by one.
        fiches = lire_fiches(connaissances) if not defauts else {}
        formulations = {cle(f): fiche.sujet for fiche in fiches.values() for f in [*fiche.toutes_formulations, fiche.question]}
        defauts += [*verifier_intentions(dialogue, catalogue), *verifier_regles(dialogue), *verifier_exemples(dialogue, formulations),
                    *verifier_actions(dialogue, racine), *verifier_config(racine), *verifier_campagnes(connaissances),
                    *verifier_questionnaires(connaissances / "questionnaires")]
        if defauts:
            return defauts, ""
        baremes = lire_baremes(connaissances / "baremes")
        return [], (f"{len(fiches)} fiches, {len(formulations)} formulations, {len(baremes)} barèmes ; {len(dialogue.intentions)} intentions de "
                    f"dialogue, {len(dialogue.regles)} règles, {len(dialogue.reponses)} réponses.")
    except ErreurConnaissance as e:
        return [*defauts, Defaut(e.code, "dialogue", str(e))], ""


# -- what the dialogue files say ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Dialogue:
    """domain.yml and bot/data/ as plain values. `regles`: (name, intent that starts it, actions); `exemples`: by intent."""

    intentions: tuple[str, ...]
    actions: tuple[str, ...]
    reponses: tuple[str, ...]
    regles: tuple[tuple[str, Optional[str], tuple[str, ...]], ...]
    exemples: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @classmethod
    def lire(cls, racine: Path) -> "Dialogue":
        domaine = lire_yaml(racine / "domain.yml") or {}
        exemples: dict[str, tuple[str, ...]] = {}
        for chemin in sorted((racine / "bot" / "data" / "nlu").glob("*.yml")):
            for bloc in (lire_yaml(chemin) or {}).get("nlu", []):
                lignes = (ligne.strip() for ligne in bloc["examples"].splitlines())
                exemples[bloc["intent"]] = exemples.get(bloc["intent"], ()) + tuple(li[2:].strip() for li in lignes if li.startswith("- "))
        return cls(tuple(next(iter(i)) if isinstance(i, dict) else i for i in domaine.get("intents", [])), tuple(domaine.get("actions", [])),
                   tuple(domaine.get("responses", {})), tuple(_regles(racine)), exemples)


def _regles(racine: Path) -> Iterator[tuple[str, Optional[str], tuple[str, ...]]]:
    for chemin in sorted((racine / "bot" / "data" / "rules").glob("*.yml")):
        for regle in (lire_yaml(chemin) or {}).get("rules", []):
            etapes: list[dict[str, Any]] = regle["steps"]
            yield regle["rule"], next((e["intent"] for e in etapes if "intent" in e), None), tuple(e["action"] for e in etapes if "action" in e)


# -- checks ------------------------------------------------------------------------------------------------------------------------------


def verifier_intentions(dialogue: Dialogue, catalogue: Catalogue) -> Iterable[Defaut]:
    """Every label of the catalogue that is not a topic is an intent of the domain, and the reverse; each starts a rule."""
    attendues = catalogue.flux | catalogue.conversation | {CONTINUER}
    for etiquette in sorted(attendues - set(dialogue.intentions)):
        yield Defaut("ETIQUETTE_SANS_INTENTION", "domain.yml", f"« {etiquette} » est au catalogue : ajoutez-la sous « intents ».")
    for intention in sorted(set(dialogue.intentions) - attendues):
        yield Defaut("INTENTION_HORS_CATALOGUE", "domain.yml", f"« {intention} » n'est pas dans knowledge/catalogue.yml.")
    ouvertes = {intention for _, intention, _ in dialogue.regles}
    for intention in (*dialogue.intentions, *INTENTIONS_INTERNES):
        if intention not in ouvertes:
            yield Defaut("INTENTION_SANS_REGLE", "bot/data/rules", f"aucune règle ne part de « {intention} » : elle resterait sans réponse.")


def verifier_regles(dialogue: Dialogue) -> Iterable[Defaut]:
    """What a rule does exists; a rule starts from an intent that exists."""
    for nom, intention, actions in dialogue.regles:
        if intention is not None and intention not in (*dialogue.intentions, *INTENTIONS_INTERNES):
            yield Defaut("REGLE_INTENTION_INCONNUE", f"règle « {nom} »", f"l'intention « {intention} » n'est pas dans domain.yml.")
        for action in actions:
            if action.startswith("utter_") and action not in dialogue.reponses:
                yield Defaut("REPONSE_ABSENTE", f"règle « {nom} »", f"la réponse « {action} » n'est pas dans domain.yml.")
            elif action.startswith("action_") and action not in dialogue.actions:
                yield Defaut("ACTION_ABSENTE", f"règle « {nom} »", f"l'action « {action} » n'est pas dans domain.yml.")


def verifier_exemples(dialogue: Dialogue, formulations: Mapping[str, str]) -> Iterable[Defaut]:
    """Enough examples for each intent, none in two places. `formulations`: those of the sheets, as `cle` writes them."""
    chez = dict(formulations)
    for intention in (i for i in dialogue.intentions if i != CONTINUER):
        nombre = len(dialogue.exemples.get(intention, ()))
        if nombre < EXEMPLES_MIN:
            yield Defaut("EXEMPLES_RARES", f"intention « {intention} »",
                         f"{nombre} exemple(s) dans bot/data/nlu ; il en faut au moins {EXEMPLES_MIN}.")
    for intention, exemples in dialogue.exemples.items():
        if intention not in dialogue.intentions:
            yield Defaut("EXEMPLES_PERDUS", "bot/data/nlu", f"« {intention} » a des exemples mais n'est pas dans domain.yml.")
        for exemple in exemples:
            autre = chez.setdefault(cle(exemple) or exemple, intention)  # an emoji or another script leaves no letters
            if autre != intention:
                yield Defaut("FORMULATION_PARTAGEE", f"intention « {intention} »", f"« {exemple} » est aussi dans « {autre} ».")


def verifier_actions(dialogue: Dialogue, racine: Path) -> Iterable[Defaut]:
    """Actions of the domain have code, code has its action in the domain, and every response is said by someone."""
    from bot.actions.serveur import ACTIONS

    ecrites = {action.nom for action in ACTIONS}
    for action in sorted(set(dialogue.actions) - ecrites):
        yield Defaut("ACTION_SANS_CODE", "domain.yml", f"« {action} » n'est pas écrite dans bot/actions.")
    for action in sorted(ecrites - set(dialogue.actions)):
        yield Defaut("ACTION_NON_DECLAREE", "domain.yml", f"« {action} » est écrite mais absente de « actions ».")
    dites = {a for _, _, actions in dialogue.regles for a in actions}
    code = "".join(c.read_text(encoding="utf-8") for c in sorted((racine / "bot" / "actions").glob("*.py")))
    for reponse in dialogue.reponses:
        if reponse not in dites and reponse not in code:
            yield Defaut("REPONSE_INUTILE", "domain.yml", f"« {reponse} » n'est dite par aucune règle : une faute de frappe ?")


def verifier_config(racine: Path) -> Iterable[Defaut]:
    """Our components exist where config.yml says; the engine talks to this machine only, and its variables will be expanded."""
    config = lire_yaml(racine / "config.yml")
    importateurs = [i["name"] for i in config.get("importers") or []]
    if len(importateurs) != 1:
        yield Defaut("IMPORTATEUR", "config.yml", "il faut un importateur et un seul : avec deux, Rasa devine.")
    for genre, noms in (("importers", importateurs), ("pipeline", [c["name"] for c in config["pipeline"]])):
        for nom in noms:
            if nom.startswith("bot.") and not _classe_existe(racine, nom):
                yield Defaut("COMPOSANT_INCONNU", "config.yml", f"« {nom} » ({genre}) n'existe pas : Rasa l'ignorerait, ou s'arrêterait.")
    for fichier in ("endpoints.yml", "credentials.yml"):
        for citation in _VARIABLE_CITEE.findall((racine / fichier).read_text(encoding="utf-8")):
            yield Defaut("VARIABLE_CITEE", fichier, f"{citation} : Rasa ne remplace une variable que hors des guillemets.")
    acces = lire_yaml(racine / "endpoints.yml") or {}
    if "models" in acces or "model" in acces:
        yield Defaut("MODELE_DISTANT", "endpoints.yml", "un modèle ne vient que de models/ : charger un modèle, c'est exécuter du code.")
    for nom, valeurs in acces.items():
        adresse = (valeurs or {}).get("url")
        if adresse and urlsplit(re.sub(r"\$\{\w+\}", "0", adresse)).hostname not in ("127.0.0.1", "localhost", "::1"):
            yield Defaut("ADRESSE_EXTERIEURE", "endpoints.yml", f"{nom} parle à {adresse} : le moteur ne parle qu'à cette machine.")


def _classe_existe(racine: Path, chemin: str) -> bool:
    """Whether « a.b.Classe » is a class of a/b.py, without importing it: those modules only run in the engine's Python."""
    module, _, classe = chemin.rpartition(".")
    fichier = racine / (module.replace(".", "/") + ".py")
    if not fichier.exists():
        return False
    return any(isinstance(n, ast.ClassDef) and n.name == classe for n in ast.parse(fichier.read_text(encoding="utf-8")).body)
