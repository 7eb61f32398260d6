"""The commands of counsellors in the conversation: preview, confirm, result, undo; a choice for each entretien hit; the others are told politely."""
from datetime import date, timedelta
from typing import Optional

import pytest
from sqlalchemy import func, select

from bot.agenda.dialogue_conseiller import CONDUITES, RESERVE
from bot.contacts import conversations, flux
from bot.contacts.flux import Tour
from bot.contacts.tables import Audit, CompteRendu, Entretien, Fermeture, Ouverture, Role
from tests.marche import lisible
from tests.unit.agenda_aide import AQUITAINE, LUNDI, MAINTENANT, a, installer, ouvrir, quelqu_un, reserver


class Conseillere:
    """Someone of the caisse who types; `role` of NIVEAUX, None for the public."""

    def __init__(self, sessions, monde, role: Optional[str] = "conseiller"):
        self.sessions, self.monde, self.maintenant = sessions, monde, MAINTENANT
        self.acteur = monde.conseillers[0] if role else None
        with sessions() as s:
            if role:
                s.merge(Role(conseiller_id=self.acteur, caisse_code=AQUITAINE, niveau=role))
            self.id = conversations.ouvrir(s, AQUITAINE, MAINTENANT)[0].id

    def dit(self, texte: str, intention: Optional[str] = None):
        return self._tour(intention, texte=texte, intention=intention)

    def appuie(self, debut: str):
        bouton = next(b for d in self.dits for b in d.boutons if lisible(b.libelle).startswith(debut))
        return self._tour(None, charge=dict(bouton.charge))

    def _tour(self, label, **tour):
        with self.sessions() as s:
            brouillon = flux.lire(s, self.id)
            nom = brouillon.flux if brouillon else label or str(tour.get("charge", {}).get("flux"))
            suite = CONDUITES[nom](s, Tour(self.id, AQUITAINE, self.maintenant, confiance=0.9, acteur=self.acteur, **tour), brouillon)
        self.dits, self.pris = suite.dits, suite.pris
        return self

    @property
    def lu(self) -> str:
        return lisible("\n".join(d.texte for d in self.dits))

    def compte(self, table) -> int:
        with self.sessions.lecture() as s:
            return s.scalar(select(func.count()).select_from(table))


@pytest.fixture
def moteur_base():
    """Sentences are tested on SQLite; what the engines arbitrate is tested with the services."""
    return "sqlite"


@pytest.fixture
def monde(base):
    return installer(base)


@pytest.fixture
def claire(base, monde):
    return Conseillere(base, monde)


def prendre(base, monde, heure="10:15", jour=LUNDI, maintenant=MAINTENANT, **reste) -> int:
    with base() as s:
        return reserver(s, monde, a(jour, heure), maintenant=maintenant, conseiller_id=monde.conseillers[0], **reste).id


def lire(base, table, cle):
    with base.lecture() as s:
        return s.get(table, cle)


# -- who ----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("label", sorted(CONDUITES))
def test_un_assure_qui_tape_une_commande_est_renvoye_poliment(base, monde, label):
    dehors = Conseillere(base, monde, role=None).dit("ouvre demain de 14 h à 17 h", label)
    assert dehors.lu == lisible(RESERVE) and dehors.compte(Ouverture) == 0


@pytest.mark.parametrize("role, label, permis", [("secretariat", "saisir_compte_rendu", False), ("secretariat", "voir_agenda", True),
                                                 ("directeur", "ouvrir_creneaux", False), ("responsable", "signaler_absence", True)])
def test_le_role_se_relit_en_base_a_chaque_tour(base, monde, role, label, permis):
    assert (Conseillere(base, monde, role).dit("bonjour", label).lu != lisible(RESERVE)) is permis


def test_une_conseillere_partie_ou_dune_autre_caisse_nest_plus_reconnue(base, monde, claire):
    claire.dit("ouvre demain de 14 h à 17 h au téléphone", "ouvrir_creneaux")
    with base() as s:
        s.get(Role, (claire.acteur, AQUITAINE, "conseiller")).conseiller.parti_le = date(2011, 9, 13)
    assert claire.dit("oui", "affirmer").lu == lisible(RESERVE) and claire.compte(Ouverture) == 0


# -- opening ------------------------------------------------------------------------------------------------------------


