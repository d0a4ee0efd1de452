#!/usr/bin/python3
"""What stands where an appliance should: a TLS server with this chain and key,
which writes down all that it is told.

    admin_remote_server.py CHAIN_PEM KEY_PEM LOG

It prints its port, then "handshake" for each connection that came through it.
"""

import socket
import ssl
import sys


def serve(tls, listener, log):
    while True:
        raw, _ = listener.accept()
        raw.settimeout(10)
        try:
            with tls.wrap_socket(raw, server_side=True) as conn:
                print("handshake", flush=True)
                data = conn.recv(65536)
                log.write(data)
                log.flush()
                conn.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n"
                             b"Connection: close\r\n\r\n{}")
        except OSError:
            raw.close()


def main():
    chain, key, path = sys.argv[1:]
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(chain, key)
    # The client gives up within the handshake: it is over only then.
    tls.maximum_version = ssl.TLSVersion.TLSv1_2
    listener = socket.create_server(("127.0.0.1", 0))
    print(listener.getsockname()[1], flush=True)
    with open(path, "wb") as log:
        serve(tls, listener, log)


main()
