"""The trame à tiroirs: drawers by cible and profile, saved as it is written, never overwritten by another page, on paper, adapted by the caisse."""
import io
import re
from datetime import timedelta

import pikepdf
import pytest
import yaml
from sqlalchemy import delete, select

from bot.campagnes import trame as service
from bot.campagnes.kit import adapter
from bot.campagnes.trame import TrameModifiee, domaines_de, lire_profondeur, profil_de
from bot.contacts.tables import Assure, Entretien, SaisieTrame
from bot.knowledge.chemins import KNOWLEDGE
from bot.knowledge.trames import tiroirs_ouverts, trame_de
from bot.site.garde import CORPS_MAX, CORPS_MAX_ESPACE
from tests.site.espace_agenda import CAISSE, MATIN
from tests.site.test_espace_agenda import bilan, issue, texte

JSON = {"accept": "application/json"}


def adresse(bureau) -> str:
    return f"/espace/entretiens/{bureau.entretien_id}/trame"


def remplie(**autres):
    return {"version": "0", "onglet": "page-a", "attente": "Comprendre son relevé", "p_CARRIERE": "3", "m_CARRIERE": "20", "n_CARRIERE": "1978 à retrouver",
            "k_CARRIERE": ["0", "2"], "p_RSI": "1", "p_PREVENTION": "0:manque_de_temps", "decisions": "Elle envoie ses bulletins de 1978.", **autres}


def poster(bureau, qui=None, json=True, **champs):
    navigateur = qui or bureau.connecte()
    return navigateur.client.post(adresse(bureau), data={"csrf": navigateur.csrf, **champs}, headers=JSON if json else {}, follow_redirects=False)


def etats(bureau) -> list[tuple[int, int, str]]:
    with bureau.espace.sessions.lecture() as s:
        return [(e.rang, e.version, e.onglet) for e in s.scalars(select(SaisieTrame).order_by(SaisieTrame.rang))]


# -- drawers -------------------------------------------------------------------------------------------------------------------------------


def test_la_trame_ouvre_les_tiroirs_de_la_cible_et_du_profil_et_garde_les_autres_a_portee(bureau):
    page = bureau.connecte().get(adresse(bureau))
    ouverts, reste = page.text.split("À portée de main")
    assert [c for c in re.findall(r'id="t_(\w+)"', ouverts)] == [
        "RSI", "STATUT", "CONJOINT", "CARRIERE", "RETRAITE", "SANTE_DROITS", "PREVENTION", "RISQUES", "ASS", "LIGNE", "INVALIDITE"]
    assert "Les deux premières années" in reste and "Auto-entrepreneur : déclarer" in reste.replace("\u202f", " ").replace("\u00a0", " ")
    lu = texte(page)
    assert "Ouverte pour la cible EIG" in lu and "Choisissez ceux que vous approfondissez" in lu and "Modèle reconstitué, version 2011.1" in lu
    assert 'href="/faq/retraite/releve_carriere_ris"' in page.text and bureau.audits("trame.lue") == 1


@pytest.mark.parametrize("valeurs, attendus, absents", [
    ({"statut": "createur"}, {"DEBUT"}, {"CARRIERE", "AE"}), ({"auto_entrepreneur": True}, {"AE"}, {"DEBUT"}),
    ({"carriere": "incomplete"}, {"CARRIERE", "RETRAITE_GENERALE"}, {"CONJOINT"}), ({"profession": "coiffeur"}, {"RISQUES"}, set()),
    ({"statut": "conjoint"}, {"CONJOINT"}, {"RISQUES"})])
def test_chaque_profil_ouvre_ses_tiroirs(bureau, valeurs, attendus, absents):
    jeune = {"date_naissance": None, "carriere": "complete", "profession": None, "statut": "actif", "auto_entrepreneur": False}
    with bureau.espace.sessions.lecture() as s:
        qui = Assure(caisse_code=CAISSE, identifiant="X", nom="Fictif", prenom="Alix", groupe_pro="artisan", **{**jeune, **valeurs})
        ouverts = {t.code for t in tiroirs_ouverts(trame_de(MATIN.date()), profil_de(s, qui, None, MATIN.date()))}
    assert attendus <= ouverts and not absents & ouverts and {"RSI", "STATUT", "INVALIDITE"} <= ouverts


def test_une_personne_inconnue_du_fichier_a_les_tiroirs_de_tous(bureau):
    with bureau.espace.sessions() as s:
        e = s.get_one(Entretien, bureau.entretien_id)
        e.assure_id, e.contact_id = None, None
    assert "Votre carrière, année par année" in texte(bureau.connecte().get(adresse(bureau))).split("À portée de main")[1]


# -- saving --------------------------------------------------------------------------------------------------------------------------------


