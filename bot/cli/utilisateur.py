"""`conseil utilisateur`: the accounts of the workspace, from the terminal; the first administrator is made here.
A password is typed without echo, or drawn and shown once: never written on the command line, where any process may read it."""
import argparse
import getpass
import sys
from typing import Any, Optional

from sqlalchemy.orm import Session

from bot.cli.base import migrer_base
from bot.cli.commun import afficher_json, dire, lire_reglages, refuser
from bot.contacts import caisses, comptes, mots_de_passe
from bot.contacts.cle import cle_installation
from bot.contacts.comptes import COMMANDE
from bot.contacts.refus import Refus
from bot.contacts.tables import Compte
from bot.contacts.tables.caisse import NIVEAUX
from bot.horloge import Horloge
from bot.reglages import Reglages

AIDE = "comptes de l'espace des conseillers : créer, lister, désactiver, changer de mot de passe ou de rôles"


def declarer(analyseur: argparse.ArgumentParser) -> None:
    actes = analyseur.add_subparsers(dest="acte", metavar="ACTE", required=True, title="actes ")

    def acte(nom: str, aide: str, identifiant: bool = True) -> argparse.ArgumentParser:
        sous = actes.add_parser(nom, help=aide, description=f"{aide[0].upper()}{aide[1:]}.")
        if identifiant:
            sous.add_argument("identifiant", metavar="IDENTIFIANT", help="par exemple claire.fontaine")
        sous.add_argument("--json", action="store_true", help="résultat en JSON")
        return sous

    creer = acte("creer", "crée une personne et son compte")
    creer.add_argument("--caisse", required=True, metavar="CODE", help="caisse où elle travaille, par exemple demo-aquitaine")
    creer.add_argument("--prenom", required=True, metavar="PRENOM", help="son prénom")
    creer.add_argument("--nom", required=True, metavar="NOM", help="son nom")
    _roles(creer)
    _tirer(creer)
    creer.add_argument("--provisoire", action="store_true", help="le mot de passe saisi devra être changé à la première connexion")
    acte("lister", "liste les comptes, leurs rôles et leur état", identifiant=False).add_argument(
        "--caisse", metavar="CODE", help="seulement ceux de cette caisse")
    acte("desactiver", "ferme un compte et déconnecte la personne partout")
    acte("reactiver", "rouvre un compte fermé, avec ses rôles")
    _tirer(acte("mot-de-passe", "donne un nouveau mot de passe et oublie les essais manqués"))
    _roles(acte("roles", "donne exactement ces rôles"))
    acte("telephone", "détache un téléphone perdu ; un autre sera rattaché à la prochaine connexion")


def _roles(sous: argparse.ArgumentParser) -> None:
    sous.add_argument("--role", dest="roles", action="append", required=True, choices=NIVEAUX, metavar="ROLE",
                      help=f"un rôle ; l'option se répète ({', '.join(NIVEAUX)})")


def _tirer(sous: argparse.ArgumentParser) -> None:
    sous.add_argument("--tirer", action="store_true", help="tire le mot de passe au sort et l'affiche une fois, au lieu de le demander")


def executer(options: argparse.Namespace) -> int:
    reglages = lire_reglages()
    sessions = migrer_base(reglages, appliquer=reglages.base is None)
    try:
        # Asked before the transaction: nobody waits for the database while someone looks for a password.
        donne = demander_mot_de_passe(options) if options.acte in ("creer", "mot-de-passe") else None
        with sessions() as s:
            resultat = ACTES[options.acte](s, options, donne, reglages)
    except Refus as refus:
        refuser(refus.code, refus.message)
    finally:
        sessions.engine.dispose()
    if options.json:
        afficher_json(resultat)
    elif options.acte == "lister":
        _dire_liste(resultat)
    else:
        dire(PHRASES[options.acte].format(**resultat))
        if resultat.get("mot_de_passe"):
            dire("Mot de passe provisoire, affiché cette seule fois ; il sera changé à la première connexion :")
            dire(f"  {resultat['mot_de_passe']}", brut=True)
    return 0


def demander_mot_de_passe(options: argparse.Namespace) -> str:
    """A password drawn, or typed twice at the terminal."""
    if options.tirer:
        return mots_de_passe.tirer()
    if not sys.stdin.isatty():
        refuser("SANS_TERMINAL", "le mot de passe se saisit au terminal ; ajoutez « --tirer » pour en tirer un au sort.")
    premier = getpass.getpass(f"Mot de passe ({mots_de_passe.LONGUEUR_MIN} caractères au moins, rien ne s'affiche) : ")
    if getpass.getpass("Le même, une seconde fois : ") != premier:
        refuser("SAISIES_DIFFERENTES", "les deux saisies diffèrent : recommencez.")
    return premier


# -- acts: session, options, password, settings → what is shown ------------------------------------------------------------------------------


