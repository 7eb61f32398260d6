# ruff: noqa: F811  (fixtures are imported by name; one fault a line)
"""The rules K01 to K22: each passes on a sound file, and each is triggered alone by one fault."""
import copy
import json
from dataclasses import replace
from datetime import datetime, timedelta, timezone

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from bot.bilan import cles, echange, registre
from bot.bilan.controles import CAISSE, NATIONAL, REGLES, Dossier, controler
from bot.bilan.registre import CleConnue
from tests.annee_bilan import CAISSE as CODE
from tests.annee_bilan import CLE, FIN, annee, bloc_enquete, contenu, modele_bilan, registre_2011  # noqa: F401  (fixtures)

PRIVEE = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
KID = "demo-aquitaine-2011"


@pytest.fixture(scope="module")
def connu(registre_2011):
    return replace(registre_2011, cles={KID: CleConnue(CODE, cles.publique_de(PRIVEE), "directeur", None)})


@pytest.fixture
def sain(connu):
    """A payload that breaks no rule at all, alerts included."""
    p = copy.deepcopy(contenu(CODE, connu))
    for a in p["actions"]:
        if a["code"] == "CREATEUR":
            a["enquete"] = bloc_enquete(205, 60, pas=3)
        if a["code"] == "AE":
            a["enquete"] = bloc_enquete(88, 40, pas=3)
    return p


def dossier(p, connu, **autres):
    octets = echange.enveloppe(p, PRIVEE, KID, "directeur", FIN)
    return Dossier(p, connu, FIN, lecture=echange.lire(octets), **autres)


def regles(p, connu, ou=NATIONAL, **autres):
    return sorted({c.regle for c in controler(dossier(p, connu, **autres), ou).constats})


def eig(p):
    return p["actions"][0]


def test_un_bilan_sain_n_enfreint_aucune_regle(sain, connu):
    assert regles(sain, connu) == [] and regles(sain, connu, CAISSE) == []


def test_le_registre_compte_les_vingt_deux_regles_dans_l_ordre():
    assert list(REGLES) == [f"K{n:02d}" for n in range(1, 23)]


def test_chaque_regle_a_son_titre_son_remede_en_francais_et_sa_severite():
    for r in REGLES.values():
        assert r.titre and r.remede.endswith(".") and r.severite in ("bloquant", "alerte", "partiel"), r.id


# -- one fault, one rule ---------------------------------------------------------------------------------------------------------------------


def faute(id, changer):
    return pytest.param(id, changer, id=f"{id}-{changer.__name__}")


