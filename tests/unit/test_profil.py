"""What is recognised of a person in a sentence, and above all what is not: other people, denials, the past, questions."""
from time import perf_counter

import pytest

from bot.knowledge.chemins import KNOWLEDGE
from bot.knowledge.fiches import PROFIL
from bot.knowledge.lecture import lire_yaml
from bot.knowledge.metiers import distance, metier_dit, professions
from bot.knowledge.profil import reconnaitre, reunir
from bot.knowledge.propositions import propositions
from bot.texte.normalisation import cle

BRUT = lire_yaml(KNOWLEDGE / "professions.yml")


def traits(**kw):
    return kw


# --- the list of trades --------------------------------------------------------------------------------------------------------------------

def test_la_liste_couvre_au_moins_250_metiers():
    assert len(BRUT["metiers"]) >= 250 and set(BRUT) == {"metiers", "lieux", "actes"}


def test_chaque_entree_est_un_profil_connu_et_chaque_forme_n_est_qu_une_fois():
    vues = {}
    for section, entrees in BRUT.items():
        for nom, entree in entrees.items():
            assert set(entree) <= {"activite", "groupe", "caisse", "formes"} and entree["formes"], nom
            assert entree["activite"] in PROFIL["activite"] and entree.get("groupe") in (None, *PROFIL["groupe"]), nom
            assert entree.get("caisse") is None or (entree["activite"] == "liberal" and entree["caisse"] in ("cipav", "rsi")), nom
            for forme in entree["formes"]:
                assert vues.setdefault(cle(forme), (section, nom)) == (section, nom), forme
    assert len(vues) == sum(len({cle(f) for f in e["formes"]}) for s in BRUT.values() for e in s.values()) == len(professions())


@pytest.mark.parametrize("section, cadre", [("metiers", "Bonjour, je suis {} à mon compte."), ("metiers", "JE SUIS {} COMBIEN JE PAIE"),
                                            ("lieux", "je tiens un {}"), ("actes", "{}")])
def test_chaque_forme_est_reconnue_quand_elle_est_dite_de_soi(section, cadre):
    rates = []
    for nom, entree in BRUT[section].items():
        for forme in entree["formes"]:
            dit = forme if section != "actes" or forme.startswith("je ") else f"je {forme}"
            lu = reconnaitre(cadre.format(dit.upper() if cadre.isupper() else dit))
            if lu.get("activite") != entree["activite"] or lu.get("groupe") != entree.get("groupe"):
                rates.append((nom, forme, lu))
    assert rates == []


@pytest.mark.parametrize("cadre", ["mon mari est {}", "ma sœur est {} et elle gagne bien", "je ne suis pas {}", "j'étais {}", "un ami {} me conseille"])
def test_aucun_metier_n_est_pris_a_un_autre_ni_malgre_une_negation(cadre):
    rates = [f for e in BRUT["metiers"].values() for f in e["formes"] if {"activite", "groupe"} & set(reconnaitre(cadre.format(f)))]
    assert rates == []


