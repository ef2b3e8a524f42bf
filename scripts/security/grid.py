"""The instances of table.tsv: a grid between 100 and 300 bits, finer near 128, that src/parameters/security.rs interpolates.

Binary secrets stand at each width b of the error, so that only the dimension is interpolated; ternary secrets at each ring that
scheme `bgv` could take, so that only the modulus is. Which points are kept is decided by the unique-SVP attack, which costs no time.
"""

import random
from math import sqrt

import model

LEAST, MOST = 100, 310
# By the unique-SVP attack; the least of three attacks is up to ten bits lower for a binary secret.
NEAR_128 = (124, 148)
WIDTHS = range(10, 61)
# Dimensions up to the first number of each line are a multiple of the second; near 128 bits of half of it.
DIMENSIONS = ((1024, 64), (2048, 128), (4096, 256))
# Step of log2_q for each ring, chosen to divide 30, the bits of a prime of `bgv`; and the step near 128 bits.
MODULI = {2048: (2, 1), 4096: (3, 1), 8192: (6, 2), 16384: (15, 5), 32768: (30, 10)}
# The largest log2_q that docs/protocol.md, section 7, states at 128 bits.
BOUNDS = {8192: 214, 16384: 430, 32768: 866}


def instances():
    """All points, as rows of instances.tsv without set and key."""
    yield from binary()
    yield from ternary()


def binary():
    for width in WIDTHS:
        low = 512 - DIMENSIONS[0][1]
        for high, step in DIMENSIONS:
            for dimension in range(low + step // 2, high + 1, step // 2):
                bits = model.usvp(model.Lwe(dimension, 64, 0.5, 2**width / sqrt(3))) if dimension >= 512 else 0
                if kept(bits, dimension % step == 0):
                    yield instance(dimension, 64, "binary", f"tuniform{width}")
            low = high


def ternary():
    for dimension, (step, fine) in MODULI.items():
        for log2_q in sorted({*range(fine, dimension, fine), BOUNDS.get(dimension, fine)}):
            bits = model.usvp(model.Lwe(dimension, log2_q, sqrt(2 / 3), sqrt(21 / 2)))
            if bits < LEAST:
                break
            if kept(bits, log2_q % step == 0) or log2_q == BOUNDS.get(dimension):
                yield instance(dimension, log2_q, "ternary", "cbd21")


def between():
    """Forty points off the grid, the same each time: where the interpolation is held against model.py itself."""
    generator = random.Random(128)
    on_grid, points = list(instances()), []
    while len(points) < 40:
        if len(points) % 2:
            width, dimension = generator.choice(WIDTHS), generator.randrange(512, 4096)
            found = instance(dimension, 64, "binary", f"tuniform{width}")
            lwe = model.Lwe(dimension, 64, 0.5, 2**width / sqrt(3))
        else:
            dimension = generator.choice(list(MODULI))
            log2_q = generator.randrange(dimension // 64, dimension // 16)
            found = instance(dimension, log2_q, "ternary", "cbd21")
            lwe = model.Lwe(dimension, log2_q, sqrt(2 / 3), sqrt(21 / 2))
        if found not in on_grid and LEAST + 10 <= model.usvp(lwe) <= MOST - 30:
            points.append(found)
    return points


def kept(bits, coarse):
    return LEAST <= bits <= MOST and (coarse or NEAR_128[0] <= bits <= NEAR_128[1])


def instance(dimension, log2_q, secret, error):
    return {"n": str(dimension), "log2_q": str(log2_q), "secret": secret, "error": error, "samples": "-"}
