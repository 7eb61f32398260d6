"""The survey led in the conversation: opens by code, one question a message in the words of the file, answers kept one by one, back, later, stop.

Nothing is paraphrased and no answer is commented (R56). What a typed answer means is `comprendre`, keeping it `reponses`. A question about
something else is handed back (`pris=False`): the assistant answers it, then the survey's question comes again.
"""
import re
from typing import Any, Mapping, Optional, Sequence
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from bot.contacts import flux
from bot.contacts.cle import CleAutre, chiffrer, dechiffrer
from bot.contacts.flux import Bouton, Dire, Suite, Tour
from bot.contacts.refus import Refus
from bot.contacts.tables import Brouillon, Caisse
from bot.enquete import comprendre, jetons, reponses
from bot.enquete.questionnaire import PASSE, Item
from bot.enquete.refus import CodeInconnu
from bot.enquete.reponses import Acces
from bot.knowledge.catalogue import catalogue
from bot.texte.normalisation import cle
from bot.texte.typographie import date_longue, quantite

FLUX, MODE = "repondre_enquete", "chatbot"
ATTEND_CODE = "code"
ESSAIS_CODE = 3
# From here the engine's label may be another act; a word alone (« moyen ») is an answer badly said.
SUR = 0.5
USAGE_ARRET = "enquete.arret"
_SANS_CODE = re.compile(r"\b(?:(?:pas|plus|aucun|perdu) (?:de |le |mon |ce |recu de |eu de )?code|(?:ai|est) (?:perdu|pas|plus)|perdu"
                        r"|(?:re)?trouve (?:pas|plus)|rien recu|pas recu)\b")
SANS_CODE = Bouton("Je n'ai pas de code", {"flux": FLUX, "acte": "sans_code"})
AIDE = ("À tout moment, écrivez « retour » pour revenir à la question d'avant, « plus tard » pour vous arrêter et reprendre avec le même code, "
        "« stop » pour finir.")


def conduire(session: Session, tour: Tour, brouillon: Optional[Brouillon]) -> Suite:
    """One turn of the survey (bot.contacts.flux.Conduite)."""
    charge = tour.charge if tour.charge.get("flux") == FLUX else {}
    if charge.get("acte") in ("effacer", "opposer"):
        return _apres_arret(session, tour, charge)
    if brouillon is None or brouillon.flux != FLUX or brouillon.etape == ATTEND_CODE or "jeton" in charge:
        return _ouvrir(session, tour, brouillon, charge)
    try:
        acces = reponses.reprendre(session, brouillon.prive["pseudonyme"], tour.maintenant)
        item = acces.item(brouillon.etape)
    except Refus as refus:
        flux.effacer(session, tour.conversation_id)
        return Suite([Dire(refus.message, "refusal")])
    if not tour.vu and not charge and not tour.charge:  # typed to the question before: this one was never shown
        return Suite([_question(acces, item, brouillon.donnees.get("choisis", ()), "Reprenons l'enquête.")])
    if charge:
        return _bouton(session, tour, brouillon, acces, item, charge)
    if tour.charge:  # a button of another act
        return Suite([_attendre(acces, item, brouillon)])
    return _texte(session, tour, brouillon, acces, item)


# -- opening by a code ---------------------------------------------------------------------------------------------------------------------------


def _ouvrir(session: Session, tour: Tour, brouillon: Optional[Brouillon], charge: Mapping[str, Any]) -> Suite:
    attend = brouillon is not None and brouillon.flux == FLUX and brouillon.etape == ATTEND_CODE
    code = charge.get("jeton") or jetons.trouver(tour.texte or "")
    if code is None:
        return _demander_code(session, tour, brouillon if attend else None, charge)
    try:
        acces = reponses.ouvrir(session, code, jetons.cle_courante(), tour.maintenant)
    except CodeInconnu as refus:
        return _redemander_code(session, tour, brouillon if attend else None, refus.message)
    except Refus as refus:
        flux.effacer(session, tour.conversation_id)
        return Suite([Dire(refus.message, "refusal", donnees={"contact": True})])
    faits = reponses.donnees(session, acces)
    item = reponses.suivant(session, acces)
    if item is None:
        return _finir(session, tour, acces)
    debut = Dire("Vous reprenez l'enquête là où vous l'aviez laissée." if faits else f"{acces.intro}\n{AIDE}", "answer")
    return Suite([debut, _aller(session, tour, acces, item)])


