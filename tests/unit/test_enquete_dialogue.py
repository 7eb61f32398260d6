"""The survey in the conversation: opened by its code, one question a message in its own words, back, later, stop; a question about something else."""
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from bot.contacts import conversations, flux
from bot.contacts.flux import Tour
from bot.contacts.tables import Assure, Brouillon, Participation, Reponse
from bot.enquete import dialogue, reponses
from tests.fabrique_enquete import CAISSE, CLE, MAINTENANT, SECRET, invites, ouverte, remise


@pytest.fixture
def sessions(modele_sqlite, tmp_path_factory, monkeypatch):
    monkeypatch.setenv("CONSEIL_CLE", SECRET)
    yield from remise(modele_sqlite, tmp_path_factory)


class Personne:
    """Someone who answers in a conversation; each turn is a transaction, as in the action server."""

    def __init__(self, sessions):
        self.sessions, self.quand = sessions, MAINTENANT
        with sessions() as s:
            conversation, _ = conversations.ouvrir(s, CAISSE, MAINTENANT)
            self.id = conversation.id
        self.suite = None

    def tour(self, texte=None, intention=None, charge=None):
        with self.sessions() as s:
            t = Tour(self.id, CAISSE, self.quand, texte, intention, 0.9, charge or {})
            self.suite = dialogue.conduire(s, t, flux.lire(s, self.id))
        return self

    def dit(self, texte, intention=None):
        return self.tour(texte, intention)

    def choisit(self, libelle):
        return self.tour(charge=next(dict(b.charge) for d in self.suite.dits for b in d.boutons if b.libelle == libelle))

    @property
    def lu(self):
        return "\n".join(d.texte for d in self.suite.dits)

    @property
    def boutons(self):
        return [b.libelle for d in self.suite.dits for b in d.boutons]

    @property
    def enquete(self):
        return next((d.donnees["enquete"]["item"] for d in self.suite.dits if (d.donnees or {}).get("enquete")), None)


@pytest.fixture
def codes(sessions):
    with sessions() as s:
        return ouverte(s, 3)[1]


@pytest.fixture
def personne(sessions, codes):
    return Personne(sessions).dit(f"bonjour mon code est {codes[0]}", "repondre_enquete")


def gardees(sessions):
    with sessions.lecture() as s:
        trouvees = {}
        for item, code in s.execute(select(Reponse.item, Reponse.code)):
            trouvees.setdefault(item, set()).add(code)
        return trouvees


# -- opening ------------------------------------------------------------------------------------------------------------------------------------


def test_le_code_ouvre_sur_lintroduction_et_la_premiere_question(personne):
    assert "Vous êtes libre de répondre." in personne.lu and "« plus tard »" in personne.lu
    assert "Question 1 sur 14\nGlobalement, êtes-vous satisfait(e) de ce contact avec le RSI ?" in personne.lu
    assert personne.boutons == ["Très satisfait(e)", "Plutôt satisfait(e)", "Plutôt pas satisfait(e)", "Pas du tout satisfait(e)", "Je ne sais pas", "Passer",
                                "Plus tard"]


def test_sans_code_on_le_demande_puis_il_ouvre(sessions, codes):
    p = Personne(sessions).dit("je veux répondre à l'enquête", "repondre_enquete")
    assert "Quel est le code" in p.lu
    assert p.dit(codes[1].lower()).enquete == "Q1"


def test_une_question_pendant_quon_attend_le_code_est_rendue_a_lassistant(sessions, codes):
    p = Personne(sessions).dit("enquête", "repondre_enquete").dit("c'est quoi l'EIRL ?", "eirl/definition")
    assert p.suite.pris is False and "Quel est le code" in p.lu


def test_trois_codes_faux_menent_au_telephone(sessions, codes):
    p = Personne(sessions).dit("enquête", "repondre_enquete")
    for _ in range(2):
        assert "aucune invitation" in p.dit("AAA-222-BBB").lu
    assert p.dit("AAA-222-CCC").suite.dits[0].donnees == {"contact": True}
    with sessions.lecture() as s:
        assert flux.lire(s, p.id) is None


def test_sans_code_du_tout_on_dit_pourquoi(sessions, codes):
    p = Personne(sessions).dit("enquête", "repondre_enquete").choisit("Je n'ai pas de code")
    assert "tirées au sort" in p.lu


@pytest.mark.parametrize("jours, dit", [(21, "le temps pour y répondre est passé")])
def test_un_code_expire_le_dit(sessions, codes, jours, dit):
    p = Personne(sessions)
    p.quand += timedelta(days=jours)
    assert dit in p.dit(codes[0], "repondre_enquete").lu


