"""The cost of three attacks on LWE, recomputed from the published formulas: plain Python, nothing to install.

It follows the conventions of the lattice estimator (Albrecht, Player, Scott) so that the figures can be compared: lattice reduction
costs what the model MATZOV says, a reduced basis has the shape of the geometric series assumption, success is all but certain.
Where the estimator walks to a local minimum, this looks through a range. All costs are log2 of operations.

Sources: Alkim et al. 2016 and Albrecht et al. 2017 (unique shortest vector); Liu and Nguyen 2013 (bounded distance decoding);
Guo and Johansson 2021, MATZOV 2022 (dual hybrid, cost of a sieve); Ducas 2018 (dimensions for free); Chen 2013 (root Hermite factor);
Bai and Galbraith 2014 (small secrets).
"""

from dataclasses import dataclass
from math import ceil, e, exp, floor, inf, lgamma, log, log2, pi, sqrt, tanh

# MATZOV 2022: a sieve in dimension b by list decoding takes 2^(SLOPE b + OFFSET) gates; PROGRESSIVE = 1 / (1 - 2^-0.292).
SLOPE, OFFSET, PROGRESSIVE = 0.29613500308205365, 20.387885985467914, 5.46
# MATZOV 2022, page 37: bit operations of a multiplication, and of an addition with its memory access.
MULTIPLY, ADD = 32**2, 5 * 32
# Block sizes looked at: above, no attack is below 2^500.
SMALLEST_BLOCK, LARGEST_BLOCK = 41, 1754


@dataclass(frozen=True)
class Lwe:
    """An instance: dimension, log2 of the modulus, standard deviations of secret and error, samples that the attacker gets."""

    n: int
    log2_q: float
    secret: float
    error: float
    samples: int | float = inf

    @property
    def log_q(self):
        return self.log2_q * log(2)

    @property
    def log_scale(self):
        """A secret smaller than the error is scaled up to it (Bai and Galbraith)."""
        return max(log(self.error / self.secret), 0.0)

    @property
    def most_dimensions(self):
        return self.samples + self.n


def usvp(lwe):
    """Primal attack: one reduction that shows the error as the unique shortest vector."""
    return usvp_and_block(lwe)[0]


def usvp_and_block(lwe):
    best = (inf, LARGEST_BLOCK)
    for block in range(SMALLEST_BLOCK, LARGEST_BLOCK + 1):
        dimension = smallest_dimension(lwe, block)
        if dimension:
            best = min(best, (reduction(block, dimension), block))
        if block > best[1] + 60:
            break
    return best


def smallest_dimension(lwe, block):
    """The least d with error sqrt(block) <= delta^(2 block - d - 1) volume^(1 / d): a quadratic inequality in d."""
    log_delta = log_root_hermite(block)
    target = log(lwe.error**2 * (block - 1) + lwe.error**2) / 2
    a, b = -log_delta, log_delta * (2 * block - 1) + lwe.log_q - target
    c = log(lwe.error) + lwe.n * lwe.log_scale - (lwe.n + 1) * lwe.log_q
    discriminant = b * b - 4 * a * c
    if discriminant < 0:
        return None
    first, last = (-b + sqrt(discriminant)) / (2 * a), (-b - sqrt(discriminant)) / (2 * a)
    dimension = max(ceil(first), lwe.n, block + 1)
    return dimension if dimension <= min(last, best_dimension(lwe, block) + 1) else None


