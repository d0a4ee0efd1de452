"""What the TLS listener takes and what it does not, with hellos of our own
making: for listener_tls_refused.sh.

usage: listener_tls.py HOST:PORT STATE ROOT PID WHAT
"""

import os
import ssl
import subprocess
import sys

import engine_lib
import raw_tls as t

report = engine_lib.Report()

UNEXPECTED_MESSAGE = 10


def refused(reply):
    """A fatal alert, or nothing at all, and then the end."""
    return not reply.messages and (reply.alert is None or reply.alert[0] == 2)


def check_refused(port, name, data):
    reply = t.exchange(port, data)
    report(refused(reply), name + " is refused", reply)
    return reply


# --- protocols ---

def sslv2_hello():
    suites = bytes.fromhex("0700c00500800300800100800600400400802000800000ff")
    body = (b"\x01\x00\x02" + t.u16(len(suites), 0, 16) + suites +
            os.urandom(16))
    return t.u16(0x8000 | len(body)) + body


def protocols(port):
    check_refused(port, "an SSLv2 hello", sslv2_hello())
    # CBC suites as well, so that nothing but the version is wrong.
    suites = t.GOOD12 + (0xc009, 0xc00a, 0x002f, 0x0035)
    for name, version in (("SSLv3", 0x300), ("TLS 1.0", 0x301),
                          ("TLS 1.1", 0x302)):
        hello = t.hello(t.basics(versions=()), suites, version)
        reply = check_refused(port, name, t.record(hello))
        report(reply.alert is not None, "with an alert", reply.alert)
        hello = t.hello(t.basics(versions=(version,)), suites)
        check_refused(port, name + " in supported_versions", t.record(hello))
    for name, data in (("TLS 1.2", t.hello12()), ("TLS 1.3", t.hello())):
        hello = t.exchange(port, t.record(data)).server_hello
        report(hello is not None and hello["version"] ==
               (t.TLS13 if name == "TLS 1.3" else t.TLS12), name + " is taken")
    hello = t.exchange(port, t.record(t.hello(
        t.basics(versions=(0x7f1c, 0x0305, t.TLS12))))).server_hello
    report(hello is not None and hello["version"] == t.TLS12,
           "unknown versions before it do not matter")


# --- what is negotiated ---

# ECDHE with ECDSA, and AES-GCM, AES-CCM (not CCM_8) or ChaCha20.
SUITES12 = {0xc02b, 0xc02c, 0xc0ac, 0xc0ad, 0xcca9}
GROUPS12 = {23, 24, 29}
X25519MLKEM768 = 0x11ec


def suites12():
    every = [high << 8 | low for high in (0x00, 0xc0, 0xcc, 0xd0, 0xfe)
             for low in range(256) if (high, low) != (0, 0xff)]
    return every


def ciphers(port):
    taken = set()
    for suite in suites12():
        reply = t.exchange(port, t.record(t.hello12(suites=(suite,))))
        if reply.server_hello is not None:
            taken.add(reply.server_hello["suite"])
        elif not refused(reply):
            report(False, "suite %04x is refused" % suite, reply)
    report(taken == SUITES12, "TLS 1.2: of %d suites, offered one by one, "
           "only ECDHE with authenticated encryption is taken" %
           len(suites12()), " ".join("%04x" % s for s in sorted(taken)))
    taken = set()
    for suite in [0x1300 + i for i in range(16)] + list(suites12()[::16]):
        hello = t.exchange(port, t.record(t.hello(
            t.basics(versions=(t.TLS13,)), (suite,)))).server_hello
        if hello is not None:
            taken.add(hello["suite"])
    report(taken == {0x1301, 0x1302, 0x1303},
           "TLS 1.3: the suites with 128 bit tags",
           " ".join("%04x" % s for s in sorted(taken)))


def groups13():
    """The hybrid one wherever libcrypto has it, since 3.5."""
    kems = subprocess.run(["openssl", "list", "-kem-algorithms"], check=True,
                          capture_output=True, text=True).stdout
    return GROUPS12 | ({X25519MLKEM768} if "X25519MLKEM768" in kems else set())


