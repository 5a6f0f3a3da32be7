/* SPDX-License-Identifier: Apache-2.0 */
#include "emitter/sysfs.h"

#include <dirent.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "schema/wire/place.h"
#include "schema/wire/wire.h"

#define KHZ_PER_MHZ 1000.0
#define MILLI       1000.0
#define CHIPS_MAX   64
#define CHIP_INPUTS 32
#define CPUS_MAX    1024
#define PATH_BYTES  128
#define LABEL_BYTES (WIRE_NAME_BYTES_MAX - 16)

struct sensor {
    char path[PATH_BYTES];
    char label[LABEL_BYTES];
};

struct sysfs {
    size_t clocks_n;
    unsigned clocks[SYSFS_CLOCKS_MAX]; /* numbers of cpufreq policies */
    double max_mhz;                    /* NaN: not known */
    double cores;
    size_t sensors_n;
    struct sensor sensors[SYSFS_SENSORS_MAX];
};

/* The numbers of entries "prefix<number>" of a directory, in no order; at most max. */
static size_t list_numbers(const struct proctext *text, const char *dir, const char *prefix,
                           size_t max, unsigned *out) {
    char path[PLACE_PATH_BYTES_MAX];
    const size_t len = strlen(prefix);
    size_t n = 0;
    snprintf(path, sizeof path, "%s%s", text->root, dir);
    DIR *handle = opendir(path);
    if (handle == NULL) {
        return 0;
    }
    for (struct dirent *e = readdir(handle); e != NULL && n < max; e = readdir(handle)) {
        const char *at = e->d_name + len;
        uint64_t number;
        if (strncmp(e->d_name, prefix, len) == 0 && proctext_take(&at, &number) && *at == '\0' &&
            number <= 100000) {
            out[n++] = (unsigned)number;
        }
    }
    closedir(handle);
    return n;
}

/* Of CPUs that share a core the lowest stands first in the core's list. NaN: none said so. */
static double count_cores(struct proctext *text) {
    unsigned cpus[CPUS_MAX];
    const size_t n = list_numbers(text, "/sys/devices/system/cpu", "cpu", CPUS_MAX, cpus);
    double cores = 0;
    for (size_t i = 0; i < n; i++) {
        char path[PATH_BYTES];
        uint64_t lowest;
        snprintf(path, sizeof path, "/sys/devices/system/cpu/cpu%u/topology/thread_siblings_list",
                 cpus[i]);
        if (proctext_number(text, path, &lowest) && lowest == cpus[i]) {
            cores++;
        }
    }
    return cores > 0 ? cores : NAN;
}

static bool read_clock(struct proctext *text, unsigned policy, const char *file, double *out_mhz) {
    char path[PATH_BYTES];
    uint64_t khz;
    snprintf(path, sizeof path, "/sys/devices/system/cpu/cpufreq/policy%u/%s", policy, file);
    if (!proctext_number(text, path, &khz) || khz == 0) {
        return false;
    }
    *out_mhz = (double)khz / KHZ_PER_MHZ;
    return true;
}

static void find_clocks(struct sysfs *s, struct proctext *text) {
    double mhz;
    s->max_mhz = NAN;
    s->clocks_n = list_numbers(text, "/sys/devices/system/cpu/cpufreq", "policy", SYSFS_CLOCKS_MAX,
                               s->clocks);
    for (size_t i = 0; i < s->clocks_n; i++) {
        if (read_clock(text, s->clocks[i], "cpuinfo_max_freq", &mhz) && !(s->max_mhz >= mhz)) {
            s->max_mhz = mhz;
        }
    }
}

/* The first line of a file, without blanks at its ends; false: there is none. */
static bool read_word(struct proctext *text, const char *path, size_t size, char *out) {
    const char *line = proctext_load(text, path) ? proctext_line(text) : NULL;
    if (line == NULL) {
        return false;
    }
    line += strspn(line, " \t");
    size_t len = strlen(line);
    while (len > 0 && line[len - 1] == ' ') {
        len--;
    }
    if (len == 0 || len >= size) {
        return false;
    }
    memcpy(out, line, len);
    out[len] = '\0';
    return true;
}

