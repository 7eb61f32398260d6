"""Races, on both engines. Each first shows that the race exists once its guard is off; only then does the guard's test mean something.

Contenders all see the slot (or the seat) free before any of them writes: what they saw is given to them as it was, so that only the guard arbitrates.
"""
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import event, func, select, text, update
from sqlalchemy.exc import IntegrityError

from bot.agenda import identification, occupation, rencontres, reservation
from bot.agenda.auteurs import ASSURE_CHAT, SYSTEME, conseiller
from bot.agenda.recherche import chercher, noter_recherche
from bot.agenda.refus import CreneauPris, DejaUnRdv
from bot.agenda.transactions import en_transaction
from bot.contacts.refus import Refus
from bot.contacts.tables import Demande, Entretien, Inscription, Occupation, Rencontre
from tests.unit.agenda_aide import DEUX_MOTEURS, LUNDI, MAINTENANT, a, base_agenda, installer, moteur_agenda, ouvrir, plus, quelqu_un, reserver  # noqa: F401

pytestmark = DEUX_MOTEURS
CONCURRENTS = 9


def ensemble(travail, n=CONCURRENTS):
    """Run `travail(0…n-1)` in threads that start together; what each gave, or the refusal it met."""
    depart = threading.Barrier(n)

    def un(i):
        depart.wait()
        try:
            return travail(i)
        except Refus as e:
            return e

    with ThreadPoolExecutor(n) as fil:
        return list(fil.map(un, range(n)))


@pytest.fixture
def monde(base):
    m = installer(base)
    with base() as s:
        ouvrir(s, m)
    return m


def chevauchements(s) -> int:
    """Pairs of live entretiens of one counsellor that overlap."""
    autre = Entretien.__table__.alias()
    moi = Entretien.__table__
    return s.scalar(select(func.count()).select_from(moi.join(autre, (moi.c.conseiller_id == autre.c.conseiller_id) & (moi.c.id < autre.c.id)
                    & (moi.c.debut < autre.c.fin) & (autre.c.debut < moi.c.fin))).where(moi.c.statut == "pose", autre.c.statut == "pose"))


def figer_ce_qui_etait_libre(base, monde, monkeypatch):
    """Everybody goes on with the list seen before the race: the check no longer protects anyone."""
    with base.lecture() as s:
        vu = chercher(s, s.merge(monde.motifs["conseil_social"], load=False), MAINTENANT)
    monkeypatch.setattr(reservation, "chercher", lambda *_, **__: vu)


def confirmer(base, monde, i, heure="9:00"):
    return en_transaction(base, lambda s: reserver(s, monde, a(LUNDI, heure), personne=quelqu_un(i), operation=f"op-{heure}-{i}").id)


# ---- a slot -------------------------------------------------------------------------------------------------------


def test_temoin_sans_la_garde_le_meme_creneau_se_vend_plusieurs_fois(base, monde, monkeypatch):
    figer_ce_qui_etait_libre(base, monde, monkeypatch)
    monkeypatch.setattr(occupation, "prendre", lambda *_, **__: True)
    pris = [r for r in ensemble(lambda i: confirmer(base, monde, i)) if isinstance(r, int)]
    with base.lecture() as s:
        assert len(pris) > 1 and chevauchements(s) > 0


def test_avec_la_garde_un_seul_l_obtient_meme_si_tous_l_ont_vu_libre(base, monde, monkeypatch):
    figer_ce_qui_etait_libre(base, monde, monkeypatch)
    issues = ensemble(lambda i: confirmer(base, monde, i))
    with base.lecture() as s:
        assert chevauchements(s) == 0
        assert s.scalar(select(func.count()).select_from(Entretien)) == 1
    assert sum(isinstance(r, int) for r in issues) == 1
    assert all(isinstance(r, (int, CreneauPris)) for r in issues)


def test_tous_les_creneaux_se_vendent_une_fois_et_aucun_ne_reste(base):
    monde = installer(base, conseillers=2)
    with base() as s:
        for qui in (0, 1):
            ouvrir(s, monde, LUNDI, "9:00", "12:00", qui=qui)
    heures = ["9:00", "10:15"]
    issues = ensemble(lambda i: confirmer(base, monde, i, heures[i % 2]))
    with base.lecture() as s:
        assert (chevauchements(s), sum(isinstance(r, int) for r in issues)) == (0, 4)
        assert s.scalar(select(func.count()).select_from(Occupation)) == 4 * 5
    assert all(isinstance(r, (int, CreneauPris)) for r in issues)


