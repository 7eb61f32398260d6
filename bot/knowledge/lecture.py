"""Reads YAML files with errors that name the file and the line, in French."""
from pathlib import Path

import yaml


class ErreurConnaissance(Exception):
    """A file of the knowledge base cannot be used; the message says which, where and what to do."""

    code = "CONNAISSANCE_INVALIDE"


class _Chargeur(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
    """Safe loader that refuses a key written twice (YAML would silently keep the last)."""


def _sans_doublon(chargeur, noeud, deep=False):
    vues = set()
    for cle, _ in noeud.value:
        nom = chargeur.construct_object(cle, deep=deep)
        if nom in vues:
            raise yaml.constructor.ConstructorError(None, None, f"la clé « {nom} » est écrite deux fois", cle.start_mark)
        vues.add(nom)
    return yaml.SafeLoader.construct_mapping(chargeur, noeud, deep)


_Chargeur.add_constructor(yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG,
                          lambda chargeur, noeud: _sans_doublon(chargeur, noeud, deep=True))


def lire_yaml(chemin: Path):
    """The content of a YAML file. Raises ErreurConnaissance, naming the line, when it cannot be read."""
    try:
        return yaml.load(chemin.read_text(encoding="utf-8"), Loader=_Chargeur)
    except FileNotFoundError as e:
        raise ErreurConnaissance(f"{chemin} : fichier introuvable.") from e
    except (yaml.YAMLError, UnicodeDecodeError) as e:
        repere = getattr(e, "problem_mark", None)
        ligne = f", ligne {repere.line + 1}" if repere else ""
        raise ErreurConnaissance(f"{chemin}{ligne} : YAML illisible ({getattr(e, 'problem', None) or e}).") from e
