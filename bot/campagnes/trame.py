"""The trame of one entretien: which one is in force for the caisse, which drawers this person opens, what is filled in, and what that amounts to.

The drawers themselves are data (bot.knowledge.trames); what the bilan counts is the contact (bot.contacts.contacts).
"""
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Mapping, Optional, Sequence

import yaml
from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from bot.campagnes.kit import versions_en_vigueur
from bot.campagnes.volumes import noms_de_professions
from bot.contacts.contacts import DomaineAborde, age
from bot.contacts.historique import noter
from bot.contacts.refus import Refus
from bot.contacts.tables import Action, Assure, Contact, ContactEffet, Entretien, OutilVersion, SaisieTrame
from bot.contacts.tables.contact import RAISONS_NON_ABORDE
from bot.knowledge.fiches import fiches
from bot.knowledge.lecture import ErreurConnaissance
from bot.knowledge.trames import Profil, Tiroir, Trame, defauts_de, tiroirs_ouverts, trame_de, trame_depuis
from bot.texte.normalisation import cle

# States kept of one trame: enough for a day of tabs opened and forgotten.
ETATS_MAX = 20
# Like the identity typed for a booking (bot.agenda.tournee): what is needed to finish the account, then no longer.
GARDE = timedelta(days=92)


class TrameModifiee(Refus):
    """Another page saved meanwhile. `version`: of what it saved."""

    code, statut = "TRAME_MODIFIEE", 409
    message = "Cette trame a été enregistrée entre-temps depuis une autre page. Rien n'est écrasé : comparez, puis choisissez."

    def __init__(self, version: int):
        super().__init__()
        self.version = version


@dataclass(frozen=True)
class TramePour:
    """A trame opened for one person. `outil`: the version of the kit it is, when the kit is installed; `adaptee`: the caisse's own text;
    `ecartee`: why its text could not serve, if it could not; `cible`: under which the entretien counts."""

    trame: Trame
    outil: Optional[OutilVersion]
    adaptee: bool
    ecartee: Optional[str]
    cible: Optional[str]
    profil: Profil
    ouverts: Sequence[Tiroir]

    @property
    def version(self) -> str:
        return self.outil.version if self.outil is not None and (self.adaptee or self.outil.caisse_code is None) else self.trame.version

    @property
    def a_portee(self) -> Sequence[Tiroir]:
        """The other drawers, in case the person leads there."""
        return [t for t in self.trame.tiroirs if t not in self.ouverts]

    @property
    def minutes(self) -> int:
        """The length advised for all that is open."""
        return sum(t.minutes for t in self.ouverts)


def trame_pour(session: Session, entretien: Entretien, jour: date) -> TramePour:
    """The trame for an entretien on a local day. Raises ErreurConnaissance when the knowledge base has none."""
    trame, outil, adaptee, ecartee = en_vigueur(session, entretien.caisse_code, jour)
    cible = _cible(session, entretien)
    assure = session.get(Assure, entretien.assure_id) if entretien.assure_id is not None else None
    profil = profil_de(session, assure, cible, jour)
    return TramePour(trame, outil, adaptee, ecartee, cible, profil, tiroirs_ouverts(trame, profil))


def en_vigueur(session: Session, caisse_code: str, jour: date) -> tuple[Trame, Optional[OutilVersion], bool, Optional[str]]:
    """The caisse's own trame when it has one that holds the rules, else the national one: (trame, kit version, adapted, why the own was set aside).

    What is asked of an adaptation is asked again here: nine domains (R46), no question of health (R47), sheets that exist."""
    outil = versions_en_vigueur(session, caisse_code, jour).get("trame")
    if outil is None or outil.contenu is None:
        return trame_de(jour), outil, False, None
    try:
        locale = trame_depuis(yaml.safe_load(outil.contenu), "l'adaptation de la caisse")
        for _, faute in defauts_de(locale, fiches(), {}):
            raise ErreurConnaissance(f"l'adaptation de la caisse : {faute}")
    except (ErreurConnaissance, yaml.YAMLError) as e:
        return trame_de(jour), outil, False, str(e) if isinstance(e, ErreurConnaissance) else "l'adaptation de la caisse ne se lit pas."
    return locale, outil, True, None


def _cible(session: Session, entretien: Entretien) -> Optional[str]:
    contact = session.get(Contact, entretien.contact_id) if entretien.contact_id is not None else None
    action = session.get(Action, contact.action_id) if contact is not None and contact.action_id is not None else None
    return action.cible.code if action is not None else None


