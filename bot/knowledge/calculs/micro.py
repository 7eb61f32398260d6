"""The auto-entrepreneur's figures: first-year ceiling, contributions on turnover, ACCRE rates. Law of 2011 and 2012."""
from datetime import date, timedelta
from decimal import Decimal
from typing import List, Mapping, Optional, Tuple

from bot.knowledge.baremes import Bareme
from bot.knowledge.calculs.calendrier import ajouter_mois, fin_trimestre, jours_de_l_annee
from bot.knowledge.calculs.commun import (
    Droit,
    ErreurCalcul,
    Ligne,
    Nombre,
    Resultat,
    arrondir,
    dixieme_superieur,
    exact,
    ligne_euros,
    periode_ecrite,
    resultat,
    situer,
    taux_ecrit,
    verifier_choix,
    verifier_montant,
)
from bot.texte.typographie import date_longue, euros, quantite

ACTIVITES = ("vente", "prestation", "liberal")
PERIODES = {"mois": 12, "trimestre": 4, "annee": 1}
GROUPES = ("artisan", "commercant")
CAISSES = ("cipav", "rsi")
# Social rates, training contribution and ceilings are all known between these two days.
PERIODE = (date(2011, 1, 1), date(2012, 12, 31))
_ECRIT_ACTIVITE = {"vente": "la vente et l'hébergement", "prestation": "les prestations de services", "liberal": "les activités libérales"}
_PAR = {"mois": " par mois", "trimestre": " par trimestre", "annee": " dans l'année", None: ""}


def verifier_debut(debut: date, valeurs: Optional[Mapping[str, Bareme]]) -> None:
    """Refuse a start before the scheme existed: ErreurCalcul DEBUT_AVANT_2009."""
    ouverture = Droit(PERIODE[0], valeurs).date_de("ouverture_auto_entrepreneur")
    if debut < ouverture:
        raise ErreurCalcul("DEBUT_AVANT_2009", f"Le régime de l'auto-entrepreneur n'existe que depuis le {date_longue(ouverture)} : "
                                               "écrivez une date de début à partir de ce jour.", "debut")


