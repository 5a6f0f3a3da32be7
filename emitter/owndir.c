/* SPDX-License-Identifier: Apache-2.0 */
#include "emitter/owndir.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <unistd.h>

#include "schema/wire/place.h"

/* Numbers that linux/magic.h lacks are from the sources of these file systems. FUSE can be local,
 * but what stands behind it cannot be seen: sshfs, S3 and cluster file systems all come as FUSE. */
static const struct {
    unsigned long f_type;
    const char *name;
} networks[] = {
    {NFS_SUPER_MAGIC, "NFS"},   {SMB_SUPER_MAGIC, "SMB"},   {0xff534d42, "CIFS"},
    {0xfe534d42, "SMB 2"},      {0x0bd00bd0, "Lustre"},     {0x47504653, "GPFS"},
    {FUSE_SUPER_MAGIC, "FUSE"}, {CEPH_SUPER_MAGIC, "Ceph"}, {AFS_SUPER_MAGIC, "AFS"},
    {CODA_SUPER_MAGIC, "Coda"}, {V9FS_MAGIC, "9P"},         {0x19830326, "BeeGFS"},
    {0x7461636f, "OCFS2"},      {0x01161970, "GFS2"},       {0x013111a8, "IBRIX"},
    {0xaad7aaea, "PanFS"},      {0x20030528, "OrangeFS"},
};

const char *owndir_network_name(unsigned long f_type) {
    for (size_t i = 0; i < sizeof networks / sizeof networks[0]; i++) {
        if (networks[i].f_type == f_type) {
            return networks[i].name;
        }
    }
    return NULL;
}

enum err owndir_is_local(const char *dir, const char *setting, struct why *why) {
    struct statfs fs;
    if (statfs(dir, &fs) != 0) {
        return why_set(why, ERR_IO, "cannot look at %s: %s; set %s to another place", dir,
                       strerror(errno), setting);
    }
    const char *name = owndir_network_name((unsigned long)fs.f_type);
    return name == NULL ? ERR_OK
                        : why_set(why, ERR_CONFIG,
                                  "%s is on a network file system (%s): set %s to a disk of this "
                                  "machine",
                                  dir, name, setting);
}

enum err owndir_make(const char *dir, const char *setting, struct why *why) {
    char path[PLACE_PATH_BYTES_MAX];
    struct stat st;
    if (strlen(dir) >= sizeof path) {
        return why_set(why, ERR_CONFIG, "%s is too long", setting);
    }
    memcpy(path, dir, strlen(dir) + 1);
    for (char *slash = strchr(path + 1, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        mkdir(path, 0700); /* what cannot be made shows below */
        *slash = '/';
    }
    if (mkdir(dir, 0700) != 0 && errno != EEXIST) {
        return why_set(why, ERR_IO, "cannot make %s: %s; set %s to a writable place", dir,
                       strerror(errno), setting);
    }
    if (lstat(dir, &st) != 0 || !S_ISDIR(st.st_mode) || st.st_uid != geteuid()) {
        return why_set(why, ERR_IO, "%s is not a directory of this user; set %s to one", dir,
                       setting);
    }
    return ERR_OK;
}

/* The file that is locked may have been removed by its former holder meanwhile. */
static bool is_still_there(int dir_fd, const char *name, int fd) {
    struct stat open_one;
    struct stat named;
    return fstat(fd, &open_one) == 0 && fstatat(dir_fd, name, &named, AT_SYMLINK_NOFOLLOW) == 0 &&
           open_one.st_ino == named.st_ino && open_one.st_dev == named.st_dev;
}

int owndir_lock(int dir_fd, const char *name) {
    const struct flock whole = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    const int fd = openat(dir_fd, name, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd >= 0 && (fcntl(fd, F_SETLK, &whole) != 0 || !is_still_there(dir_fd, name, fd))) {
        close(fd);
        return -1;
    }
    return fd;
}
