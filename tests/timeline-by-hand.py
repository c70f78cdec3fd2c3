# SPDX-License-Identifier: GPL-2.0-or-later
"""Work out from events what was in use over time, and compare it with dmactl timeline.

timeline-by-hand.py NDJSON CSV MODE

NDJSON is of 'dmactl dump --ndjson', CSV of 'dmactl timeline --by device --csv' with all
columns. MODE is iova where DMA addresses are an IOMMU's, swiotlb where they are not.
Every beginning and end is looked for in plain lists. Shares no code with the library.
"""
import bisect
import csv
import json
import sys

MEASURES = ['BYTES', 'LIVE', 'SLOTS', 'IOVA']
BEGINS = {'map_page', 'map_single', 'map_phys', 'map_resource', 'map_sg', 'alloc',
          'alloc_pages'}


def pages(start, size):
    """Granules of an IOVA range, as the allocator rounds them."""
    count = (start % 4096 + size + 4095) // 4096
    if count < 32:
        count = 1 << (count - 1).bit_length()
    return count * 4096


def slots(dma, phys, size):
    return 0 if dma == phys else (dma % 2048 + size + 2047) // 2048


def weigh(event, mode):
    """Bytes, things, slots, bytes of IOVAs."""
    number = lambda key: int(event[key], 16)
    used, size = [event['size'], 1, 0, 0], event['size']
    if event['kind'] == 'map_sg':
        segments = [(int(s['dma'], 16), s['size']) for s in event['segments']]
        if mode == 'iova':
            last = segments[-1]
            used[3] = pages(segments[0][0], last[0] + last[1] - segments[0][0])
        else:
            entries = [int(e['phys'], 16) for e in event['entries']]
            used[2] = sum(slots(d, p, s) for (d, s), p in zip(segments, entries))
    elif mode == 'iova':
        used[3] = pages(number('dma'), size)
    elif event['kind'].startswith('map'):
        used[2] = slots(number('dma'), number('phys'), size)
    return used


def name_of(event):
    """What an end is found by: the address, or the beginning of a list."""
    if event['kind'].endswith('_sg'):
        return [entry['phys'] for entry in event['entries']]
    return event['dma']


def follow(events, mode):
    """What was in use behind each event, by device and in all (None)."""
    live, now, steps = [], {None: [0] * 4}, []
    for event in events:
        device, kind = event.get('device', '(none)'), event['kind']
        failed = 'error' in event
        change, owner = [0] * 4, device
        if kind in BEGINS and not failed and event.get('dma') != 'error':
            change = weigh(event, mode)
            live.append((device, kind.endswith('_sg'), name_of(event), change))
        elif kind in ('free', 'unmap_page', 'unmap_sg', 'unmap_phys') and (
                'dma' in event or 'entries' in event):
            name = name_of(event)
            for i, it in enumerate(live):
                same = it[2] == name or (
                    it[1] and kind == 'unmap_sg' and it[2] == name[:len(it[2])])
                if it[0] == device and same:
                    change = [-w for w in live.pop(i)[3]]
                    break
        for key in (None, device):
            now[key] = [a + b for a, b in zip(now.get(key, [0] * 4), change)]
        steps.append((event['ns'], device, failed, {k: list(v) for k, v in now.items()}))
    return steps


def main():
    with open(sys.argv[1]) as file:
        steps = follow([json.loads(line) for line in file], sys.argv[3])
    times = [step[0] for step in steps]
    rows = wrong = 0
    with open(sys.argv[2], newline='') as file:
        for row in csv.DictReader(file):
            rows += 1
            key = row['KEY'] or None
            first = bisect.bisect_left(times, int(row['FROM']))
            last = bisect.bisect_left(times, int(row['TO']))
            inside = steps[first:last]
            values = [s[3].get(key, [0] * 4) for s in steps[max(first - 1, 0):last]]
            if not first:
                values.append([0] * 4)
            mine = [s for s in inside if key in (None, s[1])]
            want = {'EVENTS': len(mine), 'FAILED': sum(s[2] for s in mine)}
            for i, measure in enumerate(MEASURES):
                want[measure] = max(v[i] for v in values)
                want['LOW' + measure] = min(v[i] for v in values)
            for column, value in want.items():
                if int(row[column]) != value:
                    wrong += 1
                    print(f'{key} from {row["FROM"]}: {column} is {row[column]}, '
                          f'not {value}')
    print(f'{rows} rows, {wrong} wrong values')
    sys.exit(1 if wrong or rows < 100 else 0)


main()
