"""Rencontres by pages: list, enrolment, waiting list, the offer of a seat, leaving, and what is refused."""
import pytest
from icalendar import Calendar
from sqlalchemy import select

from bot.agenda import rencontres
from bot.agenda.auteurs import SYSTEME
from bot.agenda.rencontres import DemandeRencontre
from bot.contacts.tables import Inscription, Rencontre
from tests.site.rdv_aide import LUNDI, QUI, facade, guichet, modele_guichet  # noqa: F401  (fixtures)
from tests.unit.agenda_aide import MAINTENANT, a


@pytest.fixture
def rencontre(guichet):  # noqa: F811
    """A meeting of two seats, on Monday 19 September at 17:30."""
    with guichet.sessions() as s:
        return rencontres.creer(s, DemandeRencontre(
            guichet.monde.caisse_code, "auto_entrepreneur", "Auto-entrepreneurs : rencontre fictive", "12 rue des Exemples, 33000 Bordeaux",
            a(LUNDI, "17:30"), a(LUNDI, "19:00"), guichet.monde.fuseau, [guichet.monde.conseillers[0]], 2, cloture_inscriptions=a(LUNDI, "12:00")),
            SYSTEME, MAINTENANT).id


def inscrit(guichet, n=1, **autres):  # noqa: F811
    lecteur = guichet.lecteur().va("/rencontres").suit("Auto-entrepreneurs : rencontre fictive")
    return lecteur.presse("M'inscrire", **{**QUI, "nom": f"Exemple{n}", "telephone": f"06 39 98 00 0{n}", **autres})


def statuts(guichet):  # noqa: F811
    with guichet.sessions.lecture() as s:
        return dict(s.execute(select(Inscription.nom, Inscription.statut)).all())


def test_la_liste_dit_quand_ou_et_combien_de_places(guichet, rencontre):  # noqa: F811
    lecteur = guichet.lecteur().va("/rendez-vous").suit("S'inscrire à une rencontre")
    for attendu in ("Auto-entrepreneurs : rencontre fictive, lundi 19 septembre 2011 à 17 h 30", "12 rue des Exemples", "Il reste 2 places."):
        assert attendu in lecteur.texte
    assert "Camille" not in lecteur.texte  # nobody's name


def test_s_inscrire_garde_une_place_et_donne_un_code(guichet, rencontre):  # noqa: F811
    lecteur = inscrit(guichet)
    assert lecteur.adresse == "/rendez-vous/mon" and "C'est noté." in lecteur.texte and "Inscrit" in lecteur.texte and "(EXE)" in lecteur.texte
    assert "Il reste 1 place." in guichet.lecteur().va("/rencontres").texte
    (evenement,) = Calendar.from_ical(lecteur.suit("Ajouter à mon agenda").reponse.content).walk("VEVENT")
    assert "rencontre fictive" in str(evenement["summary"])


def test_s_inscrire_deux_fois_donne_la_meme_inscription(guichet, rencontre):  # noqa: F811
    assert inscrit(guichet).code == inscrit(guichet).code
    with guichet.sessions.lecture() as s:
        assert s.get(Rencontre, rencontre).inscrits == 1


def test_complete_on_attend_a_son_rang_et_la_place_liberee_est_gardee(guichet, rencontre):  # noqa: F811
    premier, _, troisieme, quatrieme = (inscrit(guichet, n) for n in (1, 2, 3, 4))
    assert "Sur la liste d'attente, au rang 1" in troisieme.texte and "au rang 2" in quatrieme.texte
    assert "Complet, vous auriez le rang 3 sur la liste d'attente" in guichet.lecteur().va("/rencontres").texte
    premier.presse("laisser ma place")
    assert "votre place servira à quelqu'un d'autre" in premier.texte
    code = troisieme.code
    lecteur = guichet.lecteur().va(f"/rendez-vous?code={code}&action=accepter").presse("Continuer", nom="exe")
    assert "Une place vous est gardée jusqu'au vendredi 16 septembre 2011" in lecteur.texte
    lecteur.presse("Oui, je prends la place")
    assert "La place est à vous." in lecteur.texte
    assert statuts(guichet) == {"Exemple1": "desiste", "Exemple2": "inscrit", "Exemple3": "inscrit", "Exemple4": "attente"}


def test_refuser_l_offre_la_passe_au_suivant_et_trop_tard_c_est_dit(guichet, rencontre):  # noqa: F811
    premier, _, troisieme, quatrieme = (inscrit(guichet, n) for n in (1, 2, 3, 4))
    premier.presse("laisser ma place")
    troisieme.va("/rendez-vous/mon").presse("Non, je la laisse")
    assert statuts(guichet)["Exemple4"] == "offre"
    quatrieme.va("/rendez-vous/mon")
    envoi = quatrieme.preparer("Oui, je prends")
    guichet.avance(hours=49)
    ouvert = guichet.lecteur().va("/rendez-vous/code").presse("Continuer", code=quatrieme.code, nom="exe")
    ouvert.envoie(*envoi)
    assert ouvert.statut == 409 and "n'est plus valable" in ouvert.texte


def test_quitter_la_liste_d_attente(guichet, rencontre):  # noqa: F811
    for n in (1, 2):
        inscrit(guichet, n)
    inscrit(guichet, 3).presse("Quitter la liste d'attente")
    assert statuts(guichet)["Exemple3"] == "desiste"


def test_close_ou_annulee_le_formulaire_disparait_et_un_envoi_tardif_est_refuse(guichet, rencontre):  # noqa: F811
    lecteur = guichet.lecteur().va(f"/rencontres/{rencontre}")
    envoi = lecteur.preparer("M'inscrire", **QUI)
    guichet.avance(days=5, hours=3)
    lecteur.envoie(*envoi)
    assert lecteur.statut == 409 and "Les inscriptions à cette rencontre sont closes" in lecteur.texte and "M'inscrire" not in lecteur.texte
    with guichet.sessions() as s:
        rencontres.annuler(s, s.get(Rencontre, rencontre), SYSTEME, MAINTENANT)
    assert "Cette rencontre est annulée." in lecteur.va(f"/rencontres/{rencontre}").texte
    assert "Aucune rencontre n'est prévue" in lecteur.va("/rencontres").texte


@pytest.mark.parametrize("faux, phrase", [({"nom": ""}, "Indiquez votre nom"), ({"telephone": "", "courriel": ""}, "Indiquez un téléphone ou un courriel"),
                                          ({"courriel": "zzz"}, "courriel")])
def test_une_faute_est_dite_a_cote_et_le_reste_garde(guichet, rencontre, faux, phrase):  # noqa: F811
    lecteur = guichet.lecteur().va(f"/rencontres/{rencontre}").presse("M'inscrire", **{**QUI, **faux})
    assert lecteur.statut == 422 and lecteur.texte.count(phrase) >= 2 and 'value="Dominique"' in lecteur.reponse.text and statuts(guichet) == {}


def test_une_rencontre_qui_n_existe_pas_ou_d_une_autre_caisse(guichet):  # noqa: F811
    assert guichet.lecteur().va("/rencontres/999").statut == 404
    assert guichet.lecteur().envoie("post", "/rencontres/999", dict(QUI)).statut == 404
    assert guichet.lecteur().va("/rencontres/zzz").statut == 422
