/* SPDX-License-Identifier: Apache-2.0 */
#include "schema/wire/keyfile.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FILE_BYTES_MAX 1024 /* a pair and its comment take 200 */
#define PATH_BYTES_MAX 4096

static const char alphabet[] =
    "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-:+=^!/*?&<>()[]{}@%$#";

/* Five characters are four bytes, so a group may spell a number that does not fit. */
bool keyfile_is_key(const char *text) {
    if (strlen(text) != KEYFILE_KEY_CHARS) {
        return false;
    }
    for (size_t i = 0; i < KEYFILE_KEY_CHARS; i += 5) {
        uint64_t group = 0;
        for (size_t j = 0; j < 5; j++) {
            const char *digit = strchr(alphabet, text[i + j]);
            if (digit == NULL) {
                return false;
            }
            group = group * 85 + (uint64_t)(digit - alphabet);
        }
        if (group > UINT32_MAX) {
            return false;
        }
    }
    return true;
}

void keyfile_wipe(struct keyfile_pair *pair) {
    explicit_bzero(pair, sizeof *pair);
}

/* Path as directory and name, so that both are looked at through descriptors: what was checked is
 * what is read, whatever happens to the names meanwhile. */
struct split {
    char dir[PATH_BYTES_MAX];
    const char *name;
};

static enum err split_path(const char *path, struct split *out, struct why *why) {
    const char *slash = strrchr(path, '/');
    const size_t len = slash == NULL ? 0 : slash == path ? 1 : (size_t)(slash - path);
    if (len >= sizeof out->dir) {
        return why_set(why, ERR_CONFIG, "the path of the key file is too long: %.100s...", path);
    }
    memcpy(out->dir, path, len);
    out->dir[len] = '\0';
    if (len == 0) {
        memcpy(out->dir, ".", sizeof ".");
    }
    out->name = slash == NULL ? path : slash + 1;
    return out->name[0] != '\0'
               ? ERR_OK
               : why_set(why, ERR_CONFIG, "\"%.200s\" is not the path of a key file", path);
}

static bool is_foreign(const struct stat *info) {
    return info->st_uid != geteuid() && info->st_uid != 0;
}

/* Whoever may write a directory may replace the file; the sticky bit (/tmp) takes that away. */
static enum err open_dir(const struct split *split, int *out_fd, struct why *why) {
    struct stat info;
    const int fd = open(split->dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &info) != 0) {
        const enum err err =
            why_set(why, ERR_IO, "cannot open the directory %.200s of the key file: %s", split->dir,
                    strerror(errno));
        if (fd >= 0) {
            close(fd);
        }
        return err;
    }
    if (is_foreign(&info) || ((info.st_mode & 022) != 0 && (info.st_mode & S_ISVTX) == 0)) {
        close(fd);
        return why_set(why, ERR_CONFIG,
                       "others may replace files in %.200s: run chmod go-w on it, or keep the key "
                       "file elsewhere",
                       split->dir);
    }
    *out_fd = fd;
    return ERR_OK;
}

static enum err check_file(const char *path, int fd, struct why *why) {
    struct stat info;
    if (fstat(fd, &info) != 0) {
        return why_set(why, ERR_IO, "cannot look at the key file %.200s: %s", path,
                       strerror(errno));
    }
    if (!S_ISREG(info.st_mode)) {
        return why_set(why, ERR_CONFIG, "%.200s is not a file; give the path of a key file", path);
    }
    if (is_foreign(&info)) {
        return why_set(why, ERR_CONFIG,
                       "the key file %.200s belongs to another user (uid %u); make it yours with "
                       "chown, or make another pair",
                       path, (unsigned)info.st_uid);
    }
    if ((info.st_mode & 077) != 0) {
        return why_set(why, ERR_CONFIG,
                       "others may read or write the key file %.200s (mode %04o); run: chmod 600 "
                       "%.200s",
                       path, (unsigned)info.st_mode & 07777, path);
    }
    return ERR_OK;
}

