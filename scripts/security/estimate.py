#!/usr/bin/env python3
"""Re-derives the security of every parameter set, into estimates.tsv, and the grid table.tsv. README.md beside this has the commands.

    python3 estimate.py                     recompute with model.py: plain Python, half a minute
    python3 estimate.py --table             add what table.tsv lacks of the grid; may be interrupted, and goes on where it was
    python3 estimate.py --one binary 896 46 one instance: n and TUniform width b, modulus 2^64
    python3 estimate.py --one ternary 13 210    log2 of the ring, log2 of the modulus
    sage -python estimate.py --estimator D  ask the lattice estimator, checked out in D, as well; also with --table, --one
    python3 estimate.py --check             hold model.py against known.tsv, and estimates.tsv against model.py; writes nothing
    python3 estimate.py --sets FILE         hold the table against `cotejo params list --json`; writes nothing
"""

import argparse
import json
import multiprocessing
import os
import re
import subprocess
import sys
from math import sqrt
from pathlib import Path

import grid
import model

HERE = Path(__file__).resolve().parent
COMMIT = "27a581bb8e9d49f5e9e2db315bd48ac769d5f5f5"
COLUMNS = "set key n log2_q secret error sigma usvp bdd dual_hybrid bits source estimator_commit sage".split()
TABLE_COLUMNS = [column for column in COLUMNS if column not in ("set", "key", "sigma")]
ATTACKS = ("usvp", "bdd", "dual_hybrid")
RECOMPUTED, ESTIMATED = "run: model.py", "run: lattice estimator"


def main():
    options = arguments()
    estimator = Estimator(options.estimator, options.version) if options.estimator else None
    if options.one:
        return one(options.one, estimator)
    if options.table:
        return tabulate(estimator, options)
    if options.between:
        return write("between.tsv", TABLE_COLUMNS, sorted(map(recomputed_row, grid.between()), key=order))
    instances = read("instances.tsv")
    if options.check:
        sys.exit(report(check_known() + check_estimates(instances)))
    if options.sets:
        sys.exit(report(check_sets(json.loads(Path(options.sets).read_text()), instances, read("estimates.tsv"))))
    rows = [recomputed_row(instance) for instance in instances]
    rows += [row for row in read("estimates.tsv") if row["source"] == ESTIMATED and still_holds(row, instances)]
    write("estimates.tsv", COLUMNS, rows)
    for instance in instances if estimator else []:  # written after each, which may take minutes
        rows = [row for row in rows if row["source"] != ESTIMATED or not same(row, instance)] + [estimator.row(instance)]
        write("estimates.tsv", COLUMNS, rows)


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--estimator",
        metavar="FOLDER",
        default=os.environ.get("LATTICE_ESTIMATOR"),
        help=f"a checkout of the lattice estimator at commit {COMMIT[:7]}; needs Sage; or set LATTICE_ESTIMATOR",
    )
    parser.add_argument("--version", metavar="NAME", help="take another version of it than that commit; the tables give it this name")
    parser.add_argument("--table", action="store_true", help="add to table.tsv the points of the grid that it lacks")
    parser.add_argument("--between", action="store_true", help="rewrite between.tsv: points off the grid, which tests hold against it")
    parser.add_argument("--one", nargs=3, metavar=("SECRET", "SIZE", "WIDTH"), help="print one instance; write nothing")
    parser.add_argument("--jobs", type=int, default=os.cpu_count(), help="processes that --table starts")
    parser.add_argument("--near", type=float, metavar="BITS", help="of the grid, what model.py puts within so many bits of 128")
    parser.add_argument("--check", action="store_true", help="recompute and compare; write nothing")
    parser.add_argument("--sets", metavar="FILE", help="what `cotejo params list --json` printed")
    return parser.parse_args()


# Rows


def recomputed_row(instance):
    print(f"{instance.get('set', '')} n = {instance['n']}, log2_q = {instance['log2_q']}, {instance['error']}", file=sys.stderr)
    attacks = model_costs(instance)
    return row(instance, attacks, tenths(min(attacks.values())), RECOMPUTED)


def model_costs(instance):
    lwe = model.Lwe(int(instance["n"]), float(instance["log2_q"]), *deviations(instance), samples(instance))
    return {attack: getattr(model, attack)(lwe) for attack in ATTACKS}


