"""Charts as SVG (matplotlib): the same data give the same bytes; each has a sentence for who does not see it, and its table beside.

Colours keep 3:1 against white and are told apart by shape or hatching too. Nothing is imported from matplotlib until a chart is drawn.
"""
import io
from typing import Any, Optional, Sequence

SEL = "bilan"
ENCRE, GRIS, BLEU, ORANGE, VERT, ROUGE = "#1a1a1a", "#6b6b6b", "#1f5a94", "#b3541e", "#2d6a4f", "#9b2226"
CATEGORIES = ((BLEU, ""), (ORANGE, "//"), (VERT, ".."), (ROUGE, "xx"))


def _figure(largeur: float = 7.0, hauteur: float = 3.2) -> tuple[Any, Any]:
    """A figure and its axes, drawn without a screen, without pyplot's global state (the site draws from several threads)."""
    from matplotlib.backends.backend_svg import FigureCanvasSVG
    from matplotlib.figure import Figure

    figure = Figure(figsize=(largeur, hauteur), layout="constrained")
    FigureCanvasSVG(figure)
    axes = figure.add_subplot()
    for cote in ("top", "right"):
        axes.spines[cote].set_visible(False)
    axes.tick_params(labelsize=8, colors=ENCRE)
    return figure, axes


def _svg(figure: Any) -> bytes:
    import matplotlib

    sortie = io.BytesIO()
    with matplotlib.rc_context({"svg.hashsalt": SEL, "svg.fonttype": "path", "font.family": "DejaVu Sans"}):
        figure.savefig(sortie, format="svg", metadata={"Date": None, "Creator": None})
    return sortie.getvalue()


def _virgule(axe: Any, pour_cent: bool = False) -> None:
    from matplotlib.ticker import FuncFormatter

    from bot.texte.typographie import nombre
    axe.set_major_formatter(FuncFormatter(lambda x, _: nombre(round(x, 2)) + ("\u202f%" if pour_cent else "")))


def cumul(mois: Sequence[str], series: Sequence[tuple[str, Sequence[int]]], plan: Optional[Sequence[float]], nom_plan: str) -> bytes:
    """G1: contacts done since the start, month after month, beside the plan."""
    figure, axes = _figure()
    for (nom, valeurs), (couleur, _), forme in zip(series, CATEGORIES, "os^D"):
        axes.plot(range(len(mois)), valeurs, color=couleur, marker=forme, markersize=4, linewidth=1.6, label=nom)
    if plan:
        axes.plot(range(len(mois)), plan, color=GRIS, linestyle="--", linewidth=1.2, label=nom_plan)
    axes.set_xticks(range(len(mois)), mois)
    axes.set_ylim(bottom=0)
    _virgule(axes.yaxis)
    figure.legend(fontsize=8, frameon=False, loc="outside upper left", ncols=4 if not plan else 3)
    return _svg(figure)


def barres(etapes: Sequence[str], series: Sequence[tuple[str, Sequence[int]]]) -> bytes:
    """G2: the funnel, one group of bars a target."""
    figure, axes = _figure()
    largeur = 0.8 / max(len(series), 1)
    for rang, ((nom, valeurs), (couleur, hachure)) in enumerate(zip(series, CATEGORIES)):
        places = [i + rang * largeur for i in range(len(etapes))]
        axes.bar(places, valeurs, largeur * 0.92, color=couleur, hatch=hachure, edgecolor="white", linewidth=0.4, label=nom)
    axes.set_xticks([i + largeur * (len(series) - 1) / 2 for i in range(len(etapes))], etapes)
    _virgule(axes.yaxis)
    figure.legend(fontsize=8, frameon=False, loc="outside upper left", ncols=len(series))
    return _svg(figure)


def divergent(lignes: Sequence[tuple[str, Sequence[float]]], legendes: Sequence[str]) -> bytes:
    """G3: shares of four answers, the two negative ones to the left of zero. Each line's shares: from the best to the worst, out of 100."""
    figure, axes = _figure(hauteur=0.8 + 0.42 * max(len(lignes), 1))
    teintes = (BLEU, "#7fa8d1", "#e0a585", ROUGE)
    for y, (_, parts) in enumerate(reversed(lignes)):
        tres, plutot, moins, pas = parts
        for gauche, valeur, rang in ((0, plutot, 1), (plutot, tres, 0), (-moins, moins, 2), (-moins - pas, pas, 3)):
            axes.barh(y, valeur, left=gauche, color=teintes[rang], height=0.65, edgecolor="white", linewidth=0.6)
    axes.set_yticks(range(len(lignes)), [nom for nom, _ in reversed(lignes)])
    axes.axvline(0, color=ENCRE, linewidth=0.8)
    axes.set_xlim(-100, 100)
    from matplotlib.patches import Patch
    from matplotlib.ticker import FuncFormatter
    axes.xaxis.set_major_formatter(FuncFormatter(lambda x, _: f"{abs(x):.0f}\u202f%"))
    axes.legend(handles=[Patch(color=c, label=n) for c, n in zip(teintes, legendes)], fontsize=7, frameon=False, ncols=4, loc="upper center",
                bbox_to_anchor=(0.4, -0.12))
    return _svg(figure)


def taux(lignes: Sequence[tuple[str, float, float, float]], reference: Optional[float] = None) -> bytes:
    """G4: rates with their interval. Each line: name, rate, low, high, out of 100."""
    figure, axes = _figure(hauteur=0.8 + 0.34 * max(len(lignes), 1))
    for y, (_, p, bas, haut) in enumerate(reversed(lignes)):
        axes.plot([bas, haut], [y, y], color=GRIS, linewidth=2)
        axes.plot([p], [y], marker="o", color=BLEU, markersize=6)
    axes.set_yticks(range(len(lignes)), [nom for nom, *_ in reversed(lignes)])
    axes.set_xlim(0, 100)
    axes.set_ylim(-0.6, max(len(lignes), 1) - 0.4)
    if reference is not None:
        axes.axvline(reference, color=ORANGE, linestyle="--", linewidth=1)
    _virgule(axes.xaxis, pour_cent=True)
    return _svg(figure)


