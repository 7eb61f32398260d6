"""The right of access: everything the base holds of a person, as a document she can read. Found by the foreign keys that lead to her, so that a
table added tomorrow is in it without a line here; erasing is `effacement`."""
from datetime import date, datetime, time
from typing import Any, Callable, Iterable, Mapping, Optional
from zoneinfo import ZoneInfo

from sqlalchemy import Column, Row, Table, select
from sqlalchemy.orm import Session

from bot.contacts.base import Base
from bot.contacts.effacement import Sujet, entretiens, guides, inscriptions, rappels
from bot.contacts.tables import Assure, AssureLu, Audit, Caisse, DemandeGuide, Entretien, Historique, Importation, Inscription, Notification, Rappel

# Never shown: hashes of secrets, keys that only tie rows together, and the pseudonym, which would lead a reader from a name to its answers.
_SECRETS = ("empreinte", "jeton", "mot_de_passe", "operation_id", "ics_uid", "sha256", "precedent", "pseudonyme")
TITRES = {
    "assure": "Votre dossier", "assure_lu": "Fichier en cours de chargement", "entretien": "Vos rendez-vous", "inscription": "Vos inscriptions",
    "contact": "Vos contacts avec la caisse", "contact_domaine": "Sujets abordés", "contact_effet": "Suites données",
    "contact_outil": "Documents utilisés", "envoi": "Courriers envoyés", "invite": "Tirages au sort", "code_ouverture": "Codes d'invitation",
    "unite_sondage": "Enquête : sollicitations", "invitation_enquete": "Enquête : invitations", "compte_rendu": "Comptes rendus",
    "saisie_trame": "Trames d'entretien", "acces_rdv": "Accès à un rendez-vous", "rappel": "Demandes de rappel",
    "demande_guide": "Commandes de guides", "notification": "Messages prévus ou partis", "historique": "Historique de vos objets",
    "audit": "Qui a ouvert votre dossier"}
NOTE = ("Vos réponses à l'enquête sont tenues sous un pseudonyme tiré au sort : elles ne sont pas jointes, pour que personne à la caisse ne "
        "puisse les lire en regard de votre nom. Le texte d'une conversation avec l'assistant n'est rattaché à aucun dossier et s'efface de lui-même "
        "en 24 heures au plus.")


def exporter(session: Session, sujet: Sujet, maintenant: datetime) -> dict[str, Any]:
    """Everything held of a person: {"personne", "le", "parties": [{"titre", "legende", "lignes"}], "precision"}. Instants in the caisse's own
    time, ISO 8601; legends from the comments of the columns."""
    caisse = session.get_one(Caisse, sujet.caisse_code)
    fuseau = ZoneInfo(caisse.fuseau)
    trouvees = _suivre(session, sujet)
    _ajouter_sans_cle(session, sujet, trouvees)
    ordre = [t for t in TITRES if t in trouvees] + sorted(set(trouvees) - set(TITRES))
    return {"document": "Données détenues sur une personne (RGPD, articles 15 et 20)", "caisse": caisse.nom,
            "personne": sujet.assure.identifiant if sujet.assure else "connue par ses rendez-vous seulement",
            "le": maintenant.astimezone(fuseau).isoformat(timespec="seconds"),
            "parties": [_partie(session, Base.metadata.tables[nom], trouvees[nom], fuseau) for nom in ordre], "precision": NOTE}


# -- finding ----------------------------------------------------------------------------------------------------------------------------------

Lignes = dict[str, dict[tuple[Any, ...], Row[Any]]]


def tables_atteintes() -> frozenset[str]:
    """The tables that foreign keys tie to a person, whatever the data: what `_suivre` walks."""
    vues, reste = {"assure"}, ["assure"]
    while reste:
        parent = reste.pop()
        for table in Base.metadata.tables.values():
            if table.name not in vues and any(cle.column.table.name == parent for cle in table.foreign_keys):
                vues.add(table.name)
                reste.append(table.name)
    return frozenset(vues)


def _suivre(session: Session, sujet: Sujet) -> Lignes:
    """Her own row, then every row that a foreign key ties to a row already found."""
    trouvees: Lignes = {}
    tables = Base.metadata.tables
    depart: list[tuple[Table, Any]] = [(tables["entretien"], entretiens(sujet)), (tables["inscription"], inscriptions(sujet))]
    if sujet.assure is not None:
        depart.insert(0, (tables["assure"], Assure.id == sujet.assure.id))
    reste = [(table, _ranger(trouvees, table, session.execute(select(table).where(condition)))) for table, condition in depart]
    while reste:
        parent, lignes = reste.pop()
        for table in Base.metadata.tables.values():
            for cle in table.foreign_keys:
                if cle.column.table is not parent or table is parent:
                    continue
                valeurs = sorted({v for ligne in lignes if (v := ligne._mapping[cle.column]) is not None}, key=str)
                if valeurs and not isinstance(valeurs[0], bool):
                    nouvelles = _ranger(trouvees, table, session.execute(select(table).where(cle.parent.in_(valeurs))))
                    if nouvelles:
                        reste.append((table, nouvelles))
    return trouvees