def test_un_conseiller_et_un_assure_au_meme_instant_un_seul_l_emporte(base, monde, monkeypatch):
    figer_ce_qui_etait_libre(base, monde, monkeypatch)
    auteurs = (ASSURE_CHAT, conseiller(monde.conseillers[0]))
    issues = ensemble(lambda i: en_transaction(base, lambda s: reserver(s, monde, a(LUNDI, "9:00"), personne=quelqu_un(i), operation=f"o{i}",
                                                                        auteur=auteurs[i]).id), n=2)
    assert sum(isinstance(r, int) for r in issues) == 1


def test_des_entretiens_de_longueurs_melees_ne_se_chevauchent_jamais(base, monkeypatch):
    monde = installer(base, conseillers=1)
    with base() as s:
        ouvrir(s, monde, LUNDI, "9:00", "12:00", codes=("conseil_social", "createur"))
    codes, heures = ("conseil_social", "createur"), ("9:00", "10:00", "10:15", "11:00")
    ensemble(lambda i: en_transaction(base, lambda s: reserver(s, monde, a(LUNDI, heures[i % 4]), personne=quelqu_un(i), operation=f"o{i}",
                                                               code=codes[i % 2]).id))
    with base.lecture() as s:
        assert chevauchements(s) == 0
        porteurs = dict(s.execute(select(Occupation.porteur_id, func.count()).group_by(Occupation.porteur_id)).all())
        assert porteurs == {str(e.id): int(((e.fin - e.debut) + timedelta(minutes=15)) / timedelta(minutes=15)) for e in s.scalars(select(Entretien))}


def test_le_second_attend_le_premier_puis_se_voit_refuser(base, monde, moteur_base, monkeypatch):
    """The constraint arbitrates, not luck: while the first has not committed, the second is held, neither served nor refused."""
    figer_ce_qui_etait_libre(base, monde, monkeypatch)
    fini, issues = threading.Event(), []

    def second():
        try:
            issues.append(confirmer(base, monde, 2))
        except Refus as e:
            issues.append(e)
        fini.set()

    with base() as s:
        reserver(s, monde, a(LUNDI, "9:00"), personne=quelqu_un(1), operation="premier")
        fil = threading.Thread(target=second)
        fil.start()
        assert not fini.wait(0.3)
    fil.join(20)
    assert [type(i) for i in issues] == [CreneauPris]


# ---- two « oui », two tabs, moves, holds --------------------------------------------------------------------------


def test_neuf_oui_de_la_meme_confirmation_donnent_un_entretien_et_la_meme_reponse(base, monde):
    issues = ensemble(lambda _: en_transaction(base, lambda s: reserver(s, monde, a(LUNDI, "9:00"), operation="le-meme-oui").code))
    assert len(set(issues)) == 1
    with base.lecture() as s:
        assert s.scalar(select(func.count()).select_from(Entretien)) == 1


def test_une_personne_dans_deux_onglets_n_a_qu_un_rendez_vous(base, monde):
    heures = ("9:00", "10:15")
    issues = ensemble(lambda i: en_transaction(base, lambda s: reserver(s, monde, a(LUNDI, heures[i]), personne=quelqu_un(1), operation=f"onglet{i}").id), n=2)
    assert sorted(type(r).__name__ for r in issues) == ["DejaUnRdv", "int"]
    assert any(isinstance(r, DejaUnRdv) and r.entretien is not None for r in issues)


def test_temoin_sans_la_garde_deux_conversations_retiennent_le_meme_creneau(base, monde, monkeypatch):
    figer_ce_qui_etait_libre(base, monde, monkeypatch)
    monkeypatch.setattr(occupation, "prendre", lambda *_, **__: True)
    assert sum(isinstance(r, reservation.Retenue) for r in ensemble(lambda i: retenir(base, monde, i))) == CONCURRENTS


def test_avec_la_garde_une_seule_conversation_retient_le_creneau(base, monde, monkeypatch):
    figer_ce_qui_etait_libre(base, monde, monkeypatch)
    assert sum(isinstance(r, reservation.Retenue) for r in ensemble(lambda i: retenir(base, monde, i))) == 1


def retenir(base, monde, i):
    return en_transaction(base, lambda s: reservation.retenir(
        s, conversation_id=f"c{i}", motif=s.merge(monde.motifs["conseil_social"], load=False), debut=a(LUNDI, "9:00"),
        antenne_id=monde.antennes["Bordeaux"], maintenant=MAINTENANT))


