"""Forms of the conversation: shown, filled through the API or by the page alone, checked field by field, done once."""
import json
import re
from html import unescape
from uuid import uuid4

import pytest
from sqlalchemy import func, select, text

from bot.contacts import conversations as memoire
from bot.contacts.refus import Refus
from bot.contacts.tables import Conversation, Echange, Tour
from bot.horloge import Horloge
from bot.site import formulaires
from bot.site.enveloppe import Champ, Enveloppe, Formulaire, Message
from bot.site.formulaires import ErreursDeSaisie, lire
from bot.site.reponses import Bouton, Replique

ESSAI = Formulaire(id="essai", submit="Enregistrer", sent="Coordonnées envoyées", fields=[
    Champ(name="nom", label="Votre nom", autocomplete="name", max_length=20),
    Champ(name="telephone", label="Téléphone", type="tel", autocomplete="tel"),
    Champ(name="courriel", label="Courriel", type="email", required=False),
    Champ(name="naissance", label="Date de naissance", type="date", help="Par exemple 12/04/1962.", required=False),
    Champ(name="antenne", label="Antenne", type="select", choices=["Bayonne", "Bordeaux"])])
JUSTES = {"nom": "Josiane Etcheverry", "telephone": "06 39 98 56 78", "antenne": "Bayonne"}
FAUX = {"nom": "", "telephone": "12", "courriel": "chez moi", "antenne": "Paris"}


@pytest.fixture
def recus(monkeypatch):
    """What the function of the test's form was given, call after call."""
    recus = []

    def prendre(session, conversation, valeurs, maintenant):
        recus.append(dict(valeurs))
        return [Replique(Message(text="C'est noté.", kind="confirmation"), [Bouton("Voir la FAQ", {"lien": "/faq"})])]

    monkeypatch.setitem(formulaires.TRAITEMENTS, "essai", prendre)
    return recus


def montrer(sessions, formulaire=ESSAI, mode="assistant"):
    """As a flow would: the conversation's last answer carries the form."""
    maintenant = Horloge.reglee().maintenant()
    with sessions() as s:
        conversation = s.scalars(select(Conversation)).one()
        conversation.mode = mode
        echange_id, _ = memoire.commencer(s, conversation, str(uuid4()), "rendez-vous", "rendez-vous", maintenant)
        memoire.repondre(s, echange_id, Enveloppe(messages=[Message(text="Vos coordonnées ?", kind="form", flow="prendre_rdv", form=formulaire)])
                         .model_dump(mode="json"))


def remplir(visiteur, valeurs=JUSTES, id="essai", message_id=None):
    return visiteur.client.post("/api/messages", json={"message_id": message_id or str(uuid4()), "form": {"id": id, "values": valeurs}})


def code(reponse):
    return reponse.status_code, reponse.json()["error"]["code"]


def tout(sessions):
    with sessions.lecture() as s:
        return json.dumps([[str(v) for v in ligne] for t in ("echange", "tour", "choix", "conversation") for ligne in s.execute(text(f"SELECT * FROM {t}"))])


# -- through the API ----------------------------------------------------------------------------------------------------------------------


def test_un_formulaire_rempli_va_a_sa_fonction(visiteur, sessions, recus):
    montrer(sessions)
    reponse = remplir(visiteur, {**JUSTES, "naissance": "12/04/1962", "inconnu": "x"})
    message = reponse.json()["messages"][0]
    assert message["kind"] == "confirmation" and message["choices"][0]["label"] == "Voir la FAQ"
    assert recus == [{**JUSTES, "naissance": "1962-04-12"}]


def test_rien_de_ce_qui_est_tape_ne_reste_dans_la_conversation(visiteur, sessions, recus):
    montrer(sessions)
    remplir(visiteur, {**JUSTES, "telephone": "12"})
    remplir(visiteur)
    assert [m["text"] for m in visiteur.client.get("/api/messages").json()["messages"] if m["author"] == "assure"][1:] == ["Coordonnées envoyées"] * 2
    assert "Etcheverry" not in tout(sessions) and "06 39 98 56" not in tout(sessions) and "Etcheverry" in json.dumps(recus)


