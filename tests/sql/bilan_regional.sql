-- Each figure of a regional bilan, counted again from the contact database by plain SQL (SQLite). Nothing here comes from bot.bilan.
-- One statement a figure or family of figures; each gives lines (path in the file, number). Parameters: :caisse, :exercice, :du, :au (days of the
-- exercise, stopped at :arrete), :debut, :fin (the same as UTC instants). The first statement is put before each of the others.

WITH tous AS (
  SELECT k.*, a.code, a.annee, cible.du, cible.au, cible.genre,
         CASE WHEN a.annee = :exercice THEN 'actions.' || a.code WHEN a.id IS NOT NULL THEN NULL WHEN k.origine = 'eir' THEN 'eir' ELSE 'spontanes' END AS ligne
  FROM contact k LEFT JOIN action a ON a.id = k.action_id LEFT JOIN cible ON cible.id = a.cible_id
  WHERE k.caisse_code = :caisse AND k.jour BETWEEN :du AND :au AND k.resultat IN ('realise', 'refus', 'absent', 'prevu')),
faits AS (SELECT * FROM tous WHERE resultat = 'realise' AND ligne IS NOT NULL),
siennes AS (
  SELECT a.*, cible.genre, cible.du, cible.au FROM action a JOIN cible ON cible.id = a.cible_id
  WHERE a.caisse_code = :caisse AND a.annee = :exercice),
partis AS (
  SELECT e.* FROM envoi e JOIN siennes a ON a.id = e.action_id WHERE e.parti_le >= :debut AND e.parti_le < :fin),
vagues AS (
  SELECT v.*, CASE WHEN v.action_id IS NULL THEN 'spontanes' ELSE 'actions.' || v.cible END || '.enquete.' AS racine
  FROM vague v WHERE v.caisse_code = :caisse AND v.exercice = :exercice),
saisies AS (
  SELECT s.champ, s.valeur FROM saisie_bilan s WHERE s.dossier = 'regional:' || :caisse || ':' || :exercice AND NOT s.ecartee
  AND s.version = (SELECT max(t.version) FROM saisie_bilan t WHERE t.dossier = s.dossier AND t.champ = s.champ AND NOT t.ecartee))
;
-- volumes
SELECT ligne || '.volumes.' || CASE resultat WHEN 'realise' THEN 'realises' WHEN 'refus' THEN 'refus' ELSE 'absents' END, count(*)
FROM tous WHERE ligne LIKE 'actions.%' AND resultat <> 'prevu' GROUP BY 1
;
SELECT 'actions.' || code || '.volumes.joints', CASE genre
  WHEN 'courrier' THEN (SELECT count(*) FROM faits f WHERE f.action_id = siennes.id)
  WHEN 'rencontre' THEN (SELECT coalesce(sum(r.inscrits), 0) FROM faits f JOIN rencontre r ON r.id = f.rencontre_id WHERE f.action_id = siennes.id)
  ELSE (SELECT count(*) FROM tous t WHERE t.action_id = siennes.id) END
FROM siennes
;
SELECT 'actions.' || code || '.volumes.invites', CASE genre
  WHEN 'courrier' THEN (SELECT count(*) FROM tous t WHERE t.action_id = siennes.id AND t.resultat IN ('realise', 'absent'))
  ELSE (SELECT count(*) FROM partis p WHERE p.action_id = siennes.id AND p.relance = 0) END
FROM siennes
;
SELECT 'actions.' || code || '.volumes.hors_invitation', count(*)
FROM tous WHERE type = 'entretien' AND genre = 'entretien' AND ligne IS NOT NULL
AND NOT EXISTS (SELECT 1 FROM envoi e WHERE e.action_id = tous.action_id AND e.assure_id = tous.assure_id AND e.parti_le IS NOT NULL) GROUP BY 1
;
-- demandés : actifs nés en 1952 ou 1957 ; affiliés de l'année ; auto-entrepreneurs ; professions avec information sur leurs risques
SELECT 'actions.' || a.code || '.volumes.requete',
  count(*) + CASE WHEN a.genre = 'rencontre' THEN 0 ELSE (SELECT count(*) FROM tous WHERE tous.action_id = a.id AND tous.assure_id IS NULL) END
