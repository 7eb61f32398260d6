"""`conseil rgpd`: the rights of people (see, erase) and the end of data (purge). The rules are in `bot.contacts`."""
import argparse
import json
import os
from pathlib import Path
from typing import Any

from sqlalchemy.orm import Session

from bot.cli.base import migrer_base
from bot.cli.commun import afficher_json, dire, lire_reglages, refuser
from bot.cli.conservation import AGENDA, purger, registre, rejouer
from bot.contacts import audit, conservation, effacement, export_personne
from bot.contacts.caisses import caisse
from bot.contacts.cle import cle_installation
from bot.contacts.effacement import Rapport, Sujet
from bot.horloge import Horloge
from bot.texte.typographie import quantite

AIDE = "donne à une personne ce que la base sait d'elle, l'efface, purge ce qui est échu"
_MOTS = {"saisie_trame": ("trame d'entretien", "trames d'entretien"), "rappel": ("demande de rappel", "demandes de rappel"),
         "demande_guide": ("commande de guide", "commandes de guides"), "commentaire": ("commentaire d'enquête", "commentaires d'enquête"),
         "message": ("message écrit en fichier", "messages écrits en fichiers"),
         "conversation": ("conversation du jour", "conversations du jour"),
         "assure": ("fiche de la personne", "fiches"), "entretien": ("rendez-vous", "rendez-vous"), "inscription": ("inscription", "inscriptions"),
         "contact": ("contact compté", "contacts comptés")}


def declarer(analyseur: argparse.ArgumentParser) -> None:
    actes = analyseur.add_subparsers(dest="acte", metavar="ACTE", required=True, title="actes ")
    voir = actes.add_parser("exporter", help="écrit tout ce que la base sait d'une personne",
                            description="Écrit tout ce que la base sait d'une personne, lisible par elle (JSON). Vérifiez son identité avant "
                                        "de le lui remettre.")
    oublier = actes.add_parser("effacer", help="efface une personne, et s'en souvient sans elle",
                               description="Annule ses rendez-vous à venir, puis l'efface. Ses contacts restent comptés, sans elle. Une sauvegarde "
                                           "restaurée ou un nouveau fichier qui la ramène l'efface à nouveau.")
    for acte in (voir, oublier):
        acte.add_argument("--caisse", required=True, metavar="C", help="code de la caisse")
        qui = acte.add_mutually_exclusive_group(required=True)
        qui.add_argument("--identifiant", metavar="X", help="numéro de la personne dans le fichier de la caisse")
        qui.add_argument("--rendez-vous", dest="rendez_vous", metavar="CODE", help="code d'un de ses rendez-vous, si le fichier ne la connaît pas")
    voir.add_argument("--vers", required=True, type=Path, metavar="F.json", help="fichier à écrire (il ne doit pas exister)")
    oublier.add_argument("--json", action="store_true", help="compte rendu en JSON")
    fin = actes.add_parser("purger", help="applique les durées de conservation (knowledge/conservation.yml)",
                           description="Applique les durées de conservation. Sans risque deux fois ; l'ouvrier le fait chaque heure.")
    fin.add_argument("--json", action="store_true", help="compte rendu en JSON, avec ce qui était en retard")


def executer(options: argparse.Namespace) -> int:
    return {"exporter": _exporter, "effacer": _effacer, "purger": _purger}[options.acte](options)


def _sujet(session: Session, options: argparse.Namespace) -> Sujet:
    caisse(session, options.caisse)
    if options.identifiant is not None:
        return effacement.trouver(session, options.caisse, options.identifiant, AGENDA)
    return effacement.trouver_par_rendez_vous(session, options.caisse, options.rendez_vous, AGENDA)


def _exporter(options: argparse.Namespace) -> int:
    sessions, maintenant = migrer_base(lire_reglages(), appliquer=False), Horloge.reglee().maintenant()
    ecrit = False
    try:
        with sessions() as s:
            sujet = _sujet(s, options)
            document = export_personne.exporter(s, sujet, maintenant)
            _ecrire(options.vers, document)
            ecrit = True
            audit.noter(s, le=maintenant, acteur="commande", acte="rgpd.exporte", caisse_code=sujet.caisse_code,
                        objet="assure" if sujet.assure else None, objet_id=sujet.assure.id if sujet.assure else None)
    except BaseException:
        if ecrit:  # no file without its line in the trail
            options.vers.unlink(missing_ok=True)
        raise
    finally:
        sessions.engine.dispose()
    dire(f"{quantite(export_personne.compter(document), 'élément')} dans {options.vers}. Ce fichier n'est lisible que de vous : remettez-le à la "
         "personne après avoir vérifié qui elle est, puis effacez-le.")
    return 0


