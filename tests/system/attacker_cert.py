#!/usr/bin/python3
"""A self-signed certificate that says all that a DNS server's says:

    attacker_cert.py DIRECTORY ADN ADDRESS FIRST-DAY LAST-DAY

valid between the two, in days from now; it writes key.pem and fullchain.pem.
"""

import datetime
import ipaddress
import os
import sys

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

SRV_NAME = x509.ObjectIdentifier("1.3.6.1.5.5.7.8.7")  # RFC 4985


def srv_id(label, adn):
    name = f"_{label}.{adn}".encode()
    return x509.OtherName(SRV_NAME, bytes([22, len(name)]) + name)


def build(key, adn, address, first_day, last_day):
    now = datetime.datetime.utcnow()
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, adn)])
    names = x509.SubjectAlternativeName([
        x509.DNSName(adn), srv_id("domain-s", adn), srv_id("doh", adn),
        x509.IPAddress(ipaddress.ip_address(address))])
    return (
        x509.CertificateBuilder()
        .subject_name(name).issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now + datetime.timedelta(days=first_day))
        .not_valid_after(now + datetime.timedelta(days=last_day))
        .add_extension(names, critical=False)
        .add_extension(x509.ExtendedKeyUsage(
            [ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .sign(key, hashes.SHA256()))


def write(directory, name, data):
    with open(os.path.join(directory, name), "wb") as f:
        f.write(data)


def main():
    if len(sys.argv) != 6:
        sys.exit(__doc__)
    directory, adn, address = sys.argv[1:4]
    key = ec.generate_private_key(ec.SECP256R1())
    cert = build(key, adn, address, int(sys.argv[4]), int(sys.argv[5]))
    pem = serialization.Encoding.PEM
    os.makedirs(directory, exist_ok=True)
    write(directory, "fullchain.pem", cert.public_bytes(pem))
    write(directory, "key.pem", key.private_bytes(
        pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()))


if __name__ == "__main__":
    main()
