#!/usr/bin/python3
"""Prints w0 and L of a chosen password, computed without our programs.

    verifier.py IDENTITY SERVER_NAME PASSWORD"""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "..", "peers", "pake-client"))
import p256  # noqa: E402
import spake2plus  # noqa: E402

w0, w1 = spake2plus.register(sys.argv[3].encode(), sys.argv[1].encode(),
                             sys.argv[2].encode())
print(w0.to_bytes(32, "big").hex())
print(p256.encode(p256.mul(w1, p256.G)).hex())
