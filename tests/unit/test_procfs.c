/* SPDX-License-Identifier: Apache-2.0 */
/* System metrics out of recorded files of the kernel, good ones and bad ones. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <ftw.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "emitter/procfs.h"
#include "emitter/proctext.h"
#include "schema/wire/clock.h"

static char root[64];
static struct sample *sample;
static atomic_bool cancel;

static void put_bytes(const char *path, const char *bytes, size_t n) {
    char full[512];
    snprintf(full, sizeof full, "%s%s", root, path);
    for (char *slash = strchr(full + strlen(root) + 1, '/'); slash != NULL;
         slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        mkdir(full, 0700);
        *slash = '/';
    }
    const int fd = open(full, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, bytes, n), (ssize_t)n);
    close(fd);
}

static void put(const char *path, const char *text) {
    put_bytes(path, text, strlen(text));
}

/* A machine of two CPUs, as it is first. */
static void make_first(void) {
    put("/proc/stat", "cpu  1000 0 500 8000 500 0 0 0 0 0\n"
                      "cpu0 600 0 200 4000 200 0 0 0 0 0\n"
                      "cpu1 400 0 300 4000 300 0 0 0 0 0\n"
                      "intr 66071822 0 0\nctxt 1\n");
    put("/proc/meminfo", "MemTotal:       16777216 kB\nMemFree:         1000000 kB\n"
                         "MemAvailable:   12582912 kB\nSwapTotal:       4194304 kB\n"
                         "SwapFree:        3145728 kB\n");
    put("/proc/diskstats", "   7       0 loop0 9 0 999999 1 9 0 999999 1 0 0 0\n"
                           " 259       0 nvme0n1 100 0 2048 1 200 0 4096 1 0 0 0 0 0 0 0 0 0\n"
                           " 259       1 nvme0n1p1 90 0 2000 1 190 0 4000 1 0 0 0\n"
                           "   8       0 sda 10 0 0 1 20 0 0 1 0 0 0\n");
    put("/sys/block/loop0/size", "1\n");
    put("/sys/block/nvme0n1/device/model", "x\n");
    put("/sys/block/sda/device/model", "x\n");
    put("/proc/net/dev",
        "Inter-|   Receive                                                |  Transmit\n"
        " face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs\n"
        "    lo: 5000000 1 0 0 0 0 0 0 5000000 1 0 0 0 0 0 0\n"
        "  eth0: 1073741824 1 0 0 0 0 0 0 2147483648 1 0 0 0 0 0 0\n"
        "eth1:1 1 0 0 0 0 0 0 2 1 0 0 0 0 0 0\n");
}

static int make(void **state) {
    (void)state;
    strcpy(root, "/tmp/tocsin-unit-XXXXXX");
    assert_non_null(mkdtemp(root));
    make_first();
    put("/proc/self/cgroup", "0::/\n");
    cancel = false;
    sample = sample_new();
    assert_non_null(sample);
    return 0;
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw) {
    (void)st;
    (void)type;
    (void)ftw;
    return remove(path);
}

