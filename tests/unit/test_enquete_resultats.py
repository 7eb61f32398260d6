"""What a wave gives: counts, rates and their words, breakdowns that protect small groups, the block of the exchange file; and the command."""
import csv
import json
from datetime import date

import pytest
from sqlalchemy import select

from bot.cli import principal
from bot.contacts.tables import Contact, ContactDomaine, Participation, Vague
from bot.contacts.tables.contact import DOMAINES
from bot.enquete import bloc, cadre, commentaires, reponses, resultats, vagues
from bot.enquete.questionnaire import questionnaire
from bot.enquete.statistiques import Taux, wilson
from tests.fabrique_enquete import CAISSE, CLE, MAINTENANT, SECRET, action, conseiller, contacts, invites, ouverte, remise, rencontre, vague


@pytest.fixture
def sessions(modele_sqlite, tmp_path_factory):
    yield from remise(modele_sqlite, tmp_path_factory)


@pytest.fixture
def s(sessions):
    with sessions() as session:
        yield session


def repondre(s, codes, donnees, mode="web", **suite):
    for code, siennes in zip(codes, donnees):
        reponses.repondre(s, reponses.ouvrir(s, code, CLE, MAINTENANT), siennes, mode, **suite)


SCENARIO = [{"Q1": "tres", "Q5": ["D1", "D3"]}] * 8 + [{"Q1": "plutot", "Q5": ["D3"]}] * 4 + [{"Q1": "pas"}] + [{"Q1": "nsp", "Q5": "passe"}] + [{"Q1": "passe"}]


def test_les_comptes_sont_ceux_des_repondants_complets_et_partiels(s):
    v, codes = ouverte(s, 20)
    repondre(s, codes, SCENARIO)
    partiel = reponses.ouvrir(s, codes[16], CLE, MAINTENANT)
    reponses.enregistrer(s, partiel, "Q1", ["tres"], "chatbot")
    r = resultats.resultats(s, v)
    q1 = r.items[0]
    assert dict(q1.comptes) == {"tres": 9, "plutot": 4, "plutot_pas": 0, "pas": 1, "nsp": 1, "passe": 0}  # who only passed is no respondent
    assert (q1.vus, q1.taux.exprimees, q1.taux.taux, q1.taux.intervalle) == (15, 14, 13 / 14, wilson(13, 14, 20))
    assert (r.etat.repondants, r.etat.complets, r.etat.reponse) == (15, 14, 0.75)
    q5 = next(i for i in r.items if i.item.id == "Q5")
    assert (q5.vus, q5.comptes["D3"], q5.comptes["D1"], q5.comptes["passe"], q5.taux) == (13, 12, 8, 1, None)


def test_les_questions_posees_sont_celles_de_la_forme(s):
    v, codes = ouverte(s, 1, "CREATEUR", jour=date(2011, 8, 1))
    repondre(s, codes, [{"Q1": "tres", "C1": "en_partie"}])
    assert [i.item.id for i in resultats.resultats(s, v).items] == ["Q1", "Q2", "Q3", "Q6", "Q9", "Q10", "Q11", "Q12", "C1", "LOC-01"]


def test_un_petit_mode_se_masque_et_un_autre_avec_lui(s):
    v, codes = ouverte(s, 40)
    repondre(s, codes[:20], [{"Q1": "tres"}] * 15 + [{"Q1": "pas"}] * 5)
    repondre(s, codes[20:36], [{"Q1": "tres"}] * 12 + [{"Q1": "pas"}] * 4, "chatbot")
    assert [(m.nom, m.repondants, m.taux is not None) for m in resultats.resultats(s, v).modes] == [("Conversation", 16, True), ("Page du site", 20, True)]
    repondre(s, codes[36:39], [{"Q1": "tres"}] * 2 + [{"Q1": "pas"}], "papier", saisi_par=conseiller(s).id)
    assert [(m.nom, m.taux is not None) for m in resultats.resultats(s, v).modes] == [("Conversation", False), ("Page du site", True), ("Papier", False)]


