"""Danger, medical advice and a personal pension are recognised by their words: enough of them, and nothing else.

The sheets are the measure: each one's own formulations must be found, all the others' left alone.
"""
import re
import time
from functools import cache

import pytest

from bot.knowledge import protections
from bot.knowledge.chemins import KNOWLEDGE, RACINE
from bot.knowledge.fiches import fiches
from bot.knowledge.lecture import ErreurConnaissance, lire_yaml
from bot.knowledge.protections import URGENCE, Protection, expliquer, reconnaitre
from bot.texte.motifs import MotifInvalide, lire_suite
from bot.texte.normalisation import cle
from bot.texte.orthographe import Orthographe

CONSEIL, PENSION = "sante/conseil_medical", "retraite/estimation_personnalisee"
# Lines of other subjects where the numbers are shown all the same, and why. Compared as `cle` writes them.
ACCEPTES = {
    "au secours": "alone, it is a call: whoever only wanted a menu loses one line",
    "a l aide": "the same",
    "sos": "the same",
    "je craque": "alone, nothing says what about",
    "j en peux plus": "alone, nothing says what about",
    "je n en peux plus": "alone, nothing says what about",
    "je suis a bout": "alone, nothing says what about",
}


@cache
def sujet(texte):
    trouve = reconnaitre(texte)
    return trouve.sujet if trouve else None


def ailleurs(*sauf):
    """(subject, line) of every question and formulation of the other sheets."""
    return [(nom, ligne) for nom, fiche in fiches().items() if nom not in sauf for ligne in (fiche.question, *fiche.toutes_formulations)]


def rappel(nom):
    lignes = fiches()[nom].toutes_formulations
    manquees = [ligne for ligne in lignes if sujet(ligne) != nom]
    return 1 - len(manquees) / len(lignes), manquees


@pytest.mark.parametrize(("nom", "minimum"), [(URGENCE, .85), (CONSEIL, .60), (PENSION, .60)])
def test_chaque_fiche_reconnait_ses_formulations(nom, minimum):
    part, manquees = rappel(nom)
    assert part >= minimum, f"{nom} : {part:.0%}, manquées : {manquees}"


def test_l_urgence_ne_prend_rien_aux_autres_fiches():
    fausses = [(nom, ligne, expliquer(ligne)[1]) for nom, ligne in ailleurs(URGENCE)
               if sujet(ligne) == URGENCE and cle(ligne) not in ACCEPTES]
    assert fausses == []


def test_la_question_de_la_fiche_d_urgence_est_une_urgence():
    assert sujet(fiches()[URGENCE].question) == URGENCE


@pytest.mark.parametrize("nom", [CONSEIL, PENSION])
def test_les_deux_autres_prennent_au_plus_deux_lignes_ailleurs(nom):
    fausses = [(autre, ligne, expliquer(ligne)[1]) for autre, ligne in ailleurs(nom) if sujet(ligne) == nom]
    assert len(fausses) <= 2, fausses


def exemples_nlu():
    for fichier in sorted((RACINE / "bot" / "data" / "nlu").glob("*.yml")):
        for bloc in (lire_yaml(fichier) or {}).get("nlu") or []:
            for ligne in str(bloc.get("examples") or "").splitlines():
                if "urgence" not in str(bloc.get("intent")):
                    yield fichier.name, bloc.get("intent"), re.sub(r"\[([^]]+)\][({][^)}]*[)}]", r"\1", ligne).strip(" -")


def test_l_urgence_ne_prend_rien_a_la_conversation():
    fausses = [(*exemple, expliquer(exemple[2])[1]) for exemple in exemples_nlu()
               if sujet(exemple[2]) == URGENCE and cle(exemple[2]) not in ACCEPTES]
    assert fausses == []


