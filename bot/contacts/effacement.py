"""The right to erasure: a person goes, what was counted stays without her, and her erasure is remembered by a keyed hash so that it holds.

What only the agenda can do (cancel what is to come) is given by the caller; what she may read of herself is `export_personne`.
"""
import hmac
import os
import re
import secrets
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Callable, Iterable, Mapping, Optional, Sequence, Union

from sqlalchemy import ColumnElement, delete, false, func, or_, select, update
from sqlalchemy.orm import Session

from bot.contacts import audit, conversations
from bot.contacts.cle import hmac_hex
from bot.contacts.contacts import AssureInconnu
from bot.contacts.historique import noter
from bot.contacts.refus import Refus
from bot.contacts.tables import (
    AccesRdv,
    Assure,
    AssureLu,
    Brouillon,
    Caisse,
    Commentaire,
    CompteRendu,
    Contact,
    Conversation,
    DemandeGuide,
    Effacement,
    Entretien,
    Importation,
    Inscription,
    InvitationEnquete,
    Rappel,
    Rencontre,
    SaisieTrame,
    UniteSondage,
)

_VIDE = {"nom": None, "prenom": None, "telephone": None, "courriel": None, "personne": None, "assure_id": None}
# What stays, and why: said to whoever asks for the erasure.
GARDES = ("Les contacts restent comptés, sans la personne : mission d'intérêt public et bilan de l'année (RGPD, art. 17.3.b et d).",
          "Année de naissance et carrière incomplète d'un contact : comptées sans nom pendant 24 mois (sous-cibles du socle).",
          "Réponses à l'enquête : anonymes ; plus rien ne les rattache à la personne.",
          "Piste d'audit et historique : des numéros, jamais un nom ni une coordonnée.")


class RendezVousInconnu(Refus):
    code, statut = "RDV_INCONNU", 404
    message = "Aucun rendez-vous ni inscription de cette caisse ne porte ce code. Vérifiez-le : huit lettres et chiffres."


@dataclass(frozen=True)
class Agenda:
    """How the agenda takes back what is to come, and the keys under which it may know a person by her name and number."""

    annuler: Callable[[Session, Entretien, datetime], object]
    desister: Callable[[Session, Inscription, datetime], object]
    cles: Callable[[Assure], Iterable[str]]


@dataclass(frozen=True)
class Sujet:
    """Who is meant: a person of the population, or someone known by her bookings only (`cles`: `entretien.personne`)."""

    caisse_code: str
    assure: Optional[Assure]
    cles: frozenset[str] = frozenset()


@dataclass
class Rapport:
    """What an erasure did. `annules`: entretiens to come that were cancelled, `desistes`: places at rencontres given back."""

    annules: int = 0
    desistes: int = 0
    supprimes: dict[str, int] = field(default_factory=dict)
    anonymises: dict[str, int] = field(default_factory=dict)
    gardes: Sequence[str] = GARDES


# -- who --------------------------------------------------------------------------------------------------------------------------------------


def trouver(session: Session, caisse_code: str, identifiant: str, agenda: Agenda) -> Sujet:
    """The person of a caisse by its number. Raises AssureInconnu."""
    assure = session.scalar(select(Assure).where(Assure.caisse_code == caisse_code, Assure.identifiant == identifiant.strip()))
    if assure is None:
        raise AssureInconnu
    return _sujet(assure, agenda)


def _sujet(assure: Assure, agenda: Agenda) -> Sujet:
    return Sujet(assure.caisse_code, assure, frozenset(agenda.cles(assure)))


def trouver_par_rendez_vous(session: Session, caisse_code: str, code: str, agenda: Agenda) -> Sujet:
    """Who holds a booking code; the population's person when the booking is tied to one. Raises RendezVousInconnu."""
    propre = re.sub(r"[^A-Z0-9]", "", code.upper())
    trouve: Union[Entretien, Inscription, None] = session.scalar(select(Entretien).where(Entretien.code == propre,
                                                                                        Entretien.caisse_code == caisse_code))
    trouve = trouve or session.scalar(select(Inscription).join(Rencontre, Rencontre.id == Inscription.rencontre_id)
                                      .where(Inscription.code == propre, Rencontre.caisse_code == caisse_code))
    if trouve is None:
        raise RendezVousInconnu
    assure = session.get(Assure, trouve.assure_id) if trouve.assure_id is not None else None
    if assure is not None:
        return _sujet(assure, agenda)
    if trouve.personne is None:
        raise RendezVousInconnu
    return Sujet(caisse_code, None, frozenset((trouve.personne,)))


def entretiens(sujet: Sujet) -> ColumnElement[bool]:
    """The condition on her entretiens: tied to her, or typed with her name and number."""
    return or_(Entretien.assure_id == sujet.assure.id if sujet.assure else false(),
               (Entretien.caisse_code == sujet.caisse_code) & Entretien.personne.in_(sorted(sujet.cles)))


