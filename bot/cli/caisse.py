"""`conseil caisse`: what a caisse says of itself to its visitors. The work is in `bot.contacts.reglage_caisse`."""
import argparse

from bot.agenda import motifs
from bot.cli.base import migrer_base
from bot.cli.commun import afficher_json, dire, lire_reglages, refuser
from bot.contacts.caisses import CaisseInconnue, caisses, contact
from bot.contacts.refus import Refus
from bot.contacts.reglage_caisse import CHAMPS, regler, regler_antenne
from bot.horloge import Horloge
from bot.texte.typographie import quantite

AIDE = "téléphone, horaires, antennes et sites d'une caisse"


def declarer(analyseur: argparse.ArgumentParser) -> None:
    actes = analyseur.add_subparsers(dest="acte", metavar="ACTE", required=True, title="actes ")
    lister = actes.add_parser("lister", help="les caisses, et si les visiteurs les voient", description="Liste les caisses et ce qui leur manque.")
    dire_ = actes.add_parser("regler", help="donne le téléphone, les horaires, le site d'une caisse",
                             description="Donne ce qu'une caisse dit d'elle. Ce qui n'est pas écrit ici ne change pas.")
    dire_.add_argument("code", metavar="CODE", help="code de la caisse, par exemple C02 (« conseil caisse lister »)")
    dire_.add_argument("--telephone", metavar="NUMERO", help="tel que les gens le composent")
    dire_.add_argument("--horaires", metavar="PHRASE", help="« du lundi au vendredi, de 9 h à 16 h 30 »")
    dire_.add_argument("--courriel", metavar="ADRESSE", help="adresse où écrire à la caisse")
    dire_.add_argument("--site", metavar="ADRESSE", help="site de la caisse, en https://")
    dire_.add_argument("--origine", dest="origines", action="append", metavar="ADRESSE",
                       help="site autorisé à porter la fenêtre de dialogue ; l'option se répète")
    lieu = actes.add_parser("antenne", help="ajoute ou corrige une antenne", description="Ajoute une antenne, ou corrige celle de ce nom.")
    lieu.add_argument("code", metavar="CODE", help="code de la caisse")
    lieu.add_argument("nom", metavar="NOM", help="nom de l'antenne, par exemple Bordeaux")
    for nom, aide in (("--adresse", "numéro et rue"), ("--code-postal", "cinq chiffres"), ("--horaires", "quand elle reçoit")):
        lieu.add_argument(nom, required=True, metavar="TEXTE", help=aide)
    lieu.add_argument("--ville", metavar="VILLE", help="si ce n'est pas le nom de l'antenne")
    for sous in (lister, dire_, lieu):
        sous.add_argument("--json", action="store_true", help="résultat en JSON")


def executer(options: argparse.Namespace) -> int:
    reglages = lire_reglages()
    maintenant = Horloge.reglee().maintenant()
    sessions = migrer_base(reglages, appliquer=reglages.base is None)
    try:
        with sessions() as s:
            if options.acte == "regler":
                caisse = regler(s, options.code, {nom: getattr(options, nom) for nom in CHAMPS}, maintenant)
                motifs.installer(s, caisse.code)  # what may be booked there, as the national list has it
                dits = [contact(caisse)]
            elif options.acte == "antenne":
                antenne = regler_antenne(s, options.code, options.nom, adresse=options.adresse, code_postal=options.code_postal, ville=options.ville,
                                         horaires=options.horaires, maintenant=maintenant)
                dits = [{"antenne": antenne.nom, "adresse": f"{antenne.adresse}, {antenne.code_postal} {antenne.ville}"}]
            else:
                dits = [{"code": c.code, "nom": c.nom, "telephone": c.telephone, "horaires": c.horaires, "antennes": len(c.antennes),
                         "visible": bool(c.telephone), "fictive": c.fictive} for c in caisses(s)]
    except CaisseInconnue:
        refuser(CaisseInconnue.code, f"il n'y a pas de caisse « {options.code} » : « conseil caisse lister » donne les codes.")
    except Refus as refus:
        refuser(refus.code, refus.message)
    finally:
        sessions.engine.dispose()
    if options.json:
        afficher_json(dits)
    else:
        _dire(options.acte, dits)
    return 0


def _dire(acte: str, dits: "list[dict[str, object]]") -> None:
    if acte == "regler":
        dire(f"{dits[0]['caisse']} : {dits[0]['telephone'] or 'sans téléphone (les visiteurs ne la voient pas)'}, {dits[0]['horaires']}.")
    elif acte == "antenne":
        dire(f"Antenne de {dits[0]['antenne']} : {dits[0]['adresse']}.")
    elif not dits:
        dire("Aucune caisse : « conseil campagne installer » inscrit celles du réseau.")
    else:
        for c in dits:
            etat = f"{c['telephone']}, {quantite(int(str(c['antennes'])), 'antenne')}" if c["visible"] else "sans téléphone : invisible"
            dire(f"{c['code']:<16} {c['nom']} ({etat})", brut=True)
