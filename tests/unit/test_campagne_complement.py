"""What a caisse may add to the socle, and every way of weakening it: each refused with its own code and reason."""
import pytest
import yaml
from sqlalchemy import select

from bot.campagnes.annee import verifier
from bot.campagnes.complement import affaiblissements, installer_complement, lire_complement
from bot.campagnes.kit import versions_en_vigueur
from bot.campagnes.schema import CampagneInvalide, Complement
from bot.campagnes.socle import lire
from bot.contacts.refus import Refus
from bot.contacts.tables import Action, Caisse, Cible, Socle
from bot.knowledge.chemins import KNOWLEDGE
from tests.campagne_essai import CAISSE, MAINTENANT, action, installer_campagne

LOCALE = {"code": "L-VOISINS", "titre": "Voisins", "genre": "rencontre", "theme": "autre", "justification": "Une journée portes ouvertes.",
          "calendrier": {"du": "2011-10-01", "au": "2011-10-31"}, "formes": ["collective"]}


def complement(**valeurs) -> Complement:
    return Complement.model_validate({"caisse": CAISSE, "annee": 2011, "socle": "2011.1", **valeurs})


def codes(tmp_path, **valeurs) -> list[str]:
    refus = list(affaiblissements(lire(2011), complement(**valeurs), tmp_path))
    assert all(isinstance(r, Refus) and r.message.endswith(".") and " : " in r.message for r in refus)
    return [r.code for r in refus]


@pytest.mark.parametrize("cible, ajout, code", [
    ("EIG", {"retirer": True}, "SOCLE_CIBLE_RETIREE"),
    ("EIG", {"genre": "courrier"}, "SOCLE_GENRE_CHANGE"),
    ("EIG", {"criteres": {"annees_naissance": [1952]}}, "SOCLE_CRITERES_RESTREINTS"),
    ("EIG", {"criteres": {"groupes_pro": ["artisan"]}}, "SOCLE_CRITERES_RESTREINTS"),
    ("EIG", {"criteres": {"auto_entrepreneur": False}}, "SOCLE_CRITERES_RESTREINTS"),
    ("CREATEUR", {"criteres": {"affiliation": {"du": "2011-06-01", "au": "2011-12-31"}}}, "SOCLE_CRITERES_RESTREINTS"),
    ("EIG", {"criteres": {"annees_naissance": [1952, 1955, 1957]}}, "SOCLE_CRITERES_ELARGIS"),
    ("AE", {"criteres": {"auto_entrepreneur": None}}, "SOCLE_CRITERES_ELARGIS"),
    ("EIG", {"calendrier": {"du": "2011-07-01", "au": "2011-12-31"}}, "SOCLE_FENETRE_REDUITE"),
    ("EIG", {"calendrier": {"du": "2011-01-01", "au": "2012-06-30"}}, "SOCLE_FENETRE_ETENDUE"),
    ("EIG", {"formes": ["telephone"]}, "SOCLE_MODALITE_CHANGEE"),
    ("AE", {"formes": ["collective", "telephone"]}, "SOCLE_MODALITE_CHANGEE"),
    ("EIG", {"contenu": ["EIG1", "EIG2"]}, "SOCLE_CONTENU_RETIRE"),
    ("EIG", {"contenu_ajoute": [{"code": "EIG1", "domaine": "D8", "titre": "Services en ligne"}]}, "SOCLE_CODE_MODULE"),
    ("EIG", {"outils": ["trame"]}, "SOCLE_OUTIL_RETIRE"),
    ("EIG", {"priorites": [{"code": "carriere_incomplete", "si": {"carriere": "complete"}, "phrase": "complète"}]}, "SOCLE_PRIORITE_CHANGEE"),
    ("EIG", {"sous_actions": ["EIG-TEL"]}, "SOCLE_SOUS_ACTION_INCONNUE"),
    ("JEUNES", {"objectif": 10}, "SOCLE_CIBLE_INCONNUE"),
])
def test_affaiblir_une_cible_du_socle_est_refuse(tmp_path, cible, ajout, code):
    assert code in codes(tmp_path, cibles={cible: ajout})


@pytest.mark.parametrize("changes, code", [
    ({"perimetre": "socle"}, "SOCLE_CASE_REMPLIE"), ({"code": "EIG"}, "SOCLE_CODE_RESERVE"), ({"code": "CREATEUR-ENTRETIEN"}, "SOCLE_CODE_RESERVE"),
    ({"code": "VOISINS"}, "CODE_LOCAL_MAL_FORME")])
def test_une_action_locale_ne_prend_pas_la_place_du_socle(tmp_path, changes, code):
    assert codes(tmp_path, actions=[{**LOCALE, **changes}]) == [code]


def test_deux_actions_locales_nont_pas_le_meme_code(tmp_path):
    assert "CODE_LOCAL_DOUBLE" in codes(tmp_path, actions=[LOCALE, LOCALE])


@pytest.mark.parametrize("outil", ["enquete", "bilan_type", "supports", "requetage", "script_eirl"])
def test_un_outil_commun_ne_sadapte_pas(tmp_path, outil):
    (tmp_path / "mien.yml").write_text("à nous")
    assert codes(tmp_path, outils={outil: {"fichier": "mien.yml", "prise_en_main": "Le nôtre."}}) == ["OUTIL_VERROUILLE"]


@pytest.mark.parametrize("fichier", ["absent.yml", "../../../etc/hostname"])
def test_une_adaptation_est_un_fichier_a_cote_du_complement(tmp_path, fichier):
    assert codes(tmp_path, outils={"trame": {"fichier": fichier, "prise_en_main": "La nôtre."}}) == ["ADAPTATION_ABSENTE"]


