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

LOADS = 3  # that one recording has


def read(folder, name):
    with open(f"{folder}/{name}") as file:
        return file.read()


def main():
    dmactl, folder = sys.argv[1:]
    times = collections.defaultdict(list)
    for line in read(folder, "cost").splitlines():
        how, *seconds = line.split()
        times[how].append([float(number) for number in seconds])
    counted = subprocess.run([dmactl, "stat", "--json", folder + "/dmactl.dmat"],
                             stdout=subprocess.PIPE, text=True, check=True).stdout
    events = sum(json.loads(counted)["kinds"].values()) / LOADS
    none = statistics.median(wall for wall, _ in times["none"])
    print(f"cost: {events:.0f} events")
    for how in ("none", "ftrace", "dmactl", "stack"):
        wall, recorder = (statistics.median(column) for column in zip(*times[how]))
        least, most = min(times[how])[0], max(times[how])[0]
        line = f"cost: {how}: median {wall:.2f} s of {len(times[how])} ({least:.2f} to {most:.2f})"
        if how != "none":
            line += f", {(wall - none) / events * 1e6:+.2f} us an event"
        if how in ("dmactl", "stack"):
            line += f"; the recorder takes {recorder / events * 1e6:.2f} us of a CPU"
        print(line)
    programs = [int(time) for time in re.findall(r"run_time_ns:\s(\d+)", read(folder, "fdinfo"))]
    runs = [int(time) for time in re.findall(r"run_cnt:\s(\d+)", read(folder, "fdinfo"))]
    print(f"cost: an event is {sum(runs) / events / LOADS:.2f} runs of programs, "
          f"{sum(programs) / events / LOADS / 1e3:.2f} us in all")
    rate = events / min(times["dmactl"])[0]
    lost = sum(map(int, re.findall(r"; lost (\d+) ", read(folder, "dmactl"))))
    print(f"cost: at up to {rate:.0f} events/s {lost} are lost")
    sys.exit(1 if lost else 0)


main()
