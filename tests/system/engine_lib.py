"""What engine_idle.py and engine_slow.py share: connections to an appliance in
any stage and from any loopback address, and what the appliance shows of them."""

import http.client
import json
import os
import socket
import ssl
import time

NAME = "est.lab.test"
CACERTS = "/.well-known/est/cacerts"
FIRST_BYTE = b"\x16"  # of a ClientHello


def get(path=CACERTS, more=""):
    return ("GET %s HTTP/1.1\r\nHost: %s\r\n%s\r\n" % (path, NAME, more)).encode()


class Report:
    def __init__(self):
        self.failed = 0

    def __call__(self, good, name, detail=""):
        print("%s - %s" % ("ok" if good else "not ok", name), end="")
        print(" (%s)" % (detail,) if detail != "" else "", flush=True)
        self.failed += not good


def wait_until(condition, seconds):
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(0.05)
    return True


class Local(http.client.HTTPConnection):
    def __init__(self, path):
        super().__init__("localhost", timeout=20)
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.connect(self.path)


class Server:
    """The appliance with its state in that directory."""

    def __init__(self, address, state, root, pid):
        self.port, self.pid = int(address.rpartition(":")[2]), int(pid)
        self.admin_socket = state + "/admin.sock"
        self.context = ssl.create_default_context(cafile=root)

    def tcp(self, source="127.0.0.1", buffer=None):
        sock = socket.socket()
        if buffer is not None:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer)
        sock.settimeout(20)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        sock.bind((source, 0))
        sock.connect(("127.0.0.1", self.port))
        return sock

    def said(self, source="127.0.0.1"):
        """It has begun a handshake, so that it is accepted at once."""
        sock = self.tcp(source)
        sock.sendall(FIRST_BYTE)
        return sock

    def tls(self, source="127.0.0.1", buffer=None):
        return self.context.wrap_socket(
            self.tcp(source, buffer), server_hostname=NAME)

    def fresh(self, source="127.0.0.1"):
        """Status and seconds of a request on a connection of its own."""
        start = time.monotonic()
        with self.tls(source) as conn:
            conn.sendall(get(more="Connection: close\r\n"))
            reply = everything(conn)
        if not reply:
            raise EOFError("closed without an answer")
        status = int(reply.split(b" ", 2)[1])
        return status, time.monotonic() - start

    def fds(self):
        return len(os.listdir("/proc/%d/fd" % self.pid))

    def cpu_seconds(self):
        with open("/proc/%d/stat" % self.pid, encoding="ascii") as f:
            fields = f.read().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def connections(self):
        """As the administrators see them, without the one that asks."""
        local = Local(self.admin_socket)
        try:
            local.request("GET", "/api/v1/status")
            return json.load(local.getresponse())["connections"] - 1
        finally:
            local.close()


def descendants(pid):
    for task in os.listdir("/proc/%d/task" % pid):
        with open("/proc/%d/task/%s/children" % (pid, task),
                  encoding="ascii") as f:
            for child in map(int, f.read().split()):
                yield child
                yield from descendants(child)


def signer_of(server):
    """Its keeper's child."""
    for pid in descendants(server.pid):
        with open("/proc/%d/comm" % pid, encoding="ascii") as comm:
            if comm.read().strip() == "estuary-signer":
                return pid
    raise LookupError("no signer")


def everything(conn):
    data = b""
    while part := conn.recv(65536):
        data += part
    return data


class Reader:
    """Answers off one connection, however they arrive."""

    def __init__(self, conn):
        self.conn, self.data = conn, b""

    def more(self):
        part = self.conn.recv(65536)
        if not part:
            raise EOFError("closed after %d bytes" % len(self.data))
        self.data += part

    def head(self):
        """Status and length of the next answer."""
        while b"\r\n\r\n" not in self.data:
            self.more()
        top, self.data = self.data.split(b"\r\n\r\n", 1)
        lines = top.decode().lower().split("\r\n")
        lengths = [line.split(":")[1] for line in lines
                   if line.startswith("content-length:")]
        return int(lines[0].split()[1]), int(lengths[0])

    def answer(self):
        status, length = self.head()
        parts, got = [self.data], len(self.data)
        while got < length:
            part = self.conn.recv(65536)
            if not part:
                raise EOFError("closed after %d of %d bytes" % (got, length))
            parts.append(part)
            got += len(part)
        data = b"".join(parts)
        self.data = data[length:]
        return status, data[:length]


def answers(conn):
    """It is alive, and its next request is answered with 200."""
    try:
        conn.settimeout(20)
        conn.sendall(get())
        return Reader(conn).answer()[0] == 200
    except (OSError, EOFError):
        return False


def is_closed(conn):
    """The server has ended it; what it said before is forgotten."""
    conn.settimeout(0)
    try:
        while conn.recv(65536):
            pass
        return True
    except (BlockingIOError, ssl.SSLWantReadError):
        return False
    except OSError:
        return True


def reset(conn):
    conn.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    conn.close()


def close_all(conns):
    for conn in conns:
        conn.close()