MOURIR = """\
j'ai envie de mourir
J'AI ENVIE DE MOURIR !!!
j’ai envie de mourir…
J ai   envie  de mourir
jai envie de mourir
jai envi de mourir
g envie de mourir
g envi de mourire
g envi 2 mourir
envi 2 mourir
j'ai envie de mourrir
jai enviede mourir
j ai envie dmourir
gé envie de mourir
jé envi de mourrir
jé anvi de mourir
j'ai envies de mourir
j ai envy de mourir
jai evnie de mourir
jai enive de mouir
j'ai trop envie de mourir
j'ai vraiment très envie de mourir là
jai tro envi de mouriir
j'ai plus qu'une envie, mourir
j ai l'envie de mourir
jai anvie de mourrire
j'ai envi d'mourir
""".splitlines()


def test_il_y_a_au_moins_vingt_cinq_ecritures():
    assert len(set(MOURIR)) >= 25


@pytest.mark.parametrize("texte", MOURIR)
def test_l_envie_de_mourir_se_lit_dans_toutes_ses_ecritures(texte):
    assert reconnaitre(texte) == Protection(URGENCE, "suicide")


DANGERS = """\
suicide | je vais me foutre en l'air ce soir
suicide | jvai me pendre
suicide | je veu en finire
suicide | jen peu plu de vivre
suicide | je ne veux plus me lever le matin, je ne veux plus vivre
suicide | ma fille dit qu'elle veut se tuer
suicide | mon mari menace de se tirer une balle
suicide | il va se jeter sous le train
suicide | mon frère a avalé deux boîtes de Lexomil
suicide | je me suis ouvert les veines
suicide | j'ai le fusil chargé à côté de moi
suicide | je pense à la mort tous les jours
suicide | si j'étais mort ma femme serait tranquille
suicide | pardonnez-moi, je ne serai plus là quand vous lirez ça
suicide | je sui suicidère
suicide | idé noire
suicide | moi vouloir mourir
suicide | I want to die
vital | mon mari fait un infarctus
vital | mon maris respir plus
vital | ma collegue é evanouie
vital | ya mon patron par terre il bouge pu
vital | il c coupé le doigt ya plein de sang
vital | jarrive pu a respiré
vital | jé une doulleur dans la poitrinne
vital | ma femme perd les eaux
vital | mon bébé s'étouffe
vital | le gosse a bu de la javel
vital | un client a perdu connaissance
vital | mon ouvrier est coincé sous la machine
vital | appellé les pompier
vital | quel est le numéro des pompiers
vital | mon père a la bouche tordue et il parle bizarrement
vital | hémoragie
vital | arret cardiac
vital | mon collègue est tombé du toit, il ne répond plus
vital | y a le feu dans l'atelier
vital | mon mari me frappe
vital | je fais un malaise
vital | heart attack
""".splitlines()


@pytest.mark.parametrize("ligne", DANGERS)
def test_le_danger_est_reconnu_avec_son_genre(ligne):
    genre, texte = ligne.split(" | ")
    assert reconnaitre(texte) == Protection(URGENCE, genre)


