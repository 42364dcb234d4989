// Prints what WASI answers, one line each, and has what all programs need to ask. What functions read and write lies in
// objects that the collector may free, so each has a name for as long as it is used.
import * as wasi from "./wasi";

/** The folder that the program was given. */
export const ROOT: u32 = 3;

export const FOLLOW: u32 = 1;
export const CREATE: u32 = 1;
export const DIRECTORY: u32 = 2;
export const EXCLUSIVE: u32 = 4;
export const TRUNCATE: u32 = 8;
export const APPEND: u32 = 1;
export const ATIM: u32 = 1;
export const MTIM: u32 = 4;
export const MTIM_NOW: u32 = 8;
export const CUR: u32 = 1;
export const END: u32 = 2;
export const SET: u32 = 0;

// Rights: fd_read, seek, fdstat_set_flags, tell, advise, filestat_get, and poll; then what writers have.
export const READ: u64 = 1 << 1 | 1 << 2 | 1 << 3 | 1 << 5 | 1 << 7 | 1 << 21 | 1 << 27;
export const WRITE: u64 = 1 << 0 | 1 << 2 | 1 << 3 | 1 << 4 | 1 << 5 | 1 << 6 | 1 << 8 | 1 << 21 | 1 << 22 | 1 << 23 | 1 << 27;
const ALL: u64 = 0x3fffffff;
/** All that has to do with folders. */
export const FOLDER: u64 = ALL & ~WRITE;

/** Numbers that functions write. */
const out = memory.data(16);

/** A text as bytes, for as long as it is held. */
class Bytes {
  private bytes: ArrayBuffer;

  constructor(text: string) {
    this.bytes = String.UTF8.encode(text);
  }

  get at(): usize {
    return changetype<usize>(this.bytes);
  }

  get length(): usize {
    return this.bytes.byteLength;
  }
}

/** A list with one buffer in it. */
class Part {
  private list: StaticArray<usize> = new StaticArray<usize>(2);

  constructor(at: usize, length: usize) {
    this.list[0] = at;
    this.list[1] = length;
  }

  get at(): usize {
    return changetype<usize>(this.list);
  }
}

export function print(line: string): void {
  const bytes = new Bytes(line + "\n");
  const part = new Part(bytes.at, bytes.length);
  wasi.fd_write(1, part.at, 1, out);
}

export function say(what: string, error: i32): void {
  print(`${what}: ${error}`);
}

export function number(what: string, value: i64): void {
  print(`${what} = ${value}`);
}

/** The descriptor that was opened last. */
export let opened: u32 = 0;

export function open(fd: u32, path: string, rights: u64 = READ, how: u32 = 0, follow: u32 = 0, flags: u32 = 0): i32 {
  const bytes = new Bytes(path);
  const error = wasi.path_open(fd, follow, bytes.at, bytes.length, how, rights, ALL, flags, out);
  if (error == 0) opened = load<u32>(out);
  return error;
}

export function write(fd: u32, text: string): i32 {
  const bytes = new Bytes(text);
  const part = new Part(bytes.at, bytes.length);
  const error = wasi.fd_write(fd, part.at, 1, out);
  if (error == 0) print(`  wrote ${load<u32>(out)}`);
  return error;
}

/** Writes at a place; not written whole is an answer, too. */
export function put(fd: u32, text: string, offset: u64): i32 {
  const bytes = new Bytes(text);
  const part = new Part(bytes.at, bytes.length);
  const error = wasi.fd_pwrite(fd, part.at, 1, offset, out);
  return error == 0 && load<u32>(out) != <u32>bytes.length ? -1 : error;
}

/** Reads up to so many bytes. */
export function read(fd: u32, length: i32 = 64): i32 {
  const buffer = new ArrayBuffer(length);
  const part = new Part(changetype<usize>(buffer), length);
  const error = wasi.fd_read(fd, part.at, 1, out);
  if (error == 0) print(`  read ${load<u32>(out)}: "${String.UTF8.decode(buffer.slice(0, load<u32>(out)))}"`);
  return error;
}

/** The same from a place on. */
export function pread(fd: u32, length: i32, offset: u64): i32 {
  const buffer = new ArrayBuffer(length);
  const part = new Part(changetype<usize>(buffer), length);
  const error = wasi.fd_pread(fd, part.at, 1, offset, out);
  if (error == 0) print(`  read ${load<u32>(out)}: "${String.UTF8.decode(buffer.slice(0, load<u32>(out)))}"`);
  return error;
}

