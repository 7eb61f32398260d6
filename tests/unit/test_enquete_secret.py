"""Statistical secrecy of a wave's results: an attacker who holds everything published (page, CSV, JSON) solves for each masked cell, and cannot."""
import csv
import io
import os

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from scipy.optimize import LinearConstraint, milp
from sqlalchemy import select

from bot.contacts.tables import Conseiller, Participation, Reponse, Vague
from bot.enquete import reponses, resultats, statistiques
from bot.enquete.questionnaire import PASSE
from bot.enquete.statistiques import SEUIL
from tests.fabrique_enquete import MAINTENANT, conseiller, remise, socle, vague

MODES, FORMES, Q1 = tuple(resultats.MODES), ("physique", "telephone", "courriel"), ("tres", "plutot", "plutot_pas", "pas", "nsp", PASSE)
POSITIFS, NEGATIFS = Q1[:2], Q1[2:4]
GENRES = {**dict.fromkeys(POSITIFS, "+"), **dict.fromkeys(NEGATIFS, "-")}  # every other code is outside the rate
CELLULES = [(m, f, g) for m in MODES for f in FORMES for g in "+-?"]
# « TOURS=200 pytest … » tries that many waves.
TOURS = int(os.environ.get("TOURS", "12"))
GENS = st.lists(st.tuples(st.sampled_from(MODES), st.sampled_from(FORMES), st.sampled_from(Q1)), min_size=1, max_size=70)


@pytest.fixture
def sessions(modele_sqlite, tmp_path_factory):
    yield from remise(modele_sqlite, tmp_path_factory)


@pytest.fixture
def s(sessions):
    with sessions() as session:
        socle(session)
        yield session


def publier(s, gens) -> "resultats.Resultats":
    """The results of a wave in which these people answered; the frame is large enough for its forms to be told apart."""
    s.query(Reponse).delete(), s.query(Participation).delete(), s.query(Vague).delete()
    v = vague(s, None, base_prevue=1_000, graine="0" * 64)
    saisie = s.scalars(select(Conseiller)).first() or conseiller(s)
    for n, (mode, forme, code) in enumerate(gens, 1):
        s.add(Participation(pseudonyme=n, vague_id=v.id, forme=forme, mois="2011-09", mode=mode, etat="complete", exprimee=True,
                            saisi_par=saisie.id if mode in reponses.SAISIS else None))
        s.add_all([Reponse(pseudonyme=n, item="Q1", code=code), Reponse(pseudonyme=n, item="Q10", code="oui_net")])
    s.flush()
    return resultats.resultats(s, v)


def ce_que_disent(r) -> list[tuple[dict, int, int]]:
    """Everything published on Q1 as bounds on the table mode × form × code: the distribution, the parts shown, who answered in each part."""
    dits = []
    q1 = r.items[0]

    def noter(tri, bas, haut):
        dits.append(({c: 1 for c in CELLULES if tri(c)}, bas, haut))
    noter(lambda c: c[2] == "?", q1.vus - q1.taux.exprimees, q1.vus - q1.taux.exprimees)
    noter(lambda c: True, q1.vus, q1.vus)
    if q1.visible:
        for genre in "+-":
            n = sum(n for code, n in q1.comptes.items() if GENRES.get(code) == genre)
            noter(lambda c, genre=genre: c[2] == genre, n, n)
    for axe, parts, noms in ((0, r.modes, resultats.MODES), (1, r.formes, resultats.FORMES)):
        codes = {nom: code for code, nom in noms.items()}
        presents = {codes[p.nom] for p in parts}
        noter(lambda c, axe=axe, presents=presents: c[axe] not in presents, 0, 0)
        for p in parts:
            code = codes[p.nom]
            noter(lambda c, axe=axe, code=code: c[axe] == code, p.repondants, p.repondants)
            if p.taux is not None:
                noter(lambda c, axe=axe, code=code: c[axe] == code and c[2] == "+", p.taux.positives, p.taux.positives)
                noter(lambda c, axe=axe, code=code: c[axe] == code and c[2] != "?", p.taux.exprimees, p.taux.exprimees)
    return dits


def bornes(dits, cible) -> tuple[int, int]:
    """The least and the most that a sum of cells may be, among all whole tables that agree with what is published."""
    A = np.array([[ligne.get(c, 0) for c in CELLULES] for ligne, _, _ in dits])
    but = np.array([1.0 if cible(c) else 0.0 for c in CELLULES])
    contraintes = LinearConstraint(A, [b for _, b, _ in dits], [h for _, _, h in dits])
    valeurs = []
    for signe in (1, -1):
        solution = milp(signe * but, constraints=contraintes, integrality=np.ones(len(CELLULES)))
        assert solution.success, "ce qui est publié se contredit"
        valeurs.append(round(signe * solution.fun))
    return valeurs[0], valeurs[1]