INNOCENTS = """\
je meurs d'envie de créer ma boîte
autant tuer le temps en remplissant le dossier
ma boîte est en train de mourir, que faire de mes cotisations ?
mon commerce va mourir si la TVA augmente
mdr mort de rire devant votre simulateur
mon mari est décédé, capital décès ?
quel capital pour ma femme si je meurs
quand je ne serai plus là, qui touchera ma pension ?
si je disparais, mes enfants héritent-ils de mes dettes ?
mon frère vient de mourir, que faire de son auto-entreprise ?
est-ce que mes dettes meurent avec moi ?
se tirer une balle dans le pied avec ce statut
c'est à se tirer une balle, votre formulaire
j'ai eu un coup de sang en lisant votre courrier
je dois payer le 15 du mois
j'ai crevé un pneu de mon camion, c'est déductible ?
l'Urssaf m'étrangle
les charges m'étouffent
j'étouffe sous les charges
je n'arrive plus à respirer financièrement
mon entreprise ne respire plus
le RSI me tue
ces cotisations vont me tuer
mon banquier veut me tuer
vous voulez me tuer avec vos majorations
je me tue au travail pour rien
l'État nous saigne à blanc
mon chiffre d'affaires s'est effondré
mes économies se sont évanouies
mon dossier ne bouge plus depuis trois mois
personne ne répond au téléphone
mon conseiller ne répond plus à mes mails
mon client ne répond plus
mon client ne réagit pas à mes relances
je veux en finir avec cette paperasse
j'en ai marre, je veux fermer ma boîte
mettre fin à mon activité
fin d'activité au 31 décembre
arrêter la vie active à 60 ans
je suis au bout du rouleau avec vos formulaires
je me noie dans la paperasse
je me jette à l'eau et je crée ma société
je voudrais faire sauter ma majoration de retard
à quoi bon continuer à payer si je n'ai rien à la retraite
je n'arrive plus à vivre de mon métier
on ne peut pas vivre avec 500 euros de retraite
j'ai envie de vivre de ma passion
je veux donner plus de sens à ma vie
l'assurance vie est-elle saisissable ?
la banque me met le couteau sous la gorge
il n'y a pas le feu
je vends des couteaux et des fusils de chasse
un pistolet à peinture est-il amortissable ?
je livre des médicaments en auto-entrepreneur
j'ai pris trop de retard dans mes paiements
j'ai avalé la pilule de la hausse des cotisations
adieu le RSI, bonjour le régime général
c'est la dernière fois que je paie en retard
pardon pour le retard de paiement
j'ai fait un AVC l'an dernier, ai-je droit à une pension d'invalidité ?
mon mari a fait un infarctus en mai, il ne peut plus travailler
mon mari est dans le coma, qui déclare à sa place ?
j'ai failli faire une crise cardiaque en voyant la facture
prise de sang remboursée ?
donner son sang, est-ce que l'arrêt est payé ?
combien est remboursée une ambulance ?
je suis pompier volontaire, puis-je cumuler ?
passage aux urgences remboursé ?
c'est urgent, je dois déclarer ce soir
aidez-moi à comprendre ma facture
au secours je comprends rien à ma déclaration
au secours, l'Urssaf me réclame 3000 euros
comment toucher un secours de l'action sociale ?
j'ai été victime d'un incendie, une aide est-elle possible ?
si je tombe du toit, suis-je couvert ?
je suis tombé d'une échelle en travaillant, c'est un accident du travail ?
mon salarié s'est coupé la main, quelle déclaration ?
une rente si je perds un doigt sur la scie
le malaise social des artisans
je veux vendre mon fonds, puis prendre ma retraite
ma femme vient d'accoucher, congé paternité ?
je suis commerçant ambulant
je suis plombier, je répare les fuites de gaz
le chantier va s'achever en mai
ma mission va s'achever, que deviennent mes droits
je suis restaurateur au bord du canal
ma guinguette est au bord de la rivière
je suis au bord du gouffre financièrement
j'ai peur de me noyer dans la paperasse
je suis élagueur, la corde et les branches sont-elles des charges ?
je fabrique des couteaux faits main, quelles charges ?
pendant le coup de feu de midi je ne réponds pas au téléphone
le bouche-à-oreille marche, les demandes tombent tous les jours
de mon côté rien ne bouge plus
j'ai eu des sueurs froides en ouvrant votre courrier
j'ai besoin d'une attestation en urgence
il me faut d'urgence mon numéro de siret
appelez-moi d'urgence au sujet de mon dossier
quel numéro pour joindre le RSI en urgence ?
je me suis inscrit exprès en auto-entrepreneur
pardon, ma femme est conjointe collaboratrice, que paie-t-elle ?
pardonnez-moi, mon mari a oublié de déclarer
je ne veux pas faire de bêtise dans ma déclaration
j'ai peur de faire une bêtise en cochant la case
j'ai un peu de cholestérol, trop dans le sang d'après l'analyse
je suis paralysé par la paperasse, que faire ?
mon compte est bloqué dans la déclaration et mon conjoint n'y arrive pas non plus
j'ai fait un AVC en mars, maintenant je ne peux plus travailler
j'ai fait un infarctus, besoin urgent d'indemnités
je suis tombé d'une échelle, je suis en arrêt en ce moment
les pompiers m'ont emmené après ma chute de l'échafaudage, qui paie ?
le samu m'a transporté, est-ce remboursé ?
je souffre trop du dos pour continuer mon métier
vaut-il mieux que je parte maintenant ou en 2013 ?
je veux finir mes jours au Portugal, ma retraite suivra ?
partir pour toujours à l'étranger, que devient ma pension ?
l'assurance vie vaut-elle plus de 100 000 euros dans le patrimoine affecté ?
mon métier n'a plus d'avenir
mettre fin à la vie de la société
mon dossier ne passe pas, plus d'un jour que j'essaie
je ne verrai jamais le jour de ma retraite
j'ai hâte d'en finir avec tous ces papiers
adieu tous mes espoirs de retraite
je pense à la mort de mon mari et à mes droits
on est en attente d'une réponse pour l'assurance vie
overdose de paperasse
il faut être inconscient de payer autant
mon patron a vu son marché s'effondrer, il parle de fermer
je prends le bus, l'essence est trop chère
j'ai le feu vert, répondez vite
la mutuelle n'a pas pris en charge tous mes médicaments
à l'aide d'une scie je découpe des pièces, quelle activité ?
co-gérant d'une SARL, un malaise s'installe avec mon associé
ma trésorerie manque d'air
je me donne du mal pour rien
je veux supprimer mon compte
je voudrais me supprimer de vos listes
mon salon de coiffure est en train de mourir
mon fils veut disparaître des radars fiscaux
je ne veux plus être là le samedi
mon ordinateur est mort
""".splitlines()


