"""A real redis-server that the tests start by themselves, on a free port of the loopback, nothing on the disk."""
import os
import shutil
import socket
import subprocess
import time

import pytest
import redis

from tests.postgres import _mourir_avec_les_tests

ATTENTE = 20.0


@pytest.fixture(scope="session")
def serveur_redis(tmp_path_factory):
    """The address of an empty Redis server for the whole run. Skips without redis-server, fails when CI=true."""
    executable = shutil.which("redis-server")
    if executable is None:
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)("Redis est absent : installez le paquet « redis-server »")
    with socket.socket() as prise:
        prise.bind(("127.0.0.1", 0))
        port = prise.getsockname()[1]
    serveur = subprocess.Popen([executable, "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"],
                               cwd=tmp_path_factory.mktemp("redis"), stdout=subprocess.DEVNULL, preexec_fn=_mourir_avec_les_tests)
    client, fin = redis.Redis(port=port), time.monotonic() + ATTENTE
    try:
        while True:
            try:
                client.ping()
                break
            except redis.RedisError:
                assert serveur.poll() is None and time.monotonic() < fin, "redis-server ne démarre pas"
                time.sleep(0.02)
        yield f"redis://127.0.0.1:{port}/0"
    finally:
        client.close()
        serveur.kill()
        serveur.wait()
