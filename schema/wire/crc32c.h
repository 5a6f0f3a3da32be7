/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SCHEMA_WIRE_CRC32C_H
#define SCHEMA_WIRE_CRC32C_H

/* CRC32C (Castagnoli), the checksum of iSCSI (RFC 3720, appendix B.4), ext4 and others. */

#include <stddef.h>
#include <stdint.h>

/* The checksum of the bytes behind those whose checksum is crc; 0 begins. Any thread. */
uint32_t crc32c(uint32_t crc, const void *bytes, size_t len);

#endif