def plafond_premiere_annee(debut: date, activite: str, *, au: date, valeurs: Optional[Mapping[str, Bareme]] = None) -> Resultat:
    """Turnover ceiling of the year in which the activity starts.

    Rule: ceiling of the year × days of activity to 31 December, start included ÷ days of the year (CGI 50-0 and 102 ter). Starts of 2009
    and 2010 keep the whole ceiling (law 2010-1658, article 54). No text rounds the product: the nearest euro, as published tables do.
    `au` is the day of the question; the law applied is that of the start, since a ceiling belongs to its year.
    Errors: CHOIX_INCONNU, DEBUT_AVANT_2009, DEBUT_HORS_PERIODE (no ceiling known for that year).
    """
    verifier_choix(activite, ACTIVITES, "activite")
    verifier_debut(debut, valeurs)
    droit = Droit(debut, valeurs)
    nom = "plafond_vente" if activite == "vente" else "plafond_service"
    if not droit.connait(nom) or debut > PERIODE[1]:
        raise ErreurCalcul("DEBUT_HORS_PERIODE", f"Je ne connais pas le plafond de {debut.year} : écrivez une date de début de 2009 à 2012, "
                                                 "ou demandez le montant en vigueur à votre caisse.", "debut")
    annuel = droit.nombre(nom)
    jours, total = (date(debut.year, 12, 31) - debut).days + 1, jours_de_l_annee(debut.year)
    reduit = debut >= droit.date_de("prorata_premiere_creation")
    plafond = arrondir(annuel * jours / total) if reduit else annuel
    lignes = [ligne_euros("Plafond de la première année", plafond), ligne_euros(f"Plafond d'une année entière ({debut.year})", annuel),
              Ligne("Jours d'activité dans l'année", jours, quantite(jours, "jour"))]
    limites = ["On compte ce que vous encaissez, sans retirer vos frais ; les factures non payées ne comptent pas.",
               "Pour une activité mixte, le total reste sous le plafond de la vente et la part de services sous celui des services."]
    if reduit:
        regle = "Plafond de l'année multiplié par les jours d'activité, divisé par les jours de l'année ; arrondi à l'euro le plus proche."
        phrase = (f"Pour un début le {date_longue(debut)}, votre plafond de {debut.year} est de {euros(float(plafond))}. "
                  f"C'est le plafond annuel de {euros(float(annuel))} pour {_ECRIT_ACTIVITE[activite]}, "
                  f"réduit à vos {quantite(jours, 'jour')} d'activité sur {total}. "
                  "La première année, il n'y a pas de marge de tolérance : au-delà, vous sortez du régime.")
        if jours == total:
            phrase = (f"Pour un début le {date_longue(debut)}, votre plafond de {debut.year} est entier : {euros(float(plafond))} pour "
                      f"{_ECRIT_ACTIVITE[activite]}. Il n'est réduit que si l'on commence en cours d'année. La première année, il n'y a pas "
                      "de marge de tolérance : au-delà, vous sortez du régime.")
        limites.append("Le même calcul au nombre de jours vaut l'année où l'on cesse l'activité.")
    else:
        regle = "Les débuts de 2009 et de 2010 gardent le plafond entier, sans réduction au nombre de jours."
        phrase = (f"Pour un début le {date_longue(debut)}, votre plafond de {debut.year} était entier : {euros(float(plafond))} pour "
                  f"{_ECRIT_ACTIVITE[activite]}. Ceux qui ont commencé en 2009 ou en 2010 ont été dispensés de la réduction au nombre de "
                  "jours. Elle s'applique aux débuts à partir de 2011.")
    return resultat("plafond_premiere_annee", droit, lignes, phrase, regle, limites)


def taux_social(droit: Droit, activite: str, caisse: Optional[str]) -> Decimal:
    """The normal flat rate in percent (CSS D131-6-1, D131-6-2). A liberal activity of unknown fund is taken as CIPAV, the most common."""
    if activite == "liberal" and caisse != "rsi":
        return droit.nombre("taux_cipav")
    return droit.nombre("taux_vente" if activite == "vente" else "taux_service")


def taux_vl(droit: Droit, activite: str) -> Decimal:
    """The income-tax option in percent (CGI 151-0)."""
    return droit.nombre({"vente": "vl_vente", "prestation": "vl_service", "liberal": "vl_liberal"}[activite])


def taux_formation(droit: Droit, activite: str, groupe: Optional[str]) -> Decimal:
    """The training contribution in percent (labour code L6331-48)."""
    if activite != "liberal" and groupe == "artisan":
        return droit.nombre("formation_artisan")
    return droit.nombre("formation_commerce" if activite == "vente" else "formation_service")


def taux_avec_vl(activite: str, caisse: Optional[str], *, au: date, valeurs: Optional[Mapping[str, Bareme]] = None) -> Decimal:
    """Social rate and income-tax option together, in percent: 13, 23, 20.5 (CIPAV) or 23.5 (liberal at the RSI) in 2011."""
    droit = Droit(au, valeurs)
    return taux_social(droit, activite, caisse) + taux_vl(droit, activite)


def periodes_accre(debut: date, *, au: date, valeurs: Optional[Mapping[str, Bareme]] = None) -> List[Tuple[date, date]]:
    """The three ACCRE periods, bounds included, without a gap (CSS D131-6-3).

    The first runs to the end of the third calendar quarter after that of the start, the others last four calendar quarters each.
    """
    droit = Droit(au, valeurs)
    premiere, suivante = droit.entier("accre_premiere_periode"), droit.entier("accre_duree_periode")
    fin = fin_trimestre(debut)
    fins = [fin_trimestre(ajouter_mois(fin, 3 * (premiere + suivante * rang))) for rang in range(3)]
    debuts = [debut, *(f + timedelta(days=1) for f in fins[:2])]
    return list(zip(debuts, fins))


