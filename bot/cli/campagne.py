"""`conseil campagne`: the year's socle and its kit, from their files to the database. The rules are in `bot.campagnes`."""
import argparse
from datetime import date

from bot.campagnes.annee import tout_installer, verifier
from bot.campagnes.kit import etat_kit, lire_kit
from bot.campagnes.nouvelle import nouvelle
from bot.campagnes.socle import CampagneAbsente, chemin, lire
from bot.cli.base import migrer_base
from bot.cli.check import montrer
from bot.cli.commun import afficher_json, dire, lire_reglages, refuser
from bot.cli.francais import entier
from bot.cli.volumes import declarer_tirer, declarer_volumes, executer_rejouer, executer_tirer, executer_volumes
from bot.contacts.tables import Caisse
from bot.horloge import Horloge
from bot.knowledge.chemins import RACINE
from bot.texte.typographie import date_longue, quantite

AIDE = "prépare, vérifie et installe la campagne de contacts d'une année"
_ANNEE = entier(2009, 2100)
_AIDE_ANNEE = {"verifier": "l'année à relire (par défaut : toutes)", "installer": "l'année à installer (par défaut : celle d'aujourd'hui)"}


def declarer(analyseur: argparse.ArgumentParser) -> None:
    actes = analyseur.add_subparsers(dest="acte", metavar="ACTE", required=True, title="actes ")
    _declarer_socle(actes)
    _declarer_kit(actes)
    declarer_volumes(actes)
    declarer_tirer(actes)


def _declarer_socle(actes) -> None:
    suivante = actes.add_parser("nouvelle", help="prépare le fichier d'une année depuis une autre",
                                description="Prépare le fichier d'une année depuis une autre : ce qui avance d'un an avance, et reste à relire.")
    suivante.add_argument("annee", type=_ANNEE, metavar="ANNEE", help="l'année à préparer")
    suivante.add_argument("--depuis", type=_ANNEE, metavar="A", help="l'année qui sert de modèle (par défaut : la précédente)")
    for nom, aide in (("verifier", "relit les fichiers de campagne sans rien installer"),
                      ("installer", "met en base les caisses, le kit, le socle et les compléments d'une année")):
        acte = actes.add_parser(nom, help=aide, description=f"{aide[0].upper()}{aide[1:]}.")
        acte.add_argument("annee", type=_ANNEE, metavar="ANNEE", nargs="?", help=_AIDE_ANNEE[nom])
        acte.add_argument("--annee", dest="annee_nommee", type=_ANNEE, metavar="ANNEE", help="la même, nommée")
        acte.add_argument("--json", action="store_true", help="résultat en JSON")


def _declarer_kit(actes) -> None:
    kit = actes.add_parser("kit", help="montre les outils, leurs versions en vigueur et les accusés de réception",
                           description="Montre les outils du kit, leurs versions en vigueur et les accusés de réception.")
    kit.add_argument("--caisse", metavar="C", help="les versions d'une caisse, adaptations comprises")
    kit.add_argument("--au", metavar="DATE", help="jour dont on montre le kit, par exemple 2011-09-14 (par défaut : aujourd'hui)")
    kit.add_argument("--json", action="store_true", help="résultat en JSON")


def executer(options: argparse.Namespace) -> int:
    return ACTES[options.acte](options)


def _nouvelle(options: argparse.Namespace) -> int:
    depuis = options.depuis or options.annee - 1
    if depuis >= options.annee:
        refuser("ANNEE_PASSEE", f"une campagne se prépare depuis une année d'avant : {depuis} ne vient pas avant {options.annee}.")
    fichier, lignes = nouvelle(options.annee, depuis)
    for ligne in lignes:
        dire(f"  {ligne.lieu} : {ligne.avant} → {ligne.apres}" if ligne.avant != ligne.apres else f"  {ligne.lieu} : à relire (« {ligne.avant} »)")
    dire(f"{fichier.relative_to(RACINE)} est prêt : {quantite(len(lignes), 'ligne')} à relire. Retirez chaque « a_relire: true » une fois la ligne "
         f"vérifiée, puis lancez « conseil campagne installer {options.annee} ».")
    return 0


