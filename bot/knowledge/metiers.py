"""The trade a person says she has, from knowledge/professions.yml: by its name, by the place she keeps, by what she does.

Mentions of other people's trades are left alone (« j'ai payé le plombier », « mon mari est maçon »). Misspellings count only right after
« je suis », « comme »… where nothing else than a trade is likely.
"""
import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Dict, FrozenSet, List, Mapping, Optional, Sequence, Tuple

from bot.knowledge.chemins import KNOWLEDGE
from bot.knowledge.lecture import lire_yaml
from bot.knowledge.propositions import Proposition, d_un_autre, motif, nie, propositions
from bot.texte.normalisation import cle


@dataclass(frozen=True)
class Metier:
    """An entry of professions.yml: key, section (metiers, lieux, actes), and what it says of a person (None = it does not say)."""

    nom: str
    niveau: str
    activite: Optional[str]
    groupe: Optional[str] = None
    caisse: Optional[str] = None


@lru_cache(maxsize=1)
def professions() -> Mapping[str, Metier]:
    """Every form of professions.yml, written as `cle` writes it, and what it means."""
    formes: Dict[str, Metier] = {}
    for niveau, entrees in lire_yaml(KNOWLEDGE / "professions.yml").items():
        for nom, entree in entrees.items():
            metier = Metier(nom, niveau, entree.get("activite"), entree.get("groupe"), entree.get("caisse"))
            formes.update({cle(forme): metier for forme in entree["formes"]})
    return formes


def _singulier(forme: str) -> str:
    return " ".join(m[:-1] if m.endswith("s") and len(m) > 4 else m for m in forme.split())


@lru_cache(maxsize=1)
def _par_singulier() -> Mapping[str, Metier]:
    return {_singulier(forme): metier for forme, metier in reversed(list(professions().items()))}


def _entree(ecrit: str) -> Optional[Metier]:
    return professions().get(ecrit) or _par_singulier().get(_singulier(ecrit))


def _alternative(niveau: str) -> str:
    """All forms of a section as one pattern, longest first, each long word with an optional plural."""
    formes = sorted((f for f, m in professions().items() if m.niveau == niveau), key=len, reverse=True)
    return "|".join(" ".join(re.escape(mot) + ("s?" if len(mot) > 3 and not mot.endswith("s") else "") for mot in f.split()) for f in formes)


@lru_cache(maxsize=3)
def _formes(niveau: str) -> "re.Pattern[str]":
    return re.compile(rf"\b(?:{_alternative(niveau)})\b")


@lru_cache(maxsize=1)
def _gens_de_metier() -> Tuple["re.Pattern[str]", ...]:
    """« ma prof de yoga », « mon boulanger »: someone else, named by a trade."""
    return (re.compile(rf"\b(?:mon|ma|mes|notre|nos|vos|votre) (?:{_alternative('metiers')})\b"),)


def d_autrui(prop: Proposition, debut: int) -> bool:
    """As `propositions.d_un_autre`, knowing also people called by their trade."""
    return d_un_autre(prop, debut, _gens_de_metier())


def _ecartee(prop: Proposition, debut: int) -> bool:
    return d_autrui(prop, debut) or nie(prop, debut)


# --- misspellings ------------------------------------------------------------------------------------------------------------------

def distance(a: str, b: str, maximum: int) -> int:
    """Edits between two words (insertion, deletion, change, swap of neighbours); more than `maximum` is returned as `maximum + 1`."""
    if abs(len(a) - len(b)) > maximum:
        return maximum + 1
    avant2: List[int] = []
    avant = list(range(len(b) + 1))
    for i, x in enumerate(a, 1):
        ligne = [i]
        for j, y in enumerate(b, 1):
            cout = min(avant[j] + 1, ligne[j - 1] + 1, avant[j - 1] + (x != y))
            if i > 1 and j > 1 and x == b[j - 2] and a[i - 2] == y:
                cout = min(cout, avant2[j - 2] + 1)
            ligne.append(cout)
        if min(ligne) > maximum:
            return maximum + 1
        avant2, avant = avant, ligne
    return avant[-1]


def _mots(suite: str) -> FrozenSet[str]:
    return frozenset(suite.split())


# Words that people put after « je suis » and that resemble a trade of the list.
_FAUX_AMIS = _mots(
    "cariste magasinier serveur serveuse vendeur vendeuse gardien gestionnaire caissier caissiere directeur directrice cadre technicien ouvrier "
    "ouvriere retraite salarie artisan artisane content contente perdu malade marie mariee service facture chantier peinture bouger coiffure "
    "couture traitement independant independante entrepreneur commercant commercante inscrit inscrite installe installee enceinte etudiant "
    "etudiante chomeur chomeuse")
_APRES_JE_SUIS = re.compile(r"\b(?:je suis|comme|tant que|devenir|installer comme)(?: (?:un|une|artisan|auto entrepreneur|aussi))* ([a-z]{6,})\b")


