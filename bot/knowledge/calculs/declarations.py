"""When an auto-entrepreneur declares and pays: first declaration, then the dates of the following year."""
from datetime import date, timedelta
from typing import List, Mapping, Optional, Tuple

from bot.knowledge.baremes import Bareme
from bot.knowledge.calculs.calendrier import ajouter_mois, debut_trimestre, est_ouvrable, fin_de_mois, fin_trimestre
from bot.knowledge.calculs.commun import Droit, ErreurCalcul, Ligne, Resultat, ligne_date, periode_ecrite, resultat, situer, verifier_choix
from bot.knowledge.calculs.micro import PERIODE, verifier_debut
from bot.texte.typographie import date_longue

PERIODICITES = {"mois": 1, "trimestre": 3}
DERNIER_DEBUT = PERIODE[1]


def periodes_declarees(debut: date, periodicite: str, *, au: date, nombre: int,
                       valeurs: Optional[Mapping[str, Bareme]] = None) -> List[Tuple[date, date, date]]:
    """The first `nombre` declarations: first day covered, last day covered, last day to declare and pay. Periods touch without a gap.

    The first one covers the month or quarter of the start and the three months, or the quarter, that follow (CSS R133-30-2).
    """
    droit = Droit(au, valeurs)
    pas, delai = PERIODICITES[periodicite], droit.entier("echeance_declaration_mois")
    if periodicite == "trimestre":
        fin = fin_trimestre(ajouter_mois(debut_trimestre(debut), 3 * droit.entier("premiere_declaration_trimestres")))
    else:
        fin = fin_de_mois(ajouter_mois(debut.replace(day=1), droit.entier("premiere_declaration_mois")))
    periodes = []
    for _ in range(nombre):
        periodes.append((debut, fin, fin_de_mois(ajouter_mois(fin.replace(day=1), delai))))
        debut = fin + timedelta(days=1)
        fin = fin_de_mois(ajouter_mois(debut, pas - 1))
    return periodes


def echeances_declaration(debut: date, periodicite: str, *, au: date, valeurs: Optional[Mapping[str, Bareme]] = None) -> Resultat:
    """The first declaration of turnover (period covered, last day) and the due dates of the twelve months after it.

    Rule: CSS R133-30-1 and R133-30-2: by the end of the month after the month or quarter declared; payment goes with the declaration.
    Dates are those of the text: the tolerance of the next working day, not verified for 2011, is not counted on.
    Errors: CHOIX_INCONNU, DEBUT_AVANT_2009, DEBUT_HORS_PERIODE.
    """
    verifier_choix(periodicite, tuple(PERIODICITES), "periodicite")
    jour, avertissement = situer(au, *PERIODE)
    droit = Droit(jour, valeurs)
    verifier_debut(debut, valeurs)
    if debut > DERNIER_DEBUT:
        raise ErreurCalcul("DEBUT_HORS_PERIODE", "Je connais les échéances pour un début de 2009 à 2012 : écrivez une date de cette période, "
                                                 "ou demandez les dates en vigueur à votre caisse.", "debut")
    periodes = periodes_declarees(debut, periodicite, au=jour, nombre=1 + 12 // PERIODICITES[periodicite], valeurs=valeurs)
    (d1, f1, e1), suivantes = periodes[0], periodes[1:]
    lignes = [Ligne("Première déclaration, période couverte", (d1, f1), periode_ecrite(d1, f1)),
              ligne_date("Première déclaration, dernier jour", e1)]
    lignes += [Ligne(periode_ecrite(d, f).capitalize(), e, date_longue(e)) for d, f, e in suivantes]
    ensuite = "le dernier jour du mois suivant"
    if periodicite == "trimestre":
        dates = [date_longue(e) for _, _, e in suivantes]
        ensuite = f"{', '.join(dates[:-1])} et {dates[-1]}"
    rythme = "chaque mois" if periodicite == "mois" else "chaque trimestre"
    phrase = (f"Votre première déclaration est à envoyer et à payer au plus tard le {date_longue(e1)} ; elle couvre la période "
              f"{periode_ecrite(d1, f1)}. Ensuite, vous déclarez {rythme} : {ensuite}. "
              "Déclarez même si vous n'avez rien encaissé, en écrivant 0.")
    limites = ["Si vous déclarez au mois, la deuxième déclaration ne couvre plus qu'un mois." if periodicite == "mois" else
               "Si vous déclarez au trimestre, la deuxième déclaration ne couvre plus qu'un trimestre."]
    chomes = [date_longue(e, jour_semaine=True) for _, _, e in periodes if not est_ouvrable(e)]
    if chomes:
        limites.append(f"Sans bureau ouvert ce jour-là : {', '.join(chomes)} ; envoyez votre déclaration avant, un report n'est pas garanti.")
    limites.append("Pour changer de rythme l'année suivante, demandez-le avant le 31 octobre.")
    regle = ("Au plus tard le dernier jour du mois qui suit la période ; la première déclaration réunit le trimestre de début et le suivant ou, "
             "au mois, le mois de début et les trois suivants.")
    droit.citer("css R133-30-1", "css R133-30-2", "css L133-6-8-1")
    return resultat("echeances_declaration", droit, lignes, phrase, regle, limites, avertissement)
