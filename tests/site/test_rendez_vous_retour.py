"""Coming back to a booking by pages: code and three letters, moving, cancelling, taking back, printing, calendar; invitations; what a message's links open."""
from datetime import date, datetime, timedelta, timezone

import pytest
from icalendar import Calendar
from sqlalchemy import select

from bot.agenda import notifications
from bot.agenda.instants import local
from bot.contacts import codes
from bot.contacts.cle import cle_installation
from bot.contacts.tables import AccesRdv, Action, Cible, CodeOuverture, Entretien, Envoi, Lot, Notification, Socle
from tests.site.rdv_aide import LUNDI, QUI, facade, guichet, modele_guichet  # noqa: F401  (fixture)
from tests.unit.agenda_aide import MAINTENANT, PARIS, a, assure, ouvrir, quelqu_un, reserver

MARDI = LUNDI + timedelta(1)


@pytest.fixture
def pris(guichet):  # noqa: F811
    """An entretien booked elsewhere, on Monday at nine, by « Exemple1 »."""
    with guichet.sessions() as s:
        return reserver(s, guichet.monde, a(LUNDI, "9:00"))


def relire(guichet, e):  # noqa: F811
    with guichet.sessions.lecture() as s:
        return s.get(Entretien, e.id)


def ouvre(guichet, e, nom="EXE", **champs):  # noqa: F811
    return guichet.lecteur().va("/rendez-vous/code").presse("Continuer", code=e.code, nom=nom, **champs)


# ---- opening ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("nom", ["exe", "EXEMPLE1", " É x e", "Exem-ple"])
def test_le_code_et_trois_lettres_ouvrent_le_rendez_vous(guichet, pris, nom):  # noqa: F811
    lecteur = guichet.lecteur().va("/rendez-vous").suit("Retrouver mon rendez-vous").presse(
        "Continuer", code=f"{pris.code[:4].lower()}-{pris.code[4:]} ", nom=nom)
    assert lecteur.adresse == "/rendez-vous/mon" and "Lundi 19 septembre 2011 à 9 h 00" in lecteur.texte and "Le déplacer" in lecteur.texte


def test_code_inconnu_et_nom_faux_recoivent_la_meme_reponse_et_rien_n_est_dit(guichet, pris):  # noqa: F811
    reponses = [guichet.lecteur().va("/rendez-vous/code").presse("Continuer", code=c, nom=n) for c, n in (("ZZZZ9999", "exe"), (pris.code, "abc"))]
    assert {r.statut for r in reponses} == {404}
    textes = [r.texte.replace("ZZZZ9999", "") for r in reponses]
    assert textes[0] == textes[1] and "ne retrouvons pas ce rendez-vous" in textes[0] and "19 septembre" not in textes[0]


def test_cinq_erreurs_puis_la_pause_meme_avec_le_bon_code_et_sans_cookie(guichet, pris):  # noqa: F811
    statuts = [ouvre(guichet, pris, nom="zzz").statut for _ in range(5)]
    assert statuts == [404, 404, 404, 404, 429]
    arrete = ouvre(guichet, pris)
    assert arrete.statut == 429 and "Cinq essais" in arrete.texte and arrete.reponse.headers["retry-after"] == "900"
    guichet.avance(minutes=16)
    assert ouvre(guichet, pris).adresse == "/rendez-vous/mon"


def test_l_acces_dure_dix_minutes_puis_demande_de_nouveau_le_code(guichet, pris):  # noqa: F811
    lecteur = ouvre(guichet, pris)
    guichet.avance(minutes=11)
    assert lecteur.va("/rendez-vous/mon").statut == 401 and "se ferme après dix minutes" in lecteur.texte and "19 septembre" not in lecteur.texte
    assert guichet.lecteur().va("/rendez-vous/mon").adresse == "/rendez-vous/code"