class Estimator:
    """The lattice estimator, from a folder that holds estimator/."""

    def __init__(self, folder, version):
        self.version = version or commit(folder)
        sys.path.insert(0, folder)
        try:
            import estimator
            from sage.all import oo
            from sage.version import version as sage
        except ImportError as error:
            sys.exit(f"{error}: run this under Sage (`sage -python`), with the folder that contains estimator/")
        self.lwe, self.distributions, self.infinity, self.sage = estimator.LWE, estimator.ND, oo, sage

    def costs(self, instance):
        limit = samples(instance)
        lwe = self.lwe.Parameters(
            n=int(instance["n"]),
            q=2 ** int(instance["log2_q"]),
            Xs=estimator_distribution(self.distributions, instance["secret"]),
            Xe=estimator_distribution(self.distributions, instance["error"]),
            m=self.infinity if limit == model.inf else limit,
        )
        attacks = {"usvp": self.lwe.primal_usvp, "bdd": self.lwe.primal_bdd, "dual_hybrid": self.lwe.dual_hybrid}
        costs = {name: float(attack(lwe)["rop"].log(2)) for name, attack in attacks.items()}
        shown = ", ".join(f"{name} {cost:.1f}" for name, cost in costs.items())
        print(f"n = {instance['n']}, log2_q = {instance['log2_q']}, {instance['error']}: {shown}", file=sys.stderr)
        return costs

    def row(self, instance):
        costs = self.costs(instance)
        return row(instance, costs, tenths(min(costs.values())), ESTIMATED, self.version, self.sage)


def commit(folder):
    asked = subprocess.run(["git", "-C", folder, "rev-parse", "HEAD"], capture_output=True, text=True)
    if asked.stdout.strip() != COMMIT:
        sys.exit(f"{folder} is not at commit {COMMIT[:7]}: check it out, or name what it is with --version")
    return COMMIT[:7]


def one(question, estimator):
    """Prints what each attack costs on one instance, as `cotejo params` asks for it."""
    secret, size, width = question[0], int(question[1]), int(question[2])
    if secret == "binary":
        instance = grid.instance(size, 64, "binary", f"tuniform{width}")
    elif secret == "ternary":
        instance = grid.instance(2**size, width, "ternary", "cbd21")
    else:
        sys.exit(f"no secret is called {secret}: say binary, or ternary")
    answers = {"model.py": model_costs(instance)}
    if estimator:
        answers[f"lattice estimator {estimator.version}, Sage {estimator.sage}"] = estimator.costs(instance)
    for source, costs in answers.items():
        shown = ", ".join(f"{attack} {tenths(cost)}" for attack, cost in costs.items())
        print(f"{source}: {tenths(min(costs.values()))} bits ({shown})")


def tabulate(estimator, options):
    """Adds the missing points of the grid to table.tsv, which is written after each, so that nothing is lost."""
    source, compute = (ESTIMATED, estimator.row) if estimator else (RECOMPUTED, recomputed_row)
    rows = read("table.tsv")
    modelled = {point(row): float(row["bits"]) for row in rows if row["source"] == RECOMPUTED}
    known = {point(row) for row in rows if row["source"] == source}
    missing = [instance for instance in grid.instances() if point(instance) not in known]
    if options.near is not None:
        distance = lambda instance: abs(modelled.get(point(instance), model.inf) - 128)
        missing = sorted((i for i in missing if distance(i) <= options.near), key=distance)
    with multiprocessing.get_context("fork").Pool(options.jobs) as pool:
        for done, row in enumerate(pool.imap_unordered(compute, missing), 1):
            rows.append(row)
            write("table.tsv", TABLE_COLUMNS, sorted(rows, key=order))
            print(f"{done} of {len(missing)}", file=sys.stderr)


def point(row):
    return tuple(row[column] for column in ("secret", "error", "n", "log2_q"))


def order(row):
    return row["secret"], parsed(row["error"]), int(row["n"]), int(row["log2_q"]), row["source"]


def row(instance, attacks, bits, source, commit="-", sage="-"):
    figures = {attack: tenths(attacks[attack]) if attack in attacks else "-" for attack in ATTACKS}
    own = {column: instance.get(column, "-") for column in ("set", "key", "n", "log2_q", "secret", "error")}
    rest = {"sigma": f"{deviations(instance)[1]:.6g}", "bits": bits, "source": source, "estimator_commit": commit, "sage": sage}
    return own | figures | rest


# Distributions


