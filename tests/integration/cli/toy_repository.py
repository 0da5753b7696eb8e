# SPDX-License-Identifier: Apache-2.0
"""A git repository with a program that trains, some microseconds per step, for the tests of samples/ci_gate."""
import os
import pathlib
import shutil
import subprocess

SAMPLES = pathlib.Path(__file__).resolve().parents[3] / "samples/ci_gate"
STEPS = 20

# What a training script is to the samples: it takes --steps, and here is as long as the repository says.
TRAIN = f"""import os
values = dict(line.split(maxsplit=1) for line in open("settings"))
if values["works"].strip() == "no":
    raise SystemExit(1)
os.execv(os.environ["STEPSCOPE_TEST_EQUAL_STEPS"], ["equal_steps", "{STEPS}", values["us"]])
"""


def environment(folder, **more):
    """As a CI job has it: stepscope on the PATH, no settings of this machine."""
    programs = folder / "bin"
    programs.mkdir(exist_ok=True)
    if not (programs / "stepscope").exists():
        (programs / "stepscope").symlink_to(os.environ["STEPSCOPE_PROGRAM"])
    kept = {name: os.environ[name] for name in ("HOME", "TMPDIR", "STEPSCOPE_TEST_EQUAL_STEPS") if name in os.environ}
    who = {f"GIT_{role}_{what}": value for role in ("AUTHOR", "COMMITTER") for what, value in (("NAME", "Eva"), ("EMAIL", "eva@example.org"))}
    return {"PATH": f"{programs}:/usr/bin:/bin", "LC_ALL": "C.UTF-8", "GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": "/dev/null", **kept, **who, **more}


def git(repository, *words):
    done = subprocess.run(["git", "-C", repository, *words], env=environment(repository.parent), check=True, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True)
    return done.stdout.strip()


def make_repository(path):
    path.mkdir()
    git(path, "init", "--quiet", "--initial-branch=main")
    (path / "train.py").write_text(TRAIN)
    shutil.copytree(SAMPLES, path / "samples/ci_gate")


def commit(path, subject, us, works="yes"):
    """One more commit; returns its id."""
    (path / "settings").write_text(f"us {us}\nworks {works}\nsubject {subject}\n")
    git(path, "add", "--all")
    git(path, "commit", "--quiet", "--message", subject)
    return git(path, "rev-parse", "HEAD")
