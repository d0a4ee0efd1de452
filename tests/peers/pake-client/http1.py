"""One exchange of HTTP/1.1 over a finished handshake (RFC 9112, a small part)."""

import record
import wire
from record import AlertReceived, Closed, TlsError


class HttpError(Exception):
    pass


class Stream:
    def __init__(self, handshake):
        self.records, self.result = handshake.records, handshake.result
        self.messages, self.buffer = handshake.messages, b""

    def write(self, data):
        self.records.write(record.APPLICATION_DATA, data)

    def fill(self):
        """More application data; False at the end."""
        while True:
            try:
                kind, fragment = self.records.read()
            except AlertReceived as e:
                if e.code != 0:
                    raise
                return False
            if kind == record.APPLICATION_DATA:
                self.buffer += fragment
                return True
            if kind != record.HANDSHAKE:
                raise TlsError(10, f"a record of type {kind} after Finished")
            self.post_handshake(fragment)

    def post_handshake(self, fragment):
        """RFC 8446, 4.6: tickets are counted, not used."""
        self.messages += fragment
        while (len(self.messages) >= 4 and len(self.messages) >=
               4 + int.from_bytes(self.messages[1:4], "big")):
            end = 4 + int.from_bytes(self.messages[1:4], "big")
            kind, self.messages = self.messages[0], self.messages[end:]
            if kind == wire.NEW_SESSION_TICKET:
                self.result.tickets += 1
            elif kind == wire.KEY_UPDATE:
                self.records.read_keys = self.records.read_keys.updated()
            else:
                raise TlsError(10, f"message {kind} after Finished")

    def until(self, mark):
        while mark not in self.buffer:
            if not self.fill():
                raise HttpError("the answer ends too early")
        data, self.buffer = self.buffer.split(mark, 1)
        return data

    def exactly(self, n):
        while len(self.buffer) < n:
            if not self.fill():
                raise HttpError("the answer ends too early")
        data, self.buffer = self.buffer[:n], self.buffer[n:]
        return data

    def rest(self):
        try:
            while self.fill():
                pass
        except Closed:
            pass
        data, self.buffer = self.buffer, b""
        return data


def read_body(stream, fields):
    if "chunked" in fields.get("transfer-encoding", ""):
        body = b""
        while True:
            size = int(stream.until(b"\r\n").split(b";")[0], 16)
            body += stream.exactly(size)
            if stream.until(b"\r\n"):
                raise HttpError("a chunk is longer than it says")
            if size == 0:
                return body
    if "content-length" in fields:
        return stream.exactly(int(fields["content-length"]))
    return stream.rest()


def exchange(stream, method, host, path, fields=None, body=b""):
    """Returns (status, fields, body). Ends the connection unless the fields
    say otherwise."""
    fields = {"Host": host, "Connection": "close", **(fields or {})}
    if body:
        fields["Content-Length"] = str(len(body))
    head = "".join(f"{k}: {v}\r\n" for k, v in fields.items())
    stream.write(f"{method} {path} HTTP/1.1\r\n{head}\r\n".encode() + body)
    lines = stream.until(b"\r\n\r\n").decode("latin-1").split("\r\n")
    parts = lines[0].split(" ", 2)
    if len(parts) < 2 or not parts[0].startswith("HTTP/1."):
        raise HttpError(f"not an answer of HTTP/1.x: {lines[0]!r}")
    answer = {}
    for line in lines[1:]:
        name, _, value = line.partition(":")
        answer[name.strip().lower()] = value.strip()
    return int(parts[1]), answer, read_body(stream, answer)


def get(stream, host, path):
    return exchange(stream, "GET", host, path)
