"""`conseil enquete`: the waves of the satisfaction survey — opening, drawing, inviting, reminding, closing, drawing again, results.

The worker does the weekly part by itself; these are for who wants to do it by hand, to print what goes on paper, and to check.
"""
import argparse
import csv
import smtplib
from dataclasses import asdict
from pathlib import Path
from typing import Any, Callable, Iterable, Optional, Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.cli.base import migrer_base
from bot.cli.commun import afficher_json, dire, lire_reglages, refuser
from bot.cli.francais import entier
from bot.contacts import courriel
from bot.contacts.base import Sessions
from bot.contacts.caisses import caisse as lire_caisse
from bot.contacts.campagne import ActionInconnue
from bot.contacts.cle import cle_installation
from bot.contacts.tables import Action, Vague
from bot.enquete import cadre, invitations, resultats, vagues
from bot.enquete.statistiques import a_tirer, taille
from bot.horloge import Horloge
from bot.reglages import Reglages
from bot.texte.typographie import date_longue, nombre, quantite

AIDE = "ouvre, tire, suit et clôt l'enquête de satisfaction, et donne ses résultats"
ACTES = (("ouvrir", "ouvre les vagues qui manquent à un exercice, ou une seule"),
         ("tirer", "gèle la base de la semaine et tire au sort"),
         ("inviter", "envoie les courriels d'invitation et écrit la liste des lettres à imprimer"),
         ("relancer", "fait de même pour les relances dues"),
         ("codes", "écrit les feuilles numérotées à remettre dans une rencontre"), ("retours", "note les invitations revenues, par leur code"),
         ("clore", "clôt une vague maintenant"), ("etat", "dit où en sont les vagues"), ("redessiner", "refait chaque tirage et le compare"),
         ("resultats", "donne les résultats d'une vague"), ("tailles", "dit combien de réponses il faut pour une précision"))
BASES = (100, 200, 400, 800, 2_000, 10_000)


def declarer(analyseur: argparse.ArgumentParser) -> None:
    actes = analyseur.add_subparsers(dest="acte", metavar="ACTE", required=True, title="actes ")
    for nom, aide in ACTES:
        acte = actes.add_parser(nom, help=aide, description=f"{aide[0].upper()}{aide[1:]}.")
        acte.add_argument("--json", action="store_true", help="répond en JSON")
        if nom != "tailles":
            acte.add_argument("--caisse", metavar="CODE", help="code de la caisse ; sinon celle de l'installation (CONSEIL_CAISSE)")
        if nom in ("ouvrir", "etat", "tirer", "redessiner", "resultats"):
            acte.add_argument("--annee", type=entier(2000, 2100), required=nom == "ouvrir", help="exercice")
        if nom in ("clore", "codes", "resultats", "redessiner"):
            acte.add_argument("--vague", type=entier(1, 10**9), required=nom in ("clore", "codes"),
                              help="numéro de la vague (« conseil enquete etat »)")
        if nom in ("inviter", "relancer", "codes"):
            acte.add_argument("--out", type=Path, required=True, help="dossier où écrire la liste")
        {"ouvrir": _options_plan, "tailles": _options_tailles, "codes": _options_codes, "retours": _options_retours}.get(nom, lambda _: None)(acte)


def _options_plan(acte: argparse.ArgumentParser) -> None:
    acte.add_argument("--action", metavar="CODE", help="seulement cette action (EIG, CREATEUR…), ou SPONT pour les entretiens spontanés")
    acte.add_argument("--base", type=entier(1, 10**6), help="volume de contacts attendu, avec --action ; sinon estimé")
    acte.add_argument("--marge", type=entier(1, 30), default=5, metavar="POINTS", help="demi-largeur voulue de l'intervalle (5 points par défaut)")
    acte.add_argument("--taux-reponse", type=entier(1, 100), default=50, metavar="POURCENT", help="taux de réponse attendu (50 par défaut)")