def _verifier(options: argparse.Namespace) -> int:
    annee = options.annee or options.annee_nommee
    if annee is not None and not chemin(annee).exists():
        raise CampagneAbsente(annee)  # an absent year is a refusal, not silence
    defauts = [d for d in verifier() if annee is None or "/" not in d.ou or f"/{annee}" in d.ou]
    if options.json:
        afficher_json([{"code": d.code, "ou": d.ou, "message": d.message} for d in defauts])
    else:
        montrer(defauts, "")
    return 1 if defauts else 0


def _installer(options: argparse.Namespace) -> int:
    horloge = Horloge.reglee()
    maintenant, annee = horloge.maintenant(), options.annee or options.annee_nommee or horloge.aujourdhui().year
    campagne = lire(annee)
    sessions = migrer_base(lire_reglages(), appliquer=False)
    with sessions() as s:
        fait = tout_installer(s, annee, maintenant)
    sessions.engine.dispose()
    socle = fait.socle
    resultat = {"annee": socle.annee, "version": socle.version, "sha256": socle.sha256, "cibles": [c.code for c in campagne.cibles],
                "caisses_nouvelles": fait.caisses, "outils_publies": [f"{v.outil_code}:{v.version}" for v in fait.versions]}
    if options.json:
        afficher_json(resultat)
    else:
        dire(f"Socle {socle.version} installé : {', '.join(c.code for c in campagne.cibles)}. Empreinte {socle.sha256[:16]}…")
        dire(f"{quantite(fait.caisses, 'caisse ajoutée', 'caisses ajoutées')}, {quantite(len(fait.versions), 'outil publié', 'outils publiés')}.")
    return 0


def _kit(options: argparse.Namespace) -> int:
    try:
        jour = date.fromisoformat(options.au) if options.au else Horloge.reglee().aujourdhui()
    except ValueError:
        refuser("DATE_ILLISIBLE", f"« {options.au} » n'est pas une date : écrivez par exemple 2011-09-14.")
    sessions = migrer_base(lire_reglages(), appliquer=False)
    with sessions.lecture() as s:
        if options.caisse and s.get(Caisse, options.caisse) is None:
            refuser("CAISSE_INCONNUE", f"la caisse « {options.caisse} » n'est pas dans la base.")
        etat = etat_kit(s, jour, options.caisse)
    sessions.engine.dispose()
    if not etat:
        refuser("KIT_ABSENT", f"aucun outil n'est publié au {date_longue(jour)} : lancez « conseil campagne installer {jour.year} ».")
    annexes = [a.model_dump(exclude={"a_relire"}) for a in lire_kit().annexes]
    if options.json:
        afficher_json({"au": jour.isoformat(), "caisse": options.caisse, "outils": etat, "annexes": annexes})
        return 0
    dire(f"Kit « Politique de contact » au {date_longue(jour)} — {lire_kit().mention}")
    for outil in etat:
        genre = "adapté par la caisse" if outil["adaptee_par"] else "adaptable" if outil["adaptable"] else "commun à toutes"
        dire(f"  {outil['titre']} : version {outil['version']}, {genre} ; {outil['accusees']} accusés sur {outil['transmises']}. "
             f"{outil['prise_en_main']}")
    dire("Annexes de la circulaire :")
    for annexe in annexes:
        dire(f"  {annexe['titre']} : {annexe['corpus']}")
    return 0


ACTES = {"nouvelle": _nouvelle, "verifier": _verifier, "installer": _installer, "kit": _kit, "volumes": executer_volumes, "tirer": executer_tirer,
         "rejouer": executer_rejouer}
