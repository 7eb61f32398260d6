"""`conseil courriers`: the letters of an action, ready to print or sent by e-mail, and the mail that came back."""
import argparse
import smtplib
import sys
from pathlib import Path
from typing import Any

from bot.campagnes import courriers, pages
from bot.cli.base import migrer_base
from bot.cli.commun import afficher_json, dire, lire_reglages, refuser
from bot.contacts import courriel
from bot.contacts.base import Sessions
from bot.contacts.caisses import caisse as lire_caisse
from bot.contacts.campagne import action_de
from bot.contacts.cle import cle_installation
from bot.contacts.tables import Lot
from bot.horloge import Horloge
from bot.texte.typographie import quantite

AIDE = "prépare les courriers d'une action, les envoie, note les plis revenus"


def declarer(analyseur: argparse.ArgumentParser) -> None:
    actes = analyseur.add_subparsers(dest="acte", metavar="ACTE", required=True, title="actes ")
    for nom, aide in (("preparer", "écrit les lettres et leur liste, prêtes à imprimer"), ("envoyer", "envoie par courriel ce qui part par courriel"),
                      ("retours", "note les plis revenus, par leur référence"), ("suivre", "dit où en sont les courriers d'une action")):
        acte = actes.add_parser(nom, help=aide, description=f"{aide[0].upper()}{aide[1:]}.")
        acte.add_argument("--caisse", required=True, help="code de la caisse")
        acte.add_argument("--json", action="store_true", help="répond en JSON")
        if nom != "retours":
            acte.add_argument("--action", required=True, help="code de l'action : EIG, CREATEUR…")
            acte.add_argument("--annee", required=True, type=int, help="année de la campagne")
        if nom == "preparer":
            acte.add_argument("--out", required=True, type=Path, help="dossier où écrire")
            acte.add_argument("--docx", action="store_true", help="écrit aussi un document modifiable")
        if nom == "envoyer":
            acte.add_argument("--incertains", choices=("partis", "a-renvoyer"),
                              help="ce que vous avez vérifié des courriels dont l'envoi a été coupé")
        if nom == "retours":
            acte.add_argument("liste", type=Path, help="fichier d'une référence par ligne")


def executer(options: argparse.Namespace) -> int:
    reglages = lire_reglages()
    sessions, cle, horloge = migrer_base(reglages, appliquer=False), cle_installation(reglages), Horloge.reglee()
    resultat = {"preparer": _preparer, "envoyer": _envoyer, "retours": _retours, "suivre": _suivre}[options.acte](options, sessions, cle, horloge)
    phrases = resultat.pop("phrases")
    if options.json:
        afficher_json(resultat)
    else:
        for phrase in phrases:
            dire(phrase)
    return 0


def _preparer(options: argparse.Namespace, sessions: Sessions, cle: bytes, horloge: Horloge) -> dict[str, Any]:
    """Record the batch (when someone has no letter yet), then write every batch's files again: the same letters each time."""
    if options.out.exists() and not options.out.is_dir():
        refuser("DOSSIER_ILLISIBLE", f"{options.out} n'est pas un dossier : donnez-en un à --out.")
    options.out.mkdir(parents=True, exist_ok=True)
    with sessions() as s:
        action = action_de(s, options.caisse, options.annee, options.action)
        try:
            courriers.preparer(s, action, horloge.maintenant(), cle)
        except courriers.RienAEnvoyer:
            if not courriers.lots(s, action):
                raise
        numeros = [lot.id for lot in courriers.lots(s, action)]
    fichiers = [_ecrire_lot(options, sessions, cle, horloge, numero) for numero in numeros]
    phrases = [f"Lot {f['lot']} : {quantite(f['lettres'], 'lettre')} à imprimer ({quantite(f['pages'], 'page')}), "
               f"{quantite(f['courriels'], 'courriel')} à envoyer. {f['pdf'] or f['liste']}" for f in fichiers]
    sans = sum(f["adresses_incompletes"] for f in fichiers)
    if sans:
        phrases.append(f"{quantite(sans, 'lettre')} sans adresse postale complète : la liste les marque, complétez-les avant la mise sous pli.")
    return {"lots": fichiers, "phrases": phrases}


def _ecrire_lot(options: argparse.Namespace, sessions: Sessions, cle: bytes, horloge: Horloge, numero: int) -> dict[str, Any]:
    with sessions.lecture() as s:
        lot, caisse = s.get_one(Lot, numero), lire_caisse(s, options.caisse)
        plis = list(courriers.plis(s, lot, cle))
        base = options.out / f"{options.action}-{options.annee}-lot{lot.numero}"
        jour = lot.prepare_le.date()
    lettres = [p.lettre for p in plis if p.envoi.canal == "courrier"]
    nombre = 0
    if lettres:
        nombre = pages.ecrire_pdf(lettres, caisse, jour, base.with_suffix(".pdf"), lambda n: _avancer(n, len(lettres)))
        if options.docx:
            pages.ecrire_docx(lettres, caisse, jour, base.with_suffix(".docx"))
    with sessions() as s:
        courriers.marquer_imprimes(s, s.get_one(Lot, numero), horloge.maintenant())
    with sessions.lecture() as s, base.with_suffix(".csv").open("w", encoding="utf-8", newline="") as liste:
        incompletes = courriers.ecrire_liste(liste, courriers.plis(s, s.get_one(Lot, numero), cle))
    return {"lot": lot.numero, "lettres": len(lettres), "courriels": len(plis) - len(lettres), "pages": nombre,
            "adresses_incompletes": incompletes, "pdf": str(base.with_suffix(".pdf")) if lettres else None, "liste": str(base.with_suffix(".csv"))}


