"""The rows of scripts/bench: what is loaded, beside what, and the goal."""

import dataclasses

EST = "/.well-known/est/"


@dataclasses.dataclass
class Cell:
    """One load on one server: "ours", "nginx" or "nginx alike"."""
    name: str
    server: str
    arguments: list


@dataclasses.dataclass
class Goal:
    """A value of the row's result, and its limit."""
    value: str
    text: str
    most: float = None
    least: float = None

    def judge(self, values):
        """met is None when it was not measured (no nginx, say)."""
        value = values.get(self.value)
        if value is None:
            met = None
        elif self.most is not None:
            met = value <= self.most
        else:
            met = value >= self.least
        return {"value": value, "text": self.text, "met": met}


@dataclasses.dataclass
class Row:
    """The first cell is measured against the others; "against" names the one
    that the goals speak of."""
    key: str
    work: str
    goals: list
    kind: str = "load"
    cells: list = dataclasses.field(default_factory=list)
    against: str = None
    by_default: bool = True  # else with --only or --full

    def goal_text(self):
        return ", ".join(goal.text for goal in self.goals)


def cpu_ratio(most):
    return Goal("cpu_ratio", f"CPU at most {most:.2f} x", most=most)


def rate_ratio(least):
    return Goal("rate_ratio", f"rate at least {least:.2f} x", least=least)


def rate(least):
    return Goal("rate", f"at least {least:,}/s", least=least)


def get(path, threads, *more):
    return ["--path", EST + path, "--threads", str(threads), *more]


def enroll(threads, *more):
    return ["--enroll", "--threads", str(threads), *more]


def keep_alive(path):
    arguments = get(path, 16, "--keep-alive")
    return Row(f"keep-{path}", f"keep-alive GET {path}",
               # CPU the same way round as elsewhere: 1/0.9 of nginx's.
               [cpu_ratio(1 / 0.9), rate_ratio(0.9)],
               cells=[Cell("ours", "ours", arguments),
                      Cell("nginx", "nginx", arguments)], against="nginx")


def ratio(value, what, most=1.3):
    return Goal(value, f"{what} at most {most} x", most=most)


ROWS = [
    Row("start", "start with existing state to `ready`, median of 10",
        [Goal("start_ms", "at most 150 ms", most=150)], kind="start"),
    Row("memory", "memory idle, and each further idle TLS connection of 1,000",
        [Goal("resident_mb", "at most 20 MB", most=20),
         Goal("handshake_kb", "64 KB", most=64),
         Goal("request_kb", "64 KB also after a request", most=64)],
        kind="memory"),
    Row("size", "enrollment and lookups with 1,000,000 certificates in the "
        "store, beside 10,000",
        [ratio("enroll-32", "enrollment"), ratio("reenroll", "re-enrollment"),
         ratio("certificate-by-serial", "by serial"),
         ratio("identity-by-name", "by name"),
         ratio("certificates-deep-page", "a page of the list")],
        kind="size", by_default=False),
    Row("new", "new connection + GET cacerts",
        [cpu_ratio(1.0), rate_ratio(0.95)],
        cells=[Cell("ours", "ours", get("cacerts", 8)),
               Cell("nginx", "nginx", get("cacerts", 8)),
               Cell("nginx alike", "nginx alike", get("cacerts", 8))],
        against="nginx"),
    keep_alive("cacerts"),
    keep_alive("eecerts"),
    Row("enroll-new", "new connection + simpleenroll (Basic, P-256)",
        [cpu_ratio(1.75), rate_ratio(0.75)],
        cells=[Cell("ours", "ours", enroll(16)),
               Cell("our plain", "ours", get("cacerts", 16))],
        against="our plain"),
    Row("enroll-keep", "keep-alive simpleenroll, 32 connections",
        [rate(4000)],
        cells=[Cell("ours", "ours", enroll(32, "--keep-alive"))]),
    Row("pake", "PAKE handshake + GET eecerts, the claim durable",
        [cpu_ratio(2.0), rate(900)],
        cells=[Cell("ours", "ours", get("eecerts", 16, "--pake")),
               Cell("our plain", "ours", get("eecerts", 16))],
        against="our plain"),
]
