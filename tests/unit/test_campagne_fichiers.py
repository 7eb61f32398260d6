"""Campaign as data: the files of 2011, what their readers refuse and how they say it, next year's draft, what is put in the database."""
import json
import shutil
from datetime import date, timedelta

import pytest
import yaml
from sqlalchemy import func, select

from bot.campagnes.annee import installer, verifier
from bot.campagnes.caisses import attendues, caisse_du_departement, installer_caisses, lire_reseau
from bot.campagnes.nouvelle import nouvelle
from bot.campagnes.professions import installer_professions, lire_professions, professions_au
from bot.campagnes.schema import CampagneInvalide
from bot.campagnes.socle import CampagneAbsente, CampagneARelire, SocleChange, canonique, lire
from bot.cli import principal
from bot.contacts.caisses import CaisseInconnue, caisse_ouverte
from bot.contacts.refus import Refus
from bot.contacts.tables import Action, Caisse, Cible, Contact, Historique, Socle
from bot.knowledge.chemins import KNOWLEDGE
from bot.knowledge.glossaire import glossaire
from bot.knowledge.trames import Profil, tiroirs_ouverts, trame_de
from tests.campagne_essai import CAISSE, MAINTENANT, action, entretien, installer_campagne, personne
from tests.marche import lisible


@pytest.fixture
def dossier(tmp_path):
    """A copy of the campaign's files, to break."""
    for nom in ("campagnes", "trames", "courriers", "supports"):
        shutil.copytree(KNOWLEDGE / nom, tmp_path / nom)
    for nom in ("kit.yml", "caisses.yml", "professions_risque.yml", "glossaire.yml"):
        shutil.copy(KNOWLEDGE / nom, tmp_path / nom)
    (tmp_path / "faq").symlink_to(KNOWLEDGE / "faq")
    return tmp_path


def changer(dossier, chemin: str, avant: str, apres: str):
    """Replace a text that stands in a file."""
    texte = (dossier / chemin).read_text(encoding="utf-8")
    assert avant in texte
    (dossier / chemin).write_text(texte.replace(avant, apres, 1), encoding="utf-8")


def fautes(dossier) -> set[str]:
    return {d.code for d in verifier(dossier)}


# -- the files of 2011 ------------------------------------------------------------------------------------------------------------------------------


def test_les_fichiers_livres_sont_sans_defaut():
    assert [str(d) for d in verifier()] == []


def test_2011_a_ses_quatre_cibles_et_leurs_dates():
    campagne = lire(2011)
    assert {c.code: (c.genre, c.calendrier.du, c.calendrier.au) for c in campagne.cibles} == {
        "EIG": ("entretien", date(2011, 7, 1), date(2012, 3, 31)), "CREATEUR": ("courrier", date(2011, 1, 1), date(2011, 12, 31)),
        "AE": ("rencontre", date(2011, 1, 1), date(2011, 12, 31)), "RCS": ("rencontre", date(2011, 1, 1), date(2011, 12, 31))}


def test_lempreinte_ne_change_pas_avec_les_commentaires_ni_lordre_des_cles(dossier):
    avant = canonique(lire(2011, dossier))[1]
    brut = yaml.safe_load((dossier / "campagnes" / "2011.yml").read_text(encoding="utf-8"))
    (dossier / "campagnes" / "2011.yml").write_text(yaml.safe_dump(dict(reversed(brut.items())), allow_unicode=True, sort_keys=False), encoding="utf-8")
    assert canonique(lire(2011, dossier))[1] == avant
    changer(dossier, "campagnes/2011.yml", "carrière incomplète", "carrière à compléter")
    assert canonique(lire(2011, dossier))[1] != avant


