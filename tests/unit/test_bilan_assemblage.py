# ruff: noqa: F811  (fixtures are imported by name; one fault a line)
"""The regional content against counts made another way: bare SQL on the same database."""
from datetime import date

import pytest
from sqlalchemy import text

from bot.bilan import assemblage, echange, voisins
from bot.bilan.avancement import avancement
from bot.contacts import contacts
from bot.contacts.base import Sessions, ouvrir
from bot.contacts.tables import Action, Contact, Vague
from bot.enquete.questionnaire import questionnaire
from bot.enquete.refus import QuestionnaireChange
from tests.annee_bilan import CAISSE, FIN, Annee, annee, modele_bilan, nationale  # noqa: F401  (fixtures)

ARRETE = date(2012, 1, 20)


def lire(sessions, arrete=ARRETE):
    with sessions.lecture() as s:
        return assemblage.assembler(s, CAISSE, 2011, arrete)


@pytest.fixture(scope="module")
def lu(modele_bilan):
    """The year and its content, read once: for the tests that change nothing."""
    sessions = Sessions(ouvrir(f"sqlite:///{modele_bilan}"))
    yield sessions, lire(sessions)
    sessions.engine.dispose()


def ligne(contenu, code):
    return next(a for a in contenu["actions"] if a["code"] == code)


def test_les_quatre_cibles_du_socle_sont_la_dans_l_ordre_de_la_circulaire(lu):
    assert [a["code"] for a in lu[1]["actions"] if a["perimetre"] == "socle"] == ["EIG", "CREATEUR", "AE", "RCS"]


def test_une_caisse_qui_n_a_rien_fait_a_ses_quatre_lignes_quand_meme(annee):
    with annee.lecture() as s:
        contenu = assemblage.assembler(s, "demo-reunion", 2011, ARRETE)
    assert [(a["code"], a["statut"]) for a in contenu["actions"]] == [(c, "non_realisee") for c in ("EIG", "CREATEUR", "AE", "RCS")]
    assert not any("volumes" in a for a in contenu["actions"])


# Each figure of the EIG line by an independent SQL statement.
EIG = ("FROM contact c JOIN action a ON a.id = c.action_id WHERE c.caisse_code = 'demo-aquitaine' AND a.code = 'EIG' "
       "AND c.jour BETWEEN '2011-01-01' AND '2011-12-31'")
FAIT = EIG + " AND c.resultat = 'realise'"
DOMAINE = FAIT.replace("FROM contact c", "FROM contact_domaine d JOIN contact c ON c.id = d.contact_id") + " AND d.profondeur > 0"