/* Without waiting: opening a FIFO would, until somebody writes to it. */
static enum err open_file(const char *path, int *out_fd, struct why *why) {
    struct split split = {.name = ""};
    int dir = -1;
    enum err err = split_path(path, &split, why);
    if (err == ERR_OK) {
        err = open_dir(&split, &dir, why);
    }
    if (err != ERR_OK) {
        return err;
    }
    const int fd = openat(dir, split.name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
    const int code = errno;
    close(dir);
    if (fd < 0) {
        return code == ELOOP ? why_set(why, ERR_CONFIG,
                                       "the key file %.200s is a symbolic link; give the path of "
                                       "the file itself",
                                       path)
                             : why_set(why, ERR_IO, "cannot read the key file %.200s: %s", path,
                                       strerror(code));
    }
    err = check_file(path, fd, why);
    if (err != ERR_OK) {
        close(fd);
        return err;
    }
    *out_fd = fd;
    return ERR_OK;
}

/* The value of the line "name = value", if it is a key. */
static bool take_key(const char *text, const char *name, char out_key[KEYFILE_KEY_CHARS + 1]) {
    const size_t len = strlen(name);
    for (const char *line = text; line != NULL; line = strchr(line, '\n')) {
        line += *line == '\n';
        if (strncmp(line, name, len) != 0 || strncmp(line + len, " = ", 3) != 0) {
            continue;
        }
        const char *value = line + len + 3;
        const size_t chars = strcspn(value, "\r\n");
        if (chars != KEYFILE_KEY_CHARS) {
            return false;
        }
        memcpy(out_key, value, chars);
        out_key[chars] = '\0';
        return keyfile_is_key(out_key);
    }
    return false;
}

enum err keyfile_read(const char *path, struct keyfile_pair *out, struct why *why) {
    char text[FILE_BYTES_MAX] = "";
    int fd = -1;
    enum err err = open_file(path, &fd, why);
    if (err != ERR_OK) {
        return err;
    }
    const ssize_t len = read(fd, text, sizeof text - 1);
    close(fd);
    text[len > 0 ? len : 0] = '\0';
    struct keyfile_pair pair = {.public_key = ""};
    if (take_key(text, "public", pair.public_key) && take_key(text, "secret", pair.secret_key)) {
        *out = pair;
    } else {
        err =
            why_set(why, ERR_CONFIG,
                    "%.200s is not a key file; make one with: tocsin keys client --out FILE", path);
    }
    keyfile_wipe(&pair);
    explicit_bzero(text, sizeof text);
    return err;
}

static bool write_all(int fd, const char *text, size_t len) {
    while (len > 0) {
        const ssize_t n = write(fd, text, len);
        if (n < 0 && errno != EINTR) {
            return false;
        }
        text += n > 0 ? n : 0;
        len -= n > 0 ? (size_t)n : 0;
    }
    return fsync(fd) == 0;
}

enum err keyfile_write(const char *path, const struct keyfile_pair *pair, struct why *why) {
    char text[FILE_BYTES_MAX];
    const int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0) {
        return errno == EEXIST
                   ? why_set(why, ERR_CONFIG,
                             "%.200s exists, and a key file is never overwritten; move it away, or "
                             "give another path",
                             path)
                   : why_set(why, ERR_IO, "cannot make the key file %.200s: %s", path,
                             strerror(errno));
    }
    const int len = snprintf(text, sizeof text,
                             "# tocsin key pair. Whoever can read this file is its owner.\n"
                             "public = %s\nsecret = %s\n",
                             pair->public_key, pair->secret_key);
    const bool written = write_all(fd, text, (size_t)len);
    const int code = errno;
    explicit_bzero(text, sizeof text);
    if (close(fd) != 0 || !written) {
        unlink(path);
        return why_set(why, ERR_IO, "cannot write the key file %.200s: %s", path, strerror(code));
    }
    return ERR_OK;
}
