"""A text cut into short clauses, and two questions about each: is it said of someone else, is it denied or past.

For `profil` and `metiers`: « mon mari est plombier et je suis coiffeuse » speaks of two people, « je ne suis plus salarié » of none.
"""
import re
from dataclasses import dataclass
from functools import lru_cache
from typing import List, Mapping, Tuple

from bot.knowledge.chemins import KNOWLEDGE
from bot.knowledge.lecture import lire_yaml
from bot.texte.normalisation import cle, nettoyer


def motif(*alternatives: str) -> "re.Pattern[str]":
    """One pattern from its alternatives, one idea each."""
    return re.compile("|".join(alternatives))


@dataclass(frozen=True)
class Proposition:
    """One clause. `mots`: normalised words (no accents, SMS written out); `brut`: as typed, for « retraité » is not « retraite »;
    `avant`: the clauses before it in its sentence, which may name the subject, and the word that joins them (« qui », « quand »)."""

    mots: str
    brut: str
    avant: str


@lru_cache(maxsize=1)
def _lexique() -> Mapping[str, str]:
    """SMS spellings with their accents kept: « jé » is « j'ai », « je » is not."""
    return {str(court).lower(): str(long) for court, long in (lire_yaml(KNOWLEDGE / "lexique.yml") or {}).items()}


# Spellings that hide who speaks or what is meant, after accents are gone.
_REECRITURES: Tuple[Tuple["re.Pattern[str]", str], ...] = tuple((re.compile(ecrit), lu) for ecrit, lu in (
    (r"\bj j ai\b|\bjai\b|\bg(?= (?:ete|un|une|mon|ma|ouvert|cree|monte|le|la|\d))", "j ai"),
    (r"\b(?:j ?suis?|chuis?|chu|je sui[et]?|jui|jsuie|je suie|sui(?= auto| artisan| au | a la | en | re))\b", "je suis"),
    (r"\bmn\b", "mon"), (r"\b(?:fem|fame)\b", "femme"),
    (r"\b(?:je fait|je fai|j ?fais?|j ?fait|j ?fe|je fe)\b", "je fais"),
    (r"\b(?:j ?vends?|je vent)\b", "je vends"),
    (r"\bj ?revends?\b", "je revends"),
    (r"\b(?:j ?tiens?|je tien)\b", "je tiens"),
    (r"\bj ?donnes?\b", "je donne"),
    (r"\bj ?repare?s?\b", "je repare"),
    (r"\b(?:j ?bosses?|je boss)\b", "je bosse"),
    (r"\bauto ?ent\w*?prises?\b", "auto entreprise"),
    (r"\b(?:auto ?(?:ent\w+|enterpr\w+)|autoentr\w+|ae|micro ?entrepr?ene\w+|micro ?entrepreneur\w*)\b(?! entrepr)", "auto entrepreneur"),
    (r"\bauto entrepreneur (?:entreprise|entrepreneur)\b", "auto entrepreneur"),
    (r"\b(?:chomag\w*|chaumage|chomaje)\b", "chomage"),
    (r"\b(?:pole emplo\w*|pol emploi|paul emploi|anpe|france travail)\b", "pole emploi"),
    (r"\b(?:comerc?ant|commersant)", "commercant"),
    (r"\bartizan", "artisan"),
    (r"\bsalari(?:er?|ez|ers)\b", "salarie"),
    (r"\bretrai(?:ter|tez)\b", "retraite"),
))
_COUPES = motif(
    r"[.;:!?()\n]+", ",", r"\s-\s",
    r"\b(?:mais|alors que|tandis que|car|donc|puis|pendant que|parce que|sauf que)\b",
    r"\bet\b(?=\s+(?:je|j'|moi|il|elle|on|nous|lui|que|si|pour|c'est|combien|est|qui|jsuis?|chui|jsui|j)\b)",
    r"\bqui\b(?=\s)", r"\bquand\b", r"\blorsqu")
_CHARNIERES = ("qui", "quand", "lorsqu")
_FIN_DE_PHRASE = re.compile(r"[.;!?\n]")


def propositions(texte: str) -> List[Proposition]:
    """The clauses of a text, in order."""
    brut = nettoyer(texte).lower()
    trouvees: List[Proposition] = []
    avant, debut = "", 0
    for coupe in [*_COUPES.finditer(brut), None]:
        morceau = brut[debut:coupe.start() if coupe else len(brut)]
        mots = cle(" ".join(_lexique().get(mot, mot) for mot in re.findall(r"\w+", morceau)))
        for ecrit, lu in _REECRITURES:
            mots = ecrit.sub(lu, mots)
        if mots:
            trouvees.append(Proposition(mots, " ".join(re.findall(r"[\w']+", morceau)), avant))
            avant = f"{avant} {mots}".strip()
        if coupe:
            debut = coupe.end()
            if _FIN_DE_PHRASE.search(coupe[0]):
                avant = ""
            elif coupe[0].strip() in _CHARNIERES:
                avant = f"{avant} {coupe[0].strip()}"
    return trouvees


