/* SPDX-License-Identifier: Apache-2.0 */

/* tocsind: reads its settings, starts the parts in the order in which they need each other, waits
 * for a signal, stops them in reverse. Exit codes: 0 stopped by a signal, 1 failed, 2 bad setting
 * or argument, 5 database unreachable at start. */

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include "collector/allowlist.h"
#include "collector/answers.h"
#include "collector/compact/compactor.h"
#include "collector/dbconn.h"
#include "collector/health.h"
#include "collector/ingest.h"
#include "collector/keywatch.h"
#include "collector/log.h"
#include "collector/notify/notifier.h"
#include "collector/queue.h"
#include "collector/ready.h"
#include "collector/router.h"
#include "collector/settings_load.h"
#include "collector/writer.h"
#include "schema/wire/clock.h"

enum exit_code { EXIT_OK = 0, EXIT_FAILED = 1, EXIT_USAGE = 2, EXIT_DATABASE = 5 };

#define DB_POLL_MS     200
#define LINGER_MS      500  /* for the last answers to leave, of a peer that reads */
#define POSTS_MS       3000 /* for webhooks to answer what is under way */
#define TEXT_BYTES_MAX (64 * 1024)
#define FILES_MIN      64   /* what tocsind opens for itself, and some */
#define FILES_LOW      4096 /* a thousand emitters, and their successors before they are gone */

struct daemon {
    struct settings settings;
    int signals;      /* signalfd */
    int writer_ended; /* eventfd */
    struct dbconn *conn;
    struct allowlist *list; /* of keys; NULL: without server_key */
    struct keywatch *keywatch;
    struct router *router;
    struct ingest *ingest;
    struct queue *queue;
    struct answers *answers;
    struct writer *writer;
    struct notifier *notifier;
    struct compactor *compactor;
    struct health *health;
};

static enum exit_code exit_code_of(enum err err) {
    static const struct {
        enum err err;
        enum exit_code code;
    } rows[] = {{ERR_OK, EXIT_OK}, {ERR_CONFIG, EXIT_USAGE}, {ERR_DB_UNREACHABLE, EXIT_DATABASE}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (rows[i].err == err) {
            return rows[i].code;
        }
    }
    return EXIT_FAILED;
}

/* Every emitter is a connection, and libzmq spins when it cannot accept one. */
static enum err raise_file_limit(struct why *why) {
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
        limit.rlim_cur = limit.rlim_max;
        setrlimit(RLIMIT_NOFILE, &limit);
    }
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur < FILES_MIN) {
        return why_set(why, ERR_CONFIG,
                       "only %llu files may be open, which is too few for any emitter; raise the "
                       "hard limit (ulimit -Hn, LimitNOFILE=) to %d or more",
                       (unsigned long long)limit.rlim_cur, FILES_LOW);
    }
    if (limit.rlim_cur < FILES_LOW) {
        log_line(LOG_WARN, "few_open_files",
                 "each emitter takes one; raise the hard limit (ulimit -Hn, LimitNOFILE=)",
                 "limit=%llu", (unsigned long long)limit.rlim_cur);
    }
    return ERR_OK;
}

/* Blocked before any thread exists, so that all inherit it and signals come by signalfd only. */
static enum err open_signals(struct daemon *daemon, struct why *why) {
    sigset_t stop;
    sigemptyset(&stop);
    sigaddset(&stop, SIGTERM);
    sigaddset(&stop, SIGINT);
    pthread_sigmask(SIG_BLOCK, &stop, NULL);
    signal(SIGPIPE, SIG_IGN);
    daemon->signals = signalfd(-1, &stop, SFD_CLOEXEC);
    daemon->writer_ended = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    return daemon->signals >= 0 && daemon->writer_ended >= 0
               ? ERR_OK
               : why_set(why, ERR_IO, "cannot open a file descriptor: %s", strerror(errno));
}

/* True if a signal came within ms. */
static bool signal_within(const struct daemon *daemon, int ms) {
    struct pollfd fd = {.fd = daemon->signals, .events = POLLIN};
    return poll(&fd, 1, ms) == 1;
}

