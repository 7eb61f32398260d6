"""`conseil population`: brings a population file into the base, and makes fictitious ones. The rules are in `bot.campagnes.population`."""
import argparse
import csv
import os
import time
from contextlib import contextmanager
from pathlib import Path
from typing import Callable, Iterator, Optional

from bot.campagnes.fichier import Rejet
from bot.campagnes.fictif import ORDRE, generer
from bot.campagnes.population import AucuneLigneValable, Avancement, Rapport, Reprise, importer, reprendre
from bot.cli.base import migrer_base
from bot.cli.commun import afficher_json, dire, lire_reglages, refuser
from bot.cli.conservation import rejouer
from bot.cli.francais import entier
from bot.contacts.caisses import ANTENNES_DEMO, caisse
from bot.horloge import PARIS, Horloge
from bot.texte.typographie import date_longue, nombre, quantite

AIDE = "charge la population d'une caisse, en fabrique de fictives"
BATTEMENT = 2.0  # seconds between two lines of progress
PHASES = {"lecture": "Lecture", "fusion": "Mise en place"}


def declarer(analyseur: argparse.ArgumentParser) -> None:
    actes = analyseur.add_subparsers(dest="acte", metavar="ACTE", required=True, title="actes ")
    charger = actes.add_parser("importer", help="charge un fichier d'assurés", description="Charge un fichier d'assurés (CSV UTF-8, point-virgule). "
                               "Relancer le même fichier ne change rien ; les personnes absentes du fichier restent.")
    charger.add_argument("fichier", type=Path, metavar="FICHIER", help="le fichier à charger")
    charger.add_argument("--caisse", required=True, metavar="C", help="code de la caisse")
    charger.add_argument("--rejets", type=Path, metavar="SORTIE.csv", help="où écrire les lignes rejetées, avec leur raison (sinon dans var/rejets)")
    charger.add_argument("--json", action="store_true", help="compte rendu en JSON")
    fictive = actes.add_parser("fictive", help="écrit une population fictive", description="Écrit une population fictive ; la même graine donne le "
                               "même fichier.")
    fictive.add_argument("--caisse", required=True, metavar="C", help="code de la caisse, pour les codes postaux")
    fictive.add_argument("--nombre", required=True, type=entier(1, 5_000_000), metavar="N", help="combien de personnes")
    fictive.add_argument("--graine", default="1", metavar="S", help="ce qui décide du hasard (par défaut : 1)")
    fictive.add_argument("--annee", default=2011, type=entier(2009, 2100), metavar="A", help="année des créateurs (par défaut : 2011)")
    fictive.add_argument("--sortie", required=True, type=Path, metavar="F.csv", help="fichier à écrire")


def executer(options: argparse.Namespace) -> int:
    return _importer(options) if options.acte == "importer" else _fictive(options)


# -- importer -------------------------------------------------------------------------------------------------------------------------------


def _importer(options: argparse.Namespace) -> int:
    reglages = lire_reglages()
    sessions = migrer_base(reglages, appliquer=False)
    maintenant = Horloge.reglee().maintenant()
    suivre = _montrer()
    reprises = reprendre(sessions, maintenant=maintenant, suivre=suivre)
    for reprise in reprises:
        dire(_dire_reprise(reprise), erreur=True)
    sortie = options.rejets or reglages.donnees / "rejets" / f"{options.fichier.stem}.rejets.csv"
    with _fichier_rejets(options.fichier, sortie, voulu=options.rejets is not None) as rejeter:
        rapport = importer(sessions, options.fichier, options.caisse, maintenant=maintenant, rejeter=rejeter, suivre=suivre)
    rapport.reprises = reprises
    if revenus := rejouer(sessions, reglages, maintenant, options.caisse):
        dire(f"{quantite(revenus, 'personne effacée à sa demande était', 'personnes effacées à leur demande étaient')} dans ce fichier : de nouveau "
             f"{'effacée' if revenus == 1 else 'effacées'}. Demandez au service qui l'a produit de l'en retirer.", erreur=True)
    rejets = str(sortie) if rapport.rejetees or options.rejets else None
    if options.json:
        afficher_json(rapport.en_dict() | {"rejets": rejets})
    else:
        _raconter(rapport, rejets)
    return 0


def _montrer() -> Callable[[Avancement], None]:
    """Progress on standard error, a line every BATTEMENT at most."""
    depart: dict[str, tuple[float, int]] = {}
    dernier = time.monotonic()

    def suivre(etape: Avancement) -> None:
        nonlocal dernier
        maintenant = time.monotonic()
        debut, deja = depart.setdefault(etape.phase, (dernier, 0 if etape.phase == "lecture" else etape.faites))
        if maintenant - dernier < BATTEMENT:
            return
        dernier = maintenant
        part = "" if etape.fraction is None else f" {nombre(100 * etape.fraction, 0)} %,"
        vitesse = (etape.faites - deja) / max(maintenant - debut, 0.001)
        dire(f"{PHASES[etape.phase]} :{part} {quantite(etape.faites, 'ligne')}, {nombre(vitesse, 0)} par seconde…", erreur=True)
    return suivre


