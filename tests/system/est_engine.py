"""What no ready-made client does to an HTTP server: for est_main.sh.

usage: est_engine.py HOST PORT ROOT_PEM
"""

import os
import select
import socket
import ssl
import sys
import time

HOST, PORT, ROOT = sys.argv[1], int(sys.argv[2]), sys.argv[3]
NAME = "est.lab.test"
failed = 0


def report(good, name, detail=""):
    global failed
    print("%s - engine: %s" % ("ok" if good else "not ok", name), end="")
    print("" if good else " (%s)" % detail)
    failed += not good


def context(version=None):
    c = ssl.create_default_context(cafile=ROOT)
    if version is not None:
        c.minimum_version = c.maximum_version = version
    return c


def connect(version=None, session=None, ctx=None):
    raw = socket.create_connection((HOST, PORT), 20)
    raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return (ctx or context(version)).wrap_socket(
        raw, server_hostname=NAME, session=session
    )


def get(path, more=""):
    return ("GET %s HTTP/1.1\r\nHost: %s\r\n%s\r\n" % (path, NAME, more)).encode()


class Reader:
    """Replies off one connection, however they arrive."""

    def __init__(self, conn):
        self.conn = conn
        self.data = b""

    def more(self):
        part = self.conn.recv(65536)
        if not part:
            raise EOFError("closed after %d bytes" % len(self.data))
        self.data += part

    def reply(self, head=False):
        while b"\r\n\r\n" not in self.data:
            self.more()
        top, self.data = self.data.split(b"\r\n\r\n", 1)
        lines = top.decode().split("\r\n")
        status = int(lines[0].split()[1])
        if status == 100:
            return status, b""
        length = 0
        for line in lines[1:]:
            key, value = line.split(":", 1)
            if key.lower() == "content-length":
                length = int(value)
        if head:
            length = 0
        while len(self.data) < length:
            self.more()
        body, self.data = self.data[:length], self.data[length:]
        return status, body


def one(conn, request, head=False):
    conn.sendall(request)
    return Reader(conn).reply(head)


CACERTS = "/.well-known/est/cacerts"


def keep_alive():
    with connect() as conn:
        reader = Reader(conn)
        for i in range(20):
            conn.sendall(get(CACERTS if i % 2 else "/nothing"))
            status, body = reader.reply()
            assert status == (200 if i % 2 else 404), status
            assert body.endswith(b"\n")


def pipelining():
    paths = [CACERTS, "/nothing", "/resolvers.json", CACERTS] * 10
    with connect() as conn:
        conn.sendall(b"".join(get(p) for p in paths))
        reader = Reader(conn)
        for path in paths:
            status, _ = reader.reply()
            assert status == (404 if path == "/nothing" else 200), status


def pipelining_behind_a_refused_body():
    with connect() as conn:
        body = b"x" * 100
        post = (
            "POST %s HTTP/1.1\r\nHost: %s\r\nContent-Length: 100\r\n\r\n"
            % (CACERTS, NAME)
        ).encode()
        conn.sendall(post + body)
        status, _ = Reader(conn).reply()
        assert status in (405, 413), status


def byte_at_a_time():
    with connect() as conn:
        for byte in get(CACERTS):
            conn.sendall(bytes([byte]))
        assert Reader(conn).reply()[0] == 200


def half_close():
    """The reply comes although the client has said all that it will say."""
    with connect() as conn:
        conn.sendall(get(CACERTS))
        socket.socket.shutdown(conn, socket.SHUT_WR)
        assert Reader(conn).reply()[0] == 200


def split_records():
    """A request that ends in the middle of the next one's first line."""
    with connect() as conn:
        two = get(CACERTS) * 2
        cut = len(two) // 2 + 7
        conn.sendall(two[:cut])
        reader = Reader(conn)
        assert reader.reply()[0] == 200
        conn.sendall(two[cut:])
        assert reader.reply()[0] == 200


def expect_continue():
    with connect() as conn:
        conn.sendall(
            (
                "POST %s HTTP/1.1\r\nHost: %s\r\nContent-Length: 5\r\n"
                "Expect: 100-continue\r\n\r\n" % (CACERTS, NAME)
            ).encode()
        )
        reader = Reader(conn)
        status, _ = reader.reply()
        if status == 100:
            conn.sendall(b"12345")
            status, _ = reader.reply()
        assert status in (405, 413), status


def endless_body():
    """A body that nobody asked for is cut off, not kept."""
    part = b"10000\r\n" + b"x" * 65536 + b"\r\n"
    for path in (CACERTS, "/nothing"):
        with connect() as conn:
            conn.sendall(
                (
                    "GET %s HTTP/1.1\r\nHost: %s\r\n"
                    "Transfer-Encoding: chunked\r\n\r\n" % (path, NAME)
                ).encode()
            )
            sent = 0
            try:
                while sent < 8 << 20:
                    conn.sendall(part)
                    sent += len(part)
            except OSError:
                pass
            assert sent < 8 << 20, "%s took 8 MB" % path


