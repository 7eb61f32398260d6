"""Population files: what comes in, what is rejected, what is refused whole; crashes at any moment; fictitious people."""
import csv
import json
import os
import random
import re
import shutil
import signal
import time
import tracemalloc

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import event, func, select, update
from sqlalchemy import text as text_sql

from bot.campagnes import population
from bot.campagnes.fichier import FichierRefuse, LigneLue, Population
from bot.campagnes.fictif import ORDRE, generer
from bot.campagnes.population import ImportationEnCours, importer, reprendre
from bot.cli import principal
from bot.contacts.base import Sessions, ouvrir
from bot.contacts.tables import Assure, AssureLu, Caisse, Conseiller, Historique, Importation
from bot.texte.nir import cle, contient_nir
from tests.assures import CAISSE, COLONNES, MAINTENANT, en_base, fichier, personne, texte
from tests.marche import lisible

SPECIMEN = "2550814168025"  # the number of the specimen card, key 38


@pytest.fixture
def sessions(modele_sqlite, tmp_path):
    """A copy of a migrated file: quicker than migrating for each of these tests."""
    shutil.copy(modele_sqlite, tmp_path / "contacts.db")
    sessions = Sessions(ouvrir(f"sqlite:///{tmp_path / 'contacts.db'}"))
    yield sessions
    sessions.engine.dispose()


def charger(sessions, chemin, **options):
    return importer(sessions, chemin, CAISSE, maintenant=MAINTENANT, **options)


def lire(chemin):
    """A file read without any base: its good lines by number, and its rejects."""
    with chemin.open("rb") as flux:
        lues = list(Population(flux, chemin.stat().st_size, MAINTENANT).lignes())
    return [li.ligne for li in lues if isinstance(li, LigneLue)], [r for li in lues if isinstance(li, list) for r in li]


def restes(sessions):
    """Lines still aside, and the states of the imports."""
    with sessions.lecture() as s:
        return s.scalar(select(func.count()).select_from(AssureLu)), list(s.scalars(select(Importation.etat).order_by(Importation.id)))


# -- what comes in --------------------------------------------------------------------------------------------------------------------------


def test_un_fichier_entre_en_base_tel_quil_est(base, tmp_path):
    rapport = charger(base, fichier(tmp_path, [personne(1, canal="courriel", date_naissance="09/03/1952", profession="Électricienne", statut="Actif",
                                                        auto_entrepreneur="Oui"), personne(2, telephone="", courriel="", carriere="")]))
    assert (rapport.lues, rapport.nouvelles, rapport.rejetees) == (2, 2, 0)
    gens = en_base(base)
    assert gens["FICTIF00001"]["date_naissance"].isoformat() == "1952-03-09"
    assert [gens["FICTIF00001"][c] for c in ("canal", "profession", "statut", "auto_entrepreneur")] == ["courriel", "électricienne", "actif", True]
    assert [gens["FICTIF00002"][c] for c in ("telephone", "courriel", "carriere", "refus_contact")] == [None, None, "inconnue", False]
    assert restes(base) == (0, ["terminee"])


@pytest.mark.parametrize("preparer", [
    lambda t: b"\xef\xbb\xbf" + t.encode(), lambda t: t.replace("\n", "\r\n").encode(), lambda t: t.rstrip("\n").encode(),
    lambda t: t.replace("Bordeaux", '"Bordeaux"').encode(), lambda t: (t + "\n\n").encode(),
    lambda t: t.replace("Claire", "He\u0301le\u0300ne").encode()])
def test_les_ecritures_courantes_du_csv_sont_lues(tmp_path, preparer):
    chemin = tmp_path / "p.csv"
    chemin.write_bytes(preparer(texte([personne(1)])))
    with chemin.open("rb") as flux:
        lue, = Population(flux, 0, MAINTENANT).lignes()
    assert {"Bordeaux", "FICTIF00001"} <= set(lue.valeurs) and {"Claire", "Hélène"} & set(lue.valeurs)


def test_les_colonnes_se_reconnaissent_a_leur_nom_ou_quelles_soient(sessions, tmp_path):
    charger(sessions, fichier(tmp_path, [personne(1)], ["ville", "canal", *reversed(COLONNES[:16]), "adresse"]))
    assert en_base(sessions)["FICTIF00001"] | {"ville": "Bordeaux", "adresse": "12 rue des Exemples", "nom": "Fictif-Tilleul"} == en_base(sessions)["FICTIF00001"]


