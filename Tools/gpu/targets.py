"""Holds measures to targets.json.

`kernels` names every kernel, by the goals that it has in common with others. `goals` are rules, each for some of these
groups, targets, classes of tiles and flags that are set, with measures that are at most or at least a number; of rules
that name the same measure the last one counts. `misses` are the kernels that do not reach a goal yet, with what they
have: that must not get worse.
"""

import fnmatch
import json
from pathlib import Path

from programs import FLAGS, label

PATH = Path(__file__).with_name("targets.json")
# Numbers of a row, and of its main loop on the best way.
ROW_MEASURES = ("registers", "spills", "stack", "code", "groups_per_unit")
LOOP_MEASURES = ("fma_share", "division", "wide")
TILE_CLASSES = ("largest", "large", "small")


def measure(row, name):
    if name in ROW_MEASURES or name == "crashes":
        return row[name]
    best = row["loop"]["best"]
    return best["widths"].get("LDG.32", 0) if name == "narrow_loads" else best.get(name, 0)


def tile_classes(tile, tiles):
    """`largest`: most sums a group; `large`: both sides at least 64, the largest among them; `small`: the others."""
    if tile is None:
        return set()
    if min(tile.rows, tile.columns) < 64:
        return {"small"}
    is_largest = tile.rows * tile.columns == max(t.rows * t.columns for t in tiles)
    return {"large", "largest"} if is_largest else {"large"}


class Targets:
    def __init__(self, tiles, path=PATH):
        self.path, self.tiles = path, tiles
        self.content = json.loads(path.read_text(encoding="utf-8"))
        self.groups, self.misses = self.content["kernels"], self.content["misses"]
        self.kernels = {name: group for group, names in self.groups.items() for name in names}
        for goal in self.content["goals"]:
            names = set(goal.get("at_most", ())) | set(goal.get("at_least", ()))
            is_understood = (
                names <= {*ROW_MEASURES, *LOOP_MEASURES, "narrow_loads"} and
                goal.get("tiles", "large") in TILE_CLASSES and
                set().union(*FLAGS.values()) >= set(goal.get("flags", "").split()) and
                self.groups.keys() >= set(goal["kernels"].split()))
            if not is_understood:
                raise ValueError(f"{path.name}: not understood: {goal}")

    def goals(self, row, tile):
        """{measure: (whether it is a least, number)} of a row; of a kernel that a compiler crashes on only that."""
        if "crashes" in row:
            return {"crashes": (False, 0)}
        found, classes, flags = {}, tile_classes(tile, self.tiles), set((row["flags"] or "").split("+"))
        for goal in self.content["goals"]:
            is_meant = (
                self.kernels.get(row["kernel"]) in goal["kernels"].split() and goal.get("tiles") in {None, *classes} and
                flags >= set(goal.get("flags", "").split()) and
                any(fnmatch.fnmatchcase(row["target"], pattern) for pattern in goal["targets"].split()))
            if is_meant:
                found.update({name: (False, number) for name, number in goal.get("at_most", {}).items()})
                found.update({name: (True, number) for name, number in goal.get("at_least", {}).items()})
        return found

    def missed(self, row, tile):
        """{measure: number} of the goals that a row does not reach."""
        return {
            name: measure(row, name) for name, (is_least, goal) in self.goals(row, tile).items()
            if is_worse(measure(row, name), goal, is_least)}

    def check(self, rows):
        """What is wrong with rows, (row, tile), and how many misses are better than they stand in the file."""
        problems, gains = [], 0
        for row, tile in rows:
            if row["kernel"] not in self.kernels:
                continue
            known, goals = self.known(row), self.goals(row, tile)
            for name, value in self.missed(row, tile).items():
                is_least, goal = goals[name]
                bound = known.get(name, goal)
                if is_worse(value, bound, is_least):
                    word = "less" if is_least else "more"
                    problems.append(f"{key(row)}: {name} {value:g}, {word} than {bound:g}{said(bound, goal)}")
            for name, bound in known.items():
                gains += name not in goals or is_worse(bound, measure(row, name), goals[name][0])
        return problems, gains

    def known(self, row):
        """What the misses have for a row."""
        return self.misses.get(key(row), {})

    def check_names(self, kernels):
        """Kernels without a target, and targets without a kernel."""
        return [
            *(f"{name} has no target: name it under kernels in Tools/gpu/{self.path.name}"
              for name in sorted(kernels - self.kernels.keys())),
            *(f"{self.path.name} names {name}, which is no kernel of a GPU"
              for name in sorted(self.kernels.keys() - kernels))]

    def write(self, rows, labels):
        """Makes the misses what the rows say. Others stay, except those that `labels` does not have."""
        written = {key(row) for row, _ in rows}
        misses = {
            name: known for name, known in self.misses.items()
            if name not in written and name.rpartition(" ")[0] in labels}
        misses.update({key(row): self.missed(row, tile) for row, tile in rows if self.missed(row, tile)})
        self.misses = self.content["misses"] = dict(sorted(misses.items()))
        self.path.write_text(self.text(), encoding="utf-8")

    def text(self):
        """A rule or a miss a line."""
        groups = [f"    {json.dumps(group)}: {wrapped(names)}" for group, names in self.groups.items()]
        goals = [f"    {json.dumps(goal)}" for goal in self.content["goals"]]
        misses = [f"    {json.dumps(name)}: {json.dumps(known)}" for name, known in self.misses.items()]
        return (
            '{\n  "kernels": {\n' + ",\n".join(groups) + '\n  },\n  "goals": [\n' + ",\n".join(goals) +
            '\n  ],\n  "misses": {' + ",".join("\n" + miss for miss in misses) + "\n  }\n}\n")


def wrapped(names):
    lines = ["["]
    for index, name in enumerate(names):
        item = json.dumps(name) + ("," if index + 1 < len(names) else "]")
        if len(lines[-1]) + len(item) > 110:
            lines.append("      ")
        lines[-1] += (" " if lines[-1][-1] not in "[ " else "") + item
    return "\n".join(lines)


def key(row):
    return f"{label(row['kernel'], row['tile'], row['flags'])} {row['target']}"


def is_worse(value, bound, is_least):
    return value < bound if is_least else value > bound


def said(bound, goal):
    return "" if bound == goal else f", its bound (the goal is {goal:g})"
