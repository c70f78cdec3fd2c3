#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
#
# filters.py DMACTL FOLDER - did filters.sh record what was asked for, all of it, and
# nothing else?
#
# What each recording must have is made here, from the kernel's own trace of the same
# time and the options that the recording was made with; of the kinds that the kernel
# does not trace, from the recording of everything beside it.
import collections
import gzip
import json
import re
import subprocess
import sys

import compare

# ns, at an end that has no mark: the two do not tell the very same time, and an emulated CPU
# may rest between them
MARGIN = 20000000
KINDS = {
    "map": r"(un)?map_(page|phys|resource)|iova_.*", "sg": r"(un)?map_sg(_err)?",
    "coherent": r"(alloc|free)(_pages|_sgt|_sgt_err)?|(declare|release)_coherent_memory",
    "sync": r"sync_.*", "pool": r"pool_.*", "swiotlb": r"swiotlb_.*",
    "iova": r"(alloc|free)_iova|flush", "iommu": r"iommu_.*", "mask": r"set_.*mask",
}
TRANSFERS = re.compile(r"(un)?map_(page|phys|resource|sg|sg_err)|sync_.*|iova_(link|unlink|destroy)"
                       r"|alloc_sgt|free_sgt")


STACK = re.compile(r"^\s*.+-\d+\s+\[(\d+)\] .*: <stack trace>$")
INSIDE = re.compile(r"_*(dma_(map|unmap|alloc|free|sync)|trace|do_trace|bpf_|iommu_)|\d")


class Truth:
    """Events of one boot as (ns, device, direction, size, key), in their order."""

    def __init__(self, dmactl, folder):
        with open(folder + "/tracepoints") as file:
            self.traced = {compare.NAMES.get(name, name.removeprefix("dma_"))
                           for name in file.read().split()}
        with open(folder + "/drivers") as file:
            self.drivers = dict(line.split() for line in file if " " in line.strip())
        kernel, self.marks, _ = compare.read_kernel(folder + "/trace.gz")
        self.events = [(ns, key) for keys in kernel.values() for ns, key in keys]
        self.longest = max((len(key[8]) for _, key in self.events if key[0] == "map_sg"),
                           default=0)
        self.limit = max(self.longest, 128)
        self.events += [(ns, key) for ns, key in read(dmactl, folder + "/all.dmat")
                        if key[0] not in self.traced]
        self.events.sort(key=lambda event: event[0])
        sizes = {}
        self.events = [(ns, *self.facts(key, sizes), key) for ns, key in self.events]

    def facts(self, key, sizes):
        kind = key[0]
        if kind.startswith("iommu_") or kind in ("alloc_iova", "free_iova", "flush"):
            return None, None, 0
        if kind == "map_sg":
            sizes[key[2:4] + (key[8][:self.limit],)] = sum(key[7])
            return key[2], key[3], sum(key[7])
        if kind == "unmap_sg":  # which the kernel's trace tells no size of
            return key[2], key[3], sizes.get(key[2:4] + (key[4][:self.limit],), 0)
        if kind.startswith("sync_sg"):
            return key[2], key[3], sum(key[5])
        return key[2], key[3], key[5] if TRANSFERS.fullmatch(kind) else 0


def key_of(event):
    """compare's key, or one of the same make for what the kernel does not trace."""
    key = compare.key_of(event)
    return key or (event["kind"], event.get("pid", 0), event.get("device"), event.get("dir"),
                   event.get("dma"), event.get("size", 0), event.get("phys"), event.get("mask"),
                   event.get("cpu_addr"), event.get("name"), event.get("error"))


def events_of(dmactl, path):
    with subprocess.Popen([dmactl, "dump", "--ndjson", path], stdout=subprocess.PIPE,
                          text=True) as process:
        for line in process.stdout:
            event = json.loads(line)
            if event["kind"] == "lost":
                raise SystemExit(f"  {path}: events were lost")
            if event["kind"] not in ("device", "environment"):
                yield event
    if process.returncode:
        raise SystemExit(f"dmactl dump {path}: exit {process.returncode}")


def read(dmactl, path):
    return [(event["ns"], key_of(event)) for event in events_of(dmactl, path)]


def fits(text, patterns):
    return any(text.startswith(pattern[:-1]) if pattern.endswith("*") else text == pattern
               for pattern in patterns)


def asked_for(options, drivers):
    """The options of a recording as a function that says whether it must have an event."""
    words, asked = options.split(), collections.defaultdict(list)
    for name, value in zip(words[::2], words[1::2]):
        asked[name].append(value)
    groups = re.compile("|".join(KINDS[group] for group in asked["--events"][0].split(","))
                        if asked["--events"] else ".*")
    ways = asked["--dir"][0].upper().split(",") if asked["--dir"] else None
    least = int(asked["--min-size"][0].removesuffix("k")) << 10 if asked["--min-size"] else 0

    def wanted(device, way, size, key):
        if not groups.fullmatch(key[0]):
            return False
        if asked["--device"] and not fits(device or "", asked["--device"]):
            return False
        if asked["--driver"] and not fits(drivers.get(device, ""), asked["--driver"]):
            return False
        if asked["--pid"] and key[1] != int(asked["--pid"][0]):
            return False
        if not TRANSFERS.fullmatch(key[0]):
            return True
        return (not ways or way in ways) and size >= least

    return wanted


def count_of(events, limit):
    return collections.Counter(compare.shortened(key, limit) for key in events)