def test_les_formes_se_separent_a_partir_de_soixante_chacune(s):
    contacts(s, 62), contacts(s, 61, forme="telephone")
    v = vague(s, base_prevue=60)
    cadre.tirer(s, v, MAINTENANT, CLE)
    codes = [c for _, c in invites(s, v)]
    repondre(s, codes[:12] + codes[-11:], [{"Q1": "tres"}] * 23)
    formes = resultats.resultats(s, v).formes
    assert [(f.nom, f.repondants, f.taux.intervalle) for f in formes] == [("Sur place", 12, wilson(12, 12, 62)), ("Par téléphone", 11, wilson(11, 11, 61))]
    petite = vague(s, None)
    contacts(s, 30, None), contacts(s, 30, None, forme="telephone")
    cadre.tirer(s, petite, MAINTENANT, CLE)
    codes = [c for _, c in invites(s, petite)]
    repondre(s, codes[:12] + codes[-12:], [{"Q1": "tres"}] * 24)
    assert [f.taux for f in resultats.resultats(s, petite).formes] == [None, None]


def test_dit_et_entendu_se_comparent_par_domaine(s):
    v, codes = ouverte(s, 30)
    for c in s.scalars(select(Contact)):
        s.add_all(ContactDomaine(contact_id=c.id, collectif=False, domaine=d, profondeur=2 if d in ("D3", "D6") else 0, raison=None if d in ("D3", "D6") else "sans_objet")
                  for d in DOMAINES)
    s.flush()
    repondre(s, codes, [{"Q1": "tres", "Q5": ["D3"]}] * 25)
    ecarts = resultats.resultats(s, v).ecarts
    assert (ecarts["D3"].dit, ecarts["D3"].entendu, ecarts["D6"].dit, ecarts["D6"].entendu) == (1, 1, 1, 0) and ecarts["D6"].difference.bas > 0.7


@pytest.mark.parametrize("t, dit", [
    (Taux(9, 8, None, None, None, None), "9 réponses exprimées : trop peu pour un taux"),
    (Taux(1, 1, None, None, None, None), "1 réponse exprimée : trop peu pour un taux"),
    (Taux(56, 51, 51 / 56, 0.5, 0.8, wilson(51, 56, 143)), "91 % (entre 83 % et 95 %, 56 réponses exprimées)"),
    (Taux(20, 15, 0.75, 0.5, 0.5, wilson(15, 20, 20)), "75 % (recensement : pas d'erreur d'échantillonnage, 20 réponses exprimées)")])
def test_un_taux_se_dit_avec_son_intervalle_ou_ne_se_dit_pas(t, dit):
    assert resultats.dire_taux(t) == dit


# -- the block of the bilan ------------------------------------------------------------------------------------------------------------------------


def test_le_bloc_a_exactement_la_forme_de_lechange(s):
    v, codes = ouverte(s, 20)
    repondre(s, codes, SCENARIO)
    b = bloc.bloc_enquete(s, v.action_id, 2011)
    assert list(b) == ["statut", "N", "methode", "graine_sha256", "tires", "delivres", "repondants", "modes", "items"]
    assert (b["statut"], b["N"], b["methode"], b["tires"], b["delivres"], b["repondants"], b["modes"]) == ("analysee", 20, "recensement", 20, 20, 14, {"web": 14})
    assert b["items"]["Q1"] == {"tres": 8, "plutot": 4, "plutot_pas": 0, "pas": 1, "nsp": 1, "passe": 0}
    assert list(b["items"]) == ["Q1", "Q2", "Q3", "Q4", "Q5", "Q6", "Q7", "Q8", "Q9", "Q10", "Q11", "Q12", "E1"]  # no local question
    assert b["repondants"] <= b["delivres"] <= b["tires"] <= b["N"] and json.loads(json.dumps(b)) == b
    simples = [i for i in b["items"] if i not in questionnaire().multiples]
    assert all(sum(b["items"][i].values()) <= b["repondants"] for i in simples)


