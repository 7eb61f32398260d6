"""Bookings end to end, on SQLite and on PostgreSQL: holding, confirming, moving, cancelling, taking back, and every refusal."""
from datetime import timedelta

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import IntegrityError

from bot.agenda import comptes_rendus, etats, fermetures, journee, motifs, occupation, reservation, transactions
from bot.agenda.auteurs import ASSURE_CHAT, ASSURE_PAGE, conseiller
from bot.agenda.identite import Personne
from bot.agenda.recherche import chercher
from bot.agenda.refus import (
    ConseillerOccupe,
    CourrielInvalide,
    CreneauPris,
    DejaUnRdv,
    HorsDelai,
    MotifInconnu,
    NomManquant,
    RdvSimultane,
    RienADefaire,
    TelephoneManquant,
    TransitionImpossible,
    TropDeDeplacements,
)
from bot.contacts.tables import Contact, Entretien, Historique, Notification, Occupation
from tests.unit.agenda_aide import (  # noqa: F401
    DEUX_MOTEURS,
    LUNDI,
    MAINTENANT,
    a,
    assure,
    base_agenda,
    installer,
    libres,
    moteur_agenda,
    ouvrir,
    plus,
    quelqu_un,
    reserver,
)

MARDI = LUNDI + timedelta(1)


@pytest.fixture
def monde(base):
    m = installer(base)
    with base() as s:
        ouvrir(s, m)
        ouvrir(s, m, MARDI)
    return m


def deplacer(s, monde, e, debut, maintenant=MAINTENANT, auteur=ASSURE_CHAT, **reste):
    return reservation.deplacer(s, e, debut=debut, antenne_id=monde.antennes["Bordeaux"], auteur=auteur, maintenant=maintenant, **reste)


def cellules_de(s, e) -> int:
    return len(s.scalars(select(Occupation).where(Occupation.porteur == "entretien", Occupation.porteur_id == str(e.id))).all())


@DEUX_MOTEURS
def test_un_rendez_vous_pris_ferme_le_creneau_et_ecrit_contact_historique_et_messages_ensemble(base, monde):
    with base() as s:
        qui = assure(s)
        e = reserver(s, monde, a(LUNDI, "9:00"), personne=Personne(assure_id=qui.id, courriel="alix@exemple.example"))
    with base.lecture() as s:
        assert libres(s, monde) == ["19/09 10:15", "20/09 09:00", "20/09 10:15"]
        assert cellules_de(s, e) == 5  # an hour and its quarter of an hour after
        contact = s.get(Contact, e.contact_id)
        assert (contact.resultat, contact.forme, contact.origine, contact.assure_id, contact.jour) == ("prevu", "physique", "spontane", qui.id, LUNDI)
        assert [h.commande for h in s.scalars(select(Historique).where(Historique.objet == "entretien"))] == ["entretien.confirmer"]
        assert {n.type for n in s.scalars(select(Notification))} == {"confirmation", "rappel"}
        assert len(e.code) == 8


def test_l_historique_ne_garde_rien_de_personnel(base, monde):
    with base() as s:
        reserver(s, monde, a(LUNDI, "9:00"), personne=quelqu_un(7))
    with base.lecture() as s:
        lignes = str([(h.avant, h.apres) for h in s.scalars(select(Historique))])
    assert "Exemple7" not in lignes and "0639980007" not in lignes and "exemple7@" not in lignes


@DEUX_MOTEURS
def test_deux_oui_donnent_le_meme_entretien_et_n_envoient_rien_deux_fois(base, monde):
    with base() as s:
        premier = reserver(s, monde, a(LUNDI, "9:00"), operation="oui-1")
    with base() as s:
        motif = motifs.motif(s, monde.caisse_code, "conseil_social")
        second = reservation.confirmer(s, operation_id="oui-1", motif=motif, debut=a(LUNDI, "9:00"), antenne_id=monde.antennes["Bordeaux"],
                                       personne=quelqu_un(), auteur=ASSURE_CHAT, maintenant=plus(minutes=1))
        assert (second.deja, second.entretien.id) == (True, premier.id)
        assert len(s.scalars(select(Notification).where(Notification.type == "confirmation")).all()) == 1


