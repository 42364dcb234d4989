// A little of everything that scripts do. Each part runs `rounds` times and prints a checksum of what it computed.
// Nothing depends on addresses, on the time, or on functions of the C library that differ from one to the next.
"use strict";

function newRandom(seed) {
  let state = seed >>> 0;
  return (below) => {
    state ^= state << 13; state >>>= 0;
    state ^= state >>> 17;
    state ^= state << 5; state >>>= 0;
    return state % below;
  };
}

class Checksum {
  #hash = 0x811c9dc5; // FNV-1a in 32 bits
  add(...values) {
    for (const value of values) {
      const text = String(value);
      for (let i = 0; i < text.length; i++) this.#hash = Math.imul(this.#hash ^ text.charCodeAt(i), 0x01000193);
    }
    return this;
  }
  get hex() { return (this.#hash >>> 0).toString(16).padStart(8, "0"); }
}

const syllables = ["ka", "lo", "mi", "ter", "un", "da", "re", "sol", "vi", "ö"];
function* words(count, random) {
  while (count-- > 0) {
    let word = "";
    for (let i = 0; i <= random(3); i++) word += syllables[random(syllables.length)];
    yield word;
  }
}

const parts = {
  strings(random, sum) {
    const text = [...words(25, random)].join(" ");
    sum.add(text.replace(/(\w+) (\w+)/g, "$2-$1"), text.match(/r[aeiou]\b|(?<=k)a/gu)?.length, text.toUpperCase());
    sum.add(text.split(/\s+/).map((word) => word.padEnd(8, ".")).sort().join("|").slice(0, 200));
    const named = /(?<first>\S+)\s(?<second>\S+)/.exec(text).groups;
    sum.add(`${named.second}/${named.first}`, text.lastIndexOf("mi"), "ǆ".normalize("NFKD"), encodeURIComponent("ö/1"));
  },
  maps(random, sum) {
    const counts = new Map(), seen = new Set();
    for (const word of words(40, random)) {
      counts.set(word, (counts.get(word) ?? 0) + 1);
      if (counts.get(word) > 1) seen.add(word);
    }
    const order = [...counts].sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1));
    for (const [word, count] of order.slice(0, 8)) sum.add(word, count);
    sum.add(seen.size, [...seen].join());
  },
  objects(random, sum) {
    class Shape {
      constructor(name) { this.name = name; }
      get area() { throw new TypeError(`${this.name} has no area`); }
      toString() { return `${this.name} of ${this.area}`; }
    }
    class Box extends Shape {
      constructor(w, h) { super("box"); Object.assign(this, { w, h }); }
      get area() { return this.w * this.h; }
      static of({ w = 1, h = w } = {}) { return new Box(w, h); }
    }
    class Cube extends Box {
      get area() { return 6 * super.area; }
      [Symbol.toPrimitive](hint) { return hint === "number" ? this.area : `cube ${this.w}`; }
    }
    const shapes = [];
    for (let i = 0; i < 16; i++) {
      const w = 1 + random(20);
      shapes.push([Box.of({ w }), new Cube(w, w), new Shape("shape"), Box.of({ w, h: random(9) / 4 })][i % 4]);
    }
    for (const shape of shapes) {
      try { sum.add(shape, +shape.area); } catch (error) { sum.add(error.name, error.message); } finally { sum.add(";"); }
    }
    const log = [];
    const proxy = new Proxy({ a: 1 }, { get: (target, key) => (log.push(key), target[key] ?? key + "?"), has: () => true });
    sum.add(proxy.a, proxy.b, "z" in proxy, log, Reflect.ownKeys({ 2: 0, b: 0, 1: 0, a: 0 }));
  },
  closures(random, sum) {
    const compose = (...functions) => (x) => functions.reduceRight((value, f) => f(value), x);
    const f = compose((x) => (x * x) % 101, (x) => x + 7, (x) => x ^ 3);
    let list = Array.from({ length: 30 }, (_, i) => i + random(9));
    for (let i = 0; i < 3; i++) list = list.map(f).filter((x, at) => x % 5 || at % 2);
    sum.add(list.reduce((a, b) => (a * 31 + b) | 0, 0), list.length);
    const fib = (n) => (n < 2 ? n : fib(n - 1) + fib(n - 2));
    sum.add(fib(8), (function () { return arguments.length + this.x; }).call({ x: 1 }, ...list));
    label: for (let i = 0; i < 9; i++) for (let j = 0; j < 9; j++) { if (i * j > 20) break label; if (j > i) continue label; sum.add(i, j); }
    switch (list[0] % 4) { case 0: sum.add("zero"); case 1: sum.add("one"); break; default: sum.add("many"); }
  },
  numbers(random, sum) {
    let x = 0.5, bits = 0;
    for (let i = 0; i < 60; i++) {
      const n = random(1 << 30);
      x = x / 3 + n / 7 - Math.floor(n / 11) + (n % 2.5);
      bits = (bits ^ (n << (i & 15))) + (n >>> 3) | 0;
    }
    sum.add(x, bits, x.toFixed(3), x.toExponential(5), (255.5).toString(16), 0.1 + 0.2, 1e21, -0, 1 / -0, 5e-324, NaN);
    sum.add(parseFloat("3.25e2x"), Number("0x1f"), parseInt("z", 36), Math.fround(1.1), Math.clz32(bits), Math.hypot(3, 4));
    let big = 1n;
    for (let i = 1n; i <= 12n; i++) big = big * i + BigInt(random(1000));
    sum.add(big, big ** 3n % 1000000007n, big >> 40n, -big / 12345n, BigInt.asIntN(64, big), BigInt("0xff"));
  },
  arrays(random, sum) {
    const bytes = new Uint8Array(256), floats = new Float64Array(bytes.buffer, 64, 8), view = new DataView(bytes.buffer);
    for (let i = 0; i < 64; i++) bytes[i] = random(300);
    for (let i = 0; i < 8; i++) floats[i] = random(1000) / 8;
    view.setInt16(10, -2, true); view.setFloat32(20, 1.5);
    sum.add(bytes.subarray(0, 40), floats.map((x) => x * 2).join(), view.getUint32(8), new Int32Array([1.9, -1, 2 ** 33 + 5]));
    const matrix = (n) => Array.from({ length: n }, (_, i) => Array.from({ length: n }, (_, j) => (i * j + random(3)) % 7));
    const a = matrix(5), b = matrix(5);
    const product = a.map((row) => b[0].map((_, j) => row.reduce((total, value, k) => total + value * b[k][j], 0)));
    const [[first, ...rest], , third = 0] = product;
    sum.add(first, rest, third, product.flat().sort((m, n) => m - n), [3, 1, 2].toSorted(), [1, [2, [3]]].flat(Infinity));
    const holes = [1, , 3]; holes.length = 5; holes.splice(1, 2, "x", "y");
    sum.add(holes, holes.indexOf("y"), holes.findLast((value) => value), Object.keys(holes));
  },
  json(random, sum) {
    const value = { list: [], text: 'quote " and \u2028 and \ud83d\ude00', nothing: null, deep: { x: [[{}]] } };
    for (let i = 0; i < 7; i++) value.list.push({ id: i, at: random(1000) / 16, tags: [...words(2, random)], on: !(i % 3) });
    const text = JSON.stringify(value, (key, item) => (key === "id" ? item + 1 : item), 1);
    const again = JSON.parse(text, (key, item) => (key === "at" ? item * 2 : item));
    sum.add(text, again.list.map(({ at, tags: [, second] }) => at + second), JSON.stringify(again).length);
    try { JSON.parse('{"a": tru}'); } catch (error) { sum.add(error instanceof SyntaxError); }
  },
  iterators(random, sum) {
    function* tree(depth) {
      if (depth === 0) return yield random(10);
      const left = yield* tree(depth - 1);
      const right = yield* tree(depth - 1);
      return (left ?? 0) + (right ?? 0);
    }
    const walk = tree(3);
    let step = walk.next(), steps = 0;
    while (!step.done) { sum.add(step.value); step = walk.next(step.value + steps++); }
    sum.add(step.value);
    const evens = { *[Symbol.iterator]() { try { for (let i = 0; ; i += 2) yield i; } finally { sum.add("closed"); } } };
    for (const even of evens) if (even > 12) break;
    const symbol = Symbol("tag"), weak = new WeakMap([[evens, 7]]);
    sum.add(Math.max(...new Set([4, 8, 8, 1])), weak.get(evens), symbol.description, Object.entries({ b: 1, a: [2] }));
    sum.add(new Function("a", "b = 2", "return a * b + " + random(9))(3), eval("1, 2, typeof undefined_name"));
  },
};

async function promises(random, sum) {
  const later = (value) => new Promise((resolve, reject) => (value % 5 ? resolve(value) : reject(new RangeError(value))));
  for (let i = 0; i < 6; i++) {
    try { sum.add(await later(random(50))); } catch ({ name, message }) { sum.add(name, message); }
  }
  async function* numbers() { for (let i = 0; i < 5; i++) yield i * (await later(1)); }
  for await (const number of numbers()) sum.add(number);
  sum.add(await Promise.all([later(1), 2, later(3)]), (await Promise.allSettled([later(5), later(6)])).map((x) => x.status));
}

for (const [name, part] of Object.entries(parts)) {
  const random = newRandom(20260 + name.length), sum = new Checksum();
  for (let round = 0; round < rounds; round++) part(random, sum);
  print(name, sum.hex);
}

(async () => {
  const random = newRandom(20260), sum = new Checksum();
  for (let round = 0; round < rounds; round++) await promises(random, sum);
  print("promises", sum.hex);
})();