def inscriptions(sujet: Sujet) -> ColumnElement[bool]:
    """The same for her places at rencontres."""
    siennes = select(Rencontre.id).where(Rencontre.caisse_code == sujet.caisse_code)
    return or_(Inscription.assure_id == sujet.assure.id if sujet.assure else false(),
               Inscription.rencontre_id.in_(siennes) & Inscription.personne.in_(sorted(sujet.cles)))


def rappels(session: Session, sujet: Sujet) -> list[int]:
    """Call-backs left under her telephone number."""
    numero = _chiffres(sujet.assure.telephone) if sujet.assure else ""
    if len(numero) < 9:
        return []
    return [i for i, t in session.execute(select(Rappel.id, Rappel.telephone).where(Rappel.caisse_code == sujet.caisse_code,
                                                                                   Rappel.telephone.is_not(None))) if _chiffres(t) == numero]


def guides(session: Session, sujet: Sujet) -> list[int]:
    """Orders of guides under her name, first name and postal code."""
    a = sujet.assure
    if a is None or not a.code_postal:
        return []
    lignes = session.execute(select(DemandeGuide.id, DemandeGuide.nom, DemandeGuide.prenom).where(
        DemandeGuide.caisse_code == sujet.caisse_code, DemandeGuide.code_postal == a.code_postal))
    return [i for i, nom, prenom in lignes if (nom or "").casefold() == a.nom.casefold() and (prenom or "").casefold() == a.prenom.casefold()]


def traces(session: Session, sujet: Sujet) -> frozenset[str]:
    """What a message written to her holds: the codes of her bookings, her numbers and addresses. To be asked before she is erased."""
    a, dites = sujet.assure, set[Optional[str]]()
    for table, siennes in ((Entretien, entretiens(sujet)), (Inscription, inscriptions(sujet))):
        for ligne in session.execute(select(table.code, table.telephone, table.courriel).where(siennes)):
            dites |= set(ligne)
    return frozenset(d for d in dites | ({a.telephone, a.courriel} if a else set()) if d)


def effacer_messages(dossier: Path, traces: Iterable[str]) -> int:
    """Delete the messages written as files that hold one of these; how many. A code is printed in two halves, a number with or without spaces."""
    cherchees, effaces = [re.sub(r"\s", "", t) for t in traces], 0
    for fichier in dossier.glob("*") if dossier.is_dir() else ():
        contenu = re.sub(r"\s", "", fichier.read_text(encoding="utf-8", errors="replace")) if fichier.is_file() else ""
        if any(t in contenu for t in cherchees):
            fichier.unlink(missing_ok=True)
            effaces += 1
    return effaces


def _chiffres(numero: Optional[str]) -> str:
    """The nine last digits: « 06 39 98 00 00 » and « +33 6 39 98 00 00 » are one number."""
    return re.sub(r"\D", "", numero or "")[-9:]


# -- erasing ----------------------------------------------------------------------------------------------------------------------------------


def effacer(session: Session, sujet: Sujet, *, cle: bytes, maintenant: datetime, agenda: Agenda, acteur: str = "commande",
            origine: str = "commande") -> Rapport:
    """Erase a person, in one transaction of the caller. First what is to come is taken back, so that nobody waits for her; then every row of
    hers goes or loses her; last, the hash that lets `rejouer` know her again. Run again for someone who came back, erases again."""
    rapport = Rapport()
    _reprendre_avenir(session, sujet, agenda, maintenant, rapport)
    empreintes = [empreinte(cle, sujet.caisse_code, c) for c in _marques(sujet)]
    rapport.supprimes["conversation"] = _oublier_conversations(session, traces(session, sujet))
    assure_id = sujet.assure.id if sujet.assure else None
    _anonymiser(session, sujet, rapport)
    if sujet.assure is not None:
        _supprimer_assure(session, sujet, sujet.assure, rapport)
    for valeur in empreintes:
        deja = session.get(Effacement, valeur)
        if deja is None:
            session.add(Effacement(empreinte=valeur, caisse_code=sujet.caisse_code, le=maintenant))
        else:
            deja.rejoue_le = maintenant
    session.flush()
    objet = ("assure", assure_id) if assure_id is not None else ("effacement", empreintes[0][:16])
    noter(session, le=maintenant, acteur=acteur, commande="rgpd.effacer", objet=objet[0], objet_id=objet[1] or "", origine=origine,
          apres={"annules": rapport.annules, "desistes": rapport.desistes, **rapport.supprimes})
    audit.noter(session, le=maintenant, acteur=acteur, acte="rgpd.efface", caisse_code=sujet.caisse_code, objet=objet[0], objet_id=objet[1])
    return rapport