@DEUX_MOTEURS
def test_un_creneau_pris_est_refuse_avec_les_trois_plus_proches_et_rien_ne_change(base, monde):
    with base() as s:
        reserver(s, monde, a(LUNDI, "9:00"))
    with base() as s:
        with pytest.raises(CreneauPris) as refus:
            reserver(s, monde, a(LUNDI, "9:00"), personne=quelqu_un(2), operation="autre")
        assert [f"{c.local:%d %H:%M}" for c in refus.value.proches] == ["19 10:15", "20 09:00", "20 10:15"]
        assert len(s.scalars(select(Entretien)).all()) == 1


def test_un_creneau_qui_n_existe_pas_est_refuse_de_meme(base, monde):
    with base() as s, pytest.raises(CreneauPris) as refus:
        reserver(s, monde, a(LUNDI, "9:07"))
    assert len(refus.value.proches) == 3


@pytest.mark.parametrize("retard, refuse", [(0, False), (1, True)])
def test_on_reserve_jusqu_a_24_heures_avant_a_la_seconde(base, monde, retard, refuse):
    maintenant = a(LUNDI, "9:00") - timedelta(hours=24) + timedelta(seconds=retard)
    with base() as s:
        if refuse:
            with pytest.raises(HorsDelai):
                reserver(s, monde, a(LUNDI, "9:00"), maintenant=maintenant)
        else:
            assert reserver(s, monde, a(LUNDI, "9:00"), maintenant=maintenant).statut == "pose"


def test_le_conseiller_n_est_pas_lie_par_le_delai(base, monde):
    with base() as s:
        e = reserver(s, monde, a(LUNDI, "9:00"), maintenant=a(LUNDI, "8:00"), auteur=conseiller(monde.conseillers[0]))
        assert e.origine == "espace"


def test_deja_un_rdv_pour_ce_motif_est_refuse_et_le_montre(base, monde):
    with base() as s:
        premier = reserver(s, monde, a(LUNDI, "9:00"))
        with pytest.raises(DejaUnRdv) as refus:
            reserver(s, monde, a(MARDI, "9:00"), operation="autre")
        assert refus.value.entretien.id == premier.id


def test_deux_rendez_vous_en_meme_temps_sont_refuses_meme_pour_deux_motifs(base, monde):
    with base() as s:
        ouvrir(s, monde, qui=1, codes=("retraite",))
        reserver(s, monde, a(LUNDI, "9:00"))
        with pytest.raises(RdvSimultane):
            reserver(s, monde, a(LUNDI, "9:00"), code="retraite", operation="autre")


@pytest.mark.parametrize("personne, refus", [
    (Personne(nom="Exemple"), TelephoneManquant), (Personne(nom="Exemple", telephone="36 48"), TelephoneManquant),
    (Personne(nom="", telephone="0639980000"), NomManquant), (Personne(nom="Exemple", telephone="0639980000", courriel="rien"), CourrielInvalide)])
def test_au_telephone_il_faut_un_nom_et_un_vrai_numero(base, monde, personne, refus):
    with base() as s:
        ouvrir(s, monde, LUNDI, "14:00", "17:00", codes=("conseil_social_telephone",), antenne=None)
        with pytest.raises(refus):
            reserver(s, monde, a(LUNDI, "14:00"), code="conseil_social_telephone", personne=personne)


def test_au_telephone_le_numero_connu_de_l_assure_sert(base, monde):
    with base() as s:
        ouvrir(s, monde, LUNDI, "14:00", "17:00", codes=("conseil_social_telephone",), antenne=None)
        e = reserver(s, monde, a(LUNDI, "14:00"), code="conseil_social_telephone", personne=Personne(assure_id=assure(s).id))
        assert (e.telephone, e.antenne_id) == ("0639980101", None)