@lru_cache(maxsize=512)
def _approcher(mot: str) -> Optional[Metier]:
    """The trade a misspelt word stands for, when one alone is close enough: « coifeuze », « plombié », « estheticiene »."""
    if mot in _FAUX_AMIS or _entree(mot):
        return None
    permis = 1 if len(mot) < 8 else 2
    proches = [(distance(mot, forme, permis), metier) for forme, metier in professions().items()
               if metier.niveau == "metiers" and " " not in forme and len(forme) >= 6 and forme[0] == mot[0]]
    meilleure = min((d for d, _ in proches), default=permis + 1)
    meilleurs = {metier.nom: metier for d, metier in proches if d == meilleure <= permis}
    return next(iter(meilleurs.values())) if len(meilleurs) == 1 else None


# --- by name -----------------------------------------------------------------------------------------------------------------------

# A determiner just before: the plumber, a baker, with my hairdresser; not oneself, unless one of the frames below comes first.
DETERMINANT = re.compile(
    r"(?:^|\s)(?:le|la|l|les|un|une|des|du|de|d|au|aux|mon|ma|mes|notre|nos|votre|vos|son|sa|ses|leur|leurs|ce|cet|cette|ces|chaque|tout|tous|"
    r"toute|toutes|quel|quelle|chez|avec|par|entre|autre|autres|aucun|plusieurs|deux|trois|quelques|bon|premier|seul)"
    r"(?: (?:petite?s?|grande?s?|jeunes?|simples?|vraie?s?|bonne?s?|nouveau|nouvelle|vieux|vieille|anciens?))?\s*$")
# « mon activité de », « ma retraite d' », « métier : »
DE_SOI = motif(
    r"\b(?:mon|ma|mes|notre|nos|une?|l|en) (?:petite? |propre )?(?:activite|entreprise|boite|auto entreprise|metier|travail|job|boulot|profession|"
    r"projet|micro entreprise|statut|affaire|atelier|cotisations?|retraite|salon|auto entrepreneur|couverture|formation|taux|plafond|charges?) "
    r"(?:principale? |actuelle? )?(?:de|d|comme)\s*$",
    r"\b(?:metier|profession|activite)\s*$")
# « je suis aussi », « installée comme », « moi, artisan »
_CADRE_SOI = re.compile(
    r"\b(?:je suis|sommes|on est|suis|etant|comme|tant que|tant qu|qualite de|devenir|redevenir|deviens|moi|mon metier c est|mon metier est|"
    r"exerce|exercer|installee? comme|installer comme|lancer comme|declaree? comme|inscrite? comme|futur|future|auto entrepreneur|artisan|artisane|"
    r"commercant|commercante|bosse comme|travaille comme|metier|profession)"
    r"(?: (?:un|une|l|aussi|deja|actuellement|toujours|egalement|simple|simplement|petite?|jeune|encore|vieux|vieille|desormais|maintenant|bientot|"
    r"independante?|a la fois|moi meme|auto entrepreneur|artisan|artisane|commercant|commercante|maitre|patron|patronne|sous le statut|a domicile|"
    r"depuis \w+ (?:ans?|mois)|en|et|ou))*\s*$")
# « et pour un artisan ? »: the person asks for that case
_POUR_UN = motif(
    r"(?:^|\b(?:et|alors|cas d|valable|pareil|meme chose|combien|taux|plafond|seuil|aussi))\s*pour (?:un|une|les|des)\s*$",
    r"^(?:et )?(?:quand on est|si on est|si t es|si j etais)(?: un| une)?\s*$")
_COMPARE = re.compile(r"\b(?:meme|difference|entre)\b")
# What may stand before a bare trade in a message of key words: « auto entrepreneur électricien 1000 euros »
_MOTS_CLES_AVANT = re.compile(r"\b(?:auto entrepreneur|artisan|depuis|euros?|e|ans|bonjour|salut|slt|bjr|alors|voila)\s*$")
# Trades that people name without having them: « médecin traitant », « notaire », « aide à domicile pour mon père ».
_SOUVENT_D_AUTRUI = _mots(
    "medecin dentiste infirmier kine sage_femme avocat notaire expert_comptable veterinaire pharmacien comptable agent_assurance orthophoniste "
    "podologue psychologue opticien mediateur expert arbitre aide_domicile garde_enfants femme_de_menage")
# « secrétaire dans une école »: a job, not a business of her own.
_SALARIE_APRES = re.compile(
    r"^(?: \w+){0,2} (?:dans (?:un|une|l|le|la) (?:petite? |grande? )?(?:ecole|entreprise|salon|usine|magasin|hopital|boulangerie|restaurant|boite|"
    r"societe|clinique|cabinet|banque|mairie|administration|garage|college|lycee|supermarche|agence|association|creche)|"
    r"chez (?!moi|les|des|mes|mon|ma|l|nous|particuliers)\w+|en (?:cdi|cdd|interim)|salariee?|a l hopital|a la (?:mairie|clinique|poste))\b")