def test_on_referme_sur_un_ordinateur_partage(guichet, pris):  # noqa: F811
    lecteur = ouvre(guichet, pris)
    cookies = dict(lecteur.client.cookies)
    lecteur.presse("Refermer")
    assert lecteur.adresse == "/rendez-vous/code" and not lecteur.client.cookies
    lecteur.client.cookies.update(cookies)
    assert lecteur.va("/rendez-vous/mon").statut == 401


def test_un_code_vide_est_dit_a_cote(guichet):  # noqa: F811
    lecteur = guichet.lecteur().va("/rendez-vous/code").presse("Continuer", code=" - ")
    assert lecteur.statut == 422 and 'id="c-code-erreur"' in lecteur.reponse.text


# ---- moving -------------------------------------------------------------------------------------------------------


def test_deplacer_montre_l_echange_puis_garde_le_code(guichet, pris):  # noqa: F811
    lecteur = ouvre(guichet, pris).suit("Le déplacer").presse("Mardi 20 septembre 2011 à 9 h 00")
    assert "Votre rendez-vous du lundi 19 septembre 2011 à 9 h 00 sera remplacé par mardi 20 septembre 2011 à 9 h 00, à l'antenne de Bordeaux, 12 rue" in lecteur.texte
    assert relire(guichet, pris).debut == a(LUNDI, "9:00")
    envoi = lecteur.preparer("Oui, déplacez-le")
    lecteur.presse("Oui, déplacez-le")
    assert "C'est déplacé." in lecteur.texte and lecteur.code == pris.code
    lecteur.envoie(*envoi)
    e = relire(guichet, pris)
    assert (lecteur.statut, e.debut, e.deplacements, e.ics_sequence, e.ics_uid) == (200, a(MARDI, "9:00"), 1, 1, pris.ics_uid)


def test_le_creneau_vise_perdu_l_ancien_reste_et_les_plus_proches_sont_la(guichet, pris):  # noqa: F811
    lecteur = ouvre(guichet, pris).suit("Le déplacer").presse("Mardi 20 septembre 2011 à 9 h 00")
    guichet.avance(minutes=6)
    with guichet.sessions() as s:
        reserver(s, guichet.monde, a(MARDI, "9:00"), personne=quelqu_un(5), operation="autre", maintenant=MAINTENANT + timedelta(minutes=6))
    lecteur.presse("Oui, déplacez-le")
    assert lecteur.statut == 409 and "Votre ancien rendez-vous est toujours le vôtre. Voici les plus proches" in lecteur.texte
    assert relire(guichet, pris).debut == a(LUNDI, "9:00")
    lecteur.presse("Mardi 20 septembre 2011 à 10 h 15").presse("Oui, déplacez-le")
    assert relire(guichet, pris).debut == a(MARDI, "10:15")


def test_revenir_a_l_ancienne_date_pendant_deux_minutes(guichet, pris):  # noqa: F811
    lecteur = ouvre(guichet, pris).suit("Le déplacer").presse("Mardi 20 septembre 2011 à 9 h 00").presse("Oui, déplacez-le")
    lecteur.presse("Revenir à l'ancienne date")
    assert "C'est défait." in lecteur.texte and relire(guichet, pris).debut == a(LUNDI, "9:00")


def test_a_moins_de_24_heures_on_ne_deplace_plus_mais_on_annule(guichet, pris):  # noqa: F811
    guichet.avance(days=4, hours=20)
    lecteur = ouvre(guichet, pris)
    assert "trop tard pour le déplacer" in lecteur.texte
    lecteur.va("/rendez-vous/mon/deplacer")
    assert lecteur.statut == 409 and "délai pour faire ce changement" in lecteur.texte and "L'annuler" in lecteur.texte
    lecteur.envoie("post", "/rendez-vous/mon/deplacer/confirmer", {"creneau": "1-20110920T0700Z-1"})
    assert lecteur.statut == 409 and relire(guichet, pris).debut == a(LUNDI, "9:00")
    lecteur.va("/rendez-vous/mon/annuler")
    assert "C'est tard" in lecteur.texte
    lecteur.presse("Oui, j'annule")
    assert relire(guichet, pris).tardive