# -- run again, run another ---------------------------------------------------------------------------------------------------------------------


def test_le_meme_fichier_deux_fois_laisse_la_base_pareille(base, tmp_path):
    chemin = fichier(tmp_path, [personne(n, ville=f"Ville {n}") for n in range(50)])
    charger(base, chemin)
    avant = en_base(base)
    rapport = charger(base, chemin)
    assert (rapport.nouvelles, rapport.modifiees, rapport.inchangees) == (0, 0, 50) and en_base(base) == avant


def test_ce_que_la_caisse_a_note_nest_jamais_ecrase(base, tmp_path):
    charger(base, fichier(tmp_path, [personne(1)]))
    with base() as s:
        s.add(Conseiller(id=7, caisse_code=CAISSE, nom="Fictif", prenom="Jean"))
        s.flush()
        s.execute(update(Assure).values(refus_contact=True, refus_enquete=True, referent_id=7))
    assert charger(base, fichier(tmp_path, [personne(1, ville="Pau")])).modifiees == 1
    gens = en_base(base)["FICTIF00001"]
    assert [gens[c] for c in ("ville", "refus_contact", "refus_enquete", "referent_id")] == ["Pau", True, True, 7]


def test_les_absents_du_fichier_restent_et_sont_comptes(base, tmp_path):
    charger(base, fichier(tmp_path, [personne(n) for n in range(5)]))
    rapport = charger(base, fichier(tmp_path, [personne(n) for n in range(2)]))
    assert rapport.absentes == 3 and len(en_base(base)) == 5


def test_une_colonne_facultative_absente_ne_change_rien(base, tmp_path):
    charger(base, fichier(tmp_path, [personne(1, canal="courriel", auto_entrepreneur="oui")]))
    rapport = charger(base, fichier(tmp_path, [personne(1), personne(2)], COLONNES[:16]))
    gens = en_base(base)
    assert rapport.colonnes_absentes == ["auto_entrepreneur", "adresse", "complement", "ville", "canal"] and rapport.modifiees == 0
    assert [gens["FICTIF00001"][c] for c in ("adresse", "canal", "auto_entrepreneur")] == ["12 rue des Exemples", "courriel", True]
    assert [gens["FICTIF00002"][c] for c in ("adresse", "canal", "auto_entrepreneur")] == [None, "courrier", False]


def test_sans_adresse_electronique_on_revient_au_courrier(base, tmp_path):
    charger(base, fichier(tmp_path, [personne(1, canal="courriel")]))
    charger(base, fichier(tmp_path, [personne(1, courriel="")], COLONNES[:16]))
    assert en_base(base)["FICTIF00001"]["canal"] == "courrier"


def test_deux_caisses_ont_chacune_leurs_numeros(base, tmp_path):
    chemin = fichier(tmp_path, [personne(1)])
    charger(base, chemin)
    importer(base, chemin, "demo-reunion", maintenant=MAINTENANT)
    with base.lecture() as s:
        assert s.scalar(select(func.count()).select_from(Assure)) == 2


VILLES = st.sampled_from(["Bordeaux", "Pau", "Dax", ""])
GENS = st.lists(st.builds(lambda n, ville, canal, carriere: personne(n, ville=ville, canal=canal, carriere=carriere), st.integers(0, 12), VILLES,
                          st.sampled_from(["courrier", "courriel", "pigeon"]), st.sampled_from(["complete", "incomplete", "?"])), min_size=1, max_size=20)


@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(premier=GENS, second=GENS)
def test_la_base_vaut_ce_que_disent_les_fichiers_lun_apres_lautre(sessions, tmp_path, premier, second):
    """Whatever the files: the first good line of an identifier counts, the last file wins, and a file again changes nothing."""
    with sessions() as s:
        s.execute(Assure.__table__.delete())
    attendu = {}
    for gens in (premier, second, second):
        bonnes = {}
        for p in gens:
            if p["canal"] != "pigeon" and p["carriere"] != "?":
                bonnes.setdefault(p["identifiant"], p["ville"] or None)
        if bonnes:
            rapport = charger(sessions, fichier(tmp_path, gens), lot=3)
            assert rapport.rejetees == len(gens) - len(bonnes)
            assert rapport.nouvelles + rapport.modifiees + rapport.inchangees == len(bonnes)
            attendu |= bonnes
        assert {i: a["ville"] for i, a in en_base(sessions).items()} == attendu


