"""An EST server of somebody else's: fixed certificates, and whatever answer to
simplereenroll a test wants.

    fake_est.py --cert FILE --key FILE --cacerts FILE --eecerts FILE --adn NAME
        --dot PORT --doh PORT [--reenroll STATUS:FILE] [--retry-after N]
        [--pending N]

FILEs are PEM. It prints its port and serves until it is ended."""

import argparse
import base64
import hashlib
import http.server
import json
import ssl
import subprocess


def certs_only(path):
    """The certificates of a PEM file as a certs-only message in base64."""
    der = subprocess.run(
        ["openssl", "crl2pkcs7", "-nocrl", "-certfile", path, "-outform",
         "DER"], check=True, capture_output=True).stdout
    return base64.b64encode(der) + b"\n"


def resolvers(path, adn, ports):
    """/resolvers.json for the first certificate of a PEM file."""
    pem = open(path, encoding="ascii").read()
    der = ssl.PEM_cert_to_DER_cert(pem[:pem.index("-----END")] +
                                   "-----END CERTIFICATE-----\n")
    return json.dumps({"resolvers": [{
        "adn": adn, "label": label, "addresses": ["127.0.0.1"], "port": port,
        "sha256": hashlib.sha256(der).hexdigest(), "state": "current",
    } for label, port in ports]}).encode()


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def reply(self, status, kind, body, headers=()):
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        for name, value in headers:
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        replies = self.server.replies
        if self.path in replies:
            self.reply(200, *replies[self.path])
        else:
            self.reply(404, "text/plain", b"no such thing\n")

    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        args = self.server.args
        if args.pending > 0:
            args.pending -= 1
            self.reply(202, "text/plain", b"not yet\n",
                       [("Retry-After", args.retry_after)])
            return
        headers = []
        if args.retry_after is not None:
            headers.append(("Retry-After", args.retry_after))
        status, _, path = (args.reenroll or "404:").partition(":")
        body = certs_only(path) if path else b"\n"
        kind = "application/pkcs7-mime" if path else "text/plain"
        self.reply(int(status), kind, body, headers)

    def log_message(self, *args):
        pass


def main():
    parser = argparse.ArgumentParser()
    for name in ("cert", "key", "cacerts", "eecerts", "adn"):
        parser.add_argument("--" + name, required=True)
    parser.add_argument("--dot", type=int, required=True)
    parser.add_argument("--doh", type=int, required=True)
    parser.add_argument("--reenroll")
    parser.add_argument("--retry-after")
    parser.add_argument("--pending", type=int, default=0)
    args = parser.parse_args()
    est = "/.well-known/est/"
    pkcs7 = "application/pkcs7-mime"
    server = http.server.ThreadingHTTPServer(
        ("127.0.0.1", 0), Handler)
    server.args = args
    server.replies = {
        est + "cacerts": (pkcs7, certs_only(args.cacerts)),
        est + "eecerts": (pkcs7, certs_only(args.eecerts)),
        "/resolvers.json": ("application/json", resolvers(
            args.eecerts, args.adn,
            [("domain-s", args.dot), ("doh", args.doh)])),
    }
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(args.cert, args.key)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    print(server.server_address[1], flush=True)
    server.serve_forever()


main()
