"""The closed lists of a compte rendu, for the page and the chat: what an entretien was about, where the person was directed. Nothing of health."""

THEMES = {
    "carriere": "Carrière et relevé (RIS)", "depart_retraite": "Départ à la retraite", "cotisations": "Cotisations", "statut": "Statut, conjoint",
    "auto_entrepreneur": "Auto-entrepreneur", "creation": "Création d'entreprise", "droits_sante": "Droits aux prestations santé",
    "action_sociale": "Action sanitaire et sociale", "invalidite_deces": "Invalidité et décès", "transmission": "Transmission, cessation",
    "ensemble": "Tour d'horizon de la protection sociale", "autre": "Autre sujet"}
ORIENTATIONS = {
    "aucune": "Aucune : la réponse est donnée", "rappel": "Le conseiller rappelle", "service_retraite": "Service retraite de la caisse",
    "recouvrement": "Recouvrement, délai de paiement", "commission_sociale": "Commission d'action sanitaire et sociale",
    "organisme_conventionne": "Organisme conventionné", "formalites": "Centre de formalités des entreprises", "autre_organisme": "Autre organisme"}
ISSUES = {"honore": "La personne est venue (ou a répondu)", "absent": "Elle n'est pas venue (ou n'a pas répondu, après deux appels)",
          "annule_caisse": "La caisse a annulé"}