# -- rejects --------------------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("fautes, colonne, code", [
    ({"identifiant": " "}, "identifiant", "IDENTIFIANT_VIDE"), ({"identifiant": "x" * 33}, "identifiant", "TROP_LONG"),
    ({"nom": ""}, "nom", "VALEUR_MANQUANTE"), ({"ville": "v" * 81}, "ville", "TROP_LONG"),
    ({"date_naissance": "09/03/52"}, "date_naissance", "DATE_ILLISIBLE"), ({"date_naissance": "1952-02-30"}, "date_naissance", "DATE_ILLISIBLE"),
    ({"date_naissance": "2011-09-15"}, "date_naissance", "DATE_INVRAISEMBLABLE"), ({"date_naissance": "1852-03-09"}, "date_naissance", "DATE_INVRAISEMBLABLE"),
    ({"date_affiliation": "1950-01-01"}, "date_affiliation", "DATE_INVRAISEMBLABLE"),
    ({"groupe_pro": "liberal"}, "groupe_pro", "VALEUR_INCONNUE"), ({"statut": ""}, "statut", "VALEUR_INCONNUE"), ({"sexe": "X"}, "sexe", "VALEUR_INCONNUE"),
    ({"carriere": "partielle"}, "carriere", "VALEUR_INCONNUE"), ({"auto_entrepreneur": "peut-être"}, "auto_entrepreneur", "VALEUR_INCONNUE"),
    ({"code_postal": "1000"}, "code_postal", "CODE_POSTAL"), ({"telephone": "199001234"}, "telephone", "TELEPHONE_ILLISIBLE"),
    ({"courriel": "a@b@c.example"}, "courriel", "COURRIEL_ILLISIBLE"), ({"courriel": "", "canal": "courriel"}, "canal", "CANAL_SANS_COURRIEL"),
    ({"langue": "français"}, "langue", "VALEUR_INCONNUE"), ({"nom": "a;b"}, "", "COLONNES"), ({"nom": 'Fictif "Tilleul'}, "", None),
    ({"nom": '"Fictif'}, "", "GUILLEMETS"), ({"nom": "Fictif\x00"}, "", "CARACTERE_INTERDIT"), ({"nom": "Fictif\u202etxt"}, "", "CARACTERE_INTERDIT"),
])
def test_une_mauvaise_ligne_est_rejetee_avec_son_numero_et_sa_raison_sans_arreter_les_autres(tmp_path, fautes, colonne, code):
    bonnes, rejets = lire(fichier(tmp_path, [personne(0), personne(1) | fautes, personne(2)]))
    assert [(r.ligne, r.colonne, r.code) for r in rejets] == ([(3, colonne, code)] if code else [])
    assert bonnes == ([2, 4] if code else [2, 3, 4])


def test_les_bonnes_lignes_entrent_et_les_mauvaises_non(base, tmp_path):
    rejets = []
    rapport = charger(base, fichier(tmp_path, [personne(0), personne(1, statut="?"), personne(2)]), rejeter=rejets.append)
    assert (rapport.lues, rapport.nouvelles, rapport.rejetees, len(rejets)) == (3, 2, 1, 1) and set(en_base(base)) == {"FICTIF00000", "FICTIF00002"}


def test_toutes_les_fautes_dune_ligne_sont_dites_ensemble_sans_rien_montrer_de_la_personne(tmp_path):
    faute = personne(1, nom="", telephone="secret-telephone", courriel="secret courriel", date_naissance="secret-date")
    _, rejets = lire(fichier(tmp_path, [personne(0), faute]))
    assert [r.colonne for r in rejets] == ["nom", "date_naissance", "telephone", "courriel"]
    assert "secret" not in str(rejets) and "FICTIF00001" not in str(rejets)


def test_un_doublon_lointain_est_vu_et_dit_ou_est_le_premier(base, tmp_path):
    rejets = []
    charger(base, fichier(tmp_path, [*(personne(n) for n in range(30)), personne(3, ville="Pau"), personne(29, ville="Pau")]), rejeter=rejets.append, lot=7)
    assert [(r.ligne, r.raison) for r in rejets] == [(32, "même identifiant que la ligne 5"), (33, "même identifiant que la ligne 31")]
    assert {a["ville"] for a in en_base(base).values()} == {"Bordeaux"}


# -- refusals -------------------------------------------------------------------------------------------------------------------------------


UN = texte([personne(1)])


