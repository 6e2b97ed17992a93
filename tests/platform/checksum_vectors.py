"""Prints the known answers of checksum.cpp: checksum64 of nothing, and of the bytes 0 .. 99."""
from math import isqrt

MASK = 2**64 - 1
GOLDEN = (isqrt(5 * 2**128) - 2**64) // 2  # floor(2^64 / golden ratio)


def mix(x):
    x = x * GOLDEN & MASK
    x ^= x >> 32
    return x * GOLDEN & MASK


def checksum64(data):
    lanes = [1, 2, 3, 4]
    for i in range(0, len(data), 8):
        word = int.from_bytes(data[i:i + 8], "little")
        lanes[i // 8 % 4] = mix(lanes[i // 8 % 4] ^ word)
    total = len(data)
    for lane in lanes:
        total = mix(total ^ lane)
    return total ^ total >> 32


print(f"{GOLDEN:#x}", f"{checksum64(b''):#x}", f"{checksum64(bytes(range(100))):#x}")
