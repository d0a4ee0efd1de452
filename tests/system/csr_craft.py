"""Makes the CSRs of csr_refused.sh, as PEM files.

usage: csr_craft.py DIRECTORY
"""

import datetime
import ipaddress
import os
import sys

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed448, ed25519, rsa
from cryptography.x509.oid import NameOID

OUT = sys.argv[1]
SRV_NAME = x509.ObjectIdentifier("1.3.6.1.5.5.7.8.7")
P256 = ec.generate_private_key(ec.SECP256R1())


def srv(text):
    raw = text.encode()
    return x509.OtherName(SRV_NAME, bytes([0x16, len(raw)]) + raw)


def ip(text):
    return x509.IPAddress(ipaddress.ip_address(text))


def write(name, data):
    with open(os.path.join(OUT, name + ".pem"), "wb") as f:
        f.write(data)


def pem(request):
    return request.public_bytes(serialization.Encoding.PEM)


def build(key=P256, subject=(), names=(), digest=hashes.SHA256()):
    builder = x509.CertificateSigningRequestBuilder(
        x509.Name([x509.NameAttribute(oid, text) for oid, text in subject])
    )
    if names:
        builder = builder.add_extension(
            x509.SubjectAlternativeName(list(names)), critical=False
        )
    if isinstance(key, (ed25519.Ed25519PrivateKey, ed448.Ed448PrivateKey)):
        digest = None
    return builder.sign(key, digest)


os.makedirs(OUT)
DNS = x509.DNSName("dns.lab.test")
requests = {
    "good": build(),
    "all-names": build(
        names=[DNS, srv("_domain-s.dns.lab.test"), ip("127.0.0.1")],
        subject=[(NameOID.COMMON_NAME, "dns.lab.test")],
    ),
    "cn": build(subject=[(NameOID.COMMON_NAME, "dns.lab.test")]),
    "p384": build(key=ec.generate_private_key(ec.SECP384R1())),
    "rsa-2048": build(key=rsa.generate_private_key(65537, 2048)),
    "rsa-4096": build(key=rsa.generate_private_key(65537, 4096)),
    "ed25519": build(key=ed25519.Ed25519PrivateKey.generate()),
    "other-name": build(names=[DNS, x509.DNSName("x.lab.test")]),
    "outside": build(names=[x509.DNSName("dns.example.org")]),
    "server-name": build(names=[DNS, x509.DNSName("est.lab.test")]),
    "wildcard": build(names=[DNS, x509.DNSName("*.lab.test")]),
    "email": build(names=[DNS, x509.RFC822Name("admin@lab.test")]),
    "uri": build(names=[DNS, x509.UniformResourceIdentifier("https://lab.test")]),
    "srv-other": build(names=[DNS, srv("_domain-s.x.lab.test")]),
    "srv-outside": build(names=[DNS, srv("_domain-s.dns.example.org")]),
    "srv-service": build(names=[DNS, srv("_smtp.dns.lab.test")]),
    "srv-doh": build(names=[DNS, srv("_doh.dns.lab.test")]),
    "ip-other": build(names=[DNS, ip("127.0.0.2")]),
    "ip-outside": build(names=[DNS, ip("8.8.8.8")]),
    "cn-other": build(subject=[(NameOID.COMMON_NAME, "x.lab.test")]),
    "subject-more": build(
        subject=[
            (NameOID.ORGANIZATION_NAME, "Lab"),
            (NameOID.COMMON_NAME, "dns.lab.test"),
        ]
    ),
    "rsa-1024": build(key=rsa.generate_private_key(65537, 1024)),
    "rsa-e3": build(key=rsa.generate_private_key(3, 2048)),
    "p224": build(key=ec.generate_private_key(ec.SECP224R1())),
    "secp256k1": build(key=ec.generate_private_key(ec.SECP256K1())),
    "ed448": build(key=ed448.Ed448PrivateKey.generate()),
    "dsa": build(key=dsa.generate_private_key(1024)),
}
for request_name, request in requests.items():
    write(request_name, pem(request))

good = requests["good"].public_bytes(serialization.Encoding.DER)


def armour(der):
    import base64

    text = base64.encodebytes(der).decode()
    return (
        "-----BEGIN CERTIFICATE REQUEST-----\n"
        + text
        + "-----END CERTIFICATE REQUEST-----\n"
    ).encode()


# The key of one CSR in the other's place: same lengths, so it still parses.
other = build(key=ec.generate_private_key(ec.SECP256R1()))


def point(request):
    return request.public_key().public_bytes(
        serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint
    )


write("wrong-key", armour(good.replace(point(requests["good"]), point(other))))
write("trailing", armour(good + b"\0"))
write("two", pem(requests["good"]) * 2)
write("empty", b"")


def der(tag, *parts):
    body = b"".join(parts)
    length = (
        bytes([len(body)])
        if len(body) < 128
        else b"\x81" + bytes([len(body)])
        if len(body) < 256
        else b"\x82" + len(body).to_bytes(2, "big")
    )
    return bytes([tag]) + length + body


# The library signs nothing with SHA-1, so this is put together by hand.
ECDSA_SHA1 = bytes.fromhex("06072a8648ce3d0401")
info = requests["good"].tbs_certrequest_bytes
signature = P256.sign(info, ec.ECDSA(hashes.SHA1()))
write(
    "sha1", armour(der(0x30, info, der(0x30, ECDSA_SHA1), der(3, b"\0", signature)))
)

now = datetime.datetime(2026, 1, 1)
me = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "dns.lab.test")])
certificate = (
    x509.CertificateBuilder(me, me, P256.public_key(), 1, now)
    .not_valid_after(now + datetime.timedelta(days=3650))
    .sign(P256, hashes.SHA256())
)
write("certificate", certificate.public_bytes(serialization.Encoding.PEM))
