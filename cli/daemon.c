/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/daemon.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cli/process.h"
#include "schema/wire/clock.h"

#define READY_NS (15 * CLOCK_NS_PER_S)
#define STOP_NS  (15 * CLOCK_NS_PER_S) /* tocsind gives itself ten */
#define PAUSE_MS 20

enum err daemon_find(const char *data_dir, struct daemon *out, struct why *why) {
    char data[PLACE_PATH_BYTES_MAX];
    char runtime[PLACE_PATH_BYTES_MAX];
    enum err err = place_runtime_dir(sizeof runtime, runtime, why);
    if (err == ERR_OK) {
        err = place_data_dir(sizeof data, data, why);
    }
    if (err != ERR_OK) {
        return err;
    }
    const char *dir = data_dir != NULL ? data_dir : data;
    const int pid_n = snprintf(out->pid_file, sizeof out->pid_file, "%s/tocsind.pid", runtime);
    const int log_n = snprintf(out->log, sizeof out->log, "%s/tocsind.log", dir);
    if ((size_t)pid_n >= sizeof out->pid_file || (size_t)log_n >= sizeof out->log) {
        return why_set(why, ERR_TOO_LONG, "the path %.100s... is too long", dir);
    }
    return ERR_OK;
}

static bool is_free(int fd) {
    return flock(fd, LOCK_EX | LOCK_NB) == 0;
}

pid_t daemon_pid(const struct daemon *daemon) {
    char text[32] = "";
    const int fd = open(daemon->pid_file, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        return 0;
    }
    const bool runs = !is_free(fd) && read(fd, text, sizeof text - 1) > 0;
    close(fd);
    return runs ? (pid_t)strtol(text, NULL, 10) : 0;
}

static enum err lock_pid_file(const struct daemon *daemon, int *out_fd, struct why *why) {
    const int fd = open(daemon->pid_file, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0) {
        return why_set(why, ERR_IO, "cannot write %.200s: %s", daemon->pid_file, strerror(errno));
    }
    if (!is_free(fd)) {
        close(fd);
        return why_set(why, ERR_IO, "another `tocsin up` is starting tocsind just now");
    }
    *out_fd = fd;
    return ERR_OK;
}

static void write_pid(int fd, pid_t pid) {
    if (ftruncate(fd, 0) == 0) {
        dprintf(fd, "%ld\n", (long)pid);
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

void daemon_health(const struct daemon *daemon, char out_address[DAEMON_HEALTH_BYTES]) {
    static const char key[] = "health=";
    char line[1024];
    out_address[0] = '\0';
    if (!find_ready(daemon, sizeof line, line)) {
        return;
    }
    const char *at = strstr(line, key);
    if (at != NULL) {
        at += strlen(key);
        snprintf(out_address, DAEMON_HEALTH_BYTES, "%.*s", (int)strcspn(at, " \n"), at);
    }
}

static enum err wait_ready(const struct daemon *daemon, pid_t pid, struct why *why) {
    char line[1024];
    const int64_t deadline_ns = clock_mono_ns() + READY_NS;
    while (!find_ready(daemon, sizeof line, line)) {
        const bool ended = waitpid(pid, NULL, WNOHANG) != 0;
        if (ended || clock_mono_ns() > deadline_ns) {
            process_last_line(daemon->log, sizeof line, line);
            if (!ended) {
                kill(pid, SIGTERM);
            }
            return why_set(why, ERR_IO, "tocsind does not start: %.300s", line);
        }
        poll(NULL, 0, PAUSE_MS);
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
    char health_flag[] = "--health";
    char health[] = "127.0.0.1:0";
    char *const argv[] = {program, health_flag, health, NULL};
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
    setenv("TOCSIN_DSN", dsn, 1);
    err = process_detach(argv, daemon->log, lock, &pid, why);
    if (err == ERR_OK) {
        write_pid(lock, pid);
        err = wait_ready(daemon, pid, why);
    }
    close(lock);
    return err;
}

enum err daemon_stop(const struct daemon *daemon, struct why *why) {
    const pid_t pid = daemon_pid(daemon);
    if (pid == 0) {
        return ERR_OK;
    }
    const int64_t deadline_ns = clock_mono_ns() + STOP_NS;
    kill(pid, SIGTERM);
    while (daemon_pid(daemon) != 0) {
        if (clock_mono_ns() > deadline_ns) {
            return why_set(why, ERR_IO, "tocsind (pid %ld) does not stop; see %.200s", (long)pid,
                           daemon->log);
        }
        poll(NULL, 0, PAUSE_MS);
    }
    unlink(daemon->pid_file);
    return ERR_OK;
}
