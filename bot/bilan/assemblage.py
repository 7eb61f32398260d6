"""The content of a regional bilan (§4d), read from the contact database alone: counts by date of contact for the exercise, by campaign for the cumul.

Integers only; no person, no date of birth, no verbatim. Checking it is `controles`, signing it `echange`, saying it in words `documents`.
"""
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta, timezone
from typing import Any, Iterable, Mapping, Optional, Sequence
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, and_, case, exists, extract, func, select, union
from sqlalchemy.orm import Session

from bot.bilan import saisie, voisins
from bot.bilan.codes import EIR, FORMAT, FORMAT_VERSION, REGISTRE, SOCLE, SPONTANES, TEXTES
from bot.campagnes.kit import lire_kit
from bot.campagnes.volumes import critere, membres
from bot.contacts.campagne import definition
from bot.contacts.tables import (
    Action,
    Assure,
    Caisse,
    Cible,
    Contact,
    ContactDomaine,
    ContactEffet,
    ContactOutil,
    Envoi,
    ExerciceBilan,
    OutilVersion,
    Rencontre,
    Socle,
)

Comptes = dict[str, int]
ISSUES = ("realise", "refus", "absent", "prevu")


@dataclass(frozen=True)
class Cadre:
    """What a bilan is of: caisse, exercise, the day data are stopped at, and the socle of the year."""

    caisse: Caisse
    exercice: int
    arrete: date
    socle: Socle

    @property
    def du(self) -> date:
        return date(self.exercice, 1, 1)

    @property
    def au(self) -> date:
        return min(date(self.exercice, 12, 31), self.arrete)

    def instants(self, du: date, au: date) -> tuple[datetime, datetime]:
        """Local days, both included, as UTC instants [first, last[."""
        zone = ZoneInfo(self.caisse.fuseau)
        debut, fin = datetime.combine(du, time(), zone), datetime.combine(au + timedelta(days=1), time(), zone)
        return debut.astimezone(timezone.utc), fin.astimezone(timezone.utc)


