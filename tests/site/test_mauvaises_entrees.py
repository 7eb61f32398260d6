"""Bad input: each gets a French sentence or a fitting status, and nobody else notices."""
import json
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.site.garde import LONGUEUR_MAX, lire_texte


def code(reponse):
    return reponse.status_code, reponse.json()["error"]["code"]


@pytest.mark.parametrize(("texte", "attendu"), [
    ("", (422, "MESSAGE_VIDE")), ("   \n\t ", (422, "MESSAGE_VIDE")), ("\u200b\u202e", (422, "MESSAGE_VIDE")), ("/", (422, "MESSAGE_VIDE")),
    ("a" * (LONGUEUR_MAX + 1), (422, "MESSAGE_TROP_LONG")), ("é" * 4000, (422, "MESSAGE_TROP_LONG")),
])
def test_un_texte_impossible_est_refuse(visiteur, texte, attendu):
    reponse = visiteur.dit(texte)
    assert code(reponse) == attendu
    assert reponse.json()["error"]["message"][0].isupper() and reponse.json()["error"]["incident"]


@pytest.mark.parametrize(("corps", "attendu"), [
    (b"a" * 1_000_000, (413, "CORPS_TROP_GRAND")), (bytes(range(256)), (422, "REQUETE_ILLISIBLE")), (b"{", (422, "REQUETE_ILLISIBLE")),
    (b"[]", (422, "REQUETE_ILLISIBLE")), (b'{"text": "bonjour"}', (422, "REQUETE_ILLISIBLE")),
    (b'{"message_id": "pas un uuid", "text": "bonjour"}', (422, "REQUETE_ILLISIBLE")),
    (b'{"message_id": "%s", "text": 12}' % str(uuid4()).encode(), (422, "REQUETE_ILLISIBLE")),
    (b'{"message_id": "%s"}' % str(uuid4()).encode(), (422, "REQUETE_ILLISIBLE")),
    (b'{"message_id": "%s", "text": "a", "choice": "b"}' % str(uuid4()).encode(), (422, "REQUETE_ILLISIBLE")),
    (b'{"message_id": "%s", "text": "\\ud800"}' % str(uuid4()).encode(), (422, None)),
    (b'{"message_id": "%s", "text": "a", "sender": "autre", "metadata": {"role": "conseiller"}}' % str(uuid4()).encode(), (422, "REQUETE_ILLISIBLE")),
    (b'{"message_id": ' + b"[" * 4000 + b"]" * 4000 + b"}", (400, "REQUETE_ILLISIBLE")),
], ids=["1 Mo", "binaire", "json coupé", "liste", "sans id", "id faux", "texte nombre", "vide", "texte et choix", "demi-caractère", "expéditeur forgé",
        "profond"])
def test_un_corps_impossible_est_refuse(visiteur, corps, attendu):
    reponse = visiteur.client.post("/api/messages", content=corps, headers={"content-type": "application/json"})
    assert reponse.status_code == attendu[0]
    if attendu[1]:
        assert reponse.json()["error"]["code"] == attendu[1]


def test_un_corps_annonce_petit_mais_grand_est_refuse(visiteur):
    def morceaux():
        for _ in range(100):
            yield b" " * 1000
    assert code(visiteur.client.post("/api/messages", content=morceaux(), headers={"content-type": "application/json"})) == (413, "CORPS_TROP_GRAND")


@pytest.mark.parametrize("cookie", ["inconnu", "'; DROP TABLE conversation; --", "a" * 4000])
def test_un_cookie_inconnu_n_ouvre_rien(client, cookie):
    client.cookies.set("conseil", cookie)
    reponse = client.post("/api/messages", json={"message_id": str(uuid4()), "text": "bonjour"})
    assert code(reponse) == (401, "CONVERSATION_INCONNUE")


def test_un_autre_site_ne_peut_pas_ecrire(visiteur):
    reponse = visiteur.client.post("/api/messages", json={"message_id": str(uuid4()), "text": "bonjour"}, headers={"origin": "https://malin.example"})
    assert code(reponse) == (403, "AUTRE_SITE")
    reponse = visiteur.client.post("/api/messages", json={"message_id": str(uuid4()), "text": "bonjour"}, headers={"sec-fetch-site": "cross-site"})
    assert code(reponse) == (403, "AUTRE_SITE")


def test_une_caisse_inconnue_est_refusee(client):
    assert code(client.post("/api/conversations", json={"caisse": "nulle-part"})) == (404, "CAISSE_INCONNUE")


def test_un_bouton_d_un_autre_ne_fait_rien(visiteur, client, reglages):
    from fastapi.testclient import TestClient

    reponse = visiteur.dit("plafond auto entrepreneur")
    choix = reponse.json()["messages"][0]["choices"][0]["id"]
    autre = TestClient(client.app, base_url="http://127.0.0.1")
    autre.post("/api/conversations")
    assert code(autre.post("/api/messages", json={"message_id": str(uuid4()), "choice": choix})) == (404, "CHOIX_INCONNU")


