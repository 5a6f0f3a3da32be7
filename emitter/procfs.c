/* SPDX-License-Identifier: Apache-2.0 */
#include "emitter/procfs.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "emitter/cgroup.h"
#include "emitter/proctext.h"
#include "emitter/sysfs.h"
#include "schema/wire/clock.h"

#define KIB              1024.0
#define MIB              (1024.0 * KIB)
#define GIB              (1024.0 * MIB)
#define SECTOR_BYTES     512.0 /* in /proc/diskstats, whatever the disk has */
#define APART_NS         (100 * CLOCK_NS_PER_MS)
#define DEVICE_BYTES_MAX 64

/* Counters that only grow. */
enum counter {
    DISK_READS,
    DISK_READ_SECTORS,
    DISK_WRITES,
    DISK_WRITTEN_SECTORS,
    NET_RECEIVED,
    NET_SENT,
    COUNTERS
};

static const struct {
    const char *name;
    enum counter counter;
    double unit; /* of the counter in that of the metric */
} rates[] =
    {
        {"disk/read_mb_per_sec", DISK_READ_SECTORS, SECTOR_BYTES / MIB},
        {"disk/write_mb_per_sec", DISK_WRITTEN_SECTORS, SECTOR_BYTES / MIB},
        {"disk/read_iops", DISK_READS, 1},
        {"disk/write_iops", DISK_WRITES, 1},
        {"network/sent_mb_per_sec", NET_SENT, 1 / MIB},
        {"network/recv_mb_per_sec", NET_RECEIVED, 1 / MIB},
},
  totals[] = {
      {"disk/read_bytes", DISK_READ_SECTORS, SECTOR_BYTES / GIB},
      {"disk/write_bytes", DISK_WRITTEN_SECTORS, SECTOR_BYTES / GIB},
      {"network/sent_bytes", NET_SENT, 1 / GIB},
      {"network/recv_bytes", NET_RECEIVED, 1 / GIB},
};

struct cpu_time { /* in ticks; 0 in all: not known */
    uint64_t all;
    uint64_t idle;
};

struct reading {
    int64_t at_ns;
    struct cpu_time cpu; /* of all CPUs */
    struct cpu_time cpus[PROCFS_CPUS_MAX];
    size_t cpus_n; /* online ones among them */
    bool is_limited;
    struct cgroup_cpu limited;
    bool has[COUNTERS];
    uint64_t counters[COUNTERS];
};

struct procfs {
    struct reading before;
    struct reading now;
    struct cgroup cgroup;
    struct sysfs *sysfs;
    struct proctext text;
};

/* CPU */

/* user nice system idle iowait irq softirq steal; the time of guests is in user. */
static bool take_cpu_time(const char *line, struct cpu_time *out) {
    uint64_t ticks[8] = {0};
    *out = (struct cpu_time){0};
    if (proctext_numbers(line, 1, 8, ticks) < 4) {
        return false;
    }
    for (size_t i = 0; i < 8; i++) {
        out->all += ticks[i];
    }
    out->idle = ticks[3] + ticks[4];
    return true;
}

static void read_cpus(struct procfs *p) {
    char *line;
    p->now.cpus_n = 0;
    memset(p->now.cpus, 0, sizeof p->now.cpus);
    p->now.cpu = (struct cpu_time){0};
    if (!proctext_load(&p->text, "/proc/stat")) {
        return;
    }
    while ((line = proctext_line(&p->text)) != NULL && strncmp(line, "cpu", 3) == 0) {
        const char *at = line + 3;
        uint64_t i;
        if (*at == ' ') {
            take_cpu_time(line, &p->now.cpu);
        } else if (proctext_take(&at, &i) && i < PROCFS_CPUS_MAX &&
                   take_cpu_time(line, &p->now.cpus[i])) {
            p->now.cpus_n++;
        }
    }
}

/* In percent. NaN if time has not passed or ran backwards, as iowait may. */
static double busy(const struct cpu_time *before, const struct cpu_time *now) {
    if (before->all == 0 || now->all <= before->all) {
        return NAN;
    }
    const double all = (double)(now->all - before->all);
    const double idle = now->idle > before->idle ? (double)(now->idle - before->idle) : 0;
    return idle < all ? (all - idle) / all * 100 : 0;
}

