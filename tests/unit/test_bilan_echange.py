# ruff: noqa: F811  (fixtures are imported by name; one fault a line)
"""The interchange file: same content, same bytes; one byte changed, refused; nothing strange let in."""
import hashlib
import json
import os
import unicodedata
import zlib
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.bilan import cles, echange, schema
from bot.contacts.tables import CleBilan
from tests.annee_bilan import CAISSE, CLE, FIN, annee, contenu, modele_bilan, registre_2011  # noqa: F401  (fixtures)

PRIVEE = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))


@pytest.fixture(scope="module")
def payload(registre_2011):
    return contenu(CAISSE, registre_2011)


@pytest.fixture(scope="module")
def fichier(payload):
    return echange.enveloppe(payload, PRIVEE, "demo-aquitaine-2011", "directeur", FIN)


def test_un_fichier_signe_se_relit_tel_quel(fichier, payload):
    lue = echange.lire(fichier)
    assert lue.fautes == () and lue.payload == payload
    assert echange.signature_valable(lue.enveloppe, cles.publique_de(PRIVEE))


def test_l_empreinte_est_celle_du_contenu_canonique_en_sha256(fichier, payload):
    assert echange.lire(fichier).enveloppe["sha256"] == hashlib.sha256(echange.canonique(payload)).hexdigest()


VALEURS = st.recursive(st.none() | st.booleans() | st.integers(-2**53 + 1, 2**53 - 1) | st.text(), lambda enfants: st.lists(enfants, max_size=4)
                       | st.dictionaries(st.text(), enfants, max_size=4), max_leaves=12)


@given(VALEURS)
@settings(max_examples=60, deadline=None)
def test_propriete_la_forme_canonique_ne_depend_ni_de_l_ordre_ni_du_nombre_de_fois(valeur):
    try:
        octets = echange.canonique(valeur)
    except Exception:  # a lone surrogate is not text: refused, never guessed
        return
    assert echange.canonique(json.loads(octets)) == octets
    if isinstance(valeur, dict):
        assert echange.canonique(dict(reversed(list(valeur.items())))) == octets or len({unicodedata.normalize("NFC", c) for c in valeur}) < len(valeur)


def test_deux_ecritures_du_meme_accent_donnent_les_memes_octets():
    assert echange.canonique({"texte": "cre\u0301ateur"}) == echange.canonique({"texte": "cr\u00e9ateur"})


def refuse(octets: bytes) -> bool:
    """Whether the national fund, which knows the caisse's key by its name, refuses these bytes: by their form, their hash, their signature or its key."""
    lue = echange.lire(octets)
    if lue.fautes:
        return True
    e = lue.enveloppe
    return (echange.sha256(e["payload"]) != e["sha256"] or (e["signature"] or {}).get("kid") != "demo-aquitaine-2011"
            or e["signature"]["signataire_role"] != "directeur" or not echange.signature_valable(e, cles.publique_de(PRIVEE)))


@pytest.fixture(scope="module")
def petit(registre_2011):
    """The smallest signed bilan: nothing done, four reasons. Every byte of it is tried."""
    p = contenu(CAISSE, registre_2011)
    p["actions"] = [{"code": a["code"], "perimetre": "socle", "genre": a["genre"], "titre": a["titre"], "statut": "non_realisee", "motif": "charge_ISU",
                     "objectif": None} for a in p["actions"]]
    p["questionnaire"] = None
    return echange.enveloppe(p, PRIVEE, "demo-aquitaine-2011", "directeur", FIN)


def test_chaque_octet_change_d_un_petit_fichier_se_voit(petit):
    """All of them, one after the other: another digit, another letter, a bit turned over."""
    assert not refuse(petit)  # the control: as it was signed, it is taken
    manques = []
    for place in range(len(petit)):
        altere = bytearray(petit)
        altere[place] = (ord("7"), ord("8"))[altere[place] == ord("7")] if place % 2 else altere[place] ^ 0x01
        if not refuse(bytes(altere)):
            manques.append(place)
    assert manques == [] and len(petit) > 1_500


