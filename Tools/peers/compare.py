#!/usr/bin/env python3
"""Images a second of Telar and PyTorch side by side: compare.py FILE, the lines that Tools/bench.sh gathers.

Each figure is the median over the rounds; the ratios are Telar's over PyTorch's fastest mode. The last line has the
geometric means of the ratios.
"""
import collections, json, statistics, sys


def main():
    rates = collections.defaultdict(list)
    for line in open(sys.argv[1]):
        row = json.loads(line)
        who = "pytorch" if "peer" in row else row["device"].split(":")[0]
        rates[row["net"], who, row.get("mode", "")].append(row["images_per_s"])
    medians = {key: statistics.median(values) for key, values in rates.items()}
    print("| network | cpu | OpenCL | PyTorch at its best | cpu / PyTorch | OpenCL / PyTorch |")
    print("|---|---|---|---|---|---|")
    all_ratios = []
    for net in dict.fromkeys(net for net, _, _ in medians):
        peers = {mode: value for (n, who, mode), value in medians.items() if n == net and who == "pytorch"}
        ours = [medians.get((net, who, "")) for who in ("cpu", "opencl")]
        if not peers or None in ours:
            continue
        best = max(peers, key=peers.get)
        figures = " | ".join(f"{rate:,.0f}" for rate in ours)
        ratios = [rate / peers[best] for rate in ours]
        all_ratios.append(ratios)
        print(f"| {net} | {figures} | {peers[best]:,.0f} ({best}) | {ratios[0]:.2f} | {ratios[1]:.2f} |")
    if all_ratios:
        cpu, opencl = (statistics.geometric_mean(column) for column in zip(*all_ratios))
        print(f"| geometric mean | | | | {cpu:.2f} | {opencl:.2f} |")


if __name__ == "__main__":
    main()
