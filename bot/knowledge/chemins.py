"""Where the knowledge base lies."""
from pathlib import Path

RACINE = Path(__file__).resolve().parents[2]
KNOWLEDGE = RACINE / "knowledge"
