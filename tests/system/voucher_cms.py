"""A device's voucher request, signed with its IDevID."""

import base64
import datetime
import json
import os

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.serialization import pkcs7

TYPE = "application/voucher-cms+json"


def read(name):
    with open(name, "rb") as file:
        return file.read()


def make_request(device, registrar_cert):
    """DEVICE.cert.pem and DEVICE.key.pem; the registrar's is DER."""
    cert = x509.load_pem_x509_certificate(read(device + ".cert.pem"))
    key = serialization.load_pem_private_key(read(device + ".key.pem"), None)
    now = datetime.datetime.utcnow()
    fields = {"assertion": "proximity",
              "serial-number": os.path.basename(device),
              "created-on": now.strftime("%Y-%m-%dT%H:%M:%SZ"),
              "nonce": base64.b64encode(os.urandom(16)).decode(),
              "proximity-registrar-cert":
                  base64.b64encode(registrar_cert).decode()}
    text = json.dumps({"ietf-voucher-request:voucher": fields}).encode()
    return pkcs7.PKCS7SignatureBuilder().set_data(text).add_signer(
        cert, key, hashes.SHA256()).sign(
            serialization.Encoding.DER,
            [pkcs7.PKCS7Options.Binary, pkcs7.PKCS7Options.NoCapabilities])