FROM siennes a JOIN assure p ON p.caisse_code = :caisse
LEFT JOIN (SELECT action_id, assure_id FROM partis UNION SELECT action_id, assure_id FROM tous WHERE assure_id IS NOT NULL) touches
  ON touches.action_id = a.id AND touches.assure_id = p.id
WHERE CASE a.code
    WHEN 'EIG' THEN p.statut = 'actif' AND substr(p.date_naissance, 1, 4) IN ('1952', '1957')
    WHEN 'CREATEUR' THEN p.statut IN ('actif', 'createur') AND substr(p.date_affiliation, 1, 4) = '2011'
    WHEN 'AE' THEN p.statut IN ('actif', 'createur') AND p.auto_entrepreneur AND p.groupe_pro IN ('artisan', 'commercant')
    WHEN 'RCS' THEN p.statut IN ('actif', 'createur') AND p.profession IN (SELECT code FROM profession_risque r WHERE r.du <= a.au AND (r.au IS NULL OR r.au >= a.du))
  END OR (a.genre <> 'rencontre' AND touches.assure_id IS NOT NULL)
GROUP BY a.id
;
-- objectif, personnes, formes, mois, durées
SELECT 'actions.' || code || '.objectif', objectif FROM siennes WHERE objectif IS NOT NULL
;
SELECT ligne || '.personnes', count(DISTINCT assure_id) + sum(assure_id IS NULL AND type <> 'rencontre') FROM faits WHERE ligne LIKE 'actions.%' GROUP BY ligne
;
SELECT ligne || '.formes.' || forme, count(*) FROM faits GROUP BY 1
;
SELECT ligne || '.mois.' || substr(jour, 1, 7), count(*) FROM faits WHERE ligne <> 'eir' GROUP BY 1
;
SELECT ligne || '.minutes_total', coalesce(sum(minutes), 0) FROM faits GROUP BY ligne
;
SELECT ligne || '.minutes_contacts', count(minutes) FROM faits WHERE ligne LIKE 'actions.%' GROUP BY ligne
;
SELECT ligne || '.estimations_54_plus', sum(estimation_remise AND age_54_ou_plus) FROM faits WHERE ligne <> 'eir' GROUP BY ligne
;
SELECT ligne || '.ris_utilises', sum(ris_utilise) FROM faits WHERE ligne <> 'eir' GROUP BY ligne
;
-- sous-cibles, contacts hors de la cible ou de la fenêtre
SELECT ligne || '.sous_cibles.' || naissance_annee, count(*) FROM faits WHERE ligne LIKE 'actions.%' AND type = 'entretien' AND naissance_annee IN (1952, 1957) GROUP BY 1
;
SELECT ligne || '.sous_cibles.carriere_incomplete', count(*) FROM faits WHERE ligne LIKE 'actions.%' AND type = 'entretien' AND carriere_incomplete GROUP BY 1
;
SELECT ligne || '.hors_cible', count(*) FROM faits WHERE ligne = 'actions.EIG' AND naissance_annee NOT IN (1952, 1957) GROUP BY 1
;
SELECT ligne || '.hors_fenetre', count(*) FROM tous WHERE ligne LIKE 'actions.%' AND (jour < du OR jour > au) GROUP BY 1
;
-- domaines, offre globale, effets, supports
SELECT ligne || '.domaines.' || d.domaine, count(*) FROM faits JOIN contact_domaine d ON d.contact_id = faits.id WHERE d.profondeur >= 1 AND ligne <> 'eir' GROUP BY 1
;
SELECT ligne || '.domaines_personnalises.' || d.domaine, sum(d.personnalise) FROM faits JOIN contact_domaine d ON d.contact_id = faits.id
WHERE d.profondeur >= 1 AND ligne LIKE 'actions.%' GROUP BY 1
;
SELECT ligne || '.offre_globale', sum(dits > 0 AND manques = 0) FROM (
  SELECT ligne, (SELECT count(*) FROM contact_domaine d WHERE d.contact_id = faits.id) AS dits,
         (SELECT count(*) FROM contact_domaine d WHERE d.contact_id = faits.id AND d.profondeur = 0 AND d.raison NOT IN ('sans_objet', 'deja_connu')) AS manques
  FROM faits WHERE ligne <> 'eir') GROUP BY ligne