static int drop(void **state) {
    (void)state;
    sample_free(sample);
    return nftw(root, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

/* The same machine somewhat later. */
static void let_time_pass(void) {
    put("/proc/stat", "cpu  1300 0 500 8600 600 0 0 0 0 0\n"
                      "cpu0 900 0 200 4000 200 0 0 0 0 0\n"
                      "cpu1 400 0 300 4600 400 0 0 0 0 0\n");
    put("/proc/diskstats", " 259       0 nvme0n1 150 0 4096 1 300 0 12288 1 0 0 0 0 0 0 0 0 0\n"
                           "   8       0 sda 10 0 0 1 20 0 0 1 0 0 0\n");
    put("/proc/net/dev", "Inter-|\n face |\n"
                         "  eth0: 1074790400 1 0 0 0 0 0 0 2150629376 1 0 0 0 0 0 0\n"
                         "eth1:1 1 0 0 0 0 0 0 2 1 0 0 0 0 0 0\n");
}

static double value_of(const char *name) {
    for (size_t i = 0; i < sample->n; i++) {
        if (strcmp(sample->names[i], name) == 0) {
            return sample->values[i];
        }
    }
    return NAN;
}

static void assert_value(const char *name, double expected) {
    const double value = value_of(name);
    if (!(value > expected - 1e-6 && value < expected + 1e-6)) {
        fail_msg("%s is %g, not %g", name, value, expected);
    }
}

static void assert_unknown(const char *name) {
    if (!isnan(value_of(name))) {
        fail_msg("%s is %g", name, value_of(name));
    }
}

static void read_it(struct procfs *procfs) {
    sample_begin(sample);
    procfs_read(procfs, &cancel, sample);
}

/* From the first picture to the second one; how long that took. */
static double read_later(void (*change)(void)) {
    struct procfs *procfs = procfs_open(root);
    assert_non_null(procfs);
    const int64_t begin_ns = clock_mono_ns();
    change();
    read_it(procfs);
    const double elapsed_s = (double)(clock_mono_ns() - begin_ns) / 1e9;
    procfs_close(procfs);
    return elapsed_s;
}

static void levels_are_those_of_the_files(void **state) {
    (void)state;
    read_later(let_time_pass);
    assert_value("cpu/utilization", 30);
    assert_value("cpu/0/utilization", 100);
    assert_value("cpu/1/utilization", 0);
    assert_value("cpu/count_logical", 2);
    assert_value("memory/total", 16);
    assert_value("memory/available", 12);
    assert_value("memory/used", 4);
    assert_value("memory/percent", 25);
    assert_value("swap/total", 4);
    assert_value("swap/used", 1);
    assert_value("swap/percent", 25);
    assert_value("disk/read_bytes",
                 4096 * 512.0 / 1073741824); /* loops and partitions: not again */
    assert_value("disk/write_bytes", 12288 * 512.0 / 1073741824);
    assert_value("network/recv_bytes", 1074790401 / 1073741824.0); /* without lo */
    assert_value("network/sent_bytes", 2150629378 / 1073741824.0);
    assert_unknown("cpu/frequency");
    assert_unknown("cpu/count_physical");
}

/* The time between is that of the test: bounded on both sides. */
static void rates_are_means_over_the_time_between(void **state) {
    (void)state;
    static const struct {
        const char *name;
        double delta;
    } rates[] = {
        {"disk/read_mb_per_sec", 1}, {"disk/write_mb_per_sec", 4},   {"disk/read_iops", 50},
        {"disk/write_iops", 100},    {"network/recv_mb_per_sec", 1}, {"network/sent_mb_per_sec", 3},
    };
    const double elapsed_s = read_later(let_time_pass);
    for (size_t i = 0; i < sizeof rates / sizeof rates[0]; i++) {
        const double value = value_of(rates[i].name);
        if (!(value >= rates[i].delta / elapsed_s * 0.9 && value <= rates[i].delta / 0.1)) {
            fail_msg("%s is %g after %g s", rates[i].name, value, elapsed_s);
        }
    }
}

static void go_back(void) {
    put("/proc/stat", "cpu  1 0 1 1 1 0 0 0 0 0\ncpu0 1 0 1 1 1 0 0 0 0 0\n");
    put("/proc/diskstats", " 259 0 nvme0n1 1 0 1 1 1 0 1 1 0 0 0\n");
    put("/proc/net/dev", "  eth0: 1 1 0 0 0 0 0 0 1 1 0 0 0 0 0 0\n");
}

static void counters_that_wrapped_give_no_rates(void **state) {
    (void)state;
    read_later(go_back);
    assert_unknown("cpu/utilization");
    assert_unknown("cpu/0/utilization");
    assert_unknown("disk/read_mb_per_sec");
    assert_unknown("network/sent_mb_per_sec");
    assert_value("disk/read_bytes", 512.0 / 1073741824);
    assert_value("memory/total", 16);
}

static void stand_still(void) {
}

static void time_that_stands_still_gives_no_utilization(void **state) {
    (void)state;
    read_later(stand_still);
    assert_unknown("cpu/utilization");
    assert_value("disk/read_iops", 0);
}

/* Control groups */

static void limit(void) {
    put("/proc/self/cgroup", "1:cpu:/x\n0::/jobs/7\n");
    put("/sys/fs/cgroup/jobs/memory.max", "4294967296\n");
    put("/sys/fs/cgroup/jobs/memory.current", "3221225472\n");
    put("/sys/fs/cgroup/jobs/memory.stat", "anon 1\ninactive_file 1073741824\n");
    put("/sys/fs/cgroup/jobs/7/memory.max", "max\n");
    put("/sys/fs/cgroup/jobs/7/memory.current", "1\n");
    put("/sys/fs/cgroup/jobs/7/memory.swap.max", "0\n");
    put("/sys/fs/cgroup/jobs/7/memory.swap.current", "0\n");
    put("/sys/fs/cgroup/jobs/cpu.max", "max 100000\n");
    put("/sys/fs/cgroup/jobs/7/cpu.max", "50000 100000\n");
    put("/sys/fs/cgroup/jobs/7/cpu.stat", "usage_usec 1000000\nuser_usec 1\n");
}

static void use_half_a_cpu_for_ever(void) {
    put("/sys/fs/cgroup/jobs/7/cpu.stat", "usage_usec 3601000000\n");
}

static void use_a_millisecond(void) {
    put("/sys/fs/cgroup/jobs/7/cpu.stat", "usage_usec 1001000\n");
}

static void a_control_group_leaves_less(void **state) {
    (void)state;
    limit();
    read_later(use_half_a_cpu_for_ever);
    assert_value("memory/total", 4);
    assert_value("memory/used", 2);
    assert_value("memory/available", 2);
    assert_value("memory/percent", 50);
    assert_value("swap/total", 0);
    assert_value("swap/percent", 0);
    assert_value("cpu/utilization", 100);
    assert_value("cpu/count_logical", 2);
    read_later(use_a_millisecond);
    assert_unknown("cpu/utilization"); /* less than before */
    limit();
    read_later(use_a_millisecond);
    assert_true(value_of("cpu/utilization") > 0 && value_of("cpu/utilization") <= 2);
}

static void a_limit_above_the_machine_is_none(void **state) {
    (void)state;
    limit();
    put("/sys/fs/cgroup/jobs/memory.max", "9223372036854771712\n");
    put("/sys/fs/cgroup/jobs/7/cpu.max", "800000 100000\n");
    read_later(let_time_pass);
    assert_value("memory/total", 16);
    assert_value("cpu/utilization", 30);
}

static void limits_that_make_no_sense_are_none(void **state) {
    (void)state;
    static const char *const bad[] = {"",    "-1\n",       "99999999999999999999999 1\n",
                                      "max", "\xff\xfe\n", " \n"};
    limit();
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        put("/sys/fs/cgroup/jobs/7/cpu.max", bad[i]);
        put("/sys/fs/cgroup/jobs/memory.max", bad[i]);
        make_first();
        read_later(let_time_pass);
        assert_value("memory/total", 16);
        assert_value("cpu/utilization", 30);
    }
    make_first();
    put("/proc/self/cgroup", "0::/../../etc\n");
    read_later(let_time_pass);
    assert_value("memory/total", 16);
}

/* Bad files */

static void empty_everything(void) {
    static const char *const paths[] = {"/proc/stat", "/proc/meminfo", "/proc/diskstats",
                                        "/proc/net/dev"};
    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
        put(paths[i], "");
    }
}

