"""A person's file: found by number or name within the caisse, with all that was done with her; her refusals may be changed.
Each reading leaves its audit line. What opens the trame is in `trame`, entretiens in `rendez_vous`."""
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Optional, Sequence

from fastapi import Depends, Request
from fastapi.responses import Response
from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from bot.agenda import comptes_rendus
from bot.agenda.etats import etat
from bot.agenda.instants import en_lettres, heure_en_lettres, jour_local, local
from bot.agenda.motifs import documents
from bot.campagnes.trame import en_vigueur, profil_de
from bot.contacts.campagne import action_pour, correspond, definition
from bot.contacts.contacts import age
from bot.contacts.historique import noter
from bot.contacts.isolement import dans_la_caisse, de_la_caisse
from bot.contacts.tables import Action, Assure, Cible, Conseiller, Contact, Entretien, Envoi, Inscription, Invite, Rencontre, Tirage
from bot.contacts.tables.contact import DOMAINES
from bot.knowledge.lecture import ErreurConnaissance
from bot.knowledge.trames import tiroirs_ouverts
from bot.site.espace import agenda_commun as commun
from bot.site.espace.acces import Acteur, Saisie, exiger, noter_acces, routeur_espace, saisie
from bot.site.espace.gabarits import FAITS, rendre, retour
from bot.site.espace.rendez_vous import lisible as compte_lisible
from bot.texte.normalisation import cle, nettoyer

routeur = routeur_espace()
FAITS["refus_changes"] = "Les choix de la personne sont enregistrés ; ils valent dès le prochain envoi."
TROUVES_MAX, CANDIDATS_MAX = 25, 2_000
# Letters that may carry an accent in a name: any sign will do in the database, the accents are compared afterwards.
_ACCENTUABLES = set("aceinouyAEIOUCNY")
GROUPES = {"artisan": "artisan", "commercant": "commerçant"}
STATUTS = {"actif": "actif", "retraite": "retraité", "radie": "radié", "createur": "créateur", "conjoint": "conjoint"}
CARRIERES = {"complete": "complète", "incomplete": "incomplète", "inconnue": "inconnue"}
RESULTATS = {"prevu": "prévu", "realise": "réalisé", "refus": "refusé", "absent": "absent", "annule": "annulé"}
ETATS_ENVOI = {"prepare": "préparé", "en_cours": "en cours", "envoye": "parti", "retourne": "revenu (n'habite pas à l'adresse)", "echec": "en échec"}
STATUTS_INSCRIPTION = {"inscrit": "inscrit", "attente": "en liste d'attente", "offre": "place proposée", "desiste": "désisté", "present": "présent",
                       "absent": "absent", "annule": "rencontre annulée"}
TYPES = {"entretien": "Entretien", "courrier": "Courrier", "rencontre": "Rencontre"}
ORIGINES = {"campagne": "campagne", "local": "action locale", "spontane": "spontané", "eir": "EIR"}


# -- finding -------------------------------------------------------------------------------------------------------------------------------


@routeur.get("/espace/assures", name="assures")
def chercher(request: Request, acteur: Acteur = Depends(exiger())) -> Response:
    """By number, or by some letters of a name, within the caisse only."""
    voulu = nettoyer(request.query_params.get("q", ""))[:80]
    trouves: Sequence[Assure] = ()
    court = bool(voulu) and len(cle(voulu)) < 2
    with request.app.state.contexte.sessions() as s:
        if voulu and not court:
            trouves = trouver(s, acteur.caisse_code, voulu)
        for a in trouves[:TROUVES_MAX]:
            noter_acces(request, s, a.id, acte="assure.trouve", objet="assure")
    lignes = [{"id": a.id, "nom": f"{a.nom} {a.prenom}", "identifiant": a.identifiant,
               "naissance": a.date_naissance.year if a.date_naissance else None,
               "ville": " ".join(x for x in (a.code_postal, a.ville) if x), "statut": STATUTS[a.statut]} for a in trouves[:TROUVES_MAX]]
    return rendre(request, "espace/dossier_recherche.html", q=voulu, lignes=lignes, trop=len(trouves) > TROUVES_MAX, court=court,
                  erreurs={"q": "Écrivez au moins deux lettres."} if court else None, statut=422 if court else 200)


def trouver(session: Session, caisse_code: str, voulu: str) -> list[Assure]:
    """The people of a caisse whose number is `voulu`, else whose name holds its words; case, accents and hyphens do not count. By name."""
    exact = session.scalar(select(Assure).where(dans_la_caisse(Assure, caisse_code), Assure.identifiant == voulu.replace(" ", "")))
    if exact is not None:
        return [exact]
    mots = cle(voulu).split()
    if not mots:
        return []
    requete = select(Assure.id, Assure.nom, Assure.prenom).where(dans_la_caisse(Assure, caisse_code))
    for mot in mots:
        motif = f"%{''.join('_' if c in _ACCENTUABLES else c for c in mot)}%"
        requete = requete.where(or_(Assure.nom.ilike(motif), Assure.prenom.ilike(motif)))
    ids = [n for n, nom, prenom in session.execute(requete.order_by(Assure.nom, Assure.prenom, Assure.id).limit(CANDIDATS_MAX))
           if all(m in cle(f"{nom} {prenom}") for m in mots)]
    return list(session.scalars(select(Assure).where(Assure.id.in_(ids[:TROUVES_MAX + 1])).order_by(Assure.nom, Assure.prenom, Assure.id)))