@pytest.mark.parametrize("avant, apres, dit", [
    ("criteres: {statuts: [actif], annees", "criteres: {statuts: [retraites], annees", "cibles › EIG › criteres › statuts › n° 1 : ne peut pas valoir « retraites »"),
    ("calendrier: {du: 2011-07-01, au: 2012-03-31}", "calendrier: {du: 2012-03-31, au: 2011-07-01}", "cibles › EIG › calendrier : finit le 01/07/2011"),
    ("formes: [physique, telephone]", "formes: [physique, collective]", "(EIG) est de genre « entretien » : ses formes sont physique, telephone"),
    ("objectif_specifique: Préparer", "objectif_specifik: Préparer", "cibles › EIG › objectif_specifik : n'existe pas dans ce fichier"),
    ("  theme: profession\n", "", "« theme » se donne pour une rencontre"),
    ("engagement_cog: true", "engagement_cog: beaucoup", "cibles › CREATEUR › engagement_cog : vaut true ou false, pas « beaucoup »"),
    ("du: 2011-07-01", "du: juillet 2011", "calendrier › du : n'est pas une date (« juillet 2011 »)"),
    ("programmes: [dai, osg, cog]", "programmes: [dai, osg, gsm]", "« gsm » n'est pas dans la liste « programmes »"),
    ("code: EIG2, domaine: D3", "code: EIG1, domaine: D3", "« EIG1 » est écrit deux fois"),
    ("- code: RCS\n", "- code: SALON\n", "la circulaire de 2011 en nomme quatre"),
    ("annee: 2011\n", "annee: 2012\n", "doit porter l'année 2011"),
    ("si: {annee_naissance: 1952}", "si: {annee_naissance: 1953}", "cette année de naissance n'est pas dans les critères"),
    ("  fichier_corrige: Fichier corrigé\n", "", "la base connaît exactement"),
    ("  autre: \"Autre difficulté, dite en une phrase\"\n", "", "il manque « autre »"),
    ("si: {carriere: incomplete}", "si: {}", "ne demande rien ; écrivez au moins une condition"),
])
def test_un_fichier_fautif_est_refuse_avec_le_lieu_et_la_raison(dossier, avant, apres, dit):
    changer(dossier, "campagnes/2011.yml", avant, apres)
    with pytest.raises(CampagneInvalide) as e:
        lire(2011, dossier)
    assert "2011.yml" in str(e.value) and dit in str(e.value)
    assert "CAMPAGNE_INVALIDE" in fautes(dossier)


def test_un_yaml_illisible_dit_sa_ligne(dossier):
    changer(dossier, "campagnes/2011.yml", "cibles:\n", "cibles: [\n")
    assert any("ligne" in d.message for d in verifier(dossier))


def test_une_annee_sans_fichier_dit_comment_la_preparer(dossier):
    with pytest.raises(CampagneAbsente, match="conseil campagne nouvelle 2015 --depuis 2014"):
        lire(2015, dossier)


# -- next year --------------------------------------------------------------------------------------------------------------------------------------


def test_lannee_suivante_avance_dun_an_et_reste_a_relire(dossier):
    fichier, lignes = nouvelle(2012, 2011, dossier)
    suivante = lire(2012, dossier)
    eig = suivante.cible("EIG")
    assert (eig.calendrier.du, eig.calendrier.au) == (date(2012, 7, 1), date(2013, 3, 31))
    assert eig.criteres.annees_naissance == [1953, 1958] and [s.code for s in eig.sous_cibles] == ["1953", "1958"]
    assert suivante.cible("CREATEUR").criteres.affiliation.du == date(2012, 1, 1)
    assert ("cibles › EIG › calendrier › du", "2011-07-01", "2012-07-01") in [(li.lieu, li.avant, li.apres) for li in lignes]
    assert "a_relire: true" in fichier.read_text(encoding="utf-8")


def test_chaque_bloc_deplace_est_marque_et_les_autres_non(dossier):
    nouvelle(2012, 2011, dossier)
    eig = lire(2012, dossier).cible("EIG")
    assert eig.calendrier.a_relire and eig.criteres.a_relire and all(s.a_relire and s.si.a_relire for s in eig.sous_cibles)
    assert eig.a_relire, "son titre nomme 1952 et 1957"
    assert not any(m.a_relire for m in eig.contenu) and not eig.priorites[0].a_relire