def test_ouvrir_mardi_et_jeudi_jusqua_fin_octobre_apercu_oui_puis_annule_ca(base, monde, claire):
    claire.dit("ouvre mardi et jeudi 14 h-17 h au téléphone jusqu'à fin octobre", "ouvrir_creneaux")
    assert "jeudi 15 septembre 2011 et mardi 20 septembre 2011, puis chaque semaine jusqu'au 31 octobre 2011, de 14 h 00 à 17 h 00, au téléphone" in claire.lu
    assert "78 créneaux sur 13 journées" in claire.lu and claire.compte(Ouverture) == 0
    claire.dit("oui", "affirmer")
    assert "C'est ouvert" in claire.lu and claire.compte(Ouverture) == 2
    claire.dit("annule ça")
    with base.lecture() as s:
        assert "C'est défait" in claire.lu and s.scalars(select(Ouverture).where(Ouverture.supprimee_le.is_(None))).all() == []


def test_ouvrir_demande_ce_qui_manque_et_une_correction_ne_change_que_ce_quelle_dit(base, monde, claire):
    assert "Quel jour" in claire.dit("ouvrir créneaux", "ouvrir_creneaux").lu
    assert "De quelle heure" in claire.dit("lundi prochain").lu
    assert "Au téléphone, ou dans quelle antenne" in claire.dit("de 9 h à 12 h").lu
    assert "à Bayonne" in claire.appuie("Bayonne").lu and "de 9 h 00 à 12 h 00" in claire.lu
    assert "de 14 h 00 à 16 h 00" in claire.dit("plutôt de 14 h à 16 h").lu and "lundi 19 septembre 2011" in claire.lu and "à Bayonne" in claire.lu
    assert "Rien n'a été changé" in claire.dit("non", "nier").lu and claire.compte(Ouverture) == 0


def test_ouvrir_sur_une_ouverture_ou_a_une_heure_fausse_se_refuse(base, monde, claire):
    with base() as s:
        ouvrir(s, monde)
    assert "couvre déjà ces heures" in claire.dit("ouvre lundi de 10 h à 12 h à Bordeaux", "ouvrir_creneaux").lu
    assert "au quart d'heure" in claire.dit("ouvre mardi de 9 h 10 à 12 h à Bordeaux", "ouvrir_creneaux").lu


# -- closing ------------------------------------------------------------------------------------------------------------


def test_fermer_demande_un_choix_pour_chaque_rendez_vous_touche_puis_se_defait(base, monde, claire):
    with base() as s:
        ouvrir(s, monde)
        ouvrir(s, monde, qui=1)
    gardes = [prendre(base, monde, h, operation=h) for h in ("9:00",)] + [prendre(base, monde, "10:15", operation="b", personne=autre())]
    claire.dit("ferme lundi matin", "fermer_creneaux")
    assert "Rendez-vous touché (1 sur 2)" in claire.lu and claire.compte(Fermeture) == 0 and claire.compte(Audit) >= 1
    claire.appuie("Le confier à Camille Fictif1")
    assert "(2 sur 2)" in claire.lu
    assert "Je ferme ?" in claire.appuie("L'annuler").lu
    claire.appuie("Oui")
    assert lire(base, Entretien, gardes[0]).conseiller_id == monde.conseillers[1] and lire(base, Entretien, gardes[1]).statut == "annule_caisse"
    claire.dit("annule ça")
    assert lire(base, Entretien, gardes[0]).conseiller_id == monde.conseillers[0] and lire(base, Entretien, gardes[1]).statut == "pose"


def autre():
    """Someone else."""
    return quelqu_un(7)


def test_un_rendez_vous_pris_entre_lapercu_et_le_oui_arrete_tout(base, monde, claire):
    with base() as s:
        ouvrir(s, monde)
    claire.dit("ferme lundi matin", "fermer_creneaux")
    assert "Aucun rendez-vous n'est touché" in claire.lu
    prendre(base, monde)
    assert "Dites ce que devient chaque rendez-vous" in claire.dit("oui", "affirmer").lu and claire.compte(Fermeture) == 0


@pytest.mark.parametrize("phrase, attendu", [("ferme demain après-midi", "du jeudi 15 septembre 2011 à 12 h 00 au jeudi 15 septembre 2011 à 22 h 00"),
                                             ("je suis absente vendredi", "du vendredi 16 septembre 2011 à 0 h 00 au samedi 17 septembre 2011 à 0 h 00"),
                                             ("je suis en congé du 3 au 7 octobre", "du lundi 3 octobre 2011 à 0 h 00 au samedi 8 octobre 2011 à 0 h 00")])
def test_fermer_lit_les_phrases_du_metier(base, monde, claire, phrase, attendu):
    assert attendu in claire.dit(phrase, "fermer_creneaux").lu


