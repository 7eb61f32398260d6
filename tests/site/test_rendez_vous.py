"""Booking by pages, with nothing but HTML: the way through, « Précédent », double clicks, lost slots, holds that end, wrong inputs."""
import re
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import time, timedelta

import pytest
from sqlalchemy import func, select

from bot.agenda import fermetures, ouvertures
from bot.agenda.auteurs import SYSTEME
from bot.agenda.fermetures import Portee
from bot.contacts.tables import Antenne, Contact, Demande, Entretien, Notification, Occupation
from tests.site.rdv_aide import LUNDI, QUI, facade, guichet, guichet_ouvert, modele_guichet  # noqa: F401  (fixture)
from tests.unit.agenda_aide import MAINTENANT, REUNION, a, assure, installer, ouvrir, quelqu_un, reserver

NEUF_HEURES = "Lundi 19 septembre 2011 à 9 h 00"


def entretiens(guichet):  # noqa: F811
    with guichet.sessions.lecture() as s:
        return list(s.scalars(select(Entretien).order_by(Entretien.id)))


def prendre_ailleurs(guichet, heure="9:00", numero=7):  # noqa: F811
    """Someone else books, whatever is held."""
    with guichet.sessions() as s:
        s.query(Occupation).filter(Occupation.porteur == "conversation").delete()
        s.flush()
        return reserver(s, guichet.monde, a(LUNDI, heure), personne=quelqu_un(numero), operation=f"ailleurs-{heure}")


# ---- the way through ----------------------------------------------------------------------------------------------


def test_de_la_premiere_page_au_rendez_vous_confirme(guichet):  # noqa: F811
    lecteur = guichet.lecteur().jusqu_au_recapitulatif()
    for attendu in (NEUF_HEURES, "Antenne de Bordeaux, 12 rue des Exemples, 33000 Bordeaux", "Comptez une heure", "Dominique Exemple", "06 39 98 00 01",
                    "exemple@exemple.example", "une pièce d'identité", "jusqu'au dimanche 18 septembre 2011 à 9 h 00"):
        assert attendu in lecteur.texte, attendu
    assert entretiens(guichet) == []
    lecteur.presse("Je confirme")
    (e,) = entretiens(guichet)
    assert (lecteur.adresse, lecteur.code, e.origine, e.telephone) == ("/rendez-vous/mon", e.code, "page", "0639980001")
    assert "C'est réservé" in lecteur.texte and "(EXE)" in lecteur.texte and "Ajouter à mon agenda" in lecteur.texte
    with guichet.sessions.lecture() as s:
        assert {n.type for n in s.scalars(select(Notification))} == {"confirmation", "rappel"}
        assert s.scalar(select(func.count()).select_from(Contact)) == 1
        assert s.scalar(select(func.count()).select_from(Occupation).where(Occupation.porteur == "conversation")) == 0


def test_par_telephone_le_numero_est_exige_et_relu(guichet):  # noqa: F811
    lecteur = guichet.lecteur().va("/rendez-vous").suit("Faire le point").suit("Être appelé").presse("Jeudi 22 septembre 2011 à 13 h 30")
    lecteur.presse("Continuer", nom="Exemple", prenom="Dominique", courriel="exemple@exemple.example")
    assert lecteur.statut == 422 and "indiquez un numéro de téléphone" in lecteur.texte and entretiens(guichet) == []
    lecteur.presse("Continuer", telephone="+33 6 39 98 00 01")
    assert "Le conseiller vous appelle au 06 39 98 00 01, depuis le 01 99 00 12 50" in lecteur.texte
    assert "vous appelle, depuis le 01 99 00 12 50" in lecteur.presse("Je confirme").texte


def test_un_sujet_sans_telephone_y_passe_par_l_entretien_general(guichet):  # noqa: F811
    lecteur = guichet.lecteur().va("/rendez-vous").suit("Créer mon entreprise")
    assert "Entretien de conseil social : comptez trois quarts d'heure" in lecteur.texte
    assert "13 h 30" in lecteur.suit("Être appelé").texte


