"""The bilan national (§4b): accepted files added together, twice and by two routines, with what is missing said and never imputed.

Reading and answering files is `reception`; hiding small cells `secret`; pages and documents `documents_nationaux`. Same files, same bytes.
"""
import json
from collections import Counter, defaultdict
from dataclasses import dataclass
from datetime import datetime
from statistics import quantiles
from typing import Any, Iterable, Iterator, Mapping, Optional, Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.bilan import echange, etats, registre, saisie
from bot.bilan.codes import SOCLE, SPONTANES
from bot.bilan.controles import base_enquete
from bot.bilan.edition_publique import publique
from bot.bilan.reception import RETENUS, recus
from bot.bilan.voisins import questionnaire_lu
from bot.contacts.historique import noter
from bot.contacts.refus import Refus
from bot.contacts.tables import Bilan, BilanRecu, EditionNationale, ExerciceBilan
from bot.enquete.statistiques import COUVERTURE_MIN, Z998, Estimation, Strate, entonnoir, stratifiee

FORMAT, FORMAT_VERSION = "bilan-national", "1.0"
# What is added from one caisse to the next, action by action. Distinct people are not in it: nobody knows who is in two files.
COMPTES = ("participants", "inscrits", "offre_globale", "minutes_total", "minutes_contacts", "estimations_54_plus", "ris_utilises")
BLOCS = ("volumes", "formes", "sous_cibles", "domaines", "domaines_personnalises", "effets", "supports", "mois", "cumul")
EFFECTIFS = ("N", "tires", "delivres", "repondants")


class RienAConsolider(Refus):
    code, statut = "RIEN_A_CONSOLIDER", 409
    message = "Aucun bilan régional n'est accepté pour cet exercice : il n'y a rien à consolider."


class DeuxBilans(Refus):
    code, statut = "DEUX_BILANS", 409

    def __init__(self, caisses: Sequence[str]):
        super().__init__(f"Deux bilans acceptés portent la même caisse et la même année ({', '.join(caisses)}) : la consolidation s'arrête. "
                         "Écartez celui qui n'a pas cours, puis recommencez.")


class RegistreChange(Refus):
    code, statut = "REGISTRE_CHANGE", 409

    def __init__(self, caisses: Sequence[str]):
        super().__init__("Le registre national a changé depuis que ces bilans ont été contrôlés "
                         f"({', '.join(caisses)}) : la consolidation s'arrête. Recontrôlez-les (« conseil bilan national --recontroler »).")


class SommesDifferentes(Refus):
    code, statut = "SOMMES_DIFFERENTES", 409

    def __init__(self, chemins: Sequence[str]):
        self.chemins = tuple(chemins)
        super().__init__(f"Deux additions indépendantes ne donnent pas le même résultat ({', '.join(chemins[:5])}) : la consolidation s'arrête "
                         "et rien n'est publié. Signalez-le à l'équipe informatique.")


@dataclass(frozen=True)
class Recu:
    """An accepted file: its content, what of it was refused alone."""

    caisse: str
    nom: str
    sequence: int
    sha256: str
    hors_delai: bool
    payload: Mapping[str, Any]
    ecartes: Mapping[str, Any]

    def action(self, code: str) -> Mapping[str, Any]:
        return next((a for a in self.payload["actions"] if a["code"] == code and a["perimetre"] == "socle"), {})

    def enquete(self, code: str) -> Optional[Mapping[str, Any]]:
        """The survey block that counts: analysed and not refused (K16)."""
        bloc = self.payload["spontanes"]["enquete"] if code == SPONTANES else self.action(code).get("enquete")
        return bloc if bloc and bloc["statut"] == "analysee" and not self.ecartes.get("enquete") else None

    def items(self, code: str) -> dict[str, Mapping[str, int]]:
        """Counts by question, without those refused alone (K17)."""
        bloc, refusees = self.enquete(code), set(self.ecartes.get("questions", ()))
        return {q: codes for q, codes in ((bloc or {}).get("items") or {}).items() if q not in refusees}


# -- the run -------------------------------------------------------------------------------------------------------------------------------