static void files_that_are_empty_or_gone_say_nothing(void **state) {
    (void)state;
    read_later(empty_everything);
    assert_false(sample_is_known(sample));
    strcat(root, "/nowhere");
    struct procfs *procfs = procfs_open(root);
    assert_non_null(procfs);
    read_it(procfs);
    assert_false(sample_is_known(sample));
    procfs_close(procfs);
    root[strlen(root) - strlen("/nowhere")] = '\0';
}

/* Every file cut after each of its bytes: what is known is what stood in whole lines. */
static void a_cut_file_tells_no_cut_numbers(void **state) {
    (void)state;
    static const char text[] = "MemTotal:       16777216 kB\nMemAvailable:   12582912 kB\n"
                               "SwapTotal:       4194304 kB\nSwapFree:        3145728 kB\n";
    static struct proctext files;
    files.root = root;
    for (size_t n = 0; n <= sizeof text - 1; n++) {
        uint64_t v = 0;
        put_bytes("/proc/meminfo", text, n);
        const char *const end = strstr(text, "SwapTotal:");
        const bool whole = n > (size_t)(strchr(end, '\n') - text);
        assert_int_equal(proctext_field(&files, "/proc/meminfo", "SwapTotal:", &v), whole);
        assert_int_equal(v, whole ? 4194304 : 0);
    }
}

