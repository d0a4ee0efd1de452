"""What may be asked for, requests that are at fault, and the manners of the
wire. For enroll.sh."""

import base64
import ipaddress
import os
import socket
import ssl
import sys

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.x509.oid import NameOID

from enroll_lib import PASSWORD, run
from est_client import EST, NAME, P256, b64, basic, make_csr, srv

DNS = x509.DNSName
ENROLL = EST + "/simpleenroll"


def ip(text):
    return x509.IPAddress(ipaddress.ip_address(text))


# --- names ---

def check_without_pattern(appliance, report):
    user = appliance.password("plain")
    organization = [(NameOID.ORGANIZATION_NAME, "Lab")]
    for name, csr in (("an empty subject", make_csr()),
                      ("the identity", make_csr("plain"))):
        answer = appliance.enroll(user, csr)
        report.status(f"without a pattern: {name}", 200, answer)
        certificate = answer.certificate
        report.check(f"{name}: the certificate names the identity alone",
                     certificate.subject.rfc4514_string() == "CN=plain" and
                     "subjectAltName" not in
                     [e.oid._name for e in certificate.extensions])
    for name, csr, says in (
            ("another common name", make_csr("other"), "common name"),
            ("the identity in capitals", make_csr("PLAIN"), "common name"),
            ("a domain name", make_csr("a.lab.test"), "common name"),
            ("a SAN", make_csr("plain", [DNS("a.lab.test")]), "a.lab.test"),
            ("an address", make_csr(names=[ip("127.0.0.1")]), "127.0.0.1"),
            ("a URI", make_csr(names=[x509.UniformResourceIdentifier(
                "https://x")]), "URI"),
            ("more in the subject", make_csr(
                "plain", subject=organization), "subject")):
        report.status(f"without a pattern: {name}", 403,
                      appliance.enroll(user, csr), says)


def check_with_patterns(appliance, report):
    user = appliance.password(
        "host", "--allow-name", "*.hosts.lab.test", "--allow-name",
        "127.0.0.8/29", "--allow-name", "outside.example.org")
    asked = [DNS("a.hosts.lab.test"), DNS("b.hosts.lab.test"),
             ip("127.0.0.9")]
    answer = appliance.enroll(user, make_csr("a.hosts.lab.test", asked))
    report.status("with patterns: names that they allow", 200, answer)
    names = answer.certificate.extensions.get_extension_for_class(
        x509.SubjectAlternativeName).value
    report.check("and the certificate has these", list(names) == asked)
    for name, csr, says in (
            ("one label too many", make_csr(
                names=[DNS("a.b.hosts.lab.test")]), "a.b.hosts"),
            ("one too few", make_csr(names=[DNS("hosts.lab.test")]), "hosts"),
            ("a wildcard", make_csr(names=[DNS("*.hosts.lab.test")]), "*"),
            ("one good, one not", make_csr(
                names=[*asked, DNS("c.lab.test")]), "c.lab.test"),
            ("an address beside the prefix", make_csr(
                names=[ip("127.0.0.16")]), "127.0.0.16"),
            ("an SRV-ID", make_csr(
                names=[srv("_doh.a.hosts.lab.test")]), "_doh"),
            ("allowed, but not by the CA", make_csr(
                names=[DNS("outside.example.org")]), "outside"),
            ("allowed, but not by the CA, as common name", make_csr(
                "outside.example.org"), "outside")):
        report.status(f"with patterns: {name}", 403,
                      appliance.enroll(user, csr), says)
    server = appliance.password("greedy", "--allow-name", "est.lab.test")
    report.status("server.name is reserved, whatever is allowed", 403,
                  appliance.enroll(server, make_csr(names=[DNS(NAME)])),
                  "reserved")
    mail = appliance.password("ann@example.org")
    report.status("an identity that is an e-mail address", 200,
                  appliance.enroll(mail))
    for pattern in ("a*.lab.test", "..", "10.0.0.1/8", "x y"):
        report.check(f"'{pattern}' is no pattern", appliance.refused(
            "identity", "add", "x", "--allow-name", pattern))


def check_keys(appliance, report):
    user = appliance.password("keys")
    for name, key in (
            ("P-256", P256), ("P-384", ec.generate_private_key(ec.SECP384R1())),
            ("Ed25519", ed25519.Ed25519PrivateKey.generate()),
            ("RSA 2048", rsa.generate_private_key(65537, 2048))):
        report.status(f"a key: {name}", 200,
                      appliance.enroll(user, make_csr(key=key)))
    for name, key, says in (
            ("P-521", ec.generate_private_key(ec.SECP521R1()), "P-256"),
            ("secp256k1", ec.generate_private_key(ec.SECP256K1()), "P-256"),
            ("RSA 1024", rsa.generate_private_key(65537, 1024), "1024")):
        report.status(f"a key: {name}", 400,
                      appliance.enroll(user, make_csr(key=key)), says)


# --- requests at fault ---