def consolider(session: Session, annee: int, maintenant: datetime, acte: etats.Acte = etats.OPERATEUR) -> EditionNationale:
    """Make an edition from the accepted files; the same files and texts as the last one give that one back.

    Raises RienAConsolider, DeuxBilans, RegistreChange, SommesDifferentes, ExerciceFerme, SocleAbsent.
    """
    exercice = session.get(ExerciceBilan, annee)
    if exercice is None:
        raise registre.ExerciceFerme
    national, lignes = registre.lire(session, annee), retenus(session, annee)
    recus_lus = verifier_perimetre(lignes, national)
    interne = contenu(session, national, recus_lus, lignes, exercice)
    verifier_sommes(interne["totaux"], [(r.enveloppe or "", r.ecartes) for r in lignes])
    if registre.lire(session, annee).sha256 != national.sha256:
        raise RegistreChange(["pendant le calcul"])
    octets = echange.canonique(interne).decode()
    derniere = derniere_edition(session, annee)
    if derniere is not None and derniere.sha256 == echange.sha256(interne):
        return derniere
    return _garder(session, exercice, interne, octets, derniere, lignes, acte, maintenant)


def _garder(session: Session, exercice: ExerciceBilan, interne: dict[str, Any], octets: str, derniere: Optional[EditionNationale],
            lignes: Sequence[BilanRecu], acte: etats.Acte, maintenant: datetime) -> EditionNationale:
    publiques = [json.loads(e.publique) for e in editions(session, exercice.annee) if e.publiee_le is not None]
    edition = EditionNationale(annee=exercice.annee, numero=derniere.numero + 1 if derniere else 1, erratum=exercice.etat == "erratum",
                               fichiers=interne["fichiers"], interne=octets, publique=echange.canonique(publique(interne, publiques)).decode(),
                               sha256=echange.sha256(interne), cree_le=maintenant)
    session.add(edition)
    for ligne in lignes:
        if ligne.etat == "accepte":
            ligne.etat = "consolide"
            _suivre(session, ligne, "consolide", acte, maintenant)
    session.flush()
    noter(session, le=maintenant, acteur=acte.acteur, role=acte.role, commande="bilan.consolider", objet="edition_nationale",
          objet_id=f"{edition.annee}-{edition.numero}", origine=acte.origine, apres={"fichiers": len(lignes), "sha256": edition.sha256})
    return edition


def _suivre(session: Session, ligne: BilanRecu, vers: str, acte: etats.Acte, maintenant: datetime) -> None:
    """The caisse's own bilan, when it was made in this installation, follows what became of its file."""
    bilan = session.scalar(select(Bilan).where(Bilan.sha256 == ligne.sha256, Bilan.caisse_code == ligne.caisse_code))
    if bilan is not None and vers in etats.SUITES[bilan.etat]:
        etats.passer(session, bilan, vers, acte if etats.autorise(acte, vers) else etats.OPERATEUR, maintenant)


def retenus(session: Session, annee: int) -> list[BilanRecu]:
    """The files that count, by caisse."""
    return [r for r in sorted(recus(session, annee), key=lambda r: (r.caisse_code or "", r.sequence or 0)) if r.etat in RETENUS]


def verifier_perimetre(lignes: Sequence[BilanRecu], national: registre.Registre) -> list[Recu]:
    """The accepted files, read again. Raises RienAConsolider, DeuxBilans, RegistreChange."""
    if not lignes:
        raise RienAConsolider
    if doubles := sorted(c or "" for c, n in Counter(r.caisse_code for r in lignes).items() if n > 1):
        raise DeuxBilans(doubles)
    if anciens := [r.caisse_code or "" for r in lignes if r.registre_sha256 != national.sha256]:
        raise RegistreChange(anciens)
    return [_lire(r, national) for r in lignes]


def _lire(ligne: BilanRecu, national: registre.Registre) -> Recu:
    lue = echange.lire((ligne.enveloppe or "").encode())
    if lue.payload is None or lue.fautes or echange.sha256(lue.payload) != ligne.sha256:
        raise SommesDifferentes([ligne.fichier])
    code = ligne.caisse_code or ""
    return Recu(code, national.caisses.get(code, code), ligne.sequence or 0, ligne.sha256 or "", ligne.hors_delai, lue.payload, ligne.ecartes)


def derniere_edition(session: Session, annee: int) -> Optional[EditionNationale]:
    return session.scalar(select(EditionNationale).where(EditionNationale.annee == annee).order_by(EditionNationale.numero.desc()).limit(1))


def editions(session: Session, annee: int) -> list[EditionNationale]:
    return list(session.scalars(select(EditionNationale).where(EditionNationale.annee == annee).order_by(EditionNationale.numero)))


