"""The booking rush on real fronts: many people, the same slots, at the same instant; by the services, by HTTP, and counsellors against the public.

Small enough for every day; RUEE=20x50x5 makes what the issue asks, 20 slots × 50 contenders × 5 seeds: 5,000 attempts on each engine by each way in,
on a site of two processes (`make faults`).
"""
import os
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from uuid import uuid4

import httpx
import pytest
from sqlalchemy import func, select

from bot.agenda import occupation, rencontres, reservation
from bot.agenda.auteurs import ASSURE_CHAT, SYSTEME, conseiller
from bot.agenda.recherche import chercher
from bot.agenda.transactions import en_transaction
from bot.contacts.base import Sessions
from bot.contacts.base import ouvrir as ouvrir_base
from bot.contacts.tables import Conseiller, Entretien, Inscription, Rencontre
from tests.faults.tuer import Mortel, Pepiniere
from tests.load import agenda
from tests.unit import agenda_aide

ENTIERE = bool(os.environ.get("RUEE"))
CRENEAUX, CONCURRENTS, _GRAINES = map(int, os.environ.get("RUEE", "4x10x1").split("x"))
assert CRENEAUX % 4 == 0, "quatre créneaux par conseiller : RUEE=20x50x5, 8x10x1…"
GRAINES = range(1, _GRAINES + 1)
PERSONNES, PLACES = 200, 12


@pytest.fixture
def base(base):
    """The same, for people who wait as long as it takes."""
    patiente = Sessions(ouvrir_base(base.engine.url.render_as_string(hide_password=False), agenda.PATIENCE))
    yield patiente
    patiente.engine.dispose()


@pytest.fixture
def fronts(base, tmp_path):
    """The addresses of the site: two processes on one database for the whole of it, one thread of this process otherwise."""
    with ExitStack() as pile:
        if not ENTIERE:
            yield [pile.enter_context(agenda.site(base, tmp_path))]
            return
        pepiniere = pile.enter_context(Pepiniere())
        adresse = base.engine.url.render_as_string(hide_password=False)
        sites = [Mortel(pepiniere, "site", tmp_path / f"site{n}", CONSEIL_BASE=adresse, CONSEIL_DEMO=1, CONSEIL_NOW="2011-09-14T10:00",
                        CONSEIL_CONVERSATIONS_PAR_MINUTE=100_000, PIEGE_PATIENCE=agenda.PATIENCE) for n in range(2)]
        for site in sites:
            pile.callback(site.naitre().finir)
        yield [site.adresse for site in sites]


def exiger(issue):
    """Every slot sold once, none left, everybody else told that it is taken, no failure."""
    essais = CRENEAUX * CONCURRENTS
    assert issue.vendus == [1] * CRENEAUX, issue
    assert (issue.reserves, issue.chevauchements, issue.libres) == (CRENEAUX, 0, 0), issue
    assert issue.codes == {"pris": CRENEAUX, "CRENEAU_PRIS": essais - CRENEAUX}, issue
    assert issue.juste


@pytest.mark.parametrize("graine", GRAINES)
def test_par_les_services_chaque_creneau_se_vend_une_fois(base, graine):
    code = agenda.installer(base, CRENEAUX)
    exiger(agenda.assaut(base, code, [agenda.par_services(base)], CONCURRENTS, graine))


@pytest.mark.parametrize("graine", GRAINES)
def test_par_http_chaque_creneau_se_vend_une_fois(base, fronts, graine):
    code = agenda.installer(base, CRENEAUX)
    exiger(agenda.assaut(base, code, [agenda.par_http(*fronts)], CONCURRENTS, graine))


@pytest.mark.parametrize("graine", GRAINES)
def test_le_public_par_http_contre_les_conseillers_par_les_services(base, fronts, graine):
    code = agenda.installer(base, CRENEAUX)
    with base.lecture() as s:
        qui = s.scalar(select(Conseiller.id).limit(1))
    exiger(agenda.assaut(base, code, [agenda.par_http(*fronts), agenda.par_services(base, conseiller(qui))], CONCURRENTS, graine))


@pytest.mark.parametrize("graine", GRAINES)
def test_qui_perd_prend_un_des_plus_proches_et_il_n_en_reste_aucun(base, fronts, graine):
    """Not for the same slot: for any. The nearest that a refusal offers lead to the last free one."""
    code = agenda.installer(base, CRENEAUX)
    issue = agenda.ruee(base, code, agenda.par_http(*fronts), CONCURRENTS, graine)
    assert issue.juste and issue.codes == {"pris": CRENEAUX, "CRENEAU_PRIS": CONCURRENTS - CRENEAUX}, issue


