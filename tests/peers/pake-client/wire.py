"""Encoding and strict decoding of TLS 1.3 messages (RFC 8446, 4), and of the
pake extension (docs/pake.md)."""

from record import TlsError

(CLIENT_HELLO, SERVER_HELLO, NEW_SESSION_TICKET, ENCRYPTED_EXTENSIONS,
 CERTIFICATE, CERTIFICATE_REQUEST, CERTIFICATE_VERIFY, FINISHED, KEY_UPDATE,
 MESSAGE_HASH) = 1, 2, 4, 8, 11, 13, 15, 20, 24, 254

(SERVER_NAME, SUPPORTED_GROUPS, SIGNATURE_ALGORITHMS, ALPN, PRE_SHARED_KEY,
 EARLY_DATA, SUPPORTED_VERSIONS, COOKIE, PSK_KEY_EXCHANGE_MODES,
 KEY_SHARE) = 0, 10, 13, 16, 41, 42, 43, 44, 45, 51

TLS_AES_128_GCM_SHA256 = 0x1301
ECDSA_SECP256R1_SHA256 = 0x0403
SECP256R1, X25519 = 0x0017, 0x001D
HELLO_RETRY_REQUEST = bytes.fromhex(
    "cf21ad74e59a6111be1d8c021e65b891c2a211167abb8c5e079e09e2c8a8339c")


def u8(n):
    return n.to_bytes(1, "big")


def u16(n):
    return n.to_bytes(2, "big")


def vec8(data):
    return u8(len(data)) + data


def vec16(data):
    return u16(len(data)) + data


def message(kind, body):
    return u8(kind) + len(body).to_bytes(3, "big") + body


def extension(kind, body):
    return u16(kind) + vec16(body)


def pake_share(scheme, msg):
    return u16(scheme) + vec16(msg)


def pake_client_hello(client_identity, server_identity, shares):
    return (vec16(client_identity) + vec16(server_identity) +
            vec16(b"".join(pake_share(s, m) for s, m in shares)))


class Reader:
    """Takes bytes apart; decode_error when they do not fit."""

    def __init__(self, data, what):
        self.data, self.what = data, what

    def bytes(self, n):
        if len(self.data) < n:
            raise TlsError(50, f"{self.what} is too short")
        out, self.data = self.data[:n], self.data[n:]
        return out

    def uint(self, n):
        return int.from_bytes(self.bytes(n), "big")

    def vec(self, n):
        return self.bytes(self.uint(n))

    def end(self):
        if self.data:
            raise TlsError(50, f"{self.what} has trailing bytes")


def read_extensions(reader):
    """A block of extensions as {type: body}."""
    block = Reader(reader.vec(2), reader.what + "'s extensions")
    out = {}
    while block.data:
        kind, body = block.uint(2), block.vec(2)
        if kind in out:
            raise TlsError(47, f"{reader.what} has an extension twice")
        out[kind] = body
    return out


class ServerHello:
    def __init__(self, body):
        r = Reader(body, "ServerHello")
        self.version, self.random = r.uint(2), r.bytes(32)
        self.session_id = r.vec(1)
        self.cipher_suite, self.compression = r.uint(2), r.uint(1)
        self.extensions = read_extensions(r) if r.data else {}
        r.end()

    @property
    def is_retry(self):
        return self.random == HELLO_RETRY_REQUEST


def read_key_share(body):
    r = Reader(body, "key_share")
    group, key = r.uint(2), r.vec(2)
    r.end()
    return group, key


def read_pake_server_hello(body, scheme):
    """shareV and confirmV."""
    r = Reader(body, "pake")
    chosen, msg = r.uint(2), r.vec(2)
    r.end()
    if chosen != scheme or len(msg) != 65 + 32:
        raise TlsError(47, "pake in ServerHello is not our scheme's")
    return msg[:65], msg[65:]


def read_certificates(body):
    """The server's chain in DER, leaf first."""
    r = Reader(body, "Certificate")
    if r.vec(1):
        raise TlsError(47, "Certificate has a request context")
    entries, out = Reader(r.vec(3), "Certificate"), []
    r.end()
    while entries.data:
        out.append(entries.vec(3))
        read_extensions(entries)
    if not out:
        raise TlsError(50, "Certificate is empty")
    return out
