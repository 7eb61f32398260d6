"""`conseil bilan`: regional bilans made, signed, checked; received and added together by the national fund; keys and exercises."""
import argparse
import json
import os
import re
from datetime import date
from pathlib import Path
from typing import Any, Mapping, Optional, Sequence

from sqlalchemy.orm import Session

from bot.bilan import cles, controles, echange, ecriture, etats, national, reception, registre
from bot.bilan.codes import ETATS
from bot.bilan.echeance import compte_a_rebours, noter_rappels
from bot.cli.base import migrer_base
from bot.cli.commun import afficher_json, dire, lire_reglages, refuser
from bot.contacts.base import Sessions
from bot.contacts.caisses import caisse as lire_caisse
from bot.contacts.cle import cle_installation
from bot.contacts.refus import Refus
from bot.contacts.tables import Bilan, CleBilan
from bot.horloge import Horloge
from bot.texte.typographie import quantite

AIDE = "fait, signe, vérifie et reçoit les bilans régionaux, consolide le bilan national"
_ACTES = {
    "regional": "fait le bilan d'une caisse, contrôlé, prêt à signer", "signer": "signe un fichier de bilan",
    "verifier": "contrôle un fichier de bilan", "recevoir": "reçoit des fichiers de bilan à la caisse nationale",
    "accuser": "range l'accusé de réception que la caisse nationale a rendu", "national": "consolide les bilans reçus",
    "exercice": "ouvre, montre ou clôt un exercice", "rappels": "donne les rappels dus aux caisses qui n'ont rien transmis (30, 15, 7 et 1 jours)",
    "equivalence": "déclare qu'une question d'une autre version vaut celle du modèle national (caisse nationale seule)",
    "cle": "crée, montre, enregistre ou révoque les clés de signature"}


def declarer(analyseur: argparse.ArgumentParser) -> None:
    actes = analyseur.add_subparsers(dest="acte", metavar="ACTE", required=True, title="actes ")
    sous = {nom: actes.add_parser(nom, help=aide, description=f"{aide[0].upper()}{aide[1:]}.") for nom, aide in _ACTES.items()}
    for nom, acte in sous.items():
        acte.add_argument("--json", action="store_true", help="répond en JSON")
        if nom in ("regional", "national"):
            acte.add_argument("--annee", required=True, type=int, help="exercice")
            acte.add_argument("--out", required=True, type=Path, help="dossier où écrire")
            acte.add_argument("--sans-documents", action="store_true", help="n'écrit que le JSON")
    regional, signer, recevoir, nat, exercice, cle = (sous[n] for n in ("regional", "signer", "recevoir", "national", "exercice", "cle"))
    regional.add_argument("--caisse", required=True, help="code de la caisse")
    regional.add_argument("--arrete-au", type=_jour, help="dernier jour des données (2012-01-20) ; aujourd'hui par défaut")
    regional.add_argument("--signer", action="store_true", help="signe aussi, avec la clé de la caisse")
    regional.add_argument("--rectificatif", action="store_true", help="commence le bilan suivant, qui remplace en entier celui qui est accepté")
    for acte in (regional, signer):
        acte.add_argument("--cle", type=Path, help="fichier de la clé privée ; sinon celle que la base garde")
    signer.add_argument("fichier", type=Path, help="bilan-….json, remplacé par sa version signée")
    sous["verifier"].add_argument("fichier", type=Path, help="bilan-….json")
    sous["accuser"].add_argument("fichier", type=Path, help="accuse-….json")
    recevoir.add_argument("fichiers", type=Path, nargs="+", metavar="FICHIER", help="bilan-….json")
    recevoir.add_argument("--out", type=Path, help="dossier où écrire les accusés de réception")
    nat.add_argument("--recontroler", action="store_true", help="rejoue d'abord les contrôles des fichiers acceptés")
    nat.add_argument("--publier", action="store_true", help="rend l'édition publique")
    _options_equivalence(sous["equivalence"])
    sous["rappels"].add_argument("--annee", required=True, type=int, help="exercice")
    exercice.add_argument("geste", choices=("ouvrir", "voir", "clore"))
    exercice.add_argument("--annee", required=True, type=int, help="exercice")
    exercice.add_argument("--strict", action="store_true", help="lit « avant le 31 janvier » à la lettre : jusqu'au 30 à minuit")
    cle.add_argument("geste", choices=("creer", "lister", "enregistrer", "revoquer"))
    cle.add_argument("--caisse", help="code de la caisse ; absente = la caisse nationale")
    cle.add_argument("--annee", type=int, help="exercice de la clé")
    cle.add_argument("--fichier", type=Path, help="où écrire la clé privée (sinon elle est gardée chiffrée dans la base)")
    cle.add_argument("--nom", help="nom de la clé, pour enregistrer ou révoquer")
    cle.add_argument("--publique", help="clé publique à enregistrer, en base64")
    cle.add_argument("--raison", default="", help="pourquoi la clé est révoquée")


