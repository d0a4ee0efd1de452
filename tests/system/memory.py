"""What estuaryd, its keeper and its signer take, idle and for each idle connection.

usage: memory.py PORT PID...
"""

import socket
import ssl
import sys

from engine_lib import Report, close_all, get, wait_until

PORT, PIDS = int(sys.argv[1]), [int(pid) for pid in sys.argv[2:]]
CONNECTIONS = 400
report = Report()


def memory_kb(key="Pss"):
    """Of all processes; pages that are shared count by their share."""
    total = 0
    for pid in PIDS:
        with open("/proc/%d/smaps_rollup" % pid) as rollup:
            total += sum(
                int(line.split()[1]) for line in rollup if line.startswith(key + ":")
            )
    return total


def idle_connections(n):
    """After a request each."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    made = []
    for _ in range(n):
        conn = context.wrap_socket(socket.create_connection(("127.0.0.1", PORT), 20))
        conn.sendall(get())
        assert conn.recv(65536).startswith(b"HTTP/1.1 200")
        made.append(conn)
    return made


idle = memory_kb()
report(idle <= 20 * 1024, "idle: at most 20 MB (%d kB)" % idle)

before = memory_kb("Pss_Anon")
conns = idle_connections(CONNECTIONS)
grown = memory_kb("Pss_Anon") - before
report(
    grown <= 64 * CONNECTIONS,
    "an idle connection: at most 64 kB (%.1f kB)" % (grown / CONNECTIONS),
)
close_all(conns)
report(
    wait_until(lambda: memory_kb("Pss_Anon") - before < grown / 2, 15),
    "more than half of it is given back (%d of %d kB are kept)"
    % (memory_kb("Pss_Anon") - before, grown),
)
sys.exit(1 if report.failed else 0)