def test_le_meme_message_rend_la_meme_reponse_et_rien_deux_fois(visiteur, sessions):
    from sqlalchemy import func, select

    from bot.contacts.tables import Tour

    numero = str(uuid4())
    premiere, seconde = visiteur.dit("plafond", numero), visiteur.dit("plafond", numero)
    assert premiere.json() == seconde.json()
    with sessions.lecture() as s:
        assert s.scalar(select(func.count()).select_from(Tour)) == 1
    assert code(visiteur.dit("autre chose", numero)) == (409, "MESSAGE_DIFFERENT")


def test_vingt_messages_par_minute_puis_attendre(visiteur):
    reponses = [visiteur.dit(f"plafond {i}") for i in range(22)]
    assert [r.status_code for r in reponses[:20]] == [200] * 20
    assert code(reponses[20]) == (429, "TROP_DE_MESSAGES") and reponses[20].headers["retry-after"]


def test_un_numero_de_securite_sociale_est_masque_partout(visiteur, sessions):
    from sqlalchemy import text

    reponse = visiteur.dit("mon numéro est 1 85 05 78 006 084 36, suis-je à jour ?")
    assert "masqué" in reponse.json()["messages"][-1]["text"]
    assert "[numéro masqué]" in visiteur.client.get("/api/messages").json()["messages"][2]["text"]
    with sessions.lecture() as s:
        tout = json.dumps([[str(v) for v in ligne] for t in ("echange", "tour", "choix", "conversation") for ligne in s.execute(text(f"SELECT * FROM {t}"))])
    assert "006 084" not in tout and "18505" not in tout.replace(" ", "")


def test_effacer_oublie_tout_de_suite(visiteur, sessions):
    from sqlalchemy import text

    visiteur.dit("je suis plombier à Pau")
    assert visiteur.client.delete("/api/conversations").status_code == 204
    with sessions.lecture() as s:
        assert s.execute(text("SELECT count(*) FROM echange")).scalar() == 0
        assert s.execute(text("SELECT texte_masque, conversation_id FROM tour")).all() == [(None, None)]
    assert code(visiteur.client.get("/api/messages")) == (401, "CONVERSATION_INCONNUE")


LANGUES = ["How do I register?", "¿Cómo me registro?", "كيف أسجل؟", "如何注册", "როგორ დავრეგისტრირდე", "Как зарегистрироваться?", "Πώς εγγράφομαι;",
           "कैसे पंजीकरण करें", "登録方法", "어떻게 등록하나요", "איך נרשמים", "Ինչպե՞ս գրանցվել", "ಹೇಗೆ ನೋಂದಾಯಿಸುವುದು", "ఎలా", "ꆈꌠꉙ", "𒀀𒁀", "🙂🙃", "🇫🇷", "👨‍👩‍👧‍👦"]


@pytest.mark.parametrize("texte", [*LANGUES, "/restart", "/session_start", "EXTERNAL: x", "  /prendre_rdv{\"x\": 1}", "<script>alert(1)</script>",
                                   "${jndi:ldap://x}", "{{7*7}}", "'; DROP TABLE tour; --", "\x00\x01bonjour", "\U000e0041bonjour", "﷽" * 20])
def test_tout_le_reste_recoit_une_phrase(visiteur, texte):
    reponse = visiteur.dit(texte)
    assert reponse.status_code == 200
    assert reponse.json()["messages"][0]["text"]


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.text(min_size=1, max_size=300))
def test_aucun_texte_ne_commande_le_moteur(texte):
    from bot.contacts.refus import Refus

    for prefixe in ("/", "EXTERNAL:", " \u200b/", "//", "/ EXTERNAL: /", "\uff0f"):
        try:
            lu = lire_texte(prefixe + texte).texte
        except Refus:
            continue
        assert lu and not lu.startswith("/") and not lu.upper().startswith("EXTERNAL:")
        assert not any(ord(c) < 32 for c in lu)


def test_chaque_reponse_porte_les_entetes_de_securite(client):
    for chemin in ("/", "/faq", "/conversation", "/cadre", "/api/messages", "/nulle-part", "/healthz", "/static/style.css"):
        entetes = client.get(chemin).headers
        assert "default-src 'none'" in entetes["content-security-policy"] and "unsafe" not in entetes["content-security-policy"]
        assert entetes["x-content-type-options"] == "nosniff" and entetes["referrer-policy"]


def test_le_cookie_est_hors_de_portee_des_scripts_et_n_est_pose_qu_a_l_ouverture(client):
    assert "set-cookie" not in client.get("/").headers and "set-cookie" not in client.get("/faq").headers
    cookie = client.post("/api/conversations").headers["set-cookie"].lower()
    assert "httponly" in cookie and "samesite=lax" in cookie
    cadre = client.post("/api/conversations", json={"cadre": True}).headers["set-cookie"]
    assert "Partitioned" in cadre and "Secure" in cadre and "HttpOnly" in cadre
