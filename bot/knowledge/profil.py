"""What a person says of herself in a sentence: activity, situation, group, status (traits of fiches.PROFIL). Nothing is guessed of others.

Silence is better than a wrong trait, which would choose a wrong answer: a denied, past or foreign mention gives nothing.
"""
import re
from typing import Dict, Mapping, Optional, Sequence, Tuple

from bot.knowledge.fiches import PROFIL
from bot.knowledge.metiers import DE_SOI, DETERMINANT, d_autrui, metier_dit, metiers_dits, par_metier, pour_un
from bot.knowledge.propositions import AUTRE, CONJOINT, PROCHE, TIERS, Proposition, de_soi, motif, nie, propositions

__all__ = ["metier_dit", "reconnaitre", "reunir"]

_Motifs = Tuple[Tuple[str, "re.Pattern[str]"], ...]

# --- situation ---------------------------------------------------------------------------------------------------------------------

_JE_SUIS = r"\b(?:je suis|suis(?! je)|etant)"
_JE_TOUCHE = r"\bje (?:touche|percois|recois)"
_SITUATIONS: _Motifs = (
    ("retraite", motif(
        r"\bretraitee\b",
        r"(?:\b(?:je suis|suis|etant|deja|toujours|jeune|maintenant|nouveau|moi) (?:un |une |jeune |deja |aussi |actuellement )*|^)retraite "
        r"(?:de (?:la |l |)(?:sncf|ratp|poste|fonction|education|armee|gendarmerie|police|marine|mairie|banque|metallurgie|fonction publique)|"
        r"du (?:public|batiment|prive)|edf|gdf|militaire|depuis|auto entrepreneur)",
        rf"{_JE_SUIS} (?:un |une |jeune |deja |aussi |actuellement |maintenant |desormais )*(?:a la |en |)retraite\b"
        r"(?! (?:dans|en 20|l an|bientot|a partir))",
        r"\bje suis \w*(?:eur|euse|ien|ienne|ier|iere|iste|isan|isane|cant|cante) retraitee?\b",
        rf"{_JE_TOUCHE} (?:deja )?(?:ma|une|la|mes) (?:petite )?(?:retraite|pension de retraite|pension)\b",
        # « Menuisier à la retraite, … »
        r"^(?!(?:un|une|des|les|le|la|l|partir|depart|age|droits?|demande) )(?:\w+ ){1,2}(?:a la|en) retraite\b(?! (?:dans|comment|combien|quel))",
        r"\bma pension de la (?:cnav|sncf|carsat|cram)\b",
        r"\b(?:je suis |suis )(?:deja )?pensionnee?\b")),
    ("fonctionnaire", motif(
        r"\b(?:fonctionnaire|agent (?:public|territorial|de l etat|hospitalier)|agente (?:publique|territoriale)|professeure? des ecoles|"
        r"instit(?:utrice|uteur)?|titulaire de la fonction publique|contractuel(?:le)? de la fonction publique|gendarme|policier|policiere|"
        r"(?<!service )(?<!du )militaire|postier|postiere)\b",
        r"\b(?:je suis |suis )(?:prof|professeur|enseignante?)(?: certifiee?| titulaire| dans le public| de (?:college|lycee))\b",
        r"\b(?:travaille|bosse|employee?) (?:a|pour) la (?:mairie|prefecture|commune)\b")),
    ("etudiant", motif(
        r"\b(?:etudiante?|en (?:licence|master|fac|prepa)|a la fac|mes etudes|bts|eleve ingenieur)\b")),
    ("demandeur_emploi", motif(
        r"\b(?:je suis|suis|etant|actuellement|toujours|encore|deja|maintenant|inscrite?) (?:\w+ ){0,2}(?:au|en) chomage\b",
        r"^(?:actuellement )?au chomage\b",
        r"\b(?:demandeu(?:r|se|re) d emploi|chomeu(?:r|se)|sans emploi|licencie economique)\b",
        r"\b(?:inscrite?|inscription|inscris) (?:a|au|chez) (?:\w+ )?pole emploi\b",
        r"\bindemnisee? (?:par (?:le |)pole emploi|par les assedic|au chomage|chomage)\b",
        rf"{_JE_TOUCHE} (?:encore |toujours |deja |actuellement |\d+ (?:euros? |e )?(?:par mois )?)*(?:le |du |mon |mes |l |les |d |de )?"
        r"(?:chomage|are|assedic|pole emploi|allocations?(?: chomage)?|indemnites chomage|arce)\b",
        r"\b(?:mes|mon) (?:allocations? chomage|chomage|assedic|are|droits au chomage|allocations pole emploi)\b")),
    ("salarie", motif(
        r"\b(?:je suis|suis(?! je)|etant|comme|deja|toujours|moi|encore|aussi|actuellement) (?:\w+ ){0,2}salariee?s?\b",
        r"^salariee?\b",
        r"\bsalariee? (?:a (?:mi temps|plein temps|temps|cote|80|50)|en|dans|chez|du|au|la)\b",
        r"\b(?:j ai|en|avec|garder|signe|mon|un) (?:un )?(?:cdi|cdd|contrat saisonnier)\b",
        r"\bmon (?:employeur|patron|emploi salarie|salaire|contrat de travail|chef(?! d))\b",
        r"\bmon (?:boulot|travail|job) (?:salarie|de salarie|a cote)\b",
        r"\b(?:a cote|en plus) de mon (?:emploi|travail|boulot|job|cdi|poste|salaire)\b",
        r"\bma boite (?:me|ne|m)\b",
        r"\bemployee? (?:chez|dans|a|de)\b",
        r"\bje (?:travaille|bosse) (?:\w+ ){0,3}(?:chez|dans une (?:entreprise|usine|boite)|comme salariee?|a l usine|en interim|"
        r"a (?:plein temps|mi temps|temps partiel))\b")),
)
# Words that make a situation the subject of talk, not a state: « droit au chômage », « embaucher un salarié », « mon propre patron ».
_HORS_SITUATION = re.compile(
    r"\b(?:droit|cotis\w*|assurance|caisse|perte|embauch\w*|recrut\w*|prendre|payer|premier|conjointe?|devenir|redevenir|statut|comme les|propre|"
    r"ancien|ancienne|ex|futur|partir|depart|demander|quand|si j etais|serai|serais|sera|serons|serait|si je (?:suis|me retrouve)|au lieu d|"
    r"(?:sa|la|leur) (?:secu|securite sociale))"
    r"\s*(?:\w+\s){0,2}$")
