#!/usr/bin/python3 -B
"""The client's own arithmetic against published vectors: RFC 9383 Appendix C
(SPAKE2+) and RFC 8448 section 3 (the TLS 1.3 key schedule)."""

import sys

import onboarding
import p256
import schedule
import spake2plus

H = bytes.fromhex


def spake2plus_vector():
    names = spake2plus.Names(
        b"SPAKE2+-P256-SHA256-HKDF-SHA256-HMAC-SHA256 Test Vectors",
        b"client", b"server")
    w0, w1, x, y = (int(s, 16) for s in (
        "bb8e1bbcf3c48f62c08db243652ae55d3e5586053fca77102994f23ad95491b3",
        "7e945f34d78785b8a3ef44d0df5a1a97d6b3b460409a345ca7830387a74b1dba",
        "d1232c8e8693d02368976c174e2088851b8365d0d79a9eee709c6a05a2fad539",
        "717a72348a182085109c8d3917d6c43d59b224dc6a7fc4f0483232fa6516d8b3"))
    prover = spake2plus.Prover(names, w0, w1, x)
    verifier = spake2plus.Verifier(names, w0, p256.mul(w1, p256.G), y)
    keys = prover.finish(verifier.share)
    yield "L", p256.encode(verifier.l), H(
        "04eb7c9db3d9a9eb1f8adab81b5794c1f13ae3e225efbe91ea487425854c7fc00f"
        "00bfedcbd09b2400142d40a14f2064ef31dfaa903b91d1faea7093d835966efd")
    yield "shareP", prover.share, H(
        "04ef3bd051bf78a2234ec0df197f7828060fe9856503579bb1733009042c15c0c1"
        "de127727f418b5966afadfdd95a6e4591d171056b333dab97a79c7193e341727")
    yield "shareV", verifier.share, H(
        "04c0f65da0d11927bdf5d560c69e1d7d939a05b0e88291887d679fcadea75810fb"
        "5cc1ca7494db39e82ff2f50665255d76173e09986ab46742c798a9a68437b048")
    yield "K_shared", keys.k_shared, H(
        "0c5f8ccd1413423a54f6c1fb26ff01534a87f893779c6e68666d772bfd91f3e7")
    yield "confirmP", keys.confirm_p, H(
        "926cc713504b9b4d76c9162ded04b5493e89109f6d89462cd33adc46fda27527")
    yield "confirmV", keys.confirm_v, H(
        "9747bcc4f8fe9f63defee53ac9b07876d907d55047e6ff2def2e7529089d3e68")
    yield "both sides", verifier.finish(prover.share), keys


def key_schedule_vector():
    keys = schedule.KeySchedule(H(
        "8bd4054fb55b9d63fdfbacf9f04b9f0d35e6d63f537563efd46272900f89492d"))
    yield "handshake secret", keys.handshake, H(
        "1dc826e93606aa6fdc0aadc12f741b01046aa6b99f691ed221a9f0ca043fbeac")
    yield "master secret", keys.master, H(
        "18df06843d13a08bf2a449844c5f8a478001bc4d4c627984d5a41da8d0402919")
    secret = H(
        "b67b7d690cc16c4e75e54213cb2d37b4e9c912bcded9105d42befd59d391ad38")
    yield "server handshake write key", schedule.expand_label(
        secret, "key", b"", 16), H("3fce516009c21727d0f2e4e86ee403bc")
    yield "server handshake write iv", schedule.expand_label(
        secret, "iv", b"", 12), H("5d313eb2671276ee13000b30")


def code_vector():
    yield "onboarding code", tuple(onboarding.parse(
        "o123 4567-89ab-cdef-ghj5")), ("01234567", "89ABCDEFGHJ", None, None)


def main():
    failures = 0
    for title, vector in (("RFC 9383 Appendix C", spake2plus_vector),
                          ("RFC 8448 section 3", key_schedule_vector),
                          ("docs/pake.md", code_vector)):
        for name, have, want in vector():
            failures += have != want
            print(f"{'ok' if have == want else 'not ok'} - {title}: {name}")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