# -- the file ------------------------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Appartenance:
    """A cible a person belongs to, and why."""

    titre: str
    pourquoi: str
    fenetre: str
    objectif: Optional[str] = None


@routeur.get("/espace/assures/{assure_id}", name="assure")
def lire(request: Request, assure_id: int, acteur: Acteur = Depends(exiger())) -> Response:
    """All that the caisse knows of a person and did with her."""
    maintenant, jour = commun.maintenant(request), commun.aujourdhui(request, acteur)
    with request.app.state.contexte.sessions() as s:
        a = de_la_caisse(s, Assure, assure_id, acteur.caisse_code)
        entretiens = _entretiens(s, a, acteur, maintenant)
        vu: dict[str, Any] = {
            "portrait": _portrait(a, jour), "cibles": appartenances(s, a, jour), "contacts": _contacts(s, a), "envois": _envois(s, a, acteur),
            "entretiens": entretiens, "inscriptions": _inscriptions(s, a), "preparer": _a_apporter(s, a, jour, entretiens),
            "referent": commun.nommer(s.get(Conseiller, a.referent_id)) if a.referent_id is not None else None}
        noter_acces(request, s, a.id)
    return rendre(request, "espace/dossier.html", a=a, **vu)


def _portrait(a: Assure, jour: date) -> list[tuple[str, str]]:
    """What the file of the caisse says of a person, in the order one asks."""
    ans = f" ({age(a.date_naissance, jour)} ans)" if a.date_naissance else ""
    lignes = [("Numéro de la caisse", a.identifiant), ("Né(e) le", f"{a.date_naissance:%d/%m/%Y}{ans}" if a.date_naissance else ""),
              ("Groupe professionnel", GROUPES[a.groupe_pro] + (", auto-entrepreneur" if a.auto_entrepreneur else "")), ("Statut", STATUTS[a.statut]),
              ("Profession", a.profession or ""), ("Affiliation", f"{a.date_affiliation:%d/%m/%Y}" if a.date_affiliation else ""),
              ("Carrière", CARRIERES[a.carriere]), ("Adresse", " ".join(x for x in (a.adresse, a.complement, a.code_postal, a.ville) if x)),
              ("Téléphone", a.telephone or ""), ("Adresse électronique", a.courriel or ""), ("Langue", "" if a.langue == "fr" else a.langue)]
    return [(nom, valeur) for nom, valeur in lignes if valeur]


def appartenances(session: Session, a: Assure, jour: date) -> list[Appartenance]:
    """The cibles of the caisse's actions that a person belongs to on a day, with the reason of her draw or the criteria she meets (R23, R30)."""
    tirages = {action: raison for action, raison in session.execute(
        select(Tirage.action_id, Invite.raison).join(Invite, Invite.tirage_id == Tirage.id).where(Invite.assure_id == a.id).order_by(Tirage.id))}
    trouvees = []
    for action in session.scalars(select(Action).join(Cible, Cible.id == Action.cible_id).where(
            dans_la_caisse(Action, a.caisse_code), Cible.du <= jour, Cible.au >= jour).order_by(Action.perimetre.desc(), Action.id)):
        fiche = definition(session, action.cible)
        criteres = fiche.get("criteres", {})
        dedans = (action.code == action.cible.code and bool(criteres) and correspond(a, criteres) and _profession(session, a, criteres, jour))
        if action.id not in tirages and not dedans:
            continue
        raisons = [f"tirée au sort pour être invitée : {tirages[action.id]}"] if action.id in tirages else []
        raisons += [_criteres(a, criteres)] if dedans else []
        fenetre = f"du {action.cible.du:%d/%m/%Y} au {action.cible.au:%d/%m/%Y}"
        trouvees.append(Appartenance(action.titre, " ; ".join(r for r in raisons if r), fenetre, fiche.get("objectif_specifique")))
    return trouvees


def _profession(session: Session, a: Assure, criteres: Any, jour: date) -> bool:
    return not criteres.get("profession_avec_risque") or profil_de(session, a, None, jour).profession_avec_risque


def _criteres(a: Assure, criteres: Any) -> str:
    """The criteria of a cible as this person meets them: « actif, naissance en 1952, carrière incomplète »."""
    dits = [STATUTS[a.statut]] if criteres.get("statuts") else []
    dits += [f"naissance en {a.date_naissance.year}"] if criteres.get("annees_naissance") and a.date_naissance else []
    dits += ["auto-entrepreneur"] if criteres.get("auto_entrepreneur") else []
    dits += [f"affiliation le {a.date_affiliation:%d/%m/%Y}"] if criteres.get("affiliation") and a.date_affiliation else []
    dits += ["profession avec une information sur ses risques"] if criteres.get("profession_avec_risque") else []
    dits += ["carrière incomplète, prioritaire"] if criteres.get("annees_naissance") and a.carriere == "incomplete" else []
    return ", ".join(dits)


