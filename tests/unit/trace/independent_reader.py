# SPDX-License-Identifier: Apache-2.0
"""A reader of recordings written from docs/FORMAT.md alone: prints every event of a file, one per line.

    independent_reader.py FILE.stepscope   ->   kind lane value value ...

It exists to show that the page is enough. Needs the program `zstd`.
"""
import sqlite3
import subprocess
import sys

MASK = (1 << 64) - 1


def signed(value):
    value &= MASK
    return value - (1 << 64) if value >> 63 else value


def varint(data, at):
    value = shift = 0
    while True:
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, at
        shift += 7


def zigzags(data, at, count):
    values = []
    for _ in range(count):
        value, at = varint(data, at)
        values.append((value >> 1) ^ -(value & 1))
    return values, at


def decode_column(encoding, data, rows):
    if encoding == 1:
        steps, end = zigzags(data, 0, rows)
        values, total = [], 0
        for step in steps:
            total = signed(total + step)
            values.append(total)
    elif encoding == 2:
        values, end = zigzags(data, 0, rows)
    elif encoding == 3:
        entries, at = varint(data, 0)
        table, at = zigzags(data, at, entries)
        if at == len(data) and entries == 1:
            return table * rows
        width = 1 if entries <= 256 else 2
        end = at + rows * width
        values = [table[int.from_bytes(data[at + i * width:at + (i + 1) * width], "little")] for i in range(rows)]
    elif encoding == 4:
        end = 8 * rows
        values = [int.from_bytes(data[i:i + 8], "little", signed=True) for i in range(0, end, 8)]
    else:
        raise ValueError(f"unknown encoding {encoding}")
    if end != len(data):
        raise ValueError("a column does not use its length")
    return values


def decode_segment(data, rows, columns):
    result, at = [], 0
    for _ in range(columns):
        if at == len(data):
            result.append([0] * rows)
            continue
        encoding = data[at]
        length, at = varint(data, at + 1)
        result.append(decode_column(encoding, data[at:at + length], rows))
        at += length
    return result


def main(path):
    database = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    if database.execute("PRAGMA application_id").fetchone()[0] != 0x53545343:
        sys.exit("not a recording")
    if database.execute("PRAGMA user_version").fetchone()[0] >> 16 != 1:
        sys.exit("another major version")
    names = dict(database.execute("SELECT id, name FROM kind"))
    columns = dict(database.execute("SELECT kind, count(*) FROM kind_column GROUP BY kind"))
    for kind, lane, rows, blob in database.execute("SELECT kind, lane, rows, data FROM segment ORDER BY id"):
        data = subprocess.run(["zstd", "-d", "-c"], input=blob, stdout=subprocess.PIPE, check=True).stdout
        for event in zip(*decode_segment(data, rows, columns[kind])):
            print(names[kind], lane, *event)


if __name__ == "__main__":
    main(sys.argv[1])
