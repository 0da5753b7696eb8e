# SPDX-License-Identifier: Apache-2.0
"""Parquet files of `stepscope export` in pyarrow and DuckDB: every value as `stepscope export --format csv` prints it.

Both come from PyPI into a folder of this test, with 30 s to get there; without them it skips (exit code 77)."""
import csv
import importlib
import os
import pathlib
import subprocess
import sys
import tempfile

PROGRAM = os.environ["STEPSCOPE_PROGRAM"]
MAKE_RUN = os.environ["STEPSCOPE_MAKE_RUN"]
SECONDS = 30
PACKAGES = ("pyarrow", "duckdb")
KINDS = ("step_ledger", "kernel", "health", "collective", "python_sample")


def install(folder):
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--only-binary=:all:", "--no-deps", "--retries", "0", "--timeout", "5",
           "--disable-pip-version-check", "--target", folder, *PACKAGES]
    try:
        subprocess.run(pip, check=True, timeout=SECONDS, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        sys.path.insert(0, folder)
        return [importlib.import_module(name) for name in PACKAGES]
    except (OSError, subprocess.SubprocessError, ImportError) as error:
        reason = getattr(error, "stderr", None) or str(error).encode()
        print("skipped: pyarrow and duckdb are not to be had:", reason.decode(errors="replace").strip().splitlines()[-1:])
        sys.exit(77)


def export(run, kind, form, path):
    subprocess.run([PROGRAM, "export", run, "--format", form, "--kind", kind, "-o", path], check=True)


def as_text(value):
    return repr(value) if isinstance(value, float) else str(value)


def same(kind, reader, names, rows, expected):
    header, *lines = expected
    assert list(names) == header, (kind, reader, names, header)
    assert len(rows) == len(lines), (kind, reader, len(rows), len(lines))
    for row, line in zip(rows, lines):
        for value, text in zip(row, line):
            right = float(text) == value if isinstance(value, float) else as_text(value) == text
            assert right, (kind, reader, row, line)


def check(run, kind, folder, duckdb):
    import pyarrow.parquet as pq

    table_path, csv_path = f"{folder}/{kind}.parquet", f"{folder}/{kind}.csv"
    export(run, kind, "parquet", table_path)
    export(run, kind, "csv", csv_path)
    with open(csv_path, newline="", encoding="utf-8") as file:
        expected = list(csv.reader(file))
    table = pq.read_table(table_path)
    columns = [column.to_pylist() for column in table.columns]
    same(kind, "pyarrow", table.column_names, list(zip(*columns)), expected)
    with duckdb.connect() as database:
        result = database.execute("SELECT * FROM read_parquet(?)", [table_path])
        names = [column[0] for column in result.description]
        same(kind, "duckdb", names, result.fetchall(), expected)
        if table.num_rows and "start_ns" in table.column_names:
            # Through the statistics of the row groups.
            middle = sorted(table.column("start_ns").to_pylist())[table.num_rows // 2]
            (count,) = database.execute("SELECT count(*) FROM read_parquet(?) WHERE start_ns >= ?", [table_path, middle]).fetchone()
            assert count == sum(1 for start in table.column("start_ns").to_pylist() if start >= middle), kind
    groups = pq.ParquetFile(table_path).metadata.num_row_groups
    print(f"{kind}: {table.num_rows} rows, {groups} row groups, {os.path.getsize(table_path)} bytes: pyarrow and duckdb agree with CSV")


def main():
    with tempfile.TemporaryDirectory() as folder:
        pyarrow, duckdb = install(str(pathlib.Path(folder) / "packages"))
        print(f"pyarrow {pyarrow.__version__}, duckdb {duckdb.__version__}")
        run = f"{folder}/run"
        subprocess.run([MAKE_RUN, run], check=True)
        for kind in KINDS:
            check(run, kind, folder, duckdb)


if __name__ == "__main__":
    main()
