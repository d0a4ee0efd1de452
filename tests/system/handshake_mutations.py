"""Valid ClientHellos with every byte changed, left out, doubled or the last one:
for handshake_mutations.sh.

usage: handshake_mutations.py ADDRESS STATE ROOT PID CODE SECONDS SEED

Prints "spent AT_LEAST AT_MOST": how many guesses of the code's identity have to
be gone now, and how many can be.
"""

import os
import queue
import random
import ssl
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "..", "peers", "pake-client"))

import engine_lib  # noqa: E402
import handshake  # noqa: E402
import p256  # noqa: E402
import pake_client  # noqa: E402
import raw_tls as t  # noqa: E402
import record  # noqa: E402
import wire  # noqa: E402

PAKE, SCHEME = 0x8a3b, 0x7d96
N_CLIENTS = 6
GOOD_EVERY = 400
# What has to be tried for the test to count, however slow the machine is.
LEAST = 1500

report = engine_lib.Report()


# --- hellos to begin with ---

class Recorder:
    """In a socket's place: keeps what is sent."""

    def __init__(self):
        self.data = b""

    def setsockopt(self, *_):
        pass

    def sendall(self, data):
        self.data += data


def pake_hello(code, retry):
    """A hello of the PAKE client's. (retry: without a key share.)"""
    options = pake_client.arguments(
        ["--connect", "x:1", "--server-name", t.NAME, "--code", code] +
        (["--hrr"] if retry else []))
    hs = handshake.Handshake(record.RecordLayer(Recorder()), options,
                             handshake.Behaviour())
    if not retry:
        hs.key = handshake.Ephemeral(hs.group)
    hs.send_hello(1)
    first = hs.records.sock.data
    if retry:
        hs.records.sock.data = b""
        hs.key = handshake.Ephemeral(hs.group)
        hs.send_hello(2)
        return first, hs.records.sock.data
    return first, options.identity.encode()


def plain_hello():
    """OpenSSL's."""
    out = ssl.MemoryBIO()
    conn = ssl.create_default_context().wrap_bio(
        ssl.MemoryBIO(), out, server_hostname=t.NAME)
    try:
        conn.do_handshake()
    except ssl.SSLWantReadError:
        pass
    return out.read()


# --- mutations ---

def changed(data, rng, i):
    """Of a string of bytes at i; lengths that are within it stay."""
    head, byte, tail = data[:i], data[i:i + 1], data[i + 1:]
    yield head + bytes([byte[0] ^ 1 << rng.randrange(8)]) + tail
    yield head + bytes([byte[0] ^ 0xff]) + tail
    yield head + bytes([rng.randrange(256)]) + byte + tail
    yield head + tail
    yield head + byte + byte + tail
    yield head
    yield data[:i + 8] + data[i:]


class Parts:
    """A hello taken apart, to be put together with lengths that fit."""

    def __init__(self, data):
        body = data[9:]
        n = 35 + body[34]
        n += 2 + int.from_bytes(body[n:n + 2], "big")
        n += 1 + body[n]
        self.top, block, self.extensions = body[:n], body[n + 2:], []
        while block:
            end = 4 + int.from_bytes(block[2:4], "big")
            self.extensions.append((block[:2], block[4:end]))
            block = block[end:]

    def joined(self, extensions):
        block = b"".join(kind + t.vec16(body) for kind, body in extensions)
        return t.record(t.message(1, self.top + t.vec16(block)))

    def mutations(self, rng):
        every = self.extensions
        for n, (kind, body) in enumerate(every):
            before, after = every[:n], every[n + 1:]
            yield self.joined(before + after)
            yield self.joined([(kind, body)] + every)
            yield self.joined([(kind, body)] + before + after)
            yield self.joined(before + after + [(kind, body)])
            yield self.joined(before + [(kind, b"")] + after)
            yield self.joined(before + [(kind, body * 3)] + after)
            for i in range(len(body)):
                for other in changed(body, rng, i):
                    yield self.joined(before + [(kind, other)] + after)


def mutations(data, rng):
    out = [other for i in range(len(data)) for other in changed(data, rng, i)]
    out += list(Parts(data).mutations(rng))
    rng.shuffle(out)
    return out


# --- what has to come of them ---

def handshake_message(data):
    """The first message of a stream of records; None: it is not all there, or
    no handshake."""
    stream = b""
    while len(data) >= 5:
        end = 5 + int.from_bytes(data[3:5], "big")
        if data[0] != t.HANDSHAKE or len(data) < end:
            return None
        stream += data[5:end]
        data = data[end:]
        if len(stream) >= 4 and len(stream) >= 4 + int.from_bytes(
                stream[1:4], "big"):
            return stream
    return None


def asks(message):
    """The identity of a well formed pake with a point on the curve, or None."""
    try:
        r = wire.Reader(message[4:], "hello")
        r.bytes(34)
        r.vec(1), r.vec(2), r.vec(1)
        body = wire.read_extensions(r)[PAKE]
        r = wire.Reader(body, "pake")
        identity, _, shares = r.vec(2), r.vec(2), wire.Reader(r.vec(2), "pake")
        r.end()
        found = None
        while shares.data:
            scheme, share = shares.uint(2), shares.vec(2)
            found = share if scheme == SCHEME else found
        p256.decode(found)
        return identity
    except (wire.TlsError, p256.PointError, KeyError, TypeError, ValueError,
            IndexError):
        return None