def same(truth, name, path, dmactl, begin, end):
    """Between two times, a recording has what was asked for; outside, it may have it."""
    with open(f"{sys.argv[2]}/{name}.options") as file:
        wanted = asked_for(file.read(), truth.drivers)
    asked = [(ns, key) for ns, device, way, size, key in truth.events
             if wanted(device, way, size, key)]
    had = read(dmactl, path)
    must, has = (count_of((key for ns, key in events if begin <= ns <= end), truth.limit)
                 for events in (asked, had))
    missing = must - count_of((key for _, key in had), truth.limit)
    strange = has - count_of((key for _, key in asked), truth.limit)
    all_of = sum(begin <= event[0] <= end for event in truth.events)
    print(f"filters: {name}: {sum(has.values())} of {all_of} events; "
          f"{sum(missing.values())} not recorded, {sum(strange.values())} not asked for")
    for what, rest in (("not recorded", missing), ("not asked for", strange)):
        for key in list(rest)[:4]:
            print(f"  {what}: {key}"[:400])
    return bool(has) and not missing and not strange


def of_itself(truth, name, path, dmactl):
    """The same of a recording that begins or ends by itself. And its first and last time."""
    times = [ns for ns, _ in read(dmactl, path)]
    begin = max(truth.marks["begin long"], min(times) + MARGIN)
    return same(truth, name, path, dmactl, begin, max(times) - MARGIN), min(times), max(times)


def said(folder, name, words):
    with open(f"{folder}/{name}.said") as file:
        return words in file.read()


def limits(truth, dmactl, folder):
    begin, end = truth.marks["begin long"], truth.marks["end long"]
    whole, _, last = of_itself(truth, "duration", folder + "/duration.dmat", dmactl)
    print(f"filters: --duration 2 ended {(last - begin) / 1e9:.2f} s after the command began")
    yield "--duration", (whole and 1.5e9 < last - begin and last < end and
                         said(folder, "duration", "the time of --duration is over"))
    whole, _, last = of_itself(truth, "limit", folder + "/limit.dmat", dmactl)
    yield "--max-size", (whole and last < end and
                         said(folder, "limit", "has the size of --max-size"))
    path = folder + "/overwrite.dmat"
    whole, first, last = of_itself(truth, "overwrite", path, dmactl)
    yield "--overwrite", (whole and begin < first and
                          said(folder, "overwrite", "were overwritten by later ones"))
    whole, _, earlier = of_itself(truth, "overwrite", path + ".1", dmactl)
    yield "a snapshot", whole and begin < earlier < last


def kernel_stacks(path):
    """[(key, functions, the innermost first)] of the kernel's trace."""
    stacks, last, inside = [], {}, None
    with gzip.open(path, "rt", errors="replace") as file:
        for line in file:
            stack = STACK.match(line)
            match = not stack and compare.LINE.match(line)
            if line.startswith(" => ") and inside is not None:
                inside.append(re.sub(r"^ => |\+0x.*$|\s+$", "", line))
            elif stack:  # of the last event of its CPU
                inside = last.pop(stack.group(1), None)
            elif match:
                pid, cpu, _, _, kind, text = match.groups()
                body, inside = compare.body_of(kind, text.rstrip("\n")), None
                if body is not None:
                    name = compare.NAMES.get(kind, kind.removeprefix("dma_"))
                    last[cpu] = []
                    stacks.append(((name, int(pid)) + body, last[cpu]))
    return stacks


def stack_is_right(dmactl, folder):
    """Each event's stack is the one that the kernel has, above what is the tracing's own."""
    theirs = collections.defaultdict(list)
    right, wrong, none, unknown = 0, 0, 0, 0
    for key, functions in kernel_stacks(folder + "/stacks.gz"):
        theirs[compare.shortened(key, 128)].append(functions)
    for event in events_of(dmactl, folder + "/stack.dmat"):
        key = compare.shortened(key_of(event), 128)
        mine = re.sub(r"\+0x[0-9a-f]*", "", event.get("stack", "")).split(";")
        if key not in theirs:
            continue
        if not any(mine):
            none += 1
            continue
        # Where an interrupt comes between an event and its stack, the kernel's is not found.
        if not any(theirs[key]) and unknown < 3:
            unknown += 1
            continue
        # Functions of the kernel that both know, from the DMA API's caller on.
        if any(tail(mine) == tail(other) for other in theirs[key]):
            right += 1
        else:
            wrong += 1
            if wrong < 4:
                print(f"  stack: {mine}\n  kernel: {theirs[key][0]}")
    print(f"filters: --stack: {right} stacks are the kernel's, {wrong} are not, {none} have none, "
          f"{unknown} that the kernel does not tell")
    return right and not wrong and not none


def tail(functions):
    """Of a stack, what called the DMA API: what is outside of it and of the tracing. Code
    without a name, as of a BPF program that was interrupted, not all unwinders pass."""
    functions = [name for name in functions if not name.startswith("0x")]
    own = [at for at, name in enumerate(functions) if INSIDE.match(name)]
    return functions[own[-1] + 1:] if own else functions


def main():
    dmactl, folder = sys.argv[1:]
    truth, wrong = Truth(dmactl, folder), 0
    results = [(name, same(truth, name, f"{folder}/{name}.dmat", dmactl,
                           truth.marks["begin"], truth.marks["end"]))
               for name in ("devices", "driver", "lists", "others", "direction", "size", "pid")]
    results += limits(truth, dmactl, folder)
    if truth.longest:
        results.append(("--stack", stack_is_right(dmactl, folder)))
    for name, holds in results:
        if not holds:
            print(f"  filters: {name}: not what was asked for")
            wrong += 1
    sys.exit(1 if wrong else 0)


main()
