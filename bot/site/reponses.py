"""Turns what the engine decided into messages: the words of the sheets, the choices, the caisse's telephone. No I/O."""
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING, Any, Mapping, Optional, Sequence

from bot.contacts.caisses import contact
from bot.contacts.tables import Caisse
from bot.knowledge.fiches import Fiche
from bot.knowledge.rendu import Reponse, rendre
from bot.site.comprehension import LIBELLES_FLUX
from bot.site.enveloppe import Genre, Message, Role, SourceCitee
from bot.texte.typographie import composer

if TYPE_CHECKING:
    from bot.site.calcul import Essai

QUESTIONS_PROFIL: dict[str, tuple[str, dict[str, str]]] = {
    "activite": ("Pour une réponse à votre cas, quelle est votre activité ?",
                 {"vente": "Vente ou hébergement", "prestation": "Prestation de services", "liberal": "Profession libérale"}),
    "situation": ("Pour une réponse à votre cas, quelle est votre situation ?",
                  {"salarie": "Salarié à côté", "demandeur_emploi": "Demandeur d'emploi", "retraite": "Retraité", "etudiant": "Étudiant",
                   "fonctionnaire": "Fonctionnaire"}),
    "groupe": ("Pour une réponse à votre cas, êtes-vous artisan ou commerçant ?", {"artisan": "Artisan", "commercant": "Commerçant"}),
    "statut": ("Pour une réponse à votre cas, sous quel statut êtes-vous ?",
               {"auto_entrepreneur": "Auto-entrepreneur", "classique": "Régime classique", "eirl": "EIRL", "conjoint": "Conjoint"}),
}


@dataclass(frozen=True)
class Bouton:
    """A choice to offer: its label, what it asks, how the page shows it."""

    libelle: str
    charge: Mapping[str, Any]
    role: Role = "reponse"


@dataclass
class Replique:
    """A message to send and the buttons under it; `avis` adds the question « cela vous aide-t-il ? »."""

    message: Message
    boutons: list[Bouton] = field(default_factory=list)
    avis: bool = False


def phrase_contact(caisse: Caisse) -> str:
    return composer(f"Votre caisse répond au {caisse.telephone}, {caisse.horaires}.")


def libelle(etiquette: str, fiches: Mapping[str, Fiche]) -> str:
    """How a choice reads: the topic's own question, or what the flow does."""
    return composer(fiches[etiquette].question) if etiquette in fiches else LIBELLES_FLUX[etiquette]


def repondre_sujet(fiche: Fiche, jour: date, profil: Mapping[str, str], fiches: Mapping[str, Fiche], caisse: Caisse,
                   essai: Optional["Essai"] = None, autres: Sequence[str] = ()) -> Replique:
    """The answer of a sheet, for this day and person, with where it comes from and where to go next.

    `essai` is what its calculator made of the message: the figure replaces the general text, a question replaces the next steps.
    `autres` are the topics the message may have been about instead, when the engine was not quite sure: a way out of a wrong answer.
    """
    reponse = rendre(fiche, jour, profil)
    resultat = essai.resultat if essai else None
    genre: Genre = "emergency" if fiche.sujet == "sante/urgence" else "refusal" if fiche.refus else "answer"
    question, boutons = (None, []) if genre == "emergency" else _pas_suivant(fiche, profil, fiches, essai)
    boutons = [b for b in boutons if b.charge not in [{"sujet": s} for s in autres]]
    boutons += [Bouton(libelle(s, fiches), {"sujet": s}, "autre") for s in autres]
    donnees = _origine(fiche, reponse)
    if question:
        donnees["question"] = question
    if resultat is not None:
        donnees["calcul"] = {"nom": resultat.nom, "regle": resultat.regle,
                             "lignes": [{"libelle": ligne.libelle, "valeur": ligne.ecrit} for ligne in resultat.lignes]}
    if genre != "emergency" and (fiche.sujet == "rsi/contact_caisse" or fiche.refus or fiche.entretien):
        donnees["contact"] = contact(caisse)
    texte = reponse.texte_complet if resultat is None else "\n".join(p for p in (resultat.texte, reponse.depuis) if p)
    return Replique(Message(text=texte, topic=fiche.sujet, kind=genre, data=donnees,
                            sources=[SourceCitee(title=s.titre, url=s.url) for s in reponse.sources]), boutons, avis=genre == "answer")


