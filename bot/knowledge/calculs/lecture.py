"""What a free sentence says of turnover: « je fais 2 000 € par mois » → amount and period. Years, SIRET, ages, debts are not turnover.

Each number of the sentence is judged by what touches it (a currency, a period, a verb of earning) and by the nearest word before it that
speaks of money: coming in (« j'encaisse ») or not (« je dois », « le plafond »). The best one wins; none is better than a wrong one.
"""
import re
from decimal import Decimal
from typing import Dict, List, Optional, Tuple

from bot.knowledge.calculs.nombres import NombreLu, nombres, simplifier
from bot.knowledge.propositions import motif
from bot.texte.normalisation import sans_accents
from bot.texte.typographie import MOIS

_NOMS_MOIS = "|".join(sans_accents(m) for m in MOIS)
_MOIS = rf"(?:{_NOMS_MOIS}|janv|fev|fevr|avr|juil|sept|oct|nov|dec)"
# What looks like an amount and is not: telephone, SIREN, SIRET, NIR (nine digits or more); dates; numbers of articles and forms.
_LEURRES = (
    re.compile(rf"\b\d{{1,2}}\s?[/.-]\s?\d{{1,2}}\s?[/.-]\s?\d{{2,4}}\b|\b\d{{4}}-\d{{2}}-\d{{2}}\b|\b\d{{1,2}}\s?(?:er|e)?\s{_MOIS}\b(?:\s\d{{4}}\b)?|"
               rf"\b{_MOIS}\s(?:19|20)\d\d\b"),
    re.compile(r"(?<![\w,])(?:\+\s?)?\d(?:[ .\-]?\d){8,}(?!\s?(?:€|euro|eur\b))"),
    re.compile(r"\b(?:article|art|formulaire|cerfa|case|ligne|code|decret|loi|numero|no|n°|dossier|siret|siren|tel|telephone)\.?\s?"
               r"(?:n°|no|numero)?\s?:?\s?[a-z]?\d[\w.*-]*"))
_MONNAIE = re.compile(r"\s?(?:€|euros?\b|eur\b|e\b|e(?=/)|balles\b|boules\b|k€|roros\b|euro?z\b|erous?\b|uro?s?\b)")
_UNITE_AUTRE = re.compile(r"\s?(?:%|ans?\b|heures?\b|h\b|km\b|m2\b|jours?\b)")
# Words that may follow the amount before its period: « 2 000 € net par mois », « 8 000 € de recettes »
_SUFFIXE = motif(
    r"\s?(?:ht|ttc|nets?|bruts?|hors taxes?|environ|a peu pres|en moyenne|tout rond)\b",
    r"\s?(?:de ca|de c\.a\.?|de chiffre(?: d'?\s?affaires?)?|de recettes?|de ventes?)\b",
    r"\s?(?<=[€seruo] )(?:encaisses?|factures?)\b")
_SUFFIXE_RECETTE = re.compile(r"\bde\b|enc|fact")

PERIODES: Tuple[Tuple[str, "re.Pattern[str]"], ...] = (
    ("trimestre", motif(
        r"\b(?:par|au|le|ce|chaque|du|dernier|premier|deuxieme|troisieme|quatrieme|1er|2e|3e|4e|pr|p/) ?tri(?:m|mestres?)\b",
        r"\btrimestriel\w*", r"/\s?trim\w*", r"\bpar t\b", r"\btous les (?:3|trois) mois", r"\b(?:sur|en|pour) (?:3|trois) mois\b")),
    ("mois", motif(
        r"\b(?:par|au|le|ce|chaque|du|tous les|dans le|pour le|sur le|p/) ?mois\b", r"/\s?mo?i?s?\b", r"\bmensuel\w*", r"\bmois[- ]ci\b",
        r"\b(?:par|du) moi\b", r"\bles? mois derniers?\b", r"\bpr? mois\b", rf"\ben (?:{_NOMS_MOIS})\b(?! \d)")),
    ("annee", motif(
        r"\bp(?:a)?r ans?\b", r"\bpar annees?\b", r"\bl'?\s?an\b", r"\bl'?\s?annee\b", r"/\s?an\w*", r"\bannuel\w*", r"\btous les ans\b",
        r"\b(?:cet+e?|chaque|dans l'?\s?|sur l'?\s?|a l'?\s?|pour l'?\s?) ?annee\b", r"\bsur (?:un an|1 an|12 mois|douze mois)\b",
        r"\bdepuis (?:le )?(?:1er )?(?:janvier|debut (?:de l'?\s?)?annee|le debut de l'?\s?annee)\b",
        r"\b(?:en|pour|sur) 20\d\d\b", r"\ba fin (?:novembre|octobre|septembre|decembre)\b")),
)
# Money that comes in; « sur 1 000 €, je paie combien » counts too.
_RECETTE = motif(
    r"\b(?:fais|fai|fait|fe|fesai\w*|faisai\w*|ferai\w*|jfe|jfai\w*|gagn\w*|jgagn\w*|encais\w*|ancais\w*|factur(?:e|er|ai|ais|ons|era\w*))\b",
    r"\b(?:rentr\w*|rapport\w*|realis\w*|declar\w*|tourn\w*|vend\w*|revend\w*|sors|atteint|atteins|atteign\w*|obtien\w*|recois|recu|touch\w*|tombe\w*)\b",
    r"\b(?:ventes?|recettes?|recete\w*|chiffre|chifre|affaires?|afaires?|ca|c\.a|honoraires|prestations?|marche|suis (?:deja )?a|sur|pour|avec)\b",
    r"\b(?:turnover|earn|make)\b")
