# ruff: noqa: F811  (fixtures are imported by name; one fault a line)
"""The life of a bilan: who may do what, what is frozen, the deadline, and what people write that must never be lost."""
import json
from datetime import datetime, timedelta, timezone

import pytest
from sqlalchemy import select, text

from bot.bilan import cles, echange, echeance, etats, reception, registre, saisie
from bot.bilan.etats import OPERATEUR
from bot.contacts.tables import Bilan, ExerciceBilan, Historique
from tests.annee_bilan import CAISSE, CLE, FIN, acte, annee, modele_bilan, signe  # noqa: F401  (fixtures)

DOSSIER = saisie.dossier_regional(CAISSE, 2011)


def controle(s):
    bilan = etats.preparer(s, CAISSE, 2011, acte(s, "responsable"), FIN)
    assert etats.controler_bilan(s, bilan, acte(s, "responsable"), FIN).passe
    return bilan


def vise(s, bilan):
    for genre, niveau in (("chiffres", "agent_comptable"), ("prevention", "medecin_conseil")):
        etats.viser(s, bilan, genre, acte(s, niveau), FIN, bilan.sha256)


def cle_de(s):
    connue = cles.en_vigueur(s, CAISSE, 2011)
    return cles.privee(connue, CLE), connue.kid


def test_du_brouillon_a_l_acceptation_par_les_bons_roles(annee):
    with annee() as s:
        bilan = controle(s)
        vise(s, bilan)
        octets = etats.signer(s, bilan, *cle_de(s), acte(s, "directeur"), FIN, sha256=bilan.sha256)
        assert etats.transmettre(s, bilan, acte(s, "directeur"), FIN) == octets
        recu = reception.recevoir(s, "b.json", octets, FIN)
        assert (recu.etat, bilan.etat, bilan.hors_delai) == ("accepte", "accepte", False)
        passes = s.scalars(select(Historique.commande).where(Historique.objet == "bilan").order_by(Historique.id)).all()
    assert [c.removeprefix("bilan.") for c in passes] == ["preparer", "controle", "viser", "viser", "signe", "transmis", "accuse", "accepte"]


@pytest.mark.parametrize("niveau", ["responsable", "agent_comptable", "medecin_conseil"])
def test_seul_le_directeur_signe(annee, niveau):
    with annee() as s:
        bilan = controle(s)
        vise(s, bilan)
        with pytest.raises(etats.PasAVous):
            etats.signer(s, bilan, *cle_de(s), acte(s, niveau), FIN)
        assert bilan.enveloppe is None


def test_sans_les_deux_visas_le_directeur_ne_signe_pas(annee):
    with annee() as s:
        bilan = controle(s)
        etats.viser(s, bilan, "chiffres", acte(s, "agent_comptable"), FIN, bilan.sha256)
        with pytest.raises(etats.VisaManquant):
            etats.signer(s, bilan, *cle_de(s), acte(s, "directeur"), FIN)


@pytest.mark.parametrize("genre, niveau", [("chiffres", "directeur"), ("chiffres", "medecin_conseil"), ("prevention", "agent_comptable")])
def test_chacun_vise_ce_qui_est_a_lui(annee, genre, niveau):
    with annee() as s:
        bilan = controle(s)
        with pytest.raises(etats.PasAVous):
            etats.viser(s, bilan, genre, acte(s, niveau), FIN, bilan.sha256)


def test_un_visa_ne_vaut_que_pour_le_contenu_lu(annee):
    with annee() as s:
        bilan = controle(s)
        with pytest.raises(etats.DonneesChangees):
            etats.viser(s, bilan, "chiffres", acte(s, "agent_comptable"), FIN, "ab" * 32)
        vise(s, bilan)
        saisie.ecrire(s, DOSSIER, "textes.synthese", "Une phrase de plus.", base=None, auteur="x", maintenant=FIN)
        etats.controler_bilan(s, bilan, acte(s, "responsable"), FIN)
        assert etats.visas(s, bilan) == {}


def test_apres_la_signature_un_changement_de_donnees_ne_change_plus_le_bilan(annee):
    with annee() as s:
        octets = signe(s)
    with annee() as s:
        s.execute(text("UPDATE contact SET minutes = 200 WHERE type = 'entretien'"))
        bilan = etats.courant(s, CAISSE, 2011)
        assert bilan.enveloppe.encode() == octets
        with pytest.raises(etats.SuiteInterdite):
            etats.controler_bilan(s, bilan, acte(s, "responsable"), FIN)


def test_un_bilan_qui_ne_passe_pas_reste_un_brouillon_avec_son_rapport(annee):
    with annee() as s:
        saisie.ecrire(s, DOSSIER, "textes.moyens", "Appeler le 06 12 34 56 78.", base=None, auteur="x", maintenant=FIN)
        bilan = etats.preparer(s, CAISSE, 2011, acte(s, "responsable"), FIN)
        rapport = etats.controler_bilan(s, bilan, acte(s, "responsable"), FIN)
        assert (bilan.etat, [c.regle for c in rapport.bloquants]) == ("brouillon", ["K21"])
        assert bilan.rapport["passe"] is False