def taux_reduits(droit: Droit, activite: str, caisse: Optional[str]) -> List[Decimal]:
    """The three ACCRE rates in percent: 25, 50 and 75 % of the normal rate, each to the tenth above (CSS D131-6-3)."""
    normal = taux_social(droit, activite, caisse)
    return [dixieme_superieur(normal * droit.nombre(f"accre_part_{rang}") / 100) for rang in (1, 2, 3)]


def _verifier_accre(debut: date, valeurs: Optional[Mapping[str, Bareme]]) -> None:
    verifier_debut(debut, valeurs)
    ouverture = Droit(PERIODE[0], valeurs).date_de("ouverture_accre_micro")
    if debut < ouverture:
        raise ErreurCalcul("ACCRE_AVANT_MAI_2009", f"L'ACCRE au taux réduit de l'auto-entrepreneur vaut pour les débuts à partir du "
                                                   f"{date_longue(ouverture)} : pour un début plus ancien, demandez à votre caisse.", "debut")
    if not Droit(debut, valeurs).connait("accre_part_1"):
        raise ErreurCalcul("DEBUT_HORS_PERIODE", "Je connais les taux de l'ACCRE pour un début de mai 2009 à décembre 2012 : écrivez une date "
                                                 "de cette période, ou demandez les taux en vigueur à votre caisse.", "debut")


def taux_accre(debut: date, activite: str, caisse: Optional[str] = None, *, au: date,
               valeurs: Optional[Mapping[str, Bareme]] = None) -> Resultat:
    """The three ACCRE periods of an auto-entrepreneur, with dates and rates in percent.

    Rule: 25, 50 then 75 % of the normal rate, each rounded to the tenth above (CSS D131-6-3); tax option and training are not reduced.
    `caisse` (cipav or rsi) matters to liberal activities only. Rates are those in force on `au`.
    Errors: CHOIX_INCONNU, DEBUT_AVANT_2009, ACCRE_AVANT_MAI_2009, DEBUT_HORS_PERIODE.
    """
    verifier_choix(activite, ACTIVITES, "activite")
    if caisse is not None:
        verifier_choix(caisse, CAISSES, "caisse")
    _verifier_accre(debut, valeurs)
    jour, avertissement = situer(au, *PERIODE)
    droit = Droit(jour, valeurs)
    droit.citer("css D131-6-3")
    normal, reduits = taux_social(droit, activite, caisse), taux_reduits(droit, activite, caisse)
    periodes = periodes_accre(debut, au=jour, valeurs=valeurs)
    lignes = [Ligne(periode_ecrite(d, f).capitalize(), taux, taux_ecrit(taux)) for (d, f), taux in zip(periodes, reduits)]
    apres = periodes[-1][1] + timedelta(days=1)
    lignes.append(Ligne(f"À partir du {date_longue(apres)}", normal, taux_ecrit(normal)))
    fins = [date_longue(f) for _, f in periodes]
    phrase = (f"Avec l'ACCRE et un début le {date_longue(debut)}, vous payez {taux_ecrit(reduits[0])} de vos recettes jusqu'au {fins[0]}, "
              f"puis {taux_ecrit(reduits[1])} jusqu'au {fins[1]} et {taux_ecrit(reduits[2])} jusqu'au {fins[2]}. "
              f"Ensuite, c'est le taux normal, {taux_ecrit(normal)} pour {_ECRIT_ACTIVITE[activite]}. "
              "L'impôt libératoire et la contribution à la formation ne baissent pas, et l'aide s'arrête si vous dépassez les plafonds.")
    limites = [f"Calculé sur le taux en vigueur au {date_longue(jour)} ; si ce taux change, les taux réduits changent avec lui.",
               "L'aide doit avoir été accordée : elle n'est pas automatique."]
    if activite == "liberal" and caisse is None:
        rsi = taux_reduits(droit, activite, "rsi")
        limites.append(f"Taux des libéraux de la CIPAV ; si votre retraite relève du RSI : {', '.join(map(taux_ecrit, rsi))}.")
    regle = ("25 %, 50 % puis 75 % du taux normal, arrondis au dixième supérieur ; la première période va jusqu'à la fin du troisième "
             "trimestre civil après celui du début, les deux suivantes durent quatre trimestres civils.")
    droit.citer("Décret n° 2009-484 du 29 avril 2009")
    return resultat("taux_accre", droit, lignes, phrase, regle, limites, avertissement)


