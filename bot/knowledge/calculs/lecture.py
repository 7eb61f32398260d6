"""What a free sentence says of turnover: « je fais 2 000 € par mois » → amount and period. Years, SIRET, ages, debts are not turnover."""
import re
from decimal import Decimal
from typing import Dict, List, Optional, Tuple

from bot.knowledge.calculs.nombres import NombreLu, nombres, simplifier
from bot.texte.normalisation import sans_accents
from bot.texte.typographie import MOIS

_NOMS_MOIS = "|".join(sans_accents(m) for m in MOIS)
_ABREGES = "janv|fev|fevr|avr|juil|sept|oct|nov|dec"
# Long numbers that are nobody's turnover: telephone, SIREN, SIRET, NIR, card. Nine digits or more, whatever separates them.
_LONGS = re.compile(r"(?<![\w,])(?:\+\s?)?\d(?:[ .\-]?\d){8,}(?!\s?(?:€|euro|eur\b))")
_DATES = re.compile(rf"\b\d{{1,2}}\s?[/.-]\s?\d{{1,2}}\s?[/.-]\s?\d{{2,4}}\b|\b\d{{4}}-\d{{2}}-\d{{2}}\b|"
                    rf"\b\d{{1,2}}\s?(?:er|e)?\s(?:{_NOMS_MOIS}|{_ABREGES})\b(?:\s\d{{4}}\b)?|\b(?:{_NOMS_MOIS}|{_ABREGES})\s(?:19|20)\d\d\b")
_ETIQUETTES = re.compile(r"\b(?:article|art|formulaire|cerfa|case|ligne|code|decret|loi|numero|no|n°|dossier|siret|siren|tel|telephone)\.?\s?"
                         r"(?:n°|no|numero)?\s?:?\s?[a-z]?\d[\w.*-]*")

_MONNAIE = re.compile(r"\s?(?:€|euros?\b|eur\b|e\b|e(?=/)|balles\b|boules\b|k€|roros\b|euro?z\b|erous?\b|uro?s?\b)")
_SUFFIXE = re.compile(r"\s?(?:ht|ttc|nets?|bruts?|hors taxes?|environ|a peu pres|en moyenne|tout rond|de ca|de c\.a\.?|"
                      r"de chiffre(?: d'?\s?affaires?)?|"
                      r"de recettes?|de ventes?)\b|\s?(?<=[€seruo] )(?:encaisses?|factures?)\b")
PERIODES: Tuple[Tuple[str, "re.Pattern[str]"], ...] = (
    ("trimestre", re.compile(r"\b(?:par|au|le|ce|chaque|du|dernier|premier|deuxieme|troisieme|quatrieme|1er|2e|3e|4e|pr|p/) ?tri(?:m|mestres?)\b|"
                             r"\btrimestriel\w*|"
                             r"\btous les (?:3|trois) mois|\b(?:sur|en|pour) (?:3|trois) mois\b|/\s?trim\w*|\bpar t\b")),
    ("mois", re.compile(rf"\b(?:par|au|le|ce|chaque|du|tous les|dans le|pour le|sur le|p/) ?mois\b|/\s?mo?i?s?\b|\bmensuel\w*|\bmois[- ]ci\b|"
                        rf"\bpar moi\b|\bdu moi\b|"
                        rf"\bles? mois derniers?\b|\bp mois\b|\bpr mois\b|\ben (?:{_NOMS_MOIS})\b(?! \d)")),
    ("annee", re.compile(r"\bpar ans?\b|\bpar annees?\b|\bl'?\s?an\b|\bl'?\s?annee\b|/\s?an\w*|\bannuel\w*|\b(?:cet+e?|chaque|dans l'?\s?|"
                         r"sur l'?\s?|a l'?\s?|pour l'?\s?) ?annee\b|"
                         r"\bsur (?:un an|1 an|12 mois|douze mois)\b|\bdepuis (?:le )?(?:1er )?(?:janvier|debut (?:de l'?\s?)?annee|"
                         r"le debut de l'?\s?annee)\b|"
                         r"\b(?:en|pour|sur) (?:20\d\d)\b|\bpr an\b|\btous les ans\b|\ba fin (?:novembre|octobre|septembre|decembre)\b")),
)
# Nearest word before the number decides whether it is money that came in.
_RECETTE = re.compile(r"\b(?:fais|fai|fait|fe|fesai\w*|faisai\w*|ferai\w*|gagn\w*|encais\w*|ancais\w*|factur(?:e|er|ai|ais|ons|era\w*)\b|rentr\w*|"
                      r"rapport\w*|"
                      r"realis\w*|declar\w*|tourn\w*|vend\w*|revend\w*|ventes?|recettes?|recete\w*|chiffre|chifre|affaires?|afaires?|ca|c\.a|sors|"
                      r"atteint|atteins|"
                      r"atteign\w*|obtien\w*|jfe|jfai\w*|jgagn\w*|recois|recu|touche|touch\w*|tombe\w*|honoraires|prestations?|marche|"
                      r"suis (?:deja )?a|sur|pour|avec|"
                      r"turnover|earn|make)\b")
