"""Booking for programs: what /openapi.json promises, the same rules and codes as the pages, one operation done once."""
from datetime import datetime, timedelta
from uuid import uuid4

import pytest
from icalendar import Calendar
from sqlalchemy import func, select

from bot.agenda import ics, rencontres
from bot.agenda.auteurs import SYSTEME
from bot.agenda.rencontres import DemandeRencontre
from bot.contacts.tables import AccesRdv, Entretien
from tests.site.rdv_aide import LUNDI, QUI, facade, guichet, modele_guichet  # noqa: F401  (fixtures)
from tests.unit.agenda_aide import MAINTENANT, a, ouvrir, quelqu_un, reserver


@pytest.fixture
def client(guichet):  # noqa: F811
    client = guichet.lecteur().client
    client.headers["accept"] = "application/json"
    return client


def creneaux(client, **filtre):
    return client.get("/api/creneaux", params={"motif": "conseil_social", **filtre}).json()["creneaux"]


def demande(client, rang=0, **autres):
    return {"operation_id": str(uuid4()), "creneau": creneaux(client)[rang]["id"], **QUI, **autres}


def erreur(reponse):
    return reponse.status_code, reponse.json()["error"]["code"]


def test_openapi_documente_toutes_les_routes_et_leurs_refus(client):
    schema = client.get("/openapi.json").json()
    attendues = {"/api/motifs": "get", "/api/creneaux": "get", "/api/entretiens": "post", "/api/entretiens/{code}/consultation": "post",
                 "/api/entretiens/{code}/deplacement": "post", "/api/entretiens/{code}/annulation": "post", "/api/rencontres": "get",
                 "/api/rencontres/{rencontre_id}/inscriptions": "post", "/api/inscriptions/{code}/consultation": "post",
                 "/api/inscriptions/{code}/reponse": "post", "/api/inscriptions/{code}/desistement": "post", "/agenda/{jeton}.ics": "get"}
    for chemin, methode in attendues.items():
        route = schema["paths"][chemin][methode]
        assert route["summary"] and (chemin == "/agenda/{jeton}.ics" or {"404", "409", "422", "429"} <= set(route["responses"]))
    assert not [c for c in schema["paths"] if c.startswith("/rendez-vous")]


def test_les_motifs_et_les_creneaux_portent_decalage_et_fuseau(client):
    motifs = client.get("/api/motifs").json()
    assert "conseil_social" in [m["code"] for m in motifs["motifs"]] and motifs["fuseau"] == "Europe/Paris"
    premier = creneaux(client)[0]
    assert (premier["debut"], premier["fuseau"]) == ("2011-09-19T09:00:00+02:00", "Europe/Paris")
    assert premier["quand"].replace("\u00a0", " ") == "lundi 19 septembre 2011 à 9 h 00"


def test_une_liste_vide_dit_pourquoi(client):
    vide = client.get("/api/creneaux", params={"motif": "conseil_social", "du": "2011-09-21", "au": "2011-09-23"}).json()
    assert vide == {"creneaux": [], "suite": False, "pourquoi_vide": {"existants": 0}}


def test_reserver_relire_deplacer_annuler(client, guichet):  # noqa: F811
    envoi = demande(client)
    pris = client.post("/api/entretiens", json=envoi)
    assert pris.status_code == 201 and pris.json()["possible"] == "libre" and pris.json()["deplacable_jusqu_a"] == "2011-09-18T09:00:00+02:00"
    code = pris.json()["code"]
    encore = client.post("/api/entretiens", json=envoi)
    assert (encore.status_code, encore.json()) == (200, pris.json())
    assert client.post(f"/api/entretiens/{code}/consultation", json={"nom": "exe"}).json() == pris.json()
    ailleurs = creneaux(client)[-1]
    for _ in range(2):
        deplace = client.post(f"/api/entretiens/{code}/deplacement", json={"nom": "exe", "creneau": ailleurs["id"]}).json()
        assert (deplace["code"], deplace["debut"]) == (code, ailleurs["debut"])
    for _ in range(2):
        annule = client.post(f"/api/entretiens/{code}/annulation", json={"nom": "exe", "raison": "empechement"}).json()
        assert (annule["etat"], annule["possible"]) == ("annule_assure", "rien")
    assert Calendar.from_ical(client.get(pris.json()["agenda"]).content)["method"] == "CANCEL"
    with guichet.sessions.lecture() as s:
        e = s.scalar(select(Entretien))
        assert (e.deplacements, e.origine) == (1, "page") and s.scalars(select(AccesRdv)).all() == []


