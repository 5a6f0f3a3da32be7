/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "emitter/options.h"
#include "schema/wire/wire.h"

static struct tocsin_options options;
static struct settings settings;
static struct why why;

/* Each test begins with an empty environment but for a place where the collector would be. */
static int reset(void **state) {
    (void)state;
    clearenv();
    setenv("TOCSIN_RUNTIME_DIR", "/run/x", 1);
    options = (struct tocsin_options)TOCSIN_OPTIONS_INIT;
    options.project = "p";
    return 0;
}

static enum err resolve(void) {
    why.text[0] = '\0';
    return options_resolve(&options, &settings, &why);
}

static void assert_refused(enum err expected, const char *says) {
    assert_int_equal(resolve(), expected);
    if (strstr(why.text, says) == NULL) {
        fail_msg("\"%s\" does not say \"%s\"", why.text, says);
    }
}

static void only_a_project_is_needed(void **state) {
    (void)state;
    assert_int_equal(resolve(), ERR_OK);
    assert_string_equal(settings.project, "p");
    assert_string_equal(settings.endpoints, "ipc:///run/x/ingest.sock");
    assert_null(settings.name);
    assert_null(settings.group);
    assert_null(settings.config);
    assert_null(settings.run_id);
    assert_null(settings.ring_dir);
    assert_int_equal(settings.ring_bytes, OPTIONS_RING_BYTES_DEFAULT);
    assert_int_equal(settings.resume, TOCSIN_RESUME_NEVER);
    assert_int_equal(settings.rank, 0);
    assert_int_equal(settings.world_size, 1);
    assert_false(settings.quiet);
}

static void an_option_wins_over_the_environment_and_that_over_the_default(void **state) {
    (void)state;
    setenv("TOCSIN_ENDPOINT", "tcp://env:1", 1);
    setenv("TOCSIN_PROJECT", "env-project", 1);
    setenv("TOCSIN_RUN_NAME", "env-name", 1);
    setenv("TOCSIN_GROUP", "env-group", 1);
    setenv("TOCSIN_RUN_ID", "env-id", 1);
    setenv("TOCSIN_RING_DIR", "/env", 1);
    setenv("TOCSIN_RING_BYTES", "2097152", 1);
    setenv("TOCSIN_QUIET", "1", 1);
    options.project = NULL;
    assert_int_equal(resolve(), ERR_OK);
    assert_string_equal(settings.endpoints, "tcp://env:1");
    assert_string_equal(settings.project, "env-project");
    assert_string_equal(settings.name, "env-name");
    assert_string_equal(settings.group, "env-group");
    assert_string_equal(settings.run_id, "env-id");
    assert_string_equal(settings.ring_dir, "/env");
    assert_int_equal(settings.ring_bytes, 2097152);
    assert_true(settings.quiet);
    options = (struct tocsin_options){.size = sizeof options,
                                      .endpoints = "tcp://given:1",
                                      .project = "given-project",
                                      .name = "given-name",
                                      .group = "given-group",
                                      .run_id = "given-id",
                                      .ring_dir = "/given",
                                      .ring_bytes = 4194304,
                                      .rank = -1,
                                      .world_size = -1};
    assert_int_equal(resolve(), ERR_OK);
    assert_string_equal(settings.endpoints, "tcp://given:1");
    assert_string_equal(settings.project, "given-project");
    assert_string_equal(settings.name, "given-name");
    assert_string_equal(settings.group, "given-group");
    assert_string_equal(settings.run_id, "given-id");
    assert_string_equal(settings.ring_dir, "/given");
    assert_int_equal(settings.ring_bytes, 4194304);
}

static void an_empty_variable_is_not_set(void **state) {
    (void)state;
    setenv("TOCSIN_RUN_NAME", "", 1);
    setenv("TOCSIN_RING_BYTES", "", 1);
    setenv("TOCSIN_QUIET", "", 1);
    setenv("RANK", "", 1);
    assert_int_equal(resolve(), ERR_OK);
    assert_null(settings.name);
    assert_false(settings.quiet);
    setenv("TOCSIN_QUIET", "0", 1);
    assert_int_equal(resolve(), ERR_OK);
    assert_false(settings.quiet);
}

