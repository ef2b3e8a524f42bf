"""Long work: other threads run meanwhile, Ctrl-C ends it, progress is told."""

import os
import signal
import threading
import time

import numpy as np
import pytest

import cotejo
from conftest import insecure, people


@pytest.fixture(autouse=True)
def ctrl_c():
    """Ctrl-C raises, also where these tests run in the background, in which shells have it ignored."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.fixture(scope="module")
def long():
    """A query that takes some seconds, and the custodian that answers it."""
    terms = cotejo.Agreement.face(16, references=100_000, **insecure())
    querier = cotejo.Querier.generate(terms, allow_insecure=True)
    custodian = cotejo.Custodian(terms, people(40_000))
    custodian.admit(querier.evaluation_key)
    return custodian, querier.encrypt(people(40))[0]


def test_ctrl_c_ends_a_match_and_leaves_all_as_it_was(long):
    custodian, query = long
    threading.Timer(0.5, os.kill, (os.getpid(), signal.SIGINT)).start()
    begin = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        custodian.match(query)
    assert time.monotonic() - begin < 10
    # It answers as before.
    terms = custodian.terms
    querier = cotejo.Querier.generate(terms, allow_insecure=True)
    custodian.admit(querier.evaluation_key)
    small = cotejo.Custodian(terms, people(3))
    small.admit(querier.evaluation_key)
    query, pending = querier.encrypt(people(1))
    assert pending.decrypt(small.match(query)).tolist() == [True]


def test_other_threads_run_and_progress_is_told(long):
    custodian, query = long
    told, counted = [], [0]

    def count():
        while counted[0] >= 0:
            counted[0] += 1
            time.sleep(0.001)

    class Enough(Exception):
        pass

    def progress(label, unit, done, steps):
        told.append((label, unit, done, steps))
        if len(told) > 5:
            raise Enough

    threading.Thread(target=count, daemon=True).start()
    with pytest.raises(Enough):
        custodian.match(query, progress=progress)
    ran, counted[0] = counted[0], -(10**9)
    assert ran > 50, "the interpreter's lock was held"
    assert {one[:2] for one in told} == {("match", "bootstrap")}
    dones = [done for *_, done, _ in told]
    assert dones == sorted(dones) and dones[-1] > 0


def test_ctrl_c_ends_a_command_and_leaves_no_file(tmp_path):
    terms = cotejo.Agreement.face(512, references=1_000_000, **insecure())
    templates = np.tile(people(1000, 512).astype(np.float32), (300, 1))
    threading.Timer(0.5, os.kill, (os.getpid(), signal.SIGINT)).start()
    with pytest.raises(KeyboardInterrupt):
        cotejo.enroll(terms, templates, tmp_path / "gallery.cotejo", ids=range(len(templates)))
    assert list(tmp_path.iterdir()) == []
    # The next command is not interrupted by what was before it.
    cotejo.enroll(terms, templates[:2], tmp_path / "gallery.cotejo", ids=["a", "b"])