# --- said of oneself -------------------------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("texte, attendu", [
    ("Je suis coiffeuse, je fais 2 000 € par mois, combien je paie ?", traits(activite="prestation", groupe="artisan")),
    ("je suis au chômage", traits(situation="demandeur_emploi")), ("retraitée de la SNCF", traits(situation="retraite")),
    ("Retraité depuis 2009, je fais quelques chantiers", traits(situation="retraite")), ("je vends des bijoux", traits(activite="vente")),
    ("je suis en EIRL", traits(statut="eirl")), ("j'aide mon mari", traits(statut="conjoint")), ("je tiens un bar", traits(activite="vente", groupe="commercant")),
    ("jsui coifeuze a mon compte", traits(activite="prestation", groupe="artisan")), ("je suis plombié", traits(activite="prestation", groupe="artisan")),
    ("jsuis masson ae", traits(activite="prestation", groupe="artisan", statut="auto_entrepreneur")),
    ("auto entrepreneur électricien 1000 euros", traits(activite="prestation", groupe="artisan", statut="auto_entrepreneur")),
    ("Menuisier à la retraite, je fais encore quelques escaliers", traits(activite="prestation", groupe="artisan", situation="retraite")),
    ("Je suis étudiant et je donne des cours de piano", traits(activite="liberal", situation="etudiant")),
    ("fonctionnaire, je veux devenir auto-entrepreneur", traits(situation="fonctionnaire")), ("et pour un artisan ?", traits(groupe="artisan")),
    ("et pour une coiffeuse ?", traits(activite="prestation", groupe="artisan")), ("ma retraite d'artisan", traits(groupe="artisan")),
    ("mon mari et moi sommes boulangers", traits(activite="vente", groupe="artisan")), ("mon employeur doit-il le savoir ?", traits(situation="salarie")),
    ("J'ai ouvert mon auto-entreprise de photographe", traits(activite="prestation", groupe="artisan", statut="auto_entrepreneur")),
    ("je perçois 980 euros par mois de Pôle emploi", traits(situation="demandeur_emploi")), ("je suis gérant de SARL", traits(statut="classique")),
    ("J'envisage de me lancer comme décoratrice", traits(activite="liberal")), ("Je suis agent commercial", traits(activite="liberal", groupe="commercant")),
    ("je suis la femme d'un boulanger", traits(statut="conjoint")), ("je suis conjointe collaboratrice", traits(statut="conjoint")),
    ("boulanger", traits(activite="vente", groupe="artisan")), ("je fais du repassage à domicile", traits(activite="prestation")),
    ("je sui tjr salarié en cdi", traits(situation="salarie")), ("Je garde des enfants", traits(activite="prestation")),
    ("je suis retraité de la fonction publique", traits(situation="retraite")), ("inscrite au répertoire des métiers", traits(groupe="artisan"))])
def test_ce_que_la_personne_dit_d_elle(texte, attendu):
    lu = reconnaitre(texte)
    lu.pop("besoin", None)
    assert lu == attendu


@pytest.mark.parametrize("texte", [
    "", "bonjour", "mon mari est plombier", "je ne suis pas salarié", "je suis pas artisan", "ni artisan ni commerçant", "je ne suis plus au chômage",
    "travailleur non salarié", "ai-je droit au chômage ?", "je veux embaucher un salarié", "ma femme tient une boutique", "artisans et commerçants",
    "Veuve d'un électricien", "un électricien est venu chez moi", "j'ai payé le plombier", "je suis mon propre patron", "quand je serai à la retraite",
    "combien pour ma retraite", "c'est quoi un auto-entrepreneur ?", "un artisan doit-il payer la CFE ?", "ma fille est étudiante", "médecin traitant",
    "Un ami plombier a validé toute son année", "22 ans comme salarié chez un concessionnaire", "j'étais vendeuse dans un magasin", "ancien plombier",
    "Ma mère, commerçante, est décédée", "ma sœur fait du repassage", "un boulanger à la retraite", "Faut-il être commerçant pour cela ?", "tout ce qu'un petit commerçant doit savoir",
    "Mon mari est malade, inscrit à la chambre de métiers",
    "Quelle différence entre conjoint collaborateur, salarié et associé ?", "mon service militaire compte-t-il ?", "le conjoint du gérant majoritaire d'une SARL",
    "Ma belle-sœur, qui vend des savons, paie deux fois moins", "je veux vendre ma voiture et je vends ma maison", "je suis perdue", "je suis content"])
def test_ce_qui_n_est_pas_dit_d_elle(texte):
    assert not set(reconnaitre(texte)) & {"activite", "situation", "groupe", "statut"}


@pytest.mark.parametrize("texte, attendu", [
    ("mon mari est plombier et je suis coiffeuse", traits(activite="prestation", groupe="artisan")),
    ("Ma sœur est diététicienne et moi naturopathe", traits(activite="liberal")),
    ("Ma femme est infirmière salariée et moi je débute comme photographe", traits(activite="prestation", groupe="artisan")),
    ("pas salarié mais artisan", traits(groupe="artisan")),
    ("Je suis fleuriste. Ma fille, étudiante, m'aide le samedi.", traits(activite="vente", groupe="artisan")),
    ("j'ai un ami boulanger, moi je suis maçon", traits(activite="prestation", groupe="artisan")),
    ("Jusqu'à Noël j'étais vendeuse, et en janvier j'ai ouvert mon stand de crêpes", traits(activite="vente", groupe="artisan"))])
