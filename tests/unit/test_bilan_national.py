# ruff: noqa: F811  (fixtures are imported by name)
"""The national fund: reception, refusals, consolidation, masking. Planted faults are each refused by their rule; each total is added again here."""
import copy
import json
from base64 import b64decode
from collections import Counter
from datetime import datetime, timezone

import pytest
from sqlalchemy import select

from bot.bilan import cles, documents_nationaux, echange, etats, national, reception, registre, saisie
from bot.contacts.tables import BilanRecu, Caisse, Conseiller, ExerciceBilan
from tests.annee_bilan import CLE, FIN, ajouter_caisse, annee, bloc_enquete, contenu, modele_bilan  # noqa: F401  (fixtures)

CODES = [f"C{i:02d}" for i in range(1, 9)]
TARD = datetime(2012, 2, 10, 9, tzinfo=timezone.utc)


@pytest.fixture
def reseau(annee):
    """Eight fictitious caisses with their keys, beside the two of the demonstration (which send nothing)."""
    with annee() as s:
        for code in CODES:
            ajouter_caisse(s, code, f"Caisse fictive {code}")
            cles.creer(s, code, 2011, FIN, cle_installation=CLE)
    return annee


def octets(s, payload):
    cle = cles.en_vigueur(s, payload["caisse"], 2011)
    return echange.enveloppe(payload, cles.privee(cle, CLE), cle.kid, "directeur", FIN)


def envoyer(s, payload, quand=FIN):
    return reception.recevoir(s, f"bilan-{payload['caisse']}.json", octets(s, payload), quand)


def payloads(s, codes=CODES):
    lu = registre.lire(s, 2011)
    return [contenu(c, lu, realises=60 + 20 * i, repondants=40 + 5 * i, pas=4, incomplete=20 + i, effets={"oriente_recouvrement": 5 + 3 * i})
            for i, c in enumerate(codes)]


def consolide(reseau, codes=CODES):
    with reseau() as s:
        for p in payloads(s, codes):
            assert envoyer(s, p).etat == "accepte"
        return national.consolider(s, 2011, FIN)


# -- the sums --------------------------------------------------------------------------------------------------------------------------------


def test_chaque_entier_national_se_refait_depuis_les_fichiers_par_un_autre_calcul(reseau):
    """Re-added here from the raw files: every volume, effect, domain and answer of the targets."""
    interne = json.loads(consolide(reseau).interne)
    with reseau.lecture() as s:
        fichiers = [json.loads(r.enveloppe)["payload"] for r in s.scalars(select(BilanRecu))]
    for code in ("EIG", "CREATEUR", "AE"):
        lignes = [next(a for a in f["actions"] if a["code"] == code) for f in fichiers]
        for bloc in ("volumes", "formes", "effets", "domaines", "sous_cibles", "mois"):
            attendu = sum((Counter(x[bloc]) for x in lignes), Counter())
            assert Counter(interne["totaux"][code].get(bloc, {})) == attendu, (code, bloc)
    q1 = sum((Counter(next(a for a in f["actions"] if a["code"] == "EIG")["enquete"]["items"]["Q1"]) for f in fichiers), Counter())
    assert interne["totaux"]["EIG"]["enquete"]["items"]["Q1"] == dict(q1)


def test_une_somme_fausse_arrete_la_consolidation(reseau, monkeypatch):
    vraie = national.totaux

    def fausse(lus):
        sommes = vraie(lus)
        sommes["EIG"]["volumes"]["realises"] += 1
        return sommes
    monkeypatch.setattr(national, "totaux", fausse)
    with pytest.raises(national.SommesDifferentes) as e:
        consolide(reseau)
    assert e.value.chemins == ("EIG.volumes.realises",)


def test_un_entier_oublie_par_la_premiere_addition_se_voit_aussi(reseau, monkeypatch):
    monkeypatch.setattr(national, "BLOCS", tuple(b for b in national.BLOCS if b != "effets"))
    with pytest.raises(national.SommesDifferentes):
        consolide(reseau)


def test_les_memes_fichiers_donnent_la_meme_edition(reseau):
    premiere = consolide(reseau)
    with reseau() as s:
        assert national.consolider(s, 2011, TARD).numero == premiere.numero == 1