def deviations(instance):
    return deviation(instance["secret"]), deviation(instance["error"])


def deviation(name):
    kind, parameter = parsed(name)
    match kind:
        case "binary":
            return 0.5
        case "ternary":
            return sqrt(2 / 3)
        case "cbd":  # as many coins of each sign
            return sqrt(parameter / 2)
        case "tuniform":  # uniform on [-2^b, 2^b], end points halved
            return sqrt((2 ** (2 * parameter + 1) + 1) / 6)
        case "gauss":
            return parameter
    raise SystemExit(f"no distribution is called {name}")


def estimator_distribution(ND, name):
    kind, parameter = parsed(name)
    match kind:
        case "binary":
            return ND.Uniform(0, 1)
        case "ternary":
            return ND.Uniform(-1, 1)
        case "cbd":
            return ND.CenteredBinomial(int(parameter))
        case "tuniform":
            return ND.TUniform(int(parameter))
        case "gauss":
            return ND.DiscreteGaussian(parameter)
    raise SystemExit(f"no distribution is called {name}")


def parsed(name):
    kind, digits = re.fullmatch(r"([a-z]+)([0-9.]*)", name).groups()
    if kind == "tuniform":
        return kind, int(digits)
    return kind, float(digits or 0)


def samples(instance):
    return model.inf if instance["samples"] == "-" else int(instance["samples"])


# Checks: each gives a list of complaints.


def check_known():
    complaints = []
    for known in read("known.tsv"):
        costs = model_costs(known)
        print(known["name"], {attack: round(cost, 2) for attack, cost in costs.items()}, file=sys.stderr)
        ranges = [(attack, costs[attack], known[attack], known[attack]) for attack in ATTACKS if known[attack] != "-"]
        ranges.append(("least", min(costs.values()), known["least_from"], known["least_to"]))
        for what, cost, least, most in ranges:
            if not float(least) - 0.15 <= cost <= float(most) + 0.15:
                complaints.append(f"{known['name']}: {what} is {cost:.2f} by model.py, known as {least} to {most}")
    return complaints


def check_estimates(instances):
    stored = [row for row in read("estimates.tsv") if row["source"] == RECOMPUTED]
    fresh = [recomputed_row(instance) for instance in instances]
    return [f"estimates.tsv lacks, or has otherwise: {list(row.values())}" for row in fresh if row not in stored]


def check_sets(sets, instances, estimates):
    complaints = []
    for entry in (entry for entry in sets if entry["secure"]):
        name = entry["name"]
        own = [instance for instance in instances if instance["set"] == name]
        if not own:
            complaints.append(f"{name} is not in instances.tsv")
        stated = {(key["dimension"], key["log2_modulus"], key["secret"], key["error"]) for key in entry["keys"]}
        if own and stated != {(int(i["n"]), float(i["log2_q"]), i["secret"], i["error"]) for i in own}:
            complaints.append(f"{name} has keys {sorted(stated)}, instances.tsv says otherwise")
        bits = [float(row["bits"]) for row in estimates if row["set"] == name]
        if not bits or entry["security_bits"] > min(bits):
            complaints.append(f"{name} states {entry['security_bits']} bits, estimates.tsv has {bits}")
    return complaints


def report(complaints):
    for complaint in complaints:
        print(complaint, file=sys.stderr)
    print("all as stated" if not complaints else f"{len(complaints)} complaints", file=sys.stderr)
    return 1 if complaints else 0


# Tables


def read(name):
    path = HERE / name
    if not path.exists():
        return []
    lines = [line for line in path.read_text().splitlines() if line and not line.startswith("#")]
    return [dict(zip(lines[0].split("\t"), line.split("\t"), strict=True)) for line in lines[1:]]


def still_holds(row, instances):
    return any(same(row, instance) for instance in instances)


def same(row, instance):
    return all(row[column] == instance[column] for column in ("set", "key", "n", "log2_q", "secret", "error"))


def write(name, columns, rows):
    lines = ["# Written by estimate.py; bits is the least of the three attacks. README.md beside this says what each source is."]
    lines.append("\t".join(columns))
    lines += ["\t".join(row[column] for column in columns) for row in rows]
    unfinished = HERE / f"{name}.unfinished"
    unfinished.write_text("\n".join(lines) + "\n")
    unfinished.replace(HERE / name)


def tenths(bits):
    return f"{bits:.1f}"


if __name__ == "__main__":
    main()