def _ecrire(chemin: Path, document: dict[str, Any]) -> None:
    try:
        chemin.parent.mkdir(parents=True, exist_ok=True)
        with os.fdopen(os.open(chemin, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as fichier:
            json.dump(document, fichier, ensure_ascii=False, indent=2)
    except FileExistsError:
        refuser("FICHIER_PRESENT", f"« {chemin} » existe déjà : donnez un autre nom, pour ne pas mêler les données de deux personnes.")
    except OSError as e:
        refuser("FICHIER_IMPOSSIBLE", f"« {chemin} » ne peut pas être écrit ({type(e).__name__}).")


def _effacer(options: argparse.Namespace) -> int:
    reglages, maintenant = lire_reglages(), Horloge.reglee().maintenant()
    sessions, cle = migrer_base(reglages, appliquer=False), cle_installation(reglages)
    try:
        with sessions() as s:
            sujet = _sujet(s, options)
            traces = effacement.traces(s, sujet)
            rapport = effacement.effacer(s, sujet, cle=cle, maintenant=maintenant, agenda=AGENDA)
        rapport.supprimes["message"] = effacement.effacer_messages(reglages.donnees / "messages", traces)
        with sessions.lecture() as s:
            effacement.tenir_registre(s, registre(reglages))
    finally:
        sessions.engine.dispose()
    if options.json:
        afficher_json({"annules": rapport.annules, "desistes": rapport.desistes, "supprimes": rapport.supprimes, "anonymises": rapport.anonymises,
                       "gardes": list(rapport.gardes)})
    else:
        _raconter(rapport)
    return 0


def _raconter(rapport: Rapport) -> None:
    if rapport.annules or rapport.desistes:
        dire(f"Annulé d'abord : {quantite(rapport.annules, 'rendez-vous à venir', 'rendez-vous à venir')}, "
             f"{quantite(rapport.desistes, 'place rendue', 'places rendues')} à une rencontre. Prévenez la personne : ses coordonnées "
             "n'existent plus ici.")
    else:
        dire("Aucun rendez-vous à venir.")
    for titre, comptes in (("Effacé", rapport.supprimes), ("Gardé sans la personne", rapport.anonymises)):
        dits = [quantite(n, *_MOTS.get(nom, (nom, nom))) for nom, n in comptes.items() if n]
        if dits:
            dire(f"{titre} : {', '.join(dits)}.")
    dire("Ce qui reste, et pourquoi :")
    for ligne in rapport.gardes:
        dire(f"  - {ligne}")


def _purger(options: argparse.Namespace) -> int:
    reglages, maintenant = lire_reglages(), Horloge.reglee().maintenant()
    sessions = migrer_base(reglages, appliquer=False)
    try:
        passage = purger(sessions, reglages, maintenant)
        revenus = rejouer(sessions, reglages, maintenant)
        with sessions() as s:
            audit.noter(s, le=maintenant, acteur="commande", acte="rgpd.purge")
    finally:
        sessions.engine.dispose()
    if options.json:
        afficher_json({"regles": dict(passage.faits), "fichiers": dict(passage.fichiers), "effacements_rejoues": revenus, "total": passage.nombre,
                       "retards": [{"regle": e.regle, "passe_le": e.passe_le.isoformat() if e.passe_le else None, "lignes": e.depassees}
                                   for e in passage.retards]})
        return 0
    if passage.retards:
        dire(f"En retard jusqu'ici : {', '.join(e.regle for e in passage.retards)}. L'ouvrier tourne-t-il ? Voyez « conseil serve » et ses "
             "journaux.", erreur=True)
    lues = conservation.lire()
    donnees = {r.code: r.donnees for r in lues.regles} | {f.code: f.donnees for f in lues.fichiers}
    for code, nombre in {**passage.faits, **passage.fichiers}.items():
        if nombre:
            dire(f"  {nombre} : {donnees[code]}")
    if revenus:
        dire(f"  {quantite(revenus, 'personne revenue, effacée à nouveau', 'personnes revenues, effacées à nouveau')}")
    dire(f"Purge faite : {quantite(passage.nombre, 'élément échu', 'éléments échus')}.")
    return 0
