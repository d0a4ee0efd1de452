"""Issues a certificate with an appliance's own CA keys, past all its rules, and
puts it into its store in the place of the newest one. The appliance must not
run. For tests of what an endpoint does with it.

usage: craft_cert.py STATE_DIRECTORY KEY_AND_CERT_DIRECTORY ADN SECONDS SRV_ID...

SECONDS is how long it is valid from now. The key is the directory's key.pem;
cert.pem and fullchain.pem are written anew.
"""

import datetime
import glob
import sqlite3
import sys

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

STATE, OUT, ADN, SECONDS = sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4])
SRV_IDS = sys.argv[5:]
SRV_NAME = x509.ObjectIdentifier("1.3.6.1.5.5.7.8.7")


def read(path):
    with open(path, "rb") as f:
        return f.read()


def issuing(kind):
    return read(glob.glob(STATE + "/ca/issuing*" + kind)[0])


def srv(text):
    raw = text.encode()
    return x509.OtherName(SRV_NAME, bytes([0x16, len(raw)]) + raw)


ca = x509.load_pem_x509_certificate(issuing(".crt"))
ca_key = serialization.load_pem_private_key(issuing(".key"), None)
key = serialization.load_pem_private_key(read(OUT + "/key.pem"), None)
now = datetime.datetime.utcnow()
certificate = (
    x509.CertificateBuilder()
    .issuer_name(ca.subject)
    .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, ADN)]))
    .public_key(key.public_key())
    .serial_number(x509.random_serial_number())
    .not_valid_before(now - datetime.timedelta(minutes=5))
    .not_valid_after(now + datetime.timedelta(seconds=SECONDS))
    .add_extension(x509.BasicConstraints(False, None), True)
    .add_extension(
        x509.KeyUsage(True, False, False, False, False, False, False, False, False),
        True,
    )
    .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), False)
    .add_extension(
        x509.SubjectKeyIdentifier.from_public_key(key.public_key()), False
    )
    .add_extension(
        x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(
            ca.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
        ),
        False,
    )
    .add_extension(
        x509.SubjectAlternativeName([x509.DNSName(ADN)] + [srv(s) for s in SRV_IDS]),
        False,
    )
    .sign(ca_key, hashes.SHA256())
)
pem = certificate.public_bytes(serialization.Encoding.PEM)
with open(OUT + "/cert.pem", "wb") as f:
    f.write(pem)
with open(OUT + "/fullchain.pem", "wb") as f:
    f.write(pem + issuing(".crt"))
db = sqlite3.connect(STATE + "/estuary.db")
with db:
    (newest,) = db.execute("SELECT max(certificate_id) FROM dns_server").fetchone()
    # Published as long as the store believes in it, which is for ever.
    db.execute(
        "UPDATE certificate SET der = ? WHERE id = ?",
        (certificate.public_bytes(serialization.Encoding.DER), newest),
    )
db.close()
