"""Seeds of vouchers, their parts, and what goes with them; for make-seeds."""
import base64
import json

CMS_TYPE = "1.2.840.113549.1.9.16.1.40"
MASA_URL = "1.3.6.1.5.5.7.1.32=ASN1:IA5STRING:masa.example.net:9443"
MUD_URL = "1.3.6.1.5.5.7.1.25=ASN1:IA5STRING:https://example.net/mud.json"
HW_NAME = ("subjectAltName=otherName:1.3.6.1.5.5.7.8.4;SEQ:hw\n"
           "[hw]\na=OID:1.2.3\nb=FORMAT:ASCII,OCT:SN-1")
REQUEST, VOUCHER = 2501, 2451
# Name: (delta in a request, delta in a voucher)
SIDS = {"assertion": (1, 1), "created-on": (2, 2),
        "domain-cert-revocation-checks": (3, 3), "expires-on": (4, 4),
        "idevid-issuer": (5, 5), "last-renewal-date": (6, 6),
        "nonce": (7, 7), "pinned-domain-cert": (8, 8),
        "prior-signed-voucher-request": (9, 0),
        "proximity-registrar-cert": (10, 0), "serial-number": (13, 11)}
ASSERTIONS = ["verified", "logged", "proximity", "agent-proximity"]


class Tag:
    def __init__(self, number, value):
        self.number, self.value = number, value

    def __hash__(self):
        return self.number


def head(major, n):
    for info, size in ((24, 1), (25, 2), (26, 4), (27, 8)):
        if n < 24:
            return bytes([major << 5 | n])
        if n < 1 << (8 * size):
            return bytes([major << 5 | info]) + n.to_bytes(size, "big")
    raise ValueError(n)


def cbor(value):
    if isinstance(value, bool):
        return b"\xf5" if value else b"\xf4"
    if value is None:
        return b"\xf6"
    if isinstance(value, int):
        return head(0, value) if value >= 0 else head(1, -1 - value)
    if isinstance(value, bytes):
        return head(2, len(value)) + value
    if isinstance(value, str):
        return head(3, len(value.encode())) + value.encode()
    if isinstance(value, list):
        return head(4, len(value)) + b"".join(map(cbor, value))
    if isinstance(value, Tag):
        return head(6, value.number) + cbor(value.value)
    return head(5, len(value)) + b"".join(
        cbor(k) + cbor(v) for k, v in value.items())


