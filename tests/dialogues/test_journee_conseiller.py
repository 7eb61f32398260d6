"""A day of a counsellor by chat, whole stack: she signs in with her telephone, opens hours by a sentence, people book them in other conversations,
she tells what became of each, closes an afternoon with people in it, takes it back. And the same sentences from the public."""
import re
import time
from datetime import date, datetime, timezone
from datetime import time as heure

import pyotp
import pytest
from sqlalchemy import func, select

from bot.agenda import ouvertures, reservation
from bot.agenda.auteurs import ASSURE_PAGE, SYSTEME
from bot.agenda.identite import Personne
from bot.agenda.instants import vers_utc
from bot.agenda.ouvertures import DemandeOuverture
from bot.contacts import comptes, totp
from bot.contacts.comptes_demo import MOT_DE_PASSE_DEMO
from bot.contacts.tables import Antenne, Audit, CompteRendu, Entretien, Fermeture, Motif, Ouverture
from tests.dialogues.conftest import Assure
from tests.dialogues.test_rendez_vous import creneaux, dernier, personne, remplit

pytestmark = pytest.mark.moteur

CLAIRE, CAISSE = "claire.fontaine", "demo-aquitaine"
CE_MATIN, AVANT = date(2011, 9, 14), datetime(2011, 9, 7, 8, tzinfo=timezone.utc)
OUVRE = "ouvre mardi 22 novembre de 14 h à 17 h à Périgueux"


@pytest.fixture(scope="module")
def base(base_du_site):
    """The running site's database, where two entretiens of this morning are over; the telephone is taken away when the day is done."""
    with base_du_site() as s:
        claire = comptes.par_identifiant(s, CLAIRE).conseiller
        antenne = s.scalar(select(Antenne).where(Antenne.caisse_code == CAISSE, Antenne.nom == "Périgueux"))
        motif = s.scalar(select(Motif).where(Motif.caisse_code == CAISSE, Motif.code == "retraite"))
        ouvertures.ouvrir(s, DemandeOuverture(claire.id, CE_MATIN, heure(6), heure(9), [motif], antenne.id), SYSTEME, AVANT)
        for h, nom, prenom, numero in ((heure(6), "Durand", "Odette", "06 39 98 00 71"), (heure(7, 15), "Lamarque", "Luc", "06 39 98 00 72")):
            reservation.confirmer(s, operation_id=f"chat-{nom}", motif=motif, debut=vers_utc(CE_MATIN, h, "Europe/Paris"), antenne_id=antenne.id, maintenant=AVANT,
                                  personne=Personne(nom, prenom, numero), auteur=ASSURE_PAGE, conseiller_id=claire.id)
    yield base_du_site
    with base_du_site() as s:
        totp.retirer(s, comptes.par_identifiant(s, CLAIRE))


@pytest.fixture
def claire(site, base):
    """She goes through the door, attaches her telephone, and comes back by password and code."""
    qui = Assure(site)
    _entrer(qui)
    page = _poster(qui, "/espace/compte/double-authentification", "/espace/compte/double-authentification")
    telephone = pyotp.TOTP(re.search(r'id="cle"[^>]*value="([A-Z2-7]+)"', page)[1])
    assert "codes de secours" in _poster(qui, "/espace/compte/double-authentification", "/espace/compte/double-authentification/activation",
                                         code=telephone.at(time.time()))
    _poster(qui, "/espace/compte", "/espace/deconnexion")
    _entrer(qui, code=telephone.at(time.time() + 30))
    qui.client.post("/api/conversations").raise_for_status()
    yield qui
    qui.client.close()


def _entrer(qui: Assure, **second: str) -> None:
    """By password, then the code of her telephone when she has one."""
    page = _poster(qui, "/espace/connexion", "/espace/connexion", identifiant=CLAIRE, mot_de_passe=MOT_DE_PASSE_DEMO)
    if second:
        assert 'action="/espace/connexion/code"' in page, "le mot de passe seul n'ouvre pas"
        page = _poster(qui, "/espace/connexion/code", "/espace/connexion/code", **second)
    assert 'action="/espace/deconnexion"' in page, page[:500]


def _poster(qui: Assure, depuis: str, vers: str, **champs: str) -> str:
    """Send a form of the workspace with the token of its page; gives the page it leads to."""
    page = qui.client.get(depuis, headers={"accept": "text/html"}, follow_redirects=True).text
    reponse = qui.client.post(vers, data={"csrf": re.search(r'name="csrf" value="(\w+)"', page)[1], **champs}, headers={"accept": "text/html"}, follow_redirects=True)
    assert reponse.status_code == 200, reponse.text[:500]
    return reponse.text