def test_un_motif_d_une_autre_caisse_est_introuvable(base, monde):
    ailleurs = installer(base, "demo-reunion")
    with base() as s, pytest.raises(MotifInconnu):
        motifs.motif(s, monde.caisse_code, ailleurs.motifs["retraite"].id)


def test_un_assure_d_une_autre_caisse_est_refuse(base, monde):
    installer(base, "demo-reunion")
    with base() as s:
        etranger = assure(s, caisse_code="demo-reunion")
        with pytest.raises(MotifInconnu):
            reserver(s, monde, a(LUNDI, "9:00"), personne=Personne(assure_id=etranger.id))


@DEUX_MOTEURS
def test_la_base_refuse_de_changer_la_modalite_d_un_motif_utilise(base, monde):
    with base() as s:
        reserver(s, monde, a(LUNDI, "9:00"))
    with pytest.raises(IntegrityError), base() as s:
        s.execute(text("UPDATE motif SET modalite = 'telephone' WHERE code = 'conseil_social'"))


# ---- who receives -------------------------------------------------------------------------------------------------


def test_le_referent_d_abord_puis_le_moins_charge_puis_le_moins_recemment_servi(base, monde):
    with base() as s:
        ouvrir(s, monde, qui=1)
        suivi = assure(s, referent_id=monde.conseillers[1])
        assert reserver(s, monde, a(LUNDI, "9:00"), personne=Personne(assure_id=suivi.id)).conseiller_id == monde.conseillers[1]
        assert reserver(s, monde, a(LUNDI, "10:15"), personne=quelqu_un(2), maintenant=plus(minutes=1)).conseiller_id == monde.conseillers[0]
        ouvrir(s, monde, MARDI, qui=1)
        assert reserver(s, monde, a(MARDI, "9:00"), personne=quelqu_un(3), maintenant=plus(minutes=2)).conseiller_id == monde.conseillers[1]


def test_un_entretien_a_deux_conseillers_prend_les_deux_ou_aucun(base, monde):
    with base() as s:
        responsable = conseiller(monde.conseillers[0], "responsable")
        e = reserver(s, monde, a(LUNDI, "9:00"), auteur=responsable, second_conseiller_id=monde.conseillers[1])
        assert cellules_de(s, e) == 10
        ouvrir(s, monde, LUNDI, qui=1, codes=("retraite",))
        assert libres(s, monde, "retraite", du=LUNDI, au=LUNDI) == ["19/09 10:15"]


# ---- holds --------------------------------------------------------------------------------------------------------


def retenir(s, monde, heure="9:00", conversation="c1", maintenant=MAINTENANT):
    return reservation.retenir(s, conversation_id=conversation, motif=s.merge(monde.motifs["conseil_social"], load=False), debut=a(LUNDI, heure),
                               antenne_id=monde.antennes["Bordeaux"], maintenant=maintenant)


def test_une_retenue_cache_le_creneau_aux_autres_et_pas_a_soi(base, monde):
    with base() as s:
        retenir(s, monde)
        assert libres(s, monde, du=LUNDI, au=LUNDI) == ["19/09 10:15"]
        assert libres(s, monde, du=LUNDI, au=LUNDI, conversation_id="c1") == ["19/09 09:00", "19/09 10:15"]
        with pytest.raises(CreneauPris):
            reserver(s, monde, a(LUNDI, "9:00"))