# -- the perimeter -----------------------------------------------------------------------------------------------------------------------------


def test_une_caisse_manquante_est_nommee_et_n_est_pas_un_zero(reseau):
    interne = json.loads(consolide(reseau, CODES[:6]).interne)
    etats_lus = {li["caisse"]: li["etat"] for li in interne["perimetre"]["lignes"]}
    assert etats_lus["C08"] == etats_lus["demo-aquitaine"] == "manquant" and interne["perimetre"]["comptes"]["manquant"] == 4
    assert "C08" not in interne["caisses"] and interne["dispersion"]["EIG"]["realises"]["caisses"] == 6
    assert interne["dispersion"]["EIG"]["realises"]["min"] == 60


def test_un_bilan_hors_delai_est_pris_et_signale(reseau):
    with reseau() as s:
        for i, p in enumerate(payloads(s)):
            envoyer(s, p, TARD if i == 2 else FIN)
        interne = json.loads(national.consolider(s, 2011, TARD).interne)
    assert next(li["etat"] for li in interne["perimetre"]["lignes"] if li["caisse"] == "C03") == "hors_delai"


def test_sans_aucun_bilan_il_n_y_a_rien_a_consolider(reseau):
    with pytest.raises(national.RienAConsolider):
        with reseau() as s:
            national.consolider(s, 2011, FIN)


def test_deux_bilans_acceptes_de_la_meme_caisse_arretent_tout(reseau):
    with reseau() as s:
        lignes = [envoyer(s, p) for p in payloads(s, CODES[:2])]
        lu = registre.lire(s, 2011)
    lignes[1].caisse_code = lignes[0].caisse_code
    with pytest.raises(national.DeuxBilans):
        national.verifier_perimetre(lignes, lu)


def test_la_base_elle_meme_refuse_deux_bilans_acceptes(reseau):
    with reseau() as s:
        envoyer(s, payloads(s)[0])
    with pytest.raises(Exception, match="UNIQUE"):
        with reseau() as s:
            ligne = s.scalar(select(BilanRecu))
            s.add(BilanRecu(**{c.key: getattr(ligne, c.key) for c in BilanRecu.__table__.columns if c.key != "id"}))


def test_un_registre_change_apres_reception_arrete_la_consolidation_puis_se_recontrole(reseau):
    with reseau() as s:
        for p in payloads(s):
            envoyer(s, p)
        ajouter_caisse(s, "C09", "Caisse fictive C09")
    with pytest.raises(national.RegistreChange):
        with reseau() as s:
            national.consolider(s, 2011, FIN)
    with reseau() as s:
        assert reception.recontroler(s, 2011, FIN) == []
        assert len(national.consolider(s, 2011, FIN).fichiers) == 8


# -- planted faults ---------------------------------------------------------------------------------------------------------------------------


def test_les_fautes_plantees_se_voient_la_ou_elles_doivent(reseau):
    """A byte changed, a question changed, a caisse twice, one missing, one late, a sum that is wrong: each by its rule, nothing else lost."""
    with reseau() as s:
        lus = payloads(s)
        lus[1]["questionnaire"] = {**lus[1]["questionnaire"], "sha256": "cd" * 32, "items": {**lus[1]["questionnaire"]["items"], "Q1": "cd" * 32}}
        lus[2]["actions"][0]["formes"] = {"physique": 1}
        altere = octets(s, lus[3]).replace(b'"agents":6', b'"agents":5')
        etat = {"C01": envoyer(s, lus[0]), "C02": envoyer(s, lus[1]), "C03": envoyer(s, lus[2]), "C04": reception.recevoir(s, "C04.json", altere, FIN),
                "C05": envoyer(s, lus[4]), "C05 bis": envoyer(s, copy.deepcopy(lus[4])), "C06": envoyer(s, lus[5], TARD)}
        vus = {nom: (r.etat, sorted({c["regle"] for c in r.constats if c["severite"] != "alerte"})) for nom, r in etat.items()}
        interne = json.loads(national.consolider(s, 2011, TARD).interne)
    assert vus == {"C01": ("accepte", []), "C02": ("accepte", ["K17"]), "C03": ("refuse", ["K12"]), "C04": ("refuse", ["K04"]),
                   "C05": ("accepte", []), "C05 bis": ("refuse", ["K09"]), "C06": ("accepte", [])}
    assert {li["caisse"]: li["etat"] for li in interne["perimetre"]["lignes"] if li["caisse"] in CODES} == {
        "C01": "recu", "C02": "recu", "C03": "refuse", "C04": "refuse", "C05": "recu", "C06": "hors_delai", "C07": "manquant", "C08": "manquant"}
    assert sorted((r["caisse"], tuple(r["regles"])) for r in interne["refus"]) == [("C02", ("K17",)), ("C03", ("K12",)), ("C04", ("K04",)),
                                                                                ("C05", ("K09",))]


