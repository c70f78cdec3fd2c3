#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
#
# compare.py [--none] [--missed] DMACTL FOLDER - is what dmactl recorded what the kernel's
# own tracing says of the same boot? --none: which may be nothing. --missed: but for as many
# events as dmactl says that it missed.
#
# Every dma:*, swiotlb:* and iommu:* event between the marks "begin" and "end", of the
# kinds that this kernel traces, with all that it prints of them: CPU, task (by number:
# of names its text knows one for each), device, direction, addresses, sizes, every entry
# of a list, attributes. Both directions, as two multisets. The kernel's text is taken
# apart here, by regular expressions, and by nothing of dmactl.
import collections
import gzip
import json
import re
import subprocess
import sys

LINE = re.compile(r"^\s*.+-(\d+)\s+\[(\d+)\] \S+\s+(\d+)\.(\d+): (\w+): ?(.*)$")
ADDRESS = r"(\S+) dir=(\w+) dma_addr=([0-9a-f]+) size=(\d+)"
MAP = re.compile(ADDRESS + r" phys_addr=([0-9a-f]+) attrs=(\S*)")
UNMAP = re.compile(ADDRESS + r" attrs=(\S*)")
ALLOC = re.compile(ADDRESS + r" virt_addr=\S+ (?:flags=(\S+) )?attrs=(\S*)")
SYNC = re.compile(ADDRESS + r"()")
LIST = r"=\{([^}]*)\}"
MAP_SG = re.compile(r"(\S+) dir=(\w+) nents=(\d+)/(\d+) ents=(\d+)/(\d+)( \[TRUNCATED\])? dma_addrs" +
                    LIST + " sizes" + LIST + " phys_addrs" + LIST + r" attrs=(\S*)")
UNMAP_SG = re.compile(r"(\S+) dir=(\w+) phys_addrs" + LIST + r" attrs=(\S*)")
SYNC_SG = re.compile(r"(\S+) dir=(\w+) dma_addrs" + LIST + " sizes" + LIST)
BOUNCED = re.compile(r"dev_name: (\S+) dma_mask=([0-9a-f]+) dev_addr=([0-9a-f]+) size=(\d+) (\w+)")
IOMMU_MAP = re.compile(r"IOMMU: iova=0x([0-9a-f]+) - 0x[0-9a-f]+ paddr=0x([0-9a-f]+) size=(\d+)")
IOMMU_UNMAP = re.compile(r"IOMMU: iova=0x([0-9a-f]+) - 0x[0-9a-f]+ size=(\d+) unmapped_size=(\d+)")

# The tracepoints that are compared, and what dmactl calls them.
NAMES = {"swiotlb_bounced": "swiotlb_bounced", "map": "iommu_map", "unmap": "iommu_unmap"}


def numbers(text, base=16):
    return tuple(int(word, base) for word in text.replace(",", " ").split())


def body_of(kind, text):
    """What the kernel says of an event, as a tuple; lists that it cut are cut."""
    if kind in ("dma_map_page", "dma_map_phys", "dma_map_resource"):
        dev, way, dma, size, phys, attrs = MAP.fullmatch(text).groups()
        return dev, way, int(dma, 16), int(size), int(phys, 16), attrs
    if kind in ("dma_unmap_page", "dma_unmap_phys", "dma_unmap_resource"):
        dev, way, dma, size, attrs = UNMAP.fullmatch(text).groups()
        return dev, way, int(dma, 16), int(size), attrs
    if kind in ("dma_alloc", "dma_alloc_pages", "dma_free", "dma_free_pages"):
        dev, way, dma, size, gfp, attrs = ALLOC.fullmatch(text).groups()
        return dev, way, int(dma, 16), int(size), gfp or "", attrs
    if kind.startswith("dma_sync_single"):
        dev, way, dma, size, _ = SYNC.fullmatch(text).groups()
        return dev, way, int(dma, 16), int(size)
    if kind == "dma_map_sg":
        dev, way, _, nents, _, ents, _, dma, sizes, phys, attrs = MAP_SG.fullmatch(text).groups()
        return (dev, way, int(nents), int(ents), numbers(dma), numbers(sizes),
                numbers(phys), attrs)
    if kind == "dma_unmap_sg":
        dev, way, phys, attrs = UNMAP_SG.fullmatch(text).groups()
        return dev, way, numbers(phys), attrs
    if kind.startswith("dma_sync_sg"):
        dev, way, dma, sizes = SYNC_SG.fullmatch(text).groups()
        return dev, way, numbers(dma), numbers(sizes)
    if kind == "swiotlb_bounced":
        dev, mask, phys, size, force = BOUNCED.fullmatch(text).groups()
        return dev, int(mask, 16), int(phys, 16), int(size), force
    if kind == "map":
        return tuple(int(a, b) for a, b in zip(IOMMU_MAP.fullmatch(text).groups(), (16, 16, 10)))
    if kind == "unmap":
        return tuple(int(a, b) for a, b in zip(IOMMU_UNMAP.fullmatch(text).groups(), (16, 10, 10)))
    return None


def read_kernel(path):
    """{cpu: [(ns, key)]}, and when the marks were made."""
    events, marks, unknown = collections.defaultdict(list), {}, collections.Counter()
    with gzip.open(path, "rt", errors="replace") as file:
        for line in file:
            if line.startswith("#"):
                continue
            match = LINE.match(line)
            if not match:
                sys.exit(f"no event: {line!r}")
            pid, cpu, seconds, fraction, kind, text = match.groups()
            ns = int(seconds) * 1000000000 + int(fraction.ljust(9, "0")[:9])
            if kind == "tracing_mark_write":
                marks[text.strip()] = ns
                continue
            body = body_of(kind, text.rstrip("\n"))
            if body is None:
                unknown[kind] += 1
                continue
            name = NAMES.get(kind, kind.removeprefix("dma_"))
            events[int(cpu)].append((ns, (name, int(pid)) + body))
    return events, marks, unknown


