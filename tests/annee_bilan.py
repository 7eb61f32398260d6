"""A year of a fictitious caisse, played through the real services: what the tests of the bilan count. Everything here is fictitious."""
import shutil
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, timezone
from pathlib import Path

import pytest
from sqlalchemy import select

from bot.bilan import cles, etats, registre, saisie
from bot.campagnes.annee import installer
from bot.campagnes.kit import installer_kit
from bot.contacts import contacts
from bot.contacts.base import Sessions, ouvrir
from bot.contacts.caisses import installer_demo
from bot.contacts.contacts import CompteRenduContact, DomaineAborde
from bot.contacts.schema import migrer
from bot.contacts.tables import Action, Assure, Caisse, Conseiller, Envoi, Lot, OutilVersion, ProfessionRisque, Rencontre, Role
from bot.contacts.tables.contact import DOMAINES

CAISSE = "demo-aquitaine"
FIN = datetime(2012, 1, 20, 9, 0, tzinfo=timezone.utc)
CLE = bytes(range(32))
MODELE: list[Path] = []
EFFETS = ("carriere_completee", "fichier_corrige", "oriente_recouvrement")


def utc(jour: date, heure: int = 9) -> datetime:
    return datetime.combine(jour, time(heure), timezone.utc)


def personne(numero: int, caisse: str = CAISSE, **autres) -> Assure:
    return Assure(**{"caisse_code": caisse, "identifiant": f"F{numero:05d}", "civilite": "Mme", "nom": "Exemple", "prenom": "Camille", "groupe_pro": "artisan",
                     "statut": "actif", "auto_entrepreneur": False, "carriere": "complete", "langue": "fr", "canal": "courrier",
                     "date_naissance": date(1960, 1, 1), "date_affiliation": date(2000, 1, 1), **autres})


def compte_rendu(rang: int, outil: int | None = None, collectif: bool = False) -> CompteRenduContact:
    """D4 left out for want of time one time in four; D7 not due one time in three."""
    manque = {"D4": "manque_de_temps"} if rang % 4 == 0 else {}
    manque |= {"D7": "sans_objet"} if rang % 3 == 0 else {}
    domaines = {d: DomaineAborde(0, raison=manque[d]) if d in manque else DomaineAborde(1 if collectif else 2, personnalise=not collectif and d == "D3")
                for d in DOMAINES}
    return CompteRenduContact(domaines=domaines, minutes=30 + rang % 40, outils=[outil] if outil else [],
                              effets=() if collectif else EFFETS[:1 + rang % 3], ris_utilise=not collectif and rang % 2 == 0)