def test_la_question_ecartee_d_une_caisse_n_entre_nulle_part(reseau):
    with reseau() as s:
        lus = payloads(s)
        lus[0]["questionnaire"] = {**lus[0]["questionnaire"], "sha256": "cd" * 32, "items": {**lus[0]["questionnaire"]["items"], "Q1": "cd" * 32}}
        for p in lus:
            envoyer(s, p)
        interne = json.loads(national.consolider(s, 2011, FIN).interne)
    q1, q2 = (interne["enquete"]["EIG"]["questions"][q] for q in ("Q1", "Q2"))
    assert "C01" not in {p["caisse"] for p in q1["entonnoir"]} and "C01" in {p["caisse"] for p in q2["entonnoir"]}
    assert q1["couverture"] < q2["couverture"] == 10_000
    assert "Q1" not in interne["caisses"]["C01"]["EIG"]["items"]


def test_un_bloc_d_enquete_ecarte_laisse_l_activite(reseau):
    with reseau() as s:
        lus = payloads(s)
        lus[0]["questionnaire"] = {**lus[0]["questionnaire"], "id": "MAISON"}
        for p in lus:
            envoyer(s, p)
        interne = json.loads(national.consolider(s, 2011, FIN).interne)
    assert interne["caisses"]["C01"]["EIG"]["volumes"]["realises"] == 60
    assert interne["caisses"]["C01"]["EIG"]["items"] == {} and interne["enquete"]["EIG"]["caisses"] == 7


def test_en_dessous_de_90_pour_cent_de_couverture_le_resultat_est_partiel(reseau):
    with reseau() as s:
        for i, p in enumerate(payloads(s)):
            if i > 3:
                p["actions"][0]["enquete"] = {"statut": "non_analysee", "motif": "sans_reponse"}
            envoyer(s, p)
        q1 = json.loads(national.consolider(s, 2011, FIN).interne)["enquete"]["EIG"]["questions"]["Q1"]
    assert q1["partielle"] and q1["couverture"] < 9000


def test_la_satisfaction_est_ponderee_et_non_mise_en_commun(reseau):
    """§3c: pooled 90 % when the big caisse does worse; the weighted rate says lower."""
    with reseau() as s:
        lu = registre.lire(s, 2011)
        for code, N, n, pas in (("C01", 1000, 50, 15), ("C02", 100, 60, 2), ("C03", 100, 60, 1)):
            p = contenu(code, lu, realises=N)
            p["actions"][0]["enquete"] = bloc_enquete(N, n, pas=pas)
            p["actions"][0]["enquete"].update(tires=n, delivres=n)
            envoyer(s, p)
        q1 = json.loads(national.consolider(s, 2011, FIN).interne)["enquete"]["EIG"]["questions"]["Q1"]
    assert q1["taux"] == round(10_000 * (1000 / 1200 * 35 / 50 + 100 / 1200 * 58 / 60 + 100 / 1200 * 59 / 60))
    assert q1["taux"] < round(10_000 * 152 / 170)


# -- priorities, receipts, editions ----------------------------------------------------------------------------------------------------------


