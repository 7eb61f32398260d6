"""Another language is recognised by its small words or its script; French never is taken for one, however it is written."""
import pytest

from bot.cli.check import Dialogue
from bot.knowledge.catalogue import HORS_SUJET
from bot.knowledge.fiches import fiches
from bot.reglages import RACINE
from bot.texte.langue import reconnaitre
from bot.texte.normalisation import cle
from tests.conftest import PARTAGE, lignes


@pytest.mark.parametrize(("texte", "langue"), [
    ("How do I register as a self-employed person?", "en"), ("how much do I have to pay", "en"), ("I am a hairdresser, when must I declare?", "en"),
    ("what is the auto-entrepreneur", "en"), ("hello, I need help with my taxes please", "en"), ("thank you very much", "en"),
    ("¿Cuánto tengo que pagar?", "es"), ("hola, necesito ayuda para mi empresa", "es"), ("como puedo registrarme como autonomo en la seguridad social", "es"),
    ("Como faço para me registar? Preciso de ajuda", "pt"), ("quanto devo pagar por mês, não sei onde", "pt"),
    ("Nasıl kayıt olabilirim, yardım lazım", "tr"), ("Ne kadar ödemem gerekiyor?", "tr"), ("Quanto devo pagare di contributi?", "it"),
    ("Wie viel muss ich zahlen?", "de"), ("Ile muszę płacić i gdzie jest urząd?", "pl"), ("cat trebuie sa platesc pentru firma mea", "ro"),
    ("كيف أسجل؟", "ar"), ("كم أدفع في URSSAF؟", "ar"), ("Как зарегистрироваться?", "ru"), ("如何注册", "zh"), ("Πώς εγγράφομαι;", "el"), ("ꆈꌠꉙ", "autre")])
def test_une_autre_langue_se_reconnait(texte, langue):
    assert reconnaitre(texte) == langue


@pytest.mark.parametrize("texte", [
    "", "ok", "stop", "yes", "no", "oui", "non merci", "SIRET please", "please", "thanks", "hello", "help", "help svp", "RSI", "EIRL ?", "12", "🙂🙃", "A",
    "c koi leirl", "jsui auto entrepreneur cb jdois payé", "g pa compri koi fair", "slt cv", "mdr ok", "tkt", "on me dit que c est bon", "ben oui",
    "je fais du e-commerce et du coaching business", "mon site est hébergé chez work and co", "je suis webdesigner et community manager à mi-temps",
    "j'ai une boutique qui s'appelle « The Best of You », je déclare où ?", 'on me demande "what is your SIRET number", que répondre ?',
    "qui est el patron de la caisse", "combien pour mes los angeles trips", "Je m'appelle Ana Maria de los Santos, suis-je affiliée ?",
    "why pas", "je suis in the merde", "c'est le must have ?", "je veux du cash", "no stress je paie quand", "I am auto-entrepreneur, combien je dois payer",
    "le total est de 2000 par mois", "via pole emploi", "para pharmacie", "conto pro a la banque postale", "que se passe-t-il si un artisan se marie en Italie"])
def test_le_francais_reste_du_francais(texte):
    assert reconnaitre(texte) is None


def test_aucune_formulation_du_domaine_n_est_prise_pour_une_autre_langue():
    toutes = [(f.sujet, x) for f in fiches().values() for x in [*f.toutes_formulations, f.question]]
    toutes += [(i, x) for i, exemples in Dialogue.lire(RACINE).exemples.items() for x in exemples]
    toutes += [(x["label"], x["text"]) for x in lignes(*(RACINE / "tests" / "nlu").glob("*.jsonl"), *PARTAGE.glob("nlu_dev.jsonl"))]
    assert len(toutes) > 10_000
    prises = [x for label, x in toutes if label != HORS_SUJET and reconnaitre(x)]
    # A few English lines are in the sheets on purpose, so that the right one wins; no French word is in any of those taken for another language.
    francais = {"je", "le", "la", "les", "des", "une", "est", "pas", "mon", "ma", "mes", "vous", "pour", "dans", "avec", "que", "qui", "quoi", "et", "ou"}
    assert [x for x in prises if francais & set(cle(x).split())] == [] and len(prises) < 80
