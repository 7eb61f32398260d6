"""An agenda's life, drawn at random: opening, closing, booking, moving, cancelling, undoing, absence, enrolling, leaving, erasing, sending, time that
passes, restarts. After each step, what must always hold is checked in the database itself (reference/security.md §1d).

MODELE=1: 200 lives of 50 steps on each engine (`make faults`).
"""
import json
import os
from collections import Counter
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule, run_state_machine_as_test
from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from bot.agenda import comptes_rendus, decisions, fermetures, notifications, occupation, ouvertures, rencontres, reservation
from bot.agenda.auteurs import ASSURE_CHAT, SYSTEME, conseiller
from bot.agenda.etats import ANNULES
from bot.agenda.instants import cellules, jour_local
from bot.agenda.recherche import chercher
from bot.agenda.transactions import en_transaction
from bot.cli.conservation import AGENDA
from bot.contacts import effacement
from bot.contacts.base import Sessions
from bot.contacts.base import ouvrir as ouvrir_base
from bot.contacts.refus import Refus
from bot.contacts.tables import (
    AccesRdv,
    Contact,
    Effacement,
    Entretien,
    Fermeture,
    Historique,
    Inscription,
    Notification,
    Occupation,
    Ouverture,
    OuvertureException,
    OuvertureMotif,
    Rencontre,
    RencontreAnimateur,
)
from tests.unit.agenda_aide import LUNDI, MAINTENANT, a, base_agenda, installer, moteur_agenda, ouvrir, quelqu_un, reserver  # noqa: F401

ENTIER = bool(os.environ.get("MODELE"))
CODES = ("conseil_social", "createur")
TENUS = ("pose", "honore", "absent")  # what keeps its cells
TABLES = (AccesRdv, Notification, Inscription, Occupation, Entretien, RencontreAnimateur, Rencontre, Contact, Fermeture, OuvertureException,
          OuvertureMotif, Ouverture, Effacement)
_gens = st.integers(1, 4)
_rang = st.integers(0, 7)
_qui = st.integers(0, 1)


class Boite:
    """Takes every message."""

    def __init__(self):
        self.recus = []

    def envoyer(self, message):
        self.recus.append(message)