def test_rien_ne_sinstalle_tant_quune_ligne_est_a_relire(dossier, sessions):
    fichier, _ = nouvelle(2012, 2011, dossier)
    assert "CAMPAGNE_A_RELIRE" in fautes(dossier)
    with pytest.raises(CampagneARelire, match="cibles › EIG › calendrier"):
        with sessions() as s:
            installer(s, 2012, MAINTENANT, dossier)
    fichier.write_text("".join(li for li in fichier.read_text(encoding="utf-8").splitlines(True) if "a_relire: true" not in li), encoding="utf-8")
    with sessions() as s:
        assert installer(s, 2012, MAINTENANT, dossier).version == "2012.1"


def test_une_campagne_deja_preparee_nest_pas_ecrasee(dossier):
    nouvelle(2012, 2011, dossier)
    with pytest.raises(Refus) as e:
        nouvelle(2012, 2011, dossier)
    assert e.value.code == "CAMPAGNE_PRESENTE"


# -- in the database ----------------------------------------------------------------------------------------------------------------------------------


def test_installer_deux_fois_ne_change_rien(base):
    with base() as s:
        installer_campagne(s)
        avant = s.scalar(select(func.count()).select_from(Historique))
    with base() as s:
        installer_campagne(s)
        assert s.scalar(select(func.count()).select_from(Historique)) == avant
        assert s.scalar(select(func.count()).select_from(Socle)) == 1
        assert s.scalar(select(func.count()).select_from(Action).where(Action.perimetre == "socle", Action.caisse_code == "demo-reunion")) == 4


def test_le_socle_installe_garde_son_contenu_et_son_empreinte(sessions):
    with sessions() as s:
        installer_campagne(s)
        socle = s.scalars(select(Socle)).one()
        assert (socle.contenu, socle.sha256) == canonique(lire(2011))
        assert "a_relire" not in json.dumps(socle.contenu)


def test_un_contenu_change_demande_une_nouvelle_version(dossier, sessions):
    with sessions() as s:
        installer_campagne(s)
    changer(dossier, "campagnes/2011.yml", "carrière incomplète", "carrière à compléter")
    with pytest.raises(SocleChange):
        with sessions() as s:
            installer(s, 2011, MAINTENANT, dossier)


def test_sous_une_nouvelle_version_les_actions_suivent_et_les_contacts_gardent_leur_socle(dossier, sessions):
    with sessions() as s:
        installer_campagne(s)
        fait, eig = entretien(s), action(s, "EIG")
        ancien = fait.socle_id
    changer(dossier, "campagnes/2011.yml", 'version: "2011.1"', 'version: "2011.2"')
    changer(dossier, f"campagnes/2011/{CAISSE}.yml", 'socle: "2011.1"', 'socle: "2011.2"')
    with sessions() as s:
        nouveau = installer(s, 2011, MAINTENANT, dossier)
        suivie = action(s, "EIG")
        assert (suivie.id, s.get_one(Cible, suivie.cible_id).socle_id, suivie.objectif) == (eig.id, nouveau.id, 400)
        assert s.get_one(Contact, fait.id).socle_id == ancien != nouveau.id
        assert entretien(s, personne(s)).socle_id == nouveau.id


def test_une_caisse_arrivee_apres_recoit_ses_actions(sessions):
    with sessions() as s:
        installer_campagne(s)
        installer_caisses(s)
        installer(s, 2011, MAINTENANT + timedelta(days=1))
        assert len(s.scalars(select(Action).where(Action.caisse_code == "C02")).all()) == 4
        assert not s.scalars(select(Action).where(Action.caisse_code.in_(("PL1", "PL2", "NAT")))).all()


# -- network, professions, trame, glossary ----------------------------------------------------------------------------------------------------------------