def test_un_code_qui_a_servi_ne_sert_plus(sessions, codes):
    with sessions() as s:
        reponses.repondre(s, reponses.ouvrir(s, codes[0], CLE, MAINTENANT), {"Q1": "tres"}, "web")
    assert "déjà répondu" in Personne(sessions).dit(codes[0], "repondre_enquete").lu


def test_le_code_dune_autre_personne_ouvre_le_sien_sans_rien_montrer_du_premier(sessions, codes, personne):
    personne.choisit("Très satisfait(e)")
    with sessions() as s:
        autre = flux.lire(s, personne.id)
        premier = autre.prive["pseudonyme"]
    personne.tour(charge={"flux": "repondre_enquete", "jeton": codes[1]})
    assert personne.enquete == "Q1"
    personne.choisit("Pas du tout satisfait(e)")
    with sessions.lecture() as s:
        assert s.scalars(select(Reponse.code).where(Reponse.pseudonyme == premier)).all() == ["tres"]
        assert sorted(s.scalars(select(Reponse.code))) == ["pas", "tres"]


# -- answering -----------------------------------------------------------------------------------------------------------------------------------


def test_un_questionnaire_entier_au_bouton_et_au_clavier(sessions, personne):
    for reponse in ("Très satisfait(e)", "Tout à fait"):
        personne.choisit(reponse)
    for tape in ("oui exactement", "oui à toutes", "la retraite et les cotisations", "aucun", "nickel", "très à l'écoute", "pas eu le temps de lire", "oui beaucoup",
                 "rien pour l'instant", "Merci à Mme Durand", "oui", "en partie"):
        personne.dit(tape)
    assert "C'est terminé, merci." in personne.lu
    assert gardees(sessions) == {
        "Q1": {"tres"}, "Q2": {"tout_a_fait"}, "Q3": {"tout_a_fait"}, "Q4": {"toutes"}, "Q5": {"D2", "D3"}, "Q6": {"aucun"}, "Q7": {"tres"}, "Q8": {"tres"},
        "Q9": {"pas_lus"}, "Q10": {"nettement"}, "Q11": {"rien"}, "Q12": {"ecrit"}, "E1": {"oui"}, "LOC-01": {"en_partie"}}
    with sessions.lecture() as s:
        assert s.scalars(select(Participation.mode)).all() == ["chatbot"] and s.scalar(select(func.count()).select_from(Brouillon)) == 0


def test_aucun_commentaire_sur_les_reponses(personne):
    for tape in ("nul", "pas du tout"):
        assert personne.dit(tape).lu.startswith("Question ")


def test_une_reponse_incomprise_est_redemandee_une_fois_puis_notee_je_ne_sais_pas(sessions, personne):
    assert "Je ne sais pas ranger" in personne.dit("moyen moyen quoi").lu and personne.enquete == "Q1"
    assert "« Je ne sais pas »" in personne.dit("8 sur 10").lu and personne.enquete == "Q2"
    assert gardees(sessions) == {"Q1": {"nsp"}}


def test_sans_je_ne_sais_pas_dans_lechelle_la_question_est_passee(sessions, personne):
    for _ in range(6):
        personne.choisit("Passer")
    assert personne.enquete == "Q7"
    personne.dit("zzz"), personne.dit("zzz")
    assert "« Passer »" in personne.lu and gardees(sessions)["Q7"] == {"passe"}


@pytest.mark.parametrize("tape, code", [("je sais pas", "nsp"), ("aucune idée", "nsp"), ("passer", "passe"), ("pas concerné", "passe")])
def test_ne_pas_savoir_et_passer_se_tapent(sessions, personne, tape, code):
    personne.dit(tape)
    assert gardees(sessions) == {"Q1": {code}} and personne.enquete == "Q2"


def test_les_choix_multiples_se_cochent_et_se_retirent(sessions, personne):
    for _ in range(4):
        personne.choisit("Passer")
    assert "Plusieurs réponses possibles." in personne.lu and "C'est tout" not in personne.boutons
    personne.choisit("Retraite").choisit("Statut et cotisations")
    assert "Choisi : Statut et cotisations, Retraite." in personne.lu
    personne.choisit("Retirer : Statut et cotisations").choisit("Services en ligne").choisit("C'est tout")
    assert gardees(sessions)["Q5"] == {"D3", "D8"} and personne.enquete == "Q6"
    personne.choisit("Retraite").choisit("Aucun")  # exclusive: alone
    assert gardees(sessions)["Q6"] == {"aucun"} and personne.enquete == "Q7"


