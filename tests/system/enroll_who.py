"""Who may enroll: credentials by operations, uses, and guessers. For
enroll.sh."""

import datetime
import sys
import threading

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from enroll_lib import PASSWORD, eventually, run
from est_client import (EST, P256, PakeConnection, b64, basic, make_csr,
                        save_credential)

NOW = datetime.datetime.utcnow()
DAY = datetime.timedelta(days=1)


def craft(issuer, issuer_key, not_before=NOW - DAY, not_after=NOW + DAY):
    """A client certificate that the appliance did not make."""
    identifier = issuer.extensions.get_extension_for_class(
        x509.SubjectKeyIdentifier).value
    return (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(
            NameOID.COMMON_NAME, "alice")]))
        .issuer_name(issuer.subject).public_key(P256.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(not_before).not_valid_after(not_after)
        .add_extension(x509.BasicConstraints(False, None), critical=True)
        .add_extension(x509.KeyUsage(True, *[False] * 8), critical=True)
        .add_extension(x509.ExtendedKeyUsage(
            [ExtendedKeyUsageOID.CLIENT_AUTH]), critical=False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(
            P256.public_key()), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(
                identifier), critical=False)
        .sign(issuer_key, hashes.SHA256()))


def read_ca(appliance):
    """The issuing CA, as a thief of its key would have it."""
    with open(appliance.state + "/ca/issuing.crt", "rb") as f:
        cert = x509.load_pem_x509_certificate(f.read())
    with open(appliance.state + "/ca/issuing.key", "rb") as f:
        key = serialization.load_pem_private_key(f.read(), None)
    return cert, key


def credentials(appliance):
    """Name: (arguments of Client.send, header fields)."""
    ca, key = read_ca(appliance)
    for name in ("alice", "gone", "off"):
        appliance.password(name)
    good, _ = appliance.credential("alice")
    gone, _ = appliance.credential("gone")
    off, _ = appliance.credential("off")
    appliance.ctl("identity", "remove", "gone")
    # Another one of that name does not inherit its certificates.
    appliance.password("gone")
    appliance.ctl("identity", "disable", "off")
    foreign_key = ec.generate_private_key(ec.SECP256R1())
    crafted = {
        "expired": craft(ca, key, NOW - 3 * DAY, NOW - 2 * DAY),
        "future": craft(ca, key, NOW + DAY, NOW + 2 * DAY),
        "foreign": craft(ca, foreign_key),
        "unstored": craft(ca, key),
    }
    files = {name: save_credential(appliance.work, name, cert)
             for name, cert in crafted.items()}
    appliance.ctl("dns-server", "issue", "--name", "dns9.lab.test", "--label",
                  "doh", "--out", appliance.work + "/dns9")
    dns = (appliance.work + "/dns9/cert.pem", appliance.work + "/dns9/key.pem")
    right = basic("alice", PASSWORD)
    return {
        "nothing": ({}, {}),
        "right Basic": ({}, right),
        "wrong Basic": ({}, basic("alice", "wrong")),
        "Basic of nobody": ({}, basic("nobody", PASSWORD)),
        "Basic without a user": ({}, basic("", PASSWORD)),
        "Basic of a disabled identity": ({}, basic("off", PASSWORD)),
        # [RFC7617 2]
        "malformed Basic": ({}, {"Authorization": "Basic !!!"}),
        "Basic without a colon": ({}, {"Authorization": "Basic YWxpY2U="}),
        "an endless password": ({}, basic("alice", "x" * 3000)),
        "Bearer": ({}, {"Authorization": "Bearer abc"}),
        "certificate": ({"credential": good}, {}),
        "certificate and wrong Basic":
            ({"credential": good}, basic("alice", "wrong")),
        "certificate of a removed identity": ({"credential": gone}, {}),
        "certificate of a removed identity and right Basic":
            ({"credential": gone}, right),
        "certificate of a disabled identity": ({"credential": off}, {}),
        "expired certificate": ({"credential": files["expired"]}, {}),
        "expired certificate and right Basic":
            ({"credential": files["expired"]}, right),
        "certificate of the future": ({"credential": files["future"]}, {}),
        "foreign certificate": ({"credential": files["foreign"]}, {}),
        "foreign certificate and right Basic":
            ({"credential": files["foreign"]}, right),
        "certificate that the store does not know":
            ({"credential": files["unstored"]}, {}),
        "certificate of the administrator's": ({"credential": dns}, {}),
    }


