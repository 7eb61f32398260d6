"""Calculators: the figure of one person, from dated barèmes, with its rule, sources and limits. Never an amount of pension.

>>> from datetime import date
>>> coiffeuse = {"montant": 2000, "periode": "mois", "activite": "prestation", "groupe": "artisan"}
>>> calculer("cotisations_micro", coiffeuse, au=date(2011, 9, 14)).valeur("Total à payer")
Decimal('432')
"""
from bot.knowledge.calculs.champs import Champ, Reponse, lire_champ
from bot.knowledge.calculs.commun import ErreurCalcul, Ligne, Resultat
from bot.knowledge.calculs.lecture import lire_demande
from bot.knowledge.calculs.registre import REGISTRE, Calcul, a_demander, calcul, calculer, depuis_phrase, lire_champs, lire_reponses

__all__ = ["REGISTRE", "Calcul", "Champ", "ErreurCalcul", "Ligne", "Reponse", "Resultat", "a_demander", "calcul", "calculer", "depuis_phrase",
           "lire_champ", "lire_champs", "lire_demande", "lire_reponses"]