@pytest.mark.parametrize("contenu, code, phrase", [
    (b"", "FICHIER_VIDE", "aucun assuré"), (b"\xef\xbb\xbf", "FICHIER_VIDE", "aucun assuré"),
    (UN.replace(";", ",").encode(), "SEPARATEUR", "point-virgule"), (UN.replace(";", "\t").encode(), "SEPARATEUR", "point-virgule"),
    (UN.encode("utf-16"), "ENCODAGE", "UTF-8"), (texte([personne(1), personne(2, prenom="Hélène")]).encode("latin-1"), "ENCODAGE", "ligne 3"),
    (UN.replace("carriere;", "", 1).encode(), "EN_TETE", "il manque carriere"), (UN.split("\n", 1)[1].encode(), "EN_TETE", "ne porte pas les noms"),
    (UN.replace(";ville", ";sante", 1).encode(), "EN_TETE", "à retirer : sante"), (UN.replace(";ville", ";nom", 1).encode(), "EN_TETE", "en double : nom"),
    (UN.encode() + b"x" * 9000, "LIGNE_TROP_LONGUE", "ligne 3"),
])
def test_un_fichier_qui_nest_pas_une_population_est_refuse_en_disant_quoi_faire(tmp_path, contenu, code, phrase):
    chemin = tmp_path / "p.csv"
    chemin.write_bytes(contenu)
    with pytest.raises(FichierRefuse) as refus:
        lire(chemin)
    assert refus.value.code == code and phrase in str(refus.value) and "Tilleul" not in str(refus.value)


@pytest.mark.parametrize("contenu, code", [
    (UN.split("\n")[0], "FICHIER_VIDE"), (texte([personne(1, statut="?")]), "AUCUNE_LIGNE_VALABLE"), (UN + "x" * 9000, "LIGNE_TROP_LONGUE")])
def test_un_fichier_refuse_ne_laisse_rien_derriere_lui(base, tmp_path, contenu, code):
    chemin = tmp_path / "p.csv"
    chemin.write_text(contenu)
    with pytest.raises(FichierRefuse) as refus:
        charger(base, chemin, lot=1)
    assert refus.value.code == code and en_base(base) == {} and restes(base) == (0, ["refusee"])


@pytest.mark.parametrize("nom, phrase", [("absent.csv", "il n'existe pas"), ("", "c'est un dossier")])
def test_un_chemin_qui_nest_pas_un_fichier_est_refuse(sessions, tmp_path, nom, phrase):
    with pytest.raises(FichierRefuse, match=phrase):
        charger(sessions, tmp_path / nom)


def test_une_caisse_inconnue_ou_de_professions_liberales_est_refusee_r18(sessions, tmp_path):
    with sessions() as s:
        s.add(Caisse(code="pl", nom="PL", telephone="", horaires="", fuseau="Europe/Paris", origines=[], genre="professions_liberales", fictive=True))
    for code, phrase in (("pl", "caisses régionales"), ("ailleurs", "demo-aquitaine")):
        with pytest.raises(FichierRefuse, match=phrase):
            importer(sessions, fichier(tmp_path, [personne(1)]), code, maintenant=MAINTENANT)


# -- no NIR ---------------------------------------------------------------------------------------------------------------------------------


CORSE = f"255082A168025{cle('255082A168025'):02d}"


@pytest.mark.parametrize("colonne, nir", [
    ("identifiant", SPECIMEN), ("identifiant", SPECIMEN + "38"), ("nom", "2 55 08 14 168 025 38"), ("telephone", "2\u00a055\u202f08.14.168.025"),
    ("adresse", CORSE), ("code_ape", "NIR" + SPECIMEN), ("complement", "2 55 08 2b 168 025"), ("prenom", f'"{SPECIMEN}"')])
def test_un_nir_se_voit_dans_toute_colonne_et_le_message_ne_le_montre_pas(tmp_path, colonne, nir):
    with pytest.raises(FichierRefuse) as refus:
        lire(fichier(tmp_path, [*(personne(n) for n in range(20)), personne(99) | {colonne: nir}]))
    assert refus.value.code == "NIR_PRESENT" and "ligne 22" in str(refus.value) and "168" not in str(refus.value)