def _options_tailles(acte: argparse.ArgumentParser) -> None:
    acte.add_argument("--base", type=entier(1, 10**7), action="append", help="taille de la base ; l'option se répète")
    acte.add_argument("--taux-reponse", type=entier(1, 100), default=50, metavar="POURCENT", help="taux de réponse attendu (50 par défaut)")


def _options_codes(acte: argparse.ArgumentParser) -> None:
    acte.add_argument("--rencontre", type=entier(1, 10**9), required=True, help="numéro de la rencontre")
    acte.add_argument("--nombre", type=entier(1, invitations.FEUILLES_MAX), required=True, help="nombre de feuilles")


def _options_retours(acte: argparse.ArgumentParser) -> None:
    acte.add_argument("liste", type=Path, help="fichier d'un code par ligne")


def executer(options: argparse.Namespace) -> int:
    if options.acte == "tailles":
        return _dire(options, *_tailles(options))
    reglages = lire_reglages()
    sessions = migrer_base(reglages, appliquer=False)
    options.caisse = options.caisse or reglages.caisse
    with sessions.lecture() as s:
        lire_caisse(s, options.caisse)
    faire: Callable[..., tuple[Any, Sequence[str]]] = {
        "ouvrir": _ouvrir, "tirer": _tirer, "inviter": _inviter, "relancer": _inviter, "codes": _codes, "retours": _retours, "clore": _clore,
        "etat": _etat, "redessiner": _redessiner, "resultats": _resultats}[options.acte]
    valeur, phrases = faire(options, sessions, reglages, Horloge.reglee())
    _dire(options, valeur, phrases)
    faux = options.acte == "redessiner" and any(not (r["base_identique"] and r["tirage_identique"]) for v in valeur for r in v["semaines"])
    return 1 if faux else 0


def _dire(options: argparse.Namespace, valeur: Any, phrases: Sequence[str]) -> int:
    if options.json:
        afficher_json(valeur)
    else:
        for phrase in phrases:
            dire(phrase)
    return 0


# -- opening, drawing, closing --------------------------------------------------------------------------------------------------------------------


def _ouvrir(options: argparse.Namespace, sessions: Sessions, _: Reglages, horloge: Horloge) -> tuple[Any, Sequence[str]]:
    if options.base and not options.action:
        refuser("BASE_SANS_ACTION", "--base ne vaut que pour une action : ajoutez --action.")
    plan = {"marge": options.marge / 100, "taux_reponse": options.taux_reponse / 100}
    with sessions() as s:
        if options.action:
            ouvertes = [vagues.ouvrir(s, caisse_code=options.caisse, exercice=options.annee, maintenant=horloge.maintenant(),
                                      base_prevue=options.base, action_id=_action(s, options), **plan)]
        else:
            ouvertes = vagues.ouvrir_toutes(s, options.caisse, options.annee, horloge.maintenant(), **plan)
        valeur = [_resume(v) for v in ouvertes]
    phrases = [f"Vague {v['vague']}, {v['cible']} {v['exercice']} : {_plan(v)}." for v in valeur]
    return valeur, phrases or ["Toutes les vagues de l'exercice sont ouvertes."]


def _action(session: Session, options: argparse.Namespace) -> Optional[int]:
    if options.action == vagues.SPONT:
        return None
    trouvee = session.scalars(select(Action).where(Action.caisse_code == options.caisse, Action.code == options.action,
                                                   Action.annee <= options.annee).order_by(Action.annee.desc())).first()
    if trouvee is None:
        raise ActionInconnue
    return trouvee.id


def _resume(vague: Vague) -> dict[str, Any]:
    return {"vague": vague.id, "caisse": vague.caisse_code, "cible": vague.cible, "exercice": vague.exercice, "etat": vague.etat,
            "du": vague.du.isoformat(), "au": vague.au.isoformat(), "questionnaire": vague.version, "taille_prevue": vague.taille_prevue,
            "base_prevue": vague.base_prevue}


