# SPDX-License-Identifier: GPL-2.0-or-later
"""Read a .dmat file as man/dmat.5 tells, in the plainest way, and say what is in it.

read-dmat.py HEADER TRACE           count the events by kind
read-dmat.py HEADER TRACE NDJSON    compare each event with what dmactl printed

HEADER is include/libdma/event.h, for the numbers of the kinds. Shares no code with
the library. Checksums are not looked at: Python has no XXH3.
"""
import collections
import json
import re
import struct
import subprocess
import sys

MASK = (1 << 64) - 1
SHARED = ['kind', 'dir', 'flags', 'error', 'device', 'gfp', 'name', 'stack', 'attrs',
          'handle', 'boundary', 'coherent_mask', 'max_segment_size', 'min_align_mask']
STRINGS = ('device', 'gfp', 'name', 'stack')
MEMBERS = ['size', 'phys', 'cpu_addr', 'dma', 'extra']
REST_STREAM = {'size': 8, 'phys': 9, 'dma': 10, 'cpu_addr': 11, 'extra': 12}
LISTS = ['size_list', 'dma_size_list', 'phys_list', 'dma_list']
LIST_STREAM = {'phys_list': 14, 'size_list': 15, 'dma_list': 16, 'dma_size_list': 17}
EXTRA = ('mask', 'unmapped', 'offset', 'align', 'count', 'fault', 'slot')


class Cursor:
    def __init__(self, data):
        self.data, self.at = data, 0

    def more(self):
        return self.at < len(self.data)

    def byte(self):
        self.at += 1
        return self.data[self.at - 1]

    def bytes(self, size):
        self.at += size
        assert self.at <= len(self.data)
        return self.data[self.at - size:self.at]

    def varint(self):
        value = shift = 0
        while True:
            byte = self.byte()
            value |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                return value & MASK

    def signed(self):
        value = self.varint()
        return value >> 1 ^ -(value & 1)

    def address(self):
        byte = self.byte()
        value = byte >> 1 & 63
        if byte & 128:
            value |= self.varint() << 6
        value = value >> 1 ^ -(value & 1)
        return value if byte & 1 else value * 4096


def streams_of(payload):
    streams = collections.defaultdict(lambda: Cursor(b''))
    at = Cursor(payload)
    while at.more():
        number, size, packed = at.byte(), at.varint(), at.varint()
        data = at.bytes(packed or size)
        if packed:
            data = subprocess.run(['zstd', '-dc'], input=data, check=True,
                                  stdout=subprocess.PIPE).stdout
        assert len(data) == size
        streams[number] = Cursor(data)
    return streams


