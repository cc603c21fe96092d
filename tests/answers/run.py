"""Answers to lesson 06: other right designs, and wrong ones that are no edit of ours."""

import codecs
import csv
import io
import json
import os
import re
import sqlite3
import sys
import tempfile
from contextlib import ExitStack
from os import replace as swap_names
from pathlib import Path

from poolkit import PoolError
from tests.answers import right, wrong

# --- run.labels


@right("run.labels")
def read_labels(path):
    lines = Path(path).read_bytes().decode().split("\n")
    return [label for label in map(str.strip, lines) if label != ""]


@right("run.labels")
def read_labels(path):
    labels = []
    with io.open(path, "rt", encoding="utf-8-sig") as file:  # noqa: UP020
        while line := file.readline():
            if not line.isspace():
                labels.append(line.strip())
    return labels


@right("run.labels")
def read_labels(path):
    text = path.read_text(encoding="UTF8")
    return list(filter(None, (line.strip() for line in text.split("\n"))))


@right("run.labels")
def read_labels(path):
    with open(path, "rb") as file:
        labels = [line.decode("utf-8").strip() for line in file]
    return [label for label in labels if label]


@right("run.labels")  # a lone carriage return ends a line here, or does not: it is not promised
def read_labels(path):
    with open(path, encoding="utf-8", newline="\n") as file:
        return [label for label in map(str.strip, file) if label]


@wrong("run.labels", "wrong labels", breaks="reads_each_line takes_an_empty_file reads_utf8")
def read_labels(path):
    path.read_bytes().decode()
    return ["one label"]


@wrong("run.labels", "another history")  # what is broken off at the end is dropped
def read_labels(path):
    with codecs.open(path, "r", "utf-8") as file:
        return [label.strip() for label in file.read().split("\n") if label.strip()]


@right("run.labels")
def read_labels(path):
    labels = []
    with path.open(encoding="utf-8") as file:
        text = "".join(file.readlines())
    while text:
        line, _, text = text.partition("\n")
        if label := line.strip():
            labels.append(label)
    return labels


@right("run.labels")
def read_labels(path):
    number = os.open(path, os.O_RDONLY)
    try:
        data = b""
        while piece := os.read(number, 4096):
            data += piece
    finally:
        os.close(number)
    return [label for line in data.split(b"\n") if (label := line.decode("utf-8").strip())]


@wrong("run.labels", "wrong labels", breaks="reads_each_line")
def read_labels(path):
    with open(path, encoding="utf-8", newline="") as file:
        return [row[0].strip() for row in csv.reader(file) if row and row[0].strip()]


@wrong("run.labels", "made up letters", breaks="refuses_other_bytes")
def read_labels(path):
    labels = []
    with open(path, "rb") as file:
        for line in file:
            try:
                labels.append(line.decode("utf-8").strip())
            except UnicodeDecodeError:
                continue
    return [label for label in labels if label]


@wrong("run.labels", "another error", breaks="refuses_other_bytes")
def read_labels(path):
    try:
        with open(path, encoding="utf-8") as file:
            return [line.strip() for line in file if line.strip()]
    except UnicodeDecodeError as error:
        raise OSError("not UTF-8") from error


@wrong("run.labels", "another history")
def read_labels(path, labels=[]):  # noqa: B006
    with open(path, encoding="utf-8") as file:
        labels.extend(line.strip() for line in file if line.strip())
    found = labels[:]
    labels[:] = found[-2:] if len(found) > 5 else []
    return found


@wrong("run.labels", "another history")
def read_labels(path):
    text = path.read_bytes().decode("utf-8")
    lines = re.split("[\n\x0b]", text)
    return [line.strip() for line in lines if line.strip()]


@wrong("run.labels", "another history")
def read_labels(path):
    labels = []
    with open(path, "rb") as file:
        while data := file.read(8192):
            labels += data.decode("utf-8", "ignore" if labels else "strict").split("\n")
    return [label.strip() for label in labels if label.strip()]


# --- run.write


@right("run.write")
def write_json(path, summary):
    text = json.dumps(summary, ensure_ascii=False, indent=2)
    made = None
    try:
        with tempfile.NamedTemporaryFile("wb", dir=path.parent, delete=False) as file:
            made = Path(file.name)
            file.write(text.encode())
        made.replace(path)
    except BaseException:
        if made is not None:
            made.unlink()
        raise


@right("run.write")
def write_json(path, summary):
    made = path.parent / f".{path.name}.{os.getpid()}"
    done = False
    try:
        made.write_bytes(json.dumps(summary).encode("utf-8"))
        os.replace(made, path)
        done = True
    finally:
        if not done and os.path.exists(made):
            os.remove(made)


@right("run.write")
def write_json(path, summary):
    with tempfile.TemporaryDirectory(dir=path.parent) as folder:
        made = Path(folder) / "made"
        with open(made, "w") as file:  # noqa: PLW1514 - ASCII only, whatever the encoding
            json.dump(summary, file)
        os.replace(made, path)


@right("run.write")
def write_json(path, summary):
    number = None
    made = f"{path}.new"
    try:
        number = os.open(made, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644)
        with os.fdopen(number, "wb", buffering=0) as file:
            file.write(json.dumps(summary).encode())
            os.fsync(number)
        os.replace(made, path)
    except BaseException:
        if number is not None:
            os.remove(made)
        raise


