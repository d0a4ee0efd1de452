#!/usr/bin/python3
"""An attacker's TCP servers:

    attacker_server.py MODE ADDRESS FIRST-PORT COUNT [ARGUMENT...]

serves on COUNT ports from FIRST-PORT on, until SIGTERM. The modes:

    tarpit              accepts, and says nothing
    trickle             a byte of a TLS record every half second
    closes              closes once the client has spoken
    garbage             random bytes
    http                a plain-text HTTP answer
    alert NUMBER        a fatal TLS alert
    share KIND          a ServerHello with a share in its `pake` extension:
                        valid (a point that knows no code), off-curve, short,
                        scheme (one that was not offered), absent
    tls CERT KEY        TLS with this certificate
    terminate CERT KEY HOST PORT
                        the same, with all that comes passed on by TLS
    relay HOST PORT     passes the bytes on
    tamper HOST PORT    the same, with one bit of the server's first record
                        changed

It prints "ready", "connection PORT" for each one, and "received N BYTES" in
hexadecimal for what arrives inside TLS.
"""

import os
import select
import socket
import socketserver
import ssl
import struct
import sys
import threading
import time

PAKE_EXTENSION = 0x8A3B
PAKE_SCHEME = 0x7D96
BASE_POINT = bytes.fromhex(
    "046b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296"
    "4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5")
BUFFER = 65536


def say(*words):
    print(*words, flush=True)


def read_hello(conn):
    """The ClientHello's record, as far as it comes at once."""
    return conn.recv(BUFFER)


def until_closed(conn):
    while conn.recv(BUFFER):
        pass


# --- servers that speak no TLS, or little of it ---

def tarpit(conn):
    until_closed(conn)


def trickle(conn):
    conn.sendall(b"\x16\x03\x03\x40\x00")
    while True:
        conn.sendall(b"\0")
        time.sleep(0.5)


def closes(conn):
    read_hello(conn)


def garbage(conn):
    read_hello(conn)
    conn.sendall(os.urandom(700))
    until_closed(conn)


def http(conn):
    read_hello(conn)
    conn.sendall(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")


def alert(conn, number):
    read_hello(conn)
    conn.sendall(b"\x15\x03\x03\x00\x02\x02" + bytes([int(number)]))
    until_closed(conn)


# --- a ServerHello of our own ---

def vector(n, data):
    return len(data).to_bytes(n, "big") + data


def extension(number, data):
    return struct.pack("!H", number) + vector(2, data)


def pake_extension(kind):
    point, scheme = BASE_POINT, PAKE_SCHEME
    if kind == "absent":
        return b""
    if kind == "off-curve":
        point = point[:-1] + bytes([point[-1] ^ 1])
    if kind == "short":
        point = point[:33]
    if kind == "scheme":
        scheme += 1
    share = struct.pack("!H", scheme) + vector(2, point + os.urandom(32))
    return extension(PAKE_EXTENSION, share)


def share(conn, kind):
    hello = read_hello(conn)
    # After the record's and the message's header, version and random.
    session = hello[43:44 + hello[43]]
    body = b"\x03\x03" + os.urandom(32) + session + b"\x13\x01\x00" + vector(
        2, extension(43, b"\x03\x04") +
        extension(51, b"\x00\x1d" + vector(2, os.urandom(32))) +
        pake_extension(kind))
    conn.sendall(b"\x16\x03\x03" + vector(2, b"\x02" + vector(3, body)))
    # What would be EncryptedExtensions.
    conn.sendall(b"\x14\x03\x03\x00\x01\x01" +
                 b"\x17\x03\x03" + vector(2, os.urandom(600)))
    until_closed(conn)


# --- TLS ---

def tls_wrap(conn, cert, key):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(cert, key)
    context.set_alpn_protocols(["http/1.1", "dot", "h2"])
    return context.wrap_socket(conn, server_side=True)


def receive(conn):
    data = conn.recv(BUFFER)
    if data:
        say("received", len(data), data.hex())
    return data


def tls(conn, cert, key):
    with tls_wrap(conn, cert, key) as inner:
        while receive(inner):
            pass


def pump(source, sink, take):
    """Passes on what take(source) reads."""
    try:
        while True:
            data = take(source)
            if not data:
                break
            sink.sendall(data)
    except OSError:
        pass
    try:
        sink.shutdown(socket.SHUT_WR)
    except OSError:
        pass


def both_ways(client, server, take_client, take_server):
    back = threading.Thread(target=pump, args=(server, client, take_server))
    back.start()
    pump(client, server, take_client)
    back.join()


def plain(s):
    return s.recv(BUFFER)


def terminate(conn, cert, key, host, port):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    with tls_wrap(conn, cert, key) as inner, \
            socket.create_connection((host, int(port))) as raw, \
            context.wrap_socket(raw) as server:
        both_ways(inner, server, receive, plain)


def relay(conn, host, port):
    with socket.create_connection((host, int(port))) as server:
        both_ways(conn, server, plain, plain)


def tamper(conn, host, port):
    first = True

    def take(s):
        nonlocal first
        data = bytearray(s.recv(BUFFER))
        if first and len(data) > 11:
            data[11] ^= 1  # the first byte of ServerHello.random
            first = False
        return data

    with socket.create_connection((host, int(port))) as server:
        both_ways(conn, server, plain, take)


MODES = {f.__name__: f for f in (
    tarpit, trickle, closes, garbage, http, alert, share, tls, terminate,
    relay, tamper)}


class Handler(socketserver.BaseRequestHandler):
    def handle(self):
        say("connection", self.server.server_address[1])
        try:
            MODES[self.server.mode](self.request, *self.server.arguments)
        except OSError as error:  # the client's refusals among them
            say("ended:", error)


class Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True
    block_on_close = False
    request_queue_size = 64


def start(address, port, mode, arguments):
    class Family(Server):
        address_family = socket.AF_INET6 if ":" in address else socket.AF_INET

    server = Family((address, port), Handler)
    server.mode, server.arguments = mode, arguments
    threading.Thread(target=server.serve_forever, daemon=True).start()


def main():
    if len(sys.argv) < 5 or sys.argv[1] not in MODES:
        sys.exit(__doc__)
    mode, address, first, count = sys.argv[1:5]
    for i in range(int(count)):
        start(address, int(first) + i, mode, sys.argv[5:])
    say("ready")
    while True:
        select.select([], [], [])


if __name__ == "__main__":
    main()
