"""The table of credentials_matrix.sh, on standard input, at one appliance,
which is named after its eecerts.access."""

import itertools
import sys

from cryptography.hazmat.primitives.asymmetric import ec

from enroll_lib import PASSWORD, Appliance, Report
from enroll_who import DAY, NOW, craft, read_ca
from est_client import (EST, PakeConnection, b64, basic, make_csr,
                        save_credential)

# What each column of credentials may hold. Another kind of credential is
# another column here, in the table, and in Requester.
VALUES = {
    "pake": ("-", "right"),
    "cert": ("-", "ours", "foreign", "expired", "removed", "disabled"),
    "http": ("-", "right", "wrong", "noflag"),
}
CHALLENGE = 'Basic realm="estuary"'


def is_possible(given):
    """A client of the PAKE shows no certificate."""
    return given["pake"] == "-" or given["cert"] == "-"


class Table:
    def __init__(self, lines):
        head, *rows = (line.split("|") for line in lines)
        self.credentials, self.operations = head[0].split(), head[1].split()
        self.rows = [(row[0].split(), [int(s) for s in row[1].split()])
                     for row in rows]
        self.used = set()
        if tuple(self.credentials) != tuple(VALUES) or any(
                len(c) != len(self.credentials) or
                len(s) != len(self.operations) for c, s in self.rows):
            raise ValueError("the table does not fit its head")

    def wanted(self, given):
        """Operation: status."""
        for i, (patterns, statuses) in enumerate(self.rows):
            if all(p == "any" or given[c] in p.split(",")
                   for c, p in zip(self.credentials, patterns)):
                self.used.add(i)
                return dict(zip(self.operations, statuses))
        raise KeyError(given)


class Requester:
    """Makes requests with whatever is given."""

    def __init__(self, appliance):
        self.appliance = appliance
        for name in ("alice", "removed", "disabled"):
            appliance.password(name)
        appliance.ctl("identity", "add", "noflag", "--password-stdin",
                      text=PASSWORD + "\n")
        ca, key = read_ca(appliance)
        self.files = {
            "-": None,
            "ours": appliance.credential("alice")[0],
            "foreign": self.save("foreign", craft(
                ca, ec.generate_private_key(ec.SECP256R1()))),
            "expired": self.save("expired", craft(
                ca, key, NOW - 3 * DAY, NOW - 2 * DAY)),
            "removed": appliance.credential("removed")[0],
            "disabled": appliance.credential("disabled")[0],
        }
        appliance.ctl("identity", "remove", "removed")
        appliance.ctl("identity", "disable", "disabled")
        self.http = {
            "-": {},
            "right": basic("alice", PASSWORD),
            "wrong": basic("alice", "wrong"),
            "noflag": basic("noflag", PASSWORD),
        }
        appliance.ctl("dns-server", "issue", "--name", "dns.lab.test",
                      "--label", "domain-s", "--out", appliance.work + "/dns")

    def save(self, name, certificate):
        return save_credential(self.appliance.work,
                               f"{name}-{self.appliance.address[-5:]}",
                               certificate)

    def send(self, given, method, path):
        body, fields = None, dict(self.http[given["http"]])
        if method == "POST":
            # Nothing but who asks is wrong with the request.
            owner = given["cert"] if given["cert"] in ("removed", "disabled") \
                else "alice"
            body = b64(make_csr(owner))
        if given["pake"] == "-":
            return self.appliance.client.send(
                method, path, body, fields,
                credential=self.files[given["cert"]])
        connection = PakeConnection(self.appliance.address, [
            "--identity", "alice", "--password", PASSWORD])
        try:
            return connection.exchange(method, path, body or b"", fields)
        finally:
            connection.close()


def requests(access):
    """(column, method, path)"""
    return [(name, method, f"{EST}/{name}") for name, method in (
        ("cacerts", "GET"), ("csrattrs", "GET"),
        ("simpleenroll", "POST"), ("simplereenroll", "POST"))] + [
        (access, "GET", EST + "/eecerts"), (access, "GET", "/resolvers.json")]


def check_one(report, name, wanted, answer):
    report.status(name, wanted, answer)
    challenge = answer.fields.get("www-authenticate")
    if (challenge == CHALLENGE) != (wanted == 401):
        report.check(f"{name}: a challenge with 401 only", False, challenge)


def main():
    appliance, report = Appliance(*sys.argv[1:5]), Report()
    access = sys.argv[3]
    table, requester = Table(sys.stdin), Requester(appliance)
    issued = len(appliance.certificates())
    for values in itertools.product(*VALUES.values()):
        given = dict(zip(VALUES, values))
        if not is_possible(given):
            continue
        wanted = table.wanted(given)
        name = " ".join(f"{k}={v}" for k, v in given.items())
        for column, method, path in requests(access):
            check_one(report, f"{name}: {path} ({access})", wanted[column],
                      requester.send(given, method, path))
            issued += method == "POST" and wanted[column] == 200
        # Its wrong guesses are not what is asked about here.
        appliance.ctl("identity", "unlock", "alice")
    report.check(f"every row of the table was met ({access})",
                 table.used == set(range(len(table.rows))), table.used)
    report.check(f"what was refused left no certificate ({access})",
                 len(appliance.certificates()) == issued, issued)
    return 1 if report.failed else 0


if __name__ == "__main__":
    sys.exit(main())
