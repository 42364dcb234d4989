#!/usr/bin/env python3
"""Makes the inputs of the programs that read files: the same every time, from a seed.

  generate.py           write them beside this script
  generate.py --check   compare with what is there
"""

import json
import random
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
WORDS = (
    "an interpreter reads one instruction after another and does what it says which sounds slow and often is but not "
    "always because the machine below guesses where the next jump goes and is right most of the time so what counts is "
    "how many jumps there are how far apart they lie and whether the values in between stay in registers or travel "
    "through memory each time a table of handlers a chain of closures or a loop over a match all do the same work"
).split()


def sentence(chance, least, most):
    words = [chance.choice(WORDS) for _ in range(chance.randint(least, most))]
    return " ".join(words).capitalize() + "."


def records():
    """Records with texts, numbers, nested objects and lists."""
    chance = random.Random(1)
    people = []
    for number in range(220):
        people.append(
            {
                "id": number,
                "name": " ".join(chance.choice(WORDS).capitalize() for _ in range(2)),
                "active": chance.random() < 0.5,
                "balance": round(chance.uniform(-1000, 100000), 2),
                "tags": chance.sample(WORDS, chance.randint(0, 5)),
                "address": {
                    "street": f"{chance.randint(1, 200)} {chance.choice(WORDS)} street",
                    "zip": f"{chance.randint(0, 99999):05}",
                    "geo": [chance.uniform(-90, 90), chance.uniform(-180, 180)],
                },
                "note": chance.choice([None, sentence(chance, 3, 12), 'quotes " and \\ and \u00fcmlauts \u2713\n']),
            }
        )
    return json.dumps(people, indent=1)


def log():
    """A web server's log."""
    chance = random.Random(2)
    agents = ["Mozilla/5.0 (X11; Linux x86_64) Gecko/20100101", "curl/7.88.1", "Mozilla/5.0 (Windows NT 10.0) Safari"]
    lines = []
    for _ in range(420):
        address = ".".join(str(chance.randint(1, 254)) for _ in range(4))
        time = f"{chance.randint(1, 28):02}/Nov/2026:{chance.randint(0, 23):02}:{chance.randint(0, 59):02}:07 +0000"
        path = "/" + "/".join(chance.choice(WORDS) for _ in range(chance.randint(1, 4)))
        query = f"?q={chance.choice(WORDS)}&n={chance.randint(1, 999)}" if chance.random() < 0.4 else ""
        status, size = chance.choice([200, 200, 200, 301, 404, 500]), chance.randint(0, 99999)
        method = chance.choice(["GET", "GET", "POST"])
        agent = chance.choice(agents)
        line = f'{address} - - [{time}] "{method} {path}{query} HTTP/1.1" {status} {size} "-" "{agent}"'
        if chance.random() < 0.2:
            word, by = chance.choice(WORDS), chance.choice(WORDS)
            line += f" {chance.choice(['error', 'timeout', 'refused'])}: {word} after {by}"
        if chance.random() < 0.1:
            line += f" {chance.choice(WORDS)}.{chance.choice(WORDS)}@{chance.choice(WORDS)}.example.org"
        lines.append(line)
    return "\n".join(lines) + "\n"


def text():
    """Markdown with everything: headings, lists, emphasis, links, code, tables, footnotes."""
    chance = random.Random(3)
    parts = []
    for chapter in range(14):
        parts.append(f"{'#' * chance.randint(1, 3)} {sentence(chance, 2, 6)[:-1]}")
        for _ in range(chance.randint(1, 3)):
            words = sentence(chance, 30, 90).split()
            for _ in range(len(words) // 9):
                at = chance.randrange(len(words))
                mark = chance.choice(["*{}*", "**{}**", "`{}`", "[{}](https://example.org/a 'b')", "~~{}~~", "<b>{}</b>"])
                words[at] = mark.format(words[at])
            parts.append(" ".join(words))
        parts.append("\n".join(f"{'  ' * chance.randint(0, 2)}- {sentence(chance, 3, 9)}" for _ in range(6)))
        parts.append("\n".join(f"> {sentence(chance, 4, 10)}" for _ in range(3)))
        rows = [" | ".join(chance.choice(WORDS) for _ in range(3)) for _ in range(4)]
        parts.append("\n".join([rows[0], "---|:-:|--:", *rows[1:]]))
        parts.append("```c\nint main(void) { return " + str(chapter) + "; }\n```")
        parts.append(f"A note[^{chapter}] and a task:\n\n- [x] {chance.choice(WORDS)}\n\n[^{chapter}]: {sentence(chance, 5, 9)}")
    return "\n\n".join(parts) + "\n"


INPUTS = {"records.json": records, "log.txt": log, "text.md": text}


def main():
    check = sys.argv[1:] == ["--check"]
    if sys.argv[1:] and not check:
        sys.exit(__doc__)
    for name, make in INPUTS.items():
        made, file = make().encode(), HERE / name
        if not check:
            file.write_bytes(made)
        elif file.read_bytes() != made:
            sys.exit(f"{file} is not what generate.py makes")


main()
