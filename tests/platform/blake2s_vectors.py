"""Prints the known answers of blake2s.cpp, by Python's hashlib: of "abc" (RFC 7693, appendix B), of nothing, and of one
hash of the hashes of the first length bytes i -> 7 i + 1 mod 256 for every length in [0, 300]."""
from hashlib import blake2s

DATA = bytes((7 * i + 1) % 256 for i in range(300))

print("abc", blake2s(b"abc").hexdigest())
print("nothing", blake2s(b"").hexdigest())
for length in (1, 63, 64, 65, 127, 128, 129):
    print(length, blake2s(DATA[:length]).hexdigest())
print("all lengths", blake2s(b"".join(blake2s(DATA[:length]).digest() for length in range(301))).hexdigest())
