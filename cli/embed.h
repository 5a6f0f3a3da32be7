/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_EMBED_H
#define CLI_EMBED_H

/* A file as part of the program, with a NUL behind it. Neither gcc 12 nor clang 14 has #embed. */
#define EMBED(symbol, path)                                                                        \
    __asm__(".section .rodata\n" #symbol ":\n.incbin \"" path "\"\n" #symbol                       \
            "_end:\n.byte 0\n.previous\n");                                                        \
    extern const unsigned char(symbol)[] __attribute__((visibility("hidden")));                    \
    extern const unsigned char(symbol##_end)[] __attribute__((visibility("hidden")))

#endif