def test_rien_n_est_depose_avant_le_premier_envoi_et_rien_de_ce_qui_fut_tape_ne_reste_apres(guichet):  # noqa: F811
    lecteur = guichet.lecteur().va("/rendez-vous").suit("Faire le point").suit("Antenne de Bordeaux")
    assert not lecteur.client.cookies
    lecteur.jusqu_au_recapitulatif()
    avant = lecteur.client.cookies["rdv"]
    assert "Exemple" not in avant and "0639980001" not in avant
    lecteur.presse("Je confirme")
    assert len(lecteur.client.cookies["rdv"]) < len(avant)
    lecteur.va("/rendez-vous/creneaux?sujet=conseil_social&lieu=partout").presse("Mardi 20 septembre 2011 à 9 h 00")
    assert 'value="Exemple"' not in lecteur.reponse.text


def test_le_profil_de_cinq_faits_rattache_a_la_population(guichet):  # noqa: F811
    with guichet.sessions() as s:
        connu = assure(s, 1, nom="Martin", prenom="Alix", code_postal="33000", telephone="0639980111").id
    guichet.lecteur().reserve(nom="MARTIN", prenom="alix", telephone="06.39.98.01.11", code_postal="33000", courriel="")
    assert entretiens(guichet)[0].assure_id == connu


def test_une_personne_au_nom_de_deux_lettres_prend_rendez_vous(guichet):  # noqa: F811
    lecteur = guichet.lecteur().reserve(nom="Ly")
    assert "(LY)" in lecteur.texte


# ---- twice, back, two tabs ----------------------------------------------------------------------------------------


def test_un_double_clic_reserve_une_fois(guichet):  # noqa: F811
    lecteur = guichet.lecteur().jusqu_au_recapitulatif()
    envoi = lecteur.preparer("Je confirme")
    depart = threading.Barrier(4, timeout=20)

    def cliquer(_):
        autre = guichet.lecteur()
        autre.client.cookies = lecteur.client.cookies
        depart.wait()
        return autre.envoie(*envoi).code

    with ThreadPoolExecutor(4) as fil:
        codes = set(fil.map(cliquer, range(4)))
    assert len(codes) == 1 and len(entretiens(guichet)) == 1


def test_recharger_la_page_qui_suit_ne_reserve_rien_de_plus(guichet):  # noqa: F811
    lecteur = guichet.lecteur().reserve()
    lecteur.va(str(lecteur.reponse.url)).va("/rendez-vous/mon")
    assert len(entretiens(guichet)) == 1 and lecteur.code == entretiens(guichet)[0].code


def test_precedent_apres_la_confirmation_mene_au_rendez_vous_et_le_meme_formulaire_au_meme_code(guichet):  # noqa: F811
    lecteur = guichet.lecteur().jusqu_au_recapitulatif()
    recapitulatif, envoi = str(lecteur.reponse.url), lecteur.preparer("Je confirme")
    code = lecteur.presse("Je confirme").code
    assert lecteur.va(recapitulatif).adresse == "/rendez-vous/mon" and lecteur.code == code
    assert lecteur.envoie(*envoi).code == code and len(entretiens(guichet)) == 1


def test_precedent_avant_la_confirmation_corrige_et_c_est_ce_qui_est_relu_qui_est_pris(guichet):  # noqa: F811
    lecteur = guichet.lecteur().jusqu_au_recapitulatif()
    lecteur.suit("Corriger mes coordonnées")
    assert 'value="Exemple"' in lecteur.reponse.text
    lecteur.presse("Continuer", prenom="Camille")
    assert "Camille Exemple" in lecteur.texte
    lecteur.suit("Changer de créneau").presse("Mardi 20 septembre 2011 à 9 h 00")
    assert lecteur.adresse == "/rendez-vous/recapitulatif" and "Mardi 20 septembre 2011 à 9 h 00" in lecteur.texte
    lecteur.presse("Je confirme")
    (e,) = entretiens(guichet)
    assert (e.prenom, e.debut) == ("Camille", a(LUNDI + timedelta(1), "9:00"))


