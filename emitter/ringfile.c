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

#define SETTING    "TOCSIN_RING_DIR"
#define PAGE_BYTES 4096U
_Static_assert(sizeof(struct ringfile_header) <= PAGE_BYTES, "the header is one page");

static uint64_t round_to_page(uint64_t bytes) {
    return (bytes + PAGE_BYTES - 1) & ~(uint64_t)(PAGE_BYTES - 1);
}

static enum err open_new(const struct ringfile_spec *spec, const char *dir, struct ringfile *out,
                         struct why *why) {
    char hex[2 * sizeof spec->producer.bytes + 1];
    for (size_t i = 0; i < sizeof spec->producer.bytes; i++) {
        snprintf(hex + 2 * i, 3, "%02x", spec->producer.bytes[i]);
    }
    int n = snprintf(out->path, sizeof out->path, "%s/%s.ring", dir, hex);
    if (n < 0 || (size_t)n >= sizeof out->path) {
        return why_set(why, ERR_CONFIG, "TOCSIN_RING_DIR is too long");
    }
    out->fd = open(out->path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (out->fd < 0) {
        return why_set(why, ERR_IO, "cannot create %s: %s; set TOCSIN_RING_DIR to a writable place",
                       out->path, strerror(errno));
    }
    /* Nobody else knows the file yet. Where a file system has no locks it is left without one. */
    const struct flock whole = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    fcntl(out->fd, F_SETLK, &whole);
    return ERR_OK;
}

static void lay_out(const struct ringfile_spec *spec, struct ringfile_header *out) {
    *out = (struct ringfile_header){.hello_offset = PAGE_BYTES, .hello_bytes = spec->hello->len};
    memcpy(out->magic, RINGFILE_MAGIC, sizeof out->magic);
    out->texts_offset = PAGE_BYTES + round_to_page(spec->hello->len);
    out->keysets_offset = out->texts_offset + round_to_page(sizeof(struct ringfile_texts));
    uint64_t at = out->keysets_offset + round_to_page(sizeof(struct keysets_area));
    for (int lane = 0; lane < WIRE_LANES; lane++) {
        out->lanes[lane].ring_offset = at;
        out->lanes[lane].ring_bytes = spec->ring_bytes[lane];
        atomic_init(&out->lanes[lane].next_seq, 1);
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
    enum err err = owndir_make(dir, SETTING, why);
    if (err == ERR_OK) {
        err = owndir_is_local(dir, SETTING, why);
    }
    if (err == ERR_OK) {
        err = open_new(spec, dir, out, why);
    }
    if (err != ERR_OK) {
        return err;
    }
    err = fill(spec, out, why);
    if (err != ERR_OK) {
        unlink(out->path);
        close(out->fd);
    }
    return err;
}

/* Where there is no usable /dev/shm: a directory below the user's data. */
static enum err create_in_data_dir(const struct ringfile_spec *spec, struct ringfile *out,
                                   struct why *why) {
    char dir[PLACE_PATH_BYTES_MAX];
    enum err err = place_data_dir(sizeof dir - sizeof "/rings", dir, why);
    if (err != ERR_OK) {
        return err;
    }
    strncat(dir, "/rings", sizeof dir - strlen(dir) - 1);
    return create_in(spec, dir, out, why);
}

enum err ringfile_create(const struct ringfile_spec *spec, struct ringfile *out, struct why *why) {
    struct ringfile file = {.fd = -1};
    enum err err;
    if (spec->dir != NULL) {
        err = create_in(spec, spec->dir, &file, why);
    } else {
        char dir[64];
        snprintf(dir, sizeof dir, "/dev/shm/tocsin-%u", (unsigned)geteuid());
        err = create_in(spec, dir, &file, why);
        if (err != ERR_OK) {
            err = create_in_data_dir(spec, &file, why);
        }
    }
    if (err != ERR_OK) {
        return err;
    }
    *out = file;
    return ERR_OK;
}

void ringfile_set_hello(struct ringfile *file, const struct buf *hello) {
    memcpy((uint8_t *)file->header + file->header->hello_offset, hello->ptr, hello->len);
}

void ringfile_close(struct ringfile *file, bool keep) {
    if (!keep) {
        unlink(file->path);
    }
    munmap(file->header, file->header->file_bytes);
    close(file->fd);
}