def hexadecimal(event, name):
    return int(event.get(name, "0x0"), 16)


def key_of(event):
    """The same tuple from what dmactl says; None for a kind that the kernel does not trace."""
    kind = event["kind"]
    who = (kind, event.get("pid", 0))
    dev, way = event.get("device", ""), event.get("dir", "BIDIRECTIONAL")
    dma, size = hexadecimal(event, "dma"), event.get("size", 0)
    attrs = "|".join(event.get("attrs", []))
    phys = tuple(int(entry["phys"], 16) for entry in event.get("entries", []))
    dmas = tuple(int(segment["dma"], 16) for segment in event.get("segments", []))
    sizes = tuple(segment["size"] for segment in event.get("segments", []))
    if kind in ("map_page", "map_phys", "map_resource"):
        return who + (dev, way, dma, size, hexadecimal(event, "phys"), attrs)
    if kind in ("unmap_page", "unmap_phys", "unmap_resource"):
        return who + (dev, way, dma, size, attrs)
    if kind in ("alloc", "alloc_pages", "free", "free_pages"):
        return who + (dev, way, dma, size, event.get("gfp", ""), attrs)
    if kind.startswith("sync_single"):
        return who + (dev, way, dma, size)
    if kind == "map_sg":
        return who + (dev, way, event.get("nents", 0), event.get("ents", 0), dmas, sizes,
                      phys, attrs)
    if kind == "unmap_sg":
        return who + (dev, way, phys, attrs)
    if kind.startswith("sync_sg"):
        return who + (dev, way, dmas, sizes)
    if kind == "swiotlb_bounced":
        force = "FORCE" if "force" in event.get("flags", []) else "NORMAL"
        return who + (dev, hexadecimal(event, "mask"), hexadecimal(event, "phys"), size, force)
    if kind == "iommu_map":
        return who + (dma, hexadecimal(event, "phys"), size)
    if kind == "iommu_unmap":
        return who + (dma, size, event.get("unmapped", 0))
    return None


def read_recording(dmactl, path, traced):
    events, lost = collections.defaultdict(list), collections.Counter()
    with subprocess.Popen([dmactl, "dump", "--ndjson", path], stdout=subprocess.PIPE,
                          text=True) as process:
        for line in process.stdout:
            event = json.loads(line)
            if event["kind"] == "lost":
                lost[event["name"]] += event.get("count", 0)
            key = key_of(event)
            if key and event["kind"] in traced:
                events[event.get("cpu", 0)].append((event["ns"], key))
    if process.returncode:
        sys.exit(f"dmactl dump {path}: exit {process.returncode}")
    return events, lost


def missed_of(lost, traced):
    """What the probes missed whose functions have tracepoints; on 6.1 none has."""
    if not traced & {"map_page", "map_phys"}:
        return 0
    return sum(count for name, count in lost.items()
               if re.match("(kp|kr)_dma_(?!pool|iova|set|declare|release)", name))


def shortened(key, limit):
    """A map_sg with lists of at most so many entries, as the kernel prints it."""
    if key[0] != "map_sg":
        return key
    return key[:6] + tuple(part[:limit] for part in key[6:9]) + key[9:]


def window(events, marks):
    return {cpu: [key for ns, key in sorted(list_of, key=lambda e: e[0])
                  if marks["begin"] <= ns <= marks["end"]]
            for cpu, list_of in events.items()}


def main():
    arguments = sys.argv[1:]
    may_be_empty, may_miss = "--none" in arguments, "--missed" in arguments
    dmactl, folder = arguments[-2:]
    with open(folder + "/tracepoints") as file:
        traced = {NAMES.get(name, name.removeprefix("dma_")) for name in file.read().split()}
    kernel, marks, unknown = read_kernel(folder + "/trace.gz")
    ours, lost = read_recording(dmactl, folder + "/rec.dmat", traced)
    if "begin" not in marks or "end" not in marks:
        sys.exit("the kernel's trace lacks a mark")
    kernel, ours = window(kernel, marks), window(ours, marks)
    longest = max((len(key[8]) for keys in kernel.values() for key in keys
                   if key[0] == "map_sg"), default=0)
    # A task may move to another CPU between the two, where tracepoints can be preempted.
    theirs, mine = (collections.Counter((cpu,) + shortened(key, max(longest, 128))
                                        for cpu in side for key in side[cpu])
                    for side in (kernel, ours))
    equal, moved = theirs & mine, 0
    theirs, mine = (collections.Counter(key[1:] for key in side.elements())
                    for side in (theirs - equal, mine - equal))
    moved = sum((theirs & mine).values())
    equal = sum(equal.values()) + moved
    theirs, mine = theirs - mine, mine - theirs
    for name, rest in (("kernel", theirs), ("dmactl", mine)):
        for key in list(rest)[:6]:
            print(f"  only {name}: {key}"[:600])
    only_kernel, only_ours = sum(theirs.values()), sum(mine.values())
    print(f"compared: {equal} events equal, {only_kernel} only in the kernel's trace, "
          f"{only_ours} only in dmactl's, {sum(lost.values())} lost, {moved} on another CPU"
          + (f", not compared: {dict(unknown)}" if unknown else ""))
    wrong = (only_kernel != (missed_of(lost, traced) if may_miss else 0) or only_ours or
             moved > equal // 1000)
    sys.exit(0 if (equal or may_be_empty) and not wrong else 1)


if __name__ == "__main__":
    main()
