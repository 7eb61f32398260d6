"""The rules K01 to K22 (§4e): a registry of small functions, the same at the caisse before signing and at the national fund on receipt.

Each rule has an id, a severity, a title, what to do about it. What follows from a refusal (states, receipts) is `etats` and `reception`.
"""
import re
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Callable, Iterable, Iterator, Mapping, Optional

from bot.bilan.codes import MOTIFS_ENQUETE, SOCLE
from bot.bilan.echange import Lecture, sha256, signature_valable
from bot.bilan.echeance import compte_a_rebours
from bot.bilan.registre import Registre
from bot.texte.masquage import masquer
from bot.texte.typographie import nombre

BLOQUANT, ALERTE, PARTIEL = "bloquant", "alerte", "partiel"
CAISSE, NATIONAL = "caisse", "national"
PARTOUT = (CAISSE, NATIONAL)
FORMES_DU_GENRE = {"entretien": {"physique", "telephone"}, "courrier": {"courrier", "courriel"}, "rencontre": {"collective"}}
MINUTES = (5, 180)
INTERDITS = {"nir": "un numéro de sécurité sociale", "telephone": "un numéro de téléphone", "courriel": "une adresse électronique",
             "iban": "un numéro de compte", "carte": "un numéro de carte"}
# What a spreadsheet would run as a formula; a dash and a space open a list, which is honest.
_FORMULE = re.compile(r"^\s*[=+@\t\r]|^\s*-(?=\S)", re.M)


@dataclass(frozen=True)
class Constat:
    """One breach: rule, severity, sentence, where in the file. `ecarte`: the part refused alone, « enquete » or « Q3 » (K16, K17)."""

    regle: str
    severite: str
    message: str
    remede: str
    chemin: str = ""
    ecarte: Optional[str] = None

    def en_dict(self) -> dict[str, Any]:
        return {"regle": self.regle, "severite": self.severite, "message": self.message, "remede": self.remede, "chemin": self.chemin,
                **({"ecarte": self.ecarte} if self.ecarte else {})}


@dataclass(frozen=True)
class Dossier:
    """What the rules look at. `lecture`: the file as received (national fund only). `dernier`: sequence and hash of the last accepted file of this
    caisse and year. `precedent`: the content of the year before, when there is one."""

    payload: Optional[Mapping[str, Any]]
    registre: Registre
    quand: datetime
    lecture: Optional[Lecture] = None
    dernier: Optional[tuple[int, str]] = None
    precedent: Optional[Mapping[str, Any]] = None

    @property
    def contenu(self) -> Mapping[str, Any]:
        return self.payload or {}

    @property
    def actions(self) -> list[Mapping[str, Any]]:
        return list(self.contenu.get("actions", ()))

    @property
    def realisees(self) -> list[Mapping[str, Any]]:
        """The actions that carry figures."""
        return [a for a in self.actions if a.get("volumes")]

    def cible(self, action: Mapping[str, Any]) -> Mapping[str, Any]:
        """What the socle says of the cible of an action; empty for a local one."""
        return self.registre.cibles.get(action.get("sous_action_de") or action["code"], {}) if action["perimetre"] == "socle" else {}


# A breach as a rule says it: path, sentence, part refused alone.
Ecart = tuple[str, str, Optional[str]]
Verification = Callable[[Dossier], Iterable[Ecart]]


@dataclass(frozen=True)
class Regle:
    id: str
    severite: str
    titre: str
    remede: str
    verifier: Verification = field(compare=False)
    ou: tuple[str, ...] = PARTOUT


REGLES: dict[str, Regle] = {}


def regle(id: str, severite: str, titre: str, remede: str, ou: tuple[str, ...] = PARTOUT) -> Callable[[Verification], Verification]:
    """Register a rule."""
    def poser(verifier: Verification) -> Verification:
        REGLES[id] = Regle(id, severite, titre, remede, verifier, ou)
        return verifier
    return poser


