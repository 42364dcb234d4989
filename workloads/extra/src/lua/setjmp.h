/* The C library for WASI has no setjmp.h. Lua includes it but, with extra_config.h, uses nothing of it. */
