"""argparse in French: its messages have no French catalogue, so the two functions it translates with are replaced."""
import argparse

MESSAGES = {
    "usage: ": "usage : ",
    "options": "options ",
    "positional arguments": "arguments ",
    "subcommands": "commandes ",
    "show this help message and exit": "montre cette aide",
    "show program's version number and exit": "montre la version",
    " (default: %(default)s)": " (par défaut : %(default)s)",
    "%(prog)s: error: %(message)s\n": "%(prog)s : erreur : %(message)s\n",
    "%(prog)s: warning: %(message)s\n": "%(prog)s : attention : %(message)s\n",
    "argument %(argument_name)s: %(message)s": "%(argument_name)s : %(message)s",
    "unrecognized arguments: %s": "argument inconnu : %s",
    "the following arguments are required: %s": "il manque : %s",
    "one of the arguments %s is required": "il faut l'un de : %s",
    "not allowed with argument %s": "ne va pas avec %s",
    "expected one argument": "une valeur est attendue",
    "expected at most one argument": "une valeur au plus est attendue",
    "expected at least one argument": "au moins une valeur est attendue",
    "expected %s argument": "%s valeur est attendue",
    "expected %s arguments": "%s valeurs sont attendues",
    "ignored explicit argument %r": "cette option ne prend pas de valeur (%r)",
    "invalid %(type)s value: %(value)r": "valeur incorrecte : %(value)r (%(type)s attendu)",
    "invalid choice: %(value)r (choose from %(choices)s)": "%(value)r n'existe pas ; choisissez parmi %(choices)s",
    "invalid choice: %(value)r, maybe you meant %(closest)r? (choose from %(choices)s)":
        "%(value)r n'existe pas, peut-être %(closest)r ? choisissez parmi %(choices)s",
    "unknown parser %(parser_name)r (choices: %(choices)s)": "%(parser_name)r n'existe pas ; choisissez parmi %(choices)s",
    "ambiguous option: %(option)s could match %(matches)s": "option ambiguë : %(option)s peut vouloir dire %(matches)s",
    "can't open '%(filename)s': %(error)s": "« %(filename)s » ne peut pas être ouvert (%(error)s)",
    "unexpected option string: %s": "option inattendue : %s",
}


def _traduire(message: str) -> str:
    return MESSAGES.get(message, message)


def _traduire_nombre(singulier: str, pluriel: str, nombre: int) -> str:
    return _traduire(singulier if nombre < 2 else pluriel)


def franciser() -> None:
    """Make argparse speak French from now on in this process."""
    argparse._ = _traduire  # type: ignore[attr-defined]
    argparse.ngettext = _traduire_nombre  # type: ignore[attr-defined]


def entier(minimum: int, maximum: int):
    """An argparse type: a whole number between two bounds, refused in French."""
    def lire(texte: str) -> int:
        if not texte.isdecimal() or not minimum <= int(texte) <= maximum:
            raise argparse.ArgumentTypeError(f"« {texte} » n'est pas un nombre de {minimum} à {maximum}")
        return int(texte)
    return lire