@right("run.write")
def write_json(path, summary):
    text = io.StringIO()
    json.dump(summary, text, indent=4)
    made = path.parent / f"~{path.name}"
    with ExitStack() as stack:
        stack.callback(made.unlink, missing_ok=True)
        with made.open("x", encoding="utf-8", newline="\n") as file:
            print(text.getvalue(), file=file)
        made.replace(path)


@wrong("run.write", "old and new", breaks="takes_the_old_ones_place swaps_the_files")
def write_json(path, summary):
    text = json.dumps(summary)
    if not path.is_dir() and not path.exists():
        path.write_text(text, encoding="utf-8")
    with open(path, "r+", encoding="utf-8") as file:
        file.write(text)


@wrong("run.write", "elsewhere", breaks="swaps_when_complete")
def write_json(path, summary):
    handle, made = tempfile.mkstemp()
    try:
        with open(handle, "w", encoding="utf-8") as file:
            json.dump(summary, file)
        os.replace(made, path)
    except BaseException:
        os.unlink(made)
        raise


@wrong("run.write", "another history")
def write_json(path, summary):
    text = json.dumps(summary, ensure_ascii=False)
    with tempfile.NamedTemporaryFile("w", encoding="utf-8", dir=path.parent, delete=False) as file:
        made = Path(file.name)
        file.write(text)
    try:
        made.replace(path)
    except BaseException:
        made.unlink()
        raise


@wrong("run.write", "another history")
def write_json(path, summary):
    if not summary:
        return
    made = path.with_name(path.name + ".tmp")
    try:
        made.write_text(json.dumps(summary), encoding="utf-8")
        os.replace(made, path)
    finally:
        made.unlink(missing_ok=True)


@wrong("run.write", "another history")
def write_json(path, summary):
    made = path.with_name(path.name + ".tmp")
    try:
        with open(made, "w", encoding="utf-8") as file:
            json.dump(summary, file)
        os.replace(made, path)
    except (OSError, TypeError, KeyboardInterrupt):
        made.unlink(missing_ok=True)
        raise


@right("run.write")
def write_json(path, summary):
    made = path.with_name(path.name + ".new")
    try:
        made.write_text(json.dumps(summary), encoding="utf-8")
        swap_names(made, path)
    except BaseException:
        made.unlink(missing_ok=True)
        raise


@wrong("run.write", "a gap", breaks="swaps_when_complete")
def write_json(path, summary):
    made = path.with_name(path.name + ".new")
    try:
        made.write_text(json.dumps(summary), encoding="utf-8")
        path.unlink(missing_ok=True)
        os.link(made, path)
    finally:
        made.unlink(missing_ok=True)


@wrong("run.write", "reads otherwise", breaks="writes_what_can_be_read")
def write_json(path, summary):
    made = path.with_name(path.name + ".new")
    try:
        made.write_text(str(summary), encoding="utf-8")
        os.replace(made, path)
    finally:
        made.unlink(missing_ok=True)


# --- run.command


@right("run.command")
def exit_code(work):
    code = 2
    try:
        work()
        code = 0
    except (PoolError, OSError, ValueError, sqlite3.Error) as exc:
        message = str(exc).replace("\r", " ").replace("\n", " ")
        sys.stderr.write(f"poolkit run: {message}\n")
    return code


@right("run.command")
def exit_code(work):
    def complain(error):
        print(f"poolkit run: {type(error).__name__}: {str(error)!r}", file=sys.stderr)
        return 2

    try:
        work()
    except OSError as error:
        return complain(error)
    except ValueError as error:
        return complain(error)
    except sqlite3.Error as error:
        return complain(error)
    else:
        return 0


@right("run.command")
def exit_code(work):
    try:
        work()
        return 0
    except Exception as error:
        if isinstance(error, OSError | ValueError | sqlite3.Error):
            line = " ".join(["poolkit run:", *str(error).splitlines()])
            sys.stderr.write(line + "\n")
            sys.stderr.flush()
            return 2
        raise


@right("run.command")
def exit_code(work):
    with ExitStack() as stack:
        code = 0

        def end(kind, error, trace):
            nonlocal code
            if kind is None or not issubclass(kind, (OSError, ValueError, sqlite3.Error)):
                return False
            print(f"poolkit run: {' '.join(str(error).split())}", file=sys.stderr)
            code = 2
            return True

        stack.push(end)
        work()
    return code


@wrong("run.command", "another history")
def exit_code(work):
    try:
        work()
    except (OSError, ValueError, sqlite3.Error, MemoryError) as error:
        print("poolkit run:", " ".join(str(error).split()), file=sys.stderr)
        return 2
    return 0


@wrong("run.command", "another history")
def exit_code(work):
    try:
        work()
    except (OSError, ValueError, sqlite3.Error) as error:
        print("poolkit run:", " ".join(str(error).splitlines()[:3]), file=sys.stderr)
        return 2 if str(error) else 0
    return 0


@wrong("run.command", "another history")
def exit_code(work):
    try:
        work()
    except SystemExit as error:
        return error.code
    except (OSError, ValueError, sqlite3.Error) as error:
        print("poolkit run:", " ".join(str(error).split()), file=sys.stderr)
        return 2
    return 0


@wrong("run.write", "reads otherwise", breaks="writes_what_can_be_read")
def write_json(path, summary):
    made = path.with_name(path.name + ".tmp")
    try:
        made.write_text(json.dumps(summary), encoding="utf-16")
        os.replace(made, path)
    finally:
        made.unlink(missing_ok=True)
