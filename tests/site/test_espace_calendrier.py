"""The agenda as a calendar: a vendored component that is what it says, figures that are the table's own, openings said in a sentence or drawn."""
import hashlib
import json
from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import select

from bot.contacts.tables import Ouverture
from tests.marche import lisible

TIERS = Path(__file__).resolve().parents[2] / "bot" / "site" / "static" / "tiers"
SEMAINE = "/espace/agenda/evenements?vue=semaine&jour=2011-09-14"


def ouvertures(bureau, depuis):
    with bureau.espace.sessions.lecture() as s:
        return [(o.du, o.debut.isoformat("minutes"), o.jusqu_au, o.antenne_id, len(o.motifs)) for o in
                s.scalars(select(Ouverture).where(Ouverture.id > depuis).order_by(Ouverture.du))]


def derniere(bureau):
    with bureau.espace.sessions.lecture() as s:
        return s.scalars(select(Ouverture.id).order_by(Ouverture.id.desc())).first()


# -- the component ----------------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("composant", sorted(TIERS.iterdir()), ids=lambda d: d.name)
def test_chaque_composant_tiers_est_celui_que_sa_provenance_dit(composant):
    provenance = json.loads((composant / "provenance.json").read_text(encoding="utf-8"))
    trouves = {f.name: "sha256-" + hashlib.sha256(f.read_bytes()).hexdigest() for f in composant.iterdir() if f.suffix in (".js", ".css")}
    assert trouves == provenance["fichiers"] and provenance["licence"] == "MIT" and (composant / "LICENCE.txt").stat().st_size > 900
    assert f"v{provenance['version']}" in (composant / "event-calendar.min.js").read_text(encoding="utf-8")[:200]
    depots = (TIERS.parents[3] / "docs" / "dependencies.md").read_text(encoding="utf-8")
    assert provenance["nom"] in depots and provenance["version"] in depots


def test_un_composant_change_se_voit(tmp_path):
    fichier = tmp_path / "event-calendar.min.js"
    fichier.write_bytes((TIERS / "event-calendar" / fichier.name).read_bytes() + b" ")
    assert "sha256-" + hashlib.sha256(fichier.read_bytes()).hexdigest() not in (TIERS / "event-calendar" / "provenance.json").read_text()


# -- what it shows ----------------------------------------------------------------------------------------------------------------------------


def test_le_calendrier_montre_ce_que_montre_le_tableau(bureau):
    claire = bureau.connecte()
    page, lus = lisible(claire.get("/espace/agenda?vue=semaine&jour=2011-09-14").text), claire.get(SEMAINE).json()
    (entretien,) = [e for e in lus["evenements"] if e["genre"] == "entretien"]
    assert entretien["titre"] == "Éléonore Fictif-Tilleul" and entretien["titre"] in page
    assert (entretien["de"], entretien["lien"]) == ("2011-09-14T09:00", f"/espace/entretiens/{bureau.entretien_id}")
    assert (lus["jour"], lus["vue"], lus["des"], lus["jusque"]) == ("2011-09-14", "semaine", "08:00", "18:00")
    assert [e["de"] for e in lus["evenements"] if e["genre"] == "ouverture"] and 'id="tableau"' in page


def test_lire_le_calendrier_laisse_une_ligne_daudit_et_le_reste_de_la_caisse(bureau):
    avant = bureau.audits("agenda.lu")
    assert bureau.connecte().get(SEMAINE).status_code == 200 and bureau.audits("agenda.lu") == avant + 1
    rose = bureau.connecte("rose.lagon")
    assert rose.get(f"{SEMAINE}&conseiller={bureau.claire}").status_code == 404
    assert "Tilleul" not in rose.get(SEMAINE).text
    assert bureau.connecte("anne.sommet").get(SEMAINE).status_code == 404, "une directrice ne lit pas l'agenda"


def test_un_jour_illisible_se_dit(bureau):
    assert bureau.connecte().client.get("/espace/agenda/evenements?jour=demain", headers={"accept": "application/json"}).status_code == 422


# -- opening in a sentence ------------------------------------------------------------------------------------------------------------------------


def test_une_phrase_ouvre_deux_jours_par_semaine_apres_apercu(bureau):
    claire, avant = bureau.connecte(), derniere(bureau)
    page = claire.get("/espace/agenda/ouverture", params={"phrase": "mardi et vendredi 14 h-17 h au téléphone jusqu'à fin octobre"})
    assert page.status_code == 200 and "puis chaque semaine jusqu'au 31 octobre 2011" in lisible(page.text)
    assert ouvertures(bureau, avant) == [], "l'aperçu n'enregistre rien"
    champs = {"jour": ["2011-09-16", "2011-09-20"], "debut": "14:00", "fin": "17:00", "jusqu_au": "2011-10-31", "antenne": "",
              "motifs": ["conseil_social_telephone"]}
    assert claire.post("/espace/agenda/ouverture", **champs).status_code == 303
    assert [(o[0], o[1], o[2]) for o in ouvertures(bureau, avant)] == [(date(2011, 9, 16), "14:00", date(2011, 10, 31)),
                                                                       (date(2011, 9, 20), "14:00", date(2011, 10, 31))]


@pytest.mark.parametrize("phrase, manque", [("mardi au téléphone", "les heures"), ("de 14 h à 17 h à Bordeaux", "le jour"),
                                            ("mardi de 14 h à 17 h", "le lieu"), ("tous les mardis de 14 h à 17 h au téléphone", "jusqu'à quand")])
def test_ce_que_la_phrase_ne_dit_pas_est_demande_et_le_reste_est_garde(bureau, phrase, manque):
    page = bureau.connecte().get("/espace/agenda/ouverture", params={"phrase": phrase})
    assert page.status_code == 422 and f"Il manque {manque}" in lisible(page.text) and "Ouvrir ces créneaux" not in page.text
    assert phrase.split()[0] in page.text


def test_deux_jours_dont_un_chevauche_nouvrent_rien(bureau):
    claire, avant = bureau.connecte(), derniere(bureau)
    page = claire.post("/espace/agenda/ouverture", jour=["2011-09-20", "2011-09-21"], debut="09:00", fin="12:00", motifs="conseil_social", antenne="1")
    assert page.status_code == 409 and ouvertures(bureau, avant) == [], "mercredi matin est déjà ouvert : mardi ne s'ouvre pas seul"


def test_une_plage_tracee_prend_lantenne_et_les_motifs_qui_tiennent(bureau):
    page = bureau.connecte().get("/espace/agenda/ouverture?geste=1&jour=2011-09-16&debut=14:00&fin=15:00")
    assert page.status_code == 200 and "Ouvrir ces créneaux" in page.text and "Vendredi 16 septembre 2011" in lisible(page.text)
    assert bureau.connecte().get("/espace/agenda/ouverture?geste=1&jour=2011-09-16&debut=x&fin=15:00").status_code == 422


def test_on_ne_trace_pas_dans_lagenda_dun_collegue(bureau):
    claire = bureau.connecte()
    assert "data-ouvrir" not in claire.get(f"/espace/agenda?conseiller={bureau.paul}").text and "data-ouvrir" in claire.get("/espace/agenda").text
    assert claire.get(f"/espace/agenda/ouverture?geste=1&conseiller={bureau.paul}&jour=2011-09-16&debut=14:00&fin=15:00").status_code == 403