def profil_de(session: Session, assure: Optional[Assure], cible: Optional[str], jour: date) -> Profil:
    """What opens drawers for a person: what the file says of her; nothing is guessed, and nothing of health exists."""
    if assure is None:
        return Profil(cible=cible)
    ici = {cle(n) for n in noms_de_professions(session, jour, jour)}
    frontiere = session.scalar(select(ContactEffet.effet).join(Contact, Contact.id == ContactEffet.contact_id).where(
        Contact.assure_id == assure.id, ContactEffet.effet == "transfrontalier_signale").limit(1))
    return Profil(cible=cible, statut=assure.statut, carriere=None if assure.carriere == "inconnue" else assure.carriere,
                  auto_entrepreneur=assure.auto_entrepreneur, profession_avec_risque=bool(assure.profession) and cle(assure.profession or "") in ici,
                  transfrontalier=frontiere is not None, age=age(assure.date_naissance, jour) if assure.date_naissance else None)


# -- filling in ----------------------------------------------------------------------------------------------------------------------------


def derniere(session: Session, entretien_id: int) -> Optional[SaisieTrame]:
    """What was saved last, by whichever page."""
    return session.scalar(select(SaisieTrame).where(SaisieTrame.entretien_id == entretien_id).order_by(SaisieTrame.rang.desc()).limit(1))


def garder(session: Session, entretien: Entretien, contenu: Mapping[str, Any], *, base: int, onglet: str, auteur_id: int, maintenant: datetime,
           trame_version: str) -> tuple[SaisieTrame, bool]:
    """Save what a page holds: (the state, whether it is a new one). `base`: the version the page started from (0: none); `onglet`: the page.

    A page that missed our answer may save again; another page's save is never overwritten: raises TrameModifiee."""
    session.refresh(entretien, with_for_update=True)
    avant = derniere(session, entretien.id)
    if avant is not None and avant.contenu == dict(contenu):
        return avant, False
    if avant is not None and avant.version != base and avant.onglet != onglet:
        raise TrameModifiee(avant.version)
    if avant is not None and avant.onglet == onglet:
        avant.version, avant.contenu, avant.le = avant.version + 1, dict(contenu), maintenant
        avant.auteur_id, avant.trame_version = auteur_id, trame_version
        session.flush()
        return avant, False
    rang, version = (avant.rang + 1, avant.version + 1) if avant is not None else (1, 1)
    neuve = SaisieTrame(entretien_id=entretien.id, rang=rang, version=version, onglet=onglet, auteur_id=auteur_id, le=maintenant,
                        trame_version=trame_version, contenu=dict(contenu))
    session.add(neuve)
    session.execute(delete(SaisieTrame).where(SaisieTrame.entretien_id == entretien.id, SaisieTrame.rang <= rang - ETATS_MAX))
    session.flush()
    noter(session, le=maintenant, acteur=f"conseiller:{auteur_id}", commande="trame.remplir", objet="saisie_trame", origine="espace",
          objet_id=f"{entretien.id}/{rang}", apres={"rang": rang, "version": version, "trame_version": trame_version})
    return neuve, True


def purger(session: Session, maintenant: datetime) -> int:
    """Forget the trames filled in more than three months ago: what counts is in the contact, what was decided in the compte rendu. How many."""
    return len(session.execute(delete(SaisieTrame).where(SaisieTrame.le < maintenant - GARDE).returning(SaisieTrame.rang)).all())


# -- what it amounts to --------------------------------------------------------------------------------------------------------------------


def lire_profondeur(valeur: str) -> Optional[tuple[int, Optional[str]]]:
    """« 2 » or « 0:sans_objet » as (depth, reason); None when nothing was said or it is none of these."""
    profondeur, _, raison = valeur.partition(":")
    if profondeur in ("1", "2", "3") and not raison:
        return int(profondeur), None
    return (0, raison) if profondeur == "0" and raison in RAISONS_NON_ABORDE else None


def domaines_de(trame: Trame, contenu: Mapping[str, Any]) -> dict[str, DomaineAborde]:
    """The domains of the bilan from the drawers filled in: the deepest of a domain counts; unsaid domains are left out (R46)."""
    dits: dict[str, DomaineAborde] = {}
    for t in trame.tiroirs:
        lu = lire_profondeur(str((contenu.get("tiroirs", {}).get(t.code) or {}).get("p", "")))
        if lu is None:
            continue
        profondeur, raison = lu
        avant = dits.get(t.domaine)
        if avant is None or profondeur > avant.profondeur:
            dits[t.domaine] = DomaineAborde(profondeur, profondeur > 0 and t.niveau == "personnalise", raison)
    return dits


def minutes_de(contenu: Mapping[str, Any]) -> int:
    """Minutes written down drawer by drawer."""
    return sum(t.get("m") or 0 for t in contenu.get("tiroirs", {}).values())