@pytest.mark.parametrize("secondes, libre", [(299, False), (300, True)])
def test_une_retenue_dure_cinq_minutes_a_la_seconde(base, monde, secondes, libre):
    with base() as s:
        retenir(s, monde)
    with base() as s:
        maintenant = plus(seconds=secondes)
        if libre:
            assert reserver(s, monde, a(LUNDI, "9:00"), personne=quelqu_un(2), maintenant=maintenant).statut == "pose"
        else:
            with pytest.raises(CreneauPris):
                reserver(s, monde, a(LUNDI, "9:00"), personne=quelqu_un(2), maintenant=maintenant)


def test_une_conversation_ne_retient_qu_un_creneau_et_confirmer_rend_la_retenue(base, monde):
    with base() as s:
        retenir(s, monde)
        retenir(s, monde, "10:15")
        assert libres(s, monde, du=LUNDI, au=LUNDI) == ["19/09 09:00"]
        e = reserver(s, monde, a(LUNDI, "10:15"), conversation_id="c1")
        assert cellules_de(s, e) == 5
        assert not s.scalars(select(Occupation).where(Occupation.porteur == "conversation")).all()


@DEUX_MOTEURS
def test_une_confirmation_refusee_laisse_la_retenue_en_place(base, monde):
    with base() as s:
        reserver(s, monde, a(MARDI, "9:00"))
        retenir(s, monde)
        with pytest.raises(DejaUnRdv):
            reserver(s, monde, a(LUNDI, "9:00"), operation="deux", conversation_id="c1")
        assert libres(s, monde, du=LUNDI, au=LUNDI) == ["19/09 10:15"]


def test_un_refus_au_dernier_moment_ne_laisse_ni_entretien_ni_message_et_garde_la_retenue(base, monde):
    with base() as s:
        ouvrir(s, monde, qui=1, codes=("retraite",))
        reserver(s, monde, a(LUNDI, "9:00"), code="retraite", personne=quelqu_un(2))
        retenir(s, monde)
        with pytest.raises(ConseillerOccupe):
            reserver(s, monde, a(LUNDI, "9:00"), auteur=conseiller(monde.conseillers[0]), second_conseiller_id=monde.conseillers[1], conversation_id="c1")
    with base.lecture() as s:
        assert [e.nom for e in s.scalars(select(Entretien))] == ["Exemple2"]
        assert len(s.scalars(select(Occupation).where(Occupation.porteur == "conversation")).all()) == 5


# ---- moving, cancelling, taking back ------------------------------------------------------------------------------


def test_deplacer_garde_id_code_et_uid_monte_la_sequence_et_deplace_le_contact(base, monde):
    with base() as s:
        e = reserver(s, monde, a(LUNDI, "9:00"), personne=Personne(assure_id=assure(s).id))
        avant = (e.id, e.code, e.ics_uid)
        deplacer(s, monde, e, a(MARDI, "10:15"))
        assert (e.id, e.code, e.ics_uid, e.ics_sequence, e.version, e.deplacements) == (*avant, 1, 2, 1)
        assert s.get(Contact, e.contact_id).jour == MARDI
        assert libres(s, monde) == ["19/09 09:00", "19/09 10:15", "20/09 09:00"]


def test_deplacer_d_un_quart_d_heure_se_chevauche_soi_meme_sans_se_gener(base):
    monde = installer(base)
    with base() as s:
        ouvrir(s, monde, LUNDI, "9:00", "10:00")
        e = reserver(s, monde, a(LUNDI, "9:00"))
        ouvrir(s, monde, LUNDI, "10:00", "12:00")
        ouvrir(s, monde, LUNDI, "9:15", "10:15", qui=1)
        deplacer(s, monde, e, a(LUNDI, "9:15"))
        assert cellules_de(s, e) == 5


def test_deplacer_deux_fois_au_meme_endroit_ne_compte_qu_une_fois(base, monde):
    with base() as s:
        e = reserver(s, monde, a(LUNDI, "9:00"))
        for _ in range(2):
            deplacer(s, monde, e, a(MARDI, "9:00"))
        assert (e.deplacements, e.version) == (1, 2)


