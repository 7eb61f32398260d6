"""Letters of an action: prepare a batch, take its pages, say that it left, enter the mail that came back, see where all stand.
Who gets one and what it says belong to bot.campagnes."""
import csv
import io
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Callable, Mapping, Optional, Sequence

from fastapi import Depends, Request
from fastapi.responses import Response
from sqlalchemy.orm import Session

from bot.campagnes import courriers, modeles, pages, suivi
from bot.campagnes.modeles import Lettre
from bot.contacts.caisses import caisse as lire_caisse
from bot.contacts.isolement import Introuvable
from bot.contacts.refus import Refus
from bot.contacts.tables import Action, Caisse
from bot.site.espace.acces import Acteur, Saisie, cle, exiger, noter_acces, routeur_espace, saisie
from bot.site.espace.campagne import ETATS_COURRIER, action_de, fichier
from bot.site.espace.gabarits import FAITS, rendre, retour

routeur = routeur_espace()
FAITS.update(lot_prepare="Le lot est prêt : prenez ses lettres, imprimez-les, puis dites quand elles sont parties.",
             lot_parti="C'est noté : les lettres de ce lot sont parties.")
# Letters laid out for one download: about eight seconds of one core. A longer batch is taken in parts.
PAR_FICHIER = 100
REFERENCES_MAX = 300
ETATS_LETTRE = {"prepare": "préparée", "en_cours": "envoi incertain", "envoye": "partie", "retourne": "revenue", "echec": "refusée"}
GENRES = {"pdf": "application/pdf", "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document"}
_ECRIRE: Mapping[str, Callable[..., Any]] = {"pdf": pages.ecrire_pdf, "docx": pages.ecrire_docx}


class ReferencesManquantes(Refus):
    code, statut = "REFERENCES_MANQUANTES", 422
    message = "Recopiez la référence imprimée sur chaque pli revenu, une par ligne : par exemple EIG-2011-1-25."


class TropDeReferences(Refus):
    code, statut = "TROP_DE_REFERENCES", 422
    message = f"Entrez au plus {REFERENCES_MAX} références à la fois : la liste peut être reprise en plusieurs fois sans rien noter deux fois."


class SansLettre(Refus):
    code, statut = "SANS_LETTRE", 404
    message = "Ce lot n'a pas de lettre à imprimer à cet endroit. Revenez à la liste des lots."


@routeur.get("/espace/campagne/{annee}/{code}/courriers", name="courriers")
def voir(request: Request, annee: int, code: str, acteur: Acteur = Depends(exiger())) -> Response:
    """The batches of an action, and what can be done with each."""
    with request.app.state.contexte.sessions.lecture() as s:
        return _page(request, s, action_de(s, annee, code, acteur))


def _page(request: Request, s: Session, action: Action, statut: int = 200, erreurs: Optional[Mapping[str, str]] = None, **valeurs: Any) -> Response:
    ecrite = action.cible.genre in ("entretien", "courrier") and _a_un_modele(action)
    return rendre(request, "espace/courriers.html", statut, erreurs=erreurs, action=action, ecrite=ecrite, lots=suivi.lots(s, action),
                  tires=bool(suivi.tirages(s, action)), etats=ETATS_COURRIER, etats_lettre=ETATS_LETTRE,
                  comptes=courriers.comptes(s, action), par_fichier=PAR_FICHIER,
                  retours=valeurs.pop("retours", None), references=valeurs.pop("references", ""), **valeurs)


def _a_un_modele(action: Action) -> bool:
    return any(action.cible.code in m.actions for m in modeles.modeles().values())


@routeur.post("/espace/campagne/{annee}/{code}/courriers", name="courriers.preparer")
def preparer(request: Request, annee: int, code: str, acteur: Acteur = Depends(exiger())) -> Response:
    """Record a batch for those who have no letter yet. Sent twice, the second finds nobody left and says so."""
    contexte = request.app.state.contexte
    with contexte.sessions() as s:
        action = action_de(s, annee, code, acteur)
        lot = courriers.preparer(s, action, contexte.horloge.maintenant(), cle(request))
        noter_acces(request, s, lot.id)
    return retour("courriers", fait="lot_prepare", annee=annee, code=code)


