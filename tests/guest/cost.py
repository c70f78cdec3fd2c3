#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
#
# cost.py DMACTL FOLDER - what cost.sh measured, as medians. No time fails, for how long
# an emulated machine takes says little of a real one; an event that is lost does.
import collections
import json
import re
import statistics
import subprocess
import sys


def main():
    dmactl, folder = sys.argv[1:]
    times = collections.defaultdict(list)
    with open(folder + "/cost") as file:
        for line in file:
            how, begin, end = line.split()
            times[how].append(float(end) - float(begin))
    counted = subprocess.run([dmactl, "stat", "--json", folder + "/dmactl.dmat"],
                             stdout=subprocess.PIPE, text=True, check=True).stdout
    events = sum(json.loads(counted)["kinds"].values())
    none = statistics.median(times["none"])
    print(f"cost: {events} events")
    for how in ("none", "ftrace", "dmactl", "stack"):
        median = statistics.median(times[how])
        more = f", {(median - none) / events * 1e6:+.2f} us an event" if how != "none" else ""
        print(f"cost: {how}: median {median:.2f} s of {len(times[how])} "
              f"({min(times[how]):.2f} to {max(times[how]):.2f}){more}")
    rate = events / min(times["dmactl"])
    with open(folder + "/dmactl") as file:
        lost = sum(map(int, re.findall(r"; lost (\d+) ", file.read())))
    print(f"cost: at up to {rate:.0f} events/s {lost} are lost")
    sys.exit(1 if lost else 0)


main()
