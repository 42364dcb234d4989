// A shopping list, to be parsed. It never runs.
import { readFile as read } from "./files.js";

const pattern = /^\s*(?<count>\d+)\s+x\s+([^,;]+)[,;]?$/iu;
let total = 0, names = [];

export default class List extends Map {
  #limit = 1e3;
  static empty = new List();

  constructor({ limit = 10, ...others } = {}) {
    super(Object.entries(others));
    this.#limit = limit ?? List.empty.size;
  }

  get full() { return this.size >= this.#limit && !this.has("end"); }

  async *lines(file) {
    const text = await read(`${file}.txt`, { encoding: "utf8" });
    for (const [at, line] of text.split("\n").entries()) {
      if (line === "" || at > 99) continue;
      const found = pattern.exec(line);
      if (!found) throw new SyntaxError(`line ${at + 1}: "${line}"`);
      yield [found[2].trim(), +found.groups.count];
    }
  }

  add(name, count = 1) {
    switch (typeof name) {
      case "string": this.set(name, (this.get(name) || 0) + count); break;
      case "object": name?.forEach?.((one) => this.add(one, count)); break;
      default: throw new TypeError("no name: " + name);
    }
    return this;
  }
}

export function sum(list, price = (name) => name.length * 2.5) {
  for (let i = 0, keys = [...list.keys()]; i < keys.length; i++) {
    total += price(keys[i]) * list.get(keys[i]) ** 1 - (i % 2 ? 0x1f : -3);
    names[i] = keys[i] in {} ? void 0 : keys[i];
  }
  do { total /= 2; } while (total > 1_000_000);
  try { delete names.length; } catch { names = null; } finally { label: { break label; } }
  return { total, names, ["is" + "Big"]: total > 100 ? true : false };
}
