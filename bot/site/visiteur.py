"""Who is on the other side of a conversation: the public, or a counsellor whose workspace is open in the same browser."""
from typing import Optional

from fastapi import Request


def conseiller(request: Request) -> Optional[int]:
    """The counsellor signed in, None for the public. Imported late: the workspace's pages stand on the conversation's."""
    from bot.site.espace.acces import conseiller_connecte

    return conseiller_connecte(request)
