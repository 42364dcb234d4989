/* Runs a Lua script: the file that the first argument names, with the second as its argument. */
#include <stdio.h>
#include <stdlib.h>

#include "lauxlib.h"
#include "lua.h"
#include "lualib.h"

_Noreturn void extra_lua_error(void *state, int status) {
    lua_State *L = state;
    /* An error with a message has pushed it last. */
    const char *message = lua_gettop(L) > 0 ? lua_tostring(L, -1) : NULL;
    fprintf(stderr, "Lua error %d: %s\n", status, message ? message : "(no message)");
    exit(1);
}

int main(int argc, char **argv) {
    /* Everything but `os`, `io`, `debug` and `package`. */
    static const luaL_Reg libraries[] = {
        {LUA_GNAME, luaopen_base},          {LUA_TABLIBNAME, luaopen_table}, {LUA_STRLIBNAME, luaopen_string},
        {LUA_MATHLIBNAME, luaopen_math},    {LUA_UTF8LIBNAME, luaopen_utf8},
    };
    if (argc != 3) {
        fprintf(stderr, "usage: lua SCRIPT ARGUMENT\n");
        return 2;
    }
    lua_State *L = luaL_newstate();
    if (!L) {
        fprintf(stderr, "out of memory\n");
        return 1;
    }
    for (size_t i = 0; i < sizeof libraries / sizeof *libraries; i++) {
        luaL_requiref(L, libraries[i].name, libraries[i].func, 1);
        lua_pop(L, 1);
    }
    int status = luaL_loadfile(L, argv[1]);
    if (status == LUA_OK) {
        lua_pushstring(L, argv[2]);
        status = lua_pcall(L, 1, 0, 0);
    }
    if (status != LUA_OK) {
        fprintf(stderr, "%s\n", lua_tostring(L, -1));
        return 1;
    }
    lua_close(L);
    return 0;
}
