#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Makes the pictures of README.md and docs/ anew, with the programs of a build:

    docs/img/make_pictures.py [BUILD]                   BUILD: build/release
    docs/img/make_pictures.py BUILD --only NAME ...     some of them, by file name without .png
    docs/img/make_pictures.py BUILD --runs DIR          of DIR/healthy and DIR/slow; nothing is trained
    docs/img/make_pictures.py --recompress FILE ...     nothing but smaller files of the same pixels

Two runs of samples/train.py are recorded (Debian's PyTorch, see samples/quickstart.sh), the second one with a data set that does
more; a third pair is a simulated job. Each picture is a script of the viewer, drawn under Xvfb, and compressed better than the
viewer does, which writes quickly.
"""
import argparse
import pathlib
import struct
import subprocess
import tempfile
import zlib

ROOT = pathlib.Path(__file__).resolve().parents[2]
HERE = ROOT / "docs" / "img"
PYTHON = "/usr/bin/python3"
TRAIN = ["samples/train.py", "--workers", "0"]
MOST_BYTES = 250_000

# Name: the pair, and the script that leads there.
PICTURES = {
    "viewer": ("trained", "key J\nkey F\ntab findings\n"),
    "journey-strip": ("trained", "tab waterfall\n"),
    "journey-batch": ("trained", "key J\nkey F\ntab batches\n"),
    "journey-line": ("trained", "link tab=flame,flame-of=python\n" + 5 * "taller-panel\n"),
    "delta-map": ("hotter", "tab delta-map\n"),
}


def record(stepscope, directory):
    for name, more in (("healthy", []), ("slow", ["--augment-ms", "20"])):
        subprocess.run([stepscope, "record", "--python-samples", "200", "-o", directory / name, "--", PYTHON, *TRAIN, *more],
                       cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
    return directory / "healthy", directory / "slow"


def simulate(generate, directory):
    subprocess.run([generate, "--scenario", "16", "--seed", "5", "--runs", "1", "-o", directory], check=True, stdout=subprocess.DEVNULL)
    return directory / "base-0", directory / "changed-0"


def chunks(data):
    at = 8
    while at < len(data):
        size, kind = struct.unpack(">I4s", data[at : at + 8])
        yield kind, data[at + 8 : at + 8 + size]
        at += size + 12


def paeth(left, up, corner):
    p = left + up - corner
    far = (abs(p - left), abs(p - up), abs(p - corner))
    return (left, up, corner)[far.index(min(far))]


def rows_of(data, stride, pixel):
    """Rows of bytes of an image as PNG's five filters left them."""
    before = bytearray(stride)
    for start in range(0, len(data), stride + 1):
        kind, row = data[start], bytearray(data[start + 1 : start + 1 + stride])
        if kind == 1:
            for i in range(pixel, stride):
                row[i] = (row[i] + row[i - pixel]) & 255
        elif kind == 2:
            row = bytearray((a + b) & 255 for a, b in zip(row, before))
        elif kind == 3:
            for i in range(stride):
                row[i] = (row[i] + ((row[i - pixel] if i >= pixel else 0) + before[i]) // 2) & 255
        elif kind == 4:
            for i in range(stride):
                left, corner = (row[i - pixel], before[i - pixel]) if i >= pixel else (0, 0)
                row[i] = (row[i] + paeth(left, before[i], corner)) & 255
        yield bytes(row)
        before = row


def recompress(path):
    """Drops the alpha that no pixel uses, and deflates unfiltered rows hard: what is drawn is flat, so that repeats are found best."""
    data = path.read_bytes()
    parts = list(chunks(data))
    width, height, depth, color, *_ = struct.unpack(">IIBBBBB", parts[0][1])
    if (depth, color) not in ((8, 6), (8, 2)):
        return
    pixel = 4 if color == 6 else 3
    rows = rows_of(zlib.decompress(b"".join(body for kind, body in parts if kind == b"IDAT")), width * pixel, pixel)
    lines = []
    for row in rows:
        if color == 6:
            thin = bytearray(width * 3)
            thin[0::3], thin[1::3], thin[2::3] = row[0::4], row[1::4], row[2::4]
            row = bytes(thin)
        lines.append(row)
    plain = b"".join(b"\0" + row for row in lines)
    colors = {row[i : i + 3] for row in lines for i in range(0, len(row), 3)}
    head, extra = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0), b""
    if len(colors) <= 256:
        table = sorted(colors)
        index = {one: n for n, one in enumerate(table)}
        plain = b"".join(b"\0" + bytes(index[row[i : i + 3]] for i in range(0, len(row), 3)) for row in lines)
        head, extra = struct.pack(">IIBBBBB", width, height, 8, 3, 0, 0, 0), b"".join(table)
    packer = zlib.compressobj(9, zlib.DEFLATED, 15, 9)
    out = data[:8]
    for kind, body in ((b"IHDR", head), (b"PLTE", extra), (b"IDAT", packer.compress(plain) + packer.flush()), (b"IEND", b"")):
        if body or kind == b"IEND":
            out += struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
    if len(out) < len(data):
        path.write_bytes(out)


def draw(viewer, pair, script, path, directory):
    file = directory / "script"
    file.write_text(f"{script}screenshot {path}\n", encoding="utf-8")
    subprocess.run(["xvfb-run", "-a", "-s", "-screen 0 1600x900x24 +extension GLX", viewer, pair[0], "--vs", pair[1], "--size", "1600x900",
                    "--script", file], check=True)
    recompress(path)
    size = path.stat().st_size
    print(f"{path.relative_to(ROOT)}: {size} bytes")
    if size > MOST_BYTES:
        raise SystemExit(f"{path}: more than {MOST_BYTES} bytes; what it shows is too busy for a page")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("build", nargs="?", default="build/release", type=pathlib.Path)
    parser.add_argument("--only", nargs="+", choices=sorted(PICTURES), default=sorted(PICTURES), metavar="NAME")
    parser.add_argument("--runs", type=pathlib.Path, metavar="DIR")
    parser.add_argument("--recompress", nargs="+", type=pathlib.Path, default=[], metavar="FILE")
    options = parser.parse_args()
    for path in options.recompress:
        recompress(path)
    if options.recompress:
        return
    build = options.build.resolve()
    with tempfile.TemporaryDirectory() as name:
        directory = pathlib.Path(name)
        makers = {
            "trained": lambda: (options.runs / "healthy", options.runs / "slow") if options.runs
            else record(build / "analyzer/cli/stepscope", directory),
            "hotter": lambda: simulate(build / "tests/scenarios/scenario_generate", directory / "hotter"),
        }
        pairs = {}
        for picture in options.only:
            pair, script = PICTURES[picture]
            if pair not in pairs:
                pairs[pair] = makers[pair]()
            draw(build / "viewer/stepscope-viewer", pairs[pair], script, HERE / f"{picture}.png", directory)


if __name__ == "__main__":
    main()
