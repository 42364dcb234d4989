#!/usr/bin/env python3
"""Prints huge_code.c: a thousand different functions of straight-line integer arithmetic, called one after the other.

It is generated because nobody should read it: what matters is that there is a lot of it, all of it in use, and no two
parts alike. The seed is fixed, and so the C text is the same everywhere (which is why Python's own random numbers are
not used: they are not promised to stay the same).
"""

FUNCTIONS = 1000
STATEMENTS = 24


class Random:
    """Knuth's MMIX generator, upper bits."""

    def __init__(self, seed):
        self.state = seed

    def below(self, limit):
        self.state = (self.state * 6364136223846793005 + 1442695040888963407) % 2**64
        return (self.state >> 33) % limit


def statement(random):
    target, left = "xyzw"[random.below(4)], "xyzw"[random.below(4)]
    right = [name for name in "xyzw" if name != left][random.below(3)]
    constant = random.below(2**16) * 2 + 3
    shift = 1 + random.below(31)
    shapes = [
        f"{target} = {left} + ({right} ^ {constant}u);",
        f"{target} = {left} - {right} * {constant}u;",
        f"{target} ^= {left} >> {shift};",
        f"{target} = ({left} << {shift} | {left} >> {32 - shift}) + {right};",
        f"{target} = ({left} & {right}) + {constant}u * {target};",
        f"{target} = ({left} | {constant}u) ^ {right};",
        f"if ({left} < {right}) {target} += {constant}u;",
        f"{target} += {left} % {constant}u;",
    ]
    return "    " + shapes[random.below(len(shapes))]


def main():
    random = Random(2024)
    print('#include "support.h"\n')
    # Without `noinline` the compiler would merge them; with it, every call stays a call.
    for number in range(FUNCTIONS):
        print(f"static __attribute__((noinline)) u32 f{number}(u32 x, u32 y) {{")
        print("    u32 z = x ^ y, w = x + y;")
        for _ in range(STATEMENTS):
            print(statement(random))
        print("    return x + y + z + w;\n}\n")
    print("// Every function, n times over.")
    print('EXPORT("run") i32 run(i32 n) {')
    print("    u32 x = 1, y = 2;\n    for (i32 i = 0; i < n; i++) {")
    for number in range(FUNCTIONS):
        into = "xy"[number % 2]
        print(f"        {into} = f{number}(x, y);")
    print("    }\n    return (i32)(x + y * 31);\n}\n")
    print("// One function in fifty, n times over: the rest of the module is only there to be loaded.")
    print('EXPORT("one_in_fifty") i32 one_in_fifty(i32 n) {')
    print("    u32 x = 1, y = 2;\n    for (i32 i = 0; i < n; i++) {")
    for number in range(0, FUNCTIONS, 50):
        print(f"        x = f{number}(x, y) ^ y;")
    print("        y += x;\n    }\n    return (i32)(x + y * 31);\n}")


if __name__ == "__main__":
    main()
