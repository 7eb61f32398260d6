"""Code and three letters, five tries, ten minutes; the opening code of an invitation; calendar files and feeds."""
from datetime import date, timedelta

import icalendar
import pytest

from bot.agenda import code_ouverture, ics, identification, rencontres, reservation
from bot.agenda.auteurs import ASSURE_CHAT, SYSTEME
from bot.agenda.identite import Personne, cle, lettres, telephone
from bot.agenda.refus import AccesExpire, EnPause, Introuvable
from bot.contacts import codes
from bot.contacts.tables import Action, Cible, CodeOuverture, Conseiller, Contact, Entretien, Envoi, Lot, Socle
from tests.unit.agenda_aide import LUNDI, MAINTENANT, a, assure, base_agenda, installer, moteur_agenda, ouvrir, plus, quelqu_un, reserver  # noqa: F401

MARDI = LUNDI + timedelta(1)
CLE = b"x" * 32


@pytest.fixture
def monde(base):
    m = installer(base)
    with base() as s:
        ouvrir(s, m)
        ouvrir(s, m, MARDI, codes=("conseil_social", "retraite"))
    return m


@pytest.fixture
def pose(base, monde):
    with base() as s:
        return reserver(s, monde, a(LUNDI, "9:00"), personne=Personne(nom="d’Été-Martin", telephone="0639980001"))


def identifier(base, code, nom, quand=MAINTENANT, visiteurs=("conversation",)):
    with base() as s:
        return identification.identifier(s, code=code, nom=nom, visiteurs=visiteurs, maintenant=quand)


@pytest.mark.parametrize("nom", ["d'été", "DET", "D E T", "d-e-tout autre chose"])
def test_le_code_et_trois_lettres_ouvrent_sans_accents_ni_espaces_ni_tirets(base, pose, nom):
    saisi = f" {pose.code[:4].lower()}-{pose.code[4:]} "
    assert identifier(base, saisi, nom).acces.entretien.id == pose.id


def test_un_nom_de_deux_lettres_suffit_a_qui_s_appelle_ainsi(base, monde):
    with base() as s:
        e = reserver(s, monde, a(LUNDI, "9:00"), personne=Personne(nom="Ly", telephone="0639980001"))
    assert identifier(base, e.code, "ly").acces is not None
    assert identifier(base, e.code, "").refus.code == "INTROUVABLE"


def test_un_code_inconnu_et_un_mauvais_nom_ont_la_meme_reponse(base, pose):
    inconnu, mauvais = identifier(base, "ABCDEFGH", "det").refus, identifier(base, pose.code, "dup").refus
    assert (type(inconnu), inconnu.message) == (type(mauvais), mauvais.message) == (Introuvable, Introuvable.message)


def test_cinq_erreurs_ouvrent_une_pause_d_un_quart_d_heure_a_la_seconde(base, pose):
    issues = [type(identifier(base, "ABCDEFGH", "det").refus) for _ in range(5)]
    assert issues == [Introuvable] * 4 + [EnPause]
    assert type(identifier(base, pose.code, "det", plus(minutes=14, seconds=59)).refus) is EnPause
    assert identifier(base, pose.code, "det", visiteurs=("autre",)).acces is not None
    assert identifier(base, pose.code, "det", plus(minutes=15)).acces is not None


def test_une_bonne_reponse_remet_le_compte_a_zero(base, pose):
    for _ in range(2):
        for _ in range(4):
            identifier(base, "ABCDEFGH", "det")
        assert identifier(base, pose.code, "det").acces is not None


def test_chaque_moyen_de_reconnaitre_le_visiteur_compte(base, pose):
    for n in range(5):
        identifier(base, "ABCDEFGH", "det", visiteurs=(f"conversation{n}", "adresse"))
    assert type(identifier(base, pose.code, "det", visiteurs=("nouvelle", "adresse")).refus) is EnPause


def test_l_acces_dure_dix_minutes_a_la_seconde_et_se_ferme(base, pose):
    jeton = identifier(base, pose.code, "det").acces.jeton
    with base() as s:
        assert identification.reprendre(s, jeton, plus(minutes=9, seconds=59)).entretien.id == pose.id
        for faux, quand in ((jeton, plus(minutes=10)), ("invente", MAINTENANT)):
            with pytest.raises(AccesExpire):
                identification.reprendre(s, faux, quand)
        identification.fermer(s, jeton)
        with pytest.raises(AccesExpire):
            identification.reprendre(s, jeton, MAINTENANT)


def test_le_code_d_une_inscription_ouvre_aussi(base, monde):
    with base() as s:
        r = rencontres.creer(s, rencontres.DemandeRencontre(monde.caisse_code, "autre", "Rencontre fictive", "Bordeaux", a(LUNDI, "17:30"),
                                                            a(LUNDI, "19:00"), monde.fuseau, [], 3), SYSTEME, MAINTENANT)
        i = rencontres.inscrire(s, r, quelqu_un(4), ASSURE_CHAT, MAINTENANT)
    assert identifier(base, i.code, "exe").acces.inscription.id == i.id


