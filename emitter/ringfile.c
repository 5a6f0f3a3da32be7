/* SPDX-License-Identifier: Apache-2.0 */
#include "emitter/ringfile.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "emitter/owndir.h"
#include "emitter/ringcheck.h"
#include "emitter/streamname.h"

#define SETTING    "TOCSIN_RING_DIR"
#define UNFINISHED ".new"
#define PAGE_BYTES 4096U
static uint64_t round_to_page(uint64_t bytes) {
    return (bytes + PAGE_BYTES - 1) & ~(uint64_t)(PAGE_BYTES - 1);
}

static bool lock_whole(int fd) {
    const struct flock whole = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    return fcntl(fd, F_SETLK, &whole) == 0;
}

/* Creates the file under a name of its own, so that nobody claims it before it is locked and whole.
 */
static enum err open_new(const struct ringfile_spec *spec, const char *dir, char *out_unfinished,
                         struct ringfile *out, struct why *why) {
    char hex[STREAMNAME_DIGITS + 1];
    streamname_put(&spec->producer, hex);
    int n = snprintf(out->path, sizeof out->path, "%s/%s.ring", dir, hex);
    if (n < 0 || (size_t)n >= sizeof out->path) {
        return why_set(why, ERR_CONFIG, "TOCSIN_RING_DIR is too long");
    }
    snprintf(out_unfinished, sizeof out->path + sizeof UNFINISHED, "%s" UNFINISHED, out->path);
    out->fd = open(out_unfinished, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (out->fd < 0) {
        return why_set(why, ERR_IO, "cannot create %s: %s; set TOCSIN_RING_DIR to a writable place",
                       out->path, strerror(errno));
    }
    /* Where a file system has no locks it is left without one. */
    lock_whole(out->fd);
    return ERR_OK;
}

static void lay_out(const struct ringfile_spec *spec, struct ringfile_header *out) {
    const uint64_t hello_at = round_to_page(sizeof *out);
    *out = (struct ringfile_header){.hello_offset = hello_at, .hello_bytes = spec->hello->len};
    memcpy(out->magic, RINGFILE_MAGIC, sizeof out->magic);
    out->texts_offset = hello_at + round_to_page(spec->hello->len);
    out->keysets_offset = out->texts_offset + round_to_page(sizeof(struct ringfile_texts));
    uint64_t at = out->keysets_offset + round_to_page(sizeof(struct keysets_area));
    for (int lane = 0; lane < WIRE_LANES; lane++) {
        out->lanes[lane].ring_offset = at;
        out->lanes[lane].ring_bytes = spec->ring_bytes[lane];
        atomic_init(&out->lanes[lane].next_seq, 1);
        gap_init(&out->lanes[lane].shared.gap);
        at += spec->ring_bytes[lane];
    }
    out->file_bytes = at;
}

static enum err random_key(uint64_t *out) {
    return getrandom(out, sizeof *out, GRND_NONBLOCK) == sizeof *out ? ERR_OK : ERR_IO;
}

/* posix_fallocate() gives up when the training program's own signals arrive. */
static int reserve(int fd, uint64_t bytes) {
    int error;
    do {
        error = posix_fallocate(fd, 0, (off_t)bytes);
    } while (error == EINTR);
    return error;
}

static void point_into(struct ringfile_header *map, struct ringfile *out) {
    uint8_t *start = (uint8_t *)map;
    out->header = map;
    out->texts = (struct ringfile_texts *)(void *)(start + map->texts_offset);
    out->keysets = (struct keysets_area *)(void *)(start + map->keysets_offset);
    for (int lane = 0; lane < WIRE_LANES; lane++) {
        out->rings[lane] = (struct ring){.shared = &map->lanes[lane].shared,
                                         .bytes = start + map->lanes[lane].ring_offset,
                                         .size = map->lanes[lane].ring_bytes,
                                         .key = map->key};
    }
}

/* Reserves, maps and fills. The file exists; the caller removes it if this fails. */
static enum err fill(const struct ringfile_spec *spec, struct ringfile *out, struct why *why) {
    struct ringfile_header header;
    lay_out(spec, &header);
    if (random_key(&header.key) != ERR_OK) {
        return why_set(why, ERR_IO, "the kernel has no random numbers yet");
    }
    const int error = reserve(out->fd, header.file_bytes);
    if (error != 0) {
        return why_set(why, ERR_IO,
                       "cannot reserve %llu bytes for %s: %s; free some space, set TOCSIN_RING_DIR "
                       "to another place, or lower TOCSIN_RING_BYTES",
                       (unsigned long long)header.file_bytes, out->path, strerror(error));
    }
    void *map = mmap(NULL, header.file_bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE,
                     out->fd, 0);
    if (map == MAP_FAILED) {
        return why_set(why, ERR_IO, "cannot map %s: %s", out->path, strerror(errno));
    }
    /* Every page is touched now: the first writes of a training step must not pay for it. */
    memset(map, 0, header.file_bytes);
    memcpy(map, &header, sizeof header);
    point_into(map, out);
    ringfile_set_hello(out, spec->hello);
    snprintf(out->texts->endpoints, sizeof out->texts->endpoints, "%s", spec->endpoints);
    snprintf(out->texts->spool_dir, sizeof out->texts->spool_dir, "%s",
             spec->spool_dir != NULL ? spec->spool_dir : "");
    return ERR_OK;
}

static enum err create_in(const struct ringfile_spec *spec, const char *dir, struct ringfile *out,
                          struct why *why) {
    char unfinished[PLACE_PATH_BYTES_MAX + sizeof UNFINISHED];
    enum err err = owndir_make(dir, SETTING, why);
    if (err == ERR_OK) {
        err = owndir_is_local(dir, SETTING, why);
    }
    if (err == ERR_OK) {
        err = open_new(spec, dir, unfinished, out, why);
    }
    if (err != ERR_OK) {
        return err;
    }
    err = fill(spec, out, why);
    if (err == ERR_OK && rename(unfinished, out->path) != 0) {
        err = why_set(why, ERR_IO, "cannot name %s: %s", out->path, strerror(errno));
        munmap(out->header, out->header->file_bytes);
    }
    if (err != ERR_OK) {
        unlink(unfinished);
        close(out->fd);
    }
    return err;
}

enum err ringfile_place(int i, size_t size, char *out_dir, struct why *why) {
    static const char name[] = "/rings";
    if (i == 0) {
        snprintf(out_dir, size, "/dev/shm/tocsin-%u", (unsigned)geteuid());
        return ERR_OK;
    }
    enum err err = place_data_dir(size < sizeof name ? 0 : size - sizeof name, out_dir, why);
    if (err == ERR_OK) {
        memcpy(out_dir + strlen(out_dir), name, sizeof name);
    }
    return err;
}

enum err ringfile_create(const struct ringfile_spec *spec, struct ringfile *out, struct why *why) {
    struct ringfile file = {.fd = -1};
    char dir[PLACE_PATH_BYTES_MAX];
    enum err err = ERR_IO;
    if (spec->dir != NULL) {
        err = create_in(spec, spec->dir, &file, why);
    }
    for (int i = 0; err != ERR_OK && spec->dir == NULL && i < RINGFILE_PLACES; i++) {
        err = ringfile_place(i, sizeof dir, dir, why);
        if (err == ERR_OK) {
            err = create_in(spec, dir, &file, why);
        }
    }
    if (err != ERR_OK) {
        return err;
    }
    *out = file;
    return ERR_OK;
}

/* Opening what is there */

/* Whether the header says what ringfile_create() would have written for these sizes. */
static bool is_laid_out(const struct ringfile_header *header, uint64_t file_bytes) {
    const struct buf hello = {.len = header->hello_bytes};
    struct ringfile_spec spec = {.hello = &hello};
    struct ringfile_header wanted;
    if (memcmp(header->magic, RINGFILE_MAGIC, sizeof header->magic) != 0 ||
        header->hello_bytes > WIRE_FRAME_BYTES_MAX) {
        return false;
    }
    for (int i = 0; i < WIRE_LANES; i++) {
        const uint64_t bytes = header->lanes[i].ring_bytes;
        if (bytes < PAGE_BYTES || bytes > RINGFILE_RING_BYTES_MAX || (bytes & (bytes - 1)) != 0) {
            return false;
        }
        spec.ring_bytes[i] = bytes;
    }
    lay_out(&spec, &wanted);
    bool same = wanted.file_bytes == file_bytes && header->file_bytes == file_bytes &&
                header->hello_offset == wanted.hello_offset &&
                header->texts_offset == wanted.texts_offset &&
                header->keysets_offset == wanted.keysets_offset;
    for (int i = 0; i < WIRE_LANES; i++) {
        same = same && header->lanes[i].ring_offset == wanted.lanes[i].ring_offset;
    }
    return same;
}

static bool is_text_inside(const char *text, size_t size) {
    return memchr(text, '\0', size) != NULL && str_is_text(str_of(text));
}

static bool is_believable(struct ringfile *file) {
    const struct str hello = ringfile_hello(file);
    struct wire_frame frame;
    bool good = wire_decode(hello.ptr, hello.len, &frame) == ERR_OK && frame.kind == WIRE_HELLO &&
                is_text_inside(file->texts->endpoints, sizeof file->texts->endpoints) &&
                is_text_inside(file->texts->spool_dir, sizeof file->texts->spool_dir) &&
                ringcheck_keysets(file->keysets);
    for (int i = 0; good && i < WIRE_LANES; i++) {
        good = ringcheck_lane(file, (enum wire_lane)i);
    }
    return good;
}

static enum err set_aside(const char *path, struct why *why) {
    char aside[PLACE_PATH_BYTES_MAX + sizeof ".damaged"];
    snprintf(aside, sizeof aside, "%s.damaged", path);
    const bool renamed = rename(path, aside) == 0;
    return why_set(why, ERR_VALUE, "%s is damaged and cannot be delivered; it is %s %s", path,
                   renamed ? "now" : "still", renamed ? aside : path);
}

/* The file is locked. Its space is reserved again: pages that a copy left out would raise SIGBUS.
 */
static enum err map_existing(struct ringfile *out, uint64_t bytes, struct why *why) {
    struct ringfile_header header;
    if (bytes < sizeof header || pread(out->fd, &header, sizeof header, 0) != sizeof header ||
        !is_laid_out(&header, bytes)) {
        return set_aside(out->path, why);
    }
    const int error = reserve(out->fd, bytes);
    if (error != 0) {
        return why_set(why, ERR_IO, "cannot reserve %s: %s", out->path, strerror(error));
    }
    void *map = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, out->fd, 0);
    if (map == MAP_FAILED) {
        return why_set(why, ERR_IO, "cannot map %s: %s", out->path, strerror(errno));
    }
    point_into(map, out);
    if (!is_believable(out)) {
        munmap(map, bytes);
        return set_aside(out->path, why);
    }
    return ERR_OK;
}