def _demander_code(session: Session, tour: Tour, attendu: Optional[Brouillon], charge: Mapping[str, Any]) -> Suite:
    demande = Dire("Quel est le code de votre invitation ? Il compte neuf signes, par exemple « KT7-M4Q-RX2 ».", "question", [SANS_CODE])
    if charge.get("acte") == "sans_code":
        flux.effacer(session, tour.conversation_id)
        return Suite([Dire("L'enquête s'ouvre avec le code que la caisse envoie après un contact, à des personnes tirées au sort. "
                           "Si vous l'avez perdu, votre caisse peut vous le redonner par téléphone.", "answer", donnees={"contact": True})])
    if attendu is None:
        flux.ecrire(session, tour, FLUX, ATTEND_CODE, {})
        return Suite([demande])
    if _SANS_CODE.search(cle(tour.texte or "")):
        return _demander_code(session, tour, attendu, {"acte": "sans_code"})
    if comprendre.commande(tour.texte or "", ("stop", "pause", "retour", "rien")) or tour.intention in ("stop", "nier"):
        flux.effacer(session, tour.conversation_id)
        return Suite([Dire("D'accord, nous laissons l'enquête. Posez-moi une question quand vous voulez.", "answer")])
    if _autre_question(tour):
        return Suite([demande], pris=False)
    return _redemander_code(session, tour, attendu, "Je ne reconnais pas de code dans votre message : neuf signes, par groupes de trois.")


def _redemander_code(session: Session, tour: Tour, attendu: Optional[Brouillon], message: str) -> Suite:
    essais = (attendu.relances if attendu else 0) + 1
    if essais >= ESSAIS_CODE:
        flux.effacer(session, tour.conversation_id)
        return Suite([Dire(f"{message}\nVotre caisse peut vérifier ce code avec vous par téléphone.", "refusal", donnees={"contact": True})])
    flux.ecrire(session, tour, FLUX, ATTEND_CODE, {}, relances=essais)
    return Suite([Dire(message, "question", [SANS_CODE])])


# -- asking --------------------------------------------------------------------------------------------------------------------------------------


def _aller(session: Session, tour: Tour, acces: Acces, item: Item, choisis: Sequence[str] = (), relances: int = 0, avant: str = "",
           corrige: bool = False) -> Dire:
    """Go to an item: the draft says so, the message asks it. `corrige`: one comes back to it, and what is typed replaces what was chosen."""
    flux.ecrire(session, tour, FLUX, item.id, {"choisis": list(choisis), "corrige": corrige}, {"pseudonyme": acces.pseudonyme}, relances)
    return _question(acces, item, choisis, avant)


def _question(acces: Acces, item: Item, choisis: Sequence[str] = (), avant: str = "") -> Dire:
    echelle, rang = acces.echelle(item), acces.rang(item.id)
    lignes = [avant] if avant else []
    lignes += [f"Question {rang + 1} sur {len(acces.items)}", item.question]
    if echelle.multiple:
        lignes.append("Choisi : " + ", ".join(echelle.codes[c] for c in choisis) + "." if choisis else "Plusieurs réponses possibles.")
    boutons = [_bouton_de(item, f"Retirer : {libelle}" if c in choisis else libelle, choix=c) for c, libelle in echelle.codes.items()]
    boutons += [_bouton_de(item, "C'est tout", acte="fini")] if choisis else []
    boutons += [_bouton_de(item, "Passer", acte="passer"), *([_bouton_de(item, "Revenir", acte="retour")] if rang else []),
                _bouton_de(item, "Plus tard", acte="pause")]
    return Dire("\n".join(lignes), "question", boutons, donnees={"enquete": {"item": item.id, "rang": rang + 1, "total": len(acces.items)}})


def _bouton_de(item: Item, libelle: str, **charge: str) -> Bouton:
    return Bouton(libelle, {"flux": FLUX, "item": item.id, **charge})


def _attendre(acces: Acces, item: Item, brouillon: Brouillon) -> Dire:
    """Another act is wanted: this one first, or left for later."""
    avant = "Finissons d'abord l'enquête, ou écrivez « plus tard » : vos réponses sont gardées."
    return _question(acces, item, brouillon.donnees.get("choisis", ()), avant)


# -- answers -------------------------------------------------------------------------------------------------------------------------------------


