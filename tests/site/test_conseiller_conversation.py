"""A counsellor whose workspace is open is known in the conversation; nobody else is, whatever the page sends."""
from uuid import uuid4

import pytest

from bot.site.espace.acces import nom_cookie
from bot.site.moteur import Moteur


@pytest.fixture
def metadonnees(monkeypatch):
    """What the engine is told of each message."""
    recues = []

    async def dire(self, moteur_id, texte, intention, meta):
        recues.append(meta)
        return {"messages": [{"text": "Bien."}], "comprehension": {"intention": "remercier", "confiance": 0.99, "propositions": [], "classement": []}}

    monkeypatch.setattr(Moteur, "dire", dire)
    return recues


def _dit(navigateur):
    assert navigateur.client.post("/api/conversations", json={}).status_code == 201
    reponse = navigateur.client.post("/api/messages", json={"message_id": str(uuid4()), "text": "merci bien"})
    assert reponse.status_code == 200, reponse.text


def test_la_conseillere_connectee_est_reconnue(espace, metadonnees):
    _dit(espace.connecte("claire.fontaine"))
    assert isinstance(metadonnees[0]["acteur"], int)


def test_le_public_et_un_cookie_invente_ne_le_sont_pas(espace, metadonnees):
    _dit(espace.visiteur())
    faux = espace.visiteur()
    faux.client.cookies.set(nom_cookie(espace.reglages), "x" * 43)
    _dit(faux)
    assert [m["acteur"] for m in metadonnees] == [None, None]


def test_une_fois_deconnectee_elle_nest_plus_quune_visiteuse(espace, metadonnees):
    claire = espace.connecte("claire.fontaine")
    cookie = claire.cookie
    claire.post("/espace/deconnexion")
    claire.client.cookies.set(nom_cookie(espace.reglages), cookie)
    _dit(claire)
    assert metadonnees[0]["acteur"] is None
