"""Letters: who gets one, what it says, that a batch run twice writes and sends nothing twice, whatever stops it. A real SMTP server receives."""
import csv
import io
import os
import random
import signal
import subprocess
import time
from collections import Counter
from datetime import date, datetime, timezone
from email import message_from_bytes
from email.policy import default

import pikepdf
import pytest
from aiosmtpd.controller import Controller
from docx import Document
from sqlalchemy import select

from bot.campagnes import annee, courriers, modeles, pages, tirage
from bot.cli import principal
from bot.contacts.base import Sessions, ouvrir
from bot.contacts.caisses import caisse as lire_caisse
from bot.contacts.caisses import installer_demo
from bot.contacts.campagne import action_de
from bot.contacts.codes import empreinte_ouverture
from bot.contacts.schema import migrer
from bot.contacts.tables import Assure, CodeOuverture, Contact, Envoi, Lot
from tests.marche import CONSEIL, RACINE, ports_libres

CAISSE, CLE = "demo-aquitaine", bytes(range(32))
MAINTENANT = datetime(2011, 9, 14, 8, tzinfo=timezone.utc)


def _assure(n, **autres):
    return Assure(**{"caisse_code": CAISSE, "identifiant": f"A{n:05}", "civilite": "MME", "nom": f"Fictif-{n}", "prenom": "Jeanne",
                     "date_naissance": date(1952, 3, 1), "groupe_pro": "artisan", "statut": "actif", "auto_entrepreneur": False,
                     "carriere": "incomplete", "date_affiliation": date(1990, 1, 1), "adresse": f"{n} rue de l'Essai", "code_postal": "33000",
                     "ville": "Bordeaux", "canal": "courrier", **autres})


def _remplir(sessions: Sessions, personnes) -> None:
    with sessions() as s:
        annee.installer(s, 2011, MAINTENANT)
        s.add_all(personnes)


def _tirer(sessions: Sessions, taille=100) -> None:
    with sessions() as s:
        tirage.tirer(s, action="EIG", caisse=CAISSE, annee=2011, taille=taille, maintenant=MAINTENANT, graine="essai")


def _preparer(sessions: Sessions, code="EIG") -> int:
    with sessions() as s:
        return courriers.preparer(s, action_de(s, CAISSE, 2011, code), MAINTENANT, CLE).id


def _plis(sessions: Sessions, lot: int):
    with sessions.lecture() as s:
        return list(courriers.plis(s, s.get_one(Lot, lot), CLE))


# -- who, and what ---------------------------------------------------------------------------------------------------------------------------


def test_les_personnes_tirees_ont_chacune_un_courrier_et_un_code(base):
    _remplir(base, [_assure(n) for n in range(1, 6)])
    _tirer(base)
    plis = _plis(base, _preparer(base))
    assert len({p.lettre.code for p in plis}) == len(plis) == 5
    with base.lecture() as s:
        gardees = set(s.scalars(select(CodeOuverture.empreinte)))
    assert gardees == {empreinte_ouverture(CLE, p.lettre.code) for p in plis}
    assert not any(p.lettre.code.replace("-", "") in e.upper() for p in plis for e in gardees)


def test_le_code_tape_a_la_main_se_retrouve_sans_tiret_ni_majuscules():
    assert empreinte_ouverture(CLE, "abcd efgh") == empreinte_ouverture(CLE, "ABCD-EFGH") != empreinte_ouverture(CLE, "ABCD-EFGJ")


def test_une_personne_qui_refuse_dette_contactee_nest_pas_invitee(base):
    _remplir(base, [_assure(1), _assure(2)])
    _tirer(base)
    with base() as s:
        s.scalar(select(Assure).where(Assure.identifiant == "A00001")).refus_contact = True
    assert [p.assure.identifiant for p in _plis(base, _preparer(base))] == ["A00002"]


