"""Many devices at once, each on its own TLS connection.

    voucher_load.py HOST:PORT DIRECTORY

Each SERIAL.cert.pem and SERIAL.key.pem of DIRECTORY asks for its voucher, at
the same moment as the others, and comes back when it is told to. Meanwhile
cacerts is fetched. Prints one JSON object.
"""
import collections
import glob
import http.client
import json
import multiprocessing
import os
import ssl
import sys
import threading
import time

from voucher_cms import TYPE, make_request

HOST, PORT = sys.argv[1].rsplit(":", 1)
FACTOR = int(os.environ.get("ESTUARY_TIME_FACTOR", "1"))
PATIENCE_S = 45 * FACTOR
TIMEOUT_S = 30 * FACTOR


def connect(device=None):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    if device:
        context.load_cert_chain(device + ".cert.pem", device + ".key.pem")
    connection = http.client.HTTPSConnection(HOST, int(PORT),
                                             timeout=TIMEOUT_S,
                                             context=context)
    connection.connect()
    return connection


class Device(threading.Thread):
    def __init__(self, name, start):
        super().__init__(daemon=True)
        self.name, self.begin = name, start
        self.connection = connect(name)
        self.request = make_request(
            name, self.connection.sock.getpeercert(binary_form=True))
        self.result, self.waits, self.longest_s = None, 0, 0

    def ask(self):
        begin = time.monotonic()
        self.connection.request(
            "POST", "/.well-known/brski/requestvoucher", self.request,
            {"Content-Type": TYPE})
        answer = self.connection.getresponse()
        body = answer.read()
        self.longest_s = max(self.longest_s, time.monotonic() - begin)
        return answer, body

    def run(self):
        end = time.monotonic() + PATIENCE_S
        self.begin.wait()
        try:
            answer, body = self.ask()
            while answer.status == 202 and time.monotonic() < end:
                wait_s = int(answer.getheader("Retry-After"))
                assert 1 <= wait_s <= 60
                self.waits += 1
                time.sleep(wait_s)
                answer, body = self.ask()
            self.result = str(answer.status)
            if answer.status != 200:
                self.result += " " + body.decode(errors="replace").strip()
        except (OSError, http.client.HTTPException, AssertionError) as error:
            self.result = repr(error)


def fetch_cacerts(stop, queue):
    """In a process of its own: the devices' threads would be measured, too."""
    connection, times, failed = connect(), [], 0
    while not stop.is_set():
        begin = time.monotonic()
        try:
            connection.request("GET", "/.well-known/est/cacerts")
            answer = connection.getresponse()
            answer.read()
            failed += answer.status != 200
        except (OSError, http.client.HTTPException):
            failed += 1
            connection = connect()
        times.append(time.monotonic() - begin)
        stop.wait(0.02)
    queue.put((times, failed))


def main():
    stop, queue = multiprocessing.Event(), multiprocessing.Queue()
    begin = threading.Event()
    names = [name[:-len(".cert.pem")] for name in
             sorted(glob.glob(os.path.join(sys.argv[2], "*.cert.pem")))]
    devices = [Device(name, begin) for name in names]
    for device in devices:
        device.start()
    fetcher = multiprocessing.Process(target=fetch_cacerts,
                                      args=(stop, queue), daemon=True)
    fetcher.start()
    started = time.monotonic()
    begin.set()
    for device in devices:
        device.join(PATIENCE_S + TIMEOUT_S)
    took_s = time.monotonic() - started
    stop.set()
    times, failed = queue.get(timeout=TIMEOUT_S)
    times.sort()
    print(json.dumps({
        "results": collections.Counter(str(d.result) for d in devices),
        "waits": sum(d.waits for d in devices),
        "longest_s": round(max(d.longest_s for d in devices), 3),
        "took_s": round(took_s, 1),
        "cacerts": len(times), "cacerts_failed": failed,
        "median_s": round(times[len(times) // 2], 4),
        "slowest_s": round(times[-1], 4)}))


main()