def test_un_fichier_qui_porte_un_nir_est_refuse_en_entier_et_rien_nen_reste(base, tmp_path):
    charger(base, fichier(tmp_path, [personne(3, ville="Pau")]))
    avant = en_base(base)
    with pytest.raises(FichierRefuse):
        charger(base, fichier(tmp_path, [*(personne(n) for n in range(20)), personne(SPECIMEN)]), lot=5)
    assert en_base(base) == avant and restes(base) == (0, ["terminee", "refusee"])
    with base.lecture() as s:
        assert "168" not in str([(h.avant, h.apres) for h in s.scalars(select(Historique))])


@pytest.mark.parametrize("texte", [
    "01 99 00 12 34", "0033 1 99 00 12 34", "+33 (0)1 99 00 12 34", "732 829 320 00074", "73282932000074", "732829320", "123456789012", "F0001234567890",
    SPECIMEN + "37", "2550014168025", "2551314168025", "25508141680251", "1" * 16, "2011-09-14;0199001234;33000", "a2550814168025b", "ab12550814168025cdef0123",
    "IBAN FR76 3000 6000 0112 3456 7890 189", "8 rue du 11 novembre 1918 ; 33000", "1 12 2011 14 30 00"])
def test_ce_qui_ressemble_a_un_nir_sans_en_etre_un_passe(texte):
    assert not contient_nir(texte)


def test_la_cle_dun_nir_corse_se_compte_comme_la_loi_le_dit():
    assert (cle(SPECIMEN), cle("255082A168025"), cle("255082B168025")) == (38, cle("2550819168025"), cle("2550818168025"))


# -- crashes --------------------------------------------------------------------------------------------------------------------------------


def _importer_et_mourir(adresse, chemin, moment):
    """In a process of its own: import, and kill -9 itself at its `moment`-th word to the database, even within a transaction. Gives the words said."""
    pid = os.fork()
    if pid == 0:
        sessions, dits = Sessions(ouvrir(adresse)), 0

        def compter(*_):
            nonlocal dits
            dits += 1
            if dits == moment:
                os.kill(os.getpid(), signal.SIGKILL)
        for mot in ("before_cursor_execute", "after_cursor_execute"):
            event.listen(sessions.engine, mot, compter)
        event.listen(sessions.engine, "commit", compter)
        try:
            importer(sessions, chemin, CAISSE, maintenant=MAINTENANT, lot=20)
        finally:
            os._exit(0)
    _, statut = os.waitpid(pid, 0)
    return os.WIFSIGNALED(statut)


_AUTRES = text_sql("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND backend_type = 'client backend' AND pid <> pg_backend_pid()")


def _le_serveur_sait(base):
    """PostgreSQL learns of a client's death when it next reads from it, later still on a busy machine; until then it holds the dead one's locks."""
    if base.engine.dialect.name != "postgresql":
        return
    fin = time.monotonic() + 60
    while True:
        with base.lecture() as s:
            if not s.scalar(_AUTRES):
                return
        assert time.monotonic() < fin, "PostgreSQL garde une session morte depuis une minute"
        time.sleep(0.02)


def test_tue_a_dix_moments_au_hasard_limport_ne_perd_ni_ne_double_rien(base, tmp_path, monkeypatch):
    for nom in ("TRANCHE", "TRANCHE_MIN", "TRANCHE_MAX"):
        monkeypatch.setattr(population, nom, 15)
    monkeypatch.setattr(population, "PAUSE", 0)
    hasard = random.Random(2011)
    fichiers = [fichier(tmp_path, [personne(n, ville=f"Ville {lot}") for n in range(60)], nom=f"{lot}.csv") for lot in (0, 1)]
    charger(base, fichiers[0])
    tues, etats = 0, set()
    for essai in range(1, 11):
        base.engine.dispose()
        tues += _importer_et_mourir(base.engine.url.render_as_string(hide_password=False), fichiers[essai % 2], hasard.randrange(12, 110))
        _le_serveur_sait(base)
        villes = [a["ville"] for a in en_base(base).values()]
        assert len(villes) == 60 and set(villes) <= {"Ville 0", "Ville 1"}  # nothing lost, nothing twice, no half person
        etats.add(restes(base)[1][-1])
        reprises = reprendre(base, maintenant=MAINTENANT)
        villes = {a["ville"] for a in en_base(base).values()}
        assert len(villes) == 1 and restes(base)[0] == 0  # all of the new file, or nothing of it
        assert all(villes == {f"Ville {essai % 2}"} for r in reprises if r.finie)
        charger(base, fichiers[essai % 2])
        assert {a["ville"] for a in en_base(base).values()} == {f"Ville {essai % 2}"} and len(en_base(base)) == 60
    assert tues >= 8 and {"lecture", "fusion"} <= etats, "les coupures doivent tomber dans les deux phases"