def test_un_rectificatif_remplace_en_entier_celui_qui_est_accepte(annee):
    with annee() as s:
        reception.recevoir(s, "1.json", signe(s), FIN)
        premier = etats.courant(s, CAISSE, 2011)
        etats.rectifier(s, premier, acte(s, "responsable"), FIN)
        saisie.ecrire(s, DOSSIER, "textes.synthese", "Corrigé.", base=None, auteur="x", maintenant=FIN)
        recu = reception.recevoir(s, "2.json", signe(s), FIN)
        assert (recu.etat, recu.sequence, premier.etat, etats.courant(s, CAISSE, 2011).etat) == ("accepte", 2, "remplace", "accepte")
        assert [r.etat for r in reception.recus(s, 2011)] == ["remplace", "accepte"]


def test_pas_de_rectificatif_avant_l_acceptation_ni_apres_la_cloture(annee):
    with annee() as s:
        signe(s)
        bilan = etats.courant(s, CAISSE, 2011)
        with pytest.raises(etats.SuiteInterdite):
            etats.rectifier(s, bilan, acte(s, "responsable"), FIN)
        reception.recevoir(s, "1.json", bilan.enveloppe.encode(), FIN)
        s.get_one(ExerciceBilan, 2011).etat = "clos"
        s.flush()
        with pytest.raises(etats.ExerciceClos):
            etats.rectifier(s, bilan, acte(s, "responsable"), FIN)


def test_un_bilan_refuse_se_corrige_et_repart_sous_le_meme_numero(annee):
    with annee() as s:
        payload = json.loads(signe(s))["payload"]
        payload["kit"] = "autre"
        registre.ouvrir(s, 2011, FIN)
        s.execute(text("UPDATE socle SET sha256 = :x"), {"x": "ab" * 32})
        s.expire_all()
        recu = reception.recevoir(s, "1.json", etats.courant(s, CAISSE, 2011).enveloppe.encode(), FIN)
        assert (recu.etat, [c["regle"] for c in recu.constats if c["severite"] == "bloquant"]) == ("refuse", ["K10"])
        bilan = etats.preparer(s, CAISSE, 2011, acte(s, "responsable"), FIN)
        assert (bilan.etat, bilan.sequence) == ("brouillon", 1)


def test_un_fichier_falsifie_ne_change_pas_l_etat_du_vrai_bilan(annee):
    with annee() as s:
        octets = signe(s)
        faux = octets.replace(b'"agents":6', b'"agents":9')
        assert reception.recevoir(s, "faux.json", faux, FIN).etat == "refuse"
        assert etats.courant(s, CAISSE, 2011).etat == "signe"
        assert reception.recevoir(s, "vrai.json", octets, FIN).etat == "accepte"


@pytest.mark.parametrize("depart", list(etats.SUITES))
def test_aucun_etat_ne_revient_en_arriere_apres_la_transmission(depart):
    ordre = ["brouillon", "controle", "signe", "transmis", "accuse", "accepte", "consolide", "clos"]
    if depart in ordre[3:]:
        assert all(v in ("refuse", "remplace") or ordre.index(v) > ordre.index(depart) for v in etats.SUITES[depart])


# -- the deadline ----------------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("strict, dernier", [(False, datetime(2012, 1, 31, 22, 59, 59, tzinfo=timezone.utc)),
                                             (True, datetime(2012, 1, 30, 22, 59, 59, tzinfo=timezone.utc))])
def test_avant_le_31_janvier_se_lit_de_deux_facons_et_se_regle(strict, dernier):
    limite = echeance.limite(2011, strict=strict)
    assert limite.replace(microsecond=0) == dernier


@pytest.mark.parametrize("jour, palier", [((2012, 1, 1), 30), ((2012, 1, 16), 15), ((2012, 1, 25), 7), ((2012, 1, 30), 1)])
def test_les_rappels_tombent_a_trente_quinze_sept_et_un_jours_une_seule_fois(annee, jour, palier):
    instant = datetime(*jour, 8, tzinfo=timezone.utc)
    with annee() as s:
        premiers = echeance.noter_rappels(s, 2011, instant)
        assert {(r.caisse_code, r.palier) for r in premiers} == {(CAISSE, palier), ("demo-reunion", palier)}
        assert echeance.noter_rappels(s, 2011, instant + timedelta(hours=3)) == []


def test_qui_a_transmis_n_est_plus_rappele(annee):
    with annee() as s:
        signe(s)
        etats.transmettre(s, etats.courant(s, CAISSE, 2011), OPERATEUR, FIN)
        assert [r.caisse_code for r in echeance.rappels_dus(s, 2011, FIN)] == ["demo-reunion"]