def _contacts(session: Session, a: Assure) -> list[dict[str, Any]]:
    """What was done with a person, latest first, as the bilan counts it."""
    lignes = []
    for c in session.scalars(select(Contact).where(Contact.assure_id == a.id).order_by(Contact.jour.desc(), Contact.id.desc())):
        abordes = [f"{DOMAINES[d.domaine]} ({d.profondeur})" for d in c.domaines if d.profondeur]
        action = session.get(Action, c.action_id) if c.action_id is not None else None
        lignes.append({"jour": commun.jour_en_lettres(c.jour), "type": TYPES[c.type], "origine": action.titre if action else ORIGINES[c.origine],
                       "resultat": RESULTATS[c.resultat], "abordes": ", ".join(abordes), "minutes": c.minutes})
    return lignes


def _envois(session: Session, a: Assure, acteur: Acteur) -> list[dict[str, str]]:
    lignes = session.execute(select(Envoi, Action.titre).join(Action, Action.id == Envoi.action_id).where(Envoi.assure_id == a.id)
                             .order_by(Envoi.id.desc())).all()
    return [{"titre": titre, "relance": f"relance {e.relance}" if e.relance else "", "etat": ETATS_ENVOI[e.etat], "canal": e.canal,
             "le": commun.jour_en_lettres(jour_local(e.parti_le, acteur.fuseau)) if e.parti_le else ""} for e, titre in lignes]


def _entretiens(session: Session, a: Assure, acteur: Acteur, maintenant: datetime) -> list[dict[str, Any]]:
    lignes = []
    for e in session.scalars(select(Entretien).where(Entretien.assure_id == a.id, dans_la_caisse(Entretien, acteur.caisse_code))
                             .order_by(Entretien.debut.desc())):
        compte = comptes_rendus.compte_rendu(session, e)
        nom_etat = etat(e.statut, e.debut, e.fin, maintenant)
        lignes.append({"id": e.id, "quand": en_lettres(e.debut, e.fuseau, acteur.fuseau), "motif": e.motif.libelle, "etat": commun.ETATS[nom_etat],
                       "a_venir": nom_etat == "a_venir", "pieces": documents(e.motif), "compte": compte_lisible(compte, acteur),
                       "avec": commun.nommer(session.get(Conseiller, e.conseiller_id))})
    return lignes


def _inscriptions(session: Session, a: Assure) -> list[dict[str, Any]]:
    lignes = session.execute(select(Inscription, Rencontre).join(Rencontre, Rencontre.id == Inscription.rencontre_id)
                             .where(Inscription.assure_id == a.id).order_by(Rencontre.debut.desc())).all()
    return [{"id": r.id, "titre": r.titre, "statut": STATUTS_INSCRIPTION[i.statut],
             "quand": f"{commun.jour_en_lettres(jour_local(r.debut, r.fuseau))}, {heure_en_lettres(local(r.debut, r.fuseau))}"} for i, r in lignes]


def _a_apporter(session: Session, a: Assure, jour: date, entretiens: Sequence[dict[str, Any]]) -> list[str]:
    """What to bring to the next entretien: its motif's list, then what the drawers of this person ask for."""
    prochain = next((e for e in reversed(entretiens) if e["a_venir"]), None)
    if prochain is None:
        return []
    try:
        trame = en_vigueur(session, a.caisse_code, jour)[0]
    except ErreurConnaissance:
        return list(prochain["pieces"])
    action = action_pour(session, caisse_code=a.caisse_code, assure=a, jour=jour)
    profil = profil_de(session, a, action.cible.code if action is not None else None, jour)
    pour_elle = [p for t in tiroirs_ouverts(trame, profil) for p in t.apporter]
    vus: dict[str, str] = {}
    for p in [*prochain["pieces"], *pour_elle]:
        vus.setdefault(cle(p), p)
    return list(vus.values())


# -- her choices ---------------------------------------------------------------------------------------------------------------------------


@routeur.post("/espace/assures/{assure_id}/refus", name="assure.refus")
def changer_refus(request: Request, assure_id: int, acteur: Acteur = Depends(exiger()), saisie: Saisie = Depends(saisie)) -> Response:
    """No more invitations, no more surveys; or yes again. The history says that it changed, not what: these columns are personal."""
    maintenant = commun.maintenant(request)
    with request.app.state.contexte.sessions() as s:
        a = de_la_caisse(s, Assure, assure_id, acteur.caisse_code)
        voulus = {n: n in saisie.tous("refus") for n in ("refus_contact", "refus_enquete")}
        if voulus != {n: getattr(a, n) for n in voulus}:
            a.refus_contact, a.refus_enquete = voulus["refus_contact"], voulus["refus_enquete"]
            s.flush()
            noter(s, le=maintenant, acteur=acteur.acteur, role=acteur.role, origine=acteur.origine, commande="assure.refus", objet="assure",
                  objet_id=a.id)
        noter_acces(request, s, a.id)
    return retour("assure", fait="refus_changes", assure_id=assure_id)