def test_les_fautes_reviennent_champ_par_champ(visiteur, sessions, recus):
    montrer(sessions)
    message = remplir(visiteur, FAUX).json()["messages"][0]
    assert (message["kind"], message["flow"], recus) == ("form", "prendre_rdv", [])
    assert "4 points à corriger" in message["text"].replace("\u00a0", " ")
    erreurs = {c["name"]: c["error"] for c in message["form"]["fields"] if c["error"]}
    assert set(erreurs) == {"nom", "telephone", "courriel", "antenne"} and "06\u202f39" not in json.dumps(erreurs)
    assert remplir(visiteur).json()["messages"][0]["kind"] == "confirmation"


def test_le_meme_envoi_ne_fait_rien_deux_fois(visiteur, sessions, recus):
    montrer(sessions)
    numero = str(uuid4())
    premiere, seconde = remplir(visiteur, message_id=numero), remplir(visiteur, message_id=numero)
    assert premiere.json() == seconde.json() and len(recus) == 1
    assert code(remplir(visiteur, {**JUSTES, "nom": "Autre"}, message_id=numero)) == (409, "MESSAGE_DIFFERENT")


def test_un_formulaire_ne_sert_qu_une_fois(visiteur, sessions, recus):
    montrer(sessions)
    remplir(visiteur)
    assert code(remplir(visiteur)) == (404, "FORMULAIRE_INCONNU") and len(recus) == 1


@pytest.mark.parametrize("id", ["essai", "jamais_vu"])
def test_un_formulaire_jamais_montre_est_refuse(visiteur, recus, id):
    assert code(remplir(visiteur, id=id)) == (404, "FORMULAIRE_INCONNU") and recus == []


def test_une_faute_vue_par_la_fonction_revient_aussi_et_rien_n_est_ecrit(visiteur, sessions, monkeypatch):
    def prendre(session, conversation, valeurs, maintenant):
        conversation.dernier_sujet = "eirl/deces"
        session.flush()
        raise ErreursDeSaisie({"antenne": "Cette antenne est complète : choisissez-en une autre."})

    monkeypatch.setitem(formulaires.TRAITEMENTS, "essai", prendre)
    montrer(sessions)
    champs = remplir(visiteur).json()["messages"][0]["form"]["fields"]
    assert [c["error"] for c in champs if c["error"]] == ["Cette antenne est complète\u00a0: choisissez-en une autre."]
    with sessions.lecture() as s:
        assert s.scalars(select(Conversation.dernier_sujet)).one() is None


def test_un_refus_de_la_fonction_est_dit_et_peut_etre_renvoye(visiteur, sessions, monkeypatch):
    class Complet(Refus):
        code, statut, message = "COMPLET", 409, "Ce créneau vient d'être pris."

    def prendre(*_):
        raise Complet

    monkeypatch.setitem(formulaires.TRAITEMENTS, "essai", prendre)
    montrer(sessions)
    numero = str(uuid4())
    assert code(remplir(visiteur, message_id=numero)) == (409, "COMPLET") == code(remplir(visiteur, message_id=numero))
    with sessions.lecture() as s:
        assert s.scalar(select(func.count()).select_from(Tour)) == 0 and s.scalar(select(func.count()).select_from(Echange)) == 1


@pytest.mark.parametrize("valeurs", [{"nom": 3}, {"nom": ["a"]}, {"nom": None}, "nom", None])
def test_des_valeurs_qui_ne_sont_pas_des_textes_sont_refusees(visiteur, sessions, recus, valeurs):
    montrer(sessions)
    assert code(remplir(visiteur, valeurs)) == (422, "REQUETE_ILLISIBLE") and recus == []


# -- the fields ---------------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("type", "valeur", "lue"), [
    ("tel", "06 39 98 12 34", "06 39 98 12 34"), ("tel", "+33 6 39 98 12 34", "+33 6 39 98 12 34"), ("tel", "0262.01.02.03", "0262.01.02.03"), ("tel", "0639", None),
    ("tel", "appelez-moi", None), ("email", "a.b@exemple.fr", "a.b@exemple.fr"), ("email", "a@b", None), ("email", "a b@c.fr", None),
    ("date", "2011-09-14", "2011-09-14"), ("date", "14 sept 2011", "2011-09-14"), ("date", "31/02/2011", None), ("date", "demain", None),
    ("select", "À 9 h", "À 9\u00a0h"), ("select", "à 9 h", None), ("text", "  Jean\u200b  Dupond ", "Jean Dupond"), ("text", "x" * 121, None),
    ("text", "1 85 05 78 006 084 36", None)])