def test_un_complement_ecrit_pour_un_autre_socle_est_a_relire(tmp_path):
    assert codes(tmp_path, socle="2010.1") == ["COMPLEMENT_AUTRE_SOCLE"]


def test_temoin_ajouter_nest_pas_affaiblir(tmp_path):
    (tmp_path / "trame.yml").write_text("la nôtre")
    assert codes(tmp_path, actions=[LOCALE], outils={"trame": {"fichier": "trame.yml", "prise_en_main": "La nôtre."}}, cibles={
        "EIG": {"objectif": 200, "criteres": {"annees_naissance": [1957, 1952]}, "formes": ["telephone", "physique"],
                "calendrier": {"du": "2011-07-01", "au": "2012-03-31"}, "priorites": [{"code": "a_nous", "si": {"referent": "aucun"}, "phrase": "sans référent"}],
                "contenu_ajoute": [{"code": "L-LIGNE", "domaine": "D8", "titre": "Services en ligne"}],
                "outils": ["trame", "courrier_invitation", "supports", "requetage", "support_ae"]},
        "CREATEUR": {"sous_actions": ["CREATEUR-ENTRETIEN"]}}) == []


def test_un_objectif_nul_nest_pas_un_objectif():
    with pytest.raises(ValueError, match="greater than 0"):
        complement(cibles={"EIG": {"objectif": 0}})


def test_conseil_check_lit_les_complements(tmp_path):
    import shutil

    shutil.copytree(KNOWLEDGE / "campagnes", tmp_path / "campagnes")
    fichier = tmp_path / "campagnes" / "2011" / f"{CAISSE}.yml"
    brut = yaml.safe_load(fichier.read_text(encoding="utf-8"))
    brut["cibles"]["RCS"] = {"retirer": True}
    fichier.write_text(yaml.safe_dump(brut, allow_unicode=True), encoding="utf-8")
    fichier.rename(fichier.with_name("autre-nom.yml"))
    vus = {(d.code, d.ou) for d in verifier(tmp_path)}
    assert {("SOCLE_CIBLE_RETIREE", "campagnes/2011/autre-nom.yml"), ("COMPLEMENT_MAL_NOMME", "campagnes/2011/autre-nom.yml")} <= vus


def test_une_faute_de_frappe_dans_un_complement_est_dite_en_francais(tmp_path):
    fichier = tmp_path / "c.yml"
    fichier.write_text("caisse: demo-aquitaine\nannee: 2011\nsocle: '2011.1'\ncibles:\n  EIG: {objectifs: 12}\n")
    with pytest.raises(CampagneInvalide, match=r"c\.yml, cibles › EIG › objectifs : n'existe pas"):
        lire_complement(fichier)


# -- installed -----------------------------------------------------------------------------------------------------------------------------------------


def test_le_complement_de_demonstration_pose_ses_actions(base):
    with base() as s:
        installer_campagne(s)
        siennes = {a.code: (a.perimetre, a.objectif) for a in s.scalars(select(Action).where(Action.caisse_code == CAISSE))}
        assert siennes == {"EIG": ("socle", 400), "CREATEUR": ("socle", None), "AE": ("socle", None), "RCS": ("socle", None),
                           "CREATEUR-ENTRETIEN": ("socle", None), "L-CONJOINTS": ("local", 30), "L-TRANSMISSION": ("local", None)}
        locale = s.get_one(Cible, action(s, "L-CONJOINTS").cible_id)
        assert (locale.perimetre, locale.caisse_code) == ("local", CAISSE)


def test_un_complement_adapte_la_trame_de_sa_caisse(base, tmp_path):
    (tmp_path / "trame.yml").write_text("la nôtre", encoding="utf-8")
    with base() as s:
        installer_campagne(s)
        socle = s.scalars(select(Socle)).one()
        ajout = complement(outils={"trame": {"fichier": "trame.yml", "prise_en_main": "Un tiroir de plus sur le littoral."}})
        for _ in range(2):  # the same text again is not a new version
            installer_complement(s, socle, lire(2011), ajout, tmp_path, MAINTENANT)
        siennes = versions_en_vigueur(s, CAISSE, MAINTENANT.date())
        assert (siennes["trame"].version, siennes["trame"].contenu) == ("2011.1-L1", "la nôtre")
        assert versions_en_vigueur(s, "demo-reunion", MAINTENANT.date())["trame"].version == "2011.1"


def test_un_complement_refuse_ninstalle_rien(sessions, tmp_path):
    with sessions() as s:
        installer_campagne(s)
    with pytest.raises(Refus):
        with sessions() as s:
            installer_complement(s, s.scalars(select(Socle)).one(), lire(2011), complement(actions=[LOCALE], cibles={"EIG": {"retirer": True}}),
                                 tmp_path, MAINTENANT)
    with sessions.lecture() as s:
        assert not s.scalars(select(Action).where(Action.code == "L-VOISINS")).all()


def test_une_caisse_de_professions_liberales_na_pas_de_complement(sessions, tmp_path):
    with sessions() as s:
        installer_campagne(s)
        s.get_one(Caisse, "demo-reunion").genre = "professions_liberales"
        ajout = Complement.model_validate({"caisse": "demo-reunion", "annee": 2011, "socle": "2011.1"})
        with pytest.raises(Refus) as e:
            installer_complement(s, s.scalars(select(Socle)).one(), lire(2011), ajout, tmp_path, MAINTENANT)
        assert e.value.code == "CAISSE_HORS_SOCLE"