def _plan(v: dict[str, Any]) -> str:
    if v["taille_prevue"] == v["base_prevue"]:
        return f"recensement ({quantite(v['base_prevue'], 'contact attendu', 'contacts attendus')})"
    return f"sondage, {nombre(v['taille_prevue'])} tirés sur {nombre(v['base_prevue'])} contacts attendus"


def _choisies(session: Session, options: argparse.Namespace) -> list[Vague]:
    if getattr(options, "vague", None):
        return [vagues.vague(session, options.vague, options.caisse)]
    return list(vagues.vagues(session, options.caisse, getattr(options, "annee", None)))


def _tirer(options: argparse.Namespace, sessions: Sessions, reglages: Reglages, horloge: Horloge) -> tuple[Any, Sequence[str]]:
    cle = cle_installation(reglages)
    faits: list[dict[str, Any]] = []
    with sessions.lecture() as s:
        ids = [v.id for v in _choisies(s, options) if v.etat == "ouverte"]
    for numero in ids:
        with sessions() as s:
            v = vagues.vague(s, numero)
            releve = cadre.tirer(s, v, horloge.maintenant(), cle)
            if releve is not None:
                faits.append({"vague": v.id, "cible": v.cible, "semaine": releve.semaine, "base": releve.base, "tires": releve.tires,
                              "exclusions": releve.exclusions, "sha256": releve.sha256})
    phrases = [f"{f['cible']}, {f['semaine']} : {nombre(f['tires'])} tirés sur {nombre(f['base'])}"
               + "".join(f", {nombre(n)} écartés ({r})" for r, n in f["exclusions"].items()) + "." for f in faits]
    return faits, phrases or ["Personne de nouveau à tirer cette semaine."]


def _clore(options: argparse.Namespace, sessions: Sessions, _: Reglages, horloge: Horloge) -> tuple[Any, Sequence[str]]:
    with sessions() as s:
        v = vagues.vague(s, options.vague, options.caisse)
        vagues.clore(s, v, horloge.maintenant())
        return _resume(v), [f"La vague {v.id} ({v.cible} {v.exercice}) est close. Ses liens seront détruits dans 30 jours."]


# -- inviting -------------------------------------------------------------------------------------------------------------------------------------


def _inviter(options: argparse.Namespace, sessions: Sessions, reglages: Reglages, horloge: Horloge) -> tuple[Any, Sequence[str]]:
    """E-mails first, then the list of the letters: a letter written in the list has left."""
    relance, maintenant, cle = options.acte == "relancer", horloge.maintenant(), cle_installation(reglages)
    _dossier(options.out)
    with sessions.lecture() as s:
        attendent = len(invitations.dus(s, "courriel", maintenant, relance=relance, caisse_code=options.caisse))
    envois = invitations.Envois()
    if attendent and reglages.smtp_hote:
        try:
            with courriel.serveur(reglages) as serveur:
                envois = invitations.envoyer(sessions, serveur, cle, reglages.adresse_publique, maintenant, relance=relance,
                                             caisse_code=options.caisse)
        except (OSError, smtplib.SMTPException) as e:
            envois = invitations.Envois(panne=type(e).__name__)
    fichier = options.out / f"enquete-{'relances' if relance else 'invitations'}-{options.caisse}-{horloge.aujourdhui()}.csv"
    with sessions() as s:
        dus = invitations.dus(s, "papier", maintenant, relance=relance, caisse_code=options.caisse)
        lignes = [invitations.ligne(s, d, cle, reglages.adresse_publique) for d in dus]
        if lignes:
            _ecrire(fichier, invitations.LISTE, lignes)  # on the disk before anyone counts as invited
        for d in dus:
            invitations.marquer(d.invitation, maintenant, relance)
    restent = attendent - envois.partis - envois.refuses
    phrases = [f"{quantite(envois.partis, 'courriel parti', 'courriels partis')}, {quantite(len(lignes), 'lettre')} à imprimer"
               + (f" : {fichier}." if lignes else ".")]
    if restent:
        phrases.append(f"{quantite(restent, 'courriel')} en attente : " + (f"le serveur ne répond plus ({envois.panne})." if envois.panne else
                                                                           "aucun serveur de courriel n'est réglé (CONSEIL_SMTP_HOTE)."))
    return {"courriels": envois.partis, "refuses": envois.refuses, "en_attente": restent, "lettres": len(lignes),
            "liste": str(fichier) if lignes else None}, phrases


