"""What a person says of herself in a sentence: activity, situation, group, status (traits of fiches.PROFIL). Nothing is guessed of others.

Works on short clauses, because « mon mari est plombier et je suis coiffeuse » speaks of two people. Trades come from
knowledge/professions.yml, SMS spellings from knowledge/lexique.yml. Silence is better than a wrong trait: it would choose a wrong answer.
"""
import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Dict, FrozenSet, List, Mapping, Optional, Sequence, Tuple

from bot.knowledge.chemins import KNOWLEDGE
from bot.knowledge.fiches import PROFIL
from bot.knowledge.lecture import lire_yaml
from bot.texte.normalisation import cle, nettoyer

def _mots(suite: str) -> FrozenSet[str]:
    return frozenset(suite.split())


@dataclass(frozen=True)
class Metier:
    """An entry of professions.yml: its key, where it was listed, and what it says of a person (None = it does not say)."""

    nom: str
    niveau: str
    activite: Optional[str]
    groupe: Optional[str] = None
    caisse: Optional[str] = None


@lru_cache(maxsize=1)
def professions() -> Mapping[str, Metier]:
    """Every form of professions.yml, written as `cle` writes it, and what it means; singular forms only."""
    formes: Dict[str, Metier] = {}
    for niveau, entrees in lire_yaml(KNOWLEDGE / "professions.yml").items():
        for nom, entree in entrees.items():
            metier = Metier(nom, niveau, entree.get("activite"), entree.get("groupe"), entree.get("caisse"))
            for forme in entree["formes"]:
                formes[cle(forme)] = metier
    return formes


def _alternative(niveau: str) -> str:
    """All forms of a level as one pattern, longest first, each word with an optional plural."""
    formes = sorted((f for f, m in professions().items() if m.niveau == niveau), key=len, reverse=True)
    return "|".join(" ".join(re.escape(mot) + ("s?" if len(mot) > 3 and not mot.endswith("s") else "") for mot in f.split()) for f in formes)


@lru_cache(maxsize=1)
def _lexique() -> Mapping[str, str]:
    """SMS spellings with their accents kept: « jé » is « j'ai », « je » is not."""
    return {str(court).lower(): str(long) for court, long in (lire_yaml(KNOWLEDGE / "lexique.yml") or {}).items()}


# --- reading a text as short clauses -----------------------------------------------------------------------------------------

_REECRITURES = tuple((re.compile(motif), par) for motif, par in (
    (r"\bj j ai\b|\bjai\b|\bg(?= (?:ete|un|une|mon|ma|ouvert|cree|monte|le|la|\d))", "j ai"),
    (r"\b(?:j ?suis?|chuis?|chu|je sui|je suit|jui|jsuie|je suie|sui(?= auto| artisan| au | a la | en | re))\b", "je suis"),
    (r"\b(?:je fait|je fai|j ?fais?|j ?fait|j ?fe|je fe)\b", "je fais"),
    (r"\b(?:j ?vends?|je vent)\b", "je vends"),
    (r"\b(?:j ?revends?)\b", "je revends"),
    (r"\b(?:j ?tiens?|je tien)\b", "je tiens"),
    (r"\b(?:j ?donnes?)\b", "je donne"),
    (r"\b(?:j ?bosses?|je boss)\b", "je bosse"),
    (r"\bauto ?ent\w*?prises?\b", "auto entreprise"),
    (r"\b(?:auto ?(?:ent\w+|enterpr\w+)|autoentr\w+|ae|micro ?entrepr?ene\w+|micro ?entrepreneur\w*)\b(?! entrepr)", "auto entrepreneur"),
    (r"\bauto entrepreneur (?:entreprise|entrepreneur)\b", "auto entrepreneur"),
    (r"\b(?:chomag\w*|chaumage|chomaje)\b", "chomage"),
    (r"\b(?:pole emplo\w*|pol emploi|paul emploi|anpe|france travail)\b", "pole emploi"),
    (r"\bcomerc?ant", "commercant"), (r"\bcommersant", "commercant"), (r"\bartizan", "artisan"),
    (r"\bsalari(?:er?|ez|ers)\b", "salarie"),
    (r"\bretrai(?:ter|tez)\b", "retraite"),
))
_COUPES = re.compile(
    r"[.;:!?()\n]+|,|\s-\s|\b(?:mais|alors que|tandis que|car|donc|puis|pendant que|parce que|sauf que)\b|"
    r"\bet\b(?=\s+(?:je|j'|moi|il|elle|on|nous|lui|que|si|pour|c'est|combien|est|qui|jsuis?|chui|jsui|j)\b)|\bqui\b(?=\s)|\bquand\b|\blorsqu")
