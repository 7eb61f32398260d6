"""What Rasa 3.6 does again at each turn, done once or not at all: a fifth of a turn's processor time. What it answers is the same."""
from typing import Any, Dict, List, Optional

from jsonschema import ValidationError
from jsonschema.validators import validator_for
from rasa.core.actions.action import RemoteAction
from rasa.engine.exceptions import GraphRunError
from rasa.engine.runner.dask import DaskGraphRunner


def alleger() -> None:
    """For every action and every graph of this process."""
    RemoteAction._validate_action_result = _verificateur()  # type: ignore[method-assign]
    DaskGraphRunner.run = executer  # type: ignore[method-assign]


def _verificateur() -> Any:
    """What Rasa checks of an action server's answer, with a schema read once: Rasa checks the schema itself again at each answer."""
    schema = RemoteAction.action_response_format_spec()
    classe = validator_for(schema)
    classe.check_schema(schema)
    validateur = classe(schema)

    def verifier(_: RemoteAction, resultat: Dict[str, Any]) -> bool:
        erreur = next(validateur.iter_errors(resultat), None)
        if erreur is not None:
            raise ValidationError(f"réponse du serveur d'actions mal formée : {erreur.message}")
        return True
    return verifier


def executer(graphe: DaskGraphRunner, inputs: Optional[Dict[str, Any]] = None, targets: Optional[List[str]] = None) -> Dict[str, Any]:
    """`DaskGraphRunner.run`: each component after those it needs. Ours take a millisecond one after the other; Dask plans them for many cores at
    each turn, which takes as long."""
    faits: Dict[str, Any] = {nom: (nom, valeur) for nom, valeur in (inputs or {}).items()}

    def donner(nom: str) -> Any:
        if nom not in faits:
            besoins = graphe._graph_schema.nodes[nom].needs.values() if nom in graphe._graph_schema.nodes else None
            # What nobody gives stays a name, as Dask leaves it: the component that needs it says so.
            faits[nom] = nom if besoins is None else graphe._instantiated_nodes[nom](*map(donner, besoins))
        return faits[nom]

    try:
        return dict(donner(cible) for cible in targets or graphe._graph_schema.target_names)
    except RuntimeError as e:
        raise GraphRunError("Error running runner.") from e
