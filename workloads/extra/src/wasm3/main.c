/* Runs WebAssembly modules in wasm3: arguments are pairs of a file and the argument of its exported function `run`. */
#include "m3_env.h"
#include "support.h"
#include "wasm3.h"

static void ok(M3Result result, const char *what) {
    if (result) {
        fprintf(stderr, "%s: %s\n", what, result);
        exit(1);
    }
}

static uint8_t *read_file(const char *name, uint32_t *size) {
    FILE *file = fopen(name, "rb");
    need(file != NULL, name);
    uint8_t *bytes = NULL;
    size_t room = 0, used = 0, more;
    do {
        if (used == room) {
            room = room ? room * 2 : 4096;
            bytes = realloc(bytes, room);
            need(bytes != NULL, "memory");
        }
        used += more = fread(bytes + used, 1, room - used, file);
    } while (more);
    need(!ferror(file), name);
    fclose(file);
    *size = (uint32_t)used;
    return bytes;
}

static void run(const char *name, const char *argument) {
    uint32_t size;
    uint8_t *bytes = read_file(name, &size);
    IM3Environment environment = m3_NewEnvironment();
    IM3Runtime runtime = environment ? m3_NewRuntime(environment, 64 * 1024, NULL) : NULL;
    need(runtime != NULL, "memory");
    IM3Module module;
    IM3Function function;
    ok(m3_ParseModule(environment, &module, bytes, size), name);
    ok(m3_LoadModule(runtime, module), name);
    ok(m3_FindFunction(&function, runtime, "run"), name);
    const char *arguments[] = {argument};
    ok(m3_CallWithArgs(function, 1, arguments), name);
    /* The result stands at the bottom of the stack. */
    unsigned long long result = 0;
    int type = function->funcType->returnType, wide = type == c_m3Type_i64 || type == c_m3Type_f64;
    memcpy(&result, runtime->stack, wide ? 8 : 4);
    printf("%s(%s) = %0*llx\n", name, argument, wide ? 16 : 8, result);
    m3_FreeRuntime(runtime);
    m3_FreeEnvironment(environment);
    free(bytes);
}

int main(int argc, char **argv) {
    need(argc >= 3 && argc % 2 == 1, "pairs of a file and a number are expected");
    for (int i = 1; i < argc; i += 2) {
        number_argument(argc, argv, i + 1);
        run(argv[i], argv[i + 1]);
    }
    return 0;
}