def _avancer(faites: int, total: int) -> None:
    print(f"\rMise en page : {faites} / {total}", end="" if faites < total else "\n", file=sys.stderr, flush=True)


def _envoyer(options: argparse.Namespace, sessions: Sessions, cle: bytes, horloge: Horloge) -> dict[str, Any]:
    """Hand the e-mails of every batch to the server, one by one; each is taken before and concluded after."""
    with sessions() as s:
        action = action_de(s, options.caisse, options.annee, options.action)
        suite = courriers.lots(s, action)
        if options.incertains:
            for lot in suite:
                courriers.reprendre_incertains(s, lot, options.incertains == "partis", horloge.maintenant())
        attendent = [(lot.id, e) for lot in suite for e in courriers.courriels_a_envoyer(s, lot)]
    partis = refuses = 0
    if attendent:
        try:
            with courriel.serveur(lire_reglages()) as serveur:
                for rang, (numero, envoi) in enumerate(attendent, 1):
                    reussi = _un_courriel(sessions, serveur, numero, envoi, cle, horloge)
                    partis, refuses = partis + reussi, refuses + (not reussi)
                    print(f"\rEnvoi : {rang} / {len(attendent)}", end="" if rang < len(attendent) else "\n", file=sys.stderr, flush=True)
        except (OSError, smtplib.SMTPException) as e:
            refuser("COURRIEL_INJOIGNABLE", f"le serveur de courriel ne répond pas ({type(e).__name__}) : {quantite(partis, 'courriel')} "
                                            "partis, les autres attendent. Relancez la même commande.")
    with sessions.lecture() as s:
        douteux = sum(len(courriers.incertains(s, s.get_one(Lot, lot.id))) for lot in suite)
    phrases = [f"{quantite(partis, 'courriel')} envoyés, {refuses} refusés par le serveur."]
    if douteux:
        phrases.append(f"{quantite(douteux, 'courriel')} dont l'envoi a été coupé : regardez le journal du serveur de courriel, puis relancez avec "
                       "--incertains partis ou --incertains a-renvoyer.")
    return {"envoyes": partis, "refuses": refuses, "incertains": douteux, "phrases": phrases}


def _un_courriel(sessions: Sessions, serveur: courriel.Serveur, numero: int, envoi: int, cle: bytes, horloge: Horloge) -> bool:
    with sessions() as s:
        if not courriers.reserver(s, envoi):
            return False
        pli = next(p for p in courriers.plis(s, s.get_one(Lot, numero), cle, envoi))
        m = courriel.message(serveur.expediteur, pli.assure.courriel or "", pli.lettre.objet, courriers.en_texte(pli.lettre),
                             message_id=courriers.message_id(numero, envoi), date=horloge.maintenant())
    try:
        serveur.envoyer(m)
        reussi = True
    except (smtplib.SMTPRecipientsRefused, smtplib.SMTPSenderRefused, smtplib.SMTPDataError):
        reussi = False
    with sessions() as s:
        courriers.conclure(s, envoi, horloge.maintenant(), reussi)
    return reussi


def _retours(options: argparse.Namespace, sessions: Sessions, cle: bytes, horloge: Horloge) -> dict[str, Any]:
    try:
        references = [ligne.strip() for ligne in options.liste.read_text(encoding="utf-8").splitlines() if ligne.strip()]
    except (OSError, UnicodeDecodeError) as e:
        refuser("LISTE_ILLISIBLE", f"{options.liste} ne se lit pas ({type(e).__name__}) : donnez un fichier texte, une référence par ligne.")
    with sessions() as s:
        retours = courriers.noter_retours(s, options.caisse, references, horloge.maintenant())
    phrases = [f"{quantite(retours.notes, 'pli')} notés revenus, {retours.deja} déjà notés."]
    if retours.inconnues:
        phrases.append(f"{len(retours.inconnues)} références ne sont pas de cette caisse : {', '.join(retours.inconnues[:10])}.")
    return {"notes": retours.notes, "deja": retours.deja, "inconnues": list(retours.inconnues), "phrases": phrases}


def _suivre(options: argparse.Namespace, sessions: Sessions, cle: bytes, horloge: Horloge) -> dict[str, Any]:
    with sessions.lecture() as s:
        action = action_de(s, options.caisse, options.annee, options.action)
        comptes = dict(courriers.comptes(s, action))
    noms = {"prepare": "préparés", "en_cours": "à l'envoi incertain", "envoye": "partis", "retourne": "revenus", "echec": "refusés"}
    return {"etats": comptes, "phrases": [", ".join(f"{n} {noms[e]}" for e, n in sorted(comptes.items())) or "Aucun courrier préparé."]}
