/* Included before every C file of Lua.

   Plain WebAssembly cannot jump out of a C function to one of its callers, which is how Lua raises errors. So protected
   calls are plain calls here, and an error ends the program: a correct script never raises one. */
#ifndef EXTRA_CONFIG_H
#define EXTRA_CONFIG_H

_Noreturn void extra_lua_error(void *state, int status);

#define LUAI_TRY(L, c, a) { a }
#define LUAI_THROW(L, c) extra_lua_error(L, (c)->status)
#define luai_jmpbuf int

/* Hashes are seeded from addresses and the time otherwise, and the order of `pairs` would depend on it. */
#define luai_makeseed(L) ((void)(L), 0x5eedu)
/* Likewise the pivots of `table.sort` in long and unlucky tables. */
#define l_randomizePivot() 0x5eedu

#endif
