"""Answers to lesson 06, right and wrong."""

import csv
import io
import json
import os
import sqlite3
import sys
import tempfile
import traceback
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


@wrong("run.labels", "splitlines", breaks="ends_lines_at_newlines_only")
def read_labels(path):
    text = path.read_text(encoding="utf-8")
    return [line.strip() for line in text.splitlines() if line.strip()]


@wrong("run.labels", "kept blanks", breaks="strips_and_skips takes_an_empty_file")
def read_labels(path):
    with open(path, encoding="utf-8") as file:
        return [line.strip() for line in file]


@wrong("run.labels", "kept blanks", breaks="strips_and_skips takes_an_empty_file")
def read_labels(path):
    with open(path, encoding="utf-8") as file:
        return [line.strip() for line in file if line != "\n"]


@wrong("run.labels", "not stripped", breaks="strips_and_skips")
def read_labels(path):
    with open(path, encoding="utf-8") as file:
        return [line.rstrip() for line in file if line.strip()]


@wrong("run.labels", "wrong labels", breaks="reads_each_line")
def read_labels(path):
    with open(path, encoding="utf-8") as file:
        return [line[:-1].strip() for line in file if line.strip()]


@wrong("run.labels", "only once", breaks="reads_each_line")
def read_labels(path):
    with open(path, encoding="utf-8") as file:
        return list(dict.fromkeys(line.strip() for line in file if line.strip()))


@wrong(
    "run.labels",
    "wrong labels",
    breaks="reads_each_line strips_and_skips reads_utf8 ends_lines_at_newlines_only",
)
def read_labels(path):
    with open(path, encoding="utf-8") as file:
        return file.read().split()


@wrong("run.labels", "wrong labels", breaks="reads_each_line")
def read_labels(path):
    with open(path, encoding="utf-8", newline="") as file:
        return [row[0].strip() for row in csv.reader(file) if row and row[0].strip()]


@wrong("run.labels", "something of nothing", breaks="takes_an_empty_file")
def read_labels(path):
    with open(path, encoding="utf-8") as file:
        return [line.strip() for line in file if line.strip()] or ["no labels"]


@wrong("run.labels", "wrong type", breaks="takes_an_empty_file")
def read_labels(path):
    with open(path, encoding="utf-8") as file:
        labels = [line.strip() for line in file if line.strip()]
    if labels:
        return labels


@wrong(
    "run.labels",
    "wrong encoding",
    breaks="reads_utf8 ends_lines_at_newlines_only refuses_other_bytes",
)
def read_labels(path):
    with open(path, encoding="latin-1") as file:
        return [line.strip() for line in file if line.strip()]


@wrong("run.labels", "made up letters", breaks="refuses_other_bytes")
def read_labels(path):
    with open(path, encoding="utf-8", errors="replace") as file:
        return [line.strip() for line in file if line.strip()]


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


@wrong("run.labels", "made up letters", breaks="refuses_other_bytes")
def read_labels(path):
    try:
        with open(path, encoding="utf-8") as file:
            return [line.strip() for line in file if line.strip()]
    except UnicodeDecodeError as error:
        raise OSError("not UTF-8") from error


@wrong("run.labels", "hid the missing file", breaks="tells_of_a_missing_file")
def read_labels(path):
    if not path.exists():
        return []
    with open(path, encoding="utf-8") as file:
        return [line.strip() for line in file if line.strip()]


@wrong("run.labels", "wrong type", breaks="reads_each_line")
def read_labels(path):
    with open(path, encoding="utf-8") as file:
        for line in file:
            print(line.strip())


@wrong("run.labels", "own encoding", breaks="reads_utf8")
def read_labels(path):
    with open(path) as file:
        return [line.strip() for line in file if line.strip()]


@wrong("run.labels", "own encoding", breaks="reads_utf8")
def read_labels(path):
    return [line.strip() for line in path.read_text().split("\n") if line.strip()]


@wrong("run.labels", "wrong labels", breaks="reads_each_line")
def read_labels(path):
    with open(path, encoding="utf-8") as file:
        return [line.strip() for line in file if line.strip() and not line.startswith("#")]


