#!/usr/bin/python3
"""Verifies an Estuary audit log from the database file alone, as the operations
manual describes it.

    audit_chain.py DATABASE ISSUING_CERTIFICATE

Prints the number of rows and of checkpoints; 1 and a reason if one does not
fit."""
import hashlib
import sqlite3
import struct
import sys

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec


def text(octets):
    return struct.pack(">I", len(octets)) + octets


def row_hash(previous, row):
    numbers, texts = row[:4], row[4:9]
    return hashlib.sha256(text(b"estuary audit row 1") + previous +
                          struct.pack(">4q", *numbers) +
                          b"".join(text(t) for t in texts)).digest()


def check_signature(certificate, checkpoint):
    counter, last_id, head, at, signature = checkpoint
    ca = hashlib.sha256(
        certificate.public_bytes(serialization.Encoding.DER)).digest()
    signed = (text(b"estuary audit checkpoint 1") + ca +
              struct.pack(">3q", counter, at, last_id) + head)
    try:
        certificate.public_key().verify(signature, signed,
                                        ec.ECDSA(hashes.SHA256()))
    except InvalidSignature:
        sys.exit("checkpoint %d is not signed" % counter)


def main():
    db = sqlite3.connect("file:%s?mode=ro" % sys.argv[1], uri=True)
    db.text_factory = bytes
    with open(sys.argv[2], "rb") as file:
        certificate = x509.load_pem_x509_certificate(file.read())
    chain = {}
    previous = bytes(32)
    for row in db.execute("SELECT id, at, last_at, count, event, actor,"
                          " subject, source, detail, hash FROM audit"
                          " ORDER BY id"):
        if row[0] != len(chain) + 1:
            sys.exit("row %d is missing" % (len(chain) + 1))
        previous = row_hash(previous, row)
        if previous != row[9]:
            sys.exit("row %d does not fit" % row[0])
        chain[row[0]] = previous
    checkpoints = db.execute("SELECT counter, last_id, hash, at, signature"
                             " FROM audit_checkpoint"
                             " ORDER BY counter").fetchall()
    for checkpoint in checkpoints:
        check_signature(certificate, checkpoint)
        if chain.get(checkpoint[1]) != checkpoint[2]:
            sys.exit("checkpoint %d fits no row" % checkpoint[0])
    print(len(chain), len(checkpoints))


main()