def test_deux_deplacements_croises_gardent_chacun_un_creneau(base, monde):
    with base() as s:
        ids = [reserver(s, monde, a(LUNDI, h), personne=quelqu_un(n), operation=h).id for n, h in enumerate(("9:00", "10:15"))]
    buts = (a(LUNDI, "10:15"), a(LUNDI, "9:00"))
    ensemble(lambda i: en_transaction(base, lambda s: reservation.deplacer(
        s, s.get_one(Entretien, ids[i]), debut=buts[i], antenne_id=monde.antennes["Bordeaux"], auteur=ASSURE_CHAT, maintenant=MAINTENANT).id), n=2)
    with base.lecture() as s:
        assert chevauchements(s) == 0
        assert dict(s.execute(select(Occupation.porteur_id, func.count()).group_by(Occupation.porteur_id)).all()) == {str(i): 5 for i in ids}


# ---- seats --------------------------------------------------------------------------------------------------------


def rencontre(base, monde, places=5):
    with base() as s:
        return rencontres.creer(s, rencontres.DemandeRencontre(
            monde.caisse_code, "auto_entrepreneur", "Rencontre fictive", "Bordeaux", a(LUNDI, "17:30"), a(LUNDI, "19:00"), monde.fuseau,
            [monde.conseillers[0]], places), SYSTEME, MAINTENANT).id


def inscrire(base, id, i):
    return en_transaction(base, lambda s: rencontres.inscrire(s, s.get_one(Rencontre, id), quelqu_un(i), ASSURE_CHAT, MAINTENANT).statut)


def _sans_check(connexion):
    connexion.exec_driver_sql("PRAGMA ignore_check_constraints = ON")


def test_temoin_sans_verrou_ni_compte_conditionnel_ni_check_on_depasse_les_places(base, monde, moteur_base, monkeypatch, request):
    id = rencontre(base, monde)
    if moteur_base == "sqlite":  # SQLite's switch is one of each connection; the fixture closes them all
        request.addfinalizer(lambda: event.remove(base.engine, "begin", _sans_check))
        event.listen(base.engine, "begin", _sans_check)
    else:
        with base() as s:
            s.execute(text("ALTER TABLE rencontre DROP CONSTRAINT ck_rencontre_places"))

    def prendre(session, r, **_):  # what everybody had read was « five seats, nobody yet »
        session.execute(update(Rencontre).where(Rencontre.id == r.id).values(inscrits=Rencontre.inscrits + 1))
        return True

    monkeypatch.setattr(rencontres, "_verrouiller", lambda *_: None)
    monkeypatch.setattr(rencontres, "_prendre_siege", prendre)
    assert ensemble(lambda i: inscrire(base, id, i)).count("inscrit") > 5


def test_neuf_personnes_pour_cinq_places_cinq_inscrits_et_une_liste_de_quatre_dans_l_ordre(base, monde):
    id = rencontre(base, monde)
    issues = ensemble(lambda i: inscrire(base, id, i))
    assert (issues.count("inscrit"), issues.count("attente")) == (5, 4)
    with base.lecture() as s:
        assert s.get_one(Rencontre, id).inscrits == 5
        assert sorted(s.scalars(select(Inscription.rang).where(Inscription.statut == "attente"))) == list(range(1, 5))


def test_la_base_refuse_un_siege_de_trop_meme_ecrit_a_la_main(base, monde):
    id = rencontre(base, monde)
    with pytest.raises(IntegrityError), base() as s:
        s.execute(update(Rencontre).where(Rencontre.id == id).values(inscrits=6))


def test_plusieurs_departs_ensemble_proposent_chaque_place_a_une_seule_personne(base, monde):
    id = rencontre(base, monde)
    for i in range(11):
        inscrire(base, id, i)
    with base.lecture() as s:
        assis = s.scalars(select(Inscription.id).where(Inscription.statut == "inscrit")).all()
    ensemble(lambda i: en_transaction(base, lambda s: rencontres.desister(s, s.get_one(Inscription, assis[i]), ASSURE_CHAT, plus(minutes=1)).id), n=4)
    with base.lecture() as s:
        assert s.get_one(Rencontre, id).inscrits == 5
        assert sorted(s.scalars(select(Inscription.rang).where(Inscription.statut == "offre"))) == [1, 2, 3, 4]


