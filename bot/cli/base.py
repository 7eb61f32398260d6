"""`conseil base`: brings the contact database to the current schema, makes backups of it and puts them back. The work is in `bot.contacts`."""
import argparse
import time
from pathlib import Path
from typing import Callable

from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, DBAPIError

from bot.cli.commun import afficher_json, dire, lire_reglages, refuser
from bot.contacts import coffre
from bot.contacts.base import Sessions, ouvrir
from bot.contacts.schema import a_jour, migrer
from bot.horloge import Horloge
from bot.reglages import Reglages
from bot.texte.typographie import nombre, quantite

AIDE = "prépare, met à jour, sauvegarde et restaure la base de contacts"
BATTEMENT = 2.0  # seconds between two lines of progress


def declarer(analyseur: argparse.ArgumentParser) -> None:
    actes = analyseur.add_subparsers(dest="acte", metavar="ACTE", required=True, title="actes ")
    actes.add_parser("migrer", help="met la base au schéma de cette version", description="Met la base au schéma de cette version.")
    copier = actes.add_parser("sauvegarder", help="copie la base, même pendant que le site écrit",
                              description="Copie la base telle qu'elle est à un instant, même pendant que le site écrit. Le fichier n'est lisible "
                                          "que de vous ; la clé de l'installation n'y est pas, gardez-la à part.")
    copier.add_argument("--vers", type=Path, metavar="DOSSIER",
                        help="où ranger la sauvegarde (par défaut : sauvegardes, dans le dossier de données)")
    retour = actes.add_parser("restaurer", help="remet une sauvegarde à la place de la base",
                              description="Remet une sauvegarde à la place de la base, une fois le site arrêté. L'ancienne base est gardée à "
                                          "côté ; les personnes effacées depuis la sauvegarde le restent.")
    retour.add_argument("fichier", type=Path, metavar="FICHIER", help="la sauvegarde à remettre")
    for acte in (copier, retour):
        acte.add_argument("--json", action="store_true", help="résultat en JSON")


def executer(options: argparse.Namespace) -> int:
    return {"migrer": _migrer, "sauvegarder": _sauvegarder, "restaurer": _restaurer}[options.acte](options)


def _migrer(options: argparse.Namespace) -> int:
    reglages = lire_reglages()
    migrer_base(reglages).engine.dispose()
    dire(f"Base à jour : {nom_base(reglages)}.")
    return 0


def _sauvegarder(options: argparse.Namespace) -> int:
    from bot.contacts.sauvegarde import sauvegarder

    reglages = lire_reglages()
    copie = sauvegarder(reglages.adresse_base, options.vers or reglages.donnees / "sauvegardes", Horloge.reglee().maintenant(), _avancement())
    chemin = copie.chemin
    if reglages.cle_sauvegardes:
        chemin = coffre.enfermer(chemin, reglages.cle_sauvegardes.get_secret_value())
    if options.json:
        afficher_json({"fichier": str(chemin), "chiffree": bool(reglages.cle_sauvegardes), "schema": copie.schema, "octets": copie.octets})
    else:
        dire(f"Sauvegarde faite et vérifiée ({nombre(copie.octets / 1e6, 1)} Mo, schéma {copie.schema}) :")
        dire(f"  {chemin}", brut=True)
        if reglages.cle_sauvegardes:
            dire("Elle est chiffrée : sans CONSEIL_CLE_SAUVEGARDES, personne ne la relira, vous non plus. Gardez-en une copie hors de ce poste.")
        dire("La clé de l'installation (CONSEIL_CLE, ou le fichier « cle ») n'est pas dedans : gardez-la à part, elle est nécessaire au retour.")
    return 0


def _avancement() -> Callable[[float], None]:
    dernier = time.monotonic()

    def suivre(part: float) -> None:
        nonlocal dernier
        if time.monotonic() - dernier >= BATTEMENT:
            dernier = time.monotonic()
            dire(f"Copie : {nombre(100 * part, 0)} %…", erreur=True)
    return suivre


def _restaurer(options: argparse.Namespace) -> int:
    from bot.cli.retour import restaurer

    reglages = lire_reglages()
    cle = reglages.cle_sauvegardes.get_secret_value() if reglages.cle_sauvegardes else None
    with coffre.ouvert(options.fichier, cle) as fichier:
        fait, revenus = restaurer(reglages, fichier, Horloge.reglee().maintenant())
    if options.json:
        afficher_json({"schema": fait.schema, "ancienne_base": str(fait.avant) if fait.avant else None, "effacements_rejoues": revenus})
        return 0
    dire(f"Base restaurée : {nom_base(reglages)} (sauvegarde au schéma {fait.schema}).")
    if fait.avant:
        dire("L'ancienne base est gardée ici ; effacez-la quand vous n'en aurez plus besoin :")
        dire(f"  {fait.avant}", brut=True)
    if revenus:
        dire(f"Effacements rejoués : {quantite(revenus, 'personne')}.")
    return 0


def nom_base(reglages: Reglages) -> str:
    """The address of the database without its password, nor what follows « ? »."""
    return make_url(reglages.adresse_base).set(query={}).render_as_string(hide_password=True)


def migrer_base(reglages: Reglages, appliquer: bool = True) -> Sessions:
    """Sessions on a database at the current schema: migrated when `appliquer`, else refused when it is behind."""
    try:
        engine = ouvrir(reglages.adresse_base)
        if appliquer:
            migrer(engine)
        elif not a_jour(engine):
            refuser("BASE_ANCIENNE", f"la base {nom_base(reglages)} n'est pas au schéma de cette version : lancez « conseil base migrer ».")
    except (ArgumentError, ImportError, OSError) as e:
        refuser("BASE_ILLISIBLE", f"CONSEIL_BASE n'est pas une base que cette installation sait ouvrir ({type(e).__name__}) : adresse mal écrite, "
                                  "dossier interdit, ou pilote absent.")
    except DBAPIError as e:
        if type(e.orig).__name__ == "LockNotAvailable":
            refuser("BASE_OCCUPEE", f"la base {nom_base(reglages)} est occupée par une longue opération : rien n'a été changé. Relancez dans une "
                                    "minute, ou arrêtez le site le temps de la mise à jour.")
        refuser("BASE_INJOIGNABLE", f"la base {nom_base(reglages)} ne répond pas ({type(e.orig).__name__}) : "
                                    "vérifiez CONSEIL_BASE et que le serveur de base de données tourne.")
    return Sessions(engine)