class Block:
    def __init__(self, payload, number, count):
        self.streams = streams_of(payload)
        self.number, self.count = number, count
        self.strings = ['']
        while self.streams[0].more():
            self.strings.append(self.streams[0].bytes(self.streams[0].varint())
                                .decode('utf-8', 'replace'))
        self.tasks, self.families, self.slots = [], [], []
        self.shapes = [{'after': [0, 0]}]
        self.shape = self.named = 0
        self.previous = dict.fromkeys(MEMBERS, 0)
        self.trail = []

    def task(self):
        stream = self.streams[1]
        number = stream.varint()
        if number == len(self.tasks):
            self.tasks.append({'cpu': stream.varint(), 'pid': stream.signed(),
                               'comm': self.strings[stream.varint()],
                               'context': self.strings[stream.varint()]})
        return self.tasks[number], stream.varint()

    def add_family(self):
        stream = self.streams[2]
        bits = stream.varint()
        shared = (dict(self.families[-1]['shared']) if self.families else
                  {name: '' if name in STRINGS else 0 for name in SHARED})
        for bit, name in enumerate(SHARED):
            if bits >> bit & 1:
                value = stream.signed() if name == 'error' else stream.varint()
                shared[name] = self.strings[value] if name in STRINGS else value
        self.families.append({
            'shared': shared, 'last': dict.fromkeys(MEMBERS, 0), 'begins': bits >> 14 & 1,
            'ends': bits >> 15 & 1, 'step': dict.fromkeys(MEMBERS, 0),
            'end': dict.fromkeys(MEMBERS, 0), 'tail': dict.fromkeys(LISTS, 0),
            'queue': [], 'next': None, 'phys_count': 0, 'dma_count': 0})

    def add_shape(self):
        stream = self.streams[3]
        head = stream.byte()
        shape = {'slot': head >> 3 & 7, 'lists': head >> 6 & 1, 'after': [0, 0],
                 'family': stream.varint()}
        if shape['slot'] > 1:
            shape['queue'] = stream.varint()
        rules = [stream.byte() for _ in range(head & 7)]
        shape['rules'] = [(MEMBERS[byte >> 4], byte & 15) for byte in rules]
        if shape['lists']:
            shape['list'] = {name: stream.byte() for name in LISTS}
        if shape['family'] == len(self.families):
            self.add_family()
        self.shapes.append(shape)

    def next_shape(self):
        code = self.streams[4].varint()
        before = self.shapes[self.shape]['after']
        number = before[code] if code < 2 else code - 1
        if number == len(self.shapes):
            self.add_shape()
        if before[0] != number:
            before[:] = [number, before[0]]
        self.shape = number
        return self.shapes[number]

    def slot(self, shape):
        rule = shape['slot']
        if rule == 0:
            return None
        if rule > 1:
            queue = self.families[shape['queue']]
            after = queue['next']
            if after is None and queue['queue']:
                after = queue['queue'][0]
            self.named = {2: after, 3: queue['queue'] and queue['queue'][-1], 4: after}[rule]
            if rule == 4:
                # With no next one the distance is from the number 2^32 - 1.
                base = 0xffffffff if after is None else after
                self.named = (base + self.streams[7].signed()) & 0xffffffff
        return self.slots[self.named]

    def foretold(self, member, rule, family, event, slot):
        last, stream = family['last'][member], self.streams[REST_STREAM[member]]
        if rule == 1:
            return stream.varint()
        if rule == 2:
            return last + (stream.address() if member in ('phys', 'dma', 'cpu_addr')
                           else stream.signed())
        if rule == 3:
            return self.previous[member] + stream.varint()
        if rule == 12:
            page = slot['dma'] & ~4095
            return page if member == 'dma' else (slot['dma'] + slot['size'] - page + 4095) & ~4095
        return {4: last + family['step'][member], 5: family['end'][member],
                6: last - event['size'], 7: self.previous[member],
                8: self.previous['dma'] + event['phys'] - self.previous['phys'],
                9: event['phys'], 10: event['size'],
                11: slot.get(member) if slot else None}[rule]

    def numbers(self, shape, family, slot):
        event = dict(family['last'])
        for member, rule in shape['rules']:
            value = self.foretold(member, rule, family, event, slot) & MASK
            family['step'][member] = value - event[member]
            event[member] = value
        return event

    def lists(self, shape, family, slot, event):
        count = self.streams[13]
        before = len(slot['phys_list'] or []) if slot else family['phys_count']
        event['phys_count'] = before + count.signed()
        event['nents'] = (event['phys_count'] + count.signed()) & 0xffffffff
        event['dma_count'] = (event['phys_count'] if family['dma_count'] else 0) + count.signed()
        event['ents'] = (event['dma_count'] + count.signed()) & 0xffffffff
        event['text'] = self.streams[18].bytes(count.varint()).decode('utf-8', 'replace')
        for name in LISTS:
            event[name] = self.list(name, shape['list'][name], family, slot, event)
            if event[name]:
                family['tail'][name] = event[name][-1]

    def list(self, name, rule, family, slot, event):
        size = event['dma_count' if name.startswith('dma') else 'phys_count']
        stream = self.streams[LIST_STREAM[name]]
        step = stream.signed if 'size' in name else stream.address
        out = []
        if rule == 0:
            return None
        if rule == 2:
            out = list(event['phys_list' if name == 'dma_list' else 'size_list'][:size])
        elif rule == 3:
            out = list((slot[name] or [])[:size])
        elif rule == 4 and size:
            out = [(family['tail'][name] + step()) & MASK]
            for i in range(size - 1):
                out.append((out[i] + event['dma_size_list'][i]) & MASK)
        elif rule == 5 and size:
            out = self.trail[-size:]
        while len(out) < size:
            out.append(((out[-1] if out else family['tail'][name]) + step()) & MASK)
        return out

    def mapping(self, shape, family, slot, event):
        if slot and family['ends'] and slot['live']:
            number = self.named
            queue = self.families[slot['queue']]
            at = queue['queue'].index(number)
            queue['next'] = queue['queue'][at + 1] if at + 1 < len(queue['queue']) else None
            del queue['queue'][at]
            slot['live'] = False
        if not family['begins'] or event['dma'] == MASK:
            return
        made = {'dma': event['dma'], 'size': event['size'], 'cpu_addr': event['cpu_addr'],
                'queue': shape['family'], 'live': True, 'phys_list': event.get('phys_list'),
                'dma_list': event.get('dma_list')}
        if made['dma_list']:
            made['dma'] = made['dma_list'][0]
            made['size'] = (made['dma_list'][-1] - made['dma'] +
                            (event['dma_size_list'][-1] if event['dma_size_list'] else 0))
        if family['next'] is None:
            family['next'] = len(self.slots)
        family['queue'].append(len(self.slots))
        self.slots.append(made)

    def events(self):
        time = self.streams[5]
        unit, ns, left = time.varint(), time.varint(), 0
        number = 0 if self.streams[6].more() else self.number
        for _ in range(self.count):
            if not left:
                task, left = self.task()
            left -= 1
            shape = self.next_shape()
            family = self.families[shape['family']]
            slot = self.slot(shape)
            event = self.numbers(shape, family, slot)
            if shape['lists']:
                self.lists(shape, family, slot, event)
            family['phys_count'] = event.get('phys_count', 0)
            family['dma_count'] = event.get('dma_count', 0)
            family['last'] = {name: event[name] for name in MEMBERS}
            self.trail.append(event['phys'])
            for name in ('size', 'phys', 'dma'):
                self.previous[name] = event[name]
                family['end'][name] = event[name] + event['size']
            self.mapping(shape, family, slot, event)
            ns = (ns + (time.signed() if unit & 1 else time.varint()) * (unit >> 1)) & MASK
            if self.streams[6].more():
                number += self.streams[6].signed()
            event.update(family['shared'], ns=ns, number=number, **task)
            number += 1
            yield event


