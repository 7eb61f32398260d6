"""What the site makes of what the engine understood: a way out of a doubtful answer, other languages, a second out of scope."""
import re
from html import unescape

import pytest
from sqlalchemy import event

from bot.site.moteur import MoteurIndisponible

SEUILS, DEPASSEMENT, TVA = "auto_entrepreneur.seuils_ca", "auto_entrepreneur.depassement_seuils", "auto_entrepreneur.tva"
TELEPHONE = "01 99 00 12 00"


class FauxMoteur:
    """An engine that understands what the test says it does."""

    def __init__(self, app):
        self.app, self.brute, self.dit = app, None, "Je ne sais pas répondre à cela."

    def comprend(self, intention, confiance=0.95, *propositions):
        self.brute = {"intention": intention, "confiance": confiance, "propositions": list(propositions),
                      "classement": [{"intention": i, "confiance": c} for i, c in ((intention, confiance), *((p, 0.05) for p in propositions))]}
        return self

    async def dire(self, *_):
        if self.brute is None:
            raise MoteurIndisponible
        return {"messages": [{"text": self.dit}], "comprehension": self.brute}

    async def comprendre(self, textes, metadonnees=None):
        return [self.brute for _ in textes]

    async def fermer(self):
        pass


@pytest.fixture
def moteur(client):
    faux = FauxMoteur(client.app)
    client.app.state.contexte.dialogue.moteur = faux
    return faux


def lisible(texte):
    return re.sub("[\u00a0\u202f]", " ", texte)


def message(reponse):
    return reponse.json()["messages"][0]


def libelles(message, role):
    return [c["label"] for c in message["choices"] if c["role"] == role]


# -- a way out ----------------------------------------------------------------------------------------------------------------------------


def test_une_reponse_peu_sure_laisse_une_sortie(moteur, visiteur):
    moteur.comprend(SEUILS, 0.7, TVA, "eirl.deces", "eirl.definition")
    recu = message(visiteur.dit("le seuil de tva"))
    assert recu["topic"] == "auto_entrepreneur/seuils_ca" and recu["kind"] == "answer"
    assert len(libelles(recu, "autre")) == 2 and libelles(recu, "avis_oui") and libelles(recu, "reponse")
    page = unescape(visiteur.client.get("/conversation").text)
    assert "Ce n'était pas votre question\u202f?" in page and 'class="choix choix-autre"' in page


def test_la_sortie_mene_a_l_autre_sujet(moteur, visiteur):
    moteur.comprend(SEUILS, 0.7, TVA)
    reponse = visiteur.dit("le seuil de tva")
    autre = libelles(message(reponse), "autre")[0]
    assert message(visiteur.choisit(reponse, lisible(autre)))["topic"] == "auto_entrepreneur/tva"


def test_un_sujet_voisin_n_est_pas_propose_deux_fois(moteur, visiteur):
    moteur.comprend(SEUILS, 0.7, DEPASSEMENT)
    choix = [c["label"] for c in message(visiteur.dit("dépasser le seuil"))["choices"]]
    assert len(choix) == len(set(choix))


@pytest.mark.parametrize(("intention", "confiance"), [(SEUILS, 0.95), ("sante.conseil_medical", 0.7), ("sante.urgence", 0.7), ("hors_sujet", 0.7),
                                                      ("prendre_rdv", 0.7), ("saluer", 0.7)])
def test_pas_de_sortie_ailleurs(moteur, visiteur, intention, confiance):
    moteur.comprend(intention, confiance, *((TVA,) if confiance < 0.9 else ()))
    assert libelles(message(visiteur.dit("bla bla")), "autre") == []


def test_une_hesitation_propose_comme_avant(moteur, visiteur):
    moteur.comprend("nlu_fallback", 0.4, SEUILS, TVA)
    recu = message(visiteur.dit("le seuil"))
    assert recu["kind"] == "choices" and len(libelles(recu, "proposition")) == 2 and libelles(recu, "autre") == []