def test_deux_onglets_chacun_confirme_ce_qu_il_montre(guichet):  # noqa: F811
    lecteur = guichet.lecteur().jusqu_au_recapitulatif()
    premier = lecteur.preparer("Je confirme")
    lecteur.va("/rendez-vous/coordonnees?creneau=" + creneau(guichet)).presse("Continuer", nom="Autre", telephone="06 39 98 00 02", courriel="")
    assert "Autre" in lecteur.texte
    lecteur.envoie(*premier)
    (e,) = entretiens(guichet)
    assert (e.nom, e.telephone) == ("Exemple", "0639980001")


def creneau(guichet, jour=LUNDI, heure="9:00", code="conseil_social", antenne="Bordeaux"):  # noqa: F811
    return f"{guichet.monde.motifs[code].id}-{a(jour, heure):%Y%m%dT%H%MZ}-{guichet.monde.antennes.get(antenne, 0)}"


def test_la_meme_personne_deux_fois_est_renvoyee_a_son_rendez_vous_sans_rien_en_dire(guichet):  # noqa: F811
    guichet.lecteur().reserve()
    autre = guichet.lecteur().reserve("Mardi 20 septembre 2011 à 9 h 00")
    assert autre.statut == 409 and "déjà un rendez-vous à venir" in autre.texte and "Retrouver mon rendez-vous" in autre.texte
    assert entretiens(guichet)[0].code not in autre.texte and "Lundi 19" not in autre.texte and len(entretiens(guichet)) == 1


# ---- held, lost ---------------------------------------------------------------------------------------------------


def test_un_creneau_choisi_est_garde_cinq_minutes_et_disparait_pour_les_autres(guichet):  # noqa: F811
    lecteur = guichet.lecteur().jusqu_au_creneau()
    assert "vous est gardé jusqu'à 10 h 05" in lecteur.texte
    autre = guichet.lecteur().va("/rendez-vous/creneaux?sujet=conseil_social&lieu=partout")
    assert NEUF_HEURES not in autre.texte and "Lundi 19 septembre 2011 à 10 h 15" in autre.texte
    guichet.avance(minutes=6)
    assert NEUF_HEURES in autre.va("/rendez-vous/creneaux?sujet=conseil_social&lieu=partout").texte


def test_une_personne_ne_garde_qu_un_creneau(guichet):  # noqa: F811
    lecteur = guichet.lecteur().jusqu_au_creneau()
    lecteur.suit("Changer de créneau").presse("Lundi 19 septembre 2011 à 10 h 15")
    with guichet.sessions.lecture() as s:
        assert s.scalar(select(func.count()).select_from(Occupation)) == 5
        assert s.scalar(select(Occupation.porteur_id).limit(1)).startswith("page-")


def test_la_garde_finie_le_creneau_libre_se_confirme_encore(guichet):  # noqa: F811
    lecteur = guichet.lecteur().jusqu_au_recapitulatif()
    guichet.avance(minutes=10)
    assert "C'est réservé" in lecteur.presse("Je confirme").texte


def test_la_garde_finie_et_le_creneau_pris_les_trois_plus_proches_sur_la_meme_page(guichet):  # noqa: F811
    lecteur = guichet.lecteur().jusqu_au_recapitulatif()
    prendre_ailleurs(guichet)
    lecteur.presse("Je confirme")
    assert lecteur.statut == 409 and "Ce créneau vient d'être pris. Rien n'est réservé" in lecteur.texte
    assert [b[2] for f in lecteur.page.formulaires for b in f.boutons] == [
        "Lundi 19 septembre 2011 à 10 h 15, à l'antenne de Bordeaux", "Mardi 20 septembre 2011 à 9 h 00, à l'antenne de Bordeaux",
        "Mardi 20 septembre 2011 à 10 h 15, à l'antenne de Bordeaux"]
    lecteur.presse("Lundi 19 septembre 2011 à 10 h 15")
    assert lecteur.adresse == "/rendez-vous/recapitulatif" and "Dominique Exemple" in lecteur.texte
    lecteur.presse("Je confirme")
    assert [(e.nom, e.debut) for e in entretiens(guichet)][1:] == [("Exemple", a(LUNDI, "10:15"))]


