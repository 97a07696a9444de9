"""What the tests of the docupilot command share: running it, in a pipe or on a terminal, and counting results."""

import dataclasses
import fcntl
import json
import os
import pathlib
import pty
import select
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import termios
import time
import traceback
import unicodedata

CASES = []
signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background jobs ignore it, and so would the command
LIMIT = 60  # seconds that one run of the command may take


class Skip(Exception):
    """This test cannot run here; the reason is printed."""


def case(function):
    """Registers a test; its docstring is its name."""
    CASES.append(function)
    return function


@dataclasses.dataclass
class Run:
    code: int
    out: str
    err: str
    seconds: float = 0.0
    raw: bytes = b""

    @property
    def lines(self):
        return self.out.splitlines()

    @property
    def json(self):
        """Standard output as JSON, one value a line."""
        return [json.loads(line) for line in self.out.splitlines()]

    def __str__(self):
        return f"exit {self.code}\n--- out\n{self.out[-2000:]}--- err\n{self.err[-2000:]}"


class Bench:
    """A fresh folder with nothing in it, and the command to run there."""

    def __init__(self, command, folder):
        self.command = str(command)
        self.folder = pathlib.Path(folder)
        self.env = {
            "PATH": str(pathlib.Path(command).parent) + ":" + os.environ.get("PATH", "/usr/bin:/bin"),
            "HOME": str(folder),
            "XDG_CONFIG_HOME": str(self.folder / "no-configuration"),
            "LANG": "C.UTF-8",
            "TERM": "xterm",
            "TMPDIR": os.environ.get("TMPDIR", "/tmp"),
        }
        for name in os.environ:  # what sanitizers and coverage need
            if name.endswith("SAN_OPTIONS") or name.startswith("LLVM_PROFILE"):
                self.env[name] = os.environ[name]

    def write(self, name, content):
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    def start(self, *arguments, env=None, **options):
        options.setdefault("cwd", self.folder)
        options.setdefault("stdin", subprocess.DEVNULL)
        options.setdefault("stdout", subprocess.PIPE)
        options.setdefault("stderr", subprocess.PIPE)
        words = [self.command, *[a if isinstance(a, bytes) else str(a) for a in arguments]]
        return subprocess.Popen(words, env={**self.env, **(env or {})}, **options)

    def run(self, *arguments, input=None, env=None, expect=None, **options):
        if input is not None:
            options["stdin"] = subprocess.PIPE
            input = input if isinstance(input, bytes) else input.encode()
        begin = time.monotonic()
        process = self.start(*arguments, env=env, **options)
        try:
            out, err = process.communicate(input, timeout=LIMIT)
        except subprocess.TimeoutExpired:
            process.kill()
            out, err = process.communicate()
            raise AssertionError(f"{arguments} did not end in {LIMIT} s; err: {err[-500:]!r}")
        result = Run(process.returncode, (out or b"").decode(errors="replace"), (err or b"").decode(errors="replace"),
                     time.monotonic() - begin, out or b"")
        if "Sanitizer" in result.err or "runtime error:" in result.err:
            raise AssertionError(f"{arguments}: a sanitizer spoke\n{result}")
        if expect is not None:
            assert result.code == expect, f"{arguments}: expected exit {expect}\n{result}"
        return result

    def ok(self, *arguments, **options):
        return self.run(*arguments, expect=0, **options)

    def error(self, *arguments, expect, **options):
        """Runs what must fail; gives the error as JSON told it. A person is told too."""
        result = self.run(*arguments, "--json", expect=expect, **options)
        error = [line["error"] for line in result.json if "error" in line][-1]
        assert error["code"] and error["message"], result
        assert result.err.startswith("docupilot: "), result
        return error

    def status(self, *arguments):
        return self.ok("status", "--json", *arguments).json[0]

    def on_terminal(self, *arguments, columns=80, rows=24, env=None, everything=True, stop=None, first=b""):
        """Runs on a terminal of that size: all three streams, or standard error alone. `stop(screen_so_far)` may
        return a signal to be sent once. Gives the run, with everything that the terminal got in `raw`."""
        master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        streams = {"stdin": slave, "stdout": slave, "stderr": slave} if everything else {"stderr": slave}
        out_file = tempfile.TemporaryFile()
        if not everything:
            streams["stdout"] = out_file
        process = self.start(*arguments, env=env, **streams)
        os.close(slave)
        seen = first
        begin = time.monotonic()
        sent = None
        while True:
            ready, _, _ = select.select([master], [], [], 0.05)
            if ready:
                try:
                    got = os.read(master, 65536)
                except OSError:  # the other end is closed
                    got = b""
                if not got:
                    break
                seen += got
            if stop is not None and sent is None:
                number = stop(seen)
                if number:
                    process.send_signal(number)
                    sent = time.monotonic()
            if time.monotonic() - begin > LIMIT:
                process.kill()
                break
        process.wait(timeout=LIMIT)
        os.close(master)
        out_file.seek(0)
        seconds = time.monotonic() - (sent or begin)
        return Run(process.returncode, out_file.read().decode(errors="replace"), seen.decode(errors="replace"), seconds,
                   seen)


