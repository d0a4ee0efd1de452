"""Slow peers and vanishing ones: for engine_slow.sh.

usage: engine_slow.py PART BUILD WORK HOST:PORT ESTUARYD_PID
"""

import json
import os
import select
import signal
import socket
import ssl
import sys
import time

from engine_lib import (
    NAME, Reader, Report, Server, get, is_closed, reset, signer_of, wait_until)
from enroll_lib import PASSWORD, Appliance
from est_client import EST, b64, basic, make_csr

RESOLVERS = "/resolvers.json"
STALL_S = 2
# Of a processor, while nothing can move: a spinning worker takes all of one. A
# tool that watches the programs takes some for itself.
IDLE_SHARE = 0.2 if "ESTUARY_WATCHED" not in os.environ else 0.7
report = Report()


def stall(server, name):
    """Nobody reads for a while."""
    before = server.cpu_seconds()
    time.sleep(STALL_S)
    took = server.cpu_seconds() - before
    report(took < STALL_S * IDLE_SHARE,
           "%s: no processor time while nothing moves" % name, "%.2f s" % took)


def slow_download(server):
    with server.tls(buffer=4096) as conn:
        conn.sendall(get(RESOLVERS))
        reader = Reader(conn)
        status, length = reader.head()
        report(status == 200 and length >= 5_000_000, "a large answer",
               "%d, %d bytes" % (status, length))
        stall(server, "a reader that sleeps")
        report(server.fresh()[0] == 200, "others are answered meanwhile")
        body, before, reads = [reader.data], server.cpu_seconds(), 0
        got = len(reader.data)
        while got < length:
            part = conn.recv(min(16384, length - got))
            if not part:
                break
            body.append(part)
            got += len(part)
            reads += 1
            if reads < 200:  # in small pieces at first
                time.sleep(0.005)
        took = server.cpu_seconds() - before
        report(got == length, "it arrives whole", "%d of %d" % (got, length))
        report(took < 1, "for little processor time", "%.2f s" % took)
        rows = json.loads(b"".join(body))["resolvers"]
        report(len(rows) == 8001, "with nothing missing", len(rows))
        reader.data = b""
        conn.sendall(get())
        report(reader.answer()[0] == 200, "and the connection is good for more")


def unread_by_server(server, conn):
    """Bytes of an IPv4 connection that wait in the server's socket."""
    ours = "%04X" % conn.getsockname()[1]
    theirs = "%04X" % server.port
    with open("/proc/net/tcp", encoding="ascii") as table:
        for line in table:
            field = line.split()
            if field[1].endswith(":" + theirs) and \
                    field[2].endswith(":" + ours):
                return int(field[4].split(":")[1], 16)
    return 0


def full_pair(server):
    """Pipelined requests whose answers nobody reads, until nothing moves."""
    n = 40000
    data = get("/nothing") * n
    raw = server.tcp(buffer=4096)
    raw.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 16384)
    with server.context.wrap_socket(raw, server_hostname=NAME) as conn:
        conn.setblocking(False)
        sent, answers, tail = 0, 0, b""

        def push():
            nonlocal sent
            try:
                while sent < len(data):
                    sent += conn.send(data[sent:sent + 16384])
            except (ssl.SSLWantWriteError, BlockingIOError):
                return False
            return True

        while not push() and select.select([], [conn], [], 1)[1]:
            pass
        # The kernel may take all of it: then it lies there unread.
        unread = unread_by_server(server, conn)
        report(sent < len(data) or unread > 0, "the sender is held back",
               "%d of %d bytes, %d unread" % (sent, len(data), unread))
        stall(server, "a full pair")
        report(server.fresh()[0] == 200, "others are answered meanwhile")
        end = time.monotonic() + 60
        while answers < n and time.monotonic() < end:
            try:
                part = conn.recv(65536)
                if not part:
                    break
                tail += part
                answers += tail.count(b"HTTP/1.1 404")
                tail = tail[-11:]
            except ssl.SSLWantReadError:
                push()
                select.select([conn], [conn] if sent < len(data) else [], [], 1)
        report(answers == n, "every request is answered once it reads", answers)


def enrolling(server):
    body = b64(make_csr())
    fields = {"Host": NAME, "Content-Type": "application/pkcs10",
              "Content-Length": len(body), **basic("waiting", PASSWORD)}
    head = "".join("%s: %s\r\n" % f for f in fields.items())
    conn = server.tls()
    conn.sendall(("POST %s/simpleenroll HTTP/1.1\r\n%s\r\n" % (
        EST, head)).encode() + body)
    return conn


def downloading(server):
    conn = server.tls(buffer=4096)
    conn.sendall(get(RESOLVERS))
    conn.recv(1000)
    return conn


