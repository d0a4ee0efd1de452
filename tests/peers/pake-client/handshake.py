"""The client's handshake of TLS 1.3 (RFC 8446) with SPAKE2+ inside."""

import hashlib
import hmac
import os

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, x25519

import p256
import record
import schedule
import spake2plus
import wire
from record import TlsError

GROUPS = {"x25519": wire.X25519, "p256": wire.SECP256R1}


class Behaviour:
    """What an honest client does. hostile.py overrides parts of it."""

    tls12_only = False
    write_bytes = record_bytes = None
    check_confirm = True
    vanish_after = None  # "client_hello" or "server_hello"
    corrupt_finished = False
    force_retry = False  # offer no key share

    def scalars(self, w0, w1):
        return w0, w1

    def share(self, prover):
        return prover.share

    def shares(self, scheme, share):
        return [(scheme, share)]

    def identities(self, client, server):
        return client, server

    def pake(self, body):
        return body

    def extensions(self, extensions, hello):
        """The list of (type, body) of the first or the second hello."""
        del hello
        return extensions


class Vanished(Exception):
    pass


class Result:
    """What is known about the connection so far."""

    def __init__(self):
        self.group = None
        self.retried = self.pake_answered = self.complete = False
        self.confirm_ok = None
        self.server_hello_bytes = None
        self.dns_names = []
        self.tickets = 0
        self.alpn = None


class Ephemeral:
    """One key share."""

    def __init__(self, group):
        self.group = group
        if group == wire.X25519:
            self.private = x25519.X25519PrivateKey.generate()
            self.public = self.private.public_key().public_bytes(
                serialization.Encoding.Raw, serialization.PublicFormat.Raw)
        else:
            self.private = ec.generate_private_key(ec.SECP256R1())
            self.public = self.private.public_key().public_bytes(
                serialization.Encoding.X962,
                serialization.PublicFormat.UncompressedPoint)

    def exchange(self, peer):
        try:
            if self.group == wire.X25519:
                return self.private.exchange(
                    x25519.X25519PublicKey.from_public_bytes(peer))
            p256.decode(peer)  # the uncompressed form is the only one
            return self.private.exchange(
                ec.ECDH(), ec.EllipticCurvePublicKey.from_encoded_point(
                    ec.SECP256R1(), peer))
        except ValueError as e:
            raise TlsError(47, f"key_share: {e}") from e


