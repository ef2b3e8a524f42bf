"""What tests share: small terms of each scheme, the program, two parties over a network."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

import cotejo

SETS = {"tfhe": "insecure-test", "bgv": "insecure-bgv-test", "hybrid": "insecure-hybrid-test"}


def insecure(scheme: str = "tfhe", **options: object) -> dict[str, object]:
    """Options of terms that are quick and protect nothing."""
    return {"parameter_set": SETS[scheme], "allow_insecure": True, **options}


@pytest.fixture(scope="session")
def terms() -> cotejo.Agreement:
    return cotejo.Agreement.face(16, **insecure())


@pytest.fixture(scope="session")
def querier(terms: cotejo.Agreement) -> cotejo.Querier:
    return cotejo.Querier.generate(terms, allow_insecure=True)


def people(count: int, dimension: int = 16, seed: int = 1) -> np.ndarray:
    """Unit vectors that are nothing like each other."""
    vectors = np.random.default_rng(seed).normal(size=(count, dimension))
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


Program = Callable[..., str]


@pytest.fixture
def program(tmp_path: Path) -> Program:
    """The command line, in a folder of its own: the program that was built, where COTEJO_PROGRAM names it."""
    named = os.environ.get("COTEJO_PROGRAM")
    command = [named] if named else [sys.executable, "-m", "cotejo"]

    def run(*arguments: str, code: int = 0) -> str:
        ran = subprocess.run([*command, *arguments], cwd=tmp_path, capture_output=True, text=True, check=False)
        assert ran.returncode == code, f"{arguments}: {ran.stderr}"
        return ran.stdout

    run.command = command  # type: ignore[attr-defined]
    return run


@pytest.fixture
def two_parties(tmp_path: Path, program: Program, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A custodian that serves anna and bert, and a querier's configuration in the folder ``a``."""
    program(
        *"agreement init --modality face --dimension 16 --parameter-set insecure-test --allow-insecure --service".split(),
        *"--purpose identification --probes-per-day 50".split(),
    )
    program(*"certificates authority --name Trial --out authority".split())
    program(*"certificates issue --authority authority --name B --server localhost,127.0.0.1 --out b".split())
    program(*"certificates issue --authority authority --name A --client --out a".split())
    for party in ("a", "b"):
        program("certificates", "signing-key", "--out", party)
    program(*"keygen --allow-insecure --out a/keys".split())
    cotejo.enroll(cotejo.Agreement.load(tmp_path / "agreement.toml"), people(2), tmp_path / "b/gallery.cotejo", ids=["anna", "bert"])
    tls = "[tls]\ncertificate = 'tls.pem'\nkey = 'tls.key'\nauthority = 'authority.pem'\n"
    common = "party = '{}'\ndatabase = '{}.sqlite'\nsigning_key = 'signing.key'\n"
    (tmp_path / "b/custodian.toml").write_text(
        common.format("B", "custodian")
        + "listen = '127.0.0.1:0'\n"
        + tls
        + "[[agreement]]\nfile = '../agreement.toml'\ngallery = 'gallery.cotejo'\n"
        + "[[requester]]\ncode = 'A'\ncertificate = '../a/tls.pem'\nsigning_key = '../a/signing.pub'\n"
    )
    program(*"serve --init-database --config b/custodian.toml".split())
    serve = [*program.command, *"serve --config b/custodian.toml --log error --json --quiet".split()]  # type: ignore[attr-defined]
    with subprocess.Popen(serve, cwd=tmp_path, stdout=subprocess.PIPE, text=True) as serving:
        assert serving.stdout is not None
        document = ""
        while not document.rstrip().endswith("}"):
            line = serving.stdout.readline()
            assert line, "the server has ended"
            document += line
        address = json.loads(document)["address"]
        custodian = f"[custodian]\nparty = 'B'\nurl = 'https://{address}'\nsigning_key = '../b/signing.pub'\n"
        (tmp_path / "a/querier.toml").write_text(common.format("A", "querier") + "keys = 'keys'\n" + tls + custodian)
        yield tmp_path
        serving.terminate()
