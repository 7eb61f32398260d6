"""Retirement, the mechanisms only: quarters that a turnover validates, ages and insured period of a generation. Never an amount of pension."""
from datetime import date
from decimal import Decimal
from typing import List, Mapping, Optional, Tuple

from bot.knowledge.baremes import Bareme
from bot.knowledge.calculs.calendrier import ajouter_mois, premier_du_mois_a_partir_de
from bot.knowledge.calculs.commun import (
    Droit,
    ErreurCalcul,
    Ligne,
    Nombre,
    Resultat,
    age_ecrit,
    arrondir,
    euro_superieur,
    ligne_date,
    ligne_euros,
    resultat,
    situer,
    verifier_choix,
    verifier_montant,
)
from bot.knowledge.calculs.micro import ACTIVITES
from bot.texte.typographie import date_longue, euros, quantite

ANNEES = (2010, 2011, 2012)
PERIODE_AGES = (date(2011, 1, 1), date(2012, 12, 31))
_ABATTEMENTS = {"vente": "abattement_vente", "prestation": "abattement_service", "liberal": "abattement_liberal"}
AGE_MIN, AGE_MAX = 14, 110


def seuils_trimestres(activite: str, annee: int, valeurs: Optional[Mapping[str, Bareme]] = None) -> List[Decimal]:
    """Turnover of the year, in euros, for one to four quarters: k × 200 h of the SMIC of 1 January, before the flat allowance, to the euro above."""
    return _seuils(Droit(date(annee, 1, 1), valeurs), activite)


def _seuils(droit: Droit, activite: str) -> List[Decimal]:
    revenu = droit.nombre("heures_smic_trimestre") * droit.nombre("smic_janvier")
    garde = 1 - droit.nombre(_ABATTEMENTS[activite]) / 100
    return [euro_superieur(revenu * rang / garde) for rang in range(1, droit.entier("trimestres_par_an") + 1)]


def trimestres_valides(montant: Nombre, activite: str, annee: Optional[int] = None, *, au: date,
                       valeurs: Optional[Mapping[str, Bareme]] = None) -> Resultat:
    """Pension quarters that the turnover of a year validates, and the turnover still needed for the next one.

    Rule: one quarter for each 200 hours of the SMIC of 1 January reached by the income after the flat allowance of 71, 50 or 34 %, four at
    most a year in all schemes together, whatever the months worked (CSS L133-6-8-2, D131-6-4). Thresholds go to the euro above, the turnover
    to the nearest euro (CSS L130-1). `montant` in euros for the whole calendar year `annee` (that of `au` by default).
    Errors: MONTANT_…, CHOIX_INCONNU, ANNEE_HORS_PERIODE.
    """
    somme = arrondir(verifier_montant(montant))
    verifier_choix(activite, ACTIVITES, "activite")
    avertissement = None
    if annee is None:
        jour, avertissement = situer(au, date(ANNEES[0], 1, 1), date(ANNEES[-1], 12, 31))
        annee = jour.year
    if annee not in ANNEES:
        raise ErreurCalcul("ANNEE_HORS_PERIODE", f"Je connais la règle des trimestres pour {ANNEES[0]}, {ANNEES[1]} et {ANNEES[2]} : écrivez "
                                                 "l'une de ces années, ou demandez votre relevé de carrière.", "annee")
    droit = Droit(date(annee, 1, 1), valeurs)
    droit.citer("css L133-6-8-2", "css D131-6-4")
    seuils = _seuils(droit, activite)
    valides = sum(1 for seuil in seuils if somme >= seuil)
    maximum = len(seuils)
    lignes = [ligne_euros(f"Recettes encaissées en {annee}", somme),
              Ligne("Trimestres validés", valides, quantite(valides, "trimestre"))]
    deja = quantite(valides, "trimestre") if valides else "aucun trimestre"
    debut = f"Avec {euros(float(somme))} encaissés en {annee}, vous validez {deja} de retraite"
    if valides < maximum:
        manque = seuils[valides] - somme
        lignes.append(ligne_euros("Recettes qui manquent pour le trimestre suivant", manque))
        debut += f" ; il manque {euros(float(manque))} de recettes pour {'le premier' if not valides else 'le suivant'}"
    else:
        debut += ", le maximum d'une année"
    lignes += [ligne_euros(f"Recettes pour {quantite(rang, 'trimestre')}", seuil) for rang, seuil in enumerate(seuils, 1)]
    phrase = (f"{debut}. On compte les recettes de l'année civile entière, pas les mois travaillés : un trimestre demande "
              f"{euros(float(seuils[0]))} pour votre activité. Quatre trimestres au plus comptent par an, tous régimes réunis.")
    limites = ["Ces trimestres ne disent rien du montant de la retraite ; votre relevé de carrière montre ce qui est inscrit.",
               "Ces montants ne sont pas réduits si vous commencez en cours d'année, et les recettes doivent avoir été déclarées et payées."]
    plafond = "plafond_vente" if activite == "vente" else "plafond_service"
    if droit.connait(plafond) and somme > droit.sans_citer().nombre(plafond):
        limites.insert(0, f"Ces recettes dépassent le plafond de l'auto-entrepreneur pour {annee} : une autre règle peut s'appliquer.")
    regle = ("Un trimestre par tranche de 200 heures de SMIC au 1er janvier atteinte par le revenu après abattement forfaitaire ; seuils "
             "arrondis à l'euro supérieur.")
    return resultat("trimestres_valides", droit, lignes, phrase, regle, limites, avertissement)