def test_un_creneau_pris_donne_les_trois_plus_proches(client, guichet):  # noqa: F811
    envoi = demande(client)
    with guichet.sessions() as s:
        reserver(s, guichet.monde, a(LUNDI, "9:00"), personne=quelqu_un(3))
    reponse = client.post("/api/entretiens", json=envoi)
    assert erreur(reponse) == (409, "CRENEAU_PRIS")
    assert [c["debut"] for c in reponse.json()["error"]["proches"]] == ["2011-09-19T10:15:00+02:00", "2011-09-20T09:00:00+02:00", "2011-09-20T10:15:00+02:00"]


@pytest.mark.parametrize("faux, code", [
    ({"nom": ""}, "NOM_MANQUANT"), ({"courriel": "moi@"}, "COURRIEL_INVALIDE"), ({"telephone": "", "courriel": ""}, "MOYEN_MANQUANT"),
    ({"prenom": "1 84 12 76 451 089 46"}, "SAISIE_INVALIDE"),
    ({"creneau": "zzz"}, "CRENEAU_ILLISIBLE"),
    ({"creneau": "99999-20110919T0700Z-1"}, "MOTIF_INCONNU"), ({"caisse": "nulle-part"}, "CAISSE_INCONNUE"), ({"caisse": "demo-reunion"}, "MOTIF_INCONNU"),
    ({"invitation": "ZZZZ2345"}, "CODE_OUVERTURE_INCONNU"), ({"operation_id": "1"}, "REQUETE_ILLISIBLE"), ({"inconnu": 1}, "REQUETE_ILLISIBLE")])
def test_chaque_refus_a_son_code(client, guichet, faux, code):  # noqa: F811
    reponse = client.post("/api/entretiens", json=demande(client, **faux))
    assert erreur(reponse)[1] == code and reponse.json()["error"]["incident"]
    with guichet.sessions.lecture() as s:
        assert s.scalar(select(func.count()).select_from(Entretien)) == 0


def test_par_telephone_sans_numero_c_est_telephone_manquant(client):
    (premier, *_) = client.get("/api/creneaux", params={"motif": "conseil_social_telephone"}).json()["creneaux"]
    reponse = client.post("/api/entretiens", json=demande(client, creneau=premier["id"], telephone=""))
    assert erreur(reponse) == (409, "TELEPHONE_MANQUANT") and "telephone" in reponse.json()["error"]["champs"]


def test_deux_fois_la_meme_personne(client):
    client.post("/api/entretiens", json=demande(client))
    assert erreur(client.post("/api/entretiens", json=demande(client))) == (409, "DEJA_UN_RDV")


def test_le_numero_d_operation_d_un_autre_ne_donne_pas_son_code(client):
    envoi = demande(client)
    code = client.post("/api/entretiens", json=envoi).json()["code"]
    reponse = client.post("/api/entretiens", json={**envoi, "nom": "Curieux"})
    assert erreur(reponse) == (409, "OPERATION_AUTRE") and code not in reponse.text


def test_deviner_un_code_s_arrete_au_cinquieme(client):
    statuts = [erreur(client.post(f"/api/entretiens/ZZZZ222{n}/annulation", json={"nom": "exe"})) for n in range(2, 7)]
    assert statuts == [(404, "INTROUVABLE")] * 4 + [(429, "EN_PAUSE_CODE")]


def test_trop_de_demandes(client, guichet):  # noqa: F811
    envoi = demande(client)
    reponses = [client.post("/api/entretiens", json=envoi) for _ in range(guichet.reglages.conversations_par_minute + 1)]
    assert erreur(reponses[-1]) == (429, "TROP_DE_MESSAGES") and reponses[-1].headers["retry-after"] == "60"


