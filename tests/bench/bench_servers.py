"""The programs that scripts/bench measures: the appliance and nginx, each in a
directory below the bench's own, on loopback; and what they take, from /proc."""

import json
import os
import re
import signal
import socket
import ssl
import subprocess
import time
import urllib.request

NAME = "est.lab.test"
IDENTITY = "bench"
PASSWORD = "correct horse battery staple"
EST = "/.well-known/est/"
START_PATIENCE_S = 30
CODE_USES = 1000000


class BenchError(Exception):
    pass


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def read(path):
    with open(path, encoding="utf-8", errors="replace") as file:
        return file.read()


def stat_fields(path):
    """Those behind the command's name, which may hold anything."""
    return read(path).rpartition(")")[2].split()


def tree(pid):
    """The process and all below it."""
    parents = {}
    for name in os.listdir("/proc"):
        if name.isdigit():
            try:
                parents[int(name)] = int(stat_fields(f"/proc/{name}/stat")[1])
            except OSError:
                pass  # it has just ended
    found = [pid]
    for parent in found:
        found += [p for p in parents if parents[p] == parent]
    return found


class Cpu:
    """What processes have used so far. In nanoseconds by thread, from
    schedstat; by clock ticks, from stat, where threads came or went, since
    stat keeps what ended ones used."""

    def __init__(self, pids):
        self.at = time.monotonic()
        self.processes = {pid: self.read(pid) for pid in pids}

    @staticmethod
    def read(pid):
        fields = stat_fields(f"/proc/{pid}/stat")
        tick_us = 1e6 / os.sysconf("SC_CLK_TCK")
        threads = {}
        try:
            for tid in os.listdir(f"/proc/{pid}/task"):
                threads[tid] = int(
                    read(f"/proc/{pid}/task/{tid}/schedstat").split()[0])
        except (OSError, IndexError):
            threads = None
        return threads, (int(fields[11]) + int(fields[12])) * tick_us

    def us(self):
        """All that they ever used."""
        return sum(sum(threads.values()) / 1e3 if threads else ticks_us
                   for threads, ticks_us in self.processes.values())

    def us_since(self, before):
        total = 0.0
        for pid, (threads, ticks_us) in self.processes.items():
            old_threads, old_us = before.processes[pid]
            if threads and old_threads and set(threads) == set(old_threads):
                total += sum(threads[t] - old_threads[t] for t in threads) / 1e3
            else:
                total += ticks_us - old_us
        return total


class Machine:
    """Processor time of everything that runs here, in seconds."""

    def __init__(self):
        fields = [int(f) for f in read("/proc/stat").split("\n")[0].split()[1:]]
        hz = os.sysconf("SC_CLK_TCK")
        idle = fields[3] + fields[4]
        self.steal = fields[7] / hz
        self.busy = (sum(fields[:8]) - idle) / hz - self.steal


def memory(pids):
    """In KiB: the sum of RSS, which counts what they share once for each; and
    what is there of it once ("resident"): all that is private, and the most
    that one of them shares. PSS would divide by whoever else runs and has the
    same libraries. None where the kernel does not show it to us."""
    rss = private = shared = 0
    for pid in pids:
        rss += int(re.search(r"VmRSS:\s+(\d+)",
                             read(f"/proc/{pid}/status")).group(1))
        try:
            rollup = dict(re.findall(r"^(\w+):\s+(\d+) kB",
                                     read(f"/proc/{pid}/smaps_rollup"),
                                     re.MULTILINE))
        except OSError:
            return rss, None
        own = int(rollup["Private_Clean"]) + int(rollup["Private_Dirty"])
        private += own
        shared = max(shared, int(rollup["Rss"]) - own)
    return rss, private + shared


