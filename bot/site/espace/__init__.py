"""The counsellors' workspace: `app` includes `routeur`. Everything under /espace goes through one guard (`acces`), one table of rights (`droits`).

To add pages, write `bot/site/espace/<sujet>.py` with its own router, add it to the tuple below, and one line a route in `droits.DROITS`:

    # droits.py        "assure": Droit(TERRAIN, "lire le dossier d'un assuré", acte="dossier.lu", objet="assure"),
    #                  "agenda": Droit(TERRAIN, "voir l'agenda", menu="Agenda"),

    routeur = routeur_espace()                                        # from bot.site.espace.acces

    @routeur.get("/espace/assures/{assure_id}", name="assure")        # the name is the key of DROITS
    def lire(request: Request, assure_id: int, acteur: Acteur = Depends(exiger())) -> Response:
        contexte = request.app.state.contexte
        with contexte.sessions() as s:                                # a write transaction: the audit line goes with the reading
            trouve = de_la_caisse(s, Assure, assure_id, acteur.caisse_code)   # unknown or another caisse's: INTROUVABLE (contacts.isolement)
            noter_acces(request, s, assure_id)                        # acte and objet come from DROITS
            return rendre(request, "espace/assure.html", assure=trouve)

    @routeur.post("/espace/assures/{assure_id}/note", name="assure.note")
    def noter(request: Request, assure_id: int, acteur: Acteur = Depends(exiger()), saisie: Saisie = Depends(saisie)) -> Response:
        with request.app.state.contexte.sessions() as s: ...          # saisie.un("texte"), saisie.tous("domaines")
        return retour("assure", fait="note_gardee", assure_id=assure_id)     # FAITS["note_gardee"] = "La note est gardée."

- The guard has run before the route: session, step (code, password, telephone), CSRF token, right. A refusal is raised (`raise MonRefus`), and shown.
- Each `<form method="post">` starts with `{{ csrf }}`; a script sends the header `X-CSRF`, read from an attribute
  that the page gives it (`data-csrf="{{ jeton_csrf }}"`). A POST without either never reaches the route.
- No GET writes anything but its audit line. `def`, not `async def`: the database blocks.
- Templates: `templates/espace/<page>.html` extends "espace/base.html" (blocks titre, contenu, tete); `champ`, `cases`, `resume` in "_morceaux.html";
  wrong input: `rendre(request, gabarit, 422, erreurs={"id-du-champ": "Phrase."}, …)` with what was typed.
- A card on the home page: `accueil.CARTES.append(ma_carte)`. History and audit take `acteur.auteur` / `acteur.acteur`, `acteur.role`.
- Tests: the fixture `espace` and `espace.connecte("claire.fontaine")` of tests/site/espace.py; an example of each route with parameters or a form
  in EXEMPLES of tests/site/test_espace_droits.py, which walks every role through every route.
- Times of the day: `acteur.fuseau` is the caisse's zone. Objects that depart with a person: `bot.contacts.comptes.EMPECHEMENTS`.
"""
from fastapi import APIRouter

from bot.site.espace import (
    accueil,
    agenda,
    bilan,
    campagne,
    compte,
    connexion,
    courriers,
    dossier,
    enquete,
    equipe,
    fermetures,
    kit,
    relais,
    relecture,
    rencontres,
    rendez_vous,
    trame,
    usage,
)

routeur = APIRouter()
for _module in (connexion, accueil, compte, equipe, enquete, campagne, courriers, kit,
                agenda, fermetures, rendez_vous, trame, dossier, rencontres, relais, bilan, relecture, usage):
    routeur.include_router(_module.routeur)
