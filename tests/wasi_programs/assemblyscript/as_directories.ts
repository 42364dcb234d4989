// Listing folders.
import * as wasi from "./wasi";
import * as a from "./answers";

const used = memory.data(8);

/** What a folder has, from a cookie on, with a buffer of so many bytes: names to kinds. */
function list(fd: u32, length: i32, cookie: u64 = 0): Map<string, u32> {
  const buffer = new ArrayBuffer(length);
  const at = changetype<usize>(buffer);
  const found = new Map<string, u32>();
  let size: u32 = length;
  while (size == <u32>length) {
    const error = wasi.fd_readdir(fd, at, length, cookie, used);
    if (error) {
      a.print(`  error ${error}`);
      break;
    }
    size = load<u32>(used);
    let entry: u32 = 0;
    while (entry + 24 <= size) {
      const nameLength = load<u32>(at + entry + 16);
      const end = entry + 24 + nameLength;
      if (end > size) break;
      cookie = load<u64>(at + entry);
      const name = String.UTF8.decode(buffer.slice(entry + 24, end));
      if (found.has(name)) a.print(`  twice: ${name}`);
      found.set(name, load<u32>(at + entry + 20) & 0xff);
      entry = end;
    }
  }
  return found;
}

function show(fd: u32, length: i32): void {
  const found = list(fd, length);
  const names = found.keys().sort((x, y) => (x < y ? -1 : x > y ? 1 : 0));
  for (let i = 0; i < names.length; i++) a.print(`  ${names[i]} is ${found.get(names[i])}`);
}

export function _start(): void {
  a.say("make a folder", a.makeFolder(a.ROOT, "d"));
  a.say("open it", a.open(a.ROOT, "d", a.FOLDER, a.DIRECTORY));
  const folder = a.opened;
  a.say("fdstat", a.fdstat(folder));
  show(folder, 300);
  a.say("a folder in it", a.makeFolder(folder, "under"));
  a.say("a link", a.symlink("under", folder, "link"));
  a.say("a file", a.make(folder, "ümläut €", "x"));
  show(folder, 300);
  for (let i = 0; i < 60; i++) {
    if (a.make(folder, `name ${i} ${"long".repeat(i % 5)}`, "")) a.print(`cannot make ${i}`);
  }
  for (let length = 300; length < 20000; length *= 3) a.number(`entries with ${length} bytes`, list(folder, length).size);

  // From a cookie on: what came before it is not there, and nothing else is missing.
  const buffer = new ArrayBuffer(4096);
  const at = changetype<usize>(buffer);
  a.say("readdir", wasi.fd_readdir(folder, at, 4096, 0, used));
  let third: u32 = 0;
  for (let i = 0; i < 2; i++) third += 24 + load<u32>(at + third + 16);
  a.number("entries after the third", list(folder, 600, load<u64>(at + third)).size);
  a.say("a file meanwhile", a.make(folder, "zz", ""));
  a.say("less than an entry", wasi.fd_readdir(folder, at, 20, 0, used));
  a.number("used", load<u32>(used));
  a.number("entries, all of them", list(folder, 1000).size);

  // What lists nothing.
  a.say("open a file", a.open(folder, "zz", a.READ));
  const file = a.opened;
  a.say("close it", wasi.fd_close(file));
  a.say("list what is closed", wasi.fd_readdir(file, at, 4096, 0, used));

  const names = list(folder, 5000).keys();
  for (let i = 0; i < names.length; i++) {
    if (names[i] == "." || names[i] == ".." || names[i] == "under") continue;
    if (a.unlink(folder, names[i])) a.print(`cannot remove ${names[i]}`);
  }
  show(folder, 300);
  a.say("remove", a.removeFolder(folder, "under"));
  a.say("close", wasi.fd_close(folder));
  a.say("remove", a.removeFolder(a.ROOT, "d"));
}