def _origine(fiche: Fiche, reponse: Reponse) -> dict[str, Any]:
    """What makes an answer checkable: its day, its confidence, when it was checked, each figure with its source."""
    return {
        "valable_le": reponse.valable_le.isoformat(), "confiance": reponse.confiance, "verifie_le": reponse.verifie_le.isoformat(),
        "faq": f"/faq/{fiche.sujet}",
        "chiffres": [{"libelle": c.libelle, "valeur": c.valeur, "source": c.source, "du": c.du.isoformat(),
                      "au": c.au.isoformat() if c.au else None, "confiance": c.confiance} for c in reponse.chiffres]}


def _pas_suivant(fiche: Fiche, profil: Mapping[str, str], fiches: Mapping[str, Fiche],
                 essai: Optional["Essai"]) -> tuple[Optional[str], list[Bouton]]:
    """One question at most, with its buttons; then related topics, three buttons in all; then the way to a person."""
    if essai and essai.question:
        return essai.question, list(essai.boutons)
    question, boutons = None, []
    if fiche.demander and fiche.demander not in profil and not (essai and essai.resultat):
        question, noms = QUESTIONS_PROFIL[fiche.demander]
        boutons = [Bouton(nom, {"sujet": fiche.sujet, "profil": {fiche.demander: valeur}}) for valeur, nom in noms.items()
                   if any(v.si.get(fiche.demander) == valeur for v in fiche.variantes)]
    suite = [s for s in fiche.voir_aussi if s in fiches][: max(0, 3 - len(boutons))]
    boutons += [Bouton(libelle(s, fiches), {"sujet": s}) for s in suite]
    if fiche.entretien:
        boutons.append(Bouton("Parler à un conseiller", {"intention": "parler_conseiller"}, "contact"))
    return question, boutons


def incivilite(caisse: Caisse) -> Replique:
    """One neutral answer to an insult; never a retort."""
    return Replique(Message(text=composer("Je suis là pour vos questions de protection sociale, restons-en là. " + phrase_contact(caisse)),
                            kind="fallback", data={"contact": contact(caisse)}))


def proposer(propositions: Sequence[str], fiches: Mapping[str, Fiche], caisse: Caisse, deja_incompris: int) -> Replique:
    """« Vouliez-vous dire… » with the topics' own questions; from the second time in a row the way to a person comes along."""
    boutons = [Bouton(libelle(e, fiches), {"sujet": e} if e in fiches else {"intention": e}, "proposition")
               for e in propositions]
    boutons.append(Bouton("Aucune de ces questions", {"aucune": True}, "aucune"))
    texte = "Je ne suis pas sûr d'avoir bien compris. Est-ce l'une de ces questions ?"
    donnees = None
    if deja_incompris >= 1:
        texte += " " + phrase_contact(caisse)
        donnees = {"contact": contact(caisse)}
        boutons.append(Bouton("Joindre un conseiller", {"intention": "parler_conseiller"}, "contact"))
    return Replique(Message(text=composer(texte), kind="choices", data=donnees), boutons)


def rien_trouve(caisse: Caisse, deja_incompris: int) -> Replique:
    """Nothing fits: says so, says how to go on."""
    texte = "Je n'ai pas trouvé votre question parmi celles que je connais. Reformulez-la en une phrase, avec le mot qui compte pour vous."
    if deja_incompris >= 1:
        texte = "Je n'ai toujours pas trouvé, et je préfère ne pas deviner."
    return Replique(Message(text=composer(f"{texte} {phrase_contact(caisse)}"), kind="fallback", data={"contact": contact(caisse)}),
                    [Bouton("Voir toutes les questions", {"lien": "/faq"}, "contact")] if deja_incompris else [])