_DEPENSE = re.compile(r"\b(?:pay\w*|paie\w*|pai|vers(?:e|er|ee?s?|ement\w*)|regl\w*|cout\w*|achet\w*|achats?|depens\w*|loyers?|reclam\w*|dois|"
                      r"doit|dettes?|prelev\w*|"
                      r"cotis\w*|charges?|pensions?|allocations?|alloc|assedic|are|smic|plafonds?|seuils?|limites?|maxi\w*|mini\w*|depass\w*|"
                      r"credit\w*|"
                      r"rembours\w*|prets?|emprunt\w*|amendes?|penalites?|majorations?|taxes?|impots?|capital|apport|aides?|primes?|indemnit\w*|"
                      r"valeur|valent|vaut|"
                      r"materiel|stock|salaires?|percois|percev\w*|mutuelle|rsa|retraite|devis|tva|factures? de|trop[- ]percu|regul\w*|demand\w*|"
                      r"annonc\w*|propos\w*|"
                      r"budget|ardoise|devait|devant|avanc\w*|rendu|avis|consult\w*|docteur|medecin|dentiste|greffe|experts?|fonds? de com\w*|"
                      r"placer|depot|stage|"
                      r"biens?|camion|voiture|vehicule|banque)\b")
_AUTRE_ARGENT = re.compile(r"\s?(?:€|euros?|eur|e)?\s?(?:par mois |net |brut )*(?:de|d'|du) ?(?:la )?(?:pole emploi|chomage|allocation\w*|"
                           r"retraite|pension|are\b|salaire|rsa|"
                           r"indemnit\w*|loyer|charges?|cotisation\w*|materiel|marchandises?|frais|stock|impots?|taxes?|penalit\w*|majoration\w*|"
                           r"dettes?|amende|remboursement|aides?|prime|benef\w*|plus\b|chiffre d'affaires? en moins)")
_AVANT_ANNEE = re.compile(r"(?:\ben|\bdepuis|\bannees?|\bavant|\bapres|\bjusqu'?\s?en|\bfin|\bdebut|\bete|\bexercice|\bjanvier|\bpour|"
                          r"\bde l'?\s?an)\s(?:l'an )?$")
_VERBE_COLLE = re.compile(r"\b(?:fais|fai|jfe|jfai\w*|gagne|encaisse|facture|rentre|touche|realise|declare)\s$")
_SUITE_VERBALE = re.compile(r"\s?(?:$|[.,;:!?)]|(?:et|en|sur|ce|cet|cette|par|donc|combien|cb|comme|depuis|pour|pr|avec|dans|chaque|tous|a|au|"
                            r"mais|je|j'|c'est|ca|"
                            r"quoi|ou|environ|hors|brut|net|ht|de)\b)")
_NET = re.compile(r"\b(?:benef\w*|il (?:me |m'en )?reste|me reste|resultat)\b")
_CLAUSE = re.compile(r"[.;!?](?:\s|$)|,\s|\b(?:mais|alors que|car|donc|puis)\b")


def _nettoyer(texte: str) -> str:
    """Simplified, with what only looks like an amount blanked out (same word count, no digits left)."""
    simple = simplifier(texte)
    for motif in (_DATES, _LONGS, _ETIQUETTES):
        simple = motif.sub(" # ", simple)
    return re.sub(r"\s+", " ", simple)


def _periode(texte: str, nombre: NombreLu, fin: int) -> Optional[str]:
    """The period said closest to the number, in its own clause: after it first, within a few words, else before."""
    suite = _CLAUSE.split(texte[fin:fin + 45])[0]
    trouves = [(m.start(), nom) for nom, motif in PERIODES for m in [motif.search(suite)] if m and m.start() <= 28]
    if trouves:
        return min(trouves, key=lambda t: t[0])[1]
    avant = _CLAUSE.split(texte[max(0, nombre.debut - 60):nombre.debut])[-1]
    derniers = [(list(motif.finditer(avant))[-1].end(), nom) for nom, motif in PERIODES if motif.search(avant)]
    return max(derniers, key=lambda t: t[0])[1] if derniers else None


