/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/process.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "schema/wire/place.h"

#define EXIT_NOT_RUN 127

static int open_log(const char *path) {
    return open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
}

static void drop_pg_variables(void) {
    static const char *const names[] = {"PGHOST",     "PGPORT",    "PGDATA",    "PGUSER",
                                        "PGDATABASE", "PGOPTIONS", "PGSERVICE", "PGPASSFILE"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        unsetenv(names[i]);
    }
}

static bool become(const struct process_user *user) {
    return !user->other || (setgroups(0, NULL) == 0 && setgid(user->gid) == 0 &&
                            setuid(user->uid) == 0 && setenv("HOME", "/", 1) == 0);
}

/* In the child, up to the new program. The log was opened by the parent, who may write there.
 * keep_fd: -1 for none. */
static void exec_child(const struct process_user *user, char *const argv[], int log_fd,
                       int keep_fd) {
    const int null_fd = open("/dev/null", O_RDONLY);
    dup2(null_fd, STDIN_FILENO);
    dup2(log_fd, STDOUT_FILENO);
    dup2(log_fd, STDERR_FILENO);
    close_range(STDERR_FILENO + 1, UINT_MAX, CLOSE_RANGE_CLOEXEC);
    if (keep_fd >= 0) {
        fcntl(keep_fd, F_SETFD, 0);
    }
    if (chdir("/") == 0 && become(user)) {
        execve(argv[0], argv, environ);
    }
    fprintf(stderr, "cannot run %s: %s\n", argv[0], strerror(errno));
    _exit(EXIT_NOT_RUN);
}

enum err process_run(const struct process_user *user, char *const argv[], const char *log_path,
                     int *out_status, struct why *why) {
    const int log_fd = open_log(log_path);
    if (log_fd < 0) {
        return why_set(why, ERR_IO, "cannot write %s: %s", log_path, strerror(errno));
    }
    fflush(NULL);
    const pid_t pid = fork();
    if (pid == 0) {
        drop_pg_variables();
        exec_child(user, argv, log_fd, -1);
    }
    close(log_fd);
    int status;
    if (pid < 0 || waitpid(pid, &status, 0) != pid) {
        return why_set(why, ERR_IO, "cannot run %s: %s", argv[0], strerror(errno));
    }
    *out_status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    return ERR_OK;
}

enum err process_detach(char *const argv[], const char *log_path, int keep_fd, pid_t *out_pid,
                        struct why *why) {
    const struct process_user as_we_are = {.other = false};
    const int log_fd = open_log(log_path);
    if (log_fd < 0) {
        return why_set(why, ERR_IO, "cannot write %s: %s", log_path, strerror(errno));
    }
    fflush(NULL);
    const pid_t pid = fork();
    if (pid == 0) {
        setsid();
        exec_child(&as_we_are, argv, log_fd, keep_fd);
    }
    close(log_fd);
    if (pid < 0) {
        return why_set(why, ERR_IO, "cannot start %s: %s", argv[0], strerror(errno));
    }
    *out_pid = pid;
    return ERR_OK;
}

static const char *find_mark(const char *line) {
    static const char *const marks[] = {"FATAL:", "error:"};
    for (size_t i = 0; i < sizeof marks / sizeof marks[0]; i++) {
        const char *at = strstr(line, marks[i]);
        if (at != NULL) {
            at += strlen(marks[i]);
            return at + strspn(at, " ");
        }
    }
    return NULL;
}

bool process_complaint(const char *log_path, size_t size, char *out) {
    char line[1024];
    bool marked = false;
    FILE *file = fopen(log_path, "re");
    out[0] = '\0';
    while (file != NULL && fgets(line, sizeof line, file) != NULL) {
        line[strcspn(line, "\n")] = '\0';
        const char *complaint = find_mark(line);
        if (complaint != NULL || (!marked && line[strspn(line, " \t")] != '\0')) {
            marked = marked || complaint != NULL;
            snprintf(out, size, "%s", complaint != NULL ? complaint : line);
        }
    }
    if (file != NULL) {
        fclose(file);
    }
    return marked;
}

static bool is_program(const char *path) {
    return access(path, X_OK) == 0;
}

static bool find_beside(const char *name, size_t size, char *out) {
    static const char *const folders[] = {"", "/../collector"}; /* installed; in the build tree */
    char self[PLACE_PATH_BYTES_MAX];
    const ssize_t n = readlink("/proc/self/exe", self, sizeof self - 1);
    if (n <= 0) {
        return false;
    }
    self[n] = '\0';
    *strrchr(self, '/') = '\0';
    for (size_t i = 0; i < sizeof folders / sizeof folders[0]; i++) {
        const int len = snprintf(out, size, "%s%s/%s", self, folders[i], name);
        if (len > 0 && (size_t)len < size && is_program(out)) {
            return true;
        }
    }
    return false;
}

static bool find_in_path(const char *name, size_t size, char *out) {
    const char *path = getenv("PATH");
    while (path != NULL && *path != '\0') {
        const size_t len = strcspn(path, ":");
        const int n = snprintf(out, size, "%.*s/%s", (int)len, path, name);
        if (n > 0 && (size_t)n < size && is_program(out)) {
            return true;
        }
        path += len + (path[len] == ':');
    }
    return false;
}

bool process_find(const char *name, size_t size, char *out_path) {
    return find_beside(name, size, out_path) || find_in_path(name, size, out_path);
}
