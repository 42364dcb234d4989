// Rights: what a descriptor was not opened for, and what has been given up.
#include "answers.h"

int main(void) {
  __wasi_fdstat_t stat;
  SAY(__wasi_path_create_directory(ROOT, P("d")));
  SAY(make(ROOT, "f", "text"));

  // A file.
  SAY(open_with(ROOT, "f", 0, 0, READ | WRITE, 0));
  __wasi_fd_t f = opened;
  SAY(__wasi_fd_fdstat_get(f, &stat));
  SAY_NUMBER("all that were asked for", (stat.fs_rights_base & (READ | WRITE)) == (READ | WRITE));
  SAY(__wasi_fd_fdstat_set_rights(f, READ, 0));
  SAY(__wasi_fd_fdstat_get(f, &stat));
  SAY_NUMBER("those that were kept", stat.fs_rights_base == READ);
  SAY(write_text(f, "x"));
  SAY(read_text(f));
  SAY(__wasi_fd_filestat_set_size(f, 1));
  SAY(__wasi_fd_allocate(f, 0, 100));
  SAY(__wasi_fd_fdstat_set_rights(f, READ | WRITE, 0));
  SAY(__wasi_fd_fdstat_set_rights(f, READ & ~__WASI_RIGHTS_FD_SEEK, 0));
  SAY(__wasi_fd_tell(f, &(__wasi_filesize_t){0}));
  SAY(__wasi_fd_seek(f, 1, __WASI_WHENCE_SET, &(__wasi_filesize_t){0}));
  SAY(__wasi_fd_fdstat_set_rights(f, 0, 0));
  SAY(read_text(f));
  SAY(__wasi_fd_tell(f, &(__wasi_filesize_t){0}));
  SAY(__wasi_fd_filestat_get(f, &(__wasi_filestat_t){0}));
  SAY(__wasi_fd_fdstat_set_flags(f, 0));
  SAY(__wasi_fd_advise(f, 0, 1, __WASI_ADVICE_NORMAL));
  SAY(__wasi_fd_close(f));

  // A folder that passes on only what it has.
  SAY(open_with(ROOT, "d", 0, __WASI_OFLAGS_DIRECTORY, __WASI_RIGHTS_PATH_OPEN | READ, 0));
  __wasi_fd_t d = opened;
  SAY(__wasi_path_create_directory(d, P("x")));
  SAY(__wasi_path_unlink_file(d, P("x")));
  SAY(__wasi_path_remove_directory(d, P("x")));
  SAY(__wasi_path_symlink(P("x"), d, P("y")));
  SAY(__wasi_path_rename(d, P("x"), ROOT, P("y")));
  SAY(__wasi_path_rename(ROOT, P("x"), d, P("y")));
  SAY(__wasi_path_link(d, 0, P("x"), ROOT, P("y")));
  SAY(__wasi_path_link(ROOT, 0, P("f"), d, P("y")));
  SAY(__wasi_path_readlink(d, P("x"), (uint8_t *)&stat, 1, &(__wasi_size_t){0}));
  SAY(__wasi_path_filestat_get(d, 0, P("x"), &(__wasi_filestat_t){0}));
  SAY(__wasi_path_filestat_set_times(d, 0, P("x"), 0, 0, __WASI_FSTFLAGS_MTIM));
  SAY(__wasi_fd_readdir(d, (uint8_t *)&stat, 1, 0, &(__wasi_size_t){0}));
  SAY(open_with(d, "x", 0, __WASI_OFLAGS_CREAT, READ, 0));
  SAY(open_with(d, "x", 0, 0, WRITE, 0));
  SAY(open_with(d, "x", 0, 0, READ, 0));
  SAY(open_with(d, ".", 0, 0, READ | __WASI_RIGHTS_PATH_CREATE_FILE, 0));
  SAY(__wasi_fd_fdstat_get(opened, &stat));
  SAY_NUMBER("not more than the folder has", (stat.fs_rights_base & __WASI_RIGHTS_PATH_CREATE_FILE) == 0);
  SAY(__wasi_fd_close(opened));
  SAY(__wasi_fd_fdstat_set_rights(d, 0, 0));
  SAY(open_with(d, ".", 0, 0, 0, 0));
  SAY(__wasi_fd_close(d));

  // What has no such rights.
  SAY(__wasi_fd_seek(ROOT, 0, __WASI_WHENCE_CUR, &(__wasi_filesize_t){0}));
  SAY(read_text(ROOT));
  SAY(write_text(ROOT, "x"));
  SAY(__wasi_fd_filestat_set_size(ROOT, 1));
  SAY(open_with(1, "f", 0, 0, READ, 0));
  SAY(__wasi_fd_seek(1, 0, __WASI_WHENCE_CUR, &(__wasi_filesize_t){0}));
  SAY(__wasi_sock_shutdown(ROOT, __WASI_SDFLAGS_RD));
  SAY(__wasi_path_unlink_file(ROOT, P("f")));
  SAY(__wasi_path_remove_directory(ROOT, P("d")));
  return 0;
}