static void add_sensor(struct sysfs *s, struct proctext *text, unsigned chip, unsigned input) {
    struct sensor *sensor = &s->sensors[s->sensors_n];
    char path[PATH_BYTES];
    char name[LABEL_BYTES - 16];
    snprintf(sensor->path, sizeof sensor->path, "/sys/class/hwmon/hwmon%u/temp%u_input", chip,
             input);
    snprintf(path, sizeof path, "/sys/class/hwmon/hwmon%u/temp%u_label", chip, input);
    if (!proctext_load(text, sensor->path)) {
        return;
    }
    if (!read_word(text, path, sizeof sensor->label, sensor->label)) {
        snprintf(path, sizeof path, "/sys/class/hwmon/hwmon%u/name", chip);
        if (!read_word(text, path, sizeof name, name)) {
            return;
        }
        snprintf(sensor->label, sizeof sensor->label, "%s_%u", name, input - 1);
    }
    s->sensors_n++;
}

static void find_sensors(struct sysfs *s, struct proctext *text) {
    unsigned chips[CHIPS_MAX];
    const size_t n = list_numbers(text, "/sys/class/hwmon", "hwmon", CHIPS_MAX, chips);
    for (size_t i = 0; i < n; i++) {
        for (unsigned input = 1; input <= CHIP_INPUTS && s->sensors_n < SYSFS_SENSORS_MAX;
             input++) {
            add_sensor(s, text, chips[i], input);
        }
    }
}

struct sysfs *sysfs_open(struct proctext *text) {
    struct sysfs *s = calloc(1, sizeof *s);
    if (s != NULL) {
        s->cores = count_cores(text);
        find_clocks(s, text);
        find_sensors(s, text);
    }
    return s;
}

/* Where the kernel does not steer the clocks, as in most virtual machines. */
static double mean_of_cpuinfo(struct proctext *text) {
    const char *line;
    double sum = 0;
    double n = 0;
    if (!proctext_load(text, "/proc/cpuinfo")) {
        return NAN;
    }
    while ((line = proctext_line(text)) != NULL) {
        const char *colon = strchr(line, ':');
        const char *at = colon != NULL ? colon + 1 : line;
        uint64_t mhz;
        if (strncmp(line, "cpu MHz", 7) == 0 && proctext_take(&at, &mhz)) {
            sum += (double)mhz;
            n++;
        }
    }
    return n > 0 ? sum / n : NAN;
}

static double mean_clock(const struct sysfs *s, struct proctext *text, const atomic_bool *cancel) {
    double sum = 0;
    double n = 0;
    for (size_t i = 0; i < s->clocks_n && !atomic_load(cancel); i++) {
        double mhz;
        if (read_clock(text, s->clocks[i], "scaling_cur_freq", &mhz)) {
            sum += mhz;
            n++;
        }
    }
    return n > 0 ? sum / n : mean_of_cpuinfo(text);
}

void sysfs_read(const struct sysfs *s, struct proctext *text, const atomic_bool *cancel,
                struct sample *out) {
    sample_set(out, s->cores, "cpu/count_physical");
    sample_set(out, mean_clock(s, text, cancel), "cpu/frequency");
    sample_set(out, s->max_mhz, "cpu/frequency_max");
    for (size_t i = 0; i < s->sensors_n && !atomic_load(cancel); i++) {
        uint64_t milli;
        const bool is_below_zero = proctext_load(text, s->sensors[i].path) && text->bytes[0] == '-';
        const char *at = text->bytes + (is_below_zero ? 1 : 0);
        if (proctext_take(&at, &milli)) {
            sample_set(out, (is_below_zero ? -1 : 1) * (double)milli / MILLI, "temp/%s",
                       s->sensors[i].label);
        }
    }
}

void sysfs_close(struct sysfs *s) {
    free(s);
}