def test_ce_qui_est_ecrit_senregistre_au_fil_de_leau_et_se_retrouve(bureau):
    reponse = poster(bureau, **remplie())
    assert reponse.status_code == 200 and reponse.json()["version"] == 1 and reponse.json()["heure"].startswith("10")
    assert poster(bureau, **remplie(version="1", n_CARRIERE="1978 et 1979")).json()["version"] == 2
    assert etats(bureau) == [(1, 2, "page-a")], "la même page remplace ce qu'elle avait écrit"
    page = bureau.connecte().get(adresse(bureau)).text
    assert "1978 et 1979" in page and "Comprendre son relevé" in page and '<option value="0:manque_de_temps" selected' in page
    assert bureau.audits("trame.ecrite") == 1, "une ligne à l'ouverture de la saisie, pas une par frappe"


def test_le_bouton_enregistre_sans_javascript(bureau):
    reponse = poster(bureau, json=False, **remplie())
    assert reponse.status_code == 303 and "La trame est enregistrée" in texte(bureau.connecte().get(reponse.headers["location"]))


def test_une_reponse_perdue_puis_renvoyee_ne_se_contredit_pas(bureau):
    """The page missed our answer and saves again from the version it knew: its own work is not a conflict."""
    poster(bureau, **remplie())
    assert poster(bureau, **remplie()).json()["version"] == 1
    assert poster(bureau, **remplie(attente="Et sa retraite")).json()["version"] == 2


def test_deux_pages_ne_secrasent_jamais_en_silence(bureau):
    poster(bureau, **remplie())
    refus = poster(bureau, **remplie(onglet="page-b", decisions="Autre chose"))
    assert refus.status_code == 409 and refus.json()["error"]["code"] == "TRAME_MODIFIEE" and refus.json()["version"] == 1
    page = poster(bureau, json=False, **remplie(onglet="page-b", decisions="Autre chose"))
    lu = texte(page)
    assert page.status_code == 409 and "Rien n'est écrasé" in lu and "Autre chose" in page.text and "Elle envoie ses bulletins de 1978." in lu
    assert 'name="version" value="1"' in page.text and 'data-conflit="oui"' in page.text
    assert poster(bureau, json=False, **remplie(onglet="page-b", decisions="Autre chose", version="1")).status_code == 303
    assert etats(bureau) == [(1, 1, "page-a"), (2, 2, "page-b")], "ce que l'autre page avait écrit reste gardé"


def test_sans_la_garde_la_seconde_page_ecraserait_la_premiere(bureau, monkeypatch):
    """Negative control: without the comparison of versions, the race of the test above loses text."""
    poster(bureau, **remplie())
    vrai = service.derniere
    monkeypatch.setattr(service, "derniere", lambda s, n: ((e := vrai(s, n)) and setattr(e, "onglet", "page-b")) or e)
    assert poster(bureau, **remplie(onglet="page-b", decisions="Autre chose")).status_code == 200
    assert etats(bureau)[-1][1] == 2 and TrameModifiee.statut == 409


@pytest.mark.parametrize("faute, phrase", [({"m_RSI": "dix"}, "nombre entier"), ({"m_RSI": "500"}, "240 au plus"), ({"p_RSI": "7"}, "profondeur dans la liste"),
                                           ({"n_RSI": "é" * 401}, "dépasse 400 caractères")])
def test_une_saisie_fausse_se_dit_et_rien_nest_perdu(bureau, faute, phrase):
    assert phrase in poster(bureau, **remplie(**faute)).json()["error"]["message"]
    page = poster(bureau, json=False, **remplie(**faute))
    assert page.status_code == 422 and phrase in texte(page) and "Comprendre son relevé" in page.text and etats(bureau) == []


def test_une_trame_pleine_daccents_passe_dans_lespace_et_nulle_part_ailleurs(bureau):
    pleine = remplie(attente="é" * 600, decisions="é" * 1000, **{f"n_{t.code}": "é" * 400 for t in trame_de(MATIN.date()).tiroirs})
    assert poster(bureau, **pleine).status_code == 200
    claire = bureau.connecte()
    assert claire.post("/espace/agenda/reprise", objet="x" * (CORPS_MAX_ESPACE + 1)).status_code == 413
    assert bureau.espace.visiteur().client.post("/api/messages", json={"text": "x" * (CORPS_MAX + 1)}).status_code == 413


def test_hors_connexion_rien_nest_ecrit_et_ce_qui_letait_est_rendu(bureau):
    visiteur = bureau.espace.visiteur()
    visiteur.get("/espace/connexion")
    reponse = visiteur.client.post(adresse(bureau), data={"csrf": visiteur.csrf, **remplie()})
    assert reponse.status_code == 401 and "1978 à retrouver" in reponse.text and etats(bureau) == []