_QUAND = re.compile(r"\b(?:quand|lorsqu)$")
_AVANT_JE = re.compile(r"^(?: \w+)? j (?:avais|etais|touchais|cotisais)\b")  # « comme salarié, j'avais… »
_ENTRE = re.compile(r"\b(?:difference|entre|choi\w+|statuts?|collaborateur|collaboratrice)\b")  # « … entre collaborateur, salarié et associé »
_MON_PATRON = re.compile(r"\bmon (?:employeur|patron|chef)\b")
_UN = re.compile(r"\b(?:suis|est) (?:un|une)\s*$")
_SUJET = re.compile(r"\b(?:je|j|moi|nous|m|me)\b")
# « é » says the person where the bare word could be the pension: « retraité de la SNCF », not « les retraités »
_RETRAITE_ACCENT = re.compile(r"(?<!les )(?<!des )(?<!un )(?<!une )(?<!aux )(?<!d')(?<!d'un )\bretraitée?\b")
_DOMINANTES = ("retraite", "fonctionnaire")  # a pensioner may also say « salarié »; the pension decides the answer


def _etat(prop: Proposition, m: "re.Match[str]", valeur: str) -> bool:
    """Whether a situation named in a clause is the person's present state."""
    avant, apres = prop.mots[:m.start()], prop.mots[m.end():]
    jusque = prop.mots[:m.end()].rsplit(" ", 1)[0]
    if d_autrui(prop, m.end()) and not _MON_PATRON.search(m[0]):
        return False
    if _AVANT_JE.match(apres) or (not avant and _ENTRE.search(prop.avant)) or _QUAND.search(prop.avant):
        return False
    if nie(prop, m.end()) or _HORS_SITUATION.search(avant) or _HORS_SITUATION.search(jusque):
        return False
    generique = DETERMINANT.search(avant) and not _SUJET.search(m[0]) and not _UN.search(avant)
    return valeur == "retraite" or not generique


def _situation(props: Sequence[Proposition]) -> Optional[str]:
    trouvees: Dict[str, Tuple[int, int]] = {}
    for rang, prop in enumerate(props):
        for valeur, motifs in _SITUATIONS:
            for m in motifs.finditer(prop.mots):
                if _etat(prop, m, valeur):
                    trouvees.setdefault(valeur, (rang, m.start()))
        if _RETRAITE_ACCENT.search(prop.brut) and de_soi(prop):
            trouvees.setdefault("retraite", (rang, 0))
    for dominante in _DOMINANTES:
        if dominante in trouvees:
            return dominante
    return min(trouvees, key=lambda v: trouvees[v]) if trouvees else None


# --- group -------------------------------------------------------------------------------------------------------------------------