@dataclass(frozen=True)
class Rapport:
    """What the rules found, in their order."""

    constats: tuple[Constat, ...]

    @property
    def bloquants(self) -> list[Constat]:
        return [c for c in self.constats if c.severite == BLOQUANT]

    @property
    def alertes(self) -> list[Constat]:
        return [c for c in self.constats if c.severite == ALERTE]

    @property
    def ecartes(self) -> dict[str, Any]:
        """Parts refused alone: {"enquete": true} and {"questions": [...]}."""
        parts = {c.ecarte for c in self.constats if c.ecarte}
        questions = sorted(parts - {"enquete"})
        return {**({"enquete": True} if "enquete" in parts else {}), **({"questions": questions} if questions else {})}

    @property
    def passe(self) -> bool:
        return not self.bloquants

    def resume(self) -> dict[str, Any]:
        """The `controles` object of the payload."""
        from bot.bilan.codes import REGISTRE
        return {"registre": REGISTRE, "bloquants": len(self.bloquants), "alertes": sorted({c.regle for c in self.alertes})}

    def en_dict(self) -> dict[str, Any]:
        return {"passe": self.passe, "constats": [c.en_dict() for c in self.constats], "ecartes": self.ecartes}


def controler(dossier: Dossier, ou: str) -> Rapport:
    """Every rule of a place, in order. A file whose form is wrong is not looked into further: its content cannot be trusted to be what it seems."""
    constats: list[Constat] = []
    for r in REGLES.values():
        if ou not in r.ou or (dossier.payload is None and r.id > "K03"):
            continue
        constats += [Constat(r.id, r.severite, message, r.remede, chemin, ecarte) for chemin, message, ecarte in r.verifier(dossier)]
    return Rapport(tuple(constats))


# -- form and signature: K01 to K06 ------------------------------------------------------------------------------------------------------------


def _de_lecture(id: str) -> Verification:
    def verifier(d: Dossier) -> Iterator[Ecart]:
        for faute in d.lecture.fautes if d.lecture else ():
            if faute.regle == id:
                yield faute.chemin, faute.message, None
    return verifier


regle("K01", BLOQUANT, "Le fichier suit le format publié", "Refaites le fichier par « conseil bilan regional » : ne le modifiez jamais à la main.",
      (NATIONAL,))(_de_lecture("K01"))
regle("K02", BLOQUANT, "Aucune clé n'est écrite deux fois", "Refaites le fichier par « conseil bilan regional » : ne le modifiez jamais à la main.",
      (NATIONAL,))(_de_lecture("K02"))
regle("K03", BLOQUANT, "Les octets sont canoniques", "Envoyez le fichier tel qu'il a été signé, sans le réenregistrer ni le remettre en forme.",
      (NATIONAL,))(_de_lecture("K03"))


@regle("K04", BLOQUANT, "L'empreinte est celle du contenu",
       "Le contenu a changé après la signature : renvoyez le fichier signé d'origine.", (NATIONAL,))
def _k04(d: Dossier) -> Iterator[Ecart]:
    if d.lecture and d.lecture.enveloppe and sha256(d.lecture.enveloppe["payload"]) != d.lecture.enveloppe["sha256"]:
        yield "sha256", "L'empreinte écrite n'est pas celle du contenu.", None


@regle("K05", BLOQUANT, "La signature est valable", "Faites signer ce fichier par le directeur, avec la clé enregistrée de la caisse.", (NATIONAL,))
def _k05(d: Dossier) -> Iterator[Ecart]:
    lue = d.lecture.enveloppe if d.lecture else None
    if lue is None:
        return
    if lue["signature"] is None:
        yield "signature", "Le bilan n'est pas signé.", None
    elif (cle := d.registre.cles.get(lue["signature"]["kid"])) is not None and not signature_valable(lue, cle.publique):
        yield "signature.valeur", "La signature ne correspond pas au contenu, au signataire ou à l'instant que le fichier annonce.", None


@regle("K06", BLOQUANT, "La clé est enregistrée et en vigueur",
       "Faites enregistrer la clé de la caisse par la caisse nationale, ou signez avec la nouvelle.",
       (NATIONAL,))
