"""What the agenda understands of French days and hours: the cases of `cas_moment`, the calendar's traps, and what must hold for any text."""
import dataclasses
import itertools
import json
from datetime import datetime, timezone
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.agenda.moment import REFERENCE, Moment, comprendre, evaluer
from bot.agenda.moment_dates import NOMS_DE_JOUR, NOMS_DE_MOIS, paques
from bot.agenda.moment_texte import canonique, corriger
from bot.texte.normalisation import sans_accents
from tests.conftest import PARTAGE, lignes
from tests.unit.cas_moment import CAS, COURTS, DERNIERS, ENCORE, IMPOSSIBLES, LIBRES, RIEN, TEMOINS, jour, libre, periode

PARIS, REUNION, GUADELOUPE = ZoneInfo("Europe/Paris"), ZoneInfo("Indian/Reunion"), ZoneInfo("America/Guadeloupe")
TOUS = [*itertools.chain(*CAS.values()), *LIBRES, *COURTS, *DERNIERS, *ENCORE, *TEMOINS]


def compris(texte: str, a: "str | datetime" = REFERENCE, zone: ZoneInfo = PARIS) -> dict:
    """The JSON of a text at an instant, given as local wall-clock time or as an aware datetime."""
    instant = datetime.fromisoformat(a).replace(tzinfo=zone) if isinstance(a, str) else a
    return comprendre(texte, instant, zone).en_json()


# ---- the cases --------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize(("texte", "attendu"), [pytest.param(t, a, id=f"{regle}: {t}") for regle, cas in CAS.items() for t, a in cas])
def test_regle(texte, attendu):
    assert compris(texte) == attendu


@pytest.mark.parametrize(("texte", "attendu"), LIBRES + COURTS + DERNIERS + ENCORE + TEMOINS)
def test_ce_que_les_gens_ecrivent(texte, attendu):
    assert compris(texte) == attendu


@pytest.mark.parametrize(("texte", "attendu", "nom"), IMPOSSIBLES)
def test_ce_qui_n_existe_pas_est_nomme(texte, attendu, nom):
    moment = comprendre(texte, REFERENCE)
    assert (moment.en_json(), moment.impossible) == (attendu, nom)


def test_une_date_qui_existe_n_est_pas_impossible():
    assert [t for t, a in TOUS if a and comprendre(t, REFERENCE).impossible] == []


def test_deux_bornes_contraires_sont_refusees_telles_quelles():
    moment = comprendre("après le 20 octobre mais avant le 10 octobre", REFERENCE)
    assert (moment.en_json(), moment.impossible) == ({}, "après le 20 octobre mais avant le 10 octobre")


@pytest.mark.parametrize(("texte", "date", "discordance"), [
    ("mardi 5 octobre", "2011-10-05", "mardi 5"), ("vendredi 06/10/2011", "2011-10-06", "vendredi 6"), ("lundi 20", "2011-09-20", "lundi 20"),
    ("mercredi 5 octobre", "2011-10-05", None), ("lundi 3", "2011-10-03", None)])
def test_un_jour_qui_n_est_pas_celui_de_la_date_est_signale(texte, date, discordance):
    moment = comprendre(texte, REFERENCE)
    assert (moment.en_json()["date"], moment.discordance) == (date, discordance)


# ---- several constraints in one sentence ------------------------------------------------------------------------------

_DES_JOURS = ["demain", "mardi", "mardi prochain", "lundi en huit", "ce vendredi", "le 26 septembre", "jeudi 13 octobre", "le 5/10", "le 06.10.2011", "lun. 26/9",
              "le 22", "mardi 27", "le 7 du mois prochain", "dans 12 jours", "le premier mardi d'octobre", "la semaine prochaine", "semaine 41", "en novembre",
              "la semaine du 19", "du 10 au 14 octobre", "fin septembre", "début du mois prochain", "à partir du 5 octobre", "pas avant le 21 septembre",
              "avant le 20", "d'ici vendredi", "jusqu'au 7 octobre", "entre le 3 et le 7 octobre", "les lundis et jeudis", "le mardi", "pas le jeudi",
              "ni lundi ni mardi", "sauf le samedi", "du lundi au mercredi", "uniquement le lundi", "le 3 ou le 4 octobre", "demain ou lundi", "jeud 13 octbre"]
