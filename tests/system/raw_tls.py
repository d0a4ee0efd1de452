"""TLS as bytes: ClientHellos of any shape, and the records that a server sends
back in the clear. Nothing here checks what it builds."""

import os
import socket

ALERT, HANDSHAKE, HEARTBEAT = 21, 22, 24
CLIENT_HELLO, SERVER_HELLO, SERVER_KEY_EXCHANGE = 1, 2, 12
TLS12, TLS13 = 0x0303, 0x0304
NAME = "est.lab.test"

(SNI, GROUPS, SIGALGS, HEARTBEATS, ALPN, EMS, TICKET, PSK, EARLY_DATA, VERSIONS,
 PSK_MODES, KEY_SHARE, SECURE_RENEGOTIATION) = (
     0, 10, 13, 15, 16, 23, 35, 41, 42, 43, 45, 51, 0xff01)

# Every one that a client of today may offer with an ECDSA certificate.
GOOD12 = (0xc02b, 0xc02c, 0xcca9)
GOOD13 = (0x1301, 0x1302, 0x1303)
X25519 = 29
HELLO_RETRY_REQUEST = bytes.fromhex(
    "cf21ad74e59a6111be1d8c021e65b891c2a211167abb8c5e079e09e2c8a8339c")


def u16(*numbers):
    return b"".join(n.to_bytes(2, "big") for n in numbers)


def vec8(data):
    return bytes([len(data)]) + data


def vec16(data):
    return u16(len(data)) + data


def message(kind, body):
    return bytes([kind]) + len(body).to_bytes(3, "big") + body


def record(data, kind=HANDSHAKE, version=0x0301):
    return bytes([kind]) + u16(version) + vec16(data)


def records(data, size):
    """A handshake message in records of that size."""
    return b"".join(record(data[i:i + size])
                    for i in range(0, len(data), size))


def extension(kind, body):
    return u16(kind) + vec16(body)


def sni(name, kind=0):
    return extension(SNI, vec16(bytes([kind]) + vec16(name)))


def alpn(*protocols):
    return extension(ALPN, vec16(b"".join(vec8(p) for p in protocols)))


def basics(versions=(TLS13, TLS12), groups=(29, 23, 24), share=True):
    """The extensions of an ordinary client, as a list."""
    out = [extension(GROUPS, vec16(u16(*groups))),
           extension(SIGALGS, vec16(u16(0x0403, 0x0503, 0x0804))),
           extension(SECURE_RENEGOTIATION, vec8(b""))]
    if versions:
        out.append(extension(VERSIONS, vec8(u16(*versions))))
    if TLS13 in versions:
        key = u16(X25519) + vec16(b"\x09" + os.urandom(31)) if share else b""
        out.append(extension(KEY_SHARE, vec16(key)))
    return out


def hello(extensions=None, suites=GOOD13 + GOOD12, version=TLS12, session=b"",
          compression=b"\0"):
    """A ClientHello, without records."""
    if extensions is None:
        extensions = [sni(NAME.encode())] + basics()
    block = b"".join(extensions)
    return message(CLIENT_HELLO, u16(version) + os.urandom(32) +
                   vec8(session) + vec16(u16(*suites)) + vec8(compression) +
                   (vec16(block) if extensions else b""))


def hello12(**more):
    """One that knows TLS 1.2 only."""
    return hello([sni(NAME.encode())] + basics(versions=()),
                 **{"suites": GOOD12, **more})


def hello12_with(*more):
    return hello(basics(versions=()) + list(more), GOOD12)


class Reply:
    """What a server said in the clear: records, and the messages in them."""

    def __init__(self, data):
        self.data, self.records = data, []
        while len(data) >= 5 and data[0] in (20, 21, 22, 23, 24):
            length = int.from_bytes(data[3:5], "big")
            if len(data) < 5 + length:
                break
            self.records.append((data[0], data[5:5 + length]))
            data = data[5 + length:]
        self.rest = data
        self.messages = {}
        stream = b"".join(d for kind, d in self.records if kind == HANDSHAKE)
        while len(stream) >= 4:
            end = 4 + int.from_bytes(stream[1:4], "big")
            if len(stream) < end:
                break
            self.messages.setdefault(stream[0], stream[4:end])
            stream = stream[end:]

    @property
    def alert(self):
        """(level, description), or None."""
        for kind, data in self.records:
            if kind == ALERT and len(data) == 2:
                return data[0], data[1]
        return None

    @property
    def server_hello(self):
        """{version, suite, compression, session, extensions}, or None."""
        body = self.messages.get(SERVER_HELLO)
        if body is None:
            return None
        end = 35 + body[34]
        out = {"random": body[2:34], "session": body[35:end],
               "suite": int.from_bytes(body[end:end + 2], "big"),
               "compression": body[end + 2], "extensions": {}}
        data = body[end + 5:]
        while data:
            length = int.from_bytes(data[2:4], "big")
            out["extensions"][int.from_bytes(data[:2], "big")] = data[
                4:4 + length]
            data = data[4 + length:]
        chosen = out["extensions"].get(VERSIONS, body[:2])
        out["version"] = int.from_bytes(chosen, "big")
        out["retry"] = out["random"] == HELLO_RETRY_REQUEST
        return out

    def __str__(self):
        return "alert %s, messages %s, %d records, %d bytes" % (
            self.alert, sorted(self.messages), len(self.records),
            len(self.data))


def connect(port, source="127.0.0.1", timeout=10):
    sock = socket.create_connection(("127.0.0.1", port), timeout, (source, 0))
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return sock


def send(sock, data):
    """False when the server had closed before all of it was through."""
    try:
        sock.sendall(data)
        return True
    except ConnectionError:
        return False


def everything(sock):
    """Until the server closes; TimeoutError if it does not."""
    data = b""
    try:
        while part := sock.recv(65536):
            data += part
    except ConnectionError:
        pass
    return data


def exchange(port, data, source="127.0.0.1"):
    """Says all that, and nothing more; the server has to end it."""
    with connect(port, source) as sock:
        if send(sock, data):
            try:
                sock.shutdown(socket.SHUT_WR)
            except OSError:
                pass
        return Reply(everything(sock))