def publier(session: Session, edition: EditionNationale, acte: etats.Acte, maintenant: datetime) -> EditionNationale:
    """Make an edition public, under the Directeur général's name (R64). What earlier public editions showed is taken into account now, at the last
    moment. Raises PasAVous."""
    if not acte.niveaux & {"national", etats.COMMANDE}:
        raise etats.PasAVous
    if edition.publiee_le is None:
        anciennes = [json.loads(e.publique) for e in editions(session, edition.annee) if e.publiee_le is not None and e.numero != edition.numero]
        edition.publique = echange.canonique(publique(json.loads(edition.interne), anciennes)).decode()
        edition.publiee_le, edition.signataire_id = maintenant, acte.conseiller_id
        session.flush()
        noter(session, le=maintenant, acteur=acte.acteur, role=acte.role, commande="bilan.publier", objet="edition_nationale",
              objet_id=f"{edition.annee}-{edition.numero}", origine=acte.origine)
    return edition


def clore(session: Session, annee: int, acte: etats.Acte, maintenant: datetime) -> ExerciceBilan:
    """End an exercise: no rectificatif any more; what comes after is an erratum edition. Raises PasAVous, RienAConsolider."""
    exercice = session.get(ExerciceBilan, annee)
    if not acte.niveaux & {"national", etats.COMMANDE}:
        raise etats.PasAVous
    if exercice is None or derniere_edition(session, annee) is None:
        raise RienAConsolider
    exercice.etat, exercice.clos_le = "clos", maintenant
    for ligne in retenus(session, annee):
        ligne.etat = "clos"
        _suivre(session, ligne, "clos", acte, maintenant)
    session.flush()
    noter(session, le=maintenant, acteur=acte.acteur, role=acte.role, commande="bilan.clore", objet="exercice_bilan", objet_id=annee,
          origine=acte.origine, apres={"etat": "clos"})
    return exercice


# -- the content ---------------------------------------------------------------------------------------------------------------------------


def contenu(session: Session, national: registre.Registre, lus: Sequence[Recu], lignes: Sequence[BilanRecu],
            exercice: ExerciceBilan) -> dict[str, Any]:
    """The internal edition: exact figures. Nothing in it depends on the moment it is made."""
    toutes = recus(session, national.annee)
    precedente = derniere_edition(session, national.annee - 1)
    avant = json.loads(precedente.interne) if precedente else None
    ecrits = {nom: champ.valeur for nom, champ in saisie.lire(session, saisie.dossier_national(national.annee)).items() if champ.valeur}
    return {
        "format": FORMAT, "format_version": FORMAT_VERSION, "exercice": national.annee, "erratum": exercice.etat == "erratum",
        "registre": national.sha256, "socle": dict(national.socle), "kit": national.kit, "transition": national.campagne.get("transition"),
        "fichiers": [{"caisse": r.caisse, "sequence": r.sequence, "sha256": r.sha256} for r in lus],
        "perimetre": perimetre(national, lus, toutes), "totaux": totaux(lus), "dispersion": dispersion(lus),
        "statuts": {code: {c: (r.action(c).get("statut") or "absent") for c in SOCLE} for code, r in ((r.caisse, r) for r in lus)},
        "caisses": {r.caisse: figures(r) for r in lus}, "enquete": enquete(lus), "objectifs": objectifs(lus, national),
        "difficultes": difficultes(lus), "priorites": priorites(lus), "locales": locales(lus), "cog": cog(lus),
        "refus": journal_refus(toutes, national), "comparaison": comparaison(totaux(lus), national, avant), "textes": ecrits,
        "proposition_n1": proposition(priorites(lus), ecrits), "fictif": any(r.payload.get("fictif") for r in lus),
    }


def perimetre(national: registre.Registre, lus: Sequence[Recu], toutes: Sequence[BilanRecu]) -> dict[str, Any]:
    """Who is in, late, refused, missing, by name (R63). A missing caisse is missing: it is never a zero."""
    presents, refuses = {r.caisse: r for r in lus}, {r.caisse_code for r in toutes if r.etat == "refuse"}
    lignes = []
    for code, nom in national.caisses.items():
        r = presents.get(code)
        etat = "manquant" if r is None and code not in refuses else "refuse" if r is None else "hors_delai" if r.hors_delai else "recu"
        lignes.append({"caisse": code, "nom": nom, "etat": etat, "sequence": r.sequence if r else None, "sha256": r.sha256 if r else None,
                       "ecartes": dict(r.ecartes) if r else {}})
    comptes = Counter(ligne["etat"] for ligne in lignes)
    return {"attendues": len(lignes), "lignes": lignes, "comptes": {e: comptes[e] for e in ("recu", "hors_delai", "refuse", "manquant")},
            "couverture_pour_dix_mille": round(10_000 * len(lus) / max(len(lignes), 1))}


