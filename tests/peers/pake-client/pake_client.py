#!/usr/bin/python3 -B
"""An independent TLS 1.3 client with SPAKE2+ inside, made from RFC 8446, RFC
9383, draft-ietf-tls-pake and docs/pake.md; it shares no code with Estuary. It
checks that the server keeps to what the documentation says.
It prints one JSON object. Exit status: 0 the handshake was complete and, with a
code, authenticated; 1 refused; 2 usage; 3 not reachable."""

import argparse
import base64
import hashlib
import json
import socket
import sys

from cryptography.hazmat.primitives.serialization import Encoding, pkcs7

import handshake
import hostile
import http1
import onboarding
import record
from record import AlertReceived, Closed, TlsError

DEFAULT_PATH = "/.well-known/est/cacerts"


def arguments(argv=None):
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--connect", required=True, metavar="HOST:PORT")
    parser.add_argument("--server-name", metavar="NAME")
    parser.add_argument("--code", help="an onboarding code or its URI")
    parser.add_argument("--identity")
    parser.add_argument("--password")
    parser.add_argument("--plain", action="store_true",
                        help="no PAKE, nothing authenticated")
    parser.add_argument("--path", default=DEFAULT_PATH)
    parser.add_argument("--group", choices=handshake.GROUPS, default="x25519")
    parser.add_argument("--hrr", action="store_true",
                        help="offer no key share: forces HelloRetryRequest")
    parser.add_argument("--mutate", metavar="KIND", choices=hostile.MUTATIONS,
                        help=" ".join(hostile.MUTATIONS))
    number = {"type": lambda s: int(s, 0), "metavar": "N"}
    parser.add_argument("--extension", default=0x8A3B, **number)
    parser.add_argument("--scheme", default=0x7D96, **number)
    parser.add_argument("--timeout", type=float, default=10, metavar="SECONDS")
    options = parser.parse_args(argv)
    options.root_sha256 = None
    if options.code is not None:
        take_code(parser, options)
    with_pake = options.identity is not None and options.password is not None
    if with_pake == options.plain:
        parser.error("one of --code, --identity with --password, or --plain")
    if options.server_name is None:
        parser.error("--server-name is needed: the code does not say it")
    options.server_name = options.server_name.lower().rstrip(".")
    return options


def take_code(parser, options):
    try:
        code = onboarding.parse(options.code)
    except (onboarding.CodeError, ValueError) as e:
        parser.error(str(e))
    options.identity, options.password = code.identity, code.secret
    options.server_name = options.server_name or code.server_name
    options.root_sha256 = code.root_sha256


def connect(options):
    host, _, port = options.connect.rpartition(":")
    sock = socket.create_connection(
        (host.strip("[]"), int(port)), options.timeout)
    sock.settimeout(options.timeout)
    return sock


def holds_root(body, sha256):
    """One of the certificates in an answer of /cacerts has this hash."""
    certificates = pkcs7.load_der_pkcs7_certificates(base64.b64decode(body))
    return sha256 in (hashlib.sha256(c.public_bytes(Encoding.DER)).digest()
                      for c in certificates)


def fetch(hs, options, out):
    status, fields, body = http1.get(
        http1.Stream(hs), options.server_name, options.path)
    out["http"] = {"status": status, "type": fields.get("content-type"),
                   "body_length": len(body)}
    if options.root_sha256 is not None and options.path == DEFAULT_PATH:
        out["root_matches"] = holds_root(body, options.root_sha256)


def judge(hs, options, out):
    """After the handshake: is it the server that the code is for?"""
    if options.plain:
        out["outcome"] = "anonymous"
    elif options.server_name not in (n.lower() for n in hs.result.dns_names):
        raise TlsError(42, "the certificate is not for server_identity")
    else:
        out["outcome"], out["authenticated"] = "authenticated", True


def drain(records):
    """What else came, as (content type, length): undecrypted."""
    start = len(records.log)
    try:
        while True:
            records.read_raw()
    except (Closed, TlsError):
        return records.log[start:]


def attack(hs, options, out):
    """Our Finished was nonsense: asks nevertheless, and shows what comes."""
    out["outcome"] = "attacked"
    try:
        hs.records.write(record.APPLICATION_DATA,
                         f"GET {options.path} HTTP/1.1\r\nHost: x\r\n\r\n"
                         .encode())
    except (Closed, AlertReceived):
        pass
    out["records_after"] = drain(hs.records)


def refuse(hs, out, error):
    out["outcome"], out["reason"] = "refused", str(error)
    hs.records.alert(error.alert)
    out["alert_sent"] = record.ALERTS[error.alert]
    out["records_after"] = drain(hs.records)


def converse(hs, options, out):
    try:
        hs.run()
        if hs.result.complete:
            judge(hs, options, out)
            fetch(hs, options, out)
            hs.records.alert(0)
        else:
            attack(hs, options, out)
    except TlsError as e:
        out["authenticated"] = False
        refuse(hs, out, e)
    except AlertReceived as e:
        out.update(outcome="refused", authenticated=False, reason=str(e),
                   alert_received=record.ALERTS.get(e.code, str(e.code)))
    except (Closed, http1.HttpError) as e:
        out.update(outcome="closed", authenticated=False, reason=str(e))
    except handshake.Vanished as e:
        out.update(outcome="vanished", reason=str(e))


def report(hs, out):
    result = hs.result
    out.update(
        group=result.group, retried=result.retried, alpn=result.alpn,
        pake_answered=result.pake_answered, confirm_ok=result.confirm_ok,
        server_hello_bytes=result.server_hello_bytes,
        dns_names=result.dns_names, tickets=result.tickets)


def session(options):
    """One connection; what came of it."""
    out = {"outcome": "unreachable", "authenticated": False, "reason": None,
           "alert_sent": None, "alert_received": None, "http": None}
    how = hostile.MUTATIONS.get(options.mutate, handshake.Behaviour())
    try:
        sock = connect(options)
    except OSError as e:
        out["reason"] = str(e)
        return out
    with sock:
        records = record.RecordLayer(sock, how.write_bytes, how.record_bytes)
        hs = handshake.Handshake(records, options, how)
        converse(hs, options, out)
        report(hs, out)
    return out


def main():
    out = session(arguments())
    print(json.dumps(out, indent=1))
    return {"authenticated": 0, "anonymous": 0, "unreachable": 3}.get(
        out["outcome"], 1)


if __name__ == "__main__":
    sys.exit(main())