def _k06(d: Dossier) -> Iterator[Ecart]:
    signature = (d.lecture.enveloppe or {}).get("signature") if d.lecture else None
    if signature is None:
        return
    cle = d.registre.cles.get(signature["kid"])
    if cle is None:
        yield "signature.kid", f"La clé « {signature['kid']} » n'est pas enregistrée.", None
    elif cle.revoquee_le is not None and cle.revoquee_le <= d.quand:
        yield "signature.kid", f"La clé « {signature['kid']} » a été révoquée.", None
    elif cle.caisse != d.contenu.get("caisse") or cle.role != signature["signataire_role"] or cle.role != "directeur":
        yield "signature.kid", f"La clé « {signature['kid']} » n'est pas celle du directeur de cette caisse.", None


# -- identity: K07 to K10 ----------------------------------------------------------------------------------------------------------------------


@regle("K07", BLOQUANT, "La caisse est attendue", "Le socle commun ne concerne que les caisses régionales attendues, hors professions libérales.")
def _k07(d: Dossier) -> Iterator[Ecart]:
    code = d.contenu["caisse"]
    if code in d.registre.liberales:
        yield "caisse", f"« {code} » est une caisse des professions libérales : elle n'est pas dans le socle (R18).", None
    elif code not in d.registre.caisses:
        yield "caisse", f"« {code} » n'est pas l'une des {len(d.registre.caisses)} caisses attendues.", None


@regle("K08", BLOQUANT, "L'exercice est ouvert",
       "Vérifiez l'année du bilan ; après la clôture, la caisse nationale peut ouvrir un erratum.", (NATIONAL,))
def _k08(d: Dossier) -> Iterator[Ecart]:
    annee = d.contenu["exercice"]
    if annee != d.registre.annee:
        yield "exercice", f"Le bilan porte sur {annee} ; l'exercice ouvert est {d.registre.annee}.", None
    elif d.registre.etat == "clos":
        yield "exercice", f"L'exercice {annee} est clos.", None


@regle("K09", BLOQUANT, "Le numéro suit le dernier bilan accepté",
       "Un rectificatif porte le numéro suivant et l'empreinte du bilan qu'il remplace en entier.",
       (NATIONAL,))
def _k09(d: Dossier) -> Iterator[Ecart]:
    sequence, remplace = d.contenu["sequence"], d.contenu["remplace"]
    attendue, empreinte = (d.dernier[0] + 1, d.dernier[1]) if d.dernier else (1, None)
    if d.dernier and sequence == d.dernier[0]:
        yield "sequence", f"Un bilan n° {sequence} de cette caisse est déjà accepté : un second ne peut pas l'être.", None
    elif sequence != attendue:
        yield "sequence", f"Le bilan porte le n° {sequence} ; le n° {attendue} est attendu.", None
    elif remplace != empreinte:
        yield "remplace", "L'empreinte du bilan remplacé n'est pas celle du dernier bilan accepté.", None


@regle("K10", BLOQUANT, "Le socle est celui du registre national",
       "Installez la campagne nationale de l'année (« conseil campagne installer »), puis refaites le bilan.")
def _k10(d: Dossier) -> Iterator[Ecart]:
    ecarts = [nom for nom in ("id", "version", "sha256") if d.contenu["socle"][nom] != d.registre.socle[nom]]
    if ecarts:
        yield "socle", f"Le socle du bilan n'est pas celui du registre national ({', '.join(ecarts)}).", None


# -- figures: K11 to K15 -----------------------------------------------------------------------------------------------------------------------


@regle("K11", BLOQUANT, "Les quatre cibles du socle, une fois chacune",
       "Dites pour chaque cible ce qui a été fait ; une cible non réalisée a son motif, et rien d'autre.")
def _k11(d: Dossier) -> Iterator[Ecart]:
    principales = [a["code"] for a in d.actions if a["perimetre"] == "socle" and not a.get("sous_action_de")]
    for code in SOCLE:
        if principales.count(code) != 1:
            yield code, f"La cible {code} est {'absente' if code not in principales else 'là plusieurs fois'}.", None
    for code in sorted(set(principales) - set(SOCLE)):
        yield code, f"« {code} » n'est pas une cible du socle : une action de la caisse est locale.", None
    for a in d.actions:
        fige = a["statut"] == "non_realisee"
        if fige != bool(a.get("motif")):
            faute = "non réalisée sans motif" if fige else "un motif de non-réalisation sur une action réalisée"
            yield a["code"], f"{a['code']} : {faute}.", None
        elif fige and (a.get("volumes") or a.get("enquete")):
            yield a["code"], f"{a['code']} : non réalisée, et pourtant des volumes ou une enquête.", None
        elif not fige and not (a.get("volumes") and a.get("enquete")):
            yield a["code"], f"{a['code']} : les volumes ou le bloc d'enquête manquent.", None
        elif a.get("motif") and a["motif"] not in d.registre.campagne.get("difficultes", {}):
            yield a["code"], f"{a['code']} : « {a['motif']} » n'est pas un motif de la campagne.", None


