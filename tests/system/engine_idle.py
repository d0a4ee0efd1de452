"""Connections that idle, and those that come after them: for engine_idle.sh.

usage: engine_idle.py PART BUILD WORK HOST:PORT ESTUARYD_PID
"""

import os
import signal
import sys
import threading
import time

from engine_lib import (
    Reader, Report, Server, answers, close_all, get, is_closed, signer_of,
    wait_until)
from enroll_lib import Appliance

OTHER, THIRD = "127.0.0.2", "127.0.0.3"
N_TCP, N_TLS = 1000, 500
SOON_S = 5
report = Report()


def fresh_from(server, name, sources=("127.0.0.1", OTHER), n=20):
    """All of them are answered, and soon."""
    for source in sources:
        statuses, seconds = zip(*(server.fresh(source) for _ in range(n)))
        report(set(statuses) == {200} and max(seconds) < SOON_S,
               "%s: %d fresh requests from %s" % (name, n, source),
               "median %.0f ms, slowest %.0f ms" % (
                   sorted(seconds)[n // 2] * 1000, max(seconds) * 1000))


def crowded(server, _appliance):
    """With the default settings: at most 1,024 of a source."""
    for name, make in (("silent", server.tcp), ("in the handshake", server.said)):
        tcp = [make() for _ in range(N_TCP)]
        tls = [server.tls() for _ in range(N_TLS)]
        fresh_from(server, "%d idle TCP (%s) and %d idle TLS" % (
            N_TCP, name, N_TLS))
        # The last fresh one, of another source, may just be leaving.
        report(wait_until(lambda: server.connections() <= 1024, SOON_S),
               "the source has its share and no more", server.connections())
        if make == server.said:
            gone = sum(is_closed(conn) for conn in tcp)
            report(gone >= N_TCP + N_TLS - 1024, "the oldest gave way", gone)
            # The silent ones come in late, and are newer then.
            report(not any(is_closed(conn) for conn in tls),
                   "the %d that came last are still there" % N_TLS)
            report(answers(tls[0]) and answers(tls[-1]),
                   "and those who idled may still ask")
        close_all(tcp + tls)
        report(wait_until(lambda: server.connections() == 0, 20),
               "none is counted once they are gone")


def oldest(server, _appliance):
    """50 of a source, one worker: the order is exact."""
    elsewhere = [server.tls(OTHER) for _ in range(3)]
    conns = [server.said() if i % 2 else server.tls() for i in range(50)]
    report(not any(is_closed(c) for c in conns), "50 of one source")
    report(answers(conns[0]), "the first one asks: it is the newest now")
    later = [server.tls() for _ in range(10)]
    report(wait_until(lambda: all(is_closed(c) for c in conns[1:11]), SOON_S),
           "ten more come: the ten oldest give way")
    report(not any(is_closed(c) for c in conns[11:]), "and no other")
    report(answers(conns[0]), "nor the one that had asked")
    report(all(answers(c) for c in later), "all newcomers are answered")
    report(all(answers(c) for c in elsewhere),
           "another source's connections are not touched")
    report(wait_until(lambda: server.connections() == 53, SOON_S),
           "the count is exact", server.connections())
    # Bytes are no progress: who sends a header in drops gets older with it.
    drips = [server.tls() for _ in range(5)]
    for _ in range(10):
        for conn in drips:
            conn.sendall(b"G")
    later += [server.tls() for _ in range(50)]
    report(wait_until(lambda: all(is_closed(c) for c in drips), SOON_S),
           "who sends its request in drops gives way like the silent")
    close_all(conns + later + elsewhere + drips)
    report(wait_until(lambda: server.connections() == 0, 20),
           "none is counted once they are gone")


def is_quiet(server):
    before = server.cpu_seconds()
    time.sleep(0.3)
    return server.cpu_seconds() == before


def downloads(server, n, requests):
    """Each has asked for much and reads nothing."""
    conns = [server.tls(buffer=4096) for _ in range(n)]
    for conn in conns:
        conn.settimeout(2)
        try:
            conn.sendall(get() * requests)
        except TimeoutError:
            raise AssertionError("the requests do not fit") from None
        conn.recv(1)
    # The answers have begun; once nothing moves they wait for their readers.
    wait_until(lambda: is_quiet(server), 10)
    return conns


def busy(server, appliance):
    """4 of a source, one worker: a handler that waits, and downloads."""
    appliance.password("waiting")
    signer, result = signer_of(server), []
    os.kill(signer, signal.SIGSTOP)
    try:
        enrolling = threading.Thread(
            target=lambda: result.append(appliance.enroll("waiting")))
        enrolling.start()
        # Its password was judged, and it waits for the signer: nothing is to
        # be seen of that but its connection, and time.
        wait_until(lambda: server.connections() == 1, SOON_S)
        time.sleep(1)
        for _ in range(3):
            close_all([server.tls() for _ in range(6)])
        report(not result, "the request still waits", result)
    finally:
        os.kill(signer, signal.SIGCONT)
    enrolling.join()
    report(result[0].status == 200,
           "a request whose handler waits is never the victim",
           result[0].status)

    requests = 3000  # some 7 MB of answers: the kernel takes less
    conns = downloads(server, 3, requests)
    wait_until(lambda: server.connections() == 3, SOON_S)
    idle = server.tls()
    later = server.tls()
    report(wait_until(lambda: is_closed(idle), SOON_S),
           "beside three downloads the idle one gives way")
    report(answers(later), "to the newest")
    last = downloads(server, 1, requests)
    report(wait_until(lambda: is_closed(later), SOON_S), "and so on")
    try:
        server.tls().close()
        report(False, "all busy: one more of that source is refused")
    except OSError as error:
        report(True, "all busy: one more of that source is refused",
               type(error).__name__)
    report(server.fresh(OTHER)[0] == 200, "another source is not concerned")
    for conn in conns + last:
        conn.settimeout(30)
        reader = Reader(conn)
        reader.data = b"H"  # was read before
        good = sum(reader.answer()[0] == 200 for _ in range(requests))
        report(good == requests, "a download in progress is never the victim",
               good)
    report(server.fresh()[0] == 200, "once they have read there is room again")
    close_all(conns + last)
    report(wait_until(lambda: server.connections() == 0, 20),
           "none is counted once they are gone")


def workers(server, _appliance):
    """4 of a source, four workers: the newcomer's worker seldom has one."""
    kept = []
    for i in range(300):
        conn = server.tls()
        if not answers(conn):
            report(False, "newcomer %d is answered" % i)
            return
        kept.append(conn)
        if not wait_until(lambda: server.connections() <= 4, SOON_S):
            report(False, "never more than four")
            return
    report(True, "300 newcomers took the places of those before them")
    alive = sum(not is_closed(conn) for conn in kept)
    report(alive == 4, "four are left", alive)
    errors = []

    def knock():
        try:
            for _ in range(50):
                if server.fresh()[0] != 200:
                    errors.append("status")
        except (OSError, EOFError):
            pass  # four places, all busy just then

    threads = [threading.Thread(target=knock) for _ in range(8)]
    for thread in threads:
        thread.start()
    most = 0
    while any(thread.is_alive() for thread in threads):
        most = max(most, server.connections())
    report(not errors, "eight at a time: whoever is let in is answered")
    # A connection that died is counted until its memory goes.
    report(most <= 4 + 8, "and the count stays near the cap", most)
    close_all(kept)
    report(wait_until(lambda: server.connections() == 0, 20),
           "none is counted once they are gone")
    kept = [server.tls() for _ in range(4)]
    report(all(answers(c) for c in kept), "the source has all its places again")
    close_all(kept)


def full(server, _appliance):
    """16 in all, one worker: the source with the most gives way."""
    few = [server.tls(OTHER), server.tls(OTHER)]
    flood = [server.tls() for _ in range(14)]
    flood += [server.tls() for _ in range(20)]
    report(wait_until(lambda: all(is_closed(c) for c in flood[:20]), SOON_S),
           "a flood pushes out its own oldest")
    fresh_from(server, "full", (THIRD, OTHER))
    report(all(answers(c) for c in few), "and nobody else's")
    conns = server.connections()
    report(12 <= conns <= 16, "the count is within the cap", conns)
    close_all(few + flood)
    report(wait_until(lambda: server.connections() == 0, 20),
           "none is counted once they are gone")


def descriptors(server, _appliance):
    """No more descriptors than 400."""
    conns = [server.tls() for _ in range(150)]
    report(server.fds() < 400, "the descriptors are not used up", server.fds())
    report(all(answers(c) for c in conns[-40:]),
           "the newest have a descriptor for their request")
    fresh_from(server, "few descriptors")
    close_all(conns)


def main():
    name, build, work, address, pid = sys.argv[1:6]
    server = Server(address, work + "/" + name,
                    "%s/%s.root.pem" % (work, name), pid)
    part = {f.__name__: f for f in (
        crowded, oldest, busy, workers, full, descriptors)}[name]
    part(server, Appliance(build, work, name, address))
    return 1 if report.failed else 0


sys.exit(main())