;
SELECT ligne || '.effets.' || e.effet, count(*) FROM faits JOIN contact_effet e ON e.contact_id = faits.id WHERE ligne <> 'eir' GROUP BY 1
;
SELECT 'actions.' || a.code || '.supports.' || p.support, count(*) FROM partis p JOIN siennes a ON a.id = p.action_id WHERE p.relance = 0 AND p.support IS NOT NULL GROUP BY 1
;
-- la campagne entière, jusqu'au jour où les données sont arrêtées
SELECT 'actions.' || a.code || '.cumul.' || CASE k.resultat WHEN 'realise' THEN 'realises' WHEN 'refus' THEN 'refus' ELSE 'absents' END, count(*)
FROM contact k JOIN siennes a ON a.id = k.action_id WHERE k.jour <= :arrete AND k.resultat IN ('realise', 'refus', 'absent') GROUP BY 1
;
-- rencontres tenues
SELECT ligne || '.evenements.' || (row_number() OVER (PARTITION BY ligne ORDER BY f.jour, r.id) - 1) || '.participants', coalesce(r.participants, 0)
FROM faits f JOIN rencontre r ON r.id = f.rencontre_id
;
SELECT ligne || '.evenements.' || (row_number() OVER (PARTITION BY ligne ORDER BY f.jour, r.id) - 1) || '.inscrits', r.inscrits
FROM faits f JOIN rencontre r ON r.id = f.rencontre_id
;
SELECT ligne || '.participants', sum(coalesce(r.participants, 0)) FROM faits f JOIN rencontre r ON r.id = f.rencontre_id GROUP BY ligne
;
SELECT ligne || '.inscrits', sum(r.inscrits) FROM faits f JOIN rencontre r ON r.id = f.rencontre_id WHERE ligne LIKE 'actions.%' GROUP BY ligne
;
-- hors campagne, entretiens légaux, part d'une campagne antérieure
SELECT 'spontanes.' || type || 's', count(*) FROM faits WHERE ligne = 'spontanes' GROUP BY type
;
SELECT 'eir.realises', count(*) FROM faits WHERE ligne = 'eir'
;
-- enquête
SELECT racine || 'N', (SELECT sum(base) FROM releve r WHERE r.vague_id = vagues.id) FROM vagues
;
SELECT racine || 'tires', (SELECT sum(tires) FROM releve r WHERE r.vague_id = vagues.id) FROM vagues
;
SELECT racine || 'delivres', (SELECT sum(r.tires - CASE WHEN r.comptes IS NOT NULL AND r.comptes <> 'null'
    THEN coalesce(json_extract(r.comptes, '$.non_remis'), 0) + coalesce(json_extract(r.comptes, '$.tire'), 0)
    ELSE (SELECT count(*) FROM invitation_enquete i WHERE i.releve_id = r.id AND i.etat IN ('non_remis', 'tire')) END)
  FROM releve r WHERE r.vague_id = vagues.id) FROM vagues
;
SELECT racine || 'repondants', (SELECT count(*) FROM participation p WHERE p.vague_id = vagues.id AND p.exprimee) FROM vagues
;
SELECT racine || 'modes.' || p.mode, count(*) FROM vagues JOIN participation p ON p.vague_id = vagues.id WHERE p.exprimee GROUP BY 1
;
SELECT racine || 'items.' || r.item || '.' || r.code, count(*) FROM vagues JOIN participation p ON p.vague_id = vagues.id
JOIN reponse r ON r.pseudonyme = p.pseudonyme WHERE p.exprimee AND r.item NOT LIKE 'LOC%' GROUP BY 1
;
-- ce que la caisse a saisi
SELECT CASE champ WHEN 'priorites' THEN 'priorites_n1' ELSE champ END || replace(replace(replace(substr(j.fullkey, 2), '[', '.'), ']', ''), '"', ''), j.atom
FROM saisies, json_tree(saisies.valeur) j WHERE champ IN ('moyens', 'difficultes', 'priorites') AND j.type = 'integer'
