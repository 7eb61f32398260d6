"""Python runs this at the start of every process whose PYTHONPATH holds this folder: the trap is laid there when the test asks for it."""
import os

if os.environ.get("PIEGE_ORDRE"):
    from tests.faults import piege

    piege.tendre()