def caisse_inconnue(p): p["caisse"] = "C99"
def saut_de_numero(p): p["sequence"], p["remplace"] = 3, "ab" * 32
def remplace_rien(p): p["remplace"] = "ab" * 32
def socle_d_une_autre_version(p): p["socle"]["version"] = "2011.9"
def socle_change(p): p["socle"]["sha256"] = "ab" * 32
def cible_absente(p): p["actions"].pop(2)
def cible_deux_fois(p): p["actions"].append(copy.deepcopy(p["actions"][3]))
def non_realisee_sans_motif(p): p["actions"][3].pop("motif")
def motif_hors_liste(p): p["actions"][3]["motif"] = "flemme"
def motif_sur_une_realisee(p): eig(p)["motif"] = "charge_ISU"
def plus_invites_que_demandes(p): eig(p)["volumes"]["requete"] = 150
def plus_joints_qu_invites(p): eig(p)["volumes"]["invites"] = 90
def issues_au_dela_des_joints(p): eig(p)["volumes"]["absents"] = 60
def formes_qui_ne_font_pas_la_somme(p): eig(p)["formes"] = {"physique": 99}
def mois_qui_ne_font_pas_la_somme(p): eig(p)["mois"] = {"2011-09": 99}
def sous_cibles_trop_grandes(p): eig(p)["sous_cibles"]["1952"] = 60
def forme_interdite(p): eig(p)["formes"] = {"collective": 100}
def annee_de_naissance_etrangere(p): eig(p)["sous_cibles"]["1960"] = 0
def contact_hors_fenetre(p): eig(p)["hors_fenetre"] = 1
def contact_hors_cible(p): eig(p)["hors_cible"] = 2
def mois_hors_campagne(p): eig(p)["mois"] = {"2011-03": 100}
def calendrier_deplace(p): eig(p)["campagne"] = ["2011-01-01", "2012-03-31"]
def enquete_absente(p): eig(p)["enquete"] = {"statut": "non_analysee", "motif": "sans_reponse"}
def plus_repondants_que_delivres(p): eig(p)["enquete"]["delivres"] = 50
def base_plus_grande_que_les_contacts(p): eig(p)["enquete"]["N"] = 101
def item_qui_deborde(p): eig(p)["enquete"]["items"]["Q1"]["tres"] = 90
def modes_qui_ne_font_pas_la_somme(p): eig(p)["enquete"]["modes"]["chatbot"] = 1
def item_pas_montre_a_tous(p): eig(p)["enquete"]["montres"] = {"Q2": 40}
def questionnaire_d_ailleurs(p): p["questionnaire"] = {**p["questionnaire"], "id": "MAISON"}
def autre_version_sans_equivalence(p): p["questionnaire"] = {**p["questionnaire"], "version": "2011.2", "sha256": "cd" * 32}
def questionnaire_tu(p): p["questionnaire"] = None
def introduction_changee(p): p["questionnaire"] = {**p["questionnaire"], "sha256": "cd" * 32}
def question_changee(p): p["questionnaire"] = {**p["questionnaire"], "sha256": "cd" * 32, "items": {**p["questionnaire"]["items"], "Q3": "cd" * 32}}
def question_retiree(p): p["questionnaire"] = {**p["questionnaire"], "sha256": "cd" * 32, "items": {k: v for k, v in p["questionnaire"]["items"].items() if k != "Q9"}}
def estimation_remise(p): eig(p)["estimations_54_plus"] = 2
def profession_sans_risque(p): p["actions"][2]["evenements"] = [{**p["actions"][2]["evenements"][0], "theme": "profession", "profession": "notaire"}]
def plus_d_effets_que_de_contacts(p): eig(p)["effets"]["fichier_corrige"] = 101
def duree_invraisemblable(p): eig(p)["minutes_total"] = 30_000
def tous_satisfaits(p): eig(p)["enquete"]["items"]["Q1"] = {"tres": 60}
def tous_repondent(p): eig(p)["enquete"].update(delivres=61)
def trop_de_courriers(p): p["actions"][1]["volumes"].update(requete=205, invites=206, joints=206, realises=206), p["actions"][1].update(formes={"courrier": 206}, mois={"2011-09": 206})
def courriers_manquants(p): p["actions"][1]["volumes"].update(requete=400)
def un_nir(p): p["textes"]["enseignements"] = "Madame X, 2 55 08 14 168 025 38, a été reçue."
def un_telephone(p): p["difficultes"][0]["precision"] = "Appeler le 06 12 34 56 78."
def un_courriel(p): eig(p)["textes"] = {"enseignements": "Écrire à jean@exemple.fr"}
def un_iban(p): p["moyens"]["partenaires"] = ["FR76 3000 6000 0112 3456 7890 189"]
def une_formule(p): p["textes"]["moyens"] = "=HYPERLINK(\"http://exemple\")"


FAUTES = [faute(*x) for x in [
    ("K07", caisse_inconnue), ("K09", saut_de_numero), ("K09", remplace_rien), ("K10", socle_d_une_autre_version),
    ("K10", socle_change), ("K11", cible_absente), ("K11", cible_deux_fois), ("K11", non_realisee_sans_motif), ("K11", motif_hors_liste),
    ("K11", motif_sur_une_realisee), ("K12", plus_invites_que_demandes), ("K12", plus_joints_qu_invites), ("K12", issues_au_dela_des_joints),
    ("K12", formes_qui_ne_font_pas_la_somme), ("K12", mois_qui_ne_font_pas_la_somme), ("K12", sous_cibles_trop_grandes), ("K13", forme_interdite),
    ("K13", annee_de_naissance_etrangere), ("K13", contact_hors_fenetre), ("K13", contact_hors_cible), ("K13", mois_hors_campagne),
    ("K13", calendrier_deplace), ("K14", enquete_absente), ("K15", plus_repondants_que_delivres), ("K15", base_plus_grande_que_les_contacts),
    ("K15", item_qui_deborde), ("K15", modes_qui_ne_font_pas_la_somme), ("K15", item_pas_montre_a_tous), ("K16", questionnaire_d_ailleurs),
    ("K16", autre_version_sans_equivalence), ("K16", questionnaire_tu), ("K16", introduction_changee), ("K17", question_changee),
    ("K17", question_retiree), ("K18", estimation_remise), ("K18", profession_sans_risque), ("K19", plus_d_effets_que_de_contacts),
    ("K19", duree_invraisemblable), ("K19", tous_satisfaits), ("K19", tous_repondent), ("K20", courriers_manquants), ("K21", un_nir),
    ("K21", un_telephone), ("K21", un_courriel), ("K21", un_iban), ("K21", une_formule)]]