def events_of(data):
    at = 0
    while at < len(data):
        assert data[at:at + 8] == b'\x89DMAT\r\n\x1a' and data[at + 8] == 1
        header, size = struct.unpack_from('<II', data, at + 12)
        required, _, count = struct.unpack_from('<III', data, at + 20)
        number, = struct.unpack_from('<Q', data, at + 40)
        assert required == 0
        if data[at + 10] == 2:
            yield from Block(data[at + header:at + header + size], number, count).events()
        at += header + size


def pairs(first, addresses, sizes):
    if not addresses:
        return None
    return [dict({first: hex(address)}, **({'size': sizes[i]} if sizes else {}))
            for i, address in enumerate(addresses)]


def compare(event, printed):
    """What dmactl printed of an event, against what the file says."""
    for name in ('number', 'ns', 'cpu', 'pid', 'comm', 'context', 'device', 'size', 'nents',
                 'ents', 'gfp', 'name', 'stack', 'text', 'handle'):
        assert (printed.get(name) or 0) == (event.get(name) or 0), (name, event, printed)
    assert bool(printed.get('error')) == bool(event['error']), (event, printed)
    for name in ('phys', 'dma', 'cpu_addr'):
        assert int(printed.get(name, '0x0'), 16) == event[name], (name, event, printed)
    extra = [printed[name] for name in EXTRA if name in printed] or [0]
    assert int(str(extra[0]), 0) == event['extra'], ('extra', event, printed)
    assert printed.get('entries') == pairs('phys', event.get('phys_list'),
                                           event.get('size_list')), (event, printed)
    assert printed.get('segments') == pairs('dma', event.get('dma_list'),
                                            event.get('dma_size_list')), (event, printed)


def main():
    enumerators = re.findall(r'^\s+DMA_EVENT_(\w+)\b', open(sys.argv[1]).read(), re.M)
    kinds = [name.lower() for name in enumerators[:enumerators.index('KINDS')]]
    lines = open(sys.argv[3]) if len(sys.argv) > 3 else None
    counts = collections.Counter()
    with open(sys.argv[2], 'rb') as file:
        for event in events_of(file.read()):
            kind = kinds[event['kind']]
            counts[kind] += 1
            if lines:
                printed = json.loads(lines.readline())
                assert printed['kind'] == kind, (event, printed)
                compare(event, printed)
    assert not lines or not lines.readline(), 'events are missing'
    for kind, count in sorted(counts.items()):
        print(kind, count)


main()
