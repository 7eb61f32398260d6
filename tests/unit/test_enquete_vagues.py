"""Waves: the plan, the frozen frame and its exclusions, a draw that anyone can redo, deliveries and the one reminder, closing, links destroyed."""
import email
import hashlib
import hmac
import smtplib
from collections import Counter
from datetime import date, datetime, timedelta, timezone
from email import policy

import pytest
from aiosmtpd.controller import Controller
from sqlalchemy import func, select, text

from bot.contacts import courriel
from bot.contacts.cle import cle_installation
from bot.contacts.tables import Action, Commentaire, Historique, Inscription, InvitationEnquete, Participation, Releve, Reponse, UniteSondage, Vague
from bot.enquete import cadre, invitations, jetons, reponses, travail, vagues
from bot.enquete.refus import CodeExpire, CodeInconnu, PeriodeInvalide, PlanInvalide, RencontreEtrangere, VagueClose, VagueDejaOuverte, VagueInconnue
from bot.horloge import Horloge
from bot.reglages import Reglages
from tests.fabrique_enquete import (
    CAISSE,
    CLE,
    MAINTENANT,
    SECRET,
    action,
    assures,
    conseiller,
    constater,
    contacts,
    invites,
    ouverte,
    remise,
    rencontre,
    vague,
)
from tests.marche import ports_libres

JOUR = timedelta(days=1)


@pytest.fixture
def sessions(modele_sqlite, tmp_path_factory):
    yield from remise(modele_sqlite, tmp_path_factory)


@pytest.fixture
def s(sessions):
    with sessions() as session:
        yield session


def tirer(s, v, quand=MAINTENANT):
    return cadre.tirer(s, v, quand, CLE)


# -- opening ------------------------------------------------------------------------------------------------------------------------------------


def test_une_petite_vague_est_un_recensement_et_une_grande_un_sondage(s):
    contacts(s, 55)
    assert (vague(s).taille_prevue, vague(s, None).taille_prevue) == (55, 1)
    grande = vague(s, "CREATEUR", base_prevue=2_000, marge=0.05, taux_reponse=0.5)
    assert (grande.taille_prevue, grande.base_prevue, grande.genre) == (436, 2_000, "courrier")


def test_une_rencontre_est_toujours_un_recensement(s):
    v = vague(s, "AE", base_prevue=800)
    assert v.taille_prevue == v.base_prevue == 800


def test_le_volume_attendu_est_celui_des_contacts_ou_de_lobjectif(s):
    action(s).objectif = 300
    contacts(s, 4)
    assert vague(s).base_prevue == 300


def test_la_vague_garde_version_empreinte_et_questions_locales_de_son_ouverture(s):
    v = vague(s)
    assert (v.version, v.sha256[:8], v.locales["items"][0]["id"], len(v.graine)) == ("2011.1", "1b8e2adc", "LOC-01", 64)
    assert vague(s, None, "demo-reunion").locales is None


def test_la_campagne_a_cheval_sur_deux_exercices_a_deux_vagues(s):
    premiere = vague(s)
    seconde = vagues.ouvrir(s, caisse_code=CAISSE, exercice=2012, maintenant=MAINTENANT, action_id=action(s).id)
    assert (premiere.au, seconde.du, seconde.au) == (date(2011, 12, 31), date(2012, 1, 1), date(2012, 3, 31))


def test_une_strate_na_quune_vague_par_exercice(s):
    for code in ("EIG", None):
        vague(s, code)
        with pytest.raises(VagueDejaOuverte):
            vague(s, code)


@pytest.mark.parametrize("plan, refus", [
    ({"base_prevue": 0}, PlanInvalide), ({"marge": 0.5}, PlanInvalide), ({"taux_reponse": 0.0}, PlanInvalide),
    ({"du": date(2010, 5, 1)}, PeriodeInvalide), ({"du": date(2011, 5, 1), "au": date(2011, 4, 1)}, PeriodeInvalide)])
def test_un_plan_impossible_est_refuse(s, plan, refus):
    with pytest.raises(refus):
        vague(s, **plan)


