/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/skill/skill.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/embed.h"

EMBED(skill_markdown, SKILL_PATH);

const struct skill_agent skill_agents[] = {
    {"claude", ".claude/skills", ".claude/skills"},
    {"codex", ".codex/skills", ".codex/skills"},
    {"cursor", ".cursor/skills", ".cursor/skills"},
    {"opencode", ".opencode/skills", ".opencode/skills"},
    {"pi", ".pi/skills", ".pi/agent/skills"},
    {NULL, NULL, NULL},
};

const char *skill_text(void) {
    return (const char *)skill_markdown;
}

static enum err cannot(const char *what, const char *path, struct why *why) {
    return why_set(why, ERR_IO, "Cannot %s %.300s: %s.", what, path, strerror(errno));
}

static enum err compare(FILE *file, struct skill_file *out, struct why *why) {
    const char *at = skill_text();
    int c;
    while ((c = fgetc(file)) != EOF && *at == c) {
        at++;
    }
    if (ferror(file) != 0) {
        return cannot("read", out->path, why);
    }
    out->state = c == EOF && *at == '\0' ? SKILL_SAME : SKILL_OTHER;
    return ERR_OK;
}

enum err skill_look(const char *base, const char *folder, struct skill_file *out, struct why *why) {
    struct skill_file found = {.state = SKILL_ABSENT};
    const bool inside = base != NULL && folder[0] != '/';
    const int len = snprintf(found.path, sizeof found.path, "%s%s%s/%s/%s", inside ? base : "",
                             inside ? "/" : "", folder, SKILL_NAME, SKILL_FILE);
    if (len < 0 || (size_t)len >= sizeof found.path - sizeof ".new") {
        return why_set(why, ERR_TOO_LONG, "The path %.100s... is too long.", folder);
    }
    FILE *file = fopen(found.path, "re");
    if (file == NULL && errno != ENOENT) {
        return cannot("read", found.path, why);
    }
    enum err err = ERR_OK;
    if (file != NULL) {
        err = compare(file, &found, why);
        fclose(file);
    }
    if (err == ERR_OK) {
        *out = found;
    }
    return err;
}

/* What cannot be made shows when the file is opened. */
static void make_directories(const char *path) {
    char part[PATH_MAX];
    snprintf(part, sizeof part, "%s", path);
    for (char *slash = strchr(part + 1, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        mkdir(part, 0777);
        *slash = '/';
    }
}

enum err skill_write(const struct skill_file *file, struct why *why) {
    char fresh[PATH_MAX + sizeof ".new"];
    snprintf(fresh, sizeof fresh, "%s.new", file->path);
    make_directories(file->path);
    FILE *out = fopen(fresh, "we");
    if (out == NULL) {
        return cannot("write", fresh, why);
    }
    const bool written = fputs(skill_text(), out) >= 0;
    if (fclose(out) != 0 || !written || rename(fresh, file->path) != 0) {
        const enum err err = cannot("write", file->path, why);
        unlink(fresh);
        return err;
    }
    return ERR_OK;
}
