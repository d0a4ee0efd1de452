"""The key schedule of TLS 1.3 (RFC 8446, 7.1) for SHA-256."""

import hashlib
import hmac


def extract(salt, key):
    return hmac.digest(salt, key, "sha256")


def expand_label(secret, label, context, length):
    """HKDF-Expand-Label; one block of HMAC is all that TLS asks for here."""
    name = b"tls13 " + label.encode()
    info = (length.to_bytes(2, "big") + bytes([len(name)]) + name +
            bytes([len(context)]) + context)
    return hmac.digest(secret, info + b"\x01", "sha256")[:length]


def derive_secret(secret, label, transcript):
    return expand_label(secret, label, hashlib.sha256(transcript).digest(), 32)


class KeySchedule:
    """shared is the (EC)DHE input: with a PAKE, K_shared || (EC)DHE."""

    def __init__(self, shared):
        zero = bytes(32)
        self.early = extract(zero, zero)
        self.handshake = extract(
            derive_secret(self.early, "derived", b""), shared)
        self.master = extract(
            derive_secret(self.handshake, "derived", b""), zero)

    def handshake_secrets(self, transcript):
        """Client's and server's, after ServerHello."""
        return (derive_secret(self.handshake, "c hs traffic", transcript),
                derive_secret(self.handshake, "s hs traffic", transcript))

    def application_secrets(self, transcript):
        """Client's and server's, after the server's Finished."""
        return (derive_secret(self.master, "c ap traffic", transcript),
                derive_secret(self.master, "s ap traffic", transcript))


def finished(secret, transcript):
    """verify_data (RFC 8446, 4.4.4)."""
    key = expand_label(secret, "finished", b"", 32)
    return hmac.digest(key, hashlib.sha256(transcript).digest(), "sha256")