# --- age -----------------------------------------------------------------------------------------------------------------------

def age_legal(naissance: date, jour: date, valeurs: Optional[Mapping[str, Bareme]] = None) -> int:
    """The minimum age of departure in months, by the calendar in force on `jour` (CSS L161-17-2, D161-2-1-9)."""
    return _age_legal(Droit(jour, valeurs), naissance)


def _age_legal(droit: Droit, naissance: date) -> int:
    bas = 12 * droit.entier("age_legal_bas")
    if naissance < droit.date_de("naissance_relevement"):
        return bas
    if naissance >= droit.date_de("naissance_age_haut"):
        return 12 * droit.entier("age_legal_haut")
    return bas + droit.entier(f"age_legal_supplement_{naissance.year}")


def duree_requise(naissance: date, jour: date, valeurs: Optional[Mapping[str, Bareme]] = None) -> Optional[int]:
    """Quarters for the full rate (CSS R351-27 and decrees); None when no text fixed them yet on `jour`, or for births before 1943."""
    return _duree_requise(Droit(jour, valeurs), naissance)


def _duree_requise(droit: Droit, naissance: date) -> Optional[int]:
    if naissance.year < 1943:
        return None
    generation = {1954: 1953}.get(naissance.year, max(naissance.year, 1948))
    nom = f"duree_taux_plein_{generation}"
    return droit.entier(nom) if droit.connait(nom) else None


def jour_du_calendrier(au: date, valeurs: Optional[Mapping[str, Bareme]] = None) -> Tuple[date, Optional[str]]:
    """The day whose calendar of ages answers a question asked on `au`.

    From its publication on 22 December 2011 the faster calendar governs every pension starting in 2012 or later, that is, everyone it touches.
    """
    jour, avertissement = situer(au, *PERIODE_AGES)
    publication = Droit(jour, valeurs).date_de("publication_calendrier_2012")
    return (max(jour, date(2012, 1, 1)) if jour >= publication else jour), avertissement


def verifier_naissance(naissance: date, au: date) -> None:
    """Refuse an impossible birth date: NAISSANCE_FUTURE, NAISSANCE_ABSURDE."""
    if naissance > au:
        raise ErreurCalcul("NAISSANCE_FUTURE", "Cette date de naissance est dans l'avenir : écrivez-la en entier, par exemple 12 avril 1952.",
                           "naissance")
    age = au.year - naissance.year - ((au.month, au.day) < (naissance.month, naissance.day))
    if not AGE_MIN <= age <= AGE_MAX:
        raise ErreurCalcul("NAISSANCE_ABSURDE", f"Cette date de naissance donnerait {quantite(age, 'an')} : vérifiez l'année, par exemple "
                                                "12 avril 1952.", "naissance")