def test_chacun_garde_ce_qui_est_a_lui(texte, attendu):
    assert {k: v for k, v in reconnaitre(texte).items() if k != "besoin"} == attendu


def test_une_activite_mixte_ne_choisit_pas():
    assert "activite" not in reconnaitre("je vends des bijoux et je donne des cours")


def test_le_metier_l_emporte_sur_ce_que_l_on_vend_en_plus():
    assert reconnaitre("je suis maçon et je vends aussi des meubles")["activite"] == "prestation"


def test_un_emploi_n_est_pas_une_entreprise():
    lu = reconnaitre("je suis secrétaire dans une école et je fais des gâteaux le dimanche")
    assert lu["activite"] == "vente" and "commercant" not in lu.values()


@pytest.mark.parametrize("sans, avec", [("je suis electricien retraite", "Je suis électricien retraité"), ("je suis etudiante", "Je suis étudiante"),
                                        ("je suis estheticienne", "Je suis esthéticienne"), ("je suis macon", "Je suis maçon"),
                                        ("J SUIS COMMERCANTE", "Je suis commerçante")])
def test_les_accents_et_les_majuscules_ne_changent_rien(sans, avec):
    assert reconnaitre(sans) == reconnaitre(avec) != {}


def test_les_valeurs_rendues_sont_toujours_celles_du_profil():
    for texte in ("Je suis coiffeuse au chômage en EIRL", "jsui ae retraité", "je suis étudiante artisane, j'aide mon mari"):
        assert all(v in PROFIL[k] for k, v in reconnaitre(texte).items())


def test_le_metier_dit_donne_aussi_la_caisse():
    assert metier_dit("je suis traductrice").caisse == "cipav" and metier_dit("je suis agent commercial").caisse == "rsi"
    assert metier_dit("bonjour") is None and metier_dit("je suis maçon et photographe") is None


def test_les_propositions_se_coupent_ou_le_sujet_change():
    assert [p.mots for p in propositions("Mon mari est plombier, et je suis coiffeuse")] == ["mon mari est plombier", "je suis coiffeuse"]
    assert propositions("jsui ae mé pa retraité")[0].mots.startswith("je suis auto entrepreneur")


@pytest.mark.parametrize("a, b, d", [("coiffeuse", "coifeuze", 2), ("maçon", "maçon", 0), ("plombier", "plobmier", 1), ("court", "beaucoup", 3)])
def test_la_distance_entre_deux_mots(a, b, d):
    assert min(distance(a, b, 2), 3) == d


def test_une_phrase_se_lit_en_quelques_millisecondes():
    reconnaitre("je suis coiffeuse")  # the lists are read once
    debut = perf_counter()
    for _ in range(50):
        reconnaitre("Bonjour, je suis esthéticienne à domicile, auto-entrepreneuse depuis deux ans, mon mari est maçon et j'encaisse 400 euros par mois.")
    assert (perf_counter() - debut) / 50 < 0.05


@pytest.mark.parametrize(("connu", "dit", "attendu"), [
    ({"groupe": "artisan", "activite": "prestation"}, {"groupe": "commercant"}, {"groupe": "commercant"}),
    ({"groupe": "artisan", "activite": "prestation"}, {"groupe": "commercant", "activite": "vente"}, {"groupe": "commercant", "activite": "vente"}),
    ({"groupe": "artisan", "activite": "prestation"}, {"groupe": "artisan"}, {"groupe": "artisan", "activite": "prestation"}),
    ({"activite": "vente"}, {"groupe": "artisan"}, {"activite": "vente", "groupe": "artisan"}),
    ({"activite": "vente", "situation": "retraite"}, {}, {"activite": "vente", "situation": "retraite"})])
def test_un_autre_groupe_fait_oublier_lactivite_du_premier(connu, dit, attendu):
    assert reunir(connu, dit) == attendu