def test_chaque_genre_de_champ(type, valeur, lue):
    champ = Champ(name="c", label="C", type=type, choices=["À 9\u00a0h"] if type == "select" else [])
    if lue is not None:
        assert lire([champ], {"c": valeur}) == {"c": lue}
        return
    with pytest.raises(ErreursDeSaisie) as e:
        lire([champ], {"c": valeur})
    assert e.value.erreurs["c"].endswith(".")


def test_un_champ_facultatif_vide_est_laisse_de_cote():
    assert lire([Champ(name="c", label="C", type="email", required=False)], {"c": " "}) == {}


# -- the page alone -----------------------------------------------------------------------------------------------------------------------


def poster(client, valeurs, jeton=None):
    return client.post("/conversation", data={"jeton": jeton or str(uuid4()), "formulaire": "essai", **{f"champ.{n}": v for n, v in valeurs.items()}},
                       headers={"accept": "text/html"}, follow_redirects=False)


def page(client):
    return unescape(client.get("/conversation", headers={"accept": "text/html"}).text)


def test_la_page_montre_le_formulaire_puis_le_retire(visiteur, sessions, recus):
    montrer(sessions)
    lue = page(visiteur.client)
    assert re.search(r'<input id="f-essai-telephone" name="champ.telephone" type="tel"[^>]*\srequired autocomplete="tel"', lue)
    assert '<option value="Bayonne">' in lue and 'aria-describedby="f-essai-naissance-aide"' in lue and "Enregistrer" in lue
    assert poster(visiteur.client, JUSTES).status_code == 303 and recus == [JUSTES]
    lue = page(visiteur.client)
    assert "Coordonnées envoyées" in lue and "C'est noté." in lue and 'name="champ.telephone"' not in lue


def test_la_page_garde_ce_qui_etait_tape_et_montre_la_faute_a_cote(visiteur, sessions, recus):
    montrer(sessions)
    reponse = poster(visiteur.client, {**JUSTES, "telephone": "12"})
    lue = unescape(reponse.text)
    assert reponse.status_code == 422 and lue.count('name="champ.telephone"') == 1
    assert 'value="Josiane Etcheverry"' in lue and '<option value="Bayonne" selected>' in lue
    assert 'aria-invalid="true" aria-describedby="f-essai-telephone-erreur"' in lue and '<a href="#f-essai-telephone">' in lue
    assert "Etcheverry" not in tout(sessions)


def test_envoye_deux_fois_de_la_meme_page_il_est_fait_une_fois(visiteur, sessions, recus):
    montrer(sessions)
    jeton = str(uuid4())
    assert [poster(visiteur.client, JUSTES, jeton).status_code for _ in range(2)] == [303, 303] and len(recus) == 1


# -- who answers --------------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("mode", "phrase", "champ"), [("assistant", "", "Votre question"), ("waiting", "Un conseiller va vous répondre", "Votre message"),
                                                       ("counsellor", "Vous parlez maintenant à un conseiller.", "Votre message")])
def test_la_page_dit_qui_repond(visiteur, sessions, mode, phrase, champ):
    montrer(sessions, mode=mode)
    lue = page(visiteur.client)
    assert f'role="status">{phrase}' in lue and f'<label for="texte">{champ}</label>' in lue and f'data-mode="{mode}"' in lue
    assert ("Voir les nouveaux messages" in lue.split("</section>")[0].split("<ol")[1]) is (mode in ("waiting", "counsellor"))


def test_une_conversation_terminee_se_relit_et_ne_prend_plus_rien(visiteur, sessions, recus):
    montrer(sessions, mode="closed")
    lue = page(visiteur.client)
    assert "Cette conversation est terminée." in lue and re.search(r'<form id="saisie"[^>]* hidden>', lue)
    assert not re.search(r'<form id="recommencer"[^>]* hidden>', lue)
    assert code(visiteur.dit("bonjour")) == (410, "CONVERSATION_CLOSE")
    assert visiteur.client.get("/api/messages").json()["state"] == {"mode": "closed"}