def _options_equivalence(acte: argparse.ArgumentParser) -> None:
    acte.add_argument("--annee", required=True, type=int, help="exercice")
    acte.add_argument("--question", required=True, help="question, par exemple Q3")
    acte.add_argument("--version", required=True, help="version du questionnaire qui a servi, par exemple 2011.2")
    acte.add_argument("--sha256", required=True, help="empreinte de la question dans cette version, telle que le fichier la donne")
    acte.add_argument("--raison", required=True, help="ce qui change, par exemple « coquille »")
    acte.add_argument("--memes-reponses", action="store_true", help="l'échelle et les réponses ont été comparées : ce sont les mêmes")


def _jour(texte: str) -> date:
    try:
        return date.fromisoformat(texte)
    except ValueError as e:
        raise argparse.ArgumentTypeError(f"« {texte} » n'est pas une date : écrivez par exemple 2012-01-20") from e


def executer(options: argparse.Namespace) -> int:
    reglages = lire_reglages()
    sessions, cle, horloge = migrer_base(reglages, appliquer=False), cle_installation(reglages), Horloge.reglee()
    gestes = {"regional": _regional, "signer": _signer, "verifier": _verifier, "recevoir": _recevoir, "accuser": _accuser, "national": _national,
              "exercice": _exercice, "cle": _cle, "rappels": _rappels, "equivalence": _equivalence}
    try:
        resultat = gestes[options.acte](options, sessions, cle, horloge)
    except Refus as refus:
        resultat = {"code": 1, "refus": refus.code, "regles": list(getattr(refus, "regles", ())), "phrases": [refus.message]}
        if isinstance(refus, etats.ControlesEnEchec):
            resultat |= {"constats": [c.en_dict() for c in refus.rapport.constats],
                         "phrases": [refus.message, *(f"{c.regle} : {c.message} {c.remede}" for c in refus.rapport.bloquants)]}
    code, phrases = int(resultat.pop("code", 0)), resultat.pop("phrases")
    if options.json:
        afficher_json(resultat)
    else:
        for phrase in phrases:
            dire(phrase, erreur=bool(code))
    return code


def _dossier(chemin: Path) -> Path:
    if chemin.exists() and not chemin.is_dir():
        refuser("DOSSIER_ILLISIBLE", f"{chemin} n'est pas un dossier : donnez-en un à --out.")
    chemin.mkdir(parents=True, exist_ok=True)
    return chemin


def _octets(chemin: Path) -> bytes:
    """The bytes of a file, no more than it takes to see that it is too long."""
    try:
        with chemin.open("rb") as fichier:
            return fichier.read(echange.TAILLE_MAX + 1)
    except OSError as e:
        refuser("FICHIER_ILLISIBLE", f"{chemin} ne peut pas être lu ({type(e).__name__}) : vérifiez le chemin et les droits.")


