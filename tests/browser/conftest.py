"""A real Chromium for the scenarios, from the distribution's packages. The sites they visit (`site`, `site_demo_caisse`) come from tests/conftest.py."""
import os
from pathlib import Path

import pytest
from etapes import Surveillance
from playwright.sync_api import expect, sync_playwright

CHROMIUM = Path(os.environ.get("CHROMIUM", "/usr/bin/chromium"))
OPTIONS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update", "--disable-sync", "--no-first-run"]


@pytest.fixture(scope="session")
def navigateur():
    """One browser for all scenarios; each has its own context, so its own cookies."""
    if not CHROMIUM.exists():
        message = f"Chromium est introuvable ({CHROMIUM}) : installez le paquet « chromium », ou donnez son chemin dans CHROMIUM."
        pytest.fail(message) if os.environ.get("CI") else pytest.skip(message)
    with sync_playwright() as p:
        navigateur = p.chromium.launch(executable_path=str(CHROMIUM), args=OPTIONS)
        yield navigateur
        navigateur.close()


@pytest.fixture
def sans_hate():
    """For what is not about speed: a busy machine has a minute for each expectation."""
    expect.set_options(timeout=60_000)
    yield
    expect.set_options(timeout=5_000)


def _onglet(navigateur, **options):
    contexte = navigateur.new_context(locale="fr-FR", viewport={"width": 1280, "height": 800}, **options)
    contexte.set_default_timeout(15_000)
    page = contexte.new_page()
    page.surveillance = Surveillance(page)
    return page


@pytest.fixture
def page(navigateur):
    """A tab on a desktop, watched: its requests, its console, its breaches of the content security policy."""
    page = _onglet(navigateur)
    yield page
    page.context.close()


@pytest.fixture
def page_sans_js(navigateur):
    """A tab where JavaScript is off."""
    page = _onglet(navigateur, java_script_enabled=False)
    page.sans_script = True
    yield page
    page.context.close()


@pytest.fixture
def page_etroite(navigateur):
    """A tab 320 pixels wide, as 1280 pixels zoomed at 400 % (RGAA 10.11)."""
    page = _onglet(navigateur)
    page.set_viewport_size({"width": 320, "height": 640})
    yield page
    page.context.close()