# Money that goes out, is owed, granted, or measures something else than turnover.
_DEPENSE = motif(
    r"\b(?:pay\w*|paie\w*|pai|vers(?:e|er|ee?s?|ement\w*)|regl\w*|cout\w*|achet\w*|achats?|depens\w*|loyers?|dois|doit|devait)\b",
    r"\b(?:devant|dettes?|ardoise)\b",
    r"\b(?:reclam\w*|demand\w*|annonc\w*|propos\w*|prelev\w*|cotis\w*|charges?|regul\w*|trop[- ]percu)\b",
    r"\b(?:amendes?|penalites?|majorations?|taxes?|impots?|tva)\b",
    r"\b(?:pensions?|retraite|allocations?|alloc|assedic|are|rsa|salaires?|percois|percev\w*|aides?|primes?|indemnit\w*|rembours\w*|rendu|avanc\w*)\b",
    r"\b(?:smic|plafonds?|seuils?|limites?|maxi\w*|mini\w*|depass\w*|budget|devis|factures? de|avis)\b",
    r"\b(?:credit\w*|prets?|emprunt\w*|capital|apport|placer|depot|banque|mutuelle|greffe|experts?|fonds? de com\w*|stage)\b",
    r"\b(?:consult\w*|docteur|medecin|dentiste)\b",
    r"\b(?:valeur|valent|vaut|biens?|materiel|stock|camion|voiture|vehicule)\b")
_AUTRE_ARGENT = re.compile(
    r"\s?(?:€|euros?|eur|e)?\s?(?:par mois |net |brut )*(?:de|d'|du) ?(?:la )?"
    r"(?:pole emploi|chomage|allocation\w*|retraite|pension|are\b|salaire|rsa|indemnit\w*|loyer|charges?|cotisation\w*|materiel|marchandises?|frais|"
    r"stock|impots?|taxes?|penalit\w*|majoration\w*|dettes?|amende|remboursement|aides?|prime|benef\w*|plus\b)")
_NET = re.compile(r"\b(?:benef\w*|il (?:me |m'en )?reste|me reste|resultat)\b")
_AVANT_ANNEE = re.compile(r"\b(?:en|depuis|annees?|avant|apres|jusqu'?\s?en|fin|debut|ete|exercice|janvier|pour|de l'?\s?an)\s(?:l'an )?$")
_VERBE_COLLE = re.compile(r"\b(?:fais|fai|jfe|jfai\w*|gagne|encaisse|facture|rentre|touche|realise|declare)\s$")
# After « je fais 2000 », a noun would say that these are not euros: « je fais 35 clients ».
_PAS_DE_NOM = re.compile(
    r"\s?(?:$|[.,;:!?)]|(?:et|en|sur|ce|cet|cette|par|donc|combien|cb|comme|depuis|pour|pr|avec|dans|chaque|tous|a|au|mais|je|j'|c'est|ca|quoi|ou|environ|"
    r"hors|brut|net|ht|de)\b)")
_LES = re.compile(r"(?<!dans )\bles\s$")
_CLAUSE = re.compile(r"[.;!?](?:\s|$)|,\s|\b(?:mais|alors que|car|donc|puis)\b")
_FIN_DE_PHRASE = re.compile(r"[.!?;](?:\s|$)")


def _nettoyer(texte: str) -> str:
    """Simplified, with what only looks like an amount blanked out."""
    simple = simplifier(texte)
    for leurre in _LEURRES:
        simple = leurre.sub(" # ", simple)
    return re.sub(r"\s+", " ", simple)


def _periode(texte: str, nombre: NombreLu, fin: int) -> Optional[str]:
    """The period said closest to the number, in its own clause: after it first, within a few words, else before."""
    suite = _CLAUSE.split(texte[fin:fin + 45])[0]
    apres = [(m.start(), nom) for nom, dit in PERIODES for m in [dit.search(suite)] if m and m.start() <= 28]
    if apres:
        return min(apres)[1]
    debut = _CLAUSE.split(texte[max(0, nombre.debut - 60):nombre.debut])[-1]
    avant = [(m.end(), nom) for nom, dit in PERIODES for m in dit.finditer(debut)]
    return max(avant)[1] if avant else None


