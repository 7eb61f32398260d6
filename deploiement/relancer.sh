#!/usr/bin/env bash
# Relance les processus un par un (nouvelle version, nouveau modèle) : il en reste toujours un de chaque pour répondre, aucun message n'est perdu.
set -euo pipefail
attendre() {  # unité adresse : jusqu'à ce qu'elle réponde 200, deux minutes au plus
  for _ in $(seq 240); do
    [ "$(curl --silent --output /dev/null --write-out '%{http_code}' --max-time 2 "$2" || true)" = 200 ] && return 0
    sleep 0.5
  done
  echo "« $1 » ne répond pas après sa relance ; rien d'autre n'a été touché. Voyez : journalctl -u $1" >&2
  return 1
}
relancer() { echo "$1…"; systemctl restart "$1"; [ -z "${2:-}" ] || attendre "$1" "$2"; }
relancer conseil-actions.service "http://127.0.0.1:5055/health"
for port in 5005 5006; do relancer "conseil-moteur@$port.service" "http://127.0.0.1:$port/webhooks/front/"; done
for port in 8000 8001; do relancer "conseil-site@$port.service" "http://127.0.0.1:$port/healthz"; done
relancer conseil-ouvrier.service
echo "Tout est relancé."