def test_perdu_pendant_qu_on_ecrit_son_nom_ce_qui_est_tape_part_avec_le_nouveau_choix(guichet):  # noqa: F811
    lecteur = guichet.lecteur().jusqu_au_creneau()
    envoi = lecteur.preparer("Continuer", **QUI)
    prendre_ailleurs(guichet)
    lecteur.envoie(*envoi)
    assert lecteur.statut == 409 and "Ce que vous avez écrit est gardé" in lecteur.texte and 'value="Exemple"' in lecteur.reponse.text
    lecteur.presse("Mardi 20 septembre 2011 à 9 h 00")
    assert lecteur.adresse == "/rendez-vous/recapitulatif" and "Mardi 20 septembre 2011 à 9 h 00" in lecteur.texte and "Dominique Exemple" in lecteur.texte


def test_perdu_des_le_choix(guichet):  # noqa: F811
    lecteur = guichet.lecteur().va("/rendez-vous/creneaux?sujet=conseil_social&lieu=partout")
    envoi = lecteur.preparer(NEUF_HEURES)
    prendre_ailleurs(guichet)
    lecteur.envoie(*envoi)
    assert lecteur.statut == 409 and "vient d'être pris" in lecteur.texte and "autofocus" in lecteur.reponse.text


def test_quand_plus_rien_n_est_libre_on_le_dit(guichet):  # noqa: F811
    lecteur = guichet.lecteur().jusqu_au_recapitulatif()
    prendre_ailleurs(guichet)
    with guichet.sessions() as s:
        fermetures.fermer(s, Portee(guichet.monde.caisse_code, a(LUNDI, "0:00"), a(LUNDI + timedelta(8), "0:00")), "travaux", SYSTEME, MAINTENANT)
    assert "Il n'y en a pas de proche" in lecteur.presse("Je confirme").texte


def test_une_demande_restee_ouverte_trop_longtemps_le_dit_et_ne_reserve_rien(guichet):  # noqa: F811
    lecteur = guichet.lecteur().jusqu_au_recapitulatif()
    guichet.avance(minutes=31)
    lecteur.presse("Je confirme")
    assert lecteur.statut == 410 and "rien n'a été réservé" in lecteur.texte and entretiens(guichet) == []


# ---- empty searches -----------------------------------------------------------------------------------------------


def test_une_recherche_vide_dit_pourquoi_et_ce_qui_la_remplirait(guichet):  # noqa: F811
    bayonne = guichet.monde.antennes["Bayonne"]
    lecteur = guichet.lecteur().va(f"/rendez-vous/creneaux?sujet=conseil_social&lieu={bayonne}")
    assert "Rien n'est libre à l'antenne de Bayonne." in lecteur.texte and "Personne ne reçoit" in lecteur.texte
    assert "Lundi 19 septembre" in lecteur.suit("Voir les 4 créneaux libres dans une autre antenne").texte


def test_les_creneaux_pris_et_trop_proches_sont_comptes(guichet):  # noqa: F811
    with guichet.sessions() as s:
        ouvrir(s, guichet.monde, MAINTENANT.date(), "14:00", "16:30", qui=1)
        for n, (jour, heure) in enumerate(((LUNDI, "9:00"), (LUNDI, "10:15"), (LUNDI + timedelta(1), "9:00"), (LUNDI + timedelta(1), "10:15"))):
            reserver(s, guichet.monde, a(jour, heure), personne=quelqu_un(n), operation=f"plein{n}")
    lecteur = guichet.lecteur().va("/rendez-vous/creneaux?sujet=conseil_social&lieu=partout")
    assert "6 créneaux existent : 2 sont à moins de 24 heures, 4 sont pris." in lecteur.texte
    assert "13 h 30" in lecteur.suit("Voir les créneaux par téléphone").texte