@dataclass
class Lu:
    """Everything counted in one reading, by key: an action's number, or « SPONT », « EIR »."""

    issues: dict[Any, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    formes: dict[Any, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    mois: dict[Any, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    types: dict[Any, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    sommes: dict[Any, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    cumul: dict[Any, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    sous_cibles: dict[Any, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    annees: dict[Any, Counter[int]] = field(default_factory=lambda: defaultdict(Counter))
    domaines: dict[Any, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    personnalises: dict[Any, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    effets: dict[Any, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    outils: dict[Any, list[str]] = field(default_factory=lambda: defaultdict(list))
    envois: dict[Any, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    supports: dict[Any, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    evenements: dict[Any, list[dict[str, Any]]] = field(default_factory=lambda: defaultdict(list))


def assembler(session: Session, caisse_code: str, exercice: int, arrete: date, *, sequence: int = 1, remplace: Optional[str] = None,
              socle: Optional[Socle] = None) -> dict[str, Any]:
    """The payload of a bilan, before its checks (`controles` is still empty). Same data and same `arrete`, same payload.

    Raises SocleAbsent when no socle of that year is installed.
    """
    caisse = session.get_one(Caisse, caisse_code)
    cadre = Cadre(caisse, exercice, arrete, socle or saisie.socle_de(session, exercice))
    lu = lire(session, cadre)
    saisies = {nom: champ.valeur for nom, champ in saisie.lire(session, saisie.dossier_regional(caisse_code, exercice)).items()}
    actions = actions_de(session, caisse_code, exercice)
    reglage = session.get(ExerciceBilan, exercice)
    moyens = dict(saisies.get("moyens") or {})
    return {
        "format": FORMAT, "format_version": FORMAT_VERSION, "caisse": caisse_code, "exercice": exercice, "sequence": sequence, "remplace": remplace,
        "socle": {"id": f"socle-{cadre.socle.annee}", "version": cadre.socle.version, "sha256": cadre.socle.sha256},
        "kit": reglage.kit if reglage else lire_kit().edition, "donnees_arretees_au": arrete.isoformat(),
        "questionnaire": voisins.questionnaire_utilise(session, caisse_code, exercice),
        "actions": [*_socle(session, cadre, actions, lu, saisies),
                    *_autres(session, cadre, actions, lu, saisies)],
        "campagnes_anterieures": _anterieures(session, cadre, lu),
        "spontanes": _spontanes(session, cadre, lu), "eir": _eir(lu),
        "difficultes": list(saisies.get("difficultes") or []), "priorites_n1": list(saisies.get("priorites") or []), "moyens": moyens,
        "textes": {nom: texte for nom in TEXTES if (texte := saisies.get(f"textes.{nom}"))},
        "fictif": caisse.fictive,
        "controles": {"registre": REGISTRE, "bloquants": 0, "alertes": []},
    }


def actions_de(session: Session, caisse_code: str, exercice: int) -> Sequence[Action]:
    """The actions of a caisse for a year, socle first, in the order they were laid down."""
    return session.scalars(select(Action).join(Cible, Action.cible_id == Cible.id).where(Action.caisse_code == caisse_code, Action.annee == exercice)
                           .order_by(Action.perimetre.desc(), Cible.id, Action.id)).all()


# -- the rows ------------------------------------------------------------------------------------------------------------------------------


def _socle(session: Session, cadre: Cadre, actions: Sequence[Action], lu: Lu, saisies: Mapping[str, Any]) -> Iterable[dict[str, Any]]:
    """The four rows, always, in the circular's order (R29); a row without an action is there as not done."""
    par_code = {a.code: a for a in actions if a.perimetre == "socle" and a.code == a.cible.code}
    for code in SOCLE:
        if code in par_code:
            yield _action(session, cadre, par_code[code], lu, saisies)
        else:
            modele: Mapping[str, Any] = next((c for c in cadre.socle.contenu.get("cibles", ()) if c["code"] == code), {})
            yield _sans_activite({"code": code, "perimetre": "socle", "genre": modele.get("genre", "rencontre"), "titre": modele.get("titre", code),
                                  "objectif": None}, saisies.get(f"action.{code}.motif"))


def _autres(session: Session, cadre: Cadre, actions: Sequence[Action], lu: Lu, saisies: Mapping[str, Any]) -> Iterable[dict[str, Any]]:
    """Local actions and optional sub-actions, done, or said to be given up: not doing one is never a failure (R19, R38)."""
    for action in actions:
        if action.perimetre == "local" or action.code != action.cible.code:
            entree = _action(session, cadre, action, lu, saisies)
            if entree["statut"] != "non_realisee" or entree.get("motif"):
                yield entree


def _action(session: Session, cadre: Cadre, action: Action, lu: Lu, saisies: Mapping[str, Any]) -> dict[str, Any]:
    """One action over the exercise. Not done: its reason alone, no volume and no survey (K11)."""
    cible, cle = action.cible, action.id
    entree: dict[str, Any] = {"code": action.code, "perimetre": action.perimetre, "genre": _genre(session, action), "titre": action.titre,
                              "objectif": action.objectif, "campagne": [cible.du.isoformat(), cible.au.isoformat()]}
    if action.code != cible.code:
        entree["sous_action_de"] = cible.code
    ecrits = {nom: texte for nom in ("enseignements", "K14", "K20") if (texte := saisies.get(f"action.{action.code}.{nom}"))}
    volumes = _volumes(session, cadre, action, entree["genre"], lu)
    if not _actif(volumes) and action.statut not in ("realisee", "partielle"):
        return {**_sans_activite(entree, action.motif or saisies.get(f"action.{action.code}.motif")), **({"textes": ecrits} if ecrits else {})}
    sommes = lu.sommes[cle]
    entree |= {
        "statut": _statut(action, volumes), "volumes": volumes, "personnes": sommes["personnes"], "formes": _plein(lu.formes[cle]),
        "sous_cibles": _plein(lu.sous_cibles[cle]), "domaines": _plein(lu.domaines[cle]), "domaines_personnalises": _plein(lu.personnalises[cle]),
        "offre_globale": sommes["offre_globale"], "minutes_total": sommes["minutes"], "minutes_contacts": sommes["avec_minutes"],
        "effets": _plein(lu.effets[cle]), "estimations_54_plus": sommes["estimations"], "ris_utilises": sommes["ris"],
        "outils": sorted(lu.outils[cle]), "supports": _plein(lu.supports[cle]), "mois": _plein(lu.mois[cle]),
        "cumul": {nom: lu.cumul[cle][issue] for nom, issue in (("realises", "realise"), ("refus", "refus"), ("absents", "absent"))},
        "hors_fenetre": sommes["hors_fenetre"], "hors_cible": _hors_cible(session, action, lu),
        "enquete": voisins.enquete(session, action.id, cadre.exercice, cadre.caisse.code)}
    if entree["genre"] == "rencontre":
        evenements = lu.evenements[cle]
        entree |= {"evenements": evenements, **{nom: sum(e[nom] for e in evenements) for nom in ("participants", "inscrits")}}
    return {**entree, **({"textes": ecrits} if ecrits else {})}


def _sans_activite(entree: Mapping[str, Any], motif: Optional[str]) -> dict[str, Any]:
    return {**entree, "statut": "non_realisee", **({"motif": motif} if motif else {})}


def _actif(volumes: Comptes) -> bool:
    return bool(volumes["invites"] or volumes["joints"] or volumes["realises"])


def _statut(action: Action, volumes: Comptes) -> str:
    """What the caisse says, else what its figures say: done when the objective is reached, or when there is none (A4)."""
    if action.statut in ("realisee", "partielle", "non_realisee"):
        return action.statut
    if not volumes["realises"]:
        return "partielle"
    return "realisee" if action.objectif is None or volumes["realises"] >= action.objectif else "partielle"


def _genre(session: Session, action: Action) -> str:
    """Kind of contact of an action: its cible's, or its own when it is an optional sub-action (R38)."""
    if action.code != action.cible.code:
        for sous in definition(session, action.cible).get("sous_actions", ()):
            if sous["code"] == action.code:
                return str(sous["genre"])
    return action.cible.genre


def _volumes(session: Session, cadre: Cadre, action: Action, genre: str, lu: Lu) -> Comptes:
    """Requested → invited → reached → done, refused, absent. A letter that left is an invitation and a contact; one that came back is an absence
    (R37). `hors_invitation`: people reached without a letter."""
    issues, envois = lu.issues[action.id], lu.envois[action.id]
    realises, refus, absents = issues["realise"], issues["refus"], issues["absent"]
    if genre == "courrier":
        invites, joints, hors = realises + absents, realises, 0
    elif genre == "rencontre":
        invites, joints, hors = envois["partis"], lu.sommes[action.id]["inscrits"], 0
    else:
        invites, joints, hors = envois["partis"], realises + refus + absents + issues["prevu"], lu.sommes[action.id]["sans_lettre"]
    return {"requete": _requete(session, cadre, action, genre), "invites": invites, "hors_invitation": hors, "joints": joints, "realises": realises,
            "refus": refus, "absents": absents}


def _requete(session: Session, cadre: Cadre, action: Action, genre: str) -> int:
    """People the cible asks for: those who answer to it today, and those already written to or seen who no longer do (retired, erased…), so that
    nobody leaves the frame after having been counted in it."""
    voulu = critere(session, action.cible, action.caisse_code, code=action.code)
    siens = membres(action.caisse_code, voulu)
    presents = session.scalar(select(func.count()).select_from(Assure).where(siens)) or 0
    if genre == "rencontre":
        return presents
    debut, fin = cadre.instants(cadre.du, cadre.au)
    # A set of people, not a question asked of each one: the latter is quadratic where the planner takes the wrong index.
    touches: Any = union(select(Envoi.assure_id).where(Envoi.action_id == action.id, Envoi.parti_le >= debut, Envoi.parti_le < fin),
                    select(Contact.assure_id).where(Contact.action_id == action.id, Contact.assure_id.is_not(None), Contact.resultat != "annule",
                                                    _exercice(cadre)))
    sortis = session.scalar(select(func.count()).select_from(Assure).where(Assure.id.in_(touches), ~func.coalesce(siens, False))) or 0
    effaces = session.scalar(select(func.count()).select_from(Contact).where(Contact.action_id == action.id, Contact.assure_id.is_(None),
                                                                             Contact.resultat != "annule", _exercice(cadre))) or 0
    return presents + sortis + effaces


def _hors_cible(session: Session, action: Action, lu: Lu) -> int:
    """Interviews done with people born in a year the cible does not name (K13)."""
    annees = (definition(session, action.cible).get("criteres") or {}).get("annees_naissance")
    return sum(n for annee, n in lu.annees[action.id].items() if annee not in annees) if annees else 0


def _spontanes(session: Session, cadre: Cadre, lu: Lu) -> dict[str, Any]:
    """What belongs to no action: never in a target's cell (R55)."""
    evenements = lu.evenements[SPONTANES]
    return {"entretiens": lu.types[SPONTANES]["entretien"], "rencontres": lu.types[SPONTANES]["rencontre"],
            "participants": sum(e["participants"] for e in evenements), "formes": _plein(lu.formes[SPONTANES]),
            "domaines": _plein(lu.domaines[SPONTANES]), "minutes_total": lu.sommes[SPONTANES]["minutes"], "effets": _plein(lu.effets[SPONTANES]),
            "estimations_54_plus": lu.sommes[SPONTANES]["estimations"], "ris_utilises": lu.sommes[SPONTANES]["ris"], "evenements": evenements,
            "offre_globale": lu.sommes[SPONTANES]["offre_globale"], "mois": _plein(lu.mois[SPONTANES]),
            "enquete": voisins.enquete(session, None, cadre.exercice, cadre.caisse.code)}


def _eir(lu: Lu) -> dict[str, Any]:
    """Legal retirement interviews: counted apart, never as conseil social (A6)."""
    return {"realises": lu.issues[EIR]["realise"], "formes": _plein(lu.formes[EIR]), "minutes_total": lu.sommes[EIR]["minutes"]}


def _anterieures(session: Session, cadre: Cadre, lu: Lu) -> list[dict[str, Any]]:
    """The part of an earlier campaign that fell in this exercise (A1): the EIG of 2011 in January to March 2012, in the bilan of 2012."""
    parts = []
    for action in actions_de(session, cadre.caisse.code, cadre.exercice - 1):
        issues = lu.issues[action.id]
        if action.cible.au >= cadre.du and issues.total():
            parts.append({"code": action.code, "campagne": [action.cible.du.isoformat(), action.cible.au.isoformat()], "realises": issues["realise"],
                          "refus": issues["refus"], "absents": issues["absent"], "formes": _plein(lu.formes[action.id]),
                          "cumul": lu.cumul[action.id]["realise"]})
    return parts


def _plein(comptes: Mapping[Any, int]) -> Comptes:
    """Counts without their zeros, keys in order: what is not there is zero, and the bytes are the same whatever the order of reading."""
    return {str(cle): int(n) for cle, n in sorted(comptes.items(), key=lambda c: str(c[0])) if n}


# -- reading ------------------------------------------------------------------------------------------------------------------------------


def _exercice(cadre: Cadre) -> ColumnElement[bool]:
    return and_(Contact.caisse_code == cadre.caisse.code, Contact.jour.between(cadre.du, cadre.au))


def _ligne(action_id: Optional[int], origine: str) -> Any:
    return action_id if action_id is not None else (EIR if origine == "eir" else SPONTANES)


def lire(session: Session, cadre: Cadre) -> Lu:
    """One reading of the exercise: a handful of grouped queries, each over the (caisse, day) index."""
    lu = Lu()
    _lire_contacts(session, cadre, lu)
    _lire_cumul(session, cadre, lu)
    _lire_personnes(session, cadre, lu)
    _lire_domaines(session, cadre, lu)
    _lire_effets_outils(session, cadre, lu)
    _lire_envois(session, cadre, lu)
    _lire_rencontres(session, cadre, lu)
    return lu


def _lire_contacts(session: Session, cadre: Cadre, lu: Lu) -> None:
    fenetre = and_(Cible.du <= Contact.jour, Contact.jour <= Cible.au)
    dehors = case((and_(Cible.id.is_not(None), ~fenetre), 1), else_=0)
    requete = (select(Contact.action_id, Contact.origine, Contact.type, Contact.forme, Contact.resultat, extract("month", Contact.jour),
                      func.count(), func.coalesce(func.sum(Contact.minutes), 0), func.count(Contact.minutes),
                      func.sum(case((and_(Contact.estimation_remise, Contact.age_54_ou_plus), 1), else_=0)),
                      func.sum(case((Contact.ris_utilise, 1), else_=0)), func.sum(dehors))
               .outerjoin(Action, Action.id == Contact.action_id).outerjoin(Cible, Cible.id == Action.cible_id)
               .where(_exercice(cadre), Contact.resultat.in_(ISSUES))
               .group_by(Contact.action_id, Contact.origine, Contact.type, Contact.forme, Contact.resultat, extract("month", Contact.jour)))
    for action_id, origine, genre, forme, resultat, mois, n, minutes, mesures, estimations, ris, hors in session.execute(requete):
        cle = _ligne(action_id, origine)
        lu.issues[cle][resultat] += n
        lu.sommes[cle]["hors_fenetre"] += int(hors or 0)
        if resultat != "realise":
            continue
        lu.types[cle][genre] += n
        lu.formes[cle][forme] += n
        lu.mois[cle][f"{cadre.exercice}-{int(mois):02d}"] += n
        for nom, valeur in (("minutes", minutes), ("avec_minutes", mesures), ("estimations", estimations), ("ris", ris)):
            lu.sommes[cle][nom] += int(valeur or 0)


def _lire_cumul(session: Session, cadre: Cadre, lu: Lu) -> None:
    """By campaign, from its first day to the day data are stopped at, whatever the exercise (A1)."""
    requete = (select(Contact.action_id, Contact.resultat, func.count()).join(Action, Action.id == Contact.action_id)
               .where(Contact.caisse_code == cadre.caisse.code, Action.annee.in_((cadre.exercice, cadre.exercice - 1)), Contact.jour <= cadre.arrete,
                      Contact.resultat.in_(("realise", "refus", "absent"))).group_by(Contact.action_id, Contact.resultat))
    for action_id, resultat, n in session.execute(requete):
        lu.cumul[action_id][resultat] += n


def _lire_personnes(session: Session, cadre: Cadre, lu: Lu) -> None:
    """Distinct people (beside contacts, never added across targets), sub-targets, and contacts reached without a letter."""
    realise = and_(_exercice(cadre), Contact.resultat == "realise")
    anonymes = func.sum(case((and_(Contact.assure_id.is_(None), Contact.type != "rencontre"), 1), else_=0))
    for action_id, origine, distinctes, sans in session.execute(
            select(Contact.action_id, Contact.origine, func.count(func.distinct(Contact.assure_id)), anonymes)
            .where(realise).group_by(Contact.action_id, Contact.origine)):
        lu.sommes[_ligne(action_id, origine)]["personnes"] += distinctes + int(sans or 0)
    for action_id, annee, incomplete, n in session.execute(
            select(Contact.action_id, Contact.naissance_annee, Contact.carriere_incomplete, func.count())
            .where(realise, Contact.action_id.is_not(None), Contact.type == "entretien")
            .group_by(Contact.action_id, Contact.naissance_annee, Contact.carriere_incomplete)):
        if annee is not None:
            lu.annees[action_id][annee] += n
            if annee in (1952, 1957):
                lu.sous_cibles[action_id][str(annee)] += n
        if incomplete:
            lu.sous_cibles[action_id]["carriere_incomplete"] += n
    lettre = exists().where(Envoi.action_id == Contact.action_id, Envoi.assure_id == Contact.assure_id, Envoi.parti_le.is_not(None))
    for action_id, n in session.execute(
            select(Contact.action_id, func.count()).where(_exercice(cadre), Contact.action_id.is_not(None), Contact.type == "entretien",
                                                          Contact.resultat.in_(ISSUES), ~lettre).group_by(Contact.action_id)):
        lu.sommes[action_id]["sans_lettre"] = n


def _lire_domaines(session: Session, cadre: Cadre, lu: Lu) -> None:
    """Domains taken up (depth 1 or more), personalised ones, and the contacts where the whole field that was due was covered (R25)."""
    realise = and_(_exercice(cadre), Contact.resultat == "realise")
    requete = (select(Contact.action_id, Contact.origine, ContactDomaine.domaine, func.count(),
                      func.sum(case((ContactDomaine.personnalise, 1), else_=0)))
               .join(ContactDomaine, ContactDomaine.contact_id == Contact.id).where(realise, ContactDomaine.profondeur > 0)
               .group_by(Contact.action_id, Contact.origine, ContactDomaine.domaine))
    for action_id, origine, domaine, n, personnalises in session.execute(requete):
        cle = _ligne(action_id, origine)
        lu.domaines[cle][domaine] += n
        lu.personnalises[cle][domaine] += int(personnalises or 0)
    manque = exists().where(ContactDomaine.contact_id == Contact.id, ContactDomaine.profondeur == 0,
                            ContactDomaine.raison.not_in(("sans_objet", "deja_connu")))
    dit = exists().where(ContactDomaine.contact_id == Contact.id)
    for action_id, origine, n in session.execute(select(Contact.action_id, Contact.origine, func.count()).where(realise, dit, ~manque)
                                                 .group_by(Contact.action_id, Contact.origine)):
        lu.sommes[_ligne(action_id, origine)]["offre_globale"] += n


def _lire_effets_outils(session: Session, cadre: Cadre, lu: Lu) -> None:
    realise = and_(_exercice(cadre), Contact.resultat == "realise")
    for action_id, origine, effet, n in session.execute(
            select(Contact.action_id, Contact.origine, ContactEffet.effet, func.count()).join(ContactEffet, ContactEffet.contact_id == Contact.id)
            .where(realise).group_by(Contact.action_id, Contact.origine, ContactEffet.effet)):
        lu.effets[_ligne(action_id, origine)][effet] += n
    for action_id, origine, outil, version in session.execute(
            select(Contact.action_id, Contact.origine, OutilVersion.outil_code, OutilVersion.version)
            .join(ContactOutil, ContactOutil.contact_id == Contact.id).join(OutilVersion, OutilVersion.id == ContactOutil.outil_version_id)
            .where(realise).distinct()):
        lu.outils[_ligne(action_id, origine)].append(f"{outil}:{version}")


def _lire_envois(session: Session, cadre: Cadre, lu: Lu) -> None:
    """Letters that left in the exercise, first ones only; what they carried, by edition (R37)."""
    debut, fin = cadre.instants(cadre.du, cadre.au)
    requete = (select(Envoi.action_id, Envoi.support, func.count()).join(Action, Action.id == Envoi.action_id)
               .where(Action.caisse_code == cadre.caisse.code, Envoi.relance == 0, Envoi.parti_le >= debut, Envoi.parti_le < fin)
               .group_by(Envoi.action_id, Envoi.support))
    for action_id, support, n in session.execute(requete):
        lu.envois[action_id]["partis"] += n
        if support:
            lu.supports[action_id][support] += n


def _lire_rencontres(session: Session, cadre: Cadre, lu: Lu) -> None:
    """Meetings that were held: day, event, partner, profession, and two counters, never a name (R39, R44)."""
    requete = (select(Contact.action_id, Contact.origine, Contact.jour, Rencontre).join(Rencontre, Rencontre.id == Contact.rencontre_id)
               .where(_exercice(cadre), Contact.type == "rencontre", Contact.resultat == "realise").order_by(Contact.jour, Rencontre.id))
    for action_id, origine, jour, rencontre in session.execute(requete):
        cle = _ligne(action_id, origine)
        lu.sommes[cle]["inscrits"] += rencontre.inscrits
        facultatifs = {"evenement": rencontre.evenement, "partenaire": rencontre.partenaire, "profession": rencontre.profession_code}
        lu.evenements[cle].append({
            "date": jour.isoformat(), "lieu": rencontre.lieu, "theme": rencontre.theme, "participants": rencontre.participants or 0,
            "inscrits": rencontre.inscrits, **{nom: valeur for nom, valeur in facultatifs.items() if valeur}})