@contextmanager
def _fichier_rejets(entree: Path, sortie: Path, voulu: bool) -> Iterator[Callable[[Rejet], None]]:
    """The reject file, whole or absent: written aside, put in place once the reading is over. Not asked for and empty: not made."""
    if sortie.exists() and entree.exists() and sortie.samefile(entree):
        refuser("REJETS_SUR_LE_FICHIER", "« --rejets » désigne le fichier à importer : donnez un autre nom.")
    partiel = sortie.with_name(f"{sortie.name}.{os.getpid()}.partiel")
    try:
        if not voulu:
            sortie.parent.mkdir(parents=True, exist_ok=True)
        flux = partiel.open("w", encoding="utf-8-sig", newline="")
    except OSError as e:
        refuser("REJETS_IMPOSSIBLES", f"le fichier des rejets ne peut pas être écrit dans « {sortie.parent} » ({type(e).__name__}).")
    combien, complet = 0, False

    def rejeter(rejet: Rejet) -> None:
        nonlocal combien
        combien += 1
        ecrivain.writerow((rejet.ligne, rejet.colonne, rejet.code, rejet.raison))
    try:
        with flux:
            ecrivain = csv.writer(flux, delimiter=";")
            ecrivain.writerow(("ligne", "colonne", "code", "raison"))
            try:
                yield rejeter
            except AucuneLigneValable:
                complet = True
                raise
            complet = True
    finally:
        if complet and (voulu or combien):
            partiel.replace(sortie)
        else:
            partiel.unlink(missing_ok=True)


def _dire_reprise(reprise: Reprise) -> str:
    jour = date_longue(reprise.commencee_le.astimezone(PARIS).date())
    quoi = f"L'import de « {reprise.fichier} » ({reprise.caisse}, {jour}) avait été interrompu"
    if reprise.finie:
        return f"{quoi} : il vient d'être terminé, rien n'est perdu."
    return f"{quoi} pendant la lecture : il est oublié, rien n'avait changé."


def _raconter(rapport: Rapport, rejets: Optional[str]) -> None:
    dire(f"{quantite(rapport.lues, 'ligne lue', 'lignes lues')} : {quantite(rapport.nouvelles, 'personne nouvelle', 'personnes nouvelles')}, "
         f"{quantite(rapport.modifiees, 'modifiée')}, {quantite(rapport.inchangees, 'inchangée')}, "
         f"{quantite(rapport.rejetees, 'ligne rejetée', 'lignes rejetées')}.")
    if rapport.absentes:
        dire(f"{quantite(rapport.absentes, 'personne')} de la caisse sans ligne valable dans ce fichier : rien n'a changé pour elles.")
    if rapport.colonnes_absentes:
        dire(f"Sans colonne {', '.join(rapport.colonnes_absentes)} : ce que la base en savait est gardé.")
    for code, combien in rapport.codes.most_common():
        dire(f"  {code} : {nombre(combien)}")
    for rejet in rapport.premiers:
        dire(f"  ligne {rejet.ligne}{', ' + rejet.colonne if rejet.colonne else ''} : {rejet.raison}")
    if rejets:
        dire(f"Rejets : {rejets}")


# -- fictive --------------------------------------------------------------------------------------------------------------------------------


def _villes(code: str) -> list[tuple[str, str]]:
    """Postal codes and towns of the caisse's antennes."""
    if code in ANTENNES_DEMO:
        return [(code_postal, ville) for ville, _, code_postal, _ in ANTENNES_DEMO[code]]
    with migrer_base(lire_reglages(), appliquer=False).lecture() as session:
        villes = [(antenne.code_postal, antenne.ville) for antenne in caisse(session, code).antennes]
    return villes or [("33000", "Bordeaux")]


def _fictive(options: argparse.Namespace) -> int:
    villes = _villes(options.caisse)
    partiel = options.sortie.with_name(f"{options.sortie.name}.{os.getpid()}.partiel")
    dernier = time.monotonic()
    try:
        with partiel.open("w", encoding="utf-8", newline="") as flux:
            ecrivain = csv.DictWriter(flux, ORDRE, delimiter=";")
            ecrivain.writeheader()
            for rang, personne in enumerate(generer(options.nombre, options.graine, annee=options.annee, villes=villes), 1):
                ecrivain.writerow(personne)
                if rang % 1000 == 0 and time.monotonic() - dernier > BATTEMENT:
                    dernier = time.monotonic()
                    dire(f"{nombre(100 * rang / options.nombre, 0)} %, {quantite(rang, 'personne')}…", erreur=True)
        partiel.replace(options.sortie)
    except OSError as e:
        refuser("SORTIE_IMPOSSIBLE", f"« {options.sortie} » ne peut pas être écrit ({type(e).__name__}).")
    finally:
        partiel.unlink(missing_ok=True)
    dire(f"{quantite(options.nombre, 'personne fictive', 'personnes fictives')} dans {options.sortie} (graine « {options.graine} »).")
    return 0
