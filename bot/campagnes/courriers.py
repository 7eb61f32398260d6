"""Letters of an action: a batch recorded before it leaves, its pages, its e-mails, its list, and the mail that came back.

Run again, a batch gives the same letters to the same people and sends nothing twice. Whom to write to is `tirage` (or the whole target of a letter
action); the words are `modeles`; the pages are `pages`; the mail server is given by the caller.
"""
import csv
import hashlib
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Iterable, Iterator, Mapping, Optional, Sequence
from zoneinfo import ZoneInfo

from sqlalchemy import func, select, true, update
from sqlalchemy.orm import Session

from bot.campagnes import modeles
from bot.campagnes.kit import versions_en_vigueur
from bot.campagnes.modeles import Lettre, Modele
from bot.contacts import codes, contacts
from bot.contacts.historique import noter
from bot.contacts.refus import Refus
from bot.contacts.tables import Action, Assure, Caisse, CodeOuverture, Contact, Envoi, Invite, Lot, OutilVersion, Tirage
from bot.texte.typographie import date_longue

VALIDITE_CODE = timedelta(days=180)
CIVILITES = {"M": "Monsieur", "MME": "Madame", "MLLE": "Madame"}


class RienAEnvoyer(Refus):
    code, statut = "RIEN_A_ENVOYER", 409
    message = "Personne à qui écrire : faites d'abord un tirage, ou toutes les personnes retenues ont déjà leur courrier."


@dataclass(frozen=True)
class Pli:
    """One letter of a batch with whom it goes to. `complet`: the postal address can be written on an envelope."""

    envoi: Envoi
    assure: Assure
    lettre: Lettre
    complet: bool


def code_ouverture(cle: bytes, envoi_id: int) -> str:
    """The code printed in the letter of an envoi: always the same, so that a batch can be printed again; only its hash is stored."""
    return codes.deriver(cle, codes.USAGE_OUVERTURE, f"envoi:{envoi_id}")


# -- recording ------------------------------------------------------------------------------------------------------------------------------


def preparer(session: Session, action: Action, maintenant: datetime, cle: bytes) -> Lot:
    """Record a batch for the people of the action who have no letter yet: one envoi each, its channel, its opening code (hash).

    An interview action writes to the people drawn; a letter action to its whole target, opt-outs included: the affiliation letter is due to
    everyone (R36). Raises RienAEnvoyer, ModeleInconnu.
    """
    version = _version(session, action, maintenant)
    nom, modele = modeles.modele_de(action.cible.code, version.contenu if version else None)
    destinataires = list(session.scalars(_destinataires(session, action)))
    if not destinataires:
        raise RienAEnvoyer
    numero = (session.scalar(select(func.max(Lot.numero)).where(Lot.action_id == action.id)) or 0) + 1
    tirage = session.scalar(select(func.max(Tirage.id)).where(Tirage.action_id == action.id))
    lot = Lot(action_id=action.id, tirage_id=tirage, numero=numero, modele=nom, outil_version_id=version.id if version else None,
              etat="prepare", prepare_le=maintenant)
    session.add(lot)
    session.flush()
    envois = [Envoi(lot_id=lot.id, action_id=action.id, assure_id=a.id, relance=0, canal=a.canal, etat="prepare", essais=0, support=modele.support)
              for a in destinataires]
    session.add_all(envois)
    session.flush()
    if modele.code_ouverture:
        session.add_all(CodeOuverture(empreinte=codes.empreinte_ouverture(cle, code_ouverture(cle, e.id)), envoi_id=e.id, assure_id=e.assure_id,
                                      action_id=action.id, expire_le=maintenant + VALIDITE_CODE) for e in envois)
    noter(session, le=maintenant, acteur="systeme", commande="preparer", objet="lot", objet_id=lot.id, origine="commande",
          apres={"action": action.code, "envois": len(envois)})
    return lot


def _destinataires(session: Session, action: Action):
    """Who has no letter of this action yet, in the order of the draw, else of the caisse's numbers."""
    deja = select(Envoi.assure_id).where(Envoi.action_id == action.id)
    if action.cible.genre == "courrier":
        debut, fin = date(action.annee, 1, 1), date(action.annee, 12, 31)
        return (select(Assure).where(Assure.caisse_code == action.caisse_code, Assure.date_affiliation.between(debut, fin),
                                     Assure.statut.in_(("actif", "createur")), Assure.id.not_in(deja)).order_by(Assure.identifiant))
    return (select(Assure).join(Invite, Invite.assure_id == Assure.id).join(Tirage, Tirage.id == Invite.tirage_id)
            .where(Tirage.action_id == action.id, Assure.refus_contact.is_(False), Assure.id.not_in(deja)).order_by(Tirage.id, Invite.rang))


