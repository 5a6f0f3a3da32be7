/* SPDX-License-Identifier: Apache-2.0 */
#include "collector/settings_load.h"

#include <errno.h>
#include <ini.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "schema/wire/place.h"

#define LINE_BYTES_MAX 8192

static const struct {
    const char *name;
    enum settings_action action;
} actions[] = {
    {"--help", SETTINGS_HELP},
    {"-h", SETTINGS_HELP},
    {"--version", SETTINGS_VERSION},
    {"--print-config", SETTINGS_PRINT_CONFIG},
    {"--print-docs", SETTINGS_PRINT_DOCS},
};

/* inih goes on after a handler's error, so the first reason is kept here. */
struct reading {
    struct settings *settings;
    const char *path;
    struct why *why;
    enum err err;
};

static int take_line(void *context, const char *section, const char *name, const char *value) {
    struct reading *reading = context;
    if (reading->err != ERR_OK) {
        return 0;
    }
    if (section[0] && strcmp(section, "tocsind") != 0) {
        reading->err = why_set(reading->why, ERR_CONFIG,
                               "%s: unknown section [%.64s]; settings stand in [tocsind]",
                               reading->path, section);
    } else {
        reading->err = settings_assign(reading->settings, name, value, reading->path, reading->why);
    }
    return reading->err == ERR_OK;
}

static enum err take_file(struct settings *settings, const char *path, struct why *why) {
    FILE *file = fopen(path, "re");
    if (!file) {
        return why_set(why, ERR_CONFIG, "cannot read %s: %s", path, strerror(errno));
    }
    ini_use_stack = false; /* its stack buffer holds 200 bytes, less than many DSNs */
    ini_allow_realloc = true;
    ini_max_line = LINE_BYTES_MAX;
    ini_allow_multiline = false;
    ini_allow_inline_comments = false; /* a password may contain " ;" */
    struct reading reading = {settings, path, why, ERR_OK};
    const int line = ini_parse_file(file, take_line, &reading);
    fclose(file);
    if (reading.err == ERR_OK && line != 0) {
        return why_set(why, ERR_CONFIG, "%s: line %d is not \"name = value\"", path, line);
    }
    return reading.err;
}

/* The first default place that has a file; "" if none has. For root only /etc counts: XDG
 * variables may have come along with sudo. */
static void find_file(size_t size, char *out_path) {
    const char *config = getenv("XDG_CONFIG_HOME");
    const char *home = getenv("HOME");
    int len = -1;
    if (geteuid() != 0 && config && config[0] == '/') {
        len = snprintf(out_path, size, "%s/tocsin/tocsind.ini", config);
    } else if (geteuid() != 0 && home && home[0] == '/') {
        len = snprintf(out_path, size, "%s/.config/tocsin/tocsind.ini", home);
    }
    if (len > 0 && (size_t)len < size && access(out_path, F_OK) == 0) {
        return;
    }
    snprintf(out_path, size, "/etc/tocsin/tocsind.ini");
    if (access(out_path, F_OK) != 0) {
        out_path[0] = '\0';
    }
}

static enum err take_variable(struct settings *settings, const char *name, const char *variable,
                              struct why *why) {
    const char *value = getenv(variable);
    return value ? settings_assign(settings, name, value, variable, why) : ERR_OK;
}

static enum err take_environment(struct settings *settings, struct why *why) {
    enum err err = take_variable(settings, "dsn", "TOCSIN_DSN", why);
    for (size_t i = 0; settings_name(i) && err == ERR_OK; i++) {
        char variable[SETTINGS_NAME_BYTES_MAX + sizeof "TOCSIND_"];
        settings_variable(settings_name(i), sizeof variable, variable);
        err = take_variable(settings, settings_name(i), variable, why);
    }
    return err;
}

struct flag {
    char name[SETTINGS_NAME_BYTES_MAX];
    const char *value;
};

/* Reads --name=value or --name value at argv[*i] and moves *i to its last word. */
static enum err read_flag(int argc, char *const *argv, int *i, struct flag *out, struct why *why) {
    const char *arg = argv[*i];
    const size_t len = strncmp(arg, "--", 2) == 0 ? strcspn(arg + 2, "=") : 0;
    if (len == 0 || len >= sizeof out->name) {
        return why_set(why, ERR_CONFIG,
                       "unexpected argument \"%.64s\"; tocsind --help lists the flags", arg);
    }
    memcpy(out->name, arg + 2, len);
    out->name[len] = '\0';
    if (arg[2 + len] == '=') {
        out->value = arg + 2 + len + 1;
        return ERR_OK;
    }
    if (*i + 1 >= argc) {
        return why_set(why, ERR_CONFIG, "--%s needs a value", out->name);
    }
    out->value = argv[++*i];
    return ERR_OK;
}

static bool is_action(const char *arg, enum settings_action *out_action) {
    for (size_t i = 0; i < sizeof actions / sizeof actions[0]; i++) {
        if (strcmp(arg, actions[i].name) == 0) {
            *out_action = actions[i].action;
            return true;
        }
    }
    return false;
}

struct line { /* what the command line says */
    enum settings_action action;
    const char *file; /* of --config; NULL if not given */
};

/* Assigns the settings among the flags. Run twice: the first time on a scratch struct, because
 * --config must be known before the file is read, and the file before the flags are applied. */
static enum err take_flags(int argc, char *const *argv, struct settings *settings, struct line *out,
                           struct why *why) {
    for (int i = 1; i < argc; i++) {
        if (is_action(argv[i], &out->action)) {
            continue;
        }
        struct flag flag = {.value = NULL};
        enum err err = read_flag(argc, argv, &i, &flag, why);
        if (err == ERR_OK && strcmp(flag.name, "config") == 0) {
            out->file = flag.value;
        } else if (err == ERR_OK && settings_is_hidden(flag.name)) {
            err = why_set(why, ERR_CONFIG,
                          "--%s would be seen by every user of this machine; put it into the "
                          "configuration file or the environment",
                          flag.name);
        } else if (err == ERR_OK) {
            err = settings_assign(settings, flag.name, flag.value, "command line", why);
        }
        if (err != ERR_OK) {
            return err;
        }
    }
    return ERR_OK;
}

static enum err take_sources(int argc, char *const *argv, const char *file,
                             struct settings *settings, struct why *why) {
    char found[PLACE_PATH_BYTES_MAX];
    if (!file) {
        find_file(sizeof found, found);
        file = found;
    }
    struct line line = {0};
    enum err err = file[0] ? take_file(settings, file, why) : ERR_OK;
    if (err == ERR_OK) {
        err = take_environment(settings, why);
    }
    if (err == ERR_OK) {
        err = take_flags(argc, argv, settings, &line, why);
    }
    return err == ERR_OK ? settings_complete(settings, why) : err;
}

enum err settings_load(int argc, char *const *argv, struct settings *out,
                       enum settings_action *out_action, struct why *why) {
    struct settings scratch;
    struct line line = {0};
    settings_init(&scratch);
    enum err err = take_flags(argc, argv, &scratch, &line, why);
    settings_fini(&scratch);
    if (err != ERR_OK) {
        return err;
    }
    struct settings settings;
    settings_init(&settings);
    if (line.action == SETTINGS_RUN || line.action == SETTINGS_PRINT_CONFIG) {
        err = take_sources(argc, argv, line.file, &settings, why);
    }
    if (err != ERR_OK) {
        settings_fini(&settings);
        return err;
    }
    *out = settings;
    *out_action = line.action;
    return ERR_OK;
}
