"""Clients that do what they should not: one Behaviour a name."""

import os

import p256
import spake2plus
import wire
from handshake import Behaviour


def share_of(function):
    """A client whose shareP is function(prover)."""
    how = Behaviour()
    how.share = function
    return how


def shares_of(function):
    how = Behaviour()
    how.shares = function
    return how


def pake_of(function):
    """A client whose extension's body is function(the honest body)."""
    how = Behaviour()
    how.pake = function
    return how


def extensions_of(function, **attributes):
    how = Behaviour()
    how.extensions = function
    for name, value in attributes.items():
        setattr(how, name, value)
    return how


def with_attributes(**attributes):
    return extensions_of(lambda extensions, hello: extensions, **attributes)


def off_curve(prover):
    return prover.share[:-1] + bytes([prover.share[-1] ^ 1])


def not_reduced(prover):
    """A coordinate that is not below p."""
    return b"\x04" + p256.P.to_bytes(32, "big") + prover.share[33:]


def hybrid(prover):
    """The hybrid form of SEC 1: right length, wrong first byte."""
    return bytes([6 + (prover.share[-1] & 1)]) + prover.share[1:]


def compressed(prover):
    return p256.encode_compressed(p256.decode(prover.share))


def w0_m(prover):
    """x = 0: who knows w0 makes the server's X - w0 * M infinity."""
    prover.x = 0
    return p256.encode(p256.mul(prover.w0, spake2plus.M))


def without(*kinds):
    return lambda extensions, hello: [
        e for e in extensions if e[0] not in kinds]


def is_pake(kind):
    """Everything that this client sends itself is below 64."""
    return kind >= 64


def tls12(extensions, hello):
    """Not a word about TLS 1.3, only pake."""
    return without(wire.SUPPORTED_VERSIONS, wire.KEY_SHARE)(extensions, hello)


def with_psk(extensions, hello):
    """pre_shared_key has to be the last one (RFC 8446, 4.2.11)."""
    del hello
    identity = wire.vec16(wire.vec16(os.urandom(32)) + bytes(4))
    binder = wire.vec16(wire.vec8(os.urandom(32)))
    return extensions + [
        (wire.PSK_KEY_EXCHANGE_MODES, wire.vec8(b"\x01")),
        (wire.PRE_SHARED_KEY, identity + binder)]


def with_early_data(extensions, hello):
    return [(wire.EARLY_DATA, b"")] + with_psk(extensions, hello)


def twice(extensions, hello):
    del hello
    return extensions + [e for e in extensions if is_pake(e[0])]


def retry_changed(extensions, hello):
    """The second hello has another client_identity's first byte."""
    if hello == 1:
        return extensions
    return [(kind, body[:2] + bytes([body[2] ^ 1]) + body[3:]
             if is_pake(kind) else body) for kind, body in extensions]


def retry_without(extensions, hello):
    return [e for e in extensions if hello == 1 or not is_pake(e[0])]


def retry_only(extensions, hello):
    return [e for e in extensions if hello == 2 or not is_pake(e[0])]


def stolen_w0():
    """A thief of the server's record: w0 is right, w1 a guess."""
    how = Behaviour()
    how.scalars = lambda w0, w1: (w0, spake2plus.random_scalar())
    how.check_confirm = False
    return how


def identity_of(function):
    how = Behaviour()
    how.identities = lambda client, server: (function(client), server)
    return how


MUTATIONS = {
    "share-off-curve": share_of(off_curve),
    "share-not-reduced": share_of(not_reduced),
    "share-hybrid": share_of(hybrid),
    "share-compressed": share_of(compressed),
    "share-infinity": share_of(lambda prover: b"\x04" + bytes(64)),
    "share-infinity-short": share_of(lambda prover: b"\x00"),
    "share-short": share_of(lambda prover: prover.share[:-1]),
    "share-long": share_of(lambda prover: prover.share + b"\x00"),
    "share-empty": share_of(lambda prover: b""),
    "share-w0m": share_of(w0_m),
    "schemes-unsorted": shares_of(
        lambda scheme, share: [(scheme + 1, b"x"), (scheme, share)]),
    "schemes-duplicate": shares_of(
        lambda scheme, share: [(scheme, share), (scheme, share)]),
    "scheme-unknown": shares_of(
        lambda scheme, share: [(scheme ^ 0xFF, share)]),
    "schemes-none": shares_of(lambda scheme, share: []),
    "schemes-more": shares_of(
        lambda scheme, share: [(scheme - 1, b"x"), (scheme, share),
                               (scheme + 1, b"y" * 300)]),
    "extension-truncated": pake_of(lambda body: body[:-1]),
    "extension-trailing": pake_of(lambda body: body + b"\x00"),
    "extension-empty": pake_of(lambda body: b""),
    "extension-twice": extensions_of(twice),
    "identity-empty": identity_of(lambda client: b""),
    "identity-long": identity_of(lambda client: client * 200),
    "identity-nul": identity_of(lambda client: client + b"\x00"),
    "identity-lower-case": identity_of(bytes.lower),
    "tls12-only": extensions_of(tls12, tls12_only=True),
    "no-supported-groups": extensions_of(without(wire.SUPPORTED_GROUPS)),
    "no-key-share": extensions_of(without(wire.KEY_SHARE)),
    "no-signature-algorithms": extensions_of(
        without(wire.SIGNATURE_ALGORITHMS)),
    "with-psk": extensions_of(with_psk),
    "with-early-data": extensions_of(with_early_data),
    "retry-changed": extensions_of(retry_changed, force_retry=True),
    "retry-without": extensions_of(retry_without, force_retry=True),
    "retry-only": extensions_of(retry_only, force_retry=True),
    "no-confirm-check": with_attributes(check_confirm=False),
    "stolen-w0": stolen_w0(),
    "corrupt-finished": with_attributes(corrupt_finished=True),
    "vanish-after-client-hello": with_attributes(vanish_after="client_hello"),
    "vanish-after-server-hello": with_attributes(vanish_after="server_hello"),
    "one-byte-writes": with_attributes(write_bytes=1),
    "one-byte-records": with_attributes(record_bytes=1),
}