static void a_missing_or_empty_text_is_refused_with_what_to_do(void **state) {
    (void)state;
    options.project = NULL;
    assert_refused(ERR_VALUE, "set options.project or TOCSIN_PROJECT");
    options.project = "";
    assert_refused(ERR_VALUE, "the project is empty");
    options.project = "p";
    options.name = "";
    assert_refused(ERR_VALUE, "the run name is empty");
    options.name = NULL;
    options.run_id = ""; /* would join all runs that have none */
    assert_refused(ERR_VALUE, "the run id is empty");
    options.run_id = NULL;
    options.ring_dir = "";
    assert_refused(ERR_VALUE, "the ring directory is empty");
    options.ring_dir = NULL;
    options.group = ""; /* the same as none */
    assert_int_equal(resolve(), ERR_OK);
}

static void a_bad_text_is_refused_by_name(void **state) {
    (void)state;
    char name[WIRE_NAME_BYTES_MAX + 2];
    memset(name, 'x', sizeof name);
    name[sizeof name - 1] = '\0';
    options.project = name;
    assert_refused(ERR_TOO_LONG, "the project is longer than 255 bytes");
    name[sizeof name - 2] = '\0';
    assert_int_equal(resolve(), ERR_OK);
    options.group = "\xc3(";
    assert_refused(ERR_UTF8, "the group is not UTF-8");
    options.group = NULL;
    setenv("TOCSIN_RUN_NAME", "\xff", 1);
    assert_refused(ERR_UTF8, "the run name is not UTF-8");
}

static void a_config_has_a_limit(void **state) {
    (void)state;
    char *config = malloc(WIRE_CONFIG_BYTES_MAX + 2);
    assert_non_null(config);
    memset(config, ' ', WIRE_CONFIG_BYTES_MAX + 1);
    config[WIRE_CONFIG_BYTES_MAX + 1] = '\0';
    options.config = config;
    assert_refused(ERR_TOO_LONG, "the config is longer than 262144 bytes");
    config[WIRE_CONFIG_BYTES_MAX] = '\0';
    assert_int_equal(resolve(), ERR_OK);
    free(config);
}

static void resume_is_checked(void **state) {
    (void)state;
    options.resume = TOCSIN_RESUME_MUST;
    assert_refused(ERR_CONFIG, "needs the name of the run");
    options.name = "n";
    assert_int_equal(resolve(), ERR_OK);
    options.resume = (enum tocsin_resume)3;
    assert_refused(ERR_CONFIG, "never, allow, must");
}

static void system_metrics_are_logged_where_it_is_said(void **state) {
    (void)state;
    assert_int_equal(resolve(), ERR_OK);
    assert_int_equal(settings.gpu_interval_ns, 0);
    assert_int_equal(settings.cpu_interval_ns, 0);
    setenv("TOCSIN_AUTO_LOG_GPU", "1", 1);
    setenv("TOCSIN_AUTO_LOG_CPU", "0", 1);
    assert_int_equal(resolve(), ERR_OK);
    assert_int_equal(settings.gpu_interval_ns, INT64_C(10000000000));
    assert_int_equal(settings.cpu_interval_ns, 0);
    options.auto_log_gpu = 0;
    options.auto_log_cpu = 1;
    options.cpu_log_interval_s = 0.25;
    assert_int_equal(resolve(), ERR_OK);
    assert_int_equal(settings.gpu_interval_ns, 0);
    assert_int_equal(settings.cpu_interval_ns, 250000000);
    options.size = offsetof(struct tocsin_options, auto_log_gpu); /* an older program's */
    assert_int_equal(resolve(), ERR_OK);
    assert_int_equal(settings.gpu_interval_ns, INT64_C(10000000000));
    assert_int_equal(settings.cpu_interval_ns, 0);
    setenv("TOCSIN_AUTO_LOG_GPU", "yes", 1);
    assert_refused(ERR_CONFIG, "TOCSIN_AUTO_LOG_GPU is \"yes\"");
}