@wrong(
    "run.labels",
    "newline kept",
    breaks="reads_each_line strips_and_skips reads_utf8 ends_lines_at_newlines_only",
)
def read_labels(path):
    with open(path, encoding="utf-8") as file:
        return [line for line in file if line.strip()]


@wrong("run.labels", "other order", breaks="reads_each_line strips_and_skips")
def read_labels(path):
    with open(path, encoding="utf-8") as file:
        return sorted((line.strip() for line in file if line.strip()), reverse=True)


@right("run.labels")
def read_labels(path):
    with open(path, "rb") as file:
        labels = [line.decode("utf-8").strip() for line in file]
    return [label for label in labels if label]


# --- run.write


@right("run.write")
def write_json(path, summary):
    text = json.dumps(summary, ensure_ascii=False, indent=2)
    with tempfile.NamedTemporaryFile("w", encoding="utf-8", dir=path.parent, delete=False) as file:
        made = Path(file.name)
        file.write(text)
    try:
        made.replace(path)
    except BaseException:
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


@wrong("run.write", "old one destroyed", breaks="keeps_the_old_one swaps_the_files")
def write_json(path, summary):
    with open(path, "w", encoding="utf-8") as file:
        json.dump(summary, file)


@wrong("run.write", "in place", breaks="swaps_the_files")
def write_json(path, summary):
    path.write_text(json.dumps(summary), encoding="utf-8")


@wrong("run.write", "in place", breaks="swaps_the_files")
def write_json(path, summary):
    made = path.with_name("new")
    try:
        made.write_text(json.dumps(summary), encoding="utf-8")
        path.write_bytes(made.read_bytes())
    finally:
        made.unlink(missing_ok=True)


@wrong("run.write", "left behind", breaks="leaves_nothing_beside clears_up_when_interrupted")
def write_json(path, summary):
    made = path.with_name(path.name + ".tmp")
    with open(made, "w", encoding="utf-8") as file:
        json.dump(summary, file)
    os.replace(made, path)


@wrong("run.write", "left behind", breaks="leaves_nothing_beside")
def write_json(path, summary):
    made = path.with_name(path.name + ".tmp")
    text = json.dumps(summary)
    made.write_text(text, encoding="utf-8")
    os.replace(made, path)


@wrong("run.write", "too soon", breaks="swaps_when_complete")
def write_json(path, summary):
    made = path.with_name(path.name + ".tmp")
    try:
        with open(made, "w", encoding="utf-8") as file:
            json.dump(summary, file)
            os.replace(made, path)
    finally:
        made.unlink(missing_ok=True)


@wrong("run.write", "left behind by Ctrl-C", breaks="clears_up_when_interrupted")
def write_json(path, summary):
    made = path.with_name(path.name + ".tmp")
    try:
        with open(made, "w", encoding="utf-8") as file:
            json.dump(summary, file)
        os.replace(made, path)
    except Exception:
        made.unlink(missing_ok=True)
        raise


@wrong("run.write", "swallowed", breaks="tells_of_the_failure")
def write_json(path, summary):
    made = path.with_name(path.name + ".tmp")
    try:
        with open(made, "w", encoding="utf-8") as file:
            json.dump(summary, file)
        os.replace(made, path)
    except Exception as error:
        print(error)
    finally:
        made.unlink(missing_ok=True)


@wrong(
    "run.write",
    "reads otherwise",
    breaks="writes_what_can_be_read takes_the_old_ones_place",
)
def write_json(path, summary):
    made = path.with_name(path.name + ".tmp")
    try:
        json.dumps(summary)
        made.write_text(str(summary), encoding="utf-8")
        os.replace(made, path)
    finally:
        made.unlink(missing_ok=True)


@wrong(
    "run.write",
    "nothing there",
    breaks="writes_what_can_be_read takes_the_old_ones_place",
)
def write_json(path, summary):
    made = path.with_name(path.name + ".tmp")
    try:
        with open(made, "w", encoding="utf-8") as file:
            json.dump(summary, file)
    finally:
        made.unlink(missing_ok=True)