@dataclass
class Annee:
    """The caisse's year being written."""

    session: object
    caisse: str

    def action(self, code: str) -> Action:
        return self.session.scalar(select(Action).where(Action.caisse_code == self.caisse, Action.annee == 2011, Action.code == code))

    def assures(self) -> None:
        s = self.session
        for i in range(60):
            s.add(personne(i, self.caisse, date_naissance=date(1952 if i % 2 else 1957, 3, 1 + i % 28), carriere="incomplete" if i % 3 == 0 else "complete"))
        for i in range(40):
            s.add(personne(100 + i, self.caisse, statut="createur", date_affiliation=date(2011, 1 + i % 12, 5), auto_entrepreneur=i % 2 == 0))
        s.flush()

    def entretiens(self, realises: int = 24) -> None:
        """Letters to 50 of the 60, `realises` interviews held, 4 missed, 3 refused, 2 cancelled, 5 after the exercise, 3 spontaneous, 1 EIR."""
        s, action = self.session, self.action("EIG")
        cible = s.scalars(select(Assure).where(Assure.caisse_code == self.caisse, Assure.date_naissance < date(1958, 1, 1)).order_by(Assure.id)).all()
        lot = Lot(action_id=action.id, numero=1, modele="invitation_eig", etat="parti", prepare_le=utc(date(2011, 7, 1)))
        s.add(lot)
        s.flush()
        s.add_all(Envoi(lot_id=lot.id, action_id=action.id, assure_id=a.id, relance=0, canal="courrier", etat="envoye", essais=1,
                        parti_le=utc(date(2011, 7, 5))) for a in cible[:50])
        s.flush()
        outil = s.scalar(select(OutilVersion.id).where(OutilVersion.outil_code == "trame"))
        for i in range(realises):
            self._tenu(cible[i], action, date(2011, 7, 6) + timedelta(days=6 * i), i, outil)
        for i, resultat in enumerate(["absent"] * 4 + ["refus"] * 3 + ["annule"] * 2):
            prevu = self._prevoir(cible[realises + i], action, date(2011, 9, 1 + i), "campagne")
            contacts.constater(s, prevu, resultat, utc(date(2011, 9, 10)))
        for i in range(5):
            self._tenu(cible[40 + i], action, date(2012, 1, 9 + i), i, outil)
        autres = s.scalars(select(Assure).where(Assure.caisse_code == self.caisse, Assure.statut == "createur")).all()
        for i in range(3):
            prevu = self._prevoir(autres[i], None, date(2011, 5, 2 + i), "spontane")
            contacts.enregistrer_entretien(s, prevu, compte_rendu(i), utc(date(2011, 5, 6)))
        prevu = self._prevoir(autres[9], None, date(2011, 6, 2), "eir", "telephone")
        contacts.enregistrer_entretien(s, prevu, compte_rendu(1), utc(date(2011, 6, 3)))

    def _prevoir(self, assure, action, jour, origine, forme="physique"):
        return contacts.prevoir_entretien(self.session, caisse_code=self.caisse, assure_id=assure.id, forme=forme, jour=jour, maintenant=utc(jour),
                                          origine=origine, action_id=action.id if action else None)

    def _tenu(self, assure, action, jour, rang, outil):
        prevu = self._prevoir(assure, action, jour, "campagne", "telephone" if rang % 3 == 0 else "physique")
        contacts.enregistrer_entretien(self.session, prevu, compte_rendu(rang, outil), utc(jour))

    def courriers(self, sans: int = 0) -> None:
        """A letter to each créateur but `sans`, two of them returned."""
        s, action = self.session, self.action("CREATEUR")
        createurs = s.scalars(select(Assure).where(Assure.caisse_code == self.caisse, Assure.statut == "createur").order_by(Assure.id)).all()
        lot = Lot(action_id=action.id, numero=1, modele="createur", etat="parti", prepare_le=utc(date(2011, 2, 1)))
        s.add(lot)
        s.flush()
        for i, a in enumerate(createurs[:len(createurs) - sans]):
            envoi = Envoi(lot_id=lot.id, action_id=action.id, assure_id=a.id, relance=0, canal="courrier", etat="envoye", essais=1,
                          parti_le=utc(a.date_affiliation + timedelta(days=3)), support="guide_createur 2011")
            s.add(envoi)
            s.flush()
            contact = contacts.enregistrer_courrier(s, envoi, envoi.parti_le)
            if i < 2:
                envoi.etat, envoi.retourne_le = "retourne", utc(date(2011, 12, 1))
                contacts.constater(s, contact, "absent", utc(date(2011, 12, 1)))

    def rencontres(self) -> None:
        s = self.session
        s.merge(ProfessionRisque(code="coiffeur", libelle="Coiffeur", du=date(2011, 1, 1), source="essai"))
        s.flush()
        for i in range(3):
            self._rencontre(self.action("AE"), "auto_entrepreneur", date(2011, 3, 10 + i), 20 + i)
        self._rencontre(self.action("RCS"), "profession", date(2011, 10, 3), 35, profession_code="coiffeur", evenement="Salon de la coiffure",
                        partenaire="Chambre de métiers")

    def _rencontre(self, action, theme, jour, participants, **autres) -> None:
        r = Rencontre(caisse_code=self.caisse, action_id=action.id, theme=theme, titre="Rencontre", lieu="Salle des Exemples", debut=utc(jour, 14),
                      fin=utc(jour, 16), fuseau="Europe/Paris", inscrits=participants - 5, cloture_inscriptions=utc(jour, 8), participants=participants,
                      **autres)
        self.session.add(r)
        self.session.flush()
        contacts.enregistrer_rencontre(self.session, r, compte_rendu(participants, collectif=True), utc(jour, 17))

    def saisies(self) -> None:
        dossier = saisie.dossier_regional(self.caisse, 2011)
        for champ, valeur in (("moyens", {"agents": 6, "heures": 910, "partenaires": ["Chambre de métiers"], "heures_par_action": {"EIG": 500}}),
                              ("difficultes", [{"code": "charge_recouvrement", "actions": ["RCS"]}]),
                              ("priorites", [{"rang": 1, "code": "EIG"}, {"rang": 2, "code": "conjoints"}]),
                              ("textes.enseignements", "Les invitations par lots se sont révélées plus simples à suivre."),
                              ("textes.prevention", "Messages généraux de prévention seulement.")):
            saisie.ecrire(self.session, dossier, champ, valeur, base=None, auteur="essai", maintenant=FIN)

    def tout(self) -> None:
        self.assures()
        self.entretiens()
        self.courriers()
        self.rencontres()
        self.saisies()


