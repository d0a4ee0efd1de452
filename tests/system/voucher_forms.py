"""Voucher requests as JWS and COSE, and vouchers in each format opened: written
against the drafts, with nothing of the programs under test.

    voucher_forms.py open FORMAT FILE SIGNER.pem    prints the voucher's members
"""
import base64
import hashlib
import json
import subprocess
import sys

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import (
    decode_dss_signature, encode_dss_signature)

REQUEST_ROOT, VOUCHER_ROOT = 2501, 2451
REQUEST_SIDS = {"assertion": 2502, "created-on": 2503, "nonce": 2508,
                "proximity-registrar-cert": 2511, "serial-number": 2514}
VOUCHER_SIDS = {2452: "assertion", 2453: "created-on", 2455: "expires-on",
                2458: "nonce", 2459: "pinned-domain-cert",
                2462: "serial-number"}
ASSERTIONS = ["verified", "logged", "proximity"]


def load_key(name):
    with open(name, "rb") as file:
        return serialization.load_pem_private_key(file.read(), None)


def load_cert(name):
    with open(name, "rb") as file:
        return x509.load_pem_x509_certificate(file.read())


def url64(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def un_url64(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def sign(key, data):
    """ES256 as JOSE and COSE have it."""
    r, s = decode_dss_signature(key.sign(data, ec.ECDSA(hashes.SHA256())))
    return r.to_bytes(32, "big") + s.to_bytes(32, "big")


def verify(cert, signature, data):
    cert.public_key().verify(
        encode_dss_signature(int.from_bytes(signature[:32], "big"),
                             int.from_bytes(signature[32:], "big")),
        data, ec.ECDSA(hashes.SHA256()))


# --- CBOR: what is needed of it ---

class Tag:
    def __init__(self, number, value):
        self.number, self.value = number, value

    def __hash__(self):
        return hash((self.number, self.value))

    def __eq__(self, other):
        return (self.number, self.value) == (other.number, other.value)


def head(major, n):
    for bits, size in ((24, 1), (25, 2), (26, 4)):
        if n < 24:
            return bytes([major << 5 | n])
        if n < 1 << 8 * size:
            return bytes([major << 5 | bits]) + n.to_bytes(size, "big")
    raise ValueError(n)


def encode(value):
    if isinstance(value, int):
        return head(0, value) if value >= 0 else head(1, -1 - value)
    if isinstance(value, bytes):
        return head(2, len(value)) + value
    if isinstance(value, str):
        return head(3, len(value.encode())) + value.encode()
    if isinstance(value, list):
        return head(4, len(value)) + b"".join(map(encode, value))
    if isinstance(value, dict):
        return head(5, len(value)) + b"".join(
            encode(k) + encode(v) for k, v in value.items())
    return head(6, value.number) + encode(value.value)


def decode(data, at=0):
    major, n = data[at] >> 5, data[at] & 31
    at += 1
    if n >= 24:
        size = 1 << (n - 24)
        n, at = int.from_bytes(data[at:at + size], "big"), at + size
    if major == 0:
        return n, at
    if major == 1:
        return -1 - n, at
    if major in (2, 3):
        part = data[at:at + n]
        return part if major == 2 else part.decode(), at + n
    if major == 6:
        value, at = decode(data, at)
        return Tag(n, value), at
    items = []
    for _ in range(n * (2 if major == 5 else 1)):
        item, at = decode(data, at)
        items.append(item)
    if major == 4:
        return items, at
    return dict(zip(items[::2], items[1::2])), at


# --- requests ---

def make_jws(members, root, cert, key):
    protected = url64(json.dumps({
        "alg": "ES256", "typ": "voucher-jws+json",
        "x5c": [base64.b64encode(cert.public_bytes(
            serialization.Encoding.DER)).decode()]}).encode())
    payload = url64(json.dumps({root: members}).encode())
    signature = url64(sign(key, (protected + "." + payload).encode()))
    return json.dumps({"payload": payload, "signatures": [
        {"protected": protected, "signature": signature}]}).encode()


def cose_key(name, keys, position):
    if keys == "mixed":
        keys = ("delta", "absolute", "names")[position % 3]
    if keys == "names":
        return name
    sid = REQUEST_SIDS[name]
    return Tag(47, sid) if keys == "absolute" else sid - REQUEST_ROOT


def make_cose(members, root, key, keys):
    leaves = {}
    for position, name in enumerate(sorted(members, key=REQUEST_SIDS.get)):
        value = members[name]
        if name == "assertion":
            value = ASSERTIONS.index(value)
        elif name in ("nonce", "proximity-registrar-cert"):
            value = base64.b64decode(value)
        leaves[cose_key(name, keys, position)] = value
    top = {"delta": REQUEST_ROOT, "absolute": Tag(47, REQUEST_ROOT)}
    payload = encode({top.get(keys, root): leaves})
    protected = encode({1: -7})
    signature = sign(key, encode(["Signature1", protected, b"", payload]))
    return encode(Tag(18, [protected, {}, payload, signature]))


# --- vouchers ---

def open_cms(name):
    return json.loads(subprocess.run(
        ["openssl", "cms", "-verify", "-noverify", "-inform", "DER", "-in",
         name], check=True, capture_output=True).stdout)


def open_jws(data, signer):
    document = json.loads(data)
    assert len(document["signatures"]) == 1
    one = document["signatures"][0]
    assert json.loads(un_url64(one["protected"]))["alg"] == "ES256"
    verify(signer, un_url64(one["signature"]),
           (one["protected"] + "." + document["payload"]).encode())
    return json.loads(un_url64(document["payload"]))


def open_cose(data, signer):
    tag, end = decode(data)
    assert end == len(data) and tag.number == 18
    protected, unprotected, payload, signature = tag.value
    # The registrar has taken the certificates out.
    assert 32 not in unprotected and 33 not in unprotected
    assert decode(protected)[0] == {1: -7}
    verify(signer, signature, encode(["Signature1", protected, b"", payload]))
    leaves = decode(payload)[0][VOUCHER_ROOT]
    voucher = {VOUCHER_SIDS[VOUCHER_ROOT + k]: v for k, v in leaves.items()}
    # A nonce is the device's own text, or its octets.
    for name in ("nonce", "pinned-domain-cert"):
        if isinstance(voucher[name], bytes):
            voucher[name] = base64.b64encode(voucher[name]).decode()
    voucher["assertion"] = ASSERTIONS[voucher["assertion"]]
    return {"ietf-voucher:voucher": voucher}


def main():
    kind, name, signer = sys.argv[2], sys.argv[3], load_cert(sys.argv[4])
    with open(name, "rb") as file:
        data = file.read()
    if kind == "cms":
        document = open_cms(name)
    else:
        document = (open_jws if kind == "jws" else open_cose)(data, signer)
    voucher = document["ietf-voucher:voucher"]
    print(voucher["serial-number"], voucher["nonce"], hashlib.sha256(
        base64.b64decode(voucher["pinned-domain-cert"])).hexdigest())


if __name__ == "__main__":
    main()