_QUI = re.compile(r"\bqui\s*$")


@dataclass(frozen=True)
class _Proposition:
    """One clause: normalised words, the text with its accents (é tells « retraité » from « retraite »), and what stood before it."""

    mots: str
    brut: str
    avant: str


def _propositions(texte: str) -> List[_Proposition]:
    brut = nettoyer(texte).lower()
    coupes, avant, debut = [], "", 0
    for m in [*_COUPES.finditer(brut), None]:
        morceau = brut[debut:m.start() if m else len(brut)]
        mots = cle(" ".join(_lexique().get(mot, mot) for mot in re.findall(r"\w+", morceau)))
        for motif, par in _REECRITURES:
            mots = motif.sub(par, mots)
        if mots:
            coupes.append(_Proposition(mots, " ".join(re.findall(r"[\w']+", morceau)), avant))
            avant = mots
        if m:
            debut = m.end()
            if m[0].strip() in ("qui", "quand", "lorsqu"):
                avant = f"{avant} {m[0].strip()}"
    return coupes


# --- who is meant, and is it denied --------------------------------------------------------------------------------------------

_PROCHE = (r"(?:mari|femme|epou(?:x|se)|conjointe?|compagn(?:on|e)|copain|copine|concubine?|fils|fille|frere|soeur|pere|mere|papa|maman|parents?|"
           r"beaux? \w+|belles? \w+|oncle|tante|cousine?|neveu|niece|amie?s?|pote|voisine?|collegues?|associee?s?|patronne?|clientes?|clients?|"
           r"comptable|expert comptable|conseiller\w*|employee?s?|salarie[es]*|apprentie?s?|locataire|enfants?|gendre|bru|ex|grand \w+|famille|"
           r"employeur|"
           r"banquier|avocat|notaire|medecin|fournisseur|grossiste)")
_AUTRE = re.compile(rf"\b(?:mon|ma|mes|notre|nos|son|sa|ses|leur|un|une|le|la|des|les|cet|cette|vieil|l|d|de|chez)(?: (?:ancienne?|futur|future|"
                    rf"jeune|vieille?|meilleure?|petite?|grande?))? {_PROCHE}\b")
_TIERS = re.compile(r"\b(?:il|elle|ils|elles|lui)\b(?! (?:y a|faut|faudra|est possible|parait|me faut|me reste|m))")
_SOI = re.compile(r"\b(?:je|j|moi|nous|m|me)\b")
_NEGATION = re.compile(r"\b(?:pas|ni|jamais|non|sans|aucune?|nullement|point)\b(?! (?:seulement|que|qu|uniquement|encore mal))")
_PLUS = re.compile(r"\b(?:ne|n)\b.*\bplus\b|\bsuis (?:plus|plu)\b")
_PASSE = re.compile(r"\b(?:etais|etait|j ai ete|ai ete|fus|ancien|ancienne|ex|autrefois|jadis|avant d etre|apres avoir ete|ans comme|ans de|"
                    r"annees comme|passe comme|carriere de|"
                    r"longtemps|ete pendant)\b")
_DETERMINANT = re.compile(r"(?:^|\s)(?:le|la|l|les|un|une|des|du|de|d|au|aux|mon|ma|mes|notre|nos|votre|vos|son|sa|ses|leur|leurs|ce|cet|cette|"
                          r"ces|chaque|tout|tous|toute|"
                          r"toutes|quel|quelle|chez|avec|par|entre|autre|autres|aucun|plusieurs|deux|trois|quelques|bon|premier|seul)\s*$")
_DE_SOI = re.compile(r"\b(?:mon|ma|mes|notre|nos|une?|l|en) (?:petite? |propre )?(?:activite|entreprise|boite|auto entreprise|metier|travail|job|"
                     r"boulot|profession|projet|micro entreprise|"
                     r"statut|affaire|atelier|cotisations?|retraite|salon|auto entrepreneur|couverture|formation|taux|plafond|"
                     r"charges?) (?:principale? |actuelle? )?(?:de|d|comme)\s*$|"
                     r"\b(?:metier|profession|activite)\s*$")
