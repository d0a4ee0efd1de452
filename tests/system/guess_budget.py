"""Guessers by PAKE, all at once: for guess_budget.sh.

usage: guess_budget.py HOST:PORT IDENTITY N [PID]

Prints how many got a real answer. With PID, that process is killed once the
second of them has come.
"""

import os
import signal
import sys
import threading

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "..", "peers", "pake-client"))

import hostile  # noqa: E402
import pake_client  # noqa: E402

PASSWORD = "correct horse battery"
KILL_AFTER = 2


class Count:
    def __init__(self, pid):
        self.lock, self.real, self.pid = threading.Lock(), 0, pid

    def add(self):
        with self.lock:
            self.real += 1
            if self.pid is not None and self.real == KILL_AFTER:
                os.kill(self.pid, signal.SIGKILL)


def guess(options, start, count):
    start.wait()
    try:
        out = pake_client.session(options)
    except OSError:  # the server went
        return
    if out.get("confirm_ok"):
        count.add()


def main():
    address, identity, n = sys.argv[1], sys.argv[2], int(sys.argv[3])
    count = Count(int(sys.argv[4]) if sys.argv[4] else None)
    options = pake_client.arguments([
        "--connect", address, "--server-name", "est.lab.test",
        "--identity", identity, "--password", PASSWORD,
        "--mutate", "corrupt-finished", "--timeout", "60"])
    assert options.mutate in hostile.MUTATIONS
    start = threading.Barrier(n)
    threads = [threading.Thread(target=guess, args=(options, start, count))
               for _ in range(n)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    print(count.real)


main()
