"""What the appliance cannot do now it refuses with 503, and each 503 says when to
come again: for retry_after_refused.sh.

usage: retry_after.py BUILD WORK NAME HOST:PORT ESTUARYD_PID
"""

import base64
import collections
import json
import os
import select
import signal
import sys

from engine_lib import Local, Report, Server, close_all, signer_of
from enroll_lib import PASSWORD, Appliance
from est_client import EST, Connection, b64, basic, make_csr

PASSWORDS = 130  # 64 may wait to be judged
WAIT_S = 60
ADMIN_ISSUE = json.dumps({
    "name": "dns.lab.test", "labels": [{"label": "domain-s"}],
    "csr": "-----BEGIN CERTIFICATE REQUEST-----\n%s"
           "-----END CERTIFICATE REQUEST-----\n" % (
               base64.encodebytes(make_csr()).decode())})
report = Report()


class Answers:
    """Statuses; and of the 503s, those that do not say when and why."""

    def __init__(self):
        self.statuses = collections.Counter()
        self.lacking = []

    def add(self, connection):
        reply = connection.getresponse()
        body = reply.read()
        connection.close()
        self.statuses[reply.status] += 1
        told = reply.headers.get_all("Retry-After") or []
        if reply.status == 503 and not (
                len(told) == 1 and told[0].isdigit() and int(told[0]) > 0 and
                body.strip()):
            self.lacking.append((told, body))

    def judge(self, name, others):
        """Some are refused for now, the others as they should be."""
        n = self.statuses[503]
        report(n > 0 and set(self.statuses) <= {503, *others}, name,
               dict(self.statuses))
        report(not self.lacking, "%s: each 503 says when and why" % name,
               self.lacking[:3] or n)


def connect(appliance, n, **how):
    context = appliance.client.context(**how)
    made = [Connection(appliance.client.address, context) for _ in range(n)]
    for connection in made:
        connection.connect()
    return made


def ask(connection, path, fields=None):
    connection.request("POST", EST + path, b64(make_csr("busy")), {
        "Content-Type": "application/pkcs10", **(fields or {})})


def issue(server, answers):
    """By the administrator."""
    admin = Local(server.admin_socket)
    admin.request("POST", "/api/v1/dns-servers", ADMIN_ISSUE)
    answers.add(admin)


def answered(connections):
    """Those that are answered when the first one is, or after WAIT_S."""
    poll = select.poll()
    by_fd = {c.sock.fileno(): c for c in connections}
    for fd in by_fd:
        poll.register(fd, select.POLLIN)
    poll.poll(WAIT_S * 1000)
    return [by_fd[fd] for fd, _ in poll.poll(0)]


def passwords(appliance):
    """More than wait to be judged, which takes its time: those that are judged
    are not waited for. Whose they are makes no difference."""
    answers = Answers()
    waiting = connect(appliance, PASSWORDS)
    for i, connection in enumerate(waiting):
        ask(connection, "/simpleenroll", basic("nobody-%d" % i, PASSWORD))
    while not answers.statuses[503] and (some := answered(waiting)):
        for connection in some:
            waiting.remove(connection)
            answers.add(connection)
    answers.judge("too many passwords", {401})
    close_all(waiting)


def down(server, appliance, credential):
    """Until it is started again, after 1, 2, 4 ... seconds."""
    for _ in range(6):
        answers = Answers()
        connection, = connect(appliance, 1, credential=credential)
        os.kill(signer_of(server), signal.SIGKILL)
        ask(connection, "/simplereenroll")
        answers.add(connection)
        issue(server, answers)
        if answers.statuses[503] == 2:
            break
    answers.judge("no signer", {})


def main():
    _, build, work, name, address, pid = sys.argv
    appliance = Appliance(build, work, name, address)
    server = Server(address, f"{work}/{name}", f"{work}/{name}.root.pem", pid)
    appliance.password("busy")
    credential, _ = appliance.credential("busy", make_csr("busy"))
    down(server, appliance, credential)
    passwords(appliance)
    return 1 if report.failed else 0


sys.exit(main())