def test_les_priorites_se_comptent_et_se_classent(reseau):
    with reseau() as s:
        lus = payloads(s)
        lus[0]["priorites_n1"] = [{"rang": 1, "code": "conjoints"}]
        for p in lus:
            envoyer(s, p)
        interne = json.loads(national.consolider(s, 2011, FIN).interne)
    assert [(p["code"], p["caisses"], p["premieres"]) for p in interne["priorites"]] == [("conjoints", 8, 1), ("EIG", 7, 7)]
    assert interne["difficultes"] == [{"code": "charge_recouvrement", "caisses": 8, "actions": {"RCS": 8}}]


def test_l_accuse_dit_ce_qui_est_refuse_et_porte_la_signature_nationale(reseau):
    with reseau() as s:
        connue = cles.creer(s, None, 2011, FIN, cle_installation=CLE)
        cle = reception.CleNationale(cles.privee(connue, CLE), connue.kid)
        recu = reception.recevoir(s, "x.json", b"{}", FIN, cle=cle)
    sans = {nom: v for nom, v in recu.accuse.items() if nom != "signature"}
    cle.privee.public_key().verify(b64decode(recu.accuse["signature"]["valeur"]), echange.canonique(sans))
    assert recu.accuse["accepte"] is False and recu.accuse["constats"][0]["regle"] == "K01"


def test_une_edition_publique_ne_montre_aucune_petite_cellule(reseau):
    publique = json.loads(consolide(reseau).publique)
    recouvrement = {c: li["EIG"]["effets"]["oriente_recouvrement"] for c, li in publique["caisses"].items()}
    assert recouvrement["C01"] == recouvrement["C02"] == "s" and all(v == "s" or v >= 11 for v in recouvrement.values())
    assert publique["secret"]["cellules"]["A"] > 0 and "fichier d'une caisse" not in [r["fichier"] for r in publique["refus"]]


def test_une_enquete_de_moins_de_onze_reponses_est_masquee_partout(reseau):
    with reseau() as s:
        lus = payloads(s)
        lus[4]["actions"][0]["enquete"] = bloc_enquete(100, 8, pas=1)
        for p in lus:
            envoyer(s, p)
        edition = national.consolider(s, 2011, FIN)
        publique = json.loads(edition.publique)
    masquees = {c for c, li in publique["caisses"].items() if li["EIG"]["items"].get("Q1") == "s"}
    assert "C05" in masquees and len(masquees) >= 2
    assert not masquees & {p["caisse"] for p in publique["enquete"]["EIG"]["questions"]["Q1"]["entonnoir"]}
    assert "C05" in {p["caisse"] for p in json.loads(edition.interne)["enquete"]["EIG"]["questions"]["Q1"]["entonnoir"]}


def test_les_entretiens_spontanes_d_une_caisse_ne_se_lisent_pas_dans_l_entonnoir_public(reseau):
    """They have no table by caisse: a point of three answers in the data of a chart would tell them."""
    with reseau() as s:
        for p in payloads(s):
            p["spontanes"].update(entretiens=5, enquete=bloc_enquete(5, 3, pas=1))
            envoyer(s, p)
        edition = national.consolider(s, 2011, FIN)
    interne, publique = (json.loads(e)["enquete"]["SPONT"]["questions"]["Q1"] for e in (edition.interne, edition.publique))
    assert len(interne["entonnoir"]) == 8 and publique["entonnoir"] == [] and publique["taux"] == interne["taux"]


def test_un_total_masque_l_est_aussi_parmi_les_effets_et_jamais_zero(reseau):
    with reseau() as s:
        for p in payloads(s, CODES[:3]):
            p["actions"][0]["effets"] = {"oriente_recouvrement": 2, "fichier_corrige": 20}
            envoyer(s, p)
        publique = json.loads(national.consolider(s, 2011, FIN).publique)
    assert publique["totaux"]["EIG"]["effets"]["oriente_recouvrement"] == "s" == publique["objectifs"]["effets"]["EIG"]["oriente_recouvrement"]
    doc = documents_nationaux.document(publique, {}, 1, "2012-01-31")
    n4 = next(t for t in doc.tableaux() if t.code == "N4")
    assert n4.lignes[0][4] == "s" and n4.lignes[0][1] == 60


