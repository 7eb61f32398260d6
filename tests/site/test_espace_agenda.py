"""The counsellor's desk: agenda, opening, closing, outcome, moving, booking, rencontres, undo."""
import re
from datetime import date, datetime, timezone
from html import unescape

import pytest
from sqlalchemy import select

from bot.contacts import comptes
from bot.contacts.tables import Action, CompteRendu, Conseiller, Contact, Entretien, Fermeture, FluxAgenda, Inscription, Motif, Ouverture, Rencontre
from tests.site.espace_agenda import CAISSE
from tests.site.test_espace_droits import Lecture

DOMAINES = [f"D{n}" for n in range(1, 10)]


def texte(reponse) -> str:
    """What a page shows, spaces made ordinary."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", unescape(reponse.text)).replace("\u00a0", " ").replace("\u202f", " "))


def premier_creneau(page) -> str:
    return re.search(r'name="creneau" value="([^"]+)"', page.text)[1]


# -- the agenda ----------------------------------------------------------------------------------------------------------------------------


def test_lagenda_de_la_semaine_montre_lentretien_le_libre_et_laisse_une_ligne_daudit(bureau):
    claire = bureau.connecte()
    page = claire.get("/espace/agenda")
    assert page.status_code == 200
    lu = texte(page)
    assert "Semaine du lundi 12 septembre 2011" in lu and "Éléonore Fictif-Tilleul" in lu and "Périgueux" in lu
    assert "à renseigner : dire ce qu'il en fut" in lu and "libre" in lu and "Votre agenda" in lu
    assert bureau.audits("agenda.lu") == 1


def test_lagenda_dun_jour_et_celui_dun_collegue_se_lisent_mais_celui_dune_autre_caisse_nexiste_pas(bureau):
    claire = bureau.connecte()
    assert "Mercredi 14 septembre 2011" in texte(claire.get("/espace/agenda?vue=jour&jour=2011-09-14"))
    chez_paul = claire.get(f"/espace/agenda?conseiller={bureau.paul}")
    assert "L'agenda de Paul Vallon" in texte(chez_paul) and "Ouvrir des créneaux" not in texte(chez_paul)
    with bureau.espace.sessions.lecture() as s:
        rose = comptes.par_identifiant(s, "rose.lagon").conseiller_id
    assert claire.get(f"/espace/agenda?conseiller={rose}").status_code == 404
    assert claire.get("/espace/agenda?conseiller=abc").status_code == 404
    assert claire.get("/espace/agenda?jour=hier").status_code == 422


def test_un_jour_ferie_se_voit_et_seul_le_responsable_louvre(bureau):
    bureau.a("2011-10-24T10:00")
    claire, marc = bureau.connecte(), bureau.connecte("marc.colline")
    assert "Jour férié : Toussaint" in texte(claire.get("/espace/agenda?jour=2011-11-01"))
    assert claire.post("/espace/agenda/jours-feries", jour="2011-11-01").status_code == 404
    assert marc.post("/espace/agenda/jours-feries", jour="2011-11-01").status_code == 303
    assert "Toussaint" not in texte(claire.get("/espace/agenda?jour=2011-11-01"))


def test_la_page_daccueil_dit_le_prochain_entretien_et_ceux_a_renseigner_sans_aucun_nom(bureau):
    bureau.a("2011-09-14T08:30")
    matin = texte(bureau.connecte().get("/espace"))
    assert "Prochain entretien" in matin and "Aujourd'hui, 9 h 00" in matin and "Tilleul" not in matin
    bureau.a("2011-09-14T11:00")
    apres = texte(bureau.connecte().get("/espace"))
    assert "À renseigner" in apres and "1 entretien sans issue" in apres and "Tilleul" not in apres


# -- opening -------------------------------------------------------------------------------------------------------------------------------


def ouverture(**autres):
    return {"jour": "2011-10-18", "debut": "14:00", "fin": "17:00", "jusqu_au": "2011-11-15", "motifs": ["conseil_social_telephone"], "antenne": "", **autres}


def test_ouvrir_montre_dabord_creneaux_et_feries_puis_enregistre_et_se_defait(bureau):
    claire = bureau.connecte()
    apercu = texte(claire.get("/espace/agenda/ouverture", params=ouverture()))
    assert "Ce que cela donne" in apercu and "4 journées" in apercu and "12 créneaux" in apercu and "mardi 1er novembre 2011 (Toussaint)" in apercu
    assert "ouverture.ouvrir" not in bureau.commandes()[-1:]
    assert claire.post("/espace/agenda/ouverture", **ouverture()).status_code == 303
    assert bureau.commandes()[-1] == "ouverture.ouvrir"
    page = claire.get("/espace/agenda?jour=2011-10-18")
    assert "Ce que vous venez de faire" in texte(page)
    numero = re.search(r'name="objet" value="ouverture"><input type="hidden" name="id" value="(\d+)"', page.text)[1]
    assert claire.post("/espace/agenda/reprise", objet="ouverture", id=numero).status_code == 303
    assert bureau.lire(Ouverture, int(numero)).supprimee_le is not None


def test_defaire_apres_deux_minutes_ou_la_commande_dun_autre_se_refuse(bureau):
    claire = bureau.connecte()
    claire.post("/espace/agenda/ouverture", **ouverture())
    with bureau.espace.sessions.lecture() as s:
        numero = s.scalar(select(Ouverture.id).order_by(Ouverture.id.desc()))
    assert bureau.connecte("marc.colline").post("/espace/agenda/reprise", objet="ouverture", id=numero).status_code == 409
    bureau.a("2011-09-14T10:05")
    assert claire.post("/espace/agenda/reprise", objet="ouverture", id=numero).status_code == 409
    assert bureau.lire(Ouverture, numero).supprimee_le is None


@pytest.mark.parametrize("faute, phrase", [
    ({"debut": "17:00", "fin": "14:00"}, "L'heure de fin doit venir après l'heure de début"), ({"motifs": []}, "Choisissez au moins un motif"),
    ({"debut": "midi"}, "Écrivez l'heure en chiffres"), ({"jour": "le 3"}, "Écrivez le jour en chiffres"), ({"jour": "2011-09-01"}, "Ce jour est passé")])
def test_une_ouverture_fausse_dit_quoi_corriger_et_garde_la_saisie(bureau, faute, phrase):
    claire = bureau.connecte()
    for reponse in (claire.get("/espace/agenda/ouverture", params=ouverture(**faute)), claire.post("/espace/agenda/ouverture", **ouverture(**faute))):
        assert reponse.status_code == 422 and phrase in texte(reponse)
        assert 'value="2011-11-15"' in reponse.text


def test_un_conseiller_nouvre_pas_chez_un_collegue_le_secretariat_oui(bureau):
    champs = ouverture(conseiller=str(bureau.paul))
    assert bureau.connecte().post("/espace/agenda/ouverture", **champs).status_code == 403
    assert bureau.connecte("lise.riviere").post("/espace/agenda/ouverture", **champs).status_code == 303


def test_retirer_un_seul_jour_dune_ouverture_hebdomadaire(bureau):
    with bureau.espace.sessions.lecture() as s:
        numero = next(o.id for o in s.scalars(select(Ouverture).where(Ouverture.conseiller_id == bureau.claire)) if o.du.weekday() == 2)
    claire = bureau.connecte()
    assert claire.post(f"/espace/agenda/ouvertures/{numero}/suppression", seul="2011-09-21", jour="2011-09-21").status_code == 303
    assert "aucun créneau ouvert" in texte(claire.get("/espace/agenda?vue=jour&jour=2011-09-21"))
    assert "plage ouverte" in texte(claire.get("/espace/agenda?vue=jour&jour=2011-09-28"))


# -- closing -------------------------------------------------------------------------------------------------------------------------------


def touche(bureau) -> int:
    """Someone booked by telephone with Claire on Thursday 15 September, 14:30."""
    return bureau.reserver(date(2011, 9, 15), "14:30", conseiller=bureau.claire)


def test_fermer_montre_qui_est_touche_et_exige_un_choix_pour_chacun(bureau):
    numero, claire = touche(bureau), bureau.connecte()
    champs = {"portee": f"conseiller:{bureau.claire}", "jour": "2011-09-15", "raison": "formation"}
    vue = claire.get("/espace/agenda/fermeture", params=champs)
    assert "1 rendez-vous touché" in texte(vue) and "Dominique Exemple" in texte(vue) and f'name="choix_{numero}"' in vue.text
    assert bureau.audits("entretien.lu") == 1
    sans = claire.post("/espace/agenda/fermeture", **champs)
    assert sans.status_code == 422 and "Dites ce que devient chaque rendez-vous touché" in texte(sans)
    with bureau.espace.sessions.lecture() as s:
        assert s.scalar(select(Fermeture.id)) is None


def test_fermer_en_annulant_puis_defaire_rend_la_fermeture_et_lentretien(bureau):
    numero, claire = touche(bureau), bureau.connecte()
    claire.post("/espace/agenda/fermeture", portee=f"conseiller:{bureau.claire}", jour="2011-09-15", raison="conge", **{f"choix_{numero}": "annuler"})
    assert bureau.lire(Entretien, numero).statut == "annule_caisse"
    with bureau.espace.sessions.lecture() as s:
        fermee = s.scalars(select(Fermeture)).one()
    page = texte(claire.get("/espace/agenda"))
    assert "Période fermée" in page and "Rendez-vous annulé" not in page, "ce que la fermeture a décidé revient avec elle"
    assert claire.post("/espace/agenda/reprise", objet="fermeture", id=fermee.id).status_code == 303
    assert bureau.lire(Entretien, numero).statut == "pose" and bureau.lire(Fermeture, fermee.id).levee_le is not None


def test_fermer_en_deplacant_vers_un_creneau_propose(bureau):
    numero, claire = touche(bureau), bureau.connecte()
    champs = {"portee": f"conseiller:{bureau.claire}", "jour": "2011-09-15", "debut": "13:00", "fin": "18:00", "raison": "reunion"}
    vue = claire.get("/espace/agenda/fermeture", params=champs)
    choix = re.search(rf'name="choix_{numero}" value="(deplacer:[^"]+)"', vue.text)[1]
    assert claire.post("/espace/agenda/fermeture", **champs, **{f"choix_{numero}": choix}).status_code == 303
    change = bureau.lire(Entretien, numero)
    assert change.statut == "pose" and not datetime(2011, 9, 15, 11, tzinfo=timezone.utc) <= change.debut < datetime(2011, 9, 15, 16, tzinfo=timezone.utc)


def test_fermer_toute_la_caisse_est_pour_le_responsable_et_se_leve(bureau):
    claire, marc = bureau.connecte(), bureau.connecte("marc.colline")
    champs = {"portee": "caisse", "jour": "2011-12-26", "raison": "autre"}
    assert claire.post("/espace/agenda/fermeture", **champs).status_code == 403
    assert marc.post("/espace/agenda/fermeture", **champs).status_code == 303
    with bureau.espace.sessions.lecture() as s:
        numero = s.scalar(select(Fermeture.id))
    assert "Toute la caisse" in texte(claire.get(f"/espace/agenda/fermetures/{numero}"))
    assert claire.post(f"/espace/agenda/fermetures/{numero}/levee").status_code == 403
    assert marc.post(f"/espace/agenda/fermetures/{numero}/levee").status_code == 303


# -- the outcome ---------------------------------------------------------------------------------------------------------------------------


def issue(**autres):
    return {"issue": "honore", "theme": "carriere", "orientation": "service_retraite", "note": "Relevé à compléter pour 1978.", **autres}


def bilan(**autres):
    return {**{f"d_{c}": "1" for c in DOMAINES}, "d_D3": "3", "d_D6": "0:sans_objet", "personnalises": ["D3"], "retraite": ["droits_acquis"],
            "ris_utilise": "oui", "minutes": "50", "effets": ["carriere_completee"], **autres}


def test_lissue_se_dit_en_trois_champs_et_le_bilan_attend_sur_laccueil(bureau):
    claire, adresse = bureau.connecte(), f"/espace/entretiens/{bureau.entretien_id}/compte-rendu"
    assert claire.get(adresse).status_code == 200
    assert claire.post(adresse, **issue()).status_code == 303
    assert bureau.entretien().statut == "honore" and bureau.contact().resultat == "realise" and not bureau.contact().domaines
    assert "À compléter pour le bilan" in texte(claire.get("/espace"))


def test_le_compte_rendu_entier_remplit_le_contact_de_la_campagne_en_une_fois(bureau):
    claire = bureau.connecte()
    claire.post(f"/espace/entretiens/{bureau.entretien_id}/compte-rendu", **issue(), **bilan())
    contact = bureau.contact()
    assert (contact.origine, contact.resultat, contact.minutes, contact.ris_utilise, contact.droits_acquis) == ("campagne", "realise", 50, True, True)
    assert {d.domaine: (d.profondeur, d.raison, d.personnalise) for d in contact.domaines}["D3"] == (3, None, True)
    assert {d.domaine: d.raison for d in contact.domaines}["D6"] == "sans_objet" and [e.effet for e in contact.effets] == ["carriere_completee"]
    assert bureau.audits("compte_rendu.ecrit") == 1 and "À compléter pour le bilan" not in texte(claire.get("/espace"))
    repris = claire.get(f"/espace/entretiens/{bureau.entretien_id}/compte-rendu").text
    assert "Relevé à compléter pour 1978." in repris and 'value="50"' in repris


def test_les_domaines_laisses_vides_prennent_la_raison_dite_une_fois(bureau):
    bureau.connecte().post(f"/espace/entretiens/{bureau.entretien_id}/compte-rendu", **issue(), d_D3="2", reste="manque_de_temps")
    assert {d.domaine: d.raison for d in bureau.contact().domaines} == {c: None if c == "D3" else "manque_de_temps" for c in DOMAINES}


@pytest.mark.parametrize("faute, phrase", [
    (bilan(d_D9=""), "profondeur (0 à 3) de chacun des neuf domaines"), (bilan(minutes="beaucoup"), "Écrivez un nombre entier"),
    (bilan(estimation_remise="oui"), "Dès 54 ans, remettre une estimation de la caisse n'est plus préconisé"),
    (bilan(d_D3="0:refus_assure"), "Une case de retraite est cochée"), ({"note": "x" * 1001}, "La note compte plus de 1 000 caractères"),
    ({"issue": ""}, "Dites d'abord si la personne est venue")])
def test_un_compte_rendu_refuse_nenregistre_rien_et_garde_la_saisie(bureau, faute, phrase):
    reponse = bureau.connecte().post(f"/espace/entretiens/{bureau.entretien_id}/compte-rendu", **{**issue(), **faute})
    assert reponse.status_code == 422 and phrase in texte(reponse)
    assert "service_retraite" in reponse.text and bureau.entretien().statut == "pose" and bureau.contact().resultat == "prevu"
    with bureau.espace.sessions.lecture() as s:
        assert s.scalar(select(CompteRendu.version)) is None


def test_une_absence_se_dit_puis_se_corrige_et_le_contact_suit(bureau):
    claire, adresse = bureau.connecte(), f"/espace/entretiens/{bureau.entretien_id}/compte-rendu"
    claire.post(adresse, issue="absent")
    assert bureau.entretien().statut == "absent" and bureau.contact().resultat == "absent" and bureau.entretien().annule_le is None
    claire.post(adresse, **issue(), **bilan())
    assert bureau.entretien().statut == "honore" and len(bureau.contact().domaines) == 9


def test_avant_lheure_lissue_ne_se_dit_pas(bureau):
    bureau.a("2011-09-14T08:00")
    reponse = bureau.connecte().post(f"/espace/entretiens/{bureau.entretien_id}/compte-rendu", **issue())
    assert reponse.status_code == 409 and bureau.entretien().statut == "pose"


def test_la_note_se_lit_par_son_auteur_et_le_responsable_seulement(bureau):
    bureau.connecte().post(f"/espace/entretiens/{bureau.entretien_id}/compte-rendu", **issue())
    lues = {qui: texte(bureau.connecte(qui).get(f"/espace/entretiens/{bureau.entretien_id}"))
            for qui in ("claire.fontaine", "marc.colline", "paul.vallon", "lise.riviere")}
    assert [("1978" in lu) for lu in lues.values()] == [True, True, False, False]
    assert "seuls son auteur et le responsable" in lues["paul.vallon"]


def test_les_regles_de_la_circulaire_sont_dites_avec_lage_de_la_personne(bureau):
    lu = texte(bureau.connecte().get(f"/espace/entretiens/{bureau.entretien_id}/compte-rendu"))
    assert "59 ans : à partir de 54 ans" in lu and "jamais un entretien médical" in lu


def test_la_suite_mene_au_prochain_rendez_vous_de_la_meme_personne(bureau):
    claire = bureau.connecte()
    reponse = claire.post(f"/espace/entretiens/{bureau.entretien_id}/compte-rendu", **issue(), suite="oui")
    assert reponse.headers["location"].startswith("/espace/rendez-vous?")
    assert "Éléonore Fictif-Tilleul" in texte(claire.get(reponse.headers["location"]))


def test_un_collegue_ne_dit_pas_lissue_a_la_place_de_claire(bureau):
    assert bureau.connecte("paul.vallon").post(f"/espace/entretiens/{bureau.entretien_id}/compte-rendu", **issue()).status_code == 403
    assert bureau.connecte("lise.riviere").post(f"/espace/entretiens/{bureau.entretien_id}/compte-rendu", **issue()).status_code == 404
    assert bureau.entretien().statut == "pose"


# -- moving, cancelling, booking -----------------------------------------------------------------------------------------------------------


def test_deplacer_garde_le_code_et_se_defait(bureau):
    numero, claire = touche(bureau), bureau.connecte()
    avant = bureau.lire(Entretien, numero)
    page = claire.get(f"/espace/entretiens/{numero}/deplacement?du=2011-09-20&avec=tous")
    assert claire.post(f"/espace/entretiens/{numero}/deplacement", creneau=premier_creneau(page), avec="tous").status_code == 303
    apres = bureau.lire(Entretien, numero)
    assert apres.debut != avant.debut and apres.code == avant.code
    assert claire.post("/espace/agenda/reprise", objet="entretien", id=numero).status_code == 303
    assert bureau.lire(Entretien, numero).debut == avant.debut


def test_deplacer_vers_un_creneau_pris_le_dit_et_garde_lancien(bureau):
    numero, claire = touche(bureau), bureau.connecte()
    libre = premier_creneau(claire.get(f"/espace/entretiens/{numero}/deplacement?du=2011-09-22"))
    bureau.reserver(date(2011, 9, 22), "13:30", conseiller=bureau.claire, nom="Autre")
    reponse = claire.post(f"/espace/entretiens/{numero}/deplacement", creneau=libre)
    assert reponse.status_code == 409 and "Ce créneau vient d'être pris" in texte(reponse)
    assert bureau.lire(Entretien, numero).statut == "pose"


def test_annuler_puis_defaire(bureau):
    numero, claire = touche(bureau), bureau.connecte()
    assert claire.post(f"/espace/entretiens/{numero}/annulation", raison="empechement").status_code == 303
    assert bureau.lire(Entretien, numero).statut == "annule_caisse"
    assert claire.post("/espace/agenda/reprise", objet="entretien", id=numero).status_code == 303
    assert bureau.lire(Entretien, numero).statut == "pose"


def test_prendre_un_rendez_vous_pour_une_personne_du_fichier_deux_fois_nen_fait_quun(bureau):
    lise = bureau.connecte("lise.riviere")
    page = lise.get(f"/espace/rendez-vous?assure={bureau.assure_id}&motif=conseil_social_telephone&du=2011-09-19")
    champs = {"assure": str(bureau.assure_id), "motif": "conseil_social_telephone", "creneau": premier_creneau(page), "telephone": "06 39 98 00 01",
              "operation": re.search(r'name="operation" value="([^"]+)"', page.text)[1]}
    deux = [lise.post("/espace/rendez-vous", **champs).headers["location"] for _ in range(2)]
    assert deux[0] == deux[1]
    numero = int(re.search(r"/entretiens/(\d+)", deux[0])[1])
    pris = bureau.lire(Entretien, numero)
    assert (pris.assure_id, pris.origine, pris.statut) == (bureau.assure_id, "secretariat", "pose")
    assert bureau.lire(Contact, pris.contact_id).origine == "campagne", "la personne est de la cible EIG"


def test_prendre_un_rendez_vous_sans_dossier_demande_nom_et_telephone(bureau):
    claire = bureau.connecte()
    creneau = premier_creneau(claire.get("/espace/rendez-vous?motif=conseil_social_telephone&du=2011-09-19"))
    champs = {"motif": "conseil_social_telephone", "du": "2011-09-19", "creneau": creneau}
    assert "Indiquez votre nom" in texte(claire.post("/espace/rendez-vous", **champs))
    sans_numero = claire.post("/espace/rendez-vous", **champs, nom="Exemple", telephone="12")
    assert sans_numero.status_code == 422 and 'value="Exemple"' in sans_numero.text
    assert claire.post("/espace/rendez-vous", **champs, nom="Exemple", telephone="06 39 98 00 77").status_code == 303


def test_le_rendez_vous_dune_autre_caisse_nexiste_pas(bureau):
    rose = bureau.connecte("rose.lagon")
    for chemin in ("", "/compte-rendu", "/deplacement", "/trame"):
        assert rose.get(f"/espace/entretiens/{bureau.entretien_id}{chemin}").status_code == 404
    assert rose.post(f"/espace/entretiens/{bureau.entretien_id}/annulation").status_code == 404
    assert rose.get(f"/espace/rendez-vous?assure={bureau.assure_id}").status_code == 404


def test_un_entretien_spontane_se_compte_a_part(bureau):
    claire = bureau.connecte()
    reponse = claire.post("/espace/entretien-spontane", assure=str(bureau.assure_id), forme="physique", origine="spontane", **bilan())
    assert reponse.headers["location"].startswith(f"/espace/assures/{bureau.assure_id}")
    with bureau.espace.sessions.lecture() as s:
        contact = s.scalars(select(Contact).order_by(Contact.id.desc())).first()
        assert (contact.origine, contact.action_id, contact.resultat, contact.conseiller_id) == ("spontane", None, "realise", bureau.claire)


def telle_quelle(page):
    """What a page would send if one pressed its button at once: chosen buttons, chosen lines of lists, texts."""
    champs = {n: v for n, v in re.findall(r'<input type="radio" name="([^"]+)" value="([^"]*)" checked', page)}
    champs |= {n: v for n, corps in re.findall(r'<select id="\w+" name="(\w+)"[^>]*>(.*?)</select>', page, re.S)
               for v in re.findall(r'value="([^"]*)" selected', corps)}
    return champs | {n: v.strip() for n, v in re.findall(r'<textarea id="\w+" name="(\w+)"[^>]*>(.*?)</textarea>', page, re.S)}


def test_un_entretien_spontane_tient_en_trois_gestes(bureau):
    """Open the page from home, say one domain, save: all the rest is what the page already holds."""
    claire = bureau.connecte()
    assert 'href="/espace/entretien-spontane"' in claire.get("/espace").text
    page = claire.get("/espace/entretien-spontane").text
    assert telle_quelle(page)["forme"] == "physique" and telle_quelle(page)["reste"] == "sans_objet"
    assert claire.post("/espace/entretien-spontane", **{**telle_quelle(page), "d_D3": "2"}).status_code == 303
    with bureau.espace.sessions.lecture() as s:
        contact = s.scalars(select(Contact).order_by(Contact.id.desc())).first()
        assert (contact.origine, {d.domaine: d.profondeur for d in contact.domaines}["D3"], len(contact.domaines)) == ("spontane", 2, 9)


def test_un_compte_rendu_apres_une_trame_entamee_tient_en_trois_gestes(bureau):
    """What the trame says is not asked again: the issue is kept at once, the bilan waits on the home page (and the trame loses nothing)."""
    claire, ici = bureau.connecte(), f"/espace/entretiens/{bureau.entretien_id}"
    tiroir = re.search(r'name="p_(\w+)"', claire.get(f"{ici}/trame").text)[1]
    assert claire.post(f"{ici}/trame", version="0", onglet="un", decisions="Elle écrit.", **{f"p_{tiroir}": "3"}).status_code == 303
    envoi = {**telle_quelle(claire.get(f"{ici}/compte-rendu").text), "theme": "carriere"}
    domaine = next(n for n, v in envoi.items() if n.startswith("d_") and v == "3")
    assert "C'est noté" in texte(claire.post(f"{ici}/compte-rendu", suivre=True, **envoi))
    assert bureau.contact().domaines == [] and "il reste à dire ce qui a été abordé" in texte(claire.get("/espace"))
    assert telle_quelle(claire.get(f"{ici}/compte-rendu").text)[domaine] == "3", "la trame est encore là"
    # said by hand and not in the trame, it is asked to the end: nothing typed is dropped
    autre = next(n for n in ("d_D4", "d_D6") if n != domaine)
    assert claire.post(f"{ici}/compte-rendu", **{**envoi, autre: "1"}).status_code == 422


def test_qui_a_des_entretiens_a_venir_ne_part_pas(bureau):
    touche(bureau)
    reponse = bureau.connecte("marc.colline").post(f"/espace/equipe/{bureau.claire}/desactivation")
    assert reponse.status_code == 409 and "encore 1 entretien à venir" in texte(reponse)


# -- calendar feed -------------------------------------------------------------------------------------------------------------------------


def test_ladresse_du_calendrier_ne_dit_aucun_nom_et_se_revoque(bureau):
    claire = bureau.connecte()
    page = claire.post("/espace/agenda/calendrier")
    chemin = re.search(r'value="http://127\.0\.0\.1(/[^"]+)"', page.text)[1]
    flux = bureau.espace.visiteur().get(chemin)
    assert flux.status_code == 200 and "BEGIN:VEVENT" in flux.text and "Tilleul" not in flux.text
    assert claire.post("/espace/agenda/calendrier/revocation").status_code == 303
    assert bureau.espace.visiteur().get(chemin).status_code == 404
    with bureau.espace.sessions.lecture() as s:
        assert chemin.split("/")[-1].removesuffix(".ics") not in s.scalar(select(FluxAgenda.empreinte))


# -- rencontres ----------------------------------------------------------------------------------------------------------------------------


def rencontre(**autres):
    return {"theme": "auto_entrepreneur", "titre": "Bien démarrer", "jour": "2011-10-04", "debut": "17:00", "fin": "19:00", "lieu": "Salle fictive",
            "places": "1", **autres}


def prevoir(bureau, qui) -> int:
    lieu = qui.post("/espace/rencontres", **rencontre(animateurs=[str(bureau.claire)])).headers["location"]
    return int(re.search(r"/rencontres/(\d+)", lieu)[1])


def test_une_rencontre_se_prevoit_se_remplit_et_se_clot(bureau):
    claire = bureau.connecte()
    numero = prevoir(bureau, claire)
    for nom in ("Exemple Un", "Exemple Deux"):
        claire.post(f"/espace/rencontres/{numero}/inscriptions", nom=nom, telephone=f"06399802{len(nom):02d}")
    lu = texte(claire.get(f"/espace/rencontres/{numero}"))
    assert "complète" in lu and "1 en liste d'attente" in lu and "1er de la liste" in lu
    bureau.a("2011-10-05T09:00")
    claire = bureau.connecte()
    assert "Rencontres à clore" in texte(claire.get("/espace"))
    with bureau.espace.sessions.lecture() as s:
        inscrit = s.scalar(select(Inscription.id).where(Inscription.rencontre_id == numero, Inscription.statut == "inscrit"))
    trop = claire.post(f"/espace/rencontres/{numero}/cloture", presents=[str(inscrit)], d_D2="2", d_D3="3", reste="manque_de_temps")
    assert trop.status_code == 422 and "dans ses grandes lignes" in texte(trop) and bureau.lire(Rencontre, numero).cloturee_le is None
    assert claire.post(f"/espace/rencontres/{numero}/cloture", presents=[str(inscrit)], participants="7", d_D2="2", d_D3="1",
                       reste="manque_de_temps").status_code == 303
    with bureau.espace.sessions.lecture() as s:
        contact = s.scalar(select(Contact).where(Contact.rencontre_id == numero))
        assert (bureau.lire(Rencontre, numero).participants, contact.collectif, contact.assure_id, contact.minutes) == (7, True, None, 120)


@pytest.mark.parametrize("faute, champ", [
    ({"theme": "profession", "profession": "pressing", "evenement": "Salon fictif"}, "profession"), ({"theme": "profession", "profession": "coiffeur", "action": "RCS"}, "evenement"),
    ({"titre": ""}, "titre"), ({"fin": "16:00"}, "debut"), ({"places": "zéro"}, "places")])
def test_une_rencontre_hors_des_regles_se_refuse_au_bon_champ(bureau, faute, champ):
    if "action" in faute:
        with bureau.espace.sessions.lecture() as s:
            faute = {**faute, "action": s.scalar(select(Action.id).where(Action.code == faute["action"], Action.caisse_code == CAISSE))}
    reponse = bureau.connecte().post("/espace/rencontres", **{**rencontre(animateurs=[str(bureau.claire)]), **faute})
    assert reponse.status_code == 422 and f'id="{champ}-erreur"' in reponse.text and "Salle fictive" in reponse.text


def test_annuler_une_rencontre_est_a_ses_animateurs_ou_au_responsable(bureau):
    numero = prevoir(bureau, bureau.connecte())
    assert bureau.connecte("paul.vallon").post(f"/espace/rencontres/{numero}/annulation").status_code == 403
    assert bureau.connecte("marc.colline").post(f"/espace/rencontres/{numero}/annulation").status_code == 303
    assert bureau.connecte("rose.lagon").get(f"/espace/rencontres/{numero}").status_code == 404


# -- pages ---------------------------------------------------------------------------------------------------------------------------------


def test_les_pages_du_bureau_ont_un_titre_des_identifiants_uniques_et_des_champs_nommes(bureau):
    numero, claire = touche(bureau), bureau.connecte()
    rdv = prevoir(bureau, claire)
    pages = ["/espace", "/espace/agenda", "/espace/agenda?vue=jour&jour=2011-09-15", f"/espace/entretiens/{numero}", "/espace/rencontres",
             f"/espace/entretiens/{bureau.entretien_id}/compte-rendu", f"/espace/entretiens/{numero}/deplacement", f"/espace/rencontres/{rdv}",
             f"/espace/assures/{bureau.assure_id}", "/espace/assures?q=tilleul", f"/espace/entretiens/{bureau.entretien_id}/trame",
             "/espace/rendez-vous?motif=retraite", f"/espace/agenda/fermeture?jour=2011-09-15&portee=conseiller:{bureau.claire}",
             "/espace/agenda/ouverture?jour=2011-10-18&debut=14:00&fin=17:00&motifs=conseil_social_telephone", "/espace/rencontres/nouvelle",
             f"/espace/entretien-spontane?assure={bureau.assure_id}"]
    for ou in pages:
        reponse = claire.get(ou)
        assert reponse.status_code == 200, (ou, reponse.text[:300])
        lue = Lecture(reponse.text)
        assert lue.titres.count("h1") == 1 and lue.titres[0] == "h1", ou
        assert len(lue.ids) == len(set(lue.ids)), (ou, sorted(i for i in lue.ids if lue.ids.count(i) > 1))
        assert [c for c, nomme in lue.champs if not nomme and c not in lue.libelles] == [], ou


def test_le_fichier_des_motifs_et_lequipe_ne_sortent_pas_de_la_caisse(bureau):
    with bureau.espace.sessions.lecture() as s:
        autre = s.scalar(select(Conseiller.id).where(Conseiller.caisse_code != CAISSE))
        assert s.scalar(select(Motif.id).where(Motif.caisse_code == CAISSE)) is not None
    claire = bureau.connecte()
    assert claire.post("/espace/agenda/ouverture", **ouverture(conseiller=str(autre))).status_code == 404
    assert claire.get(f"/espace/agenda/fermeture?jour=2011-09-20&portee=conseiller:{autre}").status_code == 404