static void put_nonsense(void) {
    static const char huge[] = "99999999999999999999999999999999";
    char text[2048];
    snprintf(text, sizeof text,
             "cpu  %s 0 1 1 1\ncpu0\ncpu99999999999 1 1 1 1\ncpux 1 1 1 1\n"
             "cpu1 18446744073709551615 18446744073709551615 1 18446744073709551615 1\ncpu\n",
             huge);
    put("/proc/stat", text);
    snprintf(text, sizeof text, "MemTotal: %s kB\nMemAvailable: 1 kB\nSwapTotal: 1\nSwapFree: 2\n",
             huge);
    put("/proc/meminfo", text);
    snprintf(text, sizeof text,
             " 259 0 nvme0n1 %s 0 1 1 1 0 1 1\n 1 1 ../../etc 1 1 1 1 1 1 1 1\n 8 0 sda 1 2\n"
             "\n 1\n -1 0 sda 1 1 1 1 1 1 1\n 8 0  \n",
             huge);
    put("/proc/diskstats", text);
    snprintf(text, sizeof text, "::::\n:\neth0: -5 1\neth1: %s 1 1 1 1 1 1 1 1\n\xff\xfe: 1 2 3\n",
             huge);
    put("/proc/net/dev", text);
}

static void nonsense_says_nothing(void **state) {
    (void)state;
    read_later(put_nonsense);
    assert_unknown("cpu/utilization");
    assert_unknown("memory/total");
    assert_unknown("disk/read_bytes");
    assert_unknown("network/recv_bytes");
}

static void total_below_available(void) {
    put("/proc/meminfo", "MemTotal: 1 kB\nMemAvailable: 2 kB\nSwapTotal: 1 kB\nSwapFree: 1 kB\n");
}

static void memory_that_contradicts_itself_says_nothing(void **state) {
    (void)state;
    read_later(total_below_available);
    assert_unknown("memory/used");
}

static void put_cpus(unsigned n, unsigned long long busy) {
    char *text = malloc(64 * ((size_t)n + 2));
    size_t at = (size_t)sprintf(text, "cpu  %llu 0 0 100 0 0 0 0 0 0\n", busy);
    for (unsigned i = 0; i < n; i++) {
        at += (size_t)sprintf(text + at, "cpu%u %llu 0 0 100 0 0 0 0 0 0\n", i, busy);
    }
    put("/proc/stat", text);
    free(text);
}

static void make_busy(void) {
    put_cpus(2000, 200);
}

static void there_may_be_many_cpus(void **state) {
    (void)state;
    put_cpus(2000, 100);
    read_later(make_busy);
    assert_value("cpu/1023/utilization", 100);
    assert_unknown("cpu/1024/utilization");
    assert_value("cpu/count_logical", PROCFS_CPUS_MAX);
    assert_value("memory/total", 16);
    assert_value("network/recv_bytes", 1073741825 / 1073741824.0);
}

static void a_file_may_be_longer_than_is_read(void **state) {
    (void)state;
    const size_t n = 2 * (size_t)PROCTEXT_BYTES;
    char *text = malloc(n);
    memset(text, '7', n);
    memcpy(text, "MemTotal: 1 kB\nMemAvailable: ", 29);
    put_bytes("/proc/meminfo", text, n);
    free(text);
    read_later(let_time_pass);
    assert_unknown("memory/total");
    assert_value("cpu/utilization", 30);
}

/* Hardware */

