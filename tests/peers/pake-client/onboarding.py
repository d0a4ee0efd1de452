"""Onboarding codes and their URI, as docs/pake.md puts them."""

import base64
from typing import NamedTuple, Optional

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


class CodeError(ValueError):
    pass


class Code(NamedTuple):
    identity: str
    secret: str
    server_name: Optional[str]
    root_sha256: Optional[bytes]


def check_character(characters):
    total = sum(ALPHABET.index(c) * (2 * i + 1)
                for i, c in enumerate(characters))
    return ALPHABET[total % 32]


def parse(text):
    text, name, root = text.strip(), None, None
    if text[:8].lower() == "estuary:":
        text, _, query = text[8:].partition("?")
        for key, _, value in (p.partition("=") for p in query.split("&")):
            if key == "n":
                name = value.lower().rstrip(".")
            elif key == "r":
                root = base64.urlsafe_b64decode(value + "=" * (-len(value) % 4))
    text = text.upper().translate(str.maketrans("ILO", "110", "- \t\r\n"))
    if len(text) != 20 or any(c not in ALPHABET for c in text):
        raise CodeError("an onboarding code has 20 characters of base32")
    if check_character(text[:19]) != text[19]:
        raise CodeError("the check character does not fit")
    if root is not None and len(root) != 32:
        raise CodeError("the root hash is not 32 bytes")
    return Code(text[:8], text[8:19], name, root)