_DES_HEURES = ["à 14h", "9h30", "vers 16h", "14:30", "à midi", "9 heures et quart", "10h moins le quart", "entre 10h et 11h", "de 14 h à 16 h", "avant 10h",
               "après 17h", "à partir de 15h30", "entre midi et deux", "14h-16h", "pas avant 9h", "le matin", "en fin de matinée", "pas le matin", "plutôt le soir"]


def _dits(texte: str) -> dict:
    return {cle: valeur for cle, valeur in compris(texte).items() if valeur is not None}


@pytest.mark.parametrize("phrase", ["{0}, {1}", "{1}, {0}", "je préfère {0} si possible {1}", "plutôt {1} et {0} svp"])
def test_le_jour_et_l_heure_se_disent_dans_tous_les_ordres(phrase):
    couples = itertools.product(_DES_JOURS, _DES_HEURES)
    assert [t for j, h in couples if _dits(t := phrase.format(j, h)) != _dits(j) | _dits(h)] == []


# ---- orders that close time -------------------------------------------------------------------------------------------

@pytest.mark.parametrize(("texte", "ordre", "souhait"), [
    ("je suis absent du 10 au 12 octobre", periode("10-10", "10-12"), libre(exclude_dates=["2011-10-10", "2011-10-11", "2011-10-12"])),
    ("Ferme mes créneaux du vendredi 21, je suis en formation", jour("10-21"), libre(exclude_dates=["2011-10-21"])),
    ("indisponible mardi matin", jour("09-20", part="matin"), libre(exclude_weekdays=["mardi"]))])
def test_un_ordre_de_fermeture_ne_lit_pas_de_refus(texte, ordre, souhait):
    assert comprendre(texte, REFERENCE, refus=False).en_json() == ordre
    assert compris(texte) == souhait


# ---- the calendar's traps ---------------------------------------------------------------------------------------------

