/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * export-sqlite.h - the tables and views of an exported database
 *
 * dmactl-convert(1) describes them; user_version changes where one of them is removed or
 * means something else.
 */
#pragma once

/* Made before the first event: one transaction, of a file that nobody else reads yet. */
static const char sqlite_tables[] =
	"PRAGMA application_id = 0x646d6174;"
	"PRAGMA user_version = 1;"
	"PRAGMA journal_mode = OFF;"
	"PRAGMA synchronous = OFF;"
	"PRAGMA locking_mode = EXCLUSIVE;"
	"BEGIN;"
	"CREATE TABLE environment (key TEXT PRIMARY KEY, value) WITHOUT ROWID;"
	"CREATE TABLE kinds (id INTEGER PRIMARY KEY, name TEXT, class TEXT);"
	"CREATE TABLE strings (id INTEGER PRIMARY KEY, text TEXT);"
	"CREATE TABLE devices (id INTEGER PRIMARY KEY, name TEXT, driver TEXT,"
	" dma_mask INTEGER, coherent_dma_mask INTEGER, max_segment_size INTEGER,"
	" segment_boundary_mask INTEGER, min_align_mask INTEGER);"
	"CREATE TABLE events (number INTEGER PRIMARY KEY, ns INTEGER, cpu INTEGER,"
	" pid INTEGER, comm INTEGER, kind INTEGER, device INTEGER, dir TEXT,"
	" phys INTEGER, dma INTEGER, size INTEGER, bytes INTEGER, nents INTEGER,"
	" ents INTEGER, attrs TEXT, error TEXT, cpu_addr INTEGER, handle INTEGER,"
	" name INTEGER, gfp INTEGER, stack INTEGER, flags INTEGER, extra INTEGER,"
	" boundary INTEGER, text TEXT, mapping INTEGER, live INTEGER);"
	"CREATE TABLE entries (event INTEGER, idx INTEGER, phys INTEGER, size INTEGER,"
	" PRIMARY KEY (event, idx)) WITHOUT ROWID;"
	"CREATE TABLE segments (event INTEGER, idx INTEGER, dma INTEGER, size INTEGER,"
	" PRIMARY KEY (event, idx)) WITHOUT ROWID;"
	"CREATE TABLE losses (event INTEGER PRIMARY KEY, ns INTEGER, until_ns INTEGER,"
	" count INTEGER, probe TEXT);";

/* Made behind the last event, when indexes cost least. */
static const char sqlite_views[] =
	"CREATE INDEX events_by_mapping ON events (mapping) WHERE mapping IS NOT NULL;"
	"CREATE INDEX events_by_device ON events (device, kind);"
	"CREATE INDEX events_by_time ON events (ns);"
	"CREATE VIEW calls AS SELECT e.number, e.ns, e.cpu, e.pid, c.text AS comm,"
	" k.name AS kind, d.name AS device, d.driver, e.dir,"
	" CASE WHEN e.phys IS NOT NULL THEN printf('0x%x', e.phys) END AS phys,"
	" CASE WHEN e.dma IS NOT NULL THEN printf('0x%x', e.dma) END AS dma, e.size, e.bytes,"
	" e.nents, e.ents, e.attrs, e.error, n.text AS name, g.text AS gfp,"
	" s.text AS stack, e.text, e.mapping"
	" FROM events e JOIN kinds k ON k.id = e.kind"
	" LEFT JOIN devices d ON d.id = e.device LEFT JOIN strings c ON c.id = e.comm"
	" LEFT JOIN strings n ON n.id = e.name LEFT JOIN strings g ON g.id = e.gfp"
	" LEFT JOIN strings s ON s.id = e.stack;"
	"CREATE VIEW mappings AS SELECT b.mapping, d.name AS device, d.driver,"
	" k.name AS kind, k.class, b.dir,"
	" CASE WHEN b.dma IS NOT NULL THEN printf('0x%x', b.dma) END AS dma, b.bytes,"
	" s.text AS stack, b.number AS begin, e.number AS end, b.ns AS begin_ns,"
	" e.ns AS end_ns, e.ns - b.ns AS lifetime_ns"
	" FROM (SELECT mapping, MIN(number) AS begin, SUM(live) AS times,"
	"  MAX(CASE WHEN live < 0 THEN number END) AS end FROM events"
	"  WHERE mapping IS NOT NULL GROUP BY mapping) m"
	" JOIN events b ON b.number = m.begin"
	" LEFT JOIN events e ON e.number = m.end AND m.times = 0"
	" JOIN kinds k ON k.id = b.kind LEFT JOIN devices d ON d.id = b.device"
	" LEFT JOIN strings s ON s.id = b.stack;"
	"CREATE VIEW live AS SELECT * FROM mappings WHERE end IS NULL;"
	"CREATE VIEW live_by_site AS SELECT device, driver, kind, stack,"
	" COUNT(*) AS count, SUM(bytes) AS bytes, MIN(begin_ns) AS oldest_ns"
	" FROM live WHERE class IN ('map', 'alloc')"
	" GROUP BY device, driver, kind, stack ORDER BY SUM(bytes) DESC;"
	"CREATE VIEW failures AS SELECT * FROM calls WHERE error IS NOT NULL;"
	"CREATE VIEW by_device AS SELECT d.name AS device, d.driver, COUNT(*) AS events,"
	" SUM(k.class = 'map' AND e.live > 0) AS maps,"
	" SUM(k.class = 'unmap' AND e.live < 0) AS unmaps,"
	" SUM(k.class = 'alloc' AND e.live > 0) AS allocs,"
	" SUM(k.class = 'free' AND e.live < 0) AS frees,"
	" SUM(CASE WHEN k.class IN ('map', 'alloc') AND e.live > 0 THEN e.bytes"
	"  ELSE 0 END) AS bytes, SUM(e.error IS NOT NULL) AS failed"
	" FROM events e JOIN kinds k ON k.id = e.kind"
	" LEFT JOIN devices d ON d.id = e.device GROUP BY e.device;"
	"COMMIT;";
