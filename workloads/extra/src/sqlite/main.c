/* SQLite: fills a database in memory with generated rows, as many as the argument says, and asks it questions. Prints
   the number of rows of every answer, a checksum over its values, and the first row. */
#include "sqlite3.h"
#include "support.h"

static sqlite3 *db;

static void ok(int result, const char *sql) {
    if (result != SQLITE_OK && result != SQLITE_DONE && result != SQLITE_ROW) {
        fprintf(stderr, "%s: %s\n", sql, sqlite3_errmsg(db));
        exit(1);
    }
}

static sqlite3_stmt *prepare(const char *sql) {
    sqlite3_stmt *statement;
    ok(sqlite3_prepare_v2(db, sql, -1, &statement, NULL), sql);
    return statement;
}

static void run(const char *sql) { ok(sqlite3_exec(db, sql, NULL, NULL, NULL), sql); }

/* Runs a query and prints what it answers. */
static void ask(const char *sql) {
    sqlite3_stmt *statement = prepare(sql);
    uint64_t hash = FNV_START;
    int rows = 0, step;
    char first[200] = "";
    while ((step = sqlite3_step(statement)) == SQLITE_ROW) {
        for (int column = 0; column < sqlite3_column_count(statement); column++) {
            const unsigned char *text = sqlite3_column_text(statement, column);
            const char *value = text ? (const char *)text : "NULL";
            hash = fnv(hash, value, strlen(value) + 1);
            size_t used = strlen(first);
            if (!rows) snprintf(first + used, sizeof first - used, "%s%s", column ? "|" : "", value);
        }
        rows++;
    }
    ok(step, sql);
    sqlite3_finalize(statement);
    printf("%d rows %016llx %s\n", rows, (unsigned long long)hash, first);
}

static void fill(unsigned rows) {
    uint64_t random = 20260;
    unsigned customers = rows / 8 + 3;
    static const char *const cities[] = {"Ulm", "Wien", "Graz", "Chur", "Köln", "Brno"};
    run("begin");
    sqlite3_stmt *customer = prepare("insert into customer(id, name, city, born) values (?, ?, ?, ?)");
    for (unsigned id = 1; id <= customers; id++) {
        char name[32];
        make_text(name, 9, random_u64(&random));
        for (int i = 0; i < 9; i++) {
            if (name[i] == '\n' || (name[i] & 0x80)) name[i] = '-';
        }
        sqlite3_bind_int(customer, 1, (int)id);
        sqlite3_bind_text(customer, 2, name, 9, SQLITE_TRANSIENT);
        sqlite3_bind_text(customer, 3, cities[random_below(&random, 6)], -1, SQLITE_STATIC);
        /* Some dates are unknown. */
        if (random_below(&random, 10)) sqlite3_bind_int(customer, 4, (int)(1930 + random_below(&random, 80)));
        else sqlite3_bind_null(customer, 4);
        ok(sqlite3_step(customer), "insert a customer");
        sqlite3_reset(customer);
    }
    sqlite3_finalize(customer);
    sqlite3_stmt *item = prepare("insert into item(customer, day, price, amount, note) values (?, ?, ?, ?, ?)");
    for (unsigned i = 0; i < rows; i++) {
        unsigned char blob[24];
        for (size_t at = 0; at < sizeof blob; at++) blob[at] = (unsigned char)random_u64(&random);
        sqlite3_bind_int(item, 1, (int)(1 + random_below(&random, customers)));
        sqlite3_bind_int(item, 2, (int)(18000 + random_below(&random, 700)));
        sqlite3_bind_double(item, 3, (double)random_below(&random, 100000) / 64);
        sqlite3_bind_int64(item, 4, (sqlite3_int64)1 << random_below(&random, 40));
        sqlite3_bind_blob(item, 5, blob, 1 + (int)random_below(&random, 24), SQLITE_TRANSIENT);
        ok(sqlite3_step(item), "insert an item");
        sqlite3_reset(item);
    }
    sqlite3_finalize(item);
    run("commit");
}

