"""The usage page: topics week after week, ends of turns, hand-overs, opinions, searches that found no slot; plots say what tables say."""
import re
from datetime import timedelta

import pytest

from bot.contacts.tables import Avis, Demande, Motif, Relais, Tour
from tests.marche import lisible

CAISSE, SUJET = "demo-aquitaine", "eirl/definition"


def noter(s, bureau, issue, combien=1, sujet=None, il_y_a=0, caisse=CAISSE, avis=None):
    for _ in range(combien):
        ligne = Tour(caisse_code=caisse, le=bureau.espace.maintenant - timedelta(days=il_y_a), issue=issue, sujet=sujet, premiers=[], duree_ms=12)
        s.add(ligne)
        if avis is not None:
            s.flush()
            s.add(Avis(tour_id=ligne.id, utile=avis, raison=None if avis else "pas_clair", le=ligne.le))


@pytest.fixture
def mois(bureau):
    """Two weeks of use, one search in three without a slot, and another caisse's noise."""
    with bureau.espace.sessions() as s:
        noter(s, bureau, "repondu", 6, SUJET, avis=True)
        noter(s, bureau, "repondu", 2, SUJET, il_y_a=7)
        noter(s, bureau, "propose", 3)
        noter(s, bureau, "refus", 2)
        noter(s, bureau, "incompris", 1, il_y_a=7, avis=False)
        noter(s, bureau, "repondu", 50, "retraite/trimestres", caisse="demo-reunion")
        s.add(Relais(caisse_code=CAISSE, etat="rendu", demande_le=bureau.espace.maintenant, place_dite=1, coupures=0,
                     pris_le=bureau.espace.maintenant, fini_le=bureau.espace.maintenant))
        motif = s.query(Motif).filter_by(caisse_code=CAISSE, code="conseil_social").one()
        s.add(Demande(motif_id=motif.id, jour=bureau.espace.maintenant.date(), recherches=9, vides=3))
    return bureau


def table(page, identifiant):
    """The cells of a table, row by row."""
    corps = page[page.index(f'<caption id="{identifiant}"'):]
    corps = corps[:corps.index("</table>")]
    return [[re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", c)).strip() for c in re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", ligne, re.S)]
            for ligne in re.findall(r"<tr>(.*?)</tr>", corps, re.S)]


@pytest.fixture
def page(mois):
    reponse = mois.connecte().get("/espace/qualite")
    assert reponse.status_code == 200
    return lisible(reponse.text)


def test_chaque_semaine_dit_repondues_proposees_refusees_sans_reponse_et_passees_a_un_conseiller(page):
    titres, *semaines = table(page, "table-semaines")
    assert titres[1:7] == ["Messages", "Répondues", "Proposées", "Refusées ou orientées", "Sans réponse", "Passées à un conseiller"]
    assert [s[1:7] for s in semaines] == [["11", "6", "3", "2", "0", "1"], ["3", "2", "0", "0", "1", "0"]]
    assert [s[8] for s in semaines] == ["6 sur 6", "0 sur 1"]


def test_chaque_sujet_a_ses_semaines_et_une_autre_caisse_ny_est_pas(page):
    titres, *sujets = table(page, "table-sujets")
    assert [s[1:] for s in sujets] == [["6", "2", "8"]] and titres[-1] == "Total" and "trimestres" not in page


def test_les_creneaux_qui_ont_manque_se_lisent_par_motif_avec_ceux_qui_restent(page):
    lignes = {x[0]: x[1:] for x in table(page, "table-demandes")}
    assert lignes["Entretien de conseil social, à l'antenne"][:2] == ["9", "3"] and int(lignes["Entretien de conseil social, à l'antenne"][2]) > 0


def test_chaque_trace_dit_ses_nombres_sans_style_ni_script(page):
    images = re.findall(r'<svg class="graphique-barre"[^>]*role="img" aria-label="([^"]+)"', page)
    assert any("répondues 6, proposées 3, refusées ou orientées 2, sans réponse 0" in i for i in images)
    assert any("sans aucun créneau 3, avec des créneaux 6" in i for i in images) and any("oui 6, non 1" in i for i in images)
    corps = page[page.index('<main id="contenu"'):page.index("</main>")]
    assert " style=" not in corps and "<script" not in corps
    largeurs = [[float(x) for x in re.findall(r'width="([\d.]+)" height="10"', b)] for b in re.findall(r'<svg class="graphique-barre".*?</svg>', page, re.S)]
    assert largeurs and all(sum(b) <= 100.05 for b in largeurs)


def test_la_directrice_la_lit_et_lagent_comptable_non(mois):
    assert mois.connecte("anne.sommet").get("/espace/qualite").status_code == 200
    assert mois.connecte("denis.ravin").get("/espace/qualite").status_code == 404