def _dossier(chemin: Path) -> None:
    if chemin.exists() and not chemin.is_dir():
        refuser("DOSSIER_ILLISIBLE", f"{chemin} n'est pas un dossier : donnez-en un à --out.")
    chemin.mkdir(parents=True, exist_ok=True)


def _ecrire(fichier: Path, colonnes: Sequence[str], lignes: Iterable[dict[str, Any]]) -> None:
    """A list (`;`). Run again the same day, what is new is added after what is there."""
    neuf = not fichier.exists()
    with fichier.open("a", encoding="utf-8", newline="") as sortie:
        ecrivain = csv.DictWriter(sortie, colonnes, delimiter=";", lineterminator="\n")
        if neuf:
            ecrivain.writeheader()
        ecrivain.writerows(lignes)


def _codes(options: argparse.Namespace, sessions: Sessions, reglages: Reglages, _: Horloge) -> tuple[Any, Sequence[str]]:
    _dossier(options.out)
    with sessions() as s:
        vague = vagues.vague(s, options.vague, options.caisse)
        feuilles = invitations.preparer_feuilles(s, vague, options.rencontre, options.nombre, cle_installation(reglages))
    fichier, adresse = options.out / f"enquete-feuilles-rencontre-{options.rencontre}.csv", reglages.adresse_publique
    fichier.unlink(missing_ok=True)
    _ecrire(fichier, ("numero", "code", "page"), ({"numero": n, "code": c, "page": f"{adresse}/enquete/{c}"} for n, c in feuilles))
    phrase = f"{quantite(len(feuilles), 'feuille')} à imprimer : {fichier}. Une par personne présente."
    return {"feuilles": len(feuilles), "liste": str(fichier)}, [phrase]


def _retours(options: argparse.Namespace, sessions: Sessions, reglages: Reglages, _: Horloge) -> tuple[Any, Sequence[str]]:
    try:
        codes = [ligne.strip() for ligne in options.liste.read_text(encoding="utf-8").splitlines() if ligne.strip()]
    except (OSError, UnicodeDecodeError) as e:
        refuser("LISTE_ILLISIBLE", f"{options.liste} ne se lit pas ({type(e).__name__}) : donnez un fichier texte, un code par ligne.")
    with sessions() as s:
        notes, inconnus = invitations.non_remis(s, options.caisse, codes, cle_installation(reglages))
    phrases = [f"{quantite(notes, 'invitation')} non remise{'s' if notes > 1 else ''}."]
    if inconnus:
        phrases.append(f"Codes inconnus, ou qui ont déjà servi : {', '.join(inconnus[:10])}.")
    return {"notes": notes, "inconnus": inconnus}, phrases


# -- looking ---------------------------------------------------------------------------------------------------------------------------------------


def _etat(options: argparse.Namespace, sessions: Sessions, _: Reglages, __: Horloge) -> tuple[Any, Sequence[str]]:
    with sessions.lecture() as s:
        valeur = [{**_resume(v), **asdict(e := vagues.etat(s, v)), "delivres": e.delivres, "etat": v.etat} for v in _choisies(s, options)]
    phrases = [f"{v['vague']:>4}  {v['cible']} {v['exercice']}, {v['etat']} : {_plan(v)} ; base {nombre(v['base'])}, tirés {nombre(v['tires'])}, "
               f"répondants {nombre(v['repondants'])}" + (f" ({resultats.pour_cent(v['reponse'])})" if v["reponse"] is not None else "")
               + (" ; base petite, un recensement était dû" if v["petite_base"] else "") + "." for v in valeur]
    return valeur, phrases or ["Aucune vague : « conseil enquete ouvrir » en ouvre."]


