"""The closed words of the bilan: targets, statuses, sections, labels that pages and documents share.
Labels that a campaign file gives (difficulties, priorities, effects) are read from the socle instead."""
from typing import Mapping

from bot.enquete.bloc import MOTIFS

# Order of the circular's table; the four rows are always there (R29).
SOCLE = ("EIG", "CREATEUR", "AE", "RCS")
# Targets that are not in a campaign file: kept apart, never in a socle cell (R55, A6).
SPONTANES, EIR = "SPONT", "EIR"
STATUTS = {"realisee": "réalisée", "partielle": "partielle", "non_realisee": "non réalisée"}
ETATS = {"brouillon": "brouillon", "controle": "contrôlé", "signe": "signé", "transmis": "transmis", "accuse": "reçu par la caisse nationale",
         "accepte": "accepté", "refuse": "refusé", "consolide": "consolidé", "clos": "clos", "remplace": "remplacé par un rectificatif"}
FORMES = {"physique": "sur place", "telephone": "par téléphone", "courrier": "par courrier", "courriel": "par courriel", "collective": "collective"}
VOLUMES = {"requete": "demandés", "invites": "invités", "joints": "joints", "realises": "réalisés", "refus": "refus", "absents": "absents"}
EFFETS = {"fichier_corrige": "fichier corrigé", "carriere_completee": "carrière complétée", "preliquidation_ouverte": "pré-liquidation ouverte",
          "oriente_recouvrement": "orientation vers le recouvrement", "transfrontalier_signale": "situation transfrontalière signalée"}
SOUS_CIBLES = {"1952": "nés en 1952", "1957": "nés en 1957", "carriere_incomplete": "dont carrière incomplète"}
# Reasons why a survey was not analysed (R58), besides what the survey room itself says.
MOTIFS_ENQUETE = {**MOTIFS, "autre": "autre raison",
                  "questionnaire_illisible": "le questionnaire de la vague n'est plus celui qui a été publié"}
# What the caisse writes, by section of the bilan type; `prevention` is the part the médecin conseil reads.
TEXTES: Mapping[str, str] = {
    "synthese": "Synthèse de l'année", "locales": "Actions locales", "spontanes": "Entretiens spontanés", "offre_globale": "Offre globale",
    "satisfaction": "Satisfaction : ce que disent les assurés", "prevention": "Prévention : ce qui a été dit, en termes généraux",
    "moyens": "Moyens", "difficultes": "Difficultés", "enseignements": "Enseignements"}
TEXTE_MAX = 3_500  # a page; fits the site's cap on a form, accents included
PRIORITES_MAX = 5
MENTION = "Modèle reconstitué : ce document n'est pas un document officiel du RSI."
FICTIVES = "Données fictives."
# The seven figures of the interchange file's version, and what reads it.
FORMAT, FORMAT_VERSION, REGISTRE = "bilan-regional", "1.0", "2011.1"
