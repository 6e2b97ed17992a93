"""Prints the known answers of serialization.cpp: an implementation of its own, from the definitions.

n = 8, t = X^2 - 16 (p = 65537), q one 20-bit prime, digits of 7 bits, seed 01 00 .. 00. In this order from stream 0 of
the seed: a secret key, a public key, relinearization keys, an encryption of the coefficients (12345, -1) under the
secret key, one under the public key.
"""

import os
import sys
from hashlib import blake2s
from math import ceil, log2

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "platform"))
sys.stdout = open(os.devnull, "w")
from checksum_vectors import checksum64  # noqa: E402

sys.stdout = sys.__stdout__

N, K, B, Q, DIGIT_BITS = 8, 2, 16, None, 7


def is_prime(x):
    return x > 1 and all(x % d for d in range(2, int(x**0.5) + 1))


Q = next(q for q in range(2**20 - 2**20 % (2 * N) + 1, 0, -2 * N) if q < 2**20 and is_prime(q))


# ChaCha20, RFC 8439: 32-bit words; counter 0, a zero word, then the stream number.
def chacha_block(seed, stream, counter):
    def rotated(x, r):
        return (x << r | x >> 32 - r) & 0xFFFFFFFF

    def words(data):
        return [int.from_bytes(data[i:i + 4], "little") for i in range(0, len(data), 4)]

    start = words(b"expand 32-byte k") + words(seed) + [counter, 0] + words(stream.to_bytes(8, "little"))
    x = list(start)
    for i in range(20):
        shift = i % 2
        for c in range(4):
            a, b, c2, d = c, 4 + (c + shift) % 4, 8 + (c + 2 * shift) % 4, 12 + (c + 3 * shift) % 4
            for first, second, third, r in ((a, b, d, 16), (c2, d, b, 12), (a, b, d, 8), (c2, d, b, 7)):
                x[first] = (x[first] + x[second]) & 0xFFFFFFFF
                x[third] = rotated(x[third] ^ x[first], r)
    return b"".join(((u + v) & 0xFFFFFFFF).to_bytes(4, "little") for u, v in zip(x, start))


class Generator:
    def __init__(self, seed, stream=0):
        self.seed, self.stream, self.counter, self.left = seed, stream, 0, b""

    def take(self, count):
        while len(self.left) < count:
            self.left += chacha_block(self.seed, self.stream, self.counter)
            self.counter += 1
        taken, self.left = self.left[:count], self.left[count:]
        return taken


def uniform(seed, stream):
    generator, out = Generator(seed, stream), []
    while len(out) < N:
        candidate = int.from_bytes(generator.take(7), "little") % 2**Q.bit_length()
        if candidate < Q:
            out.append(candidate)
    return out


def ternary(rng):
    return [(3 * int.from_bytes(rng.take(8), "little") >> 64) - 1 for _ in range(N)]


def error(rng):
    out = []
    for _ in range(N):
        bits = int.from_bytes(rng.take(6), "little")
        out.append(bin(bits % 2**21).count("1") - bin(bits >> 21 & 2**21 - 1).count("1"))
    return out


def product(x, y):
    out = [0] * N
    for i in range(N):
        for j in range(N):
            out[(i + j) % N] += x[i] * y[j] * (1 if i + j < N else -1)
    return [c % Q for c in out]


def combine(*terms):
    return [sum(column) % Q for column in zip(*terms)]


def negated(x):
    return [-c for c in x]


# Values at psi^(2 bitreverse(i) + 1), psi the smallest root of X^n = -1; and back.
PSI = next(x for x in range(2, Q) if pow(x, N, Q) == Q - 1)
ROOTS = [pow(PSI, 2 * int(format(i, "03b")[::-1], 2) + 1, Q) for i in range(N)]


def values(x):
    return [sum(c * pow(r, j, Q) for j, c in enumerate(x)) % Q for r in ROOTS]


def coefficients(v):
    return [pow(N, -1, Q) * sum(y * pow(r, -j, Q) for r, y in zip(ROOTS, v)) % Q for j in range(N)]


# The class of a polynomial modulo X^K - B, each residue as balanced digits.
def small(x):
    m, out = N // K, [0] * N
    p = B**m + 1
    for j in range(K):
        rest = sum(x[j + K * i] * B**i for i in range(m)) % p
        rest -= p if rest > p // 2 else 0
        for i in range(m):
            digit = rest % B
            digit -= B if digit > B // 2 else 0
            out[j + K * i], rest = digit, (rest - digit) // B
        out[j] -= rest
    return out


def scaled(message):
    """(q m - r) / t modulo q for m the digits of the message and r those of q m modulo t: -r / t. The digits of r
    are unique here: none is a tie."""
    m = small(list(message) + [0] * (N - K))
    r = small([Q * c for c in m])
    assert all(abs(c) < B // 2 for c in r)
    weights = [0] * N  # 1/t = -(sum of b^(m-1-i) X^(k i)) / p
    for i in range(N // K):
        weights[K * i] = B**(N // K - 1 - i)
    return [c * pow(B**(N // K) + 1, -1, Q) % Q for c in product(r, weights)]


def packed(numbers, bits):
    total = sum(x << i * bits for i, x in enumerate(numbers))
    return total.to_bytes((len(numbers) * bits + 7) // 8, "little")


def u32(x):
    return x.to_bytes(4, "little")


def u64(x):
    return x.to_bytes(8, "little")


FINGERPRINT = blake2s(b"".join(map(u64, (N, K, B, 0, DIGIT_BITS, 0, Q)))).digest()


def frame(kind, payload):
    out = b"FCN" + bytes([kind]) + u32(2) + FINGERPRINT + u64(len(payload)) + payload
    return out + u64(checksum64(out))


rng = Generator(bytes([1]) + bytes(31))
s = ternary(rng)
print("secret key", frame(2, packed([x + 1 for x in s], 2)).hex())

seed = rng.take(32)
a = coefficients(uniform(seed, 0))  # a is expanded in transform order
b = combine(error(rng), negated(product(a, s)))
print("public key", frame(3, seed + packed(values(b), 20)).hex())
public = (b, a)

keys = u32(1)
seed = rng.take(32)
keys += seed
for digit in range(3):
    a = coefficients(uniform(seed, digit))
    e = error(rng)
    shifted = [2**(DIGIT_BITS * digit) * c for c in product(s, s)]
    keys += packed(values(combine(e, negated(product(a, s)), shifted)), 20)
print("relinearization keys", frame(4, keys).hex())

message = (12345, -1)
seed = rng.take(32)
c1 = uniform(seed, 0)
c0 = combine(error(rng), negated(product(c1, s)), scaled(message))
print("seeded ciphertexts", frame(7, u32(1) + seed + packed(c0, 20)).hex())

u = ternary(rng)
c0 = combine(product(public[0], u), error(rng), scaled(message))
c1 = combine(product(public[1], u), error(rng))
# The bound of its noise t (e_0 + u e + e_1 s) - r in 1/256 bits: the means of ||s||^2 and ||u||^2 are 2n/3.
variance = (B**2 + 1) * 10.5 * (1 + 2 / 3 * N + 2 / 3 * N) + (B // 2 + 1)**2
header = bytes([2, 1, 0, 1]) + u32(ceil(log2(variance) / 2 * 256))
print("ciphertexts", frame(6, u32(1) + header + packed(c0, 20) + packed(c1, 20)).hex())