def test_defaire_apres_deux_minutes_se_refuse(base, monde, claire):
    claire.dit("ferme demain", "fermer_creneaux").dit("oui", "affirmer")
    claire.maintenant += timedelta(minutes=3)
    assert "plus rien à défaire" in claire.dit("annule ça").lu


# -- looking, telling ---------------------------------------------------------------------------------------------------


def test_voir_lagenda_dit_les_lignes_et_laisse_une_ligne_daudit(base, monde, claire):
    with base() as s:
        ouvrir(s, monde)
    prendre(base, monde)
    assert "Rien de prévu" in claire.dit("mon agenda d'aujourd'hui", "voir_agenda").lu
    assert "10 h 15 – 11 h 15 : Dominique Exemple1, Entretien de conseil social" in claire.dit("mon agenda de lundi", "voir_agenda").lu
    assert "lundi 19, 10 h 15" in claire.dit("résume la semaine prochaine", "voir_agenda").lu
    assert claire.compte(Audit) == 3


def passe(base, monde, *heures: str) -> list[int]:
    """Entretiens of this morning, booked last week and now over."""
    avant = MAINTENANT - timedelta(days=7)
    with base() as s:
        ouvrir(s, monde, jour=MAINTENANT.date(), debut="8:00", fin="10:00", codes=("conseil_social_telephone",), antenne=None, maintenant=avant)
    return [prendre(base, monde, h, MAINTENANT.date(), avant, code="conseil_social_telephone", antenne=None, operation=h, personne=autre() if n else None)
            for n, h in enumerate(heures)]


def test_elle_nest_pas_venue_se_confirme_et_senregistre(base, monde, claire):
    numero, = passe(base, monde, "8:00")
    assert "Dominique Exemple1, mercredi 14 septembre 2011 à 8 h 00 : absente" in claire.dit("Mme Exemple1 n'est pas venue", "signaler_absence").lu
    assert lire(base, Entretien, numero).statut == "pose"
    claire.dit("oui", "affirmer")
    assert lire(base, Entretien, numero).statut == "absent" and "pendant sept jours" in claire.lu


def test_une_phrase_suffit_au_compte_rendu_et_ce_qui_manque_se_demande(base, monde, claire):
    premier, second = passe(base, monde, "8:00", "9:00")
    assert "sujet : départ à la retraite" in claire.dit("entretien de 9 h : venue, dossier retraite", "saisir_compte_rendu").lu
    claire.dit("oui", "affirmer")
    with base.lecture() as s:
        assert (s.get(Entretien, second).statut, s.scalars(select(CompteRendu)).one().theme) == ("honore", "depart_retraite")
    assert "venue ?" in claire.dit("compte rendu", "saisir_compte_rendu").lu
    assert "De quoi avez-vous parlé" in claire.appuie("Venue").lu
    assert "cotisations" in claire.appuie("Cotisations").lu
    claire.appuie("Oui")
    assert lire(base, Entretien, premier).statut == "honore" and "Aucun de vos entretiens" in claire.dit("compte rendu", "saisir_compte_rendu").lu


def test_deux_entretiens_a_dire_et_aucun_nom_font_choisir(base, monde, claire):
    passe(base, monde, "8:00", "9:00")
    assert "De quel entretien s'agit-il" in claire.dit("pas venu", "signaler_absence").lu
    assert "9 h 00 : absente" in claire.appuie("mercredi 14 septembre 2011 à 9 h 00").lu


def test_une_question_au_milieu_est_rendue_a_lassistant_et_la_commande_attend(base, monde, claire):
    claire.dit("ouvre demain de 14 h à 17 h au téléphone", "ouvrir_creneaux")
    assert not claire.dit("c'est quoi le RIS ?", "retraite/releve_carriere_ris").pris and "attend toujours" in claire.lu
    assert "C'est ouvert" in claire.dit("oui", "affirmer").lu


def test_deux_incomprehensions_de_suite_ne_font_rien_et_montrent_la_page(base, monde, claire):
    claire.dit("ouvrir créneaux", "ouvrir_creneaux").dit("euh")
    assert "La page « Agenda »" in claire.dit("bof").lu and claire.compte(Ouverture) == 0


def test_le_bilan_dit_les_chiffres_et_leur_definition(base, monde, claire):
    passe(base, monde, "8:00")
    claire.dit("Mme Exemple1 n'est pas venue", "signaler_absence").dit("oui", "affirmer")
    lu = claire.dit("bilan de septembre", "voir_bilan").lu
    assert "Du 1er septembre 2011 au 30 septembre 2011" in lu and "Absence : 100 % (absents ÷ (honorés + absents)" in lu
