#!/usr/bin/env python3
"""What the workloads compute, said again in Python.

Expected results come from here and from native builds of the C sources, never from a WebAssembly engine: an engine that
is wrong must not be able to write its own expectation. Each function has the name of its workload, takes the arguments
of the entry function, and returns the result (any representative modulo 2^32 or 2^64), or a pair of the result and the
memory from address 0 where the manifest checks memory; for a command, what it prints. `scripts/build-workloads --check` compares them with the
manifests.

Where there is a shorter way to the same number (a closed form, Python's sort, its SHA-256), it is taken: the less a
model resembles the program, the more it proves.
"""

import base64
import hashlib
import heapq
import re
import sys
from collections import Counter
from pathlib import Path

HERE = Path(__file__).resolve().parent
M32 = 2**32 - 1
M64 = 2**64 - 1


def lcg(x):
    """The kernels' linear congruential sequence."""
    return (x * 1664525 + 1013904223) & M32


def xorshift(x):
    """xorshift32, of br_table.wat and of programs/src/support.h."""
    x ^= (x << 13) & M32
    x ^= x >> 17
    return x ^ (x << 5) & M32


def randoms(count, state=1):
    for _ in range(count):
        state = xorshift(state)
        yield state


def signed(x):
    return x - 2**32 if x >= 2**31 else x


def rotate(x, by):
    return (x << by | x >> (32 - by)) & M32


# Kernels


def count(n):
    return max(n, 1)


