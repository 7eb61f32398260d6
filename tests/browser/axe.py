"""What a tool can see of a page's accessibility: axe-core on it as it stands, and the measures axe does not make (reference security.md §4 B).
Each gives sentences; an empty list is a page that holds."""
import re
from functools import cache
from pathlib import Path

import axe_playwright_python
from playwright.sync_api import Frame, Page

ETIQUETTES = ["RGAAv4", "wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
# What axe cannot decide and a person has looked at: (rule, what its message or its element must say, why it holds).
EXPLIQUES: list[tuple[str, str, str]] = [
    ("color-contrast", r'class="(qui|dit)".*partially obscured', "le fil d'une conversation défile dans son cadre : ce qui en dépasse est caché par le bord, et se lit en défilant"),
    ("frame-tested", r'title="Conversation avec l.assistant"', "le cadre de la fenêtre est analysé à part, juste après la page qui le porte")]


@cache
def _source() -> str:
    return (Path(axe_playwright_python.__file__).parent / "axe.min.js").read_text(encoding="utf-8")


_JOUER = """async (etiquettes) => {
  scrollTo(0, document.documentElement.scrollHeight); // what sticks to the bottom is then at its place, and covers nothing
  const r = await axe.run(document, {runOnly: {type: 'tag', values: etiquettes}, resultTypes: ['violations', 'incomplete'], iframes: false});
  const dire = (genre, regles) => regles.flatMap(x => x.nodes.map(n => [genre, x.id, n.html.slice(0, 160),
    [...n.any, ...n.all, ...n.none].map(c => c.message).join(' ; ')]));
  return [...dire('violation', r.violations), ...dire('incertain', r.incomplete)];
}"""


def axe(cadre: "Page | Frame") -> list[str]:
    """What axe-core says of this page or frame. The script is given by the debugger, which no content security policy stops."""
    if not cadre.evaluate("typeof axe === 'object'"):
        cadre.evaluate(_source())
    return [f"{genre} {regle} : {element} ({message})" for genre, regle, element, message in cadre.evaluate(_JOUER, ETIQUETTES)
            if genre == "violation" or not _explique(regle, f"{element} {message}")]


def _explique(regle: str, dit: str) -> bool:
    return any(regle == r and re.search(motif, dit) for r, motif, _ in EXPLIQUES)


STRUCTURE = """() => {
  const faux = [], $ = (s) => [...document.querySelectorAll(s)], dit = (e) => (e.textContent || '').replace(/\\s+/g, ' ').trim().slice(0, 60);
  if (document.documentElement.lang !== 'fr') faux.push('8.3 langue de la page');
  if (!document.title.trim()) faux.push('8.5 titre de la page');
  if ($('h1').length !== 1) faux.push('9.1 un seul h1, ici ' + $('h1').length);
  let niveau = 0;
  for (const h of $('main h1, main h2, main h3, main h4')) {
    if (+h.tagName[1] > niveau + 1) faux.push('9.1 niveau sauté : ' + dit(h));
    niveau = +h.tagName[1];
  }
  for (const r of ['main', 'footer']) if ($('body > ' + r).length !== 1) faux.push('12.6 un seul ' + r);
  if ($('body nav').length && $('body > header').length !== 1) faux.push('12.6 un seul header');
  for (const f of $('fieldset')) if (!f.querySelector(':scope > legend') && !f.getAttribute('aria-labelledby') && !f.getAttribute('aria-label'))
    faux.push('11.6 fieldset sans legend : ' + dit(f));
  for (const e of $('[aria-invalid=true]')) if (!(e.getAttribute('aria-describedby') || '').split(' ').some(i => document.getElementById(i)))
    faux.push('11.10 faute sans lien : ' + (e.id || e.name));
  for (const e of $('input[type=tel], input[type=email]')) if (!e.autocomplete) faux.push('11.13 autocomplete : ' + (e.id || e.name));
  for (const t of $('table')) {
    if (!t.caption && !t.getAttribute('aria-labelledby') && !t.getAttribute('aria-label')) faux.push('5.4 table sans titre : ' + dit(t));
    for (const th of t.querySelectorAll('th')) if (!th.scope && !th.id) faux.push('5.7 entête sans portée : ' + dit(th));
  }
  for (const g of $('main svg[role=img], main figure')) if (!g.closest('section, div, article, main').querySelector('table'))
    faux.push('1.6 graphique sans table : ' + dit(g));
  for (const e of $('[tabindex]')) if (+e.getAttribute('tabindex') > 0) faux.push('12.8 tabindex positif : ' + dit(e));
  for (const e of $('audio[autoplay], video[autoplay], marquee, blink, meta[http-equiv=refresh]')) faux.push('13.1 ou 4.10 : ' + e.tagName);
  if (!$('footer a[href="/accessibilite"]').some(a => /^Accessibilité\\s: /.test(a.textContent))) faux.push('pied : « Accessibilité : … »');
  return faux;
}"""

# Text that its own box cuts, in height or in width, or that pushes the page sideways.
COUPES = """() => {
  const faux = [], racine = document.documentElement;
  if (racine.scrollWidth > racine.clientWidth + 1) faux.push('la page défile en largeur (' + racine.scrollWidth + ' > ' + racine.clientWidth + ')');
  for (const e of document.querySelectorAll('body *')) {
    const s = getComputedStyle(e);
    if (e.clientWidth < 2 || s.visibility === 'hidden' || e.closest('.hors-ecran, svg, [hidden]') || !e.textContent.trim()) continue;
    const coupe = (v) => v === 'hidden' || v === 'clip';
    if ((coupe(s.overflowX) && e.scrollWidth > e.clientWidth + 1) || (coupe(s.overflowY) && e.scrollHeight > e.clientHeight + 1))
      if (s.clipPath === 'none' && e.tagName !== 'TEXTAREA') faux.push('texte coupé : ' + e.outerHTML.slice(0, 90));
  }
  return faux;
}"""
# WCAG 1.4.12 and RGAA 10.12: what a reader may impose.
ESPACEMENT = "* { line-height: 1.5 !important; letter-spacing: .12em !important; word-spacing: .16em !important; } p { margin-bottom: 2em !important; }"
_POSER = "(css) => { const f = new CSSStyleSheet(); f.replaceSync(css); document.adoptedStyleSheets = css ? [f] : []; }"


def structure(page: Page) -> list[str]:
    """Headings, landmarks, tables, fields, footer."""
    return page.evaluate(STRUCTURE)


def etroitesse(page: Page) -> list[str]:
    """At 320 pixels, with text twice as big (RGAA 10.4, 10.11), with spaced text (10.12): nothing cut, no sideways scrolling of the page."""
    page.set_viewport_size({"width": 320, "height": 640})
    faux = [f"à 320 px, {f}" for f in page.evaluate(COUPES)]
    page.evaluate(_POSER, ESPACEMENT)
    faux += [f"texte espacé à 320 px, {f}" for f in page.evaluate(COUPES)]
    page.set_viewport_size({"width": 1280, "height": 800})
    page.evaluate(_POSER, "html { font-size: 200% !important; }")
    faux += [f"texte à 200 %, {f}" for f in page.evaluate(COUPES)]
    page.evaluate(_POSER, "")
    return faux