@regle("K12", BLOQUANT, "Les volumes s'emboîtent",
       "Vérifiez les contacts de l'action : courriers, rendez-vous, absences, refus. Le bilan se recalcule de lui-même.")
def _k12(d: Dossier) -> Iterator[Ecart]:
    for a in d.realisees:
        v, code = a["volumes"], a["code"]
        if a["genre"] != "rencontre":
            if not v["joints"] <= v["invites"] + v.get("hors_invitation", 0):
                yield code, f"{code} : plus de personnes jointes ({v['joints']}) que d'invitées ({v['invites']}).", None
            if not v["invites"] <= v["requete"]:
                yield code, f"{code} : plus de personnes invitées ({v['invites']}) que dans la requête ({v['requete']}).", None
        if a["genre"] == "entretien" and v["realises"] + v["refus"] + v["absents"] > v["joints"]:
            yield code, f"{code} : réalisés, refus et absents dépassent les personnes jointes.", None
        if (total := sum((a.get("formes") or {}).values())) != v["realises"]:
            yield code, f"{code} : la somme des formes ({total}) n'est pas le nombre de réalisés ({v['realises']}).", None
        if a.get("mois") is not None and (total := sum(a["mois"].values())) != v["realises"]:
            yield code, f"{code} : la somme des mois ({total}) n'est pas le nombre de réalisés ({v['realises']}).", None
        sous = a.get("sous_cibles") or {}
        ages = sum(n for nom, n in sous.items() if nom.isdigit())
        if ages > v["realises"] or any(n > v["realises"] for n in sous.values()):
            yield code, f"{code} : les sous-cibles dépassent le nombre de réalisés.", None
        trop = [x for x in ("domaines", "domaines_personnalises") if any(n > v["realises"] for n in (a.get(x) or {}).values())]
        if trop or (a.get("offre_globale") or 0) > v["realises"]:
            yield code, f"{code} : un domaine compte plus de contacts que l'action n'en a.", None


@regle("K13", BLOQUANT, "Formes, années de naissance et dates sont celles de la campagne",
       "Corrigez le contact en cause : sa forme, sa date, ou l'action à laquelle il est rattaché.")
def _k13(d: Dossier) -> Iterator[Ecart]:
    for a in d.realisees:
        code, cible = a["code"], d.cible(a)
        permises = set(cible.get("formes") or ()) if not a.get("sous_action_de") else set()
        permises = (permises or FORMES_DU_GENRE[a["genre"]]) & FORMES_DU_GENRE[a["genre"]]
        if interdites := sorted(set(a.get("formes") or {}) - permises):
            yield code, f"{code} : forme interdite pour cette cible ({', '.join(interdites)}).", None
        connues = {s["code"] for s in cible.get("sous_cibles", ())} | {p["code"] for p in cible.get("priorites", ())}
        if cible and not a.get("sous_action_de") and (autres := sorted(set(a.get("sous_cibles") or {}) - connues)):
            yield code, f"{code} : sous-cible inconnue ({', '.join(autres)}).", None
        if a.get("hors_cible"):
            yield code, f"{code} : {nombre(a['hors_cible'])} entretien(s) avec une personne d'une autre année de naissance.", None
        if a.get("hors_fenetre"):
            yield code, f"{code} : {nombre(a['hors_fenetre'])} contact(s) datés hors de la campagne.", None
        yield from _dates(d, a, cible)


