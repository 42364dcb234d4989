// Making, opening, renaming, linking and removing what is under paths, and trying to get out.
import * as wasi from "./wasi";
import * as a from "./answers";

/** Opens and closes again. */
function opens(path: string, how: u32 = 0, follow: u32 = 0): void {
  const error = a.open(a.ROOT, path, a.READ, how, follow);
  a.say(`open ${path}`, error);
  if (error == 0) wasi.fd_close(a.opened);
}

export function _start(): void {
  a.say("make a folder", a.makeFolder(a.ROOT, "d"));
  a.say("make it again", a.makeFolder(a.ROOT, "d"));
  a.say("make one inside", a.makeFolder(a.ROOT, "d/e"));
  a.say("make one in what is not there", a.makeFolder(a.ROOT, "x/y"));
  a.say("make a file", a.make(a.ROOT, "d/f", "one"));
  a.say("remove a folder with contents", a.removeFolder(a.ROOT, "d"));
  a.say("remove a file as a folder", a.removeFolder(a.ROOT, "d/f"));
  a.number("kind of folder", a.Stat.ofPath(a.ROOT, "d").kind);
  a.number("kind of file", a.Stat.ofPath(a.ROOT, "d/f").kind);
  a.Stat.ofPath(a.ROOT, "x");

  const names = ["d/f", "d/e/../f", "./d/./f", "d//f", "d/f/", "d/f/x", "", "d", "d/e/", "x"];
  for (let i = 0; i < names.length; i++) opens(names[i]);
  opens("d", a.DIRECTORY);
  opens("d/f", a.DIRECTORY);
  opens("d/f", a.CREATE | a.EXCLUSIVE);
  opens("n".repeat(255), a.CREATE);
  a.say("unlink the longest name", a.unlink(a.ROOT, "n".repeat(255)));
  a.say("a name that is too long", a.open(a.ROOT, "n".repeat(256), a.READ, a.CREATE));

  // Ways out.
  const out = ["..", "../x", "/", "/d/f", "d/../../x", "d/e/../../../x"];
  for (let i = 0; i < out.length; i++) {
    opens(out[i]);
    a.say("  make a folder", a.makeFolder(a.ROOT, out[i]));
    a.say("  unlink", a.unlink(a.ROOT, out[i]));
    a.say("  rename", a.rename(a.ROOT, "d/f", a.ROOT, out[i]));
    a.say("  link", a.link(a.ROOT, "d/f", a.ROOT, out[i]));
  }
  a.say("link to what is above", a.symlink("../..", a.ROOT, "up"));
  opens("up", 0, a.FOLLOW);
  opens("up/x", a.CREATE, a.FOLLOW);
  a.say("make a folder through it", a.makeFolder(a.ROOT, "up/x"));
  a.say("unlink it", a.unlink(a.ROOT, "up"));
  a.say("an absolute link", a.symlink("/etc", a.ROOT, "absolute"));

  // Symbolic links.
  a.say("link", a.symlink("d/f", a.ROOT, "l"));
  a.say("link again", a.symlink("d/f", a.ROOT, "l"));
  a.say("readlink", a.readlink(a.ROOT, "l", 20));
  a.say("readlink of a file", a.readlink(a.ROOT, "d/f", 20));
  opens("l");
  opens("l", 0, a.FOLLOW);
  a.number("kind of link", a.Stat.ofPath(a.ROOT, "l").kind);
  a.number("of what it leads to", a.Stat.ofPath(a.ROOT, "l", a.FOLLOW).kind);
  a.say("one in a folder", a.symlink("../e", a.ROOT, "d/e/here"));
  opens("d/e/here/here/here", a.DIRECTORY, a.FOLLOW);
  a.say("unlink it", a.unlink(a.ROOT, "d/e/here"));
  a.say("a ring", a.symlink("ring", a.ROOT, "ring"));
  opens("ring", 0, a.FOLLOW);
  opens("ring/x", 0, a.FOLLOW);
  a.say("unlink it", a.unlink(a.ROOT, "ring"));
  a.say("times of a link", a.setTimes(a.ROOT, "l", 0, 0, 7, a.MTIM));
  a.number("modified", a.Stat.ofPath(a.ROOT, "l").modified);

  // Hard links.
  a.say("hard link", a.link(a.ROOT, "d/f", a.ROOT, "h"));
  a.number("links", a.Stat.ofPath(a.ROOT, "h").links);
  a.number("one inode", a.Stat.ofPath(a.ROOT, "h").inode == a.Stat.ofPath(a.ROOT, "d/f").inode ? 1 : 0);
  a.number("one device", a.Stat.ofPath(a.ROOT, "h").device == a.Stat.ofPath(a.ROOT, "d").device ? 1 : 0);
  a.say("again", a.link(a.ROOT, "d/f", a.ROOT, "h"));
  a.say("of a folder", a.link(a.ROOT, "d", a.ROOT, "h2"));

  // Renaming.
  a.say("rename onto a file", a.rename(a.ROOT, "l", a.ROOT, "h"));
  a.number("kind", a.Stat.ofPath(a.ROOT, "h").kind);
  a.say("into itself", a.rename(a.ROOT, "d", a.ROOT, "d/e/d"));
  a.say("a folder onto a file", a.rename(a.ROOT, "d/e", a.ROOT, "h"));
  a.say("a file onto a folder", a.rename(a.ROOT, "h", a.ROOT, "d/e"));
  a.say("what is not there", a.rename(a.ROOT, "x", a.ROOT, "y"));
  a.say("open a folder", a.open(a.ROOT, "d", a.FOLDER, a.DIRECTORY));
  const folder = a.opened;
  a.say("across folders", a.rename(folder, "f", a.ROOT, "moved"));
  a.say("out of one", a.rename(folder, "../moved", folder, "f"));
  a.say("in it", a.makeFolder(folder, "g"));
  a.say("rename the folder itself", a.rename(a.ROOT, "d", a.ROOT, "D"));
  a.say("it is the same", a.removeFolder(folder, "g"));
  a.say("close it", wasi.fd_close(folder));

  a.say("unlink a folder", a.unlink(a.ROOT, "D"));
  a.say("unlink", a.unlink(a.ROOT, "moved"));
  a.say("unlink again", a.unlink(a.ROOT, "moved"));
  a.say("unlink the link", a.unlink(a.ROOT, "h"));
  a.say("remove", a.removeFolder(a.ROOT, "D/e"));
  a.say("remove", a.removeFolder(a.ROOT, "D"));
  a.say("no folder", a.makeFolder(99, "x"));
}