def groups(port):
    every = list(range(1, 31)) + [
        0x100, 0x101, 0x104, 0x11eb, X25519MLKEM768, 0x11ed, 0x6399, 0xff01]
    taken12, taken13 = set(), set()
    for group in every:
        # The certificate's has to be offered in any case.
        hello = t.hello(t.basics(versions=(), groups=(group, 23)), t.GOOD12)
        reply = t.exchange(port, t.record(hello))
        if t.SERVER_KEY_EXCHANGE in reply.messages:
            curve = reply.messages[t.SERVER_KEY_EXCHANGE][:3]
            taken12.add(int.from_bytes(curve[1:], "big") if curve[0] == 3
                        else -1)
        hello = t.hello(t.basics((t.TLS13,), (group,), share=False))
        reply = t.exchange(port, t.record(hello))
        if reply.server_hello is not None:
            report(reply.server_hello["retry"],
                   "group %d: a retry, not an answer" % group)
            taken13.add(int.from_bytes(
                reply.server_hello["extensions"][t.KEY_SHARE], "big"))
    report(taken12 == GROUPS12, "TLS 1.2: X25519, P-256 and P-384 only",
           sorted(taken12))
    report(taken13 == groups13(),
           "TLS 1.3: the same, and the hybrid one if there is one",
           sorted(taken13))


def signatures(port):
    """MD5, SHA-1 and SHA-224, with RSA, DSA and ECDSA [RFC8446 4.2.3]
    [RFC9155 2]."""
    good = report.failed
    for number in [h << 8 | k for h in (1, 2, 3) for k in (1, 2, 3)]:
        for versions in ((), (t.TLS13,)):
            extensions = [e for e in t.basics(versions)
                          if e[:2] != t.u16(t.SIGALGS)]
            extensions.append(t.extension(t.SIGALGS, t.vec16(t.u16(number))))
            reply = t.exchange(port, t.record(t.hello(extensions)))
            if t.SERVER_KEY_EXCHANGE in reply.messages or (
                    versions and reply.server_hello is not None):
                report(False, "signature algorithm %04x is refused" % number,
                       reply)
    report(report.failed == good, "weak signature algorithms are refused")


def extras(port):
    hello = t.exchange(port, t.record(t.hello12(
        compression=b"\x01\x40\x00"))).server_hello
    report(hello is not None and hello["compression"] == 0,
           "TLS compression is not negotiated")
    check_refused(port, "a hello without null compression",
                  t.record(t.hello12(compression=b"\x01")))
    check_refused(port, "TLS 1.3 with compression",
                  t.record(t.hello(compression=b"\x01\x00")))
    more = [t.extension(t.TICKET, b""), t.extension(t.HEARTBEATS, b"\x01"),
            t.extension(t.EMS, b""), t.alpn(b"http/1.1")]
    hello = t.exchange(port, t.record(t.hello(
        t.basics(()) + more, t.GOOD12, session=os.urandom(32)))).server_hello
    extensions = hello["extensions"] if hello is not None else {}
    report(t.SECURE_RENEGOTIATION in extensions,
           "TLS 1.2: secure renegotiation is said")
    report(t.EMS in extensions, "and extended_master_secret")
    report(t.TICKET not in extensions, "no session ticket is promised")
    report(t.HEARTBEATS not in extensions, "no heartbeat is taken")
    report(hello is not None and hello["session"] == b"",
           "a session id that is unknown is not taken, and none is given")
    for name, protocols, chosen in (
            ("http/1.1", (b"h2", b"http/1.1"), b"\0\x09\x08http/1.1"),
            ("h2 alone", (b"h2",), None),
            ("junk", (b"\0" * 255, b"\r\n", b"x"), None)):
        hello = t.exchange(port, t.record(t.hello12_with(
            t.alpn(*protocols)))).server_hello
        report(hello is not None and
               hello["extensions"].get(t.ALPN) == chosen, "ALPN " + name)


