# SPDX-License-Identifier: GPL-2.0
"""What the debugfs tests share: TAP output, the module, files under debugfs.

$SBUDDY_KO names the module.  The tests run as root in a guest that is theirs.
"""
import errno
import os
import re
import subprocess
import sys
import traceback

DIR = "/sys/kernel/debug/sbuddy"
# What scripts/vm/run leaves in its guest, and nobody else.
GUEST_MARK = "/run/vm/job"


class Skip(Exception):
    """The case cannot be tried here; the text says why."""


class Tap:
    """Runs functions as test points; a failed check ends the function, not the run."""

    def __init__(self):
        self.number = 0
        self.failed = 0

    def run(self, name, function, *args):
        self.number += 1
        try:
            function(*args)
        except Skip as reason:
            print(f"ok {self.number} {name} # SKIP {reason}", flush=True)
            return
        except Exception:  # pylint: disable=broad-except
            self.failed += 1
            print(f"not ok {self.number} {name}")
            for line in traceback.format_exc().rstrip().split("\n"):
                print(f"# {line}")
            sys.stdout.flush()
            return
        print(f"ok {self.number} {name}", flush=True)

    def finish(self):
        print(f"1..{self.number}")
        return 1 if self.failed or not self.number else 0


def expect(condition, text):
    if not condition:
        raise AssertionError(text)


def expect_equal(got, wanted, what):
    if got != wanted:
        raise AssertionError(f"{what}: got {got!r}, expected {wanted!r}")


def read(name, base=DIR):
    with open(os.path.join(base, name), "rb") as file:
        return file.read().decode("ascii")


def write(name, data):
    """One write(2). Returns 0 or the errno."""
    if isinstance(data, str):
        data = data.encode()
    fd = os.open(os.path.join(DIR, name), os.O_WRONLY)
    try:
        done = os.write(fd, data)
        expect_equal(done, len(data), f"bytes taken by {name}")
        return 0
    except OSError as error:
        return error.errno
    finally:
        os.close(fd)


def write_ok(name, data):
    err = write(name, data)
    expect(not err, f"writing {data!r} to {name}: {errno.errorcode.get(err, err)}; "
           f"last_error: {read('last_error').rstrip()}")


def kernel_release():
    """(6, 12)"""
    return tuple(int(n) for n in re.match(r"(\d+)\.(\d+)", os.uname().release).groups())


def loaded():
    return os.path.isdir("/sys/module/sbuddy")


def load(*parameters):
    if not os.path.exists(GUEST_MARK):
        sys.exit("Bail out! not in a guest of scripts/vm/run: no module is loaded here")
    unload()
    subprocess.run(["insmod", os.environ["SBUDDY_KO"], *parameters], check=True)
    if not os.path.ismount("/sys/kernel/debug"):
        subprocess.run(["mount", "-t", "debugfs", "debugfs", "/sys/kernel/debug"], check=True)


def unload():
    if loaded():
        subprocess.run(["rmmod", "sbuddy"], check=True)


def check_machine():
    write_ok("check", "1")
    expect_equal(read("check"), "ok\n", "check")


def kernel_complaints():
    """Lines of the kernel log that no test may leave behind."""
    log = subprocess.run(["dmesg"], capture_output=True, text=True, check=True).stdout
    bad = re.compile(r"WARNING:|BUG:|Oops|KASAN|UBSAN|INFO: |general protection|"
                     r"possible (recursive|circular)|sleeping function|scheduling while atomic")
    return [line for line in log.split("\n") if bad.search(line)]


def expect_quiet_kernel():
    lines = kernel_complaints()
    expect(not lines, "the kernel complained:\n" + "\n".join(lines[:20]))


def pairs(line):
    """key=value pairs of a line as a dictionary of strings."""
    return dict(pair.split("=", 1) for pair in line.split(" "))
