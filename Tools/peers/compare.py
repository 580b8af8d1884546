#!/usr/bin/env python3
"""Images a second of Telar and PyTorch side by side: compare.py FILE, the lines that Tools/bench.sh gathers.

Each figure is the median over the rounds; the ratios are Telar's over PyTorch's fastest mode.
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
    for net in dict.fromkeys(net for net, _, _ in medians):
        peers = {mode: value for (n, who, mode), value in medians.items() if n == net and who == "pytorch"}
        ours = [medians.get((net, who, "")) for who in ("cpu", "opencl")]
        if not peers or None in ours:
            continue
        best = max(peers, key=peers.get)
        figures = " | ".join(f"{rate:,.0f}" for rate in ours)
        ratios = " | ".join(f"{rate / peers[best]:.2f}" for rate in ours)
        print(f"| {net} | {figures} | {peers[best]:,.0f} ({best}) | {ratios} |")


if __name__ == "__main__":
    main()