_CADRE_SOI = re.compile(
    r"\b(?:je suis|sommes|on est|suis|etant|comme|tant que|tant qu|qualite de|devenir|redevenir|deviens|moi|mon metier c est|mon metier est|"
    r"exerce|exercer|installee? comme|"
    r"installer comme|lancer comme|declaree? comme|inscrite? comme|futur|future|auto entrepreneur|artisan|artisane|commercant|commercante|"
    r"bosse comme|travaille comme|metier|profession)"
    r"(?: (?:un|une|l|aussi|deja|actuellement|toujours|egalement|simple|simplement|petite?|jeune|encore|vieux|vieille|desormais|maintenant|"
    r"bientot|independante?|a la fois|moi meme|"
    r"auto entrepreneur|artisan|artisane|commercant|commercante|maitre|patron|patronne|sous le statut|a domicile|depuis \w+ (?:ans?|mois)|en|et|"
    r"ou))*\s*$")
_QUESTION_POUR = re.compile(r"(?:^|\b(?:et|alors|cas d|valable|pareil|meme chose|combien|taux|plafond|seuil|aussi))\s*pour (?:un|une|les|des)\s*$|"
                            r"^(?:et )?(?:quand on est|si on est|si t es|si j etais)(?: un| une)?\s*$")


@lru_cache(maxsize=1)
def _autre_metier() -> "re.Pattern[str]":
    """« ma prof de yoga », « mon boulanger »: someone else, named by a trade."""
    return re.compile(rf"\b(?:mon|ma|mes|notre|nos|vos|votre) (?:{_alternative('metiers')})\b")


def _d_un_autre(prop: _Proposition, debut: int) -> bool:
    """Whether what starts at `debut` in the clause is said of someone else."""
    avant = prop.mots[:debut]
    autre = max([m.end() for motif in (_AUTRE, _TIERS, _autre_metier()) for m in motif.finditer(avant)], default=-1)
    soi = max((m.start() for m in re.finditer(r"\b(?:je|j|moi|nous)\b", avant)), default=-1)
    if autre >= 0:
        return soi < autre
    if soi >= 0:
        return False
    # « ma mère, commerçante, » and « …, qui vend des savons »: a clause without a subject keeps that of the one before
    if any(m.end() == len(prop.avant) for motif in (_AUTRE, _TIERS, _autre_metier()) for m in motif.finditer(prop.avant)):
        return True
    return prop.avant.endswith(" qui") and _SOI.search(prop.avant.rsplit(" qui", 1)[0][-25:]) is None


def _nie(prop: _Proposition, debut: int) -> bool:
    """Whether it is denied, or past: « pas salarié », « plus au chômage », « ancien plombier », « j'étais »."""
    avant = " ".join(prop.mots[:debut].split()[-8:])
    return bool(_NEGATION.search(avant) or _PLUS.search(avant) or _PASSE.search(avant))


# --- trades --------------------------------------------------------------------------------------------------------------------

_CADRE_LIEU = re.compile(r"\b(?:je tiens|tiens|tenons|tenir|j ai|nous avons|on a|possede|ouvert|ouvre|ouvrir|ouvrons|gere|gerer|exploite|"
                         r"exploiter|reprends|reprendre|repris|monte|monter|"
                         r"cree|creer|lance|lancer|acheter|achete|gerante? d|patronne? d|mon|ma|mes|notre|nos|dans mon|dans ma|pour mon|pour ma)"
                         r"(?: (?:un|une|le|la|mon|ma|notre|des|petite?|grande?|nouveau|nouvelle|propre|jolie?|vieux|futur|future|deux|dans|d|de|"
                         r"bientot|enfin))*\s*$")


@lru_cache(maxsize=3)
def _motif(niveau: str) -> "re.Pattern[str]":
    return re.compile(rf"\b(?:{_alternative(niveau)})\b")


def _entree(ecrit: str) -> Optional[Metier]:
    formes = professions()
    if ecrit in formes:
        return formes[ecrit]
    singulier = " ".join(m[:-1] if m.endswith("s") and len(m) > 4 else m for m in ecrit.split())
    for forme, metier in formes.items():
        if singulier == " ".join(m[:-1] if m.endswith("s") and len(m) > 4 else m for m in forme.split()):
            return metier
    return None


def _distance(a: str, b: str, maximum: int) -> int:
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


@lru_cache(maxsize=1)
def _mots_simples() -> Tuple[Tuple[str, Metier], ...]:
    return tuple((f, m) for f, m in professions().items() if m.niveau == "metiers" and " " not in f and len(f) >= 6)


# Words that people put after « je suis » and that resemble a trade.
_FAUX_AMIS = _mots("cariste magasinier serveur serveuse vendeur vendeuse gardien gestionnaire caissier caissiere directeur directrice cadre "
                   "technicien ouvrier ouvriere retraite salarie artisan artisane content contente perdu malade marie mariee service facture "
                   "chantier peinture bouger coiffure couture traitement "
                       "independant independante entrepreneur commercant commercante inscrit inscrite installe installee enceinte etudiant "
                       "etudiante chomeur chomeuse")