static void an_interval_has_limits(void **state) {
    (void)state;
    const double bad[] = {0.09, -1, 86401, 1e300, (double)INFINITY, (double)NAN};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        options.gpu_log_interval_s = bad[i];
        assert_refused(ERR_CONFIG, "gpu_log_interval_s must be from 0.1 to 86400");
    }
}

/* The first variable that is a number decides. */
static void the_local_rank_is_the_launchers(void **state) {
    (void)state;
    assert_int_equal(resolve(), ERR_OK);
    assert_int_equal(settings.local_rank, -1);
    setenv("SLURM_LOCALID", "0", 1);
    assert_int_equal(resolve(), ERR_OK);
    assert_int_equal(settings.local_rank, 0);
    setenv("MPI_LOCALRANKID", "2", 1);
    assert_int_equal(resolve(), ERR_OK);
    assert_int_equal(settings.local_rank, 2);
    setenv("OMPI_COMM_WORLD_LOCAL_RANK", "3", 1);
    assert_int_equal(resolve(), ERR_OK);
    assert_int_equal(settings.local_rank, 3);
    setenv("LOCAL_RANK", "first", 1);
    assert_int_equal(resolve(), ERR_OK);
    assert_int_equal(settings.local_rank, 3);
    setenv("LOCAL_RANK", "1", 1);
    assert_int_equal(resolve(), ERR_OK);
    assert_int_equal(settings.local_rank, 1);
}

static void the_ring_is_a_power_of_two_within_limits(void **state) {
    (void)state;
    options.ring_bytes = OPTIONS_RING_BYTES_MIN + 1;
    assert_int_equal(resolve(), ERR_OK);
    assert_int_equal(settings.ring_bytes, 2 * OPTIONS_RING_BYTES_MIN);
    options.ring_bytes = OPTIONS_RING_BYTES_MAX;
    assert_int_equal(resolve(), ERR_OK);
    assert_int_equal(settings.ring_bytes, OPTIONS_RING_BYTES_MAX);
    const uint64_t bad[] = {1, OPTIONS_RING_BYTES_MIN - 1, (uint64_t)OPTIONS_RING_BYTES_MAX + 1,
                            UINT64_MAX};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        options.ring_bytes = bad[i];
        assert_refused(ERR_CONFIG, "TOCSIN_RING_BYTES must be from 1048576 to 1073741824");
    }
    options.ring_bytes = 0;
    setenv("TOCSIN_RING_BYTES", "8M", 1);
    assert_refused(ERR_CONFIG, "TOCSIN_RING_BYTES is \"8M\"");
}

/* Each row: what a launcher sets, and what comes of it. Later rows of one launcher may lack the
 * size: then the world is at least as large as the rank says. */
static void every_launcher_tells_rank_and_world_size(void **state) {
    static const struct {
        const char *rank, *world_size;
    } launchers[] = {
        {"TOCSIN_RANK", "TOCSIN_WORLD_SIZE"},
        {"RANK", "WORLD_SIZE"},
        {"SLURM_PROCID", "SLURM_NTASKS"},
        {"OMPI_COMM_WORLD_RANK", "OMPI_COMM_WORLD_SIZE"},
        {"PMIX_RANK", "PMIX_SIZE"},
        {"PMI_RANK", "PMI_SIZE"},
        {"JOB_COMPLETION_INDEX", "JOB_COMPLETIONS"},
    };
    const size_t n = sizeof launchers / sizeof launchers[0];
    for (size_t i = 0; i < n; i++) {
        reset(state);
        setenv(launchers[i].rank, "3", 1);
        assert_int_equal(resolve(), ERR_OK);
        assert_int_equal(settings.rank, 3);
        assert_int_equal(settings.world_size, 4);
        setenv(launchers[i].world_size, "8", 1);
        for (size_t later = i + 1; later < n; later++) { /* the first one decides both */
            setenv(launchers[later].rank, "5", 1);
            setenv(launchers[later].world_size, "6", 1);
        }
        assert_int_equal(resolve(), ERR_OK);
        assert_int_equal(settings.rank, 3);
        assert_int_equal(settings.world_size, 8);
    }
}