def _fin_du_montant(texte: str, nombre: NombreLu) -> Tuple[bool, bool, int]:
    """Whether a currency follows, whether the amount is called turnover (« de recettes »), and where it ends."""
    monnaie = _MONNAIE.match(texte, nombre.fin)
    fin, appele = monnaie.end() if monnaie else nombre.fin, False
    suffixe = _SUFFIXE.match(texte, fin)
    while suffixe:
        fin, appele = suffixe.end(), appele or bool(_SUFFIXE_RECETTE.search(suffixe[0]))
        suffixe = _SUFFIXE.match(texte, fin)
    return bool(monnaie), appele, fin


def _note(texte: str, nombre: NombreLu) -> Optional[Tuple[int, Optional[str]]]:
    """How much a number looks like turnover (None = not at all), and its period."""
    monnaie, appele, fin = _fin_du_montant(texte, nombre)
    debut = texte[:nombre.debut]
    if nombre.valeur < 0 or _UNITE_AUTRE.match(texte, nombre.fin):
        return None
    phrase = _FIN_DE_PHRASE.split(texte[max(0, nombre.debut - 70):nombre.debut])[-1]
    recette = max((m.end() for m in _RECETTE.finditer(phrase)), default=-1)
    depense = max((m.end() for m in _DEPENSE.finditer(phrase)), default=-1)
    if not appele and (_NET.search(phrase) or depense > recette or _AUTRE_ARGENT.match(texte, nombre.fin)):
        return None
    periode_collee = any(m and m.start() <= 1 for _, dit in PERIODES for m in [dit.search(texte[fin:fin + 30])])
    if nombre.comme_annee and not monnaie and (_AVANT_ANNEE.search(debut) or not (periode_collee or _VERBE_COLLE.search(debut))):
        return None
    if monnaie and recette < 0 and not appele and (0 < nombre.valeur < 10 or _LES.search(debut)):
        return None
    verbal = recette >= 0 and len(phrase) - recette <= 14 and (nombre.valeur >= 100 or not nombre.valeur) and bool(_PAS_DE_NOM.match(texte, fin))
    if not (monnaie or appele or verbal or (periode_collee and nombre.valeur >= 50)):
        return None
    periode = _periode(texte, nombre, fin)
    return 2 * (recette >= 0) + 2 * appele + monnaie + bool(periode), periode


def lire_demande(texte: str) -> Dict[str, object]:
    """Turnover said in a sentence: `{"montant": Decimal, "periode": "mois" | "trimestre" | "annee"}`.

    `periode` is absent when unsaid, both when no amount of turnover is said. Reads no barème and never raises.

    >>> lire_demande("Je suis coiffeuse, je fais 2 000 € par mois, combien je paie ?")
    {'montant': Decimal('2000'), 'periode': 'mois'}
    >>> lire_demande("J'ai 52 ans, auto-entrepreneur depuis 2009, SIRET 123 456 789 00012")
    {}
    """
    simple = _nettoyer(texte)
    retenus: List[Tuple[int, int, Decimal, Optional[str]]] = []
    for rang, nombre in enumerate(nombres(simple)):
        note = _note(simple, nombre)
        if note:
            retenus.append((note[0], -rang, nombre.valeur, note[1]))
    if not retenus:
        return {}
    _, _, montant, periode = max(retenus)
    return {"montant": montant, "periode": periode} if periode else {"montant": montant}


_UNITE_DE_TEMPS = re.compile(r"\s?(?:%|ans?\b|h\b|mois\b|trimestres?\b)")


def montants_du_champ(texte: str) -> List[Decimal]:
    """All numbers of a field where an amount is expected, years and units apart: there, « 2000 » needs no verb nor currency."""
    simple = _nettoyer(texte)
    lus = nombres(simple)
    en_euros = [n.valeur for n in lus if _MONNAIE.match(simple, n.fin)]
    return en_euros or [n.valeur for n in lus if not _UNITE_DE_TEMPS.match(simple, n.fin)
                        and not (n.comme_annee and _AVANT_ANNEE.search(simple[:n.debut]))]


def periode_dite(texte: str) -> Optional[str]:
    """The period a field says of its amount: « 2000 euros/mois » → « mois »."""
    simple = _nettoyer(texte)
    for nombre in nombres(simple):
        periode = _periode(simple, nombre, nombre.fin)
        if periode:
            return periode
    return next((nom for nom, dit in PERIODES if dit.search(simple)), None)