def heartbeat(port):
    beat = t.record(b"\x01\x40\x00", t.HEARTBEAT, t.TLS12)
    with t.connect(port) as sock:
        t.send(sock, t.record(t.hello12_with(
            t.extension(t.HEARTBEATS, b"\x01"))) + beat)
        reply = t.Reply(t.everything(sock))
    report(all(kind != t.HEARTBEAT for kind, _ in reply.records) and
           reply.alert == (2, UNEXPECTED_MESSAGE),
           "a heartbeat ends the connection, and is not answered", reply)


# --- with a real client ---

def client_context(root, version=None):
    context = ssl.create_default_context(cafile=root)
    if version is not None:
        context.minimum_version = context.maximum_version = version
    return context


def get(port, context, session=None):
    with context.wrap_socket(t.connect(port), server_hostname=t.NAME,
                             session=session) as conn:
        conn.sendall(engine_lib.get(more="Connection: close\r\n"))
        engine_lib.everything(conn)
        return conn.session, conn.session_reused


def resumption(port, root):
    for name, version in (("1.2", ssl.TLSVersion.TLSv1_2),
                          ("1.3", ssl.TLSVersion.TLSv1_3)):
        context = client_context(root, version)
        session, _ = get(port, context)
        report(session is None or not session.has_ticket,
               "TLS %s: no ticket" % name)
        report(session is None or not get(port, context, session)[1],
               "TLS %s: no resumption" % name)


def early_data(port):
    """With a PSK that nobody knows, and data behind the hello."""
    offer = t.vec16(t.vec16(os.urandom(32)) + bytes(4))
    offer += t.vec16(t.vec8(os.urandom(32)))
    hello = t.hello(t.basics((t.TLS13,)) + [
        t.extension(t.EARLY_DATA, b""), t.extension(t.PSK_MODES, b"\1\1"),
        t.extension(t.PSK, offer)])
    data = b"".join(t.record(os.urandom(1000), 23) for _ in range(100))
    with t.connect(port) as sock:
        t.send(sock, t.record(hello) + data)
        reply = t.Reply(t.everything(sock))
    hello = reply.server_hello
    report(hello is None or t.PSK not in hello["extensions"],
           "an unknown PSK is not taken")
    report(reply.data != b"", "and early data is not swallowed without end",
           reply)


# --- names ---

def names(port):
    good = (t.NAME.encode(), b"another.lab.test", b"a" * 255, b"127.0.0.1",
            b"::1", b"xn--\xff\xfe", b".", b"est.lab.test.", b"*.lab.test", b"")
    bad = (b"est.lab.test\0.evil", b"\0", b"a" * 256, b"a" * 16000)
    for name in good + bad:
        reply = t.exchange(port, t.record(t.hello(
            [t.sni(name)] + t.basics(), session=b"s" * 32)))
        taken = reply.server_hello is not None
        report(taken if name in good else refused(reply),
               "server name %r%s: %s" % (name[:24].decode("latin-1"),
                                         "..." if len(name) > 24 else "",
                                         "taken" if taken else "refused"))
    for name, body in (("an empty list", b"\0\0"), ("no list", b""),
                       ("another type", t.vec16(b"\1" + t.vec16(b"x"))),
                       ("a cut name", t.vec16(b"\0\0\5ab")),
                       ("trailing bytes", t.vec16(b"\0\0\1a") + b"x")):
        reply = t.exchange(port, t.record(t.hello(
            [t.extension(t.SNI, body)] + t.basics())))
        report(refused(reply), "server_name with %s is refused" % name, reply)


# --- records and messages ---

def grease():
    numbers = [0x0a0a + 0x1010 * i for i in range(16)]
    out = [t.extension(n, os.urandom(n >> 8 & 0x3f)) for n in numbers]
    return out + [t.extension(n, b"x" * n) for n in range(60, 120)]


