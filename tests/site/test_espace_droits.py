"""Role × route: every route of the workspace is declared, and opens exactly to whom the table says."""
from html.parser import HTMLParser

import pytest
from sqlalchemy import func, select

from bot.contacts import comptes
from bot.contacts.comptes_demo import PERSONNES_DEMO
from bot.contacts.tables import Audit
from bot.contacts.tables.caisse import NIVEAUX
from bot.site.espace.acces import RouteEspace, routeur_espace
from bot.site.espace.droits import DROITS, OUVERTE, VISITEUR, Droit, autoriser, expliquer

# What a route of the table is asked with: {name: (parameters, form)}; a person is named by her identifier.
# A module that adds routes adds its line; without one, « allowed » is proved by the guard only (any answer but its own refusals).
EXEMPLES: dict[str, tuple[dict, dict]] = {
    "equipe.roles": ({"conseiller_id": "paul.vallon"}, {"roles": ["conseiller", "secretariat"]}),
    **{f"equipe.{acte}": ({"conseiller_id": "paul.vallon"}, {}) for acte in ("mot_de_passe", "double", "desactiver", "reactiver")},
}
PERSONNES = {p.niveaux[0]: p for p in reversed(PERSONNES_DEMO) if p.caisse_code != "demo-reunion"}
OUVERTES = [nom for nom, droit in DROITS.items() if OUVERTE in droit.etapes and VISITEUR not in droit.etapes]


def routes(conteneur):
    """Every route of an application, at any depth of routers."""
    for route in conteneur.routes:
        interieur = getattr(route, "original_router", None)
        yield from routes(interieur) if interieur is not None else [route]


def de_lespace(app):
    return [r for r in routes(app) if getattr(r, "path", "").startswith("/espace")]


def test_chaque_route_de_lespace_passe_par_la_garde_et_par_la_table(espace):
    trouvees = de_lespace(espace.app)
    assert len(trouvees) >= 20
    assert [r.path for r in trouvees if not isinstance(r, RouteEspace)] == [], "une route de l'espace sans garde"
    assert [r.name for r in trouvees if r.name not in DROITS] == [], "une route absente de droits.DROITS"
    noms = [r.name for r in trouvees]
    assert len(noms) == len(set(noms)), "deux routes de l'espace portent le même nom"


def test_chaque_ligne_de_la_table_est_une_route_et_une_phrase(espace):
    assert set(DROITS) - {r.name for r in de_lespace(espace.app)} == set()
    for nom in DROITS:
        assert expliquer(nom)[0].isupper() and expliquer(nom).endswith(".")
    assert expliquer("equipe") == "Voir les comptes de la caisse : réservé aux responsables et aux administrateurs."


def test_une_route_oubliee_dans_la_table_nouvre_a_personne(espace):
    routeur = routeur_espace()

    @routeur.get("/espace/oubliee", name="oubliee")
    def oubliee():
        return {"secret": True}
    espace.app.include_router(routeur)
    try:
        for identifiant in ("marc.colline", "hugo.falaise"):
            assert espace.connecte(identifiant).get("/espace/oubliee").status_code == 404
        with pytest.raises(AssertionError, match=r"absente de droits"):
            test_chaque_route_de_lespace_passe_par_la_garde_et_par_la_table(espace)
    finally:
        espace.app.router.routes.pop()


def parametres(espace, nom):
    """The parameters and the form of the example of a route."""
    donnes, champs = EXEMPLES.get(nom, ({}, {}))
    with espace.sessions.lecture() as s:
        return {n: comptes.par_identifiant(s, v).conseiller_id if n == "conseiller_id" else v for n, v in donnes.items()}, champs


def appeler(navigateur, route, parametres, champs, json=False):
    adresse = route.path
    for nom in route.param_convertors:
        adresse = adresse.replace("{" + nom + "}", str(parametres.get(nom, 999_999)))
    entetes = {"accept": "application/json"} if json else {}
    if "GET" in route.methods:
        return navigateur.client.get(adresse, follow_redirects=False, headers=entetes)
    return navigateur.client.post(adresse, data={"csrf": navigateur.csrf, **champs}, follow_redirects=False, headers=entetes)


