"""Mixed work for an appliance that is killed, or whose disk fails, meanwhile.

    fault_load.py BUILD WORK NAME HOST:PORT [--seconds N] [--rate N]
        [--devices DIRECTORY]

It goes on through every refusal and every closed connection until WORK/stop is
there, or N seconds are over. Each thing that was asked for becomes one line of
WORK/NAME.load as soon as its answer is there: a JSON object with the kind, the
status (0: no answer), when it was asked (monotonic), how long it took, what was
acknowledged, and the reason of a refusal. --rate bounds certificates a second,
so that the appliance is busy, and not only with this."""

import argparse
import glob
import http.client
import json
import os
import ssl
import subprocess
import sys
import threading
import time

from enroll_lib import PASSWORD, Appliance
from est_client import EST, b64, basic, make_csr, pake_client
from voucher_cms import TYPE, make_request

READS = (EST + "/cacerts", EST + "/eecerts", "/resolvers.json")
PAUSE_S = 0.02  # after no answer: the next attempt meets the new one soon
PAKE_PAUSE_S = 0.2  # in Python it takes the processor from what is tried
ENROLLERS = 3
NO_ANSWER = (OSError, EOFError, ValueError, http.client.HTTPException,
             ssl.SSLError)


class Load:
    def __init__(self, appliance, options):
        self.appliance, self.options = appliance, options
        self.end = time.monotonic() + options.seconds
        self.out = os.open(f"{options.work}/{options.name}.load",
                           os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        self.lock, self.next_at = threading.Lock(), 0
        self.credential = None

    def goes_on(self):
        return (time.monotonic() < self.end and
                not os.path.exists(self.options.work + "/stop"))

    def pace(self):
        """A certificate each 1/rate seconds, over all threads."""
        with self.lock:
            now = time.monotonic()
            self.next_at = max(now, self.next_at + 1 / self.options.rate)
            wait = self.next_at - now
        time.sleep(wait)

    def note(self, kind, start, status, value=None, why=None):
        line = json.dumps({
            "kind": kind, "status": status, "at": round(start, 4),
            "ms": round((time.monotonic() - start) * 1000, 2),
            "value": value, "why": why})
        os.write(self.out, line.encode() + b"\n")

    def noted(self, kind, start, answer, value):
        good = answer.status == 200
        self.note(kind, start, answer.status, value(answer) if good else None,
                  None if good else answer.reason)
        if not good and "retry-after" not in answer.fields and \
                answer.status == 503:
            self.note("no Retry-After", start, answer.status, None,
                      answer.reason)

    def keep_asking(self, kind, how, ask, value=lambda answer: None):
        """One thread's work: ask(connection) on one that is kept."""
        connection = None
        while self.goes_on():
            if kind != "read":
                self.pace()
            start = time.monotonic()
            try:
                if connection is None:
                    connection = self.appliance.client.connect(**how())
                self.noted(kind, start, ask(connection), value)
            except NO_ANSWER:
                self.note(kind, start, 0)
                connection = None
                time.sleep(PAUSE_S)

    # --- what is asked for ---

    def enroll(self, kind, path, fields=None):
        csr = b64(make_csr("busy"))
        self.keep_asking(
            kind, lambda: {} if fields else {"credential": self.credential},
            lambda c: c.exchange("POST", EST + path, csr, fields),
            lambda a: f"{a.certificate.serial_number:032x}")

    def read(self):
        paths = iter(())

        def ask(connection):
            nonlocal paths
            path = next(paths, None)
            if path is None:
                paths = iter(READS)
                path = next(paths)
            time.sleep(PAUSE_S)
            return connection.exchange("GET", path)

        self.keep_asking("read", dict, ask)

    def by_pake(self, kind, identity, mutate, is_good):
        """A connection each: a use when all is well, a guess when it broke off
        behind the server's proof."""
        options = pake_client.arguments([
            "--connect", self.options.address, "--server-name", "est.lab.test",
            "--identity", identity, "--password", PASSWORD, *mutate])
        while self.goes_on():
            start = time.monotonic()
            try:
                out = pake_client.session(options)
                status = 200 if is_good(out) else 0
                self.note(kind, start, status, None, out.get("reason"))
            except (*NO_ANSWER, AssertionError, LookupError):
                self.note(kind, start, 0)
            time.sleep(PAKE_PAUSE_S)

    def admin(self):
        """What the administrator does, in turns."""
        n = 0
        while self.goes_on():
            n += 1
            name = f"phone-{os.getpid()}-{n}"
            for kind, arguments, value in (
                    ("identity", ["identity", "add", name],
                     lambda d: d["identity"]),
                    ("dns", ["dns-server", "issue", "--name",
                             "dns.lab.test", "--label", "domain-s:853",
                             "--out", f"{self.options.work}/{name}"],
                     lambda d: d["serial"])):
                start = time.monotonic()
                done = subprocess.run(
                    [*self.appliance.command, *arguments], text=True,
                    stdin=subprocess.DEVNULL, capture_output=True,
                    check=False)
                if done.returncode == 0:
                    self.note(kind, start, 200,
                              value(json.loads(done.stdout)))
                else:
                    self.note(kind, start, 0 if done.returncode == 3 else
                              500 + done.returncode, None,
                              done.stderr.strip())
            time.sleep(10 * PAUSE_S)

    def ask_voucher(self, device):
        """The answer to one request on a connection of its own."""
        connection = self.appliance.client.connect(
            credential=(device + ".cert.pem", device + ".key.pem"))
        connection.connect()
        request = make_request(
            device, connection.sock.getpeercert(binary_form=True))
        try:
            return connection.exchange(
                "POST", "/.well-known/brski/requestvoucher", request,
                {"Content-Type": TYPE})
        finally:
            connection.close()

    def vouchers(self):
        """Each device of the directory, until it has its voucher."""
        for path in sorted(glob.glob(self.options.devices + "/*.cert.pem")):
            device, answer = path[:-len(".cert.pem")], None
            while self.goes_on() and (answer is None or answer.status != 200):
                start = time.monotonic()
                try:
                    answer = self.ask_voucher(device)
                    self.noted("voucher", start, answer,
                               lambda _: os.path.basename(device))
                except NO_ANSWER:
                    self.note("voucher", start, 0)
                time.sleep(PAUSE_S)

    # --- all of it ---

    def prepare(self):
        """What outlives restarts: an identity for each purpose."""
        a = self.appliance
        a.password("busy")
        a.password("joiner", "--uses", str(USES))
        a.password("guessed")
        a.ctl("dns-server", "issue", "--name", "dns.lab.test", "--label",
              "domain-s:853", "--out", f"{a.work}/{self.options.name}-dns")
        self.credential, certificate = a.credential("busy", make_csr("busy"))
        self.note("enroll", time.monotonic(), 200,
                  f"{certificate.serial_number:032x}")

    def run(self):
        work = [(self.enroll, "enroll", "/simpleenroll")] * ENROLLERS + [
            (self.enroll, "reenroll", "/simplereenroll"),
            (self.enroll, "basic", "/simpleenroll", basic("busy", PASSWORD)),
            (self.read,), (self.admin,),
            (self.by_pake, "join", "joiner", [],
             lambda out: (out["http"] or {}).get("status") == 200),
            (self.by_pake, "guess", "guessed",
             ["--mutate", "corrupt-finished"],
             lambda out: out.get("confirm_ok"))]
        if self.options.devices:
            work.append((self.vouchers,))
        threads = [threading.Thread(target=w[0], args=w[1:]) for w in work]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()


USES = 100000


def main():
    parser = argparse.ArgumentParser()
    for name in ("build", "work", "name", "address"):
        parser.add_argument(name)
    parser.add_argument("--seconds", type=float, default=7200)
    parser.add_argument("--rate", type=float, default=60)
    parser.add_argument("--devices")
    options = parser.parse_args()
    load = Load(Appliance(options.build, options.work, options.name,
                          options.address), options)
    load.prepare()
    load.run()


if __name__ == "__main__":
    main()
