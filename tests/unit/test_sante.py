"""Health: telling one's own condition from a question about a right; what is masked in a free text; that it stays quick on any text."""
import time

import pytest

from bot.knowledge.fiches import fiches
from bot.texte.sante import MASQUE, masquer, personnelle

A_SOI = """
J'ai un cancer, pendant combien de temps la caisse peut-elle m'indemniser ?
j'ai une dépression
je suis en dépression CANARI7
Je suis en dépression depuis mars et je n'ouvre plus mon courrier
jsui en depresion g plu la force de payé
Je fais une dépression, comment demander un délai ?
mon diabète m'oblige à m'arrêter, ai-je droit à quelque chose
je suis diabétique, la caisse rembourse-t-elle les bandelettes ?
Je suis enceinte de cinq mois, qui je préviens ?
jsui enceinte et auto entrepreneuse jtouche koi
enceinte de 4 mois, je suis coiffeuse à mon compte
J'attends un bébé pour octobre, faut-il le déclarer ?
ma grossesse est compliquée, y a-t-il des jours en plus ?
Mon mari a fait un AVC, que devient l'atelier ?
ma femme a un cancer du sein et elle est conjointe collaboratrice
Mon fils est asthmatique, qui rembourse ses médicaments ?
ma mère souffre d'Alzheimer, puis-je payer plus tard ?
Mon garçon a une leucémie, existe-t-il une aide ?
J'ai été hospitalisé deux mois, peut-on effacer les majorations ?
j'ai été hospitalisée en octobre, ma déclaration est partie en retard
On m'a opérée du canal carpien mardi
on m'opère de l'épaule le 14
je me suis fait opérer du dos
Opéré du genou, je pensais toucher des indemnités
Je dois me faire opérer en juin
je me suis cassé le bras, combien je vais toucher par jour
Je suis handicapé, l'accueil a-t-il un ascenseur ?
mon handicap devient définitif, où envoyer le dossier ?
je suis invalide à 66 %, puis-je garder la boutique ?
Je suis sourde, comment vous joindre ?
Je suis céramiste et malentendante, le téléphone m'épuise
je suis aveugle et je ne peux pas lire vos courriers
Je suis en fauteuil roulant, la salle est-elle accessible ?
J'ai la sclérose en plaques
ma sclérose avance et je dois fermer
Je suis atteint de la maladie de Parkinson
Je souffre d'un burn out, qui va payer mes traites ?
mon médecin parle d'un burn-out, j'ai fait un burn out après douze ans de boucherie
je prends des antidépresseurs et je n'arrive plus à faire mes papiers
Je suis sous chimio jusqu'en décembre
Ma chimio va durer un an
j'ai une hernie discale, on m'arrête trois semaines
jai une tendinite et on m'arrete trois semaine
J'ai mal au dos depuis trois semaines
j'ai des douleurs partout, est-ce une maladie du métier ?
je suis séropositif, qui le saura à la caisse ?
J'ai le sida
Je suis alcoolique et j'ai tout perdu
après mon infarctus on m'a classé en longue maladie
J'ai fait un infarctus l'an passé
je suis en ALD, suis-je remboursé à 100 % ?
J'ai une maladie professionnelle, l'amiante
mon asthme vient de la farine
je vois un psychiatre toutes les semaines
Je suis suivie par une psychologue depuis le contrôle
rdv mardi matin à Bordeaux, dépression
rendez-vous svp, cause cancer
je n'ai pas payé à cause d'une dépression
Suite à une opération chirurgicale, je ne peux plus travailler
notre fille est handicapée, y a-t-il une aide de la caisse ?
""".strip().splitlines()