def test_qui_a_vu_son_bilan_refuse_est_encore_rappele(annee):
    with annee() as s:
        octets = signe(s)
        bilan = etats.courant(s, CAISSE, 2011)
        etats.transmettre(s, bilan, etats.OPERATEUR, FIN)
        assert CAISSE not in {r.caisse_code for r in echeance.rappels_dus(s, 2011, FIN)}
        s.execute(text("UPDATE socle SET sha256 = :x"), {"x": "ab" * 32})  # the national socle is no longer the one of the file (K10)
        s.expire_all()
        assert reception.recevoir(s, "x.json", octets, FIN).etat == "refuse" and bilan.etat == "refuse"
        assert CAISSE in {r.caisse_code for r in echeance.rappels_dus(s, 2011, FIN)}


def test_le_compte_a_rebours_se_dit_en_francais():
    limite = echeance.limite(2011)
    assert echeance.compte_a_rebours(FIN, limite).startswith("Il reste 11\u00a0jours")
    assert "Dernier jour" in echeance.compte_a_rebours(datetime(2012, 1, 31, 12, tzinfo=timezone.utc), limite)
    assert "hors délai" in echeance.compte_a_rebours(datetime(2012, 2, 1, 12, tzinfo=timezone.utc), limite)


def test_un_bilan_en_retard_est_accepte_et_signale(annee):
    tard = datetime(2012, 2, 14, 9, tzinfo=timezone.utc)
    with annee() as s:
        octets = signe(s, quand=tard)
        bilan = etats.courant(s, CAISSE, 2011)
        etats.transmettre(s, bilan, OPERATEUR, tard)
        recu = reception.recevoir(s, "b.json", octets, tard)
        assert (recu.etat, recu.hors_delai, bilan.hors_delai) == ("accepte", True, True)
        assert "K22" in {c["regle"] for c in recu.constats}


# -- what people write ---------------------------------------------------------------------------------------------------------------------


def ecrire(s, valeur, base):
    return saisie.ecrire(s, DOSSIER, "textes.synthese", valeur, base=base, auteur="a", maintenant=FIN)


def test_deux_personnes_qui_ecrivent_en_meme_temps_ne_perdent_rien(annee):
    with annee() as s:
        assert ecrire(s, "Le début.", 0) == 1
    with annee() as s:
        ecrire(s, "Le texte de Claire.", 1)
    with pytest.raises(saisie.SaisieDepassee):
        with annee() as s:
            try:
                ecrire(s, "Le texte de Paul.", 1)
            except saisie.SaisieDepassee:
                s.commit()
                raise
    with annee.lecture() as s:
        champ = saisie.lire(s, DOSSIER)["textes.synthese"]
    assert (champ.valeur, champ.ecartees) == ("Le texte de Claire.", ("Le texte de Paul.",))


def test_enregistrer_deux_fois_le_meme_texte_ne_fait_qu_une_version(annee):
    with annee() as s:
        assert ecrire(s, "Un.", 0) == ecrire(s, "Un.", 1) == 1


@pytest.mark.parametrize("champ, valeur, refus", [
    ("textes.inconnu", "x", saisie.ChampInconnu), ("budget", "x", saisie.ChampInconnu), ("textes.synthese", "x" * 3501, saisie.TexteTropLong),
    ("moyens", {"agents": "six"}, saisie.NombreIllisible), ("moyens", {"heures": "-3"}, saisie.NombreIllisible),
    ("difficultes", [{"code": "paresse"}], saisie.HorsListe), ("difficultes", [{"code": "charge_ISU", "part": "120"}], saisie.HorsListe),
    ("priorites", [{"code": "EIG"}, {"code": "EIG"}], saisie.TropDePriorites), ("action.EIG.motif", "envie", saisie.HorsListe)])
def test_une_saisie_incorrecte_est_refusee_en_francais(annee, champ, valeur, refus):
    with annee.lecture() as s:
        socle = saisie.socle_de(s, 2011).contenu
    with pytest.raises(refus) as e:
        saisie.propre(champ, valeur, socle)
    assert e.value.message.endswith(".")


def test_les_nombres_se_lisent_comme_on_les_ecrit(annee):
    with annee.lecture() as s:
        socle = saisie.socle_de(s, 2011).contenu
    assert saisie.propre("moyens", {"heures": "1 200", "agents": ""}, socle) == {"heures": 1200, "partenaires": [], "heures_par_action": {}}


def test_ce_qui_est_ecrit_arrive_dans_le_bilan(annee):
    with annee() as s:
        octets = signe(s)
        payload = echange.lire(octets).payload
    assert payload["moyens"]["heures_par_action"] == {"EIG": 500}
    assert [p["code"] for p in payload["priorites_n1"]] == ["EIG", "conjoints"]
    assert payload["controles"] == {"registre": "2011.1", "bloquants": 0, "alertes": ["K14"]}


def test_la_base_refuse_un_bilan_signe_sans_enveloppe(annee):
    with pytest.raises(Exception, match="fige"):
        with annee() as s:
            s.add(Bilan(caisse_code=CAISSE, annee=2011, sequence=1, etat="signe", cree_le=FIN))