def test_trois_deplacements_puis_un_conseiller(guichet, pris):  # noqa: F811
    with guichet.sessions() as s:
        s.get(Entretien, pris.id).deplacements = 3
    lecteur = ouvre(guichet, pris)
    assert "déjà été déplacé trois fois" in lecteur.texte
    assert lecteur.va("/rendez-vous/mon/deplacer").statut == 409


def test_le_creneau_d_un_autre_motif_ne_deplace_pas(guichet, pris):  # noqa: F811
    autre = f"{guichet.monde.motifs['retraite'].id}-20110920T0700Z-1"
    lecteur = ouvre(guichet, pris).va(f"/rendez-vous/mon/deplacer/confirmer?creneau={autre}")
    assert lecteur.statut == 409
    assert lecteur.va("/rendez-vous/mon/deplacer/confirmer?creneau=zzz").statut == 404


# ---- cancelling ---------------------------------------------------------------------------------------------------


def test_annuler_dit_ce_qui_est_perdu_garde_la_raison_et_propose_la_suite(guichet, pris):  # noqa: F811
    lecteur = ouvre(guichet, pris).suit("L'annuler")
    assert "La place ira à quelqu'un d'autre" in lecteur.texte and relire(guichet, pris).statut == "pose"
    lecteur.presse("Oui, j'annule", raison="empechement")
    e = relire(guichet, pris)
    assert (e.statut, e.annule_raison, e.tardive) == ("annule_assure", "empechement", False)
    assert "C'est annulé. Merci d'avoir prévenu." in lecteur.texte and "Choisir une autre date" in lecteur.texte
    lecteur.presse("Lundi 19 septembre 2011 à 9 h 00")
    assert lecteur.adresse == "/rendez-vous/coordonnees"


def test_annuler_deux_fois_ne_change_rien_et_se_reprend_deux_minutes(guichet, pris):  # noqa: F811
    lecteur = ouvre(guichet, pris).suit("L'annuler")
    envoi = lecteur.preparer("Oui, j'annule")
    lecteur.envoie(*envoi).envoie(*envoi)
    assert lecteur.statut == 200
    lecteur.presse("Reprendre mon rendez-vous")
    assert relire(guichet, pris).statut == "pose"
    lecteur.suit("L'annuler").presse("Oui, j'annule")
    guichet.avance(minutes=3)
    assert "Reprendre" not in lecteur.va("/rendez-vous/mon").texte
    assert lecteur.envoie("post", "/rendez-vous/mon/defaire", {}).statut == 409


def test_apres_l_heure_il_n_y_a_plus_rien_a_faire(guichet, pris):  # noqa: F811
    guichet.avance(days=5, hours=1)
    lecteur = ouvre(guichet, pris)
    assert "Passé" in lecteur.texte and "L'annuler" not in lecteur.texte
    assert lecteur.envoie("post", "/rendez-vous/mon/annuler", {}).statut == 409
    assert relire(guichet, pris).statut == "pose"


# ---- links of messages, print, calendar -----------------------------------------------------------------------------


@pytest.mark.parametrize("action, adresse, dit", [
    ("", "/rendez-vous/mon", "Le déplacer"), ("venir", "/rendez-vous/mon", "votre rendez-vous est maintenu"),
    ("deplacer", "/rendez-vous/mon/deplacer", "Créneaux libres"), ("annuler", "/rendez-vous/mon/annuler", "sera annulé"), ("avancer", "/rendez-vous/mon", "À venir")])