_GROUPES: _Motifs = (
    ("artisan", motif(r"\bartisane?s?\b(?! (?:et|ou|/) commercants?)",
                      r"\binscrite? (?:au|a la) (?:repertoire des metiers|chambre (?:de|des) metiers|rm|cma)\b")),
    ("commercant", motif(r"\bcommercante?s?\b",
                         r"\binscrite? (?:au|a la) (?:registre du commerce|rcs|cci|chambre de commerce)\b")),
)
_PLURIELS = ("artisans", "artisanes", "commercants", "commercantes")
_FAUT_IL = re.compile(r"\b(?:faut il|doit on|peut on|faut|obligee? d|conditions?) (?:\w+ ){0,2}(?:etre|devenir|s inscrire)\b")
_JE_SUIS_UN = re.compile(r"\b(?:suis|sommes|comme|tant qu|etant|moi|est) (?:un |une |aussi |deja |petite? )*$")
# « femme d'artisan », « artisans et commerçants »
_PAS_SOI = motif(rf"\b{PROCHE} (?:de |d )?$", r"\bartisane?s? (?:et|ou) $")


def _groupe(props: Sequence[Proposition]) -> Optional[str]:
    """The group said in so many words; None when both are."""
    trouves = set()
    for prop in props:
        for valeur, motifs in _GROUPES:
            for m in motifs.finditer(prop.mots):
                avant = prop.mots[:m.start()]
                soi = bool(DE_SOI.search(avant) or pour_un(avant) or _JE_SUIS_UN.search(avant))
                generique = not soi and (DETERMINANT.search(avant) or m[0].endswith(_PLURIELS))
                ecarte = _PAS_SOI.search(avant) or _FAUT_IL.search(prop.mots[:m.end()]) or d_autrui(prop, m.start()) or nie(prop, m.start())
                if not generique and not ecarte:
                    trouves.add(valeur)
    return next(iter(trouves)) if len(trouves) == 1 else None


# --- status ------------------------------------------------------------------------------------------------------------------------

_MON_CONJOINT = rf"(?:mon|ma) {CONJOINT}\b"
_STATUTS: _Motifs = (
    ("conjoint", motif(
        rf"\bj aide (?:\w+ ){{0,2}}{_MON_CONJOINT}",
        r"\bje (?:travaille|bosse|suis|collabore|participe) (?:\w+ ){0,3}"
        r"(?:avec|pour|dans l entreprise de|au cote de|aux cotes de|chez|a l affaire de) "
        rf"{_MON_CONJOINT}",
        r"\b(?:je suis|suis|comme|statut de|etant|moi) (?:\w+ ){0,2}conjointe? (?:collabora\w+|salariee?|d artisan|de commercant|associee?)\b",
        rf"\bcollaborat\w+ (?:de|avec) {_MON_CONJOINT}",
        r"(?:^|statut )(?:femme|epouse|mari|conjointe?) (?:d un |d une |d |de |)(?:artisane?|commercante?)\b",
        r"^conjointe? collabora\w+",
        r"\b(?:je suis|suis|moi|etant) (?:la |)(?:femme|epouse) (?:d un |d une |de |d |du )"
        rf"(?:{PROCHE}|artisan|commercant|\w+(?:eur|er|on|ien|iste))\b",
        r"\bje (?:fais|tiens|m occupe de|gere) (?:la|les|le|sa|ses|son) (?:compta\w*|caisse|papiers?|factures?|accueil|secretariat|administratif) "
        rf"(?:de|pour|chez|dans l entreprise de) {_MON_CONJOINT}",
        rf"\bje (?:lui )?donne un coup de main a {_MON_CONJOINT}",
        rf"\bje (?:sers|vends|tiens) (?:\w+ ){{0,4}}(?:dans|avec|pour) (?:le \w+ de |la \w+ de |){_MON_CONJOINT}")),
    ("auto_entrepreneur", motif(
        r"\b(?:je suis|suis|etant|comme|tant qu|en|mon|ma|notre|moi|inscrite?|declaree?|installee?|deja|toujours|devenue?) (?:\w+ ){0,2}?"
        r"(?:auto entrepreneur|auto entreprise)\b",
        r"^auto (?:entrepreneur|entreprise)\b(?! (?:c est|et |ou |est ce|ca |quoi|a quoi|qui|comment|definition|avantage|peut|doit|a t il))",
        r"\b(?:j ai (?:ouvert|cree|monte|lance|une?|mon)|je (?:lance|cree|ouvre|monte|tiens|gere)) (?:\w+ ){0,2}auto entreprise\b",
        r"\b(?:au|en) micro social\b")),
    ("eirl", motif(r"\b(?:en|mon|ma|notre|suis|j ai une?|passee? en) (?:\w+ )?eirl\b", r"\bj ai (?:\w+ ){0,2}eirl\b")),
    ("classique", motif(
        r"\b(?:je suis|suis|etant|deja|artisan|commercant|inscrite?|toujours|en|sous) (?:\w+ ){0,3}"
        r"(?:(?:au|le|en) regime (?:classique|reel|normal)|au reel)\b",
        r"\b(?:en|mon) entreprise individuelle(?! a responsabilite)",
        r"\b(?:suis|gerant|artisan|commercant|bar|redevenir \w+ \w+|\w+eur|\w+ier) (?:\w+ ){0,2}en nom propre",
        r"\b(?:je suis |suis |)gerante? (?:majoritaire|d une? (?:sarl|eurl)|de (?:sarl|eurl|ma sarl|mon eurl))",
        r"\b(?:ma sarl|mon eurl|ma societe)\b")),
)
# A status one asks about, or is still to take: « c'est quoi », « passer en », « la différence entre »
_HORS_STATUT = re.compile(
    r"\b(?:c est quoi|qu est ce|difference|passer|passage|passe|devenir|choisir|ou bien|quitter|sortir|entre|hesite|plutot|et si|creer|ouvrir|lancer|"
    r"s inscrire|futur|prendre|envisage|voudrais|veux|aimerais|vaut la peine|interessant)\s*(?:\w+\s){0,4}$")
