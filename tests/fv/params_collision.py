"""Finds two secure parameter sets of different n whose words have the same checksum64, for params.cpp.

The words are n, k, b, special prime, digit width, table (1), and the primes of q. checksum64 sends word i to lane i mod 4 by
lane = mix(lane ^ word), a bijection. Words 0, 4, 8 and 12 share a lane: n, the digit width, and the primes 2 and 6 of seven.
Each n gets a prime 2 of its own so that the two lanes before the last word differ by a D which is a multiple of 2^15 and
below 2^50; then prime 6 of one set, xor D, is prime 6 of the other. The rest of both sets is equal.
"""

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "platform"))
stdout, sys.stdout = sys.stdout, open(os.devnull, "w")
from checksum_vectors import checksum64, mix  # noqa: E402

sys.stdout = stdout

K, B, DIGIT_BITS = 8192, 132, 10
LARGE, SMALL = 32768, 16384


def is_prime(x):
    if any(x % p == 0 for p in (2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37)):
        return x < 38
    d, s = x - 1, 0
    while d % 2 == 0:
        d, s = d // 2, s + 1
    for base in (2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37):
        y = pow(base, d, x)
        if y in (1, x - 1):
            continue
        for _ in range(s - 1):
            y = y * y % x
            if y == x - 1:
                break
        else:
            return False
    return True


def primes(n):
    """Of 50 bits, 1 modulo 2n, from the top."""
    x = 2**50 - 2 * n + 1
    while x > 2**49:
        if is_prime(x):
            yield x
        x -= 2 * n


def lane(n, prime):
    return mix(mix(mix(1 ^ n) ^ DIGIT_BITS) ^ prime)


def find():
    source = primes(LARGE)
    shared = [next(source) for _ in range(5)]  # primes 0, 1, 3, 4, 5 of both sets
    mask = (2**14 - 1) << 50 | (2**15 - 1)  # bits of D that must be 0
    seen = {}
    for _ in range(1 << 15):
        prime = next(source)
        seen[lane(LARGE, prime) & mask] = prime
    for small in primes(SMALL):
        large = seen.get(lane(SMALL, small) & mask)
        if large is None or small in shared:
            continue
        d = lane(LARGE, large) ^ lane(SMALL, small)
        for last in primes(LARGE):
            other = last ^ d
            if last in shared + [large] or other in shared + [small] or other % (2 * SMALL) != 1:
                continue
            if 2**49 < other and is_prime(other):
                put = lambda two, six: shared[:2] + [two] + shared[2:] + [six]  # noqa: E731
                return put(large, last), put(small, other)


def words(n, q):
    return b"".join(x.to_bytes(8, "little") for x in (n, K, B, 0, DIGIT_BITS, 1, *q))


sets = dict(zip((LARGE, SMALL), find()))
for n, q in sets.items():
    print(n, f"{checksum64(words(n, q)):#x}", *q)
