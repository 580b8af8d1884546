#!/usr/bin/env python3
"""Square single-precision matrix products in PyTorch (cuBLAS on CUDA), the figure to beat.

Prints one JSON line per size: GFLOP/s of the median of seven runs, each of as many products as take 50 ms, as
`telar bench gemm` measures. TF32 is off.

  python3 pytorch_gemm.py [--device cpu|cuda] [--sizes 512 1024 2048 4096]
"""
import argparse, json, statistics, time
import torch


def main():
    ap = argparse.ArgumentParser()
    ap.add_argument("--device", default="cuda")
    ap.add_argument("--sizes", type=int, nargs="+", default=[512, 1024, 2048, 4096])
    a = ap.parse_args()
    torch.backends.cuda.matmul.allow_tf32 = False
    device = torch.device(a.device)
    name = torch.cuda.get_device_name(device) if device.type == "cuda" else a.device

    for n in a.sizes:
        torch.manual_seed(0)
        x, y = torch.rand(2, n, n, device=device).sub_(0.5)
        z = torch.empty(n, n, device=device)

        def seconds(calls):
            start = time.perf_counter()
            for _ in range(calls):
                torch.mm(x, y, out=z)
            if device.type == "cuda":
                torch.cuda.synchronize()
            return time.perf_counter() - start

        seconds(3)
        calls = max(1, int(0.05 / (seconds(10) / 10)))
        seconds(calls)
        once = statistics.median(seconds(calls) / calls for _ in range(7))
        print(json.dumps({"peer": "pytorch " + torch.__version__, "device": name, "m": n, "n": n, "k": n,
                          "gflops": round(2 * n**3 / once * 1e-9, 2)}), flush=True)


if __name__ == "__main__":
    main()