def totaux(lus: Sequence[Recu]) -> dict[str, Any]:
    """Sums over the caisses, by target, of every integer of COMPTES, BLOCS and the survey. Local actions are summed apart, sub-actions too."""
    sommes: dict[str, dict[str, Any]] = {}
    for r in lus:
        for a in r.payload["actions"]:
            code = a["code"] if a["perimetre"] == "socle" else "LOCALES"
            _ajouter(sommes.setdefault(code, {}), a)
            if a["perimetre"] == "socle":
                _ajouter_enquete(sommes[code], r, code)
        _ajouter(sommes.setdefault(SPONTANES, {}), r.payload["spontanes"])
        sommes[SPONTANES]["entretiens"] = sommes[SPONTANES].get("entretiens", 0) + r.payload["spontanes"]["entretiens"]
        _ajouter_enquete(sommes[SPONTANES], r, SPONTANES)
        sommes.setdefault("EIR", {})["realises"] = sommes.get("EIR", {}).get("realises", 0) + r.payload["eir"]["realises"]
        for nom in ("agents", "heures", "cout_euros"):
            if nom in r.payload["moyens"]:
                sommes.setdefault("MOYENS", {})[nom] = sommes.get("MOYENS", {}).get(nom, 0) + r.payload["moyens"][nom]
    return sommes


def _ajouter(somme: dict[str, Any], source: Mapping[str, Any]) -> None:
    for nom in COMPTES:
        if source.get(nom) is not None:
            somme[nom] = somme.get(nom, 0) + source[nom]
    for nom in BLOCS:
        for cle, n in (source.get(nom) or {}).items():
            bloc = somme.setdefault(nom, {})
            bloc[cle] = bloc.get(cle, 0) + n


def _ajouter_enquete(somme: dict[str, Any], r: Recu, code: str) -> None:
    bloc = r.enquete(code)
    if bloc is None:
        return
    total = somme.setdefault("enquete", {"items": {}, "modes": {}})
    for nom in EFFECTIFS:
        total[nom] = total.get(nom, 0) + bloc[nom]
    for mode, n in (bloc.get("modes") or {}).items():
        total["modes"][mode] = total["modes"].get(mode, 0) + n
    for item, codes in r.items(code).items():
        distribution = total["items"].setdefault(item, {})
        for c, n in codes.items():
            distribution[c] = distribution.get(c, 0) + n


# -- the second addition -----------------------------------------------------------------------------------------------------------------------


def verifier_sommes(sommes: Mapping[str, Any], fichiers: Iterable[tuple[str, Mapping[str, Any]]]) -> None:
    """Add again, another way: every file's bytes parsed by themselves, every integer flattened to a path, paths summed; nothing of the first
    routine is used. Raises SommesDifferentes on one integer, one path too many or too few."""
    secondes: Counter[str] = Counter()
    for octets, ecartes in fichiers:
        for chemin, n in _aplatir(json.loads(octets)["payload"], ecartes):
            secondes[chemin] += n
    premieres = Counter(dict(_feuilles(sommes, "")))
    differents = sorted(c for c in premieres.keys() | secondes.keys() if premieres[c] != secondes[c])
    if differents:
        raise SommesDifferentes(differents)


def _feuilles(valeur: Any, chemin: str) -> Iterator[tuple[str, int]]:
    if isinstance(valeur, dict):
        for cle, v in valeur.items():
            yield from _feuilles(v, f"{chemin}.{cle}" if chemin else cle)
    elif isinstance(valeur, int) and not isinstance(valeur, bool):
        yield chemin, valeur


_JAMAIS = ("objectif", "personnes", "hors_fenetre", "hors_cible", "rencontres", "enquete.exclusions", "enquete.montres", "enquete.formes",
           "enquete.themes", "heures_par_action")