def test_r36_tous_les_createurs_de_lannee_ont_leur_guide_meme_ceux_qui_refusent_les_invitations(base):
    _remplir(base, [_assure(1, statut="createur", date_affiliation=date(2011, 5, 2)), _assure(2),
                    _assure(3, date_affiliation=date(2011, 1, 1), refus_contact=True)])
    lot = _preparer(base, "CREATEUR")
    assert [p.assure.identifiant for p in _plis(base, lot)] == ["A00001", "A00003"]
    with base() as s:
        courriers.marquer_imprimes(s, s.get_one(Lot, lot), MAINTENANT)
        courriers.marquer_imprimes(s, s.get_one(Lot, lot), MAINTENANT)
    with base.lecture() as s:
        assert [(c.type, c.resultat) for c in s.scalars(select(Contact))] == [("courrier", "realise")] * 2


def test_refaire_un_lot_ne_reecrit_a_personne(base):
    _remplir(base, [_assure(1)])
    _tirer(base)
    lot = _preparer(base)
    avant = [p.lettre for p in _plis(base, lot)]
    with pytest.raises(courriers.RienAEnvoyer):
        _preparer(base)
    assert [p.lettre for p in _plis(base, lot)] == avant


def test_sans_tirage_il_ny_a_personne_a_qui_ecrire(sessions):
    _remplir(sessions, [_assure(1)])
    with pytest.raises(courriers.RienAEnvoyer):
        _preparer(sessions)


def test_la_lettre_parle_a_la_personne_et_dit_ce_quelle_est(sessions):
    _remplir(sessions, [_assure(1), _assure(2, civilite=None, carriere="complete", adresse=None, telephone="05 00 00 00 00")])
    _tirer(sessions)
    premier, second = _plis(sessions, _preparer(sessions))
    assert premier.lettre.paragraphes[0] == "Madame," and second.lettre.paragraphes[0] == "Madame, Monsieur,"
    assert "périodes manquent encore" in premier.lettre.paragraphes[2] and "Si des périodes" in second.lettre.paragraphes[2]
    assert premier.lettre.destinataire == ["Madame Jeanne Fictif-1", "1 rue de l'Essai", "33000 BORDEAUX"]
    assert premier.complet and not second.complet
    assert "Modèle reconstitué" in premier.lettre.mention and "12 mars 2012" in premier.lettre.apres_code.replace("\u00a0", " ")


def test_la_liste_ne_porte_aucun_nom(sessions):
    _remplir(sessions, [_assure(1), _assure(2, adresse=None, telephone="05 00 00 00 00")])
    _tirer(sessions)
    sortie = io.StringIO()
    assert courriers.ecrire_liste(sortie, _plis(sessions, _preparer(sessions))) == 1
    lignes = list(csv.DictReader(io.StringIO(sortie.getvalue()), delimiter=";"))
    assert sorted(ligne["adresse_complete"] for ligne in lignes) == ["non", "oui"] and "Fictif" not in sortie.getvalue()


# -- templates -------------------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("adaptation", "attendu"), [
    ("mention: rien", "mention"), ("code_ouverture: false", "code_ouverture"), ("paragraphes: ['Bonjour {nir}']", "{nir}"),
    ("objet: '{appel.__class__}'", "appel.__class__"), ("objet: '{appel'", "accolade"), ("objet: [", "YAML"), ("paragraphes: []", "paragraphes")])
def test_r54_une_adaptation_ne_change_que_ce_qui_sadapte(adaptation, attendu):
    with pytest.raises(modeles.ModeleInvalide) as refus:
        modeles.modele_de("EIG", adaptation)
    assert attendu in refus.value.message


def test_une_adaptation_permise_change_la_lettre():
    _, modele = modeles.modele_de("EIG", "objet: Faisons le point ensemble")
    assert modele.objet == "Faisons le point ensemble" and modele.code_ouverture


def test_tous_les_modeles_se_lisent_et_se_disent_reconstitues():
    assert {a for m in modeles.modeles().values() for a in m.actions} >= {"EIG", "CREATEUR"}
    assert all("reconstitué" in m.mention for m in modeles.modeles().values())


# -- pages -----------------------------------------------------------------------------------------------------------------------------------