def cotisations_micro(montant: Nombre, activite: str, periode: Optional[str] = None, versement_liberatoire: bool = False,
                      accre_debut: Optional[date] = None, groupe: Optional[str] = None, caisse: Optional[str] = None, *, au: date,
                      valeurs: Optional[Mapping[str, Bareme]] = None) -> Resultat:
    """What an auto-entrepreneur pays on a turnover, and what remains.

    Rule: a percentage of the money received, expenses not deducted (CSS L133-6-8, D131-6-1, D131-6-2), the training contribution (labour
    code L6331-48) and, if chosen, the income-tax option (CGI 151-0). The base and each amount are rounded to the nearest euro, half a euro
    counting for one (CSS L130-1, CGI 1657). `accre_debut` applies the reduced rate of the period in which `au` falls.
    `montant` in euros for one `periode` (mois, trimestre, annee; None = unsaid: the percentage is the same).
    Errors: MONTANT_…, CHOIX_INCONNU, and those of `taux_accre` for the ACCRE start.
    """
    somme = verifier_montant(montant)
    verifier_choix(activite, ACTIVITES, "activite")
    for valeur, permis, champ in ((periode, tuple(PERIODES), "periode"), (groupe, GROUPES, "groupe"), (caisse, CAISSES, "caisse")):
        if valeur is not None:
            verifier_choix(valeur, permis, champ)
    jour, avertissement = situer(au, *PERIODE)
    droit = Droit(jour, valeurs)
    droit.citer("css L133-6-8")
    taux, quel, limites = _taux_du_jour(droit, activite, caisse, accre_debut, jour, valeurs)
    formation = taux_formation(droit, activite, groupe)
    assiette = arrondir(somme)
    parts = [("Cotisations sociales", "de cotisations sociales", taux),
             ("Contribution à la formation", "de contribution à la formation", formation)]
    if versement_liberatoire:
        parts.append(("Versement libératoire de l'impôt", "d'impôt sur le revenu", taux_vl(droit, activite)))
    montants = [arrondir(assiette * t / 100) for _, _, t in parts]
    total = sum(montants, Decimal(0))
    lignes = [ligne_euros("Recettes encaissées" + _PAR[periode], assiette)]
    lignes += [Ligne(f"{libelle} ({taux_ecrit(t)})", m, euros(float(m))) for (libelle, _, t), m in zip(parts, montants)]
    lignes += [ligne_euros("Total à payer", total), ligne_euros("Reste après paiement", assiette - total)]
    noms_de_taux = [taux_ecrit(t) for _, _, t in parts]
    noms_de_taux[0] += quel
    detail = [f"{euros(float(m))} {texte} ({ecrit})" for (_, texte, _), m, ecrit in zip(parts, montants, noms_de_taux)]
    impot = "" if versement_liberatoire else " et avant l'impôt sur le revenu"
    if assiette:
        phrase = (f"Sur {euros(float(assiette))} encaissés{_PAR[periode]}, vous payez {euros(float(total))} : {', '.join(detail[:-1])} "
                  f"et {detail[-1]}. Le pourcentage porte sur tout ce que vous encaissez, sans retirer vos frais. "
                  f"Il vous reste {euros(float(assiette - total))}, avant vos frais{impot}.")
        depassement = _depassement(droit, somme, activite, periode)
        if depassement:
            limites.insert(0, depassement)
            phrase += " " + depassement
    else:
        phrase = ("Sans encaissement, vous payez 0 € : le forfait de l'auto-entrepreneur est un pourcentage de ce que vous encaissez, sans "
                  "minimum. Déclarez quand même 0 à chaque échéance. Sans recettes, aucun trimestre de retraite n'est validé.")
    limites += _limites_cotisations(droit, activite, groupe, caisse, versement_liberatoire)
    droit.citer("css L130-1")
    regle = ("Recettes encaissées multipliées par le taux de l'activité, sans déduction des frais ; chaque montant est arrondi à l'euro le "
             "plus proche.")
    return resultat("cotisations_micro", droit, lignes, phrase, regle, limites, avertissement)


