#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
#
# read-export.py FORMAT NDJSON FILE [WEIGHT] - is FILE, which dmactl exported, what the
# events of NDJSON come to? What is live is worked out here anew, from the events alone.
import collections
import csv
import json
import sqlite3
import sys

BEGIN = {
    "map_single": 0, "map_page": 0, "map_phys": 0, "map_resource": 0, "map_sg": 0,
    "iova_try_alloc": 0, "alloc": 1, "alloc_pages": 1, "alloc_sgt": 1,
}
END = {
    "unmap_single": 0, "unmap_page": 0, "unmap_phys": 0, "unmap_resource": 0,
    "unmap_sg": 0, "iova_free": 0, "iova_destroy": 0, "free": 1, "free_pages": 1, "free_sgt": 1,
}
NAMES = [("live mappings", "mapped bytes"), ("live allocations", "allocated bytes")]


def fail(text):
    sys.exit("%s: %s" % (sys.argv[1], text))


def same(what, got, want):
    if got != want:
        fail("%s is %s, not %s" % (what, got, want))


def size_of(event):
    if event["kind"] == "map_sg" and not event.get("size"):
        return sum(segment["size"] for segment in event.get("segments", []))
    return event.get("size", 0)


class Live:
    """Which mappings and allocations are live, and what each device's counters were."""

    def __init__(self, events):
        self.live = collections.defaultdict(list)
        self.begun, self.left, self.failed = [], [], []
        self.bounced, self.pairs = {}, []
        self.seen, self.ends = [], []
        self.value = collections.defaultdict(list)
        for event in events:
            self.put(event)
        self.left = [e for found in self.live.values() for e in found]

    def count(self, event, what, sign):
        for name, by in zip(NAMES[what], (sign, sign * size_of(event))):
            values = self.value[event.get("device", ""), name]
            if by:
                values.append((values[-1] if values else 0) + by)

    def key(self, event):
        if event["kind"] == "map_sg" or event["kind"] == "unmap_sg":
            return event.get("device"), "list", event["entries"][0]["phys"]
        return event.get("device"), "dma", event.get("dma", "0x0")

    def put(self, event):
        kind = event["kind"]
        self.seen.append(event)
        if kind in BEGIN and "error" in event:
            self.failed.append(event)
        elif kind in ("map_sg_err", "alloc_sgt_err") or \
                kind == "swiotlb_map" and "error" in event:
            self.failed.append(event)
        elif kind in BEGIN and "request" not in event.get("flags", []):
            self.live[self.key(event)].append(event)
            self.begun.append(event)
            self.count(event, BEGIN[kind], 1)
        elif kind in END:
            found = self.live[self.key(event)]
            if found:
                begin = found.pop(0)
                self.count(begin, END[kind], -1)
                self.pairs.append((begin["number"], event["number"]))
                self.ends.append(event)
        if kind in ("swiotlb_map", "swiotlb_unmap"):
            self.bounce(event)

    def bounce(self, event):
        """Of recordings without an alignment: a copy begins where its original does."""
        values = self.value[event["device"], "swiotlb slots"]
        if event["kind"] == "swiotlb_unmap":
            slots = -self.bounced.pop(event["dma"], 0)
        elif "error" in event:
            slots = 0
        else:
            slots = -(-(event["size"] + int(event["dma"], 16) % 2048) // 2048)
            self.bounced[event["dma"]] = slots
        if slots:
            values.append((values[-1] if values else 0) + slots)


def read_events(path):
    with open(path) as lines:
        return [json.loads(line) for line in lines]


def check_csv(events, path, _):
    with open(path, newline="") as table:
        rows = list(csv.DictReader(table))
    same("the number of rows", len(rows), len(events))
    for row, event in zip(rows, events):
        same("a time", row["time"].replace(".", "").lstrip("0") or "0", str(event["ns"]))
        for name in ("kind", "device", "comm", "phys", "dma", "size", "nents", "name",
                     "dir", "error", "stack", "cpu_addr", "gfp", "max_segment_size"):
            same("%s of event %d" % (name, event["number"]), row[name],
                 str(event.get(name, "")))
        same("the flags", row["flags"], "|".join(event.get("flags", [])))
        same("the segments", row["segments"],
             " ".join("%s:%d" % (s["dma"], s["size"]) for s in event.get("segments", [])))


def frames_of(event, drivers):
    device = event.get("device", "")
    stack = [frame.split("+")[0] for frame in event.get("stack", "").split(";") if frame]
    return ";".join([device or "(no device)", drivers.get(device) or "(no driver)"] +
                    stack[::-1] + [event["kind"]])


def check_folded(events, path, weight):
    drivers = {e["device"]: e["name"] for e in events if e["kind"] == "device"}
    live, want = Live(events), collections.Counter()
    for event in live.left if weight == "live" else live.begun:
        want[frames_of(event, drivers)] += 1 if weight == "count" else size_of(event)
    with open(path) as lines:
        got = [line.rstrip("\n").rsplit(" ", 1) for line in lines]
    same("a stack's lines", len({frames for frames, _ in got}), len(got))
    same("the weights", {frames: int(number) for frames, number in got},
         {frames: number for frames, number in want.items() if number})


def check_timeline(live, slices, values, failures):
    """@slices: begun and unfinished; @values: of each (device, counter)."""
    same("slices", slices[0], len(live.begun))
    same("slices without an end", slices[1], len(live.left))
    for key, want in live.value.items():
        same("%s %s" % key, values.get(key, []), want)
    same("failures", failures, len(live.failed))


def check_chrome(events, path, _):
    with open(path) as document:
        document = json.load(document)
    names, rows, values = {}, {}, collections.defaultdict(list)
    for event in document["traceEvents"]:
        if event["ph"] == "M" and event["name"] == "process_name":
            names[event["pid"]] = event["args"]["name"].split(" ")[0]
    begun = failures = 0
    for event in document["traceEvents"]:
        row = event["pid"], event["tid"]
        if event["ph"] == "B":
            same("what is in row %s" % (row,), rows.get(row), None)
            rows[row] = event
            begun += 1
        elif event["ph"] == "E":
            if not rows.pop(row, None):
                fail("nothing ends in row %s" % (row,))
        elif event["ph"] == "C":
            values[names[event["pid"]], event["name"]] += event["args"].values()
        elif event["ph"] == "i":
            failures += event["cat"] == "failure"
    check_timeline(Live(events), (begun, len(rows)), values, failures)


def rows_of(live, begun):
    """What 'dmactl top' shows of each device that did anything so far."""
    rows = {}
    for event in live.seen:
        if event.get("device"):
            rows[event["device"]] = dict.fromkeys(
                ("maps", "unmaps", "bytes", "live", "mapped", "slots", "bounces", "failed"), 0)
    for event in live.left:
        rows[event["device"]]["live"] += 1
        rows[event["device"]]["mapped"] += size_of(event)
    for (device, name), values in live.value.items():
        if name == "swiotlb slots" and values:
            rows[device]["slots"] = values[-1]
    for what, name in ((live.begun, "maps"), (live.failed, "failed"), (live.ends, "unmaps")):
        for event in what[begun[name]:]:
            rows[event["device"]][name] += 1
            rows[event["device"]]["bytes"] += size_of(event) if name == "maps" else 0
    for event in live.seen[begun["seen"]:]:
        if event["kind"] == "swiotlb_map" and "error" not in event:
            rows[event["device"]]["bounces"] += 1
    return rows


def check_top(events, path, delay):
    """@path: an object a period of @delay ns; those without an event are not there."""
    delay, live, want = int(delay), Live([]), []
    begin, begun = events[0]["ns"], collections.Counter()
    for event in events + [None]:
        if not event or event["ns"] - begin >= delay:
            live.left = [e for found in live.live.values() for e in found]
            want.append((begin + delay, rows_of(live, begun)))
            begun = {"maps": len(live.begun), "failed": len(live.failed),
                     "unmaps": len(live.ends), "seen": len(live.seen)}
            begin += (event["ns"] - begin) // delay * delay if event else 0
        if event:
            live.put(event)
    frames = read_events(path)
    same("the number of periods", len(frames), len(want))
    for frame, (ns, rows) in zip(frames, want):
        same("the end of period %d" % frame["frame"], frame["ns"], ns)
        got = {row.pop("device"): row for row in frame["devices"]}
        for row in got.values():
            del row["driver"]
        same("period %d" % frame["frame"], got, rows)


def varint(data, at):
    value = shift = 0
    while True:
        value |= (data[at] & 127) << shift
        shift += 7
        at += 1
        if data[at - 1] < 128:
            return value, at


def members(data):
    """A protobuf message as (number, value), by its encoding alone."""
    at = 0
    while at < len(data):
        tag, at = varint(data, at)
        if tag & 7 == 0:
            value, at = varint(data, at)
        elif tag & 7 == 2:
            size, at = varint(data, at)
            if at + size > len(data):
                fail("a member goes on behind its message")
            value, at = data[at:at + size], at + size
        else:
            fail("a member of wire type %d" % (tag & 7))
        yield tag >> 3, value


def check_perfetto(events, path, _):
    # The numbers are those of perfetto.dev/docs/reference/trace-packet-proto.
    with open(path, "rb") as trace:
        packets = [dict(members(packet)) for number, packet in members(trace.read())
                   if number == 1]
    same("sequences", {packet[10] for packet in packets}, {1})
    same("packets without a clock", [p for p in packets if 8 in p and p.get(58) != 3], [])
    names, parents, open_rows, times = {}, {}, {}, []
    begun = failures = lost = 0
    values = collections.defaultdict(list)
    for packet in packets:
        if 60 in packet:
            track = dict(members(packet[60]))
            names[track[1]], parents[track[1]] = track[2].decode(), track.get(5)
            if 5 in track:
                same("the parent of %s" % names[track[1]], track[5] in names, True)
        if 11 not in packet:
            continue
        event = dict(members(packet[11]))
        times.append(packet[8])
        kind, track = event[9], event[11]
        if kind == 1:
            same("what is in row %d" % track, open_rows.get(track), None)
            open_rows[track] = event
            begun += 1
        elif kind == 2:
            if not open_rows.pop(track, None):
                fail("nothing ends in row %d" % track)
        elif kind == 3:
            failures += event[22] == b"failure"
            lost += event[22] == b"loss"
        elif kind == 4:
            device = names[parents[track]].split(" ")[0]
            values[device, names[track]].append(event[30])
    live = Live(events)
    check_timeline(live, (begun, len(open_rows)), values, failures)
    same("losses", lost, sum(e["kind"] == "lost" for e in events))
    same("times", times, sorted(times))
    same("kinds of what is open", sorted(e[23].decode() for e in open_rows.values()),
         sorted(e["kind"] for e in live.left))


def signed(text):
    """An address as the 64 bits that SQLite has of it."""
    number = int(text, 16)
    return number - (number >> 63 << 64)


def check_sqlite(events, path, _):
    query = sqlite3.connect(path).execute
    live = Live(events)
    same("the database", query("PRAGMA integrity_check").fetchall(), [("ok",)])
    rows = query("SELECT e.number, ns, cpu, pid, c.text, k.name, d.name, dma, size, stack.text"
                 " FROM events e JOIN kinds k ON k.id = e.kind"
                 " LEFT JOIN strings c ON c.id = e.comm LEFT JOIN devices d ON d.id = e.device"
                 " LEFT JOIN strings stack ON stack.id = e.stack ORDER BY e.number").fetchall()
    same("the number of events", len(rows), len(events))
    for row, event in zip(rows, events):
        dma = event.get("dma")
        same("an event", row, (
            event["number"], event["ns"], event["cpu"], event["pid"], event.get("comm"),
            event["kind"], event.get("device"), dma and signed(dma), event.get("size"),
            event.get("stack")))
    for table, key in (("entries", "phys"), ("segments", "dma")):
        same(table, query("SELECT event, idx, %s, size FROM %s ORDER BY event, idx" %
                          (key, table)).fetchall(),
             [(e["number"], i, signed(entry[key]), entry.get("size"))
              for e in events for i, entry in enumerate(e.get(table, []))])
    ours = "class IN ('map', 'alloc')"
    same("live", query("SELECT begin, bytes FROM live WHERE %s ORDER BY begin" % ours).fetchall(),
         sorted((e["number"], size_of(e)) for e in live.left))
    same("the pairs", query("SELECT begin, end FROM mappings WHERE end NOT NULL AND %s"
                            " ORDER BY end" % ours).fetchall(), live.pairs)
    same("live by site", query("SELECT SUM(count), SUM(bytes) FROM live_by_site").fetchone(),
         (len(live.left) or None, sum(map(size_of, live.left)) if live.left else None))
    bytes_of = collections.Counter()
    for event in live.begun:
        bytes_of[event["device"]] += size_of(event)
    same("by device", dict(query("SELECT device, bytes FROM by_device WHERE bytes")), bytes_of)
    same("failures", query("SELECT number FROM failures ORDER BY number").fetchall(),
         [(e["number"],) for e in events if "error" in e])
    same("losses", query("SELECT event, count FROM losses").fetchall(),
         [(e["number"], e.get("count")) for e in events if e["kind"] == "lost"])
    same("calls", query("SELECT COUNT(*) FROM calls").fetchone(), (len(events),))
    same("complete", query("SELECT value FROM environment WHERE key = 'complete'").fetchone(),
         (int(not any(e["kind"] == "lost" for e in events)),))


if __name__ == "__main__":
    globals()["check_" + sys.argv[1]](read_events(sys.argv[2]), sys.argv[3],
                                      (sys.argv[4:] or [None])[0])