# -- the caisse --------------------------------------------------------------------------------------------------------------------------------


def _regional(options: argparse.Namespace, sessions: Sessions, cle: bytes, horloge: Horloge) -> dict[str, Any]:
    """Check, freeze, write. A bilan already signed is written again as it was signed."""
    dossier, maintenant = _dossier(options.out), horloge.maintenant()
    with sessions() as s:
        bilan = _bilan(s, options, maintenant)
        rapport = None
        if bilan.etat in ("brouillon", "controle"):
            rapport = etats.controler_bilan(s, bilan, etats.OPERATEUR, maintenant, options.arrete_au)
        numero = bilan.id
    if rapport is not None and not rapport.passe:
        raise etats.ControlesEnEchec(rapport)
    if options.signer:
        with sessions() as s:
            bilan = s.get_one(Bilan, numero)
            if bilan.etat == "controle":
                etats.signer(s, bilan, *_privee(s, options, cle, bilan.caisse_code, bilan.annee), etats.OPERATEUR, maintenant)
    with sessions.lecture() as s:
        bilan = s.get_one(Bilan, numero)
        formats = () if options.sans_documents else ecriture.FORMATS
        chemins = ecriture.ecrire_regional(s, bilan, dossier, lambda nom: dire(f"Écriture de {nom}…", erreur=True, brut=True), formats)
        alertes = [f"{c['regle']} : {c['message']}" for c in (bilan.rapport or {}).get("constats", ())]
        return {"bilan": bilan.id, "caisse": bilan.caisse_code, "annee": bilan.annee, "sequence": bilan.sequence, "etat": bilan.etat,
                "sha256": bilan.sha256, "fichiers": [str(c) for c in chemins], "constats": (bilan.rapport or {}).get("constats", []),
                "phrases": [f"Bilan {bilan.annee} de {bilan.caisse_code}, n° {bilan.sequence}, {ETATS[bilan.etat]} : {chemins[0]}", *alertes]}


def _bilan(session: Session, options: argparse.Namespace, maintenant: Any) -> Bilan:
    lire_caisse(session, options.caisse)
    bilan = etats.preparer(session, options.caisse, options.annee, etats.OPERATEUR, maintenant)
    if options.rectificatif and bilan.etat not in ("brouillon", "controle"):
        return etats.rectifier(session, bilan, etats.OPERATEUR, maintenant)
    return bilan


def _privee(session: Session, options: argparse.Namespace, installation: bytes, caisse: str, annee: int) -> tuple[Any, str]:
    """The key that signs and its name: from a file, or the database's. Raises CleAbsente, CleInconnue, CleIllisible, ClePublique."""
    if options.cle is None:
        connue = cles.en_vigueur(session, caisse, annee)
        return cles.privee(connue, installation), connue.kid
    privee = cles.lire_fichier(options.cle)
    publique = cles.publique_de(privee)
    trouvee = next((k for k in session.query(CleBilan).filter(CleBilan.publique == publique)), None)
    if trouvee is None or trouvee.caisse_code != caisse:
        raise cles.CleInconnue
    return privee, trouvee.kid


def _signer(options: argparse.Namespace, sessions: Sessions, cle: bytes, horloge: Horloge) -> dict[str, Any]:
    lecture = echange.lire(_octets(options.fichier))
    if lecture.payload is None:
        regles = sorted({f.regle for f in lecture.fautes})
        return {"code": 1, "regles": regles, "phrases": [f"{f.regle} : {f.message}" for f in lecture.fautes]}
    payload, maintenant = lecture.payload, horloge.maintenant()
    with sessions() as s:
        privee, kid = _privee(s, options, cle, payload["caisse"], payload["exercice"])
        bilan = etats.courant(s, payload["caisse"], payload["exercice"])
        if bilan is not None and bilan.etat == "controle" and bilan.sha256 == echange.sha256(payload):
            octets = etats.signer(s, bilan, privee, kid, etats.OPERATEUR, maintenant)
        else:
            octets = echange.enveloppe(payload, privee, kid, "directeur", maintenant)
    provisoire = options.fichier.with_name(f".{options.fichier.name}.en-cours")
    provisoire.write_bytes(octets)
    os.replace(provisoire, options.fichier)
    return {"fichier": str(options.fichier), "kid": kid, "sha256": echange.sha256(payload), "phrases": [f"{options.fichier} est signé (clé {kid})."]}