@pytest.mark.parametrize(("texte", "maintenant", "attendu"), [
    # summer time begins on 27 March 2011 at 2 h, ends on 30 October at 3 h
    ("demain", "2011-03-26T23:30", jour("03-27")),
    ("demain", "2011-03-27T01:30", jour("03-28")),
    ("dans 2 heures", "2011-03-27T01:30", jour("03-27", "04:30")),
    ("dans une heure", "2011-03-27T01:15", jour("03-27", "03:15")),
    ("dans 24h", "2011-03-26T10:00", jour("03-27")),
    ("dans deux jours", "2011-03-26T12:00", jour("03-28")),
    ("dans 2 heures", "2011-10-30T01:30", jour("10-30", "02:30")),
    ("demain à 2h30 du matin", "2011-10-29T12:00", jour("10-30", "02:30")),
    ("lundi 9h", "2011-10-29T12:00", jour("10-31", "09:00")),
    ("dimanche 27 mars à 9h", "2011-03-20T12:00", jour("03-27", "09:00")),
    # year end
    ("demain", "2011-12-31T15:00", jour("2012-01-01")),
    ("le 3", "2011-12-30T10:00", jour("2012-01-03")),
    ("la semaine prochaine", "2011-12-30T10:00", periode("2012-01-02", "2012-01-06")),
    ("le 5 janvier", "2011-12-20T10:00", jour("2012-01-05")),
    ("du 28 au 3", "2011-12-20T10:00", periode("12-28", "2012-01-03")),
    ("du 28 décembre au 3 janvier", "2011-12-20T10:00", periode("12-28", "2012-01-03")),
    ("dans 15 jours", "2011-12-20T10:00", jour("2012-01-03")),
    ("le mois prochain", "2011-12-20T10:00", periode("2012-01-01", "2012-01-31")),
    ("en décembre", "2011-12-20T10:00", periode("12-01", "12-31")),
    ("semaine 1", "2011-12-30T10:00", periode("2012-01-02", "2012-01-06")),
    ("semaine 52", "2011-12-30T10:00", periode("12-26", "12-30")),
    ("le jour de l'an", "2011-12-30T10:00", jour("2012-01-01")),
    ("le dernier lundi du mois prochain", "2011-12-05T10:00", jour("2012-01-30")),
    ("en janvier", "2011-01-15T10:00", periode("01-01", "01-31")),
    ("le 20 décembre", "2012-01-10T10:00", jour("2012-12-20")),
    ("semaine 53", "2009-12-01T10:00", periode("2009-12-28", "2010-01-01")),
    # six months: further back is next year
    ("le 16 mars", "2011-09-14T10:00", jour("03-16")),
    ("le 14 mars", "2011-09-14T10:00", jour("2012-03-14")),
    # 29 February and short months
    ("dans deux jours", "2012-02-27T10:00", jour("2012-02-29")),
    ("le 29", "2012-02-10T10:00", jour("2012-02-29")),
    ("le 29", "2011-02-10T10:00", jour("03-29")),
    ("le 29 février", "2011-02-10T10:00", jour("2012-02-29")),
    ("le 30", "2012-01-31T10:00", jour("2012-03-30")),
    ("le 31", "2011-09-14T10:00", jour("10-31")),
    ("dans un mois", "2012-01-31T10:00", jour("2012-02-29")),
    ("fin février", "2012-01-31T10:00", periode("2012-02-21", "2012-02-29")),
    ("le mois prochain", "2012-01-31T10:00", periode("2012-02-01", "2012-02-29")),
    ("le dernier jour de février", "2012-01-31T10:00", jour("2012-02-29")),
    # midnight, and days said on that very day
    ("aujourd'hui", "2011-09-14T00:00", jour("09-14")),
    ("demain", "2011-09-14T23:59", jour("09-15")),
    ("demain à minuit", "2011-09-14T10:00", jour("09-15", "00:00")),
    ("dans 2 heures", "2011-09-14T23:00", jour("09-15", "01:00")),
    ("mercredi", "2011-09-14T00:00", jour("09-21")),
    ("ce mercredi", "2011-09-14T23:59", jour("09-14")),
    ("cette semaine", "2011-09-18T10:00", periode("09-12", "09-16")),
    ("cette semaine", "2011-09-12T10:00", periode("09-12", "09-16")),
    ("fin de semaine", "2011-09-17T10:00", periode("09-22", "09-23")),
    ("début de mois", "2011-09-05T10:00", periode("09-01", "09-10")),
    ("début de mois", "2011-09-20T10:00", periode("10-01", "10-10")),
    ("le premier lundi du mois", "2011-09-01T10:00", jour("09-05")),
])
def test_calendrier(texte, maintenant, attendu):
    assert compris(texte, maintenant) == attendu


def test_l_heure_sautee_au_passage_a_l_heure_d_ete_n_existe_pas():
    moment = comprendre("le 27 mars à 2h30 du matin", datetime(2011, 3, 20, 12, tzinfo=PARIS))
    assert moment.en_json() == jour("03-27")
    assert moment.impossible == "27\u00a0mars\u00a02011 à 2\u00a0h\u00a030 du matin"


def test_la_meme_heure_existe_la_ou_l_on_ne_change_pas_d_heure():
    moment = comprendre("le 27 mars à 2h30 du matin", datetime(2011, 3, 20, 12, tzinfo=REUNION), REUNION)
    assert (moment.en_json(), moment.impossible) == (jour("03-27", "02:30"), None)


def test_le_29_fevrier_trop_ancien_n_existe_pas_l_an_prochain():
    moment = comprendre("le 29 février", datetime(2012, 9, 14, tzinfo=PARIS))
    assert (moment.en_json(), moment.impossible) == ({}, "29 février")


@pytest.mark.parametrize(("zone", "aujourdhui", "demain"), [
    (PARIS, "09-15", "09-16"), (REUNION, "09-15", "09-16"), (GUADELOUPE, "09-14", "09-15"), (ZoneInfo("America/Cayenne"), "09-14", "09-15"),
    (ZoneInfo("America/Martinique"), "09-14", "09-15"), (ZoneInfo("Pacific/Noumea"), "09-15", "09-16")])
def test_le_jour_est_celui_de_la_personne(zone, aujourdhui, demain):
    instant = datetime(2011, 9, 14, 22, 30, tzinfo=timezone.utc)
    assert compris("aujourd'hui", instant, zone) == jour(aujourdhui)
    assert compris("demain", instant, zone) == jour(demain)