def tlv(tag, *content):
    body = b"".join(content)
    if len(body) < 128:
        return bytes([tag, len(body)]) + body
    size = (len(body).bit_length() + 7) // 8
    return bytes([tag, 0x80 | size]) + len(body).to_bytes(size, "big") + body


RSA_SHA256 = bytes.fromhex("300d06092a864886f70d01010b0500")
EXTENSION_REQUEST = bytes.fromhex("06092a864886f70d01090e")
ALT_NAME = bytes.fromhex("0603551d11")


def assemble(spki, attributes, sign):
    """A request that no library would make."""
    info = tlv(0x30, b"\x02\x01\x00", tlv(0x30), spki, tlv(0xa0, *attributes))
    algorithm, signature = sign(info)
    return tlv(0x30, info, algorithm, tlv(0x03, b"\0", signature))


def by_p256(info):
    return (bytes.fromhex("300a06082a8648ce3d040302"),
            P256.sign(info, ec.ECDSA(hashes.SHA256())))


def spki_of(key):
    return key.public_key().public_bytes(
        serialization.Encoding.DER,
        serialization.PublicFormat.SubjectPublicKeyInfo)


def with_extensions(*extensions):
    attribute = tlv(0x30, EXTENSION_REQUEST, tlv(
        0x31, tlv(0x30, *extensions)))
    return assemble(spki_of(P256), [attribute], by_p256)


def alt_name(*names):
    return tlv(0x30, ALT_NAME, tlv(0x04, tlv(0x30, *(
        tlv(0x82, n.encode()) for n in names))))


def huge_rsa():
    """A modulus of 16,384 bits, and a signature as long."""
    n = (1 << 16383) | int.from_bytes(os.urandom(2000), "big") | 1
    signer = rsa.generate_private_key(65537, 2048)
    return assemble(
        rsa.RSAPublicNumbers(65537, n).public_key().public_bytes(
            serialization.Encoding.DER,
            serialization.PublicFormat.SubjectPublicKeyInfo), [],
        lambda info: (RSA_SHA256, signer.sign(
            info, padding.PKCS1v15(), hashes.SHA256()).rjust(2048, b"\1")))


def check_bad_requests(appliance, report):
    user = appliance.password("clumsy", "--allow-name", "*.lab.test")
    before = len(appliance.certificates())
    good = make_csr("clumsy")
    many = [f"h{i}.lab.test" for i in range(10000)]
    connection = appliance.client.connect()
    fields = basic(user, PASSWORD)
    truncated = [connection.exchange("POST", ENROLL, b64(good[:n]), fields)
                 for n in range(len(good))]
    report.check("truncated at every byte: 400 and a line that says why", all(
        a.status == 400 and a.reason and "\n" not in a.reason
        for a in truncated), [a for a in truncated if a.status != 400][:3])
    damaged = [connection.exchange("POST", ENROLL, b64(
        good[:n] + bytes([good[n] ^ 1]) + good[n + 1:]), fields)
        for n in range(len(good))]
    report.check("any byte changed: 400 or 403 and a line", all(
        a.status in (400, 403) and a.reason and "\n" not in a.reason
        for a in damaged), [a for a in damaged if a.status != 400][:3])
    connection.close()
    twice = alt_name("a.lab.test")
    for name, csr, status, says in (
            ("an extension twice", with_extensions(twice, twice), 400,
             "twice"),
            ("33 SANs", with_extensions(alt_name(*many[:33])), 413, "names"),
            ("1,000 SANs", with_extensions(alt_name(*many[:1000])), 413, ""),
            ("10,000 SANs", with_extensions(alt_name(*many)), 413, ""),
            ("RSA with a modulus of 16,384 bits", huge_rsa(), 400, "16384"),
            ("nothing", b"", 400, "empty"),
            ("a certificate", base64.b64decode(
                appliance.certificates()[0]["pem"].split("-----")[2]), 400,
             "")):
        report.status(f"a request with {name}", status,
                      appliance.enroll(user, csr), says)
    report.check("nothing of all that is in the store",
                 len(appliance.certificates()) == before)


# --- the wire ---

def pem(der, newline):
    text = base64.b64encode(der).decode()
    lines = [text[i:i + 64] for i in range(0, len(text), 64)]
    return newline.join(["-----BEGIN CERTIFICATE REQUEST-----", *lines,
                         "-----END CERTIFICATE REQUEST-----", ""]).encode()


def raw_request(appliance, data):
    """What comes back for these very bytes, sent in one go."""
    sock = socket.create_connection(appliance.client.address, 30)
    with appliance.client.context().wrap_socket(
            sock, server_hostname=NAME) as tls:
        tls.sendall(data)
        out = b""
        try:
            while True:
                more = tls.recv(65536)
                if not more:
                    break
                out += more
        except ssl.SSLError:
            pass
    return out