def age_retraite(naissance: date, *, au: date, valeurs: Optional[Mapping[str, Bareme]] = None) -> Resultat:
    """Minimum age, age of the automatic full rate, quarters required and earliest date, for a craftsman or shopkeeper.

    Rule: law of 9 November 2010 (CSS L161-17-2, D161-2-1-9), then from its publication the faster calendar of the law of 21 December 2011;
    full rate five years later (CSS L351-8); a pension starts on the 1st of a month (CSS R351-37). Ages in months. `au` decides the calendar.
    Never an amount. Errors: NAISSANCE_FUTURE, NAISSANCE_ABSURDE.
    """
    verifier_naissance(naissance, au)
    jour, avertissement = jour_du_calendrier(au, valeurs)
    droit = Droit(jour, valeurs)
    legal = _age_legal(droit, naissance)
    plein = legal + 12 * droit.entier("taux_plein_decalage")
    atteint = ajouter_mois(naissance, legal)
    depart, depart_plein = premier_du_mois_a_partir_de(atteint), premier_du_mois_a_partir_de(ajouter_mois(naissance, plein))
    duree = _duree_requise(droit, naissance)
    lignes = [Ligne("Âge minimum de départ", legal, age_ecrit(legal)), ligne_date("Premier départ possible", depart),
              Ligne("Âge du taux plein automatique", plein, age_ecrit(plein)), ligne_date("Taux plein automatique à partir du", depart_plein)]
    if duree:
        lignes.append(Ligne("Trimestres pour le taux plein avant cet âge", duree, quantite(duree, "trimestre")))
    if depart > au:
        tete = (f"Pour une naissance le {date_longue(naissance)}, l'âge minimum est de {age_ecrit(legal)} : le premier départ possible est le "
                f"{date_longue(depart)}.")
    else:
        tete = (f"Pour une naissance le {date_longue(naissance)}, l'âge minimum est de {age_ecrit(legal)} : il est atteint, et un départ est "
                f"possible depuis le {date_longue(depart)}.")
    if depart_plein <= au:
        taux = f"L'âge du taux plein automatique, {age_ecrit(plein)}, est atteint aussi : aucune réduction pour trimestres manquants."
    elif duree:
        taux = f"Sans réduction, il faut {quantite(duree, 'trimestre')} tous métiers confondus, ou attendre {age_ecrit(plein)}."
    else:
        taux = (f"Sans réduction, il faut attendre {age_ecrit(plein)}, ou réunir le nombre de trimestres qu'un décret fixera pour votre "
                "génération.")
    fin = "Certaines situations ouvrent un départ plus tôt : longue carrière, handicap ou pénibilité."
    if depart <= au:
        fin = "La retraite n'est pas automatique : demandez-la à votre caisse."
    phrase = f"{tete} {taux} {fin}"
    limites = [_calendrier_ecrit(droit, naissance, legal, valeurs),
               "La retraite n'est jamais automatique : il faut la demander, quelques mois avant.",
               f"Le taux plein reste à {quantite(droit.entier('age_taux_plein_maintenu'), 'an')} pour certains aidants, assurés handicapés et "
               f"parents.",
               "Les fonctionnaires et certains régimes spéciaux ont d'autres âges. Ce calcul ne dit rien du montant."]
    droit.citer("css L161-17-2", "css D161-2-1-9", "css L351-8", "css R351-37", "Loi n° 2010-1330 du 9 novembre 2010 portant réforme des retraites")
    regle = ("Âge minimum selon la date de naissance, taux plein automatique cinq ans plus tard, départ le 1er d'un mois. "
             f"Calendrier applicable au {date_longue(jour)}.")
    return resultat("age_retraite", droit, lignes, phrase, regle, limites, avertissement)


def _calendrier_ecrit(droit: Droit, naissance: date, legal: int, valeurs: Optional[Mapping[str, Bareme]]) -> str:
    """Which of the two calendars answered, and what the other says for this generation."""
    nouveau = date(2012, 1, 1)
    if droit.jour < nouveau:
        apres = age_legal(naissance, nouveau, valeurs)
        texte = f"Calendrier de la loi du 9 novembre 2010, tel qu'il s'applique au {date_longue(droit.jour)}"
        if apres != legal:
            return f"{texte} ; la loi du 21 décembre 2011 l'a ensuite accéléré : {age_ecrit(apres)} pour cette naissance."
        return f"{texte}."
    avant = age_legal(naissance, date(2011, 12, 1), valeurs)
    texte = "Calendrier accéléré par la loi du 21 décembre 2011, pour les retraites qui commencent à partir du 1er janvier 2012"
    return f"{texte} ; l'âge prévu auparavant était {age_ecrit(avant)}." if avant != legal else f"{texte}."