def base64url(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def fields(cert, is_voucher):
    common = {"assertion": 2, "created-on": "2026-01-02T03:04:05.6+01:00",
              "serial-number": "SN-1", "nonce": bytes(range(16)),
              "idevid-issuer": b"\x04\x02\x30\x00"}
    if is_voucher:
        return dict(common, **{
            "expires-on": "2027-01-02T03:04:05Z", "pinned-domain-cert": cert,
            "domain-cert-revocation-checks": False})
    return dict(common, **{"proximity-registrar-cert": cert,
                           "prior-signed-voucher-request": b"\x30\x00"})


def root(is_voucher):
    return ("ietf-voucher:voucher" if is_voucher
            else "ietf-voucher-request:voucher")


def as_json(leaves, is_voucher):
    def value(name, v):
        if name == "assertion":
            return ASSERTIONS[v]
        return base64.b64encode(v).decode() if isinstance(v, bytes) else v
    return json.dumps({root(is_voucher): {
        k: value(k, v) for k, v in leaves.items()}}).encode()


def as_cbor(leaves, is_voucher, form="delta"):
    sid = VOUCHER if is_voucher else REQUEST
    out = {}
    for name, value in leaves.items():
        delta = SIDS[name][is_voucher]
        out[{"delta": delta, "absolute": Tag(47, sid + delta),
             "name": name}[form]] = value
    return cbor({{"delta": sid, "absolute": Tag(47, sid),
                  "name": root(is_voucher)}[form]: out})


def raw_signature(der, size=32):
    """r and s side by side of an ECDSA-Sig-Value."""
    r_len = der[3]
    r, s = der[4:4 + r_len], der[6 + r_len:]
    return b"".join(x.lstrip(b"\0").rjust(size, b"\0") for x in (r, s))


class Signer:
    def __init__(self, make, name, der):
        self.make, self.name, self.der = make, name, der
        self.pem = make.path(name + ".pem")
        make.openssl("x509", "-inform", "DER", "-in",
                     make.path(name + ".crt"), "-out", self.pem)

    def file(self, data):
        path = self.make.path("content")
        with open(path, "wb") as file:
            file.write(data)
        return path

    def ecdsa(self, data):
        return raw_signature(self.make.openssl(
            "dgst", "-sha256", "-sign", self.make.path(self.name + ".key"),
            self.file(data)))

    def cms(self, content, *more):
        return self.make.openssl(
            "cms", "-sign", "-binary", "-nodetach", "-outform", "DER",
            "-signer", self.pem, "-inkey",
            self.make.path(self.name + ".key"), "-in", self.file(content),
            *more)

    def jws(self, content, header):
        protected = base64url(json.dumps(header).encode())
        payload = base64url(content)
        return json.dumps({"payload": payload, "signatures": [{
            "protected": protected, "signature": base64url(self.ecdsa(
                (protected + "." + payload).encode()))}]}).encode()

    def cose(self, content, unprotected, tagged=True):
        protected = cbor({1: -7})
        signature = self.ecdsa(cbor(["Signature1", protected, b"", content]))
        item = [protected, unprotected, content, signature]
        return cbor(Tag(18, item) if tagged else item)


def write_signed(write, signer):
    x5c = [base64.b64encode(signer.der).decode()]
    for choice, name in ((0, "request"), (1, "voucher")):
        leaves = fields(signer.der, choice == 1)
        as_text = as_json(leaves, choice)
        as_binary = as_cbor(leaves, choice)
        first = bytes([choice])
        write("voucher_cms", name, first + signer.cms(
            as_text, "-econtent_type", CMS_TYPE))
        write("voucher_cms", name + "-data", first + signer.cms(as_text))
        write("voucher_cms", name + "-stream", first + signer.cms(
            as_text, "-stream", "-keyid"))
        write("voucher_jws", name, first + signer.jws(as_text, {
            "alg": "ES256", "typ": "voucher-jws+json", "x5c": x5c}))
        write("voucher_cose", name, first + signer.cose(
            as_binary, {32: signer.der}))
        write("voucher_cose", name + "-untagged", first + signer.cose(
            as_binary, {33: [signer.der], 4: b"kid"}, tagged=False))
        write("voucher_json", name, first + as_text)
        for form in ("delta", "absolute", "name"):
            write("voucher_sid", name + "-" + form,
                  first + as_cbor(leaves, choice, form))
    plain = as_json(fields(signer.der, False), True)
    write("voucher_cms", "plain-root", b"\x02" + signer.cms(plain))
    write("voucher_json", "plain-root", b"\x02" + plain)
    write("voucher_cms", "no-attributes", b"\x01" + signer.cms(
        plain, "-noattr"))
    write("voucher_jws", "none", b"\x01" + signer.jws(plain, {
        "alg": "none", "crit": ["b64"], "b64": False}))


def write_plain(write):
    status = {"version": 1, "status": False, "reason": "no trust anchor",
              "reason-context": {"a": [1, None]}}
    write("telemetry", "json", b"\x00" + json.dumps(status).encode())
    write("telemetry", "text", b'\x00{"version":"1","status":true}')
    write("telemetry", "cbor", b"\x01" + cbor(status))
    write("telemetry", "float", b"\x01" + cbor(
        {"version": 1}).replace(b"\xa1", b"\xa2", 1) + b"\x66status\xf9<\x00")
    event = {"date": "2026-01-02T03:04:05Z", "domainID": "AQID",
             "nonce": "abc", "assertion": "logged", "truncated": "1"}
    write("audit_log", "events", json.dumps({
        "version": "1", "events": [event, dict(event, nonce=None)],
        "truncation": {"nonced duplicates": "0", "nonceless duplicates": 1,
                       "arbitrary": 2}}))
    write("audit_log", "empty", '{"version":1,"events":[]}')
    for name, data in (
            ("nest", b"\x9f\x81" * 7 + b"\x00" + b"\xff" * 7),
            ("chunks", b"\x82\x5f\x41\x00\x42\x01\x02\xff\x7f\x61a\xff"),
            ("map", b"\xbf\x01\xa1\x20\x61a\xf9\x3c\x00\xd8\x2f\x19\x09\x94"
             b"\xff"),
            ("numbers", b"\x87\x1b" + b"\xff" * 8 + b"\x3b" + b"\xff" * 8 +
             b"\xf4\xf6\xf7\xfa\x3f\x80\0\0\xfb" + bytes(8)),
            ("long", b"\x9b\x7f" + b"\xff" * 7), ("break", b"\x81\xff\xff")):
        write("cbor_item", name, data)
    for name, text in (
            ("one", "\x00application/voucher-cms+json"),
            ("all", "\x01application/voucher-jws+json;q=0.5, "
             "application/voucher+cose ; q=0.501,application/*;q=0"),
            ("old", "\x02application/voucher-cose+cbor, application/cose;"
             "cose-type=\"cose-sign1\", */*;q=0.1")):
        write("accept", name, text)
    for name, text in (
            ("authority", "masa.example.net:9443\n*.example.net"),
            ("url", "HTTPS://MASA.example.net/.well-known/brski/\n"
             "a.example\nmasa.example.net"),
            ("path", "https://masa.example.net:443/a/b//"),
            ("address", "https://[2001:db8::1]:8443/\n2001:db8::1"),
            ("user", "https://a:b@masa.example.net?q#f")):
        write("masa_url", name, text)


def write_vouchers(make, write):
    signer = Signer(make, "voucher", make.cert("voucher", [
        "extendedKeyUsage=cmcRA", "subjectKeyIdentifier=hash"]))
    write_signed(write, signer)
    write_plain(write)
    for name, extensions in (("urls", [MASA_URL, MUD_URL]),
                             ("hardware", [MASA_URL, HW_NAME]),
                             ("plain", [])):
        write("idevid", name, make.cert("idevid-" + name, extensions,
                                        subject="x/serialNumber=SN-1"))
    write("idevid", "signer", signer.der)