export function seek(fd: u32, by: i64, whence: u32): i32 {
  const error = wasi.fd_seek(fd, by, whence, out);
  if (error == 0) print(`  at ${load<u64>(out)}`);
  return error;
}

export function tell(fd: u32): i32 {
  const error = wasi.fd_tell(fd, out);
  if (error == 0) print(`  at ${load<u64>(out)}`);
  return error;
}

/** Makes a file. */
export function make(fd: u32, path: string, contents: string): i32 {
  const error = open(fd, path, WRITE, CREATE | TRUNCATE);
  if (error) return error;
  const bytes = new Bytes(contents);
  const part = new Part(bytes.at, bytes.length);
  const written = wasi.fd_write(opened, part.at, 1, out);
  wasi.fd_close(opened);
  return written;
}

/** What is known of a file. */
export class Stat {
  private bytes: StaticArray<u64> = new StaticArray<u64>(8);

  static ofPath(fd: u32, path: string, follow: u32 = 0): Stat {
    const stat = new Stat();
    const bytes = new Bytes(path);
    const error = wasi.path_filestat_get(fd, follow, bytes.at, bytes.length, changetype<usize>(stat.bytes));
    if (error) print(`  no stat of ${path}: ${error}`);
    return stat;
  }

  static of(fd: u32): Stat {
    const stat = new Stat();
    const error = wasi.fd_filestat_get(fd, changetype<usize>(stat.bytes));
    if (error) print(`  no stat: ${error}`);
    return stat;
  }

  get device(): u64 {
    return this.bytes[0];
  }

  get inode(): u64 {
    return this.bytes[1];
  }

  get kind(): u64 {
    return this.bytes[2] & 0xff;
  }

  get links(): u64 {
    return this.bytes[3];
  }

  get size(): u64 {
    return this.bytes[4];
  }

  get accessed(): u64 {
    return this.bytes[5];
  }

  get modified(): u64 {
    return this.bytes[6];
  }
}

/** The kind and flags of a descriptor. */
export function fdstat(fd: u32): i32 {
  const stat = new StaticArray<u64>(3);
  const error = wasi.fd_fdstat_get(fd, changetype<usize>(stat));
  if (error == 0) print(`  kind ${stat[0] & 0xff}, flags ${(stat[0] >> 16) & 0xffff}`);
  return error;
}

export function setTimes(fd: u32, path: string, follow: u32, accessed: u64, modified: u64, flags: u32): i32 {
  const bytes = new Bytes(path);
  return wasi.path_filestat_set_times(fd, follow, bytes.at, bytes.length, accessed, modified, flags);
}

export function makeFolder(fd: u32, path: string): i32 {
  const bytes = new Bytes(path);
  return wasi.path_create_directory(fd, bytes.at, bytes.length);
}

export function removeFolder(fd: u32, path: string): i32 {
  const bytes = new Bytes(path);
  return wasi.path_remove_directory(fd, bytes.at, bytes.length);
}

export function unlink(fd: u32, path: string): i32 {
  const bytes = new Bytes(path);
  return wasi.path_unlink_file(fd, bytes.at, bytes.length);
}

export function symlink(target: string, fd: u32, path: string): i32 {
  const to = new Bytes(target);
  const bytes = new Bytes(path);
  return wasi.path_symlink(to.at, to.length, fd, bytes.at, bytes.length);
}

export function readlink(fd: u32, path: string, length: i32): i32 {
  const bytes = new Bytes(path);
  const buffer = new ArrayBuffer(length);
  const error = wasi.path_readlink(fd, bytes.at, bytes.length, changetype<usize>(buffer), length, out);
  if (error == 0) print(`  leads to "${String.UTF8.decode(buffer.slice(0, load<u32>(out)))}"`);
  return error;
}

export function link(fd: u32, path: string, to: u32, toPath: string, follow: u32 = 0): i32 {
  const bytes = new Bytes(path);
  const toBytes = new Bytes(toPath);
  return wasi.path_link(fd, follow, bytes.at, bytes.length, to, toBytes.at, toBytes.length);
}

export function rename(fd: u32, path: string, to: u32, toPath: string): i32 {
  const bytes = new Bytes(path);
  const toBytes = new Bytes(toPath);
  return wasi.path_rename(fd, bytes.at, bytes.length, to, toBytes.at, toBytes.length);
}