def nombre_daudits(espace):
    with espace.sessions.lecture() as s:
        return s.scalar(select(func.count()).select_from(Audit))


@pytest.mark.parametrize("niveau", NIVEAUX)
def test_chaque_niveau_prend_ses_routes_et_nulle_autre(espace, niveau, monkeypatch):
    """Refused: 404 INTROUVABLE and one line of audit. Allowed: the guard lets through, and the route answers."""
    personne, vues = PERSONNES[niveau], []
    monkeypatch.setattr("bot.site.espace.acces.autoriser", lambda route, niveaux: vues.append(route) or autoriser(route, niveaux))
    par_nom = {r.name: r for r in de_lespace(espace.app)}
    for nom in OUVERTES:
        with espace.sessions() as s:
            siens = comptes.niveaux(s, comptes.par_identifiant(s, personne.identifiant).conseiller)
        permis = not frozenset(DROITS[nom].niveaux).isdisjoint(siens)
        avant, vues[:] = nombre_daudits(espace), []
        reponse = appeler(espace.connecte(personne.identifiant), par_nom[nom], *parametres(espace, nom), json=True)
        assert vues[:1] == [nom], "la garde a été consultée"
        if permis:
            attendus = {200, 303} if nom in EXEMPLES or ("GET" in par_nom[nom].methods and not par_nom[nom].param_convertors) else {200, 303, 404, 409, 422}
            assert reponse.status_code in attendus, (niveau, nom, reponse.status_code, reponse.text[:300])
        else:
            assert (reponse.status_code, reponse.json()["error"]["code"]) == (404, "INTROUVABLE"), (niveau, nom)
            assert nombre_daudits(espace) == avant + 1


def test_chaque_formulaire_sans_jeton_est_refuse_par_403(espace):
    marc, vus = espace.connecte("marc.colline"), 0
    for route in de_lespace(espace.app):
        if "GET" in route.methods:
            continue
        vus += 1
        chemin = route.path
        for nom in route.param_convertors:
            chemin = chemin.replace("{" + nom + "}", "1")
        for champs in ({}, {"csrf": "0" * 64}):
            reponse = marc.client.request(next(iter(route.methods)), chemin, data=champs, headers={"accept": "application/json"})
            assert (reponse.status_code, reponse.json()["error"]["code"]) == (403, "JETON_REFUSE"), route.name
    assert vus >= 12


def test_sans_connexion_rien_ne_souvre(espace):
    visiteur = espace.visiteur()
    visiteur.get("/espace/connexion")
    for route in de_lespace(espace.app):
        if VISITEUR in DROITS[route.name].etapes:
            continue
        reponse = appeler(visiteur, route, {}, {}, json=True)
        assert (reponse.status_code, reponse.json()["error"]["code"]) == (401, "NON_CONNECTE"), route.name


def test_interdit_et_inconnu_se_ressemblent_mot_pour_mot(espace):
    marc, claire = espace.connecte("marc.colline"), espace.connecte("claire.fontaine")
    def page(navigateur, numero):
        reponse = navigateur.post(f"/espace/equipe/{numero}/desactivation")
        return reponse.status_code, reponse.text[reponse.text.index("<main"):reponse.text.index("</main>")]
    with espace.sessions.lecture() as s:
        rose = comptes.par_identifiant(s, "rose.lagon").conseiller_id
        hugo = comptes.par_identifiant(s, "hugo.falaise").conseiller_id
    assert page(marc, 999_999) == page(marc, rose) == page(marc, hugo) == page(claire, 1)
    assert page(marc, 999_999)[0] == 404


