/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "cli/args.h"

#define ARGV(...) ((char *[]){text("tocsin"), __VA_ARGS__, NULL})

/* argv is writable for the program; a literal is not. They live until the program ends. */
static char *text(const char *literal) {
    static char room[8192];
    static size_t used;
    const size_t len = strlen(literal) + 1;
    assert_true(used + len <= sizeof room);
    char *copy = memcpy(room + used, literal, len);
    used += len;
    return copy;
}

static struct args good(char **argv) {
    struct args args;
    struct why why = {""};
    if (args_parse(argv, &args, &why) != ERR_OK) {
        fail_msg("%s", why.text);
    }
    return args;
}

static void bad(char **argv, const char *part) {
    struct args args;
    memset(&args, 0x5a, sizeof args);
    const struct args before = args;
    struct why why = {""};
    assert_int_equal(args_parse(argv, &args, &why), ERR_CONFIG);
    assert_memory_equal(&args, &before, sizeof args); /* written only on success */
    if (strstr(why.text, part) == NULL) {
        fail_msg("\"%s\" is not in \"%s\"", part, why.text);
    }
}

static void values_come_in_both_forms_and_the_last_one_counts(void **state) {
    (void)state;
    const struct args args = good(ARGV(text("list"), text("alerts"), text("--project"), text("a"),
                                       text("--project=b=c"), text("--rank"), text("3")));
    assert_string_equal(args.command->path, "list alerts");
    assert_string_equal(args_text(&args, "project"), "b=c");
    assert_int_equal(args_int(&args, "rank"), 3);
    assert_true(args_given(&args, "rank"));
    assert_null(args_text(&args, "since"));
    assert_false(args_given(&args, "json"));
}

static void fallbacks_fill_what_is_absent(void **state) {
    (void)state;
    const struct args args = good(ARGV(text("get"), text("metric"), text("--project=p"),
                                       text("--run=r"), text("--metric=m")));
    assert_int_equal(args_int(&args, "window"), 10);
    assert_false(args_given(&args, "window"));
    assert_string_equal(args_text(&args, "color"), "auto");
}

static void global_options_stand_anywhere(void **state) {
    (void)state;
    const struct args args =
        good(ARGV(text("--json"), text("list"), text("--dsn"), text("d"), text("projects")));
    assert_string_equal(args.command->path, "list projects");
    assert_string_equal(args_text(&args, "dsn"), "d");
    assert_true(args_given(&args, "json"));
}

static void zero_and_negative_steps_are_steps(void **state) {
    (void)state;
    static const struct {
        const char *given;
        int64_t number;
    } steps[] = {{"0", 0},
                 {"-5", -5},
                 {"9223372036854775807", INT64_MAX},
                 {"-9223372036854775808", INT64_MIN}};
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
        const struct args args = good(ARGV(text("get"), text("snapshot"), text("--project=p"),
                                           text("--run=r"), text("--step"), text(steps[i].given)));
        assert_true(args_given(&args, "step"));
        assert_int_equal(args_int(&args, "step"), steps[i].number);
    }
}

static void help_needs_nothing_else(void **state) {
    (void)state;
    assert_true(good(ARGV(text("list"), text("alerts"), text("--help"))).help);
    assert_true(good(ARGV(text("--version"))).version);
    const struct args group = good(ARGV(text("list"), text("--help")));
    assert_null(group.command);
    assert_string_equal(group.group, "list");
    const struct args nothing = good((char *[]){text("tocsin"), NULL});
    assert_null(nothing.command);
    assert_null(nothing.group);
    const struct args less = good((char *[]){NULL}); /* execve() may give no argv[0] */
    assert_null(less.command);
}

static void the_rest_belongs_to_the_command(void **state) {
    (void)state;
    const struct args args = good(ARGV(text("psql"), text("list"), text("--no-such")));
    assert_int_equal(args.rest_n, 2);
    assert_string_equal(args.rest[1], "--no-such");
    assert_null(args.rest[2]);
}

static void ids_and_options_stand_in_any_order(void **state) {
    (void)state;
    const struct args args = good(ARGV(text("ack"), text("--json"), text("1"), text("--comment"),
                                       text("c"), text("2"), text("--comment=d"), text("3")));
    assert_int_equal(args.rest_n, 3);
    assert_string_equal(args.rest[0], "1");
    assert_string_equal(args.rest[1], "2");
    assert_string_equal(args.rest[2], "3");
    assert_null(args.rest[3]);
    assert_string_equal(args_text(&args, "comment"), "d");
    const struct args dashes = good(ARGV(text("ack"), text("1"), text("--"), text("--json")));
    assert_int_equal(dashes.rest_n, 2);
    assert_string_equal(dashes.rest[1], "--json");
    assert_false(args_given(&dashes, "json"));
    const struct args none = good(ARGV(text("ack"), text("--")));
    assert_int_equal(none.rest_n, 0);
}