def test_un_deplacement_vers_un_creneau_pris_garde_l_ancien(base, monde):
    with base() as s:
        e = reserver(s, monde, a(LUNDI, "9:00"))
        reserver(s, monde, a(MARDI, "9:00"), personne=quelqu_un(2))
        with pytest.raises(CreneauPris):
            deplacer(s, monde, e, a(MARDI, "9:00"))
        assert (e.debut, cellules_de(s, e), e.version) == (a(LUNDI, "9:00"), 5, 1)


def test_trois_deplacements_puis_un_conseiller(base, monde):
    with base() as s:
        e = reserver(s, monde, a(LUNDI, "9:00"))
        for jour, heure in ((MARDI, "9:00"), (MARDI, "10:15"), (LUNDI, "10:15")):
            deplacer(s, monde, e, a(jour, heure))
        with pytest.raises(TropDeDeplacements):
            deplacer(s, monde, e, a(MARDI, "9:00"))
        deplacer(s, monde, e, a(MARDI, "9:00"), auteur=conseiller(monde.conseillers[0]))
        assert e.deplacements == 3


@pytest.mark.parametrize("secondes, possible", [(0, True), (1, False)])
def test_on_deplace_jusqu_a_24_heures_avant_a_la_seconde(base, monde, secondes, possible):
    with base() as s:
        e = reserver(s, monde, a(LUNDI, "9:00"))
        maintenant = a(LUNDI, "9:00") - timedelta(hours=24) + timedelta(seconds=secondes)
        if possible:
            assert deplacer(s, monde, e, a(MARDI, "9:00"), maintenant).debut == a(MARDI, "9:00")
        else:
            with pytest.raises(HorsDelai):
                deplacer(s, monde, e, a(MARDI, "9:00"), maintenant)


@pytest.mark.parametrize("avant_debut, statut, tardive", [
    (timedelta(hours=24), "annule_assure", False), (timedelta(hours=24, seconds=-1), "annule_assure", True), (timedelta(seconds=1), "annule_assure", True)])
def test_annuler_est_libre_puis_tardif_jusqu_au_debut(base, monde, avant_debut, statut, tardive):
    with base() as s:
        e = reserver(s, monde, a(LUNDI, "9:00"))
        reservation.annuler(s, e, auteur=ASSURE_PAGE, maintenant=e.debut - avant_debut, raison="empechement")
        assert (e.statut, e.tardive, e.annule_raison, cellules_de(s, e), s.get(Contact, e.contact_id).resultat) == (statut, tardive, "empechement", 0, "annule")


def test_apres_le_debut_l_assure_n_annule_plus_et_la_caisse_si(base, monde):
    with base() as s:
        e = reserver(s, monde, a(LUNDI, "9:00"))
        with pytest.raises(HorsDelai):
            reservation.annuler(s, e, auteur=ASSURE_CHAT, maintenant=e.debut)
        reservation.annuler(s, e, auteur=conseiller(monde.conseillers[0]), maintenant=e.debut)
        assert (e.statut, e.tardive) == ("annule_caisse", False)
        assert not s.scalars(select(Notification).where(Notification.type == "annulation")).all()  # nothing for what has begun


def test_un_creneau_annule_se_reserve_de_nouveau(base, monde):
    with base() as s:
        e = reserver(s, monde, a(LUNDI, "9:00"))
        reservation.annuler(s, e, auteur=ASSURE_CHAT, maintenant=plus(minutes=5))
        assert reserver(s, monde, a(LUNDI, "9:00"), operation="encore", maintenant=plus(minutes=6)).id != e.id