def _aplatir(payload: Mapping[str, Any], ecartes: Mapping[str, Any]) -> Iterator[tuple[str, int]]:
    """Path and value of each integer of a file that the national totals must hold."""
    racines = [((a["code"] if a["perimetre"] == "socle" else "LOCALES"), a) for a in payload["actions"]]
    racines += [("SPONT", payload["spontanes"]), ("EIR", {"realises": payload["eir"]["realises"]}), ("MOYENS", payload["moyens"])]
    for racine, objet in racines:
        for chemin, n in _feuilles(objet, ""):
            if chemin.startswith(_JAMAIS) or (chemin.startswith("enquete") and _enquete_ecartee(racine, objet, chemin, ecartes)):
                continue
            yield f"{racine}.{chemin}", n


def _enquete_ecartee(racine: str, objet: Mapping[str, Any], chemin: str, ecartes: Mapping[str, Any]) -> bool:
    morceaux = chemin.split(".")
    return (racine == "LOCALES" or bool(ecartes.get("enquete")) or objet["enquete"]["statut"] != "analysee"
            or (len(morceaux) > 2 and morceaux[1] == "items" and morceaux[2] in ecartes.get("questions", ())))


# -- what is said of the totals ----------------------------------------------------------------------------------------------------------------


def figures(r: Recu) -> dict[str, Any]:
    """One caisse's line: what the tables by caisse show."""
    lignes: dict[str, Any] = {}
    for code in SOCLE:
        a = r.action(code)
        if not a.get("volumes"):
            lignes[code] = {"statut": a.get("statut", "absent"), "motif": a.get("motif")}
            continue
        bloc = r.enquete(code)
        lignes[code] = {
            "statut": a["statut"], "volumes": a["volumes"], "participants": a.get("participants"), "effets": a.get("effets") or {},
            "sous_cibles": a.get("sous_cibles") or {}, "domaines": a.get("domaines") or {}, "minutes_total": a.get("minutes_total"),
            "enquete": {"base": base_enquete(a), **({nom: bloc[nom] for nom in EFFECTIFS} if bloc else {})},
            "items": {q: dict(codes) for q, codes in r.items(code).items()}}
    return lignes


def dispersion(lus: Sequence[Recu]) -> dict[str, Any]:
    """Median and quartiles of the caisses that did the action, by measure: never a mean of percentages, never a rank."""
    mesures: dict[str, Any] = {}
    for code in SOCLE:
        faites = [a for a in (r.action(code) for r in lus) if a.get("volumes")]
        series = {"realises": [a["volumes"]["realises"] for a in faites], "invites": [a["volumes"]["invites"] for a in faites],
                  "participants": [a["participants"] for a in faites if a.get("participants") is not None]}
        mesures[code] = {nom: _quartiles(valeurs) for nom, valeurs in series.items() if valeurs}
    return mesures


def _quartiles(valeurs: Sequence[int]) -> dict[str, Any]:
    """Quartiles with their neighbours' mean (inclusive method): multiples of a quarter, so exact in the file."""
    if len(valeurs) == 1:
        return {"caisses": 1, "q1": valeurs[0], "mediane": valeurs[0], "q3": valeurs[0], "min": valeurs[0], "max": valeurs[0]}
    q1, mediane, q3 = quantiles(sorted(valeurs), n=4, method="inclusive")
    return {"caisses": len(valeurs), "q1": _net(q1), "mediane": _net(mediane), "q3": _net(q3), "min": min(valeurs), "max": max(valeurs)}


def _net(x: float) -> "int | float":
    return int(x) if x == int(x) else x


def enquete(lus: Sequence[Recu]) -> dict[str, Any]:
    """Weighted satisfaction by target and question (§3c): strata are caisses, weighted by their frame; raw answers are never pooled."""
    resultats: dict[str, Any] = {}
    for code in (*SOCLE, SPONTANES):
        blocs = [(r, r.enquete(code)) for r in lus]
        analysees = [(r, b) for r, b in blocs if b]
        if not analysees:
            continue
        modele = questionnaire_lu(next(r.payload["questionnaire"]["version"] for r, _ in analysees if r.payload["questionnaire"]))
        questions = {}
        for item in modele.items if modele else ():
            echelle = modele.echelle(item) if modele else None
            if echelle is None or not echelle.positifs:
                continue
            strates = _strates(lus, code, item.id, echelle.positifs, echelle.negatifs)
            if estimee := stratifiee([s for _, s in strates]):
                questions[item.id] = {**_estimation(estimee), "entonnoir": _entonnoir(strates, estimee.p)}
        resultats[code] = {"caisses": len(analysees), "base": sum(_base(r, code) for r in lus), "questions": questions}
    return resultats