# -- the national fund -----------------------------------------------------------------------------------------------------------------------


def _verifier(options: argparse.Namespace, sessions: Sessions, cle: bytes, horloge: Horloge) -> dict[str, Any]:
    """The national rules, without receiving anything: against the year the file names when it is known here, else the open one."""
    lecture, maintenant = echange.lire(_octets(options.fichier)), horloge.maintenant()
    payload: Mapping[str, Any] = lecture.payload or {}
    with sessions() as s:
        annee = payload.get("exercice") or registre.exercice_ouvert(s, maintenant).annee
        try:
            connu = registre.lire(s, annee)
        except Refus:
            connu = registre.lire(s, registre.exercice_ouvert(s, maintenant).annee)
        if connu.etat == "clos":
            connu = registre.lire(s, registre.exercice_ouvert(s, maintenant).annee)
        dernier = reception.dernier_accepte(s, payload.get("caisse"), connu.annee)
        if dernier is not None and dernier.fichier_sha256 == lecture.empreinte:  # it is the accepted file itself: its own turn is not a fault
            suite = (dernier.sequence - 1, payload["remplace"] or "") if dernier.sequence and dernier.sequence > 1 else None
        else:
            suite = (dernier.sequence or 0, dernier.sha256 or "") if dernier else None
        rapport = controles.controler(controles.Dossier(lecture.payload, connu, maintenant, lecture, suite), controles.NATIONAL)
    regles = sorted({c.regle for c in rapport.bloquants})
    tete = (f"{options.fichier.name} : valable." if rapport.passe else
            f"{options.fichier.name} : refusé ({', '.join(regles)}).")
    return {"code": 0 if rapport.passe else 1, "fichier": str(options.fichier), "regles": regles, **rapport.en_dict(),
            "phrases": [tete, *(f"{c.regle} : {c.message} {c.remede}" for c in rapport.constats)]}


def _nationale(session: Session, installation: bytes, annee: int) -> Optional[reception.CleNationale]:
    """The key that signs receipts, when the national fund has one here."""
    try:
        connue = cles.en_vigueur(session, None, annee)
        return reception.CleNationale(cles.privee(connue, installation), connue.kid)
    except cles.CleAbsente:
        return None


def _recevoir(options: argparse.Namespace, sessions: Sessions, cle: bytes, horloge: Horloge) -> dict[str, Any]:
    """Each file in its own transaction: one that is refused takes nothing with it."""
    dossier = _dossier(options.out) if options.out else None
    recus: list[dict[str, Any]] = []
    phrases: list[str] = []
    for chemin in options.fichiers:
        octets, maintenant = _octets(chemin), horloge.maintenant()
        with sessions() as s:
            annee = registre.exercice_ouvert(s, maintenant).annee
            recu = reception.recevoir(s, chemin.name, octets, maintenant, cle=_nationale(s, cle, annee))
            regles = sorted({c["regle"] for c in recu.constats if c["severite"] == "bloquant"})
            recus.append({"fichier": chemin.name, "accepte": recu.etat == "accepte", "regles": regles, "ecartes": recu.ecartes,
                          "accuse": recu.accuse})
        phrases += _dire_recu(recus[-1])
        if dossier is not None:
            nom = f"accuse-{Path(chemin.name).stem}-{recus[-1]['accuse']['fichier_sha256'][:8]}.json"
            (dossier / nom).write_text(json.dumps(recus[-1]["accuse"], ensure_ascii=False, indent=1), encoding="utf-8")
    refuses = [r for r in recus if not r["accepte"]]
    phrases.append(f"{quantite(len(recus) - len(refuses), 'fichier accepté', 'fichiers acceptés')}, {quantite(len(refuses), 'refusé')}.")
    return {"code": 1 if refuses else 0, "recus": recus, "regles": sorted({k for r in refuses for k in r["regles"]}), "phrases": phrases}


