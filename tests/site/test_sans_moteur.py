"""The engine is stopped: the front still says what it can, at once."""
import time


def test_la_notice_vient_avant_le_premier_message(visiteur):
    notice, question = visiteur.ouverture.json()["messages"]
    assert visiteur.ouverture.status_code == 201
    for attendu in ("robot", "numéro de sécurité sociale", "24", "01"):
        assert attendu in notice["text"]
    assert question["kind"] == "question"


def test_l_urgence_donne_les_numeros_d_abord(visiteur):
    message = visiteur.dit("j'ai envie de mourir").json()["messages"][0]
    assert (message["kind"], message["topic"]) == ("emergency", "sante/urgence")
    assert message["text"].index("3114") < 200 and "15" in message["text"][:200]


def test_une_question_trouve_les_fiches_proches_en_moins_de_deux_secondes(visiteur):
    debut = time.monotonic()
    message = visiteur.dit("plafond ca auto entrepreneur ?").json()["messages"][0]
    assert time.monotonic() - debut < 2
    assert message["kind"] == "choices" and message["data"]["reduit"]
    assert any("chiffre d'affaires" in c["label"] for c in message["choices"])


def test_un_choix_donne_la_fiche_entiere(visiteur):
    reponse = visiteur.choisit(visiteur.dit("plafond ca auto entrepreneur ?"), "Quel chiffre d'affaires ne faut-il pas")
    message = reponse.json()["messages"][0]
    assert message["topic"] == "auto_entrepreneur/seuils_ca"
    assert "81\u202f500\u00a0€" in message["text"] and "32\u202f600\u00a0€" in message["text"]
    assert message["sources"][0]["title"].startswith("Code général des impôts") and message["data"]["valable_le"] == "2011-09-14"


def test_des_mots_inconnus_disent_qui_appeler(visiteur):
    message = visiteur.dit("zzzz qqqq").json()["messages"][0]
    assert message["kind"] == "fallback" and "01 99 00 12 00" in message["text"].replace("\u202f", " ").replace("\u00a0", " ")


def test_healthz_va_bien_et_readyz_nomme_la_partie_absente(client):
    assert client.get("/healthz").status_code == 200
    reponse = client.get("/readyz")
    assert reponse.status_code == 503 and "moteur" in reponse.json()["error"]["message"] and reponse.headers["retry-after"]


def test_les_pages_de_la_faq_disent_la_meme_chose_que_le_dialogue(client, visiteur):
    message = visiteur.choisit(visiteur.dit("eirl définition"), "Qu'est-ce que l'EIRL").json()["messages"][0]
    page = client.get("/faq/eirl/definition", headers={"accept": "text/html"}).text.replace("&#39;", "'")
    for paragraphe in message["text"].split("\n"):
        assert paragraphe in page