def test_hors_delai(client, guichet):  # noqa: F811
    code = client.post("/api/entretiens", json=demande(client)).json()["code"]
    guichet.avance(days=4, hours=20)
    autre = {"nom": "exe", "creneau": creneaux(client)[-1]["id"]}
    assert erreur(client.post(f"/api/entretiens/{code}/deplacement", json=autre)) == (409, "HORS_DELAI")
    assert client.post(f"/api/entretiens/{code}/annulation", json={"nom": "exe"}).json()["tardive"]


def test_une_rencontre_par_programme_siege_rang_offre_depart(client, guichet):  # noqa: F811
    with guichet.sessions() as s:
        rencontres.creer(s, DemandeRencontre(guichet.monde.caisse_code, "auto_entrepreneur", "Rencontre fictive", "Bordeaux", a(LUNDI, "17:30"),
                                             a(LUNDI, "19:00"), guichet.monde.fuseau, [guichet.monde.conseillers[0]], 1), SYSTEME, MAINTENANT)
    (une,) = client.get("/api/rencontres").json()["rencontres"]
    assert (une["places_restantes"], une["etat"]) == (1, "ouverte")
    adresse = f"/api/rencontres/{une['id']}/inscriptions"
    assise = client.post(adresse, json={**QUI, "nom": "Premier"}).json()
    attend = client.post(adresse, json={**QUI, "nom": "Second", "telephone": "0639980002"}).json()
    assert (assise["statut"], attend["statut"], attend["rang"]) == ("inscrit", "attente", 1)
    assert client.post(adresse, json={**QUI, "nom": "Premier"}).json()["code"] == assise["code"]
    assert client.post(f"/api/inscriptions/{assise['code']}/desistement", json={"nom": "pre"}).json()["statut"] == "desiste"
    offre = client.post(f"/api/inscriptions/{attend['code']}/consultation", json={"nom": "sec"}).json()
    assert offre["statut"] == "offre" and offre["offre_jusqu_a"].endswith("+02:00")
    assert client.post(f"/api/inscriptions/{attend['code']}/reponse", json={"nom": "sec", "oui": True}).json()["statut"] == "inscrit"
    assert erreur(client.post(f"/api/inscriptions/{assise['code']}/reponse", json={"nom": "pre", "oui": True})) == (409, "OFFRE_PASSEE")
    assert erreur(client.post("/api/rencontres/999/inscriptions", json=QUI))[0] == 404
    assert erreur(client.post(f"/api/entretiens/{assise['code']}/annulation", json={"nom": "pre"})) == (404, "INTROUVABLE")


def test_l_agenda_d_un_conseiller_se_lit_sans_personne_et_se_retire(client, guichet):  # noqa: F811
    with guichet.sessions() as s:
        reserver(s, guichet.monde, a(LUNDI, "9:00"))
        jeton = ics.nouveau_flux(s, guichet.monde.conseillers[0], MAINTENANT)
    lu = client.get(f"/agenda/{jeton}.ics")
    (evenement,) = Calendar.from_ical(lu.content).walk("VEVENT")
    assert lu.headers["content-type"].startswith("text/calendar") and evenement["dtstart"].dt.hour == 9
    assert "Exemple1" not in lu.text and "0639980001" not in lu.text
    with guichet.sessions() as s:
        ics.nouveau_flux(s, guichet.monde.conseillers[0], MAINTENANT)
    for adresse in (f"/agenda/{jeton}.ics", "/agenda/inconnu.ics"):
        assert erreur(client.get(adresse)) == (404, "INTROUVABLE")


def test_deux_cents_creneaux_au_plus_et_la_suite_est_annoncee(client, guichet):  # noqa: F811
    with guichet.sessions() as s:
        for jour in range(5):
            for qui in (0, 1):
                ouvrir(s, guichet.monde, LUNDI + timedelta(7 + jour), "13:00", "18:30", qui=qui, jusqu_au=LUNDI + timedelta(84))
    lus = client.get("/api/creneaux", params={"motif": "conseil_social"}).json()
    assert len(lus["creneaux"]) == 200 and lus["suite"] and datetime.fromisoformat(lus["creneaux"][-1]["debut"]).tzinfo