def _dire_recu(recu: Mapping[str, Any]) -> Sequence[str]:
    if recu["accepte"]:
        parts = (["bloc d'enquête écarté"] if recu["ecartes"].get("enquete") else []) + [f"question {q} écartée" for q in
                                                                                      recu["ecartes"].get("questions", ())]
        return [f"{recu['fichier']} : accepté" + (f" ({', '.join(parts)})." if parts else ".")]
    fautes = [c for c in recu["accuse"]["constats"] if c["severite"] == "bloquant"]
    return [f"{recu['fichier']} : refusé ({', '.join(recu['regles'])}).", *(f"  {c['regle']} : {c['message']} {c['remede']}" for c in fautes)]


def _accuser(options: argparse.Namespace, sessions: Sessions, cle: bytes, horloge: Horloge) -> dict[str, Any]:
    """For a caisse whose national fund works in another installation: its bilan takes the state that the receipt says."""
    octets = _octets(options.fichier)
    with sessions() as s:
        bilan = etats.enregistrer_accuse(s, reception.lire_accuse(s, octets), etats.OPERATEUR, horloge.maintenant())
        if bilan is None:
            raise etats.BilanAbsent
        return {"bilan": bilan.id, "etat": bilan.etat, "phrases": [f"Bilan {bilan.annee} de {bilan.caisse_code} : {ETATS[bilan.etat]}."]}


def _national(options: argparse.Namespace, sessions: Sessions, cle: bytes, horloge: Horloge) -> dict[str, Any]:
    dossier, maintenant = _dossier(options.out), horloge.maintenant()
    phrases: list[str] = []
    with sessions() as s:
        if options.recontroler:
            refuses = reception.recontroler(s, options.annee, maintenant, _nationale(s, cle, options.annee))
            phrases += [f"{r.caisse_code} ne passe plus les contrôles : son bilan est refusé." for r in refuses]
        edition = national.consolider(s, options.annee, maintenant)
        if options.publier:
            national.publier(s, edition, etats.OPERATEUR, maintenant)
    with sessions.lecture() as s:
        formats = () if options.sans_documents else ecriture.FORMATS
        chemins = ecriture.ecrire_national(s, edition, dossier, lambda nom: dire(f"Écriture de {nom}…", erreur=True, brut=True), formats)
    perimetre = json.loads(edition.interne)["perimetre"]["comptes"]
    phrases.append(f"Bilan national {edition.annee}, édition {edition.numero} : {quantite(len(edition.fichiers), 'caisse')} "
                   f"({perimetre['hors_delai']} hors délai), {quantite(perimetre['manquant'], 'manquante')}, "
                   f"{quantite(perimetre['refuse'], 'refusée')}. {chemins[0]}")
    return {"annee": edition.annee, "numero": edition.numero, "sha256": edition.sha256, "perimetre": perimetre,
            "fichiers": [str(c) for c in chemins], "phrases": phrases}


# -- exercises and keys ------------------------------------------------------------------------------------------------------------------------


def _exercice(options: argparse.Namespace, sessions: Sessions, cle: bytes, horloge: Horloge) -> dict[str, Any]:
    maintenant = horloge.maintenant()
    with sessions() as s:
        if options.geste == "ouvrir":
            registre.ouvrir(s, options.annee, maintenant, strict=options.strict, acteur="commande")
        elif options.geste == "clore":
            national.clore(s, options.annee, etats.OPERATEUR, maintenant)
        lu, nombre = registre.lire(s, options.annee), etats.compter(s, options.annee)
    return {"annee": lu.annee, "etat": lu.etat, "limite": lu.limite.isoformat(), "caisses": len(lu.caisses), "registre": lu.sha256, "bilans": nombre,
            "phrases": [f"Exercice {lu.annee} : {lu.etat}, {quantite(len(lu.caisses), 'caisse attendue', 'caisses attendues')}. "
                        + compte_a_rebours(maintenant, lu.limite)]}