class Server:
    """A program that serves, with whatever processes it starts."""

    def __init__(self):
        self.process = None
        self.pids = []

    def cpu(self):
        return Cpu(self.pids)

    def memory(self):
        return memory(self.pids)

    def descriptors(self):
        """How many it may have."""
        return int(re.search(r"^Max open files\s+(\d+)", read(
            f"/proc/{self.pids[0]}/limits"), re.MULTILINE).group(1))

    def stop(self):
        """Returns the exit status; None when nothing ran."""
        if self.process is None:
            return None
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(START_PATIENCE_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        status = self.process.returncode
        self.process = None
        return status


class Appliance(Server):
    """estuaryd, with an identity for HTTP Basic, a code for the PAKE, and two
    DNS servers."""

    def __init__(self, build, work, options=()):
        super().__init__()
        self.build, self.work = build, work
        self.state, self.log = f"{work}/state", f"{work}/estuaryd.log"
        self.address = f"127.0.0.1:{free_port()}"
        self.root, self.password = f"{work}/root.pem", f"{work}/password"
        self.code = f"{work}/code"
        self.settings = []
        for setting in (f"server.listen={self.address}", f"server.name={NAME}",
                        "ca.domain=lab.test", "mdns.enabled=no", *options):
            self.settings += ["--set", setting]

    def start(self):
        """Returns how many seconds it took until it served, to a millisecond."""
        begin = time.monotonic()
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen(
                [f"{self.build}/estuaryd", "--state", self.state,
                 *self.settings], stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL, stderr=log)
        while "\nready listen=" not in "\n" + read(self.log):
            took = time.monotonic() - begin
            if took > START_PATIENCE_S or self.process.poll() is not None:
                self.stop()
                raise BenchError("estuaryd did not start:\n"
                                 + read(self.log)[-2000:])
            time.sleep(0.001)
        took = time.monotonic() - begin
        self.pids = tree(self.process.pid)
        return took

    def ctl(self, *arguments, text=None):
        done = subprocess.run(
            [f"{self.build}/estuaryctl", "--state", self.state, *arguments],
            input=text, text=True, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, check=False)
        if done.returncode != 0:
            raise BenchError(f"estuaryctl {arguments}: {done.stderr}")
        return done.stdout

    def set_up(self):
        """What the rows need, once for the state directory."""
        with open(self.root, "w", encoding="utf-8") as file:
            file.write(self.ctl("ca", "show"))
        with open(self.password, "w", encoding="utf-8") as file:
            file.write(PASSWORD + "\n")
        self.ctl("identity", "add", IDENTITY, "--basic", "--password-stdin",
                 "--allow-name", "*.lab.test", text=PASSWORD + "\n")
        # Not the password: a claimed guess counts until the handshake is done,
        # and so only ten could be under way with one.
        added = json.loads(self.ctl("--json", "identity", "add", "bench code",
                                    "--uses", str(CODE_USES)))
        with open(self.code, "w", encoding="utf-8") as file:
            file.write(added["code"] + "\n")
        for i in (1, 2):
            self.ctl("dns-server", "issue", "--name", f"dns{i}.lab.test",
                     "--label", "domain-s:853", "--label", "doh:443",
                     "--dohpath", "/dns-query{?dns}", "--ip", f"10.0.0.{i}",
                     "--out", f"{self.work}/dns{i}")

    def context(self):
        """Of a client that knows the root."""
        context = ssl.create_default_context(cafile=self.root)
        context.check_hostname = False  # the address is no DNS-ID of it
        return context

    def fetch(self, path):
        """The body and its media type, as any client gets them."""
        with urllib.request.urlopen(f"https://{self.address}{path}",
                                    context=self.context()) as answer:
            return answer.read(), answer.headers["Content-Type"]


# "alike" does what estuaryd does in each handshake and nginx by itself does
# not (ask for a client certificate), and leaves what estuaryd leaves: with TLS
# 1.3 two tickets come also with ssl_session_tickets off.
NGINX_CONFIG = """
daemon off;
pid {dir}/nginx.pid;
error_log {dir}/error.log warn;
{user}
worker_processes 2;
worker_rlimit_nofile 16384;
events {{
	worker_connections 8192;
}}
http {{
	access_log off;
	server_tokens off;
	tcp_nodelay on;
	sendfile on;
	keepalive_timeout 600;
	keepalive_requests 1000000000;
	open_file_cache max=100 inactive=1h;
	open_file_cache_valid 1h;
	client_body_temp_path {dir}/body;
	proxy_temp_path {dir}/proxy;
	fastcgi_temp_path {dir}/fastcgi;
	uwsgi_temp_path {dir}/uwsgi;
	scgi_temp_path {dir}/scgi;
	types {{ }}
	root {dir}/www;
	default_type "{type}";
	ssl_certificate {pem};
	ssl_certificate_key {pem};
	ssl_protocols TLSv1.2 TLSv1.3;
	ssl_session_cache off;
	ssl_session_tickets off;
	server {{
		listen {plain} ssl reuseport backlog=4096;
		server_name {name};
	}}
	server {{
		listen {alike} ssl reuseport backlog=4096;
		server_name {name};
		ssl_conf_command NumTickets 0;
		ssl_verify_client optional_no_ca;
	}}
}}
"""


class Nginx(Server):
    """The same bytes, with the same certificate and key, as static files."""

    def __init__(self, program, appliance, work):
        super().__init__()
        self.program, self.dir = program, f"{work}/nginx"
        self.address = f"127.0.0.1:{free_port()}"
        self.alike = f"127.0.0.1:{free_port()}"
        os.makedirs(f"{self.dir}/www{EST}")
        for name in ("cacerts", "eecerts"):
            body, media_type = appliance.fetch(EST + name)
            with open(f"{self.dir}/www{EST}{name}", "wb") as file:
                file.write(body)
        with open(f"{self.dir}/nginx.conf", "w", encoding="utf-8") as file:
            file.write(NGINX_CONFIG.format(
                dir=self.dir, name=NAME, plain=self.address, alike=self.alike,
                pem=f"{appliance.state}/server.pem",
                type=media_type.replace('"', ""),
                user="user root;" if os.geteuid() == 0 else ""))

    def start(self):
        self.process = subprocess.Popen(
            [self.program, "-e", f"{self.dir}/error.log", "-c",
             f"{self.dir}/nginx.conf"], stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        end = time.monotonic() + START_PATIENCE_S
        while time.monotonic() < end and self.process.poll() is None:
            self.pids = tree(self.process.pid)
            if len(self.pids) == 3:  # the master and both workers
                return
            time.sleep(0.02)
        self.stop()
        raise BenchError("nginx did not start:\n"
                         + read(f"{self.dir}/error.log")[-2000:])

    def version(self):
        done = subprocess.run([self.program, "-v"], check=False, text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        return done.stdout.strip().rpartition("/")[2]


class Loader:
    """build/tests/bench/estuary-load, towards one of them."""

    def __init__(self, build, appliance):
        self.program = f"{build}/tests/bench/estuary-load"
        self.appliance = appliance
        self.first = 0

    def command(self, address, arguments):
        return [self.program, "--connect", address, "--ca",
                self.appliance.root, "--name", NAME, *arguments]

    def credential(self, arguments):
        """By what the loader authenticates, if it does."""
        if "--pake" in arguments:
            return ["--code-file", self.appliance.code]
        if "--enroll" in arguments:
            return ["--identity", IDENTITY, "--password-file",
                    self.appliance.password]
        return []

    def run(self, address, arguments, seconds):
        arguments = [*arguments, *self.credential(arguments)]
        if "--enroll" in arguments:
            # Names that no run before had.
            arguments = [*arguments, "--first", str(self.first)]
            self.first += 100000
        return self.finish(self.begin(address, arguments, seconds))

    def begin(self, address, arguments, seconds):
        return subprocess.Popen(
            self.command(address, [*arguments, "--json", "--seconds",
                                   str(seconds)]),
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, text=True)

    @staticmethod
    def finish(process):
        out, error = process.communicate()
        if not out:
            raise BenchError(f"estuary-load: {error}")
        return json.loads(out)

    def hold(self, address, n, arguments):
        """Holds n connections; end() lets them go."""
        process = subprocess.Popen(
            self.command(address, [*arguments, "--idle", str(n)]),
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        held = process.stdout.readline().split()

        def end():
            process.stdin.close()
            process.stdout.read()
            process.wait()
        if held != ["holding", str(n)]:
            end()
            raise BenchError(f"only {held} of {n} connections were opened")
        return end