enum err ringfile_open(const char *path, struct ringfile *out, struct why *why) {
    struct ringfile file = {.fd = open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)};
    struct stat st;
    const int n = snprintf(file.path, sizeof file.path, "%s", path);
    if (file.fd < 0 || n < 0 || (size_t)n >= sizeof file.path) {
        return why_set(why, ERR_NOT_FOUND, "cannot open %s: %s", path, strerror(errno));
    }
    enum err err = ERR_OK;
    if (fstat(file.fd, &st) != 0 || !S_ISREG(st.st_mode) || st.st_uid != geteuid() ||
        !lock_whole(file.fd) || fstat(file.fd, &st) != 0 || st.st_nlink == 0) {
        err = why_set(why, ERR_NOT_FOUND, "%s belongs to somebody else", path);
    }
    if (err == ERR_OK) {
        err = owndir_is_local(path, SETTING, why);
    }
    if (err == ERR_OK) {
        err = map_existing(&file, (uint64_t)st.st_size, why);
    }
    if (err != ERR_OK) {
        close(file.fd);
        return err;
    }
    *out = file;
    return ERR_OK;
}

enum err ringfile_for_spool(struct str hello, struct ringfile *out) {
    const struct buf frame = {.len = hello.len};
    const struct ringfile_spec spec = {.hello = &frame, .ring_bytes = {PAGE_BYTES, PAGE_BYTES}};
    struct ringfile file = {.fd = -1};
    struct ringfile_header header;
    lay_out(&spec, &header);
    void *map =
        mmap(NULL, header.file_bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (map == MAP_FAILED) {
        return ERR_MEMORY;
    }
    memcpy(map, &header, sizeof header);
    point_into(map, &file);
    memcpy((uint8_t *)map + header.hello_offset, hello.ptr, hello.len);
    *out = file;
    return ERR_OK;
}

struct str ringfile_hello(const struct ringfile *file) {
    return (struct str){.ptr = (const char *)file->header + file->header->hello_offset,
                        .len = file->header->hello_bytes};
}

uint64_t ringfile_cut_at(const struct ringfile_lane *lane) {
    const uint64_t last = atomic_load(&lane->next_seq) - 1;
    const uint64_t tail = atomic_load(&lane->shared.tail);
    const struct ringfile_batch *batch = &lane->batches[last % RINGFILE_BATCH_SLOTS];
    return last > 0 && batch->seq == last && batch->end > tail ? batch->end : tail;
}

void ringfile_set_hello(struct ringfile *file, const struct buf *hello) {
    memcpy((uint8_t *)file->header + file->header->hello_offset, hello->ptr, hello->len);
}

void ringfile_close(struct ringfile *file, bool keep) {
    if (!keep && file->fd >= 0) {
        unlink(file->path);
    }
    munmap(file->header, file->header->file_bytes);
    if (file->fd >= 0) {
        close(file->fd);
    }
}