def _dates(d: Dossier, a: Mapping[str, Any], cible: Mapping[str, Any]) -> Iterator[Ecart]:
    code, exercice = a["code"], str(d.contenu["exercice"])
    du, au = a.get("campagne") or (f"{exercice}-01-01", f"{exercice}-12-31")
    if cible and (du, au) != (str(cible["calendrier"]["du"]), str(cible["calendrier"]["au"])):
        yield code, f"{code} : le calendrier annoncé n'est pas celui du socle.", None
    if hors := [m for m in a.get("mois") or {} if m[:4] != exercice or not du[:7] <= m <= au[:7]]:
        yield code, f"{code} : contacts en {', '.join(sorted(hors))}, hors de l'exercice ou de la campagne.", None
    if [e for e in a.get("evenements") or () if e["date"][:4] != exercice or not du <= e["date"] <= au]:
        yield code, f"{code} : une rencontre est datée hors de l'exercice ou de la campagne.", None


@regle("K14", ALERTE, "Chaque action réalisée a son enquête", "Dites pourquoi cette cible n'a pas été analysée (circulaire : chacune doit l'être).")
def _k14(d: Dossier) -> Iterator[Ecart]:
    for a in d.realisees:
        if (a.get("enquete") or {}).get("statut") == "non_analysee" and a["volumes"]["realises"]:
            motif = a["enquete"].get("motif") or ""
            dite = (a.get("textes") or {}).get("K14") or MOTIFS_ENQUETE.get(motif, motif)
            yield a["code"], f"{a['code']} : cible non analysée ({dite or 'sans motif'}).", None


@regle("K15", BLOQUANT, "L'enquête s'emboîte",
       "Les comptes viennent de la vague d'enquête : ne les corrigez pas à la main, signalez-le à la caisse nationale.")
def _k15(d: Dossier) -> Iterator[Ecart]:
    blocs = [(a["code"], a["enquete"], base_enquete(a)) for a in d.realisees if a.get("enquete")]
    spontanes = d.contenu.get("spontanes")
    if spontanes:
        blocs.append(("SPONT", spontanes["enquete"], spontanes["entretiens"]))
    for code, bloc, base in blocs:
        if bloc["statut"] == "analysee":
            yield from ((code, f"{code} : {phrase}", None) for phrase in _ecarts_enquete(bloc, base, d.registre.multiples))


def base_enquete(action: Mapping[str, Any]) -> int:
    """How many could be asked: participants of meetings, letters sent, interviews held (§3b)."""
    if action["genre"] == "rencontre":
        return int(action.get("participants") or 0)
    return int(action["volumes"]["invites" if action["genre"] == "courrier" else "realises"])


def _ecarts_enquete(bloc: Mapping[str, Any], base: int, multiples: frozenset[str]) -> Iterator[str]:
    chaine = [("répondants", bloc.get("repondants")), ("délivrés", bloc.get("delivres")), ("tirés", bloc.get("tires")),
              ("base de sondage", bloc.get("N")), ("contacts", base)]
    if any(n is None for _, n in chaine):
        yield "l'enquête est dite analysée, mais un de ses effectifs manque."
        return
    for (petit, x), (grand, y) in zip(chaine, chaine[1:]):
        if x > y:  # type: ignore[operator]
            yield f"plus de {petit} ({x}) que de {grand} ({y})."
    repondants = bloc["repondants"]
    for ventilation in ("modes", "formes"):
        if bloc.get(ventilation) is not None and sum(bloc[ventilation].values()) != repondants:
            yield f"la somme par {ventilation[:-1]} n'est pas le nombre de répondants."
    montres = bloc.get("montres") or {}
    for item, codes in (bloc.get("items") or {}).items():
        # Who stopped half-way, or was asked by a form without this question, did not see it: the sum is that of `montres` when the file tells it.
        vus, somme = montres.get(item, repondants), sum(codes.values())
        trop = any(n > vus for n in codes.values()) if item in multiples else somme > vus or (item in montres and somme != vus)
        if vus > repondants or trop:
            yield f"{item} : les réponses ({somme}) ne s'additionnent pas au nombre de personnes à qui la question a été posée ({vus})."


# -- the questionnaire: K16 and K17 refuse a part, and keep the rest -----------------------------------------------------------------------------


def _analysee(d: Dossier) -> bool:
    blocs = [a.get("enquete") or {} for a in d.actions] + [(d.contenu.get("spontanes") or {}).get("enquete") or {}]
    return any(b.get("statut") == "analysee" for b in blocs)