def nationale(session) -> None:
    """The campaign, the kit, and the national fund."""
    installer_kit(session, utc(date(2011, 1, 3)))
    installer(session, 2011, utc(date(2011, 1, 3)))


def preparer_base(chemin: Path) -> Path:
    """A file database with a whole year of demo-aquitaine, and nothing in demo-reunion."""
    engine = ouvrir(f"sqlite:///{chemin}")
    migrer(engine)
    with Sessions(engine)() as s:
        installer_demo(s)
        nationale(s)
        Annee(s, CAISSE).tout()
        registre.ouvrir(s, 2011, FIN)
        cles.creer(s, CAISSE, 2011, FIN, cle_installation=CLE)
        for niveau in ("responsable", "directeur", "agent_comptable", "medecin_conseil"):
            qui = Conseiller(caisse_code=CAISSE, nom="Fictif", prenom=niveau.capitalize())
            qui.roles = [Role(caisse_code=CAISSE, niveau=niveau)]
            s.add(qui)
    engine.dispose()
    return chemin


def copie(modele: Path, dossier: Path) -> Sessions:
    return Sessions(ouvrir(f"sqlite:///{shutil.copy(modele, dossier / 'contacts.db')}"))


def acte(session, niveau: str) -> etats.Acte:
    qui = session.scalar(select(Role.conseiller_id).where(Role.niveau == niveau, Role.caisse_code == CAISSE))
    return etats.Acte(f"conseiller:{qui}", frozenset({niveau}), qui)


def signe(session, caisse: str = CAISSE, quand: datetime = FIN) -> bytes:
    """The signed file of a caisse, by the operator."""
    bilan = etats.preparer(session, caisse, 2011, etats.OPERATEUR, quand)
    rapport = etats.controler_bilan(session, bilan, etats.OPERATEUR, quand)
    assert rapport.passe, [c.message for c in rapport.bloquants]
    cle = cles.en_vigueur(session, caisse, 2011)
    return etats.signer(session, bilan, cles.privee(cle, CLE), cle.kid, etats.OPERATEUR, quand)


def ajouter_caisse(session, code: str, nom: str) -> Caisse:
    caisse = Caisse(code=code, nom=nom, telephone="01 99 00 00 01", horaires="h", fuseau="Europe/Paris", origines=[], genre="regionale", fictive=True)
    session.add(caisse)
    session.flush()
    return caisse


# -- files without a database: what 28 caisses could send ----------------------------------------------------------------------------------