def hors_sujet(texte: str, caisse: Caisse, deja_incompris: int = 0) -> Replique:
    """Out of scope, politely, with what the assistant can do; from the second time in a row, whom to call is said in so many words."""
    if deja_incompris >= 1:
        texte = f"{texte} {phrase_contact(caisse)}"
    return Replique(Message(text=composer(texte), kind="fallback", data={"contact": contact(caisse)}),
                    [Bouton("Ce que je peux vous demander", {"intention": "aide"})])


def prevenir_langue(replique: Replique, caisse: Caisse) -> Replique:
    """The same reply, after simple words for someone who writes another language; an emergency is left as it is."""
    if replique.message.kind != "emergency":
        replique.message.text = composer(f"Je réponds en français. Besoin d'aide ? Appelez le {caisse.telephone}, {caisse.horaires}.") \
            + "\n" + replique.message.text
        replique.message.data = {**(replique.message.data or {}), "contact": contact(caisse)}
    return replique


def autre_langue(caisse: Caisse) -> Replique:
    """Not understood, in another language: short sentences, everyday words, a person to call."""
    texte = ("Je parle seulement français. Je n'ai pas compris votre question. Une personne peut vous aider.\n"
             f"Appelez le {caisse.telephone}. C'est ouvert {caisse.horaires}.\n"
             "Vous êtes en danger ? Appelez le 112.")
    return Replique(Message(text=composer(texte), kind="fallback", data={"contact": contact(caisse)}),
                    [Bouton("Parler à une personne", {"intention": "parler_conseiller"}, "contact")])


def mode_reduit(sujets: Sequence[str], fiches: Mapping[str, Fiche], caisse: Caisse) -> Replique:
    """The engine does not answer: the nearest sheets, found by words."""
    if not sujets:
        return Replique(Message(text=composer("Je ne peux pas analyser votre question pour le moment, et aucune fiche ne contient ces mots. "
                                              f"Essayez avec d'autres mots. {phrase_contact(caisse)}"),
                                kind="fallback", data={"contact": contact(caisse), "reduit": True}))
    texte = ("Je fonctionne en mode réduit pour le moment : je cherche par mots, sans analyser votre phrase. "
             "Voici les fiches les plus proches.")
    return Replique(Message(text=composer(texte), kind="choices", data={"contact": contact(caisse), "reduit": True}),
                    [Bouton(libelle(s, fiches), {"sujet": s}, "proposition") for s in sujets]
                    + [Bouton("Aucune de ces questions", {"aucune": True}, "aucune")])


# Where the same thing is done without the conversation.
PAGES = {"prendre_rdv": ("/rendez-vous", "la page « Prendre rendez-vous »"), "inscrire_rencontre": ("/rencontres", "la page des rencontres"),
         **dict.fromkeys(("deplacer_rdv", "annuler_rdv", "consulter_rdv"), ("/rendez-vous/code", "la page « Retrouver mon rendez-vous »"))}


def acte_en_panne(flux: str, caisse: Caisse) -> Replique:
    """A booking or a survey cannot go on: what was said is kept, and how to do without. Whether its last step was done is not known here, so
    it is not said either way: the act itself tells, when it answers again."""
    adresse, page = PAGES.get(flux, (None, None))
    texte = "Ce service ne répond pas pour le moment. Ce que vous m'avez dit est gardé : réessayez dans une minute."
    texte += f" Vous pouvez aussi passer par {page}." if page else ""
    donnees: dict[str, Any] = {"contact": contact(caisse), "reduit": True}
    if adresse:
        donnees["lien"] = adresse
    return Replique(Message(text=composer(f"{texte} {phrase_contact(caisse)}"), kind="error", flow=flux or None, data=donnees))


def arretee(phrase: str, caisse: Caisse) -> Replique:
    """A person has stopped this (`conseil arret`): said so, with whom to call."""
    return Replique(Message(text=composer(f"{phrase} {phrase_contact(caisse)}"), kind="fallback", data={"contact": contact(caisse), "arret": True}))