def _compte(session: Session, identifiant: str) -> Compte:
    trouve = comptes.par_identifiant(session, identifiant)
    if trouve is None:
        refuser("COMPTE_INCONNU", f"aucun compte ne s'appelle « {identifiant} » ; « conseil utilisateur lister » les montre.")
    return trouve


def fiche(session: Session, compte: Compte) -> dict[str, Any]:
    """An account as `--json` gives it."""
    personne = compte.conseiller
    return {"identifiant": compte.identifiant, "prenom": personne.prenom, "nom": personne.nom, "caisse": personne.caisse_code,
            "roles": [n for n in NIVEAUX if n in comptes.niveaux(session, personne)], "actif": compte.desactive_le is None,
            "code_a_la_connexion": compte.totp_actif_le is not None, "demonstration": compte.demo,
            "derniere_connexion": compte.derniere_connexion_le.isoformat() if compte.derniere_connexion_le else None}


def _creer(session: Session, options: argparse.Namespace, mot_de_passe: Optional[str], reglages: Reglages) -> dict[str, Any]:
    if options.caisse not in (connues := [c.code for c in caisses.caisses(session)]):
        refuser("CAISSE_INCONNUE", f"la caisse « {options.caisse} » n'est pas dans la base. Caisses connues : {', '.join(connues) or 'aucune'}.")
    compte = comptes.creer(session, caisse_code=options.caisse, prenom=options.prenom, nom=options.nom, identifiant=options.identifiant,
                           roles=options.roles, mot_de_passe=mot_de_passe or "", auteur=COMMANDE, maintenant=Horloge.reglee().maintenant(),
                           doit_changer=options.tirer or options.provisoire)
    return {**fiche(session, compte), **({"mot_de_passe": mot_de_passe} if options.tirer else {})}


def _lister(session: Session, options: argparse.Namespace, *_: Any) -> list[dict[str, Any]]:
    return [fiche(session, c) for c in comptes.comptes(session, options.caisse)]


def _desactiver(session: Session, options: argparse.Namespace, *_: Any) -> dict[str, Any]:
    compte = _compte(session, options.identifiant)
    comptes.desactiver(session, compte, COMMANDE, Horloge.reglee().maintenant())
    return fiche(session, compte)


def _reactiver(session: Session, options: argparse.Namespace, *_: Any) -> dict[str, Any]:
    compte = _compte(session, options.identifiant)
    comptes.reactiver(session, compte, COMMANDE, Horloge.reglee().maintenant())
    return fiche(session, compte)


def _mot_de_passe(session: Session, options: argparse.Namespace, mot_de_passe: Optional[str], reglages: Reglages) -> dict[str, Any]:
    compte = _compte(session, options.identifiant)
    comptes.changer_mot_de_passe(session, compte, mot_de_passe or "", COMMANDE, Horloge.reglee().maintenant(), doit_changer=options.tirer,
                                 cle=cle_installation(reglages))
    return {**fiche(session, compte), **({"mot_de_passe": mot_de_passe} if options.tirer else {})}


def _changer_roles(session: Session, options: argparse.Namespace, *_: Any) -> dict[str, Any]:
    compte = _compte(session, options.identifiant)
    comptes.changer_roles(session, compte, options.roles, COMMANDE, Horloge.reglee().maintenant())
    return fiche(session, compte)


def _telephone(session: Session, options: argparse.Namespace, *_: Any) -> dict[str, Any]:
    compte = _compte(session, options.identifiant)
    comptes.retirer_double(session, compte, COMMANDE, Horloge.reglee().maintenant())
    return fiche(session, compte)


ACTES: dict[str, Any] = {"creer": _creer, "lister": _lister, "desactiver": _desactiver, "reactiver": _reactiver, "mot-de-passe": _mot_de_passe,
                         "roles": _changer_roles, "telephone": _telephone}
PHRASES = {"creer": "Compte créé : {identifiant} ({prenom} {nom}, {caisse}).", "desactiver": "Compte désactivé : {identifiant}.",
           "reactiver": "Compte réactivé : {identifiant}.", "mot-de-passe": "Mot de passe changé : {identifiant} est déconnecté partout.",
           "roles": "Rôles changés : {identifiant}.", "telephone": "Téléphone détaché : {identifiant} est déconnecté partout."}


def _dire_liste(liste: list[dict[str, Any]]) -> None:
    if not liste:
        dire("Aucun compte. Le premier se crée avec « conseil utilisateur creer IDENTIFIANT --caisse CODE --prenom … --nom … "
             "--role administrateur ».")
    for f in liste:
        etat = "" if f["actif"] else " — désactivé"
        dire(f"{f['identifiant']:<28} {f['caisse']:<18} {f['prenom']} {f['nom']} ({', '.join(f['roles'])}){etat}", brut=True)
