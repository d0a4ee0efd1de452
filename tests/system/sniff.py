#!/usr/bin/python3
"""Watches every packet on every interface of this network namespace:

    sniff.py NAME

prints "ready", then a line for each packet from or to port 53, and for each
one on any port that carries the labels of the domain name NAME in clear text,
until SIGTERM.
"""

import socket
import struct
import sys

ETH_P_ALL = 3
TCP, UDP = 6, 17


def transport(packet):
    """(protocol, source port, destination port, the rest) of an IP packet
    without extension headers, else None."""
    version = packet[0] >> 4 if packet else 0
    if version == 4 and len(packet) > 20:
        at, protocol = (packet[0] & 15) * 4, packet[9]
    elif version == 6 and len(packet) > 40:
        at, protocol = 40, packet[6]
    else:
        return None
    if protocol not in (TCP, UDP) or len(packet) < at + 8:
        return None
    ports = struct.unpack("!HH", packet[at:at + 4])
    return (protocol, *ports, packet[at + 8:])


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    wire = b"".join(bytes([len(x)]) + x.encode()
                    for x in sys.argv[1].lower().split("."))
    s = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM,
                      socket.htons(ETH_P_ALL))
    print("ready", flush=True)
    while True:
        packet = s.recv(65535)
        found = transport(packet)
        if found is None:
            continue
        protocol, source, destination, data = found
        words = ["udp" if protocol == UDP else "tcp", source, destination]
        if wire in data.lower():
            print("name", *words, flush=True)
        if 53 in (source, destination):
            print("port53", *words, flush=True)


if __name__ == "__main__":
    main()