def _redessiner(options: argparse.Namespace, sessions: Sessions, _: Reglages, __: Horloge) -> tuple[Any, Sequence[str]]:
    with sessions.lecture() as s:
        valeur: list[dict[str, Any]] = [{"vague": v.id, "cible": v.cible, "graine": v.graine, "semaines": [asdict(r) for r in cadre.redessiner(s, v)]}
                  for v in _choisies(s, options)]
    phrases = []
    for v in valeur:
        for r in v["semaines"]:
            dit = ("base et tirage identiques" if r["base_identique"] and r["tirage_identique"] else
                   "LA BASE A CHANGÉ" if not r["base_identique"] else "LE TIRAGE N'EST PAS CELUI-CI")
            phrases.append(f"{v['cible']}, {r['semaine']} : {nombre(r['tires'])} tirés sur {nombre(r['base'])}, {dit}.")
    return valeur, phrases or ["Aucun tirage à refaire."]


def _resultats(options: argparse.Namespace, sessions: Sessions, _: Reglages, __: Horloge) -> tuple[Any, Sequence[str]]:
    with sessions.lecture() as s:
        tous = [resultats.resultats(s, v) for v in _choisies(s, options)]
    phrases = []
    for r in tous:
        reponse = f", taux de réponse {resultats.pour_cent(r.etat.reponse)}" if r.etat.reponse is not None else ""
        phrases.append(f"{r.vague.cible} {r.vague.exercice}, contacts du {date_longue(r.vague.du)} au {date_longue(r.vague.au)} : "
                       f"{quantite(r.etat.repondants, 'répondant')} sur {nombre(r.etat.tires)} tirés, base {nombre(r.etat.base)}{reponse}.")
        phrases += [f"  {i.item.id:<6} {i.item.question}  {resultats.dire_taux(i.taux)}" for i in r.items if i.taux]
    return [_en_json(r) for r in tous], phrases or ["Aucune vague."]


def _en_json(r: resultats.Resultats) -> dict[str, Any]:
    """The results as a program reads them; sub-counts below eleven expressed answers are null."""
    items = [{"item": i.item.id, "question": i.item.question, "vus": i.vus, "comptes": dict(i.comptes) if i.visible else None,
              "taux": asdict(i.taux) if i.taux and i.taux.taux is not None else None} for i in r.items]
    parts = {nom: [{"nom": p.nom, "repondants": p.repondants, "taux": p.taux.taux if p.taux else None} for p in liste]
             for nom, liste in (("modes", r.modes), ("formes", r.formes))}
    return {**_resume(r.vague), **asdict(r.etat), "etat": r.vague.etat, "items": items, "themes": dict(r.themes), "par_mode": parts["modes"],
            "par_forme": parts["formes"]}


def _tailles(options: argparse.Namespace) -> tuple[Any, Sequence[str]]:
    """Answers needed for ±10 and ±5 points at a rate of 80 %, and how many to draw for them."""
    valeur = [{"base": N, **{f"{nom}_{m}": n for m in (10, 5) for nom, n in (
        ("reponses", taille(N, m / 100)), ("a_tirer", a_tirer(N, m / 100, options.taux_reponse / 100)))}} for N in options.base or BASES]
    return valeur, [f"Base {nombre(v['base'])} : ± 10 points avec {quantite(v['reponses_10'], 'réponse')} (tirer {nombre(v['a_tirer_10'])}), "
                    f"± 5 avec {nombre(v['reponses_5'])} (tirer {nombre(v['a_tirer_5'])})." for v in valeur]
