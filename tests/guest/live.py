#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
#
# live.py DMACTL FOLDER - what top, inspect and explain said of live.sh's kernel: top's
# periods add up to the recording, failures end recordings that are to end so, the kernel
# and its saved copy are the same to inspect, and explain names the device for which the
# swiotlb was full
import collections
import json
import subprocess
import sys
import tarfile

MAPS = {"alloc", "map_page", "map_phys", "map_single", "map_sg", "map_sg_err", "map_resource"}
ENDS = {"free", "unmap_page", "unmap_phys", "unmap_single", "unmap_sg", "unmap_resource"}


def lines(text):
    return [json.loads(line) for line in text.splitlines()]


def read(path):
    with open(path) as file:
        return file.read()


def output(*command):
    return subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout


def top_adds_up(dmactl, folder):
    recorded, shown = collections.Counter(), collections.Counter()
    for event in lines(output(dmactl, "dump", "--ndjson", folder + "/rec.dmat")):
        if event["kind"] == "swiotlb_map":
            recorded[event["device"], "bounces"] += "error" not in event
        elif event["kind"] in MAPS and event.get("error"):
            recorded[event["device"], "failed"] += 1
        elif event["kind"] in MAPS:
            recorded[event["device"], "maps"] += 1
        elif event["kind"] in ENDS:
            recorded[event["device"], "unmaps"] += 1
    for frame in lines(read(folder + "/top")):
        for device in frame["devices"]:
            for what in ("maps", "unmaps", "bounces", "failed"):
                shown[device["device"], what] += device[what]
    shown = +shown
    print(f"live: top: {sum(shown.values())} maps, unmaps, bounces and failures, "
          f"{sum((shown - recorded).values()) + sum((recorded - shown).values())} unlike the "
          "recording's")
    for key in sorted(shown.keys() | recorded.keys()):
        if shown[key] != recorded[key]:
            print(f"  {key}: {shown[key]}, recorded {recorded[key]}")
    return bool(shown) and shown == recorded


def failures_end(dmactl, folder):
    """A recording that a failure ends has one, and ended before the load did."""
    last, good = lines(output(dmactl, "dump", "--ndjson", folder + "/rec.dmat"))[-1]["ns"], True
    for name, kinds, words in (("full", {"swiotlb_map"}, "no bounce buffer was found"),
                               ("failed", MAPS, "a mapping failed")):
        events = lines(output(dmactl, "dump", "--ndjson", f"{folder}/{name}.dmat"))
        failed = [event["ns"] for event in events if event["kind"] in kinds and "error" in event]
        ended = words in read(f"{folder}/{name}") and failed and events[-1]["ns"] < last
        print(f"live: --stop-on: {len(events)} events, {len(failed)} failed, "
              f"{'then it ended' if ended else 'and it did not end'}")
        good = good and ended
    return good


def copy_is_the_same(dmactl, folder):
    with tarfile.open(folder + "/state.tar") as tar:
        tar.extractall(folder + "/state")
    there = json.loads(read(folder + "/inspect.json"))
    here = json.loads(output(dmactl, "inspect", "--json", "--root", folder + "/state"))
    for document in (there, here):
        del document["root"]
    # What the copy was made before.
    for document in (there, here):
        document["swiotlb"] = [{key: value for key, value in pool.items() if key != "used"}
                               for pool in document["swiotlb"]]
    parts = {key for key in here if here[key]}
    print(f"live: inspect: {len(here['devices'])} devices, {len(here['pools'])} pools, "
          f"{len(here['swiotlb'])} swiotlb; the copy is {'' if here == there else 'not '}the same")
    for key in sorted(there.keys() | here.keys()):
        if here.get(key) != there.get(key):
            print(f"  {key}: {there.get(key)}, copy {here.get(key)}")
    return here == there and {"devices", "pools", "swiotlb", "kernel"} <= parts


def log_is_explained(folder):
    full = {line.split("] ", 1)[1].split()[1].rstrip(":")
            for line in read(folder + "/dmesg").splitlines() if "swiotlb buffer is full" in line}
    found = {finding["device"] for finding in json.loads(read(folder + "/explain.json"))["findings"]
             if finding["id"].startswith("swiotlb-")}
    print(f"live: explain: the swiotlb was full for {' '.join(sorted(full))}, "
          f"by its findings for {' '.join(sorted(found))}")
    return full and full == found


def main():
    dmactl, folder = sys.argv[1:]
    good = [top_adds_up(dmactl, folder), failures_end(dmactl, folder),
            copy_is_the_same(dmactl, folder), log_is_explained(folder)]
    for name, result in zip(("top", "--stop-on", "inspect", "explain"), good):
        if not result:
            print(f"  not as it should be: {name}")
    sys.exit(0 if all(good) else 1)


main()
