"""The acts `volumes`, `tirer` and `rejouer` of `conseil campagne`: how many people in each cible, and who is invited."""
import argparse
import csv
import sys
from dataclasses import asdict
from typing import Any, Optional

from bot.campagnes.tirage import ResultatTirage, rejouer, tirer
from bot.campagnes.volumes import Volume, sql_volumes, volumes
from bot.cli.base import migrer_base
from bot.cli.commun import afficher_json, dire, lire_reglages
from bot.cli.francais import entier
from bot.horloge import Horloge
from bot.texte.typographie import nombre, quantite

COLONNES = (("demande", "demandés"), ("joignables", "joignables"), ("avec_adresse", "adresse"), ("avec_telephone", "téléphone"),
            ("avec_courriel", "courriel"), ("carriere_incomplete", "carr. incompl."), ("contactes", "contactés"), ("invites", "invités"),
            ("refus", "refus"), ("restants", "restants"))
CSV = ("caisse", "annee", "cible", "titre", "genre", "perimetre", "requete", "objectif", *(nom for nom, _ in COLONNES))
ECARTS = {"refus": "ne veulent plus être invitées", "contactes": "déjà contactées", "invites": "déjà invitées",
          "injoignables": "sans moyen de les joindre"}


# -- volumes ----------------------------------------------------------------------------------------------------------------------------------


def declarer_volumes(actes: Any) -> None:
    """Adds the act to the sub-parsers of `conseil campagne`."""
    acte = actes.add_parser("volumes", help="combien de personnes dans chaque cible",
                            description="Combien de personnes dans chaque cible, par caisse.")
    acte.add_argument("--annee", required=True, type=entier(2009, 2100), metavar="A", help="année de la campagne")
    acte.add_argument("--caisse", metavar="C", help="code d'une caisse (par défaut : toutes)")
    forme = acte.add_mutually_exclusive_group()
    forme.add_argument("--json", action="store_true", help="résultat en JSON")
    forme.add_argument("--csv", action="store_true", help="résultat en CSV, point-virgule")
    forme.add_argument("--sql", action="store_true", help="montre les requêtes, paramètres compris, sans les jouer")


def executer_volumes(options: argparse.Namespace) -> int:
    with migrer_base(lire_reglages(), appliquer=False).lecture() as session:
        if options.sql:
            for caisse, sql in sql_volumes(session, options.annee, options.caisse).items():
                dire(f"-- {caisse}, campagne {options.annee}\n{sql};", brut=True)
            return 0
        trouves = volumes(session, options.annee, options.caisse)
    if options.json:
        afficher_json([v.en_dict() for v in trouves])
    elif options.csv:
        ecrivain = csv.DictWriter(sys.stdout, CSV, delimiter=";", extrasaction="ignore", lineterminator="\n")
        ecrivain.writeheader()
        ecrivain.writerows(v.en_dict() for v in trouves)
    else:
        _table(trouves)
    return 0


def _table(trouves: list[Volume]) -> None:
    """A table by caisse, a line by cible, then the years of birth of a cible that has some (R30)."""
    for caisse in dict.fromkeys(v.caisse for v in trouves):
        dire(f"{caisse}\n{'':<22}" + "".join(f"{titre:>15}" for _, titre in COLONNES), brut=True)
        for volume in (v for v in trouves if v.caisse == caisse):
            dire(f"{volume.cible:<22}" + "".join(f"{_compte(getattr(volume, nom)):>15}" for nom, _ in COLONNES), brut=True)
            for cohorte in volume.cohortes:
                valeurs = asdict(cohorte)
                dire(f"{'  nés en ' + str(cohorte.annee):<22}" + "".join(
                    f"{_compte(valeurs[nom]) if nom in valeurs else '':>15}" for nom, _ in COLONNES), brut=True)


def _compte(valeur: Optional[int]) -> str:
    return "—" if valeur is None else nombre(valeur)


# -- tirer ------------------------------------------------------------------------------------------------------------------------------------


def declarer_tirer(actes: Any) -> None:
    """Adds the acts `tirer` and `rejouer` to the sub-parsers of `conseil campagne`."""
    acte = actes.add_parser("tirer", help="tire les personnes à inviter",
                            description="Tire les personnes à inviter pour une action : les priorités de la campagne, puis la génération la plus "
                                        "âgée, puis le sort. Le tirage est gardé avec sa graine.")
    acte.add_argument("--action", required=True, metavar="CODE", help="code de l'action : EIG, AE…")
    acte.add_argument("--caisse", required=True, metavar="C", help="code de la caisse")
    acte.add_argument("--annee", required=True, type=entier(2009, 2100), metavar="A", help="année de la campagne")
    acte.add_argument("--taille", required=True, type=entier(1, 1_000_000), metavar="N", help="combien de personnes les conseillers peuvent recevoir")
    acte.add_argument("--graine", metavar="S", help="ce qui décide du sort (par défaut : tirée au hasard, et dite)")
    acte.add_argument("--json", action="store_true", help="résultat en JSON")
    encore = actes.add_parser("rejouer", help="refait un tirage et dit s'il redonne la même liste",
                              description="Refait un tirage depuis sa graine et dit s'il redonne la même liste ; n'écrit rien.")
    encore.add_argument("tirage", type=entier(1, 2_000_000_000), metavar="TIRAGE", help="numéro du tirage")
    encore.add_argument("--json", action="store_true", help="résultat en JSON")


def executer_tirer(options: argparse.Namespace) -> int:
    with migrer_base(lire_reglages(), appliquer=False)() as session:
        resultat = tirer(session, action=options.action, caisse=options.caisse, annee=options.annee, taille=options.taille, graine=options.graine,
                         maintenant=Horloge.reglee().maintenant())
    if options.json:
        afficher_json(resultat.en_dict())
    else:
        _raconter(resultat)
    return 0


def _raconter(resultat: ResultatTirage) -> None:
    dire(f"Tirage n° {resultat.tirage_id} : {quantite(resultat.taille, 'personne à inviter', 'personnes à inviter')} parmi "
         f"{nombre(resultat.population)} possibles ({nombre(resultat.demande)} dans la cible).")
    if resultat.taille < resultat.voulue:
        dire(f"La capacité ({nombre(resultat.voulue)}) dépasse ce qui reste : tout le monde est pris.")
    for nom, combien in resultat.ecarts.items():
        if combien:
            dire(f"  {nombre(combien)} {ECARTS[nom]}")
    for raison, combien in sorted(resultat.raisons.items(), key=lambda r: -r[1]):
        dire(f"  {nombre(combien)} : {raison}")
    dire(f"Requête « {resultat.requete} », graine « {resultat.graine} », base de tirage {resultat.cadre_sha256[:12]}.")


def executer_rejouer(options: argparse.Namespace) -> int:
    with migrer_base(lire_reglages(), appliquer=False).lecture() as session:
        rejeu = rejouer(session, options.tirage)
    if options.json:
        afficher_json(asdict(rejeu))
    elif rejeu.identique:
        dire(f"Le tirage n° {rejeu.tirage_id} redonne exactement la même liste.")
    elif rejeu.cadre_identique:
        dire(f"Le tirage n° {rejeu.tirage_id} ne redonne pas sa liste : {rejeu.en_plus} en plus, {rejeu.en_moins} en moins, ou un autre ordre.")
    else:
        dire(f"La population a changé depuis le tirage n° {rejeu.tirage_id} : sa liste ne peut plus être refaite "
             f"({rejeu.en_plus} en plus, {rejeu.en_moins} en moins).")
    return 0 if rejeu.identique else 1