@pytest.mark.parametrize("chemin, requete", [
    ("volumes.realises", f"SELECT count(*) {FAIT}"),
    ("volumes.absents", f"SELECT count(*) {EIG} AND c.resultat = 'absent'"),
    ("volumes.refus", f"SELECT count(*) {EIG} AND c.resultat = 'refus'"),
    ("volumes.joints", f"SELECT count(*) {EIG} AND c.resultat <> 'annule'"),
    ("volumes.invites", "SELECT count(*) FROM envoi e JOIN action a ON a.id = e.action_id WHERE a.code = 'EIG' AND e.parti_le IS NOT NULL"),
    ("volumes.requete", "SELECT count(*) FROM assure WHERE caisse_code = 'demo-aquitaine' AND statut = 'actif' "
                        "AND strftime('%Y', date_naissance) IN ('1952', '1957')"),
    ("formes.telephone", f"SELECT count(*) {FAIT} AND c.forme = 'telephone'"),
    ("sous_cibles.1952", f"SELECT count(*) {FAIT} AND c.naissance_annee = 1952"),
    ("sous_cibles.carriere_incomplete", f"SELECT count(*) {FAIT} AND c.carriere_incomplete"),
    ("minutes_total", f"SELECT sum(c.minutes) {FAIT}"),
    ("ris_utilises", f"SELECT sum(c.ris_utilise) {FAIT}"),
    ("personnes", f"SELECT count(DISTINCT c.assure_id) {FAIT}"),
    ("mois.2011-10", f"SELECT count(*) {FAIT} AND strftime('%m', c.jour) = '10'"),
    ("domaines.D4", f"SELECT count(*) {DOMAINE} AND d.domaine = 'D4'"),
    ("domaines_personnalises.D3", f"SELECT sum(d.personnalise) {DOMAINE} AND d.domaine = 'D3'"),
    ("effets.fichier_corrige", "SELECT count(*) FROM contact_effet e JOIN contact c ON c.id = e.contact_id JOIN action a ON a.id = c.action_id "
                               "WHERE a.code = 'EIG' AND c.jour <= '2011-12-31' AND e.effet = 'fichier_corrige'"),
    ("cumul.realises", "SELECT count(*) FROM contact c JOIN action a ON a.id = c.action_id WHERE a.code = 'EIG' AND c.resultat = 'realise'"),
    ("offre_globale", f"SELECT count(*) {FAIT} AND NOT EXISTS (SELECT 1 FROM contact_domaine d WHERE d.contact_id = c.id AND d.profondeur = 0 "
                      "AND d.raison NOT IN ('sans_objet', 'deja_connu'))"),
])
def test_chaque_chiffre_de_l_eig_se_retrouve_en_sql(lu, chemin, requete):
    sessions, contenu = lu
    valeur = ligne(contenu, "EIG")
    for nom in chemin.split("."):
        valeur = valeur[nom]
    with sessions.engine.connect() as c:
        assert valeur == c.execute(text(requete)).scalar() and valeur > 0


def test_les_entretiens_de_janvier_2012_comptent_pour_la_campagne_et_pas_pour_l_exercice(lu):
    eig = ligne(lu[1], "EIG")
    assert (eig["volumes"]["realises"], eig["cumul"]["realises"]) == (24, 29)


def test_le_bilan_de_2012_porte_la_part_de_la_campagne_de_2011(annee):
    """The 1T 2012 part is another line, apart from the targets of 2012 (A1)."""
    with annee.lecture() as s:
        cadre = assemblage.Cadre(s.get_one(assemblage.Caisse, CAISSE), 2012, date(2013, 1, 20), assemblage.saisie.socle_de(s, 2011))
        parts = assemblage._anterieures(s, cadre, assemblage.lire(s, cadre))
    assert [(p["code"], p["realises"], p["cumul"]) for p in parts] == [("EIG", 5, 29)]


def test_un_entretien_spontane_et_un_eir_ne_comptent_dans_aucune_cible(lu):
    contenu = lu[1]
    assert (contenu["spontanes"]["entretiens"], contenu["eir"]["realises"]) == (3, 1)
    assert sum(a["volumes"]["realises"] for a in contenu["actions"] if a["genre"] == "entretien") == 24


def test_un_pli_revenu_est_une_absence_pas_un_contact_realise(lu):
    assert ligne(lu[1], "CREATEUR")["volumes"] == {"requete": 40, "invites": 40, "hors_invitation": 0, "joints": 38, "realises": 38, "refus": 0,
                                                       "absents": 2}


def test_les_rencontres_comptent_les_rencontres_et_les_participants_a_part(lu):
    ae = ligne(lu[1], "AE")
    assert (ae["volumes"]["realises"], ae["participants"], ae["inscrits"]) == (3, 63, 48)


def test_une_personne_sortie_de_la_cible_apres_son_entretien_reste_dans_la_requete(annee):
    with annee() as s:
        s.execute(text("UPDATE assure SET statut = 'radie' WHERE id IN (SELECT assure_id FROM contact WHERE type = 'entretien' AND resultat = 'realise')"))
    assert ligne(lire(annee), "EIG")["volumes"]["requete"] == 60


def test_une_personne_effacee_laisse_ses_contacts_et_leurs_sommes(annee):
    with annee() as s:
        s.execute(text("DELETE FROM assure WHERE id = (SELECT min(assure_id) FROM contact WHERE type = 'entretien' AND resultat = 'realise')"))
    eig = ligne(lire(annee), "EIG")
    assert (eig["volumes"]["realises"], eig["volumes"]["requete"], eig["volumes"]["hors_invitation"]) == (24, 60, 1)