def _questionnaire_etranger(d: Dossier) -> Optional[str]:
    """Why the whole survey block cannot be added to the others, None when it can."""
    sien, national = d.contenu.get("questionnaire"), d.registre.questionnaire
    if national is None:
        return "aucun questionnaire national n'est enregistré pour cet exercice"
    if sien is None:
        return "le bilan ne dit pas quel questionnaire a servi"
    if sien["id"] != national["id"]:
        return f"le questionnaire « {sien['id']} » n'est pas le modèle national « {national['id']} »"
    if sien["sha256"] == national["sha256"]:
        return None
    if sien["version"] != national["version"]:
        if any(version == sien["version"] for _, version in d.registre.equivalences):
            return None
        return f"la version {sien['version']} n'est pas la version nationale {national['version']}, et aucune équivalence n'est déclarée"
    if sien["items"] == national["items"]:
        return "l'introduction ou l'ordre des questions ne sont plus ceux du modèle national"
    return None


@regle("K16", PARTIEL, "Le questionnaire est le modèle national",
       "Le bloc d'enquête est écarté, l'activité est gardée. Seule la caisse nationale déclare une équivalence.")
def _k16(d: Dossier) -> Iterator[Ecart]:
    if _analysee(d) and (raison := _questionnaire_etranger(d)):
        yield "questionnaire", f"Bloc d'enquête écarté : {raison}.", "enquete"


@regle("K17", PARTIEL, "Chaque question a les mots du modèle national",
       "La question est écartée, le reste est gardé. Posez la question avec ses mots d'origine.")
def _k17(d: Dossier) -> Iterator[Ecart]:
    if not _analysee(d) or _questionnaire_etranger(d):
        return
    sien, national = d.contenu["questionnaire"], d.registre.questionnaire or {"items": {}}
    for item in sorted({*sien["items"], *national["items"]}):
        empreinte = sien["items"].get(item)
        equivalente = empreinte is not None and d.registre.equivalences.get((item, sien["version"])) == empreinte
        if empreinte != national["items"].get(item) and not equivalente:
            phrase = f"La question {item} n'a pas les mots du modèle national : elle est écartée partout pour cette caisse."
            yield f"questionnaire.items.{item}", phrase, item


# -- alerts and texts: K18 to K22 --------------------------------------------------------------------------------------------------------------


@regle("K18", ALERTE, "Estimations et professions",
       "Rien à corriger si c'est exact : le bilan l'imprime. Dès 54 ans, appuyez-vous sur le relevé de situation individuelle.")
def _k18(d: Dossier) -> Iterator[Ecart]:
    for a in d.realisees:
        if n := a.get("estimations_54_plus"):
            yield a["code"], f"{a['code']} : {nombre(n)} estimation(s) de la caisse remise(s) à des personnes de 54 ans ou plus.", None
        for e in a.get("evenements") or ():
            if e["theme"] == "profession" and not _profession_connue(d, e):
                yield a["code"], f"{a['code']} : rencontre du {e['date']} pour une profession sans information sur ses risques.", None
    if n := (d.contenu.get("spontanes") or {}).get("estimations_54_plus"):
        yield "SPONT", f"Entretiens spontanés : {nombre(n)} estimation(s) remise(s) à des personnes de 54 ans ou plus.", None


def _profession_connue(d: Dossier, evenement: Mapping[str, Any]) -> bool:
    periode = d.registre.professions.get(evenement.get("profession") or "")
    return periode is not None and str(periode[0]) <= evenement["date"] <= str(periode[1] or evenement["date"])


@regle("K19", ALERTE, "Les chiffres sont vraisemblables", "Vérifiez ; si c'est exact, dites-le dans les enseignements.")
def _k19(d: Dossier) -> Iterator[Ecart]:
    avant = {a["code"]: a for a in (d.precedent or {}).get("actions", ()) if a.get("volumes")}
    for a in d.realisees:
        code, realises = a["code"], a["volumes"]["realises"]
        for effet, n in (a.get("effets") or {}).items():
            if n > realises:
                yield code, f"{code} : plus d'effets « {effet} » ({n}) que de contacts ({realises}).", None
        mesures = a.get("minutes_contacts") or 0
        if a["genre"] == "entretien" and mesures and not MINUTES[0] <= a["minutes_total"] / mesures <= MINUTES[1]:
            yield code, f"{code} : durée moyenne hors de {MINUTES[0]} à {MINUTES[1]} minutes.", None
        yield from ((code, f"{code} : {phrase}", None) for phrase in _enquete_invraisemblable(a.get("enquete") or {}))
        ancien = avant.get(code, {}).get("volumes", {}).get("realises", 0)
        if ancien and abs(realises - ancien) * 2 > ancien:
            yield code, f"{code} : {nombre(realises)} réalisés contre {nombre(ancien)} l'année précédente.", None