@pytest.mark.parametrize("regle, changer", FAUTES)
def test_une_faute_declenche_sa_regle_et_elle_seule(sain, connu, regle, changer):
    changer(sain)
    siennes = {kid: replace(cle, caisse=sain["caisse"]) for kid, cle in connu.cles.items()}  # the key follows the caisse: one fault at a time
    assert regles(sain, replace(connu, cles=siennes)) == [regle]


# -- K01 to K06, K08, K22: what is wrong is not in the content --------------------------------------------------------------------------------


def altere(p, changer):
    enveloppe = json.loads(echange.enveloppe(p, PRIVEE, KID, "directeur", FIN))
    changer(enveloppe)
    return echange.canonique(enveloppe)


SEULES = {
    "K01": lambda p, r: (altere(p, lambda e: e["payload"].update(taux=12)), r, FIN),
    "K02": lambda p, r: (echange.enveloppe(p, PRIVEE, KID, "directeur", FIN).replace(b'"kit":', b'"kit":"x","kit":', 1), r, FIN),
    "K03": lambda p, r: (echange.enveloppe(p, PRIVEE, KID, "directeur", FIN) + b" ", r, FIN),
    "K04": lambda p, r: (altere(p, lambda e: e["payload"]["moyens"].update(agents=7)), r, FIN),
    "K05": lambda p, r: (echange.enveloppe(p, Ed25519PrivateKey.generate(), KID, "directeur", FIN), r, FIN),
    "K06": lambda p, r: (echange.enveloppe(p, PRIVEE, KID, "directeur", FIN), replace(r, cles={}), FIN),
    "K08": lambda p, r: (echange.enveloppe(p, PRIVEE, KID, "directeur", FIN), replace(r, annee=2012), FIN),
    "K22": lambda p, r: (echange.enveloppe(p, PRIVEE, KID, "directeur", FIN), r, datetime(2012, 2, 3, tzinfo=timezone.utc))}


@pytest.mark.parametrize("regle", SEULES)
def test_une_faute_du_fichier_declenche_sa_regle_et_elle_seule(sain, connu, regle):
    octets, registre_lu, quand = SEULES[regle](sain, connu)
    lecture = echange.lire(octets)
    constats = controler(Dossier(lecture.payload, registre_lu, quand, lecture=lecture), NATIONAL).constats
    assert {c.regle for c in constats} == {regle} and all(c.message.endswith(".") and c.remede.endswith(".") for c in constats)


def test_chaque_regle_du_registre_a_une_faute_qui_la_declenche_seule():
    assert {x.values[0] for x in FAUTES} | set(SEULES) == set(REGLES)


def test_plus_de_courriers_que_d_affiliations_bloque_et_alerte(sain, connu):
    trop_de_courriers(sain)
    assert regles(sain, connu) == ["K12", "K20"]


def test_une_caisse_des_professions_liberales_est_refusee(sain, connu):
    sain["caisse"] = "pl-province"
    rapport = controler(dossier(sain, replace(connu, liberales=frozenset({"pl-province"}))), NATIONAL)
    assert "professions libérales" in next(c.message for c in rapport.constats if c.regle == "K07")


@pytest.mark.parametrize("regle, alterer", [
    ("K04", lambda e: e["payload"]["moyens"].update(agents=7)),
    ("K05", lambda e: e["signature"].update(valeur="A" * 86 + "==")),
    ("K05", lambda e: e.update(signature=None)),
    ("K06", lambda e: e["signature"].update(kid="inconnue-2011")),
])
def test_un_fichier_altere_est_refuse_par_la_regle_qui_le_voit(sain, connu, regle, alterer):
    enveloppe = json.loads(echange.enveloppe(sain, PRIVEE, KID, "directeur", FIN))
    alterer(enveloppe)
    lecture = echange.lire(echange.canonique(enveloppe))
    rapport = controler(Dossier(lecture.payload, connu, FIN, lecture=lecture), NATIONAL)
    assert [c.regle for c in rapport.constats] == [regle]


def test_une_resignature_par_une_autre_cle_est_refusee(sain, connu):
    lecture = echange.lire(echange.enveloppe(sain, Ed25519PrivateKey.generate(), KID, "directeur", FIN))
    assert [c.regle for c in controler(Dossier(sain, connu, FIN, lecture=lecture), NATIONAL).constats] == ["K05"]


def test_une_cle_revoquee_ne_signe_plus_rien(sain, connu):
    revoquee = replace(connu, cles={KID: CleConnue(CODE, cles.publique_de(PRIVEE), "directeur", FIN - timedelta(days=1))})
    assert regles(sain, revoquee) == ["K06"]