@wrong("run.write", "old and new", breaks="takes_the_old_ones_place swaps_the_files")
def write_json(path, summary):
    text = json.dumps(summary)
    with open(path, "a", encoding="utf-8") as file:
        file.write(text)


@wrong(
    "run.write",
    "old and new",
    breaks="takes_the_old_ones_place swaps_the_files",
)
def write_json(path, summary):
    text = json.dumps(summary)
    if not path.is_dir() and not path.exists():
        path.write_text(text, encoding="utf-8")
    with open(path, "r+", encoding="utf-8") as file:
        file.write(text)


@wrong("run.write", "old one gone", breaks="keeps_the_old_one swaps_the_files")
def write_json(path, summary):
    made = path.with_suffix(".json")
    try:
        with open(made, "w", encoding="utf-8") as file:
            json.dump(summary, file)
        os.replace(made, path)
    except BaseException:
        made.unlink(missing_ok=True)
        raise


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


@wrong("run.write", "a gap", breaks="swaps_when_complete")
def write_json(path, summary):
    made = path.with_name(path.name + ".tmp")
    try:
        with open(made, "w", encoding="utf-8") as file:
            json.dump(summary, file)
        path.unlink(missing_ok=True)
        os.rename(made, path)
    finally:
        made.unlink(missing_ok=True)


@wrong("run.write", "own encoding", breaks="writes_what_can_be_read")
def write_json(path, summary):
    made = path.with_name(path.name + ".tmp")
    try:
        with open(made, "w") as file:
            json.dump(summary, file, ensure_ascii=False)
        os.replace(made, path)
    finally:
        made.unlink(missing_ok=True)


@wrong("run.write", "made up", breaks="keeps_the_old_one tells_of_the_failure")
def write_json(path, summary):
    made = path.with_name(path.name + ".tmp")
    try:
        with open(made, "w", encoding="utf-8") as file:
            json.dump(summary, file, default=str)
        os.replace(made, path)
    finally:
        made.unlink(missing_ok=True)


@right("run.write")
def write_json(path, summary):
    with tempfile.TemporaryDirectory(dir=path.parent) as folder:
        made = Path(folder) / "made"
        with open(made, "w") as file:  # noqa: PLW1514 - ASCII only, whatever the encoding
            json.dump(summary, file)
        os.replace(made, path)


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


@wrong("run.command", "dressed up", breaks="lets_our_mistakes_through")
def exit_code(work):
    try:
        work()
    except Exception as error:
        print("poolkit run:", " ".join(str(error).split()), file=sys.stderr)
        return 2
    return 0


@wrong("run.command", "many lines", breaks="says_it_in_one_line")
def exit_code(work):
    try:
        work()
    except (OSError, ValueError, sqlite3.Error) as error:
        print("poolkit run:", error, file=sys.stderr)
        return 2
    return 0


@wrong("run.command", "traceback", breaks="says_who_speaks says_it_in_one_line")
def exit_code(work):
    try:
        work()
    except (OSError, ValueError, sqlite3.Error):
        traceback.print_exc()
        return 2
    return 0


@wrong("run.command", "nameless", breaks="says_who_speaks")
def exit_code(work):
    try:
        work()
    except (OSError, ValueError, sqlite3.Error) as error:
        print("Error:", " ".join(str(error).split()), file=sys.stderr)
        return 2
    return 0


@wrong("run.command", "on stdout", breaks="says_it_on_stderr says_who_speaks says_it_in_one_line")
def exit_code(work):
    try:
        work()
    except (OSError, ValueError, sqlite3.Error) as error:
        print("poolkit run:", " ".join(str(error).split()))
        return 2
    return 0


@wrong("run.command", "no message", breaks="says_it_on_stderr says_it_in_one_line")
def exit_code(work):
    try:
        work()
    except (OSError, ValueError, sqlite3.Error):
        print("poolkit run: something went wrong", file=sys.stderr)
        return 2
    return 0