def _bouton(session: Session, tour: Tour, brouillon: Brouillon, acces: Acces, courant: Item, charge: Mapping[str, Any]) -> Suite:
    """A button of the survey. One of an earlier question corrects that question."""
    try:
        item = acces.item(str(charge.get("item", courant.id)))
    except Refus as refus:
        return Suite([Dire(refus.message, "refusal"), _question(acces, courant)])
    acte, choix, echelle = charge.get("acte"), charge.get("choix"), acces.echelle(item)
    if acte in ("retour", "pause"):
        return _obeir(session, tour, acces, courant, str(acte))
    if acte == "passer":
        return _garder(session, tour, acces, item, [PASSE])
    choisis = list(brouillon.donnees.get("choisis", ())) if item.id == courant.id else list(reponses.donnees(session, acces).get(item.id, ()))
    choisis = [c for c in choisis if c in echelle.codes]
    if acte == "fini":
        return _garder(session, tour, acces, item, choisis or [PASSE])
    if not echelle.multiple or choix == echelle.exclusif:
        return _garder(session, tour, acces, item, [str(choix)])
    bascules = [c for c in choisis if c not in (choix, echelle.exclusif)] + ([] if choix in choisis else [str(choix)])
    return Suite([_aller(session, tour, acces, item, [c for c in echelle.codes if c in bascules])])


def _texte(session: Session, tour: Tour, brouillon: Brouillon, acces: Acces, item: Item) -> Suite:
    """A typed message: an answer, an order, a question about something else, or none of these."""
    texte, echelle = tour.texte or "", acces.echelle(item)
    apropos = comprendre.apropos(texte)
    if apropos is not None and not (echelle.texte and len(texte.split()) > 5):
        return Suite([Dire(_apropos(acces, item, *apropos), "answer"), _question(acces, item, brouillon.donnees.get("choisis", ()))])
    if echelle.texte:
        ordre = comprendre.commande(texte, ("retour", "pause", "stop", "passer", "rien"))
        if ordre in ("retour", "pause", "stop"):
            return _obeir(session, tour, acces, item, ordre)
        if ordre is None and texte.rstrip().endswith("?") and _sujet(tour):
            return Suite([_question(acces, item, avant="Reprenons l'enquête.")], pris=False)
        return _garder(session, tour, acces, item, [PASSE], "" if ordre else texte)
    choisis = list(brouillon.donnees.get("choisis", ()))
    codes = comprendre.lire(texte, item.echelle, echelle)
    if codes and brouillon.donnees.get("corrige"):
        return _garder(session, tour, acces, item, codes)
    if codes == (echelle.exclusif,) and choisis and echelle.exclusif not in choisis:  # « non, rien d'autre »: the list is whole
        return _garder(session, tour, acces, item, choisis)
    if codes:
        reunis = [c for c in echelle.codes if c in codes or (echelle.multiple and echelle.exclusif not in codes and c in choisis)]
        return _garder(session, tour, acces, item, reunis)
    ordre = comprendre.commande(texte, ("retour", "pause", "stop", "passer", "ignore", "sans_objet", *(("fini",) if choisis else ())))
    if ordre in ("retour", "pause", "stop") or tour.intention == "stop":
        return _obeir(session, tour, acces, item, ordre or "stop")
    if ordre == "fini":
        return _garder(session, tour, acces, item, choisis)
    if ordre is not None:
        voulu = {"ignore": "nsp", "sans_objet": "so"}.get(ordre, PASSE)
        return _garder(session, tour, acces, item, [_sans_avis(echelle.codes, voulu)])
    if _autre_question(tour):
        return Suite([_question(acces, item, choisis, "Reprenons l'enquête.")], pris=False)
    if tour.intention in catalogue().flux and tour.intention != FLUX and tour.confiance >= SUR and len(texte.split()) > 1:
        return Suite([_attendre(acces, item, brouillon)])
    return _pas_compris(session, tour, brouillon, acces, item, choisis)


def _apropos(acces: Acces, item: Item, quoi: str, reponse: str) -> str:
    """What is said of the survey itself: facts, the same for all."""
    reste = len(acces.items) - acces.rang(item.id)
    return reponse.format(reste=quantite(reste, "question"), minutes=quantite(max(1, round(reste / 3)), "minute"))


def _pas_compris(session: Session, tour: Tour, brouillon: Brouillon, acces: Acces, item: Item, choisis: Sequence[str]) -> Suite:
    """Asked once more; then « je ne sais pas », or nothing where the scale has no such answer (§3a)."""
    if brouillon.relances == 0:
        avant = "Je ne sais pas ranger cette réponse : choisissez parmi les boutons, ou reprenez leurs mots."
        return Suite([_aller(session, tour, acces, item, choisis, relances=1, avant=avant)])
    code = _sans_avis(acces.echelle(item).codes, "nsp")
    dit = "« Je ne sais pas »" if code == "nsp" else "« Passer »"
    suite = _garder(session, tour, acces, item, [code])
    return Suite([Dire(f"Je note {dit} à cette question. Écrivez « retour » pour la reprendre.", "answer"), *suite.dits])


def _sans_avis(codes: Mapping[str, str], voulu: str) -> str:
    return voulu if voulu in codes else PASSE


def _sujet(tour: Tour) -> bool:
    return "/" in (tour.intention or "")