def test_un_sondage_se_dit_sas_et_la_graine_ne_sort_que_hachee(s):
    contacts(s, 200)
    v = vague(s, marge=0.1)
    cadre.tirer(s, v, MAINTENANT, CLE)
    repondre(s, [c for _, c in invites(s, v)][:1], [{"Q1": "tres"}])
    b = bloc.bloc_enquete(s, v.action_id, 2011)
    assert (b["methode"], b["N"], b["tires"], len(b["graine_sha256"])) == ("SAS", 200, 94, 64) and v.graine not in json.dumps(b)


def test_une_cible_non_analysee_dit_pourquoi(s):
    a = action(s)
    assert bloc.bloc_enquete(s, a.id, 2011) == {"statut": "non_analysee", "motif": "sans_vague"}
    v = vague(s)
    assert bloc.bloc_enquete(s, a.id, 2011)["motif"] == "tirage_a_venir"
    contacts(s, 2)
    cadre.tirer(s, v, MAINTENANT, CLE)
    assert bloc.bloc_enquete(s, a.id, 2011)["motif"] == "sans_reponse"
    seconde = vague(s, None)
    vagues.clore(s, seconde, MAINTENANT)
    assert bloc.bloc_spontane(s, CAISSE, 2011)["motif"] == "sans_contact"
    assert set(bloc.MOTIFS) == {"sans_vague", "sans_contact", "sans_reponse", "tirage_a_venir"}


def test_les_spontanes_ont_leur_bloc_et_ne_pesent_sur_aucune_cible(s):
    v, _ = ouverte(s, 3)
    contacts(s, 2, None)
    spont = vague(s, None)
    cadre.tirer(s, spont, MAINTENANT, CLE)
    repondre(s, [c for _, c in invites(s, spont)], [{"Q1": "pas"}] * 2)
    assert bloc.bloc_enquete(s, v.action_id, 2011)["motif"] == "sans_reponse"
    assert bloc.bloc_spontane(s, CAISSE, 2011)["items"]["Q1"]["pas"] == 2 and "E1" not in bloc.bloc_spontane(s, CAISSE, 2011)["items"]


def test_la_version_de_lexercice_est_celle_de_ses_vagues(s):
    assert bloc.questionnaire_exercice(s, CAISSE, 2011) == questionnaire("2011.1").identite()


# -- the command ------------------------------------------------------------------------------------------------------------------------------------