DE_DROIT = """
je suis en arrêt maladie, ai-je droit aux IJ ?
Combien touche un artisan par jour quand il est en arrêt maladie ?
je suis en arrêt de travail depuis lundi, où envoyer l'avis ?
mon arrêt est prolongé d'un mois, faut-il subir à nouveau le délai non payé ?
Je suis malade, la caisse me paie-t-elle ?
si jsui malade jai 1 revenu ou rien ??
Le cancer est-il pris en charge à 100 % ?
la dépression est-elle reconnue comme maladie professionnelle ?
Que se passe-t-il si je suis hospitalisé ?
Est-ce que le délai de carence saute quand on est hospitalisé ?
À quoi ai-je droit quand je suis enceinte ?
Quelle aide reçoit une commerçante enceinte ?
Combien de jours de congé maternité pour une fleuriste ?
mon congé maternité, c'est combien de jours
mon congé de paternité commence quand
Comment demander une pension d'invalidité ?
je voudrais savoir si le diabète ouvre droit à une exonération
J'ai une question sur l'affection de longue durée
j'ai lu que le cancer était remboursé à 100 %
mes cotisations baissent-elles en cas de dépression ?
mon contrat couvre-t-il les prothèses ?
ma mutuelle rembourse-t-elle les allergies ?
Mes cotisations maladie ont augmenté
mon assurance maladie, c'est quelle caisse ?
ma caisse maladie ne répond pas
je suis infirmière libérale, suis-je au RSI ?
Je suis psychologue libéral depuis mars
je suis kinésithérapeute, quelle caisse de retraite ?
J'ai un magasin de prothèses auditives
j'ai une entreprise de matériel pour handicapés
Je vends des fauteuils et du matériel médical
je suis opticien et je veux m'installer
je travaille dans une clinique vétérinaire
Je suis ambulancier à mon compte
j'ai un bar tabac, quelles cotisations ?
je fabrique des béquilles, artisan ou commerçant ?
le médecin peut-il être au régime micro ?
Comment choisir mon médecin traitant ?
Mon médecin part à la retraite, comment en choisir un autre ?
Que rembourse la caisse pour un vaccin contre la grippe ?
la prévention du mal de dos dans le bâtiment, où s'inscrire ?
Existe-t-il un dépistage du cancer gratuit pour les artisans ?
Quels examens de santé sont offerts aux chefs d'entreprise ?
Un accident du travail, ça existe pour un artisan ?
je veux un contrat contre l'accident du travail
Ma carte Vitale ne marche plus
j'ai déposé mon dossier au greffe
le greffe me demande 50 euros pour l'EIRL
ma fem bosse avc moi en ae, jdoi la déclaré ?
g rdv avc 1 conseiller, jprend mes relevés ?
J'attends une réponse depuis trois semaines
j'attends mon relevé de carrière
Je suis épouse collaboratrice, ai-je droit à une retraite ?
je suis en plein déménagement, à qui le dire ?
Je suis opérateur de saisie à mon compte
J'ai trois salariés, comment les déclarer ?
Combien de trimestres me manque-t-il ?
quel est le plafond de chiffre d'affaires ?
je suis débordé, je voudrais un rendez-vous mardi
À partir de quel jour d'arrêt l'indemnité est-elle versée ?
""".strip().splitlines()

# What the lists are known to get wrong, of the 120 above. To change either number is to say why.
MANQUES, FAUX = 0, 0


def test_de_soixante_aveux_et_de_soixante_questions_de_droit():
    manques = [t for t in A_SOI if not personnelle(t)]
    faux = [t for t in DE_DROIT if personnelle(t)]
    assert (len(A_SOI), len(DE_DROIT)) == (60, 60)
    assert len(manques) <= MANQUES and len(faux) <= FAUX, f"manqués : {manques}\nfaux : {faux}"


def test_hors_des_sujets_de_sante_les_milliers_de_formulations_ne_declenchent_presque_jamais():
    """Of some 10,000 ways to ask about anything else, one in a hundred at most: nearly all of those do tell of an illness in passing."""
    ailleurs = [f for sujet, fiche in fiches().items() if sujet.split("/")[0] in ("retraite", "cotisations", "eirl", "rsi")
                for formulations in fiche.formulations.values() for f in formulations]
    touches = [f for f in ailleurs if personnelle(f)]
    assert len(ailleurs) > 5_000 and len(touches) / len(ailleurs) < 0.005, touches


@pytest.mark.parametrize("dit, attendu", [
    ("mon cancer et mes cotisations", f"mon {MASQUE} et mes cotisations"), ("ma DÉPRESSION, mon diabète", f"ma {MASQUE}, mon {MASQUE}"),
    ("en arrêt  maladie", f"en {MASQUE}"), ("rien à dire", "rien à dire"), ("le greffier du tribunal", "le greffier du tribunal")])
def test_dans_un_texte_libre_seuls_les_mots_de_sante_sont_masques(dit, attendu):
    assert masquer(dit) == attendu


@pytest.mark.parametrize("morceau", ["mon ", "je suis ", "j'ai un ", "mon cas cancer ", "cancer,", "si ", "…", "à cause d'une "])
def test_un_texte_hostile_se_lit_vite(morceau):
    """500 characters, the most that a message holds: the time grows with the words, never with their combinations."""
    long = (morceau * 500)[:500]
    debut = time.process_time()
    for _ in range(10):
        personnelle(long), masquer(long)
    assert time.process_time() - debut < 1
