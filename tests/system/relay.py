"""Stands between an endpoint and a server, as anybody on the same Wi-Fi may:
looks at the TLS records that pass, changes one, or cuts the connection.

usage: relay.py PORT look FILE          the records that passed, one a line, and ends
       relay.py PORT flip SIDE N WHERE  one bit of SIDE's Nth record
       relay.py PORT cut SIDE BYTES     after that many of SIDE's bytes
       relay.py - count FILE            no server: only counts connections

PORT is the server's, of 127.0.0.1; SIDE is client or server; WHERE is from 0
(the record's header) to 1 (its last byte). Prints its own port first.
"""

import socket
import sys
import threading

TARGET, MODE, ARGS = sys.argv[1], sys.argv[2], sys.argv[3:]
lock = threading.Lock()


def read_exactly(conn, n):
    data = b""
    while len(data) < n:
        part = conn.recv(n - len(data))
        if not part:
            raise EOFError
        data += part
    return data


def note(side, record):
    with lock, open(ARGS[0], "a", encoding="ascii") as out:
        # The alerts that are not encrypted are told by their two bytes.
        text = record[5:].hex() if record[0] == 21 and len(record) == 7 else ""
        out.write("%s %d %d %s\n" % (side, record[0], len(record) - 5, text))


def change(side, n, record):
    if MODE == "flip" and side == ARGS[0] and n == int(ARGS[1]):
        damaged = bytearray(record)
        damaged[int((len(record) - 1) * float(ARGS[2]))] ^= 0x04
        return bytes(damaged)
    return record


def send(to, record):
    try:
        to.sendall(record)
    except OSError:
        if MODE != "look":
            raise


def forward(side, source, to):
    n = sent = 0
    try:
        while True:
            header = read_exactly(source, 5)
            record = header + read_exactly(source, header[3] << 8 | header[4])
            if MODE == "look":
                note(side, record)
            record = change(side, n, record)
            if MODE == "cut" and side == ARGS[0]:
                record = record[: int(ARGS[1]) - sent]
                sent += len(record)
                to.sendall(record)
                if sent == int(ARGS[1]):
                    raise EOFError
                continue
            send(to, record)
            n += 1
    except (EOFError, OSError):
        pass
    if MODE == "look":
        with lock, open(ARGS[0], "a", encoding="ascii") as out:
            out.write("end of %s\n" % side)
    # Who only looks on sees what the other side still has to say.
    for conn in (to,) if MODE == "look" else (source, to):
        try:
            conn.shutdown(socket.SHUT_WR if MODE == "look" else socket.SHUT_RDWR)
        except OSError:
            pass


listener = socket.socket()
listener.bind(("127.0.0.1", 0))
listener.listen()
print(listener.getsockname()[1], flush=True)
while True:
    client, _ = listener.accept()
    if MODE == "count":
        with open(ARGS[0], "a", encoding="ascii") as out:
            out.write("connection\n")
        client.close()
        continue
    server = socket.create_connection(("127.0.0.1", int(TARGET)), 20)
    for arguments in (("client", client, server), ("server", server, client)):
        threading.Thread(target=forward, args=arguments, daemon=True).start()
