"""What a message means after the one before: « et pour un artisan ? », « c'est combien ? », two questions at once. Pure functions."""
import re
from typing import Mapping, Optional, Sequence

from bot.knowledge import profil as profils
from bot.knowledge.fiches import Fiche
from bot.site.comprehension import Comprise
from bot.texte.normalisation import cle

# A message this short cannot name its topic when it begins like a continuation.
MOTS_SUITE = 8
_SUITE = re.compile(
    r"^(c|et|mais|alors|ok|d accord|oui|donc|du coup|dans ce cas|meme|pareil|sinon|c est|ca|sa|cest|combien|cb|quand|ou|pourquoi|pk|comment|"
    r"jusqu a quand|a partir de|pour un|pour une|pour les|pour moi|si je|si j|je suis|moi je|qui|lequel|laquelle|lesquels)\b")
# A follow-up without a word of its own: it asks more of the same topic.
_SANS_MOT = re.compile(
    r"^(et |mais |alors |donc |du coup )*(c est |ca fait |ca |cela |sa )?(fait |coute |vaut )?"
    r"(combien|cb|quand|pourquoi|pk|koi|quoi|comment|ou|quel montant|a combien|le montant|lequel|laquelle)"
    r"( ca| c est| est ce| au juste| exactement| svp| en tout| a peu pres| ca fait| ca coute)*$")
_VIDES = frozenset({
    "alors", "avant", "apres", "aussi", "avec", "beaucoup", "chez", "combien", "comme", "comment", "cela", "dans", "depuis", "donc", "elle",
    "elles", "encore", "entre", "etre", "faire", "fait", "faut", "faudra", "juste", "lequel", "laquelle", "maintenant", "mais", "meme", "moins",
    "moment", "montant", "paie", "paye", "payer", "peut", "peux", "plus", "pour", "pourquoi", "quand", "quel", "quelle", "quels", "quelles", "quoi",
    "sans", "sera", "serait", "sinon", "sont", "suis", "tout", "tous", "toute", "toutes", "trop", "vaut", "veut", "veux", "vous", "votre",
    "exactement", "environ", "delai", "date", "dates"})
_QUESTION = re.compile(r"[^?]*\?")
_LIAISON = re.compile(r"\b(?:et aussi|et sinon|autre question|deuxieme question|deuxième question|par ailleurs|et autre chose|d'autre part)\b", re.I)


def suit(texte: str) -> bool:
    """Whether a message reads like the continuation of the one before."""
    propre = cle(texte)
    return len(propre.split()) <= MOTS_SUITE and bool(_SUITE.match(propre))


def _nomme_un_sujet(texte: str) -> bool:
    """Whether a message has a word of its own: « c koi leirl » speaks of something, « c'est pour quand ? » does not."""
    return any(len(mot) >= 4 and mot not in _VIDES for mot in cle(texte).split())


def rattacher(texte: str, comprise: Comprise, dernier: Optional[str], fiches: Mapping[str, Fiche]) -> Comprise:
    """The reading of a message in the light of the last topic.

    A continuation that the engine is not sure of goes to the last topic or one that its sheet points to, whichever the engine ranks first;
    with nothing of these in sight, and a trait newly said (« et pour un artisan ? »), to the last topic itself.
    """
    if dernier is None or dernier not in fiches or not suit(texte):
        return comprise
    if _SANS_MOT.match(cle(texte)):
        return Comprise(dernier, 1.0, premiers=comprise.premiers)
    voisins = {dernier, *fiches[dernier].voir_aussi}
    if comprise.etiquette in voisins:
        return comprise
    profil_dit = profils.reconnaitre(texte)
    nomme = not profil_dit and _nomme_un_sujet(texte)
    sure = comprise.etiquette is not None and not comprise.refusee and (nomme or comprise.confiance >= 0.75)
    if sure and not profil_dit:
        return comprise
    proches = [e for e, _ in comprise.premiers if e in voisins] + [e for e in comprise.offertes if e in voisins]
    if profil_dit and not sure:
        return Comprise(dernier, 1.0, premiers=comprise.premiers)
    if sure:
        return comprise
    return Comprise(proches[0] if proches else dernier, comprise.confiance, premiers=comprise.premiers)


def questions(texte: str) -> Sequence[str]:
    """The separate questions of a message, two at most, when it clearly holds several; otherwise the message alone.

    >>> questions("Quel est le plafond pour un plombier ? Et sinon faut-il un compte bancaire séparé ?")
    ('Quel est le plafond pour un plombier ?', 'Et sinon faut-il un compte bancaire séparé ?')
    """
    parts = [p.strip() for p in _QUESTION.findall(texte)]
    if len(parts) < 2:
        parts = [p.strip(" .,;") for p in _LIAISON.split(texte)]
    parts = [p for p in parts if len(cle(p).split()) >= 4]
    return tuple(parts[:2]) if len(parts) >= 2 else (texte,)