class Totals:
    def __init__(self):
        self.lock = threading.Lock()
        self.tried = self.answered = self.hangs = 0
        self.least = self.most = 0
        self.strange = []

    def add(self, **more):
        with self.lock:
            for name, n in more.items():
                setattr(self, name, getattr(self, name) + n)


def first_words(sock):
    """Until ServerHello, an alert, or the end."""
    data = b""
    while True:
        reply = t.Reply(data)
        if reply.server_hello is not None or reply.alert is not None:
            return reply
        try:
            part = sock.recv(65536)
        except ConnectionError:
            part = b""
        if not part:
            return reply
        data += part


def attempt(server, data, source, identity, totals):
    message = handshake_message(data)
    with t.connect(server.port, source) as sock:
        try:
            if t.send(sock, data) and message is None:
                try:
                    sock.shutdown(t.socket.SHUT_WR)
                except OSError:
                    pass
            reply = first_words(sock)
        except TimeoutError:
            totals.add(tried=1, hangs=1)
            return
        hello = reply.server_hello
        mine = message is not None and asks(message) == identity
        real = hello is not None and PAKE in hello["extensions"] and mine
        if hello is not None and (message is None or message[0] != 1):
            totals.strange.append(data.hex())
        engine_lib.reset(sock)
    totals.add(tried=1, answered=hello is not None, least=real, most=mine)


def attempt_retry(server, first, second, source, totals):
    """first gets a HelloRetryRequest, and costs the guess."""
    with t.connect(server.port, source) as sock:
        try:
            t.send(sock, first)
            reply = first_words(sock)
            if reply.server_hello is None or not reply.server_hello["retry"]:
                totals.strange.append("no retry: %s" % reply)
            t.send(sock, second)
            try:
                sock.shutdown(t.socket.SHUT_WR)
            except OSError:
                pass
            t.everything(sock)
        except TimeoutError:
            totals.add(hangs=1)
    totals.add(tried=1, least=1, most=1)


# --- all of them ---

def work(n, tasks, server, totals, deadline):
    i = 0
    while time.monotonic() < deadline or totals.tried < LEAST:
        try:
            task = tasks.get_nowait()
        except queue.Empty:
            return
        i += 1
        task("127.0.%d.%d" % (n + 1, i % 250 + 1))
        if i % GOOD_EVERY == 0 and server.fresh()[0] != 200:
            totals.strange.append("a good client was not served")


def run(name, server, todo, totals, seconds):
    tasks = queue.Queue()
    for task in todo:
        tasks.put(task)
    before, deadline = totals.tried, time.monotonic() + seconds
    threads = [threading.Thread(target=work, args=(
        n, tasks, server, totals, deadline)) for n in range(N_CLIENTS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    print("# %s: %d of %d mutations" % (name, totals.tried - before,
                                        len(todo)), flush=True)


def main():
    address, state, root, pid, code, seconds, seed = sys.argv[1:]
    server = engine_lib.Server(address, state, root, pid)
    rng, totals, each = random.Random(int(seed)), Totals(), float(seconds) / 8
    server.fresh()
    engine_lib.wait_until(lambda: server.connections() == 0, 10)
    before = server.fds()
    hello, identity = pake_hello(code, False)
    attempt(server, hello, "127.0.0.1", identity, totals)
    report(totals.least == 1, "unchanged, the PAKE's hello is answered")
    plain = plain_hello()
    attempt(server, plain, "127.0.0.1", identity, totals)
    report(totals.answered == 2, "and the plain one")
    for name, data, share in (("plain", plain, 2), ("pake", hello, 5)):
        run(name, server,
            [lambda source, data=other: attempt(
                server, data, source, identity, totals)
             for other in mutations(data, rng)], totals, each * share)
    first, second = pake_hello(code, True)
    changes = [o for i in range(len(second)) for o in changed(second, rng, i)]
    rng.shuffle(changes)
    run("after a retry", server,
        [lambda source, data=other: attempt_retry(
            server, first, data, source, totals) for other in changes],
        totals, each)
    report(totals.tried >= LEAST, "enough was tried", totals.tried)
    report(totals.hangs == 0, "nothing waits for ever", totals.hangs)
    report(not totals.strange, "every answer is to a whole ClientHello",
           totals.strange[:3])
    report(server.fresh()[0] == 200, "a good client is served")
    report(engine_lib.wait_until(lambda: server.connections() == 0, 10),
           "no connection is left")
    report(engine_lib.wait_until(lambda: server.fds() <= before, 10),
           "no descriptor is left", "%d, %d before" % (server.fds(), before))
    print("spent %d %d" % (totals.least, totals.most))
    return 1 if report.failed else 0


if __name__ == "__main__":
    sys.exit(main())
