#!/usr/bin/python3 -B
"""The worked example of docs/pake.md, computed from the code's characters on.
With a file as its argument: checks that the file holds exactly this."""

import sys

import onboarding
import p256
import schedule
import spake2plus
import wire

CODE = "0123-4567-89AB-CDEF-GHJ5"
SERVER_NAME = "est.example.net"
# RFC 9383 Appendix C, the first vector's x and y.
X = 0xD1232C8E8693D02368976C174E2088851B8365D0D79A9EEE709C6A05A2FAD539
Y = 0x717A72348A182085109C8D3917D6C43D59B224DC6A7FC4F0483232FA6516D8B3
# RFC 7748 6.1: the shared secret of Alice and Bob.
ECDHE = bytes.fromhex(
    "4a5d9d5ba4ce2de1728e3bf480350f25e07e21c947d19e3376f09b3c1e161742")


def values():
    code = onboarding.parse(CODE)
    client, server = code.identity.encode(), SERVER_NAME.encode()
    password = code.secret.encode()
    w0, w1 = spake2plus.register(password, client, server)
    names = spake2plus.Names(spake2plus.TLS_CONTEXT, client, server)
    prover = spake2plus.Prover(names, w0, w1, X)
    verifier = spake2plus.Verifier(names, w0, p256.mul(w1, p256.G), Y)
    keys = prover.finish(verifier.share)
    if verifier.finish(prover.share) != keys:
        raise ArithmeticError("the two sides disagree")
    tls = schedule.KeySchedule(keys.k_shared + ECDHE)
    yield "client_identity", client
    yield "server_identity", server
    yield "password", password
    yield "scrypt's input", spake2plus.prefixed(password, client, server)
    yield "w0", w0.to_bytes(32, "big")
    yield "w1", w1.to_bytes(32, "big")
    yield "L", p256.encode(verifier.l)
    yield "x", X.to_bytes(32, "big")
    yield "y", Y.to_bytes(32, "big")
    yield "shareP", prover.share
    yield "shareV", verifier.share
    yield "TT", keys.transcript
    yield "K_main", keys.k_main
    yield "K_confirmP", keys.k_confirm_p
    yield "K_confirmV", keys.k_confirm_v
    yield "K_shared", keys.k_shared
    yield "confirmV", keys.confirm_v
    yield "pake in ClientHello", wire.extension(
        0x8A3B, wire.pake_client_hello(
            client, server, [(0x7D96, prover.share)]))
    yield "pake in ServerHello", wire.extension(
        0x8A3B, wire.pake_share(0x7D96, verifier.share + keys.confirm_v))
    yield "(EC)DHE", ECDHE
    yield "Handshake Secret", tls.handshake
    yield "Master Secret", tls.master


def lines():
    for name, value in values():
        yield f"{name} ({len(value)} bytes)"
        for start in range(0, len(value), 32):
            yield "    " + value[start:start + 32].hex()


def main():
    text = "\n".join(lines()) + "\n"
    if len(sys.argv) == 1:
        print(text, end="")
        return 0
    with open(sys.argv[1], encoding="utf-8") as file:
        return 0 if f"```text\n{text}```\n" in file.read() else 1


if __name__ == "__main__":
    sys.exit(main())
