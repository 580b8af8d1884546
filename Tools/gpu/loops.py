"""The main loop of a kernel, and what a turn of it issues.

The main loop is the outermost one with multiply-adds where their number is known, else the innermost one; the innermost
one with loads where there are no multiply-adds; the whole kernel without a loop.
"""

import collections
import functools


def flow(code):
    """The basic blocks of a function, [(place, Instruction)], which follow each one, and the order to visit them in."""
    index = {place: i for i, (place, _) in enumerate(code)}
    instructions = [instruction for _, instruction in code]
    starts = {0} | {index[i.target] for i in instructions if i.target in index}
    starts = sorted(starts | {n + 1 for n, i in enumerate(instructions[:-1]) if i.kind == "branch"})
    number = {start: b for b, start in enumerate(starts)}
    blocks = [instructions[start:end] for start, end in zip(starts, starts[1:] + [len(instructions)])]
    following = []
    for b, block in enumerate(blocks):
        last = block[-1]
        out = {number[index[last.target]]} if last.target in index else set()
        following.append(out | ({b + 1} if (last.kind != "branch" or last.falls) and b + 1 < len(blocks) else set()))
    order, seen, stack = [], {0}, [(0, iter(following[0]))]
    while stack:
        for s in stack[-1][1]:
            if s not in seen:
                seen.add(s)
                stack.append((s, iter(following[s])))
                break
        else:
            order.append(stack.pop()[0])
    return blocks, following, order[::-1]


def find_loops(following, order):
    """{head: the blocks of its loop}, and what dominates each block as a set of bits."""
    before = collections.defaultdict(set)
    for b in order:
        for s in following[b]:
            before[s].add(b)
    dominators, changed = {b: 1 if b == 0 else -1 for b in order}, True
    while changed:
        changed = False
        for b in order[1:]:
            own = 1 << b | functools.reduce(lambda x, p: x & dominators[p], before[b], -1)
            dominators[b], changed = own, changed or own != dominators[b]
    loops = {}
    for b in order:
        for head in following[b]:
            if dominators[b] >> head & 1:
                body, todo = loops.setdefault(head, {head}), [b]
                while todo:
                    at = todo.pop()
                    if at not in body:
                        body.add(at)
                        todo += before[at]
    return loops, dominators


class MainLoop:
    """The main loop: its head, its blocks, and how often each is passed in a turn."""

    def __init__(self, code, expected):
        self.blocks, self.following, self.order = flow(code)
        loops, self.dominators = find_loops(self.following, self.order)
        self.fmas = [sum(i.fmas for i in block) for block in self.blocks]
        loads = [sum(i.kind == "LDG" for i in block) for block in self.blocks]
        self.turns = collections.defaultdict(lambda: 1.0)

        def total(body, what):
            return sum(what[b] for b in body)

        what = self.fmas if any(total(body, self.fmas) for body in loops.values()) else loads
        useful = {head: body for head, body in loops.items() if total(body, what)}
        if expected:  # an epilogue may loop over multiply-adds too, but not over tiles
            tiled = {h: body for h, body in useful.items() if any(i.kind == "LDS" for b in body for i in self.blocks[b])}
            useful = tiled or useful
        self.is_loop = bool(useful)
        if not useful:
            self.head, self.body = 0, set(self.order)
        elif expected and what is self.fmas:
            self.head, self.body = max(useful.items(), key=lambda item: (total(item[1], self.fmas), len(item[1])))
            within = set().union(*(other for other in useful.values() if other < self.body))
            inner = total(within, self.fmas)
            for b in within if inner else ():  # how often an inner loop turns follows from the sum
                self.turns[b] = max(1.0, (expected - total(self.body - within, self.fmas)) / inner)
        else:
            innermost = {h: b for h, b in useful.items() if not any(other < b for other in useful.values())}
            self.head, self.body = max(innermost.items(), key=lambda item: total(item[1], what))

    def issued(self, b):
        return self.turns[b] * sum(i.issues for i in self.blocks[b])

    def moved(self, b):
        return self.turns[b] * sum(i.width for i in self.blocks[b] if i.kind in ("LDG", "STS"))

    def way(self, key):
        """The blocks on the way through with the largest sum of `key`, a tuple for each block."""
        best = {self.head: (key(self.head), [self.head])}
        for b in self.order:
            for s in self.following[b] if b in best else ():
                if s in self.body and s != self.head and not self.dominators[b] >> s & 1:
                    sums = tuple(x + y for x, y in zip(best[b][0], key(s)))
                    if s not in best or sums > best[s][0]:
                        best[s] = (sums, best[b][1] + [s])
        ends = [
            best[b] for b in best
            if self.head in self.following[b] or not self.is_loop and self.blocks[b][-1].target is None
        ]
        return max(ends or best.values(), key=lambda end: end[0])[1]

    def best(self):
        """The way of most multiply-adds, then most bytes, then fewest instructions."""
        return self.way(lambda b: (self.turns[b] * self.fmas[b], self.moved(b), -self.issued(b)))

    def longest(self):
        return self.way(lambda b: (self.turns[b] * self.fmas[b], self.issued(b)))

    def measures(self, path, fma_cycles):
        counts, widths, at, placed = collections.Counter(), collections.Counter(), 0.0, []
        for b in path:
            for i in self.blocks[b]:
                at += self.turns[b] * i.issues
                counts[i.kind] += self.turns[b]
                counts["fmas"] += self.turns[b] * i.fmas
                if i.width:
                    widths[f"{i.kind}.{32 * i.width}"] += self.turns[b]
                if i.kind in ("LDG", "STS"):
                    placed.append((at, i.kind))
        stores = [place for place, kind in placed if kind == "STS"]
        waits = [min((s - p) % at for s in stores) for p, kind in placed if kind == "LDG" and stores and at]
        share = counts["FMA"] / max(1, at)
        return {
            **{kind: round(count, 1) for kind, count in counts.items()}, "issued": round(at), "widths": dict(widths),
            "fma_share": round(share, 3), "bound": round(min(1.0, share * fma_cycles), 3),
            "integer_per_fma": round((counts["integer"] + counts["wide"]) / max(1, counts["fmas"]), 3),
            "wait": round(min(waits)) if waits else 0}


def analyse(code, expected, fma_cycles):
    """What a turn of the main loop issues on the best and on the longest way through it.

    `expected`: the multiply-adds of a turn, 0 where they are not known; `fma_cycles`: what one takes of its unit, which
    issues an instruction a cycle.
    """
    loop = MainLoop(code, expected)
    return {
        "best": loop.measures(loop.best(), fma_cycles),
        "longest": loop.measures(loop.longest(), fma_cycles)}
