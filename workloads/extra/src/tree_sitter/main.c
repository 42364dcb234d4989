/* tree-sitter: parses a script from standard input, then edits it as often as the argument says and parses it again each
   time, reusing what the edit has not touched. */
#include "support.h"
#include "tree_sitter/api.h"

const TSLanguage *tree_sitter_javascript(void);

static char *text;
static uint32_t length, room;

static void read_input(void) {
    size_t more;
    do {
        if (length == room) {
            room = room ? room * 2 : 4096;
            text = realloc(text, room);
            need(text != NULL, "memory");
        }
        length += more = (uint32_t)fread(text + length, 1, room - length, stdin);
    } while (more);
    need(!ferror(stdin) && length > 0, "read standard input");
}

static TSTree *parse(TSParser *parser, TSTree *old) {
    TSTree *tree = ts_parser_parse_string(parser, old, text, length);
    need(tree != NULL, "parse");
    return tree;
}

/* Visits every node. Returns a checksum over kinds, names of fields and places. */
static uint64_t walk(TSTree *tree, unsigned *nodes, unsigned *errors) {
    TSTreeCursor cursor = ts_tree_cursor_new(ts_tree_root_node(tree));
    uint64_t hash = FNV_START;
    *nodes = *errors = 0;
    for (;;) {
        TSNode node = ts_tree_cursor_current_node(&cursor);
        const char *kind = ts_node_type(node), *field = ts_tree_cursor_current_field_name(&cursor);
        TSPoint start = ts_node_start_point(node);
        uint32_t place[] = {ts_node_start_byte(node), ts_node_end_byte(node), start.row, start.column};
        hash = fnv(hash, kind, strlen(kind));
        if (field) hash = fnv(hash, field, strlen(field));
        hash = fnv(hash, place, sizeof place);
        ++*nodes;
        *errors += ts_node_is_error(node) || ts_node_is_missing(node);
        if (ts_tree_cursor_goto_first_child(&cursor)) continue;
        while (!ts_tree_cursor_goto_next_sibling(&cursor)) {
            if (!ts_tree_cursor_goto_parent(&cursor)) {
                ts_tree_cursor_delete(&cursor);
                return hash;
            }
        }
    }
}

/* The place after some bytes that begin at `point`. */
static TSPoint point_after(TSPoint point, const char *bytes, uint32_t count) {
    for (const char *end = bytes + count; bytes < end; bytes++) {
        if (*bytes == '\n') point.row++, point.column = 0;
        else point.column++;
    }
    return point;
}

/* Replaces a piece of the text by another, and tells the tree. */
static void replace(TSTree *tree, uint32_t start, uint32_t removed, const char *piece) {
    uint32_t added = (uint32_t)strlen(piece);
    TSInputEdit change = {.start_byte = start, .old_end_byte = start + removed, .new_end_byte = start + added};
    change.start_point = point_after((TSPoint){0, 0}, text, start);
    change.old_end_point = point_after(change.start_point, text + start, removed);
    change.new_end_point = point_after(change.start_point, piece, added);
    while (length + added > room) {
        room *= 2;
        text = realloc(text, room);
        need(text != NULL, "memory");
    }
    memmove(text + start + added, text + start + removed, length - start - removed);
    memcpy(text + start, piece, added);
    length += added - removed;
    ts_tree_edit(tree, &change);
}

/* Edits as a person would: new statements, other numbers, and now and then a bracket that is taken away again, because
   the parser takes long over a text that stays wrong. */
static void edit(TSTree *tree, uint64_t *random) {
    static const char *const statements[] = {"\n  let y = [1, ...z];", "\n  if (a ?? b) c(); else `${d}`;", "\n  // a note",
                                             "\n  x = { a, b: /re/g, get c() { return 1; } };"};
    static uint32_t wrong;
    if (wrong) {
        replace(tree, wrong, 1, "");
        wrong = 0;
        return;
    }
    uint32_t at = 1 + random_below(random, length - 1), kind = random_below(random, 8), seen = 0;
    if (kind == 0) {
        replace(tree, wrong = at, 0, ")");
    } else if (kind < 4) {
        /* After the next line that ends a statement. */
        while (seen++ < length && (text[at] != ';' || text[at + 1] != '\n')) at = (at + 1) % (length - 1);
        replace(tree, at + 1, 0, statements[random_below(random, 4)]);
    } else {
        while (seen++ < length && (text[at] < '1' || text[at] > '9')) at = (at + 1) % length;
        char digit[] = {(char)('1' + random_below(random, 9)), 0};
        replace(tree, at, 1, digit);
    }
}

static void search(TSTree *tree) {
    static const char pattern[] = "(call_expression function: (_) @function)";
    uint32_t offset, count = 0;
    TSQueryError error;
    TSQuery *query = ts_query_new(tree_sitter_javascript(), pattern, sizeof pattern - 1, &offset, &error);
    need(query != NULL, "the pattern");
    TSQueryCursor *cursor = ts_query_cursor_new();
    ts_query_cursor_exec(cursor, query, ts_tree_root_node(tree));
    uint64_t hash = FNV_START;
    for (TSQueryMatch match; ts_query_cursor_next_match(cursor, &match); count++) {
        for (uint16_t i = 0; i < match.capture_count; i++) {
            uint32_t found[] = {match.pattern_index, match.captures[i].index, ts_node_start_byte(match.captures[i].node)};
            hash = fnv(hash, found, sizeof found);
        }
    }
    printf("%u matches, checksum %016llx\n", (unsigned)count, (unsigned long long)hash);
    ts_query_cursor_delete(cursor);
    ts_query_delete(query);
}

int main(int argc, char **argv) {
    unsigned rounds = number_argument(argc, argv, 1), nodes, errors;
    read_input();
    TSParser *parser = ts_parser_new();
    need(parser && ts_parser_set_language(parser, tree_sitter_javascript()), "the grammar");
    TSTree *tree = parse(parser, NULL);
    uint64_t hash = walk(tree, &nodes, &errors), random = 20260;
    printf("%u nodes, %u errors, checksum %016llx\n", nodes, errors, (unsigned long long)hash);
    search(tree);
    for (unsigned round = 0; round < rounds; round++) {
        edit(tree, &random);
        TSTree *next = parse(parser, tree);
        uint32_t ranges;
        TSRange *changed = ts_tree_get_changed_ranges(tree, next, &ranges);
        for (uint32_t i = 0; i < ranges; i++) hash = fnv(hash, &changed[i].start_byte, sizeof changed[i].start_byte);
        free(changed);
        ts_tree_delete(tree);
        tree = next;
        if (round % 10 == 9) hash ^= walk(tree, &nodes, &errors);
    }
    uint64_t last = walk(tree, &nodes, &errors);
    printf("%u edits: %u nodes, %u errors, checksums %016llx %016llx\n", rounds, nodes, errors,
           (unsigned long long)hash, (unsigned long long)last);
    ts_tree_delete(tree);
    ts_parser_delete(parser);
    free(text);
    return 0;
}
