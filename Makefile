# Each target does its own set-up and is quick when nothing changed. PORT=, CONSEIL_* and CONSEIL_NOW are honoured.
SHELL := /bin/bash
SERVICE := .venv/service/bin
# The first Python 3.11 or newer that really runs (a pyenv shim may stand for a version that is not there).
PYTHON ?= $(shell for p in python3.11 python3.12 python3.13 python3; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && { echo $$p; break; }; done)

.DEFAULT_GOAL := aide
.PHONY: aide run test setup train check bench faults soak annee audit sbom verrous clean

aide:  ## montre cette liste
	@sed -n 's/^\([a-z]*\):.*##/\1/p' $(MAKEFILE_LIST) | awk '{ n = $$1; $$1 = ""; printf "  make %-8s %s\n", n, $$0 }'

run: train  ## lance le site de démonstration et tous ses processus (PORT=8000) ; Ctrl-C arrête tout
	@$(SERVICE)/conseil serve --demo $(if $(PORT),--port $(PORT))

# What needs no engine is shared between the cores, a file a worker, the longest first; the whole stack and the browser take their turn after.
# A test that hangs fails and says where it stood; the others go on.
test: export PYTEST_TIMEOUT := 600
test: check train  ## vérifie tout et passe tous les tests (TESTS="tests/unit -k port" pour une partie)
ifdef TESTS
	@$(SERVICE)/pytest $(TESTS)
else
	@$(SERVICE)/pytest -n 2 --dist loadfile tests/unit/test_train.py tests/unit tests/nlu tests/site; premiers=$$?; \
	$(SERVICE)/pytest tests/faults tests/production tests/dialogues tests/browser; exit $$((premiers + $$?))
endif

setup:  ## installe les deux environnements
	@test -n "$(PYTHON)" || { echo "Python 3.11 ou plus récent est introuvable : installez-le (Debian 12 : « apt install python3 python3-venv »)."; exit 1; }
	@$(PYTHON) requirements/installer.py

train: setup  ## entraîne le modèle si quelque chose a changé
	@$(SERVICE)/conseil train

check: setup  ## vérifie le code (style, types, imports) et les connaissances
	@echo "Style…"; $(SERVICE)/ruff check --quiet bot tests requirements
	@echo "Types…"; $(SERVICE)/mypy --no-error-summary
	@echo "Imports…"; sortie=$$($(SERVICE)/lint-imports 2>&1) || { echo "$$sortie"; exit 1; }
	@echo "Connaissances…"; $(SERVICE)/conseil check

bench: train  ## mesure la compréhension et la tenue en charge, en rapports
	@$(SERVICE)/python -m tests.load.bench

faults: train  ## pannes, morts subites et ruées, tous les tours (TOURS=100)
	@DELAI=2 TOURS=$(or $(TOURS),100) $(SERVICE)/pytest -s tests/faults; fautes=$$?; \
	VRAI_MOTEUR=1 TOURS=20 $(SERVICE)/pytest -s tests/faults/test_quatre_tues.py; fautes=$$((fautes + $$?)); \
	RUEE=20x50x5 $(SERVICE)/pytest tests/unit/test_agenda_affluence.py; fautes=$$((fautes + $$?)); \
	TUES=100 TOURS=200 $(SERVICE)/pytest tests/unit/test_enquete_secret.py tests/unit/test_enquete_reponses.py; fautes=$$((fautes + $$?)); \
	EXEMPLES=200 $(SERVICE)/pytest tests/site/test_openapi.py; fautes=$$((fautes + $$?)); \
	MODELE=1 $(SERVICE)/pytest tests/unit/test_agenda_automate.py; exit $$((fautes + $$?))

soak: train  ## conversations pendant M minutes ou H heures : mémoire et délais restent plats
	@$(SERVICE)/python -m tests.load.soak

annee: setup  ## 28 caisses et 20 000 assurés simulés, leurs bilans et le national, chaque nombre recompté
	@BILAN_COMPLET=1 $(SERVICE)/pytest -s tests/unit/test_bilan_annee_simulee.py

audit: setup  ## cherche les avis de sécurité des paquets installés (il faut le réseau ; ce qui n'a pas pu être lu est un échec)
	@$(SERVICE)/python requirements/audit.py

sbom: setup  ## écrit la liste des composants (CycloneDX) des deux environnements
	@$(SERVICE)/python requirements/audit.py composants

verrous: setup  ## refait les fichiers de verrou de requirements/ depuis pyproject.toml
	@$(PYTHON) requirements/verrous.py

clean:  ## efface ce qui se refabrique (environnements, modèle, bases et journaux de ce poste)
	rm -rf .venv var .rasa .mypy_cache .ruff_cache .import_linter_cache .hypothesis .pytest_cache models/encodages models/.en-cours-* models/.verrou
	rm -f models/assistant.tar.gz models/assistant.json
	find bot tests -name __pycache__ -type d -prune -exec rm -rf {} +
