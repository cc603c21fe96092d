"""The benchmark's numbers as tables, sentences, a block for the README, and a picture."""

import re

BEGIN, END = "<!-- benchmark:begin -->", "<!-- benchmark:end -->"
# OURS is what is compared: like its peers it has a cap. Without one it has a row of its own.
OURS, UNCAPPED, QUEUE = "poolkit", "poolkit, no cap", "queue.LifoQueue"
LIBRARIES = ("DBUtils PooledDB", "SQLAlchemy QueuePool", "psycopg_pool")

# Okabe and Ito's colours, which people with any colour vision tell apart; hatches for the rest.
COLOURS = ["#0072B2", "#56B4E9", "#E69F00", "#009E73", "#CC79A7", "#D55E00", "#999999"]
HATCHES = ["", "..", "//", "xx", "\\\\", "++", "--"]

# What the pool is meant to reach: name, how ours was measured, and the peer, the bound.
BLOCK, WORK = "`with pool.connection()`", "a point query in the block"
TARGETS = [
    ("`acquire` + `release`, times LifoQueue's get + put", "loan", QUEUE, "most", 1.0),
    (f"{BLOCK}, times LifoQueue's get + put", "block", QUEUE, "most", 1.35),
    (f"{BLOCK}, times faster than SQLAlchemy", "block", "SQLAlchemy QueuePool", "least", 3.5),
    (f"{BLOCK}, times faster than DBUtils", "block", "DBUtils PooledDB", "least", 1.3),
    (f"{WORK}, times faster than SQLAlchemy", "query", "SQLAlchemy QueuePool", "least", 1.5),
    (f"{WORK}, times faster than DBUtils", "query", "DBUtils PooledDB", "least", 1.5),
]


def ratios(measured):
    """Yield each target: its name, the number, the bound, whether that is met."""
    loans = measured["loans"]
    for name, way, peer, side, bound in TARGETS:
        if peer not in loans["loan"]:
            continue
        ours = loans[way][OURS]
        ratio = ours / loans["loan"][peer] if side == "most" else loans[way][peer] / ours
        yield _met(name, ratio, side, bound)
    yield from _fairness_ratios(measured["fairness"])
    if "8 on 4" in measured["contended"]:
        yield from _contended_ratios(measured["contended"]["8 on 4"])


def _met(name, number, side, bound):
    met = number <= bound if side == "most" else number >= bound
    return name, number, f"at {side} {bound}", met


def _fairness_ratios(fairness):
    ours = fairness[OURS]
    best = max(run["per_second"] for name, run in fairness.items() if name != OURS)
    yield _met("least served / most served thread", ours["least_of_most"], "least", 0.9)
    yield _met("throughput, times the best peer's", ours["per_second"] / best, "least", 0.95)
    yield _met("longest wait, ms", ours["longest_wait"] * 1000, "most", 25)


def _contended_ratios(runs):
    """8 threads on 4 connections, with a query: a queue that starves threads is no yardstick."""
    best = max((runs[name]["per_second"] for name in LIBRARIES if name in runs), default=None)
    if best is not None:
        ratio = runs[OURS]["per_second"] / best
        yield _met(f"{WORK}, 8 threads on 4, times the best library's", ratio, "least", 1.0)
    yield _met("... and least / most served thread", runs[OURS]["least_of_most"], "least", 0.5)


def loans_table(measured):
    rows = [["", "borrow + return", "in a block", "block + query", "what it does on a loan"]]
    for name in measured["loans"]["loan"]:
        times = [
            f"{measured['loans'][way][name] * 1e6:.2f} µs" for way in ("loan", "block", "query")
        ]
        rows.append([name, *times, measured["does"][name]])
    return rows


def short_table(measured):
    """The one table of the README: what a loan costs, and what becomes of it among threads."""
    contended, fairness = measured["contended"], measured["fairness"]
    rows = [["", "in a block", "block + query", *(f"{key}: a second" for key in contended), "fair"]]
    for name in fairness:
        loans = [f"{measured['loans'][way][name] * 1e6:.2f} µs" for way in ("block", "query")]
        runs = [f"{runs[name]['per_second']:,.0f}" for runs in contended.values()]
        rows.append([name, *loans, *runs, f"{fairness[name]['least_of_most']:.2f}"])
    return rows


def fairness_table(runs):
    rows = [["", "loans per second", "least / most served", "longest wait"]]
    for name, run in runs.items():
        wait = f"{run['longest_wait'] * 1000:.1f} ms"
        rows.append([name, f"{run['per_second']:,.0f}", f"{run['least_of_most']:.3f}", wait])
    return rows


def targets_table(measured):
    rows = [["", "here", "wanted", ""]]
    for name, ratio, wanted, met in ratios(measured):
        rows.append([name, f"{ratio:.2f}", wanted, "met" if met else "missed"])
    return rows


def extras_table(measured):
    rows = [["", "time"]]
    rows += [[name, f"{seconds * 1e6:.2f} µs"] for name, seconds in measured["extras"].items()]
    return rows


def recording_table(measured):
    """What recordings cost, as a multiple of a pool without the steps that ask for one."""
    costs = measured["recording"]
    rows = [["a loan of a pool that", "time", "ratio"]]
    for name, seconds in costs.items():
        ratio = seconds / costs["cannot be recorded"]
        rows.append([name, f"{seconds * 1e6:.3f} µs", f"{ratio:.2f}"])
    return rows