def dit_entendu(lignes: Sequence[tuple[str, float, float]]) -> bytes:
    """G5: by domain, share of contacts where it was taken up (said) and of respondents who say so (heard), out of 100."""
    figure, axes = _figure(hauteur=0.8 + 0.34 * max(len(lignes), 1))
    for y, (_, dit, entendu) in enumerate(reversed(lignes)):
        axes.plot([dit, entendu], [y, y], color="#c8c8c8", linewidth=2, zorder=1)
        axes.plot([dit], [y], marker="s", color=BLEU, markersize=6, label="dit par le conseiller" if y == 0 else None)
        axes.plot([entendu], [y], marker="o", color=ORANGE, markersize=6, label="entendu par l'assuré" if y == 0 else None)
    axes.set_yticks(range(len(lignes)), [nom for nom, *_ in reversed(lignes)])
    axes.set_xlim(0, 105)
    _virgule(axes.xaxis, pour_cent=True)
    figure.legend(fontsize=8, frameon=False, loc="outside lower center", ncols=2)
    return _svg(figure)


def entonnoir(points: Sequence[tuple[str, int, float, Sequence[float]]], reference: float, N: Sequence[int] = ()) -> bytes:
    """Funnel plot: one point a caisse (name, answers, rate, its own four limits), out of 100. The curves are the limits of chance (95 and 99.8 %)
    for a caisse with the usual response rate (`N`: the frames); who is beyond its own limits is named and has another shape."""
    from bot.enquete.statistiques import Z95, Z998

    figure, axes = _figure(hauteur=4)
    p, correction = reference / 100, _correction([n for _, n, *_ in points], N)
    abscisses = [x / 10 for x in range(10, 10 * max(n for _, n, *_ in points) + 11)]
    for z, style, nom in ((Z95, "--", "limites à 95 %"), (Z998, ":", "limites à 99,8 %")):
        ecarts = [100 * z * (p * (1 - p) / n * correction) ** 0.5 for n in abscisses]
        for signe in (-1, 1):
            axes.plot(abscisses, [min(max(reference + signe * e, 0), 100) for e in ecarts], color=GRIS, linestyle=style, linewidth=1,
                      label=nom.replace(" %", "\u202f%") if signe == 1 else None)
    axes.axhline(reference, color=ENCRE, linewidth=0.8, label="taux national")
    dehors = [x for x in points if not x[3][0] <= x[2] <= x[3][3]]
    for groupe, couleur, forme, nom in (([x for x in points if x not in dehors], BLEU, "o", "une caisse"),
                                        (dehors, ORANGE, "D", "hors de ses limites à 99,8\u202f%")):
        if groupe:
            axes.plot([x[1] for x in groupe], [x[2] for x in groupe], linestyle="", marker=forme, markersize=4.5, color=couleur, label=nom)
    for nom, n, taux_, _ in dehors:
        a_droite = 3 * n > 2 * abscisses[-1]  # a name near the edge is written before its point
        axes.annotate(nom.removeprefix("RSI "), (n, taux_), fontsize=7, xytext=(-6 if a_droite else 6, -3), textcoords="offset points",
                      ha="right" if a_droite else "left")
    axes.set_xlim(left=0)
    axes.set_ylim(top=103)
    axes.set_xlabel("réponses exprimées", fontsize=8)
    _virgule(axes.yaxis, pour_cent=True)
    figure.legend(fontsize=8, frameon=False, loc="outside upper left", ncols=3)
    return _svg(figure)


def _correction(n: Sequence[int], N: Sequence[int]) -> float:
    """The usual finite population factor of the points; 1 without their frames."""
    facteurs = sorted((grand - petit) / (grand - 1) for petit, grand in zip(n, N) if grand > 1)
    return facteurs[len(facteurs) // 2] if facteurs else 1.0


STATUTS_CARTE = {"realisee": (BLEU, "R"), "partielle": ("#7fa8d1", "P"), "non_realisee": (ORANGE, "N"), "manquant": ("#e6e6e6", "–"),
                 "absent": ("#e6e6e6", "–")}


def carte(lignes: Sequence[tuple[str, Sequence[str]]], colonnes: Sequence[str]) -> bytes:
    """Heat map caisse × target by status (never by rate); a letter in each cell says what the colour says."""
    figure, axes = _figure(hauteur=0.8 + 0.22 * max(len(lignes), 1))
    for y, (_, statuts) in enumerate(reversed(lignes)):
        for x, statut in enumerate(statuts):
            couleur, lettre = STATUTS_CARTE[statut]
            axes.add_patch(_rectangle(x, y, couleur))
            encre = "white" if statut in ("realisee", "non_realisee") else ENCRE
            axes.text(x + 0.5, y + 0.5, lettre, ha="center", va="center", fontsize=7, color=encre)
    axes.set_xlim(0, len(colonnes))
    axes.set_ylim(0, len(lignes))
    axes.set_xticks([i + 0.5 for i in range(len(colonnes))], colonnes)
    axes.set_yticks([i + 0.5 for i in range(len(lignes))], [nom for nom, _ in reversed(lignes)], fontsize=6)
    axes.tick_params(length=0)
    return _svg(figure)


def _rectangle(x: int, y: int, couleur: str) -> Any:
    from matplotlib.patches import Rectangle
    return Rectangle((x + 0.02, y + 0.04), 0.96, 0.92, color=couleur)
