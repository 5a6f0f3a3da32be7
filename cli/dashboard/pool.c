/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/dashboard/pool.h"

#include <pthread.h>
#include <stdlib.h>

#include "cli/db.h"

struct pool {
    pthread_mutex_t lock; /* of busy */
    pthread_cond_t given;
    struct inside members[POOL_SIZE];
    bool busy[POOL_SIZE];
};

struct pool *pool_new(const char *dsn) {
    struct pool *pool = calloc(1, sizeof *pool);
    if (pool == NULL) {
        abort();
    }
    pthread_mutex_init(&pool->lock, NULL);
    pthread_cond_init(&pool->given, NULL);
    for (int i = 0; i < POOL_SIZE; i++) {
        pool->members[i].dsn = dsn;
    }
    return pool;
}

void pool_free(struct pool *pool) {
    for (int i = 0; pool != NULL && i < POOL_SIZE; i++) {
        inside_fini(&pool->members[i]);
    }
    free(pool);
}

/* The last ones are used least, so that an idle page keeps one connection open and not four. */
static struct inside *take_free(struct pool *pool) {
    for (int i = 0; i < POOL_SIZE; i++) {
        if (!pool->busy[i]) {
            pool->busy[i] = true;
            return &pool->members[i];
        }
    }
    return NULL;
}

struct inside *pool_take(struct pool *pool) {
    struct inside *taken;
    pthread_mutex_lock(&pool->lock);
    while ((taken = take_free(pool)) == NULL) {
        pthread_cond_wait(&pool->given, &pool->lock);
    }
    pthread_mutex_unlock(&pool->lock);
    return taken;
}

void pool_give(struct pool *pool, struct inside *inside) {
    pthread_mutex_lock(&pool->lock);
    pool->busy[inside - pool->members] = false;
    pthread_cond_signal(&pool->given);
    pthread_mutex_unlock(&pool->lock);
}

static enum exit_code query_once(struct inside *inside, const char *sql, int n,
                                 const struct pg_param *params, struct pg_rows **out_rows,
                                 struct why *why) {
    struct ctx ctx = {.dsn = inside->dsn, .pg = inside->pg, .private = inside->private};
    const enum exit_code code = db_query(&ctx, sql, n, params, out_rows);
    if (code != EXIT_OK) {
        snprintf(why->text, sizeof why->text, "%s", ctx.error);
    }
    inside->pg = ctx.pg;
    inside->private = ctx.private;
    ctx.pg = NULL;
    ctx_fini(&ctx);
    if (code == EXIT_UNREACHABLE) {
        inside_fini(inside);
    }
    return code;
}

enum exit_code pool_query(struct pool *pool, const char *sql, int n, const struct pg_param *params,
                          struct pg_rows **out_rows, struct why *why) {
    struct inside *inside = pool_take(pool);
    const bool kept = inside->pg != NULL;
    enum exit_code code = query_once(inside, sql, n, params, out_rows, why);
    if (code == EXIT_UNREACHABLE && kept) { /* it had gone before the question was asked */
        code = query_once(inside, sql, n, params, out_rows, why);
    }
    pool_give(pool, inside);
    return code;
}