def test_un_code_n_a_aucun_signe_ambigu_et_ne_revient_pas():
    tires = {codes.tirer() for _ in range(500)}
    assert len(tires) == 500 and not set("".join(tires)) & set("01OIL") and set("".join(tires)) <= set(codes.ALPHABET)
    assert codes.lire("ab-cd éf") == "ABCDEF" and lettres("Œuvrard") == "oeu"


@pytest.mark.parametrize("saisi, lu", [("06 39 98 00 00", "0639980000"), ("+33 6 39 98 00 00", "0639980000"), ("0033639980000", "0639980000"),
                                       ("+262 262 01 02 03", "0262010203"), ("06.39.98.00.0", None), ("3648", None), ("", None), (None, None)])
def test_un_numero_francais_se_lit_de_toutes_les_facons(saisi, lu):
    assert telephone(saisi) == lu


def test_la_cle_d_une_personne_ne_dit_rien_d_elle():
    qui = Personne(nom="Été", telephone="0639980000")
    assert cle("c", qui) == cle("c", Personne(nom="ETE", telephone="0639980000")) != cle("d", qui)
    assert "ete" not in cle("c", qui) and cle("c", Personne(nom="Été")) is None


# ---- invitation ---------------------------------------------------------------------------------------------------


@pytest.fixture
def invitation(base, monde):
    """A letter to someone born in 1952, under the EIG of 2011."""
    with base() as s:
        socle = s.query(Socle).one()
        socle.contenu = {"cibles": [{"code": "EIG", "criteres": {"annees_naissance": [1952, 1957]}}]}
        eig = Cible(socle_id=socle.id, code="EIG", perimetre="socle", genre="entretien", titre="EIG", du=date(2011, 7, 1), au=date(2012, 3, 31))
        s.add(eig)
        s.flush()
        action = Action(caisse_code=monde.caisse_code, cible_id=eig.id, perimetre="socle", annee=2011, code="EIG", titre="EIG")
        qui = assure(s, date_naissance=date(1952, 5, 4))
        s.add(action)
        s.flush()
        lot = Lot(action_id=action.id, numero=1, modele="essai", etat="parti", prepare_le=MAINTENANT)
        s.add(lot)
        s.flush()
        envoi = Envoi(lot_id=lot.id, action_id=action.id, assure_id=qui.id, canal="courrier", etat="envoye")
        s.add(envoi)
        s.flush()
        s.add(CodeOuverture(empreinte=codes.empreinte_ouverture(CLE, "ABCD2345"), envoi_id=envoi.id, assure_id=qui.id, action_id=action.id,
                            expire_le=plus(days=30)))
        return action.id, qui.id


def ouvrir_code(base, code="abcd-2345", caisse="demo-aquitaine", quand=MAINTENANT, cle_=CLE):
    with base() as s:
        return code_ouverture.ouvrir_par_code(s, code, cle_, caisse_code=caisse, visiteurs=("v",), maintenant=quand)


def test_le_code_d_une_lettre_ouvre_avec_la_personne_l_action_et_ses_motifs(base, monde, invitation):
    trouve = ouvrir_code(base).invitation
    assert (trouve.action.id, trouve.assure.id, [m.code for m in trouve.motifs]) == (*invitation, ["retraite", "retraite_telephone"])


@pytest.mark.parametrize("change", [{"code": "ABCD2346"}, {"caisse": "demo-reunion"}, {"quand": plus(days=30)}, {"cle_": b"y" * 32}])
def test_un_code_invente_expire_d_ailleurs_ou_d_une_autre_cle_a_la_meme_reponse(base, monde, invitation, change):
    assert ouvrir_code(base, **change).refus.code == "CODE_OUVERTURE_INCONNU"


def test_cinq_codes_de_lettre_inventes_ouvrent_la_pause(base, monde, invitation):
    assert [ouvrir_code(base, "ABCD2346").refus.code for _ in range(5)][-1] == "EN_PAUSE_CODE"
    assert ouvrir_code(base).refus.code == "EN_PAUSE_CODE"


def test_reserver_par_la_lettre_compte_dans_la_campagne_et_marque_le_code(base, monde, invitation):
    action_id, assure_id = invitation
    trouve = ouvrir_code(base).invitation
    with base() as s:
        e = reserver(s, monde, a(MARDI, "9:00"), code="retraite", personne=Personne(assure_id=assure_id), invitation=trouve.empreinte)
        assert (s.get_one(Contact, e.contact_id).origine, s.get_one(Contact, e.contact_id).action_id) == ("campagne", action_id)
        assert s.get_one(CodeOuverture, trouve.empreinte).utilise_le == MAINTENANT


