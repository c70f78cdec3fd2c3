#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
#
# faults.py DMACTL FOLDER - is each fault of dma_faults.ko found, by its rule, with its
# stack; and nothing that is no fault?
#
# On this machine devices see what the CPU does, and some faults harm nobody. They must
# be found when the environment says that the module's device does not, and only then.
import json
import subprocess
import sys

# What check must say of each way, and what leaks; of all others nothing.
RULES = {
    "unmap_error": "DMA001", "unmap_unknown": "DMA002", "unmap_twice": "DMA101",
    "unmap_size": "DMA003", "unmap_direction": "DMA007", "unmap_list_as_single": "DMA004",
    "unmap_list_in_part": "DMA006", "free_crosswise": "DMA005", "map_text": "DMA013",
    "map_memory_as_resource": "DMA017", "map_long_segment": "DMA015",
    "map_over_boundary": "DMA016", "sync_unknown": "DMA018", "sync_after_unmap": "DMA102",
    "sync_beyond": "DMA019", "sync_direction": "DMA020", "sync_back_what_is_read": "DMA021",
    "sync_list_in_part": "DMA023", "pool_free_twice": "DMA113",
    "pool_free_other_handle": "DMA114", "pool_destroy_busy": "DMA115",
}
OF_LATER_KERNELS = {"unmap_attributes": "DMA009"}  # 6.1 and 6.12 do not compare them
NOT_COHERENT = {
    "map_overlapping": "DMA014", "map_shared_line": "DMA105", "never_handed_over": "DMA103",
    "handed_over_twice": "DMA104",
}
LEAKS = {"leak_single", "leak_sg", "leak_coherent", "leak_block"}
DEVICE = "dma-faults"


def ask(dmactl, *arguments):
    process = subprocess.run([dmactl, *arguments], stdout=subprocess.PIPE, text=True, check=False)
    if process.returncode not in (0, 1):
        sys.exit(f"dmactl {arguments[0]}: exit {process.returncode}")
    return json.loads(process.stdout)


def way_of(stack, ways):
    """The module's function in a stack."""
    names = [frame.split("+")[0] for frame in stack]
    return next((name for name in names if name in ways), None)


def check(dmactl, recording, rules, ways, *options):
    """How many findings there are that must not be, or are not that must be."""
    found, wrong = set(), 0
    for finding in ask(dmactl, "check", "--json", *options, recording)["findings"]:
        way = way_of(finding["first"]["stack"], ways)
        found.add((way, finding["rule"]))
        if finding["device"] != DEVICE or rules.get(way) != finding["rule"]:
            print(f"  not a fault: {finding['rule']} of {finding['device']} in {way}: "
                  f"{finding['text']}")
            wrong += 1
    for way, rule in sorted(set(rules.items()) - found):
        print(f"  not found: {way}, {rule}")
        wrong += 1
    print(f"faults: {len(found & set(rules.items()))} of {len(rules)} misuses found, by rule and "
          "stack")
    return wrong


def leaks(dmactl, recording, ways):
    leaked, wrong = set(), 0
    for leak in ask(dmactl, "leaks", "--json", recording)["leaks"]:
        way = way_of(leak["stack"], ways)
        leaked.add(way)
        if leak["device"] != DEVICE or way not in LEAKS:
            print(f"  not a leak: {leak['call']} of {leak['device']} in {way}")
            wrong += 1
    for way in sorted(LEAKS - leaked):
        print(f"  not found: {way}")
        wrong += 1
    print(f"faults: {len(leaked & LEAKS)} of {len(LEAKS)} leaks found, by stack")
    return wrong


def main():
    dmactl, folder = sys.argv[1:]
    recording = folder + "/rec.dmat"
    with open(folder + "/ways") as file:
        ways = set(file.read().split())
    environment = ask(dmactl, "info", "--json", recording)["environment"]
    rules = dict(RULES)
    if not environment["kernel"].startswith("6."):
        rules.update(OF_LATER_KERNELS)
    wrong = check(dmactl, recording, rules, ways) + leaks(dmactl, recording, ways)
    environment["devices"] = [{"name": DEVICE, "coherent": False}]
    with open(folder + "/not-coherent.json", "w") as file:
        json.dump(environment, file)
    rules.update(NOT_COHERENT)
    wrong += check(dmactl, recording, rules, ways, "--environment", file.name)
    sys.exit(1 if wrong else 0)


main()
