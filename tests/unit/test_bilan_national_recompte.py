# ruff: noqa: F811  (fixtures are imported by name)
"""Each number of a bilan national, counted again from 28 signed files by another routine (tests/bilan_recompte.py); none is left out."""
import copy
import json
from datetime import datetime, timezone

import pytest
from sqlalchemy import select

from bot.bilan import cles, echange, national, reception, registre
from bot.contacts.tables import BilanRecu
from tests.annee_bilan import CLE, FIN, ajouter_caisse, annee, bloc_enquete, contenu, modele_bilan  # noqa: F401  (fixtures)
from tests.bilan_recompte import ecarts, recompter

CODES = [f"C{i:02d}" for i in range(1, 29)]
TARD = datetime(2012, 2, 10, 9, tzinfo=timezone.utc)


def varie(p: dict, i: int) -> dict:
    """One caisse unlike the others: sizes, answers, what it did beside the socle, what it wrote."""
    eig, createur, ae, _ = p["actions"]
    eig["enquete"] = bloc_enquete(60 + 20 * i, 20 + 2 * i, pas=i % 5, items=("Q1", "Q2", "Q3", "Q7", "Q8", "Q10"))
    eig["enquete"].update(tires=40 + 10 * i, delivres=30 + 10 * i)
    if i % 4 == 0:
        eig["enquete"] = {"statut": "non_analysee", "motif": "sans_reponse"}
    createur["enquete"], createur["supports"] = bloc_enquete(205, 40 + i, pas=2), {"guide-createur:2011": 205}
    ae["evenements"][0].update({"partenaire": "Chambre"} if i % 2 else {})
    p["spontanes"]["enquete"] = bloc_enquete(5, 2 + i % 3, pas=1) if i % 3 else p["spontanes"]["enquete"]
    p["moyens"] = {"agents": i, "heures": 100 * i, **({"cout_euros": 1000} if i % 2 else {})} if i % 5 else {"agents": i}
    p["difficultes"] = [{"code": c, "actions": ["EIG", "RCS"][:1 + i % 2]} for c in (["charge_recouvrement", "charge_ISU"][:1 + i % 2])]
    p["priorites_n1"] = [{"rang": 1, "code": ["EIG", "conjoints"][i % 2]}, {"rang": 2, "code": ["conjoints", "EIG"][i % 2]}]
    if i % 6 == 1:
        p["actions"].append({**copy.deepcopy(eig), "code": "LOCAL-1", "perimetre": "local", "titre": "Action locale", "campagne": ["2011-01-01", "2011-12-31"],
                             "sous_cibles": {}, "effets": {"fichier_corrige": 2}, "enquete": bloc_enquete(60, 20, pas=1)})
    return p


@pytest.fixture
def edition(annee):
    """Twenty-eight files sent: 24 taken (two late, one without its survey, one without a question, one replaced), two refused, two never sent."""
    with annee() as s:
        for code in CODES:
            ajouter_caisse(s, code, f"Caisse fictive {code}")
            cles.creer(s, code, 2011, FIN, cle_installation=CLE)
    with annee() as s:
        lu = registre.lire(s, 2011)
        for i, code in enumerate(CODES[:26], 1):
            p = varie(contenu(code, lu, realises=60 + 20 * i, repondants=20, incomplete=10 + i, effets={"oriente_recouvrement": i}), i)
            if i == 5:
                p["questionnaire"] = {**p["questionnaire"], "id": "MAISON"}
            if i == 6:
                p["questionnaire"] = {**p["questionnaire"], "sha256": "cd" * 32, "items": {**p["questionnaire"]["items"], "Q3": "cd" * 32}}
            if i in (7, 8):
                p["actions"][0]["formes"] = {"physique": 1}
            recu = envoyer(s, p, TARD if i in (9, 10) else FIN)
            if i == 11:
                envoyer(s, {**p, "sequence": 2, "remplace": recu.sha256, "moyens": {"agents": 3, "heures": 77}})
        fait = national.consolider(s, 2011, TARD)
        lignes = s.scalars(select(BilanRecu).where(BilanRecu.etat == "consolide")).all()
        fichiers = [(json.loads(r.enveloppe)["payload"], r.ecartes) for r in lignes]
    return json.loads(fait.interne), fichiers, dict(lu.caisses), {"C07": "refuse", "C08": "refuse", "C09": "hors_delai", "C10": "hors_delai"}


def envoyer(s, p, quand=FIN):
    cle = cles.en_vigueur(s, p["caisse"], 2011)
    return reception.recevoir(s, f"{p['caisse']}.json", echange.enveloppe(p, cles.privee(cle, CLE), cle.kid, "directeur", FIN), quand)


def test_chaque_nombre_national_se_recompte_depuis_les_fichiers(edition):
    interne, *reste = edition
    assert len(reste[0]) == 24 and interne["perimetre"]["comptes"] == {"recu": 22, "hors_delai": 2, "refuse": 2, "manquant": 4}
    assert ecarts(interne, recompter(*reste)) == []


def test_temoin_un_nombre_faux_un_nombre_de_trop_et_un_nombre_oublie_se_voient(edition):
    interne, *reste = edition
    attendus = recompter(*reste)
    interne["totaux"]["EIG"]["volumes"]["realises"] += 1
    interne["nouveau"] = {"total": 4}
    del interne["cog"]["retours"]
    assert [f.split(" :")[0] for f in ecarts(interne, attendus)] == ["totaux.EIG.volumes.realises", "nouveau.total", "cog.retours"]