def _note(texte: str, nombre: NombreLu) -> Optional[Tuple[int, Optional[str]]]:
    """How much a number looks like turnover (None = not at all), and its period."""
    if nombre.valeur < 0:
        return None
    monnaie = _MONNAIE.match(texte, nombre.fin)
    fin = monnaie.end() if monnaie else nombre.fin
    recettes_dites = False
    for _ in range(3):
        suffixe = _SUFFIXE.match(texte, fin)
        if not suffixe:
            break
        fin, recettes_dites = suffixe.end(), recettes_dites or bool(re.search(r"\bde\b|enc|fact", suffixe[0]))
    if re.match(r"\s?(?:%|ans?\b|heures?\b|h\b|km\b|m2\b|jours?\b)", texte[nombre.fin:]):
        return None
    if not monnaie and nombre.comme_annee and _AVANT_ANNEE.search(texte[:nombre.debut]):
        return None
    periode = _periode(texte, nombre, fin)
    phrase = re.split(r"[.!?;](?:\s|$)", texte[max(0, nombre.debut - 70):nombre.debut])[-1]
    if _NET.search(phrase) and not recettes_dites:
        return None  # what is left after expenses is not turnover
    recette, depense = list(_RECETTE.finditer(phrase)), list(_DEPENSE.finditer(phrase))
    derniere_recette = recette[-1].end() if recette else -1
    if (depense and depense[-1].end() > derniere_recette and not recettes_dites) or (_AUTRE_ARGENT.match(texte, nombre.fin) and not recettes_dites):
        return None
    colle = bool(recette) and len(phrase) - derniere_recette <= 14
    periode_collee = any(m and m.start() <= 1 for _, motif in PERIODES for m in [motif.search(texte[fin:fin + 30])])
    if nombre.comme_annee and not monnaie and not periode_collee and not _VERBE_COLLE.search(texte[:nombre.debut]):
        return None
    if monnaie and not recette and not recettes_dites and (0 < nombre.valeur < 10 or re.search(r"(?<!dans )\bles\s$", texte[:nombre.debut])):
        return None
    verbal = colle and (nombre.valeur >= 100 or not nombre.valeur) and bool(_SUITE_VERBALE.match(texte, fin))
    if not (monnaie or recettes_dites or (periode_collee and nombre.valeur >= 50) or verbal):
        return None
    return 2 * bool(recette) + 2 * recettes_dites + bool(monnaie) + bool(periode), periode


def lire_demande(texte: str) -> Dict[str, object]:
    """Turnover said in a sentence: `{"montant": Decimal, "periode": "mois" | "trimestre" | "annee"}`.

    `periode` is absent when unsaid, both when no amount of turnover is said. Reads no barème and never raises.

    >>> lire_demande("Je suis coiffeuse, je fais 2 000 € par mois, combien je paie ?")
    {'montant': Decimal('2000'), 'periode': 'mois'}
    >>> lire_demande("J'ai 52 ans, auto-entrepreneur depuis 2009, SIRET 123 456 789 00012")
    {}
    """
    simple = _nettoyer(texte)
    notes: List[Tuple[int, int, Decimal, Optional[str]]] = []
    for rang, nombre in enumerate(nombres(simple)):
        note = _note(simple, nombre)
        if note:
            notes.append((note[0], -rang, nombre.valeur, note[1]))
    if not notes:
        return {}
    _, _, montant, periode = max(notes)
    demande: Dict[str, object] = {"montant": montant}
    if periode:
        demande["periode"] = periode
    return demande


def montants_du_champ(texte: str) -> List[Decimal]:
    """All numbers of a field where an amount is expected, years and units apart: there, « 2000 » needs no verb nor currency."""
    simple = _nettoyer(texte)
    avec_monnaie = [n.valeur for n in nombres(simple) if _MONNAIE.match(simple, n.fin)]
    if avec_monnaie:
        return avec_monnaie
    return [n.valeur for n in nombres(simple)
            if not re.match(r"\s?(?:%|ans?\b|h\b|mois\b|trimestres?\b)", simple[n.fin:])
            and not (n.comme_annee and _AVANT_ANNEE.search(simple[:n.debut]))]


def periode_dite(texte: str) -> Optional[str]:
    """The period a field says of its amount: « 2000 euros/mois » → « mois »."""
    simple = _nettoyer(texte)
    for nombre in nombres(simple):
        periode = _periode(simple, nombre, nombre.fin)
        if periode:
            return periode
    for nom, motif in PERIODES:
        if motif.search(simple):
            return nom
    return None
