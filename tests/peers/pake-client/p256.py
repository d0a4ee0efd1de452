"""P-256 (SP 800-186, 3.2.1.3) in plain Python, for tests only: it is slow and
its running time depends on the secrets. A point is (x, y), infinity is None."""

P = 2**256 - 2**224 + 2**192 + 2**96 - 1
ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
B = 0x5AC635D8AA3A93E7B3EBBD55769886BC651D06B0CC53B0F63BCE3C3E27D2604B
G = (
    0x6B17D1F2E12C4247F8BCE6E563A440F277037D812DEB33A0F4A13945D898C296,
    0x4FE342E2FE1A7F9B8EE7EB4A7C0F9E162BCE33576B315ECECBB6406837BF51F5,
)


class PointError(ValueError):
    """The bytes are not a point of the group."""


def on_curve(point):
    x, y = point
    return (y * y - (x * x * x - 3 * x + B)) % P == 0


def negate(point):
    return None if point is None else (point[0], -point[1] % P)


def add(a, b):
    if a is None:
        return b
    if b is None:
        return a
    if a[0] == b[0]:
        if (a[1] + b[1]) % P == 0:
            return None
        slope = (3 * a[0] * a[0] - 3) * pow(2 * a[1], -1, P) % P
    else:
        slope = (b[1] - a[1]) * pow(b[0] - a[0], -1, P) % P
    x = (slope * slope - a[0] - b[0]) % P
    return x, (slope * (a[0] - x) - a[1]) % P


def mul(scalar, point):
    result = None
    for bit in bin(scalar % ORDER)[2:]:
        result = add(result, result)
        if bit == "1":
            result = add(result, point)
    return result


def encode(point):
    """Uncompressed: 0x04, x, y (SEC 1, 2.3.3)."""
    return b"\x04" + point[0].to_bytes(32, "big") + point[1].to_bytes(32, "big")


def encode_compressed(point):
    return bytes([2 + (point[1] & 1)]) + point[0].to_bytes(32, "big")


def decode(data):
    """Uncompressed only. There is no cofactor: on the curve is in the group."""
    if len(data) != 65 or data[0] != 4:
        raise PointError("not an uncompressed point of 65 bytes")
    x, y = int.from_bytes(data[1:33], "big"), int.from_bytes(data[33:], "big")
    if x >= P or y >= P or not on_curve((x, y)):
        raise PointError("not on the curve")
    return x, y


def decompress(data):
    """SEC 1, 2.3.4; P is 3 mod 4, so that the root is one power."""
    if len(data) != 33 or data[0] not in (2, 3):
        raise PointError("not a compressed point of 33 bytes")
    x = int.from_bytes(data[1:], "big")
    y = pow(x * x * x - 3 * x + B, (P + 1) // 4, P)
    if y & 1 != data[0] & 1:
        y = P - y
    if x >= P or not on_curve((x, y)):
        raise PointError("not on the curve")
    return x, y
