"""A MASA for tests, CMS only, that misbehaves as a file says.

    voucher_masa.py DIRECTORY

DIRECTORY holds ca.pem, tls.{pem,key}, signer.{pem,key},
stranger-signer.{pem,key} and mode; the port is written to DIRECTORY/port.
What is asked is logged to standard output, one line a request.
"""
import base64
import datetime
import http.server
import json
import os
import socket
import ssl
import struct
import subprocess
import sys
import tempfile
import threading

from cryptography import x509
from cryptography.hazmat.primitives import serialization

DIRECTORY = sys.argv[1]
ROOT = "ietf-voucher-request:voucher"
PLAIN_ROOT = "ietf-voucher:voucher"
TYPE = "application/voucher-cms+json"
SLOW_S = 8
counts = {}
lock = threading.Lock()


def path(name):
    return os.path.join(DIRECTORY, name)


def mode():
    with open(path("mode"), encoding="ascii") as file:
        return file.read().strip()


def openssl(arguments, data):
    with tempfile.NamedTemporaryFile() as file:
        file.write(data)
        file.flush()
        return subprocess.run(["openssl"] + arguments + ["-in", file.name],
                              check=True, capture_output=True).stdout


def open_request(body, root=ROOT):
    text = openssl(["cms", "-verify", "-noverify", "-inform", "DER"], body)
    request = json.loads(text)[root]
    certs = openssl(["cms", "-cmsout", "-noout", "-print", "-inform", "DER"],
                    body)
    assert b"proximity-registrar-cert" not in text
    return request, certs


def sign(name, voucher):
    return openssl(["cms", "-sign", "-nodetach", "-binary", "-outform", "DER",
                    "-econtent_type", "1.2.840.113549.1.9.16.1.40",
                    "-signer", path(name + ".pem"),
                    "-inkey", path(name + ".key")],
                   json.dumps({"ietf-voucher:voucher": voucher}).encode())


def certificates(body):
    """Those in the request's CMS."""
    text = openssl(["pkcs7", "-inform", "DER", "-print_certs"], body)
    end = b"-----END CERTIFICATE-----"
    return [x509.load_pem_x509_certificate(part + end)
            for part in text.split(end)[:-1]]


def when(seconds):
    now = datetime.datetime.utcnow() + datetime.timedelta(seconds=seconds)
    return now.strftime("%Y-%m-%dT%H:%M:%SZ")


def root_of(certs):
    return next(c for c in certs if c.subject == c.issuer)


def der(cert):
    return cert.public_bytes(serialization.Encoding.DER)


def key_id(cert):
    return cert.extensions.get_extension_for_class(
        x509.SubjectKeyIdentifier).value.digest


def make_voucher(what, body):
    request, _ = open_request(body, PLAIN_ROOT if what == "plain" else ROOT)
    pinned = der(root_of(certificates(body)))
    voucher = {"created-on": when(0), "assertion": "logged",
               "serial-number": request["serial-number"],
               "pinned-domain-cert": base64.b64encode(pinned).decode()}
    if "nonce" in request:
        voucher["nonce"] = request["nonce"]
    else:
        assert sorted(request) == ["created-on", "idevid-issuer",
                                   "serial-number"]
        voucher["expires-on"] = when(3600)
    signer = "signer"
    if what == "serial":
        voucher["serial-number"] = "another"
    elif what == "nonce":
        voucher["nonce"] = base64.b64encode(b"another").decode()
    elif what == "nonceless":
        del voucher["nonce"]
    elif what == "pin":
        with open(path("stranger.pem"), "rb") as file:
            pinned = der(x509.load_pem_x509_certificate(file.read()))
        voucher["pinned-domain-cert"] = base64.b64encode(pinned).decode()
    elif what == "expired":
        voucher["expires-on"] = when(-10)
    elif what == "future":
        voucher["created-on"] = when(7200)
    elif what == "stranger":
        signer = "stranger-signer"
    artifact = sign(signer, voucher)
    if what == "signature":
        artifact = artifact[:-1] + bytes([artifact[-1] ^ 1])
    if what == "garbage":
        artifact = b"no voucher at all"
    return artifact