def _version(session: Session, action: Action, maintenant: datetime) -> Optional[OutilVersion]:
    """The version of the letter in force at the caisse: its own adaptation, else the national one (R54, R59); None for a letter out of the kit."""
    outil = next((m.outil for m in modeles.modeles().values() if action.cible.code in m.actions), "")
    fuseau = ZoneInfo(session.get_one(Caisse, action.caisse_code).fuseau)
    return versions_en_vigueur(session, action.caisse_code, maintenant.astimezone(fuseau).date()).get(outil)


def lots(session: Session, action: Action) -> Sequence[Lot]:
    """The batches of an action, oldest first."""
    return session.scalars(select(Lot).where(Lot.action_id == action.id).order_by(Lot.numero)).all()


# -- the letters of a batch -----------------------------------------------------------------------------------------------------------------


def plis(session: Session, lot: Lot, cle: bytes, seul: Optional[int] = None) -> Iterator[Pli]:
    """The letters of a batch, always the same ones in the same order; only that of one envoi when `seul` is given."""
    action = session.get_one(Action, lot.action_id)
    caisse = session.get_one(Caisse, action.caisse_code)
    version = session.get(OutilVersion, lot.outil_version_id) if lot.outil_version_id else None
    _, modele = modeles.modele_de(action.cible.code, version.contenu if version else None)
    rangees = session.execute(select(Envoi, Assure).join(Assure, Assure.id == Envoi.assure_id).where(Envoi.lot_id == lot.id)
                                .where(Envoi.id == seul if seul else true()).order_by(Envoi.id))
    for envoi, assure in rangees:
        yield _pli(envoi, assure, modele, action, caisse, lot, cle)


def _pli(envoi: Envoi, assure: Assure, modele: Modele, action: Action, caisse: Caisse, lot: Lot, cle: bytes) -> Pli:
    appel = CIVILITES.get((assure.civilite or "").upper().rstrip("."), "Madame, Monsieur")
    expire = (lot.prepare_le + VALIDITE_CODE).astimezone(ZoneInfo(caisse.fuseau)).date()
    valeurs = {"appel": appel, "nom_complet": f"{assure.prenom} {assure.nom}", "carriere": assure.carriere, "expire": date_longue(expire),
               "telephone": caisse.telephone, "horaires": caisse.horaires, "caisse": caisse.nom, "annee": str(action.annee)}
    nom = " ".join(p for p in (appel if appel in ("Monsieur", "Madame") else "", assure.prenom, assure.nom) if p)
    adresse = [nom, assure.complement or "", assure.adresse or "", f"{assure.code_postal or ''} {assure.ville or ''}".strip().upper()]
    code = _presenter(code_ouverture(cle, envoi.id)) if modele.code_ouverture else None
    lettre = modeles.fusionner(modele, valeurs, [ligne for ligne in adresse if ligne], _reference(action, lot, envoi), code)
    return Pli(envoi, assure, lettre, complet=bool(assure.adresse and assure.code_postal and assure.ville))


def _reference(action: Action, lot: Lot, envoi: Envoi) -> str:
    return f"{action.code}-{action.annee}-{lot.numero}-{envoi.id}"


def _presenter(code: str) -> str:
    return f"{code[:4]}-{code[4:]}"


LISTE = ("reference", "identifiant", "canal", "etat", "adresse_complete")


def ecrire_liste(sortie, plis_du_lot: Iterable[Pli]) -> int:
    """The batch's list as CSV (`;`): references and the caisse's numbers, no name. Returns how many addresses are incomplete."""
    ecrivain = csv.writer(sortie, delimiter=";", lineterminator="\n")
    ecrivain.writerow(LISTE)
    incompletes = 0
    for pli in plis_du_lot:
        sans_adresse = pli.envoi.canal == "courrier" and not pli.complet
        incompletes += sans_adresse
        ecrivain.writerow([pli.lettre.reference, pli.assure.identifiant, pli.envoi.canal, pli.envoi.etat, "non" if sans_adresse else "oui"])
    return incompletes


def marquer_imprimes(session: Session, lot: Lot, maintenant: datetime) -> int:
    """The pages of a batch are written: its paper letters have left. Run again, nothing changes."""
    envois = session.scalars(select(Envoi).where(Envoi.lot_id == lot.id, Envoi.canal == "courrier", Envoi.etat == "prepare")).all()
    for envoi in envois:
        _parti(session, envoi, maintenant)
    _clore(session, lot)
    return len(envois)


def _parti(session: Session, envoi: Envoi, maintenant: datetime) -> None:
    """A letter has left. Where the letter itself is the contact (créateurs, R36), that contact is recorded with it."""
    envoi.etat, envoi.parti_le = "envoye", maintenant
    session.flush()
    if session.get_one(Action, envoi.action_id).cible.genre == "courrier":
        contacts.enregistrer_courrier(session, envoi, maintenant)


def _clore(session: Session, lot: Lot) -> None:
    restent = session.scalar(select(func.count()).where(Envoi.lot_id == lot.id, Envoi.etat.in_(("prepare", "en_cours"))))
    lot.etat = "en_cours" if restent else "parti"