def _taux_du_jour(droit: Droit, activite: str, caisse: Optional[str], accre_debut: Optional[date], jour: date,
                  valeurs: Optional[Mapping[str, Bareme]]) -> Tuple[Decimal, str, List[str]]:
    """The social rate on `jour`, reduced by ACCRE when a period is running, which rate it is, and what else to say of it."""
    taux = taux_social(droit, activite, caisse)
    quel = ", taux de la CIPAV" if activite == "liberal" and caisse != "rsi" else ""
    if accre_debut is None:
        return taux, quel, []
    _verifier_accre(accre_debut, valeurs)
    periodes = periodes_accre(accre_debut, au=jour, valeurs=valeurs)
    for (_, fin), reduit in zip(periodes, taux_reduits(droit, activite, caisse)):
        if jour <= fin:
            jusque = f"Taux réduit de l'ACCRE jusqu'au {date_longue(fin)} ; le taux normal est de {taux_ecrit(taux)}."
            return reduit, ", taux réduit de l'ACCRE", [jusque]
    return taux, quel, [f"Votre ACCRE s'est terminée le {date_longue(periodes[-1][1])} : le taux normal s'applique."]


def _depassement(droit: Droit, somme: Decimal, activite: str, periode: Optional[str]) -> Optional[str]:
    """What to say when a year at this pace would pass the ceiling."""
    plafond = droit.sans_citer().nombre("plafond_vente" if activite == "vente" else "plafond_service")
    annuel = somme * PERIODES[periode or "annee"]
    if annuel <= plafond:
        return None
    return (f"À ce rythme, soit {euros(float(arrondir(annuel)))} dans l'année, vous dépasseriez le plafond de {euros(float(plafond))} : "
            "parlez-en à votre caisse.")


def _limites_cotisations(droit: Droit, activite: str, groupe: Optional[str], caisse: Optional[str], versement_liberatoire: bool) -> List[str]:
    limites = ["Ce calcul vaut pour l'auto-entrepreneur ; au régime classique, les cotisations se calculent sur le bénéfice."]
    if activite == "liberal" and caisse is None:
        limites.append(f"Taux des libéraux de la CIPAV ; si votre retraite relève du RSI, le taux est de "
                       f"{taux_ecrit(taux_social(droit, activite, 'rsi'))}.")
    if activite != "liberal" and groupe is None:
        limites.append(f"Si vous êtes artisan, la contribution à la formation est de {taux_ecrit(droit.nombre('formation_artisan'))}.")
    if groupe == "artisan" and droit.connait("formation_alsace") and activite != "liberal":
        limites.append(f"Artisan d'Alsace : la contribution à la formation est de {taux_ecrit(exact(droit.nombre('formation_alsace')))}.")
    if versement_liberatoire:
        limites.append("Le versement libératoire est réservé aux foyers dont le revenu fiscal de référence ne dépasse pas une limite par part.")
    return limites