def test_le_lien_d_un_message_demande_le_nom_puis_mene_a_ce_qu_il_dit(guichet, pris, action, adresse, dit):  # noqa: F811
    lecteur = guichet.lecteur().va(f"/rendez-vous?code={pris.code}" + (f"&action={action}" if action else ""))
    assert f'value="{pris.code}"' in lecteur.reponse.text and "19 septembre" not in lecteur.texte
    lecteur.presse("Continuer", nom="exe")
    assert lecteur.adresse == adresse and dit in lecteur.texte and relire(guichet, pris).statut == "pose"


def test_une_place_plus_tot_se_prend_d_un_bouton(guichet):  # noqa: F811
    with guichet.sessions() as s:
        ouvrir(s, guichet.monde, LUNDI + timedelta(14), qui=1)
        loin = reserver(s, guichet.monde, a(LUNDI + timedelta(14), "9:00"), plus_tot=True)
        charge = {"debut": a(MARDI, "9:00").isoformat(), "version": loin.version, "en_lettres": "mardi 20 septembre 2011 à 9 h 00"}
        notifications.ajouter(s, "entretien", loin.id, "plus_tot", 1, "courriel", MAINTENANT, charge)
    lecteur = guichet.lecteur().va(f"/rendez-vous?code={loin.code}&action=avancer").presse("Continuer", nom="exe")
    assert "Une place s'est libérée : mardi 20 septembre 2011 à 9 h 00" in lecteur.texte
    lecteur.presse("Oui, je la prends")
    assert relire(guichet, loin).debut == a(MARDI, "9:00") and "Une place s'est libérée" not in lecteur.texte


def test_la_version_a_imprimer_dit_tout_sans_menu_ni_bouton(guichet, pris):  # noqa: F811
    lecteur = ouvre(guichet, pris).suit("Version à imprimer")
    for attendu in ("Lundi 19 septembre 2011 à 9 h 00", pris.code, "Une pièce d'identité", "12 rue des Exemples", "01 99 00 12 00"):
        assert attendu in lecteur.texte
    assert "<nav" not in lecteur.reponse.text and "<button" not in lecteur.reponse.text


def test_le_fichier_d_agenda_se_lit_et_garde_son_uid(guichet, pris):  # noqa: F811
    lecteur = ouvre(guichet, pris).suit("Ajouter à mon agenda")
    assert lecteur.reponse.headers["content-type"].startswith("text/calendar") and "attachment" in lecteur.reponse.headers["content-disposition"]
    (evenement,) = Calendar.from_ical(lecteur.reponse.content).walk("VEVENT")
    assert (str(evenement["uid"]), evenement["sequence"], evenement["dtstart"].dt) == (pris.ics_uid, 0, local(a(LUNDI, "9:00"), PARIS))
    lecteur.va("/rendez-vous/mon/deplacer").presse("Mardi 20 septembre 2011 à 9 h 00").presse("Oui, déplacez-le")
    (apres,) = Calendar.from_ical(lecteur.suit("Ajouter à mon agenda").reponse.content).walk("VEVENT")
    assert (str(apres["uid"]), apres["sequence"]) == (pris.ics_uid, 1)


def test_l_adresse_que_donne_la_conversation_rend_le_fichier_et_ne_laisse_rien_d_ouvert(guichet, pris):  # noqa: F811
    client = guichet.lecteur().client
    assert Calendar.from_ical(client.get(f"/rendez-vous/agenda/{pris.code}.ics?nom=exe").content).walk("VEVENT")
    assert client.get(f"/rendez-vous/agenda/{pris.code}.ics?nom=abc").status_code == 404
    assert client.get(f"/rendez-vous/agenda/{pris.code}.ics").status_code == 404
    with guichet.sessions.lecture() as s:
        assert s.scalars(select(AccesRdv)).all() == []


# ---- invitations --------------------------------------------------------------------------------------------------