def test_retour_reprend_la_question_davant_et_un_vieux_bouton_corrige_la_sienne(sessions, personne):
    premiere = {b.libelle: dict(b.charge) for d in personne.suite.dits for b in d.boutons}
    personne.choisit("Très satisfait(e)")
    assert personne.dit("retour").enquete == "Q1"
    personne.choisit("Plutôt satisfait(e)").choisit("Tout à fait")
    assert personne.enquete == "Q3"
    personne.tour(charge=premiere["Pas du tout satisfait(e)"])
    assert gardees(sessions) == {"Q1": {"pas"}, "Q2": {"tout_a_fait"}} and personne.enquete == "Q3"


def test_un_commentaire_masque_se_dit(personne):
    for _ in range(11):
        personne.choisit("Passer")
    assert personne.enquete == "Q12"
    assert "J'ai remplacé par « […] »" in personne.dit("appelez-moi au 06 39 98 12 34").lu


@pytest.mark.parametrize("tape, code", [("non merci", "passe"), ("rien à ajouter", "passe"), ("c'est tout", "passe"), ("Très bon accueil", "ecrit"),
                                        ("Quel dommage d'attendre si longtemps, pourquoi ?", "ecrit")])
def test_la_derniere_question_prend_ce_qui_est_ecrit_ou_rien(sessions, personne, tape, code):
    for _ in range(11):
        personne.choisit("Passer")
    personne.dit(tape)
    assert gardees(sessions)["Q12"] == {code}


# -- interrupted ---------------------------------------------------------------------------------------------------------------------------------


def test_une_question_sur_autre_chose_est_rendue_puis_lenquete_reprend(sessions, personne):
    personne.choisit("Très satisfait(e)").dit("au fait, c'est quoi le plafond de l'auto-entrepreneur ?", "auto_entrepreneur/seuils_ca")
    assert personne.suite.pris is False and "Reprenons l'enquête.\nQuestion 2 sur 14" in personne.lu
    assert personne.dit("plutôt oui").enquete == "Q3" and gardees(sessions)["Q2"] == {"plutot"}


def test_un_autre_acte_attend_la_fin_ou_plus_tard(personne):
    assert "Finissons d'abord l'enquête" in personne.dit("je veux un rendez-vous", "prendre_rdv").lu and personne.suite.pris
    assert "Finissons d'abord l'enquête" in personne.tour(charge={"flux": "prendre_rdv"}).lu


def test_plus_tard_garde_tout_et_le_meme_code_reprend(sessions, codes, personne):
    personne.choisit("Très satisfait(e)").dit("plus tard")
    assert "jusqu'au 5 octobre 2011".replace(" octobre ", "\xa0octobre\xa0") in personne.lu
    reprise = Personne(sessions).dit(codes[0], "repondre_enquete")
    assert "Vous reprenez" in reprise.lu and reprise.enquete == "Q2"


def test_stop_garde_les_reponses_sans_relance_et_lon_peut_les_effacer(sessions, codes, personne):
    personne.choisit("Très satisfait(e)").dit("stop")
    assert "Votre réponse est gardée" in personne.lu
    with sessions.lecture() as s:
        assert s.scalars(select(Participation.etat)).all() == ["partielle"] and s.scalar(select(func.count()).select_from(Brouillon)) == 0
        assert invites(s, reponses.ouvrir(s, codes[0], CLE, MAINTENANT).vague)[0][0].relancee_le is not None
    stop = personne.suite
    personne.choisit("Ne plus recevoir d'enquête")
    personne.suite = stop
    assert "Vos réponses sont effacées." in personne.choisit("Effacer mes réponses").lu
    with sessions.lecture() as s:
        assert (s.scalar(select(func.count()).select_from(Reponse)), sorted(s.scalars(select(Assure.refus_enquete)))) == (0, [False, False, True])


def test_stop_sans_reponse_est_un_refus(sessions, codes, personne):
    assert "rien n'est gardé" in personne.dit("stop").lu
    assert "choisi de ne pas répondre" in Personne(sessions).dit(codes[0], "repondre_enquete").lu


def test_le_bouton_deffacement_ne_porte_pas_le_pseudonyme_en_clair(sessions, personne):
    personne.choisit("Très satisfait(e)").dit("stop")
    with sessions.lecture() as s:
        pseudonyme = s.scalars(select(Participation.pseudonyme)).one()
    assert all(str(pseudonyme) not in str(b.charge) for d in personne.suite.dits for b in d.boutons)
    assert "aucune invitation" in personne.tour(charge={"flux": "repondre_enquete", "acte": "effacer", "secret": "faux"}).lu


def test_lenquete_close_pendant_la_conversation_se_dit(sessions, personne):
    personne.quand += timedelta(days=22)
    assert "terminée" in personne.dit("très bien").lu
    with sessions.lecture() as s:
        assert flux.lire(s, personne.id) is None


def test_lacte_est_inscrit_chez_le_serveur_dactions():
    from bot.actions.flux import CONDUITES

    assert CONDUITES["repondre_enquete"] is dialogue.conduire