def test_un_jour_sans_creneau_est_explique_et_la_suite_montree(guichet):  # noqa: F811
    with guichet.sessions() as s:
        ouvrir(s, guichet.monde, LUNDI + timedelta(43), jusqu_au=LUNDI + timedelta(50), qui=1)  # Tuesday 1 November 2011, and the one after
    lecteur = guichet.lecteur().va("/rendez-vous/creneaux?sujet=conseil_social&lieu=partout&du=2011-11-01")
    assert "Rien n'est libre, le mardi 1er novembre 2011. C'est un jour férié (Toussaint). Voici les premiers créneaux qui suivent." in lecteur.texte
    assert "Mardi 8 novembre 2011 à 9 h 00" in lecteur.texte


def test_trop_loin_est_dit(guichet):  # noqa: F811
    lecteur = guichet.lecteur().va("/rendez-vous/creneaux?sujet=conseil_social&lieu=partout&du=2012-02-01")
    assert "L'agenda s'ouvre 90 jours à l'avance : jusqu'au 13 décembre 2011." in lecteur.texte
    assert "Lundi 19 septembre" in lecteur.suit("plus tôt").texte


def test_l_apres_midi_seul_et_les_jours_suivants(guichet):  # noqa: F811
    with guichet.sessions() as s:
        ouvrir(s, guichet.monde, LUNDI + timedelta(2), "14:00", "16:30", jusqu_au=LUNDI + timedelta(65), qui=1)
    lecteur = guichet.lecteur().va("/rendez-vous/creneaux?sujet=conseil_social&lieu=partout").presse("Voir les créneaux", partie="après-midi")
    assert "Lundi 19" not in lecteur.texte and "Mercredi 21 septembre 2011 à 14 h 00" in lecteur.texte
    assert "19 octobre" in lecteur.texte and "26 octobre" not in lecteur.texte
    assert "26 octobre" in lecteur.suit("Jours suivants").texte


def test_les_recherches_sont_comptees_sans_personne(guichet):  # noqa: F811
    lecteur = guichet.lecteur().va("/rendez-vous/creneaux?sujet=conseil_social&lieu=partout")
    lecteur.va(f"/rendez-vous/creneaux?sujet=conseil_social&lieu={guichet.monde.antennes['Bayonne']}")
    with guichet.sessions.lecture() as s:
        assert [(d.recherches, d.vides) for d in s.scalars(select(Demande))] == [(2, 1)]


def test_une_caisse_sans_motif_le_dit(facade, sessions, tmp_path):  # noqa: F811
    with guichet_ouvert(facade, sessions, tmp_path) as g:
        with sessions() as s:
            for m in g.monde.motifs.values():
                s.merge(m).visible = False
        assert "ne prend pas encore de rendez-vous sur ce site" in g.lecteur().va("/rendez-vous").texte


# ---- wrong inputs -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("date, phrase", [("2011-02-31", "n'existe pas dans le calendrier"), ("le 36 octobre", "n'existe pas dans le calendrier"),
                                          ("hier", "Je n'ai pas compris la date"), ("2011-09-01", "Le 1er septembre 2011 est passé")])
def test_une_date_impossible_ou_passee_est_dite_a_cote_de_son_champ(guichet, date, phrase):  # noqa: F811
    lecteur = guichet.lecteur().va("/rendez-vous/creneaux?sujet=conseil_social&lieu=partout").presse("Voir les créneaux", du=date)
    assert lecteur.statut == 422 and lecteur.texte.count(phrase) == 2 and f'value="{date}"' in lecteur.reponse.text
    assert re.search(r'id="c-du"[^>]*aria-invalid="true" aria-describedby="c-du-aide c-du-erreur"', lecteur.reponse.text)
    assert NEUF_HEURES in lecteur.texte


@pytest.mark.parametrize("faux, phrase", [
    ({"nom": ""}, "Indiquez votre nom"), ({"prenom": ""}, "Remplissez ce champ"), ({"telephone": "12"}, "téléphone"),
    ({"courriel": "moi@"}, "courriel"), ({"telephone": "", "courriel": ""}, "Indiquez un téléphone ou un courriel"), ({"code_postal": "33"}, "code postal"),
    ({"nom": "1 84 12 76 451 089 46"}, "Retirez ce numéro personnel")])
