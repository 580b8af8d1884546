#!/usr/bin/env python3
"""Runs ONNX files in ONNX Runtime and holds the results against recorded ones: check.py MODEL.onnx...

Beside each MODEL.onnx lie MODEL.input and MODEL.output, floats in the order of their elements. A line a file; exits 1
where a difference is above 1e-4. Where the package onnx is installed, its checker has to pass each file too.
"""

import sys

import numpy
import onnxruntime

try:
    import onnx
except ImportError:
    onnx = None

TOLERANCE = 1e-4


def problem(path):
    if onnx is not None:
        onnx.checker.check_model(path, full_check=True)
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    (given,), (computed,) = session.get_inputs(), session.get_outputs()
    if (given.name, computed.name, given.shape[0], computed.shape[0]) != ("input", "output", "N", "N"):
        return f"reads {given.name} {given.shape}, writes {computed.name} {computed.shape}"
    stem = path.removesuffix(".onnx")
    x = numpy.fromfile(stem + ".input", numpy.float32).reshape([-1] + given.shape[1:])
    expected = numpy.fromfile(stem + ".output", numpy.float32)
    (y,) = session.run(None, {"input": x})
    if list(y.shape) != [len(x)] + computed.shape[1:] or y.size != expected.size:
        return f"makes {y.shape}, {expected.size} numbers were expected"
    error = numpy.abs(y.ravel() - expected).max()
    return None if error <= TOLERANCE else f"is off by {error}"


def main():
    failed = 0
    for path in sys.argv[1:]:
        try:
            found = problem(path)
        except Exception as error:
            found = f"{type(error).__name__}: {error}"
        print(f"{path}: {found or 'ok'}")
        failed += found is not None
    sys.exit(1 if failed else 0)


main()
