#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
#
# balance.py [--missed] DMACTL RECORDING - does what a recording says add up? --missed: but
# for as many events as it says were missed.
#
# From before the drivers were there: each unmap ends a mapping that is live, of the same
# device, size and direction; each free ends an allocation, each block goes back to the
# pool that it came from. With an IOMMU, ranges of IOVAs are freed as often as the IOMMU
# unmaps. Kept by dictionaries, with nothing of dmactl's own accounts.
import collections
import json
import subprocess
import sys

MAPS = {"map_page": "unmap_page", "map_phys": "unmap_phys", "map_resource": "unmap_resource"}
ENDS = {end: begin for begin, end in MAPS.items()}


class Account:
    def __init__(self):
        self.live = collections.Counter()
        self.begun = collections.Counter()
        self.ended = collections.Counter()
        self.wrong = []

    def begin(self, what, key, event):
        if event.get("error"):
            return
        self.begun[what] += 1
        self.live[(what,) + key] += 1

    def end(self, what, key, event):
        self.ended[what] += 1
        if not self.live[(what,) + key]:
            self.wrong.append(event)
            return
        self.live[(what,) + key] -= 1


def transfer(event):
    return event.get("device"), event.get("dma"), event.get("size"), event.get("dir")


def entries(event):
    return (event.get("device"), event.get("dir"),
            tuple(entry["phys"] for entry in event.get("entries", [])))


def memory(event):
    return event.get("device"), event.get("dma"), event.get("size")


def block(event):
    return event.get("device"), event.get("handle"), event.get("dma")


def space(event):
    return event.get("handle"), event.get("dma"), event.get("size")


def count(account, event):
    kind = event["kind"]
    if kind in MAPS:
        account.begin("mapping", transfer(event), event)
    elif kind in ENDS:
        account.end("mapping", transfer(event), event)
    elif kind == "map_sg":
        account.begin("list", entries(event), event)
    elif kind == "unmap_sg":
        account.end("list", entries(event), event)
    elif kind == "alloc":
        account.begin("allocation", memory(event), event)
    elif kind == "free":
        if event.get("dma") or event.get("size"):	# drivers may free NULL
            account.end("allocation", memory(event), event)
    elif kind == "pool_alloc":
        account.begin("block", block(event), event)
    elif kind == "pool_free":
        account.end("block", block(event), event)
    elif kind == "alloc_iova":
        account.begin("range", space(event), event)
    elif kind == "free_iova":
        account.end("range", space(event), event)


def main():
    may_miss, (dmactl, recording) = sys.argv[1] == "--missed", sys.argv[-2:]
    account, kinds, lost = Account(), collections.Counter(), 0
    with subprocess.Popen([dmactl, "dump", "--ndjson", recording], stdout=subprocess.PIPE,
                          text=True) as process:
        for line in process.stdout:
            event = json.loads(line)
            kinds[event["kind"]] += 1
            lost += event.get("count", 0) if event["kind"] == "lost" else 0
            count(account, event)
    if process.returncode:
        sys.exit(f"dmactl dump {recording}: exit {process.returncode}")
    for event in account.wrong[:8]:
        print(f"  ends nothing: {json.dumps(event)}"[:400])
    said = ", ".join(f"{account.begun[what]} {what}s and {account.ended[what]} ends"
                     for what in account.begun)
    print(f"balance: {said}; {len(account.wrong)} end nothing, {lost} lost")
    if kinds["alloc_iova"] and not kinds["iova_try_alloc"]:
        ends = account.ended["mapping"] + account.ended["list"] + account.ended["allocation"]
        print(f"balance: the IOMMU unmapped {kinds['iommu_unmap']} times, for {ends} calls")
        if not 0 <= kinds["iommu_unmap"] - ends <= lost:
            sys.exit(1)
    wrong = len(account.wrong) > lost if may_miss else account.wrong or lost
    sys.exit(1 if wrong or not account.begun["mapping"] else 0)


main()
