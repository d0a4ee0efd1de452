"""An EST client for the system tests: requests over TLS with a client
certificate, HTTP Basic, or a PAKE; certification requests good and bad."""

import base64
import http.client
import os
import socket
import ssl
import subprocess
import sys

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.serialization import pkcs7
from cryptography.x509.oid import AttributeOID, NameOID

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "peers", "pake-client"))

# From tests/peers/pake-client.
import handshake  # noqa: E402
import http1  # noqa: E402
import pake_client  # noqa: E402
import record  # noqa: E402
import schedule  # noqa: E402

NAME = "est.lab.test"
EST = "/.well-known/est"
SRV_NAME = x509.ObjectIdentifier("1.3.6.1.5.5.7.8.7")
EXPORTER = "EXPORTER-Channel-Binding"
NO_EXTENDED_MASTER_SECRET = 1  # SSL_OP_NO_EXTENDED_MASTER_SECRET

P256 = ec.generate_private_key(ec.SECP256R1())


# --- certification requests ---

def srv(text):
    raw = text.encode()
    return x509.OtherName(SRV_NAME, bytes([0x16, len(raw)]) + raw)


def make_csr(cn=None, names=(), key=P256, challenge=None, subject=()):
    """DER."""
    subject = list(subject)
    if cn is not None:
        subject.append((NameOID.COMMON_NAME, cn))
    builder = x509.CertificateSigningRequestBuilder(
        x509.Name([x509.NameAttribute(*s) for s in subject]))
    if names:
        builder = builder.add_extension(
            x509.SubjectAlternativeName(list(names)), critical=False)
    if challenge is not None:
        builder = builder.add_attribute(
            AttributeOID.CHALLENGE_PASSWORD, challenge)
    digest = None if isinstance(key, ed25519.Ed25519PrivateKey) \
        else hashes.SHA256()
    return builder.sign(key, digest).public_bytes(
        serialization.Encoding.DER)


def b64(data):
    return base64.b64encode(data)


# --- what came back ---

class Answer:
    def __init__(self, status, fields, body):
        self.status, self.fields, self.body = status, fields, body

    @property
    def certificate(self):
        """The one certificate of a certs-only answer."""
        found = pkcs7.load_der_pkcs7_certificates(base64.b64decode(self.body))
        if len(found) != 1:
            raise ValueError(f"{len(found)} certificates")
        return found[0]

    @property
    def reason(self):
        return self.body.decode("utf-8", "replace").rstrip("\n")

    def __repr__(self):
        return f"<{self.status} {self.body[:300]!r}>"


# --- over TLS ---

class Client:
    """Where the appliance is, and how it is trusted."""

    def __init__(self, address, root):
        host, _, port = address.rpartition(":")
        self.address, self.root = (host.strip("[]"), int(port)), root

    def context(self, credential=None, version=None, options=0):
        context = ssl.create_default_context(cafile=self.root)
        if version is not None:
            context.minimum_version = context.maximum_version = version
        context.options |= options
        if credential is not None:
            context.load_cert_chain(*credential)
        return context

    def connect(self, **how):
        return Connection(self.address, self.context(**how))

    def send(self, method, path, body=None, fields=None, **how):
        """One request on a connection of its own."""
        connection = self.connect(**how)
        try:
            return connection.exchange(method, path, body, fields)
        finally:
            connection.close()


class Connection(http.client.HTTPSConnection):
    def __init__(self, address, context):
        super().__init__(NAME, address[1], context=context, timeout=60)
        self.address = address

    def connect(self):
        sock = socket.create_connection(self.address, 60)
        self.sock = self._context.wrap_socket(sock, server_hostname=NAME)

    def exchange(self, method, path, body=None, fields=None):
        fields = dict(fields or {})
        if method == "POST" and "Content-Type" not in fields:
            fields["Content-Type"] = "application/pkcs10"
        if fields.get("Content-Type", "") is None:
            del fields["Content-Type"]
        try:
            self.request(method, path, body, fields)
        except (ssl.SSLEOFError, ConnectionError):
            if self.sock is None:
                raise
            # It answered before it had read all.
        reply = self.getresponse()
        return Answer(reply.status,
                      {k.lower(): v for k, v in reply.getheaders()},
                      reply.read())