def test_la_cle_d_une_autre_caisse_ne_vaut_rien(sain, connu):
    autre = replace(connu, cles={KID: CleConnue("demo-reunion", cles.publique_de(PRIVEE), "directeur", None)})
    assert regles(sain, autre) == ["K06"]


def test_un_bilan_d_une_autre_annee_que_celle_ouverte_est_refuse(sain, connu):
    assert regles(sain, replace(connu, annee=2012)) == ["K08"]


def test_un_exercice_clos_ne_recoit_plus_rien(sain, connu):
    assert regles(sain, replace(connu, etat="clos")) == ["K08"]


def test_un_second_bilan_de_la_meme_caisse_est_refuse_et_explique(sain, connu):
    rapport = controler(dossier(sain, connu, dernier=(1, "ab" * 32)), NATIONAL)
    assert [c.regle for c in rapport.constats] == ["K09"] and "déjà accepté" in rapport.constats[0].message


def test_un_rectificatif_suit_le_dernier_et_le_nomme(sain, connu):
    sain["sequence"], sain["remplace"] = 2, "ab" * 32
    assert regles(sain, connu, dernier=(1, "ab" * 32)) == []


def test_cinquante_pour_cent_de_moins_que_l_an_dernier_se_signale(sain, connu):
    avant = copy.deepcopy(sain)
    eig(avant)["volumes"]["realises"] = 250
    assert regles(sain, connu, precedent=avant) == ["K19"]


def test_apres_la_limite_le_bilan_est_signale_et_passe(sain, connu):
    d = replace(dossier(sain, connu), quand=datetime(2012, 2, 3, tzinfo=timezone.utc))
    rapport = controler(d, NATIONAL)
    assert [c.regle for c in rapport.constats] == ["K22"] and rapport.passe


# -- K16 and K17: a part is refused, the rest kept -------------------------------------------------------------------------------------------


def test_un_autre_questionnaire_ecarte_le_bloc_d_enquete_et_garde_l_activite(sain, connu):
    questionnaire_d_ailleurs(sain)
    rapport = controler(dossier(sain, connu), NATIONAL)
    assert rapport.passe and rapport.ecartes == {"enquete": True}


def test_une_question_changee_est_ecartee_seule(sain, connu):
    question_changee(sain)
    rapport = controler(dossier(sain, connu), NATIONAL)
    assert rapport.passe and rapport.ecartes == {"questions": ["Q3"]}


def test_une_equivalence_signee_de_la_caisse_nationale_fait_accepter_la_question(annee, sain):
    autre = {**sain["questionnaire"], "version": "2011.2", "sha256": "cd" * 32, "items": {**sain["questionnaire"]["items"], "Q3": "cd" * 32}}
    sain["questionnaire"] = autre
    with annee() as s:
        nationale = cles.creer(s, None, 2011, FIN, cle_installation=CLE)
        registre.declarer_equivalence(s, 2011, "Q3", "2011.2", "cd" * 32, "coquille", cle=cles.privee(nationale, CLE), kid=nationale.kid,
                                      maintenant=FIN, memes_reponses=True)
        lu = replace(registre.lire(s, 2011), cles={KID: CleConnue(CODE, cles.publique_de(PRIVEE), "directeur", None)})
    assert regles(sain, lu) == []


def test_une_equivalence_changee_en_base_ne_vaut_plus_rien(annee, sain):
    with annee() as s:
        nationale = cles.creer(s, None, 2011, FIN, cle_installation=CLE)
        declaree = registre.declarer_equivalence(s, 2011, "Q3", "2011.2", "cd" * 32, "coquille", cle=cles.privee(nationale, CLE), kid=nationale.kid,
                                                 maintenant=FIN, memes_reponses=True)
        declaree.sha256 = "ef" * 32
        s.flush()
        assert registre.lire(s, 2011).equivalences == {}


def test_changer_d_echelle_n_est_jamais_equivalent(annee):
    with annee() as s:
        nationale = cles.creer(s, None, 2011, FIN, cle_installation=CLE)
        with pytest.raises(registre.EchelleChangee):
            registre.declarer_equivalence(s, 2011, "Q3", "2011.2", "cd" * 32, "échelle à cinq", cle=cles.privee(nationale, CLE), kid=nationale.kid,
                                          maintenant=FIN, memes_reponses=False)


def test_une_caisse_ne_peut_pas_signer_une_equivalence(annee):
    with annee() as s:
        sienne = cles.en_vigueur(s, CODE, 2011)
        registre.declarer_equivalence(s, 2011, "Q3", "2011.2", "cd" * 32, "coquille", cle=cles.privee(sienne, CLE), kid=sienne.kid, maintenant=FIN,
                                      memes_reponses=True)
        assert registre.lire(s, 2011).equivalences == {}
