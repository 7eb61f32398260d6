"""What an entretien is for: said, guessed from the last answer, or given by an invitation's code; and the motif of the caisse that serves it."""
from typing import Optional

from bot.agenda import code_ouverture, motifs
from bot.agenda.dialogue import lieux, paroles, propositions
from bot.agenda.dialogue.fil import Fil
from bot.agenda.dialogue.lecture import Lu
from bot.agenda.dialogue.lexique import bouton as libelle_sujet
from bot.agenda.dialogue.lexique import general, sujet_de_cible
from bot.agenda.refus import MotifInconnu
from bot.contacts.cle import cle_installation
from bot.contacts.flux import Dire
from bot.contacts.tables import Conversation, Motif
from bot.knowledge.fiches import fiches
from bot.reglages import Reglages

MOTIF, COURRIER = "motif", "courrier"


def noter(fil: Fil, sujets: tuple[str, ...]) -> bool:
    """What it is about. « Auto-entrepreneur » beside something else says who one is; of two real subjects, one must be chosen."""
    d = fil.donnees
    precis = [s for s in sujets if s != general()] or list(sujets)
    if len(precis) > 1:
        precis = [s for s in precis if s != "auto_entrepreneur"]
    if len(precis) > 1:
        d["sujets"] = precis
        return True
    d.pop("sujets", None)
    d["sujet_dit"] = True
    if d.get("sujet") == precis[0]:
        return False
    if d.get("sujet") and propositions.creneau_tenu(fil):
        propositions.garder_l_heure(fil)
    d["sujet"] = precis[0]
    return True


def deviner(fil: Fil) -> None:
    """What the last answer was about, else what the person said she is, tells what the entretien is for."""
    d = fil.donnees
    if d.get("sujet") or d.get("sujets") or d.get("devine"):
        return
    d["devine"] = True
    conversation = fil.session.get(Conversation, fil.tour.conversation_id)
    fiche = fiches().get(conversation.dernier_sujet or "") if conversation else None
    profil = "auto_entrepreneur" if fil.tour.profil.get("statut") == "auto_entrepreneur" else None
    sujet = sujet_de_cible(fiche.entretien if fiche else None) or profil
    if sujet in familles(fil):
        d["sujet"] = sujet


def demander(fil: Fil) -> Optional[list[Dire]]:
    """Which subject, when several were named; None when that is settled."""
    sujets = [s for s in fil.donnees.get("sujets", []) if s in familles(fil)]
    if not sujets:
        return None
    fil.etape = MOTIF
    return [Dire("De quoi voulez-vous parler surtout ? La durée et les documents à prévoir en dépendent.", "question",
                 [paroles.bouton(fil, libelle_sujet("sujets", s), sujet=s) for s in dict.fromkeys([*sujets, general()])])]


def demander_code(fil: Fil) -> list[Dire]:
    """The code of a letter that was spoken of."""
    fil.etape = COURRIER
    return [Dire("Quel est ce code ? Huit lettres et chiffres, imprimés sur le courrier.", "question",
                 [paroles.bouton(fil, "Continuer sans code", sans_code=True)])]


def noter_code(fil: Fil, lu: Lu) -> bool:
    """The code of an invitation; a letter spoken of without its code is asked for it."""
    if lu.code:
        fil.prive["code"] = lu.code
        return True
    if fil.etape == COURRIER and ("pas" in lu.mots.split() or lu.non):
        fil.donnees["sans_code"] = True
        return True
    parle = "code" in lu.mots.split() and any(m in lu.mots for m in ("courrier", "lettre", "invitation"))
    if parle and not fil.prive.get("assure_id"):
        fil.donnees["code_demande"] = True
    return parle


def ouvrir_invitation(fil: Fil) -> None:
    """A letter's code: the person, the action and the subject at once. Refused, the booking goes on without it."""
    d = fil.donnees
    d.pop("code_demande", None)
    essai = code_ouverture.ouvrir_par_code(fil.session, fil.prive.pop("code"), cle_installation(Reglages()), caisse_code=fil.caisse.code,
                                           visiteurs=fil.visiteurs, maintenant=fil.tour.maintenant)
    if essai.invitation is None:
        assert essai.refus is not None
        return fil.refuser(essai.refus)
    invitation = essai.invitation
    fil.prive["assure_id"] = invitation.assure.id
    d["action"] = invitation.action.id
    sujet = _famille(invitation.motifs[0].code) if invitation.motifs else general()
    if not d.get("sujet"):
        d["sujet"] = sujet
    proches = lieux.proches(invitation.assure.code_postal or "", fil.antennes)
    if len(proches) == 1 and not d.get("antenne") and not d.get("partout") and not d.get("parmi"):
        d["antenne"] = proches[0]
    fil.dire("Merci, votre invitation est reconnue : je n'ai pas besoin d'autre chose pour savoir qui vous êtes.")


def _famille(code: str) -> str:
    return code.removesuffix("_telephone")


def familles(fil: Fil) -> dict[str, dict[str, Motif]]:
    """The caisse's motifs by subject and modality: « retraite » and « retraite_telephone » are one subject."""
    trouvees: dict[str, dict[str, Motif]] = {}
    for m in motifs.motifs(fil.session, fil.caisse.code):
        trouvees.setdefault(_famille(m.code), {})[m.modalite] = m
    return trouvees


def motif_ou_rien(fil: Fil, modalite: str) -> Optional[Motif]:
    """The subject's motif in a modality; the general one when the subject has none in it."""
    toutes = familles(fil)
    for sujet in (fil.donnees.get("sujet"), general(), *toutes):
        if sujet in toutes and modalite in toutes[sujet]:
            return toutes[sujet][modalite]
    return None


def motif(fil: Fil, modalite: str) -> Motif:
    """The same. Raises MotifInconnu when the caisse has none at all in this modality."""
    trouve = motif_ou_rien(fil, modalite)
    if trouve is None:
        raise MotifInconnu
    return trouve