def vanish(server, appliance):
    appliance.password("waiting")
    assert appliance.enroll("waiting").status == 200
    report(wait_until(lambda: server.connections() == 0, 20), "nobody is there")
    base = server.fds()
    signer = signer_of(server)
    for how in (lambda c: c.close(), reset):
        downloads = [downloading(server) for _ in range(3)]
        os.kill(signer, signal.SIGSTOP)  # not for long: it would be replaced
        try:
            conns = [enrolling(server) for _ in range(5)] + downloads
            time.sleep(0.5)
            waits = 5 - len(select.select(conns[:5], [], [], 0)[0])
            for conn in conns:
                how(conn)
            report(waits == 5, "five requests waited", waits)
            report(server.fresh()[0] == 200, "others are answered meanwhile")
        finally:
            os.kill(signer, signal.SIGCONT)
        report(wait_until(lambda: server.connections() == 0 and
                          server.fds() <= base, 30),
               "clients that vanish while their handler waits, and in a "
               "download, leave nothing behind",
               "%d descriptors, %d before" % (server.fds(), base))
    report(server.fresh()[0] == 200, "and the next one is answered")
    report(wait_until(
        lambda: appliance.enroll("waiting").status == 200, 20),
        "and enrolled")


def says_no_more(server):
    """The end of what it says comes within a request: in TLS, and in clear."""
    head = ("POST %s/simpleenroll HTTP/1.1\r\nHost: %s\r\n%%s\r\n\r\n" % (
        EST, NAME))
    for name, rest in (("a header", "X: "),
                       ("a body", "Content-Length: 2000"),
                       ("a chunked body", "Transfer-Encoding: chunked")):
        data = (head % rest).encode()
        conn = server.tls()
        conn.sendall(data[:-4] if name == "a header" else data + b"1\r\nx")
        socket.socket.shutdown(conn, socket.SHUT_WR)
        report(wait_until(lambda conn=conn: server.connections() == 0, 10),
               "who leaves within %s is not waited for" % name)
        conn.close()
    conn = server.tls()
    conn.sendall(get() + get() + (head % "Content-Length: 9").encode())
    socket.socket.shutdown(conn, socket.SHUT_WR)
    reader = Reader(conn)
    report([reader.answer()[0] for _ in range(2)] == [200, 200],
           "and what it asked before is answered")
    conn.close()


def large(server, appliance):
    says_no_more(server)
    slow_download(server)
    full_pair(server)
    vanish(server, appliance)


def ends(server, name, make, drop, seconds):
    """However steadily it sends."""
    conn, start = make(), time.monotonic()
    sent = 0
    while time.monotonic() < start + seconds + 5:
        try:
            drop(conn, sent)
            sent += 1
        except OSError:
            break
        if is_closed(conn):
            break
        time.sleep(0.1)
    took = time.monotonic() - start
    conn.close()
    report(took < seconds + 4, "%s in drops has to end" % name,
           "%.1f s, %d drops" % (took, sent))
    report(sent > 5, "and is not cut off at once", sent)


def client_hello(server):
    outgoing = ssl.MemoryBIO()
    conn = server.context.wrap_bio(ssl.MemoryBIO(), outgoing,
                                   server_hostname=NAME)
    try:
        conn.do_handshake()
    except ssl.SSLWantReadError:
        pass
    return outgoing.read()


def began(server, head):
    conn = server.tls()
    conn.settimeout(5)
    conn.sendall(head)
    return conn


def drops(server, _appliance):
    hello = client_hello(server)
    ends(server, "a handshake", server.tcp,
         lambda conn, i: conn.send(hello[i:i + 1]), 2)
    head = ("POST %s/simpleenroll HTTP/1.1\r\nHost: %s\r\n"
            "Content-Type: application/pkcs10\r\n%%s\r\n\r\n" % (EST, NAME))
    ends(server, "a header", lambda: began(server, b"GET / HTTP/1.1\r\nX: "),
         lambda conn, i: conn.send(b"x"), 4)
    ends(server, "a body", lambda: began(
        server, (head % "Content-Length: 2000").encode()),
        lambda conn, i: conn.send(b"x"), 4)
    ends(server, "a chunked body", lambda: began(
        server, (head % "Transfer-Encoding: chunked").encode()),
        lambda conn, i: conn.send(b"1\r\nx\r\n"), 4)
    report(server.fresh()[0] == 200, "and the next one is answered")
    report(wait_until(lambda: server.connections() == 0, 10),
           "none of them is left")


def main():
    name, build, work, address, pid = sys.argv[1:6]
    server = Server(address, work + "/" + name,
                    "%s/%s.root.pem" % (work, name), pid)
    {"large": large, "drops": drops}[name](
        server, Appliance(build, work, name, address))
    return 1 if report.failed else 0


sys.exit(main())