def slow_reader():
    """Many replies that are read late: none may be lost or mixed up."""
    with connect() as conn:
        n = 1000
        conn.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 32768)
        conn.sendall(get(CACERTS) * n)
        time.sleep(0.3)
        reader = Reader(conn)
        bodies = set()
        for _ in range(n):
            status, body = reader.reply()
            assert status == 200
            bodies.add(body)
        assert len(bodies) == 1


def no_session(version):
    ctx = context(version)
    with connect(ctx=ctx) as first:
        one(first, get(CACERTS))
        session = first.session
        assert session is None or not session.has_ticket, "a ticket"
    if session is not None:
        with connect(ctx=ctx, session=session) as second:
            one(second, get(CACERTS))
            assert not second.session_reused, "resumed"


def closed_by_server(conn, seconds):
    conn.settimeout(seconds)
    try:
        while conn.recv(65536):
            pass
    except (TimeoutError, socket.timeout):
        return False
    except OSError:
        pass
    return True


def garbage(data):
    """An answer with 4xx or a closed connection; never 200."""
    with connect() as conn:
        conn.settimeout(2)
        try:
            conn.sendall(data)
            status, _ = Reader(conn).reply()
        except (EOFError, OSError):
            return
        assert 400 <= status < 600, status


def plain_http():
    with socket.create_connection((HOST, PORT), 20) as conn:
        conn.sendall(get(CACERTS))
        assert closed_by_server(conn, 5), "still open"


def random_bytes():
    for size in (1, 5, 6, 100, 20000):
        with socket.create_connection((HOST, PORT), 20) as conn:
            conn.sendall(b"\x16\x03\x01\x40\x00\x01\x00\x3f\xfc" + os.urandom(size))
        with socket.create_connection((HOST, PORT), 20) as conn:
            conn.sendall(os.urandom(size))


def still_well():
    with connect() as conn:
        assert one(conn, get(CACERTS))[0] == 200


def early_close():
    """Requests whose client is gone before the reply."""
    for _ in range(50):
        conn = connect()
        conn.sendall(get(CACERTS) * 20)
        conn.setsockopt(
            socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\0\0\0\0\0\0\0"
        )
        conn.close()


HEADER = "Host: %s\r\n\r\n" % NAME
GARBAGE = {
    "a header without end": b"GET / HTTP/1.1\r\nX: " + b"a" * 70000,
    "a URL of 60 kB": get("/" + "a" * 60000),
    "2,000 headers": b"GET / HTTP/1.1\r\n" + b"a: b\r\n" * 2000 + b"\r\n",
    "no Host in HTTP/1.1": b"GET %s HTTP/1.1\r\n\r\n" % CACERTS.encode(),
    "two lengths": b"POST /x HTTP/1.1\r\nContent-Length: 1\r\n"
    b"Content-Length: 2\r\n" + HEADER.encode() + b"ab",
    "a negative length": b"POST /x HTTP/1.1\r\nContent-Length: -1\r\n"
    + HEADER.encode(),
    "a length past 64 bits": b"POST /x HTTP/1.1\r\n"
    b"Content-Length: 99999999999999999999\r\n" + HEADER.encode(),
    "a chunk size past 64 bits": b"POST /x HTTP/1.1\r\n"
    b"Transfer-Encoding: chunked\r\n" + HEADER.encode() + b"f" * 17 + b"\r\n",
    "length and chunks": b"POST /x HTTP/1.1\r\nContent-Length: 3\r\n"
    b"Transfer-Encoding: chunked\r\n" + HEADER.encode() + b"0\r\n\r\n",
    "the HTTP/2 preface": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "zero bytes": b"\0" * 100 + b"\r\n\r\n",
}

tests = {
    "keep-alive": keep_alive,
    "pipelining": pipelining,
    "a refused body is not taken for a request": pipelining_behind_a_refused_body,
    "a request byte by byte": byte_at_a_time,
    "a half-closed connection gets its answer": half_close,
    "a request in two parts": split_records,
    "Expect: 100-continue": expect_continue,
    "an endless body is cut off": endless_body,
    "a slow reader of 1,000 replies": slow_reader,
    "no session ticket, no resumption: TLS 1.2": lambda: no_session(
        ssl.TLSVersion.TLSv1_2
    ),
    "no session ticket, no resumption: TLS 1.3": lambda: no_session(
        ssl.TLSVersion.TLSv1_3
    ),
    "plain HTTP is not answered": plain_http,
    "random bytes": random_bytes,
    "clients that leave before the reply": early_close,
}
for text, data in GARBAGE.items():
    tests["garbage: " + text] = lambda data=data: garbage(data)
tests["well after all that"] = still_well

for test_name, test in tests.items():
    try:
        test()
        report(True, test_name)
    except Exception as error:  # whatever went wrong is this test's result
        report(False, test_name, "%s: %s" % (type(error).__name__, error))
sys.exit(1 if failed else 0)