def test_une_action_locale_ne_remplit_pas_une_case_du_socle(annee):
    with annee() as s:
        local = s.query(Action).filter_by(caisse_code=CAISSE, perimetre="local").first()
        prevu = contacts.prevoir_entretien(s, caisse_code=CAISSE, assure_id=s.query(Contact.assure_id).filter(Contact.type == "courrier").first()[0],
                                           forme="telephone", jour=local.cible.du, maintenant=FIN, origine="local", action_id=local.id)
        contacts.constater(s, prevu, "realise", FIN)
        code = local.code
    contenu = lire(annee)
    assert ligne(contenu, code)["volumes"]["realises"] == 1
    assert ligne(contenu, "EIG")["volumes"]["realises"] == 24


def une_vague(s, **autres):
    action = s.query(Action).filter_by(caisse_code=CAISSE, code="EIG").one()
    s.add(Vague(**{"caisse_code": CAISSE, "action_id": action.id, "cible": "EIG", "genre": "entretien", "exercice": 2011, "du": action.cible.du,
                   "au": action.cible.au, "version": "2011.1", "sha256": questionnaire().sha256, "graine": "g", "taille_prevue": 1, "base_prevue": 1,
                   "etat": "ouverte", "ouverte_le": FIN, **autres}))
    s.flush()


def test_une_vague_ouverte_sur_d_autres_mots_le_dit_dans_le_fichier(annee):
    """The hash it opened with is the one that counts: the national fund will set the survey aside (K16)."""
    with annee() as s:
        une_vague(s)
    assert lire(annee)["questionnaire"] == questionnaire().identite()
    with annee() as s:
        s.execute(text("UPDATE vague SET sha256 = :h"), {"h": "cd" * 32})
    assert lire(annee)["questionnaire"] == {**questionnaire().identite(), "sha256": "cd" * 32}


def test_un_questionnaire_qui_ne_se_lit_plus_n_empeche_pas_le_bilan(annee, monkeypatch):
    with annee() as s:
        une_vague(s)
    def change(*_):
        raise QuestionnaireChange
    monkeypatch.setattr(voisins, "bloc_enquete", change)
    contenu = lire(annee)
    assert ligne(contenu, "EIG")["enquete"] == {"statut": "non_analysee", "motif": "questionnaire_illisible"}
    assert ligne(contenu, "EIG")["volumes"]["realises"] == 24


def test_les_memes_donnees_donnent_les_memes_octets(annee):
    assert echange.canonique(lire(annee)) == echange.canonique(lire(annee))


def test_sur_postgresql_les_chiffres_sont_les_memes(base):
    """Both engines, the same year, the same content."""
    with base() as s:
        nationale(s)
        Annee(s, CAISSE).tout()
        contenu = assemblage.assembler(s, CAISSE, 2011, ARRETE)
    eig = ligne(contenu, "EIG")
    assert (eig["volumes"], eig["mois"]["2011-10"], eig["offre_globale"], eig["minutes_total"]) == (
        {"requete": 60, "invites": 50, "hors_invitation": 0, "joints": 31, "realises": 24, "refus": 3, "absents": 4}, 5, 18, 996)


def test_ou_en_est_on_projette_la_fin_de_la_campagne(annee):
    with annee.lecture() as s:
        eig = next(a for a in avancement(s, CAISSE, 2011, date(2011, 11, 14)) if a.code == "EIG")
    assert (eig.realises, eig.attendu, eig.projection, eig.retard) == (22, 199, 44, True)
    assert "à ce rythme" in eig.phrase and "Il en reste" in eig.phrase


def test_trop_tot_on_ne_projette_pas(annee):
    with annee.lecture() as s:
        eig = next(a for a in avancement(s, CAISSE, 2011, date(2011, 7, 8)) if a.code == "EIG")
    assert eig.projection is None and "Trop tôt" in eig.phrase