def _equivalence(options: argparse.Namespace, sessions: Sessions, cle: bytes, horloge: Horloge) -> dict[str, Any]:
    """Signed by the national key, or not at all. Raises CleAbsente, EchelleChangee, ExerciceFerme."""
    if not re.fullmatch(r"[0-9a-f]{64}", options.sha256):
        refuser("EMPREINTE_ILLISIBLE", "Une empreinte SHA-256 compte 64 chiffres hexadécimaux : copiez celle du fichier de la caisse.")
    with sessions() as s:
        connue = cles.en_vigueur(s, None, options.annee)
        declaree = registre.declarer_equivalence(s, options.annee, options.question, options.version, options.sha256, options.raison,
                                                 cle=cles.privee(connue, cle), kid=connue.kid, maintenant=horloge.maintenant(),
                                                 memes_reponses=options.memes_reponses, acteur="commande")
        return {"annee": options.annee, "question": declaree.question, "version": declaree.version, "kid": declaree.kid,
                "phrases": [f"{declaree.question} de la version {declaree.version} vaut celle du modèle national (clé {declaree.kid}). "
                            "Les fichiers déjà reçus se recontrôlent par « conseil bilan national --recontroler »."]}


def _rappels(options: argparse.Namespace, sessions: Sessions, cle: bytes, horloge: Horloge) -> dict[str, Any]:
    """Each is given once: run again the same day, there is none. Nothing is mailed from here (R62)."""
    with sessions() as s:
        rappels = noter_rappels(s, options.annee, horloge.maintenant())
    return {"rappels": [{"caisse": r.caisse_code, "palier": r.palier, "message": r.message} for r in rappels],
            "phrases": [f"{r.caisse_code} : {r.message}" for r in rappels] or ["Aucun rappel n'est dû."]}


def _cle(options: argparse.Namespace, sessions: Sessions, installation: bytes, horloge: Horloge) -> dict[str, Any]:
    maintenant = horloge.maintenant()
    with sessions() as s:
        if options.caisse:
            lire_caisse(s, options.caisse)
        if options.geste == "creer":
            if options.annee is None:
                refuser("ANNEE_MANQUANTE", "Donnez l'exercice de la clé : --annee 2011.")
            try:
                cles.creer(s, options.caisse, options.annee, maintenant, cle_installation=installation, fichier=options.fichier)
            except OSError as e:
                refuser("FICHIER_ILLISIBLE", f"{options.fichier} ne peut pas être créé ({type(e).__name__}) : donnez un nouveau nom de fichier.")
        elif options.geste == "enregistrer":
            if not options.nom or not options.publique:
                refuser("CLE_INCOMPLETE", "Donnez le nom de la clé (--nom) et sa partie publique (--publique).")
            cles.enroler(s, options.caisse, options.nom, options.publique, maintenant)
        elif options.geste == "revoquer":
            cles.revoquer(s, options.nom or "", options.raison, maintenant)
        connues = [{"kid": k.kid, "caisse": k.caisse_code, "role": k.role, "publique": k.publique, "empreinte": cles.empreinte(k.publique),
                    "revoquee": k.revoquee_le is not None, "ici": k.privee_chiffree is not None} for k in s.query(CleBilan).order_by(CleBilan.kid)]
    return {"cles": connues, "phrases": [f"{k['kid']} : {k['empreinte']}{', révoquée' if k['revoquee'] else ''}" for k in connues] or ["Aucune clé."]}
