"""`conseil arret`: stops, at once and without restarting anything, the conversation, booking, one topic or every write; starts them again."""
import argparse
from datetime import datetime

from bot.cli.commun import afficher_json, dire, lire_reglages, refuser
from bot.contacts.arrets import ECRITURES, PHRASES, Arrets
from bot.horloge import PARIS, Horloge
from bot.knowledge import protections
from bot.knowledge.fiches import fiches
from bot.texte.masquage import masquer
from bot.texte.typographie import date_longue

AIDE = "arrête tout de suite la conversation, les rendez-vous, un sujet ou toute écriture, et les rend"
MESSAGE_MAX = 200


def declarer(analyseur: argparse.ArgumentParser) -> None:
    actes = analyseur.add_subparsers(dest="acte", metavar="ACTE", required=True, title="actes ")
    quoi = f"{', '.join(PHRASES)}, ou un sujet comme « eirl/definition »"
    poser = actes.add_parser("poser", help="arrête un service ou un sujet", description="Arrête un service ou un sujet : la page le dit, avec "
                             "le téléphone de la caisse, en une seconde. Rien n'est perdu, rien n'est à relancer.")
    poser.add_argument("quoi", metavar="QUOI", help=quoi)
    poser.add_argument("--message", default="", help="une phrase de plus pour ceux qui la liront : pourquoi, jusqu'à quand")
    lever = actes.add_parser("lever", help="rend ce qui était arrêté", description="Rend un service ou un sujet ; « tout » rend tout.")
    lever.add_argument("quoi", metavar="QUOI", help=f"{quoi} ; ou « tout »")
    voir = actes.add_parser("voir", help="ce qui est arrêté", description="Montre ce qui est arrêté, et depuis quand.")
    voir.add_argument("--json", action="store_true", help="résultat en JSON")


def executer(options: argparse.Namespace) -> int:
    return {"poser": _poser, "lever": _lever, "voir": _voir}[options.acte](options)


def _arrets() -> Arrets:
    return Arrets(lire_reglages().donnees)


def _poser(options: argparse.Namespace) -> int:
    if options.quoi not in PHRASES and options.quoi not in fiches():
        refuser("ARRET_INCONNU", f"« {options.quoi} » n'est ni un service ({', '.join(PHRASES)}) ni un sujet (« conseil check » les connaît).")
    if options.quoi == protections.URGENCE:
        refuser("URGENCE_TOUJOURS", "les numéros d'urgence ne s'arrêtent pas.")
    message = masquer(" ".join(options.message.split())).texte
    if len(message) > MESSAGE_MAX:
        refuser("MESSAGE_LONG", f"le message dépasse {MESSAGE_MAX} caractères : gardez l'essentiel.")
    _arrets().arreter(options.quoi, Horloge.reglee().maintenant(), message)
    dire(f"Arrêté : {options.quoi}. Pour rendre : « conseil arret lever {options.quoi} ».")
    if options.quoi == ECRITURES:
        dire("Les conseillers lisent leur espace mais n'y écrivent plus ; l'ouvrier ne fait plus rien partir ni purger.")
    return 0


def _lever(options: argparse.Namespace) -> int:
    rendus = _arrets().reprendre(None if options.quoi == "tout" else options.quoi)
    if not rendus:
        refuser("RIEN_A_LEVER", "rien de tel n'est arrêté (« conseil arret voir »).")
    dire(f"Rendu : {', '.join(rendus)}.")
    return 0


def _voir(options: argparse.Namespace) -> int:
    etat = _arrets().etat()
    poses = {**etat.services, **etat.sujets}
    if options.json:
        afficher_json({nom: {"depuis": a.depuis, "message": a.message, "phrase": etat.phrase(nom)} for nom, a in poses.items()})
        return 0
    for nom, arret in poses.items():
        instant = datetime.fromisoformat(arret.depuis).astimezone(PARIS)
        dire(f"{nom} : arrêté depuis le {date_longue(instant.date())} à {instant:%H h %M}. {etat.phrase(nom)}")
    if not poses:
        dire("Rien n'est arrêté.")
    return 0