def test_une_coordonnee_fausse_est_dite_a_cote_et_en_tete_et_le_reste_est_garde(guichet, faux, phrase):  # noqa: F811
    lecteur = guichet.lecteur().jusqu_au_creneau().presse("Continuer", **{**QUI, **faux})
    champ = next(iter(faux))
    assert lecteur.statut == 422 and lecteur.texte.count(phrase) >= 2, lecteur.texte
    assert f'href="#c-{champ}"' in lecteur.reponse.text and f'id="c-{champ}-erreur"' in lecteur.reponse.text
    assert lecteur.reponse.text.count("autofocus") == 1 and "<title>Erreur" in lecteur.reponse.text
    for nom, valeur in QUI.items():
        if nom not in faux:
            assert f'value="{valeur}"' in lecteur.reponse.text
    assert entretiens(guichet) == []


@pytest.mark.parametrize("identifiant", ["", "n'importe", "999999-20110919T0700Z-1", "1-20110231T0700Z-1", "1-20110919T0700Z-9999", "1" * 300])
def test_un_creneau_invente_ne_casse_rien_et_ramene_a_un_choix(guichet, identifiant):  # noqa: F811
    lecteur = guichet.lecteur()
    lecteur.envoie("post", "/rendez-vous/creneaux", {"creneau": identifiant})
    assert lecteur.statut in (404, 409, 422) and ('id="fautes"' in lecteur.reponse.text)
    for adresse in ("/rendez-vous/coordonnees", "/rendez-vous/recapitulatif"):
        assert guichet.lecteur().va(f"{adresse}?creneau={identifiant}").statut in (200, 404, 409, 422)
    assert entretiens(guichet) == []


def test_le_creneau_d_une_autre_caisse_est_inconnu_ici(guichet):  # noqa: F811
    la_bas = installer(guichet.sessions, "demo-reunion")
    with guichet.sessions() as s:
        ouvrir(s, la_bas, antenne="Saint-Denis")
    autre = f"{la_bas.motifs['conseil_social'].id}-{a(LUNDI, '9:00', REUNION):%Y%m%dT%H%MZ}-{la_bas.antennes['Saint-Denis']}"
    lecteur = guichet.lecteur().envoie("post", "/rendez-vous/creneaux", {"creneau": autre})
    assert lecteur.statut == 404 and "n'est pas proposé par votre caisse" in lecteur.texte


def test_un_motif_reserve_a_la_caisse_ne_se_prend_pas_ici(guichet):  # noqa: F811
    with guichet.sessions() as s:
        s.merge(guichet.monde.motifs["conseil_social"]).libre_service = False
    assert guichet.lecteur().envoie("post", "/rendez-vous/creneaux", {"creneau": creneau(guichet)}).statut == 404


def test_un_recapitulatif_retouche_ou_d_une_autre_installation_est_refuse(guichet):  # noqa: F811
    for sceau in ("", "gAAAAAB", "é"):
        lecteur = guichet.lecteur().envoie("post", "/rendez-vous/confirmer", {"sceau": sceau})
        assert lecteur.statut == 410 and entretiens(guichet) == []
    lecteur.client.cookies.set("rdv", "retouche")
    assert lecteur.va("/rendez-vous").statut == 200


def test_quarante_creneaux_retenus_par_un_visiteur_sans_cookie_sont_arretes(guichet):  # noqa: F811
    lecteur = guichet.lecteur()
    for _ in range(guichet.reglages.conversations_par_minute):
        lecteur.client.cookies.clear()
        lecteur.envoie("post", "/rendez-vous/creneaux", {"creneau": creneau(guichet)})
    lecteur.client.cookies.clear()
    lecteur.envoie("post", "/rendez-vous/creneaux", {"creneau": creneau(guichet, heure="10:15")})
    assert lecteur.statut == 429 and lecteur.reponse.headers["retry-after"] == "60" and "Patientez une minute" in lecteur.texte


def test_un_envoi_venu_d_un_autre_site_est_refuse(guichet):  # noqa: F811
    reponse = guichet.lecteur().client.post("/rendez-vous/creneaux", data={"creneau": creneau(guichet)}, headers={"sec-fetch-site": "cross-site"})
    assert reponse.status_code == 403