def compte(base, table) -> int:
    with base.lecture() as s:
        return s.scalar(select(func.count()).select_from(table))


def statut(base, nom: str) -> str:
    with base.lecture() as s:
        return s.scalar(select(Entretien.statut).where(Entretien.nom == nom))


def prend(assure: Assure, phrase: str, nom: str, numero: int) -> None:
    reponse = assure.dit(phrase)
    if creneaux(reponse):
        assure.choisit(creneaux(reponse)[0])
    remplit(assure, **personne(nom, numero))
    assert dernier(assure.dit("oui"))["kind"] == "confirmation", assure.derniere.texte


def test_la_journee_dune_conseillere_en_conversation(claire, assure, autre, base):
    # Opening hours by a sentence: a preview, then only « oui » does it.
    avant = compte(base, Ouverture)
    apercu = claire.dit(OUVRE)
    assert dernier(apercu)["flow"] == "ouvrir_creneaux" and dernier(apercu)["kind"] == "recap", apercu.texte
    assert "mardi 22 novembre 2011, de 14 h 00 à 17 h 00, à Périgueux" in apercu.texte and compte(base, Ouverture) == avant
    assert "C'est ouvert" in claire.dit("oui").texte and compte(base, Ouverture) == avant + 1

    # Two people book them, each in a conversation of their own.
    prend(assure, "je voudrais un rdv à Périgueux mardi 22 novembre à 14 h", "Aguerre", 73)
    prend(autre, "je voudrais un rdv à Périgueux mardi 22 novembre", "Bordenave", 74)

    # Her day, and who came.
    journee = claire.dit("ma journée").texte
    assert "Odette Durand" in journee and "Luc Lamarque" in journee and "2 entretiens à renseigner" in journee
    assert "absente" in claire.dit("Mme Durand n'est pas venue").texte and statut(base, "Durand") == "pose"
    assert "C'est noté" in claire.dit("oui").texte and statut(base, "Durand") == "absent"
    assert "sujet : départ à la retraite" in claire.dit("compte rendu de M. Lamarque : venu, dossier retraite").texte
    assert "C'est noté" in claire.dit("oui c'est ça").texte and statut(base, "Lamarque") == "honore"
    with base.lecture() as s:
        assert "depart_retraite" in s.scalars(select(CompteRendu.theme)).all()

    # Closing an afternoon with people in it: who is hit, what becomes of each, nothing before « oui ».
    fermetures = compte(base, Fermeture)
    premier = claire.dit("ferme le mardi 22 novembre après-midi")
    assert "Rendez-vous touché (1 sur 2)" in premier.texte and "Jeanne Aguerre" in premier.texte and len(premier.choix) >= 3
    second = claire.dit("on l'annule")
    assert "(2 sur 2)" in second.texte and "Jeanne Bordenave" in second.texte
    assert "Je ferme ?" in claire.choisit("Le garder").texte and compte(base, Fermeture) == fermetures
    assert "C'est fermé" in claire.dit("oui").texte
    assert (statut(base, "Aguerre"), statut(base, "Bordenave")) == ("annule_caisse", "pose")

    # Taken back within two minutes, and nobody was told.
    assert "la période est rouverte" in claire.dit("annule ça").texte
    assert (statut(base, "Aguerre"), statut(base, "Bordenave")) == ("pose", "pose") and compte(base, Fermeture) in (fermetures, fermetures + 1)

    semaine = claire.dit("résume ma semaine").texte
    assert "Odette Durand" in semaine and "– absent" in semaine and "– venu" in semaine
    assert compte(base, Audit) > 0, "chaque nom lu laisse sa ligne"


@pytest.mark.parametrize("phrase", [OUVRE, "ferme le mardi 22 novembre après-midi", "ma journée", "Mme Durand n'est pas venue",
                                    "compte rendu de M. Lamarque : venu, dossier retraite", "résume ma semaine"])
def test_les_memes_phrases_dune_assuree_recoivent_une_reponse_polie_et_ne_font_rien(assure, base, phrase):
    avant = [compte(base, t) for t in (Ouverture, Fermeture, CompteRendu)]
    reponse = assure.dit(phrase)
    assert "réservé" in reponse.texte and "aux conseillers" in reponse.texte, reponse.texte
    assert "Odette" not in reponse.texte and "Bordenave" not in reponse.texte
    assure.dit("oui")
    assert [compte(base, t) for t in (Ouverture, Fermeture, CompteRendu)] == avant