def test_un_import_coupe_par_ctrl_c_pendant_la_lecture_ne_laisse_personne_de_cote(sessions, tmp_path):
    def couper(_):
        raise KeyboardInterrupt
    with pytest.raises(KeyboardInterrupt):
        charger(sessions, fichier(tmp_path, [personne(1)]), suivre=couper)
    assert restes(sessions) == (0, ["refusee"]) and en_base(sessions) == {}


def test_deux_imports_ne_se_melent_pas(base, tmp_path):
    chemin, refus = fichier(tmp_path, [personne(1)]), []

    def pendant(_):
        with pytest.raises(ImportationEnCours) as e:
            charger(base, chemin)
        refus.append(str(e.value))
    charger(base, chemin, suivre=pendant)
    assert refus and "Un autre import est en cours" in refus[0]


def test_le_site_peut_ecrire_entre_deux_tranches(sessions, tmp_path, monkeypatch):
    for nom in ("TRANCHE", "TRANCHE_MIN", "TRANCHE_MAX"):
        monkeypatch.setattr(population, nom, 10)
    monkeypatch.setattr(population, "PAUSE", 0)
    autre, ecrits = Sessions(ouvrir(str(sessions.engine.url))), []

    def ecrire(etape):
        with autre() as s:  # with the lock held by the import, this would fail after five seconds
            s.execute(update(Caisse).values(site="https://caisse.example"))
        ecrits.append(etape.phase)
    charger(sessions, fichier(tmp_path, [personne(n) for n in range(50)]), suivre=ecrire, lot=10)
    autre.engine.dispose()
    assert ecrits.count("lecture") == 5 and ecrits.count("fusion") == 5


def test_la_memoire_ne_grandit_pas_avec_le_fichier(tmp_path):
    def pic(combien):
        chemin = fichier(tmp_path, (personne(n) for n in range(combien)))
        with chemin.open("rb") as flux:
            tracemalloc.start()
            lues = sum(isinstance(li, LigneLue) for li in Population(flux, chemin.stat().st_size, MAINTENANT).lignes())
            memoire = tracemalloc.get_traced_memory()[1]
            tracemalloc.stop()
        assert lues == combien
        return memoire
    pic(100)
    assert pic(5000) < 1.2 * pic(1000) + 50_000


# -- the command ----------------------------------------------------------------------------------------------------------------------------


@pytest.fixture
def commande(sessions, monkeypatch, tmp_path):
    """Runs `conseil population` on the test's base."""
    monkeypatch.setenv("CONSEIL_BASE", str(sessions.engine.url))
    monkeypatch.setenv("CONSEIL_DONNEES", str(tmp_path / "var"))
    monkeypatch.setenv("CONSEIL_NOW", "2011-09-14T10:00")
    return lambda *arguments: principal(["population", *map(str, arguments)])


def test_la_commande_importe_raconte_et_ecrit_les_rejets(commande, capsys, tmp_path):
    chemin = fichier(tmp_path, [personne(1), personne(2, telephone="douze")])
    assert commande("importer", chemin, "--caisse", CAISSE, "--rejets", tmp_path / "r.csv") == 0
    dit = lisible(capsys.readouterr().out)
    assert "2 lignes lues : 1 personne nouvelle, 0 modifiée, 0 inchangée, 1 ligne rejetée." in dit and "ligne 3, telephone" in dit
    rejets = list(csv.DictReader((tmp_path / "r.csv").open(encoding="utf-8-sig"), delimiter=";"))
    assert [(r["ligne"], r["colonne"], r["code"]) for r in rejets] == [("3", "telephone", "TELEPHONE_ILLISIBLE")]
    assert "douze" not in (tmp_path / "r.csv").read_text()


def test_la_commande_rend_du_json(commande, capsys, tmp_path):
    assert commande("importer", fichier(tmp_path, [personne(1), personne(1)]), "--caisse", CAISSE, "--json") == 0
    rendu = json.loads(capsys.readouterr().out)
    assert (rendu["lues"], rendu["nouvelles"], rendu["codes"]) == (2, 1, {"DOUBLON": 1}) and rendu["rejets"].endswith("population.rejets.csv")