# For simpleenroll, simplereenroll, csrattrs.
MATRIX = {
    "nothing": (401, 401, 200),
    "right Basic": (200, 403, 200),
    "wrong Basic": (401, 401, 401),
    "Basic of nobody": (401, 401, 401),
    "Basic without a user": (401, 401, 401),
    "Basic of a disabled identity": (401, 401, 401),
    "malformed Basic": (401, 401, 401),
    "Basic without a colon": (401, 401, 401),
    "an endless password": (401, 401, 401),
    "Bearer": (401, 401, 401),
    "certificate": (200, 200, 200),
    "certificate and wrong Basic": (200, 200, 200),
    "certificate of a removed identity": (403, 403, 200),
    "certificate of a removed identity and right Basic": (403, 403, 200),
    "certificate of a disabled identity": (403, 403, 200),
    "expired certificate": (401, 403, 200),
    "expired certificate and right Basic": (200, 403, 200),
    "certificate of the future": (401, 403, 200),
    "foreign certificate": (401, 403, 200),
    "foreign certificate and right Basic": (200, 403, 200),
    "certificate that the store does not know": (403, 403, 200),
    "certificate of the administrator's": (403, 403, 200),
}
OPERATIONS = (("POST", "/simpleenroll"), ("POST", "/simplereenroll"),
              ("GET", "/csrattrs"))


def check_matrix(appliance, report):
    known = credentials(appliance)
    report.check("the matrix has every credential",
                 set(known) == set(MATRIX), set(known) ^ set(MATRIX))
    body = b64(make_csr("alice"))
    for name, wanted in MATRIX.items():
        how, fields = known[name]
        for (method, operation), status in zip(OPERATIONS, wanted):
            answer = appliance.client.send(
                method, EST + operation, body if method == "POST" else None,
                fields, **how)
            report.status(f"{name}, {operation}", status, answer)
            challenge = answer.fields.get("www-authenticate")
            report.check(
                f"{name}, {operation}: a challenge with 401 only",
                (challenge == 'Basic realm="estuary"') == (status == 401),
                challenge)
        appliance.ctl("identity", "unlock", "alice")
    report.check("refusals are in the audit log",
                 appliance.audit("est.refused") and
                 appliance.audit("basic.refused"))
    report.check("nobody's names are not",
                 "nobody" not in str(appliance.audit("basic.refused")))


def check_pake(appliance, report):
    code = appliance.code("--uses", "3")
    connection = PakeConnection(appliance.address, ["--code", code.code])
    csr = b64(make_csr())
    answer = connection.exchange("POST", EST + "/simpleenroll", csr)
    report.status("by PAKE, an empty subject", 200, answer)
    report.check("the certificate's subject is the identity",
                 answer.certificate.subject.rfc4514_string() ==
                 "CN=" + code.identity)
    # On the same connection: the PAKE decides, whoever else is named.
    answer = connection.exchange("POST", EST + "/simpleenroll", csr,
                             basic("alice", PASSWORD))
    report.check("by PAKE, with somebody's Basic: the PAKE's identity",
                 answer.status == 200 and answer.certificate.subject
                 .rfc4514_string() == "CN=" + code.identity, answer)
    answer = connection.exchange("POST", EST + "/simpleenroll",
                             b64(make_csr("alice")), basic("alice", PASSWORD))
    report.status("by PAKE, another name with that one's Basic", 403, answer,
                  "common name")
    report.status("by PAKE, re-enrollment", 403, connection.exchange(
        "POST", EST + "/simplereenroll", csr), "4.2.2")
    report.check("the PAKE took one use, the certificates none",
                 appliance.identity(code.identity)["uses_left"] == 2)
    appliance.ctl("identity", "disable", code.identity)
    report.status("disabled while the connection is open", 403,
                  connection.exchange("POST", EST + "/simpleenroll", csr),
                  "disabled")
    appliance.ctl("identity", "enable", code.identity)
    report.status("and enabled again", 200,
                  connection.exchange("POST", EST + "/simpleenroll", csr))
    appliance.ctl("identity", "remove", code.identity)
    report.status("removed while the connection is open", 403,
                  connection.exchange("POST", EST + "/simpleenroll", csr),
                  "removed")
    connection.close()