def test_chaque_octet_de_la_signature_n_a_qu_une_valeur(petit):
    """Other values of every byte there, all of them for the last four: a base64 text must not have two spellings of one signature (its last letter has four idle bits)."""
    debut = petit.rindex(b'"valeur":"') + len('"valeur":"')
    alphabet = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/="
    passes = [(place, octet) for place in range(debut, debut + 88)
              for octet in (alphabet if place >= debut + 84 else alphabet[place % 13::13]) if octet != petit[place]
              and not refuse(petit[:place] + bytes([octet]) + petit[place + 1:])]
    assert passes == []


@given(st.data())
@settings(max_examples=250, deadline=None)
def test_propriete_aucun_octet_change_retire_ou_ajoute_ne_passe(fichier, data):
    place, sorte = data.draw(st.integers(0, len(fichier) - 1)), data.draw(st.sampled_from(("change", "retire", "ajoute", "coupe", "echange")))
    octet = bytes([data.draw(st.integers(0, 255))])
    autre = data.draw(st.integers(0, len(fichier) - 1))
    permute = bytearray(fichier)
    permute[place], permute[autre] = permute[autre], permute[place]
    altere = {"change": fichier[:place] + octet + fichier[place + 1:], "retire": fichier[:place] + fichier[place + 1:], "coupe": fichier[:place],
              "ajoute": fichier[:place] + octet + fichier[place:], "echange": bytes(permute)}[sorte]
    assert altere == fichier or refuse(altere)


@pytest.mark.parametrize("chemin", ["format", "caisse", "exercice", "sequence", "remplace", "socle", "kit", "donnees_arretees_au", "questionnaire", "actions",
                                    "spontanes", "eir", "difficultes", "priorites_n1", "moyens", "textes", "fictif", "controles"])
def test_chaque_partie_enlevee_ou_echangee_se_voit(fichier, registre_2011, chemin):
    """Each structural place: taken away, or put there from another honest, signed bilan (its hash and signature with it or without)."""
    lue, autre = json.loads(fichier), json.loads(echange.enveloppe({**contenu("demo-reunion", registre_2011, realises=80), "sequence": 2, "remplace": "ab" * 32,
        "kit": "2011.9", "donnees_arretees_au": "2012-01-02", "questionnaire": None, "fictif": False, "difficultes": [], "priorites_n1": [], "textes": {},
        "moyens": {}, "eir": {"realises": 9, "formes": {}, "minutes_total": 1}, "spontanes": None}, PRIVEE, "demo-reunion-2011", "directeur", FIN))
    sans = {**lue, "payload": {k: v for k, v in lue["payload"].items() if k != chemin}}
    assert refuse(echange.canonique(sans))
    if lue["payload"][chemin] != autre["payload"][chemin]:
        greffe = {**lue, "payload": {**lue["payload"], chemin: autre["payload"][chemin]}}
        assert refuse(echange.canonique(greffe)) and refuse(echange.canonique({**greffe, "sha256": echange.sha256(greffe["payload"])}))


def test_l_enveloppe_d_un_autre_bilan_ne_couvre_pas_celui_ci(fichier, petit):
    un, deux = json.loads(fichier), json.loads(petit)
    for nom in ("payload", "sha256", "signature"):
        assert refuse(echange.canonique({**un, nom: deux[nom]})), nom
    assert refuse(echange.canonique({**un, "signature": None}))


def test_temoin_sans_octet_change_rien_ne_se_voit(fichier):
    enveloppe = echange.lire(bytes(bytearray(fichier))).enveloppe
    assert echange.sha256(enveloppe["payload"]) == enveloppe["sha256"] and echange.signature_valable(enveloppe, cles.publique_de(PRIVEE))


@pytest.mark.parametrize("champ, valeur", [("kid", "autre-2011"), ("le", "2012-01-19T09:00:00Z"), ("signataire_role", "national")])
def test_qui_signe_et_quand_fait_partie_de_ce_qui_est_signe(fichier, champ, valeur):
    enveloppe = json.loads(fichier)
    enveloppe["signature"][champ] = valeur
    assert not echange.signature_valable(enveloppe, cles.publique_de(PRIVEE))