def test_ouvrir_toutes_ouvre_ce_qui_manque_et_rien_deux_fois(s):
    action(s), action(s, "CREATEUR"), action(s, "L-CONJOINTS", locale="entretien")
    pas_faite = action(s, "RCS")
    pas_faite.motif, pas_faite.statut = "charge_ISU", "non_realisee"
    s.flush()
    assert sorted(v.cible for v in vagues.ouvrir_toutes(s, CAISSE, 2011, MAINTENANT)) == ["CREATEUR", "EIG", "L-CONJOINTS", "SPONT"]
    assert vagues.ouvrir_toutes(s, CAISSE, 2011, MAINTENANT) == []


def test_la_vague_dune_autre_caisse_nexiste_pas(s):
    with pytest.raises(VagueInconnue):
        vagues.vague(s, vague(s).id, "demo-reunion")


# -- the frame ------------------------------------------------------------------------------------------------------------------------------------


def test_seuls_les_contacts_tenus_de_la_strate_entrent_dans_la_base(s):
    contacts(s, 3), contacts(s, 2, resultat="absent"), contacts(s, 4, None), contacts(s, 2, "EIG", caisse="demo-reunion")
    contacts(s, 5, None, origine="eir")  # a legal interview is no conseil social (A6)
    assert (tirer(s, vague(s)).base, tirer(s, vague(s, None)).base) == (3, 4)


@pytest.mark.parametrize("code, jour, pris", [
    ("EIG", date(2011, 9, 13), 1), ("EIG", date(2011, 9, 14), 0), ("CREATEUR", date(2011, 8, 30), 1), ("CREATEUR", date(2011, 8, 31), 0)])
def test_le_delai_apres_le_contact_depend_de_son_genre(s, code, jour, pris):
    contacts(s, 1, code, jour=jour)
    releve = tirer(s, vague(s, code))
    assert (releve.base if releve else 0) == pris


def test_les_exclusions_sont_comptees_par_raison(s):
    refus, deux_fois, seul, deja = assures(s, 4)
    refus.refus_enquete = True
    contacts(s, 0, None, qui=[deja], jour=date(2011, 8, 1))
    tirer(s, vague(s, None), MAINTENANT - 20 * JOUR)
    effaces = contacts(s, 2, qui=assures(s, 2, debut=10))
    for c in effaces:
        c.assure_id = None
    contacts(s, 0, qui=[refus, deux_fois, deux_fois, seul, deja])
    releve = tirer(s, vague(s))
    assert (releve.base, releve.tires) == (2, 2)
    assert releve.exclusions == {"refus_enquete": 1, "meme_personne": 1, "deja_sollicite": 1, "sans_personne": 2}


def test_une_personne_est_invitee_une_fois_tous_les_90_jours(s):
    [personne] = assures(s, 1)
    contacts(s, 0, None, qui=[personne], jour=date(2011, 5, 2))
    tirer(s, vague(s, None), datetime(2011, 6, 1, 8, tzinfo=timezone.utc))
    contacts(s, 0, qui=[personne], jour=date(2011, 8, 20))
    v = vague(s)
    assert tirer(s, v, datetime(2011, 8, 29, 8, tzinfo=timezone.utc)).exclusions == {"deja_sollicite": 1}
    contacts(s, 0, qui=[personne], jour=date(2011, 9, 1))
    assert tirer(s, v, datetime(2011, 9, 5, 8, tzinfo=timezone.utc)).base == 1


def test_la_semaine_ne_se_gele_quune_fois_et_la_suivante_prend_la_suite(s):
    contacts(s, 3)
    v = vague(s, base_prevue=40)
    assert tirer(s, v).base == 3
    contacts(s, 2)
    assert tirer(s, v, MAINTENANT + JOUR) is None
    assert tirer(s, v, MAINTENANT + 7 * JOUR).base == 2
    assert tirer(s, v, MAINTENANT + 14 * JOUR) is None
    assert [r.semaine for r in v.releves] == ["2011-W37", "2011-W38"]