static void an_option_wins_over_the_launcher(void **state) {
    (void)state;
    setenv("RANK", "3", 1);
    setenv("WORLD_SIZE", "8", 1);
    options.rank = 5;
    assert_int_equal(resolve(), ERR_OK);
    assert_int_equal(settings.rank, 5);
    assert_int_equal(settings.world_size, 8);
    options.world_size = 6;
    assert_int_equal(resolve(), ERR_OK);
    assert_int_equal(settings.world_size, 6);
    setenv("RANK", "junk", 1); /* not asked */
    assert_int_equal(resolve(), ERR_OK);
}

static void an_impossible_rank_is_refused(void **state) {
    (void)state;
    static const char *const bad[] = {"-1", "x", "3x", "1.5", "99999999999999999999", "1048576"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        setenv("RANK", bad[i], 1);
        assert_refused(ERR_CONFIG, "RANK is \"");
    }
    setenv("RANK", "4", 1);
    setenv("WORLD_SIZE", "4", 1);
    assert_refused(ERR_CONFIG, "rank 4 of a world of 4");
    unsetenv("RANK");
    unsetenv("WORLD_SIZE");
    options.world_size = 0;
    assert_refused(ERR_CONFIG, "rank 0 of a world of 0");
    options.world_size = (int64_t)WIRE_WORLD_SIZE_MAX + 1;
    assert_refused(ERR_CONFIG, "is not possible");
    options.world_size = -1;
    options.rank = INT64_MAX;
    assert_refused(ERR_CONFIG, "is not possible");
}

/* A program built against a header of another version: fields that it does not have are defaults,
 * fields that we do not know are not read. */
static void a_shorter_or_longer_struct_is_understood(void **state) {
    (void)state;
    struct {
        struct tocsin_options known;
        char unknown[64];
    } longer = {.known = options, .unknown = "from the future"};
    options.rank = 7;
    options.quiet = true;
    options.size = offsetof(struct tocsin_options, rank);
    assert_int_equal(resolve(), ERR_OK);
    assert_int_equal(settings.rank, 0);
    assert_false(settings.quiet);
    longer.known.size = sizeof longer;
    assert_int_equal(options_resolve(&longer.known, &settings, &why), ERR_OK);
}

static void keys_come_as_a_pair_of_settings(void **state) {
    (void)state;
    static const char key[] = "Yne@$w-vo<fVvi]a<NY6T1ed:M$fCG*[IaLV{hID";
    assert_int_equal(resolve(), ERR_OK);
    assert_null(settings.server_key);
    setenv("TOCSIN_SERVER_KEY", key, 1);
    assert_refused(ERR_CONFIG, "go together");
    setenv("TOCSIN_KEY_FILE", "/k", 1);
    assert_int_equal(resolve(), ERR_OK);
    assert_string_equal(settings.server_key, key);
    assert_string_equal(settings.key_file, "/k");
    options.key_file = "/given";
    assert_int_equal(resolve(), ERR_OK);
    assert_string_equal(settings.key_file, "/given");
    options.server_key = "Yne@$w-vo<fVvi]a<NY6T1ed:M$fCG*[IaLV{hI";
    assert_refused(ERR_CONFIG, "TOCSIN_SERVER_KEY is not a key");
    unsetenv("TOCSIN_SERVER_KEY");
    options.server_key = NULL;
    assert_refused(ERR_CONFIG, "go together");
}

static void a_webhook_comes_from_the_option_or_from_four_variables(void **state) {
    (void)state;
    assert_int_equal(resolve(), ERR_OK);
    assert_string_equal(settings.webhook.url, "");
    assert_int_equal(settings.webhook.min_level, TOCSIN_INFO);
    setenv("TRACKIO_WEBHOOK_URL", "https://trackio/x", 1);
    setenv("TRACKIO_WEBHOOK_MIN_LEVEL", " WARN\n", 1); /* as Trackio takes it */
    assert_int_equal(resolve(), ERR_OK);
    assert_string_equal(settings.webhook.url, "https://trackio/x");
    assert_int_equal(settings.webhook.min_level, TOCSIN_WARN);
    setenv("TOCSIN_WEBHOOK_URL", "http://own/x", 1);
    setenv("TOCSIN_WEBHOOK_MIN_LEVEL", "error", 1);
    assert_int_equal(resolve(), ERR_OK);
    assert_string_equal(settings.webhook.url, "http://own/x");
    assert_int_equal(settings.webhook.min_level, TOCSIN_ERROR);
    options.webhook_url = "https://given/x";
    options.webhook_min_level = "info";
    assert_int_equal(resolve(), ERR_OK);
    assert_string_equal(settings.webhook.url, "https://given/x");
    assert_int_equal(settings.webhook.min_level, TOCSIN_INFO);
    options.webhook_url = "";
    assert_int_equal(resolve(), ERR_OK);
    assert_string_equal(settings.webhook.url, "");
}