/* Of what the control group may use, if that is less than the machine. */
static double limited_busy(const struct procfs *p, double elapsed_s) {
    const struct cgroup_cpu *before = &p->before.limited;
    const struct cgroup_cpu *now = &p->now.limited;
    if (!p->before.is_limited || before->level != now->level || now->used_us < before->used_us) {
        return NAN;
    }
    const double percent =
        (double)(now->used_us - before->used_us) / 1e6 / elapsed_s / now->limit * 100;
    return percent < 100 ? percent : 100; /* a group may run ahead of its quota for a moment */
}

static void set_cpus(const struct procfs *p, double elapsed_s, struct sample *out) {
    sample_set(out,
               p->now.is_limited ? limited_busy(p, elapsed_s) : busy(&p->before.cpu, &p->now.cpu),
               "cpu/utilization");
    for (size_t i = 0; i < PROCFS_CPUS_MAX; i++) {
        sample_set(out, busy(&p->before.cpus[i], &p->now.cpus[i]), "cpu/%zu/utilization", i);
    }
    sample_set(out, p->now.cpus_n > 0 ? (double)p->now.cpus_n : NAN, "cpu/count_logical");
}

/* Memory */

enum { MEM_TOTAL, MEM_AVAILABLE, SWAP_TOTAL, SWAP_FREE, MEM_FIELDS };
static const char *const mem_words[MEM_FIELDS] = {
    [MEM_TOTAL] = "MemTotal:",
    [MEM_AVAILABLE] = "MemAvailable:",
    [SWAP_TOTAL] = "SwapTotal:",
    [SWAP_FREE] = "SwapFree:",
};

/* In bytes. False: something is missing. */
static bool read_meminfo(struct proctext *text, uint64_t *out) {
    for (size_t i = 0; i < MEM_FIELDS; i++) {
        if (!proctext_field(text, "/proc/meminfo", mem_words[i], &out[i]) ||
            out[i] > UINT64_MAX / 1024) {
            return false;
        }
        out[i] *= 1024;
    }
    return out[MEM_AVAILABLE] <= out[MEM_TOTAL] && out[SWAP_FREE] <= out[SWAP_TOTAL];
}

static void set_used(const char *what, uint64_t used, uint64_t total, struct sample *out) {
    sample_set(out, (double)used / GIB, "%s/used", what);
    sample_set(out, (double)total / GIB, "%s/total", what);
    sample_set(out, total > 0 ? (double)used / (double)total * 100 : 0, "%s/percent", what);
}

static void set_memory(struct procfs *p, struct sample *out) {
    uint64_t bytes[MEM_FIELDS];
    struct cgroup_memory limited;
    if (!read_meminfo(&p->text, bytes)) {
        return;
    }
    uint64_t total = bytes[MEM_TOTAL];
    uint64_t available = bytes[MEM_AVAILABLE];
    uint64_t used = total - available;
    if (cgroup_memory(&p->cgroup, &p->text, total, &limited)) {
        const uint64_t left =
            limited.used_bytes < limited.limit_bytes ? limited.limit_bytes - limited.used_bytes : 0;
        total = limited.limit_bytes;
        used = limited.used_bytes;
        available = left < available ? left : available;
    }
    set_used("memory", used, total, out);
    sample_set(out, (double)available / GIB, "memory/available");
    total = bytes[SWAP_TOTAL];
    used = total - bytes[SWAP_FREE];
    if (cgroup_swap(&p->cgroup, &p->text, total, &limited)) {
        total = limited.limit_bytes;
        used = limited.used_bytes;
    }
    set_used("swap", used, total, out);
}

/* Disks and network */

static void add_counters(struct reading *now, const enum counter *counters, const size_t *fields,
                         size_t n, const uint64_t *numbers) {
    for (size_t i = 0; i < n; i++) {
        now->has[counters[i]] = true;
        now->counters[counters[i]] += numbers[fields[i]];
    }
}

/* Of a disk itself, not of a part of one, nor of what the kernel makes of others (loop, dm, md):
 * those have no device behind them, and counting them would count twice. */
static bool is_disk(const struct procfs *p, const char *name, size_t len) {
    char path[PLACE_PATH_BYTES_MAX];
    if (len == 0 || len > DEVICE_BYTES_MAX || memchr(name, '/', len) != NULL) {
        return false;
    }
    const int n =
        snprintf(path, sizeof path, "%s/sys/block/%.*s/device", p->text.root, (int)len, name);
    return n > 0 && (size_t)n < sizeof path && access(path, F_OK) == 0;
}