def _enquete_invraisemblable(bloc: Mapping[str, Any]) -> Iterator[str]:
    q1 = (bloc.get("items") or {}).get("Q1", {})
    positives, negatives = (sum(q1.get(c, 0) for c in codes) for codes in (("tres", "plutot"), ("plutot_pas", "pas")))
    if positives >= 60 and not negatives:
        yield f"{positives} personnes satisfaites sur {positives}."
    delivres, repondants = bloc.get("delivres") or 0, bloc.get("repondants") or 0
    if delivres * 95 < repondants * 100 <= delivres * 100:
        yield "plus de 95 % de réponses."


@regle("K20", ALERTE, "Chaque créateur a reçu son courrier",
       "Dites pourquoi dans la fiche des créateurs : c'est un engagement de la convention d'objectifs et de gestion.")
def _k20(d: Dossier) -> Iterator[Ecart]:
    for a in d.realisees:
        if a["code"] != "CREATEUR" or a["perimetre"] != "socle":
            continue
        envoyes, affilies = a["volumes"]["invites"], a["volumes"]["requete"]
        if envoyes > affilies:
            yield "CREATEUR", f"CREATEUR : plus de courriers ({envoyes}) que d'affiliations ({affilies}).", None
        elif envoyes * 100 < affilies * 95 and not (a.get("textes") or {}).get("K20"):
            yield "CREATEUR", f"CREATEUR : {nombre(envoyes)} courriers pour {nombre(affilies)} affiliations, sans explication.", None


@regle("K21", BLOQUANT, "Les textes ne désignent personne",
       "Retirez du texte ce qui désigne quelqu'un, ou le signe qui ferait une formule, puis enregistrez.")
def _k21(d: Dossier) -> Iterator[Ecart]:
    for chemin, texte in textes(d.contenu):
        for genre in masquer(texte).genres:
            if genre in INTERDITS:
                yield chemin, f"« {chemin} » contient {INTERDITS[genre]}.", None
        if _FORMULE.search(texte):
            yield chemin, f"« {chemin} » commence comme une formule de tableur.", None


def textes(contenu: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Everything a person typed, with its place in the file."""
    yield from ((f"textes.{nom}", texte) for nom, texte in contenu.get("textes", {}).items())
    for a in contenu.get("actions", ()):
        yield f"actions.{a['code']}.titre", a["titre"]
        yield from ((f"actions.{a['code']}.textes.{nom}", texte) for nom, texte in (a.get("textes") or {}).items())
        yield from _textes_evenements(f"actions.{a['code']}", a.get("evenements") or ())
    yield from _textes_evenements("spontanes", (contenu.get("spontanes") or {}).get("evenements", ()))
    for liste in ("difficultes", "priorites_n1"):
        yield from ((f"{liste}.{i}", ligne["precision"]) for i, ligne in enumerate(contenu.get(liste, ()), 1) if ligne.get("precision"))
    yield from ((f"moyens.partenaires.{i}", p) for i, p in enumerate((contenu.get("moyens") or {}).get("partenaires") or (), 1))


def _textes_evenements(lieu: str, evenements: Iterable[Mapping[str, Any]]) -> Iterator[tuple[str, str]]:
    for e in evenements:
        yield from ((f"{lieu}.evenements.{e['date']}.{nom}", e[nom]) for nom in ("lieu", "evenement", "partenaire") if e.get(nom))


@regle("K22", ALERTE, "Le bilan est à l'heure", "Le bilan est accepté, et signalé hors délai.")
def _k22(d: Dossier) -> Iterator[Ecart]:
    if d.quand > d.registre.limite:
        yield "", f"Hors délai. {compte_a_rebours(d.quand, d.registre.limite)}", None
