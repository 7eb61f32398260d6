"""What every module of tables shares: the mark of personal columns and closed lists as CHECK constraints."""
from typing import Sequence

PERSONNEL = {"personnel": True}
ANONYME = {"personnel": False}


def parmi(colonne: str, valeurs: Sequence[str]) -> str:
    """The CHECK that holds a column to a closed list: « colonne IN ('a', 'b') »."""
    return f"{colonne} IN ({', '.join(repr(v) for v in valeurs)})"
