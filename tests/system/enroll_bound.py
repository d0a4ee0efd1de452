"""Channel binding (RFC 7030 3.5), where it is checked if present. For
enroll_again.sh."""

import base64
import ssl
import sys

from enroll_lib import PASSWORD, run
from est_client import (EST, NO_EXTENDED_MASTER_SECRET, PakeConnection, b64,
                        basic, make_csr, s_client_send)

ENROLL = EST + "/simpleenroll"


def flip(data):
    return bytes([data[0] ^ 1]) + data[1:]


def bound(value):
    """A request bound to value, in base64."""
    return b64(make_csr(challenge=base64.b64encode(value)))


def check_tls12(appliance, report):
    fields = basic(appliance.password("bound"), PASSWORD)
    connection = appliance.client.connect(version=ssl.TLSVersion.TLSv1_2)
    connection.connect()
    unique = connection.sock.get_channel_binding("tls-unique")
    for name, csr, status, says in (
            ("the right tls-unique", bound(unique), 200, None),
            ("a wrong one", bound(flip(unique)), 400, "not the tls-unique"),
            ("one that is cut off", bound(unique[:-1]), 400, "11 bytes"),
            ("32 bytes", bound(bytes(32)), 400, "32 bytes"),
            ("a password", b64(make_csr(challenge=b"let me in!")), 400,
             "not base64"),
            ("none", b64(make_csr()), 200, None)):
        report.status(f"TLS 1.2: {name}", status, connection.exchange(
            "POST", ENROLL, csr, fields), says)
    connection.close()
    connection = appliance.client.connect(
        version=ssl.TLSVersion.TLSv1_2, options=NO_EXTENDED_MASTER_SECRET)
    connection.connect()
    unique = connection.sock.get_channel_binding("tls-unique")
    report.status("TLS 1.2 without extended master secret: tls-unique", 400,
                  connection.exchange("POST", ENROLL, bound(unique), fields),
                  "RFC 7627")
    report.status("and none", 200, connection.exchange(
        "POST", ENROLL, b64(make_csr()), fields))
    connection.close()


def check_tls13(appliance, report):
    fields = basic("bound", PASSWORD)
    for name, change, status, says in (
            ("the right tls-exporter", lambda v: v, 200, None),
            ("a wrong one", flip, 400, "not the tls-exporter"),
            ("half of it", lambda v: v[:16], 400, "16 bytes")):
        report.status(f"TLS 1.3: {name}", status, s_client_send(
            appliance.client, lambda v, c=change: bound(c(v)), ENROLL, fields),
            says)
    connection = appliance.client.connect(version=ssl.TLSVersion.TLSv1_3)
    for name, value in (("12 bytes", bytes(12)), ("32 zeros", bytes(32))):
        report.status(f"TLS 1.3: {name}", 400, connection.exchange(
            "POST", ENROLL, bound(value), fields), "RFC 7030 3.5")
    connection.close()


def check_pake(appliance, report):
    code = appliance.code("--uses", "2")
    one = PakeConnection(appliance.address, ["--code", code.code])
    other = PakeConnection(appliance.address, ["--code", code.code])
    report.status("PAKE: the right tls-exporter", 200,
                  one.exchange("POST", ENROLL, bound(one.exporter)))
    report.status("PAKE: that of another connection", 400,
                  one.exchange("POST", ENROLL, bound(other.exporter)),
                  "another one")
    one.close()
    other.close()


def check_renewal(appliance, report):
    credential, _ = appliance.credential("bound")
    connection = appliance.client.connect(
        version=ssl.TLSVersion.TLSv1_2, credential=credential)
    connection.connect()
    unique = connection.sock.get_channel_binding("tls-unique")
    for name, value, status in (("right", unique, 200),
                                ("wrong", flip(unique), 400)):
        csr = b64(make_csr("bound", challenge=base64.b64encode(value)))
        report.status(f"re-enrollment: the {name} tls-unique", status,
                      connection.exchange("POST", EST + "/simplereenroll",
                                          csr))
    connection.close()


if __name__ == "__main__":
    sys.exit(run([check_tls12, check_tls13, check_pake, check_renewal]))