class Handshake:
    def __init__(self, records, options, behaviour):
        """options: server_name, group, hrr, extension, scheme, and identity
        and password, which are None for a client without a PAKE."""
        self.records, self.options, self.how = records, options, behaviour
        self.result = Result()
        self.transcript = b""
        self.messages = b""
        self.random, self.session_id = os.urandom(32), os.urandom(32)
        self.group = GROUPS[options.group]
        self.key = None
        self.prover = self.pake_sent = self.share_sent = None
        if options.password is not None:
            self._prepare_pake()

    def _prepare_pake(self):
        o = self.options
        client, server = o.identity.encode(), o.server_name.encode()
        w0, w1 = self.how.scalars(
            *spake2plus.register(o.password.encode(), client, server))
        client, server = self.how.identities(client, server)
        names = spake2plus.Names(spake2plus.TLS_CONTEXT, client, server)
        self.prover = spake2plus.Prover(names, w0, w1)
        self.share_sent = self.how.share(self.prover)
        self.pake_sent = self.how.pake(wire.pake_client_hello(
            client, server, self.how.shares(o.scheme, self.share_sent)))

    # Messages in and out

    def send(self, kind, body):
        data = wire.message(kind, body)
        self.transcript += data
        self.records.write(record.HANDSHAKE, data)

    def receive(self):
        """The next handshake message: type, body, all of it. Whoever takes it
        adds it to the transcript."""
        while (len(self.messages) < 4 or len(self.messages) <
               4 + int.from_bytes(self.messages[1:4], "big")):
            kind, fragment = self.records.read()
            if kind != record.HANDSHAKE or not fragment:
                raise TlsError(10, f"a record of type {kind} in the handshake")
            self.messages += fragment
        end = 4 + int.from_bytes(self.messages[1:4], "big")
        whole, self.messages = self.messages[:end], self.messages[end:]
        return whole[0], whole[4:], whole

    def expect(self, wanted):
        kind, body, whole = self.receive()
        if kind != wanted:
            raise TlsError(10, f"message {kind} where {wanted} is due")
        self.transcript += whole
        return body

    # ClientHello

    def hello_extensions(self):
        u16, vec8, vec16 = wire.u16, wire.vec8, wire.vec16
        host = wire.u8(0) + vec16(self.options.server_name.encode())
        share = b""
        if self.key is not None:
            share = u16(self.key.group) + vec16(self.key.public)
        extensions = [
            (wire.SERVER_NAME, vec16(host)),
            (wire.SUPPORTED_VERSIONS, vec8(u16(0x0304))),
            (wire.SUPPORTED_GROUPS, vec16(u16(self.group))),
            (wire.SIGNATURE_ALGORITHMS,
             vec16(u16(wire.ECDSA_SECP256R1_SHA256))),
            (wire.ALPN, vec16(vec8(b"http/1.1"))),
            (wire.KEY_SHARE, vec16(share)),
        ]
        if self.pake_sent is not None:
            extensions.append((self.options.extension, self.pake_sent))
        return extensions

    def send_hello(self, number, cookie=None):
        extensions = self.hello_extensions()
        if cookie is not None:
            extensions.append((wire.COOKIE, cookie))
        extensions = self.how.extensions(extensions, number)
        suite = 0xC02B if self.how.tls12_only else wire.TLS_AES_128_GCM_SHA256
        self.send(wire.CLIENT_HELLO, (
            wire.u16(0x0303) + self.random + wire.vec8(self.session_id) +
            wire.vec16(wire.u16(suite)) + wire.vec8(b"\0") +
            wire.vec16(b"".join(wire.extension(*e) for e in extensions))))

    # ServerHello and HelloRetryRequest

    def receive_server_hello(self):
        kind, body, whole = self.receive()
        if kind != wire.SERVER_HELLO:
            raise TlsError(10, f"message {kind} where ServerHello is due")
        hello = wire.ServerHello(body)
        self.result.server_hello_bytes = len(whole)
        if self.how.tls12_only:
            raise TlsError(90, "the server speaks TLS 1.2 with us")
        if (hello.version != 0x0303 or hello.compression != 0 or
                hello.session_id != self.session_id or
                hello.cipher_suite != wire.TLS_AES_128_GCM_SHA256):
            raise TlsError(47, "ServerHello does not answer our ClientHello")
        if hello.extensions.get(wire.SUPPORTED_VERSIONS) != wire.u16(0x0304):
            raise TlsError(70, "the server does not speak TLS 1.3")
        return hello, whole

    def retry(self, hello, whole):
        """RFC 8446, 4.1.4 and 4.4.1: the second ClientHello."""
        body = hello.extensions.get(wire.KEY_SHARE)
        if body is None or self.key is not None or self.result.retried:
            raise TlsError(47, "HelloRetryRequest without need")
        if self.options.extension in hello.extensions:
            raise TlsError(110, "pake in HelloRetryRequest")
        group = int.from_bytes(body, "big")
        if len(body) != 2 or group != self.group:
            raise TlsError(47, "HelloRetryRequest for a group not offered")
        digest = hashlib.sha256(self.transcript).digest()
        self.transcript = wire.message(wire.MESSAGE_HASH, digest) + whole
        self.key = Ephemeral(group)
        self.result.retried = True
        self.send_hello(2, hello.extensions.get(wire.COOKIE))

    def exchange(self, hello):
        """The (EC)DHE input of the key schedule."""
        allowed = {wire.SUPPORTED_VERSIONS, wire.KEY_SHARE}
        if self.pake_sent is not None:
            allowed.add(self.options.extension)
        if set(hello.extensions) - allowed:
            raise TlsError(110, "ServerHello has extensions not asked for")
        if wire.KEY_SHARE not in hello.extensions or self.key is None:
            raise TlsError(109, "ServerHello without a usable key_share")
        group, peer = wire.read_key_share(hello.extensions[wire.KEY_SHARE])
        if group != self.key.group:
            raise TlsError(47, "ServerHello's group is not ours")
        self.result.group = {v: k for k, v in GROUPS.items()}[group]
        shared = self.key.exchange(peer)
        if self.pake_sent is None:
            return shared
        if self.options.extension not in hello.extensions:
            raise TlsError(40, "the server went on without the PAKE")
        return self.finish_pake(
            hello.extensions[self.options.extension]) + shared

    def finish_pake(self, body):
        self.result.pake_answered = True
        share_v, confirm_v = wire.read_pake_server_hello(
            body, self.options.scheme)
        try:
            keys = self.prover.finish(share_v, self.share_sent)
        except p256.PointError as e:
            raise TlsError(47, f"shareV: {e}") from e
        self.result.confirm_ok = hmac.compare_digest(keys.confirm_v, confirm_v)
        if not self.result.confirm_ok and self.how.check_confirm:
            raise TlsError(51, "confirmV does not fit: wrong code, or not the "
                               "server that knows it")
        return keys.k_shared

    # The server's encrypted flight

    def receive_flight(self, server_secret):
        """Returns the context of a CertificateRequest, or None."""
        context = None
        r = wire.Reader(self.expect(wire.ENCRYPTED_EXTENSIONS),
                        "EncryptedExtensions")
        extensions = wire.read_extensions(r)
        r.end()
        if wire.ALPN in extensions:
            self.result.alpn = extensions[wire.ALPN][3:].decode()
        kind, body, whole = self.receive()
        self.transcript += whole
        if kind == wire.CERTIFICATE_REQUEST:
            context = wire.Reader(body, "CertificateRequest").vec(1)
            body = self.expect(wire.CERTIFICATE)
        elif kind != wire.CERTIFICATE:
            raise TlsError(10, f"message {kind} where Certificate is due")
        leaf = x509.load_der_x509_certificate(wire.read_certificates(body)[0])
        self.check_certificate_verify(leaf)
        want = schedule.finished(server_secret, self.transcript)
        if not hmac.compare_digest(self.expect(wire.FINISHED), want):
            raise TlsError(51, "the server's Finished is wrong")
        self.result.dns_names = dns_names(leaf)
        return context

    def check_certificate_verify(self, leaf):
        """RFC 8446, 4.4.3."""
        signed = (b" " * 64 + b"TLS 1.3, server CertificateVerify\0" +
                  hashlib.sha256(self.transcript).digest())
        r = wire.Reader(self.expect(wire.CERTIFICATE_VERIFY),
                        "CertificateVerify")
        scheme, signature = r.uint(2), r.vec(2)
        r.end()
        key = leaf.public_key()
        if (scheme != wire.ECDSA_SECP256R1_SHA256 or
                not isinstance(key, ec.EllipticCurvePublicKey) or
                not isinstance(key.curve, ec.SECP256R1)):
            raise TlsError(47, "CertificateVerify is not ECDSA with P-256")
        try:
            key.verify(signature, signed, ec.ECDSA(hashes.SHA256()))
        except InvalidSignature as e:
            raise TlsError(51, "CertificateVerify is wrong") from e

    def finish(self, client_secret, context):
        if context is not None:
            self.send(wire.CERTIFICATE, wire.vec8(context) + bytes(3))
        data = schedule.finished(client_secret, self.transcript)
        if self.how.corrupt_finished:
            data = bytes([data[0] ^ 1]) + data[1:]
        self.send(wire.FINISHED, data)

    # All of it

    def run(self):
        if not self.options.hrr and not self.how.force_retry:
            self.key = Ephemeral(self.group)
        self.send_hello(1)
        self.vanish("client_hello")
        hello, whole = self.receive_server_hello()
        if hello.is_retry:
            self.retry(hello, whole)
            hello, whole = self.receive_server_hello()
            if hello.is_retry:
                raise TlsError(10, "a second HelloRetryRequest")
        self.vanish("server_hello")
        if self.messages:
            raise TlsError(10, "a message in the clear behind ServerHello")
        keys = schedule.KeySchedule(self.exchange(hello))
        self.transcript += whole
        client, server = keys.handshake_secrets(self.transcript)
        if self.result.confirm_ok is False:
            self.attack(keys, client)
            return
        self.records.read_keys = record.Keys(server)
        context = self.receive_flight(server)
        application = keys.application_secrets(self.transcript)
        self.records.write(record.CHANGE_CIPHER_SPEC, b"\x01")
        self.records.write_keys = record.Keys(client)
        self.finish(client, context)
        self.records.write_keys = record.Keys(application[0])
        self.records.read_keys = record.Keys(application[1])
        self.result.complete = True

    def attack(self, keys, client):
        """confirmV was wrong and we go on: without K_shared nothing of the
        server's can be read, so guess that it waits for our Finished."""
        self.records.write(record.CHANGE_CIPHER_SPEC, b"\x01")
        self.records.write_keys = record.Keys(client)
        self.finish(client, None)
        self.records.write_keys = record.Keys(
            keys.application_secrets(self.transcript)[0])

    def vanish(self, where):
        if self.how.vanish_after == where:
            raise Vanished(f"left after {where}")


def dns_names(certificate):
    try:
        names = certificate.extensions.get_extension_for_class(
            x509.SubjectAlternativeName)
    except x509.ExtensionNotFound:
        return []
    return names.value.get_values_for_type(x509.DNSName)