@pytest.fixture
def commande(sessions, tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("CONSEIL_DONNEES", str(tmp_path))
    monkeypatch.setenv("CONSEIL_BASE", sessions.engine.url.render_as_string())
    monkeypatch.setenv("CONSEIL_CLE", SECRET)
    monkeypatch.setenv("CONSEIL_NOW", "2011-09-14T10:00")

    def lancer(*arguments, json_=True):
        rendu = principal(["enquete", *arguments, *(["--json"] if json_ else [])])
        sortie = capsys.readouterr()
        return rendu, json.loads(sortie.out) if json_ and sortie.out else sortie.out + sortie.err
    return lancer


def test_de_louverture_aux_resultats_par_la_commande(commande, sessions, tmp_path):
    with sessions() as s:
        contacts(s, 12), contacts(s, 2, courriel=True)
    assert [v["cible"] for v in commande("ouvrir", "--annee", "2011")[1]] == ["EIG", "SPONT"]
    assert commande("ouvrir", "--annee", "2011")[1] == []
    assert [(t["cible"], t["base"]) for t in commande("tirer")[1]] == [("EIG", 14)]
    fait = commande("inviter", "--out", str(tmp_path / "sortie"))[1]
    assert (fait["lettres"], fait["courriels"], fait["en_attente"]) == (12, 0, 2)
    with open(fait["liste"], encoding="utf-8", newline="") as f:
        lignes = list(csv.DictReader(f, delimiter=";"))
    assert len(lignes) == 12 and commande("inviter", "--out", str(tmp_path / "sortie"))[1]["lettres"] == 0
    with sessions() as s:
        repondre(s, [ligne["code"] for ligne in lignes[:11]], [{"Q1": "tres"}] * 10 + [{"Q1": "pas"}])
    [eig, _] = commande("etat", "--annee", "2011")[1]
    assert (eig["base"], eig["tires"], eig["repondants"], eig["recensement"]) == (14, 14, 11, True)
    [r] = commande("resultats", "--vague", str(eig["vague"]))[1]
    assert r["items"][0]["comptes"]["tres"] == 10 and r["items"][1]["comptes"] is None
    assert "Q1" in commande("resultats", "--vague", str(eig["vague"]), json_=False)[1]
    retours = tmp_path / "retours.txt"
    retours.write_text(f"{lignes[11]['code']}\nAAA-222-BBB\n", encoding="utf-8")
    assert commande("retours", str(retours))[1] == {"notes": 1, "inconnus": ["AAA-222-BBB"]}
    assert commande("clore", "--vague", str(eig["vague"]))[1]["etat"] == "close"
    assert commande("clore", "--vague", str(eig["vague"]), json_=False)[0] == 1


def test_redessiner_rend_1_quand_le_tirage_a_ete_touche(commande, sessions):
    with sessions() as s:
        ouverte(s, 5)
    assert commande("redessiner")[0] == 0
    with sessions() as s:
        unite = s.scalars(select(cadre.UniteSondage)).first()
        unite.tire = False
    rendu, sortie = commande("redessiner", json_=False)
    assert rendu == 1 and "LE TIRAGE N'EST PAS CELUI-CI" in sortie


def test_les_feuilles_dune_rencontre_se_reimpriment_a_lidentique(commande, sessions, tmp_path):
    with sessions() as s:
        r, v = rencontre(s, avec_contact=False).id, vague(s, "AE").id
    def ecrire():
        return open(commande("codes", "--vague", str(v), "--rencontre", str(r), "--nombre", "12", "--out", str(tmp_path))[1]["liste"], encoding="utf-8").read()
    assert ecrire() == ecrire() and ecrire().count("\n") == 13


@pytest.mark.parametrize("arguments, rendu, dit", [
    (["clore", "--vague", "99"], 1, "Cette vague n'existe pas"), (["ouvrir", "--annee", "2011", "--action", "XXX"], 1, "n'est pas dans la campagne"),
    (["ouvrir", "--annee", "2011", "--base", "10"], 1, "ajoutez --action"), (["ouvrir"], 2, "il manque : --annee"),
    (["etat", "--caisse", "inconnue"], 1, "Cette caisse n'est pas connue")])
def test_une_demande_impossible_se_refuse_en_francais(commande, arguments, rendu, dit):
    code, sortie = commande(*arguments, json_=False)
    assert code == rendu and dit in sortie


def test_les_themes_relus_sortent_avec_les_resultats(s):
    v, codes = ouverte(s, 1)
    repondre(s, codes, [{"Q1": "tres"}], commentaire="Accueil parfait")
    [c] = commentaires.commentaires(s, CAISSE)
    commentaires.relire(s, CAISSE, c.id, retenu=True, theme="accueil", extrait="Accueil parfait", conseiller_id=conseiller(s).id, maintenant=MAINTENANT)
    r = resultats.resultats(s, v)
    assert (r.themes, r.extraits) == ({"Accueil et écoute": 1}, ["Accueil parfait"])
    assert s.scalars(select(Vague.etat)).all() == ["ouverte"] and s.scalars(select(Participation.exprimee)).all() == [True]
