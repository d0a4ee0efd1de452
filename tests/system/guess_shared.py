"""64 guessers at once on one identity, by PAKE, HTTP Basic and TLS-SRP: for
guess_budget.sh.

    guess_shared.py BUILD WORK NAME HOST:PORT IDENTITY SECRET BUDGET WAYS

WAYS is pake,basic or pake,basic,srp. Those by PAKE know the secret, see that
the server knows it too, and do not prove theirs; the others do not know it."""

import subprocess
import sys
import threading

from enroll_lib import Appliance, Report
from est_client import EST, b64, basic, make_csr, pake_client

GUESSERS = 64
WRONG = "not the secret"
# What the audit log says of a guess that was judged.
JUDGED = {"pake": ("pake.refused", "wrong password, or the peer gave up"),
          "basic": ("basic.refused", "wrong password"),
          "srp": ("srp.refused", "wrong password, or the peer gave up")}


class Guessers:
    def __init__(self, appliance, identity, secret):
        self.appliance, self.identity = appliance, identity
        self.lock, self.real = threading.Lock(), 0
        self.options = pake_client.arguments([
            "--connect", appliance.address, "--server-name", "est.lab.test",
            "--identity", identity, "--password", secret,
            "--mutate", "corrupt-finished", "--timeout", "60"])
        self.csr = b64(make_csr(identity))

    def pake(self, _):
        if pake_client.session(self.options).get("confirm_ok"):
            with self.lock:
                self.real += 1

    def basic(self, i):
        self.appliance.client.send("POST", EST + "/simpleenroll", self.csr,
                                   basic(self.identity, f"{WRONG} {i}"))

    def srp(self, i):
        host, port = self.appliance.address.rsplit(":", 1)
        subprocess.run(
            ["curl", "-sk", "--noproxy", "*", "--max-time", "60",
             "--tls-max", "1.2", "--tlsauthtype", "SRP", "--tlsuser",
             self.identity, "--tlspassword", f"{WRONG} {i}", "--resolve",
             f"est.lab.test:{port}:{host}", f"https://est.lab.test:{port}/"],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, check=False)


def main():
    identity, secret, budget, ways = sys.argv[5:9]
    appliance, report = Appliance(*sys.argv[1:5]), Report()
    guessers, ways = Guessers(appliance, identity, secret), ways.split(",")
    start = threading.Barrier(GUESSERS)

    def guess(i):
        start.wait()
        getattr(guessers, ways[i % len(ways)])(i)

    threads = [threading.Thread(target=guess, args=(i,))
               for i in range(GUESSERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    judged = {way: sum(row["count"] for row in appliance.audit(event)
                       if row["detail"] == detail and
                       row["subject"] == identity)
              for way, (event, detail) in JUDGED.items()}
    name = f"{GUESSERS} guessers by {', '.join(ways)}"
    report.check(f"{name}: exactly {budget} guesses are judged",
                 sum(judged.values()) == int(budget), judged)
    report.check(f"{name}: as many by PAKE as got a real answer",
                 judged["pake"] == guessers.real, (judged, guessers.real))
    report.check(f"{name}: none is left",
                 appliance.identity(identity)["guesses_left"] == 0)
    print(f"# {judged}")
    return 1 if report.failed else 0


sys.exit(main())