_COORDONNE = re.compile(r" (?:et|ou|ainsi que) (?:aussi )?(?:un |une )?")  # « maçon et photographe »


def pour_un(avant: str) -> bool:
    """Whether the words before ask for a case: « et pour un » (artisan ?); a comparison asks for none."""
    return bool(_POUR_UN.search(avant)) and not _COMPARE.search(avant)


def _dit_de_soi(metier: Metier, avant: str) -> bool:
    """Whether the words before a trade make it the person's own."""
    if _CADRE_SOI.search(avant) or DE_SOI.search(avant) or pour_un(avant):
        return True
    if metier.nom in _SOUVENT_D_AUTRUI or DETERMINANT.search(avant):
        return False
    return not avant or bool(_MOTS_CLES_AVANT.search(avant))


def par_metier(prop: Proposition) -> List[Metier]:
    """Trades that the clause says of the person, in order."""
    trouves: List[Metier] = []
    fin = 0  # of the last trade kept
    for m in _formes("metiers").finditer(prop.mots):
        metier = _entree(m[0])
        if not metier or _ecartee(prop, m.start()) or _SALARIE_APRES.match(prop.mots[m.end():]):
            continue
        if (trouves and _COORDONNE.fullmatch(prop.mots[fin:m.start()])) or _dit_de_soi(metier, prop.mots[:m.start()]):
            trouves.append(metier)
            fin = m.end()
    if trouves:
        return trouves
    approches = [(m, _approcher(m[1])) for m in _APRES_JE_SUIS.finditer(prop.mots)]
    return [metier for m, metier in approches if metier and not _ecartee(prop, m.start(1))]


# --- by place, by deed ----------------------------------------------------------------------------------------------------------------

_JE_TIENS = re.compile(
    r"\b(?:je tiens|tiens|tenons|tenir|j ai|nous avons|on a|possede|ouvert|ouvre|ouvrir|ouvrons|gere|gerer|exploite|exploiter|reprends|reprendre|"
    r"repris|monte|monter|cree|creer|lance|lancer|acheter|achete|gerante? d|patronne? d|mon|ma|mes|notre|nos|dans mon|dans ma|pour mon|pour ma)"
    r"(?: (?:un|une|le|la|mon|ma|notre|des|petite?|grande?|nouveau|nouvelle|propre|jolie?|vieux|futur|future|deux|dans|d|de|bientot|enfin))*\s*$")
# What people « sell » without selling goods; and what is sold besides a trade is not the trade.
_PAS_UNE_MARCHANDISE = re.compile(
    r"^ (?:(?:des|mes|du|de|la|le|l|mon|ma|une?) )?(?:\w+ )?(?:sites?|services?|prestations?|cours|heures|conseils?|formations?|temps|fonds?|eirl|"
    r"entreprise|affaire|maison|appartement|vehicule|voiture|camion|local|locaux|part|parts)\b")
_EN_PLUS = re.compile(r"\b(?:en plus|aussi|ajouter|a cote)\b")


def par_lieu(prop: Proposition) -> List[Metier]:
    """Places that the clause says the person keeps: « je tiens un bar », « ma boutique »."""
    trouves = [(m, _entree(m[0])) for m in _formes("lieux").finditer(prop.mots)]
    return [lieu for m, lieu in trouves if lieu and _JE_TIENS.search(prop.mots[:m.start()]) and not _ecartee(prop, m.start())]


def par_acte(prop: Proposition) -> List[Metier]:
    """What the clause says the person does: « je vends des bijoux », « je donne des cours »."""
    trouves: List[Metier] = []
    for m in _formes("actes").finditer(prop.mots):
        if "vend" in m[0] and (_PAS_UNE_MARCHANDISE.match(prop.mots[m.end():]) or _EN_PLUS.search(prop.mots)):
            continue
        if m[0].startswith("prestataire") and DETERMINANT.search(prop.mots[:m.start()]) and not pour_un(prop.mots[:m.start()]):
            continue
        sujet = m.start() + (len("je") if m[0].startswith("je ") else 0)
        acte = _entree(m[0])
        if acte and not d_autrui(prop, sujet) and not nie(prop, m.start()):
            trouves.append(acte)
    return trouves


def metiers_dits(props: Sequence[Proposition]) -> List[Metier]:
    """What the person does, said most directly: by her trade, else by her place, else by what she does."""
    for lire in (par_metier, par_lieu, par_acte):
        trouves = [metier for prop in props for metier in lire(prop)]
        if trouves:
            return trouves
    return []


def metier_dit(texte: str) -> Optional[Metier]:
    """The trade, place or deed that a sentence says of the person; None when there is none or several that differ."""
    trouves = {metier.nom: metier for metier in metiers_dits(propositions(texte))}
    return next(iter(trouves.values())) if len(trouves) == 1 else None