def basic(user, password):
    text = base64.b64encode(f"{user}:{password}".encode()).decode()
    return {"Authorization": "Basic " + text}


def save_credential(directory, name, certificate, key=P256):
    """Files for Client.context(credential=...)."""
    paths = os.path.join(directory, name + ".crt"), \
        os.path.join(directory, name + ".key")
    with open(paths[0], "wb") as f:
        f.write(certificate.public_bytes(serialization.Encoding.PEM))
    with open(paths[1], "wb") as f:
        f.write(key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption()))
    return paths


# --- over a PAKE ---

class ExportingSchedule(schedule.KeySchedule):
    """Keeps the exporter's secret (RFC 8446, 7.5)."""

    def application_secrets(self, transcript):
        self.exporter = schedule.derive_secret(
            self.master, "exp master", transcript)
        ExportingSchedule.last = self
        return super().application_secrets(transcript)

    def export(self, label, length):
        secret = schedule.derive_secret(self.exporter, label, b"")
        context = schedule.hashlib.sha256(b"").digest()
        return schedule.expand_label(secret, "exporter", context, length)


class PakeConnection:
    """Authenticated by an onboarding code, or identity and password."""

    def __init__(self, address, arguments):
        options = pake_client.arguments(
            ["--connect", address, "--server-name", NAME, *arguments])
        self.sock = pake_client.connect(options)
        self.handshake = handshake.Handshake(
            record.RecordLayer(self.sock, None, None), options,
            handshake.Behaviour())
        plain, schedule.KeySchedule = schedule.KeySchedule, ExportingSchedule
        try:
            self.handshake.run()
        finally:
            schedule.KeySchedule = plain
        self.keys = ExportingSchedule.last
        self.stream = http1.Stream(self.handshake)

    @property
    def exporter(self):
        return self.keys.export(EXPORTER, 32)

    def exchange(self, method, path, body=b"", fields=None):
        fields = {"Connection": "keep-alive", **(fields or {})}
        if method == "POST":
            fields.setdefault("Content-Type", "application/pkcs10")
        return Answer(*http1.exchange(
            self.stream, method, NAME, path, fields, body))

    def close(self):
        self.sock.close()


# --- ordinary TLS 1.3, whose exporter Python's ssl does not give ---

def s_client_send(client, make_body, path, fields):
    """One POST by openssl s_client; make_body gets the tls-exporter value."""
    process = subprocess.Popen(
        ["openssl", "s_client", "-connect", "%s:%d" % client.address,
         "-servername", NAME, "-CAfile", client.root, "-verify_return_error",
         "-tls1_3", "-keymatexport", EXPORTER, "-keymatexportlen", "32",
         "-nocommands", "-ign_eof"],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL)
    value = None
    for line in process.stdout:
        text = line.decode().strip()
        if text.startswith("Keying material: "):
            value = bytes.fromhex(text.split(": ")[1])
        if value is not None and text == "---":
            break
    body = make_body(value)
    head = "".join(f"{k}: {v}\r\n" for k, v in {
        "Host": NAME, "Connection": "close",
        "Content-Type": "application/pkcs10",
        "Content-Length": str(len(body)), **fields}.items())
    out, _ = process.communicate(
        f"POST {path} HTTP/1.1\r\n{head}\r\n".encode() + body, timeout=60)
    out = out[out.index(b"HTTP/1.1 "):]
    head, _, body = out.partition(b"\r\n\r\n")
    answer = {}
    for line in head.decode().split("\r\n")[1:]:
        name, _, value = line.partition(": ")
        answer[name.lower()] = value
    return Answer(int(head.split()[1]), answer,
                  body[:int(answer["content-length"])])