def test_il_y_a_au_moins_soixante_lignes_innocentes():
    assert len(set(INNOCENTS)) >= 60


@pytest.mark.parametrize("texte", INNOCENTS)
def test_une_facon_de_parler_n_est_pas_un_danger(texte):
    assert sujet(texte) != URGENCE, expliquer(texte)


@pytest.mark.parametrize("texte", [
    "le traitement de mon dossier est long, que dois-je faire ?", "je suis kiné, quel statut ?", "je vends des plantes, faut-il une qualification ?",
    "le bouton de validation ne marche pas", "combien de jours d'arrêt sont payés ?", "combien de temps avant ma retraite ?",
    "combien je vais payer par mois en auto-entrepreneur ?", "calculer mes cotisations", "montant de la réversion ?",
    "je suis à la retraite, combien puis-je gagner ?", "comment demander ma retraite ?"])
def test_une_question_ordinaire_n_est_pas_protegee(texte):
    assert reconnaitre(texte) is None, expliquer(texte)


# The innocent passage or the firm named just before must not hide these.
MALGRE = """\
avec toutes ces dettes je vais me tuer
à cause de l'Urssaf je veux me tuer
mon commerce coule, je veux me suicider
dans mon salon une cliente ne respire plus
un client de mon restaurant est en train de mourir
le patron de la boîte ne respire plus
je veux mourir pour ne plus souffrir
j'ai envie de mourir, plus envie de rien
j'ai envie de mourir et j'ai peur
je vais me tirer une balle, je suis au pied du mur
les saignements ne s'arrêtent pas
j'étouffe, appelez le samu
mon père ne répond plus, vite
j'ai le fusil dans la main
je suis au bord du vide
je suis sur le toit et je vais sauter du toit
je ne supporte plus de vivre
mon mari est par terre, il ne bouge plus
mon associé s'étouffe avec un os
je vais me noyer dans le canal
ma mère a fait une chute dans l'escalier, elle ne bouge plus
vite il y a le feu
""".splitlines()


@pytest.mark.parametrize("texte", MALGRE)
def test_un_mot_innocent_voisin_ne_cache_pas_le_danger(texte):
    assert sujet(texte) == URGENCE


