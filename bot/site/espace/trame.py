"""The trame of an entretien on screen and on paper: its drawers, what is filled in, saved as it is written. Two pages never overwrite each other.
Which drawers and what is kept: bot.campagnes.trame; the compte rendu starts from it (`rendez_vous`)."""
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Mapping, Optional

from fastapi import Depends, Request
from fastapi.responses import JSONResponse, Response
from sqlalchemy.orm import Session

from bot.agenda.instants import en_lettres, heure_en_lettres, jour_local, local
from bot.agenda.journee import nom_de
from bot.agenda.motifs import documents
from bot.agenda.transactions import en_transaction
from bot.campagnes.trame import TrameModifiee, TramePour, derniere, garder, lire_profondeur, trame_pour
from bot.contacts.tables import Conseiller, Entretien, SaisieTrame
from bot.knowledge.fiches import fiches
from bot.knowledge.trames import Tiroir, Trame
from bot.site.espace import agenda_commun as commun
from bot.site.espace import bilan_contact
from bot.site.espace.acces import Acteur, Saisie, exiger, noter_acces, routeur_espace, saisie
from bot.site.espace.gabarits import FAITS, rendre, retour
from bot.site.espace.rendez_vous import charger
from bot.site.pages.gabarits import GABARITS, composer_page

routeur = routeur_espace()
FAITS["trame_gardee"] = "La trame est enregistrée."
PAPIER = Path(__file__).resolve().parents[1] / "static" / "espace-papier.css"
# What one may write, by kind of field: short notes, not a report.
LONGUEURS = {"attente": 600, "decisions": 1000, "note": 400}
MINUTES_MAX = 240


@dataclass
class Feuille:
    """A trame with its entretien, ready to be shown."""

    e: Entretien
    pour: TramePour
    nom: str
    quand: str
    duree: int
    derniere: Optional[SaisieTrame]
    par: str
    pieces: list[str]