@DEUX_MOTEURS
@pytest.mark.parametrize("commande", ["confirmer", "deplacer", "annuler"])
def test_la_derniere_commande_se_reprend_pendant_deux_minutes(base, monde, commande):
    with base() as s:
        e = reserver(s, monde, a(LUNDI, "9:00"), maintenant=MAINTENANT)
        if commande == "deplacer":
            deplacer(s, monde, e, a(MARDI, "9:00"))
        if commande == "annuler":
            reservation.annuler(s, e, auteur=ASSURE_CHAT, maintenant=MAINTENANT)
        reservation.defaire(s, e, auteur=ASSURE_CHAT, maintenant=plus(minutes=2))
        attendu = ("annule_assure", 0) if commande == "confirmer" else ("pose", 5)
        assert (e.statut, cellules_de(s, e)) == attendu
        assert e.debut == a(LUNDI, "9:00") and e.deplacements == 0
        assert s.get(Contact, e.contact_id).resultat == ("annule" if commande == "confirmer" else "prevu")


def test_apres_deux_minutes_ou_par_un_autre_rien_ne_se_reprend(base, monde):
    with base() as s:
        e = reserver(s, monde, a(LUNDI, "9:00"))
        reservation.annuler(s, e, auteur=ASSURE_CHAT, maintenant=MAINTENANT)
        with pytest.raises(RienADefaire):
            reservation.defaire(s, e, auteur=ASSURE_CHAT, maintenant=plus(minutes=2, seconds=1))
        with pytest.raises(RienADefaire):
            reservation.defaire(s, e, auteur=conseiller(monde.conseillers[0]), maintenant=MAINTENANT)


def test_reprendre_une_annulation_dont_le_creneau_est_parti_est_refuse(base, monde):
    with base() as s:
        e = reserver(s, monde, a(LUNDI, "9:00"))
        reservation.annuler(s, e, auteur=ASSURE_CHAT, maintenant=MAINTENANT)
        reserver(s, monde, a(LUNDI, "9:00"), personne=quelqu_un(2))
        with pytest.raises(CreneauPris):
            reservation.defaire(s, e, auteur=ASSURE_CHAT, maintenant=plus(minutes=1))
        s.refresh(e)
        assert e.statut == "annule_assure"


# ---- what happened ------------------------------------------------------------------------------------------------


def test_un_compte_rendu_dit_l_issue_suit_le_contact_et_garde_ses_versions(base, monde):
    auteur = conseiller(monde.conseillers[0])
    with base() as s:
        e = reserver(s, monde, a(LUNDI, "9:00"), personne=Personne(assure_id=assure(s).id))
        with pytest.raises(TransitionImpossible):
            comptes_rendus.rediger(s, e, issue="honore", auteur=auteur, maintenant=e.debut - timedelta(seconds=1))
        comptes_rendus.rediger(s, e, issue="honore", auteur=auteur, maintenant=e.debut, theme="retraite", note="à rappeler")
        comptes_rendus.rediger(s, e, issue="absent", auteur=auteur, maintenant=e.fin)
        assert (e.statut, e.annule_le, s.get(Contact, e.contact_id).resultat) == ("absent", None, "absent")
        assert comptes_rendus.compte_rendu(s, e).version == 2


def test_une_correction_est_au_conseiller_sept_jours_puis_au_responsable(base, monde):
    with base() as s:
        e = reserver(s, monde, a(LUNDI, "9:00"))
        comptes_rendus.constater(s, e, "absent", auteur=conseiller(monde.conseillers[0]), maintenant=e.fin)
        tard = e.fin + timedelta(days=7)
        with pytest.raises(TransitionImpossible):
            comptes_rendus.constater(s, e, "honore", auteur=conseiller(monde.conseillers[0]), maintenant=tard)
        comptes_rendus.constater(s, e, "honore", auteur=conseiller(monde.conseillers[1], "responsable"), maintenant=tard)
        assert e.statut == "honore"


