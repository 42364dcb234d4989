// Making, opening, renaming, linking and removing what is under paths.
#include "answers.h"

static __wasi_errno_t read_link(const char *path, size_t len) {
  char text[64] = {0};
  __wasi_size_t used = 0;
  __wasi_errno_t error = __wasi_path_readlink(ROOT, P(path), (uint8_t *)text, len, &used);
  if (!error) printf("  link to \"%s\", %u\n", text, (unsigned)used);
  return error;
}

int main(void) {
  // Folders.
  SAY(__wasi_path_create_directory(ROOT, P("d")));
  SAY(__wasi_path_create_directory(ROOT, P("d")));
  SAY(__wasi_path_create_directory(ROOT, P("d/e/f")));
  SAY(__wasi_path_create_directory(ROOT, P("d/e")));
  SAY(__wasi_path_remove_directory(ROOT, P("d")));
  SAY(__wasi_path_remove_directory(ROOT, P("none")));
  SAY(__wasi_path_remove_directory(ROOT, P("d/e")));

  // Files.
  SAY(make(ROOT, "a", "alpha"));
  SAY(open_with(ROOT, "a", 0, __WASI_OFLAGS_CREAT | __WASI_OFLAGS_EXCL, READ, 0));
  SAY(open_with(ROOT, "a", 0, __WASI_OFLAGS_DIRECTORY, READ, 0));
  SAY(open_with(ROOT, "none", 0, 0, READ, 0));
  SAY(open_with(ROOT, "", 0, 0, READ, 0));
  SAY(open_with(ROOT, "a/", 0, 0, READ, 0));
  SAY(open_with(ROOT, "a/b", 0, 0, READ, 0));
  SAY(open_with(ROOT, "d", 0, 0, READ, 0));
  SAY(__wasi_fd_close(opened));
  SAY(open_with(ROOT, "d/", 0, __WASI_OFLAGS_DIRECTORY, READ, 0));
  SAY(__wasi_fd_close(opened));
  SAY(open_with(ROOT, "d", 0, 0, READ | WRITE, 0));
  SAY(open_with(ROOT, "d", 0, __WASI_OFLAGS_DIRECTORY, READ | WRITE, 0));
  SAY(open_with(ROOT, "d/../././d/..//a", 0, 0, READ, 0));
  SAY(read_text(opened));
  SAY(__wasi_fd_close(opened));
  SAY(__wasi_fd_close(opened));
  char long_name[300];
  memset(long_name, 'x', sizeof long_name - 1);
  long_name[sizeof long_name - 1] = 0;
  SAY(open_with(ROOT, long_name, 0, __WASI_OFLAGS_CREAT, READ, 0));

  // Ways out.
  SAY(open_with(ROOT, "..", 0, 0, READ, 0));
  SAY(open_with(ROOT, "/a", 0, 0, READ, 0));
  SAY(open_with(ROOT, "d/../../a", 0, 0, READ, 0));
  SAY(__wasi_path_create_directory(ROOT, P("../out")));
  SAY(__wasi_path_rename(ROOT, P("a"), ROOT, P("../out")));
  SAY(__wasi_path_unlink_file(ROOT, P("../a")));
  SAY(__wasi_path_symlink(P("/"), ROOT, P("absolute")));
  SAY(__wasi_path_symlink(P("../.."), ROOT, P("up")));
  SAY(open_with(ROOT, "up", 1, 0, READ, 0));
  SAY(open_with(ROOT, "up/a", 1, 0, READ, 0));
  SAY(__wasi_path_create_directory(ROOT, P("up/out")));
  SAY(__wasi_path_unlink_file(ROOT, P("up")));

  // Symbolic links.
  SAY(__wasi_path_symlink(P("a"), ROOT, P("l")));
  SAY(__wasi_path_symlink(P("a"), ROOT, P("l")));
  SAY(open_with(ROOT, "l", 0, 0, READ, 0));
  SAY(open_with(ROOT, "l", 1, 0, READ, 0));
  SAY(read_text(opened));
  SAY(__wasi_fd_close(opened));
  SAY(read_link("l", 10));
  SAY(read_link("a", 10));
  SAY(read_link("none", 10));
  SAY(__wasi_path_symlink(P("loop"), ROOT, P("loop")));
  SAY(open_with(ROOT, "loop", 1, 0, READ, 0));
  SAY(open_with(ROOT, "loop", 0, 0, READ, 0));
  SAY(__wasi_path_unlink_file(ROOT, P("loop")));
  SAY(__wasi_path_symlink(P("missing"), ROOT, P("dangling")));
  SAY(open_with(ROOT, "dangling", 1, 0, READ, 0));
  SAY(open_with(ROOT, "dangling", 0, __WASI_OFLAGS_CREAT | __WASI_OFLAGS_EXCL, READ, 0));
  SAY(__wasi_path_unlink_file(ROOT, P("dangling")));
  SAY(__wasi_path_symlink(P("d"), ROOT, P("ld")));
  SAY(open_with(ROOT, "ld", 0, __WASI_OFLAGS_DIRECTORY, READ, 0));
  SAY(open_with(ROOT, "ld", 1, __WASI_OFLAGS_DIRECTORY, READ, 0));
  SAY(__wasi_fd_close(opened));
  SAY(__wasi_path_remove_directory(ROOT, P("ld")));
  SAY(__wasi_path_unlink_file(ROOT, P("ld")));

  // Hard links.
  SAY(__wasi_path_link(ROOT, 0, P("a"), ROOT, P("h")));
  SAY(__wasi_path_link(ROOT, 0, P("a"), ROOT, P("h")));
  SAY(__wasi_path_link(ROOT, 0, P("none"), ROOT, P("x")));
  SAY(__wasi_path_link(ROOT, 0, P("d"), ROOT, P("x")));
  SAY(__wasi_path_link(ROOT, __WASI_LOOKUPFLAGS_SYMLINK_FOLLOW, P("a"), ROOT, P("x")));
  SAY_NUMBER("links", stat_of(ROOT, "a", 0).nlink);
  SAY_NUMBER("same inode", stat_of(ROOT, "a", 0).ino == stat_of(ROOT, "h", 0).ino);
  SAY_NUMBER("same device", stat_of(ROOT, "a", 0).dev == stat_of(ROOT, "d", 0).dev);
  SAY_NUMBER("another inode", stat_of(ROOT, "a", 0).ino != stat_of(ROOT, "d", 0).ino);

  // Names.
  SAY(__wasi_path_rename(ROOT, P("h"), ROOT, P("d/h")));
  SAY(__wasi_path_rename(ROOT, P("none"), ROOT, P("x")));
  SAY(__wasi_path_rename(ROOT, P("d"), ROOT, P("d/inside")));
  SAY(__wasi_path_rename(ROOT, P("a"), ROOT, P("d")));
  SAY(__wasi_path_rename(ROOT, P("d"), ROOT, P("a")));
  SAY(__wasi_path_create_directory(ROOT, P("e")));
  SAY(__wasi_path_rename(ROOT, P("e"), ROOT, P("d")));
  SAY(__wasi_path_rename(ROOT, P("d/"), ROOT, P("e/")));
  SAY(__wasi_path_rename(ROOT, P("d"), ROOT, P("g")));
  SAY(__wasi_path_rename(ROOT, P("e"), ROOT, P("g")));
  SAY(open_with(ROOT, "g", 0, __WASI_OFLAGS_DIRECTORY, all_rights() & ~WRITE, 0));
  __wasi_fd_t g = opened;
  SAY(__wasi_path_rename(ROOT, P("a"), g, P("moved")));
  SAY(__wasi_path_rename(g, P("moved"), ROOT, P("a")));
  SAY(__wasi_path_rename(g, P("../a"), g, P("moved")));
  SAY(__wasi_fd_close(g));

  // Removing.
  SAY(__wasi_path_unlink_file(ROOT, P("g")));
  SAY(__wasi_path_unlink_file(ROOT, P("g/")));
  SAY(__wasi_path_unlink_file(ROOT, P("a/")));
  SAY(__wasi_path_remove_directory(ROOT, P("a")));
  SAY(__wasi_path_unlink_file(ROOT, P("a/x")));
  SAY(__wasi_path_unlink_file(ROOT, P("l")));
  SAY(open_with(ROOT, "a", 0, 0, READ, 0));
  SAY(__wasi_path_unlink_file(ROOT, P("a")));
  SAY(read_text(opened));
  SAY(__wasi_fd_close(opened));
  SAY(__wasi_path_unlink_file(ROOT, P("a")));
  SAY(__wasi_path_unlink_file(ROOT, P("g/h")));
  SAY(__wasi_path_remove_directory(ROOT, P("g")));

  // No folders.
  SAY(open_with(99, "a", 0, 0, READ, 0));
  SAY(__wasi_path_create_directory(99, P("a")));
  return 0;
}
