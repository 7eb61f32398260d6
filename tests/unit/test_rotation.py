"""R16: the engine's id of a conversation changes every 60 turns, and none outlives half an hour of silence; nothing ties one to the next."""
from datetime import datetime, timedelta, timezone

import pytest

from bot.contacts import conversations
from bot.contacts.conversations import ConversationInconnue

LE = datetime(2011, 9, 14, 8, tzinfo=timezone.utc)


def tourner(s, conversation, combien) -> list[str]:
    """So many turns; the engine's id that each was sent under."""
    ids = []
    for _ in range(combien):
        ids.append(conversation.moteur_id)
        conversations.retenir(conversation, "repondu", "retraite/age_depart", {})
        s.flush()
    return ids


def test_le_moteur_change_de_conversation_tous_les_soixante_tours(sessions):
    with sessions() as s:
        conversation, _ = conversations.ouvrir(s, "demo-aquitaine", LE)
        ids = tourner(s, conversation, 300)
    assert len(set(ids)) == 5 and all(len(set(ids[d:d + 60])) == 1 for d in range(0, 300, 60))
    assert all(len(i) == 32 and int(i, 16) >= 0 for i in set(ids)) and conversation.id not in ids


def test_ce_que_la_conversation_savait_survit_au_changement(sessions):
    with sessions() as s:
        conversation, _ = conversations.ouvrir(s, "demo-aquitaine", LE)
        conversations.retenir(conversation, "repondu", "retraite/age_depart", {"activite": "artisan"})
        tourner(s, conversation, 60)
        assert (conversation.dernier_sujet, conversation.profil) == ("retraite/age_depart", {"activite": "artisan"})


def test_apres_une_demi_heure_de_silence_une_autre_conversation_et_un_autre_identifiant(sessions):
    with sessions() as s:
        conversation, secret = conversations.ouvrir(s, "demo-aquitaine", LE)
        premier = conversation.moteur_id
        assert conversations.retrouver(s, secret, LE + timedelta(minutes=30)).moteur_id == premier
        with pytest.raises(ConversationInconnue):
            conversations.retrouver(s, secret, LE + timedelta(minutes=30, seconds=1))
        suivante, _ = conversations.ouvrir(s, "demo-aquitaine", LE + timedelta(minutes=31))
        assert suivante.moteur_id not in (premier, suivante.id)


def test_une_conversation_sans_fin_sarrete_a_vingt_quatre_heures(sessions):
    with sessions() as s:
        conversation, secret = conversations.ouvrir(s, "demo-aquitaine", LE)
        conversation.active_le = LE + timedelta(hours=24)
        conversations.retrouver(s, secret, LE + timedelta(hours=24))
        with pytest.raises(ConversationInconnue):
            conversations.retrouver(s, secret, LE + timedelta(hours=24, seconds=1))
