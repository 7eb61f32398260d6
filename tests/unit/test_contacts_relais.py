"""The hand-over in the database, on SQLite and on PostgreSQL: one taker, one open line a conversation, a sign that wins over the silence."""
import threading
from datetime import datetime, timedelta, timezone
from uuid import uuid4

import pytest
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from bot.contacts import conversations, relais
from bot.contacts.tables import Conseiller, Conversation, Echange, Relais

CAISSE, LE = "demo-aquitaine", datetime(2011, 9, 14, 8, tzinfo=timezone.utc)


@pytest.fixture
def attente(base):
    """Two counsellors, and somebody who waits: (database, number of the line, conversation)."""
    with base() as s:
        s.add_all([Conseiller(id=n, caisse_code=CAISSE, nom="Fictif", prenom=f"P{n}") for n in (801, 802)])
        conversation, _ = conversations.ouvrir(s, CAISSE, LE)
        ligne, _ = relais.demander(s, conversation, LE)
        return base, ligne.id, conversation.id


def test_de_deux_collegues_au_meme_instant_un_seul_prend(attente):
    base, ligne, conversation = attente
    depart, issues = threading.Barrier(2), []

    def prendre(qui):
        depart.wait()
        try:
            with base() as s:
                relais.prendre(s, ligne, CAISSE, qui, LE)
            issues.append(qui)
        except relais.DejaPrise:
            issues.append(None)
    fils = [threading.Thread(target=prendre, args=(n,)) for n in (801, 802)]
    for fil in fils:
        fil.start()
    for fil in fils:
        fil.join()
    with base.lecture() as s:
        prise = s.get_one(Relais, ligne)
        assert sorted(issues, key=str)[-1] is None and prise.conseiller_id in issues and s.get_one(Conversation, conversation).mode == "counsellor"


def test_une_conversation_na_quune_demande_ouverte(attente):
    base, _, conversation = attente
    with pytest.raises(IntegrityError):
        with base() as s:
            s.add(Relais(conversation_id=conversation, caisse_code=CAISSE, etat="attente", demande_le=LE, place_dite=0, coupures=0))


def test_temoin_une_demande_finie_laisse_la_place_a_une_autre(attente):
    base, ligne, conversation = attente
    with base() as s:
        trouvee = s.get_one(Conversation, conversation)
        relais.reprendre(s, trouvee, LE)
        assert relais.demander(s, trouvee, LE)[0].id != ligne


def test_le_silence_remet_en_file_et_le_retour_reprend(attente):
    base, ligne, conversation = attente
    with base() as s:
        relais.prendre(s, ligne, CAISSE, 801, LE)
    tard = LE + relais.SILENCE + timedelta(seconds=1)
    with base() as s:
        assert [r.etat for r in relais.file(s, CAISSE, tard)] == ["attente"] and s.get_one(Conversation, conversation).mode == "waiting"
    with base() as s:
        assert relais.tenir(s, ligne, CAISSE, 801, tard)[0].etat == "en_cours"
    with base() as s:
        assert [r.etat for r in relais.file(s, CAISSE, tard + relais.SILENCE)] == ["en_cours"], "à la limite, on attend encore"


def test_un_message_de_meme_numero_ne_sajoute_pas_deux_fois(attente):
    base, _, conversation = attente
    numero = str(uuid4())
    for attendu in (True, False):
        with base() as s:
            assert relais.dire(s, s.get_one(Conversation, conversation), {"author": "conseiller", "text": "Un instant."}, numero, LE) is attendu
    with base.lecture() as s:
        assert len(s.scalars(select(Echange)).all()) == 1


def test_oublier_la_conversation_garde_la_ligne_sans_lien(attente):
    base, ligne, conversation = attente
    with base() as s:
        conversations.oublier(s, s.get_one(Conversation, conversation))
    with base() as s:
        assert s.get_one(Relais, ligne).conversation_id is None and relais.ouverts(s, CAISSE, LE) == []
        assert relais.file(s, CAISSE, LE) == [] and s.get_one(Relais, ligne).etat == "ferme"