/* A server that is just starting gets db_wait_ms; everything else that is wrong is said at once. */
static enum err open_database(struct daemon *daemon, struct why *why) {
    const int64_t deadline_ns = clock_mono_ns() + daemon->settings.db_wait_ms * CLOCK_NS_PER_MS;
    daemon->conn = dbconn_new(daemon->settings.dsn, daemon->settings.db_retry_max_ms);
    enum err err = dbconn_open(daemon->conn, why);
    while (err == ERR_DB_UNREACHABLE && clock_mono_ns() < deadline_ns &&
           !signal_within(daemon, DB_POLL_MS)) {
        err = dbconn_open(daemon->conn, why);
    }
    return err;
}

static void wake_notifier(void *context) {
    const struct daemon *daemon = context;
    notifier_wake(daemon->notifier);
}

static void note_writer_ended(void *context) {
    const struct daemon *daemon = context;
    const uint64_t one = 1;
    if (write(daemon->writer_ended, &one, sizeof one) < 0) {
        return; /* full: noted already */
    }
}

static enum err start_threads(struct daemon *daemon, struct why *why) {
    enum err err = notifier_start(&daemon->settings, &daemon->notifier, why);
    if (err == ERR_OK) {
        err = compactor_start(&daemon->settings, &daemon->compactor, why);
    }
    if (err != ERR_OK) {
        return err;
    }
    daemon->ingest = ingest_new(daemon->router, daemon->list);
    daemon->queue = queue_new((size_t)daemon->settings.queue_bytes, ingest_wake, daemon->ingest);
    daemon->answers = answers_new(ingest_wake, daemon->ingest);
    const struct writer_links links = {.settings = &daemon->settings,
                                       .conn = daemon->conn,
                                       .queue = daemon->queue,
                                       .answers = daemon->answers,
                                       .alerted = wake_notifier,
                                       .done = note_writer_ended,
                                       .context = daemon};
    if (writer_start(&links, &daemon->writer) != ERR_OK ||
        ingest_start(daemon->ingest, daemon->queue, daemon->answers) != ERR_OK) {
        return why_set(why, ERR_MEMORY, "cannot start a thread; raise the limit of processes");
    }
    return ERR_OK;
}

static enum err open_keys(struct daemon *daemon, struct why *why) {
    if (!daemon->settings.server_key[0]) {
        return ERR_OK;
    }
    daemon->list = allowlist_new();
    return keywatch_start(daemon->settings.dsn, daemon->list, &daemon->keywatch, why);
}

static enum err start(struct daemon *daemon, struct why *why) {
    enum err err = open_signals(daemon, why);
    if (err == ERR_OK) {
        err = open_database(daemon, why);
    }
    if (err == ERR_OK) {
        err = open_keys(daemon, why);
    }
    if (err == ERR_OK) {
        err = router_open(&daemon->settings, daemon->list, &daemon->router, why);
    }
    if (err == ERR_OK && daemon->settings.health[0]) {
        err = health_start(daemon->settings.health, daemon->conn, &daemon->health, why);
    }
    return err == ERR_OK ? start_threads(daemon, why) : err;
}

static void wait_for_end(const struct daemon *daemon) {
    struct pollfd fds[] = {{.fd = daemon->signals, .events = POLLIN},
                           {.fd = daemon->writer_ended, .events = POLLIN}};
    while (poll(fds, 2, -1) < 0 && errno == EINTR) {
    }
}

/* Intake first, then what was received is committed and answered; within shutdown_ms. */
static enum err stop_threads(struct daemon *daemon) {
    const int64_t deadline_ns =
        clock_mono_ns() + (daemon->settings.shutdown_ms - LINGER_MS) * CLOCK_NS_PER_MS;
    enum err err = ERR_OK;
    ready_notify("STOPPING=1");
    ingest_stop_intake(daemon->ingest);
    dbconn_give_up(daemon->conn, deadline_ns);
    if (!writer_join(daemon->writer, deadline_ns + LINGER_MS * CLOCK_NS_PER_MS / 2, &err)) {
        log_line(LOG_ERROR, "stop_timed_out",
                 "the database did not answer in time; nothing that "
                 "was acknowledged is lost",
                 "%s", "");
        _exit(EXIT_FAILED); /* the writer is inside libpq and cannot be joined */
    }
    ingest_join(daemon->ingest);
    if (err == ERR_DB_UNREACHABLE) {
        log_line(LOG_WARN, "stopped_early",
                 "the database did not take everything in time; what was not acknowledged stays "
                 "with the emitters",
                 "%s", "");
        err = ERR_OK;
    }
    return err;
}

