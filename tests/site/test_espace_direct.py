"""Live pages of the workspace: a conversation and the queue by server-sent events; what was missed during a cut comes once, in order."""
import json
import re

import pytest

from bot.contacts import relais
from bot.site.espace import direct
from tests.marche import lisible
from tests.site.test_relais import Personne, assure, heure, moteur  # noqa: F401  (fixtures)


def evenements(reponse):
    """(name, id, content) of each event."""
    assert reponse.headers["content-type"].startswith("text/event-stream") and reponse.headers["cache-control"] == "no-store"
    return [(n, i, json.loads(d)) for n, i, d in re.findall(r"event: (\w+)\nid: (\w*)\ndata: (.*)\n\n", reponse.text)]


def lire(navigateur, ou, **entetes):
    """What there is now, once (a program that does not ask for a stream)."""
    return evenements(navigateur.client.get(ou, headers={"accept": "application/json", **entetes}))


@pytest.fixture
def claire(espace):
    return espace.connecte("claire.fontaine")


@pytest.fixture
def prise(espace, claire, assure):  # noqa: F811
    """A conversation that Claire has taken: its address."""
    assure.dit("je veux parler à un conseiller")
    with espace.sessions.lecture() as s:
        numero = relais.ouverts(s, "demo-aquitaine", espace.maintenant)[0].id
    assert claire.post(f"/espace/conversations/{numero}/prise").status_code == 303
    return f"/espace/conversations/{numero}"


def test_ce_que_la_personne_ecrit_arrive_et_une_reprise_ne_donne_que_la_suite(claire, prise, assure):  # noqa: F811
    ((_, vu, tout),) = lire(claire, f"{prise}/flux?vu=0")
    assert tout["debut"] == 0 and len(tout["messages"]) == int(vu)
    assert lire(claire, f"{prise}/flux?vu={vu}") == []
    assure.dit("mon relevé est faux")
    ((_, ensuite, neuf),) = lire(claire, f"{prise}/flux?vu=0", **{"last-event-id": vu})
    assert [lisible(m["texte"]) for m in neuf["messages"]] == ["mon relevé est faux"] and neuf["debut"] == int(vu) and int(ensuite) == int(vu) + 1


def test_les_messages_echanges_pendant_une_coupure_arrivent_des_deux_cotes_une_seule_fois(claire, prise, assure):  # noqa: F811
    vu = lire(claire, f"{prise}/flux")[0][1]
    for texte in ("un", "deux", "trois"):
        assure.dit(texte)
    for _ in range(2):  # sent again after a cut, under the same number
        claire.post(f"{prise}/message", texte="je vous réponds", jeton="7f1e6f0e-0f0a-4f5a-9d0a-111111111111")
    ((_, _, neuf),) = lire(claire, f"{prise}/flux", **{"last-event-id": vu})
    assert [lisible(m["texte"]) for m in neuf["messages"]] == ["un", "deux", "trois", "je vous réponds"]
    assert [a for a, t in assure.derniers(4)] == ["assure", "assure", "assure", "conseiller"]


def test_rendue_la_conversation_ne_se_suit_plus(claire, prise):
    claire.post(f"{prise}/retour")
    reponse = claire.client.get(f"{prise}/flux", headers={"accept": "application/json"})
    assert reponse.status_code == 409 and reponse.json()["error"]["code"] == "CONVERSATION_PLUS_A_VOUS"


def test_une_collegue_ne_suit_pas_la_conversation_dune_autre(espace, prise):
    for qui, attendu in (("paul.vallon", 409), ("rose.lagon", 404)):
        assert espace.connecte(qui).client.get(f"{prise}/flux", headers={"accept": "application/json"}).status_code == attendu


def test_la_file_ne_parle_que_quand_elle_change(espace, claire, assure):  # noqa: F811
    ((_, vide, dit),) = lire(claire, "/espace/conversations/flux")
    assert dit == {"attendent": 0, "rappels": 0} and lire(claire, f"/espace/conversations/flux?vu={vide}") == []
    assure.dit("je veux parler à un conseiller")
    ((_, _, dit),) = lire(claire, f"/espace/conversations/flux?vu={vide}")
    assert dit["attendent"] == 1 and f'data-vu="{vide}"' not in claire.get("/espace/conversations").text


def test_une_session_fermee_ailleurs_finit_le_flux(espace, claire, prise, monkeypatch):
    """The stream looks at the session at each turn: cut while it runs, it ends by saying so."""
    monkeypatch.setattr(direct, "PAS", 0.0)
    tours = []

    def puis_ferme(*arguments):
        tours.append(1)
        return None if len(tours) > 2 else vraie(*arguments)
    vraie = direct.conseiller_connecte
    monkeypatch.setattr(direct, "conseiller_connecte", puis_ferme)
    reponse = claire.client.get(f"{prise}/flux", headers={"accept": "text/event-stream"})
    nom, _, contenu = evenements(reponse)[-1]
    assert nom == "fin" and contenu["code"] == "SESSION_FINIE"
