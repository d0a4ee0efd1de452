"""The record layer of TLS 1.3 (RFC 8446, 5) for TLS_AES_128_GCM_SHA256."""

import socket

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

import schedule

CHANGE_CIPHER_SPEC, ALERT, HANDSHAKE, APPLICATION_DATA = 20, 21, 22, 23
MAX_PLAINTEXT = 2**14

ALERTS = {
    0: "close_notify", 10: "unexpected_message", 20: "bad_record_mac",
    22: "record_overflow", 40: "handshake_failure", 42: "bad_certificate",
    47: "illegal_parameter", 48: "unknown_ca", 49: "access_denied",
    50: "decode_error", 51: "decrypt_error", 70: "protocol_version",
    71: "insufficient_security", 80: "internal_error", 90: "user_canceled",
    109: "missing_extension", 110: "unsupported_extension",
    112: "unrecognized_name", 115: "unknown_psk_identity",
    116: "certificate_required", 120: "no_application_protocol",
}


class TlsError(Exception):
    """We abort: alert is what we tell the peer."""

    def __init__(self, alert, reason):
        super().__init__(reason)
        self.alert = alert


class AlertReceived(Exception):
    def __init__(self, code):
        super().__init__(f"the server sent {ALERTS.get(code, code)}")
        self.code = code


class Closed(Exception):
    """End of the stream, or a reset."""


class Keys:
    """One direction's key, nonce and sequence number (5.2, 5.3, 7.3)."""

    def __init__(self, secret):
        self.secret = secret
        self.aead = AESGCM(schedule.expand_label(secret, "key", b"", 16))
        self.iv = schedule.expand_label(secret, "iv", b"", 12)
        self.sequence = 0

    def nonce(self):
        number = self.sequence.to_bytes(12, "big")
        self.sequence += 1
        return bytes(a ^ b for a, b in zip(self.iv, number))

    def updated(self):
        """After a KeyUpdate (7.2)."""
        return Keys(schedule.expand_label(self.secret, "traffic upd", b"", 32))


class RecordLayer:
    """write_bytes and record_bytes cut what is sent: the first into TCP
    segments, the second handshake messages into records."""

    def __init__(self, sock, write_bytes=None, record_bytes=None):
        self.sock = sock
        self.write_bytes = write_bytes
        self.record_bytes = record_bytes or MAX_PLAINTEXT
        self.read_keys = self.write_keys = None
        self.buffer = b""
        self.log = []  # (content type, length) of each record as it came
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def _fill(self, length):
        while len(self.buffer) < length:
            try:
                data = self.sock.recv(65536)
            except (ConnectionError, TimeoutError) as e:
                raise Closed(str(e) or type(e).__name__) from e
            if not data:
                raise Closed("the server closed the connection")
            self.buffer += data

    def read_raw(self):
        """A record as it came: type, header, fragment."""
        self._fill(5)
        length = int.from_bytes(self.buffer[3:5], "big")
        if length > MAX_PLAINTEXT + 256:
            raise TlsError(22, "a record is too long")
        self._fill(5 + length)
        header, fragment = self.buffer[:5], self.buffer[5:5 + length]
        self.buffer = self.buffer[5 + length:]
        self.log.append((header[0], length))
        return header[0], header, fragment

    def read(self):
        """The next record that is not a (meaningless) ChangeCipherSpec."""
        kind, header, fragment = self.read_raw()
        if kind == CHANGE_CIPHER_SPEC:
            if fragment != b"\x01":
                raise TlsError(10, "a strange ChangeCipherSpec")
            return self.read()
        if self.read_keys is not None and kind == APPLICATION_DATA:
            kind, fragment = self._decrypt(header, fragment)
        elif self.read_keys is not None and kind != ALERT:
            raise TlsError(10, "a record in the clear after ServerHello")
        if kind == ALERT:
            if len(fragment) != 2:
                raise TlsError(50, "an alert is not two bytes")
            raise AlertReceived(fragment[1])
        return kind, fragment

    def _decrypt(self, header, fragment):
        try:
            plain = self.read_keys.aead.decrypt(
                self.read_keys.nonce(), fragment, header)
        except (InvalidTag, ValueError) as e:
            raise TlsError(20, "a record does not decrypt") from e
        plain = plain.rstrip(b"\x00")
        if not plain:
            raise TlsError(10, "a record without a content type")
        return plain[-1], plain[:-1]

    def write(self, kind, data):
        step = self.record_bytes if kind == HANDSHAKE else MAX_PLAINTEXT
        for start in range(0, len(data), step):
            self._write_record(kind, data[start:start + step])

    def _write_record(self, kind, fragment):
        if self.write_keys is not None and kind != CHANGE_CIPHER_SPEC:
            plain = fragment + bytes([kind])
            header = b"\x17\x03\x03" + (len(plain) + 16).to_bytes(2, "big")
            fragment = self.write_keys.aead.encrypt(
                self.write_keys.nonce(), plain, header)
        else:
            header = (bytes([kind]) + b"\x03\x03" +
                      len(fragment).to_bytes(2, "big"))
        record = header + fragment
        step = self.write_bytes or len(record)
        try:
            for start in range(0, len(record), step):
                self.sock.sendall(record[start:start + step])
        except (ConnectionError, TimeoutError) as e:
            self._raise_last_words(e)

    def _raise_last_words(self, error):
        """The peer hung up on us: an alert may be waiting."""
        while True:
            try:
                self.read()
            except TlsError:
                pass
            except Closed:
                raise Closed(str(error)) from error

    def alert(self, code):
        level = 1 if code in (0, 90) else 2
        try:
            self.write(ALERT, bytes([level, code]))
        except (Closed, AlertReceived):
            pass
