"""Clients that take their time, or vanish at every stage: for idle_clients.sh.

usage: idle_clients.py HOST:PORT STATE_DIR ROOT_PEM ESTUARYD_PID
"""

import socket
import ssl
import sys
import time

from engine_lib import (
    NAME, Report, Server, close_all, get, is_closed, reset, wait_until)

GET = get()
server = Server(*sys.argv[1:5])
report = Report()
tcp, tls = server.tcp, server.tls


def client_hello():
    """A real one, as it would go to the wire."""
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    conn = server.context.wrap_bio(incoming, outgoing, server_hostname=NAME)
    try:
        conn.do_handshake()
    except ssl.SSLWantReadError:
        pass
    return outgoing.read()


HELLO = client_hello()


def fresh_request():
    """How long one new client waits for its reply."""
    status, seconds = server.fresh()
    assert status == 200, status
    return seconds


def slowest(n=20):
    return max(fresh_request() for _ in range(n))


def said(conn, data):
    conn.sendall(data)
    return conn


def admin(data):
    conn = socket.socket(socket.AF_UNIX)
    conn.connect(server.admin_socket)
    return said(conn, data)


# Every stage at which a client may stop.
STAGES = {
    "idle TCP": (200, tcp),
    "the first byte of a ClientHello": (50, server.said),
    "half a ClientHello": (50, lambda: said(tcp(), HELLO[: len(HELLO) // 2])),
    "no answer to the ServerHello": (50, lambda: said(tcp(), HELLO)),
    "idle TLS": (100, tls),
    "half a request line": (50, lambda: said(tls(), GET[:9])),
    "half a header": (50, lambda: said(tls(), GET[:-4])),
    "half a body": (
        20,
        lambda: said(
            tls(), b"POST /x HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nab"
        ),
    ),
    "idle after a reply": (50, lambda: said(tls(), GET)),
    "replies that nobody reads": (5, lambda: said(tls(), GET * 2000)),
    "idle on admin.sock": (5, lambda: admin(b"")),
    "half a request on admin.sock": (5, lambda: admin(b"GET /api/v1/st")),
}

fresh_request()
base = server.fds()

kept = {}
for name, (n, make) in STAGES.items():
    kept[name] = [make() for _ in range(n)]
total = sum(len(k) for k in kept.values())
worst = slowest()
report(
    worst < 3,
    "with %d clients that do nothing a fresh one does not wait" % total,
    "%.3f s" % worst,
)
end = time.monotonic() + 12
open_ = dict(kept)
while open_ and time.monotonic() < end:
    open_ = {n: [c for c in k if not is_closed(c)] for n, k in open_.items()}
    open_ = {n: k for n, k in open_.items() if k}
    time.sleep(0.2)
for name in STAGES:
    left = len(open_.get(name, []))
    report(left == 0, "sent away in time: %s" % name, "%d left" % left if left else "")
for conns in kept.values():
    close_all(conns)
report(
    wait_until(lambda: server.fds() <= base, 10),
    "descriptors are back to where they were",
    "%d, %d before" % (server.fds(), base),
)

# A byte now and then must not keep a connection for ever.
drips = [tls() for _ in range(3)]
start = time.monotonic()
alive = len(drips)
while alive and time.monotonic() < start + 10:
    for conn in drips:
        try:
            conn.sendall(b"G" if conn.version() else b"")
        except OSError:
            pass
    time.sleep(0.5)
    alive = sum(not is_closed(c) for c in drips)
report(alive == 0, "a request that comes byte by byte has to end some time")
close_all(drips)

# Now they vanish instead.
for name, (n, make) in STAGES.items():
    for end_it in (lambda c: c.close(), reset):
        for conn in [make() for _ in range(min(n, 25))]:
            end_it(conn)
worst = slowest(5)
report(worst < 3, "fresh requests while clients vanish", "%.3f s" % worst)
# TCP_DEFER_ACCEPT lets a client that said nothing arrive late.
report(
    wait_until(lambda: server.fds() <= base, 15),
    "clients that vanish at any stage leave no descriptor behind",
    "%d, %d before" % (server.fds(), base),
)

# More than there may be: the others are refused, and room comes back.
crowd = []
try:
    for _ in range(1300):
        crowd.append(server.said())
except OSError:
    pass
report(
    wait_until(lambda: server.fds() < base + 1100, 2),
    "server.max_connections bounds the descriptors",
    "%d" % server.fds(),
)
close_all(crowd)
report(
    wait_until(lambda: server.fds() <= base, 15),
    "room comes back",
    "%d, %d before" % (server.fds(), base),
)
report(fresh_request() < 3, "and a fresh request is answered")
sys.exit(1 if report.failed else 0)