@pytest.fixture
def lettre(guichet):  # noqa: F811
    """The code of a letter sent to Alix Fictif1, for the interviews on retirement: « ABCD2345 »."""
    with guichet.sessions() as s:
        ouvrir(s, guichet.monde, LUNDI, "14:00", "16:15", codes=("retraite",), qui=1)
        qui = assure(s, 1, date_naissance=date(1952, 3, 1))
        socle = s.scalar(select(Socle))
        cible = Cible(socle_id=socle.id, code="EIG", perimetre="socle", genre="entretien", titre="EIG", du=date(2011, 7, 1), au=date(2012, 3, 31))
        s.add(cible)
        s.flush()
        action = Action(cible_id=cible.id, caisse_code=guichet.monde.caisse_code, annee=2011, code="EIG", perimetre="socle", titre="EIG")
        s.add(action)
        s.flush()
        lot = Lot(action_id=action.id, numero=1, modele="invitation_eig", etat="prepare", prepare_le=MAINTENANT)
        s.add(lot)
        s.flush()
        envoi = Envoi(lot_id=lot.id, action_id=action.id, assure_id=qui.id, relance=0, canal="courrier", etat="prepare", essais=0)
        s.add(envoi)
        s.flush()
        s.add(CodeOuverture(empreinte=codes.empreinte_ouverture(cle_installation(guichet.reglages), "ABCD2345"), envoi_id=envoi.id, assure_id=qui.id,
                            action_id=action.id, expire_le=datetime(2012, 1, 1, tzinfo=timezone.utc)))
        return qui.id, action.id


def test_le_code_d_un_courrier_ouvre_son_sujet_sans_demander_de_nom(guichet, lettre):  # noqa: F811
    lecteur = guichet.lecteur().va("/rendez-vous?code=ABCD-2345")
    assert 'value="ABCD-2345"' in lecteur.reponse.text
    lecteur.presse("Continuer")
    assert lecteur.adresse == "/rendez-vous/lieu" and "Préparer ma retraite" in lecteur.texte
    lecteur.suit("Antenne de Bordeaux").presse("Lundi 19 septembre 2011 à 14 h 00")
    assert "votre nom n'est pas demandé" in lecteur.texte and 'name="nom"' not in lecteur.reponse.text
    lecteur.presse("Continuer")
    assert "La personne à qui le courrier d'invitation était adressé" in lecteur.texte and "Fictif1" not in lecteur.texte
    lecteur.presse("Je confirme")
    with guichet.sessions.lecture() as s:
        (e,) = s.scalars(select(Entretien))
        assert e.assure_id == lettre[0] and s.scalar(select(CodeOuverture.utilise_le)) is not None
    assert "(FIC)" in lecteur.texte


def test_le_code_d_un_courrier_avec_le_nom_en_plus_marche_aussi(guichet, lettre):  # noqa: F811
    assert guichet.lecteur().va("/rendez-vous/code").presse("Continuer", code="abcd 2345", nom="fic").adresse == "/rendez-vous/lieu"


def test_un_code_invente_compte_comme_un_essai(guichet, lettre):  # noqa: F811
    statuts = [guichet.lecteur().va("/rendez-vous/code").presse("Continuer", code=f"ZZZZ222{n}").statut for n in range(2, 7)]
    assert statuts == [404] * 4 + [429]
    arrete = guichet.lecteur().va("/rendez-vous/code").presse("Continuer", code="ABCD2345")
    assert arrete.statut == 429


def test_une_lettre_passee_dit_qu_on_peut_s_en_passer(guichet, lettre):  # noqa: F811
    guichet.avance(days=120)
    lecteur = guichet.lecteur().va("/rendez-vous/code").presse("Continuer", code="ABCD2345")
    assert lecteur.statut == 404 and "Vous pouvez prendre rendez-vous sans lui" in lecteur.texte


def test_les_messages_suivent_la_page_comme_la_conversation(guichet):  # noqa: F811
    guichet.lecteur().reserve(courriel=QUI["courriel"])
    with guichet.sessions.lecture() as s:
        assert {(n.type, n.canal) for n in s.scalars(select(Notification))} == {("confirmation", "courriel"), ("rappel", "courriel")}
