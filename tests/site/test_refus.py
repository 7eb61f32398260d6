"""A refusal takes the shape of what was asked: a page for a browser's form, JSON for a program. And HEAD, and cookies that go."""
import re
from uuid import uuid4

import pytest

from bot.site.garde import AutreSite, CorpsTropGrand, RequeteIllisible

NAVIGATEUR = {"accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
GRAND = {"texte": "a" * 20_000}


def lisible(texte):
    return re.sub("[\u00a0\u202f]", " ", texte).replace("&#39;", "'")


def test_un_formulaire_trop_grand_recoit_une_page(client):
    reponse = client.post("/conversation", data=GRAND, headers=NAVIGATEUR)
    assert reponse.status_code == 413 and reponse.headers["content-type"].startswith("text/html")
    assert CorpsTropGrand.message in lisible(reponse.text) and "01 99 00 12 00" in lisible(reponse.text)
    assert "default-src 'none'" in reponse.headers["content-security-policy"]


def test_un_programme_recoit_du_json_avec_les_memes_mots(client):
    for reponse in (client.post("/api/messages", json=GRAND), client.post("/api/messages", json=GRAND, headers=NAVIGATEUR), client.post("/conversation", data=GRAND)):
        assert reponse.status_code == 413
        erreur = reponse.json()["error"]
        assert (erreur["code"], erreur["message"]) == (CorpsTropGrand.code, CorpsTropGrand.message) and erreur["incident"]


def test_un_formulaire_venu_d_ailleurs_recoit_une_page(client):
    reponse = client.post("/conversation", data={"texte": "bonjour"}, headers={**NAVIGATEUR, "sec-fetch-site": "cross-site"})
    assert reponse.status_code == 403 and AutreSite.message in lisible(reponse.text) and "<h1>Accès refusé</h1>" in reponse.text


def test_trop_de_messages_par_formulaire_garde_la_page_et_ce_qui_etait_tape(client):
    reponses = [client.post("/conversation", data={"jeton": str(uuid4()), "texte": f"plafond {i}"}, headers=NAVIGATEUR, follow_redirects=False)
                for i in range(21)]
    derniere = reponses[-1]
    assert {r.status_code for r in reponses[:-1]} == {303} and derniere.status_code == 429 and derniere.headers["retry-after"]
    assert "Patientez une minute" in derniere.text and ">plafond 20</textarea>" in derniere.text


def test_un_corps_illisible_dit_la_meme_chose_partout(client):
    for reponse in (client.post("/api/messages", content=b"{"), client.post("/conversation", content=b"{", headers={"content-type": "text/plain"})):
        assert RequeteIllisible.message in lisible(reponse.text)


@pytest.mark.parametrize("chemin", ["/", "/faq", "/faq/eirl/definition", "/conversation", "/cadre", "/calculs", "/calculs/age_retraite", "/a-propos", "/healthz",
                                    "/static/style.css", "/nulle-part"])
def test_head_repond_comme_get_sans_corps(client, chemin):
    get, head = client.get(chemin), client.head(chemin)
    assert head.status_code == get.status_code and head.content == b"" and head.headers["content-type"] == get.headers["content-type"]
    if chemin != "/nulle-part":  # each failure has its own incident number
        assert head.headers["content-length"] == get.headers["content-length"] or "jeton" in get.text


def test_head_n_ouvre_rien_ou_l_on_n_ecrit_que_par_post(client):
    assert client.head("/api/conversations").status_code == 405


@pytest.mark.parametrize("effacer", [lambda c: c.delete("/api/conversations"), lambda c: c.post("/conversation/effacer", follow_redirects=False),
                                     lambda c: c.post("/cadre/effacer", follow_redirects=False)])
def test_effacer_retire_les_deux_cookies_sous_les_attributs_qui_les_ont_poses(client, effacer):
    def cookies(reponse):
        return [{m.split("=")[0].strip().lower() for m in c.split(";")[1:]} - {"max-age", "expires"} for c in reponse.headers.get_list("set-cookie")]

    poses = cookies(client.post("/api/conversations", json={"cadre": True})) + cookies(client.post("/api/conversations"))
    retires = effacer(client)
    assert all(c.startswith(("conseil=;", 'conseil="";')) and "Max-Age=0" in c for c in retires.headers.get_list("set-cookie"))
    assert sorted(map(sorted, cookies(retires))) == sorted(map(sorted, poses))
