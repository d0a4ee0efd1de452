"""SPAKE2+ (RFC 9383), P256-SHA256-HKDF-SHA256-HMAC-SHA256, as docs/pake.md
puts it: the prover is the TLS client, the verifier the TLS server."""

import functools
import hashlib
import hmac
import secrets
from typing import NamedTuple

import p256

# RFC 9383, section 4.
M_COMPRESSED = bytes.fromhex(
    "02886e2f97ace46e55ba9dd7242579f2993b64e16ef3dcab95afd497333d8fa12f")
N_COMPRESSED = bytes.fromhex(
    "03d8bbd6c639c62937b04d997f38c3770719c629d7014d49a24b4f98baa1292b49")
M = p256.decompress(M_COMPRESSED)
N = p256.decompress(N_COMPRESSED)

TLS_CONTEXT = b"tls"


class Keys(NamedTuple):
    transcript: bytes
    k_main: bytes
    k_confirm_p: bytes
    k_confirm_v: bytes
    k_shared: bytes
    confirm_p: bytes
    confirm_v: bytes


class Names(NamedTuple):
    context: bytes
    prover: bytes
    verifier: bytes


def prefixed(*parts):
    """Each part behind its length as eight bytes, little-endian."""
    return b"".join(len(p).to_bytes(8, "little") + p for p in parts)


@functools.lru_cache
def register(password, prover, verifier):
    """w0 and w1 from a password (RFC 9383 3.2, with scrypt as the PBKDF)."""
    out = hashlib.scrypt(prefixed(password, prover, verifier), salt=b"",
                         n=32768, r=8, p=1, maxmem=64 << 20, dklen=80)
    return (int.from_bytes(out[:40], "big") % p256.ORDER,
            int.from_bytes(out[40:], "big") % p256.ORDER)


def random_scalar():
    return 1 + secrets.randbelow(p256.ORDER - 1)


def expand(key, info, length):
    """HKDF-SHA256 with no salt (RFC 5869)."""
    prk = hmac.digest(bytes(32), key, "sha256")
    out, block = b"", b""
    while len(out) < length:
        block = hmac.digest(prk, block + info + bytes([len(out) // 32 + 1]),
                            "sha256")
        out += block
    return out[:length]


def derive(names, share_p, share_v, z, v, w0):
    """RFC 9383 3.3 (transcript) and 3.4 (keys)."""
    transcript = prefixed(*names, p256.encode(M), p256.encode(N), share_p,
                          share_v, p256.encode(z), p256.encode(v),
                          w0.to_bytes(32, "big"))
    k_main = hashlib.sha256(transcript).digest()
    confirmation = expand(k_main, b"ConfirmationKeys", 64)
    return Keys(transcript, k_main, confirmation[:32], confirmation[32:],
                expand(k_main, b"SharedKey", 32),
                hmac.digest(confirmation[:32], share_v, "sha256"),
                hmac.digest(confirmation[32:], share_p, "sha256"))


class Prover:
    def __init__(self, names, w0, w1, x=None):
        self.names, self.w0, self.w1 = names, w0, w1
        self.x = random_scalar() if x is None else x
        self.share = p256.encode(
            p256.add(p256.mul(self.x, p256.G), p256.mul(w0, M)))

    def finish(self, share_v, share_p=None):
        """share_p: what was really sent, when that was not self.share."""
        y = p256.add(p256.decode(share_v), p256.negate(p256.mul(self.w0, N)))
        if y is None:
            raise p256.PointError("shareV is w0 * N")
        return derive(self.names, share_p or self.share, share_v,
                      p256.mul(self.x, y), p256.mul(self.w1, y), self.w0)


class Verifier:
    """The server's half: for the vectors and the worked example."""

    def __init__(self, names, w0, l, y):
        self.names, self.w0, self.l, self.y = names, w0, l, y
        self.share = p256.encode(
            p256.add(p256.mul(y, p256.G), p256.mul(w0, N)))

    def finish(self, share_p):
        x = p256.add(p256.decode(share_p), p256.negate(p256.mul(self.w0, M)))
        return derive(self.names, share_p, self.share, p256.mul(self.y, x),
                      p256.mul(self.y, self.l), self.w0)
