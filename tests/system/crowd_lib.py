"""Crowds and floods from given addresses, each in a process of its own that
leaves the processor to whoever else wants it; and what a fresh client from
another address sees of them."""

import contextlib
import itertools
import json
import os
import random
import socket
import ssl
import subprocess
import sys
import time

CONNECT_S = 20
# Of a flood: what it has under way, and after how much it says so.
UNDER_WAY = 64
GOING = 20
# Loader threads, each with a whole handshake after the other.
HANDSHAKES = 800
# What runs so gets what nobody else wants, however many threads it has: an
# attacker has processors of its own. In a session of its own, whose weight is
# that of one process where the kernel groups by session.
LAST = ["sh", "-c", 'echo 19 >/proc/self/autogroup; exec chrt --idle 0 "$@"', "-"]


class Context:
    """What one flood needs of the appliance."""

    def __init__(self, host, port, source, root):
        self.to, self.source = (host, port), source
        self.tls = ssl.create_default_context(cafile=root)
        self.tls.check_hostname = False

    def tcp(self):
        sock = socket.socket()
        sock.settimeout(CONNECT_S)
        sock.setsockopt(socket.IPPROTO_IP, 24, 1)  # IP_BIND_ADDRESS_NO_PORT
        sock.bind((self.source, 0))
        sock.connect(self.to)
        return sock

    def secure(self):
        return self.tls.wrap_socket(self.tcp(), server_hostname="est.lab.test")

    def hello(self):
        outgoing = ssl.MemoryBIO()
        conn = self.tls.wrap_bio(ssl.MemoryBIO(), outgoing,
                                 server_hostname="est.lab.test")
        with contextlib.suppress(ssl.SSLWantReadError):
            conn.do_handshake()
        return outgoing.read()


def say_going():
    print("going", flush=True)


def again_and_again(step):
    for i in itertools.count():
        if i == GOING:
            say_going()
        try:
            step()
        except OSError:
            pass  # refused: that is what it is there for


def connect_close(context):
    again_and_again(lambda: context.tcp().close())


def garbage(context):
    data = random.Random(1).randbytes(600)

    def step():
        with context.tcp() as sock:
            sock.sendall(data)
    again_and_again(step)


def under_way(make):
    """As many as UNDER_WAY of them, each let go for a new one."""
    kept = []

    def step():
        kept.append(make())
        if len(kept) > UNDER_WAY:
            kept.pop(0).close()
    again_and_again(step)


def half_hellos(context):
    hello = context.hello()

    def make():
        sock = context.tcp()
        sock.sendall(hello[:len(hello) // 2])
        return sock
    under_way(make)


def half_open(context):
    """The server has done its part of the handshake, and waits for nothing."""
    hello = context.hello()

    def make():
        sock = context.tcp()
        sock.sendall(hello)
        return sock
    under_way(make)


def keep(make, n, drop):
    """n connections that do something every second."""
    kept, said = [], False
    while True:
        if len(kept) >= GOING and not said:
            say_going()
            said = True
        end = time.monotonic() + 1
        for sock in list(kept):
            try:
                drop(sock)
            except OSError:
                kept.remove(sock)
        while len(kept) < n and time.monotonic() < end:
            with contextlib.suppress(OSError):
                kept.append(make())
        time.sleep(max(0, end - time.monotonic()))


def slow_writers(context, n=200):
    def make():
        sock = context.secure()
        sock.sendall(b"POST /.well-known/est/simpleenroll HTTP/1.1\r\n"
                     b"Host: est.lab.test\r\n"
                     + random.choice((b"X: ", b"Content-Length: 9999\r\n\r\n")))
        return sock
    keep(make, n, lambda sock: sock.send(b"x"))


def slow_readers(context, n=50):
    """They ask for much and read a byte a second."""
    request = (b"GET /.well-known/est/cacerts HTTP/1.1\r\n"
               b"Host: est.lab.test\r\n\r\n") * 500

    def make():
        sock = context.secure()
        sock.settimeout(0.2)
        with contextlib.suppress(TimeoutError):
            sock.sendall(request)
        return sock
    keep(make, n, lambda sock: sock.recv(1))


FLOODS = {f.__name__: f for f in (connect_close, garbage, half_hellos,
                                  half_open, slow_writers, slow_readers)}


class Crowd:
    """Floods towards an appliance, and fresh clients beside them."""

    def __init__(self, build, address, root):
        self.load = build + "/tests/bench/estuary-load"
        self.address, self.root = address, root

    def loader(self, source, *arguments):
        return [self.load, "--connect", self.address, "--ca", self.root,
                "--source", source, *arguments]

    @contextlib.contextmanager
    def flood(self, name, source):
        """Once it is going."""
        if name == "full_handshakes":
            command = self.loader(source, "--threads", str(HANDSHAKES),
                                  "--seconds", "3600")
        else:
            command = [sys.executable, "-B", __file__, name, self.address,
                       source, self.root]
        with subprocess.Popen([*LAST, *command], stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, text=True,
                              stderr=subprocess.DEVNULL,
                              start_new_session=True) as process:
            try:
                if name != "full_handshakes" and \
                        process.stdout.readline() != "going\n":
                    raise RuntimeError(name + " ended by itself")
                yield process
            finally:
                process.kill()

    @contextlib.contextmanager
    def busy_machine(self):
        """Processors that somebody uses, as a flood uses them for its own side:
        what a client takes then it takes beside any neighbour."""
        processes = [subprocess.Popen(
            [*LAST, sys.executable, "-c", "while True: pass"],
            stdin=subprocess.DEVNULL, start_new_session=True)
            for _ in range(os.cpu_count())]
        try:
            yield
        finally:
            for process in processes:
                process.kill()
                process.wait()

    def usual(self, source, seconds=1.5):
        with self.busy_machine():
            return self.fresh(source, seconds)[2]

    def fresh(self, source, seconds=1.5):
        """What a client that comes alone sees: answers, errors, median ms."""
        done = subprocess.run(
            self.loader(source, "--threads", "1", "--seconds", str(seconds),
                        "--json"), stdout=subprocess.PIPE, check=False)
        load = json.loads(done.stdout)
        return (load["requests"], load["n_errors"],
                load["latency_us"]["p50"] / 1000)

    def beside(self, name, source, other, reached, seconds=1.5):
        """The usual time on a busy machine and that beside the flood, in ms, and
        the errors beside it. reached() says that the loader has reached the appliance.
        """
        before = self.usual(other, seconds)
        with self.flood(name, source) as process:
            end = time.monotonic() + CONNECT_S
            while name == "full_handshakes" and not reached():
                if time.monotonic() > end:
                    raise RuntimeError(name + " did not reach the appliance")
                time.sleep(0.01)
            n, errors, during = self.fresh(other, seconds)
            alive = process.poll() is None
        after = self.usual(other, seconds)
        if not alive:
            raise RuntimeError(name + " ended by itself")
        return (before + after) / 2, during, errors if n else errors + 1


def main():
    name, address, source, root = sys.argv[1:5]
    host, port = address.rsplit(":", 1)
    FLOODS[name](Context(host, int(port), source, root))


if __name__ == "__main__":
    main()
