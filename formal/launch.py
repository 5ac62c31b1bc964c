"""Starts halmos, in its own environment, with its model of SHA-256 mended.

halmos 0.3.3 declares the precompile's input as so many bits as it has bytes, and then refuses any input.
"""

import sys
from typing import Any

import halmos.sevm
from halmos.__main__ import main
from z3 import BitVecSort

_SHA256 = "f_sha256_"
_declare = halmos.sevm.Function


def _function(name: str, *sorts: Any) -> Any:
    if name.startswith(_SHA256):
        sorts = (BitVecSort(8 * int(name.removeprefix(_SHA256))), sorts[-1])
    return _declare(name, *sorts)


if __name__ == "__main__":
    halmos.sevm.Function = _function
    sys.exit(main())
