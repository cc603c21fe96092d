"""The benchmark's numbers as tables, sentences, a block for the README, and a picture."""

import re

BEGIN, END = "<!-- benchmark:begin -->", "<!-- benchmark:end -->"
OURS, CAPPED, QUEUE = "poolkit", "poolkit, capped", "queue.LifoQueue"

# Okabe and Ito's colours, which people with any colour vision tell apart; hatches for the rest.
COLOURS = ["#0072B2", "#56B4E9", "#E69F00", "#009E73", "#CC79A7", "#D55E00", "#999999"]
HATCHES = ["", "..", "//", "xx", "\\\\", "++", "--"]

# What the pool is meant to reach: name, how to work it out, the bound, and whether it is the least.
BLOCK = "`with pool.connection()`, times"
TARGETS = [
    ("`acquire` + `release`, times LifoQueue's get + put", "loan", QUEUE, 1.0, "most"),
    (f"{BLOCK} LifoQueue's get + put", "block-loan", QUEUE, 1.35, "most"),
    (f"{BLOCK} faster than SQLAlchemy", "block", "SQLAlchemy QueuePool", 4.0, "least"),
    (f"{BLOCK} faster than DBUtils", "block", "DBUtils PooledDB", 1.3, "least"),
]


def ratios(measured):
    """Yield each target: its name, the number, the bound, whether that is met."""
    loans = measured["loans"]
    for name, way, peer, bound, side in TARGETS:
        if peer not in loans["loan"]:
            continue
        if way == "loan":
            ratio = loans["loan"][OURS] / loans["loan"][peer]
        elif way == "block-loan":
            ratio = loans["block"][OURS] / loans["loan"][peer]
        else:
            ratio = loans["block"][peer] / loans["block"][OURS]
        yield (
            name,
            ratio,
            f"at {side} {bound}",
            ratio <= bound if side == "most" else ratio >= bound,
        )
    yield from _fairness_ratios(measured["fairness"])


def _fairness_ratios(fairness):
    ours = fairness[CAPPED]
    best = max(run["per_second"] for name, run in fairness.items() if name != CAPPED)
    yield (
        "least served / most served thread",
        ours["least_of_most"],
        "at least 0.9",
        ours["least_of_most"] >= 0.9,
    )
    throughput = ours["per_second"] / best
    yield "throughput, times the best peer's", throughput, "at least 0.95", throughput >= 0.95
    wait = ours["longest_wait"] * 1000
    yield "longest wait, ms", wait, "at most 25", wait <= 25


def loans_table(measured):
    rows = [["", "borrow + return", "in a block", "block + query", "what it does on a loan"]]
    for name in measured["loans"]["loan"]:
        times = [
            f"{measured['loans'][way][name] * 1e6:.2f} µs" for way in ("loan", "block", "query")
        ]
        rows.append([name, *times, measured["does"][name]])
    return rows


def fairness_table(measured, key="fairness"):
    rows = [["", "loans per second", "least / most served", "longest wait"]]
    for name, run in measured[key].items():
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


def verdict(measured):
    """Say in words what the numbers show, or that they do not show it."""
    fairness = measured["fairness"]
    starving = [name for name, run in fairness.items() if run["least_of_most"] < 0.5]
    if fairness[CAPPED]["least_of_most"] >= 0.9 and starving:
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


def text(measured):
    """The tables for a terminal."""
    title = f"{measured['threads']} threads, {measured['connections']} connections"
    parts = [
        machine_words(measured),
        plain(loans_table(measured)),
        plain(extras_table(measured)),
        f"{title}, held {measured['held'] * 1000} ms:\n" + plain(fairness_table(measured)),
        f"{title}, no work:\n" + plain(fairness_table(measured, "no work")),
        plain(targets_table(measured)),
        verdict(measured),
    ]
    return "\n\n".join(parts)


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
    title = f"{measured['threads']} threads on {measured['connections']} connections"
    held = f"each held {measured['held'] * 1000} ms"
    return "\n\n".join(
        [
            f"Taken by `python tests/benchmarks/run.py --readme` on {machine_words(measured)}.",
            f"![{alt_text(measured)}]({picture})",
            verdict(measured),
            markdown(loans_table(measured)),
            f"{title}, {held}:",
            markdown(fairness_table(measured)),
            f"With no work in the loan nobody needs to sleep, and handing over in turn costs: "
            f"{_no_work(measured)}.",
            markdown(targets_table(measured)),
            markdown(extras_table(measured)),
        ]
    )


def _no_work(measured):
    runs = measured["no work"].items()
    return ", ".join(f"{name} {run['per_second']:,.0f} a second" for name, run in runs)


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