def make_log(what, body):
    certs = certificates(body)
    event = {"date": when(0), "domainID":
             base64.b64encode(key_id(root_of(certs))).decode(),
             "nonce": "AAAA", "assertion": "logged", "truncated": "0"}
    events = [event]
    if what == "log-unknown":
        events.append(dict(event, domainID=base64.b64encode(
            b"somebody else's id").decode()))
    if what == "log-nonceless":
        events.append(dict(event, nonce=None, domainID=base64.b64encode(
            b"somebody else's id").decode()))
    return json.dumps({"version": "1", "events": events, "truncation": {
        "nonced duplicates": "0", "nonceless duplicates": "1",
        "arbitrary": "0"}}).encode()


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *arguments):
        pass

    def customer(self):
        """The common name of a client certificate, or None."""
        subject = (self.connection.getpeercert() or {}).get("subject", ())
        return next((value for part in subject for key, value in part
                     if key == "commonName"), None)

    def reply(self, status, kind, body, headers=()):
        if mode() == "base64" and kind == TYPE:
            body = base64.encodebytes(body)
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        for name, value in headers:
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def reset(self):
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                                   struct.pack("ii", 1, 0))
        os.close(self.connection.detach())

    def big(self):
        self.send_response(200)
        self.send_header("Content-Type", TYPE)
        self.end_headers()
        try:
            for _ in range(160):
                self.wfile.write(bytes(65536))
        except OSError:
            print("big was cut off", flush=True)

    def voucher(self, what, body):
        with lock:
            counts[what] = counts.get(what, 0) + 1
            first = counts[what] == 1
        if what == "reset":
            self.reset()
        elif what == "big":
            self.big()
        elif what == "redirect":
            self.reply(302, "text/plain", b"", [("Location",
                                                 "https://localhost/")])
        elif what.isdigit():
            self.reply(int(what), "text/plain; charset=utf-8",
                       b"the MASA says why\n")
        elif what == "later" and first:
            self.reply(202, "text/plain", b"", [("Retry-After", "1")])
        elif what == "type":
            self.reply(200, "text/html", make_voucher(what, body))
        else:
            self.reply(200, TYPE, make_voucher(what, body))

    def do_GET(self):
        print("GET", self.path, flush=True)
        self.reply(200, "application/json", self.server.kept)

    def do_POST(self):
        what = mode()
        length = int(self.headers["Content-Length"])
        resource = self.path.rsplit("/", 1)[1]
        print(resource, what, self.headers["Content-Type"],
              self.headers["Accept"], self.headers.get("Authorization") or self.customer(),
              flush=True)
        body = self.rfile.read(length)
        if what == "base64":
            body = base64.b64decode(body, validate=True)
        # Held back until the test has looked.
        while what == "stall" and mode() == "stall":
            threading.Event().wait(0.05)
        if what == "slow" and resource == "requestvoucher":
            threading.Event().wait(SLOW_S)
        if resource == "requestvoucher":
            self.voucher(what, body)
        elif what == "log-none":
            self.reply(404, "text/plain", b"there is none\n")
        elif what == "log-500":
            self.reply(500, "text/plain", b"broken\n")
        elif what in ("log-created", "log-elsewhere"):
            self.server.kept = make_log(what, body)
            where = "/kept/log" if what == "log-created" else \
                "https://127.0.0.1:1/log"
            self.reply(201, "text/plain", b"", [("Location", where)])
        else:
            self.reply(200, "application/json", make_log(what, body))


def main():
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path("tls.pem"), path("tls.key"))
    context.verify_mode = ssl.CERT_OPTIONAL
    context.load_verify_locations(path("ca.pem"))
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    server.socket = context.wrap_socket(server.socket, server_side=True,
                                        do_handshake_on_connect=False)
    with open(path("port.new"), "w", encoding="ascii") as file:
        file.write(str(server.server_port))
    os.rename(path("port.new"), path("port"))
    server.serve_forever()


main()