@lru_cache(maxsize=512)
def _approcher(mot: str) -> Optional[Metier]:
    """The trade a misspelt word stands for, when one alone is close enough: « coifeuze », « plombié », « estheticiene »."""
    if len(mot) < 6 or mot in _FAUX_AMIS:
        return None
    permis = 1 if len(mot) < 8 else 2
    proches = sorted(((_distance(mot, forme, permis), forme, m) for forme, m in _mots_simples() if forme[0] == mot[0]), key=lambda t: t[0])
    if not proches or proches[0][0] > permis:
        return None
    meilleurs = {m.nom: m for d, _, m in proches if d == proches[0][0]}
    return next(iter(meilleurs.values())) if len(meilleurs) == 1 else None


# Trades that people name without being it: « médecin traitant », « mon notaire », « l'expert-comptable dit… ».
_SOUVENT_D_AUTRUI = _mots("medecin dentiste infirmier kine sage_femme avocat notaire expert_comptable veterinaire pharmacien comptable "
                          "agent_assurance orthophoniste "
                              "podologue psychologue opticien mediateur expert arbitre aide_domicile garde_enfants femme_de_menage")
# « secrétaire dans une école »: a job, not a business of her own.
_SALARIE_APRES = re.compile(r"^(?: \w+){0,2} (?:dans (?:un|une|l|le|la) (?:petite? |grande? )?(?:ecole|entreprise|salon|usine|magasin|hopital|"
                            r"boulangerie|restaurant|boite|societe|clinique|cabinet|banque|"
                            r"mairie|administration|garage|college|lycee|supermarche|agence|association|creche)|chez (?!moi|les|des|mes|mon|ma|l|"
                            r"nous|particuliers)\w+|en (?:cdi|cdd|interim)|salariee?|a l hopital|a la (?:mairie|clinique|poste))\b")


@lru_cache(maxsize=1)
def _cadre_exige() -> FrozenSet[str]:
    return frozenset(f for f, m in professions().items() if m.nom in _SOUVENT_D_AUTRUI)


def _metiers_de(prop: _Proposition) -> List[Metier]:
    """Trades that the clause says of the person, in order."""
    trouves: List[Metier] = []
    for m in _motif("metiers").finditer(prop.mots):
        avant = prop.mots[:m.start()]
        if _d_un_autre(prop, m.start()) or _nie(prop, m.start()):
            continue
        if _SALARIE_APRES.match(prop.mots[m.end():]):
            continue
        cadre = bool(_CADRE_SOI.search(avant) or _DE_SOI.search(avant) or (_QUESTION_POUR.search(avant) and not re.search(r"\b(?:meme|difference|"
            r"entre)\b", avant)))
        if not cadre and (m[0] in _cadre_exige() or _DETERMINANT.search(avant) or (avant and not re.search(r"\b(?:auto entrepreneur|artisan|"
            r"depuis|euros?|e|ans|bonjour|salut|slt|bjr|alors|voila)\s*$", avant))):
            continue
        metier = _entree(m[0])
        if metier:
            trouves.append(metier)
    if trouves:
        return trouves
    for m in re.finditer(r"\b(?:je suis|comme|tant que|devenir|installer comme)(?: (?:un|une|artisan|auto entrepreneur|"
                         r"aussi))* ([a-z]{6,})\b", prop.mots):
        approche = _approcher(m[1])
        if approche and not _d_un_autre(prop, m.start(1)) and not _nie(prop, m.start(1)):
            trouves.append(approche)
    return trouves


def _lieux_de(prop: _Proposition) -> List[Metier]:
    trouves = []
    for m in _motif("lieux").finditer(prop.mots):
        if _CADRE_LIEU.search(prop.mots[:m.start()]) and not _d_un_autre(prop, m.start()) and not _nie(prop, m.start()):
            metier = _entree(m[0])
            if metier:
                trouves.append(metier)
    return trouves


# What people « sell » without selling goods; and selling besides one's trade does not make it the trade.
_PAS_UNE_MARCHANDISE = re.compile(r"^ (?:(?:des|mes|du|de|la|le|l|mon|ma|une?) )?(?:\w+ )?(?:sites?|services?|prestations?|cours|heures|conseils?|"
                                  r"formations?|temps|fonds?|eirl|entreprise|affaire|"
                                  r"maison|appartement|vehicule|voiture|camion|local|locaux|part|parts)\b")