def _reprendre_avenir(session: Session, sujet: Sujet, agenda: Agenda, maintenant: datetime, rapport: Rapport) -> None:
    for e in session.scalars(select(Entretien).where(entretiens(sujet), Entretien.statut == "pose", Entretien.debut > maintenant)).all():
        agenda.annuler(session, e, maintenant)
        rapport.annules += 1
    a_venir = (select(Inscription).join(Rencontre, Rencontre.id == Inscription.rencontre_id)
               .where(inscriptions(sujet), Inscription.statut.in_(("inscrit", "attente", "offre")), Rencontre.debut > maintenant,
                      Rencontre.annulee_le.is_(None)))
    for i in session.scalars(a_venir).all():
        agenda.desister(session, i, maintenant)
        rapport.desistes += 1
    session.flush()


def _oublier_conversations(session: Session, traces: Iterable[str]) -> int:
    """Forget the conversations of the day in which she typed a number, an address or a code of hers; how many."""
    def reduire(valeur: str) -> str:
        """« 06 39 98 00 00 » and « +33 6 39 98 00 00 » are one; a code or an address keeps its letters."""
        serre = re.sub(r"\W", "", valeur).casefold()
        return _chiffres(serre) if serre.isdecimal() else serre
    cherchees = {reduire(t) for t in traces}
    trouvees = {b.conversation_id for b in session.scalars(select(Brouillon))
                if any(reduire(str(v)) in cherchees for v in (b.prive or {}).values())}
    for identifiant in sorted(trouvees):
        conversation = session.get(Conversation, identifiant)
        if conversation is not None:
            conversations.oublier(session, conversation)
    return len(trouvees)


def _anonymiser(session: Session, sujet: Sujet, rapport: Rapport) -> None:
    """Rows that are counted or belong to the caisse's history stay, without her."""
    siens = list(session.scalars(select(Entretien.id).where(entretiens(sujet))))
    siennes = list(session.scalars(select(Inscription.id).where(inscriptions(sujet))))
    session.execute(update(CompteRendu).where(CompteRendu.entretien_id.in_(siens)).values(note=None))
    rapport.supprimes["saisie_trame"] = _retirer(session, delete(SaisieTrame).where(SaisieTrame.entretien_id.in_(siens)))
    session.execute(delete(AccesRdv).where(or_(AccesRdv.entretien_id.in_(siens), AccesRdv.inscription_id.in_(siennes))))
    for table, lignes in ((Entretien, siens), (Inscription, siennes)):
        for identifiant in lignes:
            session.execute(update(table).where(table.id == identifiant).values(**_VIDE, code=secrets.token_hex(4).upper()))
        rapport.anonymises[table.__tablename__] = len(lignes)
    rapport.supprimes["rappel"] = _retirer(session, delete(Rappel).where(Rappel.id.in_(rappels(session, sujet))))
    rapport.supprimes["demande_guide"] = _retirer(session, delete(DemandeGuide).where(DemandeGuide.id.in_(guides(session, sujet))))


def _supprimer_assure(session: Session, sujet: Sujet, assure: Assure, rapport: Rapport) -> None:
    """Her own row: letters, draws and opening codes go with it by the foreign keys; contacts and survey units lose her and stay."""
    unites = select(UniteSondage.id).where(UniteSondage.assure_id == assure.id)
    pseudos = select(InvitationEnquete.pseudonyme).where(InvitationEnquete.unite_id.in_(unites))
    rapport.supprimes["commentaire"] = _retirer(session, delete(Commentaire).where(Commentaire.pseudonyme.in_(pseudos)))
    rapport.anonymises["contact"] = session.scalar(select(func.count()).where(Contact.assure_id == assure.id)) or 0
    session.execute(update(Contact).where(Contact.assure_id == assure.id).values(moment_vie=None))
    session.execute(delete(AssureLu).where(AssureLu.identifiant == assure.identifiant, AssureLu.importation_id.in_(
        select(Importation.id).where(Importation.caisse_code == sujet.caisse_code))))
    rapport.supprimes["assure"] = _retirer(session, delete(Assure).where(Assure.id == assure.id))
    session.expire_all()


def _retirer(session: Session, quoi: Any) -> int:
    fait: Any = session.execute(quoi)
    return int(fait.rowcount)


# -- remembering ------------------------------------------------------------------------------------------------------------------------------


def _marques(sujet: Sujet) -> list[str]:
    return [*([f"assure:{sujet.assure.identifiant}"] if sujet.assure else []), *(f"personne:{c}" for c in sorted(sujet.cles))]


def _sceau(cle: bytes) -> bytes:
    return bytes.fromhex(hmac_hex(cle, "effacement", "personnes"))


