"""The kit: tools in force, versions, receipts by role, and the caisse's own words in the three tools that adapt, with a preview.
Rules of an adaptation are bot.campagnes.adaptation's."""
from typing import Any, Mapping, Optional

from fastapi import Depends, Request
from fastapi.responses import Response
from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from bot.campagnes import adaptation
from bot.campagnes.adaptation import AdaptationRefusee, Apercu, Partie
from bot.campagnes.kit import DESTINATAIRES, AdaptationVide, OutilNonAdaptable, accuser_reception, adapter, etat_kit, lire_kit, versions_en_vigueur
from bot.contacts.isolement import Introuvable
from bot.contacts.tables import Caisse, Outil, OutilVersion, Reception
from bot.site.espace.acces import Acteur, Saisie, exiger, routeur_espace, saisie
from bot.site.espace.gabarits import FAITS, rendre, retour

routeur = routeur_espace()
FAITS.update(reception_accusee="Votre accusé de réception est enregistré.",
             adaptation_gardee="Votre adaptation est gardée : elle sert dès maintenant à votre caisse.")


def _jour(request: Request) -> Any:
    return request.app.state.contexte.horloge.aujourdhui()


def _caisse(session: Session, acteur: Acteur) -> Optional[str]:
    """The caisse whose versions are shown; None for the national fund, which sees the national ones and all receipts."""
    return acteur.caisse_code if session.get_one(Caisse, acteur.caisse_code).genre == "regionale" else None


@routeur.get("/espace/kit", name="kit")
def kit(request: Request, acteur: Acteur = Depends(exiger())) -> Response:
    """The eight tools, their version in force, and the receipts that wait for this person."""
    with request.app.state.contexte.sessions.lecture() as s:
        caisse = _caisse(s, acteur)
        attendent = s.execute(select(Reception, OutilVersion, Outil).join(OutilVersion, OutilVersion.id == Reception.outil_version_id)
                              .join(Outil, Outil.code == OutilVersion.outil_code)
                              .where(Reception.caisse_code == acteur.caisse_code, Reception.accusee_le.is_(None),
                                     Reception.niveau.in_(sorted(acteur.niveaux))).order_by(OutilVersion.date.desc(), Outil.titre)).all()
        return rendre(request, "espace/kit.html", outils=etat_kit(s, _jour(request), caisse), attendent=attendent, mention=lire_kit().mention,
                      annexes=lire_kit().annexes, nationale=caisse is None)


@routeur.get("/espace/kit/{outil}", name="kit.outil")
def voir(request: Request, outil: str, acteur: Acteur = Depends(exiger())) -> Response:
    """One tool: its versions, who received them, and what the caisse may write of its own."""
    with request.app.state.contexte.sessions.lecture() as s:
        trouve = s.get(Outil, outil)
        if trouve is None:
            raise Introuvable
        caisse = _caisse(s, acteur)
        versions = s.scalars(select(OutilVersion).where(OutilVersion.outil_code == outil, or_(
            OutilVersion.caisse_code.is_(None), OutilVersion.caisse_code == acteur.caisse_code)).order_by(OutilVersion.id.desc())).all()
        receptions = s.scalars(select(Reception).where(Reception.caisse_code == acteur.caisse_code,
                                                       Reception.outil_version_id.in_([v.id for v in versions]))).all()
        vigueur = versions_en_vigueur(s, caisse, _jour(request)).get(outil)
        siennes = adaptation.parties(outil, vigueur.contenu if vigueur else None) if trouve.adaptable else []
        return rendre(request, "espace/kit_outil.html", outil=trouve, versions=versions, vigueur=vigueur, parties=siennes,
                      regionale=caisse is not None, recues={(r.outil_version_id, r.niveau): r for r in receptions}, destinataires=DESTINATAIRES,
                      verrou=OutilNonAdaptable.message)


@routeur.post("/espace/kit/versions/{version_id}/reception", name="kit.accuser")
def accuser(request: Request, version_id: int, acteur: Acteur = Depends(exiger()), saisie: Saisie = Depends(saisie)) -> Response:
    """Say, under one of one's own roles, that a version was received; the first time counts (R59)."""
    contexte = request.app.state.contexte
    with contexte.sessions() as s:
        accuser_reception(s, version_id, caisse_code=acteur.caisse_code, niveau=saisie.un("niveau"), conseiller_id=acteur.conseiller_id,
                          maintenant=contexte.horloge.maintenant())
    return retour("kit", fait="reception_accusee")


# -- adapting -------------------------------------------------------------------------------------------------------------------------------


