"""What Rasa checks of an action server's answer, checked with a schema read once.

Rasa 3.6 checks the schema itself again at each answer: a tenth of a turn. The answers are checked as before.
"""
from typing import Any, Dict

from jsonschema import ValidationError
from jsonschema.validators import validator_for
from rasa.core.actions.action import RemoteAction


def alleger() -> None:
    """Make every action of this process check answers with one validator, made once."""
    schema = RemoteAction.action_response_format_spec()
    classe = validator_for(schema)
    classe.check_schema(schema)
    validateur = classe(schema)

    def verifier(_: RemoteAction, resultat: Dict[str, Any]) -> bool:
        erreur = next(validateur.iter_errors(resultat), None)
        if erreur is not None:
            raise ValidationError(f"réponse du serveur d'actions mal formée : {erreur.message}")
        return True

    RemoteAction._validate_action_result = verifier  # type: ignore[method-assign]
