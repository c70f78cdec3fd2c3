#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
#
# crowd.py DMACTL FOLDER - where fentry has no room, is a kprobe taken, is that said, and is
# all recorded, by the kernel's own count of the calls?
import collections
import json
import subprocess
import sys

KPROBES = {"pool_alloc": ("dma_pool_alloc", "kretprobe", "fexit"),
           "pool_free": ("dma_pool_free", "kprobe", "fentry")}
BESIDE = {"pool_create", "pool_destroy"}


def read(folder, name):
    with open(f"{folder}/{name}") as file:
        return file.read()


def main():
    dmactl, folder = sys.argv[1:]
    wrong, counts, lost = [], collections.Counter(), collections.Counter()
    doctor = {event["event"]: event
              for event in json.loads(read(folder, "doctor.json"))["events"]}
    said = read(folder, "record")
    calls = dict(line.split() for line in read(folder, "crowd").splitlines()[1:])
    with subprocess.Popen([dmactl, "dump", "--ndjson", folder + "/rec.dmat"],
                          stdout=subprocess.PIPE, text=True) as process:
        for line in process.stdout:
            event = json.loads(line)
            counts[event["kind"]] += 1
            if event["kind"] == "lost":
                lost[event["name"].split("_", 1)[1]] += event["count"]
    for kind, (function, by, refused) in KPROBES.items():
        found = counts[kind] + lost[function]
        print(f"crowd: {function}() is called {calls[function]} times: {counts[kind]} "
              f"recorded by {doctor[kind]['by']}, {lost[function]} counted as lost")
        if doctor[kind]["by"] != by or f"refuses {refused}" not in (doctor[kind]["why"] or ""):
            wrong.append(f"doctor: {doctor[kind]}")
        if found != int(calls[function]) or not counts[kind]:
            wrong.append(f"{kind}: {found} of {calls[function]}")
    for kind in BESIDE:
        if doctor[kind]["by"] not in ("fentry", "fexit"):
            wrong.append(f"doctor: {doctor[kind]}")
    if "dma_pool_alloc() is watched by a kretprobe: the kernel refuses fexit" not in said:
        wrong.append(f"record does not say what it does: {said}")
    if counts["pool_alloc"] - counts["pool_free"] not in range(-lost["dma_pool_alloc"],
                                                             lost["dma_pool_free"] + 1):
        wrong.append(f"{counts['pool_alloc']} allocs, {counts['pool_free']} frees")
    for what in wrong:
        print("  " + what)
    sys.exit(1 if wrong else 0)


main()