class Agenda(RuleBasedStateMachine):
    base = None
    monde = None

    # ---- the scene

    @initialize()
    def depart(self):
        self.sessions, self.maintenant, self.numero, self.boite = self.base, MAINTENANT, 0, Boite()
        self.visages, self.effaces = {n: n for n in range(1, 5)}, []
        with self.sessions() as s:
            for table in TABLES:
                s.execute(delete(table))
            self.passe = s.scalar(select(func.max(Historique.id))) or 0  # the history of earlier lives stays: nothing is ever deleted from it
            for qui in (0, 1):
                for jour in (0, 1):
                    ouvrir(s, self.monde, LUNDI + timedelta(jour), qui=qui, codes=CODES)
            self.rencontre = rencontres.creer(s, rencontres.DemandeRencontre(
                self.monde.caisse_code, "autre", "Rencontre fictive", "Bordeaux", a(LUNDI, "17:30"), a(LUNDI, "19:00"), self.monde.fuseau,
                [self.monde.conseillers[0]], 2), SYSTEME, MAINTENANT).id

    def teardown(self):
        if self.sessions is not self.base:
            self.sessions.engine.dispose()

    def tenter(self, travail):
        """A refusal is an answer; whatever it is, the invariants hold after it."""
        try:
            return en_transaction(self.sessions, travail)
        except Refus:
            return None

    def un(self, s, table, rang):
        tous = s.scalars(select(table).order_by(table.id)).all()
        return tous[rang % len(tous)] if tous else None

    def creneau(self, s, rang, code="conseil_social"):
        trouves = chercher(s, s.merge(self.monde.motifs[code], load=False), self.maintenant).creneaux
        return trouves[rang % len(trouves)] if trouves else None

    def quelqu_un(self, n):
        """Person `n`, as she is now: erased, she comes back as somebody else."""
        return quelqu_un(self.visages[n])

    # ---- openings and closings

    @rule(qui=_qui, jour=st.integers(0, 3), debut=st.sampled_from(["8:00", "9:00", "13:00"]), semaines=st.integers(0, 2))
    def ouvrir(self, qui, jour, debut, semaines):
        premier = jour_local(self.maintenant, self.monde.fuseau) + timedelta(jour)
        fin = f"{int(debut.split(':')[0]) + 3}:00"
        self.tenter(lambda s: ouvrir(s, self.monde, premier, debut, fin, qui=qui, codes=CODES, maintenant=self.maintenant,
                                     jusqu_au=premier + timedelta(7 * semaines) if semaines else None) and None)

    @rule(laquelle=_rang, quoi=st.sampled_from(["supprimer", "retablir", "occurrence"]))
    def changer_une_ouverture(self, laquelle, quoi):
        def travail(s):
            o = self.un(s, Ouverture, laquelle)
            if o is not None and quoi == "occurrence":
                ouvertures.modifier_occurrence(s, o, o.du, None, SYSTEME, self.maintenant)
            elif o is not None:
                getattr(ouvertures, quoi)(s, o, SYSTEME, self.maintenant)
        self.tenter(travail)

    @rule(qui=_qui, jour=st.integers(0, 1), choix=st.sampled_from([decisions.GARDER, decisions.ANNULER, decisions.CONFIER]))
    def fermer_et_decider(self, qui, jour, choix):
        def travail(s):
            portee = fermetures.Portee(self.monde.caisse_code, a(LUNDI + timedelta(jour), "9:00"), a(LUNDI + timedelta(jour), "10:30"),
                                       conseiller_id=self.monde.conseillers[qui])
            autre = self.monde.conseillers[1 - qui]
            touches = fermetures.touches(s, portee, self.maintenant)
            decisions.fermer_avec(s, portee, "absence", {t.entretien.id: f"{choix}:{autre}" if choix == decisions.CONFIER else choix for t in touches},
                                  conseiller(self.monde.conseillers[qui]), self.maintenant)
        self.tenter(travail)

    @rule(laquelle=_rang)
    def rouvrir(self, laquelle):
        def travail(s):
            f = self.un(s, Fermeture, laquelle)
            if f is not None:
                fermetures.lever(s, f, SYSTEME, self.maintenant)
        self.tenter(travail)

    # ---- entretiens

    @rule(qui=_gens, rang=_rang, code=st.sampled_from(CODES), retient=st.booleans())
    def prendre(self, qui, rang, code, retient):
        self.numero += 1

        def travail(s):
            c = self.creneau(s, rang, code)
            if c is not None and retient:
                reservation.retenir(s, conversation_id=f"c{qui}", motif=s.merge(self.monde.motifs[code], load=False), debut=c.debut,
                                    antenne_id=c.antenne_id, maintenant=self.maintenant)
            elif c is not None:
                reserver(s, self.monde, c.debut, code=code, personne=self.quelqu_un(qui), operation=f"o{self.numero}", maintenant=self.maintenant,
                         conversation_id=f"c{qui}")
        self.tenter(travail)

    @rule(qui=_gens, rang=_rang)
    def prendre_a_deux_conseillers(self, qui, rang):
        self.numero += 1

        def travail(s):
            c = self.creneau(s, rang)
            if c is not None and len(c.candidats) > 1:
                reserver(s, self.monde, c.debut, personne=self.quelqu_un(qui), operation=f"o{self.numero}", maintenant=self.maintenant,
                         auteur=conseiller(c.candidats[0]), conseiller_id=c.candidats[0], second_conseiller_id=c.candidats[1])
        self.tenter(travail)

    @precondition(lambda self: self.numero)
    @rule(qui=_gens, rang=_rang)
    def redire_oui(self, qui, rang):
        """The last operation once more: the same entretien, or the same refusal."""
        def travail(s):
            deja = s.scalar(select(Entretien).where(Entretien.operation_id == f"o{self.numero}"))
            c = self.creneau(s, rang)
            if deja is not None and c is not None:
                assert reserver(s, self.monde, c.debut, personne=self.quelqu_un(qui), operation=f"o{self.numero}", maintenant=self.maintenant) is deja
        self.tenter(travail)

    @rule(lequel=_rang, rang=_rang, agent=st.booleans())
    def deplacer(self, lequel, rang, agent):
        def travail(s):
            e, c = self.un(s, Entretien, lequel), self.creneau(s, rang)
            if e is not None and c is not None:
                reservation.deplacer(s, e, debut=c.debut, antenne_id=c.antenne_id, maintenant=self.maintenant,
                                     auteur=conseiller(e.conseiller_id) if agent else ASSURE_CHAT)
        self.tenter(travail)

    @rule(lequel=_rang, defaire=st.booleans())
    def annuler_ou_defaire(self, lequel, defaire):
        def travail(s):
            e = self.un(s, Entretien, lequel)
            if e is not None:
                (reservation.defaire if defaire else reservation.annuler)(s, e, auteur=ASSURE_CHAT, maintenant=self.maintenant)
        self.tenter(travail)

    @rule(lequel=_rang, statut=st.sampled_from(["honore", "absent", "annule_caisse"]))
    def constater(self, lequel, statut):
        def travail(s):
            e = self.un(s, Entretien, lequel)
            if e is not None:
                comptes_rendus.constater(s, e, statut, auteur=conseiller(e.conseiller_id), maintenant=self.maintenant)
        self.tenter(travail)

    # ---- rencontres

    @rule(qui=_gens, hors_quota=st.booleans())
    def inscrire(self, qui, hors_quota):
        self.tenter(lambda s: rencontres.inscrire(
            s, s.get_one(Rencontre, self.rencontre), self.quelqu_un(qui), conseiller(self.monde.conseillers[1]) if hors_quota else ASSURE_CHAT,
            self.maintenant, hors_quota=hors_quota) and None)

    @rule(laquelle=_rang, reponse=st.sampled_from(["part", "oui", "non"]))
    def se_desister_ou_repondre(self, laquelle, reponse):
        def travail(s):
            i = self.un(s, Inscription, laquelle)
            if i is not None and reponse == "part":
                rencontres.desister(s, i, ASSURE_CHAT, self.maintenant)
            elif i is not None:
                rencontres.repondre_offre(s, i, reponse == "oui", ASSURE_CHAT, self.maintenant)
        self.tenter(travail)

    # ---- the right to erasure, messages, time, restarts

    @rule(lequel=_rang, inscrite=st.booleans())
    def effacer(self, lequel, inscrite):
        """Whoever holds a booking goes; the person of that number comes back under another name."""
        def travail(s):
            sujet = self.un(s, Inscription if inscrite else Entretien, lequel)
            if sujet is None or sujet.nom is None:
                return None
            nom = sujet.nom
            qui = effacement.trouver_par_rendez_vous(s, self.monde.caisse_code, sujet.code, AGENDA)
            effacement.effacer(s, qui, cle=b"cle de test" * 4, maintenant=self.maintenant, agenda=AGENDA)
            return nom
        nom = self.tenter(travail)
        if nom is not None:
            numero = int(nom.removeprefix("Exemple"))
            self.effaces.append(quelqu_un(numero))
            self.visages = {n: v if v != numero else max(self.visages.values()) + 1 for n, v in self.visages.items()}

    @rule()
    def envoyer_les_messages(self):
        with self.sessions.lecture() as s:
            avant = set(s.scalars(select(Notification.id).where(Notification.resultat == "envoyee")))
        notifications.envoyer_dues(self.sessions, {"courriel": self.boite, "sms": self.boite}, self.maintenant, "https://site.example")
        with self.sessions.lecture() as s:
            for n in s.scalars(select(Notification).where(Notification.resultat == "envoyee", Notification.id.not_in(avant), Notification.sujet == "entretien")):
                e = s.get_one(Entretien, n.sujet_id)
                assert n.version == e.version and (n.type == "annulation") == (e.statut in ANNULES), "le message dit ce qui est"
                assert n.type != "rappel" or e.debut > self.maintenant

    @rule(minutes=st.sampled_from([1, 5, 60, 24 * 60]))
    def avancer(self, minutes):
        self.maintenant += timedelta(minutes=minutes)
        self.tenter(lambda s: rencontres.expirer_offres(s, self.maintenant))
        self.tenter(lambda s: occupation.purger(s, self.maintenant))

    @rule(qui=_gens, rang=_rang, en_plein=st.booleans())
    def redemarrer(self, qui, rang, en_plein):
        """The process stops, in the middle of a booking or not, and another opens the same database."""
        avant = self.tout()
        if en_plein:
            with Session(self.sessions.engine, expire_on_commit=False) as s:
                c = self.creneau(s, rang)
                try:
                    if c is not None:
                        reserver(s, self.monde, c.debut, personne=self.quelqu_un(qui), operation="jamais", maintenant=self.maintenant)
                except Refus:
                    pass
                s.invalidate()  # the connection is cut: nobody said COMMIT, nobody says ROLLBACK
        adresse = self.sessions.engine.url.render_as_string(hide_password=False)
        self.sessions.engine.dispose()
        self.sessions = Sessions(ouvrir_base(adresse))
        assert self.tout() == avant, "rien de perdu, rien de trop"

    def tout(self):
        with self.sessions.lecture() as s:
            return [s.execute(select(*t.__table__.c).order_by(*t.__table__.primary_key)).all() for t in (Entretien, Occupation, Inscription, Notification)]

    # ---- what always holds

    @invariant()
    def rien_ne_se_chevauche_et_chacun_a_ses_cellules(self):
        with self.sessions.lecture() as s:
            tenues = {}
            for o in s.scalars(select(Occupation)):
                tenues.setdefault((o.porteur, o.porteur_id), set()).add((o.conseiller_id, o.cellule))
                assert o.expire_le is None or o.expire_le <= self.maintenant + occupation.DUREE_RETENUE
            attendues, pris = {}, {}
            for e in s.scalars(select(Entretien).where(Entretien.statut.in_(TENUS))):
                deux = [c for c in (e.conseiller_id, e.second_conseiller_id) if c]
                attendues["entretien", str(e.id)] = {(q, c) for q in deux for c in cellules(e.debut, e.fin + timedelta(minutes=e.motif.battement))}
                for q in deux:
                    pris.setdefault(q, []).append((e.debut, e.fin))
            for r in s.scalars(select(Rencontre).where(Rencontre.annulee_le.is_(None))):
                attendues["rencontre", str(r.id)] = {(self.monde.conseillers[0], c) for c in cellules(r.debut, r.fin)}
                pris.setdefault(self.monde.conseillers[0], []).append((r.debut, r.fin))
            assert {k: v for k, v in tenues.items() if k[0] != "conversation"} == attendues
            for siens in pris.values():  # said again in hours, should the cells themselves be wrong
                assert all(fin <= debut for (_, fin), (debut, _) in zip(sorted(siens), sorted(siens)[1:]))

    @invariant()
    def les_comptes_sont_justes(self):
        with self.sessions.lecture() as s:
            r = s.get_one(Rencontre, self.rencontre)
            assert r.inscrits == s.scalar(select(func.count()).where(Inscription.statut.in_(("inscrit", "offre"))))
            assert r.inscrits <= r.places + r.hors_quota
            libres = r.inscrits < r.places and self.maintenant < r.cloture_inscriptions
            assert not (libres and s.scalar(select(func.count()).where(Inscription.statut == "attente")))
            confirmes = s.scalar(select(func.count()).where(Historique.commande == "entretien.confirmer", Historique.id > self.passe))
            assert confirmes == s.scalar(select(func.count()).select_from(Entretien)), "chaque entretien a été confirmé une fois"
            par_personne = Counter(s.execute(select(Entretien.personne, Entretien.motif_id).where(
                Entretien.statut == "pose", Entretien.debut > self.maintenant, Entretien.personne.is_not(None))).all())
            assert set(par_personne.values()) <= {1}, "un rendez-vous à venir par personne et par motif"

    @invariant()
    def les_contacts_et_les_messages_suivent_les_etats(self):
        attendus = {"pose": "prevu", "honore": "realise", "absent": "absent", "annule_assure": "annule", "annule_caisse": "annule"}
        with self.sessions.lecture() as s:
            for e in s.scalars(select(Entretien)):
                assert s.get_one(Contact, e.contact_id).resultat == attendus[e.statut]
                assert e.version == e.ics_sequence + 1 and e.deplacements <= 3 and (e.annule_le is not None) == (e.statut in ANNULES)
                vivants = Counter(s.scalars(select(Notification.type).where(Notification.sujet == "entretien", Notification.sujet_id == e.id,
                                                                           Notification.version == e.version)))
                assert set(vivants.values()) <= {1}, "un seul message vivant de chaque genre"
                if e.statut in ANNULES:
                    assert not set(vivants) - {"annulation"}, "rien ne rappelle un rendez-vous annulé"
                elif e.statut == "pose":
                    assert "annulation" not in vivants
        ids = [m.message_id for m in self.boite.recus]
        assert len(ids) == len(set(ids)), "aucun message deux fois"

    @invariant()
    def aucune_identite_effacee_ne_reste(self):
        if not self.effaces:
            return
        with self.sessions.lecture() as s:
            tables = (Entretien, Inscription, Notification, Occupation, Effacement)
            lignes = [ligne for t in tables for ligne in s.execute(select(*t.__table__.c))]
            lignes += s.execute(select(*Historique.__table__.c).where(Historique.id > self.passe)).all()
            dit = json.dumps([list(map(str, ligne)) for ligne in lignes])
        for qui in self.effaces:
            assert f'"{qui.nom}"' not in dit and qui.telephone not in dit and qui.courriel not in dit


def mener(base, vies, pas):
    Agenda.base, Agenda.monde = base, installer(base)
    run_state_machine_as_test(Agenda, settings=settings(max_examples=vies, stateful_step_count=pas, deadline=None, derandomize=not ENTIER,
                                                        phases=[Phase.generate], suppress_health_check=list(HealthCheck)))


@pytest.mark.parametrize("moteur_base", ["sqlite", "postgresql"] if ENTIER else ["sqlite"], indirect=True)
def test_rien_ne_derape_au_fil_de_commandes_tirees_au_sort(base):
    mener(base, *((200, 50) if ENTIER else (8, 20)))


def test_temoin_sans_la_garde_l_automate_le_voit(base, monkeypatch):
    monkeypatch.setattr(occupation, "prendre", lambda *_, **__: True)
    with pytest.raises(AssertionError):
        mener(base, 2, 5)