def test_la_fraction_tient_sur_lensemble_des_semaines(s):
    v = vague(s, base_prevue=200, marge=0.1, taux_reponse=0.47)  # 100 for 200
    assert (v.taille_prevue, v.base_prevue) == (100, 200)
    for semaine in range(9):
        contacts(s, 7)
        tirer(s, v, MAINTENANT + 7 * semaine * JOUR)
    assert (sum(r.base for r in v.releves), sum(r.tires for r in v.releves)) == (63, 32)
    assert {r.tires for r in v.releves} == {3, 4}


def test_une_base_finie_a_60_ou_moins_est_recensee_quoi_quon_ait_attendu(s):
    contacts(s, 30)
    v = vague(s, base_prevue=500, marge=0.1, au=date(2011, 9, 10))
    assert (tirer(s, v).tires, vagues.etat(s, v).recensement) == (30, True)


# -- the draw --------------------------------------------------------------------------------------------------------------------------------------


def test_une_autre_ecriture_du_tirage_donne_les_memes_personnes(s):
    """Written again from the page of rules alone: keys, seed, HMAC, lowest ranks."""
    contacts(s, 300)
    v = vague(s, marge=0.1)
    releve = tirer(s, v)
    rangees = s.execute(select(UniteSondage.cle, UniteSondage.tire)).all()
    rangs = {c: hmac.digest(v.graine.encode("ascii"), c.encode("ascii"), "sha256") for c, _ in rangees}
    assert sorted(rangs, key=rangs.get)[:releve.tires] == sorted((c for c, tire in rangees if tire), key=rangs.get)
    assert releve.sha256 == hashlib.sha256("\n".join(sorted(rangs)).encode()).hexdigest() and 60 < releve.tires < 300


def _hmac_a_la_main(secret: str, message: str) -> str:
    """RFC 2104, from its definition, with SHA-256 alone."""
    bloc = secret.encode("utf-8")
    bloc = (hashlib.sha256(bloc).digest() if len(bloc) > 64 else bloc).ljust(64, b"\0")
    dedans = hashlib.sha256(bytes(o ^ 0x36 for o in bloc) + message.encode("utf-8")).digest()
    return hashlib.sha256(bytes(o ^ 0x5C for o in bloc) + dedans).hexdigest()