/* major minor name reads merged sectors ms writes merged sectors ... */
static void read_disks(struct procfs *p) {
    static const enum counter counters[] = {DISK_READS, DISK_READ_SECTORS, DISK_WRITES,
                                            DISK_WRITTEN_SECTORS};
    static const size_t fields[] = {0, 2, 4, 6};
    uint64_t numbers[7];
    char *line;
    if (!proctext_load(&p->text, "/proc/diskstats")) {
        return;
    }
    while ((line = proctext_line(&p->text)) != NULL) {
        const char *name = line;
        uint64_t major;
        uint64_t minor;
        if (!proctext_take(&name, &major) || !proctext_take(&name, &minor)) {
            continue;
        }
        name += strspn(name, " ");
        if (proctext_numbers(line, 3, 7, numbers) == 7 && is_disk(p, name, strcspn(name, " "))) {
            add_counters(&p->now, counters, fields, 4, numbers);
        }
    }
}

/* "name: bytes packets errs drop fifo frame compressed multicast bytes ..." */
static void read_network(struct procfs *p) {
    static const enum counter counters[] = {NET_RECEIVED, NET_SENT};
    static const size_t fields[] = {0, 8};
    uint64_t numbers[9];
    char *line;
    if (!proctext_load(&p->text, "/proc/net/dev")) {
        return;
    }
    while ((line = proctext_line(&p->text)) != NULL) {
        char *colon = strrchr(line, ':');
        const char *name = line + strspn(line, " ");
        if (colon != NULL && strncmp(name, "lo:", 3) != 0 &&
            proctext_numbers(colon + 1, 0, 9, numbers) == 9) {
            add_counters(&p->now, counters, fields, 2, numbers);
        }
    }
}

static void set_counters(const struct procfs *p, double elapsed_s, struct sample *out) {
    for (size_t i = 0; i < sizeof rates / sizeof rates[0]; i++) {
        const enum counter c = rates[i].counter;
        const uint64_t before = p->before.counters[c];
        const uint64_t now = p->now.counters[c];
        /* Less than before: a disk was taken out, or a counter wrapped. */
        if (p->before.has[c] && p->now.has[c] && now >= before) {
            sample_set(out, (double)(now - before) * rates[i].unit / elapsed_s, "%s",
                       rates[i].name);
        }
    }
    for (size_t i = 0; i < sizeof totals / sizeof totals[0]; i++) {
        if (p->now.has[totals[i].counter]) {
            sample_set(out, (double)p->now.counters[totals[i].counter] * totals[i].unit, "%s",
                       totals[i].name);
        }
    }
}

/* All together */

static void take_reading(struct procfs *p) {
    p->before = p->now;
    memset(p->now.has, 0, sizeof p->now.has);
    memset(p->now.counters, 0, sizeof p->now.counters);
    read_cpus(p);
    p->now.is_limited = cgroup_cpu(&p->cgroup, &p->text, (double)p->now.cpus_n, &p->now.limited);
    read_disks(p);
    read_network(p);
    p->now.at_ns = clock_mono_ns();
}

struct procfs *procfs_open(const char *root) {
    struct procfs *p = calloc(1, sizeof *p);
    if (p == NULL) {
        return NULL;
    }
    p->text.root = root;
    p->sysfs = sysfs_open(&p->text);
    if (p->sysfs == NULL) {
        free(p);
        return NULL;
    }
    cgroup_find(&p->text, &p->cgroup);
    take_reading(p);
    return p;
}

static void wait_until(int64_t at_ns, const atomic_bool *cancel) {
    const struct timespec until = {.tv_sec = at_ns / CLOCK_NS_PER_S,
                                   .tv_nsec = at_ns % CLOCK_NS_PER_S};
    while (!atomic_load(cancel) && clock_mono_ns() < at_ns) {
        clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL);
    }
}

void procfs_read(struct procfs *p, const atomic_bool *cancel, struct sample *out) {
    wait_until(p->now.at_ns + APART_NS, cancel);
    if (atomic_load(cancel)) {
        return;
    }
    take_reading(p);
    const double elapsed_s = (double)(p->now.at_ns - p->before.at_ns) / 1e9;
    set_cpus(p, elapsed_s, out);
    set_memory(p, out);
    set_counters(p, elapsed_s, out);
    sysfs_read(p->sysfs, &p->text, cancel, out);
}

void procfs_close(struct procfs *p) {
    sysfs_close(p->sysfs);
    free(p);
}
