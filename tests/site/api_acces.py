"""How schemathesis holds a conversation of its own (SCHEMATHESIS_HOOKS): the cookie of the document, new when the last one was used up."""
import os

import httpx
import schemathesis

TOURS_PAR_CONVERSATION = 40


@schemathesis.auth(refresh_interval=None)
class Conversation:
    """Opens one now and then: deleting it is among what is tried."""

    def __init__(self):
        self.restent, self.secret = 0, ""

    def get(self, case, context):
        self.restent -= 1
        if self.restent < 0 or case.method.upper() == "DELETE":
            reponse = httpx.post(f"{os.environ['API']}/api/conversations")
            secret = reponse.cookies["conseil"]
            if case.method.upper() == "DELETE":
                return secret
            self.restent, self.secret = TOURS_PAR_CONVERSATION, secret
        return self.secret

    def set(self, case, data, context):
        sans = case.meta is not None and case.meta.generation.mode.is_negative and getattr(case.meta.phase.data, "parameter", None) == "conseil"
        if ("/api/messages" in case.path or "/api/conversations" in case.path) and not sans:
            case.cookies = {**(case.cookies or {}), "conseil": data}