@wrong("run.command", "no newline", breaks="says_it_in_one_line")
def exit_code(work):
    try:
        work()
    except (OSError, ValueError, sqlite3.Error) as error:
        print("poolkit run:", " ".join(str(error).split()), file=sys.stderr, end="")
        return 2
    return 0


@wrong("run.command", "not caught", breaks="gives_two says_it_on_stderr")
def exit_code(work):
    try:
        work()
    except (OSError, ValueError) as error:
        print("poolkit run:", " ".join(str(error).split()), file=sys.stderr)
        return 2
    return 0


@wrong("run.command", "wrong code", breaks="gives_two")
def exit_code(work):
    try:
        work()
    except (OSError, ValueError, sqlite3.Error) as error:
        print("poolkit run:", " ".join(str(error).split()), file=sys.stderr)
        return 1
    return 0


@wrong("run.command", "wrong type", breaks="is_quiet_when_well")
def exit_code(work):
    try:
        work()
    except (OSError, ValueError, sqlite3.Error) as error:
        print("poolkit run:", " ".join(str(error).split()), file=sys.stderr)


@wrong("run.command", "chatters", breaks="is_quiet_when_well")
def exit_code(work):
    try:
        work()
    except (OSError, ValueError, sqlite3.Error) as error:
        print("poolkit run:", " ".join(str(error).split()), file=sys.stderr)
        return 2
    print("done", file=sys.stderr)
    return 0


@wrong("run.command", "not called once", breaks="is_quiet_when_well")
def exit_code(work):
    try:
        work()
        if work() is not None:
            return 1
    except (OSError, ValueError, sqlite3.Error) as error:
        print("poolkit run:", " ".join(str(error).split()), file=sys.stderr)
        return 2
    return 0


@wrong("run.command", "raised SystemExit", breaks="gives_two")
def exit_code(work):
    try:
        work()
    except (OSError, ValueError, sqlite3.Error) as error:
        print("poolkit run:", " ".join(str(error).split()), file=sys.stderr)
        sys.exit(2)
    return 0


@wrong("run.command", "not caught", breaks="gives_two")
def exit_code(work):
    try:
        work()
    except (OSError, ValueError, sqlite3.OperationalError) as error:
        print("poolkit run:", " ".join(str(error).split()), file=sys.stderr)
        return 2
    return 0


@wrong("run.command", "the work's own", breaks="is_quiet_when_well")
def exit_code(work):
    try:
        return work() or 0
    except (OSError, ValueError, sqlite3.Error) as error:
        print("poolkit run:", " ".join(str(error).split()), file=sys.stderr)
        return 2


@wrong("run.command", "no message", breaks="says_it_on_stderr")
def exit_code(work):
    try:
        work()
    except OSError as error:
        print("poolkit run:", error.strerror or " ".join(str(error).split()), file=sys.stderr)
        return 2
    except (ValueError, sqlite3.Error) as error:
        print("poolkit run:", " ".join(str(error).split()), file=sys.stderr)
        return 2
    return 0


@wrong("run.command", "no message", breaks="says_it_on_stderr")
def exit_code(work):
    try:
        work()
    except (OSError, ValueError, sqlite3.Error) as error:
        print("poolkit run:", " ".join(str(error.args[0]).split()), file=sys.stderr)
        return 2
    return 0


@wrong("run.command", "cut off", breaks="says_it_in_one_line")
def exit_code(work):
    try:
        work()
    except (OSError, ValueError, sqlite3.Error) as error:
        print("poolkit run:", str(error).splitlines()[0], file=sys.stderr)
        return 2
    return 0


@wrong("run.command", "glued", breaks="says_it_in_one_line")
def exit_code(work):
    try:
        work()
    except (OSError, ValueError, sqlite3.Error) as error:
        print("poolkit run:", str(error).replace("\n", ""), file=sys.stderr)
        return 2
    return 0


@wrong("run.command", "many lines", breaks="says_it_in_one_line")
def exit_code(work):
    try:
        work()
    except (OSError, ValueError, sqlite3.Error) as error:
        print("poolkit run:", file=sys.stderr)
        print(" ".join(str(error).split()), file=sys.stderr)
        return 2
    return 0
