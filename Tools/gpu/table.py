"""Prints rows as a table. Two figures low..high are of the best and of the longest way through the main loop."""

HEAD = (
    "target", "kernel", "tile", "flags", "regs", "spill", "stack", "local", "code", "group", "a unit", "occ", "FMA share",
    "bound", "issued", "wait", "LDG", "LDS", "STS", "int/FMA", "wide", "div")


def cells(row):
    name = row["target"], row["kernel"], row["tile"] or "", short(row["flags"] or "")
    if "crashes" in row:
        return *name, "the compiler crashes", *[""] * (len(HEAD) - 5)
    best, longest = row["loop"]["best"], row["loop"]["longest"]

    def both(name, form="{:.0f}"):
        return "..".join(dict.fromkeys(form.format(way.get(name, 0)) for way in (best, longest)))

    def widths(kind):
        found = sorted(best["widths"].items())
        return "+".join(f"{count:g}x{name[4:]}" for name, count in found if name.startswith(kind)) or "-"

    return (
        *name, row["registers"], row["spills"], row["stack"], row["local"], row["code"], row["group"],
        row["groups_per_unit"], f"{row['occupancy']:.0%}", both("fma_share", "{:.2f}"), both("bound", "{:.2f}"),
        both("issued"), best["wait"], widths("LDG"), widths("LDS"), widths("STS"), both("integer_per_fma", "{:.2f}"),
        both("wide"), both("division"))


def short(flags):
    """ALIGNED+A_IS_TRANSPOSED as ALIGNED+A_T."""
    return flags.replace("_IS_TRANSPOSED", "_T").replace("PIXELS_ALIGNED", "PIXELS")


def show(rows):
    table = [HEAD] + [cells(row) for row in rows]
    sizes = [max(len(str(line[column])) for line in table) for column in range(len(HEAD))]
    for line in table:
        print("  ".join(
            str(value).ljust(size) if column < 4 else str(value).rjust(size)
            for column, (value, size) in enumerate(zip(line, sizes))))
