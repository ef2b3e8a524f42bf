"""Two authorities in one program: what each holds, and the bytes that cross.

    python examples/python/two_parties.py
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

import cotejo


def ministry_a(terms: cotejo.Agreement, probes: NDArray[np.float32], cases: list[str], custodian: cotejo.Custodian) -> None:
    """Asks: holds the key and the probes."""
    querier = cotejo.Querier.generate(terms)
    custodian.admit(querier.evaluation_key)  # crosses once
    query, pending = querier.encrypt(probes, ids=cases)
    answer = custodian.match(query)  # query and answer cross
    for case, hit in zip(pending.ids, pending.decrypt(answer)):
        print(f"{case}: {'hit' if hit else 'no hit'}")


def main() -> None:
    terms = cotejo.Agreement.face(512, threshold=0.35, references=1000, scheme="tfhe")  # both hold it
    print(terms, end="\n\n")
    drawn = np.random.default_rng(1)
    records = drawn.normal(size=(50, 512)).astype(np.float32)
    ministry_b = cotejo.Custodian(terms, gallery=records, ids=[f"record {number}" for number in range(50)])
    seen = records[16] + 0.5 * drawn.normal(size=512).astype(np.float32)
    stranger = drawn.normal(size=512).astype(np.float32)
    ministry_a(terms, np.stack([seen, stranger]), ["traveller 1", "traveller 2"], ministry_b)


if __name__ == "__main__":
    main()