def test_28_caisses_sont_attendues_en_2011_et_les_deux_de_professions_liberales_non(base):
    with base() as s:
        assert installer_caisses(s) == 31
        siennes = attendues(s, 2011)
        assert [c.code for c in siennes] == [f"C{n:02d}" for n in range(1, 29)]
        assert attendues(s, 2010) == []
        assert {c.fuseau for c in siennes} == {"Europe/Paris", "America/Martinique", "Indian/Reunion"}
        assert installer_caisses(s) == 0


def test_reinstaller_le_reseau_nefface_pas_ce_que_la_caisse_a_rempli(sessions):
    with sessions() as s:
        installer_caisses(s)
        s.get_one(Caisse, "C02").telephone = "01 99 00 12 34"
        installer_caisses(s)
        assert s.get_one(Caisse, "C02").telephone == "01 99 00 12 34"


def test_une_caisse_sans_telephone_nest_pas_montree_aux_visiteurs(sessions):
    with sessions() as s:
        installer_caisses(s)
        with pytest.raises(CaisseInconnue):
            caisse_ouverte(s, "C02")
        assert caisse_ouverte(s, CAISSE).telephone
        s.get_one(Caisse, "C02").telephone = "01 99 00 12 34"
        assert caisse_ouverte(s, "C02").code == "C02"


def test_chaque_departement_a_une_caisse_et_une_seule():
    departements = [d for c in lire_reseau().caisses for d in c.departements]
    assert len(departements) == len(set(departements)) == 100  # 96 in metropolitan France, and 4 of the 5 overseas: Mayotte is not one yet
    assert caisse_du_departement("33").nom == "RSI Aquitaine" and caisse_du_departement("976") is None


@pytest.mark.parametrize("fichier, avant, apres, code", [
    ("caisses.yml", '"67", "68"', '"67", "33"', "RESEAU_DOUBLE"),
    ("caisses.yml", "zone: dom, departements: [\"974\"]", "zone: metropole, departements: [\"974\"]", "RESEAU_NOMBRE"),
    ("professions_risque.yml", "code: taxi", "code: pressing", "PROFESSION_DOUBLE"),
    ("trames/2011.yml", "domaine: D8", "domaine: D7", "TRAME_DOMAINE_ABSENT"),
    ("trames/2011.yml", "modules: [EIG4, AE6]", "modules: [AE6]", "TRAME_MODULE_ABSENT"),
    ("trames/2011.yml", "modules: [EIG4, AE6]", "modules: [EIG4, AE6, RCS5]", "TRAME_MODULE_DEPLACE"),
    ("trames/2011.yml", "rsi/presentation", "rsi/presentations", "TRAME_FICHE_INCONNUE"),
    ("trames/2011.yml", "Avez-vous une complémentaire ?", "Suivez-vous un traitement ?", "TRAME_SANTE"),
    ("trames/2011.yml", "{age_min: 54}", "{signe: lion}", "TRAME_INVALIDE"),
    ("trames/2011.yml", "  minutes: 4\n", "", "TRAME_INVALIDE"),
    ("kit.yml", "code: script_eirl", "code: script", "KIT_OUTILS"),
    ("kit.yml", "titre: Enquête de satisfaction\n  adaptable: false", "titre: Enquête de satisfaction\n  adaptable: true", "KIT_ADAPTABLE"),
    ("kit.yml", "fichiers: [trames/2011.yml]\n", f"fichiers: [trames/2011.yml]\n  sha256: {'a' * 64}\n", "KIT_EMPREINTE"),
    ("campagnes/2011.yml", "outils: [supports]", "outils: [tract]", "OUTIL_HORS_KIT"),
    ("supports/auto_entrepreneur.yml", "rsi/presentation", "rsi/presentations", "SUPPORT_FICHE_INCONNUE"),
    ("supports/auto_entrepreneur.yml", "Encaissé, pas gagné", "12,3 % de l'encaissé, pas du gagné", "SUPPORT_CHIFFRE"),
    ("glossaire.yml", "mot: kit « Politique de contact »", "mot: socle commun minimal", "MOT_DOUBLE"),
])
def test_conseil_check_voit_chaque_defaut(dossier, fichier, avant, apres, code):
    changer(dossier, fichier, avant, apres)  # before, there was none: test_les_fichiers_livres_sont_sans_defaut
    assert code in fautes(dossier)


