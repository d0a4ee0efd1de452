#!/usr/bin/python3 -B
"""What the run script checks against a running appliance:
checks.py BUILD STATE HOST:PORT"""

import json
import subprocess
import sys
import time

import pake_client

SERVER_NAME = "est.example.net"
PATIENCE_S = 15

# What a client must hear for each mutation, and how many guesses it costs.
REFUSED = {
    "share-off-curve": ("illegal_parameter", 0),
    "share-not-reduced": ("illegal_parameter", 0),
    "share-hybrid": ("illegal_parameter", 0),
    "share-compressed": ("illegal_parameter", 0),
    "share-infinity": ("illegal_parameter", 0),
    "share-infinity-short": ("illegal_parameter", 0),
    "share-short": ("illegal_parameter", 0),
    "share-long": ("illegal_parameter", 0),
    "share-empty": ("decode_error", 0),
    "share-w0m": ("illegal_parameter", 1),
    "schemes-unsorted": ("illegal_parameter", 0),
    "schemes-duplicate": ("illegal_parameter", 0),
    "scheme-unknown": ("illegal_parameter", 0),
    "schemes-none": ("illegal_parameter", 0),
    "extension-truncated": ("decode_error", 0),
    "extension-trailing": ("decode_error", 0),
    "extension-empty": ("decode_error", 0),
    "extension-twice": ("illegal_parameter", 0),
    "tls12-only": ("protocol_version", 0),
    "no-supported-groups": ("missing_extension", 0),
    "no-key-share": ("missing_extension", 0),
    "no-signature-algorithms": ("missing_extension", 0),
    "with-psk": ("illegal_parameter", 0),
    "with-early-data": ("illegal_parameter", 0),
    "retry-changed": ("illegal_parameter", 1),
    "retry-without": ("illegal_parameter", 1),
    "retry-only": ("illegal_parameter", 0),
    "corrupt-finished": ("decrypt_error", 1),
}
# Odd, but as good as any other client.
GOOD = ("schemes-more", "one-byte-writes", "one-byte-records",
        "no-confirm-check")
# The identity is nobody's: simulated.
NOBODY = ("identity-empty", "identity-long", "identity-nul",
          "identity-lower-case")
VANISHING = ("vanish-after-client-hello", "vanish-after-server-hello")


class Appliance:
    def __init__(self, build, state, address):
        self.ctl_command = [f"{build}/estuaryctl", "--state", state, "--json"]
        self.address = address
        self.n_labels = 0

    def ctl(self, *arguments, text=None):
        done = subprocess.run([*self.ctl_command, *arguments], input=text,
                              check=True, text=True, stdout=subprocess.PIPE)
        return json.loads(done.stdout) if done.stdout.strip() else None

    def code(self, *options, text=None):
        self.n_labels += 1
        return self.ctl("identity", "add", f"endpoint-{self.n_labels}",
                        *options, text=text)

    def guesses_left(self, identity):
        for item in self.ctl("identity", "list")["items"]:
            if identity in item.values():
                return item["guesses_left"]
        raise KeyError(identity)

    def client(self, *arguments):
        return pake_client.session(pake_client.arguments(
            ["--connect", self.address, "--server-name", SERVER_NAME,
             *arguments]))


class Report:
    def __init__(self):
        self.failed = 0

    def check(self, name, good, detail=None):
        print(f"{'ok' if good else 'not ok'} - {name}", flush=True)
        if not good:
            self.failed += 1
            print(f"#   {json.dumps(detail)}", flush=True)


def eventually(condition):
    """True as soon as the condition holds, False if it never does."""
    deadline = time.monotonic() + PATIENCE_S
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


def other_secret(code):
    """The same identity with a wrong secret, as client arguments."""
    secret = code["code"].replace("-", "")[8:19]
    wrong = ("0" if secret[0] != "0" else "1") + secret[1:]
    return ["--identity", code["identity"], "--password", wrong]


def is_authenticated(out):
    return (out["authenticated"] and out["confirm_ok"] and
            out["http"] is not None and out["http"]["status"] == 200 and
            SERVER_NAME in out["dns_names"] and out["tickets"] == 0)


def looks_like_wrong_code(out):
    return (not out["authenticated"] and out["http"] is None and
            out["pake_answered"] and out["confirm_ok"] is False and
            out["alert_sent"] == "decrypt_error" and
            out["alert_received"] is None)


def same_shape(a, b):
    """All that a client sees, but for the signature's length (70 to 72)."""
    keys = ("outcome", "reason", "alert_sent", "alert_received",
            "pake_answered", "confirm_ok", "server_hello_bytes", "group")
    records_a, records_b = a["records_after"], b["records_after"]
    return (all(a[k] == b[k] for k in keys) and
            len(records_a) == len(records_b) and
            all(x[0] == y[0] and abs(x[1] - y[1]) <= 3
                for x, y in zip(records_a, records_b)))


def check_right_code(appliance, report):
    code = appliance.code("--uses", "20")
    for name, options in (("X25519", []), ("P-256", ["--group", "p256"]),
                          ("HelloRetryRequest to X25519", ["--hrr"]),
                          ("HelloRetryRequest to P-256",
                           ["--hrr", "--group", "p256"])):
        out = appliance.client("--code", code["code"], *options)
        report.check(f"right code, {name}: authenticated, cacerts",
                     is_authenticated(out) and
                     out["retried"] == ("--hrr" in options), out)
    for name in GOOD:
        out = appliance.client("--code", code["code"], "--mutate", name)
        report.check(f"right code, {name}: authenticated",
                     is_authenticated(out), out)
    once = appliance.code()
    out = pake_client.session(pake_client.arguments(
        ["--connect", appliance.address, "--code", once["uri"]]))
    report.check("the code's URI: server name and root hash are right",
                 is_authenticated(out) and out.get("root_matches"), out)


