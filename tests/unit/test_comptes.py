"""Accounts of the workspace: passwords, tries, second factor, sessions, rights, key of the installation, demonstration, command."""
import json
import shutil
import stat
import threading
from datetime import datetime, timedelta, timezone

import pyotp
import pytest
from pydantic import SecretStr
from sqlalchemy import func, select

from bot.cli import principal
from bot.contacts import comptes, connexion, mots_de_passe, totp
from bot.contacts.base import Sessions, ouvrir
from bot.contacts.cle import CleAutre, CleTropCourte, chiffrer, cle_installation, dechiffrer, hmac_hex
from bot.contacts.comptes import COMMANDE
from bot.contacts.comptes_demo import MOT_DE_PASSE_DEMO, PERSONNES_DEMO, installer_demo_comptes
from bot.contacts.isolement import Introuvable, de_la_caisse
from bot.contacts.tables import Audit, CodeSecours, Compte, Conseiller, EssaiConnexion, Historique, Role, SessionEspace
from bot.reglages import Reglages
from tests.marche import lisible

MAINTENANT = datetime(2011, 9, 14, 8, 0, tzinfo=timezone.utc)
BON = "girafe mauve tracteur lune"
CLE = b"c" * 32


@pytest.fixture
def sessions(tmp_path, modele_sqlite):
    """A copy of a migrated database: quicker than migrating one for each test."""
    shutil.copy(modele_sqlite, tmp_path / "contacts.db")
    engine = ouvrir(f"sqlite:///{tmp_path / 'contacts.db'}")
    yield Sessions(engine)
    engine.dispose()


def creer(session, identifiant="claire.fontaine", roles=("conseiller",), **change):
    valeurs = {"caisse_code": "demo-aquitaine", "prenom": "Claire", "nom": "Fontaine", "mot_de_passe": BON, "auteur": COMMANDE,
               "maintenant": MAINTENANT, "doit_changer": False} | change
    return comptes.creer(session, identifiant=identifiant, roles=roles, **valeurs)