def _actes_de(prop: _Proposition) -> List[Metier]:
    trouves = []
    for m in _motif("actes").finditer(prop.mots):
        fin_sujet = m.end() if m[0].startswith("je ") else m.start()
        suite = prop.mots[m.end():]
        if "vend" in m[0] and (_PAS_UNE_MARCHANDISE.match(suite) or re.search(r"\b(?:en plus|aussi|ajouter|a cote)\b", prop.mots)):
            continue
        if not _d_un_autre(prop, fin_sujet) and not _nie(prop, m.start()):
            metier = _entree(m[0])
            if metier:
                trouves.append(metier)
    return trouves


def _tous_metiers(props: Sequence[_Proposition]) -> List[Metier]:
    """What the person does, said most directly: by her trade, else by her place, else by what she does."""
    for lire in (_metiers_de, _lieux_de, _actes_de):
        trouves = [m for p in props for m in lire(p)]
        if trouves:
            return trouves
    return []


def metier_dit(texte: str) -> Optional[Metier]:
    """The trade, place or deed that a sentence says of the person; None when there is none or several that differ."""
    trouves = {m.nom: m for m in _tous_metiers(_propositions(texte))}
    return next(iter(trouves.values())) if len(trouves) == 1 else None


# --- situation, group, status: said in words -------------------------------------------------------------------------------------

_R = re.compile
_SITUATIONS: Tuple[Tuple[str, "re.Pattern[str]"], ...] = (
    ("retraite", _R(r"\bretraitee\b|(?:\b(?:je suis|suis|etant|deja|toujours|jeune|maintenant|nouveau|moi) (?:un |une |jeune |deja |aussi |"
                    r"actuellement )*|^)retraite (?:de (?:la |l |)(?:sncf|ratp|poste|fonction|education|armee|gendarmerie|police|"
                    r"marine|mairie|banque|metallurgie|fonction publique)|du (?:public|batiment|prive)|edf|gdf|militaire|depuis|auto entrepreneur)|"
                    r"\b(?:je suis|suis|etant) (?:un |une |jeune |deja |aussi |actuellement |maintenant |desormais )*(?:a la |en |"
                    r")retraite\b(?! (?:dans|en 20|l an|bientot|a partir))|"
                    r"\bje (?:touche|percois|recois) (?:deja )?(?:ma|une|la|mes) (?:petite )?(?:retraite|pension de retraite|pension)\b|^(?!(?:un|"
                    r"une|des|les|le|la|l|partir|depart|age|droits?|demande) )(?:\w+ ){1,2}(?:a la|en) retraite\b(?! (?:dans|comment|combien|quel))|"
                    r"\bma pension de la (?:cnav|sncf|carsat|cram)\b|\b(?:je suis |suis )(?:deja )?pensionnee?\b")),
    ("fonctionnaire", _R(r"\b(?:fonctionnaire|agent (?:public|territorial|de l etat|hospitalier)|agente (?:publique|territoriale)|"
                         r"professeure? des ecoles|instit(?:utrice|uteur)?|"
                         r"titulaire de la fonction publique|contractuel(?:le)? de la fonction publique|gendarme|policier|policiere|"
                         r"(?<!service )(?<!du )militaire|"
                         r"(?:je suis |suis )(?:prof|professeur|enseignante?)(?: certifiee?| titulaire| dans le public| de (?:college|lycee))|"
                         r"(?:travaille|bosse|employee?) (?:a|pour) la (?:mairie|prefecture|commune)|postier|postiere)\b")),
    ("etudiant", _R(r"\b(?:etudiante?|en (?:licence|master|fac|prepa)|a la fac|mes etudes|bts|eleve ingenieur)\b")),
    ("demandeur_emploi", _R(r"\b(?:(?:je suis|suis|etant|actuellement|toujours|encore|deja|maintenant|inscrite?) (?:\w+ ){0,2}(?:au|en) chomage|"
                            r"^(?:actuellement )?au chomage|demandeu(?:r|se|re) d emploi|"
                            r"chomeu(?:r|se)|sans emploi|(?:inscrite?|inscription|inscris) (?:a|au|chez) (?:\w+ )?pole emploi|"
                            r"indemnisee? (?:par (?:le |)pole emploi|par les assedic|au chomage|chomage)|"
                            r"je (?:touche|percois|recois) (?:encore |toujours |deja |actuellement |\d+ (?:euros? |e )?(?:par mois )?)*(?:le |du |"
                            r"mon |mes |l |les |d |de )?(?:chomage|are|assedic|pole emploi|allocations?(?: chomage)?|indemnites chomage|arce)|"
                            r"(?:mes|mon) (?:allocations? chomage|chomage|assedic|are|droits au chomage|allocations pole emploi)|"
                            r"licencie economique)\b")),
    ("salarie", _R(r"\b(?:(?:je suis|suis|etant|comme|deja|toujours|moi|encore|aussi|actuellement) (?:\w+ ){0,2}salariee?s?|^salariee?|"
                   r"salariee? (?:a (?:mi temps|plein temps|temps|cote|80|50)|en|dans|chez|du|au|la)|"
                   r"(?:j ai|en|avec|garder|signe|mon|un) (?:un )?(?:cdi|cdd|contrat saisonnier)|mon (?:employeur|patron|emploi salarie|salaire|"
                   r"contrat de travail|chef)|mon (?:boulot|travail|job) (?:salarie|de salarie|a cote)|"
                   r"a cote de mon (?:emploi|travail|boulot|job|cdi|poste)|en plus de mon (?:emploi|travail|boulot|job|cdi|salaire|poste)|"
                   r"ma boite (?:me|ne|m)|employee? (?:chez|dans|a|de)|"
                   r"je (?:travaille|bosse) (?:\w+ ){0,3}(?:chez|dans une (?:entreprise|usine|boite)|comme salariee?|a l usine|en interim|"
                   r"a (?:plein temps|mi temps|temps partiel)))\b")),
)
# Words that make a situation a subject of talk, not a state: « droit au chômage », « embaucher un salarié », « mon propre patron ».
_HORS_SITUATION = re.compile(r"\b(?:droit|cotis\w*|assurance|caisse|perte|embauch\w*|recrut\w*|prendre|payer|premier|conjointe?|devenir|redevenir|"
                             r"statut|comme les|propre|ancien|ancienne|ex|futur|"
                             r"partir|depart|demander|quand|si j etais|serai|serais|sera|serons|serait|si je (?:suis|me retrouve)|"
                             r"au lieu d)\s*(?:\w+\s){0,2}$")