def fibonacci(n):
    """The n-th and the next Fibonacci number modulo 2^64, by doubling: F(2k) = F(k) (2 F(k+1) - F(k))."""
    if n == 0:
        return 0, 1
    a, b = fibonacci(n // 2)
    even, odd = a * (2 * b - a) & M64, (a * a + b * b) & M64
    return (odd, (even + odd) & M64) if n % 2 else (even, odd)


def fib_recursive(n):
    return fibonacci(n)[0]


fib_iterative = fib_tail = fib_recursive


def mutual_tail(n):
    steps = {1: 0}
    for start in range(2, n + 1):
        path, x = [], start
        while x not in steps:
            path.append(x)
            x = 3 * x + 1 if x % 2 else x // 2
        for back, x_on_path in enumerate(reversed(path), 1):
            steps[x_on_path] = steps[x] + back
    return sum(steps[start] for start in range(1, n + 1))


def memory_fill_sum(n, rounds):
    x, total, words = 1, 0, []
    for _ in range(rounds):
        words.clear()
        for _ in range(n):
            x = lcg(x)
            words.append(x)
        total += sum(words)
    return total, b"".join(word.to_bytes(4, "little") for word in words)


def indirect_calls(n):
    functions = [
        lambda x: x + 0x9E3779B9,
        lambda x: x - 0x7F4A7C15,
        lambda x: x ^ 0x5BD1E995,
        lambda x: x * 0x01000193,
        lambda x: rotate(x, 7),
        lambda x: ~x,
        lambda x: x + (x >> 11),
        lambda x: x + bin(x).count("1"),
    ]
    random, value = 12345, 0
    for _ in range(n):
        random = lcg(random)
        value = functions[(random ^ value) >> 29](value) & M32
    return value


def br_table(n):
    operations = [
        lambda acc, random: acc + random,
        lambda acc, random: acc - 0x12345678,
        lambda acc, random: acc ^ random,
        lambda acc, random: acc | 0x00010001,
        lambda acc, random: acc & 0xFFFFFFFE,
        lambda acc, random: rotate(acc, 3),
        lambda acc, random: acc * 0x01000193,
        lambda acc, random: acc + 1,
    ]
    acc = 0
    for random in randoms(n, 2463534242):
        acc = operations[random >> 29](acc, random) & M32
    return acc


def bulk(n):
    memory, random, value = bytearray(65536), 1, 0x811C9DC5
    for _ in range(n):
        random = lcg(random)
        length = (random >> 22) + 1
        random = lcg(random)
        start = random >> 16 & 0x7FFF
        random = lcg(random)
        to = random >> 16 & 0x7FFF
        memory[start : start + length] = bytes([random >> 24]) * length
        middle = start + (length >> 1)
        memory[to : to + length] = memory[middle : middle + length]
        value = (value ^ memory[to + (length >> 1)]) * 0x01000193 & M32
    return value, bytes(memory)


def shuffled(n):
    """Translates the kernel's statements into Python's operators: 64 of them by hand would be 64 misprints."""
    operators = {"add": "+", "sub": "-", "mul": "*", "and": "&", "or": "|", "xor": "^", "shr_u": ">>"}

    def translate(expression):
        operator, *rest = expression
        if operator == "i64.const":
            return rest[0]
        if operator == "local.get":
            return rest[0].lstrip("$")
        left, right = (translate(operand) for operand in rest)
        name = operator.removeprefix("i64.")
        if name in ("rotl", "rotr"):
            by = right if name == "rotl" else f"(64 - {right})"
            return f"(({left} << {by} | {left} >> (64 - {by})) & {M64})"
        return f"(({left} {operators[name]} {right}) & {M64})"

    def parse(tokens):
        items = []
        for token in tokens:
            if token == ")":
                break
            items.append(parse(tokens) if token == "(" else token)
        return items

    text = re.sub(r";;.*", "", (HERE / "kernels/shuffled.wat").read_text())
    (module,) = parse(iter(re.findall(r"[()]|[^\s()]+", text)))
    (function,) = (item for item in module if item[0] == "func")
    (loop,) = (item for item in function if item[0] == "loop")
    lines = ["def run(n):", " x, y = 1, 0x9e3779b97f4a7c15", " for _ in range(n):"]
    for statement in loop:
        if statement[0] == "local.set" and statement[1] in ("$x", "$y"):
            lines.append(f"  {statement[1].lstrip('$')} = {translate(statement[2])}")
    assert len(lines) == 3 + 64, "the kernel has no longer 64 statements"
    scope = {}
    exec("\n".join([*lines, " return x ^ y"]), scope)
    return scope["run"](n)


# Programs. For those that are missing here (the ones in floats, the generated one), the native build stands alone.


def sort(n):
    numbers = sorted(signed(x) for x in randoms(n))
    return sum(place * number for place, number in enumerate(numbers, 1))


def sha256(n):
    digest = hashlib.sha256(bytes(x & 0xFF for x in randoms(n))).digest()
    return int.from_bytes(digest[:8], "big")


def sieve(n):
    prime = bytearray([1]) * n
    prime[:2] = b"\0\0"
    for i in range(2, int(n**0.5) + 1):
        if prime[i]:
            prime[i * i :: i] = bytes(len(range(i * i, n, i)))
    return sum(prime)


def matmul(n):
    numbers = randoms(2 * n * n)
    a, b = [[0] * n for _ in range(n)], [[0] * n for _ in range(n)]
    for i in range(n):
        for j in range(n):
            a[i][j] = next(numbers) % 100
            b[i][j] = next(numbers) % 100
    # Summed in another order than the program does: with whole numbers below 2^53 that changes nothing.
    total = 0
    for i in range(n):
        weighted = [sum(row[j] * ((i + 3 * j) % 7 + 1) for j in range(n)) for row in b]
        total += sum(left * right for left, right in zip(a[i], weighted))
    assert total < 2**53
    return float(total)


def hash_map(n):
    counts = Counter(x % 32768 + 1 for x in randoms(n))
    return sum(times * times * key for key, times in counts.items())


def string_search(n):
    text = "".join("abcd"[(x >> 9) % 4] for x in randoms(n))
    total = 0
    for i in range(8):
        start, length = n // 9 * (i + 1), 3 + i
        pattern = text[start : start + length]
        at = text.find(pattern)
        while at >= 0:
            total += (at + 1) * length
            at = text.find(pattern, at + 1)
    return total


# Programs of class `vector`, and their twins without vector instructions.


def fnv(data, state=0xCBF29CE484222325):
    """FNV-1a in 64 bits."""
    for byte in data:
        state = (state ^ byte) * 0x100000001B3 & M64
    return state


def vector_dot(rounds):
    """What one number more or less makes of the product before."""
    numbers = randoms(2 * 4096)
    pairs = [[next(numbers) >> 28, next(numbers) >> 28] for _ in range(4096)]
    product, total = sum(a * b for a, b in pairs), 0
    for round_ in range(rounds):
        pair = pairs[round_ % 4096]
        product += ((round_ & 15) - pair[0]) * pair[1]
        pair[0] = round_ & 15
        total += product
    return total


def vector_find(rounds):
    """Sums of the places of each byte."""
    buffer = [8 + x % 200 if x >> 12 & 1023 else x % 8 for x in randoms(1 << 15)]
    places = [0] * 256
    for place, byte in enumerate(buffer):
        places[byte] += place
    total = 0
    for round_ in range(rounds):
        total += places[round_ % 8]
        place = round_ * 61 % (1 << 15)
        places[buffer[place]] -= place
        buffer[place] ^= 1
        places[buffer[place]] += place
    return total


def vector_saxpy(rounds):
    """Halves as whole numbers; only the number that changes in between leaves a difference."""
    numbers = randoms(2 * 4096)
    pairs = [[next(numbers) >> 24, 2 * (next(numbers) >> 24)] for _ in range(4096)]
    for round_ in range(rounds):
        pair = pairs[round_ % 4096]
        pair[1] += 3 * (pair[0] - (round_ & 255))
        pair[0] = round_ & 255
    return sum(y * (i % 97 + 1) for i, (_, y) in enumerate(pairs))


def vector_blend(rounds):
    """A byte that blending leaves as it is stays out until it is changed."""
    size = 8192
    pixels = [[x & 255, x >> 8 & 255, x >> 16 & 255] for x in randoms(size)]
    moving = set(range(size))
    for round_ in range(rounds):
        for place in list(moving):
            source, opacity, target = pixels[place]
            blended = source * opacity + target * (256 - opacity) >> 8
            pixels[place][2] = blended
            if blended == target:
                moving.discard(place)
        pixels[round_ % size][0] ^= 0x55
        pixels[round_ * 31 % size][2] = pixels[round_ * 31 % size][2] + 77 & 255
        moving |= {round_ % size, round_ * 31 % size}
    return fnv(target for _, _, target in pixels)


def vector_squares(rounds):
    samples = [x >> 16 for x in randoms(8192)]

    def square(sample):
        return (sample - 65536 if sample >= 32768 else sample) ** 2

    energy, total = sum(map(square, samples)), 0
    for round_ in range(rounds):
        total += energy & M32
        place = round_ * 7 % 8192
        energy -= square(samples[place])
        samples[place] = samples[place] + 1234 & 65535
        energy += square(samples[place])
    return total


def vector_count(rounds):
    buffer = [x >> 27 for x in randoms(1 << 15)]
    counts, total = Counter(buffer), 0
    for round_ in range(rounds):
        total += counts[round_ & 31] * (round_ + 1)
        place = round_ * 61 % (1 << 15)
        counts[buffer[place]] -= 1
        buffer[place] ^= 3
        counts[buffer[place]] += 1
    return total


def vector_chacha20(rounds):
    """RFC 8439 over single words; only the blocks whose bytes count."""

    def quarter(state, a, b, c, d):
        for left, right, target, by in [(a, b, d, 16), (c, d, b, 12), (a, b, d, 8), (c, d, b, 7)]:
            state[left] = state[left] + state[right] & M32
            state[target] = rotate(state[target] ^ state[left], by)

    def block(counter):
        start = [0x61707865, 0x3320646E, 0x79622D32, 0x6B206574]
        start += [int.from_bytes(range(i, i + 4), "little") for i in range(0, 32, 4)]
        start += [counter, 0x09000000, 0x4A000000, 0]
        state = start[:]
        for _ in range(10):
            for i in range(4):
                quarter(state, i, 4 + i, 8 + i, 12 + i)
            for i in range(4):
                quarter(state, i, 4 + (i + 1) % 4, 8 + (i + 2) % 4, 12 + (i + 3) % 4)
        return b"".join((a + b & M32).to_bytes(4, "little") for a, b in zip(start, state))

    # The RFC's own example.
    assert block(1)[:4] == bytes.fromhex("10f1e7e4")
    state = fnv(b"")
    for round_ in range(rounds):
        state = fnv(block(64 * round_ + round_ % 64 + 1)[:8], state)
    return state


def vector_base64(rounds):
    data = bytearray(x >> 9 & 255 for x in randoms(3072))
    letters = again = b""
    for round_ in range(rounds):
        letters = base64.b64encode(data)
        again = bytes(data)
        place = round_ * 7 % len(data)
        data[place] = data[place] + letters[round_ * 31 % len(letters)] & 255
    return fnv(again, fnv(letters))


def host_clock(n):
    """What the command prints: its clock begins at zero, and moves on by a millisecond with each reading."""
    total = 0
    for reading in range(n):
        total = (total * 31 + reading * 1_000_000) & M64
    return b"%016x\n" % total


def host_write(n):
    lines, value = [], 1
    for _ in range(n):
        value = lcg(value)
        # The lowest four bits come first.
        lines.append("line " + "".join(chr(97 + int(digit, 16)) for digit in reversed(f"{value:08x}")) + "\n")
    return "".join(lines).encode()


def between_calls(n):
    sides, value = (Counter(), Counter()), 1
    for _ in range(n):
        side = sides[value >> 2 & 1]
        # A word is taken by the value without its last two bits, modulo the 256 words.
        side[value >> 2 & 255] += value
        value = value * 1664525 + (side[value >> 2 & 255] & M32 ^ 1013904223) & M32
    return value


def between_library(n):
    random, total = 1, 0
    for _ in range(n):
        folded = 0x811C9DC5
        for _ in range(16):
            random = lcg(random)
            folded = (folded ^ random) * 0x01000193 & M32
        total = total * 31 + folded & M32
    return total


def as_pi(digits):
    """By Machin's formula: pi / 4 = 4 arctan(1 / 5) - arctan(1 / 239)."""
    one = 10 ** (digits + 20)

    def arctan(inverse):
        total, term, n = 0, one // inverse, 1
        while term:
            total += term // n if n % 4 == 1 else -(term // n)
            term //= inverse * inverse
            n += 2
        return total

    return fnv(str(4 * (4 * arctan(5) - arctan(239)))[:digits].encode())


def as_route(ways):
    """By Dijkstra's algorithm."""
    side, numbers = 32, randoms(1 << 30, 2463534242)
    ground = []
    for _ in range(side * side):
        kind = next(numbers) % 10
        if kind < 3:
            ground.append([2] * 3)
        elif kind < 7:
            height = next(numbers) % 5
            ground.append([3 + height * (weather + 1) for weather in range(3)])
        else:
            ground.append([11, 11, 4] if kind < 8 else [0] * 3)
    total = 0
    for way in range(ways):
        start, goal = ((next(numbers) % side, next(numbers) % side) for _ in range(2))
        known, done, open_, found = {start: 0}, set(), [(0, start)], -1
        while open_:
            spent, here = heapq.heappop(open_)
            if here == goal:
                found = spent
                break
            if here in done:
                continue
            done.add(here)
            for right, down in [(1, 0), (0, 1), (-1, 0), (0, -1)]:
                x, y = here[0] + right, here[1] + down
                cost = ground[y * side + x][way % 3] if 0 <= x < side and 0 <= y < side else 0
                if cost and spent + cost < known.get((x, y), M32):
                    known[x, y] = spent + cost
                    heapq.heappush(open_, (spent + cost, (x, y)))
        total = total * 31 + found
    return total


VECTORS = [
    *(vector_dot, vector_find, vector_saxpy, vector_blend),
    *(vector_squares, vector_count, vector_chacha20, vector_base64),
]

MODELS = {
    function.__name__: function
    for function in [
        *(count, fib_recursive, mutual_tail, memory_fill_sum, indirect_calls, br_table, bulk, shuffled),
        *(sort, sha256, sieve, matmul, hash_map, string_search),
        *(host_clock, host_write, between_calls, between_library),
        *(as_pi, as_route),
    ]
} | {"fib_iterative": fib_iterative, "fib_tail": fib_tail}
for function in VECTORS:
    MODELS |= {function.__name__: function, f"{function.__name__}_scalar": function}


if __name__ == "__main__":
    if len(sys.argv) < 2 or sys.argv[1] not in MODELS:
        sys.exit(f"usage: {sys.argv[0]} NAME ARGUMENT...\nnames: {' '.join(sorted(MODELS))}")
    print(MODELS[sys.argv[1]](*map(int, sys.argv[2:])))
