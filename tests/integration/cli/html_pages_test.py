# SPDX-License-Identifier: Apache-2.0
"""The pages of `gate --html` and `trend --html` in a browser: laid out, painted, readable, and in need of nothing else.

Skips (exit code 77) where there is no Chromium. page_probe.js, added to the page, says what the browser made of it.
STEPSCOPE_KEEP_PICTURES=DIR keeps the screenshots, to be looked at."""
import html.parser
import json
import os
import pathlib
import shutil
import struct
import subprocess
import sys
import tempfile
import unittest
import zlib

STEPSCOPE = os.environ["STEPSCOPE_PROGRAM"]
EQUAL_STEPS = os.environ["STEPSCOPE_TEST_EQUAL_STEPS"]
PROBE = pathlib.Path(__file__).with_name("page_probe.js").read_text()
BROWSER = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
WIDE, NARROW, HEIGHT = 1000, 400, 700
FRAME = """<!DOCTYPE html><meta name="color-scheme" content="light dark"><style>body {{ margin: 0 }} iframe {{ border: 0 }}</style>
<iframe src="{page}" width="{width}" height="{height}"></iframe>
<script>addEventListener("message", (event) => {{
  const out = document.body.appendChild(document.createElement("pre"));
  out.id = "probe";
  out.textContent = event.data;
}})</script>
"""
LEAST_CONTRAST = 3.0  # of shapes: WCAG 2.1, 1.4.11; page_probe.js has 4.5 for text
LEAST_TEXT_PX = 11


def pixels(path, count):
    """The first rows of (red, green, blue) of a PNG as Chromium writes it: 8 bits, not interlaced."""
    data = path.read_bytes()
    at, packed = 8, b""
    while at < len(data):
        (length,), kind = struct.unpack(">I", data[at:at + 4]), data[at + 4:at + 8]
        body = data[at + 8:at + 8 + length]
        if kind == b"IHDR":
            width, _, depth, colour = struct.unpack(">IIBB", body[:10])
            assert (depth, body[12]) == (8, 0) and colour in (2, 6), "another kind of PNG"
            step = 3 if colour == 2 else 4
        elif kind == b"IDAT":
            packed += body
        at += 12 + length
    raw, size = zlib.decompress(packed), width * step
    above, rows = bytearray(size), []
    for start in range(0, count * (size + 1), size + 1):
        row = bytearray(raw[start + 1:start + 1 + size])
        undo_filter(raw[start], row, above, step)
        rows.append([tuple(row[x:x + 3]) for x in range(0, size, step)])
        above = row
    return rows


def undo_filter(kind, row, above, step):
    if kind == 0:
        return
    for i in range(len(row)):
        left = row[i - step] if i >= step else 0
        up, corner = above[i], above[i - step] if i >= step else 0
        if kind == 1:
            guess = left
        elif kind == 2:
            guess = up
        elif kind == 3:
            guess = (left + up) // 2
        else:
            distances = [abs(up - corner), abs(left - corner), abs(left + up - 2 * corner)]
            guess = (left, up, corner)[distances.index(min(distances))]
        row[i] = (row[i] + guess) & 255


def like(pixel, colour):
    return all(abs(a - b) <= 30 for a, b in zip(pixel, colour))


class ProbeText(html.parser.HTMLParser):
    """The JSON that the probe left in a page."""

    def __init__(self, page):
        super().__init__()
        self.inside, self.text = False, ""
        self.feed(page)

    def handle_starttag(self, tag, attributes):
        self.inside = dict(attributes).get("id") == "probe"

    def handle_data(self, data):
        self.text += data if self.inside else ""

    def handle_endtag(self, tag):
        self.inside = False


