"""A few hundred steps of an agenda's life, drawn at random; after each, what must always hold is checked in the database itself."""
from datetime import timedelta

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test
from sqlalchemy import delete, func, select

from bot.agenda import comptes_rendus, fermetures, rencontres, reservation
from bot.agenda.auteurs import ASSURE_CHAT, SYSTEME, conseiller
from bot.agenda.instants import cellules
from bot.agenda.recherche import chercher
from bot.agenda.transactions import en_transaction
from bot.contacts.refus import Refus
from bot.contacts.tables import (
    Contact,
    Entretien,
    Fermeture,
    Inscription,
    Notification,
    Occupation,
    Ouverture,
    OuvertureMotif,
    Rencontre,
    RencontreAnimateur,
)
from tests.unit.agenda_aide import LUNDI, MAINTENANT, a, base_agenda, installer, moteur_agenda, ouvrir, quelqu_un, reserver  # noqa: F401

_gens = st.integers(1, 4)
_rang = st.integers(0, 7)


class Agenda(RuleBasedStateMachine):
    base = None
    monde = None

    @initialize()
    def depart(self):
        self.maintenant = MAINTENANT
        self.numero = 0
        with self.base() as s:
            for table in (Notification, Inscription, Occupation, Entretien, RencontreAnimateur, Rencontre, Contact, Fermeture, OuvertureMotif, Ouverture):
                s.execute(delete(table))
            for qui in (0, 1):
                ouvrir(s, self.monde, LUNDI, "9:00", "12:00", qui=qui, codes=("conseil_social", "createur"))
                ouvrir(s, self.monde, LUNDI + timedelta(1), "9:00", "12:00", qui=qui, codes=("conseil_social", "createur"))
            self.rencontre = rencontres.creer(s, rencontres.DemandeRencontre(
                self.monde.caisse_code, "autre", "Rencontre fictive", "Bordeaux", a(LUNDI, "17:30"), a(LUNDI, "19:00"), self.monde.fuseau,
                [self.monde.conseillers[0]], 2), SYSTEME, MAINTENANT).id

    def tenter(self, travail):
        """A refusal is an answer; whatever it is, the invariants hold after it."""
        try:
            return en_transaction(self.base, travail)
        except Refus:
            return None

    def un(self, s, table, rang):
        tous = s.scalars(select(table).order_by(table.id)).all()
        return tous[rang % len(tous)] if tous else None

    def creneau(self, s, rang, code="conseil_social"):
        trouves = chercher(s, s.merge(self.monde.motifs[code], load=False), self.maintenant).creneaux
        return trouves[rang % len(trouves)] if trouves else None

    @rule(qui=_gens, rang=_rang, code=st.sampled_from(["conseil_social", "createur"]), retient=st.booleans())
    def prendre(self, qui, rang, code, retient):
        self.numero += 1

        def travail(s):
            c = self.creneau(s, rang, code)
            if c is not None:
                if retient:
                    reservation.retenir(s, conversation_id=f"c{qui}", motif=s.merge(self.monde.motifs[code], load=False), debut=c.debut,
                                        antenne_id=c.antenne_id, maintenant=self.maintenant)
                else:
                    reserver(s, self.monde, c.debut, code=code, personne=quelqu_un(qui), operation=f"o{self.numero}", maintenant=self.maintenant,
                             conversation_id=f"c{qui}")
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

    @rule(qui=st.integers(0, 1))
    def fermer(self, qui):
        self.tenter(lambda s: fermetures.fermer(s, fermetures.Portee(self.monde.caisse_code, a(LUNDI, "9:00"), a(LUNDI, "10:00"),
                                                                    conseiller_id=self.monde.conseillers[qui]), "absence", SYSTEME, self.maintenant) and None)

    @rule(qui=_gens, part=st.booleans(), hors_quota=st.booleans())
    def inscrire_ou_desister(self, qui, part, hors_quota):
        def travail(s):
            r = s.get_one(Rencontre, self.rencontre)
            i = self.un(s, Inscription, qui)
            if part and i is not None:
                rencontres.desister(s, i, ASSURE_CHAT, self.maintenant)
            elif not part:
                rencontres.inscrire(s, r, quelqu_un(qui), conseiller(self.monde.conseillers[1]) if hors_quota else ASSURE_CHAT, self.maintenant,
                                    hors_quota=hors_quota)
        self.tenter(travail)

    @rule(minutes=st.sampled_from([1, 5, 60, 24 * 60]))
    def avancer(self, minutes):
        self.maintenant += timedelta(minutes=minutes)
        self.tenter(lambda s: rencontres.expirer_offres(s, self.maintenant))

    @invariant()
    def rien_ne_se_chevauche_et_chacun_a_ses_cellules(self):
        with self.base.lecture() as s:
            tenues = {}
            for o in s.scalars(select(Occupation)):
                tenues.setdefault((o.porteur, o.porteur_id), set()).add((o.conseiller_id, o.cellule))
            attendues = {}
            for e in s.scalars(select(Entretien).where(Entretien.statut.in_(("pose", "honore", "absent")))):
                attendues["entretien", str(e.id)] = {(e.conseiller_id, c) for c in cellules(e.debut, e.fin + timedelta(minutes=e.motif.battement))}
            for r in s.scalars(select(Rencontre).where(Rencontre.annulee_le.is_(None))):
                attendues["rencontre", str(r.id)] = {(self.monde.conseillers[0], c) for c in cellules(r.debut, r.fin)}
            assert {k: v for k, v in tenues.items() if k[0] != "conversation"} == attendues

    @invariant()
    def les_comptes_sont_justes(self):
        with self.base.lecture() as s:
            r = s.get_one(Rencontre, self.rencontre)
            assert r.inscrits == s.scalar(select(func.count()).where(Inscription.statut.in_(("inscrit", "offre"))))
            assert r.inscrits <= r.places + r.hors_quota
            libres = r.inscrits < r.places and self.maintenant < r.cloture_inscriptions
            assert not (libres and s.scalar(select(func.count()).where(Inscription.statut == "attente")))

    @invariant()
    def les_contacts_suivent_et_un_seul_message_de_chaque_genre_est_vivant(self):
        attendus = {"pose": "prevu", "honore": "realise", "absent": "absent", "annule_assure": "annule", "annule_caisse": "annule"}
        with self.base.lecture() as s:
            for e in s.scalars(select(Entretien)):
                assert s.get_one(Contact, e.contact_id).resultat == attendus[e.statut]
                vivants = s.execute(select(Notification.type, func.count()).where(Notification.sujet_id == e.id, Notification.sujet == "entretien",
                                    Notification.version == e.version).group_by(Notification.type)).all()
                assert all(n == 1 for _, n in vivants)
                assert e.deplacements <= 3


def test_rien_ne_derape_au_fil_de_commandes_tirees_au_sort(base):
    Agenda.base, Agenda.monde = base, installer(base)
    run_state_machine_as_test(Agenda, settings=settings(max_examples=8, stateful_step_count=20, deadline=None, derandomize=True, phases=[Phase.generate],
                                                        suppress_health_check=list(HealthCheck)))