def attaquer(r) -> list[str]:
    """The masked parts whose positive answers are found exactly, and those that a difference gives though they hold too few answers."""
    dits, trouvees = ce_que_disent(r), []
    q1 = r.items[0]
    unanimes = q1.visible and q1.taux.positives in (0, q1.taux.exprimees)
    for axe, parts, noms in ((0, r.modes, resultats.MODES), (1, r.formes, resultats.FORMES)):
        codes = {nom: code for code, nom in noms.items()}
        masquees = [codes[p.nom] for p in parts if p.taux is None]
        for code in masquees:
            n_min, n_max = bornes(dits, lambda c, code=code, axe=axe: c[axe] == code and c[2] != "?")
            x_min, x_max = bornes(dits, lambda c, code=code, axe=axe: c[axe] == code and c[2] == "+")
            if n_max and x_min == x_max and not unanimes and not (n_min == n_max == 0):
                trouvees.append(f"{code} : {x_min}")
        ensemble = bornes(dits, lambda c, axe=axe, m=tuple(masquees): c[axe] in m and c[2] != "?")
        if q1.visible and len(masquees) < len(parts) and 0 < ensemble[1] < SEUIL:
            trouvees.append(f"{' + '.join(masquees)} : ensemble de {ensemble[1]}")
    return trouvees


@settings(max_examples=TOURS, deadline=None, suppress_health_check=list(HealthCheck))
@given(gens=GENS)
def test_aucune_part_masquee_ne_se_recalcule_de_tout_ce_qui_est_publie(s, gens, monkeypatch_formes):
    r = publier(s, gens)
    assume(any(p.taux is None for p in (*r.modes, *r.formes)))
    assert attaquer(r) == []


@pytest.fixture
def monkeypatch_formes(monkeypatch):
    """A frame of 100 for each form: forms are told apart from 60 each."""
    monkeypatch.setattr(resultats.cadre, "formes", lambda *_: dict.fromkeys(FORMES, 100))


def petits(mode, positifs, negatifs):
    return [(mode, "physique", "tres")] * positifs + [(mode, "physique", "pas")] * negatifs


def test_deux_petits_modes_ne_se_laissent_pas_additionner(s, monkeypatch_formes):
    """Paper 3 and telephone 4: each hidden, but the total less what is shown would say what these seven answered."""
    r = publier(s, petits("chatbot", 20, 5) + petits("web", 15, 4) + petits("papier", 2, 1) + petits("telephone", 1, 3))
    assert [(p.nom, p.taux is None) for p in r.modes] == [("Conversation", False), ("Page du site", True), ("Téléphone", True), ("Papier", True)]
    assert attaquer(r) == []


def test_temoin_sans_masque_secondaire_lattaquant_trouve(s, monkeypatch, monkeypatch_formes):
    monkeypatch.setattr(resultats, "masquees", lambda cellules: frozenset(c for c, (n, _) in cellules.items() if n < SEUIL))
    assert attaquer(publier(s, petits("chatbot", 20, 5) + petits("papier", 2, 1))) == ["papier : 2", "papier : ensemble de 3"]
    assert attaquer(publier(s, petits("chatbot", 20, 5) + petits("papier", 2, 1) + petits("telephone", 1, 3))) == ["telephone + papier : ensemble de 7"]


@settings(max_examples=40, deadline=None)
@given(st.dictionaries(st.sampled_from("abcde"), st.integers(0, 25).flatmap(lambda n: st.tuples(st.just(n), st.integers(0, n))), min_size=2))
def test_ce_que_donne_une_soustraction_porte_sur_onze_reponses_au_moins(cellules):
    caches = statistiques.masquees(cellules)
    ensemble = sum(cellules[c][0] for c in caches)
    assert not ensemble or ensemble >= SEUIL or len(caches) == len(cellules)


def test_une_question_peu_repondue_ne_livre_aucun_de_ses_codes_dans_aucune_vue(s):
    """Ten expressed answers: neither the page, nor the CSV, nor the JSON holds a count by code that the ten could be worked out from."""
    from bot.cli.enquete import _en_json
    from bot.site.espace.enquete import ecrire_csv
    gens = petits("web", 7, 3) + [("web", "physique", "nsp")] * 4
    r = publier(s, gens)
    assert not r.items[0].visible and [p.taux for p in r.modes] == [None]
    lignes = [ligne for ligne in csv.DictReader(io.StringIO(ecrire_csv(r)), delimiter=";") if ligne["item"] == "Q1"]
    assert {ligne["nombre"] for ligne in lignes} == {"s"} and len(lignes) == 8 and {ligne["taux"] for ligne in lignes} == {""}
    q1 = _en_json(r)["items"][0]
    assert q1["comptes"] is None and q1["taux"] is None
    assert bornes(ce_que_disent(r), lambda c: c[2] == "+") == (0, 10)
    assert r.vague.ouverte_le == MAINTENANT
