// Listing folders.
#include "answers.h"

// Lists from a cookie on; returns the cookie after the entry of this name.
static __wasi_dircookie_t list(__wasi_fd_t fd, __wasi_dircookie_t cookie, size_t len, const char *until, int *count) {
  static uint8_t buffer[4096];
  for (;;) {
    __wasi_size_t used = 0;
    __wasi_errno_t error = __wasi_fd_readdir(fd, buffer, len, cookie, &used);
    if (error) {
      printf("  error %d\n", error);
      return 0;
    }
    size_t at = 0;
    while (used - at >= sizeof(__wasi_dirent_t)) {
      __wasi_dirent_t entry;
      memcpy(&entry, buffer + at, sizeof entry);
      if (used - at < sizeof entry + entry.d_namlen) break;
      char name[300] = {0};
      memcpy(name, buffer + at + sizeof entry, entry.d_namlen);
      at += sizeof entry + entry.d_namlen;
      cookie = entry.d_next;
      ++*count;
      if (until && !strcmp(name, until)) return cookie;
    }
    if (used < len) return cookie;
  }
}

int main(void) {
  const __wasi_rights_t rights = all_rights() & ~WRITE;
  SAY(__wasi_path_create_directory(ROOT, P("d")));
  SAY(open_with(ROOT, "d", 0, __WASI_OFLAGS_DIRECTORY, rights | __WASI_RIGHTS_FD_READDIR, 0));
  __wasi_fd_t d = opened;
  int count = 0;
  list(d, 0, 256, 0, &count);
  SAY_NUMBER("entries of an empty folder", count);
  char name[16];
  for (int i = 0; i < 100; i++) {
    snprintf(name, sizeof name, "file%02d", i);
    char path[32];
    snprintf(path, sizeof path, "d/%s", name);
    if (make(ROOT, path, name)) printf("cannot make %s\n", path);
  }
  for (size_t len = 64; len <= 4096; len *= 4) {
    count = 0;
    list(d, 0, len, 0, &count);
    printf("with %u bytes: %d\n", (unsigned)len, count);
  }
  // A part of an entry, and no room at all.
  static uint8_t buffer[64];
  __wasi_size_t used = 0;
  SAY(__wasi_fd_readdir(d, buffer, 10, 0, &used));
  SAY_NUMBER("used", used);
  SAY(__wasi_fd_readdir(d, buffer, 0, 0, &used));
  SAY_NUMBER("used", used);
  // What an entry says.
  SAY(__wasi_fd_readdir(d, buffer, sizeof buffer, 0, &used));
  __wasi_dirent_t entry;
  memcpy(&entry, buffer, sizeof entry);
  SAY_NUMBER("kind", entry.d_type);
  SAY_NUMBER("length", entry.d_namlen);
  SAY_NUMBER("inode of the folder", entry.d_ino == stat_of(ROOT, "d", 0).ino);
  // No folder.
  SAY(__wasi_fd_readdir(99, buffer, 10, 0, &used));
  for (int i = 0; i < 100; i++) {
    char path[32];
    snprintf(path, sizeof path, "d/file%02d", i);
    if (__wasi_path_unlink_file(ROOT, P(path))) printf("cannot remove %s\n", path);
  }
  SAY(__wasi_fd_close(d));
  SAY(__wasi_path_remove_directory(ROOT, P("d")));
  return 0;
}