def test_une_absence_montre_les_entretiens_touches_et_les_collegues_libres(base, monde):
    with base() as s:
        e = reserver(s, monde, a(LUNDI, "9:00"))
        ouvrir(s, monde, qui=1)
        portee = fermetures.Portee(monde.caisse_code, a(LUNDI, "8:00"), a(LUNDI, "12:00"), conseiller_id=e.conseiller_id)
        touches = fermetures.touches(s, portee, MAINTENANT)
        assert [(t.entretien.id, list(t.collegues)) for t in touches] == [(e.id, [monde.conseillers[1]])]
        fermetures.fermer(s, portee, "absence", conseiller(e.conseiller_id), MAINTENANT)
        fermetures.confier(s, e, monde.conseillers[1], conseiller(monde.conseillers[0]), MAINTENANT)
        assert (e.conseiller_id, e.debut, cellules_de(s, e)) == (monde.conseillers[1], a(LUNDI, "9:00"), 5)
        assert [li.genre for li in journee.agenda(s, s.get_one(type_conseiller(), monde.conseillers[0]), LUNDI, LUNDI, MAINTENANT)] == ["fermeture"]
        assert fermetures.touches(s, portee, MAINTENANT) == []


def type_conseiller():
    from bot.contacts.tables import Conseiller

    return Conseiller


def test_un_conseiller_parti_ne_recoit_plus(base, monde):
    with base() as s:
        s.get_one(type_conseiller(), monde.conseillers[0]).parti_le = LUNDI
        assert libres(s, monde) == ["19/09 09:00", "19/09 10:15"]


# ---- retries ------------------------------------------------------------------------------------------------------


def test_une_transaction_que_la_base_abandonne_est_reprise_et_un_refus_ne_l_est_pas(base, monde):
    from sqlalchemy.exc import OperationalError

    class Abandon(Exception):
        sqlstate = "40P01"

    essais = []

    def travail(s):
        essais.append(1)
        if len(essais) < 3:
            raise OperationalError("", {}, Abandon())
        return reserver(s, monde, a(LUNDI, "9:00")).id

    assert transactions.en_transaction(base, travail, dormir=lambda _: None)
    assert len(essais) == 3
    with pytest.raises(CreneauPris):
        transactions.en_transaction(base, lambda s: (essais.append(1), reserver(s, monde, a(LUNDI, "9:00"), personne=quelqu_un(2), operation="b")))
    assert len(essais) == 4


def test_les_etats_derives_ne_sont_pas_ranges():
    debut, fin = a(LUNDI, "9:00"), a(LUNDI, "10:00")
    moments = [debut - timedelta(seconds=1), debut, fin - timedelta(seconds=1), fin]
    assert [etats.etat("pose", debut, fin, m) for m in moments] == ["a_venir", "en_cours", "en_cours", "a_renseigner"]


def test_sans_campagne_installee_on_reserve_quand_meme_et_le_contact_vient_avec_l_issue(base):
    monde = installer(base, socle=False)
    with base() as s:
        ouvrir(s, monde)
        e = reserver(s, monde, a(LUNDI, "9:00"))
        assert e.contact_id is None
    installer(base)
    with base() as s:
        e = s.get_one(Entretien, e.id)
        comptes_rendus.constater(s, e, "honore", auteur=conseiller(monde.conseillers[0]), maintenant=e.fin)
        assert s.get_one(Contact, e.contact_id).resultat == "realise"


def test_le_meme_instant_de_deux_antennes_fait_deux_creneaux(base, monde):
    with base() as s:
        ouvrir(s, monde, qui=1, antenne="Bayonne")
        trouves = chercher(s, s.merge(monde.motifs["conseil_social"], load=False), MAINTENANT, du=LUNDI, au=LUNDI).creneaux
        assert len(trouves) == 4 and len({(c.debut, c.antenne_id) for c in trouves}) == 4


def test_les_cellules_se_prennent_dans_l_ordre():
    voulues = occupation.cellules_de([2, 1], a(LUNDI, "9:00"), a(LUNDI, "10:00"))
    assert voulues == sorted(voulues) and len(voulues) == 8