def _base(r: Recu, code: str) -> int:
    """The frame of a caisse for a target: what was sampled, else all that could have been."""
    bloc = r.enquete(code)
    if bloc:
        return int(bloc["N"])
    if code == SPONTANES:
        return int(r.payload["spontanes"]["entretiens"])
    a = r.action(code)
    return base_enquete(a) if a.get("volumes") else 0


def _strates(lus: Sequence[Recu], code: str, item: str, positifs: Sequence[str], negatifs: Sequence[str]) -> list[tuple[str, Strate]]:
    """One stratum a caisse; a caisse without this question counts in the frame, with no answer (covered share)."""
    strates = []
    for r in lus:
        N, comptes = _base(r, code), r.items(code).get(item, {})
        plus, moins = (sum(comptes.get(c, 0) for c in codes) for codes in (positifs, negatifs))
        if N:
            strates.append((r.caisse, Strate(N, min(plus + moins, N), plus)))
    return strates


def _dix_mille(x: float) -> int:
    """A share as a whole number out of ten thousand: the file holds no rounded decimal."""
    return round(10_000 * x)


def _estimation(e: Estimation) -> dict[str, Any]:
    return {"taux": _dix_mille(e.p), "bas": _dix_mille(e.intervalle.bas), "haut": _dix_mille(e.intervalle.haut),
            "couverture": _dix_mille(e.couverture), "strates": e.strates, "recensement": e.intervalle.recensement,
            "partielle": e.couverture < COUVERTURE_MIN}


def _entonnoir(strates: Sequence[tuple[str, Strate]], p: float) -> list[dict[str, Any]]:
    """One point a caisse with the limits it would keep within by chance alone (95 %, 99.8 %); in the order of their codes, no rank."""
    points = []
    for caisse, s in strates:
        if s.n:
            proche, loin = entonnoir(p, s.n, s.N), entonnoir(p, s.n, s.N, Z998)
            points.append({"caisse": caisse, "n": s.n, "x": s.x, "N": s.N, "taux": _dix_mille(s.x / s.n),
                           "limites": [_dix_mille(b) for b in (loin.bas, proche.bas, proche.haut, loin.haut)]})
    return points


def objectifs(lus: Sequence[Recu], national: registre.Registre) -> dict[str, Any]:
    """The five goals of R17, in figures."""
    faites = [a for r in lus for a in (r.action(c) for c in SOCLE)]
    effets: dict[str, Counter[str]] = defaultdict(Counter)
    outils: dict[str, int] = Counter()
    for r in lus:
        for a in r.payload["actions"]:
            effets[a["code"] if a["perimetre"] == "socle" else "LOCALES"].update(a.get("effets") or {})
        outils.update({outil for a in r.payload["actions"] for outil in a.get("outils") or ()})
    return {
        "politique_nationale": {"cibles_menees": sum(a.get("statut") in ("realisee", "partielle") for a in faites), "cibles_attendues": 4 * len(lus)},
        "communication_relayee": {
            "supports": sum(sum((a.get("supports") or {}).values()) for a in faites),
            "manifestations": sum(bool(e.get("partenaire") or e.get("evenement")) for a in faites for e in a.get("evenements") or ())},
        "ressources": {nom: sum(r.payload["moyens"].get(nom) or 0 for r in lus) for nom in ("agents", "heures")}
        | {"caisses": sum("heures" in r.payload["moyens"] for r in lus)},
        "effets": {code: dict(sorted(c.items())) for code, c in sorted(effets.items()) if c},
        "outils": dict(sorted(outils.items())),
        "programmes": {p: sorted(c["code"] for c in national.campagne.get("cibles", ()) if p in c.get("programmes", ()))
                       for p in national.campagne.get("programmes", {})},
    }


def difficultes(lus: Sequence[Recu]) -> list[dict[str, Any]]:
    """How many caisses name each difficulty, and for which targets; the most frequent first (R15)."""
    caisses: dict[str, set[str]] = defaultdict(set)
    actions: dict[str, Counter[str]] = defaultdict(Counter)
    for r in lus:
        for d in r.payload["difficultes"]:
            caisses[d["code"]].add(r.caisse)
            actions[d["code"]].update(d["actions"])
    lignes = [{"code": code, "caisses": len(qui), "actions": dict(sorted(actions[code].items()))} for code, qui in caisses.items()]
    return sorted(lignes, key=lambda ligne: (-len(caisses[str(ligne["code"])]), str(ligne["code"])))