def test_ce_qui_est_tape_ne_devient_jamais_du_html(guichet):  # noqa: F811
    lecteur = guichet.lecteur().jusqu_au_recapitulatif(nom="<script>alert(1)</script>")
    assert "<script>alert" not in lecteur.reponse.text and "<script>alert(1)</script>" in lecteur.texte
    assert "<script" not in guichet.lecteur().va("/rendez-vous/code?code=<script>x</script>&nom=\"><b>").reponse.text


# ---- overseas -----------------------------------------------------------------------------------------------------


def test_a_la_reunion_les_heures_sont_celles_de_la_reunion(facade, sessions, tmp_path):  # noqa: F811
    with guichet_ouvert(facade, sessions, tmp_path, caisse="demo-reunion") as g:
        with sessions() as s:
            ouvrir(s, g.monde, antenne="Saint-Denis")
        lecteur = g.lecteur().jusqu_au_creneau(lieu="Antenne de Saint-Denis")
        assert "gardé jusqu'à 12 h 05" in lecteur.texte
        lecteur.presse("Continuer", **QUI).presse("Je confirme")
        assert "Lundi 19 septembre 2011 à 9 h 00" in lecteur.texte and "heure de" not in lecteur.texte
        assert entretiens(g)[0].debut == a(LUNDI, "9:00", REUNION)


def test_une_antenne_d_outre_mer_d_une_caisse_de_metropole_dit_son_heure(guichet):  # noqa: F811
    with guichet.sessions() as s:
        loin = Antenne(caisse_code=guichet.monde.caisse_code, nom="Cayenne", adresse="1 rue du Modèle", code_postal="97300", ville="Cayenne", horaires="le matin")
        s.add(loin)
        s.flush()
        ouvertures.ouvrir(s, ouvertures.DemandeOuverture(guichet.monde.conseillers[1], LUNDI, time(9), time(12),
                                                         [guichet.monde.motifs["conseil_social"]], loin.id), SYSTEME, MAINTENANT)
    lecteur = guichet.lecteur().jusqu_au_creneau("9 h 00 (heure de la Guyane)", lieu="Antenne de Cayenne")
    assert "Lundi 19 septembre 2011 à 9 h 00 (heure de la Guyane)" in lecteur.presse("Continuer", **QUI).texte
    assert "à 9 h 00 (heure de la Guyane)" in lecteur.presse("Je confirme").texte


# ---- every page ---------------------------------------------------------------------------------------------------


def test_chaque_page_a_un_titre_un_h1_des_champs_nommes_et_ne_se_met_pas_en_cache(guichet):  # noqa: F811
    lecteur = guichet.lecteur()
    pages = []
    for pas in (lambda: lecteur.va("/rendez-vous"), lambda: lecteur.suit("Faire le point"), lambda: lecteur.suit("Antenne de Bordeaux"),
                lambda: lecteur.presse(NEUF_HEURES), lambda: lecteur.presse("Continuer", **QUI), lambda: lecteur.presse("Je confirme"),
                lambda: lecteur.suit("Le déplacer"), lambda: lecteur.va("/rendez-vous/mon/annuler"), lambda: lecteur.va("/rendez-vous/mon/imprimer"),
                lambda: lecteur.va("/rendez-vous/code"), lambda: lecteur.va("/rencontres")):
        pas()
        html = lecteur.reponse.text
        pages.append(re.search("<title>(.*?)</title>", html)[1])
        assert html.count("<h1") == 1 and lecteur.reponse.headers["cache-control"] == "no-store" and lecteur.statut == 200
        for champ in re.findall(r'<(?:input|select)[^>]*\bid="([^"]+)"', html):
            assert f'for="{champ}"' in html, champ
        assert "style=" not in html and "onclick" not in html and "<script" not in html
        assert html.count("<fieldset") == html.count("<legend")
    assert len(set(pages)) == len(pages)


def test_le_menu_y_mene_de_partout(guichet):  # noqa: F811
    assert '<a href="/rendez-vous">Prendre rendez-vous</a>' in guichet.lecteur().va("/faq").reponse.text