def framing(port):
    whole = t.hello()
    for name, data in (
            ("in records of one byte", t.records(whole, 1)),
            ("with unknown extensions", t.record(t.hello(
                grease() + [t.sni(t.NAME.encode())] + t.basics()))),
            ("of 17 KB", t.records(t.hello(
                [t.extension(21, bytes(17000))] + t.basics()), 16384)),
            ("of 70 KB", t.records(t.hello(
                [t.extension(21, bytes(40000))] + t.basics(),
                (0x0a0a,) * 15000 + t.GOOD13), 16384))):
        reply = t.exchange(port, data)
        report(reply.server_hello is not None, "a ClientHello %s is taken" %
               name, reply)
    for name, data in bad_frames(whole):
        check_refused(port, name, data)


def bad_frames(whole):
    warning = t.record(b"\x01\x5a", t.ALERT)
    ccs = t.record(b"\x01", 20)
    huge = t.message(1, bytes(140000))
    sni = t.sni(t.NAME.encode())
    return [
        ("a record of 16 KB + 2049",
         b"\x16\x03\x01" + t.u16(16384 + 2049) + bytes(18433)),
        ("a record of 65535", b"\x16\x03\x01\xff\xff" + bytes(65535)),
        ("a ClientHello of 140 KB", t.records(huge, 16384)),
        ("a message that says 16 MB", t.record(b"\x01\xff\xff\xff" +
                                               whole[4:])),
        ("a message that is one byte short", t.record(
            b"\x01" + (len(whole) - 5).to_bytes(3, "big") + whole[4:])),
        ("a message that is one byte long", t.record(
            b"\x01" + (len(whole) - 3).to_bytes(3, "big") + whole[4:] +
            b"\0")),
        ("a message of no bytes", t.record(b"\x01\0\0\0")),
        ("1,000 warnings before it", warning * 1000 + t.record(whole)),
        ("a warning within it", t.record(whole[:40]) + warning +
         t.record(whole[40:])),
        ("1,000 ChangeCipherSpecs before it", ccs * 1000 + t.record(whole)),
        ("a ChangeCipherSpec within it", t.record(whole[:40]) + ccs +
         t.record(whole[40:])),
        ("1,000 empty records before it", t.record(b"") * 1000 +
         t.record(whole)),
        ("application data before it", t.record(b"GET / HTTP/1.1\r\n", 23) +
         t.record(whole)),
        ("an unknown record type", t.record(whole, 99)),
        ("plain HTTP", b"GET / HTTP/1.1\r\nHost: x\r\n\r\n" * 4),
        ("a duplicate extension", t.record(t.hello([sni, sni] + t.basics()))),
        ("a cut extension", t.record(t.hello(
            t.basics() + [t.u16(60, 9) + b"x"]))),
        ("no extension at all", t.record(t.hello([]))),
        ("a server's message", t.record(t.message(2, whole[4:]))),
        ("a Finished", t.record(t.message(20, bytes(32)))),
        ("a KeyUpdate", t.record(t.message(24, b"\1"))),
    ]


def renegotiation_by_hello(port):
    """A second hello in the clear, after the server's flight."""
    reply = t.exchange(port, t.record(t.hello12()) +
                       t.record(t.hello12(), version=t.TLS12))
    report(reply.alert == (2, UNEXPECTED_MESSAGE),
           "a second ClientHello amid the handshake ends it", reply)


def main():
    address, state, root, pid, what = sys.argv[1:]
    server = engine_lib.Server(address, state, root, pid)
    port = server.port
    print("# " + what)
    server.fresh()
    report(engine_lib.wait_until(lambda: server.connections() == 0, 10),
           "no connection at the start")
    before = server.fds()
    protocols(port)
    ciphers(port)
    groups(port)
    signatures(port)
    extras(port)
    heartbeat(port)
    resumption(port, root)
    early_data(port)
    names(port)
    framing(port)
    renegotiation_by_hello(port)
    report(engine_lib.wait_until(lambda: server.connections() == 0, 10),
           "no connection is left")
    report(engine_lib.wait_until(lambda: server.fds() <= before, 10),
           "no descriptor is left", "%d, %d before" % (server.fds(), before))
    cpu = server.cpu_seconds()
    for _ in range(20):
        server.fresh()
    report(server.cpu_seconds() - cpu < 2, "and it serves as before")
    return 1 if report.failed else 0


if __name__ == "__main__":
    sys.exit(main())
