"""Refusals: one class for each, a stable code and a sentence for people. A refusal is a value of the domain, not a string in a route."""
from typing import Optional


class Refus(Exception):
    """A request that is not served: stable code, sentence for people, HTTP status, seconds to wait where waiting helps."""

    code: str = "REFUS"
    statut: int = 400
    attendre: Optional[int] = None
    message: str = "Cette demande n'est pas possible."

    def __init__(self, message: Optional[str] = None):
        """`message`: a sentence that says more than the class's own."""
        super().__init__(message or self.message)
        if message:
            self.message = message