def bloc_enquete(N: int, repondants: int, *, pas: int = 0, items: tuple[str, ...] = ("Q1", "Q2", "Q3")) -> dict:
    """A survey block where `pas` people are not satisfied."""
    positives = repondants - pas
    codes = {"Q1": ("tres", "plutot", "pas"), "Q2": ("tout_a_fait", "plutot", "pas_du_tout"), "Q3": ("tout_a_fait", "plutot", "pas_du_tout"),
             "Q7": ("tres", "plutot", "pas"), "Q8": ("tres", "plutot", "pas"), "Q10": ("nettement", "un_peu", "non")}
    return {"statut": "analysee", "N": N, "methode": "SAS", "graine_sha256": "ab" * 32, "tires": N, "delivres": N, "repondants": repondants,
            "modes": {"chatbot": repondants - repondants // 3, "telephone": repondants // 3},
            "items": {i: {k: v for k, v in zip(codes[i], (positives - positives // 3, positives // 3, pas)) if v} for i in items}}


def contenu(caisse: str, registre_lu, *, sequence: int = 1, remplace=None, realises: int = 100, repondants: int = 60, pas: int = 10, effets=None,
            incomplete: int = 40, **autres) -> dict:
    """A payload that passes every rule, its EIG line by the given figures."""
    def ligne(code, genre, forme, n, **plus):
        cible = registre_lu.cibles[code]
        du, au = cible["calendrier"]["du"], cible["calendrier"]["au"]
        return {"code": code, "perimetre": "socle", "genre": genre, "titre": cible["titre"], "statut": "realisee", "campagne": [du, au], "objectif": None,
                "volumes": {"requete": n * 3, "invites": n * 2, "hors_invitation": 0, "joints": n + n // 10 * 2, "realises": n, "refus": n // 10, "absents": n // 10},
                "formes": {forme: n}, "sous_cibles": {}, "domaines": {"D1": n, "D3": n}, "domaines_personnalises": {}, "offre_globale": n // 2,
                "minutes_total": n * 45, "minutes_contacts": n, "effets": {}, "estimations_54_plus": 0, "ris_utilises": 0, "outils": ["trame:2011.1"],
                "supports": {}, "mois": {"2011-09": n}, "cumul": {"realises": n, "refus": 0, "absents": 0}, "hors_fenetre": 0, "hors_cible": 0,
                "personnes": n, "enquete": {"statut": "non_analysee", "motif": "autre"}, **plus}
    eig = ligne("EIG", "entretien", "physique", realises, effets={"carriere_completee": realises // 2, **(effets or {})},
                sous_cibles={"1952": realises // 2, "1957": realises - realises // 2, "carriere_incomplete": incomplete},
                enquete=bloc_enquete(realises, repondants, pas=pas) if repondants else {"statut": "non_analysee", "motif": "sans_reponse"})
    createur = ligne("CREATEUR", "courrier", "courrier", 200, minutes_total=0, minutes_contacts=0, domaines={}, offre_globale=0,
                     volumes={"requete": 210, "invites": 205, "hors_invitation": 0, "joints": 200, "realises": 200, "refus": 0, "absents": 5})
    ae = ligne("AE", "rencontre", "collective", 4, participants=88, inscrits=70,
               evenements=[{"date": "2011-09-10", "lieu": "Salle", "theme": "auto_entrepreneur", "participants": 88, "inscrits": 70}])
    rcs = {"code": "RCS", "perimetre": "socle", "genre": "rencontre", "titre": "Rencontres", "statut": "non_realisee", "motif": "charge_ISU",
           "objectif": None, "campagne": ["2011-01-01", "2011-12-31"]}
    return {"format": "bilan-regional", "format_version": "1.0", "caisse": caisse, "exercice": 2011, "sequence": sequence, "remplace": remplace,
            "socle": dict(registre_lu.socle), "kit": registre_lu.kit, "donnees_arretees_au": "2012-01-20", "questionnaire": registre_lu.questionnaire,
            "actions": [eig, createur, ae, rcs], "campagnes_anterieures": [],
            "spontanes": {"entretiens": 5, "rencontres": 0, "participants": 0, "formes": {"physique": 5}, "domaines": {"D2": 5}, "minutes_total": 100,
                          "effets": {}, "estimations_54_plus": 0, "ris_utilises": 0, "offre_globale": 2, "mois": {"2011-05": 5}, "evenements": [],
                          "enquete": {"statut": "non_analysee", "motif": "autre"}},
            "eir": {"realises": 1, "formes": {"telephone": 1}, "minutes_total": 30},
            "difficultes": [{"code": "charge_recouvrement", "actions": ["RCS"]}], "priorites_n1": [{"rang": 1, "code": "EIG"}, {"rang": 2, "code": "conjoints"}],
            "moyens": {"agents": 6, "heures": 910}, "textes": {"enseignements": "Une année de transition."}, "fictif": True,
            "controles": {"registre": "2011.1", "bloquants": 0, "alertes": ["K14"]}, **autres}


# -- fixtures, imported by the tests of the bilan ----------------------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def modele_bilan(tmp_path_factory):
    """A whole year of demo-aquitaine, made once for all the modules that import this fixture."""
    if not MODELE:
        MODELE.append(preparer_base(tmp_path_factory.mktemp("annee") / "contacts.db"))
    return MODELE[0]


@pytest.fixture
def annee(modele_bilan, tmp_path):
    """Sessions on a copy of that year, in the same folder as a test's own files."""
    sessions = copie(modele_bilan, tmp_path)
    yield sessions
    sessions.engine.dispose()


@pytest.fixture(scope="session")
def registre_2011(modele_bilan):
    """The national register of that year."""
    engine = ouvrir(f"sqlite:///{modele_bilan}")
    with Sessions(engine).lecture() as s:
        lu = registre.lire(s, 2011)
    engine.dispose()
    return lu