def test_le_danger_passe_avant_le_reste():
    assert sujet("J'ai mal au dos, quel médicament prendre ? De toute façon j'ai envie de mourir.") == URGENCE
    assert sujet("Calculez ma retraite, et vite, mon mari ne respire plus") == URGENCE


def test_un_passage_innocent_ne_cache_pas_le_danger_qui_suit():
    assert sujet("Je suis mort de rire devant vos lettres, mais là j'ai vraiment envie de mourir.") == URGENCE


@pytest.mark.parametrize("texte", ["", "   ", "?!…", "🙂", "a", "é" * 500])
def test_un_texte_sans_mot_ne_dit_rien(texte):
    assert reconnaitre(texte) is None


def duree(texte):
    """The best of five, in seconds of this thread: other work on the machine does not count."""
    mesures = []
    for _ in range(5):
        debut = time.thread_time()
        reconnaitre(texte)
        mesures.append(time.thread_time() - debut)
    return min(mesures)


@pytest.mark.parametrize("mot", ["e ", "a ", "mal ", "je me veux plus ", "il tombe bouge pas ", "sang ne ", "x" * 500, "fini avec la vie de la ", "poli svp "])
def test_cinq_cents_caracteres_se_lisent_en_moins_de_cinq_millisecondes(mot):
    reconnaitre("premier appel : la grammaire se construit")
    assert duree((mot * 500)[:500]) < .005


def test_le_temps_grandit_comme_le_texte():
    court, long = "il ne tombe pas et je veux plus de la boite " * 12, "il ne tombe pas et je veux plus de la boite " * 96
    assert duree(long) < 24 * duree(court)   # eight times the words; regular expressions that explode would take thousands of times


# The language of patterns


def test_toute_liste_sert():
    texte = (KNOWLEDGE / "protections.yml").read_text(encoding="utf-8")
    assert [nom for nom in lire_yaml(KNOWLEDGE / "protections.yml")["listes"] if f"{{{nom}}}" not in texte] == []


@pytest.mark.parametrize("texte", ["mot? autre?", "", "Mot", "mot (autre", "{liste", "..", "!mot"])
def test_une_ligne_illisible_est_refusee(texte):
    with pytest.raises(MotifInvalide):
        lire_suite(texte)


def test_une_liste_inconnue_est_nommee_avec_son_fichier(tmp_path, monkeypatch):
    brut = (KNOWLEDGE / "protections.yml").read_text(encoding="utf-8")
    (tmp_path / "protections.yml").write_text(brut.replace("    suicid*\n", "    {sucide}\n"), encoding="utf-8")
    monkeypatch.setattr(protections, "KNOWLEDGE", tmp_path)
    with pytest.raises(ErreurConnaissance, match=r"protections\.yml : la liste « sucide »"):
        protections._protections.__wrapped__()


@pytest.mark.parametrize(("tape", "lu"), [("respirer", "respirer"), ("respiré", "respirer"), ("respiree", "respirer"), ("rrespirer", "respirer"),
                                          ("resiprer", "respirer"), ("suissidé", "suicid*"), ("suicidaire", "suicid*"), ("plu", "plus")])
def test_un_mot_mal_ecrit_se_lit(tape, lu):
    assert lu in Orthographe(["respirer", "suicid*", "plus"], {"plus": ["plu"]}, {}, []).lire(cle(tape))


@pytest.mark.parametrize("tape", ["recours", "signer", "mûr", "inspirer"])
def test_un_vrai_mot_voisin_n_est_pas_corrige(tape):
    assert Orthographe(["secours", "saigner", "mourir", "respirer"], {}, {}, ["signer"]).lire(cle(tape)) == frozenset()


@pytest.mark.parametrize(("tape", "mots"), [("jveu", ["j", "veu"]), ("dmourir", ["d", "mourir"]), ("letat", ["letat"]), ("jai", ["j", "ai"]), ("jeu", ["jeu"])])
def test_les_mots_colles_se_separent(tape, mots):
    assert Orthographe(["veux", "mourir"], {"veux": ["veu"]}, {"jai": "j ai"}, []).mots(tape) == mots
