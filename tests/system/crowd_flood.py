"""Floods from one address, and fresh clients from another: for crowd_flood.sh.

usage: crowd_flood.py PART BUILD WORK HOST:PORT ESTUARYD_PID
"""

import collections
import contextlib
import os
import signal
import socket
import struct
import sys

from crowd_lib import FLOODS, GOING, Context, Crowd
from engine_lib import Report, Server, is_closed, wait_until

SOURCE, OTHER = "127.0.0.5", "127.0.0.9"
TRIES = 2
# Within twice the usual time is what scripts/soak --crowds judges, on a machine
# that does nothing else; here, that nobody waits behind the flood.
BESIDE_MS = 1000
# Handshakes that one address has asked for when another comes, and how many of
# them may begin before the other's: a worker accepts 128 in one go.
WAITING, FIRST = 300, 30
LAST_DATA_RECV = 52  # in struct tcp_info
report = Report()


def silent_ms(sock):
    """Since when nothing came, by the kernel's clock."""
    info = sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 104)
    return struct.unpack_from("I", info, LAST_DATA_RECV)[0]


def has_answer(sock):
    """Something came, and is still there."""
    try:
        return bool(sock.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT))
    except BlockingIOError:
        return False
    except OSError:
        return True  # refused: that is an answer too


def turns(server, _build, root):
    """One worker, which finds many of one address and one of another: who came
    when is certain, since it is stopped meanwhile."""
    host, port = "127.0.0.1", server.port
    flood, other = (Context(host, port, source, root)
                    for source in (SOURCE, OTHER))
    server.fresh(OTHER)
    os.kill(server.pid, signal.SIGSTOP)
    try:
        conns = []
        for context, n in ((flood, WAITING), (other, 1)):
            hello = context.hello()
            for _ in range(n):
                conns.append(context.tcp())
                conns[-1].sendall(hello)
    finally:
        os.kill(server.pid, signal.SIGCONT)
    report(wait_until(lambda: all(has_answer(c) for c in conns), 30),
           "all are answered, or refused")
    fresh = conns.pop()
    report(not is_closed(fresh), "who came last is answered")
    silent = silent_ms(fresh)
    before = sum(silent_ms(c) > silent for c in conns)
    report(before <= FIRST, "and before most of the %d of another address"
           % WAITING, before)
    for conn in conns:
        conn.close()


def descriptors(server):
    """How many of what kind; of the store each reader opens what it needs when
    it is first asked."""
    kinds = collections.Counter()
    path = "/proc/%d/fd/" % server.pid
    for fd in os.listdir(path):
        with contextlib.suppress(OSError):
            name = os.readlink(path + fd)
            if "/estuary.db" not in name:
                kinds[name.split(":")[0]] += 1
    return kinds


def floods(server, build, root):
    crowd = Crowd(build, "127.0.0.1:%d" % server.port, root)
    crowd.fresh(OTHER, 0.3)
    before = descriptors(server)
    for name in [*FLOODS, "full_handshakes"]:
        for _ in range(TRIES):
            usual, beside, errors = crowd.beside(
                name, SOURCE, OTHER,
                lambda: server.connections() >= GOING, seconds=0.7)
            good = beside <= BESIDE_MS
            if good and not errors:
                break
        report(not errors, "%s: nobody from elsewhere is refused" % name,
               errors)
        report(good, "%s: and each is answered within a second" % name,
               "%.1f ms, %.1f usually" % (beside, usual))
    report(wait_until(lambda: server.connections() == 0 and
                      not descriptors(server) - before, 30),
           "nothing of them is left", dict(descriptors(server) - before))


def main():
    part, build, work, address, pid = sys.argv[1:6]
    root = "%s/%s.root.pem" % (work, part)
    server = Server(address, work + "/" + part, root, pid)
    {"floods": floods, "turns": turns}[part](server, build, root)
    return 1 if report.failed else 0


sys.exit(main())