def _hacher(sceau: bytes, caisse_code: str, marque: str) -> str:
    return hmac.digest(sceau, f"{caisse_code}|{marque}".encode(), "sha256").hex()


def empreinte(cle: bytes, caisse_code: str, marque: str) -> str:
    """The keyed hash of « assure:NUMÉRO » or « personne:CLÉ » in a caisse: without the installation's key it says nothing and cannot be guessed."""
    return _hacher(_sceau(cle), caisse_code, marque)


def rejouer(session: Session, *, cle: bytes, maintenant: datetime, agenda: Agenda, caisse_code: Optional[str] = None) -> int:
    """Erase again everyone who was erased and has come back, by a restored backup or a new file; how many people.

    Someone known by bookings only is erased again from those made before her erasure: what she books since is hers to book.
    """
    voulus = select(Effacement).where(Effacement.caisse_code == caisse_code) if caisse_code else select(Effacement)
    connus = {e.empreinte: e.le for e in session.scalars(voulus)}
    if not connus:
        return 0
    sceau, revenus = _sceau(cle), 0
    caisses = {c for c in session.scalars(select(Caisse.code)) if caisse_code in (None, c)}
    for code in sorted(caisses):
        lignes = session.execute(select(Assure.id, Assure.identifiant).where(Assure.caisse_code == code)).all()
        for identifiant in [i for i, numero in lignes if _hacher(sceau, code, f"assure:{numero}") in connus]:
            assure = session.get(Assure, identifiant)
            if assure is not None:
                effacer(session, _sujet(assure, agenda), cle=cle, maintenant=maintenant, agenda=agenda, acteur="systeme", origine="systeme")
                revenus += 1
        revenus += _rejouer_rendez_vous(session, code, sceau, connus, cle, maintenant, agenda)
    return revenus


def _rejouer_rendez_vous(session: Session, caisse_code: str, sceau: bytes, connus: Mapping[str, datetime], cle: bytes, maintenant: datetime,
                         agenda: Agenda) -> int:
    pris = select(Entretien.personne, Entretien.pris_le).where(Entretien.caisse_code == caisse_code, Entretien.personne.is_not(None))
    inscrites = (select(Inscription.personne, Inscription.inscrite_le).join(Rencontre, Rencontre.id == Inscription.rencontre_id)
                 .where(Rencontre.caisse_code == caisse_code, Inscription.personne.is_not(None)))
    revenues = {p for requete in (pris, inscrites) for p, le in session.execute(requete)
                if p is not None and le <= connus.get(_hacher(sceau, caisse_code, f"personne:{p}"), datetime.min.replace(tzinfo=le.tzinfo))}
    for personne in sorted(revenues):
        effacer(session, Sujet(caisse_code, None, frozenset((personne,))), cle=cle, maintenant=maintenant, agenda=agenda, acteur="systeme",
                origine="systeme")
    return len(revenues)


# -- the register beside the base -------------------------------------------------------------------------------------------------------------


def tenir_registre(session: Session, chemin: Path) -> None:
    """Keep the erasures in a file beside the base as well: a backup made before an erasure does not know it, and the base may be lost. Hashes
    only. Written aside, then put in place in one move; what the file already held stays."""
    lignes = {e.empreinte: f"{e.empreinte};{e.caisse_code};{e.le.isoformat()}" for e in session.scalars(select(Effacement))}
    anciennes = {ligne.split(";", 1)[0]: ligne for ligne in _lignes(chemin)}
    if not set(lignes) - set(anciennes):
        return
    chemin.parent.mkdir(parents=True, exist_ok=True)
    partiel = chemin.with_name(f"{chemin.name}.{secrets.token_hex(4)}.partiel")
    with os.fdopen(os.open(partiel, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as fichier:
        fichier.write("".join(f"{ligne}\n" for _, ligne in sorted((anciennes | lignes).items())))
        fichier.flush()
        os.fsync(fichier.fileno())
    partiel.replace(chemin)


def reprendre_registre(session: Session, chemin: Path) -> int:
    """Tell the base of the erasures that the file holds and it does not; how many. Lines that cannot be read, or of an unknown caisse, are left."""
    caisses, ajoutes = set(session.scalars(select(Caisse.code))), 0
    for ligne in _lignes(chemin):
        morceaux = ligne.split(";")
        lisible = len(morceaux) == 3 and re.fullmatch(r"[0-9a-f]{64}", morceaux[0]) is not None and morceaux[1] in caisses
        if lisible and session.get(Effacement, morceaux[0]) is None:
            session.add(Effacement(empreinte=morceaux[0], caisse_code=morceaux[1], le=datetime.fromisoformat(morceaux[2])))
            ajoutes += 1
    session.flush()
    return ajoutes


def _lignes(chemin: Path) -> list[str]:
    return chemin.read_text(encoding="utf-8").splitlines() if chemin.exists() else []