def test_la_liste_de_2012_nest_pas_antidatee_et_une_ligne_sans_source_attend(sessions):
    with sessions() as s:
        installer_professions(s)
        assert [p.code for p in professions_au(s, date(2011, 9, 14))] == ["coiffeur"]
        assert {"coiffeur", "pressing", "taxi"} <= {p.code for p in professions_au(s, date(2012, 6, 1))}
    assert "batiment" in {p.code for p in lire_professions()}


def test_les_tiroirs_souvrent_selon_la_cible_et_le_profil():
    trame = trame_de(date(2011, 9, 14))
    eig = [t.code for t in tiroirs_ouverts(trame, Profil(cible="EIG", age=59))]
    ae = [t.code for t in tiroirs_ouverts(trame, Profil(cible="AE", auto_entrepreneur=True))]
    assert "CARRIERE" in eig and "RETRAITE_GENERALE" not in eig and "AE" not in eig
    assert "AE" in ae and "RETRAITE_GENERALE" in ae and "CARRIERE" not in ae
    assert {t.domaine for t in trame.tiroirs if t.toujours} >= {"D1", "D2", "D4", "D5", "D7", "D8", "D9"}


def test_la_trame_dune_annee_sert_tant_quil_ny_en_a_pas_dautre():
    assert trame_de(date(2012, 2, 1)).annee == 2011


def test_le_glossaire_dit_les_mots_que_les_tables_emploient():
    mots = glossaire()
    assert {"assure", "conseiller", "caisse", "antenne", "cible", "campagne", "entretien", "rencontre", "creneau", "motif", "trame", "tiroir",
            "compte_rendu", "enquete", "bilan", "ouverture"} <= set(mots)
    assert mots["entretien"].pas == "rencontre"


# -- the command -----------------------------------------------------------------------------------------------------------------------------------------


@pytest.fixture
def poste(tmp_path, monkeypatch):
    """A workstation of its own, with an up-to-date base, in September 2011."""
    monkeypatch.setenv("CONSEIL_DONNEES", str(tmp_path))
    monkeypatch.setenv("CONSEIL_NOW", "2011-09-14T10:00")
    monkeypatch.delenv("CONSEIL_NOW_ORIGINE", raising=False)
    assert principal(["base", "migrer"]) == 0


def test_la_commande_installe_puis_montre_le_kit(poste, capsys):
    assert principal(["campagne", "installer", "2011", "--json"]) == 0
    sortie = capsys.readouterr().out
    resultat = json.loads(sortie[sortie.index("{"):])
    assert resultat["cibles"] == ["EIG", "CREATEUR", "AE", "RCS"] and resultat["caisses_nouvelles"] == 31 and len(resultat["outils_publies"]) == 8
    assert principal(["campagne", "kit", "--caisse", "C02", "--json"]) == 0
    kit = json.loads(capsys.readouterr().out)
    assert len(kit["outils"]) == len(kit["annexes"]) == 8 and {o["transmises"] for o in kit["outils"]} == {4}


def test_la_commande_verifie_et_refuse_une_annee_absente(poste, capsys):
    assert principal(["campagne", "verifier"]) == 0
    assert principal(["campagne", "installer", "2030"]) == 1
    assert "conseil campagne nouvelle 2030 --depuis 2029" in lisible(capsys.readouterr().err)
    assert principal(["campagne", "nouvelle", "2011", "--depuis", "2012"]) == 1


def test_le_kit_sans_installation_dit_quoi_faire(poste, capsys):
    assert principal(["campagne", "kit"]) == 1
    assert "conseil campagne installer 2011" in lisible(capsys.readouterr().err)