_AVANT_JE = re.compile(r"^(?: \w+)? j (?:avais|etais|touchais|cotisais)\b")  # « comme salarié, j'avais… »
_ENTRE = re.compile(r"\b(?:difference|entre|choi\w+|statuts?|collaborateur|collaboratrice)\b")  # « … entre collaborateur, salarié et associé »
_GROUPES: Tuple[Tuple[str, "re.Pattern[str]"], ...] = (
    ("artisan", _R(r"\bartisane?s?\b(?! (?:et|ou|/) commercants?)|\binscrite? (?:au|a la) (?:repertoire des metiers|chambre (?:de|des) metiers|rm|"
                   r"cma)\b")),
    ("commercant", _R(r"\bcommercante?s?\b|\binscrite? (?:au|a la) (?:registre du commerce|rcs|cci|chambre de commerce)\b")),
)
_STATUTS: Tuple[Tuple[str, "re.Pattern[str]"], ...] = (
    ("conjoint", _R(rf"\bj aide (?:\w+ ){{0,2}}(?:mon|ma) (?:mari|femme|epou(?:x|se)|conjointe?|compagn(?:on|e))\b|\bje (?:travaille|bosse|suis|"
                    rf"collabore|participe) (?:\w+ ){{0,3}}(?:avec|pour|dans l entreprise de|au cote de|aux cotes de|chez|a l affaire de) "
                    rf"(?:mon|ma) (?:mari|femme|epou(?:x|se)|conjointe?)\b|\b(?:je suis|suis|comme|statut de|etant|"
                    rf"moi) (?:\w+ ){{0,2}}conjointe? (?:collabora\w+|salariee?|d artisan|de commercant|associee?)\b|"
                    rf"\bcollaborat\w+ (?:de|avec) (?:mon|ma) (?:mari|femme|epou(?:x|se)|conjointe?)\b|(?:^|statut )(?:femme|epouse|mari|"
                    rf"conjointe?) (?:d un |d une |d |de |)(?:artisane?|commercante?)\b|^conjointe? collabora\w+|\b(?:je suis|suis|moi|"
                    rf"etant) (?:la |)(?:femme|epouse) (?:d un |d une |de |d |du )(?:{_PROCHE}|artisan|commercant|boulanger|boucher|plombier|"
                    rf"macon|\w+eur|\w+ier)\b|"
                    rf"\bje (?:fais|tiens|m occupe de|gere) (?:la|les|le|sa|ses|son) (?:compta\w*|caisse|papiers?|factures?|accueil|secretariat|"
                    rf"administratif) (?:de|pour|chez|dans l entreprise de) (?:mon|ma) (?:mari|femme|epou(?:x|se)|conjointe?)\b|"
                    rf"\bje (?:lui )?donne un coup de main a (?:mon|ma) (?:mari|femme|epou(?:x|se)|conjointe?)\b|\bje (?:sers|vends|"
                    rf"tiens) (?:\w+ ){{0,4}}(?:dans|avec|pour) (?:le \w+ de |la \w+ de |)(?:mon|ma) (?:mari|femme|epou(?:x|se))\b")),
    ("auto_entrepreneur", _R(r"\b(?:je suis|suis|etant|comme|tant qu|en|mon|ma|notre|moi|inscrite?|declaree?|installee?|deja|toujours|"
                             r"devenue?) (?:\w+ ){0,2}?(?:auto entrepreneur|auto entreprise)\b|"
                             r"^auto (?:entrepreneur|entreprise)\b(?! (?:c est|et |ou |est ce|ca |quoi|a quoi|qui|comment|definition|avantage|"
                             r"peut|doit|a t il))|"
                             r"\b(?:j ai (?:ouvert|cree|monte|lance|une?|mon)|je (?:lance|cree|ouvre|monte|tiens|"
                             r"gere)) (?:\w+ ){0,2}auto entreprise\b|\b(?:au|en) micro social\b")),
    ("eirl", _R(r"\b(?:en|mon|ma|notre|suis|j ai une?|passee? en) (?:\w+ ){0,1}eirl\b|\bj ai (?:\w+ ){0,2}eirl\b")),
    ("classique", _R(r"\b(?:je suis|suis|etant|deja|artisan|commercant|inscrite?|toujours|en|sous) (?:\w+ ){0,3}(?:(?:au|le|"
                     r"en) regime (?:classique|reel|normal)|au reel)\b|\b(?:en|mon) entreprise individuelle(?! a responsabilite)|"
                     r"\b(?:suis|gerant|artisan|commercant|bar|redevenir \w+ \w+|\w+eur|\w+ier) (?:\w+ ){0,2}en nom propre|"
                     r"\b(?:je suis |suis |)gerante? (?:majoritaire|d une? (?:sarl|eurl)|de (?:sarl|eurl|ma sarl|mon eurl))|\b(?:ma sarl|mon eurl|"
                     r"ma societe)\b")),
)
_HORS_STATUT = re.compile(r"\b(?:c est quoi|qu est ce|difference|passer|passage|passe|devenir|choisir|ou bien|quitter|sortir|entre|hesite|plutot|"
                          r"et si|creer|ouvrir|lancer|futur|prendre|envisage|voudrais|veux|aimerais|vaut la peine|interessant)\s*(?:\w+\s){0,4}$")