# --- said of someone else --------------------------------------------------------------------------------------------------------

CONJOINT = r"(?:mari|femme|epou(?:x|se)|conjointe?|compagn(?:on|e))"
PROCHE = "(?:" + "|".join((
    CONJOINT, "copain|copine|concubine?|meuf|mec|fils|fille|frere|soeur|pere|mere|papa|maman|parents?|enfants?|gendre|bru|ex|famille",
    r"beaux? \w+|belles? \w+|grand \w+|oncle|tante|tonton|tata|papi|papy|mamie|mamy|cousine?|neveu|niece|amie?s?|pote|voisine?",
    "collegues?|associee?s?|patronne?|employeur|employee?s?|salarie[es]*|apprentie?s?|clientes?|clients?|fournisseur|grossiste",
    r"comptable|expert comptable|conseiller\w*|banquier|avocat|notaire|medecin|locataire")) + ")"
AUTRE = re.compile(
    r"\b(?:mon|ma|mes|notre|nos|son|sa|ses|leur|un|une|le|la|des|les|cet|cette|vieil|l|d|de|chez)"
    rf"(?: (?:ancienne?|futur|future|jeune|vieille?|meilleure?|petite?|grande?))? {PROCHE}\b|\bgrand (?:pere|mere)\b")
# « il » of « il faut », « est-il possible », « y a-t-il » is nobody.
TIERS = re.compile(
    r"(?<!faut )(?<!vaut )(?<!y a t )(?<!existe t )(?<!suffit )\b(?:il|elle|ils|elles|lui)\b"
    r"(?! (?:y a|faut|faudra|est possible|possible|vrai|normal|obligatoire|necessaire|interdit|permis|trop tard|parait|suffit|me faut|me reste|m))")
_JE = re.compile(r"\b(?:je|j|moi|nous)\b")
_SOI = re.compile(r"\b(?:je|j|moi|nous|m|me)\b")


def d_un_autre(prop: Proposition, debut: int, autres: Tuple["re.Pattern[str]", ...] = ()) -> bool:
    """Whether what starts at `debut` in the clause is said of someone else; `autres` names more people (« ma prof de yoga »)."""
    avant, personnes = prop.mots[:debut], (AUTRE, TIERS, *autres)
    autre = max([m.end() for p in personnes for m in p.finditer(avant)], default=-1)
    soi = max((m.start() for m in _JE.finditer(avant)), default=-1)
    if autre >= 0:
        return soi < autre
    if soi >= 0:
        return False
    # « ma mère, commerçante, » and « mon mari est malade, inscrit au… »: a clause without a subject keeps the last one of its sentence
    autre = max((m.end() for p in personnes for m in p.finditer(prop.avant)), default=-1)
    soi = max((m.start() for m in _SOI.finditer(prop.avant)), default=-1)
    return soi < autre or (soi < 0 and prop.avant.endswith(" qui"))


# --- denied or past --------------------------------------------------------------------------------------------------------------

NEGATION = re.compile(r"\b(?:pas|ni|jamais|non|sans|aucune?|nullement|point)\b(?! (?:seulement|que|qu|uniquement|encore mal))")
_PLUS = re.compile(r"\b(?:ne|n)\b.*\bplus\b|\bsuis (?:plus|plu)\b")
PASSE = re.compile(r"\b(?:etais|etait|j ai ete|ai ete|fus|ancien|ancienne|ex|autrefois|jadis|avant d etre|apres avoir ete|ans comme|ans de|"
                   r"annees comme|passe comme|carriere de|longtemps|ete pendant)\b")
_PORTEE = 8  # words before: farther, « pas » denies something else


def nie(prop: Proposition, debut: int) -> bool:
    """Whether what starts at `debut` is denied or past: « pas salarié », « plus au chômage », « ancien plombier », « j'étais »."""
    avant = " ".join(prop.mots[:debut].split()[-_PORTEE:])
    return bool(NEGATION.search(avant) or _PLUS.search(avant) or PASSE.search(avant))


def de_soi(prop: Proposition) -> bool:
    """Whether a whole clause, denied nowhere, names nobody else."""
    return not (d_un_autre(prop, len(prop.mots)) or AUTRE.search(prop.mots) or TIERS.search(prop.mots) or NEGATION.search(prop.mots)
                or PASSE.search(prop.mots))