class Pages(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = pathlib.Path(tempfile.mkdtemp(prefix="stepscope-pages-"))
        cls.addClassCleanup(shutil.rmtree, cls.folder, ignore_errors=True)
        # Names are the user's: nothing of them may become markup.
        cls.base, cls.candidate = [f"base <b>|`{n}`" for n in range(3)], [f'new "&amp;" <script>{n}' for n in range(3)]
        for base, candidate in zip(cls.base, cls.candidate):
            cls.stepscope("record", "-q", "-o", base, "--", EQUAL_STEPS, "60", "4000")
            cls.stepscope("record", "-q", "-o", candidate, "--", EQUAL_STEPS, "60", "8000")

    @classmethod
    def stepscope(cls, *words, codes=(0,)):
        done = subprocess.run([STEPSCOPE, *words], cwd=cls.folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        assert done.returncode in codes, f"{words}: {done.returncode}: {done.stdout}"
        return done.stdout

    def open(self, page, width, dark=False):
        """What the probe saw, and the screenshot. The page stands in a frame, since a window has a least width."""
        text = (self.folder / page).read_text()
        self.assertIn("</body>", text)
        (self.folder / ("probed-" + page)).write_text(text.replace("</body>", f"<script>{PROBE}</script></body>"))
        frame = self.folder / ("frame-" + page)
        frame.write_text(FRAME.format(page="probed-" + page, width=width, height=HEIGHT))
        picture = self.folder / f"{pathlib.Path(page).stem}-{width}{'-dark' if dark else ''}.png"
        done = subprocess.run(
            [BROWSER, "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--hide-scrollbars", "--no-first-run",
             f"--user-data-dir={self.folder / 'profile'}", "--host-resolver-rules=MAP * ~NOTFOUND",
             f"--blink-settings=preferredColorScheme={0 if dark else 1}", f"--window-size={WIDE},{HEIGHT}",
             f"--screenshot={picture}", "--dump-dom", frame.as_uri()],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=60)
        self.assertIn('id="probe"', done.stdout, done.stderr)
        if os.environ.get("STEPSCOPE_KEEP_PICTURES"):
            shutil.copy(picture, os.environ["STEPSCOPE_KEEP_PICTURES"])
        return json.loads(ProbeText(done.stdout).text), picture

    def check_readable(self, seen, width, dark):
        self.assertEqual((seen["width"], seen["dark"]), (width, dark), "the browser did as it was told")
        self.assertEqual(seen["requests"], [], "everything is in the page")
        self.assertLessEqual(seen["pageWidth"], width, "the page itself is no wider than the window")
        self.assertEqual(seen["cut"], [], "no text is cut off")
        self.assertEqual(seen["uneven"], [], "rows of a table have equally many cells")
        self.assertEqual(seen["faint"], [], "text has a contrast of 4.5")
        self.assertGreaterEqual(seen["smallestText"], LEAST_TEXT_PX)

    def check_shapes(self, seen, name, count, least_width, least_height):
        """So many shapes of this kind are there, visible against the ground, the largest at least of that size."""
        shapes = seen["shapes"].get(name, [])
        self.assertGreaterEqual(len(shapes), count, name)
        self.assertGreaterEqual(min(shape["contrast"] for shape in shapes), LEAST_CONTRAST, name)
        self.assertGreaterEqual(max(shape["width"] for shape in shapes), least_width, name)
        self.assertGreaterEqual(max(shape["height"] for shape in shapes), least_height, name)

    def gate(self, page, candidates, codes):
        self.stepscope("gate", *candidates, "--baseline", *self.base, "--html", page, codes=codes)

    def test_a_regression(self):
        self.gate("slow.html", self.candidate, (1,))
        for width, dark in ((WIDE, False), (WIDE, True), (NARROW, False)):
            with self.subTest(width=width, dark=dark):
                seen, picture = self.open("slow.html", width, dark)
                self.check_readable(seen, width, dark)
                self.assertEqual(seen["first"], "stepscope gate: regression")
                self.assertEqual(seen["headings"], ["Step time", "Why the step changed", "Metrics", "Runs"])
                for side in ("base", "candidate"):
                    self.check_shapes(seen, f"circle.{side}", 3, 9, 9)
                    self.check_shapes(seen, f"polyline.{side}", 3, 0.6 * width, 1)
                self.check_shapes(seen, "line.allowed", 1, 0, 40)
                self.check_shapes(seen, "rect.worse", 1, 0.12 * width, 10)
                self.assertGreater(seen["shapes"]["circle.candidate"][0]["x"], seen["shapes"]["line.allowed"][0]["x"])
                if width == NARROW:
                    self.check_painted(seen, picture)

    def check_painted(self, seen, picture):
        """Both sides' lines are in the picture, which begins with the plot of steps: the candidate's above the base's."""
        rows = [row[:NARROW] for row in pixels(picture, HEIGHT // 3)]
        heights = {}
        for side in ("base", "candidate"):
            colour = seen["shapes"][f"polyline.{side}"][0]["colour"]
            found = [y for y, row in enumerate(rows) for pixel in row if like(pixel, colour)]
            self.assertGreater(len(found), 300, side)  # the dashed medians alone are 180
            heights[side] = sorted(found)[len(found) // 2]
        self.assertLess(heights["candidate"] + 10, heights["base"])

    def test_a_faster_run_alone(self):
        self.stepscope("record", "-q", "-o", "faster", "--", EQUAL_STEPS, "60", "3000")
        self.gate("faster.html", ["faster"], (0, 3))
        seen, _ = self.open("faster.html", NARROW)
        self.check_readable(seen, NARROW, False)
        self.check_shapes(seen, "circle.candidate", 1, 9, 9)

    def test_a_trend(self):
        values = [10 + 0.1 * (n % 3) + (1 if n >= 12 else 0) for n in range(24)]
        lines = [f"2026-01-{n + 1:02},commit<{n}>&,{value}" for n, value in enumerate(values)]
        (self.folder / "history <i>.csv").write_text("\n".join(["time,commit,step_ms", *lines]))
        self.stepscope("trend", "--csv", "history <i>.csv", "--metric", "step_ms", "--html", "trend.html")
        for width, dark in ((WIDE, True), (NARROW, False)):
            with self.subTest(width=width, dark=dark):
                seen, _ = self.open("trend.html", width, dark)
                self.check_readable(seen, width, dark)
                self.assertEqual(seen["first"], "history <i>.csv")
                self.check_shapes(seen, "circle.run", 24, 5, 5)
                self.check_shapes(seen, "line.level", 2, 300, 0)
                self.check_shapes(seen, "line.change", 1, 0, 200)


if __name__ == "__main__":
    if BROWSER is None:
        print("skipped: no Chromium here (Debian: chromium)")
        sys.exit(77)
    unittest.main()