def redessiner_a_part(s, vague_id):
    """The draw made again by somebody who has the base and §3b only: plain SQL, no line of bot.enquete. {week: keys drawn}, and what is stored."""
    graine, taille, prevue = s.execute(text("SELECT graine, taille_prevue, base_prevue FROM vague WHERE id = :v"), {"v": vague_id}).one()
    refaits, gardes, base, deja = {}, {}, 0, 0
    for numero, semaine, empreinte in s.execute(text("SELECT id, semaine, sha256 FROM releve WHERE vague_id = :v ORDER BY semaine"), {"v": vague_id}).all():
        lignes = s.execute(text("SELECT cle, tire FROM unite_sondage WHERE releve_id = :r AND exclusion IS NULL"), {"r": numero}).all()
        cles = sorted(c for c, _ in lignes)
        assert hashlib.sha256("\n".join(cles).encode()).hexdigest() == empreinte, "la base gelée n'est plus celle-ci"
        base += len(cles)
        combien = -(-base * taille // prevue) - deja  # the fraction over all weeks so far, rounded up once
        deja += combien
        refaits[semaine] = {c for _, c in sorted((_hmac_a_la_main(graine, c), c) for c in cles)[:combien]}
        gardes[semaine] = {c for c, tire in lignes if tire}
    return refaits, gardes


def test_un_tirage_refait_a_part_donne_le_meme_echantillon_chaque_semaine(s):
    v = vague(s, base_prevue=300, marge=0.1)
    for semaine, combien in enumerate((37, 80, 5, 61)):
        contacts(s, combien)
        tirer(s, v, MAINTENANT + 7 * semaine * JOUR)
    refaits, gardes = redessiner_a_part(s, v.id)
    assert refaits == gardes and len(refaits) == 4 and 0 < sum(map(len, gardes.values())) < 183


def test_temoin_un_tirage_arrange_se_voit_a_part(s):
    v = vague(s, base_prevue=300, marge=0.1)
    contacts(s, 80)
    tirer(s, v)
    choisie, laissee = (s.scalars(select(UniteSondage).where(UniteSondage.tire.is_(tire)).limit(1)).one() for tire in (True, False))
    choisie.tire, laissee.tire = False, True  # both taken before either changes: a second query would find the first one again
    s.flush()
    refaits, gardes = redessiner_a_part(s, v.id)
    assert refaits != gardes and len(refaits["2011-W37"] ^ gardes["2011-W37"]) == 2


def test_redessiner_retrouve_chaque_semaine_et_voit_une_base_retouchee(s):
    v = vague(s, base_prevue=100, marge=0.1)
    for semaine in range(2):
        contacts(s, 40)
        tirer(s, v, MAINTENANT + 7 * semaine * JOUR)
    assert [(r.base_identique, r.tirage_identique) for r in cadre.redessiner(s, v)] == [(True, True)] * 2
    contente = s.scalar(select(UniteSondage).where(UniteSondage.tire.is_(False)))
    contente.tire = True
    assert [r.tirage_identique for r in cadre.redessiner(s, v)] == [False, True]
    s.delete(contente)
    s.flush()
    assert not cadre.redessiner(s, v)[0].base_identique


def test_le_tirage_ne_penche_ni_vers_les_premiers_ni_vers_les_derniers():
    cles = [f"c:{k}" for k in range(400)]
    sorties = Counter(c for graine in range(60) for c in cadre.choisir(str(graine), cles, 100))
    debut, fin = sum(sorties[c] for c in cles[:200]), sum(sorties[c] for c in cles[200:])
    assert debut + fin == 6_000 and abs(debut - fin) < 300


# -- rencontres --------------------------------------------------------------------------------------------------------------------------------


def test_les_inscrits_presents_sont_la_base_dune_rencontre_sans_feuilles(s):
    r = rencontre(s, participants=5)
    for k, (personne, statut) in enumerate(zip(assures(s, 3), ("present", "present", "absent"), strict=True)):
        s.add(Inscription(rencontre_id=r.id, code=f"CODE000{k}", assure_id=personne.id, statut=statut, version=1, inscrite_le=MAINTENANT))
    s.flush()
    releve = tirer(s, vague(s, "AE"))
    assert (releve.base, releve.tires, releve.exclusions) == (2, 2, {"sans_feuille": 3})


def test_une_feuille_remise_dans_la_salle_se_remplit_avant_meme_le_gel(s):
    v = vague(s, "AE")
    r = rencontre(s, participants=3, jour=date(2011, 9, 14), avec_contact=False)
    feuilles = invitations.preparer_feuilles(s, v, r.id, 10, CLE)
    assert feuilles == invitations.preparer_feuilles(s, v, r.id, 10, CLE) and len(feuilles) == 10
    acces = reponses.ouvrir(s, feuilles[6][1], CLE, MAINTENANT + timedelta(hours=6))
    assert [i.id for i in acces.items][-2:] == ["A1", "LOC-01"]
    reponses.enregistrer(s, acces, "Q1", ["tres"], "web")
    constater(s, r)
    releve = tirer(s, v, MAINTENANT + 5 * JOUR)
    assert (releve.base, releve.tires) == (3, 3)
    assert sorted(i.etat for i, _ in invites(s, v)) == ["delivre", "delivre", "partiel"]
    reprise = reponses.ouvrir(s, feuilles[6][1], CLE, MAINTENANT + 6 * JOUR)
    assert reponses.donnees(s, reprise) == {"Q1": ("tres",)}
    with pytest.raises(CodeInconnu):  # a sheet that stayed on the table
        reponses.ouvrir(s, feuilles[9][1], CLE, MAINTENANT + 6 * JOUR)


def test_des_feuilles_pour_une_autre_rencontre_sont_refusees(s):
    autre = rencontre(s, "RCS")
    with pytest.raises(RencontreEtrangere):
        invitations.preparer_feuilles(s, vague(s, "AE"), autre.id, 5, CLE)


# -- sending ------------------------------------------------------------------------------------------------------------------------------------


class Boite:
    """A mailbox: what was delivered; « refuse » is turned away."""

    def __init__(self):
        self.recus = []

    async def handle_RCPT(self, server, session, envelope, adresse, options):
        if adresse.startswith("refuse"):
            return "550 inconnu"
        envelope.rcpt_tos.append(adresse)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        self.recus.append((envelope.rcpt_tos[0], envelope.content.decode("utf-8", "replace")))
        return "250 OK"


@pytest.fixture
def boite():
    boite = Boite()
    boite.port = ports_libres(2)[0]
    serveur = Controller(boite, hostname="127.0.0.1", port=boite.port)
    serveur.start()
    yield boite
    serveur.stop()


@pytest.fixture
def reglages(tmp_path, boite):
    return Reglages(donnees=tmp_path, smtp_hote="127.0.0.1", smtp_port=boite.port, smtp_tls=False, smtp_expediteur="conseil@caisse.example", cle=SECRET)


def passer(sessions, reglages, jours=0):
    return travail.passer(sessions, Horloge.depuis(MAINTENANT + timedelta(days=jours, hours=bool(jours))), reglages)


def etats(sessions):
    with sessions.lecture() as s:
        return dict(Counter(s.scalars(select(InvitationEnquete.etat))))


def test_louvrier_tire_invite_relance_clot_et_detruit_les_liens(sessions, reglages, boite):
    with sessions() as s:
        contacts(s, 3, courriel=True), contacts(s, 2)
        vague(s)
    assert passer(sessions, reglages) == 4 and passer(sessions, reglages) == 0
    assert (len(boite.recus), etats(sessions)) == (3, {"delivre": 3, "tire": 2})
    assert passer(sessions, reglages, 6) == 0 and passer(sessions, reglages, 7) == 3 and passer(sessions, reglages, 9) == 0
    assert etats(sessions) == {"relance": 3, "tire": 2}
    passer(sessions, reglages, 21)
    assert etats(sessions) == {"clos": 3, "non_remis": 2}
    assert passer(sessions, reglages, 50) == 0 and passer(sessions, reglages, 52) == 5 and etats(sessions) == {}
    with sessions.lecture() as s:
        etat = vagues.etat(s, s.scalars(select(Vague)).one())
    assert (etat.base, etat.tires, etat.non_remis, etat.delivres, etat.reponse) == (5, 5, 2, 3, 0)


def test_linvitation_dit_le_contact_le_code_et_rien_de_la_personne(sessions, reglages, boite):
    with sessions() as s:
        contacts(s, 1, courriel=True)
        vague(s)
    passer(sessions, reglages)
    with sessions() as s:
        [code] = _codes(s, reglages)
        reponses.ouvrir(s, code, _cle(reglages), MAINTENANT + JOUR)
    [(a, brut)] = boite.recus
    m = email.message_from_string(brut, policy=policy.default)
    corps = m.get_content().replace("\xa0", " ").replace("\u202f", " ")
    assert (a, m["Subject"]) == ("f0@assure.example", "Votre avis nous intéresse")
    assert "le 8 septembre 2011 (entretien sur place)" in corps and "/enquete/" in corps and "Etcheverry" not in brut
    assert f"{code[:3]}-{code[3:6]}-{code[6:]}" in corps and "5 octobre 2011" in corps


def _cle(reglages):
    return cle_installation(reglages)


def _codes(s, reglages):
    return [jetons.code(_cle(reglages), i.pseudonyme) for i in s.scalars(select(InvitationEnquete))]


def test_une_adresse_refusee_trois_fois_est_non_remise(sessions, reglages, boite):
    with sessions() as s:
        personnes = assures(s, 1, courriel=True)
        personnes[0].courriel = "refuse@assure.example"
        contacts(s, 0, qui=personnes)
        vague(s)
    for _ in range(3):
        passer(sessions, reglages)
    assert (etats(sessions), boite.recus) == ({"non_remis": 1}, [])


def test_un_envoi_coupe_nest_jamais_refait_et_la_relance_y_supplee(sessions, reglages, boite, monkeypatch):
    with sessions() as s:
        contacts(s, 2, courriel=True)
        vague(s)
    envoyer = courriel.Serveur.envoyer

    def couper(self, m):
        envoyer(self, m)
        raise smtplib.SMTPServerDisconnected("coupé")

    monkeypatch.setattr(courriel.Serveur, "envoyer", couper)
    passer(sessions, reglages)
    monkeypatch.setattr(courriel.Serveur, "envoyer", envoyer)
    passer(sessions, reglages)
    assert len(boite.recus) == 2 and len({a for a, _ in boite.recus}) == 2
    with sessions() as s:
        assert invitations.reprendre_coupes(s, MAINTENANT + timedelta(minutes=30)) == 0
        assert invitations.reprendre_coupes(s, MAINTENANT + timedelta(minutes=61)) == 1
    assert etats(sessions) == {"delivre": 2}


def test_sans_serveur_de_courriel_les_invitations_attendent(sessions, tmp_path):
    with sessions() as s:
        contacts(s, 2, courriel=True)
        vague(s)
    reglages = Reglages(donnees=tmp_path, cle=SECRET)
    assert passer(sessions, reglages) == 1 and etats(sessions) == {"tire": 2}


def test_qui_a_repondu_nest_pas_relance_qui_sest_arrete_en_chemin_lest(s):
    _, codes = ouverte(s, 3, courriel=True)
    reponses.repondre(s, reponses.ouvrir(s, codes[0], CLE, MAINTENANT), {"Q1": "tres"}, "web")
    reponses.enregistrer(s, reponses.ouvrir(s, codes[1], CLE, MAINTENANT), "Q1", ["pas"], "web")
    dus = invitations.dus(s, "courriel", MAINTENANT + 8 * JOUR, relance=True)
    assert sorted(d.invitation.etat for d in dus) == ["delivre", "partiel"]


def test_la_liste_a_imprimer_porte_ladresse_et_le_code(s):
    v, [code] = ouverte(s, 1)
    [(i, _)] = invites(s, v)
    i.etat = "tire"
    s.flush()
    [d] = invitations.dus(s, "papier", MAINTENANT)
    ligne = invitations.ligne(s, d, CLE, "https://assistant.example")
    assert (ligne["nom"], ligne["page"][-11:].replace("-", ""), ligne["date_contact"].replace("\xa0", " ")) == ("Etcheverry0", code, "8 septembre 2011")


def test_un_pli_revenu_sort_du_taux_de_reponse(s):
    v, codes = ouverte(s, 4)
    reponses.repondre(s, reponses.ouvrir(s, codes[0], CLE, MAINTENANT), {"Q1": "tres"}, "papier", saisi_par=_saisie(s))
    assert invitations.non_remis(s, CAISSE, [codes[1], "AAA-222-BBB", codes[0]], CLE) == (1, ["AAA-222-BBB", codes[0]])
    assert vagues.etat(s, v).reponse == pytest.approx(1 / 3)


def _saisie(s):
    return conseiller(s, "Lafitte", "Odile").id


# -- closing ------------------------------------------------------------------------------------------------------------------------------------


def test_une_fois_la_semaine_close_le_code_ne_sert_plus(s):
    _, codes = ouverte(s, 1)
    reponses.ouvrir(s, codes[0], CLE, MAINTENANT + 20 * JOUR)
    with pytest.raises(CodeExpire):
        reponses.ouvrir(s, codes[0], CLE, MAINTENANT + 21 * JOUR)


def test_clore_une_vague_ferme_tout_de_suite_et_une_seule_fois(s):
    v, codes = ouverte(s, 2)
    vagues.clore(s, v, MAINTENANT + JOUR)
    with pytest.raises(CodeExpire):
        reponses.ouvrir(s, codes[0], CLE, MAINTENANT + JOUR)
    for acte in (lambda: vagues.clore(s, v, MAINTENANT), lambda: tirer(s, v, MAINTENANT + 7 * JOUR), lambda: invitations.inviter(s, v, MAINTENANT)):
        with pytest.raises(VagueClose):
            acte()


def test_les_liens_detruits_personne_ne_sait_plus_qui_a_dit_quoi(s):
    v, codes = ouverte(s, 2)
    reponses.repondre(s, reponses.ouvrir(s, codes[0], CLE, MAINTENANT), {"Q1": "tres"}, "web", commentaire="Rien à redire sur l'accueil")
    vagues.clore_releves(s, MAINTENANT + 21 * JOUR)
    assert vagues.detruire_liens(s, MAINTENANT + 50 * JOUR) == 0
    assert (vagues.detruire_liens(s, MAINTENANT + 51 * JOUR), vagues.detruire_liens(s, MAINTENANT + 51 * JOUR)) == (2, 0)
    assert s.scalar(select(func.count()).select_from(InvitationEnquete)) == 0
    assert s.scalars(select(Commentaire.pseudonyme)).all() == [None]
    etat = vagues.etat(s, v)
    assert (etat.repondants, etat.tires, s.scalar(select(func.count()).select_from(Reponse))) == (1, 2, 2)
    assert [r.tirage_identique for r in cadre.redessiner(s, v)] == [True]


def test_rien_de_ce_qui_reste_ne_porte_lheure_dune_reponse(s):
    """The month of the contact is the only date beside an answer; the history speaks of waves and weeks only (§3d)."""
    colonnes = {c.type.__class__.__name__ for t in (Participation, Reponse) for c in t.__table__.columns}
    assert colonnes <= {"BigInteger", "Integer", "String", "Boolean"}
    _, codes = ouverte(s, 1)
    reponses.repondre(s, reponses.ouvrir(s, codes[0], CLE, MAINTENANT), {"Q1": "tres"}, "web")
    assert s.scalars(select(Participation.mois)).all() == ["2011-09"]
    assert set(s.scalars(select(Historique.objet))) == {"vague", "releve"}


def test_une_vague_finie_se_clot_delle_meme(s):
    v, _ = ouverte(s, 1)
    vagues.clore_releves(s, MAINTENANT + 21 * JOUR)
    assert v.etat == "ouverte"
    vagues.clore_releves(s, datetime(2012, 1, 15, tzinfo=timezone.utc))
    assert v.etat == "close"


def test_la_vague_marche_pareil_sur_les_deux_bases(base):
    with base() as s:
        contacts(s, 3), action(s, "CREATEUR")
        assert len(vagues.ouvrir_toutes(s, CAISSE, 2011, MAINTENANT)) == 3
        v = s.scalars(select(Vague).join(Action, Action.id == Vague.action_id).where(Action.code == "EIG")).one()
        tirer(s, v)
        invitations.inviter(s, v, MAINTENANT)
    with base() as s:
        codes = [c for _, c in invites(s, s.merge(v))]
        acces = reponses.ouvrir(s, codes[0], CLE, MAINTENANT)
        assert reponses.repondre(s, acces, {"Q1": "tres", "Q5": ["D1", "D3"]}, "web", commentaire="Merci à Claire, 06 39 98 12 34") is True
        reponses.enregistrer(s, reponses.ouvrir(s, codes[1], CLE, MAINTENANT), "Q1", ["pas"], "chatbot")
        reponses.refuser(s, reponses.ouvrir(s, codes[2], CLE, MAINTENANT))
    with base() as s:
        vagues.clore_releves(s, MAINTENANT + 21 * JOUR)
        vagues.detruire_liens(s, MAINTENANT + 51 * JOUR)
        assert vagues.etat(s, s.merge(v)).modes == {"web": 1, "chatbot": 1}
        assert s.scalar(select(func.count()).select_from(Releve)) == 1
