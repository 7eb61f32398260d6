"""`conseil base`: brings the contact database to the current schema."""
import argparse

from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, DBAPIError

from bot.cli.commun import dire, lire_reglages, refuser
from bot.contacts.base import Sessions, ouvrir
from bot.contacts.schema import a_jour, migrer
from bot.reglages import Reglages

AIDE = "prépare et met à jour la base de contacts"


def declarer(analyseur: argparse.ArgumentParser) -> None:
    actes = analyseur.add_subparsers(dest="acte", metavar="ACTE", required=True, title="actes ")
    actes.add_parser("migrer", help="met la base au schéma de cette version", description="Met la base au schéma de cette version.")


def executer(options: argparse.Namespace) -> int:
    reglages = lire_reglages()
    migrer_base(reglages).engine.dispose()
    dire(f"Base à jour : {nom_base(reglages)}.")
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
        refuser("BASE_INJOIGNABLE", f"la base {nom_base(reglages)} ne répond pas ({type(e.orig).__name__}) : "
                                    "vérifiez CONSEIL_BASE et que le serveur de base de données tourne.")
    return Sessions(engine)