def test_dans_une_heure_est_a_l_heure_locale():
    assert compris("dans une heure", datetime(2011, 9, 14, 8, tzinfo=timezone.utc), REUNION) == jour("09-14", "13:00")


@pytest.mark.parametrize(("annee", "jour_de_paques"), [(2008, "03-23"), (2010, "04-04"), (2011, "04-24"), (2012, "04-08"), (2038, "04-25")])
def test_paques(annee, jour_de_paques):
    assert paques(annee).strftime("%m-%d") == jour_de_paques


# ---- words ------------------------------------------------------------------------------------------------------------

def _fautes(mot: str) -> set:
    """One letter forgotten, doubled or swapped, after the first."""
    oublis = {mot[:i] + mot[i + 1:] for i in range(1, len(mot))}
    inversions = {mot[:i] + mot[i + 1] + mot[i] + mot[i + 2:] for i in range(1, len(mot) - 1)}
    return (oublis | inversions | {mot[:i] + mot[i:i + 1] + mot[i:] for i in range(1, len(mot))}) - {mot}


# Real words, one letter away: left alone on purpose.
_VRAIS = {"mari", "main"}


@pytest.mark.parametrize("mot", [*NOMS_DE_JOUR, *(m for m in NOMS_DE_MOIS if len(m) > 4), "demain", "semaine", "prochain", "matin"])
def test_une_faute_est_pardonnee(mot):
    assert {f for f in _fautes(mot) if corriger(f) != mot} <= _VRAIS


@pytest.mark.parametrize("mot", ["mari", "main", "marin", "martin", "malin", "demande", "domaine", "vendre", "vendu", "nombre", "fermer", "ferme", "sembler",
                                 "avis", "avoir", "octroi", "decembre", "semblable", "prochainement", "jeune", "mais", "moi", "voir", "midi"])
def test_un_vrai_mot_n_est_pas_corrige(mot):
    assert corriger(mot) == mot


@pytest.mark.parametrize("texte", ["le lundi", "le lundi,", "LE LUNDI", "  le   lundi  ", "le lundi.", "(le lundi)", "« le lundi »", "le\u00a0lundi", "le\nlundi"])
def test_la_typographie_ne_change_rien(texte):
    assert compris(texte) == libre(weekdays=["lundi"])


@pytest.mark.parametrize("variante", [str.upper, sans_accents, lambda t: t + ".", lambda t: f"Bonjour, {t} svp merci",
                                      lambda t: t.replace("'", "’"), lambda t: t.replace(" ", "\u00a0")])
def test_ni_la_casse_ni_les_accents_ni_la_politesse_ne_changent_le_sens(variante):
    assert [t for t, attendu in TOUS if compris(variante(t)) != attendu] == []


def test_un_texte_ne_peut_pas_poser_un_noeud():
    assert compris("<j0> <h1> à partir de <m2>") == RIEN
    assert "<" not in canonique("le <j0> 5 octobre")


# ---- reading back -----------------------------------------------------------------------------------------------------

def _relu(moment: Moment) -> Moment:
    return comprendre(moment.en_francais(), REFERENCE)


def _sans_remarque(moment: Moment) -> Moment:
    return dataclasses.replace(moment, impossible=None, discordance=None)


def test_ce_qui_est_relu_a_la_personne_veut_dire_la_meme_chose():
    assert [t for t, _ in TOUS if _relu(comprendre(t, REFERENCE)) != _sans_remarque(comprendre(t, REFERENCE))] == []


@pytest.mark.parametrize(("texte", "relu"), [
    ("jeudi 6 octobre vers 14h30", "le jeudi 6 octobre 2011, à 14 h 30"),
    ("un mardi après-midi avant le 20", "jusqu'au 19 septembre 2011, le mardi, l'après-midi"),
    ("la semaine prochaine sauf le lundi, après 17h", "du 19 septembre 2011 au 23 septembre 2011, à partir de 17 h 00, sauf le lundi"),
    ("pas le matin", "sauf le matin"), ("bonjour", "")])
def test_en_francais(texte, relu):
    assert comprendre(texte, REFERENCE).en_francais().replace("\u00a0", " ") == relu


# ---- whatever the text ------------------------------------------------------------------------------------------------