def _autre_question(tour: Tour) -> bool:
    """Whether a message asks about something else: a topic of the sheets, or a question that is no answer, whatever was understood of it."""
    autre = tour.intention is None or tour.intention not in (*catalogue().flux, "affirmer", "nier", "stop")
    return _sujet(tour) or (autre and comprendre.question(tour.texte or ""))


def _garder(session: Session, tour: Tour, acces: Acces, item: Item, codes: Sequence[str], texte: Optional[str] = None) -> Suite:
    try:
        masque = reponses.enregistrer(session, acces, item.id, codes, MODE, texte=texte)
    except Refus as refus:
        return Suite([Dire(refus.message, "question"), _aller(session, tour, acces, item)])
    dits = [Dire("J'ai remplacé par « […] » ce qui ressemblait à un nom, un numéro ou une information de santé.", "answer")] if masque else []
    suivant = reponses.suivant(session, acces)
    if suivant is None:
        return Suite([*dits, *_finir(session, tour, acces).dits])
    return Suite([*dits, _aller(session, tour, acces, suivant)])


# -- back, later, stop, the end -------------------------------------------------------------------------------------------------------------------


def _obeir(session: Session, tour: Tour, acces: Acces, item: Item, ordre: str) -> Suite:
    if ordre == "retour":
        precedent = acces.items[max(0, acces.rang(item.id) - 1)]
        deja = reponses.donnees(session, acces).get(precedent.id, ())
        return Suite([_aller(session, tour, acces, precedent, [c for c in deja if c in acces.echelle(precedent).codes]
                             if acces.echelle(precedent).multiple else (), corrige=True)])
    if ordre == "pause":
        flux.effacer(session, tour.conversation_id)
        return Suite([Dire(f"C'est noté, vos réponses sont gardées. Pour reprendre{_jusqu_au(session, acces)}, écrivez « enquête » et le même code.",
                           "answer")])
    return _arreter(session, tour, acces)


def _jusqu_au(session: Session, acces: Acces) -> str:
    if acces.invitation is None:
        return ""
    zone = ZoneInfo(session.get_one(Caisse, acces.vague.caisse_code).fuseau)
    return f", jusqu'au {date_longue(acces.invitation.releve.clos_le.astimezone(zone).date())}"


def _arreter(session: Session, tour: Tour, acces: Acces) -> Suite:
    """Over for good. With answers, they stay as a partial questionnaire, unless the person takes them back; without, it is a refusal."""
    faites = sum(c != (PASSE,) for c in reponses.donnees(session, acces).values())
    flux.effacer(session, tour.conversation_id)
    secret = chiffrer(jetons.cle_courante(), USAGE_ARRET, str(acces.pseudonyme))
    opposition = Bouton("Ne plus recevoir d'enquête", {"flux": FLUX, "acte": "opposer", "secret": secret})
    if not faites:
        reponses.refuser(session, acces)
        return Suite([Dire("L'enquête s'arrête là, rien n'est gardé et vous ne serez pas relancé.", "answer", [opposition])])
    reponses.ne_pas_relancer(session, acces, tour.maintenant)
    gardees = "Votre réponse est gardée" if faites == 1 else f"Vos {quantite(faites, 'réponse')} sont gardées"
    return Suite([Dire(f"L'enquête s'arrête là. {gardees}, sans votre nom. Merci.", "answer",
                       [Bouton("Effacer mes réponses", {"flux": FLUX, "acte": "effacer", "secret": secret}), opposition])])


def _apres_arret(session: Session, tour: Tour, charge: Mapping[str, Any]) -> Suite:
    """« Effacer mes réponses », « Ne plus recevoir d'enquête », under the message that said goodbye."""
    try:
        pseudonyme = int(dechiffrer(jetons.cle_courante(), USAGE_ARRET, charge["secret"]))
        if charge["acte"] == "opposer":
            reponses.opposer(session, pseudonyme)
            return Suite([Dire("C'est noté : vous ne recevrez plus d'enquête de la caisse.", "confirmation")])
        reponses.refuser(session, reponses.reprendre(session, pseudonyme, tour.maintenant))
    except CleAutre:
        return Suite([Dire(CodeInconnu.message, "refusal")])
    except Refus as refus:
        return Suite([Dire(refus.message, "refusal")])
    return Suite([Dire("Vos réponses sont effacées.", "confirmation")])


def _finir(session: Session, tour: Tour, acces: Acces) -> Suite:
    reponses.terminer(session, acces)
    flux.effacer(session, tour.conversation_id)
    return Suite([Dire("C'est terminé, merci. Vos réponses sont enregistrées sans votre nom.", "confirmation")])