@routeur.get("/espace/lots/{lot_id}/lettres.{forme}", name="courriers.lettres")
def lettres(request: Request, lot_id: int, forme: str, acteur: Acteur = Depends(exiger()), de: int = 1) -> Response:
    """The paper letters of a batch from number `de`, PAR_FICHIER of them, as PDF or DOCX: always the same ones."""
    if forme not in GENRES or de < 1:
        raise Introuvable
    sessions = request.app.state.contexte.sessions
    with sessions.lecture() as s:  # merging a long batch takes a second: nobody should wait to write meanwhile
        lot, action = suivi.lot_de(s, lot_id, acteur.caisse_code)
        papier = (p.lettre for p in courriers.plis(s, lot, cle(request)) if p.envoi.canal == "courrier")
        ecrites = list(islice(papier, de - 1, de - 1 + PAR_FICHIER))
        caisse, jour = lire_caisse(s, acteur.caisse_code), lot.prepare_le.date()
    if not ecrites:
        raise SansLettre
    with sessions() as s:
        noter_acces(request, s, lot_id)
    contenu = _ecrire(forme, ecrites, caisse, jour)
    return fichier(contenu, GENRES[forme], f"{action.code}-{action.annee}-lot{lot.numero}-{de}.{forme}")


def _ecrire(forme: str, ecrites: Sequence[Lettre], caisse: Caisse, jour: Any) -> bytes:
    with TemporaryDirectory() as dossier:
        chemin = Path(dossier) / f"lettres.{forme}"
        _ECRIRE[forme](ecrites, caisse, jour, chemin)
        return chemin.read_bytes()


@routeur.get("/espace/lots/{lot_id}/liste.csv", name="courriers.liste")
def liste(request: Request, lot_id: int, acteur: Acteur = Depends(exiger())) -> Response:
    """The list of a batch: references and the caisse's own numbers, no name."""
    sessions = request.app.state.contexte.sessions
    with sessions.lecture() as s:
        lot, action = suivi.lot_de(s, lot_id, acteur.caisse_code)
        sortie = io.StringIO()
        courriers.ecrire_liste(sortie, courriers.plis(s, lot, cle(request)))
    with sessions() as s:
        noter_acces(request, s, lot_id)
    return fichier("\ufeff" + sortie.getvalue(), "text/csv; charset=utf-8", f"{action.code}-{action.annee}-lot{lot.numero}.csv")


@routeur.post("/espace/lots/{lot_id}/parti", name="courriers.partis")
def partis(request: Request, lot_id: int, acteur: Acteur = Depends(exiger())) -> Response:
    """The paper letters of a batch have left; said twice, nothing changes."""
    contexte = request.app.state.contexte
    with contexte.sessions() as s:
        lot, action = suivi.lot_de(s, lot_id, acteur.caisse_code)
        courriers.marquer_imprimes(s, lot, contexte.horloge.maintenant())
        noter_acces(request, s, lot_id)
    return retour("courriers", fait="lot_parti", annee=action.annee, code=action.code)


@routeur.post("/espace/campagne/{annee}/{code}/retours", name="courriers.retours")
def noter_retours(request: Request, annee: int, code: str, acteur: Acteur = Depends(exiger()), saisie: Saisie = Depends(saisie)) -> Response:
    """Letters that came back, by their printed references; what is not one of ours is handed back to be read again."""
    contexte, brut = request.app.state.contexte, saisie.brut("references")
    references = list(dict.fromkeys(r.strip() for ligne in brut.splitlines() for r in next(csv.reader([ligne], delimiter=";"), []) if r.strip()))
    with contexte.sessions() as s:
        action = action_de(s, annee, code, acteur)
        if not references or len(references) > REFERENCES_MAX:
            refus = TropDeReferences if references else ReferencesManquantes
            return _page(request, s, action, refus.statut, {"references": refus.message}, references=brut)
        notes = courriers.noter_retours(s, acteur.caisse_code, references, contexte.horloge.maintenant())
        noter_acces(request, s, action.id)
        s.flush()
        return _page(request, s, action, retours=notes, references="\n".join(notes.inconnues))
