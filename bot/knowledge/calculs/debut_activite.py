"""First two years of a craftsman or shopkeeper outside the micro-social scheme: contributions on a flat income, before the real one is known."""
from datetime import date, timedelta
from decimal import Decimal
from typing import Dict, List, Mapping, Optional, Tuple

from bot.knowledge.baremes import Bareme
from bot.knowledge.calculs.calendrier import jours_de_l_annee
from bot.knowledge.calculs.commun import (
    Droit,
    ErreurCalcul,
    Ligne,
    Resultat,
    arrondir,
    ligne_date,
    ligne_euros,
    resultat,
    situer,
    taux_ecrit,
    verifier_choix,
)
from bot.knowledge.calculs.micro import GROUPES
from bot.texte.typographie import date_longue, euros, quantite

PERIODE = (date(2011, 1, 1), date(2011, 12, 31))
# Left out because no text read fixes them for a start in 2011: base of the daily-allowance contribution, minimum of the shopkeeper's
# disability cover, training (flat amount of the year, paid apart). See reference/facts_eirl_rsi.md, « points non confirmés ».
NON_COMPTES = {
    "artisan": "les indemnités journalières et la formation (payée avec la taxe pour frais de chambre)",
    "commercant": "les indemnités journalières, l'invalidité-décès et la formation",
}


_BASES = {"commune": ("base_forfait_premiere_annee", "base_forfait_deuxieme_annee"), "artisan": ("tiers_pass", "demi_pass")}


def _composantes(groupe: str) -> List[Tuple[str, str, str]]:
    """Label, rate barème, base: `commune` is the flat income, `artisan` the share of the ceiling that two of their contributions keep."""
    lignes = [("Maladie-maternité", "taux_maladie_classique", "commune"), ("Retraite de base", "taux_retraite_base_classique", "commune")]
    if groupe == "artisan":
        lignes += [("Retraite complémentaire", "taux_complementaire_artisan", "artisan"),
                   ("Invalidité-décès", "taux_invalidite_deces_artisan", "artisan")]
    else:
        lignes.append(("Retraite complémentaire", "taux_complementaire_commercant", "commune"))
    return [*lignes, ("Allocations familiales", "taux_allocations_familiales_classique", "commune"),
            ("CSG et CRDS", "taux_csg_crds_independant", "commune")]


def cotisations_forfaitaires(droit: Droit, groupe: str, rang: int, jours: int, total: int) -> List[Tuple[str, Decimal, Decimal, Decimal]]:
    """Label, base (euros), rate (percent) and amount (euros, nearest) of each contribution of year `rang`, for `jours` days out of `total`."""
    lignes = []
    for libelle, bareme, base in _composantes(groupe):
        taux, assiette = droit.nombre(bareme), arrondir(droit.nombre(_BASES[base][rang - 1]) * jours / total)
        lignes.append((libelle, assiette, taux, arrondir(assiette * taux / 100)))
    return lignes


