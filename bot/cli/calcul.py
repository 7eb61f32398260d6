"""`conseil calcul NOM …`: the calculators of the knowledge base, the same functions as in the chat."""
import argparse
from datetime import date

from bot.cli.commun import afficher_json, dire, refuser
from bot.horloge import Horloge
from bot.knowledge.calculs import REGISTRE, ErreurCalcul, calculer, lire_reponses

AIDE = "calculatrices de la base de connaissances, les mêmes que dans la conversation"


def declarer(analyseur: argparse.ArgumentParser) -> None:
    noms = analyseur.add_subparsers(dest="nom", metavar="NOM", required=True, title="calculs ")
    for nom, calcul in REGISTRE.items():
        sous = noms.add_parser(nom, help=calcul.libelle, description=calcul.libelle + ".")
        for champ in calcul.champs:
            choix = " (" + ", ".join(v for v, _ in champ.choix) + ")" if champ.choix else ""
            sous.add_argument("--" + champ.nom.replace("_", "-"), dest=champ.nom, required=champ.obligatoire, metavar="VALEUR",
                              help=(champ.libelle + choix).replace("%", "%%"))
        sous.add_argument("--au", metavar="DATE", help="jour dont on applique la loi, par exemple 2011-09-14 (par défaut : aujourd'hui)")
        sous.add_argument("--json", action="store_true", help="résultat en JSON")


def executer(options: argparse.Namespace) -> int:
    try:
        jour = date.fromisoformat(options.au) if options.au else Horloge.reglee().aujourdhui()
    except ValueError:
        refuser("DATE_ILLISIBLE", f"« {options.au} » n'est pas une date : écrivez par exemple 2011-09-14.")
    calcul = REGISTRE[options.nom]
    textes = {c.nom: getattr(options, c.nom) for c in calcul.champs if getattr(options, c.nom) is not None}
    try:
        resultat = calculer(options.nom, lire_reponses(options.nom, textes, au=jour), au=jour)
    except ErreurCalcul as e:
        refuser(e.code, e.message)
    if options.json:
        afficher_json(resultat.en_dict())
        return 0
    dire(resultat.texte)
    for ligne in resultat.lignes:
        dire(f"  {ligne.libelle} : {ligne.ecrit}")
    dire(f"Règle : {resultat.regle}")
    for limite in resultat.limites:
        dire(f"Limite : {limite}")
    dire(f"Sources : {' ; '.join(resultat.sources)}")
    return 0
