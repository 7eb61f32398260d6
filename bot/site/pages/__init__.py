"""The public pages: home, questions and answers, calculators, the conversation without JavaScript, the frame for a caisse's site, legal notices.
`app` mounts `routeur` and shows its errors with `page_erreur`."""
from fastapi import APIRouter

from bot.site.pages import calculs, conversation, faq, notices
from bot.site.pages.gabarits import page_erreur

__all__ = ["page_erreur", "routeur"]

routeur = APIRouter(include_in_schema=False)
for _pages in (faq, calculs, conversation, notices):
    routeur.include_router(_pages.routeur)