def test_cinquante_oui_ensemble_par_http_un_rendez_vous_et_la_meme_reponse(base, fronts):
    code = agenda.installer(base, 4)
    oui = {"operation_id": str(uuid4()), "creneau": agenda.vus_libres(base, code)[0], "nom": "Exemple", "prenom": "Camille", "telephone": "0639980001"}

    def dire(_):
        with httpx.Client(base_url=fronts[0], timeout=300) as client:
            return client.post("/api/entretiens", json=oui)
    with ThreadPoolExecutor(50) as fils:
        reponses = list(fils.map(dire, range(50)))
    assert Counter(r.status_code for r in reponses) == {201: 1, 200: 49}
    assert len({r.text for r in reponses}) == 1, "cinquante fois la même réponse"
    with base.lecture() as s:
        assert s.scalar(select(func.count()).select_from(Entretien)) == 1


def test_deux_cents_personnes_pour_douze_places_une_liste_de_188_dans_l_ordre(base):
    monde = agenda_aide.installer(base)
    with base() as s:
        id = rencontres.creer(s, rencontres.DemandeRencontre(
            monde.caisse_code, "auto_entrepreneur", "Rencontre fictive", "Bordeaux", agenda_aide.a(agenda_aide.LUNDI, "17:30"),
            agenda_aide.a(agenda_aide.LUNDI, "19:00"), monde.fuseau, [monde.conseillers[0]], PLACES), SYSTEME, agenda.MAINTENANT).id

    def inscrire(i):
        qui = agenda_aide.Personne(f"Exemple{i}", "Dominique", f"0639{i:06d}")

        def travail(s):
            inscription = rencontres.inscrire(s, s.get_one(Rencontre, id), qui, ASSURE_CHAT, agenda.MAINTENANT)
            return inscription.statut, rencontres.rang_de(s, inscription)
        return en_transaction(base, travail)
    with ThreadPoolExecutor(50) as fils:
        dits = list(fils.map(inscrire, range(PERSONNES)))
    assert Counter(statut for statut, _ in dits) == {"inscrit": PLACES, "attente": PERSONNES - PLACES}
    assert sorted(rang for _, rang in dits if rang) == list(range(1, PERSONNES - PLACES + 1)), "chacun a su son rang, aucun n'est donné deux fois"
    with base() as s:
        assert s.get_one(Rencontre, id).inscrits == PLACES
        liste = s.scalars(select(Inscription.rang).where(Inscription.statut == "attente").order_by(Inscription.id)).all()
        assert liste == list(range(1, PERSONNES - PLACES + 1)), "dans l'ordre d'arrivée"
        partant = s.scalar(select(Inscription).where(Inscription.statut == "inscrit").limit(1))
        rencontres.desister(s, partant, ASSURE_CHAT, agenda.MAINTENANT)
        assert s.scalars(select(Inscription.rang).where(Inscription.statut == "offre")).all() == [1]


# ---- the same measures, without the guard ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("voie", ["services", "http"])
def test_temoin_sans_la_garde_l_assaut_est_rouge(sessions: Sessions, tmp_path, monkeypatch, voie):
    """What everybody saw is given to them as it was, and nothing arbitrates: the same measure must then find it out."""
    code = agenda.installer(sessions, 4)
    with sessions.lecture() as s:
        vu = chercher(s, agenda.motifs.motif(s, agenda.CAISSE, code), agenda.MAINTENANT)
    monkeypatch.setattr(reservation, "chercher", lambda *_, **__: vu)
    monkeypatch.setattr(occupation, "prendre", lambda *_, **__: True)
    with agenda.site(sessions, tmp_path) as adresse:
        issue = agenda.assaut(sessions, code, [agenda.par_services(sessions) if voie == "services" else agenda.par_http(adresse)], 4)
    assert not issue.juste and issue.chevauchements > 0 and issue.reserves > 4


def test_temoin_avec_un_identifiant_par_oui_la_meme_personne_reserve_autant_de_fois(sessions: Sessions, monkeypatch):
    code = agenda.installer(sessions, 4)
    monkeypatch.setattr(reservation, "_refuser_doubles", lambda *_, **__: None)
    essayer = agenda.par_services(sessions)  # draws an operation's id each time it is called
    assert [essayer(c, "Exemple", "0639980001")[0] for c in agenda.vus_libres(sessions, code)].count("pris") == 4