# -- e-mail ---------------------------------------------------------------------------------------------------------------------------------

ESSAIS_MAX = 3


def courriels_a_envoyer(session: Session, lot: Lot) -> list[int]:
    """Envois of a batch that leave by e-mail and have not been handed to the server."""
    return list(session.scalars(select(Envoi.id).where(Envoi.lot_id == lot.id, Envoi.canal == "courriel", Envoi.etat == "prepare",
                                                       Envoi.essais < ESSAIS_MAX).order_by(Envoi.id)))


def incertains(session: Session, lot: Lot) -> list[int]:
    """E-mails that were being handed over when the machine stopped: sent or not, nobody can tell. Never sent again by itself."""
    return list(session.scalars(select(Envoi.id).where(Envoi.lot_id == lot.id, Envoi.etat == "en_cours").order_by(Envoi.id)))


def reserver(session: Session, envoi_id: int) -> bool:
    """Take an e-mail before it is handed to the server; commit at once. False when another process has it."""
    return session.execute(update(Envoi).where(Envoi.id == envoi_id, Envoi.etat == "prepare")
                           .values(etat="en_cours", essais=Envoi.essais + 1).returning(Envoi.id)).first() is not None


def conclure(session: Session, envoi_id: int, maintenant: datetime, reussi: bool) -> None:
    """The server took it, or refused it: after three refusals the letter is an « echec » that a person must look at."""
    envoi = session.get_one(Envoi, envoi_id)
    if reussi:
        _parti(session, envoi, maintenant)
    else:
        envoi.etat = "echec" if envoi.essais >= ESSAIS_MAX else "prepare"
        session.flush()
    _clore(session, session.get_one(Lot, envoi.lot_id))


def reprendre_incertains(session: Session, lot: Lot, partis: bool, maintenant: datetime) -> int:
    """What a person decided of the uncertain e-mails, after a look at the mail server's log: they left, or they must be sent again."""
    envois = [session.get_one(Envoi, i) for i in incertains(session, lot)]
    for envoi in envois:
        if partis:
            _parti(session, envoi, maintenant)
        else:
            envoi.etat = "prepare"
    session.flush()
    _clore(session, lot)
    return len(envois)


def message_id(lot_id: int, envoi_id: int) -> str:
    """The same for the same letter whenever it leaves, so that a mail server can tell a copy."""
    return f"<{hashlib.sha256(f'{lot_id}:{envoi_id}'.encode()).hexdigest()[:24]}@courriers.conseil.invalid>"


def en_texte(lettre: Lettre) -> str:
    """A letter as the text of an e-mail."""
    parties = [*lettre.paragraphes]
    if lettre.code:
        parties += [f"Votre code : {lettre.code}", lettre.apres_code or ""]
    if lettre.a_apporter:
        parties.append("À apporter :\n" + "\n".join(f"- {a}" for a in lettre.a_apporter))
    return "\n\n".join([*parties, lettre.formule, lettre.signature, f"-- \n{lettre.mention}\nRéférence {lettre.reference}"]) + "\n"


# -- returned mail --------------------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Retours:
    """What a list of returned letters gave: entered now, already entered, references that are none of ours."""

    notes: int
    deja: int
    inconnues: Sequence[str]


def noter_retours(session: Session, caisse_code: str, references: Iterable[str], maintenant: datetime) -> Retours:
    """Enter letters that came back (« n'habite pas à l'adresse indiquée »), by the reference printed on them (R37). Safe to run twice."""
    notes, deja, inconnues = 0, 0, []
    for reference in references:
        envoi = _par_reference(session, caisse_code, reference.strip())
        if envoi is None:
            inconnues.append(reference.strip())
        elif envoi.etat == "retourne":
            deja += 1
        else:
            envoi.etat, envoi.retourne_le = "retourne", maintenant
            session.flush()
            recu = session.scalar(select(Contact).where(Contact.envoi_id == envoi.id))
            if recu is not None:
                contacts.constater(session, recu, "absent", maintenant)
            noter(session, le=maintenant, acteur="systeme", commande="retour", objet="envoi", objet_id=envoi.id, origine="commande")
            notes += 1
    return Retours(notes, deja, inconnues)


def _par_reference(session: Session, caisse_code: str, reference: str) -> Optional[Envoi]:
    morceaux = reference.rsplit("-", 1)
    if len(morceaux) != 2 or not morceaux[1].isdecimal():
        return None
    envoi = session.get(Envoi, int(morceaux[1]))
    if envoi is None:
        return None
    action, lot = session.get_one(Action, envoi.action_id), session.get_one(Lot, envoi.lot_id)
    return envoi if action.caisse_code == caisse_code and reference == _reference(action, lot, envoi) else None


def comptes(session: Session, action: Action) -> Mapping[str, int]:
    """How many letters of an action stand in each state."""
    return {etat: n for etat, n in session.execute(select(Envoi.etat, func.count()).where(Envoi.action_id == action.id).group_by(Envoi.etat))}
