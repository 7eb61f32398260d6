"""The survey of a caisse, week by week: frames frozen and drawn every four weeks, invitations, answers at once and after the reminder, sheets."""
from datetime import datetime, timedelta
from typing import Mapping, Union

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.contacts.tables import InvitationEnquete, Releve, Rencontre, Vague
from bot.enquete import cadre, invitations, reponses, vagues
from bot.enquete.refus import CodeExpire, DejaRepondu
from bot.enquete.reponses import Acces
from bot.simulation.decor import Decor
from bot.simulation.plan import Plan

CYCLE = 4
COMMENTAIRES = ("Entretien clair et utile, merci.", "Il faudrait des horaires plus larges.", "Le relevé de carrière est enfin complet.",
                "J'aurais aimé être prévenu plus tôt.", "Les documents sont un peu longs à lire.")
PETIT = 0.12  # the fraction of answers kept where almost nobody answers


def jouer(session: Session, plan: Plan, decor: Decor, rang: int, maintenant: datetime, cle: bytes) -> None:
    """The survey's part of one week, in the caller's transaction. Closing weeks and destroying links is the worker's, for all caisses at once."""
    _feuilles(session, plan, decor, maintenant, cle)
    pas = rang % CYCLE
    if pas == 0:
        decor.vives = []
        for vague in vagues.vagues(session, decor.code, plan.annee):
            if vague.etat == "ouverte" and cadre.tirer(session, vague, maintenant, cle) is not None:
                invitations.inviter(session, vague, maintenant + timedelta(hours=1))
                decor.vives.append(vague.id)
    elif pas in (1, 2):
        for vague in (session.get_one(Vague, v) for v in decor.vives):
            _repondre(session, plan, decor, vague, maintenant, plan.habitudes.sondage[pas - 1])
            if pas == 1:
                invitations.inviter(session, vague, maintenant + timedelta(hours=2), relance=True)


def _repondre(session: Session, plan: Plan, decor: Decor, vague: Vague, maintenant: datetime, part: float) -> None:
    """Some of those who were reached answer; a few leave it half done, a few refuse."""
    attendues = session.scalars(select(InvitationEnquete).join(Releve, Releve.id == InvitationEnquete.releve_id).where(
        Releve.vague_id == vague.id, Releve.comptes.is_(None), InvitationEnquete.etat.in_(("delivre", "relance")))
        .order_by(InvitationEnquete.unite_id)).all()
    part *= PETIT if decor.code == plan.petit_effectif else 1.0
    for invitation in attendues:
        if decor.hasard.random() >= part:
            continue
        try:
            acces = reponses.acces(session, invitation, maintenant)
        except CodeExpire:
            continue
        if decor.hasard.random() < 0.03:
            reponses.refuser(session, acces)
        else:
            _remplir(session, decor, acces, terminer=decor.hasard.random() < 0.9)


def _remplir(session: Session, decor: Decor, acces: Acces, terminer: bool = True) -> None:
    commentaire = COMMENTAIRES[int(decor.hasard.random() * len(COMMENTAIRES))] if terminer and decor.hasard.random() < 0.15 else ""
    reponses.repondre(session, acces, _codes(decor, acces, terminer), "chatbot" if decor.hasard.random() < 0.6 else "web", commentaire=commentaire,
                      terminer_apres=terminer)


def _codes(decor: Decor, acces: Acces, terminer: bool) -> Mapping[str, Union[str, list[str]]]:
    """Codes as people give them: mostly content, the first of the scale most of all; several where several may be given."""
    siens: dict[str, Union[str, list[str]]] = {}
    poses = [i for i in acces.items if not acces.echelle(i).texte]
    for item in poses if terminer else poses[:4]:
        echelle = acces.echelle(item)
        codes = list(echelle.codes)
        if echelle.multiple:
            seuls = [c for c in codes if c != echelle.exclusif]
            siens[item.id] = decor.hasard.sample(seuls, 1 + int(decor.hasard.random() * 3))
        else:
            siens[item.id] = codes[min(int(decor.hasard.expovariate(1.1)), len(codes) - 1)]
    return siens


def _feuilles(session: Session, plan: Plan, decor: Decor, maintenant: datetime, cle: bytes) -> None:
    """The sheets handed out at rencontres held since last week: two in five are filled there and then."""
    for rencontre_id in sorted(decor.feuilles):
        rencontre = session.get_one(Rencontre, rencontre_id)
        if rencontre.cloturee_le is None:
            continue
        for code in decor.feuilles.pop(rencontre_id)[:rencontre.participants or 0]:
            if decor.hasard.random() < 0.4 * (PETIT if decor.code == plan.petit_effectif else 1.0):
                try:
                    _remplir(session, decor, reponses.ouvrir(session, code, cle, maintenant))
                except (CodeExpire, DejaRepondu):
                    continue