def test_la_trame_dun_collegue_et_le_secretariat_restent_dehors(bureau):
    assert bureau.connecte("paul.vallon").get(adresse(bureau)).status_code == 403
    assert bureau.connecte("lise.riviere").get(adresse(bureau)).status_code == 404
    assert bureau.connecte("marc.colline").get(adresse(bureau)).status_code == 200


def test_les_trames_de_plus_de_trois_mois_soublient(bureau):
    poster(bureau, **remplie())
    with bureau.espace.sessions() as s:
        assert service.purger(s, bureau.espace.maintenant + timedelta(days=91)) == 0
        assert service.purger(s, bureau.espace.maintenant + timedelta(days=93)) == 1


# -- towards the compte rendu, on paper, adapted -------------------------------------------------------------------------------------------


def test_le_compte_rendu_part_de_la_trame(bureau):
    poster(bureau, **remplie())
    page = bureau.connecte().get(f"/espace/entretiens/{bureau.entretien_id}/compte-rendu").text
    domaine = re.search(r'<select id="d_D3".*?</select>', page, re.S)[0]
    assert '<option value="3" selected' in domaine and "Elle envoie ses bulletins de 1978." in page and 'name="minutes"' in page and 'value="20"' in page
    assert bureau.connecte().post(f"/espace/entretiens/{bureau.entretien_id}/compte-rendu", **issue(), **bilan()).status_code == 303


def test_le_plus_profond_des_tiroirs_dun_domaine_compte_et_le_silence_ne_se_devine_pas():
    trame = trame_de(MATIN.date())
    dits = domaines_de(trame, {"tiroirs": {"STATUT": {"p": "1"}, "CONJOINT": {"p": "2"}, "AE": {"p": "0:sans_objet"}, "RETRAITE": {"p": "3"}, "RSI": {"p": ""}}})
    assert {c: (d.profondeur, d.personnalise, d.raison) for c, d in dits.items()} == {"D2": (2, False, None), "D3": (3, True, None)}
    assert [lire_profondeur(v) for v in ("2", "0:sans_objet", "0", "0:autre", "4", "")] == [(2, None), (0, "sans_objet"), None, None, None, None]


def test_la_trame_simprime_et_se_telecharge_en_pdf(bureau):
    poster(bureau, **remplie())
    claire = bureau.connecte()
    papier = texte(claire.get(adresse(bureau) + "/impression"))
    assert "1978 à retrouver" in papier and "Modèle reconstitué" in papier and "Revenir à la trame" in papier
    pdf = claire.get(adresse(bureau) + ".pdf")
    assert pdf.headers["content-type"] == "application/pdf" and bureau.audits("trame.imprimee") == 2
    with pikepdf.open(io.BytesIO(pdf.content)) as document:
        assert 1 <= len(document.pages) <= 4


def adapter_la_trame(bureau, changer) -> None:
    brut = yaml.safe_load((KNOWLEDGE / "trames" / "2011.yml").read_text(encoding="utf-8"))
    changer(brut)
    with bureau.espace.sessions() as s:
        adapter(s, caisse_code=CAISSE, outil_code="trame", contenu=yaml.safe_dump(brut, allow_unicode=True), maintenant=MATIN)


def test_ladaptation_de_la_caisse_remplace_la_trame_nationale(bureau):
    adapter_la_trame(bureau, lambda b: b["tiroirs"][0].update(titre="Votre caisse d'Aquitaine"))
    lu = texte(bureau.connecte().get(adresse(bureau)))
    assert "Votre caisse d'Aquitaine" in lu and "version 2011.1-L1, adaptée par votre caisse" in lu
    assert poster(bureau, **remplie()).status_code == 200
    with bureau.espace.sessions.lecture() as s:
        assert s.scalar(select(SaisieTrame.trame_version)) == "2011.1-L1"


def test_une_adaptation_qui_oublie_un_domaine_est_ecartee_avec_sa_raison(bureau):
    adapter_la_trame(bureau, lambda b: b["tiroirs"].__delitem__(slice(None, None, 2)))
    lu = texte(bureau.connecte().get(adresse(bureau)))
    assert "L'adaptation de votre caisse ne peut pas servir" in lu and "voici la trame nationale" in lu and "Votre caisse, à quoi elle sert" in lu


def test_sans_kit_installe_la_trame_nationale_sert_quand_meme(bureau):
    from bot.contacts.tables import Outil, OutilVersion, Reception
    with bureau.espace.sessions() as s:
        for table in (Reception, OutilVersion, Outil):
            s.execute(delete(table))
    assert "Modèle reconstitué, version 2011.1." in texte(bureau.connecte().get(adresse(bureau)))