@pytest.mark.parametrize("changer, regle", [
    (lambda o: o[: len(o) // 2], "K01"),
    (lambda o: zlib.compress(o), "K01"),
    (lambda o: b"\x1f\x8b" + os.urandom(50), "K01"),
    (lambda o: b"[" * 100_000, "K01"),
    (lambda o: b" " * (echange.TAILLE_MAX + 1), "K01"),
    (lambda o: b"", "K01"),
    (lambda o: o.replace(b'"exercice":2011', b'"exercice":NaN'), "K01"),
    (lambda o: o.replace(b'"exercice":2011', b'"exercice":2011.5'), "K01"),
    (lambda o: o.replace(b'"realises":100', b'"realises":9007199254740993', 1), "K01"),
    (lambda o: o.replace(b'"realises":100', b'"realises":-1', 1), "K01"),
    (lambda o: o.replace(b'"realises":100', b'"realises":true', 1), "K01"),
    (lambda o: o.replace(b'"exercice":2011', b'"exercice":2011,"taux":12'), "K01"),
    (lambda o: o.replace(b'"exercice":2011', b'"exercice":2011,"exercice":2011'), "K02"),
    (lambda o: json.dumps(json.loads(o), indent=1).encode(), "K03"),
    (lambda o: o + b"\n", "K03"),
    (lambda o: b"\xef\xbb\xbf" + o, "K01"),
    (lambda o: o.replace("année".encode(), unicodedata.normalize("NFD", "année").encode()), "K03"),
])
def test_un_fichier_etrange_est_refuse_par_sa_regle(fichier, changer, regle):
    lue = echange.lire(changer(fichier))
    assert [f.regle for f in lue.fautes][:1] == [regle]
    assert all(f.message.endswith(".") for f in lue.fautes)


def test_le_schema_publie_est_celui_du_code():
    publie = json.loads(Path("docs/schemas/bilan-regional-1.0.json").read_text(encoding="utf-8"))
    assert publie == schema.schema_json(), "refaites-le : python -m bot.bilan.schema > docs/schemas/bilan-regional-1.0.json"


# -- keys ----------------------------------------------------------------------------------------------------------------------------------


def test_une_cle_gardee_en_base_y_est_chiffree_et_se_relit(annee):
    with annee() as s:
        connue = cles.creer(s, "demo-reunion", 2011, FIN, cle_installation=CLE)
        assert connue.kid == "demo-reunion-2011" and "PRIVATE" not in connue.privee_chiffree
        assert cles.publique_de(cles.privee(connue, CLE)) == connue.publique


def test_une_cle_en_fichier_n_est_lisible_que_de_son_titulaire(annee, tmp_path):
    chemin = tmp_path / "directeur.pem"
    with annee() as s:
        connue = cles.creer(s, "demo-reunion", 2011, FIN, fichier=chemin)
    assert chemin.stat().st_mode & 0o777 == 0o600 and connue.privee_chiffree is None
    assert cles.publique_de(cles.lire_fichier(chemin)) == connue.publique


def test_une_cle_en_fichier_ouverte_a_tous_est_refusee(annee, tmp_path):
    chemin = tmp_path / "directeur.pem"
    with annee() as s:
        cles.creer(s, "demo-reunion", 2011, FIN, fichier=chemin)
    chemin.chmod(0o644)
    with pytest.raises(cles.ClePublique):
        cles.lire_fichier(chemin)


def test_une_cle_revoquee_laisse_la_place_a_la_suivante(annee):
    with annee() as s:
        cles.revoquer(s, "demo-aquitaine-2011", "poste volé", FIN)
        with pytest.raises(cles.CleAbsente):
            cles.en_vigueur(s, CAISSE, 2011)
        assert cles.creer(s, CAISSE, 2011, FIN, cle_installation=CLE).kid == "demo-aquitaine-2011-2"
        assert cles.en_vigueur(s, CAISSE, 2011).kid == "demo-aquitaine-2011-2"


@pytest.mark.parametrize("publique", ["", "pas du base64", "AAAA"])
def test_une_cle_publique_illisible_n_est_pas_enregistree(annee, publique):
    with annee() as s:
        with pytest.raises(cles.CleIllisible):
            cles.enroler(s, "demo-reunion", "x-2011", publique, FIN)
        assert s.get(CleBilan, "x-2011") is None