def _ranger(trouvees: Lignes, table: Table, lignes: Iterable[Row[Any]]) -> list[Row[Any]]:
    """Keep rows by primary key; gives those not seen yet."""
    rangees, nouvelles = trouvees.setdefault(table.name, {}), []
    for ligne in lignes:
        cle = tuple(ligne._mapping[c] for c in table.primary_key.columns)
        if cle not in rangees:
            rangees[cle] = ligne
            nouvelles.append(ligne)
    if not rangees:
        del trouvees[table.name]
    return nouvelles


def _ajouter_sans_cle(session: Session, sujet: Sujet, trouvees: Lignes) -> None:
    """What names her, or one of her objects, without a foreign key."""
    for table, ids in ((Rappel, rappels(session, sujet)), (DemandeGuide, guides(session, sujet))):
        brute = Base.metadata.tables[table.__tablename__]
        _ranger(trouvees, brute, session.execute(select(brute).where(brute.c.id.in_(ids))))
    if sujet.assure is not None:
        lue = Base.metadata.tables[AssureLu.__tablename__]
        _ranger(trouvees, lue, session.execute(select(lue).where(lue.c.identifiant == sujet.assure.identifiant, lue.c.importation_id.in_(
            select(Importation.id).where(Importation.caisse_code == sujet.caisse_code)))))
    messages = Base.metadata.tables[Notification.__tablename__]
    for nom in (Entretien.__tablename__, Inscription.__tablename__):
        ids = [cle[0] for cle in trouvees.get(nom, ())]
        _ranger(trouvees, messages, session.execute(select(messages).where(messages.c.sujet == nom, messages.c.sujet_id.in_(ids))))
    for journal in (Base.metadata.tables[Historique.__tablename__], Base.metadata.tables[Audit.__tablename__]):
        for nom in ("assure", "entretien", "contact", "inscription"):
            cles = [str(cle[0]) for cle in trouvees.get(nom, ())]
            _ranger(trouvees, journal, session.execute(select(journal).where(journal.c.objet == nom, journal.c.objet_id.in_(cles))))


# -- writing ----------------------------------------------------------------------------------------------------------------------------------


def _partie(session: Session, table: Table, lignes: Mapping[tuple[Any, ...], Row[Any]], fuseau: ZoneInfo) -> dict[str, Any]:
    nommer = _nommer(session)
    colonnes = [c for c in table.columns if _montrable(c)]
    ecrites = [{_mot(c): _valeur(c, ligne._mapping[c], fuseau, nommer) for c in colonnes if ligne._mapping[c] not in (None, "")}
               for _, ligne in sorted(lignes.items(), key=lambda x: tuple(map(str, x[0])))]
    presentes = {mot for ligne in ecrites for mot in ligne}
    return {"titre": TITRES.get(table.name, table.name.replace("_", " ")),
            "legende": {_mot(c): c.comment for c in colonnes if c.comment and _mot(c) in presentes}, "lignes": ecrites}


def _montrable(colonne: Column[Any]) -> bool:
    """What is hers is always shown; of the rest, neither the secrets' hashes nor the bare numbers that tie rows."""
    if any(s in colonne.name for s in _SECRETS):
        return False
    if colonne.info.get("personnel"):
        return True
    return bool(_libelle(colonne)) if colonne.foreign_keys else colonne.name != "id" and not colonne.name.endswith("_id")


def _libelle(colonne: Column[Any]) -> Optional[tuple[Table, str]]:
    """Where a foreign key finds words in place of its number: never the name of another person."""
    for cle in colonne.foreign_keys:
        autre = cle.column.table
        for nom in ("libelle", "titre", "nom"):
            if nom in autre.c and not autre.c[nom].info.get("personnel") and len(autre.primary_key.columns) == 1:
                return autre, nom
    return None


def _nommer(session: Session) -> Callable[[Table, str, Any], Any]:
    vus: dict[tuple[str, Any], Any] = {}

    def nommer(table: Table, nom: str, cle: Any) -> Any:
        if (table.name, cle) not in vus:
            (primaire,) = table.primary_key.columns
            vus[table.name, cle] = session.scalar(select(table.c[nom]).where(primaire == cle))
        return vus[table.name, cle]
    return nommer


def _mot(colonne: Column[Any]) -> str:
    """« date_naissance » → « date naissance », « motif_id » → « motif »."""
    return colonne.name.removesuffix("_id").removesuffix("_code").replace("_", " ")


def _valeur(colonne: Column[Any], valeur: Any, fuseau: ZoneInfo, nommer: Callable[[Table, str, Any], Any]) -> Any:
    libelle = _libelle(colonne) if colonne.foreign_keys else None
    if libelle is not None:
        return nommer(*libelle, valeur)
    if isinstance(valeur, bool):
        return "oui" if valeur else "non"
    if isinstance(valeur, datetime):
        return valeur.astimezone(fuseau).isoformat(timespec="seconds")
    if isinstance(valeur, (date, time)):
        return valeur.isoformat()
    return valeur


def compter(document: Mapping[str, Any]) -> int:
    """Rows in an exported document."""
    return sum(len(p["lignes"]) for p in document["parties"])