_AUTO_ENTREPRENEUR = re.compile(r"\bauto entrepreneur\b")


def _porte_ce_statut(prop: Proposition, m: "re.Match[str]", valeur: str) -> bool:
    avant = prop.mots[:m.start()]
    if valeur == "conjoint":  # noqa: SIM108 - her husband is in the sentence, of course; only « elle », or « mon épouse… collaboratrice », is another
        autre = bool(TIERS.search(avant) or ("collabora" in m[0] and AUTRE.search(avant)))
    else:
        autre = d_autrui(prop, m.end())
    jusque = prop.mots[:m.end()].rsplit("auto", 1)[0]
    return not (autre or nie(prop, m.end()) or _HORS_STATUT.search(avant.rstrip() + " ") or _HORS_STATUT.search(jusque))


def _statut(props: Sequence[Proposition]) -> Optional[str]:
    for valeur, motifs in _STATUTS:
        if any(_porte_ce_statut(prop, m, valeur) for prop in props for m in motifs.finditer(prop.mots)):
            return valeur
    for prop in props:  # « électricien auto-entrepreneur »
        m = _AUTO_ENTREPRENEUR.search(prop.mots)
        if m and par_metier(prop) and not DETERMINANT.search(prop.mots[:m.start()]) and not nie(prop, m.start()):
            return "auto_entrepreneur"
    return None


# --- the whole -----------------------------------------------------------------------------------------------------------

def _une(valeurs: Sequence[Optional[str]]) -> Optional[str]:
    """The value all agree on, Nones apart; None when they differ (a mixed activity) or when there is none."""
    dites = {v for v in valeurs if v}
    return next(iter(dites)) if len(dites) == 1 else None


def reconnaitre(texte: str) -> Dict[str, str]:
    """Traits of fiches.PROFIL that the person says of herself, and only those; {} when nothing is said. Never raises.

    >>> reconnaitre("Je suis coiffeuse, je fais 2 000 € par mois")
    {'activite': 'prestation', 'groupe': 'artisan'}
    >>> reconnaitre("Mon mari est plombier, je ne suis pas salariée")
    {}
    """
    props = propositions(texte)
    metiers = metiers_dits(props)
    traits: Dict[str, Optional[str]] = {
        "activite": _une([m.activite for m in metiers]),
        "situation": _situation(props),
        "groupe": _groupe(props) or _une([m.groupe for m in metiers] if all(m.groupe for m in metiers) else []),
        "statut": _statut(props),
    }
    return {trait: valeur for trait, valeur in traits.items() if valeur and valeur in PROFIL.get(trait, ())}


def reunir(connu: Mapping[str, str], dit: Mapping[str, str]) -> Dict[str, str]:
    """The traits known once a message is read. « Et pour un commerçant ? » also drops the activity of the artisan spoken of until then.

    >>> reunir({"groupe": "artisan", "activite": "prestation", "situation": "retraite"}, {"groupe": "commercant"})
    {'groupe': 'commercant', 'situation': 'retraite'}
    """
    autre_groupe = "groupe" in connu and dit.get("groupe", connu["groupe"]) != connu["groupe"]
    return {**{t: v for t, v in connu.items() if not (autre_groupe and t == "activite")}, **dit}
