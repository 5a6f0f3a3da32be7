/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/help_complete.h"

#include <string.h>

#include "cli/command.h"

/* Both shells read this. _tocsin_words prints what may follow the command words $1; with an option
 * as $2, its values. */
static const char path_function[] =
    "# The command words before the cursor: $1 is the word that is being typed.\n"
    "_tocsin_path() {\n"
    "  local path= word\n"
    "  for word in \"$@\"; do\n"
    "    case $word in\n"
    "      -*) ;;\n"
    "      *) [ -n \"$(_tocsin_words \"${path:+$path }$word\")\" ] && path=\"${path:+$path "
    "}$word\" ;;\n"
    "    esac\n"
    "  done\n"
    "  echo \"$path\"\n"
    "}\n";

static const char bash_function[] =
    "_tocsin() {\n"
    "  local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]} path words\n"
    "  path=$(_tocsin_path \"${COMP_WORDS[@]:1:COMP_CWORD-1}\")\n"
    "  words=$(_tocsin_values \"$path\" \"$prev\")\n"
    "  if [ -z \"$words\" ]; then words=$(_tocsin_words \"$path\"); fi\n"
    "  mapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"$cur\")\n"
    "}\n"
    "complete -o default -F _tocsin tocsin\n";

static const char zsh_function[] =
    "_tocsin() {\n"
    "  local path_words values\n"
    "  path_words=$(_tocsin_path \"${(@)words[2,CURRENT-1]}\")\n"
    "  values=$(_tocsin_values \"$path_words\" \"${words[CURRENT-1]}\")\n"
    "  [ -n \"$values\" ] || values=$(_tocsin_words \"$path_words\")\n"
    "  compadd -- ${=values}\n"
    "}\n"
    "# The first completion runs this file as the function that it defines.\n"
    "if [ \"$funcstack[1]\" = _tocsin ]; then _tocsin \"$@\"; else compdef _tocsin tocsin; fi\n";

static const char fish_function[] = "function __tocsin_at\n"
                                    "  set -l words\n"
                                    "  for word in (commandline -opc)[2..-1]\n"
                                    "    if not string match -q -- '-*' $word\n"
                                    "      set -a words $word\n"
                                    "    end\n"
                                    "  end\n"
                                    "  string match -q -- \"$argv[1]\" \"$words\"\n"
                                    "  or string match -q -- \"$argv[1] *\" \"$words\"\n"
                                    "end\n"
                                    "complete -c tocsin -f\n";

static void put_option_words(FILE *file, const struct opt *opts) {
    for (const struct opt *o = opts; o != NULL && o->name != NULL; o++) {
        fprintf(file, " --%s", o->name);
    }
}

/* Is this the first command that begins with these words? Commands of a group stand together, but
 * not all of them. */
static bool is_first(const struct command *command, size_t len) {
    for (const struct command *c = command_table; c != command; c++) {
        if (strncmp(c->path, command->path, len) == 0 && (c->path[len] == ' ')) {
            return false;
        }
    }
    return true;
}

static void put_first_words(FILE *file) {
    for (const struct command *c = command_table; c->path != NULL; c++) {
        const size_t len = strcspn(c->path, " ");
        if (c->path[len] == '\0' || is_first(c, len)) {
            fprintf(file, " %.*s", (int)len, c->path);
        }
    }
}

static void put_second_words(FILE *file, const char *group, size_t len) {
    for (const struct command *c = command_table; c->path != NULL; c++) {
        if (strncmp(c->path, group, len) == 0 && c->path[len] == ' ') {
            fprintf(file, " %s", c->path + len + 1);
        }
    }
}