def test_la_commande_refuse_avec_le_code_1_et_sans_fichier_de_rejets(commande, capsys, tmp_path):
    assert commande("importer", fichier(tmp_path, [personne(SPECIMEN)]), "--caisse", CAISSE, "--rejets", tmp_path / "r.csv") == 1
    assert "numéros de sécurité sociale (première fois ligne 2)" in lisible(capsys.readouterr().err) and not list(tmp_path.glob("r.csv*"))


def test_les_rejets_ne_peuvent_pas_ecraser_le_fichier(commande, capsys, tmp_path):
    chemin = fichier(tmp_path, [personne(1)])
    assert commande("importer", chemin, "--caisse", CAISSE, "--rejets", chemin) == 1
    assert "donnez un autre nom" in lisible(capsys.readouterr().err) and "FICTIF00001" in chemin.read_text()


def test_la_commande_dit_quelle_a_repris_ce_quune_panne_avait_laisse(commande, sessions, capsys, tmp_path):
    with sessions() as s:
        for etat in ("lecture", "fusion"):
            s.add(Importation(caisse_code=CAISSE, fichier=f"{etat}.csv", etat=etat, commencee_le=MAINTENANT, colonnes=["identifiant", "ville"]))
    assert commande("importer", fichier(tmp_path, [personne(1)]), "--caisse", CAISSE) == 0
    dit = lisible(capsys.readouterr().err)
    assert "« lecture.csv » (demo-aquitaine, 14 septembre 2011) avait été interrompu pendant la lecture : il est oublié" in dit
    assert "« fusion.csv » (demo-aquitaine, 14 septembre 2011) avait été interrompu : il vient d'être terminé" in dit


def test_la_progression_se_dit_sur_la_sortie_derreur(commande, capsys, tmp_path, monkeypatch):
    monkeypatch.setattr("bot.cli.population.BATTEMENT", 0)
    commande("importer", fichier(tmp_path, [personne(1)]), "--caisse", CAISSE)
    assert re.search(r"Lecture : 100 %, 1 ligne, .* par seconde…\nMise en place : 100 %", lisible(capsys.readouterr().err))


# -- fictitious people ------------------------------------------------------------------------------------------------------------------------


def fictifs(nombre, graine="7"):
    return list(generer(nombre, graine, annee=2011, villes=[("33000", "Bordeaux"), ("24000", "Périgueux")]))


def test_la_meme_graine_donne_les_memes_personnes_et_une_autre_non():
    assert fictifs(50) == fictifs(50) and fictifs(50) != fictifs(50, "8")


def test_la_population_fictive_entre_sans_un_rejet_et_personne_ne_peut_etre_derange(sessions, tmp_path):
    gens = fictifs(2000)
    assert charger(sessions, fichier(tmp_path, gens, ORDRE)).nouvelles == 2000
    assert all(p["nom"].startswith("Fictif-") and p["courriel"].endswith(("@exemple.example", "")) for p in gens)
    assert {p["telephone"][:8] for p in gens if p["telephone"]} <= {"01 99 00", "02 61 91", "03 53 01", "04 65 71", "05 36 49", "06 39 98"}


def test_les_proportions_sont_celles_dune_caisse_de_2011():
    gens = fictifs(5000)

    def part(vrai):
        return sum(map(vrai, gens)) / len(gens)
    assert {int(p["date_naissance"][:4]) for p in gens} <= set(range(1940, 1993))
    assert part(lambda p: p["carriere"] == "incomplete") == pytest.approx(0.22, abs=0.02)
    assert part(lambda p: p["date_affiliation"][:4] == "2011") == pytest.approx(0.08, abs=0.015)
    assert 0.15 < part(lambda p: p["auto_entrepreneur"] == "oui") < 0.35
    assert part(lambda p: p["statut"] == "actif" and p["date_naissance"][:4] in ("1952", "1957")) > 0.02


def test_la_commande_ecrit_une_population_fictive_que_lon_peut_importer(commande, capsys, tmp_path):
    sortie = tmp_path / "fictive.csv"
    assert commande("fictive", "--caisse", "demo-reunion", "--nombre", 200, "--graine", "a", "--sortie", sortie) == 0
    assert commande("importer", sortie, "--caisse", "demo-reunion") == 0
    assert "200 personnes nouvelles" in lisible(capsys.readouterr().out)
    assert {p["code_postal"] for p in csv.DictReader(sortie.open(encoding="utf-8"), delimiter=";")} == {"97400", "97410"}