# -- other languages ----------------------------------------------------------------------------------------------------------------------


def test_une_question_en_anglais_bien_comprise_est_repondue_apres_une_phrase_simple(moteur, visiteur):
    moteur.comprend(SEUILS, 0.9)
    recu = message(visiteur.dit("what is the maximum turnover I can have?"))
    premiere, reste = lisible(recu["text"]).split("\n", 1)
    assert recu["topic"] == "auto_entrepreneur/seuils_ca" and "81 500 €" in reste
    assert premiere.startswith("Je réponds en français.") and TELEPHONE in premiere and "lundi" in premiere


@pytest.mark.parametrize(("intention", "confiance"), [(SEUILS, 0.6), ("nlu_fallback", 0.3), ("hors_sujet", 0.9)])
@pytest.mark.parametrize("texte", ["what is the maximum turnover I can have?", "¿Cuánto tengo que pagar?", "كيف أسجل؟"])
def test_sinon_une_personne_est_proposee_en_phrases_courtes(moteur, visiteur, texte, intention, confiance):
    moteur.comprend(intention, confiance, TVA)
    recu = message(visiteur.dit(texte))
    dit = lisible(recu["text"])
    assert recu["kind"] == "fallback" and TELEPHONE in dit and "112" in dit and recu["data"]["contact"]
    phrases = [p.split() for p in re.split(r"[.?\n]", dit) if "ouvert" not in p]  # the hours are the caisse's own words
    assert max(map(len, phrases)) <= 8 and [c["role"] for c in recu["choices"]] == ["contact"]


def test_moteur_absent_une_autre_langue_recoit_aussi_un_telephone(moteur, visiteur):
    assert TELEPHONE in lisible(message(visiteur.dit("how much do I have to pay"))["text"])


def test_le_francais_ne_recoit_pas_cette_phrase(moteur, visiteur):
    moteur.comprend(SEUILS, 0.95)
    assert "Je réponds en français" not in message(visiteur.dit("c koi le plafond please"))["text"]


def test_une_urgence_reste_une_urgence(moteur, visiteur):
    moteur.comprend("sante.urgence", 0.9)
    assert message(visiteur.dit("I want to die, what can I do, help"))["text"].startswith(("Appelez", "Si", "En"))


# -- out of scope, twice ------------------------------------------------------------------------------------------------------------------


def test_le_deuxieme_hors_sujet_de_suite_dit_le_telephone(moteur, visiteur):
    moteur.comprend("hors_sujet", 0.9)
    assert TELEPHONE not in lisible(message(visiteur.dit("quel temps fera-t-il ?"))["text"])
    assert TELEPHONE in lisible(message(visiteur.dit("une recette de tarte"))["text"])
    moteur.comprend(SEUILS, 0.95)
    visiteur.dit("le plafond")
    moteur.comprend("hors_sujet", 0.9)
    assert TELEPHONE not in lisible(message(visiteur.dit("et la météo ?"))["text"])


# -- what a message costs -----------------------------------------------------------------------------------------------------------------


@pytest.fixture
def requetes(client):
    """The statements sent to the database, in order."""
    dites, engine = [], client.app.state.contexte.sessions.engine
    event.listen(engine, "before_cursor_execute", lambda connexion, curseur, sql, *_: dites.append(sql))
    return dites


def test_un_message_demande_peu_a_la_base_et_pas_plus_au_dixieme_tour(moteur, visiteur, requetes):
    """Each statement costs more than a page of text: three quarters of a message's processor time were theirs (docs/decisions)."""
    moteur.comprend(SEUILS)
    comptes = []
    for _ in range(10):
        del requetes[:]
        visiteur.dit("le plafond de chiffre d'affaires")
        comptes.append(len([r for r in requetes if not r.startswith(("PRAGMA", "BEGIN"))]))
    assert max(comptes) <= 14 and min(comptes[1:]) <= 12, comptes  # now and then the caisse is read again