def test_l_invitation_d_un_autre_ne_donne_pas_son_action(base, monde, invitation):
    trouve = ouvrir_code(base).invitation
    with base() as s:
        e = reserver(s, monde, a(MARDI, "9:00"), code="retraite", invitation=trouve.empreinte)
        assert s.get_one(Contact, e.contact_id).origine == "spontane"
        assert s.get_one(CodeOuverture, trouve.empreinte).utilise_le is None


def test_hors_de_la_cible_ou_hors_du_fichier_l_entretien_est_spontane_plutot_que_refuse(base, monde, invitation):
    action_id, _ = invitation
    with base() as s:
        jeune = assure(s, 2)
        e = reserver(s, monde, a(MARDI, "9:00"), personne=Personne(assure_id=jeune.id), action_id=action_id)
        f = reserver(s, monde, a(MARDI, "10:15"), personne=quelqu_un(3), action_id=action_id)
        assert {s.get_one(Contact, x.contact_id).origine for x in (e, f)} == {"spontane"}


def test_deplace_hors_de_la_fenetre_de_sa_campagne_l_entretien_devient_spontane(base, monde, invitation):
    action_id, assure_id = invitation
    with base() as s:
        e = reserver(s, monde, a(LUNDI, "9:00"), personne=Personne(assure_id=assure_id), action_id=action_id)
        premier = e.contact_id
        assert s.get_one(Contact, premier).origine == "campagne"
        s.get_one(Cible, s.get_one(Action, action_id).cible_id).au = LUNDI
        reservation.deplacer(s, e, debut=a(MARDI, "9:00"), antenne_id=monde.antennes["Bordeaux"], auteur=ASSURE_CHAT, maintenant=MAINTENANT)
        assert s.get_one(Contact, premier).resultat == "annule"
        assert (s.get_one(Contact, e.contact_id).origine, s.get_one(Contact, e.contact_id).jour) == ("spontane", MARDI)


# ---- calendar files -----------------------------------------------------------------------------------------------


def lire(octets):
    calendrier = icalendar.Calendar.from_ical(octets)
    return calendrier, [x for x in calendrier.walk("VEVENT")]


def test_le_fichier_d_un_entretien_garde_son_uid_et_sa_sequence_monte(base, monde, pose):
    with base() as s:
        e = s.get_one(Entretien, pose.id)
        etapes = [ics.entretien(s, e)]
        reservation.deplacer(s, e, debut=a(MARDI, "9:00"), antenne_id=monde.antennes["Bordeaux"], auteur=ASSURE_CHAT, maintenant=plus(minutes=5))
        etapes.append(ics.entretien(s, e))
        reservation.annuler(s, e, auteur=ASSURE_CHAT, maintenant=plus(minutes=9))
        etapes.append(ics.entretien(s, e))
    lus = [lire(x) for x in etapes]
    assert len({str(ev["UID"]) for _, (ev,) in lus}) == 1
    assert [(int(ev["SEQUENCE"]), str(ev["STATUS"]), str(c["METHOD"])) for c, (ev,) in lus] == [
        (0, "CONFIRMED", "PUBLISH"), (1, "CONFIRMED", "PUBLISH"), (2, "CANCELLED", "CANCEL")]
    calendrier, (ev,) = lus[1]
    assert ev["DTSTART"].dt == a(MARDI, "9:00") and [str(z["TZID"]) for z in calendrier.walk("VTIMEZONE")] == ["Europe/Paris"]


def test_le_fichier_ne_dit_ni_le_motif_ni_le_nom(base, monde, pose):
    with base() as s:
        texte = ics.entretien(s, s.get_one(Entretien, pose.id)).decode().replace("\r\n ", "")
    assert "conseil social" not in texte and "Martin" not in texte and "Bordeaux" in texte and pose.code in texte


def test_le_flux_d_un_conseiller_ne_nomme_personne_et_son_adresse_se_revoque(base, monde, pose):
    with base() as s:
        e = s.get_one(Entretien, pose.id)
        jeton = ics.nouveau_flux(s, e.conseiller_id, MAINTENANT)
        qui = ics.conseiller_du_flux(s, jeton)
        texte = ics.flux(s, qui, MAINTENANT).decode().replace("\r\n ", "")
        assert "Entretien – Entretien de conseil social\\, à l'antenne – Bordeaux" in texte and "Martin" not in texte and pose.code not in texte.upper()
        reservation.annuler(s, e, auteur=ASSURE_CHAT, maintenant=MAINTENANT)
        assert "STATUS:CANCELLED" in ics.flux(s, qui, MAINTENANT).decode()
        nouveau = ics.nouveau_flux(s, qui.id, plus(days=1))
        assert ics.conseiller_du_flux(s, nouveau).id == qui.id
        with pytest.raises(Introuvable):
            ics.conseiller_du_flux(s, jeton)


def test_le_flux_garde_un_mois_du_passe(base, monde, pose):
    with base() as s:
        qui = s.get_one(Conseiller, pose.conseiller_id)
        assert [len(lire(ics.flux(s, qui, pose.debut + timedelta(days=j)))[1]) for j in (31, 32)] == [1, 0]