/* False: a thread is inside libpq and cannot be joined; what it uses is still there. */
static bool close_all(struct daemon *daemon) {
    bool ended = notifier_stop(daemon->notifier, clock_mono_ns() + POSTS_MS * CLOCK_NS_PER_MS);
    ended &= compactor_stop(daemon->compactor, clock_mono_ns() + LINGER_MS * CLOCK_NS_PER_MS);
    ended &= keywatch_stop(daemon->keywatch, clock_mono_ns() + LINGER_MS * CLOCK_NS_PER_MS);
    health_stop(daemon->health);
    writer_free(daemon->writer);
    answers_free(daemon->answers);
    queue_free(daemon->queue);
    ingest_free(daemon->ingest);
    router_close(daemon->router, LINGER_MS);
    dbconn_free(daemon->conn);
    if (ended) {
        allowlist_free(daemon->list);
        settings_fini(&daemon->settings);
    }
    return ended;
}

static enum exit_code serve(struct daemon *daemon) {
    struct why why = {""};
    log_set_level(daemon->settings.least_level);
    umask(0077);               /* sockets and directories are this user's only */
    prctl(PR_SET_DUMPABLE, 0); /* webhook URLs and signing secrets stay out of core dumps */
    enum err err = raise_file_limit(&why);
    if (err == ERR_OK) {
        err = start(daemon, &why);
    }
    if (err != ERR_OK) {
        fprintf(stderr, "tocsind: %s\n", why.text);
        if (daemon->writer || !close_all(daemon)) {
            _exit((int)exit_code_of(err));
        }
        return exit_code_of(err);
    }
    log_line(LOG_INFO, "ready", NULL, "listen=%s health=%s", router_addresses(daemon->router),
             health_address(daemon->health));
    ready_notify("READY=1");
    wait_for_end(daemon);
    const enum exit_code code = stop_threads(daemon) == ERR_OK ? EXIT_OK : EXIT_FAILED;
    const bool closed = close_all(daemon);
    log_line(LOG_INFO, "stopped", NULL, "%s", "");
    if (!closed) {
        _exit((int)code);
    }
    return code;
}

static enum exit_code print(enum settings_action action, const struct settings *settings) {
    struct buf text;
    buf_init(&text, TEXT_BYTES_MAX);
    enum err err = ERR_OK;
    if (action == SETTINGS_HELP) {
        err = settings_print_help(&text);
    } else if (action == SETTINGS_PRINT_CONFIG) {
        err = settings_print_config(settings, &text);
    } else if (action == SETTINGS_PRINT_DOCS) {
        err = settings_print_docs(&text);
    } else {
        err = buf_append(&text, "tocsind " TOCSIN_VERSION_TEXT "\n",
                         sizeof "tocsind " TOCSIN_VERSION_TEXT "\n" - 1);
    }
    const bool printed =
        err == ERR_OK && fwrite(text.ptr, 1, text.len, stdout) == text.len && fflush(stdout) == 0;
    buf_fini(&text);
    return printed ? EXIT_OK : EXIT_FAILED;
}

int main(int argc, char **argv) {
    struct daemon daemon = {.signals = -1, .writer_ended = -1};
    enum settings_action action = SETTINGS_RUN;
    struct why why = {""};
    if (settings_load(argc, argv, &daemon.settings, &action, &why) != ERR_OK) {
        fprintf(stderr, "tocsind: %s\n", why.text);
        return EXIT_USAGE;
    }
    if (action == SETTINGS_RUN) {
        return (int)serve(&daemon);
    }
    const enum exit_code code = print(action, &daemon.settings);
    settings_fini(&daemon.settings);
    return (int)code;
}
