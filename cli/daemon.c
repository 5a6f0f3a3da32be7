/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/daemon.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cli/process.h"
#include "schema/db/pg.h"
#include "schema/wire/clock.h"

#define READY_NS (15 * CLOCK_NS_PER_S)
#define STOP_NS  (15 * CLOCK_NS_PER_S) /* tocsind gives itself ten */
#define PAUSE_MS 20

enum err daemon_find(const struct home *home, struct daemon *out, struct why *why) {
    struct daemon daemon = {.pid_file = ""};
    const int pid_n =
        snprintf(daemon.pid_file, sizeof daemon.pid_file, "%s/tocsind.pid", home->runtime);
    const int log_n = snprintf(daemon.log, sizeof daemon.log, "%s/tocsind.log", home->data);
    if ((size_t)pid_n >= sizeof daemon.pid_file || (size_t)log_n >= sizeof daemon.log) {
        return why_set(why, ERR_TOO_LONG, "the path %.100s... is too long", home->data);
    }
    *out = daemon;
    return ERR_OK;
}

/* The lock is only looked at, never taken, so that two who look do not see each other. */
static bool is_locked(int fd) {
    struct flock whole = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    return fcntl(fd, F_OFD_GETLK, &whole) == 0 && whole.l_type != F_UNLCK;
}

pid_t daemon_look(const struct daemon *daemon, char out_dsn[DSN_BYTES_MAX]) {
    char text[32 + DSN_BYTES_MAX] = "";
    const int fd = open(daemon->pid_file, O_RDONLY | O_CLOEXEC);
    if (fd >= 0) {
        if (!is_locked(fd) || read(fd, text, sizeof text - 1) < 0) {
            text[0] = '\0';
        }
        close(fd);
    }
    char *dsn = strchr(text, '\n');
    if (out_dsn != NULL) {
        snprintf(out_dsn, DSN_BYTES_MAX, "%s", dsn != NULL ? dsn + 1 : "");
    }
    return (pid_t)strtol(text, NULL, 10);
}

/* The file stays when tocsind ends: the lock tells, and removing it could take it away from who
 * has just locked it. */
static enum err lock_pid_file(const struct daemon *daemon, int *out_fd, struct why *why) {
    struct flock whole = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    const int fd = open(daemon->pid_file, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0 || fcntl(fd, F_OFD_SETLK, &whole) != 0) {
        const int code = errno;
        if (fd >= 0) {
            close(fd);
        }
        return why_set(why, ERR_IO,
                       "cannot lock %.200s: %s; set TOCSIN_RUNTIME_DIR to a directory "
                       "of your own",
                       daemon->pid_file, strerror(code));
    }
    *out_fd = fd;
    return ERR_OK;
}

static void write_pid(int fd, pid_t pid, const char *dsn) {
    char shown[DSN_BYTES_MAX];
    dsn_mask(dsn, sizeof shown, shown);
    if (ftruncate(fd, 0) == 0) {
        dprintf(fd, "%ld\n%s", (long)pid, shown);
    }
}

static bool find_ready(const struct daemon *daemon, size_t size, char *out_line) {
    bool found = false;
    FILE *file = fopen(daemon->log, "re");
    while (file != NULL && !found && fgets(out_line, (int)size, file) != NULL) {
        found = strstr(out_line, "event=ready") != NULL;
    }
    if (file != NULL) {
        fclose(file);
    }
    return found;
}

void daemon_ready(const struct daemon *daemon, struct daemon_ready *out) {
    static const char listen_key[] = " listen=";
    static const char health_key[] = " health=";
    char line[1024];
    *out = (struct daemon_ready){.listen = ""};
    if (!find_ready(daemon, sizeof line, line)) {
        return;
    }
    line[strcspn(line, "\n")] = '\0';
    /* A path may hold a blank: an address ends where the next key begins. */
    char *listen = strstr(line, listen_key);
    char *health = listen != NULL ? strstr(listen, health_key) : NULL;
    if (health != NULL) {
        *health = '\0';
        snprintf(out->listen, sizeof out->listen, "%s", listen + strlen(listen_key));
        snprintf(out->health, sizeof out->health, "%s", health + strlen(health_key));
    }
}

static bool wait_end(pid_t pid, int64_t deadline_ns) {
    while (waitpid(pid, NULL, WNOHANG) == 0) {
        if (clock_mono_ns() > deadline_ns) {
            return false;
        }
        poll(NULL, 0, PAUSE_MS);
    }
    return true;
}

static void end_child(pid_t pid) {
    kill(pid, SIGTERM);
    if (!wait_end(pid, clock_mono_ns() + STOP_NS)) {
        kill(pid, SIGKILL);
        waitpid(pid, NULL, 0);
    }
}

static enum err wait_ready(const struct daemon *daemon, pid_t pid, struct why *why) {
    char line[1024];
    const int64_t deadline_ns = clock_mono_ns() + READY_NS;
    while (!find_ready(daemon, sizeof line, line)) {
        const bool ended = waitpid(pid, NULL, WNOHANG) != 0;
        if (!ended && clock_mono_ns() <= deadline_ns) {
            poll(NULL, 0, PAUSE_MS);
            continue;
        }
        if (!ended) {
            end_child(pid);
        }
        process_complaint(daemon->log, sizeof line, line);
        return why_set(why, ERR_IO, "tocsind does not start: %.350s (see %.120s)", line,
                       daemon->log);
    }
    return ERR_OK;
}

/* One log before this one is kept: a crash can still be read after the next start. */
static void keep_last_log(const struct daemon *daemon) {
    char old[PLACE_PATH_BYTES_MAX + 8];
    snprintf(old, sizeof old, "%s.1", daemon->log);
    rename(daemon->log, old);
}

enum err daemon_start(const struct daemon *daemon, const char *dsn, struct why *why) {
    char program[PLACE_PATH_BYTES_MAX];
    char *const argv[] = {program, NULL};
    int lock = -1;
    pid_t pid;
    if (!process_find("tocsind", sizeof program, program)) {
        return why_set(why, ERR_IO, "tocsind is neither next to tocsin nor in PATH: install it");
    }
    enum err err = lock_pid_file(daemon, &lock, why);
    if (err != ERR_OK) {
        return err;
    }
    keep_last_log(daemon);
    /* By the environment: a DSN on the command line could be read by every user. */
    setenv("TOCSIND_DSN", dsn, 1);
    setenv("TOCSIND_HEALTH", "127.0.0.1:0", 0);
    err = process_detach(argv, daemon->log, lock, &pid, why);
    if (err == ERR_OK) {
        write_pid(lock, pid, dsn);
        err = wait_ready(daemon, pid, why);
    }
    close(lock);
    return err;
}

enum err daemon_stop(const struct daemon *daemon, struct why *why) {
    const pid_t pid = daemon_look(daemon, NULL);
    const int64_t deadline_ns = clock_mono_ns() + STOP_NS;
    if (pid != 0) {
        kill(pid, SIGTERM);
    }
    while (daemon_look(daemon, NULL) != 0) {
        if (clock_mono_ns() > deadline_ns) {
            return why_set(why, ERR_IO,
                           "tocsind (pid %ld) does not stop: read %.200s, then end it with kill -9",
                           (long)pid, daemon->log);
        }
        poll(NULL, 0, PAUSE_MS);
    }
    return ERR_OK;
}
