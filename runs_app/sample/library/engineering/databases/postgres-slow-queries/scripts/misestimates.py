"""List the nodes of an EXPLAIN ANALYZE text plan whose row estimate is wrong, worst first."""

import re
import sys

NODE = re.compile(r"^(?P<indent>\s*)(?:->\s+)?(?P<what>\S.*?)\s+\(cost=.*?rows=(?P<guess>\d+).*?actual.*?rows=(?P<rows>[\d.]+)")


def misestimates(plan):
    """Yield (factor, estimate, truth, node) for each node that was off by ten or more."""
    for line in plan.splitlines():
        found = NODE.match(line)
        if found is None:
            continue
        guess, rows = max(int(found["guess"]), 1), max(float(found["rows"]), 1.0)
        factor = max(guess / rows, rows / guess)
        if factor >= 10:
            yield factor, guess, int(rows), found["what"]


if __name__ == "__main__":
    with open(sys.argv[1], encoding="utf-8") as stream:
        for factor, guess, rows, what in sorted(misestimates(stream.read()), reverse=True):
            sys.stdout.write(f"{factor:8.0f}x  expected {guess:>9,}  came {rows:>9,}  {what}\n")
