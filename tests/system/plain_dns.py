"""A server that is not what an endpoint looks for: in the place of a DNS server.

usage: plain_dns.py PORT FILE answer|mute|close|http

answer: DNS over TCP in clear; mute: takes everything, says nothing; close: goes
at once; http: an error in clear. FILE gets all that was received.
"""

import socket
import struct
import sys
import threading

PORT, FILE, MODE = int(sys.argv[1]), sys.argv[2], sys.argv[3]
lock = threading.Lock()


def answer(query):
    """NOERROR with one A record, for whatever was asked."""
    head = query[:2] + b"\x81\x80\0\1\0\1\0\0\0\0"
    record = b"\xc0\x0c\0\1\0\1\0\0\0\x3c\0\4\x7f\0\0\1"
    message = head + query[12:] + record
    return struct.pack("!H", len(message)) + message


def serve(conn):
    try:
        talk(conn)
    except OSError:
        pass


def talk(conn):
    with conn:
        while MODE != "close":
            data = conn.recv(65536)
            if not data:
                return
            with lock, open(FILE, "ab") as out:
                out.write(data)
            if MODE == "answer":
                conn.sendall(answer(data[2:]))
            elif MODE == "http":
                conn.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")


listener = socket.socket()
listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
listener.bind(("127.0.0.1", PORT))
listener.listen()
print("ready", flush=True)
while True:
    threading.Thread(target=serve, args=(listener.accept()[0],), daemon=True).start()
