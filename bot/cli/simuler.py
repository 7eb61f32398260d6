"""`conseil simuler`: plays a year of fictitious activity through the real services on the configured base. The play itself is `bot.simulation`."""
import argparse
import time
from dataclasses import asdict
from typing import Callable

from bot.campagnes.socle import CampagneAbsente, chemin
from bot.cli.base import migrer_base, nom_base
from bot.cli.commun import afficher_json, dire, lire_reglages, refuser, secondes
from bot.cli.francais import entier
from bot.contacts.cle import cle_installation
from bot.simulation.annee import Avancement, Bilan, jouer
from bot.simulation.plan import Plan
from bot.texte.typographie import nombre, quantite

AIDE = "joue une année d'activité fictive par les vrais services"
BATTEMENT = 2.0  # seconds between two lines of progress
CAISSES_MAX, MINIMUM = 28, 50
FAITS = {"sans_rencontres": "aucune rencontre tenue, avec son motif",
         "petit_effectif": "presque personne ne répond à l'enquête (petites cellules)",
         "questionnaire_change": "enquête menée avec d'autres mots (K16)", "hors_delai": "bilan écrit en février, donc en retard (K22)",
         "somme_fausse": "un effectif d'enquête impossible : le bilan ne passe pas (K15)"}


def declarer(analyseur: argparse.ArgumentParser) -> None:
    analyseur.description = ("Joue une année d'activité fictive : population, courriers, rendez-vous, entretiens, rencontres, enquête, écrits du "
                             "bilan. Tout y est marqué fictif. Refuse une base qui porte de vraies personnes : donnez-lui la sienne, par exemple "
                             "CONSEIL_DONNEES=/tmp/simulation.")
    analyseur.add_argument("--annee", type=entier(2009, 2100), required=True, metavar="A", help="année jouée (sa campagne doit exister)")
    analyseur.add_argument("--caisses", type=entier(1, CAISSES_MAX), required=True, metavar="N",
                           help=f"combien de caisses du réseau (1 à {CAISSES_MAX})")
    analyseur.add_argument("--assures", type=entier(50, 2_000_000), required=True, metavar="M",
                           help="combien d'assurés en tout, répartis également (au moins 50 par caisse)")
    analyseur.add_argument("--par-caisse", action="store_true", help="M assurés dans chaque caisse, et non en tout")
    analyseur.add_argument("--graine", default="1", metavar="S",
                           help="ce qui décide du hasard : la même graine donne les mêmes chiffres (par défaut : 1)")
    analyseur.add_argument("--json", action="store_true", help="compte rendu en JSON")


def executer(options: argparse.Namespace) -> int:
    if not chemin(options.annee).exists():
        raise CampagneAbsente(options.annee)
    if options.par_caisse:
        plan = Plan(options.annee, options.caisses, options.assures, options.graine)
    else:
        plan = Plan.reparti(options.annee, options.caisses, options.assures, options.graine)
    if plan.assures < MINIMUM:
        refuser("TROP_PEU_D_ASSURES", f"Il faut au moins {MINIMUM} assurés par caisse, donc --assures {MINIMUM * options.caisses} pour "
                                      f"{quantite(options.caisses, 'caisse')}.")
    reglages, debut = lire_reglages(), time.monotonic()
    sessions = migrer_base(reglages)
    try:
        fait = jouer(sessions, plan, cle_installation(reglages), _avancement())
    finally:
        sessions.engine.dispose()
    if options.json:
        afficher_json({"annee": options.annee, "caisses": options.caisses, "graine": options.graine, "fictif": True, **asdict(fait)})
    else:
        _raconter(fait, nom_base(reglages), time.monotonic() - debut)
    return 0


def _avancement() -> Callable[[Avancement], None]:
    debut = dernier = time.monotonic()

    def suivre(etape: Avancement) -> None:
        nonlocal dernier, debut
        maintenant = time.monotonic()
        if etape.phase == "semaine" and etape.faites == 1:
            debut = maintenant
        if maintenant - dernier < BATTEMENT:
            return
        dernier = maintenant
        if etape.phase == "installation":
            dire(f"Installation : caisse {etape.faites} sur {etape.total}…", erreur=True)
            return
        reste = (maintenant - debut) / max(etape.faites - 1, 1) * (etape.total - etape.faites)
        dire(f"Semaine {etape.faites} sur {etape.total}, encore {secondes(reste)} environ…", erreur=True)
    return suivre


def _raconter(fait: Bilan, base: str, duree: float) -> None:
    dire(f"Année jouée en {secondes(duree)} dans {base}. Tout y est fictif.")
    dire(f"  {quantite(fait.assures, 'assuré')}, {quantite(fait.courriers, 'courrier')}, {quantite(fait.rencontres, 'rencontre')}, "
         f"{quantite(fait.reponses, 'réponse')} à l'enquête")
    for titre, comptes in (("Rendez-vous", fait.entretiens), ("Contacts", fait.contacts)):
        dire(f"  {titre} : " + " ; ".join(f"{nom} {nombre(n, 0)}" for nom, n in comptes.items()))
    for nom, code in fait.plantes.items():
        dire(f"  Planté exprès dans {code} : {FAITS[nom]}")