@routeur.get("/espace/kit/{outil}/parties/{partie}", name="kit.partie")
def partie(request: Request, outil: str, partie: str, acteur: Acteur = Depends(exiger())) -> Response:
    """The form of one part, with how it reads now."""
    with request.app.state.contexte.sessions.lecture() as s:
        contenu = _contenu(request, s, outil, acteur)
        montree = adaptation.partie(outil, partie, contenu)
        return _page(request, s, outil, montree, adaptation.apercu(outil, partie, contenu, _de_la_caisse(s, acteur)))


def _contenu(request: Request, s: Session, outil: str, acteur: Acteur) -> Optional[str]:
    """The caisse's adaptation in force. Raises OutilNonAdaptable."""
    trouve = s.get(Outil, outil)
    if trouve is None:
        raise Introuvable
    if not trouve.adaptable:
        raise OutilNonAdaptable
    vigueur = versions_en_vigueur(s, acteur.caisse_code, _jour(request)).get(outil)
    return vigueur.contenu if vigueur else None


def _de_la_caisse(s: Session, acteur: Acteur) -> dict[str, str]:
    caisse = s.get_one(Caisse, acteur.caisse_code)
    return {"nom": caisse.nom, "telephone": caisse.telephone, "horaires": caisse.horaires}


def _page(request: Request, s: Session, outil: str, montree: Partie, apercu: Optional[Apercu], statut: int = 200,
          erreurs: Optional[Mapping[str, str]] = None, typees: Optional[Mapping[str, str]] = None, essai: bool = False) -> Response:
    valeurs = {c.nom: (typees or {}).get(c.nom, c.valeur) for c in montree.champs}
    return rendre(request, "espace/kit_partie.html", statut, erreurs=erreurs, outil=s.get_one(Outil, outil), partie=montree, valeurs=valeurs,
                  apercu=apercu, essai=essai, prise_en_main=(typees or {}).get("prise_en_main", ""))


@routeur.post("/espace/kit/{outil}/parties/{partie}/apercu", name="kit.apercu")
def voir_apercu(request: Request, outil: str, partie: str, acteur: Acteur = Depends(exiger()), saisie: Saisie = Depends(saisie)) -> Response:
    """How the part would read, or why it cannot be kept; nothing is written."""
    with request.app.state.contexte.sessions.lecture() as s:
        contenu, typees = _contenu(request, s, outil, acteur), _typees(saisie)
        montree = adaptation.partie(outil, partie, contenu)
        try:
            nouveau = adaptation.appliquer(outil, partie, typees, contenu)
        except (AdaptationRefusee, AdaptationVide) as refus:
            return _refuser(request, s, outil, montree, refus, typees)
        return _page(request, s, outil, montree, adaptation.apercu(outil, partie, nouveau, _de_la_caisse(s, acteur)), typees=typees, essai=True)


@routeur.post("/espace/kit/{outil}/parties/{partie}", name="kit.adapter")
def garder(request: Request, outil: str, partie: str, acteur: Acteur = Depends(exiger()), saisie: Saisie = Depends(saisie)) -> Response:
    """Keep the caisse's words as its next version. Read again in the same transaction: two people on two parts lose nothing."""
    contexte, typees = request.app.state.contexte, _typees(saisie)
    with contexte.sessions() as s:
        contenu = _contenu(request, s, outil, acteur)
        montree = adaptation.partie(outil, partie, contenu)
        try:
            nouveau = adaptation.appliquer(outil, partie, typees, contenu)
            adapter(s, caisse_code=acteur.caisse_code, outil_code=outil, contenu=nouveau, maintenant=contexte.horloge.maintenant(),
                    prise_en_main=(typees.get("prise_en_main") or f"« {montree.titre} » : texte de la caisse.")[:300], acteur=acteur.acteur)
        except (AdaptationRefusee, AdaptationVide) as refus:
            return _refuser(request, s, outil, montree, refus, typees)
    return retour("kit.outil", fait="adaptation_gardee", outil=outil)


def _typees(saisie: Saisie) -> dict[str, str]:
    return {nom: valeur.strip() for nom, valeur in saisie.paires if nom != "csrf"}


def _refuser(request: Request, s: Session, outil: str, montree: Partie, refus: "AdaptationRefusee | AdaptationVide",
             typees: Mapping[str, str]) -> Response:
    champ = refus.champ if isinstance(refus, AdaptationRefusee) else montree.champs[0].nom
    return _page(request, s, outil, montree, None, refus.statut, {champ: refus.message}, typees)
