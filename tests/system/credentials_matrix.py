"""The table of credentials_matrix.sh, on standard input, at one appliance,
which is named after its eecerts.access."""

import itertools
import re
import subprocess
import sys

from cryptography.hazmat.primitives.asymmetric import ec

from enroll_lib import PASSWORD, Appliance, Report
from enroll_who import DAY, NOW, craft, read_ca
from est_client import (EST, NAME, Answer, PakeConnection, b64, basic,
                        make_csr, save_credential)

# What each column of credentials may hold. Another kind of credential is
# another column here, in the table, and in Requester.
VALUES = {
    "pake": ("-", "right"),
    "srp": ("-", "right", "wrong"),
    "cert": ("-", "ours", "foreign", "expired", "removed", "disabled"),
    "http": ("-", "right", "wrong", "noflag"),
}
CHALLENGE = 'Basic realm="estuary"'
CURL_CONNECT_ERROR = 35


def is_possible(given):
    """A client of the PAKE shows no certificate, and knows no TLS-SRP."""
    return given["pake"] == "-" or given["cert"] == given["srp"] == "-"


class Table:
    def __init__(self, lines):
        head, *rows = (line.split("|") for line in lines)
        self.credentials, self.operations = head[0].split(), head[1].split()
        self.rows = [(row[0].split(), [None if s == "none" else int(s)
                                       for s in row[1].split()])
                     for row in rows]
        self.used = set()
        if tuple(self.credentials) != tuple(VALUES) or any(
                len(c) != len(self.credentials) or
                len(s) != len(self.operations) for c, s in self.rows):
            raise ValueError("the table does not fit its head")

    def wanted(self, given):
        """Operation: status, or None where there is no connection."""
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
        self.code = appliance.code("--uses", "1000")

    def save(self, name, certificate):
        return save_credential(self.appliance.work,
                               f"{name}-{self.appliance.address[-5:]}",
                               certificate)

    def owner(self, given):
        """Whose name the request has: nothing but who asks is wrong with it."""
        if given["srp"] != "-":
            return self.code.identity
        if given["cert"] in ("removed", "disabled"):
            return given["cert"]
        return "alice"

    def send(self, given, method, path):
        """None when there is no connection."""
        body, fields = None, dict(self.http[given["http"]])
        if method == "POST":
            body = b64(make_csr(self.owner(given)))
        if given["srp"] != "-":
            return self.send_srp(given, path, body, fields)
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

    def send_srp(self, given, path, body, fields):
        secret = self.code.secret if given["srp"] == "right" else "WRONG"
        credential = self.files[given["cert"]]
        address, port = self.appliance.client.address
        command = ["curl", "-sSik", "--max-time", "60", "--tls-max", "1.2",
                   "--tlsauthtype", "SRP", "--tlsuser", self.code.identity,
                   "--tlspassword", secret,
                   "--connect-to", f"{NAME}:443:{address}:{port}"]
        if body is not None:
            fields["Content-Type"] = "application/pkcs10"
            command += ["--data-binary", body.decode()]
        if credential is not None:
            command += ["--cert", credential[0], "--key", credential[1]]
        for name, value in fields.items():
            command += ["-H", f"{name}: {value}"]
        done = subprocess.run([*command, f"https://{NAME}{path}"],
                              capture_output=True, check=False)
        if done.returncode == CURL_CONNECT_ERROR and \
                b"bad record mac" in done.stderr:
            return None
        done.check_returncode()
        head, _, content = done.stdout.partition(b"\r\n\r\n")
        line, *rest = head.decode().split("\r\n")
        return Answer(int(line.split()[1]),
                      {k.lower(): v for k, v in
                       (re.split(": ?", field, maxsplit=1)
                        for field in rest)}, content)


def requests(access):
    """(column, method, path)"""
    return [(name, method, f"{EST}/{name}") for name, method in (
        ("cacerts", "GET"), ("csrattrs", "GET"),
        ("simpleenroll", "POST"), ("simplereenroll", "POST"))] + [
        (access, "GET", EST + "/eecerts"), (access, "GET", "/resolvers.json")]


def check_one(report, name, wanted, answer):
    if wanted is None or answer is None:
        report.check(f"{name}: no connection", wanted is answer, answer)
        return
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
        # Without a connection there is no request to tell from another.
        for column, method, path in requests(access)[
                :1 if given["srp"] == "wrong" else None]:
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