def test_une_caisse_en_retard_ne_se_deduit_pas_de_deux_editions_publiques(reseau):
    with reseau() as s:
        *tot, tard = payloads(s)
        tard["actions"][0]["effets"]["oriente_recouvrement"] = 3
        for p in tot:
            envoyer(s, p)
        national.publier(s, national.consolider(s, 2011, FIN), etats.OPERATEUR, FIN)
        envoyer(s, tard, TARD)
        seconde = national.publier(s, national.consolider(s, 2011, TARD), etats.OPERATEUR, TARD)
        un, deux = (json.loads(e.publique) for e in national.editions(s, 2011))
        ajoutees = national.changements(national.editions(s, 2011))[0]["ajoutees"]
    assert seconde.numero == 2
    assert isinstance(un["totaux"]["EIG"]["effets"]["oriente_recouvrement"], int)
    assert deux["totaux"]["EIG"]["effets"]["oriente_recouvrement"] == "s" and deux["caisses"]["C08"]["EIG"]["effets"]["oriente_recouvrement"] == "s"
    assert ajoutees == ["C08"]


def test_apres_la_cloture_il_faut_rouvrir_pour_un_erratum(reseau):
    consolide(reseau, CODES[:3])
    with reseau() as s:
        national.clore(s, 2011, etats.OPERATEUR, FIN)
        assert {r.etat for r in reception.recus(s, 2011)} == {"clos"}
        p = payloads(s)[3]
        with pytest.raises(registre.ExerciceFerme):
            envoyer(s, p, TARD)
        registre.ouvrir(s, 2011, TARD)
        assert envoyer(s, p, TARD).etat == "accepte"
        assert national.consolider(s, 2011, TARD).erratum


def test_l_annee_d_apres_se_compare_et_dit_les_ruptures(reseau):
    consolide(reseau, CODES[:2])
    with reseau() as s:
        lu = registre.lire(s, 2011)
        avant = {"exercice": 2010, "totaux": {"EIG": {"volumes": {"realises": 50}}}, "socle": {"sha256": "ab" * 32}, "fichiers": [1, 2]}
        comparaison = national.comparaison({"EIG": {"volumes": {"realises": 140}}}, lu, avant)
    assert comparaison["cibles"]["EIG"] == {"n": 140, "n_1": 50, "rupture": True}
    assert comparaison["cibles"]["RCS"] == {"n": None, "n_1": None, "rupture": True}


def test_le_groupe_de_travail_commente_un_bilan_recu(reseau):
    with reseau() as s:
        recu = envoyer(s, payloads(s)[0])
        qui = s.scalar(select(Conseiller.id))
        assert reception.commenter(s, recu, "  Bonne idée, à reprendre. ", qui, FIN).texte == "Bonne idée, à reprendre."
        with pytest.raises(reception.CommentaireVide):
            reception.commenter(s, recu, "  ", qui, FIN)


def test_la_proposition_du_socle_suivant_reprend_les_mots_du_groupe(reseau):
    with reseau() as s:
        saisie.ecrire(s, saisie.dossier_national(2011), "socle_n1", "Garder les quatre cibles.", base=None, auteur="x", maintenant=FIN)
    assert json.loads(consolide(reseau, CODES[:2]).interne)["proposition_n1"] == {"priorites": ["EIG", "conjoints"], "texte": "Garder les quatre cibles."}


def test_une_caisse_datee_seulement_est_attendue(reseau):
    """The list of expected caisses is dated data (R18): once one has a date, only the dated ones are expected."""
    with reseau() as s:
        for code in CODES[:3]:
            s.get_one(Caisse, code).attendue_du = datetime(2010, 1, 1).date()
        s.get_one(Caisse, CODES[2]).attendue_au = datetime(2010, 12, 31).date()
        s.flush()
        assert list(registre.lire(s, 2011).caisses) == CODES[:2]
        assert [c["regle"] for c in envoyer(s, payloads(s)[7]).constats if c["severite"] == "bloquant"] == ["K07"]


def test_un_exercice_garde_sa_limite_reglee(reseau):
    with reseau() as s:
        registre.ouvrir(s, 2011, FIN, strict=True)
        assert registre.lire(s, 2011).limite.day == 30
        assert s.get_one(ExerciceBilan, 2011).strict
