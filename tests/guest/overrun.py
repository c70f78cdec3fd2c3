#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
#
# overrun.py DMACTL RECORDING KERNEL-TRACE.gz - is what arrived, and what is said to be
# lost, together what the kernel's own tracing has? For each kind of event, exactly.
import collections
import gzip
import json
import re
import subprocess
import sys

LINE = re.compile(r"\s(\d+)\.(\d+): (?:dma_)?(\w+): ")


def main():
    dmactl, recording, trace = sys.argv[1:]
    kernel, ours, lost = collections.Counter(), collections.Counter(), collections.Counter()
    with gzip.open(trace, "rt", errors="replace") as file:
        for line in file:
            match = LINE.search(line)
            if match and not line.startswith("#"):
                kernel[match[3]] += 1
    with subprocess.Popen([dmactl, "dump", "--ndjson", recording], stdout=subprocess.PIPE,
                          text=True) as process:
        for line in process.stdout:
            event = json.loads(line)
            if event["kind"] == "lost":
                lost[re.sub("^(tp|fn)_(dma_)?", "", event["name"])] += event["count"]
            else:
                ours[event["kind"]] += 1
    wrong = 0
    for kind in ("map_page", "map_phys", "unmap_page", "unmap_phys", "map_sg", "unmap_sg"):
        if ours[kind] + lost[kind] != kernel[kind]:
            print(f"  {kind}: {ours[kind]} arrived, {lost[kind]} lost, "
                  f"{kernel[kind]} in the kernel's trace")
            wrong += 1
    print(f"overrun: {sum(ours.values())} arrived, {sum(lost.values())} counted as lost, "
          f"together what the kernel has" if not wrong else "overrun: the sums differ")
    sys.exit(0 if lost and not wrong else 1)


main()