_A_PAYER = re.compile(r"\bcombien (?:\w+ ){0,4}(?:paye\w*|paie|payer|paierai\w*|verse\w*|dois|doit|va me couter|ca coute|de charges?|"
                      r"de cotisations?|cotise\w*|prel\w*|laisse|mettre de cote|me reste\w*|reste)\b|"
                      r"\b(?:je|moi) (?:paie|paye|payer|dois payer|vais payer|verse|cotise) combien\b|\bje (?:mets|met|garde) combien\b|"
                      r"\bmontant (?:de mes|des) (?:cotisations|charges)\b|\bcombien (?:je|on|ca|va)\b.{0,20}\b(?:charges?|cotisations?|urssaf|"
                      r"rsi)\b")


def _situation(props: Sequence[_Proposition]) -> Optional[str]:
    trouvees: Dict[str, Tuple[int, int]] = {}
    for rang, prop in enumerate(props):
        for valeur, motif in _SITUATIONS:
            for m in motif.finditer(prop.mots):
                avant = prop.mots[:m.start()]
                porte = prop.mots[:m.end()].rsplit(" ", 1)[0]
                if _d_un_autre(prop, m.end()) and not re.search(r"\bmon (?:employeur|patron|chef)\b", m[0]):
                    continue
                if _AVANT_JE.match(prop.mots[m.end():]) or (not avant and _ENTRE.search(prop.avant)):
                    continue
                if _nie(prop, m.end()) or _HORS_SITUATION.search(avant) or _HORS_SITUATION.search(porte) or re.search(r"\b(?:quand|lorsqu)$", prop.avant):
                    continue
                if valeur != "retraite" and not _SOI.search(m[0]) and _DETERMINANT.search(avant) and not re.search(r"\b(?:suis|est) (?:un|"
                    r"une)\s*$", avant):
                    continue
                trouvees.setdefault(valeur, (rang, m.start()))
        # « é » says the person where the bare word could be the pension: « retraité de la SNCF »
        m2 = re.search(r"(?<!les )(?<!des )(?<!un )(?<!une )(?<!aux )(?<!d')(?<!d'un )\bretraitée?\b", prop.brut)
        if m2 and not _d_un_autre(prop, len(prop.mots)) and not _AUTRE.search(prop.mots) and not _TIERS.search(prop.mots) and not _NEGATION.search(prop.mots) and not _PASSE.search(prop.mots):
            trouvees.setdefault("retraite", (rang, m2.start()))
    for dominante in ("retraite", "fonctionnaire"):
        if dominante in trouvees:
            return dominante
    return min(trouvees, key=lambda v: trouvees[v]) if trouvees else None


