/* Runs a script in QuickJS: the file that the first argument names. The global `rounds` is the second argument, the
   global function `print` writes a line. */
#include "quickjs.h"
#include "support.h"

static JSValue print(JSContext *context, JSValueConst this, int count, JSValueConst *values) {
    (void)this;
    for (int i = 0; i < count; i++) {
        const char *text = JS_ToCString(context, values[i]);
        if (!text) return JS_EXCEPTION;
        printf("%s%s", i ? " " : "", text);
        JS_FreeCString(context, text);
    }
    putchar('\n');
    return JS_UNDEFINED;
}

/* Ends the program with what the script has thrown. */
static void thrown(JSContext *context) {
    JSValue error = JS_GetException(context);
    const char *text = JS_ToCString(context, error);
    JSValue stack = JS_GetPropertyStr(context, error, "stack");
    const char *where = JS_ToCString(context, stack);
    fprintf(stderr, "%s\n%s\n", text ? text : "(an error without text)", where ? where : "");
    exit(1);
}

static char *read_file(const char *name, size_t *length) {
    FILE *file = fopen(name, "rb");
    if (!file || fseek(file, 0, SEEK_END) != 0) {
        perror(name);
        exit(1);
    }
    *length = (size_t)ftell(file);
    rewind(file);
    /* The parser wants a zero after the end. */
    char *text = malloc(*length + 1);
    need(text && fread(text, 1, *length, file) == *length, "read the script");
    text[*length] = 0;
    fclose(file);
    return text;
}

int main(int argc, char **argv) {
    unsigned rounds = number_argument(argc, argv, 2);
    JSRuntime *runtime = JS_NewRuntime();
    JSContext *context = runtime ? JS_NewContext(runtime) : NULL;
    need(context != NULL, "memory");
    JSValue global = JS_GetGlobalObject(context);
    JS_SetPropertyStr(context, global, "rounds", JS_NewUint32(context, rounds));
    JS_SetPropertyStr(context, global, "print", JS_NewCFunction(context, print, "print", 1));
    JS_FreeValue(context, global);
    size_t length;
    char *text = read_file(argv[1], &length);
    JSValue result = JS_Eval(context, text, length, argv[1], JS_EVAL_TYPE_GLOBAL);
    if (JS_IsException(result)) thrown(context);
    JS_FreeValue(context, result);
    free(text);
    /* Promises. */
    JSContext *of_job;
    int more;
    while ((more = JS_ExecutePendingJob(runtime, &of_job)) > 0) {}
    if (more < 0) thrown(of_job);
    JS_FreeContext(context);
    JS_FreeRuntime(runtime);
    return 0;
}