def test_le_pdf_tient_une_page_par_lettre_et_le_document_se_modifie(sessions, tmp_path):
    _remplir(sessions, [_assure(n) for n in range(1, 4)])
    _tirer(sessions)
    lettres = [p.lettre for p in _plis(sessions, _preparer(sessions))]
    with sessions.lecture() as s:
        caisse = lire_caisse(s, CAISSE)
    assert pages.ecrire_pdf(lettres, caisse, date(2011, 9, 14), tmp_path / "l.pdf") == 3
    pages.ecrire_docx(lettres, caisse, date(2011, 9, 14), tmp_path / "l.docx")
    with pikepdf.open(tmp_path / "l.pdf") as pdf:
        assert len(pdf.pages) == 3
    texte = "\n".join(p.text for p in Document(str(tmp_path / "l.docx")).paragraphs)
    assert all(lettre.code in texte for lettre in lettres)
    assert sorted(f.name for f in tmp_path.iterdir() if f.suffix in (".pdf", ".docx")) == ["l.docx", "l.pdf"]


# -- returned mail -----------------------------------------------------------------------------------------------------------------------------


def test_r37_un_pli_revenu_est_compte_a_part_une_seule_fois(base):
    _remplir(base, [_assure(1, date_affiliation=date(2011, 5, 2))])
    lot = _preparer(base, "CREATEUR")
    reference = _plis(base, lot)[0].lettre.reference
    with base() as s:
        courriers.marquer_imprimes(s, s.get_one(Lot, lot), MAINTENANT)
    for attendu in (courriers.Retours(1, 0, ["EIG-2011-1-99"]), courriers.Retours(0, 1, ["EIG-2011-1-99"])):
        with base() as s:
            assert courriers.noter_retours(s, CAISSE, [reference, "EIG-2011-1-99"], MAINTENANT) == attendu
    with base.lecture() as s:
        assert s.scalar(select(Contact.resultat)) == "absent"
        assert courriers.noter_retours(s, "demo-reunion", [reference], MAINTENANT).inconnues == [reference]


# -- e-mail ------------------------------------------------------------------------------------------------------------------------------------


class Boite:
    """A mail server that keeps what it gets; refuses a recipient that begins with « refuse »."""

    def __init__(self):
        self.recus = []

    async def handle_RCPT(self, serveur, session, enveloppe, adresse, options):
        if adresse.startswith("refuse"):
            return "550 inconnu"
        enveloppe.rcpt_tos.append(adresse)
        return "250 OK"

    async def handle_DATA(self, serveur, session, enveloppe):
        self.recus.append(message_from_bytes(enveloppe.content, policy=default))
        return "250 OK"


@pytest.fixture
def boite():
    boite = Boite()
    controleur = Controller(boite, hostname="127.0.0.1", port=0)
    controleur.port = ports_libres(2)[0]
    controleur.start()
    boite.port = controleur.port
    yield boite
    controleur.stop()


@pytest.fixture
def installation_courriels(tmp_path, boite, monkeypatch):
    """A data folder where letters go by e-mail, as the `conseil` command sees it; gives the sessions."""
    reglages = {"CONSEIL_DONNEES": str(tmp_path), "CONSEIL_NOW": "2011-09-14T10:00", "CONSEIL_SMTP_HOTE": "127.0.0.1", "CONSEIL_SMTP_PORT": str(boite.port),
                "CONSEIL_SMTP_TLS": "false", "CONSEIL_SMTP_EXPEDITEUR": "conseil@caisse.example", "CONSEIL_CLE": "k" * 40}
    for nom, valeur in reglages.items():
        monkeypatch.setenv(nom, valeur)
    engine = ouvrir(f"sqlite:///{tmp_path / 'contacts.db'}")
    migrer(engine)
    sessions = Sessions(engine)
    with sessions() as s:
        installer_demo(s)
    yield sessions
    engine.dispose()


def _conseil(*arguments):
    return principal(["courriers", *arguments, "--caisse", CAISSE, "--action", "EIG", "--annee", "2011"])


def _courriels(n):
    return [_assure(i, canal="courriel", courriel=f"a{i}@exemple.example") for i in range(1, n + 1)]