def _groupe(props: Sequence[_Proposition]) -> Optional[str]:
    trouves = []
    for prop in props:
        for valeur, motif in _GROUPES:
            for m in motif.finditer(prop.mots):
                avant = prop.mots[:m.start()]
                soi = bool(_DE_SOI.search(avant) or _QUESTION_POUR.search(avant) or re.search(r"\b(?:suis|sommes|comme|tant qu|etant|moi|"
                    r"est) (?:un |une |aussi |deja |petite? )*$", avant))
                if _d_un_autre(prop, m.start()) or _nie(prop, m.start()) or (_DETERMINANT.search(avant) and not soi):
                    continue
                if re.search(rf"\b{_PROCHE} (?:de |d )?$", avant) or re.search(r"\bartisane?s? (?:et|ou) $", avant):
                    continue  # « femme d'artisan », « artisans et commerçants »
                if not soi and m[0].endswith("s"):
                    continue  # « artisans et commerçants » speaks of everyone
                trouves.append(valeur)
    return trouves[0] if len(set(trouves)) == 1 else None


def _statut(props: Sequence[_Proposition]) -> Optional[str]:
    for valeur, motif in _STATUTS:
        for prop in props:
            for m in motif.finditer(prop.mots):
                if valeur != "conjoint" and _d_un_autre(prop, m.end()):
                    continue
                if valeur == "conjoint" and (_TIERS.search(prop.mots[:m.start()]) or ("collabora" in m[0] and _AUTRE.search(prop.mots[:m.start()]))):
                    continue
                if _nie(prop, m.end()) or _HORS_STATUT.search(prop.mots[:m.start()].rstrip() + " ") or _HORS_STATUT.search(prop.mots[:m.end()].rsplit("auto", 1)[0]):
                    continue
                return valeur
    for prop in props:  # « électricien auto-entrepreneur »
        if re.search(r"\bauto entrepreneur\b", prop.mots) and _metiers_de(prop) and not _DETERMINANT.search(prop.mots[:prop.mots.index("auto entrepreneur")]):
            return None if _nie(prop, prop.mots.index("auto entrepreneur")) else "auto_entrepreneur"
    return None


def _une(valeurs: Sequence[Optional[str]]) -> Optional[str]:
    """The value all agree on, Nones apart; None when they differ (a mixed activity) or when there is none."""
    dites = {v for v in valeurs if v}
    return next(iter(dites)) if len(dites) == 1 else None


def reconnaitre(texte: str) -> Dict[str, str]:
    """Traits of fiches.PROFIL that the person says of herself, and only those; {} when nothing is said. Never raises.

    >>> reconnaitre("Je suis coiffeuse, je fais 2 000 € par mois")
    {'activite': 'prestation', 'groupe': 'artisan'}
    >>> reconnaitre("Mon mari est plombier, je ne suis pas salariée")
    {}
    """
    props = _propositions(texte)
    metiers = _tous_metiers(props)
    traits: Dict[str, Optional[str]] = {
        "activite": _une([m.activite for m in metiers]),
        "situation": _situation(props),
        "groupe": _groupe(props) or _une([m.groupe for m in metiers] if all(m.groupe for m in metiers) else []),
        "statut": _statut(props),
    }
    if "besoin" in PROFIL and "a_payer" in PROFIL["besoin"]:
        traits["besoin"] = "a_payer" if any(_A_PAYER.search(p.mots) for p in props) else None
    return {trait: valeur for trait, valeur in traits.items() if valeur and valeur in PROFIL.get(trait, ())}
