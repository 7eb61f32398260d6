"""`conseil audit`: shows that nobody has rewritten the trail of who opened what. Reads only."""
import argparse

from bot.cli.base import migrer_base
from bot.cli.commun import afficher_json, dire, lire_reglages
from bot.contacts import audit
from bot.contacts.cle import cle_installation
from bot.texte.typographie import quantite

AIDE = "vérifie la piste d'audit : qui a lu ou changé quoi"


def declarer(analyseur: argparse.ArgumentParser) -> None:
    actes = analyseur.add_subparsers(dest="acte", metavar="ACTE", required=True, title="actes ")
    verifier = actes.add_parser("verifier", help="relit toute la chaîne et nomme la première ligne changée",
                                description="Relit toute la chaîne d'empreintes et nomme la première ligne changée.")
    verifier.add_argument("--contient", metavar="EMPREINTE", help="vérifie aussi que cette empreinte, notée ailleurs, est toujours dans la piste : "
                                                                  "sans cela, une fin coupée ne se voit pas")
    verifier.add_argument("--json", action="store_true", help="résultat en JSON")


def executer(options: argparse.Namespace) -> int:
    reglages = lire_reglages()
    sessions = migrer_base(reglages, appliquer=False)
    try:
        with sessions.lecture() as s:
            rapport = audit.verifier(s, cle_installation(reglages))
            presente = audit.connue(s, options.contient) if options.contient else None
    finally:
        sessions.engine.dispose()
    juste = rapport.intacte and presente is not False
    if options.json:
        afficher_json({"lignes": rapport.lignes, "premiere_rupture": rapport.premiere_rupture, "derniere": rapport.derniere,
                       "purgees": rapport.purgees, "sceau_faux": rapport.sceau_faux,
                       **({} if presente is None else {"contient": presente})})
    elif rapport.premiere_rupture is not None:
        dire(f"Piste d'audit rompue à la ligne {rapport.premiere_rupture} : elle, ou celle d'avant, a été changée ou effacée. "
             "Ne touchez à rien, gardez une copie de la base et prévenez le délégué à la protection des données.", erreur=True)
    elif rapport.sceau_faux:
        dire("Piste d'audit douteuse : le début en a été purgé, et le sceau de cette purge n'est pas celui de cette installation. Vérifiez d'abord "
             "CONSEIL_CLE ; si la clé est la bonne, gardez une copie de la base et prévenez le délégué à la protection des données.", erreur=True)
    elif presente is False:
        dire("Piste d'audit coupée : l'empreinte donnée n'y est plus, des lignes ont disparu. Gardez une copie de la base et prévenez le délégué "
             "à la protection des données.", erreur=True)
    else:
        avant = f", après {quantite(rapport.purgees, 'ligne')} de plus d'un an, purgées" if rapport.purgees else ""
        dire(f"Piste d'audit intacte : {quantite(rapport.lignes, 'ligne')}{avant}. Dernière empreinte, à noter ailleurs :")
        dire(f"  {rapport.derniere}", brut=True)
    return 0 if juste else 1