static const char *const schema =
    "create table customer(id integer primary key, name text not null, city text collate nocase, born integer);"
    "create table item(id integer primary key autoincrement, customer integer references customer(id), day integer,"
    " price real check (price >= 0), amount integer, note blob);"
    "create table log(what text, id integer, primary key (what, id)) without rowid;"
    "create trigger sold after delete on item begin insert or ignore into log values ('sold', old.id); end;"
    "create view bill as select c.id, c.name, c.city, sum(i.price * (i.amount % 10)) as total, count(*) as items"
    " from customer c join item i on i.customer = c.id group by c.id;"
    "create virtual table words using fts5(name, city);"
    "create virtual table place using rtree(id, x0, x1, y0, y1);";

static const char *const questions[] = {
    "select city, count(*), min(born), max(born), avg(born) from customer group by city order by city",
    "select name, total, items from bill order by total desc, name limit 10",
    "select c.city, i.day / 100, count(*), sum(i.price), group_concat(i.id, ',') from item i"
    " join customer c on c.id = i.customer where i.price between 100 and 900 group by 1, 2 order by 1, 2",
    "select a.id, b.id from item a join item b on a.day = b.day and a.id < b.id and a.customer <> b.customer"
    " order by a.day, a.id, b.id limit 40",
    "select id, price, sum(price) over (partition by customer order by day, id), rank() over (order by price, id),"
    " lag(amount, 1, 0) over (order by id) from item order by id limit 50 offset 5",
    "with recursive tree(n, path) as (select 1, '1' union all select n * 2 + b, path || '.' || (n * 2 + b) from tree,"
    " (select 0 as b union select 1) where n < 20) select count(*), max(length(path)), group_concat(path, ' ') from tree",
    "select upper(name), hex(substr(note, 1, 4)), printf('%08.3f|%x|%,d', price, amount, amount), typeof(born),"
    " coalesce(born, 'unknown'), date(day * 86400, 'unixepoch') from item join customer c on c.id = customer"
    " order by price desc, item.id limit 20",
    "select name from customer where name like '%er%' or name glob '*[0-9]*' or city in ('ulm', 'CHUR') order by name",
    "select c.id from customer c where not exists (select 1 from item where customer = c.id and price > 400)"
    " and born is not null intersect select id from customer where born > 1940 order by 1 desc",
    "select json_group_array(json_object('id', id, 'born', born)) from (select id, born from customer order by id limit 12)",
    "select json_extract(value, '$.a[1]') + 1 from json_each('[{\"a\":[1,2.5]},{\"a\":[3,\"x\"]},{\"a\":[null,7e3]}]')",
    "select rowid, name from words where words match 'ka* OR vi* OR city:wien' order by rowid limit 20",
    "select count(*), sum(x0), min(y1) from place where x0 >= 200 and x1 <= 900 and y0 < 60",
    "select round(sum(sqrt(price)), 6), total(price) / 7, sum(amount), sum(amount >> 3 | 5), abs(-9223372036854775807)"
    " from item",
};

static const char *const changes =
    "insert into words(rowid, name, city) select id, name, city from customer;"
    "insert into place select id, day - 18000, day - 17900, price / 16, price / 16 + 9 from item;"
    "update item set price = price * 1.25, amount = amount + 3 where day % 3 = 0;"
    "update customer set born = (select max(day) % 100 + 1930 from item where customer = customer.id) where id % 5 = 0;"
    "savepoint s; delete from item; rollback to s; release s;"
    "delete from item where id % 7 = 3; delete from place where id % 7 = 3;"
    "insert into customer(id, name) values (1, 'again') on conflict(id) do update set name = excluded.name || id;";

int main(int argc, char **argv) {
    unsigned rows = number_argument(argc, argv, 1);
    need(sqlite3_open(":memory:", &db) == SQLITE_OK, "open a database in memory");
    run(schema);
    fill(rows);
    run("create index by_customer on item(customer, day); create index by_price on item(price desc) where price > 500;"
        "create index by_city on customer(city, name); analyze;");
    size_t count = sizeof questions / sizeof *questions;
    run(changes);
    for (size_t i = 0; i < count; i++) ask(questions[i]);
    need(sqlite3_exec(db, "insert into item(price) values (-1)", NULL, NULL, NULL) == SQLITE_CONSTRAINT, "a check");
    need(sqlite3_exec(db, "selec 1", NULL, NULL, NULL) == SQLITE_ERROR, "a syntax error");
    run("drop index by_customer; vacuum");
    ask("select what, count(*), sum(id) from log group by what");
    ask("pragma integrity_check");
    need(sqlite3_close(db) == SQLITE_OK, "close");
    return 0;
}