def bdd(lwe):
    """Primal attack with a cheaper reduction, then one search for the error in a block of its own size."""
    top = usvp_and_block(lwe)[1]

    def cost(block, dimension, least=inf):
        if reduction(block, dimension) >= least:
            return inf
        search = search_dimension(lwe, block, dimension) if dimension >= block else inf
        if search > dimension:
            return inf
        lifting = 2 * log2(max(dimension - search, 1))
        return log2_sum(reduction(block, dimension), reduction(search + 1, search + 1), lifting)

    least, block = min((cost(block, best_dimension(lwe, block)), block) for block in range(max(SMALLEST_BLOCK, top - 60), top + 1))
    step = max(1, lwe.n // 512)
    for near in range(max(SMALLEST_BLOCK, block - 12), block + 2):
        for dimension in range(lwe.n, best_dimension(lwe, near) + 1, step):
            least = min(least, cost(near, dimension, least))
    return least


def search_dimension(lwe, block, dimension):
    """Dimension of the last block in which the projected error is the shortest vector, by the Gaussian heuristic."""
    log_delta = log_root_hermite(block)
    log_volume = (dimension - lwe.n) * lwe.log_q + lwe.n * lwe.log_scale
    error = lwe.error**2

    def shortest(rest):
        log_projected = rest / dimension * log_volume - (dimension - rest) * rest * log_delta + log(lwe.error)
        log_ball = (rest + 1) / 2 * log(pi) - lgamma((rest + 1) / 2 + 1)
        return 2 * (log_projected - log_ball) / (rest + 1) < log(error * rest + error)

    # The larger the block, the larger what is left of the volume against the error: halve to the largest where it falls short.
    low, high = 0, min(dimension, LARGEST_BLOCK) if dimension > 4096 else dimension
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if shortest(middle) else (low, middle - 1)
    return low + 1


def dual_hybrid(lwe):
    """Dual attack with guessing and a Fourier transform (MATZOV 2022, theorem 7.6), with as many samples as dimensions."""
    best = inf
    for modulus in range(2, 9):
        for guessed in range(0, 161, 10):
            least = inf
            for transformed in range(0, 301, 10):
                cost = least_over_blocks(lambda block: dual_cost(lwe, block, modulus, guessed, transformed))
                least = min(least, cost)
                if cost > least + 10:  # from here on the transform only grows
                    break
            best = min(best, least)
    return best


def dual_cost(lwe, block, modulus, guessed, transformed):
    samples = min(lwe.samples, lwe.n)
    left = lwe.n - guessed - transformed
    dimension = samples + left
    log_length = (
        samples / dimension * log(lwe.error)
        + left / dimension * (log(lwe.secret) + lwe.log_q)
        + log(4 / 3) / 2
        + log(block / (2 * pi * e)) / 2
        + log_root_hermite(block) * (dimension - block)
    )
    noise = 4 * exp(2 * min(log_length + log(pi) - lwe.log_q, 300.0))
    rounding = transformed / 3 * (lwe.secret * pi / modulus) ** 2
    log2_vectors = (noise + rounding) / log(2) + log2(guessed * entropy(lwe) + transformed * log(modulus) + log(2))

    sieve = block - floor(free_dimensions(block))
    if block < dimension:
        sieve = min(dimension, floor(sieve + log2((dimension - block) * PROGRESSIVE) / SLOPE))
    rounds = max(log2_vectors - 0.2075 * sieve, 0.0)
    sampling = rounds + log2_sum(reduction(block, dimension), log2(PROGRESSIVE) + SLOPE * sieve + OFFSET)

    table = log2(4 * ADD) + log2_vectors
    if transformed:
        table = log2_sum(table, log2(MULTIPLY * transformed) + (transformed + 1) * log2(modulus))
    alpha = (pi * lwe.secret) ** 2
    guesses = guessed * (entropy(lwe) + 1 - log2(e) / 2 + 8 * alpha * exp(-2 * alpha) * tanh(alpha) * log2(e))
    guesses -= log2(1 - exp(-1 / (2 * lwe.secret**2)))
    return log2_sum(sampling, guesses + table)


def entropy(lwe):
    """Bits of one coordinate of the secret, as MATZOV bounds them."""
    return (0.5 + log(sqrt(2 * pi) * lwe.secret) - log(tanh((pi * lwe.secret) ** 2))) / log(2)


def least_over_blocks(cost):
    low, high = SMALLEST_BLOCK, LARGEST_BLOCK
    while high - low > 8:
        third = (high - low) // 3
        if cost(low + third) <= cost(high - third):
            high -= third
        else:
            low += third
    return min(cost(block) for block in range(low, high + 1))


def reduction(block, dimension):
    """BKZ by progressive sieving, after LLL."""
    sieve = SLOPE * (block - free_dimensions(block)) + OFFSET
    return log2_sum(3 * log2(dimension), 2 * log2(PROGRESSIVE) + log2(max(dimension - block, 1)) + sieve)


def best_dimension(lwe, block):
    return min(ceil(sqrt(lwe.n * lwe.log_q / log_root_hermite(block))), lwe.most_dimensions)


def log_root_hermite(block):
    return (log(block / (2 * pi * e)) + log(pi * block) / block) / (2 * (block - 1))


def free_dimensions(block):
    return max(block * log(4 / 3) / log(block / (2 * pi * e)), 0.0)


def log2_sum(*terms):
    largest = max(terms)
    return largest + log2(sum(2 ** (term - largest) for term in terms))
