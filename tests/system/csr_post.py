"""Posts every damaged form of a CSR to the admin API; each must be refused with
one line that says why. For csr_refused.sh.

usage: csr_post.py ADMIN_SOCKET GOOD_CSR_PEM
"""

import base64
import http.client
import json
import socket
import sys


class Admin(http.client.HTTPConnection):
    def __init__(self, path):
        super().__init__("estuary", timeout=30)
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.connect(self.path)


admin = Admin(sys.argv[1])
text = open(sys.argv[2]).read()
good = base64.b64decode("".join(text.split("-----")[2].split()))
failed = 0
reasons = {}


def post(der, what):
    global failed
    body = {
        "name": "dns.lab.test",
        "labels": [{"label": "domain-s"}],
        "addresses": ["127.0.0.1"],
        "csr": base64.b64encode(der).decode(),
    }
    admin.request("POST", "/api/v1/dns-servers", json.dumps(body))
    reply = admin.getresponse()
    answer = json.loads(reply.read())
    detail = answer.get("detail", "")
    reasons[detail] = reasons.get(detail, 0) + 1
    if reply.status not in (400, 422) or not detail or "\n" in detail:
        print("%s: status %d, '%s'" % (what, reply.status, detail))
        failed += 1


for n in range(len(good)):
    post(good[:n], "%d bytes of %d" % (n, len(good)))
for n in range(len(good)):
    for mask in (0x01, 0x80):
        damaged = bytearray(good)
        damaged[n] ^= mask
        post(bytes(damaged), "byte %d ^ %02x" % (n, mask))
# A length that promises more than there is, in four bytes.
post(b"\x30\x84\xff\xff\xff\xff" + good[3:], "a huge length")
post(b"\x30\x80" + good[3:] + b"\0\0", "an indefinite length")
print("%d forms, %d different reasons" % (3 * len(good) + 2, len(reasons)))
sys.exit(1 if failed else 0)