def _feuille(session: Session, entretien_id: int, acteur: Acteur) -> Feuille:
    e = charger(session, entretien_id, acteur)
    pour = trame_pour(session, e, jour_local(e.debut, e.fuseau))
    etat = derniere(session, e.id)
    if pour.outil is not None:
        session.refresh(pour.outil)
    return Feuille(e, pour, nom_de(session, e), en_lettres(e.debut, e.fuseau, acteur.fuseau), int((e.fin - e.debut).total_seconds() // 60), etat,
                   commun.nommer(session.get(Conseiller, etat.auteur_id)) if etat is not None else "",
                   list(dict.fromkeys([*documents(e.motif), *(p for t in pour.ouverts for p in t.apporter)])))


# -- on screen -----------------------------------------------------------------------------------------------------------------------------


@routeur.get("/espace/entretiens/{entretien_id}/trame", name="entretien.trame")
def trame(request: Request, entretien_id: int, acteur: Acteur = Depends(exiger())) -> Response:
    """The drawers this person opens, the others at hand, and what was filled in so far."""
    return _page(request, acteur, entretien_id)


def _page(request: Request, acteur: Acteur, entretien_id: int, saisie: Optional[Saisie] = None, statut: int = 200,
          erreurs: Optional[Mapping[str, str]] = None, conflit: bool = False) -> Response:
    with request.app.state.contexte.sessions() as s:
        f = _feuille(s, entretien_id, acteur)
        noter_acces(request, s, entretien_id, acte="trame.lue", objet="entretien")
    version = f.derniere.version if f.derniere is not None else 0
    remplie = saisie or ecrire(f.derniere.contenu if f.derniere is not None else {})
    base = version if conflit or saisie is None else commun.lire_cle(saisie.un("version")) or 0
    return rendre(
        request, "espace/trame.html", statut, erreurs=erreurs, f=f, t=f.pour, saisie=remplie, version=base, conflit=conflit,
        ecarts=_ecarts(f.pour.trame, remplie, f.derniere) if conflit and f.derniere is not None else [],
        onglet=(saisie.un("onglet") if saisie is not None else "") or secrets.token_urlsafe(12), profondeurs=bilan_contact.profondeurs(),
        titres={n: fiche.question for n, fiche in fiches().items()}, longueurs=LONGUEURS,
        enregistree=_le(f, acteur) if f.derniere is not None else None, points_de=lambda d: [(str(n), p) for n, p in enumerate(d.points)],
        paires_de=lambda liste: [(x, x[:1].upper() + x[1:]) for x in liste])


def _le(f: Feuille, acteur: Acteur) -> str:
    assert f.derniere is not None
    quand = local(f.derniere.le, acteur.fuseau)
    return f"Enregistrée le {quand:%d/%m/%Y} à {heure_en_lettres(quand)}, par {f.par}."


@routeur.post("/espace/entretiens/{entretien_id}/trame", name="entretien.trame.garder")
def enregistrer(request: Request, entretien_id: int, acteur: Acteur = Depends(exiger()), saisie: Saisie = Depends(saisie)) -> Response:
    """Save what the page holds, by its script (JSON back) or by its button. What another page saved meanwhile stays: 409, both are shown."""
    maintenant, par_script = commun.maintenant(request), "text/html" not in request.headers.get("accept", "")

    def travail(s: Session) -> SaisieTrame:
        e = charger(s, entretien_id, acteur)
        pour = trame_pour(s, e, jour_local(e.debut, e.fuseau))
        etat, neuf = garder(s, e, lire(pour.trame, saisie), base=commun.lire_cle(saisie.un("version")) or 0,
                            onglet=saisie.un("onglet")[:40] or "sans", auteur_id=acteur.conseiller_id, maintenant=maintenant,
                            trame_version=pour.version)
        if neuf or not par_script:
            noter_acces(request, s, e.id, acte="trame.ecrite", objet="entretien")
        return etat
    try:
        etat = en_transaction(request.app.state.contexte.sessions, travail)
    except TrameModifiee as refus:
        if par_script:
            return JSONResponse({"error": {"code": refus.code, "message": refus.message}, "version": refus.version}, refus.statut)
        return _page(request, acteur, entretien_id, saisie, refus.statut, {"conflit": refus.message}, conflit=True)
    except commun.SaisieIllisible as refus:
        if par_script:
            raise
        return _page(request, acteur, entretien_id, saisie, refus.statut, {refus.champ: refus.message})
    if par_script:
        return JSONResponse({"version": etat.version, "heure": heure_en_lettres(local(etat.le, acteur.fuseau))})
    return retour("entretien.trame", fait="trame_gardee", entretien_id=entretien_id)


# -- form and content ----------------------------------------------------------------------------------------------------------------------


def lire(trame: Trame, saisie: Saisie) -> dict[str, Any]:
    """What the form says, drawer by drawer; blank drawers are left out. Raises SaisieIllisible, naming the field."""
    tiroirs = {}
    for t in trame.tiroirs:
        profondeur, minutes = saisie.un(f"p_{t.code}"), commun.lire_nombre(saisie.un(f"m_{t.code}"), f"m_{t.code}")
        if profondeur and lire_profondeur(profondeur) is None:
            raise commun.SaisieIllisible(f"p_{t.code}", "Choisissez la profondeur dans la liste.")
        if minutes is not None and minutes > MINUTES_MAX:
            raise commun.SaisieIllisible(f"m_{t.code}", "La durée d'un tiroir s'écrit en minutes, 240 au plus.")
        points = sorted({int(v) for v in saisie.tous(f"k_{t.code}") if v.isdecimal() and int(v) < len(t.points)})
        rempli = {"p": profondeur, "m": minutes, "k": points, "n": _texte(saisie, f"n_{t.code}", "note")}
        if any(v not in ("", None, []) for v in rempli.values()):
            tiroirs[t.code] = rempli
    return {"attente": _texte(saisie, "attente", "attente"), "decisions": _texte(saisie, "decisions", "decisions"), "tiroirs": tiroirs,
            "remis": [d[:160] for d in saisie.tous("remis") if d][:30]}


def _texte(saisie: Saisie, champ: str, genre: str) -> str:
    texte = saisie.un(champ)
    if len(texte) > LONGUEURS[genre]:
        raise commun.SaisieIllisible(champ, f"Ce texte dépasse {LONGUEURS[genre]} caractères. Gardez l'essentiel : ni santé ni jugement.")
    return texte


def ecrire(contenu: Mapping[str, Any]) -> Saisie:
    """What was kept, as the form shows it."""
    paires = [(n, str(contenu.get(n, ""))) for n in ("attente", "decisions")] + [("remis", d) for d in contenu.get("remis", [])]
    for code, rempli in contenu.get("tiroirs", {}).items():
        minutes = "" if rempli.get("m") is None else str(rempli["m"])
        paires += [(f"p_{code}", rempli.get("p", "")), (f"m_{code}", minutes), (f"n_{code}", rempli.get("n", ""))]
        paires += [(f"k_{code}", str(k)) for k in rempli.get("k", [])]
    return Saisie(tuple(paires))


def _ecarts(trame: Trame, mienne: Saisie, autre: SaisieTrame) -> list[tuple[str, str, str]]:
    """(where, mine, the other page's) for each field that differs."""
    sienne, noms = ecrire(autre.contenu), dict(bilan_contact.profondeurs())
    champs = [("attente", "Ce que la personne attend"), ("decisions", "Ce qui est décidé")]
    for t in trame.tiroirs:
        champs += [(f"p_{t.code}", f"{t.titre}, profondeur"), (f"m_{t.code}", f"{t.titre}, minutes"), (f"n_{t.code}", f"{t.titre}, note")]

    def dit(saisie: Saisie, champ: str) -> str:
        return noms.get(saisie.un(champ), "") if champ.startswith("p_") else saisie.un(champ)
    trouves = [(libelle, dit(mienne, c), dit(sienne, c)) for c, libelle in champs if mienne.un(c) != sienne.un(c)]
    for t in trame.tiroirs:
        if sorted(mienne.tous(f"k_{t.code}")) != sorted(sienne.tous(f"k_{t.code}")):
            trouves.append((f"{t.titre}, points abordés", str(len(mienne.tous(f"k_{t.code}"))), str(len(sienne.tous(f"k_{t.code}")))))
    return trouves


# -- on paper ------------------------------------------------------------------------------------------------------------------------------


@routeur.get("/espace/entretiens/{entretien_id}/trame/impression", name="entretien.trame.impression")
def impression(request: Request, entretien_id: int, acteur: Acteur = Depends(exiger())) -> Response:
    """The same on one sheet, to print from the browser."""
    return Response(_papier(request, acteur, entretien_id, ecran=True), media_type="text/html; charset=utf-8")


@routeur.get("/espace/entretiens/{entretien_id}/trame.pdf", name="entretien.trame.pdf")
def pdf(request: Request, entretien_id: int, acteur: Acteur = Depends(exiger())) -> Response:
    """The same as a file."""
    from weasyprint import CSS, HTML  # here: a second of every start that prints nothing

    contenu = HTML(string=_papier(request, acteur, entretien_id, ecran=False)).write_pdf(stylesheets=[CSS(filename=str(PAPIER))])
    return Response(contenu, media_type="application/pdf", headers={"Content-Disposition": f'attachment; filename="trame-{entretien_id}.pdf"'})


def _papier(request: Request, acteur: Acteur, entretien_id: int, ecran: bool) -> str:
    with request.app.state.contexte.sessions() as s:
        f = _feuille(s, entretien_id, acteur)
        noter_acces(request, s, entretien_id, acte="trame.imprimee", objet="entretien")
    contenu = f.derniere.contenu if f.derniere is not None else {}
    remplis: Mapping[str, Any] = contenu.get("tiroirs", {})
    noms = dict(bilan_contact.profondeurs())
    tiroirs = [(t, remplis.get(t.code, {}), noms.get(str(remplis.get(t.code, {}).get("p", "")), "")) for t in _sur_papier(f.pour, remplis)]
    return composer_page(GABARITS.get_template("espace/trame_papier.html").render(
        f=f, t=f.pour, tiroirs=tiroirs, contenu=contenu, acteur=acteur, ecran=ecran, demo=request.app.state.contexte.reglages.demo))


def _sur_papier(pour: TramePour, remplis: Mapping[str, Any]) -> list[Tiroir]:
    """The open drawers, and those that were opened on the way."""
    return [t for t in pour.trame.tiroirs if t in pour.ouverts or t.code in remplis]