def check_plain(appliance, report):
    for group in ("x25519", "p256"):
        out = appliance.client("--plain", "--group", group)
        report.check(f"plain client, {group}: anonymous, cacerts",
                     out["outcome"] == "anonymous" and
                     out["http"]["status"] == 200, out)


def lock(appliance, identity):
    """Guesses wrong until nothing is left."""
    def locked():
        appliance.client("--identity", identity, "--password", "a guess")
        return appliance.guesses_left(identity) == 0

    return eventually(locked)


def check_wrong_codes(appliance, report):
    code = appliance.code()
    wrong = appliance.client(*other_secret(code))
    report.check("wrong secret: confirmV does not fit, nothing is answered",
                 looks_like_wrong_code(wrong), wrong)

    def same(name, *arguments):
        out = appliance.client(*arguments)
        report.check(f"{name}: looks like a wrong secret",
                     looks_like_wrong_code(out) and same_shape(out, wrong),
                     [out, wrong])

    same("unknown identity", "--identity", "ZZZZZZZZ", "--password", "0" * 11)
    same("other server name", "--code", code["code"],
         "--server-name", "other.example.net")
    used = appliance.code()
    out = appliance.client("--code", used["code"])
    report.check("one use: authenticated", is_authenticated(out), out)
    same("used-up code", "--code", used["code"])
    brief = appliance.code("--expires", "1s")
    time.sleep(2)  # what has to pass is the appliance's clock
    same("expired code", "--code", brief["code"])
    for name in NOBODY:
        code = appliance.code()
        same(name, "--code", code["code"], "--mutate", name)
    return wrong


def check_lock(appliance, report, wrong):
    appliance.ctl("identity", "add", "chosen-name", "--password-stdin",
                  text="correct horse\n")
    right = ["--identity", "chosen-name", "--password", "correct horse"]
    report.check("a chosen password is locked after its wrong guesses",
                 lock(appliance, "chosen-name"))
    out = appliance.client(*right)
    report.check("locked identity: looks like a wrong secret",
                 looks_like_wrong_code(out) and same_shape(out, wrong),
                 [out, wrong])
    appliance.ctl("identity", "unlock", "chosen-name")
    out = appliance.client(*right)
    report.check("unlocked identity: authenticated", is_authenticated(out),
                 out)


def check_attackers(appliance, report):
    """Clients that go on in spite of a wrong confirmV. All that may come is
    the server's flight, which they cannot read, and an alert of 19 bytes."""
    code = appliance.code()
    stolen = appliance.code()
    for name, arguments in (
            ("wrong secret", [*other_secret(code),
                              "--mutate", "no-confirm-check"]),
            ("unknown identity", ["--identity", "ZZZZZZZZ", "--password", "0",
                                  "--mutate", "no-confirm-check"]),
            ("w0 stolen, w1 not", ["--code", stolen["code"],
                                   "--mutate", "stolen-w0"])):
        out = appliance.client(*arguments)
        ciphertexts = [r[1] for r in out["records_after"] if r[0] == 23]
        report.check(f"attacker ({name}): an alert, and no answer",
                     out["outcome"] == "attacked" and
                     out["confirm_ok"] is False and
                     ciphertexts[-1:] == [19] and len(ciphertexts) <= 6, out)


def check_mutations(appliance, report):
    shared = appliance.code()
    for name, (alert, cost) in REFUSED.items():
        code = appliance.code() if cost else shared
        before = appliance.guesses_left(code["identity"])
        out = appliance.client("--code", code["code"], "--mutate", name)
        spent = before - appliance.guesses_left(code["identity"])
        report.check(f"{name}: {alert}, {cost} guesses",
                     out["outcome"] == "refused" and out["http"] is None and
                     out["alert_received"] == alert and spent == cost,
                     {"spent": spent, **out})
    for name in VANISHING:
        code = appliance.code()
        before = appliance.guesses_left(code["identity"])
        out = appliance.client("--code", code["code"], "--mutate", name)
        report.check(f"{name}: costs a guess", out["outcome"] == "vanished" and
                     eventually(lambda: appliance.guesses_left(
                         code["identity"]) == before - 1), out)


def check_guesses(appliance, report):
    code = appliance.code("--uses", "3")
    full = appliance.guesses_left(code["identity"])
    appliance.client(*other_secret(code))
    appliance.client(*other_secret(code))
    left = appliance.guesses_left(code["identity"])
    report.check("two wrong guesses are spent", left == full - 2, [full, left])
    out = appliance.client("--code", code["code"])
    report.check("the right code after them: authenticated",
                 is_authenticated(out), out)
    report.check("its guess is given back", eventually(
        lambda: appliance.guesses_left(code["identity"]) == left))
    other = ["--extension", "0x8a3c"]
    out = appliance.client("--code", code["code"], *other)
    report.check("another extension number: the client ends the connection",
                 out["outcome"] == "refused" and not out["pake_answered"] and
                 out["alert_sent"] == "handshake_failure", out)
    out = appliance.client("--code", code["code"], "--scheme", "0x7d97")
    report.check("another scheme number: illegal_parameter",
                 out["alert_received"] == "illegal_parameter", out)


def main():
    appliance, report = Appliance(*sys.argv[1:]), Report()
    check_right_code(appliance, report)
    check_plain(appliance, report)
    check_lock(appliance, report, check_wrong_codes(appliance, report))
    check_attackers(appliance, report)
    check_mutations(appliance, report)
    check_guesses(appliance, report)
    out = appliance.client("--code", appliance.code()["code"])
    report.check("after all of this the appliance still serves",
                 is_authenticated(out), out)
    return 1 if report.failed else 0


if __name__ == "__main__":
    sys.exit(main())