def test_qui_a_choisi_le_courriel_le_recoit_une_fois(installation_courriels, boite, tmp_path, capsys):
    _remplir(installation_courriels, [*_courriels(3), _assure(9)])
    _tirer(installation_courriels)
    assert _conseil("preparer", "--out", str(tmp_path / "sortie")) == 0
    assert _conseil("envoyer") == 0 and _conseil("envoyer") == 0
    assert Counter(m["To"] for m in boite.recus) == {f"a{i}@exemple.example": 1 for i in (1, 2, 3)}
    corps = boite.recus[0].get_content()
    assert "Votre code" in corps and "Modèle reconstitué" in corps and boite.recus[0]["Auto-Submitted"] == "auto-generated"
    assert sorted(f.name for f in (tmp_path / "sortie").iterdir()) == ["EIG-2011-lot1.csv", "EIG-2011-lot1.pdf"]


def test_un_refus_du_serveur_est_repris_trois_fois_puis_dit(installation_courriels, boite, tmp_path, capsys):
    _remplir(installation_courriels, [_assure(1, canal="courriel", courriel="refuse@exemple.example")])
    _tirer(installation_courriels)
    _conseil("preparer", "--out", str(tmp_path / "sortie"))
    for _ in range(4):
        _conseil("envoyer")
    with installation_courriels.lecture() as s:
        assert [(e.etat, e.essais) for e in s.scalars(select(Envoi))] == [("echec", 3)]


def test_sans_serveur_de_courriel_rien_nest_perdu(installation_courriels, monkeypatch, tmp_path, capsys):
    _remplir(installation_courriels, _courriels(1))
    _tirer(installation_courriels)
    _conseil("preparer", "--out", str(tmp_path / "sortie"))
    monkeypatch.delenv("CONSEIL_SMTP_HOTE")
    assert _conseil("envoyer") == 1 and "CONSEIL_SMTP_HOTE" in capsys.readouterr().err
    with installation_courriels.lecture() as s:
        assert s.scalar(select(Envoi.etat)) == "prepare"


def test_tue_a_dix_moments_lenvoi_ne_perd_ni_ne_double_rien(installation_courriels, boite, tmp_path):
    _remplir(installation_courriels, _courriels(40))
    _tirer(installation_courriels)
    assert _conseil("preparer", "--out", str(tmp_path / "sortie")) == 0
    commande = [*CONSEIL, "courriers", "envoyer", "--caisse", CAISSE, "--action", "EIG", "--annee", "2011", "--json"]
    hasard = random.Random(2011)
    for _ in range(10):
        avant = len(boite.recus)
        processus = subprocess.Popen(commande, env=os.environ, cwd=RACINE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        voulus = avant + hasard.randint(1, 3)
        while len(boite.recus) < min(voulus, 40) and processus.poll() is None:
            time.sleep(0.001)
        time.sleep(hasard.random() * 0.02)
        processus.send_signal(signal.SIGKILL)
        processus.wait()
    assert subprocess.run(commande, env=os.environ, cwd=RACINE, stdout=subprocess.DEVNULL).returncode == 0
    recus = Counter(m["Message-ID"] for m in boite.recus)
    with installation_courriels.lecture() as s:
        etats = {courriers.message_id(e.lot_id, e.id): e.etat for e in s.scalars(select(Envoi))}
    assert max(recus.values()) == 1
    # Each letter has left, or is one of those a person is asked to look at: killed between the server's « OK » and our record of it.
    assert set(etats.values()) <= {"envoye", "en_cours"} and {m for m, e in etats.items() if e == "envoye"} <= set(recus)
    assert len(etats) == 40 and sum(e == "en_cours" for e in etats.values()) <= 10


def test_une_action_inconnue_se_dit(installation_courriels, tmp_path, capsys):
    assert principal(["courriers", "preparer", "--caisse", CAISSE, "--action", "ZZZ", "--annee", "2011", "--out", str(tmp_path)]) == 1
    assert "action" in capsys.readouterr().err