def debut_activite(debut: date, groupe: str, *, au: date, valeurs: Optional[Mapping[str, Bareme]] = None) -> Resultat:
    """Provisional contributions of the first two calendar years in the classic scheme, by the figures of 2011.

    Rule: the usual rates on a flat income of 18 then 27 times the monthly base of family benefits (CSS L131-6, R242-16, D633-6), reduced to
    the days of activity the first year; for craftsmen, complementary pension and disability keep a third then half of the annual ceiling
    (CSS D635-7, D635-15). Bases and amounts to the nearest euro (CSS L130-1). No payment before 90 days (CSS R133-29).
    A start in 2011 gives its first year, then the second one by the same figures (decree 2011-2038 changed the bases of 2012); a start in
    2010 gives 2011 as second year. Components without a verified rule are left out and named.
    Errors: CHOIX_INCONNU, DEBUT_HORS_PERIODE, DEUX_ANNEES_PASSEES.
    """
    verifier_choix(groupe, GROUPES, "groupe")
    jour, avertissement = situer(au, *PERIODE)
    droit = Droit(jour, valeurs)
    droit.citer("css L131-6", "css R242-16")
    annee = jour.year
    if debut.year > annee:
        raise ErreurCalcul("DEBUT_HORS_PERIODE", f"Je connais les forfaits de début d'activité de {annee} : écrivez une date de début de "
                                                 f"{annee - 1} ou de {annee}.", "debut")
    if debut.year < annee - 1:
        raise ErreurCalcul("DEUX_ANNEES_PASSEES", f"Pour un début en {debut.year}, les deux premières années sont passées : vos cotisations de "
                                                  f"{annee} suivent votre revenu réel. Demandez une simulation à votre caisse.", "debut")
    lignes: List[Ligne] = []
    sommes: Dict[int, Decimal] = {}
    for rang in ((1, 2) if debut.year == annee else (2,)):
        lignes_annee, sommes[rang] = _annee(droit, groupe, rang, debut)
        lignes += lignes_annee
    premier = debut + timedelta(days=droit.entier("delai_premier_appel_classique"))
    if debut.year == annee:
        lignes.append(ligne_date("Pas de paiement avant le", premier))
    qui = "artisan" if groupe == "artisan" else "commerçant"
    if 1 in sommes:
        tete = (f"Pour un {qui} qui commence le {date_longue(debut)}, comptez environ {euros(float(sommes[1]))} de cotisations pour {annee}, puis "
                f"environ {euros(float(sommes[2]))} la deuxième année, au barème de {annee}.")
        suite = f" Rien n'est demandé avant le {date_longue(premier)}."
    else:
        tete = (f"Pour un {qui} qui a commencé le {date_longue(debut)}, comptez environ {euros(float(sommes[2]))} de cotisations pour {annee}, "
                "sa deuxième année.")
        suite = ""
    phrase = (f"{tete} Elles sont calculées sur un revenu forfaitaire, puis ajustées sur votre revenu réel : mettez de côté s'il est plus "
              f"élevé.{suite} Il faut y ajouter {NON_COMPTES[groupe]}.")
    limites = [f"Sont laissées de côté, faute de règle vérifiée pour {annee} : {NON_COMPTES[groupe]}.",
               f"Vous pouvez demander à ne rien payer pendant {quantite(droit.entier('differe_cotisations_creation'), 'mois', 'mois')}, puis à "
               f"étaler sur {quantite(droit.entier('etalement_cotisations_creation'), 'an')} au plus.",
               "L'ACCRE n'est pas comptée ici. Un auto-entrepreneur n'est pas concerné par ces forfaits."]
    if 1 in sommes:
        limites.insert(1, f"Les revenus forfaitaires de {annee + 1} ont été changés par le décret n° 2011-2038 du 29 décembre 2011.")
    droit.citer("css D633-6", "css L130-1")
    regle = ("Taux habituels appliqués à un revenu forfaitaire ; la première année, au prorata des jours d'activité ; assiettes et montants "
             "arrondis à l'euro le plus proche.")
    return resultat("debut_activite", droit, lignes, phrase, regle, limites, avertissement)


def _annee(droit: Droit, groupe: str, rang: int, debut: date) -> Tuple[List[Ligne], Decimal]:
    """The lines of one year, and the sum of what they count."""
    total = jours_de_l_annee(debut.year)
    jours = (date(debut.year, 12, 31) - debut).days + 1 if rang == 1 else total
    nom = "Première année" if rang == 1 else "Deuxième année"
    cotisations = cotisations_forfaitaires(droit, groupe, rang, jours, total)
    lignes = [Ligne(f"{nom}, {libelle} ({taux_ecrit(taux)} de {euros(float(assiette))})", montant, euros(float(montant)))
              for libelle, assiette, taux, montant in cotisations]
    somme = sum((montant for *_, montant in cotisations), Decimal(0))
    return [*lignes, ligne_euros(f"{nom}, somme de ces lignes", somme)], somme