static void put_hardware(void) {
    static const char *const siblings[] = {"0-1\n", "0-1\n", "2,3\n", "2,3\n", "\n"};
    char path[128];
    for (unsigned i = 0; i < 5; i++) {
        snprintf(path, sizeof path, "/sys/devices/system/cpu/cpu%u/topology/thread_siblings_list",
                 i);
        put(path, siblings[i]);
    }
    put("/sys/devices/system/cpu/cpufreq/policy0/scaling_cur_freq", "2000000\n");
    put("/sys/devices/system/cpu/cpufreq/policy0/cpuinfo_max_freq", "3500000\n");
    put("/sys/devices/system/cpu/cpufreq/policy2/scaling_cur_freq", "3000000\n");
    put("/sys/devices/system/cpu/cpufreq/policy2/cpuinfo_max_freq", "4000000\n");
    put("/sys/class/hwmon/hwmon0/name", "coretemp\n");
    put("/sys/class/hwmon/hwmon0/temp1_input", "54000\n");
    put("/sys/class/hwmon/hwmon0/temp1_label", "Package id 0\n");
    put("/sys/class/hwmon/hwmon0/temp2_input", "-2500\n");
    put("/sys/class/hwmon/hwmon1/name", "nvme\n");
    put("/sys/class/hwmon/hwmon1/temp1_input", "41850\n");
    put("/sys/class/hwmon/hwmon1/temp2_input", "garbage\n");
    put("/sys/class/hwmon/hwmon2/temp1_input", "1000\n"); /* nobody knows what it is */
    put("/sys/class/hwmon/hwmon3/temp1_input", "1000\n");
    put("/sys/class/hwmon/hwmon3/temp1_label", "\xff\n");
}

static void hardware_is_what_the_kernel_says(void **state) {
    (void)state;
    put_hardware();
    read_later(let_time_pass);
    assert_value("cpu/count_physical", 2);
    assert_value("cpu/frequency", 2500);
    assert_value("cpu/frequency_max", 4000);
    assert_value("temp/Package id 0", 54);
    assert_value("temp/coretemp_1", -2.5);
    assert_value("temp/nvme_0", 41.85);
    assert_unknown("temp/nvme_1");
    assert_unknown("temp/\xff");
}

static void clocks_of_a_virtual_machine_are_in_cpuinfo(void **state) {
    (void)state;
    put("/proc/cpuinfo",
        "processor\t: 0\ncpu MHz\t\t: 2100.5\n\nprocessor\t: 1\ncpu MHz\t\t: 2300.1\n"
        "cpu MHz\ncpu MHz : x\n");
    read_later(let_time_pass);
    assert_value("cpu/frequency", 2200);
    assert_unknown("cpu/frequency_max");
}

static void cancel_it(void) {
    cancel = true;
}

static void a_cancelled_reading_ends(void **state) {
    (void)state;
    read_later(cancel_it);
    assert_false(sample_is_known(sample));
}

static void this_machine_can_be_read(void **state) {
    (void)state;
    struct procfs *procfs = procfs_open("");
    assert_non_null(procfs);
    read_it(procfs);
    assert_true(value_of("memory/total") > 0);
    assert_true(value_of("cpu/count_logical") >= 1);
    assert_in_range((int)value_of("cpu/utilization"), 0, 100);
    procfs_close(procfs);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make, drop)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(levels_are_those_of_the_files),
        TEST(rates_are_means_over_the_time_between),
        TEST(counters_that_wrapped_give_no_rates),
        TEST(time_that_stands_still_gives_no_utilization),
        TEST(a_control_group_leaves_less),
        TEST(a_limit_above_the_machine_is_none),
        TEST(limits_that_make_no_sense_are_none),
        TEST(files_that_are_empty_or_gone_say_nothing),
        TEST(a_cut_file_tells_no_cut_numbers),
        TEST(nonsense_says_nothing),
        TEST(memory_that_contradicts_itself_says_nothing),
        TEST(there_may_be_many_cpus),
        TEST(a_file_may_be_longer_than_is_read),
        TEST(hardware_is_what_the_kernel_says),
        TEST(clocks_of_a_virtual_machine_are_in_cpuinfo),
        TEST(a_cancelled_reading_ends),
        TEST(this_machine_can_be_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