static void durations_have_units_and_bounds(void **state) {
    (void)state;
    static const struct {
        const char *text;
        int64_t s;
    } rows[] = {{"1s", 1},    {"90s", 90},           {"15m", 900},
                {"2h", 7200}, {"366d", 366 * 86400}, {"1y", 365 * 86400}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const struct args args =
            good(ARGV(text("silence"), text("add"), text("--for"), text(rows[i].text)));
        assert_int_equal(args_int(&args, "for"), rows[i].s);
    }
    static const char *const wrong[] = {"0",
                                        "2y",
                                        "0s",
                                        "367d",
                                        "60",
                                        "",
                                        "h",
                                        "-1h",
                                        "+1h",
                                        " 1h",
                                        "1 h",
                                        "1h ",
                                        "1h30m",
                                        "1.5h",
                                        "0x1h",
                                        "1H",
                                        "9223372036854775807d",
                                        "99999999999999999999s"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        bad(ARGV(text("silence"), text("add"), text("--for"), text(wrong[i])),
            "--for is a time such as 90s, 15m, 2h or 7d, from 1s to 366d");
    }
    const struct args fallback = good(ARGV(text("endpoint"), text("add")));
    assert_int_equal(args_int(&fallback, "repeat"), 60);
    const struct args zero = good(ARGV(text("endpoint"), text("add"), text("--repeat=0")));
    assert_int_equal(args_int(&zero, "repeat"), 0);
}

static void mistakes_name_the_remedy(void **state) {
    (void)state;
    bad(ARGV(text("lst")), "Did you mean 'list");
    bad(ARGV(text("zzzzzzzz")), "See: tocsin --help");
    bad(ARGV(text("list")), "Which list?");
    bad(ARGV(text("list"), text("runs")), "list runs needs --project NAME");
    bad(ARGV(text("list"), text("runs"), text("--project")), "--project=NAME");
    bad(ARGV(text("list"), text("runs"), text("--project"), text("--json")), "--project=NAME");
    bad(ARGV(text("list"), text("runs"), text("--porject"), text("x")),
        "Did you mean '--project'?");
    bad(ARGV(text("list"), text("runs"), text("--project=x"), text("y")),
        "Unexpected argument 'y'");
    bad(ARGV(text("list"), text("runs"), text("--project=x"), text("--json=1")), "takes no value");
    bad(ARGV(text("list"), text("alerts"), text("--project=x"), text("--level=INFO")),
        "info|warn|error");
    bad(ARGV(text("list"), text("alerts"), text("--project=x"), text("--level=info|warn")),
        "info|warn|error");
    bad(ARGV(text("list"), text("alerts"), text("--project=x"), text("--level=")),
        "info|warn|error");
    bad(ARGV(text("--project"), text("x"), text("list"), text("runs")), "Unknown option --project");
    bad(ARGV(text("--")), "There is no command '--'");
    bad(ARGV(text("list"), text("projects"), text("--")), "Unexpected argument '--'");
}

static void numbers_are_whole_and_inside_their_bounds(void **state) {
    (void)state;
    static const char *const wrong[] = {"", " ", "1x", "0x10", "1.0", "9223372036854775808", "--1"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        char option[64];
        snprintf(option, sizeof option, "--step=%s", wrong[i]);
        bad(ARGV(text("get"), text("snapshot"), text("--project=p"), text("--run=r"), text(option)),
            "whole number");
    }
    bad(ARGV(text("get"), text("snapshot"), text("--project=p"), text("--run=r"),
             text("--rank=-1")),
        "from 0 to 2147483647");
}

static void absurdly_long_words_are_refused(void **state) {
    (void)state;
    char *word = malloc(100001);
    assert_non_null(word);
    memset(word, 'x', 100000);
    word[100000] = '\0';
    bad(ARGV(word), "There is no command");
    bad(ARGV(text("list"), word), "There is no command");
    memcpy(word, "--", 2);
    bad(ARGV(word), "Unknown option");
    bad(ARGV(text("list"), text("alerts"), text("--project=p"), text("--level"), word + 2),
        "--level is one of");
    free(word);
}

/* The table itself: what help, docs and parsing rely on. */
static void every_command_is_complete(void **state) {
    (void)state;
    for (const struct command *c = command_table; c->path != NULL; c++) {
        assert_non_null(c->line);
        assert_non_null(c->run);
        for (const struct command *other = c + 1; other->path != NULL; other++) {
            assert_string_not_equal(c->path, other->path);
        }
        for (const struct opt *o = c->opts; o != NULL && o->name != NULL; o++) {
            assert_non_null(o->help);
            assert_true((o->kind == OPT_FLAG) == (o->value == NULL));
            assert_false(o->required && o->fallback != NULL);
            for (const struct opt *global = command_globals; global->name != NULL; global++) {
                assert_string_not_equal(o->name, global->name);
            }
        }
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_come_in_both_forms_and_the_last_one_counts),
        cmocka_unit_test(fallbacks_fill_what_is_absent),
        cmocka_unit_test(global_options_stand_anywhere),
        cmocka_unit_test(zero_and_negative_steps_are_steps),
        cmocka_unit_test(help_needs_nothing_else),
        cmocka_unit_test(the_rest_belongs_to_the_command),
        cmocka_unit_test(ids_and_options_stand_in_any_order),
        cmocka_unit_test(durations_have_units_and_bounds),
        cmocka_unit_test(mistakes_name_the_remedy),
        cmocka_unit_test(numbers_are_whole_and_inside_their_bounds),
        cmocka_unit_test(absurdly_long_words_are_refused),
        cmocka_unit_test(every_command_is_complete),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
