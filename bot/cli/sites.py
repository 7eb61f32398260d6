"""The web processes, one each: `python -m bot.cli.sites site` (public) and `… caisse` (the fictitious caisse's own site, demonstration only)."""
import importlib.util
import sys

import uvicorn

from bot.reglages import Reglages

CAISSE = "bot.site.demo_caisse.serveur"


def caisse_presente() -> bool:
    """Whether the demonstration site of a caisse is part of this tree."""
    try:
        return importlib.util.find_spec(CAISSE) is not None
    except ModuleNotFoundError:
        return False


def ecouter(application: object, hote: str, port: int, mandataires: str = "127.0.0.1") -> None:
    """One uvicorn process. No access log: addresses of visitors are not kept. `mandataires`: whose word on a visitor's address is believed."""
    uvicorn.run(application, host=hote, port=port, log_level="warning", access_log=False, server_header=False,  # type: ignore[arg-type]
                timeout_graceful_shutdown=3, timeout_keep_alive=15, forwarded_allow_ips=mandataires)


def principal(quoi: str) -> None:
    reglages = Reglages()
    if quoi == "site":
        from bot.site.app import creer_app

        ecouter(creer_app(reglages), reglages.hote, reglages.port, reglages.mandataires)
    else:
        module = importlib.import_module(CAISSE)
        ecouter(module.creer_app(f"http://{reglages.hote}:{reglages.port}"), reglages.hote, reglages.port + 1)


if __name__ == "__main__":
    principal(sys.argv[1])
