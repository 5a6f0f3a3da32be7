/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "collector/endpoint.h"

static char dir[] = "/tmp/tocsin-endpoint-XXXXXX";

static const char *address_of(const char *name) {
    static char text[128];
    snprintf(text, sizeof text, "ipc://%s/%s", dir, name);
    return text;
}

static const char *path_of(const char *name) {
    return address_of(name) + strlen("ipc://");
}

static void assert_refused(const char *address, const char *part_of_why) {
    struct endpoint *endpoint = NULL;
    struct why why = {""};
    const enum err err = endpoint_open(address, false, &endpoint, &why);
    if (err == ERR_OK) {
        fail_msg("%s was accepted", address);
    }
    if (!strstr(why.text, part_of_why)) {
        fail_msg("%s: \"%s\" does not say \"%s\"", address, why.text, part_of_why);
    }
}

static void only_numeric_loopback_is_loopback(void **state) {
    (void)state;
    assert_true(endpoint_is_loopback("127.0.0.1"));
    assert_true(endpoint_is_loopback("127.9.8.7"));
    assert_true(endpoint_is_loopback("[::1]"));
    static const char *const others[] = {"0.0.0.0",
                                         "[::]",
                                         "*",
                                         "10.0.0.1",
                                         "localhost",
                                         "127.evil.example",
                                         "[::ffff:127.0.0.1]",
                                         "eth0",
                                         "",
                                         "::1",
                                         "[]",
                                         "127.0.0.1.example.org",
                                         "2130706433"};
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        assert_false(endpoint_is_loopback(others[i]));
    }
}

static void addresses_of_the_world_are_refused(void **state) {
    (void)state;
    static const char *const world[] = {"tcp://*:5555",     "tcp://0.0.0.0:5555",
                                        "tcp://10.1.2.3:1", "tcp://[::]:5555",
                                        "tcp://eth0:5555",  "tcp://127.evil.example:5555"};
    for (size_t i = 0; i < sizeof world / sizeof world[0]; i++) {
        assert_refused(world[i], "not a loopback address");
    }
    assert_refused("udp://127.0.0.1:1", "is not an address");
    assert_refused("tcp://127.0.0.1", "is not tcp://127.0.0.1:<port>");
    assert_refused("ipc://relative/path", "absolute path");
    assert_refused("ipc://@abstract", "absolute path");
    struct endpoint *endpoint = NULL;
    struct why why;
    assert_int_equal(endpoint_open("tcp://127.0.0.1:5555", false, &endpoint, &why), ERR_OK);
    endpoint_close(endpoint);
}

static void a_path_too_long_for_a_socket_is_refused(void **state) {
    (void)state;
    char address[256];
    snprintf(address, sizeof address, "ipc:///tmp/%0120d", 1);
    assert_refused(address, "too long for a socket");
}

static void the_directory_is_made_for_this_user_only(void **state) {
    (void)state;
    struct endpoint *endpoint = NULL;
    struct why why;
    struct stat info;
    assert_int_equal(endpoint_open(address_of("made/a.sock"), false, &endpoint, &why), ERR_OK);
    assert_int_equal(stat(path_of("made"), &info), 0);
    assert_int_equal(info.st_mode & 0777, 0700);
    endpoint_close(endpoint);
}

static void a_directory_open_to_others_is_refused(void **state) {
    (void)state;
    assert_int_equal(mkdir(path_of("open"), 0700), 0);
    assert_int_equal(chmod(path_of("open"), 0777), 0);
    assert_refused(address_of("open/a.sock"), "only this user controls");
    assert_int_equal(symlink(dir, path_of("link")), 0);
    assert_refused(address_of("link/a.sock"), "only this user controls");
}

static void a_second_one_is_told_of_the_first(void **state) {
    (void)state;
    struct endpoint *endpoint = NULL;
    struct why why;
    assert_int_equal(endpoint_open(address_of("b.sock"), false, &endpoint, &why), ERR_OK);
    assert_refused(address_of("b.sock"), "another tocsind listens");
    endpoint_close(endpoint);
    assert_int_equal(endpoint_open(address_of("b.sock"), false, &endpoint, &why), ERR_OK);
    endpoint_close(endpoint);
}

static int bind_socket(const char *path) {
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    const size_t size = strlen(path) + 1;
    assert_true(size <= sizeof at.sun_path);
    memcpy(at.sun_path, path, size);
    const int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    assert_int_equal(bind(fd, (const struct sockaddr *)&at, sizeof at), 0);
    assert_int_equal(listen(fd, 1), 0);
    return fd;
}

static void the_socket_of_a_dead_one_is_no_obstacle_that_of_a_living_one_is(void **state) {
    (void)state;
    struct endpoint *endpoint = NULL;
    struct why why;
    const int fd = bind_socket(path_of("c.sock"));
    for (int i = 0; i < 4; i++) { /* from the third on it is too busy to accept */
        assert_refused(address_of("c.sock"), "another program listens");
    }
    assert_int_equal(access(path_of("c.sock"), F_OK), 0); /* and it was not taken away */
    close(fd);
    assert_int_equal(endpoint_open(address_of("c.sock"), false, &endpoint, &why), ERR_OK);
    endpoint_close(endpoint);
    assert_int_not_equal(access(path_of("c.sock"), F_OK), 0);
}

static void a_file_that_is_no_socket_is_left_alone(void **state) {
    (void)state;
    const int fd = open(path_of("d.sock"), O_CREAT | O_WRONLY, 0600);
    assert_true(fd >= 0);
    close(fd);
    assert_refused(address_of("d.sock"), "is not a socket");
    assert_int_equal(access(path_of("d.sock"), F_OK), 0);
}

static int make_directory(void **state) {
    (void)state;
    return mkdtemp(dir) ? 0 : -1;
}

static int remove_directory(void **state) {
    (void)state;
    char command[128];
    snprintf(command, sizeof command, "rm -r %s", dir);
    return system(command);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_numeric_loopback_is_loopback),
        cmocka_unit_test(addresses_of_the_world_are_refused),
        cmocka_unit_test(a_path_too_long_for_a_socket_is_refused),
        cmocka_unit_test(the_directory_is_made_for_this_user_only),
        cmocka_unit_test(a_directory_open_to_others_is_refused),
        cmocka_unit_test(a_second_one_is_told_of_the_first),
        cmocka_unit_test(the_socket_of_a_dead_one_is_no_obstacle_that_of_a_living_one_is),
        cmocka_unit_test(a_file_that_is_no_socket_is_left_alone),
    };
    return cmocka_run_group_tests(tests, make_directory, remove_directory);
}
