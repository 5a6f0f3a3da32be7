# SPDX-License-Identifier: Apache-2.0
"""TensorBoard's event files, written from their description: TFRecord frames around protocol buffers."""

import struct


def _table():
    table = []
    for byte in range(256):
        crc = byte
        for _ in range(8):
            crc = crc >> 1 ^ (0x82F63B78 if crc & 1 else 0)
        table.append(crc)
    return table


TABLE = _table()


def crc32c(data):
    crc = 0xFFFFFFFF
    for byte in data:
        crc = crc >> 8 ^ TABLE[(crc ^ byte) & 0xFF]
    return crc ^ 0xFFFFFFFF


def masked(data):
    crc = crc32c(data)
    return struct.pack("<I", ((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFFFFFF)


def record(content):
    length = struct.pack("<Q", len(content))
    return length + masked(length) + content + masked(content)


def varint(value):
    value &= (1 << 64) - 1
    out = bytearray()
    while value >= 0x80:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes(out + bytes([value]))


def bytes_field(number, content):
    return varint(number << 3 | 2) + varint(len(content)) + content


def int_field(number, value):
    return varint(number << 3) + varint(value)


def double_field(number, value):
    return varint(number << 3 | 1) + struct.pack("<d", value)


def float_field(number, value):
    return varint(number << 3 | 5) + struct.pack("<f", value)


def value(tag, *fields):
    return bytes_field(1, bytes_field(1, tag.encode() if isinstance(tag, str) else tag) + b"".join(fields))


def scalar(tag, number):
    """As SummaryWriter.add_scalar() of PyTorch and TensorFlow 1 write it."""
    return value(tag, float_field(2, number))


def plugin(name):
    return bytes_field(9, bytes_field(1, bytes_field(1, name.encode())))


def tensor(tag, dtype, *fields, shape=b"", of="scalars"):
    """As TensorFlow 2 writes it."""
    return value(tag, bytes_field(8, int_field(1, dtype) + bytes_field(2, shape) + b"".join(fields)), plugin(of))


def event(step, *values, time=1700000000.0):
    return record(double_field(1, time) + int_field(2, step) + bytes_field(5, b"".join(values)))


def begin(time=1700000000.0):
    return record(double_field(1, time) + bytes_field(3, b"brain.Event:2"))