def test_une_route_qui_declare_un_acte_laisse_exactement_une_ligne(espace, monkeypatch):
    """With a route that notes its reading itself, and with one that forgets to."""
    from fastapi import Request

    from bot.site.espace.acces import noter_acces
    routeur = routeur_espace()

    @routeur.get("/espace/essai/{assure_id}", name="essai.note")
    def note(request: Request, assure_id: int):
        with request.app.state.contexte.sessions() as s:
            noter_acces(request, s, assure_id)
        return {}

    @routeur.get("/espace/essai-oublieux/{assure_id}", name="essai.oublieux")
    def oublieux(assure_id: int):
        return {}
    for nom in ("essai.note", "essai.oublieux"):
        monkeypatch.setitem(DROITS, nom, Droit({"conseiller"}, "essayer", acte="dossier.lu", objet="assure"))
    espace.app.include_router(routeur)
    try:
        for chemin in ("/espace/essai/12", "/espace/essai-oublieux/12"):
            avant = nombre_daudits(espace)
            assert espace.connecte("claire.fontaine").get(chemin).status_code == 200
            assert nombre_daudits(espace) == avant + 1
            with espace.sessions.lecture() as s:
                derniere = s.scalars(select(Audit).order_by(Audit.id.desc())).first()
                assert (derniere.acte, derniere.objet, derniere.objet_id, derniere.role, derniere.caisse_code) == (
                    "dossier.lu", "assure", "12", "conseiller", "demo-aquitaine")
    finally:
        espace.app.router.routes.pop()


def test_chaque_page_de_lespace_reste_hors_des_caches_et_des_cadres(espace):
    marc = espace.connecte("marc.colline")
    for route in de_lespace(espace.app):
        if "GET" in route.methods and not route.param_convertors:
            entetes = marc.get(route.path).headers
            assert entetes["cache-control"] == "no-store" and "frame-ancestors 'none'" in entetes["content-security-policy"], route.path


class Lecture(HTMLParser):
    """What a page is made of: identifiers, headings, fields and what names them."""

    def __init__(self, page: str):
        super().__init__()
        self.ids, self.titres, self.champs, self.libelles, self.dans_label = [], [], [], set(), 0
        self.feed(page)

    def handle_starttag(self, balise, attributs):
        a = dict(attributs)
        if "id" in a:
            self.ids.append(a["id"])
        if balise in ("h1", "h2", "h3"):
            self.titres.append(balise)
        if balise == "label":
            self.libelles.add(a.get("for"))
            self.dans_label += "for" not in a
        if balise in ("input", "select", "textarea") and a.get("type") != "hidden":
            self.champs.append((a.get("id") or a.get("name"), bool(self.dans_label or "aria-label" in a)))

    def handle_endtag(self, balise):
        self.dans_label = 0 if balise == "label" else self.dans_label


def test_chaque_page_a_un_titre_des_identifiants_uniques_et_des_champs_nommes(espace):
    marc, visiteur = espace.connecte("marc.colline"), espace.visiteur()
    marc.post("/espace/compte/double-authentification")
    lues = {r.path: marc.get(r.path) for r in de_lespace(espace.app) if "GET" in r.methods and not r.param_convertors}
    pages = {ou: p.text for ou, p in lues.items() if p.headers["content-type"].startswith("text/html")}
    pages |= {"connexion": visiteur.get("/espace/connexion").text, "erreur": visiteur.entrer("x", "y").text, "refus": marc.get("/espace/nulle-part").text,
              "équipe en erreur": marc.post("/espace/equipe", prenom="", nom="", identifiant="").text}
    for ou, page in pages.items():
        lue = Lecture(page)
        assert lue.titres.count("h1") == 1 and lue.titres[0] == "h1", ou
        assert len(lue.ids) == len(set(lue.ids)), ou
        assert [c for c, nomme in lue.champs if not nomme and c not in lue.libelles] == [], ou
        assert '<html lang="fr">' in page and "<title>" in page and 'id="contenu"' in page