@pytest.fixture
def hachage_rapide(monkeypatch):
    """Where hashing is not the point."""
    from argon2 import PasswordHasher

    monkeypatch.setattr(mots_de_passe, "_HACHEUR", PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
    mots_de_passe._leurre.cache_clear()
    yield
    mots_de_passe._leurre.cache_clear()


# -- passwords -----------------------------------------------------------------------------------------------------------------------------


def test_un_mot_de_passe_est_garde_en_argon2id_et_verifie():
    hache = mots_de_passe.hacher(BON)
    assert hache.startswith("$argon2id$") and BON not in hache
    assert mots_de_passe.verifier(hache, BON) and not mots_de_passe.verifier(hache, BON + "s") and not mots_de_passe.verifier("abime", BON)


def test_un_identifiant_inconnu_coute_le_meme_travail_quun_connu(monkeypatch, hachage_rapide):
    """Timing is not measured here, where two cores are shared: what is compared is what is hashed."""
    hache, vus, vrai = mots_de_passe.hacher(BON), [], mots_de_passe._HACHEUR.verify

    class Espion:
        def verify(self, attendu, donne):
            vus.append(attendu.split("$")[:4])
            return vrai(attendu, donne)
    mots_de_passe._leurre()
    monkeypatch.setattr(mots_de_passe, "_HACHEUR", Espion())
    assert not mots_de_passe.verifier(None, BON) and not mots_de_passe.verifier(hache, "autre chose entièrement")
    assert vus[0] == vus[1] and len(vus) == 2


@pytest.mark.parametrize("faible", ["court", "quatorze signe", "aaaaaaaaaaaaaaaaaaaa", "123456789012345678", "azertyuiopqsdfghjklm", "Motdepasse-Motdepasse-2011",
                                    "claire.fontaine.2011", "Conseiller RSI Aquitaine 2011", "abcdefghijklmnopqrst", "x" * 129])
def test_un_mot_de_passe_devinable_est_refuse_avec_un_conseil(faible):
    with pytest.raises(mots_de_passe.MotDePasseFaible) as refus:
        mots_de_passe.controler(faible, ("Claire", "Fontaine", "claire.fontaine"))
    assert "Choisissez" in refus.value.message


@pytest.mark.parametrize("fort", [BON, "correct cheval batterie agrafe", "p7k!mw3hvq2tzz9", "l'été à Guéthary, sous la pluie", pytest.param(mots_de_passe.tirer(), id="tiré")])
def test_un_mot_de_passe_long_et_varie_est_accepte(fort):
    mots_de_passe.controler(fort, ("Claire", "Fontaine", "claire.fontaine"))


def test_un_accent_tape_autrement_est_le_meme_mot_de_passe(hachage_rapide):
    assert mots_de_passe.verifier(mots_de_passe.hacher("forêt dorée du matin"), "fore\u0302t dore\u0301e du matin")


def test_un_mot_de_passe_tire_tient_97_bits_sans_signe_ambigu():
    tires = {mots_de_passe.tirer() for _ in range(200)}
    assert len(tires) == 200 and not set("".join(tires)) & set("l1o0") and all(len(t) == 23 for t in tires)


# -- creating and changing -----------------------------------------------------------------------------------------------------------------


def test_creer_un_compte_laisse_son_histoire_et_sa_ligne_daudit(sessions, hachage_rapide):
    with sessions() as s:
        compte = creer(s, roles=("conseiller", "responsable"))
    with sessions.lecture() as s:
        assert comptes.niveaux(s, s.get(Conseiller, compte.conseiller_id)) == {"conseiller", "responsable"}
        assert [(h.commande, h.apres["roles"]) for h in s.scalars(select(Historique))] == [("compte.cree", ["conseiller", "responsable"])]
        assert [(a.acte, a.acteur, a.objet, a.objet_id) for a in s.scalars(select(Audit))] == [("compte.cree", "commande", "compte", str(compte.id))]
        ecrit = json.dumps([h.apres for h in s.scalars(select(Historique))])
    assert "Fontaine" not in ecrit and "argon2" not in ecrit


@pytest.mark.parametrize("change, refus", [
    ({"identifiant": "Claire Fontaine"}, comptes.IdentifiantIncorrect), ({"identifiant": "é"}, comptes.IdentifiantIncorrect),
    ({"identifiant": "CLAIRE.FONTAINE"}, comptes.IdentifiantPris), ({"identifiant": "autre", "nom": " "}, comptes.NomManquant),
    ({"identifiant": "autre", "roles": ()}, comptes.RoleInterdit), ({"identifiant": "autre", "roles": ("roi",)}, comptes.RoleInterdit),
    ({"identifiant": "autre", "mot_de_passe": "azerty"}, mots_de_passe.MotDePasseFaible)])
def test_un_compte_mal_decrit_est_refuse_et_rien_nest_ecrit(sessions, hachage_rapide, change, refus):
    with sessions() as s:
        creer(s)
    with pytest.raises(refus) as e, sessions() as s:
        creer(s, **change)
    assert e.value.message and e.value.code
    with sessions.lecture() as s:
        assert s.scalar(select(func.count()).select_from(Compte)) == s.scalar(select(func.count()).select_from(Conseiller)) == 1


def test_le_dernier_responsable_ne_part_ni_ne_perd_son_role(base, hachage_rapide):
    with base() as s:
        premier, second = creer(s, roles=("responsable",)), creer(s, "paul.vallon", ("responsable",))
        creer(s, "rose.lagon", ("responsable",), caisse_code="demo-reunion")  # another caisse's does not count
    with base() as s:
        comptes.desactiver(s, s.get(Compte, premier.id), COMMANDE, MAINTENANT)
    for acte in (lambda s, c: comptes.desactiver(s, c, COMMANDE, MAINTENANT), lambda s, c: comptes.changer_roles(s, c, ["conseiller"], COMMANDE, MAINTENANT)):
        with pytest.raises(comptes.DernierResponsable), base() as s:
            acte(s, s.get(Compte, second.id))
    with base() as s:
        comptes.reactiver(s, s.get(Compte, premier.id), COMMANDE, MAINTENANT)
        comptes.changer_roles(s, s.get(Compte, second.id), ["conseiller"], COMMANDE, MAINTENANT)
        assert comptes.niveaux(s, s.get(Compte, second.id).conseiller) == {"conseiller"}


def test_un_depart_attend_ce_que_les_autres_modules_demandent(sessions, hachage_rapide, monkeypatch):
    monkeypatch.setattr(comptes, "EMPECHEMENTS", [lambda s, c, m: "Deux entretiens sont à confier à quelqu'un d'autre."])
    with pytest.raises(comptes.DepartEmpeche) as e, sessions() as s:
        comptes.desactiver(s, creer(s), COMMANDE, MAINTENANT)
    assert "Deux entretiens" in e.value.message


def test_desactiver_deconnecte_et_date_le_depart(sessions, hachage_rapide):
    with sessions() as s:
        compte = creer(s)
        _, secret = connexion.ouvrir_session(s, compte, MAINTENANT)
        comptes.desactiver(s, compte, COMMANDE, MAINTENANT)
        assert connexion.retrouver_session(s, secret, MAINTENANT, demo=False) is None
        assert compte.conseiller.parti_le == MAINTENANT.date()


def test_le_compte_dune_autre_caisse_et_celui_qui_nexiste_pas_se_ressemblent(sessions, hachage_rapide):
    with sessions() as s:
        ailleurs = creer(s, caisse_code="demo-reunion")
        chef = creer(s, "anne.sommet", ("administrateur",))
    with sessions.lecture() as s:
        for numero, gerables in ((ailleurs.conseiller_id, None), (999, None), (chef.conseiller_id, comptes.accordables({"responsable"}))):
            with pytest.raises(Introuvable):
                comptes.de_la_personne(s, numero, "demo-aquitaine", gerables)
        with pytest.raises(Introuvable):
            de_la_caisse(s, Conseiller, ailleurs.conseiller_id, "demo-aquitaine")
        assert de_la_caisse(s, Conseiller, ailleurs.conseiller_id, "demo-reunion").id == ailleurs.conseiller_id


def test_un_responsable_ne_peut_donner_ni_administrateur_ni_national():
    assert comptes.accordables({"responsable"}) == {"conseiller", "secretariat", "responsable"}
    assert "national" not in comptes.accordables({"administrateur", "responsable"}) and comptes.accordables({"conseiller", "national"}) == set()


# -- tries ---------------------------------------------------------------------------------------------------------------------------------


def test_lattente_grandit_puis_bloque_un_quart_dheure():
    assert [connexion.attente(n).total_seconds() for n in range(12)] == [0, 0, 0, 0, 0, 30, 60, 120, 240, 480, 900, 900]


def test_le_onzieme_essai_est_bloque_meme_patient(base):
    quand = MAINTENANT
    for n in range(1, 11):
        with base() as s:
            assert connexion.compter_essai(s, "cle", quand) == n
        quand += connexion.attente(n)
    with pytest.raises(connexion.TropDEssais) as e, base() as s:
        connexion.compter_essai(s, "cle", quand - timedelta(seconds=1))
    assert e.value.attendre == 2 and "minute" in e.value.message
    with base() as s:
        connexion.compter_essai(s, "autre", quand)  # another identifier is not blocked
        connexion.oublier_essais(s, "cle")
        assert connexion.compter_essai(s, "cle", quand) == 1


def test_des_essais_simultanes_sont_tous_comptes(base):
    passes, refus, depart = [], [], threading.Barrier(8)

    def essayer():
        depart.wait()
        try:
            with base() as s:
                passes.append(connexion.compter_essai(s, "cle", MAINTENANT))
        except connexion.TropDEssais:
            refus.append(1)
    fils = [threading.Thread(target=essayer) for _ in range(8)]
    [f.start() for f in fils]
    [f.join() for f in fils]
    assert sorted(passes) == [1, 2, 3, 4, 5] and len(refus) == 3


def test_les_essais_soublient_en_un_jour(sessions):
    with sessions() as s:
        connexion.compter_essai(s, "vieux", MAINTENANT)
        connexion.compter_essai(s, "neuf", MAINTENANT + timedelta(hours=25))
        assert s.scalars(select(EssaiConnexion.cle)).all() == ["neuf"]


# -- sessions ------------------------------------------------------------------------------------------------------------------------------


def test_seule_lempreinte_dune_session_est_gardee(sessions, hachage_rapide):
    with sessions() as s:
        ouverte, secret = connexion.ouvrir_session(s, creer(s), MAINTENANT)
        assert secret != ouverte.empreinte and len(secret) >= 43 and secret not in str([vars(x) for x in s.scalars(select(SessionEspace))])


@pytest.mark.parametrize("ecart, vivante", [(timedelta(minutes=30), True), (timedelta(minutes=30, seconds=1), False)])
def test_une_session_meurt_trente_minutes_apres_sa_derniere_page(sessions, hachage_rapide, ecart, vivante):
    with sessions() as s:
        _, secret = connexion.ouvrir_session(s, creer(s), MAINTENANT)
        assert (connexion.retrouver_session(s, secret, MAINTENANT + ecart, demo=False) is not None) == vivante


def test_une_session_ne_depasse_pas_huit_heures_meme_active(sessions, hachage_rapide):
    with sessions() as s:
        ouverte, secret = connexion.ouvrir_session(s, creer(s), MAINTENANT)
        for heures, vivante in ((8, True), (8.01, False)):
            quand = MAINTENANT + timedelta(hours=heures)
            connexion.toucher(s, ouverte.id, quand)
            assert (connexion.retrouver_session(s, secret, quand, demo=False) is not None) == vivante


def test_lancien_cookie_ne_vaut_plus_rien_apres_renouvellement(sessions, hachage_rapide):
    with sessions() as s:
        ouverte, ancien = connexion.ouvrir_session(s, creer(s), MAINTENANT)
        neuf = connexion.renouveler(s, ouverte)
        assert connexion.retrouver_session(s, ancien, MAINTENANT, demo=False) is None
        assert connexion.retrouver_session(s, neuf, MAINTENANT, demo=False) is not None


def test_changer_de_mot_de_passe_ferme_les_autres_appareils(sessions, hachage_rapide):
    with sessions() as s:
        compte = creer(s)
        ici, secret = connexion.ouvrir_session(s, compte, MAINTENANT)
        _, ailleurs = connexion.ouvrir_session(s, compte, MAINTENANT)
        comptes.changer_mot_de_passe(s, compte, "un tout autre secret bien long", COMMANDE, MAINTENANT, garder=ici.id)
        assert connexion.retrouver_session(s, ailleurs, MAINTENANT, demo=False) is None
        assert connexion.retrouver_session(s, secret, MAINTENANT, demo=False) is not None


# -- second factor -------------------------------------------------------------------------------------------------------------------------


@pytest.fixture
def avec_telephone(sessions, hachage_rapide):
    """An account with its telephone: (session, account, its TOTP, recovery codes). Activated a minute ago."""
    with sessions() as s:
        compte = creer(s)
        telephone = pyotp.TOTP(totp.proposer(compte, CLE))
        avant = MAINTENANT - timedelta(minutes=1)
        codes = totp.activer(s, compte, telephone.at(avant), CLE, avant)
        yield s, compte, telephone, codes


def test_un_code_du_telephone_ne_sert_quune_fois(avec_telephone):
    s, compte, telephone, _ = avec_telephone
    code = telephone.at(MAINTENANT)
    assert totp.verifier(s, compte, f"{code[:3]} {code[3:]}", CLE, MAINTENANT) == "code"
    for plus_tard in (0, 20):
        with pytest.raises(totp.CodeRefuse):
            totp.verifier(s, compte, code, CLE, MAINTENANT + timedelta(seconds=plus_tard))


@pytest.mark.parametrize("pas, admis", [(-2, False), (-1, True), (0, True), (1, True), (2, False)])
def test_un_pas_davance_ou_de_retard_est_admis_pas_deux(avec_telephone, pas, admis):
    s, compte, telephone, _ = avec_telephone
    quand = MAINTENANT + timedelta(minutes=5)
    code = telephone.at(quand + timedelta(seconds=30 * pas))
    if admis:
        assert totp.verifier(s, compte, code, CLE, quand) == "code"
    else:
        with pytest.raises(totp.CodeRefuse):
            totp.verifier(s, compte, code, CLE, quand)


def test_un_code_anterieur_au_dernier_accepte_est_refuse(avec_telephone):
    s, compte, telephone, _ = avec_telephone
    totp.verifier(s, compte, telephone.at(MAINTENANT), CLE, MAINTENANT)
    with pytest.raises(totp.CodeRefuse):
        totp.verifier(s, compte, telephone.at(MAINTENANT - timedelta(seconds=30)), CLE, MAINTENANT)


@pytest.mark.parametrize("faux", ["", "12345", "abcdef", "١٢٣٤٥٦", "0000000", "'; --"])
def test_ce_qui_nest_pas_un_code_est_refuse(avec_telephone, faux):
    s, compte, _, _ = avec_telephone
    with pytest.raises(totp.CodeRefuse):
        totp.verifier(s, compte, faux, CLE, MAINTENANT)


def test_un_code_de_secours_ne_sert_quune_fois_et_nest_garde_quen_empreinte(avec_telephone):
    s, compte, _, codes = avec_telephone
    assert len(set(codes)) == 10 and not set(codes) & set(s.scalars(select(CodeSecours.empreinte)))
    assert totp.verifier(s, compte, codes[0].upper().replace("-", " "), CLE, MAINTENANT) == "secours"
    with pytest.raises(totp.CodeRefuse):
        totp.verifier(s, compte, codes[0], CLE, MAINTENANT)
    assert totp.secours_restants(s, compte) == 9
    nouveaux = totp.renouveler_secours(s, compte, CLE)
    with pytest.raises(totp.CodeRefuse):
        totp.verifier(s, compte, codes[1], CLE, MAINTENANT)
    assert totp.verifier(s, compte, nouveaux[0], CLE, MAINTENANT) == "secours"


def test_le_secret_du_telephone_est_chiffre_par_la_cle_de_linstallation(avec_telephone):
    s, compte, telephone, _ = avec_telephone
    assert telephone.secret not in compte.totp_secret
    with pytest.raises(CleAutre):
        totp.verifier(s, compte, telephone.at(MAINTENANT), b"d" * 32, MAINTENANT)


def test_un_secret_propose_nouvre_rien_avant_dettre_confirme(sessions, hachage_rapide):
    with sessions() as s:
        compte = creer(s)
        telephone = pyotp.TOTP(totp.proposer(compte, CLE))
        with pytest.raises(totp.CodeRefuse):
            totp.verifier(s, compte, telephone.at(MAINTENANT), CLE, MAINTENANT)
        with pytest.raises(totp.CodeRefuse):
            totp.activer(s, compte, "000000" if telephone.at(MAINTENANT) != "000000" else "111111", CLE, MAINTENANT)
        assert compte.totp_actif_le is None


# -- key of the installation ---------------------------------------------------------------------------------------------------------------


def test_la_cle_est_tiree_une_fois_et_reservee_a_son_proprietaire(tmp_path):
    trouvees, depart = [], threading.Barrier(6)

    def lire():
        depart.wait()
        trouvees.append(cle_installation(Reglages(donnees=tmp_path / "var")))
    fils = [threading.Thread(target=lire) for _ in range(6)]
    [f.start() for f in fils]
    [f.join() for f in fils]
    assert len(set(trouvees)) == 1 and len(trouvees[0]) == 32
    assert stat.S_IMODE((tmp_path / "var" / "cle").stat().st_mode) == 0o600
    assert [p.name for p in (tmp_path / "var").iterdir()] == ["cle"]


def test_une_cle_donnee_lemporte_et_une_trop_courte_est_refusee(tmp_path):
    assert cle_installation(Reglages(donnees=tmp_path, cle=SecretStr("x" * 32))) == cle_installation(Reglages(donnees=tmp_path / "b", cle=SecretStr("x" * 32)))
    assert not list(tmp_path.iterdir())
    with pytest.raises(CleTropCourte):
        cle_installation(Reglages(donnees=tmp_path, cle=SecretStr("court")))


def test_une_signature_ne_vaut_que_pour_son_usage():
    assert len({hmac_hex(CLE, "a", "v"), hmac_hex(CLE, "b", "v"), hmac_hex(b"d" * 32, "a", "v"), hmac_hex(CLE, "a", "w")}) == 4
    with pytest.raises(CleAutre):
        dechiffrer(CLE, "b", chiffrer(CLE, "a", "secret"))


# -- demonstration -------------------------------------------------------------------------------------------------------------------------


def test_installer_les_comptes_de_demonstration_deux_fois_les_remet_en_etat(base, hachage_rapide):
    with base() as s:
        assert installer_demo_comptes(s, MAINTENANT) == PERSONNES_DEMO
    with base() as s:
        claire = comptes.par_identifiant(s, " Claire.Fontaine ")
        claire.mot_de_passe, claire.desactive_le = mots_de_passe.hacher("autre"), MAINTENANT
        connexion.ouvrir_session(s, comptes.par_identifiant(s, "paul.vallon"), MAINTENANT + timedelta(days=3))
        s.add(Role(conseiller_id=claire.conseiller_id, caisse_code="demo-aquitaine", niveau="administrateur"))
    with base() as s:
        installer_demo_comptes(s, MAINTENANT)
    with base.lecture() as s:
        claire = comptes.par_identifiant(s, "claire.fontaine")
        assert mots_de_passe.verifier(claire.mot_de_passe, MOT_DE_PASSE_DEMO) and claire.desactive_le is None
        assert comptes.niveaux(s, claire.conseiller) == {"conseiller"}
        assert s.scalar(select(func.count()).select_from(Compte)) == len(PERSONNES_DEMO)
        assert s.scalar(select(func.count()).select_from(SessionEspace)) == 0
        assert {n for p in PERSONNES_DEMO if p.caisse_code == "demo-aquitaine" for n in p.niveaux} >= set(comptes.NIVEAUX) - {"national"}


def test_un_compte_de_demonstration_nouvre_rien_ailleurs(sessions, hachage_rapide):
    with sessions() as s:
        installer_demo_comptes(s, MAINTENANT)
        _, secret = connexion.ouvrir_session(s, comptes.par_identifiant(s, "claire.fontaine"), MAINTENANT)
        assert connexion.retrouver_session(s, secret, MAINTENANT, demo=True) is not None
        assert connexion.retrouver_session(s, secret, MAINTENANT, demo=False) is None


# -- the command ---------------------------------------------------------------------------------------------------------------------------


@pytest.fixture
def commande(sessions, tmp_path, monkeypatch, capsys, hachage_rapide):
    """`commande("lister")` → (exit code, what was said, what was refused)."""
    monkeypatch.setenv("CONSEIL_DONNEES", str(tmp_path))
    monkeypatch.setenv("CONSEIL_NOW", "2011-09-14T10:00")

    def lancer(*arguments):
        code = principal(["utilisateur", *arguments])
        sortie = capsys.readouterr()
        return code, lisible(sortie.out), lisible(sortie.err)
    return lancer


CREER = ("creer", "anne.sommet", "--caisse", "demo-aquitaine", "--prenom", "Anne", "--nom", "Sommet", "--role", "administrateur", "--role", "responsable")


def test_le_premier_administrateur_est_cree_avec_un_mot_de_passe_tire_montre_une_fois(commande, sessions):
    code, dit, _ = commande(*CREER, "--tirer")
    tire = dit.strip().splitlines()[-1].strip()
    assert code == 0 and "Compte créé : anne.sommet" in dit
    with sessions.lecture() as s:
        compte = comptes.par_identifiant(s, "anne.sommet")
        assert mots_de_passe.verifier(compte.mot_de_passe, tire) and compte.doit_changer
    code, dit, _ = commande("lister", "--json")
    assert json.loads(dit)[0]["roles"] == ["responsable", "administrateur"] and tire not in dit


def test_un_mot_de_passe_se_saisit_deux_fois_sans_echo(commande, sessions, monkeypatch):
    saisies = iter([BON, BON])
    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    monkeypatch.setattr("getpass.getpass", lambda _: next(saisies))
    assert commande(*CREER)[0] == 0
    with sessions.lecture() as s:
        compte = comptes.par_identifiant(s, "anne.sommet")
        assert mots_de_passe.verifier(compte.mot_de_passe, BON) and not compte.doit_changer


def test_deux_saisies_differentes_sont_refusees(commande, monkeypatch):
    saisies = iter([BON, BON + "!"])
    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    monkeypatch.setattr("getpass.getpass", lambda _: next(saisies))
    code, _, refus = commande(*CREER)
    assert code == 1 and "diffèrent" in refus


def test_aucune_option_ne_prend_de_mot_de_passe(commande):
    assert commande(*CREER, "--mot-de-passe", BON)[0] == 2
    code, _, refus = commande(*CREER)  # no terminal: it is not read from a pipe either
    assert code == 1 and "--tirer" in refus


@pytest.mark.parametrize("arguments, phrase", [
    (("desactiver", "inconnu"), "aucun compte ne s'appelle « inconnu »"), ((*CREER[:3], "nulle-part", *CREER[4:], "--tirer"), "Caisses connues : demo-aquitaine"),
    (("desactiver", "anne.sommet"), "Nommez d'abord un autre responsable"), ((*CREER, "--tirer"), "appartient déjà à quelqu'un")])
def test_un_refus_est_dit_en_une_phrase_avec_le_code_1(commande, arguments, phrase):
    commande(*CREER, "--tirer")
    code, _, refus = commande(*arguments)
    assert code == 1 and phrase in refus


def test_roles_mot_de_passe_telephone_et_depart_par_la_commande(commande, sessions):
    commande(*CREER, "--tirer")
    commande("creer", "paul.vallon", *CREER[2:8], "--role", "conseiller", "--tirer")
    assert json.loads(commande("roles", "paul.vallon", "--role", "secretariat", "--json")[1])["roles"] == ["secretariat"]
    assert commande("mot-de-passe", "paul.vallon", "--tirer")[0] == commande("telephone", "paul.vallon")[0] == 0
    assert json.loads(commande("desactiver", "paul.vallon", "--json")[1])["actif"] is False
    assert "désactivé" in commande("lister")[1]
    assert json.loads(commande("reactiver", "paul.vallon", "--json")[1])["actif"] is True
    with sessions.lecture() as s:
        assert {"compte.cree", "compte.roles", "compte.mot_de_passe", "compte.double_retire", "compte.desactive", "compte.reactive"} == set(
            s.scalars(select(Audit.acte)))