static void put_words_function(FILE *file) {
    fputs("_tocsin_words() {\n  case $1 in\n    '') echo", file);
    put_first_words(file);
    put_option_words(file, command_globals);
    fputs(" ;;\n", file);
    for (const struct command *c = command_table; c->path != NULL; c++) {
        const size_t len = strcspn(c->path, " ");
        if (c->path[len] == ' ' && is_first(c, len)) {
            fprintf(file, "    '%.*s') echo", (int)len, c->path);
            put_second_words(file, c->path, len);
            fputs(" ;;\n", file);
        }
        fprintf(file, "    '%s') echo", c->path);
        put_option_words(file, c->opts);
        put_option_words(file, c->rows != NULL ? command_row_opts : NULL);
        put_option_words(file, command_globals);
        fputs(" ;;\n", file);
    }
    fputs("  esac\n}\n", file);
}

static void put_choices(FILE *file, const char *choices) {
    for (; *choices != '\0'; choices++) {
        fputc(*choices == '|' ? ' ' : *choices, file);
    }
}

static void put_values(FILE *file, const char *path, const struct opt *opts) {
    for (const struct opt *o = opts; o != NULL && o->name != NULL; o++) {
        if (o->kind == OPT_CHOICE) {
            fprintf(file, "    %s' --%s') echo ", path, o->name);
            put_choices(file, o->value);
            fputs(" ;;\n", file);
        }
    }
}

static void put_values_function(FILE *file) {
    fputs("_tocsin_values() {\n  case \"$1 $2\" in\n", file);
    for (const struct command *c = command_table; c->path != NULL; c++) {
        char path[64];
        snprintf(path, sizeof path, "'%s'", c->path);
        put_values(file, path, c->opts);
    }
    put_values(file, "*", command_globals);
    fputs("  esac\n}\n", file);
}

/* Text of help lines inside single quotes of fish. */
static void put_quoted(FILE *file, const char *text) {
    for (; *text != '\0'; text++) {
        fputs(*text == '\'' || *text == '\\' ? "\\" : "", file);
        fputc(*text, file);
    }
}

static void put_fish_word(FILE *file, const char *path, const char *word, const char *line) {
    fprintf(file, "complete -c tocsin -n '__tocsin_at \"%s\"' -a '%s' -d '", path, word);
    put_quoted(file, line);
    fputs("'\n", file);
}

static void put_fish_opts(FILE *file, const char *condition, const struct opt *opts) {
    for (const struct opt *o = opts; o != NULL && o->name != NULL; o++) {
        fprintf(file, "complete -c tocsin%s -l %s%s", condition, o->name,
                o->kind == OPT_FLAG ? "" : " -x");
        if (o->kind == OPT_CHOICE) {
            fputs(" -a '", file);
            put_choices(file, o->value);
            fputc('\'', file);
        }
        fputs(" -d '", file);
        put_quoted(file, o->help);
        fputs("'\n", file);
    }
}

static void put_fish(FILE *file) {
    fputs(fish_function, file);
    for (const struct command *c = command_table; c->path != NULL; c++) {
        char condition[128];
        char group[64];
        const size_t len = strcspn(c->path, " ");
        snprintf(group, sizeof group, "%.*s", (int)len, c->path);
        if (c->path[len] == '\0' || is_first(c, len)) {
            put_fish_word(file, "", group, c->path[len] == '\0' ? c->line : "");
        }
        if (c->path[len] == ' ') {
            put_fish_word(file, group, c->path + len + 1, c->line);
        }
        snprintf(condition, sizeof condition, " -n '__tocsin_at \"%s\"'", c->path);
        put_fish_opts(file, condition, c->opts);
        put_fish_opts(file, condition, c->rows != NULL ? command_row_opts : NULL);
    }
    put_fish_opts(file, "", command_globals);
}

void help_complete(FILE *file, const char *shell) {
    const bool zsh = strcmp(shell, "zsh") == 0;
    fputs(zsh ? "#compdef tocsin\n" : "", file);
    fprintf(file, "# Completion for %s, made by: tocsin help --completion=%s\n", shell, shell);
    if (strcmp(shell, "fish") == 0) {
        put_fish(file);
        return;
    }
    put_words_function(file);
    put_values_function(file);
    fputs(path_function, file);
    fputs(zsh ? zsh_function : bash_function, file);
}