def test_un_nouveau_venu_et_le_premier_de_la_liste_la_place_va_a_la_liste(base, monde):
    id = rencontre(base, monde, places=1)
    for i in (0, 1):
        inscrire(base, id, i)
    with base.lecture() as s:
        assis = s.scalar(select(Inscription.id).where(Inscription.statut == "inscrit"))
    ensemble(lambda i: inscrire(base, id, 2) if i else
             en_transaction(base, lambda s: rencontres.desister(s, s.get_one(Inscription, assis), ASSURE_CHAT, MAINTENANT).statut), n=2)
    with base.lecture() as s:
        assert dict(s.execute(select(Inscription.nom, Inscription.statut)).all()) == {"Exemple0": "desiste", "Exemple1": "offre", "Exemple2": "attente"}


def offre_a_repondre(base, monde):
    """(rencontre, the inscription that has an offer, when it ends): one seat, given up, and two people in line."""
    id = rencontre(base, monde, places=1)
    for i in (0, 1, 2):
        inscrire(base, id, i)
    with base() as s:
        rencontres.desister(s, s.scalar(select(Inscription).where(Inscription.statut == "inscrit")), ASSURE_CHAT, MAINTENANT)
        return id, s.scalar(select(Inscription.id).where(Inscription.statut == "offre")), MAINTENANT + timedelta(hours=48)


def oui_et_expiration(base, offre, fin):
    """What the person is told, and what is stored of her, when her « oui » and the end of her offer meet."""
    dits = ensemble(lambda i: en_transaction(base, lambda s: rencontres.expirer_offres(s, fin)) if i else en_transaction(
        base, lambda s: rencontres.repondre_offre(s, s.get_one(Inscription, offre), True, ASSURE_CHAT, fin - timedelta(seconds=1)).statut), n=2)
    with base.lecture() as s:
        return dits[0] if isinstance(dits[0], str) else dits[0].code, s.get_one(Inscription, offre).statut


def test_temoin_sans_verrou_un_oui_accepte_se_perd_dans_l_expiration(base, monde, moteur_base, monkeypatch):
    """Both have read « an offer » before either writes. On SQLite that cannot be arranged: the second to begin waits, whatever the code does."""
    if moteur_base == "sqlite":
        pytest.skip("SQLite n'a qu'une écriture à la fois : sa garde est la transaction elle-même")
    _, offre, fin = offre_a_repondre(base, monde)
    changer, porte, passes = rencontres._changer, threading.Barrier(2, timeout=30), []

    def ensemble_puis_changer(inscription, statut):
        if len(passes) < 2:
            passes.append(statut)
            porte.wait()
        changer(inscription, statut)
    monkeypatch.setattr(rencontres, "_verrouiller", lambda *_: None)
    monkeypatch.setattr(rencontres, "_changer", ensemble_puis_changer)
    assert oui_et_expiration(base, offre, fin) in {("inscrit", "desiste"), ("inscrit", "inscrit")} and sorted(passes) == ["desiste", "inscrit"]
    with base.lecture() as s:
        assert s.scalar(select(func.count()).where(Inscription.statut.in_(("inscrit", "offre")))) != 1 or s.get_one(Inscription, offre).statut == "desiste"


def test_oui_et_expiration_au_meme_moment_une_seule_issue_et_le_compte_reste_juste(base, monde):
    id, offre, fin = offre_a_repondre(base, monde)
    assert oui_et_expiration(base, offre, fin) in {("inscrit", "inscrit"), ("OFFRE_PASSEE", "desiste")}, "ce qui est dit est ce qui est"
    with base.lecture() as s:
        statuts = list(s.scalars(select(Inscription.statut)))
        assert s.get_one(Rencontre, id).inscrits == sum(x in ("inscrit", "offre") for x in statuts) == 1


# ---- counting -----------------------------------------------------------------------------------------------------


def test_les_premieres_recherches_du_jour_tombent_ensemble_et_sont_toutes_comptees(base, monde):
    def chercher_et_compter(i):
        with base() as s:
            noter_recherche(s, s.merge(monde.motifs["conseil_social"], load=False), MAINTENANT, vide=i % 3 == 0)

    ensemble(chercher_et_compter)
    with base.lecture() as s:
        assert s.execute(select(Demande.recherches, Demande.vides)).one() == (CONCURRENTS, 3)


# ---- guessing -----------------------------------------------------------------------------------------------------


def test_neuf_essais_ensemble_ne_donnent_pas_plus_de_cinq_reponses(base, monde):
    def essayer(_):
        with base() as s:
            return identification.identifier(s, code="AAAABBBB", nom="exe", visiteurs=["v"], maintenant=MAINTENANT).refus.code

    issues = ensemble(essayer)
    assert issues.count("INTROUVABLE") == 4 and issues.count("EN_PAUSE_CODE") == CONCURRENTS - 4
