"""Folds what `perf script --fields comm,ip,sym` prints into a flame graph: a frame is as wide as its share of samples."""

import re
import sys
from html import escape

WIDTH, ROW, TOP = 1200, 16, 24
# A letter of the font, and the narrowest frame that is drawn.
LETTER, NARROWEST = 6.1, 0.6
# Frames of the runtimes: their time is shown as their callers'.
RUNTIMES = re.compile(
    r"^(<?(tokio|std|core|alloc|futures_util|futures_core|tracing|tower)\b|__rust|_start|__libc_start|__clone|clone3?$"
    r"|start_thread|main$|entry_SYSCALL|do_syscall_64|x64_sys_call|\[unknown\]|0x)"
)


def plain(name):
    """A symbol without its arguments' types, its hash, and its closures."""
    name = re.sub(r"::h[0-9a-f]{16}$", "", name)
    name = name.replace("::{{closure}}", "").replace("::{closure#0}", "")
    while "<" in name:
        inner = re.sub(r"<([^<>]*)>", lambda of: of[1].split(" as ")[0] if of.start() == 0 else "", name, count=1)
        if inner == name:
            break
        name = inner.replace("::::", "::")
    return name.strip(":") or "[unknown]"


def stacks(lines):
    """Each sample's frames, the outermost first."""
    process, frames = None, []
    for line in lines:
        if not line.strip():
            if process:
                yield [process, *reversed(frames)]
            process, frames = None, []
        elif process is None:
            process = line.strip()
        else:
            name = plain(line.strip().split(" ", 1)[-1])
            if not RUNTIMES.match(name) and (not frames or frames[-1] != name):
                frames.append(name)
    if process:
        yield [process, *reversed(frames)]


def fold(samples):
    """A tree of frames: [samples, frames called]."""
    root = [0, {}]
    for frames in samples:
        node = root
        node[0] += 1
        for name in frames:
            node = node[1].setdefault(name, [0, {}])
            node[0] += 1
    return root


def depth(node, whole):
    """How many rows a tree needs, without those too narrow to draw."""
    drawn = (child for child in node[1].values() if WIDTH * child[0] / whole >= NARROWEST)
    return 1 + max((depth(child, whole) for child in drawn), default=0)


def draw(name, node, left, level, whole, height):
    """Prints one frame and those it called, above it."""
    width = WIDTH * node[0] / whole
    if width < NARROWEST:
        return
    top = height - ROW * (level + 1)
    # The same name has the same colour in each graph.
    shade = sum(name.encode()) % 60
    print(f'<g><title>{escape(name)} {100 * node[0] / whole:.1f} %</title>')
    print(f'<rect x="{left:.1f}" y="{top}" width="{width:.1f}" height="{ROW - 1}" fill="rgb({205 + shade % 50},{120 + shade * 2},60)"/>')
    letters = int((width - 4) / LETTER)
    if letters >= 3:
        words = name.split("::")
        # Of a path as much of its end as there is room for, whole words if any fits.
        while len(words) > 1 and len("::".join(words)) > letters:
            words.pop(0)
        print(f'<text x="{left + 2:.1f}" y="{top + 11}">{escape("::".join(words)[:letters])}</text>')
    print("</g>")
    for child, under in sorted(node[1].items()):
        draw(child, under, left, level + 1, whole, height)
        left += WIDTH * under[0] / whole


def main():
    sys.stdin.reconfigure(errors="replace")
    root = fold(stacks(sys.stdin))
    if not root[0]:
        sys.exit("there is no sample in the input; it is what perf script prints with --fields comm,ip,sym")
    height = TOP + ROW * depth(root, root[0])
    print(
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height}" viewBox="0 0 {WIDTH} {height}" '
        'font-family="monospace" font-size="10">'
    )
    print(f'<text x="4" y="14">64 clients pay: {root[0]} samples of all processors</text>')
    draw("all", root, 0, 0, root[0], height)
    print("</svg>")


main()