def priorites(lus: Sequence[Recu]) -> list[dict[str, Any]]:
    """Priorities proposed for the next year, counted and ranked: how many caisses, then the sum of their ranks (R13)."""
    rangs: dict[str, list[int]] = defaultdict(list)
    for r in lus:
        for p in r.payload["priorites_n1"]:
            rangs[p["code"]].append(p["rang"])
    ordre = sorted(rangs, key=lambda code: (-len(rangs[code]), sum(rangs[code]), code))
    return [{"rang": i, "code": code, "caisses": len(rangs[code]), "premieres": rangs[code].count(1), "somme_rangs": sum(rangs[code])}
            for i, code in enumerate(ordre, 1)]


def proposition(ordre: Sequence[Mapping[str, Any]], ecrits: Mapping[str, Any]) -> dict[str, Any]:
    """What is proposed for the next socle: the first priorities of the caisses, and the words of the working group (R12)."""
    return {"priorites": [p["code"] for p in ordre[:5]], "texte": ecrits.get("socle_n1")}


def locales(lus: Sequence[Recu]) -> list[dict[str, Any]]:
    """Local actions, by caisse: worth sharing, never added to the socle (R19)."""
    return [{"caisse": r.caisse, "code": a["code"], "titre": a["titre"], "genre": a["genre"], "statut": a["statut"],
             "realises": (a.get("volumes") or {}).get("realises"), "participants": a.get("participants")}
            for r in lus for a in r.payload["actions"] if a["perimetre"] == "local"]


def cog(lus: Sequence[Recu]) -> dict[str, Any]:
    """The commitment of the COG: a letter to every créateur, 100 % (R36)."""
    faites = [a for a in (r.action("CREATEUR") for r in lus) if a.get("volumes")]
    envoyes, affilies = (sum(a["volumes"][nom] for a in faites) for nom in ("invites", "requete"))
    return {"caisses": len(faites), "courriers": envoyes, "affiliations": affilies, "taux": _dix_mille(envoyes / affilies) if affilies else None,
            "retours": sum(a["volumes"]["absents"] for a in faites)}


def journal_refus(toutes: Sequence[BilanRecu], national: registre.Registre) -> list[dict[str, Any]]:
    """Every refusal: whole files, survey blocks, single questions, with their rules."""
    journal = []
    for r in toutes:
        regles = sorted({c["regle"] for c in r.constats if c["severite"] != "alerte"})
        if r.etat == "refuse" or r.ecartes:
            journal.append({"fichier": r.fichier, "caisse": r.caisse_code if r.caisse_code in national.caisses else None, "sequence": r.sequence,
                            "sha256": r.fichier_sha256, "refuse": r.etat == "refuse", "ecartes": dict(r.ecartes), "regles": regles})
    return journal


def comparaison(sommes: Mapping[str, Any], national: registre.Registre, avant: Optional[Mapping[str, Any]]) -> Optional[dict[str, Any]]:
    """N against N - 1, target by target; « rupture » when the definition of the target changed, or when the caisses are not the same (R07)."""
    if avant is None:
        return None
    lignes = {}
    for code in SOCLE:
        actuel, ancien = (t.get(code, {}).get("volumes", {}).get("realises") for t in (sommes, avant["totaux"]))
        lignes[code] = {"n": actuel, "n_1": ancien, "rupture": avant["socle"]["sha256"] != national.socle["sha256"]}
    return {"exercice": avant["exercice"], "cibles": lignes, "caisses_n_1": len(avant["fichiers"])}


def changements(editions_: Sequence[EditionNationale]) -> list[dict[str, Any]]:
    """What changed from one edition to the next: files in, out, replaced. For the changelog; not part of the content."""
    lignes = []
    for avant, apres in zip(editions_, editions_[1:]):
        vieux, neufs = ({f["caisse"]: f["sha256"] for f in e.fichiers} for e in (avant, apres))
        lignes.append({"numero": apres.numero, "erratum": apres.erratum, "ajoutees": sorted(neufs.keys() - vieux.keys()),
                       "retirees": sorted(vieux.keys() - neufs.keys()),
                       "remplacees": sorted(c for c in neufs.keys() & vieux.keys() if neufs[c] != vieux[c])})
    return lignes