static void assert_webhook_refused(const char *says) {
    assert_refused(ERR_CONFIG, says);
    assert_null(strstr(why.text, "canary"));
}

static void a_bad_webhook_is_refused_and_not_repeated(void **state) {
    (void)state;
    char url[WIRE_URL_BYTES_MAX + 2];
    memset(url, 'x', sizeof url);
    memcpy(url, "https://canary/", 15);
    url[sizeof url - 1] = '\0';
    options.webhook_url = url;
    assert_webhook_refused("the webhook URL is longer than 2048 bytes");
    url[sizeof url - 2] = '\0';
    assert_int_equal(resolve(), ERR_OK);
    assert_string_equal(settings.webhook.url, url);
    options.webhook_url = "https://canary/\xff";
    assert_webhook_refused("the webhook URL is not UTF-8");
    static const char *const bad[] = {"canary", "ftp://canary", "https:/canary", "//canary",
                                      " https://canary"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        options.webhook_url = NULL;
        setenv("TRACKIO_WEBHOOK_URL", bad[i], 1);
        assert_webhook_refused("does not begin with https:// or http://");
        options.webhook_url = bad[i];
        assert_webhook_refused("does not begin with https:// or http://");
    }
}

static void a_bad_minimum_level_is_refused(void **state) {
    (void)state;
    static const char *const bad[] = {"fatal", "canary", "warn error", "warning", "2", " "};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        options.webhook_min_level = bad[i];
        assert_webhook_refused("is not one of info, warn, error");
    }
    options.webhook_min_level = NULL;
    setenv("TRACKIO_WEBHOOK_MIN_LEVEL", "https://canary/x", 1);
    assert_webhook_refused("is not one of info, warn, error");
}

/* The fields came with a later version than the others. */
static void a_program_that_knows_no_webhook_may_have_one_in_its_environment(void **state) {
    (void)state;
    options.webhook_url = "https://not read/x";
    options.size = offsetof(struct tocsin_options, webhook_url);
    setenv("TOCSIN_WEBHOOK_URL", "https://environment/x", 1);
    assert_int_equal(resolve(), ERR_OK);
    assert_string_equal(settings.webhook.url, "https://environment/x");
}

#define TEST(f) cmocka_unit_test_setup(f, reset)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(only_a_project_is_needed),
        TEST(an_option_wins_over_the_environment_and_that_over_the_default),
        TEST(an_empty_variable_is_not_set),
        TEST(a_missing_or_empty_text_is_refused_with_what_to_do),
        TEST(a_bad_text_is_refused_by_name),
        TEST(a_config_has_a_limit),
        TEST(resume_is_checked),
        TEST(system_metrics_are_logged_where_it_is_said),
        TEST(an_interval_has_limits),
        TEST(the_local_rank_is_the_launchers),
        TEST(the_ring_is_a_power_of_two_within_limits),
        TEST(every_launcher_tells_rank_and_world_size),
        TEST(an_option_wins_over_the_launcher),
        TEST(keys_come_as_a_pair_of_settings),
        TEST(an_impossible_rank_is_refused),
        TEST(a_webhook_comes_from_the_option_or_from_four_variables),
        TEST(a_bad_webhook_is_refused_and_not_repeated),
        TEST(a_bad_minimum_level_is_refused),
        TEST(a_program_that_knows_no_webhook_may_have_one_in_its_environment),
        TEST(a_shorter_or_longer_struct_is_understood),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