def check_wire_in(appliance, report):
    user = appliance.password("wire")
    der, fields = make_csr("wire"), basic(user, PASSWORD)
    one_line = base64.b64encode(der)
    spaced = b" \t" + b" \r\n\t".join(
        one_line[i:i + 7] for i in range(0, len(one_line), 7)) + b"\n\n"
    for name, body in (("one line", one_line), ("one line and LF",
                                                one_line + b"\n"),
                       ("lines of 64", base64.encodebytes(der)),
                       ("lines with CRLF", base64.encodebytes(der).replace(
                           b"\n", b"\r\n")), ("white space anywhere", spaced),
                       ("PEM", pem(der, "\n")), ("PEM with CRLF", pem(
                           der, "\r\n"))):
        report.status(f"a body of {name}", 200, appliance.client.send(
            "POST", ENROLL, body, fields))
    # [RFC8951 3]
    for kind, status in ((None, 200), ("APPLICATION/PKCS10", 200),
                         ("application/pkcs10; charset=us-ascii", 200),
                         ("application/x-www-form-urlencoded", 415),
                         ("application/pkcs7-mime", 415), ("", 415)):
        report.status(f"the type {kind!r}", status, appliance.client.send(
            "POST", ENROLL, one_line, {**fields, "Content-Type": kind}),
            "application/pkcs10" if status == 415 else None)
    report.status("raw DER", 400, appliance.client.send(
        "POST", ENROLL, der, fields), "base64")
    report.status("any Content-Transfer-Encoding", 200, appliance.client.send(
        "POST", ENROLL, one_line,
        {**fields, "Content-Transfer-Encoding": "binary"}))
    report.status("a body over the cap", 413, appliance.client.send(
        "POST", ENROLL, b"A" * 65537, fields))
    report.status("chunked", 200, appliance.client.send(
        "POST", ENROLL, iter([one_line[:9], one_line[9:100], one_line[100:]]),
        fields))
    report.status("chunked, over the cap", 413, appliance.client.send(
        "POST", ENROLL, iter([b"A" * 40000] * 2), fields))
    head = "".join(f"{k}: {v}\r\n" for k, v in {
        **fields, "Host": NAME, "Content-Type": "application/pkcs10",
        "Connection": "close", "Content-Length": str(len(one_line)),
        "Expect": "100-continue"}.items())
    out = raw_request(appliance, f"POST {ENROLL} HTTP/1.1\r\n{head}\r\n"
                      .encode() + one_line)
    report.check("Expect: 100-continue", b"HTTP/1.1 200" in out and
                 (b"HTTP/1.1 100" in out or out.startswith(b"HTTP/1.1 200")),
                 out[:200])


def check_wire_out(appliance, report):
    fields = basic("wire", PASSWORD)
    csr = b64(make_csr("wire"))
    answer = appliance.client.send("POST", ENROLL, csr, fields)
    report.check("the answer is base64 on one line and LF",
                 answer.body.count(b"\n") == 1 and answer.body[-1:] == b"\n")
    report.check("of RFC 7030's type",
                 answer.fields["content-type"] ==
                 "application/pkcs7-mime; smime-type=certs-only" and
                 answer.fields["content-transfer-encoding"] == "base64",
                 answer.fields)
    wrapped = appliance.client.send(
        "POST", ENROLL, csr, {**fields, "User-Agent": "libest 3.2.0p"})
    report.check("in lines of 64 for libest", max(
        map(len, wrapped.body.splitlines())) == 64 and wrapped.certificate)
    connection = appliance.client.connect()
    answers = [connection.exchange("POST", ENROLL, csr, fields),
               connection.exchange("POST", ENROLL, b"junk", fields),
               connection.exchange("POST", ENROLL, csr, {}),
               connection.exchange("GET", EST + "/cacerts"),
               connection.exchange("POST", EST + "/lab/simpleenroll", csr, fields)]
    report.check("one connection takes request after request",
                 [a.status for a in answers] == [200, 400, 401, 200, 200],
                 answers)
    serials = {a.certificate.serial_number for a in answers[::4]}
    report.check("each with a certificate of its own", len(serials) == 2)
    connection.close()
    for path, method, status in (
            ("/simpleenroll", "GET", 405), ("/simplereenroll", "PUT", 405),
            ("/csrattrs", "POST", 405), ("/csrattrs/simpleenroll", "POST", 404),
            ("/doh/simpleenroll", "POST", 404), ("/x/simpleenroll", "POST", 200),
            ("/x/csrattrs", "GET", 200), ("/eecerts/csrattrs", "GET", 404),
            ("/serverkeygen", "POST", 404), ("/fullcmc", "POST", 404)):
        answer = appliance.client.send(
            method, EST + path, csr if method != "GET" else None, fields)
        report.status(f"{method} {path}", status, answer)
    answer = appliance.client.send("GET", EST + "/csrattrs")
    report.check("csrattrs: P-256 and ecdsa-with-SHA256",
                 answer.fields["content-type"] == "application/csrattrs" and
                 base64.b64decode(answer.body).hex() ==
                 "3021301506072a8648ce3d0201310a06082a8648ce3d030107"
                 "06082a8648ce3d040302", answer)


if __name__ == "__main__":
    sys.exit(run([check_without_pattern, check_with_patterns, check_keys,
                  check_bad_requests, check_wire_in, check_wire_out]))
