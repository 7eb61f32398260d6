# ruff: noqa: F811  (fixtures are imported by name)
"""Bad input, the list of the issue: each refused by its rule with a sentence, logged with a receipt; the good file beside it is taken all the same."""
import copy
import gzip
import io
import json
import zipfile

import pytest
from sqlalchemy import select

from bot.bilan import cles, echange, reception, registre
from bot.contacts.tables import BilanRecu, Caisse
from tests.annee_bilan import CLE, FIN, ajouter_caisse, annee, contenu, modele_bilan  # noqa: F401  (fixtures)


@pytest.fixture
def reseau(annee):
    with annee() as s:
        for code in ("C01", "C02"):
            ajouter_caisse(s, code, f"Caisse fictive {code}")
            cles.creer(s, code, 2011, FIN, cle_installation=CLE)
        s.add(Caisse(code="pl-province", nom="RSI Professions libérales", telephone="01 99 00 00 02", horaires="h", fuseau="Europe/Paris", origines=[],
                     genre="professions_liberales", fictive=True))
        s.flush()
        cles.creer(s, "pl-province", 2011, FIN, cle_installation=CLE)  # the national fund holds its key: it is the caisse that is wrong, nothing else
    return annee


def signe(s, p, kid=None, caisse=None) -> bytes:
    cle = cles.en_vigueur(s, caisse or p["caisse"], 2011)
    return echange.enveloppe(p, cles.privee(cle, CLE), kid or cle.kid, "directeur", FIN)


def bombe_zip(octets: bytes) -> bytes:
    """A hundred million zeros in a hundred kilobytes."""
    sortie = io.BytesIO()
    with zipfile.ZipFile(sortie, "w", zipfile.ZIP_DEFLATED) as z:
        z.writestr("bilan.json", b"0" * 100_000_000)
    return sortie.getvalue()


def resigne(s, p):
    """Changed, then signed again by who has no key of this caisse."""
    autre = copy.deepcopy(p)
    autre["moyens"] = {"agents": 99}
    cle = cles.privee(cles.en_vigueur(s, "C02", 2011), CLE)
    return echange.enveloppe(autre, cle, cles.en_vigueur(s, "C01", 2011).kid, "directeur", FIN)


MAUVAISES = {
    "tronqué": ("K01", lambda s, p: signe(s, p)[:-200]),
    "altéré": ("K04", lambda s, p: signe(s, p).replace(b'"heures":910', b'"heures":911')),
    "re-signé": ("K05", resigne),
    "clé en double": ("K02", lambda s, p: signe(s, p).replace(b'"exercice":2011', b'"exercice":2011,"exercice":2011')),
    "NaN": ("K01", lambda s, p: signe(s, p).replace(b'"heures":910', b'"heures":NaN')),
    "infini": ("K01", lambda s, p: signe(s, p).replace(b'"heures":910', b'"heures":-Infinity')),
    "2^53+1": ("K01", lambda s, p: signe(s, p).replace(b'"heures":910', b'"heures":9007199254740993')),
    "virgule": ("K01", lambda s, p: signe(s, p).replace(b'"heures":910', b'"heures":910.0')),
    "caisse inconnue": ("K07", lambda s, p: signe(s, {**p, "caisse": "C99"}, caisse="C01")),
    "caisse des professions libérales": ("K07", lambda s, p: signe(s, {**p, "caisse": "pl-province"})),
    "mauvaise année": ("K08", lambda s, p: signe(s, {**p, "exercice": 2010})),
    "saut de séquence": ("K09", lambda s, p: signe(s, {**p, "sequence": 3, "remplace": "ab" * 32})),
    "200 Mo": ("K01", lambda s, p: b"[" + b"1," * 100_000_000 + b"1]"),
    "bombe zip": ("K01", lambda s, p: bombe_zip(signe(s, p))),
    "bombe gzip": ("K01", lambda s, p: gzip.compress(b"0" * 50_000_000)),
    "bombe d'accolades": ("K01", lambda s, p: b'{"payload":' * 200_000),
    "formule": ("K21", lambda s, p: signe(s, {**p, "textes": {"enseignements": "=HYPERLINK(\"http://exemple\")"}})),
    "formule après un retour": ("K21", lambda s, p: signe(s, {**p, "textes": {"moyens": "Rien.\n+1+1"}})),
    "clé inconnue du format": ("K01", lambda s, p: signe(s, p).replace(b'"kit":', b'"autre":1,"kit":')),
    "octets nuls": ("K01", lambda s, p: b"\x00" * 1000),
    "texte qui n'est pas de l'UTF-8": ("K01", lambda s, p: signe(s, p).replace("é".encode(), b"\xe9")),
}


@pytest.mark.parametrize("nom", MAUVAISES)
def test_une_mauvaise_entree_est_refusee_par_sa_regle_avec_une_phrase_et_rien_d_autre_ne_se_perd(reseau, nom):
    regle, fabriquer = MAUVAISES[nom]
    with reseau() as s:
        bon = contenu("C02", registre.lire(s, 2011))
        mauvais = fabriquer(s, contenu("C01", registre.lire(s, 2011)))
        recu = reception.recevoir(s, "bilan.json", mauvais, FIN)
        suivant = reception.recevoir(s, "bon.json", signe(s, bon), FIN)
    with reseau.lecture() as s:
        lignes = {r.fichier: r for r in s.scalars(select(BilanRecu))}
        assert (lignes["bilan.json"].etat, lignes["bon.json"].etat) == ("refuse", "accepte") and suivant.etat == "accepte"
        fautes = [c for c in recu.constats if c["severite"] == "bloquant"]
        # another caisse's key no longer fits (K06), and the dates of another year are outside it (K13): each said too, the cause first
        assert regle in {c["regle"] for c in fautes} and {c["regle"] for c in fautes} <= {regle, "K06", "K13"}
        assert all(c["message"].endswith(".") and c["remede"].endswith(".") for c in fautes)
        assert recu.accuse["accepte"] is False and recu.accuse["fichier_sha256"] == echange.Lecture(mauvais, None).empreinte
        assert json.loads(json.dumps(recu.accuse)) and len(lignes["bilan.json"].enveloppe or "") <= echange.TAILLE_MAX


def test_apres_un_refus_le_bon_fichier_de_la_meme_caisse_est_accepte(reseau):
    with reseau() as s:
        p = contenu("C01", registre.lire(s, 2011))
        for nom in ("tronqué", "altéré", "re-signé", "saut de séquence", "formule"):
            assert reception.recevoir(s, "x.json", MAUVAISES[nom][1](s, p), FIN).etat == "refuse"
        assert reception.recevoir(s, "x.json", signe(s, p), FIN).etat == "accepte"