def check_code_over_basic(appliance, report):
    code = appliance.code("--basic")
    dashed = f"{code.identity[:4]}-{code.identity[4:]}".lower()
    secret = f"{code.secret[:4]}-{code.secret[4:8]}-{code.secret[8:]}".lower()
    answer = appliance.enroll(dashed, make_csr(code.identity), secret)
    report.status("a code over Basic, as people type it", 200, answer)
    report.check("its one use is taken by the certificate",
                 appliance.identity(code.identity)["state"] == "used")
    report.status("a second time, remembered or not", 401,
                  appliance.enroll(dashed, None, secret))
    credential = save_credential(appliance.work, "earned", answer.certificate)
    answer = appliance.reenroll(credential, make_csr(code.identity))
    report.status("what it earned goes on renewing", 200, answer)
    plain = appliance.code()
    report.status("a code that was not made for Basic", 401,
                  appliance.enroll(plain.identity, None, plain.secret))
    report.check("and none of its guesses is spent",
                 appliance.identity(plain.identity)["guesses_left"] == 1000)


def at_once(n, function):
    """The results of n parallel calls, with their numbers."""
    results, threads = [None] * n, []

    def call(i):
        try:
            results[i] = function(i)
        except OSError as e:
            results[i] = e

    for i in range(n):
        threads.append(threading.Thread(target=call, args=(i,)))
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


def check_parallel_uses(appliance, report):
    code = appliance.code("--basic", "--uses", "3")
    answers = at_once(8, lambda i: appliance.enroll(
        code.identity, None, code.secret))
    statuses = sorted(a.status for a in answers)
    report.check("three uses make three certificates, eight at once",
                 statuses.count(200) == 3 and set(statuses) <= {200, 401, 403},
                 statuses)
    report.check("and no fourth is in the store", sum(
        c["identity"] == code.identity for c in appliance.certificates()) == 3)


def wrong_guesses(appliance, identity):
    rows = appliance.audit("basic.refused")
    return sum(r["count"] for r in rows
               if r["subject"] == identity and r["detail"] == "wrong password")


def check_guessers(appliance, report):
    appliance.password("target")
    answers = at_once(64, lambda i: appliance.enroll(
        "target", None, f"guess {i}"))
    report.check("64 parallel guessers are all refused alike",
                 {a.status for a in answers} == {401} and
                 len({a.reason for a in answers}) == 1,
                 [a.status for a in answers])
    report.check("the budget is spent",
                 appliance.identity("target")["guesses_left"] == 0 and
                 appliance.identity("target")["state"] == "locked")
    report.check("exactly ten guesses were judged", eventually(
        lambda: wrong_guesses(appliance, "target") == 10),
        wrong_guesses(appliance, "target"))
    report.status("the right password, locked", 401,
                  appliance.enroll("target"))
    appliance.ctl("identity", "unlock", "target")
    report.status("the right password, unlocked", 200,
                  appliance.enroll("target"))
    report.check("a right one costs no guess",
                 appliance.identity("target")["guesses_left"] == 10)
    appliance.enroll("target", None, "wrong")
    report.check("what is remembered costs none either",
                 appliance.enroll("target").status == 200 and
                 appliance.identity("target")["guesses_left"] == 9)


if __name__ == "__main__":
    sys.exit(run([check_matrix, check_pake, check_code_over_basic,
                  check_parallel_uses, check_guessers]))