_MOTS = ["le", "du", "au", "à", "et", "ou", "ni", "pas", "sauf", "avant", "après", "jusqu'au", "à partir du", "d'ici", "dans", "entre", "de", "lundi", "mardi",
         "les jeudis", "prochain", "dernier", "en huit", "octobre", "février", "mi-novembre", "fin", "début", "semaine", "semaine 40", "la semaine du", "mois",
         "3", "31", "29", "1er", "2012", "5/10", "30/02", "06.10.2011", "14h", "9h30", "25h", "3h", "midi", "minuit", "et demie", "moins le quart", "matin",
         "après-midi", "soir", "week-end", "demain", "aujourd'hui", "15 jours", "un mois", "deux semaines", "quinzaine", "premier", "Noël", ",", ".", "|", "-"]
_PHRASES = st.one_of(st.text(max_size=80), st.lists(st.sampled_from(_MOTS), max_size=14).map(" ".join))
_INSTANTS = st.datetimes(datetime(1990, 1, 1), datetime(2080, 12, 31), timezones=st.sampled_from([PARIS, REUNION, GUADELOUPE, timezone.utc]))
_CLES = {"date", "time", "from", "to", "part", "time_from", "time_to", "weekdays", "exclude_weekdays", "exclude_parts", "exclude_dates", "time_ranges"}


@settings(max_examples=25000, deadline=None)
@given(_PHRASES, _INSTANTS, st.sampled_from([PARIS, REUNION, GUADELOUPE]))
def test_tout_texte_donne_une_contrainte_qui_se_tient(texte, instant, zone):
    moment = comprendre(texte, instant, zone)
    resultat = moment.en_json()
    assert set(resultat) <= _CLES and json.loads(json.dumps(resultat)) == resultat
    assert bool(resultat) == bool(moment)
    assert not (resultat and ({"date", "time"} <= set(resultat)) == ({"from", "to", "part"} <= set(resultat)))
    assert moment.du is None or moment.au is None or moment.du <= moment.au
    assert moment.heure_de is None or moment.heure_a is None or moment.heure_de < moment.heure_a
    assert not set(moment.jours) & set(moment.sans_jours)


@settings(max_examples=25000, deadline=None)
@given(_PHRASES)
def test_se_relire_ne_change_pas_le_sens(texte):
    moment = comprendre(texte, REFERENCE)
    assert _relu(moment) == _sans_remarque(moment)


def test_un_tres_long_texte_est_lu_comme_un_autre():
    assert compris("le lundi " + "pas le mardi, " * 5000)["weekdays"] == ["lundi"]


# ---- measuring --------------------------------------------------------------------------------------------------------

def test_evaluer_compte_les_erreurs_et_ce_qui_est_en_trop():
    mesure = evaluer([{"text": "demain 14h", "date": "2011-09-15", "time": "14:00", "style": "typo"},
                      {"text": "le mardi matin", "date": None, "time": None, "weekdays": ["mardi"]},
                      {"text": "demain", "date": "2011-09-16", "time": None},
                      {"text": "bonjour"}, {"text": "demain"}])
    assert (mesure["n"], mesure["right"], mesure["rate"], mesure["surplus"]) == (5, 3, 0.6, 1)
    assert mesure["errors"] == [
        {"text": "demain", "expected": {"date": "2011-09-16", "time": None}, "got": {"date": "2011-09-15", "time": None}},
        {"text": "demain", "expected": {}, "got": {"date": "2011-09-15", "time": None}}]


def test_evaluer_tient_null_pour_absent():
    assert evaluer([{"text": "le matin", "date": None, "time_from": None, "part": "matin"}])["right"] == 1
    assert evaluer([{"text": "demain", "date": None}])["right"] == 0


@pytest.mark.skipif(not (PARTAGE / "dates_dev.jsonl").exists(), reason="the measuring file is not shipped with the code")
def test_le_fichier_de_mesure():
    reelles = lignes(PARTAGE / "dates_dev.jsonl")
    mesure = evaluer(reelles)
    assert mesure["rate"] >= 0.98, mesure["errors"]
    assert not {ligne["text"] for ligne in reelles} & {t for t, _ in TOUS}, "a case copies the measuring file"