def verdict(measured):
    """Say in words what the numbers show, or that they do not show it."""
    fairness = measured["fairness"]
    starving = [name for name, run in fairness.items() if run["least_of_most"] < 0.5]
    if fairness[OURS]["least_of_most"] >= 0.9 and starving:
        fair = f"Every thread of poolkit's got its share; with {', '.join(starving)} some starved."
    else:
        fair = "That handing over in turn is what makes it fair was not shown on this machine."
    loans = measured["loans"]["query"]
    if "no pool" in loans and loans[OURS] < loans["no pool"] / 2:
        saved = (loans["no pool"] - loans[OURS]) * 1e6
        cheap = f"A loan saved {saved:.0f} µs of {loans['no pool'] * 1e6:.0f} µs for a query."
    else:
        cheap = "That a pool makes a query cheaper was not shown on this machine."
    return f"{fair} {cheap}"


def machine_words(measured):
    about = measured["machine"]
    return f"{about['cpus']} CPUs, {about['system']} on {about['machine']}, {about['python']}"


def sections(measured):
    """Everything that was measured: a sentence and a table each."""
    title = f"{measured['threads']} threads on {measured['connections']} connections"
    yield "A loan while nobody else wants one:", loans_table(measured)
    yield "What was wanted, and what it is here:", targets_table(measured)
    for key, runs in measured["contended"].items():
        yield f"Threads on connections, {key}, a point query in each block:", fairness_table(runs)
    held = f"{title}, each held {measured['held'] * 1000} ms:"
    yield held, fairness_table(measured["fairness"])
    yield f"{title}, no work, so that nobody need sleep:", fairness_table(measured["no work"])
    yield "What settings, and a query, cost with poolkit:", extras_table(measured)
    yield "What `poolkit.events` costs:", recording_table(measured)


def text(measured):
    """The tables for a terminal."""
    parts = [f"{title}\n{plain(rows)}" for title, rows in sections(measured)]
    return "\n\n".join([machine_words(measured), *parts, verdict(measured)])


def page(measured):
    """The text of the file that says it all."""
    intro = (
        "# What a loan costs\n\nWritten by `python tests/benchmarks/run.py --readme`, on "
        f"{machine_words(measured)}. Compared is the pool with a cap, as its peers have one."
    )
    parts = [f"{title}\n\n{markdown(rows)}" for title, rows in sections(measured)]
    return "\n\n".join([intro, verdict(measured), *parts]) + "\n"


def plain(rows):
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        for row in rows
    ]
    return "\n".join(line.rstrip() for line in lines)


def markdown(rows):
    lines = ["| " + " | ".join(row) + " |" for row in rows]
    return "\n".join([lines[0], "|" + "---|" * len(rows[0]), *lines[1:]])


def block(measured, picture):
    """The part of the README that the command writes."""
    return "\n\n".join(
        [
            f"![{alt_text(measured)}]({picture})",
            verdict(measured),
            markdown(short_table(measured)),
            "`4 on 4` and the like are threads on connections, with a point query in each block; "
            "`fair` is least served / most served of 16 threads on 4 connections. Taken by "
            f"`python tests/benchmarks/run.py --readme` on {machine_words(measured)}; "
            "[all the numbers](tests/benchmarks/README.md).",
        ]
    )


def alt_text(measured):
    loans, fairness = measured["loans"]["block"], measured["fairness"]
    costs = ", ".join(f"{name} {loans[name] * 1e6:.1f}" for name in loans)
    shares = ", ".join(f"{name} {run['least_of_most']:.2f}" for name, run in fairness.items())
    return f"Two bar charts. Microseconds a loan: {costs}. Least / most served thread: {shares}."


def put_block(readme, block):
    """Put the block between its marks, or with them at the end."""
    marked = f"{BEGIN}\n{block}\n{END}"
    if BEGIN not in readme:
        return f"{readme.rstrip()}\n\n## What a loan costs\n\n{marked}\n"
    return re.sub(f"{BEGIN}.*{END}", lambda _: marked, readme, flags=re.DOTALL)


def draw(measured, path):
    """Draw both results, on a ground of its own, so that it reads on light and dark pages."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    loans = {name: s * 1e6 for name, s in measured["loans"]["block"].items() if name != "no pool"}
    shares = {name: run["least_of_most"] for name, run in measured["fairness"].items()}
    style = {name: index for index, name in enumerate(measured["loans"]["block"])}
    figure, (left, right) = pyplot.subplots(1, 2, figsize=(10, 3.2), layout="constrained")
    figure.set_facecolor("white")
    _bars(left, loans, style, "µs for a loan in a block, no work", "{:.1f}")
    _bars(right, shares, style, "least served / most served thread", "{:.2f}")
    right.set_xlim(0, 1.15)
    figure.savefig(path, dpi=130, metadata={"Software": None})
    pyplot.close(figure)


def _bars(axes, values, style, label, form):
    names = list(values)
    bars = axes.barh(
        names,
        list(values.values()),
        color=[COLOURS[style[name]] for name in names],
        hatch=[HATCHES[style[name]] for name in names],
        edgecolor="white",
    )
    axes.bar_label(bars, [form.format(value) for value in values.values()], padding=3)
    axes.margins(x=0.15)
    axes.set_xlabel(label)
    axes.invert_yaxis()
    axes.spines[["top", "right"]].set_visible(False)