class Screen:
    """As much of a terminal as the command uses. Notes whether a line was ever too long for it."""

    def __init__(self, columns):
        self.columns = columns
        self.rows = [""]
        self.row = 0
        self.column = 0
        self.widest = 0
        self.wrapped = []
        self.cursor_visible = True
        self.unknown = []

    def feed(self, text):
        i = 0
        while i < len(text):
            c = text[i]
            if c == "\x1b":
                end = i + 2
                while end < len(text) and not ("@" <= text[end] <= "~"):
                    end += 1
                self.control(text[i:end + 1])
                i = end + 1
                continue
            i += 1
            if c == "\r":
                self.column = 0
            elif c == "\n":
                self.row += 1
                if self.row == len(self.rows):
                    self.rows.append("")
            else:
                self.put(c)
        return self

    def control(self, code):
        if code == "\x1b[K":
            self.rows[self.row] = self.rows[self.row][:self.column]
        elif code == "\x1b[?25l":
            self.cursor_visible = False
        elif code == "\x1b[?25h":
            self.cursor_visible = True
        elif not code.endswith("m"):
            self.unknown.append(code)

    def put(self, c):
        width = 0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1
        if self.column + width > self.columns:
            self.wrapped.append(self.rows[self.row])
            self.feed("\r\n")
        line = self.rows[self.row].ljust(self.column)
        self.rows[self.row] = line[:self.column] + c + " " * (width - 1) + line[self.column + width:]
        self.column += width
        self.widest = max(self.widest, self.column)

    @property
    def text(self):
        return "\n".join(row.rstrip() for row in self.rows)


def run_cases(command, wanted):
    passed = failed = skipped = 0
    for function in CASES:
        name = " ".join((function.__doc__ or function.__name__).split())
        if wanted and wanted.lower() not in f"{function.__name__} {name}".lower():
            continue
        folder = tempfile.mkdtemp(prefix="docupilot-command-")
        begin = time.monotonic()
        try:
            function(Bench(command, folder))
            passed += 1
            if os.environ.get("VERBOSE"):
                print(f"ok      {time.monotonic() - begin:5.2f} s  {name}")
        except Skip as reason:
            skipped += 1
            print(f"SKIPPED: {name} ({reason})")
        except Exception as error:  # a failed test must not hide the ones after it
            failed += 1
            where = traceback.extract_tb(error.__traceback__)
            place = next((f"{pathlib.Path(frame.filename).name}:{frame.lineno}" for frame in reversed(where)
                          if "harness" not in frame.filename), "")
            source = where[-1].line if isinstance(error, AssertionError) and not str(error) else ""
            print(f"FAILED: {name}\n  at {place}: {type(error).__name__}: {error} {source}")
        finally:
            shutil.rmtree(folder, ignore_errors=True)
        sys.stdout.flush()
    print(f"{passed} passed, {failed} failed, {skipped} skipped")
    return 1 if failed or passed == 0 else 0


def is_root():
    return os.geteuid() == 0


def interrupt_when(condition):
    """For Bench.on_terminal: SIGINT once the condition holds."""
    return lambda seen: signal.SIGINT if condition(seen) else None
