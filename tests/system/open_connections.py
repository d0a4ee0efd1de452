"""Opens connections to a server and leaves them, each in another stage.

usage: open_connections.py PORT
"""

import socket
import ssl
import sys
import time

PORT = int(sys.argv[1])
kept = []


def tcp():
    kept.append(socket.create_connection(("127.0.0.1", PORT), 20))
    return kept[-1]


def tls():
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    kept.append(context.wrap_socket(tcp()))
    return kept[-1]


for _ in range(5):
    tcp()
    tcp().sendall(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03")
    tls()
    tls().sendall(b"GET /.well-known/est/cacerts HTTP/1.1\r\nHost: x\r\n")
    tls().sendall(b"POST /x HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nabc")
    idle = tls()
    idle.sendall(b"GET /.well-known/est/cacerts HTTP/1.1\r\nHost: x\r\n\r\n")
    idle.recv(65536)
    late = tls()
    late.sendall(b"GET /.well-known/est/cacerts HTTP/1.1\r\nHost: x\r\n\r\n" * 99)
print("open", flush=True)
time.sleep(60)
